/* test_import_details.c: the small print of what files hold: findings, attestations, log files, Config's items, and what
 * one import remembers of another. A case is a text and a line that must, or must not, come of it. */
#include "evidence/import_world.h"

#define M "111122223333"
#define A "444455556666"

static void open_with(import_test *t, const char *path, const char *text)
{
    vg_error why = {0};
    test_open(t);
    write_test_file(t, &(test_file){.path = path, .text = text});
    if (import_now(t, NULL, NULL, &why) != VG_OK)
        fail_msg("%s: %s\n%s", path, why.message, text);
}

static void check_text(import_test *t, const char *given, const char *expected)
{
    if (!has_text(t, expected))
        fail_msg("given: %s\nexpected: %s\ngot: %.*s", given, expected, VG_ARG(vg_buf_str(&t->text)));
}

static void findings_say_how_bad_and_whether_they_stand(void **state)
{
    (void)state;
    static const struct {
        const char *more, *expected; /* expected: severity|verdict, or the reason */
    } cases[] = {
        {"\"Severity\":{\"Label\":\"LOW\",\"Normalized\":95}", "|low|fail|"},
        {"\"Severity\":{\"Normalized\":0}", "|informational|fail|"},
        {"\"Severity\":{\"Normalized\":39}", "|low|fail|"},
        {"\"Severity\":{\"Normalized\":40}", "|medium|fail|"},
        {"\"Severity\":{\"Normalized\":89}", "|high|fail|"},
        {"\"Severity\":{\"Normalized\":90}", "|critical|fail|"},
        {"\"Compliance\":{\"Status\":\"PASSED\"}", "|pass|"},
        {"\"Compliance\":{\"Status\":\"FAILED\"}", "|fail|"},
        {"\"Compliance\":{\"Status\":\"WARNING\"}", "|partly|"},
        {"\"Compliance\":{\"Status\":\"NOT_AVAILABLE\"}", "|not-assessed|"},
        {"\"RecordState\":\"ARCHIVED\"", "|pass|"},
        {"\"Workflow\":{\"Status\":\"RESOLVED\"}", "|pass|"},
        {"\"Workflow\":{\"Status\":\"SUPPRESSED\"}", "|fail|"},
        {"\"UpdatedAt\":\"2031-01-01T00:00:00Z\"",
         "truncated|1 findings have no Id or account, or are dated in the future"},
        {"\"AwsAccountId\":\"12\"", "truncated|1 findings have no Id or account"},
        {"\"Id\":\"\"", "truncated|1 findings have no Id or account"},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        import_test t;
        char text[600];
        snprintf(text, sizeof text,
                 "[{\"SchemaVersion\":\"2018-10-08\",\"ProductArn\":\"arn:aws:securityhub:eu-west-1::product/"
                 "aws/x\","
                 "\"Id\":\"i\",\"GeneratorId\":\"g\",\"AwsAccountId\":\"" A
                 "\",\"Resources\":[{\"Type\":\"Other\","
                 "\"Id\":\"r\"}],%s}]",
                 cases[i].more);
        open_with(&t, "f.json", text);
        check_text(&t, text, cases[i].expected);
        if (strstr(cases[i].expected, "truncated") && has_text(&t, "finding "))
            fail_msg("taken all the same: %s", text);
        test_close(&t);
    }
}

