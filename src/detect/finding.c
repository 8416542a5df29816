/* finding.c: signals put together into findings, for the person on call: one for a rule and an actor, however often it
 * happened, and one for each episode of a correlation. */
#include <stdlib.h>
#include <string.h>

#include "detect/detect_part.h"

/* ---- briefs ---------------------------------------------------------------------------------------------------------- */

static vg_str first_of(const vg_str *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (texts[i].len)
            return texts[i];
    return (vg_str){0};
}

static bool has_failed(const vg_trail_record *record)
{
    if (record->error_code.len || record->error_message.len)
        return true;
    const vg_value *answer = vg_get(vg_get(record->root, VG_STR("responseElements")), record->name);
    return answer && vg_str_eq_icase(vg_value_str(answer), VG_STR("Failure"));
}

/* "s3:GetObject" */
static vg_str call_name(vg_arena *arena, const vg_trail_record *record)
{
    vg_str service = record->source, rest;
    vg_str_split(record->source, '.', &service, &rest);
    char *text = vg_arena_alloc(arena, service.len + record->name.len + 1);
    if (!text)
        return (vg_str){0};
    if (service.len)
        memcpy(text, service.ptr, service.len);
    text[service.len] = ':';
    if (record->name.len)
        memcpy(text + service.len + 1, record->name.ptr, record->name.len);
    return (vg_str){text, service.len + record->name.len + 1};
}

void vg_brief_of_record(const vg_trail_record *record, bool failed, vg_arena *arena, vg_brief *out)
{
    const vg_trail_identity *who = &record->identity;
    vg_str principals[] = {who->arn, who->user_name, who->invoked_by, who->principal_id, who->account};
    *out = (vg_brief){.principal = first_of(principals, VG_COUNT(principals)),
                      .actor = vg_trail_actor(record),
                      .source_ip = record->source_ip,
                      .account = record->account,
                      .region = record->region,
                      .key = who->access_key,
                      .name = call_name(arena, record),
                      .succeeded = !failed};
}

void vg_brief_of(const vg_event *event, vg_arena *arena, vg_brief *out)
{
    if (event->record) {
        vg_brief_of_record(event->record, has_failed(event->record), arena, out);
        return;
    }
    *out = (vg_brief){
        .source_ip = event->source_ip, .account = event->account, .region = event->region, .succeeded = true};
    out->actor = event->source_ip;
    out->principal = event->source_ip;
    out->name = event->log < VG_LOG_KIND_COUNT ? vg_str_from(vg_log_services[event->log]) : VG_STR("event");
    vg_str action =
        event->root && event->root->kind == VG_OBJECT ? vg_get_str(event->root, "action") : (vg_str){0};
    out->succeeded = !vg_str_is(action, "REJECT");
}

/* ---- putting together ------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_arena *arena;
    const vg_rules *rules;
    vg_correlator *correlator;
    vg_vec findings;       /* vg_detect_finding */
    vg_vec steps;          /* vg_detect_step, of the finding at hand */
    vg_detect_finding *at; /* the finding at hand, or NULL */
    uint32_t stream;
    vg_str group;
    uint64_t matches;
} putting;

static vg_str kept(vg_arena *arena, vg_str text)
{
    return text.len ? vg_arena_str(arena, text) : (vg_str){0};
}

static bool is_kept(vg_str from, vg_str copy)
{
    return from.len == copy.len;
}

/* Copies what a brief says into a finding. False: memory is out. */
static bool tell(vg_arena *arena, const vg_brief *brief, vg_detect_finding *f)
{
    f->principal = kept(arena, brief->principal);
    f->actor = kept(arena, brief->actor);
    f->source_ip = kept(arena, brief->source_ip);
    f->account = kept(arena, brief->account);
    f->region = kept(arena, brief->region);
    f->key = kept(arena, brief->key);
    f->file = kept(arena, brief->file);
    f->offset = brief->offset;
    return is_kept(brief->principal, f->principal) && is_kept(brief->actor, f->actor) &&
           is_kept(brief->source_ip, f->source_ip) && is_kept(brief->account, f->account) &&
           is_kept(brief->region, f->region) && is_kept(brief->key, f->key) && is_kept(brief->file, f->file);
}

