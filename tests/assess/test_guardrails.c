/* test_guardrails.c: what service control policies forbid, as the policy engine decides: whole, in part, not at all,
 * unknown. The near misses are those that look like a guardrail and are none. */
#include "evidence_text.h"

#define DENY(action)        "{Statement: [{Effect: Deny, Action: " action ", Resource: '*'}]}"
#define DENY_ON(action, on) "{Statement: [{Effect: Deny, Action: " action ", Resource: " on "}]}"
#define DENY_IF(action, condition)                                                                           \
    "{Statement: [{Effect: Deny, Action: " action ", Resource: '*', Condition: " condition "}]}"
#define LEAVE "organizations:LeaveOrganization"
#define TRAIL                                                                                                \
    "[cloudtrail:StopLogging, cloudtrail:DeleteTrail, cloudtrail:UpdateTrail, cloudtrail:PutEventSelectors]"
#define GLOBAL                                                                                               \
    "{Effect: Deny, NotAction: [iam:*, organizations:*, route53:*, support:*, sts:*], Resource: '*', "

static const struct {
    const char *name, *policy, *guardrail, *expected;
} POLICIES[] = {
    /* the actions */
    {"the action itself", DENY(LEAVE), "DenyLeaveOrganization", "\"yes\""},
    {"one statement that is no list", "{Statement: {Effect: Deny, Action: [" LEAVE "], Resource: ['*']}}",
     "DenyLeaveOrganization", "\"yes\""},
    {"a wildcard, other case", DENY("'Organizations:leave*'"), "DenyLeaveOrganization", "\"yes\""},
    {"a question mark", DENY("'organizations:LeaveOrganizatio?'"), "DenyLeaveOrganization", "\"yes\""},
    {"everything", DENY("'*'"), "DenyLeaveOrganization", "\"yes\""},
    {"another action", DENY("organizations:ListAccounts"), "DenyLeaveOrganization", "\"no\""},
    {"an Allow of it", "{Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}", "DenyLeaveOrganization",
     "\"no\""},
    {"all but others", "{Statement: [{Effect: Deny, NotAction: [s3:*], Resource: '*'}]}",
     "DenyLeaveOrganization", "\"yes\""},
    {"all but this", "{Statement: [{Effect: Deny, NotAction: ['organizations:*'], Resource: '*'}]}",
     "DenyLeaveOrganization", "\"no\""},
    /* the resource */
    {"a resource that it has not", DENY_ON(LEAVE, "'arn:aws:s3:::bucket'"), "DenyLeaveOrganization",
     "\"no\""},
    {"an organisation, which leaving has not", DENY_ON(LEAVE, "'arn:aws:organizations::*:organization/*'"),
     "DenyLeaveOrganization", "\"no\""},
    /* AWS refuses such a policy: this cannot be what is attached */
    {"no resource", "{Statement: [{Effect: Deny, Action: " LEAVE "}]}", "DenyLeaveOrganization", "absent"},
    /* an action without resource types is done to "*", which is not that bucket */
    {"all but a resource", "{Statement: [{Effect: Deny, Action: " LEAVE ", NotResource: 'arn:aws:s3:::x'}]}",
     "DenyLeaveOrganization", "\"yes\""},
    {"all trails but one",
     "{Statement: [{Effect: Deny, Action: " TRAIL ", NotResource: 'arn:aws:cloudtrail:*:*:trail/scratch'}]}",
     "ProtectCloudTrail", "\"partly\""},
    {"all but a bucket, which trails are not",
     "{Statement: [{Effect: Deny, Action: " TRAIL ", NotResource: 'arn:aws:s3:::x'}]}", "ProtectCloudTrail",
     "\"yes\""},
    {"trails of one region", DENY_ON(TRAIL, "'arn:aws:cloudtrail:eu-west-1:*:trail/*'"), "ProtectCloudTrail",
     "\"partly\""},
    {"another account's trails", DENY_ON(TRAIL, "'arn:aws:cloudtrail:*:" B ":trail/*'"), "ProtectCloudTrail",
     "\"no\""},
    {"all trails by ARN", DENY_ON(TRAIL, "'arn:aws:cloudtrail:*:*:trail/*'"), "ProtectCloudTrail", "\"yes\""},
    {"this account's trails", DENY_ON(TRAIL, "'arn:aws:cloudtrail:*:" A ":trail/*'"), "ProtectCloudTrail",
     "\"yes\""},
    {"one trail", DENY_ON(TRAIL, "'arn:aws:cloudtrail:*:*:trail/audit'"), "ProtectCloudTrail", "\"partly\""},
    {"trails of S3", DENY_ON(TRAIL, "'arn:aws:s3:::*'"), "ProtectCloudTrail", "\"no\""},
    /* parts */
    {"one of four", DENY("cloudtrail:StopLogging"), "ProtectCloudTrail", "\"partly\""},
    {"all four", DENY(TRAIL), "ProtectCloudTrail", "\"yes\""},
    {"in two statements",
     "{Statement: [{Effect: Deny, Action: ['cloudtrail:Stop*', 'cloudtrail:Delete*'], Resource: '*'}, "
     "{Effect: Deny, Action: ['cloudtrail:Update*', 'cloudtrail:Put*'], Resource: '*'}]}",
     "ProtectCloudTrail", "\"yes\""},
    {"Config", DENY("['config:Stop*', 'config:Delete*', 'config:Put*']"), "ProtectConfig", "\"yes\""},
    {"Config but its channel",
     DENY("[config:StopConfigurationRecorder, config:DeleteConfigurationRecorder, "
          "config:PutConfigurationRecorder]"),
     "ProtectConfig", "\"partly\""},
    {"GuardDuty", DENY("['guardduty:Delete*', 'guardduty:Disassociate*', 'guardduty:Update*']"),
     "ProtectGuardDuty", "\"yes\""},
    {"GuardDuty's detector alone", DENY("guardduty:DeleteDetector"), "ProtectGuardDuty", "\"partly\""},
    {"Security Hub", DENY("'securityhub:*'"), "ProtectSecurityHub", "\"yes\""},
    {"Security Hub, action by action",
     DENY("['securityhub:DisableSecurityHub', 'securityhub:Disassociate*', "
          "'securityhub:BatchDisableStandards']"),
     "ProtectSecurityHub", "\"yes\""},
    {"Security Hub but its standards", DENY("['securityhub:Disa*']"), "ProtectSecurityHub", "\"partly\""},
    /* conditions that exempt */
    {"everyone is exempt", DENY_IF(LEAVE, "{StringNotLike: {aws:PrincipalArn: '*'}}"),
     "DenyLeaveOrganization", "\"no\""},
    {"everyone, by ARN", DENY_IF(LEAVE, "{ArnNotLike: {aws:PrincipalARN: ['arn:aws:iam::*:*']}}"),
     "DenyLeaveOrganization", "\"no\""},
    {"users and roles",
     DENY_IF(LEAVE, "{ArnNotLike: {aws:PrincipalArn: ['arn:aws:iam::*:user/*', 'arn:aws:iam::*:role/*']}}"),
     "DenyLeaveOrganization", "\"no\""},
    {"one role", DENY_IF(LEAVE, "{ArnNotLike: {aws:PrincipalArn: 'arn:aws:iam::*:role/Admin'}}"),
     "DenyLeaveOrganization", "\"partly\""},
    {"a role of another account",
     DENY_IF(LEAVE, "{ArnNotLike: {aws:PrincipalArn: 'arn:aws:iam::" B ":role/Admin'}}"),
     "DenyLeaveOrganization", "\"yes\""},
    {"a star that is no wildcard", DENY_IF(LEAVE, "{StringNotEquals: {aws:PrincipalArn: '*'}}"),
     "DenyLeaveOrganization", "\"yes\""},
    {"this account", DENY_IF(LEAVE, "{StringNotEquals: {aws:PrincipalAccount: ['" A "']}}"),
     "DenyLeaveOrganization", "\"no\""},
    {"another account", DENY_IF(LEAVE, "{StringNotEquals: {aws:PrincipalAccount: '" B "'}}"),
     "DenyLeaveOrganization", "\"yes\""},
    {"services of AWS", DENY_IF(LEAVE, "{BoolIfExists: {aws:PrincipalIsAWSService: 'false'}}"),
     "DenyLeaveOrganization", "\"yes\""},
    {"a tag", DENY_IF(LEAVE, "{StringNotEquals: {'aws:PrincipalTag/team': security}}"),
     "DenyLeaveOrganization", "\"partly\""},
    /* conditions that narrow */
    {"one role alone", DENY_IF(LEAVE, "{ArnLike: {aws:PrincipalArn: 'arn:aws:iam::*:role/Dev'}}"),
     "DenyLeaveOrganization", "\"partly\""},
    {"users alone", DENY_IF(LEAVE, "{ArnLike: {aws:PrincipalArn: 'arn:aws:iam::*:user/*'}}"),
     "DenyLeaveOrganization", "\"partly\""},
    {"a role that is not here",
     DENY_IF(LEAVE, "{ArnLike: {aws:PrincipalArn: 'arn:aws:iam::" B ":role/Dev'}}"), "DenyLeaveOrganization",
     "\"no\""},
    {"all principals", DENY_IF(LEAVE, "{ArnLike: {aws:PrincipalArn: 'arn:aws:iam::*:*'}}"),
     "DenyLeaveOrganization", "\"yes\""},
    {"until a day", DENY_IF(LEAVE, "{DateLessThan: {aws:CurrentTime: '2030-01-01T00:00:00Z'}}"),
     "DenyLeaveOrganization", "\"partly\""},
    {"two conditions, one narrow",
     DENY_IF(LEAVE, "{Bool: {aws:PrincipalIsAWSService: 'false'}, IpAddress: {aws:SourceIp: 10.0.0.0/8}}"),
     "DenyLeaveOrganization", "\"partly\""},
    {"two conditions, one of which never holds",
     DENY_IF(LEAVE, "{StringEquals: {aws:PrincipalAccount: '" B "'}, IpAddress: {aws:SourceIp: 10.0.0.0/8}}"),
     "DenyLeaveOrganization", "\"no\""},
    /* users and roles never carry the key */
    {"but sessions of root", DENY_IF(LEAVE, "{'Null': {aws:AssumedRoot: 'true'}}"), "DenyLeaveOrganization",
     "\"yes\""},
    {"one user by name", DENY_IF(LEAVE, "{StringNotEquals: {aws:username: root-admin}}"),
     "DenyLeaveOrganization", "\"partly\""},
    {"a pattern that is no ARN", DENY_IF(LEAVE, "{StringNotLike: {aws:PrincipalArn: '*-admin'}}"),
     "DenyLeaveOrganization", "\"partly\""},
    {"the OU", DENY_IF(LEAVE, "{'ForAllValues:StringNotLike': {aws:PrincipalOrgPaths: 'o-1/r-1/ou-1/*'}}"),
     "DenyLeaveOrganization", "\"no\""},
    {"another OU",
     DENY_IF(LEAVE, "{'ForAllValues:StringNotLike': {aws:PrincipalOrgPaths: 'o-1/r-1/ou-9/*'}}"),
     "DenyLeaveOrganization", "\"yes\""},
    {"a role in one statement, a user in another",
     "{Statement: [{Effect: Deny, Action: " LEAVE
     ", Resource: '*', Condition: {ArnNotLike: {aws:PrincipalArn: "
     "'arn:aws:iam::*:role/Admin'}}}, {Effect: Deny, Action: " LEAVE
     ", Resource: '*', Condition: {ArnNotLike: {aws:PrincipalArn: 'arn:aws:iam::*:user/x'}}}]}",
     "DenyLeaveOrganization", "\"yes\""},
    /* root */
    {"root by StringLike", DENY_IF("'*'", "{StringLike: {aws:PrincipalArn: ['arn:aws:iam::*:root']}}"),
     "DenyRootUser", "\"yes\""},
    {"root by ArnLike", DENY_IF("'*'", "{ArnLike: {aws:PrincipalArn: 'arn:aws:iam::*:root'}}"),
     "DenyRootUser", "\"yes\""},
    {"root but for central sessions",
     DENY_IF("'*'",
             "{ArnLike: {aws:PrincipalArn: 'arn:aws:iam::*:root'}, 'Null': {aws:AssumedRoot: 'true'}}"),
     "DenyRootUser", "\"yes\""},
    {"root by StringEquals, which takes no wildcard",
     DENY_IF("'*'", "{StringEquals: {aws:PrincipalArn: 'arn:aws:iam::*:root'}}"), "DenyRootUser", "\"no\""},
    {"root from one address",
     DENY_IF(
         "'*'",
         "{StringLike: {aws:PrincipalArn: 'arn:aws:iam::*:root'}, NotIpAddress: {aws:SourceIp: 192.0.2.4}}"),
     "DenyRootUser", "\"partly\""},
    {"root in one service", DENY_IF("'ec2:*'", "{StringLike: {aws:PrincipalArn: 'arn:aws:iam::*:root'}}"),
     "DenyRootUser", "\"partly\""},
    {"root but bucket policies",
     "{Statement: [{Effect: Deny, NotAction: ['s3:PutBucketPolicy'], Resource: '*', Condition: {ArnLike: "
     "{aws:PrincipalArn: 'arn:aws:iam::*:root'}}}]}",
     "DenyRootUser", "\"partly\""},
    {"roles alone", DENY_IF("'*'", "{ArnLike: {aws:PrincipalArn: 'arn:aws:iam::*:role/*'}}"), "DenyRootUser",
     "\"no\""},
    /* regions */
    {"two regions",
     "{Statement: [" GLOBAL
     "Condition: {StringNotEquals: {aws:RequestedRegion: [eu-west-1, eu-central-1]}}}]}",
     "LimitRegions", "\"yes\""},
    {"two regions, for all but a role",
     "{Statement: [" GLOBAL "Condition: {StringNotEquals: {aws:RequestedRegion: [eu-west-1]}, ArnNotLike: "
     "{aws:PrincipalArn: 'arn:aws:iam::*:role/Ops'}}}]}",
     "LimitRegions", "\"partly\""},
    {"every region", "{Statement: [" GLOBAL "Condition: {StringNotLike: {aws:RequestedRegion: '*'}}}]}",
     "LimitRegions", "\"no\""},
    {"regions that are denied",
     "{Statement: [" GLOBAL "Condition: {StringEquals: {aws:RequestedRegion: [us-east-2]}}}]}",
     "LimitRegions", "\"partly\""},
    {"regions of one service",
     "{Statement: [{Effect: Deny, Action: 'ec2:*', Resource: '*', Condition: {StringNotEquals: "
     "{aws:RequestedRegion: eu-west-1}}}]}",
     "LimitRegions", "\"partly\""},
    {"regions, service by service",
     "{Statement: [{Effect: Deny, Action: ['ec2:RunInstances', 'lambda:CreateFunction', "
     "'rds:CreateDBInstance', "
     "'dynamodb:CreateTable', 'ecs:CreateCluster', 'sagemaker:CreateNotebookInstance'], Resource: '*', "
     "Condition: "
     "{StringNotEquals: {aws:RequestedRegion: eu-west-1}}}]}",
     "LimitRegions", "\"yes\""},
    {"regions of all but one service",
     "{Statement: [{Effect: Deny, NotAction: ['dynamodb:*'], Resource: '*', Condition: {StringNotEquals: "
     "{aws:RequestedRegion: eu-west-1}}}]}",
     "LimitRegions", "\"partly\""},
    {"no word of regions", "{Statement: [" GLOBAL "Condition: {Bool: {aws:SecureTransport: 'false'}}}]}",
     "LimitRegions", "\"no\""},
    {"NotAction of everything",
     "{Statement: [{Effect: Deny, NotAction: '*', Resource: '*', Condition: {StringNotEquals: "
     "{aws:RequestedRegion: eu-west-1}}}]}",
     "LimitRegions", "\"no\""},
    /* multi-factor authentication */
    {"without MFA",
     "{Statement: [{Effect: Deny, Action: '*', Resource: '*', Condition: {BoolIfExists: "
     "{aws:MultiFactorAuthPresent: 'false'}}}]}",
     "DenyWithoutMfa", "\"yes\""},
    {"without MFA, as a boolean",
     "{Statement: [{Effect: Deny, Action: '*', Resource: '*', Condition: {BoolIfExists: "
     "{aws:MultiFactorAuthPresent: false}}}]}",
     "DenyWithoutMfa", "\"yes\""},
    {"without MFA, keys left out",
     "{Statement: [{Effect: Deny, Action: '*', Resource: '*', Condition: {Bool: {aws:MultiFactorAuthPresent: "
     "'false'}}}]}",
     "DenyWithoutMfa", "\"partly\""},
    {"with MFA",
     "{Statement: [{Effect: Deny, Action: '*', Resource: '*', Condition: {BoolIfExists: "
     "{aws:MultiFactorAuthPresent: 'true'}}}]}",
     "DenyWithoutMfa", "\"no\""},
    {"users without MFA",
     "{Statement: [{Effect: Deny, Action: '*', Resource: '*', Condition: {BoolIfExists: "
     "{aws:MultiFactorAuthPresent: 'false'}, ArnLike: {aws:PrincipalArn: 'arn:aws:iam::*:user/*'}}}]}",
     "DenyWithoutMfa", "\"yes\""},
    /* keys */
    {"no new keys", DENY("iam:CreateAccessKey"), "DenyAccessKeysForUsers", "\"yes\""},
    {"no new users", DENY("iam:CreateUser"), "DenyAccessKeysForUsers", "\"yes\""},
    {"neither", DENY("iam:DeleteUser"), "DenyAccessKeysForUsers", "\"no\""},
};

