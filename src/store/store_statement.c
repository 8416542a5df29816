/* store_statement.c: the few calls through which the nouns speak SQL, and the translation of SQLite's result codes into
 * one clear line that says what to do. Statements are prepared once and found again by the address of their text. */
#include "store/store_part.h"

#include <errno.h>
#include <sys/resource.h>

static size_t slot_of(const vg_store *store, const char *sql)
{
    size_t slot = ((uintptr_t)sql >> 4) & (STATEMENTS - 1);
    while (store->prepared[slot].sql && store->prepared[slot].sql != sql)
        slot = (slot + 1) & (STATEMENTS - 1);
    return slot;
}

vg_status sql_get(vg_store *store, const char *sql, sqlite3_stmt **out, vg_error *err)
{
    vg_prepared *prepared = &store->prepared[slot_of(store, sql)];
    if (!prepared->statement) {
        int code =
            sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared->statement, NULL);
        if (code != SQLITE_OK)
            return sql_fail(store, code, err);
        prepared->sql = sql;
    }
    *out = prepared->statement;
    return VG_OK;
}

vg_status sql_new(vg_store *store, const char *sql, sqlite3_stmt **out, vg_error *err)
{
    int code = sqlite3_prepare_v2(store->db, sql, -1, out, NULL);
    return code == SQLITE_OK ? VG_OK : sql_fail(store, code, err);
}

void sql_finalize_all(vg_store *store)
{
    for (size_t i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(store->prepared[i].statement);
        store->prepared[i] = (vg_prepared){0};
    }
}

/* Bytes bound as SQLITE_STATIC are not copied, so binding cannot fail for want of memory; a text beyond SQLite's limit
 * stays NULL and is refused by the column's NOT NULL. */
void sql_bind_text(sqlite3_stmt *statement, int at, vg_str text)
{
    sqlite3_bind_text64(statement, at, text.ptr ? text.ptr : "", text.len, SQLITE_STATIC, SQLITE_UTF8);
}

void sql_bind_blob(sqlite3_stmt *statement, int at, const void *bytes, size_t len)
{
    sqlite3_bind_blob64(statement, at, bytes, len, SQLITE_STATIC);
}

void sql_bind_time(sqlite3_stmt *statement, int at, vg_time time)
{
    if (time == VG_TIME_NONE)
        sqlite3_bind_null(statement, at);
    else
        sqlite3_bind_int64(statement, at, time);
}

vg_str sql_text(sqlite3_stmt *statement, int at)
{
    const char *text = (const char *)sqlite3_column_text(statement, at);
    return vg_str_of(text, text ? (size_t)sqlite3_column_bytes(statement, at) : 0);
}

vg_time sql_time(sqlite3_stmt *statement, int at)
{
    bool is_null = sqlite3_column_type(statement, at) == SQLITE_NULL;
    return is_null ? VG_TIME_NONE : sqlite3_column_int64(statement, at);
}

void sql_blob(sqlite3_stmt *statement, int at, uint8_t *out, size_t len)
{
    const void *bytes = sqlite3_column_blob(statement, at);
    size_t have = bytes ? (size_t)sqlite3_column_bytes(statement, at) : 0;
    memset(out, 0, len);
    if (have)
        memcpy(out, bytes, have < len ? have : len);
}

vg_status sql_step(vg_store *store, sqlite3_stmt *statement, bool *row, vg_error *err)
{
    int code = sqlite3_step(statement);
    *row = code == SQLITE_ROW;
    if (*row)
        return VG_OK;
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? VG_OK : sql_fail(store, code, err);
}

vg_status sql_run(vg_store *store, sqlite3_stmt *statement, vg_error *err)
{
    int code = sqlite3_step(statement);
    sqlite3_reset(statement);
    return code == SQLITE_DONE || code == SQLITE_ROW ? VG_OK : sql_fail(store, code, err);
}

vg_status sql_exec(vg_store *store, const char *sql, vg_error *err)
{
    int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? VG_OK : sql_fail(store, code, err);
}

/* A file size limit and a quota are full disks to whoever must do something about them, but SQLite calls them I/O
 * errors, and by the time that it has rolled back, errno may say something else: hence the look at the limit itself. */
static bool is_full(vg_store *store, int code)
{
    struct rlimit limit;
    int number = sqlite3_system_errno(store->db);
    if ((code & 0xff) == SQLITE_FULL)
        return true;
    if ((code & 0xff) != SQLITE_IOERR)
        return false;
    if (number == ENOSPC || number == EFBIG || number == EDQUOT)
        return true;
    bool is_limited = getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
    return is_limited && (code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_SHMSIZE);
}

static vg_status translate(vg_store *store, int code, vg_error *err)
{
    if (is_full(store, code))
        return vg_fail(
            err, VG_ERR_FULL,
            "%s: no space left for the workspace; free some space and run this again (what was stored "
            "before is kept)",
            store->folder);
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return vg_fail(err, VG_ERR_MEMORY, "%s: out of memory in the store", store->folder);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return vg_fail(err, VG_ERR_BUSY, "%s: the store is held by another program; try again",
                       store->folder);
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
        return vg_fail(err, VG_ERR_DENIED,
                       "%s: no permission to write the store; check the folder's owner and mode",
                       store->folder);
    case SQLITE_CANTOPEN:
        return vg_fail(err, VG_ERR_DENIED,
                       "%s: the store cannot be opened; check the folder's owner and mode", store->folder);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return vg_fail(
            err, VG_ERR_CORRUPT,
            "%s: the store is damaged (%s); keep a copy, run `vigil doctor`, and import again into a new "
            "workspace",
            store->folder, sqlite3_errstr(code));
    case SQLITE_TOOBIG:
        return vg_fail(err, VG_ERR_LIMIT, "%s: a value is too large to be stored", store->folder);
    case SQLITE_IOERR:
        return vg_fail(err, VG_ERR_IO, "%s: the store cannot be read or written (%s)", store->folder,
                       sqlite3_errstr(code));
    default:
        return vg_fail(err, VG_ERR_INTERNAL, "%s: the store answered: %s", store->folder,
                       sqlite3_errmsg(store->db));
    }
}

vg_status sql_fail(vg_store *store, int code, vg_error *err)
{
    vg_error scratch;
    vg_error *to = err ? err : &scratch;
    vg_status status = translate(
        store, sqlite3_extended_errcode(store->db) ? sqlite3_extended_errcode(store->db) : code, to);
    if (store->in_batch) {
        vg_error_copy(&store->failure, to);
        vg_store_rollback(store);
    }
    return status;
}
