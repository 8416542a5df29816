/* trail.h: activity logs: who did what, when, from where, and whether it worked.
 *
 * A CloudTrail record is read into one struct of slices, whatever wrapped it: log files as delivered ({"Records": [...]}),
 * plain arrays, JSON lines, EventBridge events, answers of `aws cloudtrail lookup-events` and rows of CloudTrail Lake.
 * Fields that the struct has no place for stand in its tree. Source of the fields: CloudTrail User Guide, "CloudTrail
 * record contents" and "CloudTrail userIdentity element". */
#ifndef VIGIL_TRAIL_H
#define VIGIL_TRAIL_H

#include "base/base.h"
#include "format/format.h"
#include "model/model.h"

/* Who called. What the record does not say is empty. */
typedef struct {
    vg_str
        type; /* IAMUser, AssumedRole, Root, FederatedUser, AWSService, AWSAccount, WebIdentityUser, SAMLUser, ... */
    vg_str arn, account, principal_id, access_key, user_name;
    vg_str invoked_by;  /* a service that called on the caller's behalf */
    vg_str issuer_type; /* of a session: Role, IAMUser, Root */
    vg_str issuer_arn;  /* the role's ARN, with its path */
    vg_str issuer_account, issuer_name;
    vg_str source_identity;
    vg_str identity_provider;
    vg_str on_behalf_of; /* IAM Identity Center: the user's id */
    bool mfa_known, mfa;
} vg_trail_identity;

typedef struct {
    vg_str arn, account, type;
} vg_trail_resource;

enum { VG_TRAIL_MOST_RESOURCES = 32 };

/* One record. All slices and `root` are borrowed until the sink returns. */
typedef struct {
    vg_time time;           /* eventTime; VG_TIME_NONE when absent or no time */
    vg_str id;              /* eventID */
    vg_str source, name;    /* "s3.amazonaws.com", "GetObject" */
    vg_str region, account; /* awsRegion; recipientAccountId, else the caller's account */
    vg_str source_ip, user_agent;
    vg_str error_code, error_message; /* empty: it succeeded */
    vg_str type, category; /* AwsApiCall, AwsConsoleSignIn, ...; Management, Data, Insight, NetworkActivity */
    vg_str shared_id, request_id, vpc_endpoint;
    bool read_only, read_only_known;
    vg_trail_identity identity;
    const vg_trail_resource *resources;
    size_t resource_count; /* at most VG_TRAIL_MOST_RESOURCES; more stand in the tree */
    const vg_value *root;  /* the whole record */
    vg_place place;        /* in its file */
} vg_trail_record;

/* Fills *out from a record's object. Never fails: wrong types read as absent. `resources` holds VG_TRAIL_MOST_RESOURCES. */
void vg_trail_record_of(const vg_value *record, vg_trail_resource *resources, vg_trail_record *out);

typedef struct {
    vg_status (*record)(void *context, const vg_trail_record *record,
                        vg_error *err); /* other than VG_OK stops */
    void (*bad)(void *context,
                const vg_error *err); /* something was no record, or could not be read; may be NULL */
    void *context;
} vg_trail_sink;

typedef struct {
    uint64_t records;
    uint64_t bad;              /* told to `bad` */
    uint64_t no_data, skipped; /* of records: those of flow logs that say NODATA, or SKIPDATA */
} vg_trail_counts;

/* Whether the bytes (uncompressed) look like one of the forms of activity logs: cheap, by their first 64 KiB. */
bool vg_trail_recognise(vg_str bytes);

/* Whether the bytes are a log file as CloudTrail delivers it: {"Records": [...]}, by their first bytes. */
bool vg_trail_is_delivered(vg_str bytes);

/* Reads every record of uncompressed bytes. Memory is that of the largest record. What cannot be read is told to `bad` and
 * counted; reading goes on with the next line (JSON lines) or ends (within one document). Fails for memory, and with what
 * the sink returned. */
vg_status vg_trail_read(vg_str bytes, vg_str name, const vg_trail_sink *sink, vg_trail_counts *counts,
                        vg_error *err);

/* ---- any log --------------------------------------------------------------------------------------------------------- */

/* The kinds of logs that are read. Each has the name of its Sigma log source (product aws, service ...). */
typedef enum {
    VG_LOG_CLOUDTRAIL,
    VG_LOG_FLOW,      /* VPC Flow Logs: service vpcflow */
    VG_LOG_DNS,       /* Route 53 Resolver query logs: service route53 */
    VG_LOG_S3_ACCESS, /* S3 server access logs: service s3access */
    VG_LOG_KIND_COUNT,
    VG_LOG_UNKNOWN = VG_LOG_KIND_COUNT /* an event in JSON of some other log */
} vg_log_kind;
extern const char
    *const vg_log_services[VG_LOG_KIND_COUNT]; /* "cloudtrail", "vpcflow", "route53", "s3access" */

