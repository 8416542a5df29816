/* evidence_organization.c: the organisation as a tree, put together from what several API answers said each about its
 * part: accounts and units, who is under whom, who manages. Exports may contradict each other: a tree with a cycle, or
 * two organisations in one workspace, is told and never followed for ever. */
#include "evidence/evidence_part.h"

#include <stdlib.h>

enum { DEEPEST_TREE = 64 }; /* AWS allows OUs five levels deep */

typedef struct {
    vg_arena *arena, *scratch;
    vg_organization *out;
    vg_vec accounts, units; /* vg_account, vg_unit */
    vg_map *parents;        /* child id -> parent id (char *, in the arena) */
    vg_map *account_index;  /* id -> index and 1 */
    vg_map *unit_index;
} tree;

static vg_str keep(tree *t, vg_str s)
{
    return vg_arena_str(t->arena, s);
}

static vg_str text_of(tree *t, const vg_value *properties, const char *name)
{
    return keep(t, vg_get_str(properties, name));
}

static vg_status fail_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "out of memory");
}

/* ---- collecting ------------------------------------------------------------------------------------------------------- */

/* A later call wins: what a Parent resource says is stored after what the child itself says. */
static vg_status set_parent(tree *t, vg_str child, vg_str parent, bool replace, vg_error *err)
{
    if (!child.len || !parent.len)
        return VG_OK;
    bool added;
    vg_str key = keep(t, child);
    vg_map_entry *entry = key.ptr ? vg_map_put(t->parents, key, &added) : NULL;
    if (!entry)
        return fail_memory(err);
    if (added || replace)
        entry->value.ptr = vg_arena_cstr(t->arena, parent);
    return entry->value.ptr ? VG_OK : fail_memory(err);
}

static vg_str parent_of(const tree *t, vg_str child)
{
    const vg_map_entry *entry = vg_map_get(t->parents, child);
    return entry ? vg_str_from(entry->value.ptr) : VG_STR("");
}

static vg_account *account_named(tree *t, vg_str id)
{
    bool added;
    vg_str key = keep(t, id);
    vg_map_entry *entry = key.ptr ? vg_map_put(t->account_index, key, &added) : NULL;
    if (!entry)
        return NULL;
    if (!added)
        return vg_vec_at(&t->accounts, entry->value.u64 - 1);
    vg_account *account = vg_vec_push(&t->accounts);
    if (account)
        *account = (vg_account){.id = key,
                                .name = VG_STR(""),
                                .email = VG_STR(""),
                                .arn = VG_STR(""),
                                .status = VG_STR(""),
                                .parent = VG_STR(""),
                                .ou_path = VG_STR("")};
    entry->value.u64 = t->accounts.len;
    return account;
}

static vg_status take_organization(tree *t, vg_str id, const vg_value *properties, vg_error *err)
{
    vg_organization *out = t->out;
    out->organization_count++;
    if (out->id.len && vg_str_cmp(out->id, id) <= 0)
        return VG_OK;
    out->id = keep(t, id);
    out->arn = text_of(t, properties, "Arn");
    out->feature_set = text_of(t, properties, "FeatureSet");
    out->management_account = text_of(t, properties, "ManagementAccountId");
    if (!out->management_account.len)
        out->management_account = text_of(t, properties, "MasterAccountId");
    return out->id.ptr && out->management_account.ptr ? VG_OK : fail_memory(err);
}

static vg_status take_account(tree *t, vg_str id, const vg_value *properties, vg_error *err)
{
    vg_account *account = account_named(t, id);
    if (!account)
        return fail_memory(err);
    account->name = text_of(t, properties, "Name");
    account->email = text_of(t, properties, "Email");
    account->arn = text_of(t, properties, "Arn");
    account->status = text_of(t, properties, "Status");
    if (!account->status.len)
        account->status = text_of(t, properties, "State");
    return set_parent(t, id, vg_get_str(properties, "ParentId"), false, err);
}

