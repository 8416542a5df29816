/* import.c: an import as one run: files are found, read in parallel by windows, and written in their order.
 *
 *     window k     | file | file | file | ...     read by all threads, each into its own arena
 *     window k-1   | ------------------->         written by one of them meanwhile
 *
 * Windows are cut by the files' sizes alone, so that neither memory nor the bytes written depend on the number of
 * threads. Archives are opened when their turn to be written comes; their entries form windows of their own. */
#include "evidence/import_merge.h"

#include <sys/stat.h>

/* What a window holds at most: of input, a compressed file counting for what it is likely to become. */
static const uint64_t WINDOW_BYTES = 16u << 20;
enum { WINDOW_FILES = 256, COMPRESSION = 12, MOST_ARCHIVE_BYTES_SHIFT = 32 };

typedef struct {
    import_file *files;
    size_t count;
} import_window;

typedef struct {
    import_merge merge;
    import_world world;
    vg_vec kept; /* vg_arena *: of files whose parts wait */
    uint64_t done, total;
    size_t skipped; /* of what was looked for */
    vg_error *err;
} import_run;

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
}

/* ---- windows ---------------------------------------------------------------------------------------------------------------- */

static uint64_t weight(const import_file *file)
{
    bool is_packed = !file->bytes.ptr &&
                     (vg_str_ends(file->path, VG_STR(".gz")) || vg_str_ends(file->path, VG_STR(".zst")));
    return file->size * (is_packed ? COMPRESSION : 1) + 4096;
}

static size_t cut_window(const import_file *files, size_t count)
{
    uint64_t bytes = 0;
    size_t n = 0;
    while (n < count && n < WINDOW_FILES && (n == 0 || bytes + weight(&files[n]) <= WINDOW_BYTES))
        bytes += weight(&files[n++]);
    return n;
}

static vg_status import_files(import_run *run, import_file *files, size_t count, unsigned depth,
                              vg_error *err);

/* ---- archives ----------------------------------------------------------------------------------------------------------------- */

typedef struct {
    import_run *run;
    const import_file *archive;
    vg_arena *arena; /* of the entries gathered */
    vg_vec files;
    uint64_t bytes;
    unsigned depth;
} archive_read;

static vg_status flush_entries(archive_read *read, vg_error *err)
{
    vg_status status = import_files(read->run, read->files.items, read->files.len, read->depth, err);
    read->files = vg_vec_in(read->arena, sizeof(import_file));
    read->bytes = 0;
    return status;
}

static vg_status gather_entry(void *context, const vg_archive_entry *entry, vg_error *err)
{
    archive_read *read = context;
    import_file *file = vg_vec_push(&read->files);
    vg_str bytes = vg_arena_str(read->arena, entry->bytes);
    vg_str path = vg_arena_printf(read->run->merge.arena, "%.*s!%.*s", VG_ARG(read->archive->path),
                                  VG_ARG(entry->path));
    if (!file || !bytes.ptr || !path.ptr)
        return out_of_memory(err);
    *file = (import_file){.path = path, .bytes = bytes, .size = bytes.len, .modified = entry->modified};
    read->bytes += weight(file);
    return read->bytes > WINDOW_BYTES || read->files.len >= WINDOW_FILES ? flush_entries(read, err) : VG_OK;
}

static void skip_entry(void *context, const vg_error *why)
{
    archive_read *read = context;
    import_merge_skipped(&read->run->merge, read->archive->path, vg_str_from(why->message), NULL);
}

static vg_status import_archive(import_run *run, const import_file *file, unsigned depth, vg_error *err)
{
    enum { DEEPEST = 2 };
    static const size_t most_total = (size_t)1 << MOST_ARCHIVE_BYTES_SHIFT;
    vg_error why = {0};
    if (depth >= DEEPEST)
        return import_merge_skipped(&run->merge, file->path,
                                    VG_STR("an archive within an archive within an archive; "
                                           "unpack it"),
                                    err);
    archive_read read = {.run = run, .archive = file, .arena = vg_arena_new(0), .depth = depth + 1};
    if (!read.arena)
        return out_of_memory(err);
    read.files = vg_vec_in(read.arena, sizeof(import_file));
    size_t max = run->world.options->max_file ? run->world.options->max_file : (size_t)1 << 30;
    vg_status walked =
        vg_archive_walk(file->content, file->path, max, most_total, gather_entry, skip_entry, &read, &why);
    vg_status status = flush_entries(&read, err);
    /* The arena of entries whose parts wait must stay. */
    vg_arena **kept = vg_vec_push(&run->kept);
    if (kept)
        *kept = read.arena;
    if (status != VG_OK)
        return status;
    bool is_bad_archive = walked != VG_OK && walked != VG_ERR_MEMORY;
    if (is_bad_archive)
        return import_merge_skipped(&run->merge, file->path,
                                    vg_arena_printf(run->merge.arena, "%s%s", why.message,
                                                    walked == VG_ERR_SYNTAX ? "; fetch it again" : ""),
                                    err);
    return walked == VG_OK ? VG_OK : out_of_memory(err);
}

