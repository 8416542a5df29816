/* search_object.c: the matches in one log file. The index has chosen it; of its records most are none, so each is first asked
 * by its bytes whether it can be one, and only then read. */
#include "trail/search_part.h"

#include "trail/ingest_part.h"
#include "trail/search_run.h"

/* ---- a match -------------------------------------------------------------------------------------------------------------------- */

static bool in_time(const search_scan *scan, vg_time time)
{
    const vg_search_options *options = scan->options;
    if (time == VG_TIME_NONE)
        return options->since == VG_TIME_NONE && options->until == VG_TIME_NONE;
    return (options->since == VG_TIME_NONE || time >= options->since) &&
           (options->until == VG_TIME_NONE || time < options->until);
}

static bool keep(vg_arena *arena, vg_str *text)
{
    *text = vg_arena_str(arena, *text);
    return text->ptr != NULL;
}

/* What a log that is no CloudTrail calls what happened. */
static void name_event(const vg_event *event, vg_search_hit *hit)
{
    static const struct {
        vg_log_kind log;
        const char *source, *name, *error;
    } names[] = {{VG_LOG_FLOW, "dstaddr", "action", "log-status"},
                 {VG_LOG_DNS, "query_name", "query_type", "rcode"},
                 {VG_LOG_S3_ACCESS, "bucket_name", "operation", "errorcode"}};
    for (size_t i = 0; i < VG_COUNT(names); i++) {
        if (names[i].log != event->log)
            continue;
        hit->source = vg_get_str(event->root, names[i].source);
        hit->name = vg_get_str(event->root, names[i].name);
        hit->error = vg_get_str(event->root, names[i].error);
    }
    hit->actor = vg_get_str(event->root, "requester");
}

static vg_status add_hit(search_scan *scan, const vg_event *event, vg_error *err)
{
    const vg_trail_record *record = event->record;
    search_found *found = vg_vec_push(&scan->found);
    if (!found)
        return index_no_memory(err);
    vg_search_hit *hit = &found->hit;
    *hit = (vg_search_hit){.log = event->log,
                           .time = event->time,
                           .id = event->id,
                           .account = event->account,
                           .region = event->region,
                           .source_ip = event->source_ip,
                           .key = scan->key,
                           .line = event->place.line};
    if (record) {
        hit->source = record->source;
        hit->name = record->name;
        hit->actor = vg_trail_actor(record);
        hit->error = record->error_code.len ? record->error_code : record->error_message;
        hit->shared_id = record->shared_id;
    } else {
        name_event(event, hit);
    }
    found->identity[0] = vg_hash64(event->account, vg_hash64(event->id, 1));
    found->identity[1] = vg_hash64(event->account, vg_hash64(event->id, 2));
    if (scan->options->count_only && !scan->options->linked) {
        hit->id = hit->account = hit->region = hit->source_ip = hit->source = hit->name = hit->actor =
            hit->error = hit->shared_id = (vg_str){0};
        return VG_OK;
    }
    vg_buf json = {0};
    vg_json_write(&json, event->root, 0);
    hit->json = vg_buf_str(&json);
    bool good = !json.failed;
    vg_str *const texts[] = {&hit->id,   &hit->account, &hit->region, &hit->source_ip, &hit->source,
                             &hit->name, &hit->actor,   &hit->error,  &hit->shared_id, &hit->json};
    for (size_t i = 0; i < VG_COUNT(texts); i++)
        good = keep(scan->arena, texts[i]) && good;
    vg_buf_free(&json);
    return good ? VG_OK : index_no_memory(err);
}

static vg_status take_event(void *context, const vg_event *event, vg_error *err)
{
    search_scan *scan = context;
    scan->events++;
    if (!in_time(scan, event->time) || !vg_search_matches(scan->search, event))
        return VG_OK;
    return add_hit(scan, event, err);
}

static void tell_bad(search_scan *scan, const vg_error *err)
{
    if (!scan->is_bad)
        vg_error_copy(&scan->bad, err);
    scan->is_bad = true;
}

/* ---- records by their bytes ---------------------------------------------------------------------------------------------------- */

/* One record of {"Records": [...]}. What was no record when the file was ingested is none now; it was told then. */
static vg_status take_raw(search_scan *scan, vg_str raw, vg_error *bad, vg_error *err)
{
    vg_event_memory memory;
    vg_event event;
    vg_doc doc;
    if (!vg_search_may_match(scan->search, raw))
        return VG_OK;
    vg_arena_reset(scan->record_arena);
    vg_status status = vg_json_read(scan->record_arena, raw, scan->key, NULL, &doc, bad);
    if (status != VG_OK)
        return status;
    bool is_record =
        vg_get(doc.root, VG_STR("eventName")) != NULL && vg_get(doc.root, VG_STR("eventSource")) != NULL;
    if (!is_record)
        return vg_fail(bad, VG_ERR_UNSUPPORTED, "no plain record");
    status = vg_event_of(VG_LOG_CLOUDTRAIL, doc.root, &memory, &event, err);
    if (status == VG_OK && !event.account.len)
        return vg_fail(bad, VG_ERR_UNSUPPORTED, "the path may tell its account");
    if (status == VG_OK)
        status = take_event(scan, &event, err);
    scan->stopped = status != VG_OK;
    return status;
}

