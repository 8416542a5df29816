/* test_patch.c: what commands make true of a subject, put into its properties; and what they change of others. */
#include "assess/evidence_text.h"

#include "review/review_part.h"

static const vg_value *read_yaml(vg_arena *arena, const char *text)
{
    vg_doc doc;
    vg_error err = {0};
    if (vg_yaml_read(arena, vg_str_from(text), VG_STR("case"), NULL, &doc, &err) != VG_OK)
        fail_with(text, &err);
    return doc.root;
}

static void patches_properties(void **state)
{
    static const struct {
        const char *patch, *properties, *expected;
        vg_patch_how how;
    } cases[] = {
        {"{A: 1}", "{}", "{\"A\":1}", {1, false}},
        {"{A: 1}", "{A: 0, B: 2}", "{\"A\":1,\"B\":2}", {1, false}},
        {"{A: null}", "{A: 0, B: 2}", "{\"B\":2}", {1, false}},
        {"{A: '{B}'}", "{A: 0, B: 2}", "{\"A\":2,\"B\":2}", {1, false}},
        {"{A: '{C}'}", "{A: 0, B: 2}", "{\"B\":2}", {1, false}},
        {"{A: {add: [x, y]}}", "{A: [w, x]}", "{\"A\":[\"w\",\"x\",\"y\"]}", {1, false}},
        {"{A: {add: [x]}}", "{B: 1}", "{\"A\":[\"x\"],\"B\":1}", {1, false}},
        {"{A: {extend: [x]}}", "{A: [w]}", "{\"A\":[\"w\",\"x\"]}", {1, false}},
        {"{A: {extend: [x]}}", "{B: 1}", "{\"B\":1}", {1, false}},
        {"{A: {minus: 1}}", "{A: 5}", "{\"A\":2}", {3, false}},
        {"{A: {minus: 1}}", "{A: 1}", "{\"A\":0}", {3, false}},
        {"{A: {raise: partly}}", "{A: 'no'}", "{\"A\":\"partly\"}", {1, false}},
        {"{A: {raise: partly}}", "{A: 'yes'}", "{\"A\":\"yes\"}", {1, false}},
        {"{A: {ScanOnPush: true}}", "{}", "{\"A\":{\"ScanOnPush\":true}}", {1, false}},
        {"{A: 1, B: 2}", "{A: 0}", "{\"A\":1}", {1, true}},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_arena *arena = vg_arena_new(0);
        const vg_value *patched;
        vg_error err = {0};
        assert_int_equal(vg_patch_properties(read_yaml(arena, cases[i].patch),
                                             read_yaml(arena, cases[i].properties), &cases[i].how, arena,
                                             &patched, &err),
                         VG_OK);
        vg_str got = canonical_text(arena, patched);
        if (!vg_str_is(got, cases[i].expected))
            fail_msg("%s over %s: got %.*s, expected %s", cases[i].patch, cases[i].properties, VG_ARG(got),
                     cases[i].expected);
        vg_arena_free(arena);
    }
}

#define HEADER(id, type, needs)                                                                              \
    "# ---\n# id: " id "\n# title: t\n# severity: low\n# practice: first\n# resource: " type                 \
    "\n# needs: [" needs "]\n# remediation: Do " id "\n"
#define RULE(text) "# ---\nrule met { Resources.*.Properties." text " <<bad>> }\n"
#define ORG                                                                                                  \
    "- [Vigil::Organization::Organization, '" A                                                              \
    "', '', o-1, {Id: o-1, FeatureSet: ALL, ManagementAccountId: '" A                                        \
    "'}]\n- [Vigil::Organization::Root, '" A "', '', r-1, {Id: r-1, Name: Root}]\n"                          \
    "- [Vigil::Organization::OrganizationalUnit, '" A "', '', ou-1, {Id: ou-1, Name: Prod}]\n"               \
    "- [Vigil::Organization::Parent, '" A "', '', ou-1, {ChildId: ou-1, ParentId: r-1}]\n"                   \
    "- [Vigil::Organization::Account, '" A "', '', '" A "', {Id: '" A "', Name: a, Status: ACTIVE}]\n"       \
    "- [Vigil::Organization::Account, '" A "', '', '" B "', {Id: '" B "', Name: b, Status: ACTIVE}]\n"       \
    "- [Vigil::Organization::Account, '" A "', '', '" C "', {Id: '" C "', Name: c, Status: ACTIVE}]\n"       \
    "- [Vigil::Organization::Parent, '" A "', '', '" A "', {ChildId: '" A "', ParentId: r-1}]\n"             \
    "- [Vigil::Organization::Parent, '" A "', '', '" B "', {ChildId: '" B "', ParentId: ou-1}]\n"            \
    "- [Vigil::Organization::Parent, '" A "', '', '" C "', {ChildId: '" C "', ParentId: r-1}]\n"
#define C "555555555555"
#define SUMMARY(account, mfa)                                                                                \
    "- [Vigil::IAM::AccountSummary, '" account "', '', '" account "', {AccountMFAEnabled: " mfa "}]\n"

