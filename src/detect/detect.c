/* detect.c: detectors: events in, signals out.
 *
 * CloudTrail's log files and JSON lines are read by a cursor that picks the few fields a gate asks for; only records with
 * candidates become trees. All other forms and logs come as events from the trail's readers. Either way a match becomes a
 * signal: one for the rule's own findings, one for each correlation that counts it. */
#include <string.h>

#include "detect/dispatch_part.h"

struct vg_detector {
    const vg_rules *rules;
    vg_detector_options options;
    vg_arena *arena, *scratch; /* scratch: of the event at hand */
    vg_gate *gate;
    vg_light *light;
    vg_evaluator *evaluator;
    vg_signals *signals;
    uint32_t *shown[VG_LOG_KIND_COUNT + 1]; /* rules that events of a log are shown to */
    size_t shown_count[VG_LOG_KIND_COUNT + 1];
    vg_str *values;    /* picked of the record at hand */
    vg_str file;       /* the log at hand */
    uint32_t seen;     /* bits by vg_need */
    vg_time watermark; /* the latest time seen */
    char latest[40];   /* the same as CloudTrail writes it, which sorts as text */
    size_t latest_len;
    uint64_t offset;  /* of the event at hand in its log */
    uint64_t gave_up; /* when it has retired */
};

/* ---- making ---------------------------------------------------------------------------------------------------------- */

static bool list_shown(vg_detector *d)
{
    for (size_t log = 0; log <= VG_LOG_KIND_COUNT; log++) {
        d->shown[log] = VG_NEW_N(d->arena, uint32_t, d->rules->rule_count + 1);
        if (!d->shown[log])
            return false;
        for (uint32_t i = 0; i < d->rules->rule_count; i++) {
            const vg_compiled_rule *rule = &d->rules->rules[i];
            if (rule->info.kind == VG_RULE_DETECTION && !rule->info.unassessed.len &&
                vg_rule_applies(&rule->info, (vg_log_kind)log))
                d->shown[log][d->shown_count[log]++] = i;
        }
    }
    return true;
}

vg_detector *vg_detector_new(const vg_rules *rules, const vg_detector_options *options)
{
    enum { SIGNAL_BYTES = 16 << 20 };
    vg_arena *arena = vg_arena_new(0);
    vg_detector *d = arena ? VG_NEW(arena, vg_detector) : NULL;
    if (!d) {
        vg_arena_free(arena);
        return NULL;
    }
    d->rules = rules;
    d->options = options ? *options : (vg_detector_options){.since = VG_TIME_NONE, .until = VG_TIME_NONE};
    d->arena = arena;
    d->watermark = VG_TIME_NONE;
    d->scratch = vg_arena_new(0);
    d->light = vg_light_new(rules->dispatch);
    d->gate = vg_gate_new(rules, d->light, d->options.sources, d->options.source_count);
    d->evaluator = vg_evaluator_new(rules, d->options.sources, d->options.source_count);
    d->signals = vg_signals_new(d->options.signal_bytes ? d->options.signal_bytes : SIGNAL_BYTES,
                                d->options.spill_folder);
    d->values = VG_NEW_N(arena, vg_str, rules->dispatch->path_count + 1);
    if (!d->scratch || !d->light || !d->gate || !d->evaluator || !d->signals || !d->values ||
        !list_shown(d)) {
        vg_detector_free(d);
        return NULL;
    }
    return d;
}

uint64_t vg_detector_gave_up(const vg_detector *d)
{
    return d->evaluator ? vg_evaluator_limits(d->evaluator) : d->gave_up;
}

void vg_detector_retire(vg_detector *d)
{
    d->gave_up = vg_detector_gave_up(d);
    if (d->evaluator)
        vg_evaluator_free(d->evaluator);
    vg_gate_free(d->gate);
    vg_light_free(d->light);
    vg_arena_free(d->scratch);
    d->evaluator = NULL;
    d->gate = NULL;
    d->light = NULL;
    d->scratch = NULL;
}

void vg_detector_free(vg_detector *d)
{
    if (!d)
        return;
    vg_detector_retire(d);
    if (d->signals)
        vg_signals_free(d->signals);
    vg_arena_free(d->arena);
}

