/* store.h: the SQL, one file a noun. Only evidence/ and hub/ may include this room; nothing above them knows that
 * there is a database.
 *
 * The store keeps rows and moves them in and out; what they mean (when there is a new version, when a finding
 * resolves) is decided in evidence/ and hub/. Here live the promises about disks:
 *
 *   - One writer. It holds `vigil.lock` (flock), which names its pid, command and start, so that a second one can say
 *     for whom it waited in vain. Readers are never held up: SQLite's WAL gives each a snapshot.
 *   - Durable. `synchronous=FULL`: what vg_store_flush has returned from survives kill -9 and power loss.
 *   - Batched. Writes collect in a transaction of at most 10,000 puts or 32 MiB. When one fails, the batch is rolled
 *     back, and the same error answers every later write: nobody can believe that the hole is not there.
 *   - Versioned. Migrations go forward alone; a newer schema is refused.
 *
 * SQL is kept to what PostgreSQL also says (ON CONFLICT, CROSS JOIN with WHERE, no rowid tricks), except the schema
 * text and the pragmas, which are each back end's own. All times are microseconds, NULL for VG_TIME_NONE. */
#ifndef VIGIL_STORE_H
#define VIGIL_STORE_H

#include "model/model.h"

enum { VG_STORE_SCHEMA = 4 }; /* the schema that this program writes */

typedef struct vg_store vg_store;

typedef struct {
    bool write, create;
    vg_time now;
    vg_str who, command;
    unsigned wait_ms; /* 0: 5,000 */
    const char *vfs;  /* NULL: the system's */
} vg_store_options;

/* Opens the workspace in folder `dir`; the errors are those of vg_evidence_open. A writer ignores SIGXFSZ from here on
 * unless the program handles it, so that a file size limit is an error like a full disk. */
vg_status vg_store_open(vg_str dir, const vg_store_options *options, vg_store **out, vg_error *err);
void vg_store_close(vg_store *store); /* rolls back what was not flushed */

/* Opens a batch unless one is open. Fails on a store opened for reading, and after a failed write. */
vg_status vg_store_write(vg_store *store, vg_error *err);
/* Says that a put of `bytes` is whole: the batch commits when it is full. */
vg_status vg_store_wrote(vg_store *store, size_t bytes, vg_error *err);
/* Commits. On return it is on the disk. */
vg_status vg_store_flush(vg_store *store, vg_error *err);
/* Drops the open batch, because the caller could not make a put whole. */
void vg_store_rollback(vg_store *store);
/* One snapshot for all reads until the matching end; nests. A writer's reads see its own batch, so it needs none. */
vg_status vg_store_read_begin(vg_store *store, vg_error *err);
void vg_store_read_end(vg_store *store);

vg_str vg_store_who(const vg_store *store);
vg_str vg_store_command(const vg_store *store);
vg_str vg_store_folder(const vg_store *store);
vg_time vg_store_now(const vg_store *store);

/* ---- checks (store_check.c) ------------------------------------------------------------------------------------- */

typedef void vg_store_check_sink(void *context, const char *check, bool ok, vg_str detail);
vg_status vg_store_check(vg_store *store, vg_store_check_sink *sink, void *context, vg_error *err);

/* ---- runs and the audit log (store_run.c) ------------------------------------------------------------------------ */

typedef struct {
    int64_t number;
    vg_str id, kind, who, command;
    vg_time started, finished;
    bool complete;
} vg_store_run;
vg_status vg_store_run_add(vg_store *store, const vg_store_run *run, int64_t *number, vg_error *err);
vg_status vg_store_run_finish(vg_store *store, int64_t number, vg_time finished, bool complete,
                              vg_error *err);
vg_status vg_store_runs(vg_store *store, vg_status (*sink)(void *, const vg_store_run *, vg_error *),
                        void *context, vg_error *err);

typedef struct {
    int64_t number;
    vg_time at;
    vg_str who, command, action, target, detail;
} vg_store_audit_row;
/* `who` empty: whoever opened the store. */
vg_status vg_store_audit_add(vg_store *store, vg_time at, vg_str who, const char *action, vg_str target,
                             vg_str detail, vg_error *err);
