/* iam_generate.c: `vigil iam generate`: a policy of what was used. */
#include "cli/activity_read.h"
#include "cli/cli_parts.h"
#include "cli/content_parts.h"
#include "cli/iam_world.h"
#include "report/report.h"

enum { MOST_POLICY = 1 << 20 };

typedef struct {
    vg_cli *cli;
    const vg_world *world;
    vg_activity activity;
} usage_work;

static vg_status read_logs(usage_work *w, const vg_str *paths, size_t count, vg_error *err)
{
    return vg_cli_activity_read(w->cli, paths, count, w->world->catalogue, w->world, &w->activity, err);
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
    put_list(&w, s->not_resource ? "NotResource" : "Resource", s->resources, s->resource_count);
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
        put_list(&w, s->not_resource ? "notResources" : "resources", s->resources, s->resource_count);
        vg_json_end_object(&w);
    }
    vg_json_end_array(&w);
    put_list(&w, "guessed", g->guessed, g->guessed_count);
    put_list(&w, "unproven", g->unproven, g->unproven_count);
    put_list(&w, "ungranted", g->ungranted, g->ungranted_count);
    put_list(&w, "unchecked", g->unchecked, g->unchecked_count);
    put_list(&w, "leftOut", g->left_out, g->left_out_count);
    vg_json_put_i64(&w, "failed", (int64_t)g->failed);
    vg_json_put_str(&w, "policy", g->text);
    vg_json_end_object(&w);
    vg_buf_add_char(out, '\n');
}

static void say_each(vg_cli *cli, const char *before, const vg_str *texts, size_t count, const char *behind)
{
    enum { MOST_LINES = 20 };
    for (size_t i = 0; i < count && i < MOST_LINES; i++)
        vg_cli_say(cli, "%s%.*s%s", before, VG_ARG(texts[i]), behind);
    if (count > MOST_LINES)
        vg_cli_say(cli, "%s%zu more like these: --format json", before, count - MOST_LINES);
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
    if (g->failed)
        vg_cli_say(
            cli,
            "%llu calls ended with errors that do not tell whether they were allowed: they are not in the "
            "policy",
            (unsigned long long)g->failed);
    say_each(cli, "", g->guessed, g->guessed_count,
             ": the event does not tell for certain that this is the action");
    say_each(cli, "", g->left_out, g->left_out_count, "");
    say_each(cli, "not checked: ", g->unchecked, g->unchecked_count, "");
    say_each(cli, "not granted today: ", g->ungranted, g->ungranted_count, "");
    say_each(cli, "not allowed for certain by the new policy: ", g->unproven, g->unproven_count, "");
}

/* The policy of --policy, whose mistakes end the command. */
static vg_status read_instead(vg_cli *cli, const vg_policy_document **out, vg_error *err)
{
    vg_str path = vg_cli_value(cli, "policy"), text;
    vg_policy_document *document = VG_NEW(cli->arena, vg_policy_document);
    if (!path.len)
        return VG_OK;
    if (!document)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
    VG_TRY(vg_file_read(cli->arena, path, MOST_POLICY, &text, err));
    VG_TRY(vg_policy_read_text(cli->arena, text, VG_POLICY_IDENTITY, path, document, err));
    if (document->issue_count)
        return vg_fail_at(err, VG_ERR_VALUE, document->issues[0].place,
                          "AWS would refuse this policy: %s: %s", document->issues[0].code,
                          document->issues[0].message);
    *out = document;
    return VG_OK;
}

static vg_status read_question(usage_work *w, vg_generate_question *question, vg_error *err)
{
    vg_cli *cli = w->cli;
    vg_str events = vg_cli_content_file(cli, VG_STR("policy/events.yaml"));
    *question = (vg_generate_question){.world = w->world, .activity = &w->activity};
    VG_TRY(vg_event_map_read(cli->arena, events, w->world->catalogue, &question->events, err));
    VG_TRY(vg_cli_dependents(cli, &question->dependents, err));
    return read_instead(cli, &question->instead, err);
}

