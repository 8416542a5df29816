/* test_cli.c: the option engine, on a table of commands of its own: what is typed, what is printed, what is returned. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "cli/cli_parts.h"

/* ---- a table -------------------------------------------------------------------------------------------------------- */

static int run_show(vg_cli *cli)
{
    const vg_str *values, *words;
    uint64_t count = 0;
    vg_time age = 0, at = 0;
    size_t n = vg_cli_values(cli, "tag", &values);
    vg_cli_number(cli, "count", &count);
    vg_cli_duration(cli, "age", &age);
    vg_cli_time(cli, "at", &at);
    fprintf(cli->out,
            "format=%.*s/%zu all=%d count=%llu age=%llds at=%lld tags=", VG_ARG(vg_cli_value(cli, "format")),
            vg_cli_choice(cli, "format"), vg_cli_flag(cli, "all"), (unsigned long long)count,
            (long long)(age / VG_TIME_SECOND), (long long)(at / VG_TIME_SECOND));
    for (size_t i = 0; i < n; i++)
        fprintf(cli->out, "%s%.*s", i ? "," : "", VG_ARG(values[i]));
    n = vg_cli_arguments(cli, &words);
    fputs(" words=", cli->out);
    for (size_t i = 0; i < n; i++)
        fprintf(cli->out, "%s%.*s", i ? "," : "", VG_ARG(words[i]));
    return VG_EXIT_OK;
}

static int run_world(vg_cli *cli)
{
    fprintf(cli->out, "%.*s now=%lld%s colour=%d width=%u threads=%zu quiet=%d", VG_ARG(cli->workspace),
            (long long)(cli->now / VG_TIME_SECOND), cli->now_given ? " given" : "", cli->colour, cli->width,
            cli->threads, cli->quiet);
    return VG_EXIT_OK;
}

/* Fails as its words say: each is the name of a status; the last "return=N" is what the command returns. */
static int run_fail(vg_cli *cli)
{
    const vg_str *words;
    size_t n = vg_cli_arguments(cli, &words);
    int code = VG_EXIT_OK;
    for (size_t i = 0; i < n; i++) {
        vg_error err;
        if (vg_str_starts(words[i], VG_STR("return="))) {
            code = words[i].ptr[7] - '0';
            continue;
        }
        vg_status status = vg_str_is(words[i], "internal") ? VG_ERR_INTERNAL
                           : vg_str_is(words[i], "usage")  ? VG_ERR_USAGE
                                                           : VG_ERR_SYNTAX;
        vg_place place = {.file = VG_STR("evil\x1b[31m\n.json"), .line = 3, .column = 7};
        vg_fail_at(&err, status, place, "cannot read this");
        if (vg_str_is(words[i], "warn"))
            vg_cli_warn(cli, &err);
        else
            vg_cli_error(cli, &err);
    }
    return code;
}

static const vg_option show_options[] = {
    {.name = "format",
     .letter = 'f',
     .argument = "FORMAT",
     .choices = "table|json",
     .fallback = "table",
     .help = "How."},
    {.name = "all", .letter = 'a', .help = "All of them."},
    {.name = "tag", .letter = 't', .argument = "TAG", .repeatable = true, .help = "A tag."},
    {.name = "count", .letter = 'c', .argument = "N", .kind = VG_ARG_NUMBER, .help = "How many."},
    {.name = "age", .argument = "AGE", .kind = VG_ARG_DURATION, .help = "How old."},
    {.name = "at", .argument = "TIME", .kind = VG_ARG_TIME, .help = "When."},
    {.name = "account", .argument = "ID", .kind = VG_ARG_ACCOUNT, .help = "Whose."},
    {.name = "secret", .hidden = true, .help = "Not shown."},
    {0},
};
static const vg_positional show_words[] = {
    {.name = "FILE", .help = "What to show.", .kind = VG_ARG_PATH},
    {.name = "MORE", .help = "More of it.", .optional = true, .repeatable = true},
    {0},
};
static const vg_example show_examples[] = {{"vigil box show a.json", "Show one."}, {0}};
static const vg_exit_note show_notes[] = {{1, "The file holds something bad."}, {0}};
static const vg_command show = {
    .name = "show",
    .summary = "Show what is in the box",
    .description = "Shows it all,\nat once.\n\n  verbatim   text\n\nAnd the rest.",
    .options = show_options,
    .positionals = show_words,
    .examples = show_examples,
    .exit_notes = show_notes,
    .run = run_show,
};
static const vg_command *const box_nested[] = {&show, NULL};
static const vg_command box = {
    .name = "box", .summary = "Boxes", .description = "Boxes.", .nested = box_nested};
