/* iam_generate.c: `vigil iam generate` and `vigil iam unused`: what was used of what is granted. */
#include "cli/activity_read.h"
#include "cli/content_parts.h"
#include "cli/iam_world.h"
#include "report/report.h"

typedef struct {
    vg_cli *cli;
    const vg_world *world;
    vg_activity activity;
} usage_work;

static vg_status read_logs(usage_work *w, const vg_str *paths, size_t count, vg_error *err)
{
    return vg_cli_activity_read(w->cli, paths, count, w->world->catalogue, w->world->partition, &w->activity,
                                err);
}

static void add_safe_line(vg_buf *out, const char *before, vg_str text)
{
    vg_buf_add_c(out, before);
    vg_report_safe(out, text);
    vg_buf_add_char(out, '\n');
}

static vg_status print(vg_cli *cli, vg_buf *text, vg_error *err)
{
    bool failed = text->failed;
    if (!failed && text->len)
        fwrite(text->ptr, 1, text->len, cli->out);
    vg_buf_free(text);
    return failed ? vg_fail(err, VG_ERR_MEMORY, "memory ran out while printing") : VG_OK;
}

/* ---- generate ------------------------------------------------------------------------------------------------------------------ */

/* A statement of today, without its places: what a diff takes out. */
static void add_old_statement(vg_buf *out, const vg_statement *s)
{
    vg_buf text = {0};
    vg_str line;
    vg_json_write(&text, s->at, 2);
    for (vg_str rest = vg_buf_str(&text); vg_str_next(&rest, '\n', &line);)
        add_safe_line(out, "- ", line);
    out->failed = out->failed || text.failed;
    vg_buf_free(&text);
}

static void put_list(vg_json_writer *w, const char *key, const vg_str *items, size_t count)
{
    vg_json_key(w, key);
    vg_json_array(w);
    for (size_t i = 0; i < count; i++)
        vg_json_string(w, items[i]);
    vg_json_end_array(w);
}

static void add_new_statement(vg_buf *out, const vg_generated_statement *s)
{
    vg_buf text = {0};
    vg_str line;
    vg_json_writer w = vg_json_writer_to(&text, 2);
    vg_json_object(&w);
    vg_json_put_str(&w, "Effect", VG_STR("Allow"));
    put_list(&w, "Action", s->actions, s->action_count);
    put_list(&w, "Resource", s->resources, s->resource_count);
    if (s->from && s->from->condition_at) {
        vg_json_key(&w, "Condition");
        vg_json_value(&w, s->from->condition_at);
    }
    vg_json_end_object(&w);
    for (vg_str rest = vg_buf_str(&text); vg_str_next(&rest, '\n', &line);)
        add_safe_line(out, "+ ", line);
    out->failed = out->failed || text.failed;
    vg_buf_free(&text);
}

static bool is_kept(const vg_generated *g, const vg_statement *statement)
{
    for (size_t i = 0; i < g->statement_count; i++)
        if (g->statements[i].from == statement)
            return true;
    return false;
}

/* Each Allow of today's policies, with what takes its place; then what no statement of today was seen to grant. */
static void write_diff(vg_buf *out, const vg_world_principal *principal, const vg_generated *g)
{
    for (size_t p = 0; p < principal->identity.count; p++) {
        const vg_policy_document *document = vg_policy_document_of(principal->identity.policies[p]);
        add_safe_line(out, "--- ", document->name);
        vg_buf_add_c(out, "+++ generated\n");
        for (size_t i = 0; i < document->statement_count; i++) {
            const vg_statement *s = &document->statements[i];
            if (s->effect != VG_EFFECT_ALLOW)
                continue;
            add_old_statement(out, s);
            for (size_t n = 0; n < g->statement_count; n++)
                if (g->statements[n].from == s)
                    add_new_statement(out, &g->statements[n]);
            if (!is_kept(g, s))
                vg_buf_add_c(out, "  (nothing of it was used)\n");
        }
    }
    for (size_t n = 0; n < g->statement_count; n++)
        if (!g->statements[n].from) {
            vg_buf_add_c(out, "--- (no statement of today)\n");
            add_new_statement(out, &g->statements[n]);
        }
}

