/* store_answer.c: an assessment written back: facts to evidence, kind by kind, and judgements to the hub as one run.
 *
 * A finding resolves only in a run that completed, and this one is complete when everything that was offered could be
 * read. Judgements go in by thousands, so that memory does not grow with them. */
#include "assess/assess_part.h"

/* ---- findings ------------------------------------------------------------------------------------------------------------- */

vg_finding vg_judgement_finding(const vg_assessment *assessment, const vg_judgement *judgement)
{
    const vg_control *control = &assessment->content->controls[judgement->control];
    const vg_subject *subject = &assessment->subjects[judgement->subject];
    bool is_good = judgement->verdict == VG_VERDICT_PASS || judgement->verdict == VG_VERDICT_NOT_APPLICABLE;
    return (vg_finding){
        .rule = control->header.id,
        .product = VG_STR("vigil"),
        .title = control->header.title,
        .message = judgement->message,
        .remediation = is_good ? (vg_str){0} : control->header.remediation,
        .severity = control->header.severity,
        .verdict = judgement->verdict,
        .resource_type = subject->resource.type,
        .account = subject->resource.account,
        .region = subject->resource.region,
        .resource_id = subject->resource.id,
        .resource_name = subject->resource.name,
        .observed = subject->seen != VG_TIME_NONE ? subject->seen : assessment->judged_at,
    };
}

/* What provides a property; "*" for the things of the type. */
static vg_str provider_of(vg_arena *arena, const vg_content *content, vg_str type, vg_str property)
{
    vg_str key = vg_arena_printf(arena, "%.*s.%.*s", VG_ARG(type), VG_ARG(property));
    const vg_map_entry *entry = vg_map_get(content->from, key);
    if (!entry)
        entry = vg_map_get(content->from, type);
    return entry ? *(vg_str *)entry->value.ptr : (vg_str){0};
}

/* Of a control that states no needs: its rules are asked again what they hang on. */
static vg_str provider_of_what_hangs(vg_arena *arena, const vg_assessment *assessment,
                                     const vg_judgement *judgement, const vg_value *properties)
{
    const vg_control *control = &assessment->content->controls[judgement->control];
    const vg_subject *subject = &assessment->subjects[judgement->subject];
    vg_time now = assessment->now != VG_TIME_NONE ? assessment->now : subject->seen;
    vg_str property = VG_STR("*");
    if (properties &&
        vg_control_lacks(control, &subject->resource, properties, now, arena, &property, NULL) != VG_OK)
        return (vg_str){0};
    return property.len ? provider_of(arena, assessment->content, subject->resource.type, property)
                        : (vg_str){0};
}

vg_str vg_judgement_missing(vg_arena *arena, const vg_assessment *assessment, const vg_judgement *judgement)
{
    const vg_control *control = &assessment->content->controls[judgement->control];
    const vg_resource *resource = &assessment->subjects[judgement->subject].resource;
    vg_doc doc = {0};
    if (control->attestation.len)
        return VG_STR("attestation");
    if (resource->properties.len &&
        vg_json_read(arena, resource->properties, resource->id, NULL, &doc, NULL) != VG_OK)
        return (vg_str){0};
    if (control->unknown)
        return provider_of_what_hangs(arena, assessment, judgement, doc.root);
    for (size_t i = 0; i < control->need_count; i++) {
        vg_str need = control->needs[i];
        size_t dot = vg_str_rfind_char(need, '.');
        vg_str property = dot == VG_NPOS ? need : vg_str_sub(need, dot + 1, VG_NPOS);
        if (doc.root && vg_get(doc.root, property))
            continue;
        vg_str provider = provider_of(arena, assessment->content, resource->type, property);
        if (provider.len)
            return provider;
    }
    return (vg_str){0};
}

static vg_status put_findings(const vg_assessment *assessment, vg_hub *hub, vg_error *err)
{
    enum { SLICE = 1024 };
    vg_arena *arena = vg_arena_new(0);
    vg_finding *slice = arena ? VG_NEW_N(arena, vg_finding, SLICE) : NULL;
    vg_status status = slice ? VG_OK : vg_fail(err, VG_ERR_MEMORY, "memory ran out while storing findings");
    for (size_t i = 0; i < assessment->judgement_count && status == VG_OK;) {
        size_t len = 0;
        for (; len < SLICE && i < assessment->judgement_count; i++)
            slice[len++] = vg_judgement_finding(assessment, &assessment->judgements[i]);
        status = vg_hub_put(hub, slice, len, err);
    }
    vg_arena_free(arena);
    return status;
}

/* ---- findings of what is gone ------------------------------------------------------------------------------------------ */

/* A finding whose subject is not among those of this assessment: the thing is gone, if all things of its type in its
 * account were seen. */
typedef struct {
    const vg_assessment *assessment;
    vg_arena *arena;
    vg_map *subjects; /* "type|account|region|id"; of sets "type|account" */
    vg_vec gone;      /* vg_finding: what makes their ids */
} gone_search;

static vg_str subject_key(vg_buf *out, vg_str type, vg_str account, const vg_str *region, vg_str id)
{
    vg_buf_clear(out);
    vg_buf_addf(out, "%.*s|%.*s", VG_ARG(type), VG_ARG(account));
    if (region)
        vg_buf_addf(out, "|%.*s|%.*s", VG_ARG(*region), VG_ARG(id));
    return vg_buf_str(out);
}

