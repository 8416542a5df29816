/* trail_search.c: `vigil trail search`: events of ingested logs by an expression. */
#include "cli/cli_parts.h"
#include "cli/trail_parts.h"
#include "cli/trail_store.h"
#include "report/report.h"

typedef struct {
    vg_cli *cli;
    vg_evidence *evidence;
    vg_vec indexes; /* vg_known_index */
    vg_trail_index **opened;
    size_t opened_count;
    vg_vec others; /* vg_str: log files of broken index files */
    vg_search_counts counts;
    uint64_t given, skip; /* hits that were printed; those that are not printed again */
    enum { AS_TABLE, AS_JSONL, AS_JSON } format;
    bool counting;
    vg_buf line;
    vg_progress progress;
    uint64_t drawn; /* log files that it was told of */
} search_command;

/* ---- a hit ------------------------------------------------------------------------------------------------------------------ */

/* Text in a column: what is shorter is filled up, what is longer pushes the rest. */
static void add_column(vg_buf *out, vg_str text, size_t width)
{
    size_t from = out->len;
    if (text.len)
        vg_report_safe(out, text);
    else
        vg_buf_add_char(out, '-');
    for (size_t n = out->len - from; n < width; n++)
        vg_buf_add_char(out, ' ');
    vg_buf_add_char(out, ' ');
}

/* What of an ARN tells people apart: its account is that of the line or stands in it. */
static vg_str short_actor(vg_str actor)
{
    vg_arn arn;
    return vg_arn_parse(actor, &arn) && arn.resource.len ? arn.resource : actor;
}

/* "s3:GetObject" */
static void add_event(vg_buf *out, const vg_search_hit *hit, size_t width)
{
    vg_buf text = {0};
    vg_str service, rest;
    vg_str_split(hit->source, '.', &service, &rest);
    bool is_service = vg_str_is(rest, "amazonaws.com");
    vg_buf_add_str(&text, is_service ? service : hit->source);
    if (text.len)
        vg_buf_add_char(&text, is_service || hit->log == VG_LOG_CLOUDTRAIL ? ':' : ' ');
    vg_buf_add_str(&text, hit->name);
    add_column(out, vg_buf_str(&text), width);
    vg_buf_free(&text);
}

static void add_time(vg_buf *out, vg_time time)
{
    char text[VG_TIME_TEXT] = "-";
    if (time != VG_TIME_NONE)
        vg_time_format(time, text);
    add_column(out, vg_str_from(text), 20);
}

static void table_line(search_command *c, const vg_search_hit *hit)
{
    vg_buf *out = &c->line;
    add_time(out, hit->time);
    add_column(out, hit->account, 12);
    add_column(out, hit->region, 14);
    add_event(out, hit, 36);
    add_column(out, short_actor(hit->actor), 32);
    add_column(out, hit->source_ip, 15);
    if (hit->error.len)
        vg_report_safe(out, hit->error);
    while (out->len && out->ptr[out->len - 1] == ' ')
        out->len--;
    vg_buf_add_char(out, '\n');
}

static void table_head(const search_command *c)
{
    fprintf(c->cli->out, "%-20s %-12s %-14s %-36s %-32s %-15s %s\n", "TIME", "ACCOUNT", "REGION", "EVENT",
            "ACTOR", "FROM", "ERROR");
}

