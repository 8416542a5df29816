/* test_import.c: whose an answer is, what is told of files that cannot be read, and what happens when files contradict
 * each other. Cases are files and lines: those that must be told or put, and one that must not. */
#include "evidence/import_world.h"

#define M                   "111122223333"
#define A                   "444455556666"
#define SUMMARY             "{\"SummaryMap\":{\"Users\":3}}"
#define SUMMARY_OF(account) "Vigil::IAM::AccountSummary|" account "||" account "|{\"Users\":3}"
#define ENVELOPE_AT(operation, account, time, output)                                                        \
    "{\"vigil\":\"envelope/1\",\"operation\":\"" operation "\",\"account\":\"" account "\",\"time\":\"" time \
    "\",\"output\":" output "}"
#define ENVELOPE(operation, account, output) ENVELOPE_AT(operation, account, "2026-11-20T08:00:00Z", output)
#define ORGANIZATION(id, account)                                                                            \
    "{\"Organization\":{\"Id\":\"" id "\",\"FeatureSet\":\"ALL\",\"MasterAccountId\":\"" account "\"}}"
#define UNITS(parent, unit)                                                                                  \
    "{\"vigil\":\"envelope/"                                                                                 \
    "1\",\"operation\":\"organizations:ListOrganizationalUnitsForParent\",\"parameters\":"                   \
    "{\"ParentId\":\"" parent "\"},\"account\":\"" M "\",\"time\":\"2026-11-20T08:00:00Z\",\"output\":"      \
    "{\"OrganizationalUnits\":[{\"Id\":\"" unit "\",\"Arn\":\"arn:aws:organizations::" M                     \
    ":ou/o-abcdefghij/" unit "\",\"Name\":\"n\"}]}}"
#define ACCOUNTS                                                                                             \
    "{\"Accounts\":[{\"Id\":\"" A "\",\"Arn\":\"arn:aws:organizations::" M ":account/o-abcdefghij/" A        \
    "\",\"Name\":\"shop\"}]}"
#define ITEM(type, id, status, time, more)                                                                   \
    "{\"resourceType\":\"" type "\",\"resourceId\":\"" id "\",\"resourceName\":\"" id "\",\"ARN\":\"arn:" id \
    "\",\"awsAccountId\":\"" A "\",\"awsRegion\":\"eu-west-1\",\"configurationItemStatus\":\"" status        \
    "\",\"configurationItemCaptureTime\":\"" time "\"," more "}"

