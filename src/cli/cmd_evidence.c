/* cmd_evidence.c: `vigil evidence`, `vigil baseline`, `vigil drift`: what is known, since when, from where, and what has
 * changed since it was declared good. */
#include "cli/cli_listing.h"
#include "evidence/evidence.h"
#include "report/report.h"

/* ---- the workspace ---------------------------------------------------------------------------------------------------- */

static vg_status open_workspace(vg_cli *cli, bool write, const char *command, vg_evidence **out,
                                vg_error *err)
{
    const vg_evidence_options options = {
        .write = write, .now = cli->now, .who = vg_cli_user(cli), .command = vg_str_from(command)};
    return vg_evidence_open(cli->workspace, &options, out, err);
}

/* Opens for reading, does `work` in one snapshot, closes, and gives the exit code. */
static int read_workspace(vg_cli *cli, vg_status (*work)(vg_cli *, vg_evidence *, vg_error *))
{
    vg_error err = {0};
    vg_evidence *evidence = NULL;
    vg_status status = open_workspace(cli, false, "vigil", &evidence, &err);
    if (status == VG_OK)
        status = vg_evidence_read_begin(evidence, &err);
    if (status == VG_OK) {
        status = work(cli, evidence, &err);
        vg_evidence_read_end(evidence);
    }
    vg_evidence_close(evidence);
    return status == VG_OK ? VG_EXIT_OK : (int)vg_cli_error(cli, &err);
}

static vg_resource_filter filter_of(vg_cli *cli)
{
    vg_time at = VG_TIME_NONE;
    if (!vg_cli_time(cli, "at", &at))
        at = VG_TIME_NONE;
    return (vg_resource_filter){.type = vg_cli_value(cli, "type"),
                                .account = vg_cli_value(cli, "account"),
                                .region = vg_cli_value(cli, "region"),
                                .at = at};
}

/* ---- list ---------------------------------------------------------------------------------------------------------------- */

static const vg_listing_column list_columns[] = {
    {"Account", "account", VG_LIST_FIXED},
    {"Region", "region", VG_LIST_FIXED},
    {"Type", "type", VG_LIST_TEXT},
    {"Id", "id", VG_LIST_TEXT},
    {"Name", "name", VG_LIST_HIDDEN},
    {"Version", "version", VG_LIST_HIDDEN_NUMBER},
    {"Since", "observed", VG_LIST_FIXED},
    {"Last seen", "last_seen", VG_LIST_HIDDEN},
    {"Gone", "gone", VG_LIST_HIDDEN},
    {"Source", "source", VG_LIST_HIDDEN},
    {"Origin", "origin", VG_LIST_HIDDEN},
    {"Run", "run", VG_LIST_HIDDEN},
    {"Properties", "properties", VG_LIST_JSON},
};

enum { SHORT_COLUMNS = VG_COUNT(list_columns) - 1 }; /* without the properties */

static vg_status list_row(void *context, const vg_evidence_row *row, vg_error *err)
{
    vg_listing *listing = context;
    vg_arena *arena = listing->scratch;
    const vg_resource *r = &row->resource;
    if (!arena)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    vg_str version = vg_arena_printf(arena, "%u", row->version);
    const vg_str cells[] = {r->account,
                            r->region,
                            r->type,
                            r->id,
                            r->name,
                            version,
                            vg_listing_when(listing, r->observed),
                            vg_listing_when(listing, row->last_seen),
                            vg_listing_when(listing, row->gone),
                            r->source,
                            r->origin,
                            row->run,
                            r->properties};
    vg_status status = vg_listing_row(listing, cells, err);
    return status;
}

static vg_status work_list(vg_cli *cli, vg_evidence *evidence, vg_error *err)
{
    vg_listing listing;
    vg_resource_filter filter = filter_of(cli);
    filter.id = vg_cli_value(cli, "id");
    filter.source = vg_cli_value(cli, "source");
    filter.with_gone = vg_cli_flag(cli, "gone");
    vg_listing_begin(&listing, cli, list_columns, SHORT_COLUMNS, vg_cli_choice(cli, "format") == 1);
    vg_status status = vg_evidence_resources(evidence, &filter, list_row, &listing, err);
    return vg_listing_end(&listing, status,
                          "nothing is known that matches; `vigil import` brings evidence in", err);
}

