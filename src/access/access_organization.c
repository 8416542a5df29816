/* access_organization.c: accounts, each with the levels of SCPs and RCPs above it: root, organisational units, the account
 * itself (Organizations User Guide, "SCP evaluation").
 *
 * A level is known when its attached policies were listed in full: because the level itself was asked
 * (ListPoliciesForTarget), or because every policy of the type was listed and asked for its targets. A deny in a policy
 * that nobody read would change any answer, so everything less makes the level UNKNOWN. */
#include "access/access_part.h"

enum { DEEPEST = 16, KINDS = 2 }; /* a root, five levels of units, an account: more than AWS allows */

static const struct {
    const char *type; /* Organizations' name of the policy type */
    const char *full; /* the id of AWS's own that allows everything */
    vg_policy_kind kind;
} kinds[KINDS] = {
    {"SERVICE_CONTROL_POLICY", "p-FullAWSAccess", VG_POLICY_SCP},
    {"RESOURCE_CONTROL_POLICY", "p-RCPFullAWSAccess", VG_POLICY_RCP},
};

typedef struct {
    vg_str id, name;
    int kind;                   /* index in kinds; KINDS: another type; -1: unknown */
    const vg_access_item *item; /* with its content; NULL when only listed */
    bool told;                  /* that its content is missing */
} org_policy;

typedef struct {
    vg_access_reader *reader;
    vg_vec policies;       /* org_policy */
    vg_map *by_id;         /* policy id to index + 1 */
    vg_map *targets;       /* target id to a vg_vec of policy indexes */
    vg_map *units;         /* unit id to index + 1 */
    vg_map *levels[KINDS]; /* target id to its vg_layer */
    vg_map *arrays;        /* the levels of an account as a key, to the array */
    bool type_known, type_on[KINDS];
    bool listed[KINDS]; /* every policy of the type is known, with its targets */
} guardrails;

/* ---- policies and where they are attached ------------------------------------------------------------------------------------ */

static int kind_named(vg_str type)
{
    for (int i = 0; i < KINDS; i++)
        if (vg_str_is(type, kinds[i].type))
            return i;
    return KINDS;
}

static org_policy *policy_named(guardrails *g, vg_str id)
{
    bool added = false;
    vg_map_entry *entry = vg_map_put(g->by_id, id, &added);
    if (!entry)
        return NULL;
    if (!added)
        return vg_vec_at(&g->policies, entry->value.u64 - 1);
    org_policy *policy = vg_vec_push(&g->policies);
    if (!policy)
        return NULL;
    entry->value.u64 = g->policies.len;
    *policy = (org_policy){.id = id, .kind = -1};
    for (int i = 0; i < KINDS; i++)
        if (vg_str_is(id, kinds[i].full))
            policy->kind = i;
    return policy;
}

static vg_status add_policies(guardrails *g, const char *type, bool with_content, vg_error *err)
{
    const vg_access_item *item;
    for (size_t next = 0; (item = vg_access_next(g->reader, type, &next));) {
        org_policy *policy = policy_named(g, item->resource.id);
        if (!policy)
            return vg_access_no_memory(err);
        vg_str kind = vg_get_str(item->doc.root, "Type");
        policy->name = vg_get_str(item->doc.root, "Name");
        if (kind.len > 0)
            policy->kind = kind_named(kind);
        const vg_value *content = vg_get(item->doc.root, VG_STR("Content"));
        if (with_content && content)
            policy->item = item;
    }
    return VG_OK;
}

static vg_status add_targets(guardrails *g, vg_error *err)
{
    const vg_access_item *item;
    for (size_t next = 0; (item = vg_access_next(g->reader, "Vigil::Organization::PolicyTarget", &next));) {
        vg_str id = vg_get_str(item->doc.root, "PolicyId"), target = vg_get_str(item->doc.root, "TargetId");
        if (id.len == 0 || target.len == 0)
            continue;
        if (!policy_named(g, id))
            return vg_access_no_memory(err);
        vg_map_entry *entry = vg_map_put(g->targets, target, NULL);
        if (entry && !entry->value.ptr) {
            vg_vec *list = VG_NEW(g->reader->arena, vg_vec);
            if (list)
                *list = vg_vec_in(g->reader->arena, sizeof(size_t));
            entry->value.ptr = list;
        }
        size_t *place = entry && entry->value.ptr ? vg_vec_push(entry->value.ptr) : NULL;
        if (!place)
            return vg_access_no_memory(err);
        *place = vg_map_get(g->by_id, id)->value.u64 - 1;
    }
    return VG_OK;
}

