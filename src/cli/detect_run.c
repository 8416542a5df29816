/* detect_run.c: logs shown to detectors, a file at a time, on threads. */
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "cli/cli_parts.h"
#include "cli/detect_parts.h"

enum {
    WHOLE = 2 << 20,    /* uncompressed bytes of a file that is held whole */
    SMALLEST_RATIO = 4, /* a compressed file larger than WHOLE by this is read piece by piece at once */
    HEAD = 64 << 10,    /* bytes by which a log is told from what is none */
    SIGNALS = 6 << 20,  /* bytes of signals, over all threads */
    MOST_TOLD = 20      /* complaints of one file */
};

typedef struct {
    vg_dir_entry file;
    bool in_folder; /* it was not named itself */
} log_file;

/* What one thread holds. */
typedef struct {
    vg_detector *detector;
    vg_arena *packed, *arena; /* of the file at hand: as it is, and what it holds */
    size_t room;              /* of the largest text that `arena` was made for */
    vg_arena *kept;           /* of what is told at the end */
    vg_trail_counts counts;
    uint64_t bytes;
    bool failed;
    vg_error err;
} worker;

typedef struct {
    vg_cli *cli;
    vg_vec files; /* log_file */
    const vg_log_options *log_options;
    _Atomic size_t others;
    vg_vec *complaints; /* by file: vg_error */
    size_t *more;       /* by file: complaints that are only counted */
    worker *workers;
    size_t worker_count;
    _Atomic size_t next;
    vg_progress progress;
} running;

static void on_skipped(void *context, const vg_error *err)
{
    vg_cli_error(context, err);
}

/* Files that stand beside logs and are none. */
static bool is_no_log(vg_str path)
{
    return vg_str_find(path, VG_STR("CloudTrail-Digest")) != VG_NPOS ||
           vg_str_ends(path, VG_STR(".head.json"));
}

static void find_files(running *r, const vg_str *paths, size_t count)
{
    r->files = vg_vec_in(r->cli->arena, sizeof(log_file));
    for (size_t i = 0; i < count; i++) {
        vg_vec found = vg_vec_in(r->cli->arena, sizeof(vg_dir_entry));
        vg_error bad = {0};
        bool is_folder = vg_dir_exists(paths[i]), is_standard_input = vg_str_is(paths[i], "-");
        vg_dir_entry *input = is_standard_input ? vg_vec_push(&found) : NULL;
        if (input)
            *input = (vg_dir_entry){.path = paths[i]};
        else if (vg_dir_walk(r->cli->arena, paths[i], &found, on_skipped, r->cli, &bad) != VG_OK)
            vg_cli_error(r->cli, &bad);
        for (size_t k = 0; k < found.len; k++) {
            const vg_dir_entry *entry = vg_vec_at(&found, k);
            log_file *slot = is_folder && is_no_log(entry->path) ? NULL : vg_vec_push(&r->files);
            if (!slot)
                continue;
            slot->file = *entry;
            slot->in_folder = is_folder;
        }
    }
}

/* ---- one file ---------------------------------------------------------------------------------------- */

typedef struct {
    vg_vec *complaints;
    size_t *more;
} complaining;

static void on_bad(void *context, const vg_error *err)
{
    complaining *c = context;
    vg_error *slot = c->complaints->len < MOST_TOLD ? vg_vec_push(c->complaints) : NULL;
    if (slot)
        *slot = *err;
    else
        ++*c->more;
}

/* What stands beside the logs of a folder: a text that is no log. */
static bool is_other(vg_str text)
{
    vg_str head = vg_str_trim(vg_str_sub(text, 0, HEAD));
    bool is_json = head.len && (head.ptr[0] == '{' || head.ptr[0] == '[');
    return !is_json && vg_log_recognise(head) == VG_LOG_UNKNOWN;
}

/* The same of a file that is not held whole. */
static bool begins_as_other(worker *w, vg_str path)
{
    vg_stream *stream = NULL;
    char *head = vg_arena_alloc(w->packed, HEAD);
    size_t len = 0, got = 1;
    vg_status status = vg_stream_open(path, &stream, NULL);
    while (head && status == VG_OK && got > 0 && len < HEAD) {
        status = vg_stream_read(stream, head + len, HEAD - len, &got, NULL);
        len += got;
    }
    vg_stream_close(stream);
    return status == VG_OK && len > 0 && is_other((vg_str){head, len});
}

