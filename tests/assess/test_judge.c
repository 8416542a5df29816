/* test_judge.c: controls as files: how their headers are read, what a verdict is, which subjects they speak of, and that
 * neither the order of evidence nor the number of threads changes an answer. */
#include "evidence_text.h"

#define HEADER(id, more) "# ---\n# id: " id "\n# title: Title of " id "\n# practice: first\n" more "# ---\n"
#define ON_ROOT          "# resource: Vigil::Account::Root\n"
#define MFA_RULE         "rule met { Resources.*.Properties.MfaActive == true <<root has no MFA>> }\n"
#define MEMBER(id)                                                                                           \
    "- [Vigil::Organization::Account, '" id "', '', '" id "', {Id: '" id "', Status: ACTIVE}]\n"
#define ORG                                                                                                  \
    "- [Vigil::Organization::Organization, '" M "', '', o-1, {Id: o-1, ManagementAccountId: '" M             \
    "'}]\n" MEMBER(M) MEMBER(A)
#define SUMMARY(account, properties)                                                                         \
    "- [Vigil::IAM::AccountSummary, '" account "', '', '" account "', {" properties "}]\n"
#define ATTESTED(expires)                                                                                    \
    "- [Vigil::Attestation::Statement, '', '', drill, {Kind: drill, Date: '2026-05-02', Expires: '" expires  \
    "'}]\n"
#define ATTESTED_BY(workload)                                                                                \
    "- [Vigil::Attestation::Statement, '', '', 'model@workload:" workload                                    \
    "', {Kind: model, Scope: 'workload:" workload "', Date: '2026-05-02', Expires: '2027-01-01'}]\n"
#define MAPPING(name)                                                                                        \
    "- [Vigil::Workload::Mapping, '', '', " name ", {Name: " name                                            \
    ", Environments: [{Name: prod, Accounts: ['" A "']}]}]\n"

