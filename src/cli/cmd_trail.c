/* cmd_trail.c: `vigil trail`: what is asked of CloudTrail's log files themselves. */
#include "cli/trail_parts.h"

static const vg_command *const nested[] = {&vg_trail_ingest_logs, &vg_trail_search, &vg_trail_timeline,
                                           &vg_trail_verify, NULL};

const vg_command vg_command_trail = {
    .name = "trail",
    .summary = "Verify, index and search activity logs",
    .description =
        "Answers questions about log files: whether they are what CloudTrail delivered, and what is in them.",
    .nested = nested,
};
