/* judge.c: what one control says of one subject.
 *
 *   1. Does it speak of it at all? Type, scope (the management account or the others), kind of attestation.
 *   2. Is the evidence there? A property that it needs and that is missing: not assessed. A control that states no
 *      needs is asked first (4), and needs what its answer hangs on.
 *   3. A lapsed attestation fails, whatever the rules say.
 *   4. The rules. All that are not named partly pass: pass. Else, a rule named partly passes: partly. All skip: not
 *      applicable. Otherwise it fails, with the words of the first clauses that did. */
#include "assess/assess_part.h"

/* Values that one control may visit of one subject: far more than a resource holds, and about a second's work. */
enum { MOST_STEPS = 10 * 1000 * 1000 };

#define ATTESTATION "Vigil::Attestation::Attestation"

/* ---- does it apply? --------------------------------------------------------------------------------------------------------- */

static bool has_type(const vg_control *control, vg_str type)
{
    for (size_t i = 0; i < control->type_count; i++)
        if (vg_str_eq(control->types[i], type))
            return true;
    return false;
}

bool vg_control_applies(const vg_control *control, const vg_resource *resource, const vg_value *properties,
                        vg_str management)
{
    bool is_management = vg_str_eq(resource->account, management);
    if (!has_type(control, resource->type))
        return false;
    if (control->scope != VG_SCOPE_ALL && is_management != (control->scope == VG_SCOPE_MANAGEMENT))
        return false;
    return control->attestation.len == 0 || vg_str_eq(vg_get_str(properties, "Kind"), control->attestation);
}

static bool has_needs(const vg_control *control, const vg_value *properties)
{
    for (size_t i = 0; i < control->need_count; i++) {
        vg_str need = control->needs[i];
        size_t dot = vg_str_rfind_char(need, '.');
        const vg_value *value =
            vg_get(properties, dot == VG_NPOS ? need : vg_str_sub(need, dot + 1, VG_NPOS));
        if (!value || value->kind == VG_NULL)
            return false;
    }
    return true;
}

/* ---- the rules ----------------------------------------------------------------------------------------------------------------- */

typedef struct {
    const vg_control *control;
    vg_str type;                /* of the subject */
    const vg_value *properties; /* in the document that is judged */
    vg_str lacks; /* a property that nobody knows, on which a rule hangs that has not failed for certain */
    bool hangs;   /* the rule that is told next */
    size_t passed, failed, errors, partly;
    vg_buf message;
    size_t messages;
} verdict_reader;

static bool is_partly(const vg_ruleset *rules, size_t rule)
{
    vg_str name = vg_ruleset_rule(rules, rule).name;
    return vg_str_is(name, "partly") || vg_str_starts(name, VG_STR("partly_"));
}

/* ---- what nobody knows ------------------------------------------------------------------------------------------------------- */

static bool is_unknown(void *context, vg_str property)
{
    const verdict_reader *reader = context;
    char key[256];
    if (reader->type.len + 1 + property.len > sizeof key)
        return false;
    memcpy(key, reader->type.ptr, reader->type.len);
    key[reader->type.len] = '.';
    if (property.len)
        memcpy(key + reader->type.len + 1, property.ptr, property.len);
    const vg_map_entry *entry =
        vg_map_get(reader->control->unknown, vg_str_of(key, reader->type.len + 1 + property.len));
    const vg_str *unless = entry ? entry->value.ptr : NULL;
    return unless && (unless->len == 0 || !vg_get(reader->properties, *unless));
}

static void on_hanging(void *context, size_t rule, vg_str property)
{
    verdict_reader *reader = context;
    reader->hangs = true;
    if (!is_partly(reader->control->rules, rule) && !reader->lacks.ptr)
        reader->lacks = property;
}

/* Whether the clause failed for what nobody knows: that is no reason to give. */
static bool is_for_unknown(verdict_reader *reader, const vg_guard_violation *violation)
{
    size_t end = 0;
    if (!reader->control->unknown || violation->missing.len == 0 || violation->value != reader->properties)
        return false;
    while (end < violation->missing.len && violation->missing.ptr[end] != '.' &&
           violation->missing.ptr[end] != '[')
        end++;
    return is_unknown(reader, vg_str_sub(violation->missing, 0, end));
}

/* ---- what the rules say -------------------------------------------------------------------------------------------------------- */

static void on_violation(void *context, const vg_guard_violation *violation)
{
    enum { MOST = 3 };
    verdict_reader *reader = context;
    vg_str text = violation->message.len ? violation->message : violation->why;
    if (is_partly(reader->control->rules, violation->rule) || reader->messages == MOST || text.len == 0 ||
        is_for_unknown(reader, violation))
        return;
    if (vg_str_find(vg_buf_str(&reader->message), text) != VG_NPOS)
        return;
    if (reader->messages++ > 0)
        vg_buf_add_c(&reader->message, "; ");
    vg_buf_add_str(&reader->message, text);
}