static void name_finding(const vg_rules *rules, vg_detect_finding *f, const vg_str *parts, size_t count)
{
    enum { MOST_PARTS = 6 };
    const vg_rule *rule = &rules->rules[f->rule].info;
    vg_str all[MOST_PARTS] = {rule->id.len ? rule->id : rule->title};
    size_t n = 1;
    for (size_t i = 0; i < count && n < MOST_PARTS; i++)
        all[n++] = parts[i];
    vg_sha256 hash = vg_sha256_parts(all, n);
    vg_hex(hash.bytes, sizeof hash.bytes, f->id);
}

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while putting findings together");
}

static vg_status close_finding(putting *p, vg_error *err)
{
    if (!p->at)
        return VG_OK;
    vg_detect_step *steps = VG_NEW_N(p->arena, vg_detect_step, p->steps.len + 1);
    if (!steps)
        return out_of_memory(err);
    memcpy(steps, p->steps.items, p->steps.len * sizeof *steps);
    p->at->steps = steps;
    p->at->step_count = p->steps.len;
    p->steps.len = 0;
    p->at = NULL;
    return VG_OK;
}

static vg_status open_finding(putting *p, const vg_signal *signal, vg_error *err)
{
    VG_TRY(close_finding(p, err));
    vg_detect_finding *f = vg_vec_push(&p->findings);
    if (!f || !tell(p->arena, &signal->brief, f))
        return out_of_memory(err);
    f->rule = signal->rule;
    f->first = signal->time;
    f->last = signal->time;
    vg_str parts[] = {f->actor, f->account};
    name_finding(p->rules, f, parts, VG_COUNT(parts));
    p->group = kept(p->arena, signal->group);
    p->stream = signal->stream;
    p->at = f;
    return is_kept(signal->group, p->group) ? VG_OK : out_of_memory(err);
}

static vg_status take(void *context, const vg_signal *signal, vg_error *err)
{
    putting *p = context;
    if (p->rules->rules[signal->stream].info.kind == VG_RULE_CORRELATION)
        return vg_correlator_take(p->correlator, signal, err);
    p->matches++;
    if (!p->at || p->stream != signal->stream || !vg_str_eq(p->group, signal->group))
        VG_TRY(open_finding(p, signal, err));
    vg_detect_finding *f = p->at;
    f->count++;
    f->succeeded |= signal->brief.succeeded;
    f->last = signal->time > f->last ? signal->time : f->last;
    if (p->steps.len == VG_DETECT_MOST_STEPS)
        return VG_OK;
    vg_detect_step *step = vg_vec_push(&p->steps);
    if (!step)
        return out_of_memory(err);
    *step = (vg_detect_step){signal->time, kept(p->arena, signal->id), signal->rule,
                             kept(p->arena, signal->brief.name)};
    return is_kept(signal->id, step->id) && is_kept(signal->brief.name, step->name) ? VG_OK
                                                                                    : out_of_memory(err);
}

