/* access_resources.c: resources with policies of their own, by the rules of content/access/resources.yaml, and the settings
 * of S3 that count when a request is decided (S3 User Guide, "Blocking public access": the most restrictive of
 * organisation, account, bucket and access point applies). */
#include "access/access_answers.h"
#include "access/access_s3.h"

vg_status vg_access_read_rules(vg_access_reader *r, vg_vec *rules, vg_error *err)
{
    for (vg_items it = vg_items_of(vg_get(r->content, VG_STR("resources"))); vg_items_next(&it);) {
        vg_access_rule rule = {.type = vg_get_str(it.value, "type"),
                               .in = vg_get_str(it.value, "in"),
                               .names = vg_get_str(it.value, "names"),
                               .policy = vg_get_str(it.value, "policy"),
                               .arn = vg_get_str(it.value, "arn"),
                               .wide = vg_get_bool(it.value, "wide", false),
                               .when = vg_get_str(it.value, "when"),
                               .sources = vg_get(it.value, VG_STR("sources"))};
        if (rule.type.len == 0 || rule.policy.len == 0)
            return vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(r->content_doc, it.value),
                              "a resource needs 'type' and 'policy'");
        vg_access_rule *place = vg_vec_push(rules);
        if (!place)
            return vg_access_no_memory(err);
        *place = rule;
    }
    return VG_OK;
}

typedef struct {
    vg_access_reader *reader;
    vg_map *policies; /* of the rule at work: what it is of (name_key) to the item that holds the policy */
    vg_map *taken;    /* of these, those whose resource was found */
    vg_map *added;    /* ids of resources */
    vg_access_answers answers;
    vg_access_s3 organization;
    vg_map *blocks;   /* account id to its public access block */
    vg_map *profiles; /* ARN or "ACCOUNT NAME" of an instance profile to its role's item */
} resources;

/* ---- policies -------------------------------------------------------------------------------------------------------------------------- */

/* Names other than ARNs are of an account and Region. */
static vg_str name_key(const resources *s, const vg_access_item *item, vg_str name)
{
    if (vg_str_starts(name, VG_STR("arn:")))
        return name;
    return vg_arena_printf(s->reader->arena, "%.*s\n%.*s\n%.*s", VG_ARG(item->resource.account),
                           VG_ARG(item->resource.region), VG_ARG(name));
}

static vg_status map_policy(resources *s, const vg_access_item *item, vg_str name, vg_error *err)
{
    vg_str key = name_key(s, item, name);
    vg_map_entry *entry = key.ptr ? vg_map_put(s->policies, key, NULL) : NULL;
    if (!entry)
        return vg_access_no_memory(err);
    entry->value.u64 = (uint64_t)(uintptr_t)item;
    return VG_OK;
}

/* Which item of the other type holds the policy of which resource: the one that has its id, or names it, or a list of them. */
static vg_status map_policies(resources *s, const vg_access_rule *rule, vg_error *err)
{
    const vg_access_item *item;
    char type[128];
    s->policies = vg_map_new(s->reader->arena, 0);
    s->taken = vg_map_new(s->reader->arena, 0);
    if (!s->policies || !s->taken)
        return vg_access_no_memory(err);
    snprintf(type, sizeof type, "%.*s", VG_ARG(rule->in));
    for (size_t next = 0; rule->in.len > 0 && (item = vg_access_next(s->reader, type, &next));) {
        const vg_value *named = rule->names.len ? vg_get(item->doc.root, rule->names) : NULL;
        if (!named || vg_kind_of(named) != VG_ARRAY) {
            VG_TRY(map_policy(s, item, named ? vg_value_str(named) : item->resource.id, err));
            continue;
        }
        for (vg_items it = vg_items_of(named); vg_items_next(&it);)
            VG_TRY(map_policy(s, item, vg_value_str(it.value), err));
    }
    return VG_OK;
}

/* The entry of the resource: by its id, else by its name. */
static const vg_map_entry *holder_of(const resources *s, const vg_access_item *item)
{
    const vg_map_entry *entry =
        s->policies ? vg_map_get(s->policies, name_key(s, item, item->resource.id)) : NULL;
    if (!entry && s->policies && item->resource.name.len)
        entry = vg_map_get(s->policies, name_key(s, item, item->resource.name));
    return entry;
}

