/* sample_answer.h: an answer with something of everything in it, hostile names included, for the tests of each format. */
#ifndef VIGIL_TESTS_SAMPLE_ANSWER_H
#define VIGIL_TESTS_SAMPLE_ANSWER_H

#include "report/report.h"

/* A name that attacks each format: markup, an escape sequence, a line break, a formula, a bidirectional override. */
#define HOSTILE                                                                                              \
    "=cmd()|'/C calc'!A0 <script>alert(1)</script>\x1b[2J\n\xE2\x80\xAE"                                     \
    "evil\xE2\x81\xA6 \"q\" & `b` ]]> @here |x|"

static const vg_str SAMPLE_REQUIREMENTS[] = {VG_STR_INIT("SEC01 BP02.1"), VG_STR_INIT("CIS AWS 5.0 1.4"),
                                             VG_STR_INIT("NIST CSF 2.0 PR.AA-03")};

static const vg_report_control SAMPLE_ROOT_CONTROLS[] = {
    {.id = VG_STR_INIT("root-mfa"),
     .title = VG_STR_INIT("The root user of each account has MFA"),
     .verdict = VG_VERDICT_FAIL,
     .severity = VG_SEVERITY_CRITICAL,
     .weight = 4,
     .summary = VG_STR_INIT(
         "3 of 12 accounts have a root user without MFA: 111122223333 (sandbox-alice), 222233334444 "
         "(legacy) and 333344445555 (" HOSTILE ")"),
     .source = VG_STR_INIT("iam:GetAccountSummary"),
     .passed = 9,
     .failed = 3,
     .requirements = SAMPLE_REQUIREMENTS,
     .requirement_count = 3},
    {.id = VG_STR_INIT("root-access-keys"),
     .title = VG_STR_INIT("No root user has access keys"),
     .verdict = VG_VERDICT_PASS,
     .severity = VG_SEVERITY_CRITICAL,
     .weight = 4,
     .summary = VG_STR_INIT("none of 12 root users has an access key"),
     .passed = 12,
     .requirements = SAMPLE_REQUIREMENTS,
     .requirement_count = 1},
    {.id = VG_STR_INIT("root-central-access"),
     .title = VG_STR_INIT("Root access of member accounts is managed centrally"),
     .verdict = VG_VERDICT_NOT_ASSESSED,
     .severity = VG_SEVERITY_MEDIUM,
     .weight = 2,
     .missing = VG_STR_INIT("iam list-organizations-features (permission iam:ListOrganizationsFeatures)"),
     .not_assessed = 1},
};

static const vg_report_control SAMPLE_ACCOUNT_CONTROLS[] = {
    {.id = VG_STR_INIT("accounts-under-ou"),
     .title = VG_STR_INIT("No account is left in the root of the organisation"),
     .verdict = VG_VERDICT_PARTLY,
     .severity = VG_SEVERITY_MEDIUM,
     .weight = 2,
     .summary =
         VG_STR_INIT("11 of 12 accounts are in an OU; 444455556666 (\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E "
                     "\xF0\x9F\x94\x92) stands in the root"),
     .passed = 11,
     .partly = 1},
    {.id = VG_STR_INIT("account-one-workload"),
     .title = VG_STR_INIT("Each account holds one workload"),
     .verdict = VG_VERDICT_FAIL,
     .severity = VG_SEVERITY_HIGH,
     .weight = 4,
     .summary = VG_STR_INIT("1 of 12 accounts holds two workloads"),
     .passed = 11,
     .failed = 1},
    {.id = VG_STR_INIT("scp-deny-leave"),
     .title = VG_STR_INIT("Member accounts cannot leave the organisation"),
     .verdict = VG_VERDICT_NOT_APPLICABLE,
     .severity = VG_SEVERITY_HIGH,
     .weight = 3,
     .not_applicable = 1},
};