static const vg_command world_command = {
    .name = "world", .summary = "The world", .description = "It.", .run = run_world};
static const vg_positional fail_words[] = {
    {.name = "HOW", .help = "How.", .optional = true, .repeatable = true}, {0}};
static const vg_command fail_command = {
    .name = "fail", .summary = "Fail", .description = "Fails.", .positionals = fail_words, .run = run_fail};
static const vg_command hidden = {
    .name = "hidden", .summary = "Hide", .description = "Hides.", .hidden = true, .run = run_world};
static const vg_command *const commands[] = {&box, &fail_command, &hidden, &world_command, NULL};

/* ---- running one line ------------------------------------------------------------------------------------------------- */

typedef struct {
    int code;
    char out[8192], err[8192];
} outcome;

static vg_cli_world quiet_world(void)
{
    return (vg_cli_world){.now = INT64_C(1000) * VG_TIME_SECOND, .commands = commands};
}

/* Runs `line`, split at single spaces. */
static void run_line(vg_cli_world world, const char *line, outcome *result)
{
    char copy[512];
    const char *argv[32] = {"vigil"};
    int argc = 1;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    memset(result, 0, sizeof *result);
    world.out = fmemopen(result->out, sizeof result->out, "w");
    world.err = fmemopen(result->err, sizeof result->err, "w");
    result->code = vg_cli_main(&world, argc, argv);
    fclose(world.out);
    fclose(world.err);
}

typedef struct {
    const char *line;
    int code;
    const char *out, *err;
} line_case;

static void check(const line_case *cases, size_t n)
{
    static outcome got;
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++) {
        run_line(quiet_world(), cases[i].line, &got);
        if (got.code == cases[i].code && strcmp(got.out, cases[i].out) == 0 &&
            strcmp(got.err, cases[i].err) == 0)
            continue;
        wrong++;
        print_error("vigil %s\n  gave     %d [%s] [%s]\n  expected %d [%s] [%s]\n", cases[i].line, got.code,
                    got.out, got.err, cases[i].code, cases[i].out, cases[i].err);
    }
    assert_int_equal(wrong, 0);
}

/* ---- parsing ------------------------------------------------------------------------------------------------------------ */

static void options_are_read_in_every_spelling(void **state)
{
    (void)state;
    static const line_case cases[] = {
        {"box show a", 0, "format=table/0 all=0 count=0 age=0s at=0 tags= words=a", ""},
        {"box show --format=json a", 0, "format=json/1 all=0 count=0 age=0s at=0 tags= words=a", ""},
        {"box show --format json a", 0, "format=json/1 all=0 count=0 age=0s at=0 tags= words=a", ""},
        {"box show -f json a", 0, "format=json/1 all=0 count=0 age=0s at=0 tags= words=a", ""},
        {"box show -fjson a", 0, "format=json/1 all=0 count=0 age=0s at=0 tags= words=a", ""},
        {"box show -afjson a", 0, "format=json/1 all=1 count=0 age=0s at=0 tags= words=a", ""},
        {"box show a b c", 0, "format=table/0 all=0 count=0 age=0s at=0 tags= words=a,b,c", ""},
        {"box show a --all", 0, "format=table/0 all=1 count=0 age=0s at=0 tags= words=a", ""},
        {"box show a -a -a", 0, "format=table/0 all=1 count=0 age=0s at=0 tags= words=a", ""},
        {"box show -- --all -x", 0, "format=table/0 all=0 count=0 age=0s at=0 tags= words=--all,-x", ""},
        {"box show - a", 0, "format=table/0 all=0 count=0 age=0s at=0 tags= words=-,a", ""},
        {"box show a --tag x -t y --tag=z", 0, "format=table/0 all=0 count=0 age=0s at=0 tags=x,y,z words=a",
         ""},
        {"box show a --tag= --tag=-x", 0, "format=table/0 all=0 count=0 age=0s at=0 tags=,-x words=a", ""},
        {"box show a --tag -", 0, "format=table/0 all=0 count=0 age=0s at=0 tags=- words=a", ""},
        {"box show a --count 12 --age 2d --at 1970-01-02", 0,
         "format=table/0 all=0 count=12 age=172800s at=86400 tags= words=a", ""},
        {"--quiet box -q show a --secret", 0, "format=table/0 all=0 count=0 age=0s at=0 tags= words=a", ""},
    };
    check(cases, VG_COUNT(cases));
}