static vg_status index_subjects(gone_search *search, vg_error *err)
{
    vg_buf key = {0};
    bool failed = !(search->subjects = vg_map_new(search->arena, 0));
    for (size_t i = 0; i < search->assessment->subject_count && !failed; i++) {
        const vg_subject *subject = &search->assessment->subjects[i];
        const vg_resource *of = &subject->resource;
        vg_str text = subject_key(&key, of->type, of->account, subject->is_set ? NULL : &of->region, of->id);
        failed = key.failed || !vg_map_put(search->subjects, vg_arena_str(search->arena, text), NULL);
    }
    vg_buf_free(&key);
    return failed ? vg_fail(err, VG_ERR_MEMORY, "memory ran out while storing findings") : VG_OK;
}

static bool has_control(const vg_content *content, vg_str id)
{
    for (size_t i = 0; i < content->control_count; i++)
        if (vg_str_eq(content->controls[i].header.id, id))
            return true;
    return false;
}

static vg_status look_for_subject(void *context, const vg_hub_row *row, vg_error *err)
{
    gone_search *search = context;
    const vg_finding *finding = &row->finding;
    vg_buf key = {0};
    if (!search->subjects)
        VG_TRY(index_subjects(search, err));
    bool is_there = vg_map_get(search->subjects, subject_key(&key, finding->resource_type, finding->account,
                                                             &finding->region, finding->resource_id)) != NULL;
    bool is_unknown = vg_map_get(search->subjects, subject_key(&key, finding->resource_type, finding->account,
                                                               NULL, (vg_str){0})) != NULL;
    vg_buf_free(&key);
    if (is_there || is_unknown || !has_control(search->assessment->content, finding->rule))
        return VG_OK;
    vg_finding *gone = vg_vec_push(&search->gone);
    if (!gone)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while storing findings");
    *gone = (vg_finding){
        .rule = vg_arena_str(search->arena, finding->rule),
        .resource_type = vg_arena_str(search->arena, finding->resource_type),
        .account = vg_arena_str(search->arena, finding->account),
        .region = vg_arena_str(search->arena, finding->region),
        .resource_id = vg_arena_str(search->arena, finding->resource_id),
        .sub_key = vg_arena_str(search->arena, finding->sub_key),
    };
    return VG_OK;
}

static vg_status resolve_gone(const vg_assessment *assessment, vg_hub *hub, vg_error *err)
{
    vg_hub_filter filter = {.workflows = VG_HUB_OPEN | (1u << VG_WORKFLOW_SUPPRESSED),
                            .product = VG_STR("vigil"),
                            .by_age = true};
    gone_search search = {.assessment = assessment, .arena = vg_arena_new(0)};
    search.gone = vg_vec_in(search.arena, sizeof(vg_finding));
    vg_status status = search.arena ? vg_hub_list(hub, &filter, look_for_subject, &search, err)
                                    : vg_fail(err, VG_ERR_MEMORY, "memory ran out while storing findings");
    for (size_t i = 0; i < search.gone.len && status == VG_OK; i++)
        status = vg_hub_resolve(hub, (const vg_finding *)vg_vec_at(&search.gone, i),
                                VG_STR("what it was about is gone"), err);
    vg_arena_free(search.arena);
    return status;
}

/* ---- facts ------------------------------------------------------------------------------------------------------------------ */

static vg_status put_facts(const vg_assessment *assessment, vg_evidence *evidence, vg_time now, vg_error *err)
{
    vg_arena *arena = vg_arena_new(0);
    vg_status status = arena ? VG_OK : vg_fail(err, VG_ERR_MEMORY, "memory ran out while storing facts");
    for (size_t k = 0; k < vg_fact_maker_count && status == VG_OK; k++) {
        vg_vec facts = vg_vec_in(arena, sizeof(vg_resource));
        for (size_t i = 0; i < assessment->subject_count && status == VG_OK; i++) {
            const vg_subject *subject = &assessment->subjects[i];
            if (subject->is_set || !vg_str_is(subject->resource.type, vg_fact_makers[k].type))
                continue;
            vg_resource *fact = vg_vec_push(&facts);
            if (!fact) {
                status = vg_fail(err, VG_ERR_MEMORY, "memory ran out while storing facts");
                break;
            }
            *fact = subject->resource;
            if (fact->observed == VG_TIME_NONE)
                fact->observed = now;
        }
        if (status == VG_OK)
            status = vg_evidence_replace_facts(evidence, vg_str_from(vg_fact_makers[k].kind), facts.items,
                                               facts.len, now, err);
        vg_arena_reset(arena);
    }
    vg_arena_free(arena);
    return status;
}

vg_status vg_assess_store(const vg_assessment *assessment, vg_evidence *evidence, vg_hub *hub, vg_str run,
                          vg_time now, vg_hub_counts *counts, vg_error *err)
{
    VG_TRY(put_facts(assessment, evidence, now, err));
    VG_TRY(vg_hub_run_begin(hub, run, now, err));
    VG_TRY(put_findings(assessment, hub, err));
    VG_TRY(resolve_gone(assessment, hub, err));
    return vg_hub_run_end(hub, now, assessment->problem_count == 0, counts, err);
}
