/* test_import_operations.c: every operation of content/import/operations.yaml, from an envelope to the resources and
 * relations that content/types/evidence.yaml promises. */
#include "evidence/import_world.h"

#define ENVELOPE(operation, parameters, account, region, output)                                             \
    "{\"vigil\":\"envelope/1\",\"operation\":\"" operation "\",\"parameters\":" parameters                   \
    ",\"account\":\"" account "\",\"region\":\"" region                                                      \
    "\",\"time\":\"2026-11-20T08:00:00Z\",\"exit\":0,\"error\":\"\",\"output\":" output "}"
#define FAILED(operation, parameters, account, region, error)                                                \
    "{\"vigil\":\"envelope/1\",\"operation\":\"" operation "\",\"parameters\":" parameters                   \
    ",\"account\":\"" account "\",\"region\":\"" region                                                      \
    "\",\"time\":\"2026-11-20T08:00:00Z\",\"exit\":254,\"error\":\"An error occurred (" error                \
    ") when calling the X operation: because\",\"output\":null}"
#define M      "111122223333"
#define A      "444455556666"
#define R      "eu-west-1"
#define T      "|2026-11-20T08:00:00Z\n"
#define ORG    "arn:aws:organizations::" M ":"
#define ENTITY "o-abcdefghij/"

