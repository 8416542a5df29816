/* hub_part.h: what the files of hub/ share. */
#ifndef VIGIL_HUB_PART_H
#define VIGIL_HUB_PART_H

#include "hub/hub.h"
#include "store/store.h"

/* A standing suppression by globs. */
typedef struct {
    int64_t number;
    vg_str rule, account, resource;
    vg_time until;
} hub_glob;

struct vg_hub {
    vg_store *store;
    vg_arena *glob_arena;
    vg_vec globs;          /* hub_glob, in the order made */
    vg_arena *piece_arena; /* for one piece of a large answer at a time */
    int64_t run;           /* 0: none */
    vg_time run_time;
    vg_buf run_id;
    uint64_t passes; /* waiting in this run */
    vg_hub_counts counts;
};

enum { HUB_PIECE = 1000 };

/* Why and by whom a finding is moved: `run` 0 when a person does it. */
typedef struct {
    vg_hub_event event;
    vg_time at;
    int64_t run;
    vg_str who, note;
} hub_cause;

/* Writes the event to the finding's history, as the finding stands now, and counts it; the state is not written. */
vg_status hub_note(vg_hub *hub, vg_store_finding *finding, const hub_cause *cause, vg_error *err);
/* hub_note, and the state. */
vg_status hub_move(vg_hub *hub, vg_store_finding *finding, vg_workflow to, const hub_cause *cause,
                   vg_error *err);

/* Reads the standing suppressions by globs again. */
vg_status hub_load_globs(vg_hub *hub, vg_error *err);
/* The number of a suppression that stands beyond `now` over a finding with these names; 0: none. `finding` is its
 * number, 0 when it is new. */
vg_status hub_find_suppression(vg_hub *hub, int64_t finding, vg_str rule, vg_str account, vg_str resource,
                               vg_time now, int64_t *number, vg_error *err);
vg_status hub_expire(vg_hub *hub, vg_time now, uint64_t *lifted, vg_error *err);

/* The bytes of an id's 64 hexadecimal digits; false when it is no such text. */
bool hub_id_bytes(const vg_id *id, uint8_t out[32]);
/* The finding with the id, or VG_ERR_NOT_FOUND. */
vg_status hub_get(vg_hub *hub, const vg_id *id, vg_store_finding *out, vg_error *err);

#endif
