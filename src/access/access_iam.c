/* access_iam.c: users, roles and what is attached to them, as GetAccountAuthorizationDetails or AWS Config gave it.
 *
 * A managed policy is compiled once, however many principals it is attached to. AWS's own stand in every account's export
 * with the version of its day; exports that hold the same text share it, and an account whose export lacks one takes that
 * of another account. */
#include "access/access_part.h"

typedef struct {
    vg_access_reader *reader;
    vg_map *managed;  /* "ACCOUNT ARN", and ARN alone: to the item */
    vg_map *compiled; /* "KIND ACCOUNT ARN" to the policy; a missing one to &not_there */
    vg_map *told;     /* ARNs of policies that are missing */
    vg_map *groups;   /* "ACCOUNT NAME" to a group */
    vg_map *profiles; /* ARNs of instance profiles */
} iam;

/* What is attached, in order, and in words what of it is missing. */
typedef struct {
    vg_vec policies; /* const vg_policy *; NULL where one is missing */
    vg_vec missing;  /* vg_str */
    vg_vec managed;  /* vg_str: ARNs of those that are managed policies */
} attached;

typedef struct {
    const vg_access_item *item;
    attached own;
} group;

static const char not_there = 0;

/* ---- policies ------------------------------------------------------------------------------------------------------------------- */

static vg_status put_item(iam *m, vg_str key, const vg_access_item *item, vg_error *err)
{
    vg_map_entry *entry = key.ptr ? vg_map_put(m->managed, key, NULL) : NULL;
    if (!entry)
        return vg_access_no_memory(err);
    entry->value.u64 = (uint64_t)(uintptr_t)item;
    return VG_OK;
}

/* Customer-managed policies, which a caller may attach whoever has them today. */
static vg_status add_managed(iam *m, const vg_access_item *item, vg_error *err)
{
    vg_arn arn;
    vg_access_reader *r = m->reader;
    const vg_value *document = vg_get(item->doc.root, VG_STR("PolicyDocument"));
    if (!vg_arn_parse(item->resource.id, &arn) || !vg_is_account_id(arn.account))
        return VG_OK;
    if (vg_kind_of(document) != VG_STRING)
        return vg_world_add_managed(r->builder, item->resource.id, item->resource.account, &item->doc,
                                    document, err);
    vg_doc *doc = VG_NEW(r->arena, vg_doc);
    if (!doc)
        return vg_access_no_memory(err);
    if (vg_json_read(r->arena, vg_value_str(document), item->doc.name, NULL, doc, NULL) != VG_OK)
        return VG_OK;
    return vg_world_add_managed(r->builder, item->resource.id, item->resource.account, doc, doc->root, err);
}

static vg_status map_managed(iam *m, vg_error *err)
{
    const vg_access_item *item;
    vg_access_reader *r = m->reader;
    for (size_t next = 0; (item = vg_access_next(r, "AWS::IAM::ManagedPolicy", &next));) {
        if (!vg_get(item->doc.root, VG_STR("PolicyDocument")))
            continue;
        vg_str own =
            vg_arena_printf(r->arena, "%.*s %.*s", VG_ARG(item->resource.account), VG_ARG(item->resource.id));
        VG_TRY(put_item(m, own, item, err));
        VG_TRY(put_item(m, item->resource.id, item, err));
        VG_TRY(add_managed(m, item, err));
    }
    return VG_OK;
}

static const vg_access_item *managed_of(const iam *m, vg_str account, vg_str arn)
{
    char key[2400];
    int len = snprintf(key, sizeof key, "%.*s %.*s", VG_ARG(account), VG_ARG(arn));
    const vg_map_entry *entry = NULL;
    if (len > 0 && (size_t)len < sizeof key)
        entry = vg_map_get(m->managed, vg_str_of(key, (size_t)len));
    if (!entry)
        entry = vg_map_get(m->managed, arn);
    return entry ? entry->value.ptr : NULL;
}

/* The same text of the same policy gives the same key. */
static vg_status sharing_key(iam *m, vg_policy_kind kind, vg_str arn, const vg_value *document, vg_str *out,
                             vg_error *err)
{
    vg_buf text = {0};
    vg_json_write_canonical(&text, document);
    vg_sha256 hash = vg_sha256_bytes(vg_buf_str(&text));
    bool failed = text.failed;
    vg_buf_free(&text);
    char hex[65];
    vg_hex(hash.bytes, sizeof hash.bytes, hex);
    *out = vg_arena_printf(m->reader->arena, "%s %.*s %s", vg_policy_kind_name(kind), VG_ARG(arn), hex);
    return failed || !out->ptr ? vg_access_no_memory(err) : VG_OK;
}

