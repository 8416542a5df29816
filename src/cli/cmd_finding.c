/* cmd_finding.c: `vigil finding`: the one list of findings, and what people do with them. */
#include "cli/cli_listing.h"
#include "evidence/evidence.h"
#include "hub/hub.h"
#include "report/report.h"

/* ---- the workspace ---------------------------------------------------------------------------------------------------- */

typedef vg_status finding_work(vg_cli *cli, vg_hub *hub, vg_error *err);

static int with_hub(vg_cli *cli, bool write, finding_work *work)
{
    vg_error err = {0};
    vg_evidence *evidence = NULL;
    vg_hub *hub = NULL;
    vg_str command = vg_arena_printf(cli->arena, "vigil %s", cli->path);
    const vg_evidence_options options = {
        .write = write, .now = cli->now, .who = vg_cli_user(cli), .command = command};
    vg_status status = vg_evidence_open(cli->workspace, &options, &evidence, &err);
    if (status == VG_OK)
        status = vg_hub_attach(vg_evidence_store(evidence), &hub, &err);
    if (status == VG_OK)
        status = work(cli, hub, &err);
    vg_hub_detach(hub);
    vg_evidence_close(evidence);
    return status == VG_OK ? VG_EXIT_OK : (int)vg_cli_error(cli, &err);
}

static vg_status find_argument(vg_cli *cli, vg_hub *hub, vg_hub_row *row, vg_error *err)
{
    const vg_str *arguments;
    vg_cli_arguments(cli, &arguments);
    return vg_hub_find(hub, cli->arena, arguments[0], cli->now, row, err);
}

/* ---- list ------------------------------------------------------------------------------------------------------------------ */

static const vg_listing_column list_columns[] = {
    {"Id", "short_id", VG_LIST_FIXED},
    {"Id", "id", VG_LIST_HIDDEN},
    {"Severity", "severity", VG_LIST_FIXED},
    {"State", "workflow", VG_LIST_FIXED},
    {"Verdict", "verdict", VG_LIST_HIDDEN},
    {"Rule", "rule", VG_LIST_TEXT},
    {"Account", "account", VG_LIST_FIXED},
    {"Region", "region", VG_LIST_HIDDEN},
    {"Type", "resource_type", VG_LIST_HIDDEN},
    {"Resource", "resource", VG_LIST_TEXT},
    {"Sub-key", "sub_key", VG_LIST_HIDDEN},
    {"Title", "title", VG_LIST_HIDDEN},
    {"Message", "message", VG_LIST_HIDDEN},
    {"Remediation", "remediation", VG_LIST_HIDDEN},
    {"Product", "product", VG_LIST_HIDDEN},
    {"First seen", "first_seen", VG_LIST_HIDDEN},
    {"Last seen", "last_seen", VG_LIST_HIDDEN},
    {"Until", "suppressed_until", VG_LIST_HIDDEN},
    {"Reason", "suppressed_reason", VG_LIST_HIDDEN},
};

static vg_status list_row(void *context, const vg_hub_row *row, vg_error *err)
{
    vg_listing *listing = context;
    vg_arena *arena = listing->scratch;
    const vg_finding *f = &row->finding;
    if (!arena)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    const vg_str cells[] = {vg_str_of(row->id.hex, 12),
                            vg_str_from(row->id.hex),
                            vg_str_from(vg_severity_name(f->severity)),
                            vg_str_from(vg_workflow_name(row->workflow)),
                            vg_str_from(vg_verdict_name(f->verdict)),
                            f->rule,
                            f->account,
                            f->region,
                            f->resource_type,
                            f->resource_id,
                            f->sub_key,
                            f->title,
                            f->message,
                            f->remediation,
                            f->product,
                            vg_listing_when(listing, row->first_seen),
                            vg_listing_when(listing, row->last_seen),
                            vg_listing_when(listing, row->suppressed_until),
                            row->suppressed_reason};
    return vg_listing_row(listing, cells, err);
}

/* --state's choices, in this order: open, all, then each workflow. */
static unsigned workflows_of(vg_cli *cli)
{
    size_t choice = vg_cli_choice(cli, "state");
    return choice == 0 ? VG_HUB_OPEN : choice == 1 ? 0 : 1u << (choice - 2);
}