static vg_status take_unit(tree *t, vg_str id, const vg_value *properties, bool is_root, vg_error *err)
{
    vg_unit *unit = vg_vec_push(&t->units);
    vg_str key = keep(t, id);
    if (!unit || !key.ptr)
        return fail_memory(err);
    *unit = (vg_unit){.id = key,
                      .name = text_of(t, properties, "Name"),
                      .arn = text_of(t, properties, "Arn"),
                      .parent = VG_STR(""),
                      .path = VG_STR(""),
                      .is_root = is_root};
    return is_root ? VG_OK : set_parent(t, id, vg_get_str(properties, "ParentId"), false, err);
}

static vg_status take_resource(void *context, const vg_evidence_row *row, vg_error *err)
{
    tree *t = context;
    const vg_resource *resource = &row->resource;
    vg_str type = vg_str_sub(resource->type, strlen("Vigil::Organization::"), SIZE_MAX);
    vg_doc doc;
    vg_arena_reset(t->scratch);
    VG_TRY(vg_json_read(t->scratch, resource->properties, resource->origin, NULL, &doc, err));
    if (vg_str_is(type, "Organization"))
        return take_organization(t, resource->id, doc.root, err);
    if (vg_str_is(type, "Account"))
        return take_account(t, resource->id, doc.root, err);
    if (vg_str_is(type, "Root") || vg_str_is(type, "OrganizationalUnit"))
        return take_unit(t, resource->id, doc.root, vg_str_is(type, "Root"), err);
    if (vg_str_is(type, "Parent"))
        return set_parent(t, resource->id, vg_get_str(doc.root, "ParentId"), true, err);
    return VG_OK;
}

static vg_status take_membership(void *context, const vg_relation *relation, vg_error *err)
{
    return set_parent(context, relation->from_id, relation->to_id, false, err);
}

static vg_status take_bare_account(void *context, vg_str account, vg_error *err)
{
    tree *t = context;
    if (!vg_is_account_id(account))
        return VG_OK;
    return account_named(t, account) ? VG_OK : fail_memory(err);
}

/* ---- the tree ------------------------------------------------------------------------------------------------------------ */

static const vg_unit *unit_named(const tree *t, vg_str id)
{
    const vg_map_entry *entry = vg_map_get(t->unit_index, id);
    return entry ? vg_vec_at(&t->units, entry->value.u64 - 1) : NULL;
}

/* The path of the unit `id`, from the root; empty when a parent is unknown or the way does not end. */
static vg_str path_of(const tree *t, vg_str id, bool *is_cyclic)
{
    const vg_unit *way[DEEPEST_TREE];
    size_t depth = 0;
    const vg_unit *unit = unit_named(t, id);
    for (; unit && depth < DEEPEST_TREE; unit = unit_named(t, parent_of(t, unit->id))) {
        if (depth && unit == way[0]) {
            *is_cyclic = true;
            return VG_STR("");
        }
        way[depth++] = unit;
        if (unit->is_root)
            break;
    }
    if (!depth || !way[depth - 1]->is_root)
        return VG_STR("");
    vg_str path = VG_STR("");
    for (size_t i = depth; i > 0; i--)
        path = vg_arena_printf(t->arena, i == depth ? "%.*s%.*s" : "%.*s/%.*s", VG_ARG(path),
                               VG_ARG(way[i - 1]->name));
    return path;
}

static int unit_by_id(const void *a, const void *b)
{
    return vg_str_cmp(((const vg_unit *)a)->id, ((const vg_unit *)b)->id);
}

static int account_by_id(const void *a, const void *b)
{
    return vg_str_cmp(((const vg_account *)a)->id, ((const vg_account *)b)->id);
}

