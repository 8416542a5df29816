/* trail_ingest.c: `vigil trail ingest`: log files into the workspace's index. The ledger decides what is new; a run that is
 * killed is taken up by the next one where the last index file was acknowledged. */
#include "cli/cli_parts.h"
#include "cli/trail_parts.h"
#include "cli/trail_store.h"
#include "report/report.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MOST_INDEXES = 8,    /* before the newer of them are merged */
    SETTLE_MS = 1000,    /* a file that changed later than this ago may still be written to */
    FOLLOW_MS = 30000,   /* between looks, where nothing tells of changes */
    DRAW_NS = 100000000, /* between drawings of progress */
    PATIENCE_NS = 1000000000
};

typedef struct {
    vg_cli *cli;
    vg_evidence *evidence;
    vg_str folder;
    vg_arena *arena, *scratch; /* of one look at the sources; of one entry of the ledger */
    bool checked;              /* the index files, by this process */
    size_t index_count;
    vg_vec indexes; /* vg_known_index */
    vg_vec again;   /* vg_trail_listed: of broken indexes */
    vg_ingest_counts counts;
    uint64_t gaps, repaired;
    uint64_t total_bytes, done_bytes, done_objects, total_objects;
    uint64_t started_ns, drawn_ns;
    int signals; /* signalfd; -1: not following */
    bool ended;
} ingest_command;

/* ---- how far it has come --------------------------------------------------------------------------------------------------- */

static void clear_line(ingest_command *c)
{
    if (c->drawn_ns)
        fputs("\r\x1b[K", c->cli->err);
    c->drawn_ns = 0;
}

static void draw(ingest_command *c, uint64_t now)
{
    double seconds = (double)(now - c->started_ns) / 1e9, mib = (double)c->done_bytes / 1048576;
    double left =
        c->done_bytes ? seconds * (double)(c->total_bytes - c->done_bytes) / (double)c->done_bytes : 0;
    fprintf(c->cli->err, "\r%llu of %llu files, %.0f MiB, %.1f MiB/s, %llu events, %.0f s left\x1b[K",
            (unsigned long long)c->done_objects, (unsigned long long)c->total_objects, mib,
            seconds > 0 ? mib / seconds : 0, (unsigned long long)c->counts.events, left);
    fflush(c->cli->err);
    c->drawn_ns = now;
}

static void on_progress(void *context, uint64_t objects, uint64_t bytes)
{
    ingest_command *c = context;
    c->done_objects += objects;
    c->done_bytes += bytes;
    uint64_t now = vg_time_monotonic_ns();
    if (!c->cli->world->err_is_terminal || c->cli->quiet || now - c->started_ns < PATIENCE_NS ||
        now - c->drawn_ns < DRAW_NS)
        return;
    draw(c, now);
}

/* ---- what is told ----------------------------------------------------------------------------------------------------------- */

static void on_bad(void *context, vg_str key, const vg_error *bad, uint64_t more)
{
    ingest_command *c = context;
    vg_error told;
    vg_error_copy(&told, bad);
    if (!told.place.file.len)
        vg_error_locate(&told, (vg_place){.file = key});
    clear_line(c);
    vg_cli_error(c->cli, &told);
    if (more)
        vg_cli_say(c->cli, "%.*s: %llu more places could not be read", VG_ARG(key), (unsigned long long)more);
    vg_cli_note(c->cli, VG_EXIT_PARTIAL);
}

static void on_skipped(void *context, const vg_error *err)
{
    ingest_command *c = context;
    clear_line(c);
    vg_cli_error(c->cli, err);
    vg_cli_note(c->cli, VG_EXIT_PARTIAL);
}

/* ---- the ledger -------------------------------------------------------------------------------------------------------------- */

/* What could not be read is tried each time: it may be there now, or another --flow-format given. */
static vg_status on_known(void *context, vg_str key, vg_ingest_known *out, vg_error *err)
{
    ingest_command *c = context;
    vg_log_entry entry;
    bool found;
    *out = (vg_ingest_known){0};
    vg_arena_reset(c->scratch);
    VG_TRY(vg_evidence_log(c->evidence, c->scratch, key, &entry, &found, err));
    if (!found || vg_str_is(entry.outcome, vg_ingest_outcome_names[VG_INGEST_UNREADABLE]))
        return VG_OK;
    out->known = true;
    out->size = entry.size;
    out->modified = entry.modified;
    memcpy(out->sha256.bytes, entry.sha256, sizeof out->sha256.bytes);
    return VG_OK;
}