/* An event of any log: what search, timelines and detections read. Slices and trees are borrowed until the sink returns.
 * `id` is CloudTrail's eventID; for other logs a hash of the line, in hexadecimal, so that a line read twice is one. */
typedef struct {
    vg_log_kind log;
    vg_time time; /* VG_TIME_NONE when the event tells none */
    vg_str id, account, region, source_ip;
    const vg_value *root;          /* the whole event as an object; a field's name is the log's own */
    const vg_trail_record *record; /* of CloudTrail; else NULL */
    const vg_map *ours; /* account ids that belong to whom the log does, as a detector is told; NULL: none */
    vg_place place;
} vg_event;

typedef struct {
    vg_status (*event)(void *context, const vg_event *event, vg_error *err); /* other than VG_OK stops */
    void (*bad)(void *context, const vg_error *err);                         /* as vg_trail_sink's */
    void *context;
} vg_event_sink;

/* What a log itself does not say. All may be left zero. */
typedef struct {
    vg_str
        format; /* of flow logs without a header line: "${version} ${account-id} ..." or names with blanks between */
    vg_str account, region; /* where neither the event nor the path tells */
    vg_str time_field;      /* of JSON that is none of our logs: the dotted path of the event's time */
} vg_log_options;

/* ---- the logs' readers ------------------------------------------------------------------------------------------------ */

/* The kind of the log by its content (uncompressed; the first 64 KiB suffice), or VG_LOG_UNKNOWN. Also inside the
 * envelopes of CloudWatch Logs. */
vg_log_kind vg_log_recognise(vg_str head);

/* Reads a log of any kind: uncompressed `bytes`, whose `name` (a path) may tell the account and the region, as the keys of
 * S3 do (AWSLogs/ACCOUNT/vpcflowlogs/REGION/...). Memory is that of the largest line or record. What cannot be read is told
 * to `bad` with its line and counted; the rest goes on. JSON of no known log gives events of VG_LOG_UNKNOWN; text of none is
 * told to `bad`, once. Fails for memory, for a `format` that names no columns, and with what the sink returned. `options`
 * may be NULL. `format` may also have commas between names; without it AWS's own orders of columns are tried.
 *
 * Flow logs: each column is a field by AWS's name, numbers are numbers, `-` is absent. NODATA and SKIPDATA are events
 * without a flow. Resolver query logs: the object as it is. S3 server access logs: see docs/reference/logs.md. */
vg_status vg_log_read(vg_str bytes, vg_str name, const vg_log_options *options, const vg_event_sink *sink,
                      vg_trail_counts *counts, vg_error *err);

/* What an event holds beside its tree. */
typedef struct {
    vg_trail_record record;
    vg_trail_resource resources[VG_TRAIL_MOST_RESOURCES];
    char id[33];
} vg_event_memory;

/* An event of a log whose object is at hand: time, account, region, source and id are read from it as the readers do; the
 * id of what has none is a hash of the object's canonical JSON. *memory must live as long as *out. Fails for memory. */
vg_status vg_event_of(vg_log_kind log, const vg_value *root, vg_event_memory *memory, vg_event *out,
                      vg_error *err);

/* ---- what an event says without words --------------------------------------------------------------------------------- */

/* A field of flow logs and Resolver query logs that is worked out of the event's own; `name` is without "vigil.":
 *
 *     flow.direction   in, out or within, by private and public addresses; where both are public, by flow-direction
 *     flow.port        the server's: of TCP, UDP and SCTP
 *     dns.domain       the domain that somebody registered, in lower case: example.co.uk of a.b.example.co.uk.
 *     dns.label        the longest label before it
 *     dns.length       the bytes of all labels before it
 *     dns.entropy      of dns.label, in hundredths of a bit a character
 *     dns.generated    0 to 100: how little dns.domain's first label looks like words
 *     dns.packed       the same of dns.label
 *     dns.answer.kind  metadata, private or public: the first of these that is among the answers
 *
 * False: the event has none. *out lives in `arena` or longer. Costs what it takes to read a name: nothing is kept. */
bool vg_log_derived(const vg_event *event, vg_str name, vg_arena *arena, const vg_value **out);

/* ---- whether logs are what CloudTrail delivered -------------------------------------------------------------------- */

/* Every hour CloudTrail delivers a digest file for each trail, account and region: the hashes of the log files of that
 * hour, and where the digest of the hour before stands, with its hash and its signature. A digest's own signature is
 * metadata of its S3 object. Source: CloudTrail User Guide, "CloudTrail digest file structure" and "Custom
 * implementations of CloudTrail log file integrity validation". */

