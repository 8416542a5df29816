/* iam_unused.c: `vigil iam unused`: what is granted and was not used, by CloudTrail logs and by what IAM says that users and
 * roles last used. Either is enough; of principals that neither covers nothing is said. */
#include "cli/activity_read.h"
#include "cli/cli_parts.h"
#include "cli/content_parts.h"
#include "cli/iam_world.h"
#include "report/report.h"

typedef struct {
    vg_cli *cli;
    const vg_world *world;
    vg_activity activity;
    vg_use_evidence evidence;
    bool has_logs;
    vg_time as_of; /* of the oldest report that counts; VG_TIME_NONE: none does */
} unused_work;

static vg_str short_name(const unused_work *work, uint32_t principal)
{
    return vg_access_short_name(work->cli->arena, work->world->principals[principal].arn);
}

/* ---- printing ---------------------------------------------------------------------------------------------------------------- */

static void put_row(vg_json_writer *w, const unused_work *work, const vg_unused_row *row)
{
    char last[VG_TIME_TEXT] = "";
    if (row->last != VG_TIME_NONE)
        vg_time_format(row->last, last);
    vg_json_object(w);
    vg_json_put_str(w, "principal", work->world->principals[row->principal].arn);
    vg_json_put_str(w, "service", row->service);
    vg_json_put_i64(w, "granted", (int64_t)row->granted);
    vg_json_put_i64(w, "used", (int64_t)row->used);
    vg_json_put_i64(w, "untraceable", (int64_t)row->untraceable);
    vg_json_put_str(w, "last", vg_str_from(last));
    vg_json_key(w, "unused");
    vg_json_array(w);
    for (size_t i = 0; i < row->unused_count; i++)
        vg_json_string(w, row->unused[i]);
    vg_json_end_array(w);
    vg_json_end_object(w);
}

static void put_principals(vg_json_writer *w, const unused_work *work, const char *key,
                           const uint32_t *principals, size_t count)
{
    vg_json_key(w, key);
    vg_json_array(w);
    for (size_t i = 0; i < count; i++)
        vg_json_string(w, work->world->principals[principals[i]].arn);
    vg_json_end_array(w);
}

static void write_unused_json(const unused_work *work, const vg_unused *unused, vg_buf *out)
{
    vg_json_writer w = vg_json_writer_to(out, 2);
    vg_json_object(&w);
    put_principals(&w, work, "neverActive", unused->idle, unused->idle_count);
    put_principals(&w, work, "notAssessed", unused->unknown, unused->unknown_count);
    vg_json_key(&w, "unused");
    vg_json_array(&w);
    for (size_t i = 0; i < unused->row_count; i++)
        put_row(&w, work, &unused->rows[i]);
    vg_json_end_array(&w);
    vg_json_put_bool(&w, "dataEvents", work->activity.data_events);
    if (work->activity.last != VG_TIME_NONE) {
        char until[VG_TIME_TEXT];
        vg_time_format(work->activity.last, until);
        vg_json_put_str(&w, "logsUntil", vg_str_from(until));
    }
    if (work->as_of != VG_TIME_NONE) {
        char as_of[VG_TIME_TEXT];
        vg_time_format(work->as_of, as_of);
        vg_json_put_str(&w, "lastAccessedAsOf", vg_str_from(as_of));
    }
    vg_json_end_object(&w);
    vg_buf_add_char(out, '\n');
}

/* A service of which something was used: "sqs: 1 of 5 actions used, 3 untraceable, last 2026-03-01; not used: PurgeQueue". */
static void write_active(const vg_unused_row *row, vg_buf *out)
{
    enum { MOST_ACTIONS = 6 };
    char last[VG_TIME_TEXT] = "";
    if (row->last != VG_TIME_NONE)
        vg_time_format_date(row->last, last);
    vg_buf_addf(out, "  %.*s: ", VG_ARG(row->service));
    if (row->used)
        vg_buf_addf(out, "%zu of %zu actions used", row->used, row->granted);
    else
        vg_buf_add_c(out, "used");
    if (row->untraceable)
        vg_buf_addf(out, ", %zu untraceable", row->untraceable);
    vg_buf_addf(out, ", last %s; not used:", last);
    for (size_t a = 0; a < row->unused_count && a < MOST_ACTIONS; a++)
        vg_buf_addf(out, " %.*s", VG_ARG(vg_str_sub(row->unused[a], row->service.len + 1, VG_NPOS)));
    if (row->unused_count > MOST_ACTIONS)
        vg_buf_addf(out, " and %zu more", row->unused_count - MOST_ACTIONS);
    vg_buf_add_char(out, '\n');
}

