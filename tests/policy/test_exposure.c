/* What can be reached from outside, each with a witness that the engine allows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/policy.h"

static vg_arena *arena;
static const vg_catalogue *catalogue;
static vg_str federation;

static int setup(void **state)
{
    vg_str actions;
    vg_error err;
    (void)state;
    arena = vg_arena_new(0);
    return vg_file_read(arena, VG_STR(VIGIL_SOURCE_DIR "/content/catalogue/actions.txt"), 8 << 20, &actions,
                        &err) == VG_OK &&
                   vg_catalogue_open(arena, actions, &catalogue, &err) == VG_OK &&
                   vg_file_read(arena, VG_STR(VIGIL_SOURCE_DIR "/content/policy/federation.yaml"), 1 << 20,
                                &federation, &err) == VG_OK
               ? 0
               : -1;
}

static int teardown(void **state)
{
    (void)state;
    vg_arena_free(arena);
    return 0;
}

#define OWNER   "111122223333"
#define SIBLING "444455556666" /* of the organisation */
#define OUTSIDE "777788889999"

typedef struct {
    const char *arn, *type, *statements;
    const vg_s3_settings *s3;
    const char *rcp; /* statements of one at the root; NULL: none */
} thing;

/* The owner's account with one resource (or role), in an organisation with a second account. */
static const vg_world *world_with(const thing *t)
{
    vg_error err;
    const vg_world *world;
    vg_world_builder *b = vg_world_builder_new(arena, catalogue);
    const vg_policy *policy = NULL, *rcp[2];
    bool is_role = strcmp(t->type, "AWS::IAM::Role") == 0;
    vg_layer layer = {.state = VG_LAYER_KNOWN};
    vg_layer *levels = VG_NEW_N(arena, vg_layer, 1);
    vg_world_builder_partition(b, VG_STR("aws"));
    vg_world_builder_organization(b, VG_STR("o-testtest00"), VG_STR("000000000001"));
    if (t->statements) {
        vg_str text =
            vg_arena_printf(arena, "{\"Version\":\"2012-10-17\",\"Statement\":[%s]}", t->statements);
        assert_int_equal(vg_world_policy_text(b, VG_STR(""), is_role ? VG_POLICY_TRUST : VG_POLICY_RESOURCE,
                                              VG_STR("policy"), text, &policy, &err),
                         VG_OK);
        if (!policy)
            fail_msg("AWS would refuse %s", t->statements);
        assert_int_equal(vg_world_layer(b, &policy, 1, VG_STR(""), &layer, &err), VG_OK);
    } else {
        layer.state = VG_LAYER_UNKNOWN;
    }
    vg_str deny = vg_arena_printf(
        arena,
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\","
        "\"Action\":\"*\",\"Resource\":\"*\"}%s%s]}",
        t->rcp ? "," : "", t->rcp ? t->rcp : "");
    assert_int_equal(vg_world_policy_text(b, VG_STR(""), VG_POLICY_RCP, VG_STR("rcp"), deny, &rcp[0], &err),
                     VG_OK);
    assert_int_equal(vg_world_layer(b, rcp, 1, VG_STR("root"), &levels[0], &err), VG_OK);
    const char *const ids[] = {OWNER, SIBLING};
    for (size_t i = 0; i < 2; i++) {
        const vg_world_account account = {.id = vg_str_from(ids[i]),
                                          .org_path = VG_STR("o-testtest00/r-0001/ou-0001-00000001/"),
                                          .in_organization = true,
                                          .rcps = levels,
                                          .rcp_count = 1};
        assert_int_equal(vg_world_add_account(b, &account, &err), VG_OK);
    }
    if (is_role) {
        const vg_world_principal role = {.arn = vg_str_from(t->arn),
                                         .name = VG_STR("r"),
                                         .account_id = VG_STR(OWNER),
                                         .identity = {.state = VG_LAYER_KNOWN},
                                         .trust = layer};
        assert_int_equal(vg_world_add_principal(b, &role, &err), VG_OK);
    } else {
        const vg_world_resource resource = {.arn = vg_str_from(t->arn),
                                            .type = vg_str_from(t->type),
                                            .account_id = VG_STR(OWNER),
                                            .region = VG_STR("eu-west-1"),
                                            .policy = layer,
                                            .s3 = t->s3};
        assert_int_equal(vg_world_add_resource(b, &resource, &err), VG_OK);
    }
    assert_int_equal(vg_world_finish(b, &world, &err), VG_OK);
    return world;
}

static vg_exposures exposures_of(const vg_world *world)
{
    vg_exposures out;
    vg_error err = {0};
    if (vg_world_exposures(arena, world, federation, 0, &out, &err) != VG_OK)
        fail_msg("%s", err.message);
    return out;
}