static bool source_shows(const vg_access_rule *rule, vg_str source)
{
    for (vg_items it = vg_items_of(rule->sources); vg_items_next(&it);)
        if (vg_str_starts(source, vg_value_str(it.value)))
            return true;
    return false;
}

/* Where a document stands, and whether there is known to be none. */
typedef struct {
    const vg_value *document; /* NULL: none, or unknown */
    const vg_access_item *holder;
    bool has_none;
} finding;

/* As the resource, or what stands beside it in a snapshot, shows it. */
static finding shown_policy(const resources *s, const vg_access_rule *rule, const vg_access_item *item)
{
    const vg_map_entry *entry = holder_of(s, item);
    finding found = {.holder = entry ? entry->value.ptr : item};
    char path[128];
    snprintf(path, sizeof path, "%.*s", VG_ARG(rule->policy));
    if (rule->policy.len > 0 && (rule->in.len == 0 || entry))
        found.document = vg_get_path(found.holder->doc.root, path);
    if (found.document && vg_kind_of(found.document) == VG_NULL)
        found.document = NULL;
    found.has_none = !found.document && source_shows(rule, item->resource.source);
    return found;
}

/* Where a snapshot and the service itself tell of it, the newer counts. */
static finding find_policy(const resources *s, const vg_access_rule *rule, const vg_access_item *item,
                           vg_str arn)
{
    const vg_access_item *answer = vg_access_answer(s->answers.policies, arn);
    finding shown = shown_policy(s, rule, item);
    bool is_shown = shown.document || shown.has_none;
    if (!answer || (is_shown && shown.holder->resource.observed > answer->resource.observed))
        return shown;
    return (finding){vg_get(answer->doc.root, VG_STR("PolicyDocument")), answer,
                     vg_access_answered_none(answer)};
}

static vg_status policy_of(resources *s, const vg_access_rule *rule, const vg_access_item *item, vg_str arn,
                           vg_layer *out, vg_error *err)
{
    vg_access_reader *r = s->reader;
    finding found = find_policy(s, rule, item, arn);
    const vg_access_item *grants = vg_access_answer(s->answers.grants, item->resource.id);
    const vg_policy *policy = NULL, *granted = NULL, *policies[2];
    size_t count = 0;
    if (found.document) {
        vg_str name = vg_arena_printf(r->arena, "policy of %.*s", VG_ARG(item->resource.id));
        VG_TRY(vg_access_policy(r, VG_STR(""), VG_POLICY_RESOURCE, name, found.holder, found.document,
                                &policy, err));
    }
    if (grants)
        VG_TRY(vg_access_grants_policy(r, grants, &granted, err));
    if (!found.has_none)
        policies[count++] = policy;
    if (granted)
        policies[count++] = granted;
    return vg_world_layer(r->builder, policies, count, VG_STR(""), out, err);
}

/* ---- S3 ----------------------------------------------------------------------------------------------------------------------------------- */

/* The block of a bucket or an account: known when `block` is there, or when the source shows what there is. */
static void apply_block(vg_s3_settings *settings, const vg_value *block, bool known)
{
    settings->restrict_public_buckets |= vg_get_bool(block, "RestrictPublicBuckets", false);
    settings->ignore_public_acls |= vg_get_bool(block, "IgnorePublicAcls", false);
    settings->block_public_acls |= vg_get_bool(block, "BlockPublicAcls", false);
    settings->block_public_policy |= vg_get_bool(block, "BlockPublicPolicy", false);
    settings->unknown |= !block && !known;
}

static bool owner_is_enforced(const vg_value *rules)
{
    for (vg_items it = vg_items_of(rules); vg_items_next(&it);)
        if (vg_str_is(vg_get_str(it.value, "ObjectOwnership"), "BucketOwnerEnforced"))
            return true;
    return false;
}