static const struct {
    const char *text;   /* the file */
    const char *expect; /* one line, or several, that must be there */
} cases[] = {
    {ENVELOPE("organizations:DescribeOrganization", "{}", M, "us-east-1",
              "{\"Organization\":{\"Id\":\"o-abcdefghij\",\"Arn\":\"" ORG
              "organization/o-abcdefghij\",\"FeatureSet\":"
              "\"ALL\",\"MasterAccountId\":\"" M "\",\"MasterAccountEmail\":\"a@example.com\"}}"),
     "Vigil::Organization::Organization|" M "||o-abcdefghij|{\"Arn\":\"" ORG "organization/o-abcdefghij\","
     "\"FeatureSet\":\"ALL\",\"Id\":\"o-abcdefghij\",\"ManagementAccountEmail\":\"a@example.com\","
     "\"ManagementAccountId\":\"" M "\"}" T},
    {ENVELOPE("organizations:ListAccounts", "{}", A, "",
              "{\"Accounts\":[{\"Id\":\"" A "\",\"Arn\":\"" ORG "account/" ENTITY A
              "\",\"Name\":\"shop\",\"Email\":"
              "\"b@example.com\",\"State\":\"ACTIVE\",\"JoinedTimestamp\":1600000000.25}]}"),
     "Vigil::Organization::Account|" A "||" A "|{\"Arn\":\"" ORG "account/" ENTITY A
     "\",\"Email\":\"b@example.com\","
     "\"Id\":\"" A
     "\",\"JoinedTimestamp\":\"2020-09-13T12:26:40.250000Z\",\"Name\":\"shop\",\"State\":\"ACTIVE\","
     "\"Status\":\"ACTIVE\"}" T},
    {ENVELOPE("organizations:DescribeAccount", "{}", M, "",
              "{\"Account\":{\"Id\":\"" A "\",\"Arn\":\"" ORG "account/" ENTITY A "\",\"Name\":\"shop\"}}"),
     "Vigil::Organization::Account|" A "||" A "|{"},
    {ENVELOPE("organizations:ListAccountsForParent", "{\"parent-id\":\"ou-ab12-11111111\"}", A, "",
              "{\"Accounts\":[{\"Id\":\"" A "\",\"Arn\":\"" ORG "account/" ENTITY A
              "\",\"Name\":\"shop\"}]}"),
     "Vigil::Organization::Parent|" M "||" A "|{\"ChildId\":\"" A "\",\"ParentId\":\"ou-ab12-11111111\"}" T
     "relation Vigil::Organization::Account " A
     "|member-of|Vigil::Organization::OrganizationalUnit ou-ab12-11111111\n"},
    {ENVELOPE("organizations:ListRoots", "{}", M, "",
              "{\"Roots\":[{\"Id\":\"r-ab12\",\"Arn\":\"" ORG "root/" ENTITY
              "r-ab12\",\"Name\":\"Root\",\"PolicyTypes\":"
              "[{\"Type\":\"SERVICE_CONTROL_POLICY\",\"Status\":\"ENABLED\"}]}]}"),
     "Vigil::Organization::Root|" M "||r-ab12|{\"Arn\":\"" ORG "root/" ENTITY
     "r-ab12\",\"Id\":\"r-ab12\",\"Name\":"
     "\"Root\",\"PolicyTypes\":[{\"Status\":\"ENABLED\",\"Type\":\"SERVICE_CONTROL_POLICY\"}]}" T},
    {ENVELOPE("organizations:ListOrganizationalUnitsForParent", "{\"ParentId\":\"r-ab12\"}", M, "",
              "{\"OrganizationalUnits\":[{\"Id\":\"ou-ab12-11111111\",\"Arn\":\"" ORG "ou/" ENTITY
              "ou-ab12-11111111\",\"Name\":\"Prod\"}]}"),
     "Vigil::Organization::Parent|" M
     "||ou-ab12-11111111|{\"ChildId\":\"ou-ab12-11111111\",\"ParentId\":\"r-ab12\"}" T
     "relation Vigil::Organization::OrganizationalUnit ou-ab12-11111111|member-of|Vigil::Organization::Root "
     "r-ab12\n"},
    {ENVELOPE("organizations:DescribeOrganizationalUnit", "{}", M, "",
              "{\"OrganizationalUnit\":{\"Id\":\"ou-ab12-11111111\",\"Arn\":\"" ORG "ou/" ENTITY
              "ou-ab12-11111111\",\"Name\":\"Prod\"}}"),
     "Vigil::Organization::OrganizationalUnit|" M "||ou-ab12-11111111|{\"Arn\":\"" ORG "ou/" ENTITY
     "ou-ab12-11111111\",\"Id\":\"ou-ab12-11111111\",\"Name\":\"Prod\"}" T},
    {ENVELOPE("organizations:ListParents", "{\"ChildId\":\"" A "\"}", M, "",
              "{\"Parents\":[{\"Id\":\"ou-ab12-11111111\",\"Type\":\"ORGANIZATIONAL_UNIT\"}]}"),
     "Vigil::Organization::Parent|" M "||" A "|{\"ChildId\":\"" A "\",\"ParentId\":\"ou-ab12-11111111\"}" T},
    {ENVELOPE("organizations:ListPolicies", "{\"Filter\":\"SERVICE_CONTROL_POLICY\"}", M, "",
              "{\"Policies\":[{\"Id\":\"p-abcdefgh\",\"Name\":\"deny\",\"Description\":\"\",\"Type\":"
              "\"SERVICE_CONTROL_POLICY\",\"AwsManaged\":false}]}"),
     "Vigil::Organization::PolicySummary|" M "||p-abcdefgh|{\"AwsManaged\":false,\"Description\":\"\",\"Id\":"
     "\"p-abcdefgh\",\"Name\":\"deny\",\"Type\":\"SERVICE_CONTROL_POLICY\"}" T},
    {ENVELOPE("organizations:ListPoliciesForTarget", "{\"TargetId\":\"" A "\"}", M, "",
              "{\"Policies\":[{\"Id\":\"p-abcdefgh\",\"Name\":\"deny\",\"Type\":\"SERVICE_CONTROL_POLICY\","
              "\"AwsManaged\":false}]}"),
     "Vigil::Organization::PolicyTarget|" M "||p-abcdefgh/" A
     "|{\"PolicyId\":\"p-abcdefgh\",\"TargetId\":\"" A "\",\"TargetType\":\"ACCOUNT\"}" T},
    {ENVELOPE(
         "organizations:DescribePolicy", "{}", M, "",
         "{\"Policy\":{\"PolicySummary\":{\"Id\":\"p-abcdefgh\",\"Name\":\"deny\",\"Type\":"
         "\"SERVICE_CONTROL_POLICY\",\"AwsManaged\":false},\"Content\":\"{\\\"Version\\\":\\\"2012-10-17\\\","
         "\\\"Statement\\\":[]}\"}}"),
     "Vigil::Organization::Policy|" M
     "||p-abcdefgh|{\"AwsManaged\":false,\"Content\":{\"Statement\":[],\"Version\":"
     "\"2012-10-17\"},\"Id\":\"p-abcdefgh\",\"Name\":\"deny\",\"Type\":\"SERVICE_CONTROL_POLICY\"}" T},
    {ENVELOPE("organizations:ListTargetsForPolicy", "{\"PolicyId\":\"p-abcdefgh\"}", M, "",
              "{\"Targets\":[{\"TargetId\":\"r-ab12\",\"Name\":\"Root\",\"Type\":\"ROOT\"}]}"),
     "Vigil::Organization::PolicyTarget|" M
     "||p-abcdefgh/r-ab12|{\"PolicyId\":\"p-abcdefgh\",\"TargetId\":\"r-ab12\","
     "\"TargetType\":\"ROOT\"}" T
     "relation Vigil::Organization::Policy p-abcdefgh|attached-to|Vigil::Organization::Root r-ab12\n"},
    {ENVELOPE("organizations:ListDelegatedAdministrators",
              "{\"ServicePrincipal\":\"guardduty.amazonaws.com\"}", M, "",
              "{\"DelegatedAdministrators\":[{\"Id\":\"" A "\",\"Name\":\"sec\",\"Status\":\"ACTIVE\","
              "\"DelegationEnabledDate\":\"2024-01-01T00:00:00+01:00\"}]}"),
     "Vigil::Organization::DelegatedAdministrator|" M "||" A
     "|{\"DelegationEnabledDate\":\"2023-12-31T23:00:00Z\","
     "\"Id\":\"" A "\",\"Name\":\"sec\",\"Status\":\"ACTIVE\"}" T "Vigil::Organization::DelegatedService|" M
     "||" A "/guardduty.amazonaws.com|{\"AccountId\":\"" A "\","
     "\"DelegationEnabledDate\":\"2023-12-31T23:00:00Z\",\"ServicePrincipal\":\"guardduty.amazonaws."
     "com\"}" T},
    {ENVELOPE("organizations:ListDelegatedServicesForAccount", "{\"AccountId\":\"" A "\"}", M, "",
              "{\"DelegatedServices\":[{\"ServicePrincipal\":\"config.amazonaws.com\"}]}"),
     "Vigil::Organization::DelegatedService|" M "||" A "/config.amazonaws.com|{\"AccountId\":\"" A
     "\",\"ServicePrincipal\":\"config.amazonaws.com\"}" T},
    {ENVELOPE("organizations:ListAWSServiceAccessForOrganization", "{}", M, "",
              "{\"EnabledServicePrincipals\":[{\"ServicePrincipal\":\"config.amazonaws.com\",\"DateEnabled\":"
              "\"2024-01-01T00:00:00Z\"}]}"),
     "Vigil::Organization::TrustedService|" M
     "||config.amazonaws.com|{\"DateEnabled\":\"2024-01-01T00:00:00Z\","
     "\"ServicePrincipal\":\"config.amazonaws.com\"}" T},
    {ENVELOPE(
         "iam:GetAccountAuthorizationDetails", "{}", A, "",
         "{\"UserDetailList\":[{\"Path\":\"/"
         "\",\"UserName\":\"ann\",\"UserId\":\"AIDA\",\"Arn\":\"arn:aws:iam::" A ":user/"
         "ann\",\"CreateDate\":\"2024-01-01T00:00:00+00:00\",\"GroupList\":[\"admins\"],\"UserPolicyList\":"
         "[{\"PolicyName\":\"in\",\"PolicyDocument\":\"%7B%22Version%22%3A%222012-10-17%22%7D\"}],"
         "\"AttachedManagedPolicies\":[{\"PolicyName\":\"x\",\"PolicyArn\":\"arn:aws:iam::aws:policy/x\"}]}],"
         "\"GroupDetailList\":[],\"RoleDetailList\":[],\"Policies\":[]}"),
     "AWS::IAM::User|" A "||arn:aws:iam::" A ":user/ann|{\"Arn\":\"arn:aws:iam::" A
     ":user/ann\",\"CreateDate\":"
     "\"2024-01-01T00:00:00Z\",\"Groups\":[\"admins\"],\"ManagedPolicyArns\":[\"arn:aws:iam::aws:policy/"
     "x\"],\"Path\":"
     "\"/"
     "\",\"Policies\":[{\"PolicyDocument\":{\"Version\":\"2012-10-17\"},\"PolicyName\":\"in\"}],\"UserId\":"
     "\"AIDA\","
     "\"UserName\":\"ann\"}" T
     "relation AWS::IAM::ManagedPolicy arn:aws:iam::aws:policy/x|attached-to|AWS::IAM::User arn:aws:iam::" A
     ":user/ann\nrelation AWS::IAM::User arn:aws:iam::" A
     ":user/ann|member-of|AWS::IAM::Group arn:aws:iam::" A ":group/admins\n"},
    {ENVELOPE(
         "iam:GetAccountAuthorizationDetails", "{}", A, "",
         "{\"UserDetailList\":[],\"GroupDetailList\":[],\"RoleDetailList\":[],\"Policies\":[{\"PolicyName\":"
         "\"p\","
         "\"Arn\":\"arn:aws:iam::" A
         ":policy/p\",\"Path\":\"/\",\"DefaultVersionId\":\"v2\",\"AttachmentCount\":1,"
         "\"PolicyVersionList\":[{\"VersionId\":\"v1\",\"IsDefaultVersion\":false,\"Document\":{\"a\":1}},"
         "{\"VersionId\":\"v2\",\"IsDefaultVersion\":true,\"Document\":{\"b\":2}}]}]}"),
     "AWS::IAM::ManagedPolicy|" A "||arn:aws:iam::" A ":policy/p|{\"Arn\":\"arn:aws:iam::" A ":policy/p\","
     "\"AttachmentCount\":1,\"DefaultVersionId\":\"v2\",\"ManagedPolicyName\":\"p\",\"Path\":\"/"
     "\",\"PolicyDocument\":"
     "{\"b\":2}}" T},
    {ENVELOPE("iam:GetCredentialReport", "{}", A, "",
              "{\"Content\":"
              "\"dXNlcixhcm4sdXNlcl9jcmVhdGlvbl90aW1lLHBhc3N3b3JkX2VuYWJsZWQsbWZhX2FjdGl2ZSxhY2Nlc3Nfa2V5XzFf"
              "bGFzdF91"
              "c2VkX2RhdGUKPHJvb3RfYWNjb3VudD4sYXJuOmF3czppYW06OjQ0NDQ1NTU1NjY2Njpyb290LDIwMjAtMDEtMDFUMDA6MD"
              "A6MDArMDA"
              "6MDAsbm90X3N1cHBvcnRlZCx0cnVlLE4vQQo=\",\"ReportFormat\":\"text/csv\",\"GeneratedTime\":"
              "\"2026-11-20T08:00:00+00:00\"}"),
     "Vigil::IAM::CredentialReportEntry|" A "||arn:aws:iam::" A ":root|{\"Arn\":\"arn:aws:iam::" A
     ":root\",\"MfaActive\":true,\"User\":\"<root_account>\",\"UserCreationTime\":\"2020-01-01T00:00:"
     "00Z\"}" T},
    {ENVELOPE("iam:GetAccountSummary", "{}", A, "", "{\"SummaryMap\":{\"Users\":3,\"AccountMFAEnabled\":1}}"),
     "Vigil::IAM::AccountSummary|" A "||" A "|{\"AccountMFAEnabled\":1,\"Users\":3}" T},
    {ENVELOPE("iam:GetAccountPasswordPolicy", "{}", A, "",
              "{\"PasswordPolicy\":{\"MinimumPasswordLength\":14,\"ExpirePasswords\":false}}"),
     "Vigil::IAM::PasswordPolicy|" A "||" A
     "|{\"ExpirePasswords\":false,\"MinimumPasswordLength\":14,\"Present\":"
     "true}" T},
    {FAILED("iam:GetAccountPasswordPolicy", "{}", A, "", "NoSuchEntity"),
     "Vigil::IAM::PasswordPolicy|" A "||" A "|{\"Present\":false}" T "complete"},
    {ENVELOPE("iam:ListVirtualMFADevices", "{}", A, "",
              "{\"VirtualMFADevices\":[{\"SerialNumber\":\"arn:aws:iam::" A ":mfa/ann\",\"EnableDate\":"
              "\"2024-01-01T00:00:00Z\",\"User\":{\"Arn\":\"arn:aws:iam::" A ":root\"}}]}"),
     "Vigil::IAM::VirtualMfaDevice|" A "||arn:aws:iam::" A
     ":mfa/ann|{\"EnableDate\":\"2024-01-01T00:00:00Z\","
     "\"SerialNumber\":\"arn:aws:iam::" A ":mfa/ann\",\"User\":{\"Arn\":\"arn:aws:iam::" A ":root\"}}" T},
    {ENVELOPE("iam:ListMFADevices", "{\"UserName\":\"ann\"}", A, "",
              "{\"MFADevices\":[{\"UserName\":\"ann\",\"SerialNumber\":\"GAHT1\",\"EnableDate\":"
              "\"2024-01-01T00:00:00Z\"}]}"),
     "Vigil::IAM::MfaDevice|" A
     "||ann/GAHT1|{\"EnableDate\":\"2024-01-01T00:00:00Z\",\"SerialNumber\":\"GAHT1\","
     "\"UserName\":\"ann\"}" T},
    {ENVELOPE("iam:ListOrganizationsFeatures", "{}", M, "",
              "{\"OrganizationId\":\"o-abcdefghij\",\"EnabledFeatures\":[\"RootSessions\"]}"),
     "Vigil::IAM::OrganizationsFeatures|" M
     "||o-abcdefghij|{\"EnabledFeatures\":[\"RootSessions\"],\"OrganizationId\":"
     "\"o-abcdefghij\"}" T},
    {ENVELOPE("account:GetAlternateContact",
              "{\"AccountId\":\"" A "\",\"AlternateContactType\":\"SECURITY\"}", M, "",
              "{\"AlternateContact\":{\"AlternateContactType\":\"SECURITY\",\"Name\":\"n\",\"EmailAddress\":"
              "\"s@example.com\"}}"),
     "Vigil::Account::AlternateContact|" A
     "||SECURITY|{\"AlternateContactType\":\"SECURITY\",\"EmailAddress\":"
     "\"s@example.com\",\"Name\":\"n\",\"Present\":true}" T},
    {FAILED("account:GetAlternateContact", "{\"AlternateContactType\":\"BILLING\"}", A, "",
            "ResourceNotFoundException"),
     "Vigil::Account::AlternateContact|" A
     "||BILLING|{\"AlternateContactType\":\"BILLING\",\"Present\":false}" T},
    {ENVELOPE("account:GetContactInformation", "{}", A, "",
              "{\"ContactInformation\":{\"FullName\":\"f\",\"PhoneNumber\":\"+1\",\"CountryCode\":\"DE\"}}"),
     "Vigil::Account::ContactInformation|" A "||" A
     "|{\"CountryCode\":\"DE\",\"FullName\":\"f\",\"PhoneNumber\":\"+1\","
     "\"Present\":true}" T},
    {ENVELOPE("account:GetPrimaryEmail", "{\"AccountId\":\"" A "\"}", M, "",
              "{\"PrimaryEmail\":\"p@example.com\"}"),
     "Vigil::Account::PrimaryEmail|" A "||" A "|{\"PrimaryEmail\":\"p@example.com\"}" T},
    {ENVELOPE("account:ListRegions", "{}", A, "us-east-1",
              "{\"Regions\":[{\"RegionName\":\"" R "\",\"RegionOptStatus\":\"ENABLED_BY_DEFAULT\"}]}"),
     "Vigil::Account::Region|" A "|" R "|" R "|{\"RegionName\":\"" R
     "\",\"RegionOptStatus\":\"ENABLED_BY_DEFAULT\"}" T},
    {ENVELOPE("ec2:DescribeRegions", "{}", A, "us-east-1",
              "{\"Regions\":[{\"RegionName\":\"" R
              "\",\"Endpoint\":\"e\",\"OptInStatus\":\"not-opted-in\"}]}"),
     "Vigil::Account::Region|" A "|" R "|" R "|{\"RegionName\":\"" R
     "\",\"RegionOptStatus\":\"DISABLED\"}" T},
    {ENVELOPE(
         "sso-admin:ListInstances", "{}", M, R,
         "{\"Instances\":[{\"InstanceArn\":\"arn:aws:sso:::instance/ssoins-1\",\"IdentityStoreId\":\"d-1\","
         "\"OwnerAccountId\":\"" M "\",\"Status\":\"ACTIVE\"}]}"),
     "Vigil::IdentityCenter::Instance|" M "||arn:aws:sso:::instance/ssoins-1|{\"IdentityStoreId\":\"d-1\","
     "\"InstanceArn\":\"arn:aws:sso:::instance/ssoins-1\",\"OwnerAccountId\":\"" M
     "\",\"Status\":\"ACTIVE\"}" T},
    {ENVELOPE(
         "cloudtrail:DescribeTrails", "{}", A, R,
         "{\"trailList\":[{\"Name\":\"t\",\"S3BucketName\":\"b\",\"TrailARN\":\"arn:aws:cloudtrail:us-east-"
         "1:" M ":trail/"
         "t\",\"HomeRegion\":\"us-east-1\",\"IsOrganizationTrail\":true,\"LogFileValidationEnabled\":true,"
         "\"KmsKeyId\":\"k\"}]}"),
     "AWS::CloudTrail::Trail|" M "|us-east-1|arn:aws:cloudtrail:us-east-1:" M
     ":trail/t|{\"EnableLogFileValidation\":"
     "true,\"HomeRegion\":\"us-east-1\",\"IsOrganizationTrail\":true,\"KMSKeyId\":\"k\",\"S3BucketName\":"
     "\"b\","
     "\"TrailARN\":\"arn:aws:cloudtrail:us-east-1:" M ":trail/t\",\"TrailName\":\"t\"}" T},
    {ENVELOPE("cloudtrail:GetTrailStatus", "{\"Name\":\"t\"}", A, R,
              "{\"IsLogging\":true,\"LatestDeliveryTime\":1763625600}"),
     "Vigil::CloudTrail::TrailStatus|" A "|" R "|arn:aws:cloudtrail:" R ":" A ":trail/t|{\"IsLogging\":true,"
     "\"LatestDeliveryTime\":\"2025-11-20T08:00:00Z\",\"TrailARN\":\"arn:aws:cloudtrail:" R ":" A
     ":trail/t\"}" T},
    {ENVELOPE("cloudtrail:GetEventSelectors", "{}", A, R,
              "{\"TrailARN\":\"arn:aws:cloudtrail:" R ":" A
              ":trail/t\",\"EventSelectors\":[{\"ReadWriteType\":\"All\"}]}"),
     "Vigil::CloudTrail::EventSelectors|" A "|" R "|arn:aws:cloudtrail:" R ":" A
     ":trail/t|{\"EventSelectors\":"
     "[{\"ReadWriteType\":\"All\"}],\"TrailARN\":\"arn:aws:cloudtrail:" R ":" A ":trail/t\"}" T},
    {ENVELOPE("config:DescribeConfigurationRecorders", "{}", A, R,
              "{\"ConfigurationRecorders\":[{\"name\":\"default\",\"roleARN\":\"r\",\"recordingGroup\":{"
              "\"allSupported\":"
              "true,\"includeGlobalResourceTypes\":false,\"resourceTypes\":[]},\"recordingMode\":{"
              "\"recordingFrequency\":"
              "\"CONTINUOUS\"}}]}"),
     "AWS::Config::ConfigurationRecorder|" A "|" R
     "|default|{\"Name\":\"default\",\"RecordingGroup\":{\"AllSupported\":"
     "true,\"IncludeGlobalResourceTypes\":false,\"ResourceTypes\":[]},\"RecordingMode\":{"
     "\"RecordingFrequency\":"
     "\"CONTINUOUS\"},\"RoleARN\":\"r\"}" T},
    {ENVELOPE("configservice:DescribeConfigurationRecorderStatus", "{}", A, R,
              "{\"ConfigurationRecordersStatus\":[{\"name\":\"default\",\"recording\":true,\"lastStatus\":"
              "\"SUCCESS\"}]}"),
     "Vigil::Config::RecorderStatus|" A "|" R
     "|default|{\"LastStatus\":\"SUCCESS\",\"Name\":\"default\",\"Recording\":"
     "true}" T},
    {ENVELOPE("config:DescribeDeliveryChannels", "{}", A, R,
              "{\"DeliveryChannels\":[{\"name\":\"default\",\"s3BucketName\":\"b\","
              "\"configSnapshotDeliveryProperties\":"
              "{\"deliveryFrequency\":\"One_Hour\"}}]}"),
     "AWS::Config::DeliveryChannel|" A "|" R
     "|default|{\"ConfigSnapshotDeliveryProperties\":{\"DeliveryFrequency\":"
     "\"One_Hour\"},\"Name\":\"default\",\"S3BucketName\":\"b\"}" T},
    {ENVELOPE(
         "config:DescribeDeliveryChannelStatus", "{}", A, R,
         "{\"DeliveryChannelsStatus\":[{\"name\":\"default\",\"configHistoryDeliveryInfo\":{\"lastStatus\":"
         "\"SUCCESS\"}}]}"),
     "Vigil::Config::DeliveryChannelStatus|" A "|" R
     "|default|{\"ConfigHistoryDeliveryInfo\":{\"LastStatus\":"
     "\"SUCCESS\"},\"Name\":\"default\"}" T},
    {ENVELOPE("guardduty:ListDetectors", "{}", A, R, "{\"DetectorIds\":[]}"),
     "Vigil::GuardDuty::Detectors|" A "|" R "|detectors|{\"DetectorIds\":[]}" T},
    {ENVELOPE("guardduty:GetDetector", "{\"DetectorId\":\"d1\"}", A, R,
              "{\"Status\":\"ENABLED\",\"FindingPublishingFrequency\":\"SIX_HOURS\",\"Features\":[{\"Name\":"
              "\"EKS\","
              "\"Status\":\"ENABLED\"}]}"),
     "AWS::GuardDuty::Detector|" A "|" R
     "|d1|{\"Enable\":true,\"Features\":[{\"Name\":\"EKS\",\"Status\":\"ENABLED\"}],"
     "\"FindingPublishingFrequency\":\"SIX_HOURS\"}" T},
    {ENVELOPE("securityhub:DescribeHub", "{}", A, R,
              "{\"HubArn\":\"arn:aws:securityhub:" R ":" A
              ":hub/default\",\"SubscribedAt\":\"2024-01-01T00:00:00Z\","
              "\"AutoEnableControls\":true}"),
     "AWS::SecurityHub::Hub|" A "|" R "|arn:aws:securityhub:" R ":" A
     ":hub/default|{\"AutoEnableControls\":true,"
     "\"HubArn\":\"arn:aws:securityhub:" R ":" A ":hub/default\",\"Present\":true,\"SubscribedAt\":"
     "\"2024-01-01T00:00:00Z\"}" T},
    {FAILED("securityhub:DescribeHub", "{}", A, R, "InvalidAccessException"),
     "AWS::SecurityHub::Hub|" A "|" R "|hub|{\"Present\":false}" T},
    {ENVELOPE("securityhub:GetEnabledStandards", "{}", A, R,
              "{\"StandardsSubscriptions\":[{\"StandardsArn\":\"s\",\"StandardsStatus\":\"READY\"}]}"),
     "Vigil::SecurityHub::Standards|" A "|" R
     "|standards|{\"StandardsSubscriptions\":[{\"StandardsArn\":\"s\","
     "\"StandardsStatus\":\"READY\"}]}" T},
    {ENVELOPE("inspector2:BatchGetAccountStatus", "{}", M, R,
              "{\"accounts\":[{\"accountId\":\"" A
              "\",\"state\":{\"status\":\"ENABLED\"},\"resourceState\":{\"ec2\":"
              "{\"status\":\"ENABLED\"},\"ecr\":{\"status\":\"DISABLED\"}}}],\"failedAccounts\":[]}"),
     "Vigil::Inspector::AccountStatus|" A "|" R "|" A
     "|{\"Ec2\":\"ENABLED\",\"Ecr\":\"DISABLED\",\"Status\":\"ENABLED\"}" T},
    {ENVELOPE("accessanalyzer:ListAnalyzers", "{}", A, R,
              "{\"analyzers\":[{\"arn\":\"arn:aws:access-analyzer:" R ":" A
              ":analyzer/x\",\"name\":\"x\",\"type\":"
              "\"ACCOUNT\",\"status\":\"ACTIVE\"}]}"),
     "AWS::AccessAnalyzer::Analyzer|" A "|" R "|arn:aws:access-analyzer:" R ":" A
     ":analyzer/x|{\"AnalyzerName\":\"x\","
     "\"Arn\":\"arn:aws:access-analyzer:" R ":" A
     ":analyzer/x\",\"Status\":\"ACTIVE\",\"Type\":\"ACCOUNT\"}" T "Vigil::AccessAnalyzer::Analyzers|" A "|" R
     "|analyzers|{\"Names\":[\"x\"]}" T},
    {ENVELOPE(
         "securityhub:GetFindings", "{}", A, R,
         "{\"Findings\":[{\"SchemaVersion\":\"2018-10-08\",\"Id\":\"f1\",\"ProductArn\":\"arn:aws:"
         "securityhub:" R "::product/aws/guardduty\",\"GeneratorId\":\"g\",\"AwsAccountId\":\"" A
         "\",\"Severity\":{\"Label\":\"HIGH\"}"
         ",\"Title\":\"t\",\"Resources\":[{\"Type\":\"AwsS3Bucket\",\"Id\":\"arn:aws:s3:::b\",\"Region\":\"" R
         "\"}],\"RecordState\":\"ACTIVE\"}]}"),
     "finding guardduty|high|fail|" A "|" R "|AWS::S3::Bucket|arn:aws:s3:::b|g\n"},
};

