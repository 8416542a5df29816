/* activity_read.h: CloudTrail logs that a command is given, as activity (private to cli/). */
#ifndef VIGIL_CLI_ACTIVITY_READ_H
#define VIGIL_CLI_ACTIVITY_READ_H

#include "access/access.h"
#include "cli/cli.h"

#define VG_ACTIVITY_OPTIONS                                                                                  \
    {.name = "since",                                                                                        \
     .argument = "TIME",                                                                                     \
     .kind = VG_ARG_TIME,                                                                                    \
     .help = "Only what was done at or after it."},                                                          \
        {.name = "until", .argument = "TIME", .kind = VG_ARG_TIME, .help = "Only what was done before it."}, \
    {                                                                                                        \
        .name = "last", .argument = "DURATION", .kind = VG_ARG_DURATION,                                     \
        .help = "Only what was done in the time before now (--now): 90d."                                    \
    }
#define VG_ACTIVITY_LOGS                                                                                     \
    {                                                                                                        \
        .name = "LOG",                                                                                       \
        .help = "CloudTrail log files, or folders of them: .json, .json.gz as delivered, JSON lines, "       \
                "answers of "                                                                                \
                "lookup-events; - reads standard input.",                                                    \
        .repeatable = true, .kind = VG_ARG_PATH                                                              \
    }

/* Reads the logs at these paths, for a command with VG_ACTIVITY_OPTIONS and --content. What cannot be read is told on
 * stderr and makes the exit code 3; the rest is read. `world` (may be NULL) tells roles by name and by instance profile. Memory is the cli's arena. */
vg_status vg_cli_activity_read(vg_cli *cli, const vg_str *paths, size_t count, const vg_catalogue *catalogue,
                               const vg_world *world, vg_activity *out, vg_error *err);
/* What is declared as needed beside each action: content/policy/dependents.txt. */
vg_status vg_cli_dependents(vg_cli *cli, const vg_dependents **out, vg_error *err);

#endif
