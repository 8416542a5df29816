/* guard_part.h: a rule file as the compiler leaves it and the evaluator walks it, and what the files of this room
 * share. The names follow the language's own grammar (docs/ of cloudformation-guard): a rule holds a block, a block
 * holds assignments and a conjunction of disjunctions of clauses, a clause judges the values that a query selects.
 *
 * Literals of rules are trees of vg_value like any document, with five kinds more than JSON has; so one set of
 * comparisons serves rules, documents and what functions make. */
#ifndef VIGIL_GUARD_PART_H
#define VIGIL_GUARD_PART_H

#include "control/control.h"

/* ---- values ------------------------------------------------------------------------------------------------------- */

/* Kinds that only literals of rules and results of functions have, behind those of vg_kind. */
enum {
    GUARD_REGEX = VG_OBJECT + 1, /* as.string points at a guard_regex */
    GUARD_CHAR,                  /* as.u64 is the code point */
    GUARD_RANGE_INT,             /* as.string points at a guard_range */
    GUARD_RANGE_FLOAT,
    GUARD_RANGE_CHAR
};

typedef struct guard_regex guard_regex; /* regex.c */

typedef struct {
    union {
        int64_t i64; /* of ranges of integers and characters */
        double f64;
    } lower, upper;
    bool with_lower, with_upper;
} guard_range;

static inline const guard_regex *guard_regex_of(const vg_value *v)
{
    return (const guard_regex *)(const void *)v->as.string;
}
static inline const guard_range *guard_range_of(const vg_value *v)
{
    return (const guard_range *)(const void *)v->as.string;
}
static inline bool guard_is_list(const vg_value *v)
{
    return v->kind == VG_ARRAY;
}
static inline bool guard_is_map(const vg_value *v)
{
    return v->kind == VG_OBJECT;
}

/* What a comparison says. UNLIKE: the kinds cannot be compared. BROKEN: the comparison itself failed (a regular
 * expression that ran into its limit). */
typedef enum { GUARD_FALSE, GUARD_TRUE, GUARD_UNLIKE, GUARD_BROKEN } guard_answer;

typedef enum {
    GUARD_EQ,
    GUARD_IN,
    GUARD_LT,
    GUARD_LE,
    GUARD_GT,
    GUARD_GE,
    GUARD_EXISTS,
    GUARD_EMPTY,
    GUARD_IS_STRING,
    GUARD_IS_LIST,
    GUARD_IS_STRUCT,
    GUARD_IS_BOOL,
    GUARD_IS_INT,
    GUARD_IS_FLOAT,
    GUARD_IS_NULL
} guard_op;

/* value.c. Equality as the clauses' == has it: strict on kinds, regular expressions and ranges match. */
guard_answer guard_equal(const vg_value *first, const vg_value *second);
/* Equality as lists ask it of their items: what cannot be compared is unequal, and `a` is the list's item. */
guard_answer guard_same(const vg_value *a, const vg_value *b);
guard_answer guard_ordered(guard_op op, const vg_value *first, const vg_value *second);
const char *guard_kind_name(const vg_value *v);
bool guard_is_float(const vg_value *v);
double guard_float(const vg_value *v);
/* The shortest decimal text of a double without an exponent, as Guard prints floats. */
vg_str guard_float_text(vg_arena *arena, double d);
/* UTF-8 of a code point into out (4 bytes); its length. */
size_t guard_utf8(uint32_t code, char *out);

/* ---- documents (document.c) ---------------------------------------------------------------------------------------- */

/* Which of cfn-guard's readers a document is read like. */
typedef enum { GUARD_AS_VALIDATE, GUARD_AS_TESTS } guard_dialect;
vg_status guard_read(vg_arena *arena, vg_str source, vg_str name, guard_dialect dialect, vg_doc *out,
                     vg_error *err);

/* ---- regular expressions (regex.c) --------------------------------------------------------------------------------- */

