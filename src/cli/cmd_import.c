/* cmd_import.c: `vigil import`: wires the evidence's import to the hub (findings in ASFF), shows how far it has come,
 * and tells what came of it: a table by operation, and one line for each file that was not read in full. */
#include "cli/cli_parts.h"
#include "content.h"
#include "evidence/evidence.h"
#include "hub/hub.h"
#include "policy/policy.h"

#include <unistd.h>

typedef struct {
    vg_cli *cli;
    vg_evidence *evidence;
    vg_hub *hub;
    vg_hub_counts findings;
    vg_progress progress;
    uint64_t drawn;
    vg_vec rows; /* told_row, for --format json */
    bool is_json;
} import_command;

typedef struct {
    vg_import_row row;
} told_row;

/* ---- what is told as it happens ------------------------------------------------------------------------------------- */

static vg_str keep(import_command *command, vg_str text)
{
    return vg_arena_str(command->cli->arena, text);
}

static void keep_row(import_command *command, const vg_import_row *row)
{
    told_row *told = vg_vec_push(&command->rows);
    if (!told)
        return;
    told->row = *row;
    vg_str *const slices[] = {&told->row.path,    &told->row.operation, &told->row.parameter,
                              &told->row.account, &told->row.region,    &told->row.reason};
    for (size_t i = 0; i < VG_COUNT(slices); i++)
        *slices[i] = keep(command, *slices[i]);
}

static const char *row_word(const vg_import_row *row)
{
    if (row->note)
        return "warning";
    return row->outcome == VG_LEDGER_IMPORTED ? "not in full" : vg_ledger_outcome_name(row->outcome);
}

static void tell_row(void *context, const vg_import_row *row)
{
    import_command *command = context;
    FILE *err = command->cli->err;
    if (command->is_json) {
        keep_row(command, row);
        return;
    }
    vg_progress_end(&command->progress);
    fputs("vigil: ", err);
    vg_cli_print_safe(err, row->path);
    fprintf(err, ": %s: ", row_word(row));
    vg_cli_print_safe(err, row->reason);
    fputc('\n', err);
}

static void show_progress(void *context, uint64_t done, uint64_t total)
{
    import_command *command = context;
    (void)total;
    vg_progress_add(&command->progress, (done >> 20) - command->drawn);
    command->drawn = done >> 20;
}

static vg_status take_finding(void *context, const vg_finding *finding, vg_error *err)
{
    import_command *command = context;
    return vg_hub_put(command->hub, finding, 1, err);
}

/* ---- policies --------------------------------------------------------------------------------------------------------- */

/* What content calls the kinds of policies, and what Organizations does. */
static bool kind_of_policy(vg_str word, vg_policy_kind *out)
{
    static const struct {
        const char *word;
        vg_policy_kind kind;
    } types[] = {{"SERVICE_CONTROL_POLICY", VG_POLICY_SCP}, {"RESOURCE_CONTROL_POLICY", VG_POLICY_RCP}};
    for (size_t i = 0; i < VG_COUNT(types); i++)
        if (vg_str_is(word, types[i].word)) {
            *out = types[i].kind;
            return true;
        }
    return vg_policy_kind_parse(word, out);
}

/* Takes over what a document breaks first. */
static vg_status tell_issue(vg_arena *arena, const vg_policy_document *document, vg_import_refusal *out,
                            vg_error *err)
{
    const vg_policy_issue *issue = &document->issues[0];
    vg_str message = vg_arena_str(arena, vg_str_from(issue->message));
    if (!message.ptr)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
    out->rule = vg_str_from(issue->code);
    out->message = message;
    out->more = document->issue_count - 1;
    for (size_t i = 0; i < document->issue_count; i++)
        out->keep_text |=
            document->root && vg_str_eq(vg_str_from(document->issues[i].code), VG_STR("JSON_SYNTAX_ERROR"));
    return VG_OK;
}