static vg_status on_number(void *context, vg_arena *arena, uint64_t *number, vg_str *path, vg_error *err)
{
    ingest_command *c = context;
    int64_t next;
    VG_TRY(vg_evidence_next_log_index(c->evidence, &next, err));
    *number = (uint64_t)next;
    *path = vg_trail_index_path(arena, c->folder, next);
    return path->ptr ? VG_OK : vg_fail(err, VG_ERR_MEMORY, "memory ran out");
}

static vg_status put_result(ingest_command *c, const vg_ingest_result *result, int64_t index, vg_error *err)
{
    const vg_trail_object *object = &result->object;
    vg_log_entry entry = {.key = object->key,
                          .size = object->size,
                          .modified = object->modified,
                          .outcome = vg_str_from(vg_ingest_outcome_names[result->outcome]),
                          .reason = result->reason,
                          .events = object->events,
                          .bad = object->bad,
                          .index = index,
                          .recorded = c->cli->now};
    memcpy(entry.sha256, object->sha256.bytes, sizeof entry.sha256);
    return vg_evidence_put_log(c->evidence, &entry, err);
}

/* Only its time has changed: what is known of it stays. */
static vg_status put_same(ingest_command *c, const vg_trail_object *object, vg_error *err)
{
    vg_log_entry entry;
    bool found;
    vg_arena_reset(c->scratch);
    VG_TRY(vg_evidence_log(c->evidence, c->scratch, object->key, &entry, &found, err));
    entry.modified = object->modified;
    return found ? vg_evidence_put_log(c->evidence, &entry, err) : VG_OK;
}

static bool is_indexed(vg_ingest_outcome outcome)
{
    return outcome <= VG_INGEST_DIGEST;
}

static vg_status put_results(ingest_command *c, int64_t index, const vg_ingest_result *results, size_t count,
                             vg_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const vg_ingest_result *result = &results[i];
        VG_TRY(result->outcome == VG_INGEST_SAME
                   ? put_same(c, &result->object, err)
                   : put_result(c, result, is_indexed(result->outcome) ? index : 0, err));
    }
    return VG_OK;
}

/* ---- index files --------------------------------------------------------------------------------------------------------------- */

static vg_status put_index(ingest_command *c, const vg_trail_index_info *info, vg_error *err)
{
    const vg_log_index_entry entry = {.number = (int64_t)info->number,
                                      .file = vg_path_name(info->path),
                                      .bytes = info->bytes,
                                      .objects = info->objects,
                                      .events = info->events,
                                      .first = info->first,
                                      .last = info->last};
    return vg_evidence_put_log_index(c->evidence, &entry, err);
}

static vg_status keep_index(ingest_command *c, const vg_trail_index_info *info, vg_error *err)
{
    vg_known_index *known = vg_vec_push(&c->indexes);
    vg_str path = vg_arena_str(c->arena, info->path);
    if (!known || !path.ptr)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
    *known = (vg_known_index){(int64_t)info->number, path, info->events, NULL};
    return vg_trail_index_open(path, &known->index, err);
}

/* The newest indexes from here on are merged: the first that is less than twice as large as all newer ones together, so that
 * an event is merged as often as its logs double. */
static size_t merge_from(const ingest_command *c)
{
    size_t from = c->indexes.len - 2;
    uint64_t newer = 0;
    for (size_t i = c->indexes.len; i-- > 0;) {
        const vg_known_index *known = vg_vec_at(&c->indexes, i);
        if (i + 1 < c->indexes.len && known->events < 2 * newer)
            from = i < from ? i : from;
        newer += known->events;
    }
    return from;
}

static vg_status replace_indexes(ingest_command *c, size_t from, const vg_trail_index_info *info,
                                 vg_error *err)
{
    VG_TRY(put_index(c, info, err));
    for (size_t i = from; i < c->indexes.len; i++) {
        const vg_known_index *known = vg_vec_at(&c->indexes, i);
        VG_TRY(vg_evidence_drop_log_index(c->evidence, known->number, (int64_t)info->number, err));
    }
    VG_TRY(vg_evidence_flush(c->evidence, err));
    for (size_t i = from; i < c->indexes.len; i++) {
        vg_known_index *known = vg_vec_at(&c->indexes, i);
        vg_trail_index_close(known->index);
        unlink(known->path.ptr);
    }
    c->indexes.len = from;
    return keep_index(c, info, err);
}

