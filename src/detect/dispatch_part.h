/* dispatch_part.h: the tables by which an event is passed over (dispatch.c), and the gate that uses them (gate.c);
 * private to detect/. */
#ifndef VIGIL_DETECT_DISPATCH_PART_H
#define VIGIL_DETECT_DISPATCH_PART_H

#include "detect/detect_part.h"

#include <string.h>

#define VG_NO_BIT    UINT32_MAX
#define VG_NOT_QUICK UINT16_MAX

/* Rules of which a predicate is a pivot. */
typedef struct vg_pivot {
    uint32_t rule;
    const struct vg_pivot *next;
} vg_pivot;

enum { VG_MOST_PARTS = 4 };

/* A field that a glance reads: a picked one, or one below "vigil." that follows from picked ones. */
typedef struct {
    vg_str path;
    size_t parts[VG_MOST_PARTS]; /* of a derived one: picked values that it follows from */
    size_t part_count;
    bool is_derived;
    bool is_foreign; /* derived, and not told by the event: only sources can know it */
    uint32_t bit_count;
    uint32_t *predicates;    /* by bit: index into the set's predicates */
    const vg_pivot **pivots; /* by bit */
    bool has_pivots;
} vg_quick;

/* An OR of tests on one quick field: their bits. */
typedef struct {
    uint32_t index;
    uint64_t bits;
} vg_mask_word;

typedef struct {
    size_t quick, count;
    const vg_mask_word *words;
} vg_mask;

/* What the detector itself wants to see of each record. */
typedef enum {
    VG_GLANCE_TIME,
    VG_GLANCE_SOURCE,
    VG_GLANCE_NAME,
    VG_GLANCE_CATEGORY,
    VG_GLANCE_ID,
    VG_GLANCE_REGION,
    VG_GLANCE_ACCOUNT,
    VG_GLANCE_ADDRESS,
    VG_GLANCE_ERROR,
    VG_GLANCE_ERROR_MESSAGE,
    VG_GLANCE_ANSWER,
    VG_GLANCE_PARAMETERS,
    VG_GLANCE_WHO,
    VG_GLANCE_COUNT
} vg_glance;

/* What the signals of a rule tell, when all of it is picked (light.c). */
typedef struct {
    bool is_light;
    const uint32_t *places; /* among the picked values; a list at one of them has to be read whole */
    size_t count;
} vg_light_needs;

/* ---- words (words.c) -------------------------------------------------------------------------------------------------- */

/* A text that must stand in the bytes of every record that a rule matches, in whatever case. */
typedef struct {
    vg_str text;
    uint32_t rule;
} vg_word;

/* The longest run of a text that can be a word; empty: none. */
vg_str vg_word_in(vg_str text);
/* Whether a text that stands in no case in a record's bytes does not stand in it: they are ASCII, and write none of it by its
 * number. */
bool vg_word_tells(vg_str record);
/* Whether JSON may hold a literal of at least 8 bytes, in lower case, in whatever case: its first 8 stand there, or its bytes
 * tell nothing. */
bool vg_may_hold(vg_str text, const char *literal);
/* Immutable. Texts are those of vg_word_in. NULL: memory is out. */
typedef struct vg_words vg_words;
vg_words *vg_words_new(vg_arena *arena, const vg_word *given, size_t count);
/* Calls `found` with the rules whose word stands in a record's JSON, some more than once. Linear in the record. False: its
 * bytes tell nothing, and it may match any rule. */
bool vg_words_find(const vg_words *words, vg_str record, void (*found)(void *context, uint32_t rule),
                   void *context);

/* A text, of at least 8 bytes in lower case, that stands in requestParameters, in any case, of every event that has one of
 * certain fields. */
typedef struct {
    const char *text;
    vg_vec rules; /* uint32_t: of which a predicate on such a field is a pivot */
} vg_literal;

typedef struct vg_dispatch {
    vg_literal *literals;
    size_t literal_count;
    vg_literal **literal_of_field; /* by field; NULL: nothing is known */
    vg_quick *quick;
    size_t quick_count;
    uint16_t *pivoted; /* quick fields that have pivots */
    size_t pivoted_count;
    uint16_t *quick_of_field; /* VG_NOT_QUICK: none */
    uint32_t *bit_of;         /* by predicate: its bit among those of its field; VG_NO_BIT: not quick */
    const uint32_t *always;
    size_t always_count;
    const vg_words *words;  /* of rules that have them for pivots; NULL: none */
    const uint32_t *worded; /* these rules */
    size_t worded_count;
    const vg_json_picks *picks;
    const vg_str *paths; /* that are picked */
    size_t path_count;
    const vg_mask *const **masks;   /* by rule, by node: of an OR of tests on one quick field; NULL: none */
    vg_map *place_of;               /* of a path among those picked: 1 + index */
    const vg_light_needs *needs;    /* by rule */
    size_t glance[VG_GLANCE_COUNT]; /* where in the picked values */
} vg_dispatch;

/* Whether a rule has no pivots: it is looked at for every event. */
bool vg_dispatch_is_always(const vg_rules *rules, size_t rule);

/* The text of a picked value that is a string without escapes; ptr NULL: it is something else, or nothing. */
static inline vg_str vg_plain(vg_str picked)
{
    bool is_plain = picked.len >= 2 && picked.ptr[0] == '"' && !memchr(picked.ptr, '\\', picked.len);
    return is_plain ? vg_str_sub(picked, 1, picked.len - 2) : (vg_str){0};
}

/* ---- matches without a tree (light.c) -------------------------------------------------------------------------------- */

/* One a thread. */
typedef struct vg_light vg_light;
vg_light *vg_light_new(const vg_dispatch *dispatch);
void vg_light_free(vg_light *light);
/* To be called before each event, whose userIdentity may stand where another's stood. */
void vg_light_next(vg_light *light);
/* A number for a userIdentity's bytes: the same for the same, as long as it is remembered. 0: it is none, or too long. */
uint64_t vg_light_serial(vg_light *light, vg_str object);
/* Who a userIdentity's bytes say called; slices live until the next call with another. NULL: it is none, too long, or holds
 * escapes. */
const vg_trail_identity *vg_light_identity(vg_light *light, vg_str object);
/* Makes the event and the brief of a record from its picked values, without a tree. False: they do not tell all of it. Slices
 * are of the values, of `light` until the next call, or of `arena`. */
bool vg_light_begin(vg_light *light, const vg_str *values, vg_arena *arena, vg_event *event, vg_brief *brief);
/* Then: the text of a path (a vg_light_text). */
bool vg_light_text_of(void *light, vg_str path, vg_arena *arena, vg_str *out);

/* ---- the gate (gate.c) ---------------------------------------------------------------------------------------------------- */

/* One a thread. */
typedef struct vg_gate vg_gate;
vg_gate *vg_gate_new(const vg_rules *rules, vg_light *light, const vg_detect_source *sources,
                     size_t source_count);
void vg_gate_free(vg_gate *gate);
/* The rules that an event with these bytes and picked values may match, in ascending order; borrowed until the next call.
 * *decided: it matches all of them, whatever else it holds. */
const uint32_t *vg_gate_candidates(vg_gate *gate, vg_str record, const vg_str *values, bool odd,
                                   size_t *count, bool *decided);

#endif
