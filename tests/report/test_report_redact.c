/* What --redact masks, and what it leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/report_part.h"
#include "report/sample_answer.h"

static void masks_are_consistent_within_a_report(void **state)
{
    (void)state;
    static const struct {
        vg_str given;
        const char *expected;
    } CASES[] = {
        /* in this order: a mask once given stays */
        {VG_STR_INIT(""), ""},
        {VG_STR_INIT("nothing here, 2026-11-24 10:00:00"), "nothing here, 2026-11-24 10:00:00"},
        {VG_STR_INIT("mail alice@example.com, bob@x.co.uk."),
         "mail person-1@masked.example, person-2@masked.example."},
        {VG_STR_INIT("Alice@Example.com"), "person-1@masked.example"},
        {VG_STR_INIT("<a.b+c%d@sub.example.org>"), "<person-3@masked.example>"},
        {VG_STR_INIT("user@host @handle a@"), "user@host @handle a@"},
        {VG_STR_INIT("arn:aws:iam::111122223333:root and 444455556666"),
         "arn:aws:iam::000000000001:root and 000000000002"},
        {VG_STR_INIT("111122223333, logs-111122223333-eu"), "000000000001, logs-000000000001-eu"},
        {VG_STR_INIT("1111222233334 11112222333 a1b2"), "1111222233334 11112222333 a1b2"},
        {VG_STR_INIT("000000000001 person-1@masked.example"), "000000000001 person-1@masked.example"},
        {VG_STR_INIT("+1 555 010 0199; +15550100199; (030) 1234-5678; 030 1234 5678; 555-010-0199"),
         "phone-1; phone-2; phone-3; phone-4; phone-5"},
        {VG_STR_INIT("call +1 555 010 0199."), "call phone-1."},
        {VG_STR_INIT("192.168.100.200, 10.0.0.0/8, 1.2.3.4567, v1.22.333"),
         "192.168.100.200, 10.0.0.0/8, 1.2.3.4567, v1.22.333"},
        {VG_STR_INIT("0.123456789, 555.010.0199"), "0.123456789, 555.010.0199"},
        {VG_STR_INIT("12345678-1234-1234-1234-123456789abc"), "12345678-1234-1234-1234-123456789abc"},
        {VG_STR_INIT("ports 80 443 8080 22; 3 of 12; +5 points"), "ports 80 443 8080 22; 3 of 12; +5 points"},
        {VG_STR_INIT("Alice Doe and ALICE DOE"), "name-1 and name-1"},
        {VG_STR_INIT("user/alice doe-x, Malice Doe, Alice Does"), "user/name-1-x, Malice Doe, Alice Does"},
        {VG_STR_INIT("sandbox-alice-2 of Alice"), "name-2-2 of Alice"},
        {VG_STR_INIT("Security Hub"), "Security Hub"},
    };
    vg_arena *arena = vg_arena_new(0);
    redactor *r = report_redactor_new(arena);
    for (size_t i = 0; i < VG_COUNT(SAMPLE_NAMES); i++)
        report_redactor_add(r, SAMPLE_NAMES[i]);
    report_redactor_add(r, VG_STR("ab")); /* too short to be told from a word */
    for (size_t i = 0; i < VG_COUNT(CASES); i++) {
        vg_str masked = report_redact(r, arena, CASES[i].given);
        if (!vg_str_is(masked, CASES[i].expected))
            fail_msg("%.*s\n  gave     %.*s\n  expected %s", VG_ARG(CASES[i].given), VG_ARG(masked),
                     CASES[i].expected);
    }
    vg_arena_free(arena);
}

static void no_format_tells_who(void **state)
{
    (void)state;
    static const vg_str SECRETS[] = {
        VG_STR_INIT("111122223333"),  VG_STR_INIT("222233334444"), VG_STR_INIT("333344445555"),
        VG_STR_INIT("444455556666"),  VG_STR_INIT("alice@"),       VG_STR_INIT("bob@"),
        VG_STR_INIT("010 0199"),      VG_STR_INIT("1234-5678"),    VG_STR_INIT("Alice Doe"),
        VG_STR_INIT("sandbox-alice"), VG_STR_INIT("Example Ltd"),  VG_STR_INIT("mallory"),
    };
    vg_report_finding findings[VG_COUNT(SAMPLE_FINDINGS)];
    memcpy(findings, SAMPLE_FINDINGS, sizeof findings);
    for (size_t i = 0; i < VG_COUNT(findings); i++)
        findings[i].id = vg_finding_id(&findings[i].finding);
    vg_report_answer answer = sample_answer();
    answer.findings = findings;
    vg_report_options options = {
        .redact = true, .all = true, .names = SAMPLE_NAMES, .name_count = VG_COUNT(SAMPLE_NAMES)};
    char shown_id[65] = "";
    strcpy(shown_id, vg_finding_id(&SAMPLE_FINDINGS[0].finding).hex);
    for (vg_report_format format = VG_REPORT_TERMINAL; format <= VG_REPORT_JUNIT; format++) {
        vg_buf out = {0};
        assert_int_equal(vg_report_write(&answer, format, &options, &out, NULL), VG_OK);
        for (size_t i = 0; i < VG_COUNT(SECRETS); i++)
            if (vg_str_find(vg_buf_str(&out), SECRETS[i]) != VG_NPOS)
                fail_msg("%s tells %.*s", vg_report_format_name(format), VG_ARG(SECRETS[i]));
        /* an id is a hash of the account's id, which can be guessed */
        assert_true(vg_str_find(vg_buf_str(&out), vg_str_from(shown_id)) == VG_NPOS);
        vg_buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_are_consistent_within_a_report),
        cmocka_unit_test(no_format_tells_who),
    };
    return cmocka_run_group_tests_name("report redact", tests, NULL, NULL);
}
