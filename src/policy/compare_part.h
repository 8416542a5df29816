/* compare_part.h: inside `compare`: statements of both policies as conjunctions of questions, each asked of one part of a
 * request.
 *
 *     statement  =  principal in P  and  action in A  and  resource in R  and  condition 1  and  condition 2 ...
 *
 * The parts (principal, action, resource, each condition key) are independent of each other, so "is there a request that
 * meets these questions and not those?" is answered part by part: for strings by glob_set.h, for the state of a key by
 * compare_key.c. Which questions must be met and which not is what compare_search.c looks for. Equal questions are one
 * question, whatever order their values were written in. */
#ifndef VIGIL_POLICY_COMPARE_PART_H
#define VIGIL_POLICY_COMPARE_PART_H

#include "policy/glob_set.h"
#include "policy/policy.h"
#include "policy/policy_compare.h"
#include "policy/policy_part.h"

#define VG_COMPARE_NONE UINT32_MAX

/* ---- finding what is there already -------------------------------------------------------------------------------------- */

/* Hashes to numbers. Whoever asks checks that the number's thing is the one meant. */
typedef struct {
    struct {
        uint64_t hash;
        uint32_t value, used;
    } * slots;
    size_t mask, count;
} vg_compare_table;
/* Calls with *at = 0 first; gives the next value under `hash`, or VG_COMPARE_NONE. */
uint32_t vg_compare_table_next(const vg_compare_table *table, uint64_t hash, size_t *at);
bool vg_compare_table_add(vg_arena *arena, vg_compare_table *table, uint64_t hash, uint32_t value);
/* Puts `value` in the place of the first value under `hash`, which *before gets; VG_COMPARE_NONE when there was none. */
bool vg_compare_table_replace(vg_arena *arena, vg_compare_table *table, uint64_t hash, uint32_t value,
                              uint32_t *before);

/* ---- sets of texts --------------------------------------------------------------------------------------------------------- */

typedef enum {
    VG_TEXTS_ACTION,          /* letter case ignored; wildcards stop at the colon */
    VG_TEXTS_RESOURCE,        /* ARN patterns with variables */
    VG_TEXTS_LIKE,            /* StringLike */
    VG_TEXTS_EQUALS,          /* StringEquals */
    VG_TEXTS_EQUALS_ANY_CASE, /* StringEqualsIgnoreCase */
    VG_TEXTS_BOOL,            /* Bool, Null */
    VG_TEXTS_ARN              /* ArnLike, ArnEquals */
} vg_texts_kind;

/* The values of one element or condition. `group` is made when it is first needed. */
typedef struct {
    uint64_t hash;
    const vg_str *texts;
    uint32_t count;
    uint8_t kind;
    bool variables;  /* some text has a variable: read as such, not as plain text */
    bool made;       /* group and what follows are there */
    bool unresolved; /* some variable has no value under the assignment */
    bool broken;     /* some text cannot be compared with: it matches nothing, and negated nothing either */
    bool all;        /* has the pattern that matches everything */
    vg_wild_group group;
} vg_compare_set;

/* What a variable is taken to be. Without an assignment variables are symbols. */
typedef struct {
    vg_str key;  /* lower case */
    vg_str name; /* as written */
    vg_str value;
    bool absent;
} vg_compare_assignment;

/* A variable. */
typedef struct {
    vg_str key;      /* lower case */
    vg_str name;     /* as first written */
    vg_str fallback; /* of ${key, 'fallback'} */
    bool has_fallback;
} vg_compare_symbol;

/* ---- conditions ------------------------------------------------------------------------------------------------------------ */

typedef enum {
    VG_TEST_TEXT,
    VG_TEST_NUMBER,
    VG_TEST_DATE,
    VG_TEST_ADDRESS,
    VG_TEST_NULL,
    VG_TEST_OPAQUE /* not understood: may hold or not, but alike for alike */
} vg_test_kind;

/* One question asked of one key. */
typedef struct {
    uint64_t hash;
    const vg_policy_condition *source;
    const vg_test *compiled; /* of numbers, dates and addresses */
    uint32_t key;            /* number of the key */
    uint32_t set;            /* of its values */
    uint8_t kind;            /* vg_test_kind */
    bool negated; /* StringNotEquals and the like: holds for values of its type that are none of these */
} vg_compare_condition;

/* ---- questions ------------------------------------------------------------------------------------------------------------- */

/* Parts of a request. Key k is part VG_PART_KEYS + k. Principals are no part here: they are rows of bits. */
enum { VG_PART_ACTION, VG_PART_RESOURCE, VG_PART_KEYS };

/* A question and the answer that it must have. `id` is a set's number for action and resource, a condition's for keys.
 * `inverted` is how the statement asks (NotAction, NotResource); `negated` that the statement must not be met. */
typedef struct {
    uint32_t part, id;
    bool inverted, negated;
} vg_compare_literal;

typedef struct {
    const vg_statement *source; /* NULL: the Allow that an SCP or RCP stands beside */
    uint32_t index;             /* in its document */
    bool is_new, allows;
    bool idle; /* matches no request */
    bool not_action, not_resource;
    uint32_t actions, resources; /* sets; resources may be VG_COMPARE_NONE: any */
    const uint32_t *conditions;  /* ascending, each once */
    uint32_t condition_count;
    const uint64_t *callers; /* row of bits; NULL: anyone */
    uint64_t hash;           /* of all but effect and side */
} vg_compare_statement;

