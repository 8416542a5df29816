/* sigma_part.h: what the compiler and the evaluator of Sigma rules share (private to the files sigma*.c and rules*.c). */
#ifndef VIGIL_DETECT_SIGMA_PART_H
#define VIGIL_DETECT_SIGMA_PART_H

#include "detect/detect_part.h"

/* ---- letters (sigma_fold.c) ------------------------------------------------------------------------------------------ */

/* The character at the start of text that is not empty, and its bytes. A byte that begins none stands for itself, above
 * all of Unicode. */
uint32_t sigma_next(vg_str text, size_t *len);
/* Writes a character as sigma_next read it; returns the bytes, at most 4. */
size_t sigma_put(uint32_t c, char *out);
/* Unicode's simple case folding of one character. */
uint32_t sigma_fold_char(uint32_t c);
/* The text folded: itself where nothing changes, else in the arena. ptr is NULL when memory is out. */
vg_str sigma_fold(vg_arena *arena, vg_str text);

/* ---- patterns (sigma_text.c) ------------------------------------------------------------------------------------------ */

/* Wildcards stand in a pattern as bytes that no UTF-8 has. */
enum {
    SIGMA_MANY = 0xFF, /* `*` */
    SIGMA_ONE = 0xFE,  /* `?` */
    SIGMA_DASH = 0xFD  /* any dash of windash */
};

/* A value on its way through its modifiers: units below 256 are bytes, others SIGMA_UNIT + a wildcard. */
enum { SIGMA_UNIT = 0x100 };
typedef struct {
    const uint16_t *units;
    size_t len;
    bool raw; /* bytes of UTF-16, no UTF-8 any more */
} sigma_text;

/* A value as written: wildcards and escapes read by the specification's rules. */
vg_status sigma_text_read(vg_arena *arena, vg_str value, sigma_text *out);
bool sigma_text_is_plain(const sigma_text *text); /* no wildcards */
typedef enum { SIGMA_UTF16LE, SIGMA_UTF16BE, SIGMA_UTF16 } sigma_wide;
vg_status sigma_text_widen(vg_arena *arena, const sigma_text *text, sigma_wide kind, sigma_text *out);
/* Base64 at one of three places in a longer text: offset 0 to 2, or SIGMA_BASE64_WHOLE. Of plain text. */
enum { SIGMA_BASE64_WHOLE = 3 };
vg_status sigma_text_base64(vg_arena *arena, const sigma_text *text, unsigned offset, sigma_text *out);
/* Each dash becomes any dash. */
vg_status sigma_text_dashes(vg_arena *arena, const sigma_text *text, sigma_text *out);
vg_status sigma_text_join(vg_arena *arena, const sigma_text *a, const sigma_text *b, sigma_text *out);
/* The pattern's bytes, wildcards in place. */
vg_status sigma_text_pattern(vg_arena *arena, const sigma_text *text, vg_str *out);

/* Whether the whole text matches a pattern. Time: text times pattern at worst, no recursion. */
bool sigma_glob(vg_str pattern, vg_str text);

/* ---- tests (sigma_test.c, sigma_regex.c) ------------------------------------------------------------------------------- */

typedef struct {
    uint8_t address[16]; /* IPv4 as ::ffff:0:0/96 */
    unsigned bits;       /* 0 to 128 */
} sigma_cidr;

/* Reads "10.0.0.0/8" or an address. *host says that bits behind the prefix were set. */
bool sigma_cidr_read(vg_str text, sigma_cidr *out, bool *host);
bool sigma_cidr_holds(const sigma_cidr *cidr, vg_str text);

typedef struct sigma_regex sigma_regex;
enum { SIGMA_REGEX_I = 1, SIGMA_REGEX_M = 2, SIGMA_REGEX_S = 4 };
/* `number` tells the set's expressions apart. */
vg_status sigma_regex_new(vg_arena *arena, vg_str pattern, unsigned flags, size_t number, sigma_regex **out,
                          vg_error *err);
