/* test_glob_set.c: sets of strings by patterns, against brute force over short strings.
 *
 * Patterns are written as in policies: '*', '?', '~' for a '*' that stops at colons, '!' for a '?' that does, and '$' for a
 * symbol. */
#include "policy/glob_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const vg_wild *make(vg_arena *arena, const char *text, bool any_case)
{
    size_t len = strlen(text);
    vg_wild *wild = VG_NEW(arena, vg_wild);
    vg_wild_builder b = {.tokens = vg_arena_alloc(arena, (len + 1) * sizeof(vg_wild_token)), .cap = len};
    for (size_t i = 0; i < len; i++)
        switch (text[i]) {
        case '*':
            vg_wild_add(&b, VG_WILD_RUN, 0, 0);
            break;
        case '~':
            vg_wild_add(&b, VG_WILD_RUN, VG_WILD_NO_COLON, 0);
            break;
        case '?':
            vg_wild_add(&b, VG_WILD_ONE, 0, 0);
            break;
        case '!':
            vg_wild_add(&b, VG_WILD_ONE, VG_WILD_NO_COLON, 0);
            break;
        case '$':
            vg_wild_add(&b, VG_WILD_SYMBOL, 0, 0);
            break;
        default:
            vg_wild_add(&b, VG_WILD_BYTE, any_case ? VG_WILD_ANY_CASE : 0, (uint8_t)text[i]);
        }
    vg_wild_finish(&b, wild);
    return wild;
}

/* ---- tables --------------------------------------------------------------------------------------------------------- */

static void a_pattern_matches_as_written(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool any_case, expected;
    } cases[] = {
        {"", "", false, true},
        {"", "a", false, false},
        {"abc", "abc", false, true},
        {"abc", "abd", false, false},
        {"abc", "ab", false, false},
        {"a*", "a", false, true},
        {"a*", "abc", false, true},
        {"*c", "abc", false, true},
        {"a*c", "ac", false, true},
        {"a*c", "abd", false, false},
        {"*b*", "abc", false, true},
        {"a?c", "abc", false, true},
        {"a?c", "ac", false, false},
        {"*?", "", false, false},
        {"*?", "ab", false, true},
        {"a*b*c", "aXbXbXc", false, true},
        {"ab*ba", "aba", false, false},
        {"~", "a:b", false, false},
        {"*", "a:b", false, true},
        {"a~:b", "axx:b", false, true},
        {"a~:b", "ax:x:b", false, false},
        {"a*:b", "ax:x:b", false, true},
        {"*~x", "a:bx", false, true},
        {"~x*", "ax:y", false, true},
        {"~x*", "a:xy", false, false},
        {"!", ":", false, false},
        {"?", ":", false, true},
        {"*x~y", "a:xbxcy", false, true},
        {"*x~y", "xb:xcy", false, true},
        {"*x~y", "xb:y", false, false},
        {"a!b",
         "a\xc3\xa9"
         "b",
         false, true},
        {"a!!b",
         "a\xc3\xa9"
         "b",
         false, false},
        {"get", "GET", true, true},
        {"get", "GET", false, false},
        {"get*", "GeTx", true, true},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_arena *arena = vg_arena_new(0);
        bool got =
            vg_wild_matches(make(arena, cases[i].pattern, cases[i].any_case), vg_str_from(cases[i].text));
        vg_arena_free(arena);
        if (got != cases[i].expected)
            fail_msg("'%s' and '%s': expected %d, got %d", cases[i].pattern, cases[i].text, cases[i].expected,
                     got);
    }
}

static void a_pattern_that_plainly_covers_another_absorbs_it(void **state)
{
    (void)state;
    static const struct {
        const char *wide, *narrow;
        bool expected;
    } cases[] = {
        {"*", "a", true},      {"a*", "ab*", true},   {"ab*", "a*", false},  {"a*c", "abc", true},
        {"a*c", "a*bc", true}, {"a?c", "abc", true},  {"a?c", "a*c", false}, {"a*c", "a?c", true},
        {"?*", "*?", true},    {"*a*", "*ba*", true}, {"~", "*", false},     {"*", "~", true},
        {"a~", "a:b", false},  {"a*", "a:b", true},   {"$", "$", true},      {"*", "$", true},
        {"~", "$", false},     {"a$", "a*", false},   {"a$*", "a$b", true},  {"abc", "abc", true},
        {"abc", "ab?", false},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_arena *arena = vg_arena_new(0);
        bool got = vg_wild_absorbs(make(arena, cases[i].wide, false), make(arena, cases[i].narrow, false));
        vg_arena_free(arena);
        if (got != cases[i].expected)
            fail_msg("'%s' over '%s': expected %d, got %d", cases[i].wide, cases[i].narrow, cases[i].expected,
                     got);
    }
}

