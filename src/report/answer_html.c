/* answer_html.c: the review's answer as a page, in the order in which it is read: the score, what to do first, the
 * practices, the controls of each, workloads, what was not assessed, findings, and how the score was computed. */
#include "report/html_part.h"

#define FINDINGS_SHOWN 500U
#define URGENT_SHOWN   20U

/* ---- the top ---------------------------------------------------------------------------------------------------- */

static void put_state(vg_report_writer *w, vg_state state)
{
    vg_buf_addf(w->out, "<span class=\"pill %s\">%s</span>", vg_state_name(state), state_words(state));
}

static void put_evidence_time(vg_report_writer *w, const vg_report_answer *a)
{
    char from[VG_TIME_TEXT], to[VG_TIME_TEXT], judged[VG_TIME_TEXT];
    report_time(a->evidence_from, from);
    report_time(a->evidence_to, to);
    report_time(a->judged_at, judged);
    if (from[0] && to[0])
        vg_buf_addf(w->out, "<p class=\"dim\">Evidence from %s to %s (UTC)", from, to);
    else
        put(w, "<p class=\"dim\">No evidence");
    if (judged[0])
        vg_buf_addf(w->out, ", judged at %s", judged);
    put(w, ".</p>\n");
}

static void put_top(vg_report_writer *w, const vg_report_answer *a)
{
    const vg_report_section *s = &a->organisation;
    put(w, "<h1>");
    put_html(w, a->question);
    put(w, "</h1>\n<p>");
    put_html(w, a->organisation_name);
    if (a->organisation_id.len > 0) {
        put(w, " <code class=\"dim\">");
        put_html(w, a->organisation_id);
        put(w, "</code>");
    }
    put(w, a->scope.len > 0 ? ", " : "");
    put_html(w, a->scope);
    put(w, "</p>\n");
    put_evidence_time(w, a);
    put(w, "<div class=\"top\">");
    html_gauge(w, s->score, s->state);
    put(w, "<div class=\"words\"><p class=\"score\">");
    put_state(w, s->state);
    put(w, "</p><p>Judged from ");
    html_number(w, s->coverage);
    put(w,
        " % of the evidence that the controls ask for. What was not assessed never raises the score.</p><p>");
    size_t counts[4] = {0};
    for (size_t i = 0; i < s->practice_count; i++)
        counts[s->practices[i].state]++;
    put(w, "Practices: ");
    const char *separator = "";
    for (vg_state state = VG_STATE_MET; state <= VG_STATE_NOT_ASSESSED; state++) {
        if (counts[state] == 0)
            continue;
        vg_buf_addf(w->out, "%s%zu %s", separator, counts[state], state_words(state));
        separator = ", ";
    }
    put(w, ".</p></div></div>\n");
}

static void put_lines(vg_report_writer *w, const char *title, const vg_str *lines, size_t count)
{
    if (count == 0)
        return;
    vg_buf_addf(w->out, "<div class=\"warn\"><strong>%s</strong><ul>", title);
    for (size_t i = 0; i < count; i++) {
        put(w, "<li>");
        put_html(w, lines[i]);
        put(w, "</li>");
    }
    put(w, "</ul></div>\n");
}

/* ---- what is critical -------------------------------------------------------------------------------------------- */

static void put_commands(vg_report_writer *w, const vg_str *commands, size_t count)
{
    if (count == 0)
        return;
    put(w, "<pre><code>");
    for (size_t i = 0; i < count; i++) {
        put_html(w, commands[i]);
        put(w, i + 1 < count ? "\n" : "");
    }
    put(w, "</code></pre>");
}

static void put_careful(vg_report_writer *w, vg_str warning)
{
    if (warning.len == 0)
        return;
    put(w, "<p class=\"warn\"><strong>Careful:</strong> ");
    put_html(w, warning);
    put(w, "</p>");
}

static void put_urgent_finding(vg_report_writer *w, const vg_report_finding *given)
{
    report_finding v = report_view(w, given);
    put(w, "<li><strong>");
    put_html(w, report_whereabouts(w, &v));
    put(w, "</strong>: ");
    put_html(w, v.f.message);
    put(w, " <code class=\"dim small\">");
    put_html(w, v.f.rule);
    put(w, "</code>");
    put_careful(w, v.warning);
    put_commands(w, v.commands, v.command_count);
    put(w, "</li>\n");
}

/* Scores are means, and a mean forgives; critical failures stand first, whatever they weigh. */
static void put_urgent(vg_report_writer *w, const vg_report_answer *a)
{
    size_t count = 0;
    for (size_t i = 0; i < a->finding_count; i++) {
        if (!report_is_urgent(&a->findings[i]))
            continue;
        if (count == 0)
            put(w, "<h2>Critical, open now</h2>\n<div class=\"warn\"><ul>\n");
        if (count++ < URGENT_SHOWN)
            put_urgent_finding(w, &a->findings[i]);
    }
    if (count > URGENT_SHOWN)
        vg_buf_addf(w->out, "<li>and %zu more, below under Findings</li>\n", count - URGENT_SHOWN);
    put(w, count > 0 ? "</ul></div>\n" : "");
}