static int run_list(vg_cli *cli)
{
    return read_workspace(cli, work_list);
}

/* ---- show and history -------------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_cli *cli;
    vg_evidence *evidence;
    vg_listing *listing; /* JSON */
    uint64_t shown;
} showing;

static void print_line(FILE *out, const char *label, vg_str text)
{
    vg_buf safe = {0};
    if (!text.len)
        return;
    vg_report_safe(&safe, text);
    fprintf(out, "%-11s %.*s\n", label, VG_ARG(vg_buf_str(&safe)));
    vg_buf_free(&safe);
}

static vg_status print_properties(FILE *out, vg_arena *arena, vg_str properties, vg_error *err)
{
    vg_doc doc;
    vg_buf pretty = {0}, safe = {0};
    VG_TRY(vg_json_read(arena, properties, VG_STR("workspace"), NULL, &doc, err));
    vg_json_write(&pretty, doc.root, 2);
    for (vg_str rest = vg_buf_str(&pretty), line; vg_str_next(&rest, '\n', &line);) {
        vg_buf_clear(&safe);
        vg_report_safe(&safe, line);
        fprintf(out, "  %.*s\n", VG_ARG(vg_buf_str(&safe)));
    }
    vg_buf_free(&pretty);
    vg_buf_free(&safe);
    return VG_OK;
}

static vg_status show_row(void *context, const vg_evidence_row *row, vg_error *err)
{
    showing *s = context;
    const vg_resource *r = &row->resource;
    if (s->listing->is_json)
        return list_row(s->listing, row, err);
    FILE *out = s->cli->out;
    vg_arena *arena = s->listing->scratch;
    if (!arena)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    vg_arena_reset(arena);
    if (s->shown++)
        fputc('\n', out);
    print_line(out, "Type", r->type);
    print_line(out, "Id", r->id);
    print_line(out, "Name", r->name);
    print_line(out, "Account", r->account);
    print_line(out, "Region", r->region);
    fprintf(out, "%-11s %u\n", "Version", row->version);
    print_line(out, "Since", vg_listing_time(arena, r->observed));
    print_line(out, "Last seen", vg_listing_time(arena, row->last_seen));
    print_line(out, "Gone", vg_listing_time(arena, row->gone));
    print_line(out, "Source", r->source);
    print_line(out, "Origin", r->origin);
    print_line(out, "Run", row->run);
    return print_properties(out, arena, r->properties, err);
}

static vg_status history_of_row(void *context, const vg_evidence_row *row, vg_error *err)
{
    const showing *s = context;
    const vg_resource *r = &row->resource;
    return vg_evidence_history(s->evidence, r->type, r->account, r->region, r->id, show_row, context, err);
}

static vg_status work_show(vg_cli *cli, vg_evidence *evidence, bool history, vg_error *err)
{
    const vg_str *arguments;
    vg_cli_arguments(cli, &arguments);
    vg_listing listing;
    vg_resource_filter filter = history ? VG_RESOURCE_FILTER_ALL : filter_of(cli);
    showing s = {.cli = cli, .evidence = evidence, .listing = &listing};
    filter.type = vg_cli_value(cli, "type");
    filter.account = vg_cli_value(cli, "account");
    filter.region = vg_cli_value(cli, "region");
    filter.id = arguments[0];
    filter.with_gone = true;
    vg_listing_begin(&listing, cli, list_columns, VG_COUNT(list_columns), vg_cli_choice(cli, "format") == 1);
    vg_status status = vg_evidence_resources(evidence, &filter, history ? history_of_row : show_row, &s, err);
    if (status == VG_OK && !s.shown && !listing.rows)
        status = vg_fail(err, VG_ERR_NOT_FOUND,
                         "nothing with the id %.*s is known; `vigil evidence list` shows ids",
                         VG_ARG(vg_str_sub(filter.id, 0, 200)));
    if (!listing.is_json)
        listing.rows = 0; /* printed already */
    if (listing.is_json || status != VG_OK)
        return vg_listing_end(&listing, status, "", err);
    vg_buf_free(&listing.text);
    vg_arena_free(listing.scratch);
    return VG_OK;
}

