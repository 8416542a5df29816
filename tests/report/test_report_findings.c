/* Findings alone: the machine formats field by field, and writing them as they come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/sample_answer.h"

static vg_buf write_findings(vg_report_format format, const vg_report_options *options)
{
    vg_buf out = {0};
    vg_report_writer *w;
    vg_error err = {0};
    assert_int_equal(vg_report_findings_begin(format, VG_STR("Findings of <today>"), options, &out, &w, &err),
                     VG_OK);
    for (size_t i = 0; i < VG_COUNT(SAMPLE_FINDINGS); i++)
        assert_int_equal(vg_report_findings_add(w, &SAMPLE_FINDINGS[i], &err), VG_OK);
    assert_int_equal(vg_report_findings_end(w, &err), VG_OK);
    vg_buf_add_char(&out, '\0');
    out.len--;
    return out;
}

/* A value as text: strings as they are, others as JSON. */
static void check_fields(vg_report_format format, const char *const fields[][2], size_t count)
{
    vg_arena *arena = vg_arena_new(0);
    vg_report_options options = {.version = VG_STR("0.1.0")};
    vg_buf out = write_findings(format, &options);
    vg_doc doc;
    vg_error err = {0};
    if (vg_json_read(arena, vg_buf_str(&out), VG_STR("out"), NULL, &doc, &err) != VG_OK)
        fail_msg("%s: %s\n%s", vg_report_format_name(format), err.message, out.ptr);
    for (size_t i = 0; i < count; i++) {
        const vg_value *v = vg_get_path(doc.root, fields[i][0]);
        vg_buf got = {0};
        if (v && v->kind == VG_STRING)
            vg_buf_add_str(&got, vg_value_str(v));
        else if (v)
            vg_json_write(&got, v, 0);
        else
            vg_buf_add_c(&got, "(absent)");
        if (!vg_str_is(vg_buf_str(&got), fields[i][1]))
            fail_msg("%s: %s is %.*s, expected %s", vg_report_format_name(format), fields[i][0],
                     VG_ARG(vg_buf_str(&got)), fields[i][1]);
        vg_buf_free(&got);
    }
    vg_buf_free(&out);
    vg_arena_free(arena);
}

static void ocsf_is_a_compliance_finding(void **state)
{
    (void)state;
    static const char *const FIELDS[][2] = {
        {"0/class_uid", "2003"},
        {"0/class_name", "Compliance Finding"},
        {"0/category_uid", "2"},
        {"0/activity_id", "2"},
        {"0/type_uid", "200302"},
        {"0/type_name", "Compliance Finding: Update"},
        {"0/severity_id", "5"},
        {"0/severity", "Critical"},
        {"0/status_id", "1"},
        {"0/time", "1795514400000"},
        {"0/metadata/version", "1.5.0"},
        {"0/metadata/product/name", "vigil"},
        {"0/metadata/product/version", "0.1.0"},
        {"0/metadata/profiles", "[\"cloud\"]"},
        {"0/finding_info/title", "The root user of each account has MFA"},
        {"0/finding_info/first_seen_time", "1795341600000"},
        {"0/finding_info/last_seen_time", "1795514400000"},
        {"0/compliance/control", "root-mfa"},
        {"0/compliance/requirements/1", "CIS AWS 5.0 1.4"},
        {"0/compliance/standards",
         "[\"AWS Well-Architected Security Pillar\",\"CIS AWS 5.0\",\"NIST CSF 2.0\"]"},
        {"0/compliance/status_id", "3"},
        {"0/compliance/status", "Fail"},
        {"0/cloud/provider", "AWS"},
        {"0/cloud/account/uid", "111122223333"},
        {"0/cloud/account/type_id", "10"},
        {"0/cloud/region", "(absent)"},
        {"0/remediation/desc",
         "Register two MFA devices for the root user.\nCareful: can lock people out: keep two "
         "devices\n# Sign in as the root user of 111122223333\naws iam "
         "create-virtual-mfa-device --virtual-mfa-device-name root-111122223333 --outfile "
         "qr.png --bootstrap-method QRCodePNG --profile 111122223333\naws iam "
         "enable-mfa-device --user-name root --profile 111122223333"},
        {"0/cloud/account/name", "sandbox-alice"},
        {"0/resources/0/uid", "111122223333"},
        {"0/resources/0/type", "Vigil::Account::Root"},
        {"0/resources/0/cloud_partition", "aws"},
        {"1/compliance/status_id", "2"},
        {"1/status_id", "3"},
        {"1/status", "Suppressed"},
        {"1/comment", "accepted by bob@example.org until March"},
        {"1/resources/0/name", HOSTILE},
        {"1/unmapped/sub_key", "statement 2"},
        {"2/activity_id", "3"},
        {"2/status_id", "4"},
        {"2/compliance/status_id", "0"},
        {"2/resources/0/cloud_partition", "aws-us-gov"},
        {"3/compliance/status_id", "1"},
        {"3/activity_id", "1"},
        {"3/status", "In Progress"},
        {"3/severity_id", "2"},
        {"4/compliance/status_id", "99"},
        {"4/compliance/standards", "[\"Vigil\"]"},
        {"4/time", "0"},
        {"5", "(absent)"},
    };
    check_fields(VG_REPORT_OCSF, FIELDS, VG_COUNT(FIELDS));
}

