/* html.c: findings alone as a page, and the rows that the answer's page shares. */
#include "report/html_part.h"

void report_html_begin(vg_report_writer *w)
{
    html_begin(w, w->title.len > 0 ? w->title : VG_STR("Findings"));
    put(w, "<h1>");
    put_html(w, w->title.len > 0 ? w->title : VG_STR("Findings"));
    put(w, "</h1>\n");
    put(w,
        "<table class=\"stack\"><thead><tr><th>Severity</th><th>Verdict</th><th>Account</th><th>Region</th>"
        "<th>Finding</th><th>Resource</th><th>Seen</th></tr></thead>\n<tbody>\n");
}

static void put_seen(vg_report_writer *w, const report_finding *v)
{
    char first[VG_TIME_TEXT], last[VG_TIME_TEXT];
    report_time(v->first_seen, first);
    report_time(v->last_seen, last);
    put(w, first[0] ? "<td data-l=\"Seen\" class=\"small\">" : "<td>");
    put(w, first);
    if (first[0] && strcmp(first, last) != 0)
        vg_buf_addf(w->out, " to %s", last);
    put(w, "</td>");
}

void report_html_finding(vg_report_writer *w, const vg_report_finding *given)
{
    report_finding v = report_view(w, given);
    bool open = v.workflow <= VG_WORKFLOW_NOTIFIED;
    const char *severity = vg_severity_name(v.f.severity), *verdict = vg_verdict_name(v.f.verdict);
    vg_buf_addf(w->out,
                "<tr><td data-l=\"Severity\" class=\"%s\">%s</td><td data-l=\"Verdict\" class=\"%s\">%s</td>",
                severity, severity, verdict, open ? verdict : vg_workflow_name(v.workflow));
    html_cell(w, "Account", v.f.account);
    html_cell(w, "Region", v.f.region);
    put(w, "<td><strong>");
    put_html(w, v.f.title);
    put(w, "</strong> <code class=\"dim\">");
    put_html(w, v.f.rule);
    put(w, "</code><br>");
    put_html(w, v.f.message);
    if (v.f.remediation.len > 0) {
        put(w, "<div class=\"dim small\">");
        put_block(w, v.f.remediation);
        put(w, "</div>");
    }
    if (v.suppressed_reason.len > 0) {
        put(w, "<div class=\"small\">suppressed: ");
        put_html(w, v.suppressed_reason);
        put(w, "</div>");
    }
    put(w, "</td><td data-l=\"Resource\">");
    put_html(w, v.f.resource_name);
    put(w, v.f.resource_name.len > 0 ? " " : "");
    put(w, "<code class=\"dim small\">");
    put_html(w, v.f.resource_id);
    put(w, "</code></td>");
    put_seen(w, &v);
    put(w, "</tr>\n");
}

void report_html_end(vg_report_writer *w)
{
    vg_buf_addf(w->out, "</tbody></table>\n<p class=\"dim\">%zu finding%s</p>\n", w->count,
                w->count == 1 ? "" : "s");
    html_end(w);
}
