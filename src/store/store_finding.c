/* store_finding.c: findings, one at a time: state, texts, history. The layout is told in store_schema.c, steps 2 and 3. */
#include "store/store_part.h"

#define STATE                                                                                                \
    "number, workflow, verdict, severity, reopened, events, run, suppression, first_seen, last_seen, "       \
    "opened, id, digest"

/* The key of the index: the account's hash above, the id's first four bytes below. Findings come account by account, so
 * a batch writes to few places of it, where an index over the ids alone would be written all over. */
static int64_t cluster_of(vg_str account, const uint8_t id[32])
{
    uint64_t above = vg_hash64(account, 0) >> 32, below = 0;
    for (int i = 0; i < 4; i++)
        below = below << 8 | id[i];
    return (int64_t)(above << 32 | below);
}

static void read_state(sqlite3_stmt *statement, vg_store_finding *out)
{
    *out = (vg_store_finding){.number = sql_int(statement, 0),
                              .workflow = (vg_workflow)sql_int(statement, 1),
                              .verdict = (vg_verdict)sql_int(statement, 2),
                              .severity = (vg_severity)sql_int(statement, 3),
                              .reopened = (uint32_t)sql_int(statement, 4),
                              .events = (uint32_t)sql_int(statement, 5),
                              .run = sql_int(statement, 6),
                              .suppression = sql_int(statement, 7),
                              .first_seen = sql_int(statement, 8),
                              .last_seen = sql_int(statement, 9),
                              .opened = sql_int(statement, 10)};
    sql_blob(statement, 11, out->id, sizeof out->id);
    sql_blob(statement, 12, out->digest, sizeof out->digest);
}

/* Several ids may share a key: the whole id decides. */
vg_status vg_store_finding_find(vg_store *store, vg_str account, const uint8_t id[32], vg_store_finding *out,
                                vg_error *err)
{
    static const char SQL[] = "SELECT " STATE " FROM finding WHERE cluster = ?";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, cluster_of(account, id));
    bool row;
    for (;;) {
        VG_TRY(sql_step(store, statement, &row, err));
        *out = (vg_store_finding){0};
        if (!row)
            return VG_OK;
        read_state(statement, out);
        if (memcmp(out->id, id, sizeof out->id) == 0)
            break;
    }
    sqlite3_reset(statement);
    return VG_OK;
}

vg_status vg_store_finding_with_id(vg_store *store, const uint8_t id[32], vg_store_finding *out,
                                   vg_error *err)
{
    static const char SQL[] = "SELECT " STATE " FROM finding WHERE id = ?";
    *out = (vg_store_finding){0};
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_blob(statement, 1, id, 32);
    bool row;
    VG_TRY(sql_step(store, statement, &row, err));
    if (row)
        read_state(statement, out);
    sqlite3_reset(statement);
    return VG_OK;
}

vg_status vg_store_finding_get(vg_store *store, int64_t number, vg_store_finding *out, vg_error *err)
{
    static const char SQL[] = "SELECT " STATE " FROM finding WHERE number = ?";
    *out = (vg_store_finding){0};
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, number);
    bool row;
    VG_TRY(sql_step(store, statement, &row, err));
    if (row)
        read_state(statement, out);
    sqlite3_reset(statement);
    return VG_OK;
}

static vg_status next_number(vg_store *store, int64_t *number, vg_error *err)
{
    static const char SQL[] = "SELECT COALESCE(max(number), 0) FROM finding";
    if (!store->last_finding) {
        sqlite3_stmt *statement;
        bool row;
        VG_TRY(sql_get(store, SQL, &statement, err));
        VG_TRY(sql_step(store, statement, &row, err));
        store->last_finding = row ? sql_int(statement, 0) : 0;
        sqlite3_reset(statement);
    }
    *number = ++store->last_finding;
    return VG_OK;
}

/* The four texts of the wording from parameter `at`: NULL when they are stored for all, as number `shared`. */
static void bind_wording(sqlite3_stmt *statement, int at, const vg_finding *texts, int64_t shared)
{
    const vg_str in_order[] = {texts->rule, texts->product, texts->title, texts->remediation};
    for (int i = 0; i < (int)VG_COUNT(in_order); i++) {
        if (shared)
            sqlite3_bind_null(statement, at + i);
        else
            sql_bind_text(statement, at + i, in_order[i]);
    }
}