static const struct {
    const char *name;
    test_file files[4];
    const char *account, *region; /* flags */
    const char *expect;           /* lines that must be there */
    const char *never;            /* text that must not; NULL: none */
} cases[] = {
    /* attribution */
    {"the path tells the account",
     {{.path = M "/summary.json", .text = SUMMARY}},
     NULL,
     NULL,
     SUMMARY_OF(M) "\ncomplete",
     "row"},
    {"the nearest account in the path counts",
     {{.path = M "/x/" A "_summary.json", .text = SUMMARY}},
     NULL,
     NULL,
     SUMMARY_OF(A),
     NULL},
    {"the flag tells it when the path does not",
     {{.path = "s.json", .text = SUMMARY}},
     A,
     NULL,
     SUMMARY_OF(A),
     NULL},
    {"the path goes before the flag",
     {{.path = M "/s.json", .text = SUMMARY}},
     A,
     NULL,
     SUMMARY_OF(M),
     SUMMARY_OF(A)},
    {"the envelope goes before the path",
     {{.path = M "/s.json", .text = ENVELOPE("iam:GetAccountSummary", A, SUMMARY)}},
     NULL,
     NULL,
     SUMMARY_OF(A),
     "|" M},
    {"content goes before the envelope",
     {{.path = "s.json",
       .text = ENVELOPE("securityhub:DescribeHub", M,
                        "{\"HubArn\":\"arn:aws:securityhub:eu-west-1:" A
                        ":hub/default\",\"SubscribedAt\":\"x\"}")}},
     NULL,
     NULL,
     "AWS::SecurityHub::Hub|" A "|eu-west-1|arn:aws:securityhub:eu-west-1:" A ":hub/default|",
     "|" M},
    {"what nothing places is named and not guessed",
     {{.path = "s.json", .text = SUMMARY}},
     NULL,
     NULL,
     "row s.json|not-supported||looks like iam:GetAccountSummary, but nothing says which account it is of; "
     "put it into "
     "a folder named by the account, give --account, or use an envelope ('vigil import --script')\npartial",
     "AccountSummary|"},
    {"a regional answer needs a region",
     {{.path = M "/d.json", .text = "{\"DetectorIds\":[]}"}},
     NULL,
     NULL,
     "nothing says which region it is of",
     "Vigil::GuardDuty"},
    {"the path tells the region, in China too",
     {{.path = M "/cn-north-1/d.json", .text = "{\"DetectorIds\":[]}"}},
     NULL,
     NULL,
     "Vigil::GuardDuty::Detectors|" M "|cn-north-1|detectors|",
     NULL},
    {"a name that ends in a region tells it",
     {{.path = M "/detectors-us-gov-west-1.json", .text = "{\"DetectorIds\":[]}"}},
     NULL,
     NULL,
     "Vigil::GuardDuty::Detectors|" M "|us-gov-west-1|detectors|",
     NULL},
    {"a parent in the path makes it the accounts of the parent",
     {{.path = "ou-ab12-11111111/accounts.json", .text = ACCOUNTS}},
     NULL,
     NULL,
     "Vigil::Organization::Parent|" M "||" A "|{\"ChildId\":\"" A "\",\"ParentId\":\"ou-ab12-11111111\"}",
     NULL},
    {"without a parent it is the accounts of the organisation",
     {{.path = "accounts.json", .text = ACCOUNTS}},
     NULL,
     NULL,
     "Vigil::Organization::Account|" A "||" A "|",
     "Parent"},
    {"a name that promises a parent and does not tell it is named",
     {{.path = "list-accounts-for-parent.json", .text = ACCOUNTS}},
     NULL,
     NULL,
     "nothing says which ParentId it is for; name the file list-accounts-for-parent@ParentId.json",
     "|Vigil"},
    {"the parameter may follow the operation's name",
     {{.path = M "/eu-west-1/get-trail-status@main.json", .text = "{\"IsLogging\":true}"}},
     NULL,
     NULL,
     "Vigil::CloudTrail::TrailStatus|" M "|eu-west-1|arn:aws:cloudtrail:eu-west-1:" M ":trail/main|",
     NULL},
    {"an account behind the name is what was asked about",
     {{.path = M "/list-policies-for-target@" A ".json",
       .text = "{\"Policies\":[{\"Id\":\"p-abcdefgh\",\"Type\":\"SERVICE_CONTROL_POLICY\",\"AwsManaged\":"
               "false}]}"}},
     NULL,
     NULL,
     "Vigil::Organization::PolicyTarget|" M "||p-abcdefgh/" A "|",
     NULL},
    {"a policy in the path tells whose targets they are",
     {{.path = "p-abcdefgh/targets.json",
       .text =
           "{\"Targets\":[{\"TargetId\":\"" A "\",\"Type\":\"ACCOUNT\",\"Arn\":\"arn:aws:organizations::" M
           ":account/o-abcdefghij/" A "\"}]}"}},
     NULL,
     NULL,
     "Vigil::Organization::PolicyTarget|" M "||p-abcdefgh/" A "|",
     NULL},
    {"the organisation of another file places what has no account",
     {{.path = "trusted.json", .text = "{\"EnabledServicePrincipals\":[{\"ServicePrincipal\":\"s\"}]}"},
      {.path = "z.json", .text = ORGANIZATION("o-abcdefghij", M)}},
     NULL,
     NULL,
     "Vigil::Organization::TrustedService|" M "||s|{\"ServicePrincipal\":\"s\"}",
     "row"},
    {"an empty list that several operations give is named",
     {{.path = "p.json", .text = "{\"Regions\":[]}"}},
     M,
     NULL,
     "row p.json|not-supported||could be account:ListRegions or ec2:DescribeRegions: say which by an "
     "envelope",
     NULL},
    {"gov partitions are kept in ARNs that are completed",
     {{.path = M "/us-gov-west-1/get-trail-status@t.json", .text = "{\"IsLogging\":true}"}},
     NULL,
     NULL,
     "arn:aws-us-gov:cloudtrail:us-gov-west-1:" M ":trail/t",
     NULL},

    /* errors of AWS */
    {"an error that the CLI printed is understood",
     {{.path = A "/p.txt",
       .text =
           "\nAn error occurred (NoSuchEntity) when calling the GetAccountPasswordPolicy operation: none\n"}},
     NULL,
     NULL,
     "Vigil::IAM::PasswordPolicy|" A "||" A "|{\"Present\":false}",
     "row"},
    {"denied is not assessed, and says what to do",
     {{.path = "a.json",
       .text = "{\"vigil\":\"envelope/1\",\"operation\":\"iam:GetAccountSummary\",\"account\":\"" A
               "\",\"time\":\"2026-11-20T08:00:00Z\",\"exit\":254,\"error\":\"An error occurred "
               "(AccessDenied) when "
               "calling the GetAccountSummary operation: no\"}"}},
     NULL,
     NULL,
     "row a.json|not-assessed||An error occurred (AccessDenied) when calling the GetAccountSummary operation:"
     " no; give the role that permission",
     "AccountSummary|"},
    {"an unknown error is not assessed with itself as the reason",
     {{.path = "a.json",
       .text = "{\"vigil\":\"envelope/1\",\"operation\":\"iam:GetAccountSummary\",\"account\":\"" A
               "\",\"exit\":255,\"error\":\"Could not connect\",\"output\":null}"}},
     NULL,
     NULL,
     "row a.json|not-assessed||Could not connect\npartial",
     NULL},

    /* what cannot be read */
    {"a list with more behind it is not read in full",
     {{.path = M "/v.json",
       .text =
           "{\"VirtualMFADevices\":[{\"SerialNumber\":\"arn:aws:iam::" M ":mfa/a\"}],\"IsTruncated\":true}"}},
     NULL,
     NULL,
     "|imported|truncated|not in full: AWS says that there is more",
     NULL},
    {"a next token means the same",
     {{.path = "a.json",
       .text = "{\"Accounts\":[{\"Id\":\"" A "\",\"Arn\":\"arn:aws:organizations::" M
               ":account/o-abcdefghij/" A "\",\"Name\":\"n\"}],\"NextToken\":\"x\"}"}},
     NULL,
     NULL,
     "row a.json|imported|truncated|",
     NULL},
    {"a file that ends in its middle is named as partly written",
     {{.path = M "/s.json", .text = "{\"SummaryMap\":{\"Users\":3"}},
     NULL,
     NULL,
     "partly written: export it again\npartial",
     NULL},
    {"an empty file says so",
     {{.path = "e.json", .text = "\n"}},
     NULL,
     NULL,
     "row e.json|error||empty: the command that wrote it failed; run it again",
     NULL},
    {"bytes that are no UTF-8 are named",
     {{.path = M "/s.txt", .text = "ab\xff\xfe"}},
     NULL,
     NULL,
     "|error||byte 3 is not UTF-8; save it as UTF-8, or export it again",
     NULL},
    {"bytes that are no UTF-8 in JSON are named",
     {{.path = M "/s.json", .text = "{\"a\":\"\xff\"}"}},
     NULL,
     NULL,
     "|error||line 1, column 7",
     NULL},
    {"UTF-16 of PowerShell is read",
     {{.path = M "/s.json",
       .text = "\xff\xfe{\0\"\0S\0u\0m\0m\0a\0r\0y\0M\0a\0p\0\"\0:\0{\0\"\0U\0s\0e\0r\0s\0\"\0:\0003\0}\0}\0",
       .len = 54}},
     NULL,
     NULL,
     SUMMARY_OF(M),
     "row"},
    {"a byte order mark is read",
     {{.path = M "/s.json", .text = "\xef\xbb\xbf" SUMMARY}},
     NULL,
     NULL,
     SUMMARY_OF(M),
     "row"},
    {"YAML of the CLI is read",
     {{.path = M "/s.yaml", .text = "SummaryMap:\n  Users: 3\n"}},
     NULL,
     NULL,
     SUMMARY_OF(M),
     "row"},
    {"text of the CLI is named with what to do",
     {{.path = M "/s.txt", .text = "ACCOUNTS\tarn:aws:x\ta@b\n"}},
     NULL,
     NULL,
     "looks like the CLI's --output text, which drops the names of fields; export it again with --output "
     "json",
     NULL},
    {"a table of the CLI is named with what to do",
     {{.path = M "/s.txt", .text = "-------\n|  x  |\n-------\n"}},
     NULL,
     NULL,
     "looks like the CLI's --output table",
     NULL},
    {"a list by --query is named",
     {{.path = M "/s.json", .text = "[1,2]"}},
     NULL,
     NULL,
     "export it again without --query",
     NULL},
    {"an unknown answer is named with its first key",
     {{.path = M "/s.json", .text = "{\"Vpcs\":[]}"}},
     NULL,
     NULL,
     "no operation that import reads answers like this (first key 'Vpcs')",
     NULL},
    {"an unknown operation of an envelope is named",
     {{.path = "s.json", .text = ENVELOPE("ec2:DescribeVpcs", M, "{\"Vpcs\":[]}")}},
     NULL,
     NULL,
     "row s.json|not-supported||ec2:DescribeVpcs is not among the operations",
     NULL},
    {"an envelope whose output is another operation's is named",
     {{.path = "s.json", .text = ENVELOPE("iam:GetAccountSummary", M, ACCOUNTS)}},
     NULL,
     NULL,
     "the envelope says iam:GetAccountSummary, but its output looks like organizations:ListAccounts",
     "|Vigil"},
    {"an envelope of a later version is named",
     {{.path = "s.json", .text = "{\"vigil\":\"envelope/9\",\"operation\":\"x\"}"}},
     NULL,
     NULL,
     "use a newer vigil",
     NULL},
    {"an envelope with a bad account is named",
     {{.path = "s.json", .text = ENVELOPE("iam:GetAccountSummary", "12", SUMMARY)}},
     NULL,
     NULL,
     "the envelope's account '12' is not 12 digits",
     NULL},
    {"what is of the future is refused",
     {{.path = "s.json", .text = ENVELOPE_AT("iam:GetAccountSummary", M, "2031-01-01T00:00:00Z", SUMMARY)}},
     NULL,
     NULL,
     "row s.json|error||dated 2031-01-01T00:00:00Z, which is in the future",
     "AccountSummary|"},
    {"lines go on behind a bad one",
     {{.path = "l.jsonl",
       .text = ENVELOPE("iam:GetAccountSummary", M,
                        SUMMARY) "\n{\"vigil\":\n" ENVELOPE("iam:GetAccountSummary", A, SUMMARY) "\n"}},
     NULL,
     NULL,
     SUMMARY_OF(M) "\n" SUMMARY_OF(A) "\nrow l.jsonl:2|error||",
     NULL},
    {"a list of envelopes is read",
     {{.path = "l.json",
       .text = "[" ENVELOPE("iam:GetAccountSummary", M, SUMMARY) "," ENVELOPE("iam:GetAccountSummary", A,
                                                                              SUMMARY) "]"}},
     NULL,
     NULL,
     SUMMARY_OF(M) "\n" SUMMARY_OF(A),
     "row"},
    {"findings in GuardDuty's own shape are named with what to do",
     {{.path = M "/f.json",
       .text = "{\"Findings\":[{\"SchemaVersion\":\"2.0\",\"Service\":{},\"Id\":\"x\"}]}"}},
     NULL,
     NULL,
     "export them as ASFF with 'aws securityhub get-findings'",
     NULL},

    /* credential reports */
    {"a credential report as CSV is read",
     {{.path = "c.csv",
       .text = "user,arn,user_creation_time,mfa_active\nann,arn:aws-cn:iam::" A
               ":user/ann,2024-01-01T00:00:00+00:00,false\n"}},
     NULL,
     NULL,
     "Vigil::IAM::CredentialReportEntry|" A "||arn:aws-cn:iam::" A ":user/ann|{\"Arn\":\"arn:aws-cn:iam::" A
     ":user/ann\",\"MfaActive\":false,\"User\":\"ann\",\"UserCreationTime\":\"2024-01-01T00:00:00Z\"}",
     "row"},
    {"a credential report that was cut is not read in full",
     {{.path = "c.csv",
       .text = "user,arn,user_creation_time,mfa_active\nann,arn:aws:iam::" A
               ":user/ann,2024-01-01T00:00:00+00:00,false\nbob,arn:aws\n"}},
     NULL,
     NULL,
     "has 2 fields where its head has 4: partly written; export it again",
     NULL},
    {"a credential report of two accounts is refused",
     {{.path = "c.csv",
       .text =
           "user,arn,user_creation_time,x\na,arn:aws:iam::" A ":user/a,,\nb,arn:aws:iam::" M ":user/b,,\n"}},
     NULL,
     NULL,
     "holds users of two accounts",
     "Entry|"},

    /* contradictions */
    {"a second organisation is refused",
     {{.path = "a.json", .text = ORGANIZATION("o-abcdefghij", M)},
      {.path = "b.json", .text = ORGANIZATION("o-zzzzzzzzzz", A)}},
     NULL,
     NULL,
     "Vigil::Organization::Organization|" M "||o-abcdefghij|\nrow b.json|error||is of organisation "
     "o-zzzzzzzzzz, but this workspace is of o-abcdefghij",
     "||o-zzzzzzzzzz"},
    {"answers that contradict each other are named and the later wins",
     {{.path = "a.json", .text = ENVELOPE("iam:GetAccountSummary", A, "{\"SummaryMap\":{\"Users\":9}}")},
      {.path = "b.json", .text = ENVELOPE("iam:GetAccountSummary", A, SUMMARY)}},
     NULL,
     NULL,
     SUMMARY_OF(A) "\nrow b.json|imported|note|contradicts ",
     "{\"Users\":9}"},
    {"the same answer twice is no contradiction",
     {{.path = "a.json", .text = ENVELOPE("iam:GetAccountSummary", A, SUMMARY)},
      {.path = "b.json", .text = ENVELOPE("iam:GetAccountSummary", A, SUMMARY)}},
     NULL,
     NULL,
     SUMMARY_OF(A) "\ncomplete",
     "row"},
    {"an account told twice, and differently, is named",
     {{.path = "a.json",
       .text = ENVELOPE("organizations:ListAccounts", M,
                        "{\"Accounts\":[{\"Id\":\"" A "\",\"Arn\":\"x\",\"Name\":\"one\"},{\"Id\":\"" A
                        "\",\"Arn\":\"x\",\"Name\":\"two\"}]}")}},
     NULL,
     NULL,
     "tells of " A " twice, and differently\n\"Name\":\"two\"",
     "\"Name\":\"one\""},
    {"a unit that is its own ancestor is named",
     {{.path = "a.json", .text = UNITS("ou-ab12-11111111", "ou-ab12-22222222")},
      {.path = "b.json", .text = UNITS("ou-ab12-22222222", "ou-ab12-11111111")}},
     NULL,
     NULL,
     "is its own ancestor: exports of different times are mixed",
     NULL},
    {"a child under two parents is named",
     {{.path = "a.json", .text = UNITS("r-ab12", "ou-ab12-22222222")},
      {.path = "b.json", .text = UNITS("ou-ab12-33333333", "ou-ab12-22222222")}},
     NULL,
     NULL,
     "puts ou-ab12-22222222 under ou-ab12-33333333, but ",
     NULL},

    /* Config, CloudTrail, findings */
    {"a snapshot's bucket has CloudFormation's spelling",
     {{.path = A "_Config_eu-west-1_ConfigSnapshot_20261119T010203Z_x.json",
       .text = "{\"fileVersion\":\"1.0\",\"configSnapshotId\":\"s\",\"configurationItems\":[" ITEM(
           "AWS::S3::Bucket", "b", "OK", "2020-01-01T00:00:00.000Z",
           "\"configuration\":{\"name\":\"b\"},\"supplementaryConfiguration\":{"
           "\"BucketVersioningConfiguration\":"
           "\"{\\\"status\\\":\\\"Off\\\"}\",\"PublicAccessBlockConfiguration\":{\"blockPublicAcls\":true}},"
           "\"tags\":{\"b\":\"2\",\"a\":\"1\"}") "]}"}},
     NULL,
     NULL,
     "AWS::S3::Bucket|" A "|eu-west-1|arn:b|{\"BucketName\":\"b\",\"PublicAccessBlockConfiguration\":"
     "{\"BlockPublicAcls\":true},\"Tags\":[{\"Key\":\"a\",\"Value\":\"1\"},{\"Key\":\"b\",\"Value\":\"2\"}],"
     "\"VersioningConfiguration\":{\"Status\":\"Suspended\"}}|2026-11-19T01:02:03Z\ncomplete",
     "row"},
    {"each range of a security group's rule is a rule of its own",
     {{.path = "s.json",
       .text = "{\"fileVersion\":\"1.0\",\"configSnapshotId\":\"s\",\"configurationItems\":[" ITEM(
           "AWS::EC2::SecurityGroup", "sg", "OK", "2026-01-01T00:00:00Z",
           "\"configuration\":{\"groupId\":\"sg\",\"ipPermissions\":[{\"ipProtocol\":\"tcp\",\"fromPort\":22,"
           "\"toPort\":22,\"ipv4Ranges\":[{\"cidrIp\":\"0.0.0.0/0\"},{\"cidrIp\":\"10.0.0.0/"
           "8\"}],\"ipv6Ranges\":"
           "[{\"cidrIpv6\":\"::/0\"}]}]}") "]}"}},
     NULL,
     NULL,
     "\"SecurityGroupIngress\":[{\"CidrIp\":\"0.0.0.0/"
     "0\",\"FromPort\":22,\"IpProtocol\":\"tcp\",\"ToPort\":22},"
     "{\"CidrIp\":\"10.0.0.0/8\",\"FromPort\":22,\"IpProtocol\":\"tcp\",\"ToPort\":22},{\"CidrIpv6\":\"::/"
     "0\","
     "\"FromPort\":22,\"IpProtocol\":\"tcp\",\"ToPort\":22}]",
     NULL},
    {"a type without a view is taken as it is when it has the registry's spelling",
     {{.path = "s.json",
       .text = "{\"fileVersion\":\"1.0\",\"configSnapshotId\":\"s\",\"configurationItems\":[" ITEM(
           "AWS::EFS::FileSystem", "f", "OK", "2026-01-01T00:00:00Z",
           "\"configuration\":{\"Encrypted\":true}") "," ITEM("AWS::X::Old", "o", "OK",
                                                              "2026-01-01T00:00:00Z",
                                                              "\"configuration\":{\"a\":1}") "]}"}},
     NULL,
     NULL,
     "AWS::EFS::FileSystem|" A "|eu-west-1|arn:f|{\"Encrypted\":true}",
     "AWS::X::Old"},
    {"history gives versions in their time, and not what was deleted",
     {{.path = "h.json",
       .text =
           "{\"fileVersion\":\"1.0\",\"configurationItems\":[" ITEM("AWS::EC2::VPC", "v", "OK", "2026-02-01T00:00:00Z", "\"configuration\":{\"vpcId\":\"v\",\"isDefault\":false}") "," ITEM(
               "AWS::EC2::VPC", "v", "OK", "2026-01-01T00:00:00Z",
               "\"configuration\":{\"vpcId\":\"v\",\"isDefault\":true}") "," ITEM("AWS::EC2::VPC", "w", "OK",
                                                                                  "2026-01-01T00:00:00Z",
                                                                                  "\"configuration\":{"
                                                                                  "\"vpcId\":"
                                                                                  "\"w\"}") "," ITEM("AWS::"
                                                                                                     "EC2::"
                                                                                                     "VPC",
                                                                                                     "w",
                                                                                                     "Resourc"
                                                                                                     "eDel"
                                                                                                     "eted",
                                                                                                     "2026-"
                                                                                                     "03-"
                                                                                                     "01T00:"
                                                                                                     "00:"
                                                                                                     "00Z",
                                                                                                     "\"confi"
                                                                                                     "gura"
                                                                                                     "tion\":"
                                                                                                     "null") "]"
                                                                                                             "}"}},
     NULL,
     NULL,
     "AWS::EC2::VPC|" A "|eu-west-1|arn:v|{\"IsDefault\":false,\"VpcId\":\"v\"}|2026-02-01T00:00:00Z",
     "arn:w"},
    {"a CloudTrail log file is counted by account and region",
     {{.path = "AWSLogs/" A "/CloudTrail/eu-west-1/2026/11/20/f.json",
       .text =
           "{\"Records\":[{\"eventSource\":\"s\",\"eventName\":\"n\",\"eventTime\":\"2026-11-20T00:00:00Z\","
           "\"awsRegion\":\"eu-west-1\",\"recipientAccountId\":\"" A
           "\"},{\"eventSource\":\"s\",\"eventName\":\"n\","
           "\"eventTime\":\"2026-11-20T01:00:00Z\",\"awsRegion\":\"eu-west-1\",\"recipientAccountId\":\"" A
           "\"}]}"}},
     NULL,
     NULL,
     "Vigil::CloudTrail::LogFile|" A
     "|eu-west-1|f.json|{\"FirstEvent\":\"2026-11-20T00:00:00Z\",\"LastEvent\":"
     "\"2026-11-20T01:00:00Z\",\"Path\":\"AWSLogs/" A
     "/CloudTrail/eu-west-1/2026/11/20/f.json\",\"Records\":2}",
     "row"},
    {"a passed or archived finding is a pass",
     {{.path = "f.json",
       .text = "[{\"SchemaVersion\":\"2018-10-08\",\"ProductArn\":\"arn:aws:securityhub:eu-west-1::product/"
               "aws/inspector\","
               "\"Id\":\"i\",\"GeneratorId\":\"g\",\"AwsAccountId\":\"" A
               "\",\"Severity\":{\"Normalized\":95},\"Resources\":"
               "[{\"Type\":\"Other\",\"Id\":\"r\"}],\"RecordState\":\"ARCHIVED\"}]"}},
     NULL,
     NULL,
     "finding inspector|critical|pass|" A "|eu-west-1|Other|r|g",
     NULL},

    /* what people write */
    {"an attestation is read",
     {{.path = "att.yaml",
       .text = "attestations:\n  - kind: ir-plan\n    statement: s\n    owner: o\n    date: 2026-09-01\n"
               "    expires: 2027-03-01\n    details: {z: 1, a: 2}\n"}},
     NULL,
     NULL,
     "Vigil::Attestation::Statement|||ir-plan|{\"Date\":\"2026-09-01T00:00:00Z\",\"Details\":{\"a\":2,\"z\":"
     "1},"
     "\"Expires\":\"2027-03-01T00:00:00Z\",\"Kind\":\"ir-plan\",\"Owner\":\"o\",\"Scope\":\"organization\","
     "\"Statement\":\"s\"}",
     "row"},
    {"an attestation without an expiry is named, the others go on",
     {{.path = "att.yaml",
       .text = "attestations:\n  - {kind: a, statement: s, owner: o, date: 2026-09-01}\n"
               "  - {kind: b, scope: 'account:" A "', statement: s, owner: o, date: 2026-09-01, "
               "expires: 2027-01-01}\n"}},
     NULL,
     NULL,
     "row att.yaml|imported|truncated|attestation 1 (a) has no expires\nVigil::Attestation::Statement|" A
     "||b@account:" A "|",
     NULL},
    {"a workload mapping is read",
     {{.path = "w.yaml",
       .text = "workloads:\n  - name: shop\n    environments:\n      - name: prod\n        accounts: ['" A
               "']\n"}},
     NULL,
     NULL,
     "Vigil::Workload::Mapping|||shop|",
     "row"},
    {"a second workload mapping is refused",
     {{.path = "v.yaml", .text = "workloads:\n  - name: a\n    accounts: ['" A "']\n"},
      {.path = "w.yaml", .text = "workloads:\n  - name: b\n    accounts: ['" A "']\n"}},
     NULL,
     NULL,
     "row w.yaml|error||a second workload mapping",
     "Mapping|||b"},
};