/* Compiles `pattern` (Rust's dialect, by PCRE2). Owned by the caller: guard_regex_free. */
vg_status guard_regex_new(vg_arena *arena, vg_str pattern, guard_regex **out, vg_error *err);
void guard_regex_free(guard_regex *regex);
vg_str guard_regex_pattern(const guard_regex *regex);
/* Whether it matches somewhere in text. GUARD_BROKEN at the match limit. Thread-safe. */
guard_answer guard_regex_matches(const guard_regex *regex, vg_str text);
/* What all matches of `pattern` in `text` expand `replacement` ($1, ${name}, $$) to, one behind the other. */
vg_status guard_regex_expand(vg_arena *arena, vg_str pattern, vg_str text, vg_str replacement, vg_str *out,
                             vg_error *err);

/* ---- keys --------------------------------------------------------------------------------------------------------- */

/* A key that is absent is looked for again in other spellings, in this order: camelCase, ClassCase (singular),
 * kebab-case, PascalCase, snake_case, Title Case, Train-Case. The first that is there binds the keys behind it. */
#define GUARD_SPELLINGS 7

/* A key of a query, one for all places of a ruleset that name it. */
typedef struct {
    vg_str text;
    vg_str spelled[GUARD_SPELLINGS];
    uint8_t differs; /* bit k: spelled[k] is neither text nor an earlier spelling */
    bool is_number;  /* it reads as an integer, and so indexes lists and nothing else */
    int32_t number;
} guard_key;

/* spelling.c: fills spelled and differs from text. False when memory is out. */
bool guard_key_spell(vg_arena *arena, guard_key *key);

/* ---- queries ------------------------------------------------------------------------------------------------------- */

typedef struct guard_clause guard_clause;
typedef struct guard_query guard_query;
typedef struct guard_call guard_call;

/* Clauses joined by `or`. */
typedef struct {
    const guard_clause *const *clauses;
    uint32_t count;
} guard_or;

/* All of which must hold. */
typedef struct {
    const guard_or *ors;
    uint32_t count;
} guard_and;

typedef enum { OPERAND_NONE, OPERAND_VALUE, OPERAND_QUERY, OPERAND_CALL } guard_operand_kind;

/* What stands on the right: a literal, a query or a function call. */
typedef struct {
    guard_operand_kind kind;
    union {
        const vg_value *value;
        const guard_query *query;
        const guard_call *call;
    } as;
} guard_operand;

typedef enum {
    PART_THIS,
    PART_KEY,        /* .Name, .'any name', ['any name'] */
    PART_VARIABLE,   /* %name: first, a variable; further on, keys by its values */
    PART_INDEX,      /* .0 or [0] */
    PART_ALL_VALUES, /* .* or [ name ]: of a map (or list) */
    PART_ALL_ITEMS,  /* [*] or [name]: of a list (or the one value that stands for it) */
    PART_FILTER,     /* [ clauses ] */
    PART_KEY_FILTER  /* [ keys == ... ] */
} guard_part_kind;

#define GUARD_NO_NAME UINT32_MAX

typedef struct {
    guard_and clauses;
    const guard_operand *type_is; /* its first clause is `Type == type_is` and stands alone; or NULL */
} guard_filter;

typedef struct {
    guard_op op;
    bool negated;
    guard_operand with;
} guard_key_filter;

/* Rulesets hold tens of thousands of parts; what few need is elsewhere. */
typedef struct {
    guard_part_kind kind;
    uint32_t name; /* the variable, or the one that captures keys; GUARD_NO_NAME */
    union {
        const guard_key *key;         /* KEY */
        int32_t index;                /* INDEX */
        const guard_filter *filter;   /* FILTER */
        const guard_key_filter *keys; /* KEY_FILTER */
    };
    vg_str text; /* as written */
} guard_part;

static inline const guard_operand *guard_type_asked(const guard_part *part)
{
    return part->kind == PART_FILTER ? part->filter->type_is : NULL;
}

struct guard_query {
    const guard_part *parts;
    uint32_t count;
    bool some;    /* `some`: one value that passes is enough */
    bool by_type; /* somewhere in it stands Resources.*[ Type == x ... ] */
    vg_str text;
};

