/* test_steps.c: patterns made to be slow cost a decision so many steps and no more; what is not told by then is unknown. */
#include "policy_text.h"

#include "policy/policy_part.h"

enum { TEXT = 2000, RUN = 1000 };

/* What takes RUN times TEXT steps to tell from TEXT times 'a': nothing but a 'b' at the end differs. */
static vg_str slow_pattern(vg_arena *arena, const char *head)
{
    char run[RUN + 1];
    memset(run, 'a', RUN);
    run[RUN] = '\0';
    return vg_arena_printf(arena, "%s%sb*", head, run);
}

static vg_str slow_text(vg_arena *arena)
{
    char text[TEXT + 1];
    memset(text, 'a', TEXT);
    text[TEXT] = '\0';
    return vg_arena_printf(arena, "%s", text);
}

/* A JSON array of the pattern `count` times, each between `before` and `behind`. */
static vg_str many(vg_arena *arena, unsigned count, const char *before, vg_str pattern, const char *behind)
{
    vg_buf out = {0};
    for (unsigned i = 0; i < count; i++)
        vg_buf_addf(&out, "%s\"%s%.*s%s\"", i ? "," : "[", before, VG_ARG(pattern), behind);
    vg_buf_add_c(&out, "]");
    vg_str kept = vg_arena_str(arena, vg_buf_str(&out));
    vg_buf_free(&out);
    return kept;
}

/* ---- one comparison ----------------------------------------------------------------------------------------------------- */

static void a_comparison_beyond_the_steps_is_unknown(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_str text = slow_text(arena), pattern = slow_pattern(arena, "*?"), steady = slow_pattern(arena, "*");
    vg_str request = vg_arena_printf(arena, "*%.*sc", VG_ARG(text));
    vg_str fixed = vg_arena_printf(arena, "%.*s%.*s", VG_ARG(text), VG_ARG(text));
    uint64_t fresh = 0, spent = VG_DECISION_STEPS;
    assert_int_equal(vg_glob(pattern, text, &fresh), VG_MATCH_NO);
    assert_in_range(fresh, RUN, RUN * TEXT);
    assert_int_equal(vg_glob(pattern, text, &spent), VG_MATCH_UNKNOWN);
    spent = VG_DECISION_STEPS;
    assert_int_equal(vg_glob(steady, text, &spent), VG_MATCH_NO); /* a search of text is linear */
    assert_int_equal(vg_glob(VG_STR("*a?a"), text, &spent), VG_MATCH_YES);
    assert_int_equal(spent, VG_DECISION_STEPS);
    assert_int_equal(vg_glob_covers(steady, request, &spent), VG_MATCH_UNKNOWN);
    spent = VG_DECISION_STEPS;
    assert_int_equal(vg_glob_overlaps(fixed, request, &spent), VG_MATCH_UNKNOWN);
    fresh = 0;
    assert_int_equal(vg_glob_overlaps(fixed, request, &fresh), VG_MATCH_NO);
    spent = VG_DECISION_STEPS;
    assert_int_equal(vg_action_takes(VG_STR("s3:*Object"), VG_STR("s3:GetObject"), &spent), VG_MATCH_UNKNOWN);
    vg_arena_free(arena);
}

/* ---- a decision ------------------------------------------------------------------------------------------------------------ */

typedef enum {
    IN_RESOURCE,
    IN_REGION,
    IN_VARIABLE,
    IN_STRING,
    IN_ARN,
    IN_STRING_VARIABLE,
    IN_ACTION,
    PLACES
} place;

/* The statement's elements with `count` slow patterns in that place. */
static vg_str elements(vg_arena *arena, place where, unsigned count, bool others)
{
    vg_str slow = slow_pattern(arena, "*?"), steady = slow_pattern(arena, "*");
    vg_str none = VG_STR("\"*\"");
    const char *resource = others ? "NotResource" : "Resource";
    vg_str list;
    switch (where) {
    case IN_RESOURCE:
        list = many(arena, count, "arn:aws:s3:::", slow, "");
        break;
    case IN_REGION:
        list = many(arena, count, "arn:aws:s3:", slow, "::*");
        break;
    case IN_VARIABLE:
        list = many(arena, count, "arn:aws:s3:::", slow, "${aws:username, 'x'}");
        break;
    case IN_ACTION:
        list =
            many(arena, count, "s3:*", vg_str_sub(steady, RUN / 2, steady.len), ""); /* names are shorter */
        return vg_arena_printf(arena, "\"%s\":%.*s,\"Resource\":\"*\"", others ? "NotAction" : "Action",
                               VG_ARG(list));
    default:
        list = many(arena, count, where == IN_ARN ? "arn:aws:s3:::" : "", slow,
                    where == IN_STRING_VARIABLE ? "${aws:username, 'x'}" : "");
        return vg_arena_printf(arena,
                               "\"Action\":\"*\",\"Resource\":%.*s,\"Condition\":{\"%s%s\":{\"%s\":%.*s}}",
                               VG_ARG(none), where == IN_ARN ? "Arn" : "String", others ? "NotLike" : "Like",
                               where == IN_ARN ? "a:arn" : "a:text", VG_ARG(list));
    }
    return vg_arena_printf(arena, "\"Action\":\"*\",\"%s\":%.*s", resource, VG_ARG(list));
}