typedef struct {
    vg_str bucket, object, hash, hash_algorithm;
} vg_digest_log;

/* A digest file. Previous ones are {NULL, 0} in one that starts a chain. */
typedef struct {
    vg_str account, bucket, object, fingerprint, signature_algorithm;
    vg_str end_text; /* as it is written: it is signed */
    vg_time start, end;
    vg_str previous_bucket, previous_object, previous_hash, previous_signature;
    const vg_digest_log *logs;
    size_t log_count;
} vg_digest;

/* Reads the uncompressed text, which must stay alive. Fails with VG_ERR_SYNTAX or VG_ERR_VALUE for what is no digest. */
vg_status vg_digest_read(vg_arena *arena, vg_str text, vg_str name, vg_digest *out, vg_error *err);

/* What the name of a digest says: ACCOUNT_CloudTrail-Digest_REGION_TRAIL_HOME_TIME[_backfill].json.gz, and the
 * organisation's id from the folders above. */
typedef struct {
    vg_str organization, account, region, trail, home;
    vg_time time;
    bool backfill;
} vg_digest_name;
/* False, and *out cleared, when it is no name of a digest. */
bool vg_digest_name_of(vg_str object, vg_digest_name *out);

/* What CloudTrail signs: the end, the place, the hash of the digest's text, the previous signature or "null". */
vg_status vg_digest_string_to_sign(vg_arena *arena, const vg_digest *digest, const vg_sha256 *hash,
                                   vg_str *out, vg_error *err);

/* Reads a digest's signature from what `aws s3api head-object` (or get-object) answers, or from its headers as a JSON
 * object. Absent ones are empty. Slices of the text or the arena. */
vg_status vg_digest_head_read(vg_arena *arena, vg_str text, vg_str name, vg_str *signature, vg_str *algorithm,
                              vg_error *err);

/* A key of `aws cloudtrail list-public-keys`. */
typedef struct {
    vg_str fingerprint;
    vg_str region; /* where it signs, when the file's name or its envelope says so; else empty */
    vg_str der;    /* PKCS #1 RSAPublicKey; empty when it was no base64 */
    vg_time from, until;
} vg_digest_key;

/* Appends the keys of an answer of list-public-keys to `keys` (of vg_digest_key). */
vg_status vg_digest_keys_read(vg_arena *arena, vg_str text, vg_str name, vg_vec *keys, vg_error *err);

typedef enum { VG_SIGNATURE_GOOD, VG_SIGNATURE_BAD, VG_SIGNATURE_NO_KEY } vg_signature;
/* Whether `signature` (hexadecimal) is the key's, over the text, by SHA-256 with RSA (PKCS #1 v1.5). NO_KEY: the key
 * cannot be loaded. */
vg_signature vg_digest_signature_check(const vg_digest_key *key, vg_str text, vg_str signature);

/* ---- verifying a copy of a bucket ---- */

typedef enum {
    VG_PROOF_VALID,
    VG_PROOF_INVALID,
    VG_PROOF_MISSING,
    VG_PROOF_UNASSESSED,
    VG_PROOF_NOTE, /* says something, and is no judgement */
    VG_PROOF_COUNT
} vg_proof;
extern const char
    *const vg_proof_names[VG_PROOF_COUNT]; /* "valid", "invalid", "missing", "not assessed", ... */

typedef enum {
    VG_DIGEST_FILE,
    VG_DIGEST_BACKFILL,
    VG_DIGEST_LOG,
    VG_DIGEST_GAP,  /* between `from` and `to` nothing was delivered: the trail started anew */
    VG_DIGEST_TAIL, /* after `from` there is nothing, up to `to` that was asked for */
    VG_DIGEST_KIND_COUNT
} vg_digest_kind;
extern const char *const vg_digest_kind_names[VG_DIGEST_KIND_COUNT];

/* One judgement. `object` is empty for a file that could not be read and that nothing names; `file` for one that is not
 * there. */
typedef struct {
    vg_digest_kind kind;
    vg_proof verdict;
    size_t chain; /* index, or SIZE_MAX */
    vg_str bucket, object, file;
    vg_str reason; /* of what is not valid */
    vg_time from, to;
} vg_digest_result;

/* A chain: the digests of one trail, account and region. */
typedef struct {
    vg_digest_name name;
    vg_time from, to; /* what its valid digests cover, within what was asked for; VG_TIME_NONE: nothing */
    vg_time last;     /* nothing is known after this; VG_TIME_NONE: no digest could be read */
    size_t counts[VG_DIGEST_LOG + 1][VG_PROOF_COUNT]; /* by kind and verdict */
} vg_digest_chain;

