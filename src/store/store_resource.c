/* store_resource.c: resources: their state, and the reads that join it with the version in force. The layout is told in
 * store_schema.c. */
#include "store/store_part.h"

/* ---- the state ---------------------------------------------------------------------------------------------------- */

static void read_state(sqlite3_stmt *statement, vg_store_resource *out)
{
    *out = (vg_store_resource){.number = sql_int(statement, 0),
                               .shelf = sql_int(statement, 1),
                               .scope = sql_int(statement, 2),
                               .current = sql_int(statement, 3),
                               .versions = (uint32_t)sql_int(statement, 4),
                               .seen_run = sql_int(statement, 5),
                               .last_seen = sql_time(statement, 6),
                               .gone = sql_time(statement, 7)};
    sql_blob(statement, 8, out->hash, sizeof out->hash);
}

vg_status vg_store_resource_find(vg_store *store, int64_t shelf, vg_str id, vg_store_resource *out,
                                 vg_error *err)
{
    static const char SQL[] =
        "SELECT number, shelf, scope, current, versions, seen_run, last_seen, gone, hash"
        " FROM resource WHERE shelf = ? AND id = ?";
    *out = (vg_store_resource){0};
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, shelf);
    sql_bind_text(statement, 2, id);
    bool row;
    VG_TRY(sql_step(store, statement, &row, err));
    if (row)
        read_state(statement, out);
    sqlite3_reset(statement);
    return VG_OK;
}

vg_status vg_store_resource_number(vg_store *store, int64_t *number, vg_error *err)
{
    static const char SQL[] = "SELECT COALESCE(max(number), 0) FROM resource";
    if (!store->last_resource) {
        sqlite3_stmt *statement;
        bool row;
        VG_TRY(sql_get(store, SQL, &statement, err));
        VG_TRY(sql_step(store, statement, &row, err));
        store->last_resource = row ? sql_int(statement, 0) : 0;
        sqlite3_reset(statement);
    }
    *number = ++store->last_resource;
    return VG_OK;
}

vg_status vg_store_resource_add(vg_store *store, const vg_store_resource *resource, vg_str id, vg_error *err)
{
    static const char SQL[] =
        "INSERT INTO resource (number, shelf, id, scope, current, versions, seen_run, last_seen,"
        " gone, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, resource->number);
    sql_bind_int(statement, 2, resource->shelf);
    sql_bind_text(statement, 3, id);
    sql_bind_int(statement, 4, resource->scope);
    sql_bind_int(statement, 5, resource->current);
    sql_bind_int(statement, 6, resource->versions);
    sql_bind_int(statement, 7, resource->seen_run);
    sql_bind_int(statement, 8, resource->last_seen);
    sql_bind_time(statement, 9, resource->gone);
    sql_bind_blob(statement, 10, resource->hash, sizeof resource->hash);
    return sql_run(store, statement, err);
}

/* Seeing a resource again, the most common write of all, changes three columns and no index; the rest is for a new
 * version. */
vg_status vg_store_resource_set(vg_store *store, const vg_store_resource *resource, vg_error *err)
{
    static const char SQL[] =
        "UPDATE resource SET current = ?, versions = ?, seen_run = ?, last_seen = ?, gone = ?,"
        " hash = ?, scope = ? WHERE number = ?";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, resource->current);
    sql_bind_int(statement, 2, resource->versions);
    sql_bind_int(statement, 3, resource->seen_run);
    sql_bind_int(statement, 4, resource->last_seen);
    sql_bind_time(statement, 5, resource->gone);
    sql_bind_blob(statement, 6, resource->hash, sizeof resource->hash);
    sql_bind_int(statement, 7, resource->scope);
    sql_bind_int(statement, 8, resource->number);
    return sql_run(store, statement, err);
}

vg_status vg_store_resource_unseen(vg_store *store, int64_t scope, int64_t run, vg_time observed,
                                   size_t limit, vg_vec *out, vg_error *err)
{
    static const char SQL[] =
        "SELECT number, shelf, scope, current, versions, seen_run, last_seen, gone, hash"
        " FROM resource WHERE scope = ? AND seen_run <> ? AND last_seen < ? AND gone IS NULL"
        " ORDER BY number LIMIT ?";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, scope);
    sql_bind_int(statement, 2, run);
    sql_bind_int(statement, 3, observed);
    sql_bind_int(statement, 4, (int64_t)limit);
    bool row;
    for (;;) {
        VG_TRY(sql_step(store, statement, &row, err));
        if (!row)
            return VG_OK;
        vg_store_resource *item = vg_vec_push(out);
        if (!item) {
            sqlite3_reset(statement);
            return vg_fail(err, VG_ERR_MEMORY, "out of memory");
        }
        read_state(statement, item);
    }
}

