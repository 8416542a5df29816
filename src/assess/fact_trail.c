/* fact_trail.c: Vigil::Account::Trail: the account's audit trail over all regions, its own or the organisation's. */
#include "assess/assess_part.h"

/* ---- which trail covers what ----------------------------------------------------------------------------------------------- */

bool vg_trail_covers(const vg_view *view, const vg_sighting *trail, vg_str region, bool of_organization)
{
    bool is_organization = vg_prop_bool(trail, "IsOrganizationTrail") == VG_YES;
    bool is_multi_region = vg_prop_bool(trail, "IsMultiRegionTrail") == VG_YES;
    bool is_own = vg_str_eq(trail->resource.account, view->account);
    bool is_here =
        region.len == 0 ? is_multi_region : is_multi_region || vg_str_eq(trail->resource.region, region);
    /* The list of the organisation repeats the account's own trails: they count once. */
    return is_here && (of_organization ? is_organization && !is_own : true);
}

const vg_sighting *vg_trail_status(const vg_view *view, vg_str arn)
{
    vg_sightings lists[] = {vg_view_of(view, "Vigil::CloudTrail::TrailStatus"), view->org->trail_status};
    const vg_sighting *best = NULL;
    for (size_t l = 0; l < VG_COUNT(lists); l++)
        for (size_t i = 0; i < lists[l].count; i++) {
            const vg_sighting *seen = &lists[l].items[i];
            if (vg_str_eq(seen->resource.id, arn) && (!best || seen->seen > best->seen))
                best = seen;
        }
    return best;
}

/* ---- event selectors -------------------------------------------------------------------------------------------------------- */

typedef struct {
    bool read, write, data;
} logged_events;

static void read_selector(const vg_value *selector, logged_events *logged)
{
    vg_str kind = vg_get_str(selector, "ReadWriteType");
    if (vg_get_bool(selector, "IncludeManagementEvents", true)) {
        logged->read = logged->read || !vg_str_is(kind, "WriteOnly");
        logged->write = logged->write || !vg_str_is(kind, "ReadOnly");
    }
    vg_items resources = vg_items_of(vg_get(selector, VG_STR("DataResources")));
    logged->data = logged->data || vg_items_next(&resources);
}

/* An advanced selector: fields with conditions. readOnly narrows; other fields of management events narrow further. */
static void read_advanced(const vg_value *selector, logged_events *logged)
{
    bool is_management = false, is_data = false, is_narrow = false, only_read = false, only_write = false;
    for (vg_items it = vg_items_of(vg_get(selector, VG_STR("FieldSelectors"))); vg_items_next(&it);) {
        vg_str field = vg_get_str(it.value, "Field");
        const vg_value *equals = vg_get(it.value, VG_STR("Equals"));
        if (vg_str_is(field, "eventCategory")) {
            is_management = vg_any_equal(equals, VG_STR("Management"));
            is_data = vg_any_equal(equals, VG_STR("Data"));
        } else if (vg_str_is(field, "readOnly")) {
            only_read = vg_any_equal(equals, VG_STR("true"));
            only_write = vg_any_equal(equals, VG_STR("false"));
        } else if (!vg_get(it.value, VG_STR("NotEquals"))) {
            is_narrow = true;
        }
    }
    logged->data = logged->data || is_data;
    if (is_management && !is_narrow) {
        logged->read = logged->read || !only_write;
        logged->write = logged->write || !only_read;
    }
}

static bool read_selectors(const vg_view *view, const vg_sighting *trail, logged_events *logged,
                           vg_fact_sink *sink)
{
    vg_sightings lists[] = {vg_view_of(view, "Vigil::CloudTrail::EventSelectors"),
                            vg_sightings_of(view->org->all, "Vigil::CloudTrail::EventSelectors")};
    for (size_t l = 0; l < VG_COUNT(lists); l++)
        for (size_t i = 0; i < lists[l].count; i++) {
            const vg_sighting *seen = &lists[l].items[i];
            if (!vg_str_eq(seen->resource.id, trail->resource.id))
                continue;
            vg_fact_used(sink, seen);
            for (vg_items it = vg_items_of(vg_prop(seen, "EventSelectors")); vg_items_next(&it);)
                read_selector(it.value, logged);
            for (vg_items it = vg_items_of(vg_prop(seen, "AdvancedEventSelectors")); vg_items_next(&it);)
                read_advanced(it.value, logged);
            return true;
        }
    return false;
}

