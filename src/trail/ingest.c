/* ingest.c: many log files into index files.
 *
 * Lanes (threads) each take the next file of a round, read and summarise it; the round's summaries are then gathered in
 * the order of the list, so that the number of threads changes nothing. When enough is gathered, one index file is written,
 * and only then does the ledger say of its log files that they are ingested: whoever is killed in between reads them again.
 * An index file that the ledger does not name was never finished, and is removed by the next run. */
#include "trail/ingest_part.h"

#include <stdatomic.h>

enum {
    ROUND = 64,              /* files */
    ROUND_BYTES = 256 << 20, /* of files, compressed */
    BATCH_EVENTS = 1000000,
    BATCH_BYTES = 192 << 20,
    BATCH_OBJECTS = 4096 /* so that one transaction of the ledger holds them */
};

const char *const vg_ingest_outcome_names[VG_INGEST_OUTCOMES] = {"read",  "partly",     "digest",
                                                                 "other", "unreadable", "same"};

/* What came of one file. */
typedef struct {
    const vg_trail_listed *listed;
    vg_ingest_known known;
    vg_trail_summary summary;
    vg_ingest_outcome outcome;
    vg_error first; /* that was bad */
    uint64_t bad;
    vg_status failure; /* of the whole run */
    vg_error why;
} ingest_item;

typedef struct {
    vg_arena *kept, *scratch; /* summaries of the round; bytes and text of the file at hand */
    ingest_item *item;
} ingest_lane;

typedef struct {
    const vg_ingest_options *options;
    vg_ingest_counts *counts;
    ingest_lane *lanes;
    size_t lane_count;
    ingest_item items[ROUND];
    size_t item_count;
    _Atomic size_t next;
    vg_trail_gather *gather;
    vg_arena *batch; /* of results */
    vg_vec results;  /* vg_ingest_result */
    uint64_t batch_events;
} ingesting;

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while ingesting logs");
}

/* ---- one file, on a lane -------------------------------------------------------------------------------------------------- */

static void note_bad(void *context, const vg_error *err)
{
    ingest_lane *lane = context;
    if (lane->item->bad++ == 0)
        vg_error_copy(&lane->item->first, err);
}

vg_str vg_trail_copy_path(vg_arena *arena, vg_str folder, const vg_sha256 *sha256)
{
    char hex[65];
    vg_hex(sha256->bytes, sizeof sha256->bytes, hex);
    return vg_arena_printf(arena, "%.*s/objects/%.2s/%s", VG_ARG(folder), hex, hex);
}

static vg_status keep_copy(const ingesting *in, ingest_lane *lane, vg_str bytes, vg_error *err)
{
    vg_str path = vg_trail_copy_path(lane->scratch, in->options->folder, &lane->item->summary.object.sha256);
    if (!path.ptr)
        return no_memory(err);
    lane->item->summary.object.copied = true;
    if (vg_file_exists(path))
        return VG_OK;
    VG_TRY(vg_dir_make(vg_path_folder(path), 0700, err));
    return vg_file_write_atomic(path, bytes, 0600, err);
}

static bool is_same(const ingest_item *item, vg_str bytes)
{
    if (!item->known.known || item->known.size != bytes.len)
        return false;
    vg_sha256 hash = vg_sha256_bytes(bytes);
    return memcmp(hash.bytes, item->known.sha256.bytes, sizeof hash.bytes) == 0;
}

static vg_status read_item(const ingesting *in, ingest_lane *lane, vg_error *err)
{
    const vg_ingest_options *options = in->options;
    ingest_item *item = lane->item;
    vg_str bytes;
    vg_error why = {0};
    vg_trail_object *object = &item->summary.object;
    *object = (vg_trail_object){.key = item->listed->key,
                                .size = item->listed->size,
                                .modified = item->listed->modified,
                                .first = VG_TIME_NONE,
                                .last = VG_TIME_NONE};
    item->outcome = VG_INGEST_UNREADABLE;
    vg_status status = options->source.read(options->source.context, lane->scratch, item->listed->key,
                                            INGEST_MOST_FILE, &bytes, &why);
    if (status == VG_ERR_MEMORY)
        return no_memory(err);
    if (status != VG_OK) {
        note_bad(lane, &why);
        return VG_OK;
    }
    if (is_same(item, bytes)) {
        object->sha256 = item->known.sha256;
        item->outcome = VG_INGEST_SAME;
        return VG_OK;
    }
    VG_TRY(ingest_summarise(lane->kept, lane->scratch, item->listed, bytes, &options->log, note_bad, lane,
                            &item->summary, &item->outcome, err));
    return options->copy && item->outcome != VG_INGEST_OTHER ? keep_copy(in, lane, bytes, err) : VG_OK;
}