static vg_status judge_within(vg_arena *arena, vg_arena *scratch, vg_policy_kind kind, const vg_value *value,
                              vg_import_refusal *out, vg_error *err)
{
    vg_policy_document document;
    vg_str name = VG_STR("policy");
    bool is_text = vg_kind_of(value) == VG_STRING;
    if (is_text)
        VG_TRY(vg_policy_read_text(scratch, vg_value_str(value), kind, name, &document, err));
    else
        VG_TRY(vg_policy_read(scratch, NULL, value, kind, name, &document, err));
    if (document.issue_count == 0)
        return VG_OK;
    out->at = is_text ? NULL : document.issues[0].at;
    out->line = is_text ? document.issues[0].place.line : 0;
    out->column = is_text ? document.issues[0].place.column : 0;
    return tell_issue(arena, &document, out, err);
}

static vg_status judge_policy(vg_arena *arena, vg_str word, const vg_value *value, vg_import_refusal *out,
                              vg_error *err)
{
    vg_policy_kind kind;
    if (!kind_of_policy(word, &kind))
        return VG_OK; /* a type of the organisation's that grants and denies nothing */
    vg_arena *scratch = vg_arena_new(0);
    vg_status status = scratch ? judge_within(arena, scratch, kind, value, out, err)
                               : vg_fail(err, VG_ERR_MEMORY, "memory ran out");
    vg_arena_free(scratch);
    return status;
}

/* ---- the answer ---------------------------------------------------------------------------------------------------------- */

static void print_table(FILE *out, const vg_import_summary *summary)
{
    int width = 9;
    for (size_t i = 0; i < summary->operation_count; i++)
        if ((int)summary->operations[i].operation.len > width)
            width = (int)summary->operations[i].operation.len;
    fprintf(out, "%-*s %9s %7s %12s %13s %7s %9s %8s %9s\n", width, "Operation", "Imported", "Absent",
            "Not assessed", "Not supported", "Errors", "Accounts", "Regions", "Items");
    for (size_t i = 0; i < summary->operation_count; i++) {
        const vg_import_count *count = &summary->operations[i];
        const uint64_t *n = count->outcomes;
        vg_str name = count->operation.len ? count->operation : VG_STR("(unknown)");
        vg_cli_print_safe(out, name);
        fprintf(out, "%*s %9llu %7llu %12llu %13llu %7llu %9llu %8llu %9llu\n", width - (int)name.len, "",
                (unsigned long long)n[VG_LEDGER_IMPORTED], (unsigned long long)n[VG_LEDGER_ABSENT],
                (unsigned long long)n[VG_LEDGER_NOT_ASSESSED], (unsigned long long)n[VG_LEDGER_NOT_SUPPORTED],
                (unsigned long long)n[VG_LEDGER_ERROR], (unsigned long long)count->accounts,
                (unsigned long long)count->regions, (unsigned long long)count->items);
    }
}

static void print_totals(FILE *out, const vg_import_summary *summary, const vg_hub_counts *findings)
{
    const struct {
        uint64_t count;
        const char *noun;
    } totals[] = {{summary->files, "file"},
                  {summary->resources, "resource"},
                  {summary->relations, "relation"},
                  {summary->findings, "finding"}};
    for (size_t i = 0; i < VG_COUNT(totals); i++)
        fprintf(out, "%s%llu %s%s", i ? ", " : "\n", (unsigned long long)totals[i].count, totals[i].noun,
                totals[i].count == 1 ? "" : "s");
    if (summary->findings)
        fprintf(out, " (%llu new, %llu resolved)", (unsigned long long)findings->opened,
                (unsigned long long)findings->resolved);
    if (summary->gone)
        fprintf(out, "; %llu resources are gone since", (unsigned long long)summary->gone);
    fputc('\n', out);
    if (summary->without_view)
        fprintf(
            out,
            "%llu items of AWS Config are of types that have no view for controls; their files are kept\n",
            (unsigned long long)summary->without_view);
    if (summary->refused_policies)
        fprintf(out, "%llu %s AWS would refuse: what they grant is unknown\n",
                (unsigned long long)summary->refused_policies,
                summary->refused_policies == 1 ? "policy that" : "policies that");
    if (!summary->complete)
        fputs("Not everything was read in full: see the lines above\n", out);
}

