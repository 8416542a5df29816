/* cmd_help.c: `vigil help`, and behind hidden options the texts that are generated from the table of commands: man
 * pages and docs/reference/cli.md. */
#include "cli/cli_parts.h"

static vg_exit print_man(vg_cli *cli, const vg_command *command, size_t words)
{
    if (words > 1)
        return vg_cli_usage(cli, "a man page describes a whole command, nested ones included");
    vg_help_man(cli->out, cli->world->commands, command, cli->now);
    return VG_EXIT_OK;
}

static int run_help(vg_cli *cli)
{
    enum { MOST_WORDS = 8 };
    const vg_str *arguments;
    size_t count = vg_cli_arguments(cli, &arguments), used = 0;
    const char *words[MOST_WORDS];
    count = count < MOST_WORDS ? count : MOST_WORDS;
    for (size_t i = 0; i < count; i++)
        words[i] = arguments[i].ptr;
    if (vg_cli_flag(cli, "markdown")) {
        vg_help_markdown(cli->out, cli->world->commands);
        return VG_EXIT_OK;
    }
    const vg_command *command = vg_command_find(cli->world->commands, words, count, &used);
    if (used < count)
        return vg_cli_usage(cli, "no command '%s'", words[used]);
    if (vg_cli_flag(cli, "man"))
        return print_man(cli, command, count);

    vg_buf path = {0};
    for (size_t i = 0; i < count; i++)
        vg_buf_addf(&path, "%s%s", i ? " " : "", words[i]);
    vg_buf_add_char(&path, '\0');
    vg_help_print(cli->out, cli->world, command, path.ptr, cli->width);
    vg_buf_free(&path);
    return VG_EXIT_OK;
}

static const vg_option options[] = {
    {.name = "man", .hidden = true, .help = "Print the man page, in mdoc, instead."},
    {.name = "markdown", .hidden = true, .help = "Print docs/reference/cli.md instead."},
    {0},
};

static const vg_positional positionals[] = {
    {.name = "COMMAND",
     .help = "The command, or the words of a nested one.",
     .optional = true,
     .repeatable = true},
    {0},
};

static const vg_example examples[] = {
    {"vigil help", "List the commands."},
    {"vigil help control test", "Show the options and examples of a nested command."},
    {0},
};

const vg_command vg_command_help = {
    .name = "help",
    .summary = "Show what a command does and takes",
    .description = "The same text as 'vigil COMMAND --help'. Without a command, lists them all.",
    .options = options,
    .positionals = positionals,
    .examples = examples,
    .run = run_help,
};