static vg_status work_show_now(vg_cli *cli, vg_evidence *evidence, vg_error *err)
{
    return work_show(cli, evidence, false, err);
}

static vg_status work_history(vg_cli *cli, vg_evidence *evidence, vg_error *err)
{
    return work_show(cli, evidence, true, err);
}

static int run_show(vg_cli *cli)
{
    return read_workspace(cli, work_show_now);
}

static int run_history(vg_cli *cli)
{
    return read_workspace(cli, work_history);
}

/* ---- ledger -------------------------------------------------------------------------------------------------------------------- */

static const vg_listing_column ledger_columns[] = {
    {"File", "path", VG_LIST_TEXT},
    {"Operation", "operation", VG_LIST_TEXT},
    {"Parameter", "parameter", VG_LIST_HIDDEN},
    {"Account", "account", VG_LIST_FIXED},
    {"Region", "region", VG_LIST_TEXT},
    {"Outcome", "outcome", VG_LIST_TEXT},
    {"Reason", "reason", VG_LIST_TEXT},
    {"Items", "items", VG_LIST_NUMBER},
    {"Truncated", "truncated", VG_LIST_HIDDEN},
    {"Size", "size", VG_LIST_HIDDEN},
    {"SHA-256", "sha256", VG_LIST_HIDDEN},
    {"As of", "observed", VG_LIST_HIDDEN},
    {"Run", "run", VG_LIST_HIDDEN},
};

static vg_status ledger_row(void *context, const vg_ledger_entry *entry, vg_error *err)
{
    vg_listing *listing = context;
    vg_arena *arena = listing->scratch;
    char sha256[65];
    if (!arena)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    vg_hex(entry->sha256, sizeof entry->sha256, sha256);
    const vg_str cells[] = {entry->path,
                            entry->operation,
                            entry->parameter,
                            entry->account,
                            entry->region,
                            vg_str_from(vg_ledger_outcome_name(entry->outcome)),
                            entry->reason,
                            vg_arena_printf(arena, "%llu", (unsigned long long)entry->items),
                            entry->truncated ? VG_STR("yes") : VG_STR("no"),
                            vg_arena_printf(arena, "%llu", (unsigned long long)entry->size),
                            vg_str_from(sha256),
                            vg_listing_when(listing, entry->observed),
                            entry->run};
    return vg_listing_row(listing, cells, err);
}

static vg_status work_ledger(vg_cli *cli, vg_evidence *evidence, vg_error *err)
{
    vg_listing listing;
    vg_listing_begin(&listing, cli, ledger_columns, VG_COUNT(ledger_columns),
                     vg_cli_choice(cli, "format") == 1);
    vg_status status = vg_evidence_ledger(evidence, vg_cli_value(cli, "run"), ledger_row, &listing, err);
    return vg_listing_end(&listing, status, "nothing was imported", err);
}

static int run_ledger(vg_cli *cli)
{
    return read_workspace(cli, work_ledger);
}

/* ---- baselines and drift ---------------------------------------------------------------------------------------------------------- */

static int run_baseline_set(vg_cli *cli)
{
    const vg_str *arguments;
    vg_error err = {0};
    vg_evidence *evidence = NULL;
    uint64_t resources = 0;
    vg_cli_arguments(cli, &arguments);
    vg_status status = open_workspace(cli, true, "vigil baseline set", &evidence, &err);
    if (status == VG_OK)
        status = vg_evidence_baseline_set(evidence, arguments[0], cli->now, &resources, &err);
    vg_evidence_close(evidence);
    if (status != VG_OK)
        return vg_cli_error(cli, &err);
    vg_cli_say(cli, "%llu resources are the baseline now", (unsigned long long)resources);
    return VG_EXIT_OK;
}

static const vg_listing_column baseline_columns[] = {
    {"Name", "name", VG_LIST_TEXT},
    {"Resources", "resources", VG_LIST_NUMBER},
    {"Set", "created", VG_LIST_FIXED},
    {"By", "who", VG_LIST_TEXT},
};

