/* fact_structure.c: Vigil::Organization::Structure: the organisation as a whole, and Vigil::Workload::Workload: each
 * workload of the mapping. SEC01-BP01 asks of both. */
#include "assess/assess_part.h"

#include <stdlib.h>

/* ---- lists -------------------------------------------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    return vg_str_cmp(*(const vg_str *)a, *(const vg_str *)b);
}

static vg_vec list_in(vg_fact_sink *sink)
{
    return vg_vec_in(sink->arena, sizeof(vg_str));
}

static void push(vg_vec *list, vg_str name)
{
    vg_str *item = name.len ? vg_vec_push(list) : NULL;
    if (item)
        *item = name;
}

/* In order and each once, so that the fact does not change with the order of evidence. */
static void put_list(vg_fact_sink *sink, const char *key, vg_vec *list)
{
    size_t kept = 0;
    vg_str *names = list->items;
    if (list->len > 1)
        qsort(names, list->len, sizeof *names, compare_names);
    for (size_t i = 0; i < list->len; i++)
        if (kept == 0 || !vg_str_eq(names[kept - 1], names[i]))
            names[kept++] = names[i];
    list->len = kept;
    vg_fact_list(sink, key, list);
}

static bool was_read(const vg_view *view, const char *operation)
{
    return vg_was_read(view->org->readings, operation, VG_STR(""), VG_STR(""), VG_STR(""));
}

static vg_sightings things(const vg_view *view, const char *type)
{
    return vg_sightings_of(view->org->all, type);
}

/* ---- units ---------------------------------------------------------------------------------------------------------------------- */

static bool is_unit(const vg_node *node)
{
    return !node->is_account && !node->is_root;
}

static bool units_are_known(const vg_view *view)
{
    return things(view, "Vigil::Organization::OrganizationalUnit").count > 0 ||
           was_read(view, "organizations:ListOrganizationalUnitsForParent");
}

static bool has_function(const vg_org *org, vg_ou_function function)
{
    for (size_t i = 0; i < org->node_count; i++)
        if (is_unit(&org->nodes[i]) && org->nodes[i].function == function)
            return true;
    return false;
}

static vg_stage stage_of_account(const vg_org *org, const vg_node *node)
{
    vg_stage stage = VG_STAGE_NONE;
    for (size_t i = 0; i < org->placement_count; i++)
        if (org->placements[i].stage != VG_STAGE_NONE && vg_placement_has(&org->placements[i], node->id))
            stage = org->placements[i].stage;
    if (stage != VG_STAGE_NONE)
        return stage;
    return node->function == VG_OU_WORKLOADS_PROD      ? VG_STAGE_PROD
           : node->function == VG_OU_WORKLOADS_NONPROD ? VG_STAGE_NONPROD
                                                       : VG_STAGE_NONE;
}

/* Prod and non-prod accounts share no OU; and there is an OU for each by name, or accounts of both in different ones. */
static bool prod_is_apart(const vg_org *org, vg_arena *arena)
{
    uint8_t *stages = VG_NEW_N(arena, uint8_t, org->node_count + 1);
    bool prod = has_function(org, VG_OU_WORKLOADS_PROD), nonprod = has_function(org, VG_OU_WORKLOADS_NONPROD);
    for (size_t i = 0; stages && i < org->node_count; i++) {
        const vg_node *node = &org->nodes[i];
        if (!node->is_account || node->parent == VG_NO_NODE)
            continue;
        vg_stage stage = stage_of_account(org, node);
        prod = prod || stage == VG_STAGE_PROD;
        nonprod = nonprod || stage == VG_STAGE_NONPROD;
        stages[node->parent] |= (uint8_t)(stage == VG_STAGE_NONE ? 0 : 1u << stage);
        if (stages[node->parent] == ((1u << VG_STAGE_PROD) | (1u << VG_STAGE_NONPROD)))
            return false;
    }
    return prod && nonprod;
}

