/* test_condition.c: condition operators, each with its values, its missing keys and its errors. */
#include "policy_text.h"

/* A condition and a context, both JSON; what the statement does then. `version` empty: none, which means 2008. */
static const struct {
    const char *condition, *context;
    bool want;
} cases[] = {
    /* ---- strings ---------------------------------------------------------------------------------------------------- */
    {"'StringEquals':{'k:a':'x'}", "'k:a':'x'", true},
    {"'StringEquals':{'k:a':'x'}", "'k:a':'X'", false},
    {"'StringEquals':{'k:a':['y','x']}", "'k:a':'x'", true},
    {"'StringEquals':{'k:a':'x*'}", "'k:a':'xy'", false},
    {"'StringEquals':{'k:a':'${*}'}", "'k:a':'*'", true},
    {"'StringEquals':{'k:a':'a${$}b'}", "'k:a':'a$b'", true},
    {"'StringNotEquals':{'k:a':'x'}", "'k:a':'y'", true},
    {"'StringNotEquals':{'k:a':['y','x']}", "'k:a':'x'", false},
    {"'StringNotEquals':{'k:a':[]}", "'k:a':'x'", true},
    {"'StringEqualsIgnoreCase':{'k:a':'Xy'}", "'k:a':'xY'", true},
    {"'StringNotEqualsIgnoreCase':{'k:a':'Xy'}", "'k:a':'xY'", false},
    {"'StringLike':{'k:a':'x*z'}", "'k:a':'xyyz'", true},
    {"'StringLike':{'k:a':'x?z'}", "'k:a':'xyyz'", false},
    {"'StringLike':{'k:a':'*:*'}", "'k:a':'a:b:c'", true}, /* one string: colons are like any */
    {"'StringLike':{'k:a':'x${*}'}", "'k:a':'xy'", false},
    {"'StringLike':{'k:a':'x${?}y'}", "'k:a':'x?y'", true},
    {"'StringNotLike':{'k:a':'x*'}", "'k:a':'xy'", false},
    {"'StringNotLike':{'k:a':'x*'}", "'k:a':'yx'", true},
    {"'stringequals':{'k:a':'x'}", "'k:a':'x'", true}, /* operators ignore case */
    {"'StringEquals':{'K:A':'x'}", "'k:a':'x'", true}, /* keys do */
    {"'StringEquals':{'aws:PrincipalTag/TEAM':'x'}", "'aws:principaltag/team':'x'", true},

    /* ---- numbers -------------------------------------------------------------------------------------------------------- */
    {"'NumericEquals':{'k:a':'10'}", "'k:a':'10.0'", true},
    {"'NumericEquals':{'k:a':10}", "'k:a':'10'", true},
    {"'NumericEquals':{'k:a':'0.30'}", "'k:a':'.3'", true},
    {"'NumericEquals':{'k:a':'-0'}", "'k:a':'0'", true},
    {"'NumericEquals':{'k:a':'9007199254740993'}", "'k:a':'9007199254740992'", false},
    {"'NumericEquals':{'k:a':'ten'}", "'k:a':'10'", false},
    {"'NumericNotEquals':{'k:a':'10'}", "'k:a':'11'", true},
    {"'NumericNotEquals':{'k:a':'ten'}", "'k:a':'11'", false},
    {"'NumericNotEquals':{'k:a':'10'}", "'k:a':'ten'", false},
    {"'NumericLessThan':{'k:a':'10'}", "'k:a':'9.99'", true},
    {"'NumericLessThan':{'k:a':'10'}", "'k:a':'10'", false},
    {"'NumericLessThan':{'k:a':'-1'}", "'k:a':'-2'", true},
    {"'NumericLessThanEquals':{'k:a':'10'}", "'k:a':'10.0'", true},
    {"'NumericGreaterThan':{'k:a':'9'}", "'k:a':'10'", true},
    {"'NumericGreaterThan':{'k:a':'9'}", "'k:a':'9'", false},
    {"'NumericGreaterThanEquals':{'k:a':'9'}", "'k:a':'9'", true},
    {"'NumericGreaterThan':{'k:a':'-2'}", "'k:a':'1'", true},
    {"'NumericGreaterThan':{'k:a':'2'}", "'k:a':'-3'", false},
    {"'NumericGreaterThan':{'k:a':'0.4'}", "'k:a':'0.5'", true},
    {"'NumericLessThan':{'k:a':'0.4'}", "'k:a':'0.5'", false},

    /* ---- dates ------------------------------------------------------------------------------------------------------------ */
    {"'DateEquals':{'k:a':'2024-01-01'}", "'k:a':'2024-01-01T00:00:00Z'", true},
    {"'DateEquals':{'k:a':'2024-01-01T01:00:00+01:00'}", "'k:a':'2024-01-01'", true},
    {"'DateEquals':{'k:a':'2024-01'}", "'k:a':'2024-01-01'", true},
    {"'DateEquals':{'k:a':'2024'}", "'k:a':'2024-01-01'", true},
    {"'DateEquals':{'k:a':'2024-01-01T00:00Z'}", "'k:a':'2024-01-01'", true},
    {"'DateEquals':{'k:a':'2024-01-01T00:00:00'}", "'k:a':'2024-01-01'", true},
    {"'DateEquals':{'k:a':'1704067200'}", "'k:a':'2024-01-01'", true},    /* seconds since 1970 */
    {"'DateEquals':{'k:a':'1704067200000'}", "'k:a':'2024-01-01'", true}, /* or milliseconds */
    {"'DateEquals':{'k:a':'2024-01-01'}", "'k:a':'1704067200001'", false},
    {"'DateNotEquals':{'k:a':'2024-01-01'}", "'k:a':'2024-01-02'", true},
    {"'DateNotEquals':{'k:a':'soon'}", "'k:a':'2024-01-02'", false},
    {"'DateLessThan':{'k:a':'2024-01-01'}", "'k:a':'2023-12-31T23:59:59Z'", true},
    {"'DateLessThan':{'k:a':'2024-01-01'}", "'k:a':'2024-01-01'", false},
    {"'DateLessThanEquals':{'k:a':'2024-01-01'}", "'k:a':'2024-01-01'", true},
    {"'DateGreaterThan':{'k:a':'2024-01-01'}", "'k:a':'2024-01-01T00:00:01Z'", true},
    {"'DateGreaterThan':{'k:a':'2024-01-01'}", "'k:a':'2024-01-01'", false},
    {"'DateGreaterThanEquals':{'k:a':'2024-01-01'}", "'k:a':'2024-01-01'", true},
    {"'DateGreaterThanEquals':{'k:a':'2024-01-01'}", "'k:a':'never'", false},

    /* ---- booleans, binary ----------------------------------------------------------------------------------------------------- */
    {"'Bool':{'k:a':'true'}", "'k:a':'TRUE'", true},
    {"'Bool':{'k:a':false}", "'k:a':'false'", true},
    {"'Bool':{'k:a':'false'}", "'k:a':'no'", false},
    {"'Bool':{'k:a':'${k:b}'}", "'k:a':'true','k:b':'True'", true},
    {"'Bool':{'k:a':'${k:b}'}", "'k:a':'true','k:b':'maybe'", false},
    {"'BinaryEquals':{'k:a':'YQ=='}", "'k:a':'YQ=='", true},
    {"'BinaryEquals':{'k:a':'YQ=='}", "'k:a':'Yg=='", false},

    /* ---- addresses -------------------------------------------------------------------------------------------------------------- */
    {"'IpAddress':{'k:a':'10.0.0.0/8'}", "'k:a':'10.255.0.1'", true},
    {"'IpAddress':{'k:a':'10.0.0.0/8'}", "'k:a':'11.0.0.1'", false},
    {"'IpAddress':{'k:a':'10.1.2.3'}", "'k:a':'10.1.2.3'", true},
    {"'IpAddress':{'k:a':'10.1.2.3/25'}", "'k:a':'10.1.2.100'", true},
    {"'IpAddress':{'k:a':'0.0.0.0/0'}", "'k:a':'10.1.2.3'", true},
    {"'IpAddress':{'k:a':'0.0.0.0/0'}", "'k:a':'2001:db8::1'", false},
    {"'IpAddress':{'k:a':'::/0'}", "'k:a':'2001:db8::1'", true},
    {"'IpAddress':{'k:a':'::/0'}", "'k:a':'10.1.2.3'", false},
    {"'IpAddress':{'k:a':'10.1.2.3'}", "'k:a':'::ffff:10.1.2.3'", false},
    {"'IpAddress':{'k:a':'2001:DB8::/33'}", "'k:a':'2001:db8:8000::1'", false},
    {"'IpAddress':{'k:a':'2001:DB8::/32'}", "'k:a':'2001:db8:8000::1'", true},
    {"'IpAddress':{'k:a':'10.0.0.0/33'}", "'k:a':'10.0.0.1'", false},
    {"'IpAddress':{'k:a':['wrong','10.0.0.0/8']}", "'k:a':'10.0.0.1'", true},
    {"'IpAddress':{'k:a':'10.0.0.0/08'}", "'k:a':'10.0.0.1'", false},
    {"'IpAddress':{'k:a':'10.0.0.0/8'}", "'k:a':'10.0.0.0/8'", false}, /* a caller has one address */
    {"'NotIpAddress':{'k:a':'10.0.0.0/8'}", "'k:a':'11.0.0.1'", true},
    {"'NotIpAddress':{'k:a':'10.0.0.0/8'}", "'k:a':'2001:db8::1'", true},
    {"'NotIpAddress':{'k:a':['wrong','10.0.0.0/8']}", "'k:a':'11.0.0.1'", false},
    {"'NotIpAddress':{'k:a':'10.0.0.0/8'}", "'k:a':'nowhere'", false},

    /* ---- ARNs ---------------------------------------------------------------------------------------------------------------------- */
    {"'ArnEquals':{'k:a':'arn:aws:s3:::b*'}", "'k:a':'arn:aws:s3:::bb'", true}, /* as ArnLike */
    {"'ArnLike':{'k:a':'arn:aws:iam::*:role/*'}", "'k:a':'arn:aws:iam::1:role/a/b'", true},
    {"'ArnLike':{'k:a':'arn:aws:iam::*:role/x'}", "'k:a':'arn:aws:iam::1:a:role/x'", false},
    {"'ArnLike':{'k:a':'arn:aws:iam:*'}", "'k:a':'arn:aws:iam::1:role/a'", false},
    {"'ArnLike':{'k:a':'arn:aws:iam::1:role/A'}", "'k:a':'arn:aws:iam::1:role/a'", false},
    {"'ArnLike':{'k:a':'arn:aws:iam::${k:b}:role/${k:c}'}",
     "'k:a':'arn:aws:iam::1:role/r','k:b':'1','k:c':'r'", true},
    {"'ArnNotEquals':{'k:a':'arn:aws:s3:::b'}", "'k:a':'arn:aws:s3:::c'", true},
    {"'ArnNotLike':{'k:a':'arn:aws:s3:::b*'}", "'k:a':'arn:aws:s3:::bb'", false},
    {"'ArnNotLike':{'k:a':'arn:aws:s3:::b'}", "'k:a':'bucket'", false},
    {"'ArnNotLike':{'k:a':'arn:aws:s3:::${k:b}'}", "'k:a':'arn:aws:s3:::c'", false},
    {"'ArnNotLike':{'k:a':'arn:aws:sqs:::${k:b}'}", "'k:a':'arn:aws:s3:::c'",
     true}, /* differs before the variable */

    /* ---- missing keys ------------------------------------------------------------------------------------------------------------------ */
    {"'StringEquals':{'k:a':'x'}", "", false},
    {"'StringNotEquals':{'k:a':'x'}", "", true},
    {"'ArnNotLike':{'k:a':'arn:aws:s3:::b'}", "", true},
    {"'NotIpAddress':{'k:a':'10.0.0.0/8'}", "", true},
    {"'Bool':{'k:a':'false'}", "", false},
    {"'StringEqualsIfExists':{'k:a':'x'}", "", true},
    {"'StringEqualsIfExists':{'k:a':'x'}", "'k:a':'y'", false},
    {"'StringNotEqualsIfExists':{'k:a':'x'}", "", true},
    {"'NumericLessThanIfExists':{'k:a':'1'}", "", true},
    {"'Null':{'k:a':'true'}", "", true},
    {"'Null':{'k:a':'true'}", "'k:a':'x'", false},
    {"'Null':{'k:a':'false'}", "'k:a':'x'", true},
    {"'Null':{'k:a':false}", "'k:a':['x']", true},
    {"'Null':{'k:a':'perhaps'}", "", false},

    /* ---- several values -------------------------------------------------------------------------------------------------------------------- */
    {"'StringEquals':{'k:a':'x'}", "'k:a':['x']", false}, /* a bare operator never matches a list */
    {"'StringNotEquals':{'k:a':'x'}", "'k:a':['y']", false},
    {"'StringEqualsIfExists':{'k:a':'x'}", "'k:a':['x']", false},
    {"'ForAllValues:StringEquals':{'k:a':['x','y']}", "'k:a':['x','y','x']", true},
    {"'ForAllValues:StringEquals':{'k:a':['x','y']}", "'k:a':['x','z']", false},
    {"'ForAllValues:StringEquals':{'k:a':'x'}", "'k:a':[]", true},
    {"'ForAllValues:StringEquals':{'k:a':'x'}", "", true},
    {"'ForAllValues:StringEquals':{'k:a':'x'}", "'k:a':'x'", true},
    {"'ForAllValues:StringNotEquals':{'k:a':'x'}", "'k:a':['y','z']", true},
    {"'ForAllValues:StringNotEquals':{'k:a':'x'}", "'k:a':['y','x']", false},
    {"'ForAnyValue:StringLike':{'k:a':'x*'}", "'k:a':['y','xx']", true},
    {"'ForAnyValue:StringLike':{'k:a':'x*'}", "'k:a':['y']", false},
    {"'ForAnyValue:StringLike':{'k:a':'x*'}", "'k:a':[]", false},
    {"'ForAnyValue:StringLike':{'k:a':'x*'}", "", false},
    {"'ForAnyValue:StringEqualsIfExists':{'k:a':'x'}", "", false},
    {"'ForAnyValue:StringNotEquals':{'k:a':'x'}", "'k:a':['x','y']", true},
    {"'ForAnyValue:StringNotEquals':{'k:a':'x'}", "'k:a':['x']", false},

    /* ---- all must hold -------------------------------------------------------------------------------------------------------------------------- */
    {"'StringEquals':{'k:a':'x','k:b':'y'}", "'k:a':'x','k:b':'y'", true},
    {"'StringEquals':{'k:a':'x','k:b':'y'}", "'k:a':'x'", false},
    {"'StringEquals':{'k:a':'x'},'StringLike':{'k:b':'y*'}", "'k:a':'x','k:b':'z'", false},

    /* ---- variables --------------------------------------------------------------------------------------------------------------------------------- */
    {"'StringEquals':{'k:a':'${k:b}'}", "'k:a':'x','k:b':'x'", true},
    {"'StringEquals':{'k:a':'a${k:b}c${k:b}'}", "'k:a':'axcx','k:b':'x'", true},
    {"'StringEquals':{'k:a':'${k:b}'}", "'k:a':'x'", false},
    {"'StringNotEquals':{'k:a':'${k:b}'}", "'k:a':'x'", false}, /* no value: not compared, not different */
    {"'StringNotEquals':{'k:a':['y','${k:b}']}", "'k:a':'x'", false},
    {"'StringEquals':{'k:a':['x','${k:b}']}", "'k:a':'x'", true},
    {"'StringEquals':{'k:a':'${k:b, `x`}'}", "'k:a':'x'", true},
    {"'StringEquals':{'k:a':'${k:b, `x`}'}", "'k:a':'y','k:b':'y'", true},
    {"'StringEquals':{'k:a':'${k:b, `x`}'}", "'k:a':'x','k:b':['y']", true}, /* several values are no value */
    {"'StringLike':{'k:a':'${k:b}'}", "'k:a':'xyz','k:b':'x*'", false},      /* put in as literal text */
    {"'StringLike':{'k:a':'${k:b}*'}", "'k:a':'x*yz','k:b':'x*'", true},
    {"'StringLike':{'k:a':'${k:b, `*`}'}", "'k:a':'xyz'", false},
    {"'StringEqualsIgnoreCase':{'k:a':'${k:b}'}", "'k:a':'X','k:b':'x'", true},
    {"'NumericEquals':{'k:a':'${k:b}'}", "'k:a':'1','k:b':'1'", false}, /* not in numbers */

    /* ---- errors ---------------------------------------------------------------------------------------------------------------------------------------- */
    {"'StringMatches':{'k:a':'x'}", "'k:a':'x'", false},
    {"'StringMatchesIfExists':{'k:a':'x'}", "", false},
    {"'ForSomeValues:StringEquals':{'k:a':'x'}", "'k:a':'x'", false},
};