static void durations_have_units(void **state)
{
    (void)state;
    static const line_case cases[] = {
        {"box show a --age 30s", 0, "format=table/0 all=0 count=0 age=30s at=0 tags= words=a", ""},
        {"box show a --age 15m", 0, "format=table/0 all=0 count=0 age=900s at=0 tags= words=a", ""},
        {"box show a --age 12h", 0, "format=table/0 all=0 count=0 age=43200s at=0 tags= words=a", ""},
        {"box show a --age 4w", 0, "format=table/0 all=0 count=0 age=2419200s at=0 tags= words=a", ""},
    };
    check(cases, VG_COUNT(cases));
}

#define SEE     "; see 'vigil --help'\n"
#define SEE_BOX "; see 'vigil box show --help'\n"

static void what_is_wrong_is_said_in_one_line(void **state)
{
    (void)state;
    static const line_case cases[] = {
        {"bix", 2, "", "vigil: no command 'bix' (did you mean 'box'?)" SEE},
        {"zzzzzz", 2, "", "vigil: no command 'zzzzzz'" SEE},
        {"hiden", 2, "", "vigil: no command 'hiden'" SEE},
        {"--nope box", 2, "", "vigil: no option '--nope'" SEE},
        {"box", 2, "", "vigil: box: name one of its commands, such as 'box show'; see 'vigil box --help'\n"},
        {"box shwo a", 2, "",
         "vigil: box: no command 'shwo' (did you mean 'show'?); see 'vigil box --help'\n"},
        {"box show", 2, "", "vigil: box show: FILE is missing" SEE_BOX},
        {"box show a --formt json", 2, "",
         "vigil: box show: no option '--formt' (did you mean '--format'?)" SEE_BOX},
        {"box show a --form json", 2, "",
         "vigil: box show: no option '--form' (did you mean '--format'?)" SEE_BOX},
        {"box show a --sercet", 2, "", "vigil: box show: no option '--sercet'" SEE_BOX},
        {"box show a --workspcae x", 2, "",
         "vigil: box show: no option '--workspcae' (did you mean '--workspace'?)" SEE_BOX},
        {"box show a -z", 2, "", "vigil: box show: no option '-z'" SEE_BOX},
        {"box show a --format", 2, "", "vigil: box show: --format needs a value: --format=FORMAT" SEE_BOX},
        {"box show a --tag --all", 2, "", "vigil: box show: --tag needs a value: --tag=TAG" SEE_BOX},
        {"box show a -t", 2, "", "vigil: box show: --tag needs a value: --tag=TAG" SEE_BOX},
        {"box show a --format=jsn", 2, "",
         "vigil: box show: --format: 'jsn' is none of table, json (did you mean 'json'?)" SEE_BOX},
        {"box show a --format=", 2, "", "vigil: box show: --format: '' is none of table, json" SEE_BOX},
        {"box show a --format=table --format=json", 2, "",
         "vigil: box show: --format is given twice, and only one can hold" SEE_BOX},
        {"box show a --all=yes", 2, "", "vigil: box show: --all takes no value" SEE_BOX},
        {"box show a --count=-1", 2, "", "vigil: box show: --count: '-1' is not a number" SEE_BOX},
        {"box show a --count=1x", 2, "", "vigil: box show: --count: '1x' is not a number" SEE_BOX},
        {"box show a --count=99999999999999999999", 2, "",
         "vigil: box show: --count: '99999999999999999999' is not a number" SEE_BOX},
        {"box show a --age=90", 2, "",
         "vigil: box show: --age: '90' is not a duration such as 12h, 90d or 4w" SEE_BOX},
        {"box show a --age=9999999999999w", 2, "",
         "vigil: box show: --age: '9999999999999w' is not a duration such as 12h, 90d or 4w" SEE_BOX},
        {"box show a --at=tomorrow", 2, "",
         "vigil: box show: --at: 'tomorrow' is not a time such as 2026-11-24 or "
         "2026-11-24T10:00:00Z" SEE_BOX},
        {"box show a --account=12345", 2, "",
         "vigil: box show: --account: '12345' is not an account id of 12 digits" SEE_BOX},
        {"world x", 2, "", "vigil: world: 'x' is one word too many; see 'vigil world --help'\n"},
        {"world --now=x", 2, "",
         "vigil: world: --now: 'x' is not a time such as 2026-11-24 or 2026-11-24T10:00:00Z; see 'vigil "
         "world --help'\n"},
    };
    check(cases, VG_COUNT(cases));
}

