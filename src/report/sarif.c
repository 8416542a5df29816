/* sarif.c: findings as SARIF 2.1.0 (OASIS, March 2020), for code scanning and editors. Results are streamed; the rules
 * that they refer to follow, in the order of first use, because JSON does not mind and memory does. A finding whose
 * evidence names a file has a physical location; every finding has a logical one, its resource. */
#include "report/report_part.h"

/* What is kept of a rule until the end. */
typedef struct {
    vg_str id, title, help;
    vg_severity severity;
    const vg_str *tags;
    size_t tag_count;
} rule;

static const char *level_of(vg_severity severity)
{
    static const char *const OF[] = {"note", "note", "warning", "error", "error"};
    return OF[severity];
}

/* SARIF 3.27.9: only failures have a level. */
static const char *kind_of(vg_verdict verdict)
{
    static const char *const OF[] = {"pass", "fail", "fail", "notApplicable", "open"};
    return OF[verdict];
}

void report_sarif_begin(vg_report_writer *w)
{
    w->kept = vg_vec_in(w->arena, sizeof(rule));
    w->json = vg_json_writer_to(w->out, 2);
    vg_json_object(&w->json);
    vg_json_put_str(&w->json, "$schema", VG_STR("https://json.schemastore.org/sarif-2.1.0.json"));
    vg_json_put_str(&w->json, "version", VG_STR("2.1.0"));
    vg_json_key(&w->json, "runs");
    vg_json_array(&w->json);
    vg_json_object(&w->json);
    vg_json_key(&w->json, "results");
    vg_json_array(&w->json);
}

static const vg_str *copy_texts(vg_report_writer *w, const vg_str *texts, size_t count)
{
    vg_str *copies = VG_NEW_N(w->arena, vg_str, count + 1);
    for (size_t i = 0; copies && i < count; i++)
        copies[i] = vg_arena_str(w->arena, report_masked(w, texts[i]));
    return copies;
}

/* The index of a rule, which is kept when it is new. */
static size_t keep_rule(vg_report_writer *w, rule given)
{
    bool added = false;
    vg_str id = vg_arena_str(w->arena, given.id);
    vg_map_entry *entry = id.ptr ? vg_map_put(w->rules, id, &added) : NULL;
    if (!entry) {
        w->out->failed = true;
        return 0;
    }
    if (!added) {
        rule *known = vg_vec_at(&w->kept, entry->value.u64);
        if (known->help.len == 0)
            known->help = vg_arena_str(w->arena, given.help);
        return entry->value.u64;
    }
    entry->value.u64 = w->kept.len;
    rule *kept = vg_vec_push(&w->kept);
    if (!kept) {
        w->out->failed = true;
        return 0;
    }
    *kept = (rule){id,
                   vg_arena_str(w->arena, given.title),
                   vg_arena_str(w->arena, given.help),
                   given.severity,
                   copy_texts(w, given.tags, given.tag_count),
                   given.tag_count};
    return w->kept.len - 1;
}

static void put_message(vg_report_writer *w, const char *key, vg_str text)
{
    vg_json_key(&w->json, key);
    vg_json_object(&w->json);
    json_text(w, "text", text);
    vg_json_end_object(&w->json);
}

static bool is_uri_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~/!$&'()*+,;=:@", c) != NULL);
}

/* A path as a relative URI (RFC 3986): what may not stand in one in percent form. */
static vg_str to_uri(vg_report_writer *w, vg_str path)
{
    vg_buf uri = {0};
    for (size_t i = 0; i < path.len; i++) {
        if (is_uri_byte(path.ptr[i]))
            vg_buf_add_char(&uri, path.ptr[i]);
        else
            vg_buf_addf(&uri, "%%%02X", (unsigned char)path.ptr[i]);
    }
    vg_str out = vg_arena_str(w->scratch, vg_buf_str(&uri));
    vg_buf_free(&uri);
    return out;
}

