/* test_sections.c: whose verdicts a section counts, what its gaps say, and how far its policies may reach: one small
 * organisation, asked in several ways. */
#include "random_evidence.h"

#include "review/review_part.h"

#include <math.h>

#define C "444444444444"
#define D "555555555555"
#define UNIT(id, name, parent)                                                                               \
    "- [Vigil::Organization::OrganizationalUnit, '" M "', '', " id ", {Id: " id ", Name: " name "}]\n"       \
    "- [Vigil::Organization::Parent, '" M "', '', " id ", {ChildId: " id ", ParentId: " parent "}]\n"
#define MEMBER(id, parent)                                                                                   \
    "- [Vigil::Organization::Account, '" id "', '', '" id "', {Id: '" id "', Name: n, Status: ACTIVE}]\n"    \
    "- [Vigil::Organization::Parent, '" M "', '', '" id "', {ChildId: '" id "', ParentId: " parent "}]\n"
/* The management account in the root, A and B in Work, C in Workshop, whose name begins alike, D below Work. */
#define ORG                                                                                                  \
    "- [Vigil::Organization::Organization, '" M                                                              \
    "', '', o-1, {Id: o-1, FeatureSet: ALL, ManagementAccountId: '" M "'}]\n"                                \
    "- [Vigil::Organization::Root, '" M "', '', r-1, {Id: r-1, Name: Root}]\n" UNIT("ou-1", "Work", "r-1")   \
        UNIT("ou-2", "Workshop", "r-1") UNIT("ou-3", "Deep", "ou-1") MEMBER(M, "r-1") MEMBER(A, "ou-1")      \
            MEMBER(B, "ou-1") MEMBER(C, "ou-2") MEMBER(D, "ou-3")
#define MAPPING(name, account)                                                                               \
    "- [Vigil::Workload::Mapping, '', '', " name ", {Name: " name                                            \
    ", Environments: [{Name: prod, Accounts: ['" account "']}]}]\n"
#define ATTESTED(workload)                                                                                   \
    "- [Vigil::Attestation::Statement, '', '', 'model@workload:" workload                                    \
    "', {Kind: model, Scope: 'workload:" workload "', Date: '2026-05-02', Expires: '2027-01-01'}]\n"
#define HEADER(id, more) "# ---\n# id: " id "\n# title: t\n# practice: first\n" more "# ---\n"
#define ANY              "rule met { Resources.* exists }\n"

static const content_text CONTROLS[] = {
    {"attestations.yaml", "kinds:\n  - {id: model, scope: workload}\n"},
    {"controls/account.guard", HEADER("account", "# resource: Vigil::Account::Account\n# needs: [Id]\n") ANY},
    {"controls/workload.guard",
     HEADER("workload", "# resource: Vigil::Workload::Workload\n# needs: [Name]\n") ANY},
    {"controls/model.guard", HEADER("model", "# attestation: model\n# needs: [Lapsed]\n") ANY},
    {"controls/org.guard",
     HEADER("org", "# resource: Vigil::Organization::Structure\n# needs: [AllFeatures]\n") ANY},
    {NULL, NULL},
};

typedef struct {
    vg_arena *arena;
    vg_content *content;
    evidence_text evidence;
    vg_assessment assessment;
    vg_report_answer answer;
} reviewed;

static reviewed assess_text(const content_text *files, const char *text)
{
    reviewed r = {.arena = vg_arena_new(0)};
    r.evidence = read_evidence(r.arena, text);
    r.content = read_content(r.arena, files);
    return r;
}

static void ask(reviewed *r, const vg_review_options *options)
{
    static const vg_review_options none = {0};
    vg_error err = {0};
    r->assessment = assess_evidence_text(&r->evidence, r->content, NULL, 1);
    if (vg_review(&r->assessment, NULL, options ? options : &none, r->arena, &r->answer, NULL, &err) != VG_OK)
        fail_with("review", &err);
}

static void done(reviewed *r)
{
    vg_content_free(r->content);
    vg_arena_free(r->arena);
}

/* How many subjects of the control the section counts that it applies to. */
static unsigned counted(const vg_report_section *section, const char *id)
{
    for (size_t i = 0; i < section->practices[0].control_count; i++) {
        const vg_report_control *c = &section->practices[0].controls[i];
        if (vg_str_is(c->id, id))
            return c->passed + c->failed + c->partly + c->not_assessed;
    }
    return 99;
}