/* ---- what the logs themselves show ------------------------------------------------------------------------------------------------- */

/* Of logs that were ingested: what `vigil trail ingest` found in them, region by region. */
typedef struct {
    bool any, data_events, has_recent_gap;
    vg_vec regions, trails, gaps; /* vg_str */
} seen_logs;

static void push_name(vg_vec *list, vg_str name)
{
    vg_str *slot = vg_vec_push(list);
    if (slot)
        *slot = name;
}

static void add_region_logs(const vg_sighting *seen, vg_arena *arena, seen_logs *logs)
{
    int64_t recent = 0;
    vg_str region = seen->resource.region.len ? seen->resource.region : VG_STR("global");
    logs->any = true;
    logs->data_events = logs->data_events || vg_prop_bool(seen, "DataEvents") == VG_YES;
    logs->has_recent_gap =
        logs->has_recent_gap || (vg_prop_i64(seen, "RecentGapHours", &recent) && recent > 0);
    if (vg_prop_bool(seen, "ManagementEvents") == VG_YES)
        push_name(&logs->regions, region);
    for (vg_items it = vg_items_of(vg_prop(seen, "DigestTrails")); vg_items_next(&it);)
        push_name(&logs->trails, vg_value_str(it.value));
    for (vg_items it = vg_items_of(vg_prop(seen, "Gaps")); vg_items_next(&it);)
        push_name(&logs->gaps,
                  vg_arena_printf(arena, "%.*s: %.*s", VG_ARG(region), VG_ARG(vg_value_str(it.value))));
}

static seen_logs read_logs(const vg_view *view, vg_fact_sink *sink)
{
    vg_sightings all = vg_view_of(view, "Vigil::CloudTrail::LogCoverage");
    seen_logs logs = {.regions = vg_vec_in(sink->arena, sizeof(vg_str)),
                      .trails = vg_vec_in(sink->arena, sizeof(vg_str)),
                      .gaps = vg_vec_in(sink->arena, sizeof(vg_str))};
    for (size_t i = 0; i < all.count; i++)
        add_region_logs(&all.items[i], sink->arena, &logs);
    vg_tidy_names(&logs.regions);
    vg_tidy_names(&logs.trails);
    return logs;
}

static void put_logs(const seen_logs *logs, vg_fact_sink *sink)
{
    if (!logs->any)
        return;
    vg_fact_list(sink, "LoggedRegions", &logs->regions);
    vg_fact_bool(sink, "LoggedDataEvents", logs->data_events);
    vg_fact_list(sink, "DigestTrails", &logs->trails);
    vg_fact_list(sink, "DeliveryGaps", &logs->gaps);
}

/* ---- the fact -------------------------------------------------------------------------------------------------------------------- */

/* What all trails that cover the account in every region come to. */
typedef struct {
    size_t covering, logging, unknown_status;
    bool validates, encrypts, organization, delivers, status_known, selectors_known;
    logged_events logged;
    const vg_sighting *main; /* the one to change: it logs, else it covers every region, else it is there */
    unsigned rank;           /* of `main`: 3, 2, 1 */
} trail_summary;

static void consider_main(trail_summary *all, const vg_sighting *trail, unsigned rank)
{
    if (rank <= all->rank)
        return;
    all->main = trail;
    all->rank = rank;
}

