/* cmd_detect.c: `vigil detect`: threats in activity logs, by Sigma rules. */
#include "cli/cli_parts.h"
#include "cli/detect_parts.h"

static const vg_option options[] = {
    VG_DETECT_RULE_OPTIONS,
    {.name = "format",
     .letter = 'f',
     .argument = "FORMAT",
     .help = "How findings are written: for people, or one JSON object a line, "
             "or as other products read them.",
     .fallback = "table",
     .choices = "table|jsonl|ocsf|asff|sarif"},
    {.name = "raw",
     .help =
         "Show the first event of each finding as it was logged (table, jsonl, ocsf). Logs with findings are "
         "read again."},
    {.name = "since", .argument = "TIME", .kind = VG_ARG_TIME, .help = "Only what was done at or after it."},
    {.name = "until", .argument = "TIME", .kind = VG_ARG_TIME, .help = "Only what was done at or before it."},
    {.name = "intel",
     .argument = "[NAME=]PATH",
     .help = "A list of indicators (addresses, networks, domains, hashes, user agents), or a folder of "
             "lists: text, CSV, STIX "
             "2.1, MISP. A list is called NAME, or as its file.",
     .repeatable = true},
    {.name = "allow",
     .argument = "PATH",
     .help = "A list of what is on no list of --intel, such as a MISP warning list.",
     .repeatable = true,
     .kind = VG_ARG_PATH},
    VG_DETECT_KNOWN_OPTIONS,
    {.name = "ours",
     .argument = "ID|FILE",
     .help =
         "An account that is ours, so that sharing with it is not told as outside; or a file of such: the "
         "answer of `aws organizations list-accounts`, or a line an id. Those of an organisation in the "
         "workspace count as well, when --workspace or VIGIL_WORKSPACE names it.",
     .repeatable = true},
    {.name = "diff",
     .help = "Compare two sets of rules: the first two arguments are the old and the new rules, and what "
             "only one of them "
             "finds in the logs is shown."},
    {.name = "flow-format",
     .argument = "FIELDS",
     .help = "The columns of flow logs that have no header line, as they were "
             "given to create-flow-logs."},
    {.name = "time-field",
     .argument = "PATH",
     .help = "Of events in JSON that are none of AWS's logs: the dotted path "
             "of their time."},
    {.name = "fail-on",
     .argument = "LEVEL",
     .help = "Exit with 1 when there is a finding of this level or worse.",
     .fallback = "none",
     .choices = "none|informational|low|medium|high|critical"},
    {0},
};

static const vg_positional positionals[] = {
    {.name = "LOG",
     .help = "Log files, or folders of them: CloudTrail, VPC Flow Logs, Route "
             "53 Resolver query logs, S3 "
             "server access "
             "logs, and events of any other kind as JSON; .gz and .zst too; - "
             "reads standard input.",
     .repeatable = true,
     .kind = VG_ARG_PATH},
    {0},
};

static const vg_example examples[] = {
    {"vigil detect logs/AWSLogs", "Look for threats in a copy of a trail's "
                                  "bucket, with the built-in detections."},
    {"vigil detect --rules sigma/ --format jsonl logs/", "Run your own Sigma rules; a line a finding."},
    {"vigil detect --level high --fail-on high logs/",
     "Show what is high or critical, and fail when there is any."},
    {"vigil detect --intel tor=tor-exit-nodes.lst --intel feeds/ipsum logs/",
     "Look for addresses on lists of your own, too."},
    {"vigil detect --baseline usual.vgu logs/today",
     "Say what is new to whom, after `vigil detect learn --output usual.vgu logs/`."},
    {"vigil detect --ours accounts.json logs/",
     "Tell sharing with strangers alone, after `aws organizations list-accounts > accounts.json`."},
    {"vigil detect --diff old-rules/ new-rules/ logs/",
     "Replay changed rules over history before they go live."},
    {"vigil detect ./test", "Read a folder that is named like a subcommand."},
    {0},
};

static const vg_exit_note exit_notes[] = {
    {VG_EXIT_FINDINGS, "with --fail-on: a finding of that level or worse"},
    {VG_EXIT_PARTIAL, "a log or a rule could not be read in full; the rest was"},
    {0},
};

static void say_summary(vg_cli *cli, const vg_detect_set *set, const vg_detect_run *run)
{
    size_t shown = 0, by_level[VG_SEVERITY_CRITICAL + 1] = {0};
    for (size_t i = 0; i < run->findings.count; i++) {
        const vg_detect_finding *f = run->findings.items[i];
        shown += set->wanted[f->rule];
        by_level[vg_rules_at(set->rules, f->rule)->level] += set->wanted[f->rule];
    }
    vg_cli_say(cli,
               "%llu events of %llu files against %zu rules: %zu findings (%zu "
               "critical, %zu high, %zu medium)",
               (unsigned long long)run->counts.records, (unsigned long long)run->files,
               vg_rules_count(set->rules), shown, by_level[VG_SEVERITY_CRITICAL], by_level[VG_SEVERITY_HIGH],
               by_level[VG_SEVERITY_MEDIUM]);
    if (run->counts.bad)
        vg_cli_say(cli, "%llu records could not be read", (unsigned long long)run->counts.bad);
    if (run->findings.gave_up)
        vg_cli_say(cli, "%llu regular expressions took too long and count as no match",
                   (unsigned long long)run->findings.gave_up);
    if (run->findings.evicted)
        vg_cli_say(cli, "%llu matches did not fit in memory and were not correlated",
                   (unsigned long long)run->findings.evicted);
    if (run->findings.left_out)
        vg_cli_say(cli, "%llu matches lack what a correlation groups by or counts, and were left out of it",
                   (unsigned long long)run->findings.left_out);
    if (run->findings.undecided)
        vg_cli_say(cli, "%llu windows of correlations are still open: later events decide them",
                   (unsigned long long)run->findings.undecided);
    if (set->unread || set->unassessed)
        vg_cli_say(cli, "%zu rules could not be read, %zu were not assessed", set->unread, set->unassessed);
}

