/* test_compare_mutants.c: changes to the 1,641 managed policies, each with what its kind implies.
 *
 * Reordered and split policies allow the same; a narrowed one allows nothing new, and neither does the original of a widened
 * one. Where the answer is no, the engine decides requests drawn from the patterns and values of both policies, and none
 * may contradict. At most 2 % of the answers may be maybe. VIGIL_PAIRS and VIGIL_SEED set how many pairs, and from where;
 * the recorded run has 10,000. */
#include "policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/policy_mutants.h"

enum { PAIRS = 1500, SAMPLES = 24 };

/* What the kind of change implies for the mutant against its original, and the other way round. */
static const struct {
    bool forward_is_no, back_is_no;
} implied[] = {[MUTANT_REORDER] = {true, true},
               [MUTANT_SPLIT] = {true, true},
               [MUTANT_NARROW] = {true, false},
               [MUTANT_WIDEN] = {false, true},
               [MUTANT_CHANGE_CONDITION] = {false, false}};

/* ---- requests near the boundaries of two policies --------------------------------------------------------------------- */

static const vg_statement *any_statement(mutant_random *r, const vg_policy_document *const both[2])
{
    const vg_policy_document *d = both[mutant_below(r, 2)];
    return &d->statements[mutant_below(r, d->statement_count)];
}

/* A text that the pattern matches, or nearly. */
static vg_str text_of(vg_arena *arena, mutant_random *r, vg_str pattern)
{
    static const char *const fills[] = {"", "a", "1", "zz", "us-east-1", "123456789012", "a/b"};
    vg_buf out = {0};
    for (size_t i = 0; i < pattern.len; i++) {
        bool variable = pattern.ptr[i] == '$' && i + 1 < pattern.len && pattern.ptr[i + 1] == '{';
        if (variable)
            while (i < pattern.len && pattern.ptr[i] != '}')
                i++;
        if (variable || pattern.ptr[i] == '*')
            vg_buf_add_c(&out, fills[mutant_below(r, VG_COUNT(fills))]);
        else
            vg_buf_add_char(&out, pattern.ptr[i] == '?' ? 'q' : pattern.ptr[i]);
    }
    if (mutant_below(r, 8) == 0 && out.len)
        out.ptr[out.len - 1] = 'x';
    vg_str text = vg_arena_str(arena, vg_buf_str(&out));
    vg_buf_free(&out);
    return text;
}

static void add_entry(vg_arena *arena, mutant_random *r, const vg_policy_condition *q,
                      vg_context_entry *context, size_t *count)
{
    for (size_t i = 0; i < *count; i++)
        if (vg_str_eq_icase(context[i].key, q->key))
            return;
    if (mutant_below(r, 4) == 0 || *count == 32 || q->value_count == 0)
        return;
    bool multi = q->qualifier != VG_QUALIFIER_NONE && mutant_below(r, 3);
    size_t values = multi ? 1 + mutant_below(r, 2) : 1;
    vg_str *list = vg_arena_alloc(arena, values * sizeof *list);
    for (size_t v = 0; v < values; v++)
        list[v] = text_of(arena, r, q->values[mutant_below(r, q->value_count)]);
    context[(*count)++] =
        (vg_context_entry){.key = q->key, .values = list, .value_count = (uint32_t)values, .multi = multi};
}

static size_t make_context(vg_arena *arena, mutant_random *r, const vg_policy_document *const both[2],
                           const vg_statement *about, vg_context_entry *context)
{
    size_t count = 0;
    for (size_t i = 0; i < about->condition_count; i++)
        add_entry(arena, r, &about->conditions[i], context, &count);
    for (size_t round = 0; round < 2; round++) {
        const vg_statement *s = any_statement(r, both);
        for (size_t i = 0; i < s->condition_count; i++)
            add_entry(arena, r, &s->conditions[i], context, &count);
    }
    return count;
}

static bool is_allowed(const vg_policy *policy, const vg_request *request)
{
    vg_layers layers = {.identity = {.state = VG_LAYER_KNOWN, .policies = &policy, .count = 1}};
    return vg_policy_decide(request, &layers).result == VG_ALLOWED;
}

