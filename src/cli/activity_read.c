/* activity_read.c: log files and folders into activity: each file is read whole, uncompressed within limits, and its
 * records are gathered. What is no log is said once a file, and the rest goes on. */
#include "cli/activity_read.h"

#include "cli/content_parts.h"

enum { MOST_FILE = 1 << 30, MOST_TEXT = 2047 << 20 };

typedef struct {
    vg_cli *cli;
    vg_activity_reader *reader;
    bool told; /* of this file, something bad */
    uint64_t bad;
    uint64_t skipped; /* files of folders that are no activity logs, such as Config snapshots beside them */
} log_reader;

static vg_status on_record(void *context, const vg_trail_record *record, vg_error *err)
{
    log_reader *r = context;
    return vg_activity_add(r->reader, record, err);
}

/* The first line of a file is told; how many more there are, at its end. */
static void on_bad(void *context, const vg_error *err)
{
    log_reader *r = context;
    if (!r->told)
        vg_cli_error(r->cli, err);
    r->told = true;
    r->bad++;
    vg_cli_note(r->cli, VG_EXIT_PARTIAL);
}

static void on_skipped(void *context, const vg_error *err)
{
    vg_cli *cli = context;
    vg_cli_error(cli, err);
    vg_cli_note(cli, VG_EXIT_PARTIAL);
}

/* In a folder other files stand beside logs. What CloudTrail named, and what looks like activity, is one. */
static bool is_log(vg_str path, vg_str text)
{
    return vg_trail_recognise(text) || vg_str_find(vg_path_name(path), VG_STR("_CloudTrail_")) != VG_NPOS;
}

/* Fails for memory alone; what is wrong with the file is told. `found`: in a folder, not named by the user. */
static vg_status read_file(log_reader *r, vg_str path, bool found, vg_error *err)
{
    vg_arena *arena = vg_arena_new(0);
    vg_str bytes, text;
    vg_error bad = {0};
    vg_trail_counts counts = {0};
    const vg_trail_sink sink = {on_record, on_bad, r};
    if (!arena)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading logs");
    r->told = false;
    r->bad = 0;
    vg_status status = vg_file_read(arena, path, MOST_FILE, &bytes, &bad);
    if (status == VG_OK)
        status = vg_decompress(arena, bytes, MOST_TEXT, &text, &bad);
    bool is_other = status == VG_OK && found && !is_log(path, text);
    r->skipped += is_other;
    if (status == VG_OK && !is_other)
        status = vg_trail_read(text, path, &sink, &counts, &bad);
    if (status != VG_OK && status != VG_ERR_MEMORY) {
        vg_error_locate(&bad, (vg_place){.file = path});
        on_bad(r, &bad);
        status = VG_OK;
    }
    if (r->bad > 1)
        vg_cli_say(r->cli, "%.*s: %llu more places could not be read", VG_ARG(path),
                   (unsigned long long)(r->bad - 1));
    vg_arena_free(arena);
    return status == VG_OK ? VG_OK : vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading logs");
}

static vg_status read_path(log_reader *r, vg_str path, vg_error *err)
{
    vg_vec files = vg_vec_in(r->cli->arena, sizeof(vg_dir_entry));
    vg_error bad = {0};
    if (vg_str_is(path, "-"))
        return read_file(r, path, false, err);
    if (vg_dir_walk(r->cli->arena, path, &files, on_skipped, r->cli, &bad) != VG_OK) {
        on_skipped(r->cli, &bad);
        return VG_OK;
    }
    for (size_t i = 0; i < files.len; i++) {
        vg_str file = ((vg_dir_entry *)vg_vec_at(&files, i))->path;
        VG_TRY(read_file(r, file, !vg_str_eq(file, path), err));
    }
    return VG_OK;
}

static void read_times(vg_cli *cli, vg_activity_options *options)
{
    vg_time last;
    if (!vg_cli_time(cli, "since", &options->since))
        options->since = VG_TIME_NONE;
    if (!vg_cli_time(cli, "until", &options->until))
        options->until = VG_TIME_NONE;
    if (vg_cli_duration(cli, "last", &last))
        options->since = cli->now - last;
}

vg_status vg_cli_dependents(vg_cli *cli, const vg_dependents **out, vg_error *err)
{
    return vg_dependents_read(cli->arena, vg_cli_content_file(cli, VG_STR("policy/dependents.txt")), out,
                              err);
}

vg_status vg_cli_activity_read(vg_cli *cli, const vg_str *paths, size_t count, const vg_catalogue *catalogue,
                               const vg_world *world, vg_activity *out, vg_error *err)
{
    vg_activity_options options = {
        .catalogue = catalogue, .partition = world ? world->partition : VG_STR("aws"), .world = world};
    log_reader r = {.cli = cli};
    vg_str events = vg_cli_content_file(cli, VG_STR("policy/events.yaml"));
    options.resources = vg_cli_content_file(cli, VG_STR("policy/event-resources.yaml"));
    options.needs = vg_cli_content_file(cli, VG_STR("policy/event-needs.yaml"));
    VG_TRY(vg_cli_dependents(cli, &options.dependents, err));
    read_times(cli, &options);
    VG_TRY(vg_event_map_read(cli->arena, events, catalogue, &options.events, err));
    VG_TRY(vg_activity_open(cli->arena, &options, &r.reader, err));
    for (size_t i = 0; i < count; i++)
        VG_TRY(read_path(&r, paths[i], err));
    if (r.skipped)
        vg_cli_say(cli, "%llu files are no activity logs and were passed over",
                   (unsigned long long)r.skipped);
    return vg_activity_finish(r.reader, out, err);
}