/* ---- reads ------------------------------------------------------------------------------------------------------- */

/* The loops run in the order written (CROSS JOIN): shelves in the order of their unique index, then ids in that of
 * theirs, so the answer comes sorted without being gathered first. */
#define COLUMNS                                                                                              \
    "SELECT s.account, s.type, s.region, r.id, r.number, r.current, r.versions, r.last_seen, r.gone,"        \
    " v.observed, v.last_seen, v.hash, v.name, v.source, v.origin, v.properties, COALESCE(run.id, '')"
#define FROM_SHELVES " FROM shelf s CROSS JOIN resource r CROSS JOIN resource_version v"
#define WITH_RUN     " LEFT JOIN run ON run.number = v.run"
#define OF_SHELF     " WHERE r.shelf = s.number"
#define FILTERS                                                                                              \
    " AND (?1 = '' OR s.account = ?1) AND (?2 = '' OR (?3 = 0 AND s.type = ?2)"                              \
    " OR (?3 = 1 AND substr(s.type, 1, length(?2)) = ?2)) AND (?4 = 0 OR s.region = ?5) AND (?6 = '' OR "    \
    "r.id = ?6)"                                                                                             \
    " AND (?7 = '' OR (?8 = 0 AND v.source = ?7) OR (?8 = 1 AND substr(v.source, 1, length(?7)) = ?7))"
#define EXACTLY " AND s.account = ?1 AND s.type = ?2 AND s.region = ?5 AND r.id = ?6"
#define NOW     " AND v.number = r.current AND (?9 = 1 OR r.gone IS NULL)"
/* The last version with content not after the time; absent when a later one, still not after it, tells of absence. */
#define THEN                                                                                                 \
    " AND v.number = (SELECT w.number FROM resource_version w WHERE w.resource = r.number AND w.observed "   \
    "<= ?10"                                                                                                 \
    " AND (?9 = 0 OR w.is_gone = 0) ORDER BY w.observed DESC, w.number DESC LIMIT 1) AND v.is_gone = 0"
#define IN_ORDER " ORDER BY s.account, s.type, s.region, r.id"

static const char LIST_NOW[] = COLUMNS FROM_SHELVES WITH_RUN OF_SHELF FILTERS NOW IN_ORDER;
static const char LIST_THEN[] = COLUMNS FROM_SHELVES WITH_RUN OF_SHELF FILTERS THEN IN_ORDER;
static const char ONE_NOW[] = COLUMNS FROM_SHELVES WITH_RUN OF_SHELF EXACTLY NOW;
static const char ONE_THEN[] = COLUMNS FROM_SHELVES WITH_RUN OF_SHELF EXACTLY THEN;

/* A filter's text without its final '*', and whether there was one. */
static int prefix_of(vg_str *pattern)
{
    bool is_prefix = pattern->len && pattern->ptr[pattern->len - 1] == '*';
    pattern->len -= is_prefix;
    return is_prefix;
}

static void bind_filter(sqlite3_stmt *statement, const vg_store_filter *filter)
{
    vg_str type = filter->type, source = filter->source;
    int type_prefix = prefix_of(&type), source_prefix = prefix_of(&source);
    sql_bind_text(statement, 1, filter->account);
    sql_bind_text(statement, 2, type);
    sql_bind_int(statement, 3, type_prefix);
    sql_bind_int(statement, 4, filter->has_region || filter->region.len);
    sql_bind_text(statement, 5, filter->region);
    sql_bind_text(statement, 6, filter->id);
    sql_bind_text(statement, 7, source);
    sql_bind_int(statement, 8, source_prefix);
    sql_bind_int(statement, 9, filter->with_gone);
    if (filter->at != VG_TIME_NONE)
        sql_bind_int(statement, 10, filter->at);
}