static vg_status baseline_row(void *context, const vg_baseline_row *row, vg_error *err)
{
    vg_listing *listing = context;
    vg_arena *arena = listing->scratch;
    if (!arena)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    const vg_str cells[] = {row->name, vg_arena_printf(arena, "%llu", (unsigned long long)row->resources),
                            vg_listing_when(listing, row->created), row->who};
    return vg_listing_row(listing, cells, err);
}

static vg_status work_baselines(vg_cli *cli, vg_evidence *evidence, vg_error *err)
{
    vg_listing listing;
    vg_listing_begin(&listing, cli, baseline_columns, VG_COUNT(baseline_columns),
                     vg_cli_choice(cli, "format") == 1);
    vg_status status = vg_evidence_baselines(evidence, baseline_row, &listing, err);
    return vg_listing_end(&listing, status, "no baseline is set; `vigil baseline set NAME` sets one", err);
}

static int run_baseline_list(vg_cli *cli)
{
    return read_workspace(cli, work_baselines);
}

static const vg_listing_column drift_columns[] = {
    {"Account", "account", VG_LIST_FIXED}, {"Region", "region", VG_LIST_HIDDEN},
    {"Type", "type", VG_LIST_TEXT},        {"Id", "id", VG_LIST_TEXT},
    {"Name", "name", VG_LIST_HIDDEN},      {"Change", "change", VG_LIST_FIXED},
    {"Property", "path", VG_LIST_TEXT},    {"Was", "old", VG_LIST_JSON},
    {"Is", "new", VG_LIST_JSON},           {"Seen", "when", VG_LIST_HIDDEN},
};

static vg_status drift_row(void *context, const vg_drift *d, vg_error *err)
{
    vg_listing *listing = context;
    vg_arena *arena = listing->scratch;
    if (!arena)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    bool is_whole = d->path.len == 0 && !listing->is_json; /* whole resources are too much for a cell */
    const vg_str cells[] = {d->account,
                            d->region,
                            d->type,
                            d->id,
                            d->name,
                            vg_str_from(vg_drift_kind_name(d->kind)),
                            d->path,
                            is_whole ? VG_STR("") : d->old_value,
                            is_whole ? VG_STR("") : d->new_value,
                            vg_listing_when(listing, d->when)};
    return vg_listing_row(listing, cells, err);
}

static vg_status work_drift(vg_cli *cli, vg_evidence *evidence, vg_error *err)
{
    const vg_str *arguments;
    vg_listing listing;
    vg_cli_arguments(cli, &arguments);
    vg_listing_begin(&listing, cli, drift_columns, VG_COUNT(drift_columns),
                     vg_cli_choice(cli, "format") == 1);
    vg_status status = vg_evidence_drift(evidence, arguments[0], drift_row, &listing, err);
    return vg_listing_end(&listing, status, "nothing has drifted", err);
}

static int run_drift(vg_cli *cli)
{
    return read_workspace(cli, work_drift);
}

/* ---- the tables ---------------------------------------------------------------------------------------------------------------------- */

#define FORMAT                                                                                               \
    {                                                                                                        \
        .name = "format", .argument = "FORMAT", .choices = "table|json", .fallback = "table",                \
        .help = "How to print."                                                                              \
    }
#define WHICH                                                                                                \
    {.name = "type",                                                                                         \
     .argument = "TYPE",                                                                                     \
     .help = "Only this type, such as AWS::S3::Bucket; a final '*' is any end."},                            \
        {.name = "account", .argument = "ID", .help = "Only this account.", .kind = VG_ARG_ACCOUNT},         \
    {                                                                                                        \
        .name = "region", .argument = "REGION", .help = "Only this region."                                  \
    }
#define AT                                                                                                   \
    {                                                                                                        \
        .name = "at", .argument = "TIME", .help = "As it was known to be then.", .kind = VG_ARG_TIME         \
    }