vg_status vg_store_audit(vg_store *store, vg_status (*sink)(void *, const vg_store_audit_row *, vg_error *),
                         void *context, vg_error *err);

/* ---- shelves and scopes (store_scope.c) -------------------------------------------------------------------------- */

/* A shelf holds the resources of one type in one account and region: the part of their identity that thousands share
 * is stored once. *number is 0 when there is none and `make` is false. */
vg_status vg_store_shelf(vg_store *store, vg_str account, vg_str type, vg_str region, bool make,
                         int64_t *number, vg_error *err);
vg_status vg_store_scope(vg_store *store, vg_str operation, vg_str parameter, vg_str account, vg_str region,
                         int64_t *number, vg_error *err);

/* ---- resources and their versions (store_resource.c, store_version.c) ---------------------------------------------- */

/* The state of a resource: which version is current, and the sightings that made no new one. */
typedef struct {
    int64_t number;
    int64_t shelf, scope;
    int64_t current;  /* number of the newest version that has content */
    int64_t seen_run; /* 0: none */
    vg_time last_seen, gone;
    uint32_t versions; /* with content */
    uint8_t hash[32];  /* of the current version */
} vg_store_resource;
/* out->number is 0 when there is none. */
vg_status vg_store_resource_find(vg_store *store, int64_t shelf, vg_str id, vg_store_resource *out,
                                 vg_error *err);
/* A number for a new resource: its first version needs it before the resource itself can name that version. */
vg_status vg_store_resource_number(vg_store *store, int64_t *number, vg_error *err);
vg_status vg_store_resource_add(vg_store *store, const vg_store_resource *resource, vg_str id, vg_error *err);
vg_status vg_store_resource_set(vg_store *store, const vg_store_resource *resource, vg_error *err);
/* The living resources of a scope that `run` did not see and that were last seen before `observed`, as a list (the
 * numbers, vg_store_resource items) in the arena; at most `limit` of them. */
vg_status vg_store_resource_unseen(vg_store *store, int64_t scope, int64_t run, vg_time observed,
                                   size_t limit, vg_vec *out, vg_error *err);

/* A version: content first seen at `observed`; or, with is_gone, the finding that there is none. last_seen is written
 * when a later version takes over: until then the resource's own counts. */
typedef struct {
    int64_t number, resource, run;
    vg_time observed, last_seen;
    bool is_gone;
    uint8_t hash[32];
    vg_str name, source, origin, properties;
} vg_store_version;
vg_status vg_store_version_add(vg_store *store, const vg_store_version *version, int64_t *number,
                               vg_error *err);
/* A copy of version `number` with other times; *copy is its number. */
vg_status vg_store_version_copy(vg_store *store, int64_t number, vg_time observed, vg_time last_seen,
                                int64_t *copy, vg_error *err);
vg_status vg_store_version_set_seen(vg_store *store, int64_t number, vg_time last_seen, vg_error *err);
/* The version in force at `at` (greatest observed not after it; the later put of equals), without its texts;
 * out->number 0 when none. */
vg_status vg_store_version_at(vg_store *store, int64_t resource, vg_time at, vg_store_version *out,
                              vg_error *err);
/* Whether the resource has a version with this content from exactly this time: the same statement, made again. */
vg_status vg_store_version_known(vg_store *store, int64_t resource, vg_time observed, const uint8_t hash[32],
                                 bool *known, vg_error *err);

typedef struct {
    vg_resource resource;
    int64_t number, current;
    vg_time last_seen, gone;
    uint32_t version;
    vg_str run;
    uint8_t hash[32];
} vg_store_row;
typedef vg_status vg_store_row_sink(void *context, const vg_store_row *row, vg_error *err);

typedef struct {
    vg_str type, account, region, id, source; /* type and source may end in '*' */
    bool has_region;
    vg_time at;
    bool with_gone;
} vg_store_filter;
/* In the order account, type, region, id. */
vg_status vg_store_resources(vg_store *store, const vg_store_filter *filter, vg_store_row_sink *sink,
                             void *context, vg_error *err);
/* One resource by its whole identity, as vg_store_resources would give it (or not). */
vg_status vg_store_resource_row(vg_store *store, const vg_store_filter *filter, vg_store_row_sink *sink,
                                void *context, vg_error *err);
