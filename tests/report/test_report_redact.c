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
        {VG_STR_INIT("sandbox-alice@example.com, sandbox-alice.two@example.com"),
         "person-4@masked.example, person-5@masked.example"},
        {VG_STR_INIT("tel:+1 555 010 0199, x-+15550100199"), "tel:phone-1, x-phone-2"},
        {VG_STR_INIT("arn:030-1234567 id/030-1234567 x_030-1234567 a-030-1234567 b.030-1234567"),
         "arn:030-1234567 id/030-1234567 x_030-1234567 a-030-1234567 b.030-1234567"},
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

/* Of two names of which one begins the other, the longer one is the one that is meant, whichever was named first. */
static void the_longest_name_counts(void **state)
{
    (void)state;
    for (int turn = 0; turn < 2; turn++) {
        vg_arena *arena = vg_arena_new(0);
        redactor *r = report_redactor_new(arena);
        report_redactor_add(r, turn ? VG_STR("Ann") : VG_STR("Ann Lee"));
        report_redactor_add(r, turn ? VG_STR("Ann Lee") : VG_STR("Ann"));
        vg_str masked = report_redact(r, arena, VG_STR("Ann Lee, Ann"));
        if (!vg_str_is(masked, "name-1, name-2"))
            fail_msg("turn %d: %.*s", turn, VG_ARG(masked));
        vg_arena_free(arena);
    }
}

/* Names that nobody listed are learnt from the findings: of accounts, and of users. Every text of a finding is masked. */
static void findings_tell_whom_to_mask(void **state)
{
    (void)state;
    static const vg_str SECRETS[] = {VG_STR_INIT("blue-llama"), VG_STR_INIT("zoe.smith"),
                                     VG_STR_INIT("example.com"), VG_STR_INIT("111122223333")};
    const vg_report_finding finding = {
        .finding = {.rule = VG_STR("r"),
                    .title = VG_STR("of blue-llama"),
                    .message = VG_STR("zoe.smith of blue-llama"),
                    .remediation = VG_STR("ask zoe.smith"),
                    .sub_key = VG_STR("a@example.com"),
                    .account = VG_STR("111122223333"),
                    .resource_type = VG_STR("AWS::IAM::User"),
                    .resource_name = VG_STR("zoe.smith"),
                    .resource_id = VG_STR("arn:aws:iam::111122223333:user/zoe.smith"),
                    .evidence = VG_STR("{\"mail\":\"b@example.com\"}")},
        .account_name = VG_STR("blue-llama"),
        .suppressed_reason = VG_STR("says c@example.com"),
        .warning = VG_STR("tell zoe.smith")};
    const vg_report_options options = {.redact = true};
    for (vg_report_format format = VG_REPORT_TERMINAL; format <= VG_REPORT_JUNIT; format++) {
        vg_buf out = {0};
        vg_report_writer *w;
        assert_int_equal(vg_report_findings_begin(format, VG_STR("t"), &options, &out, &w, NULL), VG_OK);
        assert_int_equal(vg_report_findings_add(w, &finding, NULL), VG_OK);
        assert_int_equal(vg_report_findings_end(w, NULL), VG_OK);
        for (size_t i = 0; i < VG_COUNT(SECRETS); i++)
            if (vg_str_find(vg_buf_str(&out), SECRETS[i]) != VG_NPOS)
                fail_msg("%s tells %.*s: %.*s", vg_report_format_name(format), VG_ARG(SECRETS[i]),
                         VG_ARG(vg_buf_str(&out)));
        vg_buf_free(&out);
    }
}

/* Whoever guesses whom a report is about can compare nothing with his guess: also ids are of what is shown. */
static void reports_of_two_people_are_the_same(void **state)
{
    static const char *const people[] = {"ann@example.com", "bob@example.org"};
    vg_buf out[VG_COUNT(people)] = {{0}, {0}};
    const vg_report_options options = {.redact = true};
    (void)state;
    for (size_t i = 0; i < VG_COUNT(people); i++) {
        vg_str who = vg_str_from(people[i]);
        const vg_report_finding finding = {.finding = {.rule = VG_STR("r"),
                                                       .title = VG_STR("t"),
                                                       .resource_id = VG_STR("x"),
                                                       .sub_key = who,
                                                       .message = who}};
        vg_report_writer *w;
        assert_int_equal(vg_report_findings_begin(VG_REPORT_JSON, VG_STR("t"), &options, &out[i], &w, NULL),
                         VG_OK);
        assert_int_equal(vg_report_findings_add(w, &finding, NULL), VG_OK);
        assert_int_equal(vg_report_findings_end(w, NULL), VG_OK);
    }
    if (!vg_str_eq(vg_buf_str(&out[0]), vg_buf_str(&out[1])))
        fail_msg("%.*s\n%.*s", VG_ARG(vg_buf_str(&out[0])), VG_ARG(vg_buf_str(&out[1])));
    vg_buf_free(&out[0]);
    vg_buf_free(&out[1]);
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
        cmocka_unit_test(the_longest_name_counts),
        cmocka_unit_test(findings_tell_whom_to_mask),
        cmocka_unit_test(reports_of_two_people_are_the_same),
        cmocka_unit_test(no_format_tells_who),
    };
    return cmocka_run_group_tests_name("report redact", tests, NULL, NULL);
}
