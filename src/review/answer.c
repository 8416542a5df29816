/* answer.c: the assessment as the answer that report.h writes: sections, practices, controls, what is missing, what is
 * stale, findings. */
#include "review/review_part.h"

#include <stdlib.h>

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while writing the answer");
}

/* ---- controls ------------------------------------------------------------------------------------------------------------ */

vg_status vg_control_requirements(const vg_control *control, vg_arena *arena, const vg_str **out,
                                  size_t *count, vg_error *err)
{
    static const struct {
        const char *key, *name;
    } frameworks[] = {
        {"sec01", "SEC01"},   {"cis-aws-5.0", "CIS AWS 5.0"},   {"cis-aws-7.0", "CIS AWS 7.0"},
        {"fsbp", "AWS FSBP"}, {"nist-csf-2.0", "NIST CSF 2.0"},
    };
    vg_vec requirements = vg_vec_in(arena, sizeof(vg_str));
    for (vg_items it = vg_items_of(control->header.mappings); vg_items_next(&it);) {
        vg_str framework = it.key, id;
        for (size_t i = 0; i < VG_COUNT(frameworks); i++)
            if (vg_str_is(it.key, frameworks[i].key))
                framework = vg_str_from(frameworks[i].name);
        for (size_t i = 0; vg_control_item(it.value, i, &id); i++) {
            vg_str *item = vg_vec_push(&requirements);
            if (!item)
                return no_memory(err);
            *item = vg_arena_printf(arena, "%.*s %.*s", VG_ARG(framework), VG_ARG(id));
        }
    }
    *out = requirements.items;
    *count = requirements.len;
    return VG_OK;
}

static vg_str summary(const vg_answerer *a, const vg_section_count *section, size_t number)
{
    const vg_content *content = a->of.assessment->content;
    const int32_t *of = section->tallies[number].of;
    int total = (int)vg_tally_total(&section->tallies[number]),
        bad = of[VG_VERDICT_FAIL] + of[VG_VERDICT_PARTLY];
    vg_str message = {0};
    for (size_t home = 0; home < a->of.homes->home_count && bad > 0 && message.len == 0; home++)
        if (section->has[home])
            message = a->messages[home * content->control_count + number];
    if (total == 0)
        return VG_STR("Nothing here that it applies to");
    if (of[VG_VERDICT_NOT_ASSESSED] == total)
        return VG_STR("Not assessed: the evidence is missing");
    if (bad == 0)
        return vg_arena_printf(a->of.arena,
                               of[VG_VERDICT_NOT_ASSESSED] ? "%d of %d pass, the others were not assessed"
                                                           : "%d of %d pass",
                               of[VG_VERDICT_PASS], total);
    return total == 1 ? message : vg_arena_printf(a->of.arena, "%d of %d: %.*s", bad, total, VG_ARG(message));
}

/* The worst that was said of any subject; a pass only when all passed. */
static vg_verdict worst_of(const vg_tally *tally)
{
    static const vg_verdict order[] = {VG_VERDICT_FAIL, VG_VERDICT_PARTLY, VG_VERDICT_NOT_ASSESSED,
                                       VG_VERDICT_PASS};
    for (size_t i = 0; i < VG_COUNT(order); i++)
        if (tally->of[order[i]] > 0)
            return order[i];
    return VG_VERDICT_NOT_APPLICABLE;
}

static void write_control(const vg_answerer *a, const vg_section_count *section, size_t number,
                          vg_report_control *out)
{
    const vg_content *content = a->of.assessment->content;
    const vg_control *control = &content->controls[number];
    const vg_tally *tally = &section->tallies[number];
    size_t action = a->of.repairs[number].action;
    int32_t open = tally->of[VG_VERDICT_FAIL] + tally->of[VG_VERDICT_PARTLY] +
                   (control->attestation.len ? tally->of[VG_VERDICT_NOT_ASSESSED] : 0);
    *out = (vg_report_control){
        .id = control->header.id,
        .title = control->header.title,
        .verdict = worst_of(tally),
        .severity = control->header.severity,
        .weight = control->weight,
        .summary = summary(a, section, number),
        .missing = tally->of[VG_VERDICT_NOT_ASSESSED] > 0 ? a->controls[number].missing : (vg_str){0},
        .source = a->controls[number].source,
        .passed = (uint32_t)tally->of[VG_VERDICT_PASS],
        .failed = (uint32_t)tally->of[VG_VERDICT_FAIL],
        .partly = (uint32_t)tally->of[VG_VERDICT_PARTLY],
        .not_assessed = (uint32_t)tally->of[VG_VERDICT_NOT_ASSESSED],
        .not_applicable = (uint32_t)tally->of[VG_VERDICT_NOT_APPLICABLE],
        .requirements = a->controls[number].requirements,
        .requirement_count = a->controls[number].requirement_count,
        .action = open > 0 ? content->controls[action].header.id : (vg_str){0},
        .total_gain = open > 0 ? section->gains[action].total : 0,
    };
}

