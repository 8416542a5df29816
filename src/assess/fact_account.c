/* fact_account.c: Vigil::Account::Account: the account's place in the organisation, and which workloads run in it;
 * Vigil::Account::Findings: what AWS's own services report of it. */
#include "assess/assess_part.h"

#include <stdlib.h>

/* ---- workloads ------------------------------------------------------------------------------------------------------------ */

/* Types whose resources do a workload's work, rather than govern or observe. */
static const char *const workload_types[] = {
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGatewayV2::Api",
    "AWS::AppRunner::Service",
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::Batch::JobQueue",
    "AWS::DynamoDB::Table",
    "AWS::EC2::Instance",
    "AWS::ECS::Cluster",
    "AWS::ECS::Service",
    "AWS::EKS::Cluster",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::ElasticBeanstalk::Environment",
    "AWS::ElasticLoadBalancing::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::Elasticsearch::Domain",
    "AWS::Lambda::Function",
    "AWS::OpenSearchService::Domain",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Redshift::Cluster",
    "AWS::SageMaker::NotebookInstance",
    "AWS::StepFunctions::StateMachine",
};

bool vg_snapshot_was_read(const vg_view *view)
{
    if (vg_view_was_read(view, "config-snapshot", VG_STR("")))
        return true;
    for (size_t i = 0; i < view->all.count; i++)
        if (vg_str_starts(view->all.items[i].resource.source, VG_STR("config-")))
            return true;
    return false;
}

vg_answer vg_runs_workloads(const vg_view *view)
{
    for (size_t i = 0; i < view->org->placement_count; i++)
        if (vg_placement_has(&view->org->placements[i], view->account))
            return VG_YES;
    for (size_t i = 0; i < VG_COUNT(workload_types); i++)
        if (vg_view_of(view, workload_types[i]).count > 0)
            return VG_YES;
    return vg_snapshot_was_read(view) ? VG_NO : VG_UNKNOWN;
}

static void push_once(vg_vec *list, vg_str name)
{
    for (size_t i = 0; i < list->len; i++)
        if (vg_str_eq(*(vg_str *)vg_vec_at(list, i), name))
            return;
    vg_str *item = name.len ? vg_vec_push(list) : NULL;
    if (item)
        *item = name;
}

static void put_workloads(const vg_view *view, vg_fact_sink *sink)
{
    vg_vec names = vg_vec_in(sink->arena, sizeof(vg_str)),
           environments = vg_vec_in(sink->arena, sizeof(vg_str));
    bool prod = false, nonprod = false;
    const vg_org *org = view->org;
    if (org->placement_count == 0)
        return;
    for (size_t i = 0; i < org->placement_count; i++) {
        const vg_placement *placement = &org->placements[i];
        if (!vg_placement_has(placement, view->account))
            continue;
        vg_fact_used(sink, placement->seen);
        push_once(&names, placement->name);
        push_once(&environments, placement->environment);
        prod = prod || placement->stage == VG_STAGE_PROD;
        nonprod = nonprod || placement->stage == VG_STAGE_NONPROD;
    }
    vg_fact_list(sink, "Workloads", &names);
    vg_fact_i64(sink, "WorkloadCount", (int64_t)names.len);
    vg_fact_list(sink, "Environments", &environments);
    vg_fact_bool(sink, "MixesProdAndNonProd", prod && nonprod);
}

/* ---- where it belongs ---------------------------------------------------------------------------------------------------------- */

const vg_node *vg_unit_for(const vg_org *org, vg_ou_function function)
{
    const vg_node *best = NULL;
    bool is_tie = false;
    for (size_t i = 0; i < org->node_count; i++) {
        const vg_node *node = &org->nodes[i];
        if (node->is_account || node->is_root || !node->in_tree || node->function != function)
            continue;
        is_tie = best && (node->depth == best->depth || (node->depth > best->depth && is_tie));
        best = !best || node->depth < best->depth ? node : best;
    }
    return is_tie ? NULL : best;
}

/* The OU for the environments that the mapping places here, when they are of one kind and one OU is for it. */
static void put_fitting_unit(const vg_view *view, const vg_node *node, vg_fact_sink *sink)
{
    const vg_org *org = view->org;
    vg_stage stage = VG_STAGE_NONE;
    for (size_t i = 0; i < org->placement_count; i++) {
        if (!vg_placement_has(&org->placements[i], view->account))
            continue;
        if (stage != VG_STAGE_NONE && org->placements[i].stage != stage)
            return;
        stage = org->placements[i].stage;
    }
    if (stage == VG_STAGE_NONE || vg_view_is_management(view))
        return;
    const vg_node *unit =
        vg_unit_for(org, stage == VG_STAGE_PROD ? VG_OU_WORKLOADS_PROD : VG_OU_WORKLOADS_NONPROD);
    unit = unit ? unit : vg_unit_for(org, VG_OU_WORKLOADS);
    bool is_there = unit && node && node->parent != VG_NO_NODE && &org->nodes[node->parent] == unit;
    if (unit && !is_there)
        vg_fact_str(sink, "FittingOu", unit->id);
}

