/* trail_store.h: the workspace's index of logs, as `vigil trail ingest` and `search` share it (private to cli/). */
#ifndef VIGIL_CLI_TRAIL_STORE_H
#define VIGIL_CLI_TRAIL_STORE_H

#include "cli/cli.h"
#include "evidence/evidence.h"
#include "trail/trail.h"

/* WORKSPACE/trail, where index files and copies of logs lie. */
vg_str vg_trail_folder(const vg_cli *cli, vg_arena *arena);
vg_str vg_trail_index_path(vg_arena *arena, vg_str folder, int64_t number);

/* An index file that the ledger names. */
typedef struct {
    int64_t number;
    vg_str path;
    uint64_t events;
    vg_trail_index *index; /* NULL: it is broken, and that was told */
} vg_known_index;

/* Opens what the ledger names, in the order of numbers: vg_known_index items, in the arena. With `check` every page is looked at. What is
 * broken is told, as an error that the next ingest repairs. Closed by vg_known_indexes_close. */
vg_status vg_known_indexes_open(vg_cli *cli, vg_arena *arena, vg_evidence *evidence, bool check,
                                vg_vec *indexes, vg_error *err);
void vg_known_indexes_close(vg_vec *indexes);
/* Appends the keys (vg_str) of the log files that an index file tells of. */
vg_status vg_known_index_logs(vg_arena *arena, vg_evidence *evidence, int64_t number, vg_vec *keys,
                              vg_error *err);

/* What the indexes say of coverage, as facts in evidence (Vigil::CloudTrail::LogCoverage). trail_coverage.c */
vg_status vg_trail_coverage_put(vg_cli *cli, vg_evidence *evidence, const vg_vec *indexes, uint64_t *gaps,
                                vg_error *err);

#endif
