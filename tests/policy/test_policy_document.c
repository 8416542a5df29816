/* Reading policies: what each element becomes, and what AWS would refuse, with its code and place. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "policy/policy_part.h"

static vg_arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = vg_arena_new(0);
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    vg_arena_free(arena);
    return 0;
}

static vg_policy_document read_as(vg_policy_kind kind, const char *text)
{
    vg_policy_document document;
    vg_error err;
    assert_int_equal(vg_policy_read_text(arena, vg_str_from(text), kind, VG_STR("p"), &document, &err),
                     VG_OK);
    return document;
}

#define ALLOW "\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\""

/* The codes of all issues, in order, each with its line and column. */
static void what_aws_refuses_is_an_issue_with_its_place(void **state)
{
    static const struct {
        vg_policy_kind kind;
        const char *text, *issues;
    } cases[] = {
        {VG_POLICY_IDENTITY, "{\"Version\":\"2012-10-17\",\"Statement\":[{" ALLOW "}]}", ""},
        {VG_POLICY_IDENTITY, "{\"Statement\":{" ALLOW "}}", ""},
        {VG_POLICY_IDENTITY, "{\"Statement\":[]}", ""},
        {VG_POLICY_IDENTITY, "{", "JSON_SYNTAX_ERROR 1:2 "},
        {VG_POLICY_IDENTITY, "[]", "DATA_TYPE_MISMATCH 1:1 "},
        {VG_POLICY_IDENTITY, "{\"Version\":\"2012-10-17\"}", "MISSING_STATEMENT 1:1 "},
        {VG_POLICY_IDENTITY, "{\"Version\":\"2020-01-01\",\"Statement\":[]}", "INVALID_VERSION 1:12 "},
        {VG_POLICY_IDENTITY, "{\"version\":\"2012-10-17\",\"Statement\":[]}", "INVALID_POLICY_ELEMENT 1:12 "},
        {VG_POLICY_IDENTITY, "{\"Statement\":[1]}", "DATA_TYPE_MISMATCH 1:15 "},
        {VG_POLICY_IDENTITY, "{\"Statement\":[\n{\"Effect\":\"allow\",\"Action\":\"*\",\"Resource\":\"*\"}]}",
         "INVALID_EFFECT 2:11 "},
        {VG_POLICY_IDENTITY, "{\"Statement\":[{\"Action\":\"*\",\"Resource\":\"*\"}]}",
         "MISSING_EFFECT 1:15 "},
        {VG_POLICY_IDENTITY, "{\"Statement\":[{\"Effect\":\"Allow\",\"Resource\":\"*\"}]}",
         "MISSING_ACTION 1:15 "},
        {VG_POLICY_IDENTITY, "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\"}]}",
         "MISSING_RESOURCE 1:15 "},
        {VG_POLICY_IDENTITY, "{\"Statement\":[{" ALLOW ",\"NotAction\":\"*\"}]}",
         "UNSUPPORTED_ELEMENT_COMBINATION 1:73 "},
        {VG_POLICY_IDENTITY, "{\"Statement\":[{" ALLOW ",\"NotResource\":\"*\"}]}",
         "UNSUPPORTED_ELEMENT_COMBINATION 1:75 "},
        {VG_POLICY_IDENTITY, "{\"Statement\":[{" ALLOW ",\"Principal\":\"*\"}]}",
         "UNSUPPORTED_PRINCIPAL 1:73 "},
        {VG_POLICY_SCP, "{\"Statement\":[{" ALLOW ",\"Principal\":\"*\"}]}",
         "SCP_SYNTAX_ERROR_PRINCIPAL 1:73 "},
        {VG_POLICY_RESOURCE, "{\"Statement\":[{" ALLOW "}]}", "MISSING_PRINCIPAL 1:15 "},
        {VG_POLICY_RESOURCE, "{\"Statement\":[{" ALLOW ",\"Principal\":\"*\",\"NotPrincipal\":\"*\"}]}",
         "UNSUPPORTED_ELEMENT_COMBINATION 1:92 "},
        {VG_POLICY_RESOURCE, "{\"Statement\":[{" ALLOW ",\"Principal\":\"me\"}]}",
         "INVALID_PRINCIPAL_FORMAT 1:73 "},
        {VG_POLICY_RESOURCE, "{\"Statement\":[{" ALLOW ",\"Principal\":{\"aws\":\"*\"}}]}",
         "INVALID_PRINCIPAL_KEY 1:80 "},
        {VG_POLICY_RESOURCE,
         "{\"Statement\":[{" ALLOW ",\"Principal\":{\"AWS\":[\"arn:aws:iam::1:user/x\"]}}]}",
         "INVALID_PRINCIPAL_FORMAT 1:81 "},
        {VG_POLICY_RESOURCE,
         "{\"Statement\":[{" ALLOW ",\"Principal\":{\"AWS\":\"arn:aws:iam::123456789012:role/*\"}}]}",
         "UNSUPPORTED_WILDCARD_IN_PRINCIPAL 1:80 "},
        {VG_POLICY_TRUST,
         "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":\"*\","
         "\"Resource\":\"*\"}]}",
         "ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE 1:86 "},
        {VG_POLICY_IDENTITY, "{\"Statement\":[{" ALLOW ",\"Condition\":[]}]}", "DATA_TYPE_MISMATCH 1:73 "},
        {VG_POLICY_IDENTITY, "{\"Statement\":[{" ALLOW ",\"Condition\":{\"StringIs\":{\"a\":\"b\"}}}]}",
         "INVALID_CONDITION_OPERATOR 1:85 "},
        {VG_POLICY_IDENTITY, "{\"Statement\":[{" ALLOW ",\"Condition\":{\"Bool\":\"a\"}}]}",
         "DATA_TYPE_MISMATCH 1:81 "},
        {VG_POLICY_IDENTITY, "{\"Statement\":[{" ALLOW ",\"Condition\":{\"NullIfExists\":{\"a\":true}}}]}",
         "NULL_WITH_IF_EXISTS 1:89 "},
        {VG_POLICY_IDENTITY, "{\"Statement\":[{" ALLOW ",\"Condition\":{\"Bool\":{\"a\":[[]]}}}]}",
         "DATA_TYPE_MISMATCH 1:87 "},
        {VG_POLICY_IDENTITY,
         "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"*\",1],\"Resource\":\"*\"}]}",
         "DATA_TYPE_MISMATCH 1:47 "},
        {VG_POLICY_IDENTITY, "{\"Statement\":[{\"Sid\":1," ALLOW "}]}", "DATA_TYPE_MISMATCH 1:22 "},
        {VG_POLICY_IDENTITY, "{\"Statement\":[{\"Sid\":\"a\"," ALLOW "},{\"Sid\":\"a\"," ALLOW "}]}",
         "UNIQUE_SIDS_REQUIRED 1:79 "},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_policy_document document = read_as(cases[i].kind, cases[i].text);
        vg_buf got = {0};
        for (size_t k = 0; k < document.issue_count; k++) {
            const vg_policy_issue *issue = &document.issues[k];
            vg_buf_addf(&got, "%s %u:%u ", issue->code, issue->place.line, issue->place.column);
        }
        if (!vg_str_is(vg_buf_str(&got), cases[i].issues))
            fail_msg("%s\n  wanted: %s\n  got:    %.*s", cases[i].text, cases[i].issues,
                     VG_ARG(vg_buf_str(&got)));
        vg_buf_free(&got);
    }
}

