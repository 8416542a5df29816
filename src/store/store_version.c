/* store_version.c: the versions of resources: content, written once and never changed, in the order of its own time. */
#include "store/store_part.h"

vg_status vg_store_version_add(vg_store *store, const vg_store_version *version, int64_t *number,
                               vg_error *err)
{
    static const char SQL[] =
        "INSERT INTO resource_version (resource, run, observed, last_seen, is_gone, hash, name,"
        " source, origin, properties) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, version->resource);
    sql_bind_int(statement, 2, version->run);
    sql_bind_int(statement, 3, version->observed);
    sql_bind_time(statement, 4, version->last_seen);
    sql_bind_int(statement, 5, version->is_gone);
    sql_bind_blob(statement, 6, version->hash, sizeof version->hash);
    sql_bind_text(statement, 7, version->name);
    sql_bind_text(statement, 8, version->source);
    sql_bind_text(statement, 9, version->origin);
    sql_bind_text(statement, 10, version->properties);
    bool row;
    VG_TRY(sql_step(store, statement, &row, err));
    *number = row ? sql_int(statement, 0) : 0;
    return sql_run(store, statement, err);
}

vg_status vg_store_version_copy(vg_store *store, int64_t number, vg_time observed, vg_time last_seen,
                                int64_t *copy, vg_error *err)
{
    static const char SQL[] =
        "INSERT INTO resource_version (resource, run, observed, last_seen, is_gone, hash, name,"
        " source, origin, properties) SELECT resource, run, ?, ?, is_gone, hash, name, source,"
        " origin, properties FROM resource_version WHERE number = ? RETURNING number";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, observed);
    sql_bind_time(statement, 2, last_seen);
    sql_bind_int(statement, 3, number);
    bool row;
    VG_TRY(sql_step(store, statement, &row, err));
    *copy = row ? sql_int(statement, 0) : 0;
    return sql_run(store, statement, err);
}

vg_status vg_store_version_set_seen(vg_store *store, int64_t number, vg_time last_seen, vg_error *err)
{
    static const char SQL[] = "UPDATE resource_version SET last_seen = ? WHERE number = ?";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_time(statement, 1, last_seen);
    sql_bind_int(statement, 2, number);
    return sql_run(store, statement, err);
}

vg_status vg_store_version_at(vg_store *store, int64_t resource, vg_time at, vg_store_version *out,
                              vg_error *err)
{
    static const char SQL[] =
        "SELECT number, run, observed, last_seen, is_gone, hash FROM resource_version"
        " WHERE resource = ? AND observed <= ? ORDER BY observed DESC, number DESC LIMIT 1";
    *out = (vg_store_version){0};
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, resource);
    sql_bind_int(statement, 2, at);
    bool row;
    VG_TRY(sql_step(store, statement, &row, err));
    if (row) {
        *out = (vg_store_version){.number = sql_int(statement, 0),
                                  .resource = resource,
                                  .run = sql_int(statement, 1),
                                  .observed = sql_time(statement, 2),
                                  .last_seen = sql_time(statement, 3),
                                  .is_gone = sql_int(statement, 4) != 0};
        sql_blob(statement, 5, out->hash, sizeof out->hash);
    }
    sqlite3_reset(statement);
    return VG_OK;
}

vg_status vg_store_version_known(vg_store *store, int64_t resource, vg_time observed, const uint8_t hash[32],
                                 bool *known, vg_error *err)
{
    static const char SQL[] =
        "SELECT 1 FROM resource_version WHERE resource = ? AND observed = ? AND hash = ?"
        " AND is_gone = 0 LIMIT 1";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, resource);
    sql_bind_int(statement, 2, observed);
    sql_bind_blob(statement, 3, hash, 32);
    VG_TRY(sql_step(store, statement, known, err));
    sqlite3_reset(statement);
    return VG_OK;
}

vg_status vg_store_history(vg_store *store, int64_t resource, vg_store_row_sink *sink, void *context,
                           vg_error *err)
{
    static const char SQL[] =
        "SELECT s.account, s.type, s.region, r.id, v.number, v.observed, COALESCE(v.last_seen, r.last_seen), "
        "v.is_gone,"
        " v.hash, v.name, v.source, v.origin, v.properties, COALESCE(run.id, '')"
        " FROM resource_version v JOIN resource r ON r.number = v.resource JOIN shelf s ON s.number = r.shelf"
        " LEFT JOIN run ON run.number = v.run WHERE v.resource = ? ORDER BY v.observed, v.number";
    sqlite3_stmt *statement;
    VG_TRY(sql_new(store, SQL, &statement, err));
    sql_bind_int(statement, 1, resource);
    vg_status status;
    bool more;
    uint32_t version = 0;
    while ((status = sql_step(store, statement, &more, err)) == VG_OK && more) {
        bool is_gone = sql_int(statement, 7) != 0;
        version += !is_gone;
        vg_store_row row = {.resource = {.account = sql_text(statement, 0),
                                         .type = sql_text(statement, 1),
                                         .region = sql_text(statement, 2),
                                         .id = sql_text(statement, 3),
                                         .observed = sql_time(statement, 5),
                                         .name = sql_text(statement, 9),
                                         .source = sql_text(statement, 10),
                                         .origin = sql_text(statement, 11),
                                         .properties = sql_text(statement, 12)},
                            .number = resource,
                            .current = sql_int(statement, 4),
                            .version = version,
                            .last_seen = sql_time(statement, 6),
                            .gone = is_gone ? sql_time(statement, 5) : VG_TIME_NONE,
                            .run = sql_text(statement, 13)};
        sql_blob(statement, 8, row.hash, sizeof row.hash);
        status = sink(context, &row, err);
        if (status != VG_OK)
            break;
    }
    sqlite3_finalize(statement);
    return status;
}