static void write_count(vg_json_writer *json, const vg_import_count *count)
{
    static const char *const keys[] = {"imported", "absent", "not_assessed", "not_supported", "errors"};
    vg_json_object(json);
    vg_json_put_str(json, "operation", count->operation);
    for (size_t i = 0; i < VG_COUNT(keys); i++)
        vg_json_put_i64(json, keys[i], (int64_t)count->outcomes[i]);
    vg_json_put_i64(json, "truncated", (int64_t)count->truncated);
    vg_json_put_i64(json, "accounts", (int64_t)count->accounts);
    vg_json_put_i64(json, "regions", (int64_t)count->regions);
    vg_json_put_i64(json, "items", (int64_t)count->items);
    vg_json_end_object(json);
}

static void write_row(vg_json_writer *json, const vg_import_row *row)
{
    vg_json_object(json);
    vg_json_put_str(json, "path", row->path);
    vg_json_put_str(json, "operation", row->operation);
    vg_json_put_str(json, "account", row->account);
    vg_json_put_str(json, "region", row->region);
    vg_json_put_str(json, "outcome", vg_str_from(vg_ledger_outcome_name(row->outcome)));
    vg_json_put_bool(json, "truncated", row->truncated);
    vg_json_put_bool(json, "warning", row->note);
    vg_json_put_str(json, "reason", row->reason);
    vg_json_end_object(json);
}

static void print_json(import_command *command, const vg_import_summary *summary)
{
    vg_buf text = {0};
    vg_json_writer json = vg_json_writer_to(&text, 2);
    vg_json_object(&json);
    vg_json_put_bool(&json, "complete", summary->complete);
    vg_json_put_i64(&json, "files", (int64_t)summary->files);
    vg_json_put_i64(&json, "bytes", (int64_t)summary->bytes);
    vg_json_put_i64(&json, "resources", (int64_t)summary->resources);
    vg_json_put_i64(&json, "relations", (int64_t)summary->relations);
    vg_json_put_i64(&json, "findings", (int64_t)summary->findings);
    vg_json_put_i64(&json, "gone", (int64_t)summary->gone);
    vg_json_put_i64(&json, "without_view", (int64_t)summary->without_view);
    vg_json_put_i64(&json, "refused_policies", (int64_t)summary->refused_policies);
    vg_json_key(&json, "operations");
    vg_json_array(&json);
    for (size_t i = 0; i < summary->operation_count; i++)
        write_count(&json, &summary->operations[i]);
    vg_json_end_array(&json);
    vg_json_key(&json, "not_in_full");
    vg_json_array(&json);
    for (size_t i = 0; i < command->rows.len; i++)
        write_row(&json, &((told_row *)vg_vec_at(&command->rows, i))->row);
    vg_json_end_array(&json);
    vg_json_end_object(&json);
    vg_buf_add_char(&text, '\n');
    vg_cli_print(command->cli, vg_buf_str(&text));
    vg_buf_free(&text);
}

/* ---- running ----------------------------------------------------------------------------------------------------------------- */

static vg_status count_run(void *context, const vg_run_row *run, vg_error *err)
{
    (void)run, (void)err;
    ++*(uint64_t *)context;
    return VG_OK;
}

/* "import-3": the third run of this workspace. */
static vg_status name_run(import_command *command, vg_str *out, vg_error *err)
{
    uint64_t runs = 0;
    VG_TRY(vg_evidence_runs(command->evidence, count_run, &runs, err));
    *out = vg_arena_printf(command->cli->arena, "import-%llu", (unsigned long long)runs + 1);
    return VG_OK;
}

