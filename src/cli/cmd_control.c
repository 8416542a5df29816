/* cmd_control.c: `vigil control`: write, test and try controls: test, eval, list. */
#include "cli/control_parts.h"

#define TEST_FILE_MAX ((size_t)64 << 20)

/* ---- test ------------------------------------------------------------------------------------------------------------ */

typedef struct {
    vg_cli *cli;
    bool verbose;
    size_t files, passed, failed;
} test_total;

static void on_expectation(void *context, const vg_guard_expectation *x)
{
    test_total *total = context;
    if (x->passed && x->why.len == 0 && !total->verbose)
        return;
    vg_buf line = {0};
    vg_buf_add_c(&line, !x->passed ? "FAIL " : x->why.len > 0 ? "note " : "ok   ");
    control_print_clean(&line, x->place.file);
    vg_buf_addf(&line, ":%u: ", x->place.line);
    control_print_clean(&line, x->test);
    vg_buf_add_c(&line, ": ");
    control_print_clean(&line, x->rule);
    if (x->why.len > 0)
        vg_buf_add_c(&line, ": ");
    control_print_clean(&line, x->why);
    fprintf(total->cli->out, "%.*s\n", VG_ARG(vg_buf_str(&line)));
    vg_buf_free(&line);
}

static bool is_test_file(vg_str path)
{
    return control_is_document(path) && !vg_str_ends(path, VG_STR(".template"));
}

static vg_str stem_of(vg_str path)
{
    vg_str name = vg_path_name(path);
    size_t dot = vg_str_rfind_char(name, '.');
    return dot == VG_NPOS ? name : vg_str_sub(name, 0, dot);
}

/* How much of `test`'s name is the rule file's, when it may be a test of it: tests/X... beside X.guard, or X-tests.yaml
 * and X_tests.yml in the same folder. 0: it is none. */
static size_t belongs(vg_str rule_file, vg_str test)
{
    vg_str stem = stem_of(rule_file), name = stem_of(test), folder = vg_path_folder(test);
    if (!is_test_file(test) || !vg_str_starts(name, stem))
        return 0;
    if (vg_str_eq(folder, vg_path_folder(rule_file))) {
        vg_str rest = vg_str_sub(name, stem.len, VG_NPOS);
        return vg_str_find(rest, VG_STR("test")) == VG_NPOS ? 0 : stem.len;
    }
    bool in_tests = vg_str_is(vg_path_name(folder), "tests") &&
                    vg_str_eq(vg_path_folder(folder), vg_path_folder(rule_file));
    return in_tests ? stem.len : 0;
}

/* Whether no other rule file of the folder has a longer part of the test's name. */
static bool is_best(const vg_vec *files, vg_str rule_file, vg_str test)
{
    size_t mine = belongs(rule_file, test);
    for (size_t i = 0; mine > 0 && i < files->len; i++) {
        vg_str other = *(const vg_str *)vg_vec_at(files, i);
        if (control_is_rule_file(other) && belongs(other, test) > mine)
            return false;
    }
    return mine > 0;
}

static void run_test_file(test_total *total, const vg_ruleset *rules, vg_str path)
{
    vg_cli *cli = total->cli;
    vg_arena *arena = vg_arena_new(0);
    vg_error err = {0};
    vg_str text;
    vg_guard_test_result result = {0};
    vg_guard_options options = {.now = cli->now};
    total->files++;
    vg_status status = arena ? vg_file_read(arena, path, TEST_FILE_MAX, &text, &err)
                             : vg_fail(&err, VG_ERR_MEMORY, "out of memory while testing rules");
    if (status == VG_OK)
        status = vg_guard_test(rules, text, path, &options, on_expectation, total, &result, &err);
    if (status != VG_OK)
        vg_cli_error(cli, &err);
    total->passed += result.passed;
    total->failed += result.failed;
    vg_arena_free(arena);
}

static void test_rule_file(test_total *total, const vg_vec *files, vg_str rule_file)
{
    vg_vec one = vg_vec_in(total->cli->arena, sizeof(vg_str));
    vg_str *slot = vg_vec_push(&one);
    vg_ruleset *rules = NULL;
    bool compiled = false;
    for (size_t i = 0; slot && i < files->len; i++) {
        vg_str test = *(const vg_str *)vg_vec_at(files, i);
        if (!is_best(files, rule_file, test))
            continue;
        *slot = rule_file;
        if (!compiled)
            rules = control_compile(total->cli, &one);
        compiled = true;
        if (rules)
            run_test_file(total, rules, test);
    }
    vg_ruleset_free(rules);
}