static void asff_is_what_security_hub_takes(void **state)
{
    (void)state;
    static const char *const FIELDS[][2] = {
        {"Findings/0/SchemaVersion", "2018-10-08"},
        {"Findings/0/ProductArn", "arn:aws:securityhub:us-east-1:111122223333:product/111122223333/default"},
        {"Findings/0/GeneratorId", "root-mfa"},
        {"Findings/0/AwsAccountId", "111122223333"},
        {"Findings/0/Types", "[\"Software and Configuration Checks\"]"},
        {"Findings/0/CreatedAt", "2026-11-22T10:00:00Z"},
        {"Findings/0/UpdatedAt", "2026-11-24T10:00:00Z"},
        {"Findings/0/Severity", "{\"Label\":\"CRITICAL\",\"Normalized\":95}"},
        {"Findings/0/Title", "The root user of each account has MFA"},
        {"Findings/0/Description", "The root user of 111122223333 has no MFA"},
        {"Findings/0/AwsAccountName", "sandbox-alice"},
        {"Findings/0/Remediation/Recommendation/Text", "Register two MFA devices for the root user."},
        {"Findings/0/Resources/0/Type", "AwsAccount"},
        {"Findings/0/Resources/0/Partition", "aws"},
        {"Findings/0/Compliance/Status", "FAILED"},
        {"Findings/0/Compliance/RelatedRequirements/2", "NIST CSF 2.0 PR.AA-03"},
        {"Findings/0/Workflow/Status", "NEW"},
        {"Findings/0/RecordState", "ACTIVE"},
        {"Findings/1/Resources/0/Type", "AwsS3Bucket"},
        {"Findings/1/Resources/0/Region", "eu-central-1"},
        {"Findings/1/Workflow/Status", "SUPPRESSED"},
        {"Findings/1/Note/Text", "accepted by bob@example.org until March"},
        {"Findings/1/Compliance/Status", "WARNING"},
        {"Findings/2/ProductArn",
         "arn:aws-us-gov:securityhub:us-gov-west-1:111122223333:product/111122223333/default"},
        {"Findings/2/RecordState", "ARCHIVED"},
        {"Findings/2/Resources/0/Type", "AwsIamUser"},
        {"Findings/2/Compliance/Status", "NOT_AVAILABLE"},
        {"Findings/3/Compliance/Status", "PASSED"},
        {"Findings/3/Workflow/Status", "NOTIFIED"},
        {"Findings/3/Description", "CloudTrail is on"},
        {"Findings/4/AwsAccountId", "000000000000"},
        {"Findings/4/Resources/0/Id", "unknown"},
        {"Findings/4/Resources/0/Type", "Other"},
        {"Findings/4/CreatedAt", "1970-01-01T00:00:00Z"},
    };
    check_fields(VG_REPORT_ASFF, FIELDS, VG_COUNT(FIELDS));
}

