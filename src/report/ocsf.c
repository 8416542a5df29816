/* ocsf.c: findings as OCSF 1.5.0 events of the class Compliance Finding (2003, schema.ocsf.io/1.5.0), with the profiles
 * "cloud" and "datetime" left to what AWS Security Lake expects: cloud, account, partition and region of each resource.
 * One JSON array. A time that nobody knows is the time of the review, because the class demands one. */
#include "report/report_part.h"

#define OCSF_VERSION "1.5.0"
#define CLASS_UID    2003

void report_ocsf_begin(vg_report_writer *w)
{
    w->json = vg_json_writer_to(w->out, 2);
    vg_json_array(&w->json);
}

void report_array_end(vg_report_writer *w)
{
    vg_json_end_array(&w->json);
    put(w, "\n");
    json_make_safe(w);
}

/* An enumeration of OCSF: the number under `key`_id, its words under `key`. */
typedef struct {
    int id;
    const char *words;
} coded;

static void put_coded(vg_report_writer *w, const char *id_key, const char *key, coded code)
{
    vg_json_put_i64(&w->json, id_key, code.id);
    vg_json_put_str(&w->json, key, vg_str_from(code.words));
}

static coded activity_of(const report_finding *v)
{
    if (v->workflow == VG_WORKFLOW_RESOLVED)
        return (coded){3, "Close"};
    bool again = v->first_seen != VG_TIME_NONE && v->first_seen < v->last_seen;
    return again ? (coded){2, "Update"} : (coded){1, "Create"};
}

static coded severity_of(vg_severity severity)
{
    static const coded OF[] = {{1, "Informational"}, {2, "Low"}, {3, "Medium"}, {4, "High"}, {5, "Critical"}};
    return OF[severity];
}

static coded status_of(vg_workflow workflow)
{
    static const coded OF[] = {{1, "New"}, {2, "In Progress"}, {3, "Suppressed"}, {4, "Resolved"}};
    return OF[workflow];
}

static coded compliance_of(vg_verdict verdict)
{
    static const coded OF[] = {
        {1, "Pass"}, {3, "Fail"}, {2, "Warning"}, {99, "Not Applicable"}, {0, "Unknown"}};
    return OF[verdict];
}

static void put_class(vg_report_writer *w, const report_finding *v)
{
    static const char *const type_names[] = {[1] = "Compliance Finding: Create",
                                             [2] = "Compliance Finding: Update",
                                             [3] = "Compliance Finding: Close"};
    coded activity = activity_of(v);
    put_coded(w, "activity_id", "activity_name", activity);
    put_coded(w, "category_uid", "category_name", (coded){2, "Findings"});
    put_coded(w, "class_uid", "class_name", (coded){CLASS_UID, "Compliance Finding"});
    vg_json_put_i64(&w->json, "type_uid", CLASS_UID * 100 + activity.id);
    vg_json_put_str(&w->json, "type_name", vg_str_from(type_names[activity.id]));
    put_coded(w, "severity_id", "severity", severity_of(v->f.severity));
    put_coded(w, "status_id", "status", status_of(v->workflow));
    if (v->workflow == VG_WORKFLOW_SUPPRESSED)
        json_filled(w, "comment", v->suppressed_reason);
    vg_time time = v->last_seen == VG_TIME_NONE ? 0 : v->last_seen;
    vg_json_put_i64(&w->json, "time", time / (VG_TIME_SECOND / 1000));
    json_text(w, "message", v->f.message.len > 0 ? v->f.message : v->f.title);
}

static void put_metadata(vg_report_writer *w, const report_finding *v)
{
    static const vg_str PROFILES[] = {VG_STR_INIT("cloud")};
    vg_json_key(&w->json, "metadata");
    vg_json_object(&w->json);
    vg_json_put_str(&w->json, "version", VG_STR(OCSF_VERSION));
    json_text(w, "uid", vg_str_from(v->id.hex));
    json_text(w, "event_code", v->f.rule);
    json_texts(w, "profiles", PROFILES, VG_COUNT(PROFILES));
    vg_json_key(&w->json, "product");
    vg_json_object(&w->json);
    json_text(w, "name", v->f.product.len > 0 ? v->f.product : VG_STR("vigil"));
    vg_json_put_str(&w->json, "vendor_name", VG_STR("Vigil"));
    json_filled(w, "version", w->options.version);
    vg_json_end_object(&w->json);
    vg_json_end_object(&w->json);
}

static void put_finding_info(vg_report_writer *w, const report_finding *v)
{
    static const vg_str TYPES[] = {VG_STR_INIT("Software and Configuration Checks")};
    vg_json_key(&w->json, "finding_info");
    vg_json_object(&w->json);
    json_text(w, "uid", vg_str_from(v->id.hex));
    json_text(w, "title", v->f.title.len > 0 ? v->f.title : v->f.rule);
    json_filled(w, "desc", v->f.message);
    json_texts(w, "types", TYPES, VG_COUNT(TYPES));
    json_milliseconds(w, "created_time", v->first_seen);
    json_milliseconds(w, "first_seen_time", v->first_seen);
    json_milliseconds(w, "last_seen_time", v->last_seen);
    vg_json_end_object(&w->json);
}

