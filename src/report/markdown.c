/* markdown.c: the answer for an issue, a wiki or a pull request (CommonMark 0.31 with GFM's tables): what to do first with
 * its commands, the practices, what needs work, and findings, of which the worst FINDINGS_SHOWN are listed unless all
 * are asked for. */
#include "report/report_part.h"

#define FINDINGS_SHOWN 100U

static void put_number(vg_report_writer *w, double number)
{
    char text[NUMBER_TEXT];
    report_number(number, text);
    put(w, text);
}

/* Commands in a fenced block under a list's item; the fence is longer than any run of backticks inside. */
static void put_commands(vg_report_writer *w, const vg_str *commands, size_t count)
{
    size_t longest = 2, run = 0;
    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < commands[i].len; k++) {
            run = commands[i].ptr[k] == '`' ? run + 1 : 0;
            longest = run > longest ? run : longest;
        }
    put(w, "\n   ");
    for (size_t i = 0; i <= longest; i++)
        put(w, "`");
    put(w, "sh\n");
    for (size_t i = 0; i < count; i++) {
        put(w, "   ");
        put_text(w, commands[i]);
        put(w, "\n");
    }
    put(w, "   ");
    for (size_t i = 0; i <= longest; i++)
        put(w, "`");
    put(w, "\n");
}

static void put_action(vg_report_writer *w, const vg_report_action *action)
{
    put(w, "1. **");
    put_markdown(w, action->title);
    put(w, "**: +");
    put_number(w, action->total_gain);
    put(w, " points (");
    put_markdown(w, action->practice);
    put(w, "). ");
    put_markdown(w, action->why);
    put(w, "\n");
    if (action->warning.len > 0) {
        put(w, "\n   > **Careful:** ");
        put_markdown(w, action->warning);
        put(w, "\n");
    }
    put_commands(w, action->commands, action->command_count);
}

static void put_head(vg_report_writer *w, const vg_report_answer *a)
{
    char from[VG_TIME_TEXT], to[VG_TIME_TEXT];
    report_time(a->evidence_from, from);
    report_time(a->evidence_to, to);
    put(w, "# ");
    put_markdown(w, a->question);
    put(w, "\n\n");
    put_markdown(w, a->organisation_name.len > 0 ? a->organisation_name : a->organisation_id);
    put(w, a->scope.len > 0 ? ", " : "");
    put_markdown(w, a->scope);
    if (from[0] && to[0])
        vg_buf_addf(w->out, ". Evidence from %s to %s", from, to);
    put(w, ".\n\n**");
    put_number(w, a->organisation.score);
    vg_buf_addf(w->out, " of 100: %s**, from ", state_words(a->organisation.state));
    put_number(w, a->organisation.coverage);
    put(w, " % of the evidence.\n");
}

static void put_list(vg_report_writer *w, const char *title, const vg_str *lines, size_t count)
{
    if (count == 0)
        return;
    vg_buf_addf(w->out, "\n## %s\n\n", title);
    for (size_t i = 0; i < count; i++) {
        put(w, "* ");
        put_markdown(w, lines[i]);
        put(w, "\n");
    }
}

/* Critical failures stand first, whatever they weigh in a score that is a mean. */
static void put_urgent(vg_report_writer *w, const vg_report_answer *a)
{
    bool first = true;
    for (size_t i = 0; i < a->finding_count; i++) {
        if (!report_is_urgent(&a->findings[i]))
            continue;
        report_finding v = report_view(w, &a->findings[i]);
        put(w, first ? "\n## Critical, open now\n\n* **" : "* **");
        first = false;
        put_markdown(w, report_whereabouts(w, &v));
        put(w, "**: ");
        put_markdown(w, v.f.message);
        put(w, " (");
        put_code(w, v.f.rule);
        put(w, ")\n");
        if (v.warning.len > 0) {
            put(w, "\n   > **Careful:** ");
            put_markdown(w, v.warning);
            put(w, "\n");
        }
        put_commands(w, v.commands, v.command_count);
    }
}

static void put_practices(vg_report_writer *w, const vg_report_section *s)
{
    put(w, "\n## Practices\n\n| practice | | state | score | evidence |\n|---|---|---|---:|---:|\n");
    for (size_t i = 0; i < s->practice_count; i++) {
        const vg_report_practice *p = &s->practices[i];
        put(w, "| ");
        put_markdown(w, p->id);
        put(w, " | ");
        put_markdown(w, p->title);
        vg_buf_addf(w->out, " | %s | ", state_words(p->state));
        put_number(w, p->score);
        put(w, " | ");
        put_number(w, p->coverage);
        put(w, " % |\n");
    }
}

static bool is_shown(const vg_report_writer *w, const vg_report_control *c)
{
    return w->options.all || c->verdict == VG_VERDICT_FAIL || c->verdict == VG_VERDICT_PARTLY;
}

static void put_control(vg_report_writer *w, const vg_report_control *c)
{
    vg_buf_addf(w->out, "| %s | %s | ", vg_verdict_name(c->verdict), vg_severity_name(c->severity));
    put_code(w, c->id);
    put(w, " ");
    put_markdown(w, c->title);
    put(w, " | ");
    put_markdown(w, c->summary.len > 0 ? c->summary : c->missing);
    put(w, " |\n");
}