/* Whether the catalogue has the type, with every property that the resource has. */
static vg_status check_against_catalogue(void *context, const vg_evidence_row *row, vg_error *err)
{
    const vg_value *catalogue = context;
    const vg_value *entry = NULL;
    vg_arena *arena = vg_arena_new(0);
    vg_doc doc;
    for (vg_items it = vg_items_of(catalogue); !entry && vg_items_next(&it);)
        entry = vg_str_eq(vg_get_str(it.value, "type"), row->resource.type) ? it.value : NULL;
    if (!entry)
        fail_msg("%.*s is not in content/types/evidence.yaml", VG_ARG(row->resource.type));
    assert_int_equal(vg_json_read(arena, row->resource.properties, VG_STR(""), NULL, &doc, err), VG_OK);
    /* The account summary holds whatever IAM counts. */
    bool is_open = vg_str_is(row->resource.type, "Vigil::IAM::AccountSummary");
    for (vg_items it = vg_items_of(doc.root); !is_open && vg_items_next(&it);)
        if (!vg_get(vg_get(entry, VG_STR("properties")), it.key))
            fail_msg("%.*s of %.*s is not in content/types/evidence.yaml", VG_ARG(it.key),
                     VG_ARG(row->resource.type));
    vg_arena_free(arena);
    return VG_OK;
}

