/* store_suppression.c: suppressions: who silenced what, why, until when. They end and are never deleted. */
#include "store/store_part.h"

vg_status vg_store_suppression_add(vg_store *store, const vg_store_suppression *suppression, int64_t *number,
                                   vg_error *err)
{
    static const char SQL[] =
        "INSERT INTO suppression (finding, rule, account, resource, reason, who, created, until)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING number";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    const vg_str texts[] = {suppression->rule, suppression->account, suppression->resource,
                            suppression->reason, suppression->who};
    sql_bind_int(statement, 1, suppression->finding);
    for (int i = 0; i < (int)VG_COUNT(texts); i++)
        sql_bind_text(statement, i + 2, texts[i]);
    sql_bind_int(statement, 7, suppression->created);
    sql_bind_int(statement, 8, suppression->until);
    bool row;
    VG_TRY(sql_step(store, statement, &row, err));
    *number = row ? sql_int(statement, 0) : 0;
    return sql_run(store, statement, err);
}

vg_status vg_store_suppression_end(vg_store *store, int64_t number, vg_time ended, vg_error *err)
{
    static const char SQL[] = "UPDATE suppression SET ended = ? WHERE number = ?";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, ended);
    sql_bind_int(statement, 2, number);
    return sql_run(store, statement, err);
}

vg_status vg_store_suppressions(vg_store *store,
                                vg_status (*sink)(void *, const vg_store_suppression *, vg_error *),
                                void *context, vg_error *err)
{
    static const char SQL[] =
        "SELECT s.number, s.finding, f.id, s.rule, s.account, s.resource, s.reason, s.who,"
        " s.created, s.until, s.ended FROM suppression s"
        " LEFT JOIN finding f ON f.number = s.finding ORDER BY s.number";
    sqlite3_stmt *statement;
    VG_TRY(sql_new(store, SQL, &statement, err));
    vg_status status;
    bool row;
    while ((status = sql_step(store, statement, &row, err)) == VG_OK && row) {
        vg_store_suppression suppression = {.number = sql_int(statement, 0),
                                            .finding = sql_int(statement, 1),
                                            .rule = sql_text(statement, 3),
                                            .account = sql_text(statement, 4),
                                            .resource = sql_text(statement, 5),
                                            .reason = sql_text(statement, 6),
                                            .who = sql_text(statement, 7),
                                            .created = sql_int(statement, 8),
                                            .until = sql_int(statement, 9),
                                            .ended = sql_time(statement, 10)};
        sql_blob(statement, 2, suppression.finding_id, sizeof suppression.finding_id);
        status = sink(context, &suppression, err);
        if (status != VG_OK)
            break;
    }
    sqlite3_finalize(statement);
    return status;
}

vg_status vg_store_suppression_of(vg_store *store, int64_t finding, vg_time now, int64_t *number,
                                  vg_error *err)
{
    static const char SQL[] =
        "SELECT number FROM suppression WHERE finding = ? AND ended IS NULL AND until > ?"
        " ORDER BY number LIMIT 1";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, finding);
    sql_bind_int(statement, 2, now);
    bool row;
    VG_TRY(sql_step(store, statement, &row, err));
    *number = row ? sql_int(statement, 0) : 0;
    sqlite3_reset(statement);
    return VG_OK;
}