/* Rules that could not have seen anything: no log that they need was given. */
static void say_blind(vg_cli *cli, const vg_detect_set *set, const vg_detect_run *run)
{
    size_t blind = 0;
    uint32_t missing = 0;
    vg_buf names = {0};
    for (size_t i = 0; i < vg_rules_count(set->rules); i++) {
        const vg_rule *rule = vg_rules_at(set->rules, i);
        uint32_t needs = vg_rule_needs(rule);
        bool is_blind =
            set->wanted[i] && rule->kind == VG_RULE_DETECTION && needs && !(needs & run->findings.seen);
        blind += is_blind;
        missing |= is_blind ? needs : 0;
    }
    for (unsigned i = 0; i < VG_NEED_COUNT; i++)
        if (missing >> i & 1)
            vg_buf_addf(&names, "%s%s", names.len ? ", " : "", vg_need_names[i]);
    if (blind)
        vg_cli_say(
            cli,
            "%zu detections are blind, not quiet: nothing here of %.*s (`vigil detect list --format json`)",
            blind, VG_ARG(vg_buf_str(&names)));
    vg_buf_free(&names);
}

static vg_exit gate(vg_cli *cli, const vg_detect_set *set, const vg_detect_run *run)
{
    size_t choice = vg_cli_choice(cli, "fail-on");
    for (size_t i = 0; choice > 0 && i < run->findings.count; i++) {
        const vg_detect_finding *f = run->findings.items[i];
        if (set->wanted[f->rule] && (size_t)vg_rules_at(set->rules, f->rule)->level + 1 >= choice)
            return VG_EXIT_FINDINGS;
    }
    return VG_EXIT_OK;
}

/* Looks at the logs with what is known, and tells what was found. */
static int detect(vg_cli *cli, const vg_detect_known *known, const vg_detector_options *own,
                  const vg_log_options *logs)
{
    const vg_str *paths;
    size_t count = vg_cli_arguments(cli, &paths);
    vg_detect_set set;
    vg_detect_run run;
    vg_error err = {0};
    vg_status status = vg_detect_set_load(cli, &set, &err);
    if (status == VG_OK) {
        vg_detect_set_tell(&set);
        status = vg_detect_run_paths(cli, set.rules, paths, count, own, logs, &run, &err);
    }
    if (status == VG_OK) {
        run.baseline = known->baseline;
        if (vg_cli_flag(cli, "raw"))
            status = vg_detect_read_raw(cli, set.wanted, &run, &err);
    }
    if (status == VG_OK)
        status = vg_detect_write(cli, set.rules, set.wanted, &run, vg_cli_value(cli, "format"), &err);
    if (status != VG_OK)
        return vg_cli_error(cli, &err);
    say_summary(cli, &set, &run);
    say_blind(cli, &set, &run);
    return gate(cli, &set, &run);
}

/* Whether events can be shown where they are asked for. */
static bool may_show_raw(const vg_cli *cli)
{
    static const char *const formats[] = {"table", "jsonl", "ocsf"};
    bool shown = false;
    for (size_t i = 0; i < VG_COUNT(formats); i++)
        shown = shown || vg_str_is(vg_cli_value(cli, "format"), formats[i]);
    return !vg_cli_flag(cli, "raw") || (shown && !vg_cli_flag(cli, "diff"));
}

static int run_detect(vg_cli *cli)
{
    if (!may_show_raw(cli))
        return vg_cli_usage(cli, "--raw shows events in a table, jsonl and ocsf, and not with --diff");
    vg_detect_known known;
    vg_vec sources;
    vg_error err = {0};
    vg_detector_options own = {.since = VG_TIME_NONE, .until = VG_TIME_NONE};
    const vg_log_options logs = {.format = vg_cli_value(cli, "flow-format"),
                                 .time_field = vg_cli_value(cli, "time-field")};
    vg_cli_time(cli, "since", &own.since);
    vg_cli_time(cli, "until", &own.until);
    int code;
    vg_status status = vg_detect_known_load(cli, &known, &err);
    if (status == VG_OK)
        status = vg_detect_sources_load(cli, &known, &sources, &err);
    if (status == VG_OK)
        status = vg_detect_ours_load(cli, &own.ours, &err);
    if (status == VG_OK) {
        own.sources = sources.items;
        own.source_count = sources.len;
        code = vg_cli_flag(cli, "diff") ? vg_detect_diff(cli, &own, &logs) : detect(cli, &known, &own, &logs);
    } else
        code = vg_cli_error(cli, &err);
    vg_detect_known_free(&known);
    return code;
}

static const vg_command *const nested[] = {&vg_detect_lint,    &vg_detect_test,  &vg_detect_list,
                                           &vg_detect_explain, &vg_detect_learn, NULL};

const vg_command vg_command_detect = {
    .name = "detect",
    .summary = "Find threats in activity logs, by Sigma rules",
    .description = "Shows every event of the logs to detections and writes a "
                   "finding for each actor and behaviour, with "
                   "why it fired, what else could explain it and what to do "
                   "first. Runs without a workspace.",
    .options = options,
    .positionals = positionals,
    .examples = examples,
    .exit_notes = exit_notes,
    .nested = nested,
    .run = run_detect,
};