static void sarif_has_rules_places_and_suppressions(void **state)
{
    (void)state;
    static const char *const FIELDS[][2] = {
        {"version", "2.1.0"},
        {"runs/0/tool/driver/name", "Vigil"},
        {"runs/0/tool/driver/version", "0.1.0"},
        {"runs/0/tool/driver/rules/0/id", "root-mfa"},
        {"runs/0/tool/driver/rules/0/shortDescription/text", "The root user of each account has MFA"},
        {"runs/0/tool/driver/rules/0/help/text", "Register two MFA devices for the root user."},
        {"runs/0/tool/driver/rules/0/defaultConfiguration/level", "error"},
        {"runs/0/tool/driver/rules/0/properties/security-severity", "9.5"},
        {"runs/0/tool/driver/rules/0/properties/tags",
         "[\"security\",\"SEC01 BP02.1\",\"CIS AWS 5.0 1.4\",\"NIST CSF 2.0 PR.AA-03\"]"},
        {"runs/0/tool/driver/rules/1/id", "user-mfa"},
        {"runs/0/tool/driver/rules/4", "(absent)"},
        {"runs/0/results/0/ruleIndex", "0"},
        {"runs/0/results/0/kind", "fail"},
        {"runs/0/results/0/level", "error"},
        {"runs/0/results/0/message/text", "The root user of 111122223333 has no MFA"},
        {"runs/0/results/0/locations/0/logicalLocations/0/name", "root"},
        {"runs/0/results/0/properties/accountName", "sandbox-alice"},
        {"runs/0/results/0/properties/commands/0", "# Sign in as the root user of 111122223333"},
        {"runs/0/results/0/locations/0/physicalLocation", "(absent)"},
        {"runs/0/results/0/suppressions", "(absent)"},
        {"runs/0/results/1/ruleIndex", "0"},
        {"runs/0/results/1/locations/0/physicalLocation/artifactLocation/uri", "templates/a%20b.yml"},
        {"runs/0/results/1/locations/0/physicalLocation/region", "{\"startLine\":12,\"startColumn\":7}"},
        {"runs/0/results/1/suppressions/0/justification", "accepted by bob@example.org until March"},
        {"runs/0/results/2/kind", "open"},
        {"runs/0/results/2/level", "none"},
        {"runs/0/results/3/kind", "pass"},
        {"runs/0/results/4/kind", "notApplicable"},
        {"runs/0/results/4/ruleIndex", "3"},
    };
    check_fields(VG_REPORT_SARIF, FIELDS, VG_COUNT(FIELDS));
}

static void json_findings_have_a_schema(void **state)
{
    (void)state;
    static const char *const FIELDS[][2] = {
        {"schema", "vigil.findings/1"},
        {"title", "Findings of <today>"},
        {"findings/0/severity", "critical"},
        {"findings/0/resource", "{\"type\":\"Vigil::Account::Root\",\"account\":\"111122223333\",\"account_"
                                "name\":\"sandbox-alice\",\"region\":"
                                "\"\",\"id\":\"111122223333\","
                                "\"name\":\"root\"}"},
        {"findings/0/commands/0", "# Sign in as the root user of 111122223333"},
        {"findings/0/warning", "can lock people out: keep two devices"},
        {"findings/0/first_seen", "2026-11-22T10:00:00Z"},
        {"findings/1/evidence/line", "12"},
        {"findings/1/first_seen", "2026-11-24T10:00:00Z"},
        {"findings/4/first_seen", "(absent)"},
    };
    check_fields(VG_REPORT_JSON, FIELDS, VG_COUNT(FIELDS));
}

static void an_id_that_is_not_given_is_computed(void **state)
{
    (void)state;
    vg_buf out = write_findings(VG_REPORT_JSONL, NULL);
    vg_id id = vg_finding_id(&SAMPLE_FINDINGS[0].finding);
    assert_non_null(strstr(out.ptr, id.hex));
    vg_buf_free(&out);
}

static void jsonl_is_a_finding_a_line(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_buf out = write_findings(VG_REPORT_JSONL, NULL);
    vg_str rest = vg_buf_str(&out), line;
    size_t lines = 0;
    while (vg_str_next(&rest, '\n', &line) && line.len > 0) {
        vg_doc doc;
        assert_int_equal(vg_json_read(arena, line, VG_STR("line"), NULL, &doc, NULL), VG_OK);
        lines++;
    }
    assert_int_equal(lines, VG_COUNT(SAMPLE_FINDINGS));
    vg_buf_free(&out);
    vg_arena_free(arena);
}

