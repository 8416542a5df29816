/* answer_terminal.c: the review's answer for somebody on call. The first screen is what they act on: the score, what is
 * critical, what to do first with the exact commands, and the seven practices on a line each. What needs work follows, control by control;
 * then workloads, and what nobody could assess and why. Controls that pass are counted, and listed with `all`. */
#include "report/report_part.h"

#define PAGE_BAR        24U /* of the score */
#define SMALL_BAR       10U /* of a practice */
#define URGENT_SHOWN    10U
#define URGENT_COMMANDS 2U /* of one of these, without `all` */
#define CONTROLS_SHOWN  5U /* of a practice that needs work, without `all` */

static void put_heading(vg_report_writer *w, const char *heading)
{
    put(w, "\n");
    put_painted(w, PAINT_BOLD, vg_str_from(heading));
    put(w, "\n");
}

static void put_number(vg_report_writer *w, double number, size_t columns, paint p)
{
    char text[NUMBER_TEXT];
    report_number(number, text);
    size_t len = strlen(text);
    put_spaces(w, columns > len ? columns - len : 0);
    put_painted(w, p, vg_str_from(text));
}

/* ---- the head --------------------------------------------------------------------------------------------------- */

static vg_str evidence_time(vg_report_writer *w, const vg_report_answer *a)
{
    char from[VG_TIME_TEXT], to[VG_TIME_TEXT], judged[VG_TIME_TEXT];
    report_time(a->evidence_from, from);
    report_time(a->evidence_to, to);
    report_time(a->judged_at, judged);
    if (!from[0] && !to[0])
        return VG_STR("no evidence");
    bool range = from[0] && to[0] && strcmp(from, to) != 0, later = judged[0] && strcmp(judged, to) != 0;
    return vg_arena_printf(w->scratch, "evidence %s%s%s%s%s", from[0] ? from : to, range ? " to " : "",
                           range ? to : "", later ? ", judged at " : "", later ? judged : "");
}

static vg_str organisation(vg_report_writer *w, const vg_report_answer *a)
{
    bool named = a->organisation_name.len > 0, both = named && a->organisation_id.len > 0;
    vg_str name = named ? a->organisation_name : a->organisation_id;
    return vg_arena_printf(w->scratch, "%.*s%s%.*s%s%s%.*s", VG_ARG(name), both ? " (" : "",
                           VG_ARG(both ? a->organisation_id : VG_STR("")), both ? ")" : "",
                           name.len > 0 && a->scope.len > 0 ? ", " : "", VG_ARG(a->scope));
}

static void put_head(vg_report_writer *w, const vg_report_answer *a)
{
    put_wrapped(w, a->question, 0, 0, PAINT_BOLD);
    put(w, "\n");
    vg_str whose = organisation(w, a);
    put_wrapped(w, whose, 0, 0, PAINT_NONE);
    put(w, whose.len > 0 ? "\n" : "");
    put_wrapped(w, evidence_time(w, a), 0, 0, PAINT_NONE);
    put(w, "\n\n");
}

static vg_str state_counts(vg_report_writer *w, const vg_report_section *s)
{
    size_t counts[4] = {0};
    vg_str all = VG_STR("practices: ");
    const char *separator = "";
    for (size_t i = 0; i < s->practice_count; i++)
        counts[s->practices[i].state]++;
    for (vg_state state = VG_STATE_MET; state <= VG_STATE_NOT_ASSESSED; state++) {
        if (counts[state] == 0)
            continue;
        all = vg_arena_printf(w->scratch, "%.*s%s%zu %s", VG_ARG(all), separator, counts[state],
                              state_words(state));
        separator = ", ";
    }
    return all;
}

static void put_score(vg_report_writer *w, const vg_report_section *s)
{
    size_t width = report_columns_available(w), beside = 2 + 5 + 10 + 2 + 12;
    char coverage[NUMBER_TEXT];
    report_number(s->coverage, coverage);
    put(w, "  ");
    put_number(w, s->score, 0, paint_of_state(s->state));
    put(w, " of 100  ");
    put_bar(w, s->score, width < beside + PAGE_BAR ? width - beside : PAGE_BAR, paint_of_state(s->state));
    put(w, "  ");
    put_painted(w, paint_of_state(s->state), vg_str_from(state_words(s->state)));
    put(w, "\n  ");
    put_wrapped(w,
                vg_arena_printf(w->scratch, "from %s %% of the evidence that the controls ask for", coverage),
                2, 2, PAINT_NONE);
    put(w, "\n  ");
    put_wrapped(w, state_counts(w, s), 2, 2, PAINT_NONE);
    put(w, "\n");
}

