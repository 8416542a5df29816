/* iam_generate.c: `vigil iam generate`: a policy of what was used. */
#include "cli/activity_read.h"
#include "cli/cli_parts.h"
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
        failed = !vg_cli_print(cli, vg_buf_str(text));
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
