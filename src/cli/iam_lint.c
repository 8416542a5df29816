/* iam_lint.c: `vigil iam lint`: policies checked as IAM Access Analyzer's ValidatePolicy checks them, and for what it
 * misses, without a call to AWS. */
#include "cli/cli_parts.h"
#include "cli/content_parts.h"
#include "cli/control_parts.h"
#include "cli/iam_lint_parts.h"

#define FILE_MAX ((size_t)256 << 20)

/* ---- what was asked ------------------------------------------------------------------------------------------------------ */

typedef struct {
    vg_cli *cli;
    const vg_linter *linter;
    iam_lint_kind kind;
    vg_lint_options options;
    vg_lint_type least; /* --min-level */
    bool never_fails;
    vg_lint_type gate; /* --fail-on */
    const vg_str *only, *ignored;
    size_t only_count, ignored_count;
    iam_lint_writer writer;
    iam_lint_totals totals;
    vg_arena *arena; /* of the file at hand */
} lint_run;

/* Options' words, in the order of vg_lint_type. */
#define LEVELS "suggestion|warning|security-warning|error"

static bool is_listed(const vg_str *codes, size_t count, const vg_lint_check *check)
{
    for (size_t i = 0; i < count; i++)
        if (vg_lint_check_find(codes[i]) == check)
            return true;
    return false;
}

static bool is_shown(const lint_run *run, const vg_lint_check *check)
{
    return check->type >= run->least &&
           (run->only_count == 0 || is_listed(run->only, run->only_count, check)) &&
           !is_listed(run->ignored, run->ignored_count, check);
}

static bool knows_codes(lint_run *run, const vg_str *codes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!vg_lint_check_find(codes[i])) {
            vg_cli_usage(run->cli, "no check has the code '%.*s'; --list names them all", VG_ARG(codes[i]));
            return false;
        }
    return true;
}

static bool read_options(lint_run *run)
{
    vg_cli *cli = run->cli;
    vg_str fail_on = vg_cli_value(cli, "fail-on"), kind = vg_cli_value(cli, "kind");
    run->writer = (iam_lint_writer){.cli = cli, .format = (iam_lint_format)vg_cli_choice(cli, "format")};
    run->kind.is_given = vg_policy_kind_parse(kind, &run->kind.kind);
    run->options = (vg_lint_options){vg_cli_flag(cli, "obsolete"), vg_cli_value(cli, "resource-type")};
    run->least = (vg_lint_type)vg_cli_choice(cli, "min-level");
    run->never_fails = !vg_lint_type_parse(fail_on, &run->gate);
    run->only_count = vg_cli_values(cli, "check", &run->only);
    run->ignored_count = vg_cli_values(cli, "ignore", &run->ignored);
    return knows_codes(run, run->only, run->only_count) && knows_codes(run, run->ignored, run->ignored_count);
}

/* ---- the linter ---------------------------------------------------------------------------------------------------------------- */

vg_status vg_iam_linter(vg_cli *cli, const vg_catalogue *catalogue, const vg_linter **out, vg_error *err)
{
    static const char *const paths[] = {"policy/quotas.yaml", "policy/regions.yaml",
                                        "policy/condition-keys.yaml", "policy/services.yaml"};
    vg_lint_content content[VG_COUNT(paths)];
    for (size_t i = 0; i < VG_COUNT(paths); i++)
        content[i] =
            (vg_lint_content){vg_str_from(paths[i]), vg_cli_content_file(cli, vg_str_from(paths[i]))};
    return vg_linter_open(cli->arena, catalogue, content, VG_COUNT(paths), out, err);
}

/* ---- a policy ------------------------------------------------------------------------------------------------------------------ */

static void count_finding(lint_run *run, const vg_lint_check *check)
{
    run->totals.findings[check->type]++;
    if (!run->never_fails && check->type >= run->gate)
        vg_cli_note(run->cli, VG_EXIT_FINDINGS);
    if (strcmp(check->code, "JSON_SYNTAX_ERROR") == 0)
        vg_cli_note(run->cli, VG_EXIT_PARTIAL);
}