static void write_answer(vg_cli *cli, const vg_generate_question *question, const vg_generated *g,
                         vg_buf *out)
{
    switch (vg_cli_choice(cli, "format")) {
    case 0:
        if (question->instead)
            vg_buf_addf(out, "%zu calls are not allowed for certain by %.*s\n", g->unproven_count,
                        VG_ARG(vg_cli_value(cli, "policy")));
        else
            vg_buf_addf(out, "%.*s\n", VG_ARG(g->text));
        break;
    case 1:
        write_diff(out, question->principal, g);
        break;
    default:
        write_generated_json(out, question->principal, g);
    }
}

static vg_status generate(usage_work *w, size_t *unproven, vg_error *err)
{
    vg_cli *cli = w->cli;
    const vg_str *words;
    size_t count = vg_cli_arguments(cli, &words);
    vg_world_caller caller;
    vg_generate_question question;
    vg_generated generated;
    vg_buf out = {0};
    VG_TRY(vg_iam_world(cli, NULL, 0, &w->world, err));
    VG_TRY(vg_access_find_caller(w->world, cli->arena, words[0], &caller, err));
    if (!caller.principal)
        return vg_fail(err, VG_ERR_NOT_FOUND,
                       "no evidence of %.*s: import the account's authorization details", VG_ARG(words[0]));
    VG_TRY(read_question(w, &question, err));
    VG_TRY(read_logs(w, words + 1, count - 1, err));
    question.principal = caller.principal;
    VG_TRY(vg_generate(cli->arena, &question, &generated, err));
    *unproven = generated.unproven_count + generated.ungranted_count;
    write_answer(cli, &question, &generated, &out);
    say_what_to_know(cli, &w->activity, &generated);
    return print(cli, &out, err);
}

static int run_generate(vg_cli *cli)
{
    vg_error err = {0};
    usage_work w = {.cli = cli};
    size_t unproven = 0;
    vg_status status = generate(&w, &unproven, &err);
    bool is_checked = vg_cli_flag(cli, "check") || vg_cli_value(cli, "policy").len > 0;
    if (status != VG_OK)
        return vg_cli_error(cli, &err);
    return unproven && is_checked ? VG_EXIT_FINDINGS : VG_EXIT_OK;
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
     .help = "Exit with 1 when a call that was allowed, or the passing of a role by one, is not allowed for "
             "certain by "
             "the new policy, or needed what today's policies do not allow."},
    {.name = "policy",
     .argument = "FILE",
     .kind = VG_ARG_PATH,
     .help = "Check this policy, one that was edited, in the place of the one that is made; with --check's "
             "exit codes."},
    VG_ACTIVITY_OPTIONS,
    VG_IAM_AT,
    VG_IAM_CONTENT,
    {0},
};
static const vg_example generate_examples[] = {
    {"vigil iam generate role/deploy trail/ --last 90d --check > deploy.json",
     "The policy that 90 days of use need, proven."},
    {"vigil iam generate role/deploy trail/ --policy deploy.json",
     "Whether it still suffices after editing."},
    {"vigil iam generate role/deploy trail/ --format diff", "How it differs from what the role has."},
    {0},
};
static const vg_exit_note generate_notes[] = {
    {1, "With --check or --policy: a call of the logs is not allowed for certain by the policy, or what it "
        "needed is not "
        "granted today."},
    {3, "A log could not be read in full, or there is no evidence of the principal."},
    {0},
};
const vg_command vg_iam_generate = {
    .name = "generate",
    .summary = "Make a policy that allows what was used",
    .description =
        "Reads CloudTrail logs and makes the smallest policy that allows what the principal was seen to do: "
        "no action that "
        "is not in the logs, except what calls need beside it and the principal has today: iam:PassRole of "
        "the role that "
        "a request names, what is declared as needed and leaves no trace; the resources that were recorded, "
        "or "
        "those of today's statements where a record does not tell them; the conditions of the statements "
        "that "
        "allowed the calls.\n\n"
        "Every call, and every role that one passes, is then decided again with the new policy in the place "
        "of the "
        "principal's own; what could not be checked is said. What the "
        "logs cannot "
        "show (data events that no trail selects) is not in the policy: the messages say so.",
    .positionals = generate_words,
    .options = generate_options,
    .examples = generate_examples,
    .exit_notes = generate_notes,
    .run = run_generate,
};