static vg_decision_result decide(vg_arena *arena, vg_str statements, vg_str resource, vg_explanation *why)
{
    vg_policy_document document;
    const vg_policy *policy;
    vg_error err = {0};
    vg_str text = slow_text(arena);
    vg_str json =
        vg_arena_printf(arena, "{\"Version\":\"2012-10-17\",\"Statement\":[%.*s]}", VG_ARG(statements));
    assert_int_equal(vg_policy_read_text(arena, json, VG_POLICY_IDENTITY, VG_STR("p"), &document, &err),
                     VG_OK);
    assert_int_equal(vg_policy_compile(arena, &document, NULL, &policy, &err), VG_OK);
    vg_str arn = vg_arena_printf(arena, "arn:aws:s3:::%.*s", VG_ARG(text));
    vg_str name = VG_STR("x");
    const vg_context_entry context[] = {{VG_STR("a:text"), &text, 1, false, VG_CONTEXT_PRESENT},
                                        {VG_STR("a:arn"), &arn, 1, false, VG_CONTEXT_PRESENT},
                                        {VG_STR("aws:username"), &name, 1, false, VG_CONTEXT_PRESENT}};
    vg_request request = {.caller = vg_caller_of(VG_STR("arn:aws:iam::111111111111:user/x")),
                          .action = vg_arena_printf(arena, "s3:%.*s", RUN, text.ptr),
                          .resource = resource.len ? resource : arn,
                          .resource_account = VG_STR("111111111111"),
                          .context = context,
                          .context_count = VG_COUNT(context)};
    vg_layers layers = {.identity = {VG_LAYER_KNOWN, &policy, 1, {0}}};
    vg_decision d = vg_policy_decide(&request, &layers);
    if (why) {
        assert_int_equal(vg_policy_explain(arena, &request, &layers, why, &err), VG_OK);
        assert_int_equal(why->decision.result, d.result);
    }
    return d.result;
}

#define ALLOW_ALL "{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}"

/* A request in whose region stand the many 'a's. */
static vg_str asked(vg_arena *arena, place where)
{
    vg_str text = slow_text(arena);
    return where == IN_REGION ? vg_arena_printf(arena, "arn:aws:s3:%.*s::b", VG_ARG(text)) : VG_STR("");
}

static void a_spent_budget_is_never_an_allow_and_never_the_absence_of_a_deny(void **state)
{
    (void)state;
    enum { FEW = 1, MANY = 40 };
    static const struct {
        const char *head; /* of the slow statement, behind what stands before it */
        unsigned count;
        bool others;
        vg_decision_result want;
    } cases[] = {
        {ALLOW_ALL ",{\"Effect\":\"Deny\",", FEW, false, VG_ALLOWED},
        {ALLOW_ALL ",{\"Effect\":\"Deny\",", MANY, false, VG_DECISION_UNKNOWN},
        {ALLOW_ALL ",{\"Effect\":\"Deny\",", FEW, true, VG_EXPLICITLY_DENIED},
        {ALLOW_ALL ",{\"Effect\":\"Deny\",", MANY, true, VG_DECISION_UNKNOWN},
        {"{\"Effect\":\"Allow\",", FEW, false, VG_IMPLICITLY_DENIED},
        {"{\"Effect\":\"Allow\",", MANY, false, VG_DECISION_UNKNOWN},
        {"{\"Effect\":\"Allow\",", FEW, true, VG_ALLOWED},
        {"{\"Effect\":\"Allow\",", MANY, true, VG_DECISION_UNKNOWN},
        {ALLOW_ALL ",{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"},{\"Effect\":\"Deny\",", MANY,
         true, VG_EXPLICITLY_DENIED}, /* what is certain stays so */
    };
    for (place where = 0; where < PLACES; where++)
        for (size_t i = 0; i < VG_COUNT(cases); i++) {
            vg_arena *arena = vg_arena_new(0);
            vg_str body = elements(arena, where, cases[i].count, cases[i].others);
            vg_str text = vg_arena_printf(arena, "%s%.*s}", cases[i].head, VG_ARG(body));
            vg_decision_result got = decide(arena, text, asked(arena, where), NULL);
            if (got != cases[i].want)
                fail_msg("place %d, %s, %u patterns, others %d: %s, want %s", (int)where, cases[i].head,
                         cases[i].count, cases[i].others, vg_decision_name(got),
                         vg_decision_name(cases[i].want));
            vg_arena_free(arena);
        }
}