#define ORGANIZATION                                                                                         \
    "- [Vigil::Organization::Organization, '" M                                                              \
    "', '', o-1, {Id: o-1, FeatureSet: ALL, ManagementAccountId: '" M "', Arn: 'arn:aws:organizations::" M   \
    ":organization/o-1'}]\n"                                                                                 \
    "- [Vigil::Organization::Account, '" M "', '', '" M "', {Id: '" M "', Name: main, Status: ACTIVE}]\n"    \
    "- [Vigil::Organization::Account, '" A "', '', '" A "', {Id: '" A "', Name: shop, Status: ACTIVE}]\n"    \
    "- [Vigil::Organization::Account, '" B "', '', '" B "', {Id: '" B "', Name: bank, Status: ACTIVE}]\n"    \
    "- [Vigil::Organization::Root, '" M                                                                      \
    "', '', r-1, {Id: r-1, Name: Root, PolicyTypes: [{Type: SERVICE_CONTROL_POLICY, Status: ENABLED}, "      \
    "{Type: RESOURCE_CONTROL_POLICY, Status: ENABLED}]}]\n"                                                  \
    "- [Vigil::Organization::OrganizationalUnit, '" M "', '', ou-1, {Id: ou-1, Name: Workloads}]\n"          \
    "- [Vigil::Organization::OrganizationalUnit, '" M "', '', ou-2, {Id: ou-2, Name: Prod}]\n"               \
    "- [Vigil::Organization::Parent, '" M "', '', ou-1, {ChildId: ou-1, ParentId: r-1}]\n"                   \
    "- [Vigil::Organization::Parent, '" M "', '', ou-2, {ChildId: ou-2, ParentId: ou-1}]\n"                  \
    "- [Vigil::Organization::Parent, '" M "', '', '" A "', {ChildId: '" A "', ParentId: ou-2}]\n"            \
    "- [Vigil::Organization::Parent, '" M "', '', '" M "', {ChildId: '" M "', ParentId: r-1}]\n"

