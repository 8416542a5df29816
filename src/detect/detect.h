/* detect.h: threats in activity logs, by Sigma rules.
 *
 * Rules, correlations and filters are read from Sigma files into one compiled set (vg_rules), which is immutable and
 * shared by threads. Each thread has a detector (vg_detector) that is shown events and remembers what matched; at the
 * end all detectors are put together into findings, in an order that depends on nothing but the events. Source of the
 * language: Sigma specification 2.1.0 (rules, correlations, filters, appendix of modifiers). */
#ifndef VIGIL_DETECT_H
#define VIGIL_DETECT_H

#include "base/base.h"
#include "format/format.h"
#include "model/model.h"
#include "trail/trail.h"

/* ---- rules ---------------------------------------------------------------------------------------------------------- */

typedef enum { VG_RULE_DETECTION, VG_RULE_CORRELATION, VG_RULE_FILTER } vg_rule_kind;

typedef enum {
    VG_RULE_STABLE,
    VG_RULE_TEST,
    VG_RULE_EXPERIMENTAL,
    VG_RULE_DEPRECATED,
    VG_RULE_UNSUPPORTED,
    VG_RULE_STATUS_COUNT,
    VG_RULE_NO_STATUS = VG_RULE_STATUS_COUNT
} vg_rule_status;
extern const char *const vg_rule_status_names[VG_RULE_STATUS_COUNT]; /* "stable", ... */

typedef struct {
    const vg_str *items;
    size_t count;
} vg_str_list;

typedef struct {
    vg_rule_kind kind;
    vg_str id, name, title, description, author;
    vg_rule_status status;
    vg_severity level; /* Sigma's words: informational, low, medium, high, critical */
    bool level_given;  /* else `level` is medium */
    vg_log_kind log;   /* the log source, when it is one of ours; else VG_LOG_UNKNOWN */
    vg_str product, category, service;
    vg_str_list tags, references, falsepositives, fields;
    vg_str_list attack; /* "T1098.003", of the tags, upper case, sorted, without duplicates */
    vg_str_list needs, triage, guardduty; /* of the attribute `vigil` */
    vg_str expiry;                        /* of a filter: "2026-12-31"; else empty */
    bool alone;        /* matches are findings by themselves, not only counted by correlations */
    bool expired;      /* a filter whose expiry has passed: not applied */
    vg_str unassessed; /* why the rule is not evaluated, and what to supply; empty: it is */
    vg_place place;
} vg_rule;

typedef struct vg_rules vg_rules;

typedef struct {
    vg_str name, bytes; /* both must stay alive as long as the set */
} vg_rule_file;

typedef struct {
    vg_str name; /* without the percent signs */
    vg_str_list values;
} vg_placeholder;

typedef struct {
    const vg_placeholder *placeholders;
    size_t placeholder_count;
    vg_time now; /* for the expiry of filters */
} vg_rules_options;

/* Something wrong with a rule. A rule that could not be read is not in the set. */
typedef struct {
    vg_place place;
    vg_str rule; /* its title or id, when read that far */
    vg_str text;
    bool unread; /* the rule is not in the set; else it is a lint finding */
} vg_rule_problem;

/* Compiles all files (each may hold many YAML documents). What is wrong is appended to `problems` (of vg_rule_problem)
 * and the rest goes on. Fails for memory alone. */
vg_status vg_rules_compile(vg_arena *arena, const vg_rule_file *files, size_t count,
                           const vg_rules_options *options, vg_rules **out, vg_vec *problems, vg_error *err);
size_t vg_rules_count(const vg_rules *rules);
const vg_rule *vg_rules_at(const vg_rules *rules, size_t i);
/* Index of the rule with this id or name, or SIZE_MAX. */
size_t vg_rules_find(const vg_rules *rules, vg_str id_or_name);

/* Style and doubtful constructs, appended to `problems` with unread = false: a field that its log never has, a
 * selection that no condition uses, a condition that can never hold, a rule without id, ... */
vg_status vg_rules_lint(vg_arena *arena, const vg_rules *rules, vg_vec *problems, vg_error *err);

/* ---- what else is known of an event ---------------------------------------------------------------------------------- */