const vg_rules *vg_detector_rules(const vg_detector *d)
{
    return d->rules;
}

vg_signals *vg_detector_signals(vg_detector *d)
{
    return d->signals;
}

vg_time vg_detector_watermark(const vg_detector *d)
{
    vg_time latest = VG_TIME_NONE;
    if (!d->latest_len || !vg_time_parse((vg_str){d->latest, d->latest_len}, &latest))
        return d->watermark;
    return latest > d->watermark ? latest : d->watermark;
}

uint32_t vg_detector_seen(const vg_detector *d)
{
    return d->seen;
}

/* ---- matches --------------------------------------------------------------------------------------------------------- */

/* A finding of a rule is for an actor in an account. */
static vg_str group_of(vg_arena *arena, const vg_brief *brief)
{
    char *text = vg_arena_alloc(arena, brief->actor.len + brief->account.len + 1);
    if (!text)
        return (vg_str){0};
    if (brief->actor.len)
        memcpy(text, brief->actor.ptr, brief->actor.len);
    text[brief->actor.len] = '\n';
    if (brief->account.len)
        memcpy(text + brief->actor.len + 1, brief->account.ptr, brief->account.len);
    return (vg_str){text, brief->actor.len + brief->account.len + 1};
}

static vg_status match(vg_detector *d, size_t index, const vg_event *event, const vg_brief *brief,
                       vg_error *err)
{
    const vg_compiled_rule *rule = &d->rules->rules[index];
    if (rule->feed_count)
        VG_TRY(vg_correlate_signal(d->rules, index, d->evaluator, event, brief, d->signals, err));
    if (!rule->info.alone)
        return VG_OK;
    vg_signal signal = {.stream = (uint32_t)index,
                        .rule = (uint32_t)index,
                        .time = event->time,
                        .id = event->id,
                        .brief = *brief};
    signal.group = group_of(d->scratch, brief);
    if (!signal.group.ptr)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while detecting");
    return vg_signals_add(d->signals, &signal, err);
}

static bool is_in_time(const vg_detector *d, vg_time time)
{
    return (d->options.since == VG_TIME_NONE || time == VG_TIME_NONE || time >= d->options.since) &&
           (d->options.until == VG_TIME_NONE || time == VG_TIME_NONE || time <= d->options.until);
}

/* An event without an id is known by its content. */
static vg_status identify(vg_detector *d, vg_event *event, vg_error *err)
{
    if (event->id.len)
        return VG_OK;
    vg_buf text = {0};
    vg_json_write(&text, event->root, 0);
    vg_str bytes = vg_buf_str(&text);
    event->id = vg_arena_printf(d->scratch, "%016llx%016llx", (unsigned long long)vg_hash64(bytes, 1),
                                (unsigned long long)vg_hash64(bytes, 2));
    bool failed = text.failed || !event->id.ptr;
    vg_buf_free(&text);
    return failed ? vg_fail(err, VG_ERR_MEMORY, "memory ran out while detecting") : VG_OK;
}

static uint64_t offset_of(const vg_event *event)
{
    return event->root ? event->root->position : 0;
}

/* Evaluates some rules; `event` is whole. */
static vg_status evaluate(vg_detector *d, const vg_event *given, const uint32_t *rules, size_t count,
                          vg_error *err)
{
    vg_event event = *given;
    vg_brief brief = {0};
    bool is_brief = false;
    event.ours = d->options.ours;
    if (!is_in_time(d, event.time))
        return VG_OK;
    vg_evaluator_begin(d->evaluator, &event);
    for (size_t i = 0; i < count; i++) {
        if (!vg_evaluator_match(d->evaluator, rules[i]))
            continue;
        if (!is_brief) {
            VG_TRY(identify(d, &event, err));
            vg_brief_of(&event, d->scratch, &brief);
            brief.file = d->file;
            brief.offset = d->offset;
            is_brief = true;
        }
        VG_TRY(match(d, rules[i], &event, &brief, err));
    }
    return vg_evaluator_failed(d->evaluator)
               ? vg_fail(err, VG_ERR_MEMORY, "memory ran out while evaluating detections")
               : VG_OK;
}