/* Draws requests; fails on one that `new_policy` allows and `old_policy` does not. */
static void sample(vg_arena *arena, mutant_random *r, const vg_policy_document *old_policy,
                   const vg_policy_document *new_policy, uint64_t seed)
{
    const vg_policy_document *const both[2] = {old_policy, new_policy};
    const vg_policy *compiled[2];
    vg_error err;
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(VG_OK, vg_policy_compile(arena, both[i], NULL, &compiled[i], &err));
    for (size_t n = 0; n < SAMPLES; n++) {
        vg_context_entry context[32];
        const vg_statement *s = any_statement(r, both);
        if (s->action_count == 0 || s->resource_count == 0)
            continue;
        vg_request request = {.caller = vg_caller_of(VG_STR("arn:aws:iam::123456789012:user/u")),
                              .action = text_of(arena, r, s->actions[mutant_below(r, s->action_count)]),
                              .resource = text_of(arena, r, s->resources[mutant_below(r, s->resource_count)]),
                              .resource_account = VG_STR("123456789012"),
                              .context = context};
        if (vg_str_find_char(request.resource, ':') == VG_NPOS)
            request.resource = VG_STR("arn:aws:x:us-east-1:123456789012:a/b");
        request.context_count = make_context(arena, r, both, s, context);
        if (is_allowed(compiled[1], &request) && !is_allowed(compiled[0], &request))
            fail_msg("seed %llu, %.*s: answered no, but NEW alone allows %.*s on %.*s",
                     (unsigned long long)seed, VG_ARG(old_policy->name), VG_ARG(request.action),
                     VG_ARG(request.resource));
    }
}

/* ---- the test ------------------------------------------------------------------------------------------------------------ */

typedef struct {
    size_t answers[MUTANT_KINDS][2][3];
    size_t total, maybe;
} tally;

static void check_way(vg_arena *arena, mutant_random *r, mutant_kind kind, bool back,
                      const vg_policy_document *old_policy, const vg_policy_document *new_policy,
                      uint64_t seed, tally *t)
{
    vg_comparison result;
    vg_error err;
    assert_int_equal(VG_OK, vg_policy_compare(arena, old_policy, new_policy, &result, &err));
    t->answers[kind][back][result.result]++;
    t->total++;
    t->maybe += result.result == VG_COMPARE_MAYBE;
    if ((back ? implied[kind].back_is_no : implied[kind].forward_is_no) && result.result == VG_COMPARE_YES)
        fail_msg("seed %llu, %.*s, %s%s: nothing is new, but the answer is yes: %.*s on %.*s",
                 (unsigned long long)seed, VG_ARG(old_policy->name), mutant_names[kind],
                 back ? " (back)" : "", VG_ARG(result.action), VG_ARG(result.resource));
    if (result.result == VG_COMPARE_NO)
        sample(arena, r, old_policy, new_policy, seed);
}

/* Whether a mutant was made of this seed. */
static bool check_seed(const vg_vec *originals, uint64_t seed, tally *t)
{
    vg_arena *arena = vg_arena_new(0);
    mutant_random r = {seed * UINT64_C(0x9e3779b97f4a7c15) + 1};
    mutant_next(&r);
    mutant_kind kind = (mutant_kind)mutant_below(&r, MUTANT_KINDS);
    const vg_policy_document *original = vg_vec_at(originals, mutant_below(&r, originals->len));
    vg_policy_document mutated;
    bool made = mutant_make(arena, &r, original, kind, &mutated);
    if (made) {
        check_way(arena, &r, kind, false, original, &mutated, seed, t);
        check_way(arena, &r, kind, true, &mutated, original, seed, t);
    }
    vg_arena_free(arena);
    return made;
}

static uint64_t number_of(const char *variable, uint64_t otherwise)
{
    const char *given = getenv(variable);
    return given ? strtoull(given, NULL, 10) : otherwise;
}

static void print_tally(const tally *t)
{
    for (size_t k = 0; k < MUTANT_KINDS; k++)
        print_message("%-20s no %zu yes %zu maybe %zu; back: no %zu yes %zu maybe %zu\n", mutant_names[k],
                      t->answers[k][0][0], t->answers[k][0][1], t->answers[k][0][2], t->answers[k][1][0],
                      t->answers[k][1][1], t->answers[k][1][2]);
    print_message("%zu answers, %zu maybe (%.2f %%)\n", t->total, t->maybe,
                  100.0 * (double)t->maybe / (double)t->total);
}

static void changes_of_managed_policies_are_answered_as_their_kind_implies(void **state)
{
    (void)state;
    const char *folder = getenv("VIGIL_TEST_DATA");
    vg_arena *all = vg_arena_new(0);
    vg_vec originals;
    tally t = {0};
    if (!mutant_originals(all, folder ? folder : VIGIL_SOURCE_DIR "/../shared/data", &originals)) {
        print_message("not run: changes_of_managed_policies (no managed policies in VIGIL_TEST_DATA)\n");
        vg_arena_free(all);
        skip();
    }
    uint64_t seed = number_of("VIGIL_SEED", 1);
    for (uint64_t made = 0, pairs = number_of("VIGIL_PAIRS", PAIRS); made < pairs; seed++)
        made += check_seed(&originals, seed, &t);
    print_tally(&t);
    assert_true(t.maybe * 50 <= t.total);
    vg_arena_free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_of_managed_policies_are_answered_as_their_kind_implies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