/* The first thing that went wrong in the control itself, with its place. */
static void keep_error(verdict_reader *reader, const vg_error *error)
{
    char text[1024];
    if (reader->errors > 1)
        return;
    vg_error_format(error, text, sizeof text);
    reader->message.len = 0;
    vg_buf_add_c(&reader->message, text);
}

static void on_rule(void *context, size_t rule, vg_guard_status status, const vg_error *error)
{
    verdict_reader *reader = context;
    bool hangs = reader->hangs;
    reader->hangs = false;
    if (is_partly(reader->control->rules, rule)) {
        reader->partly += status == VG_GUARD_PASS && !hangs;
        return;
    }
    reader->passed += status == VG_GUARD_PASS;
    reader->failed += status == VG_GUARD_FAIL && !hangs;
    reader->errors += status == VG_GUARD_ERROR;
    if (status == VG_GUARD_ERROR && error)
        keep_error(reader, error);
}

static vg_verdict verdict_of(const verdict_reader *reader)
{
    if (reader->errors > 0 || (reader->failed == 0 && reader->lacks.ptr))
        return VG_VERDICT_NOT_ASSESSED;
    if (reader->failed == 0)
        return reader->passed > 0 ? VG_VERDICT_PASS : VG_VERDICT_NOT_APPLICABLE;
    return reader->partly > 0 ? VG_VERDICT_PARTLY : VG_VERDICT_FAIL;
}

/* {"Resources": {ID: {"Type": ..., "Properties": {...}}}}: what a rule for a template sees. */
static vg_status document_of(const vg_resource *resource, const vg_value *properties, vg_arena *arena,
                             vg_doc *out, vg_error *err)
{
    vg_builder *b = vg_builder_new(arena);
    if (!b)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while judging");
    vg_builder_object(b);
    vg_builder_key(b, VG_STR("Resources"));
    vg_builder_object(b);
    vg_builder_key(b, resource->id);
    vg_builder_object(b);
    vg_builder_put_str(b, "Type", resource->type);
    vg_builder_put_value(b, "Properties", properties);
    for (int i = 0; i < 3; i++)
        vg_builder_end(b);
    *out = (vg_doc){.name = resource->id};
    return vg_builder_finish(b, &out->root, &out->node_count, err);
}

/* Lets the rules speak of the properties. What they say stands in the reader, whose message the caller frees. */
static vg_status ask_rules(verdict_reader *reader, const vg_resource *resource, const vg_value *properties,
                           vg_time now, vg_arena *scratch, vg_error *err)
{
    vg_doc doc;
    VG_TRY(document_of(resource, properties, scratch, &doc, err));
    const vg_value *subject = vg_get(vg_get(doc.root, VG_STR("Resources")), resource->id);
    reader->type = resource->type;
    reader->properties = vg_get(subject, VG_STR("Properties"));
    vg_guard_partial partial = {reader->properties, is_unknown, on_hanging, reader};
    vg_guard_options options = {
        .now = now, .max_steps = MOST_STEPS, .partial = reader->control->unknown ? &partial : NULL};
    vg_guard_sink sink = {on_violation, on_rule, reader};
    vg_error own = {0};
    vg_status status = vg_ruleset_evaluate(reader->control->rules, &doc, &options, scratch, &sink, &own);
    if (status == VG_ERR_LIMIT) { /* this control asks for too much; the others go on */
        reader->errors = 1;
        if (!own.place.line)
            vg_error_locate(&own, (vg_place){.file = reader->control->path});
        keep_error(reader, &own);
        return VG_OK;
    }
    if (status != VG_OK)
        vg_error_copy(err, &own);
    return status;
}

vg_status vg_control_judge(const vg_control *control, const vg_resource *resource, const vg_value *properties,
                           vg_time now, vg_arena *scratch, vg_verdict *verdict, vg_str *message,
                           vg_error *err)
{
    *message = (vg_str){0};
    *verdict = VG_VERDICT_NOT_ASSESSED;
    if (!has_needs(control, properties))
        return VG_OK;
    if (control->attestation.len && vg_get_bool(properties, "Lapsed", false)) {
        *verdict = VG_VERDICT_FAIL;
        *message = VG_STR("The attestation has lapsed");
        return VG_OK;
    }
    verdict_reader reader = {.control = control};
    vg_status status = ask_rules(&reader, resource, properties, now, scratch, err);
    if (status == VG_OK) {
        *verdict = verdict_of(&reader);
        bool is_told = reader.errors > 0 || reader.failed > 0;
        *message = is_told ? vg_arena_str(scratch, vg_buf_str(&reader.message)) : (vg_str){0};
    }
    vg_buf_free(&reader.message);
    return status;
}