/* ---- the world ---------------------------------------------------------------------------------------------------------- */

static void world_decides_colour_width_workspace_and_time(void **state)
{
    (void)state;
    static const char *const none[] = {NULL};
    static const char *const no_color[] = {"NO_COLOR=1", NULL}, *const empty[] = {
                                                                    "NO_COLOR=", "COLUMNS=", NULL};
    static const char *const dumb[] = {"TERM=dumb", NULL}, *const columns[] = {"COLUMNS=132", NULL};
    static const char *const narrow[] = {"COLUMNS=3", NULL}, *const wide[] = {"COLUMNS=5000", NULL};
    static const char *const no_space[] = {"VIGIL_WORKSPACE=", NULL};
    static const char *const space[] = {"VIGIL_WORKSPACEX=no", "VIGIL_WORKSPACE=/w", NULL};
    static const struct {
        const char *line;
        const char *const *environment;
        bool terminal;
        const char *out;
    } cases[] = {
        {"world", none, false, ".vigil now=1000 colour=0 width=80 threads=0 quiet=0"},
        {"world", none, true, ".vigil now=1000 colour=1 width=120 threads=0 quiet=0"},
        {"world", no_color, true, ".vigil now=1000 colour=0 width=120 threads=0 quiet=0"},
        {"world", empty, true, ".vigil now=1000 colour=1 width=120 threads=0 quiet=0"},
        {"world", dumb, true, ".vigil now=1000 colour=0 width=120 threads=0 quiet=0"},
        {"world --color=always", no_color, false, ".vigil now=1000 colour=1 width=80 threads=0 quiet=0"},
        {"world --color=never", none, true, ".vigil now=1000 colour=0 width=120 threads=0 quiet=0"},
        {"world", columns, false, ".vigil now=1000 colour=0 width=132 threads=0 quiet=0"},
        {"world", narrow, false, ".vigil now=1000 colour=0 width=40 threads=0 quiet=0"},
        {"world", wide, false, ".vigil now=1000 colour=0 width=1000 threads=0 quiet=0"},
        {"world", no_space, false, ".vigil now=1000 colour=0 width=80 threads=0 quiet=0"},
        {"world", space, false, "/w now=1000 colour=0 width=80 threads=0 quiet=0"},
        {"world --workspace /x", space, false, "/x now=1000 colour=0 width=80 threads=0 quiet=0"},
        {"world --now 1970-01-02 -q --threads=3", none, false,
         ".vigil now=86400 given colour=0 width=80 threads=3 quiet=1"},
    };
    static outcome got;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_cli_world world = quiet_world();
        world.environment = cases[i].environment;
        world.out_is_terminal = cases[i].terminal;
        world.width = 120;
        run_line(world, cases[i].line, &got);
        if (strcmp(got.out, cases[i].out) != 0)
            print_error("case %zu: %s\n", i, cases[i].line);
        assert_string_equal(got.out, cases[i].out);
    }
}

/* ---- errors and exit codes ----------------------------------------------------------------------------------------------- */

static void errors_are_one_line_and_decide_the_exit_code(void **state)
{
    (void)state;
#define LINE "vigil: evil?[31m?.json:3:7: cannot read this\n"
    static const line_case cases[] = {
        {"fail", 0, "", ""},
        {"fail return=1", 1, "", ""},
        {"fail syntax", 3, "", LINE},
        {"fail syntax return=1", 3, "", LINE},
        {"fail usage syntax return=1", 2, "", LINE LINE},
        {"fail syntax usage internal return=1", 4, "", LINE LINE LINE},
        {"fail syntax return=4", 4, "", LINE},
        {"fail warn", 0, "", "vigil: warning: evil?[31m?.json:3:7: cannot read this\n"},
        {"fail --quiet warn", 0, "", ""},
        {"fail --quiet syntax", 3, "", LINE},
        {"fail --\x1b[31mx", 2, "", "vigil: fail: no option '--\\x1b[31mx'; see 'vigil fail --help'\n"},
    };
    check(cases, VG_COUNT(cases));
}

