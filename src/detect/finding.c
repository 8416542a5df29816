/* finding.c: signals put together into findings, for the person on call: one for a rule and an actor, however often it
 * happened, and one for each episode of a correlation. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "detect/signal_part.h"

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

/* ---- steps ------------------------------------------------------------------------------------------------------------- */

struct vg_packed_step {
    vg_time time;
    const char *name;
    union {
        vg_str text;
        uint8_t uuid[16];
    } id;
    uint32_t rule;
    uint32_t is_uuid : 1, name_len : 31;
};

vg_detect_step vg_detect_step_at(const vg_detect_finding *f, size_t index, char room[VG_STEP_ID])
{
    const vg_packed_step *step = &f->steps[index];
    vg_str id = step->is_uuid ? (vg_str){room, VG_UUID_TEXT} : step->id.text;
    if (step->is_uuid)
        vg_signal_write_uuid(step->id.uuid, room);
    return (vg_detect_step){step->time, id, step->rule, {step->name, step->name_len}};
}

/* ---- putting together ------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_arena *arena;
    const vg_rules *rules;
    vg_correlator *correlator;
    vg_map *texts;   /* that findings share: who, where, what */
    vg_vec findings; /* vg_detect_finding *: what they point to stands in the arena */
    vg_packed_step steps[VG_DETECT_MOST_STEPS]; /* of the finding at hand */
    size_t step_count;
    vg_buf ids;            /* of its events, those that are no UUIDs, one behind the other */
    vg_detect_finding *at; /* the finding at hand, or NULL */
    uint32_t stream;
    vg_buf group;
    uint64_t matches;
} putting;

/* The text, kept once however many findings tell it. Empty: it is, or memory is out. */
static vg_str kept(putting *p, vg_str text)
{
    const vg_map_entry *entry = text.len ? vg_map_get(p->texts, text) : NULL;
    if (entry || !text.len)
        return entry ? entry->key : (vg_str){0};
    vg_str copy = vg_arena_str(p->arena, text);
    return copy.ptr && vg_map_put(p->texts, copy, NULL) ? copy : (vg_str){0};
}

static vg_detect_finding *add_finding(putting *p)
{
    vg_detect_finding *finding = VG_NEW(p->arena, vg_detect_finding);
    vg_detect_finding **slot = finding ? vg_vec_push(&p->findings) : NULL;
    if (!slot)
        return NULL;
    *slot = finding;
    return finding;
}

static bool is_kept(vg_str from, vg_str copy)
{
    return from.len == copy.len;
}