/* Where the finding's evidence says that it stands, if it does. */
static void put_physical_location(vg_report_writer *w, vg_str evidence)
{
    vg_doc doc;
    int64_t line = 0, column = 0;
    if (evidence.len == 0 ||
        vg_json_read(w->scratch, evidence, VG_STR("evidence"), NULL, &doc, NULL) != VG_OK)
        return;
    vg_str file = vg_get_str(doc.root, "file");
    if (file.len == 0)
        return;
    vg_json_key(&w->json, "physicalLocation");
    vg_json_object(&w->json);
    vg_json_key(&w->json, "artifactLocation");
    vg_json_object(&w->json);
    json_text(w, "uri", to_uri(w, file));
    vg_json_end_object(&w->json);
    if (vg_get_i64(doc.root, "line", &line) && line > 0) {
        vg_json_key(&w->json, "region");
        vg_json_object(&w->json);
        vg_json_put_i64(&w->json, "startLine", line);
        if (vg_get_i64(doc.root, "column", &column) && column > 0)
            vg_json_put_i64(&w->json, "startColumn", column);
        vg_json_end_object(&w->json);
    }
    vg_json_end_object(&w->json);
}

static void put_location(vg_report_writer *w, const report_finding *v)
{
    vg_json_key(&w->json, "locations");
    vg_json_array(&w->json);
    vg_json_object(&w->json);
    put_physical_location(w, v->f.evidence);
    vg_json_key(&w->json, "logicalLocations");
    vg_json_array(&w->json);
    vg_json_object(&w->json);
    json_text(w, "name", v->f.resource_name.len > 0 ? v->f.resource_name : v->f.resource_id);
    json_text(w, "fullyQualifiedName",
              vg_arena_printf(w->scratch, "%.*s/%.*s/%.*s/%.*s", VG_ARG(v->f.account), VG_ARG(v->f.region),
                              VG_ARG(v->f.resource_type), VG_ARG(v->f.resource_id)));
    vg_json_put_str(&w->json, "kind", VG_STR("resource"));
    vg_json_end_object(&w->json);
    vg_json_end_array(&w->json);
    vg_json_end_object(&w->json);
    vg_json_end_array(&w->json);
}

static void put_suppression(vg_report_writer *w, const report_finding *v)
{
    if (v->workflow != VG_WORKFLOW_SUPPRESSED)
        return;
    vg_json_key(&w->json, "suppressions");
    vg_json_array(&w->json);
    vg_json_object(&w->json);
    vg_json_put_str(&w->json, "kind", VG_STR("external"));
    vg_json_put_str(&w->json, "status", VG_STR("accepted"));
    json_filled(w, "justification", v->suppressed_reason);
    vg_json_end_object(&w->json);
    vg_json_end_array(&w->json);
}

static void put_properties(vg_report_writer *w, const report_finding *v)
{
    vg_json_key(&w->json, "properties");
    vg_json_object(&w->json);
    json_text(w, "severity", vg_str_from(vg_severity_name(v->f.severity)));
    json_text(w, "verdict", vg_str_from(vg_verdict_name(v->f.verdict)));
    json_text(w, "workflow", vg_str_from(vg_workflow_name(v->workflow)));
    json_filled(w, "account", v->f.account);
    json_filled(w, "accountName", v->account_name);
    json_filled(w, "region", v->f.region);
    json_time(w, "firstSeen", v->first_seen);
    json_time(w, "lastSeen", v->last_seen);
    if (v->command_count > 0)
        json_texts(w, "commands", v->commands, v->command_count);
    vg_json_end_object(&w->json);
}

