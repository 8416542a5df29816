/* test_compare_random.c: random small policies, every request over a small alphabet decided by the engine.
 *
 * What the engine finds allowed by NEW and not by OLD, `compare` must not have answered with no; and it answers with maybe
 * seldom. The seed is printed with each failure; VIGIL_SEED sets it. */
#include "policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/policy_mutants.h"

#define PICK(random, list) (list)[mutant_below((random), VG_COUNT(list))]

/* ---- requests -------------------------------------------------------------------------------------------------------- */

static const char *const actions[] = {"a:x", "a:y", "a:xy", "a:xx", "b:x"};
static const char *const resources[] = {"arn:aws:s:r:111122223333:a",
                                        "arn:aws:s:r:111122223333:ab",
                                        "arn:aws:s:r:111122223333:a/b",
                                        "arn:aws:s:r:111122223333:b:a",
                                        "arn:aws:s:r:111122223333:b",
                                        "arn:aws:s:q:111122223333:a",
                                        "arn:aws:s3:::a/b",
                                        "*"};
static const char *const callers[] = {"arn:aws:iam::222233334444:user/u",
                                      "arn:aws:iam::222233334444:user/v",
                                      "arn:aws:sts::222233334444:assumed-role/r/s",
                                      "arn:aws:iam::333344445555:user/u",
                                      "ec2.amazonaws.com",
                                      "*"};

/* States of a key: absent, one value, or a list. */
static const struct {
    const char *values[2];
    unsigned count;
    bool multi;
} states[] = {{{0}, 0, false},
              {{"a"}, 1, false},
              {{"b"}, 1, false},
              {{"A"}, 1, false},
              {{"ab"}, 1, false},
              {{""}, 1, false},
              {{"true"}, 1, false},
              {{"1"}, 1, false},
              {{"2"}, 1, false},
              {{"10.0.0.1"}, 1, false},
              {{"10.1.0.1"}, 1, false},
              {{"arn:aws:s:r:1:a"}, 1, false},
              {{"2026-01-01T00:00:00Z"}, 1, false},
              {{"a"}, 1, true},
              {{"a", "b"}, 2, true},
              {{"b", "ab"}, 2, true}};

/* ---- policies -------------------------------------------------------------------------------------------------------- */

static const char *const action_patterns[] = {"a:x",  "a:y", "a:xy", "a:x*", "a:*", "a:?",
                                              "a:*y", "b:x", "*",    "a:??", "A:X"};
static const char *const resource_patterns[] = {
    "*",
    "arn:aws:s:r:111122223333:a",
    "arn:aws:s:r:111122223333:a*",
    "arn:aws:s:*:111122223333:a",
    "arn:aws:s:r:111122223333:*",
    "arn:aws:s:r:*:*b",
    "arn:aws:s:r:111122223333:a?",
    "arn:aws:s:r:111122223333:b:*",
    "arn:aws:s:r:111122223333:${k:two}",
    "arn:aws:s:r:111122223333:a/${k:two, 'b'}",
    "arn:aws:s3:::*/b",
    "arn:aws:s:r",
    "arn:*:s:?:*:?",
};
static const char *const texts[] = {
    "a", "b", "ab", "a*", "*b", "?", "*", "A", "${k:two}", "a${k:two}", "${k:one, 'a'}", ""};
static const char *const arns[] = {"arn:aws:s:r:1:a", "arn:aws:s:*:1:*", "arn:*:s:r:1:?",
                                   "arn:aws:s:r:1:${k:two}", "a"};
static const char *const numbers[] = {"1", "2", "1.5", "1.0", "x"};
static const char *const dates[] = {"2026-01-01", "2026-01-01T00:00:00Z", "1767225600", "2027-01-01"};
static const char *const addresses[] = {"10.0.0.0/16", "10.0.0.1", "10.0.0.0/8", "::/0"};
static const char *const booleans[] = {"true", "false"};

/* Values that an operator may be given. */
static const char *value_for(mutant_random *r, vg_operator op)
{
    if (op <= VG_OP_STRING_NOT_LIKE || op == VG_OP_BINARY_EQUALS)
        return PICK(r, texts);
    if (op <= VG_OP_NUMERIC_GREATER_THAN_EQUALS)
        return PICK(r, numbers);
    if (op <= VG_OP_DATE_GREATER_THAN_EQUALS)
        return PICK(r, dates);
    if (op == VG_OP_BOOL || op == VG_OP_NULL)
        return PICK(r, booleans);
    return op <= VG_OP_NOT_IP_ADDRESS ? PICK(r, addresses) : PICK(r, arns);
}