static void run_lane(void *context, size_t number)
{
    ingesting *in = context;
    ingest_lane *lane = &in->lanes[number];
    for (size_t i; (i = atomic_fetch_add(&in->next, 1)) < in->item_count;) {
        lane->item = &in->items[i];
        vg_arena_reset(lane->scratch);
        lane->item->failure = read_item(in, lane, &lane->item->why);
    }
}

/* ---- results, and the ledger ----------------------------------------------------------------------------------------------- */

static vg_status write_batch(ingesting *in, vg_error *err)
{
    const vg_ingest_options *options = in->options;
    vg_trail_index_info info = {0};
    bool has_index = vg_trail_gather_objects(in->gather) > 0;
    if (in->results.len == 0)
        return VG_OK;
    if (has_index) {
        vg_trail_index *index;
        vg_str path;
        VG_TRY(options->number(options->context, in->batch, &info.number, &path, err));
        VG_TRY(vg_trail_gather_write(in->gather, path, info.number, err));
        VG_TRY(vg_trail_index_open(path, &index, err));
        vg_trail_index_describe(index, &info);
        info.path = path;
        vg_trail_index_close(index);
        in->counts->indexes++;
    }
    VG_TRY(
        options->commit(options->context, has_index ? &info : NULL, in->results.items, in->results.len, err));
    vg_trail_gather_free(in->gather);
    in->gather = vg_trail_gather_new();
    vg_arena_reset(in->batch);
    in->results = vg_vec_in(in->batch, sizeof(vg_ingest_result));
    in->batch_events = 0;
    return in->gather ? VG_OK : no_memory(err);
}

static bool is_full(const ingesting *in)
{
    const vg_ingest_options *options = in->options;
    uint64_t events = options->batch_events ? options->batch_events : BATCH_EVENTS;
    size_t bytes = options->batch_bytes ? options->batch_bytes : (size_t)BATCH_BYTES;
    return in->results.len >= BATCH_OBJECTS || in->batch_events >= events ||
           vg_trail_gather_bytes(in->gather) >= bytes;
}

static vg_status add_result(ingesting *in, const ingest_item *item, vg_error *err)
{
    char reason[1024] = "";
    vg_ingest_result *result = vg_vec_push(&in->results);
    if (!result)
        return no_memory(err);
    if (item->bad)
        vg_error_format(&item->first, reason, sizeof reason);
    *result = (vg_ingest_result){.object = item->summary.object, .outcome = item->outcome};
    result->object.bad = item->bad;
    result->object.key = vg_arena_str(in->batch, item->summary.object.key);
    result->reason = vg_arena_str(in->batch, vg_str_from(reason));
    return result->object.key.ptr && result->reason.ptr ? VG_OK : no_memory(err);
}

static vg_status take_item(ingesting *in, const ingest_item *item, vg_error *err)
{
    const vg_ingest_options *options = in->options;
    if (item->failure != VG_OK) {
        vg_error_copy(err, &item->why);
        return item->failure;
    }
    const vg_trail_object *object = &item->summary.object;
    vg_ingest_counts *counts = in->counts;
    counts->outcomes[item->outcome]++;
    counts->events += object->events;
    counts->bad += item->bad;
    counts->bytes += object->size;
    counts->raw += object->raw;
    in->batch_events += object->events;
    bool is_log = item->outcome == VG_INGEST_READ || item->outcome == VG_INGEST_PARTLY ||
                  item->outcome == VG_INGEST_DIGEST;
    if (is_log)
        VG_TRY(vg_trail_gather_add(in->gather, &item->summary, err));
    if (item->bad && options->bad)
        options->bad(options->context, object->key, &item->first, item->bad - 1);
    VG_TRY(add_result(in, item, err));
    return is_full(in) ? write_batch(in, err) : VG_OK;
}