/* The services of one principal: rows[from..to) are its. First those of which something was used, with what was not; then
 * the names of those that were never used. */
static void write_principal(const unused_work *work, const vg_unused_row *rows, size_t count, vg_buf *out)
{
    enum { MOST_SERVICES = 12 };
    size_t never = 0, shown = 0;
    vg_report_safe(out, short_name(work, rows[0].principal));
    vg_buf_add_char(out, '\n');
    for (size_t i = 0; i < count; i++) {
        never += !rows[i].active;
        if (rows[i].active)
            write_active(&rows[i], out);
    }
    if (never)
        vg_buf_add_c(out, "  never used:");
    for (size_t i = 0; i < count && shown < MOST_SERVICES; i++)
        if (!rows[i].active) {
            vg_buf_addf(out, " %.*s", VG_ARG(rows[i].service));
            if (rows[i].untraceable)
                vg_buf_addf(out, " (%zu untraceable)", rows[i].untraceable);
            shown++;
        }
    if (never > shown)
        vg_buf_addf(out, " and %zu more services", never - shown);
    vg_buf_add_c(out, never ? "\n" : "");
}

static void write_principals(const unused_work *work, const char *title, const uint32_t *principals,
                             size_t count, vg_buf *out)
{
    if (count)
        vg_buf_addf(out, "%s%s", out->len ? "\n" : "", title);
    for (size_t i = 0; i < count; i++) {
        vg_buf_add_c(out, "  ");
        vg_report_safe(out, short_name(work, principals[i]));
        vg_buf_add_char(out, '\n');
    }
}

/* How far what was said can be relied on. */
static void write_limits(const unused_work *work, const vg_unused *unused, vg_buf *out)
{
    enum { DAYS = 2 }; /* delivery takes minutes; a quiet account may be silent longer */
    char as_of[VG_TIME_TEXT];
    size_t untraceable = 0;
    for (size_t i = 0; i < unused->row_count; i++)
        untraceable += unused->rows[i].untraceable;
    if (untraceable)
        vg_buf_add_c(
            out,
            "\nUntraceable: nothing that was read could show a use of these actions. They are granted, and "
            "neither counted as used nor called unused.\n");
    if (work->as_of != VG_TIME_NONE) {
        vg_time_format_date(work->as_of, as_of);
        vg_buf_addf(out,
                    "\nIAM's last-accessed data is of %s or later; actions that it does not track are only "
                    "called unused by logs.\n",
                    as_of);
    }
    if (work->has_logs && work->cli->now - work->activity.last > DAYS * VG_TIME_DAY) {
        vg_time_format_date(work->activity.last, as_of);
        vg_buf_addf(out, "\nThe logs end on %s: what was used since then does not stand in them.\n", as_of);
    }
    if (work->has_logs && !work->activity.data_events)
        vg_buf_add_c(out, "\nThe logs hold no data events: of services that were used, reads and writes of "
                          "objects and items are never called unused.\n");
}

static void write_unused_text(const unused_work *work, const vg_unused *unused, vg_buf *out)
{
    for (size_t i = 0, end; i < unused->row_count; i = end) {
        for (end = i + 1;
             end < unused->row_count && unused->rows[end].principal == unused->rows[i].principal;)
            end++;
        write_principal(work, unused->rows + i, end - i, out);
    }
    write_principals(work, "Never active:\n", unused->idle, unused->idle_count, out);
    write_principals(work, "Not assessed, without last-accessed data and logs that go back far enough:\n",
                     unused->unknown, unused->unknown_count, out);
    if (!unused->row_count && !unused->idle_count && !unused->unknown_count)
        vg_buf_add_c(out, "Everything that is granted was used, or leaves no trace.\n");
    write_limits(work, unused, out);
}

