/* evidence.h: what was seen, by whom, when and from where. The memory that every verdict rests on.
 *
 * A workspace is one folder. Evidence in it is a list of resources (model.h's vg_resource), each with its full
 * history, relations between them, and a ledger of every file that was offered, read or not. Three rules hold:
 *
 *   - A new version of a resource exists only when the SHA-256 of its properties changes. Seeing the same thing again
 *     moves its `last_seen` and nothing else.
 *   - Time is the evidence's own (`vg_resource.observed`), so older exports imported late take their right place in
 *     history, and `--at TIME` answers what was known to be true then.
 *   - Absence is proof only when somebody looked everywhere: a resource is gone when the same scope (operation,
 *     parameter, account, region) was read again in full and did not show it. A partial or failed reading removes
 *     nothing.
 *
 * Writing needs a run (who imports, with which command). Writes are batched: up to 10,000 puts or 32 MiB form one
 * transaction; vg_evidence_flush and vg_evidence_run_end return only when what was put is on disk. After a write that
 * failed (disk full, I/O error) the batch is rolled back and every further write gives the same error: what was
 * acknowledged earlier stays, and a run with a hole in it can not end as complete.
 *
 * Facts (what an engine concluded, for others to use) are resources with source "fact:KIND", replaced as a set.
 *
 * The types that the typed reads below know are those of content/types/evidence.yaml: Vigil::Organization::Organization,
 * Root, OrganizationalUnit, Account, Parent, and Vigil::Workload::Mapping. A parent is told by a Parent resource
 * ({ChildId, ParentId}), else by the account's or unit's own property ParentId, else by a relation "member-of". */
#ifndef VIGIL_EVIDENCE_H
#define VIGIL_EVIDENCE_H

#include "model/model.h"

struct vg_store;
typedef struct vg_evidence vg_evidence;

/* ---- the workspace ---------------------------------------------------------------------------------------------- */

typedef struct {
    bool write;       /* false: many readers at once, also beside a writer */
    bool create;      /* with write: make the folder (0700) and the store (0600) when absent */
    vg_time now;      /* told to whoever waits for us, and recorded in the audit log */
    vg_str who;       /* the user's name, for the audit log; "" is recorded as "unknown" */
    vg_str command;   /* "vigil import", for the audit log and for whoever waits for us */
    unsigned wait_ms; /* how long a writer waits for another writer; 0: 5,000 */
    const char *vfs;  /* SQLite VFS name, for tests; NULL: the system's */
} vg_evidence_options;

/* Opens the workspace `dir`. VG_ERR_NOT_FOUND: no workspace there (and not asked to create one). VG_ERR_BUSY: another
 * writer holds it (pid, command and since when are in the message). VG_ERR_VERSION: written by a newer vigil.
 * VG_ERR_DENIED, VG_ERR_FULL, VG_ERR_IO, VG_ERR_CORRUPT as named. An older workspace is migrated when opened for
 * writing; opened for reading it is refused with what to do. */
vg_status vg_evidence_open(vg_str dir, const vg_evidence_options *options, vg_evidence **out, vg_error *err);
void vg_evidence_close(vg_evidence *evidence); /* NULL is fine; what was not flushed is dropped */
/* The store below, to attach a hub to (hub.h: vg_hub_attach). Owned by the evidence. */
struct vg_store *vg_evidence_store(vg_evidence *evidence);

/* What `vigil doctor` prints: one row a check. `ok` false means that something must be done, which `detail` tells. */
typedef struct {
    vg_str check; /* "schema", "integrity", "permissions", "size", ... */
    bool ok;
    vg_str detail;
} vg_evidence_check_row;
vg_status vg_evidence_check(vg_evidence *evidence, void (*row)(void *context, const vg_evidence_check_row *),
                            void *context, vg_error *err);

/* ---- writing: a run of an import ------------------------------------------------------------------------------------ */

/* A run: one execution of an import or of a collector. `id` names it for people and in vg_resource rows; made by the
 * caller (unique; a repeated id is VG_ERR_VALUE). */
