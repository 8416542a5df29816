/* ingest_object.c: one log file into its summary: which values it holds, in which hours, and what of it could not be read.
 *
 * A value is kept once a file, by a table of what was met; a log file names a few hundred values a hundred times each. */
#include "trail/index_part.h"
#include "trail/ingest_part.h"
#include "trail/log_part.h"

typedef struct {
    uint64_t hash; /* 0: empty */
    vg_str value;
    vg_trail_field field;
} met_value;

typedef struct {
    vg_arena *arena;
    met_value *met; /* a power of two of slots */
    size_t slots, met_count;
    vg_map *hours_by_place;
    vg_vec hours; /* vg_trail_hour */
    vg_buf place;
    size_t last_hour;
    vg_trail_object *object;
    vg_log_origin origin; /* what the key says */
    void (*bad)(void *context, const vg_error *err);
    void *context;
    bool failed; /* memory */
} summarising;

/* ---- values --------------------------------------------------------------------------------------------------------------- */

static met_value *slot_of(met_value *met, size_t slots, uint64_t hash, vg_trail_field field, vg_str value)
{
    for (size_t i = hash & (slots - 1);; i = (i + 1) & (slots - 1)) {
        met_value *slot = &met[i];
        if (slot->hash == 0 || (slot->hash == hash && slot->field == field && vg_str_eq(slot->value, value)))
            return slot;
    }
}

static bool grow(summarising *s)
{
    size_t slots = s->slots ? s->slots * 2 : 1024;
    met_value *larger = VG_NEW_N(s->arena, met_value, slots);
    if (!larger)
        return false;
    for (size_t i = 0; i < s->slots; i++)
        if (s->met[i].hash)
            *slot_of(larger, slots, s->met[i].hash, s->met[i].field, s->met[i].value) = s->met[i];
    s->met = larger;
    s->slots = slots;
    return true;
}

static void meet(void *context, vg_trail_field field, vg_str value)
{
    summarising *s = context;
    uint64_t hash = vg_hash64(value, (uint64_t)field) | 1;
    if (s->met_count * 2 >= s->slots && !grow(s)) {
        s->failed = true;
        return;
    }
    met_value *slot = slot_of(s->met, s->slots, hash, field, value);
    if (slot->hash)
        return;
    *slot = (met_value){hash, vg_arena_str(s->arena, value), field};
    s->met_count++;
    s->failed = s->failed || !slot->value.ptr;
}

/* ---- hours ---------------------------------------------------------------------------------------------------------------- */

static void cover_of(const summarising *s, const vg_event *event, vg_trail_hour *out)
{
    static const struct {
        const char *category;
        vg_cover_kind kind;
        bool by_source;
    } categories[] = {{"Management", VG_COVER_MANAGEMENT, false},
                      {"Data", VG_COVER_DATA, true},
                      {"Insight", VG_COVER_INSIGHT, false},
                      {"NetworkActivity", VG_COVER_NETWORK, true}};
    static const vg_cover_kind of_log[] = {VG_COVER_MANAGEMENT, VG_COVER_FLOW, VG_COVER_DNS,
                                           VG_COVER_S3_ACCESS};
    const vg_trail_record *record = event->record;
    *out = (vg_trail_hour){.kind = of_log[event->log],
                           .account = event->account.len ? event->account : s->origin.account,
                           .region = event->region.len ? event->region : s->origin.region};
    for (size_t i = 0; record && i < VG_COUNT(categories); i++) {
        if (!vg_str_is(record->category, categories[i].category))
            continue;
        out->kind = categories[i].kind;
        out->name = categories[i].by_source ? record->source : (vg_str){0};
    }
    if (record && record->category.len == 0 && vg_str_is(record->type, "AwsCloudTrailInsight"))
        out->kind = VG_COVER_INSIGHT;
    /* What is no account, region or source was written by nobody we know; it counts for none. */
    if (!vg_is_account_id(out->account))
        out->account = (vg_str){0};
    if (!vg_is_region(out->region))
        out->region = (vg_str){0};
    if (out->name.len > 128)
        out->name = (vg_str){0};
}

static bool same_hour(const vg_trail_hour *a, const vg_trail_hour *b)
{
    return a->kind == b->kind && a->hour == b->hour && vg_str_eq(a->account, b->account) &&
           vg_str_eq(a->region, b->region) && vg_str_eq(a->name, b->name);
}