/* Whether `requirement` is its last word behind the name of a standard: "CIS AWS 5.0 1.4" is of "CIS AWS 5.0". */
static vg_str standard_of(vg_str requirement)
{
    if (vg_str_starts(requirement, VG_STR("SEC")))
        return VG_STR("AWS Well-Architected Security Pillar");
    size_t space = vg_str_rfind_char(requirement, ' ');
    return space == VG_NPOS ? requirement : vg_str_sub(requirement, 0, space);
}

static bool is_named_before(const report_finding *v, size_t i, vg_str standard)
{
    while (i > 0)
        if (vg_str_eq(standard_of(v->requirements[--i]), standard))
            return true;
    return false;
}

static void put_standards(vg_report_writer *w, const report_finding *v)
{
    vg_json_key(&w->json, "standards");
    vg_json_array(&w->json);
    for (size_t i = 0; i < v->requirement_count; i++) {
        vg_str standard = standard_of(v->requirements[i]);
        if (!is_named_before(v, i, standard))
            vg_json_string(&w->json, report_masked(w, standard));
    }
    if (v->requirement_count == 0)
        vg_json_string(&w->json, VG_STR("Vigil"));
    vg_json_end_array(&w->json);
}

static void put_compliance(vg_report_writer *w, const report_finding *v)
{
    vg_json_key(&w->json, "compliance");
    vg_json_object(&w->json);
    json_text(w, "control", v->f.rule);
    json_texts(w, "requirements", v->requirements, v->requirement_count);
    put_standards(w, v);
    put_coded(w, "status_id", "status", compliance_of(v->f.verdict));
    json_filled(w, "status_detail", v->f.message);
    vg_json_end_object(&w->json);
}

static void put_resources(vg_report_writer *w, const report_finding *v)
{
    vg_json_key(&w->json, "resources");
    vg_json_array(&w->json);
    vg_json_object(&w->json);
    json_text(w, "uid", v->f.resource_id);
    json_filled(w, "name", v->f.resource_name);
    json_text(w, "type", v->f.resource_type);
    json_filled(w, "region", v->f.region);
    json_text(w, "cloud_partition", report_partition(&v->f));
    vg_json_end_object(&w->json);
    vg_json_end_array(&w->json);
}

static void put_cloud(vg_report_writer *w, const report_finding *v)
{
    vg_json_key(&w->json, "cloud");
    vg_json_object(&w->json);
    vg_json_put_str(&w->json, "provider", VG_STR("AWS"));
    json_filled(w, "region", v->f.region);
    if (v->f.account.len > 0) {
        vg_json_key(&w->json, "account");
        vg_json_object(&w->json);
        json_filled(w, "name", v->account_name);
        json_text(w, "uid", v->f.account);
        put_coded(w, "type_id", "type", (coded){10, "AWS Account"});
        vg_json_end_object(&w->json);
    }
    vg_json_end_object(&w->json);
}

/* OCSF has no place for commands but the description, which is for people. */
static void put_remediation(vg_report_writer *w, const report_finding *v)
{
    vg_str text = vg_str_trim(v->f.remediation);
    if (text.len == 0 && v->command_count == 0)
        return;
    vg_buf all = {0};
    vg_buf_add_str(&all, text);
    if (v->warning.len > 0)
        vg_buf_addf(&all, "%sCareful: %.*s", all.len > 0 ? "\n" : "", VG_ARG(v->warning));
    for (size_t i = 0; i < v->command_count; i++)
        vg_buf_addf(&all, "%s%.*s", all.len > 0 ? "\n" : "", VG_ARG(v->commands[i]));
    w->out->failed = w->out->failed || all.failed;
    vg_json_key(&w->json, "remediation");
    vg_json_object(&w->json);
    json_text(w, "desc", vg_buf_str(&all));
    vg_json_end_object(&w->json);
    vg_buf_free(&all);
}

static void put_unmapped(vg_report_writer *w, const report_finding *v)
{
    vg_json_key(&w->json, "unmapped");
    vg_json_object(&w->json);
    vg_json_put_str(&w->json, "verdict", vg_str_from(vg_verdict_name(v->f.verdict)));
    json_filled(w, "sub_key", v->f.sub_key);
    json_filled(w, "evidence", v->f.evidence);
    vg_json_end_object(&w->json);
}

void report_ocsf_finding(vg_report_writer *w, const vg_report_finding *given)
{
    report_finding v = report_view(w, given);
    vg_json_object(&w->json);
    put_class(w, &v);
    put_metadata(w, &v);
    put_finding_info(w, &v);
    put_compliance(w, &v);
    put_resources(w, &v);
    put_cloud(w, &v);
    put_remediation(w, &v);
    put_unmapped(w, &v);
    vg_json_end_object(&w->json);
    json_make_safe(w);
}