static void write_generated_json(vg_buf *out, const vg_world_principal *principal, const vg_generated *g)
{
    vg_json_writer w = vg_json_writer_to(out, 2);
    vg_json_object(&w);
    vg_json_put_str(&w, "principal", principal->arn);
    vg_json_put_i64(&w, "calls", (int64_t)g->calls);
    vg_json_put_i64(&w, "bytes", (int64_t)g->minified);
    vg_json_key(&w, "statements");
    vg_json_array(&w);
    for (size_t i = 0; i < g->statement_count; i++) {
        const vg_generated_statement *s = &g->statements[i];
        vg_json_object(&w);
        vg_json_put_str(&w, "from", s->from_policy ? s->from_policy->name : VG_STR(""));
        vg_json_put_bool(&w, "dependency", s->dependency);
        put_list(&w, "actions", s->actions, s->action_count);
        put_list(&w, "resources", s->resources, s->resource_count);
        vg_json_end_object(&w);
    }
    vg_json_end_array(&w);
    put_list(&w, "guessed", g->guessed, g->guessed_count);
    put_list(&w, "unproven", g->unproven, g->unproven_count);
    vg_json_put_str(&w, "policy", g->text);
    vg_json_end_object(&w);
    vg_buf_add_char(out, '\n');
}

static void say_what_to_know(vg_cli *cli, const vg_activity *activity, const vg_generated *g)
{
    enum { MANAGED_POLICY = 6144 };
    vg_cli_say(cli, "made from %llu allowed calls; %zu bytes%s", (unsigned long long)g->calls, g->minified,
               g->minified > MANAGED_POLICY
                   ? ", more than a managed policy may have (6,144): split it, or put prefixes in "
                     "the place of single ARNs"
                   : "");
    if (!activity->data_events)
        vg_cli_say(
            cli, "the logs hold no data events: reads and writes of objects and items are not in the policy");
    for (size_t i = 0; i < g->guessed_count; i++)
        vg_cli_say(cli, "%.*s: the event does not tell for certain that this is the action",
                   VG_ARG(g->guessed[i]));
    for (size_t i = 0; i < g->unproven_count; i++)
        vg_cli_say(cli, "not allowed for certain by the new policy: %.*s", VG_ARG(g->unproven[i]));
}

static vg_status generate(usage_work *w, size_t *unproven, vg_error *err)
{
    vg_cli *cli = w->cli;
    const vg_str *words;
    size_t count = vg_cli_arguments(cli, &words);
    vg_world_caller caller;
    vg_generated generated;
    vg_buf out = {0};
    VG_TRY(vg_iam_world(cli, NULL, 0, &w->world, err));
    VG_TRY(vg_access_find_caller(w->world, cli->arena, words[0], &caller, err));
    if (!caller.principal)
        return vg_fail(err, VG_ERR_NOT_FOUND,
                       "no evidence of %.*s: import the account's authorization details", VG_ARG(words[0]));
    VG_TRY(read_logs(w, words + 1, count - 1, err));
    VG_TRY(vg_generate(cli->arena, w->world, &w->activity, caller.principal, &generated, err));
    *unproven = generated.unproven_count;
    switch (vg_cli_choice(cli, "format")) {
    case 0:
        vg_buf_add_str(&out, generated.text);
        vg_buf_add_char(&out, '\n');
        break;
    case 1:
        write_diff(&out, caller.principal, &generated);
        break;
    default:
        write_generated_json(&out, caller.principal, &generated);
    }
    say_what_to_know(cli, &w->activity, &generated);
    return print(cli, &out, err);
}

static int run_generate(vg_cli *cli)
{
    vg_error err = {0};
    usage_work w = {.cli = cli};
    size_t unproven = 0;
    vg_status status = generate(&w, &unproven, &err);
    if (status != VG_OK)
        return vg_cli_error(cli, &err);
    return unproven && vg_cli_flag(cli, "check") ? VG_EXIT_FINDINGS : VG_EXIT_OK;
}

/* ---- unused -------------------------------------------------------------------------------------------------------------------- */

static void put_row(vg_json_writer *w, const usage_work *work, const vg_unused_row *row)
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
    put_list(w, "unused", row->unused, row->unused_count);
    vg_json_end_object(w);
}

static void write_unused_json(const usage_work *work, const vg_unused *unused, vg_buf *out)
{
    vg_json_writer w = vg_json_writer_to(out, 2);
    vg_json_object(&w);
    vg_json_key(&w, "neverActive");
    vg_json_array(&w);
    for (size_t i = 0; i < unused->idle_count; i++)
        vg_json_string(&w, work->world->principals[unused->idle[i]].arn);
    vg_json_end_array(&w);
    vg_json_key(&w, "unused");
    vg_json_array(&w);
    for (size_t i = 0; i < unused->row_count; i++)
        put_row(&w, work, &unused->rows[i]);
    vg_json_end_array(&w);
    vg_json_put_bool(&w, "dataEvents", work->activity.data_events);
    vg_json_end_object(&w);
    vg_buf_add_char(out, '\n');
}

