/* test_import_policies.c: answers about policies of resources that are none: what AWS says is not there, what it denied, and
 * answers without an envelope, many of which look alike. */
#include "evidence/import_world.h"

#define A        "444455556666"
#define R        "eu-west-1"
#define BUCKET   "arn:aws:s3:::open"
#define POINT    "arn:aws:s3:" R ":" A ":accesspoint/ap"
#define FUNCTION "arn:aws:lambda:" R ":" A ":function:resize"
#define SECRET   "arn:aws:secretsmanager:" R ":" A ":secret:s-AbCdEf"
#define POLICY   "Vigil::Resource::Policy|" A "|"
#define NONE     "\",\"Present\":false,\"Type\":\""

static const struct {
    const char *operation, *parameters;
    const char *code;   /* that means that there is none; NULL: no code does */
    const char *absent; /* what is then known */
} cases[] = {
    {"s3:ListBuckets", "{}", NULL, NULL},
    {"s3:GetBucketPolicy", "{\"Bucket\":\"open\"}", "NoSuchBucketPolicy",
     POLICY "|" BUCKET "|{\"Arn\":\"" BUCKET NONE "AWS::S3::Bucket\"}"},
    {"s3control:GetPublicAccessBlock", "{\"AccountId\":\"" A "\"}", "NoSuchPublicAccessBlockConfiguration",
     "AWS::S3::AccountPublicAccessBlock|" A "||" A "|{\"BlockPublicAcls\":false,\"BlockPublicPolicy\":false,"
     "\"IgnorePublicAcls\":false,\"RestrictPublicBuckets\":false}"},
    {"s3:GetPublicAccessBlock", "{\"Bucket\":\"open\"}", "NoSuchPublicAccessBlockConfiguration",
     "Vigil::S3::PublicAccessBlock|" A "||" BUCKET "|{\"Arn\":\"" BUCKET "\",\"Present\":false}"},
    {"s3:GetBucketAcl", "{\"Bucket\":\"open\"}", NULL, NULL},
    {"s3:GetBucketOwnershipControls", "{\"Bucket\":\"open\"}", "OwnershipControlsNotFoundError",
     "Vigil::S3::OwnershipControls|" A "||" BUCKET "|{\"Arn\":\"" BUCKET "\",\"Present\":false}"},
    {"s3control:ListAccessPoints", "{\"AccountId\":\"" A "\"}", NULL, NULL},
    {"s3control:GetAccessPoint", "{\"Name\":\"ap\"}", NULL, NULL},
    {"s3control:GetAccessPointPolicy", "{\"Name\":\"ap\"}", "NoSuchAccessPointPolicy",
     POLICY R "|" POINT "|{\"Arn\":\"" POINT NONE "AWS::S3::AccessPoint\"}"},
    {"kms:ListKeys", "{}", NULL, NULL},
    {"kms:DescribeKey", "{\"KeyId\":\"k\"}", NULL, NULL},
    {"kms:ListAliases", "{}", NULL, NULL},
    {"kms:GetKeyPolicy", "{\"KeyId\":\"k\"}", NULL, NULL},
    {"kms:ListGrants", "{\"KeyId\":\"k\"}", NULL, NULL},
    {"sqs:ListQueues", "{}", NULL, NULL},
    {"sqs:GetQueueAttributes",
     "{\"QueueUrl\":\"https://sqs." R ".amazonaws.com/" A "/jobs\",\"AttributeNames\":\"All\"}", NULL, NULL},
    {"sns:ListTopics", "{}", NULL, NULL},
    {"sns:GetTopicAttributes", "{\"TopicArn\":\"arn:aws:sns:" R ":" A ":news\"}", NULL, NULL},
    {"lambda:ListFunctions", "{}", NULL, NULL},
    {"lambda:GetPolicy", "{\"FunctionName\":\"resize\"}", "ResourceNotFoundException",
     POLICY R "|" FUNCTION "|{\"Arn\":\"" FUNCTION NONE "AWS::Lambda::Function\"}"},
    {"lambda:GetPolicy", "{\"FunctionName\":\"resize\",\"Qualifier\":\"live\"}", "ResourceNotFoundException",
     POLICY R "|" FUNCTION ":live|{\"Arn\":\"" FUNCTION ":live" NONE "AWS::Lambda::Function\"}"},
    {"secretsmanager:ListSecrets", "{}", NULL, NULL},
    {"secretsmanager:GetResourcePolicy", "{\"SecretId\":\"" SECRET "\"}", NULL, NULL},
    {"ecr:DescribeRepositories", "{}", NULL, NULL},
    {"ecr:GetRepositoryPolicy", "{\"RepositoryName\":\"team/app\"}", "RepositoryPolicyNotFoundException",
     POLICY R "|arn:aws:ecr:" R ":" A ":repository/team/app|{\"Arn\":\"arn:aws:ecr:" R ":" A
              ":repository/team/app" NONE "AWS::ECR::Repository\"}"},
    {"dynamodb:GetResourcePolicy", "{\"ResourceArn\":\"arn:aws:dynamodb:" R ":" A ":table/t\"}",
     "PolicyNotFoundException",
     POLICY R "|arn:aws:dynamodb:" R ":" A ":table/t|{\"Arn\":\"arn:aws:dynamodb:" R ":" A ":table/t" NONE
              "AWS::DynamoDB::Table\"}"},
    {"acm-pca:GetPolicy", "{\"ResourceArn\":\"arn:aws:acm-pca:" R ":" A ":certificate-authority/1\"}",
     "ResourceNotFoundException",
     POLICY R "|arn:aws:acm-pca:" R ":" A ":certificate-authority/1|{\"Arn\":\"arn:aws:acm-pca:" R ":" A
              ":certificate-authority/1" NONE "AWS::ACMPCA::CertificateAuthority\"}"},
    {"network-firewall:DescribeResourcePolicy",
     "{\"ResourceArn\":\"arn:aws:network-firewall:" R ":" A ":stateful-rulegroup/g\"}",
     "ResourceNotFoundException",
     POLICY R "|arn:aws:network-firewall:" R ":" A
              ":stateful-rulegroup/g|{\"Arn\":\"arn:aws:network-firewall:" R ":" A
              ":stateful-rulegroup/g" NONE "AWS::NetworkFirewall::RuleGroup\"}"},
    {"codebuild:GetResourcePolicy", "{\"ResourceArn\":\"arn:aws:codebuild:" R ":" A ":project/p\"}",
     "ResourceNotFoundException",
     POLICY R "|arn:aws:codebuild:" R ":" A ":project/p|{\"Arn\":\"arn:aws:codebuild:" R ":" A
              ":project/p" NONE "AWS::CodeBuild::Project\"}"},
    {"cloudtrail:GetResourcePolicy", "{\"ResourceArn\":\"arn:aws:cloudtrail:" R ":" A ":eventdatastore/1\"}",
     "ResourcePolicyNotFoundException",
     POLICY R "|arn:aws:cloudtrail:" R ":" A ":eventdatastore/1|{\"Arn\":\"arn:aws:cloudtrail:" R ":" A
              ":eventdatastore/1" NONE "AWS::CloudTrail::EventDataStore\"}"},
    {"glue:GetResourcePolicy", "{}", "EntityNotFoundException",
     POLICY R "|arn:aws:glue:" R ":" A ":catalog|{\"Arn\":\"arn:aws:glue:" R ":" A ":catalog" NONE
              "AWS::Glue::Database\"}"},
    {"backup:GetBackupVaultAccessPolicy", "{\"BackupVaultName\":\"v\"}", "ResourceNotFoundException",
     POLICY R "|arn:aws:backup:" R ":" A ":backup-vault:v|{\"Arn\":\"arn:aws:backup:" R ":" A
              ":backup-vault:v" NONE "AWS::Backup::BackupVault\"}"},
    {"efs:DescribeFileSystemPolicy", "{\"FileSystemId\":\"fs-1\"}", "PolicyNotFound",
     POLICY R "|arn:aws:elasticfilesystem:" R ":" A
              ":file-system/fs-1|{\"Arn\":\"arn:aws:elasticfilesystem:" R ":" A ":file-system/fs-1" NONE
              "AWS::EFS::FileSystem\"}"},
    {"apigateway:GetRestApis", "{}", NULL, NULL},
    {"events:DescribeEventBus", "{\"Name\":\"b\"}", NULL, NULL},
    {"iam:ListOpenIDConnectProviders", "{}", NULL, NULL},
    {"iam:GetOpenIDConnectProvider", "{\"OpenIDConnectProviderArn\":\"arn:aws:iam::" A ":oidc-provider/x\"}",
     NULL, NULL},
    {"iam:ListSAMLProviders", "{}", NULL, NULL},
    {"iam:GetServiceLastAccessedDetails", "{\"Arn\":\"arn:aws:iam::" A ":role/r\"}", NULL, NULL},
};