static void json_item(search_command *c, const vg_search_hit *hit)
{
    char time[VG_TIME_TEXT] = "";
    vg_json_writer w = vg_json_writer_to(&c->line, 0);
    if (hit->time != VG_TIME_NONE)
        vg_time_format(hit->time, time);
    const struct {
        const char *key;
        vg_str value;
    } texts[] = {
        {"time", vg_str_from(time)},
        {"log", hit->log < VG_LOG_KIND_COUNT ? vg_str_from(vg_log_services[hit->log]) : VG_STR("other")},
        {"id", hit->id},
        {"account", hit->account},
        {"region", hit->region},
        {"source", hit->source},
        {"name", hit->name},
        {"actor", hit->actor},
        {"source_ip", hit->source_ip},
        {"error", hit->error},
        {"shared_event_id", hit->shared_id},
        {"file", hit->key}};
    vg_buf_add_c(&c->line, c->given ? ",\n  " : "\n  ");
    vg_json_object(&w);
    for (size_t i = 0; i < VG_COUNT(texts); i++)
        if (texts[i].value.len)
            vg_json_put_str(&w, texts[i].key, texts[i].value);
    vg_buf_add_c(&c->line, ",\"event\":");
    vg_buf_add_str(&c->line, hit->json);
    vg_buf_add_char(&c->line, '}');
}

static vg_status on_hit(void *context, const vg_search_hit *hit, vg_error *err)
{
    search_command *c = context;
    if (c->skip) {
        c->skip--;
        return VG_OK;
    }
    if (!c->counting) {
        vg_buf_clear(&c->line);
        if (c->format == AS_TABLE) {
            if (!c->given)
                table_head(c);
            table_line(c, hit);
        } else if (c->format == AS_JSON) {
            json_item(c, hit);
        } else {
            vg_buf_add_str(&c->line, hit->json);
            vg_buf_add_char(&c->line, '\n');
        }
        if (c->line.failed)
            return vg_fail(err, VG_ERR_MEMORY, "memory ran out while printing");
        fwrite(c->line.ptr, 1, c->line.len, c->cli->out);
    }
    c->given++;
    return VG_OK;
}

static void on_bad(void *context, vg_str key, const vg_error *bad)
{
    search_command *c = context;
    vg_error told;
    if (c->drawn)
        vg_progress_end(&c->progress);
    vg_error_copy(&told, bad);
    if (!told.place.file.len)
        vg_error_locate(&told, (vg_place){.file = key});
    vg_cli_error(c->cli, &told);
    vg_cli_note(c->cli, VG_EXIT_PARTIAL);
}

/* Not where it would stand between the matches. */
static void on_progress(void *context, uint64_t objects, uint64_t of)
{
    search_command *c = context;
    if (c->cli->world->out_is_terminal && !c->counting)
        return;
    if (!c->drawn)
        vg_progress_start(&c->progress, c->cli, "searching log files", of);
    vg_progress_add(&c->progress, objects - c->drawn);
    c->drawn = objects;
}

/* ---- the search ---------------------------------------------------------------------------------------------------------------- */

static vg_status open_indexes(search_command *c, bool check, vg_error *err)
{
    vg_cli *cli = c->cli;
    VG_TRY(vg_known_indexes_open(cli, cli->arena, c->evidence, check, &c->indexes, err));
    c->opened = VG_NEW_N(cli->arena, vg_trail_index *, c->indexes.len + 1);
    c->opened_count = 0;
    c->others = vg_vec_in(cli->arena, sizeof(vg_str));
    if (!c->opened)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
    for (size_t i = 0; i < c->indexes.len; i++) {
        const vg_known_index *known = vg_vec_at(&c->indexes, i);
        if (known->index)
            c->opened[c->opened_count++] = known->index;
        else
            VG_TRY(vg_known_index_logs(cli->arena, c->evidence, known->number, &c->others, err));
    }
    if (c->others.len)
        vg_cli_say(cli, "%zu log files of broken index files are read in full", c->others.len);
    return VG_OK;
}