static void files_say_whose_they_are_and_what_is_wrong(void **state)
{
    (void)state;
    size_t failures = 0;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        import_test t;
        vg_error why = {0};
        test_open(&t);
        for (size_t k = 0; k < VG_COUNT(cases[i].files) && cases[i].files[k].path; k++)
            write_test_file(&t, &cases[i].files[k]);
        if (import_now(&t, cases[i].account, cases[i].region, &why) != VG_OK)
            fail_msg("%s: %s", cases[i].name, why.message);
        bool is_bad = cases[i].never && has_text(&t, cases[i].never);
        for (vg_str rest = vg_str_from(cases[i].expect), line; vg_str_next(&rest, '\n', &line);)
            is_bad = is_bad || vg_str_find(vg_buf_str(&t.text), line) == VG_NPOS;
        failures += is_bad;
        if (is_bad)
            print_error("%s\nexpected: %s\nnever: %s\ngot: %.*s\n\n", cases[i].name, cases[i].expect,
                        cases[i].never ? cases[i].never : "", VG_ARG(vg_buf_str(&t.text)));
        test_close(&t);
    }
    assert_int_equal(failures, 0);
}

static void the_number_of_threads_changes_nothing(void **state)
{
    (void)state;
    vg_buf first = {0};
    for (size_t threads = 1; threads <= 4; threads++) {
        import_test t;
        vg_error why = {0};
        test_open(&t);
        t.threads = threads;
        for (size_t i = 0; i < VG_COUNT(cases); i++) {
            char path[256];
            snprintf(path, sizeof path, "%02zu/%s", i, cases[i].files[0].path);
            write_test_file(&t, &(test_file){path, cases[i].files[0].text, cases[i].files[0].len});
        }
        if (import_now(&t, NULL, NULL, &why) != VG_OK)
            fail_msg("%s", why.message);
        if (threads == 1)
            vg_buf_add_str(&first, vg_buf_str(&t.text));
        if (!vg_str_eq(vg_buf_str(&first), vg_buf_str(&t.text)))
            fail_msg("1 thread: %.*s\n%zu threads: %.*s", VG_ARG(vg_buf_str(&first)), threads,
                     VG_ARG(vg_buf_str(&t.text)));
        test_close(&t);
    }
    vg_buf_free(&first);
}