typedef struct {
    const vg_digest_chain *chains; /* by name */
    size_t chain_count;
    const vg_digest_result
        *results; /* by chain, newest digest first, each followed by its logs; then what is in none */
    size_t result_count;
    size_t counts[VG_PROOF_COUNT];
    size_t digests; /* files that were looked at */
} vg_digest_report;

typedef struct {
    vg_str root;               /* the folder that was walked, for where a file stands */
    const vg_dir_entry *files; /* all below it */
    size_t file_count;
    const vg_digest_key *keys;
    size_t key_count;
    vg_str bucket;        /* the one that the digests must be of; empty: any */
    vg_time since, until; /* VG_TIME_NONE: all that is here */
    vg_time now;
    size_t threads;
} vg_digest_options;

/* Verifies every chain below a folder, and the logs that its digests name. The signature of a digest is looked for in
 * FILE.head.json (vg_digest_head_read) and in the digest after it. What could not be read or has no signature is not
 * assessed. The report lives in the arena. Fails for memory alone. */
vg_status vg_digest_verify(vg_arena *arena, const vg_digest_options *options, vg_digest_report *out,
                           vg_error *err);

/* ---- the index: which log files hold what --------------------------------------------------------------------------- */

/* Log files stay where they are. An index file tells of many of them: per file its time range, and for each access key,
 * principal, address, event name, account and region exactly the files that hold it; for ARNs of resources and for shared
 * event ids the same by a fingerprint of 48 bits. Index files are immutable; many small ones are merged into a large one.
 * Every page of one carries a checksum, which is looked at whenever the page is: what is broken is never believed. */
typedef enum {
    VG_TRAIL_KEY, /* access keys: the caller's, and those that were made, handed out, or changed */
    VG_TRAIL_PRINCIPAL, /* ARNs and ids of the caller, of the role behind its session, services that called for it */
    VG_TRAIL_IP,        /* addresses; names of services that stand in their place */
    VG_TRAIL_NAME,    /* names of events */
    VG_TRAIL_ACCOUNT, /* whose log it is, and whose the caller is */
    VG_TRAIL_REGION,
    VG_TRAIL_RESOURCE, /* ARNs of resources, names of buckets, network interfaces, domains; by fingerprint */
    VG_TRAIL_SHARED,   /* sharedEventID; by fingerprint */
    VG_TRAIL_OBJECT,   /* keys of the log files themselves; by fingerprint */
    VG_TRAIL_FIELD_COUNT
} vg_trail_field;
extern const char
    *const vg_trail_field_names[VG_TRAIL_FIELD_COUNT]; /* as search expressions spell them: "key" */

/* Tells every indexed value of an event (OBJECT excepted), as it is written there; some more than once. */
void vg_trail_event_terms(const vg_event *event,
                          void (*each)(void *context, vg_trail_field field, vg_str value), void *context);
/* Who stands behind a record, stable over sessions: the role's ARN, else the caller's, else the service that called, else
 * the access key, else the principal's id. */
vg_str vg_trail_actor(const vg_trail_record *record);

/* What is counted by the hour, for coverage. */
typedef enum {
    VG_COVER_MANAGEMENT,
    VG_COVER_DATA,    /* `name` is the event source */
    VG_COVER_INSIGHT, /* Insights */
    VG_COVER_NETWORK, /* network activity events; `name` is the event source */
    VG_COVER_FLOW,
    VG_COVER_DNS,
    VG_COVER_S3_ACCESS,
    VG_COVER_DIGEST, /* log files named by a digest; `name` is the trail */
    VG_COVER_QUIET,  /* hours of which a digest says that there was nothing; `name` is the trail */
    VG_COVER_COUNT
} vg_cover_kind;
extern const char *const vg_cover_names[VG_COVER_COUNT];

/* One hour of one kind of log in one account and region. */
typedef struct {
    vg_cover_kind kind;
    vg_str account, region, name;
    int64_t hour; /* hours since 1970 */
    uint64_t count;
} vg_trail_hour;

/* Hours from `from` up to and without `to`. */
typedef struct {
    int64_t from, to;
} vg_hours;

/* All hours of one kind in one account and region. */
typedef struct {
    vg_cover_kind kind;
    vg_str account, region, name;
    uint64_t count;
    const vg_hours *runs; /* ascending, apart from each other */
    size_t run_count;
} vg_trail_cover;

