/* Many tests at once decide what each decides alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "detect/sigma_part.h"

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Text over few letters, so that patterns meet it often. */
static vg_str random_text(vg_arena *arena, uint64_t *state, size_t most, const char *const *letters,
                          size_t count)
{
    vg_buf text = {0};
    size_t len = next_random(state) % (most + 1);
    for (size_t i = 0; i < len; i++)
        vg_buf_add_c(&text, letters[next_random(state) % count]);
    vg_str kept = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return kept;
}

static const char *const plain[] = {"a", "B", "c", "ä", "Ä", "-", "1", "ſ", "K"};
static const char *const glob[] = {"a", "b", "C", "ä", "*", "?", "1", "s", "k"};
static const char *const regex[] = {"a",     "b",   "C",     "1",     "[ab]",   "(a|b)", ".",
                                    "a+",    "b*",  "\\\\.", "c?",    "1{1,2}", "ab",    "(?:a(b)c)",
                                    "\\\\d", "abc", "^",     "[^)(]", "a{2}",   "(?=b)"};

static const char *const modifiers[] = {"",          "|contains",       "|startswith",     "|endswith",
                                        "|contains", "|contains|cased", "|endswith|cased", "|cased"};

static void add_rule(vg_buf *out, vg_arena *arena, uint64_t *state, int number)
{
    const char *field = next_random(state) % 8 ? "f" : "";
    if (next_random(state) % 4 == 0) {
        vg_str pattern = random_text(arena, state, 5, regex, VG_COUNT(regex));
        vg_buf_addf(
            out,
            "---\ntitle: r%d\nlogsource: {product: t}\ndetection: {s: {'%s|re%s': \"%.*s\"}, condition: s}\n",
            number, field, next_random(state) % 3 ? "" : "|i", VG_ARG(pattern));
        return;
    }
    const char *modifier = modifiers[next_random(state) % VG_COUNT(modifiers)];
    if (!*field && !*modifier)
        modifier = "|contains";
    vg_str pattern = random_text(arena, state, 6, glob, VG_COUNT(glob));
    vg_buf_addf(
        out, "---\ntitle: r%d\nlogsource: {product: t}\ndetection: {s: {'%s%s': \"%.*s\"}, condition: s}\n",
        number, field, modifier, VG_ARG(pattern));
}

static vg_value string_value(vg_str text)
{
    return (vg_value){.kind = VG_STRING, .len = (uint32_t)text.len & 0xFFFFFFF, .as.string = text.ptr};
}

static void tests_together_decide_as_each_alone(void **state)
{
    (void)state;
    enum { RULES = 400, TEXTS = 400 };
    uint64_t random = 0x9E3779B97F4A7C15U;
    vg_error err = {0};
    vg_arena *arena = vg_arena_new(0), *scratch = vg_arena_new(0);
    vg_buf text = {0};
    vg_rules *rules = NULL;
    vg_vec problems = vg_vec_in(arena, sizeof(vg_rule_problem));
    size_t together = 0, failures = 0, held = 0;
    for (int i = 0; i < RULES; i++)
        add_rule(&text, arena, &random, i);
    const vg_rule_file file = {VG_STR("r.yml"), vg_buf_str(&text)};
    assert_int_equal(vg_rules_compile(arena, &file, 1, NULL, &rules, &problems, &err), VG_OK);
    vg_evaluator *ev = vg_evaluator_new(rules, NULL, 0);
    for (size_t i = 0; i < rules->predicate_count; i++)
        together += rules->predicates[i].many;
    assert_true(together > rules->predicate_count / 2);
    for (int i = 0; i < TEXTS; i++) {
        vg_str value = random_text(arena, &random, 12, plain, VG_COUNT(plain));
        /* {"f": "..."}, or in every third event {"f": {"k": "..."}} */
        const vg_value flat[] = {
            {.kind = VG_OBJECT, .as.container = {1, 3}}, string_value(VG_STR("f")), string_value(value)};
        const vg_value nested[] = {{.kind = VG_OBJECT, .as.container = {1, 5}},
                                   string_value(VG_STR("f")),
                                   {.kind = VG_OBJECT, .as.container = {1, 3}},
                                   string_value(VG_STR("k")),
                                   string_value(value)};
        const vg_value *root = i % 3 ? flat : nested;
        const vg_event event = {.log = VG_LOG_UNKNOWN, .root = root};
        vg_evaluator_begin(ev, &event);
        for (size_t r = 0; r < rules->rule_count; r++) {
            const vg_compiled_rule *rule = &rules->rules[r];
            const vg_predicate *p = &rules->predicates[rule->nodes[rule->node_count - 1].predicate];
            const vg_value *seen = p->field == VG_FIELD_ALL && !(i % 3) ? &root[4] : &root[2];
            bool alone = vg_predicate_holds(p, seen, scratch);
            held += alone;
            if (vg_evaluator_match(ev, r) == alone)
                continue;
            failures++;
            print_error("%.*s (op %d, cased %d) on %.*s: alone %d\n", VG_ARG(p->text), p->op, p->cased,
                        VG_ARG(value), alone);
        }
        vg_arena_reset(scratch);
    }
    assert_int_equal(failures, 0);
    assert_true(held > 5000);
    vg_evaluator_free(ev);
    vg_buf_free(&text);
    vg_arena_free(scratch);
    vg_arena_free(arena);
}