static void learn_types(guardrails *g)
{
    const vg_access_item *root;
    for (size_t next = 0; (root = vg_access_next(g->reader, "Vigil::Organization::Root", &next));) {
        const vg_value *types = vg_get(root->doc.root, VG_STR("PolicyTypes"));
        g->type_known = g->type_known || types;
        for (vg_items it = vg_items_of(types); vg_items_next(&it);) {
            int kind = kind_named(vg_get_str(it.value, "Type"));
            if (kind < KINDS && vg_str_is(vg_get_str(it.value, "Status"), "ENABLED"))
                g->type_on[kind] = true;
        }
    }
}

static void learn_lists(guardrails *g)
{
    for (int kind = 0; kind < KINDS; kind++) {
        bool all =
            vg_access_was_read(g->reader, "organizations:ListPolicies", vg_str_from(kinds[kind].type)) ||
            vg_access_was_read(g->reader, "organizations:ListPolicies", VG_STR(""));
        for (size_t i = 0; i < g->policies.len && all; i++) {
            const org_policy *policy = vg_vec_at(&g->policies, i);
            bool concerns = policy->kind == kind || policy->kind < 0;
            if (concerns)
                all = vg_access_was_read(g->reader, "organizations:ListTargetsForPolicy", policy->id);
        }
        g->listed[kind] = all;
    }
}

/* ---- levels ------------------------------------------------------------------------------------------------------------------- */

static const vg_value *known_content(const guardrails *g, vg_str id)
{
    return vg_get(vg_get(g->reader->content, VG_STR("managed_policies")), id);
}

static vg_status compiled(guardrails *g, org_policy *policy, const vg_policy **out, vg_error *err)
{
    vg_access_reader *r = g->reader;
    vg_policy_kind kind = kinds[policy->kind].kind;
    vg_str name = policy->name.len
                      ? vg_arena_printf(r->arena, "%.*s (%.*s)", VG_ARG(policy->name), VG_ARG(policy->id))
                      : policy->id;
    const vg_value *content;
    if (policy->item) {
        content = vg_get(policy->item->doc.root, VG_STR("Content"));
        return vg_access_policy(r, policy->id, kind, name, policy->item, content, out, err);
    }
    *out = NULL;
    if ((content = known_content(g, policy->id)))
        return vg_world_policy_value(r->builder, policy->id, kind, name, r->content_doc, content, out, err);
    if (policy->told)
        return VG_OK;
    policy->told = true;
    return vg_access_problem(r, policy->id,
                             vg_arena_printf(r->arena,
                                             "this policy is attached and its content was not collected: aws "
                                             "organizations describe-policy --policy-id %.*s",
                                             VG_ARG(policy->id)),
                             err);
}

static vg_status make_level(guardrails *g, int kind, vg_str target, vg_str name, vg_layer *out, vg_error *err)
{
    vg_access_reader *r = g->reader;
    const vg_map_entry *entry = vg_map_get(g->targets, target);
    const vg_vec *attached = entry ? entry->value.ptr : NULL;
    const vg_policy **policies = VG_NEW_N(r->arena, const vg_policy *, attached ? attached->len + 1 : 1);
    size_t count = 0;
    bool complete = g->listed[kind] || vg_access_was_read(r, "organizations:ListPoliciesForTarget", target);
    if (!policies)
        return vg_access_no_memory(err);
    for (size_t i = 0; attached && i < attached->len; i++) {
        org_policy *policy = vg_vec_at(&g->policies, *(size_t *)vg_vec_at(attached, i));
        if (policy->kind == kind)
            VG_TRY(compiled(g, policy, &policies[count++], err));
        complete = complete && policy->kind >= 0;
    }
    VG_TRY(vg_world_layer(r->builder, policies, count, name, out, err));
    /* AWS lets nobody detach the last SCP; the RCP that is always there only allows. */
    if (!complete || (count == 0 && kinds[kind].kind == VG_POLICY_SCP))
        out->state = VG_LAYER_UNKNOWN;
    return VG_OK;
}

