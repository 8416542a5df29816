/* csv.c: findings as RFC 4180 rows, for spreadsheets. A review adds a row for each control that has no finding, so that
 * the table is the whole answer. */
#include "report/report_part.h"

static const char HEADER[] =
    "id,practice,rule,title,severity,verdict,workflow,product,account,account_name,region,resource_type,"
    "resource_id,resource_name,sub_key,message,remediation,requirements,first_seen,last_seen,"
    "suppressed_reason\r\n";

void report_csv_begin(vg_report_writer *w)
{
    put(w, HEADER);
}

static void put_field(vg_report_writer *w, vg_str text)
{
    put_csv(w, text);
    put(w, ",");
}

static void put_time_field(vg_report_writer *w, vg_time time)
{
    char text[VG_TIME_TEXT] = "";
    if (time != VG_TIME_NONE && time != 0)
        vg_time_format(time, text);
    put_field(w, vg_str_from(text));
}

static vg_str joined(vg_report_writer *w, const vg_str *texts, size_t count)
{
    vg_str all = VG_STR("");
    for (size_t i = 0; i < count; i++)
        all = vg_arena_printf(w->scratch, "%.*s%s%.*s", VG_ARG(all), i > 0 ? "; " : "", VG_ARG(texts[i]));
    return all;
}

/* The practice whose control found it; without an answer, the first requirement of the question itself. */
static vg_str practice_of(const vg_report_writer *w, const report_finding *v, vg_str rule)
{
    const vg_map_entry *practice = vg_map_get(w->rules, rule);
    if (practice)
        return ((const vg_report_practice *)practice->value.ptr)->id;
    for (size_t i = 0; i < v->requirement_count; i++)
        if (vg_str_starts(v->requirements[i], VG_STR("SEC01")))
            return v->requirements[i];
    return VG_STR("");
}

void report_csv_finding(vg_report_writer *w, const vg_report_finding *given)
{
    report_finding v = report_view(w, given);
    const vg_str fields[] = {vg_str_from(v.id.hex),
                             practice_of(w, &v, given->finding.rule),
                             v.f.rule,
                             v.f.title,
                             vg_str_from(vg_severity_name(v.f.severity)),
                             vg_str_from(vg_verdict_name(v.f.verdict)),
                             vg_str_from(vg_workflow_name(v.workflow)),
                             v.f.product,
                             v.f.account,
                             v.account_name,
                             v.f.region,
                             v.f.resource_type,
                             v.f.resource_id,
                             v.f.resource_name,
                             v.f.sub_key,
                             v.f.message,
                             v.f.remediation,
                             joined(w, v.requirements, v.requirement_count)};
    for (size_t i = 0; i < VG_COUNT(fields); i++)
        put_field(w, fields[i]);
    put_time_field(w, v.first_seen);
    put_time_field(w, v.last_seen);
    put_csv(w, v.suppressed_reason);
    put(w, "\r\n");
}

static void put_control(vg_report_writer *w, const vg_report_practice *p, const vg_report_control *c)
{
    const vg_str fields[] = {VG_STR(""),
                             p->id,
                             c->id,
                             c->title,
                             vg_str_from(vg_severity_name(c->severity)),
                             vg_str_from(vg_verdict_name(c->verdict)),
                             VG_STR(""),
                             VG_STR("vigil"),
                             VG_STR(""),
                             VG_STR(""),
                             VG_STR(""),
                             VG_STR(""),
                             VG_STR(""),
                             VG_STR(""),
                             VG_STR(""),
                             c->summary,
                             c->missing,
                             joined(w, c->requirements, c->requirement_count)};
    for (size_t i = 0; i < VG_COUNT(fields); i++)
        put_field(w, fields[i]);
    put(w, ",,\r\n");
}

static void note_practices(vg_report_writer *w, const vg_report_answer *a)
{
    for (size_t p = 0; p < a->organisation.practice_count; p++) {
        const vg_report_practice *practice = &a->organisation.practices[p];
        for (size_t c = 0; c < practice->control_count; c++) {
            vg_map_entry *entry = vg_map_put(w->rules, practice->controls[c].id, NULL);
            if (entry)
                entry->value.ptr = (void *)(uintptr_t)practice;
        }
    }
}

void report_answer_csv(vg_report_writer *w, const vg_report_answer *a)
{
    vg_map *found = vg_map_new(w->arena, 0);
    report_csv_begin(w);
    note_practices(w, a);
    for (size_t i = 0; i < a->finding_count; i++) {
        report_csv_finding(w, &a->findings[i]);
        if (found)
            vg_map_put(found, a->findings[i].finding.rule, NULL);
        report_pass_on(w);
    }
    for (size_t p = 0; p < a->organisation.practice_count; p++) {
        const vg_report_practice *practice = &a->organisation.practices[p];
        for (size_t c = 0; c < practice->control_count; c++)
            if (found && !vg_map_get(found, practice->controls[c].id))
                put_control(w, practice, &practice->controls[c]);
    }
}
