/* store_relation.c: edges between resources, each with the time from which and until which it was seen. Their ends are
 * named by shelf and id, so an edge may lead to what was never seen itself. */
#include "store/store_part.h"

static vg_status find_living(vg_store *store, const vg_store_edge *edge, int64_t *number, vg_error *err)
{
    static const char SQL[] = "SELECT number FROM relation WHERE from_shelf = ? AND from_id = ? AND kind = ?"
                              " AND to_shelf = ? AND to_id = ? AND gone IS NULL";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, edge->from_shelf);
    sql_bind_text(statement, 2, edge->from_id);
    sql_bind_text(statement, 3, edge->kind);
    sql_bind_int(statement, 4, edge->to_shelf);
    sql_bind_text(statement, 5, edge->to_id);
    bool row;
    VG_TRY(sql_step(store, statement, &row, err));
    *number = row ? sql_int(statement, 0) : 0;
    sqlite3_reset(statement);
    return VG_OK;
}

static vg_status add(vg_store *store, const vg_store_edge *edge, int64_t scope, int64_t run, vg_time observed,
                     vg_error *err)
{
    static const char SQL[] =
        "INSERT INTO relation (from_shelf, from_id, kind, to_shelf, to_id, scope, seen_run,"
        " first_seen, last_seen) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, edge->from_shelf);
    sql_bind_text(statement, 2, edge->from_id);
    sql_bind_text(statement, 3, edge->kind);
    sql_bind_int(statement, 4, edge->to_shelf);
    sql_bind_text(statement, 5, edge->to_id);
    sql_bind_int(statement, 6, scope);
    sql_bind_int(statement, 7, run);
    sql_bind_int(statement, 8, observed);
    return sql_run(store, statement, err);
}

vg_status vg_store_relation_put(vg_store *store, const vg_store_edge *edge, int64_t scope, int64_t run,
                                vg_time observed, vg_error *err)
{
    static const char SEEN[] =
        "UPDATE relation SET scope = ?2, seen_run = ?3,"
        " first_seen = CASE WHEN first_seen > ?4 THEN ?4 ELSE first_seen END,"
        " last_seen = CASE WHEN last_seen < ?4 THEN ?4 ELSE last_seen END WHERE number = ?1";
    int64_t number;
    VG_TRY(find_living(store, edge, &number, err));
    if (!number)
        return add(store, edge, scope, run, observed, err);
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SEEN, &statement, err));
    sql_bind_int(statement, 1, number);
    sql_bind_int(statement, 2, scope);
    sql_bind_int(statement, 3, run);
    sql_bind_int(statement, 4, observed);
    return sql_run(store, statement, err);
}

vg_status vg_store_relation_end_unseen(vg_store *store, int64_t scope, int64_t run, vg_time observed,
                                       uint64_t *ended, vg_error *err)
{
    static const char SQL[] = "UPDATE relation SET gone = ?3 WHERE scope = ?1 AND seen_run <> ?2 AND "
                              "last_seen < ?3 AND gone IS NULL";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, scope);
    sql_bind_int(statement, 2, run);
    sql_bind_int(statement, 3, observed);
    VG_TRY(sql_run(store, statement, err));
    *ended = (uint64_t)sqlite3_changes64(store->db);
    return VG_OK;
}

vg_status vg_store_relations(vg_store *store, const vg_store_relation_filter *filter,
                             vg_status (*sink)(void *, const vg_relation *, vg_error *), void *context,
                             vg_error *err)
{
    static const char SQL[] =
        "SELECT f.account, f.type, f.region, e.from_id, e.kind, t.account, t.type, t.region, e.to_id"
        " FROM shelf f CROSS JOIN relation e CROSS JOIN shelf t"
        " WHERE e.from_shelf = f.number AND t.number = e.to_shelf AND (?1 = '' OR e.kind = ?1)"
        " AND (?2 = '' OR f.type = ?2) AND (?3 = '' OR f.account = ?3) AND (?4 = '' OR e.from_id = ?4)"
        " AND (?5 = '' OR t.type = ?5) AND (?6 = '' OR t.account = ?6) AND (?7 = '' OR e.to_id = ?7)"
        " AND CASE WHEN ?8 IS NULL THEN e.gone IS NULL"
        " ELSE e.first_seen <= ?8 AND (e.gone IS NULL OR e.gone > ?8) END"
        " ORDER BY f.account, f.type, f.region, e.from_id, e.kind, t.account, t.type, t.region, e.to_id";
    sqlite3_stmt *statement;
    VG_TRY(sql_new(store, SQL, &statement, err));
    const vg_str texts[] = {filter->kind,    filter->from_type,  filter->from_account, filter->from_id,
                            filter->to_type, filter->to_account, filter->to_id};
    for (int i = 0; i < (int)VG_COUNT(texts); i++)
        sql_bind_text(statement, i + 1, texts[i]);
    sql_bind_time(statement, 8, filter->at);
    vg_status status;
    bool row;
    while ((status = sql_step(store, statement, &row, err)) == VG_OK && row) {
        vg_relation relation = {.from_account = sql_text(statement, 0),
                                .from_type = sql_text(statement, 1),
                                .from_region = sql_text(statement, 2),
                                .from_id = sql_text(statement, 3),
                                .kind = sql_text(statement, 4),
                                .to_account = sql_text(statement, 5),
                                .to_type = sql_text(statement, 6),
                                .to_region = sql_text(statement, 7),
                                .to_id = sql_text(statement, 8)};
        status = sink(context, &relation, err);
        if (status != VG_OK)
            break;
    }
    sqlite3_finalize(statement);
    return status;
}
