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

vg_status vg_access_answers_of(const vg_access_reader *r, vg_access_answers *out, vg_error *err)
{
    VG_TRY(map_type(r, "Vigil::Resource::Policy", &out->policies, err));
    VG_TRY(map_type(r, "Vigil::S3::PublicAccessBlock", &out->blocks, err));
    VG_TRY(map_type(r, "Vigil::S3::OwnershipControls", &out->ownership, err));
    VG_TRY(map_type(r, "Vigil::S3::BucketAcl", &out->acls, err));
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
                 {"FULL_CONTROL", VG_S3_READ | VG_S3_WRITE | VG_S3_READ_ACP | VG_S3_WRITE_ACP}};
    for (size_t i = 0; i < VG_COUNT(table); i++)
        if (vg_str_is(name, table[i].name))
            return table[i].permissions;
    return 0;
}

/* False for a canonical user of another account, whose id nobody here knows. */
static bool grantee_of(const vg_access_item *acl, const vg_value *grant, vg_s3_grant *out)
{
    vg_str uri = vg_get_str(grant, "Uri"), id = vg_get_str(grant, "Id");
    if (vg_str_ends(uri, VG_STR("/AllUsers"))) {
        out->grantee = VG_S3_EVERYONE;
        return true;
    }
    if (vg_str_ends(uri, VG_STR("/AuthenticatedUsers"))) {
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
    for (vg_items it = vg_items_of(list); vg_items_next(&it);) {
        vg_s3_grant grant = {.permissions = permissions_of(vg_get_str(it.value, "Permission"))};
        if (grantee_of(acl, it.value, &grant))
            grants[settings->grant_count++] = grant;
    }
    settings->grants = grants;
    return VG_OK;
}