/* "reach who severity; " of each; "?" for an unknown. Every witness is decided once more. */
static const char *told(const thing *t)
{
    const vg_world *world = world_with(t);
    vg_exposures found = exposures_of(world);
    vg_buf text = {0};
    for (size_t i = 0; i < found.exposure_count; i++) {
        const vg_exposure *e = &found.exposures[i];
        vg_decision decision;
        vg_error err;
        vg_buf_addf(&text, "%s %.*s %s; ", vg_reach_name(e->reach), VG_ARG(e->who),
                    vg_severity_name(e->severity));
        assert_int_equal(vg_witness_decide(arena, world, &e->witness, &decision, &err), VG_OK);
        if (decision.result != VG_ALLOWED)
            fail_msg("the witness %.*s %.*s %.*s of %s is %s", VG_ARG(e->witness.caller),
                     VG_ARG(e->witness.action), VG_ARG(e->witness.resource), t->statements,
                     vg_decision_name(decision.result));
    }
    for (size_t i = 0; i < found.unknown_count; i++)
        vg_buf_add_c(&text, "?; ");
    char *out = vg_arena_cstr(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return out;
}

#define BUCKET   "arn:aws:s3:::b", "AWS::S3::Bucket"
#define QUEUE    "arn:aws:sqs:eu-west-1:" OWNER ":q", "AWS::SQS::Queue"
#define KEY      "arn:aws:kms:eu-west-1:" OWNER ":key/00000000-0000-0000-0000-000000000000", "AWS::KMS::Key"
#define TOPIC    "arn:aws:sns:eu-west-1:" OWNER ":t", "AWS::SNS::Topic"
#define FUNCTION "arn:aws:lambda:eu-west-1:" OWNER ":function:f", "AWS::Lambda::Function"
#define ROLE     "arn:aws:iam::" OWNER ":role/r", "AWS::IAM::Role"
#define GET(who, more)                                                                                       \
    "{\"Effect\":\"Allow\",\"Principal\":" who                                                               \
    ",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::b/*\"" more "}"
#define IF(op, key, value) ",\"Condition\":{\"" op "\":{\"" key "\":" value "}}"
#define TRUST(who, action, more)                                                                             \
    "{\"Effect\":\"Allow\",\"Principal\":" who ",\"Action\":\"" action "\"" more "}"
#define GITHUB "{\"Federated\":\"arn:aws:iam::" OWNER ":oidc-provider/token.actions.githubusercontent.com\"}"
#define WEB    "sts:AssumeRoleWithWebIdentity"

static void check(const thing *t, const char *expected)
{
    const char *got = told(t);
    if (strcmp(got, expected) != 0)
        fail_msg("%s\n  wanted: %s\n  got:    %s", t->statements ? t->statements : "(no policy)", expected,
                 got);
}

static void whom_a_resource_policy_lets_in(void **state)
{
    static const struct {
        thing t;
        const char *expected;
    } cases[] = {
        {{BUCKET, GET("\"*\"", ""), NULL, NULL}, "anyone * high; "},
        {{BUCKET, GET("{\"AWS\":\"*\"}", ""), NULL, NULL}, "anyone * high; "},
        {{BUCKET,
          "{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"s3:*\",\"Resource\":[\"arn:aws:s3:::b\","
          "\"arn:aws:s3:::b/*\"]}",
          NULL, NULL},
         "anyone * critical; "},
        {{BUCKET, GET("{\"AWS\":\"" OWNER "\"}", ""), NULL, NULL}, ""},
        {{BUCKET, GET("{\"AWS\":\"arn:aws:iam::" OWNER ":role/x\"}", ""), NULL, NULL}, ""},
        {{BUCKET, GET("{\"AWS\":\"" SIBLING "\"}", ""), NULL, NULL}, "organization " SIBLING " low; "},
        {{BUCKET, GET("{\"AWS\":\"" OUTSIDE "\"}", ""), NULL, NULL}, "external " OUTSIDE " medium; "},
        {{BUCKET, GET("{\"AWS\":\"arn:aws:iam::" OUTSIDE ":user/u\"}", ""), NULL, NULL},
         "external arn:aws:iam::" OUTSIDE ":user/u medium; "},
        {{BUCKET,
          "{\"Effect\":\"Allow\",\"NotPrincipal\":{\"AWS\":\"" OUTSIDE
          "\"},\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::b/*\"}",
          NULL, NULL},
         "anyone * high; "},
        {{BUCKET,
          GET("\"*\"",
              "") ",{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:*\",\"Resource\":\"*\"}",
          NULL, NULL},
         ""},
        {{BUCKET, NULL, NULL, NULL}, "?; "},
        {{"arn:aws:newservice:eu-west-1:" OWNER ":thing/1", "AWS::NewService::Thing",
          "{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"newservice:*\",\"Resource\":\"*\"}", NULL,
          NULL},
         "anyone * critical; "},
        {{QUEUE,
          "{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"sqs:SendMessage\",\"Resource\":\"*\"}",
          NULL, NULL},
         "anyone * critical; "},
        {{KEY, "{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"kms:Decrypt\",\"Resource\":\"*\"}",
          NULL, NULL},
         "anyone * critical; "},
        {{KEY,
          "{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"kms:*\",\"Resource\":\"*\"" IF(
              "StringEquals", "kms:CallerAccount", "\"" OWNER "\"") "}",
          NULL, NULL},
         ""},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check(&cases[i].t, cases[i].expected);
}

static void which_conditions_protect(void **state)
{
    static const struct {
        const char *condition, *expected;
    } cases[] = {
        {IF("StringEquals", "aws:PrincipalOrgID", "\"o-testtest00\""), "organization * low; "},
        {IF("StringEquals", "aws:PrincipalOrgID", "\"o-other00000\""), "external * medium; "},
        {IF("StringLike", "aws:PrincipalOrgID", "\"o-*\""), "anyone * high; "},
        {IF("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "\"*\""), "anyone * high; "},
        {IF("StringEquals", "aws:PrincipalOrgID", "\"o-*\""), ""},
        {IF("StringLike", "aws:PrincipalAccount", "\"1*\""), "anyone * high; "},
        {IF("StringLike", "aws:PrincipalAccount", "\"????5*\""), "anyone * high; "},
        {IF("StringLike", "aws:PrincipalAccount", "\"x*\""), ""},
        {IF("StringLike", "aws:PrincipalArn", "\"*:role/Admin\""), "anyone * high; "},
        {IF("ArnLike", "aws:PrincipalArn", "\"arn:aws:iam::*:*\""), "anyone * high; "},
        {IF("ArnLike", "aws:PrincipalArn", "\"arn:aws:iam::" OWNER ":role/*\""), ""},
        {IF("ArnEquals", "aws:PrincipalArn", "\"arn:aws:iam::" OUTSIDE ":role/x\""), "external * medium; "},
        {IF("StringLike", "aws:SourceVpc", "\"vpc-*\""), "anyone * high; "},
        {IF("StringLike", "aws:SourceVpce", "\"vpce-*\""), "anyone * high; "},
        {IF("ArnLike", "aws:SourceArn", "\"arn:aws:sns:*:*:topic\""), "service * medium; "},
        {IF("ArnLike", "aws:SourceArn", "\"arn:aws:sns:*:" OWNER ":*\""), ""},
        {IF("StringLike", "aws:SourceAccount", "\"*\""), "service * medium; "},
        {IF("IpAddress", "aws:SourceIp", "\"0.0.0.0/1\""), "anyone * high; "},
        {IF("IpAddress", "aws:SourceIp", "\"0.0.0.0/7\""), "anyone * high; "},
        {IF("IpAddress", "aws:SourceIp", "\"0.0.0.0/8\""), ""},
        {IF("StringNotEquals", "aws:PrincipalOrgID", "\"o-testtest00\""), "anyone * high; "},
        {IF("StringEqualsIfExists", "aws:PrincipalOrgID", "\"o-testtest00\""), "anyone * high; "},
        {IF("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "\"o-testtest00/*\""), "organization * low; "},
        {IF("StringEquals", "aws:PrincipalAccount", "\"" OUTSIDE "\""), "external * medium; "},
        {IF("StringEquals", "aws:PrincipalAccount", "[\"" OWNER "\",\"" OUTSIDE "\"]"),
         "external * medium; "},
        {IF("StringEquals", "aws:PrincipalAccount", "\"" OWNER "\""), ""},
        {IF("ArnLike", "aws:PrincipalArn", "\"arn:aws:iam::*:role/ci\""), "anyone * high; "},
        {IF("StringEquals", "aws:SourceVpc", "\"vpc-1\""), ""},
        {IF("StringEquals", "aws:VpceAccount", "\"" OWNER "\""), ""},
        {IF("StringEquals", "aws:SourceVpce", "\"vpce-1\""), ""},
        {IF("StringNotEquals", "aws:SourceVpce", "\"vpce-1\""), "anyone * high; "},
        {IF("IpAddress", "aws:SourceIp", "\"198.51.100.0/24\""), ""},
        {IF("IpAddress", "aws:SourceIp", "\"0.0.0.0/0\""), "anyone * high; "},
        {IF("IpAddress", "aws:SourceIp", "\"128.0.0.0/1\""), "anyone * high; "},
        {IF("IpAddress", "aws:SourceIp", "[\"10.0.0.0/8\",\"2001:db8::/16\"]"), "anyone * high; "},
        {IF("NotIpAddress", "aws:SourceIp", "\"198.51.100.0/24\""), "anyone * high; "},
        {IF("Bool", "aws:SecureTransport", "\"true\""), "anyone * high; "},
        {IF("StringEquals", "aws:Referer", "\"https://example.com\""), "anyone * high; "},
        {IF("StringLike", "aws:UserAgent", "\"browser*\""), "anyone * high; "},
        {IF("StringEquals", "aws:PrincipalTag/team", "\"red\""), "anyone * high; "},
        {IF("StringEquals", "s3:ExistingObjectTag/public", "\"yes\""), ""},
        {IF("StringEquals", "sts:ExternalId", "\"secret\""), ""},
        {IF("Null", "aws:PrincipalOrgID", "\"true\""), "anyone * high; "},
        {IF("Null", "aws:PrincipalOrgID", "\"false\""), "anyone * high; "},
        {IF("Null", "aws:SourceVpc", "\"false\""), "anyone * high; "},
        {IF("Null", "aws:SourceVpce", "\"false\""), "anyone * high; "},
        {IF("StringEquals", "aws:PrincipalType", "\"User\""), "anyone * high; "},
        {IF("StringLike", "aws:username", "\"admin*\""), "anyone * high; "},
        {IF("StringEquals", "aws:username", "\"bob\""), "anyone * high; "},
        {IF("StringLike", "aws:userid", "\"*\""), "anyone * high; "},
        {IF("StringLike", "aws:userid", "\"AROAEXAMPLE0000000000:*\""), ""},
        {IF("DateLessThan", "aws:CurrentTime", "\"1960-01-01T00:00:00Z\""), ""},
        {IF("NumericLessThan", "s3:max-keys", "\"10\""), "anyone * high; "},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_str statements =
            vg_arena_printf(arena,
                            "{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"s3:GetObject\","
                            "\"Resource\":\"arn:aws:s3:::b/*\"%s}",
                            cases[i].condition);
        const thing t = {BUCKET, statements.ptr, NULL, NULL};
        check(&t, cases[i].expected);
    }
}

static void what_a_deny_asks_of_every_caller_is_met_by_a_stranger(void **state)
{
    (void)state;
    static const thing insecure = {
        BUCKET,
        GET("\"*\"", "") ",{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:*\",\"Resource\":\"*"
                         "\"" IF("Bool", "aws:SecureTransport", "\"false\"") "}",
        NULL, NULL};
    static const thing parameter = {
        BUCKET,
        "{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"s3:PutObject\",\"Resource\":\"arn:aws:s3:::b/"
        "*\"},"
        "{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:PutObject\",\"Resource\":\"*\"" IF(
            "StringNotEquals", "s3:x-amz-server-side-encryption", "\"aws:kms\"") "}",
        NULL, NULL};
    static const thing perimeter = {
        BUCKET,
        GET("\"*\"", "") ",{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:*\",\"Resource\":\"*"
                         "\"" IF("StringNotEquals", "aws:PrincipalOrgID", "\"o-testtest00\"") "}",
        NULL, NULL};
    check(&insecure, "anyone * high; ");
    check(&parameter, "anyone * critical; ");
    check(&perimeter, "organization * low; ");
}

static void resource_control_policies_and_public_access_blocks_close_it(void **state)
{
    (void)state;
    static const vg_s3_settings blocked = {.restrict_public_buckets = true};
    static const char perimeter[] =
        "{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:*\",\"Resource\":\"*\"" IF(
            "StringNotEqualsIfExists", "aws:PrincipalOrgID", "\"o-testtest00\"") "}";
    static const vg_s3_settings dark = {.unknown = true};
    const thing uncollected = {BUCKET, GET("\"*\"", ""), &dark, NULL};
    const thing open = {BUCKET, GET("\"*\"", ""), NULL, NULL},
                rcp = {BUCKET, GET("\"*\"", ""), NULL, perimeter},
                block = {BUCKET, GET("\"*\"", ""), &blocked, NULL};
    check(&open, "anyone * high; ");
    check(&rcp, "organization * low; ");
    check(&block, "");
    check(&uncollected, "anyone * high; ");
    assert_true(exposures_of(world_with(&uncollected)).exposures[0].unless_block);
    assert_false(exposures_of(world_with(&open)).exposures[0].unless_block);
}

#define PUBLISH_FOR(op, key, value)                                                                          \
    "{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"s3.amazonaws.com\"},\"Action\":\"sns:Publish\","     \
    "\"Resource\":\"*\"" IF(op, key, value) "}"

static void services_that_act_for_anyone(void **state)
{
    static const struct {
        thing t;
        const char *expected;
    } cases[] = {
        {{TOPIC,
          "{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"s3.amazonaws.com\"},\"Action\":\"sns:Publish\","
          "\"Resource\":\"*\"}",
          NULL, NULL},
         "service s3.amazonaws.com medium; "},
        {{TOPIC,
          "{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"s3.amazonaws.com\"},\"Action\":\"sns:Publish\","
          "\"Resource\":\"*\"" IF("StringEquals", "aws:SourceAccount", "\"" OWNER "\"") "}",
          NULL, NULL},
         ""},
        {{TOPIC,
          "{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"s3.amazonaws.com\"},\"Action\":\"sns:Publish\","
          "\"Resource\":\"*\"" IF("ArnLike", "aws:SourceArn", "\"arn:aws:s3:::mine\"") "}",
          NULL, NULL},
         ""},
        {{TOPIC,
          "{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"s3.amazonaws.com\"},\"Action\":\"sns:Publish\","
          "\"Resource\":\"*\"" IF("ArnLike", "aws:SourceArn", "\"arn:aws:*:*:*:*\"") "}",
          NULL, NULL},
         "service s3.amazonaws.com medium; "},
        {{TOPIC,
          "{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"s3.amazonaws.com\"},\"Action\":\"sns:Publish\","
          "\"Resource\":\"*\"" IF("ArnLike", "aws:SourceArn", "\"arn:aws:s3:::*\"") "}",
          NULL, NULL},
         "service s3.amazonaws.com medium; "},
        {{TOPIC,
          "{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"s3.amazonaws.com\"},\"Action\":\"sns:Publish\","
          "\"Resource\":\"*\"" IF("ArnLike", "aws:SourceArn", "\"arn:aws:s3:::mine-*\"") "}",
          NULL, NULL},
         "service s3.amazonaws.com medium; "},
        {{TOPIC,
          "{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"events.amazonaws.com\"},\"Action\":\"sns:"
          "Publish\","
          "\"Resource\":\"*\"" IF("ArnLike", "aws:SourceArn", "\"arn:aws:events:*:*:rule/my-rule\"") "}",
          NULL, NULL},
         "service events.amazonaws.com medium; "},
        {{TOPIC,
          "{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"events.amazonaws.com\"},\"Action\":\"sns:"
          "Publish\","
          "\"Resource\":\"*\"" IF("ArnLike", "aws:SourceArn", "\"arn:aws:events:*:" OWNER ":rule/*\"") "}",
          NULL, NULL},
         ""},
        {{TOPIC,
          "{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"s3.amazonaws.com\"},\"Action\":\"sns:Publish\","
          "\"Resource\":\"*\"" IF("ForAnyValue:StringLike", "aws:SourceOrgPaths", "\"*\"") "}",
          NULL, NULL},
         "service s3.amazonaws.com medium; "},
        {{TOPIC,
          "{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"s3.amazonaws.com\"},\"Action\":\"sns:Publish\","
          "\"Resource\":\"*\"" IF("StringEquals", "aws:SourceOrgID", "\"o-testtest00\"") "}",
          NULL, NULL},
         ""},
        {{FUNCTION,
          "{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"apigateway.amazonaws.com\"},\"Action\":"
          "\"lambda:InvokeFunction\",\"Resource\":\"arn:aws:lambda:eu-west-1:" OWNER ":function:f\"}",
          NULL, NULL},
         "service apigateway.amazonaws.com medium; "},
        {{ROLE, TRUST("{\"Service\":\"ec2.amazonaws.com\"}", "sts:AssumeRole", ""), NULL, NULL}, ""},
        /* those for whom a condition says that it acts */
        {{TOPIC, PUBLISH_FOR("StringEquals", "aws:SourceAccount", "\"" OUTSIDE "\""), NULL, NULL},
         "external s3.amazonaws.com for " OUTSIDE " medium; "},
        {{TOPIC, PUBLISH_FOR("StringEquals", "aws:SourceAccount", "[\"" OWNER "\",\"" OUTSIDE "\"]"), NULL,
          NULL},
         "external s3.amazonaws.com for " OUTSIDE " medium; "},
        {{TOPIC, PUBLISH_FOR("StringEquals", "aws:SourceAccount", "\"" SIBLING "\""), NULL, NULL},
         "organization s3.amazonaws.com for " SIBLING " low; "},
        {{TOPIC, PUBLISH_FOR("StringEquals", "AWS:SourceOwner", "\"" OUTSIDE "\""), NULL, NULL},
         "external s3.amazonaws.com for " OUTSIDE " medium; "},
        {{TOPIC, PUBLISH_FOR("ArnLike", "aws:SourceArn", "\"arn:aws:sns:eu-west-1:" OUTSIDE ":*\""), NULL,
          NULL},
         "external s3.amazonaws.com for " OUTSIDE " medium; "},
        {{TOPIC, PUBLISH_FOR("ArnLike", "aws:SourceArn", "\"arn:aws:sns:eu-west-1:" OWNER ":*\""), NULL,
          NULL},
         ""},
        {{TOPIC, PUBLISH_FOR("StringEquals", "aws:SourceOrgID", "\"o-foreign000\""), NULL, NULL},
         "external s3.amazonaws.com for o-foreign000 medium; "},
        {{TOPIC, PUBLISH_FOR("ForAnyValue:StringLike", "aws:SourceOrgPaths", "\"o-foreign000/r-1/*\""), NULL,
          NULL},
         "external s3.amazonaws.com for o-foreign000 medium; "},
        {{TOPIC,
          "{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"s3.amazonaws.com\"},\"Action\":\"sns:Publish\","
          "\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{\"aws:SourceAccount\":\"" OUTSIDE "\"},"
          "\"ArnLike\":{\"aws:SourceArn\":\"arn:aws:s3:::theirs\"}}}",
          NULL, NULL},
         "external s3.amazonaws.com for " OUTSIDE " medium; "},
        {{ROLE,
          TRUST("{\"Service\":\"lambda.amazonaws.com\"}", "sts:AssumeRole",
                IF("StringEquals", "aws:SourceAccount", "\"" OUTSIDE "\"")),
          NULL, NULL},
         "external lambda.amazonaws.com for " OUTSIDE " medium; "},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check(&cases[i].t, cases[i].expected);
}

#define CLAIM        "token.actions.githubusercontent.com"
#define ANY_AUDIENCE "external arn:aws:iam::" OWNER ":oidc-provider/" CLAIM " low; "

static void whom_a_trust_policy_lets_in(void **state)
{
    static const struct {
        thing t;
        const char *expected;
    } cases[] = {
        {{ROLE,
          TRUST("{\"Federated\":\"arn:aws:iam::" OWNER ":saml-provider/AWSSSO_1_DO_NOT_DELETE\"}",
                "sts:AssumeRoleWithSAML", ""),
          NULL, NULL},
         ""},
        {{ROLE, TRUST("\"*\"", "sts:AssumeRole", ""), NULL, NULL}, "anyone * critical; "},
        {{ROLE, TRUST("{\"AWS\":\"" OWNER "\"}", "sts:AssumeRole", ""), NULL, NULL}, ""},
        {{ROLE, TRUST("{\"AWS\":\"" OUTSIDE "\"}", "sts:AssumeRole", ""), NULL, NULL},
         "external " OUTSIDE " medium; "},
        {{ROLE,
          TRUST("{\"AWS\":\"" OUTSIDE "\"}", "sts:AssumeRole", IF("StringEquals", "sts:ExternalId", "\"x\"")),
          NULL, NULL},
         "external " OUTSIDE " medium; "},
        {{ROLE, TRUST("{\"AWS\":\"" SIBLING "\"}", "sts:AssumeRole", ""), NULL, NULL},
         "organization " SIBLING " low; "},
        {{ROLE,
          TRUST("\"*\"", "sts:AssumeRole", IF("StringEquals", "aws:PrincipalOrgID", "\"o-testtest00\"")),
          NULL, NULL},
         "organization * low; "},
        {{ROLE, TRUST(GITHUB, WEB, ""), NULL, NULL},
         "provider arn:aws:iam::" OWNER ":oidc-provider/token.actions.githubusercontent.com critical; "},
        {{ROLE,
          TRUST(GITHUB, WEB,
                IF("StringEquals", "token.actions.githubusercontent.com:aud", "\"sts.amazonaws.com\"")),
          NULL, NULL},
         "provider arn:aws:iam::" OWNER ":oidc-provider/token.actions.githubusercontent.com critical; "},
        {{ROLE,
          TRUST(GITHUB, WEB, IF("StringLike", "token.actions.githubusercontent.com:sub", "\"repo:mine/*\"")),
          NULL, NULL},
         ANY_AUDIENCE},
        {{ROLE,
          TRUST(GITHUB, WEB, IF("StringLike", "token.actions.githubusercontent.com:sub", "\"repo:*/app:*\"")),
          NULL, NULL},
         "provider arn:aws:iam::" OWNER ":oidc-provider/token.actions.githubusercontent.com critical; "},
        {{ROLE,
          TRUST(GITHUB, WEB, IF("StringLike", "token.actions.githubusercontent.com:sub", "\"repo:ac*\"")),
          NULL, NULL},
         "provider arn:aws:iam::" OWNER ":oidc-provider/token.actions.githubusercontent.com critical; "},
        {{ROLE,
          TRUST(GITHUB, WEB, IF("StringLike", "token.actions.githubusercontent.com:sub", "\"*acme/app*\"")),
          NULL, NULL},
         "provider arn:aws:iam::" OWNER ":oidc-provider/token.actions.githubusercontent.com critical; "},
        {{ROLE,
          TRUST(GITHUB, WEB, IF("StringLike", "token.actions.githubusercontent.com:sub", "\"repo:acme/*\"")),
          NULL, NULL},
         ANY_AUDIENCE},
        {{ROLE,
          TRUST(GITHUB, WEB,
                IF("StringLike", "token.actions.githubusercontent.com:sub", "\"repo:acme/app:ref:*\"")),
          NULL, NULL},
         ANY_AUDIENCE},
        {{ROLE, TRUST(GITHUB, WEB, IF("StringLike", "token.actions.githubusercontent.com:sub", "\"repo:*\"")),
          NULL, NULL},
         "provider arn:aws:iam::" OWNER ":oidc-provider/token.actions.githubusercontent.com critical; "},
        {{ROLE,
          TRUST(
              GITHUB, WEB,
              IF("StringLike", "token.actions.githubusercontent.com:sub", "\"repo:*:ref:refs/heads/main\"")),
          NULL, NULL},
         "provider arn:aws:iam::" OWNER ":oidc-provider/token.actions.githubusercontent.com critical; "},
        {{ROLE,
          TRUST(GITHUB, WEB,
                IF("StringEquals", "token.actions.githubusercontent.com:repository_owner", "\"mine\"")),
          NULL, NULL},
         ANY_AUDIENCE},
        /* the right subject, for the right audience */
        {{ROLE,
          TRUST(GITHUB, WEB,
                ",\"Condition\":{\"StringLike\":{\"" CLAIM ":sub\":\"repo:mine/*\"},"
                "\"StringEquals\":{\"" CLAIM ":aud\":\"sts.amazonaws.com\"}}"),
          NULL, NULL},
         ""},
        {{ROLE,
          TRUST(GITHUB, WEB,
                ",\"Condition\":{\"StringLike\":{\"" CLAIM ":sub\":\"repo:mine/*\",\"" CLAIM
                ":aud\":\"*\"}}"),
          NULL, NULL},
         ANY_AUDIENCE},
        /* whose pool, nobody asks */
        {{ROLE,
          TRUST("{\"Federated\":\"cognito-identity.amazonaws.com\"}", WEB,
                ",\"Condition\":{\"ForAnyValue:StringLike\":{\"cognito-identity.amazonaws.com:amr\":"
                "\"authenticated\"}}"),
          NULL, NULL},
         "provider cognito-identity.amazonaws.com critical; "},
        {{ROLE,
          TRUST("{\"Federated\":\"cognito-identity.amazonaws.com\"}", WEB,
                IF("StringEquals", "cognito-identity.amazonaws.com:aud", "\"eu-west-1:pool\"")),
          NULL, NULL},
         "provider cognito-identity.amazonaws.com critical; "},
        {{ROLE,
          TRUST("{\"Federated\":\"cognito-identity.amazonaws.com\"}", WEB,
                ",\"Condition\":{\"StringEquals\":{\"cognito-identity.amazonaws.com:aud\":\"eu-west-1:pool\"}"
                ",\"ForAnyValue:StringLike\":{\"cognito-identity.amazonaws.com:amr\":\"authenticated\"}}"),
          NULL, NULL},
         ""},
        {{ROLE, TRUST("{\"Federated\":\"arn:aws:iam::" OWNER ":oidc-provider/idp.example.com\"}", WEB, ""),
          NULL, NULL},
         "external arn:aws:iam::" OWNER ":oidc-provider/idp.example.com low; "},
        {{ROLE,
          TRUST("{\"Federated\":\"arn:aws:iam::" OWNER ":saml-provider/corp\"}", "sts:AssumeRoleWithSAML",
                IF("StringEquals", "SAML:aud", "\"https://signin.aws.amazon.com/saml\"")),
          NULL, NULL},
         "external arn:aws:iam::" OWNER ":saml-provider/corp low; "},
        {{ROLE,
          TRUST("{\"Federated\":\"accounts.google.com\"}", WEB,
                IF("StringEquals", "accounts.google.com:aud", "\"mine.apps.googleusercontent.com\"")),
          NULL, NULL},
         ""},
        {{ROLE, TRUST("{\"Federated\":\"accounts.google.com\"}", WEB, ""), NULL, NULL},
         "provider accounts.google.com critical; "},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check(&cases[i].t, cases[i].expected);
}

static void an_exposure_names_its_statement_and_the_levels_that_were_allowed(void **state)
{
    (void)state;
    const thing t = {
        BUCKET,
        GET("{\"AWS\":\"" OWNER "\"}",
            "") ",{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":[\"s3:GetObject\",\"s3:PutObject\"],"
                "\"Resource\":\"arn:aws:s3:::b/public/*\"}",
        NULL, NULL};
    vg_exposures found = exposures_of(world_with(&t));
    assert_int_equal(found.exposure_count, 1);
    assert_int_equal(found.resources, 1);
    const vg_exposure *e = &found.exposures[0];
    assert_int_equal(e->statement, 1);
    assert_int_equal(e->levels, 1U << VG_ACCESS_READ | 1U << VG_ACCESS_WRITE);
    assert_int_equal(e->action_count, 2);
    assert_true(vg_str_is(e->witness.action, "s3:PutObject"));
    assert_true(vg_str_is(e->witness.resource, "arn:aws:s3:::b/public/x"));
    assert_true(vg_str_is(e->witness.caller, "*"));
}

/* An account of which nobody collected the organisation: what its policies open is told, with that reservation. */
static void control_policies_that_nobody_collected_are_a_reservation(void **state)
{
    (void)state;
    vg_error err;
    const vg_world *world;
    const vg_policy *policy;
    vg_world_builder *b = vg_world_builder_new(arena, catalogue);
    vg_world_resource bucket = {
        .arn = VG_STR("arn:aws:s3:::b"), .type = VG_STR("AWS::S3::Bucket"), .account_id = VG_STR(OWNER)};
    assert_int_equal(
        vg_world_policy_text(b, VG_STR(""), VG_POLICY_RESOURCE, VG_STR("policy"),
                             VG_STR("{\"Version\":\"2012-10-17\",\"Statement\":[" GET("\"*\"", "") "]}"),
                             &policy, &err),
        VG_OK);
    assert_int_equal(vg_world_layer(b, &policy, 1, VG_STR(""), &bucket.policy, &err), VG_OK);
    assert_int_equal(vg_world_add_resource(b, &bucket, &err), VG_OK);
    assert_int_equal(vg_world_finish(b, &world, &err), VG_OK);
    vg_exposures found = exposures_of(world);
    assert_int_equal(found.exposure_count, 1);
    assert_true(found.exposures[0].unless_rcp);
    vg_decision decision;
    assert_int_equal(vg_witness_decide(arena, world, &found.exposures[0].witness, &decision, &err), VG_OK);
    assert_int_equal(decision.result, VG_ALLOWED);
    const thing collected = {BUCKET, GET("\"*\"", ""), NULL, NULL};
    assert_false(exposures_of(world_with(&collected)).exposures[0].unless_rcp);
}

/* Asked for each of its statements, a policy of 20,000 would take minutes. What was asked by then is told. */
static void a_policy_over_all_quotas_is_known_in_part(void **state)
{
    (void)state;
    enum { STATEMENTS = 20000 };
    vg_buf text = {0};
    for (int i = 0; i < STATEMENTS; i++)
        vg_buf_addf(&text,
                    "%s{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"s3:GetObject\","
                    "\"Resource\":\"arn:aws:s3:::b/%d\"}",
                    i ? "," : "", i);
    const thing t = {BUCKET, vg_arena_cstr(arena, vg_buf_str(&text)), NULL, NULL};
    vg_buf_free(&text);
    vg_exposures found = exposures_of(world_with(&t));
    assert_int_equal(found.exposure_count, 1);
    assert_int_equal(found.unknown_count, 1);
    assert_true(vg_str_starts(found.unknowns[0].why, VG_STR("its policy is too large")));
}

static void a_second_statement_for_anyone_tells_nothing_of_the_organisation(void **state)
{
    (void)state;
    static const thing t = {BUCKET, GET("\"*\"", "") "," GET("\"*\"", ""), NULL, NULL};
    assert_string_equal(told(&t), "anyone * high; ");
}

static void a_wrong_list_of_providers_is_refused_with_its_place(void **state)
{
    (void)state;
    const thing t = {BUCKET, GET("\"*\"", ""), NULL, NULL};
    vg_exposures out;
    vg_error err = {0};
    assert_int_equal(vg_world_exposures(arena, world_with(&t),
                                        VG_STR("- {url: a, sub: b, aud: c}\n- {url: a}\n"), 0, &out, &err),
                     VG_ERR_VALUE);
    assert_int_equal(err.place.line, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whom_a_resource_policy_lets_in),
        cmocka_unit_test(which_conditions_protect),
        cmocka_unit_test(what_a_deny_asks_of_every_caller_is_met_by_a_stranger),
        cmocka_unit_test(resource_control_policies_and_public_access_blocks_close_it),
        cmocka_unit_test(services_that_act_for_anyone),
        cmocka_unit_test(whom_a_trust_policy_lets_in),
        cmocka_unit_test(an_exposure_names_its_statement_and_the_levels_that_were_allowed),
        cmocka_unit_test(control_policies_that_nobody_collected_are_a_reservation),
        cmocka_unit_test(a_second_statement_for_anyone_tells_nothing_of_the_organisation),
        cmocka_unit_test(a_policy_over_all_quotas_is_known_in_part),
        cmocka_unit_test(a_wrong_list_of_providers_is_refused_with_its_place),
    };
    return cmocka_run_group_tests_name("policy exposure", tests, setup, teardown);
}