/* One control over some evidence: how many subjects got which verdict, and the words of the first that did not pass. */
static const struct {
    const char *name, *control, *evidence;
    int of[5]; /* pass, fail, partly, not applicable, not assessed */
    const char *message;
} CASES[] = {
    {"passes",
     HEADER("c", ON_ROOT "# needs: [MfaActive]\n") MFA_RULE,
     SUMMARY(A, "AccountMFAEnabled: 1"),
     {1, 0, 0, 0, 0},
     ""},
    {"fails in the rule's own words",
     HEADER("c", ON_ROOT "# needs: [MfaActive]\n") MFA_RULE,
     SUMMARY(A, "AccountMFAEnabled: 0"),
     {0, 1, 0, 0, 0},
     "root has no MFA"},
    {"needs what is missing",
     HEADER("c", ON_ROOT "# needs: [MfaActive]\n") MFA_RULE,
     SUMMARY(A, "Users: 1"),
     {0, 0, 0, 0, 1},
     ""},
    {"needs by type and property",
     HEADER("c", ON_ROOT "# needs: ['Vigil::Account::Root.MfaActive']\n") MFA_RULE,
     SUMMARY(A, "AccountMFAEnabled: 1"),
     {1, 0, 0, 0, 0},
     ""},
    {"needs nothing",
     HEADER("c", ON_ROOT) "rule met { Resources.* !empty }\n",
     SUMMARY(A, "Users: 1"),
     {1, 0, 0, 0, 0},
     ""},
    {"partly",
     HEADER("c", ON_ROOT) "rule met { Resources.*.Properties.MfaHardware == true <<no hardware>> }\nrule "
                          "partly { Resources.*.Properties.MfaActive == true }\n",
     SUMMARY(A, "AccountMFAEnabled: 1"),
     {0, 0, 1, 0, 0},
     "no hardware"},
    {"partly does not save a pass from another rule",
     HEADER("c", ON_ROOT) "rule met { Resources.*.Properties.MfaActive == true }\nrule also { "
                          "Resources.*.Properties.MfaActive == false <<but>> }\n",
     SUMMARY(A, "AccountMFAEnabled: 1"),
     {0, 1, 0, 0, 0},
     "but"},
    {"skips",
     HEADER("c", ON_ROOT) "rule met when Resources.*.Properties.MfaActive == false { "
                          "Resources.*.Properties.EverUsed == false }\n",
     SUMMARY(A, "AccountMFAEnabled: 1"),
     {0, 0, 0, 1, 0},
     ""},
    {"a rule that cannot be evaluated is no verdict",
     HEADER(
         "c",
         ON_ROOT) "rule met { Resources.*.Properties.MfaActive == true }\nrule broken { %nothing exists }\n",
     SUMMARY(A, "AccountMFAEnabled: 1"),
     {0, 0, 0, 0, 1},
     NULL},
    {"a rule that cannot be evaluated, beside one that fails",
     HEADER(
         "c",
         ON_ROOT) "rule met { Resources.*.Properties.MfaActive == true }\nrule broken { %nothing exists }\n",
     SUMMARY(A, "AccountMFAEnabled: 0"),
     {0, 0, 0, 0, 1},
     NULL},
    {"all accounts",
     HEADER("c", ON_ROOT "# needs: [MfaActive]\n") MFA_RULE,
     ORG SUMMARY(M, "AccountMFAEnabled: 1") SUMMARY(A, "AccountMFAEnabled: 0"),
     {1, 1, 0, 0, 0},
     "root has no MFA"},
    {"members alone",
     HEADER("c", ON_ROOT "# needs: [MfaActive]\n# scope: members\n") MFA_RULE,
     ORG SUMMARY(M, "AccountMFAEnabled: 1") SUMMARY(A, "AccountMFAEnabled: 0"),
     {0, 1, 0, 0, 0},
     "root has no MFA"},
    {"the management account alone",
     HEADER("c", ON_ROOT "# needs: [MfaActive]\n# scope: management\n") MFA_RULE,
     ORG SUMMARY(M, "AccountMFAEnabled: 1") SUMMARY(A, "AccountMFAEnabled: 0"),
     {1, 0, 0, 0, 0},
     ""},
    {"users that nobody listed",
     HEADER("c", "# resource: Vigil::Account::User\n") MFA_RULE,
     ORG,
     {0, 0, 0, 0, 2},
     ""},
    {"no users",
     HEADER("c", "# resource: Vigil::Account::User\n") MFA_RULE,
     "- [Vigil::IAM::CredentialReportEntry, '" A "', '', 'arn:aws:iam::" A ":root', {}]\n",
     {0, 0, 0, 0, 0},
     ""},
    {"resources of CloudFormation's types",
     HEADER("c", "# resource: AWS::S3::Bucket\n") "rule met { Resources.*.Properties.BucketName exists }\n",
     "- [AWS::S3::Bucket, '" A "', eu-west-1, b, {BucketName: b}]\n",
     {1, 0, 0, 0, 0},
     ""},
    {"none seen, and nobody looked",
     HEADER("c", "# resource: AWS::S3::Bucket\n") "rule met { Resources.*.Properties.BucketName exists }\n",
     SUMMARY(A, "Users: 1"),
     {0, 0, 0, 0, 1},
     ""},
    {"none seen in a snapshot",
     HEADER("c", "# resource: AWS::S3::Bucket\n") "rule met { Resources.*.Properties.BucketName exists }\n",
     SUMMARY(A, "Users: 1") "- [ledger, config-snapshot, '', '" A "', eu-west-1]\n",
     {0, 0, 0, 0, 0},
     ""},
    {"attested",
     HEADER("c", "# attestation: drill\n# needs: [Lapsed]\n") "rule met { Resources.*.Properties.AgeDays < "
                                                              "365 <<too old>> }\n",
     ATTESTED("2026-12-31"),
     {1, 0, 0, 0, 0},
     ""},
    {"lapsed",
     HEADER(
         "c",
         "# attestation: drill\n# needs: [Lapsed]\n") "rule met { Resources.*.Properties.AgeDays < 365 }\n",
     ATTESTED("2026-05-31"),
     {0, 1, 0, 0, 0},
     "The attestation has lapsed"},
    {"attested by nobody",
     HEADER("c", "# attestation: drill\n") "rule met { Resources.* !empty }\n",
     SUMMARY(A, "Users: 1"),
     {0, 0, 0, 0, 1},
     ""},
    {"another kind",
     HEADER("c", "# attestation: plan\n") "rule met { Resources.* !empty }\n",
     ATTESTED("2026-12-31"),
     {0, 0, 0, 0, 1},
     ""},
    {"by one of two workloads",
     HEADER("c", "# attestation: model\n") "rule met { Resources.* !empty }\n",
     ORG MAPPING("shop") MAPPING("bank") ATTESTED_BY("shop"),
     {1, 0, 0, 0, 1},
     ""},
};

#define KINDS "kinds:\n  - {id: model, scope: workload}\n  - {id: drill, scope: organization}\n"

