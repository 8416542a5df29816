/* fact_services.c: Vigil::Region::Services: which detective services are on in each region that is in use.
 *
 * A region is in use when activity was logged or resources were seen there. When nothing tells, every enabled region
 * counts: nobody looks at the ones that are left out, which is why an attacker goes there. A trail or analyzer of the
 * organisation covers its members, wherever it was listed. */
#include "assess/assess_part.h"

#include <stdlib.h>

/* ---- regions in use ------------------------------------------------------------------------------------------------------- */

static void add_region(vg_vec *regions, vg_str region)
{
    if (!vg_is_region(region))
        return;
    for (size_t i = 0; i < regions->len; i++)
        if (vg_str_eq(*(vg_str *)vg_vec_at(regions, i), region))
            return;
    vg_str *item = vg_vec_push(regions);
    if (item)
        *item = region;
}

static int compare_regions(const void *a, const void *b)
{
    return vg_str_cmp(*(const vg_str *)a, *(const vg_str *)b);
}

static bool is_of_snapshot(const vg_sighting *seen)
{
    return vg_str_starts(seen->resource.type, VG_STR("AWS::")) &&
           vg_str_starts(seen->resource.source, VG_STR("config-"));
}

static void add_shown_regions(const vg_view *view, vg_vec *regions)
{
    for (size_t i = 0; i < view->all.count; i++) {
        const vg_sighting *seen = &view->all.items[i];
        bool is_log =
            vg_str_is(seen->resource.type, "Vigil::CloudTrail::LogFile") ||
            (vg_str_is(seen->resource.type, "Vigil::CloudTrail::LogCoverage") && seen->resource.region.len);
        if (is_log || is_of_snapshot(seen))
            add_region(regions, seen->resource.region);
    }
}

static bool is_enabled_region(const vg_sighting *region)
{
    static const char *const off[] = {"DISABLED", "DISABLING", "not-opted-in"};
    vg_str status = vg_prop_str(region, "RegionOptStatus");
    for (size_t i = 0; i < VG_COUNT(off); i++)
        if (vg_str_is(status, off[i]))
            return false;
    return true;
}

static void add_enabled_regions(const vg_view *view, vg_vec *regions)
{
    vg_sightings all = vg_view_of(view, "Vigil::Account::Region");
    for (size_t i = 0; i < all.count; i++)
        if (is_enabled_region(&all.items[i]))
            add_region(regions, all.items[i].resource.region.len ? all.items[i].resource.region
                                                                 : all.items[i].resource.id);
}

static void add_evidence_regions(const vg_view *view, vg_vec *regions)
{
    static const char *const types[] = {
        "AWS::CloudTrail::Trail",           "AWS::Config::ConfigurationRecorder",
        "Vigil::Config::RecorderStatus",    "AWS::GuardDuty::Detector",
        "Vigil::GuardDuty::Detectors",      "AWS::SecurityHub::Hub",
        "Vigil::Inspector::AccountStatus",  "AWS::AccessAnalyzer::Analyzer",
        "Vigil::AccessAnalyzer::Analyzers",
    };
    for (size_t t = 0; t < VG_COUNT(types); t++) {
        vg_sightings all = vg_view_of(view, types[t]);
        for (size_t i = 0; i < all.count; i++)
            add_region(regions, all.items[i].resource.region);
    }
}

void vg_regions_in_use(const vg_view *view, vg_arena *arena, vg_vec *regions, bool *shown)
{
    *regions = vg_vec_in(arena, sizeof(vg_str));
    add_shown_regions(view, regions);
    *shown = regions->len > 0;
    if (regions->len == 0)
        add_enabled_regions(view, regions);
    if (regions->len == 0)
        add_evidence_regions(view, regions);
    if (regions->len > 1)
        qsort(regions->items, regions->len, sizeof(vg_str), compare_regions);
}

/* ---- one region ------------------------------------------------------------------------------------------------------------ */

typedef struct {
    const vg_view *view;
    vg_str region;
    vg_fact_sink *sink;
} region_view;