static vg_status work_list(vg_cli *cli, vg_hub *hub, vg_error *err)
{
    vg_listing listing;
    vg_hub_filter filter = {.workflows = workflows_of(cli),
                            .rule = vg_cli_value(cli, "rule"),
                            .account = vg_cli_value(cli, "account"),
                            .region = vg_cli_value(cli, "region"),
                            .resource = vg_cli_value(cli, "resource"),
                            .product = vg_cli_value(cli, "product"),
                            .now = cli->now};
    vg_severity_parse(vg_cli_value(cli, "severity"), &filter.min_severity);
    vg_cli_number(cli, "limit", &filter.limit);
    vg_listing_begin(&listing, cli, list_columns, VG_COUNT(list_columns), vg_cli_choice(cli, "format") == 1);
    vg_status status = vg_hub_list(hub, &filter, list_row, &listing, err);
    return vg_listing_end(&listing, status, "no finding matches; `vigil review` evaluates the evidence", err);
}

static int run_list(vg_cli *cli)
{
    return with_hub(cli, false, work_list);
}

/* ---- show ------------------------------------------------------------------------------------------------------------------- */

static void print_line(FILE *out, const char *label, vg_str text)
{
    vg_buf safe = {0};
    if (!text.len)
        return;
    vg_report_safe(&safe, text);
    fprintf(out, "%-12s %.*s\n", label, VG_ARG(vg_buf_str(&safe)));
    vg_buf_free(&safe);
}

static void print_time(FILE *out, const char *label, vg_time time)
{
    char text[VG_TIME_TEXT] = "";
    if (time != VG_TIME_NONE)
        vg_time_format(time, text);
    print_line(out, label, vg_str_from(text));
}

static vg_status print_event(void *context, const vg_hub_history_row *row, vg_error *err)
{
    vg_cli *cli = context;
    char when[VG_TIME_TEXT];
    vg_buf safe = {0};
    (void)err;
    vg_time_format(row->at, when);
    vg_report_safe(&safe, row->who.len ? row->who : row->run);
    if (row->note.len) {
        vg_buf_add_c(&safe, ": ");
        vg_report_safe(&safe, row->note);
    }
    fprintf(cli->out, "  %s  %-10s %-10s %.*s\n", when, vg_hub_event_name(row->event),
            vg_workflow_name(row->workflow), VG_ARG(vg_buf_str(&safe)));
    vg_buf_free(&safe);
    return VG_OK;
}

static vg_status work_show(vg_cli *cli, vg_hub *hub, vg_error *err)
{
    vg_hub_row row;
    VG_TRY(find_argument(cli, hub, &row, err));
    const vg_finding *f = &row.finding;
    const struct {
        const char *label;
        vg_str text;
    } lines[] = {
        {"Id", vg_str_from(row.id.hex)},
        {"Title", f->title},
        {"State", vg_str_from(vg_workflow_name(row.workflow))},
        {"Verdict", vg_str_from(vg_verdict_name(f->verdict))},
        {"Severity", vg_str_from(vg_severity_name(f->severity))},
        {"Rule", f->rule},
        {"Product", f->product},
        {"Account", f->account},
        {"Region", f->region},
        {"Type", f->resource_type},
        {"Resource", f->resource_id},
        {"Name", f->resource_name},
        {"Sub-key", f->sub_key},
        {"Message", f->message},
        {"Remediation", f->remediation},
        {"Evidence", f->evidence},
        {"Run", f->run},
        {"Suppressed", row.suppressed_reason},
    };
    for (size_t i = 0; i < VG_COUNT(lines); i++)
        print_line(cli->out, lines[i].label, lines[i].text);
    print_time(cli->out, "Until", row.suppressed_until);
    print_time(cli->out, "First seen", row.first_seen);
    print_time(cli->out, "Last seen", row.last_seen);
    fputs("History\n", cli->out);
    return vg_hub_history(hub, &row.id, print_event, cli, err);
}

static int run_show(vg_cli *cli)
{
    return with_hub(cli, false, work_show);
}

/* ---- what people do ------------------------------------------------------------------------------------------------------------ */

static vg_status work_notify(vg_cli *cli, vg_hub *hub, vg_error *err)
{
    vg_hub_row row;
    VG_TRY(find_argument(cli, hub, &row, err));
    VG_TRY(vg_hub_notify(hub, &row.id, vg_cli_user(cli), vg_cli_value(cli, "note"), cli->now, err));
    vg_cli_say(cli, "finding %.12s is NOTIFIED", row.id.hex);
    return VG_OK;
}

