/* detect_part.h: what the files of detect/ share (private to detect/).
 *
 * A rule is a boolean expression over predicates. Every predicate is on one field (or on all of them: keywords), and
 * equal predicates of all rules are one, so that a field's values are tested once an event. */
#ifndef VIGIL_DETECT_PART_H
#define VIGIL_DETECT_PART_H

#include "detect/detect.h"

/* ---- the compiled set (rules.c, sigma_*.c) --------------------------------------------------------------------------- */

typedef enum {
    VG_TEST_EXACT, /* strings; numbers and booleans by their text */
    VG_TEST_STARTS,
    VG_TEST_ENDS,
    VG_TEST_CONTAINS,
    VG_TEST_GLOB, /* `*` and `?` inside */
    VG_TEST_REGEX,
    VG_TEST_CIDR,
    VG_TEST_NUMBER, /* equal numbers */
    VG_TEST_LT,
    VG_TEST_LTE,
    VG_TEST_GT,
    VG_TEST_GTE,
    VG_TEST_NULL,   /* the field is null or absent, as the specification has it */
    VG_TEST_EXISTS, /* the field is there, be it null */
    VG_TEST_FIELD, /* equals another field's value (fieldref; with startswith, endswith, contains by `how`) */
    VG_TEST_TIME   /* a part of a time: minute ... year */
} vg_test_op;

enum { VG_FIELD_ALL = UINT32_MAX }; /* keywords: any value of the event */

typedef struct {
    uint32_t field; /* index into fields, or VG_FIELD_ALL */
    uint8_t op;     /* vg_test_op */
    uint8_t how;    /* of VG_TEST_FIELD: EXACT, STARTS, ENDS or CONTAINS; of VG_TEST_TIME: the comparison */
    bool cased;
    bool many;   /* told by the field's `many` */
    vg_str text; /* folded when not cased; of GLOB with its wildcards encoded by sigma_text.c */
    double number;
    uint32_t other; /* of VG_TEST_FIELD: the other field */
    void *program;  /* of REGEX and CIDR and GLOB: sigma_test.c's */
} vg_predicate;

typedef enum { VG_EXPR_AND, VG_EXPR_OR, VG_EXPR_NOT, VG_EXPR_TEST, VG_EXPR_TRUE, VG_EXPR_FALSE } vg_expr_op;

/* Nodes of one rule stand in one array, children before parents, the root last. */
typedef struct {
    uint8_t op;
    uint32_t predicate;    /* of TEST */
    uint32_t first, count; /* of AND, OR, NOT: its children, in `children` */
} vg_expr;

typedef struct vg_correlation vg_correlation; /* correlation.c */

typedef struct {
    vg_rule info;
    const vg_expr *nodes; /* of a DETECTION, filters applied */
    uint32_t node_count;
    const uint32_t *children;
    const vg_correlation *correlation;
    const uint32_t *feeds; /* correlations that count this rule's matches (indices of rules) */
    size_t feed_count;
} vg_compiled_rule;

typedef struct {
    vg_str path;                    /* "requestParameters.ipPermissions.items.fromPort" */
    vg_str_list parts;              /* split at dots */
    bool derived;                   /* below "vigil." */
    const struct sigma_multi *many; /* sigma_multi.c: tests of its text at once; NULL: they are few */
} vg_field;

struct vg_rules {
    vg_arena *arena;
    const vg_compiled_rule *rules;
    size_t rule_count;
    const vg_field *fields;
    size_t field_count;
    const vg_predicate *predicates;
    size_t predicate_count;
    const struct sigma_multi *keywords; /* as a field's `many` */
    const struct vg_dispatch *dispatch; /* dispatch.c: which rules an event can match at all */
};

/* Builds rules->dispatch, when all else is done (dispatch.c). */
vg_status vg_dispatch_build(vg_rules *rules, vg_error *err);
/* Whether a rule is for events of a log: its own; rules that name no log are for all; an event of an unknown log is shown to
 * all rules. */
bool vg_rule_applies(const vg_rule *rule, vg_log_kind log);

/* ---- evaluating (sigma_eval.c) --------------------------------------------------------------------------------------- */

