/* html.c: findings alone as a page, and the rows that the answer's page shares. */
#include "report/html_part.h"

void html_begin_findings(vg_report_writer *w)
{
    put(w, "<table class=\"stack "
           "findings\"><thead><tr><th>Severity</th><th>Where</th><th>Finding</th><th>Resource</th>"
           "</tr></thead>\n<tbody>\n");
}

void report_html_begin(vg_report_writer *w)
{
    html_begin(w, w->title.len > 0 ? w->title : VG_STR("Findings"));
    put(w, "<h1>");
    put_html(w, w->title.len > 0 ? w->title : VG_STR("Findings"));
    put(w, "</h1>\n");
    html_begin_findings(w);
}

static void put_standing(vg_report_writer *w, const report_finding *v)
{
    const char *severity = vg_severity_name(v->f.severity), *verdict = vg_verdict_name(v->f.verdict);
    bool open = v->workflow <= VG_WORKFLOW_NOTIFIED;
    vg_buf_addf(
        w->out,
        "<tr><td class=\"nowrap\"><span class=\"%s\">%s</span> <br><span class=\"%s small\">%s</span></td>",
        severity, severity, verdict, open ? verdict : vg_workflow_name(v->workflow));
}

static void put_where(vg_report_writer *w, const report_finding *v)
{
    put(w, v->f.account.len + v->f.region.len > 0 ? "<td data-l=\"Where\">" : "<td>");
    put_html(w, v->account_name.len > 0 ? v->account_name : v->f.account);
    if (v->account_name.len > 0) {
        put(w, " <br><span class=\"dim small\">");
        put_html(w, v->f.account);
        put(w, "</span>");
    }
    put(w, v->f.region.len > 0 ? " <br><span class=\"dim small\">" : "");
    put_html(w, v->f.region);
    put(w, v->f.region.len > 0 ? "</span></td>" : "</td>");
}

static void put_seen(vg_report_writer *w, const report_finding *v)
{
    char first[VG_TIME_TEXT], last[VG_TIME_TEXT];
    report_time(v->first_seen, first);
    report_time(v->last_seen, last);
    if (!first[0])
        return;
    bool again = strcmp(first, last) != 0;
    vg_buf_addf(w->out, "<div class=\"dim small\">seen %s%s%s</div>", first, again ? " to " : "",
                again ? last : "");
}

static void put_small(vg_report_writer *w, const char *before, vg_str text)
{
    if (text.len == 0)
        return;
    vg_buf_addf(w->out, "<div class=\"dim small\">%s", before);
    put_html(w, text);
    put(w, "</div>");
}

void report_html_finding(vg_report_writer *w, const vg_report_finding *given)
{
    report_finding v = report_view(w, given);
    put_standing(w, &v);
    put_where(w, &v);
    put(w, "<td><strong>");
    put_html(w, v.f.title);
    put(w, "</strong> <code class=\"dim small\">");
    put_html(w, v.f.rule);
    put(w, "</code><br>");
    put_html(w, v.f.message);
    put_small(w, "", v.f.remediation);
    put_small(w, "suppressed: ", v.suppressed_reason);
    put_seen(w, &v);
    put(w, "</td><td data-l=\"Resource\">");
    put_html(w, v.f.resource_name);
    put(w, v.f.resource_name.len > 0 ? " " : "");
    put(w, "<code class=\"dim small\">");
    put_html(w, v.f.resource_id);
    put(w, "</code></td></tr>\n");
}

void report_html_end(vg_report_writer *w)
{
    vg_buf_addf(w->out, "</tbody></table>\n<p class=\"dim\">%zu finding%s</p>\n", w->count,
                w->count == 1 ? "" : "s");
    html_end(w);
}