static vg_str name_in(vg_str arn)
{
    size_t slash = vg_str_rfind_char(arn, '/');
    return slash == VG_NPOS ? arn : vg_str_sub(arn, slash + 1, VG_NPOS);
}

static vg_status tell_missing(iam *m, vg_str account, vg_str arn, vg_error *err)
{
    bool added = false;
    if (!vg_map_put(m->told, arn, &added))
        return vg_access_no_memory(err);
    if (!added)
        return VG_OK;
    vg_str message =
        vg_arena_printf(m->reader->arena,
                        "this policy is attached in account %.*s and no export holds it: aws iam "
                        "get-account-authorization-details, without --filter",
                        VG_ARG(account));
    return vg_access_problem(m->reader, arn, message, err);
}

/* A policy of AWS's that content holds, in whatever partition. */
static const vg_value *known_policy(iam *m, vg_str arn)
{
    vg_arn parsed;
    const vg_value *known = vg_get(m->reader->content, VG_STR("managed_policies"));
    if (!vg_arn_parse(arn, &parsed) || !vg_str_is(parsed.account, "aws"))
        return NULL;
    vg_str of_aws = vg_arena_printf(m->reader->arena, "arn:aws:iam::aws:%.*s", VG_ARG(parsed.resource));
    return of_aws.ptr ? vg_get(known, of_aws) : NULL;
}

static vg_status read_managed(iam *m, vg_policy_kind kind, vg_str account, vg_str arn, const vg_policy **out,
                              vg_error *err)
{
    vg_access_reader *r = m->reader;
    const vg_access_item *item = managed_of(m, account, arn);
    const vg_value *known = known_policy(m, arn);
    vg_str key;
    *out = NULL;
    if (item) {
        const vg_value *document = vg_get(item->doc.root, VG_STR("PolicyDocument"));
        VG_TRY(sharing_key(m, kind, arn, document, &key, err));
        return vg_access_policy(r, key, kind, name_in(arn), item, document, out, err);
    }
    if (!known)
        return tell_missing(m, account, arn, err);
    VG_TRY(sharing_key(m, kind, arn, known, &key, err));
    return vg_world_policy_value(r->builder, key, kind, name_in(arn), r->content_doc, known, out, err);
}

static vg_status managed_policy(iam *m, vg_policy_kind kind, vg_str account, vg_str arn,
                                const vg_policy **out, vg_error *err)
{
    bool added = false;
    vg_str key = vg_arena_printf(m->reader->arena, "%d %.*s %.*s", (int)kind, VG_ARG(account), VG_ARG(arn));
    vg_map_entry *entry = key.ptr ? vg_map_put(m->compiled, key, &added) : NULL;
    if (!entry)
        return vg_access_no_memory(err);
    if (added) {
        VG_TRY(read_managed(m, kind, account, arn, out, err));
        entry->value.u64 = (uint64_t)(uintptr_t)(*out ? (const void *)*out : (const void *)&not_there);
        return VG_OK;
    }
    *out = entry->value.ptr == &not_there ? NULL : entry->value.ptr;
    return VG_OK;
}

/* "role/ci" of "arn:aws:iam::123456789012:role/ci". */
static vg_str local_name(vg_str arn)
{
    vg_arn parsed;
    return vg_arn_parse(arn, &parsed) ? parsed.resource : arn;
}

static vg_status push(attached *a, const vg_policy *policy, vg_str name, vg_error *err)
{
    const vg_policy **place = vg_vec_push(&a->policies);
    vg_str *missing = policy ? NULL : vg_vec_push(&a->missing);
    if (!place || (!policy && !missing))
        return vg_access_no_memory(err);
    *place = policy;
    if (missing)
        *missing = name;
    return VG_OK;
}

static vg_status push_inline(iam *m, const vg_access_item *item, const vg_value *inline_policy, attached *a,
                             vg_error *err)
{
    const vg_value *document = vg_get(inline_policy, VG_STR("PolicyDocument"));
    const vg_policy *policy = NULL;
    vg_str name = vg_arena_printf(m->reader->arena, "inline policy %.*s of %.*s",
                                  VG_ARG(vg_get_str(inline_policy, "PolicyName")),
                                  VG_ARG(local_name(item->resource.id)));
    if (document)
        VG_TRY(
            vg_access_policy(m->reader, VG_STR(""), VG_POLICY_IDENTITY, name, item, document, &policy, err));
    return push(a, policy, name, err);
}

