/* org_tree.c: the organisation as a tree in the order in which people read it: a node, its accounts, then its OUs. */
#include "assess/assess_part.h"

#include <stdlib.h>

typedef struct {
    const vg_org *org;
    vg_arena *arena;
    vg_tree *out;
    vg_tree_node *nodes;
    uint32_t *order;        /* node -> its place in the tree */
    uint32_t *sorted;       /* places -> node */
    uint32_t *policy_place; /* policy -> its place among the sorted */
    vg_map *workloads;      /* account -> vg_vec of vg_str: what runs there */
} tree_builder;

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading the organisation");
}

/* ---- policies ---------------------------------------------------------------------------------------------------------------- */

static const char *kind_of(const vg_org_policy *policy)
{
    if (!policy->kind_known)
        return "";
    return policy->kind == VG_ORG_SCP ? "scp" : policy->kind == VG_ORG_RCP ? "rcp" : "";
}

static int compare_policies(const void *left, const void *right)
{
    const vg_tree_policy *a = left, *b = right;
    int order = vg_str_cmp(a->name, b->name);
    return order ? order : vg_str_cmp(a->id, b->id);
}

static vg_status order_policies(tree_builder *b, vg_error *err)
{
    const vg_org *org = b->org;
    vg_tree_policy *policies = VG_NEW_N(b->arena, vg_tree_policy, org->policy_count + 1);
    b->policy_place = VG_NEW_N(b->arena, uint32_t, org->policy_count + 1);
    vg_map *places = vg_map_new(b->arena, 0);
    if (!policies || !b->policy_place || !places)
        return no_memory(err);
    for (size_t i = 0; i < org->policy_count; i++) {
        const vg_org_policy *from = &org->policies[i];
        policies[i] = (vg_tree_policy){from->id, from->name.len ? from->name : from->id, kind_of(from),
                                       from->is_default};
    }
    if (org->policy_count > 1)
        qsort(policies, org->policy_count, sizeof *policies, compare_policies);
    for (size_t i = 0; i < org->policy_count; i++) {
        vg_map_entry *entry = vg_map_put(places, policies[i].id, NULL);
        if (!entry)
            return no_memory(err);
        entry->value.u64 = i;
    }
    for (size_t i = 0; i < org->policy_count; i++)
        b->policy_place[i] = (uint32_t)vg_map_get(places, org->policies[i].id)->value.u64;
    b->out->policies = policies;
    b->out->policy_count = org->policy_count;
    return VG_OK;
}

/* ---- order ------------------------------------------------------------------------------------------------------------------- */

/* The chain from the root to a node is what the order compares; a node's own chain is at most as long as its depth. */
enum { MOST_DEPTH = 64 };

static size_t chain_of(const vg_org *org, uint32_t at, uint32_t chain[MOST_DEPTH])
{
    size_t length = 0;
    for (; at != VG_NO_NODE && length < MOST_DEPTH; at = org->nodes[at].parent)
        chain[length++] = at;
    for (size_t i = 0; i < length / 2; i++) {
        uint32_t swap = chain[i];
        chain[i] = chain[length - 1 - i];
        chain[length - 1 - i] = swap;
    }
    return length;
}

static int compare_siblings(const vg_node *a, const vg_node *b)
{
    if (a->is_account != b->is_account)
        return a->is_account ? -1 : 1;
    int order = vg_str_cmp(a->name, b->name);
    return order ? order : vg_str_cmp(a->id, b->id);
}

static int compare_nodes(const void *left, const void *right, void *context)
{
    const vg_org *org = context;
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    uint32_t above_a[MOST_DEPTH], above_b[MOST_DEPTH];
    if (org->nodes[a].in_tree != org->nodes[b].in_tree)
        return org->nodes[a].in_tree ? -1 : 1;
    if (!org->nodes[a].in_tree)
        return compare_siblings(&org->nodes[a], &org->nodes[b]);
    size_t length_a = chain_of(org, a, above_a), length_b = chain_of(org, b, above_b);
    for (size_t i = 0; i < length_a && i < length_b; i++)
        if (above_a[i] != above_b[i])
            return compare_siblings(&org->nodes[above_a[i]], &org->nodes[above_b[i]]);
    return length_a < length_b ? -1 : length_a > length_b;
}

static vg_status order_nodes(tree_builder *b, vg_error *err)
{
    size_t count = b->org->node_count;
    b->sorted = VG_NEW_N(b->arena, uint32_t, count + 1);
    b->order = VG_NEW_N(b->arena, uint32_t, count + 1);
    if (!b->sorted || !b->order)
        return no_memory(err);
    for (size_t i = 0; i < count; i++)
        b->sorted[i] = (uint32_t)i;
    if (count > 1)
        qsort_r(b->sorted, count, sizeof *b->sorted, compare_nodes, (void *)b->org);
    for (size_t i = 0; i < count; i++)
        b->order[b->sorted[i]] = (uint32_t)i;
    return VG_OK;
}