/* A statement of each kind of policy that AWS takes, but for the element at hand. */
#define ACTIONS(value)   "\"Effect\":\"Allow\",\"Resource\":\"*\",\"Action\":" value
#define RESOURCES(value) "\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":" value
#define WHO(value)       "\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\",\"Principal\":" value
#define ASSUME(value)    "\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\"," value
#define DENIED(value)    "\"Effect\":\"Deny\",\"Resource\":\"*\"," value

typedef struct {
    vg_policy_kind kind;
    const char *statement, *code; /* NULL: AWS takes it */
} refusal_case;

/* The last of the codes that are raised, each once. */
static void check_refusals(const refusal_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        vg_str text =
            vg_arena_printf(arena, "{\"Version\":\"2012-10-17\",\"Statement\":[{%s}]}", cases[i].statement);
        vg_policy_document document = read_as(cases[i].kind, text.ptr);
        const char *got = document.issue_count ? document.issues[0].code : NULL;
        bool same = got && cases[i].code ? strcmp(got, cases[i].code) == 0 : got == cases[i].code;
        if (!same || document.issue_count > 1)
            fail_msg("%s: %s\n  wanted: %s\n  got:    %s of %zu", vg_policy_kind_name(cases[i].kind),
                     cases[i].statement, cases[i].code ? cases[i].code : "nothing", got ? got : "nothing",
                     document.issue_count);
    }
}