vg_status vg_control_lacks(const vg_control *control, const vg_resource *resource, const vg_value *properties,
                           vg_time now, vg_arena *scratch, vg_str *property, vg_error *err)
{
    verdict_reader reader = {.control = control};
    *property = (vg_str){0};
    if (!control->unknown)
        return VG_OK;
    vg_status status = ask_rules(&reader, resource, properties, now, scratch, err);
    if (status == VG_OK && reader.errors == 0 && reader.failed == 0)
        *property = reader.lacks;
    vg_buf_free(&reader.message);
    return status;
}

/* ---- one account, or the organisation --------------------------------------------------------------------------------------------- */

typedef struct {
    const vg_view *view;
    const vg_content *content;
    vg_time now;
    vg_arena *arena, *scratch;
    vg_outcome *out;
} worker;

static vg_status add_judgement(worker *w, size_t control, size_t subject, vg_verdict verdict, vg_str message,
                               vg_error *err)
{
    vg_judgement *judgement = vg_vec_push(&w->out->judgements);
    if (!judgement)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while judging");
    *judgement = (vg_judgement){(uint32_t)control, (uint32_t)subject, verdict,
                                message.len ? vg_arena_str(w->arena, message) : (vg_str){0}};
    return VG_OK;
}

static const vg_vec *controls_of(const worker *w, vg_str type)
{
    const vg_map_entry *entry = vg_map_get(w->content->by_type, type);
    return entry ? entry->value.ptr : NULL;
}

/* Judges a subject by all controls of its type; keeps its properties when one is not satisfied, or when it is a fact. */
static vg_status judge_subject(worker *w, const vg_sighting *seen, bool is_fact, vg_error *err)
{
    const vg_vec *controls = controls_of(w, seen->resource.type);
    size_t index = w->out->subjects.len, judged = 0;
    bool satisfied = true;
    for (size_t i = 0; controls && i < controls->len; i++) {
        size_t number = *(const size_t *)vg_vec_at(controls, i);
        const vg_control *control = &w->content->controls[number];
        vg_verdict verdict;
        vg_str message;
        if (!vg_control_applies(control, &seen->resource, seen->properties, w->view->org->management))
            continue;
        vg_arena_reset(w->scratch);
        vg_time now = w->now != VG_TIME_NONE ? w->now : seen->seen;
        VG_TRY(vg_control_judge(control, &seen->resource, seen->properties, now, w->scratch, &verdict,
                                &message, err));
        VG_TRY(add_judgement(w, number, index, verdict, message, err));
        satisfied = satisfied && verdict == VG_VERDICT_PASS;
        judged++;
    }
    if (judged == 0 && !is_fact)
        return VG_OK;
    vg_sighting *subject = vg_vec_push(&w->out->subjects);
    if (!subject)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while judging");
    *subject = *seen;
    if (!is_fact && satisfied)
        subject->resource.properties = (vg_str){0};
    return VG_OK;
}

/* Something that nobody saw, by its type and id: an attestation that nobody gave, or all things of a type. */
static vg_status add_set(worker *w, vg_str type, vg_str id, vg_error *err)
{
    vg_resource *set = vg_vec_push(&w->out->sets);
    if (!set)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while judging");
    *set = (vg_resource){.type = type, .account = w->view->account, .id = id};
    return VG_OK;
}

/* Things of types that controls name and that are no facts. */
static vg_status judge_things(worker *w, bool organization, vg_error *err)
{
    for (size_t t = 0; t < vg_map_len(w->content->by_type); t++) {
        vg_str type = vg_map_at(w->content->by_type, t)->key;
        char name[128];
        if (vg_fact_kind(type) || type.len >= sizeof name ||
            vg_is_organization_evidence(type) != organization)
            continue;
        memcpy(name, type.ptr, type.len);
        name[type.len] = '\0';
        vg_sightings all = vg_view_of(w->view, name);
        for (size_t i = 0; i < all.count; i++)
            if (all.items[i].properties)
                VG_TRY(judge_subject(w, &all.items[i], false, err));
        if (all.count == 0 && (organization || !vg_snapshot_was_read(w->view)))
            VG_TRY(add_set(w, type, w->view->account, err));
    }
    return VG_OK;
}