static vg_status level_of(guardrails *g, int kind, vg_str target, vg_str name, vg_layer *out, vg_error *err)
{
    vg_map_entry *entry = vg_map_put(g->levels[kind], target, NULL);
    if (!entry)
        return vg_access_no_memory(err);
    if (!entry->value.ptr) {
        vg_layer *layer = VG_NEW(g->reader->arena, vg_layer);
        if (!layer)
            return vg_access_no_memory(err);
        VG_TRY(make_level(g, kind, target, name, layer, err));
        vg_map_get(g->levels[kind], target)->value.ptr = layer;
        entry = vg_map_get(g->levels[kind], target);
    }
    *out = *(const vg_layer *)entry->value.ptr;
    return VG_OK;
}

/* The array in the arena, one for all accounts whose levels are the same. */
static vg_status share(guardrails *g, const vg_layer *levels, size_t count, const vg_layer **out,
                       vg_error *err)
{
    vg_str bytes = vg_str_of((const char *)levels, count * sizeof *levels);
    vg_map_entry *entry = vg_map_get(g->arrays, bytes);
    if (!entry) {
        vg_str copy = vg_arena_str(g->reader->arena, bytes);
        entry = copy.ptr ? vg_map_put(g->arrays, copy, NULL) : NULL;
        if (!entry)
            return vg_access_no_memory(err);
        entry->value.u64 = (uint64_t)(uintptr_t)copy.ptr;
    }
    *out = entry->value.ptr;
    return VG_OK;
}

/* ---- accounts ---------------------------------------------------------------------------------------------------------------- */

/* The units above an account, root first; 0 when they do not lead to a root. */
static size_t chain_of(const guardrails *g, vg_str parent, const vg_unit *out[DEEPEST])
{
    const vg_unit *up[DEEPEST];
    size_t count = 0;
    while (parent.len > 0 && count < DEEPEST) {
        const vg_map_entry *entry = vg_map_get(g->units, parent);
        if (!entry)
            return 0;
        up[count] = &g->reader->organization.units[entry->value.u64 - 1];
        parent = up[count]->is_root ? VG_STR("") : up[count]->parent;
        count++;
    }
    if (count == 0 || !up[count - 1]->is_root)
        return 0;
    for (size_t i = 0; i < count; i++)
        out[i] = up[count - 1 - i];
    return count;
}

static vg_status path_of(guardrails *g, const vg_unit *const *chain, size_t count, vg_str *out, vg_error *err)
{
    vg_buf path = {0};
    vg_buf_add_str(&path, g->reader->organization.id);
    vg_buf_add_char(&path, '/');
    for (size_t i = 0; i < count; i++) {
        vg_buf_add_str(&path, chain[i]->id);
        vg_buf_add_char(&path, '/');
    }
    *out = vg_arena_str(g->reader->arena, vg_buf_str(&path));
    bool failed = path.failed || !out->ptr;
    vg_buf_free(&path);
    return failed ? vg_access_no_memory(err) : VG_OK;
}

static const vg_layer unknown_level = {.state = VG_LAYER_UNKNOWN};

static vg_status levels_of(guardrails *g, int kind, const vg_unit *const *chain, size_t chain_count,
                           const vg_account *account, const vg_layer **out, size_t *count, vg_error *err)
{
    vg_layer levels[DEEPEST + 1];
    memset(levels, 0, sizeof levels); /* padding too: bytes are compared */
    *out = NULL;
    *count = 0;
    if (g->type_known && !g->type_on[kind])
        return VG_OK;
    *out = &unknown_level;
    *count = 1;
    if (chain_count == 0 || !g->type_known)
        return VG_OK;
    for (size_t i = 0; i < chain_count; i++) {
        vg_str name = chain[i]->name.len ? chain[i]->name : chain[i]->id;
        VG_TRY(level_of(g, kind, chain[i]->id, name, &levels[i], err));
    }
    VG_TRY(level_of(g, kind, account->id, VG_STR("account"), &levels[chain_count], err));
    *count = chain_count + 1;
    return share(g, levels, *count, out, err);
}