static vg_status read_rules(import_command *command, const vg_import_rules **rules, vg_error *err)
{
    vg_import_text *texts = VG_NEW_N(command->cli->arena, vg_import_text, vg_content_count + 1);
    size_t count = 0;
    for (size_t i = 0; texts && i < vg_content_count; i++)
        if (vg_str_starts(vg_content_files[i].path, VG_STR("import/")))
            texts[count++] = (vg_import_text){vg_content_files[i].path, vg_content_files[i].bytes};
    return vg_import_rules_read(command->cli->arena, texts, count, rules, err);
}

static vg_status import_within(import_command *command, vg_import_options *options,
                               vg_import_summary *summary, vg_error *err)
{
    vg_cli *cli = command->cli;
    const vg_import_rules *rules;
    const vg_str *paths;
    size_t count = vg_cli_arguments(cli, &paths);
    VG_TRY(read_rules(command, &rules, err));
    VG_TRY(name_run(command, &options->run, err));
    VG_TRY(vg_hub_attach(vg_evidence_store(command->evidence), &command->hub, err));
    vg_str hub_run = vg_arena_printf(cli->arena, "%.*s-findings", VG_ARG(options->run));
    VG_TRY(vg_hub_run_begin(command->hub, hub_run, cli->now, err));
    VG_TRY(vg_import(command->evidence, rules, paths, count, options, cli->arena, summary, err));
    return vg_hub_run_end(command->hub, cli->now, summary->complete, &command->findings, err);
}

static int run_files(vg_cli *cli)
{
    vg_error err = {0};
    import_command command = {.cli = cli,
                              .rows = vg_vec_in(cli->arena, sizeof(told_row)),
                              .is_json = vg_cli_choice(cli, "format") == 1};
    vg_evidence_options open = {.write = true,
                                .create = true,
                                .now = cli->now,
                                .who = vg_cli_user(cli),
                                .command = VG_STR("vigil import")};
    vg_import_options options = {
        .account = vg_cli_value(cli, "account"),
        .region = vg_cli_value(cli, "region"),
        .now = cli->now,
        .threads = cli->threads,
        .workspace = cli->workspace,
        .originals = vg_path_join(cli->arena, cli->workspace, VG_STR("originals")),
        .report = tell_row,
        .progress = show_progress,
        .finding = take_finding,
        .policy = judge_policy,
        .context = &command,
    };
    if (options.region.len && !vg_is_region(options.region))
        return vg_cli_usage(cli, "'%.*s' is no region, such as eu-west-1", VG_ARG(options.region));
    if (vg_evidence_open(cli->workspace, &open, &command.evidence, &err) != VG_OK)
        return vg_cli_error(cli, &err);
    vg_import_summary summary = {0};
    vg_progress_start(&command.progress, cli, "importing, MiB", 0);
    vg_status status = import_within(&command, &options, &summary, &err);
    vg_progress_end(&command.progress);
    vg_hub_detach(command.hub);
    vg_evidence_close(command.evidence);
    if (status != VG_OK)
        return vg_cli_error(cli, &err);
    if (command.is_json) {
        print_json(&command, &summary);
    } else {
        print_table(cli->out, &summary);
        print_totals(cli->out, &summary, &command.findings);
    }
    return summary.complete ? VG_EXIT_OK : VG_EXIT_PARTIAL;
}

static int print_script(vg_cli *cli)
{
    vg_buf text = {0};
    vg_error err = {0};
    vg_str script = {0};
    for (size_t i = 0; i < vg_content_count; i++)
        if (vg_str_is(vg_content_files[i].path, "import/collect.sh"))
            script = vg_content_files[i].bytes;
    if (vg_import_script(script, vg_cli_value(cli, "role-name"), &text, &err) != VG_OK) {
        vg_buf_free(&text);
        return vg_cli_usage(cli, "%s", err.message);
    }
    fwrite(text.ptr, 1, text.len, cli->out);
    vg_buf_free(&text);
    return VG_EXIT_OK;
}

