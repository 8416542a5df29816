/* search_part.h: a compiled search expression (private to trail/).
 *
 * Nodes lie in one array, and a node refers to nodes before it alone. There are at most SEARCH_MOST_NODES of them, which
 * bounds every recursion. Comparing ignores the case of ASCII letters, in names of fields and in values, save for `==`. */
#ifndef VIGIL_TRAIL_SEARCH_PART_H
#define VIGIL_TRAIL_SEARCH_PART_H

#include "trail/index_part.h"

enum { SEARCH_DEPTH = 64, SEARCH_MOST_NODES = 4096, SEARCH_MOST_PARTS = 16 };

typedef enum {
    SEARCH_ALL, /* an empty expression */
    SEARCH_AND,
    SEARCH_OR,
    SEARCH_NOT,
    SEARCH_COMPARE,
    SEARCH_EXISTS,
    SEARCH_WORD
} search_kind;

typedef enum {
    SEARCH_EQUAL, /* `=`, and `in` */
    SEARCH_EXACT, /* `==` */
    SEARCH_LESS,
    SEARCH_LESS_EQUAL,
    SEARCH_GREATER,
    SEARCH_GREATER_EQUAL
} search_operator;

/* What stands behind an operator. `marks` says of each byte of `text` whether it is itself (0) or a wildcard. */
typedef struct {
    vg_str text;
    const char *marks;
    bool wild;
    bool is_null; /* null, without quotes */
    bool is_number, is_time, is_cidr, is_address;
    double number;
    vg_time time;
    unsigned char bytes[17]; /* of an address or a block: its term (vg_trail_term_of) */
    size_t bytes_len;
    unsigned bits; /* of a block, without the first byte */
    vg_str needle; /* bytes that stand in the JSON of what this matches, lower case; empty: none is sure */
} search_value;

/* Where a field's values come from. */
typedef enum {
    SEARCH_PATH,    /* anywhere along the path */
    SEARCH_INDEXED, /* an indexed path: where AWS writes it */
    SEARCH_TERM,    /* a short name: whatever the index has for it */
    SEARCH_OWN      /* a short name of the event's own: see search_match.c */
} search_from;

typedef enum {
    SEARCH_TIME,
    SEARCH_LOG,
    SEARCH_ID,
    SEARCH_ACTOR,
    SEARCH_SOURCE,
    SEARCH_ERROR,
    SEARCH_AGENT,
    SEARCH_OWN_COUNT
} search_own;

typedef struct {
    search_from from;
    search_own own;
    vg_trail_field term; /* of INDEXED and TERM */
    const char *indexed;
    vg_str whole; /* the path as it was typed */
    vg_str parts[SEARCH_MOST_PARTS];
    size_t part_count;
} search_field;

typedef struct {
    search_kind kind;
    uint32_t left, right; /* of AND, OR, NOT (left) */
    search_operator op;
    search_field field;
    const search_value *values; /* any of them */
    size_t value_count;
} search_node;

struct vg_search {
    const search_node *nodes;
    size_t node_count;
    uint32_t root;
};

/* ---- search_match.c ---- */
char search_lower(char c);
/* Whether the text is what the value asks for, wildcards and all. */
bool search_value_matches(const search_value *value, vg_str text, bool exact);
/* Where the lower-case needle stands in the text, whatever the case of its letters. */
bool search_has(vg_str text, vg_str needle);
/* The short name, or false. */
bool search_short_name(vg_str name, search_field *field);

#endif