/* ---- nodes ------------------------------------------------------------------------------------------------------------------- */

static bool put_workload(tree_builder *b, vg_str account, vg_str name)
{
    vg_map_entry *entry = vg_map_put(b->workloads, account, NULL);
    if (!entry)
        return false;
    if (!entry->value.ptr) {
        vg_vec *names = VG_NEW(b->arena, vg_vec);
        if (!names)
            return false;
        *names = vg_vec_in(b->arena, sizeof(vg_str));
        entry->value.ptr = names;
    }
    vg_vec *names = entry->value.ptr;
    if (names->len && vg_str_eq(*(vg_str *)vg_vec_at(names, names->len - 1), name))
        return true; /* an account that one environment names twice */
    vg_str *place = vg_vec_push(names);
    if (place)
        *place = name;
    return place != NULL;
}

static vg_status map_workloads(tree_builder *b, vg_error *err)
{
    b->workloads = vg_map_new(b->arena, 0);
    bool fine = b->workloads != NULL;
    for (size_t i = 0; i < b->org->placement_count && fine; i++) {
        const vg_placement *placement = &b->org->placements[i];
        vg_str name = vg_arena_printf(b->arena, "%.*s%s%.*s", VG_ARG(placement->name),
                                      placement->environment.len ? " " : "", VG_ARG(placement->environment));
        fine = name.ptr != NULL;
        for (size_t a = 0; a < placement->account_count && fine; a++)
            fine = put_workload(b, placement->accounts[a], name);
    }
    return fine ? VG_OK : no_memory(err);
}

static void put_workloads(const tree_builder *b, const vg_node *node, vg_tree_node *out)
{
    const vg_map_entry *entry = node->is_account ? vg_map_get(b->workloads, node->id) : NULL;
    const vg_vec *names = entry ? entry->value.ptr : NULL;
    out->workloads = names ? names->items : NULL;
    out->workload_count = names ? names->len : 0;
}

static bool put_node(tree_builder *b, size_t place)
{
    const vg_org *org = b->org;
    const vg_node *node = &org->nodes[b->sorted[place]];
    uint32_t *policies = VG_NEW_N(b->arena, uint32_t, node->policy_count + 1);
    vg_tree_node *out = &b->nodes[place];
    if (!policies)
        return false;
    for (size_t i = 0; i < node->policy_count; i++)
        policies[i] = b->policy_place[org->attached[node->policy_first + i]];
    *out = (vg_tree_node){
        .id = node->id,
        .name = node->name.len  ? node->name
                : node->is_root ? VG_STR("Root")
                                : node->id,
        .email = node->email,
        .status = node->status,
        .path = node->path,
        .function = vg_ou_function_name(node->function),
        .parent = node->parent == VG_NO_NODE ? UINT32_MAX : b->order[node->parent],
        .depth = !node->in_tree ? 0 : node->depth + node->is_account,
        .is_account = node->is_account,
        .is_root = node->is_root,
        .is_management = node->is_account && vg_str_eq(node->id, org->management),
        .in_tree = node->in_tree,
        .policies = policies,
        .policy_count = node->policy_count,
    };
    put_workloads(b, node, out);
    return true;
}

static vg_status tree_of(const vg_org *org, vg_arena *arena, vg_tree *out, vg_error *err)
{
    tree_builder b = {.org = org, .arena = arena, .out = out};
    *out = (vg_tree){.id = org->id, .management = org->management, .partition = org->partition};
    VG_TRY(order_policies(&b, err));
    VG_TRY(order_nodes(&b, err));
    VG_TRY(map_workloads(&b, err));
    b.nodes = VG_NEW_N(arena, vg_tree_node, org->node_count + 1);
    if (!b.nodes)
        return no_memory(err);
    for (size_t i = 0; i < org->node_count; i++)
        if (!put_node(&b, i))
            return no_memory(err);
    out->nodes = b.nodes;
    out->node_count = org->node_count;
    return VG_OK;
}

vg_status vg_tree_read(vg_evidence *evidence, vg_arena *arena, vg_tree *out, vg_error *err)
{
    vg_org org;
    VG_TRY(vg_assess_organization(evidence, arena, &org, err));
    if (org.node_count == 0)
        return vg_fail(
            err, VG_ERR_NOT_FOUND,
            "the evidence tells nothing of an organisation; import the answers of `aws organizations` (vigil "
            "import --script prints what to call)");
    return tree_of(&org, arena, out, err);
}
