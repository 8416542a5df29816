/* detect_list.c: `vigil detect list`, `explain` and `lint`: what detections
 * there are, what one means, what is wrong. */
#include "cli/cli_listing.h"
#include "cli/cli_parts.h"
#include "cli/detect_parts.h"
#include "cli/detect_usual.h"
#include "report/report.h"

static vg_str joined(vg_arena *arena, vg_str_list list, const char *between)
{
    vg_buf text = {0};
    for (size_t i = 0; i < list.count; i++) {
        if (i)
            vg_buf_add_c(&text, between);
        vg_buf_add_str(&text, list.items[i]);
    }
    vg_str copy = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return copy;
}

static vg_str kind_of(const vg_rule *rule)
{
    static const char *const words[] = {"detection", "correlation", "filter"};
    return vg_str_from(words[rule->kind]);
}

static vg_str log_of(const vg_rule *rule)
{
    return rule->log < VG_LOG_KIND_COUNT ? vg_str_from(vg_log_services[rule->log])
           : rule->service.len           ? rule->service
           : rule->category.len          ? rule->category
                                         : rule->product;
}

static const char *status_of(const vg_rule *rule)
{
    return rule->status < VG_RULE_STATUS_COUNT ? vg_rule_status_names[rule->status] : "";
}

/* ---- list
 * ------------------------------------------------------------------------------------------------------------------
 */

static const vg_listing_column columns[] = {
    {"Level", "level", VG_LIST_FIXED},
    {"Status", "status", VG_LIST_HIDDEN},
    {"Kind", "kind", VG_LIST_HIDDEN},
    {"Title", "title", VG_LIST_TEXT},
    {"ATT&CK", "attack", VG_LIST_TEXT},
    {"Log", "log", VG_LIST_FIXED},
    {"Needs", "needs", VG_LIST_HIDDEN},
    {"Id", "id", VG_LIST_HIDDEN},
    {"File", "file", VG_LIST_HIDDEN},
    {"GuardDuty", "guardduty", VG_LIST_HIDDEN},
    {"Not assessed", "unassessed", VG_LIST_HIDDEN},
};

static int run_list(vg_cli *cli)
{
    vg_detect_set set;
    vg_error err = {0};
    vg_listing listing;
    vg_status status = vg_detect_set_load(cli, &set, &err);
    if (status != VG_OK)
        return vg_cli_error(cli, &err);
    vg_detect_set_tell(&set);
    vg_listing_begin(&listing, cli, columns, VG_COUNT(columns), vg_cli_choice(cli, "format") == 1);
    for (size_t i = 0; status == VG_OK && i < vg_rules_count(set.rules); i++) {
        const vg_rule *rule = vg_rules_at(set.rules, i);
        if (!set.wanted[i])
            continue;
        const vg_str cells[VG_COUNT(columns)] = {vg_str_from(vg_detect_level(rule->level)),
                                                 vg_str_from(status_of(rule)),
                                                 kind_of(rule),
                                                 rule->title,
                                                 joined(cli->arena, rule->attack, " "),
                                                 log_of(rule),
                                                 joined(cli->arena, rule->needs, " "),
                                                 rule->id,
                                                 rule->place.file,
                                                 joined(cli->arena, rule->guardduty, " "),
                                                 rule->unassessed};
        status = vg_listing_row(&listing, cells, &err);
    }
    status = vg_listing_end(&listing, status, "no detections", &err);
    return status == VG_OK ? VG_EXIT_OK : (int)vg_cli_error(cli, &err);
}

static const vg_option list_options[] = {
    VG_DETECT_RULE_OPTIONS,
    {.name = "format",
     .letter = 'f',
     .argument = "FORMAT",
     .help = "A table for people, or JSON with all there is.",
     .fallback = "table",
     .choices = "table|json"},
    {0},
};

static const vg_example list_examples[] = {
    {"vigil detect list --level high", "The detections that are high or critical."},
    {"vigil detect list --format json", "All of them, with what they need and where they stand."},
    {0},
};

const vg_command vg_detect_list = {
    .name = "list",
    .summary = "List detections",
    .description = "Lists the built-in detections, or those of --rules, with "
                   "level, ATT&CK techniques and log.",
    .options = list_options,
    .examples = list_examples,
    .run = run_list,
};

/* ---- explain
 * ---------------------------------------------------------------------------------------------------------------
 */

static void print_field(vg_cli *cli, const char *label, vg_str text)
{
    vg_buf safe = {0};
    if (!text.len)
        return;
    vg_report_safe(&safe, vg_str_trim(text));
    fprintf(cli->out, "%-14s%.*s\n", label, VG_ARG(vg_buf_str(&safe)));
    vg_buf_free(&safe);
}

static void print_list(vg_cli *cli, const char *label, vg_str_list list)
{
    for (size_t i = 0; i < list.count; i++)
        print_field(cli, i == 0 ? label : "", list.items[i]);
}

static vg_str source_of(const vg_detect_set *set, const vg_rule *rule)
{
    for (size_t i = 0; i < set->files.len; i++) {
        const vg_rule_file *file = vg_vec_at(&set->files, i);
        if (vg_str_eq(file->name, rule->place.file))
            return file->bytes;
    }
    return (vg_str){0};
}

