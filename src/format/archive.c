/* archive.c: the regular files of a tar or zip, through libarchive.
 *
 * An archive is the oldest way to write where one should not: names that are absolute, that climb with "..", or that
 * carry a drive are refused, with both kinds of slash, though nothing here writes files: whoever receives a name may.
 * Links and devices are not followed or made; a link says nothing that its target, a file of the same archive, does
 * not. Sizes are counted as bytes come out, whatever the headers claim. */
#include "format/format.h"

#include <archive.h>
#include <archive_entry.h>

#define TAR_MAGIC_AT 257
#define PIECE        (64U << 10)

bool vg_is_archive(vg_str bytes)
{
    return vg_str_starts(bytes, VG_STR("PK\x03\x04")) || vg_str_starts(bytes, VG_STR("PK\x05\x06")) ||
           vg_str_starts(vg_str_sub(bytes, TAR_MAGIC_AT, 5), VG_STR("ustar"));
}

typedef struct {
    struct archive *archive;
    vg_str name;
    size_t max_entry, max_total, total;
    vg_status (*each)(void *context, const vg_archive_entry *entry, vg_error *err);
    void (*bad)(void *context, const vg_error *err);
    void *context;
    vg_buf bytes;
} walk;

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

/* Whether `path` stays below the folder that it is put into. */
static bool is_safe(vg_str path)
{
    if (path.len == 0 || is_slash(path.ptr[0]) || (path.len > 1 && path.ptr[1] == ':'))
        return false;
    size_t begin = 0;
    for (size_t i = 0; i <= path.len; i++) {
        if (i < path.len && !is_slash(path.ptr[i]))
            continue;
        if (vg_str_is(vg_str_sub(path, begin, i - begin), ".."))
            return false;
        begin = i + 1;
    }
    return true;
}

static void report(const walk *w, vg_status code, const char *what, vg_str path)
{
    vg_error err = {0};
    vg_fail_at(&err, code, (vg_place){w->name, 0, 0}, "%s: '%.*s'; skipped", what,
               VG_ARG(vg_str_sub(path, 0, 200)));
    if (w->bad)
        w->bad(w->context, &err);
}

static vg_status fail_archive(const walk *w, vg_error *err)
{
    const char *why = archive_error_string(w->archive);
    return vg_fail_at(err, VG_ERR_SYNTAX, (vg_place){w->name, 0, 0}, "archive that is damaged or cut off: %s",
                      why ? why : "no reason known");
}

/* The entry's bytes into w->bytes. *whole is false when there are more than max_entry. */
static vg_status read_bytes(walk *w, bool *whole, vg_error *err)
{
    vg_buf_clear(&w->bytes);
    *whole = true;
    for (;;) {
        if (!vg_buf_reserve(&w->bytes, PIECE))
            return vg_fail(err, VG_ERR_MEMORY, "out of memory while reading an archive");
        la_ssize_t got = archive_read_data(w->archive, w->bytes.ptr + w->bytes.len, PIECE);
        if (got == 0)
            return VG_OK;
        if (got < 0 && got != ARCHIVE_WARN)
            return fail_archive(w, err);
        w->bytes.len += got > 0 ? (size_t)got : 0;
        w->total += got > 0 ? (size_t)got : 0;
        if (w->total > w->max_total)
            return vg_fail_at(err, VG_ERR_LIMIT, (vg_place){w->name, 0, 0},
                              "an archive that holds more than the limit of %zu bytes", w->max_total);
        *whole = w->bytes.len <= w->max_entry;
        if (!*whole)
            return VG_OK;
    }
}

static vg_time modified_of(struct archive_entry *entry)
{
    int64_t time = VG_TIME_NONE;
    if (!archive_entry_mtime_is_set(entry) ||
        __builtin_mul_overflow((int64_t)archive_entry_mtime(entry), VG_TIME_SECOND, &time) ||
        __builtin_add_overflow(time, (int64_t)archive_entry_mtime_nsec(entry) / 1000, &time))
        return VG_TIME_NONE;
    return time;
}

/* The name as UTF-8 where the archive says so or it is; its bytes as they are otherwise. */
static vg_str path_of(struct archive_entry *entry)
{
    const char *path = archive_entry_pathname_utf8(entry);
    return vg_str_from(path ? path : archive_entry_pathname(entry));
}

static vg_status on_entry(walk *w, struct archive_entry *entry, vg_error *err)
{
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry))
        return VG_OK;
    vg_archive_entry found = {.path = path_of(entry), .modified = modified_of(entry)};
    if (!is_safe(found.path)) {
        report(w, VG_ERR_VALUE, "a name that leaves the archive's folder", found.path);
        return VG_OK;
    }
    if (archive_entry_is_data_encrypted(entry) == 1) {
        report(w, VG_ERR_UNSUPPORTED, "encrypted", found.path);
        return VG_OK;
    }
    bool whole;
    VG_TRY(read_bytes(w, &whole, err));
    if (!whole) {
        report(w, VG_ERR_LIMIT, "larger than the limit for one file", found.path);
        return VG_OK;
    }
    found.bytes = vg_buf_str(&w->bytes);
    return w->each(w->context, &found, err);
}

static vg_status walk_entries(walk *w, vg_str archive, vg_error *err)
{
    archive_read_support_format_tar(w->archive);
    archive_read_support_format_zip(w->archive);
    if (archive_read_open_memory(w->archive, archive.ptr, archive.len) != ARCHIVE_OK)
        return fail_archive(w, err);
    for (;;) {
        struct archive_entry *entry;
        int result = archive_read_next_header(w->archive, &entry);
        if (result == ARCHIVE_EOF)
            return VG_OK;
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
            return fail_archive(w, err);
        VG_TRY(on_entry(w, entry, err));
    }
}

vg_status vg_archive_walk(vg_str archive, vg_str name, size_t max_entry, size_t max_total,
                          vg_status (*each)(void *context, const vg_archive_entry *entry, vg_error *err),
                          void (*bad)(void *context, const vg_error *err), void *context, vg_error *err)
{
    walk w = {.archive = archive_read_new(),
              .name = name,
              .max_entry = max_entry,
              .max_total = max_total,
              .each = each,
              .bad = bad,
              .context = context};
    if (!w.archive)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory while reading an archive");
    vg_status status = walk_entries(&w, archive, err);
    archive_read_free(w.archive);
    vg_buf_free(&w.bytes);
    return status;
}
