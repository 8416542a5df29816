/* Names, ids and the shapes of AWS's own names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/model.h"

static void arns_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        const char *service, *account, *resource;
    } rows[] = {
        {"arn:aws:iam::123456789012:user/a:b", true, "iam", "123456789012", "user/a:b"},
        {"arn:aws-us-gov:s3:::bucket/key", true, "s3", "", "bucket/key"},
        {"arn:aws:iam::123456789012", false, "", "", ""},
        {"aws:arn:iam::1:x", false, "", "", ""},
        {"", false, "", "", ""},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        vg_arn arn;
        bool ok = vg_arn_parse(vg_str_from(rows[i].text), &arn);
        if (ok != rows[i].ok)
            fail_msg("%s: %d", rows[i].text, ok);
        if (ok) {
            assert_true(vg_str_is(arn.service, rows[i].service));
            assert_true(vg_str_is(arn.account, rows[i].account));
            assert_true(vg_str_is(arn.resource, rows[i].resource));
        }
    }
}

static void account_ids_and_regions_have_shapes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool account, region;
    } rows[] = {
        {"123456789012", true, false}, {"12345678901", false, false},   {"12345678901x", false, false},
        {"us-east-1", false, true},    {"ap-southeast-5", false, true}, {"us-gov-west-1", false, true},
        {"cn-north-1", false, true},   {"us-east", false, false},       {"us--1", false, false},
        {"eu-west-123", false, false}, {"US-EAST-1", false, false},     {"", false, false},
        {"a-b-c-d-1", false, false},   {"global", false, false},        {"eu-south-2a", false, false},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++)
        if (vg_is_account_id(vg_str_from(rows[i].text)) != rows[i].account ||
            vg_is_region(vg_str_from(rows[i].text)) != rows[i].region)
            fail_msg("\"%s\" is misjudged", rows[i].text);
}

static void names_of_enumerations_go_round(void **state)
{
    (void)state;
    for (int i = VG_SEVERITY_INFORMATIONAL; i <= VG_SEVERITY_CRITICAL; i++) {
        vg_severity back;
        assert_true(vg_severity_parse(vg_str_from(vg_severity_name((vg_severity)i)), &back));
        assert_int_equal(back, i);
    }
    for (int i = VG_VERDICT_PASS; i <= VG_VERDICT_NOT_ASSESSED; i++) {
        vg_verdict back;
        assert_true(vg_verdict_parse(vg_str_from(vg_verdict_name((vg_verdict)i)), &back));
        assert_int_equal(back, i);
    }
    for (int i = VG_WORKFLOW_NEW; i <= VG_WORKFLOW_RESOLVED; i++) {
        vg_workflow back;
        assert_true(vg_workflow_parse(vg_str_from(vg_workflow_name((vg_workflow)i)), &back));
        assert_int_equal(back, i);
    }
    vg_severity severity;
    assert_true(vg_severity_parse(VG_STR("CRITICAL"), &severity));
    assert_false(vg_severity_parse(VG_STR("urgent"), &severity));
}

static void a_finding_is_told_by_rule_resource_and_sub_key_alone(void **state)
{
    (void)state;
    vg_finding a = {.rule = VG_STR("r"),
                    .resource_type = VG_STR("t"),
                    .account = VG_STR("1"),
                    .resource_id = VG_STR("x")};
    vg_finding b = a;
    b.message = VG_STR("another text");
    b.severity = VG_SEVERITY_HIGH;
    assert_string_equal(vg_finding_id(&a).hex, vg_finding_id(&b).hex);
    assert_int_equal(strlen(vg_finding_id(&a).hex), 64);
    b.sub_key = VG_STR("key");
    assert_string_not_equal(vg_finding_id(&a).hex, vg_finding_id(&b).hex);
    assert_string_not_equal(vg_resource_id(VG_STR("t"), VG_STR("1"), VG_STR(""), VG_STR("x")).hex,
                            vg_resource_id(VG_STR("t"), VG_STR(""), VG_STR("1"), VG_STR("x")).hex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arns_are_taken_apart),
        cmocka_unit_test(account_ids_and_regions_have_shapes),
        cmocka_unit_test(names_of_enumerations_go_round),
        cmocka_unit_test(a_finding_is_told_by_rule_resource_and_sub_key_alone),
    };
    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