static void literals_of_regular_expressions(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *literal;
    } cases[] = {
        {"abc", "abc"},        {"^abc$", "abc"},      {"abc.*defg", "defg"}, {"ab+cd", "ab"},
        {"abc?d", "ab"},       {"ab*cde", "cde"},     {"abc{2}de", "ab"},    {"x(abc|def)yz", "yz"},
        {"abc|def", ""},       {"a(b|c", ""},         {"[abc]defg", "defg"}, {"[^]]defg", "defg"},
        {"[\\]]defg", "defg"}, {"\\.exe\\b", ".exe"}, {"\\d+abc", "abc"},    {"\\x41bc", ""},
        {"\\Qa.b\\E", ""},     {"(?i)abc", "abc"},    {"(?is)abc", "abc"},   {"(?x)a b c", ""},
        {"a(?x)b c", ""},      {"(?i:abc)def", ""},   {"(?:abc)def", "def"}, {"(?<!abc)defg", "defg"},
        {"(?!abcd)ef", "ef"},  {"a{b|c}", ""},        {"(*ACCEPT)abc", ""},  {"abc(?#x)", ""},
        {"(a)\\1bc", ""},      {"äbc?", "äb"},        {"bcä?", "bc"},        {"", ""},
    };
    vg_arena *arena = vg_arena_new(0);
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        sigma_regex *compiled;
        vg_error err = {0};
        if (sigma_regex_new(arena, vg_str_from(cases[i].pattern), 0, 0, &compiled, &err) != VG_OK)
            continue; /* "a(b|c": the reader must not fall over it */
        vg_str literal = sigma_regex_literal(compiled);
        if (!vg_str_is(literal, cases[i].literal))
            print_error("%s: \"%.*s\", expected \"%s\"\n", cases[i].pattern, VG_ARG(literal),
                        cases[i].literal);
        assert_true(vg_str_is(literal, cases[i].literal));
    }
    vg_arena_free(arena);
}

static void folding_is_the_same_in_words_of_eight(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    uint64_t random = 7;
    for (int i = 0; i < 2000; i++) {
        char text[40];
        size_t len = next_random(&random) % sizeof text;
        for (size_t k = 0; k < len; k++)
            text[k] = (char)(next_random(&random) % (i % 4 ? 128 : 256));
        vg_str folded = sigma_fold(arena, (vg_str){text, len});
        vg_buf expected = {0};
        for (size_t at = 0, step; at < len; at += step) {
            char out[4];
            size_t n =
                sigma_put(sigma_fold_char(sigma_next(vg_str_sub((vg_str){text, len}, at, 4), &step)), out);
            vg_buf_add(&expected, out, n);
        }
        assert_true(vg_str_eq(folded, vg_buf_str(&expected)));
        vg_buf_free(&expected);
    }
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tests_together_decide_as_each_alone),
        cmocka_unit_test(literals_of_regular_expressions),
        cmocka_unit_test(folding_is_the_same_in_words_of_eight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