static vg_status lint_policy(void *context, iam_lint_policy *policy, vg_error *err)
{
    lint_run *run = context;
    vg_lint_result result, others[IAM_LINT_FILLINGS];
    size_t other_count = policy->others ? IAM_LINT_FILLINGS - 1 : 0;
    VG_TRY(vg_policy_lint(run->linter, run->arena, &policy->document, &run->options, &result, err));
    for (size_t i = 0; i < other_count; i++)
        VG_TRY(vg_policy_lint(run->linter, run->arena, &policy->others[i], &run->options, &others[i], err));
    bool *shown = VG_NEW_N(run->arena, bool, result.count + 1);
    if (!shown)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
    for (size_t i = 0; i < result.count; i++) {
        shown[i] = is_shown(run, result.findings[i].check) &&
                   (!policy->others || iam_lint_holds_for_all(&result.findings[i], others, other_count));
        if (shown[i])
            count_finding(run, result.findings[i].check);
    }
    run->totals.policies++;
    run->totals.limited |= result.limited;
    iam_lint_write_policy(&run->writer, policy, &result, shown);
    return VG_OK;
}

/* ---- files ----------------------------------------------------------------------------------------------------------------------- */

static void lint_file(lint_run *run, vg_str path, bool must)
{
    vg_error err = {0};
    vg_str text, name = vg_str_is(path, "-") ? VG_STR("(standard input)") : path;
    size_t found = 0, filled = 0;
    run->arena = vg_arena_new(0);
    vg_status status = run->arena ? control_read(run->arena, path, FILE_MAX, &text, &err)
                                  : vg_fail(&err, VG_ERR_MEMORY, "memory ran out");
    if (status == VG_OK)
        status =
            iam_lint_find(run->arena, name, text, run->kind, must, lint_policy, run, &found, &filled, &err);
    run->totals.files += found > 0;
    if (filled)
        vg_cli_say(
            run->cli,
            "%.*s: %zu %s functions of a template (Ref, Fn::): told is what is so whatever they come to",
            VG_ARG(name), filled, filled == 1 ? "policy holds" : "policies hold");
    if (status != VG_OK)
        vg_cli_error(run->cli, &err);
    vg_arena_free(run->arena);
}

static void lint_paths(lint_run *run, const vg_str *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        vg_vec files = control_find(run->cli, &paths[i], 1, iam_lint_is_document);
        bool is_folder = vg_dir_exists(paths[i]);
        for (size_t k = 0; k < files.len; k++)
            lint_file(run, *(const vg_str *)vg_vec_at(&files, k), !is_folder);
    }
}

static int run_lint(vg_cli *cli)
{
    const vg_str *paths;
    vg_error err = {0};
    const vg_catalogue *catalogue;
    lint_run run = {.cli = cli};
    size_t count = vg_cli_arguments(cli, &paths);
    vg_str explained = vg_cli_value(cli, "explain");
    iam_lint_format format = (iam_lint_format)vg_cli_choice(cli, "format");
    if (explained.len)
        return iam_lint_explain(cli, explained);
    if (vg_cli_flag(cli, "list"))
        return iam_lint_list(cli, format);
    if (count == 0)
        return vg_cli_usage(cli, "name files or folders of policies, or - for standard input");
    if (format == IAM_LINT_MARKDOWN)
        return vg_cli_usage(cli, "markdown is a format of --list alone");
    if (!read_options(&run))
        return VG_EXIT_USAGE;
    if (vg_iam_catalogue(cli, &catalogue, &err) != VG_OK ||
        vg_iam_linter(cli, catalogue, &run.linter, &err) != VG_OK)
        return vg_cli_error(cli, &err);
    iam_lint_write_begin(&run.writer);
    lint_paths(&run, paths, count);
    iam_lint_write_end(&run.writer, &run.totals);
    return cli->worst;
}

/* ---- the command ------------------------------------------------------------------------------------------------------------------ */