/* Memory for matching, of one thread. */
typedef struct sigma_matcher sigma_matcher;
sigma_matcher *sigma_matcher_new(void);
void sigma_matcher_free(sigma_matcher *matcher);
uint64_t sigma_matcher_limits(const sigma_matcher *matcher); /* matches given up for taking too long */
/* `matcher` may be NULL, at a price. */
bool sigma_regex_matches(const sigma_regex *regex, vg_str text, sigma_matcher *matcher);
/* A literal that is in every text that matches, in whatever case; empty when none is known. */
vg_str sigma_regex_literal(const sigma_regex *regex);

typedef enum {
    SIGMA_MINUTE,
    SIGMA_HOUR,
    SIGMA_DAY,
    SIGMA_WEEK,
    SIGMA_MONTH,
    SIGMA_YEAR,
    SIGMA_NO_PART
} sigma_time_part;
/* A part of the date or time that text begins with, as it is written there (no time zone is applied). */
bool sigma_time_part_of(vg_str text, sigma_time_part part, int64_t *out);

/* A scalar as text, in the arena where it is not a string; false for null and containers. */
bool sigma_scalar_text(const vg_value *value, vg_arena *arena, vg_str *out);
bool sigma_number(const vg_value *value, double *out); /* a number, or text that is one */
/* The predicate on a scalar's text (a string, number or boolean): `folded` when the predicate is not cased. */
bool sigma_test_text(const vg_predicate *p, const vg_value *value, vg_str text, vg_str folded,
                     sigma_matcher *matcher);
/* Whether the predicate compares text, and needs it folded. */
bool sigma_test_wants_fold(const vg_predicate *p);
/* Whether the predicate holds for an object when it holds for a scalar in it, or for its JSON. */
bool sigma_test_looks_inside(const vg_predicate *p);

/* ---- many tests at once (sigma_multi.c) --------------------------------------------------------------------------------- */

/* Tests of the text of one field that are told from one pass over a value. Immutable. */
typedef struct sigma_multi sigma_multi;
/* What must stand in every folded text for which a predicate on a part of it holds; empty: nothing that is known. */
vg_str sigma_literal_of(const vg_predicate *predicate, vg_arena *arena);
/* Whether a predicate can be one of many. */
bool sigma_multi_takes(const vg_predicate *predicate, vg_arena *scratch);
/* `tests`: indices of `predicates` that sigma_multi_takes. NULL when they are too few to be worth it, or memory is out. */
sigma_multi *sigma_multi_new(vg_arena *arena, const vg_predicate *predicates, const uint32_t *tests,
                             size_t count);
size_t sigma_multi_count(const sigma_multi *multi);

/* What runs remember; one a thread, for sets of at most `count` tests. */
typedef struct {
    uint32_t *tested;
    size_t count;
    uint32_t run;
} sigma_scan;
bool sigma_scan_make(sigma_scan *scan, size_t count);
void sigma_scan_drop(sigma_scan *scan);
/* The predicates that hold for a scalar: their indices in `hits`, which has room for all; returns how many. */
size_t sigma_multi_run(const sigma_multi *multi, sigma_scan *scan, const vg_value *value, vg_str text,
                       vg_str folded, sigma_matcher *matcher, uint32_t *hits);

/* ---- building the set (sigma_set.c) ------------------------------------------------------------------------------------ */

/* The set while it is built: equal fields and predicates are one. */
typedef struct {
    vg_arena *arena;
    vg_map *field_index, *predicate_index;
    vg_vec fields, predicates; /* vg_field, vg_predicate */
    const vg_rules_options *options;
    vg_vec *problems;
} sigma_set;

vg_status sigma_set_new(vg_arena *arena, const vg_rules_options *options, vg_vec *problems, sigma_set *out,
                        vg_error *err);
vg_status sigma_set_field(sigma_set *set, vg_str path, uint32_t *out, vg_error *err);
vg_status sigma_set_predicate(sigma_set *set, const vg_predicate *predicate, uint32_t *out, vg_error *err);

/* One rule's expression while it is built. */
typedef struct {
    sigma_set *set;
    const vg_doc *doc;
    vg_str rule;            /* its title or id, for problems */
    vg_vec nodes, children; /* vg_expr, uint32_t */
    vg_vec weights;         /* uint64_t by node: nodes when written out */
    vg_vec missing;         /* vg_str: placeholders without values */
} sigma_rule;

