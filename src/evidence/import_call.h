/* import_call.h: one answer on its way in: whose it is (the call), what its expressions may refer to (the view), and
 * what came of it (the part). Private to import. */
#ifndef VIGIL_IMPORT_CALL_H
#define VIGIL_IMPORT_CALL_H

#include "evidence/import_rules.h"

/* ---- the call: what was asked, of whom, when -------------------------------------------------------------------------- */

typedef struct {
    const import_operation *operation; /* NULL: not recognised */
    vg_str operation_name;             /* as the envelope says it, when it is not in the table */
    const vg_value *parameters;        /* of the envelope; may be NULL */
    vg_str parameter;                  /* the value that tells calls apart; "" when there is none */
    vg_str also;
    vg_str account, region, partition;
    vg_str organization; /* its id, as the answer says it; "" when it does not */
    vg_str management;   /* the organisation's management account, as the answer says it */
    vg_time time;
    vg_str path; /* the file, for `@path`, `@file` and the origin */
    uint32_t line;
    const vg_doc *doc;     /* that holds the answer; NULL: it is none */
    uint32_t lines_before; /* of the file, before the document */
    bool certain;          /* that it was this operation: only then is what is missing from it gone */
} import_call;

/* ---- policies on the way ------------------------------------------------------------------------------------------------ */

/* One that AWS would refuse. */
typedef struct {
    const vg_value *at; /* in the file; NULL: not to be told */
    vg_str path;        /* of the file, with line and column */
    vg_str reason;
} import_refused;

/* Of a part: who judges, and what was refused. `subject` is the resource at hand. */
typedef struct {
    vg_import_policy_judge judge; /* NULL: nobody */
    vg_str subject;
    vg_vec refused; /* import_refused */
} import_policies;

/* ---- the view: what an expression sees -------------------------------------------------------------------------------- */

enum { IMPORT_LEVELS = 12 };
typedef struct {
    vg_arena *arena;
    const import_call *call;
    const vg_value *levels[IMPORT_LEVELS]; /* [0] is the whole answer */
    size_t depth;                          /* levels in use, at least 1 */
    bool opens_strings;                    /* paths go on into strings that hold JSON (AWS Config) */
    import_policies *policies;             /* NULL: policies are not looked at */
} import_view_of;

/* The expression as text (strings and numbers alone), or {NULL, 0}. */
vg_str import_expr_text(const import_expr *expr, const import_view_of *view);
/* Writes the expression as canonical JSON. False, and nothing written, when it has no value. */
bool import_expr_write(const import_expr *expr, import_view_of *view, vg_buf *out);
/* The value at the end of a path without lists, or NULL. JSON null is NULL too. */
const vg_value *import_path_find(const import_path *path, const vg_value *from, const import_view_of *view);
/* Calls `each` with the view inside of every value that the path leads to. */
vg_status import_path_each(const import_path *path, import_view_of *view,
                           vg_status (*each)(void *context, import_view_of *view, vg_error *err),
                           void *context, vg_error *err);
/* The first value of an expression that `accept` takes, over all items of the lists on its paths. */
vg_str import_expr_search(const import_expr *expr, const import_view_of *view,
                          bool (*accept)(vg_str text, vg_str *out));
/* A parameter of the envelope by name, whatever its case and hyphens; NULL when it was not given. */
const vg_value *import_parameter(const vg_value *parameters, vg_str name);
/* A time as AWS prints it (RFC 3339, or seconds since 1970 as a number) in RFC 3339. */
bool import_time_of(const vg_value *value, vg_time *out);

/* ---- the part: what came of one answer ---------------------------------------------------------------------------------- */

