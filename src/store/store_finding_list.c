/* store_finding_list.c: findings, many at a time: lists in a fixed order, totals, and the sets that workflow needs. */
#include "store/store_part.h"

#define RULE    "COALESCE(w.rule, t.rule)"
#define PRODUCT "COALESCE(w.product, t.product)"
#define ROW                                                                                                  \
    "SELECT f.number, f.workflow, f.verdict, f.severity, f.reopened, f.events, f.run, f.suppression,"        \
    " f.first_seen, f.last_seen, f.opened, f.id, " RULE ", " PRODUCT ", COALESCE(w.title, t.title),"         \
    " t.message, COALESCE(w.remediation, t.remediation), p.resource_type, p.account, p.region,"              \
    " t.resource_id, t.resource_name, t.sub_key, t.evidence, COALESCE(run.id, ''), COALESCE(s.reason, ''),"  \
    " s.until FROM finding f CROSS JOIN finding_text t CROSS JOIN finding_place p"                           \
    " LEFT JOIN finding_wording w ON w.number = t.wording LEFT JOIN run ON run.number = f.run"               \
    " LEFT JOIN suppression s ON s.number = f.suppression WHERE t.number = f.number AND p.number = t.place"
#define FILTERS                                                                                              \
    " AND f.severity >= ?1 AND (?2 = '' OR " RULE " = ?2) AND (?3 = '' OR p.account = ?3)"                   \
    " AND (?4 = '' OR p.region = ?4) AND (?5 = '' OR t.resource_id = ?5)"                                    \
    " AND (?6 = '' OR p.resource_type = ?6) AND (?7 = '' OR " PRODUCT " = ?7)"                               \
    " AND (?8 IS NULL OR f.last_seen >= ?8)"

static const char BY_AGE[] = ROW FILTERS " ORDER BY f.number";
static const char BY_SEVERITY[] =
    ROW FILTERS " ORDER BY f.severity DESC, " RULE ", p.account, p.region, p.resource_type,"
                " t.resource_id, t.sub_key";
static const char BETWEEN[] = ROW " AND f.id BETWEEN ?1 AND ?2 ORDER BY f.id";

static void read_row(sqlite3_stmt *statement, vg_store_finding_row *out)
{
    *out = (vg_store_finding_row){.state = {.number = sql_int(statement, 0),
                                            .workflow = (vg_workflow)sql_int(statement, 1),
                                            .verdict = (vg_verdict)sql_int(statement, 2),
                                            .severity = (vg_severity)sql_int(statement, 3),
                                            .reopened = (uint32_t)sql_int(statement, 4),
                                            .events = (uint32_t)sql_int(statement, 5),
                                            .run = sql_int(statement, 6),
                                            .suppression = sql_int(statement, 7),
                                            .first_seen = sql_int(statement, 8),
                                            .last_seen = sql_int(statement, 9),
                                            .opened = sql_int(statement, 10)},
                                  .suppressed_reason = sql_text(statement, 25),
                                  .suppressed_until = sql_time(statement, 26)};
    sql_blob(statement, 11, out->state.id, sizeof out->state.id);
    vg_finding *texts = &out->texts;
    vg_str *const in_order[] = {&texts->rule,        &texts->product,       &texts->title,   &texts->message,
                                &texts->remediation, &texts->resource_type, &texts->account, &texts->region,
                                &texts->resource_id, &texts->resource_name, &texts->sub_key, &texts->evidence,
                                &texts->run};
    for (int i = 0; i < (int)VG_COUNT(in_order); i++)
        *in_order[i] = sql_text(statement, 12 + i);
    texts->severity = out->state.severity;
    texts->verdict = out->state.verdict;
    texts->observed = out->state.last_seen;
}