static void a_section_counts_what_lives_there(void **state)
{
    static const vg_str account_a[] = {VG_STR_INIT(A)};
    static const vg_str work[] = {VG_STR_INIT("Root/Work")}, named[] = {VG_STR_INIT("Work")},
                        by_id[] = {VG_STR_INIT("ou-1")}, shop[] = {VG_STR_INIT("Root/Workshop")};
    static const struct {
        const char *name;
        vg_review_options options;
        unsigned account, workload, model, org; /* subjects of each control */
    } CASES[] = {
        {"all", {0}, 5, 2, 2, 1},
        {"a workload", {.workload = VG_STR_INIT("shop")}, 1, 1, 1, 1},
        {"an account: no workload is its own", {.accounts = account_a, .account_count = 1}, 1, 0, 0, 1},
        {"a path, and what is below it", {.units = work, .unit_count = 1}, 3, 0, 0, 1},
        {"a name on the path", {.units = named, .unit_count = 1}, 3, 0, 0, 1},
        {"an id, of those directly in it", {.units = by_id, .unit_count = 1}, 2, 0, 0, 1},
        {"another path that begins alike", {.units = shop, .unit_count = 1}, 1, 0, 0, 1},
    };
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < VG_COUNT(CASES); i++) {
        reviewed r = assess_text(CONTROLS, ORG MAPPING("shop", A) MAPPING("bank", B) ATTESTED("shop"));
        ask(&r, &CASES[i].options);
        const vg_report_section *section = &r.answer.organisation;
        unsigned got[] = {counted(section, "account"), counted(section, "workload"),
                          counted(section, "model"), counted(section, "org")};
        if (got[0] != CASES[i].account || got[1] != CASES[i].workload || got[2] != CASES[i].model ||
            got[3] != CASES[i].org) {
            print_error(
                "%s: %u accounts, %u workloads, %u models, %u organisations; expected %u, %u, %u, %u\n",
                CASES[i].name, got[0], got[1], got[2], got[3], CASES[i].account, CASES[i].workload,
                CASES[i].model, CASES[i].org);
            wrong++;
        }
        done(&r);
    }
    assert_int_equal(wrong, 0);
}

static void a_workload_has_its_own_and_the_organisations(void **state)
{
    reviewed r = assess_text(CONTROLS, ORG MAPPING("shop", A) MAPPING("bank", B) ATTESTED("shop"));
    (void)state;
    ask(&r, NULL);
    assert_int_equal(r.answer.workload_count, 2);
    for (size_t i = 0; i < 2; i++) {
        const vg_report_section *section = &r.answer.workloads[i];
        assert_int_equal(counted(section, "account"), 1);
        assert_int_equal(counted(section, "workload"), 1);
        assert_int_equal(counted(section, "model"), 1);
        assert_int_equal(counted(section, "org"), 1);
        const vg_report_control *model = NULL;
        for (size_t c = 0; c < section->practices[0].control_count; c++)
            if (vg_str_is(section->practices[0].controls[c].id, "model"))
                model = &section->practices[0].controls[c];
        assert_non_null(model);
        assert_int_equal(model->verdict,
                         vg_str_is(section->name, "shop") ? VG_VERDICT_PASS : VG_VERDICT_NOT_ASSESSED);
    }
    /* The second practice has no control: no score, which is not a score of nothing. */
    assert_true(r.answer.organisation.practices[1].score < 0);
    done(&r);
}

/* ---- what is missing ------------------------------------------------------------------------------------------------- */

static const content_text MISSING[] = {
    {"types/t.yaml",
     "- type: Vigil::Account::Root\n  properties:\n    MfaActive: {from: [iam:One, iam:Two]}\n"
     "    EverUsed: {from: [iam:One]}\n"
     "- type: Vigil::Region::Services\n  properties:\n    ConfigRecording: {from: [config:Three]}\n"},
    {"controls/a.guard",
     HEADER("a", "# resource: Vigil::Region::Services\n# needs: [ConfigRecording]\n") ANY},
    {"controls/b.guard", HEADER("b", "# resource: Vigil::Account::Root\n# needs: [MfaActive]\n") ANY},
    {"controls/c.guard", HEADER("c", "# resource: Vigil::Account::Root\n# needs: [EverUsed]\n") ANY},
    {NULL, NULL},
};
#define REGION(account, region)                                                                              \
    "- [Vigil::Account::Region, '" account "', " region ", " region ", {RegionName: " region                 \
    ", RegionOptStatus: ENABLED}]\n"

static void gaps_say_what_where_and_why(void **state)
{
    reviewed r = assess_text(MISSING, ORG REGION(A, "eu-west-1") REGION(A, "us-east-1"));
    const vg_ledger_entry refused[] = {{.operation = VG_STR("config:Three"),
                                        .account = VG_STR(A),
                                        .region = VG_STR("us-east-1"),
                                        .outcome = VG_LEDGER_NOT_ASSESSED,
                                        .reason = VG_STR("was refused (AccessDenied)")}};
    (void)state;
    r.evidence.ledger = (vg_ledger_entry *)(uintptr_t)refused;
    r.evidence.ledger_count = 1;
    ask(&r, NULL);
    assert_int_equal(r.answer.gap_count, 2);
    const vg_report_gap *most = &r.answer.gaps[0], *least = &r.answer.gaps[1];
    assert_true(vg_str_is(most->provider, "iam:One")); /* of "iam:One or iam:Two", and of both controls */
    assert_int_equal(most->controls, 2);
    if (!vg_str_ends(most->what, VG_STR("; and 2 more")))
        fail_msg("%.*s", VG_ARG(most->what));
    assert_int_equal(least->controls, 1);
    if (vg_str_find(least->what, VG_STR("eu-west-1; ")) == VG_NPOS ||
        vg_str_find(least->what, VG_STR("us-east-1: AccessDenied")) == VG_NPOS)
        fail_msg("%.*s", VG_ARG(least->what));
    done(&r);
}

