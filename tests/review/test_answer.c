/* test_answer.c: the answer as a whole: sections for organisation, selections and workloads, what is missing and stale,
 * the commands of actions, findings; and evidence that is really repaired, line by line, against the predicted gain. */
#include "random_evidence.h"

#include "review/review_part.h"

#include <math.h>

/* One account more would be in every count: here A is the management account. */
#undef M
#define M A

#define MEMBER(id, unit)                                                                                     \
    "- [Vigil::Organization::Account, '" M "', '', '" id "', {Id: '" id                                      \
    "', Name: n, Status: ACTIVE, Email: 'jane@example.com'}]\n- [Vigil::Organization::Parent, '" M           \
    "', '', '" id "', {ChildId: '" id "', ParentId: " unit "}]\n"
#define ORG                                                                                                  \
    "- [Vigil::Organization::Organization, '" M                                                              \
    "', '', o-1, {Id: o-1, FeatureSet: ALL, ManagementAccountId: '" A "'}]\n"                                \
    "- [Vigil::Organization::Root, '" A "', '', r-1, {Id: r-1, Name: Root}]\n"                               \
    "- [Vigil::Organization::OrganizationalUnit, '" A "', '', ou-1, {Id: ou-1, Name: Prod}]\n"               \
    "- [Vigil::Organization::Parent, '" A "', '', ou-1, {ChildId: ou-1, ParentId: r-1}]\n"                   \
    "- [Vigil::Organization::Account, '" A "', '', '" A "', {Id: '" A                                        \
    "', Name: a, Status: ACTIVE, Email: 'jane@example.com'}]\n"                                              \
    "- [Vigil::Organization::Account, '" B "', '', '" B "', {Id: '" B                                        \
    "', Name: b, Status: ACTIVE, Email: 'jane@example.com'}]\n"                                              \
    "- [Vigil::Organization::Parent, '" A "', '', '" A "', {ChildId: '" A "', ParentId: ou-1}]\n"            \
    "- [Vigil::Organization::Parent, '" A "', '', '" B "', {ChildId: '" B "', ParentId: r-1}]\n"
#define SUMMARY(account, mfa)                                                                                \
    "- [Vigil::IAM::AccountSummary, '" account "', '', '" account "', {AccountMFAEnabled: " mfa "}]\n"
#define MAPPING                                                                                              \
    "- [Vigil::Workload::Mapping, '', '', shop, {Name: shop, Function: retail, Environments: [{Name: prod, " \
    "Accounts: ['" A "']}]}]\n"

static const content_text MFA_ONLY[] = {
    {"controls/a/mfa.guard",
     "# ---\n# id: mfa\n# title: Root has MFA\n# severity: critical\n# practice: [first, second]\n# "
     "resource: Vigil::Account::Root\n# needs: [MfaActive]\n"
     "# remediation: Turn it on. Then lock the key away.\n# commands: ['aws iam enable --account {account} "
     "--as {name} --in {ou} --by {management} --of {organization}']\n# repair: {MfaActive: true}\n"
     "# warning: can lock out\n# mappings: {sec01: [BP02.1], cis-aws-5.0: ['1.4']}\n# ---\nrule met { "
     "Resources.*.Properties.MfaActive == true <<no MFA>> }\n"},
    {"types/facts.yaml",
     "- type: Vigil::Account::Root\n  properties:\n    MfaActive: {from: [iam:GetAccountSummary]}\n"},
    {NULL, NULL},
};

typedef struct {
    vg_arena *arena;
    vg_content *content;
    vg_assessment assessment;
    vg_report_answer answer;
} reviewed;

static reviewed review_text(const content_text *files, const char *evidence, const vg_review_options *options)
{
    static const vg_review_options none = {0};
    reviewed r = {.arena = vg_arena_new(0)};
    vg_error err = {0};
    evidence_text e = read_evidence(r.arena, evidence);
    r.content = read_content(r.arena, files);
    r.assessment = assess_evidence_text(&e, r.content, NULL, 1);
    if (vg_review(&r.assessment, NULL, options ? options : &none, r.arena, &r.answer, NULL, &err) != VG_OK)
        fail_with("review", &err);
    return r;
}

