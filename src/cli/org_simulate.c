/* org_simulate.c: `vigil org simulate`: what a policy would have refused of what was done. */
#include "cli/activity_read.h"
#include "cli/cli_listing.h"
#include "cli/cli_parts.h"
#include "cli/content_parts.h"
#include "cli/iam_world.h"
#include "cli/org_parts.h"
#include "report/report.h"

typedef struct {
    vg_cli *cli;
    const vg_world *world; /* NULL: no workspace */
    const vg_catalogue *catalogue;
    vg_policy_document document;
    vg_activity activity;
    vg_simulation_question question;
    vg_simulation answer;
} simulate_work;

/* ---- reading ------------------------------------------------------------------------------------------------------------------ */

/* False when AWS would refuse the policy: each issue is told with its place. */
static vg_status read_policy(simulate_work *w, vg_str path, vg_error *err)
{
    vg_cli *cli = w->cli;
    vg_str text;
    vg_policy_kind kind = VG_POLICY_SCP;
    VG_TRY(vg_file_read(cli->arena, path, 16 << 20, &text, err));
    vg_policy_kind_parse(vg_cli_value(cli, "kind"), &kind);
    VG_TRY(vg_policy_read_text(cli->arena, text, kind, path, &w->document, err));
    for (size_t i = 1; i < w->document.issue_count; i++) {
        vg_error issue;
        vg_fail_at(&issue, VG_ERR_VALUE, w->document.issues[i].place, "AWS would refuse this policy: %s: %s",
                   w->document.issues[i].code, w->document.issues[i].message);
        vg_cli_error(cli, &issue);
    }
    if (w->document.issue_count)
        return vg_fail_at(err, VG_ERR_VALUE, w->document.issues[0].place,
                          "AWS would refuse this policy: %s: %s", w->document.issues[0].code,
                          w->document.issues[0].message);
    return vg_policy_compile(cli->arena, &w->document, w->catalogue, &w->question.policy, err);
}

/* The organisation as evidence has it; without a workspace every account is bound alike. */
static vg_status read_world(simulate_work *w, vg_error *err)
{
    bool needs = w->question.target.len > 0 || w->question.replaces.len > 0;
    vg_status status = vg_iam_world(w->cli, NULL, 0, &w->world, err);
    if (status != VG_ERR_NOT_FOUND || needs)
        return status;
    vg_cli_say(w->cli, "no workspace: every account of the logs is taken to be bound");
    return VG_OK;
}

/* ---- writing ------------------------------------------------------------------------------------------------------------------ */

static vg_str statement_name(simulate_work *w, const vg_simulated *row)
{
    if (!row->policy)
        return VG_STR("no Allow takes it in");
    const vg_policy_document *document = vg_policy_document_of(row->policy);
    const vg_statement *statement = &document->statements[row->statement];
    vg_place place = document->doc ? vg_doc_place(document->doc, statement->at) : (vg_place){0};
    return statement->sid.len
               ? vg_arena_printf(w->cli->arena, "%.*s (line %u)", VG_ARG(statement->sid), place.line)
               : vg_arena_printf(w->cli->arena, "statement %u (line %u)", row->statement, place.line);
}

static const vg_listing_column columns[] = {
    {"Would", "would", VG_LIST_FIXED},    {"Principal", "principal", VG_LIST_TEXT},
    {"Action", "action", VG_LIST_FIXED},  {"Calls", "calls", VG_LIST_NUMBER},
    {"Last", "last", VG_LIST_FIXED},      {"By", "statement", VG_LIST_TEXT},
    {"Unknown", "missing", VG_LIST_TEXT}, {"Account", "account", VG_LIST_HIDDEN},
    {"Region", "region", VG_LIST_HIDDEN}, {"Resource", "resource", VG_LIST_HIDDEN},
};