static vg_status work_reopen(vg_cli *cli, vg_hub *hub, vg_error *err)
{
    vg_hub_row row;
    VG_TRY(find_argument(cli, hub, &row, err));
    VG_TRY(vg_hub_reopen(hub, &row.id, vg_cli_user(cli), vg_cli_value(cli, "note"), cli->now, err));
    vg_cli_say(cli, "finding %.12s is NEW", row.id.hex);
    return VG_OK;
}

static vg_status work_suppress(vg_cli *cli, vg_hub *hub, vg_error *err)
{
    const vg_str *arguments;
    vg_suppression s = {.rule = vg_cli_value(cli, "rule"),
                        .account = vg_cli_value(cli, "account"),
                        .resource = vg_cli_value(cli, "resource"),
                        .reason = vg_cli_value(cli, "reason"),
                        .who = vg_cli_user(cli),
                        .until = VG_TIME_NONE};
    vg_time length;
    uint64_t matched = 0;
    if (vg_cli_duration(cli, "for", &length))
        s.until = cli->now + length;
    vg_cli_time(cli, "until", &s.until);
    if (vg_cli_arguments(cli, &arguments)) {
        vg_hub_row row;
        VG_TRY(find_argument(cli, hub, &row, err));
        s.finding = row.id;
    }
    VG_TRY(vg_hub_suppress(hub, &s, cli->now, &matched, err));
    char until[VG_TIME_TEXT];
    vg_time_format(s.until, until);
    vg_cli_say(cli, "suppression %llu silences %llu finding%s until %s", (unsigned long long)s.number,
               (unsigned long long)matched, matched == 1 ? "" : "s", until);
    return VG_OK;
}

static vg_status work_withdraw(vg_cli *cli, vg_hub *hub, vg_error *err)
{
    const vg_str *arguments;
    uint64_t number;
    vg_cli_arguments(cli, &arguments);
    if (!vg_str_to_u64(arguments[0], &number))
        return vg_fail(err, VG_ERR_USAGE,
                       "a suppression is named by its number; `vigil finding suppressions` lists them");
    VG_TRY(vg_hub_unsuppress(hub, number, vg_cli_user(cli), cli->now, err));
    vg_cli_say(cli, "suppression %llu has ended: what it alone silenced is NEW", (unsigned long long)number);
    return VG_OK;
}

static int run_notify(vg_cli *cli)
{
    return with_hub(cli, true, work_notify);
}

static int run_reopen(vg_cli *cli)
{
    return with_hub(cli, true, work_reopen);
}

static int run_withdraw(vg_cli *cli)
{
    return with_hub(cli, true, work_withdraw);
}

static int run_suppress(vg_cli *cli)
{
    if (!vg_cli_value(cli, "reason").len)
        return vg_cli_usage(cli, "a suppression needs --reason");
    if (!vg_cli_value(cli, "until").len == !vg_cli_value(cli, "for").len)
        return vg_cli_usage(cli, "a suppression needs an end: either --until or --for");
    return with_hub(cli, true, work_suppress);
}

/* ---- suppressions and audit log --------------------------------------------------------------------------------------------------- */

static const vg_listing_column suppression_columns[] = {
    {"Number", "number", VG_LIST_NUMBER},
    {"Finding", "finding", VG_LIST_FIXED},
    {"Rule", "rule", VG_LIST_TEXT},
    {"Account", "account", VG_LIST_FIXED},
    {"Resource", "resource", VG_LIST_TEXT},
    {"Reason", "reason", VG_LIST_TEXT},
    {"By", "who", VG_LIST_TEXT},
    {"Made", "created", VG_LIST_HIDDEN},
    {"Until", "until", VG_LIST_FIXED},
    {"Ended", "ended", VG_LIST_FIXED},
};