static bool is_there(vg_str path)
{
    return path.len > 0 && access(path.ptr, F_OK) == 0;
}

/* Whether none of the paths is there, and no workspace either: each path is told. What was misspelt must not leave an
 * empty workspace behind, in which every later command finds nothing. */
static bool is_all_misspelt(vg_cli *cli, const vg_str *paths, size_t count)
{
    bool found = is_there(cli->workspace);
    for (size_t i = 0; i < count; i++)
        found = found || is_there(paths[i]);
    for (size_t i = 0; i < count && !found; i++) {
        vg_error err;
        vg_fail(&err, VG_ERR_NOT_FOUND, "no such file or folder; check the path");
        vg_error_locate(&err, (vg_place){.file = paths[i]});
        vg_cli_error(cli, &err);
    }
    return !found;
}

static int run_import(vg_cli *cli)
{
    const vg_str *paths;
    size_t count = vg_cli_arguments(cli, &paths);
    if (vg_cli_flag(cli, "script"))
        return count ? vg_cli_usage(cli, "--script takes no files: it prints the script that makes them")
                     : print_script(cli);
    if (!count)
        return vg_cli_usage(cli, "name the files or folders to import, or give --script");
    return is_all_misspelt(cli, paths, count) ? VG_EXIT_PARTIAL : run_files(cli);
}

/* ---- the table ----------------------------------------------------------------------------------------------------------------- */

static const vg_option options[] = {
    {.name = "account",
     .argument = "ID",
     .kind = VG_ARG_ACCOUNT,
     .help = "The account of answers that neither their content, an envelope nor their path places."},
    {.name = "region", .argument = "REGION", .help = "The region of such answers."},
    {.name = "format",
     .argument = "FORMAT",
     .choices = "table|json",
     .fallback = "table",
     .help = "How to print the summary."},
    {.name = "script",
     .help = "Print a shell script that makes the exports with the AWS CLI, by read-only calls, over every "
             "account."},
    {.name = "role-name",
     .argument = "NAME",
     .fallback = "OrganizationAccountAccessRole",
     .help = "The role that the script takes on in each account."},
    {0},
};

static const vg_positional positionals[] = {
    {.name = "DIR|FILE",
     .help = "Exports: folders with all below them, files, .gz, .zst, .zip, .tar.",
     .optional = true,
     .repeatable = true,
     .kind = VG_ARG_PATH},
    {0},
};

static const vg_example examples[] = {
    {"vigil import exports/", "Import a folder of exports."},
    {"vigil import --script > collect.sh && bash collect.sh exports && vigil import exports",
     "Make the exports of a whole organisation, then import them."},
    {"vigil import --account 111122223333 --region eu-west-1 describe-trails.json",
     "Import an answer of the AWS CLI and say whose it is."},
    {0},
};

static const vg_exit_note exit_notes[] = {
    {3, "Something was not read in full: a file that is damaged, truncated or could not be placed, a call "
        "that AWS "
        "denied, or files that contradict each other. Each is named."},
    {0},
};

const vg_command vg_command_import = {
    .name = "import",
    .summary = "Import exports of AWS into the workspace",
    .description =
        "Reads what AWS and its tools already emit: answers of the AWS CLI, envelopes that the script of "
        "--script "
        "makes, credential reports, AWS Config snapshots and history, CloudTrail log files, findings in "
        "ASFF, and "
        "your own attestations and workload mapping. Operations are recognised by content. It calls "
        "nothing.\n\n"
        "Whose an answer is comes from its content, an envelope around it, its path, or --account and "
        "--region, in "
        "this order; what none of them says is never guessed, but named. docs/how-to/import.md tells more.",
    .options = options,
    .positionals = positionals,
    .examples = examples,
    .exit_notes = exit_notes,
    .run = run_import,
};
