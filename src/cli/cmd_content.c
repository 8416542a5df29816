/* cmd_content.c: `vigil content`: the files that are built into the program, so that whoever wants to change a control or
 * a type can start from the text that runs. */
#include "cli/cli_parts.h"
#include "cli/content_parts.h"
#include "content.h"

static int run_list(vg_cli *cli)
{
    const vg_str *words;
    vg_str prefix = vg_cli_arguments(cli, &words) ? words[0] : (vg_str){0};
    size_t shown = 0;
    for (size_t i = 0; i < vg_content_count; i++) {
        if (!vg_str_starts(vg_content_files[i].path, prefix))
            continue;
        fprintf(cli->out, "%.*s\n", VG_ARG(vg_content_files[i].path));
        shown++;
    }
    if (shown == 0)
        return vg_cli_usage(cli, "no content starts with '%.*s'", VG_ARG(prefix));
    return VG_EXIT_OK;
}

static const vg_content_file *find(vg_str path)
{
    for (size_t i = 0; i < vg_content_count; i++)
        if (vg_str_eq(vg_content_files[i].path, path))
            return &vg_content_files[i];
    return NULL;
}

static int run_show(vg_cli *cli)
{
    const vg_str *words;
    vg_cli_arguments(cli, &words);
    const vg_content_file *file = find(words[0]);
    if (!file)
        return vg_cli_usage(cli, "no content is named '%.*s'; 'vigil content list' names it all",
                            VG_ARG(words[0]));
    fwrite(file->bytes.ptr, 1, file->bytes.len, cli->out);
    return VG_EXIT_OK;
}

static const vg_positional list_words[] = {
    {.name = "PREFIX", .help = "Only paths that start with this.", .optional = true},
    {0},
};
static const vg_example list_examples[] = {
    {"vigil content list controls/", "Name the controls that are built in."},
    {0},
};
static const vg_command list = {
    .name = "list",
    .summary = "Name the files that are built in",
    .description = "Prints the path of each, one a line, in byte order.",
    .positionals = list_words,
    .examples = list_examples,
    .run = run_list,
};

static const vg_positional show_words[] = {
    {.name = "PATH", .help = "The file's path, as 'vigil content list' prints it."},
    {0},
};
static const vg_example show_examples[] = {
    {"vigil content show types/evidence.yaml", "Print what controls see of each resource type."},
    {0},
};
static const vg_command show = {
    .name = "show",
    .summary = "Print a file that is built in",
    .description = "Prints the file as it is, byte for byte.",
    .positionals = show_words,
    .examples = show_examples,
    .run = run_show,
};

static const vg_command *const nested[] = {&vg_content_actions, &list, &show, NULL};

const vg_command vg_command_content = {
    .name = "content",
    .summary = "List and print the controls, types and other content built in",
    .description = "Controls, resource types and everything else that AWS or an attacker can change is "
                   "content: files that "
                   "are built into the program.",
    .nested = nested,
};
