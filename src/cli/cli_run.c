/* cli_run.c: the life of one invocation: world, parsing, the command, the exit code, and the lines that say what went
 * wrong. */
#include "cli/cli_parts.h"
#include "report/report.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

const vg_option vg_global_options[] = {
    {.name = "workspace",
     .argument = "DIR",
     .kind = VG_ARG_FOLDER,
     .help =
         "The folder that holds what was imported and found. Also named by VIGIL_WORKSPACE; else .vigil."},
    {.name = "now",
     .argument = "TIME",
     .kind = VG_ARG_TIME,
     .help = "Judge as if it were this time, for answers that do not change with the clock."},
    {.name = "color",
     .argument = "WHEN",
     .choices = "auto|always|never",
     .fallback = "auto",
     .help = "Whether to colour what is printed; auto colours terminals unless NO_COLOR is set."},
    {.name = "threads",
     .argument = "N",
     .kind = VG_ARG_NUMBER,
     .fallback = "0",
     .help = "How many threads to work with; 0 means one per processor. Answers never depend on it."},
    {.name = "quiet",
     .letter = 'q',
     .help = "Print answers and errors alone: no progress, no notes, no warnings."},
    {.name = "help", .letter = 'h', .help = "Show this help."},
    {.name = "version", .letter = 'V', .help = "Show the version."},
    {0},
};

const char *const vg_exit_meanings[5] = {
    "Done; nothing at or above the gate that was set.",
    "Done; findings at or above the gate.",
    "The command line was wrong; nothing was done.",
    "Something given or asked for could not be read in full; what could be read was worked on.",
    "An error inside Vigil, or memory ran out.",
};

/* ---- exit codes ------------------------------------------------------------------------------------------------------ */

vg_exit vg_exit_worse(vg_exit a, vg_exit b)
{
    static const int rank[] = {
        [VG_EXIT_OK] = 0,    [VG_EXIT_FINDINGS] = 1, [VG_EXIT_PARTIAL] = 2,
        [VG_EXIT_USAGE] = 3, [VG_EXIT_INTERNAL] = 4,
    };
    return rank[a] >= rank[b] ? a : b;
}

vg_exit vg_exit_of(vg_status status)
{
    switch (status) {
    case VG_OK:
        return VG_EXIT_OK;
    case VG_ERR_USAGE:
        return VG_EXIT_USAGE;
    case VG_ERR_MEMORY:
    case VG_ERR_INTERNAL:
        return VG_EXIT_INTERNAL;
    default:
        return VG_EXIT_PARTIAL;
    }
}

void vg_cli_note(vg_cli *cli, vg_exit code)
{
    cli->worst = vg_exit_worse(cli->worst, code);
}

/* ---- lines for people -------------------------------------------------------------------------------------------------- */

void vg_cli_print_safe(FILE *out, vg_str text)
{
    vg_buf safe = {0};
    vg_report_safe(&safe, text);
    if (!safe.failed && safe.len)
        fwrite(safe.ptr, 1, safe.len, out);
    vg_buf_free(&safe);
}

/* What was printed before comes before, also where both streams go to one file. */
static void print_line(vg_cli *cli, const char *start, const char *text)
{
    fflush(cli->out);
    fputs(start, cli->err);
    vg_cli_print_safe(cli->err, vg_str_from(text));
    fputc('\n', cli->err);
}

vg_exit vg_cli_error(vg_cli *cli, const vg_error *err)
{
    char text[1024];
    vg_error_format(err, text, sizeof text);
    print_line(cli, "vigil: ", text);
    vg_exit code = vg_exit_of(err->code);
    vg_cli_note(cli, code);
    return code;
}

void vg_cli_warn(vg_cli *cli, const vg_error *err)
{
    char text[1024];
    if (cli->quiet)
        return;
    vg_error_format(err, text, sizeof text);
    print_line(cli, "vigil: warning: ", text);
}

vg_exit vg_cli_usage(vg_cli *cli, const char *format, ...)
{
    if (cli->parsed->help)
        return VG_EXIT_OK;
    char message[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);

    vg_buf line = {0};
    const char *path = cli->path ? cli->path : "";
    vg_buf_addf(&line, "%s%s%s; see 'vigil %s%s--help'", path, *path ? ": " : "", message, path,
                *path ? " " : "");
    vg_buf_add_char(&line, '\0');
    print_line(cli, "vigil: ", line.failed ? message : line.ptr);
    vg_buf_free(&line);
    vg_cli_note(cli, VG_EXIT_USAGE);
    return VG_EXIT_USAGE;
}

void vg_cli_say(vg_cli *cli, const char *format, ...)
{
    char text[1024];
    if (cli->quiet)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    print_line(cli, "", text);
}

/* ---- the world ----------------------------------------------------------------------------------------------------------- */

const char *vg_cli_env(const vg_cli *cli, const char *name)
{
    size_t len = strlen(name);
    for (const char *const *entry = cli->world->environment; entry && *entry; entry++)
        if (strncmp(*entry, name, len) == 0 && (*entry)[len] == '=')
            return *entry + len + 1;
    return NULL;
}