static vg_status merge(ingest_command *c, size_t from, vg_error *err)
{
    size_t count = c->indexes.len - from;
    vg_trail_index **list = VG_NEW_N(c->arena, vg_trail_index *, count), *made;
    vg_trail_index_info info;
    uint64_t number;
    vg_str path;
    if (!list)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
    for (size_t i = 0; i < count; i++)
        list[i] = ((vg_known_index *)vg_vec_at(&c->indexes, from + i))->index;
    VG_TRY(on_number(c, c->arena, &number, &path, err));
    VG_TRY(vg_trail_index_merge(list, count, path, number, err));
    VG_TRY(vg_trail_index_open(path, &made, err));
    vg_trail_index_describe(made, &info);
    info.path = path;
    vg_status status = replace_indexes(c, from, &info, err);
    vg_trail_index_close(made);
    return status;
}

static vg_status on_commit(void *context, const vg_trail_index_info *info, const vg_ingest_result *results,
                           size_t count, vg_error *err)
{
    ingest_command *c = context;
    VG_TRY(put_results(c, info ? (int64_t)info->number : 0, results, count, err));
    if (info)
        VG_TRY(put_index(c, info, err));
    VG_TRY(vg_evidence_flush(c->evidence, err));
    if (info)
        VG_TRY(keep_index(c, info, err));
    return c->indexes.len > MOST_INDEXES ? merge(c, merge_from(c), err) : VG_OK;
}

/* ---- what the last run left ------------------------------------------------------------------------------------------------------ */

/* Removes index files that the ledger does not name: their run was killed. */
static void sweep(const ingest_command *c)
{
    vg_vec files = vg_vec_in(c->arena, sizeof(vg_dir_entry));
    vg_error ignored;
    if (vg_dir_walk(c->arena, c->folder, &files, NULL, NULL, &ignored) != VG_OK)
        return;
    for (size_t i = 0; i < files.len; i++) {
        vg_str path = ((vg_dir_entry *)vg_vec_at(&files, i))->path;
        bool named = !vg_str_starts(vg_path_name(path), VG_STR("logs-"));
        for (size_t k = 0; k < c->indexes.len && !named; k++)
            named = vg_str_eq(path, ((vg_known_index *)vg_vec_at(&c->indexes, k))->path);
        if (!named)
            unlink(path.ptr);
    }
}

/* A log file of an index that broke. */
static vg_status take_again(ingest_command *c, vg_str key, vg_error *err)
{
    struct stat about;
    vg_error bad = {0};
    if (stat(key.ptr, &about) != 0) {
        vg_fail(&bad, VG_ERR_NOT_FOUND, "it was ingested, its index broke, and it is not there any more");
        on_bad(c, key, &bad, 0);
        return VG_OK;
    }
    vg_trail_listed *listed = vg_vec_push(&c->again);
    if (!listed)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
    *listed =
        (vg_trail_listed){.key = key,
                          .size = (uint64_t)about.st_size,
                          .modified = about.st_mtim.tv_sec * VG_TIME_SECOND + about.st_mtim.tv_nsec / 1000};
    return VG_OK;
}

static vg_status drop_broken(ingest_command *c, const vg_known_index *known, vg_error *err)
{
    vg_vec keys = vg_vec_in(c->arena, sizeof(vg_str));
    VG_TRY(vg_known_index_logs(c->arena, c->evidence, known->number, &keys, err));
    VG_TRY(vg_evidence_drop_log_index(c->evidence, known->number, 0, err));
    VG_TRY(vg_evidence_flush(c->evidence, err));
    for (size_t i = 0; i < keys.len; i++)
        VG_TRY(take_again(c, *(vg_str *)vg_vec_at(&keys, i), err));
    unlink(known->path.ptr);
    c->repaired++;
    return VG_OK;
}

static vg_status open_indexes(ingest_command *c, vg_error *err)
{
    size_t kept = 0;
    VG_TRY(vg_known_indexes_open(c->cli, c->arena, c->evidence, !c->checked, &c->indexes, err));
    for (size_t i = 0; i < c->indexes.len; i++) {
        vg_known_index *known = vg_vec_at(&c->indexes, i);
        if (!known->index)
            VG_TRY(drop_broken(c, known, err));
        else
            *(vg_known_index *)vg_vec_at(&c->indexes, kept++) = *known;
    }
    c->indexes.len = kept;
    sweep(c);
    return VG_OK;
}

/* ---- one look at the sources ------------------------------------------------------------------------------------------------------- */

