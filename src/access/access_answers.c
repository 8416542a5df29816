/* access_answers.c: policies and settings of single resources, as their services answered when asked one by one
 * (s3:GetBucketPolicy, kms:GetKeyPolicy, s3:GetPublicAccessBlock, ...). Where AWS Config was not asked, they are all there
 * is; where it was, they say the same later. */
#include "access/access_answers.h"

static vg_status map_type(const vg_access_reader *r, const char *type, vg_map **out, vg_error *err)
{
    const vg_access_item *item;
    *out = vg_map_new(r->arena, 0);
    if (!*out)
        return vg_access_no_memory(err);
    for (size_t next = 0; (item = vg_access_next(r, type, &next));) {
        vg_map_entry *entry = vg_map_put(*out, item->resource.id, NULL);
        if (!entry)
            return vg_access_no_memory(err);
        entry->value.u64 = (uint64_t)(uintptr_t)item;
    }
    return VG_OK;
}

/* AWS alone gives aliases that begin with alias/aws/, to the keys that it manages in an account (KMS Developer Guide,
 * "Aliases"). */
static vg_status map_aliases(const vg_access_reader *r, const vg_map **out, vg_error *err)
{
    const vg_access_item *item;
    vg_map *aliased = vg_map_new(r->arena, 0);
    if (!aliased)
        return vg_access_no_memory(err);
    for (size_t next = 0; (item = vg_access_next(r, "Vigil::KMS::Alias", &next));) {
        vg_str key = vg_get_str(item->doc.root, "TargetKeyArn");
        if (!vg_str_starts(vg_get_str(item->doc.root, "Name"), VG_STR("alias/aws/")) || key.len == 0)
            continue;
        vg_map_entry *entry = vg_map_put(aliased, key, NULL);
        if (!entry)
            return vg_access_no_memory(err);
        entry->value.u64 = (uint64_t)(uintptr_t)item;
    }
    *out = aliased;
    return VG_OK;
}

vg_status vg_access_answers_of(const vg_access_reader *r, vg_access_answers *out, vg_error *err)
{
    VG_TRY(map_type(r, "Vigil::Resource::Policy", &out->policies, err));
    VG_TRY(map_type(r, "Vigil::S3::PublicAccessBlock", &out->blocks, err));
    VG_TRY(map_type(r, "Vigil::S3::OwnershipControls", &out->ownership, err));
    VG_TRY(map_type(r, "Vigil::S3::BucketAcl", &out->acls, err));
    VG_TRY(map_type(r, "Vigil::KMS::Key", &out->keys, err));
    VG_TRY(map_aliases(r, &out->aliased, err));
    return map_type(r, "Vigil::KMS::Grants", &out->grants, err);
}

const vg_access_item *vg_access_answer(const vg_map *answers, vg_str arn)
{
    const vg_map_entry *entry = vg_map_get(answers, arn);
    return entry ? entry->value.ptr : NULL;
}

bool vg_access_answered_none(const vg_access_item *answer)
{
    return !vg_get_bool(answer->doc.root, "Present", true);
}

/* ---- access control lists ----------------------------------------------------------------------------------------------- */

static uint8_t permissions_of(vg_str name)
{
    static const struct {
        const char *name;
        uint8_t permissions;
    } table[] = {{"READ", VG_S3_READ},
                 {"WRITE", VG_S3_WRITE},
                 {"READ_ACP", VG_S3_READ_ACP},
                 {"WRITE_ACP", VG_S3_WRITE_ACP},
                 {"FULL_CONTROL", VG_S3_READ | VG_S3_WRITE | VG_S3_READ_ACP | VG_S3_WRITE_ACP},
                 {"Read", VG_S3_READ}, /* and AWS Config's words */
                 {"Write", VG_S3_WRITE},
                 {"ReadAcp", VG_S3_READ_ACP},
                 {"WriteAcp", VG_S3_WRITE_ACP},
                 {"FullControl", VG_S3_READ | VG_S3_WRITE | VG_S3_READ_ACP | VG_S3_WRITE_ACP}};
    for (size_t i = 0; i < VG_COUNT(table); i++)
        if (vg_str_is(name, table[i].name))
            return table[i].permissions;
    return 0;
}

/* "AllUsers" of the URI that S3 answers, or as AWS Config names it. */
static vg_str group_of(const vg_value *grant)
{
    vg_str uri = vg_get_str(grant, "Uri");
    return uri.len ? vg_str_sub(uri, vg_str_rfind_char(uri, '/') + 1, uri.len) : vg_get_str(grant, "Group");
}

/* False for a canonical user of another account, whose id nobody here knows. */
static bool grantee_of(const vg_access_item *acl, const vg_value *grant, vg_s3_grant *out)
{
    vg_str group = group_of(grant), id = vg_get_str(grant, "Id");
    if (vg_str_is(group, "AllUsers")) {
        out->grantee = VG_S3_EVERYONE;
        return true;
    }
    if (vg_str_is(group, "AuthenticatedUsers")) {
        out->grantee = VG_S3_AUTHENTICATED;
        return true;
    }
    out->grantee = VG_S3_ACCOUNT;
    out->account = acl->resource.account;
    return id.len > 0 && vg_str_eq(id, vg_get_str(acl->doc.root, "Owner"));
}