static void put_units(const vg_view *view, vg_fact_sink *sink)
{
    static const struct {
        const char *key;
        vg_ou_function functions[3];
    } wanted[] = {
        {"HasSecurityOu", {VG_OU_SECURITY, VG_OU_SECURITY, VG_OU_SECURITY}},
        {"HasInfrastructureOu", {VG_OU_INFRASTRUCTURE, VG_OU_INFRASTRUCTURE, VG_OU_INFRASTRUCTURE}},
        {"HasWorkloadsOu", {VG_OU_WORKLOADS, VG_OU_WORKLOADS_PROD, VG_OU_WORKLOADS_NONPROD}},
        {"HasSandboxOu", {VG_OU_SANDBOX, VG_OU_SANDBOX, VG_OU_SANDBOX}},
        {"HasSuspendedOu", {VG_OU_SUSPENDED, VG_OU_SUSPENDED, VG_OU_SUSPENDED}},
    };
    const vg_org *org = view->org;
    vg_vec departments = list_in(sink);
    uint32_t deepest = 0;
    if (!units_are_known(view))
        return;
    for (size_t i = 0; i < VG_COUNT(wanted); i++)
        vg_fact_bool(sink, wanted[i].key,
                     has_function(org, wanted[i].functions[0]) || has_function(org, wanted[i].functions[1]) ||
                         has_function(org, wanted[i].functions[2]));
    for (size_t i = 0; i < org->node_count; i++) {
        const vg_node *node = &org->nodes[i];
        if (!is_unit(node))
            continue;
        vg_fact_used(sink, node->seen);
        deepest = node->depth > deepest ? node->depth : deepest;
        if (node->function == VG_OU_OTHER && vg_is_department_name(node->name))
            push(&departments, node->name);
    }
    vg_fact_bool(sink, "ProdApartFromNonProd", prod_is_apart(org, sink->arena));
    put_list(sink, "DepartmentOus", &departments);
    vg_fact_i64(sink, "DeepestOu", deepest);
}

/* ---- accounts ------------------------------------------------------------------------------------------------------------------ */

static bool is_active(const vg_node *node)
{
    return node->status.len == 0 || vg_str_is(node->status, "ACTIVE");
}

static bool is_management(const vg_org *org, const vg_node *node)
{
    return vg_str_eq(node->id, org->management);
}

/* Names that accounts for logs have: log, logs, logging, archive. */
static bool is_log_account(const vg_node *node)
{
    static const char *const words[] = {"log", "archive"};
    for (size_t i = 0; i < VG_COUNT(words); i++) {
        vg_str word = vg_str_from(words[i]);
        for (size_t at = 0; at + word.len <= node->name.len; at++)
            if (vg_str_eq_icase(vg_str_sub(node->name, at, word.len), word))
                return true;
    }
    return false;
}

/* Where each of the accounts stands now, in their order, which is what moving them asks for. */
static void put_parents(const vg_org *org, const vg_vec *accounts, vg_fact_sink *sink)
{
    vg_vec parents = list_in(sink);
    for (size_t i = 0; i < accounts->len; i++) {
        const vg_node *node = vg_org_node(org, *(vg_str *)vg_vec_at(accounts, i));
        push(&parents, node && node->parent != VG_NO_NODE ? org->nodes[node->parent].id : VG_STR("-"));
    }
    vg_fact_list(sink, "SuspendedAccountsParents", &parents);
}

static void put_accounts(const vg_view *view, vg_fact_sink *sink)
{
    const vg_org *org = view->org;
    vg_vec in_root = list_in(sink), suspended = list_in(sink), security = list_in(sink);
    int64_t count = 0;
    bool has_parents = things(view, "Vigil::Organization::Parent").count > 0, all_placed = true,
         log_account = false;
    for (size_t i = 0; i < org->node_count; i++) {
        const vg_node *node = &org->nodes[i];
        if (!node->is_account || !node->seen)
            continue;
        count++;
        vg_fact_used(sink, node->seen);
        all_placed = all_placed && node->in_tree;
        log_account = log_account || (is_log_account(node) && is_active(node));
        if (node->parent != VG_NO_NODE && org->nodes[node->parent].is_root && !is_management(org, node))
            push(&in_root, node->id);
        if (!is_active(node) && node->function != VG_OU_SUSPENDED)
            push(&suspended, node->id);
        if (node->function == VG_OU_SECURITY)
            push(&security, node->id);
    }
    if (count == 0)
        return;
    vg_fact_i64(sink, "AccountCount", count);
    vg_fact_bool(sink, "LogArchiveAccount", log_account && count > 1);
    if (has_parents && (all_placed || in_root.len > 0))
        put_list(sink, "AccountsInRoot", &in_root);
    if (has_parents && all_placed) {
        put_list(sink, "SuspendedAccountsElsewhere", &suspended);
        put_parents(org, &suspended, sink);
        put_list(sink, "SecurityAccounts", &security);
    }
}