static void put_warnings(vg_report_writer *w, const char *what, const vg_str *lines, size_t count)
{
    if (count == 0)
        return;
    put(w, "\n");
    put_painted(w, PAINT_FAIR, vg_str_from(what));
    put(w, "\n");
    for (size_t i = 0; i < count; i++) {
        put(w, "  ! ");
        put_wrapped(w, lines[i], 4, 4, PAINT_NONE);
        put(w, "\n");
    }
}

/* ---- commands -------------------------------------------------------------------------------------------------- */

/* The length of the next piece of a command: up to the last option outside quotes that fits in `columns`, or the first. */
static size_t command_piece(vg_str safe, size_t columns)
{
    size_t cut = 0;
    char quote = '\0';
    for (size_t i = 0; i < safe.len && (cut == 0 || i <= columns); i++) {
        char c = safe.ptr[i];
        if (!quote && i > 0 && vg_str_starts(vg_str_sub(safe, i, 3), VG_STR(" --")))
            cut = i;
        if (quote)
            quote = c == quote ? '\0' : quote;
        else if (c == '\'' || c == '"')
            quote = c;
    }
    return safe.len <= columns || cut == 0 ? safe.len : cut;
}

/* A command over several lines joined by backslashes, so that it can be copied as it stands. */
static void put_command(vg_report_writer *w, vg_str command, size_t indent)
{
    vg_str rest = report_shown(w, command);
    put_spaces(w, indent);
    if (vg_str_starts(rest, VG_STR("# "))) {
        put_wrapped(w, command, indent + 2, indent, PAINT_NONE);
        put(w, "\n");
        return;
    }
    put_painted(w, PAINT_DIM, VG_STR("$ "));
    for (size_t at = indent + 2; rest.len > 0; at = indent + 6) {
        size_t len = command_piece(rest, report_columns_available(w) - at - 2);
        put_painted(w, PAINT_NOTE, vg_str_sub(rest, 0, len));
        rest = vg_str_trim(vg_str_sub(rest, len, rest.len));
        put(w, rest.len > 0 ? " \\\n" : "\n");
        put_spaces(w, rest.len > 0 ? indent + 6 : 0);
    }
}

static void put_warning(vg_report_writer *w, vg_str warning, size_t indent)
{
    if (warning.len == 0)
        return;
    put_spaces(w, indent);
    put_painted(w, PAINT_FAIR, VG_STR("! "));
    put_wrapped(w, warning, indent + 2, indent + 2, PAINT_FAIR);
    put(w, "\n");
}

/* ---- what is critical -------------------------------------------------------------------------------------------- */

static void put_urgent_finding(vg_report_writer *w, const vg_report_finding *given)
{
    report_finding v = report_view(w, given);
    put_painted(w, PAINT_BAD, vg_str_from(mark_of_verdict(w, VG_VERDICT_FAIL)));
    put(w, " ");
    vg_str line =
        vg_arena_printf(w->scratch, "%.*s: %.*s", VG_ARG(report_whereabouts(w, &v)), VG_ARG(v.f.message));
    put_wrapped(w, line, 2, 2, PAINT_NONE);
    put(w, "\n  ");
    put_wrapped(w, v.f.rule, 2, 2, PAINT_DIM);
    put(w, "\n");
    put_warning(w, v.warning, 2);
    for (size_t i = 0; i < v.command_count && (i < URGENT_COMMANDS || w->options.all); i++)
        put_command(w, v.commands[i], 2);
    if (v.command_count > URGENT_COMMANDS && !w->options.all)
        vg_buf_addf(w->out, "  and %zu more: vigil review --all\n", v.command_count - URGENT_COMMANDS);
}

/* Scores are means, and a mean forgives: one root user without MFA among a thousand accounts moves it by nothing. So
 * critical failures stand first, whatever they weigh. */
static void put_urgent(vg_report_writer *w, const vg_report_answer *a)
{
    size_t count = 0;
    for (size_t i = 0; i < a->finding_count; i++) {
        if (!report_is_urgent(&a->findings[i]))
            continue;
        if (count == 0)
            put_heading(w, "CRITICAL, OPEN NOW");
        if (count++ < URGENT_SHOWN || w->options.all)
            put_urgent_finding(w, &a->findings[i]);
    }
    if (count > URGENT_SHOWN && !w->options.all)
        vg_buf_addf(w->out, "  and %zu more: vigil finding list --severity critical\n", count - URGENT_SHOWN);
}