static void add_trail(const vg_view *view, const vg_sighting *trail, trail_summary *all, vg_fact_sink *sink)
{
    const vg_sighting *status = vg_trail_status(view, trail->resource.id);
    vg_answer logging = vg_prop_bool(status, "IsLogging");
    vg_fact_used(sink, trail);
    vg_fact_used(sink, status);
    all->covering++;
    all->unknown_status += logging == VG_UNKNOWN;
    all->organization = all->organization || vg_prop_bool(trail, "IsOrganizationTrail") == VG_YES;
    consider_main(all, trail, logging == VG_NO ? 2 : 3);
    if (logging == VG_NO)
        return;
    all->logging += logging == VG_YES;
    all->validates = all->validates || vg_prop_bool(trail, "EnableLogFileValidation") == VG_YES;
    all->encrypts = all->encrypts || vg_prop_str(trail, "KMSKeyId").len > 0;
    all->status_known = all->status_known || status;
    all->delivers = all->delivers || (status && vg_prop_str(status, "LatestDeliveryError").len == 0);
    all->selectors_known = read_selectors(view, trail, &all->logged, sink) || all->selectors_known;
}

/* What commands that change the trail want to know. Its ARN says where it lives, whoever listed it. */
static void put_main(const vg_sighting *trail, vg_fact_sink *sink)
{
    static const vg_str absent = {0};
    vg_arn arn;
    if (!trail || !vg_arn_parse(trail->resource.id, &arn))
        return;
    vg_str bucket = vg_prop_str(trail, "S3BucketName"), key = vg_prop_str(trail, "KMSKeyId");
    vg_fact_str(sink, "TrailArn", trail->resource.id);
    vg_fact_str(sink, "TrailAccount", arn.account);
    vg_fact_str(sink, "TrailRegion", arn.region);
    vg_fact_str(sink, "LogBucket", bucket.len ? bucket : absent);
    vg_fact_str(sink, "LogKey", key.len ? key : absent);
}

/* A gap in the logs of the last weeks outweighs a status that reports no error. */
static void put_summary(const trail_summary *all, const seen_logs *logs, vg_fact_sink *sink)
{
    if (all->logging > 0 || all->unknown_status == 0)
        vg_fact_bool(sink, "MultiRegion", all->logging > 0);
    vg_fact_bool(sink, "OrganizationTrail", all->organization);
    vg_fact_bool(sink, "LogFileValidation", all->validates);
    vg_fact_bool(sink, "Encrypted", all->encrypts);
    bool has_none = all->covering == 0;
    if (all->status_known || has_none || logs->has_recent_gap)
        vg_fact_bool(sink, "DeliveringOk", all->delivers && !logs->has_recent_gap);
    if (all->selectors_known || has_none) {
        vg_fact_bool(sink, "ManagementEventsAll", all->logged.read && all->logged.write);
        vg_fact_bool(sink, "DataEvents", all->logged.data);
    }
}

void vg_make_trail(const vg_view *view, vg_fact_sink *sink)
{
    vg_sightings lists[] = {vg_view_of(view, "AWS::CloudTrail::Trail"), view->org->trails};
    trail_summary all = {0};
    bool is_known = lists[0].count > 0 || vg_view_was_read(view, "cloudtrail:DescribeTrails", VG_STR(""));
    vg_fact_begin(sink, "Vigil::Account::Trail", view->account, VG_STR(""), view->account, VG_STR(""));
    for (size_t l = 0; l < VG_COUNT(lists); l++)
        for (size_t i = 0; i < lists[l].count; i++)
            if (vg_trail_covers(view, &lists[l].items[i], VG_STR(""), l == 1))
                add_trail(view, &lists[l].items[i], &all, sink);
    for (size_t i = 0; i < lists[0].count; i++)
        consider_main(&all, &lists[0].items[i], 1);
    seen_logs logs = read_logs(view, sink);
    put_main(all.main, sink);
    put_logs(&logs, sink);
    if (is_known || all.covering > 0)
        put_summary(&all, &logs, sink);
    else if (logs.has_recent_gap)
        vg_fact_bool(sink, "DeliveringOk", false);
    vg_fact_end(sink);
}