static bool on_stop(void *context)
{
    ingest_command *c = context;
    struct signalfd_siginfo info;
    if (c->signals >= 0 && read(c->signals, &info, sizeof info) == (ssize_t)sizeof info)
        c->ended = true;
    return c->ended;
}

/* Files that may still be written to are left for the next look. */
static size_t drop_unsettled(vg_vec *objects)
{
    vg_time before = vg_time_now() - SETTLE_MS * (VG_TIME_SECOND / 1000);
    vg_trail_listed *list = objects->items;
    size_t kept = 0, all = objects->len;
    for (size_t i = 0; i < all; i++)
        if (list[i].modified <= before)
            list[kept++] = list[i];
    objects->len = kept;
    return all - kept;
}

static vg_status ingest_once(ingest_command *c, const vg_ingest_options *options, size_t *unsettled,
                             vg_error *err)
{
    vg_arena *arena = vg_arena_new(0);
    vg_vec objects = vg_vec_in(arena, sizeof(vg_trail_listed));
    if (!arena)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
    vg_status status = options->source.list(options->source.context, arena, &objects, on_skipped, c, err);
    *unsettled = c->signals >= 0 ? drop_unsettled(&objects) : 0;
    c->total_objects = objects.len;
    c->total_bytes = c->done_bytes = c->done_objects = 0;
    for (size_t i = 0; i < objects.len; i++)
        c->total_bytes += ((vg_trail_listed *)vg_vec_at(&objects, i))->size;
    c->started_ns = vg_time_monotonic_ns();
    uint64_t indexes = c->counts.indexes;
    if (status == VG_OK)
        status = vg_trail_ingest(options, objects.items, objects.len, &c->counts, err);
    clear_line(c);
    vg_arena_free(arena);
    if (status == VG_OK && (c->counts.indexes > indexes || c->repaired))
        status = vg_trail_coverage_put(c->cli, c->evidence, &c->indexes, &c->gaps, err);
    return status;
}

/* The workspace is held for one look alone, so that others may write to it in between. */
static vg_status look_within(ingest_command *c, const vg_ingest_options *options, size_t *unsettled,
                             vg_error *err)
{
    c->again = vg_vec_in(c->arena, sizeof(vg_trail_listed));
    VG_TRY(vg_dir_make(c->folder, 0700, err));
    VG_TRY(open_indexes(c, err));
    c->checked = true;
    c->started_ns = vg_time_monotonic_ns();
    c->total_objects = c->again.len;
    VG_TRY(vg_trail_ingest(options, c->again.items, c->again.len, &c->counts, err));
    VG_TRY(ingest_once(c, options, unsettled, err));
    if (vg_cli_flag(c->cli, "compact") && c->indexes.len > 1)
        VG_TRY(merge(c, 0, err));
    c->index_count = c->indexes.len;
    return VG_OK;
}

static vg_status look(ingest_command *c, const vg_ingest_options *options, size_t *unsettled, vg_error *err)
{
    const vg_evidence_options open = {.write = true,
                                      .create = true,
                                      .now = c->cli->now,
                                      .who = vg_cli_user(c->cli),
                                      .command = VG_STR("vigil trail ingest")};
    VG_TRY(vg_evidence_open(c->cli->workspace, &open, &c->evidence, err));
    vg_arena_reset(c->arena);
    c->indexes = vg_vec_in(c->arena, sizeof(vg_known_index));
    c->counts.listed = c->counts.unchanged = 0; /* those of the last look are told */
    vg_status status = look_within(c, options, unsettled, err);
    clear_line(c);
    vg_known_indexes_close(&c->indexes);
    vg_evidence_close(c->evidence);
    return status;
}

/* A workspace that somebody else holds is tried again. */
static vg_status look_again(ingest_command *c, const vg_ingest_options *options, size_t *unsettled,
                            vg_error *err)
{
    uint64_t files = c->counts.outcomes[VG_INGEST_READ] + c->counts.outcomes[VG_INGEST_PARTLY];
    uint64_t events = c->counts.events;
    *unsettled = 0;
    vg_status status = look(c, options, unsettled, err);
    files = c->counts.outcomes[VG_INGEST_READ] + c->counts.outcomes[VG_INGEST_PARTLY] - files;
    if (files)
        vg_cli_say(c->cli, "files ingested: %llu, events: %llu", (unsigned long long)files,
                   (unsigned long long)(c->counts.events - events));
    if (status != VG_ERR_BUSY)
        return status;
    vg_cli_warn(c->cli, err);
    *unsettled = 1;
    return VG_OK;
}