static vg_status suppression_row(void *context, const vg_suppression *s, vg_error *err)
{
    vg_listing *listing = context;
    vg_arena *arena = listing->scratch;
    if (!arena)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    vg_str id = vg_str_from(s->finding.hex);
    const vg_str cells[] = {vg_arena_printf(arena, "%llu", (unsigned long long)s->number),
                            listing->is_json ? id : vg_str_sub(id, 0, 12),
                            s->rule,
                            s->account,
                            s->resource,
                            s->reason,
                            s->who,
                            vg_listing_when(listing, s->created),
                            vg_listing_when(listing, s->until),
                            vg_listing_when(listing, s->ended)};
    return vg_listing_row(listing, cells, err);
}

static vg_status work_suppressions(vg_cli *cli, vg_hub *hub, vg_error *err)
{
    vg_listing listing;
    vg_listing_begin(&listing, cli, suppression_columns, VG_COUNT(suppression_columns),
                     vg_cli_choice(cli, "format") == 1);
    vg_status status = vg_hub_suppressions(hub, suppression_row, &listing, err);
    return vg_listing_end(&listing, status, "nothing is suppressed", err);
}

static int run_suppressions(vg_cli *cli)
{
    return with_hub(cli, false, work_suppressions);
}

static const vg_listing_column audit_columns[] = {
    {"Time", "time", VG_LIST_FIXED},        {"Who", "who", VG_LIST_TEXT},
    {"Command", "command", VG_LIST_HIDDEN}, {"Action", "action", VG_LIST_TEXT},
    {"Target", "target", VG_LIST_TEXT},     {"Detail", "detail", VG_LIST_TEXT},
};

static vg_status audit_row(void *context, const vg_audit_row *row, vg_error *err)
{
    vg_listing *listing = context;
    if (!listing->scratch)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    const vg_str cells[] = {
        vg_listing_when(listing, row->at), row->who, row->command, row->action, row->target, row->detail};
    return vg_listing_row(listing, cells, err);
}

static vg_status work_audit(vg_cli *cli, vg_hub *hub, vg_error *err)
{
    vg_listing listing;
    vg_listing_begin(&listing, cli, audit_columns, VG_COUNT(audit_columns),
                     vg_cli_choice(cli, "format") == 1);
    vg_status status = vg_hub_audit(hub, audit_row, &listing, err);
    return vg_listing_end(&listing, status, "nobody has done anything", err);
}

static int run_audit(vg_cli *cli)
{
    return with_hub(cli, false, work_audit);
}

/* ---- the tables ---------------------------------------------------------------------------------------------------------------------- */

#define FORMAT                                                                                               \
    {                                                                                                        \
        .name = "format", .argument = "FORMAT", .choices = "table|json", .fallback = "table",                \
        .help = "How to print."                                                                              \
    }

static const vg_option list_options[] = {
    {.name = "state",
     .argument = "STATE",
     .choices = "open|all|new|notified|suppressed|resolved",
     .fallback = "open",
     .help = "Which ones: open are the new and the notified."},
    {.name = "severity",
     .argument = "SEVERITY",
     .choices = "informational|low|medium|high|critical",
     .fallback = "informational",
     .help = "Only those at least so severe."},
    {.name = "rule", .argument = "GLOB", .help = "Only of these rules."},
    {.name = "account", .argument = "GLOB", .help = "Only in these accounts."},
    {.name = "region", .argument = "GLOB", .help = "Only in these regions."},
    {.name = "resource", .argument = "GLOB", .help = "Only about resources with these ids."},
    {.name = "product", .argument = "GLOB", .help = "Only of these products: vigil, guardduty, inspector."},
    {.name = "limit", .argument = "N", .help = "At most so many.", .kind = VG_ARG_NUMBER},
    FORMAT,
    {0},
};
static const vg_option suppress_options[] = {
    {.name = "rule", .argument = "GLOB", .help = "All findings of these rules, present and future."},
    {.name = "account", .argument = "GLOB", .help = "All in these accounts."},
    {.name = "resource", .argument = "GLOB", .help = "All about resources with these ids."},
    {.name = "reason", .argument = "TEXT", .help = "Why; it goes to the history and the audit log."},
    {.name = "until", .argument = "TIME", .help = "When it lapses.", .kind = VG_ARG_TIME},
    {.name = "for",
     .argument = "DURATION",
     .help = "How long it lasts, such as 30d.",
     .kind = VG_ARG_DURATION},
    {0},
};
static const vg_option note_options[] = {
    {.name = "note", .argument = "TEXT", .help = "A note for the history, such as a ticket."}, {0}};