static void done(reviewed *r)
{
    vg_content_free(r->content);
    vg_arena_free(r->arena);
}

static bool is_near(double a, double b)
{
    return fabs(a - b) < 1e-9;
}

static void scores_the_share_that_passes(void **state)
{
    (void)state;
    reviewed r = review_text(MFA_ONLY, ORG SUMMARY(A, "1"), NULL);
    const vg_report_section *all = &r.answer.organisation;
    /* A passes, B was not assessed: half of what applies, and half of it assessed. */
    assert_true(is_near(all->score, 50) && is_near(all->coverage, 50));
    assert_int_equal(all->state, VG_STATE_PARTLY_MET);
    assert_int_equal(all->accounts, 2);
    assert_int_equal(all->practice_count, 2);
    assert_int_equal(all->practices[0].controls[0].passed, 1);
    assert_int_equal(all->practices[0].controls[0].not_assessed, 1);
    assert_true(
        vg_str_is(all->practices[0].explanation, "(8 x (1 + 0/2)/2 mfa) / 8 = 50.0 %; 50.0 % was assessed"));
    assert_true(vg_str_is(all->practices[0].controls[0].requirements[0], "SEC01 BP02.1"));
    assert_true(vg_str_is(all->practices[0].controls[0].requirements[1], "CIS AWS 5.0 1.4"));
    assert_true(vg_str_is(r.answer.scope, "all 2 accounts"));
    assert_int_equal(r.answer.gap_count, 1);
    assert_true(vg_str_is(r.answer.gaps[0].provider, "iam:GetAccountSummary"));
    assert_true(vg_str_is(r.answer.gaps[0].what, "missing in b (" B ")"));
    assert_int_equal(r.answer.gaps[0].controls, 1);
    done(&r);
}

static void gives_states(void **state)
{
    static const struct {
        const char *name, *evidence;
        vg_state expected;
    } cases[] = {
        {"all pass", ORG SUMMARY(A, "1") SUMMARY(B, "1"), VG_STATE_MET},
        {"nothing assessed", ORG, VG_STATE_NOT_ASSESSED},
        {"a critical control fails", ORG SUMMARY(A, "1") SUMMARY(B, "0"), VG_STATE_NOT_MET},
        {"one passes, one is unknown", ORG SUMMARY(A, "1"), VG_STATE_PARTLY_MET},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        reviewed r = review_text(MFA_ONLY, cases[i].evidence, NULL);
        if (r.answer.organisation.practices[0].state != cases[i].expected)
            fail_msg("%s: %s, expected %s", cases[i].name,
                     vg_state_name(r.answer.organisation.practices[0].state),
                     vg_state_name(cases[i].expected));
        done(&r);
    }
}