static vg_status take_episode(void *context, const vg_episode *episode, vg_error *err)
{
    putting *p = context;
    VG_TRY(close_finding(p, err));
    vg_detect_finding *f = vg_vec_push(&p->findings);
    vg_detect_step *steps = VG_NEW_N(p->arena, vg_detect_step, episode->step_count + 1);
    if (!f || !steps || !tell(p->arena, &episode->brief, f))
        return out_of_memory(err);
    f->rule = episode->rule;
    f->succeeded = episode->succeeded;
    f->group = kept(p->arena, episode->group);
    f->first = episode->first;
    f->last = episode->last;
    f->count = episode->count;
    f->value = episode->value;
    for (size_t i = 0; i < episode->step_count; i++) {
        const vg_detect_step *step = &episode->steps[i];
        steps[i] =
            (vg_detect_step){step->time, kept(p->arena, step->id), step->rule, kept(p->arena, step->name)};
        if (!is_kept(step->id, steps[i].id) || !is_kept(step->name, steps[i].name))
            return out_of_memory(err);
    }
    f->steps = steps;
    f->step_count = episode->step_count;
    char window[VG_TIME_TEXT];
    vg_time_format(episode->window, window);
    vg_str parts[] = {f->group, vg_str_from(window)};
    name_finding(p->rules, f, parts, VG_COUNT(parts));
    return is_kept(episode->group, f->group) ? VG_OK : out_of_memory(err);
}

/* ---- order ----------------------------------------------------------------------------------------------------------- */

typedef struct {
    int level;
    const vg_detect_finding *finding;
} ranked;

static int by_rank(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->level != y->level)
        return x->level > y->level ? -1 : 1;
    if (x->finding->first != y->finding->first)
        return x->finding->first < y->finding->first ? -1 : 1;
    if (x->finding->rule != y->finding->rule)
        return x->finding->rule < y->finding->rule ? -1 : 1;
    return strcmp(x->finding->id, y->finding->id);
}

static vg_status put_in_order(putting *p, vg_detect_findings *out, vg_error *err)
{
    size_t count = p->findings.len;
    ranked *order = VG_NEW_N(p->arena, ranked, count + 1);
    vg_detect_finding *items = VG_NEW_N(p->arena, vg_detect_finding, count + 1);
    if (!order || !items)
        return out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        const vg_detect_finding *f = vg_vec_at(&p->findings, i);
        order[i] = (ranked){(int)p->rules->rules[f->rule].info.level, f};
    }
    qsort(order, count, sizeof *order, by_rank);
    for (size_t i = 0; i < count; i++)
        items[i] = *order[i].finding;
    out->items = items;
    out->count = count;
    out->matches = p->matches;
    return VG_OK;
}

static vg_status merge(putting *p, vg_detector *const *detectors, size_t count, vg_detect_findings *out,
                       vg_error *err)
{
    vg_signals **stores = VG_NEW_N(p->arena, vg_signals *, count + 1);
    vg_time watermark = VG_TIME_NONE;
    p->correlator = vg_correlator_new(p->arena, p->rules, take_episode, p);
    if (!stores || !p->correlator)
        return out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        stores[i] = vg_detector_signals(detectors[i]);
        vg_time seen = vg_detector_watermark(detectors[i]);
        watermark = seen > watermark ? seen : watermark;
        out->evicted += vg_signals_evicted(stores[i]);
        out->left_out += vg_signals_left_out(stores[i]);
        out->seen |= vg_detector_seen(detectors[i]);
    }
    vg_correlator_limit(p->correlator, stores[0]);
    vg_status status = vg_signals_merge(stores, count, take, p, err);
    if (status == VG_OK)
        status = vg_correlator_finish(p->correlator, watermark, err);
    vg_correlator_free(p->correlator);
    VG_TRY(status);
    out->evicted += vg_correlator_evicted(p->correlator);
    out->undecided = vg_correlator_undecided(p->correlator);
    VG_TRY(close_finding(p, err));
    return put_in_order(p, out, err);
}

vg_status vg_detect_finish(vg_arena *arena, vg_detector *const *detectors, size_t count,
                           vg_detect_findings *out, vg_error *err)
{
    *out = (vg_detect_findings){0};
    if (count == 0)
        return VG_OK;
    putting p = {.arena = arena, .rules = vg_detector_rules(detectors[0])};
    p.findings = vg_vec_in(arena, sizeof(vg_detect_finding));
    p.steps = vg_vec_in(arena, sizeof(vg_detect_step));
    return merge(&p, detectors, count, out, err);
}