/* A caller that stands for all that no principal of the two policies tells apart from it. */
typedef struct {
    vg_caller caller;
    bool bounded;    /* has a permissions boundary */
    vg_str provider; /* of a session: the provider whose assertion made it; empty: none that is named */
    vg_str issuer;   /* of a federated session: the user whose it is; empty: one that nobody names */
    bool unnamed;    /* nothing that a request could say: a canonical user, a principal that was deleted */
} vg_compare_caller;

typedef struct vg_comparer {
    vg_arena *arena;
    vg_wild_budget budget;
    vg_policy_kind kind;
    const vg_policy_document *documents[2]; /* old, new */
    vg_vec sets, conditions, keys, symbols, statements, callers;
    vg_compare_table set_table, condition_table, key_table;
    const vg_compare_assignment *assignments; /* NULL: symbols */
    size_t assignment_count;
    vg_vec given; /* vg_compare_literal: what the assignment says of keys */
    size_t caller_words;
    bool failed; /* memory ran out */
    vg_comparison *out;
} vg_comparer;

static inline vg_compare_set *vg_compare_set_at(const vg_comparer *c, uint32_t id)
{
    return vg_vec_at(&c->sets, id);
}
static inline vg_compare_condition *vg_compare_condition_at(const vg_comparer *c, uint32_t id)
{
    return vg_vec_at(&c->conditions, id);
}
static inline vg_compare_statement *vg_compare_statement_at(const vg_comparer *c, size_t i)
{
    return vg_vec_at(&c->statements, i);
}

/* compare_text.c */
uint32_t vg_compare_set_of(vg_comparer *c, vg_texts_kind kind, const vg_str *texts, size_t count,
                           bool variables);
/* The set with its group. */
const vg_compare_set *vg_compare_made(vg_comparer *c, uint32_t id);
/* A pattern of an Action element; the text may be in any case. NULL when memory is out. */
const vg_wild *vg_compare_action_glob(vg_arena *arena, vg_str text);
bool vg_compare_is_every_action(vg_str text); /* "*", "*:*" */
extern const vg_wild vg_compare_arn;          /* every ARN: "arn:" and five more parts, which may be empty */
extern const vg_wild_universe vg_compare_actions, vg_compare_resources, vg_compare_values;

/* compare_key.c */
uint32_t vg_compare_condition_of(vg_comparer *c, const vg_policy_condition *source, bool variables);
uint32_t vg_compare_key_of(vg_comparer *c, vg_str key); /* number of a key, letter case ignored */
vg_str vg_compare_key_name(const vg_comparer *c, uint32_t key);
/* A state of the key with all of the answers; `entry` (may be NULL) gets it. */
vg_wild_answer vg_compare_key_state(vg_comparer *c, uint32_t key, const vg_compare_literal *literals,
                                    size_t count, vg_context_entry *entry);

/* compare_value.c */
/* A value with all of the answers; each literal's condition is on the same key and looked at value by value. */
vg_wild_answer vg_compare_value(vg_comparer *c, const vg_compare_literal *literals, size_t count,
                                vg_str *value);

/* Whether the bounds of a condition on numbers, dates or addresses can be told apart here. */
bool vg_compare_bounds_read(const vg_test *compiled, unsigned test);

/* compare_read.c */
vg_status vg_compare_read(vg_comparer *c, vg_error *err);

/* compare_action.c */

/* How a set of actions stands to a piece: none of the piece is in it, some may be, or all is. */
enum { VG_PIECE_OUTSIDE, VG_PIECE_PARTLY, VG_PIECE_INSIDE };

/* Actions of one statement that no set of actions tells apart, or one of its patterns that some set cuts in two. */
typedef struct {
    const vg_wild *glob;
    vg_str text;             /* as written */
    const uint8_t *relation; /* [set] */
    bool whole;              /* no set holds it partly */
} vg_compare_piece;

/* Patterns of all action sets, by what they can match. Those of one text, and those of one service, hang on a chain. */
typedef struct {
    vg_vec entries;
    vg_compare_table literals; /* by text: the first entry of its chain */
    vg_compare_table literals_of_service, patterns_of_service;
    vg_vec everything; /* sets that hold every action */
    size_t set_count;
    bool made;
} vg_compare_actions_index;
bool vg_compare_index_actions(vg_comparer *c, vg_compare_actions_index *index);
/* The statement's actions as vg_compare_piece items. */
bool vg_compare_pieces(vg_comparer *c, const vg_compare_actions_index *index, const vg_compare_statement *s,
                       vg_vec *pieces);
/* The relation for a statement's Action or NotAction. */
unsigned vg_compare_relation(const vg_compare_piece *piece, const vg_compare_statement *s);

/* compare_question.c */
typedef struct {
    vg_str text;            /* of action and resource */
    vg_context_entry entry; /* of a key */
} vg_compare_found;
/* Whether one part of a request can give all the answers; `piece` is what the action part lies in. */
vg_wild_answer vg_compare_ask(vg_comparer *c, const vg_compare_piece *piece, uint32_t part,
                              const vg_compare_literal *literals, size_t count, vg_compare_found *found);

/* compare_search.c */
/* Looks for a request that NEW allows and OLD does not: FOUND with c->out filled, EMPTY when there is none. */
vg_wild_answer vg_compare_search(vg_comparer *c);

/* compare_confirm.c */
/* What was found, as a request. */
typedef struct {
    uint32_t caller; /* of c->callers, or VG_COMPARE_NONE */
    vg_str action, resource;
    const vg_context_entry *context;
    size_t context_count;
    uint32_t statement; /* the Allow of NEW */
} vg_compare_witness;
/* Whether the engine decides it Allowed by NEW and not by OLD; fills c->out. */
bool vg_compare_confirm(vg_comparer *c, const vg_compare_witness *witness);

#endif
