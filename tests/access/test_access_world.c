/* test_access_world.c: exports become a world: what is there, what is missing, and what nobody may take for nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "evidence/import_world.h"

#include "access/access.h"

#define MANAGEMENT "111111111111"
#define MEMBER     "222222222222"
#define ENVELOPE(operation, parameters, account, output)                                                     \
    "{\"vigil\":\"envelope/1\",\"operation\":\"" operation "\",\"parameters\":{" parameters                  \
    "},\"account\":\"" account "\",\"region\":\"\",\"partition\":\"aws\",\"time\":\"2026-11-20T00:00:00Z\"," \
    "\"exit\":0,\"error\":\"\",\"output\":" output "}"
#define ORG(operation, parameters, output)                                                                   \
    ENVELOPE("organizations:" operation, parameters, MANAGEMENT, output)
#define DOC(effect, action)                                                                                  \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"" effect "\",\"Action\":\"" action             \
    "\",\"Resource\":\"*\"}]}"
#define SUMMARY(id, name)                                                                                    \
    "{\"Id\":\"" id "\",\"Arn\":\"arn:aws:organizations::" MANAGEMENT                                        \
    ":policy/o-exampleorg1/service_control_policy/" id "\",\"Name\":\"" name                                 \
    "\",\"Type\":\"SERVICE_CONTROL_POLICY\",\"AwsManaged\":false}"
#define TARGETS(id, targets)                                                                                 \
    ORG("ListTargetsForPolicy", "\"PolicyId\":\"" id "\"", "{\"Targets\":[" targets "]}")
#define TARGET(id, type)                                                                                     \
    "{\"TargetId\":\"" id "\",\"Arn\":\"arn:aws:organizations::" MANAGEMENT ":x/o-exampleorg1/" id           \
    "\",\"Name\":\"n\",\"Type\":\"" type "\"}"

static const char organization[] =
    ORG("DescribeOrganization", "",
        "{\"Organization\":{\"Id\":\"o-exampleorg1\",\"Arn\":\"arn:aws:organizations::" MANAGEMENT
        ":organization/o-exampleorg1\",\"FeatureSet\":\"ALL\",\"MasterAccountId\":\"" MANAGEMENT "\"}}");
static const char accounts[] =
    ORG("ListAccounts", "",
        "{\"Accounts\":[{\"Id\":\"" MANAGEMENT "\",\"Arn\":\"arn:aws:organizations::" MANAGEMENT
        ":account/o-exampleorg1/" MANAGEMENT "\",\"Name\":\"root\",\"Status\":\"ACTIVE\"},"
        "{\"Id\":\"" MEMBER "\",\"Arn\":\"arn:aws:organizations::" MANAGEMENT ":account/o-exampleorg1/" MEMBER
        "\",\"Name\":\"shop\",\"Status\":\"ACTIVE\"},"
        "{\"Id\":\"333333333333\",\"Arn\":\"arn:aws:organizations::" MANAGEMENT
        ":account/o-exampleorg1/333333333333\",\"Name\":\"dev\",\"Status\":\"ACTIVE\"}]}");
static const char roots[] = ORG("ListRoots", "",
                                "{\"Roots\":[{\"Id\":\"r-root\",\"Arn\":\"arn:aws:organizations::" MANAGEMENT
                                ":root/o-exampleorg1/r-root\",\"Name\":\"Root\",\"PolicyTypes\":["
                                "{\"Type\":\"SERVICE_CONTROL_POLICY\",\"Status\":\"ENABLED\"}]}]}");
static const char units[] =
    ORG("ListOrganizationalUnitsForParent", "\"ParentId\":\"r-root\"",
        "{\"OrganizationalUnits\":[{\"Id\":\"ou-root-work0001\",\"Arn\":\"arn:aws:organizations::" MANAGEMENT
        ":ou/o-exampleorg1/ou-root-work0001\",\"Name\":\"Work\"}]}");
static const char below_root[] =
    ORG("ListAccountsForParent", "\"ParentId\":\"r-root\"",
        "{\"Accounts\":[{\"Id\":\"" MANAGEMENT "\",\"Arn\":\"arn:aws:organizations::" MANAGEMENT
        ":account/o-exampleorg1/" MANAGEMENT "\",\"Name\":\"root\",\"Status\":\"ACTIVE\"}]}");
static const char below_unit[] =
    ORG("ListAccountsForParent", "\"ParentId\":\"ou-root-work0001\"",
        "{\"Accounts\":[{\"Id\":\"" MEMBER "\",\"Arn\":\"arn:aws:organizations::" MANAGEMENT
        ":account/o-exampleorg1/" MEMBER "\",\"Name\":\"shop\",\"Status\":\"ACTIVE\"},"
        "{\"Id\":\"333333333333\",\"Arn\":\"arn:aws:organizations::" MANAGEMENT
        ":account/o-exampleorg1/333333333333\",\"Name\":\"dev\",\"Status\":\"ACTIVE\"}]}");
static const char policies[] =
    ORG("ListPolicies", "\"Filter\":\"SERVICE_CONTROL_POLICY\"",
        "{\"Policies\":[" SUMMARY("p-FullAWSAccess", "FullAWSAccess") "," SUMMARY("p-deny0001", "deny") "]}");
static const char full_targets[] =
    TARGETS("p-FullAWSAccess",
            TARGET("r-root", "ROOT") "," TARGET("ou-root-work0001", "ORGANIZATIONAL_UNIT") "," TARGET(
                MEMBER, "ACCOUNT") "," TARGET("333333333333", "ACCOUNT"));
static const char deny_targets[] = TARGETS("p-deny0001", TARGET("ou-root-work0001", "ORGANIZATIONAL_UNIT"));
static const char deny[] =
    ORG("DescribePolicy", "\"PolicyId\":\"p-deny0001\"",
        "{\"Policy\":{\"PolicySummary\":" SUMMARY(
            "p-deny0001",
            "deny") ",\"Content\":"
                    "\"{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Statement\\\":[{\\\"Sid\\\":\\\"NoLeave\\\","
                    "\\\"Effect\\\":\\\"Deny\\\",\\\"Action\\\":\\\"organizations:LeaveOrganization\\\","
                    "\\\"Resource\\\":\\\"*\\\"}]}\"}}");

static const char iam[] = ENVELOPE(
    "iam:GetAccountAuthorizationDetails", "", MEMBER,
    "{\"UserDetailList\":[{\"Path\":\"/team/\",\"UserName\":\"alice\",\"UserId\":\"AIDAALICE00000000000\","
    "\"Arn\":\"arn:aws:iam::" MEMBER ":user/team/alice\",\"GroupList\":[\"devs\"],"
    "\"UserPolicyList\":[{\"PolicyName\":\"own\",\"PolicyDocument\":" DOC(
        "Allow",
        "s3:GetObject") "}],"
                        "\"AttachedManagedPolicies\":[{\"PolicyName\":\"AdministratorAccess\",\"PolicyArn\":"
                        "\"arn:aws:iam::aws:policy/AdministratorAccess\"}],"
                        "\"PermissionsBoundary\":{\"PermissionsBoundaryType\":\"Policy\","
                        "\"PermissionsBoundaryArn\":\"arn:aws:iam::" MEMBER ":policy/limits\"},"
                        "\"Tags\":[{\"Key\":\"team\",\"Value\":\"shop\"}]},"
                        "{\"Path\":\"/"
                        "\",\"UserName\":\"bob\",\"UserId\":\"AIDABOB0000000000000\",\"Arn\":\"arn:aws:iam:"
                        ":" MEMBER ":user/bob\","
                        "\"GroupList\":[\"devs\",\"ops\"],\"AttachedManagedPolicies\":[]}],"
                        "\"GroupDetailList\":[{\"Path\":\"/"
                        "\",\"GroupName\":\"devs\",\"GroupId\":\"AGPA\",\"Arn\":\"arn:aws:iam::" MEMBER
                        ":group/devs\","
                        "\"GroupPolicyList\":[],\"AttachedManagedPolicies\":[{\"PolicyName\":\"limits\","
                        "\"PolicyArn\":\"arn:aws:iam::" MEMBER ":policy/limits\"}]}],"
                        "\"RoleDetailList\":[{\"Path\":\"/"
                        "\",\"RoleName\":\"ci\",\"RoleId\":\"AROACI00000000000000\",\"Arn\":\"arn:aws:iam:"
                        ":" MEMBER ":role/ci\","
                        "\"AssumeRolePolicyDocument\":{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":"
                        "\"Allow\",\"Principal\":{\"Service\":\"ec2.amazonaws.com\"},"
                        "\"Action\":\"sts:AssumeRole\"}]},\"InstanceProfileList\":[{\"InstanceProfileName\":"
                        "\"ci\",\"Arn\":\"arn:aws:iam::" MEMBER ":instance-profile/ci\"}],"
                        "\"RolePolicyList\":[],\"AttachedManagedPolicies\":[{\"PolicyName\":"
                        "\"SecurityAudit\",\"PolicyArn\":\"arn:aws:iam::aws:policy/SecurityAudit\"}]},"
                        "{\"Path\":\"/"
                        "\",\"RoleName\":\"bad\",\"RoleId\":\"AROABAD0000000000000\",\"Arn\":\"arn:aws:iam:"
                        ":" MEMBER ":role/bad\","
                        "\"AssumeRolePolicyDocument\":{\"Version\":\"2012-10-17\",\"Statement\":[]},"
                        "\"InstanceProfileList\":[],"
                        "\"RolePolicyList\":[{\"PolicyName\":\"wrong\",\"PolicyDocument\":" DOC(
                            "Permit", "*") "}],\"AttachedManagedPolicies\":[]}],"
                                           "\"Policies\":[{\"PolicyName\":\"limits\",\"PolicyId\":\"ANPA\","
                                           "\"Arn\":\"arn:aws:iam::" MEMBER ":policy/limits\",\"Path\":\"/\","
                                           "\"DefaultVersionId\":\"v1\",\"PolicyVersionList\":[{"
                                           "\"VersionId\":\"v1\",\"IsDefaultVersion\":true,\"Document\":" DOC(
                                               "Allow", "s3:*") "}]}],"
                                                                "\"IsTruncated\":false}");

/* Two buckets, of which one has a policy and both a block; a key; a queue; an instance with tags. */
static const char config[] =
    "{\"fileVersion\":\"1.0\",\"configSnapshotId\":\"s\",\"configurationItems\":["
    "{\"configurationItemStatus\":\"OK\",\"configurationItemCaptureTime\":\"2026-11-19T00:00:00Z\","
    "\"awsAccountId\":\"" MEMBER "\","
    "\"awsRegion\":\"eu-west-1\",\"resourceType\":\"AWS::S3::Bucket\",\"resourceId\":\"open\","
    "\"resourceName\":\"open\",\"ARN\":\"arn:aws:s3:::open\","
    "\"configuration\":{\"name\":\"open\"},\"supplementaryConfiguration\":{\"BucketPolicy\":{\"policyText\":"
    "\"{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Statement\\\":[{\\\"Effect\\\":\\\"Allow\\\","
    "\\\"Principal\\\":\\\"*\\\",\\\"Action\\\":\\\"s3:GetObject\\\","
    "\\\"Resource\\\":\\\"arn:aws:s3:::open/*\\\"}]}\"}}},"
    "{\"configurationItemStatus\":\"OK\",\"configurationItemCaptureTime\":\"2026-11-19T00:00:00Z\","
    "\"awsAccountId\":\"" MEMBER "\","
    "\"awsRegion\":\"eu-west-1\",\"resourceType\":\"AWS::S3::Bucket\",\"resourceId\":\"shut\","
    "\"resourceName\":\"shut\",\"ARN\":\"arn:aws:s3:::shut\","
    "\"configuration\":{\"name\":\"shut\"},\"supplementaryConfiguration\":{\"BucketPolicy\":{\"policyText\":"
    "null},"
    "\"PublicAccessBlockConfiguration\":{\"blockPublicAcls\":true,\"ignorePublicAcls\":true,"
    "\"blockPublicPolicy\":true,\"restrictPublicBuckets\":true}}},"
    "{\"configurationItemStatus\":\"OK\",\"configurationItemCaptureTime\":\"2026-11-19T00:00:00Z\","
    "\"awsAccountId\":\"" MEMBER "\","
    "\"awsRegion\":\"eu-west-1\",\"resourceType\":\"AWS::KMS::Key\",\"resourceId\":\"k\",\"ARN\":\"arn:aws:"
    "kms:eu-west-1:" MEMBER ":key/k\","
    "\"configuration\":{\"keyId\":\"k\",\"arn\":\"arn:aws:kms:eu-west-1:" MEMBER
    ":key/k\",\"keyManager\":\"AWS\"},\"supplementaryConfiguration\":{}},"
    "{\"configurationItemStatus\":\"OK\",\"configurationItemCaptureTime\":\"2026-11-19T00:00:00Z\","
    "\"awsAccountId\":\"" MEMBER "\","
    "\"awsRegion\":\"eu-west-1\",\"resourceType\":\"AWS::EC2::Instance\",\"resourceId\":\"i-1\","
    "\"ARN\":\"arn:aws:ec2:eu-west-1:" MEMBER
    ":instance/i-1\",\"configuration\":{\"instanceId\":\"i-1\"},\"supplementaryConfiguration\":{},"
    "\"tags\":{\"team\":\"shop\"}}]}";