static void actions_that_aws_refuses_are_issues(void **state)
{
    static const refusal_case cases[] = {
        {VG_POLICY_IDENTITY, ACTIONS("[\"*\",\"*:*\",\"s3:Get*\",\"a4b:?et\",\"s3:\",\"s3:${x:y}\"]"), NULL},
        {VG_POLICY_IDENTITY, ACTIONS("\"s3\""), "INVALID_ACTION"},
        {VG_POLICY_IDENTITY, ACTIONS("\"\""), "INVALID_ACTION"},
        {VG_POLICY_IDENTITY, ACTIONS("[\"s3:*\",\"Get*\"]"), "INVALID_ACTION"},
        {VG_POLICY_IDENTITY, ACTIONS("\":GetObject\""), "INVALID_ACTION"},
        {VG_POLICY_IDENTITY, ACTIONS("\"s3:Get:Object\""), "INVALID_ACTION"},
        {VG_POLICY_IDENTITY, ACTIONS("\"s 3:GetObject\""), "INVALID_SERVICE_IN_ACTION"},
        {VG_POLICY_IDENTITY, ACTIONS("\"*:Untag*\""), "INVALID_SERVICE_IN_ACTION"},
        {VG_POLICY_SESSION, ACTIONS("\"s?:Get*\""), "INVALID_SERVICE_IN_ACTION"},
        {VG_POLICY_SCP, ACTIONS("\"s*:Get*\""), NULL},
        {VG_POLICY_SCP, ACTIONS("\"s3\""), "INVALID_ACTION"},
        {VG_POLICY_IDENTITY, ACTIONS("[]"), "MISSING_ACTION"},
        {VG_POLICY_IDENTITY, "\"Effect\":\"Allow\",\"Resource\":\"*\",\"NotAction\":\"iam\"",
         "INVALID_ACTION"},
        {VG_POLICY_TRUST, "\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Principal\":{\"AWS\":\"*\"}",
         "UNSUPPORTED_ACTION_IN_POLICY"},
        {VG_POLICY_TRUST,
         "\"Effect\":\"Allow\",\"Action\":[\"STS:TagSession\",\"*\"],\"Principal\":{\"AWS\":\"*\"}", NULL},
    };
    (void)state;
    check_refusals(cases, VG_COUNT(cases));
}

static void resources_that_aws_refuses_are_issues(void **state)
{
    static const refusal_case cases[] = {
        {VG_POLICY_IDENTITY, RESOURCES("[\"*\",\"arn:aws:s3:::b\",\"arn:*:s3:::b\",\"arn:aws-cn:s3:::b\"]"),
         NULL},
        {VG_POLICY_IDENTITY,
         RESOURCES("[\"arn:aws:sqs\",\"arn:aws:ec2:*\",\"arn:aws:s3:::${aws:username}/*\"]"), NULL},
        {VG_POLICY_IDENTITY, RESOURCES("\"bucket\""), "INVALID_ARN_PREFIX"},
        {VG_POLICY_IDENTITY, RESOURCES("\"\""), "INVALID_ARN_PREFIX"},
        {VG_POLICY_IDENTITY, RESOURCES("\"execute-api:/prod\""), "INVALID_ARN_PREFIX"},
        {VG_POLICY_ENDPOINT, "\"Effect\":\"Allow\",\"Action\":\"*\",\"Principal\":\"*\",\"Resource\":\"b\"",
         "INVALID_ARN_PREFIX"},
        {VG_POLICY_RESOURCE,
         "\"Effect\":\"Allow\",\"Action\":\"*\",\"Principal\":\"*\",\"Resource\":\"execute-api:/prod/GET/a\"",
         NULL},
        {VG_POLICY_IDENTITY, RESOURCES("\"arn:amazon:s3:::b\""), "INVALID_PARTITION"},
        {VG_POLICY_SCP, RESOURCES("\"arn::s3:::b\""), "INVALID_PARTITION"},
        {VG_POLICY_IDENTITY, RESOURCES("\"arn:aws*:s3:::b\""), "INVALID_PARTITION"},
        {VG_POLICY_SCP, RESOURCES("\"arn:aws*:s3:::b\""), NULL},
        {VG_POLICY_IDENTITY, RESOURCES("\"arn:aws:*:*:111122223333:*\""), "INVALID_SERVICE"},
        {VG_POLICY_BOUNDARY, RESOURCES("\"arn:aws\""), "INVALID_SERVICE"},
        {VG_POLICY_RCP,
         "\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Principal\":\"*\",\"Resource\":\"arn:aws:*:*:*:*\"",
         NULL},
        {VG_POLICY_IDENTITY, RESOURCES("\"arn:aws:s3::b\""), "MISSING_ARN_FIELD"},
        {VG_POLICY_IDENTITY, RESOURCES("\"arn:aws::eu-west-1:111122223333:b\""), "MISSING_ARN_FIELD"},
        {VG_POLICY_IDENTITY, RESOURCES("[]"), "MISSING_RESOURCE"},
        {VG_POLICY_RESOURCE, "\"Effect\":\"Allow\",\"Action\":\"*\",\"Principal\":\"*\",\"Resource\":[]",
         "MISSING_RESOURCE"},
        {VG_POLICY_IDENTITY, "\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"NotResource\":\"b\"",
         "INVALID_ARN_PREFIX"},
    };
    (void)state;
    check_refusals(cases, VG_COUNT(cases));
}