/* ---- searches ------------------------------------------------------------------------------------------------------- */

/* Groups are separated by spaces, their patterns by '|'. */
static size_t make_groups(vg_arena *arena, const char *text, vg_wild_group *groups)
{
    vg_str rest = vg_str_from(text), group, pattern;
    size_t count = 0;
    while (vg_str_next(&rest, ' ', &group)) {
        const vg_wild **wilds = vg_arena_alloc(arena, (group.len + 1) * sizeof *wilds);
        vg_wild_group *g = &groups[count++];
        *g = (vg_wild_group){.globs = wilds};
        while (vg_str_next(&group, '|', &pattern)) {
            wilds[g->count] = make(arena, vg_arena_cstr(arena, pattern), false);
            g->symbolic |= wilds[g->count++]->symbolic;
        }
    }
    return count;
}

static const vg_wild_universe everything;

static vg_wild_answer ask(vg_arena *arena, const char *in, const char *out, vg_str *witness)
{
    vg_wild_group in_groups[8], out_groups[8];
    vg_wild_budget budget = {arena, 50000000};
    size_t ins = make_groups(arena, in, in_groups), outs = make_groups(arena, out, out_groups);
    return vg_wild_search(&budget, &everything, in_groups, ins, out_groups, outs, witness);
}

static void a_string_is_found_or_proven_not_to_be(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
        vg_wild_answer expected;
    } cases[] = {
        {"a*", "", VG_WILD_FOUND},           {"a*", "a*", VG_WILD_EMPTY},
        {"a*", "a a?*", VG_WILD_EMPTY},  /* none covers it alone */
        {"a*", "a?*", VG_WILD_FOUND},    /* "a" */
        {"a* *b", "a*b", VG_WILD_EMPTY}, /* both ends */
        {"a* *b", "a*c*b", VG_WILD_FOUND},   {"a* b*", "", VG_WILD_EMPTY},
        {"ab*|c *b", "ab", VG_WILD_FOUND},   {"*", "~", VG_WILD_FOUND},          /* one with a colon */
        {"~", "*", VG_WILD_EMPTY},           {"~:~ *:a", "!*:a", VG_WILD_FOUND}, /* ":a" */
        {"??", "!!", VG_WILD_FOUND},         {"*a* *b*", "*a*b* *b*a*", VG_WILD_EMPTY},
        {"$*b ?", "", VG_WILD_POSSIBLE},     {"$", "a*", VG_WILD_POSSIBLE},
        {"$", "*", VG_WILD_EMPTY},           {"x$", "x$", VG_WILD_EMPTY},
        {"x*", "x$", VG_WILD_POSSIBLE},      {"\xc3\xa9", "!!", VG_WILD_FOUND}, /* one character */
        {"\xc3\xa9* *x", "", VG_WILD_FOUND}, {"\xc3\xa9*x x*", "", VG_WILD_EMPTY},
        {"x*|y", "x$", VG_WILD_FOUND}, /* "y" whatever the symbol is */
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_str witness = {0};
        vg_wild_answer got = ask(arena, cases[i].in, cases[i].out, &witness);
        if (got != cases[i].expected)
            fail_msg("in '%s', not in '%s': expected %d, got %d (%.*s)", cases[i].in, cases[i].out,
                     cases[i].expected, got, VG_ARG(witness));
        vg_arena_free(arena);
    }
}

static void a_search_ends_when_its_work_is_done(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(256u << 20);
    vg_wild_group in[1], out[1];
    vg_wild_budget budget = {arena, 2000000};
    vg_str witness;
    make_groups(arena, "*a????????????????????????????????", in);
    make_groups(
        arena,
        "*a?*b????????????????????????????|*a??*b*c????????????????????????|*c*????????????????????????a*",
        out);
    vg_wild_answer got = vg_wild_search(&budget, &everything, in, 1, out, 1, &witness);
    assert_true(got == VG_WILD_LIMIT || got == VG_WILD_FOUND);
    assert_true(budget.work > -1000000);
    vg_arena_free(arena);
}

/* ---- brute force ---------------------------------------------------------------------------------------------------- */

static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void random_groups(uint64_t *seed, unsigned groups, char *out)
{
    static const char letters[] = "aab:*?~!";
    for (unsigned g = 0; g < groups; g++) {
        if (g)
            *out++ = ' ';
        for (unsigned p = 0, patterns = 1 + (unsigned)(next(seed) % 2); p < patterns; p++) {
            if (p)
                *out++ = '|';
            for (unsigned i = 0, len = 1 + (unsigned)(next(seed) % 4); i < len; i++)
                *out++ = letters[next(seed) % (sizeof letters - 1)];
        }
    }
    *out = '\0';
}

