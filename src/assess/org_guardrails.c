/* org_guardrails.c: which guardrails bind each account and OU, out of the facts that an assessment made. */
#include "assess/assess_part.h"

const char *const vg_guardrail_names[] = {
    "DenyLeaveOrganization",  "DenyRootUser",       "ProtectCloudTrail", "ProtectConfig",
    "ProtectGuardDuty",       "ProtectSecurityHub", "LimitRegions",      "DenyWithoutMfa",
    "DenyAccessKeysForUsers", "RcpDataPerimeter",
};
const size_t vg_guardrail_count = VG_COUNT(vg_guardrail_names);

const char *vg_guardrail_state_name(vg_guardrail_state state)
{
    static const char *const names[] = {"unknown", "no", "partly", "yes"};
    return names[state];
}

static vg_guardrail_state state_of(vg_str text)
{
    return vg_str_is(text, "yes")      ? VG_GUARDRAIL_YES
           : vg_str_is(text, "partly") ? VG_GUARDRAIL_SOME
           : vg_str_is(text, "no")     ? VG_GUARDRAIL_NO
                                       : VG_GUARDRAIL_UNKNOWN;
}

/* What two accounts below an OU say together; UNKNOWN of one is unknown of all, unless nothing was said yet. */
static vg_guardrail_state together(vg_guardrail_state so_far, vg_guardrail_state one, bool is_first)
{
    if (is_first || so_far == one)
        return one;
    return so_far == VG_GUARDRAIL_UNKNOWN || one == VG_GUARDRAIL_UNKNOWN ? VG_GUARDRAIL_UNKNOWN
                                                                         : VG_GUARDRAIL_SOME;
}

/* Adds an account's states to every node above it. `seen` tells which nodes have been told something. */
static void tell_above(const vg_tree *tree, size_t account, vg_guardrail_state *states, bool *seen)
{
    size_t steps = 0;
    for (uint32_t up = tree->nodes[account].parent; up != UINT32_MAX && steps < tree->node_count;
         up = tree->nodes[up].parent, steps++) {
        for (size_t g = 0; g < vg_guardrail_count; g++) {
            vg_guardrail_state *above = &states[up * vg_guardrail_count + g];
            *above = together(*above, states[account * vg_guardrail_count + g], !seen[up]);
        }
        seen[up] = true;
    }
}

static vg_status read_facts(vg_arena *arena, const vg_assessment *assessment, vg_map *facts, vg_error *err)
{
    for (size_t i = 0; i < assessment->subject_count; i++) {
        const vg_resource *resource = &assessment->subjects[i].resource;
        if (!vg_str_is(resource->type, "Vigil::Account::Guardrails") || !resource->properties.len)
            continue;
        vg_doc *doc = VG_NEW(arena, vg_doc);
        vg_map_entry *entry = doc ? vg_map_put(facts, resource->account, NULL) : NULL;
        if (!entry)
            return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading guardrails");
        VG_TRY(vg_json_read(arena, resource->properties, resource->id, NULL, doc, err));
        entry->value.ptr = doc;
    }
    return VG_OK;
}

vg_status vg_tree_guardrails_of(vg_arena *arena, const vg_tree *tree, const vg_assessment *assessment,
                                vg_tree_guardrails *out, vg_error *err)
{
    vg_guardrail_state *states =
        VG_NEW_N(arena, vg_guardrail_state, (tree->node_count + 1) * vg_guardrail_count);
    bool *seen = VG_NEW_N(arena, bool, tree->node_count + 1);
    vg_map *facts = vg_map_new(arena, 0);
    if (!states || !seen || !facts)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading guardrails");
    VG_TRY(read_facts(arena, assessment, facts, err));
    for (size_t i = 0; i < tree->node_count; i++) {
        const vg_tree_node *node = &tree->nodes[i];
        const vg_map_entry *entry = node->is_account ? vg_map_get(facts, node->id) : NULL;
        const vg_doc *doc = entry ? entry->value.ptr : NULL;
        if (!node->is_account)
            continue;
        for (size_t g = 0; doc && g < vg_guardrail_count; g++)
            states[i * vg_guardrail_count + g] = state_of(vg_get_str(doc->root, vg_guardrail_names[g]));
        if (!node->is_management && (!node->status.len || vg_str_is(node->status, "ACTIVE")))
            tell_above(tree, i, states, seen);
    }
    out->states = states;
    return VG_OK;
}