static void gives_verdicts(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < VG_COUNT(CASES); i++) {
        vg_arena *arena = vg_arena_new(0);
        const content_text files[] = {
            {"attestations.yaml", KINDS}, {"controls/c.guard", CASES[i].control}, {NULL, NULL}};
        vg_content *content = read_content(arena, files);
        evidence_text e = read_evidence(arena, CASES[i].evidence);
        vg_assessment assessment = assess_evidence_text(&e, content, NULL, 1);
        int of[5] = {0};
        vg_str message = VG_STR("");
        for (size_t j = 0; j < assessment.judgement_count; j++) {
            of[assessment.judgements[j].verdict]++;
            message = assessment.judgements[j].message.len ? assessment.judgements[j].message : message;
        }
        bool same = true;
        for (size_t v = 0; v < 5; v++)
            same = same && (CASES[i].of[v] < 0 || of[v] == CASES[i].of[v]);
        if (!same || (CASES[i].message && !vg_str_is(message, CASES[i].message))) {
            print_error("%s: pass %d, fail %d, partly %d, not applicable %d, not assessed %d, '%.*s'\n",
                        CASES[i].name, of[0], of[1], of[2], of[3], of[4], VG_ARG(message));
            wrong++;
        }
        vg_content_free(content);
        vg_arena_free(arena);
    }
    assert_int_equal(wrong, 0);
}

/* ---- content ------------------------------------------------------------------------------------------------------------ */

static void keep_error(void *context, const vg_error *err)
{
    char *text = context;
    vg_error_format(err, text + strlen(text), 2000 - strlen(text));
    strcat(text, "\n");
}

static void names_controls_that_cannot_be_used(void **state)
{
    static const struct {
        const char *name, *text, *says;
    } bad[] = {
        {"syntax", HEADER("x", ON_ROOT) "rule met { Resources.* == }\n", "controls/x.guard:"},
        {"an unknown practice",
         "# ---\n# id: x\n# title: x\n# practice: third\n# ---\nrule met { Resources exists }\n",
         "practice 'third' is none of practices.yaml"},
        {"an unknown scope", HEADER("x", ON_ROOT "# scope: everybody\n") MFA_RULE,
         "scope is 'all', 'management' or 'members', not 'everybody'"},
        {"the same id twice", HEADER("c", ON_ROOT) MFA_RULE, "another control has the id 'c' too"},
        {"no title", "# ---\n# id: x\n# practice: first\n# ---\nrule met { Resources exists }\n",
         "controls/x.guard"},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(bad); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_content *content = NULL;
        vg_error err = {0};
        char said[2048] = "";
        const vg_content_source sources[] = {
            {VG_STR("practices.yaml"), VG_STR(PRACTICES)},
            {VG_STR("controls/c.guard"), vg_str_from(HEADER("c", ON_ROOT) MFA_RULE)},
            {VG_STR("controls/x.guard"), vg_str_from(bad[i].text)},
        };
        assert_int_equal(vg_content_load(arena, sources, 3, NULL, 0, keep_error, said, &content, &err),
                         VG_OK);
        if (content->control_count != 1 || !strstr(said, bad[i].says))
            fail_msg("%s: %zu controls, said '%s'", bad[i].name, content->control_count, said);
        vg_content_free(content);
        vg_arena_free(arena);
    }
}

static void puts_the_users_content_over_ours(void **state)
{
    vg_arena *arena = vg_arena_new(0);
    vg_content *content = NULL;
    (void)state;
    const vg_content_source ours[] = {
        {VG_STR("controls/a.guard"), vg_str_from(HEADER("a", ON_ROOT) MFA_RULE)},
        {VG_STR("practices.yaml"), VG_STR(PRACTICES)},
    };
    const vg_content_source theirs[] = {
        {VG_STR("controls/a.guard"), vg_str_from(HEADER("a", ON_ROOT "# severity: critical\n") MFA_RULE)},
        {VG_STR("controls/z.guard"), vg_str_from(HEADER("z", ON_ROOT "# weight: 3\n") MFA_RULE)},
    };
    assert_int_equal(vg_content_load(arena, ours, 2, theirs, 2, bad_content_fails, NULL, &content, NULL),
                     VG_OK);
    assert_int_equal(content->control_count, 2);
    assert_int_equal(content->controls[0].header.severity, VG_SEVERITY_CRITICAL);
    assert_true(content->controls[0].weight > 7.9 && content->controls[0].weight < 8.1);
    assert_true(content->controls[1].weight > 2.9 && content->controls[1].weight < 3.1);
    vg_content_free(content);
    vg_arena_free(arena);
}