/* ---- actions ---------------------------------------------------------------------------------------------------- */

static void put_action(vg_report_writer *w, const vg_report_action *action, double gain)
{
    put(w, "<li><span class=\"gain\">+");
    html_number(w, gain);
    put(w, " points</span><strong>");
    put_html(w, action->title);
    put(w, "</strong> <span class=\"dim small nowrap\">");
    put_html(w, action->practice);
    put(w, "</span>");
    if (action->why.len > 0) {
        put(w, "<p>");
        put_html(w, action->why);
        put(w, "</p>");
    }
    put_careful(w, action->warning);
    put_commands(w, action->commands, action->command_count);
    put(w, "</li>\n");
}

static void put_actions(vg_report_writer *w, const vg_report_section *s)
{
    if (s->action_count == 0)
        return;
    put(w, "<h2>Do first</h2>\n<ol class=\"actions\">\n");
    for (size_t i = 0; i < s->action_count; i++)
        put_action(w, &s->actions[i], s->actions[i].total_gain);
    put(w, "</ol>\n");
}

/* ---- practices -------------------------------------------------------------------------------------------------- */

/* What the controls of a practice say, as a stacked bar. */
static void put_verdicts(vg_report_writer *w, const vg_report_practice *p)
{
    size_t counts[5] = {0};
    for (size_t i = 0; i < p->control_count; i++)
        counts[p->controls[i].verdict]++;
    const html_part parts[] = {{(double)counts[VG_VERDICT_PASS], "goodbar"},
                               {(double)counts[VG_VERDICT_PARTLY], "fairbar"},
                               {(double)counts[VG_VERDICT_FAIL], "badbar"}};
    vg_str label = {0};
    for (size_t i = 0; i < VG_COUNT(counts); i++) {
        if (counts[i] == 0)
            continue;
        label = vg_arena_printf(w->scratch, "%.*s%s%zu %s", VG_ARG(label), label.len > 0 ? ", " : "",
                                counts[i], vg_verdict_name((vg_verdict)i));
    }
    html_bar(w, parts, VG_COUNT(parts), (double)(p->control_count - counts[VG_VERDICT_NOT_APPLICABLE]),
             label.ptr ? label.ptr : "");
    vg_buf_addf(w->out, "<span class=\"dim small\">%.*s</span>", VG_ARG(label));
}

static void put_score_cells(vg_report_writer *w, vg_state state, double score, double coverage)
{
    put(w, "<td data-l=\"State\">");
    put_state(w, state);
    put(w, "</td><td data-l=\"Score\" class=\"n\">");
    html_number(w, score);
    put(w, "</td><td data-l=\"Evidence\" class=\"n\">");
    html_number(w, coverage);
    put(w, " %</td>");
}

static void put_practices(vg_report_writer *w, const vg_report_section *s)
{
    put(w,
        "<h2>Practices</h2>\n<table class=\"stack\"><thead><tr><th>Practice</th><th>State</th>"
        "<th class=\"n\">Score</th><th class=\"n\">Evidence</th><th>Controls</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < s->practice_count; i++) {
        const vg_report_practice *p = &s->practices[i];
        put(w, "<tr><td><span class=\"dim small nowrap\">");
        put_html(w, p->id);
        put(w, "</span> ");
        put_html(w, p->title);
        put(w, "</td>");
        put_score_cells(w, p->state, p->score, p->coverage);
        put(w, "<td>");
        put_verdicts(w, p);
        put(w, "</td></tr>\n");
    }
    put(w, "</tbody></table>\n");
}

static void put_control(vg_report_writer *w, const vg_report_control *c)
{
    const char *verdict = vg_verdict_name(c->verdict), *severity = vg_severity_name(c->severity);
    vg_buf_addf(
        w->out,
        "<tr><td data-l=\"Verdict\" class=\"%s nowrap\">%s</td><td data-l=\"Severity\" class=\"%s\">%s</td>",
        verdict, verdict, severity, severity);
    put(w, "<td><strong>");
    put_html(w, c->title);
    put(w, "</strong> <code class=\"dim small\">");
    put_html(w, c->id);
    put(w, "</code>");
    if (c->summary.len > 0) {
        put(w, "<br>");
        put_html(w, c->summary);
    }
    if (c->missing.len > 0 && c->verdict != VG_VERDICT_PASS) {
        put(w, "<div class=\"missing small\">needs: ");
        put_html(w, c->missing);
        put(w, "</div>");
    }
    put(w, "<div class=\"dim small\">");
    for (size_t i = 0; i < c->requirement_count; i++) {
        put(w, i > 0 ? " · " : "");
        put_html(w, c->requirements[i]);
    }
    put(w, "</div></td>");
    vg_buf_addf(w->out, "<td data-l=\"Resources failing\" class=\"n\">%u of %u</td></tr>\n",
                c->failed + c->partly, c->passed + c->failed + c->partly);
}