/* Piece by piece: a file that is too large to be held whole, or damaged. */
static vg_status stream_file(running *r, worker *w, const log_file *at, complaining *c, vg_error *err)
{
    vg_stream *stream = NULL;
    vg_str path = at->file.path;
    if (at->in_folder && begins_as_other(w, path)) {
        atomic_fetch_add(&r->others, 1);
        return VG_OK;
    }
    VG_TRY(vg_stream_open(path, &stream, err));
    vg_status status =
        vg_detect_stream(w->detector, stream, path, r->log_options, on_bad, c, &w->counts, err);
    vg_stream_close(stream);
    return status;
}

/* What a file holds: as the trailer of a gzip file has it, so that a bomb, or one of many members, is not inflated to find
 * out. */
static size_t claimed_size(vg_str packed)
{
    enum { TRAILER = 4 };
    size_t size = 0;
    if (!vg_str_starts(packed, VG_STR("\x1f\x8b")) || packed.len < TRAILER)
        return packed.len;
    for (size_t i = 0; i < TRAILER; i++)
        size |= (size_t)(unsigned char)packed.ptr[packed.len - TRAILER + i] << 8 * i;
    return size;
}

/* An arena keeps its largest block. A text that does not fit in it has it thrown away first, so that never two are held. */
static vg_status make_room(worker *w, size_t size, vg_error *err)
{
    if (size <= w->room)
        return VG_OK;
    vg_arena_free(w->arena);
    w->arena = vg_arena_new(0);
    w->room = size;
    return w->arena ? VG_OK : vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading a log");
}

static vg_status read_file(running *r, worker *w, size_t index, complaining *c, vg_error *err)
{
    const log_file *at = vg_vec_at(&r->files, index);
    const vg_dir_entry *entry = &at->file;
    vg_str bytes, text, plain;
    vg_error bad = {0};
    if (entry->size > WHOLE / SMALLEST_RATIO || vg_str_is(entry->path, "-"))
        return stream_file(r, w, at, c, err);
    VG_TRY(vg_file_read(w->packed, entry->path, WHOLE, &bytes, err));
    size_t claimed = claimed_size(bytes);
    if (claimed > WHOLE)
        return stream_file(r, w, at, c, err);
    VG_TRY(make_room(w, claimed, err));
    bool is_gzip = vg_str_starts(bytes, VG_STR("\x1f\x8b"));
    vg_status status = vg_decompress(w->arena, bytes, is_gzip ? claimed : WHOLE, &text, &bad);
    if (status == VG_ERR_LIMIT || status == VG_ERR_SYNTAX)
        return stream_file(r, w, at, c, err);
    if (status != VG_OK) {
        *err = bad;
        return status;
    }
    VG_TRY(vg_text_to_utf8(w->arena, text, &plain, err));
    if (at->in_folder && is_other(plain)) {
        atomic_fetch_add(&r->others, 1);
        return VG_OK;
    }
    w->bytes += plain.len;
    return vg_detect_log(w->detector, plain, entry->path, r->log_options, on_bad, c, &w->counts, err);
}

static void do_file(running *r, worker *w, size_t i)
{
    const vg_dir_entry *entry = &((const log_file *)vg_vec_at(&r->files, i))->file;
    complaining c = {&r->complaints[i], &r->more[i]};
    r->complaints[i] = vg_vec_in(w->kept, sizeof(vg_error));
    vg_error err = {0};
    vg_arena_reset(w->packed);
    vg_arena_reset(w->arena);
    vg_status status = read_file(r, w, i, &c, &err);
    if (status == VG_ERR_MEMORY && !w->failed) {
        w->failed = true;
        w->err = err;
    } else if (status != VG_OK) {
        vg_error_locate(&err, (vg_place){.file = entry->path});
        on_bad(&c, &err);
    }
    vg_progress_add(&r->progress, 1);
}

static void work(void *context, size_t index)
{
    running *r = context;
    for (;;) {
        size_t i = atomic_fetch_add(&r->next, 1);
        if (i >= r->files.len)
            return;
        do_file(r, &r->workers[index], i);
    }
}

/* ---- all
 * ----------------------------------------------------------------------------------------------------------------
 */

static vg_str spill_folder(vg_cli *cli)
{
    const char *given = vg_cli_env(cli, "TMPDIR");
    if (given && *given)
        return vg_str_from(given);
    return vg_dir_exists(VG_STR("/var/tmp")) ? VG_STR("/var/tmp") : VG_STR("/tmp");
}