/* ---- actions ---------------------------------------------------------------------------------------------------- */

static void put_action(vg_report_writer *w, const vg_report_action *action, size_t number, double gain)
{
    vg_buf_addf(w->out, "%2zu. ", number);
    put_wrapped(w, action->title, 4, 4, PAINT_BOLD);
    put(w, "\n    ");
    char points[NUMBER_TEXT];
    report_number(gain, points);
    vg_str reason = vg_arena_printf(w->scratch, "+%s points (%.*s)%s%.*s", points, VG_ARG(action->practice),
                                    action->why.len > 0 ? ". " : "", VG_ARG(action->why));
    put_wrapped(w, reason, 4, 4, PAINT_NONE);
    put(w, "\n");
    put_warning(w, action->warning, 4);
    for (size_t i = 0; i < action->command_count; i++)
        put_command(w, action->commands[i], 4);
}

static void put_actions(vg_report_writer *w, const vg_report_section *s)
{
    if (s->action_count == 0)
        return;
    put_heading(w, "DO FIRST");
    for (size_t i = 0; i < s->action_count; i++)
        put_action(w, &s->actions[i], i + 1, s->actions[i].total_gain);
}

/* ---- practices -------------------------------------------------------------------------------------------------- */

static void put_practice_line(vg_report_writer *w, const vg_report_practice *p)
{
    /* mark, id, title, bar, score, coverage: the title takes what is left */
    size_t fixed = 2 + 11 + 2 + SMALL_BAR + 1 + 5 + 7, width = report_columns_available(w);
    put_painted(w, paint_of_state(p->state), vg_str_from(mark_of_state(w, p->state)));
    put(w, " ");
    put_padded(w, p->id, 11, PAINT_NONE);
    put_padded(w, p->title, width > fixed ? width - fixed : 1, PAINT_NONE);
    put(w, "  ");
    put_bar(w, p->score, SMALL_BAR, paint_of_state(p->state));
    put(w, " ");
    put_number(w, p->score, 5, paint_of_state(p->state));
    put_number(w, p->coverage, 5, PAINT_DIM);
    put_painted(w, PAINT_DIM, VG_STR(" %"));
    put(w, "\n");
}

static void put_practices(vg_report_writer *w, const vg_report_section *s)
{
    size_t width = report_columns_available(w);
    put(w, "\n");
    put_padded(w, VG_STR("PRACTICES"), width - 14 - 1, PAINT_BOLD);
    put_painted(w, PAINT_DIM, VG_STR("score  evidence"));
    put(w, "\n");
    for (size_t i = 0; i < s->practice_count; i++)
        put_practice_line(w, &s->practices[i]);
    vg_str legend =
        vg_arena_printf(w->scratch, "%s met, %s partly met, %s not met, %s not assessed",
                        mark_of_state(w, VG_STATE_MET), mark_of_state(w, VG_STATE_PARTLY_MET),
                        mark_of_state(w, VG_STATE_NOT_MET), mark_of_state(w, VG_STATE_NOT_ASSESSED));
    put_wrapped(w, legend, 0, 0, PAINT_DIM);
    put(w, "\n");
}

static bool needs_work(const vg_report_control *c)
{
    return c->verdict == VG_VERDICT_FAIL || c->verdict == VG_VERDICT_PARTLY;
}

static void put_control(vg_report_writer *w, const vg_report_control *c)
{
    put(w, "  ");
    put_painted(w, paint_of_verdict(c->verdict), vg_str_from(mark_of_verdict(w, c->verdict)));
    put(w, " ");
    bool graded = needs_work(c) || c->verdict == VG_VERDICT_NOT_ASSESSED;
    if (graded) {
        put_painted(w, paint_of_severity(c->severity), vg_str_from(vg_severity_name(c->severity)));
        put(w, " ");
    }
    size_t at = graded ? 5 + strlen(vg_severity_name(c->severity)) : 4;
    vg_str line = vg_arena_printf(w->scratch, "%.*s: %.*s", VG_ARG(c->id), VG_ARG(c->title));
    put_wrapped(w, line, 4, at, PAINT_NONE);
    put(w, "\n");
    if (c->summary.len > 0) {
        put_spaces(w, 4);
        put_wrapped(w, c->summary, 4, 4, PAINT_DIM);
        put(w, "\n");
    }
    if (c->missing.len > 0 && c->verdict != VG_VERDICT_PASS) {
        put(w, "    needs: ");
        put_wrapped(w, c->missing, 11, 11, PAINT_NOTE);
        put(w, "\n");
    }
    if (w->options.explain) {
        char weight[NUMBER_TEXT];
        report_number(c->weight, weight);
        vg_buf_addf(
            w->out,
            "    weight %s; resources: %u pass, %u fail, %u partly, %u not assessed, %u not applicable\n",
            weight, c->passed, c->failed, c->partly, c->not_assessed, c->not_applicable);
    }
}

