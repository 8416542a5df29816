/* file.c: reading whole files, replacing them atomically, walking folders. Paths come in as slices and are made into
 * C strings here, at the edge of the system call, and nowhere else. */
#include "base/base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEEPEST = 64 };

static vg_status c_path(vg_str path, char out[PATH_MAX], vg_error *err)
{
    if (path.len >= PATH_MAX || (path.len && memchr(path.ptr, '\0', path.len)))
        return vg_fail(err, VG_ERR_VALUE, "not a usable path: %.*s", VG_ARG(vg_str_sub(path, 0, 200)));
    memcpy(out, path.ptr ? path.ptr : "", path.len);
    out[path.len] = '\0';
    return VG_OK;
}

static vg_status fail_path(vg_error *err, int number, vg_str path, const char *what)
{
    vg_status code = vg_fail_errno(err, number, "%s", what);
    vg_error_locate(err, (vg_place){.file = path});
    return code;
}

static vg_status read_all(int fd, vg_str path, size_t expected, size_t max, vg_buf *into, vg_error *err)
{
    vg_buf_reserve(into, expected + 1);
    for (;;) {
        if (!vg_buf_reserve(into, 65536))
            return vg_fail_at(err, VG_ERR_MEMORY, (vg_place){.file = path}, "out of memory while reading");
        ssize_t got = read(fd, into->ptr + into->len, into->cap - into->len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_path(err, errno, path, "cannot read");
        if (got == 0)
            return VG_OK;
        into->len += (size_t)got;
        if (into->len > max)
            return vg_fail_at(err, VG_ERR_LIMIT, (vg_place){.file = path},
                              "larger than the limit of %zu bytes", max);
    }
}

/* Some files of /proc look regular and make a reader wait for ever; a pipe is waited for, as by any other program. */
static int open_to_read(const char *name)
{
    struct stat about;
    bool is_regular = stat(name, &about) == 0 && S_ISREG(about.st_mode);
    return open(name, O_RDONLY | O_CLOEXEC | (is_regular ? O_NONBLOCK : 0));
}

vg_status vg_file_read(vg_arena *arena, vg_str path, size_t max, vg_str *out, vg_error *err)
{
    char name[PATH_MAX];
    VG_TRY(c_path(path, name, err));
    bool from_stdin = vg_str_is(path, "-");
    int fd = from_stdin ? STDIN_FILENO : open_to_read(name);
    if (fd < 0)
        return fail_path(err, errno, path, "cannot open");
    struct stat about;
    size_t expected = 0;
    vg_buf bytes = {0};
    vg_status status = VG_OK;
    if (fstat(fd, &about) == 0 && S_ISDIR(about.st_mode))
        status = fail_path(err, EISDIR, path, "cannot read");
    else if (about.st_size > 0)
        expected = (size_t)about.st_size;
    if (status == VG_OK && S_ISREG(about.st_mode) && expected > max)
        status = vg_fail_at(err, VG_ERR_LIMIT, (vg_place){.file = path}, "larger than the limit of %zu bytes",
                            max);
    if (status == VG_OK)
        status = read_all(fd, path, expected, max, &bytes, err);
    if (!from_stdin)
        close(fd);
    if (status == VG_OK) {
        *out = vg_arena_str(arena, vg_buf_str(&bytes));
        if (!out->ptr)
            status = vg_fail_at(err, VG_ERR_MEMORY, (vg_place){.file = path}, "out of memory while reading");
    }
    vg_buf_free(&bytes);
    return status;
}

vg_status vg_file_map(vg_str path, vg_mapped *out, vg_error *err)
{
    char name[PATH_MAX];
    *out = (vg_mapped){0};
    VG_TRY(c_path(path, name, err));
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fail_path(err, errno, path, "cannot open");
    struct stat about;
    vg_status status = VG_OK;
    if (fstat(fd, &about) != 0)
        status = fail_path(err, errno, path, "cannot read");
    else if (!S_ISREG(about.st_mode))
        status = vg_fail_at(err, VG_ERR_VALUE, (vg_place){.file = path}, "not a regular file");
    else if (about.st_size > 0) {
        void *mapping = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (mapping == MAP_FAILED)
            status = fail_path(err, errno, path, "cannot map");
        else
            *out = (vg_mapped){vg_str_of(mapping, (size_t)about.st_size), mapping, (size_t)about.st_size};
    }
    close(fd);
    return status;
}

void vg_file_unmap(vg_mapped *mapped)
{
    if (mapped->mapping)
        munmap(mapped->mapping, mapped->mapping_len);
    *mapped = (vg_mapped){0};
}

static int write_all(int fd, vg_str bytes)
{
    while (bytes.len) {
        ssize_t wrote = write(fd, bytes.ptr, bytes.len);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return errno;
        bytes = vg_str_sub(bytes, (size_t)wrote, bytes.len);
    }
    return 0;
}

static int sync_folder(vg_str path)
{
    char name[PATH_MAX];
    if (c_path(vg_path_folder(path), name, NULL) != VG_OK)
        return EINVAL;
    int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int failed = fsync(fd) == 0 ? 0 : errno;
    close(fd);
    return failed;
}

vg_status vg_file_write_atomic(vg_str path, vg_str bytes, unsigned mode, vg_error *err)
{
    char name[PATH_MAX], temporary[PATH_MAX];
    VG_TRY(c_path(path, name, err));
    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", name) >= (int)sizeof temporary)
        return vg_fail_at(err, VG_ERR_VALUE, (vg_place){.file = path}, "path is too long");
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return fail_path(err, errno, path, "cannot write beside it");
    int failed = write_all(fd, bytes);
    if (!failed && (fchmod(fd, (mode_t)mode) != 0 || fsync(fd) != 0))
        failed = errno;
    if (close(fd) != 0 && !failed)
        failed = errno;
    if (!failed && rename(temporary, name) != 0)
        failed = errno;
    if (failed) {
        unlink(temporary);
        return fail_path(err, failed, path, "cannot write");
    }
    failed = sync_folder(path);
    return failed ? fail_path(err, failed, path, "written, but its folder could not be synced") : VG_OK;
}

vg_status vg_dir_make(vg_str path, unsigned mode, vg_error *err)
{
    char name[PATH_MAX];
    VG_TRY(c_path(path, name, err));
    for (size_t i = 1; i <= path.len; i++) {
        if (i < path.len && name[i] != '/')
            continue;
        char kept = name[i];
        name[i] = '\0';
        if (mkdir(name, (mode_t)mode) != 0 && errno != EEXIST)
            return fail_path(err, errno, path, "cannot make the folder");
        name[i] = kept;
    }
    return vg_dir_exists(path) ? VG_OK : fail_path(err, ENOTDIR, path, "cannot make the folder");
}

static bool stat_path(vg_str path, struct stat *about)
{
    char name[PATH_MAX];
    return c_path(path, name, NULL) == VG_OK && stat(name, about) == 0;
}

bool vg_file_exists(vg_str path)
{
    struct stat about;
    return stat_path(path, &about) && !S_ISDIR(about.st_mode);
}

bool vg_dir_exists(vg_str path)
{
    struct stat about;
    return stat_path(path, &about) && S_ISDIR(about.st_mode);
}

/* ---- walking: depth-first by byte order of names, with an explicit bound on depth --------------------------------- */

typedef struct {
    vg_arena *arena;
    vg_str root;
    vg_vec *files;
    void (*skipped)(void *, const vg_error *);
    void *context;
} walk;

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void skip(const walk *w, int number, vg_str path, const char *what)
{
    vg_error err;
    fail_path(&err, number, path, what);
    if (w->skipped)
        w->skipped(w->context, &err);
}

/* What is no file: a pipe, a socket, a device. */
static void skip_special(const walk *w, vg_str path, const char *why)
{
    vg_error err;
    vg_fail_at(&err, VG_ERR_VALUE, (vg_place){.file = path}, "%s", why);
    if (w->skipped)
        w->skipped(w->context, &err);
}

/* Whether what the link leads to is met by this walk anyway. */
static bool leads_inside(const walk *w, const char *link)
{
    char root[PATH_MAX], own_root[PATH_MAX], target[PATH_MAX];
    if (c_path(w->root, own_root, NULL) != VG_OK || !realpath(own_root, root) || !realpath(link, target))
        return false;
    size_t len = strlen(root);
    return strncmp(root, target, len) == 0 && (target[len] == '/' || target[len] == '\0' || len == 1);
}

/* Follows a link to a file; *about tells of the file. */
static bool follow_link(const walk *w, vg_str path, const char *name, struct stat *about)
{
    if (stat(name, about) != 0) {
        skip(w, errno, path, "cannot follow the link");
        return false;
    }
    if (!S_ISDIR(about->st_mode))
        return true;
    if (!leads_inside(w, name))
        skip_special(w, path, "links to a folder, which is not followed; name that folder itself");
    return false;
}

static vg_status add_file(const walk *w, vg_str path, const struct stat *about, vg_error *err)
{
    vg_dir_entry *entry = vg_vec_push(w->files);
    if (!entry)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory while listing files");
    *entry = (vg_dir_entry){.path = path,
                            .size = (uint64_t)about->st_size,
                            .modified = (vg_time)about->st_mtim.tv_sec * VG_TIME_SECOND +
                                        about->st_mtim.tv_nsec / 1000};
    return VG_OK;
}

static vg_status list_names(const walk *w, DIR *folder, vg_vec *names, vg_error *err)
{
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        char **slot = vg_vec_push(names);
        char *copy = vg_arena_cstr(w->arena, vg_str_from(entry->d_name));
        if (!slot || !copy)
            return vg_fail(err, VG_ERR_MEMORY, "out of memory while listing files");
        *slot = copy;
    }
    if (names->len)
        qsort(names->items, names->len, names->item_size, by_name);
    return VG_OK;
}

