/* trail_timeline.c: `vigil trail timeline`: what happened around one principal, key, address or resource, in order. */
#include "cli/trail_timeline.h"

#include "cli/cli_parts.h"
#include "cli/trail_parts.h"
#include "cli/trail_store.h"

#include <stdlib.h>

typedef struct {
    vg_cli *cli;
    vg_evidence *evidence; /* NULL: log files were given */
    vg_vec indexes;        /* vg_known_index */
    vg_detect_set set;
    vg_detector *detector; /* of events as they are found; NULL: the logs are read by detectors */
    vg_detect_findings findings;
    vg_timeline_page page;
    vg_subject_kind kind;
    vg_str subject;
    const vg_str *logs;
    size_t log_count;
    vg_time since, until;
} timeline_command;

static void on_bad(void *context, vg_str key, const vg_error *bad)
{
    timeline_command *c = context;
    vg_error told;
    vg_error_copy(&told, bad);
    if (!told.place.file.len)
        vg_error_locate(&told, (vg_place){.file = key});
    vg_cli_error(c->cli, &told);
    vg_cli_note(c->cli, VG_EXIT_PARTIAL);
}

static void on_skipped(void *context, const vg_error *err)
{
    (void)context; /* the detectors' reading tells it */
    (void)err;
}

static vg_status on_event(void *context, const vg_event *event, vg_error *err)
{
    timeline_command *c = context;
    return vg_detect_event(c->detector, event, err);
}

/* ---- where to look -------------------------------------------------------------------------------------------------------------- */

static vg_status use_indexes(timeline_command *c, vg_search_options *options, vg_error *err)
{
    vg_cli *cli = c->cli;
    const vg_evidence_options open = {
        .now = cli->now, .who = vg_cli_user(cli), .command = VG_STR("vigil trail timeline")};
    VG_TRY(vg_evidence_open(cli->workspace, &open, &c->evidence, err));
    /* Every page is looked at first: a broken one would end a search halfway. */
    VG_TRY(vg_known_indexes_open(cli, cli->arena, c->evidence, true, &c->indexes, err));
    vg_trail_index **opened = VG_NEW_N(cli->arena, vg_trail_index *, c->indexes.len + 1);
    vg_vec others = vg_vec_in(cli->arena, sizeof(vg_str));
    if (!opened)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
    for (size_t i = 0; i < c->indexes.len; i++) {
        const vg_known_index *known = vg_vec_at(&c->indexes, i);
        if (known->index)
            opened[options->index_count++] = known->index;
        else
            VG_TRY(vg_known_index_logs(cli->arena, c->evidence, known->number, &others, err));
    }
    options->indexes = opened;
    options->others = others.items;
    options->other_count = others.len;
    options->folder = vg_trail_folder(cli, cli->arena);
    options->bad = on_bad;
    return vg_trail_files(cli->arena, NULL, 0, &options->source, err);
}

static vg_status use_logs(timeline_command *c, vg_search_options *options, vg_error *err)
{
    vg_vec listed = vg_vec_in(c->cli->arena, sizeof(vg_trail_listed));
    vg_vec keys = vg_vec_in(c->cli->arena, sizeof(vg_str));
    VG_TRY(vg_trail_files(c->cli->arena, c->logs, c->log_count, &options->source, err));
    VG_TRY(options->source.list(options->source.context, c->cli->arena, &listed, on_skipped, c, err));
    for (size_t i = 0; i < listed.len; i++) {
        const vg_trail_listed *file = vg_vec_at(&listed, i);
        vg_str *slot = vg_vec_push(&keys);
        if (!slot)
            return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
        *slot = file->key;
    }
    options->others = keys.items;
    options->other_count = keys.len;
    return VG_OK;
}

/* ---- findings ------------------------------------------------------------------------------------------------------------------- */

/* Shown the logs, as `vigil detect` is, or the events of the timeline as they are found. */
static vg_status find_in_logs(timeline_command *c, vg_error *err)
{
    const vg_detector_options own = {.since = c->since, .until = c->until};
    const vg_log_options logs = {.format = vg_cli_value(c->cli, "flow-format")};
    vg_detect_run run;
    if (!c->log_count)
        return VG_OK;
    VG_TRY(vg_detect_run_paths(c->cli, c->set.rules, c->logs, c->log_count, &own, &logs, &run, err));
    c->findings = run.findings;
    return VG_OK;
}

static bool is_wanted(const timeline_command *c, const vg_detect_finding *f)
{
    return c->set.wanted[f->rule];
}