/* All versions, by time. `gone` is set in rows that tell of absence. */
vg_status vg_store_history(vg_store *store, int64_t resource, vg_store_row_sink *sink, void *context,
                           vg_error *err);
vg_status vg_store_types(vg_store *store, vg_status (*sink)(void *, vg_str type, uint64_t count, vg_error *),
                         void *context, vg_error *err);

/* The accounts that have any resource, in byte order. */
vg_status vg_store_accounts(vg_store *store, vg_status (*sink)(void *, vg_str account, vg_error *),
                            void *context, vg_error *err);

/* ---- relations (store_relation.c) ------------------------------------------------------------------------------------ */

typedef struct {
    int64_t from_shelf, to_shelf;
    vg_str from_id, kind, to_id;
} vg_store_edge;
/* Puts an edge as seen at `observed`. */
vg_status vg_store_relation_put(vg_store *store, const vg_store_edge *edge, int64_t scope, int64_t run,
                                vg_time observed, vg_error *err);
/* Ends the living edges of the scope that `run` did not see and that were last seen before `observed`. */
vg_status vg_store_relation_end_unseen(vg_store *store, int64_t scope, int64_t run, vg_time observed,
                                       uint64_t *ended, vg_error *err);
typedef struct {
    vg_str kind, from_type, from_account, from_id, to_type, to_account, to_id;
    vg_time at;
} vg_store_relation_filter;
vg_status vg_store_relations(vg_store *store, const vg_store_relation_filter *filter,
                             vg_status (*sink)(void *, const vg_relation *, vg_error *), void *context,
                             vg_error *err);

/* ---- the ledger (store_ledger.c) --------------------------------------------------------------------------------------- */

typedef struct {
    vg_str run, path;
    uint64_t size;
    uint8_t sha256[32];
    vg_str operation, parameter, account, region;
    int outcome;
    vg_str reason;
    bool truncated;
    uint64_t items;
    vg_time observed, recorded;
} vg_store_ledger_row;
vg_status vg_store_ledger_add(vg_store *store, int64_t run, const vg_store_ledger_row *row, vg_error *err);
/* How many entries of the run in the scope are truncated or have an outcome of at least `outcome_from`. */
vg_status vg_store_ledger_holes(vg_store *store, int64_t run, vg_str operation, vg_str parameter,
                                vg_str account, vg_str region, int outcome_from, uint64_t *holes,
                                vg_error *err);
/* `run` empty: what stands now, that is for each scope the entries of the last run that offered it, and for what has no
 * scope the last entry of its path. */
vg_status vg_store_ledger(vg_store *store, vg_str run,
                          vg_status (*sink)(void *, const vg_store_ledger_row *, vg_error *), void *context,
                          vg_error *err);

/* ---- log files that were ingested, and the index files that tell of them (store_log.c) ------------------------------------ */

typedef struct {
    vg_str key;
    uint64_t size;
    vg_time modified;
    uint8_t sha256[32];
    vg_str outcome, reason;
    uint64_t events, bad;
    int64_t index; /* 0: no index file tells of it */
    vg_time recorded;
} vg_store_log;
/* *found false when there is none with the key. Texts are the arena's. */
vg_status vg_store_log_find(vg_store *store, vg_arena *arena, vg_str key, vg_store_log *out, bool *found,
                            vg_error *err);
/* Puts it in the place of what has its key. */
vg_status vg_store_log_put(vg_store *store, const vg_store_log *log, vg_error *err);
/* Those of an index file, or all (index negative), in the order of their keys. */
vg_status vg_store_logs(vg_store *store, int64_t index,
                        vg_status (*sink)(void *, const vg_store_log *, vg_error *), void *context,
                        vg_error *err);