static void attestations_need_all_that_makes_them_one(void **state)
{
    (void)state;
    static const struct {
        const char *entry, *why; /* NULL: it is read */
    } cases[] = {
        {"kind: k, statement: s, owner: o, date: 2026-09-01, expires: 2027-01-01", NULL},
        {"kind: k, statement: s, owner: o, date: 2026-09-01, expires: 2027-01-01, scope: 'workload:shop'",
         NULL},
        {"statement: s, owner: o, date: 2026-09-01, expires: 2027-01-01", "has no kind"},
        {"kind: k, owner: o, date: 2026-09-01, expires: 2027-01-01", "has no statement"},
        {"kind: k, statement: s, date: 2026-09-01, expires: 2027-01-01", "has no owner"},
        {"kind: k, statement: s, owner: ' ', date: 2026-09-01, expires: 2027-01-01", "has no owner"},
        {"kind: k, statement: s, owner: o, expires: 2027-01-01", "has no date"},
        {"kind: k, statement: s, owner: o, date: soon, expires: 2027-01-01", "has a date that is none"},
        {"kind: k, statement: s, owner: o, date: 2026-09-01, expires: never",
         "has an expires that is no date"},
        {"kind: k, statement: s, owner: o, date: 2031-09-01, expires: 2032-01-01",
         "has a date in the future"},
        {"kind: k, statement: s, owner: o, date: 2026-09-02, expires: 2026-09-01",
         "expires before its own date"},
        {"kind: k, statement: s, owner: o, date: 2026-09-01, expires: 2027-01-01, scope: 'account:12'",
         "has a scope account: without the 12 digits"},
        {"kind: k, statement: s, owner: o, date: 2026-09-01, expires: 2027-01-01, scope: everything",
         "has a scope that is none of organization"},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        import_test t;
        char text[400];
        snprintf(text, sizeof text, "attestations:\n  - {%s}\n", cases[i].entry);
        open_with(&t, "a.yaml", text);
        if (cases[i].why)
            check_text(&t, text, cases[i].why);
        if (has_text(&t, "Vigil::Attestation::Statement|") != !cases[i].why)
            fail_msg("%s: got %.*s", text, VG_ARG(vg_buf_str(&t.text)));
        test_close(&t);
    }
}

#define RECORD(region, time)                                                                                 \
    "{\"eventSource\":\"s\",\"eventName\":\"n\",\"eventTime\":\"" time "\",\"awsRegion\":\"" region          \
    "\",\"recipientAccountId\":\"" A "\"}"

static void log_files_are_counted_by_region_and_time(void **state)
{
    (void)state;
    import_test t;
    const char *text = "{\"Records\":[" RECORD("us-east-1", "2026-11-20T03:00:00Z") "," RECORD(
        "eu-west-1", "2026-11-20T02:00:00Z") "," RECORD("us-east-1",
                                                        "2026-11-20T01:00:00Z") ","
                                                                                "{\"eventSource\":\"s\","
                                                                                "\"eventName\":\"n\"}]}";
    open_with(&t, "f.json", text);
    check_text(
        &t, text,
        "|us-east-1|f.json|{\"FirstEvent\":\"2026-11-20T01:00:00Z\",\"LastEvent\":\"2026-11-20T03:00:00Z\"");
    check_text(&t, text, "|eu-west-1|f.json|{\"FirstEvent\":\"2026-11-20T02:00:00Z\"");
    check_text(&t, text, "truncated|1 records have no account, region or time");
    test_close(&t);
}

#define ITEM(type, id, region, status, more)                                                                 \
    "{\"resourceType\":\"" type "\",\"resourceId\":\"" id "\",\"ARN\":\"arn:" id "\",\"awsAccountId\":\"" A  \
    "\",\"awsRegion\":\"" region "\",\"configurationItemStatus\":\"" status                                  \
    "\",\"configurationItemCaptureTime\":\"2026-01-01T00:00:00Z\"," more "}"
#define RANGES(kind)                                                                                         \
    "\"ipPermissions" kind                                                                                   \
    "\":[{\"ipProtocol\":\"tcp\",\"fromPort\":1,\"toPort\":2,\"ipv4Ranges\":[{\"cidrIp\":"                   \
    "\"10.0.0.0/8\"}],\"ipv6Ranges\":[{\"cidrIpv6\":\"::/"                                                   \
    "0\"}],\"prefixListIds\":[{\"prefixListId\":\"pl\"}],"                                                   \
    "\"userIdGroupPairs\":[{\"groupId\":\"sg-2\",\"userId\":\"" M "\"}]}]"