/* The block of the bucket or access point itself: as S3 answered, else as the resource shows it. */
static void apply_own_block(const resources *s, vg_s3_settings *settings, const vg_access_item *item,
                            bool known)
{
    const vg_access_item *answer = vg_access_answer(s->answers.blocks, item->resource.id);
    const vg_value *shown = vg_get(item->doc.root, VG_STR("PublicAccessBlockConfiguration"));
    apply_block(settings, answer ? answer->doc.root : shown, known);
}

static vg_status apply_ownership(const resources *s, vg_s3_settings *settings, const vg_access_item *item,
                                 vg_error *err)
{
    const vg_access_item *ownership = vg_access_answer(s->answers.ownership, item->resource.id);
    const vg_access_item *acl = vg_access_answer(s->answers.acls, item->resource.id);
    settings->bucket_owner_enforced =
        owner_is_enforced(ownership ? vg_get(ownership->doc.root, VG_STR("Rules"))
                                    : vg_get_path(item->doc.root, "OwnershipControls/Rules"));
    settings->acls_unknown = !settings->bucket_owner_enforced; /* those of objects nobody collects */
    return acl ? vg_access_acl_grants(s->reader, acl, settings, err) : VG_OK;
}

/* The bucket behind an access point, as a snapshot has it; else with nothing in it but its ARN. */
static vg_access_item item_behind(const resources *s, vg_str bucket)
{
    const vg_access_item *item;
    for (size_t next = 0; (item = vg_access_next(s->reader, "AWS::S3::Bucket", &next));)
        if (vg_str_eq(item->resource.id, bucket))
            return *item;
    return (vg_access_item){.resource = {.id = bucket}};
}

static vg_status s3_settings_of(resources *s, const vg_access_rule *rule, const vg_access_item *item,
                                vg_str behind, const vg_s3_settings **out, vg_error *err)
{
    vg_s3_settings *settings = VG_NEW(s->reader->arena, vg_s3_settings);
    if (!settings)
        return vg_access_no_memory(err);
    const vg_map_entry *entry = vg_map_get(s->blocks, item->resource.account);
    const vg_access_item *account = entry ? entry->value.ptr : NULL;
    apply_own_block(s, settings, item, source_shows(rule, item->resource.source));
    vg_access_item bucket = behind.len > 0 ? item_behind(s, behind) : *item;
    if (behind.len > 0)
        apply_own_block(s, settings, &bucket, source_shows(rule, bucket.resource.source));
    apply_block(settings, account ? account->doc.root : NULL, false);
    settings->unknown |= s->organization.unknown;
    if (vg_map_get(s->organization.blocked, item->resource.account))
        settings->restrict_public_buckets = settings->ignore_public_acls = settings->block_public_acls =
            settings->block_public_policy = true;
    VG_TRY(apply_ownership(s, settings, &bucket, err));
    settings->abac_enabled = vg_str_is(vg_get_str(item->doc.root, "AbacStatus"), "Enabled");
    settings->blocks_unknown = settings->unknown;
    if (settings->restrict_public_buckets && settings->ignore_public_acls)
        settings->unknown = false; /* nothing stricter could be added */
    *out = settings;
    return VG_OK;
}

static vg_status map_blocks(resources *s, vg_error *err)
{
    const vg_access_item *item;
    for (size_t next = 0; (item = vg_access_next(s->reader, "AWS::S3::AccountPublicAccessBlock", &next));) {
        vg_map_entry *entry = vg_map_put(s->blocks, item->resource.account, NULL);
        if (!entry)
            return vg_access_no_memory(err);
        entry->value.u64 = (uint64_t)(uintptr_t)item;
    }
    return VG_OK;
}

/* An access point's bucket, by its name. */
static vg_status bucket_behind(resources *s, const vg_access_item *item, vg_str *out, vg_error *err)
{
    vg_arn arn;
    vg_str bucket = vg_get_str(item->doc.root, "Bucket");
    if (bucket.len == 0 || !vg_arn_parse(item->resource.id, &arn))
        return VG_OK;
    *out = vg_arena_printf(s->reader->arena, "arn:%.*s:s3:::%.*s", VG_ARG(arn.partition), VG_ARG(bucket));
    return out->ptr ? VG_OK : vg_access_no_memory(err);
}