/* Answers questions about an event that stand outside it: which intelligence lists an address is on, what is new for its
 * actor. `name` is the field below "vigil.", for instance "intel". False: nothing is known. The answer is a scalar or an
 * array; it lives in `arena` or longer. */
typedef struct {
    bool (*ask)(void *context, const vg_event *event, vg_str name, vg_arena *arena, const vg_value **out);
    void *context;
} vg_detect_source;

/* ---- intelligence (intel.c) --------------------------------------------------------------------------------------------- */

/* Lists of addresses, networks, domains, hashes and user agents, compiled to one block of bytes that may be mapped from a
 * file: millions of them cost no memory but the pages that are looked at. Domains match what is below them; addresses
 * match every network that holds them. What stands in an allow-list is on no list. */
typedef struct vg_intel_builder vg_intel_builder;
vg_intel_builder *vg_intel_builder_new(void);
void vg_intel_builder_free(vg_intel_builder *builder);
/* Adds a list. Its form is told by its content: plain text or CSV with an indicator first in each line (# and ; begin
 * comments), STIX 2.1 patterns (a bundle), MISP events and warning lists. `allow`: what is on no list. *added counts
 * indicators; what is none is passed over and counted in *skipped. */
vg_status vg_intel_add(vg_intel_builder *builder, vg_str name, vg_str bytes, bool allow, size_t *added,
                       size_t *skipped, vg_error *err);
/* One indicator, of a list that need not be in a file. False: it is none. */
bool vg_intel_add_one(vg_intel_builder *builder, vg_str name, vg_str indicator, bool allow);
/* The compiled block, in the arena. The builder may be freed. */
vg_status vg_intel_compile(vg_arena *arena, vg_intel_builder *builder, vg_str *out, vg_error *err);

typedef struct vg_intel vg_intel;
/* Opens a compiled block, which must stay alive. Every offset is checked: VG_ERR_SYNTAX for bytes that are none. */
vg_status vg_intel_open(vg_arena *arena, vg_str block, vg_intel **out, vg_error *err);
size_t vg_intel_count(const vg_intel *intel);
/* Names of the lists that an address (or domain, hash, user agent) is on, appended to `names` (vg_str), each once. */
void vg_intel_find(const vg_intel *intel, vg_str indicator, vg_vec *names);
/* Answers "intel" of an event; `context` is the vg_intel. */
bool vg_intel_ask(void *context, const vg_event *event, vg_str name, vg_arena *arena, const vg_value **out);

/* ---- where addresses are (baseline_geo.c) ---------------------------------------------------------------------------- */

/* Databases of addresses (.mmdb), for countries and networks. Shared by threads. */
typedef struct vg_geo vg_geo;
/* Opens them all; `*out` is closed with vg_geo_close. An error names the file that is broken. */
vg_status vg_geo_open(const vg_str *paths, size_t count, vg_geo **out, vg_error *err);
void vg_geo_close(vg_geo *geo); /* NULL is fine */
/* The country ("DE") and the autonomous system's number ("64500") of an address, each by the first database that knows it;
 * empty: none does. Both in the arena. */
void vg_geo_find(const vg_geo *geo, vg_str address, vg_arena *arena, vg_str *country, vg_str *asn);
/* Answers "country" and "asn" of an event; `context` is the vg_geo. */
bool vg_geo_ask(void *context, const vg_event *event, vg_str name, vg_arena *arena, const vg_value **out);

/* ---- baselines (baseline*.c) ----------------------------------------------------------------------------------------- */

/* What is usual for every actor in every account, and which regions an account uses. Of the same events the same is learned,
 * in whatever order, split and number of copies they come. Of a set at most 64 values are kept; what has more is diverse, and
 * nothing is new to it. */
typedef enum {
    VG_USUAL_REGION, /* of the account, not of the actor */
    VG_USUAL_SERVICE,
    VG_USUAL_API, /* "iam.amazonaws.com:CreateUser" */
    VG_USUAL_COUNTRY,
    VG_USUAL_ASN,
    VG_USUAL_AGENT, /* the product, without version */
    VG_USUAL_HOUR,  /* of the week, in UTC */
    VG_USUAL_COUNT
} vg_usual_word;
extern const char *const vg_usual_words[VG_USUAL_COUNT]; /* "region", ...: the words of vigil.new */
/* Behind the words: how many calls an hour are usual. It is no word, for one event is neither more nor less. */
enum { VG_USUAL_PACE = VG_USUAL_COUNT };