vg_status sigma_rule_new(sigma_set *set, const vg_doc *doc, vg_str name, sigma_rule *out, vg_error *err);
vg_status sigma_node_test(sigma_rule *rule, const vg_predicate *predicate, uint32_t *out, vg_error *err);
vg_status sigma_node_constant(sigma_rule *rule, bool value, uint32_t *out, vg_error *err);
vg_status sigma_node_not(sigma_rule *rule, uint32_t child, uint32_t *out, vg_error *err);
/* AND or OR of nodes; one alone is itself. */
vg_status sigma_node_many(sigma_rule *rule, vg_expr_op op, const uint32_t *nodes, size_t count, uint32_t *out,
                          vg_error *err);
/* Adds a problem that is no error: a lint finding at a value. */
vg_status sigma_lint(sigma_rule *rule, const vg_value *at, vg_error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
vg_status sigma_fail(const sigma_rule *rule, const vg_value *at, vg_error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- the parts of a rule ------------------------------------------------------------------------------------------------ */

/* `field|modifier|...: value` (sigma_item.c); the key of keywords is empty. */
vg_status sigma_item_compile(sigma_rule *rule, const vg_value *key, const vg_value *value, uint32_t *out,
                             vg_error *err);
/* A search identifier's map, list or keyword (sigma_selection.c). */
vg_status sigma_selection_compile(sigma_rule *rule, const vg_value *selection, uint32_t *out, vg_error *err);
/* A section `detection` or `filter`: its selections and condition (sigma_condition.c). *negated (may be NULL) says that
 * the condition is wholly a `not ...`. */
vg_status sigma_detection_compile(sigma_rule *rule, const vg_value *section, uint32_t *out, bool *negated,
                                  vg_error *err);

/* ---- modifiers (sigma_modifier.c) ----------------------------------------------------------------------------------------- */

typedef enum {
    SIGMA_MOD_CONTAINS,
    SIGMA_MOD_STARTSWITH,
    SIGMA_MOD_ENDSWITH,
    SIGMA_MOD_ALL,
    SIGMA_MOD_CASED,
    SIGMA_MOD_NEQ,
    SIGMA_MOD_EXISTS,
    SIGMA_MOD_RE,
    SIGMA_MOD_I,
    SIGMA_MOD_M,
    SIGMA_MOD_S,
    SIGMA_MOD_CIDR,
    SIGMA_MOD_EXPAND,
    SIGMA_MOD_BASE64,
    SIGMA_MOD_BASE64OFFSET,
    SIGMA_MOD_UTF16,
    SIGMA_MOD_UTF16LE,
    SIGMA_MOD_UTF16BE,
    SIGMA_MOD_WINDASH,
    SIGMA_MOD_LT,
    SIGMA_MOD_LTE,
    SIGMA_MOD_GT,
    SIGMA_MOD_GTE,
    SIGMA_MOD_FIELDREF,
    SIGMA_MOD_MINUTE,
    SIGMA_MOD_HOUR,
    SIGMA_MOD_DAY,
    SIGMA_MOD_WEEK,
    SIGMA_MOD_MONTH,
    SIGMA_MOD_YEAR,
    SIGMA_MOD_COUNT
} sigma_modifier;

enum { SIGMA_MOST_MODIFIERS = 16 };

/* The modifiers behind a field's name. */
typedef struct {
    vg_str field;
    uint8_t order[SIGMA_MOST_MODIFIERS]; /* sigma_modifier, as written */
    size_t count;
    uint64_t set; /* bit by modifier */
} sigma_chain;

static inline bool sigma_has(const sigma_chain *chain, sigma_modifier modifier)
{
    return (chain->set >> modifier & 1) != 0;
}

vg_status sigma_chain_read(const sigma_rule *rule, const vg_value *key, sigma_chain *out, vg_error *err);

/* ---- looking up (sigma_field.c) --------------------------------------------------------------------------------------------- */

/* Gives every value at a dotted path to `each`: arrays by their elements, objects and scalars as they are. A literal dotted
 * key comes before the nesting of the same name. False: the path is not there. */
bool sigma_lookup(const vg_value *root, vg_str path, bool (*each)(void *context, const vg_value *value),
                  void *context);

#endif