/* What a complete list does not show any more is gone; a truncated one, or a later page, removes nothing. */
static void absence_is_proof_only_in_full(void **state)
{
    (void)state;
    static const char *const lists[] = {
        ENVELOPE_AT("iam:ListVirtualMFADevices", A, "2026-11-20T08:00:00Z",
                    "{\"VirtualMFADevices\":[{\"SerialNumber\":\"arn:aws:iam::" A
                    ":mfa/a\"},{\"SerialNumber\":\"arn:aws:iam::" A ":mfa/b\"}]}"),
        ENVELOPE_AT("iam:ListVirtualMFADevices", A, "2026-11-21T08:00:00Z",
                    "{\"VirtualMFADevices\":[{\"SerialNumber\":\"arn:aws:iam::" A
                    ":mfa/a\"}],\"IsTruncated\":true}"),
        "{\"vigil\":\"envelope/"
        "1\",\"operation\":\"iam:ListVirtualMFADevices\",\"parameters\":{\"starting-token\":\"x\"},"
        "\"account\":\"" A "\",\"time\":\"2026-11-21T09:00:00Z\",\"output\":{\"VirtualMFADevices\":[]}}",
        ENVELOPE_AT("iam:ListVirtualMFADevices", A, "2026-11-22T08:00:00Z",
                    "{\"VirtualMFADevices\":[{\"SerialNumber\":\"arn:aws:iam::" A ":mfa/a\"}]}"),
    };
    import_test t;
    vg_error why = {0};
    test_open(&t);
    for (size_t i = 0; i < VG_COUNT(lists); i++) {
        write_test_file(&t, &(test_file){.path = "a.json", .text = lists[i]});
        if (import_now(&t, NULL, NULL, &why) != VG_OK)
            fail_msg("%s", why.message);
        if (has_text(&t, "mfa/b") != (i < 3))
            fail_msg("after list %zu: %.*s", i, VG_ARG(vg_buf_str(&t.text)));
    }
    test_close(&t);
}