static bool holds(vg_arena *arena, const char *version, const char *condition, const char *context)
{
    vg_policy_case one;
    vg_str text = vg_arena_printf(arena,
                                  "{'request':{'principal':'arn:aws:iam::111111111111:user/"
                                  "u','action':'x:Y','resource':{'resource':'arn:aws:x:::y',"
                                  "'accountId':'111111111111'},'context':{%s}},'identityPolicies':[{%s'"
                                  "Statement':[{'Effect':'Allow','Action':'*',"
                                  "'Resource':'*','Condition':{%s}}]}]}",
                                  context, version, condition);
    case_from(arena, NULL, quoted(arena, text.ptr), &one);
    return vg_policy_decide(&one.request, &one.layers).result == VG_ALLOWED;
}

static void operators_compare_as_aws_says(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    unsigned wrong = 0;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_arena_reset(arena);
        if (holds(arena, "'Version':'2012-10-17',", cases[i].condition, cases[i].context) == cases[i].want)
            continue;
        print_error("%s with %s: want %d\n", cases[i].condition, cases[i].context, cases[i].want);
        wrong++;
    }
    vg_arena_free(arena);
    assert_int_equal(wrong, 0);
}

static void variables_are_literal_text_before_2012(void **state)
{
    (void)state;
    static const char *const versions[] = {"", "'Version':'2008-10-17',"};
    vg_arena *arena = vg_arena_new(0);
    for (size_t i = 0; i < VG_COUNT(versions); i++) {
        assert_true(holds(arena, versions[i], "'StringEquals':{'k:a':'${k:b}'}", "'k:a':'${k:b}','k:b':'x'"));
        assert_false(holds(arena, versions[i], "'StringEquals':{'k:a':'${k:b}'}", "'k:a':'x','k:b':'x'"));
        assert_true(holds(arena, versions[i], "'StringLike':{'k:a':'${*}'}", "'k:a':'${xyz}'"));
        assert_false(holds(arena, versions[i], "'ArnLike':{'k:a':'arn:aws:s3:::${k:b}'}",
                           "'k:a':'arn:aws:s3:::x','k:b':'x'"));
    }
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(operators_compare_as_aws_says),
                                       cmocka_unit_test(variables_are_literal_text_before_2012)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