/* ---- sections --------------------------------------------------------------------------------------------------------------- */

static vg_status write_practice(const vg_answerer *a, const vg_section_count *section, size_t practice,
                                vg_report_practice *out, vg_error *err)
{
    const vg_content *content = a->of.assessment->content;
    const vg_mark *mark = &section->marks[practice];
    size_t count = 0;
    for (size_t c = 0; c < content->control_count; c++)
        count += (content->controls[c].practices >> practice) & 1u;
    vg_report_control *controls = VG_NEW_N(a->of.arena, vg_report_control, count + 1);
    if (!controls)
        return no_memory(err);
    count = 0;
    for (size_t c = 0; c < content->control_count; c++)
        if ((content->controls[c].practices >> practice) & 1u)
            write_control(a, section, c, &controls[count++]);
    *out = (vg_report_practice){
        .id = content->practices[practice].code,
        .title = content->practices[practice].title,
        .state = mark->state,
        .score = mark->applies ? 100 * mark->score : VG_SCORE_NONE,
        .coverage = 100 * mark->coverage,
        .explanation = vg_explain_practice(a->of.arena, content, section->tallies, practice),
        .controls = controls,
        .control_count = count,
    };
    return vg_section_actions(&a->of, section, practice, &out->actions, &out->action_count, err);
}

static vg_status write_section(const vg_answerer *a, vg_str name, vg_str description, bool *has,
                               vg_report_section *out, vg_error *err)
{
    const vg_content *content = a->of.assessment->content;
    vg_section_count section;
    VG_TRY(vg_section_sum(a->of.homes, has, a->of.arena, &section, err));
    VG_TRY(vg_section_weigh(&a->of, &section, err));
    vg_report_practice *practices = VG_NEW_N(a->of.arena, vg_report_practice, content->practice_count + 1);
    if (!practices)
        return no_memory(err);
    for (size_t p = 0; p < content->practice_count; p++)
        VG_TRY(write_practice(a, &section, p, &practices[p], err));
    *out = (vg_report_section){
        .name = name,
        .description = description,
        .accounts = section.accounts,
        .state = section.mark.state,
        .score = section.mark.applies ? 100 * section.mark.score : VG_SCORE_NONE,
        .coverage = 100 * section.mark.coverage,
        .practices = practices,
        .practice_count = content->practice_count,
    };
    return vg_section_actions(&a->of, &section, VG_NPOS, &out->actions, &out->action_count, err);
}

/* ---- which homes ------------------------------------------------------------------------------------------------------------ */

/* Whether the account stands under the unit: its parent's id, a name on its path, or the path's beginning. */
static bool is_under(const vg_account *account, vg_str unit)
{
    if (vg_str_eq(account->parent, unit) || vg_str_eq(account->ou_path, unit))
        return true;
    bool is_prefix = vg_str_starts(account->ou_path, unit) && account->ou_path.len > unit.len &&
                     account->ou_path.ptr[unit.len] == '/';
    vg_str name, path = account->ou_path;
    while (!is_prefix && vg_str_next(&path, '/', &name))
        if (vg_str_eq(name, unit))
            return true;
    return is_prefix;
}

static vg_status select_accounts(const vg_reviewer *r, bool *has, vg_error *err)
{
    const vg_review_options *options = r->options;
    for (size_t i = 0; i < options->account_count; i++) {
        size_t at = vg_find_account(r->assessment, options->accounts[i]);
        if (at == VG_NPOS)
            return vg_fail(err, VG_ERR_USAGE, "no evidence of an active account %.*s",
                           VG_ARG(options->accounts[i]));
        has[at] = true;
    }
    for (size_t u = 0; u < options->unit_count; u++) {
        bool any = false;
        for (size_t i = 0; i < r->assessment->account_count; i++)
            if (is_under(&r->assessment->accounts[i], options->units[u]))
                has[i] = any = true;
        if (!any)
            return vg_fail(err, VG_ERR_USAGE,
                           "no account is known under an OU '%.*s'; give its id, name or path",
                           VG_ARG(options->units[u]));
    }
    return VG_OK;
}