/* ---- rounds ------------------------------------------------------------------------------------------------------------------ */

/* Fills a round with files that the ledger does not know as they are; *at goes on in the list. */
static vg_status fill_round(ingesting *in, const vg_trail_listed *objects, size_t count, size_t *at,
                            vg_error *err)
{
    const vg_ingest_options *options = in->options;
    uint64_t bytes = 0;
    in->item_count = 0;
    for (; *at < count && in->item_count < ROUND && bytes < ROUND_BYTES; ++*at) {
        const vg_trail_listed *listed = &objects[*at];
        ingest_item item = {.listed = listed};
        VG_TRY(options->known(options->context, listed->key, &item.known, err));
        in->counts->listed++;
        if (item.known.known && item.known.size == listed->size && item.known.modified == listed->modified) {
            in->counts->unchanged++;
            if (options->progress)
                options->progress(options->context, 1, listed->size);
            continue;
        }
        bytes += listed->size;
        in->items[in->item_count++] = item;
    }
    return VG_OK;
}

static vg_status run_round(ingesting *in, vg_error *err)
{
    const vg_ingest_options *options = in->options;
    for (size_t i = 0; i < in->lane_count; i++)
        vg_arena_reset(in->lanes[i].kept);
    atomic_store(&in->next, 0);
    vg_parallel(in->lane_count, in->lane_count, run_lane, in);
    for (size_t i = 0; i < in->item_count; i++) {
        VG_TRY(take_item(in, &in->items[i], err));
        if (options->progress)
            options->progress(options->context, 1, in->items[i].listed->size);
    }
    return VG_OK;
}

static vg_status run_rounds(ingesting *in, const vg_trail_listed *objects, size_t count, vg_error *err)
{
    const vg_ingest_options *options = in->options;
    for (size_t at = 0; at < count && !in->counts->stopped;) {
        VG_TRY(fill_round(in, objects, count, &at, err));
        VG_TRY(run_round(in, err));
        in->counts->stopped = options->stop && options->stop(options->context);
    }
    return write_batch(in, err);
}

/* ---- the whole ---------------------------------------------------------------------------------------------------------------- */

static bool open_lanes(ingesting *in, vg_arena *arena)
{
    in->lane_count = in->options->threads ? in->options->threads : vg_cpu_count();
    if (in->lane_count > ROUND)
        in->lane_count = ROUND;
    in->lanes = VG_NEW_N(arena, ingest_lane, in->lane_count);
    bool good = in->lanes != NULL;
    for (size_t i = 0; in->lanes && i < in->lane_count; i++) {
        in->lanes[i] = (ingest_lane){vg_arena_new(0), vg_arena_new(0), NULL};
        good = good && in->lanes[i].kept && in->lanes[i].scratch;
    }
    return good;
}

static void close_lanes(ingesting *in)
{
    for (size_t i = 0; in->lanes && i < in->lane_count; i++) {
        vg_arena_free(in->lanes[i].kept);
        vg_arena_free(in->lanes[i].scratch);
    }
}

vg_status vg_trail_ingest(const vg_ingest_options *options, const vg_trail_listed *objects, size_t count,
                          vg_ingest_counts *counts, vg_error *err)
{
    vg_arena *arena = vg_arena_new(0);
    ingesting *in = arena ? VG_NEW(arena, ingesting) : NULL;
    if (!in) {
        vg_arena_free(arena);
        return no_memory(err);
    }
    in->options = options;
    in->counts = counts;
    in->gather = vg_trail_gather_new();
    in->batch = vg_arena_new(0);
    in->results = vg_vec_in(in->batch, sizeof(vg_ingest_result));
    vg_status status = in->gather && in->batch && open_lanes(in, arena) ? run_rounds(in, objects, count, err)
                                                                        : no_memory(err);
    close_lanes(in);
    vg_trail_gather_free(in->gather);
    vg_arena_free(in->batch);
    vg_arena_free(arena);
    return status;
}