static vg_status walk_folder(const walk *w, vg_str path, unsigned depth, vg_error *err);

static vg_status walk_entry(const walk *w, vg_str path, unsigned depth, vg_error *err)
{
    char name[PATH_MAX];
    struct stat about;
    if (c_path(path, name, NULL) != VG_OK || lstat(name, &about) != 0) {
        skip(w, errno, path, "cannot read");
        return VG_OK;
    }
    if (S_ISDIR(about.st_mode))
        return walk_folder(w, path, depth + 1, err);
    if (S_ISLNK(about.st_mode) && !follow_link(w, path, name, &about))
        return VG_OK;
    if (S_ISREG(about.st_mode))
        return add_file(w, path, &about, err);
    skip_special(w, path, "neither a file nor a folder; leave it out");
    return VG_OK;
}

static vg_status walk_folder(const walk *w, vg_str path, unsigned depth, vg_error *err)
{
    char name[PATH_MAX];
    VG_TRY(c_path(path, name, err));
    DIR *folder = depth > DEEPEST ? NULL : opendir(name);
    if (!folder) {
        skip(w, depth > DEEPEST ? ELOOP : errno, path, "cannot open the folder");
        return VG_OK;
    }
    vg_vec names = vg_vec_in(w->arena, sizeof(char *));
    vg_status status = list_names(w, folder, &names, err);
    closedir(folder);
    for (size_t i = 0; status == VG_OK && i < names.len; i++)
        status = walk_entry(w, vg_path_join(w->arena, path, vg_str_from(*(char **)vg_vec_at(&names, i))),
                            depth, err);
    return status;
}