static void answers_for_a_selection(void **state)
{
    static const vg_str account_a = VG_STR_INIT(A), account_b = VG_STR_INIT(B), unit_id = VG_STR_INIT("ou-1"),
                        unit_name = VG_STR_INIT("Prod"), unit_path = VG_STR_INIT("Root/Prod"),
                        root = VG_STR_INIT("Root");
    static const struct {
        const char *name;
        vg_review_options options;
        uint32_t accounts, workloads;
        double score;
        const char *scope;
    } cases[] = {
        {"everything", {0}, 2, 1, 50, "all 2 accounts"},
        {"an account", {.accounts = &account_a, .account_count = 1}, 1, 1, 100, "account " A},
        {"another account", {.accounts = &account_b, .account_count = 1}, 1, 0, 0, "account " B},
        {"an OU by id", {.units = &unit_id, .unit_count = 1}, 1, 1, 100, "OU ou-1"},
        {"an OU by name", {.units = &unit_name, .unit_count = 1}, 1, 1, 100, "OU Prod"},
        {"an OU by path", {.units = &unit_path, .unit_count = 1}, 1, 1, 100, "OU Root/Prod"},
        {"all below the root", {.units = &root, .unit_count = 1}, 2, 1, 50, "OU Root"},
        {"a workload", {.workload = VG_STR_INIT("shop")}, 1, 0, 100, "workload shop"},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        reviewed r = review_text(MFA_ONLY, ORG SUMMARY(A, "1") SUMMARY(B, "0") MAPPING, &cases[i].options);
        const vg_report_section *first = &r.answer.organisation;
        if (first->accounts != cases[i].accounts || r.answer.workload_count != cases[i].workloads ||
            !is_near(first->score, cases[i].score) || !vg_str_is(r.answer.scope, cases[i].scope))
            fail_msg("%s: %u accounts, %zu workloads, %.3f, '%.*s'", cases[i].name, first->accounts,
                     r.answer.workload_count, first->score, VG_ARG(r.answer.scope));
        done(&r);
    }
    reviewed r = review_text(MFA_ONLY, ORG SUMMARY(A, "1") SUMMARY(B, "0") MAPPING, NULL);
    assert_true(vg_str_is(r.answer.workloads[0].name, "shop"));
    assert_true(vg_str_is(r.answer.workloads[0].description, "function retail, prod"));
    assert_true(is_near(r.answer.workloads[0].score, 100));
    done(&r);
}

static void names_what_is_not_there(void **state)
{
    static const vg_str stranger = VG_STR_INIT("999999999999"), unit = VG_STR_INIT("Nowhere");
    static const struct {
        vg_review_options options;
        const char *says;
    } cases[] = {
        {{.accounts = &stranger, .account_count = 1}, "no evidence of an active account 999999999999"},
        {{.units = &unit, .unit_count = 1},
         "no account is known under an OU 'Nowhere'; give its id, name or path"},
        {{.workload = VG_STR_INIT("bank")}, "no workload 'bank' in the mapping; import one that names it"},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        reviewed r = review_text(MFA_ONLY, ORG MAPPING, NULL);
        vg_report_answer answer;
        vg_error err = {0};
        assert_int_equal(vg_review(&r.assessment, NULL, &cases[i].options, r.arena, &answer, NULL, &err),
                         VG_ERR_USAGE);
        assert_string_equal(err.message, cases[i].says);
        done(&r);
    }
}

static void marks_what_is_stale(void **state)
{
    vg_review_options options = {.max_age = 90 * VG_TIME_DAY};
    (void)state;
    assert_true(vg_time_parse(VG_STR("2026-08-31"), &options.now));
    reviewed r = review_text(MFA_ONLY,
                             ORG SUMMARY(A, "1") "- [Vigil::IAM::AccountSummary, '" B "', '', '" B
                                                 "', {AccountMFAEnabled: 1}, '2026-08-01']\n",
                             &options);
    bool found = false;
    for (size_t i = 0; i < r.answer.stale_count; i++)
        found = found ||
                vg_str_is(r.answer.stale[i], "Account Root: 1, the oldest seen on 2026-06-01, 91 days ago");
    assert_true(found);
    done(&r);
    options.max_age = 92 * VG_TIME_DAY;
    r = review_text(MFA_ONLY, ORG SUMMARY(A, "1"), &options);
    assert_int_equal(r.answer.stale_count, 0);
    done(&r);
}

/* ---- actions --------------------------------------------------------------------------------------------------------------- */

static void fills_commands_with_real_ids(void **state)
{
    (void)state;
    reviewed r = review_text(MFA_ONLY, ORG SUMMARY(A, "0") SUMMARY(B, "1"), NULL);
    assert_int_equal(r.answer.organisation.action_count, 1);
    const vg_report_action *action = &r.answer.organisation.actions[0];
    assert_true(vg_str_is(action->title, "Turn it on"));
    assert_true(vg_str_is(action->warning, "can lock out"));
    assert_true(vg_str_is(action->why, "no MFA"));
    assert_true(vg_str_is(action->practice, "P1"));
    assert_true(is_near(action->gain, 50) && is_near(action->total_gain, 50));
    assert_int_equal(action->command_count, 1);
    assert_true(vg_str_is(action->commands[0],
                          "aws iam enable --account " A " --as root --in ou-1 --by " A " --of o-1"));
    done(&r);
}