/* The principals asked about: one, or every user and role that is no service's own. */
static vg_status choose_principals(unused_work *w, const uint32_t **out, size_t *count, vg_error *err)
{
    vg_cli *cli = w->cli;
    vg_str named = vg_cli_value(cli, "principal"), account = vg_cli_value(cli, "account");
    uint32_t *list = VG_NEW_N(cli->arena, uint32_t, w->world->principal_count + 1);
    if (!list)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
    *out = list;
    *count = 0;
    if (named.len) {
        vg_world_caller caller;
        VG_TRY(vg_access_find_caller(w->world, cli->arena, named, &caller, err));
        if (!caller.principal)
            return vg_fail(err, VG_ERR_NOT_FOUND,
                           "no evidence of %.*s: import the account's authorization details", VG_ARG(named));
        list[(*count)++] = (uint32_t)(caller.principal - w->world->principals);
        return VG_OK;
    }
    for (uint32_t i = 0; i < w->world->principal_count; i++) {
        const vg_world_principal *p = &w->world->principals[i];
        bool is_asked = p->caller.kind != VG_CALLER_ROOT && !p->service_linked;
        if (is_asked && (!account.len || vg_str_eq(p->account_id, account)))
            list[(*count)++] = i;
    }
    return VG_OK;
}

/* ---- what is known of use -------------------------------------------------------------------------------------------------- */

static vg_status read_reports(unused_work *w, vg_error *err)
{
    vg_evidence *evidence = NULL;
    const vg_evidence_options open = {
        .now = w->cli->now, .who = vg_cli_user(w->cli), .command = VG_STR("vigil iam unused")};
    vg_time at;
    if (!vg_cli_time(w->cli, "at", &at))
        at = VG_TIME_NONE;
    VG_TRY(vg_evidence_open(w->cli->workspace, &open, &evidence, err));
    vg_status status =
        vg_last_used_read(evidence, w->cli->arena, at, &w->evidence.reports, &w->evidence.report_count, err);
    vg_evidence_close(evidence);
    return status;
}

/* The oldest report that says what was not used since then. */
static vg_time oldest_report(const unused_work *w)
{
    vg_time oldest = VG_TIME_NONE;
    for (size_t i = 0; i < w->evidence.report_count; i++) {
        const vg_last_used *report = &w->evidence.reports[i];
        bool is_older = oldest == VG_TIME_NONE || report->as_of < oldest;
        if (is_older && vg_last_used_covers(report, w->evidence.since))
            oldest = report->as_of;
    }
    return oldest;
}

static vg_status refuse_without(const unused_work *w, uint64_t days, vg_error *err)
{
    char first[VG_TIME_TEXT] = "";
    const char *reports = w->evidence.report_count ? "evidence's last-accessed data does not cover that time"
                                                   : "evidence has no last-accessed data";
    if (!w->has_logs)
        return vg_fail(err, VG_ERR_VALUE,
                       "not assessed: no logs were given, and %s; give CloudTrail logs, or import "
                       "last-accessed data ('vigil import --script' collects it)",
                       reports);
    if (w->activity.first != VG_TIME_NONE)
        vg_time_format(w->activity.first, first);
    return vg_fail(err, VG_ERR_VALUE,
                   "not assessed: the logs begin %s%s, less than %llu days ago, and %s; give older logs, ask "
                   "for fewer --days, or import last-accessed data ('vigil import --script' collects it)",
                   first[0] ? "at " : "nowhere", first, (unsigned long long)days, reports);
}

/* Unused for N days is only said when the logs go back that far, or IAM says so. 0 days: however far they go. */
static vg_status weigh(unused_work *w, vg_error *err)
{
    uint64_t days = 0;
    vg_cli_number(w->cli, "days", &days);
    vg_time wanted = w->cli->now - (vg_time)days * VG_TIME_DAY;
    w->evidence.activity = &w->activity;
    w->evidence.since = days ? wanted : VG_TIME_NONE;
    w->evidence.logs_reach = w->has_logs && w->activity.first != VG_TIME_NONE && w->activity.first <= wanted;
    w->as_of = oldest_report(w);
    return w->evidence.logs_reach || w->as_of != VG_TIME_NONE ? VG_OK : refuse_without(w, days, err);
}

static vg_status print(vg_cli *cli, vg_buf *text, vg_error *err)
{
    bool failed = text->failed;
    if (!failed && text->len)
        failed = !vg_cli_print(cli, vg_buf_str(text));
    vg_buf_free(text);
    return failed ? vg_fail(err, VG_ERR_MEMORY, "memory ran out while printing") : VG_OK;
}