/* Copies what a brief says into a finding. False: memory is out. */
static bool tell(putting *p, const vg_brief *brief, vg_detect_finding *f)
{
    f->principal = kept(p, brief->principal);
    f->actor = kept(p, brief->actor);
    f->source_ip = kept(p, brief->source_ip);
    f->account = kept(p, brief->account);
    f->region = kept(p, brief->region);
    f->key = kept(p, brief->key);
    f->file = kept(p, brief->file);
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

/* Gives the finding at hand its steps, and all of their ids in one piece. */
static vg_status close_finding(putting *p, vg_error *err)
{
    if (!p->at)
        return VG_OK;
    vg_packed_step *steps = VG_NEW_N(p->arena, vg_packed_step, p->step_count + 1);
    vg_str ids = vg_arena_str(p->arena, vg_buf_str(&p->ids));
    if (!steps || !ids.ptr || p->ids.failed)
        return out_of_memory(err);
    for (size_t i = 0, from = 0; i < p->step_count; i++) {
        steps[i] = p->steps[i];
        if (steps[i].is_uuid)
            continue;
        steps[i].id.text = vg_str_sub(ids, from, p->steps[i].id.text.len);
        from += steps[i].id.text.len;
    }
    p->at->steps = steps;
    p->at->step_count = p->step_count;
    p->step_count = 0;
    vg_buf_clear(&p->ids);
    p->at = NULL;
    return VG_OK;
}

static vg_status add_step(putting *p, vg_time time, vg_str id, size_t rule, vg_str name, vg_error *err)
{
    if (p->step_count == VG_DETECT_MOST_STEPS)
        return VG_OK;
    vg_packed_step *step = &p->steps[p->step_count++];
    vg_str told = kept(p, name);
    *step = (vg_packed_step){.time = time, .name = told.ptr, .rule = (uint32_t)rule};
    step->name_len = (uint32_t)told.len & (UINT32_MAX >> 1);
    step->is_uuid = vg_signal_read_uuid(id, step->id.uuid);
    if (!step->is_uuid) {
        step->id.text = (vg_str){NULL, id.len};
        vg_buf_add_str(&p->ids, id);
    }
    return is_kept(name, told) ? VG_OK : out_of_memory(err);
}

static vg_status open_finding(putting *p, const vg_signal *signal, vg_error *err)
{
    VG_TRY(close_finding(p, err));
    vg_detect_finding *f = add_finding(p);
    if (!f || !tell(p, &signal->brief, f))
        return out_of_memory(err);
    f->rule = signal->rule;
    f->first = signal->time;
    f->last = signal->time;
    vg_str parts[] = {f->actor, f->account};
    name_finding(p->rules, f, parts, VG_COUNT(parts));
    vg_buf_clear(&p->group);
    vg_buf_add_str(&p->group, signal->group);
    p->stream = signal->stream;
    p->at = f;
    return p->group.failed ? out_of_memory(err) : VG_OK;
}

static vg_status take(void *context, const vg_signal *signal, vg_error *err)
{
    putting *p = context;
    if (p->rules->rules[signal->stream].info.kind == VG_RULE_CORRELATION)
        return vg_correlator_take(p->correlator, signal, err);
    p->matches++;
    if (!p->at || p->stream != signal->stream || !vg_str_eq(vg_buf_str(&p->group), signal->group))
        VG_TRY(open_finding(p, signal, err));
    vg_detect_finding *f = p->at;
    f->count++;
    f->succeeded |= signal->brief.succeeded;
    f->last = signal->time > f->last ? signal->time : f->last;
    return add_step(p, signal->time, signal->id, signal->rule, signal->brief.name, err);
}

static vg_status take_episode(void *context, const vg_episode *episode, vg_error *err)
{
    putting *p = context;
    VG_TRY(close_finding(p, err));
    vg_detect_finding *f = add_finding(p);
    if (!f || !tell(p, &episode->brief, f))
        return out_of_memory(err);
    f->rule = episode->rule;
    f->succeeded = episode->succeeded;
    f->group = kept(p, episode->group);
    f->first = episode->first;
    f->last = episode->last;
    f->count = episode->count;
    f->value = episode->value;
    p->at = f;
    for (size_t i = 0; i < episode->step_count; i++) {
        const vg_detect_step *step = &episode->steps[i];
        VG_TRY(add_step(p, step->time, step->id, step->rule, step->name, err));
    }
    char window[VG_TIME_TEXT];
    vg_time_format(episode->window, window);
    vg_str parts[] = {f->group, vg_str_from(window)};
    name_finding(p->rules, f, parts, VG_COUNT(parts));
    return is_kept(episode->group, f->group) ? close_finding(p, err) : out_of_memory(err);
}

/* ---- order ----------------------------------------------------------------------------------------------------------- */

static int by_rank(const void *a, const void *b, void *context)
{
    const vg_detect_finding *x = *(vg_detect_finding *const *)a, *y = *(vg_detect_finding *const *)b;
    const vg_compiled_rule *rules = context;
    int order = (int)rules[y->rule].info.level - (int)rules[x->rule].info.level;
    if (order)
        return order;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    if (x->rule != y->rule)
        return x->rule < y->rule ? -1 : 1;
    return strcmp(x->id, y->id);
}

static void put_in_order(const putting *p, vg_detect_findings *out)
{
    if (p->findings.len)
        qsort_r(p->findings.items, p->findings.len, sizeof(vg_detect_finding *), by_rank,
                (void *)(uintptr_t)p->rules->rules);
    out->items = p->findings.items;
    out->count = p->findings.len;
    out->matches = p->matches;
}

/* `work` is the correlator's: what it holds of its signals goes when findings stand. */
static vg_status merge(putting *p, vg_arena *work, vg_detector *const *detectors, size_t count,
                       vg_detect_findings *out, vg_error *err)
{
    vg_signals **stores = VG_NEW_N(p->arena, vg_signals *, count + 1);
    vg_time watermark = VG_TIME_NONE;
    p->correlator = vg_correlator_new(work, p->rules, take_episode, p);
    if (!stores || !p->correlator)
        return out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        stores[i] = vg_detector_signals(detectors[i]);
        vg_time seen = vg_detector_watermark(detectors[i]);
        watermark = seen > watermark ? seen : watermark;
        out->evicted += vg_signals_evicted(stores[i]);
        out->left_out += vg_signals_left_out(stores[i]);
        out->seen |= vg_detector_seen(detectors[i]);
        out->gave_up += vg_detector_gave_up(detectors[i]);
        vg_detector_retire(detectors[i]);
    }
    malloc_trim(0);
    vg_correlator_limit(p->correlator, stores[0]);
    vg_status status = vg_signals_merge(stores, count, take, p, err);
    if (status == VG_OK)
        status = vg_correlator_finish(p->correlator, watermark, err);
    vg_correlator_free(p->correlator);
    VG_TRY(status);
    out->evicted += vg_correlator_evicted(p->correlator);
    out->undecided = vg_correlator_undecided(p->correlator);
    return close_finding(p, err);
}

vg_status vg_detect_finish(vg_arena *arena, vg_detector *const *detectors, size_t count,
                           vg_detect_findings *out, vg_error *err)
{
    *out = (vg_detect_findings){0};
    if (count == 0)
        return VG_OK;
    putting p = {.arena = arena, .rules = vg_detector_rules(detectors[0])};
    p.texts = vg_map_new(arena, 0);
    p.findings = vg_vec_in(arena, sizeof(vg_detect_finding *));
    vg_arena *work = vg_arena_new(0);
    vg_status status = p.texts && work ? merge(&p, work, detectors, count, out, err) : out_of_memory(err);
    vg_arena_free(work);
    if (status == VG_OK)
        put_in_order(&p, out);
    vg_buf_free(&p.ids);
    vg_buf_free(&p.group);
    return status;
}
