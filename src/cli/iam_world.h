/* iam_world.h: what the commands share that ask over evidence (private to cli/). */
#ifndef VIGIL_CLI_IAM_WORLD_H
#define VIGIL_CLI_IAM_WORLD_H

#include "access/access.h"
#include "cli/iam_parts.h"
#include "format/format.h"

#define VG_IAM_AT                                                                                            \
    {                                                                                                        \
        .name = "at", .argument = "TIME", .kind = VG_ARG_TIME, .help = "As it was known to be then."         \
    }
#define VG_IAM_FORMAT                                                                                        \
    {                                                                                                        \
        .name = "format", .argument = "FORMAT", .choices = "table|json", .fallback = "table",                \
        .help = "How to print."                                                                              \
    }

/* The world of the workspace, in the run's arena; `resources`: ids of resources whose tags count. For commands that have
 * the options --content and --at. */
vg_status vg_iam_world(vg_cli *cli, const vg_str *resources, size_t count, const vg_world **out,
                       vg_error *err);
/* "Label     text", made safe; nothing for an empty text. */
void vg_iam_print(vg_cli *cli, const char *label, vg_str text);
/* The names of the layers whose bits are set: "scp, identity". */
vg_str vg_iam_layer_names(vg_arena *arena, unsigned bits);
void vg_iam_write_layers(vg_json_writer *w, const char *key, unsigned bits);
/* What of `layers` was not collected, in words: "identity policies (SecurityAudit), SCPs of Workloads"; empty when
 * all was. */
vg_str vg_iam_uncollected(vg_arena *arena, const vg_world_caller *caller, const vg_layers *layers);
/* Room for a copy of layers in which what is UNKNOWN counts as all there is. */
typedef struct {
    vg_layers layers;
    vg_layer scps[32], rcps[32];
    vg_s3_settings s3;
} vg_iam_assumed;
const vg_layers *vg_iam_assume(const vg_layers *layers, vg_iam_assumed *out);
/* What an Unknown answer depends on, without "allowed if". */
vg_str vg_iam_residual(const vg_explanation *why);
/* Whether one request can be asked for with these words: an action has no wildcards, and texts that are longer than any of
 * AWS's could pass by a Deny (policy.h). */
vg_status vg_iam_check_words(vg_str action, vg_str resource, vg_error *err);
/* Whether the catalogue has the action; if not, a warning says so. */
void vg_iam_warn_action(vg_cli *cli, const vg_world *world, vg_str action);

/* `vigil iam can PRINCIPAL ACTION RESOURCE`. */
int vg_iam_can_world(vg_cli *cli);

#endif