/* ---- roles that resources run as ----------------------------------------------------------------------------------------------------- */

static vg_status put_profile(resources *s, vg_str key, const vg_access_item *role, vg_error *err)
{
    vg_map_entry *entry = key.ptr ? vg_map_put(s->profiles, key, NULL) : NULL;
    if (!entry)
        return vg_access_no_memory(err);
    entry->value.u64 = (uint64_t)(uintptr_t)role;
    return VG_OK;
}

static vg_status map_profiles(resources *s, vg_error *err)
{
    const vg_access_item *role;
    for (size_t next = 0; (role = vg_access_next(s->reader, "AWS::IAM::Role", &next));) {
        const vg_value *list = vg_get(role->doc.root, VG_STR("InstanceProfiles"));
        for (vg_items it = vg_items_of(list); vg_items_next(&it);) {
            vg_str name = vg_arena_printf(s->reader->arena, "%.*s %.*s", VG_ARG(role->resource.account),
                                          VG_ARG(vg_get_str(it.value, "InstanceProfileName")));
            VG_TRY(put_profile(s, vg_get_str(it.value, "Arn"), role, err));
            VG_TRY(put_profile(s, name, role, err));
        }
    }
    return VG_OK;
}

static vg_str role_of_profile(const resources *s, vg_str account, vg_str profile)
{
    vg_str name = vg_arena_printf(s->reader->arena, "%.*s %.*s", VG_ARG(account), VG_ARG(profile));
    const vg_map_entry *entry = vg_map_get(s->profiles, profile);
    if (!entry && name.ptr)
        entry = vg_map_get(s->profiles, name);
    return entry ? ((const vg_access_item *)entry->value.ptr)->resource.id : (vg_str){0};
}

/* The entry of `running` of the content for a type, or NULL. */
static const vg_value *running_rule(const resources *s, vg_str type)
{
    for (vg_items it = vg_items_of(vg_get(s->reader->content, VG_STR("running"))); vg_items_next(&it);)
        if (vg_str_eq(vg_get_str(it.value, "type"), type))
            return it.value;
    return NULL;
}

/* A role's ARN, also where evidence has its name alone. */
static vg_str runs_as(const resources *s, const vg_access_item *item)
{
    char path[128];
    const vg_value *rule = running_rule(s, item->resource.type);
    vg_str in = vg_get_str(rule, "role"), profile = vg_get_str(rule, "profile");
    if (!rule)
        return (vg_str){0};
    snprintf(path, sizeof path, "%.*s", VG_ARG(in.len ? in : profile));
    vg_str found = vg_get_str(item->doc.root, path);
    if (found.len > 0 && profile.len > 0)
        return role_of_profile(s, item->resource.account, found);
    if (found.len == 0 || vg_str_starts(found, VG_STR("arn:")))
        return found;
    vg_arn own;
    vg_str partition = vg_arn_parse(item->resource.id, &own) ? own.partition : VG_STR("aws");
    return vg_arena_printf(s->reader->arena, "arn:%.*s:iam::%.*s:role/%.*s", VG_ARG(partition),
                           VG_ARG(item->resource.account), VG_ARG(found));
}

/* ---- resources --------------------------------------------------------------------------------------------------------------------------- */

/* Who manages a KMS key: as KMS says it of the key, as a snapshot has it, or because AWS gave it its alias. */
static void describe_manager(const resources *s, const vg_access_item *item, vg_world_resource *out)
{
    const vg_access_item *answer = vg_access_answer(s->answers.keys, item->resource.id);
    vg_str told = vg_get_str(answer ? answer->doc.root : item->doc.root, "KeyManager");
    bool is_aliased = vg_access_answer(s->answers.aliased, item->resource.id) != NULL;
    out->aws_managed = vg_str_is(told, "AWS") || is_aliased;
    out->manager_unknown = vg_str_is(item->resource.type, "AWS::KMS::Key") && told.len == 0 && !is_aliased;
}