#define SCP                                                                                                  \
    "- [Vigil::Organization::Policy, '" M                                                                    \
    "', '', p-1, {Id: p-1, Name: guard, Type: SERVICE_CONTROL_POLICY, Content: %s}]\n"
#define TARGET(policy, target)                                                                               \
    "- [Vigil::Organization::PolicyTarget, '" M "', '', " policy "/" target ", {PolicyId: " policy           \
    ", TargetId: " target "}]\n"

/* The value of a guardrail of an account, as JSON; "absent" without one. */
static vg_str guardrail_of(vg_arena *arena, const char *evidence, const char *account, const char *guardrail)
{
    evidence_text e = read_evidence(arena, evidence);
    vg_content *content = read_content(arena, NULL);
    vg_assessment assessment = assess_evidence_text(&e, content, NULL, 1);
    const vg_subject *fact = find_subject(&assessment, "Vigil::Account::Guardrails", account, NULL, NULL);
    vg_doc doc;
    assert_non_null(fact);
    assert_int_equal(vg_json_read(arena, fact->resource.properties, VG_STR(""), NULL, &doc, NULL), VG_OK);
    const vg_value *value = vg_get(doc.root, vg_str_from(guardrail));
    vg_content_free(content);
    return value ? canonical_text(arena, value) : VG_STR("absent");
}