enum { VG_BASELINE_MOST_ACTORS = 65536 };

typedef struct vg_learner vg_learner;
typedef struct vg_baseline vg_baseline;

/* Keeps at most `most` actors (0: VG_BASELINE_MOST_ACTORS). NULL when memory is out. One a thread. */
vg_learner *vg_learner_new(size_t most);
void vg_learner_free(vg_learner *learner);
/* Learns from an event of CloudTrail; others, and what AWS services do by themselves, are passed over. `geo` may be NULL. */
vg_status vg_learner_event(vg_learner *learner, const vg_event *event, const vg_geo *geo, vg_error *err);
vg_status vg_learner_merge(vg_learner *into, const vg_learner *from, vg_error *err);
vg_status vg_learner_recall(vg_learner *learner, const vg_baseline *baseline, vg_error *err);
/* The block to be saved, in the arena. Where more actors were met than are kept, the least seen are left out. */
vg_status vg_learner_compile(vg_arena *arena, vg_learner *learner, vg_str *out, vg_error *err);

/* Opens a block, which must stay alive. Every offset is checked: VG_ERR_CORRUPT for bytes that are none or damaged,
 * VG_ERR_VERSION for those of a newer vigil. */
vg_status vg_baseline_open(vg_arena *arena, vg_str block, vg_baseline **out, vg_error *err);

typedef struct {
    size_t actors, accounts;
    uint64_t left_out;   /* actors, about */
    vg_time first, last; /* VG_TIME_NONE: nothing was learned */
} vg_baseline_info;
void vg_baseline_describe(const vg_baseline *baseline, vg_baseline_info *out);

/* The context of vg_baseline_ask. It answers "new": the words of what the actor (the account, for its region) has not done
 * before; and "usual_part": the part of a usual hour's calls that one call of the actor is (0.05 of twenty), so that the sum
 * over an hour says how many times the usual it was. Nothing is new, and no hour usual, to whom fewer than 50 events or 7 days
 * were learned of, nor to whom nothing was. An hour is new when the hours beside it are, too. */
typedef struct {
    const vg_baseline *baseline;
    const vg_geo *geo; /* NULL: countries and networks are not known */
} vg_baseline_view;
bool vg_baseline_ask(void *context, const vg_event *event, vg_str name, vg_arena *arena,
                     const vg_value **out);

/* Bits by vg_usual_word that a rule looks for in vigil.new, and VG_USUAL_PACE's when it asks vigil.usual_part. */
unsigned vg_rule_asks_new(const vg_rules *rules, size_t rule);

typedef struct {
    vg_time first, last;
    uint64_t events;                   /* about */
    vg_str_list values[VG_USUAL_HOUR]; /* ascending */
    bool diverse[VG_USUAL_HOUR];       /* more than are kept */
    vg_str hours;                      /* "Mon-Fri 07-18" */
    uint64_t pace;                     /* calls in a usual hour; 0: of the actor nothing is known */
} vg_usual;
/* What is usual for an actor in an account. False: nothing was learned of it. */
bool vg_baseline_usual(const vg_baseline *baseline, vg_str account, vg_str actor, vg_arena *arena,
                       vg_usual *out);

/* ---- detectors ------------------------------------------------------------------------------------------------------- */

typedef struct vg_detector vg_detector;

typedef struct {
    const vg_detect_source *sources; /* asked in order */
    size_t source_count;
    const vg_map *ours;   /* account ids that are not outside; shared by threads. NULL: none are known */
    size_t signal_bytes;  /* memory for the signals of correlations before they spill; 0: 16 MiB */
    vg_str spill_folder;  /* where they spill to; empty: they are evicted, oldest first, and counted */
    vg_time since, until; /* VG_TIME_NONE: all */
} vg_detector_options;

/* NULL when memory is out. Not shared between threads. */
vg_detector *vg_detector_new(const vg_rules *rules, const vg_detector_options *options);
void vg_detector_free(vg_detector *detector);