static vg_status give_rows(vg_store *store, sqlite3_stmt *statement, vg_store_finding_sink *sink,
                           void *context, vg_error *err)
{
    vg_status status;
    bool more;
    while ((status = sql_step(store, statement, &more, err)) == VG_OK && more) {
        vg_store_finding_row row;
        read_row(statement, &row);
        status = sink(context, &row, err);
        if (status != VG_OK)
            break;
    }
    sqlite3_finalize(statement);
    return status;
}

vg_status vg_store_findings(vg_store *store, const vg_store_finding_filter *filter,
                            vg_store_finding_sink *sink, void *context, vg_error *err)
{
    sqlite3_stmt *statement;
    VG_TRY(sql_new(store, filter->by_age ? BY_AGE : BY_SEVERITY, &statement, err));
    const vg_str texts[] = {filter->rule,     filter->account,       filter->region,
                            filter->resource, filter->resource_type, filter->product};
    sql_bind_int(statement, 1, filter->min_severity);
    for (int i = 0; i < (int)VG_COUNT(texts); i++)
        sql_bind_text(statement, i + 2, texts[i]);
    sql_bind_time(statement, 8, filter->since);
    return give_rows(store, statement, sink, context, err);
}

vg_status vg_store_findings_between(vg_store *store, const uint8_t from[32], const uint8_t to[32],
                                    vg_store_finding_sink *sink, void *context, vg_error *err)
{
    sqlite3_stmt *statement;
    VG_TRY(sql_new(store, BETWEEN, &statement, err));
    sql_bind_blob(statement, 1, from, 32);
    sql_bind_blob(statement, 2, to, 32);
    return give_rows(store, statement, sink, context, err);
}

vg_status vg_store_finding_totals(vg_store *store, vg_time now,
                                  vg_status (*sink)(void *, int workflow, int severity, bool lapsed,
                                                    uint64_t count, vg_error *),
                                  void *context, vg_error *err)
{
    static const char SQL[] =
        "SELECT f.workflow, f.severity, CASE WHEN s.until <= ? THEN 1 ELSE 0 END AS lapsed, count(*)"
        " FROM finding f LEFT JOIN suppression s ON s.number = f.suppression"
        " GROUP BY f.workflow, f.severity, lapsed ORDER BY f.workflow, f.severity, lapsed";
    sqlite3_stmt *statement;
    VG_TRY(sql_new(store, SQL, &statement, err));
    sql_bind_int(statement, 1, now);
    vg_status status;
    bool row;
    while ((status = sql_step(store, statement, &row, err)) == VG_OK && row) {
        status = sink(context, (int)sql_int(statement, 0), (int)sql_int(statement, 1),
                      sql_int(statement, 2) != 0, (uint64_t)sql_int(statement, 3), err);
        if (status != VG_OK)
            break;
    }
    sqlite3_finalize(statement);
    return status;
}

vg_status vg_store_finding_numbers(vg_store *store, int64_t suppression, int64_t after, size_t limit,
                                   vg_vec *out, vg_error *err)
{
    static const char UNDER[] =
        "SELECT number FROM finding WHERE suppression = ?1 AND suppression <> 0 AND number > ?2"
        " ORDER BY number LIMIT ?3";
    static const char UNDER_NONE[] = "SELECT number FROM finding WHERE workflow <> ?1 AND suppression = 0"
                                     " AND number > ?2 ORDER BY number LIMIT ?3";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, suppression ? UNDER : UNDER_NONE, &statement, err));
    sql_bind_int(statement, 1, suppression ? suppression : VG_WORKFLOW_RESOLVED);
    sql_bind_int(statement, 2, after);
    sql_bind_int(statement, 3, (int64_t)limit);
    bool row;
    for (;;) {
        VG_TRY(sql_step(store, statement, &row, err));
        if (!row)
            return VG_OK;
        int64_t *number = vg_vec_push(out);
        if (!number) {
            sqlite3_reset(statement);
            return vg_fail(err, VG_ERR_MEMORY, "out of memory");
        }
        *number = sql_int(statement, 0);
    }
}