vg_str vg_cli_user(const vg_cli *cli)
{
    static const char *const variables[] = {"USER", "LOGNAME"};
    for (size_t i = 0; i < VG_COUNT(variables); i++) {
        const char *user = vg_cli_env(cli, variables[i]);
        if (user && *user)
            return vg_str_from(user);
    }
    return vg_arena_printf(cli->arena, "uid %lu", (unsigned long)geteuid());
}

/* https://no-color.org: set and not empty means no colour, whatever it holds. */
static bool decide_colour(const vg_cli *cli)
{
    vg_str when = vg_cli_value(cli, "color");
    if (!vg_str_is(when, "auto"))
        return vg_str_is(when, "always");
    const char *no_color = vg_cli_env(cli, "NO_COLOR"), *term = vg_cli_env(cli, "TERM");
    bool is_dumb = term && vg_text_is(term, "dumb");
    return cli->world->out_is_terminal && !(no_color && *no_color) && !is_dumb;
}

static unsigned decide_width(const vg_cli *cli)
{
    enum { LEAST = 40, MOST = 1000, UNKNOWN = 80 };
    const char *columns = vg_cli_env(cli, "COLUMNS");
    uint64_t width = 0;
    if (!columns || !vg_str_to_u64(vg_str_from(columns), &width) || width == 0)
        width = cli->world->out_is_terminal && cli->world->width ? cli->world->width : UNKNOWN;
    return width < LEAST ? LEAST : width > MOST ? MOST : (unsigned)width;
}

static void decide_workspace(vg_cli *cli)
{
    vg_str given = vg_cli_value(cli, "workspace");
    const char *variable = vg_cli_env(cli, "VIGIL_WORKSPACE");
    bool is_named = variable && *variable;
    cli->workspace_given = given.ptr || is_named;
    cli->workspace = given.ptr ? given : is_named ? vg_str_from(variable) : VG_STR(".vigil");
}

static void apply_global_options(vg_cli *cli)
{
    uint64_t threads = 0;
    cli->quiet = vg_cli_flag(cli, "quiet");
    cli->colour = decide_colour(cli);
    cli->width = decide_width(cli);
    decide_workspace(cli);
    cli->now_given = vg_cli_time(cli, "now", &cli->now);
    cli->threads = vg_cli_number(cli, "threads", &threads) && threads < 1024 ? (size_t)threads : 0;
}

/* ---- running -------------------------------------------------------------------------------------------------------------- */

static vg_exit run(vg_cli *cli, int argc, const char *const *argv)
{
    if (!vg_cli_parse(cli, argc, argv))
        return cli->worst;
    apply_global_options(cli);
    if (cli->parsed->help) {
        vg_help_print(cli->out, cli->world, cli->command, cli->path, cli->width);
        return VG_EXIT_OK;
    }
    if (cli->parsed->version) {
        fputs("vigil " VIGIL_VERSION "\n", cli->out);
        return VG_EXIT_OK;
    }
    if (!cli->command) {
        vg_help_print(cli->err, cli->world, NULL, NULL, cli->width);
        return VG_EXIT_USAGE;
    }
    return cli->command->run(cli);
}

/* Whether the reader of a pipe has gone: asked of the pipe, for errno tells of the last failure, and a write may have
 * failed long before the last flush. */
static bool reader_is_gone(FILE *out)
{
    struct pollfd asked = {.fd = fileno(out), .events = POLLOUT};
    return asked.fd >= 0 && poll(&asked, 1, 0) > 0 && (asked.revents & POLLERR);
}

/* A full disk shows at the last flush. A reader that went away (`vigil review | head`) has what it wanted. */
static vg_exit flush_output(vg_cli *cli)
{
    static const char what[] = "standard output could not be written in full";
    bool failed_before = ferror(cli->out) != 0, fails_now = fflush(cli->out) != 0;
    int reason = cli->write_errno ? cli->write_errno : fails_now && !failed_before ? errno : 0;
    vg_error err;
    if ((!failed_before && !fails_now) || reason == EPIPE || reader_is_gone(cli->out))
        return VG_EXIT_OK;
    if (reason)
        vg_fail_errno(&err, reason, "%s", what);
    else
        vg_fail(&err, VG_ERR_IO, "%s", what);
    return vg_cli_error(cli, &err);
}

int vg_cli_main(const vg_cli_world *world, int argc, const char *const *argv)
{
    vg_arena *arena = vg_arena_new(0);
    if (!arena) {
        fputs("vigil: memory ran out\n", world->err);
        return VG_EXIT_INTERNAL;
    }
    struct vg_cli_parsed parsed = {
        .given = vg_vec_in(arena, sizeof(vg_cli_given)),
        .arguments = vg_vec_in(arena, sizeof(vg_str)),
    };
    vg_cli cli = {
        .world = world,
        .in = world->in,
        .out = world->out,
        .err = world->err,
        .arena = arena,
        .now = world->now,
        .parsed = &parsed,
    };
    vg_cli_note(&cli, run(&cli, argc, argv));
    vg_cli_note(&cli, flush_output(&cli));
    vg_arena_free(arena);
    return cli.worst;
}
