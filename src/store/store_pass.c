/* store_pass.c: evaluations that passed for a finding that is open. They resolve it when their run completes, and are
 * forgotten when it does not; that they lie in the store makes a run of any size end in constant memory, and lets the
 * next run finish what a crash after the run's end left over. */
#include "store/store_part.h"

vg_status vg_store_pass_add(vg_store *store, int64_t run, int64_t finding, vg_str note, vg_error *err)
{
    static const char SQL[] = "INSERT INTO finding_pass (run, finding, note) VALUES (?, ?, ?)"
                              " ON CONFLICT (run, finding) DO NOTHING";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, run);
    sql_bind_int(statement, 2, finding);
    sql_bind_text(statement, 3, note);
    return sql_run(store, statement, err);
}

vg_status vg_store_pass_remove(vg_store *store, int64_t run, int64_t finding, vg_error *err)
{
    static const char SQL[] = "DELETE FROM finding_pass WHERE run = ? AND finding = ?";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, run);
    sql_bind_int(statement, 2, finding);
    return sql_run(store, statement, err);
}

vg_status vg_store_passes(vg_store *store, int64_t run, size_t limit, vg_vec *out, vg_error *err)
{
    static const char SQL[] = "SELECT finding, note FROM finding_pass WHERE run = ? ORDER BY finding LIMIT ?";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, run);
    sql_bind_int(statement, 2, (int64_t)limit);
    bool row;
    for (;;) {
        VG_TRY(sql_step(store, statement, &row, err));
        if (!row)
            return VG_OK;
        vg_store_pass *pass = vg_vec_push(out);
        if (pass)
            *pass = (vg_store_pass){sql_int(statement, 0), vg_arena_str(out->arena, sql_text(statement, 1))};
        if (!pass || !pass->note.ptr) {
            sqlite3_reset(statement);
            return vg_fail(err, VG_ERR_MEMORY, "out of memory");
        }
    }
}

vg_status vg_store_pass_drop_unfinished(vg_store *store, int64_t running, vg_error *err)
{
    static const char SQL[] = "DELETE FROM finding_pass WHERE run <> ? AND run NOT IN"
                              " (SELECT number FROM run WHERE complete = 1)";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, running);
    return sql_run(store, statement, err);
}

vg_status vg_store_pass_left_over(vg_store *store, int64_t *run, vg_time *finished, vg_error *err)
{
    static const char SQL[] = "SELECT p.run, run.finished FROM finding_pass p JOIN run ON run.number = p.run"
                              " WHERE run.complete = 1 ORDER BY p.run LIMIT 1";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    bool row;
    VG_TRY(sql_step(store, statement, &row, err));
    *run = row ? sql_int(statement, 0) : 0;
    *finished = row ? sql_time(statement, 1) : VG_TIME_NONE;
    sqlite3_reset(statement);
    return VG_OK;
}
