/* junit.c: JUnit XML, which every CI shows: a test suite a practice and a test case a control (or a finding, where there
 * are findings alone). Only what the schemas of Jenkins, old and new, and Maven have in common is written, so the reason of
 * a skipped case is content and no attribute. What fails or holds partly is a failure; what was not assessed or does not
 * apply is skipped. The counts come first in the file and are known last, so the body waits in memory. */
#include "report/report_part.h"

static void put_attribute(vg_report_writer *w, const char *name, vg_str value)
{
    vg_buf_addf(w->out, " %s=\"", name);
    put_html(w, value);
    put(w, "\"");
}

typedef struct {
    size_t tests, failures, skipped;
} counts;

static void put_counts(vg_report_writer *w, counts c)
{
    vg_buf_addf(w->out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\"", c.tests, c.failures,
                c.skipped);
}

static void count(counts *c, vg_verdict verdict)
{
    c->tests++;
    c->failures += verdict == VG_VERDICT_FAIL || verdict == VG_VERDICT_PARTLY;
    c->skipped += verdict == VG_VERDICT_NOT_ASSESSED || verdict == VG_VERDICT_NOT_APPLICABLE;
}

static void begin_document(vg_report_writer *w, vg_str name, counts all)
{
    put(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    put_attribute(w, "name", name);
    vg_buf_addf(w->out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\"", all.tests, all.failures);
    put(w, ">\n");
}

static void begin_suite(vg_report_writer *w, vg_str name, counts c)
{
    put(w, "  <testsuite");
    put_attribute(w, "name", name);
    put_counts(w, c);
    put(w, " time=\"0\">\n");
}

static void begin_case(vg_report_writer *w, vg_str class_name, vg_str name)
{
    put(w, "    <testcase");
    put_attribute(w, "classname", class_name);
    put_attribute(w, "name", name);
    put(w, " time=\"0\"");
}

static void put_skipped(vg_report_writer *w, vg_str why)
{
    put(w, ">\n      <skipped>");
    put_html(w, why);
    put(w, "</skipped>\n    </testcase>\n");
}

/* ---- findings alone --------------------------------------------------------------------------------------------- */

void report_junit_begin(vg_report_writer *w)
{
    w->body.len = 0;
}

/* "111122223333 eu-west-1 ID", without what is not known: a template has neither account nor region. */
static vg_str name_of_case(vg_report_writer *w, const vg_finding *f)
{
    return vg_arena_printf(w->scratch, "%.*s%s%.*s%s%.*s", VG_ARG(f->account), f->account.len > 0 ? " " : "",
                           VG_ARG(f->region), f->region.len > 0 ? " " : "", VG_ARG(f->resource_id));
}

static void put_finding_case(vg_report_writer *w, const report_finding *v)
{
    begin_case(w, v->f.rule, name_of_case(w, &v->f));
    if (v->f.verdict == VG_VERDICT_PASS) {
        put(w, "/>\n");
        return;
    }
    if (v->f.verdict == VG_VERDICT_NOT_ASSESSED || v->f.verdict == VG_VERDICT_NOT_APPLICABLE) {
        put_skipped(w, v->f.message);
        return;
    }
    put(w, ">\n      <failure");
    put_attribute(w, "type", vg_str_from(vg_severity_name(v->f.severity)));
    put_attribute(w, "message", v->f.message.len > 0 ? v->f.message : v->f.title);
    put(w, ">");
    put_html(w, v->f.remediation);
    put(w, "</failure>\n    </testcase>\n");
}

void report_junit_finding(vg_report_writer *w, const vg_report_finding *given)
{
    report_finding v = report_view(w, given);
    vg_buf *out = w->out;
    w->out = &w->body;
    put_finding_case(w, &v);
    w->out = out;
    counts c = {w->count, w->failures, w->skipped};
    count(&c, v.f.verdict);
    w->failures = c.failures;
    w->skipped = c.skipped;
}

void report_junit_end(vg_report_writer *w)
{
    counts all = {w->count, w->failures, w->skipped};
    vg_str name = w->title.len > 0 ? w->title : VG_STR("findings");
    begin_document(w, name, all);
    begin_suite(w, name, all);
    vg_buf_add_str(w->out, vg_buf_str(&w->body));
    put(w, "  </testsuite>\n</testsuites>\n");
}

/* ---- an answer -------------------------------------------------------------------------------------------------- */

static bool is_of(const vg_report_finding *f, const vg_report_control *c)
{
    return vg_str_eq(f->finding.rule, c->id) &&
           (f->finding.verdict == VG_VERDICT_FAIL || f->finding.verdict == VG_VERDICT_PARTLY);
}

#define LINES_MAX 100U /* of one control's findings */

/* A control's failing findings, one a line. w->rules: from a control's id to the first of its findings. */
static void put_lines(vg_report_writer *w, const vg_report_answer *a, const vg_report_control *c)
{
    const vg_map_entry *first = vg_map_get(w->rules, c->id);
    size_t lines = 0;
    for (size_t i = first ? first->value.u64 : a->finding_count; i < a->finding_count && lines < LINES_MAX;
         i++) {
        if (!is_of(&a->findings[i], c))
            continue;
        const vg_finding *f = &a->findings[i].finding;
        put_html(w, vg_arena_printf(w->scratch, "%.*s %.*s %.*s: %.*s", VG_ARG(f->account), VG_ARG(f->region),
                                    VG_ARG(f->resource_id), VG_ARG(f->message)));
        put(w, "\n");
        lines++;
    }
    if (lines == LINES_MAX)
        put(w, "...\n");
}

static void put_control(vg_report_writer *w, const vg_report_answer *a, const vg_report_practice *p,
                        const vg_report_control *c)
{
    begin_case(w, p->id, vg_arena_printf(w->scratch, "%.*s: %.*s", VG_ARG(c->id), VG_ARG(c->title)));
    if (c->verdict == VG_VERDICT_PASS) {
        put(w, "/>\n");
        return;
    }
    if (c->verdict == VG_VERDICT_NOT_ASSESSED || c->verdict == VG_VERDICT_NOT_APPLICABLE) {
        put_skipped(w, c->missing.len > 0 ? c->missing : c->summary);
        return;
    }
    put(w, ">\n      <failure");
    put_attribute(w, "type", vg_str_from(vg_severity_name(c->severity)));
    put_attribute(w, "message", c->summary);
    put(w, ">");
    put_lines(w, a, c);
    put(w, "</failure>\n    </testcase>\n");
}

static counts count_practice(const vg_report_practice *p)
{
    counts c = {0};
    for (size_t i = 0; i < p->control_count; i++)
        count(&c, p->controls[i].verdict);
    return c;
}

void report_answer_junit(vg_report_writer *w, const vg_report_answer *a)
{
    counts all = {0};
    for (size_t i = 0; i < a->organisation.practice_count; i++) {
        counts c = count_practice(&a->organisation.practices[i]);
        all = (counts){all.tests + c.tests, all.failures + c.failures, all.skipped + c.skipped};
    }
    for (size_t i = 0; i < a->finding_count; i++) {
        bool added = false;
        vg_map_entry *entry = vg_map_put(w->rules, a->findings[i].finding.rule, &added);
        if (entry && added)
            entry->value.u64 = i;
    }
    begin_document(w, a->question, all);
    for (size_t i = 0; i < a->organisation.practice_count; i++) {
        const vg_report_practice *p = &a->organisation.practices[i];
        begin_suite(w, vg_arena_printf(w->scratch, "%.*s %.*s", VG_ARG(p->id), VG_ARG(p->title)),
                    count_practice(p));
        for (size_t k = 0; k < p->control_count; k++)
            put_control(w, a, p, &p->controls[k]);
        put(w, "  </testsuite>\n");
    }
    put(w, "</testsuites>\n");
}