static void principals_sids_and_rcps_that_aws_refuses_are_issues(void **state)
{
    static const refusal_case cases[] = {
        {VG_POLICY_RESOURCE, WHO("{}"), "MISSING_PRINCIPAL"},
        {VG_POLICY_RESOURCE, WHO("{\"AWS\":[]}"), "MISSING_PRINCIPAL"},
        {VG_POLICY_RESOURCE, WHO("{\"Service\":\"ec2\"}"), "INVALID_SERVICE_PRINCIPAL_FORMAT"},
        {VG_POLICY_RESOURCE, WHO("{\"Service\":\"ec2.amazonaws.com\",\"Federated\":\"x\"}"), NULL},
        {VG_POLICY_TRUST, ASSUME("\"Principal\":{\"Federated\":\"okta\"}"),
         "INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY"},
        {VG_POLICY_TRUST, ASSUME("\"Principal\":{\"Federated\":\"accounts.google.com\"}"), NULL},
        {VG_POLICY_TRUST, ASSUME("\"Principal\":{\"AWS\":\"12345\"}"), "INVALID_PRINCIPAL_FORMAT"},
        {VG_POLICY_TRUST, ASSUME("\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:group/g\"}"),
         "INVALID_PRINCIPAL_FORMAT"},
        {VG_POLICY_TRUST, ASSUME("\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:user/group/g\"}"), NULL},
        {VG_POLICY_TRUST, ASSUME("\"NotPrincipal\":{\"AWS\":\"111122223333\"}"),
         "ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL"},
        {VG_POLICY_RESOURCE,
         "\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\",\"NotPrincipal\":"
         "{\"AWS\":\"111122223333\"}",
         NULL},
        {VG_POLICY_IDENTITY, "\"Sid\":\"read it\"," ALLOW, "UNSUPPORTED_SID"},
        {VG_POLICY_IDENTITY, "\"Sid\":\"a-b\"," ALLOW, "UNSUPPORTED_SID"},
        {VG_POLICY_IDENTITY, "\"Sid\":\"\"," ALLOW, NULL},
        {VG_POLICY_RESOURCE, "\"Sid\":\"read it\"," WHO("\"*\""), NULL},
        {VG_POLICY_RCP, DENIED("\"Action\":\"s3:*\",\"Principal\":\"*\""), NULL},
        {VG_POLICY_RCP, ALLOW ",\"Principal\":\"*\"", NULL},
        {VG_POLICY_RCP, "\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\",\"Principal\":\"*\"",
         "RCP_SYNTAX_ERROR_ALLOW"},
        {VG_POLICY_RCP, DENIED("\"NotAction\":\"s3:*\",\"Principal\":\"*\""), "RCP_SYNTAX_ERROR_NOTACTION"},
        {VG_POLICY_RCP, DENIED("\"Action\":\"s3:*\",\"Principal\":{\"AWS\":\"111122223333\"}"),
         "RCP_SYNTAX_ERROR_PRINCIPAL"},
    };
    (void)state;
    check_refusals(cases, VG_COUNT(cases));
    assert_string_equal(read_as(VG_POLICY_IDENTITY, "{\"Id\":1,\"Statement\":[]}").issues[0].code,
                        "DATA_TYPE_MISMATCH");
}