static void reads_what_a_policy_forbids(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < VG_COUNT(POLICIES); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_str evidence = vg_arena_printf(arena, ORGANIZATION SCP TARGET("p-1", "ou-1"), POLICIES[i].policy);
        vg_str got = guardrail_of(arena, evidence.ptr, A, POLICIES[i].guardrail);
        if (!vg_str_is(got, POLICIES[i].expected)) {
            print_error("%s: %s is %.*s, expected %s\n", POLICIES[i].name, POLICIES[i].guardrail, VG_ARG(got),
                        POLICIES[i].expected);
            wrong++;
        }
        vg_arena_free(arena);
    }
    assert_int_equal(wrong, 0);
}

#define DENY_LEAVE "{Statement: [{Effect: Deny, Action: '" LEAVE "', Resource: '*'}]}"
#define LEAVE_POLICY                                                                                         \
    "- [Vigil::Organization::Policy, '" M                                                                    \
    "', '', p-1, {Id: p-1, Name: guard, Type: SERVICE_CONTROL_POLICY, Content: " DENY_LEAVE "}]\n"
#define FULL_ACCESS                                                                                          \
    "- [Vigil::Organization::Policy, '" M                                                                    \
    "', '', p-FullAWSAccess, {Id: p-FullAWSAccess, Name: FullAWSAccess, AwsManaged: true, Type: "            \
    "SERVICE_CONTROL_POLICY, Content: {Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}}]\n"