/* ---- reading beside writing --------------------------------------------------------------------------------------------------------- */

static vg_status write_file(import_run *run, import_file *file, unsigned depth, vg_error *err)
{
    bool keeps = false;
    vg_status status = import_merge_file(&run->merge, file, &keeps, err);
    if (status == VG_OK && file->is_archive)
        status = import_archive(run, file, depth, err);
    if (!file->is_archive) {
        run->merge.summary.files++;
        run->merge.summary.bytes += file->size;
    }
    if (keeps) {
        vg_arena **place = vg_vec_push(&run->kept);
        if (!place)
            return out_of_memory(err);
        *place = file->arena;
        file->arena = NULL;
    }
    import_file_free(file);
    return status;
}

static vg_status write_window(import_run *run, const import_window *window, unsigned depth, vg_error *err)
{
    const vg_import_options *options = run->world.options;
    vg_status status = VG_OK;
    for (size_t i = 0; i < window->count; i++) {
        if (status == VG_OK)
            status = write_file(run, &window->files[i], depth, err);
        else
            import_file_free(&window->files[i]);
        run->done += depth ? 0 : window->files[i].size;
    }
    if (options->progress)
        options->progress(options->context, run->done, run->total);
    return status;
}

typedef struct {
    import_run *run;
    const import_world *world; /* a copy: the writer learns while readers read */
    import_window reading, writing;
    unsigned depth;
    vg_status written;
    vg_error err;
} import_step_of;

/* Item 0 writes the window before, the others read a file each. */
static void run_step(void *context, size_t i)
{
    import_step_of *step = context;
    if (i == 0)
        step->written = write_window(step->run, &step->writing, step->depth, &step->err);
    else
        import_file_read(step->world, &step->reading.files[i - 1]);
}

/* Archives are opened by the writer, which then reads their entries itself: no step within a step. */
static bool has_archive(const import_window *window)
{
    for (size_t i = 0; i < window->count; i++)
        if (window->files[i].is_archive)
            return true;
    return false;
}

static vg_status import_files(import_run *run, import_file *files, size_t count, unsigned depth,
                              vg_error *err)
{
    import_window before = {NULL, 0};
    for (size_t at = 0; at < count || before.count;) {
        import_world world = run->world;
        import_step_of step = {.run = run, .world = &world, .writing = before, .depth = depth};
        bool is_alone = has_archive(&before);
        if (!is_alone)
            step.reading = (import_window){files + at, cut_window(files + at, count - at)};
        vg_parallel(depth ? 1 : run->world.options->threads, step.reading.count + 1, run_step, &step);
        at += step.reading.count;
        before = step.reading;
        if (step.written == VG_OK)
            continue;
        for (size_t i = 0; i < before.count; i++)
            import_file_free(&before.files[i]);
        vg_error_copy(err, &step.err);
        return step.written;
    }
    return VG_OK;
}

/* ---- finding files ------------------------------------------------------------------------------------------------------------------ */

static void skip_path(void *context, const vg_error *why)
{
    import_run *run = context;
    run->skipped++;
    const char *advice = why->code == VG_ERR_DENIED      ? "; let this user read it"
                         : why->code == VG_ERR_NOT_FOUND ? "; check the path"
                                                         : "";
    vg_str reason = vg_arena_printf(run->merge.arena, "%s%s", why->message, advice);
    import_merge_skipped(&run->merge, vg_arena_str(run->merge.arena, vg_str_from(why->file_text)), reason,
                         NULL);
}

/* A pipe without a writer would keep us, and the workspace's lock, for ever; a device may never end. */
static bool is_special(vg_arena *arena, vg_str path)
{
    struct stat about;
    const char *name = vg_arena_cstr(arena, path);
    return name && stat(name, &about) == 0 && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode);
}