static vg_status run(search_command *c, const vg_search *search, vg_error *err)
{
    vg_cli *cli = c->cli;
    vg_search_options options = {.indexes = c->opened,
                                 .index_count = c->opened_count,
                                 .others = c->others.items,
                                 .other_count = c->others.len,
                                 .folder = vg_trail_folder(cli, cli->arena),
                                 .since = VG_TIME_NONE,
                                 .until = VG_TIME_NONE,
                                 .newest_first = vg_cli_flag(cli, "newest-first"),
                                 .count_only = c->counting,
                                 .linked = vg_cli_flag(cli, "linked"),
                                 .threads = cli->threads,
                                 .log = {.format = vg_cli_value(cli, "flow-format"),
                                         .account = vg_cli_value(cli, "account"),
                                         .region = vg_cli_value(cli, "region")},
                                 .hit = on_hit,
                                 .bad = on_bad,
                                 .progress = on_progress,
                                 .context = c};
    vg_time last;
    vg_cli_time(cli, "since", &options.since);
    vg_cli_time(cli, "until", &options.until);
    if (vg_cli_duration(cli, "last", &last))
        options.since = cli->now - last;
    vg_cli_number(cli, "limit", &options.limit);
    c->drawn = 0;
    VG_TRY(vg_trail_files(cli->arena, NULL, 0, &options.source, err));
    vg_status status = vg_search_run(search, &options, &c->counts, err);
    if (c->drawn)
        vg_progress_end(&c->progress);
    return status;
}

/* An index file that turns out to be broken on the way is not believed any further: all are checked, and what the broken one
 * tells of is read whole. Matches come in the same order again, so those that were printed are passed over. */
static vg_status search_all(search_command *c, const vg_search *search, vg_error *err)
{
    VG_TRY(open_indexes(c, false, err));
    vg_status status = run(c, search, err);
    if (status != VG_ERR_CORRUPT)
        return status;
    vg_known_indexes_close(&c->indexes);
    VG_TRY(open_indexes(c, true, err));
    c->skip = c->given;
    return run(c, search, err);
}

static void finish(search_command *c)
{
    const vg_search_counts *n = &c->counts;
    if (c->counting)
        fprintf(c->cli->out, "%llu\n", (unsigned long long)c->given);
    else if (c->format == AS_JSON)
        fprintf(c->cli->out, "%s],\"count\":%llu,\"files\":%llu,\"files_opened\":%llu,\"duplicates\":%llu}\n",
                c->given ? "\n" : "", (unsigned long long)c->given, (unsigned long long)n->objects,
                (unsigned long long)n->opened, (unsigned long long)n->duplicates);
    vg_cli_say(c->cli, "%llu event%s; %llu of %llu log files opened%s", (unsigned long long)c->given,
               c->given == 1 ? "" : "s", (unsigned long long)n->opened, (unsigned long long)n->objects,
               n->objects ? "" : ": nothing was ingested yet (vigil trail ingest)");
}

static int search_in(search_command *c, const vg_search *search)
{
    vg_error err = {0};
    if (c->format == AS_JSON && !c->counting)
        fputs("{\"events\":[", c->cli->out);
    vg_status status = search_all(c, search, &err);
    if (status == VG_OK)
        finish(c);
    vg_known_indexes_close(&c->indexes);
    vg_buf_free(&c->line);
    return status == VG_OK ? VG_EXIT_OK : (int)vg_cli_error(c->cli, &err);
}

static int run_search(vg_cli *cli)
{
    vg_error err = {0};
    const vg_str *arguments;
    const vg_search *search;
    vg_time since, until;
    size_t count = vg_cli_arguments(cli, &arguments);
    search_command c = {.cli = cli, .counting = vg_cli_flag(cli, "count")};
    c.format = vg_cli_choice(cli, "format") == 1   ? AS_JSONL
               : vg_cli_choice(cli, "format") == 2 ? AS_JSON
                                                   : AS_TABLE;
    if (vg_cli_time(cli, "since", &since) && vg_cli_time(cli, "until", &until) && since > until)
        return vg_cli_usage(cli, "--since must not be after --until");
    if (vg_search_compile(cli->arena, count ? arguments[0] : VG_STR(""), &search, &err) != VG_OK)
        return vg_cli_usage(cli, "column %u: %s", err.place.column, err.message);
    const vg_evidence_options open = {
        .now = cli->now, .who = vg_cli_user(cli), .command = VG_STR("vigil trail search")};
    if (vg_evidence_open(cli->workspace, &open, &c.evidence, &err) != VG_OK)
        return vg_cli_error(cli, &err);
    int code = search_in(&c, search);
    vg_evidence_close(c.evidence);
    return code;
}