#define ALLOW_SOME                                                                                           \
    "- [Vigil::Organization::Policy, '" M                                                                    \
    "', '', p-2, {Id: p-2, Name: list, Type: SERVICE_CONTROL_POLICY, Content: {Statement: [{Effect: Allow, " \
    "Action: ['s3:*'], Resource: '*'}]}}]\n"
#define ALLOW_ONE                                                                                            \
    "- [Vigil::Organization::Policy, '" M                                                                    \
    "', '', p-3, {Id: p-3, Name: one, Type: SERVICE_CONTROL_POLICY, Content: {Statement: [{Effect: Allow, "  \
    "Action: ['s3:*'], Resource: '*'}, {Effect: Allow, Action: '*', Resource: '*', Condition: {ArnLike: {"   \
    "'aws:PrincipalArn': 'arn:aws:iam::*:role/Mover'}}}]}}]\n"
#define ALLOW_REST                                                                                           \
    "- [Vigil::Organization::Policy, '" M                                                                    \
    "', '', p-4, {Id: p-4, Name: rest, Type: SERVICE_CONTROL_POLICY, Content: {Statement: [{Effect: Allow, " \
    "NotAction: ['organizations:*'], Resource: '*'}]}}]\n"

static const struct {
    const char *name, *evidence, *account, *key, *expected;
} PATHS[] = {
    {"attached to the root", ORGANIZATION LEAVE_POLICY TARGET("p-1", "r-1"), A, "DenyLeaveOrganization",
     "\"yes\""},
    {"attached to the OU above", ORGANIZATION LEAVE_POLICY TARGET("p-1", "ou-1"), A, "DenyLeaveOrganization",
     "\"yes\""},
    {"attached to its OU", ORGANIZATION LEAVE_POLICY TARGET("p-1", "ou-2"), A, "DenyLeaveOrganization",
     "\"yes\""},
    {"attached to it", ORGANIZATION LEAVE_POLICY TARGET("p-1", "'" A "'"), A, "DenyLeaveOrganization",
     "\"yes\""},
    {"attached to another account", ORGANIZATION LEAVE_POLICY TARGET("p-1", "'" B "'"), A,
     "DenyLeaveOrganization", "\"no\""},
    {"attached nowhere, as its targets say",
     ORGANIZATION LEAVE_POLICY "- [ledger, organizations:ListTargetsForPolicy, p-1, '" M "', '']\n", A,
     "DenyLeaveOrganization", "\"no\""},
    {"targets that nobody asked for", ORGANIZATION LEAVE_POLICY, A, "DenyLeaveOrganization", "absent"},
    {"the management account is not bound", ORGANIZATION LEAVE_POLICY TARGET("p-1", "r-1"), M,
     "DenyLeaveOrganization", "\"no\""},
    {"and says so", ORGANIZATION LEAVE_POLICY TARGET("p-1", "r-1"), M, "Bound", "false"},
    {"a member is", ORGANIZATION LEAVE_POLICY TARGET("p-1", "r-1"), A, "Bound", "true"},
    {"no parent known, attached to the root", ORGANIZATION LEAVE_POLICY TARGET("p-1", "r-1"), B,
     "DenyLeaveOrganization", "absent"},
    {"no parent known, attached to it", ORGANIZATION LEAVE_POLICY TARGET("p-1", "'" B "'"), B,
     "DenyLeaveOrganization", "\"yes\""},
    {"no content",
     ORGANIZATION "- [Vigil::Organization::PolicySummary, '" M
                  "', '', p-1, {Id: p-1, Type: SERVICE_CONTROL_POLICY}]\n" TARGET("p-1", "r-1"),
     A, "DenyLeaveOrganization", "absent"},
    {"another type of policy",
     ORGANIZATION "- [Vigil::Organization::Policy, '" M
                  "', '', p-1, {Id: p-1, Type: TAG_POLICY, Content: " DENY_LEAVE
                  "}]\n- [ledger, organizations:ListPolicies, '', '" M "', '']\n" TARGET("p-1", "r-1"),
     A, "DenyLeaveOrganization", "\"no\""},
    {"no policies at all", ORGANIZATION, A, "DenyLeaveOrganization", "absent"},
    {"none, as the list says", ORGANIZATION "- [ledger, organizations:ListPolicies, '', '" M "', '']\n", A,
     "DenyLeaveOrganization", "\"no\""},
    {"policies are off",
     "- [Vigil::Organization::Organization, '" M
     "', '', o-1, {Id: o-1, FeatureSet: CONSOLIDATED_BILLING, ManagementAccountId: '" M
     "'}]\n- [Vigil::Organization::Account, '" A "', '', '" A "', {Id: '" A "'}]\n",
     A, "DenyLeaveOrganization", "\"no\""},
    {"no organisation known",
     "- [Vigil::IAM::AccountSummary, '" A "', '', '" A "', {AccountMFAEnabled: 1}]\n", A,
     "DenyLeaveOrganization", "absent"},
    {"left out of an allow list",
     ORGANIZATION FULL_ACCESS ALLOW_SOME TARGET("p-FullAWSAccess", "r-1") TARGET("p-2", "ou-2"), A,
     "DenyLeaveOrganization", "\"yes\""},
    {"left out of an allow list, actions on resources",
     ORGANIZATION FULL_ACCESS ALLOW_SOME TARGET("p-FullAWSAccess", "r-1") TARGET("p-2", "ou-2"), A,
     "ProtectCloudTrail", "\"yes\""},
    {"taken in for one role",
     ORGANIZATION FULL_ACCESS ALLOW_ONE TARGET("p-FullAWSAccess", "r-1") TARGET("p-3", "ou-2"), A,
     "DenyLeaveOrganization", "\"partly\""},
    {"by all but what is named",
     ORGANIZATION FULL_ACCESS ALLOW_REST TARGET("p-FullAWSAccess", "r-1") TARGET("p-4", "ou-2"), A,
     "DenyLeaveOrganization", "\"yes\""},
    {"and what is not named is taken in",
     ORGANIZATION FULL_ACCESS ALLOW_REST TARGET("p-FullAWSAccess", "r-1") TARGET("p-4", "ou-2"), A,
     "ProtectConfig", "\"no\""},
    {"allow list beside full access",
     ORGANIZATION FULL_ACCESS ALLOW_SOME TARGET("p-FullAWSAccess", "r-1") TARGET("p-FullAWSAccess", "ou-2")
         TARGET("p-2", "ou-2"),
     A, "DenyLeaveOrganization", "\"no\""},
    {"policies on the path",
     ORGANIZATION FULL_ACCESS LEAVE_POLICY TARGET("p-FullAWSAccess", "r-1") TARGET("p-1", "ou-1")
         TARGET("p-1", "ou-2"),
     A, "ScpCount", "1"},
    {"an SCP above it", ORGANIZATION LEAVE_POLICY TARGET("p-1", "ou-1"), A, "OuScpAttached", "true"},
    {"an SCP on it alone", ORGANIZATION LEAVE_POLICY TARGET("p-1", "'" A "'"), A, "OuScpAttached", "false"},
};

