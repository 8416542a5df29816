/* store.c: opening a workspace, batches, snapshots, closing. What it promises stands in store.h; the pragmas that keep
 * the promises stand in `WRITER_PRAGMAS`, each with its reason. */
#include "store/store_part.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char WRITER_PRAGMAS[] =
    "PRAGMA page_size = 8192;" /* a new store's; half the calls of 4096, and findings fill the pages better */
    "PRAGMA journal_mode = WAL;"        /* readers go on while one writes */
    "PRAGMA synchronous = FULL;"        /* a commit returns when it is on the disk */
    "PRAGMA cache_size = -98304;"       /* 96 MiB: the upper levels and one batch's pages stay in memory */
    "PRAGMA temp_store = MEMORY;"       /* nothing of the workspace's content outside its folder */
    "PRAGMA wal_autocheckpoint = 8192;" /* 64 MiB of log: pages changed again and again are copied back once */
    "PRAGMA journal_size_limit = 134217728;" /* the log shrinks again after a large batch */
    "PRAGMA trusted_schema = OFF;";          /* a store that somebody else made runs nothing of theirs */
static const char READER_PRAGMAS[] = "PRAGMA cache_size = -65536;"
                                     "PRAGMA temp_store = MEMORY;"
                                     "PRAGMA trusted_schema = OFF;";

enum { BUSY_MS = 5000 };

/* ---- the folder and its files ----------------------------------------------------------------------------------- */

/* The database's path in `out`. */
static vg_status file_path(const char *folder, const char *name, char out[PATH_MAX], vg_error *err)
{
    int len = snprintf(out, PATH_MAX, "%s/%s", folder, name);
    if (len < 0 || len >= PATH_MAX)
        return vg_fail(err, VG_ERR_VALUE, "the workspace's path is too long, name a shorter one: %.200s",
                       folder);
    return VG_OK;
}

static vg_status fail_absent(const char *folder, vg_error *err)
{
    return vg_fail(err, VG_ERR_NOT_FOUND,
                   "%s: no workspace here; `vigil import` makes one, --workspace names another place",
                   folder);
}

static vg_status sync_folder(const char *folder, vg_error *err)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) {
        vg_status status = vg_fail_errno(err, errno, "%s: cannot sync the folder", folder);
        if (fd >= 0)
            close(fd);
        return status;
    }
    close(fd);
    return VG_OK;
}

static bool is_empty(const char *folder)
{
    DIR *stream = opendir(folder);
    if (!stream)
        return false;
    bool empty = true;
    for (struct dirent *entry; empty && (entry = readdir(stream));)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(stream);
    return empty;
}

/* Makes the folder when asked to, for its owner's eyes alone. A folder that was there keeps its mode, unless it is
 * empty and so becomes a workspace only now. */
static vg_status make_folder(const char *folder, vg_error *err)
{
    struct stat about;
    if (stat(folder, &about) != 0)
        return vg_dir_make(vg_str_from(folder), 0700, err);
    if (!S_ISDIR(about.st_mode))
        return vg_fail(err, VG_ERR_VALUE, "%s: is a file; name a folder as the workspace", folder);
    if (about.st_uid == geteuid() && (about.st_mode & 077) && is_empty(folder) && chmod(folder, 0700) != 0)
        return vg_fail_errno(err, errno, "%s: cannot keep others out of the folder", folder);
    return VG_OK;
}

/* The database file, empty and 0600 when it is new: SQLite gives its log files the mode of the database. */
static vg_status make_file(const char *folder, const char *path, vg_error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST)
        return VG_OK;
    if (fd < 0)
        return vg_fail_errno(err, errno, "%s: cannot make the store; check the folder's owner and mode",
                             path);
    close(fd);
    return sync_folder(folder, err);
}

static vg_status check_present(const char *folder, const char *path, vg_error *err)
{
    struct stat about;
    if (stat(folder, &about) == 0 && !S_ISDIR(about.st_mode))
        return vg_fail(err, VG_ERR_VALUE, "%s: is a file; name a folder as the workspace", folder);
    if (stat(path, &about) == 0)
        return about.st_size || access(path, R_OK) ? VG_OK : fail_absent(folder, err);
    if (errno == ENOENT || errno == ENOTDIR)
        return fail_absent(folder, err);
    return vg_fail_errno(err, errno, "%s: cannot look into the workspace; check its owner and mode", folder);
}