typedef struct {
    vg_str key; /* where it is: an absolute path */
    uint64_t size;
    vg_time modified;
    vg_sha256 sha256;     /* of the bytes as they lie there */
    uint64_t raw;         /* bytes when uncompressed */
    uint64_t events, bad; /* bad: what in it could not be read */
    vg_time first, last;  /* VG_TIME_NONE: no event tells a time */
    unsigned logs;        /* bit 1 << vg_log_kind */
    bool timeless;        /* it holds events that tell no time */
    bool copied;          /* the workspace keeps a copy */
} vg_trail_object;

typedef struct {
    vg_trail_field field;
    vg_str text; /* in the form that is kept: vg_trail_term */
} vg_trail_term;

/* What is to be kept of one log file. */
typedef struct {
    vg_trail_object object;
    const vg_trail_term *terms; /* in any order, each once */
    size_t term_count;
    const vg_trail_hour *hours;
    size_t hour_count;
} vg_trail_summary;

enum { VG_TRAIL_TERM = 500 }; /* bytes of the longest term that is kept */
/* The form in which an index keeps a value: lower case; addresses as bytes; fingerprints; what is long cut and hashed.
 * `out` holds VG_TRAIL_TERM bytes. */
vg_str vg_trail_term_of(vg_trail_field field, vg_str value, char *out);

/* ---- writing ---- */

/* Gathers summaries, to be written as one index file. */
typedef struct vg_trail_gather vg_trail_gather;
vg_trail_gather *vg_trail_gather_new(void); /* NULL when memory is out */
void vg_trail_gather_free(vg_trail_gather *gather);
vg_status vg_trail_gather_add(vg_trail_gather *gather, const vg_trail_summary *summary, vg_error *err);
size_t vg_trail_gather_bytes(const vg_trail_gather *gather); /* memory it takes */
size_t vg_trail_gather_objects(const vg_trail_gather *gather);
/* Writes the file: complete and on the disk when this returns, or not there. `number` tells files apart. Equal summaries
 * give equal bytes, whatever the order in which they were added. */
vg_status vg_trail_gather_write(vg_trail_gather *gather, vg_str path, uint64_t number, vg_error *err);

/* ---- reading ---- */

typedef struct vg_trail_index vg_trail_index;
typedef struct {
    vg_str path;
    uint64_t number, bytes, objects, events;
    vg_time first, last;
    uint64_t terms[VG_TRAIL_FIELD_COUNT];
} vg_trail_index_info;

/* Opens an index file. VG_ERR_CORRUPT for one that is truncated or broken, VG_ERR_VERSION for one of a newer vigil; each of
 * the calls below may say so too. Many threads may read one index. */
vg_status vg_trail_index_open(vg_str path, vg_trail_index **out, vg_error *err);
/* The same over bytes in memory. */
vg_status vg_trail_index_over(vg_str bytes, vg_str name, vg_trail_index **out, vg_error *err);
void vg_trail_index_close(vg_trail_index *index);
void vg_trail_index_describe(const vg_trail_index *index, vg_trail_index_info *out);
/* Looks at every page. */
vg_status vg_trail_index_check(const vg_trail_index *index, vg_error *err);
vg_status vg_trail_index_object(const vg_trail_index *index, vg_arena *arena, uint32_t object,
                                vg_trail_object *out, vg_error *err);
/* Appends the objects (uint32_t, ascending) that hold the term (as vg_trail_term_of makes it). */
vg_status vg_trail_index_find(const vg_trail_index *index, vg_trail_field field, vg_str term, vg_vec *objects,
                              vg_error *err);
/* Calls `each` for the terms from `from` on, in order, until it says VG_ERR_CANCELLED, which is no failure. `objects` of a
 * term are read by vg_trail_index_find. */
vg_status vg_trail_index_terms(const vg_trail_index *index, vg_trail_field field, vg_str from,
                               vg_status (*each)(void *context, vg_str term, uint64_t objects, vg_error *err),
                               void *context, vg_error *err);
/* Appends the covers (vg_trail_cover), ordered by kind, account, region, name. */
vg_status vg_trail_index_covers(const vg_trail_index *index, vg_arena *arena, vg_vec *covers, vg_error *err);
/* Puts covers of several indexes together: each kind, account, region and name once. */
vg_status vg_trail_covers_merge(vg_arena *arena, vg_vec *covers, vg_error *err);

/* Writes one index file out of several, given from old to new: of an object that stands in several, the newest counts.
 * Memory grows with the objects and not with the terms. */
vg_status vg_trail_index_merge(vg_trail_index *const *indexes, size_t count, vg_str path, uint64_t number,
                               vg_error *err);

/* ---- ingest: log files into the index -------------------------------------------------------------------------------- */