static void print_rule(vg_cli *cli, const vg_detect_set *set, size_t index)
{
    const vg_rule *rule = vg_rules_at(set->rules, index);
    print_field(cli, "title", rule->title);
    print_field(cli, "id", rule->id);
    print_field(cli, "level", vg_str_from(vg_detect_level(rule->level)));
    print_field(cli, "status", vg_str_from(status_of(rule)));
    print_field(cli, "kind", kind_of(rule));
    print_field(cli, "log", log_of(rule));
    print_list(cli, "needs", rule->needs);
    print_field(cli, "asks", vg_detect_asks_text(cli, set->rules, index));
    print_list(cli, "ATT&CK", rule->attack);
    print_list(cli, "GuardDuty", rule->guardduty);
    print_field(cli, "not assessed", rule->unassessed);
    print_field(cli, "file",
                vg_arena_printf(cli->arena, "%.*s:%u", VG_ARG(rule->place.file), rule->place.line));
    print_field(cli, "why", rule->description);
    print_list(cli, "or else", rule->falsepositives);
    print_list(cli, "do", rule->triage);
    print_list(cli, "references", rule->references);
    fputs("\n", cli->out);
    vg_str source = source_of(set, rule), line;
    while (source.len) {
        vg_buf safe = {0};
        vg_str_split(source, '\n', &line, &source);
        vg_report_safe(&safe, line);
        fprintf(cli->out, "  %.*s\n", VG_ARG(vg_buf_str(&safe)));
        vg_buf_free(&safe);
    }
}

static int run_explain(vg_cli *cli)
{
    const vg_str *names;
    vg_cli_arguments(cli, &names);
    vg_detect_set set;
    vg_error err = {0};
    if (vg_detect_set_load(cli, &set, &err) != VG_OK)
        return vg_cli_error(cli, &err);
    size_t found = vg_rules_find(set.rules, names[0]);
    for (size_t i = 0; found == SIZE_MAX && i < vg_rules_count(set.rules); i++) {
        const vg_rule *rule = vg_rules_at(set.rules, i);
        vg_str file = vg_path_name(rule->place.file), stem, rest;
        vg_str_split(file, '.', &stem, &rest);
        if (vg_str_eq_icase(rule->title, names[0]) || vg_str_eq(stem, names[0]))
            found = i;
    }
    if (found == SIZE_MAX)
        return vg_cli_usage(cli, "no detection is called %.*s: `vigil detect list` shows them",
                            VG_ARG(names[0]));
    print_rule(cli, &set, found);
    return VG_EXIT_OK;
}

static const vg_option explain_options[] = {VG_DETECT_RULE_OPTIONS, {0}};
static const vg_positional explain_positionals[] = {
    {.name = "RULE", .help = "Its id, name, title, or the name of its file without .yml."},
    {0},
};
static const vg_example explain_examples[] = {
    {"vigil detect explain trail_stopped",
     "What a detection means, what else could explain it, and what to do."},
    {0},
};

const vg_command vg_detect_explain = {
    .name = "explain",
    .summary = "Explain a detection",
    .description = "Shows what a detection looks for and why, which logs it "
                   "needs, and what to do when it fires.",
    .options = explain_options,
    .positionals = explain_positionals,
    .examples = explain_examples,
    .run = run_explain,
};

/* ---- lint
 * ------------------------------------------------------------------------------------------------------------------
 */

static int run_lint(vg_cli *cli)
{
    vg_detect_set set;
    vg_error err = {0};
    size_t unread = 0, doubtful = 0;
    vg_status status = vg_detect_set_load(cli, &set, &err);
    if (status == VG_OK)
        status = vg_rules_lint(cli->arena, set.rules, &set.problems, &err);
    if (status != VG_OK)
        return vg_cli_error(cli, &err);
    for (size_t i = 0; i < set.problems.len; i++) {
        const vg_rule_problem *problem = vg_vec_at(&set.problems, i);
        vg_buf safe = {0};
        vg_report_safe(&safe, problem->text);
        unread += problem->unread;
        doubtful += !problem->unread;
        fprintf(cli->out, "%.*s:%u:%u: %s: %.*s\n", VG_ARG(problem->place.file), problem->place.line,
                problem->place.column, problem->unread ? "error" : "warning", VG_ARG(vg_buf_str(&safe)));
        vg_buf_free(&safe);
    }
    fprintf(cli->out, "%zu rules, %zu findings, %zu not read\n", vg_rules_count(set.rules), doubtful, unread);
    return unread ? VG_EXIT_PARTIAL : doubtful ? VG_EXIT_FINDINGS : VG_EXIT_OK;
}

static const vg_option lint_options[] = {VG_DETECT_RULE_OPTIONS, {0}};
static const vg_example lint_examples[] = {
    {"vigil detect lint --rules sigma/", "Look for mistakes in your own Sigma rules."},
    {0},
};
static const vg_exit_note lint_notes[] = {
    {VG_EXIT_FINDINGS, "something in a rule is doubtful"},
    {VG_EXIT_PARTIAL, "a rule could not be read"},
    {0},
};

const vg_command vg_detect_lint = {
    .name = "lint",
    .summary = "Look for mistakes in detections",
    .description = "Reads rules and tells what is wrong with them, with file, "
                   "line and column; closes with a count.",
    .options = lint_options,
    .examples = lint_examples,
    .exit_notes = lint_notes,
    .run = run_lint,
};