static void reads_the_path_of_an_account(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < VG_COUNT(PATHS); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_str got = guardrail_of(arena, PATHS[i].evidence, PATHS[i].account, PATHS[i].key);
        if (!vg_str_is(got, PATHS[i].expected)) {
            print_error("%s: %s is %.*s, expected %s\n", PATHS[i].name, PATHS[i].key, VG_ARG(got),
                        PATHS[i].expected);
            wrong++;
        }
        vg_arena_free(arena);
    }
    assert_int_equal(wrong, 0);
}

#define RCP(condition)                                                                                       \
    "{Statement: [{Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*', Condition: " condition "}]}"
static const struct {
    const char *name, *content, *expected;
} PERIMETERS[] = {
    {"reading alone",
     "{Statement: [{Effect: Deny, Principal: '*', Action: 's3:GetObject', Resource: '*', Condition: "
     "{StringNotEqualsIfExists: {aws:PrincipalOrgID: o-1}}}]}",
     "\"partly\""},
    {"our organisation alone",
     RCP("{StringNotEqualsIfExists: {aws:PrincipalOrgID: o-1}, BoolIfExists: {aws:PrincipalIsAWSService: "
         "'false'}}"),
     "\"yes\""},
    {"a list of one", RCP("{StringNotEqualsIfExists: {aws:PrincipalOrgID: [o-1]}}"), "\"yes\""},
    {"a partner's too", RCP("{StringNotEqualsIfExists: {aws:PrincipalOrgID: [o-1, o-2]}}"), "\"partly\""},
    {"another organisation", RCP("{StringNotEqualsIfExists: {aws:PrincipalOrgID: o-2}}"), "\"partly\""},
    /* callers of no organisation are kept out */
    {"every organisation", RCP("{StringNotLikeIfExists: {aws:PrincipalOrgID: '*'}}"), "\"partly\""},
    {"our accounts, one by one",
     RCP("{StringNotEquals: {aws:PrincipalAccount: ['" M "', '" A "', '" B "']}}"), "\"yes\""},
    {"a partner's account too",
     RCP("{StringNotEqualsIfExists: {aws:PrincipalOrgID: o-1, aws:PrincipalAccount: '444455556666'}}"),
     "\"partly\""},
    {"a role of a partner",
     RCP("{StringNotEqualsIfExists: {aws:PrincipalOrgID: o-1}, ArnNotLike: {aws:PrincipalArn: "
         "'arn:aws:iam::444455556666:role/backup'}}"),
     "\"partly\""},
    {"no word of organisations", RCP("{Bool: {aws:SecureTransport: 'false'}}"), "\"no\""},
    {"with an exception by tag",
     RCP("{StringNotEqualsIfExists: {aws:PrincipalOrgID: o-1, 'aws:ResourceTag/open': 'true'}}"),
     "\"partly\""},
};