static vg_status write_json(simulate_work *w, vg_error *err)
{
    vg_cli *cli = w->cli;
    vg_listing listing;
    vg_status status = VG_OK;
    vg_listing_begin(&listing, cli, columns, VG_COUNT(columns), true);
    for (size_t i = 0; i < w->answer.row_count && status == VG_OK; i++) {
        const vg_simulated *row = &w->answer.rows[i];
        const vg_str cells[] = {vg_str_from(vg_would_name(row->would)),
                                row->principal,
                                row->action,
                                vg_arena_printf(cli->arena, "%llu", (unsigned long long)row->calls),
                                vg_listing_when(&listing, row->last),
                                statement_name(w, row),
                                row->missing,
                                row->account,
                                row->region,
                                row->resource};
        status = vg_listing_row(&listing, cells, err);
    }
    return vg_listing_end(&listing, status, "", err);
}

/* A heading a principal, below it a line for each action and reason. */
static vg_status write_text(simulate_work *w, vg_error *err)
{
    vg_cli *cli = w->cli;
    vg_buf out = {0};
    uint64_t most = 0;
    vg_cli_number(cli, "limit", &most);
    for (size_t i = 0; i < w->answer.row_count && i < most; i++) {
        const vg_simulated *row = &w->answer.rows[i];
        char last[VG_TIME_TEXT] = "";
        bool is_new = i == 0 || row->would != row[-1].would || !vg_str_eq(row->principal, row[-1].principal);
        if (is_new) {
            vg_buf_addf(&out, "%s%s: ", i ? "\n" : "",
                        row->would == VG_WOULD_REFUSE ? "Would be refused" : "Cannot be resolved");
            vg_report_safe(&out, vg_access_short_name(cli->arena, row->principal));
            vg_buf_add_char(&out, '\n');
        }
        if (row->last != VG_TIME_NONE)
            vg_time_format_date(row->last, last);
        vg_buf_addf(&out, "%8llu  ", (unsigned long long)row->calls);
        vg_report_safe(&out, vg_arena_printf(cli->arena, "%-40.*s", VG_ARG(row->action)));
        vg_buf_addf(&out, " last %s  ", last);
        vg_report_safe(&out, statement_name(w, row));
        if (row->missing.len) {
            vg_buf_add_c(&out, "  unknown: ");
            vg_report_safe(&out, row->missing);
        }
        vg_buf_add_char(&out, '\n');
    }
    if (w->answer.row_count > most)
        vg_buf_addf(&out, "... and %llu more lines: --limit %zu, or --format json\n",
                    (unsigned long long)(w->answer.row_count - most), w->answer.row_count);
    if (!w->answer.row_count)
        vg_buf_add_c(&out, "Nothing that was done would have been refused.\n");
    bool failed = out.failed;
    if (!failed)
        failed = !vg_cli_print(cli, vg_buf_str(&out));
    vg_buf_free(&out);
    return failed ? vg_fail(err, VG_ERR_MEMORY, "memory ran out while printing") : VG_OK;
}

static void write_summary(simulate_work *w)
{
    const vg_simulation *a = &w->answer;
    const vg_activity *activity = &w->activity;
    fprintf(w->cli->out,
            "\n%llu calls would be refused, %llu cannot be resolved, %llu would pass; %llu are not bound by "
            "it, %llu were "
            "refused anyway\n",
            (unsigned long long)a->refused, (unsigned long long)a->unresolved, (unsigned long long)a->passed,
            (unsigned long long)a->not_bound, (unsigned long long)a->already_denied);
    fprintf(w->cli->out,
            "from %llu records: %llu calls of AWS services, %llu events that are no calls, %llu that need no "
            "permission, %llu whose "
            "principal the record "
            "does not tell, %llu outside the time, %llu delivered twice\n",
            (unsigned long long)activity->records, (unsigned long long)activity->by_services,
            (unsigned long long)activity->not_calls, (unsigned long long)activity->free,
            (unsigned long long)activity->nameless, (unsigned long long)activity->outside,
            (unsigned long long)activity->duplicates);
    if (!activity->data_events)
        fprintf(w->cli->out,
                "The logs hold no data events: reads and writes of objects are not among the calls.\n");
}

