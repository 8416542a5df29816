/* test_match.c: wildcards of actions, of resources, and of requested patterns. */
#include "policy_text.h"

#include "policy/policy_part.h"

/* ---- actions ------------------------------------------------------------------------------------------------------ */

static void actions_match_without_regard_to_case(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *action;
        bool want;
    } cases[] = {
        {"s3:GetObject", "s3:GetObject", true},
        {"S3:getobject", "s3:GetObject", true},
        {"s3:Get*", "s3:GetObject", true},
        {"s3:*", "s3:GetObject", true},
        {"s3:*Object", "s3:GetObject", true},
        {"s3:G?tObject", "s3:GetObject", true},
        {"s3:*e*b*", "s3:GetObject", true},
        {"s3:*x*", "s3:GetObject", false},
        {"s3:GetObject?", "s3:GetObject", false},
        {"*", "s3:GetObject", true},
        {"**", "s3:GetObject", true},
        {"*:*", "s3:GetObject", true},
        {"*:Get*", "s3:GetObject", false}, /* no wildcard is a service */
        {"s*:GetObject", "s3:GetObject", false},
        {"s3*", "s3:GetObject", false}, /* none crosses the colon */
        {"s3", "s3:GetObject", false},
        {"s3:", "s3:GetObject", false},
        {"", "s3:GetObject", false},
        {"s3:GetObject,PutObject", "s3:GetObject", false},
        {"s3: GetObject", "s3:GetObject", false},
        {"s3:GetObject ", "s3:GetObject", false},
        {"ec2:GetObject", "s3:GetObject", false},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        if (vg_action_matches(vg_str_from(cases[i].pattern), vg_str_from(cases[i].action)) != cases[i].want)
            fail_msg("%s, %s: want %d", cases[i].pattern, cases[i].action, cases[i].want);
}

/* ---- ARNs ------------------------------------------------------------------------------------------------------------ */

static void arns_of_conditions_match_segment_by_segment(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *arn;
        bool want;
    } cases[] = {
        {"arn:aws:iam::1:role/a", "arn:aws:iam::1:role/a", true},
        {"arn:*:iam::*:role/*", "arn:aws:iam::1:role/a/b", true},
        {"arn:aws:iam::1:role/?", "arn:aws:iam::1:role/a", true},
        {"arn:aws:iam:*:role/a", "arn:aws:iam::1:role/a", false}, /* no wildcard runs past a colon */
        {"arn:aws:iam:*", "arn:aws:iam::1:role/a", false},
        {"*", "arn:aws:iam::1:role/a", false},
        {"arn:aws:iam::1:Role/a", "arn:aws:iam::1:role/a", false},
        {"arn:aws:s3:::b:*", "arn:aws:s3:::b:c:d", true}, /* the resource is all behind the fifth colon */
        {"arn:aws:s3:::b", "b", false},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        if (vg_arn_like(vg_str_from(cases[i].pattern), vg_str_from(cases[i].arn)) != cases[i].want)
            fail_msg("%s, %s: want %d", cases[i].pattern, cases[i].arn, cases[i].want);
}

/* Whether an identity policy's statement concerns the resource; `kind` of the policy, NotResource or not, Allow or Deny. */
typedef struct {
    const char *element, *pattern, *resource, *context;
    bool want;
} resource_case;

static bool concerns(vg_arena *arena, const resource_case *c, bool deny)
{
    vg_policy_case one;
    const char *everything = deny ? ",{'Effect':'Allow','Action':'*','Resource':'*'}" : "";
    vg_str text = vg_arena_printf(arena,
                                  "{'request':{'principal':'arn:aws:iam::111111111111:user/"
                                  "u','action':'x:Y','resource':{'resource':'%s','accountId':"
                                  "'111111111111'},'context':{%s}},'identityPolicies':[{'Version':'2012-10-"
                                  "17','Statement':[{'Effect':'%s','Action':'*',"
                                  "'%s':%s}%s]}]}",
                                  c->resource, c->context ? c->context : "", deny ? "Deny" : "Allow",
                                  c->element, c->pattern, everything);
    case_from(arena, NULL, quoted(arena, text.ptr), &one);
    vg_decision_result result = vg_policy_decide(&one.request, &one.layers).result;
    return deny ? result == VG_EXPLICITLY_DENIED : result == VG_ALLOWED;
}