static const vg_str SAMPLE_COMMANDS[] = {
    VG_STR_INIT(
        "aws iam create-virtual-mfa-device --virtual-mfa-device-name root-111122223333 --outfile qr.png "
        "--bootstrap-method QRCodePNG --profile 111122223333-root --region us-east-1"),
    VG_STR_INIT("# Sign in as the root user of 111122223333 (alice@example.com, +1 555 010 0199) and "
                "register the device"),
};
static const vg_str SAMPLE_ACTION_CONTROLS[] = {VG_STR_INIT("root-mfa")};

static const vg_report_action SAMPLE_ACTIONS[] = {
    {.title = VG_STR_INIT("Register MFA for the root user of 3 accounts"),
     .why =
         VG_STR_INIT("Whoever has the password of a root user owns the account, and no policy stops them."),
     .practice = VG_STR_INIT("SEC01-BP02"),
     .gain = 30,
     .total_gain = 12.4,
     .commands = SAMPLE_COMMANDS,
     .command_count = 2,
     .warning = VG_STR_INIT("can lock people out: keep two devices, in two places, before you sign out"),
     .controls = SAMPLE_ACTION_CONTROLS,
     .control_count = 1},
    {.title = VG_STR_INIT("Move account 444455556666 into an OU"),
     .practice = VG_STR_INIT("SEC01-BP01"),
     .gain = 10,
     .total_gain = 2.05,
     .commands =
         (const vg_str[]){VG_STR_INIT("aws organizations move-account --account-id 444455556666 "
                                      "--source-parent-id r-ab12 --destination-parent-id ou-ab12-cdefgh34")},
     .command_count = 1},
};

static const vg_report_practice SAMPLE_PRACTICES[] = {
    {.id = VG_STR_INIT("SEC01-BP01"),
     .title = VG_STR_INIT("Separate workloads using accounts"),
     .state = VG_STATE_PARTLY_MET,
     .score = 66.6666,
     .coverage = 100,
     .explanation = VG_STR_INIT("accounts-under-ou: 2 x 0.5"),
     .controls = SAMPLE_ACCOUNT_CONTROLS,
     .control_count = 3,
     .actions = SAMPLE_ACTIONS + 1,
     .action_count = 1},
    {.id = VG_STR_INIT("SEC01-BP02"),
     .title = VG_STR_INIT("Secure the root user and the properties of each account, wherever it stands"),
     .state = VG_STATE_NOT_MET,
     .score = 40,
     .coverage = 80,
     .controls = SAMPLE_ROOT_CONTROLS,
     .control_count = 3,
     .actions = SAMPLE_ACTIONS,
     .action_count = 1},
    {.id = VG_STR_INIT("SEC01-BP03"),
     .title = VG_STR_INIT("Identify and validate control objectives"),
     .state = VG_STATE_MET,
     .score = 100,
     .coverage = 100},
    {.id = VG_STR_INIT("SEC01-BP07"),
     .title = VG_STR_INIT("Identify threats and prioritise mitigations"),
     .state = VG_STATE_NOT_ASSESSED,
     .score = VG_SCORE_NONE,
     .coverage = 0},
};

static const vg_report_section SAMPLE_WORKLOADS[] = {
    {.name = VG_STR_INIT("payments"),
     .description = VG_STR_INIT("function payments, environment prod, 2 accounts"),
     .accounts = 2,
     .state = VG_STATE_PARTLY_MET,
     .score = 71.25,
     .coverage = 90,
     .practices = SAMPLE_PRACTICES,
     .practice_count = 4,
     .actions = SAMPLE_ACTIONS,
     .action_count = 2},
    {.name = VG_STR_INIT(HOSTILE), .accounts = 1, .state = VG_STATE_NOT_ASSESSED, .score = VG_SCORE_NONE},
};

static const vg_report_gap SAMPLE_GAPS[] = {
    {VG_STR_INIT("centralised root access"),
     VG_STR_INIT("iam list-organizations-features (permission iam:ListOrganizationsFeatures)"), 1},
    {VG_STR_INIT("threat model of each workload"), VG_STR_INIT("an attestation: threat-model-reviewed"), 3},
};