static void put_controls(vg_report_writer *w, const vg_report_practice *p)
{
    put(w, "<table class=\"stack\"><thead><tr><th>Verdict</th><th>Severity</th><th>Control</th>"
           "<th class=\"n\">Failing</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < p->control_count; i++)
        put_control(w, &p->controls[i]);
    put(w, "</tbody></table>\n");
}

static void put_practice(vg_report_writer *w, const vg_report_practice *p)
{
    put(w, "<section><h3><span class=\"dim\">");
    put_html(w, p->id);
    put(w, "</span> ");
    put_html(w, p->title);
    put(w, " ");
    put_state(w, p->state);
    put(w, "</h3>\n");
    if (p->explanation.len > 0) {
        put(w, "<details class=\"dim small\"><summary>How this score is computed</summary>");
        put_block(w, p->explanation);
        put(w, "</details>\n");
    }
    if (p->control_count > 0)
        put_controls(w, p);
    if (p->action_count > 0)
        put(w, "<ol class=\"actions\">\n");
    for (size_t i = 0; i < p->action_count; i++)
        put_action(w, &p->actions[i], p->actions[i].gain);
    put(w, p->action_count > 0 ? "</ol>\n</section>\n" : "</section>\n");
}

/* ---- the rest --------------------------------------------------------------------------------------------------- */

static void put_workloads(vg_report_writer *w, const vg_report_answer *a)
{
    if (a->workload_count == 0)
        return;
    put(w, "<h2>Workloads</h2>\n<table class=\"stack\"><thead><tr><th>Workload</th><th>State</th><th "
           "class=\"n\">Score</th>"
           "<th class=\"n\">Evidence</th><th>First</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < a->workload_count; i++) {
        const vg_report_section *s = &a->workloads[i];
        put(w, "<tr><td><strong>");
        put_html(w, s->name);
        put(w, "</strong> <span class=\"dim\">");
        put_html(w, s->description);
        put(w, "</span></td>");
        put_score_cells(w, s->state, s->score, s->coverage);
        html_cell(w, "First", s->action_count > 0 ? s->actions[0].title : VG_STR(""));
        put(w, "</tr>\n");
    }
    put(w, "</tbody></table>\n");
}

static void put_gaps(vg_report_writer *w, const vg_report_answer *a)
{
    if (a->gap_count == 0)
        return;
    put(w,
        "<h2>Not assessed</h2>\n<table class=\"stack\"><thead><tr><th>What</th><th>What would provide it</th>"
        "<th class=\"n\">Controls</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < a->gap_count; i++) {
        put(w, "<tr>");
        html_cell(w, "What", a->gaps[i].what);
        html_cell(w, "Give", a->gaps[i].provider);
        vg_buf_addf(w->out, "<td data-l=\"Controls\" class=\"n\">%u</td></tr>\n", a->gaps[i].controls);
    }
    put(w, "</tbody></table>\n");
}

static bool is_open(const vg_report_finding *f)
{
    return f->workflow <= VG_WORKFLOW_NOTIFIED &&
           (f->finding.verdict == VG_VERDICT_FAIL || f->finding.verdict == VG_VERDICT_PARTLY);
}

static void put_findings(vg_report_writer *w, const vg_report_answer *a)
{
    size_t open = 0, shown = 0;
    for (size_t i = 0; i < a->finding_count; i++)
        open += is_open(&a->findings[i]);
    if (open == 0 && !w->options.all)
        return;
    put(w, "<h2>Findings</h2>\n");
    html_begin_findings(w);
    for (size_t i = 0; i < a->finding_count; i++) {
        if (!w->options.all && (!is_open(&a->findings[i]) || shown == FINDINGS_SHOWN))
            continue;
        report_html_finding(w, &a->findings[i]);
        report_pass_on(w);
        shown++;
    }
    put(w, "</tbody></table>\n");
    if (!w->options.all && open > shown)
        vg_buf_addf(w->out, "<p class=\"dim\">The first %zu of %zu open findings.</p>\n", shown, open);
}

void report_answer_html(vg_report_writer *w, const vg_report_answer *a)
{
    html_begin(w, a->question);
    put_top(w, a);
    put_lines(w, "Not read in full", a->problems, a->problem_count);
    put_lines(w, "Stale evidence", a->stale, a->stale_count);
    put_urgent(w, a);
    put_actions(w, &a->organisation);
    put_practices(w, &a->organisation);
    put(w, "<h2>Controls</h2>\n");
    for (size_t i = 0; i < a->organisation.practice_count; i++)
        put_practice(w, &a->organisation.practices[i]);
    put_workloads(w, a);
    put_gaps(w, a);
    put_findings(w, a);
    if (a->formula.len > 0) {
        put(w,
            "<h2>How scores are computed</h2>\n<details><summary>The formula, and why it is so</summary><p>");
        put_block(w, a->formula);
        put(w, "</p></details>\n");
    }
    html_end(w);
}
