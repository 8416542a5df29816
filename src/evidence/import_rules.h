/* import_rules.h: what content/import/ says, compiled: how answers are recognised, and the expressions that turn them
 * into resources. Everything here is immutable once read. The grammar is told at the top of
 * content/import/operations.yaml. */
#ifndef VIGIL_IMPORT_RULES_H
#define VIGIL_IMPORT_RULES_H

#include "evidence/evidence.h"

/* ---- paths and expressions ------------------------------------------------------------------------------------------ */

/* A/B[]/C: keys; `each` walks the items of the list that the key holds. */
typedef struct {
    vg_str key;
    bool each;
} import_step;
typedef struct {
    const import_step *steps;
    size_t count;
} import_path;

typedef enum { IMPORT_FROM_VALUE, IMPORT_FROM_PARAMETER, IMPORT_FROM_KNOWN, IMPORT_FROM_TEXT } import_origin;

/* One alternative of an expression: where a value comes from. */
typedef struct {
    import_origin origin;
    unsigned up;      /* levels above the current one */
    import_path path; /* of a value */
    vg_str text;      /* the parameter, the name of what is known, the text */
} import_source;

typedef enum {
    IMPORT_AS_IS,
    IMPORT_TIME,
    IMPORT_JSON,
    IMPORT_POLICY, /* as JSON; the argument tells what kind of policy it is */
    IMPORT_INTEGER,
    IMPORT_IS,
    IMPORT_NOT,
    IMPORT_SET,
    IMPORT_LIST,
    IMPORT_UPPER_KEYS,
    IMPORT_TAGS,
    IMPORT_ARN,
    IMPORT_TARGET_TYPE,
    IMPORT_BEHIND, /* what stands behind the last of the argument's characters */
    IMPORT_HAS     /* the text, when one of its words (by comma) is one of the argument's; else nothing */
} import_filter;

typedef enum {
    IMPORT_SOURCES,  /* the first source that has a value, through the filter */
    IMPORT_TEMPLATE, /* pieces joined to a text; absent when one of them is */
    IMPORT_OBJECT,   /* pairs, sorted by key; what is absent is left out */
    IMPORT_EACH,     /* a list: `as` for each item of `list` that `where` lets through */
    IMPORT_FIRST,    /* `as` for the first of them */
    IMPORT_CONCAT,   /* the lists of `parts`, one behind the other */
    IMPORT_CONST,
    IMPORT_MAP /* `as` as text, looked up in `constant` */
} import_expr_kind;

typedef struct import_expr {
    import_expr_kind kind;
    const import_source *sources;
    size_t source_count;
    import_filter filter;
    vg_str argument;                 /* of the filter */
    const vg_str *keys;              /* of an OBJECT, as they are written, with quotes and colon */
    const struct import_expr *parts; /* of OBJECT (one a key), CONCAT, TEMPLATE */
    size_t part_count;
    import_path list; /* of EACH and FIRST */
    const struct import_expr *as;
    const vg_value *where;    /* an object: keys and the values that they must have; NULL: all */
    const vg_value *constant; /* of CONST and MAP */
} import_expr;

/* ---- operations and views --------------------------------------------------------------------------------------------- */

typedef struct {
    vg_str type;
    import_path of;
    const import_expr *when, *unless, *id, *name, *account, *region, *arn, *properties; /* NULL: not said */
    const import_expr *absent, *absent_id;
} import_resource;

typedef struct {
    import_path of;
    vg_str kind;
    struct {
        const import_expr *type, *id; /* type NULL: read off the id (unit) */
    } from, to;
} import_relation;

/* A key of a shape with what its value must hold. */
typedef struct {
    vg_str name;
    char bracket;        /* '[' a list, '{' an object, '"' a text, 0 anything */
    const vg_str *inner; /* "A" or "A|B" */
    size_t inner_count;
} import_key;
typedef struct {
    const import_key *alternatives;
    size_t count;
} import_term;
typedef struct {
    const import_term *terms;
    size_t count;
} import_shape;