static void says_what_would_provide_what_is_missing(void **state)
{
    vg_arena *arena = vg_arena_new(0);
    (void)state;
    const content_text files[] = {
        {"controls/c.guard", HEADER("c", ON_ROOT "# needs: [MfaActive, MfaHardware]\n") MFA_RULE},
        {"types/facts.yaml",
         "- type: Vigil::Account::Root\n  properties:\n    MfaActive: {from: [iam:GetCredentialReport, "
         "iam:GetAccountSummary]}\n    MfaHardware: {from: [iam:ListVirtualMFADevices]}\n"},
        {NULL, NULL},
    };
    vg_content *content = read_content(arena, files);
    evidence_text nothing = read_evidence(arena, SUMMARY(A, "Users: 1")),
                  some = read_evidence(arena, SUMMARY(A, "AccountMFAEnabled: 1"));
    vg_assessment a = assess_evidence_text(&nothing, content, NULL, 1),
                  b = assess_evidence_text(&some, content, NULL, 1);
    vg_str first = vg_judgement_missing(arena, &a, &a.judgements[0]),
           second = vg_judgement_missing(arena, &b, &b.judgements[0]);
    assert_true(vg_str_is(first, "iam:GetCredentialReport or iam:GetAccountSummary"));
    assert_true(vg_str_is(second, "iam:ListVirtualMFADevices"));
    vg_content_free(content);
    vg_arena_free(arena);
}

/* ---- order and threads ----------------------------------------------------------------------------------------------------- */

static vg_str everything(vg_arena *arena, const vg_assessment *assessment)
{
    vg_buf text = {0};
    for (size_t i = 0; i < assessment->subject_count; i++) {
        const vg_resource *r = &assessment->subjects[i].resource;
        vg_buf_addf(&text, "%.*s %.*s %.*s %.*s %.*s\n", VG_ARG(r->type), VG_ARG(r->account),
                    VG_ARG(r->region), VG_ARG(r->id), VG_ARG(r->properties));
    }
    for (size_t i = 0; i < assessment->judgement_count; i++)
        vg_buf_addf(&text, "%u %u %d\n", assessment->judgements[i].control, assessment->judgements[i].subject,
                    (int)assessment->judgements[i].verdict);
    vg_str kept = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return kept;
}

static void does_not_depend_on_threads_or_order(void **state)
{
    vg_arena *arena = vg_arena_new(0);
    vg_buf lines = {0};
    (void)state;
    for (int i = 0; i < 200; i++) {
        vg_buf_addf(&lines, "- [Vigil::IAM::AccountSummary, '%012d', '', '%012d', {AccountMFAEnabled: %d}]\n",
                    100 + i, 100 + i, i % 2);
        vg_buf_addf(&lines, "- [AWS::GuardDuty::Detector, '%012d', eu-west-1, d, {Enable: true}]\n", 100 + i);
        vg_buf_addf(&lines, "- [AWS::GuardDuty::Detector, '%012d', ap-south-1, d, {Enable: false}]\n",
                    100 + i);
        for (int user = 0; user < 3; user++)
            vg_buf_addf(&lines, "- [Vigil::IAM::CredentialReportEntry, '%012d', '', u%d, {User: u%d}]\n",
                        100 + i, user, user);
    }
    vg_buf_add_char(&lines, '\0');
    const content_text files[] = {
        {"controls/c.guard", HEADER("c", ON_ROOT "# needs: [MfaActive]\n") MFA_RULE}, {NULL, NULL}};
    vg_content *content = read_content(arena, files);
    evidence_text e = read_evidence(arena, lines.ptr), back = read_evidence(arena, lines.ptr);
    for (size_t i = 0; i < back.count / 2; i++) {
        vg_sighting swap = back.sightings[i];
        back.sightings[i] = back.sightings[back.count - 1 - i];
        back.sightings[back.count - 1 - i] = swap;
    }
    vg_assessment one = assess_evidence_text(&e, content, NULL, 1),
                  four = assess_evidence_text(&e, content, NULL, 4);
    vg_assessment other = assess_evidence_text(&back, content, NULL, 2);
    vg_str text = everything(arena, &one);
    assert_true(vg_str_eq(text, everything(arena, &four)));
    assert_true(vg_str_eq(text, everything(arena, &other)));
    assert_int_equal(one.account_count, 200);
    vg_buf_free(&lines);
    vg_content_free(content);
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_verdicts),
        cmocka_unit_test(names_controls_that_cannot_be_used),
        cmocka_unit_test(puts_the_users_content_over_ours),
        cmocka_unit_test(says_what_would_provide_what_is_missing),
        cmocka_unit_test(does_not_depend_on_threads_or_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