/* Whether something was written that has not come into the database file yet. */
static bool has_log(const char *folder)
{
    char log[PATH_MAX];
    struct stat about;
    return file_path(folder, "vigil.db-wal", log, NULL) != VG_OK ||
           (stat(log, &about) == 0 && about.st_size > 0);
}

/* Whether the store can only be read as it lies there: nobody writes it (no log), and we could not make the log's index
 * file (no permission, read-only medium). */
static bool is_immutable(const char *folder, const char *path)
{
    return !has_log(folder) && (access(folder, W_OK) != 0 || access(path, W_OK) != 0);
}

/* The path as a URI of SQLite, with what it reserves escaped. */
static void write_uri(const char *path, bool immutable, vg_buf *out)
{
    vg_buf_add_c(out, "file:");
    for (const char *c = path; *c; c++) {
        if (*c == '%' || *c == '?' || *c == '#')
            vg_buf_addf(out, "%%%02X", (unsigned)(unsigned char)*c);
        else
            vg_buf_add_char(out, *c);
    }
    vg_buf_add_c(out, immutable ? "?immutable=1" : "");
    vg_buf_add_char(out, '\0');
}

/* ---- opening ------------------------------------------------------------------------------------------------------ */

static vg_status open_database(vg_store *store, const char *path, const vg_store_options *options,
                               bool immutable, vg_error *err)
{
    vg_buf uri = {0};
    write_uri(path, immutable, &uri);
    if (uri.failed) {
        vg_buf_free(&uri);
        return vg_fail(err, VG_ERR_MEMORY, "%s: out of memory", path);
    }
    int access_flag = options->write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    int flags = access_flag | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(uri.ptr, &store->db, flags, options->vfs);
    vg_buf_free(&uri);
    if (!store->db)
        return vg_fail(err, VG_ERR_MEMORY, "%s: out of memory", path);
    if (code != SQLITE_OK)
        return sql_fail(store, code, err);
    sqlite3_busy_timeout(store->db, BUSY_MS);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    /* Cursors and registers of every statement come from here and not from malloc. */
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_LOOKASIDE, NULL, 1200, 200);
    return sql_exec(store, options->write ? WRITER_PRAGMAS : READER_PRAGMAS, err);
}

static vg_status check_version(vg_store *store, vg_error *err)
{
    int version;
    VG_TRY(store_schema_read(store, &version, err));
    if (version > VG_STORE_SCHEMA)
        return vg_fail(
            err, VG_ERR_VERSION,
            "%s: made by a newer vigil (schema %d; this one knows %d); use that version, or another "
            "workspace",
            store->folder, version, (int)VG_STORE_SCHEMA);
    if (version < VG_STORE_SCHEMA && !store->writable) {
        if (version == 0)
            return fail_absent(store->folder, err);
        return vg_fail(
            err, VG_ERR_VERSION,
            "%s: made by an older vigil (schema %d; this one reads %d); `vigil import` with anything brings "
            "it up to date",
            store->folder, version, (int)VG_STORE_SCHEMA);
    }
    return store->writable ? store_migrate(store, err) : VG_OK;
}

static void ignore_file_size_signal(void)
{
    struct sigaction action;
    if (sigaction(SIGXFSZ, NULL, &action) == 0 && action.sa_handler == SIG_DFL) {
        action.sa_handler = SIG_IGN;
        sigaction(SIGXFSZ, &action, NULL);
    }
}

static vg_status open_writer(vg_store *store, const vg_store_options *options, vg_error *err)
{
    char path[PATH_MAX];
    VG_TRY(file_path(store->folder, "vigil.db", path, err));
    if (options->create)
        VG_TRY(make_folder(store->folder, err));
    else
        VG_TRY(check_present(store->folder, path, err));
    ignore_file_size_signal();
    VG_TRY(store_lock(store->folder, options, &store->lock_fd, err));
    if (options->create)
        VG_TRY(make_file(store->folder, path, err));
    VG_TRY(open_database(store, path, options, false, err));
    return check_version(store, err);
}

static vg_status open_to_read(vg_store *store, const char *path, const vg_store_options *options,
                              bool immutable, vg_error *err)
{
    VG_TRY(open_database(store, path, options, immutable, err));
    return check_version(store, err);
}