/* The services of one principal: rows[from..to) are its. First those of which something was used, with what was not; then
 * the names of those that were never used. */
static void write_principal(const usage_work *work, const vg_unused_row *rows, size_t count, vg_buf *out)
{
    enum { MOST_ACTIONS = 6, MOST_SERVICES = 12 };
    size_t never = 0, shown = 0;
    vg_report_safe(out,
                   vg_access_short_name(work->cli->arena, work->world->principals[rows[0].principal].arn));
    vg_buf_add_char(out, '\n');
    for (size_t i = 0; i < count; i++) {
        char last[VG_TIME_TEXT] = "";
        never += rows[i].used == 0;
        if (!rows[i].used)
            continue;
        if (rows[i].last != VG_TIME_NONE)
            vg_time_format_date(rows[i].last, last);
        vg_buf_addf(out, "  %.*s: %zu of %zu actions used, last %s; not used:", VG_ARG(rows[i].service),
                    rows[i].used, rows[i].granted, last);
        for (size_t a = 0; a < rows[i].unused_count && a < MOST_ACTIONS; a++)
            vg_buf_addf(out, " %.*s",
                        VG_ARG(vg_str_sub(rows[i].unused[a], rows[i].service.len + 1, VG_NPOS)));
        if (rows[i].unused_count > MOST_ACTIONS)
            vg_buf_addf(out, " and %zu more", rows[i].unused_count - MOST_ACTIONS);
        vg_buf_add_char(out, '\n');
    }
    if (never)
        vg_buf_add_c(out, "  never used:");
    for (size_t i = 0; i < count && shown < MOST_SERVICES; i++)
        if (!rows[i].used) {
            vg_buf_addf(out, " %.*s", VG_ARG(rows[i].service));
            shown++;
        }
    if (never > shown)
        vg_buf_addf(out, " and %zu more services", never - shown);
    vg_buf_add_c(out, never ? "\n" : "");
}

static void write_unused_text(const usage_work *work, const vg_unused *unused, vg_buf *out)
{
    for (size_t i = 0, end; i < unused->row_count; i = end) {
        for (end = i + 1;
             end < unused->row_count && unused->rows[end].principal == unused->rows[i].principal;)
            end++;
        write_principal(work, unused->rows + i, end - i, out);
    }
    for (size_t i = 0; i < unused->idle_count; i++) {
        vg_buf_add_c(out, i ? "" : unused->row_count ? "\nNever active:\n" : "Never active:\n");
        vg_buf_add_c(out, "  ");
        vg_report_safe(out,
                       vg_access_short_name(work->cli->arena, work->world->principals[unused->idle[i]].arn));
        vg_buf_add_char(out, '\n');
    }
    if (!unused->row_count && !unused->idle_count)
        vg_buf_add_c(out, "Everything that is granted was used, or leaves no trace.\n");
    if (!work->activity.data_events)
        vg_buf_add_c(out, "\nThe logs hold no data events: reads and writes of objects and items are never "
                          "called unused.\n");
}

/* The principals asked about: one, or every user and role that is no service's own. */
static vg_status choose_principals(usage_work *w, const uint32_t **out, size_t *count, vg_error *err)
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

/* Unused for N days is only said when the logs go back that far. */
static vg_status check_reach(usage_work *w, vg_error *err)
{
    uint64_t days = 0;
    vg_cli_number(w->cli, "days", &days);
    vg_time wanted = w->cli->now - (vg_time)days * VG_TIME_DAY;
    char first[VG_TIME_TEXT] = "";
    if (w->activity.first != VG_TIME_NONE && w->activity.first <= wanted)
        return VG_OK;
    if (w->activity.first != VG_TIME_NONE)
        vg_time_format(w->activity.first, first);
    return vg_fail(err, VG_ERR_VALUE,
                   "not assessed: the logs begin %s%s, less than %llu days ago; give older logs, or ask for "
                   "fewer --days",
                   first[0] ? "at " : "nowhere", first, (unsigned long long)days);
}