/* Text is looked through a word at a time: a hidden character is found in any place. */
static void what_hides_is_escaped_wherever_it_stands(void **state)
{
    enum { LONGEST = 16 };
    (void)state;
    for (int before = 0; before <= LONGEST; before++) {
        char title[LONGEST + 8];
        vg_buf out = {0};
        vg_report_writer *w;
        vg_report_finding finding = SAMPLE_FINDINGS[0];
        snprintf(title, sizeof title, "%.*s\xE2\x80\xAE", before, "aaaaaaaaaaaaaaaa");
        finding.finding.title = vg_str_from(title);
        assert_int_equal(vg_report_findings_begin(VG_REPORT_JSONL, VG_STR(""), NULL, &out, &w, NULL), VG_OK);
        assert_int_equal(vg_report_findings_add(w, &finding, NULL), VG_OK);
        assert_int_equal(vg_report_findings_end(w, NULL), VG_OK);
        snprintf(title, sizeof title, "%.*s\\u202e", before, "aaaaaaaaaaaaaaaa");
        if (vg_str_find(vg_buf_str(&out), vg_str_from(title)) == VG_NPOS ||
            vg_str_find(vg_buf_str(&out), VG_STR("\xE2\x80\xAE")) != VG_NPOS)
            fail_msg("behind %d letters: %.*s", before, VG_ARG(vg_buf_str(&out)));
        vg_buf_free(&out);
    }
}

/* Requirements of one standard name it once, also when others stand between them. */
static void ocsf_names_each_standard_once(void **state)
{
    static const vg_str requirements[] = {VG_STR_INIT("SEC01 BP02.1"), VG_STR_INIT("CIS AWS 5.0 1.4"),
                                          VG_STR_INIT("SEC01 BP02.2"), VG_STR_INIT("CIS AWS 5.0 1.5"),
                                          VG_STR_INIT("FSBP IAM.1")};
    static const char *const expected = "\"standards\": [\n"
                                        "        \"AWS Well-Architected Security Pillar\",\n"
                                        "        \"CIS AWS 5.0\",\n"
                                        "        \"FSBP\"\n"
                                        "      ]";
    vg_buf out = {0};
    vg_report_writer *w;
    vg_report_finding finding = SAMPLE_FINDINGS[0];
    (void)state;
    finding.requirements = requirements;
    finding.requirement_count = VG_COUNT(requirements);
    assert_int_equal(vg_report_findings_begin(VG_REPORT_OCSF, VG_STR(""), NULL, &out, &w, NULL), VG_OK);
    assert_int_equal(vg_report_findings_add(w, &finding, NULL), VG_OK);
    assert_int_equal(vg_report_findings_end(w, NULL), VG_OK);
    if (vg_str_find(vg_buf_str(&out), vg_str_from(expected)) == VG_NPOS)
        fail_msg("%.*s", VG_ARG(vg_buf_str(&out)));
    vg_buf_free(&out);
}

static void the_terminal_shows_a_table(void **state)
{
    (void)state;
    vg_report_options options = {.width = 120};
    vg_buf out = write_findings(VG_REPORT_TERMINAL, &options);
    static const char *const ALWAYS[] = {"Findings of <today>\n\nseverity", "critical       fail",
                                         "high           suppressed", "medium         resolved",
                                         "5 findings\n"};
    for (size_t i = 0; i < VG_COUNT(ALWAYS); i++)
        if (!strstr(out.ptr, ALWAYS[i]))
            fail_msg("lacks %s in\n%s", ALWAYS[i], out.ptr);
    vg_buf_free(&out);
}

static void junit_findings_are_cases(void **state)
{
    (void)state;
    vg_buf out = write_findings(VG_REPORT_JUNIT, NULL);
    static const char *const ALWAYS[] = {
        "<testsuites name=\"Findings of &lt;today&gt;\" tests=\"5\" failures=\"2\" errors=\"0\">",
        "tests=\"5\" failures=\"2\" errors=\"0\" skipped=\"2\"",
        "<failure type=\"critical\" message=\"The root user of 111122223333 has no MFA\">Register two",
        "<skipped>Alice Doe has no MFA device; call (030) 1234-5678</skipped>",
    };
    for (size_t i = 0; i < VG_COUNT(ALWAYS); i++)
        if (!strstr(out.ptr, ALWAYS[i]))
            fail_msg("lacks %s in\n%s", ALWAYS[i], out.ptr);
    vg_buf_free(&out);
}

