/* ingest_source.c: local files as a source of logs, and the wait for new ones. */
#include "trail/trail.h"

#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

typedef struct {
    const vg_str *paths;
    size_t count;
} local_files;

/* ---- files and folders -------------------------------------------------------------------------------------------------- */

/* `listed_keys`: keys that are in the list; paths may overlap. */
static vg_status list_path(vg_str path, vg_arena *arena, vg_vec *objects, vg_map *listed_keys,
                           void (*skipped)(void *, const vg_error *), void *skipped_context, vg_error *err)
{
    vg_vec files = vg_vec_in(arena, sizeof(vg_dir_entry));
    char *name = vg_arena_cstr(arena, path);
    char *real = name ? realpath(name, NULL) : NULL;
    if (!real)
        return vg_fail_errno(err, name ? errno : ENOMEM, "cannot read '%.*s'", VG_ARG(path));
    vg_str root = vg_arena_str(arena, vg_str_from(real));
    free(real);
    if (!root.ptr)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while listing logs");
    VG_TRY(vg_dir_walk(arena, root, &files, skipped, skipped_context, err));
    for (size_t i = 0; i < files.len; i++) {
        const vg_dir_entry *file = vg_vec_at(&files, i);
        bool is_new = false;
        vg_map_entry *entry = vg_map_put(listed_keys, file->path, &is_new);
        if (entry && !is_new)
            continue;
        vg_trail_listed *listed = entry ? vg_vec_push(objects) : NULL;
        if (!listed)
            return vg_fail(err, VG_ERR_MEMORY, "memory ran out while listing logs");
        *listed = (vg_trail_listed){.key = file->path,
                                    .size = file->size,
                                    .modified = file->modified,
                                    .named = vg_str_eq(file->path, root)};
    }
    return VG_OK;
}

static vg_status list_files(void *context, vg_arena *arena, vg_vec *objects,
                            void (*skipped)(void *, const vg_error *), void *skipped_context, vg_error *err)
{
    const local_files *files = context;
    vg_map *listed_keys = vg_map_new(arena, 0);
    if (!listed_keys)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while listing logs");
    for (size_t i = 0; i < files->count; i++)
        VG_TRY(list_path(files->paths[i], arena, objects, listed_keys, skipped, skipped_context, err));
    return VG_OK;
}

static vg_status read_file(void *context, vg_arena *arena, vg_str key, size_t max, vg_str *bytes,
                           vg_error *err)
{
    (void)context;
    return vg_file_read(arena, key, max, bytes, err);
}

vg_status vg_trail_files(vg_arena *arena, const vg_str *paths, size_t count, vg_trail_source *out,
                         vg_error *err)
{
    local_files *files = VG_NEW(arena, local_files);
    if (!files)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while listing logs");
    *files = (local_files){paths, count};
    *out = (vg_trail_source){list_files, read_file, files};
    return VG_OK;
}

/* ---- waiting -------------------------------------------------------------------------------------------------------------- */

struct vg_trail_watch {
    int fd; /* of inotify; -1: there is none */
    vg_arena *arena;
    vg_map *watched; /* folders */
    const vg_str *paths;
    size_t count;
};

static void watch_folder(vg_trail_watch *watch, vg_str folder)
{
    static const uint32_t events = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE;
    char *name = vg_arena_cstr(watch->arena, folder);
    bool is_new;
    if (name && vg_map_put(watch->watched, vg_str_of(name, folder.len), &is_new) && is_new)
        inotify_add_watch(watch->fd, name, events);
}

/* Every folder from the path down; of a file, the one in which it is. */
static void watch_path(vg_trail_watch *watch, vg_str path)
{
    char *name = vg_arena_cstr(watch->arena, vg_dir_exists(path) ? path : vg_path_folder(path));
    char *roots[] = {name, NULL};
    FTS *walk = name ? fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL) : NULL;
    for (FTSENT *at; walk && (at = fts_read(walk)) != NULL;)
        if (at->fts_info == FTS_D)
            watch_folder(watch, vg_str_of(at->fts_path, at->fts_pathlen));
    if (walk)
        fts_close(walk);
}

static void watch_paths(vg_trail_watch *watch)
{
    for (size_t i = 0; i < watch->count && watch->fd >= 0; i++)
        watch_path(watch, watch->paths[i]);
}

vg_status vg_trail_watch_open(const vg_str *paths, size_t count, vg_trail_watch **out, vg_error *err)
{
    vg_arena *arena = vg_arena_new(0);
    vg_trail_watch *watch = arena ? VG_NEW(arena, vg_trail_watch) : NULL;
    vg_map *watched = watch ? vg_map_new(arena, 0) : NULL;
    if (!watched) {
        vg_arena_free(arena);
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while watching folders");
    }
    *watch = (vg_trail_watch){inotify_init1(IN_NONBLOCK | IN_CLOEXEC), arena, watched, paths, count};
    watch_paths(watch);
    *out = watch;
    return VG_OK;
}

bool vg_trail_watch_wait(vg_trail_watch *watch, unsigned ms, int also, bool *ended)
{
    char events[4096];
    struct pollfd fds[2] = {{.fd = also, .events = POLLIN}, {.fd = watch->fd, .events = POLLIN}};
    int ready = poll(fds, 2, (int)ms);
    *ended = ready > 0 && (fds[0].revents & POLLIN);
    bool changed = ready > 0 && (fds[1].revents & POLLIN);
    while (changed && read(watch->fd, events, sizeof events) > 0)
        continue;
    watch_paths(watch); /* folders that are new; what is in them by now, the caller's look will find */
    return changed;
}

void vg_trail_watch_close(vg_trail_watch *watch)
{
    if (!watch)
        return;
    if (watch->fd >= 0)
        close(watch->fd);
    vg_arena_free(watch->arena);
}