static void reads_data_perimeters(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < VG_COUNT(PERIMETERS); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_str evidence = vg_arena_printf(
            arena,
            ORGANIZATION
            "- [Vigil::Organization::Policy, '" M
            "', '', p-9, {Id: p-9, Type: RESOURCE_CONTROL_POLICY, Content: %s}]\n" TARGET("p-9", "r-1"),
            PERIMETERS[i].content);
        vg_str got = guardrail_of(arena, evidence.ptr, A, "RcpDataPerimeter");
        if (!vg_str_is(got, PERIMETERS[i].expected)) {
            print_error("%s: %.*s, expected %s\n", PERIMETERS[i].name, VG_ARG(got), PERIMETERS[i].expected);
            wrong++;
        }
        vg_arena_free(arena);
    }
    assert_int_equal(wrong, 0);
}

/* AWS's own samples, where they are at hand. Their exemption of a privileged role makes them partly; ${Account} and the
 * like are theirs to fill in: as they stand, an ARN with them in its region or account is that of no trail. */
static const struct {
    const char *file, *guardrail, *expected;
} SAMPLES[] = {
    {"Privileged-access-controls/Deny-member-accounts-from-leaving-your-AWS-organization.json",
     "DenyLeaveOrganization", "\"yes\""},
    {"Privileged-access-controls/"
     "Deny-the-root-user-from-performing-actions-except-S3-bucketpolicy-changes.json",
     "DenyRootUser", "\"partly\""},
    {"Deny-changes-to-security-services/Deny-enabling-and-disabling-AWS-Config.json", "ProtectConfig",
     "\"partly\""},
    {"Deny-changes-to-security-services/"
     "Deny-users-from-disabling-Amazon-GuardDuty-or-modifying-its-configuration.json",
     "ProtectGuardDuty", "\"partly\""},
    {"Deny-changes-to-security-services/Deny-modifications-to-specific-CloudTrail-trails.json",
     "ProtectCloudTrail", "\"no\""},
    {"Deny-changes-to-security-services/Deny-deletion-or-disassociation-or-updation-to-AWS-SecurityHub.json",
     "ProtectSecurityHub", "\"partly\""},
    {"Region-controls/Deny-access-to-AWS-based-on-the-requested-AWS-region.json", "LimitRegions",
     "\"partly\""},
    {"Service-specific-controls/Amazon-S3/Deny-users-from-deleting-Amazon-S3-buckets-or-objects.json",
     "ProtectCloudTrail", "\"no\""},
};

