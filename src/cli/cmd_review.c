/* cmd_review.c: `vigil review`: opens the workspace, assesses what it holds, and writes the answer to SEC01.
 *
 * Facts and findings are written back, so that they have a history; a workspace that may only be read is assessed in
 * memory, and gives the same answer. */
#include "cli/cli_parts.h"
#include "cli/content_parts.h"
#include "review/review.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    vg_cli *cli;
    vg_evidence *evidence;
    vg_hub *hub;
    vg_content *content;
    bool writes;
    vg_progress progress;
    FILE *out;
    int write_errno; /* of the first piece that could not be written to the file of --output */
} review_command;

/* ---- the workspace -------------------------------------------------------------------------------------------------- */

static vg_status open_as(review_command *command, bool write, vg_error *err)
{
    vg_cli *cli = command->cli;
    vg_evidence_options options = {
        .write = write,
        .now = cli->now,
        .who = vg_cli_user(cli),
        .command = VG_STR("vigil review"),
    };
    command->writes = write;
    return vg_evidence_open(cli->workspace, &options, &command->evidence, err);
}

/* For writing when we may; for reading when we may not, or somebody else is writing. */
static vg_status open_workspace(review_command *command, vg_error *err)
{
    vg_error why = {0};
    if (vg_cli_flag(command->cli, "read-only"))
        return open_as(command, false, err);
    vg_status status = open_as(command, true, &why);
    if (status == VG_OK)
        return status;
    if (status == VG_ERR_DENIED || status == VG_ERR_BUSY) {
        if (open_as(command, false, err) != VG_OK)
            return err->code;
        vg_cli_warn(command->cli, &why);
        return VG_OK;
    }
    vg_error_copy(err, &why);
    return status;
}

/* ---- what must be there ---------------------------------------------------------------------------------------------- */

typedef struct {
    vg_str source;
    bool found;
} required_source;

/* "guardduty" is any of its operations, "guardduty:GetDetector" that one. */
static bool is_source(vg_str operation, vg_str source)
{
    bool is_longer = operation.len > source.len && operation.ptr[source.len] == ':';
    return vg_str_eq(operation, source) || (is_longer && vg_str_starts(operation, source));
}

static vg_status look_in_ledger(void *context, const vg_ledger_entry *entry, vg_error *err)
{
    required_source *required = context;
    bool is_read = entry->outcome == VG_LEDGER_IMPORTED || entry->outcome == VG_LEDGER_ABSENT;
    (void)err;
    if (is_read && is_source(entry->operation, required->source))
        required->found = true;
    return VG_OK;
}

static vg_status look_in_resources(void *context, const vg_evidence_row *row, vg_error *err)
{
    required_source *required = context;
    (void)err;
    if (is_source(row->resource.source, required->source))
        required->found = true;
    return VG_OK;
}

static vg_status require_sources(review_command *command, vg_error *err)
{
    const vg_str *sources;
    size_t count = vg_cli_values(command->cli, "require", &sources);
    for (size_t i = 0; i < count; i++) {
        required_source required = {.source = sources[i]};
        vg_resource_filter filter = VG_RESOURCE_FILTER_ALL;
        filter.source = vg_arena_printf(command->cli->arena, "%.*s*", VG_ARG(sources[i]));
        VG_TRY(vg_evidence_ledger(command->evidence, VG_STR(""), look_in_ledger, &required, err));
        if (!required.found)
            VG_TRY(vg_evidence_resources(command->evidence, &filter, look_in_resources, &required, err));
        if (required.found)
            continue;
        vg_fail(err, VG_ERR_NOT_FOUND, "nothing was imported of '%.*s', which --require asks for",
                VG_ARG(sources[i]));
        vg_cli_error(command->cli, err);
    }
    return VG_OK;
}

/* ---- assessing ---------------------------------------------------------------------------------------------------------- */

static void bad_content(void *context, const vg_error *err)
{
    vg_cli_error(context, err);
}