static vg_status add_account(guardrails *g, const vg_account *account, vg_error *err)
{
    const vg_unit *chain[DEEPEST];
    size_t count = chain_of(g, account->parent, chain);
    vg_access_reader *r = g->reader;
    vg_world_account out = {
        .id = account->id, .name = account->name, .is_management = account->is_management};
    out.in_organization = account->status.len > 0 || account->parent.len > 0 || account->is_management;
    if (count > 0 && r->organization.id.len > 0)
        VG_TRY(path_of(g, chain, count, &out.org_path, err));
    VG_TRY(levels_of(g, 0, chain, count, account, &out.scps, &out.scp_count, err));
    VG_TRY(levels_of(g, 1, chain, count, account, &out.rcps, &out.rcp_count, err));
    out.standalone =
        !out.in_organization && vg_access_was_read(r, "organizations:DescribeOrganization", account->id);
    if (!out.in_organization) { /* of another organisation, or of none */
        out.scps = out.rcps = &unknown_level;
        out.scp_count = out.rcp_count = out.standalone ? 0 : 1;
    }
    return vg_world_add_account(r->builder, &out, err);
}

/* Which account's levels are UNKNOWN is told once for all of them. */
static vg_status tell_unknown(guardrails *g, vg_error *err)
{
    vg_access_reader *r = g->reader;
    if (r->organization.account_count == 0)
        return VG_OK;
    if (r->organization.id.len == 0)
        return vg_access_problem(
            r, VG_STR("organization"),
            VG_STR("the organisation was not collected, so SCPs and RCPs are unknown: aws "
                   "organizations describe-organization, list-roots, list-policies, ..."),
            err);
    for (int kind = 0; kind < KINDS; kind++) {
        if (!g->type_known || (g->type_on[kind] && !g->listed[kind]))
            VG_TRY(
                vg_access_problem(r, r->organization.id,
                                  vg_arena_printf(r->arena,
                                                  "which %s policies are attached where was not collected in "
                                                  "full: aws organizations list-roots, list-policies "
                                                  "--filter %s, list-targets-for-policy",
                                                  kinds[kind].type, kinds[kind].type),
                                  err));
    }
    return VG_OK;
}

vg_status vg_access_add_accounts(vg_access_reader *r, vg_error *err)
{
    guardrails g = {.reader = r,
                    .policies = vg_vec_in(r->arena, sizeof(org_policy)),
                    .by_id = vg_map_new(r->arena, 0),
                    .targets = vg_map_new(r->arena, 0),
                    .units = vg_map_new(r->arena, 0),
                    .levels = {vg_map_new(r->arena, 0), vg_map_new(r->arena, 0)},
                    .arrays = vg_map_new(r->arena, 0)};
    if (!g.by_id || !g.targets || !g.units || !g.levels[0] || !g.levels[1] || !g.arrays)
        return vg_access_no_memory(err);
    vg_world_builder_organization(r->builder, r->organization.id, r->organization.management_account);
    for (size_t i = 0; i < r->organization.unit_count; i++) {
        vg_map_entry *entry = vg_map_put(g.units, r->organization.units[i].id, NULL);
        if (!entry)
            return vg_access_no_memory(err);
        entry->value.u64 = i + 1;
    }
    VG_TRY(add_policies(&g, "Vigil::Organization::PolicySummary", false, err));
    VG_TRY(add_policies(&g, "Vigil::Organization::Policy", true, err));
    VG_TRY(add_targets(&g, err));
    learn_types(&g);
    learn_lists(&g);
    for (size_t i = 0; i < r->organization.account_count; i++)
        VG_TRY(add_account(&g, &r->organization.accounts[i], err));
    return tell_unknown(&g, err);
}