/* ---- reading --------------------------------------------------------------------------------------------------------------------- */

static vg_str content_of(vg_arena *arena)
{
    vg_str text;
    OK(vg_file_read(arena, VG_STR(VIGIL_SOURCE_DIR "/content/access/resources.yaml"), 1 << 20, &text, err));
    return text;
}

static const vg_world *world_of(import_test *t, const vg_access_options *given)
{
    const vg_world *world;
    vg_access_options options = given ? *given : (vg_access_options){.at = VG_TIME_NONE};
    options.content = content_of(t->arena);
    OK(vg_access_world_read(t->evidence, t->arena, NULL, &options, &world, err));
    return world;
}

static const vg_world *import_all(import_test *t, const test_file *files, size_t count,
                                  const vg_access_options *options)
{
    vg_error why[1] = {{0}};
    for (size_t i = 0; i < count; i++)
        write_test_file(t, &files[i]);
    OK(import_now(t, NULL, NULL, why));
    return world_of(t, options);
}

#define CONFIG_PATH                                                                                          \
    "AWSLogs/" MEMBER "/Config/eu-west-1/2026/11/19/ConfigSnapshot/" MEMBER                                  \
    "_Config_eu-west-1_ConfigSnapshot_20261119T000000Z_x.json"

static const test_file everything[] = {
    {"organization.json", organization, 0},
    {"accounts.json", accounts, 0},
    {"roots.json", roots, 0},
    {"units.json", units, 0},
    {"below-root.json", below_root, 0},
    {"below-unit.json", below_unit, 0},
    {"policies.json", policies, 0},
    {"full-targets.json", full_targets, 0},
    {"deny-targets.json", deny_targets, 0},
    {"deny.json", deny, 0},
    {"iam.json", iam, 0},
    {CONFIG_PATH, config, 0},
};