/* A full disk has no room for the log's index file either; without a log there is nothing to index. */
static vg_status open_reader(vg_store *store, const vg_store_options *options, vg_error *err)
{
    char path[PATH_MAX];
    VG_TRY(file_path(store->folder, "vigil.db", path, err));
    if (!options->vfs)
        VG_TRY(check_present(store->folder, path, err));
    ignore_file_size_signal();
    vg_status status = open_to_read(store, path, options, is_immutable(store->folder, path), err);
    if (status != VG_ERR_FULL || has_log(store->folder))
        return status;
    sql_finalize_all(store);
    sqlite3_close(store->db);
    store->db = NULL;
    return open_to_read(store, path, options, true, err);
}

static char *copy_text(vg_str text)
{
    char *copy = malloc(text.len + 1);
    if (copy) {
        if (text.len)
            memcpy(copy, text.ptr, text.len);
        copy[text.len] = '\0';
    }
    return copy;
}

vg_status vg_store_open(vg_str dir, const vg_store_options *options, vg_store **out, vg_error *err)
{
    *out = NULL;
    if (!dir.len || memchr(dir.ptr, '\0', dir.len))
        return vg_fail(err, VG_ERR_VALUE, "not a usable path for a workspace");
    vg_store *store = calloc(1, sizeof *store);
    if (!store)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    *store = (vg_store){.lock_fd = -1, .writable = options->write, .now = options->now};
    store->folder = copy_text(dir);
    store->who = copy_text(options->who.len ? options->who : VG_STR("unknown"));
    store->command = copy_text(options->command.len ? options->command : VG_STR("vigil"));
    vg_status status;
    if (!store->folder || !store->who || !store->command)
        status = vg_fail(err, VG_ERR_MEMORY, "out of memory");
    else
        status = options->write ? open_writer(store, options, err) : open_reader(store, options, err);
    if (status != VG_OK) {
        vg_store_close(store);
        return status;
    }
    *out = store;
    return VG_OK;
}

void vg_store_close(vg_store *store)
{
    if (!store)
        return;
    vg_store_rollback(store);
    sql_finalize_all(store);
    sqlite3_close(store->db);
    store_wordings_forget(store);
    vg_buf_free(&store->wording_key);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    free(store->folder);
    free(store->who);
    free(store->command);
    free(store);
}

/* ---- batches and snapshots ------------------------------------------------------------------------------------------ */

vg_status vg_store_write(vg_store *store, vg_error *err)
{
    if (!store->writable)
        return vg_fail(err, VG_ERR_INTERNAL, "%s: opened for reading alone", store->folder);
    if (store->failure.code != VG_OK) {
        vg_error_copy(err, &store->failure);
        return store->failure.code;
    }
    if (store->in_batch)
        return VG_OK;
    VG_TRY(sql_exec(store, "BEGIN IMMEDIATE", err));
    store->in_batch = true;
    store->batch_rows = store->batch_bytes = 0;
    return VG_OK;
}

vg_status vg_store_wrote(vg_store *store, size_t bytes, vg_error *err)
{
    store->batch_rows++;
    store->batch_bytes += bytes;
    if (store->batch_rows < BATCH_ROWS && store->batch_bytes < BATCH_BYTES)
        return VG_OK;
    return vg_store_flush(store, err);
}

vg_status vg_store_flush(vg_store *store, vg_error *err)
{
    if (store->failure.code != VG_OK) {
        vg_error_copy(err, &store->failure);
        return store->failure.code;
    }
    if (!store->in_batch)
        return VG_OK;
    VG_TRY(sql_exec(store, "COMMIT", err)); /* a failed commit ends the batch: sql_fail rolls back */
    store->in_batch = false;
    return VG_OK;
}

void vg_store_rollback(vg_store *store)
{
    if (!store->in_batch)
        return;
    store->in_batch = false;
    store_wordings_forget(store);           /* their rows go with the batch */
    if (!sqlite3_get_autocommit(store->db)) /* SQLite may have rolled back by itself */
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

vg_status vg_store_read_begin(vg_store *store, vg_error *err)
{
    if (!store->writable && store->reading == 0)
        VG_TRY(sql_exec(store, "BEGIN", err));
    store->reading++;
    return VG_OK;
}

void vg_store_read_end(vg_store *store)
{
    if (--store->reading == 0 && !store->writable && !sqlite3_get_autocommit(store->db))
        sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
}

vg_str vg_store_who(const vg_store *store)
{
    return vg_str_from(store->who);
}

vg_str vg_store_command(const vg_store *store)
{
    return vg_str_from(store->command);
}

vg_str vg_store_folder(const vg_store *store)
{
    return vg_str_from(store->folder);
}

vg_time vg_store_now(const vg_store *store)
{
    return store->now;
}