static void show_progress(void *context, uint64_t accounts)
{
    review_command *command = context;
    vg_progress_add(&command->progress, accounts);
}

static vg_status store(review_command *command, const vg_assessment *assessment, vg_error *err)
{
    vg_str run =
        vg_arena_printf(command->cli->arena, "review-%lld-%ld", (long long)vg_time_now(), (long)getpid());
    if (!command->writes)
        return VG_OK;
    return vg_assess_store(assessment, command->evidence, command->hub, run, command->cli->now, NULL, err);
}

/* Controls that came to grief over some subject, each once: a regular expression without end, a query over too much.
 * (What lacks evidence is not assessed without a message.) */
static vg_status tell_broken_controls(vg_cli *cli, const vg_assessment *assessment, vg_error *err)
{
    bool *told = VG_NEW_N(cli->arena, bool, assessment->content->control_count + 1);
    if (!told)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
    for (size_t i = 0; i < assessment->judgement_count; i++) {
        const vg_judgement *judgement = &assessment->judgements[i];
        vg_error own;
        if (judgement->verdict != VG_VERDICT_NOT_ASSESSED || !judgement->message.len ||
            told[judgement->control])
            continue;
        told[judgement->control] = true;
        vg_fail(&own, VG_ERR_LIMIT, "%.*s; not assessed", VG_ARG(judgement->message));
        vg_cli_error(cli, &own);
    }
    return VG_OK;
}

/* Without a single account there is nothing to answer from: how to get evidence is worth more than a page of zeros. */
static void tell_no_accounts(vg_cli *cli, const vg_assessment *assessment)
{
    vg_error why;
    if (assessment->account_count)
        return;
    vg_fail(
        &why, VG_ERR_NOT_FOUND,
        "nothing is known of any account yet; `vigil import --script` prints what exports an organisation, "
        "`vigil import DIR` reads it");
    vg_cli_warn(cli, &why);
}

static vg_status answer(review_command *command, const vg_review_options *options, vg_report_answer *out,
                        vg_review_worst *worst, const vg_assessment **assessed, vg_error *err)
{
    vg_cli *cli = command->cli;
    vg_assessment *assessment = VG_NEW(cli->arena, vg_assessment);
    vg_assess_options how = {
        .content = command->content,
        .now = cli->now_given ? cli->now : VG_TIME_NONE,
        .threads = cli->threads,
        .progress = show_progress,
        .progress_context = command,
    };
    if (!assessment)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
    VG_TRY(vg_hub_attach(vg_evidence_store(command->evidence), &command->hub, err));
    VG_TRY(require_sources(command, err));
    vg_progress_start(&command->progress, cli, "assessing accounts", 0);
    vg_status status = vg_assess(command->evidence, command->hub, &how, cli->arena, assessment, err);
    if (status == VG_OK)
        status = store(command, assessment, err);
    vg_progress_end(&command->progress);
    VG_TRY(status);
    tell_no_accounts(cli, assessment);
    VG_TRY(tell_broken_controls(cli, assessment, err));
    *assessed = assessment;
    return vg_review(assessment, command->hub, options, cli->arena, out, worst, err);
}

/* ---- writing ------------------------------------------------------------------------------------------------------------- */

/* The first failure is kept. On standard output it shows at the last flush, where a reader that went away is told from a
 * full disk; in a file, when it is closed. */
static vg_status write_piece(void *context, vg_str bytes, vg_error *err)
{
    review_command *command = context;
    (void)err;
    int *failed = command->out == command->cli->out ? &command->cli->write_errno : &command->write_errno;
    if (fwrite(bytes.ptr, 1, bytes.len, command->out) != bytes.len && !*failed)
        *failed = errno;
    return VG_OK;
}

