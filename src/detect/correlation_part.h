/* correlation_part.h: a correlation as correlation.c reads it and correlate*.c evaluate it (private to these files). */
#ifndef VIGIL_DETECT_CORRELATION_PART_H
#define VIGIL_DETECT_CORRELATION_PART_H

#include "detect/detect_part.h"

typedef enum {
    VG_CORRELATE_EVENT_COUNT,
    VG_CORRELATE_VALUE_COUNT,
    VG_CORRELATE_VALUE_SUM,
    VG_CORRELATE_VALUE_AVG,
    VG_CORRELATE_VALUE_PERCENTILE,
    VG_CORRELATE_VALUE_MEDIAN,
    VG_CORRELATE_TEMPORAL,
    VG_CORRELATE_TEMPORAL_ORDERED,
    VG_CORRELATE_TYPE_COUNT
} vg_correlate_type;
extern const char *const vg_correlate_type_names[VG_CORRELATE_TYPE_COUNT]; /* "event_count", ... */

typedef enum {
    VG_BOUND_LT,
    VG_BOUND_LTE,
    VG_BOUND_GT,
    VG_BOUND_GTE,
    VG_BOUND_EQ,
    VG_BOUND_NEQ,
    VG_BOUND_COUNT
} vg_bound_op;
extern const char *const vg_bound_names[VG_BOUND_COUNT]; /* "lt", ... */

/* Numbers are kept in billionths, so that sums are exact and no order of adding matters. Below 2^64 in size. */
__extension__ typedef __int128 vg_billionths;
enum { VG_BILLION = 1000000000 };
/* Reads "12", "-0.5", "1.5e3"; more than nine decimals are rounded. False: no number, or too large. */
bool vg_billionths_read(vg_str text, vg_billionths *out);
double vg_billionths_double(vg_billionths number);

typedef struct {
    uint8_t op; /* vg_bound_op */
    vg_billionths limit;
} vg_bound;

/* A condition in words ("a and not b"), as steps for a stack. */
typedef enum { VG_CONDITION_RULE, VG_CONDITION_NOT, VG_CONDITION_AND, VG_CONDITION_OR } vg_condition_op;
typedef struct {
    uint8_t op;
    uint32_t name; /* of RULE: index into names */
} vg_condition_step;

typedef struct {
    vg_str alias, rule, field;
} vg_correlation_alias;

/* What a match of a rule tells a correlation that counts it, and those above. */
typedef struct vg_passing {
    uint32_t correlation;           /* index of the rule */
    uint32_t slot;                  /* under which of its rules it comes there */
    const vg_str *group;            /* paths of the fields, as many as the correlation groups by */
    const vg_str *values;           /* as many as `fields` */
    const struct vg_passing *above; /* one for each correlation that counts it */
    size_t above_count;
} vg_passing;

enum {
    VG_CORRELATION_MOST_RULES = 64,  /* that one correlation may list */
    VG_CORRELATION_MOST_FIELDS = 16, /* that it may group by, or count the values of */
    VG_CORRELATION_DEEPEST = 16,     /* correlations of correlations of ... */
    VG_CORRELATION_MOST_STEPS = 256, /* of a condition in words */
    VG_CORRELATION_MOST_PATHS = 4096 /* from all rules to the correlations above them */
};

struct vg_correlation {
    vg_arena *arena;
    vg_correlate_type type;
    vg_str_list names;     /* of rules, as written */
    const uint32_t *rules; /* by name: index of the rule, once resolved */
    const uint32_t *slots; /* by name: which of its different rules, in their order */
    size_t slot_count;     /* different rules */
    vg_str_list group;     /* fields or aliases */
    vg_str_list fields;    /* whose values are counted, ... */
    const vg_correlation_alias *aliases;
    size_t alias_count;
    int64_t timespan; /* seconds */
    const vg_bound *bounds;
    size_t bound_count;
    const vg_condition_step *steps; /* of temporal ones with a condition in words; else NULL */
    size_t step_count;
    uint32_t percentile; /* thousandths of a percent */
    bool all_rules;      /* temporal without a condition */
    bool generate;
    bool waits;     /* decided when the watermark has passed: more signals can make the condition false */
    bool nested;    /* one of its rules is a correlation */
    uint32_t level; /* correlations below it, one on another */
    const vg_passing *const *passings; /* by name: of a rule that is a detection */
};

/* What a match of a rule tells the correlation; NULL: nothing (correlate.c). */
const vg_passing *vg_passing_of(const vg_correlation *correlation, size_t rule);

/* Evaluates the steps; `hit` tells by slot whether a rule is there. */
bool vg_correlation_holds(const vg_correlation *correlation, const bool *hit);
bool vg_bounds_hold(const vg_bound *bounds, size_t count, vg_billionths number, vg_billionths divisor);

#endif
