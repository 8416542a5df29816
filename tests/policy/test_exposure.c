/* What can be reached from outside, each with a witness that the engine allows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/policy.h"

static vg_arena *arena;
static const vg_catalogue *catalogue;
static vg_exposure_content content;

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
                                &content.federation, &err) == VG_OK &&
                   vg_file_read(arena, VG_STR(VIGIL_SOURCE_DIR "/content/policy/strangers.yaml"), 1 << 20,
                                &content.strangers, &err) == VG_OK
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
#define NOW     (INT64_C(1764096000) * VG_TIME_SECOND) /* 2025-11-25T18:40:00Z */

typedef struct {
    const char *arn, *type, *statements;
    const vg_s3_settings *s3;
    const char *rcp; /* statements of one at the root; NULL: none */
    const vg_world_tag *tags;
    size_t tag_count;
    bool tags_unknown;
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
                                            .tags = t->tags,
                                            .tag_count = t->tag_count,
                                            .tags_unknown = t->tags_unknown,
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
    if (vg_world_exposures(arena, world, &content, NOW, &out, &err) != VG_OK)
        fail_msg("%s", err.message);
    return out;
}

static bool begins(vg_str text, const char *prefix)
{
    return vg_str_eq_icase(vg_str_sub(text, 0, strlen(prefix)), vg_str_from(prefix));
}

/* The prefixes of keys that a witness of this kind cannot have. */
static const char *const of_signers[] = {
    "aws:Principal",      "aws:SourceIdentity", "aws:MultiFactor",   "aws:userid", "aws:username",
    "aws:TokenIssueTime", "aws:CalledVia",      "aws:ViaAWSService", "s3:auth",    "s3:signature"};

static bool has_key_of_signers(vg_str key)
{
    for (size_t i = 0; i < VG_COUNT(of_signers); i++)
        if (begins(key, of_signers[i]) && !vg_str_eq_icase(key, VG_STR("aws:PrincipalType")) &&
            !begins(key, "aws:PrincipalIsAWSService") && !begins(key, "aws:PrincipalServiceName"))
            return true;
    return false;
}

static bool has_key(const vg_witness *w, const char *key)
{
    for (size_t i = 0; i < w->context_count; i++)
        if (vg_str_eq_icase(w->context[i].key, vg_str_from(key)))
            return true;
    return false;
}

/* Whether AWS could make the request that the witness is. */
static void check_witness(const vg_exposure *e)
{
    const vg_witness *w = &e->witness;
    vg_caller_kind kind = vg_caller_of(w->caller).kind;
    bool signs = kind == VG_CALLER_ROLE || kind == VG_CALLER_USER || kind == VG_CALLER_ROLE_SESSION ||
                 kind == VG_CALLER_ROOT;
    bool takes_token = begins(w->action, "sts:AssumeRoleWith");
    if (begins(w->action, "sts:") &&
        (takes_token != (kind == VG_CALLER_FEDERATED) || kind == VG_CALLER_ANONYMOUS))
        fail_msg("%.*s cannot call %.*s", VG_ARG(w->caller), VG_ARG(w->action));
    if (vg_str_is(w->caller, "execute-api.amazonaws.com"))
        fail_msg("there is no service %.*s", VG_ARG(w->caller));
    for (size_t i = 0; i < w->context_count; i++) {
        vg_str key = w->context[i].key;
        if (kind == VG_CALLER_ANONYMOUS && vg_str_is(key, "lambda:FunctionUrlAuthType"))
            assert_true(vg_str_is(w->context[i].values[0], "NONE"));
        if (begins(key, "aws:userid") && kind == VG_CALLER_ROLE)
            assert_true(vg_str_find_char(w->context[i].values[0], ':') != VG_NPOS);
        if (begins(key, "aws:CalledVia"))
            assert_true(has_key(w, "aws:ViaAWSService"));
        if (begins(key, "aws:SourceVpc"))
            assert_true(has_key(w, "aws:SourceVpce") && has_key(w, "aws:VpcSourceIp"));
        bool of_source = begins(key, "aws:SourceA") || begins(key, "aws:SourceO");
        if ((!signs && has_key_of_signers(key)) || (of_source && kind != VG_CALLER_SERVICE) ||
            (begins(key, "s3:") && !begins(w->action, "s3:")) ||
            (begins(key, "kms:") && !begins(w->action, "kms:")) ||
            (kind != VG_CALLER_SERVICE && begins(key, "aws:SourceIp") && has_key(w, "aws:VpcSourceIp")))
            fail_msg("%.*s cannot call %.*s with %.*s", VG_ARG(w->caller), VG_ARG(w->action), VG_ARG(key));
    }
}

/* "reach who severity; " of each, "if KEY: " before what hangs on a key; "?" for an unknown. Every witness is decided once
 * more, and is one that AWS could make. */