static vg_status describe(resources *s, const vg_access_item *item, vg_world_resource *out, vg_error *err)
{
    const vg_resource *seen = &item->resource;
    *out = (vg_world_resource){.arn = seen->id,
                               .type = seen->type,
                               .name = seen->name,
                               .account_id = seen->account,
                               .region = seen->region,
                               .tags_unknown = !vg_str_starts(seen->source, VG_STR("config")),
                               .grants_unknown = vg_str_is(seen->type, "AWS::KMS::Key"),
                               .origin = seen->origin,
                               .runs_as = runs_as(s, item)};
    const vg_access_item *grants = vg_access_answer(s->answers.grants, seen->id);
    if (grants && vg_value_count(vg_get(grants->doc.root, VG_STR("Grants"))) == 0)
        out->grants_unknown = false; /* there are none */
    describe_manager(s, item, out);
    return vg_access_tags(s->reader, item, &out->tags, &out->tag_count, err);
}

/* Whether the property that the rule asks for is true, or has the value that it names. */
static bool is_due(const vg_access_rule *rule, const vg_access_item *item)
{
    vg_str name, wanted;
    if (!rule->when.len)
        return true;
    bool has_value = vg_str_split(rule->when, '=', &name, &wanted);
    const vg_value *value = vg_get(item->doc.root, name);
    return has_value ? vg_str_eq(vg_value_str(value), wanted)
                     : value && vg_kind_of(value) == VG_BOOL && value->as.boolean;
}

static vg_str partition_of(const vg_access_item *item)
{
    vg_arn own;
    if (vg_arn_parse(item->resource.id, &own))
        return own.partition;
    vg_str region = item->resource.region;
    return vg_str_starts(region, VG_STR("cn-"))       ? VG_STR("aws-cn")
           : vg_str_starts(region, VG_STR("us-gov-")) ? VG_STR("aws-us-gov")
                                                      : VG_STR("aws");
}

/* What stands for a name in braces of the template. ptr NULL: the resource has no such property. */
static vg_str piece_of(const vg_access_item *item, vg_str name)
{
    const struct {
        const char *name;
        vg_str value;
    } known[] = {{"partition", partition_of(item)},
                 {"account", item->resource.account},
                 {"region", item->resource.region},
                 {"id", item->resource.id},
                 {"name", item->resource.name}};
    for (size_t i = 0; i < VG_COUNT(known); i++)
        if (vg_str_is(name, known[i].name))
            return known[i].value;
    char path[128];
    snprintf(path, sizeof path, "%.*s", VG_ARG(name));
    vg_str value = vg_get_str(item->doc.root, path);
    return value.len ? value : (vg_str){0};
}

/* The ARN that the policy speaks of. False: the resource lacks a property that it is made of. */
static bool arn_of(const resources *s, const vg_access_rule *rule, const vg_access_item *item, vg_str *out)
{
    vg_buf text = {0};
    bool whole = true;
    *out = item->resource.id;
    if (!rule->arn.len)
        return true;
    for (size_t i = 0; i < rule->arn.len && whole;) {
        vg_str rest = vg_str_sub(rule->arn, i, VG_NPOS);
        size_t end = rest.ptr[0] == '{' ? vg_str_find_char(rest, '}') : VG_NPOS;
        vg_str piece = end == VG_NPOS ? vg_str_sub(rest, 0, 1) : piece_of(item, vg_str_sub(rest, 1, end - 1));
        whole = piece.ptr != NULL;
        vg_buf_add_str(&text, piece);
        i += end == VG_NPOS ? 1 : end + 1;
    }
    *out = whole && !text.failed ? vg_arena_str(s->reader->arena, vg_buf_str(&text)) : (vg_str){0};
    vg_buf_free(&text);
    return out->ptr != NULL;
}

/* What has no ARN is told by its type and place: nobody can ask for it. */
static vg_status name_unknown(resources *s, const vg_access_item *item, vg_world_resource *out, vg_error *err)
{
    const vg_resource *seen = &item->resource;
    out->arn = vg_arena_printf(s->reader->arena, "%.*s %.*s %.*s %.*s", VG_ARG(seen->type),
                               VG_ARG(seen->account), VG_ARG(seen->region), VG_ARG(seen->id));
    out->policy.state = VG_LAYER_UNKNOWN;
    out->unread = VG_STR("its ARN is not told, so that nobody could be tried on its policy");
    return out->arn.ptr ? VG_OK : vg_access_no_memory(err);
}