/* Shows one event. Fails for memory. */
vg_status vg_detect_event(vg_detector *detector, const vg_event *event, vg_error *err);
/* Reads a whole uncompressed log of any kind and shows its events; much faster for CloudTrail's files than reading every
 * record. `bad` (may be NULL) is told what could not be read. */
vg_status vg_detect_log(vg_detector *detector, vg_str bytes, vg_str name, const vg_log_options *options,
                        void (*bad)(void *context, const vg_error *err), void *context,
                        vg_trail_counts *counts, vg_error *err);

/* The same of a log that is too large to be held whole: read and shown in pieces of some megabytes that end with a whole
 * record or line. Only a log that is neither a CloudTrail file as delivered nor a text of lines is held whole after all, up
 * to a gigabyte. Where the stream is damaged, what came before is shown, and `bad` is told. */
vg_status vg_detect_stream(vg_detector *detector, vg_stream *stream, vg_str name,
                           const vg_log_options *options, void (*bad)(void *context, const vg_error *err),
                           void *context, vg_trail_counts *counts, vg_error *err);

/* ---- blindness ------------------------------------------------------------------------------------------------------- */

/* Kinds of logs that a rule may need, by the words of its `needs`. A rule none of whose needs was seen is blind: its
 * silence says nothing. */
typedef enum {
    VG_NEED_MANAGEMENT,
    VG_NEED_DATA_S3,
    VG_NEED_DATA_LAMBDA,
    VG_NEED_DATA_DYNAMODB,
    VG_NEED_DATA_OTHER,
    VG_NEED_INSIGHTS,
    VG_NEED_NETWORK,
    VG_NEED_FLOW,
    VG_NEED_DNS,
    VG_NEED_S3_ACCESS,
    VG_NEED_COUNT
} vg_need;
extern const char *const vg_need_names[VG_NEED_COUNT]; /* "management", "data.s3", ... */
/* Bits by vg_need of a rule's `needs`; without any, of its log. 0: it needs what is not known here. */
uint32_t vg_rule_needs(const vg_rule *rule);

/* ---- findings -------------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_time time;
    vg_str id;   /* eventID */
    size_t rule; /* what it matched: of a sequence, its step */
    vg_str name; /* "s3:GetObject" in words of the log: source and name */
} vg_detect_step;

enum { VG_DETECT_MOST_STEPS = 50, VG_STEP_ID = 40 /* bytes of an id that is a UUID, and more */ };
typedef struct vg_packed_step vg_packed_step; /* there are hundreds of thousands of them */

typedef struct {
    char id
        [65]; /* a hash of rule, actor (or group) and, of a correlation, its first signal's time and event */
    size_t rule;
    bool succeeded;                                      /* at least one of its events succeeded */
    vg_str principal, actor, source_ip, account, region; /* of the first event */
    vg_str key;                                          /* access key id */
    vg_str group;                                        /* of a correlation: "field=value, ..." */
    vg_time first, last;
    uint64_t count; /* events, without duplicates */
    const vg_packed_step
        *steps; /* the first VG_DETECT_MOST_STEPS of them, by time and id: vg_detect_step_at */
    size_t step_count;
    vg_str file;     /* where the first event stands */
    uint64_t offset; /* of its first byte in the uncompressed file; 0 when it stood in an envelope */
    double value;    /* of a correlation: what was counted, summed, ... */
} vg_detect_finding;

/* A step below step_count. Its id stands in `room`, or where the finding does. */
vg_detect_step vg_detect_step_at(const vg_detect_finding *finding, size_t index, char room[VG_STEP_ID]);

typedef struct {
    const vg_detect_finding *const *items; /* by level (worst first), then first, rule, id */
    size_t count;
    uint64_t matches;   /* of rules with events, duplicates left out */
    uint32_t seen;      /* bits by vg_need: kinds of logs of which there was an event */
    uint64_t gave_up;   /* matches of regular expressions that took too long, and count as none */
    uint64_t evicted;   /* signals lost to the budget */
    uint64_t left_out;  /* matches without a time, or what a correlation groups by or counts; copies too */
    uint64_t undecided; /* windows of correlations that later events decide */
} vg_detect_findings;

/* Puts together what detectors of the same rules saw. */
vg_status vg_detect_finish(vg_arena *arena, vg_detector *const *detectors, size_t count,
                           vg_detect_findings *out, vg_error *err);

#endif