static vg_status find_standard_input(import_run *run, vg_vec *found, vg_error *err)
{
    vg_dir_entry *entry = vg_vec_push(found);
    if (!entry)
        return out_of_memory(err);
    *entry = (vg_dir_entry){.path = VG_STR("-"), .modified = run->world.options->now};
    return VG_OK;
}

/* What one word of the command line names. What cannot be had is told, and the other words go on. */
static vg_status find_under(import_run *run, vg_str path, vg_vec *found, vg_error *err)
{
    vg_error why = {0};
    size_t skipped = run->skipped;
    if (vg_str_is(path, "-"))
        return find_standard_input(run, found, err);
    if (is_special(run->merge.arena, path)) {
        vg_str reason = VG_STR("a pipe or a device, which may never end; give '-' to read standard input");
        return import_merge_skipped(&run->merge, path, reason, err);
    }
    vg_status status = vg_dir_walk(run->merge.arena, path, found, skip_path, run, &why);
    if (status == VG_ERR_MEMORY)
        return out_of_memory(err);
    if (status != VG_OK)
        skip_path(run, &why);
    else if (!found->len && run->skipped == skipped)
        return import_merge_skipped(&run->merge, path, VG_STR("no file in this folder; check the path"), err);
    return VG_OK;
}

/* Whether a file that was found under `from` is one of the workspace's own: "vigil import ." takes its folder in. */
static bool is_of_workspace(const import_run *run, vg_str from, vg_str path)
{
    struct stat own, other;
    vg_str workspace = run->world.options->workspace, name = vg_path_name(workspace);
    const char *text = vg_arena_cstr(run->merge.arena, workspace);
    if (!name.len || !text || stat(text, &own) != 0)
        return false;
    for (size_t at = from.len + 1; at < path.len; at++) {
        bool here = path.ptr[at] == '/' && vg_str_ends(vg_str_sub(path, 0, at), name);
        const char *folder = here ? vg_arena_cstr(run->merge.arena, vg_str_sub(path, 0, at)) : NULL;
        if (folder && stat(folder, &other) == 0 && own.st_dev == other.st_dev && own.st_ino == other.st_ino)
            return true;
    }
    return false;
}

static vg_status find_files(import_run *run, const vg_str *paths, size_t count, vg_vec *files, vg_error *err)
{
    for (size_t i = 0; i < count; i++) {
        vg_vec found = vg_vec_in(run->merge.arena, sizeof(vg_dir_entry));
        VG_TRY(find_under(run, paths[i], &found, err));
        for (size_t k = 0; k < found.len; k++) {
            const vg_dir_entry *entry = vg_vec_at(&found, k);
            if (is_of_workspace(run, paths[i], entry->path))
                continue;
            import_file *file = vg_vec_push(files);
            if (!file)
                return out_of_memory(err);
            *file = (import_file){.path = entry->path, .size = entry->size, .modified = entry->modified};
            run->total += entry->size;
        }
    }
    return VG_OK;
}

static vg_status import_all(import_run *run, const vg_str *paths, size_t count, vg_error *err)
{
    const vg_import_options *options = run->world.options;
    vg_vec files = vg_vec_in(run->merge.arena, sizeof(import_file));
    VG_TRY(find_files(run, paths, count, &files, err));
    VG_TRY(import_files(run, files.items, files.len, 0, err));
    VG_TRY(import_merge_end(&run->merge, err));
    if (options->originals.len)
        VG_TRY(import_originals_sync(options->originals, err));
    return vg_evidence_run_end(run->merge.evidence, options->now, run->merge.summary.complete,
                               &run->merge.summary.gone, err);
}

vg_status vg_import(vg_evidence *evidence, const vg_import_rules *rules, const vg_str *paths, size_t count,
                    const vg_import_options *options, vg_arena *arena, vg_import_summary *out, vg_error *err)
{
    import_run run = {.world = {.rules = rules, .options = options}};
    VG_TRY(import_merge_begin(&run.merge, evidence, &run.world, arena, err));
    run.kept = vg_vec_in(arena, sizeof(vg_arena *));
    VG_TRY(vg_evidence_run_begin(evidence, options->run, options->now, err));
    vg_status status = import_all(&run, paths, count, err);
    for (size_t i = 0; i < run.kept.len; i++)
        vg_arena_free(*(vg_arena **)vg_vec_at(&run.kept, i));
    *out = run.merge.summary;
    return status;
}