vg_status vg_dir_walk(vg_arena *arena, vg_str path, vg_vec *files, void (*skipped)(void *, const vg_error *),
                      void *context, vg_error *err)
{
    walk w = {arena, path, files, skipped, context};
    struct stat about;
    vg_str own = vg_arena_str(arena, path);
    if (!own.ptr)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory while listing files");
    if (!stat_path(own, &about))
        return fail_path(err, errno, path, "cannot open");
    if (!S_ISDIR(about.st_mode))
        return add_file(&w, own, &about, err);
    return walk_folder(&w, own, 0, err);
}

vg_str vg_path_name(vg_str path)
{
    size_t slash = vg_str_rfind_char(path, '/');
    return slash == VG_NPOS ? path : vg_str_sub(path, slash + 1, path.len);
}

vg_str vg_path_folder(vg_str path)
{
    size_t slash = vg_str_rfind_char(path, '/');
    if (slash == VG_NPOS)
        return VG_STR(".");
    return slash == 0 ? VG_STR("/") : vg_str_sub(path, 0, slash);
}

vg_str vg_path_join(vg_arena *arena, vg_str a, vg_str b)
{
    if (a.len == 0)
        return vg_arena_str(arena, b);
    bool slash = a.ptr[a.len - 1] == '/';
    return vg_arena_printf(arena, "%.*s%s%.*s", VG_ARG(a), slash ? "" : "/", VG_ARG(b));
}
