/* action.c: what to do first: for each control that can be repaired, what that would raise; then the best three, with the
 * commands to type.
 *
 * An action repairs a control, or those that the same commands repair, wherever they fail in the section. fill.c puts
 * into the commands what is known. */
#include "review/review_part.h"

#include <stdlib.h>

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while choosing actions");
}

/* ---- gains ---------------------------------------------------------------------------------------------------------------- */

static bool is_listed(const vg_vec *targets, vg_str target)
{
    for (size_t i = 0; i < targets->len; i++)
        if (vg_str_eq(*(const vg_str *)vg_vec_at(targets, i), target))
            return true;
    return false;
}

static bool is_root(const vg_assessment *assessment, vg_str unit)
{
    for (size_t i = 0; i < assessment->unit_count; i++)
        if (vg_str_eq(assessment->units[i].id, unit))
            return assessment->units[i].is_root;
    return false;
}

/* The targets that policies for what is repaired are attached to, each once. */
static vg_status list_targets(const vg_reviewer *reviewer, const vg_section_count *section,
                              const vg_repair *repair, vg_vec *out, bool *has_root, vg_error *err)
{
    const vg_assessment *assessment = reviewer->assessment;
    *out = vg_vec_in(reviewer->arena, sizeof(vg_str));
    *has_root = false;
    for (size_t i = 0; i < repair->count; i++) {
        size_t home = repair->changes[i].home;
        bool is_account = section->has[home] && home < section->homes->account_count;
        if (!is_account || is_listed(out, section->targets[home]))
            continue;
        vg_str *target = vg_vec_push(out);
        if (!target)
            return no_memory(err);
        *target = section->targets[home];
        *has_root = *has_root || is_root(assessment, *target);
    }
    return VG_OK;
}

/* Adds what the action changes of subjects that it does not repair; something is repaired in the section. */
static vg_status add_reached(const vg_reviewer *reviewer, const vg_section_count *section,
                             const vg_repair *repair, vg_tally *after, vg_error *err)
{
    vg_vec targets = {0};
    bool has_root = false, is_by_target = repair->reach == VG_REACH_TARGET;
    if (repair->reached_count > 0 && is_by_target)
        VG_TRY(list_targets(reviewer, section, repair, &targets, &has_root, err));
    for (size_t i = 0; i < repair->reached_count; i++) {
        const vg_change *change = &repair->reached[i];
        bool is_account = change->home < section->homes->account_count;
        bool is_below =
            is_account && is_by_target ? is_listed(&targets, section->targets[change->home]) : has_root;
        if (!section->has[change->home] || (is_by_target && !is_below))
            continue;
        for (size_t v = 0; v < 5; v++)
            after[change->control].of[v] += change->change.of[v];
    }
    return VG_OK;
}

vg_status vg_section_weigh(const vg_reviewer *reviewer, vg_section_count *section, vg_error *err)
{
    const vg_content *content = reviewer->assessment->content;
    size_t controls = content->control_count, practices = content->practice_count;
    vg_tally *after = VG_NEW_N(reviewer->arena, vg_tally, controls + 1);
    vg_mark *marks = VG_NEW_N(reviewer->arena, vg_mark, practices + 1);
    double *gains = VG_NEW_N(reviewer->arena, double, controls *practices + 1);
    section->gains = VG_NEW_N(reviewer->arena, vg_gain, controls + 1);
    if (!after || !marks || !gains || !section->gains)
        return no_memory(err);
    for (size_t c = 0; c < controls; c++) {
        const vg_repair *repair = &reviewer->repairs[c];
        bool any = false;
        section->gains[c].practices = gains + c * practices;
        memcpy(after, section->tallies, controls * sizeof *after);
        for (size_t i = 0; i < repair->count; i++) {
            const vg_change *change = &repair->changes[i];
            if (!section->has[change->home])
                continue;
            any = true;
            for (size_t v = 0; v < 5; v++)
                after[change->control].of[v] += change->change.of[v];
        }
        if (!any)
            continue;
        VG_TRY(add_reached(reviewer, section, repair, after, err));
        section->gains[c].total = 100 * (vg_mark_all(content, after, marks).score - section->mark.score);
        for (size_t p = 0; p < practices; p++)
            section->gains[c].practices[p] = 100 * (marks[p].score - section->marks[p].score);
    }
    return VG_OK;
}

/* ---- words ------------------------------------------------------------------------------------------------------------------ */

static vg_str first_sentence(vg_str text)
{
    text = vg_str_trim(text);
    for (size_t i = 0; i + 1 < text.len; i++)
        if (text.ptr[i] == '.' && (text.ptr[i + 1] == ' ' || text.ptr[i + 1] == '\n'))
            return vg_str_sub(text, 0, i);
    return text.len && text.ptr[text.len - 1] == '.' ? vg_str_sub(text, 0, text.len - 1) : text;
}