/* ---- writing in pieces ------------------------------------------------------------------------------------------ */

typedef struct {
    vg_buf all;
    size_t pieces, largest, fail_at;
} pieces;

static vg_status take_piece(void *context, vg_str bytes, vg_error *err)
{
    pieces *p = context;
    if (++p->pieces == p->fail_at)
        return vg_fail(err, VG_ERR_FULL, "no space");
    p->largest = bytes.len > p->largest ? bytes.len : p->largest;
    vg_buf_add_str(&p->all, bytes);
    return VG_OK;
}

static vg_status write_many(vg_report_format format, size_t count, vg_report_options options, vg_buf *out)
{
    vg_report_writer *w;
    VG_TRY(vg_report_findings_begin(format, VG_STR(""), &options, out, &w, NULL));
    vg_status status = VG_OK;
    for (size_t i = 0; i < count && status == VG_OK; i++)
        status = vg_report_findings_add(w, &SAMPLE_FINDINGS[i % VG_COUNT(SAMPLE_FINDINGS)], NULL);
    vg_status end = vg_report_findings_end(w, NULL);
    return status == VG_OK ? end : status;
}

static void pieces_add_up_to_the_whole(void **state)
{
    (void)state;
    for (vg_report_format format = VG_REPORT_TERMINAL; format <= VG_REPORT_JUNIT; format++) {
        pieces p = {0};
        vg_buf whole = {0}, rest = {0};
        assert_int_equal(write_many(format, 4000, (vg_report_options){0}, &whole), VG_OK);
        vg_report_options options = {.flush = take_piece, .flush_context = &p};
        assert_int_equal(write_many(format, 4000, options, &rest), VG_OK);
        vg_buf_add_str(&p.all, vg_buf_str(&rest));
        if (!vg_str_eq(vg_buf_str(&whole), vg_buf_str(&p.all)))
            fail_msg("%s differs when written in %zu pieces", vg_report_format_name(format), p.pieces);
        bool streams = format != VG_REPORT_TERMINAL && format != VG_REPORT_JUNIT;
        assert_true(!streams || p.largest < (1U << 20) + 20000);
        vg_buf_free(&whole);
        vg_buf_free(&rest);
        vg_buf_free(&p.all);
    }
}

static void a_full_disk_stops_the_report(void **state)
{
    (void)state;
    pieces p = {.fail_at = 2};
    vg_buf rest = {0};
    vg_report_options options = {.flush = take_piece, .flush_context = &p};
    assert_int_equal(write_many(VG_REPORT_JSONL, 10000, options, &rest), VG_ERR_FULL);
    vg_buf_free(&rest);
    vg_buf_free(&p.all);
}

static void the_same_findings_give_the_same_bytes(void **state)
{
    (void)state;
    for (vg_report_format format = VG_REPORT_TERMINAL; format <= VG_REPORT_JUNIT; format++) {
        vg_report_options options = {.redact = format % 2 == 0};
        vg_buf one = write_findings(format, &options), two = write_findings(format, &options);
        assert_true(vg_str_eq(vg_buf_str(&one), vg_buf_str(&two)));
        vg_buf_free(&one);
        vg_buf_free(&two);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ocsf_is_a_compliance_finding),
        cmocka_unit_test(asff_is_what_security_hub_takes),
        cmocka_unit_test(sarif_has_rules_places_and_suppressions),
        cmocka_unit_test(json_findings_have_a_schema),
        cmocka_unit_test(an_id_that_is_not_given_is_computed),
        cmocka_unit_test(jsonl_is_a_finding_a_line),
        cmocka_unit_test(what_hides_is_escaped_wherever_it_stands),
        cmocka_unit_test(ocsf_names_each_standard_once),
        cmocka_unit_test(the_terminal_shows_a_table),
        cmocka_unit_test(junit_findings_are_cases),
        cmocka_unit_test(pieces_add_up_to_the_whole),
        cmocka_unit_test(a_full_disk_stops_the_report),
        cmocka_unit_test(the_same_findings_give_the_same_bytes),
    };
    return cmocka_run_group_tests_name("report findings", tests, NULL, NULL);
}