static vg_str *make_list(vg_arena *arena, mutant_random *r, const char *const *from, size_t from_count,
                         size_t *count)
{
    *count = 1 + mutant_below(r, 3);
    vg_str *list = vg_arena_alloc(arena, *count * sizeof *list);
    for (size_t i = 0; i < *count; i++)
        list[i] = vg_str_from(from[mutant_below(r, from_count)]);
    return list;
}

static vg_policy_condition make_condition(vg_arena *arena, mutant_random *r)
{
    vg_policy_condition q = {.op = (vg_operator)mutant_below(r, VG_OP_INVALID),
                             .key = mutant_below(r, 2) ? VG_STR("k:one") : VG_STR("K:Two"),
                             .qualifier = (vg_qualifier)(mutant_below(r, 5) ? 0 : 1 + mutant_below(r, 2)),
                             .if_exists = mutant_below(r, 5) == 0};
    if (mutant_below(r, 2)) /* text is what most conditions are about */
        q.op = (vg_operator)mutant_below(r, VG_OP_NUMERIC_EQUALS);
    if (q.op == VG_OP_NULL)
        q.if_exists = false;
    q.value_count = 1 + mutant_below(r, 2);
    vg_str *values = vg_arena_alloc(arena, q.value_count * sizeof *values);
    for (size_t i = 0; i < q.value_count; i++)
        values[i] = vg_str_from(value_for(r, q.op));
    q.values = values;
    return q;
}

static const vg_policy_principal principals[] = {
    {.kind = VG_PRINCIPAL_ANYONE, .text = VG_STR_INIT("*")},
    {.kind = VG_PRINCIPAL_ACCOUNT,
     .text = VG_STR_INIT("222233334444"),
     .account = VG_STR_INIT("222233334444")},
    {.kind = VG_PRINCIPAL_ARN,
     .text = VG_STR_INIT("arn:aws:iam::222233334444:user/u"),
     .account = VG_STR_INIT("222233334444")},
    {.kind = VG_PRINCIPAL_ARN,
     .text = VG_STR_INIT("arn:aws:iam::222233334444:role/r"),
     .account = VG_STR_INIT("222233334444")},
    {.kind = VG_PRINCIPAL_ARN,
     .text = VG_STR_INIT("arn:aws:sts::222233334444:assumed-role/r/s"),
     .account = VG_STR_INIT("222233334444")},
    {.kind = VG_PRINCIPAL_SERVICE, .text = VG_STR_INIT("ec2.amazonaws.com")},
};

static vg_statement make_statement(vg_arena *arena, mutant_random *r, bool named)
{
    vg_statement s = {.effect = mutant_below(r, 3) ? VG_EFFECT_ALLOW : VG_EFFECT_DENY,
                      .has_action = true,
                      .not_action = mutant_below(r, 6) == 0,
                      .has_resource = true,
                      .not_resource = mutant_below(r, 5) == 0,
                      .has_principal = named,
                      .not_principal = named && mutant_below(r, 5) == 0};
    s.actions = make_list(arena, r, action_patterns, VG_COUNT(action_patterns), &s.action_count);
    s.resources = make_list(arena, r, resource_patterns, VG_COUNT(resource_patterns), &s.resource_count);
    s.condition_count = mutant_below(r, 4) ? mutant_below(r, 3) : 0;
    vg_policy_condition *conditions = vg_arena_alloc(arena, 3 * sizeof *conditions);
    for (size_t i = 0; i < s.condition_count; i++)
        conditions[i] = make_condition(arena, r);
    s.conditions = conditions;
    s.principal_count = named ? 1 + mutant_below(r, 2) : 0;
    vg_policy_principal *who = vg_arena_alloc(arena, 2 * sizeof *who);
    for (size_t i = 0; i < s.principal_count; i++)
        who[i] = PICK(r, principals);
    s.principals = who;
    return s;
}

static vg_policy_document make_policy(vg_arena *arena, mutant_random *r, vg_policy_kind kind)
{
    vg_policy_document d = {.kind = kind, .version_2012 = mutant_below(r, 8) != 0, .has_version = true};
    d.statement_count = 1 + mutant_below(r, 3);
    vg_statement *statements = vg_arena_alloc(arena, d.statement_count * sizeof *statements);
    for (size_t i = 0; i < d.statement_count; i++)
        statements[i] = make_statement(arena, r, kind == VG_POLICY_RESOURCE);
    statements[0].effect = VG_EFFECT_ALLOW;
    d.statements = statements;
    return d;
}