vg_status vg_evidence_run_begin(vg_evidence *evidence, vg_str id, vg_time now, vg_error *err);

/* The scope that a reading covers. A scope is a question to AWS: its operation ("iam:ListUsers"), the parameter that
 * tells apart several calls of it ("" when there is none; a policy id for ListTargetsForPolicy), account, region. */
typedef struct {
    vg_str operation, parameter, account, region;
} vg_scope;
/* The handle of a scope in this workspace, made when new. Valid until close. O(1) after the first time. */
vg_status vg_evidence_scope(vg_evidence *evidence, const vg_scope *scope, uint32_t *handle, vg_error *err);
/* Says that this run has read the scope in full, as it was at `observed`. At the end of the run, resources and
 * relations of the scope that this run did not put, and that were last seen before `observed`, are marked gone:
 * unless the ledger of this run has an entry of the scope that is truncated, an error or not assessed. */
vg_status vg_evidence_scope_complete(vg_evidence *evidence, uint32_t scope, vg_time observed, vg_error *err);

typedef enum {
    VG_PUT_NEW,       /* never seen, or seen again after it was gone */
    VG_PUT_CHANGED,   /* a new version */
    VG_PUT_UNCHANGED, /* the same content */
    VG_PUT_OLDER      /* took its place in history behind a newer version */
} vg_put_result;
/* Puts what was seen within `scope`. properties must be canonical JSON (vg_json_write_canonical) of an object;
 * *result may be NULL. A resource put twice in one run with different content at the same time keeps the later. */
vg_status vg_evidence_put(vg_evidence *evidence, uint32_t scope, const vg_resource *resource,
                          vg_put_result *result, vg_error *err);
vg_status vg_evidence_put_relation(vg_evidence *evidence, uint32_t scope, const vg_relation *relation,
                                   vg_time observed, vg_error *err);

/* The ledger: one entry for each file (or part of one) that was offered. */
typedef enum {
    VG_LEDGER_IMPORTED,
    VG_LEDGER_ABSENT,        /* AWS said NoSuchEntity, ResourceNotFound: known not to exist */
    VG_LEDGER_NOT_ASSESSED,  /* access denied and the like: unknown */
    VG_LEDGER_NOT_SUPPORTED, /* recognised, or not, and not read; reason says which */
    VG_LEDGER_ERROR          /* could not be read */
} vg_ledger_outcome;
const char *vg_ledger_outcome_name(vg_ledger_outcome outcome); /* "imported", "not-assessed", ... */

typedef struct {
    vg_str path; /* as the user gave it; "archive.zip!inside/file.json" within archives */
    uint64_t size;
    uint8_t sha256[32];
    vg_str operation, parameter, account, region; /* "" when unknown */
    vg_ledger_outcome outcome;
    vg_str reason;    /* for all but IMPORTED: why, and what to do */
    bool truncated;   /* the output says that there is more (NextToken, IsTruncated) */
    uint64_t items;   /* resources and relations that came of it */
    vg_time observed; /* the evidence's own time */
    vg_str run;       /* filled by reads */
    vg_time recorded; /* filled by reads */
} vg_ledger_entry;
vg_status vg_evidence_put_ledger(vg_evidence *evidence, const vg_ledger_entry *entry, vg_error *err);

/* Makes everything put so far durable. */
vg_status vg_evidence_flush(vg_evidence *evidence, vg_error *err);
/* Ends the run: marks what is gone, records the outcome, flushes. `complete` false (something offered could not be
 * read) is recorded; scopes that were complete still count. *gone (may be NULL): how many were marked. */
vg_status vg_evidence_run_end(vg_evidence *evidence, vg_time now, bool complete, uint64_t *gone,
                              vg_error *err);

/* ---- log files that were ingested --------------------------------------------------------------------------------------- */

/* The ledger of log files: where each is, how it was when it was read, and which index file tells of it (trail.h). A log
 * file counts as ingested when its entry and that of its index file were flushed together. */
