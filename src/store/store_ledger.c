/* store_ledger.c: the ledger of what was offered for import, read or not. */
#include "store/store_part.h"

vg_status vg_store_ledger_add(vg_store *store, int64_t run, const vg_store_ledger_row *row, vg_error *err)
{
    static const char SQL[] = "INSERT INTO ledger (run, path, size, sha256, operation, parameter, account, "
                              "region, outcome, reason, truncated,"
                              " items, observed, recorded) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, run);
    sql_bind_text(statement, 2, row->path);
    sql_bind_int(statement, 3, (int64_t)row->size);
    sql_bind_blob(statement, 4, row->sha256, sizeof row->sha256);
    sql_bind_text(statement, 5, row->operation);
    sql_bind_text(statement, 6, row->parameter);
    sql_bind_text(statement, 7, row->account);
    sql_bind_text(statement, 8, row->region);
    sql_bind_int(statement, 9, row->outcome);
    sql_bind_text(statement, 10, row->reason);
    sql_bind_int(statement, 11, row->truncated);
    sql_bind_int(statement, 12, (int64_t)row->items);
    sql_bind_time(statement, 13, row->observed);
    sql_bind_int(statement, 14, row->recorded);
    return sql_run(store, statement, err);
}

vg_status vg_store_ledger_holes(vg_store *store, int64_t run, vg_str operation, vg_str parameter,
                                vg_str account, vg_str region, int outcome_from, uint64_t *holes,
                                vg_error *err)
{
    static const char SQL[] = "SELECT count(*) FROM ledger WHERE operation = ? AND parameter = ? AND account "
                              "= ? AND region = ? AND run = ?"
                              " AND (truncated <> 0 OR outcome >= ?)";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_text(statement, 1, operation);
    sql_bind_text(statement, 2, parameter);
    sql_bind_text(statement, 3, account);
    sql_bind_text(statement, 4, region);
    sql_bind_int(statement, 5, run);
    sql_bind_int(statement, 6, outcome_from);
    bool row;
    VG_TRY(sql_step(store, statement, &row, err));
    *holes = row ? (uint64_t)sql_int(statement, 0) : 0;
    sqlite3_reset(statement);
    return VG_OK;
}

#define COLUMNS                                                                                              \
    "SELECT run.id, l.path, l.size, l.sha256, l.operation, l.parameter, l.account, l.region, l.outcome, "    \
    "l.reason,"                                                                                              \
    " l.truncated, l.items, l.observed, l.recorded FROM ledger l JOIN run ON run.number = l.run"

static const char OF_RUN[] = COLUMNS " WHERE run.id = ?1 ORDER BY l.number";
/* `part` is the path where there is no scope to go by. */
static const char STANDING[] =
    COLUMNS " JOIN (SELECT operation, parameter, account, region, CASE WHEN operation = '' THEN path ELSE '' "
            "END AS part,"
            " max(run) AS run FROM ledger GROUP BY operation, parameter, account, region, part) n"
            " ON n.operation = l.operation AND n.parameter = l.parameter AND n.account = l.account AND "
            "n.region = l.region"
            " AND n.run = l.run AND (l.operation <> '' OR n.part = l.path) ORDER BY l.number";

vg_status vg_store_ledger(vg_store *store, vg_str run,
                          vg_status (*sink)(void *, const vg_store_ledger_row *, vg_error *), void *context,
                          vg_error *err)
{
    sqlite3_stmt *statement;
    VG_TRY(sql_new(store, run.len ? OF_RUN : STANDING, &statement, err));
    if (run.len)
        sql_bind_text(statement, 1, run);
    vg_status status;
    bool more;
    while ((status = sql_step(store, statement, &more, err)) == VG_OK && more) {
        vg_store_ledger_row row = {.run = sql_text(statement, 0),
                                   .path = sql_text(statement, 1),
                                   .size = (uint64_t)sql_int(statement, 2),
                                   .operation = sql_text(statement, 4),
                                   .parameter = sql_text(statement, 5),
                                   .account = sql_text(statement, 6),
                                   .region = sql_text(statement, 7),
                                   .outcome = (int)sql_int(statement, 8),
                                   .reason = sql_text(statement, 9),
                                   .truncated = sql_int(statement, 10) != 0,
                                   .items = (uint64_t)sql_int(statement, 11),
                                   .observed = sql_time(statement, 12),
                                   .recorded = sql_time(statement, 13)};
        sql_blob(statement, 3, row.sha256, sizeof row.sha256);
        status = sink(context, &row, err);
        if (status != VG_OK)
            break;
    }
    sqlite3_finalize(statement);
    return status;
}
