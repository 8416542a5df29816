/* iam_paths_parts.h: what `vigil iam paths` found, for those who write it (private to cli/). */
#ifndef VIGIL_CLI_IAM_PATHS_PARTS_H
#define VIGIL_CLI_IAM_PATHS_PARTS_H

#include "cli/iam_world.h"

typedef struct {
    vg_cli *cli;
    const vg_world *world;
    const vg_graph *graph;
    vg_graph_question question;
    const vg_graph_path *paths;
    size_t count, total; /* shown, and found */
} vg_paths_found;

/* "administrator of 111122223333", or the principal's name for people. */
vg_str vg_paths_end(const vg_paths_found *found, const vg_graph_path *path);
const vg_escalation *vg_paths_technique(const vg_paths_found *found, const vg_graph_step *step);

vg_status vg_paths_write_tree(const vg_paths_found *found, vg_buf *out, vg_error *err);
vg_status vg_paths_write_json(const vg_paths_found *found, vg_buf *out, vg_error *err);
vg_status vg_paths_write_graphml(const vg_paths_found *found, vg_buf *out, vg_error *err);
vg_status vg_paths_write_dot(const vg_paths_found *found, vg_buf *out, vg_error *err);

#endif