typedef struct {
    vg_str key;
    uint64_t size;
    vg_time modified;
    uint8_t sha256[32];
    vg_str outcome, reason; /* "read", "partly", "other", ... */
    uint64_t events, bad;
    int64_t index; /* 0: none */
    vg_time recorded;
} vg_log_entry;
/* *found false when nobody knows the key. Texts are the arena's. */
vg_status vg_evidence_log(vg_evidence *evidence, vg_arena *arena, vg_str key, vg_log_entry *out, bool *found,
                          vg_error *err);
vg_status vg_evidence_put_log(vg_evidence *evidence, const vg_log_entry *entry, vg_error *err);
/* Those of an index file, or all (index negative), in the order of their keys. */
vg_status vg_evidence_logs(vg_evidence *evidence, int64_t index,
                           vg_status (*sink)(void *context, const vg_log_entry *entry, vg_error *err),
                           void *context, vg_error *err);

typedef struct {
    int64_t number;
    vg_str file; /* its name */
    uint64_t bytes, objects, events;
    vg_time first, last;
} vg_log_index_entry;
vg_status vg_evidence_next_log_index(vg_evidence *evidence, int64_t *number, vg_error *err);
vg_status vg_evidence_put_log_index(vg_evidence *evidence, const vg_log_index_entry *index, vg_error *err);
/* Forgets the index file; `to` tells of its log files from now on. With 0 they are to be read again. */
vg_status vg_evidence_drop_log_index(vg_evidence *evidence, int64_t number, int64_t to, vg_error *err);
/* In the order of their numbers. */
vg_status vg_evidence_log_indexes(vg_evidence *evidence,
                                  vg_status (*sink)(void *context, const vg_log_index_entry *index,
                                                    vg_error *err),
                                  void *context, vg_error *err);

/* ---- facts ---------------------------------------------------------------------------------------------------------- */

/* Replaces the facts of a kind as a set, in one transaction when they are at most 10,000: what is not in `facts` any
 * more is gone, what is the same is only seen again. `kind` without the prefix ("root"); source is set to "fact:KIND"
 * here. Needs a writable workspace, no run. */
vg_status vg_evidence_replace_facts(vg_evidence *evidence, vg_str kind, const vg_resource *facts,
                                    size_t count, vg_time now, vg_error *err);

/* ---- reading ----------------------------------------------------------------------------------------------------- */

/* All slices given to a sink are borrowed until it returns. A sink that returns other than VG_OK ends the reading
 * and its status is returned. Reads see one consistent state from their start to their end, whatever a writer does;
 * for several reads that must agree, vg_evidence_read_begin/end hold it. */
vg_status vg_evidence_read_begin(vg_evidence *evidence, vg_error *err);
void vg_evidence_read_end(vg_evidence *evidence);

/* Empty fields do not restrict, except that `has_region` makes region "" mean "global things alone". */
typedef struct {
    vg_str type; /* exact, or a prefix that ends in '*': "AWS::IAM::*" */
    vg_str account;
    vg_str region;
    bool has_region;
    vg_str id;
    vg_str source;  /* exact, or a prefix that ends in '*' */
    vg_time at;     /* VG_TIME_NONE (write it out: 0 is 1970): now; else as known to be true then */
    bool with_gone; /* also what is gone, with its last properties */
} vg_resource_filter;
#define VG_RESOURCE_FILTER_ALL ((vg_resource_filter){.at = VG_TIME_NONE})

typedef struct {
    vg_resource resource; /* observed: when this version was first seen */
    vg_time last_seen;    /* when this content was last seen */
    vg_time gone;         /* VG_TIME_NONE while it exists */
    uint32_t version;     /* 1 for the first */
    vg_str run;           /* that recorded this version */
    uint8_t hash[32];     /* SHA-256 of properties */
} vg_evidence_row;

/* Resources in the order account, type, region, id (bytes). Memory does not grow with the answer. */
vg_status vg_evidence_resources(vg_evidence *evidence, const vg_resource_filter *filter,
                                vg_status (*sink)(void *context, const vg_evidence_row *row, vg_error *err),
                                void *context, vg_error *err);