/* One rule file, tested by the files given: `cfn-guard test -r -t`. */
static void test_given(test_total *total, vg_str rule_file, const vg_vec *tests)
{
    vg_vec one = vg_vec_in(total->cli->arena, sizeof(vg_str));
    vg_str *slot = vg_vec_push(&one);
    if (slot)
        *slot = rule_file;
    vg_ruleset *rules = control_compile(total->cli, &one);
    for (size_t i = 0; rules && i < tests->len; i++)
        run_test_file(total, rules, *(const vg_str *)vg_vec_at(tests, i));
    vg_ruleset_free(rules);
}

static bool any_file(vg_str path)
{
    return control_is_rule_file(path) || is_test_file(path);
}

/* A folder that was misspelt must not look like one whose tests pass. */
static void tell_no_tests(vg_cli *cli)
{
    vg_error none = {0};
    vg_fail(&none, VG_ERR_NOT_FOUND,
            "no tests were found; those of X.guard are tests/X*.yml, or X_tests.yml beside it");
    vg_cli_error(cli, &none);
}

static int run_test(vg_cli *cli)
{
    const vg_str *values, *tests;
    size_t count = vg_cli_arguments(cli, &values), test_count = vg_cli_values(cli, "tests", &tests);
    vg_str rule_file = vg_cli_value(cli, "rules");
    test_total total = {.cli = cli, .verbose = vg_cli_flag(cli, "verbose")};
    if ((count == 0) == (rule_file.len == 0) || (rule_file.len > 0) != (test_count > 0))
        return vg_cli_usage(cli, "give folders, or --rules FILE with --tests PATH");
    vg_vec files = control_find(cli, values, count, any_file);
    for (size_t i = 0; i < files.len; i++)
        if (control_is_rule_file(*(const vg_str *)vg_vec_at(&files, i)))
            test_rule_file(&total, &files, *(const vg_str *)vg_vec_at(&files, i));
    if (rule_file.len > 0) {
        vg_vec given = control_find(cli, tests, test_count, is_test_file);
        test_given(&total, rule_file, &given);
    }
    if (total.files == 0)
        tell_no_tests(cli);
    fprintf(cli->out, "%zu passed, %zu failed\n", total.passed, total.failed);
    return total.failed > 0 ? VG_EXIT_FINDINGS : VG_EXIT_OK;
}

static const vg_positional test_positionals[] = {
    {.name = "DIR",
     .help = "A folder of rule files and their tests: X.guard with tests/X*.yml, .yaml or .json, or with "
             "X_tests.yml "
             "beside it.",
     .optional = true,
     .repeatable = true,
     .kind = VG_ARG_PATH},
    {0},
};

static const vg_option test_options[] = {
    {.name = "rules",
     .letter = 'r',
     .argument = "FILE",
     .help = "One rule file, tested by --tests.",
     .kind = VG_ARG_PATH},
    {.name = "tests",
     .letter = 't',
     .argument = "PATH",
     .help = "A test file for --rules, or a folder of them.",
     .repeatable = true,
     .kind = VG_ARG_PATH},
    {.name = "verbose", .letter = 'v', .help = "Show expectations that are met, too."},
    {0},
};

static const vg_example test_examples[] = {
    {"vigil control test content/controls", "Test every control that comes with Vigil."},
    {"vigil control test -r s3.guard -t s3_tests.yaml", "Test one rule file, as cfn-guard test does."},
    {0},
};

static const vg_exit_note test_exits[] = {
    {1, "An expectation was not met."},
    {3, "A rule file or a test file could not be read, or no test was found."},
    {0},
};

static const vg_command command_test = {
    .name = "test",
    .summary = "Run the unit tests of Guard rules",
    .description =
        "A test file is a list of cases, each with a name, an input document, and, by name of rule, the "
        "status "
        "expected of it: PASS, FAIL or SKIP. Expectations that are not met are shown, one a line; the last "
        "line counts test cases: `N passed, N failed`.",
    .options = test_options,
    .positionals = test_positionals,
    .examples = test_examples,
    .exit_notes = test_exits,
    .run = run_test,
};

/* ---- eval ------------------------------------------------------------------------------------------------------------ */

