/* cmd_version.c: `vigil version`. */
#include "cli/cli_parts.h"

static int run_version(vg_cli *cli)
{
    fputs("vigil " VIGIL_VERSION "\n", cli->out);
    return VG_EXIT_OK;
}

static const vg_example examples[] = {
    {"vigil version", "Print the version, as 'vigil --version' does."},
    {0},
};

const vg_command vg_command_version = {
    .name = "version",
    .summary = "Print the version",
    .description = "Prints the program's name and version on one line.",
    .examples = examples,
    .run = run_version,
};