/* The single resource, its strings copied into the arena; VG_ERR_NOT_FOUND when there is none (at that time). */
vg_status vg_evidence_resource(vg_evidence *evidence, vg_arena *arena, vg_str type, vg_str account,
                               vg_str region, vg_str id, vg_time at, vg_evidence_row *out, vg_error *err);
/* Every version of the resource, oldest first; a row with `gone` set tells when it was found missing. */
vg_status vg_evidence_history(vg_evidence *evidence, vg_str type, vg_str account, vg_str region, vg_str id,
                              vg_status (*sink)(void *context, const vg_evidence_row *row, vg_error *err),
                              void *context, vg_error *err);

/* Empty fields do not restrict. Order: from account, type, region, id; kind; to account, type, region, id. */
typedef struct {
    vg_str kind;
    vg_str from_type, from_account, from_id;
    vg_str to_type, to_account, to_id;
    vg_time at; /* as above */
} vg_relation_filter;
#define VG_RELATION_FILTER_ALL ((vg_relation_filter){.at = VG_TIME_NONE})
vg_status vg_evidence_relations(vg_evidence *evidence, const vg_relation_filter *filter,
                                vg_status (*sink)(void *context, const vg_relation *relation, vg_error *err),
                                void *context, vg_error *err);

/* Ledger entries in the order recorded. `run` empty: for each scope and path its newest entry alone. */
vg_status vg_evidence_ledger(vg_evidence *evidence, vg_str run,
                             vg_status (*sink)(void *context, const vg_ledger_entry *entry, vg_error *err),
                             void *context, vg_error *err);

typedef struct {
    vg_str id, kind, who, command; /* kind: "import" or "assess" */
    vg_time started, finished;     /* finished: VG_TIME_NONE when it never ended */
    bool complete;
} vg_run_row;
/* Runs in the order started. */
vg_status vg_evidence_runs(vg_evidence *evidence,
                           vg_status (*sink)(void *context, const vg_run_row *run, vg_error *err),
                           void *context, vg_error *err);

/* How many resources exist now by type, types in byte order. */
vg_status vg_evidence_types(vg_evidence *evidence,
                            vg_status (*sink)(void *context, vg_str type, uint64_t count, vg_error *err),
                            void *context, vg_error *err);

/* ---- the organisation ------------------------------------------------------------------------------------------------ */

/* An organisational unit or root, in the arena. */
typedef struct {
    vg_str id, name, arn, parent; /* parent "" for a root or when unknown */
    vg_str path; /* "Root/Workloads/Prod"; "" when a parent is unknown or the tree is cyclic */
    bool is_root;
    bool is_cyclic; /* it is its own ancestor: exports contradict each other */
} vg_unit;

typedef struct {
    vg_str id, arn, feature_set, management_account; /* "" when unknown */
    const vg_account *accounts;                      /* ordered by id */
    size_t account_count;
    const vg_unit *units; /* ordered by id */
    size_t unit_count;
    size_t
        organization_count; /* more than 1: exports of two organisations are mixed in this workspace; `id` is the
                                  first of them by bytes */
} vg_organization;

/* The tree as known at `at` (VG_TIME_NONE: now), in the arena. Accounts known only from their own resources are
 * included with status "". Never loops on a cyclic tree. */
vg_status vg_evidence_organization(vg_evidence *evidence, vg_arena *arena, vg_time at, vg_organization *out,
                                   vg_error *err);
/* The accounts alone (vg_account items pushed on `accounts`), ordered by id. */
vg_status vg_evidence_accounts(vg_evidence *evidence, vg_arena *arena, vg_time at, vg_vec *accounts,
                               vg_error *err);

/* ---- workloads ---------------------------------------------------------------------------------------------------------- */

/* Who owns what: never guessed from names. A YAML (or JSON) file:
 *
 *   workloads:
 *     - name: shop
 *       function: retail                  # optional, as are the next three
 *       owner: shop@example.com
 *       criticality: high
 *       data_classification: confidential
 *       environments:
 *         - name: prod
 *           accounts: ["111122223333"]
 *           tags: {app: shop}             # a resource that carries all of them
 *           stacks: ["shop-*"]            # CloudFormation stack names, globs
 *
 * `environment: prod` with accounts, tags and stacks beside `name` is the short form for one environment. A vg_workload
 * is one environment of one workload. */
