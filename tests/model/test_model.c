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
        {"123456789012", true, false},    {"12345678901", false, false},
        {"12345678901x", false, false},   {"us-east-1", false, true},
        {"ap-southeast-5", false, true},  {"us-gov-west-1", false, true},
        {"us-iso-east-1", false, true},   {"us-isob-east-1", false, true},
        {"eu-isoe-west-1", false, true},  {"eusc-de-east-1", false, true},
        {"my-app-east-1a", false, false}, {"1s-east-1", false, false},
        {"1234567890123", false, false},  {"prod-app-web-1", false, false},
        {"cn-north-1", false, true},      {"us-east", false, false},
        {"us--1", false, false},          {"eu-west-123", false, false},
        {"US-EAST-1", false, false},      {"", false, false},
        {"a-b-c-d-1", false, false},      {"global", false, false},
        {"eu-south-2a", false, false},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++)
        if (vg_is_account_id(vg_str_from(rows[i].text)) != rows[i].account ||
            vg_is_region(vg_str_from(rows[i].text)) != rows[i].region)
            fail_msg("\"%s\" is misjudged", rows[i].text);
    assert_false(vg_is_region((vg_str){0})); /* no bytes at all */
    assert_false(vg_is_account_id((vg_str){0}));
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
    vg_str *const parts[] = {&b.rule, &b.resource_type, &b.account, &b.region, &b.resource_id, &b.sub_key};
    for (size_t i = 0; i < VG_COUNT(parts); i++) {
        b = a;
        *parts[i] = VG_STR("other");
        if (strcmp(vg_finding_id(&a).hex, vg_finding_id(&b).hex) == 0)
            fail_msg("part %zu does not tell findings apart", i);
    }
}

static void a_resource_is_told_by_type_account_region_and_id(void **state)
{
    (void)state;
    const vg_str none = {0};
    vg_str a[] = {VG_STR("t"), VG_STR("1"), none, VG_STR("x")};
    vg_id id = vg_resource_id(a[0], a[1], a[2], a[3]);
    assert_string_equal(id.hex, vg_resource_id(VG_STR("t"), VG_STR("1"), VG_STR(""), VG_STR("x")).hex);
    for (size_t i = 0; i < VG_COUNT(a); i++) {
        vg_str kept = a[i];
        a[i] = VG_STR("other");
        if (strcmp(id.hex, vg_resource_id(a[0], a[1], a[2], a[3]).hex) == 0)
            fail_msg("part %zu does not tell resources apart", i);
        a[i] = kept;
    }
    assert_string_not_equal(id.hex, vg_resource_id(a[0], none, a[1], a[3]).hex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arns_are_taken_apart),
        cmocka_unit_test(account_ids_and_regions_have_shapes),
        cmocka_unit_test(names_of_enumerations_go_round),
        cmocka_unit_test(a_finding_is_told_by_rule_resource_and_sub_key_alone),
        cmocka_unit_test(a_resource_is_told_by_type_account_region_and_id),
    };
    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