vg_str vg_control_action(const vg_control *control)
{
    vg_str title = first_sentence(control->header.remediation);
    return title.len ? title : control->header.title;
}

/* ---- commands --------------------------------------------------------------------------------------------------------------- */

/* The same command for many subjects (one for the organisation, said by each account) stands once. */
static vg_status add_command(vg_vec *commands, vg_map *seen, vg_str text, vg_error *err)
{
    bool added = false;
    if (!text.ptr || !vg_map_put(seen, text, &added))
        return no_memory(err);
    if (!added)
        return VG_OK;
    vg_str *item = vg_vec_push(commands);
    if (!item)
        return no_memory(err);
    *item = text;
    return VG_OK;
}

static vg_str step_in_words(const vg_reviewer *reviewer, const vg_control *control)
{
    if (control->attestation.len)
        return vg_arena_printf(reviewer->arena,
                               "# vigil attest template %.*s > FILE, fill it in, and vigil import FILE",
                               VG_ARG(control->attestation));
    return vg_arena_printf(reviewer->arena, "# %.*s", VG_ARG(vg_str_trim(control->header.remediation)));
}

static vg_status write_commands(const vg_reviewer *reviewer, const vg_section_count *section, size_t number,
                                vg_report_action *action, vg_error *err)
{
    const vg_assessment *assessment = reviewer->assessment;
    const vg_control *control = &assessment->content->controls[number];
    const vg_repair *repair = &reviewer->repairs[number];
    size_t most = reviewer->options->commands ? reviewer->options->commands : SIZE_MAX, left = 0,
           last = SIZE_MAX;
    vg_vec commands = vg_vec_in(reviewer->arena, sizeof(vg_str));
    vg_map *seen = vg_map_new(reviewer->arena, 0);
    const vg_resource *first = NULL;
    if (!seen)
        return no_memory(err);
    for (size_t j = 0; j < repair->judgement_count; j++) {
        size_t subject = assessment->judgements[repair->judgements[j]].subject;
        if (!section->has[reviewer->homes->home_of[subject]])
            continue;
        if (commands.len >= most) { /* judgements of a subject stand together */
            left += subject != last;
            last = subject;
            continue;
        }
        last = subject;
        const vg_resource *resource = &assessment->subjects[subject].resource;
        size_t account = vg_find_account(assessment, resource->account);
        vg_str target = account == VG_NPOS ? (vg_str){0} : section->targets[account];
        first = first ? first : resource;
        vg_vec own = vg_vec_in(reviewer->arena, sizeof(vg_str));
        VG_TRY(vg_fill_commands(reviewer->filler, control, resource, target, most, reviewer->arena, &own,
                                &left, err));
        for (size_t i = 0; i < own.len; i++)
            VG_TRY(add_command(&commands, seen, *(vg_str *)vg_vec_at(&own, i), err));
    }
    if (commands.len == 0)
        VG_TRY(add_command(&commands, seen, step_in_words(reviewer, control), err));
    if (left > 0)
        VG_TRY(add_command(
            &commands, seen,
            vg_arena_printf(reviewer->arena,
                            "# and the same for %zu more; 'vigil review --format json' lists every command",
                            left),
            err));
    if (first)
        VG_TRY(vg_explain_words(reviewer->filler, first, reviewer->arena, &commands, err));
    action->commands = commands.items;
    action->command_count = commands.len;
    return VG_OK;
}

/* ---- the best three ---------------------------------------------------------------------------------------------------------- */

/* What of the controls that an action repairs is to be repaired in a section. */
typedef struct {
    size_t *controls; /* in order */
    size_t count;
    size_t lead; /* the one that fails most, then the most severe: it says why */
} action_controls;

static vg_status list_controls(const vg_reviewer *reviewer, const vg_section_count *section, size_t number,
                               action_controls *out, vg_error *err)
{
    const vg_content *content = reviewer->assessment->content;
    const vg_repair *repair = &reviewer->repairs[number];
    size_t *resources = VG_NEW_N(reviewer->arena, size_t, content->control_count + 1);
    *out = (action_controls){.controls = VG_NEW_N(reviewer->arena, size_t, content->control_count + 1)};
    if (!resources || !out->controls)
        return no_memory(err);
    for (size_t j = 0; j < repair->judgement_count; j++) {
        const vg_judgement *judgement = &reviewer->assessment->judgements[repair->judgements[j]];
        resources[judgement->control] += section->has[reviewer->homes->home_of[judgement->subject]];
    }
    for (size_t c = 0; c < content->control_count; c++) {
        if (resources[c] == 0)
            continue;
        bool more = out->count == 0 || resources[c] > resources[out->lead],
             worse = out->count > 0 && resources[c] == resources[out->lead] &&
                     content->controls[c].header.severity > content->controls[out->lead].header.severity;
        out->lead = more || worse ? c : out->lead;
        out->controls[out->count++] = c;
    }
    return VG_OK;
}