typedef struct {
    int64_t number;
    vg_str file; /* its name, in the folder of indexes */
    uint64_t bytes, objects, events;
    vg_time first, last;
} vg_store_log_index;
/* A number that no index file has, and that none has had that a log file names. */
vg_status vg_store_log_index_next(vg_store *store, int64_t *number, vg_error *err);
vg_status vg_store_log_index_put(vg_store *store, const vg_store_log_index *index, vg_error *err);
/* Forgets it; `to` (0: nobody) tells of its log files from now on. */
vg_status vg_store_log_index_drop(vg_store *store, int64_t number, int64_t to, vg_error *err);
/* In the order of their numbers. */
vg_status vg_store_log_indexes(vg_store *store,
                               vg_status (*sink)(void *, const vg_store_log_index *, vg_error *),
                               void *context, vg_error *err);

/* ---- baselines (store_baseline.c) -------------------------------------------------------------------------------------- */

/* Replaces the baseline `name` with the current version of every living resource that is no fact. */
vg_status vg_store_baseline_set(vg_store *store, vg_str name, vg_str who, vg_time now, uint64_t *items,
                                vg_error *err);
/* *number is 0 when there is none of that name. */
vg_status vg_store_baseline_find(vg_store *store, vg_str name, int64_t *number, vg_error *err);
typedef struct {
    vg_str name, who;
    vg_time created;
    uint64_t items;
} vg_store_baseline_row;
vg_status vg_store_baselines(vg_store *store,
                             vg_status (*sink)(void *, const vg_store_baseline_row *, vg_error *),
                             void *context, vg_error *err);
typedef struct {
    vg_str type, account, region, id, name;
    vg_str old_properties, new_properties; /* ptr NULL: none */
    vg_time when;
} vg_store_drift_row;
/* Resources whose content differs from the baseline's, in the order of vg_store_resources. */
vg_status vg_store_drift(vg_store *store, int64_t baseline,
                         vg_status (*sink)(void *, const vg_store_drift_row *, vg_error *), void *context,
                         vg_error *err);

/* ---- findings (store_finding.c, store_finding_list.c) -------------------------------------------------------------------- */

/* What changes about a finding; small, so that seeing everything again rewrites little. */
typedef struct {
    int64_t number; /* 0: none */
    uint8_t id[32];
    uint8_t digest[16]; /* of its texts: whether they must be written again */
    vg_workflow workflow;
    vg_verdict verdict;
    vg_severity severity;
    uint32_t reopened, events; /* events: rows of history */
    vg_time first_seen, last_seen, opened;
    int64_t run;         /* the last that saw it */
    int64_t suppression; /* number, 0: none */
} vg_store_finding;

/* The finding with this id, which is about something in this account: O(log n). */
vg_status vg_store_finding_find(vg_store *store, vg_str account, const uint8_t id[32], vg_store_finding *out,
                                vg_error *err);
/* The same by the id alone: reads the whole table of states. */
vg_status vg_store_finding_with_id(vg_store *store, const uint8_t id[32], vg_store_finding *out,
                                   vg_error *err);
vg_status vg_store_finding_get(vg_store *store, int64_t number, vg_store_finding *out, vg_error *err);
/* Adds state, texts, and the first event: VG_STORE_OPENED by finding->run, at its start, as NEW. finding->number is
 * filled; finding->events counts the first event and those that the caller adds. */
enum { VG_STORE_OPENED = 0 };
vg_status vg_store_finding_add(vg_store *store, vg_store_finding *finding, const vg_finding *texts,
                               vg_error *err);
/* Seen again, unchanged. */
vg_status vg_store_finding_seen(vg_store *store, int64_t number, vg_time last_seen, int64_t run,
                                vg_error *err);
/* Writes all of the state but its suppression, which has an index of its own. */
vg_status vg_store_finding_set(vg_store *store, const vg_store_finding *finding, vg_error *err);
vg_status vg_store_finding_set_suppression(vg_store *store, int64_t number, int64_t suppression,
                                           vg_error *err);
vg_status vg_store_finding_set_texts(vg_store *store, int64_t number, const vg_finding *texts, vg_error *err);
/* What suppressions match on, copied into the arena. */
vg_status vg_store_finding_names(vg_store *store, vg_arena *arena, int64_t number, vg_str *rule,
                                 vg_str *account, vg_str *resource, vg_error *err);

typedef struct {
    vg_store_finding state;
    vg_finding texts; /* run: the run's id */
    vg_str suppressed_reason;
    vg_time suppressed_until;
} vg_store_finding_row;
typedef vg_status vg_store_finding_sink(void *context, const vg_store_finding_row *row, vg_error *err);