static vg_str hour_key(summarising *s, const vg_trail_hour *hour)
{
    vg_buf_clear(&s->place);
    vg_buf_addf(&s->place, "%d %lld ", (int)hour->kind, (long long)hour->hour);
    vg_buf_add_str(&s->place, hour->account);
    vg_buf_add_char(&s->place, ' ');
    vg_buf_add_str(&s->place, hour->region);
    vg_buf_add_char(&s->place, ' ');
    vg_buf_add_str(&s->place, hour->name);
    return vg_buf_str(&s->place);
}

static vg_trail_hour *add_hour(summarising *s, vg_str key, const vg_trail_hour *from)
{
    vg_str kept = vg_arena_str(s->arena, key);
    vg_map_entry *entry = kept.ptr ? vg_map_put(s->hours_by_place, kept, NULL) : NULL;
    vg_trail_hour *hour = entry ? vg_vec_push(&s->hours) : NULL;
    if (!hour)
        return NULL;
    *hour = *from;
    hour->count = 0;
    hour->account = vg_arena_str(s->arena, from->account);
    hour->region = vg_arena_str(s->arena, from->region);
    hour->name = vg_arena_str(s->arena, from->name);
    entry->value.u64 = s->hours.len - 1;
    return hour->account.ptr && hour->region.ptr && hour->name.ptr ? hour : NULL;
}

static void count_hour(summarising *s, const vg_trail_hour *from, uint64_t count)
{
    vg_trail_hour *hour = s->hours.len ? vg_vec_at(&s->hours, s->last_hour) : NULL;
    if (!hour || !same_hour(hour, from)) {
        vg_str key = hour_key(s, from);
        vg_map_entry *entry = s->place.failed ? NULL : vg_map_get(s->hours_by_place, key);
        hour = entry ? vg_vec_at(&s->hours, entry->value.u64) : add_hour(s, key, from);
        s->failed = s->failed || !hour;
        s->last_hour = !entry ? s->hours.len - 1 : entry->value.u64;
    }
    if (hour)
        hour->count += count;
}

int64_t ingest_hour_of(vg_time time)
{
    int64_t hour = INT64_C(3600) * VG_TIME_SECOND;
    return time / hour - (time % hour < 0);
}

/* ---- events ---------------------------------------------------------------------------------------------------------------- */

static vg_status take_event(void *context, const vg_event *event, vg_error *err)
{
    summarising *s = context;
    vg_trail_object *object = s->object;
    object->events++;
    object->logs |= 1U << event->log;
    if (event->time == VG_TIME_NONE) {
        object->timeless = true;
    } else {
        if (object->first == VG_TIME_NONE || event->time < object->first)
            object->first = event->time;
        if (object->last == VG_TIME_NONE || event->time > object->last)
            object->last = event->time;
        if (event->log < VG_LOG_KIND_COUNT) {
            vg_trail_hour hour;
            cover_of(s, event, &hour);
            hour.hour = ingest_hour_of(event->time);
            count_hour(s, &hour, 1);
        }
    }
    vg_trail_event_terms(event, meet, s);
    return s->failed ? index_no_memory(err) : VG_OK;
}

static void take_bad(void *context, const vg_error *err)
{
    summarising *s = context;
    s->object->bad++;
    if (s->bad)
        s->bad(s->context, err);
}

/* ---- digests --------------------------------------------------------------------------------------------------------------- */

/* A digest says which log files were delivered in its hour. More than two days is no digest's. */
static vg_status take_digest(summarising *s, const vg_trail_listed *listed, vg_str text, bool *is_digest,
                             vg_error *err)
{
    enum { MOST_HOURS = 48 };
    vg_digest digest;
    vg_digest_name name;
    vg_error why = {0};
    *is_digest = vg_digest_name_of(listed->key, &name);
    if (!*is_digest)
        return VG_OK;
    vg_status status = vg_digest_read(s->arena, text, listed->key, &digest, &why);
    if (status == VG_ERR_MEMORY)
        return index_no_memory(err);
    if (status != VG_OK) {
        take_bad(s, &why);
        return VG_OK;
    }
    int64_t from = ingest_hour_of(digest.start), to = ingest_hour_of(digest.end - 1);
    vg_trail_hour hour = {.kind = digest.log_count ? VG_COVER_DIGEST : VG_COVER_QUIET,
                          .account = vg_is_account_id(name.account) ? name.account : (vg_str){0},
                          .region = vg_is_region(name.region) ? name.region : (vg_str){0},
                          .name = vg_str_sub(name.trail, 0, 128)};
    for (hour.hour = from; hour.hour <= to && hour.hour < from + MOST_HOURS; hour.hour++)
        count_hour(s, &hour, hour.hour == from ? digest.log_count : 0);
    s->object->first = digest.start;
    s->object->last = digest.end;
    return s->failed ? index_no_memory(err) : VG_OK;
}

