/* findings.c: judgements as the findings that reports write, worst first, with what proves them and what became of
 * them. */
#include "review/review_part.h"

#include <stdlib.h>

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while writing the answer");
}

/* ---- findings ---------------------------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_arena *arena;
    vg_map *rows; /* id -> vg_hub_row *, fields that are used alone */
} known_findings;

static vg_status take_row(void *context, const vg_hub_row *row, vg_error *err)
{
    known_findings *known = context;
    if (!vg_str_is(row->finding.product, "vigil"))
        return VG_OK;
    vg_hub_row *kept = VG_NEW(known->arena, vg_hub_row);
    vg_map_entry *entry =
        kept ? vg_map_put(known->rows, vg_arena_str(known->arena, vg_str_of(row->id.hex, 64)), NULL) : NULL;
    if (!entry)
        return no_memory(err);
    kept->workflow = row->workflow;
    kept->first_seen = row->first_seen;
    kept->last_seen = row->last_seen;
    kept->suppressed_reason = vg_arena_str(known->arena, row->suppressed_reason);
    entry->value.ptr = kept;
    return VG_OK;
}

/* The properties that the control needs, as they were: what proves the verdict. */
static vg_str evidence_of(const vg_answerer *a, const vg_control *control, const vg_subject *subject,
                          vg_arena *scratch)
{
    vg_buf text = {0};
    vg_doc doc = {0};
    vg_json_writer w = vg_json_writer_to(&text, 0);
    if (subject->resource.properties.len)
        vg_json_read(scratch, subject->resource.properties, subject->resource.id, NULL, &doc, NULL);
    vg_json_object(&w);
    if (subject->resource.origin.len)
        vg_json_put_str(&w, "origin", subject->resource.origin);
    vg_json_put_str(&w, "source", subject->resource.source);
    for (size_t i = 0; i < control->need_count && doc.root; i++) {
        const vg_value *value = vg_get(doc.root, control->needs[i]);
        if (!value)
            continue;
        vg_json_key_str(&w, control->needs[i]);
        vg_json_value(&w, value);
    }
    vg_json_end_object(&w);
    vg_str kept = text.failed ? (vg_str){0} : vg_arena_str(a->of.arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return kept;
}

static bool is_shown(const vg_review_options *options, vg_verdict verdict)
{
    return verdict == VG_VERDICT_FAIL || verdict == VG_VERDICT_PARTLY ||
           (verdict == VG_VERDICT_NOT_ASSESSED && !options->problems_only) ||
           (verdict == VG_VERDICT_PASS && options->passes);
}

/* Whether its commands are written out: for machines those of every failure, for people those of what is critical. */
static bool has_commands(const vg_answerer *a, const vg_judgement *judgement)
{
    const vg_control *control = &a->of.assessment->content->controls[judgement->control];
    bool is_bad = judgement->verdict == VG_VERDICT_FAIL || judgement->verdict == VG_VERDICT_PARTLY;
    return is_bad && (a->of.options->commands == 0 || control->header.severity == VG_SEVERITY_CRITICAL);
}

/* Commands that name no single thing are the same for thousands of findings: each text is kept once, in `texts`. */
static vg_status write_finding_commands(const vg_answerer *a, const vg_judgement *judgement, vg_map *texts,
                                        vg_arena *scratch, vg_report_finding *out, vg_error *err)
{
    const vg_control *control = &a->of.assessment->content->controls[judgement->control];
    const vg_resource *resource = &a->of.assessment->subjects[judgement->subject].resource;
    vg_vec commands = vg_vec_in(scratch, sizeof(vg_str));
    size_t left = 0;
    VG_TRY(vg_fill_commands(a->of.filler, control, resource, (vg_str){0}, SIZE_MAX, scratch, &commands, &left,
                            err));
    if (a->of.options->commands == 0) /* people read it once, with the action */
        VG_TRY(vg_explain_words(a->of.filler, resource, scratch, &commands, err));
    vg_str *kept = VG_NEW_N(a->of.arena, vg_str, commands.len + 1);
    if (!kept)
        return no_memory(err);
    for (size_t i = 0; i < commands.len; i++) {
        vg_str filled = *(vg_str *)vg_vec_at(&commands, i);
        vg_map_entry *entry = vg_map_get(texts, filled);
        if (!entry)
            entry = vg_map_put(texts, vg_arena_str(a->of.arena, filled), NULL);
        if (!entry)
            return no_memory(err);
        kept[i] = entry->key;
    }
    out->commands = kept;
    out->command_count = commands.len;
    out->warning = commands.len ? vg_str_trim(control->header.warning) : (vg_str){0};
    return VG_OK;
}

static vg_str account_name(const vg_assessment *assessment, vg_str account)
{
    size_t at = vg_find_account(assessment, account);
    return at == VG_NPOS ? (vg_str){0} : assessment->accounts[at].name;
}

static void write_finding(const vg_answerer *a, const vg_judgement *judgement, const known_findings *known,
                          vg_arena *scratch, vg_report_finding *out)
{
    const vg_assessment *assessment = a->of.assessment;
    const vg_control *control = &assessment->content->controls[judgement->control];
    *out = (vg_report_finding){
        .finding = vg_judgement_finding(assessment, judgement),
        .first_seen = VG_TIME_NONE,
        .last_seen = VG_TIME_NONE,
        .requirements = a->controls[judgement->control].requirements,
        .requirement_count = a->controls[judgement->control].requirement_count,
    };
    out->id = vg_finding_id(&out->finding);
    out->account_name = account_name(assessment, out->finding.account);
    if (judgement->verdict != VG_VERDICT_PASS)
        out->finding.evidence = evidence_of(a, control, &assessment->subjects[judgement->subject], scratch);
    const vg_map_entry *entry = known->rows ? vg_map_get(known->rows, vg_str_of(out->id.hex, 64)) : NULL;
    if (!entry)
        return;
    const vg_hub_row *row = entry->value.ptr;
    out->workflow = row->workflow;
    out->first_seen = row->first_seen;
    out->last_seen = row->last_seen;
    out->suppressed_reason = row->suppressed_reason;
}

/* ---- in order ------------------------------------------------------------------------------------------------------------------- */

/* Worst first: severity, verdict, then the order of controls, accounts and subjects. All in one number. */
static uint64_t order_of(const vg_assessment *assessment, size_t number)
{
    static const uint64_t rank[] = {
        [VG_VERDICT_FAIL] = 0, [VG_VERDICT_PARTLY] = 1,         [VG_VERDICT_NOT_ASSESSED] = 2,
        [VG_VERDICT_PASS] = 3, [VG_VERDICT_NOT_APPLICABLE] = 4,
    };
    const vg_judgement *judgement = &assessment->judgements[number];
    uint64_t severity = assessment->content->controls[judgement->control].header.severity;
    return ((uint64_t)VG_SEVERITY_CRITICAL - severity) << 60 | rank[judgement->verdict] << 56 |
           (uint64_t)judgement->control << 32 | (uint64_t)number;
}

static int compare_orders(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

static vg_status read_known(vg_hub *hub, vg_time now, known_findings *known, vg_error *err)
{
    vg_hub_filter filter = {.by_age = true, .product = VG_STR("vigil"), .now = now};
    if (!hub)
        return VG_OK;
    known->rows = vg_map_new(known->arena, 0);
    return known->rows ? vg_hub_list(hub, &filter, take_row, known, err) : no_memory(err);
}

vg_status vg_write_findings(const vg_answerer *a, const bool *has, vg_hub *hub, vg_report_answer *out,
                            vg_error *err)
{
    const vg_assessment *assessment = a->of.assessment;
    uint64_t *orders = VG_NEW_N(a->of.arena, uint64_t, assessment->judgement_count + 1);
    known_findings known = {.arena = a->of.arena};
    size_t count = 0;
    if (!orders)
        return no_memory(err);
    for (size_t j = 0; j < assessment->judgement_count; j++)
        if (is_shown(a->of.options, assessment->judgements[j].verdict) &&
            has[a->of.homes->home_of[assessment->judgements[j].subject]])
            orders[count++] = order_of(assessment, j);
    if (count > 1)
        qsort(orders, count, sizeof *orders, compare_orders);
    VG_TRY(read_known(hub, a->of.options->now, &known, err));
    vg_report_finding *findings = VG_NEW_N(a->of.arena, vg_report_finding, count + 1);
    vg_arena *scratch = vg_arena_new(0);
    vg_map *texts = vg_map_new(a->of.arena, 0);
    vg_status status = findings && scratch && texts ? VG_OK : no_memory(err);
    for (size_t i = 0; i < count && status == VG_OK; i++) {
        const vg_judgement *judgement = &assessment->judgements[(uint32_t)orders[i]];
        vg_arena_reset(scratch);
        write_finding(a, judgement, &known, scratch, &findings[i]);
        if (has_commands(a, judgement))
            status = write_finding_commands(a, judgement, texts, scratch, &findings[i], err);
    }
    vg_arena_free(scratch);
    VG_TRY(status);
    out->findings = findings;
    out->finding_count = count;
    return VG_OK;
}

/* ---- the gate ---------------------------------------------------------------------------------------------------------- */

static vg_status take_suppressed(void *context, const vg_hub_row *row, vg_error *err)
{
    known_findings *known = context;
    vg_str id = vg_arena_str(known->arena, vg_str_of(row->id.hex, 64));
    return id.ptr && vg_map_put(known->rows, id, NULL) ? VG_OK : no_memory(err);
}

vg_status vg_find_worst(const vg_answerer *a, const bool *has, vg_hub *hub, vg_review_worst *out,
                        vg_error *err)
{
    const vg_assessment *assessment = a->of.assessment;
    vg_hub_filter filter = {
        .workflows = 1u << VG_WORKFLOW_SUPPRESSED, .by_age = true, .now = a->of.options->now};
    known_findings known = {a->of.arena, vg_map_new(a->of.arena, 0)};
    *out = (vg_review_worst){0};
    if (!known.rows)
        return no_memory(err);
    if (hub)
        VG_TRY(vg_hub_list(hub, &filter, take_suppressed, &known, err));
    for (size_t j = 0; j < assessment->judgement_count; j++) {
        const vg_judgement *judgement = &assessment->judgements[j];
        vg_severity severity = assessment->content->controls[judgement->control].header.severity;
        bool is_bad = judgement->verdict == VG_VERDICT_FAIL || judgement->verdict == VG_VERDICT_PARTLY;
        bool is_news = is_bad && has[a->of.homes->home_of[judgement->subject]] &&
                       (!out->any || severity > out->severity);
        if (!is_news)
            continue;
        vg_finding finding = vg_judgement_finding(assessment, judgement);
        vg_id id = vg_finding_id(&finding);
        if (!vg_map_get(known.rows, vg_str_of(id.hex, 64)))
            *out = (vg_review_worst){true, severity};
    }
    return VG_OK;
}