static void worse_of_two_codes_is_4_2_3_1_0(void **state)
{
    (void)state;
    static const vg_exit order[] = {VG_EXIT_INTERNAL, VG_EXIT_USAGE, VG_EXIT_PARTIAL, VG_EXIT_FINDINGS,
                                    VG_EXIT_OK};
    for (size_t i = 0; i < VG_COUNT(order); i++)
        for (size_t j = i; j < VG_COUNT(order); j++) {
            assert_int_equal(vg_exit_worse(order[i], order[j]), order[i]);
            assert_int_equal(vg_exit_worse(order[j], order[i]), order[i]);
        }
}

static void output_that_cannot_be_written_is_an_error(void **state)
{
    (void)state;
    char err[512] = "";
    const char *argv[] = {"vigil", "world"};
    vg_cli_world world = quiet_world();
    world.out = fopen("/dev/full", "w");
    world.err = fmemopen(err, sizeof err, "w");
    assert_non_null(world.out);
    int code = vg_cli_main(&world, 2, argv);
    fclose(world.out);
    fclose(world.err);
    assert_int_equal(code, VG_EXIT_PARTIAL);
    assert_non_null(strstr(err, "vigil: standard output could not be written in full"));
    assert_non_null(strstr(err, "No space left on device"));
}

/* ---- help ------------------------------------------------------------------------------------------------------------------ */

static void help_is_read_off_the_table(void **state)
{
    (void)state;
    static const char expected[] = "Show what is in the box\n\n"
                                   "Usage: vigil box show [OPTIONS] FILE [MORE...]\n\n"
                                   "Shows it all, at once.\n\n"
                                   "  verbatim   text\n\n"
                                   "And the rest.\n\n"
                                   "Arguments:\n"
                                   "  FILE                    What to show.\n"
                                   "  MORE                    More of it.\n\n"
                                   "Options:\n"
                                   "  -f, --format FORMAT     How. One of: table, json. Default: table.\n"
                                   "  -a, --all               All of them.\n"
                                   "  -t, --tag TAG           A tag. May be given several times.\n"
                                   "  -c, --count N           How many.\n"
                                   "      --age AGE           How old.\n"
                                   "      --at TIME           When.\n"
                                   "      --account ID        Whose.\n\n"
                                   "Options of every command:\n";
    static const char *const lines[] = {"box show --help", "box show -h", "--help box show",
                                        "box show --nope --help x y z"};
    static outcome got;
    for (size_t i = 0; i < VG_COUNT(lines); i++) {
        run_line(quiet_world(), lines[i], &got);
        assert_int_equal(got.code, 0);
        assert_string_equal(got.err, "");
        got.out[sizeof expected - 1] = '\0';
        assert_string_equal(got.out, expected);
    }
    run_line(quiet_world(), "box show --help", &got);
    assert_non_null(strstr(got.out, "\nExamples:\n  Show one.\n    $ vigil box show a.json\n"));
    assert_non_null(strstr(got.out, "\nExit codes:\n  1  The file holds something bad.\n"));
}

static void help_fits_the_width(void **state)
{
    (void)state;
    static const char *const environment[] = {"COLUMNS=44", NULL};
    static outcome got;
    vg_cli_world world = quiet_world();
    world.environment = environment;
    run_line(world, "box show --help", &got);
    vg_str rest = vg_str_from(got.out), line;
    while (vg_str_next(&rest, '\n', &line)) {
        /* Lines to be copied stay whole. */
        bool is_copied = vg_str_starts(line, VG_STR("Usage:")) || vg_str_starts(line, VG_STR("    $"));
        if (line.len > 44 && !is_copied)
            print_error("%zu columns: %.*s\n", line.len, VG_ARG(line));
        assert_true(line.len <= 44 || is_copied);
    }
}

/* A character takes a column, however many bytes. */
static void words_wrap_by_columns(void **state)
{
    (void)state;
    char out[64] = "";
    FILE *file = fmemopen(out, sizeof out, "w");
    vg_wrap_print(file, VG_STR("\xC3\xA9\xC3\xA9\xC3\xA9 \xC3\xA9\xC3\xA9\xC3\xA9 ab"), 0, 1, 7);
    fclose(file);
    assert_string_equal(out, "\xC3\xA9\xC3\xA9\xC3\xA9 \xC3\xA9\xC3\xA9\xC3\xA9\n ab\n");
}