/* Texts are exact here; "" does not restrict. */
typedef struct {
    int min_severity;
    vg_str rule, account, region, resource, resource_type, product;
    vg_time since; /* VG_TIME_NONE: all */
    bool by_age;
} vg_store_finding_filter;
vg_status vg_store_findings(vg_store *store, const vg_store_finding_filter *filter,
                            vg_store_finding_sink *sink, void *context, vg_error *err);
/* Those whose id lies between the two (bytes), in that order. Reads the whole table of states. */
vg_status vg_store_findings_between(vg_store *store, const uint8_t from[32], const uint8_t to[32],
                                    vg_store_finding_sink *sink, void *context, vg_error *err);
/* How many there are of each workflow and severity, those apart whose suppression lapses by `now`. */
vg_status vg_store_finding_totals(vg_store *store, vg_time now,
                                  vg_status (*sink)(void *, int workflow, int severity, bool lapsed,
                                                    uint64_t count, vg_error *),
                                  void *context, vg_error *err);
/* The numbers (int64_t items) of findings that stand under the suppression, or of all that are not resolved and stand
 * under none (suppression 0), above `after`; at most `limit`. */
vg_status vg_store_finding_numbers(vg_store *store, int64_t suppression, int64_t after, size_t limit,
                                   vg_vec *out, vg_error *err);

typedef struct {
    vg_time at;
    int event;
    vg_workflow workflow;
    vg_verdict verdict;
    vg_severity severity;
    vg_str run, who, note;
} vg_store_finding_event;
/* Adds the event as number finding->events, which the caller counts up; texts of event->run are ignored, `run` counts
 * (0: a person did it). */
vg_status vg_store_finding_event_add(vg_store *store, const vg_store_finding *finding, int64_t run,
                                     const vg_store_finding_event *event, vg_error *err);
vg_status vg_store_finding_events(vg_store *store, int64_t finding,
                                  vg_status (*sink)(void *, const vg_store_finding_event *, vg_error *),
                                  void *context, vg_error *err);

/* ---- passes that wait for the end of their run (store_pass.c) -------------------------------------------------------------- */

vg_status vg_store_pass_add(vg_store *store, int64_t run, int64_t finding, vg_str note, vg_error *err);
vg_status vg_store_pass_remove(vg_store *store, int64_t run, int64_t finding, vg_error *err);
typedef struct {
    int64_t finding;
    vg_str note; /* in the arena of the vector */
} vg_store_pass;
/* The first passes of the run, at most `limit`, as vg_store_pass items. */
vg_status vg_store_passes(vg_store *store, int64_t run, size_t limit, vg_vec *out, vg_error *err);
/* Drops the passes of runs that did not complete, `running` excepted (0: none). */
vg_status vg_store_pass_drop_unfinished(vg_store *store, int64_t running, vg_error *err);
/* A run that completed and has passes left, and when it finished; *run 0 when there is none. */
vg_status vg_store_pass_left_over(vg_store *store, int64_t *run, vg_time *finished, vg_error *err);

/* ---- suppressions (store_suppression.c) ------------------------------------------------------------------------------------ */

typedef struct {
    int64_t number;
    int64_t finding;        /* 0: by globs */
    uint8_t finding_id[32]; /* filled by reads */
    vg_str rule, account, resource, reason, who;
    vg_time created, until, ended;
} vg_store_suppression;
vg_status vg_store_suppression_add(vg_store *store, const vg_store_suppression *suppression, int64_t *number,
                                   vg_error *err);
vg_status vg_store_suppression_end(vg_store *store, int64_t number, vg_time ended, vg_error *err);
/* All, in the order made. */
vg_status vg_store_suppressions(vg_store *store,
                                vg_status (*sink)(void *, const vg_store_suppression *, vg_error *),
                                void *context, vg_error *err);
/* The standing suppression of this finding alone that lasts beyond `now`; *number 0 when there is none. */
vg_status vg_store_suppression_of(vg_store *store, int64_t finding, vg_time now, int64_t *number,
                                  vg_error *err);

#endif