/* Imports what the call answers with the error; the text of it is in t->text until the test is closed. */
static void fail_with(import_test *t, size_t i, const char *code)
{
    vg_error why = {0};
    test_open(t);
    vg_str text = vg_arena_printf(
        t->arena,
        "{\"vigil\":\"envelope/1\",\"operation\":\"%s\",\"parameters\":%s,\"account\":\"" A
        "\",\"region\":\"" R "\",\"time\":\"2026-11-20T08:00:00Z\",\"exit\":254,\"error\":\"An error "
        "occurred (%s) when calling the X operation: because\",\"output\":null}",
        cases[i].operation, cases[i].parameters, code);
    write_test_file(t, &(test_file){.path = "a.json", .text = text.ptr, .len = text.len});
    if (import_now(t, NULL, NULL, &why) != VG_OK)
        fail_msg("%s, %s: %s", cases[i].operation, code, why.message);
}

static void what_was_denied_is_not_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        import_test t;
        fail_with(&t, i, "AccessDenied");
        bool is_told = has_text(&t, "row a.json|not-assessed||An error occurred (AccessDenied)");
        if (!is_told || has_text(&t, "Vigil::") || has_text(&t, "AWS::"))
            fail_msg("%s\ngot: %.*s", cases[i].operation, VG_ARG(vg_buf_str(&t.text)));
        test_close(&t);
    }
}