/* The same unit may stand on two shelves (exports of two management accounts): one is kept. */
static vg_status index_units(tree *t, vg_error *err)
{
    vg_unit *units = t->units.items;
    size_t kept = 0;
    if (t->units.len)
        qsort(units, t->units.len, sizeof *units, unit_by_id);
    for (size_t i = 0; i < t->units.len; i++) {
        if (kept && vg_str_eq(units[kept - 1].id, units[i].id))
            continue;
        units[kept++] = units[i];
        vg_map_entry *entry = vg_map_put(t->unit_index, units[kept - 1].id, NULL);
        if (!entry)
            return fail_memory(err);
        entry->value.u64 = kept;
    }
    t->units.len = kept;
    return VG_OK;
}

static void place_units(tree *t)
{
    for (size_t i = 0; i < t->units.len; i++) {
        vg_unit *unit = vg_vec_at(&t->units, i);
        unit->parent = unit->is_root ? VG_STR("") : parent_of(t, unit->id);
        unit->path = path_of(t, unit->id, &unit->is_cyclic);
    }
}

static void place_accounts(tree *t)
{
    vg_account *accounts = t->accounts.items;
    if (t->accounts.len)
        qsort(accounts, t->accounts.len, sizeof *accounts, account_by_id);
    for (size_t i = 0; i < t->accounts.len; i++) {
        const vg_unit *unit = unit_named(t, parent_of(t, accounts[i].id));
        accounts[i].parent = parent_of(t, accounts[i].id);
        accounts[i].ou_path = unit ? unit->path : VG_STR("");
        accounts[i].is_management = vg_str_eq(accounts[i].id, t->out->management_account);
    }
}

static vg_status collect(vg_evidence *evidence, tree *t, vg_time at, vg_error *err)
{
    const vg_resource_filter filter = {.type = VG_STR("Vigil::Organization::*"), .at = at};
    const vg_relation_filter memberships = {.kind = VG_STR("member-of"), .at = at};
    VG_TRY(vg_evidence_resources(evidence, &filter, take_resource, t, err));
    VG_TRY(vg_evidence_relations(evidence, &memberships, take_membership, t, err));
    return vg_store_accounts(evidence->store, take_bare_account, t, err);
}

static vg_status build(vg_evidence *evidence, tree *t, vg_time at, vg_error *err)
{
    if (!t->parents || !t->account_index || !t->unit_index || !t->scratch)
        return fail_memory(err);
    VG_TRY(vg_evidence_read_begin(evidence, err));
    vg_status status = collect(evidence, t, at, err);
    vg_evidence_read_end(evidence);
    VG_TRY(status);
    VG_TRY(index_units(t, err));
    place_units(t);
    place_accounts(t);
    t->out->accounts = t->accounts.items;
    t->out->account_count = t->accounts.len;
    t->out->units = t->units.items;
    t->out->unit_count = t->units.len;
    return VG_OK;
}

vg_status vg_evidence_organization(vg_evidence *evidence, vg_arena *arena, vg_time at, vg_organization *out,
                                   vg_error *err)
{
    *out = (vg_organization){
        .id = VG_STR(""), .arn = VG_STR(""), .feature_set = VG_STR(""), .management_account = VG_STR("")};
    tree t = {.arena = arena,
              .scratch = vg_arena_new(0),
              .out = out,
              .accounts = vg_vec_in(arena, sizeof(vg_account)),
              .units = vg_vec_in(arena, sizeof(vg_unit)),
              .parents = vg_map_new(arena, 3),
              .account_index = vg_map_new(arena, 4),
              .unit_index = vg_map_new(arena, 5)};
    vg_status status = build(evidence, &t, at, err);
    vg_arena_free(t.scratch);
    return status;
}

vg_status vg_evidence_accounts(vg_evidence *evidence, vg_arena *arena, vg_time at, vg_vec *accounts,
                               vg_error *err)
{
    vg_organization organization;
    VG_TRY(vg_evidence_organization(evidence, arena, at, &organization, err));
    for (size_t i = 0; i < organization.account_count; i++) {
        vg_account *account = vg_vec_push(accounts);
        if (!account)
            return fail_memory(err);
        *account = organization.accounts[i];
    }
    return VG_OK;
}