typedef enum {
    FUNCTION_COUNT,
    FUNCTION_JOIN,
    FUNCTION_JSON_PARSE,
    FUNCTION_NOW,
    FUNCTION_PARSE_BOOLEAN,
    FUNCTION_PARSE_CHAR,
    FUNCTION_PARSE_EPOCH,
    FUNCTION_PARSE_FLOAT,
    FUNCTION_PARSE_INT,
    FUNCTION_PARSE_STRING,
    FUNCTION_REGEX_REPLACE,
    FUNCTION_SUBSTRING,
    FUNCTION_TO_LOWER,
    FUNCTION_TO_UPPER,
    FUNCTION_URL_DECODE
} guard_function;

struct guard_call {
    guard_function function;
    const guard_operand *arguments;
    uint32_t count;
    vg_place place;
};

/* functions.c: the function of a name, and how many arguments it takes. */
bool guard_function_find(vg_str name, guard_function *out, uint32_t *arity);

/* ---- clauses and rules ---------------------------------------------------------------------------------------------- */

typedef struct {
    uint32_t name;
    guard_operand value;
} guard_let;

typedef struct {
    const guard_let *lets; /* one a name: where a block assigns a name twice, the one that counts */
    uint32_t let_count;
    guard_and clauses;
} guard_block;

typedef enum {
    CLAUSE_ACCESS,    /* query op operand */
    CLAUSE_RULE,      /* name of a rule */
    CLAUSE_RULE_CALL, /* name(arguments) */
    CLAUSE_BLOCK,     /* query { ... } */
    CLAUSE_WHEN,      /* when conditions { ... } */
    CLAUSE_TYPE       /* AWS::S3::Bucket [when conditions] { ... } */
} guard_clause_kind;

typedef struct guard_rule guard_rule;

/* What an evaluation reads stands first: rulesets are larger than caches, and a document walks through all of one. */
struct guard_clause {
    guard_clause_kind kind;
    guard_op op;              /* ACCESS */
    bool op_negated;          /* `x not exists`, `x != y` */
    bool negated;             /* `not x exists`, `not rule` */
    bool not_empty;           /* BLOCK: `query !empty { ... }` */
    bool has_conditions;      /* TYPE */
    uint32_t argument_count;  /* RULE_CALL */
    uint32_t memo;            /* RULE_CALL in a rule's conditions: the number of its answer (memo.c), or 0 */
    guard_query query;        /* ACCESS, BLOCK, TYPE */
    guard_operand operand;    /* ACCESS */
    const guard_rule *called; /* RULE_CALL: NULL when no rule with parameters has the name */
    const guard_operand *arguments;
    guard_block block;    /* BLOCK, WHEN, TYPE */
    guard_and conditions; /* WHEN, TYPE */
    vg_str rule;          /* RULE, RULE_CALL: its name */
    vg_str message, text;
    uint32_t line, column;
};

/* What a document must have, or the rule's conditions fail whatever else it has, and cannot break: resources of a type,
 * or a key at its root (gate.c). With neither there is no gate. */
typedef struct {
    const vg_value *type; /* a literal */
    vg_str root_key;
    uint32_t memos[2]; /* its other conditions: calls that the gate relies on having been answered; 0: none */
} guard_gate;

struct guard_rule {
    bool has_conditions;
    guard_gate gate;
    uint32_t parameter_count;
    const uint32_t *parameters;
    guard_and conditions;
    guard_block block;
    vg_str name, text;
    uint32_t line, column;
};

/* A rule file: a scope of its own. */
typedef struct {
    vg_str name;
    vg_str text;
    const guard_let *lets;
    uint32_t let_count;
    const guard_rule *rules;
    size_t rule_count, first_rule; /* index in the ruleset of rules[0] */
    const guard_rule *parameterised;
    size_t parameterised_count;
    vg_map *rules_by_name; /* name -> 1 + position of the first rule of that name; others by `next` */

    const size_t *next_of_name; /* per rule: 1 + position of the next rule with its name, or 0 */
} guard_file;

struct vg_ruleset {
    vg_arena *arena;
    guard_file *files;
    size_t file_count;
    size_t rule_count;
    const size_t *file_of; /* per rule */
    vg_map *names;         /* variables: name -> number */
    vg_map *keys;          /* text -> guard_key */
    vg_map *regexes;       /* pattern -> guard_regex */
    vg_map *memos;         /* what calls in conditions ask of a document -> number from 1 */
    vg_map
        *types; /* names of types that literals hold -> number from 1; a literal has it in its `position` */
};