static void select_workload(const vg_reviewer *r, size_t workload, bool *has)
{
    const vg_assessment *assessment = r->assessment;
    for (size_t i = 0; i < assessment->workload_count; i++) {
        const vg_workload *environment = &assessment->workloads[i];
        bool is_its = vg_str_eq(environment->name, r->homes->workloads[workload]);
        for (size_t k = 0; is_its && k < environment->account_count; k++) {
            size_t account = vg_find_account(assessment, environment->accounts[k]);
            if (account != VG_NPOS)
                has[account] = true;
        }
    }
    has[vg_home_organization(r->homes)] = true;
    has[vg_home_workload(r->homes, workload)] = true;
}

static bool is_filtered(const vg_review_options *options)
{
    return options->account_count > 0 || options->unit_count > 0 || options->workload.len > 0;
}

static vg_status select_first(const vg_reviewer *r, bool *has, vg_error *err)
{
    const vg_review_options *options = r->options;
    if (!is_filtered(options)) {
        memset(has, true, r->homes->home_count);
        return VG_OK;
    }
    VG_TRY(select_accounts(r, has, err));
    has[vg_home_organization(r->homes)] = true;
    if (options->workload.len == 0)
        return VG_OK;
    size_t workload = vg_find_workload(r->homes, options->workload);
    if (workload == VG_NPOS)
        return vg_fail(err, VG_ERR_USAGE, "no workload '%.*s' in the mapping; import one that names it",
                       VG_ARG(options->workload));
    select_workload(r, workload, has);
    return VG_OK;
}