/* Which findings each event is cited by: the steps of findings, looked up by event. */
static vg_status join(timeline_command *c, vg_error *err)
{
    vg_arena *arena = c->cli->arena;
    const vg_timeline *line = &c->page.line;
    vg_map *events = vg_map_new(arena, 21);
    uint32_t *from = VG_NEW_N(arena, uint32_t, line->count + 2);
    vg_vec pairs = vg_vec_in(arena, 2 * sizeof(uint32_t));
    uint32_t *told_at = VG_NEW_N(arena, uint32_t, c->findings.count + 1);
    bool failed = !events || !from || !told_at;
    for (size_t i = 0; i < line->count && !failed; i++) {
        vg_map_entry *entry = vg_map_put(events, line->events[i].id, NULL);
        failed = !entry;
        if (entry)
            entry->value.u64 = i + 1;
    }
    for (size_t i = 0; i < c->findings.count && !failed; i++) {
        told_at[i] = UINT32_MAX;
        const vg_detect_finding *f = c->findings.items[i];
        char id[VG_STEP_ID];
        for (size_t k = 0; is_wanted(c, f) && k < f->step_count; k++) {
            const vg_map_entry *entry = vg_map_get(events, vg_detect_step_at(f, k, id).id);
            uint32_t *pair = entry ? vg_vec_push(&pairs) : NULL;
            failed |= entry && !pair;
            if (!pair)
                continue;
            pair[0] = (uint32_t)entry->value.u64 - 1;
            pair[1] = (uint32_t)i;
            from[pair[0] + 1]++;
            told_at[i] = pair[0] < told_at[i] ? pair[0] : told_at[i];
        }
    }
    uint32_t *cited = VG_NEW_N(arena, uint32_t, pairs.len + 1);
    uint32_t *fill = failed ? NULL : VG_NEW_N(arena, uint32_t, line->count + 1);
    if (failed || !cited || !fill)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
    for (size_t i = 0; i < line->count; i++)
        from[i + 1] += from[i];
    for (size_t i = 0; i < pairs.len; i++) {
        const uint32_t *pair = vg_vec_at(&pairs, i);
        cited[from[pair[0]] + fill[pair[0]]++] = pair[1];
    }
    c->page.findings = c->findings.items;
    c->page.finding_count = c->findings.count;
    c->page.cited = cited;
    c->page.told_at = told_at;
    c->page.cited_from = from;
    return VG_OK;
}

/* ---- all ------------------------------------------------------------------------------------------------------------------------ */

static vg_status make(timeline_command *c, vg_error *err)
{
    vg_cli *cli = c->cli;
    vg_timeline_options options = {.search = {.since = c->since,
                                              .until = c->until,
                                              .threads = cli->threads,
                                              .log = {.format = vg_cli_value(cli, "flow-format")},
                                              .context = c}};
    uint64_t most = 0;
    if (vg_cli_number(cli, "limit", &most))
        options.most = (size_t)most;
    VG_TRY(vg_detect_set_load(cli, &c->set, err));
    vg_detect_set_tell(&c->set);
    c->page.rules = c->set.rules;
    VG_TRY(c->log_count ? use_logs(c, &options.search, err) : use_indexes(c, &options.search, err));
    VG_TRY(find_in_logs(c, err));
    if (!c->log_count) {
        const vg_detector_options own = {.since = c->since, .until = c->until};
        c->detector = vg_detector_new(c->set.rules, &own);
        if (!c->detector)
            return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
        options.event = on_event;
        options.event_context = c;
    }
    VG_TRY(vg_timeline_build(cli->arena, c->kind, c->subject, &options, &c->page.line, err));
    if (c->detector)
        VG_TRY(vg_detect_finish(cli->arena, &c->detector, 1, &c->findings, err));
    return join(c, err);
}

static vg_status write_page(timeline_command *c, vg_error *err)
{
    static void (*const writers[])(const vg_timeline_page *, vg_buf *) = {
        vg_timeline_write_text, vg_timeline_write_json, vg_timeline_write_html};
    vg_buf out = {0};
    writers[vg_cli_choice(c->cli, "format")](&c->page, &out);
    bool failed = out.failed;
    if (!failed && out.len)
        fwrite(out.ptr, 1, out.len, c->cli->out);
    vg_buf_free(&out);
    return failed ? vg_fail(err, VG_ERR_MEMORY, "memory ran out while printing") : VG_OK;
}

static void say_summary(timeline_command *c)
{
    const vg_timeline *line = &c->page.line;
    vg_cli *cli = c->cli;
    vg_cli_say(cli, "%zu event%s of %s %.*s; %llu of %llu log files opened%s", line->count,
               line->count == 1 ? "" : "s", vg_subject_names[line->kind], VG_ARG(line->subject),
               (unsigned long long)line->counts.opened, (unsigned long long)line->counts.objects,
               line->counts.objects || c->log_count ? "" : ": nothing was ingested yet (vigil trail ingest)");
    if (line->truncated) {
        vg_cli_say(cli, "there are more events: the timeline is cut; see --limit, --since and --until");
        vg_cli_note(cli, VG_EXIT_PARTIAL);
    }
    if (line->unfollowed) {
        vg_cli_say(cli, "there are more sessions than are followed: the timeline is not all; see --since");
        vg_cli_note(cli, VG_EXIT_PARTIAL);
    }
}

static void choose_kind(timeline_command *c)
{
    vg_str as = vg_cli_value(c->cli, "as");
    c->kind = vg_subject_kind_of(c->subject);
    for (int i = 0; i < VG_SUBJECT_COUNT; i++)
        if (vg_str_is(as, vg_subject_names[i]))
            c->kind = (vg_subject_kind)i;
}