static void check_resources(const resource_case *cases, size_t count, bool deny)
{
    vg_arena *arena = vg_arena_new(0);
    unsigned wrong = 0;
    for (size_t i = 0; i < count; i++) {
        vg_arena_reset(arena);
        if (concerns(arena, &cases[i], deny) == cases[i].want)
            continue;
        print_error("%s %s, %s: want %d\n", cases[i].element, cases[i].pattern, cases[i].resource,
                    cases[i].want);
        wrong++;
    }
    vg_arena_free(arena);
    assert_int_equal(wrong, 0);
}

static void resources_match_segment_by_segment(void **state)
{
    (void)state;
    static const resource_case cases[] = {
        {"Resource", "'*'", "arn:aws:s3:::b/k", NULL, true},
        {"Resource", "'arn:aws:s3:::b/k'", "arn:aws:s3:::b/k", NULL, true},
        {"Resource", "'arn:aws:s3:::b/K'", "arn:aws:s3:::b/k", NULL, false},
        {"Resource", "'arn:aws:s3:::b/*'", "arn:aws:s3:::b/k/l", NULL, true},
        {"Resource", "'arn:aws:s3:::b/*'", "arn:aws:s3:::bb/k", NULL, false},
        {"Resource", "'arn:aws:s3:::*/k'", "arn:aws:s3:::b/j/k", NULL, true},
        {"Resource", "'arn:aws:s3:::b/*/test/*'", "arn:aws:s3:::b/1/2/test/3/o.jpg", NULL, true},
        {"Resource", "'arn:aws:s3:::b/?'", "arn:aws:s3:::b/\u00e9", NULL,
         true}, /* one character, two bytes */
        {"Resource",
         "'arn:aws:s3:::b/?"
         "?'",
         "arn:aws:s3:::b/\u00e9", NULL, false},
        {"Resource", "'arn:aws:sqs:*:111111111111:q'", "arn:aws:sqs:us-east-1:111111111111:q", NULL, true},
        {"Resource", "'arn:aws:sqs:us-*:111111111111:q'", "arn:aws:sqs:eu-west-1:111111111111:q", NULL,
         false},
        {"Resource", "'arn:aws:logs:*:*:log-group:*:log-stream:s'",
         "arn:aws:logs:r:1:log-group:a:b:log-stream:s", NULL, true},
        /* the '*' that ends a pattern runs past colons */
        {"Resource", "'arn:aws:ec2:*'", "arn:aws:ec2:us-east-1:111111111111:instance/i", NULL, true},
        {"Resource", "'arn:aws:ec2:us-*'", "arn:aws:ec2:us-east-1:111111111111:instance/i", NULL, true},
        {"Resource", "'arn:aws:ec2:us-east-1:1*'", "arn:aws:ec2:us-east-1:111111111111:instance/i", NULL,
         true},
        {"Resource", "'arn:aws:ec2:*:instance/*'", "arn:aws:ec2:us-east-1:111111111111:instance/i", NULL,
         false},
        /* no wildcard is part of a service; "*" alone is let pass */
        {"Resource", "'arn:aws:s3*'", "arn:aws:s3:::b", NULL, false},
        {"Resource", "'arn:aws:s?:::b'", "arn:aws:s3:::b", NULL, false},
        {"Resource", "'arn:aws:*:::b'", "arn:aws:s3:::b", NULL, true},
        /* a type with a wildcard, and text behind it */
        {"Resource", "'arn:aws:ec2:us-east-1:111111111111:*/i'",
         "arn:aws:ec2:us-east-1:111111111111:instance/i", NULL, false},
        {"Resource", "'arn:aws:ec2:us-east-1:111111111111:*i'",
         "arn:aws:ec2:us-east-1:111111111111:instance/i", NULL, true},
        /* several, and NotResource */
        {"Resource", "['arn:aws:s3:::x','arn:aws:s3:::b']", "arn:aws:s3:::b", NULL, true},
        {"NotResource", "'arn:aws:s3:::b'", "arn:aws:s3:::b", NULL, false},
        {"NotResource", "'arn:aws:s3:::c'", "arn:aws:s3:::b", NULL, true},
        {"NotResource", "['arn:aws:s3:::c','arn:aws:s3:::b']", "arn:aws:s3:::b", NULL, false},
        {"NotResource", "'b'", "arn:aws:s3:::b", NULL, true}, /* invalid: excludes nothing */
        {"NotResource", "['arn:aws:sqs','arn:aws:s3:::c']", "arn:aws:s3:::b", NULL, false},
    };
    check_resources(cases, VG_COUNT(cases), false);
}

