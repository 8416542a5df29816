/* org_parts.h: what the commands below `vigil org` share (private to cli/). */
#ifndef VIGIL_CLI_ORG_PARTS_H
#define VIGIL_CLI_ORG_PARTS_H

#include "cli/cli.h"

/* Commands of `vigil org` in files of their own, org_NAME.c; each stands in the table of cmd_org.c. */
extern const vg_command vg_org_simulate;

#define VG_ORG_FORMAT                                                                                        \
    {                                                                                                        \
        .name = "format", .argument = "FORMAT", .choices = "table|json", .fallback = "table",                \
        .help = "How to print."                                                                              \
    }
#define VG_ORG_CONTENT                                                                                       \
    {                                                                                                        \
        .name = "content", .argument = "DIR", .kind = VG_ARG_FOLDER,                                         \
        .help = "A folder of content that replaces or adds to what is built in."                             \
    }

#endif