static void items_of_config_keep_what_counts(void **state)
{
    (void)state;
    import_test t;
    const char *text = "{\"fileVersion\":\"1.0\",\"configSnapshotId\":\"s\",\"configurationItems\":[" ITEM(
        "AWS::EC2::SecurityGroup", "sg", "eu-west-1", "OK",
        "\"configuration\":{\"groupId\":\"sg\"," RANGES("Egress") "," RANGES(
            "") "}") "," ITEM("AWS::X::New", "g", "global", "OK",
                              "\"configuration\":{\"Name\":\"g\"}") "," ITEM("AWS::X::New", "d", "eu-west-1",
                                                                             "ResourceDeleted",
                                                                             "\"configuration\":{\"Name\":"
                                                                             "\"d\"}") "," ITEM("AWS::X::Old",
                                                                                                "o",
                                                                                                "eu-west-1",
                                                                                                "OK",
                                                                                                "\"configurat"
                                                                                                "ion\":{"
                                                                                                "\"name\":"
                                                                                                "\"o\"}") "]"
                                                                                                          "}";
    open_with(&t, "s.json", text);
    check_text(&t, text, "AWS::X::New|" A "||arn:g|"); /* what is global has no region */
    if (has_text(&t, "arn:d") || has_text(&t, "arn:o"))
        fail_msg("%.*s", VG_ARG(vg_buf_str(&t.text)));
    assert_int_equal(t.summary.without_view, 1);
    check_text(
        &t, text,
        "\"SecurityGroupEgress\":[{\"CidrIp\":\"10.0.0.0/"
        "8\",\"FromPort\":1,\"IpProtocol\":\"tcp\",\"ToPort\":2},"
        "{\"CidrIpv6\":\"::/0\",\"FromPort\":1,\"IpProtocol\":\"tcp\",\"ToPort\":2},"
        "{\"DestinationPrefixListId\":\"pl\",\"FromPort\":1,\"IpProtocol\":\"tcp\",\"ToPort\":2},"
        "{\"DestinationSecurityGroupId\":\"sg-2\",\"FromPort\":1,\"IpProtocol\":\"tcp\",\"ToPort\":2}]");
    test_close(&t);
}

#define DETECTORS                                                                                            \
    "{\"vigil\":\"envelope/1\",\"operation\":\"guardduty:ListDetectors\",\"account\":\"" A "\",%s"           \
    "\"output\":{\"DetectorIds\":[]}}"

static void the_region_is_the_envelopes_then_the_paths_then_the_flags(void **state)
{
    (void)state;
    static const struct {
        const char *in_envelope, *path, *flag, *expected;
    } cases[] = {
        {"\"region\":\"eu-west-1\",", "us-east-1/a.json", "sa-east-1", "|eu-west-1|detectors|"},
        {"", "us-east-1/a.json", "sa-east-1", "|us-east-1|detectors|"},
        {"", "a.json", "sa-east-1", "|sa-east-1|detectors|"},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        import_test t;
        char text[300];
        vg_error why = {0};
        snprintf(text, sizeof text, DETECTORS, cases[i].in_envelope);
        test_open(&t);
        write_test_file(&t, &(test_file){.path = cases[i].path, .text = text});
        OK(import_now(&t, NULL, cases[i].flag, &why));
        check_text(&t, text, cases[i].expected);
        test_close(&t);
    }
}