static void variables_of_resources_are_literal_text(void **state)
{
    (void)state;
    static const char user[] = "'aws:username':'ann'";
    static const resource_case cases[] = {
        {"Resource", "'arn:aws:s3:::b/${aws:username}/*'", "arn:aws:s3:::b/ann/k", user, true},
        {"Resource", "'arn:aws:s3:::b/${aws:username}/*'", "arn:aws:s3:::b/bob/k", user, false},
        {"Resource", "'arn:aws:s3:::b/${AWS:UserName}'", "arn:aws:s3:::b/ann", user, true},
        {"Resource", "'arn:aws:s3:::b/${aws:username}'", "arn:aws:s3:::b/ann", NULL, false},
        {"Resource", "'arn:aws:s3:::b/${aws:username}'", "arn:aws:s3:::b/ann", "'aws:username':'*'", false},
        {"Resource", "'arn:aws:s3:::b/${aws:username}'", "arn:aws:s3:::b/x*y", "'aws:username':'x*y'", true},
        {"Resource", "'arn:aws:s3:::b/${aws:username}'", "arn:aws:s3:::b/ann", "'aws:username':['ann']",
         false},
        {"Resource", "'arn:aws:s3:::${aws:username}'", "arn:aws:s3:::ann", user, true},
        {"Resource", "'arn:aws:s3:::b/${aws:username, `none`}'", "arn:aws:s3:::b/none", NULL, true},
        {"Resource", "'arn:aws:s3:::b/${aws:username, `none`}'", "arn:aws:s3:::b/ann", user, true},
        {"Resource", "'arn:aws:s3:::b/${*}'", "arn:aws:s3:::b/k", NULL, false},
        {"Resource", "'arn:aws:s3:::b/${aws:username'", "arn:aws:s3:::b/${aws:username", user, true},
        {"Resource", "'arn:aws:sqs:${aws:username}:1:q'", "arn:aws:sqs:ann:1:q", user,
         false}, /* before the fifth colon */
        {"NotResource", "'arn:aws:s3:::b/${aws:username}'", "arn:aws:s3:::b/bob", user, true},
        {"NotResource", "'arn:aws:s3:::b/${aws:username}'", "arn:aws:s3:::b/bob", NULL,
         false}, /* in error: excludes all */
    };
    check_resources(cases, VG_COUNT(cases), false);
}

static void an_allow_needs_overlap_with_a_requested_pattern(void **state)
{
    (void)state;
    static const resource_case cases[] = {
        {"Resource", "'arn:aws:s3:::b/foo*'", "arn:aws:s3:::b/*", NULL, true},
        {"Resource", "'arn:aws:s3:::b/*'", "arn:aws:s3:::b/foo*", NULL, true},
        {"Resource", "'arn:aws:s3:::b/bar*'", "arn:aws:s3:::b/foo*", NULL, false},
        {"Resource", "'arn:aws:s3:::*/logs/*'", "arn:aws:s3:::b/*", NULL, true},
        {"Resource", "'arn:aws:s3:::b/*x'", "arn:aws:s3:::b/*y", NULL, false},
        {"Resource", "'arn:aws:s3:::b/k'", "*", NULL, true},
        {"Resource", "'arn:aws:s3:::b/k'", "arn:aws:s3:::*", NULL, true},
        {"Resource", "'arn:aws:sqs:us-east-1:1:q'", "arn:aws:sqs:*:1:q", NULL, true},
        {"Resource", "'arn:aws:sqs:us-east-1:1:q'", "arn:aws:sqs:eu-*:1:q", NULL, false},
        {"Resource", "'arn:aws:s3:::b/${aws:username}'", "arn:aws:s3:::b/a*", "'aws:username':'ann'", true},
        {"Resource", "'arn:aws:s3:::b/${aws:username}'", "arn:aws:s3:::b/x*", "'aws:username':'ann'", false},
        {"Resource", "'arn:aws:s3:::b/${aws:username}'", "arn:aws:s3:::b/*", NULL, false},
        {"NotResource", "'arn:aws:s3:::b/*'", "arn:aws:s3:::b/foo*", NULL, false},
        {"NotResource", "'arn:aws:s3:::b/foo*'", "arn:aws:s3:::b/*", NULL, true},
        {"NotResource", "'arn:aws:s3:::b/k'", "*", NULL, true},
    };
    check_resources(cases, VG_COUNT(cases), false);
}