/* ---- compiling (parse*.c) -------------------------------------------------------------------------------------------- */

/* A parse that does not match says NO, and another form may be tried at the same place; one that went too far to be
 * anything else says STOP. Both leave the furthest place and what was expected there in the parser. */
typedef enum { PARSED, PARSE_NO, PARSE_STOP } guard_parsed;

typedef struct {
    vg_ruleset *rules;
    vg_arena *arena;   /* the ruleset's */
    vg_arena *scratch; /* lists while they grow; of one file */
    vg_str text, name;
    size_t at;
    unsigned depth;
    bool captures;  /* some query of the file captures keys */
    vg_vec calls;   /* guard_clause *: the file's RULE_CALLs, whose rules are looked up when all are known */
    size_t line_at; /* where line and line_start were last counted */
    uint32_t line;
    size_t line_start;
    size_t furthest;
    const char *expected; /* there: a form's own words, or those in `stopped` */
    char stopped[200];
    vg_status status; /* of what is no matter of syntax: memory */
} guard_parser;

/* Bounds nesting of blocks, filters, lists and calls in rules, and so the recursion over them. */
#define GUARD_MAX_NESTING 100

static inline bool guard_is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* White space and comments. */
void guard_skip_far(guard_parser *p);
static inline void guard_skip(guard_parser *p)
{
    if (p->at < p->text.len && (guard_is_space(p->text.ptr[p->at]) || p->text.ptr[p->at] == '#'))
        guard_skip_far(p);
}

/* Moves on behind `token` if it stands here; most do not, and differ in their first character. */
static inline bool guard_take(guard_parser *p, const char *token)
{
    if (p->at >= p->text.len || p->text.ptr[p->at] != token[0])
        return false;
    size_t len = strlen(token);
    if (p->text.len - p->at < len || memcmp(p->text.ptr + p->at, token, len) != 0)
        return false;
    p->at += len;
    return true;
}

/* Parses p->text into *file. */
vg_status guard_parse_file(guard_parser *p, guard_file *file, vg_error *err);

