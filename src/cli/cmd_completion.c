/* cmd_completion.c: `vigil completion SHELL`. */
#include "cli/cli_parts.h"

static int run_completion(vg_cli *cli)
{
    const vg_str *shell;
    vg_cli_arguments(cli, &shell);
    vg_completion_print(cli->out, cli->world->commands, shell[0]);
    return VG_EXIT_OK;
}

static const vg_positional positionals[] = {
    {.name = "SHELL", .help = "The shell to complete in: bash, zsh or fish.", .choices = "bash|zsh|fish"},
    {0},
};

static const vg_example examples[] = {
    {"source <(vigil completion bash)", "Complete in this bash."},
    {"vigil completion zsh > ~/.zfunc/_vigil", "Complete in zsh, where ~/.zfunc is in fpath."},
    {"vigil completion fish > ~/.config/fish/completions/vigil.fish", "Complete in fish."},
    {0},
};

const vg_command vg_command_completion = {
    .name = "completion",
    .summary = "Print a completion script for bash, zsh or fish",
    .description =
        "The script completes commands, options, their values, and paths. The Debian package installs all "
        "three; this command serves whoever runs Vigil without installing it.",
    .positionals = positionals,
    .examples = examples,
    .run = run_completion,
};