/* ---- the whole ---------------------------------------------------------------------------------------------------------------- */

static vg_status terms_of(summarising *s, vg_trail_summary *out, vg_error *err)
{
    char text[VG_TRAIL_TERM];
    vg_trail_term *terms = VG_NEW_N(s->arena, vg_trail_term, s->met_count + 1);
    size_t count = 0;
    if (!terms)
        return index_no_memory(err);
    for (size_t i = 0; i < s->slots; i++) {
        const met_value *met = &s->met[i];
        if (!met->hash)
            continue;
        vg_str kept = vg_arena_str(s->arena, vg_trail_term_of(met->field, met->value, text));
        if (!kept.ptr)
            return index_no_memory(err);
        terms[count++] = (vg_trail_term){met->field, kept};
    }
    out->terms = terms;
    out->term_count = count;
    out->hours = s->hours.items;
    out->hour_count = s->hours.len;
    return VG_OK;
}

/* What a folder of logs holds beside them is passed over: configuration, notes, pictures. */
static bool is_other(const vg_trail_listed *listed, vg_str text)
{
    return !listed->named && vg_log_recognise(vg_str_sub(text, 0, 65536)) == VG_LOG_UNKNOWN &&
           vg_str_find(vg_path_name(listed->key), VG_STR("_CloudTrail_")) == VG_NPOS;
}

static vg_status read_text(summarising *s, const vg_trail_listed *listed, vg_str text,
                           const vg_log_options *log, vg_ingest_outcome *outcome, vg_error *err)
{
    const vg_event_sink sink = {take_event, take_bad, s};
    vg_trail_counts counts = {0};
    bool is_digest;
    VG_TRY(take_digest(s, listed, text, &is_digest, err));
    *outcome = VG_INGEST_DIGEST;
    if (is_digest)
        return VG_OK;
    *outcome = VG_INGEST_OTHER;
    if (is_other(listed, text))
        return VG_OK;
    *outcome = VG_INGEST_READ;
    return vg_log_read(text, listed->key, log, &sink, &counts, err);
}

static vg_status summarise(summarising *s, const vg_trail_listed *listed, vg_str bytes,
                           const vg_log_options *log, vg_trail_summary *out, vg_ingest_outcome *outcome,
                           vg_arena *scratch, vg_error *err)
{
    bool whole;
    vg_str text;
    vg_error why = {0};
    s->hours_by_place = vg_map_new(s->arena, 0);
    if (!s->hours_by_place)
        return index_no_memory(err);
    VG_TRY(vg_trail_text(scratch, bytes, INGEST_MOST_TEXT, &text, &whole, &why, err));
    s->object->raw = text.len;
    VG_TRY(read_text(s, listed, text, log, outcome, err));
    if (!whole && *outcome == VG_INGEST_OTHER)
        *outcome = VG_INGEST_UNREADABLE;
    if (!whole) {
        vg_error_locate(&why, (vg_place){.file = listed->key});
        take_bad(s, &why);
    }
    if (s->object->bad && *outcome != VG_INGEST_UNREADABLE)
        *outcome =
            s->object->events || *outcome == VG_INGEST_DIGEST ? VG_INGEST_PARTLY : VG_INGEST_UNREADABLE;
    return terms_of(s, out, err);
}

vg_status ingest_summarise(vg_arena *arena, vg_arena *scratch, const vg_trail_listed *listed, vg_str bytes,
                           const vg_log_options *log, void (*bad)(void *context, const vg_error *err),
                           void *context, vg_trail_summary *out, vg_ingest_outcome *outcome, vg_error *err)
{
    *out = (vg_trail_summary){.object = {.key = listed->key,
                                         .size = bytes.len,
                                         .modified = listed->modified,
                                         .sha256 = vg_sha256_bytes(bytes),
                                         .first = VG_TIME_NONE,
                                         .last = VG_TIME_NONE}};
    summarising s = {.arena = arena,
                     .hours = vg_vec_in(arena, sizeof(vg_trail_hour)),
                     .object = &out->object,
                     .origin = vg_log_origin_of(listed->key),
                     .bad = bad,
                     .context = context};
    vg_status status = summarise(&s, listed, bytes, log, out, outcome, scratch, err);
    vg_buf_free(&s.place);
    return status;
}

vg_status vg_trail_summarise(vg_arena *arena, const vg_trail_listed *listed, vg_str bytes,
                             const vg_log_options *log, void (*bad)(void *context, const vg_error *err),
                             void *context, vg_trail_summary *out, vg_ingest_outcome *outcome, vg_error *err)
{
    return ingest_summarise(arena, arena, listed, bytes, log, bad, context, out, outcome, err);
}
