/* store_log.c: the log files that were ingested, and the index files that tell of them. */
#include "store/store_part.h"

#define COLUMNS "key, size, modified, sha256, outcome, reason, events, bad, log_index, recorded"

static void read_log(sqlite3_stmt *statement, vg_store_log *out)
{
    *out = (vg_store_log){.key = sql_text(statement, 0),
                          .size = (uint64_t)sql_int(statement, 1),
                          .modified = sql_time(statement, 2),
                          .outcome = sql_text(statement, 4),
                          .reason = sql_text(statement, 5),
                          .events = (uint64_t)sql_int(statement, 6),
                          .bad = (uint64_t)sql_int(statement, 7),
                          .index = sql_int(statement, 8),
                          .recorded = sql_time(statement, 9)};
    sql_blob(statement, 3, out->sha256, sizeof out->sha256);
}

vg_status vg_store_log_find(vg_store *store, vg_arena *arena, vg_str key, vg_store_log *out, bool *found,
                            vg_error *err)
{
    static const char SQL[] = "SELECT " COLUMNS " FROM log WHERE key = ?";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_text(statement, 1, key);
    VG_TRY(sql_step(store, statement, found, err));
    bool good = true;
    if (*found) {
        read_log(statement, out);
        vg_str *const texts[] = {&out->key, &out->outcome, &out->reason};
        for (size_t i = 0; i < VG_COUNT(texts); i++) {
            *texts[i] = vg_arena_str(arena, *texts[i]);
            good = good && texts[i]->ptr;
        }
    }
    sqlite3_reset(statement);
    return good ? VG_OK : vg_fail(err, VG_ERR_MEMORY, "memory ran out");
}

vg_status vg_store_log_put(vg_store *store, const vg_store_log *log, vg_error *err)
{
    static const char SQL[] =
        "INSERT INTO log (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET"
        " size = excluded.size, modified = excluded.modified, sha256 = excluded.sha256,"
        " outcome = excluded.outcome, reason = excluded.reason, events = excluded.events, bad = excluded.bad,"
        " log_index = excluded.log_index, recorded = excluded.recorded";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_text(statement, 1, log->key);
    sql_bind_int(statement, 2, (int64_t)log->size);
    sql_bind_time(statement, 3, log->modified);
    sql_bind_blob(statement, 4, log->sha256, sizeof log->sha256);
    sql_bind_text(statement, 5, log->outcome);
    sql_bind_text(statement, 6, log->reason);
    sql_bind_int(statement, 7, (int64_t)log->events);
    sql_bind_int(statement, 8, (int64_t)log->bad);
    sql_bind_int(statement, 9, log->index);
    sql_bind_time(statement, 10, log->recorded);
    return sql_run(store, statement, err);
}

vg_status vg_store_logs(vg_store *store, int64_t index,
                        vg_status (*sink)(void *, const vg_store_log *, vg_error *), void *context,
                        vg_error *err)
{
    static const char ALL[] = "SELECT " COLUMNS " FROM log ORDER BY key";
    static const char OF_INDEX[] = "SELECT " COLUMNS " FROM log WHERE log_index = ? ORDER BY key";
    sqlite3_stmt *statement;
    bool more;
    VG_TRY(sql_new(store, index < 0 ? ALL : OF_INDEX, &statement, err));
    if (index >= 0)
        sql_bind_int(statement, 1, index);
    vg_status status;
    while ((status = sql_step(store, statement, &more, err)) == VG_OK && more) {
        vg_store_log log;
        read_log(statement, &log);
        status = sink(context, &log, err);
        if (status != VG_OK)
            break;
    }
    sqlite3_finalize(statement);
    return status;
}

/* ---- index files -------------------------------------------------------------------------------------------------- */

vg_status vg_store_log_index_next(vg_store *store, int64_t *number, vg_error *err)
{
    static const char SQL[] = "SELECT 1 + max((SELECT coalesce(max(number), 0) FROM log_index),"
                              " (SELECT coalesce(max(log_index), 0) FROM log))";
    sqlite3_stmt *statement;
    bool row;
    VG_TRY(sql_get(store, SQL, &statement, err));
    VG_TRY(sql_step(store, statement, &row, err));
    *number = row ? sql_int(statement, 0) : 1;
    sqlite3_reset(statement);
    return VG_OK;
}

vg_status vg_store_log_index_put(vg_store *store, const vg_store_log_index *index, vg_error *err)
{
    static const char SQL[] = "INSERT INTO log_index (number, file, bytes, objects, events, first, last)"
                              " VALUES (?, ?, ?, ?, ?, ?, ?)";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, index->number);
    sql_bind_text(statement, 2, index->file);
    sql_bind_int(statement, 3, (int64_t)index->bytes);
    sql_bind_int(statement, 4, (int64_t)index->objects);
    sql_bind_int(statement, 5, (int64_t)index->events);
    sql_bind_time(statement, 6, index->first);
    sql_bind_time(statement, 7, index->last);
    return sql_run(store, statement, err);
}

vg_status vg_store_log_index_drop(vg_store *store, int64_t number, int64_t to, vg_error *err)
{
    static const char DROP[] = "DELETE FROM log_index WHERE number = ?";
    /* A size that no file has makes the next ingest read it again. */
    static const char MOVE[] = "UPDATE log SET log_index = ?, size = CASE WHEN ?1 = 0 THEN -1 ELSE size END"
                               " WHERE log_index = ?";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, DROP, &statement, err));
    sql_bind_int(statement, 1, number);
    VG_TRY(sql_run(store, statement, err));
    VG_TRY(sql_get(store, MOVE, &statement, err));
    sql_bind_int(statement, 1, to);
    sql_bind_int(statement, 2, number);
    return sql_run(store, statement, err);
}

vg_status vg_store_log_indexes(vg_store *store,
                               vg_status (*sink)(void *, const vg_store_log_index *, vg_error *),
                               void *context, vg_error *err)
{
    static const char SQL[] =
        "SELECT number, file, bytes, objects, events, first, last FROM log_index ORDER BY number";
    sqlite3_stmt *statement;
    bool more;
    VG_TRY(sql_new(store, SQL, &statement, err));
    vg_status status;
    while ((status = sql_step(store, statement, &more, err)) == VG_OK && more) {
        const vg_store_log_index index = {.number = sql_int(statement, 0),
                                          .file = sql_text(statement, 1),
                                          .bytes = (uint64_t)sql_int(statement, 2),
                                          .objects = (uint64_t)sql_int(statement, 3),
                                          .events = (uint64_t)sql_int(statement, 4),
                                          .first = sql_time(statement, 5),
                                          .last = sql_time(statement, 6)};
        status = sink(context, &index, err);
        if (status != VG_OK)
            break;
    }
    sqlite3_finalize(statement);
    return status;
}