/* Pushes what is attached to a user, group or role itself: managed policies, then inline ones. */
static vg_status push_own(iam *m, const vg_access_item *item, attached *a, vg_error *err)
{
    const vg_value *arns = vg_get(item->doc.root, VG_STR("ManagedPolicyArns"));
    const vg_value *inlines = vg_get(item->doc.root, VG_STR("Policies"));
    const vg_policy *policy;
    *a = (attached){vg_vec_in(m->reader->arena, sizeof policy), vg_vec_in(m->reader->arena, sizeof(vg_str)),
                    vg_vec_in(m->reader->arena, sizeof(vg_str))};
    for (vg_items it = vg_items_of(arns); vg_items_next(&it);) {
        vg_str arn = vg_value_str(it.value);
        vg_str *place = vg_vec_push(&a->managed);
        if (!place)
            return vg_access_no_memory(err);
        *place = arn;
        VG_TRY(managed_policy(m, VG_POLICY_IDENTITY, item->resource.account, arn, &policy, err));
        VG_TRY(push(a, policy, name_in(arn), err));
    }
    for (vg_items it = vg_items_of(inlines); vg_items_next(&it);)
        VG_TRY(push_inline(m, item, it.value, a, err));
    return VG_OK;
}

/* The layer, and what is missing in it. */
static vg_status identity_of(iam *m, const attached *a, vg_layer *out, vg_str *missing, vg_error *err)
{
    vg_buf name = {0};
    for (size_t i = 0; i < a->missing.len; i++) {
        vg_buf_add_c(&name, i ? ", " : "");
        vg_buf_add_str(&name, *(vg_str *)vg_vec_at(&a->missing, i));
    }
    *missing = vg_arena_str(m->reader->arena, vg_buf_str(&name));
    bool failed = name.failed || !missing->ptr;
    vg_buf_free(&name);
    if (failed)
        return vg_access_no_memory(err);
    return vg_world_layer(m->reader->builder, a->policies.items, a->policies.len, VG_STR(""), out, err);
}

/* ---- groups ---------------------------------------------------------------------------------------------------------------------- */

static vg_status add_groups(iam *m, vg_error *err)
{
    vg_access_reader *r = m->reader;
    const vg_access_item *item;
    for (size_t next = 0; (item = vg_access_next(r, "AWS::IAM::Group", &next));) {
        group *g = VG_NEW(r->arena, group);
        vg_str key = vg_arena_printf(r->arena, "%.*s %.*s", VG_ARG(item->resource.account),
                                     VG_ARG(vg_get_str(item->doc.root, "GroupName")));
        vg_map_entry *entry = g && key.ptr ? vg_map_put(m->groups, key, NULL) : NULL;
        if (!entry)
            return vg_access_no_memory(err);
        g->item = item;
        entry->value.ptr = g;
        VG_TRY(push_own(m, item, &g->own, err));
        vg_world_group known = {.arn = item->resource.id,
                                .name = vg_get_str(item->doc.root, "GroupName"),
                                .account_id = item->resource.account,
                                .managed = g->own.managed.items,
                                .managed_count = g->own.managed.len};
        vg_str missing; /* its members say it */
        VG_TRY(identity_of(m, &g->own, &known.identity, &missing, err));
        VG_TRY(vg_world_add_group(r->builder, &known, err));
    }
    return VG_OK;
}

static vg_status tell_group(iam *m, const vg_access_item *user, vg_str name, vg_error *err)
{
    vg_str message = vg_arena_printf(m->reader->arena,
                                     "is in group %.*s, which no export holds: aws iam "
                                     "get-account-authorization-details, without --filter",
                                     VG_ARG(name));
    return vg_access_problem(m->reader, user->resource.id, message, err);
}

static vg_status push_group(iam *m, const vg_access_item *user, vg_str name, attached *a, vg_vec *arns,
                            vg_error *err)
{
    vg_access_reader *r = m->reader;
    vg_str key = vg_arena_printf(r->arena, "%.*s %.*s", VG_ARG(user->resource.account), VG_ARG(name));
    const vg_map_entry *entry = key.ptr ? vg_map_get(m->groups, key) : NULL;
    const group *g = entry ? entry->value.ptr : NULL;
    if (!g) {
        VG_TRY(push(a, NULL, vg_arena_printf(r->arena, "group %.*s", VG_ARG(name)), err));
        return tell_group(m, user, name, err);
    }
    vg_str *arn = vg_vec_push(arns);
    if (!arn)
        return vg_access_no_memory(err);
    *arn = g->item->resource.id;
    for (size_t i = 0, missing = 0; i < g->own.policies.len; i++) {
        const vg_policy *policy = *(const vg_policy **)vg_vec_at(&g->own.policies, i);
        vg_str none = policy ? VG_STR("") : *(vg_str *)vg_vec_at(&g->own.missing, missing++);
        VG_TRY(push(a, policy, none, err));
    }
    for (size_t i = 0; i < g->own.managed.len; i++) {
        vg_str *place = vg_vec_push(&a->managed);
        if (!place)
            return vg_access_no_memory(err);
        *place = *(vg_str *)vg_vec_at(&g->own.managed, i);
    }
    return VG_OK;
}