static void program_help_lists_commands_but_no_hidden_one(void **state)
{
    (void)state;
    static outcome got;
    run_line(quiet_world(), "--help", &got);
    assert_int_equal(got.code, 0);
    assert_non_null(strstr(got.out, "\n  world                   The world\n"));
    assert_null(strstr(got.out, "hidden"));
    run_line(quiet_world(), "", &got);
    assert_int_equal(got.code, VG_EXIT_USAGE);
    assert_string_equal(got.out, "");
    assert_non_null(strstr(got.err, "Usage: vigil COMMAND"));
    run_line(quiet_world(), "--version", &got);
    assert_string_equal(got.out, "vigil " VIGIL_VERSION "\n");
}

static void nearest_names_what_was_most_likely_meant(void **state)
{
    (void)state;
    static const char *const names[] = {"import", "review", "control", "evidence", "baseline"};
    static const struct {
        const char *word, *nearest;
    } cases[] = {
        {"reveiw", "review"},
        {"imp", "import"},
        {"improt", "import"},
        {"contrl", "control"},
        {"x", NULL},
        {"", NULL},
        {"evid", "evidence"},
        {"banana", NULL},
        {"basline", "baseline"},
        {"a-word-that-is-longer-than-any-name-we-have", NULL},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        const char *got = vg_nearest(cases[i].word, names, VG_COUNT(names));
        if ((got == NULL) != (cases[i].nearest == NULL) || (got && strcmp(got, cases[i].nearest) != 0))
            print_error("'%s' gave '%s', expected '%s'\n", cases[i].word, got ? got : "", cases[i].nearest);
        assert_true((got == NULL) == (cases[i].nearest == NULL) &&
                    (!got || strcmp(got, cases[i].nearest) == 0));
    }
}

/* ---- progress ---------------------------------------------------------------------------------------------------------------- */

static void progress_shows_on_a_terminal_after_a_second_alone(void **state)
{
    (void)state;
    static const struct {
        bool terminal, quiet, waited;
        const char *err;
    } cases[] = {
        {true, false, true, "\rfiles: 5 of 10 (50 %)\x1b[K\r\x1b[K"},
        {true, false, false, ""},
        {true, true, true, ""},
        {false, false, true, ""},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        char err[256] = "";
        vg_cli_world world = quiet_world();
        world.err_is_terminal = cases[i].terminal;
        vg_cli cli = {.world = &world, .err = fmemopen(err, sizeof err, "w"), .quiet = cases[i].quiet};
        vg_progress progress;
        vg_progress_start(&progress, &cli, "files", 10);
        if (cases[i].waited)
            progress.started_ns -= UINT64_C(2000000000);
        vg_progress_add(&progress, 5);
        vg_progress_add(&progress, 1); /* within a tenth of a second of the first: not drawn */
        vg_progress_end(&progress);
        fclose(cli.err);
        assert_string_equal(err, cases[i].err);
    }
}

static void count_one(void *progress, size_t i)
{
    (void)i;
    vg_progress_add(progress, 1);
}

static void progress_counts_from_several_threads(void **state)
{
    (void)state;
    vg_cli_world world = quiet_world();
    world.err_is_terminal = true;
    vg_cli cli = {.world = &world, .err = fopen("/dev/null", "w")};
    vg_progress progress;
    vg_progress_start(&progress, &cli, "files", 10000);
    progress.started_ns -= UINT64_C(2000000000);
    vg_parallel(4, 10000, count_one, &progress);
    assert_int_equal(progress.done, 10000);
    vg_progress_end(&progress);
    fclose(cli.err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_read_in_every_spelling),
        cmocka_unit_test(durations_have_units),
        cmocka_unit_test(what_is_wrong_is_said_in_one_line),
        cmocka_unit_test(world_decides_colour_width_workspace_and_time),
        cmocka_unit_test(errors_are_one_line_and_decide_the_exit_code),
        cmocka_unit_test(worse_of_two_codes_is_4_2_3_1_0),
        cmocka_unit_test(output_that_cannot_be_written_is_an_error),
        cmocka_unit_test(help_is_read_off_the_table),
        cmocka_unit_test(help_fits_the_width),
        cmocka_unit_test(words_wrap_by_columns),
        cmocka_unit_test(program_help_lists_commands_but_no_hidden_one),
        cmocka_unit_test(nearest_names_what_was_most_likely_meant),
        cmocka_unit_test(progress_shows_on_a_terminal_after_a_second_alone),
        cmocka_unit_test(progress_counts_from_several_threads),
    };
    return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