static vg_status note_added(resources *s, vg_str arn, bool *added, vg_error *err)
{
    return vg_map_put(s->added, arn, added) ? VG_OK : vg_access_no_memory(err);
}

static vg_status add_one(resources *s, const vg_access_rule *rule, const vg_access_item *item, vg_error *err)
{
    vg_world_resource resource;
    bool added = false;
    vg_str arn;
    if (!is_due(rule, item) || !arn_of(s, rule, item, &arn))
        return VG_OK;
    const vg_map_entry *holder = holder_of(s, item);
    if (holder && !vg_map_put(s->taken, holder->key, NULL))
        return vg_access_no_memory(err);
    VG_TRY(describe(s, item, &resource, err));
    resource.arn = arn;
    resource.wide = rule->wide;
    VG_TRY(policy_of(s, rule, item, arn, &resource.policy, err));
    if (!vg_str_starts(arn, VG_STR("arn:")) && resource.policy.state != VG_LAYER_NONE)
        VG_TRY(name_unknown(s, item, &resource, err));
    VG_TRY(note_added(s, resource.arn, &added, err));
    if (!added)
        return VG_OK;
    if (vg_str_is(item->resource.type, "AWS::S3::AccessPoint"))
        VG_TRY(bucket_behind(s, item, &resource.behind, err));
    resource.vpc_only = vg_str_is(vg_get_str(item->doc.root, "NetworkOrigin"), "VPC") ||
                        vg_get_path(item->doc.root, "VpcConfiguration/VpcId");
    if (vg_str_starts(item->resource.type, VG_STR("AWS::S3::")))
        VG_TRY(s3_settings_of(s, rule, item, resource.behind, &resource.s3, err));
    return vg_world_add_resource(s->reader->builder, &resource, err);
}

static bool is_wide(const vg_vec *rules, vg_str type)
{
    for (size_t i = 0; i < rules->len; i++) {
        const vg_access_rule *rule = vg_vec_at(rules, i);
        if (vg_str_eq(rule->type, type))
            return rule->wide;
    }
    return false;
}

/* Resources that a list of their service or an answer about their policy names, and nothing else describes. */
static vg_status add_answered(resources *s, const vg_vec *rules, const char *type, vg_error *err)
{
    const vg_access_item *seen;
    for (size_t next = 0; (seen = vg_access_next(s->reader, type, &next));) {
        vg_access_item item = *seen;
        item.resource.type = vg_get_str(seen->doc.root, "Type");
        const vg_access_rule answered = {.wide = is_wide(rules, item.resource.type)};
        VG_TRY(add_one(s, &answered, &item, err));
    }
    return VG_OK;
}

/* Resources that a question names and no rule knows: their tags count, and policies they have none. */
static vg_status add_named(resources *s, const vg_access_item *item, vg_error *err)
{
    vg_world_resource resource;
    bool added = false;
    if (!vg_map_put(s->added, item->resource.id, &added))
        return vg_access_no_memory(err);
    if (!added)
        return VG_OK;
    VG_TRY(describe(s, item, &resource, err));
    return vg_world_add_resource(s->reader->builder, &resource, err);
}

/* Policies whose resource no export describes still say who can do what. */
static vg_status add_orphans(resources *s, const vg_access_rule *rule, vg_error *err)
{
    for (size_t i = 0; i < vg_map_len(s->policies); i++) {
        const vg_map_entry *entry = vg_map_at(s->policies, i);
        vg_access_item item = *(const vg_access_item *)entry->value.ptr;
        if (vg_map_get(s->taken, entry->key))
            continue;
        if (vg_str_starts(entry->key, VG_STR("arn:")))
            item.resource.id = entry->key;
        item.resource.type = rule->type;
        item.resource.source = VG_STR("");
        VG_TRY(add_one(s, rule, &item, err));
    }
    return VG_OK;
}