typedef struct {
    vg_str key; /* as vg_trail_object's */
    uint64_t size;
    vg_time modified;
    bool named; /* by the user, not found in a folder: what is no log in it is told */
} vg_trail_listed;

/* Where log files come from: local ones (vg_trail_files), or a bucket. Reads happen on several threads at once. */
typedef struct {
    /* Appends vg_trail_listed, in an order that is always the same. What cannot be looked at is told. */
    vg_status (*list)(void *context, vg_arena *arena, vg_vec *objects,
                      void (*skipped)(void *, const vg_error *), void *skipped_context, vg_error *err);
    vg_status (*read)(void *context, vg_arena *arena, vg_str key, size_t max, vg_str *bytes, vg_error *err);
    void *context;
} vg_trail_source;
/* Files and folders. Keys are absolute paths without links. `paths` and the arena must stay. */
vg_status vg_trail_files(vg_arena *arena, const vg_str *paths, size_t count, vg_trail_source *out,
                         vg_error *err);

/* Waits until something below the paths changed, at most `ms`. Folders are watched by inotify; where that cannot be, and
 * for what it misses, the wait simply ends. */
typedef struct vg_trail_watch vg_trail_watch;
vg_status vg_trail_watch_open(const vg_str *paths, size_t count, vg_trail_watch **out, vg_error *err);
/* Whether something changed; a look a little later is due then, since more may come while folders are made. `also` (-1:
 * none) is a descriptor that ends the wait, too, when it can be read: *ended says so. */
bool vg_trail_watch_wait(vg_trail_watch *watch, unsigned ms, int also, bool *ended);
void vg_trail_watch_close(vg_trail_watch *watch);

typedef enum {
    VG_INGEST_READ,
    VG_INGEST_PARTLY, /* something in it could not be read */
    VG_INGEST_DIGEST, /* a digest of CloudTrail: what it says of deliveries is kept */
    VG_INGEST_OTHER,  /* no log that is read */
    VG_INGEST_UNREADABLE,
    VG_INGEST_SAME, /* as the ledger knows it, by its content */
    VG_INGEST_OUTCOMES
} vg_ingest_outcome;
extern const char *const vg_ingest_outcome_names[VG_INGEST_OUTCOMES]; /* "read", "partly", ... */

typedef struct {
    vg_trail_object object;
    vg_ingest_outcome outcome;
    vg_str reason; /* of what is not in full: the first of it */
} vg_ingest_result;

/* What the ledger remembers of a log file. */
typedef struct {
    bool known;
    uint64_t size;
    vg_time modified;
    vg_sha256 sha256;
} vg_ingest_known;

typedef struct {
    vg_trail_source source;
    vg_str folder; /* of index files and copies; it is there */
    bool copy;     /* keep a copy of each log file */
    size_t threads;
    vg_log_options log;
    size_t batch_events, batch_bytes; /* an index file is written after so many; 0: a million, 192 MiB */
    vg_status (*known)(void *context, vg_str key, vg_ingest_known *out, vg_error *err);
    /* The number of the next index file, and its path in the arena. */
    vg_status (*number)(void *context, vg_arena *arena, uint64_t *number, vg_str *path, vg_error *err);
    /* Remembers what was read, and the index file that tells of it (NULL: none was worth writing). It is on the disk by
     * now; what it tells of counts as ingested once this has returned. */
    vg_status (*commit)(void *context, const vg_trail_index_info *index, const vg_ingest_result *results,
                        size_t count, vg_error *err);
    void (*bad)(void *context, vg_str key, const vg_error *err, uint64_t more); /* once a file; may be NULL */
    void (*progress)(void *context, uint64_t objects, uint64_t bytes); /* since the last; may be NULL */
    bool (*stop)(void *context);                                       /* asked between files; may be NULL */
    void *context;
} vg_ingest_options;

typedef struct {
    uint64_t listed, unchanged, outcomes[VG_INGEST_OUTCOMES];
    uint64_t events, bad, bytes, raw;
    uint64_t indexes; /* index files written */
    bool stopped;
} vg_ingest_counts;

/* Reads the log files of the list that the ledger does not know as they are, and indexes them. A file that cannot be read
 * is told and remembered, and the rest goes on; of one that is damaged, what could be read is. Fails for what stops
 * everything: memory, the disk, the ledger. *counts is added to. */
vg_status vg_trail_ingest(const vg_ingest_options *options, const vg_trail_listed *objects, size_t count,
                          vg_ingest_counts *counts, vg_error *err);

/* The summary of one log file's bytes, in the arena: what ingest keeps of it. `listed` names it. `bad` as a sink's. */
vg_status vg_trail_summarise(vg_arena *arena, const vg_trail_listed *listed, vg_str bytes,
                             const vg_log_options *log, void (*bad)(void *context, const vg_error *err),
                             void *context, vg_trail_summary *out, vg_ingest_outcome *outcome, vg_error *err);
