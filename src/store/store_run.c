/* store_run.c: runs (one execution of an import or an assessment) and the audit log (who did what). */
#include "store/store_part.h"

vg_status vg_store_run_add(vg_store *store, const vg_store_run *run, int64_t *number, vg_error *err)
{
    static const char SQL[] = "INSERT INTO run (id, kind, who, command, started, finished, complete)"
                              " VALUES (?, ?, ?, ?, ?, NULL, 0) ON CONFLICT (id) DO NOTHING RETURNING number";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_text(statement, 1, run->id);
    sql_bind_text(statement, 2, run->kind);
    sql_bind_text(statement, 3, vg_store_who(store));
    sql_bind_text(statement, 4, vg_store_command(store));
    sql_bind_int(statement, 5, run->started);
    bool row;
    VG_TRY(sql_step(store, statement, &row, err));
    if (!row)
        return vg_fail(err, VG_ERR_VALUE, "a run with the id %.*s exists already", VG_ARG(run->id));
    *number = sql_int(statement, 0);
    return sql_run(store, statement, err);
}

vg_status vg_store_run_finish(vg_store *store, int64_t number, vg_time finished, bool complete, vg_error *err)
{
    static const char SQL[] = "UPDATE run SET finished = ?, complete = ? WHERE number = ?";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, finished);
    sql_bind_int(statement, 2, complete);
    sql_bind_int(statement, 3, number);
    return sql_run(store, statement, err);
}

vg_status vg_store_runs(vg_store *store, vg_status (*sink)(void *, const vg_store_run *, vg_error *),
                        void *context, vg_error *err)
{
    static const char SQL[] = "SELECT number, id, kind, who, command, started, finished, complete FROM run"
                              " ORDER BY number";
    sqlite3_stmt *statement;
    VG_TRY(sql_new(store, SQL, &statement, err));
    vg_status status;
    bool row;
    while ((status = sql_step(store, statement, &row, err)) == VG_OK && row) {
        vg_store_run run = {.number = sql_int(statement, 0),
                            .id = sql_text(statement, 1),
                            .kind = sql_text(statement, 2),
                            .who = sql_text(statement, 3),
                            .command = sql_text(statement, 4),
                            .started = sql_time(statement, 5),
                            .finished = sql_time(statement, 6),
                            .complete = sql_int(statement, 7) != 0};
        status = sink(context, &run, err);
        if (status != VG_OK)
            break;
    }
    sqlite3_finalize(statement);
    return status;
}

vg_status vg_store_audit_add(vg_store *store, vg_time at, vg_str who, const char *action, vg_str target,
                             vg_str detail, vg_error *err)
{
    static const char SQL[] =
        "INSERT INTO audit (at, who, command, action, target, detail) VALUES (?, ?, ?, ?, ?, ?)";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, at);
    sql_bind_text(statement, 2, who.len ? who : vg_store_who(store));
    sql_bind_text(statement, 3, vg_store_command(store));
    sql_bind_text(statement, 4, vg_str_from(action));
    sql_bind_text(statement, 5, target);
    sql_bind_text(statement, 6, detail);
    return sql_run(store, statement, err);
}

vg_status vg_store_audit(vg_store *store, vg_status (*sink)(void *, const vg_store_audit_row *, vg_error *),
                         void *context, vg_error *err)
{
    static const char SQL[] =
        "SELECT number, at, who, command, action, target, detail FROM audit ORDER BY number";
    sqlite3_stmt *statement;
    VG_TRY(sql_new(store, SQL, &statement, err));
    vg_status status;
    bool row;
    while ((status = sql_step(store, statement, &row, err)) == VG_OK && row) {
        vg_store_audit_row entry = {.number = sql_int(statement, 0),
                                    .at = sql_time(statement, 1),
                                    .who = sql_text(statement, 2),
                                    .command = sql_text(statement, 3),
                                    .action = sql_text(statement, 4),
                                    .target = sql_text(statement, 5),
                                    .detail = sql_text(statement, 6)};
        status = sink(context, &entry, err);
        if (status != VG_OK)
            break;
    }
    sqlite3_finalize(statement);
    return status;
}
