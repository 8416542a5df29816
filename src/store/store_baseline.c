/* store_baseline.c: named baselines. Versions never change, so a baseline is a list of version numbers; drift is where
 * the current version is another one with other content. Facts are conclusions, not state, and are left out. */
#include "store/store_part.h"

#define NO_FACTS " NOT IN (SELECT number FROM scope WHERE substr(operation, 1, 5) = 'fact:')"

vg_status vg_store_baseline_find(vg_store *store, vg_str name, int64_t *number, vg_error *err)
{
    static const char SQL[] = "SELECT number FROM baseline WHERE name = ?";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_text(statement, 1, name);
    bool row;
    VG_TRY(sql_step(store, statement, &row, err));
    *number = row ? sql_int(statement, 0) : 0;
    sqlite3_reset(statement);
    return VG_OK;
}

static vg_status add_baseline(vg_store *store, vg_str name, vg_str who, vg_time now, int64_t *number,
                              vg_error *err)
{
    static const char SQL[] =
        "INSERT INTO baseline (name, who, created, items) VALUES (?, ?, ?, 0)"
        " ON CONFLICT (name) DO UPDATE SET who = excluded.who, created = excluded.created"
        " RETURNING number";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_text(statement, 1, name);
    sql_bind_text(statement, 2, who);
    sql_bind_int(statement, 3, now);
    bool row;
    VG_TRY(sql_step(store, statement, &row, err));
    *number = row ? sql_int(statement, 0) : 0;
    return sql_run(store, statement, err);
}

static vg_status run_on(vg_store *store, const char *sql, int64_t number, int64_t second, vg_error *err)
{
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, sql, &statement, err));
    sql_bind_int(statement, 1, number);
    if (sqlite3_bind_parameter_count(statement) > 1)
        sql_bind_int(statement, 2, second);
    return sql_run(store, statement, err);
}

vg_status vg_store_baseline_set(vg_store *store, vg_str name, vg_str who, vg_time now, uint64_t *items,
                                vg_error *err)
{
    static const char CLEAR[] = "DELETE FROM baseline_item WHERE baseline = ?";
    static const char FILL[] =
        "INSERT INTO baseline_item (baseline, resource, version)"
        " SELECT ?, number, current FROM resource WHERE gone IS NULL AND scope" NO_FACTS;
    static const char COUNT[] = "UPDATE baseline SET items = ?2 WHERE number = ?1";
    int64_t number;
    VG_TRY(add_baseline(store, name, who, now, &number, err));
    VG_TRY(run_on(store, CLEAR, number, 0, err));
    VG_TRY(run_on(store, FILL, number, 0, err));
    *items = (uint64_t)sqlite3_changes64(store->db);
    return run_on(store, COUNT, number, (int64_t)*items, err);
}

vg_status vg_store_baselines(vg_store *store,
                             vg_status (*sink)(void *, const vg_store_baseline_row *, vg_error *),
                             void *context, vg_error *err)
{
    static const char SQL[] = "SELECT name, who, created, items FROM baseline ORDER BY name";
    sqlite3_stmt *statement;
    VG_TRY(sql_new(store, SQL, &statement, err));
    vg_status status;
    bool more;
    while ((status = sql_step(store, statement, &more, err)) == VG_OK && more) {
        vg_store_baseline_row row = {.name = sql_text(statement, 0),
                                     .who = sql_text(statement, 1),
                                     .created = sql_time(statement, 2),
                                     .items = (uint64_t)sql_int(statement, 3)};
        status = sink(context, &row, err);
        if (status != VG_OK)
            break;
    }
    sqlite3_finalize(statement);
    return status;
}

/* The old side is there when the baseline has the resource, the new one when it still exists. */
static const char DRIFT[] =
    "SELECT s.account, s.type, s.region, r.id, new.name, old.properties,"
    " CASE WHEN r.gone IS NULL THEN new.properties END, COALESCE(r.gone, new.observed)"
    " FROM shelf s CROSS JOIN resource r"
    " LEFT JOIN baseline_item i ON i.baseline = ? AND i.resource = r.number"
    " LEFT JOIN resource_version old ON old.number = i.version"
    " LEFT JOIN resource_version new ON new.number = r.current"
    " WHERE r.shelf = s.number AND r.scope" NO_FACTS " AND CASE WHEN i.version IS NULL THEN r.gone IS NULL"
    "  WHEN r.gone IS NOT NULL THEN 1 WHEN i.version = r.current THEN 0 ELSE old.hash <> r.hash END"
    " ORDER BY s.account, s.type, s.region, r.id";

vg_status vg_store_drift(vg_store *store, int64_t baseline,
                         vg_status (*sink)(void *, const vg_store_drift_row *, vg_error *), void *context,
                         vg_error *err)
{
    sqlite3_stmt *statement;
    VG_TRY(sql_new(store, DRIFT, &statement, err));
    sql_bind_int(statement, 1, baseline);
    vg_status status;
    bool more;
    while ((status = sql_step(store, statement, &more, err)) == VG_OK && more) {
        vg_store_drift_row row = {.account = sql_text(statement, 0),
                                  .type = sql_text(statement, 1),
                                  .region = sql_text(statement, 2),
                                  .id = sql_text(statement, 3),
                                  .name = sql_text(statement, 4),
                                  .old_properties = sql_text(statement, 5),
                                  .new_properties = sql_text(statement, 6),
                                  .when = sql_time(statement, 7)};
        status = sink(context, &row, err);
        if (status != VG_OK)
            break;
    }
    sqlite3_finalize(statement);
    return status;
}