/* ---- ids ----------------------------------------------------------------------------------------------------------------------- */

/* The member account that a service is delegated to; of several, the one with most; else the only security account that
 * is not for logs. */
static vg_str security_account(const vg_view *view)
{
    const vg_org *org = view->org;
    vg_sightings delegated = things(view, "Vigil::Organization::DelegatedService");
    vg_str best = {0}, only = {0};
    size_t most = 0, count = 0;
    for (size_t i = 0; i < delegated.count; i++) {
        vg_str account = vg_prop_str(&delegated.items[i], "AccountId");
        size_t services = 0;
        for (size_t k = 0; k < delegated.count; k++)
            services += vg_str_eq(vg_prop_str(&delegated.items[k], "AccountId"), account);
        if (services > most) {
            best = account;
            most = services;
        }
    }
    for (size_t i = 0; i < org->node_count && best.len == 0; i++) {
        const vg_node *node = &org->nodes[i];
        if (!node->is_account || node->function != VG_OU_SECURITY || !is_active(node) || is_log_account(node))
            continue;
        only = node->id;
        count++;
    }
    return best.len ? best : count == 1 ? only : (vg_str){0};
}

/* What commands want to know: ids of the root and of OUs by function, and of the account that runs security services. */
static void put_ids(const vg_view *view, vg_fact_sink *sink)
{
    const vg_org *org = view->org;
    vg_sightings roots = things(view, "Vigil::Organization::Root");
    const vg_node *suspended = vg_unit_for(org, VG_OU_SUSPENDED),
                  *workloads = vg_unit_for(org, VG_OU_WORKLOADS);
    const vg_str ids[] = {roots.count ? roots.items[0].resource.id : (vg_str){0},
                          suspended ? suspended->id : (vg_str){0}, workloads ? workloads->id : (vg_str){0},
                          security_account(view)};
    static const char *const names[] = {"RootId", "SuspendedOu", "WorkloadsOu", "SecurityAccount"};
    vg_vec units = list_in(sink);
    for (size_t i = 0; i < VG_COUNT(ids); i++)
        if (ids[i].len > 0)
            vg_fact_str(sink, names[i], ids[i]);
    for (size_t i = 0; i < org->node_count; i++)
        if (is_unit(&org->nodes[i]) && org->nodes[i].in_tree)
            push(&units, vg_arena_printf(sink->arena, "%.*s=%.*s", VG_ARG(org->nodes[i].id),
                                         VG_ARG(org->nodes[i].path)));
    if (units.len > 0)
        put_list(sink, "Units", &units);
}

/* ---- policies -------------------------------------------------------------------------------------------------------------------- */

static void put_policy_types(const vg_view *view, vg_fact_sink *sink)
{
    static const struct {
        const char *key, *type;
    } types[] = {
        {"ScpEnabled", "SERVICE_CONTROL_POLICY"},
        {"RcpEnabled", "RESOURCE_CONTROL_POLICY"},
        {"DeclarativePoliciesEnabled", "DECLARATIVE_POLICY_EC2"},
        {"BackupPoliciesEnabled", "BACKUP_POLICY"},
        {"TagPoliciesEnabled", "TAG_POLICY"},
        {"AiOptOutEnabled", "AISERVICES_OPT_OUT_POLICY"},
    };
    vg_sightings roots = things(view, "Vigil::Organization::Root");
    const vg_value *on = roots.count ? vg_prop(&roots.items[0], "PolicyTypes") : NULL;
    if (!on)
        return;
    vg_fact_used(sink, &roots.items[0]);
    for (size_t i = 0; i < VG_COUNT(types); i++) {
        bool enabled = false;
        for (vg_items it = vg_items_of(on); vg_items_next(&it);)
            enabled = enabled || (vg_str_is(vg_get_str(it.value, "Type"), types[i].type) &&
                                  vg_str_is(vg_get_str(it.value, "Status"), "ENABLED"));
        vg_fact_bool(sink, types[i].key, enabled);
    }
}

static bool has_custom_policy(const vg_org *org, const vg_node *node, vg_org_policy_kind kind)
{
    for (size_t i = 0; i < node->policy_count; i++) {
        const vg_org_policy *policy = &org->policies[org->attached[node->policy_first + i]];
        if (policy->kind_known && policy->kind == kind && !policy->is_default)
            return true;
    }
    return false;
}