static const vg_option list_options[] = {
    WHICH,
    {.name = "id", .argument = "ID", .help = "Only what has this id."},
    {.name = "source", .argument = "SOURCE", .help = "Only from this source: iam:ListUsers, fact:*."},
    AT,
    {.name = "gone", .help = "Also what is gone."},
    FORMAT,
    {0},
};
static const vg_option show_options[] = {WHICH, AT, FORMAT, {0}};
static const vg_option history_options[] = {WHICH, FORMAT, {0}};
static const vg_option ledger_options[] = {
    {.name = "run", .argument = "RUN", .help = "The files of this run; else what stands now."}, FORMAT, {0}};
static const vg_option format_options[] = {FORMAT, {0}};
static const vg_option no_options[] = {{0}};
static const vg_positional id_positional[] = {
    {.name = "ID", .help = "The resource's id: its ARN where it has one."}, {0}};
static const vg_positional name_positional[] = {{.name = "NAME", .help = "The baseline's name."}, {0}};

static const vg_command command_list = {
    .name = "list",
    .summary = "List resources, now or at a time",
    .description = "Lists what evidence there is, ordered by account, type, region and id.",
    .options = list_options,
    .examples = (const vg_example[]){{"vigil evidence list --type 'AWS::IAM::*' --account 111122223333",
                                      "List the IAM resources of an account."},
                                     {"vigil evidence list --at 2026-11-01", "List what was there on a day."},
                                     {0}},
    .run = run_list};
static const vg_command command_show = {
    .name = "show",
    .summary = "Show a resource with its properties",
    .description = "Shows every resource that has the id, with where each was seen, when and by which run.",
    .options = show_options,
    .positionals = id_positional,
    .examples =
        (const vg_example[]){
            {"vigil evidence show arn:aws:iam::111122223333:user/alice", "Show a user as last seen."}, {0}},
    .run = run_show};
static const vg_command command_history = {
    .name = "history",
    .summary = "Show every version of a resource",
    .description =
        "Shows all versions of every resource that has the id, oldest first, and when it was found missing.",
    .options = history_options,
    .positionals = id_positional,
    .examples = (const vg_example[]){{"vigil evidence history arn:aws:iam::111122223333:user/alice",
                                      "Show how a user came to be what it is."},
                                     {0}},
    .run = run_history};
static const vg_command command_ledger = {
    .name = "ledger",
    .summary = "List what was offered for import, read or not",
    .description = "Lists the files that were imported and those that were not, with why.",
    .options = ledger_options,
    .examples =
        (const vg_example[]){
            {"vigil evidence ledger --format json", "Everything that stands, for a program."}, {0}},
    .run = run_ledger};
static const vg_command command_baseline_set = {
    .name = "set",
    .summary = "Declare what is there now as the baseline",
    .description =
        "Keeps the current version of every resource under the name; an existing name is replaced.",
    .options = no_options,
    .positionals = name_positional,
    .examples =
        (const vg_example[]){{"vigil baseline set release-7", "Remember the state after a release."}, {0}},
    .run = run_baseline_set};
static const vg_command command_baseline_list = {
    .name = "list",
    .summary = "List baselines",
    .description = "Lists the baselines with who set them and when.",
    .options = format_options,
    .examples = (const vg_example[]){{"vigil baseline list", "List them."}, {0}},
    .run = run_baseline_list};

const vg_command vg_command_evidence = {
    .name = "evidence",
    .summary = "Look at what is known, since when and from where",
    .description = "Reads the workspace: resources with their whole history, and the ledger of imports.",
    .nested =
        (const vg_command *const[]){&command_list, &command_show, &command_history, &command_ledger, NULL}};

const vg_command vg_command_baseline = {
    .name = "baseline",
    .summary = "Name the present state, to compare with later",
    .description =
        "A baseline is the state of every resource at the moment it was set; `vigil drift` compares.",
    .nested = (const vg_command *const[]){&command_baseline_set, &command_baseline_list, NULL}};

const vg_command vg_command_drift = {
    .name = "drift",
    .summary = "Tell what has changed since a baseline",
    .description = "Lists resources that came, went or changed since the baseline, down to the property. "
                   "Items of a list "
                   "are told apart by their Sid, Key, Id or Name where they have one.",
    .options = format_options,
    .positionals = name_positional,
    .examples = (const vg_example[]){{"vigil drift release-7", "What has changed since the release."}, {0}},
    .run = run_drift};