static vg_status show(vg_detector *d, const vg_event *event, uint64_t offset, vg_error *err)
{
    size_t log = event->log > VG_LOG_KIND_COUNT ? VG_LOG_KIND_COUNT : (size_t)event->log;
    vg_str category = event->record ? event->record->category : (vg_str){0};
    d->seen |= vg_need_of_event(event->log, category, event->record ? event->record->source : (vg_str){0});
    d->offset = offset;
    if (event->time != VG_TIME_NONE && event->time > d->watermark)
        d->watermark = event->time;
    return evaluate(d, event, d->shown[log], d->shown_count[log], err);
}

vg_status vg_detect_event(vg_detector *d, const vg_event *event, vg_error *err)
{
    vg_arena_reset(d->scratch);
    d->file = event->place.file;
    return show(d, event, offset_of(event), err);
}

/* ---- CloudTrail's records, by a glance ---------------------------------------------------------------------------------- */

typedef struct {
    vg_detector *d;
    vg_str text, name;
    vg_json_cursor *cursor;
    vg_arena *cursor_arena;
    void (*bad)(void *context, const vg_error *err);
    void *context;
    vg_trail_counts *counts;
    const vg_log_options *options;
    vg_piece *piece; /* that the text is */
    bool bare;       /* records stand in no {"Records": [...]}: what is none may wrap one */
    vg_error *err;   /* for what is not the text's fault */
    bool stop;       /* err is set */
} reading;

/* Tells of a place of the text, as one of the log. */
static void tell(reading *r, const vg_error *error)
{
    vg_error moved = *error;
    if (moved.place.line == 1)
        moved.place.column = (uint32_t)(moved.place.column + r->piece->column);
    if (moved.place.line)
        moved.place.line += r->piece->line;
    if (r->bad)
        r->bad(r->context, &moved);
}

static void tell_bad(reading *r, const vg_error *error)
{
    r->counts->bad++;
    tell(r, error);
}

/* Where in the log a part of the text stands. */
static uint64_t offset_in_log(const reading *r, const char *at)
{
    return (uint64_t)(r->piece->base + (at - r->text.ptr));
}

static vg_place place_of(const reading *r, vg_str raw)
{
    vg_doc doc = {.name = r->name, .source = r->text};
    vg_value value = {.position = (uint32_t)(raw.ptr - r->text.ptr)};
    return vg_doc_place(&doc, &value);
}

/* ---- one by one ------------------------------------------------------------------------------------------------------- */

typedef struct {
    reading *r;
    uint64_t offset; /* in the log, of the text that is read, */
    vg_place from;   /* and its place in the piece */
    bool stopped;
} showing;

static void show_bad(void *context, const vg_error *err)
{
    const showing *s = context;
    vg_error moved = *err;
    if (s->from.line && !moved.place.line)
        moved.place = s->from;
    else if (s->from.line > 1)
        moved.place.line += s->from.line - 1;
    tell(s->r, &moved);
}

static vg_status show_one(void *context, const vg_event *event, vg_error *err)
{
    showing *s = context;
    if (s->from.line && event->log == VG_LOG_UNKNOWN) {
        vg_error none = {0};
        vg_fail_at(&none, VG_ERR_VALUE, event->place, "this is no CloudTrail record");
        s->r->counts->records--;
        s->r->counts->bad++;
        show_bad(s, &none);
        return VG_OK;
    }
    vg_arena_reset(s->r->d->scratch);
    vg_status status = show(s->r->d, event, s->offset + offset_of(event), err);
    s->stopped |= status != VG_OK;
    return status;
}

/* Through the readers of the trail: forms and logs that a glance does not know. */
static vg_status read_slowly(reading *r, vg_str text, vg_place from)
{
    showing s = {r, offset_in_log(r, text.ptr), from, false};
    vg_event_sink sink = {show_one, show_bad, &s};
    vg_status status = vg_log_read(text, r->name, r->options, &sink, r->counts, r->err);
    r->stop |= status != VG_OK;
    return status;
}

/* An object that is no record itself: it may wrap one, or be of another form. */
static vg_status show_raw(reading *r, vg_str raw, vg_error *bad)
{
    vg_status status = read_slowly(r, raw, place_of(r, raw));
    if (status != VG_OK)
        *bad = *r->err;
    return status;
}