static vg_status add_texts(vg_store *store, const vg_store_finding *finding, const vg_finding *texts,
                           vg_error *err)
{
    static const char SQL[] =
        "INSERT INTO finding_text (number, place, wording, run, verdict, severity, message, resource_id,"
        " resource_name, sub_key, evidence, rule, product, title, remediation)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    sqlite3_stmt *statement;
    int64_t place, wording;
    VG_TRY(store_place(store, texts, &place, err));
    VG_TRY(store_wording(store, texts, &wording, err));
    VG_TRY(sql_get(store, SQL, &statement, err));
    const int64_t numbers[] = {finding->number,  place, wording, finding->run, finding->verdict,
                               finding->severity};
    const vg_str in_order[] = {texts->message, texts->resource_id, texts->resource_name, texts->sub_key,
                               texts->evidence};
    for (int i = 0; i < (int)VG_COUNT(numbers); i++)
        sql_bind_int(statement, i + 1, numbers[i]);
    for (int i = 0; i < (int)VG_COUNT(in_order); i++)
        sql_bind_text(statement, i + 7, in_order[i]);
    bind_wording(statement, 12, texts, wording);
    return sql_run(store, statement, err);
}

vg_status vg_store_finding_add(vg_store *store, vg_store_finding *finding, const vg_finding *texts,
                               vg_error *err)
{
    static const char SQL[] =
        "INSERT INTO finding (number, cluster, workflow, verdict, severity, reopened, events, run,"
        " suppression, first_seen, last_seen, opened, id, digest)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    sqlite3_stmt *statement;
    VG_TRY(next_number(store, &finding->number, err));
    VG_TRY(sql_get(store, SQL, &statement, err));
    const int64_t in_order[] = {finding->number,      cluster_of(texts->account, finding->id),
                                finding->workflow,    finding->verdict,
                                finding->severity,    finding->reopened,
                                finding->events,      finding->run,
                                finding->suppression, finding->first_seen,
                                finding->last_seen,   finding->opened};
    for (int i = 0; i < (int)VG_COUNT(in_order); i++)
        sql_bind_int(statement, i + 1, in_order[i]);
    sql_bind_blob(statement, 13, finding->id, sizeof finding->id);
    sql_bind_blob(statement, 14, finding->digest, sizeof finding->digest);
    VG_TRY(sql_run(store, statement, err));
    return add_texts(store, finding, texts, err);
}

vg_status vg_store_finding_seen(vg_store *store, int64_t number, vg_time last_seen, int64_t run,
                                vg_error *err)
{
    static const char SQL[] = "UPDATE finding SET last_seen = ?, run = ? WHERE number = ?";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, last_seen);
    sql_bind_int(statement, 2, run);
    sql_bind_int(statement, 3, number);
    return sql_run(store, statement, err);
}

vg_status vg_store_finding_set(vg_store *store, const vg_store_finding *finding, vg_error *err)
{
    static const char SQL[] =
        "UPDATE finding SET workflow = ?, verdict = ?, severity = ?, reopened = ?, events = ?,"
        " run = ?, first_seen = ?, last_seen = ?, opened = ?, digest = ? WHERE number = ?";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    const int64_t in_order[] = {finding->workflow,   finding->verdict,   finding->severity,
                                finding->reopened,   finding->events,    finding->run,
                                finding->first_seen, finding->last_seen, finding->opened};
    for (int i = 0; i < (int)VG_COUNT(in_order); i++)
        sql_bind_int(statement, i + 1, in_order[i]);
    sql_bind_blob(statement, 10, finding->digest, sizeof finding->digest);
    sql_bind_int(statement, 11, finding->number);
    return sql_run(store, statement, err);
}

vg_status vg_store_finding_set_suppression(vg_store *store, int64_t number, int64_t suppression,
                                           vg_error *err)
{
    static const char SQL[] = "UPDATE finding SET suppression = ? WHERE number = ?";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, suppression);
    sql_bind_int(statement, 2, number);
    return sql_run(store, statement, err);
}

