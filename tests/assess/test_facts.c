/* test_facts.c: each fact, from the evidence that makes it: what is so, what is not, and what nobody can say. A table row
 * is evidence, the fact asked for, and its value as JSON ("absent" where it must not be said). */
#include "evidence_text.h"

#define ORG                                                                                                  \
    "- [Vigil::Organization::Organization, '" M                                                              \
    "', '', o-1, {Id: o-1, FeatureSet: ALL, ManagementAccountId: '" M "'}]\n"                                \
    "- [Vigil::Organization::Account, '" M "', '', '" M "', {Id: '" M                                        \
    "', Name: main, Email: 'root@example.com', Status: ACTIVE}]\n"                                           \
    "- [Vigil::Organization::Account, '" A "', '', '" A "', {Id: '" A                                        \
    "', Name: shop, Email: 'jane.doe@example.com', Status: ACTIVE}]\n"
#define UNIT(id, name, parent)                                                                               \
    "- [Vigil::Organization::OrganizationalUnit, '" M "', '', " id ", {Id: " id ", Name: '" name "'}]\n"     \
    "- [Vigil::Organization::Parent, '" M "', '', " id ", {ChildId: " id ", ParentId: " parent "}]\n"
#define PLACE(account, parent)                                                                               \
    "- [Vigil::Organization::Parent, '" M "', '', '" account "', {ChildId: '" account "', ParentId: " parent \
    "}]\n"
#define ROOT_UNIT           "- [Vigil::Organization::Root, '" M "', '', r-1, {Id: r-1, Name: Root}]\n"
#define SUMMARY(properties) "- [Vigil::IAM::AccountSummary, '" A "', '', '" A "', {" properties "}]\n"
#define ENTRY(id, properties)                                                                                \
    "- [Vigil::IAM::CredentialReportEntry, '" A "', '', 'arn:aws:iam::" A ":" id "', {" properties "}]\n"
#define ROOT(properties)       ENTRY("root", "User: '<root_account>', " properties)
#define USER(name, properties) ENTRY("user/" name, "User: " name ", " properties)
#define DETAILS(name, properties)                                                                            \
    "- [AWS::IAM::User, '" A "', '', 'arn:aws:iam::" A ":user/" name "', {UserName: " name ", " properties   \
    "}]\n"
#define READ(operation)                  "- [ledger, '" operation "', '', '" A "', '']\n"
#define READ_IN(operation, region)       "- [ledger, '" operation "', '', '" A "', " region "]\n"
#define IN(type, region, id, properties) "- [" type ", '" A "', " region ", '" id "', {" properties "}]\n"
#define REGION                                                                                               \
    IN("Vigil::Account::Region", "eu-west-1", "eu-west-1",                                                   \
       "RegionName: eu-west-1, RegionOptStatus: ENABLED_BY_DEFAULT")
#define TRAIL_ARN                    "arn:aws:cloudtrail:eu-west-1:" A ":trail/audit"
#define TRAIL(properties)            IN("AWS::CloudTrail::Trail", "eu-west-1", TRAIL_ARN, properties)
#define TRAIL_STATUS(properties)     IN("Vigil::CloudTrail::TrailStatus", "eu-west-1", TRAIL_ARN, properties)
#define COVERAGE(region, properties) IN("Vigil::CloudTrail::LogCoverage", region, region, properties)
#define MAPPING(name, environments)                                                                          \
    "- [Vigil::Workload::Mapping, '', '', " name ", {Name: " name ", Environments: [" environments "]}]\n"
#define ALLOW(action, resource)                                                                              \
    "{PolicyName: p, PolicyDocument: {Statement: [{Effect: Allow, Action: " action ", Resource: " resource   \
    "}]}}"
#define NO_MFA                                                                                               \
    "{PolicyName: m, PolicyDocument: {Statement: [{Effect: Deny, NotAction: ['iam:ChangePassword', "         \
    "'sts:GetSessionToken'], Resource: '*', Condition: {BoolIfExists: {aws:MultiFactorAuthPresent: "         \
    "'false'}}}]}}"
#define ROLE(name, trust)                                                                                    \
    "- [AWS::IAM::Role, '" A "', '', 'arn:aws:iam::" A ":role/" name "', {RoleName: " name                   \
    ", AssumeRolePolicyDocument: {Statement: [" trust "]}}]\n" READ("iam:GetAccountAuthorizationDetails")
#define TRUST(who, more) "{Effect: Allow, Action: 'sts:AssumeRole', Principal: " who more "}"
#define CONTACT(kind, properties)                                                                            \
    "- [Vigil::Account::AlternateContact, '" A "', '', " kind ", {" properties "}]\n"
#define ATTESTED(expires)                                                                                    \
    "- [Vigil::Attestation::Statement, '', '', drill, {Kind: drill, Scope: organization, Owner: o, Date: "   \
    "'2026-05-02', Expires: '" expires "', Details: {people: 3}}]\n"

#define ROOT_FACT       "Vigil::Account::Root"
#define CONTACTS_FACT   "Vigil::Account::Contacts"
#define PASSWORD_FACT   "Vigil::Account::PasswordPolicy"
#define USER_FACT       "Vigil::Account::User"
#define MFA_FACT        "Vigil::Account::MfaRequirement"
#define EXPOSURE_FACT   "Vigil::Account::Exposure"
#define ESCALATION_FACT "Vigil::Account::Escalation"
#define UNUSED_FACT     "Vigil::Account::UnusedAccess"
#define LINT_FACT       "Vigil::Account::PolicyLint"
#define ACCESS_FACT     "Vigil::Account::Access"
#define SERVICES_FACT   "Vigil::Region::Services"
#define TRAIL_FACT      "Vigil::Account::Trail"
#define ACCOUNT_FACT    "Vigil::Account::Account"
#define STRUCTURE_FACT  "Vigil::Organization::Structure"
#define WORKLOAD_FACT   "Vigil::Workload::Workload"
#define ATTESTED_FACT   "Vigil::Attestation::Attestation"

#define SNAPSHOT "- [ledger, config-snapshot, '', '" A "', '']\n"
#define BUCKET(blocked)                                                                                      \
    "- [AWS::S3::Bucket, '" A                                                                                \
    "', eu-west-1, 'arn:aws:s3:::books', {PublicAccessBlockConfiguration: {RestrictPublicBuckets: " blocked  \
    ", IgnorePublicAcls: " blocked                                                                           \
    "}, OwnershipControls: {Rules: [{ObjectOwnership: BucketOwnerEnforced}]}}]\n"                            \
    "- [AWS::S3::AccountPublicAccessBlock, '" A "', '', '" A                                                 \
    "', {RestrictPublicBuckets: false, IgnorePublicAcls: false}]\n"
#define OPEN_BUCKET                                                                                          \
    "- [AWS::S3::Bucket, '" A                                                                                \
    "', eu-west-1, 'arn:aws:s3:::books', {PublicAccessBlockConfiguration: {RestrictPublicBuckets: false}, "  \
    "OwnershipControls: {Rules: [{ObjectOwnership: BucketOwnerEnforced}]}}]\n"
#define LISTED_BUCKET(ignored)                                                                               \
    "- [AWS::S3::Bucket, '" A                                                                                \
    "', eu-west-1, 'arn:aws:s3:::books', {PublicAccessBlockConfiguration: {RestrictPublicBuckets: false, "   \
    "IgnorePublicAcls: " ignored "}}]\n"                                                                     \
    "- [Vigil::S3::BucketAcl, '" A "', eu-west-1, 'arn:aws:s3:::books', {Owner: a, Grants: [{Type: Group, "  \
    "Uri: 'http://acs.amazonaws.com/groups/global/AllUsers', Permission: READ}]}]\n"                         \
    "- [AWS::S3::AccountPublicAccessBlock, '" A "', '', '" A                                                 \
    "', {RestrictPublicBuckets: false, IgnorePublicAcls: false}]\n"                                          \
    "- [Vigil::Resource::Policy, '" A                                                                        \
    "', eu-west-1, 'arn:aws:s3:::books', {Type: AWS::S3::Bucket, Present: false}]\n"
#define OPEN_POLICY                                                                                          \
    "- [AWS::S3::BucketPolicy, '" A                                                                          \
    "', eu-west-1, 'arn:aws:s3:::books', {PolicyDocument: {Statement: [{Effect: Allow, Principal: '*', "     \
    "Action: 's3:GetObject', Resource: 'arn:aws:s3:::books/*'}]}}]\n"
#define PERIMETER                                                                                            \
    "- [Vigil::Organization::Root, '" M                                                                      \
    "', '', r-1, {Id: r-1, Name: Root, PolicyTypes: [{Type: RESOURCE_CONTROL_POLICY, Status: ENABLED}]}]\n"  \
    "- [Vigil::Organization::Parent, '" M "', '', '" A "', {ChildId: '" A "', ParentId: r-1}]\n"             \
    "- [Vigil::Organization::Policy, '" M                                                                    \
    "', '', p-9, {Id: p-9, Type: RESOURCE_CONTROL_POLICY, Content: {Version: '2012-10-17', Statement: "      \
    "[{Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*', Condition: {StringNotEqualsIfExists: "   \
    "{aws:PrincipalOrgID: o-1}}}]}}]\n"                                                                      \
    "- [Vigil::Organization::PolicyTarget, '" M "', '', p-9/r-1, {PolicyId: p-9, TargetId: r-1}]\n"          \
    "- [ledger, organizations:ListPolicies, RESOURCE_CONTROL_POLICY, '" M "', '']\n"                         \
    "- [ledger, organizations:ListTargetsForPolicy, p-9, '" M "', '']\n"
#define GITHUB(conditions)                                                                                   \
    "{Effect: Allow, Action: 'sts:AssumeRoleWithWebIdentity', Principal: {Federated: 'arn:aws:iam::" A       \
    ":oidc-provider/token.actions.githubusercontent.com'}, Condition: {StringEquals: {" conditions "}}}"
#define TOPIC(condition)                                                                                     \
    "- [AWS::SNS::Topic, '" A "', eu-west-1, 'arn:aws:sns:eu-west-1:" A ":news', {TopicName: news}]\n"       \
    "- [AWS::SNS::TopicPolicy, '" A "', eu-west-1, 'arn:aws:sns:eu-west-1:" A                                \
    ":news', {PolicyDocument: {Statement: [{Effect: Allow, Principal: {Service: s3.amazonaws.com}, Action: " \
    "'sns:Publish', Resource: 'arn:aws:sns:eu-west-1:" A ":news'" condition "}]}}]\n"
#define REVIEWED(date)                                                                                       \
    "- [Vigil::Attestation::Statement, '', '', access-review, {Kind: access-review, Scope: organization, "   \
    "Date: '" date "', Expires: '2099-01-01'}]\n"