/* The i-th thing of the type in this region, counting from *from on; NULL at the end. */
static const vg_sighting *next_in_region(const region_view *r, vg_sightings all, size_t *from)
{
    while (*from < all.count) {
        const vg_sighting *seen = &all.items[(*from)++];
        if (vg_str_eq(seen->resource.region, r->region)) {
            vg_fact_used(r->sink, seen);
            return seen;
        }
    }
    return NULL;
}

static const vg_sighting *first_in_region(const region_view *r, const char *type)
{
    size_t from = 0;
    return next_in_region(r, vg_view_of(r->view, type), &from);
}

static bool was_read(const region_view *r, const char *operation)
{
    return vg_view_was_read(r->view, operation, r->region);
}

/* One that logs suffices. "No" needs every trail that covers the region to be known as not logging, or the list of
 * trails to have been read. */
static vg_answer trail_logs(const region_view *r)
{
    vg_sightings lists[] = {vg_view_of(r->view, "AWS::CloudTrail::Trail"), r->view->org->trails};
    size_t covering = 0, unknown = 0;
    for (size_t l = 0; l < VG_COUNT(lists); l++)
        for (size_t i = 0; i < lists[l].count; i++) {
            const vg_sighting *trail = &lists[l].items[i];
            if (!vg_trail_covers(r->view, trail, r->region, l == 1))
                continue;
            const vg_sighting *status = vg_trail_status(r->view, trail->resource.id);
            vg_answer logging = vg_prop_bool(status, "IsLogging");
            vg_fact_used(r->sink, trail);
            vg_fact_used(r->sink, status);
            if (logging == VG_YES)
                return VG_YES;
            covering++;
            unknown += logging == VG_UNKNOWN;
        }
    if (unknown > 0)
        return VG_UNKNOWN;
    return covering > 0 || was_read(r, "cloudtrail:DescribeTrails") ? VG_NO : VG_UNKNOWN;
}

static bool records_all(const vg_sighting *recorder)
{
    bool is_all = vg_prop_bool(recorder, "RecordingGroup/AllSupported") == VG_YES;
    vg_str strategy = vg_prop_str(recorder, "RecordingGroup/RecordingStrategy/UseOnly");
    return is_all || vg_str_is(strategy, "ALL_SUPPORTED_RESOURCE_TYPES");
}

static void put_config(const region_view *r)
{
    vg_answer recording = VG_UNKNOWN, all = VG_UNKNOWN;
    vg_sightings statuses = vg_view_of(r->view, "Vigil::Config::RecorderStatus");
    vg_sightings recorders = vg_view_of(r->view, "AWS::Config::ConfigurationRecorder");
    const vg_sighting *seen;
    for (size_t i = 0; (seen = next_in_region(r, statuses, &i));) {
        vg_answer one = vg_prop_bool(seen, "Recording");
        recording = one > recording ? one : recording;
    }
    for (size_t i = 0; (seen = next_in_region(r, recorders, &i));)
        all = all == VG_YES || records_all(seen) ? VG_YES : VG_NO;
    bool none = first_in_region(r, "AWS::Config::ConfigurationRecorder") == NULL &&
                was_read(r, "config:DescribeConfigurationRecorders");
    bool no_status = recording == VG_UNKNOWN && was_read(r, "config:DescribeConfigurationRecorderStatus");
    if (recording == VG_UNKNOWN && (none || no_status))
        recording = VG_NO;
    const vg_sighting *recorder = first_in_region(r, "AWS::Config::ConfigurationRecorder");
    if (recorder)
        vg_fact_str(r->sink, "RecorderName", recorder->resource.id);
    vg_fact_answer(r->sink, "ConfigRecording", recording);
    vg_fact_answer(r->sink, "ConfigAllSupported", all == VG_UNKNOWN && none ? VG_NO : all);
}

