/* store_schema.c: the tables, and how an older store becomes a newer one.
 *
 * A schema version, once released, never changes: what is new is a new step of the table below, which runs in a
 * transaction of its own with its version number. tests/store/schema/N.sql keeps each released version, filled, and the
 * tests migrate every one of them.
 *
 * How evidence lies in the tables:
 *
 *     shelf (account, type, region)          1 per group of like things; their order is the order of all reads
 *       └─ resource (shelf, id)              the state: current version, last seen, gone; small, so that seeing
 *            │                               everything again rewrites little
 *            └─ resource_version             the content, written once, appended in the order it came
 *
 * How findings lie in them is told at steps 2 and 3. Numbers are given by the store and mean nothing outside it. */
#include "store/store_part.h"

/* Step 1: evidence. */
static const char EVIDENCE[] =
    "CREATE TABLE run (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, who TEXT NOT "
    "NULL,"
    " command TEXT NOT NULL, started INTEGER NOT NULL, finished INTEGER, complete INTEGER NOT NULL) STRICT;"
    "CREATE TABLE audit (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, command TEXT "
    "NOT NULL,"
    " action TEXT NOT NULL, target TEXT NOT NULL, detail TEXT NOT NULL) STRICT;"
    "CREATE TABLE shelf (number INTEGER PRIMARY KEY, account TEXT NOT NULL, type TEXT NOT NULL, region TEXT "
    "NOT NULL,"
    " UNIQUE (account, type, region)) STRICT;"
    "CREATE TABLE scope (number INTEGER PRIMARY KEY, operation TEXT NOT NULL, parameter TEXT NOT NULL,"
    " account TEXT NOT NULL, region TEXT NOT NULL, UNIQUE (operation, parameter, account, region)) STRICT;"
    "CREATE TABLE resource (number INTEGER PRIMARY KEY, shelf INTEGER NOT NULL, id TEXT NOT NULL,"
    " scope INTEGER NOT NULL, current INTEGER NOT NULL, versions INTEGER NOT NULL, seen_run INTEGER NOT NULL,"
    " last_seen INTEGER NOT NULL, gone INTEGER, hash BLOB NOT NULL, UNIQUE (shelf, id)) STRICT;"
    "CREATE INDEX resource_by_scope ON resource (scope);"
    "CREATE TABLE resource_version (number INTEGER PRIMARY KEY, resource INTEGER NOT NULL, run INTEGER NOT "
    "NULL,"
    " observed INTEGER NOT NULL, last_seen INTEGER, is_gone INTEGER NOT NULL, hash BLOB NOT NULL, name TEXT "
    "NOT NULL,"
    " source TEXT NOT NULL, origin TEXT NOT NULL, properties TEXT NOT NULL) STRICT;"
    "CREATE INDEX resource_version_by_time ON resource_version (resource, observed);"
    "CREATE TABLE relation (number INTEGER PRIMARY KEY, from_shelf INTEGER NOT NULL, from_id TEXT NOT NULL,"
    " kind TEXT NOT NULL, to_shelf INTEGER NOT NULL, to_id TEXT NOT NULL, scope INTEGER NOT NULL,"
    " seen_run INTEGER NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, gone INTEGER) "
    "STRICT;"
    "CREATE INDEX relation_by_ends ON relation (from_shelf, from_id, kind, to_shelf, to_id);"
    "CREATE INDEX relation_by_scope ON relation (scope);"
    "CREATE TABLE ledger (number INTEGER PRIMARY KEY, run INTEGER NOT NULL, path TEXT NOT NULL, size INTEGER "
    "NOT NULL,"
    " sha256 BLOB NOT NULL, operation TEXT NOT NULL, parameter TEXT NOT NULL, account TEXT NOT NULL,"
    " region TEXT NOT NULL, outcome INTEGER NOT NULL, reason TEXT NOT NULL, truncated INTEGER NOT NULL,"
    " items INTEGER NOT NULL, observed INTEGER, recorded INTEGER NOT NULL) STRICT;"
    "CREATE INDEX ledger_by_scope ON ledger (operation, parameter, account, region, run);"
    "CREATE TABLE baseline (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, who TEXT NOT NULL,"
    " created INTEGER NOT NULL, items INTEGER NOT NULL) STRICT;"
    "CREATE TABLE baseline_item (baseline INTEGER NOT NULL, resource INTEGER NOT NULL, version INTEGER NOT "
    "NULL,"
    " PRIMARY KEY (baseline, resource)) STRICT, WITHOUT ROWID;";