/* Lint has a row of type ERROR for all that AWS refuses, for the kinds of policies in which it does. */
static void what_aws_refuses_is_an_error_of_lint(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_REFUSED_COUNT; i++) {
        const vg_refusal *refusal = vg_refusal_of((vg_refused)i);
        const vg_lint_check *check = vg_lint_check_find(vg_str_from(refusal->code));
        if (!check || check->type != VG_LINT_ERROR || (refusal->kinds & ~check->kinds))
            fail_msg("%s: no error of lint, or not for policies of all kinds", refusal->code);
    }
}

static void principals_are_known_by_their_form(void **state)
{
    static const struct {
        const char *text;
        vg_principal_kind kind;
        const char *account;
    } cases[] = {
        {"\"*\"", VG_PRINCIPAL_ANYONE, ""},
        {"{\"AWS\":\"*\"}", VG_PRINCIPAL_ANYONE, ""},
        {"{\"AWS\":\"123456789012\"}", VG_PRINCIPAL_ACCOUNT, "123456789012"},
        {"{\"AWS\":[\"arn:aws:iam::123456789012:root\"]}", VG_PRINCIPAL_ACCOUNT, "123456789012"},
        {"{\"AWS\":\"arn:aws-cn:iam::123456789012:user/a/b\"}", VG_PRINCIPAL_ARN, "123456789012"},
        {"{\"AWS\":\"arn:aws:sts::123456789012:assumed-role/r/s\"}", VG_PRINCIPAL_ARN, "123456789012"},
        {"{\"AWS\":\"AROAEXAMPLEEXAMPLEID\"}", VG_PRINCIPAL_UNIQUE_ID, ""},
        {"{\"Service\":\"ec2.amazonaws.com\"}", VG_PRINCIPAL_SERVICE, ""},
        {"{\"Federated\":\"arn:aws:iam::123456789012:saml-provider/p\"}", VG_PRINCIPAL_FEDERATED, ""},
        {"{\"CanonicalUser\":\"79a59df900b949e5\"}", VG_PRINCIPAL_CANONICAL_USER, ""},
        {"{\"AWS\":\"role/x\"}", VG_PRINCIPAL_INVALID, ""},
        {"{\"AWS\":\"arn:aws:s3:::bucket\"}", VG_PRINCIPAL_INVALID, ""},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_str text = vg_arena_printf(arena, "{\"Statement\":[{" ALLOW ",\"Principal\":%s}]}", cases[i].text);
        vg_policy_document document = read_as(VG_POLICY_RESOURCE, text.ptr);
        assert_int_equal(document.statements[0].principal_count, 1);
        const vg_policy_principal *p = &document.statements[0].principals[0];
        if (p->kind != cases[i].kind || !vg_str_is(p->account, cases[i].account))
            fail_msg("%s: wanted kind %d of \"%s\", got %d of \"%.*s\"", cases[i].text, (int)cases[i].kind,
                     cases[i].account, (int)p->kind, VG_ARG(p->account));
    }
}

static void operators_are_read_with_qualifier_and_suffix(void **state)
{
    static const struct {
        const char *text;
        vg_operator op;
        vg_qualifier qualifier;
        bool if_exists;
    } cases[] = {
        {"StringEquals", VG_OP_STRING_EQUALS, VG_QUALIFIER_NONE, false},
        {"stringequals", VG_OP_STRING_EQUALS, VG_QUALIFIER_NONE, false},
        {"StringNotLikeIfExists", VG_OP_STRING_NOT_LIKE, VG_QUALIFIER_NONE, true},
        {"ForAllValues:StringLike", VG_OP_STRING_LIKE, VG_QUALIFIER_FOR_ALL_VALUES, false},
        {"ForAnyValue:ArnNotEqualsIfExists", VG_OP_ARN_NOT_EQUALS, VG_QUALIFIER_FOR_ANY_VALUE, true},
        {"Null", VG_OP_NULL, VG_QUALIFIER_NONE, false},
        {"NumericGreaterThanEquals", VG_OP_NUMERIC_GREATER_THAN_EQUALS, VG_QUALIFIER_NONE, false},
        {"ForSomeValues:StringLike", VG_OP_INVALID, VG_QUALIFIER_NONE, false},
        {"IfExists", VG_OP_INVALID, VG_QUALIFIER_NONE, false},
        {"StringMatches", VG_OP_INVALID, VG_QUALIFIER_NONE, false},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_str text = vg_arena_printf(
            arena, "{\"Statement\":[{" ALLOW ",\"Condition\":{\"%s\":{\"aws:k\":[\"x\",true,10,1.5]}}}]}",
            cases[i].text);
        vg_policy_document document = read_as(VG_POLICY_IDENTITY, text.ptr);
        assert_int_equal(document.statements[0].condition_count, 1);
        const vg_policy_condition *c = &document.statements[0].conditions[0];
        if (c->op != cases[i].op || c->qualifier != cases[i].qualifier || c->if_exists != cases[i].if_exists)
            fail_msg("%s: got %s, qualifier %d, if exists %d", cases[i].text, vg_operator_name(c->op),
                     (int)c->qualifier, c->if_exists);
        static const char *const values[] = {"x", "true", "10", "1.5"};
        assert_int_equal(c->value_count, VG_COUNT(values));
        for (size_t v = 0; v < VG_COUNT(values); v++)
            assert_true(vg_str_is(c->values[v], values[v]));
    }
}