/* Uncompresses as far as it goes: what is damaged, cut off, or too large gives what stands before, and *whole false with
 * the reason in *why. */
vg_status vg_trail_text(vg_arena *arena, vg_str bytes, size_t max, vg_str *text, bool *whole, vg_error *why,
                        vg_error *err);
/* Where the copy of a log file lies. */
vg_str vg_trail_copy_path(vg_arena *arena, vg_str folder, const vg_sha256 *sha256);

/* ---- gaps ---- */

/* Hours in which a log should have something and has nothing. */
typedef struct {
    vg_str account, region, name;
    vg_hours hours;
    enum vg_gap_why {
        VG_GAP_DIGEST,    /* a digest names log files of them, and none of their events is here */
        VG_GAP_NO_DIGEST, /* between digests of the trail one is missing */
        VG_GAP_NEIGHBOURS /* the day before and the day after are never quiet */
    } why;
} vg_trail_gap;
extern const char *const vg_gap_names[3]; /* "digest", "no-digest", "neighbours" */
/* Appends the gaps of merged covers, in their order. */
vg_status vg_trail_gaps(vg_arena *arena, const vg_trail_cover *covers, size_t count, vg_vec *gaps,
                        vg_error *err);

/* ---- search ----------------------------------------------------------------------------------------------------------- */

/* An expression over events (docs/reference/search.md): fields by dotted path or short name, = != == < <= > >= in exists,
 * globs, addresses, times, and/or/not, bare words. Compiled once, then immutable. */
typedef struct vg_search vg_search;

/* Compiles the text, which is copied; all memory is the arena's. An error names the column and what was expected there. An
 * empty text matches everything. */
vg_status vg_search_compile(vg_arena *arena, vg_str text, const vg_search **out, vg_error *err);
/* Whether the event is what the expression asks for. No allocation. */
bool vg_search_matches(const vg_search *search, const vg_event *event);
/* False when no event in this JSON can match, by its bytes alone. True decides nothing. */
bool vg_search_may_match(const vg_search *search, vg_str json);
/* Times outside of which nothing matches; VG_TIME_NONE: no bound. `until` itself may match. */
void vg_search_times(const vg_search *search, vg_time *since, vg_time *until);
/* The objects of the index that may hold a match: appended ascending, or *all true and nothing appended. */
vg_status vg_search_objects(const vg_search *search, const vg_trail_index *index, vg_arena *arena,
                            vg_vec *objects, bool *all, vg_error *err);

/* A match. Slices are borrowed until the sink returns. */
typedef struct {
    vg_log_kind log;
    vg_time time;
    vg_str id, account, region, source_ip;
    vg_str source, name; /* of what is no CloudTrail: the log's own words for what happened */
    vg_str actor, error, shared_id;
    vg_str json; /* the event on one line; empty when only counting */
    vg_str key;  /* of the log file */
    uint32_t line;
} vg_search_hit;

typedef struct {
    vg_trail_index *const *indexes; /* from old to new */
    size_t index_count;
    const vg_str *others; /* keys of log files that no index tells of: all are read */
    size_t other_count;
    vg_trail_source source;
    vg_str folder;           /* of copies */
    vg_time since, until;    /* without `until`; VG_TIME_NONE: no bound */
    bool newest_first;       /* else oldest first; what tells no time comes last */
    uint64_t limit;          /* hits; 0: all */
    bool count_only, linked; /* linked: also the other accounts' records of the same event (sharedEventID) */
    size_t threads;
    vg_log_options log;
    vg_status (*hit)(void *context, const vg_search_hit *hit, vg_error *err);
    void (*bad)(void *context, vg_str key, const vg_error *err); /* gone, changed, unreadable */
    void (*progress)(void *context, uint64_t objects, uint64_t of);
    void *context;
} vg_search_options;

typedef struct {
    uint64_t objects, chosen, opened;  /* that the indexes tell of; that may hold matches; that were read */
    uint64_t events, hits, duplicates; /* events that were looked at one by one */
    uint64_t bytes, raw;
    uint64_t bad; /* told */
} vg_search_counts;

/* Gives every match once, by time: an event that several log files hold is known by its id and account. Memory is that of
 * the log files being read and of the matches that overlap them in time. Same logs and index, same hits in the same order,
 * whatever the number of threads. Fails for memory, for a broken index, and with what the sink returned. */
vg_status vg_search_run(const vg_search *search, const vg_search_options *options, vg_search_counts *counts,
                        vg_error *err);