/* What is remembered while one event is evaluated: values of fields, verdicts of predicates. One a thread. */
typedef struct vg_evaluator vg_evaluator;
vg_evaluator *vg_evaluator_new(const vg_rules *rules, const vg_detect_source *sources, size_t source_count);
void vg_evaluator_free(vg_evaluator *evaluator);
/* Begins with an event, which must stay alive until the next. */
void vg_evaluator_begin(vg_evaluator *evaluator, const vg_event *event);
/* Begins with an event of which no tree was made: only vg_evaluator_text may be asked, and asks `text`. */
typedef bool vg_light_text(void *context, vg_str path, vg_arena *arena, vg_str *out);
void vg_evaluator_begin_light(vg_evaluator *evaluator, vg_light_text *text, void *context);
/* Whether a rule (a DETECTION) matches it. */
bool vg_evaluator_match(vg_evaluator *evaluator, size_t rule);
/* How often a regular expression was given up, and counted as no match, because it took too long. */
uint64_t vg_evaluator_limits(const vg_evaluator *evaluator);
/* Whether memory ran out, so that a verdict may have been false for want of it. */
bool vg_evaluator_failed(const vg_evaluator *evaluator);
/* The first scalar value of any dotted path (or derived field), as text, for grouping and counting. False: none. */
bool vg_evaluator_text(vg_evaluator *evaluator, vg_str path, vg_arena *arena, vg_str *out);
/* The text of the first scalar of a value, as vg_evaluator_text gives it. */
bool vg_evaluator_first_text(const vg_value *value, vg_arena *arena, vg_str *out);
/* One predicate on one value: the meaning of all operators, in one place. */
bool vg_predicate_holds(const vg_predicate *predicate, const vg_value *value, vg_arena *scratch);

/* Fields below "vigil." that the event itself tells (derived.c). False: there is none. */
bool vg_derived_field(const vg_event *event, vg_str name, vg_arena *arena, const vg_value **out);
/* Whether there is such a field of CloudTrail events at all; others are known to sources alone. */
bool vg_derived_is_of_event(vg_str name);

/* ---- correlations (correlation.c, correlate.c) ------------------------------------------------------------------------ */

/* Reads the section `correlation` of a document. `rules` are names and ids as written; rules.c resolves them. */
vg_status vg_correlation_read(vg_arena *arena, const vg_doc *doc, const vg_value *document,
                              vg_correlation **out, vg_error *err);
vg_str_list vg_correlation_names(const vg_correlation *correlation);
bool vg_correlation_generates(const vg_correlation *correlation); /* generate: true */
/* Tells which rule each name became (indices, as many as names). False: memory is out. */
bool vg_correlation_resolve(vg_correlation *correlation, const uint32_t *rules);
/* Called once by rules.c, when all names are resolved and every `feeds` stands: works out what signals pass on to
 * correlations of correlations. What goes round in a circle or nests too deeply is told to `problems` (of vg_rule_problem)
 * and gets `unassessed`. */
vg_status vg_correlations_link(vg_arena *arena, vg_compiled_rule *rules, size_t count, vg_vec *problems,
                               vg_error *err);
/* Why no signals can ever fulfil its condition; empty: some can. For lint. */
vg_str vg_correlation_never(const vg_correlation *correlation);

/* ---- signals (signal.c) ----------------------------------------------------------------------------------------------- */

/* What a finding tells of an event, in text that fits in memory by the million. */
typedef struct {
    vg_str principal, actor, source_ip, account, region, key;
    vg_str name; /* "iam:CreateUser": source without its domain, and event name */
    vg_str file;
    uint64_t offset; /* of the event in the uncompressed file */
    bool succeeded;
} vg_brief;

/* A match of a rule: for the rule's own findings, or for a correlation that counts it. */
typedef struct {
    uint32_t stream; /* whose group this is: the rule itself, or the correlation */
    uint32_t rule;   /* what matched */
    vg_str group;    /* the group's values, each preceded by its length, so that they never run together */
    vg_time time;
    vg_str id;    /* of the event */
    vg_str value; /* of the field that a correlation counts or sums; empty when it has none */
    bool has_value;
    vg_brief brief;
    vg_str above; /* what correlations of the correlation need of it: correlate.c's */
} vg_signal;

/* A store of signals with a budget of memory. What does not fit is written to sorted runs in the spill folder (unnamed
 * files), or, without one, evicted, the oldest by time first, and counted. One a thread. */
typedef struct vg_signals vg_signals;
vg_signals *vg_signals_new(size_t bytes, vg_str spill_folder);
void vg_signals_free(vg_signals *signals);
vg_status vg_signals_add(vg_signals *signals, const vg_signal *signal, vg_error *err);
uint64_t vg_signals_evicted(const vg_signals *signals);
/* Matches that a correlation left out, for they tell no time, or lack a field that it groups by or counts. */
uint64_t vg_signals_left_out(const vg_signals *signals);
/* Gives the signals of all stores to `take`, by stream, group, time, id, account, rule; the same signal in several stores,
 * or twice in one, once. Slices are borrowed until `take` returns. */