static int run_timeline(vg_cli *cli)
{
    vg_error err = {0};
    const vg_str *arguments;
    vg_time last;
    size_t count = vg_cli_arguments(cli, &arguments);
    timeline_command c = {.cli = cli,
                          .subject = arguments[0],
                          .logs = arguments + 1,
                          .log_count = count - 1,
                          .since = VG_TIME_NONE,
                          .until = VG_TIME_NONE};
    c.page.cli = cli;
    c.page.all = vg_cli_flag(cli, "all");
    vg_cli_time(cli, "since", &c.since);
    vg_cli_time(cli, "until", &c.until);
    if (vg_cli_duration(cli, "last", &last))
        c.since = cli->now - last;
    if (!c.subject.len)
        return vg_cli_usage(cli, "a timeline is of something: a principal, key, address or resource");
    if (c.since != VG_TIME_NONE && c.until != VG_TIME_NONE && c.since > c.until)
        return vg_cli_usage(cli, "--since must not be after --until");
    for (size_t i = 0; i < c.log_count; i++)
        if (vg_str_is(c.logs[i], "-"))
            return vg_cli_usage(cli, "log files are read more than once, and standard input cannot be");
    choose_kind(&c);
    vg_status status = make(&c, &err);
    if (status == VG_OK)
        status = write_page(&c, &err);
    if (status == VG_OK)
        say_summary(&c);
    vg_detector_free(c.detector);
    if (c.evidence) {
        vg_known_indexes_close(&c.indexes);
        vg_evidence_close(c.evidence);
    }
    return status == VG_OK ? VG_EXIT_OK : (int)vg_cli_error(cli, &err);
}

/* ---- the table ------------------------------------------------------------------------------------------------------------------ */

static const vg_option options[] = {
    {.name = "as",
     .argument = "KIND",
     .help = "What the subject is, where its form does not tell: the name of a user is `principal`.",
     .choices = "principal|role|session|account|key|ip|resource"},
    {.name = "since", .argument = "TIME", .kind = VG_ARG_TIME, .help = "Events from then on."},
    {.name = "until", .argument = "TIME", .kind = VG_ARG_TIME, .help = "Events before then."},
    {.name = "last",
     .argument = "DURATION",
     .kind = VG_ARG_DURATION,
     .help = "Events of the last 12h, 90d, 4w."},
    {.name = "format",
     .argument = "FORMAT",
     .choices = "text|json|html",
     .fallback = "text",
     .help = "Lines for people, one JSON document, or a page that stands alone."},
    {.name = "all", .help = "Show every event, also those that repeat one within a minute."},
    {.name = "limit",
     .argument = "N",
     .kind = VG_ARG_NUMBER,
     .help = "Take at most N events, the earliest first; 100,000 when not given."},
    {.name = "flow-format",
     .argument = "FIELDS",
     .help = "The columns of flow logs that have no header line."},
    VG_DETECT_RULE_OPTIONS,
    {0},
};
static const vg_positional positionals[] = {
    {.name = "SUBJECT",
     .help =
         "ARN of a user, role or session, account id, access key, address or block, or the ARN or name of a "
         "resource."},
    {.name = "LOG",
     .help = "Log files, or folders of them. None: what was ingested into the workspace.",
     .optional = true,
     .repeatable = true,
     .kind = VG_ARG_PATH},
    {0},
};
static const vg_example examples[] = {
    {"vigil trail timeline arn:aws:iam::111122223333:user/ann --last 7d",
     "What a user did in a week, and what the sessions did that it assumed."},
    {"vigil trail timeline ASIAIOSFODNN7EXAMPLE logs/",
     "What was done with a session's key, and who is behind it."},
    {"vigil trail timeline 198.51.100.0/24 --since 2026-01-05 --format html > timeline.html",
     "What came from some addresses, as a page to hand on."},
    {"vigil trail timeline payroll logs/ --format json | jq '.events[].name'", "All that names a resource."},
    {0},
};
static const vg_exit_note exit_notes[] = {
    {VG_EXIT_PARTIAL,
     "A log file is gone, has changed, or cannot be read; or there was more than is taken (see --limit)."},
    {0},
};

const vg_command vg_trail_timeline = {
    .name = "timeline",
    .summary = "Show what happened around a principal, key, address or resource, in order",
    .description =
        "Shows the subject's events by time, each once, and says of every session who is behind it. Of a "
        "principal, "
        "key or address also what was done by the sessions that it made, through AssumeRole and the other "
        "calls of "
        "STS, over any number of hops and accounts: indented, with the role, the session and the hops.\n\n"
        "Marked are calls that failed, and what appears here for the first time: a region, a service, an "
        "address, a "
        "user agent. Repeats of a call within a minute are counted on one line. Findings of the detections "
        "stand at "
        "the first event that they cite; of an ingested index, the detections see the timeline's events "
        "alone.\n\n"
        "The makers of sessions are looked for up to 36 hours before --since, which is the longest that a "
        "session "
        "lives. The name of a resource is not indexed: it is looked for in all log files of the time asked "
        "for.",
    .options = options,
    .positionals = positionals,
    .examples = examples,
    .exit_notes = exit_notes,
    .run = run_timeline,
};