static bool is_attested(const worker *w, const vg_control *control, vg_str id)
{
    for (size_t s = 0; s < w->out->subjects.len; s++) {
        const vg_sighting *subject = vg_vec_at(&w->out->subjects, s);
        if ((id.len == 0 || vg_str_eq(subject->resource.id, id)) &&
            vg_control_applies(control, &subject->resource, subject->properties, w->view->org->management))
            return true;
    }
    return false;
}

static vg_status miss_attestation(worker *w, size_t control, vg_str id, vg_error *err)
{
    VG_TRY(add_set(w, VG_STR(ATTESTATION), id, err));
    return add_judgement(w, control, w->out->subjects.len + w->out->sets.len - 1, VG_VERDICT_NOT_ASSESSED,
                         (vg_str){0}, err);
}

/* Of each workload that has none, unless one speaks for the whole organisation. */
static vg_status miss_by_workload(worker *w, size_t number, vg_error *err)
{
    const vg_org *org = w->view->org;
    const vg_control *control = &w->content->controls[number];
    if (is_attested(w, control, control->attestation))
        return VG_OK;
    for (size_t i = 0; i < org->placement_count; i++) {
        bool is_repeated = i > 0 && vg_str_eq(org->placements[i].name, org->placements[i - 1].name);
        vg_str id = vg_arena_printf(w->arena, "%.*s@workload:%.*s", VG_ARG(control->attestation),
                                    VG_ARG(org->placements[i].name));
        if (!is_repeated && !is_attested(w, control, id))
            VG_TRY(miss_attestation(w, number, id, err));
    }
    return VG_OK;
}

/* Attestations that nobody gave: the controls that ask for them are not assessed. */
static vg_status judge_missing_attestations(worker *w, vg_error *err)
{
    for (size_t c = 0; c < w->content->control_count; c++) {
        const vg_control *control = &w->content->controls[c];
        if (control->attestation.len == 0)
            continue;
        if (control->per_workload && w->view->org->placement_count > 0)
            VG_TRY(miss_by_workload(w, c, err));
        else if (!is_attested(w, control, (vg_str){0}))
            VG_TRY(miss_attestation(w, c, control->attestation, err));
    }
    return VG_OK;
}

/* Sets of unknown things: every control on them is not assessed here. */
static vg_status judge_sets(worker *w, vg_error *err)
{
    for (size_t s = 0; s < w->out->sets.len; s++) {
        const vg_resource resource = *(const vg_resource *)vg_vec_at(&w->out->sets, s);
        const vg_vec *controls = controls_of(w, resource.type);
        for (size_t i = 0; controls && i < controls->len; i++) {
            size_t number = *(const size_t *)vg_vec_at(controls, i);
            if (w->content->controls[number].attestation.len == 0 &&
                vg_control_applies(&w->content->controls[number], &resource, NULL, w->view->org->management))
                VG_TRY(add_judgement(w, number, w->out->subjects.len + s, VG_VERDICT_NOT_ASSESSED,
                                     (vg_str){0}, err));
        }
    }
    return VG_OK;
}

/* Closed and suspended accounts cannot be repaired: of them only their place is told. */
static bool is_inactive(const vg_view *view)
{
    const vg_node *node = vg_org_node(view->org, view->account);
    return node && node->status.len > 0 && !vg_str_is(node->status, "ACTIVE");
}

vg_status vg_work(const vg_view *view, const vg_content *content, bool organization, vg_time now,
                  vg_arena *arena, vg_arena *scratch, vg_outcome *out, vg_error *err)
{
    vg_fact_sink sink = vg_fact_sink_in(arena);
    bool inactive = !organization && is_inactive(view);
    *out = (vg_outcome){vg_vec_in(arena, sizeof(vg_sighting)), vg_vec_in(arena, sizeof(vg_resource)),
                        vg_vec_in(arena, sizeof(vg_judgement))};
    for (size_t i = 0; i < vg_fact_maker_count; i++) {
        bool is_place = vg_fact_makers[i].make == vg_make_account;
        if (vg_fact_makers[i].organization == organization && (!inactive || is_place))
            vg_fact_makers[i].make(view, &sink);
    }
    if (sink.failed)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while making facts");
    worker w = {view, content, now, arena, scratch, out};
    for (size_t i = 0; i < sink.facts.len; i++)
        VG_TRY(judge_subject(&w, vg_vec_at(&sink.facts, i), true, err));
    for (size_t i = 0; i < sink.unknown.len; i++)
        VG_TRY(add_set(&w, *(vg_str *)vg_vec_at(&sink.unknown, i), view->account, err));
    if (!inactive)
        VG_TRY(judge_things(&w, organization, err));
    VG_TRY(judge_sets(&w, err));
    return organization ? judge_missing_attestations(&w, err) : VG_OK;
}