#define ESCALATOR(action)                                                                                    \
    "- [AWS::IAM::Role, '" A "', '', 'arn:aws:iam::" A                                                       \
    ":role/ci', {RoleName: ci, AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Action: "              \
    "'sts:AssumeRole', Principal: {Service: codebuild.amazonaws.com}}]}, Policies: [{PolicyName: p, "        \
    "PolicyDocument: {Statement: [{Effect: Allow, Action: ['" action                                         \
    "', 'lambda:CreateFunction', 'lambda:InvokeFunction'], Resource: '*'}]}}]}, " SEEN_BY_IAM "]\n"          \
    "- [AWS::IAM::Role, '" A "', '', 'arn:aws:iam::" A                                                       \
    ":role/admin', {RoleName: admin, AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Action: "        \
    "'sts:AssumeRole', Principal: {Service: lambda.amazonaws.com}}]}, ManagedPolicyArns: "                   \
    "['arn:aws:iam::aws:policy/AdministratorAccess']}, " SEEN_BY_IAM                                         \
    "]\n" READ("iam:GetAccountAuthorizationDetails")
#define NO_SCPS     "- [Vigil::Organization::Root, '" M "', '', r-1, {Id: r-1, Name: Root, PolicyTypes: []}]\n"
#define SEEN_BY_IAM "'2026-06-01T00:00:00Z', 'iam:GetAccountAuthorizationDetails'"

/* One role, made long ago, that may use s3 and sqs; `more` of its properties. */
#define WORKER(created, more)                                                                                \
    "- [AWS::IAM::Role, '" A "', '', 'arn:aws:iam::" A ":role/w', {RoleName: w, CreateDate: '" created       \
    "', AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: "        \
    "{Service: lambda.amazonaws.com}}]}, Policies: [{PolicyName: p, PolicyDocument: {Version: "              \
    "'2012-10-17', Statement: [{Effect: Allow, Action: ['s3:ListBucket', 's3:PutBucketPolicy', "             \
    "'sqs:SendMessage', 'sqs:DeleteQueue'], Resource: '*'}]}}]" more "}, " SEEN_BY_IAM                       \
    "]\n" READ("iam:GetAccountAuthorizationDetails")
#define LAST_USED(done, s3)                                                                                  \
    "- [Vigil::IAM::LastAccessed, '" A "', '', 'arn:aws:iam::" A ":role/w', {Arn: 'arn:aws:iam::" A          \
    ":role/w', JobStatus: COMPLETED, JobCompletionDate: '" done "', Services: [{ServiceNamespace: s3" s3     \
    "}, {ServiceNamespace: sqs}]}, '2026-06-01T00:00:00Z']\n"
#define TRACKED                                                                                              \
    ", LastAuthenticated: '2026-05-30T00:00:00Z', Actions: [{ActionName: ListBucket, LastAccessedTime: "     \
    "'2026-05-30T00:00:00Z'}, {ActionName: PutBucketPolicy}]"
/* A policy of the account's own, and the place of a statement in it. */
#define WRITTEN(statement)                                                                                   \
    "- [AWS::IAM::ManagedPolicy, '" A "', '', 'arn:aws:iam::" A                                              \
    ":policy/p', {PolicyDocument: {Version: '2012-10-17', Statement: [" statement "]}}, " SEEN_BY_IAM        \
    "]\n" READ("iam:GetAccountAuthorizationDetails")