static void arns_are_completed_in_the_regions_partition(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"eu-west-1", "arn:aws:"},
                                          {"cn-north-1", "arn:aws-cn:"},
                                          {"us-gov-west-1", "arn:aws-us-gov:"},
                                          {"eusc-de-east-1", "arn:aws-eusc:"},
                                          {"us-iso-east-1", "arn:aws-iso:"},
                                          {"us-isob-east-1", "arn:aws-iso-b:"},
                                          {"eu-isoe-west-1", "arn:aws-iso-e:"},
                                          {"us-isof-south-1", "arn:aws-iso-f:"}};
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        import_test t;
        char text[400], expected[200];
        snprintf(text, sizeof text,
                 "{\"vigil\":\"envelope/"
                 "1\",\"operation\":\"cloudtrail:GetTrailStatus\",\"parameters\":{\"Name\":\"t\"},"
                 "\"account\":\"" A "\",\"region\":\"%s\",\"output\":{\"IsLogging\":true}}",
                 rows[i][0]);
        snprintf(expected, sizeof expected, "|%scloudtrail:%s:" A ":trail/t|", rows[i][1], rows[i][0]);
        open_with(&t, "a.json", text);
        check_text(&t, text, expected);
        test_close(&t);
    }
}

static void an_organisation_is_remembered_by_the_next_import(void **state)
{
    (void)state;
    import_test t;
    vg_error why = {0};
    static const char TEXT[] =
        "{\"Organization\":{\"Id\":\"%s\",\"FeatureSet\":\"ALL\",\"MasterAccountId\":\"" M "\"}}";
    char text[200];
    snprintf(text, sizeof text, TEXT, "o-abcdefghij");
    open_with(&t, "a.json", text);
    snprintf(text, sizeof text, TEXT, "o-zzzzzzzzzz");
    write_test_file(&t, &(test_file){.path = "a.json", .text = text});
    OK(import_now(&t, NULL, NULL, &why));
    check_text(&t, text,
               "row a.json|error||is of organisation o-zzzzzzzzzz, but this workspace is of o-abcdefghij");
    test_close(&t);
}

static void what_an_answer_lacks_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"{\"vigil\":\"envelope/1\",\"operation\":\"inspector2:BatchGetAccountStatus\",\"account\":\"" M
         "\",\"region\":\"eu-west-1\",\"output\":{\"accounts\":[],\"failedAccounts\":[{\"accountId\":\"" A
         "\"}]}}",
         "|imported|truncated|"},
        {"{\"vigil\":\"envelope/1\",\"operation\":\"iam:GetAccountSummary\",\"account\":\"" A
         "\",\"time\":\"yesterday\",\"output\":{\"SummaryMap\":{\"Users\":3}}}",
         "|error||the envelope's time is no RFC 3339 time"},
        {"{\"workloads\":[{\"accounts\":[\"" A "\"]}]}",
         "|error||line 1, column 15: a workload needs a name"},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        import_test t;
        open_with(&t, "a.json", cases[i].text);
        check_text(&t, cases[i].text, cases[i].expected);
        test_close(&t);
    }
}

static void a_role_has_at_most_576_bytes(void **state)
{
    (void)state;
    char name[577];
    vg_buf out = {0};
    vg_error why;
    memset(name, 'r', sizeof name);
    assert_int_equal(vg_import_script(VG_STR("@ROLE_NAME@"), vg_str_of(name, 576), &out, &why), VG_OK);
    assert_int_equal(vg_import_script(VG_STR("@ROLE_NAME@"), vg_str_of(name, 577), &out, &why), VG_ERR_VALUE);
    vg_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_say_how_bad_and_whether_they_stand),
        cmocka_unit_test(attestations_need_all_that_makes_them_one),
        cmocka_unit_test(log_files_are_counted_by_region_and_time),
        cmocka_unit_test(items_of_config_keep_what_counts),
        cmocka_unit_test(the_region_is_the_envelopes_then_the_paths_then_the_flags),
        cmocka_unit_test(arns_are_completed_in_the_regions_partition),
        cmocka_unit_test(an_organisation_is_remembered_by_the_next_import),
        cmocka_unit_test(what_an_answer_lacks_is_told),
        cmocka_unit_test(a_role_has_at_most_576_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
