/* detect_learn.c: `vigil detect learn`: what is usual, learned from logs and saved for `vigil detect --baseline`.
 *
 * Learning reads logs exactly as detecting does: there is one rule, for all events of CloudTrail, that asks whether an event
 * is learned from; who answers learns, and says that nothing is known. Threads learn apart, in as many learners. */
#include <pthread.h>

#include "cli/cli_parts.h"
#include "cli/detect_parts.h"

static const char rule_text[] = "title: learn\nlogsource: {product: aws, service: cloudtrail}\n"
                                "detection: {every: {vigil.learned: true}, condition: every}\n";

typedef struct {
    pthread_mutex_t lock;
    vg_learner *learner;
    vg_status status;
    vg_error err;
} share;

typedef struct {
    vg_cli *cli;
    const vg_geo *geo;
    share *shares;
    size_t count;
} learning;

static bool ask(void *context, const vg_event *event, vg_str name, vg_arena *arena, const vg_value **out)
{
    learning *l = context;
    (void)arena;
    *out = NULL;
    if (!vg_str_is(name, "learned"))
        return false;
    share *s = &l->shares[vg_hash64(event->place.file, 0) % l->count];
    pthread_mutex_lock(&s->lock);
    if (s->status == VG_OK)
        s->status = vg_learner_event(s->learner, event, l->geo, &s->err);
    pthread_mutex_unlock(&s->lock);
    return false;
}

static vg_status compile_rule(vg_cli *cli, vg_rules **out, vg_error *err)
{
    vg_vec problems = vg_vec_in(cli->arena, sizeof(vg_rule_problem));
    const vg_rule_file file = {VG_STR("learn"), {rule_text, sizeof rule_text - 1}};
    const vg_rules_options options = {0};
    return vg_rules_compile(cli->arena, &file, 1, &options, out, &problems, err);
}

static vg_status make_shares(learning *l, vg_error *err)
{
    l->count = l->cli->threads ? l->cli->threads : vg_cpu_count();
    l->count = l->count ? l->count : 1;
    l->shares = VG_NEW_N(l->cli->arena, share, l->count);
    for (size_t i = 0; l->shares && i < l->count; i++) {
        pthread_mutex_init(&l->shares[i].lock, NULL);
        l->shares[i].learner = vg_learner_new(0);
        if (!l->shares[i].learner)
            return vg_fail(err, VG_ERR_MEMORY, "memory ran out while learning what is usual");
    }
    return l->shares ? VG_OK : vg_fail(err, VG_ERR_MEMORY, "memory ran out while learning what is usual");
}

static void free_shares(learning *l)
{
    for (size_t i = 0; l->shares && i < l->count; i++) {
        vg_learner_free(l->shares[i].learner);
        pthread_mutex_destroy(&l->shares[i].lock);
    }
}

static vg_status read_logs(learning *l, vg_detect_run *run, vg_error *err)
{
    vg_rules *rules;
    const vg_str *paths;
    const vg_detect_source source = {ask, l};
    const vg_log_options logs = {0};
    vg_detector_options own = {
        .sources = &source, .source_count = 1, .since = VG_TIME_NONE, .until = VG_TIME_NONE};
    size_t count = vg_cli_arguments(l->cli, &paths);
    vg_cli_time(l->cli, "since", &own.since);
    vg_cli_time(l->cli, "until", &own.until);
    VG_TRY(compile_rule(l->cli, &rules, err));
    VG_TRY(vg_detect_run_paths(l->cli, rules, paths, count, &own, &logs, run, err));
    for (size_t i = 0; i < l->count; i++)
        if (l->shares[i].status != VG_OK) {
            *err = l->shares[i].err;
            return l->shares[i].status;
        }
    return VG_OK;
}

static vg_status put_together(learning *l, const vg_baseline *old, vg_str *block, vg_error *err)
{
    vg_learner *all = l->shares[0].learner;
    if (old)
        VG_TRY(vg_learner_recall(all, old, err));
    for (size_t i = 1; i < l->count; i++)
        VG_TRY(vg_learner_merge(all, l->shares[i].learner, err));
    return vg_learner_compile(l->cli->arena, all, block, err);
}

