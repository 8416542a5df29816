/* correlate_part.h: the parts of a correlator (private to correlate*.c): numbers by rank, the window that slides over a
 * group's signals, the episode that matching windows make. */
#ifndef VIGIL_DETECT_CORRELATE_PART_H
#define VIGIL_DETECT_CORRELATE_PART_H

#include "detect/correlation_part.h"
#include "detect/signal_part.h"

/* ---- texts in texts ----------------------------------------------------------------------------------------------------- */

/* A text behind its length. False: none stands there. */
void vg_correlate_put(vg_buf *out, vg_str text);
bool vg_correlate_get(vg_str *rest, vg_str *text);

/* What a signal carries for one correlation above the one it was given to, when it has the fields for it. */
typedef struct {
    bool present, has_value;
    vg_str group, value;
    vg_str above; /* for those above that one */
} vg_carried;
bool vg_correlate_get_carried(vg_str *rest, vg_carried *out);

/* A signal that an episode of a correlation gave begins its `above` with the episode's id and the time of the event. */
enum { VG_EPISODE_ID = 16, VG_EPISODE_HEAD = VG_EPISODE_ID + 8 };

/* ---- numbers by rank (correlate_rank.c) ------------------------------------------------------------------------------------ */

typedef struct vg_rank_block vg_rank_block;
typedef struct {
    vg_rank_block **blocks; /* in order */
    size_t block_count, block_cap;
    vg_rank_block *unused;
    size_t count; /* numbers */
} vg_ranks;

bool vg_ranks_add(vg_ranks *ranks, vg_billionths number); /* false: memory is out */
void vg_ranks_remove(vg_ranks *ranks, vg_billionths number);
vg_billionths vg_ranks_at(const vg_ranks *ranks, size_t rank); /* rank < count */
void vg_ranks_clear(vg_ranks *ranks);
void vg_ranks_free(vg_ranks *ranks);

/* ---- the window (correlate_window.c) ------------------------------------------------------------------------------------------ */

/* A signal in the window, or several of one second of which nothing but their number is kept. */
typedef struct {
    vg_billionths number;
    vg_time time;
    uint64_t detail;     /* where the whole signal stands in `details` */
    uint32_t detail_len; /* 0: it is not kept */
    uint32_t value;      /* number of its text in `values` */
    uint32_t many;       /* events; 0: one that is counted already, for it matches several rules */
    uint16_t slot;
    bool succeeded;
} vg_moment;

/* The latest chains of rules that came in their order (correlate_window.c). */
typedef struct {
    int64_t starts[VG_CORRELATION_MOST_RULES][VG_CORRELATION_MOST_RULES + 1];
    uint64_t chains[VG_CORRELATION_MOST_RULES]
                   [VG_CORRELATION_MOST_RULES]; /* the moments, when all rules must come */
    int64_t hit_second[VG_CORRELATION_MOST_RULES];
    uint64_t hit_moment[VG_CORRELATION_MOST_RULES];
} vg_ordering;

/* Moments are numbered from the group's first; those from `front` to `back` are in the window. */
typedef struct {
    const vg_correlation *c;
    vg_moment *ring;
    size_t ring_cap; /* a power of two */
    uint64_t front, back;
    vg_buf details;
    uint64_t details_from, details_live; /* the numbers of its first byte, and of the first that is in use */
    uint64_t events;
    vg_billionths sum;
    vg_arena *arena; /* of values */
    vg_map *values;
    uint32_t *value_moments; /* by value: moments in the window */
    size_t value_cap, distinct;
    vg_ranks ranks;
    uint64_t slot_moments[VG_CORRELATION_MOST_RULES];
    size_t slots_hit;
    vg_ordering ordering;
    uint64_t dropped; /* events that did not fit, in all groups */
} vg_window;

bool vg_window_init(vg_window *w);
void vg_window_free(vg_window *w);
/* Begins with a group of a correlation. */
void vg_window_begin(vg_window *w, const vg_correlation *c);
static inline int64_t vg_second(vg_time time)
{
    return time >= 0 ? time / VG_TIME_SECOND : -((-time + VG_TIME_SECOND - 1) / VG_TIME_SECOND);
}
static inline const vg_moment *vg_window_at(const vg_window *w, uint64_t number)
{
    return &w->ring[number & (w->ring_cap - 1)];
}
/* Lets go of what is older than the timespan when `second` is the last. */
void vg_window_slide(vg_window *w, int64_t second);
/* Adds a signal that is not before the last one. `identity` is what event_count and value_count tell apart; `counts` is false
 * for an event that is counted already. False: memory is out. */
bool vg_window_add(vg_window *w, const vg_signal *signal, uint32_t slot, vg_str identity, bool counts);
/* Whether the condition holds for what is in the window; *value is what it compares. */
bool vg_window_holds(const vg_window *w, double *value);
/* The signal of a moment; false: it is not kept. Slices of the window, until it is added to. */
bool vg_window_signal(const vg_window *w, const vg_moment *moment, vg_signal *out);

/* ---- the episode (correlate_episode.c) -------------------------------------------------------------------------------------------- */

typedef struct {
    vg_time time;
    uint32_t rule;
    size_t id, id_len, name, name_len; /* in `texts` */
} vg_kept_step;

/* Overlapping windows that match. */
typedef struct {
    bool open;
    uint64_t counted; /* moments before this one are in it, or were in no window that matched */
    uint8_t id[VG_EPISODE_ID];
    vg_time window, first, last;
    vg_buf first_texts; /* the brief of the first event */
    uint64_t offset;    /* the same */
    bool succeeded;     /* any of its events */
    uint64_t count;
    double value;
    vg_kept_step first_steps[VG_DETECT_MOST_STEPS]; /* those that fulfil the condition, of temporal ones */
    vg_kept_step steps[VG_DETECT_MOST_STEPS];
    size_t first_step_count, step_count;
    vg_buf texts;
} vg_growing;

/* Signals for a correlation above. */
typedef vg_status (*vg_give_up)(void *context, const vg_signal *signal, vg_error *err);

/* The window matches. What it adds to the episode is given to the correlations above. */
vg_status vg_growing_match(vg_growing *g, const vg_window *w, const vg_rules *rules, uint32_t rule,
                           vg_str group, double value, vg_give_up give, void *context, vg_error *err);
/* Whether the window shares signals with the open episode. */
static inline bool vg_growing_overlaps(const vg_growing *g, const vg_window *w)
{
    return g->open && w->front < g->counted;
}
/* The episode for its reader, its steps in `steps`, which has room for VG_DETECT_MOST_STEPS. */
void vg_growing_tell(const vg_growing *g, uint32_t rule, vg_str group, vg_detect_step *steps,
                     vg_episode *out);
void vg_growing_free(vg_growing *g);

#endif