static void the_oldest_evidence_is_told(void **state)
{
    static const char *const text = "- [Vigil::IAM::AccountSummary, '" A "', '', '" A
                                    "', {Users: 1}, '2026-03-01']\n- [Vigil::IAM::AccountSummary, '" B
                                    "', '', '" B "', {Users: 1}, '2026-01-01']\n";
    reviewed r = assess_text(CONTROLS, text);
    vg_review_options options = {.max_age = 30 * VG_TIME_DAY};
    (void)state;
    assert_true(vg_time_parse(VG_STR("2026-06-01"), &options.now));
    ask(&r, &options);
    bool told = false;
    for (size_t i = 0; i < r.answer.stale_count; i++)
        told = told ||
               vg_str_is(r.answer.stale[i], "Account Root: 2, the oldest seen on 2026-01-01, 151 days ago");
    for (size_t i = 0; i < r.answer.stale_count && !told; i++)
        print_error("%.*s\n", VG_ARG(r.answer.stale[i]));
    assert_true(told);
    done(&r);
}

/* ---- what repairing brings ------------------------------------------------------------------------------------------- */

/* What is turned on may be seen to be set up badly: the gain is what is left. */
static void a_gain_counts_what_comes_to_light(void **state)
{
    static const content_text controls[] = {
        {"controls/on.guard",
         HEADER("on", "# severity: low\n# resource: AWS::GuardDuty::Detector\n# needs: [Enable]\n"
                      "# remediation: Turn it on.\n# commands: ['aws guardduty on']\n# repair: "
                      "{Enable: true}\n") "rule met { Resources.*.Properties.Enable == true "
                                          "<<off>> }\n"},
        {"controls/set.guard",
         HEADER(
             "set",
             "# severity: low\n# resource: AWS::GuardDuty::Detector\n# needs: [Enable]\n# remediation: Set "
             "it up.\n# commands: ['aws guardduty set']\n") "rule met when "
                                                            "Resources.*.Properties.Enable == true { "
                                                            "Resources.*.Properties.Features !empty "
                                                            "<<bare>> }\n"},
        {NULL, NULL},
    };
    reviewed r =
        assess_text(controls, "- [AWS::GuardDuty::Detector, '" A "', eu-west-1, d, {Enable: false}]\n");
    (void)state;
    ask(&r, NULL);
    const vg_report_practice *practice = &r.answer.organisation.practices[0];
    assert_true(fabs(practice->score) < 1e-9);
    assert_int_equal(practice->action_count, 1);
    if (fabs(practice->actions[0].gain - 50) > 1e-9)
        fail_msg("gain %f, expected 50: one of two controls passes then", practice->actions[0].gain);
    done(&r);
}

/* Of all members the root is the target, though the management account stands in it: no policy binds that one. */
static void the_management_account_is_never_in_the_way(void **state)
{
    reviewed r = assess_text(CONTROLS, ORG);
    vg_homes homes;
    vg_error err = {0};
    const vg_str *targets = NULL;
    (void)state;
    r.assessment = assess_evidence_text(&r.evidence, r.content, NULL, 1);
    assert_int_equal(vg_homes_build(&r.assessment, r.arena, &homes, &err), VG_OK);
    bool *has = VG_NEW_N(r.arena, bool, homes.home_count + 1);
    for (size_t i = 0; i < r.assessment.account_count; i++)
        has[i] = !vg_str_is(r.assessment.accounts[i].id, M);
    assert_int_equal(vg_targets_build(&homes, has, r.arena, &targets, &err), VG_OK);
    for (size_t i = 0; i < r.assessment.account_count; i++)
        if (has[i] && !vg_str_is(targets[i], "r-1"))
            fail_msg("%.*s: %.*s", VG_ARG(r.assessment.accounts[i].id), VG_ARG(targets[i]));
    done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_section_counts_what_lives_there),
        cmocka_unit_test(a_workload_has_its_own_and_the_organisations),
        cmocka_unit_test(gaps_say_what_where_and_why),
        cmocka_unit_test(the_oldest_evidence_is_told),
        cmocka_unit_test(a_gain_counts_what_comes_to_light),
        cmocka_unit_test(the_management_account_is_never_in_the_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