static const vg_option eval_options[] = {
    {.name = "rules",
     .letter = 'r',
     .argument = "PATH",
     .help = "A rule file, or a folder of .guard and .ruleset files.",
     .repeatable = true,
     .kind = VG_ARG_PATH},
    {.name = "data",
     .letter = 'd',
     .argument = "PATH",
     .help = "A JSON or YAML document, or a folder of them (.json, .jsn, .yaml, .yml, .template). Without "
             "it, standard "
             "input is read.",
     .repeatable = true,
     .kind = VG_ARG_PATH},
    {.name = "input-parameters",
     .letter = 'i',
     .argument = "PATH",
     .help = "Documents whose keys are joined to each document before it is evaluated.",
     .repeatable = true,
     .kind = VG_ARG_PATH},
    {.name = "format",
     .letter = 'f',
     .argument = "FORMAT",
     .help = "How to print what the rules say.",
     .fallback = "table",
     .choices = "table|json|sarif|junit"},
    {.name = "fail-on",
     .argument = "WHAT",
     .help = "What makes the exit code 1: a rule that fails, or nothing.",
     .fallback = "fail",
     .choices = "fail|none"},
    {.name = "all", .letter = 'a', .help = "In tables, show rules that pass or are skipped, too."},
    {0},
};

static const vg_example eval_examples[] = {
    {"vigil control eval --rules rules/ --data template.yaml", "Judge a template by a folder of rules."},
    {"vigil control eval -r s3.guard -d templates/ --format sarif > guard.sarif",
     "Report to a code scanner."},
    {"aws s3api get-bucket-policy ... | vigil control eval -r policy.guard",
     "Judge what another program prints."},
    {0},
};

static const vg_exit_note eval_exits[] = {
    {1, "A rule failed (unless --fail-on none)."},
    {3, "A rule file or a document could not be read, or a rule could not be evaluated."},
    {0},
};

static const vg_command command_eval = {
    .name = "eval",
    .summary = "Evaluate Guard rules on documents",
    .description = "Takes the rules and documents that `cfn-guard validate` takes: CloudFormation templates, "
                   "Terraform plans "
                   "as JSON, Config items, any JSON or YAML. Each failing clause is shown with its place in "
                   "the document, "
                   "its place in the rules, and the rule author's message. The function now() answers --now.",
    .options = eval_options,
    .examples = eval_examples,
    .exit_notes = eval_exits,
    .run = control_run_eval,
};

/* ---- list ------------------------------------------------------------------------------------------------------------ */

static int run_list(vg_cli *cli)
{
    const vg_str *values;
    size_t count = vg_cli_arguments(cli, &values);
    vg_vec paths = control_find(cli, values, count, control_is_rule_file);
    vg_ruleset *rules = control_compile(cli, &paths);
    if (!rules)
        return VG_EXIT_PARTIAL;
    vg_buf out = {0};
    for (size_t i = 0; i < vg_ruleset_count(rules); i++) {
        vg_rule_info info = vg_ruleset_rule(rules, i);
        control_print_clean(&out, info.place.file);
        vg_buf_addf(&out, ":%u: ", info.place.line);
        control_print_clean(&out, info.name);
        vg_buf_add_char(&out, '\n');
    }
    fprintf(cli->out, "%.*s", VG_ARG(vg_buf_str(&out)));
    vg_buf_free(&out);
    vg_ruleset_free(rules);
    return VG_EXIT_OK;
}

static const vg_positional list_positionals[] = {
    {.name = "PATH", .help = "A rule file, or a folder of them.", .repeatable = true, .kind = VG_ARG_PATH},
    {0},
};

static const vg_example list_examples[] = {
    {"vigil control list rules/",
     "Show every rule with its file and line; a file that does not parse is named."},
    {0},
};

static const vg_command command_list = {
    .name = "list",
    .summary = "Check that rule files parse, and list their rules",
    .description = "Prints `FILE:LINE: NAME` for each rule. A file that does not parse is named with the "
                   "line and column "
                   "at which it stops making sense, and the exit code is 3.",
    .positionals = list_positionals,
    .examples = list_examples,
    .run = run_list,
};

static const vg_command *const nested[] = {&command_eval, &command_list, &command_test, NULL};

static const vg_example examples[] = {
    {"vigil control eval --rules rules/ --data template.yaml", "Judge a template."},
    {"vigil control test rules/", "Run the rules' unit tests."},
    {0},
};

const vg_command vg_command_control = {
    .name = "control",
    .summary = "Evaluate, test and list Guard rules",
    .description = "Controls are rules of the Guard 3 language (AWS CloudFormation Guard). These commands "
                   "work on any rule "
                   "files, not only on Vigil's own.",
    .examples = examples,
    .nested = nested,
};