/* ---- the account ------------------------------------------------------------------------------------------------------------- */

static void put_place(const vg_view *view, const vg_node *node, vg_fact_sink *sink)
{
    const vg_org *org = view->org;
    if (!node)
        return;
    vg_fact_used(sink, node->seen);
    if (node->seen)
        vg_fact_str(sink, "Name", node->name);
    vg_fact_str(sink, "Status", node->status);
    if (node->parent == VG_NO_NODE)
        return;
    vg_fact_str(sink, "ParentId", org->nodes[node->parent].id);
    vg_fact_bool(sink, "InRoot", org->nodes[node->parent].is_root);
    if (!node->in_tree)
        return;
    vg_fact_str(sink, "OuPath", node->path);
    vg_fact_str(sink, "OuFunction", vg_str_from(vg_ou_function_name(node->function)));
    vg_fact_bool(sink, "OuNamedByDepartment", node->department);
}

void vg_make_account(const vg_view *view, vg_fact_sink *sink)
{
    const vg_node *node = vg_org_node(view->org, view->account);
    vg_vec regions;
    bool shown;
    vg_fact_begin(sink, "Vigil::Account::Account", view->account, VG_STR(""), view->account,
                  node && node->name.ptr ? node->name : VG_STR(""));
    vg_fact_str(sink, "Id", view->account);
    put_place(view, node, sink);
    if (view->org->known)
        vg_fact_bool(sink, "IsManagement", vg_view_is_management(view));
    put_workloads(view, sink);
    put_fitting_unit(view, node, sink);
    vg_fact_answer(sink, "RunsWorkloads", vg_runs_workloads(view));
    vg_regions_in_use(view, sink->arena, &regions, &shown);
    if (regions.len > 0)
        vg_fact_list(sink, "RegionsInUse", &regions);
    vg_fact_end(sink);
}

/* ---- findings of other products ------------------------------------------------------------------------------------------------ */

/* What would be left open once those of one severity, or the old ones, were closed. */
static void put_open_by_kind(const vg_view *view, const vg_open_findings *open, vg_fact_sink *sink)
{
    enum { OLD_AFTER_DAYS = 30 };
    int64_t oldest_critical = -1, oldest_high = -1, oldest_recent = -1, recent_critical = 0, recent_high = 0;
    for (size_t i = 0; i < open->severe.len; i++) {
        const vg_open_finding *finding = vg_vec_at(&open->severe, i);
        int64_t days = vg_view_days(view, finding->since, &(vg_sighting){.seen = open->latest});
        int64_t *oldest = finding->is_critical ? &oldest_critical : &oldest_high;
        *oldest = days > *oldest ? days : *oldest;
        if (days > OLD_AFTER_DAYS)
            continue;
        oldest_recent = days > oldest_recent ? days : oldest_recent;
        recent_critical += finding->is_critical;
        recent_high += !finding->is_critical;
    }
    const struct {
        const char *name;
        int64_t days;
    } oldest[] = {{"OldestCriticalDays", oldest_critical},
                  {"OldestHighDays", oldest_high},
                  {"OldestRecentDays", oldest_recent}};
    for (size_t i = 0; i < VG_COUNT(oldest); i++)
        if (oldest[i].days >= 0)
            vg_fact_i64(sink, oldest[i].name, oldest[i].days);
    vg_fact_i64(sink, "RecentCritical", recent_critical);
    vg_fact_i64(sink, "RecentHigh", recent_high);
}

void vg_make_findings(const vg_view *view, vg_fact_sink *sink)
{
    const vg_map_entry *entry = view->org->findings ? vg_map_get(view->org->findings, view->account) : NULL;
    const vg_open_findings *open = entry ? entry->value.ptr : NULL;
    bool is_read = vg_was_read(view->org->readings, "asff", VG_STR(""), VG_STR(""), VG_STR(""));
    vg_fact_begin(sink, "Vigil::Account::Findings", view->account, VG_STR(""), view->account, VG_STR(""));
    if (open || is_read) {
        vg_vec none = vg_vec_in(sink->arena, sizeof(vg_str));
        vg_fact_i64(sink, "Critical", open ? open->critical : 0);
        vg_fact_i64(sink, "High", open ? open->high : 0);
        if (open && open->oldest != VG_TIME_NONE)
            vg_fact_i64(sink, "OldestCriticalOrHighDays",
                        vg_view_days(view, open->oldest, &(vg_sighting){.seen = open->latest}));
        if (open && open->severe.len > 0)
            put_open_by_kind(view, open, sink);
        vg_fact_list(sink, "Products", open ? &open->products : &none);
    }
    vg_fact_end(sink);
}