typedef struct {
    import_call call;
    vg_ledger_outcome outcome;
    vg_str reason;
    vg_str note; /* doubtful, but imported */
    bool truncated;
    bool complete; /* the scope was read in full */
    bool waits;    /* for the organisation to be known: `answer` is read later */
    bool is_error; /* the call failed: there is no answer */
    const vg_value *answer;
    vg_vec resources, relations, findings; /* vg_resource, vg_relation, vg_finding */
    uint64_t content;                      /* hash of the answer */
    uint64_t items;
    uint64_t without_view; /* items of AWS Config that nothing turns into CloudFormation's spelling */
    vg_buf scratch;        /* while it is read */
    import_policies policies;
    vg_str workloads; /* text of a workload mapping, to be put as a whole */
} import_part;

/* What is given to every part, from outside. */
typedef struct {
    const vg_import_rules *rules;
    const vg_import_options *options;
    vg_str organization, management; /* as known so far; "" when not */
} import_world;

/* Recognises the answer (or the envelope around it), places it, and reads it into `part`, whose vectors are in `arena`.
 * Only memory running out is an error: everything else is told in the part. */
vg_status import_part_read(const import_world *world, vg_arena *arena, const vg_value *value,
                           import_part *part, vg_error *err);
/* Reads a part that waited, now that the organisation is known or will not be. */
vg_status import_part_resume(const import_world *world, vg_arena *arena, import_part *part, vg_error *err);
/* A text that is no JSON or YAML document: a credential report as CSV, an error that the CLI printed, or something that
 * is named with what to do. */
vg_status import_text_read(const import_world *world, vg_arena *arena, vg_str text, import_part *part,
                           vg_error *err);

/* Says that the part was not imported, and why. Always VG_OK, so that callers can return it. */
vg_status import_refuse(vg_arena *arena, import_part *part, vg_ledger_outcome outcome, const char *format,
                        ...) __attribute__((format(printf, 4, 5)));
/* Places the part: account, region, parameters (import_place.c). False when something is missing: then refused. */
bool import_place(const import_world *world, vg_arena *arena, const import_view_of *view, import_part *part);

/* The readers in C, one a shape (import_credentials.c, import_config.c, import_trail.c, import_asff.c, import_own.c). */
vg_status import_read_credentials(const import_world *, vg_arena *, import_view_of *, import_part *,
                                  vg_error *);
vg_status import_read_config(const import_world *, vg_arena *, import_view_of *, import_part *, vg_error *);
vg_status import_read_trail(const import_world *, vg_arena *, import_view_of *, import_part *, vg_error *);
vg_status import_read_asff(const import_world *, vg_arena *, import_view_of *, import_part *, vg_error *);
vg_status import_read_attestations(const import_world *, vg_arena *, import_view_of *, import_part *,
                                   vg_error *);
vg_status import_read_csv(const import_world *, vg_arena *, vg_str text, import_part *, vg_error *);

/* Whether the document is a list of findings in ASFF, without {"Findings": ...} around it. */
bool import_is_asff_list(const vg_value *value);

/* A resource by the table, put on part->resources. */
vg_status import_emit(vg_arena *arena, const import_resource *rule, import_view_of *view, import_part *part,
                      vg_error *err);

/* Judges a policy of the kind that the filter's argument tells, and keeps what is refused (import_policy.c). */
vg_status import_policy_check(const import_view_of *view, vg_str argument, const vg_value *value,
                              vg_import_refusal *out, vg_error *err);
/* Gives what was refused its places, in the order of the file. */
vg_status import_policies_place(vg_arena *arena, import_part *part, vg_error *err);

/* ---- what a path says ------------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_str account, region, unit, policy, detector,
        organization;              /* the last of each kind; "" when there is none */
    vg_str child;                  /* the last account or OU */
    const import_operation *named; /* the operation of `candidates` whose name stands in the path; NULL */
    vg_str parameter;              /* what follows the name */
} import_path_facts;
import_path_facts import_path_facts_of(vg_str path, const import_operation *const *candidates, size_t count);

/* The path from AWSLogs/ on, which is the object's key and the same wherever it was downloaded to; else the name. */
vg_str import_stable_path(vg_str path);

#endif