/* ---- users and roles ---------------------------------------------------------------------------------------------------------------- */

static vg_status boundary_of(iam *m, const vg_access_item *item, vg_layer *out, vg_str *out_arn,
                             vg_error *err)
{
    const vg_value *value = vg_get(item->doc.root, VG_STR("PermissionsBoundary"));
    vg_str arn = value ? vg_value_str(value) : (vg_str){0};
    const vg_policy *policy;
    *out_arn = arn;
    if (arn.len == 0)
        return VG_OK;
    VG_TRY(managed_policy(m, VG_POLICY_BOUNDARY, item->resource.account, arn, &policy, err));
    return vg_world_layer(m->reader->builder, &policy, 1, name_in(arn), out, err);
}

static vg_status trust_of(iam *m, const vg_access_item *item, vg_layer *out, vg_error *err)
{
    const vg_value *document = vg_get(item->doc.root, VG_STR("AssumeRolePolicyDocument"));
    const vg_policy *policy = NULL;
    vg_str name =
        vg_arena_printf(m->reader->arena, "trust policy of %.*s", VG_ARG(local_name(item->resource.id)));
    if (document)
        VG_TRY(vg_access_policy(m->reader, VG_STR(""), VG_POLICY_TRUST, name, item, document, &policy, err));
    return vg_world_layer(m->reader->builder, &policy, 1, VG_STR(""), out, err);
}

/* Sources that show all that is attached; a Security Hub finding that names a role shows a part. */
static bool shows_all(vg_str source)
{
    return vg_str_starts(source, VG_STR("iam:")) || vg_str_starts(source, VG_STR("config"));
}

/* What users and roles have in common. */
static vg_status describe(iam *m, const vg_access_item *item, const attached *a, vg_world_principal *out,
                          vg_error *err)
{
    out->arn = item->resource.id;
    out->account_id = item->resource.account;
    out->path = vg_get_str(item->doc.root, "Path");
    out->origin = item->resource.origin;
    out->managed = a->managed.items;
    out->managed_count = a->managed.len;
    VG_TRY(vg_access_tags(m->reader, item, &out->tags, &out->tag_count, err));
    VG_TRY(boundary_of(m, item, &out->boundary, &out->boundary_arn, err));
    VG_TRY(identity_of(m, a, &out->identity, &out->missing, err));
    if (!shows_all(item->resource.source)) {
        out->identity.state = VG_LAYER_UNKNOWN;
        out->missing = VG_STR("all that is attached");
        out->tags_unknown = true;
    }
    return VG_OK;
}

static vg_status add_users(iam *m, vg_error *err)
{
    vg_access_reader *r = m->reader;
    const vg_access_item *item;
    for (size_t next = 0; (item = vg_access_next(r, "AWS::IAM::User", &next));) {
        attached own;
        vg_vec groups = vg_vec_in(r->arena, sizeof(vg_str));
        VG_TRY(push_own(m, item, &own, err));
        const vg_value *names = vg_get(item->doc.root, VG_STR("Groups"));
        for (vg_items it = vg_items_of(names); vg_items_next(&it);)
            VG_TRY(push_group(m, item, vg_value_str(it.value), &own, &groups, err));
        vg_world_principal user = {.name = vg_get_str(item->doc.root, "UserName"),
                                   .unique_id = vg_get_str(item->doc.root, "UserId"),
                                   .groups = groups.items,
                                   .group_count = groups.len};
        VG_TRY(describe(m, item, &own, &user, err));
        VG_TRY(vg_world_add_principal(r->builder, &user, err));
    }
    return VG_OK;
}