vg_status vg_access_acl_grants(const vg_access_reader *r, const vg_access_item *acl, vg_s3_settings *settings,
                               vg_error *err)
{
    const vg_value *list = vg_get(acl->doc.root, VG_STR("Grants"));
    vg_s3_grant *grants = VG_NEW_N(r->arena, vg_s3_grant, (list ? vg_value_count(list) : 0) + 1);
    if (!grants)
        return vg_access_no_memory(err);
    settings->bucket_acl_known = true;
    for (vg_items it = vg_items_of(list); vg_items_next(&it);) {
        vg_s3_grant grant = {.permissions = permissions_of(vg_get_str(it.value, "Permission"))};
        if (grantee_of(acl, it.value, &grant))
            grants[settings->grant_count++] = grant;
        else if (!vg_str_is(group_of(it.value), "LogDelivery"))
            settings->bucket_acl_known = false; /* who that is, is not known */
    }
    settings->grants = grants;
    return VG_OK;
}

/* ---- grants of KMS keys ------------------------------------------------------------------------------------------------- */

/* A constraint on the encryption context; that the request may hold more than a subset is no difference to a policy. */
static void put_constraints(vg_json_writer *w, const vg_value *constraints)
{
    const vg_value *equals = vg_get(constraints, VG_STR("EncryptionContextEquals"));
    const vg_value *wanted = equals ? equals : vg_get(constraints, VG_STR("EncryptionContextSubset"));
    if (!wanted || vg_kind_of(wanted) != VG_OBJECT || vg_value_count(wanted) == 0)
        return;
    vg_json_key(w, "Condition");
    vg_json_object(w);
    vg_json_key(w, "StringEquals");
    vg_json_object(w);
    for (vg_items it = vg_items_of(wanted); vg_items_next(&it);) {
        char key[300];
        int n = snprintf(key, sizeof key, "kms:EncryptionContext:%.*s", VG_ARG(it.key));
        vg_json_key_str(w, vg_str_of(key, n > 0 && (size_t)n < sizeof key ? (size_t)n : sizeof key - 1));
        vg_json_string(w, vg_value_str(it.value));
    }
    vg_json_end_object(w);
    vg_json_end_object(w);
}

static void put_operations(vg_json_writer *w, const vg_value *operations)
{
    vg_json_key(w, "Action");
    vg_json_array(w);
    for (vg_items it = vg_items_of(operations); vg_items_next(&it);) {
        char action[80];
        int n = snprintf(action, sizeof action, "kms:%.*s", VG_ARG(vg_value_str(it.value)));
        if (n > 0 && (size_t)n < sizeof action)
            vg_json_string(w, vg_str_of(action, (size_t)n));
    }
    vg_json_end_array(w);
}

static void put_grant(vg_json_writer *w, const vg_value *grant)
{
    vg_str grantee = vg_get_str(grant, "GranteePrincipal");
    bool is_service = vg_str_find(grantee, VG_STR(".amazonaws.com")) != VG_NPOS;
    const vg_value *operations = vg_get(grant, VG_STR("Operations"));
    if (!grantee.len || !operations || vg_value_count(operations) == 0)
        return;
    vg_json_object(w);
    vg_json_put_str(w, "Effect", VG_STR("Allow"));
    vg_json_key(w, "Principal");
    vg_json_object(w);
    vg_json_put_str(w, is_service ? "Service" : "AWS", grantee);
    vg_json_end_object(w);
    put_operations(w, operations);
    vg_json_put_str(w, "Resource", VG_STR("*"));
    put_constraints(w, vg_get(grant, VG_STR("Constraints")));
    vg_json_end_object(w);
}

vg_status vg_access_grants_policy(vg_access_reader *r, const vg_access_item *grants, const vg_policy **out,
                                  vg_error *err)
{
    const vg_value *list = vg_get(grants->doc.root, VG_STR("Grants"));
    *out = NULL;
    if (!list || vg_value_count(list) == 0)
        return VG_OK;
    vg_buf buf = {0};
    vg_json_writer w = vg_json_writer_to(&buf, 0);
    vg_json_object(&w);
    vg_json_put_str(&w, "Version", VG_STR("2012-10-17"));
    vg_json_key(&w, "Statement");
    vg_json_array(&w);
    for (vg_items it = vg_items_of(list); vg_items_next(&it);)
        put_grant(&w, it.value);
    vg_json_end_array(&w);
    vg_json_end_object(&w);
    vg_str text = buf.failed ? (vg_str){0} : vg_arena_str(r->arena, vg_buf_str(&buf));
    vg_buf_free(&buf);
    if (!text.ptr)
        return vg_access_no_memory(err);
    vg_str name = vg_arena_printf(r->arena, "grants of %.*s", VG_ARG(grants->resource.id));
    return vg_world_policy_text(r->builder, VG_STR(""), VG_POLICY_RESOURCE, name, text, out, err);
}