/* What --redact masks besides what it recognises: names of accounts, users and owners. */
static vg_status names_of(vg_arena *arena, const vg_assessment *assessment, vg_report_options *options,
                          vg_error *err)
{
    vg_vec names = vg_vec_in(arena, sizeof(vg_str));
    for (size_t i = 0; i < assessment->account_count + assessment->subject_count + assessment->workload_count;
         i++) {
        size_t s = i - assessment->account_count, w = s - assessment->subject_count;
        vg_str name = {0};
        if (i < assessment->account_count)
            name = assessment->accounts[i].name;
        else if (s < assessment->subject_count)
            name = vg_str_is(assessment->subjects[s].resource.type, "Vigil::Account::User")
                       ? assessment->subjects[s].resource.name
                       : (vg_str){0};
        else
            name = assessment->workloads[w].owner;
        vg_str *item = name.len ? vg_vec_push(&names) : NULL;
        if (name.len && !item)
            return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
        if (item)
            *item = name;
    }
    options->names = names.items;
    options->name_count = names.len;
    return VG_OK;
}

static bool has_utf8_locale(const vg_cli *cli)
{
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < VG_COUNT(variables); i++) {
        const char *value = vg_cli_env(cli, variables[i]);
        if (!value || !*value)
            continue;
        vg_str text = vg_str_from(value);
        return vg_str_ends(text, VG_STR("UTF-8")) || vg_str_ends(text, VG_STR("utf8")) ||
               vg_str_ends(text, VG_STR("utf-8"));
    }
    return false;
}

/* A report in a file appears whole or not at all: it is written beside its place and then moved there. What is no file
 * (/dev/null, a pipe) is written to as it is. */
typedef struct {
    vg_str given, path, draft; /* path: behind links; draft: empty when written straight */
    FILE *file;
} output_file;

/* Why a report did not come to be, with what to do about it. */
static vg_status fail_output(const output_file *output, int reason, vg_error *err)
{
    bool is_full = reason == ENOSPC || reason == EFBIG || reason == EDQUOT;
    vg_status status = vg_fail_errno(err, reason, "the report could not be written; %s",
                                     is_full ? "free some space, or name another place"
                                             : "name a file in a folder that you may write to");
    vg_error_locate(err, (vg_place){.file = output->given});
    return status;
}

/* The file that the path leads to, so that a link to it stays a link. */
static vg_str end_of_links(vg_arena *arena, vg_str path)
{
    char *target = realpath(path.ptr, NULL);
    vg_str end = target ? vg_arena_str(arena, vg_str_from(target)) : path;
    free(target);
    return end;
}

static vg_status begin_file(vg_cli *cli, output_file *output, vg_error *err)
{
    struct stat about;
    output->given = vg_cli_value(cli, "output");
    output->path = end_of_links(cli->arena, output->given);
    bool is_there = stat(output->given.ptr, &about) == 0;
    int flags = O_WRONLY | O_CLOEXEC;
    vg_str name = output->path;
    if (!is_there || S_ISREG(about.st_mode)) {
        name = output->draft =
            vg_arena_printf(cli->arena, "%.*s.%ld.part", VG_ARG(output->path), (long)getpid());
        flags |= O_CREAT | O_EXCL;
    }
    if (!name.ptr)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
    int fd = open(name.ptr, flags, 0600);
    output->file = fd < 0 ? NULL : fdopen(fd, "w");
    return output->file ? VG_OK : fail_output(output, errno, err);
}

/* `failed`: the errno of a write, or 0. */
static vg_status end_file(output_file *output, vg_status status, int failed, vg_error *err)
{
    if (fflush(output->file) != 0 || (output->draft.len && fsync(fileno(output->file)) != 0))
        failed = failed ? failed : errno;
    if (fclose(output->file) != 0)
        failed = failed ? failed : errno;
    failed = failed == EPIPE ? 0 : failed; /* a reader that goes away has what it wanted */
    bool is_whole = status == VG_OK && !failed;
    if (is_whole && output->draft.len && rename(output->draft.ptr, output->path.ptr) != 0)
        failed = errno;
    if (output->draft.len && (!is_whole || failed))
        unlink(output->draft.ptr);
    return status == VG_OK && failed ? fail_output(output, failed, err) : status;
}

