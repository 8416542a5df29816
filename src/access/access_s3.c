/* access_s3.c: S3 policies of the organisation (Organizations User Guide, "Amazon S3 policies"): one setting, assigned at the
 * root, at a unit or at an account; the lowest assignment counts, unless one above lets nobody below assign
 * ("Inheritance operators": "@@operators_allowed_for_child_policies": ["@@none"]). */
#include "access/access_s3.h"

enum { DEEPEST = 16 };

/* What is assigned at one place of the tree. */
typedef struct {
    bool assigned, all, locked;
} assignment;

typedef struct {
    const vg_access_reader *reader;
    vg_map *policies; /* id to the policy's assignment */
    vg_map *places;   /* id of a root, unit or account to what is assigned there */
} s3_policies;

static bool forbids_children(const vg_value *setting)
{
    const vg_value *operators = vg_get(setting, VG_STR("@@operators_allowed_for_child_policies"));
    for (vg_items it = vg_items_of(operators); vg_items_next(&it);)
        if (vg_str_is(vg_value_str(it.value), "@@none"))
            return true;
    return false;
}

static vg_status map_policies(s3_policies *p, vg_error *err)
{
    const vg_access_item *item;
    for (size_t next = 0; (item = vg_access_next(p->reader, "Vigil::Organization::Policy", &next));) {
        const vg_value *setting =
            vg_get_path(item->doc.root, "Content/s3_attributes/public_access_block_configuration");
        vg_str value = vg_get_str(setting, "@@assign");
        if (!vg_str_is(vg_get_str(item->doc.root, "Type"), "S3_POLICY") || value.len == 0)
            continue;
        assignment *a = VG_NEW(p->reader->arena, assignment);
        vg_map_entry *entry = a ? vg_map_put(p->policies, item->resource.id, NULL) : NULL;
        if (!entry)
            return vg_access_no_memory(err);
        *a = (assignment){true, vg_str_is(value, "all"), forbids_children(setting)};
        entry->value.ptr = a;
    }
    return VG_OK;
}

/* Of several policies at one place, the stricter counts. */
static vg_status map_places(s3_policies *p, vg_error *err)
{
    const vg_access_item *item;
    for (size_t next = 0; (item = vg_access_next(p->reader, "Vigil::Organization::PolicyTarget", &next));) {
        const vg_map_entry *policy = vg_map_get(p->policies, vg_get_str(item->doc.root, "PolicyId"));
        if (!policy)
            continue;
        const assignment *a = policy->value.ptr;
        vg_map_entry *entry = vg_map_put(p->places, vg_get_str(item->doc.root, "TargetId"), NULL);
        if (entry && !entry->value.ptr)
            entry->value.ptr = VG_NEW(p->reader->arena, assignment);
        if (!entry || !entry->value.ptr)
            return vg_access_no_memory(err);
        assignment *at = entry->value.ptr;
        *at = (assignment){true, at->all || a->all, at->locked || a->locked};
    }
    return VG_OK;
}

static vg_str parent_of(const vg_organization *o, vg_str unit)
{
    for (size_t i = 0; i < o->unit_count; i++)
        if (vg_str_eq(o->units[i].id, unit))
            return o->units[i].is_root ? VG_STR("") : o->units[i].parent;
    return VG_STR("");
}

/* From the account up: the lowest assignment, and then each one above that lets nobody below assign. */
static bool blocks(const s3_policies *p, const vg_account *account)
{
    assignment counts = {0};
    vg_str at = account->id, above = account->parent;
    for (size_t depth = 0; at.len > 0 && depth < DEEPEST; depth++) {
        const vg_map_entry *entry = vg_map_get(p->places, at);
        const assignment *a = entry ? entry->value.ptr : NULL;
        if (a && (!counts.assigned || a->locked))
            counts = *a;
        at = above;
        above = parent_of(&p->reader->organization, at);
    }
    return counts.assigned && counts.all;
}

static bool is_switched_on(const vg_access_reader *r)
{
    const vg_access_item *root;
    for (size_t next = 0; (root = vg_access_next(r, "Vigil::Organization::Root", &next));) {
        const vg_value *types = vg_get(root->doc.root, VG_STR("PolicyTypes"));
        for (vg_items it = vg_items_of(types); vg_items_next(&it);)
            if (vg_str_is(vg_get_str(it.value, "Type"), "S3_POLICY") &&
                vg_str_is(vg_get_str(it.value, "Status"), "ENABLED"))
                return true;
    }
    return false;
}

vg_status vg_access_s3_of(const vg_access_reader *r, vg_access_s3 *out, vg_error *err)
{
    s3_policies p = {r, vg_map_new(r->arena, 0), vg_map_new(r->arena, 0)};
    *out = (vg_access_s3){.blocked = vg_map_new(r->arena, 0)};
    if (!p.policies || !p.places || !out->blocked)
        return vg_access_no_memory(err);
    if (!is_switched_on(r))
        return VG_OK;
    out->unknown = !vg_access_was_read(r, "organizations:ListPolicies", VG_STR("S3_POLICY"));
    VG_TRY(map_policies(&p, err));
    VG_TRY(map_places(&p, err));
    for (size_t i = 0; i < r->organization.account_count; i++)
        if (blocks(&p, &r->organization.accounts[i]) &&
            !vg_map_put(out->blocked, r->organization.accounts[i].id, NULL))
            return vg_access_no_memory(err);
    return VG_OK;
}