static void a_document_as_the_api_gives_it_is_decoded(void **state)
{
    (void)state;
    vg_policy_document document =
        read_as(VG_POLICY_IDENTITY,
                " %7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Deny"
                "%22%2C%22Action%22%3A%22s3%3A%2A%22%2C%22Resource%22%3A%22%2a%22%7D%5D%7D");
    assert_int_equal(document.issue_count, 0);
    assert_true(document.version_2012);
    assert_int_equal(document.statements[0].effect, VG_EFFECT_DENY);
    assert_true(vg_str_is(document.statements[0].actions[0], "s3:*"));
    assert_true(vg_str_is(document.statements[0].resources[0], "*"));
}

static void a_statement_without_what_its_kind_needs_is_invalid(void **state)
{
    static const struct {
        vg_policy_kind kind;
        const char *statement;
        bool invalid;
    } cases[] = {
        {VG_POLICY_IDENTITY, "{" ALLOW "}", false},
        {VG_POLICY_IDENTITY, "{\"Effect\":\"Permit\",\"Action\":\"*\",\"Resource\":\"*\"}", true},
        {VG_POLICY_IDENTITY, "{\"Effect\":\"Allow\",\"Resource\":\"*\"}", true},
        {VG_POLICY_RESOURCE, "{" ALLOW "}", true},
        {VG_POLICY_RCP, "{" ALLOW "}", true},
        {VG_POLICY_SCP, "{" ALLOW "}", false},
        {VG_POLICY_TRUST, "{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":\"*\"}", false},
        {VG_POLICY_IDENTITY, "7", true},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_str text = vg_arena_printf(arena, "{\"Statement\":[%s]}", cases[i].statement);
        vg_policy_document document = read_as(cases[i].kind, text.ptr);
        assert_int_equal(document.statement_count, 1);
        if (document.statements[0].invalid != cases[i].invalid)
            fail_msg("%s policy, %s: wanted %sinvalid", vg_policy_kind_name(cases[i].kind),
                     cases[i].statement, cases[i].invalid ? "" : "not ");
    }
}

static void the_2008_version_is_what_absence_means(void **state)
{
    (void)state;
    assert_false(read_as(VG_POLICY_IDENTITY, "{\"Statement\":[]}").version_2012);
    assert_false(read_as(VG_POLICY_IDENTITY, "{\"Version\":\"2008-10-17\",\"Statement\":[]}").version_2012);
    assert_true(read_as(VG_POLICY_IDENTITY, "{\"Version\":\"2012-10-17\",\"Statement\":[]}").version_2012);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_aws_refuses_is_an_issue_with_its_place, setup, teardown),
        cmocka_unit_test_setup_teardown(actions_that_aws_refuses_are_issues, setup, teardown),
        cmocka_unit_test_setup_teardown(resources_that_aws_refuses_are_issues, setup, teardown),
        cmocka_unit_test_setup_teardown(principals_sids_and_rcps_that_aws_refuses_are_issues, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_aws_refuses_is_an_error_of_lint, setup, teardown),
        cmocka_unit_test_setup_teardown(principals_are_known_by_their_form, setup, teardown),
        cmocka_unit_test_setup_teardown(operators_are_read_with_qualifier_and_suffix, setup, teardown),
        cmocka_unit_test_setup_teardown(a_document_as_the_api_gives_it_is_decoded, setup, teardown),
        cmocka_unit_test_setup_teardown(a_statement_without_what_its_kind_needs_is_invalid, setup, teardown),
        cmocka_unit_test_setup_teardown(the_2008_version_is_what_absence_means, setup, teardown),
    };
    return cmocka_run_group_tests_name("policy document", tests, NULL, NULL);
}