static vg_status say_learned(vg_cli *cli, vg_str block, const vg_detect_run *run, vg_error *err)
{
    vg_baseline *baseline;
    vg_baseline_info info;
    char first[VG_TIME_TEXT] = "", last[VG_TIME_TEXT] = "";
    VG_TRY(vg_baseline_open(cli->arena, block, &baseline, err));
    vg_baseline_describe(baseline, &info);
    vg_cli_say(cli, "%llu events of %llu files: %zu actors in %zu accounts",
               (unsigned long long)run->counts.records, (unsigned long long)run->files, info.actors,
               info.accounts);
    if (info.first == VG_TIME_NONE)
        return VG_OK;
    vg_time_format_date(info.first, first);
    vg_time_format_date(info.last, last);
    vg_cli_say(cli, "learned from %s to %s", first, last);
    if (info.last - info.first < 7 * VG_TIME_DAY)
        vg_cli_say(cli, "that is less than 7 days: nothing will be new yet");
    if (info.left_out)
        vg_cli_say(cli, "about %llu actors that did least were left out", (unsigned long long)info.left_out);
    return VG_OK;
}

static vg_status learn(vg_cli *cli, learning *l, const vg_detect_known *known, vg_error *err)
{
    enum { PRIVATE = 0600 };
    vg_detect_run run;
    vg_str block;
    l->geo = known->geo;
    VG_TRY(make_shares(l, err));
    VG_TRY(read_logs(l, &run, err));
    VG_TRY(put_together(l, known->baseline, &block, err));
    VG_TRY(vg_file_write_atomic(vg_cli_value(cli, "output"), block, PRIVATE, err));
    return say_learned(cli, block, &run, err);
}

static int run_learn(vg_cli *cli)
{
    learning l = {.cli = cli};
    vg_detect_known known;
    vg_error err = {0};
    if (!vg_cli_value(cli, "output").len)
        return vg_cli_usage(cli, "--output FILE is needed: where what is usual is saved");
    vg_status status = vg_detect_known_load(cli, &known, &err);
    if (status == VG_OK)
        status = learn(cli, &l, &known, &err);
    free_shares(&l);
    vg_detect_known_free(&known);
    return status == VG_OK ? VG_EXIT_OK : vg_cli_error(cli, &err);
}

static const vg_option options[] = {
    {.name = "output",
     .letter = 'o',
     .argument = "FILE",
     .help = "Where what is usual is saved.",
     .kind = VG_ARG_PATH},
    VG_DETECT_KNOWN_OPTIONS,
    {.name = "since", .argument = "TIME", .kind = VG_ARG_TIME, .help = "Only what was done at or after it."},
    {.name = "until", .argument = "TIME", .kind = VG_ARG_TIME, .help = "Only what was done at or before it."},
    {0},
};

static const vg_positional positionals[] = {
    {.name = "LOG",
     .help =
         "CloudTrail log files, or folders of them, of a time in which all was well; - reads standard input.",
     .repeatable = true,
     .kind = VG_ARG_PATH},
    {0},
};

static const vg_example examples[] = {
    {"vigil detect learn --output usual.vgu logs/AWSLogs", "Learn from some weeks of logs."},
    {"vigil detect learn --baseline usual.vgu --output usual.vgu logs/yesterday",
     "Learn more, and keep what was known."},
    {0},
};

static const vg_exit_note notes[] = {
    {VG_EXIT_PARTIAL, "a log could not be read in full; the rest was learned from"},
    {0},
};

const vg_command vg_detect_learn = {
    .name = "learn",
    .summary = "Learn what is usual",
    .description =
        "Learns for every actor in every account which services, APIs, countries, networks, programs and "
        "hours are usual, and for every account its regions, and saves it for `vigil detect --baseline`. "
        "The same logs in any order, split over several runs or given twice teach the same.",
    .options = options,
    .positionals = positionals,
    .examples = examples,
    .exit_notes = notes,
    .run = run_learn,
};