static void a_deny_needs_to_cover_a_requested_pattern(void **state)
{
    (void)state;
    static const resource_case cases[] = {
        {"Resource", "'arn:aws:s3:::b/foo*'", "arn:aws:s3:::b/*", NULL, false},
        {"Resource", "'arn:aws:s3:::b/*'", "arn:aws:s3:::b/foo*", NULL, true},
        {"Resource", "'arn:aws:s3:::b/*'", "arn:aws:s3:::b/*", NULL, true},
        {"Resource", "'arn:aws:s3:::b/k'", "*", NULL, false},
        {"Resource", "'*'", "*", NULL, true},
        {"Resource", "'arn:aws:s3:::b/${aws:username}'", "arn:aws:s3:::b/*", "'aws:username':'*'", false},
        {"Resource", "'arn:aws:s3:::b/${aws:username}*'", "arn:aws:s3:::b/ann*", "'aws:username':'ann'",
         true},
        {"Resource", "'arn:aws:s3:::a*b'", "arn:aws:s3:::a*c*b", NULL, true},
        {"NotResource", "'arn:aws:s3:::b/bar*'", "arn:aws:s3:::b/foo*", NULL, true},
        {"NotResource", "'arn:aws:s3:::b/foo*'", "arn:aws:s3:::b/*", NULL, false},
    };
    check_resources(cases, VG_COUNT(cases), true);
}

/* ---- time ------------------------------------------------------------------------------------------------------------- */

/* A megabyte of pattern against a megabyte of text, made to be slow: 1e12 steps for a matcher that tries everything. */
static void hostile_patterns_cost_no_more_than_their_length(void **state)
{
    (void)state;
    enum { MEGABYTE = 1 << 20 };
    vg_buf pattern = {0}, text = {0};
    vg_buf_add_char(&pattern, '*');
    for (size_t i = 0; i < MEGABYTE; i++)
        vg_buf_add_char(&text, 'a');
    vg_buf_add(&pattern, text.ptr, MEGABYTE / 2);
    vg_buf_add_c(&pattern, "b*");
    uint64_t start = vg_time_monotonic_ns(), steps = 0;
    assert_int_equal(vg_glob(vg_buf_str(&pattern), vg_buf_str(&text), &steps), VG_MATCH_NO);
    pattern.ptr[1] = '?';
    assert_int_equal(vg_glob(vg_buf_str(&pattern), vg_buf_str(&text), &steps), VG_MATCH_UNKNOWN);
    assert_false(vg_action_matches(VG_STR("s3:*a*b"), vg_buf_str(&text)));
    assert_true(vg_time_monotonic_ns() - start < UINT64_C(20000000000));
    vg_buf_free(&pattern);
    vg_buf_free(&text);
}

/* Found by the fuzzer: '?' took a byte in one comparison and a character in another. */
static void a_pattern_that_covers_also_overlaps(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *request;
    } cases[] = {{"??", "\257\273"}, {"a?*", "a\303\251*"}, {"*?b", "*\303\251b"},
                 {"*", ""},          {"a*b", "a*b"},        {"\303\251*?d", "\303\251\213d"}};
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_str pattern = vg_str_from(cases[i].pattern), request = vg_str_from(cases[i].request);
        uint64_t steps = 0;
        assert_int_equal(vg_glob_covers(pattern, request, &steps), VG_MATCH_YES);
        assert_int_equal(vg_glob_overlaps(pattern, request, &steps), VG_MATCH_YES);
    }
}

/* A text's '*' can be anything: a '?', or the end of a pattern, leaves some of it out. */
static void a_wildcard_is_covered_by_a_star_alone(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *request;
    } cases[] = {{"a?", "a*"}, {"?", "*"}, {"a?c", "a*c"}, {"a", "a*"}, {"*a", "*"}, {"a*b", "a*"}};
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        uint64_t steps = 0;
        assert_int_equal(vg_glob_covers(vg_str_from(cases[i].pattern), vg_str_from(cases[i].request), &steps),
                         VG_MATCH_NO);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(actions_match_without_regard_to_case),
        cmocka_unit_test(arns_of_conditions_match_segment_by_segment),
        cmocka_unit_test(resources_match_segment_by_segment),
        cmocka_unit_test(variables_of_resources_are_literal_text),
        cmocka_unit_test(an_allow_needs_overlap_with_a_requested_pattern),
        cmocka_unit_test(a_deny_needs_to_cover_a_requested_pattern),
        cmocka_unit_test(hostile_patterns_cost_no_more_than_their_length),
        cmocka_unit_test(a_pattern_that_covers_also_overlaps),
        cmocka_unit_test(a_wildcard_is_covered_by_a_star_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