/* Remembers the latest time as text, for CloudTrail writes all of one form; of any other form, as a time. */
static void note_time(vg_detector *d, vg_str text)
{
    vg_time time;
    bool is_usual = text.len == 20 && text.ptr[19] == 'Z';
    if (!text.len || (is_usual && d->latest_len && memcmp(text.ptr, d->latest, 20) <= 0) ||
        !vg_time_parse(text, &time))
        return;
    if (is_usual) {
        memcpy(d->latest, text.ptr, 20);
        d->latest_len = 20;
    } else if (time > d->watermark)
        d->watermark = time;
}

/* The record's tree, and what it matches: of some rules; of all, when picked values do not tell what it is. */
static vg_status look(reading *r, vg_str raw, const uint32_t *rules, size_t count, bool odd)
{
    vg_detector *d = r->d;
    vg_doc doc;
    vg_error bad = {0};
    vg_trail_resource resources[VG_TRAIL_MOST_RESOURCES];
    vg_trail_record record;
    vg_arena_reset(d->scratch);
    vg_status status = vg_json_read(d->scratch, raw, r->name, NULL, &doc, &bad);
    if (status == VG_ERR_MEMORY)
        return vg_fail(r->err, status, "memory ran out while detecting");
    if (status != VG_OK) {
        bad.place = place_of(r, raw);
        tell_bad(r, &bad);
        return VG_OK;
    }
    d->offset = offset_in_log(r, raw.ptr);
    vg_trail_record_of(doc.root, resources, &record);
    vg_event event = {.log = VG_LOG_CLOUDTRAIL,
                      .time = record.time,
                      .id = record.id,
                      .account = record.account,
                      .region = record.region,
                      .source_ip = record.source_ip,
                      .root = doc.root,
                      .record = &record,
                      .place = {.file = r->name}};
    if (!odd)
        return evaluate(d, &event, rules, count, r->err);
    bool is_call = vg_get(doc.root, VG_STR("eventName")) && vg_get(doc.root, VG_STR("eventSource"));
    if (!is_call && !vg_get(doc.root, VG_STR("insightDetails")))
        return show_raw(r, raw, &bad);
    r->counts->records++;
    return show(d, &event, d->offset, r->err);
}

/* Whether picked values tell what the signals of a rule want. */
static bool is_told(const vg_detector *d, const vg_light_needs *needs)
{
    for (size_t i = 0; i < needs->count; i++) {
        vg_str value = d->values[needs->places[i]];
        if (value.ptr && (value.ptr[0] == '[' || value.ptr[0] == '{'))
            return false;
    }
    return needs->is_light;
}

/* Matches that the picked values decide and tell of. *done is false when they do not tell all. */
static vg_status match_light(reading *r, vg_str raw, const uint32_t *rules, size_t count, bool *done)
{
    vg_detector *d = r->d;
    vg_event event;
    vg_brief brief;
    for (size_t i = 0; i < count; i++)
        if (!is_told(d, &d->rules->dispatch->needs[rules[i]]))
            return VG_OK;
    vg_arena_reset(d->scratch);
    if (!vg_light_begin(d->light, d->values, d->scratch, &event, &brief))
        return VG_OK;
    *done = true;
    if (!is_in_time(d, event.time))
        return VG_OK;
    brief.file = d->file;
    brief.offset = offset_in_log(r, raw.ptr);
    vg_evaluator_begin_light(d->evaluator, vg_light_text_of, d->light);
    for (size_t i = 0; i < count; i++)
        VG_TRY(match(d, rules[i], &event, &brief, r->err));
    return VG_OK;
}

/* Of a piece that others follow: what stands before `at` was read. */
static void note_read(reading *r, size_t at)
{
    r->piece->behind = at;
}