static vg_status find_unused(usage_work *w, vg_error *err)
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
    VG_TRY(read_logs(w, words, count, err));
    VG_TRY(check_reach(w, err));
    VG_TRY(vg_event_map_read(cli->arena, vg_cli_content_file(cli, VG_STR("policy/events.yaml")),
                             w->world->catalogue, &events, err));
    VG_TRY(vg_find_unused(cli->arena, w->world, &w->activity, events, principals, principal_count, &unused,
                          err));
    if (vg_cli_choice(cli, "format") == 1)
        write_unused_json(w, &unused, &out);
    else
        write_unused_text(w, &unused, &out);
    return print(cli, &out, err);
}

static int run_unused(vg_cli *cli)
{
    vg_error err = {0};
    usage_work w = {.cli = cli};
    vg_status status = find_unused(&w, &err);
    return status == VG_OK ? VG_EXIT_OK : (int)vg_cli_error(cli, &err);
}

/* ---- the tables ------------------------------------------------------------------------------------------------------------------ */

static const vg_positional generate_words[] = {
    {.name = "PRINCIPAL",
     .help = "A user or role: its ARN, or user/alice@111122223333, or a name that only one has."},
    VG_ACTIVITY_LOGS,
    {0},
};
static const vg_option generate_options[] = {
    {.name = "format",
     .argument = "FORMAT",
     .choices = "policy|diff|json",
     .fallback = "policy",
     .help = "The policy itself, how it differs from today's statement by statement, or everything as JSON."},
    {.name = "check",
     .help = "Exit with 1 when a call that was allowed is not allowed for certain by the new policy."},
    VG_ACTIVITY_OPTIONS,
    VG_IAM_AT,
    VG_IAM_CONTENT,
    {0},
};
static const vg_example generate_examples[] = {
    {"vigil iam generate role/deploy trail/ --last 90d --check > deploy.json",
     "The policy that 90 days of use need, proven."},
    {"vigil iam generate role/deploy trail/ --format diff", "How it differs from what the role has."},
    {0},
};
static const vg_exit_note generate_notes[] = {
    {1, "With --check: a call of the logs is not allowed for certain by the new policy."},
    {3, "A log could not be read in full, or there is no evidence of the principal."},
    {0},
};
const vg_command vg_iam_generate = {
    .name = "generate",
    .summary = "Make a policy that allows what was used",
    .description =
        "Reads CloudTrail logs and makes the smallest policy that allows what the principal was seen to do: "
        "no action that "
        "is not in the logs, except what the catalogue declares as needed with one (and the principal has "
        "today); the "
        "resources that were recorded; the conditions of the statements that allowed the calls.\n\n"
        "Every call is then decided again with the new policy in the place of the principal's own. What the "
        "logs cannot "
        "show (data events that no trail selects) is not in the policy: the messages say so.",
    .positionals = generate_words,
    .options = generate_options,
    .examples = generate_examples,
    .exit_notes = generate_notes,
    .run = run_generate,
};

static const vg_positional unused_words[] = {VG_ACTIVITY_LOGS, {0}};
static const vg_option unused_options[] = {
    {.name = "principal", .argument = "NAME", .help = "Only this user or role."},
    {.name = "account", .argument = "ID", .help = "Only principals of this account.", .kind = VG_ARG_ACCOUNT},
    {.name = "days",
     .argument = "N",
     .kind = VG_ARG_NUMBER,
     .fallback = "90",
     .help = "How far back the logs must go: less is not assessed."},
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
    {"vigil iam unused trail/ --days 90", "Which permissions nobody used for 90 days."},
    {"vigil iam unused trail/ --principal role/deploy --format json", "The actions of one role, by name."},
    {0},
};
static const vg_exit_note unused_notes[] = {
    {3, "A log could not be read in full, or the logs do not go back far enough."},
    {0},
};
const vg_command vg_iam_unused = {
    .name = "unused",
    .summary = "List permissions that were granted and not used",
    .description = "Compares what users and roles are granted (by their policies, boundary and SCPs) with "
                   "what CloudTrail logs show. "
                   "Service-linked roles and root users are left out.\n\n"
                   "An action of which the logs could not show a call is never called unused: iam:PassRole "
                   "leaves no event, and reads "
                   "and writes of objects are in the logs only where a trail selects data events. They stand "
                   "under 'No trace'.",
    .positionals = unused_words,
    .options = unused_options,
    .examples = unused_examples,
    .exit_notes = unused_notes,
    .run = run_unused,
};