static vg_status write_answer(review_command *command, const vg_report_answer *answer,
                              const vg_assessment *assessment, vg_report_format format, vg_error *err)
{
    vg_cli *cli = command->cli;
    output_file output = {0};
    bool to_file = vg_cli_value(cli, "output").len > 0;
    vg_buf text = {0};
    vg_report_options options = {
        .colour = cli->colour && !to_file,
        .unicode = has_utf8_locale(cli),
        .width = cli->width,
        .redact = vg_cli_flag(cli, "redact"),
        .explain = vg_cli_flag(cli, "explain"),
        .all = vg_cli_flag(cli, "all"),
        .version = VG_STR(VIGIL_VERSION),
        .flush = write_piece,
        .flush_context = command,
    };
    if (options.redact)
        VG_TRY(names_of(cli->arena, assessment, &options, err));
    if (to_file)
        VG_TRY(begin_file(cli, &output, err));
    command->out = to_file ? output.file : cli->out;
    vg_status status = vg_report_write(answer, format, &options, &text, err);
    if (status == VG_OK)
        status = write_piece(command, vg_buf_str(&text), err);
    vg_buf_free(&text);
    if (to_file)
        status = end_file(&output, status, command->write_errno, err);
    if (status == VG_OK && to_file)
        vg_cli_say(cli, "wrote %.*s", VG_ARG(output.given));
    return status;
}

/* ---- the command ------------------------------------------------------------------------------------------------------------ */

/* Whether what was found reaches the gate of --fail-on. */
static bool reaches_gate(const vg_cli *cli, const vg_review_worst *worst)
{
    vg_severity gate;
    if (!vg_severity_parse(vg_cli_value(cli, "fail-on"), &gate))
        return false;
    return worst->any && worst->severity >= gate;
}

static bool is_machine_format(vg_report_format format)
{
    return format != VG_REPORT_TERMINAL && format != VG_REPORT_HTML && format != VG_REPORT_MARKDOWN;
}

static void read_options(vg_cli *cli, vg_report_format format, vg_review_options *options)
{
    enum { FOR_PEOPLE = 3 };
    *options = (vg_review_options){
        .workload = vg_cli_value(cli, "workload"),
        .now = cli->now,
        .commands = is_machine_format(format) ? 0 : FOR_PEOPLE,
        .passes = vg_cli_flag(cli, "all"),
        .problems_only = !is_machine_format(format) && !vg_cli_flag(cli, "all"),
    };
    options->account_count = vg_cli_values(cli, "account", &options->accounts);
    options->unit_count = vg_cli_values(cli, "ou", &options->units);
    vg_cli_duration(cli, "max-age", &options->max_age);
}

static int run_review(vg_cli *cli)
{
    vg_error err = {0};
    vg_report_answer said;
    const vg_assessment *assessment = NULL;
    vg_report_format format;
    review_command command = {.cli = cli};
    vg_review_worst worst = {0};
    vg_review_options options;
    if (!vg_report_format_parse(vg_cli_value(cli, "format"), &format))
        return vg_cli_usage(cli, "no format is named '%.*s'", VG_ARG(vg_cli_value(cli, "format")));
    read_options(cli, format, &options);
    vg_status status = vg_cli_content_load(cli, bad_content, &command.content, &err);
    if (status == VG_OK)
        status = open_workspace(&command, &err);
    if (status == VG_OK)
        status = answer(&command, &options, &said, &worst, &assessment, &err);
    if (status == VG_OK)
        status = write_answer(&command, &said, assessment, format, &err);
    vg_exit code = status != VG_OK             ? vg_cli_error(cli, &err)
                   : reaches_gate(cli, &worst) ? VG_EXIT_FINDINGS
                                               : VG_EXIT_OK;
    vg_hub_detach(command.hub);
    vg_evidence_close(command.evidence);
    vg_content_free(command.content);
    return (int)code;
}