static const struct {
    const char *name, *evidence, *type, *key, *expected, *now;
} CASES[] = {
    /* root */
    {"MFA by the summary", SUMMARY("AccountMFAEnabled: 1"), ROOT_FACT, "MfaActive", "true", NULL},
    {"no MFA by the report", ROOT("MfaActive: false"), ROOT_FACT, "MfaActive", "false", NULL},
    {"the later of both",
     "- [Vigil::IAM::AccountSummary, '" A "', '', '" A
     "', {AccountMFAEnabled: 1}, '2026-07-01']\n" ROOT("MfaActive: false"),
     ROOT_FACT, "MfaActive", "true", NULL},
    {"neither", ORG, ROOT_FACT, "MfaActive", "absent", NULL},
    {"hardware: no virtual device", SUMMARY("AccountMFAEnabled: 1") READ("iam:ListVirtualMFADevices"),
     ROOT_FACT, "MfaHardware", "true", NULL},
    {"hardware: devices not listed", SUMMARY("AccountMFAEnabled: 1"), ROOT_FACT, "MfaHardware", "absent",
     NULL},
    {"hardware: root's virtual device",
     SUMMARY("AccountMFAEnabled: 1") "- [Vigil::IAM::VirtualMfaDevice, '" A "', '', 'arn:aws:iam::" A
                                     ":mfa/phone', {User: {Arn: 'arn:aws:iam::" A ":root'}}]\n",
     ROOT_FACT, "MfaHardware", "false", NULL},
    {"hardware: another's virtual device",
     SUMMARY("AccountMFAEnabled: 1") "- [Vigil::IAM::VirtualMfaDevice, '" A "', '', 'arn:aws:iam::" A
                                     ":mfa/jane', {User: {Arn: 'arn:aws:iam::" A ":user/jane'}}]\n",
     ROOT_FACT, "MfaHardware", "true", NULL},
    {"hardware: no MFA", SUMMARY("AccountMFAEnabled: 0"), ROOT_FACT, "MfaHardware", "false", NULL},
    {"keys by the summary", SUMMARY("AccountAccessKeysPresent: 1"), ROOT_FACT, "AccessKeysPresent", "true",
     NULL},
    {"no keys by the report", ROOT("AccessKey1Active: false, AccessKey2Active: false"), ROOT_FACT,
     "AccessKeysPresent", "false", NULL},
    {"the second key", ROOT("AccessKey1Active: false, AccessKey2Active: true"), ROOT_FACT,
     "AccessKeysPresent", "true", NULL},
    {"no credentials", SUMMARY("AccountPasswordPresent: 0, AccountAccessKeysPresent: 0"), ROOT_FACT,
     "CredentialsPresent", "false", NULL},
    {"a password", SUMMARY("AccountPasswordPresent: 1, AccountAccessKeysPresent: 0"), ROOT_FACT,
     "CredentialsPresent", "true", NULL},
    {"a password that nobody told of", SUMMARY("AccountAccessKeysPresent: 0"), ROOT_FACT,
     "CredentialsPresent", "absent", NULL},
    {"last used, by the evidence's time",
     ROOT("PasswordLastUsed: '2026-05-22T00:00:00Z', AccessKey1LastUsedDate: '2026-01-01'"), ROOT_FACT,
     "LastUsedDays", "10", NULL},
    {"last used, by --now", ROOT("PasswordLastUsed: '2026-05-22T00:00:00Z'"), ROOT_FACT, "LastUsedDays", "41",
     "2026-07-02"},
    {"never used", ROOT("MfaActive: true"), ROOT_FACT, "EverUsed", "false", NULL},
    {"never used has no days", ROOT("MfaActive: true"), ROOT_FACT, "LastUsedDays", "absent", NULL},
    {"central root access",
     ORG "- [Vigil::IAM::OrganizationsFeatures, '" M
         "', '', o-1, {EnabledFeatures: [RootCredentialsManagement]}]\n",
     ROOT_FACT, "CredentialsManagedCentrally", "true", NULL},
    {"central sessions are off",
     ORG "- [Vigil::IAM::OrganizationsFeatures, '" M
         "', '', o-1, {EnabledFeatures: [RootCredentialsManagement]}]\n",
     ROOT_FACT, "RootSessionsEnabled", "false", NULL},
    {"the report, when it is the later",
     "- [Vigil::IAM::AccountSummary, '" A "', '', '" A
     "', {AccountMFAEnabled: 1}, '2026-05-01']\n" ROOT("MfaActive: false"),
     ROOT_FACT, "MfaActive", "false", NULL},
    {"last used by a key, later than by the password",
     ROOT("PasswordLastUsed: '2026-01-01', AccessKey1LastUsedDate: '2026-05-22T00:00:00Z'"), ROOT_FACT,
     "LastUsedDays", "10", NULL},
    {"keys alone are credentials", SUMMARY("AccountPasswordPresent: 0, AccountAccessKeysPresent: 1"),
     ROOT_FACT, "CredentialsPresent", "true", NULL},
    {"hardware: root's virtual device by its serial number",
     SUMMARY("AccountMFAEnabled: 1") "- [Vigil::IAM::VirtualMfaDevice, '" A "', '', 'arn:aws:iam::" A
                                     ":mfa/root-account-mfa-device', {}]\n",
     ROOT_FACT, "MfaHardware", "false", NULL},
    /* contacts */
    {"a security contact", CONTACT("SECURITY", "Present: true, EmailAddress: 'soc@example.com'"),
     CONTACTS_FACT, "Security", "true", NULL},
    {"known to have none", CONTACT("SECURITY", "Present: false"), CONTACTS_FACT, "Security", "false", NULL},
    {"nobody asked", CONTACT("BILLING", "Present: true"), CONTACTS_FACT, "Security", "absent", NULL},
    {"another address than the account's",
     ORG CONTACT("SECURITY", "Present: true, EmailAddress: 'soc@example.com'"), CONTACTS_FACT,
     "SecurityDiffersFromPrimary", "true", NULL},
    {"the account's own, case aside",
     ORG CONTACT("SECURITY", "Present: true, EmailAddress: 'Jane.Doe@example.com'"), CONTACTS_FACT,
     "SecurityDiffersFromPrimary", "false", NULL},
    {"primary without phone",
     "- [Vigil::Account::ContactInformation, '" A "', '', '" A "', {FullName: x, AddressLine1: y}]\n",
     CONTACTS_FACT, "Primary", "false", NULL},
    {"a person's address", ORG, CONTACTS_FACT, "PrimaryEmailIsShared", "false", NULL},
    {"a group's address, with plus",
     "- [Vigil::Account::PrimaryEmail, '" A "', '', '" A "', {PrimaryEmail: 'aws+shop@example.com'}]\n",
     CONTACTS_FACT, "PrimaryEmailIsShared", "true", NULL},
    {"a contact for operations", CONTACT("SECURITY", "Present: true") CONTACT("OPERATIONS", "Present: false"),
     CONTACTS_FACT, "Operations", "false", NULL},
    {"a contact for billing", CONTACT("SECURITY", "Present: true") CONTACT("BILLING", "Present: false"),
     CONTACTS_FACT, "Billing", "false", NULL},
    {"primary, whole",
     "- [Vigil::Account::ContactInformation, '" A "', '', '" A
     "', {FullName: x, PhoneNumber: '1', AddressLine1: y}]\n",
     CONTACTS_FACT, "Primary", "true", NULL},
    {"an address that begins with aws",
     "- [Vigil::Account::PrimaryEmail, '" A "', '', '" A "', {PrimaryEmail: 'awsshop@example.com'}]\n",
     CONTACTS_FACT, "PrimaryEmailIsShared", "true", NULL},
    /* password policy */
    {"AWS's default", "- [Vigil::IAM::PasswordPolicy, '" A "', '', '" A "', {Present: false}]\n",
     PASSWORD_FACT, "MinimumPasswordLength", "8", NULL},
    {"its own",
     "- [Vigil::IAM::PasswordPolicy, '" A "', '', '" A "', {Present: true, MinimumPasswordLength: 14}]\n",
     PASSWORD_FACT, "MinimumPasswordLength", "14", NULL},
    {"remembers nothing", "- [Vigil::IAM::PasswordPolicy, '" A "', '', '" A "', {Present: true}]\n",
     PASSWORD_FACT, "PasswordReusePrevention", "0", NULL},
    {"nobody asked for it", SUMMARY("Users: 1"), PASSWORD_FACT, "MinimumPasswordLength", "absent", NULL},
    {"users with a password",
     ROOT("MfaActive: true") USER("jane", "PasswordEnabled: true") USER("bot", "PasswordEnabled: false"),
     PASSWORD_FACT, "PasswordUsers", "1", NULL},
    {"symbols asked for",
     "- [Vigil::IAM::PasswordPolicy, '" A "', '', '" A "', {Present: true, RequireSymbols: true}]\n",
     PASSWORD_FACT, "RequireSymbols", "true", NULL},
    {"symbols not asked for",
     "- [Vigil::IAM::PasswordPolicy, '" A "', '', '" A "', {Present: true, RequireSymbols: false}]\n",
     PASSWORD_FACT, "RequireSymbols", "false", NULL},
    /* users */
    {"a user's MFA", USER("jane", "PasswordEnabled: true, MfaActive: true"), USER_FACT, "MfaActive", "true",
     NULL},
    {"password unused since use", USER("jane", "PasswordEnabled: true, PasswordLastUsed: '2026-05-01'"),
     USER_FACT, "PasswordUnusedDays", "31", NULL},
    {"never used, since it was set",
     USER("jane", "PasswordEnabled: true, PasswordLastChanged: '2026-04-01', UserCreationTime: '2020-01-01'"),
     USER_FACT, "PasswordUnusedDays", "61", NULL},
    {"no password, no days", USER("jane", "PasswordEnabled: false, PasswordLastUsed: '2026-05-01'"),
     USER_FACT, "PasswordUnusedDays", "absent", NULL},
    {"active keys", USER("bot", "AccessKey1Active: true, AccessKey2Active: false"), USER_FACT, "ActiveKeys",
     "1", NULL},
    {"the older key",
     USER("bot", "AccessKey1Active: true, AccessKey1LastRotated: '2026-05-01', AccessKey2Active: true, "
                 "AccessKey2LastRotated: '2026-03-03'"),
     USER_FACT, "OldestKeyAgeDays", "90", NULL},
    {"an inactive key does not age",
     USER("bot", "AccessKey1Active: true, AccessKey1LastRotated: '2026-05-01', AccessKey2Active: false, "
                 "AccessKey2LastRotated: '2020-01-01'"),
     USER_FACT, "OldestKeyAgeDays", "31", NULL},
    {"key unused since rotation", USER("bot", "AccessKey1Active: true, AccessKey1LastRotated: '2026-05-22'"),
     USER_FACT, "KeyUnusedDays", "10", NULL},
    {"privileged by an inline policy",
     DETAILS("jane", "Policies: [" ALLOW("'*'", "'*'") "]") READ("iam:GetAccountAuthorizationDetails"),
     USER_FACT, "Privileged", "true", NULL},
    {"privileged by AWS's policy",
     DETAILS("jane", "ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess']")
         READ("iam:GetAccountAuthorizationDetails"),
     USER_FACT, "Privileged", "true", NULL},
    {"privileged by a policy that can be changed",
     DETAILS("jane", "Policies: [" ALLOW("'iam:CreatePolicyVersion'", "'*'") "]")
         READ("iam:GetAccountAuthorizationDetails"),
     USER_FACT, "Privileged", "true", NULL},
    {"privileged through a group",
     DETAILS("jane",
             "Groups: [ops]") "- [AWS::IAM::Group, '" A
                              "', '', g, {GroupName: ops, Policies: [" ALLOW("'iam:*'", "'*'") "]}]\n" READ(
                                  "iam:GetAccountAuthorizationDetails"),
     USER_FACT, "Privileged", "true", NULL},
    {"privileged by a managed policy",
     DETAILS("jane",
             "ManagedPolicyArns: ['arn:aws:iam::" A
             ":policy/big']") "- [AWS::IAM::ManagedPolicy, '" A "', '', 'arn:aws:iam::" A
                              ":policy/big', {PolicyDocument: {Statement: {Effect: Allow, NotAction: "
                              "['s3:*'], Resource: '*'}}}]\n" READ("iam:GetAccountAuthorizationDetails"),
     USER_FACT, "Privileged", "true", NULL},
    {"a power user is not",
     DETAILS("jane", "Policies: [{PolicyDocument: {Statement: [{Effect: Allow, NotAction: ['iam:*', "
                     "'organizations:*'], Resource: '*'}]}}]") READ("iam:GetAccountAuthorizationDetails"),
     USER_FACT, "Privileged", "false", NULL},
    {"who manages its own keys is not",
     DETAILS("jane",
             "Policies: [" ALLOW("'iam:CreateAccessKey'", "'arn:aws:iam::*:user/${aws:username}'") "]")
         READ("iam:GetAccountAuthorizationDetails"),
     USER_FACT, "Privileged", "false", NULL},
    {"who may read is not",
     DETAILS("jane", "Policies: [" ALLOW("['s3:Get*', 'iam:List*']", "'*'") "]")
         READ("iam:GetAccountAuthorizationDetails"),
     USER_FACT, "Privileged", "false", NULL},
    {"no details, no word of privilege", USER("jane", "MfaActive: true"), USER_FACT, "Privileged", "absent",
     NULL},
    {"attached to the user",
     DETAILS("jane", "Policies: [" ALLOW("'s3:*'", "'*'") "]") READ("iam:GetAccountAuthorizationDetails"),
     USER_FACT, "AttachedDirectly", "true", NULL},
    {"by groups alone",
     DETAILS("jane", "Groups: [ops], Policies: []") READ("iam:GetAccountAuthorizationDetails"), USER_FACT,
     "AttachedDirectly", "false", NULL},
    {"the key that is unused for longer",
     USER("bot", "AccessKey1Active: true, AccessKey1LastUsedDate: '2026-05-22', AccessKey2Active: true, "
                 "AccessKey2LastUsedDate: '2026-05-02'"),
     USER_FACT, "KeyUnusedDays", "30", NULL},
    {"privileged by making keys for others",
     DETAILS("jane", "Policies: [" ALLOW("'iam:CreateAccessKey'", "'*'") "]")
         READ("iam:GetAccountAuthorizationDetails"),
     USER_FACT, "Privileged", "true", NULL},
    {"privileged by AWS's policy for IAM",
     DETAILS("jane", "ManagedPolicyArns: ['arn:aws:iam::aws:policy/IAMFullAccess']")
         READ("iam:GetAccountAuthorizationDetails"),
     USER_FACT, "Privileged", "true", NULL},
    /* MFA required */
    {"no user has a password", ROOT("MfaActive: true") USER("bot", "PasswordEnabled: false"), MFA_FACT,
     "ForUsers", "\"yes\"", NULL},
    {"all users are denied without",
     USER("jane", "PasswordEnabled: true") DETAILS("jane", "Policies: [" NO_MFA "]")
         READ("iam:GetAccountAuthorizationDetails"),
     MFA_FACT, "ForUsers", "\"yes\"", NULL},
    {"one of two",
     USER("jane", "PasswordEnabled: true") USER("joe", "PasswordEnabled: true")
         DETAILS("jane", "Policies: [{PolicyDocument: {Statement: {Effect: Deny, Action: '*', Resource: '*', "
                         "Condition: {BoolIfExists: {aws:MultiFactorAuthPresent: false}}}}}]")
             DETAILS("joe", "Policies: []") READ("iam:GetAccountAuthorizationDetails"),
     MFA_FACT, "ForUsers", "\"partly\"", NULL},
    {"the whole of them",
     USER("jane", "PasswordEnabled: true")
         DETAILS("jane", "Policies: [{PolicyDocument: {Statement: {Effect: Deny, Action: '*', Resource: '*', "
                         "Condition: {BoolIfExists: {aws:MultiFactorAuthPresent: false}}}}}]")
             READ("iam:GetAccountAuthorizationDetails"),
     MFA_FACT, "ForUsers", "\"yes\"", NULL},
    {"a device is no requirement",
     USER("jane", "PasswordEnabled: true, MfaActive: true") DETAILS("jane", "Policies: []")
         READ("iam:GetAccountAuthorizationDetails"),
     MFA_FACT, "ForUsers", "\"no\"", NULL},
    {"policies unknown", USER("jane", "PasswordEnabled: true"), MFA_FACT, "ForUsers", "absent", NULL},
    {"Identity Center", ORG "- [Vigil::IdentityCenter::Instance, '" M "', '', i, {Status: ACTIVE}]\n",
     MFA_FACT, "IdentityCenter", "true", NULL},
    {"no Identity Center", ORG "- [ledger, 'sso-admin:ListInstances', '', '" M "', '']\n", MFA_FACT,
     "IdentityCenter", "false", NULL},
    {"some by an SCP, none by their policies",
     ORG ROOT_UNIT PLACE(A, "r-1") USER("jane", "PasswordEnabled: true") DETAILS("jane", "Policies: []") READ(
         "iam:GetAccountAuthorizationDetails") "- [Vigil::Organization::Policy, '" M
                                               "', '', p-1, {Name: mfa, Type: SERVICE_CONTROL_POLICY, "
                                               "Content: "
                                               "{Statement: [{Effect: Deny, Action: 's3:*', Resource: '*', "
                                               "Condition: {BoolIfExists: {aws:MultiFactorAuthPresent: "
                                               "'false'}}}]}}]\n- [Vigil::Organization::PolicyTarget, '" M
                                               "', '', p-1/r-1, {PolicyId: p-1, TargetId: r-1}]\n",
     MFA_FACT, "ForUsers", "\"partly\"", NULL},
    {"a user of whom nobody gave the policies",
     USER("jane", "PasswordEnabled: true") USER("joe", "PasswordEnabled: true")
         DETAILS("jane", "Policies: []") READ("iam:GetAccountAuthorizationDetails"),
     MFA_FACT, "ForUsers", "absent", NULL},
    /* access */
    {"a policy that allows all",
     "- [AWS::IAM::ManagedPolicy, '" A "', '', 'arn:aws:iam::" A
     ":policy/all', {PolicyDocument: {Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}}]\n" READ(
         "iam:GetAccountAuthorizationDetails"),
     ACCESS_FACT, "AdministratorPolicies", "[\"arn:aws:iam::" A ":policy/all\"]", NULL},
    {"AWS's own is not the customer's",
     "- [AWS::IAM::ManagedPolicy, '" A
     "', '', 'arn:aws:iam::aws:policy/AdministratorAccess', {PolicyDocument: {Statement: [{Effect: Allow, "
     "Action: '*', Resource: '*'}]}}]\n" READ("iam:GetAccountAuthorizationDetails"),
     ACCESS_FACT, "AdministratorPolicies", "[]", NULL},
    {"anybody is trusted", ROLE("open", TRUST("{AWS: '*'}", "")), ACCESS_FACT, "PublicTrusts",
     "[\"arn:aws:iam::" A ":role/open\"]", NULL},
    {"anybody, by a pattern of actions",
     ROLE("open", "{Effect: Allow, Action: 'sts:*', Principal: {AWS: '*'}}"), ACCESS_FACT, "PublicTrusts",
     "[\"arn:aws:iam::" A ":role/open\"]", NULL},
    {"anybody, by a pattern of actions that take no role",
     ROLE("open", "{Effect: Allow, Action: 'sts:Get*', Principal: {AWS: '*'}}"), ACCESS_FACT, "PublicTrusts",
     "[]", NULL},
    {"anybody with a condition",
     ROLE("open", TRUST("'*'", ", Condition: {StringEquals: {aws:PrincipalOrgID: o-1}}")), ACCESS_FACT,
     "PublicTrusts", "[]", NULL},
    {"a service is trusted", ROLE("fn", TRUST("{Service: lambda.amazonaws.com}", "")), ACCESS_FACT,
     "PublicTrusts", "[]", NULL},
    {"a stranger", ORG ROLE("vendor", TRUST("{AWS: 'arn:aws:iam::999999999999:root'}", "")), ACCESS_FACT,
     "ExternalTrustsWithoutCondition", "[\"arn:aws:iam::" A ":role/vendor\"]", NULL},
    {"a stranger with an external id",
     ORG ROLE("vendor", TRUST("{AWS: '999999999999'}", ", Condition: {StringEquals: {'sts:ExternalId': x}}")),
     ACCESS_FACT, "ExternalTrustsWithoutCondition", "[]", NULL},
    {"a neighbour of the organisation", ORG ROLE("main", TRUST("{AWS: ['arn:aws:iam::" M ":root']}", "")),
     ACCESS_FACT, "ExternalTrustsWithoutCondition", "[]", NULL},
    {"strangers when nobody knows the accounts", ROLE("vendor", TRUST("{AWS: '999999999999'}", "")),
     ACCESS_FACT, "ExternalTrustsWithoutCondition", "absent", NULL},
    {"support",
     "- [AWS::IAM::Role, '" A
     "', '', r, {ManagedPolicyArns: ['arn:aws:iam::aws:policy/AWSSupportAccess']}]\n" READ(
         "iam:GetAccountAuthorizationDetails"),
     ACCESS_FACT, "SupportRole", "true", NULL},
    {"a policy that allows all but without MFA",
     "- [AWS::IAM::ManagedPolicy, '" A "', '', 'arn:aws:iam::" A
     ":policy/all', {PolicyDocument: {Statement: [{Effect: Allow, Action: '*', Resource: '*'}, {Effect: "
     "Deny, "
     "Action: '*', Resource: '*', Condition: {BoolIfExists: {aws:MultiFactorAuthPresent: "
     "'false'}}}]}}]\n" READ("iam:GetAccountAuthorizationDetails"),
     ACCESS_FACT, "AdministratorPolicies", "[\"arn:aws:iam::" A ":policy/all\"]", NULL},
    {"a policy that allows all but IAM",
     "- [AWS::IAM::ManagedPolicy, '" A "', '', 'arn:aws:iam::" A
     ":policy/all', {PolicyDocument: {Statement: [{Effect: Allow, NotAction: 'iam:*', Resource: "
     "'*'}]}}]\n" READ("iam:GetAccountAuthorizationDetails"),
     ACCESS_FACT, "AdministratorPolicies", "[]", NULL},
    {"anybody reads a bucket", ORG NO_SCPS BUCKET("false") OPEN_POLICY SNAPSHOT, EXPOSURE_FACT,
     "PublicResources", "[\"arn:aws:s3:::books\"]", NULL},
    {"a bucket that RCPs nobody collected may close", ORG BUCKET("false") OPEN_POLICY SNAPSHOT, EXPOSURE_FACT,
     "UnknownResources", "[\"arn:aws:s3:::books\"]", NULL},
    {"which is not open for certain", ORG BUCKET("false") OPEN_POLICY SNAPSHOT, EXPOSURE_FACT,
     "PublicResources", "[]", NULL},
    {"a role that RCPs nobody collected may close: no list of it", ORG ROLE("open", TRUST("{AWS: '*'}", "")),
     EXPOSURE_FACT, "PublicRoles", "absent", NULL},
    {"a bucket that its access control list opens", ORG NO_SCPS LISTED_BUCKET("false") SNAPSHOT,
     EXPOSURE_FACT, "PublicResources", "[\"arn:aws:s3:::books\"]", NULL},
    {"a list that Block Public Access voids", ORG NO_SCPS LISTED_BUCKET("true") SNAPSHOT, EXPOSURE_FACT,
     "PublicResources", "[]", NULL},
    {"a bucket that Block Public Access closes", ORG BUCKET("true") OPEN_POLICY SNAPSHOT, EXPOSURE_FACT,
     "PublicResources", "[]", NULL},
    {"a bucket that a block nobody collected may close", ORG OPEN_BUCKET OPEN_POLICY SNAPSHOT, EXPOSURE_FACT,
     "PublicResources", "[]", NULL},
    {"which is unknown", ORG OPEN_BUCKET OPEN_POLICY SNAPSHOT, EXPOSURE_FACT, "UnknownResources",
     "[\"arn:aws:s3:::books\"]", NULL},
    {"a bucket that an RCP closes", ORG BUCKET("false") OPEN_POLICY SNAPSHOT PERIMETER, EXPOSURE_FACT,
     "PublicResources", "[]", NULL},
    {"no snapshot: whether anything is open is not known", ORG ROLE("open", TRUST("{AWS: '*'}", "")),
     EXPOSURE_FACT, "PublicResources", "absent", NULL},
    {"a role that anybody assumes", ORG NO_SCPS ROLE("open", TRUST("{AWS: '*'}", "")), EXPOSURE_FACT,
     "PublicRoles", "[\"arn:aws:iam::" A ":role/open\"]", NULL},
    {"GitHub without a subject",
     ORG NO_SCPS ROLE("ci", GITHUB("'token.actions.githubusercontent.com:aud': sts.amazonaws.com")),
     EXPOSURE_FACT, "ProviderRoles", "[\"arn:aws:iam::" A ":role/ci\"]", NULL},
    {"GitHub with one",
     ORG ROLE("ci", GITHUB("'token.actions.githubusercontent.com:aud': sts.amazonaws.com, "
                           "'token.actions.githubusercontent.com:sub': 'repo:us/it:ref:refs/heads/main'")),
     EXPOSURE_FACT, "ProviderRoles", "[]", NULL},
    {"with an audience that is asked for",
     ORG ROLE("ci", GITHUB("'token.actions.githubusercontent.com:aud': sts.amazonaws.com, "
                           "'token.actions.githubusercontent.com:sub': 'repo:us/it:ref:refs/heads/main'")),
     EXPOSURE_FACT, "AnyAudienceRoles", "[]", NULL},
    {"and with none",
     ORG NO_SCPS ROLE("ci",
                      GITHUB("'token.actions.githubusercontent.com:sub': 'repo:us/it:ref:refs/heads/main'")),
     EXPOSURE_FACT, "AnyAudienceRoles", "[\"arn:aws:iam::" A ":role/ci\"]", NULL},
    {"whose holder is no stranger",
     ORG NO_SCPS ROLE("ci",
                      GITHUB("'token.actions.githubusercontent.com:sub': 'repo:us/it:ref:refs/heads/main'"))
         SNAPSHOT,
     EXPOSURE_FACT, "ExternalResources", "[]", NULL},
    {"a service that acts for anyone", ORG NO_SCPS TOPIC("") SNAPSHOT, EXPOSURE_FACT, "ServiceResources",
     "[\"arn:aws:sns:eu-west-1:" A ":news\"]", NULL},
    {"and for us alone", ORG TOPIC(", Condition: {StringEquals: {aws:SourceAccount: '" A "'}}") SNAPSHOT,
     EXPOSURE_FACT, "ServiceResources", "[]", NULL},
    {"a vendor's account", ORG NO_SCPS ROLE("vendor", TRUST("{AWS: '999999999999'}", "")) SNAPSHOT,
     EXPOSURE_FACT, "ExternalResources", "[\"arn:aws:iam::" A ":role/vendor\"]", NULL},
    {"which is no token", ORG NO_SCPS ROLE("vendor", TRUST("{AWS: '999999999999'}", "")) SNAPSHOT,
     EXPOSURE_FACT, "AnyAudienceRoles", "[]", NULL},
    {"an account of ours", ORG ROLE("ours", TRUST("{AWS: '" M "'}", "")) SNAPSHOT, EXPOSURE_FACT,
     "ExternalResources", "[]", NULL},
    {"our own people sign in",
     ORG ROLE("sso",
              "{Effect: Allow, Action: 'sts:AssumeRoleWithSAML', Principal: {Federated: 'arn:aws:iam::" A
              ":saml-provider/sso'}, Condition: {StringEquals: {'SAML:aud': "
              "'https://signin.aws.amazon.com/saml'}}}") SNAPSHOT,
     EXPOSURE_FACT, "ExternalResources", "[]", NULL},
    {"a key whose policy nobody collected",
     ORG "- [AWS::KMS::Key, '" A "', eu-west-1, 'arn:aws:kms:eu-west-1:" A
         ":key/1', {KeyId: '1'}]\n" SNAPSHOT,
     EXPOSURE_FACT, "UnknownResources", "[\"arn:aws:kms:eu-west-1:" A ":key/1\"]", NULL},
    {"a policy in a type that nobody knows",
     ORG "- [AWS::NewService::Thing, '" A "', eu-west-1, 'arn:aws:newservice:eu-west-1:" A
         ":thing/1', {Access: {Statement: [{Effect: Allow, Principal: '*', Action: '*'}]}}]\n" SNAPSHOT,
     EXPOSURE_FACT, "UnknownResources", "[\"arn:aws:newservice:eu-west-1:" A ":thing/1\"]", NULL},
    {"a reviewed account", ORG ROLE("vendor", TRUST("{AWS: '999999999999'}", "")) REVIEWED("2026-05-01"),
     EXPOSURE_FACT, "ExternalReviewed", "true", NULL},
    {"a review of long ago", ORG ROLE("vendor", TRUST("{AWS: '999999999999'}", "")) REVIEWED("2025-05-01"),
     EXPOSURE_FACT, "ExternalReviewed", "false", NULL},
    {"nobody escalates", ORG ROLE("open", TRUST("{Service: lambda.amazonaws.com}", "")), ESCALATION_FACT,
     "Principals", "[]", NULL},
    {"PassRole and a function", ORG NO_SCPS ESCALATOR("iam:PassRole"), ESCALATION_FACT, "Principals",
     "[\"role/ci\"]", NULL},
    {"by which technique", ORG NO_SCPS ESCALATOR("iam:PassRole"), ESCALATION_FACT, "Ways",
     "[\"role/ci: new-function-invoke\"]", NULL},
    {"and no finding", ORG ESCALATOR("iam:PassRole"), ESCALATION_FACT, "Principals", "[]", NULL},
    {"SCPs that nobody collected may forbid it", ORG ESCALATOR("iam:PassRole"), ESCALATION_FACT,
     "ConditionalCount", "1", NULL},
    {"without PassRole", ORG NO_SCPS ESCALATOR("iam:GetRole"), ESCALATION_FACT, "Count", "0", NULL},
    {"no details, no answer", ORG, ESCALATION_FACT, "Principals", "absent", NULL},
    /* unused access */
    {"a service that was not used", ORG NO_SCPS WORKER("2025-01-01", "") LAST_USED("2026-06-01", TRACKED),
     UNUSED_FACT, "UnusedServices", "[\"sqs\"]", NULL},
    {"an action of one that was", ORG NO_SCPS WORKER("2025-01-01", "") LAST_USED("2026-06-01", TRACKED),
     UNUSED_FACT, "UnusedActions", "[\"s3:PutBucketPolicy\"]", NULL},
    {"how many in all", ORG NO_SCPS WORKER("2025-01-01", "") LAST_USED("2026-06-01", TRACKED), UNUSED_FACT,
     "UnusedActionCount", "3", NULL},
    {"how that is known", ORG NO_SCPS WORKER("2025-01-01", "") LAST_USED("2026-06-01", TRACKED), UNUSED_FACT,
     "Basis", "\"last-accessed\"", NULL},
    {"somebody who used something", ORG NO_SCPS WORKER("2025-01-01", "") LAST_USED("2026-06-01", TRACKED),
     UNUSED_FACT, "Idle", "false", NULL},
    {"and who used nothing", ORG NO_SCPS WORKER("2025-01-01", "") LAST_USED("2026-06-01", ""), UNUSED_FACT,
     "Idle", "true", NULL},
    {"a report of long ago tells nothing", ORG NO_SCPS WORKER("2025-01-01", "") LAST_USED("2026-01-01", ""),
     UNUSED_FACT, "Idle", "absent", NULL},
    {"nor does none", ORG NO_SCPS WORKER("2025-01-01", ""), UNUSED_FACT, "Idle", "absent", NULL},
    {"whom it does not tell of", ORG NO_SCPS WORKER("2025-01-01", ""), UNUSED_FACT, "Principal", "\"role/w\"",
     NULL},
    {"a role's own date", ORG NO_SCPS WORKER("2025-01-01", ", RoleLastUsed: {LastUsedDate: '2026-01-01'}"),
     UNUSED_FACT, "Idle", "true", NULL},
    {"which a report of long ago does not hide",
     ORG NO_SCPS WORKER("2025-01-01", ", RoleLastUsed: {LastUsedDate: '2026-01-01'}")
         LAST_USED("2026-01-01", ""),
     UNUSED_FACT, "Idle", "true", NULL},
    {"which is not of services",
     ORG NO_SCPS WORKER("2025-01-01", ", RoleLastUsed: {LastUsedDate: '2026-01-01'}"), UNUSED_FACT,
     "UnusedServices", "absent", NULL},
    {"a role that is new", ORG NO_SCPS WORKER("2026-05-01", "") LAST_USED("2026-06-01", ""), UNUSED_FACT,
     "Idle", "false", NULL},
    {"and how that is known", ORG NO_SCPS WORKER("2026-05-01", "") LAST_USED("2026-06-01", ""), UNUSED_FACT,
     "Basis", "\"new\"", NULL},
    /* lint */
    {"an action that is none", ORG WRITTEN("{Effect: Allow, Action: 's3:ListBuckets', Resource: '*'}"),
     LINT_FACT, "Errors", "[\"policy/p: INVALID_ACTION at Statement[0].Action\"]", NULL},
    {"whose policy that is", ORG WRITTEN("{Effect: Allow, Action: 's3:ListBuckets', Resource: '*'}"),
     LINT_FACT, "ErrorPolicies", "[\"arn:aws:iam::" A ":policy/p\"]", NULL},
    {"a policy that works", ORG WRITTEN("{Effect: Allow, Action: 's3:ListAllMyBuckets', Resource: '*'}"),
     LINT_FACT, "Errors", "[]", NULL},
    {"a role that any may be passed", ORG ESCALATOR("iam:PassRole"), LINT_FACT, "SecurityWarnings",
     "[\"inline policy p of role/ci: PASS_ROLE_WITH_STAR_IN_RESOURCE at Statement[0].Action[0]\",\"trust of "
     "role/ci: VG_CONFUSED_DEPUTY at Statement[0].Principal.Service\"]",
     NULL},
    {"a topic that is anybody's", ORG NO_SCPS TOPIC("") SNAPSHOT READ("iam:GetAccountAuthorizationDetails"),
     LINT_FACT, "WarningPolicies", "[\"arn:aws:sns:eu-west-1:" A ":news\"]", NULL},
    {"policies of AWS are not the account's",
     ORG "- [AWS::IAM::ManagedPolicy, '" A "', '', 'arn:aws:iam::aws:policy/x', {PolicyDocument: {Statement: "
         "[{Effect: Allow, Action: '*', Resource: '*'}]}}, " SEEN_BY_IAM
         "]\n" READ("iam:GetAccountAuthorizationDetails"),
     LINT_FACT, "PolicyCount", "0", NULL},
    {"nobody gave the policies", ORG, LINT_FACT, "Errors", "absent", NULL},
    {"a policy that allows all, on a condition",
     "- [AWS::IAM::ManagedPolicy, '" A "', '', 'arn:aws:iam::" A
     ":policy/all', {PolicyDocument: {Statement: [{Effect: Allow, Action: '*', Resource: '*', Condition: "
     "{Bool: "
     "{aws:MultiFactorAuthPresent: 'true'}}}]}}]\n" READ("iam:GetAccountAuthorizationDetails"),
     ACCESS_FACT, "AdministratorPolicies", "[]", NULL},
    {"a stranger of the organisation's",
     ORG ROLE("vendor",
              TRUST("{AWS: '999999999999'}", ", Condition: {StringEquals: {'aws:PrincipalOrgID': o-1}}")),
     ACCESS_FACT, "ExternalTrustsWithoutCondition", "[]", NULL},
    {"the account itself",
     "- [Vigil::Organization::Organization, '" M "', '', o-1, {Id: o-1, ManagementAccountId: '" M
     "'}]\n- [Vigil::Organization::Account, '" M "', '', '" M
     "', {Status: ACTIVE}]\n" ROLE("self", TRUST("{AWS: '" A "'}", "")),
     ACCESS_FACT, "ExternalTrustsWithoutCondition", "[]", NULL},
    {"an account that only a policy names",
     ORG "- [Vigil::Organization::PolicyTarget, '" M
         "', '', 'p-1/999999999999', {PolicyId: p-1, TargetId: '999999999999'}]\n" ROLE(
             "vendor", TRUST("{AWS: '999999999999'}", "")),
     ACCESS_FACT, "ExternalTrustsWithoutCondition", "[\"arn:aws:iam::" A ":role/vendor\"]", NULL},
    {"support by a group",
     "- [AWS::IAM::Group, '" A
     "', '', g, {ManagedPolicyArns: ['arn:aws:iam::aws:policy/AWSSupportAccess']}]\n" READ(
         "iam:GetAccountAuthorizationDetails"),
     ACCESS_FACT, "SupportRole", "true", NULL},
    {"support by a user",
     DETAILS("jane", "ManagedPolicyArns: ['arn:aws:iam::aws:policy/AWSSupportAccess']")
         READ("iam:GetAccountAuthorizationDetails"),
     ACCESS_FACT, "SupportRole", "true", NULL},
    /* services */
    {"a trail that logs", REGION TRAIL("IsMultiRegionTrail: true") TRAIL_STATUS("IsLogging: true"),
     SERVICES_FACT, "CloudTrailLogging", "true", NULL},
    {"a trail that stopped", REGION TRAIL("IsMultiRegionTrail: true") TRAIL_STATUS("IsLogging: false"),
     SERVICES_FACT, "CloudTrailLogging", "false", NULL},
    {"a trail without status", REGION TRAIL("IsMultiRegionTrail: true"), SERVICES_FACT, "CloudTrailLogging",
     "absent", NULL},
    {"no trail, as the list says", REGION READ_IN("cloudtrail:DescribeTrails", "eu-west-1"), SERVICES_FACT,
     "CloudTrailLogging", "false", NULL},
    {"nobody listed trails", REGION, SERVICES_FACT, "CloudTrailLogging", "absent", NULL},
    {"the organisation's trail",
     ORG REGION "- [AWS::CloudTrail::Trail, '" M
                "', eu-west-1, t, {IsMultiRegionTrail: true, IsOrganizationTrail: true}]\n- "
                "[Vigil::CloudTrail::TrailStatus, '" M "', eu-west-1, t, {IsLogging: true}]\n",
     SERVICES_FACT, "CloudTrailLogging", "true", NULL},
    {"another account's trail",
     ORG REGION "- [AWS::CloudTrail::Trail, '" M
                "', eu-west-1, t, {IsMultiRegionTrail: true}]\n- [Vigil::CloudTrail::TrailStatus, '" M
                "', eu-west-1, t, {IsLogging: true}]\n",
     SERVICES_FACT, "CloudTrailLogging", "absent", NULL},
    {"Config records",
     REGION IN("AWS::Config::ConfigurationRecorder", "eu-west-1", "default",
               "RecordingGroup: {AllSupported: true}")
         IN("Vigil::Config::RecorderStatus", "eu-west-1", "default", "Recording: true"),
     SERVICES_FACT, "ConfigRecording", "true", NULL},
    {"all of it",
     REGION IN("AWS::Config::ConfigurationRecorder", "eu-west-1", "default",
               "RecordingGroup: {AllSupported: true}"),
     SERVICES_FACT, "ConfigAllSupported", "true", NULL},
    {"some of it",
     REGION IN("AWS::Config::ConfigurationRecorder", "eu-west-1", "default",
               "RecordingGroup: {AllSupported: false}"),
     SERVICES_FACT, "ConfigAllSupported", "false", NULL},
    {"a recorder without status",
     REGION IN("AWS::Config::ConfigurationRecorder", "eu-west-1", "default", "RecordingGroup: {}"),
     SERVICES_FACT, "ConfigRecording", "absent", NULL},
    {"no recorder", REGION READ_IN("config:DescribeConfigurationRecorders", "eu-west-1"), SERVICES_FACT,
     "ConfigRecording", "false", NULL},
    {"delivery failed",
     REGION IN("AWS::Config::DeliveryChannel", "eu-west-1", "default", "Name: default")
         IN("Vigil::Config::DeliveryChannelStatus", "eu-west-1", "default",
            "ConfigHistoryDeliveryInfo: {lastStatus: FAILURE}"),
     SERVICES_FACT, "ConfigDelivering", "false", NULL},
    {"delivery works",
     REGION IN("AWS::Config::DeliveryChannel", "eu-west-1", "default", "Name: default")
         IN("Vigil::Config::DeliveryChannelStatus", "eu-west-1", "default",
            "ConfigHistoryDeliveryInfo: {lastStatus: SUCCESS}"),
     SERVICES_FACT, "ConfigDelivering", "true", NULL},
    {"GuardDuty on", REGION IN("AWS::GuardDuty::Detector", "eu-west-1", "d", "Enable: true"), SERVICES_FACT,
     "GuardDutyEnabled", "true", NULL},
    {"GuardDuty suspended", REGION IN("AWS::GuardDuty::Detector", "eu-west-1", "d", "Enable: false"),
     SERVICES_FACT, "GuardDutyEnabled", "false", NULL},
    {"no detector", REGION IN("Vigil::GuardDuty::Detectors", "eu-west-1", "detectors", "DetectorIds: []"),
     SERVICES_FACT, "GuardDutyEnabled", "false", NULL},
    {"a detector that nobody described",
     REGION IN("Vigil::GuardDuty::Detectors", "eu-west-1", "detectors", "DetectorIds: [d]"), SERVICES_FACT,
     "GuardDutyEnabled", "absent", NULL},
    {"features",
     REGION IN("AWS::GuardDuty::Detector", "eu-west-1", "d",
               "Enable: true, Features: [{Name: S3_DATA_EVENTS, Status: ENABLED}, {Name: EKS_AUDIT_LOGS, "
               "Status: DISABLED}]"),
     SERVICES_FACT, "GuardDutyFeatures", "[\"S3_DATA_EVENTS\"]", NULL},
    {"Security Hub absent", REGION IN("AWS::SecurityHub::Hub", "eu-west-1", "hub", "Present: false"),
     SERVICES_FACT, "SecurityHubEnabled", "false", NULL},
    {"standards",
     REGION IN("AWS::SecurityHub::Hub", "eu-west-1", "hub", "Present: true")
         IN("Vigil::SecurityHub::Standards", "eu-west-1", "standards",
            "StandardsSubscriptions: [{StandardsArn: "
            "'arn:aws:securityhub:eu-west-1::standards/aws-foundational-security-best-practices/v/1.0.0', "
            "StandardsStatus: READY}]"),
     SERVICES_FACT, "SecurityHubStandards", "[\"aws-foundational-security-best-practices/v/1.0.0\"]", NULL},
    {"Inspector",
     REGION IN("Vigil::Inspector::AccountStatus", "eu-west-1", A,
               "Status: ENABLED, Ec2: ENABLED, Ecr: DISABLED"),
     SERVICES_FACT, "InspectorResources", "[\"EC2\"]", NULL},
    {"an analyzer",
     REGION IN("AWS::AccessAnalyzer::Analyzer", "eu-west-1", "a", "Type: ACCOUNT, Status: ACTIVE"),
     SERVICES_FACT, "AccessAnalyzerEnabled", "true", NULL},
    {"no analyzer", REGION IN("Vigil::AccessAnalyzer::Analyzers", "eu-west-1", "analyzers", "Names: []"),
     SERVICES_FACT, "AccessAnalyzerEnabled", "false", NULL},
    {"the organisation's analyzer",
     ORG REGION "- [AWS::AccessAnalyzer::Analyzer, '" M
                "', eu-west-1, a, {Type: ORGANIZATION, Status: ACTIVE}]\n",
     SERVICES_FACT, "AccessAnalyzerEnabled", "true", NULL},
    {"all of it, by strategy",
     REGION IN("AWS::Config::ConfigurationRecorder", "eu-west-1", "default",
               "RecordingGroup: {RecordingStrategy: {UseOnly: ALL_SUPPORTED_RESOURCE_TYPES}}"),
     SERVICES_FACT, "ConfigAllSupported", "true", NULL},
    {"one of two recorders records",
     REGION IN("Vigil::Config::RecorderStatus", "eu-west-1", "a", "Recording: true")
         IN("Vigil::Config::RecorderStatus", "eu-west-1", "b", "Recording: false"),
     SERVICES_FACT, "ConfigRecording", "true", NULL},
    {"no detector, as the ledger says", REGION READ_IN("guardduty:ListDetectors", "eu-west-1"), SERVICES_FACT,
     "GuardDutyEnabled", "false", NULL},
    {"a standard that is being left",
     REGION IN("Vigil::SecurityHub::Standards", "eu-west-1", "standards",
               "StandardsSubscriptions: [{StandardsArn: 'arn:aws:securityhub:::ruleset/x/v/1', "
               "StandardsStatus: DELETING}, "
               "{StandardsArn: 'arn:aws:securityhub:::ruleset/y/v/1', StandardsStatus: READY}]"),
     SERVICES_FACT, "SecurityHubStandards", "[\"y/v/1\"]", NULL},
    {"Inspector, images and functions",
     REGION IN("Vigil::Inspector::AccountStatus", "eu-west-1", A,
               "Status: ENABLED, Ecr: ENABLED, Lambda: ENABLED, LambdaCode: DISABLED"),
     SERVICES_FACT, "InspectorResources", "[\"ECR\",\"LAMBDA\"]", NULL},
    {"an analyzer that is not ready",
     REGION IN("AWS::AccessAnalyzer::Analyzer", "eu-west-1", "a", "Type: ACCOUNT, Status: CREATING"),
     SERVICES_FACT, "AccessAnalyzerEnabled", "false", NULL},
    {"an analyzer of unused access is none of external",
     REGION IN("AWS::AccessAnalyzer::Analyzer", "eu-west-1", "a",
               "Type: ACCOUNT_UNUSED_ACCESS, Status: ACTIVE"),
     SERVICES_FACT, "AccessAnalyzerEnabled", "false", NULL},
    {"an analyzer of unused access",
     REGION IN("AWS::AccessAnalyzer::Analyzer", "eu-west-1", "a",
               "Type: ACCOUNT_UNUSED_ACCESS, Status: ACTIVE"),
     SERVICES_FACT, "UnusedAccessAnalyzerEnabled", "true", NULL},
    {"a region that only a snapshot shows",
     REGION "- [AWS::S3::Bucket, '" A "', eu-north-1, b, {}, '2026-06-01', config-snapshot]\n", ACCOUNT_FACT,
     "RegionsInUse", "[\"eu-north-1\"]", NULL},
    /* the trail of an account */
    {"all regions", TRAIL("IsMultiRegionTrail: true") TRAIL_STATUS("IsLogging: true"), TRAIL_FACT,
     "MultiRegion", "true", NULL},
    {"one region", TRAIL("IsMultiRegionTrail: false") TRAIL_STATUS("IsLogging: true"), TRAIL_FACT,
     "MultiRegion", "false", NULL},
    {"validation",
     TRAIL("IsMultiRegionTrail: true, EnableLogFileValidation: true") TRAIL_STATUS("IsLogging: true"),
     TRAIL_FACT, "LogFileValidation", "true", NULL},
    {"delivery error",
     TRAIL("IsMultiRegionTrail: true") TRAIL_STATUS("IsLogging: true, LatestDeliveryError: AccessDenied"),
     TRAIL_FACT, "DeliveringOk", "false", NULL},
    {"no gap in the logs",
     TRAIL("IsMultiRegionTrail: true") TRAIL_STATUS("IsLogging: true")
         COVERAGE("eu-west-1", "RecentGapHours: 0"),
     TRAIL_FACT, "DeliveringOk", "true", NULL},
    {"a gap in the logs",
     TRAIL("IsMultiRegionTrail: true") TRAIL_STATUS("IsLogging: true")
         COVERAGE("eu-west-1", "RecentGapHours: 0") COVERAGE("us-east-1", "RecentGapHours: 3"),
     TRAIL_FACT, "DeliveringOk", "false", NULL},
    {"a gap in the logs of a trail that nobody described", COVERAGE("eu-west-1", "RecentGapHours: 3"),
     TRAIL_FACT, "DeliveringOk", "false", NULL},
    {"logs without a gap say nothing of a trail", COVERAGE("eu-west-1", "RecentGapHours: 0"), TRAIL_FACT,
     "DeliveringOk", "absent", NULL},
    {"gaps by region", COVERAGE("eu-west-1", "Gaps: [a, b]") COVERAGE("us-east-1", "Gaps: [c]"), TRAIL_FACT,
     "DeliveryGaps", "[\"eu-west-1: a\",\"eu-west-1: b\",\"us-east-1: c\"]", NULL},
    {"no logs, no gaps", TRAIL("IsMultiRegionTrail: true"), TRAIL_FACT, "DeliveryGaps", "absent", NULL},
    {"regions that log",
     COVERAGE("us-east-1", "ManagementEvents: true") COVERAGE("eu-west-1", "ManagementEvents: false"),
     TRAIL_FACT, "LoggedRegions", "[\"us-east-1\"]", NULL},
    {"data events in the logs", COVERAGE("us-east-1", "DataEvents: true"), TRAIL_FACT, "LoggedDataEvents",
     "true", NULL},
    {"trails with digests",
     COVERAGE("us-east-1", "DigestTrails: [b, a]") COVERAGE("eu-west-1", "DigestTrails: [b]"), TRAIL_FACT,
     "DigestTrails", "[\"a\",\"b\"]", NULL},
    {"regions with logs are in use", REGION COVERAGE("us-east-2", "Events: 1"), ACCOUNT_FACT, "RegionsInUse",
     "[\"us-east-2\"]", NULL},
    {"write events alone",
     TRAIL("IsMultiRegionTrail: true") TRAIL_STATUS("IsLogging: true")
         IN("Vigil::CloudTrail::EventSelectors", "eu-west-1", TRAIL_ARN,
            "EventSelectors: [{ReadWriteType: WriteOnly, IncludeManagementEvents: true}]"),
     TRAIL_FACT, "ManagementEventsAll", "false", NULL},
    {"advanced selectors",
     TRAIL("IsMultiRegionTrail: true") TRAIL_STATUS("IsLogging: true")
         IN("Vigil::CloudTrail::EventSelectors", "eu-west-1", TRAIL_ARN,
            "AdvancedEventSelectors: [{FieldSelectors: [{Field: eventCategory, Equals: [Management]}]}]"),
     TRAIL_FACT, "ManagementEventsAll", "true", NULL},
    {"data events",
     TRAIL("IsMultiRegionTrail: true") TRAIL_STATUS("IsLogging: true")
         IN("Vigil::CloudTrail::EventSelectors", "eu-west-1", TRAIL_ARN,
            "EventSelectors: [{ReadWriteType: All, DataResources: [{Type: 'AWS::S3::Object'}]}]"),
     TRAIL_FACT, "DataEvents", "true", NULL},
    {"selectors unknown", TRAIL("IsMultiRegionTrail: true") TRAIL_STATUS("IsLogging: true"), TRAIL_FACT,
     "DataEvents", "absent", NULL},
    {"a stopped trail validates nothing",
     TRAIL("IsMultiRegionTrail: true, EnableLogFileValidation: true") TRAIL_STATUS("IsLogging: false"),
     TRAIL_FACT, "LogFileValidation", "false", NULL},
    {"no validation",
     TRAIL("IsMultiRegionTrail: true, EnableLogFileValidation: false") TRAIL_STATUS("IsLogging: true"),
     TRAIL_FACT, "LogFileValidation", "false", NULL},
    {"read events alone",
     TRAIL("IsMultiRegionTrail: true") TRAIL_STATUS("IsLogging: true")
         IN("Vigil::CloudTrail::EventSelectors", "eu-west-1", TRAIL_ARN,
            "EventSelectors: [{ReadWriteType: ReadOnly, IncludeManagementEvents: true}]"),
     TRAIL_FACT, "ManagementEventsAll", "false", NULL},
    {"no management events",
     TRAIL("IsMultiRegionTrail: true") TRAIL_STATUS("IsLogging: true")
         IN("Vigil::CloudTrail::EventSelectors", "eu-west-1", TRAIL_ARN,
            "EventSelectors: [{ReadWriteType: All, IncludeManagementEvents: false}]"),
     TRAIL_FACT, "ManagementEventsAll", "false", NULL},
    {"advanced selectors of one source",
     TRAIL("IsMultiRegionTrail: true") TRAIL_STATUS("IsLogging: true") IN(
         "Vigil::CloudTrail::EventSelectors", "eu-west-1", TRAIL_ARN,
         "AdvancedEventSelectors: [{FieldSelectors: [{Field: eventCategory, Equals: [Management]}, {Field: "
         "eventSource, Equals: [kms.amazonaws.com]}]}]"),
     TRAIL_FACT, "ManagementEventsAll", "false", NULL},
    {"advanced selectors of reading alone",
     TRAIL("IsMultiRegionTrail: true") TRAIL_STATUS("IsLogging: true")
         IN("Vigil::CloudTrail::EventSelectors", "eu-west-1", TRAIL_ARN,
            "AdvancedEventSelectors: [{FieldSelectors: [{Field: eventCategory, Equals: [Management]}, "
            "{Field: readOnly, "
            "Equals: ['true']}]}]"),
     TRAIL_FACT, "ManagementEventsAll", "false", NULL},
    {"advanced selectors of writing alone",
     TRAIL("IsMultiRegionTrail: true") TRAIL_STATUS("IsLogging: true")
         IN("Vigil::CloudTrail::EventSelectors", "eu-west-1", TRAIL_ARN,
            "AdvancedEventSelectors: [{FieldSelectors: [{Field: eventCategory, Equals: [Management]}, "
            "{Field: readOnly, "
            "Equals: ['false']}]}]"),
     TRAIL_FACT, "ManagementEventsAll", "false", NULL},
    {"a list of trails with more to come",
     "- [ledger, 'cloudtrail:DescribeTrails', '', '" A "', eu-west-1, truncated]\n" SUMMARY("Users: 1"),
     TRAIL_FACT, "MultiRegion", "absent", NULL},
    /* the account */
    {"its path", ORG ROOT_UNIT UNIT("ou-1", "Workloads", "r-1") UNIT("ou-2", "Prod", "ou-1") PLACE(A, "ou-2"),
     ACCOUNT_FACT, "OuPath", "\"Root/Workloads/Prod\"", NULL},
    {"its function",
     ORG ROOT_UNIT UNIT("ou-1", "Workloads", "r-1") UNIT("ou-2", "Production", "ou-1") PLACE(A, "ou-2"),
     ACCOUNT_FACT, "OuFunction", "\"workloads-prod\"", NULL},
    {"non-production", ORG ROOT_UNIT UNIT("ou-2", "Non-Prod", "r-1") PLACE(A, "ou-2"), ACCOUNT_FACT,
     "OuFunction", "\"workloads-nonprod\"", NULL},
    {"security has a prod of its own",
     ORG ROOT_UNIT UNIT("ou-1", "Security", "r-1") UNIT("ou-2", "Prod", "ou-1") PLACE(A, "ou-2"),
     ACCOUNT_FACT, "OuFunction", "\"security\"", NULL},
    {"policy staging", ORG ROOT_UNIT UNIT("ou-2", "Policy Staging", "r-1") PLACE(A, "ou-2"), ACCOUNT_FACT,
     "OuFunction", "\"policy-staging\"", NULL},
    {"a department", ORG ROOT_UNIT UNIT("ou-2", "Marketing Team", "r-1") PLACE(A, "ou-2"), ACCOUNT_FACT,
     "OuNamedByDepartment", "true", NULL},
    {"directly in the root", ORG ROOT_UNIT PLACE(A, "r-1"), ACCOUNT_FACT, "InRoot", "true", NULL},
    {"no parent known", ORG ROOT_UNIT, ACCOUNT_FACT, "InRoot", "absent", NULL},
    {"a tree that bites its tail",
     ORG ROOT_UNIT UNIT("ou-1", "A", "ou-2") UNIT("ou-2", "B", "ou-1") PLACE(A, "ou-1"), ACCOUNT_FACT,
     "OuPath", "absent", NULL},
    {"its workloads",
     ORG MAPPING("shop", "{Name: prod, Accounts: ['" A "']}")
         MAPPING("bank", "{Name: prod, Accounts: ['" A "']}"),
     ACCOUNT_FACT, "WorkloadCount", "2", NULL},
    {"prod beside dev",
     ORG MAPPING("shop", "{Name: prod, Accounts: ['" A "']}, {Name: dev, Accounts: ['" A "']}"), ACCOUNT_FACT,
     "MixesProdAndNonProd", "true", NULL},
    {"no mapping", ORG, ACCOUNT_FACT, "WorkloadCount", "absent", NULL},
    {"runs workloads by the mapping", ORG MAPPING("shop", "{Name: prod, Accounts: ['" A "']}"), ACCOUNT_FACT,
     "RunsWorkloads", "true", NULL},
    {"runs workloads by its resources", IN("AWS::Lambda::Function", "eu-west-1", "f", "Runtime: x"),
     ACCOUNT_FACT, "RunsWorkloads", "true", NULL},
    {"runs none, as a snapshot shows", SUMMARY("Users: 0") READ_IN("config-snapshot", "eu-west-1"),
     ACCOUNT_FACT, "RunsWorkloads", "false", NULL},
    {"nobody looked", SUMMARY("Users: 0"), ACCOUNT_FACT, "RunsWorkloads", "absent", NULL},
    {"regions with activity, not all enabled ones",
     REGION IN("Vigil::CloudTrail::LogFile", "us-east-2", "f", "Records: 1"), ACCOUNT_FACT, "RegionsInUse",
     "[\"us-east-2\"]", NULL},
    {"disabled regions are not in use",
     REGION IN("Vigil::Account::Region", "af-south-1", "af-south-1", "RegionOptStatus: DISABLED"),
     ACCOUNT_FACT, "RegionsInUse", "[\"eu-west-1\"]", NULL},
    {"prod alone is no mixture", ORG MAPPING("shop", "{Name: prod, Accounts: ['" A "']}"), ACCOUNT_FACT,
     "MixesProdAndNonProd", "false", NULL},
    {"a machine does a workload's work",
     IN("AWS::EC2::Instance", "eu-west-1", "i-1", "InstanceType: t3.small"), ACCOUNT_FACT, "RunsWorkloads",
     "true", NULL},
    /* the organisation */
    {"all features", ORG, STRUCTURE_FACT, "AllFeatures", "true", NULL},
    {"in the root", ORG ROOT_UNIT PLACE(A, "r-1") PLACE(M, "r-1"), STRUCTURE_FACT, "AccountsInRoot",
     "[\"" A "\"]", NULL},
    {"prod apart", ORG ROOT_UNIT UNIT("ou-1", "Prod", "r-1") UNIT("ou-2", "Dev", "r-1"), STRUCTURE_FACT,
     "ProdApartFromNonProd", "true", NULL},
    {"prod and dev in one OU, by the mapping",
     ORG ROOT_UNIT UNIT("ou-1", "Prod", "r-1") UNIT("ou-2", "Dev", "r-1") PLACE(A, "ou-1") PLACE(M, "ou-1")
         MAPPING("shop", "{Name: prod, Accounts: ['" A "']}, {Name: dev, Accounts: ['" M "']}"),
     STRUCTURE_FACT, "ProdApartFromNonProd", "false", NULL},
    {"no units listed", ORG, STRUCTURE_FACT, "HasSecurityOu", "absent", NULL},
    {"no security OU", ORG ROOT_UNIT UNIT("ou-1", "Prod", "r-1"), STRUCTURE_FACT, "HasSecurityOu", "false",
     NULL},
    {"departments", ORG ROOT_UNIT UNIT("ou-1", "Finance", "r-1") UNIT("ou-2", "Prod", "r-1"), STRUCTURE_FACT,
     "DepartmentOus", "[\"Finance\"]", NULL},
    {"a closed account elsewhere",
     ORG ROOT_UNIT PLACE(A, "r-1") PLACE(M, "r-1") "- [Vigil::Organization::Account, '" B "', '', '" B
                                                   "', {Id: '" B "', Status: SUSPENDED}]\n" PLACE(B, "r-1"),
     STRUCTURE_FACT, "SuspendedAccountsElsewhere", "[\"" B "\"]", NULL},
    {"an OU without SCP",
     ORG ROOT_UNIT UNIT("ou-1", "Prod", "r-1")
         PLACE(A, "ou-1") "- [ledger, 'organizations:ListPolicies', '', '" M "', '']\n",
     STRUCTURE_FACT, "OusWithoutScp", "[\"Prod\"]", NULL},
    {"an SCP that is attached nowhere",
     ORG "- [Vigil::Organization::PolicySummary, '" M
         "', '', p-1, {Name: idle, Type: SERVICE_CONTROL_POLICY}]\n- [ledger, "
         "'organizations:ListTargetsForPolicy', p-1, '" M "', '']\n",
     STRUCTURE_FACT, "DetachedScps", "[\"idle\"]", NULL},
    {"administered from the management account",
     ORG "- [Vigil::Organization::TrustedService, '" M
         "', '', guardduty.amazonaws.com, {ServicePrincipal: guardduty.amazonaws.com}]\n- [ledger, "
         "'organizations:ListDelegatedAdministrators', '', '" M "', '']\n",
     STRUCTURE_FACT, "SecurityDelegatedToManagement", "[\"guardduty.amazonaws.com\"]", NULL},
    {"delegated",
     ORG "- [Vigil::Organization::TrustedService, '" M
         "', '', guardduty.amazonaws.com, {ServicePrincipal: guardduty.amazonaws.com}]\n- "
         "[Vigil::Organization::DelegatedService, '" M
         "', '', x, {ServicePrincipal: guardduty.amazonaws.com}]\n",
     STRUCTURE_FACT, "SecurityDelegatedToManagement", "[]", NULL},
    {"workloads in the management account",
     ORG MAPPING("shop", "{Name: prod, Accounts: ['" M "']}")
         SUMMARY("Users: 0") "- [Vigil::IAM::AccountSummary, '" M "', '', '" M "', {Users: 1}]\n",
     STRUCTURE_FACT, "ManagementRunsWorkloads", "true", NULL},
    {"billing features alone",
     "- [Vigil::Organization::Organization, '" M
     "', '', o-1, {Id: o-1, FeatureSet: CONSOLIDATED_BILLING, ManagementAccountId: '" M "'}]\n",
     STRUCTURE_FACT, "AllFeatures", "false", NULL},
    {"one account that is named for logs",
     "- [Vigil::Organization::Organization, '" M "', '', o-1, {Id: o-1, ManagementAccountId: '" M
     "'}]\n- [Vigil::Organization::Account, '" M "', '', '" M "', {Name: logs, Status: ACTIVE}]\n",
     STRUCTURE_FACT, "LogArchiveAccount", "false", NULL},
    {"a policy type that is being switched off",
     ORG
     "- [Vigil::Organization::Root, '" M
     "', '', r-1, {PolicyTypes: [{Type: BACKUP_POLICY, Status: PENDING_DISABLE}, {Type: TAG_POLICY, Status: "
     "ENABLED}]}]\n",
     STRUCTURE_FACT, "BackupPoliciesEnabled", "false", NULL},
    {"a policy type that is on",
     ORG
     "- [Vigil::Organization::Root, '" M
     "', '', r-1, {PolicyTypes: [{Type: BACKUP_POLICY, Status: PENDING_DISABLE}, {Type: TAG_POLICY, Status: "
     "ENABLED}]}]\n",
     STRUCTURE_FACT, "TagPoliciesEnabled", "true", NULL},
    {"a tag policy that is attached nowhere is no SCP",
     ORG "- [Vigil::Organization::PolicySummary, '" M
         "', '', p-1, {Name: idle, Type: TAG_POLICY}]\n- [ledger, 'organizations:ListPolicies', '', '" M
         "', '']\n",
     STRUCTURE_FACT, "DetachedScps", "[]", NULL},
    {"an OU that an SCP of the root binds",
     ORG ROOT_UNIT UNIT("ou-1", "Prod", "r-1")
         PLACE(A, "ou-1") "- [Vigil::Organization::PolicySummary, '" M
                          "', '', p-1, {Name: x, Type: SERVICE_CONTROL_POLICY}]\n- "
                          "[Vigil::Organization::PolicyTarget, '" M
                          "', '', p-1/r-1, {PolicyId: p-1, TargetId: r-1}]\n",
     STRUCTURE_FACT, "OusWithoutScp", "[]", NULL},
    {"a service that is none of security",
     ORG "- [Vigil::Organization::TrustedService, '" M
         "', '', ram.amazonaws.com, {ServicePrincipal: ram.amazonaws.com}]\n- [ledger, "
         "'organizations:ListDelegatedAdministrators', '', '" M "', '']\n",
     STRUCTURE_FACT, "SecurityDelegatedToManagement", "[]", NULL},
    {"accounts of which not all have a place", ORG ROOT_UNIT UNIT("ou-1", "Prod", "r-1") PLACE(A, "ou-1"),
     STRUCTURE_FACT, "AccountsInRoot", "absent", NULL},
    /* workloads */
    {"shares its account",
     ORG MAPPING("shop", "{Name: prod, Accounts: ['" A "']}")
         MAPPING("zoo", "{Name: prod, Accounts: ['" A "']}"),
     WORKLOAD_FACT, "SharesAccountsWith", "[\"zoo\"]", NULL},
    {"prod shares with its own dev",
     ORG MAPPING("shop", "{Name: prod, Accounts: ['" A "']}, {Name: dev, Accounts: ['" A "']}"),
     WORKLOAD_FACT, "ProdSharesAccountWithNonProd", "true", NULL},
    {"an account that is not ours", ORG MAPPING("shop", "{Name: prod, Accounts: ['999999999999']}"),
     WORKLOAD_FACT, "AccountsUnknown", "[\"999999999999\"]", NULL},
    {"only its dev shares",
     ORG MAPPING("shop", "{Name: dev, Accounts: ['" A "']}, {Name: prod, Accounts: ['" M "']}"),
     WORKLOAD_FACT, "ProdSharesAccountWithNonProd", "false", NULL},
    /* attestations */
    {"holds", ATTESTED("2026-12-31"), ATTESTED_FACT, "Lapsed", "false", NULL},
    {"lapsed when it was seen", ATTESTED("2026-05-31"), ATTESTED_FACT, "Lapsed", "true", NULL},
    {"lapsed by --now", ATTESTED("2026-12-31"), ATTESTED_FACT, "Lapsed", "true", "2027-01-01"},
    {"its age", ATTESTED("2026-12-31"), ATTESTED_FACT, "AgeDays", "30", NULL},
    {"details", ATTESTED("2026-12-31"), ATTESTED_FACT, "Details", "{\"people\":3}", NULL},
};