/* One control repairs roots; another is about accounts, of which the first one's commands say something as well. */
#define CONTENT(also)                                                                                        \
    {                                                                                                        \
        {"controls/a/mfa.guard",                                                                             \
         HEADER("mfa", "Vigil::Account::Root",                                                               \
                "MfaActive") "# repair: {MfaActive: true}\n" also RULE("MfaActive == true")},                \
            {"controls/a/named.guard",                                                                       \
             HEADER("named", "Vigil::Account::Account", "Name") RULE("Name == 'good'")},                     \
            {"types/facts.yaml",                                                                             \
             "- type: Vigil::Account::Root\n  properties:\n    MfaActive: {from: [x]}\n"},                   \
        {                                                                                                    \
            NULL, NULL                                                                                       \
        }                                                                                                    \
    }

static double gain_with(const content_text *files, const char *evidence)
{
    vg_arena *arena = vg_arena_new(0);
    vg_error err = {0};
    vg_content *content = read_content(arena, files);
    evidence_text e = read_evidence(arena, evidence);
    vg_assessment assessment = assess_evidence_text(&e, content, NULL, 1);
    vg_review_options options = {.no_findings = true};
    vg_report_answer answer;
    if (vg_review(&assessment, NULL, &options, arena, &answer, NULL, &err) != VG_OK)
        fail_with("review", &err);
    double gain = -1;
    for (size_t i = 0; i < answer.organisation.practices[0].control_count; i++)
        if (vg_str_is(answer.organisation.practices[0].controls[i].id, "mfa"))
            gain = answer.organisation.practices[0].controls[i].total_gain;
    vg_content_free(content);
    vg_arena_free(arena);
    return gain;
}

/* Two controls of weight 1 in a practice, the other practice empty. mfa: 2 of 3 fail (B and C); named: all 3 fail. */
static void changes_what_the_commands_reach(void **state)
{
    static const content_text alone[] = CONTENT(""),
                              account[] = CONTENT("# also: {Vigil::Account::Account: {Name: good}}\n"),
                              organization[] = CONTENT(
                                  "# also: {Vigil::Account::Account: {Name: good}}\n# reach: organization\n"),
                              target[] = CONTENT(
                                  "# also: {Vigil::Account::Account: {Name: good}}\n# reach: target\n"),
                              gone[] =
                                  CONTENT("# also: {Vigil::Account::Account: null}\n# reach: organization\n");
    static const struct {
        const char *name;
        const content_text *files;
        double gain;
    } cases[] = {
        {"nothing else", alone, 100.0 * (2.0 / 3) / 2},
        {"accounts of what is repaired", account, 100.0 * (2.0 / 3 + 2.0 / 3) / 2},
        {"everything", organization, 100.0 * (2.0 / 3 + 1) / 2},
        {"all below the root", target, 100.0 * (2.0 / 3 + 1) / 2},
        {"subjects that go: one control is left", gone, 100.0 - 100.0 * (1.0 / 3) / 2},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        double got = gain_with(cases[i].files, ORG SUMMARY(A, "1") SUMMARY(B, "0") SUMMARY(C, "0"));
        if (got < cases[i].gain - 1e-9 || got > cases[i].gain + 1e-9)
            fail_msg("%s: gain %.6f, expected %.6f", cases[i].name, got, cases[i].gain);
    }
}

/* B has a detector, C has none: only B's can be changed, and only B is told how. */
static void recommends_nothing_where_nothing_can_be_changed(void **state)
{
    static const content_text files[] = {
        {"controls/a/s3.guard",
         HEADER("s3", "Vigil::Region::Services",
                "InUse") "# repair: {GuardDutyFeatures: {extend: [S3]}}\n# commands: ['aws x --profile "
                         "{account}']\n# ---\nrule met { some "
                         "Resources.*.Properties.GuardDutyFeatures[*] == 'S3' <<bad>> }\n"},
        {"types/facts.yaml", "- type: Vigil::Region::Services\n  properties:\n    InUse: {from: [x]}\n"},
        {NULL, NULL}};
    static const char evidence[] =
        ORG "- [Vigil::Account::Region, '" B "', eu-west-1, eu-west-1, {RegionOptStatus: ENABLED}]\n"
            "- [AWS::GuardDuty::Detector, '" B "', eu-west-1, d, {Enable: true, Features: []}]\n"
            "- [Vigil::Account::Region, '" C "', eu-west-1, eu-west-1, {RegionOptStatus: ENABLED}]\n"
            "- [Vigil::GuardDuty::Detectors, '" C "', eu-west-1, detectors, {DetectorIds: []}]\n";
    vg_arena *arena = vg_arena_new(0);
    vg_error err = {0};
    vg_content *content = read_content(arena, files);
    evidence_text e = read_evidence(arena, evidence);
    vg_assessment assessment = assess_evidence_text(&e, content, NULL, 1);
    vg_review_options options = {.no_findings = true};
    vg_report_answer answer;
    (void)state;
    if (vg_review(&assessment, NULL, &options, arena, &answer, NULL, &err) != VG_OK)
        fail_with("review", &err);
    assert_int_equal(answer.organisation.practices[0].controls[0].failed, 2);
    assert_int_equal(answer.organisation.action_count, 1);
    assert_int_equal(answer.organisation.actions[0].command_count, 1);
    assert_true(vg_str_is(answer.organisation.actions[0].commands[0], "aws x --profile " B));
    vg_content_free(content);
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patches_properties),
        cmocka_unit_test(changes_what_the_commands_reach),
        cmocka_unit_test(recommends_nothing_where_nothing_can_be_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