/* The whole answers of test_import_answers.c as well. */
static void write_answers(import_test *t)
{
    vg_vec files = vg_vec_in(t->arena, sizeof(vg_dir_entry));
    OK(vg_dir_walk(t->arena, VG_STR(VIGIL_SOURCE_DIR "/tests/evidence/answers"), &files, NULL, NULL, err));
    for (size_t i = 0; i < files.len; i++) {
        const vg_dir_entry *file = vg_vec_at(&files, i);
        vg_str text, name = vg_path_name(file->path);
        OK(vg_file_read(t->arena, file->path, 1 << 20, &text, err));
        if (vg_str_ends(name, VG_STR(".json")))
            write_test_file(t, &(test_file){vg_arena_cstr(t->arena, name), text.ptr, text.len});
    }
}

static void what_is_put_is_in_the_catalogue(void **state)
{
    (void)state;
    import_test t;
    vg_error why = {0};
    vg_str text;
    vg_doc catalogue;
    test_open(&t);
    OK(vg_file_read(t.arena, VG_STR(VIGIL_SOURCE_DIR "/content/types/evidence.yaml"), 1 << 20, &text, err));
    OK(vg_yaml_read(t.arena, text, VG_STR("evidence.yaml"), NULL, &catalogue, err));
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        char path[32];
        snprintf(path, sizeof path, "%02zu.json", i);
        write_test_file(
            &t, &(test_file){.path = vg_arena_cstr(t.arena, vg_str_from(path)), .text = cases[i].text});
    }
    write_answers(&t);
    if (import_now(&t, NULL, NULL, &why) != VG_OK)
        fail_msg("%s", why.message);
    vg_resource_filter all = VG_RESOURCE_FILTER_ALL;
    OK(vg_evidence_resources(t.evidence, &all, check_against_catalogue, (void *)(uintptr_t)catalogue.root,
                             err));
    test_close(&t);
}

static void every_operation_gives_what_the_catalogue_promises(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        import_test t;
        vg_error why = {0};
        test_open(&t);
        write_test_file(&t, &(test_file){.path = "a.json", .text = cases[i].text});
        if (import_now(&t, NULL, NULL, &why) != VG_OK)
            fail_msg("case %zu: %s\n%s", i, why.message, cases[i].text);
        bool is_whole =
            has_text(&t, "\ncomplete\n") || vg_str_starts(vg_buf_str(&t.text), VG_STR("complete"));
        const char *missing = NULL;
        for (vg_str rest = vg_str_from(cases[i].expect), line; !missing && vg_str_next(&rest, '\n', &line);)
            if (vg_str_find(vg_buf_str(&t.text), line) == VG_NPOS)
                missing = line.ptr;
        if (missing || !is_whole)
            fail_msg("case %zu\ngiven: %s\nexpected: %s\ngot: %.*s", i, cases[i].text, cases[i].expect,
                     VG_ARG(vg_buf_str(&t.text)));
        test_close(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_gives_what_the_catalogue_promises),
        cmocka_unit_test(what_is_put_is_in_the_catalogue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