/* An action of a practice: in full, unless it stands among those to do first. */
static void put_practice_action(vg_report_writer *w, const vg_report_section *s,
                                const vg_report_action *action, size_t number)
{
    for (size_t i = 0; i < s->action_count; i++) {
        if (!vg_str_eq(s->actions[i].title, action->title))
            continue;
        char points[NUMBER_TEXT];
        report_number(action->gain, points);
        vg_str line = vg_arena_printf(w->scratch, "%.*s: +%s points of this practice; number %zu above",
                                      VG_ARG(action->title), points, i + 1);
        vg_buf_addf(w->out, "%2zu. ", number);
        put_wrapped(w, line, 4, 4, PAINT_NONE);
        put(w, "\n");
        return;
    }
    put_action(w, action, number, action->gain);
}

static void put_practice_head(vg_report_writer *w, const vg_report_practice *p)
{
    size_t passing = 0, applicable = 0;
    for (size_t i = 0; i < p->control_count; i++) {
        passing += p->controls[i].verdict == VG_VERDICT_PASS;
        applicable += p->controls[i].verdict != VG_VERDICT_NOT_APPLICABLE;
    }
    put(w, "\n");
    put_painted(w, paint_of_state(p->state), p->id);
    put(w, " ");
    put_wrapped(w, p->title, 4, vg_report_columns(p->id) + 1, PAINT_BOLD);
    vg_buf_addf(w->out, "\n    %zu of %zu controls pass\n", passing, applicable);
    if (w->options.explain && p->explanation.len > 0)
        put_paragraphs(w, p->explanation, 4);
}

/* All in their order, or the worst of those that need work. */
static void put_controls(vg_report_writer *w, const vg_report_practice *p, bool all)
{
    size_t shown = 0, more = 0;
    for (size_t i = 0; i < p->control_count && all; i++)
        put_control(w, &p->controls[i]);
    for (size_t severity = VG_SEVERITY_CRITICAL + 1; severity > 0 && !all; severity--)
        for (size_t i = 0; i < p->control_count; i++) {
            if (!needs_work(&p->controls[i]) || p->controls[i].severity != severity - 1)
                continue;
            if (shown < CONTROLS_SHOWN)
                put_control(w, &p->controls[i]);
            more += shown++ >= CONTROLS_SHOWN;
        }
    if (more > 0)
        vg_buf_addf(w->out, "    and %zu more: vigil review --all\n", more);
}

/* The controls of a practice that are to be seen, and what would raise it most. */
static void put_practice(vg_report_writer *w, const vg_report_section *s, const vg_report_practice *p)
{
    bool whole = w->options.all || w->options.explain;
    size_t failing = 0;
    for (size_t i = 0; i < p->control_count; i++)
        failing += needs_work(&p->controls[i]);
    if (failing == 0 && p->action_count == 0 && !whole)
        return;
    put_practice_head(w, p);
    put_controls(w, p, whole);
    if (p->action_count > 0)
        put(w, "  what would raise it most:\n");
    for (size_t i = 0; i < p->action_count; i++)
        put_practice_action(w, s, &p->actions[i], i + 1);
}

static void put_work(vg_report_writer *w, const vg_report_section *s)
{
    put_heading(w, "WHAT NEEDS WORK");
    size_t before = w->out->len;
    for (size_t i = 0; i < s->practice_count; i++)
        put_practice(w, s, &s->practices[i]);
    if (w->out->len == before)
        put(w, "  nothing that the evidence shows\n");
}

/* ---- the rest --------------------------------------------------------------------------------------------------- */