static void reads_the_samples_of_aws(void **state)
{
    const char *data = getenv("VIGIL_TEST_DATA");
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < VG_COUNT(SAMPLES); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_str path = vg_arena_printf(arena, "%s/iam-policies/aws-scp-examples/%s",
                                      data ? data : VIGIL_SOURCE_DIR "/../shared/data", SAMPLES[i].file);
        vg_str text;
        vg_doc doc;
        if (!vg_file_exists(path)) {
            print_message("not run: reads_the_samples_of_aws (no %.*s)\n", VG_ARG(path));
            vg_arena_free(arena);
            skip();
        }
        assert_int_equal(vg_file_read(arena, path, 1 << 20, &text, NULL), VG_OK);
        assert_int_equal(vg_json_read(arena, text, path, NULL, &doc, NULL), VG_OK);
        vg_str content = canonical_text(arena, doc.root);
        vg_str evidence = vg_arena_printf(arena, ORGANIZATION SCP TARGET("p-1", "r-1"), content.ptr);
        vg_str got = guardrail_of(arena, evidence.ptr, A, SAMPLES[i].guardrail);
        if (!vg_str_is(got, SAMPLES[i].expected)) {
            print_error("%s: %s is %.*s, expected %s\n", SAMPLES[i].file, SAMPLES[i].guardrail, VG_ARG(got),
                        SAMPLES[i].expected);
            wrong++;
        }
        vg_arena_free(arena);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_a_policy_forbids),
        cmocka_unit_test(reads_the_path_of_an_account),
        cmocka_unit_test(reads_data_perimeters),
        cmocka_unit_test(reads_the_samples_of_aws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