typedef struct {
    vg_str name, function, owner, criticality, data_classification;
    vg_str environment; /* "" when not named */
    const vg_str *accounts, *tag_keys, *tag_values, *stacks;
    size_t account_count, tag_count, stack_count;
} vg_workload;
/* Reads the text of such a file and replaces the workspace's mapping with it: resources Vigil::Workload::Mapping of
 * account "" and region "", id the name, source "workload-mapping". Errors name line and column; on an error the
 * mapping stays as it was. Durable on return; within a run or without one. *workloads (may be NULL): how many. */
vg_status vg_evidence_put_workloads(vg_evidence *evidence, vg_str text, vg_str file_name, vg_time now,
                                    size_t *workloads, vg_error *err);
/* The mapping (vg_workload items), ordered by name, environments as in the file; none when nobody gave one. */
vg_status vg_evidence_workloads(vg_evidence *evidence, vg_arena *arena, vg_time at, vg_vec *workloads,
                                vg_error *err);
/* Whether the resource belongs to the workload: by tags or stack name where the mapping has them and the properties
 * tell (Tags as list or map; aws:cloudformation:stack-name), or by account. properties may be NULL. */
bool vg_workload_has(const vg_workload *workload, vg_str account, const vg_value *properties);

/* ---- baseline and drift --------------------------------------------------------------------------------------------------- */

/* Names the current version of every resource that exists (facts excepted). An existing name is replaced. */
vg_status vg_evidence_baseline_set(vg_evidence *evidence, vg_str name, vg_time now, uint64_t *resources,
                                   vg_error *err);
typedef struct {
    vg_str name, who;
    vg_time created;
    uint64_t resources;
} vg_baseline_row;
vg_status vg_evidence_baselines(vg_evidence *evidence,
                                vg_status (*sink)(void *context, const vg_baseline_row *row, vg_error *err),
                                void *context, vg_error *err);

typedef enum { VG_DRIFT_ADDED, VG_DRIFT_REMOVED, VG_DRIFT_CHANGED } vg_drift_kind;
const char *vg_drift_kind_name(vg_drift_kind kind); /* "added", "removed", "changed" */

/* One difference. For a resource that came or went, `path` is empty and the values are its whole properties. Within
 * properties, path is "Policy/Statement[Sid=DenyLeave]/Effect": list items are told apart by their Sid, Key, Id, Name
 * or Arn where all items have one, else by number; lists of scalars are compared as sets ("Actions[]"). Values are JSON
 * text, empty where there is none. */
typedef struct {
    vg_drift_kind kind;
    vg_str type, account, region, id, name;
    vg_str path;
    vg_str old_value, new_value;
    vg_time when; /* when the newer state was first seen */
} vg_drift;
/* Drift of now against the named baseline, in the order of vg_evidence_resources, then of paths. VG_ERR_NOT_FOUND for
 * an unknown name. */
vg_status vg_evidence_drift(vg_evidence *evidence, vg_str baseline,
                            vg_status (*sink)(void *context, const vg_drift *drift, vg_error *err),
                            void *context, vg_error *err);

/* ---- import ------------------------------------------------------------------------------------------------------------- */

/* Reads files that AWS and its users already export, and puts what they say. How an answer is recognised and which
 * resources come of it is content (content/import/), given as texts and compiled once. Rules are immutable and live in
 * the arena, as must the texts. */
typedef struct vg_import_rules vg_import_rules;
typedef struct {
    vg_str
        name; /* "import/operations.yaml"; files whose name does not say what they are to import are skipped */
    vg_str text;
} vg_import_text;
vg_status vg_import_rules_read(vg_arena *arena, const vg_import_text *texts, size_t count,
                               const vg_import_rules **out, vg_error *err);