/* A second policy that has most of its statements from the first: else every answer is yes. */
static vg_policy_document make_other(vg_arena *arena, mutant_random *r, const vg_policy_document *first)
{
    vg_policy_document d = make_policy(arena, r, first->kind);
    vg_statement *statements = vg_arena_alloc(arena, (first->statement_count + 2) * sizeof *statements);
    d.version_2012 = first->version_2012;
    memcpy(statements, first->statements, first->statement_count * sizeof *statements);
    vg_statement *one = &statements[mutant_below(r, first->statement_count)];
    size_t count = first->statement_count;
    switch (mutant_below(r, 6)) {
    case 0:
        one->actions = d.statements[0].actions, one->action_count = d.statements[0].action_count;
        break;
    case 1:
        one->resources = d.statements[0].resources, one->resource_count = d.statements[0].resource_count;
        break;
    case 2:
        one->conditions = d.statements[0].conditions, one->condition_count = d.statements[0].condition_count;
        break;
    case 3:
        one->principals = d.statements[0].principals, one->principal_count = d.statements[0].principal_count;
        statements[count++] = d.statements[0];
        break;
    case 4:
        statements[count++] = d.statements[0];
        break;
    default:
        return d;
    }
    d.statements = statements;
    d.statement_count = count;
    return d;
}

/* ---- deciding every request ---------------------------------------------------------------------------------------------- */

typedef struct {
    const vg_policy *policy, *all;
    vg_layer scp;
    vg_layers layers;
} world;

static vg_layer layer_of(const vg_policy *const *policy)
{
    return (vg_layer){.state = VG_LAYER_KNOWN, .policies = policy, .count = 1};
}

static void make_world(vg_arena *arena, const vg_policy_document *document, world *w)
{
    vg_policy_document *all = VG_NEW(arena, vg_policy_document);
    vg_error err;
    static const char everything[] =
        "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}";
    assert_int_equal(VG_OK, vg_policy_read_text(arena, vg_str_from(everything), VG_POLICY_IDENTITY,
                                                VG_STR("all"), all, &err));
    assert_int_equal(VG_OK, vg_policy_compile(arena, all, NULL, &w->all, &err));
    assert_int_equal(VG_OK, vg_policy_compile(arena, document, NULL, &w->policy, &err));
    w->scp = layer_of(&w->policy);
    w->layers = (vg_layers){.identity = layer_of(&w->all)};
    switch (document->kind) {
    case VG_POLICY_RESOURCE:
        w->layers.resource = layer_of(&w->policy);
        break;
    case VG_POLICY_SCP:
        w->layers.scps = &w->scp;
        w->layers.scp_count = 1;
        break;
    case VG_POLICY_BOUNDARY:
        w->layers.boundary = layer_of(&w->policy);
        break;
    default:
        w->layers.identity = layer_of(&w->policy);
        break;
    }
}

typedef struct {
    const world *old_world, *new_world;
    bool named;
    vg_str found[5];
    size_t decisions;
} enumeration;

static bool is_allowed(enumeration *e, const world *w, const vg_request *request)
{
    e->decisions++;
    return vg_policy_decide(request, &w->layers).result == VG_ALLOWED;
}

static bool differs_in_context(enumeration *e, vg_request *request, vg_arena *arena)
{
    static const char *const keys[] = {"k:one", "k:two"};
    vg_context_entry context[2];
    vg_str values[2][2];
    for (size_t one = 0; one < VG_COUNT(states); one++)
        for (size_t two = 0; two < VG_COUNT(states); two++) {
            size_t picked[] = {one, two};
            request->context = context;
            request->context_count = 0;
            for (size_t k = 0; k < 2; k++) {
                if (states[picked[k]].count == 0)
                    continue;
                for (unsigned v = 0; v < states[picked[k]].count; v++)
                    values[k][v] = vg_str_from(states[picked[k]].values[v]);
                context[request->context_count++] = (vg_context_entry){.key = vg_str_from(keys[k]),
                                                                       .values = values[k],
                                                                       .value_count = states[picked[k]].count,
                                                                       .multi = states[picked[k]].multi};
            }
            if (!is_allowed(e, e->new_world, request) || is_allowed(e, e->old_world, request))
                continue;
            e->found[0] = request->action, e->found[1] = request->resource;
            e->found[2] = vg_arena_printf(arena, "%zu", one),
            e->found[3] = vg_arena_printf(arena, "%zu", two);
            e->found[4] = request->caller.text;
            return true;
        }
    return false;
}

static bool differs(enumeration *e, vg_arena *arena)
{
    for (size_t c = 0; c < (e->named ? VG_COUNT(callers) : 1); c++)
        for (size_t a = 0; a < VG_COUNT(actions); a++)
            for (size_t r = 0; r < VG_COUNT(resources); r++) {
                vg_request request = {.caller = vg_caller_of(vg_str_from(callers[c])),
                                      .action = vg_str_from(actions[a]),
                                      .resource = vg_str_from(resources[r]),
                                      .wildcard_only_action = resources[r][0] == '*'};
                request.resource_account = e->named ? VG_STR("111122223333") : request.caller.account;
                if (differs_in_context(e, &request, arena))
                    return true;
            }
    return false;
}