static void originals_of_config_are_kept_by_their_hash(void **state)
{
    (void)state;
    import_test t;
    vg_error why = {0};
    char hex[65];
    const char *text = "{\"fileVersion\":\"1.0\",\"configSnapshotId\":\"s\",\"configurationItems\":[]}";
    vg_sha256 hash = vg_sha256_bytes(vg_str_from(text));
    test_open(&t);
    vg_hex(hash.bytes, 32, hex);
    write_test_file(&t, &(test_file){.path = A "_Config_eu-west-1_x.json", .text = text});
    if (import_now(&t, NULL, NULL, &why) != VG_OK)
        fail_msg("%s", why.message);
    vg_str path = vg_arena_printf(t.arena, "%s/originals/%.2s/%s.json", t.folder, hex, hex), kept;
    OK(vg_file_read(t.arena, path, 1 << 20, &kept, err));
    assert_str(kept, text);
    test_close(&t);
}

static void a_file_over_the_limit_is_named(void **state)
{
    (void)state;
    import_test t;
    vg_error why = {0};
    test_open(&t);
    t.max_file = 16;
    write_test_file(&t, &(test_file){.path = M "/s.json", .text = SUMMARY});
    if (import_now(&t, NULL, NULL, &why) != VG_OK)
        fail_msg("%s", why.message);
    if (!has_text(&t, "split it, or leave it out\npartial"))
        fail_msg("%.*s", VG_ARG(vg_buf_str(&t.text)));
    test_close(&t);
}