static const vg_option options[] = {
    {.name = "kind",
     .argument = "KIND",
     .choices = "auto|identity|boundary|session|resource|trust|endpoint|scp|rcp",
     .fallback = "auto",
     .help = "What the policies are attached as. auto tells it from what a policy holds and from names of "
             "keys, folders and "
             "files (AssumeRolePolicyDocument, scps/, boundary.json)."},
    {.name = "resource-type",
     .argument = "TYPE",
     .help = "What resource policies are attached to, AWS::S3::Bucket; else it is told from their ARNs."},
    {.name = "format",
     .letter = 'f',
     .argument = "FORMAT",
     .choices = "table|json|sarif|markdown",
     .fallback = "table",
     .help = "How to write: lines for people and editors, findings in the form of ValidatePolicy's answer, "
             "or SARIF for code "
             "scanning. markdown is for --list."},
    {.name = "min-level",
     .argument = "LEVEL",
     .choices = LEVELS,
     .fallback = "suggestion",
     .help = "Leave out findings below this level."},
    {.name = "fail-on",
     .argument = "LEVEL",
     .choices = LEVELS "|never",
     .fallback = "security-warning",
     .help = "Exit with 1 when a finding is at or above this level."},
    {.name = "check", .argument = "CODE", .repeatable = true, .help = "Only this check."},
    {.name = "ignore", .argument = "CODE", .repeatable = true, .help = "Not this check."},
    {.name = "obsolete", .help = "Also checks that AWS documents for what it allows today."},
    {.name = "list", .help = "Name the checks instead."},
    {.name = "explain", .argument = "CODE", .help = "Tell what a check finds and what to do, instead."},
    VG_IAM_CONTENT,
    {0},
};

static const vg_positional words[] = {
    {.name = "FILE|DIR",
     .help = "Policies: JSON or YAML, answers of AWS's API, exports or templates that hold policies, a "
             "policy a line; - is "
             "standard input. In a folder, files that hold no policy are passed over.",
     .optional = true,
     .repeatable = true,
     .kind = VG_ARG_PATH},
    {0},
};

static const vg_example examples[] = {
    {"vigil iam lint policies/", "Check all policies of a folder."},
    {"vigil iam lint --kind scp --fail-on error deny-regions.json",
     "Check a service control policy, for CI."},
    {"aws iam get-role --role-name ci | vigil iam lint -",
     "Check a role's trust policy as the API gives it."},
    {"vigil iam lint --format sarif policies/ > lint.sarif", "Write findings for code scanning."},
    {"vigil iam lint --explain PASS_ROLE_WITH_STAR_IN_RESOURCE", "Tell what a check is about."},
    {0},
};

static const vg_exit_note exit_notes[] = {
    {VG_EXIT_FINDINGS, "A finding is at or above --fail-on."},
    {VG_EXIT_PARTIAL, "A file could not be read, is no JSON, or holds a policy that could not be checked."},
    {0},
};

const vg_command vg_iam_lint = {
    .name = "lint",
    .summary = "Check policies for errors and for what they let in",
    .description =
        "Checks policies without a call to AWS: by the checks that IAM Access Analyzer documents "
        "for ValidatePolicy, under "
        "its codes and at its places, and by our own for what it misses (their codes begin with "
        "VG_). Services, actions, "
        "condition keys and forms of ARNs are those of the built-in catalogue; 'vigil doctor' "
        "tells its age.\n\n"
        "Of a template's policy whose resources, principals or condition values are functions (Ref, "
        "Fn::Sub, ...), told is what is so whatever they come to. One with functions in the place of "
        "actions or whole parts is named on standard error and not checked.\n\n"
        "An error does not work, or AWS refuses it; a security warning lets in too much; a "
        "warning is no best practice; a "
        "suggestion changes no access. docs/reference/policy-checks.md lists all checks.",
    .options = options,
    .positionals = words,
    .examples = examples,
    .exit_notes = exit_notes,
    .run = run_lint,
};