static const char *told(const thing *t)
{
    const vg_world *world = world_with(t);
    vg_exposures found = exposures_of(world);
    vg_buf text = {0};
    for (size_t i = 0; i < found.exposure_count; i++) {
        const vg_exposure *e = &found.exposures[i];
        vg_decision decision;
        vg_error err;
        if (e->hangs_on.len)
            vg_buf_addf(&text, "if %.*s: ", VG_ARG(e->hangs_on));
        vg_buf_addf(&text, "%s %.*s %s; ", vg_reach_name(e->reach), VG_ARG(e->who),
                    vg_severity_name(e->severity));
        check_witness(e);
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
        {IF("StringEquals", "s3:ExistingObjectTag/public", "\"yes\""),
         "if s3:ExistingObjectTag/public: anyone * high; "},
        {IF("StringEquals", "sts:ExternalId", "\"secret\""), ""},
        {IF("Null", "aws:PrincipalOrgID", "\"true\""), "anyone * high; "},
        {IF("Null", "aws:PrincipalOrgID", "\"false\""), "anyone * high; "},
        {IF("Null", "aws:SourceVpc", "\"false\""), "anyone * high; "},
        {IF("Null", "aws:SourceVpce", "\"false\""), "anyone * high; "},
        {IF("StringEquals", "aws:PrincipalType", "\"User\""), "anyone * high; "},
        {IF("StringLike", "aws:username", "\"admin*\""), "anyone * high; "},
        {IF("StringEquals", "aws:username", "\"bob\""), "anyone * high; "},
        {IF("StringLike", "aws:userid", "\"*\""), "anyone * high; "},
        {IF("Null", "aws:userid", "\"false\""), "anyone * high; "},
        {IF("StringLike", "aws:userid", "\"AROAEXAMPLE0000000000:*\""), ""},
        {IF("DateLessThan", "aws:CurrentTime", "\"1960-01-01T00:00:00Z\""), ""},
        {IF("NumericLessThan", "s3:signatureAge", "\"600000\""), "anyone * high; "},
        /* the catalogue knows that GetObject carries no such key */
        {IF("NumericLessThan", "s3:max-keys", "\"10\""), ""},
        /* both clocks stand at the time of asking */
        {IF("DateGreaterThan", "aws:CurrentTime", "\"2024-01-01T00:00:00Z\""), "anyone * high; "},
        {IF("DateLessThan", "aws:CurrentTime", "\"2024-01-01T00:00:00Z\""), ""},
        {IF("NumericLessThan", "aws:EpochTime", "\"9999999999\""), "anyone * high; "},
        {IF("NumericGreaterThan", "aws:EpochTime", "\"9999999999\""), ""},
        {IF("NumericGreaterThan", "aws:EpochTime", "\"1000000000\""), "anyone * high; "},
        {IF("DateLessThan", "aws:EpochTime", "\"2100-01-01T00:00:00Z\""), "anyone * high; "},
        {IF("DateGreaterThan", "aws:EpochTime", "\"1000000000\""), "anyone * high; "},
        {IF("DateLessThan", "aws:EpochTime", "\"2024-01-01T00:00:00Z\""), ""},
        /* what only a signed request has, and its signer chooses */
        {IF("Bool", "aws:MultiFactorAuthPresent", "\"true\""), "anyone * high; "},
        {IF("NumericLessThan", "aws:MultiFactorAuthAge", "\"3600\""), "anyone * high; "},
        {IF("StringLike", "aws:SourceIdentity", "\"*\""), "anyone * high; "},
        {IF("DateGreaterThan", "aws:TokenIssueTime", "\"2024-01-01T00:00:00Z\""), "anyone * high; "},
        {IF("DateGreaterThan", "aws:TokenIssueTime", "\"2100-01-01T00:00:00Z\""), ""},
        {IF("StringEquals", "s3:authType", "\"REST-QUERY-STRING\""), "anyone * high; "},
        {IF("Bool", "aws:ViaAWSService", "\"true\""), "anyone * high; "},
        {IF("ForAnyValue:StringEquals", "aws:CalledVia", "[\"athena.amazonaws.com\"]"), "anyone * high; "},
        {IF("StringEquals", "aws:FederatedProvider", "\"arn:aws:iam::" OWNER ":oidc-provider/x\""), ""},
        {IF("ArnEquals", "ec2:SourceInstanceARN", "\"arn:aws:ec2:eu-west-1:" OWNER ":instance/i-1\""), ""},
        /* keys that the catalogue lacks */
        {IF("StringEquals", "s3:NewKey", "\"x\""), "if s3:NewKey: anyone * high; "},
        {IF("StringEquals", "aws:NewKey", "\"x\""), "if aws:NewKey: anyone * high; "},
        {IF("StringEquals", "sns:Protocol", "\"https\""), ""},
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

#define ALLOW(who, action, resource, more)                                                                   \
    "{\"Effect\":\"Allow\",\"Principal\":" who ",\"Action\":\"" action "\",\"Resource\":\"" resource         \
    "\"" more "}"
#define DENY(more)           ",{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\"" more "}"
#define SERVICE(name)        "{\"Service\":\"" name ".amazonaws.com\"}"
#define ANY                  "{\"AWS\":\"*\"}"
#define BOTH(a, b)           ",\"Condition\":{" a "," b "}"
#define TEST(op, key, value) "\"" op "\":{\"" key "\":" value "}"
#define REPOSITORY           "arn:aws:ecr:eu-west-1:" OWNER ":repository/r", "AWS::ECR::Repository"
#define BUS                  "arn:aws:events:eu-west-1:" OWNER ":event-bus/b", "AWS::Events::EventBus"
#define API                  "arn:aws:execute-api:eu-west-1:" OWNER ":abc", "AWS::ApiGateway::RestApi"
#define DOMAIN               "arn:aws:es:eu-west-1:" OWNER ":domain/d", "AWS::OpenSearchService::Domain"
#define SECRET               "arn:aws:secretsmanager:eu-west-1:" OWNER ":secret:s-abcdef", "AWS::SecretsManager::Secret"
#define VAULT                "arn:aws:backup:eu-west-1:" OWNER ":backup-vault:v", "AWS::Backup::BackupVault"
#define SEND(who, more)      ALLOW(who, "sqs:SendMessage", "*", more)

/* Policies as they are found, of which AWS's documents tell who gets in. */
static void policies_of_real_shapes_let_in_whom_aws_says(void **state)
{
    static const struct {
        thing t;
        const char *expected;
    } cases[] = {
        /* a site behind a distribution */
        {{BUCKET, GET(SERVICE("cloudfront"), IF("StringEquals", "AWS:SourceArn",
                                                "\"arn:aws:cloudfront::" OWNER ":distribution/E1\""))},
         ""},
        {{BUCKET, GET(SERVICE("cloudfront"), "")}, "service cloudfront.amazonaws.com medium; "},
        {{BUCKET, GET(SERVICE("cloudfront"),
                      IF("StringLike", "aws:SourceArn", "\"arn:aws:cloudfront::*:distribution/*\""))},
         "service cloudfront.amazonaws.com medium; "},
        {{BUCKET, GET("\"*\"", IF("StringLike", "aws:Referer", "\"https://site.example/*\""))},
         "anyone * high; "},
        /* notifications */
        {{TOPIC, PUBLISH_FOR("ArnLike", "aws:SourceArn", "\"arn:aws:s3:*:*:mine\"")}, ""},
        {{TOPIC, PUBLISH_FOR("ArnLike", "aws:SourceArn", "\"arn:aws:s3:*:*:mine-*\"")},
         "service s3.amazonaws.com medium; "},
        {{TOPIC, ALLOW(ANY, "sns:Publish", "*", IF("StringEquals", "AWS:SourceOwner", "\"" OWNER "\""))}, ""},
        {{QUEUE, SEND("\"*\"", IF("ArnLike", "aws:SourceArn", "\"arn:aws:sns:*:*:*\""))},
         "service * medium; "},
        {{QUEUE,
          SEND(SERVICE("sns"), IF("ArnEquals", "aws:SourceArn", "\"arn:aws:sns:eu-west-1:" OWNER ":t\""))},
         ""},
        {{QUEUE, SEND(SERVICE("sns"), IF("StringEquals", "aws:SourceAccount", "\"${aws:ResourceAccount}\""))},
         ""},
        {{QUEUE, SEND(SERVICE("sns"), IF("StringEquals", "aws:SourceOrgID", "\"${aws:ResourceOrgID}\""))},
         ""},
        {{QUEUE, SEND(SERVICE("sns"), IF("StringEquals", "aws:PrincipalOrgID", "\"o-testtest00\""))}, ""},
        {{QUEUE, SEND("\"*\"", IF("StringEquals", "aws:PrincipalServiceName", "\"sns.amazonaws.com\""))},
         "service * medium; "},
        {{QUEUE, SEND("\"*\"", IF("Bool", "aws:PrincipalIsAWSService", "\"true\""))}, "service * medium; "},
        /* keys */
        {{KEY, ALLOW(ANY, "kms:*", "*",
                     BOTH(TEST("StringEquals", "kms:CallerAccount", "\"" OWNER "\""),
                          TEST("StringLike", "kms:ViaService", "\"s3.eu-west-1.amazonaws.com\"")))},
         ""},
        {{KEY, ALLOW(ANY, "kms:Decrypt", "*",
                     IF("StringEquals", "kms:ViaService", "\"s3.eu-west-1.amazonaws.com\""))},
         "anyone * critical; "},
        {{KEY, ALLOW(ANY, "kms:Decrypt", "*", IF("StringEquals", "kms:CallerAccount", "\"" OUTSIDE "\""))},
         "external * medium; "},
        {{KEY, ALLOW(ANY, "kms:CreateGrant", "*", IF("Bool", "kms:GrantIsForAWSResource", "\"true\""))},
         "anyone * critical; "},
        {{KEY, ALLOW(ANY, "kms:Decrypt", "*",
                     IF("ForAnyValue:StringEquals", "kms:ResourceAliases", "\"alias/open\""))},
         "if kms:ResourceAliases: anyone * critical; "},
        /* functions */
        {{FUNCTION, ALLOW("\"*\"", "lambda:InvokeFunctionUrl", "*",
                          IF("StringEquals", "lambda:FunctionUrlAuthType", "\"NONE\""))},
         "anyone * critical; "},
        {{FUNCTION, ALLOW("\"*\"", "lambda:InvokeFunctionUrl", "*",
                          IF("StringEquals", "lambda:FunctionUrlAuthType", "\"AWS_IAM\""))},
         "anyone * critical; "},
        {{FUNCTION, ALLOW("{\"Service\":\"alexa-appkit.amazon.com\"}", "lambda:InvokeFunction", "*",
                          IF("StringEquals", "lambda:EventSourceToken", "\"amzn1.ask.skill.x\""))},
         ""},
        {{FUNCTION, ALLOW("\"*\"", "lambda:InvokeFunction", "*",
                          IF("StringEquals", "aws:PrincipalOrgID", "\"${aws:ResourceOrgID}\""))},
         "organization * low; "},
        /* registries, buses, interfaces, domains, secrets, vaults */
        {{REPOSITORY, "{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"ecr:BatchGetImage\"}"},
         "anyone * high; "},
        {{REPOSITORY, "{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"ecr:BatchGetImage\"" IF(
                          "StringEquals", "aws:PrincipalOrgID", "\"o-other00000\"") "}"},
         "external * medium; "},
        {{BUS, ALLOW("\"*\"", "events:PutEvents", "*",
                     IF("StringEquals", "aws:PrincipalOrgID", "\"o-testtest00\""))},
         "organization * low; "},
        {{BUS, ALLOW("\"*\"", "events:PutEvents", "*", IF("StringEquals", "events:source", "\"shop\""))},
         "anyone * critical; "},
        {{API, ALLOW("\"*\"", "execute-api:Invoke", "arn:aws:execute-api:eu-west-1:" OWNER ":abc/*", "")
                   DENY(IF("NotIpAddress", "aws:SourceIp", "\"198.51.100.0/24\""))},
         ""},
        {{API, ALLOW("\"*\"", "execute-api:Invoke", "arn:aws:execute-api:eu-west-1:" OWNER ":abc/*", "")
                   DENY(IF("StringNotEquals", "aws:SourceVpc", "\"vpc-1\""))},
         ""},
        {{API, ALLOW("\"*\"", "execute-api:Invoke", "arn:aws:execute-api:eu-west-1:" OWNER ":abc/*", "")},
         "anyone * critical; "},
        {{DOMAIN, ALLOW(ANY, "es:ESHttp*", "arn:aws:es:eu-west-1:" OWNER ":domain/d/*",
                        IF("IpAddress", "aws:SourceIp", "[\"0.0.0.0/1\",\"128.0.0.0/1\"]"))},
         "anyone * critical; "},
        {{DOMAIN, ALLOW(ANY, "es:ESHttp*", "arn:aws:es:eu-west-1:" OWNER ":domain/d/*",
                        IF("IpAddress", "aws:SourceIp", "\"198.51.100.0/24\""))},
         ""},
        {{SECRET, ALLOW("\"*\"", "secretsmanager:GetSecretValue", "*",
                        IF("StringEquals", "secretsmanager:VersionStage", "\"AWSCURRENT\""))},
         "anyone * high; "},
        {{SECRET, ALLOW("\"*\"", "secretsmanager:GetSecretValue", "*", "")
                      DENY(IF("StringNotEquals", "aws:PrincipalAccount", "[\"" OWNER "\",\"" OUTSIDE "\"]"))},
         "external * medium; "},
        {{VAULT, ALLOW("\"*\"", "backup:CopyIntoBackupVault", "*",
                       IF("StringEquals", "aws:PrincipalOrgID", "\"o-testtest00\""))},
         "organization * low; "},
        /* Denies that protect, and that only seem to */
        {{BUCKET,
          GET("\"*\"", "") DENY(IF("StringNotEqualsIfExists", "aws:PrincipalOrgID", "\"o-testtest00\""))},
         "organization * low; "},
        {{BUCKET, GET("\"*\"", "")
                      DENY(BOTH(TEST("StringNotEqualsIfExists", "aws:PrincipalOrgID", "\"o-testtest00\""),
                                TEST("BoolIfExists", "aws:PrincipalIsAWSService", "\"false\"")))},
         "service * medium; organization * low; "},
        {{BUCKET, GET("\"*\"", "") DENY(IF("BoolIfExists", "aws:MultiFactorAuthPresent", "\"false\""))},
         "anyone * high; "},
        {{BUCKET, GET("\"*\"", "") DENY(IF("Bool", "aws:MultiFactorAuthPresent", "\"false\""))},
         "anyone * high; "},
        {{BUCKET, GET("\"*\"", "") DENY(IF("Null", "aws:PrincipalTag/team", "\"true\""))}, "anyone * high; "},
        {{BUCKET, GET("\"*\"", "") DENY(IF("Null", "aws:PrincipalOrgID", "\"true\""))}, "anyone * high; "},
        {{BUCKET, GET("\"*\"", "") DENY(IF("StringEquals", "aws:PrincipalType", "\"Anonymous\""))},
         "anyone * high; "},
        {{BUCKET,
          GET("\"*\"", "") DENY(IF("StringNotEquals", "s3:signatureversion", "\"AWS4-HMAC-SHA256\""))},
         "anyone * high; "},
        {{BUCKET, GET("\"*\"", "") DENY(IF("NumericLessThan", "s3:TlsVersion", "\"1.2\""))},
         "anyone * high; "},
        {{BUCKET, GET("\"*\"", "") DENY(IF("StringNotLike", "aws:UserAgent", "\"shop/*\""))},
         "anyone * high; "},
        {{BUCKET, GET("\"*\"", "") DENY(IF("StringNotEquals", "aws:SourceVpce", "\"vpce-1\""))}, ""},
        {{BUCKET, GET("\"*\"", "") DENY(IF("StringNotLike", "aws:SourceVpce", "\"vpce-*\""))},
         "anyone * high; "},
        {{BUCKET, GET("\"*\"", "") DENY(BOTH(TEST("StringNotEquals", "aws:SourceVpce", "\"vpce-1\""),
                                             TEST("NotIpAddress", "aws:SourceIp", "\"198.51.100.0/24\"")))},
         ""},
        {{BUCKET,
          GET("\"*\"", "") DENY(BOTH(TEST("StringNotEquals", "aws:SourceVpce", "\"vpce-1\""),
                                     TEST("StringNotLike", "aws:PrincipalTag/break-glass", "\"yes\"")))},
         "anyone * high; "},
        {{BUCKET,
          GET("\"*\"", "") DENY(IF("IpAddress", "aws:SourceIp", "[\"128.0.0.0/1\",\"2001:db8::/32\"]"))},
         "anyone * high; "},
        {{BUCKET, GET("\"*\"", "") DENY(IF("NotIpAddress", "aws:SourceIp", "\"0.0.0.0/1\""))},
         "anyone * high; "},
        {{BUCKET,
          GET("\"*\"", "") DENY(IF("ArnNotLike", "aws:PrincipalArn", "\"arn:aws:iam::" OWNER ":*\""))},
         ""},
        {{BUCKET,
          GET("\"*\"", "") DENY(IF("ArnNotLike", "aws:PrincipalArn", "\"arn:aws:iam::*:role/reader\""))},
         "anyone * high; "},
        {{BUCKET, GET("\"*\"", "") ",{\"Effect\":\"Deny\",\"NotPrincipal\":{\"AWS\":\"arn:aws:iam::" OWNER
                                   ":root\"},\"Action\":\"s3:*\",\"Resource\":\"*\"}"},
         ""},
        {{BUCKET, GET("\"*\"", "") ",{\"Effect\":\"Deny\",\"Principal\":\"*\",\"NotAction\":\"s3:GetObject\","
                                   "\"Resource\":\"*\"}"},
         "anyone * high; "},
        {{BUCKET, GET("\"*\"", "") ",{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\","
                                   "\"NotResource\":\"arn:aws:s3:::b/public/*\"}"},
         "anyone * high; "},
        {{BUCKET, "{\"Effect\":\"Allow\",\"Principal\":\"*\",\"NotAction\":\"s3:GetObject\",\"Resource\":"
                  "\"arn:aws:s3:::b/*\"}"},
         "anyone * critical; "},
        {{BUCKET, GET("\"*\"", "") DENY(IF("StringEquals", "s3:ExistingObjectTag/secret", "\"yes\""))},
         "if s3:ExistingObjectTag/secret: anyone * high; "},
        {{BUCKET, GET("\"*\"", "") DENY(IF("StringNotEquals", "s3:ExistingObjectTag/public", "\"yes\""))},
         "if s3:ExistingObjectTag/public: anyone * high; "},
        {{BUCKET, GET("\"*\"", IF("StringEquals", "s3:ExistingObjectTag/public", "\"yes\"")) "," ALLOW(
                      "\"*\"", "s3:ListBucket", "arn:aws:s3:::b", "")},
         "anyone * high; if s3:ExistingObjectTag/public: anyone * high; "},
        {{BUCKET,
          GET("\"*\"", IF("StringEquals", "s3:ExistingObjectTag/public", "\"yes\"")) "," GET("\"*\"", "")},
         "anyone * high; "},
        {{BUCKET, GET("\"*\"", BOTH(TEST("StringLike", "s3:ExistingObjectTag/public", "\"yes\""),
                                    TEST("StringEquals", "aws:PrincipalOrgID", "\"o-testtest00\"")))},
         "if s3:ExistingObjectTag/public: organization * low; "},
        {{BUCKET, ALLOW("\"*\"", "s3:GetObject", "arn:aws:s3:::b/tagged/*",
                        IF("StringEquals", "s3:ExistingObjectTag/public",
                           "\"yes\"")) "," ALLOW("\"*\"", "s3:GetObject", "arn:aws:s3:::b/open/*", "")},
         "anyone * high; "},
        /* keys that are absent */
        {{BUCKET, GET("\"*\"", IF("ForAllValues:StringLike", "aws:PrincipalOrgPaths", "\"o-testtest00/*\""))},
         "anyone * high; "},
        {{BUCKET,
          GET("\"*\"", BOTH(TEST("ForAllValues:StringLike", "aws:PrincipalOrgPaths", "\"o-testtest00/*\""),
                            TEST("Null", "aws:PrincipalOrgPaths", "\"false\"")))},
         "organization * low; "},
        {{BUCKET,
          GET("\"*\"", IF("StringNotEquals", "aws:PrincipalArn", "\"arn:aws:iam::" OWNER ":role/x\""))},
         "anyone * high; "},
        {{BUCKET, GET("\"*\"", IF("StringEquals", "aws:PrincipalAccount", "\"${aws:ResourceAccount}\""))},
         ""},
        {{BUCKET, GET("\"*\"", IF("NotIpAddress", "aws:SourceIp", "\"128.0.0.0/1\""))}, "anyone * high; "},
        {{BUCKET, GET("\"*\"", IF("IpAddress", "aws:SourceIp", "\"::/0\""))}, "anyone * high; "},
        {{BUCKET, GET("\"*\"", IF("StringEquals", "s3:DataAccessPointAccount", "\"" OWNER "\""))}, ""},
        {{BUCKET, GET("\"*\"", IF("ArnLike", "s3:DataAccessPointArn",
                                  "\"arn:aws:s3:eu-west-1:" OWNER ":accesspoint/*\""))},
         ""},
        {{BUCKET, GET("{\"AWS\":\"arn:aws:iam::" OUTSIDE ":role/x\"}",
                      IF("StringEquals", "aws:PrincipalOrgID", "\"o-testtest00\""))},
         ""},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check(&cases[i].t, cases[i].expected);
}

#define OIDC(host)  "{\"Federated\":\"arn:aws:iam::" OWNER ":oidc-provider/" host "\"}"
#define AUD         TEST("StringEquals", CLAIM ":aud", "\"sts.amazonaws.com\"")
#define SUB(value)  BOTH(AUD, TEST("StringLike", CLAIM ":sub", "\"" value "\""))
#define GITHUB_OPEN "provider arn:aws:iam::" OWNER ":oidc-provider/" CLAIM " critical; "
#define POOL(amr)                                                                                            \
    TRUST("{\"Federated\":\"cognito-identity.amazonaws.com\"}", WEB,                                         \
          BOTH(TEST("StringEquals", "cognito-identity.amazonaws.com:aud", "\"eu-west-1:pool\""),             \
               TEST("ForAnyValue:StringLike", "cognito-identity.amazonaws.com:amr", "\"" amr "\"")))

static void trusts_of_real_shapes_let_in_whom_aws_says(void **state)
{
    static const struct {
        const char *statements, *expected;
    } cases[] = {
        {TRUST(GITHUB, WEB, SUB("repo:*:ref:refs/heads/main")), GITHUB_OPEN},
        {TRUST(GITHUB, WEB, SUB("repo:acme*")), GITHUB_OPEN},
        {TRUST(GITHUB, WEB, SUB("*")), GITHUB_OPEN},
        {TRUST(GITHUB, WEB, SUB("repo:acme/*")), ""},
        {TRUST(GITHUB, WEB, SUB("repo:acme/app:*")), ""},
        {TRUST(GITHUB, WEB, SUB("repo:acme/*:ref:refs/heads/*")), ""},
        {TRUST(GITHUB, WEB,
               BOTH(AUD, TEST("StringNotEquals", CLAIM ":sub", "\"repo:evil/x:ref:refs/heads/main\""))),
         GITHUB_OPEN},
        {TRUST(GITHUB, WEB,
               BOTH(AUD, TEST("ForAnyValue:StringLike", CLAIM ":sub", "[\"repo:acme/*\",\"repo:*/x\"]"))),
         GITHUB_OPEN},
        {TRUST(GITHUB, WEB, BOTH(AUD, TEST("StringLike", CLAIM ":repository_id", "\"1\""))), ""},
        {TRUST(GITHUB, WEB, IF("StringEquals", "gitlab.com:sub", "\"x\"")), ""},
        {TRUST(GITHUB, "sts:AssumeRole", ""), ""},
        {TRUST(OIDC("gitlab.com"), WEB, IF("StringLike", "gitlab.com:sub", "\"project_path:*\"")),
         "provider arn:aws:iam::" OWNER ":oidc-provider/gitlab.com critical; "},
        {TRUST(OIDC("app.terraform.io"), WEB,
               IF("StringLike", "app.terraform.io:sub", "\"organization:*:project:p:*\"")),
         "provider arn:aws:iam::" OWNER ":oidc-provider/app.terraform.io critical; "},
        {POOL("unauthenticated"), "provider cognito-identity.amazonaws.com critical; "},
        {POOL("*"), "provider cognito-identity.amazonaws.com critical; "},
        {POOL("authenticated"), ""},
        {TRUST("{\"Federated\":\"arn:aws:iam::" OWNER ":saml-provider/corp\"}", "sts:AssumeRoleWithSAML", ""),
         "external arn:aws:iam::" OWNER ":saml-provider/corp low; "},
        {TRUST("\"*\"", "sts:TagSession", ""), ""},
        {TRUST("\"*\"", "sts:TagSession", "") "," TRUST("{\"AWS\":\"" OUTSIDE "\"}", "sts:AssumeRole", ""),
         "external " OUTSIDE " medium; "},
        {TRUST("\"*\"", "sts:*", ""), "anyone * critical; "},
        {TRUST("\"*\"", WEB, ""), "anyone * critical; "},
        {TRUST("{\"AWS\":\"" OUTSIDE "\"}", WEB, ""), ""},
        {TRUST("\"*\"", "sts:AssumeRole", IF("StringEquals", "sts:ExternalId", "\"shop-4711\"")),
         "if sts:ExternalId: anyone * critical; "},
        {TRUST("\"*\"", "sts:AssumeRole",
               IF("ArnLike", "aws:PrincipalArn", "\"arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*\"")),
         "anyone * critical; "},
        {TRUST("\"*\"", "sts:AssumeRole", IF("StringEquals", "aws:PrincipalTag/team", "\"red\"")),
         "anyone * critical; "},
        {TRUST("\"*\"", "sts:AssumeRole", IF("StringLike", "sts:RoleSessionName", "\"${aws:username}\"")),
         "anyone * critical; "},
        {TRUST("{\"AWS\":\"" OUTSIDE "\"}", "sts:AssumeRole",
               IF("Bool", "aws:MultiFactorAuthPresent", "\"true\"")),
         "external " OUTSIDE " medium; "},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        const thing t = {ROLE, cases[i].statements, NULL, NULL};
        check(&t, cases[i].expected);
    }
}

/* What a stranger can arrange in an account of its own protects nobody; what names an outsider says who of it comes, and whence. */
static void what_callers_can_arrange_does_not_keep_them_out(void **state)
{
    static const struct {
        thing t;
        const char *expected;
    } cases[] = {
        {{BUCKET, GET("{\"AWS\":[\"arn:aws:iam::" OWNER ":root\",\"*\"]}", "")}, "anyone * high; "},
        {{BUCKET, GET("{\"AWS\":\"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1\"}", "")},
         "?; "},
        {{BUCKET, GET("{\"AWS\":\"arn:aws:sts::" OUTSIDE ":assumed-role/r/s\"}", "")},
         "external arn:aws:sts::" OUTSIDE ":assumed-role/r/s medium; "},
        {{BUCKET, GET("{\"AWS\":\"AROAEXAMPLE0000000000\"}", "")}, ""},
        {{BUCKET, GET("\"*\"", IF("StringEqualsIgnoreCase", "aws:PrincipalOrgID", "\"O-TESTTEST00\""))},
         "organization * low; "},
        {{BUCKET,
          GET("\"*\"", IF("StringEquals", "aws:PrincipalOrgID", "[\"o-testtest00\",\"o-other00000\"]"))},
         "external * medium; organization * low; "},
        {{BUCKET, GET("\"*\"", IF("ForAnyValue:StringEquals", "aws:PrincipalOrgPaths",
                                  "\"o-testtest00/r-0001/ou-0001-00000001/\""))},
         "organization * low; "},
        {{BUCKET, GET("\"*\"", IF("ForAnyValue:StringLike", "aws:PrincipalOrgPaths",
                                  "\"o-testtest00/r-0001/ou-0001-00000001/*\""))},
         "organization * low; "},
        {{BUCKET, GET("\"*\"", IF("ForAnyValue:StringLike", "aws:PrincipalOrgPaths",
                                  "\"o-testtest00/r-0001/ou-0001-00000009/*\""))},
         "organization * low; "},
        {{BUCKET,
          GET("\"*\"", IF("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "\"o-other00000/r-0001/*\""))},
         "external * medium; "},
        {{BUCKET, GET("\"*\"", IF("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "\"o-*/r-0001/*\""))},
         "anyone * high; "},
        {{BUCKET, GET("\"*\"", IF("StringEquals", "aws:PrincipalAccount", "\"" SIBLING "\""))},
         "organization * low; "},
        {{BUCKET, GET("\"*\"", IF("ArnEquals", "aws:PrincipalArn", "\"arn:aws:iam::" SIBLING ":role/x\""))},
         "organization * low; "},
        {{BUCKET, GET("\"*\"", "")
                      DENY(IF("StringNotEquals", "aws:PrincipalAccount", "[\"" OWNER "\",\"" SIBLING "\"]"))},
         "organization * low; "},
        {{BUCKET, GET("\"*\"", IF("Bool", "aws:SecureTransport", "\"false\""))}, "anyone * high; "},
        {{BUCKET, GET("\"*\"", IF("IpAddress", "aws:VpcSourceIp", "\"10.0.0.0/8\""))}, "anyone * high; "},
        {{BUCKET, GET("\"*\"", BOTH(TEST("IpAddress", "aws:VpcSourceIp", "\"10.0.0.0/8\""),
                                    TEST("StringEquals", "aws:SourceVpc", "\"vpc-1\"")))},
         ""},
        {{BUCKET, GET("\"*\"", IF("ArnLike", "aws:SourceVpcArn", "\"arn:aws:ec2:*:*:vpc/*\""))},
         "anyone * high; "},
        {{BUCKET, GET("\"*\"", IF("ArnLike", "aws:SourceVpcArn", "\"arn:aws:ec2:*:" OWNER ":vpc/*\""))}, ""},
        {{BUCKET, GET("\"*\"", IF("StringLike", "aws:VpceAccount", "\"*\""))}, "anyone * high; "},
        {{BUCKET, GET("\"*\"", IF("StringLike", "aws:userid", "\"*:bob@example.com\""))}, "anyone * high; "},
        {{BUCKET, GET("\"*\"", IF("StringLike", "aws:FederatedProvider", "\"*\""))}, "anyone * high; "},
        {{BUCKET, GET("\"*\"", IF("StringEquals", "aws:FederatedProvider", "\"accounts.google.com\""))},
         "anyone * high; "},
        {{BUCKET, GET("\"*\"", IF("StringEquals", "aws:PrincipalTag/o", "\"${aws:ResourceAccount}\""))},
         "anyone * high; "},
        {{BUCKET, GET("\"*\"", IF("ArnLike", "aws:PrincipalArn", "\"arn:aws:iam::*:root\""))},
         "anyone * high; "},
        {{BUCKET, GET("\"*\"", IF("StringEquals", "aws:PrincipalType", "\"Account\""))}, "anyone * high; "},
        {{BUCKET, GET("\"*\"", IF("StringEquals", "aws:PrincipalType", "\"AssumedRole\""))},
         "anyone * high; "},
        {{BUCKET, "{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\"}"},
         "anyone * critical; "},
        {{BUCKET, GET("{\"AWS\":\"" OUTSIDE "\"}",
                      "") ",{\"Effect\":\"Deny\",\"Principal\":{\"AWS\":\"arn:aws:iam::" OUTSIDE
                          ":root\"},\"Action\":\"*\",\"Resource\":\"*\"}"},
         ""},
        {{BUCKET, GET("\"*\"", "") ",{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":"
                                   "\"arn:aws:s3:::b/x*\"}"},
         "anyone * high; "},
        {{BUCKET, GET("\"*\"", "") DENY(BOTH(TEST("NotIpAddress", "aws:SourceIp", "\"198.51.100.0/24\""),
                                             TEST("Bool", "aws:ViaAWSService", "\"false\"")))},
         "anyone * high; "},
        {{BUCKET, GET("\"*\"", IF("Null", "aws:TokenIssueTime", "\"true\""))}, "anyone * high; "},
        {{BUCKET, GET("{\"AWS\":\"*\"}",
                      IF("StringEquals", "aws:PrincipalArn", "\"arn:aws:iam::" OWNER ":role/x\""))},
         ""},
        {{BUCKET, GET("\"*\"", IF("StringEquals", "aws:SourceVpce", "\"vpce-1\"")) "," GET(
                      "\"*\"", IF("StringEquals", "aws:PrincipalOrgID", "\"o-testtest00\""))},
         "organization * low; "},
        {{BUCKET, "{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"s3:GetObject\",\"NotResource\":"
                  "\"arn:aws:s3:::b/private/*\"}"},
         "anyone * high; "},
        {{FUNCTION, ALLOW("\"*\"", "lambda:InvokeFunction", "*",
                          IF("Bool", "lambda:InvokedViaFunctionUrl", "\"true\""))},
         "anyone * critical; "},
        {{KEY, ALLOW("\"*\"", "kms:Decrypt", "*", IF("StringEquals", "kms:EncryptionContext:app", "\"x\""))},
         "anyone * critical; "},
        {{QUEUE, SEND("\"*\"", IF("ArnLike", "aws:SourceArn", "\"arn:aws:execute-api:*:*:abc/*\""))},
         "service * medium; "},
        {{QUEUE, SEND("\"*\"", IF("StringLike", "aws:SourceArn", "\"*:topic\""))}, "service * medium; "},
        {{QUEUE,
          SEND("\"*\"", IF("ArnLikeIfExists", "aws:SourceArn", "\"arn:aws:sns:eu-west-1:" OWNER ":t\""))},
         "anyone * critical; "},
        {{QUEUE,
          SEND("\"*\"", "") DENY(IF("ArnNotLike", "aws:SourceArn", "\"arn:aws:sns:eu-west-1:" OWNER ":t\""))},
         ""},
        {{QUEUE, SEND("\"*\"", "")
                     DENY(IF("StringNotEquals", "aws:SourceAccount", "[\"" OWNER "\",\"" OUTSIDE "\"]"))},
         "external sns.amazonaws.com for " OUTSIDE " medium; "},
        {{ROLE, TRUST(GITHUB, WEB,
                      ",\"Condition\":{" TEST("StringEquals", CLAIM ":ref", "\"refs/heads/main\"") "}")},
         GITHUB_OPEN},
        {{ROLE, TRUST(GITHUB, WEB, BOTH(AUD, TEST("StringLike", CLAIM ":ref", "\"refs/heads/main\"")))},
         GITHUB_OPEN},
        {{ROLE, TRUST(GITHUB, WEB, BOTH(AUD, TEST("StringLike", CLAIM ":repository", "\"*/app\"")))},
         GITHUB_OPEN},
        {{ROLE, TRUST(GITHUB, WEB, BOTH(AUD, TEST("StringLike", CLAIM ":repository", "\"acme/*\"")))}, ""},
        {{ROLE, TRUST(GITHUB, WEB, BOTH(AUD, TEST("StringLike", CLAIM ":repository_owner", "\"acme\"")))},
         ""},
        {{ROLE, TRUST(GITHUB, WEB, BOTH(AUD, TEST("StringLike", CLAIM ":environment", "\"prod\"")))},
         GITHUB_OPEN},
        {{ROLE, TRUST(GITHUB, WEB,
                      BOTH(AUD, TEST("StringLike", CLAIM ":job_workflow_ref",
                                     "\"acme/wf/.github/workflows/d.yml@*\"")))},
         "if " CLAIM ":job_workflow_ref: " GITHUB_OPEN},
        {{ROLE, TRUST(GITHUB, WEB, BOTH(AUD, TEST("StringLike", CLAIM ":new_claim", "\"x\"")))},
         "if " CLAIM ":new_claim: " GITHUB_OPEN},
        {{ROLE,
          TRUST("\"*\"", "sts:AssumeRole", IF("StringEquals", "aws:PrincipalAccount", "\"" OWNER "\""))},
         ""},
        {{ROLE, TRUST("{\"AWS\":\"" OUTSIDE "\"}", "sts:AssumeRole",
                      IF("ArnLike", "aws:PrincipalArn", "\"arn:aws:iam::" OUTSIDE ":role/ci-*\""))},
         "external " OUTSIDE " medium; "},
        {{ROLE, TRUST("{\"AWS\":\"" OUTSIDE "\"}", "sts:AssumeRole",
                      IF("StringEquals", "aws:PrincipalOrgID", "\"o-other00000\""))},
         "external " OUTSIDE " medium; "},
        {{ROLE, TRUST("{\"AWS\":\"" OUTSIDE "\"}", "sts:AssumeRole",
                      IF("IpAddress", "aws:SourceIp", "\"198.51.100.0/24\""))},
         "external " OUTSIDE " medium; "},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check(&cases[i].t, cases[i].expected);
}

#define OUR_ROLES_ALONE                                                                                      \
    ",{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"sts:AssumeRole\"" IF(                            \
        "StringNotEquals", "aws:PrincipalOrgID", "\"o-testtest00\"") "}"

/* Several conditions together, and patterns that are open in part. */
static void conditions_together_let_in_whom_all_of_them_do(void **state)
{
    static const struct {
        thing t;
        const char *expected;
    } cases[] = {
        {{BUCKET, GET("\"*\"", IF("ForAnyValue:StringLike", "aws:PrincipalServiceNamesList",
                                  "[\"*.amazonaws.com\"]"))},
         "service * medium; "},
        {{BUCKET, GET("\"*\"", IF("ForAnyValue:StringEquals", "aws:PrincipalServiceNamesList",
                                  "[\"logging.s3.amazonaws.com\"]"))},
         "service * medium; "},
        {{BUCKET, GET("\"*\"", IF("ArnLike", "aws:PrincipalArn", "\"arn:aws:iam::1*:role/x\""))},
         "anyone * high; "},
        {{BUCKET, GET("\"*\"", IF("StringLike", "aws:PrincipalArn", "\"arn:aws:iam::11112222333?:role/*\""))},
         "anyone * high; "},
        {{QUEUE, SEND(SERVICE("sns"), IF("ArnLike", "aws:SourceArn", "\"arn:aws:sns:*:1*:t\""))},
         "service sns.amazonaws.com medium; "},
        {{BUCKET, GET("\"*\"", IF("Bool", "aws:PrincipalIsAWSService", "\"false\""))}, "anyone * high; "},
        {{BUCKET, GET("{\"AWS\":\"*\",\"Service\":\"ec2.amazonaws.com\"}",
                      IF("StringEquals", "aws:PrincipalOrgID", "\"o-testtest00\""))},
         "organization * low; "},
        {{ROLE, TRUST("\"*\"", "sts:AssumeRole", "") OUR_ROLES_ALONE}, "organization * low; "},
        {{ROLE, TRUST(GITHUB, WEB, SUB("repo:?cme/app:*"))}, GITHUB_OPEN},
        {{ROLE, TRUST(GITHUB, WEB, SUB("repo:acme/?pp:*"))}, ""},
        {{ROLE, TRUST(GITHUB, WEB,
                      BOTH(AUD, TEST("StringLike", CLAIM ":sub", "[\"repo:acme/*\",\"repo:*:ref:x\"]")))},
         GITHUB_OPEN},
        {{ROLE, TRUST(GITHUB, WEB,
                      BOTH(AUD, TEST("StringLike", CLAIM ":sub", "[\"repo:*:ref:x\",\"repo:acme/*\"]")))},
         GITHUB_OPEN},
        {{ROLE, TRUST("{\"Service\":\"rolesanywhere.amazonaws.com\"}", "sts:AssumeRole", "")}, ""},
        {{KEY, ALLOW("{\"AWS\":\"" OUTSIDE "\"}", "kms:Decrypt", "*",
                     IF("StringEquals", "kms:ViaService", "\"s3.eu-west-1.amazonaws.com\""))},
         "external " OUTSIDE " medium; "},
        {{KEY, ALLOW("\"*\"", "kms:Decrypt", "*",
                     BOTH(TEST("StringEquals", "aws:PrincipalOrgID", "\"o-testtest00\""),
                          TEST("StringLike", "kms:ViaService", "\"s3.*.amazonaws.com\"")))},
         "organization * low; "},
        {{BUCKET, GET("\"*\"", BOTH(TEST("StringEquals", "aws:PrincipalOrgID", "\"o-testtest00\""),
                                    TEST("StringLike", "aws:SourceVpc", "\"vpc-*\"")))},
         "organization * low; "},
        {{BUCKET, GET("\"*\"", BOTH(TEST("StringEquals", "aws:PrincipalOrgID", "\"o-testtest00\""),
                                    TEST("StringLike", "aws:SourceVpc", "\"vpc-1\"")))},
         "organization * low; "},
        {{BUCKET, GET("\"*\"", BOTH(TEST("StringEquals", "aws:PrincipalOrgID", "\"o-testtest00\""),
                                    TEST("ArnLike", "aws:PrincipalArn", "\"arn:aws:iam::*:role/ci-*\"")))},
         "organization * low; "},
        {{BUCKET, GET("\"*\"", BOTH(TEST("StringEquals", "aws:PrincipalOrgID", "\"o-other00000\""),
                                    TEST("ArnLike", "aws:PrincipalArn", "\"arn:aws:iam::*:role/ci-*\"")))},
         "external * medium; "},
        {{BUCKET, GET("\"*\"", BOTH(TEST("StringEquals", "aws:PrincipalOrgID", "\"o-testtest00\""),
                                    TEST("IpAddress", "aws:SourceIp", "\"198.51.100.0/24\"")))},
         "organization * low; "},
        {{BUCKET, GET("\"*\"", BOTH(TEST("StringEquals", "aws:PrincipalAccount", "\"" OUTSIDE "\""),
                                    TEST("IpAddress", "aws:SourceIp", "\"198.51.100.0/24\"")))},
         "external * medium; "},
        {{BUCKET, GET("\"*\"", BOTH(TEST("StringLike", "aws:PrincipalOrgID", "\"o-*\""),
                                    TEST("StringEquals", "aws:PrincipalTag/x", "\"y\"")))},
         "anyone * high; "},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check(&cases[i].t, cases[i].expected);
}

static void evidence_decides_by_the_tags_of_a_resource(void **state)
{
    (void)state;
    static const vg_world_tag open = {VG_STR_INIT("open"), VG_STR_INIT("yes")},
                              closed = {VG_STR_INIT("open"), VG_STR_INIT("no")};
    static const char by_tag[] = SEND("\"*\"", IF("StringEquals", "aws:ResourceTag/open", "\"yes\""));
    static const char unless[] = SEND("\"*\"", "") DENY(IF("StringEquals", "aws:ResourceTag/open", "\"no\""));
    static const struct {
        thing t;
        const char *expected;
    } cases[] = {
        {{QUEUE, by_tag, .tags = &open, .tag_count = 1}, "anyone * critical; "},
        {{QUEUE, by_tag, .tags = &closed, .tag_count = 1}, ""},
        {{QUEUE, by_tag}, ""},
        {{QUEUE, by_tag, .tags_unknown = true}, "if aws:ResourceTag/open: anyone * critical; "},
        {{QUEUE, unless, .tags = &open, .tag_count = 1}, "anyone * critical; "},
        {{QUEUE, unless, .tags = &closed, .tag_count = 1}, ""},
        {{QUEUE, unless, .tags_unknown = true}, "if aws:ResourceTag/open: anyone * critical; "},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check(&cases[i].t, cases[i].expected);
}

/* The value of a key of the first witness; empty: it has none. */
static vg_str value_in_witness(const char *statements, const char *key)
{
    const thing t = {TOPIC, statements, NULL, NULL};
    vg_exposures found = exposures_of(world_with(&t));
    assert_int_equal(found.exposure_count, 1);
    const vg_witness *w = &found.exposures[0].witness;
    for (size_t i = 0; i < w->context_count; i++)
        if (vg_str_is(w->context[i].key, key))
            return w->context[i].values[0];
    return (vg_str){0};
}

static void a_witness_of_a_service_says_for_whom_it_acts_where_asked(void **state)
{
    (void)state;
    static const char plain[] = ALLOW(SERVICE("s3"), "sns:Publish", "*", "");
    static const char account[] = PUBLISH_FOR("StringNotEquals", "aws:SourceAccount", "\"" OWNER "\"");
    static const char source[] = PUBLISH_FOR("ArnLike", "aws:SourceArn", "\"arn:*:*:*:*:*\"");
    static const struct {
        const char *statements, *key, *value;
    } cases[] = {
        {plain, "aws:SourceArn", ""},   {plain, "aws:SourceAccount", ""},
        {plain, "aws:SourceOrgID", ""}, {account, "aws:SourceAccount", "999999999999"},
        {account, "aws:SourceArn", ""}, {source, "aws:SourceArn", "arn:aws:s3:::stranger"},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_str got = value_in_witness(cases[i].statements, cases[i].key);
        if (!vg_str_is(got, cases[i].value))
            fail_msg("%s of %s: wanted \"%s\", got \"%.*s\"", cases[i].key, cases[i].statements,
                     cases[i].value, VG_ARG(got));
    }
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

/* No context holds them all. */
static void a_policy_on_more_keys_than_a_witness_has_is_unknown(void **state)
{
    (void)state;
    enum { TAGS = 100 };
    vg_buf text = {0};
    vg_buf_addf(&text, "%s", GET("\"*\"", ""));
    for (int i = 0; i < TAGS; i++)
        vg_buf_addf(&text, "%s%d%s",
                    ",{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\","
                    "\"Condition\":{\"StringNotEquals\":{\"aws:PrincipalTag/t",
                    i, "\":\"x\"}}}");
    const thing t = {BUCKET, vg_arena_cstr(arena, vg_buf_str(&text)), NULL, NULL};
    vg_buf_free(&text);
    check(&t, "?; ");
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
    vg_exposure_content wrong = {VG_STR("- {url: a, sub: b, aud: c}\n- {url: a}\n"), content.strangers};
    assert_int_equal(vg_world_exposures(arena, world_with(&t), &wrong, NOW, &out, &err), VG_ERR_VALUE);
    assert_int_equal(err.place.line, 2);
    wrong = (vg_exposure_content){content.federation, VG_STR("# half of it\ngiven: [aws:sourceip]\n")};
    assert_int_equal(vg_world_exposures(arena, world_with(&t), &wrong, NOW, &out, &err), VG_ERR_VALUE);
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
        cmocka_unit_test(policies_of_real_shapes_let_in_whom_aws_says),
        cmocka_unit_test(trusts_of_real_shapes_let_in_whom_aws_says),
        cmocka_unit_test(what_callers_can_arrange_does_not_keep_them_out),
        cmocka_unit_test(conditions_together_let_in_whom_all_of_them_do),
        cmocka_unit_test(evidence_decides_by_the_tags_of_a_resource),
        cmocka_unit_test(a_witness_of_a_service_says_for_whom_it_acts_where_asked),
        cmocka_unit_test(an_exposure_names_its_statement_and_the_levels_that_were_allowed),
        cmocka_unit_test(control_policies_that_nobody_collected_are_a_reservation),
        cmocka_unit_test(a_second_statement_for_anyone_tells_nothing_of_the_organisation),
        cmocka_unit_test(a_policy_over_all_quotas_is_known_in_part),
        cmocka_unit_test(a_policy_on_more_keys_than_a_witness_has_is_unknown),
        cmocka_unit_test(a_wrong_list_of_providers_is_refused_with_its_place),
    };
    return cmocka_run_group_tests_name("policy exposure", tests, setup, teardown);
}
