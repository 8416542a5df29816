/* evidence_part.h: what the files of evidence/ share. */
#ifndef VIGIL_EVIDENCE_PART_H
#define VIGIL_EVIDENCE_PART_H

#include "evidence/evidence.h"
#include "store/store.h"

/* A scope that this process has named: its handle is its index here. */
typedef struct {
    int64_t number;
    vg_scope scope;
    vg_time complete; /* as of when the current run read it in full; VG_TIME_NONE: it has not */
} vg_known_scope;

struct vg_evidence {
    vg_store *store;
    vg_arena *arena;     /* scopes */
    vg_map *scopes;      /* scope as one key -> handle */
    vg_vec known_scopes; /* vg_known_scope */
    vg_arena *shelf_arena;
    vg_map *shelves; /* account, type, region as one key -> number; forgotten when it grows large */
    vg_buf key;
    int64_t run; /* 0: none */
    vg_str run_id;
    vg_arena *run_arena;   /* its id */
    vg_arena *piece_arena; /* for one piece of a large answer at a time */
};

/* ---- evidence_put.c --------------------------------------------------------------------------------------------- */

/* The number of a shelf, made when new. */
vg_status evidence_shelf(vg_evidence *evidence, vg_str account, vg_str type, vg_str region, int64_t *number,
                         vg_error *err);
/* vg_evidence_put without the batch's bookkeeping. With `latest`, what is put becomes current even if its time lies
 * before what is there (facts: the last computed is the one that counts). *number is the resource's. */
vg_status evidence_put_one(vg_evidence *evidence, int64_t scope, const vg_resource *resource, bool latest,
                           int64_t *number, vg_put_result *result, vg_error *err);
vg_status evidence_mark_gone(vg_evidence *evidence, vg_store_resource *resource, vg_time at, vg_error *err);
/* Makes `resources` the whole living content of the scope: what it had and they do not name is gone. Their slices
 * stay the caller's. */
vg_status evidence_replace_set(vg_evidence *evidence, const vg_scope *scope, const vg_resource *resources,
                               size_t count, vg_time now, vg_error *err);

/* ---- drift_value.c ------------------------------------------------------------------------------------------------ */

/* Compares two JSON values and tells every difference with its path. Values are borrowed until `found` returns. */
typedef struct {
    vg_status (*found)(void *context, vg_str path, const vg_value *old_value, const vg_value *new_value,
                       vg_error *err);
    void *context;
    vg_arena *arena; /* for what matching lists takes */
} vg_value_diff;
vg_status evidence_diff(const vg_value_diff *diff, const vg_value *old_value, const vg_value *new_value,
                        vg_error *err);

#endif