/* A type that no rule knows, with a policy somewhere in it: whom that lets in is not known. */
static vg_status add_found(resources *s, const vg_access_item *item, vg_error *err)
{
    vg_access_reader *r = s->reader;
    vg_world_resource resource;
    vg_str property;
    bool added = false;
    if (!vg_access_find_policy(r->arena, item, &property))
        return VG_OK;
    VG_TRY(describe(s, item, &resource, err));
    if (!vg_str_starts(resource.arn, VG_STR("arn:")))
        VG_TRY(name_unknown(s, item, &resource, err));
    resource.policy.state = VG_LAYER_UNKNOWN;
    resource.unread =
        vg_arena_printf(r->arena, "a policy stands in its %.*s, and what one lets in on %.*s is not known",
                        VG_ARG(property), VG_ARG(item->resource.type));
    VG_TRY(note_added(s, resource.arn, &added, err));
    return added ? vg_world_add_resource(r->builder, &resource, err) : VG_OK;
}

/* The canonical users of S3 that access control lists tell of: each bucket's owner is its account's. */
static vg_status add_canonical_users(resources *s, vg_error *err)
{
    const vg_access_item *acl;
    for (size_t next = 0; (acl = vg_access_next(s->reader, "Vigil::S3::BucketAcl", &next));) {
        vg_str owner = vg_get_str(acl->doc.root, "Owner");
        if (owner.len && acl->resource.account.len)
            VG_TRY(vg_world_add_canonical(s->reader->builder, owner, acl->resource.account, err));
    }
    return VG_OK;
}

static bool is_named(const vg_access_options *options, vg_str id)
{
    for (size_t i = 0; i < options->resource_count; i++)
        if (vg_str_eq(options->resources[i], id))
            return true;
    return false;
}

static bool is_of_iam(vg_str type)
{
    return vg_str_starts(type, VG_STR("AWS::IAM::")) || vg_str_starts(type, VG_STR("Vigil::"));
}

vg_status vg_access_add_resources(vg_access_reader *r, const vg_vec *rules, vg_error *err)
{
    resources s = {.reader = r,
                   .added = vg_map_new(r->arena, 0),
                   .blocks = vg_map_new(r->arena, 0),
                   .profiles = vg_map_new(r->arena, 0)};
    if (!s.added || !s.blocks || !s.profiles)
        return vg_access_no_memory(err);
    VG_TRY(map_blocks(&s, err));
    VG_TRY(vg_access_answers_of(r, &s.answers, err));
    VG_TRY(vg_access_s3_of(r, &s.organization, err));
    VG_TRY(map_profiles(&s, err));
    VG_TRY(add_canonical_users(&s, err));
    for (size_t i = 0; i < rules->len; i++) {
        const vg_access_rule *rule = vg_vec_at(rules, i);
        const vg_access_item *item;
        char type[128];
        snprintf(type, sizeof type, "%.*s", VG_ARG(rule->type));
        VG_TRY(map_policies(&s, rule, err));
        for (size_t next = 0; (item = vg_access_next(r, type, &next));)
            VG_TRY(add_one(&s, rule, item, err));
        VG_TRY(add_orphans(&s, rule, err));
    }
    s.policies = NULL;
    for (size_t i = 0; i < r->items.len; i++) {
        const vg_access_item *item = vg_vec_at(&r->items, i);
        if (vg_access_may_hold_policy(item->resource.properties) &&
            vg_access_is_foreign_type(r, item->resource.type))
            VG_TRY(add_found(&s, item, err));
    }
    VG_TRY(add_answered(&s, rules, "Vigil::Resource::Listing", err));
    VG_TRY(add_answered(&s, rules, "Vigil::Resource::Policy", err));
    for (size_t i = 0; i < r->items.len; i++) {
        const vg_access_item *item = vg_vec_at(&r->items, i);
        bool runs = running_rule(&s, item->resource.type) && vg_str_starts(item->resource.id, VG_STR("arn:"));
        if (!is_of_iam(item->resource.type) && (runs || is_named(r->options, item->resource.id)))
            VG_TRY(add_named(&s, item, err));
    }
    return VG_OK;
}