static bool has_problem(const vg_world *world, const char *subject, const char *message)
{
    for (size_t i = 0; i < world->problem_count; i++)
        if (vg_str_find(world->problems[i].subject, vg_str_from(subject)) != VG_NPOS &&
            vg_str_find(world->problems[i].message, vg_str_from(message)) != VG_NPOS)
            return true;
    return false;
}

/* ---- the organisation ------------------------------------------------------------------------------------------------------------ */

static void accounts_have_their_levels(void **state)
{
    (void)state;
    import_test t;
    test_open(&t);
    const vg_world *world = import_all(&t, everything, VG_COUNT(everything), NULL);
    const vg_world_account *member = vg_world_account_of(world, VG_STR(MEMBER)),
                           *root = vg_world_account_of(world, VG_STR(MANAGEMENT));
    assert_true(vg_str_is(world->organization_id, "o-exampleorg1"));
    assert_true(root->is_management && !member->is_management);
    assert_true(member->in_organization);
    assert_true(vg_str_is(member->org_path, "o-exampleorg1/r-root/ou-root-work0001/"));
    assert_int_equal(member->scp_count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(member->scps[i].state, VG_LAYER_KNOWN);
    assert_int_equal(member->scps[1].count, 2);
    assert_true(vg_str_is(member->scps[1].name, "Work"));
    /* RCPs are switched off; the accounts of one unit share their levels */
    assert_int_equal(member->rcp_count, 0);
    assert_ptr_equal(member->scps, vg_world_account_of(world, VG_STR("333333333333"))->scps);
    /* its place is that of the record */
    const vg_policy_document *document = vg_policy_document_of(member->scps[1].policies[1]);
    assert_true(vg_str_ends(document->doc->name, VG_STR("deny.json")));
    assert_true(vg_str_is(document->statements[0].sid, "NoLeave"));
    test_close(&t);
}

/* Without one of the files, what is no longer known. */
static void a_level_that_was_not_read_in_full_is_unknown(void **state)
{
    static const struct {
        const char *without;
        size_t levels;
        vg_layer_state root, unit;
        const char *problem;
    } cases[] = {
        {"policies.json", 3, VG_LAYER_UNKNOWN, VG_LAYER_UNKNOWN, "SERVICE_CONTROL_POLICY"},
        {"deny-targets.json", 3, VG_LAYER_UNKNOWN, VG_LAYER_UNKNOWN, "SERVICE_CONTROL_POLICY"},
        {"deny.json", 3, VG_LAYER_KNOWN, VG_LAYER_UNKNOWN, "describe-policy"},
        {"roots.json", 1, VG_LAYER_UNKNOWN, VG_LAYER_NONE, "list-roots"},
        {"below-unit.json", 1, VG_LAYER_UNKNOWN, VG_LAYER_NONE, NULL},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        import_test t;
        test_file files[VG_COUNT(everything)];
        size_t count = 0;
        for (size_t k = 0; k < VG_COUNT(everything); k++)
            if (strcmp(everything[k].path, cases[i].without) != 0)
                files[count++] = everything[k];
        test_open(&t);
        const vg_world *world = import_all(&t, files, count, NULL);
        const vg_world_account *member = vg_world_account_of(world, VG_STR(MEMBER));
        print_message("without %s: %zu levels\n", cases[i].without, member->scp_count);
        assert_int_equal(member->scp_count, cases[i].levels);
        assert_int_equal(member->scps[0].state, cases[i].root);
        if (cases[i].levels > 1)
            assert_int_equal(member->scps[1].state, cases[i].unit);
        if (cases[i].problem)
            assert_true(has_problem(world, "", cases[i].problem));
        test_close(&t);
    }
}

/* RCPs switched on, and listed: AWS's own, which nobody can detach, and which only allows. */
static void a_level_without_rcps_denies_nothing(void **state)
{
    (void)state;
    import_test t;
    test_file files[VG_COUNT(everything) + 2];
    size_t count = 0;
    test_open(&t);
    for (size_t k = 0; k < VG_COUNT(everything); k++)
        if (strcmp(everything[k].path, "roots.json") != 0)
            files[count++] = everything[k];
    files[count++] =
        (test_file){"roots.json",
                    ORG("ListRoots", "",
                        "{\"Roots\":[{\"Id\":\"r-root\",\"Arn\":\"arn:aws:organizations::" MANAGEMENT
                        ":root/o-exampleorg1/r-root\",\"Name\":\"Root\","
                        "\"PolicyTypes\":[{\"Type\":\"SERVICE_CONTROL_POLICY\",\"Status\":\"ENABLED\"},"
                        "{\"Type\":\"RESOURCE_CONTROL_POLICY\",\"Status\":\"ENABLED\"}]}]}"),
                    0};
    const vg_world *unlisted = import_all(&t, files, count, NULL);
    assert_int_equal(vg_world_account_of(unlisted, VG_STR(MEMBER))->rcps[0].state, VG_LAYER_UNKNOWN);
    files[count++] = (test_file){
        "rcps.json", ORG("ListPolicies", "\"Filter\":\"RESOURCE_CONTROL_POLICY\"", "{\"Policies\":[]}"), 0};
    const vg_world *listed = import_all(&t, files, count, NULL);
    const vg_world_account *member = vg_world_account_of(listed, VG_STR(MEMBER));
    assert_int_equal(member->rcp_count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(member->rcps[i].state == VG_LAYER_KNOWN && member->rcps[i].count == 0);
    test_close(&t);
}

static void without_an_organisation_guardrails_are_unknown(void **state)
{
    (void)state;
    import_test t;
    test_open(&t);
    const vg_world *world = import_all(&t, &(test_file){"iam.json", iam, 0}, 1, NULL);
    const vg_world_account *member = vg_world_account_of(world, VG_STR(MEMBER));
    assert_int_equal(member->scp_count, 1);
    assert_int_equal(member->scps[0].state, VG_LAYER_UNKNOWN);
    assert_int_equal(member->rcps[0].state, VG_LAYER_UNKNOWN);
    assert_false(member->in_organization || member->standalone);
    assert_true(has_problem(world, "organization", "not collected"));
    test_close(&t);
}

static void an_account_in_no_organisation_has_no_guardrails(void **state)
{
    (void)state;
    import_test t;
    test_open(&t);
    const test_file files[] = {
        {"iam.json", iam, 0},
        {"none.json",
         "{\"vigil\":\"envelope/"
         "1\",\"operation\":\"organizations:DescribeOrganization\",\"parameters\":{},\"account\":\"" MEMBER
         "\",\"region\":\"\",\"partition\":\"aws\",\"time\":\"2026-11-20T00:00:00Z\",\"exit\":254,\"error\":"
         "\"An error occurred (AWSOrganizationsNotInUseException) when calling the DescribeOrganization "
         "operation: Your account is "
         "not a member of an organization.\",\"output\":null}",
         0}};
    const vg_world *world = import_all(&t, files, VG_COUNT(files), NULL);
    const vg_world_account *member = vg_world_account_of(world, VG_STR(MEMBER));
    assert_true(member->standalone && !member->in_organization);
    assert_int_equal(member->scp_count + member->rcp_count, 0);
    test_close(&t);
}

/* ---- principals -------------------------------------------------------------------------------------------------------------------- */

static void principals_have_all_that_is_attached(void **state)
{
    (void)state;
    import_test t;
    test_open(&t);
    const vg_world *world = import_all(&t, everything, VG_COUNT(everything), NULL);
    const vg_world_principal *alice = vg_world_principal_of(world, VG_STR("AIDAALICE00000000000"));
    assert_true(vg_str_is(alice->path, "/team/"));
    /* AdministratorAccess, which content knows; her own; the group's */
    assert_int_equal(alice->identity.state, VG_LAYER_KNOWN);
    assert_int_equal(alice->identity.count, 3);
    assert_true(vg_str_is(vg_policy_document_of(alice->identity.policies[0])->name, "AdministratorAccess"));
    assert_true(vg_str_is(vg_policy_document_of(alice->identity.policies[1])->name,
                          "inline policy own of user/team/alice"));
    assert_true(vg_str_is(vg_policy_document_of(alice->identity.policies[2])->name, "limits"));
    assert_int_equal(alice->boundary.state, VG_LAYER_KNOWN);
    assert_int_equal(vg_policy_document_of(alice->boundary.policies[0])->kind, VG_POLICY_BOUNDARY);
    assert_int_equal(alice->group_count, 1);
    assert_int_equal(alice->tag_count, 1);
    assert_true(vg_str_is(alice->tags[0].value, "shop"));
    /* bob is in a group that the export lacks */
    const vg_world_principal *bob = vg_world_principal_of(world, VG_STR("arn:aws:iam::" MEMBER ":user/bob"));
    assert_int_equal(bob->identity.state, VG_LAYER_UNKNOWN);
    assert_int_equal(bob->identity.count, 1);
    assert_true(vg_str_is(bob->missing, "group ops"));
    assert_ptr_equal(bob->identity.policies[0], alice->identity.policies[2]);
    assert_true(has_problem(world, "user/bob", "group ops"));
    /* ci has a policy of AWS's that no export holds */
    const vg_world_principal *ci = vg_world_principal_of(world, VG_STR("arn:aws:iam::" MEMBER ":role/ci"));
    assert_int_equal(ci->identity.state, VG_LAYER_UNKNOWN);
    assert_true(vg_str_is(ci->missing, "SecurityAudit"));
    assert_true(has_problem(world, "SecurityAudit", "no export holds"));
    assert_int_equal(ci->trust.state, VG_LAYER_KNOWN);
    assert_int_equal(ci->boundary.state, VG_LAYER_NONE);
    assert_int_equal(world->instance_profile_count, 1);
    assert_true(vg_str_eq(world->instance_profiles[0].roles[0], ci->arn));
    /* AWS would refuse what bad has */
    const vg_world_principal *bad = vg_world_principal_of(world, VG_STR("arn:aws:iam::" MEMBER ":role/bad"));
    assert_int_equal(bad->identity.state, VG_LAYER_UNKNOWN);
    assert_int_equal(bad->identity.count, 0);
    assert_true(has_problem(world, "inline policy wrong", "AWS would refuse"));
    test_close(&t);
}

static void aws_managed_policies_are_shared_between_accounts(void **state)
{
#define ROLE_OF(account, attached, held)                                                                     \
    ENVELOPE("iam:GetAccountAuthorizationDetails", "", account,                                              \
             "{\"UserDetailList\":[],\"GroupDetailList\":[],\"RoleDetailList\":[{\"Path\":\"/"               \
             "\",\"RoleName\":\"r\",\"RoleId\":\"AROA" account "\","                                         \
             "\"Arn\":\"arn:aws:iam::" account                                                               \
             ":role/r\",\"AssumeRolePolicyDocument\":{\"Version\":\"2012-10-17\",\"Statement\":[]},"         \
             "\"InstanceProfileList\":[],\"RolePolicyList\":[],\"AttachedManagedPolicies\":[{"               \
             "\"PolicyName\":\"" attached "\","                                                              \
             "\"PolicyArn\":\"arn:aws:iam::aws:policy/" attached "\"}]}],\"Policies\":[" held                \
             "],\"IsTruncated\":false}")
#define HELD(action, count)                                                                                  \
    "{\"PolicyName\":\"Shared\",\"PolicyId\":\"A\",\"Arn\":\"arn:aws:iam::aws:policy/Shared\",\"Path\":\"/"  \
    "\",\"AttachmentCount\":" count ","                                                                      \
    "\"DefaultVersionId\":\"v1\",\"PolicyVersionList\":[{\"VersionId\":\"v1\",\"IsDefaultVersion\":true,"    \
    "\"Document\":" DOC("Allow", action) "}]}"
    static const test_file files[] = {
        {"a.json", ROLE_OF("444444444444", "Shared", HELD("s3:*", "1")), 0},
        {"b.json", ROLE_OF("555555555555", "Shared", HELD("s3:*", "2")), 0},
        {"c.json", ROLE_OF("666666666666", "Shared", HELD("s3:Get*", "2")), 0},
        {"d.json", ROLE_OF("777777777777", "Shared", ""), 0},
    };
    (void)state;
    import_test t;
    test_open(&t);
    const vg_world *world = import_all(&t, files, VG_COUNT(files), NULL);
    const vg_world_principal *a = vg_world_principal_of(world, VG_STR("arn:aws:iam::444444444444:role/r"));
    const vg_world_principal *b = vg_world_principal_of(world, VG_STR("arn:aws:iam::555555555555:role/r"));
    const vg_world_principal *c = vg_world_principal_of(world, VG_STR("arn:aws:iam::666666666666:role/r"));
    const vg_world_principal *d = vg_world_principal_of(world, VG_STR("arn:aws:iam::777777777777:role/r"));
    assert_ptr_equal(a->identity.policies[0], b->identity.policies[0]);
    assert_int_equal(a->identity_set, b->identity_set);
    assert_ptr_not_equal(a->identity.policies[0], c->identity.policies[0]); /* another version */
    assert_int_equal(d->identity.state, VG_LAYER_KNOWN); /* another account's export holds it */
    test_close(&t);
}

static void other_partitions_have_their_own_arns(void **state)
{
    (void)state;
    import_test t;
    test_open(&t);
    const test_file file = {
        "cn.json",
        ENVELOPE("iam:GetAccountAuthorizationDetails", "", MEMBER,
                 "{\"UserDetailList\":[],\"GroupDetailList\":[],\"RoleDetailList\":[{\"Path\":\"/"
                 "\",\"RoleName\":\"r\",\"RoleId\":\"AROA\","
                 "\"Arn\":\"arn:aws-cn:iam::" MEMBER
                 ":role/r\",\"AssumeRolePolicyDocument\":{\"Version\":\"2012-10-17\",\"Statement\":[]},"
                 "\"InstanceProfileList\":[],\"RolePolicyList\":[],\"AttachedManagedPolicies\":[{"
                 "\"PolicyName\":\"AdministratorAccess\","
                 "\"PolicyArn\":\"arn:aws-cn:iam::aws:policy/"
                 "AdministratorAccess\"}]}],\"Policies\":[],\"IsTruncated\":false}"),
        0};
    const vg_world *world = import_all(&t, &file, 1, NULL);
    const vg_world_principal *role =
        vg_world_principal_of(world, VG_STR("arn:aws-cn:iam::" MEMBER ":role/r"));
    assert_true(vg_str_is(world->partition, "aws-cn"));
    assert_int_equal(role->identity.state, VG_LAYER_KNOWN);
    assert_non_null(vg_world_principal_of(world, VG_STR("arn:aws-cn:iam::" MEMBER ":root")));
    test_close(&t);
}

/* ---- resources ------------------------------------------------------------------------------------------------------------------------ */

static void resources_have_their_policies_and_settings(void **state)
{
    (void)state;
    import_test t;
    test_open(&t);
    const vg_str instance = VG_STR("arn:aws:ec2:eu-west-1:" MEMBER ":instance/i-1");
    const vg_access_options options = {.at = VG_TIME_NONE, .resources = &instance, .resource_count = 1};
    const vg_world *world = import_all(&t, everything, VG_COUNT(everything), &options);
    const vg_world_resource *open = vg_world_resource_of(world, VG_STR("arn:aws:s3:::open"));
    assert_int_equal(open->policy.state, VG_LAYER_KNOWN);
    assert_int_equal(open->policy.count, 1);
    assert_true(open->s3->unknown &&
                !open->s3->restrict_public_buckets); /* the account's block was not collected */
    const vg_world_resource *shut = vg_world_resource_of(world, VG_STR("arn:aws:s3:::shut"));
    assert_int_equal(shut->policy.state, VG_LAYER_KNOWN);
    assert_int_equal(shut->policy.count, 0);
    assert_true(!shut->s3->unknown && shut->s3->restrict_public_buckets && shut->s3->ignore_public_acls);
    const vg_world_resource *key =
        vg_world_resource_of(world, VG_STR("arn:aws:kms:eu-west-1:" MEMBER ":key/k"));
    assert_int_equal(key->policy.state, VG_LAYER_UNKNOWN); /* every key has one */
    assert_true(key->aws_managed && !key->manager_unknown && key->grants_unknown);
    const vg_world_resource *i = vg_world_resource_of(world, instance);
    assert_int_equal(i->policy.state, VG_LAYER_NONE);
    assert_true(i->tag_count == 1 && vg_str_is(i->tags[0].key, "team"));
    assert_true(vg_world_takes_policy(world, VG_STR("arn:aws:sqs:eu-west-1:1:q")));
    assert_false(vg_world_takes_policy(world, instance));
    test_close(&t);
}

/* What services answer about single resources, put into evidence as importing does. */
static void put_answers(import_test *t)
{
#define DOCUMENT                                                                                             \
    "{\"Statement\":[{\"Action\":\"*\",\"Effect\":\"Allow\",\"Principal\":\"*\",\"Resource\":\"*\"}],"       \
    "\"Version\":\"2012-10-17\"}"
#define QUEUE "arn:aws:sqs:eu-west-1:" MEMBER ":q"
#define KEY   "arn:aws:kms:eu-west-1:" MEMBER ":key/k"
#define POINT "arn:aws:s3:eu-west-1:" MEMBER ":accesspoint/ap"
    static const char *const rows[][3] = {
        {"Vigil::Resource::Policy", "arn:aws:s3:::asked",
         "{\"Arn\":\"arn:aws:s3:::asked\",\"PolicyDocument\":" DOCUMENT
         ",\"Present\":true,\"Type\":\"AWS::S3::Bucket\"}"},
        {"Vigil::Resource::Policy", "arn:aws:s3:::none", "{\"Present\":false,\"Type\":\"AWS::S3::Bucket\"}"},
        {"Vigil::Resource::Policy", KEY,
         "{\"PolicyDocument\":" DOCUMENT ",\"Present\":true,\"Type\":\"AWS::KMS::Key\"}"},
        {"Vigil::Resource::Listing", QUEUE, "{\"Arn\":\"" QUEUE "\",\"Type\":\"AWS::SQS::Queue\"}"},
        {"Vigil::Resource::Listing", POINT,
         "{\"Arn\":\"" POINT "\",\"Bucket\":\"asked\",\"Type\":\"AWS::S3::AccessPoint\"}"},
        {"Vigil::KMS::Grants", KEY, "{\"Arn\":\"" KEY "\",\"Grants\":[]}"},
        {"Vigil::Resource::Listing", KEY "aws", "{\"Arn\":\"" KEY "aws\",\"Type\":\"AWS::KMS::Key\"}"},
        {"Vigil::KMS::Key", KEY "aws", "{\"Arn\":\"" KEY "aws\",\"KeyManager\":\"AWS\"}"},
        {"Vigil::Resource::Listing", KEY "own", "{\"Arn\":\"" KEY "own\",\"Type\":\"AWS::KMS::Key\"}"},
        {"Vigil::KMS::Key", KEY "own", "{\"Arn\":\"" KEY "own\",\"KeyManager\":\"CUSTOMER\"}"},
        {"Vigil::Resource::Listing", KEY "s3", "{\"Arn\":\"" KEY "s3\",\"Type\":\"AWS::KMS::Key\"}"},
        {"Vigil::KMS::Alias", "arn:aws:kms:eu-west-1:" MEMBER ":alias/aws/s3",
         "{\"Name\":\"alias/aws/s3\",\"TargetKeyArn\":\"" KEY "s3\"}"},
        {"Vigil::KMS::Alias", "arn:aws:kms:eu-west-1:" MEMBER ":alias/mine",
         "{\"Name\":\"alias/mine\",\"TargetKeyArn\":\"" KEY "\"}"},
        {"Vigil::S3::PublicAccessBlock", "arn:aws:s3:::asked",
         "{\"IgnorePublicAcls\":true,\"Present\":true,\"RestrictPublicBuckets\":false}"},
        {"Vigil::S3::PublicAccessBlock", "arn:aws:s3:::none", "{\"Present\":false}"},
        {"AWS::S3::AccountPublicAccessBlock", MEMBER,
         "{\"IgnorePublicAcls\":false,\"RestrictPublicBuckets\":true}"},
        {"Vigil::S3::OwnershipControls", "arn:aws:s3:::asked",
         "{\"Present\":true,\"Rules\":[{\"ObjectOwnership\":\"BucketOwnerEnforced\"}]}"},
        {"Vigil::S3::BucketAcl", "arn:aws:s3:::none",
         "{\"Grants\":[{\"Id\":\"me\",\"Permission\":\"FULL_CONTROL\",\"Type\":\"CanonicalUser\"},"
         "{\"Permission\":\"READ\",\"Type\":\"Group\",\"Uri\":\"http://acs.amazonaws.com/groups/global/"
         "AllUsers\"},"
         "{\"Id\":\"another\",\"Permission\":\"READ\",\"Type\":\"CanonicalUser\"}],\"Owner\":\"me\"}"},
    };
    const vg_scope scope = {.operation = VG_STR("test"), .account = VG_STR(MEMBER)};
    uint32_t handle;
    OK(vg_evidence_run_begin(t->evidence, VG_STR("answers"), day(1), err));
    OK(vg_evidence_scope(t->evidence, &scope, &handle, err));
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        const vg_resource row = {.type = vg_str_from(rows[i][0]),
                                 .account = VG_STR(MEMBER),
                                 .id = vg_str_from(rows[i][1]),
                                 .properties = vg_str_from(rows[i][2]),
                                 .observed = day(0),
                                 .source = VG_STR("s3:GetBucketPolicy")};
        OK(vg_evidence_put(t->evidence, handle, &row, NULL, err));
    }
    OK(vg_evidence_run_end(t->evidence, day(1), true, NULL, err));
}

static void answers_about_single_resources_count(void **state)
{
    (void)state;
    import_test t;
    test_open(&t);
    put_answers(&t);
    const vg_world *world = world_of(&t, NULL);
    const vg_world_resource *asked = vg_world_resource_of(world, VG_STR("arn:aws:s3:::asked"));
    const vg_world_resource *none = vg_world_resource_of(world, VG_STR("arn:aws:s3:::none"));
    const vg_world_resource *key = vg_world_resource_of(world, VG_STR(KEY));
    const vg_world_resource *queue = vg_world_resource_of(world, VG_STR(QUEUE));
    const vg_world_resource *point = vg_world_resource_of(world, VG_STR(POINT));
    assert_true(asked->policy.state == VG_LAYER_KNOWN && asked->policy.count == 1);
    assert_true(none->policy.state == VG_LAYER_KNOWN && none->policy.count == 0);
    assert_true(key->policy.count == 1 && !key->grants_unknown && vg_str_is(key->type, "AWS::KMS::Key"));
    assert_true(key->manager_unknown && !key->aws_managed);
    key = vg_world_resource_of(world, VG_STR(KEY "aws"));
    assert_true(key->aws_managed && !key->manager_unknown);
    key = vg_world_resource_of(world, VG_STR(KEY "own"));
    assert_true(!key->aws_managed && !key->manager_unknown);
    key = vg_world_resource_of(world, VG_STR(KEY "s3"));
    assert_true(key->aws_managed && !key->manager_unknown);
    assert_true(!queue->manager_unknown);
    assert_true(queue->policy.state == VG_LAYER_UNKNOWN && vg_str_is(queue->type, "AWS::SQS::Queue"));
    assert_true(vg_str_is(point->behind, "arn:aws:s3:::asked") && point->policy.state == VG_LAYER_UNKNOWN);
    assert_true(!asked->s3->unknown && asked->s3->restrict_public_buckets && asked->s3->ignore_public_acls);
    /* the bucket's block holds for its access point */
    assert_true(point->s3->ignore_public_acls && point->s3->restrict_public_buckets && !point->s3->unknown);
    assert_true(asked->s3->bucket_owner_enforced && !asked->s3->acls_unknown);
    assert_true(!none->s3->unknown && none->s3->restrict_public_buckets && !none->s3->ignore_public_acls);
    assert_int_equal(none->s3->grant_count, 2); /* the owner and everyone; who the third is, nobody knows */
    assert_int_equal(none->s3->grants[0].grantee, VG_S3_ACCOUNT);
    assert_int_equal(none->s3->grants[0].permissions,
                     VG_S3_READ | VG_S3_WRITE | VG_S3_READ_ACP | VG_S3_WRITE_ACP);
    assert_int_equal(none->s3->grants[1].grantee, VG_S3_EVERYONE);
    assert_true(none->s3->acls_unknown);
    test_close(&t);
}

#define S3_POLICY(id, content)                                                                               \
    ORG("DescribePolicy", "\"PolicyId\":\"" id "\"",                                                         \
        "{\"Policy\":{\"PolicySummary\":{\"Id\":\"" id "\",\"Arn\":\"arn:aws:organizations::" MANAGEMENT     \
        ":policy/o-exampleorg1/s3_policy/" id                                                                \
        "\",\"Name\":\"s3\",\"Type\":\"S3_POLICY\",\"AwsManaged\":false},"                                   \
        "\"Content\":\"{\\\"s3_attributes\\\":{\\\"public_access_block_configuration\\\":" content "}}\"}}")
#define ALL  "{\\\"@@assign\\\":\\\"all\\\"}"
#define NONE "{\\\"@@assign\\\":\\\"none\\\"}"
#define LOCKED                                                                                               \
    "{\\\"@@assign\\\":\\\"all\\\",\\\"@@operators_allowed_for_child_policies\\\":[\\\"@@none\\\"]}"

/* An S3 policy at the root and one at the account: the lower counts, unless the upper is locked. */
static void the_organisation_blocks_public_access(void **state)
{
    static const struct {
        const char *name, *upper, *lower; /* lower NULL: none */
        bool listed, blocked, unknown;
    } cases[] = {
        {"all at the root", S3_POLICY("p-s3upper1", ALL), NULL, true, true, false},
        {"none at the root", S3_POLICY("p-s3upper1", NONE), NULL, true, false, true},
        {"the account takes it back", S3_POLICY("p-s3upper1", ALL), S3_POLICY("p-s3lower1", NONE), true,
         false, true},
        {"the account may not take it back", S3_POLICY("p-s3upper1", LOCKED), S3_POLICY("p-s3lower1", NONE),
         true, true, false},
        {"not listed in full", S3_POLICY("p-s3upper1", NONE), NULL, false, false, true},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        import_test t;
        test_file files[VG_COUNT(everything) + 8];
        size_t count = 0;
        test_open(&t);
        for (size_t k = 0; k < VG_COUNT(everything); k++)
            if (strcmp(everything[k].path, "roots.json") != 0)
                files[count++] = everything[k];
        files[count++] =
            (test_file){"roots.json",
                        ORG("ListRoots", "",
                            "{\"Roots\":[{\"Id\":\"r-root\",\"Arn\":\"arn:aws:organizations::" MANAGEMENT
                            ":root/o-exampleorg1/r-root\",\"Name\":\"Root\","
                            "\"PolicyTypes\":[{\"Type\":\"S3_POLICY\",\"Status\":\"ENABLED\"}]}]}"),
                        0};
        files[count++] = (test_file){"upper.json", cases[i].upper, 0};
        files[count++] =
            (test_file){"upper-targets.json", TARGETS("p-s3upper1", TARGET("r-root", "ROOT")), 0};
        if (cases[i].lower) {
            files[count++] = (test_file){"lower.json", cases[i].lower, 0};
            files[count++] =
                (test_file){"lower-targets.json", TARGETS("p-s3lower1", TARGET(MEMBER, "ACCOUNT")), 0};
        }
        if (cases[i].listed)
            files[count++] = (test_file){
                "listed.json", ORG("ListPolicies", "\"Filter\":\"S3_POLICY\"", "{\"Policies\":[]}"), 0};
        const vg_world *world = import_all(&t, files, count, NULL);
        const vg_s3_settings *open = vg_world_resource_of(world, VG_STR("arn:aws:s3:::open"))->s3;
        print_message("%s: %s%s\n", cases[i].name, open->restrict_public_buckets ? "blocked" : "open",
                      open->unknown ? ", unknown" : "");
        assert_int_equal(open->restrict_public_buckets && open->ignore_public_acls, cases[i].blocked);
        assert_int_equal(open->unknown, cases[i].unknown);
        test_close(&t);
    }
}

static void evidence_is_as_it_was_then(void **state)
{
    (void)state;
    import_test t;
    test_open(&t);
    vg_access_options options = {0};
    assert_true(vg_time_parse(VG_STR("2026-11-19T12:00:00Z"), &options.at));
    const vg_world *world = import_all(&t, everything, VG_COUNT(everything), &options);
    assert_non_null(vg_world_resource_of(world, VG_STR("arn:aws:s3:::open")));
    assert_null(vg_world_principal_of(world, VG_STR("arn:aws:iam::" MEMBER ":user/bob")));
    test_close(&t);
}

static void content_that_is_wrong_is_refused(void **state)
{
    (void)state;
    import_test t;
    test_open(&t);
    const vg_world *world;
    const vg_access_options bad = {.at = VG_TIME_NONE,
                                   .content = VG_STR("resources:\n  - {type: AWS::S3::Bucket}\n")};
    const vg_access_options none = {.at = VG_TIME_NONE, .content = VG_STR("{")};
    vg_error why[1] = {{0}};
    assert_int_equal(vg_access_world_read(t.evidence, t.arena, NULL, &bad, &world, why), VG_ERR_VALUE);
    assert_int_equal(why->place.line, 2);
    assert_int_equal(vg_access_world_read(t.evidence, t.arena, NULL, &none, &world, why), VG_ERR_SYNTAX);
    test_close(&t);
}

/* ---- names ------------------------------------------------------------------------------------------------------------------------------ */

static void people_are_found_by_what_they_are_called(void **state)
{
    static const struct {
        const char *text, *arn; /* arn: NULL when nobody is found */
        vg_status status;
        const char *message;
    } cases[] = {
        {"arn:aws:iam::" MEMBER ":user/team/alice", "arn:aws:iam::" MEMBER ":user/team/alice", VG_OK, NULL},
        {"arn:aws:sts::" MEMBER ":assumed-role/ci/i-1", "arn:aws:iam::" MEMBER ":role/ci", VG_OK, NULL},
        {"AROACI00000000000000", "arn:aws:iam::" MEMBER ":role/ci", VG_OK, NULL},
        {MEMBER, "arn:aws:iam::" MEMBER ":root", VG_OK, NULL},
        {"alice", "arn:aws:iam::" MEMBER ":user/team/alice", VG_OK, NULL},
        {"user/alice", "arn:aws:iam::" MEMBER ":user/team/alice", VG_OK, NULL},
        {"team/alice", "arn:aws:iam::" MEMBER ":user/team/alice", VG_OK, NULL},
        {"user/team/alice@" MEMBER, "arn:aws:iam::" MEMBER ":user/team/alice", VG_OK, NULL},
        {"root@" MANAGEMENT, "arn:aws:iam::" MANAGEMENT ":root", VG_OK, NULL},
        {"root", NULL, VG_ERR_VALUE, "root@" MEMBER},
        {"alic", NULL, VG_ERR_NOT_FOUND, "user/team/alice@" MEMBER},
        {"user/alicia", NULL, VG_ERR_NOT_FOUND, "user/team/alice@" MEMBER},
        {"arn:aws:iam::" MEMBER ":user/bobb", NULL, VG_ERR_NOT_FOUND, "user/bob@" MEMBER},
        {"zoroaster", NULL, VG_ERR_NOT_FOUND, "vigil evidence list"},
        {"alice@" MANAGEMENT, NULL, VG_ERR_NOT_FOUND, "did you mean"},
        {"", NULL, VG_OK, NULL},
        {"*", NULL, VG_OK, NULL},
        {"ec2.amazonaws.com", NULL, VG_OK, NULL},
        {"arn:aws:iam::999999999999:role/partner", NULL, VG_OK, NULL},
    };
    (void)state;
    import_test t;
    test_open(&t);
    const vg_world *world = import_all(&t, everything, VG_COUNT(everything), NULL);
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_world_caller caller;
        vg_error why[1] = {{0}};
        vg_status status = vg_access_find_caller(world, t.arena, vg_str_from(cases[i].text), &caller, why);
        print_message("%s: %s %s\n", cases[i].text, vg_status_name(status),
                      status == VG_OK ? "" : why->message);
        assert_int_equal(status, cases[i].status);
        if (cases[i].arn)
            assert_true(caller.principal && vg_str_is(caller.principal->arn, cases[i].arn));
        else if (status == VG_OK)
            assert_null(caller.principal);
        if (cases[i].message)
            assert_non_null(strstr(why->message, cases[i].message));
    }
    test_close(&t);
}