/* An SCP of its own on the unit or above it. */
static bool is_bound(const vg_org *org, const vg_node *unit)
{
    const vg_node *node = unit;
    for (size_t steps = 0; node && steps < 64; steps++) {
        if (has_custom_policy(org, node, VG_ORG_SCP))
            return true;
        node = node->is_root || node->parent == VG_NO_NODE ? NULL : &org->nodes[node->parent];
    }
    return false;
}

static bool attachments_are_known(const vg_org *org, vg_org_policy_kind kind)
{
    bool any = false;
    for (size_t i = 0; i < org->policy_count; i++) {
        const vg_org_policy *policy = &org->policies[i];
        any = any || (policy->kind_known && policy->kind == kind);
        if ((!policy->kind_known || policy->kind == kind) && !policy->is_default && !policy->targets_known)
            return false;
    }
    return any ||
           vg_was_read(org->readings, "organizations:ListPolicies", VG_STR(""), VG_STR(""), VG_STR(""));
}

static void put_attachments(const vg_view *view, vg_fact_sink *sink)
{
    const vg_org *org = view->org;
    vg_vec unbound = list_in(sink), detached = list_in(sink), unbound_ids = list_in(sink),
           detached_ids = list_in(sink), own = list_in(sink);
    bool rcp = false;
    for (size_t i = 0; i < org->policy_count; i++) {
        const vg_org_policy *policy = &org->policies[i];
        if (!policy->kind_known || policy->is_default)
            continue;
        rcp = rcp || (policy->kind == VG_ORG_RCP && policy->target_count > 0);
        if (policy->kind == VG_ORG_SCP)
            push(&own, policy->id);
        if (policy->kind != VG_ORG_SCP || policy->target_count > 0)
            continue;
        push(&detached, policy->name.len ? policy->name : policy->id);
        push(&detached_ids, policy->id);
    }
    for (size_t i = 0; i < org->node_count; i++) {
        const vg_node *node = &org->nodes[i];
        if (!node->is_account || node->parent == VG_NO_NODE || is_management(org, node))
            continue;
        const vg_node *unit = &org->nodes[node->parent];
        if (!is_unit(unit) || is_bound(org, unit))
            continue;
        push(&unbound, unit->name.len ? unit->name : unit->id);
        push(&unbound_ids, unit->id);
    }
    put_list(sink, "Scps", &own);
    if (attachments_are_known(org, VG_ORG_SCP)) {
        put_list(sink, "OusWithoutScp", &unbound);
        put_list(sink, "DetachedScps", &detached);
        put_list(sink, "OuIdsWithoutScp", &unbound_ids);
        put_list(sink, "DetachedScpIds", &detached_ids);
    }
    if (rcp || attachments_are_known(org, VG_ORG_RCP))
        vg_fact_bool(sink, "RcpAttached", rcp);
}

/* ---- services ---------------------------------------------------------------------------------------------------------------------- */

static bool is_security_service(vg_str principal)
{
    static const char *const services[] = {"guardduty.",  "securityhub.",     "config.",
                                           "inspector2.", "access-analyzer.", "cloudtrail."};
    for (size_t i = 0; i < VG_COUNT(services); i++)
        if (vg_str_starts(principal, vg_str_from(services[i])))
            return true;
    return false;
}

static void put_services(const vg_view *view, vg_fact_sink *sink)
{
    vg_sightings delegated = things(view, "Vigil::Organization::DelegatedService");
    vg_sightings trusted = things(view, "Vigil::Organization::TrustedService");
    bool delegated_known = delegated.count > 0 || was_read(view, "organizations:ListDelegatedAdministrators");
    bool trusted_known =
        trusted.count > 0 || was_read(view, "organizations:ListAWSServiceAccessForOrganization");
    vg_vec names = list_in(sink), trusted_names = list_in(sink), at_management = list_in(sink);
    for (size_t i = 0; i < delegated.count; i++)
        push(&names, vg_prop_str(&delegated.items[i], "ServicePrincipal"));
    for (size_t i = 0; i < trusted.count; i++) {
        vg_str principal = vg_prop_str(&trusted.items[i], "ServicePrincipal");
        bool is_delegated = false;
        for (size_t d = 0; d < names.len; d++)
            is_delegated = is_delegated || vg_str_eq(*(vg_str *)vg_vec_at(&names, d), principal);
        push(&trusted_names, principal);
        if (is_security_service(principal) && !is_delegated)
            push(&at_management, principal);
    }
    if (delegated_known)
        put_list(sink, "DelegatedServices", &names);
    if (trusted_known)
        put_list(sink, "TrustedServices", &trusted_names);
    if (delegated_known && trusted_known)
        put_list(sink, "SecurityDelegatedToManagement", &at_management);
}