static vg_status add_profiles(iam *m, const vg_access_item *role, vg_error *err)
{
    vg_access_reader *r = m->reader;
    const vg_value *list = vg_get(role->doc.root, VG_STR("InstanceProfiles"));
    for (vg_items it = vg_items_of(list); vg_items_next(&it);) {
        bool added = false;
        vg_world_instance_profile profile = {.arn = vg_get_str(it.value, "Arn"),
                                             .name = vg_get_str(it.value, "InstanceProfileName"),
                                             .account_id = role->resource.account,
                                             .roles = &role->resource.id,
                                             .role_count = 1};
        if (profile.arn.len == 0)
            continue;
        if (!vg_map_put(m->profiles, profile.arn, &added))
            return vg_access_no_memory(err);
        if (added)
            VG_TRY(vg_world_add_instance_profile(r->builder, &profile, err));
    }
    return VG_OK;
}

static vg_status add_roles(iam *m, vg_error *err)
{
    vg_access_reader *r = m->reader;
    const vg_access_item *item;
    for (size_t next = 0; (item = vg_access_next(r, "AWS::IAM::Role", &next));) {
        attached own;
        VG_TRY(push_own(m, item, &own, err));
        vg_world_principal role = {.name = vg_get_str(item->doc.root, "RoleName"),
                                   .unique_id = vg_get_str(item->doc.root, "RoleId")};
        int64_t seconds;
        if (vg_get_i64(item->doc.root, "MaxSessionDuration", &seconds) && seconds > 0 && seconds < UINT32_MAX)
            role.max_session = (uint32_t)seconds;
        VG_TRY(trust_of(m, item, &role.trust, err));
        VG_TRY(describe(m, item, &own, &role, err));
        VG_TRY(vg_world_add_principal(r->builder, &role, err));
        VG_TRY(add_profiles(m, item, err));
    }
    return VG_OK;
}

/* ---- identity providers ------------------------------------------------------------------------------------------------------------- */

static vg_status add_provider(iam *m, const vg_access_item *item, vg_provider_kind kind, vg_error *err)
{
    vg_access_reader *r = m->reader;
    const vg_value *list = vg_get(item->doc.root, VG_STR("ClientIdList"));
    vg_str *clients = VG_NEW_N(r->arena, vg_str, list ? vg_value_count(list) + 1 : 1);
    vg_str url = vg_get_str(item->doc.root, "Url"), scheme = VG_STR("https://");
    vg_world_provider provider = {
        .arn = item->resource.id, .kind = kind, .account_id = item->resource.account};
    if (!clients)
        return vg_access_no_memory(err);
    for (vg_items it = vg_items_of(list); vg_items_next(&it);)
        clients[provider.client_id_count++] = vg_value_str(it.value);
    provider.client_ids = clients;
    provider.url = vg_str_starts(url, scheme) ? vg_str_sub(url, scheme.len, VG_NPOS) : url;
    return vg_world_add_provider(r->builder, &provider, err);
}

static vg_status add_providers(iam *m, vg_error *err)
{
    static const struct {
        const char *type;
        vg_provider_kind kind;
    } types[] = {{"AWS::IAM::OIDCProvider", VG_PROVIDER_OIDC}, {"AWS::IAM::SAMLProvider", VG_PROVIDER_SAML}};
    const vg_access_item *item;
    for (size_t i = 0; i < VG_COUNT(types); i++)
        for (size_t next = 0; (item = vg_access_next(m->reader, types[i].type, &next));)
            VG_TRY(add_provider(m, item, types[i].kind, err));
    return VG_OK;
}

/* The partition, as the ARNs of principals say it. */
static void learn_partition(vg_access_reader *r)
{
    static const char *const types[] = {"AWS::IAM::Role", "AWS::IAM::User"};
    for (size_t i = 0; i < VG_COUNT(types); i++) {
        vg_arn arn;
        size_t next = 0;
        const vg_access_item *item = vg_access_next(r, types[i], &next);
        if (!item || !vg_arn_parse(item->resource.id, &arn))
            continue;
        vg_world_builder_partition(r->builder, arn.partition);
        return;
    }
}

vg_status vg_access_add_principals(vg_access_reader *r, vg_error *err)
{
    iam m = {.reader = r,
             .managed = vg_map_new(r->arena, 0),
             .compiled = vg_map_new(r->arena, 0),
             .told = vg_map_new(r->arena, 0),
             .groups = vg_map_new(r->arena, 0),
             .profiles = vg_map_new(r->arena, 0)};
    if (!m.managed || !m.compiled || !m.told || !m.groups || !m.profiles)
        return vg_access_no_memory(err);
    learn_partition(r);
    VG_TRY(map_managed(&m, err));
    VG_TRY(add_groups(&m, err));
    VG_TRY(add_users(&m, err));
    VG_TRY(add_roles(&m, err));
    return add_providers(&m, err);
}