static void what_aws_says_is_not_there_is_known_to_be_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        import_test t;
        if (!cases[i].code)
            continue;
        fail_with(&t, i, cases[i].code);
        if (!has_text(&t, cases[i].absent) || !has_text(&t, "complete") || has_text(&t, "row "))
            fail_msg("%s, %s\nexpected: %s\ngot: %.*s", cases[i].operation, cases[i].code, cases[i].absent,
                     VG_ARG(vg_buf_str(&t.text)));
        test_close(&t);
    }
}

/* That one thing is not there says nothing of another: a deleted key's policy, a queue that is gone. */
static void other_errors_prove_nothing(void **state)
{
    static const char *const codes[] = {"NoSuchBucket", "NotFoundException", "RepositoryNotFoundException",
                                        "QueueDoesNotExist"};
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        for (size_t c = 0; c < VG_COUNT(codes); c++) {
            import_test t;
            fail_with(&t, i, codes[c]);
            if (has_text(&t, "Vigil::") || !has_text(&t, "row a.json|not-assessed||"))
                fail_msg("%s, %s\ngot: %.*s", cases[i].operation, codes[c], VG_ARG(vg_buf_str(&t.text)));
            test_close(&t);
        }
}

static const struct {
    const char *path, *text, *expect;
} bare[] = {
    {A "/get-bucket-policy@open.json", "{\"Policy\":\"{}\"}", POLICY "|" BUCKET "|"},
    {A "/" R "/get-access-point-policy@ap.json", "{\"Policy\":\"{}\"}", POLICY R "|" POINT "|"},
    {A "/" R "/get-key-policy@k.json", "{\"Policy\":\"{}\",\"PolicyName\":\"default\"}",
     POLICY R "|arn:aws:kms:" R ":" A ":key/k|"},
    {A "/" R "/get-policy@resize.json", "{\"Policy\":\"{}\",\"RevisionId\":\"r\"}",
     POLICY R "|" FUNCTION "|"},
    {A "/policy.json", "{\"Policy\":\"{}\"}",
     "could be s3:GetBucketPolicy or s3control:GetAccessPointPolicy"},
    {A "/get-public-access-block@open.json",
     "{\"PublicAccessBlockConfiguration\":{\"BlockPublicAcls\":true}}",
     "Vigil::S3::PublicAccessBlock|" A "||" BUCKET "|"},
    {"get-account-public-access-block@" A ".json",
     "{\"PublicAccessBlockConfiguration\":{\"BlockPublicAcls\":true}}",
     "AWS::S3::AccountPublicAccessBlock|" A "||" A "|"},
    /* what describe-secret answers has the same keys, and says nothing of a policy */
    {"secret.json", "{\"ARN\":\"" SECRET "\",\"Name\":\"s\"}",
     "no operation that import reads answers like this"},
    {"secret.json", "{\"ARN\":\"" SECRET "\",\"Name\":\"s\",\"ResourcePolicy\":\"{}\"}",
     POLICY R "|" SECRET "|"},
    /* an answer of Organizations holds an object under the same key */
    {"describe-policy.json",
     "{\"Policy\":{\"PolicySummary\":{\"Id\":\"p-abcdefgh\",\"Arn\":\"arn:aws:organizations::111122223333:"
     "policy/o-abcdefghij/service_control_policy/p-abcdefgh\",\"Name\":\"n\",\"Type\":"
     "\"SERVICE_CONTROL_POLICY\",\"AwsManaged\":false},\"Content\":\"{}\"}}",
     "Vigil::Organization::Policy|111122223333||p-abcdefgh|"},
    {A "/" R "/list-grants@k.json", "{\"Grants\":[],\"Truncated\":true}",
     "row " A "/" R "/list-grants@k.json"
     "|imported|truncated|not in full"},
};

static void answers_without_an_envelope_are_told_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(bare); i++) {
        import_test t;
        vg_error why = {0};
        test_open(&t);
        write_test_file(&t, &(test_file){.path = bare[i].path, .text = bare[i].text});
        if (import_now(&t, NULL, NULL, &why) != VG_OK)
            fail_msg("%s: %s", bare[i].path, why.message);
        if (!has_text(&t, bare[i].expect))
            fail_msg("%s\n%s\nexpected: %s\ngot: %.*s", bare[i].path, bare[i].text, bare[i].expect,
                     VG_ARG(vg_buf_str(&t.text)));
        test_close(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_denied_is_not_known),
        cmocka_unit_test(what_aws_says_is_not_there_is_known_to_be_none),
        cmocka_unit_test(other_errors_prove_nothing),
        cmocka_unit_test(answers_without_an_envelope_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