/* ---- the test ------------------------------------------------------------------------------------------------------------------ */

static void print_list(const char *name, const vg_str *texts_, size_t count)
{
    fprintf(stderr, " %s", name);
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, " %.*s", VG_ARG(texts_[i]));
}

static void print_policy(const char *name, const vg_policy_document *d)
{
    fprintf(stderr, "%s (%s)\n", name, d->version_2012 ? "2012" : "2008");
    for (size_t i = 0; i < d->statement_count; i++) {
        const vg_statement *s = &d->statements[i];
        fprintf(stderr, "  %s", s->effect == VG_EFFECT_ALLOW ? "Allow" : "Deny");
        for (size_t p = 0; p < s->principal_count; p++)
            fprintf(stderr, " %s%.*s", s->not_principal ? "not " : "by ", VG_ARG(s->principals[p].text));
        print_list(s->not_action ? "NotAction" : "Action", s->actions, s->action_count);
        print_list(s->not_resource ? "NotResource" : "Resource", s->resources, s->resource_count);
        for (size_t k = 0; k < s->condition_count; k++) {
            const vg_policy_condition *q = &s->conditions[k];
            fprintf(stderr, " if %s%s%s %.*s",
                    q->qualifier == 0   ? ""
                    : q->qualifier == 1 ? "ForAllValues:"
                                        : "ForAnyValue:",
                    vg_operator_name(q->op), q->if_exists ? "IfExists" : "", VG_ARG(q->key));
            print_list("in", q->values, q->value_count);
        }
        fprintf(stderr, "\n");
    }
}

typedef struct {
    size_t answers[3], decisions;
} tally;

static void check_pair(uint64_t seed, vg_policy_kind kind, tally *t)
{
    vg_arena *arena = vg_arena_new(0);
    mutant_random r = {seed * UINT64_C(0x9e3779b97f4a7c15) + 1};
    vg_policy_document old_policy = make_policy(arena, &r, kind),
                       new_policy = make_other(arena, &r, &old_policy);
    vg_comparison result;
    vg_error err;
    world old_world, new_world;
    mutant_next(&r);
    assert_int_equal(VG_OK, vg_policy_compare(arena, &old_policy, &new_policy, &result, &err));
    t->answers[result.result]++;
    if (result.result == VG_COMPARE_NO) {
        make_world(arena, &old_policy, &old_world);
        make_world(arena, &new_policy, &new_world);
        enumeration e = {
            .old_world = &old_world, .new_world = &new_world, .named = kind == VG_POLICY_RESOURCE};
        if (differs(&e, arena)) {
            print_policy("OLD", &old_policy);
            print_policy("NEW", &new_policy);
            fail_msg("seed %llu: answered no, but NEW alone allows %.*s on %.*s in states %.*s, %.*s to %.*s",
                     (unsigned long long)seed, VG_ARG(e.found[0]), VG_ARG(e.found[1]), VG_ARG(e.found[2]),
                     VG_ARG(e.found[3]), VG_ARG(e.found[4]));
        }
        t->decisions += e.decisions;
    }
    vg_arena_free(arena);
}

static void check_kind(vg_policy_kind kind, size_t pairs)
{
    const char *given = getenv("VIGIL_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : 1;
    tally t = {0};
    for (size_t i = 0; i < pairs; i++)
        check_pair(seed + i, kind, &t);
    print_message("%s from seed %llu: %zu no, %zu yes, %zu maybe; %zu decisions\n", vg_policy_kind_name(kind),
                  (unsigned long long)seed, t.answers[0], t.answers[1], t.answers[2], t.decisions);
    assert_true(t.answers[VG_COMPARE_NO] > pairs / 10 && t.answers[VG_COMPARE_YES] > pairs / 10);
    assert_true(t.answers[VG_COMPARE_MAYBE] < pairs / 5); /* odd policies, full of variables */
}

static size_t how_many(size_t otherwise)
{
    const char *given = getenv("VIGIL_PAIRS");
    return given ? strtoul(given, NULL, 10) : otherwise;
}

static void no_request_over_a_small_alphabet_contradicts_a_no(void **state)
{
    (void)state;
    check_kind(VG_POLICY_IDENTITY, how_many(500));
    check_kind(VG_POLICY_BOUNDARY, how_many(100));
    check_kind(VG_POLICY_SCP, how_many(200));
}

static void no_caller_contradicts_a_no_of_resource_policies(void **state)
{
    (void)state;
    check_kind(VG_POLICY_RESOURCE, how_many(100));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_request_over_a_small_alphabet_contradicts_a_no),
        cmocka_unit_test(no_caller_contradicts_a_no_of_resource_policies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