/* The identity in the texts (rule, resource, sub-key) cannot change: it is what the id is a hash of. */
vg_status vg_store_finding_set_texts(vg_store *store, int64_t number, const vg_finding *texts, vg_error *err)
{
    static const char SQL[] = "UPDATE finding_text SET wording = ?, message = ?, resource_name = ?,"
                              " evidence = ?, rule = ?, product = ?, title = ?, remediation = ?"
                              " WHERE number = ?";
    sqlite3_stmt *statement;
    int64_t wording;
    VG_TRY(store_wording(store, texts, &wording, err));
    VG_TRY(sql_get(store, SQL, &statement, err));
    const vg_str in_order[] = {texts->message, texts->resource_name, texts->evidence};
    sql_bind_int(statement, 1, wording);
    for (int i = 0; i < (int)VG_COUNT(in_order); i++)
        sql_bind_text(statement, i + 2, in_order[i]);
    bind_wording(statement, 5, texts, wording);
    sql_bind_int(statement, 9, number);
    return sql_run(store, statement, err);
}

vg_status vg_store_finding_names(vg_store *store, vg_arena *arena, int64_t number, vg_str *rule,
                                 vg_str *account, vg_str *resource, vg_error *err)
{
    static const char SQL[] = "SELECT COALESCE(w.rule, t.rule), p.account, t.resource_id"
                              " FROM finding_text t JOIN finding_place p ON p.number = t.place"
                              " LEFT JOIN finding_wording w ON w.number = t.wording WHERE t.number = ?";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    sql_bind_int(statement, 1, number);
    bool row;
    VG_TRY(sql_step(store, statement, &row, err));
    *rule = row ? vg_arena_str(arena, sql_text(statement, 0)) : VG_STR("");
    *account = row ? vg_arena_str(arena, sql_text(statement, 1)) : VG_STR("");
    *resource = row ? vg_arena_str(arena, sql_text(statement, 2)) : VG_STR("");
    sqlite3_reset(statement);
    return rule->ptr && account->ptr && resource->ptr ? VG_OK : vg_fail(err, VG_ERR_MEMORY, "out of memory");
}

/* ---- history --------------------------------------------------------------------------------------------------------- */

vg_status vg_store_finding_event_add(vg_store *store, const vg_store_finding *finding, int64_t run,
                                     const vg_store_finding_event *event, vg_error *err)
{
    static const char SQL[] =
        "INSERT INTO finding_history (finding, ordinal, at, event, workflow, verdict, severity,"
        " run, who, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, SQL, &statement, err));
    const int64_t in_order[] = {finding->number, finding->events, event->at,       event->event,
                                event->workflow, event->verdict,  event->severity, run};
    for (int i = 0; i < (int)VG_COUNT(in_order); i++)
        sql_bind_int(statement, i + 1, in_order[i]);
    sql_bind_text(statement, 9, event->who);
    sql_bind_text(statement, 10, event->note);
    return sql_run(store, statement, err);
}

vg_status vg_store_finding_events(vg_store *store, int64_t finding,
                                  vg_status (*sink)(void *, const vg_store_finding_event *, vg_error *),
                                  void *context, vg_error *err)
{
    static const char SQL[] =
        "SELECT COALESCE(run.started, 0), ?2, ?3, t.verdict, t.severity, COALESCE(run.id, ''), '', '',"
        " 1 AS ordinal FROM finding_text t LEFT JOIN run ON run.number = t.run WHERE t.number = ?1"
        " UNION ALL SELECT h.at, h.event, h.workflow, h.verdict, h.severity, COALESCE(run.id, ''), h.who,"
        " h.note, h.ordinal FROM finding_history h LEFT JOIN run ON run.number = h.run"
        " WHERE h.finding = ?1 ORDER BY ordinal";
    sqlite3_stmt *statement;
    VG_TRY(sql_new(store, SQL, &statement, err));
    sql_bind_int(statement, 1, finding);
    sql_bind_int(statement, 2, VG_STORE_OPENED);
    sql_bind_int(statement, 3, VG_WORKFLOW_NEW);
    vg_status status;
    bool row;
    while ((status = sql_step(store, statement, &row, err)) == VG_OK && row) {
        const vg_store_finding_event event = {.at = sql_int(statement, 0),
                                              .event = (int)sql_int(statement, 1),
                                              .workflow = (vg_workflow)sql_int(statement, 2),
                                              .verdict = (vg_verdict)sql_int(statement, 3),
                                              .severity = (vg_severity)sql_int(statement, 4),
                                              .run = sql_text(statement, 5),
                                              .who = sql_text(statement, 6),
                                              .note = sql_text(statement, 7)};
        status = sink(context, &event, err);
        if (status != VG_OK)
            break;
    }
    sqlite3_finalize(statement);
    return status;
}
