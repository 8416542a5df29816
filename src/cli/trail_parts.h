/* trail_parts.h: the commands below `vigil trail`, each in a file of its own, trail_NAME.c (private to cli/). */
#ifndef VIGIL_CLI_TRAIL_PARTS_H
#define VIGIL_CLI_TRAIL_PARTS_H

#include "cli/cli.h"

extern const vg_command vg_trail_ingest_logs;
extern const vg_command vg_trail_search;
extern const vg_command vg_trail_timeline;
extern const vg_command vg_trail_verify;

#endif
