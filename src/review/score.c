/* score.c: the formula.
 *
 *     control   passes + half of the partly ones, over all that apply (passed, partly, failed, not assessed)
 *     practice  mean of its controls that apply, weighted (critical 8, high 4, medium 2, low 1, or the control's weight)
 *     overall   mean of the practices that apply
 *
 * Coverage is the same with "assessed" in place of "passes". Why it keeps its promises: a score is a weighted mean of
 * shares whose denominators count every subject that applies; moving one verdict from fail, partly or not assessed to
 * pass raises one numerator and no denominator, and a subject that comes in as not assessed raises a denominator and no
 * numerator. */
#include "review/review_part.h"

vg_str vg_review_formula(void)
{
    return VG_STR(
        "A control's score is the share of its resources that pass, those that pass in part counting half. "
        "Resources that could not be assessed count as not passing, so missing evidence never raises a "
        "score; "
        "those that a control does not apply to count for nothing. A practice's score is the mean of its "
        "controls, weighted by severity (critical 8, high 4, medium 2, low 1) or by the control's own "
        "weight. "
        "The overall score is the mean of the practices. Coverage is the share that was assessed, weighted "
        "the same way. A practice is met when everything was assessed and passes; not met when a critical "
        "control fails somewhere, or the score is under 50 and something fails; not assessed when nothing "
        "was; "
        "else partly met.");
}

double vg_tally_total(const vg_tally *tally)
{
    return (double)tally->of[VG_VERDICT_PASS] + (double)tally->of[VG_VERDICT_PARTLY] +
           (double)tally->of[VG_VERDICT_FAIL] + (double)tally->of[VG_VERDICT_NOT_ASSESSED];
}

double vg_tally_score(const vg_tally *tally)
{
    double total = vg_tally_total(tally);
    return total > 0 ? ((double)tally->of[VG_VERDICT_PASS] + (double)tally->of[VG_VERDICT_PARTLY] / 2) / total
                     : 0;
}

double vg_tally_coverage(const vg_tally *tally)
{
    double total = vg_tally_total(tally);
    return total > 0 ? (total - (double)tally->of[VG_VERDICT_NOT_ASSESSED]) / total : 0;
}

/* What the states are decided by. */
typedef struct {
    bool all_pass, any_fails, any_assessed, critical_fails;
} shown;

static void show(const vg_control *control, const vg_tally *tally, shown *what)
{
    bool fails = tally->of[VG_VERDICT_FAIL] > 0;
    what->any_fails = what->any_fails || fails;
    what->critical_fails =
        what->critical_fails || (fails && control->header.severity == VG_SEVERITY_CRITICAL);
    what->all_pass = what->all_pass && !fails && tally->of[VG_VERDICT_PARTLY] == 0 &&
                     tally->of[VG_VERDICT_NOT_ASSESSED] == 0;
    what->any_assessed =
        what->any_assessed || tally->of[VG_VERDICT_PASS] > 0 || tally->of[VG_VERDICT_PARTLY] > 0 || fails;
}

static vg_state state_of(const shown *what, double score)
{
    if (!what->any_assessed)
        return VG_STATE_NOT_ASSESSED;
    if (what->all_pass)
        return VG_STATE_MET;
    return what->critical_fails || (what->any_fails && score < 0.5) ? VG_STATE_NOT_MET : VG_STATE_PARTLY_MET;
}

static bool is_of(const vg_control *control, size_t practice)
{
    return (control->practices >> practice) & 1u;
}

vg_mark vg_mark_practice(const vg_content *content, const vg_tally *tallies, size_t practice)
{
    double score = 0, coverage = 0, weight = 0;
    shown what = {.all_pass = true};
    for (size_t c = 0; c < content->control_count; c++) {
        const vg_control *control = &content->controls[c];
        if (!is_of(control, practice) || vg_tally_total(&tallies[c]) <= 0)
            continue;
        score += control->weight * vg_tally_score(&tallies[c]);
        coverage += control->weight * vg_tally_coverage(&tallies[c]);
        weight += control->weight;
        show(control, &tallies[c], &what);
    }
    vg_mark mark = {.applies = weight > 0, .weight = weight};
    if (mark.applies) {
        mark.score = score / weight;
        mark.coverage = coverage / weight;
    }
    mark.state = state_of(&what, mark.score);
    return mark;
}

/* Of states: met when all are, not assessed when all are, not met when any is and the mean is under half. */
static vg_state state_of_all(const size_t count[4], size_t practices, double score)
{
    if (practices == 0 || count[VG_STATE_NOT_ASSESSED] == practices)
        return VG_STATE_NOT_ASSESSED;
    if (count[VG_STATE_MET] == practices)
        return VG_STATE_MET;
    return count[VG_STATE_NOT_MET] > 0 && score < 0.5 ? VG_STATE_NOT_MET : VG_STATE_PARTLY_MET;
}

vg_mark vg_mark_all(const vg_content *content, const vg_tally *tallies, vg_mark *practices)
{
    vg_mark all = {0};
    size_t count[4] = {0}, applying = 0;
    for (size_t p = 0; p < content->practice_count; p++) {
        vg_mark mark = vg_mark_practice(content, tallies, p);
        if (practices)
            practices[p] = mark;
        if (!mark.applies)
            continue;
        all.score += mark.score;
        all.coverage += mark.coverage;
        count[mark.state]++;
        applying++;
    }
    all.applies = applying > 0;
    if (all.applies) {
        all.score /= (double)applying;
        all.coverage /= (double)applying;
    }
    all.state = state_of_all(count, applying, all.score);
    return all;
}

vg_str vg_explain_practice(vg_arena *arena, const vg_content *content, const vg_tally *tallies,
                           size_t practice)
{
    vg_buf text = {0};
    vg_mark mark = vg_mark_practice(content, tallies, practice);
    const char *plus = "";
    vg_buf_add_c(&text, "(");
    for (size_t c = 0; c < content->control_count; c++) {
        const vg_control *control = &content->controls[c];
        if (!is_of(control, practice) || vg_tally_total(&tallies[c]) <= 0)
            continue;
        const int32_t *of = tallies[c].of;
        vg_buf_addf(&text, "%s%g x (%d + %d/2)/%d %.*s", plus, control->weight, of[VG_VERDICT_PASS],
                    of[VG_VERDICT_PARTLY], (int)vg_tally_total(&tallies[c]), VG_ARG(control->header.id));
        plus = " + ";
    }
    vg_buf_addf(&text, ") / %g = %.1f %%; %.1f %% was assessed", mark.weight, 100 * mark.score,
                100 * mark.coverage);
    vg_str kept = mark.applies ? vg_arena_str(arena, vg_buf_str(&text)) : VG_STR("No control applies.");
    vg_buf_free(&text);
    return kept;
}