static void deep_nesting_is_named(void **state)
{
    (void)state;
    enum { DEPTH = 100000 };
    import_test t;
    vg_error why = {0};
    vg_buf text = {0};
    for (size_t i = 0; i < DEPTH; i++)
        vg_buf_add_c(&text, "[");
    vg_buf_add_char(&text, '\0');
    test_open(&t);
    write_test_file(&t, &(test_file){.path = "deep.json", .text = text.ptr});
    if (import_now(&t, NULL, NULL, &why) != VG_OK)
        fail_msg("%s", why.message);
    if (!has_text(&t, "row deep.json|error|"))
        fail_msg("%.*s", VG_ARG(vg_buf_str(&t.text)));
    vg_buf_free(&text);
    test_close(&t);
}

static void answers_within_gzip_and_tar_are_read(void **state)
{
    (void)state;
    import_test t;
    vg_error why = {0};
    vg_str packed;
    char command[512];
    test_open(&t);
    OK(vg_gzip(t.arena, VG_STR(SUMMARY), 6, &packed, err));
    write_test_file(&t, &(test_file){M "/s.json.gz", packed.ptr, packed.len});
    snprintf(command, sizeof command,
             "cd '%s' && mkdir -p t/" A " && printf '%%s' '%s' > t/" A
             "/s.json && tar --mtime=2026-11-20 -czf in/exports.tar.gz t",
             t.folder, SUMMARY);
    assert_int_equal(system(command), 0);
    if (import_now(&t, NULL, NULL, &why) != VG_OK)
        fail_msg("%s", why.message);
    if (!has_text(&t, SUMMARY_OF(M)) || !has_text(&t, SUMMARY_OF(A)) || !has_text(&t, "\ncomplete"))
        fail_msg("%.*s", VG_ARG(vg_buf_str(&t.text)));
    test_close(&t);
}

static void the_script_takes_names_of_roles_alone(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool is_good;
    } names[] = {{"Audit", true},         {"team/Audit-1", true}, {"", false},
                 {"a'; rm -rf /", false}, {"$(x)", false},        {"a/", false}};
    for (size_t i = 0; i < VG_COUNT(names); i++) {
        vg_buf out = {0};
        vg_error why = {0};
        vg_status status =
            vg_import_script(VG_STR("role='@ROLE_NAME@'"), vg_str_from(names[i].name), &out, &why);
        if ((status == VG_OK) != names[i].is_good)
            fail_msg("'%s': %s", names[i].name, why.message);
        vg_buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_say_whose_they_are_and_what_is_wrong),
        cmocka_unit_test(the_number_of_threads_changes_nothing),
        cmocka_unit_test(absence_is_proof_only_in_full),
        cmocka_unit_test(originals_of_config_are_kept_by_their_hash),
        cmocka_unit_test(a_file_over_the_limit_is_named),
        cmocka_unit_test(deep_nesting_is_named),
        cmocka_unit_test(answers_within_gzip_and_tar_are_read),
        cmocka_unit_test(the_script_takes_names_of_roles_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