static const vg_option format_options[] = {FORMAT, {0}};
static const vg_option no_options[] = {{0}};
static const vg_positional id_positional[] = {
    {.name = "ID", .help = "The finding's id, or its first digits (at least 8)."}, {0}};
static const vg_positional optional_id[] = {
    {.name = "ID", .help = "The finding's id, or its first digits (at least 8).", .optional = true}, {0}};
static const vg_positional number_positional[] = {{.name = "NUMBER", .help = "The suppression's number."},
                                                  {0}};

static const vg_command command_list = {
    .name = "list",
    .summary = "List findings, worst first",
    .description = "Lists findings by severity, rule, account, region and resource. Globs know '*' and '?'.",
    .options = list_options,
    .examples =
        (const vg_example[]){{"vigil finding list --severity high", "What is open and at least high."},
                             {"vigil finding list --state all --account 111122223333 --format json",
                              "Everything about an account, for a program."},
                             {0}},
    .run = run_list};
static const vg_command command_show = {
    .name = "show",
    .summary = "Show a finding with its history",
    .description = "Shows everything that is known of one finding.",
    .options = no_options,
    .positionals = id_positional,
    .examples =
        (const vg_example[]){{"vigil finding show 3f2a91bc", "Show the finding whose id starts so."}, {0}},
    .run = run_show};
static const vg_command command_suppress = {
    .name = "suppress",
    .summary = "Silence findings for a time, with a reason",
    .description =
        "Silences one finding, or all that match, present and future. It lapses at its end, and the findings "
        "are NEW again.",
    .options = suppress_options,
    .positionals = optional_id,
    .examples =
        (const vg_example[]){
            {"vigil finding suppress 3f2a91bc --reason 'accepted by CISO' --for 90d",
             "Silence one finding for 90 days."},
            {"vigil finding suppress --rule 's3-*' --account 111122223333 --reason sandbox --until "
             "2027-01-01",
             "Silence the S3 rules in one account."},
            {0}},
    .run = run_suppress};
static const vg_command command_withdraw = {
    .name = "withdraw",
    .summary = "Withdraw a suppression",
    .description = "Ends a suppression before its time: what it silenced is NEW again.",
    .options = no_options,
    .positionals = number_positional,
    .examples = (const vg_example[]){{"vigil finding withdraw 3", "Withdraw the third suppression."}, {0}},
    .run = run_withdraw};
static const vg_command command_notify = {
    .name = "notify",
    .summary = "Mark a finding as told to its owner",
    .description = "Moves a NEW finding to NOTIFIED.",
    .options = note_options,
    .positionals = id_positional,
    .examples =
        (const vg_example[]){{"vigil finding notify 3f2a91bc --note TICKET-7", "Note the ticket."}, {0}},
    .run = run_notify};
static const vg_command command_reopen = {
    .name = "reopen",
    .summary = "Make a notified or suppressed finding new again",
    .description = "Moves a finding back to NEW. A RESOLVED one reopens by itself when its problem returns.",
    .options = note_options,
    .positionals = id_positional,
    .examples = (const vg_example[]){{"vigil finding reopen 3f2a91bc --note 'not fixed'", "Reopen it."}, {0}},
    .run = run_reopen};
static const vg_command command_suppressions = {
    .name = "suppressions",
    .summary = "List suppressions, standing and ended",
    .description = "Lists who silenced what, why, and until when.",
    .options = format_options,
    .examples = (const vg_example[]){{"vigil finding suppressions", "List them."}, {0}},
    .run = run_suppressions};
static const vg_command command_audit = {
    .name = "audit",
    .summary = "List who did what in this workspace",
    .description = "The audit log: runs, baselines, suppressions, notifications, in the order done.",
    .options = format_options,
    .examples = (const vg_example[]){{"vigil finding audit --format json", "For a program."}, {0}},
    .run = run_audit};

const vg_command vg_command_finding = {
    .name = "finding",
    .summary = "List findings and act on them",
    .description =
        "Findings are opened, changed and resolved by `vigil review` and `vigil import`; people notify, "
        "suppress and reopen them. Every step is kept.",
    .nested = (const vg_command *const[]){&command_list, &command_show, &command_suppress, &command_withdraw,
                                          &command_notify, &command_reopen, &command_suppressions,
                                          &command_audit, NULL}};