static void limits_the_commands_that_are_written_out(void **state)
{
    vg_review_options options = {.commands = 1};
    (void)state;
    reviewed r = review_text(MFA_ONLY, ORG SUMMARY(A, "0") SUMMARY(B, "0"), &options);
    const vg_report_action *action = &r.answer.organisation.actions[0];
    assert_int_equal(action->command_count, 2);
    assert_true(vg_str_is(action->commands[1],
                          "# and the same for 1 more; 'vigil review --format json' lists every command"));
    done(&r);
}

/* ---- evidence that is really repaired ------------------------------------------------------------------------------------------- */

/* What an administrator does by the commands of a control, as the next export would show it: properties that are merged
 * into the evidence of the failing subject's account and region, or put there when there was none. id: NULL is any,
 * "" the subject's own. */
static const struct {
    const char *control;
    struct {
        const char *type, *id, *properties;
    } edits[4];
} REPAIRS[] = {
    {"contact-security",
     {{"Vigil::Account::AlternateContact", "SECURITY", "{Present: true, EmailAddress: 'soc@example.com'}"}}},
    {"contact-billing", {{"Vigil::Account::AlternateContact", "BILLING", "{Present: true}"}}},
    {"contact-operations", {{"Vigil::Account::AlternateContact", "OPERATIONS", "{Present: true}"}}},
    {"guardduty-region",
     {{"AWS::GuardDuty::Detector", NULL,
       "{Enable: true, Features: [{Name: CLOUD_TRAIL, Status: ENABLED}, {Name: DNS_LOGS, Status: ENABLED}, "
       "{Name: FLOW_LOGS, Status: ENABLED}, {Name: S3_DATA_EVENTS, Status: ENABLED}, {Name: EKS_AUDIT_LOGS, "
       "Status: ENABLED}, {Name: EBS_MALWARE_PROTECTION, Status: ENABLED}, {Name: RDS_LOGIN_EVENTS, Status: "
       "ENABLED}, {Name: LAMBDA_NETWORK_LOGS, Status: ENABLED}]}"}}},
    {"inspector-region",
     {{"Vigil::Inspector::AccountStatus", NULL,
       "{Status: ENABLED, Ec2: ENABLED, Ecr: ENABLED, Lambda: ENABLED}"}}},
    {"config-region",
     {{"Vigil::Config::RecorderStatus", NULL, "{Recording: true}"},
      {"AWS::Config::ConfigurationRecorder", NULL, "{RecordingGroup: {AllSupported: true}}"},
      {"AWS::Config::DeliveryChannel", NULL, "{Name: default}"},
      {"Vigil::Config::DeliveryChannelStatus", NULL, "{ConfigHistoryDeliveryInfo: {lastStatus: SUCCESS}}"}}},
    {"password-policy-length",
     {{"Vigil::IAM::PasswordPolicy", NULL,
       "{Present: true, MinimumPasswordLength: 14, PasswordReusePrevention: 24, RequireSymbols: true, "
       "RequireNumbers: true, RequireUppercaseCharacters: true, RequireLowercaseCharacters: true}"}}},
    {"user-mfa", {{"Vigil::IAM::CredentialReportEntry", "", "{MfaActive: true}"}}},
};

static vg_str merged(vg_arena *arena, vg_str properties, const char *more)
{
    vg_doc doc, patch;
    const vg_value *root;
    size_t nodes;
    vg_builder *b = vg_builder_new(arena);
    assert_int_equal(vg_json_read(arena, properties, VG_STR(""), NULL, &doc, NULL), VG_OK);
    assert_int_equal(vg_yaml_read(arena, vg_str_from(more), VG_STR(""), NULL, &patch, NULL), VG_OK);
    vg_builder_object(b);
    for (vg_items it = vg_items_of(doc.root); vg_items_next(&it);)
        if (!vg_get(patch.root, it.key)) {
            vg_builder_key(b, it.key);
            vg_builder_value(b, it.value);
        }
    for (vg_items it = vg_items_of(patch.root); vg_items_next(&it);) {
        vg_builder_key(b, it.key);
        vg_builder_value(b, it.value);
    }
    vg_builder_end(b);
    assert_int_equal(vg_builder_finish(b, &root, &nodes, NULL), VG_OK);
    return canonical_text(arena, root);
}