static vg_status read_records(search_scan *scan, vg_json_cursor *cursor, vg_error *bad, vg_error *err)
{
    bool more, found;
    VG_TRY(vg_json_cursor_document(cursor, &more, bad));
    if (!more || vg_json_cursor_kind(cursor) != VG_OBJECT)
        return vg_fail(bad, VG_ERR_UNSUPPORTED, "not as CloudTrail delivers");
    VG_TRY(vg_json_cursor_enter(cursor, bad));
    VG_TRY(vg_json_cursor_find(cursor, VG_STR("Records"), &found, bad));
    if (!found || vg_json_cursor_kind(cursor) != VG_ARRAY)
        return vg_fail(bad, VG_ERR_UNSUPPORTED, "not as CloudTrail delivers");
    VG_TRY(vg_json_cursor_enter(cursor, bad));
    for (;;) {
        vg_str raw;
        VG_TRY(vg_json_cursor_next(cursor, NULL, &more, bad));
        if (!more)
            break;
        VG_TRY(vg_json_cursor_raw(cursor, &raw, bad));
        VG_TRY(take_raw(scan, raw, bad, err));
    }
    VG_TRY(vg_json_cursor_leave(cursor, bad));
    VG_TRY(vg_json_cursor_document(cursor, &more, bad));
    return more ? vg_fail(bad, VG_ERR_UNSUPPORTED, "not as CloudTrail delivers") : VG_OK;
}

/* Whether the file is as CloudTrail delivers it, and whole; then its matches are found. Else they are forgotten. */
static vg_status try_records(search_scan *scan, vg_str text, bool *done, vg_error *err)
{
    vg_json_cursor *cursor;
    vg_error bad = {0};
    size_t before = scan->found.len;
    uint64_t events = scan->events;
    vg_str head = vg_str_trim(vg_str_sub(text, 0, 64));
    *done = false;
    if (!vg_str_starts(head, VG_STR("{\"Records\"")))
        return VG_OK;
    VG_TRY(vg_json_cursor_open(scan->scratch, text, scan->key, NULL, &cursor, err));
    scan->stopped = false;
    vg_status status = read_records(scan, cursor, &bad, err);
    *done = status == VG_OK;
    if (status == VG_OK || scan->stopped)
        return status;
    if (status == VG_ERR_MEMORY)
        return index_no_memory(err);
    scan->found.len = before;
    scan->events = events;
    return VG_OK;
}

/* ---- a file ----------------------------------------------------------------------------------------------------------------------- */

static vg_status read_text(search_scan *scan, vg_str text, vg_error *err)
{
    const vg_event_sink sink = {take_event, NULL, scan};
    vg_trail_counts counts = {0};
    bool done = false;
    bool is_json = text.len > 0 && memchr("{[ \t\r\n", text.ptr[0], 6) != NULL;
    if (is_json && !vg_search_may_match(scan->search, text))
        return VG_OK;
    VG_TRY(try_records(scan, text, &done, err));
    return done ? VG_OK : vg_log_read(text, scan->key, &scan->options->log, &sink, &counts, err);
}

/* The bytes: the workspace's copy where there is one, else where the file was. */
static vg_status read_bytes(search_scan *scan, const vg_trail_object *object, vg_str *bytes, vg_error *bad)
{
    const vg_trail_source *source = &scan->options->source;
    if (object && object->copied) {
        vg_error ignored;
        vg_str copy = vg_trail_copy_path(scan->scratch, scan->options->folder, &object->sha256);
        if (copy.ptr && vg_file_read(scan->scratch, copy, INGEST_MOST_FILE, bytes, &ignored) == VG_OK)
            return VG_OK;
    }
    return source->read(source->context, scan->scratch, scan->key, INGEST_MOST_FILE, bytes, bad);
}

static void check_bytes(search_scan *scan, const vg_trail_object *object, vg_str bytes)
{
    vg_sha256 hash = vg_sha256_bytes(bytes);
    vg_error bad = {0};
    if (object->size == bytes.len && memcmp(hash.bytes, object->sha256.bytes, sizeof hash.bytes) == 0)
        return;
    vg_fail(&bad, VG_ERR_CORRUPT,
            "it has changed since it was ingested; what is found in it may not be all: run `vigil trail "
            "ingest` again");
    tell_bad(scan, &bad);
}

vg_status search_scan_object(search_scan *scan, const vg_trail_object *object, vg_error *err)
{
    vg_str bytes, text;
    vg_error bad = {0};
    bool whole;
    vg_status status = read_bytes(scan, object, &bytes, &bad);
    if (status == VG_ERR_MEMORY)
        return index_no_memory(err);
    if (status != VG_OK) {
        if (status == VG_ERR_NOT_FOUND)
            vg_fail(&bad, status, "it was ingested, and is not there any more");
        tell_bad(scan, &bad);
        return VG_OK;
    }
    if (object)
        check_bytes(scan, object, bytes);
    VG_TRY(vg_trail_text(scan->scratch, bytes, INGEST_MOST_TEXT, &text, &whole, &bad, err));
    if (!whole && !object)
        tell_bad(scan, &bad);
    scan->bytes += bytes.len;
    scan->raw += text.len;
    return read_text(scan, text, err);
}