/* 2026-11-24T10:00:00Z and a day and a bit before. */
#define SAMPLE_NOW   INT64_C(1795514400000000)
#define SAMPLE_FIRST (SAMPLE_NOW - 2 * VG_TIME_DAY)

static const vg_str SAMPLE_ROOT_COMMANDS[] = {
    VG_STR_INIT("# Sign in as the root user of 111122223333"),
    VG_STR_INIT(
        "aws iam create-virtual-mfa-device --virtual-mfa-device-name root-111122223333 --outfile qr.png "
        "--bootstrap-method QRCodePNG --profile 111122223333"),
    VG_STR_INIT("aws iam enable-mfa-device --user-name root --profile 111122223333"),
};

static const vg_report_finding SAMPLE_FINDINGS[] = {
    {.finding = {.rule = VG_STR_INIT("root-mfa"),
                 .product = VG_STR_INIT("vigil"),
                 .title = VG_STR_INIT("The root user of each account has MFA"),
                 .message = VG_STR_INIT("The root user of 111122223333 has no MFA"),
                 .remediation = VG_STR_INIT("Register two MFA devices for the root user."),
                 .severity = VG_SEVERITY_CRITICAL,
                 .verdict = VG_VERDICT_FAIL,
                 .resource_type = VG_STR_INIT("Vigil::Account::Root"),
                 .account = VG_STR_INIT("111122223333"),
                 .region = VG_STR_INIT(""),
                 .resource_id = VG_STR_INIT("111122223333"),
                 .resource_name = VG_STR_INIT("root"),
                 .observed = SAMPLE_NOW},
     .workflow = VG_WORKFLOW_NEW,
     .first_seen = SAMPLE_FIRST,
     .last_seen = SAMPLE_NOW,
     .requirements = SAMPLE_REQUIREMENTS,
     .requirement_count = 3,
     .account_name = VG_STR_INIT("sandbox-alice"),
     .commands = SAMPLE_ROOT_COMMANDS,
     .command_count = 3,
     .warning = VG_STR_INIT("can lock people out: keep two devices")},
    {.finding = {.rule = VG_STR_INIT("root-mfa"),
                 .product = VG_STR_INIT("vigil"),
                 .title = VG_STR_INIT("The root user of each account has MFA"),
                 .message = VG_STR_INIT("The root user of " HOSTILE " has no MFA"),
                 .severity = VG_SEVERITY_HIGH,
                 .verdict = VG_VERDICT_PARTLY,
                 .resource_type = VG_STR_INIT("AWS::S3::Bucket"),
                 .account = VG_STR_INIT("333344445555"),
                 .region = VG_STR_INIT("eu-central-1"),
                 .resource_id = VG_STR_INIT("arn:aws:s3:::" HOSTILE),
                 .resource_name = VG_STR_INIT(HOSTILE),
                 .sub_key = VG_STR_INIT("statement 2"),
                 .evidence = VG_STR_INIT("{\"file\": \"templates/a b.yml\", \"line\": 12, \"column\": 7}"),
                 .observed = SAMPLE_NOW},
     .workflow = VG_WORKFLOW_SUPPRESSED,
     .first_seen = VG_TIME_NONE,
     .last_seen = VG_TIME_NONE,
     .suppressed_reason = VG_STR_INIT("accepted by bob@example.org until March"),
     .account_name = VG_STR_INIT(HOSTILE),
     .requirements = SAMPLE_REQUIREMENTS,
     .requirement_count = 1},
    {.finding = {.rule = VG_STR_INIT("user-mfa"),
                 .product = VG_STR_INIT("vigil"),
                 .title = VG_STR_INIT("Each user with a password has MFA"),
                 .message = VG_STR_INIT("Alice Doe has no MFA device; call (030) 1234-5678"),
                 .severity = VG_SEVERITY_MEDIUM,
                 .verdict = VG_VERDICT_NOT_ASSESSED,
                 .resource_type = VG_STR_INIT("AWS::IAM::User"),
                 .account = VG_STR_INIT("111122223333"),
                 .region = VG_STR_INIT("us-gov-west-1"),
                 .resource_id = VG_STR_INIT("arn:aws-us-gov:iam::111122223333:user/mallory.smith"),
                 .resource_name = VG_STR_INIT("mallory.smith"),
                 .observed = SAMPLE_NOW},
     .workflow = VG_WORKFLOW_RESOLVED,
     .first_seen = SAMPLE_FIRST,
     .last_seen = SAMPLE_NOW},
    {.finding = {.rule = VG_STR_INIT("trail-on"),
                 .product = VG_STR_INIT("vigil"),
                 .title = VG_STR_INIT("CloudTrail is on"),
                 .severity = VG_SEVERITY_LOW,
                 .verdict = VG_VERDICT_PASS,
                 .resource_type = VG_STR_INIT("AWS::CloudTrail::Trail"),
                 .account = VG_STR_INIT("111122223333"),
                 .region = VG_STR_INIT("us-east-1"),
                 .resource_id = VG_STR_INIT("arn:aws:cloudtrail:us-east-1:111122223333:trail/all"),
                 .observed = SAMPLE_NOW},
     .workflow = VG_WORKFLOW_NOTIFIED,
     .first_seen = SAMPLE_NOW,
     .last_seen = SAMPLE_NOW},
    {.finding = {.rule = VG_STR_INIT("no-context"),
                 .title = VG_STR_INIT("A finding of which nothing is known"),
                 .severity = VG_SEVERITY_INFORMATIONAL,
                 .verdict = VG_VERDICT_NOT_APPLICABLE,
                 .observed = VG_TIME_NONE},
     .first_seen = VG_TIME_NONE,
     .last_seen = VG_TIME_NONE},
};