static vg_status follow(ingest_command *c, const vg_ingest_options *options, const vg_str *paths,
                        size_t count, vg_error *err)
{
    vg_trail_watch *watch;
    size_t unsettled;
    VG_TRY(vg_trail_watch_open(paths, count, &watch, err));
    vg_status status = VG_OK;
    bool changed = false;
    while (status == VG_OK && !c->ended) {
        status = look_again(c, options, &unsettled, err);
        if (status == VG_OK && !c->ended)
            changed = vg_trail_watch_wait(watch, unsettled || changed ? SETTLE_MS : FOLLOW_MS, c->signals,
                                          &c->ended);
    }
    vg_trail_watch_close(watch);
    return status;
}

/* ---- the answer --------------------------------------------------------------------------------------------------------------------- */

static void print_table(const ingest_command *c)
{
    const vg_ingest_counts *n = &c->counts;
    FILE *out = c->cli->out;
    uint64_t read = n->outcomes[VG_INGEST_READ] + n->outcomes[VG_INGEST_PARTLY];
    fprintf(out, "%llu log file%s read, %llu event%s\n", (unsigned long long)read, read == 1 ? "" : "s",
            (unsigned long long)n->events, n->events == 1 ? "" : "s");
    const struct {
        uint64_t count;
        const char *one, *many;
    } lines[] = {
        {n->unchanged + n->outcomes[VG_INGEST_SAME], "file is known, and unchanged",
         "files are known, and unchanged"},
        {n->outcomes[VG_INGEST_DIGEST], "digest", "digests"},
        {n->outcomes[VG_INGEST_OTHER], "file is no log, and was passed over",
         "files are no logs, and were passed over"},
        {n->outcomes[VG_INGEST_PARTLY], "file was read in part alone: see above",
         "files were read in part alone: see above"},
        {n->outcomes[VG_INGEST_UNREADABLE], "file could not be read: see above",
         "files could not be read: see above"},
        {c->repaired, "index file was broken and is made anew", "index files were broken and are made anew"},
        {c->gaps,
         "gap in what was delivered: `vigil evidence show --type Vigil::CloudTrail::LogCoverage REGION` "
         "tells which",
         "gaps in what was delivered: `vigil evidence show --type Vigil::CloudTrail::LogCoverage REGION` "
         "tells which"},
    };
    for (size_t i = 0; i < VG_COUNT(lines); i++)
        if (lines[i].count)
            fprintf(out, "%llu %s\n", (unsigned long long)lines[i].count,
                    lines[i].count == 1 ? lines[i].one : lines[i].many);
}

static void print_json(const ingest_command *c)
{
    const vg_ingest_counts *n = &c->counts;
    vg_buf text = {0};
    vg_json_writer w = vg_json_writer_to(&text, 2);
    vg_json_object(&w);
    vg_json_put_i64(&w, "listed", (int64_t)n->listed);
    vg_json_put_i64(&w, "unchanged", (int64_t)(n->unchanged + n->outcomes[VG_INGEST_SAME]));
    for (int i = 0; i < VG_INGEST_SAME; i++)
        vg_json_put_i64(&w, vg_ingest_outcome_names[i], (int64_t)n->outcomes[i]);
    vg_json_put_i64(&w, "events", (int64_t)n->events);
    vg_json_put_i64(&w, "bad", (int64_t)n->bad);
    vg_json_put_i64(&w, "bytes", (int64_t)n->bytes);
    vg_json_put_i64(&w, "bytes_uncompressed", (int64_t)n->raw);
    vg_json_put_i64(&w, "index_files", (int64_t)c->index_count);
    vg_json_put_i64(&w, "index_files_repaired", (int64_t)c->repaired);
    vg_json_put_i64(&w, "gaps", (int64_t)c->gaps);
    vg_json_end_object(&w);
    vg_buf_add_char(&text, '\n');
    fwrite(text.ptr, 1, text.len, c->cli->out);
    vg_buf_free(&text);
}

/* ---- running -------------------------------------------------------------------------------------------------------------------------- */

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static vg_status ingest(ingest_command *c, vg_error *err)
{
    vg_cli *cli = c->cli;
    const vg_str *paths;
    size_t count = vg_cli_arguments(cli, &paths), unsettled;
    vg_ingest_options options = {.folder = c->folder,
                                 .copy = vg_cli_flag(cli, "copy"),
                                 .threads = cli->threads,
                                 .log = {.format = vg_cli_value(cli, "flow-format"),
                                         .account = vg_cli_value(cli, "account"),
                                         .region = vg_cli_value(cli, "region")},
                                 .known = on_known,
                                 .number = on_number,
                                 .commit = on_commit,
                                 .bad = on_bad,
                                 .progress = on_progress,
                                 .stop = on_stop,
                                 .context = c};
    VG_TRY(vg_trail_files(cli->arena, paths, count, &options.source, err));
    if (!vg_cli_flag(cli, "follow"))
        return look(c, &options, &unsettled, err);
    c->signals = open_signals();
    return follow(c, &options, paths, count, err);
}