vg_status vg_signals_merge(vg_signals *const *stores, size_t count,
                           vg_status (*take)(void *context, const vg_signal *signal, vg_error *err),
                           void *context, vg_error *err);

/* ---- correlating (correlate.c) ------------------------------------------------------------------------------------------ */

/* The event that `evaluator` has begun with matched `rule`: adds a signal for each correlation that the rule feeds. */
vg_status vg_correlate_signal(const vg_rules *rules, size_t rule, vg_evaluator *evaluator,
                              const vg_event *event, const vg_brief *brief, vg_signals *signals,
                              vg_error *err);

/* A correlation that holds for a group. */
typedef struct {
    size_t rule;  /* the correlation */
    vg_str group; /* "userIdentity.arn=..., sourceIPAddress=...", for people */
    vg_time
        window; /* where the timespan begins that its first signal is in; no other episode of the group has it, and a late
                       event seldom changes it: for ids */
    vg_time first, last;
    vg_brief brief; /* of its first signal */
    bool succeeded; /* of any of its signals */
    uint64_t count;
    double value;
    const vg_detect_step *steps; /* the first VG_DETECT_MOST_STEPS, by time and id */
    size_t step_count;
} vg_episode;

/* Evaluates correlations, those of correlations last, as signals come in the order of vg_signals_merge (those whose
 * stream is a correlation; others must not be given). Episodes that are findings by themselves go to `sink`. */
typedef struct vg_correlator vg_correlator;
vg_correlator *vg_correlator_new(vg_arena *arena, const vg_rules *rules,
                                 vg_status (*sink)(void *context, const vg_episode *episode, vg_error *err),
                                 void *context);
/* Has what must be held back (signals of correlations of correlations, and of those that wait for the watermark) take the
 * memory and the folder of a store. Before the first signal; without it 16 MiB and no folder. */
void vg_correlator_limit(vg_correlator *correlator, const vg_signals *as);
vg_status vg_correlator_take(vg_correlator *correlator, const vg_signal *signal, vg_error *err);
/* After the last signal. `watermark`: the latest time seen in any event. */
vg_status vg_correlator_finish(vg_correlator *correlator, vg_time watermark, vg_error *err);
/* What it holds beside the arena goes by itself when finishing, or taking, returns; this is for who does neither. */
void vg_correlator_free(vg_correlator *correlator);
/* Signals lost to its limits. */
uint64_t vg_correlator_evicted(const vg_correlator *correlator);
/* Windows that the watermark has not passed, so that their conditions are not decided. */
uint64_t vg_correlator_undecided(const vg_correlator *correlator);

/* ---- findings (finding.c) ------------------------------------------------------------------------------------------------- */

/* Of a detector (detect.c). The watermark is the latest time of any event it was shown. */
/* Frees what it looks at events with; its signals and numbers stay. No event may be shown to it after. */
void vg_detector_retire(vg_detector *detector);
const vg_rules *vg_detector_rules(const vg_detector *detector);
vg_signals *vg_detector_signals(vg_detector *detector);
vg_time vg_detector_watermark(const vg_detector *detector);
uint32_t vg_detector_seen(const vg_detector *detector);
uint64_t vg_detector_gave_up(const vg_detector *detector); /* regular expressions that took too long */

/* A piece of a log, as vg_detect_stream shows it. */
typedef struct {
    int64_t base;   /* where in the log its first byte stands: below 0 with an opening before it */
    uint32_t line;  /* what to add to a line of it, */
    int64_t column; /* and to a column of its first line */
    bool more;      /* records follow in another piece: one that ends with this piece is no error, */
    size_t behind;  /* and this is told: the bytes up to which all was read */
} vg_piece;
/* As vg_detect_log. */
vg_status vg_detect_piece(vg_detector *detector, vg_str bytes, vg_str name, const vg_log_options *options,
                          void (*bad)(void *context, const vg_error *err), void *context,
                          vg_trail_counts *counts, vg_piece *piece, vg_error *err);

/* Bit by vg_need of an event; `category` is CloudTrail's eventCategory, which old records lack (needs.c). */
uint32_t vg_need_of_event(vg_log_kind log, vg_str category, vg_str source);

/* The brief of an event, its slices borrowed from it or in `arena`. */
void vg_brief_of(const vg_event *event, vg_arena *arena, vg_brief *out);
/* The same of a record, its tree apart: whether it failed is told. */
void vg_brief_of_record(const vg_trail_record *record, bool failed, vg_arena *arena, vg_brief *out);

#endif