/* What is wrong with a policy that an answer holds. */
typedef struct {
    vg_str rule, message; /* "INVALID_EFFECT"; an empty rule: AWS takes the policy */
    const vg_value
        *at; /* within the policy's object; NULL: its text, which `line` and `column` are of, or all of it */
    uint32_t line, column; /* 0: the policy is an object */
    size_t more;           /* rules broken besides */
    bool keep_text;        /* what is wrong is lost once it is a tree: a key that stands twice */
} vg_import_refusal;
/* Judges a policy: an object, or JSON in a string, which may be percent-encoded. `kind` is the word of content/import/:
 * "identity", "trust", "resource", or an organisation's type of policy. Texts in *out are the arena's. Called by several
 * threads at once: it looks at nothing else. */
typedef vg_status (*vg_import_policy_judge)(vg_arena *arena, vg_str kind, const vg_value *policy,
                                            vg_import_refusal *out, vg_error *err);

/* What is told of one file, or of one part of it, as it is written: a reason for all that was not imported in full,
 * and for what was imported although something about it is doubtful (then `note` is true). Borrowed. */
typedef struct {
    vg_str path; /* with ":LINE" behind it for one line of a file of lines, ":LINE:COLUMN" for a policy */
    vg_str operation, parameter, account, region;
    vg_ledger_outcome outcome;
    bool truncated;
    bool
        note; /* it was imported; `reason` warns (contradiction, cycle, duplicate, policy that AWS would refuse) */
    vg_str reason;
} vg_import_row;

typedef struct {
    vg_str account, region; /* for what neither content, envelope nor path places; may be empty */
    vg_time now;            /* what is dated more than a day later is refused */
    size_t threads;         /* as vg_parallel; changes nothing but the time taken */
    vg_str run;             /* id of the run, unique in the workspace */
    vg_str originals;       /* folder that keeps Config files as they were, by SHA-256; "" keeps none */
    vg_str workspace; /* folder whose files are no exports: left out where a path takes it in; "" for none */
    size_t max_file;  /* bytes of one file once decompressed; 0: 1 GiB */
    void (*report)(void *context, const vg_import_row *row);        /* may be NULL */
    void (*progress)(void *context, uint64_t done, uint64_t total); /* bytes; may be NULL */
    vg_status (*finding)(void *context, const vg_finding *finding,
                         vg_error *err); /* ASFF; NULL: counted alone */
    vg_import_policy_judge policy;       /* NULL: policies are taken as they are */
    void *context;
} vg_import_options;

/* One operation of the summary, in byte order of names; "" is what was not recognised. */
typedef struct {
    vg_str operation;
    uint64_t outcomes[5]; /* parts by vg_ledger_outcome */
    uint64_t truncated, items, accounts, regions;
} vg_import_count;
typedef struct {
    const vg_import_count *operations;
    size_t operation_count;
    uint64_t files, bytes; /* bytes as offered */
    uint64_t resources, relations, findings, gone;
    uint64_t notes;
    uint64_t refused_policies; /* of the notes: policies that AWS would refuse */
    uint64_t without_view; /* items of AWS Config of types that have no view in CloudFormation's spelling */
    bool complete;         /* everything was read in full, nothing denied, nothing doubtful */
} vg_import_summary;

/* Imports files, folders (with all below) and archives, in the order given and of their paths, as one run: begins and
 * ends it. Files are parsed in parallel and written in order, so threads change no byte. What cannot be read is
 * reported and goes to the ledger, the rest goes on; an error is returned for what stops everything (the workspace, the
 * disk, memory), and for a path that does not exist. The summary is in the arena. */
vg_status vg_import(vg_evidence *evidence, const vg_import_rules *rules, const vg_str *paths, size_t count,
                    const vg_import_options *options, vg_arena *arena, vg_import_summary *out, vg_error *err);

/* The script of `vigil import --script`: the template (content/import/collect.sh) with the role's name put in.
 * VG_ERR_VALUE when the name is none that IAM allows ([A-Za-z0-9+=,.@_-], a path in front allowed). */
vg_status vg_import_script(vg_str template_text, vg_str role_name, vg_buf *out, vg_error *err);

#endif