static void the_budget_is_one_for_all_statements(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_str one = elements(arena, IN_RESOURCE, 1, false);
    vg_buf text = {0};
    vg_buf_add_c(&text, ALLOW_ALL);
    for (int i = 0; i < 40; i++)
        vg_buf_addf(&text, ",{\"Effect\":\"Deny\",%.*s}", VG_ARG(one));
    vg_explanation why;
    assert_int_equal(decide(arena, vg_buf_str(&text), VG_STR(""), &why), VG_DECISION_UNKNOWN);
    vg_buf_free(&text);
    bool told = false;
    for (size_t i = 0; i < why.note_count; i++)
        told |= vg_str_find(vg_str_from(why.notes[i]), VG_STR("more steps than a decision has")) != VG_NPOS;
    assert_true(told);
    vg_arena_free(arena);
}

static void requested_patterns_are_bounded_too(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_str text = slow_text(arena), list = many(arena, 40, "arn:aws:s3:::", slow_pattern(arena, "*"), "");
    vg_str request = vg_arena_printf(arena, "arn:aws:s3:::%.*s*", VG_ARG(text));
    vg_str deny = vg_arena_printf(
        arena, ALLOW_ALL ",{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":%.*s}", VG_ARG(list));
    assert_int_equal(decide(arena, deny, request, NULL), VG_DECISION_UNKNOWN);
    list =
        many(arena, 40, "arn:aws:s3:::", vg_arena_printf(arena, "%.*s%.*s", VG_ARG(text), VG_ARG(text)), "");
    request = vg_arena_printf(arena, "arn:aws:s3:::*%.*sc", RUN, text.ptr);
    vg_str allow =
        vg_arena_printf(arena, "{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":%.*s}", VG_ARG(list));
    assert_int_equal(decide(arena, allow, request, NULL), VG_DECISION_UNKNOWN);
    vg_arena_free(arena);
}

/* ---- the request's context ---------------------------------------------------------------------------------------------------- */

/* 3,000 keys looked through, or 3,000 values compared, by 3,000 conditions: nine million of either. */
static void long_contexts_are_bounded_too(void **state)
{
    (void)state;
    enum { KEYS = 3000 };
    vg_arena *arena = vg_arena_new(0);
    vg_str *names = VG_NEW_N(arena, vg_str, KEYS);
    vg_context_entry *context = VG_NEW_N(arena, vg_context_entry, KEYS);
    vg_buf keys = {0}, values = {0};
    for (int i = 0; i < KEYS; i++) {
        names[i] = vg_arena_printf(arena, "k:%d", i);
        context[i] = (vg_context_entry){names[i], &names[i], 1, false, VG_CONTEXT_PRESENT};
        vg_buf_addf(&keys, "%s\"k:%d\":\"k:%d\"", i ? "," : "", KEYS - 1 - i, KEYS - 1 - i);
        vg_buf_addf(&values, "%s\"v%d\"", i ? "," : "", i);
    }
    const struct {
        const char *op;
        vg_str body;
    } cases[] = {
        {"StringEquals", vg_arena_printf(arena, "{%.*s}", VG_ARG(vg_buf_str(&keys)))},
        {"ForAnyValue:StringEquals",
         vg_arena_printf(arena, "{\"list\":[%.*s]}", VG_ARG(vg_buf_str(&values)))},
        {"ForAllValues:StringNotEquals",
         vg_arena_printf(arena, "{\"list\":[%.*s]}", VG_ARG(vg_buf_str(&values)))},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_policy_document document;
        const vg_policy *policy;
        vg_error err = {0};
        vg_str json =
            vg_arena_printf(arena,
                            "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":"
                            "\"*\",\"Resource\":\"*\",\"Condition\":{\"%s\":%.*s}}}",
                            cases[i].op, VG_ARG(cases[i].body));
        assert_int_equal(vg_policy_read_text(arena, json, VG_POLICY_IDENTITY, VG_STR("p"), &document, &err),
                         VG_OK);
        assert_int_equal(vg_policy_compile(arena, &document, NULL, &policy, &err), VG_OK);
        const vg_context_entry list = {VG_STR("list"), names, KEYS, true, VG_CONTEXT_PRESENT};
        vg_request request = {.caller = vg_caller_of(VG_STR("arn:aws:iam::111111111111:user/x")),
                              .action = VG_STR("s3:GetObject"),
                              .resource = VG_STR("arn:aws:s3:::b/k"),
                              .resource_account = VG_STR("111111111111"),
                              .context = i ? &list : context,
                              .context_count = i ? 1 : KEYS};
        vg_layers layers = {.identity = {VG_LAYER_KNOWN, &policy, 1, {0}}};
        if (vg_policy_decide(&request, &layers).result != VG_DECISION_UNKNOWN)
            fail_msg("%s is not bounded", cases[i].op);
    }
    vg_buf_free(&keys);
    vg_buf_free(&values);
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_comparison_beyond_the_steps_is_unknown),
        cmocka_unit_test(a_spent_budget_is_never_an_allow_and_never_the_absence_of_a_deny),
        cmocka_unit_test(the_budget_is_one_for_all_statements),
        cmocka_unit_test(requested_patterns_are_bounded_too),
        cmocka_unit_test(long_contexts_are_bounded_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