/* Pieces that the parse files share. */
guard_parsed guard_no(guard_parser *p, const char *expected);
guard_parsed guard_stop(guard_parser *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
guard_parsed guard_need(guard_parser *p, guard_parsed parsed, const char *expected); /* NO becomes a STOP */
guard_parsed guard_enter(guard_parser *p); /* one level deeper; p->depth-- to leave */
bool guard_skip_some(guard_parser *p);     /* the same, at least one */
bool guard_take_word(guard_parser *p, const char *lower, const char *upper); /* a keyword, whole */
bool guard_take_not(guard_parser *p);
bool guard_take_name(guard_parser *p, vg_str *name);
bool guard_at_end(const guard_parser *p);
void guard_locate(guard_parser *p, size_t at, uint32_t *line, uint32_t *column);
vg_str guard_text_since(const guard_parser *p, size_t from); /* without white space and comments at its end */
uint32_t guard_name_number(guard_parser *p, vg_str name);
uint32_t guard_type_number(guard_parser *p, vg_str text); /* 0 when it can be no type's name */
const guard_key *guard_key_of(guard_parser *p, vg_str text);
/* Copies the items of a list that grew in scratch into the ruleset's arena. */
void *guard_keep(guard_parser *p, const vg_vec *list);

guard_parsed guard_parse_value(guard_parser *p, const vg_value **out); /* parse_value.c */
guard_parsed guard_parse_string(guard_parser *p, vg_str *out);
guard_parsed guard_parse_int(guard_parser *p, int64_t *out);
guard_parsed guard_parse_query(guard_parser *p, guard_query *out); /* parse_query.c */
guard_parsed guard_parse_operand(guard_parser *p, guard_operand *out);
guard_parsed guard_parse_call(guard_parser *p, guard_call **out);
guard_parsed guard_parse_arguments(guard_parser *p, const guard_operand **out, uint32_t *count);
guard_parsed guard_parse_filter_clauses(guard_parser *p, guard_and *out); /* parse.c */
/* memo.c: numbers a call that stands in the conditions of a rule of `file`. */
void guard_number_call(guard_parser *p, const guard_file *file, guard_clause *call);

/* gate.c: finds the gate of a rule of `file`, whose calls have been numbered. */
void guard_find_gate(const guard_parser *p, const guard_file *file, guard_rule *rule);

/* ---- evaluating ------------------------------------------------------------------------------------------------------- */

typedef enum { RESULT_RESOLVED, RESULT_LITERAL, RESULT_UNRESOLVED } guard_result_kind;

/* One thing that a query gives: a value, or how far it could be followed. */
typedef struct {
    const vg_value *value;  /* UNRESOLVED: the last value found */
    const guard_part *rest; /* UNRESOLVED: what could not be followed */
    uint32_t rest_count;
    guard_result_kind kind;
} guard_result;

typedef struct {
    const guard_result *items;
    size_t count;
} guard_results;

typedef enum { VARIABLE_UNKNOWN, VARIABLE_RUNNING, VARIABLE_KNOWN } guard_variable_state;

typedef struct {
    guard_variable_state state;
    guard_results results;
    vg_str unknown; /* as in guard_evaluation */
} guard_variable;

/* Where names are looked up and queries start. A block's scope has its assignments; a value's scope, made for each
 * value that a block or filter is applied to, has only a root; a call's scope has parameters. */
typedef enum { SCOPE_FILE, SCOPE_BLOCK, SCOPE_VALUE, SCOPE_CALL } guard_scope_kind;

typedef struct guard_scope {
    guard_scope_kind kind;
    struct guard_scope *parent; /* NULL for the file's */
    const vg_value *root;
    const guard_let *lets;
    uint32_t let_count;
    guard_variable *variables; /* one a let, made when the first is asked for */
    const uint32_t *parameters;
    const guard_results *arguments;
    uint32_t parameter_count;
} guard_scope;

/* A failed clause, as kept until its rule's turn to be told. */
typedef struct {
    const guard_clause *clause;
    vg_str message;    /* the clause's, else that of the call that led to it */
    guard_result from; /* value NULL: none was judged */
    const vg_value *const *to;
    uint32_t to_count;
    bool not_comparable;
    bool to_missing; /* the right side could not be followed */
    bool from_right; /* `from` is a value of the right side that the left side lacks */
} guard_failure;

/* A tree that a function made, and the document's value that it was made from. */
typedef struct {
    const vg_value *from, *end, *origin;
} guard_derived;

typedef struct {
    guard_variable_state state;
    vg_guard_status status;
    const guard_failure *failures;
    size_t failure_count;
    const vg_error *error;
    vg_str unknown; /* as in guard_evaluation */
} guard_rule_state;

typedef struct {
    const vg_ruleset *rules;
    const guard_file *file; /* the one in turn */
    guard_scope *file_scope;
    vg_vec captures; /* of the file: guard_capture items */
    const vg_doc *doc;
    const vg_guard_options *options;
    vg_arena *arena;
    guard_result *stack; /* results under way; on the heap */
    size_t stack_len, stack_cap;
    guard_failure *failures; /* of the rule under way; on the heap */
    size_t failure_len, failure_cap;
    vg_str call_message; /* of the innermost call under way that has one */
    uint8_t *memos;      /* per number of a call: 1 + its status, or 0 */
    unsigned quiet;      /* above 0: failures are not kept (conditions and filters) */
    const vg_guard_partial *partial;
    vg_str unknown; /* a key that the answer of what is under way hangs on; ptr NULL: none */
    unsigned depth;
    size_t steps, max_steps;
    vg_vec derived; /* guard_derived */
    guard_rule_state *states;
    uint32_t *parents;   /* of the document's nodes; made for the first path that is told */
    const size_t *lines; /* where each line of a document without positions begins; made likewise */
    size_t line_count;
    struct guard_type_index *types;
    vg_error error; /* of the evaluation under way */
} guard_evaluation;

typedef struct {
    uint32_t name;
    vg_vec values; /* guard_result */
} guard_capture;

/* Evaluation answers with vg_status: VG_ERR_MEMORY and VG_ERR_LIMIT end it all, others the rule. e->error is filled. */
vg_status guard_push(guard_evaluation *e, guard_result result);
vg_status guard_push_value(guard_evaluation *e, const vg_value *value);
/* What a piece of a rule hangs on is told apart from what is around it between _begin, which gives the latter, and _end,
 * which puts both together; a piece that settles the whole drops what is around it. */
static inline vg_str guard_hang_begin(guard_evaluation *e)
{
    vg_str around = e->unknown;
    e->unknown = (vg_str){0};
    return around;
}
static inline void guard_hang_end(guard_evaluation *e, vg_str around)
{
    if (around.ptr)
        e->unknown = around;
}
/* query.c: pushes the results of `query` from scope on the stack. */
vg_status guard_select(guard_evaluation *e, guard_scope *scope, const guard_query *query);
vg_status guard_select_operand(guard_evaluation *e, guard_scope *scope, const guard_operand *operand);
/* scope.c */
const vg_value *guard_scope_root(const guard_scope *scope);
vg_status guard_resolve(guard_evaluation *e, guard_scope *scope, uint32_t name, guard_results *out);
vg_status guard_capture_key(guard_evaluation *e, uint32_t name, const vg_value *key);
vg_status guard_keep_results(guard_evaluation *e, size_t mark, guard_results *out);
/* functions.c: pushes what the function gives. */
vg_status guard_function_run(guard_evaluation *e, guard_scope *scope, const guard_call *call);
/* functions_text.c: the functions on one value; *out NULL drops it. */
vg_status guard_function_on_value(guard_evaluation *e, guard_function function, const vg_value *value,
                                  const vg_value **out);
vg_status guard_function_substring(guard_evaluation *e, const vg_value *value, size_t from, size_t to,
                                   const vg_value **out);
vg_status guard_function_replace(guard_evaluation *e, const vg_value *value, vg_str pattern,
                                 vg_str replacement, const vg_value **out);
vg_value *guard_make(guard_evaluation *e, vg_kind kind);
vg_value *guard_make_string(guard_evaluation *e, vg_str text);
vg_status guard_derive(guard_evaluation *e, const vg_value *made, size_t nodes, const vg_value *from);
/* types.c: the resources of the document whose Type is `type`, a string (a literal of the rules, or any), or false when
 * the index cannot answer. */
bool guard_resources_of_type(guard_evaluation *e, const vg_value *type, bool is_literal,
                             const vg_value *const **items, size_t *count, vg_status *status);
/* gate.c: whether the document lacks what the rule's gate asks for, so that it is skipped. */
vg_status guard_gate_is_closed(guard_evaluation *e, const guard_gate *gate, bool *out);
/* judge.c: the status of an access clause. */
vg_status guard_judge(guard_evaluation *e, guard_scope *scope, const guard_clause *clause,
                      vg_guard_status *out);
/* keys.c: whether a KEY_FILTER selects `key`, given its right side. */
vg_status guard_match_key(guard_evaluation *e, guard_results right, const guard_part *part,
                          const vg_value *key, bool *selected);
/* evaluate.c */
vg_status guard_all(guard_evaluation *e, guard_scope *scope, const guard_and *clauses, vg_guard_status *out);
/* Keeps that `c` failed on `from` (NULL: on nothing that was selected), unless conditions or a filter are being judged;
 * *out (may be NULL) is what was kept, to be filled further, and stays NULL when nothing was. */
vg_status guard_fail_clause(guard_evaluation *e, const guard_clause *c, const guard_result *from,
                            guard_failure **out);
/* Whether `clauses` (a filter's) all hold on `value`; failures are not told. */
vg_status guard_passes(guard_evaluation *e, guard_scope *scope, const guard_and *clauses, bool *out);
vg_status guard_no_memory(guard_evaluation *e);
/* Counts a value visited. */
static inline bool guard_step(guard_evaluation *e)
{
    return ++e->steps <= e->max_steps;
}
vg_status guard_too_many_steps(guard_evaluation *e);
/* report.c: tells the failures of a rule. */
vg_status guard_tell(guard_evaluation *e, size_t rule, const vg_guard_sink *sink);

#endif