static vg_str value_of(vg_arena *arena, const vg_assessment *assessment, const char *type, const char *key)
{
    const vg_subject *fact = find_subject(assessment, type, NULL, NULL, NULL);
    /* Facts of accounts are asked of A where the evidence has several. */
    const vg_subject *of_a = find_subject(assessment, type, A, NULL, NULL);
    vg_doc doc;
    fact = of_a ? of_a : fact;
    if (!fact || fact->is_set)
        return VG_STR("no such fact");
    assert_int_equal(vg_json_read(arena, fact->resource.properties, VG_STR(""), NULL, &doc, NULL), VG_OK);
    const vg_value *value = vg_get(doc.root, vg_str_from(key));
    return value ? canonical_text(arena, value) : VG_STR("absent");
}

static void says_what_evidence_says(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < VG_COUNT(CASES); i++) {
        vg_arena *arena = vg_arena_new(0);
        evidence_text e = read_evidence(arena, CASES[i].evidence);
        bool asks_engine = strcmp(CASES[i].type, ACCESS_FACT) == 0 ||
                           strcmp(CASES[i].type, EXPOSURE_FACT) == 0 ||
                           strcmp(CASES[i].type, ESCALATION_FACT) == 0 ||
                           strcmp(CASES[i].type, UNUSED_FACT) == 0 || strcmp(CASES[i].type, LINT_FACT) == 0;
        vg_content *content = asks_engine ? read_engine_content(arena) : read_content(arena, NULL);
        vg_assessment assessment = assess_evidence_text(&e, content, CASES[i].now, 1);
        vg_str got = value_of(arena, &assessment, CASES[i].type, CASES[i].key);
        if (!vg_str_is(got, CASES[i].expected)) {
            print_error("%s: %s is %.*s, expected %s\n", CASES[i].name, CASES[i].key, VG_ARG(got),
                        CASES[i].expected);
            wrong++;
        }
        vg_content_free(content);
        vg_arena_free(arena);
    }
    assert_int_equal(wrong, 0);
}