/* ---- the fact -------------------------------------------------------------------------------------------------------------------------- */

static void put_central_services(const vg_view *view, vg_fact_sink *sink)
{
    vg_sightings instances = things(view, "Vigil::IdentityCenter::Instance");
    vg_sightings features = things(view, "Vigil::IAM::OrganizationsFeatures");
    if (instances.count > 0 || was_read(view, "sso-admin:ListInstances"))
        vg_fact_bool(sink, "IdentityCenter", instances.count > 0);
    const vg_value *enabled = features.count ? vg_prop(&features.items[0], "EnabledFeatures") : NULL;
    if (enabled || was_read(view, "iam:ListOrganizationsFeatures"))
        vg_fact_bool(sink, "CentralRootAccess", vg_any_equal(enabled, VG_STR("RootCredentialsManagement")));
}

void vg_make_structure(const vg_view *view, vg_fact_sink *sink)
{
    const vg_org *org = view->org;
    vg_str feature_set = vg_prop_str(org->about, "FeatureSet");
    vg_fact_begin(sink, "Vigil::Organization::Structure", org->management, VG_STR(""),
                  org->known ? org->id : VG_STR("organization"), VG_STR(""));
    vg_fact_used(sink, org->about);
    if (feature_set.ptr)
        vg_fact_bool(sink, "AllFeatures", vg_str_is(feature_set, "ALL"));
    put_units(view, sink);
    put_accounts(view, sink);
    put_ids(view, sink);
    put_policy_types(view, sink);
    put_attachments(view, sink);
    put_services(view, sink);
    vg_fact_answer(sink, "ManagementRunsWorkloads", org->management_runs);
    put_central_services(view, sink);
    vg_fact_end(sink);
}

/* ---- workloads --------------------------------------------------------------------------------------------------------------------------- */

/* What all environments of one workload come to. Placements of a workload stand together, in the mapping's order. */
static void make_workload(const vg_view *view, const vg_placement *first, size_t count, vg_fact_sink *sink)
{
    const vg_org *org = view->org;
    vg_vec accounts = list_in(sink), others = list_in(sink), unknown = list_in(sink), own = list_in(sink);
    bool shares = false;
    push(&own, first->name);
    for (size_t e = 0; e < count; e++)
        for (size_t a = 0; a < first[e].account_count; a++) {
            vg_str account = first[e].accounts[a];
            const vg_node *node = vg_org_node(org, account);
            push(&accounts, account);
            if (!node || !node->seen)
                push(&unknown, account);
            for (size_t p = 0; p < org->placement_count; p++) {
                const vg_placement *other = &org->placements[p];
                if (!vg_placement_has(other, account))
                    continue;
                bool is_self = vg_str_eq(other->name, first->name);
                if (!is_self)
                    push(&others, other->name);
                shares = shares || (first[e].stage == VG_STAGE_PROD && other->stage == VG_STAGE_NONPROD);
            }
        }
    vg_fact_begin(sink, "Vigil::Workload::Workload", org->management, VG_STR(""), first->name, first->name);
    vg_fact_used(sink, first->seen);
    vg_fact_str(sink, "Name", first->name);
    vg_fact_str(sink, "Function", first->function);
    vg_fact_str(sink, "Owner", first->owner);
    put_list(sink, "Workloads", &own);
    put_list(sink, "Accounts", &accounts);
    put_list(sink, "SharesAccountsWith", &others);
    vg_fact_bool(sink, "ProdSharesAccountWithNonProd", shares);
    if (things(view, "Vigil::Organization::Account").count > 0)
        put_list(sink, "AccountsUnknown", &unknown);
    vg_fact_end(sink);
}

void vg_make_workloads(const vg_view *view, vg_fact_sink *sink)
{
    const vg_org *org = view->org;
    if (org->placement_count == 0)
        vg_fact_unknown_set(sink, "Vigil::Workload::Workload");
    for (size_t i = 0, end; i < org->placement_count; i = end) {
        for (end = i + 1; end < org->placement_count; end++)
            if (!vg_str_eq(org->placements[end].name, org->placements[i].name))
                break;
        make_workload(view, &org->placements[i], end - i, sink);
    }
}