static void put_workload(vg_report_writer *w, const vg_report_section *s)
{
    size_t name = report_columns_available(w) - (2 + 2 + SMALL_BAR + 1 + 5 + 7);
    put_painted(w, paint_of_state(s->state), vg_str_from(mark_of_state(w, s->state)));
    put(w, " ");
    vg_str text = vg_arena_printf(w->scratch, "%.*s%s%.*s", VG_ARG(s->name),
                                  s->description.len > 0 ? ": " : "", VG_ARG(s->description));
    put_padded(w, text, name, PAINT_NONE);
    put(w, "  ");
    put_bar(w, s->score, SMALL_BAR, paint_of_state(s->state));
    put(w, " ");
    put_number(w, s->score, 5, paint_of_state(s->state));
    put_number(w, s->coverage, 5, PAINT_DIM);
    put_painted(w, PAINT_DIM, VG_STR(" %"));
    put(w, "\n");
    for (size_t i = 0; i < s->action_count && (i == 0 || w->options.all); i++) {
        put(w, i == 0 ? "    first: " : "    then:  ");
        put_wrapped(w, s->actions[i].title, 11, 11, PAINT_NONE);
        put(w, "\n");
    }
}

static void put_workloads(vg_report_writer *w, const vg_report_answer *a)
{
    if (a->workload_count == 0)
        return;
    put_heading(w, "WORKLOADS");
    for (size_t i = 0; i < a->workload_count; i++)
        put_workload(w, &a->workloads[i]);
}

static void put_gaps(vg_report_writer *w, const vg_report_answer *a)
{
    if (a->gap_count == 0)
        return;
    put_heading(w, "NOT ASSESSED");
    for (size_t i = 0; i < a->gap_count; i++) {
        const vg_report_gap *gap = &a->gaps[i];
        vg_buf_addf(w->out, "%s ", mark_of_verdict(w, VG_VERDICT_NOT_ASSESSED));
        vg_str what = vg_arena_printf(w->scratch, "%.*s (%u control%s)", VG_ARG(gap->what), gap->controls,
                                      gap->controls == 1 ? "" : "s");
        put_wrapped(w, what, 2, 2, PAINT_NONE);
        put(w, "\n  give: ");
        put_wrapped(w, gap->provider, 8, 8, PAINT_NOTE);
        put(w, "\n");
    }
}

/* Without `all`, findings are counted: the controls said what they are. */
static void put_findings(vg_report_writer *w, const vg_report_answer *a)
{
    size_t counts[5] = {0}, open = 0;
    for (size_t i = 0; i < a->finding_count; i++) {
        const vg_report_finding *f = &a->findings[i];
        bool is_open = f->workflow <= VG_WORKFLOW_NOTIFIED &&
                       (f->finding.verdict == VG_VERDICT_FAIL || f->finding.verdict == VG_VERDICT_PARTLY);
        counts[f->finding.severity] += is_open;
        open += is_open;
    }
    if (open == 0)
        return;
    put_heading(w, "FINDINGS");
    vg_buf_addf(w->out, "%zu open:", open);
    for (size_t i = VG_COUNT(counts); i > 0; i--) {
        if (counts[i - 1] == 0)
            continue;
        vg_str text =
            vg_arena_printf(w->scratch, "  %zu %s", counts[i - 1], vg_severity_name((vg_severity)(i - 1)));
        put_painted(w, paint_of_severity((vg_severity)(i - 1)), text);
    }
    put(w, "\n");
    for (size_t i = 0; i < a->finding_count && w->options.all; i++) {
        report_terminal_finding(w, &a->findings[i]);
        report_pass_on(w);
    }
    if (w->options.all) {
        put(w, "\n");
        report_terminal_end(w);
    }
}

void report_answer_terminal(vg_report_writer *w, const vg_report_answer *a)
{
    put_head(w, a);
    put_score(w, &a->organisation);
    put_warnings(w, "NOT READ IN FULL", a->problems, a->problem_count);
    put_warnings(w, "STALE EVIDENCE", a->stale, a->stale_count);
    put_urgent(w, a);
    put_actions(w, &a->organisation);
    put_practices(w, &a->organisation);
    put_work(w, &a->organisation);
    put_workloads(w, a);
    put_gaps(w, a);
    put_findings(w, a);
    if (w->options.explain && a->formula.len > 0) {
        put_heading(w, "HOW SCORES ARE COMPUTED");
        put_paragraphs(w, a->formula, 0);
    }
}