/* Step 2: findings.
 *
 *     finding (number, cluster, ...)      what changes: state, times, a digest of the texts; 100 bytes
 *       ├─ finding_text                    what it says; appended, rewritten only when it says something else
 *       ├─ finding_history                 a row for each change of state
 *       └─ finding_pass                    evaluations that passed, waiting for their run to complete
 *
 * Ids are hashes, so an index over them would be written at random places, most of its pages in every batch. Rows are
 * therefore numbered in the order they came, and found by `cluster` (cluster_of in store_finding.c), which keeps an
 * account's findings together. An id alone is looked for by people, one at a time, and reads the small table through:
 * a fifth of a second for a million. */
static const char FINDINGS[] =
    "CREATE TABLE finding (number INTEGER PRIMARY KEY, cluster INTEGER NOT NULL, workflow INTEGER NOT NULL,"
    " verdict INTEGER NOT NULL, severity INTEGER NOT NULL, reopened INTEGER NOT NULL, events INTEGER NOT "
    "NULL,"
    " run INTEGER NOT NULL, suppression INTEGER NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT "
    "NULL,"
    " opened INTEGER NOT NULL, id BLOB NOT NULL, digest BLOB NOT NULL) STRICT;"
    "CREATE INDEX finding_by_cluster ON finding (cluster);"
    "CREATE INDEX finding_by_suppression ON finding (suppression) WHERE suppression <> 0;"
    "CREATE TABLE finding_text (number INTEGER PRIMARY KEY, rule TEXT NOT NULL, product TEXT NOT NULL,"
    " title TEXT NOT NULL, message TEXT NOT NULL, remediation TEXT NOT NULL, resource_type TEXT NOT NULL,"
    " account TEXT NOT NULL, region TEXT NOT NULL, resource_id TEXT NOT NULL, resource_name TEXT NOT NULL,"
    " sub_key TEXT NOT NULL, evidence TEXT NOT NULL) STRICT;"
    "CREATE TABLE finding_history (finding INTEGER NOT NULL, ordinal INTEGER NOT NULL, at INTEGER NOT NULL,"
    " event INTEGER NOT NULL, workflow INTEGER NOT NULL, verdict INTEGER NOT NULL, severity INTEGER NOT NULL,"
    " run INTEGER NOT NULL, who TEXT NOT NULL, note TEXT NOT NULL, PRIMARY KEY (finding, ordinal))"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE finding_pass (run INTEGER NOT NULL, finding INTEGER NOT NULL, note TEXT NOT NULL,"
    " PRIMARY KEY (run, finding)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE suppression (number INTEGER PRIMARY KEY, finding INTEGER NOT NULL, rule TEXT NOT NULL,"
    " account TEXT NOT NULL, resource TEXT NOT NULL, reason TEXT NOT NULL, who TEXT NOT NULL,"
    " created INTEGER NOT NULL, until INTEGER NOT NULL, ended INTEGER) STRICT;"
    "CREATE INDEX suppression_by_finding ON suppression (finding);";

/* Step 3: findings take half the room, and so half the time.
 *
 *     finding_place                        resource type, account, region: a row for thousands of findings
 *     finding_wording                      rule, product, title, remediation: a row for all findings of a control
 *     finding_text (place, wording, ...)   what is the finding's own, and how it began (run, verdict, severity): its
 *                                          first event, which therefore has no row in finding_history
 *
 * finding_text.wording is 0 for a wording that the finding has alone; its texts then stand in finding_text itself, and
 * are NULL there otherwise (store_wording.c tells when). */
static const char SHARED_TEXTS[] =
    "CREATE TABLE finding_place (number INTEGER PRIMARY KEY, resource_type TEXT NOT NULL,"
    " account TEXT NOT NULL, region TEXT NOT NULL) STRICT;"
    "CREATE TABLE finding_wording (number INTEGER PRIMARY KEY, rule TEXT NOT NULL, product TEXT NOT NULL,"
    " title TEXT NOT NULL, remediation TEXT NOT NULL) STRICT;"
    "CREATE TABLE finding_text_3 (number INTEGER PRIMARY KEY, place INTEGER NOT NULL, wording INTEGER NOT "
    "NULL,"
    " run INTEGER NOT NULL, verdict INTEGER NOT NULL, severity INTEGER NOT NULL, message TEXT NOT NULL,"
    " resource_id TEXT NOT NULL, resource_name TEXT NOT NULL, sub_key TEXT NOT NULL, evidence TEXT NOT NULL,"
    " rule TEXT, product TEXT, title TEXT, remediation TEXT) STRICT;"
    "INSERT INTO finding_place (resource_type, account, region)"
    " SELECT DISTINCT resource_type, account, region FROM finding_text;"
    "INSERT INTO finding_wording (rule, product, title, remediation)"
    " SELECT DISTINCT rule, product, title, remediation FROM finding_text;"
    "INSERT INTO finding_text_3 SELECT t.number, p.number, w.number, h.run, h.verdict, h.severity, "
    "t.message,"
    " t.resource_id, t.resource_name, t.sub_key, t.evidence, NULL, NULL, NULL, NULL FROM finding_text t"
    " JOIN finding_place p ON p.resource_type = t.resource_type AND p.account = t.account"
    " AND p.region = t.region JOIN finding_wording w ON w.rule = t.rule AND w.product = t.product"
    " AND w.title = t.title AND w.remediation = t.remediation"
    " JOIN finding_history h ON h.finding = t.number AND h.ordinal = 1 ORDER BY t.number;"
    "DELETE FROM finding_history WHERE ordinal = 1;"
    "DROP TABLE finding_text;"
    "ALTER TABLE finding_text_3 RENAME TO finding_text;";

/* Step 4: log files. A transaction that puts an index file and its log files is what makes them ingested: the file itself is
 * on the disk before. */
static const char LOGS[] =
    "CREATE TABLE log_index (number INTEGER PRIMARY KEY, file TEXT NOT NULL, bytes INTEGER NOT NULL,"
    " objects INTEGER NOT NULL, events INTEGER NOT NULL, first INTEGER, last INTEGER) STRICT;"
    "CREATE TABLE log (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, size INTEGER NOT NULL,"
    " modified INTEGER, sha256 BLOB NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL,"
    " events INTEGER NOT NULL, bad INTEGER NOT NULL, log_index INTEGER NOT NULL, recorded INTEGER) STRICT;"
    "CREATE INDEX log_by_index ON log (log_index, key);";

static const char *const STEPS[] = {EVIDENCE, FINDINGS, SHARED_TEXTS, LOGS};
_Static_assert(VG_COUNT(STEPS) == VG_STORE_SCHEMA, "one step for each version");

vg_status store_schema_read(vg_store *store, int *version, vg_error *err)
{
    static const char PRESENT[] = "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_version'";
    static const char VERSION[] = "SELECT max(version) FROM schema_version";
    *version = 0;
    sqlite3_stmt *statement;
    bool row;
    VG_TRY(sql_get(store, PRESENT, &statement, err));
    VG_TRY(sql_step(store, statement, &row, err));
    bool present = row && sql_int(statement, 0) != 0;
    sqlite3_reset(statement);
    if (!present)
        return VG_OK;
    VG_TRY(sql_get(store, VERSION, &statement, err));
    VG_TRY(sql_step(store, statement, &row, err));
    int64_t found = row ? sql_int(statement, 0) : 0;
    sqlite3_reset(statement);
    *version = found > 0 && found < INT32_MAX ? (int)found : 0;
    return VG_OK;
}

static vg_status note_version(vg_store *store, int version, vg_error *err)
{
    static const char NOTE[] = "INSERT INTO schema_version (version, applied, program) VALUES (?, ?, ?)";
    sqlite3_stmt *statement;
    VG_TRY(sql_get(store, NOTE, &statement, err));
    sql_bind_int(statement, 1, version);
    sql_bind_int(statement, 2, store->now);
    sql_bind_text(statement, 3, VG_STR(VIGIL_VERSION));
    return sql_run(store, statement, err);
}

static vg_status migrate_step(vg_store *store, int version, vg_error *err)
{
    VG_TRY(vg_store_write(store, err));
    if (version == 1)
        VG_TRY(sql_exec(store,
                        "CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied INTEGER NOT NULL,"
                        " program TEXT NOT NULL) STRICT",
                        err));
    VG_TRY(sql_exec(store, STEPS[version - 1], err));
    VG_TRY(note_version(store, version, err));
    return vg_store_flush(store, err);
}

vg_status store_migrate(vg_store *store, vg_error *err)
{
    int version;
    VG_TRY(store_schema_read(store, &version, err));
    while (version < VG_STORE_SCHEMA)
        VG_TRY(migrate_step(store, ++version, err));
    return VG_OK;
}