/* "retail, prod and staging": function and environments of a workload. */
static vg_str describe_workload(const vg_reviewer *r, vg_str name)
{
    vg_buf text = {0};
    for (size_t i = 0; i < r->assessment->workload_count; i++) {
        const vg_workload *environment = &r->assessment->workloads[i];
        if (!vg_str_eq(environment->name, name))
            continue;
        if (text.len == 0 && environment->function.len)
            vg_buf_addf(&text, "function %.*s", VG_ARG(environment->function));
        if (environment->environment.len)
            vg_buf_addf(&text, "%s%.*s", text.len ? ", " : "", VG_ARG(environment->environment));
    }
    vg_str kept = vg_arena_str(r->arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return kept;
}

static vg_status write_workloads(const vg_answerer *a, const bool *first, vg_report_answer *out,
                                 vg_error *err)
{
    const vg_homes *homes = a->of.homes;
    vg_report_section *sections = VG_NEW_N(a->of.arena, vg_report_section, homes->workload_count + 1);
    size_t count = 0;
    if (!sections)
        return no_memory(err);
    for (size_t w = 0; w < homes->workload_count && a->of.options->workload.len == 0; w++) {
        bool *has = VG_NEW_N(a->of.arena, bool, homes->home_count), shares = !is_filtered(a->of.options);
        if (!has)
            return no_memory(err);
        select_workload(&a->of, w, has);
        for (size_t i = 0; i < homes->account_count; i++)
            shares = shares || (has[i] && first[i]);
        if (shares)
            VG_TRY(write_section(a, homes->workloads[w], describe_workload(&a->of, homes->workloads[w]), has,
                                 &sections[count++], err));
    }
    out->workloads = sections;
    out->workload_count = count;
    return VG_OK;
}

static vg_str name_scope(const vg_answerer *a, const vg_report_section *section)
{
    const vg_review_options *options = a->of.options;
    vg_buf text = {0};
    for (size_t i = 0; i < options->account_count; i++)
        vg_buf_addf(&text, "%saccount %.*s", text.len ? ", " : "", VG_ARG(options->accounts[i]));
    for (size_t i = 0; i < options->unit_count; i++)
        vg_buf_addf(&text, "%sOU %.*s", text.len ? ", " : "", VG_ARG(options->units[i]));
    if (options->workload.len)
        vg_buf_addf(&text, "%sworkload %.*s", text.len ? ", " : "", VG_ARG(options->workload));
    if (text.len == 0)
        vg_buf_addf(&text, "all %u accounts", section->accounts);
    vg_str kept = vg_arena_str(a->of.arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return kept;
}

/* ---- all together ---------------------------------------------------------------------------------------------------------------- */

/* Of each control: its requirements, where its evidence comes from, and in each home the words of the first that fails. */
static vg_status describe_controls(vg_answerer *a, vg_error *err)
{
    const vg_assessment *assessment = a->of.assessment;
    size_t controls = assessment->content->control_count;
    a->controls = VG_NEW_N(a->of.arena, vg_control_facts, controls + 1);
    a->messages = VG_NEW_N(a->of.arena, vg_str, controls * a->of.homes->home_count + 1);
    if (!a->controls || !a->messages)
        return no_memory(err);
    for (size_t c = 0; c < controls; c++) {
        const vg_control *control = &assessment->content->controls[c];
        VG_TRY(vg_control_requirements(control, a->of.arena, &a->controls[c].requirements,
                                       &a->controls[c].requirement_count, err));
        vg_str need = control->need_count ? control->needs[0] : VG_STR(""),
               type = control->type_count ? control->types[0] : need;
        vg_str key = vg_arena_printf(a->of.arena, "%.*s.%.*s", VG_ARG(type), VG_ARG(need));
        const vg_map_entry *entry = vg_map_get(assessment->content->from, key);
        a->controls[c].source = control->attestation.len ? VG_STR("attestation")
                                : entry                  ? *(vg_str *)entry->value.ptr
                                                         : type;
    }
    for (size_t j = 0; j < assessment->judgement_count; j++) {
        const vg_judgement *judgement = &assessment->judgements[j];
        bool is_bad = judgement->verdict == VG_VERDICT_FAIL || judgement->verdict == VG_VERDICT_PARTLY;
        vg_str *message =
            &a->messages[a->of.homes->home_of[judgement->subject] * controls + judgement->control];
        if (is_bad && message->len == 0)
            *message = judgement->message;
    }
    return VG_OK;
}

static vg_str first_name(const vg_answerer *a)
{
    const vg_review_options *options = a->of.options;
    bool is_workload_alone = options->workload.len && options->account_count == 0 && options->unit_count == 0;
    return is_workload_alone      ? options->workload
           : is_filtered(options) ? VG_STR("selection")
                                  : VG_STR("organisation");
}

vg_status vg_review(const vg_assessment *assessment, vg_hub *hub, const vg_review_options *options,
                    vg_arena *arena, vg_report_answer *out, vg_review_worst *worst, vg_error *err)
{
    vg_homes homes;
    vg_answerer a = {.of = {.assessment = assessment, .options = options, .homes = &homes, .arena = arena}};
    *out = (vg_report_answer){
        .question = VG_STR("How do you securely operate your workload?"),
        .organisation_id = assessment->organization,
        .evidence_from = assessment->oldest,
        .evidence_to = assessment->newest,
        .judged_at = assessment->judged_at,
        .problems = assessment->problems,
        .problem_count = assessment->problem_count,
        .formula = vg_review_formula(),
    };
    VG_TRY(vg_homes_build(assessment, arena, &homes, err));
    bool *has = VG_NEW_N(arena, bool, homes.home_count + 1);
    if (!has)
        return no_memory(err);
    VG_TRY(select_first(&a.of, has, err));
    VG_TRY(vg_repairs_build(&homes, arena, &a.of.repairs, err));
    VG_TRY(vg_filler_new(assessment, arena, &a.of.filler, err));
    VG_TRY(describe_controls(&a, err));
    VG_TRY(vg_write_gaps(&a, has, out, err));
    VG_TRY(vg_write_stale(&a, has, out, err));
    vg_str description = options->workload.len ? describe_workload(&a.of, options->workload) : (vg_str){0};
    VG_TRY(write_section(&a, first_name(&a), description, has, &out->organisation, err));
    VG_TRY(write_workloads(&a, has, out, err));
    if (worst)
        VG_TRY(vg_find_worst(&a, has, hub, worst, err));
    out->scope = name_scope(&a, &out->organisation);
    return options->no_findings ? VG_OK : vg_write_findings(&a, has, hub, out, err);
}
