/* content_parts.h: content for commands: what is built in, with the user's own folder over it (private to cli/). */
#ifndef VIGIL_CLI_CONTENT_PARTS_H
#define VIGIL_CLI_CONTENT_PARTS_H

#include "assess/assess.h"
#include "cli/cli.h"

/* Loads content for a command that has the option --content. The folder is that of --content, of VIGIL_CONTENT, or
 * `content` in the workspace. A named folder that is not there is VG_ERR_NOT_FOUND. `bad` is given the cli. */
vg_status vg_cli_content_load(vg_cli *cli, void (*bad)(void *cli, const vg_error *err), vg_content **out,
                              vg_error *err);
/* One file of it, the user's before ours; ptr NULL when there is none. A file of the user that cannot be read is warned of,
 * and ours taken. */
vg_str vg_cli_content_file(vg_cli *cli, vg_str path);
/* The files of the user's folder alone; one that cannot be read is warned of. */
vg_status vg_cli_content_overlay(vg_cli *cli, const vg_content_source **out, size_t *count, vg_error *err);

/* `vigil content actions` (content_actions.c). */
extern const vg_command vg_content_actions;

#endif