static vg_status find_unused(unused_work *w, vg_error *err)
{
    vg_cli *cli = w->cli;
    const vg_str *words;
    const uint32_t *principals;
    size_t count = vg_cli_arguments(cli, &words), principal_count;
    const vg_event_map *events;
    vg_unused unused;
    vg_buf out = {0};
    VG_TRY(vg_iam_world(cli, NULL, 0, &w->world, err));
    VG_TRY(choose_principals(w, &principals, &principal_count, err));
    w->has_logs = count > 0;
    VG_TRY(vg_cli_activity_read(cli, words, count, w->world->catalogue, w->world, &w->activity, err));
    VG_TRY(read_reports(w, err));
    VG_TRY(weigh(w, err));
    VG_TRY(vg_event_map_read(cli->arena, vg_cli_content_file(cli, VG_STR("policy/events.yaml")),
                             w->world->catalogue, &events, err));
    VG_TRY(vg_find_unused(cli->arena, w->world, &w->evidence, events, principals, principal_count, &unused,
                          err));
    if (unused.unknown_count)
        vg_cli_note(cli, VG_EXIT_PARTIAL);
    if (vg_cli_choice(cli, "format") == 1)
        write_unused_json(w, &unused, &out);
    else
        write_unused_text(w, &unused, &out);
    return print(cli, &out, err);
}

static int run_unused(vg_cli *cli)
{
    vg_error err = {0};
    unused_work w = {.cli = cli};
    vg_status status = find_unused(&w, &err);
    return status == VG_OK ? VG_EXIT_OK : (int)vg_cli_error(cli, &err);
}

/* ---- the table ----------------------------------------------------------------------------------------------------------------- */

static const vg_positional unused_words[] = {
    {.name = "LOG",
     .help =
         "CloudTrail log files, or folders of them; - reads standard input. Without any, only what IAM says "
         "was last used counts.",
     .optional = true,
     .repeatable = true,
     .kind = VG_ARG_PATH},
    {0},
};
static const vg_option unused_options[] = {
    {.name = "principal", .argument = "NAME", .help = "Only this user or role."},
    {.name = "account", .argument = "ID", .help = "Only principals of this account.", .kind = VG_ARG_ACCOUNT},
    {.name = "days",
     .argument = "N",
     .kind = VG_ARG_NUMBER,
     .fallback = "90",
     .help =
         "What was not used for so long is unused; logs must go back that far, or IAM's last-accessed data "
         "cover it. 0: never used, as far as the logs go."},
    {.name = "format",
     .argument = "FORMAT",
     .choices = "table|json",
     .fallback = "table",
     .help = "How to print."},
    VG_ACTIVITY_OPTIONS,
    VG_IAM_AT,
    VG_IAM_CONTENT,
    {0},
};
static const vg_example unused_examples[] = {
    {"vigil iam unused --days 90", "What nobody used for 90 days, by IAM's last-accessed data in evidence."},
    {"vigil iam unused trail/ --days 90", "The same, by CloudTrail logs as well: they know every action."},
    {"vigil iam unused trail/ --principal role/deploy --format json", "The actions of one role, by name."},
    {0},
};
static const vg_exit_note unused_notes[] = {
    {3,
     "A log could not be read in full, or there are principals without last-accessed data and logs that go "
     "back far enough."},
    {0},
};
const vg_command vg_iam_unused = {
    .name = "unused",
    .summary = "List permissions that were granted and not used",
    .description =
        "Compares what users and roles are granted (by their policies, boundary and SCPs) with what "
        "CloudTrail "
        "logs show, and with what IAM says that they last used (last-accessed data, which the script of "
        "'vigil import --script' collects). Either will do; both know more: IAM knows every service and, of "
        "some, the actions that manage; logs know every action that leaves an event. Service-linked roles "
        "and root users are left out.\n\n"
        "What neither could show is never called unused: iam:PassRole leaves no trace, and reads and writes "
        "of "
        "objects in a service that was used are in the logs only where a trail selects data events. They are "
        "counted as untraceable.",
    .positionals = unused_words,
    .options = unused_options,
    .examples = unused_examples,
    .exit_notes = unused_notes,
    .run = run_unused,
};