/* ---- timelines --------------------------------------------------------------------------------------------------------- */

/* What a timeline is of. */
typedef enum {
    VG_SUBJECT_PRINCIPAL, /* a user, root, a federated user, a service; also by id or name */
    VG_SUBJECT_ROLE,
    VG_SUBJECT_SESSION, /* of a role: arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION; without /SESSION all of the role's */
    VG_SUBJECT_ACCOUNT,
    VG_SUBJECT_KEY,
    VG_SUBJECT_IP, /* an address or a block */
    VG_SUBJECT_RESOURCE,
    VG_SUBJECT_COUNT
} vg_subject_kind;
extern const char *const vg_subject_names[VG_SUBJECT_COUNT]; /* "principal", "role", ... */
/* By the form of the text. What has no form of its own is the name of a resource. */
vg_subject_kind vg_subject_kind_of(vg_str text);

#define VG_NO_SESSION SIZE_MAX

/* Temporary credentials: those that a record of STS hands out, or, where no such record is known, those that events were
 * made with. */
typedef struct {
    vg_str arn, role, name, key; /* of the session, of its role, its name, its access key */
    vg_str how, event;           /* "AssumeRole" and its eventID; empty: its making is not in these logs */
    vg_time granted;
    vg_str caller; /* ARN, else principal id, service, access key of who asked for it; empty: not known */
    size_t parent; /* the caller's own session, or VG_NO_SESSION */
    vg_str
        behind; /* who stands at the beginning of the chain: a caller that has no session; empty: not known */
    unsigned hops;                        /* sessions from there to here */
    bool complete;                        /* `behind` is the beginning: no link of the chain is missing */
    bool looped;                          /* the chain came back to itself and was cut here */
    bool uncertain;                       /* other callers made sessions of the same name at the time */
    vg_str source_identity, on_behalf_of; /* on_behalf_of: the user of Identity Center */
    vg_str provider, subject;             /* of SAML and web identities */
    vg_str service;                       /* invokedBy, or the service that asked for it */
    vg_str instance;                      /* credentials of an EC2 instance */
} vg_timeline_session;

/* Values that appear in a timeline for the first time. */
enum { VG_FIRST_REGION = 1, VG_FIRST_SERVICE = 2, VG_FIRST_IP = 4, VG_FIRST_AGENT = 8 };

typedef struct {
    vg_log_kind log;
    vg_time time, last; /* last: of its repeats */
    vg_str id, account, region;
    vg_str also;                 /* another account that recorded it, too */
    vg_str source, name, target; /* target: the resource that it names first */
    vg_str actor, key, source_ip, user_agent;
    vg_str error, message; /* errorCode, errorMessage; empty: it succeeded */
    vg_str category, invoked_by, shared_id;
    vg_str file;
    uint32_t line;
    size_t session;   /* whose session did it, or VG_NO_SESSION */
    bool by_name;     /* that is known by the session's name and not by its access key */
    size_t gives;     /* the session that it handed out, or VG_NO_SESSION */
    unsigned hops;    /* sessions between the subject and this; 0: the subject itself */
    unsigned first;   /* VG_FIRST_... */
    size_t repeat_of; /* an earlier event of which this is a repeat within a minute; else its own index */
    size_t repeats;   /* of that one: itself and those that repeat it */
} vg_timeline_event;

typedef struct {
    vg_subject_kind kind;
    vg_str subject;
    const vg_timeline_event *events; /* by time and id */
    size_t count;
    const vg_timeline_session
        *sessions; /* by the time they were granted; events and parents refer to them by index */
    size_t session_count;
    vg_search_counts counts; /* of the first search */
    uint64_t duplicates;     /* events that were found more than once */
    unsigned searches;
    bool truncated;  /* there were more events than `most` */
    bool unfollowed; /* there were more sessions, or more hops, than are followed */
} vg_timeline;

typedef struct {
    /* Where to look: indexes, others, source, folder, since, until, threads, log, bad, progress, context. */
    vg_search_options search;
    size_t most; /* events; 0: 100,000 */
    /* Told of every event that was found, once; also of some that the timeline will not have. May be NULL. */
    vg_status (*event)(void *context, const vg_event *event, vg_error *err);
    void *event_context;
} vg_timeline_options;

/* What happened, in order: the subject's events, and what was done by the sessions that it made, over any number of hops.
 * Who stands behind each session is looked for up to 36 hours before `since`. All memory is the arena's. Same logs, same
 * timeline, whatever their order. Fails as vg_search_run. */
vg_status vg_timeline_build(vg_arena *arena, vg_subject_kind kind, vg_str subject,
                            const vg_timeline_options *options, vg_timeline *out, vg_error *err);

#endif