static bool lies_right(const vg_wild_group *in, size_t ins, const vg_wild_group *out, size_t outs, vg_str s)
{
    for (size_t g = 0; g < ins; g++)
        if (!vg_wild_group_matches(&in[g], s, true))
            return false;
    for (size_t g = 0; g < outs; g++)
        if (vg_wild_group_matches(&out[g], s, true))
            return false;
    return true;
}

/* Whether some string of at most six of the letters a, b, z and colons lies right. */
static bool by_force(const vg_wild_group *in, size_t ins, const vg_wild_group *out, size_t outs)
{
    static const char letters[] = "abz:";
    char text[6];
    for (size_t len = 0, total = 1; len <= 6; len++, total *= 4)
        for (size_t n = 0; n < total; n++) {
            for (size_t i = 0, rest = n; i < len; i++, rest /= 4)
                text[i] = letters[rest % 4];
            if (lies_right(in, ins, out, outs, vg_str_of(text, len)))
                return true;
        }
    return false;
}

static void searches_agree_with_brute_force(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252u;
    size_t found = 0, empty = 0;
    for (unsigned i = 0; i < 3000; i++) {
        char in_text[64], out_text[64];
        vg_arena *arena = vg_arena_new(0);
        vg_wild_group in[4], out[4];
        vg_wild_budget budget = {arena, 50000000};
        vg_str witness = {0};
        random_groups(&seed, 1 + (unsigned)(next(&seed) % 2), in_text);
        random_groups(&seed, 1 + (unsigned)(next(&seed) % 3), out_text);
        size_t ins = make_groups(arena, in_text, in), outs = make_groups(arena, out_text, out);
        vg_wild_answer got = vg_wild_search(&budget, &everything, in, ins, out, outs, &witness);
        if (got == VG_WILD_EMPTY && by_force(in, ins, out, outs))
            fail_msg("in '%s', not in '%s': there is a string, but none was found", in_text, out_text);
        if (got == VG_WILD_FOUND && !lies_right(in, ins, out, outs, witness))
            fail_msg("in '%s', not in '%s': '%.*s' does not lie there", in_text, out_text, VG_ARG(witness));
        assert_true(got == VG_WILD_EMPTY || got == VG_WILD_FOUND);
        found += got == VG_WILD_FOUND;
        empty += got == VG_WILD_EMPTY;
        vg_arena_free(arena);
    }
    assert_true(found > 300 && empty > 300);
}

/* What is said to be proof must be: absorbing and apartness against brute force. */
static void proofs_hold_for_every_short_string(void **state)
{
    (void)state;
    static const char letters[] = "abz:";
    uint64_t seed = 1234567u;
    for (unsigned i = 0; i < 4000; i++) {
        char a_text[64], b_text[64], text[5];
        vg_arena *arena = vg_arena_new(0);
        vg_wild_group a[1], b[1];
        random_groups(&seed, 1, a_text);
        random_groups(&seed, 1, b_text);
        *(strchr(a_text, '|') ? strchr(a_text, '|') : a_text + 63) = '\0';
        *(strchr(b_text, '|') ? strchr(b_text, '|') : b_text + 63) = '\0';
        make_groups(arena, a_text, a);
        make_groups(arena, b_text, b);
        bool absorbs = vg_wild_absorbs(a->globs[0], b->globs[0]),
             apart = vg_wilds_apart(a->globs[0], b->globs[0]);
        for (size_t len = 0, total = 1; len <= 5; len++, total *= 4)
            for (size_t n = 0; n < total; n++) {
                for (size_t k = 0, rest = n; k < len; k++, rest /= 4)
                    text[k] = letters[rest % 4];
                bool in_a = vg_wild_matches(a->globs[0], vg_str_of(text, len));
                bool in_b = vg_wild_matches(b->globs[0], vg_str_of(text, len));
                if ((absorbs && in_b && !in_a) || (apart && in_a && in_b))
                    fail_msg("'%s' and '%s': absorbs %d, apart %d, but '%.*s' says otherwise", a_text, b_text,
                             absorbs, apart, (int)len, text);
            }
        vg_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_matches_as_written),
        cmocka_unit_test(a_pattern_that_plainly_covers_another_absorbs_it),
        cmocka_unit_test(a_string_is_found_or_proven_not_to_be),
        cmocka_unit_test(a_search_ends_when_its_work_is_done),
        cmocka_unit_test(searches_agree_with_brute_force),
        cmocka_unit_test(proofs_hold_for_every_short_string),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
