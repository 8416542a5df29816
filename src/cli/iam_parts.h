/* iam_parts.h: the commands below `vigil iam`, each in its own file iam_NAME.c, and what they share (private to cli/). */
#ifndef VIGIL_CLI_IAM_PARTS_H
#define VIGIL_CLI_IAM_PARTS_H

#include "cli/cli.h"
#include "policy/policy.h"

/* In the order in which help lists them. Add a command here, and to the table of cmd_iam.c. */
extern const vg_command vg_iam_can;
extern const vg_command vg_iam_compare;
extern const vg_command vg_iam_lint;
extern const vg_command vg_iam_minify;
extern const vg_command vg_iam_what_can;
extern const vg_command vg_iam_who_can;
extern const vg_command vg_iam_exposed;
extern const vg_command vg_iam_paths;
extern const vg_command vg_iam_unused;
extern const vg_command vg_iam_generate;

#define VG_IAM_CONTENT                                                                                       \
    {                                                                                                        \
        .name = "content", .argument = "DIR", .kind = VG_ARG_FOLDER,                                         \
        .help = "A folder of content that replaces or adds to what is built in."                             \
    }

/* The catalogue of actions, for a command that has the option --content. */
vg_status vg_iam_catalogue(vg_cli *cli, const vg_catalogue **out, vg_error *err);
/* Lint's tables from content/policy/. */
vg_status vg_iam_linter(vg_cli *cli, const vg_catalogue *catalogue, const vg_linter **out, vg_error *err);
/* The services that resource control policies support (content/policy/services.yaml). */
vg_status vg_iam_rcp_services(vg_cli *cli, const vg_str **names, size_t *count, vg_error *err);

/* `vigil iam can --requests FILE`. */
int vg_iam_can_requests(vg_cli *cli, vg_str path);

#endif
