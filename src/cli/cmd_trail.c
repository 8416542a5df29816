/* cmd_trail.c: `vigil trail`: what is asked of CloudTrail's log files themselves. */
#include "cli/trail_parts.h"

static const vg_command *const nested[] = {&vg_trail_verify, NULL};

const vg_command vg_command_trail = {
    .name = "trail",
    .summary = "Work with CloudTrail log files",
    .description = "Answers questions about a copy of the bucket that CloudTrail delivers to.",
    .nested = nested,
};