/* Where the account's recorders deliver to in any region: what a new channel wants to know. */
static void put_config_bucket(const region_view *r)
{
    vg_sightings channels = vg_view_of(r->view, "AWS::Config::DeliveryChannel");
    for (size_t i = 0; i < channels.count; i++) {
        vg_str bucket = vg_prop_str(&channels.items[i], "S3BucketName");
        if (bucket.len > 0) {
            vg_fact_str(r->sink, "ConfigBucket", bucket);
            return;
        }
    }
}

/* AWS spells these keys in camelCase; an import may keep either. */
static bool delivery_failed(const vg_sighting *status)
{
    static const char *const paths[] = {
        "ConfigHistoryDeliveryInfo/lastStatus",  "ConfigHistoryDeliveryInfo/LastStatus",
        "ConfigSnapshotDeliveryInfo/lastStatus", "ConfigSnapshotDeliveryInfo/LastStatus",
        "ConfigStreamDeliveryInfo/lastStatus",   "ConfigStreamDeliveryInfo/LastStatus",
    };
    for (size_t i = 0; i < VG_COUNT(paths); i++)
        if (vg_str_eq_icase(vg_prop_str(status, paths[i]), VG_STR("FAILURE")))
            return true;
    return false;
}

static vg_answer config_delivers(const region_view *r)
{
    const vg_sighting *channel = first_in_region(r, "AWS::Config::DeliveryChannel");
    const vg_sighting *status = first_in_region(r, "Vigil::Config::DeliveryChannelStatus");
    if (!channel && !status)
        return was_read(r, "config:DescribeDeliveryChannels") ? VG_NO : VG_UNKNOWN;
    return status ? vg_answer_of(!delivery_failed(status)) : VG_UNKNOWN;
}

static void put_guardduty(const region_view *r)
{
    vg_vec features = vg_vec_in(r->sink->arena, sizeof(vg_str));
    const vg_sighting *list = first_in_region(r, "Vigil::GuardDuty::Detectors");
    const vg_sighting *detector = first_in_region(r, "AWS::GuardDuty::Detector");
    const vg_value *ids = vg_prop(list, "DetectorIds");
    bool is_none = ids && vg_value_count(ids) == 0;
    if (!detector && (is_none || (!list && was_read(r, "guardduty:ListDetectors")))) {
        vg_fact_bool(r->sink, "GuardDutyEnabled", false);
        return;
    }
    if (!detector)
        return;
    for (vg_items it = vg_items_of(vg_prop(detector, "Features")); vg_items_next(&it);) {
        vg_str *name = vg_str_is(vg_get_str(it.value, "Status"), "ENABLED") ? vg_vec_push(&features) : NULL;
        if (name)
            *name = vg_get_str(it.value, "Name");
    }
    vg_fact_str(r->sink, "DetectorId", detector->resource.id);
    vg_fact_answer(r->sink, "GuardDutyEnabled", vg_prop_bool(detector, "Enable"));
    vg_fact_list(r->sink, "GuardDutyFeatures", &features);
}

/* "arn:aws:securityhub:us-east-1::standards/NAME/v/1.0.0" and "...:ruleset/NAME/v/1.2.0". */
static vg_str standard_name(vg_str arn)
{
    static const vg_str marks[] = {VG_STR_INIT("standards/"), VG_STR_INIT("ruleset/")};
    for (size_t i = 0; i < VG_COUNT(marks); i++) {
        size_t at = vg_str_find(arn, marks[i]);
        if (at != VG_NPOS)
            return vg_str_sub(arn, at + marks[i].len, VG_NPOS);
    }
    return arn;
}

static void put_security_hub(const region_view *r)
{
    vg_vec standards = vg_vec_in(r->sink->arena, sizeof(vg_str));
    const vg_sighting *hub = first_in_region(r, "AWS::SecurityHub::Hub");
    const vg_sighting *list = first_in_region(r, "Vigil::SecurityHub::Standards");
    bool is_on = hub && vg_prop_bool(hub, "Present") != VG_NO;
    if (hub)
        vg_fact_bool(r->sink, "SecurityHubEnabled", is_on);
    for (vg_items it = vg_items_of(vg_prop(list, "StandardsSubscriptions")); vg_items_next(&it);) {
        vg_str status = vg_get_str(it.value, "StandardsStatus");
        bool is_gone = vg_str_is(status, "DELETING") || vg_str_is(status, "FAILED");
        vg_str *name = is_gone ? NULL : vg_vec_push(&standards);
        if (name)
            *name = standard_name(vg_get_str(it.value, "StandardsArn"));
    }
    if (list || (hub && !is_on))
        vg_fact_list(r->sink, "SecurityHubStandards", &standards);
}