void report_sarif_finding(vg_report_writer *w, const vg_report_finding *given)
{
    report_finding v = report_view(w, given);
    rule of = {v.f.rule, v.f.title, v.f.remediation, v.f.severity, v.requirements, v.requirement_count};
    size_t index = keep_rule(w, of);
    bool failed = v.f.verdict == VG_VERDICT_FAIL || v.f.verdict == VG_VERDICT_PARTLY;
    vg_json_object(&w->json);
    json_text(w, "ruleId", v.f.rule);
    vg_json_put_i64(&w->json, "ruleIndex", (int64_t)index);
    vg_json_put_str(&w->json, "kind", vg_str_from(kind_of(v.f.verdict)));
    vg_json_put_str(&w->json, "level", vg_str_from(failed ? level_of(v.f.severity) : "none"));
    put_message(w, "message", v.f.message.len > 0 ? v.f.message : v.f.title);
    put_location(w, &v);
    vg_json_key(&w->json, "partialFingerprints");
    vg_json_object(&w->json);
    vg_json_put_str(&w->json, "vigilFinding/v1", vg_str_from(v.id.hex));
    vg_json_end_object(&w->json);
    put_suppression(w, &v);
    put_properties(w, &v);
    vg_json_end_object(&w->json);
    json_make_safe(w);
}

static void put_rule(vg_report_writer *w, const rule *r)
{
    /* GitHub sorts by this number: the middle of each class of CVSS 3.1. */
    static const char *const SECURITY_SEVERITY[] = {"0.0", "2.0", "5.5", "8.0", "9.5"};
    vg_json_object(&w->json);
    json_text(w, "id", r->id);
    put_message(w, "shortDescription", r->title.len > 0 ? r->title : r->id);
    if (r->help.len > 0)
        put_message(w, "help", r->help);
    vg_json_key(&w->json, "defaultConfiguration");
    vg_json_object(&w->json);
    vg_json_put_str(&w->json, "level", vg_str_from(level_of(r->severity)));
    vg_json_end_object(&w->json);
    vg_json_key(&w->json, "properties");
    vg_json_object(&w->json);
    vg_json_put_str(&w->json, "security-severity", vg_str_from(SECURITY_SEVERITY[r->severity]));
    vg_map *seen = vg_map_new(w->scratch, 0); /* tags are a set */
    vg_json_key(&w->json, "tags");
    vg_json_array(&w->json);
    vg_json_string(&w->json, VG_STR("security"));
    for (size_t i = 0; seen && r->tags && i < r->tag_count; i++) {
        bool added = false;
        vg_map_put(seen, r->tags[i], &added);
        if (added && !vg_str_is(r->tags[i], "security"))
            vg_json_string(&w->json, r->tags[i]);
    }
    vg_json_end_array(&w->json);
    vg_json_end_object(&w->json);
    vg_json_end_object(&w->json);
    json_make_safe(w);
}

void report_sarif_end(vg_report_writer *w)
{
    vg_json_end_array(&w->json);
    vg_json_key(&w->json, "tool");
    vg_json_object(&w->json);
    vg_json_key(&w->json, "driver");
    vg_json_object(&w->json);
    vg_json_put_str(&w->json, "name", VG_STR("Vigil"));
    json_filled(w, "version", w->options.version);
    vg_json_key(&w->json, "rules");
    vg_json_array(&w->json);
    for (size_t i = 0; i < w->kept.len; i++)
        put_rule(w, vg_vec_at(&w->kept, i));
    vg_json_end_array(&w->json);
    vg_json_end_object(&w->json);
    vg_json_end_object(&w->json);
    vg_json_put_str(&w->json, "columnKind", VG_STR("unicodeCodePoints"));
    vg_json_end_object(&w->json);
    vg_json_end_array(&w->json);
    vg_json_end_object(&w->json);
    put(w, "\n");
    json_make_safe(w);
}

/* The controls are the rules, also those that found nothing. */
void report_answer_sarif(vg_report_writer *w, const vg_report_answer *a)
{
    report_sarif_begin(w);
    for (size_t p = 0; p < a->organisation.practice_count; p++) {
        const vg_report_practice *practice = &a->organisation.practices[p];
        for (size_t i = 0; i < practice->control_count; i++) {
            const vg_report_control *c = &practice->controls[i];
            keep_rule(w, (rule){report_masked(w, c->id), report_masked(w, c->title), VG_STR(""), c->severity,
                                c->requirements, c->requirement_count});
        }
    }
    for (size_t i = 0; i < a->finding_count; i++) {
        report_sarif_finding(w, &a->findings[i]);
        report_pass_on(w);
    }
    report_sarif_end(w);
}