static int run_ingest(vg_cli *cli)
{
    vg_error err = {0};
    const vg_str *paths;
    if (vg_cli_flag(cli, "follow") && !vg_cli_arguments(cli, &paths))
        return vg_cli_usage(cli, "--follow needs a folder to watch");
    ingest_command c = {.cli = cli,
                        .folder = vg_trail_folder(cli, cli->arena),
                        .arena = vg_arena_new(0),
                        .scratch = vg_arena_new(0),
                        .signals = -1};
    vg_status status =
        c.arena && c.scratch ? ingest(&c, &err) : vg_fail(&err, VG_ERR_MEMORY, "memory ran out");
    vg_arena_free(c.arena);
    vg_arena_free(c.scratch);
    if (c.signals >= 0)
        close(c.signals);
    if (status != VG_OK)
        return vg_cli_error(cli, &err);
    if (vg_cli_choice(cli, "format") == 1)
        print_json(&c);
    else
        print_table(&c);
    return VG_EXIT_OK;
}

/* ---- the table -------------------------------------------------------------------------------------------------------------------------- */

static const vg_option options[] = {
    {.name = "follow",
     .help = "Go on: ingest what is new in the folders as it comes, until interrupted. Folders are watched; "
             "every half "
             "minute they are looked through in any case."},
    {.name = "copy",
     .help = "Keep a copy of each log file in the workspace. Without it logs stay where they are, and the "
             "index says when "
             "one is gone or has changed."},
    {.name = "flow-format",
     .argument = "FORMAT",
     .help = "The columns of flow logs without a header line, as given to create-flow-logs ('${version} "
             "${srcaddr} ...')."},
    {.name = "account",
     .argument = "ID",
     .kind = VG_ARG_ACCOUNT,
     .help = "The account of logs that neither they nor their path place."},
    {.name = "region", .argument = "REGION", .help = "The region of such logs."},
    {.name = "compact",
     .help = "Merge all index files into one at the end. Otherwise the newer ones are, now and then."},
    {.name = "format",
     .argument = "FORMAT",
     .choices = "table|json",
     .fallback = "table",
     .help = "How to print the summary."},
    {0},
};
static const vg_positional positionals[] = {
    {.name = "SOURCE",
     .help = "Folders with all below them, and files: logs as AWS delivers or exports them, plain, .gz or "
             ".zst. None: only "
             "index files that broke are made anew.",
     .optional = true,
     .repeatable = true,
     .kind = VG_ARG_PATH},
    {0},
};
static const vg_example examples[] = {
    {"vigil trail ingest /archive/AWSLogs", "Index a copy of the log bucket."},
    {"vigil trail ingest --follow /archive/AWSLogs", "Index it, and what comes later."},
    {"vigil trail ingest --copy incident/*.json.gz", "Index some files, and keep them."},
    {0},
};
static const vg_exit_note exit_notes[] = {
    {3, "Something could not be read in full. It is named; what could be read of it is indexed."},
    {0},
};

const vg_command vg_trail_ingest_logs = {
    .name = "ingest",
    .summary = "Index log files, so that they can be searched",
    .description = "Reads CloudTrail log files (as delivered, exported as JSON or JSON lines, from "
                   "CloudTrail Lake or EventBridge), "
                   "VPC flow logs, Route 53 Resolver query logs and S3 server access logs, and writes an "
                   "index to the workspace: "
                   "which file holds which access keys, principals, addresses, event names, accounts, "
                   "regions and resources. The log "
                   "files stay where they are.\n\n"
                   "Every file is remembered by its path, size and SHA-256, so running it again reads what "
                   "is new alone. It may be "
                   "interrupted at any time: what was acknowledged stays, the rest is read again.\n\n"
                   "From the events and the digests beside them it also tells which accounts and regions "
                   "log, what they log, and "
                   "where something is missing; controls of the review read that.",
    .options = options,
    .positionals = positionals,
    .examples = examples,
    .exit_notes = exit_notes,
    .run = run_ingest,
};