/* ---- the table --------------------------------------------------------------------------------------------------------------------- */

static const vg_option options[] = {
    {.name = "since", .argument = "TIME", .kind = VG_ARG_TIME, .help = "Events from then on."},
    {.name = "until", .argument = "TIME", .kind = VG_ARG_TIME, .help = "Events before then."},
    {.name = "last",
     .argument = "DURATION",
     .kind = VG_ARG_DURATION,
     .help = "Events of the last 12h, 90d, 4w."},
    {.name = "format",
     .argument = "FORMAT",
     .choices = "table|jsonl|json",
     .fallback = "table",
     .help = "A table for people, the events themselves one a line, or one JSON document with where each was "
             "found."},
    {.name = "count", .help = "Print how many there are, and nothing else."},
    {.name = "limit", .argument = "N", .kind = VG_ARG_NUMBER, .help = "Stop after the first N."},
    {.name = "newest-first", .help = "By time downwards."},
    {.name = "linked",
     .help =
         "Also the records that other accounts have of the same events (sharedEventID), of the first 1,000."},
    {.name = "flow-format",
     .argument = "FORMAT",
     .help = "The columns of flow logs without a header line, as when they were ingested."},
    {.name = "account",
     .argument = "ID",
     .kind = VG_ARG_ACCOUNT,
     .help = "The account of logs that neither they nor their path place, as when they were ingested."},
    {.name = "region", .argument = "REGION", .help = "The region of such logs."},
    {0},
};
static const vg_positional positionals[] = {
    {.name = "EXPR",
     .help = "What to look for; in quotes, for the shell. None: everything.",
     .optional = true},
    {0},
};
static const vg_example examples[] = {
    {"vigil trail search 'key = AKIAIOSFODNN7EXAMPLE' --last 52w",
     "What was done with an access key, in a year."},
    {"vigil trail search 'principal = *role/deploy and name = Put* and not error exists'",
     "What a role changed, where it worked."},
    {"vigil trail search 'ip in (198.51.100.0/24, 2001:db8::/32)' --format jsonl | jq .eventName",
     "What came from some addresses."},
    {"vigil trail search 'requestParameters.bucketName = payroll-* and \"access denied\"' --count",
     "How often somebody was refused."},
    {0},
};
static const vg_exit_note exit_notes[] = {
    {2, "The expression is wrong: the column and what was expected there are told."},
    {3, "A log file that may hold matches is gone, has changed, or cannot be read; or an index file is "
        "broken (its log "
        "files were then read in full)."},
    {0},
};

const vg_command vg_trail_search = {
    .name = "search",
    .summary = "Search the events of ingested logs",
    .description = "Finds events by an expression, in the order of time, each once whichever trails recorded "
                   "it. The index chooses the "
                   "log files that can hold a match; only these are opened.\n\n"
                   "FIELD OPERATOR VALUE compares a field by its dotted path (requestParameters.bucketName; "
                   "lists are crossed) or by a "
                   "short name: key, principal, ip, name, resource, account, region, shared, time, log, id, "
                   "actor, source, error, "
                   "agent. Operators are = != < <= > >= in exists; == and !== heed the case of letters, the "
                   "others do not. * and ? are "
                   "wildcards; in takes a list in parentheses and blocks of addresses; < and > take numbers "
                   "and times. and, or, not "
                   "and parentheses join them; words side by side mean and. A word or a quoted text alone is "
                   "looked for in every name and value. "
                   "docs/reference/search.md tells all.\n\n"
                   "Finding nothing is no failure: the exit code is 0.",
    .options = options,
    .positionals = positionals,
    .examples = examples,
    .exit_notes = exit_notes,
    .run = run_search,
};
