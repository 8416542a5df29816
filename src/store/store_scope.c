/* store_scope.c: shelves and scopes, the two things that many rows share and therefore name by a number. */
#include "store/store_part.h"

/* Finds the row of `texts` by `find`, or adds it by `add` when that is not NULL. */
static vg_status find_or_add(vg_store *store, const char *find, const char *add, const vg_str *texts,
                             int count, int64_t *number, vg_error *err)
{
    const char *const both[] = {find, add};
    *number = 0;
    for (size_t i = 0; i < 2 && both[i] && !*number; i++) {
        sqlite3_stmt *statement;
        bool row;
        VG_TRY(sql_get(store, both[i], &statement, err));
        for (int k = 0; k < count; k++)
            sql_bind_text(statement, k + 1, texts[k]);
        VG_TRY(sql_step(store, statement, &row, err));
        if (!row)
            continue;
        *number = sql_int(statement, 0);
        VG_TRY(sql_run(store, statement, err));
    }
    return VG_OK;
}

vg_status vg_store_shelf(vg_store *store, vg_str account, vg_str type, vg_str region, bool make,
                         int64_t *number, vg_error *err)
{
    static const char FIND[] = "SELECT number FROM shelf WHERE account = ? AND type = ? AND region = ?";
    static const char ADD[] = "INSERT INTO shelf (account, type, region) VALUES (?, ?, ?) RETURNING number";
    const vg_str texts[] = {account, type, region};
    return find_or_add(store, FIND, make ? ADD : NULL, texts, 3, number, err);
}

vg_status vg_store_scope(vg_store *store, vg_str operation, vg_str parameter, vg_str account, vg_str region,
                         int64_t *number, vg_error *err)
{
    static const char FIND[] =
        "SELECT number FROM scope WHERE operation = ? AND parameter = ? AND account = ? AND region = ?";
    static const char ADD[] =
        "INSERT INTO scope (operation, parameter, account, region) VALUES (?, ?, ?, ?) RETURNING number";
    const vg_str texts[] = {operation, parameter, account, region};
    return find_or_add(store, FIND, ADD, texts, 4, number, err);
}
