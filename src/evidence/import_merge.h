/* import_merge.h: the one writer of an import: parts in the order of their files, into the evidence. Private to
 * import. */
#ifndef VIGIL_IMPORT_MERGE_H
#define VIGIL_IMPORT_MERGE_H

#include "evidence/import_file.h"

typedef struct {
    vg_evidence *evidence;
    import_world *world; /* organisation and management account are filled in as they are learnt */
    vg_arena *arena;     /* of the whole import */
    vg_map *seen;        /* scope and time -> import_seen: contradictions */
    vg_map *parents;     /* child -> import_seen with the parent as content: cycles and contradictions */
    vg_map *counts;      /* operation -> vg_import_count */
    vg_map *places;      /* operation and account, operation and region: counted once */
    vg_vec waiting;      /* import_waiting */
    vg_str workloads;    /* the file that gave the mapping; "" when none did */
    vg_import_summary summary;
    bool doubtful; /* something was not read in full, denied, or contradicts */
} import_merge;

vg_status import_merge_begin(import_merge *merge, vg_evidence *evidence, import_world *world, vg_arena *arena,
                             vg_error *err);
/* Writes a file's parts, or keeps those that wait (*keeps: the file's memory must stay until the end). */
vg_status import_merge_file(import_merge *merge, import_file *file, bool *keeps, vg_error *err);
/* Writes what waited, and tells cycles. */
vg_status import_merge_end(import_merge *merge, vg_error *err);
/* Tells of something that is no file: a folder that cannot be opened. */
vg_status import_merge_skipped(import_merge *merge, vg_str path, vg_str reason, vg_error *err);

#endif