/* ---- the table ----------------------------------------------------------------------------------------------------------------- */

static const vg_option review_options[] = {
    {.name = "workload", .argument = "NAME", .help = "Answer for this workload of the mapping alone."},
    {.name = "account",
     .argument = "ID",
     .kind = VG_ARG_ACCOUNT,
     .repeatable = true,
     .help = "Answer for this account, and those that are named so too."},
    {.name = "ou",
     .argument = "OU",
     .repeatable = true,
     .help = "Answer for the accounts under this OU: its id, name or path (Root/Workloads)."},
    {.name = "format",
     .letter = 'f',
     .argument = "FORMAT",
     .choices = "terminal|html|markdown|json|jsonl|csv|ocsf|asff|sarif|junit",
     .fallback = "terminal",
     .help = "How to write the answer."},
    {.name = "output",
     .letter = 'o',
     .argument = "FILE",
     .kind = VG_ARG_PATH,
     .help = "Write to this file, which only you may read, instead of standard output."},
    {.name = "explain", .help = "Show how each score is computed, control by control."},
    {.name = "all", .help = "Show what passes too, not only what needs work."},
    {.name = "redact", .help = "Mask e-mail addresses, phone numbers, account ids and names."},
    {.name = "max-age",
     .argument = "AGE",
     .kind = VG_ARG_DURATION,
     .fallback = "90d",
     .help = "Evidence that is older is marked stale."},
    {.name = "require",
     .argument = "SOURCE",
     .repeatable = true,
     .help = "Fail when nothing was imported of this source: an operation (guardduty:GetDetector), a service "
             "(guardduty), "
             "config-snapshot, workload-mapping, attestation."},
    {.name = "fail-on",
     .argument = "SEVERITY",
     .choices = "none|low|medium|high|critical",
     .fallback = "none",
     .help = "Exit with 1 when something of this severity, or a higher one, fails or passes only in part, "
             "and was not "
             "suppressed."},
    {.name = "content",
     .argument = "DIR",
     .kind = VG_ARG_FOLDER,
     .help = "Your own controls: files here replace the built-in ones of the same path and add others. Also "
             "named by "
             "VIGIL_CONTENT; else the folder content of the workspace."},
    {.name = "read-only", .help = "Write neither facts nor findings to the workspace."},
    {0},
};

static const vg_example examples[] = {
    {"vigil review", "Answer for the whole organisation and each workload."},
    {"vigil review --workload shop --explain", "Answer for one workload, with the arithmetic."},
    {"vigil review --format html --output review.html", "Write the report as one HTML file."},
    {"vigil review --format sarif --fail-on high", "Gate a pipeline on what is severe."},
    {"vigil review --require guardduty --require config-snapshot", "Insist that both were imported."},
    {0},
};

static const vg_exit_note exit_notes[] = {
    {1, "Something at or above --fail-on fails, or passes only in part."},
    {3, "A source that --require names is missing, a control of yours cannot be used, or the workspace "
        "cannot be read. What "
        "could not be read in full while importing is listed in the answer, and does not change this code."},
    {0},
};

const vg_command vg_command_review = {
    .name = "review",
    .summary = "Answer SEC01 from the evidence in the workspace",
    .description = "Answers \"How do you securely operate your workload?\" for the organisation and for each "
                   "workload: seven "
                   "practices, each with a state, a score, how much of it could be assessed, the evidence, "
                   "and the three "
                   "actions that would raise the score most, with the commands to type.\n\n"
                   "What was not assessed never raises a score. Ages and expiries are judged at the time of "
                   "the evidence, or "
                   "at --now. docs/explanation/score.md tells the formula and why it is so.",
    .options = review_options,
    .examples = examples,
    .exit_notes = exit_notes,
    .run = run_review,
};