static vg_status make_workers(running *r, const vg_rules *rules, const vg_detector_options *options,
                              vg_error *err)
{
    r->workers = VG_NEW_N(r->cli->arena, worker, r->worker_count + 1);
    r->complaints = VG_NEW_N(r->cli->arena, vg_vec, r->files.len + 1);
    r->more = VG_NEW_N(r->cli->arena, size_t, r->files.len + 1);
    if (!r->workers || !r->complaints || !r->more)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while detecting");
    vg_detector_options own = *options;
    own.signal_bytes = SIGNALS / r->worker_count;
    own.spill_folder = spill_folder(r->cli);
    for (size_t i = 0; i < r->worker_count; i++) {
        r->workers[i].packed = vg_arena_new(0);
        r->workers[i].arena = vg_arena_new(0);
        r->workers[i].kept = vg_arena_new(0);
        r->workers[i].detector = vg_detector_new(rules, &own);
        if (!r->workers[i].packed || !r->workers[i].arena || !r->workers[i].kept || !r->workers[i].detector)
            return vg_fail(err, VG_ERR_MEMORY, "memory ran out while detecting");
    }
    return VG_OK;
}

/* In the order of files, whatever thread met them. */
static void tell_complaints(running *r)
{
    for (size_t i = 0; i < r->files.len; i++) {
        for (size_t k = 0; k < r->complaints[i].len; k++)
            vg_cli_error(r->cli, vg_vec_at(&r->complaints[i], k));
        vg_error err = {0};
        if (!r->more[i])
            continue;
        const vg_dir_entry *entry = &((const log_file *)vg_vec_at(&r->files, i))->file;
        vg_fail_at(&err, VG_ERR_VALUE, (vg_place){.file = entry->path}, "%zu more records could not be read",
                   r->more[i]);
        vg_cli_error(r->cli, &err);
    }
}

/* Findings take the place of logs. */
static void drop_logs(running *r)
{
    for (size_t i = 0; r->workers && i < r->worker_count; i++) {
        vg_arena_free(r->workers[i].packed);
        vg_arena_free(r->workers[i].arena);
        r->workers[i].packed = r->workers[i].arena = NULL;
    }
    malloc_trim(0);
}

static vg_status finish(running *r, vg_detect_run *out, vg_error *err)
{
    vg_detector **detectors = VG_NEW_N(r->cli->arena, vg_detector *, r->worker_count + 1);
    if (!detectors)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while detecting");
    for (size_t i = 0; i < r->worker_count; i++) {
        const worker *w = &r->workers[i];
        detectors[i] = w->detector;
        out->counts.records += w->counts.records;
        out->counts.bad += w->counts.bad;
        out->bytes += w->bytes;
        if (w->failed) {
            *err = w->err;
            return VG_ERR_MEMORY;
        }
    }
    out->files = r->files.len;
    return vg_detect_finish(r->cli->arena, detectors, r->worker_count, &out->findings, err);
}

vg_status vg_detect_run_paths(vg_cli *cli, const vg_rules *rules, const vg_str *paths, size_t count,
                              const vg_detector_options *options, const vg_log_options *log_options,
                              vg_detect_run *out, vg_error *err)
{
    *out = (vg_detect_run){0};
    running r = {.cli = cli, .log_options = log_options};
    find_files(&r, paths, count);
    size_t threads = cli->threads ? cli->threads : vg_cpu_count();
    r.worker_count = threads < r.files.len ? threads : r.files.len ? r.files.len : 1;
    vg_progress_start(&r.progress, cli, "log files read", r.files.len);
    vg_status status = make_workers(&r, rules, options, err);
    if (status == VG_OK)
        vg_parallel(r.worker_count, r.worker_count, work, &r);
    vg_progress_end(&r.progress);
    if (r.others)
        vg_cli_say(cli, "%zu files of the folders are no logs, and were passed over", (size_t)r.others);
    if (status == VG_OK)
        tell_complaints(&r);
    drop_logs(&r);
    if (status == VG_OK)
        status = finish(&r, out, err);
    for (size_t i = 0; r.workers && i < r.worker_count; i++) {
        vg_detector_free(r.workers[i].detector);
        vg_arena_free(r.workers[i].kept);
    }
    return status;
}