static const vg_str SAMPLE_NAMES[] = {VG_STR_INIT("Alice Doe"), VG_STR_INIT("sandbox-alice"),
                                      VG_STR_INIT("Example Ltd"), VG_STR_INIT("security")};
static const vg_str SAMPLE_STALE[] = {VG_STR_INIT("credential report of 222233334444: 41 days old")};
static const vg_str SAMPLE_PROBLEMS[] = {VG_STR_INIT("list-accounts.json is cut off (NextToken): " HOSTILE)};

static inline vg_report_answer sample_answer(void)
{
    return (vg_report_answer){
        .question = VG_STR("How do you securely operate your workload?"),
        .organisation_name = VG_STR("Example Ltd"),
        .organisation_id = VG_STR("o-exampleorg"),
        .scope = VG_STR("all 12 accounts"),
        .evidence_from = SAMPLE_FIRST,
        .evidence_to = SAMPLE_NOW,
        .judged_at = SAMPLE_NOW,
        .stale = SAMPLE_STALE,
        .stale_count = 1,
        .problems = SAMPLE_PROBLEMS,
        .problem_count = 1,
        .organisation = {.name = VG_STR("organisation"),
                         .accounts = 12,
                         .state = VG_STATE_PARTLY_MET,
                         .score = 51.6666,
                         .coverage = 70,
                         .practices = SAMPLE_PRACTICES,
                         .practice_count = VG_COUNT(SAMPLE_PRACTICES),
                         .actions = SAMPLE_ACTIONS,
                         .action_count = VG_COUNT(SAMPLE_ACTIONS)},
        .workloads = SAMPLE_WORKLOADS,
        .workload_count = VG_COUNT(SAMPLE_WORKLOADS),
        .gaps = SAMPLE_GAPS,
        .gap_count = VG_COUNT(SAMPLE_GAPS),
        .formula = VG_STR(
            "A control scores 1 when it passes, 0.5 when it holds partly, 0 when it fails.\nWhat was not "
            "assessed never raises a score."),
        .findings = SAMPLE_FINDINGS,
        .finding_count = VG_COUNT(SAMPLE_FINDINGS),
    };
}

#endif