/* The record that the cursor stands on, an object. */
static vg_status glance(reading *r, vg_error *bad)
{
    vg_detector *d = r->d;
    const vg_dispatch *dispatch = d->rules->dispatch;
    vg_str raw;
    bool odd;
    bool decided;
    size_t count;
    VG_TRY(vg_json_cursor_pick(r->cursor, dispatch->picks, d->values, &odd, &raw, bad));
    note_read(r, (size_t)(raw.ptr + raw.len - r->text.ptr));
    const vg_str *values = d->values;
    const size_t *at = dispatch->glance;
    if (odd || !values[at[VG_GLANCE_NAME]].ptr || !values[at[VG_GLANCE_SOURCE]].ptr) {
        vg_status status = look(r, raw, NULL, 0, true);
        r->stop |= status != VG_OK;
        return status;
    }
    r->counts->records++;
    note_time(d, vg_plain(d->values[dispatch->glance[VG_GLANCE_TIME]]));
    d->seen |= vg_need_of_event(VG_LOG_CLOUDTRAIL, vg_plain(d->values[dispatch->glance[VG_GLANCE_CATEGORY]]),
                                vg_plain(d->values[dispatch->glance[VG_GLANCE_SOURCE]]));
    vg_light_next(d->light);
    const uint32_t *rules = vg_gate_candidates(d->gate, raw, d->values, odd, &count, &decided);
    if (count == 0)
        return VG_OK;
    bool done = false;
    vg_status status = decided ? match_light(r, raw, rules, count, &done) : VG_OK;
    if (status == VG_OK && !done)
        status = look(r, raw, rules, count, false);
    r->stop = status != VG_OK;
    return status;
}

/* The items of the array that the cursor has entered. */
static vg_status read_items(reading *r, vg_error *bad)
{
    for (;;) {
        bool more;
        VG_TRY(vg_json_cursor_next(r->cursor, NULL, &more, bad));
        if (!more)
            return VG_OK;
        if (vg_json_cursor_kind(r->cursor) == VG_OBJECT) {
            VG_TRY(glance(r, bad));
            continue;
        }
        vg_error none = {0};
        vg_str raw;
        vg_fail_at(&none, VG_ERR_VALUE, vg_json_cursor_place(r->cursor), "this is no CloudTrail record");
        VG_TRY(vg_json_cursor_raw(r->cursor, &raw, bad));
        note_read(r, (size_t)(raw.ptr + raw.len - r->text.ptr));
        tell_bad(r, &none);
    }
}

static vg_status expect_end(reading *r, vg_error *bad)
{
    bool more;
    VG_TRY(vg_json_cursor_document(r->cursor, &more, bad));
    return more ? vg_fail_at(bad, VG_ERR_SYNTAX, vg_json_cursor_place(r->cursor),
                             "something stands behind the records")
                : VG_OK;
}

/* {"Records": [...]}, up to the end of its text. */
static vg_status read_delivered(reading *r, vg_error *bad)
{
    bool found, more;
    VG_TRY(vg_json_cursor_document(r->cursor, &more, bad));
    VG_TRY(vg_json_cursor_enter(r->cursor, bad));
    VG_TRY(vg_json_cursor_find(r->cursor, VG_STR("Records"), &found, bad));
    if (!found || vg_json_cursor_kind(r->cursor) != VG_ARRAY)
        return vg_fail_at(bad, VG_ERR_VALUE, vg_json_cursor_place(r->cursor), "Records is no list");
    VG_TRY(vg_json_cursor_enter(r->cursor, bad));
    VG_TRY(read_items(r, bad));
    if (r->piece->more) /* what stands behind the records begins the next piece */
        return VG_OK;
    VG_TRY(vg_json_cursor_leave(r->cursor, bad));
    return expect_end(r, bad);
}

/* A bare array. */
static vg_status read_array(reading *r, vg_error *bad)
{
    bool more;
    VG_TRY(vg_json_cursor_document(r->cursor, &more, bad));
    VG_TRY(vg_json_cursor_enter(r->cursor, bad));
    VG_TRY(read_items(r, bad));
    return expect_end(r, bad);
}