/* What is wrong, in the words of the control that leads. */
static vg_str why(const vg_reviewer *reviewer, const vg_section_count *section, size_t number, size_t lead)
{
    const vg_assessment *assessment = reviewer->assessment;
    const vg_control *control = &assessment->content->controls[lead];
    const vg_repair *repair = &reviewer->repairs[number];
    vg_str message = {0};
    size_t resources = 0;
    for (size_t j = 0; j < repair->judgement_count; j++) {
        const vg_judgement *judgement = &assessment->judgements[repair->judgements[j]];
        if (judgement->control != lead || !section->has[reviewer->homes->home_of[judgement->subject]])
            continue;
        message = message.len ? message : judgement->message;
        resources++;
    }
    if (message.len == 0)
        return vg_arena_printf(reviewer->arena, "Nobody vouches for it: %.*s", VG_ARG(control->header.title));
    return resources == 1 ? message
                          : vg_arena_printf(reviewer->arena, "%zu of %d: %.*s", resources,
                                            (int)vg_tally_total(&section->tallies[lead]), VG_ARG(message));
}

/* The warnings of all its controls, each once. */
static vg_str warning_of(const vg_reviewer *reviewer, const action_controls *of)
{
    const vg_content *content = reviewer->assessment->content;
    vg_str all = {0};
    for (size_t i = 0; i < of->count; i++) {
        vg_str warning = vg_str_trim(content->controls[of->controls[i]].header.warning);
        if (warning.len && vg_str_find(all, warning) == VG_NPOS)
            all = all.len ? vg_arena_printf(reviewer->arena, "%.*s %.*s", VG_ARG(all), VG_ARG(warning))
                          : warning;
    }
    return all;
}

static vg_status write_action(const vg_reviewer *reviewer, const vg_section_count *section, size_t number,
                              size_t practice, vg_report_action *out, vg_error *err)
{
    const vg_content *content = reviewer->assessment->content;
    action_controls of;
    VG_TRY(list_controls(reviewer, section, number, &of, err));
    const vg_control *lead = &content->controls[of.lead];
    size_t of_practice = practice == VG_NPOS ? lead->practice : practice;
    vg_str *ids = VG_NEW_N(reviewer->arena, vg_str, of.count + 1);
    if (!ids)
        return no_memory(err);
    for (size_t i = 0; i < of.count; i++)
        ids[i] = content->controls[of.controls[i]].header.id;
    *out = (vg_report_action){
        .title = vg_control_action(lead),
        .why = why(reviewer, section, number, of.lead),
        .practice = content->practices[of_practice].code,
        .gain = section->gains[number].practices[of_practice],
        .total_gain = section->gains[number].total,
        .warning = warning_of(reviewer, &of),
        .controls = ids,
        .control_count = of.count,
    };
    return write_commands(reviewer, section, number, out, err);
}

/* Whether control a comes before b: more gain, then severity, then the order of controls. */
static bool is_better(const vg_content *content, const vg_section_count *section, size_t practice, size_t a,
                      size_t b)
{
    const vg_gain *left = &section->gains[a], *right = &section->gains[b];
    double gain_a = practice == VG_NPOS ? left->total : left->practices[practice];
    double gain_b = practice == VG_NPOS ? right->total : right->practices[practice];
    if (gain_a > gain_b || gain_a < gain_b)
        return gain_a > gain_b;
    if (content->controls[a].header.severity != content->controls[b].header.severity)
        return content->controls[a].header.severity > content->controls[b].header.severity;
    return a < b;
}

vg_status vg_section_actions(const vg_reviewer *reviewer, const vg_section_count *section, size_t practice,
                             const vg_report_action **out, size_t *count, vg_error *err)
{
    enum { BEST = 3 };
    const vg_content *content = reviewer->assessment->content;
    size_t best[BEST + 1], found = 0;
    for (size_t c = 0; c < content->control_count; c++) {
        const vg_gain *gain = &section->gains[c];
        double raises = practice == VG_NPOS ? gain->total : gain->practices ? gain->practices[practice] : 0;
        if (raises <= 0)
            continue;
        size_t at = found;
        while (at > 0 && is_better(content, section, practice, c, best[at - 1])) {
            best[at] = best[at - 1];
            at--;
        }
        best[at] = c;
        found = found < BEST ? found + 1 : BEST;
    }
    vg_report_action *actions = VG_NEW_N(reviewer->arena, vg_report_action, BEST);
    if (!actions)
        return no_memory(err);
    for (size_t i = 0; i < found; i++)
        VG_TRY(write_action(reviewer, section, best[i], practice, &actions[i], err));
    *out = actions;
    *count = found;
    return VG_OK;
}