static void put_work(vg_report_writer *w, const vg_report_section *s)
{
    put(w, "\n## What needs work\n");
    for (size_t i = 0; i < s->practice_count; i++) {
        const vg_report_practice *p = &s->practices[i];
        size_t shown = 0;
        for (size_t k = 0; k < p->control_count; k++) {
            if (!is_shown(w, &p->controls[k]))
                continue;
            if (shown++ == 0) {
                put(w, "\n### ");
                put_markdown(w, p->id);
                put(w, " ");
                put_markdown(w, p->title);
                put(w, "\n\n| verdict | severity | control | evidence |\n|---|---|---|---|\n");
            }
            put_control(w, &p->controls[k]);
        }
        if (w->options.explain && p->explanation.len > 0) {
            put(w, "\n");
            put_markdown(w, p->explanation);
            put(w, "\n");
        }
    }
}

static void put_workloads(vg_report_writer *w, const vg_report_answer *a)
{
    if (a->workload_count == 0)
        return;
    put(w,
        "\n## Workloads\n\n| workload | | state | score | evidence | first |\n|---|---|---|---:|---:|---|\n");
    for (size_t i = 0; i < a->workload_count; i++) {
        const vg_report_section *s = &a->workloads[i];
        put(w, "| ");
        put_markdown(w, s->name);
        put(w, " | ");
        put_markdown(w, s->description);
        vg_buf_addf(w->out, " | %s | ", state_words(s->state));
        put_number(w, s->score);
        put(w, " | ");
        put_number(w, s->coverage);
        put(w, " % | ");
        put_markdown(w, s->action_count > 0 ? s->actions[0].title : VG_STR(""));
        put(w, " |\n");
    }
}

static void put_gaps(vg_report_writer *w, const vg_report_answer *a)
{
    if (a->gap_count == 0)
        return;
    put(w, "\n## Not assessed\n\n| what | give | controls |\n|---|---|---:|\n");
    for (size_t i = 0; i < a->gap_count; i++) {
        put(w, "| ");
        put_markdown(w, a->gaps[i].what);
        put(w, " | ");
        put_markdown(w, a->gaps[i].provider);
        vg_buf_addf(w->out, " | %u |\n", a->gaps[i].controls);
    }
}

static void begin_findings(vg_report_writer *w)
{
    put(w, "| severity | verdict | account | region | rule | resource | finding "
           "|\n|---|---|---|---|---|---|---|\n");
}

void report_markdown_begin(vg_report_writer *w)
{
    if (w->title.len > 0) {
        put(w, "# ");
        put_markdown(w, w->title);
        put(w, "\n\n");
    }
    begin_findings(w);
}

void report_markdown_finding(vg_report_writer *w, const vg_report_finding *given)
{
    report_finding v = report_view(w, given);
    bool open = v.workflow <= VG_WORKFLOW_NOTIFIED;
    vg_buf_addf(w->out, "| %s | %s | ", vg_severity_name(v.f.severity),
                open ? vg_verdict_name(v.f.verdict) : vg_workflow_name(v.workflow));
    put_markdown(w, v.account_name);
    put(w, v.account_name.len > 0 ? " " : "");
    put_markdown(w, v.f.account);
    put(w, " | ");
    put_markdown(w, v.f.region);
    put(w, " | ");
    put_code(w, v.f.rule);
    put(w, " | ");
    put_code(w, v.f.resource_id);
    put(w, " | ");
    put_markdown(w, v.f.message.len > 0 ? v.f.message : v.f.title);
    put(w, " |\n");
}

void report_markdown_end(vg_report_writer *w)
{
    vg_buf_addf(w->out, "\n%zu finding%s\n", w->count, w->count == 1 ? "" : "s");
}

static void put_findings(vg_report_writer *w, const vg_report_answer *a)
{
    size_t shown = 0, open = 0;
    for (size_t i = 0; i < a->finding_count; i++) {
        vg_verdict verdict = a->findings[i].finding.verdict;
        bool is_open = a->findings[i].workflow <= VG_WORKFLOW_NOTIFIED &&
                       (verdict == VG_VERDICT_FAIL || verdict == VG_VERDICT_PARTLY);
        open += is_open;
        if (!w->options.all && (!is_open || shown == FINDINGS_SHOWN))
            continue;
        if (shown++ == 0) {
            put(w, "\n## Findings\n\n");
            begin_findings(w);
        }
        report_markdown_finding(w, &a->findings[i]);
        report_pass_on(w);
    }
    if (!w->options.all && open > shown)
        vg_buf_addf(w->out, "\nThe first %zu of %zu open findings.\n", shown, open);
}

void report_answer_markdown(vg_report_writer *w, const vg_report_answer *a)
{
    put_head(w, a);
    put_list(w, "Not read in full", a->problems, a->problem_count);
    put_list(w, "Stale evidence", a->stale, a->stale_count);
    put_urgent(w, a);
    if (a->organisation.action_count > 0)
        put(w, "\n## Do first\n\n");
    for (size_t i = 0; i < a->organisation.action_count; i++)
        put_action(w, &a->organisation.actions[i]);
    put_practices(w, &a->organisation);
    put_work(w, &a->organisation);
    put_workloads(w, a);
    put_gaps(w, a);
    put_findings(w, a);
    if (w->options.explain && a->formula.len > 0) {
        put(w, "\n## How scores are computed\n\n");
        put_markdown(w, a->formula);
        put(w, "\n");
    }
}