static void edit_evidence(evidence_text *e, const vg_subject *subject, const char *type, const char *id,
                          const char *more)
{
    const vg_resource *of = &subject->resource;
    vg_str wanted = !id ? (vg_str){0} : *id ? vg_str_from(id) : of->id;
    for (size_t i = 0; i < e->count; i++) {
        vg_resource *resource = &e->sightings[i].resource;
        if (vg_str_is(resource->type, type) && vg_str_eq(resource->account, of->account) &&
            vg_str_eq(resource->region, of->region) && (!wanted.ptr || vg_str_eq(resource->id, wanted))) {
            resource->properties = merged(e->arena, resource->properties, more);
            return;
        }
    }
    vg_str line = vg_arena_printf(e->arena, "- [%s, '%.*s', '%.*s', new, %s]\n", type, VG_ARG(of->account),
                                  VG_ARG(of->region), more);
    add_evidence(e, line.ptr);
}

/* Edits what the control's failing subjects rest on; how many there were. */
static size_t repair_evidence(evidence_text *e, const vg_assessment *assessment, size_t repair)
{
    size_t subjects = 0;
    for (size_t j = 0; j < assessment->judgement_count; j++) {
        const vg_judgement *judgement = &assessment->judgements[j];
        bool is_bad = judgement->verdict == VG_VERDICT_FAIL || judgement->verdict == VG_VERDICT_PARTLY;
        if (!is_bad ||
            !vg_str_is(assessment->content->controls[judgement->control].header.id, REPAIRS[repair].control))
            continue;
        subjects++;
        for (size_t k = 0; k < 4 && REPAIRS[repair].edits[k].type; k++)
            edit_evidence(e, &assessment->subjects[judgement->subject], REPAIRS[repair].edits[k].type,
                          REPAIRS[repair].edits[k].id, REPAIRS[repair].edits[k].properties);
    }
    return subjects;
}

static double gain_of(const vg_assessment *assessment, const char *control, vg_arena *arena, bool *known)
{
    vg_review_options options = {0};
    vg_homes homes;
    vg_section_count section;
    vg_reviewer reviewer = {.assessment = assessment, .options = &options, .homes = &homes, .arena = arena};
    assert_int_equal(vg_homes_build(assessment, arena, &homes, NULL), VG_OK);
    bool *has = VG_NEW_N(arena, bool, homes.home_count);
    memset(has, true, homes.home_count);
    assert_int_equal(vg_repairs_build(&homes, arena, &reviewer.repairs, NULL), VG_OK);
    assert_int_equal(vg_section_sum(&homes, has, arena, &section, NULL), VG_OK);
    assert_int_equal(vg_section_weigh(&reviewer, &section, NULL), VG_OK);
    *known = false;
    for (size_t c = 0; c < assessment->content->control_count; c++)
        if (vg_str_is(assessment->content->controls[c].header.id, control)) {
            *known = true;
            return section.gains[c].total;
        }
    return 0;
}

