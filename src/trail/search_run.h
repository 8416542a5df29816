/* search_run.h: what searching one log file and searching all share (private to trail/). */
#ifndef VIGIL_TRAIL_SEARCH_RUN_H
#define VIGIL_TRAIL_SEARCH_RUN_H

#include "trail/trail.h"

typedef struct {
    vg_search_hit hit;
    uint64_t identity[2]; /* of the event: its id and account */
} search_found;

/* The scan of one log file. */
typedef struct {
    const vg_search *search;
    const vg_search_options *options;
    vg_str key;
    vg_arena *arena;                  /* of what is found */
    vg_arena *scratch, *record_arena; /* of the file; of a record */
    vg_vec found;                     /* search_found */
    uint64_t events, bytes, raw;
    vg_error bad;
    bool is_bad;
    bool stopped; /* the failure is the run's, not the file's */
} search_scan;

/* Appends to scan->found. `object` NULL: nothing is known of the file. Fails for memory alone. */
vg_status search_scan_object(search_scan *scan, const vg_trail_object *object, vg_error *err);

#endif