typedef enum { IMPORT_ORGANIZATION, IMPORT_ACCOUNT, IMPORT_REGION, IMPORT_NOWHERE } import_scope;
typedef enum {
    IMPORT_READ_TABLE, /* by `resources` and `relations` */
    IMPORT_READ_CREDENTIAL_REPORT,
    IMPORT_READ_CONFIG,
    IMPORT_READ_TRAIL,
    IMPORT_READ_ASFF,
    IMPORT_READ_ATTESTATIONS,
    IMPORT_READ_WORKLOADS
} import_reader;
typedef enum {
    IMPORT_HINT_NONE,
    IMPORT_HINT_UNIT,
    IMPORT_HINT_POLICY,
    IMPORT_HINT_CHILD,
    IMPORT_HINT_TARGET,
    IMPORT_HINT_DETECTOR,
    IMPORT_HINT_NAME
} import_hint;

typedef struct import_operation {
    vg_str name;    /* "iam:GetAccountSummary" */
    vg_str alias;   /* another name that envelopes may use; "" when there is none */
    vg_str kebab;   /* "get-account-summary" */
    vg_str command; /* how a user makes the export */
    import_scope scope;
    import_reader reader;
    import_shape shape;
    import_shape bare; /* what an answer without an envelope must have as well; without terms: nothing */
    vg_str parameter;  /* "" when nothing tells calls apart */
    vg_str also;       /* a second parameter that does */
    bool needs;        /* the answer means nothing without the parameter */
    bool loose;        /* what the content says of places is the resources', not the caller's */
    bool empty;        /* a call that worked may print nothing at all */
    bool per_region;   /* asked in each region although what it tells of has none */
    import_hint hint;
    const import_expr *parameter_from, *also_from, *account, *region, *organization, *time;
    vg_str account_parameter; /* the parameter that names the account asked about */
    import_path partial;      /* a list that, when not empty, means that not all could be asked */
    const vg_str *absent;
    size_t absent_count;
    vg_str unsupported; /* why it is not read; "" when it is */
    const import_resource *resources;
    size_t resource_count;
    const import_relation *relations;
    size_t relation_count;
} import_operation;

/* What an error code means, whatever the operation. */
typedef struct {
    vg_str code;
    bool absent; /* else: not assessed */
    vg_str advice;
} import_error_code;

struct vg_import_rules {
    const import_operation *operations; /* in the order of the file */
    size_t operation_count;
    const import_error_code *errors;
    size_t error_count;
    vg_map *views;      /* type of a Config item -> import_view */
    vg_map *asff_types; /* "AwsS3Bucket" -> vg_value of a string */
};

/* How items of AWS Config of one type become resources. */
typedef struct {
    const import_resource *resources;
    size_t count;
} import_view;

/* The operation of this name: "iam:GetAccountSummary", or as the CLI says it, "iam get-account-summary"; any case.
 * "configservice" is config. NULL when it is not in the table. */
const import_operation *import_operation_find(const vg_import_rules *rules, vg_str name);

/* How well a document looks like the operation's answer. */
typedef enum {
    IMPORT_UNLIKE,
    IMPORT_WEAK /* a list that would prove it is empty */,
    IMPORT_STRONG
} import_likeness;
import_likeness import_shape_match(const import_shape *shape, const vg_value *value);

/* ---- reading expressions, shared by the readers of operations and views ----------------------------------------------- */

/* Both keep what they return in the arena; errors name the place in `doc`. */
vg_status import_expr_read(vg_arena *arena, const vg_doc *doc, const vg_value *value, const import_expr **out,
                           vg_error *err);
vg_status import_path_read(vg_arena *arena, vg_str text, import_path *out, vg_error *err);
vg_status import_shape_read(vg_arena *arena, vg_str text, import_shape *out, vg_error *err);

#endif