static void repaired_evidence_gains_what_was_predicted(void **state)
{
    size_t wrong = 0, gained_at_all = 0;
    (void)state;
    uint64_t seeds = getenv("VIGIL_QUICK") ? 2 : 6; /* under `./test --quick`, fewer organisations */
    for (uint64_t seed = 1; seed <= seeds; seed++)
        for (size_t i = 0; i < VG_COUNT(REPAIRS); i++) {
            vg_arena *arena = vg_arena_new(0);
            vg_content *content = real_content(arena);
            evidence_text e = random_evidence(arena, seed);
            vg_assessment before = assess_evidence_text(&e, content, NULL, 1);
            bool known;
            double said = gain_of(&before, REPAIRS[i].control, arena, &known);
            if (known && repair_evidence(&e, &before, i) > 0) {
                vg_assessment after = assess_evidence_text(&e, content, NULL, 1);
                vg_review_options options = {.no_findings = true};
                vg_report_answer a, b;
                assert_int_equal(vg_review(&before, NULL, &options, arena, &a, NULL, NULL), VG_OK);
                assert_int_equal(vg_review(&after, NULL, &options, arena, &b, NULL, NULL), VG_OK);
                double got = b.organisation.score - a.organisation.score;
                gained_at_all += got > 0;
                if (!is_near(got, said)) {
                    print_error("%s, seed %u: said %.9f, got %.9f\n", REPAIRS[i].control, (unsigned)seed,
                                said, got);
                    wrong++;
                }
            } else if (!known) {
                print_error("no control %s\n", REPAIRS[i].control);
                wrong++;
            }
            vg_content_free(content);
            vg_arena_free(arena);
        }
    print_message("# %zu repairs of evidence raised the score\n", gained_at_all);
    assert_true(gained_at_all > 10);
    assert_int_equal(wrong, 0);
}

/* ---- findings ---------------------------------------------------------------------------------------------------------------------- */

static void lists_findings_worst_first(void **state)
{
    vg_review_options options = {0};
    vg_review_worst worst;
    (void)state;
    reviewed r = review_text(
        MFA_ONLY, ORG SUMMARY(B, "0") MEMBER("444444444444", "r-1") SUMMARY("444444444444", "1"), &options);
    assert_int_equal(r.answer.finding_count, 2);
    assert_int_equal(r.answer.findings[0].finding.verdict, VG_VERDICT_FAIL);
    assert_true(vg_str_is(r.answer.findings[0].finding.account, B));
    assert_true(vg_str_is(r.answer.findings[0].finding.message, "no MFA"));
    assert_true(vg_str_is(r.answer.findings[0].account_name, "b"));
    assert_int_equal(r.answer.findings[0].command_count, 1);
    assert_true(vg_str_is(r.answer.findings[0].commands[0],
                          "aws iam enable --account " B " --as root --in r-1 --by " A " --of o-1"));
    assert_true(vg_str_is(r.answer.findings[0].warning, "can lock out"));
    assert_int_equal(r.answer.findings[1].command_count, 0); /* nothing is wrong there */
    assert_true(vg_str_is(r.answer.findings[0].finding.evidence,
                          "{\"origin\":\"test\",\"source\":\"fact:root\",\"MfaActive\":false}"));
    assert_int_equal(r.answer.findings[1].finding.verdict, VG_VERDICT_NOT_ASSESSED);
    options.problems_only = true;
    assert_int_equal(vg_review(&r.assessment, NULL, &options, r.arena, &r.answer, NULL, NULL), VG_OK);
    assert_int_equal(r.answer.finding_count, 1);
    options = (vg_review_options){.passes = true};
    assert_int_equal(vg_review(&r.assessment, NULL, &options, r.arena, &r.answer, &worst, NULL), VG_OK);
    assert_true(worst.any);
    assert_int_equal(worst.severity, VG_SEVERITY_CRITICAL);
    assert_int_equal(r.answer.finding_count, 3);
    done(&r);
    r = review_text(MFA_ONLY, ORG SUMMARY(A, "1") SUMMARY(B, "1"), NULL);
    assert_int_equal(vg_review(&r.assessment, NULL, &options, r.arena, &r.answer, &worst, NULL), VG_OK);
    assert_false(worst.any);
    done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_the_share_that_passes),
        cmocka_unit_test(gives_states),
        cmocka_unit_test(answers_for_a_selection),
        cmocka_unit_test(names_what_is_not_there),
        cmocka_unit_test(marks_what_is_stale),
        cmocka_unit_test(fills_commands_with_real_ids),
        cmocka_unit_test(limits_the_commands_that_are_written_out),
        cmocka_unit_test(repaired_evidence_gains_what_was_predicted),
        cmocka_unit_test(lists_findings_worst_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