static void short_names_read_well(void **state)
{
    static const char *const cases[][2] = {
        {"arn:aws:iam::" MEMBER ":role/service/app", "role/service/app@" MEMBER},
        {"arn:aws:sts::" MEMBER ":assumed-role/app/s", "assumed-role/app/s@" MEMBER},
        {"arn:aws:iam::" MEMBER ":root", "root@" MEMBER},
        {"arn:aws:s3:::b", "arn:aws:s3:::b"},
        {"ec2.amazonaws.com", "ec2.amazonaws.com"},
        {"*", "*"},
    };
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        assert_true(vg_str_is(vg_access_short_name(arena, vg_str_from(cases[i][0])), cases[i][1]));
    vg_arena_free(arena);
}

/* ---- real exports ------------------------------------------------------------------------------------------------------------------------- */

/* Every user and role of the example accounts is there, with as many policies as are attached and held. */
static void example_accounts_are_read(void **state)
{
    static const char *const names[] = {"example-authz-details.json", "example_authz_v2.json",
                                        "example_authz_details_for_overrides_complete.json"};
    (void)state;
    const char *data = getenv("VIGIL_TEST_DATA");
    for (size_t i = 0; i < VG_COUNT(names); i++) {
        import_test t;
        vg_error why[1] = {{0}};
        vg_str bytes;
        vg_doc doc;
        test_open(&t);
        vg_str path = vg_arena_printf(t.arena, "%s/iam-accounts/%s",
                                      data ? data : VIGIL_SOURCE_DIR "/../shared/data", names[i]);
        if (vg_file_read(t.arena, path, 1 << 26, &bytes, why) != VG_OK) {
            print_message("not run: %s (no %s)\n", __func__, path.ptr);
            test_close(&t);
            skip();
        }
        OK(vg_json_read(t.arena, bytes, path, NULL, &doc, err));
        const vg_world *world = import_all(
            &t, &(test_file){"get-account-authorization-details.json", bytes.ptr, bytes.len}, 1, NULL);
        const vg_value *roles = vg_get(doc.root, VG_STR("RoleDetailList")),
                       *users = vg_get(doc.root, VG_STR("UserDetailList"));
        size_t want = vg_value_count(roles) + vg_value_count(users), got = 0;
        for (size_t p = 0; p < world->principal_count; p++)
            got += world->principals[p].caller.kind != VG_CALLER_ROOT;
        print_message("%s: %zu of %zu principals, %zu policies, %zu problems\n", names[i], got, want,
                      world->policy_count, world->problem_count);
        assert_int_equal(got, want);
        for (vg_items it = vg_items_of(roles); vg_items_next(&it);) {
            const vg_world_principal *role = vg_world_principal_of(world, vg_get_str(it.value, "Arn"));
            size_t attached = vg_value_count(vg_get(it.value, VG_STR("AttachedManagedPolicies"))) +
                              vg_value_count(vg_get(it.value, VG_STR("RolePolicyList")));
            assert_non_null(role);
            assert_true(role->identity.count == attached || role->identity.state == VG_LAYER_UNKNOWN);
        }
        test_close(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accounts_have_their_levels),
        cmocka_unit_test(a_level_that_was_not_read_in_full_is_unknown),
        cmocka_unit_test(a_level_without_rcps_denies_nothing),
        cmocka_unit_test(without_an_organisation_guardrails_are_unknown),
        cmocka_unit_test(an_account_in_no_organisation_has_no_guardrails),
        cmocka_unit_test(principals_have_all_that_is_attached),
        cmocka_unit_test(aws_managed_policies_are_shared_between_accounts),
        cmocka_unit_test(other_partitions_have_their_own_arns),
        cmocka_unit_test(resources_have_their_policies_and_settings),
        cmocka_unit_test(answers_about_single_resources_count),
        cmocka_unit_test(the_organisation_blocks_public_access),
        cmocka_unit_test(evidence_is_as_it_was_then),
        cmocka_unit_test(content_that_is_wrong_is_refused),
        cmocka_unit_test(people_are_found_by_what_they_are_called),
        cmocka_unit_test(short_names_read_well),
        cmocka_unit_test(example_accounts_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