static void put_inspector(const region_view *r)
{
    static const struct {
        const char *property, *name;
    } kinds[] = {{"Ec2", "EC2"},
                 {"Ecr", "ECR"},
                 {"Lambda", "LAMBDA"},
                 {"LambdaCode", "LAMBDA_CODE"},
                 {"CodeRepository", "CODE_REPOSITORY"}};
    vg_vec scanned = vg_vec_in(r->sink->arena, sizeof(vg_str));
    const vg_sighting *status = first_in_region(r, "Vigil::Inspector::AccountStatus");
    if (!status)
        return;
    for (size_t i = 0; i < VG_COUNT(kinds); i++) {
        bool is_on = vg_str_is(vg_prop_str(status, kinds[i].property), "ENABLED");
        vg_str *name = is_on ? vg_vec_push(&scanned) : NULL;
        if (name)
            *name = vg_str_from(kinds[i].name);
    }
    vg_fact_bool(r->sink, "InspectorEnabled", vg_str_is(vg_prop_str(status, "Status"), "ENABLED"));
    vg_fact_list(r->sink, "InspectorResources", &scanned);
}

/* Analyzers of external access (ACCOUNT, ORGANIZATION) and of unused access, each the account's or the organisation's. */
static void put_analyzers(const region_view *r)
{
    bool external = false, unused = false;
    vg_sightings lists[] = {vg_view_of(r->view, "AWS::AccessAnalyzer::Analyzer"), r->view->org->analyzers};
    bool is_known =
        first_in_region(r, "Vigil::AccessAnalyzer::Analyzers") || was_read(r, "accessanalyzer:ListAnalyzers");
    const vg_sighting *seen;
    for (size_t l = 0; l < VG_COUNT(lists); l++)
        for (size_t i = 0; (seen = next_in_region(r, lists[l], &i));) {
            vg_str type = vg_prop_str(seen, "Type"), status = vg_prop_str(seen, "Status");
            bool is_organization = vg_str_starts(type, VG_STR("ORGANIZATION"));
            is_known = is_known || l == 0;
            if ((l == 1 && !is_organization) || (status.ptr && !vg_str_is(status, "ACTIVE")))
                continue;
            bool is_unused = vg_str_ends(type, VG_STR("UNUSED_ACCESS"));
            external = external || !is_unused;
            unused = unused || is_unused;
        }
    if (is_known || external)
        vg_fact_bool(r->sink, "AccessAnalyzerEnabled", external);
    if (is_known || unused)
        vg_fact_bool(r->sink, "UnusedAccessAnalyzerEnabled", unused);
}

void vg_make_services(const vg_view *view, vg_fact_sink *sink)
{
    vg_vec regions;
    bool shown;
    vg_regions_in_use(view, sink->arena, &regions, &shown);
    if (regions.len == 0)
        vg_fact_unknown_set(sink, "Vigil::Region::Services");
    for (size_t i = 0; i < regions.len; i++) {
        region_view r = {view, *(vg_str *)vg_vec_at(&regions, i), sink};
        vg_fact_begin(sink, "Vigil::Region::Services", view->account, r.region, r.region, r.region);
        vg_fact_bool(sink, "InUse", true);
        vg_fact_answer(sink, "CloudTrailLogging", trail_logs(&r));
        put_config(&r);
        vg_fact_answer(sink, "ConfigDelivering", config_delivers(&r));
        put_config_bucket(&r);
        put_guardduty(&r);
        put_security_hub(&r);
        put_inspector(&r);
        put_analyzers(&r);
        vg_fact_end(sink);
    }
}