static void says_nothing_of_closed_accounts(void **state)
{
    vg_arena *arena = vg_arena_new(0);
    (void)state;
    evidence_text e = read_evidence(arena, ORG "- [Vigil::Organization::Account, '" B "', '', '" B
                                               "', {Id: '" B "', Status: SUSPENDED}]\n");
    vg_content *content = read_content(arena, NULL);
    vg_assessment assessment = assess_evidence_text(&e, content, NULL, 1);
    assert_non_null(find_subject(&assessment, ACCOUNT_FACT, B, NULL, NULL));
    assert_null(find_subject(&assessment, ROOT_FACT, B, NULL, NULL));
    assert_int_equal(assessment.account_count, 2);
    vg_content_free(content);
    vg_arena_free(arena);
}

static void is_as_old_as_its_oldest_evidence(void **state)
{
    vg_arena *arena = vg_arena_new(0);
    vg_time expected;
    (void)state;
    evidence_text e = read_evidence(
        arena,
        SUMMARY("AccountMFAEnabled: 1") "- [Vigil::IAM::CredentialReportEntry, '" A "', '', 'arn:aws:iam::" A
                                        ":root', {User: '<root_account>'}, '2026-02-03']\n");
    vg_content *content = read_content(arena, NULL);
    vg_assessment assessment = assess_evidence_text(&e, content, NULL, 1);
    assert_true(vg_time_parse(VG_STR("2026-02-03"), &expected));
    assert_int_equal(find_subject(&assessment, ROOT_FACT, A, NULL, NULL)->seen, expected);
    assert_true(vg_str_is(find_subject(&assessment, ROOT_FACT, A, NULL, NULL)->resource.source, "fact:root"));
    vg_content_free(content);
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_evidence_says),
        cmocka_unit_test(says_nothing_of_closed_accounts),
        cmocka_unit_test(is_as_old_as_its_oldest_evidence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