/* ---- the command --------------------------------------------------------------------------------------------------------------- */

static vg_status simulate(simulate_work *w, vg_error *err)
{
    vg_cli *cli = w->cli;
    const vg_str *words;
    size_t count = vg_cli_arguments(cli, &words);
    w->question.target = vg_cli_value(cli, "target");
    w->question.replaces = vg_cli_value(cli, "replaces");
    VG_TRY(vg_iam_catalogue(cli, &w->catalogue, err));
    VG_TRY(vg_iam_rcp_services(cli, &w->question.rcp_services, &w->question.rcp_service_count, err));
    VG_TRY(read_policy(w, words[0], err));
    VG_TRY(read_world(w, err));
    VG_TRY(vg_cli_activity_read(cli, words + 1, count - 1, w->catalogue, w->world, &w->activity, err));
    VG_TRY(vg_simulate(cli->arena, w->world, &w->activity, &w->question, &w->answer, err));
    if (vg_cli_choice(cli, "format") == 1)
        return write_json(w, err);
    VG_TRY(write_text(w, err));
    write_summary(w);
    return VG_OK;
}

static int run_simulate(vg_cli *cli)
{
    vg_error err = {0};
    simulate_work w = {.cli = cli};
    vg_status status = simulate(&w, &err);
    if (status != VG_OK)
        return vg_cli_error(cli, &err);
    return w.answer.refused ? VG_EXIT_FINDINGS : VG_EXIT_OK;
}

static const vg_positional words[] = {
    {.name = "POLICY", .help = "The policy to try: a JSON file.", .kind = VG_ARG_PATH},
    VG_ACTIVITY_LOGS,
    {0},
};
static const vg_option options[] = {
    {.name = "kind",
     .argument = "KIND",
     .choices = "scp|rcp",
     .fallback = "scp",
     .help = "Whether it is a service control policy or a resource control policy."},
    {.name = "target",
     .argument = "ID",
     .help = "The root, OU or account that it would be attached to; else every account of the organisation."},
    {.name = "replaces",
     .argument = "NAME",
     .help = "The attached SCP whose place it would take, by name; else it is added, and only what it denies "
             "counts."},
    VG_ACTIVITY_OPTIONS,
    VG_IAM_AT,
    {.name = "limit",
     .argument = "ROWS",
     .kind = VG_ARG_NUMBER,
     .fallback = "40",
     .help = "Most rows of the table."},
    VG_ORG_FORMAT,
    VG_ORG_CONTENT,
    {0},
};
static const vg_example examples[] = {
    {"vigil org simulate deny-regions.json --target ou-ab12-34567890 --last 90d trail/",
     "What a region limit would have refused in an OU over the last 90 days."},
    {"vigil org simulate new.json --replaces deny-leave trail/ --format json",
     "Try a new version of an attached SCP."},
    {0},
};
static const vg_exit_note notes[] = {
    {1, "Something that was done would have been refused."},
    {3, "AWS would refuse the policy, or a log could not be read in full."},
    {0},
};

const vg_command vg_org_simulate = {
    .name = "simulate",
    .summary = "Say what an SCP or RCP would have refused of what was done",
    .description =
        "Replays CloudTrail records against a policy before it is attached: by principal and action, with "
        "the statement "
        "that would have refused. Each record gives its caller, action, resource, region, address, VPC "
        "endpoint and "
        "multi-factor authentication; what a record does not tell and the policy asks for stands apart as "
        "unresolved, "
        "never as passed.\n\n"
        "The evidence of the workspace tells which accounts are below the target; the management account, "
        "service-linked "
        "roles and other organisations are not bound. Without a workspace every account of the logs is.",
    .positionals = words,
    .options = options,
    .examples = examples,
    .exit_notes = notes,
    .run = run_simulate,
};