/* JSON lines. A broken line costs no other. */
static vg_status read_lines(reading *r)
{
    vg_error bad = {0};
    vg_str raw;
    bool more = true;
    vg_status status = vg_json_cursor_open(r->cursor_arena, r->text, r->name, NULL, &r->cursor, &bad);
    if (status != VG_OK)
        return vg_fail(r->err, status, "%s", bad.message);
    vg_json_cursor_by_line(r->cursor);
    for (;;) {
        status = vg_json_cursor_document(r->cursor, &more, &bad);
        if (status == VG_OK && !more)
            return VG_OK;
        if (status == VG_OK && vg_json_cursor_kind(r->cursor) == VG_OBJECT)
            status = glance(r, &bad);
        else if (status == VG_OK && (status = vg_json_cursor_raw(r->cursor, &raw, &bad)) == VG_OK)
            status = show_raw(r, raw, &bad);
        if (r->stop)
            return status;
        if (status == VG_OK)
            continue;
        tell_bad(r, &bad);
        vg_json_cursor_recover(r->cursor);
    }
}

/* Whether the cursor stands so near to the end that what is broken may only be cut off. */
static bool is_at_end(const reading *r)
{
    enum { SPLIT = 8 /* bytes: a text cut off in a character fails before its end */ };
    return !r->cursor || vg_json_cursor_offset(r->cursor) + SPLIT >= r->text.len;
}

/* Where something is broken, what stands behind it is still read. */
static vg_status read_quickly(reading *r)
{
    enum { MOST_RESUMED = 10000 };
    vg_error bad = {0};
    vg_status status = vg_json_cursor_open(r->cursor_arena, r->text, r->name, NULL, &r->cursor, &bad);
    if (status == VG_OK)
        status = r->bare ? read_array(r, &bad) : read_delivered(r, &bad);
    for (unsigned resumed = 0; status != VG_OK && !r->stop && status != VG_ERR_MEMORY; resumed++) {
        if (r->piece->more && is_at_end(r))
            return VG_OK;
        tell_bad(r, &bad);
        do {
            if (is_at_end(r) || resumed >= MOST_RESUMED || !vg_json_cursor_resume(r->cursor)) {
                note_read(r, r->text.len);
                return VG_OK;
            }
            note_read(r, vg_json_cursor_offset(r->cursor));
            status = read_items(r, &bad);
            resumed++;
        } while (status == VG_OK);
    }
    return r->stop || status != VG_ERR_MEMORY ? status : vg_fail(r->err, status, "%s", bad.message);
}

/* ---- any log --------------------------------------------------------------------------------------------------------- */

typedef enum { DELIVERED, LINES, ARRAY, OTHER } layout;

/* How a log of CloudTrail is laid out. */
static layout layout_of(vg_str text)
{
    enum { HEAD = 64 << 10 };
    vg_str head = vg_str_trim(vg_str_sub(text, 0, HEAD)), first, rest;
    if (vg_trail_is_delivered(text))
        return DELIVERED;
    if (vg_log_recognise(head) != VG_LOG_CLOUDTRAIL || !head.len)
        return OTHER;
    if (head.ptr[0] == '[')
        return ARRAY;
    vg_str_split(head, '\n', &first, &rest);
    first = vg_str_trim(first);
    return first.len > 1 && first.ptr[0] == '{' && first.ptr[first.len - 1] == '}' ? LINES : OTHER;
}

vg_status vg_detect_log(vg_detector *d, vg_str bytes, vg_str name, const vg_log_options *options,
                        void (*bad)(void *context, const vg_error *err), void *context,
                        vg_trail_counts *counts, vg_error *err)
{
    vg_piece whole = {0};
    return vg_detect_piece(d, bytes, name, options, bad, context, counts, &whole, err);
}

vg_status vg_detect_piece(vg_detector *d, vg_str bytes, vg_str name, const vg_log_options *options,
                          void (*bad)(void *context, const vg_error *err), void *context,
                          vg_trail_counts *counts, vg_piece *piece, vg_error *err)
{
    layout form = layout_of(bytes);
    reading r = {.d = d,
                 .text = bytes,
                 .name = name,
                 .options = options,
                 .bad = bad,
                 .context = context,
                 .counts = counts,
                 .err = err,
                 .piece = piece,
                 .bare = form == LINES || form == ARRAY};
    d->file = name;
    if (form == OTHER)
        return read_slowly(&r, bytes, (vg_place){0});
    r.cursor_arena = vg_arena_new(0);
    if (!r.cursor_arena)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while detecting");
    vg_status status = form == LINES ? read_lines(&r) : read_quickly(&r);
    vg_arena_free(r.cursor_arena);
    return status;
}
