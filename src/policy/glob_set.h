/* glob_set.h: sets of strings given by patterns, and whether some string lies in all of some sets and in none of others.
 *
 * A pattern is a row of tokens: bytes, `?`, `*`, and symbols (a policy variable, whose text nobody knows yet). Wildcards may
 * be barred from colons, which is how ARN segments and action names read them. A group is a union of patterns. The one
 * question asked of groups, "is there a string in each of these and in none of those?", is answered by trying strings made
 * from the patterns, by patterns that plainly cover others, and, where neither settles it, by running the patterns as
 * automata side by side (glob_search.c), which is exact. Strings are printable ASCII, so that an answer can be shown.
 *
 * Symbols make a pattern a family of sets, one for each text of the variable. Answers then hold for the family: "empty"
 * means empty whatever the variables are; a string that is found only because of a symbol is "possible". */
#ifndef VIGIL_POLICY_GLOB_SET_H
#define VIGIL_POLICY_GLOB_SET_H

#include "base/base.h"

enum { VG_WILD_BYTE, VG_WILD_ONE, VG_WILD_RUN, VG_WILD_SYMBOL }; /* x, ?, *, ${...} */
enum {
    VG_WILD_NO_COLON = 1, /* of ONE, RUN and SYMBOL */
    VG_WILD_ANY_CASE = 2  /* of BYTE, which is then lower case, and of SYMBOL */
};

typedef struct {
    uint8_t kind, flags;
    uint16_t value; /* the byte, or the symbol's number */
} vg_wild_token;

/* Runs stand after the ones beside them, and alone: "*?*" is kept as "?*". */
typedef struct vg_wild {
    const vg_wild_token *tokens;
    uint32_t count;
    uint32_t head, tail; /* BYTE tokens that begin it and, apart from those, end it */
    bool literal;        /* BYTE tokens alone */
    bool symbolic;       /* has SYMBOL tokens, or is uncertain */
    bool uncertain;      /* need not match all that it looks like: whether it does, nobody knows */
    bool all;            /* matches every string */
    bool any_case;       /* some BYTE ignores case */
} vg_wild;

typedef struct {
    const vg_wild *const *globs;
    size_t count;
    bool symbolic; /* some glob is */
} vg_wild_group;

/* Collects tokens of one pattern into `tokens` (room for `cap`), then describes it. */
typedef struct {
    vg_wild_token *tokens;
    size_t count, cap;
} vg_wild_builder;
void vg_wild_add(vg_wild_builder *b, unsigned kind, unsigned flags, unsigned value);
void vg_wild_finish(const vg_wild_builder *b, vg_wild *out);

/* Whether the pattern matches s; a symbol as if it were a run. Linear in s times runs. */
bool vg_wild_matches(const vg_wild *glob, vg_str s);
/* Whether every string of `narrow` is plainly one of `wide`, whatever the symbols are: true is proof, false is not. */
bool vg_wild_absorbs(const vg_wild *wide, const vg_wild *narrow);
/* Whether no string is in both, plainly: true is proof, false is not. Cheap. */
bool vg_wilds_apart(const vg_wild *a, const vg_wild *b);
/* Whether some pattern of the group matches s. Without `symbols`, those that have symbols count as matching nothing. */
bool vg_wild_group_matches(const vg_wild_group *group, vg_str s, bool symbols);

typedef enum {
    VG_WILD_EMPTY,    /* no such string: proven */
    VG_WILD_FOUND,    /* `witness` is one */
    VG_WILD_POSSIBLE, /* nothing proves that there is none; symbols stand in the way of naming one */
    VG_WILD_LIMIT     /* the work allowed was used up */
} vg_wild_answer;

/* What a search may use. `work` falls with every step (about a nanosecond or two each); below zero it ends. */
typedef struct {
    vg_arena *arena; /* of witnesses and of the automata */
    int64_t work;
} vg_wild_budget;

/* Strings of one kind: their shape, and texts to put in place of runs so that a witness looks like one of them. */
typedef struct {
    const vg_wild *shape; /* every string matches it; NULL: all strings */
    const char *sample;   /* one of them, where nothing more is asked; may be NULL */
    bool arn;             /* runs between colons are filled as partition, service, region, account */
} vg_wild_universe;

/* A string of `universe` in each of `in` and in none of `out`. */
vg_wild_answer vg_wild_search(vg_wild_budget *budget, const vg_wild_universe *universe,
                              const vg_wild_group *in, size_t in_count, const vg_wild_group *out,
                              size_t out_count, vg_str *witness);

/* The exact search: `in` are groups as above, of which the universe's shape is one; `out` are single patterns, without
 * symbols. */
vg_wild_answer vg_wild_automata(vg_wild_budget *budget, const vg_wild_group *in, size_t in_count,
                                const vg_wild *const *out, size_t out_count, vg_str *witness);

#endif