static void read_row(sqlite3_stmt *statement, vg_store_row *out)
{
    *out = (vg_store_row){.resource = {.account = sql_text(statement, 0),
                                       .type = sql_text(statement, 1),
                                       .region = sql_text(statement, 2),
                                       .id = sql_text(statement, 3),
                                       .observed = sql_time(statement, 9),
                                       .name = sql_text(statement, 12),
                                       .source = sql_text(statement, 13),
                                       .origin = sql_text(statement, 14),
                                       .properties = sql_text(statement, 15)},
                          .number = sql_int(statement, 4),
                          .current = sql_int(statement, 5),
                          .version = (uint32_t)sql_int(statement, 6),
                          .last_seen = sql_time(statement, 10),
                          .gone = sql_time(statement, 8),
                          .run = sql_text(statement, 16)};
    if (out->last_seen == VG_TIME_NONE)
        out->last_seen = sql_time(statement, 7);
    sql_blob(statement, 11, out->hash, sizeof out->hash);
}

/* What the version's place in history says at `at`: its number counting from 1, when it was last seen by then, and
 * whether it was gone by then. */
static vg_status place_in_history(vg_store *store, vg_store_row *row, vg_time at, vg_error *err)
{
    static const char SQL[] =
        "SELECT sum(1 - is_gone), max(CASE WHEN is_gone = 1 AND observed >= ?3 THEN observed END)"
        " FROM resource_version WHERE resource = ?1 AND observed <= ?2";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, row->number);
    sql_bind_int(statement, 2, at);
    sql_bind_int(statement, 3, row->resource.observed);
    bool found;
    VG_TRY(sql_step(store, statement, &found, err));
    row->version = found ? (uint32_t)sql_int(statement, 0) : 0;
    row->gone = found ? sql_time(statement, 1) : VG_TIME_NONE;
    sqlite3_reset(statement);
    if (row->last_seen > at)
        row->last_seen = at;
    return VG_OK;
}

static vg_status list(vg_store *store, const char *sql, const vg_store_filter *filter,
                      vg_store_row_sink *sink, void *context, vg_error *err)
{
    sqlite3_stmt *statement;
    VG_TRY(sql_new(store, sql, &statement, err));
    bind_filter(statement, filter);
    vg_status status;
    bool more;
    while ((status = sql_step(store, statement, &more, err)) == VG_OK && more) {
        vg_store_row row;
        read_row(statement, &row);
        if (filter->at != VG_TIME_NONE)
            status = place_in_history(store, &row, filter->at, err);
        if (status == VG_OK)
            status = sink(context, &row, err);
        if (status != VG_OK)
            break;
    }
    sqlite3_finalize(statement);
    return status;
}

vg_status vg_store_resources(vg_store *store, const vg_store_filter *filter, vg_store_row_sink *sink,
                             void *context, vg_error *err)
{
    return list(store, filter->at == VG_TIME_NONE ? LIST_NOW : LIST_THEN, filter, sink, context, err);
}

vg_status vg_store_resource_row(vg_store *store, const vg_store_filter *filter, vg_store_row_sink *sink,
                                void *context, vg_error *err)
{
    return list(store, filter->at == VG_TIME_NONE ? ONE_NOW : ONE_THEN, filter, sink, context, err);
}

vg_status vg_store_types(vg_store *store, vg_status (*sink)(void *, vg_str type, uint64_t count, vg_error *),
                         void *context, vg_error *err)
{
    static const char SQL[] = "SELECT s.type, count(*) FROM resource r JOIN shelf s ON s.number = r.shelf"
                              " WHERE r.gone IS NULL GROUP BY s.type ORDER BY s.type";
    sqlite3_stmt *statement;
    VG_TRY(sql_new(store, SQL, &statement, err));
    vg_status status;
    bool row;
    while ((status = sql_step(store, statement, &row, err)) == VG_OK && row) {
        status = sink(context, sql_text(statement, 0), (uint64_t)sql_int(statement, 1), err);
        if (status != VG_OK)
            break;
    }
    sqlite3_finalize(statement);
    return status;
}

vg_status vg_store_accounts(vg_store *store, vg_status (*sink)(void *, vg_str account, vg_error *),
                            void *context, vg_error *err)
{
    static const char SQL[] = "SELECT DISTINCT account FROM shelf ORDER BY account";
    sqlite3_stmt *statement;
    VG_TRY(sql_new(store, SQL, &statement, err));
    vg_status status;
    bool row;
    while ((status = sql_step(store, statement, &row, err)) == VG_OK && row) {
        status = sink(context, sql_text(statement, 0), err);
        if (status != VG_OK)
            break;
    }
    sqlite3_finalize(statement);
    return status;
}
