/* iam_compare.c: `vigil iam compare`: whether a changed policy allows anything new. */
#include "cli/cli_parts.h"
#include "cli/iam_pairs.h"
#include "report/report.h"

enum { LARGEST = 64 << 20 };

/* ---- reading ----------------------------------------------------------------------------------------------------------- */

/* The first issues, each with its place and rule, and how many more there are. */
static bool refuse(vg_cli *cli, const vg_policy_document *policy)
{
    enum { SHOWN = 20 };
    size_t count = policy->issue_count;
    for (size_t i = 0; i < count && i < SHOWN; i++) {
        const vg_policy_issue *issue = &policy->issues[i];
        vg_error err = {0};
        vg_fail_at(&err, VG_ERR_VALUE, issue->place, "AWS would refuse this policy: %s: %s", issue->code,
                   issue->message);
        vg_cli_error(cli, &err);
    }
    if (count > SHOWN)
        vg_cli_say(cli, "%.*s: %zu more like these; 'vigil iam lint' lists them", VG_ARG(policy->name),
                   count - SHOWN);
    return count > 0;
}

/* Reads the texts once, since one may be standard input, and the policies again when they are of another kind. */
static vg_status read_both(vg_cli *cli, const vg_str *paths, const vg_policy_kind *kind,
                           vg_policy_document pair[2], vg_error *err)
{
    vg_str texts[2];
    vg_policy_kind first = kind ? *kind : VG_POLICY_IDENTITY;
    for (size_t i = 0; i < 2; i++) {
        VG_TRY(vg_file_read(cli->arena, paths[i], LARGEST, &texts[i], err));
        VG_TRY(vg_policy_read_text(cli->arena, texts[i], first, paths[i], &pair[i], err));
    }
    vg_policy_kind second = kind ? *kind : vg_iam_guess_kind(&pair[0], &pair[1]);
    for (size_t i = 0; i < 2 && second != first; i++)
        VG_TRY(vg_policy_read_text(cli->arena, texts[i], second, paths[i], &pair[i], err));
    return VG_OK;
}

/* ---- answering --------------------------------------------------------------------------------------------------------- */

/* "statement 2 (AllowRead), new.json:9:5" */
static vg_str name_statement(vg_cli *cli, const vg_policy_document *policy, uint32_t index)
{
    if (index == VG_COMPARE_NO_STATEMENT)
        return VG_STR("the policy that allows everything, beside which this one stands");
    const vg_statement *s = &policy->statements[index];
    vg_place place = vg_doc_place(policy->doc, s->at);
    vg_str sid = s->sid.len ? vg_arena_printf(cli->arena, " (%.*s)", VG_ARG(s->sid)) : VG_STR("");
    return vg_arena_printf(cli->arena, "statement %u%.*s, %.*s:%u:%u", index + 1, VG_ARG(sid),
                           VG_ARG(policy->name), place.line, place.column);
}

static vg_str why_not(vg_cli *cli, const vg_policy_document *old_policy, const vg_comparison *c)
{
    static const char *const lacks[] = {"for another principal", "on other resources",
                                        "under other conditions",
                                        "on other resources and under other conditions"};
    if (c->denied_by != VG_COMPARE_NO_STATEMENT)
        return vg_arena_printf(cli->arena, "denied by %.*s",
                               VG_ARG(name_statement(cli, old_policy, c->denied_by)));
    if (c->nearest == VG_COMPARE_NO_STATEMENT)
        return VG_STR("no statement allows this action");
    return vg_arena_printf(cli->arena, "allowed by none: %.*s has the action, but %s",
                           VG_ARG(name_statement(cli, old_policy, c->nearest)), lacks[c->nearest_lacks]);
}

static void add_line(vg_buf *out, const char *label, vg_str text)
{
    vg_buf_addf(out, "  %-10s ", label);
    vg_report_safe(out, text);
    vg_buf_add_char(out, '\n');
}

static void add_context(vg_cli *cli, vg_buf *out, const vg_comparison *c)
{
    for (size_t i = 0; i < c->context_count; i++) {
        const vg_context_entry *entry = &c->context[i];
        vg_str text = vg_arena_printf(cli->arena, "%.*s =", VG_ARG(entry->key));
        for (uint32_t v = 0; v < entry->value_count; v++)
            text = vg_arena_printf(cli->arena, "%.*s%s %.*s", VG_ARG(text), v ? "," : "",
                                   VG_ARG(entry->values[v]));
        add_line(out, i ? "" : "context", text);
    }
}

static void write_text(vg_cli *cli, vg_buf *out, const vg_policy_document pair[2], const vg_comparison *c)
{
    static const char *const sentences[] = {"no: the new policy allows nothing that the old one did not\n",
                                            "yes: the new policy allows what the old one did not, such as\n",
                                            "maybe: nothing was proven\n"};
    vg_buf_add_c(out, sentences[c->result]);
    if (c->reason)
        add_line(out, "because", vg_str_from(c->reason));
    if (c->result != VG_COMPARE_YES)
        return;
    add_line(out, "principal", c->principal);
    add_line(out, "action", c->action);
    add_line(out, "resource", c->resource);
    add_context(cli, out, c);
    add_line(
        out, "new",
        vg_arena_printf(cli->arena, "allowed by %.*s", VG_ARG(name_statement(cli, &pair[1], c->allowed_by))));
    add_line(out, "old", why_not(cli, &pair[0], c));
}

static void put_statement(vg_json_writer *w, const char *key, uint32_t index)
{
    vg_json_key(w, key);
    if (index == VG_COMPARE_NO_STATEMENT)
        vg_json_null(w);
    else
        vg_json_i64(w, index);
}

static void write_json(vg_cli *cli, vg_buf *out, const vg_policy_document pair[2], const vg_comparison *c)
{
    vg_json_writer w = vg_json_writer_to(out, 2);
    vg_json_object(&w);
    vg_json_put_str(&w, "result", vg_str_from(vg_compare_result_name(c->result)));
    vg_json_put_str(&w, "kind", vg_str_from(vg_policy_kind_name(pair[1].kind)));
    vg_iam_write_witness(&w, c);
    if (c->reason)
        vg_json_put_str(&w, "reason", vg_str_from(c->reason));
    if (c->result == VG_COMPARE_YES) {
        put_statement(&w, "allowedBy", c->allowed_by);
        put_statement(&w, "deniedBy", c->denied_by);
        vg_json_put_str(&w, "why", why_not(cli, &pair[0], c));
    }
    vg_json_end_object(&w);
    vg_buf_add_char(out, '\n');
}

static int answer(vg_cli *cli, const vg_policy_document pair[2], const vg_comparison *c)
{
    static const vg_exit codes[] = {VG_EXIT_OK, VG_EXIT_FINDINGS, VG_EXIT_PARTIAL};
    vg_buf out = {0};
    if (vg_cli_choice(cli, "format") == 1)
        write_json(cli, &out, pair, c);
    else
        write_text(cli, &out, pair, c);
    vg_cli_print(cli, vg_buf_str(&out));
    vg_buf_free(&out);
    if (c->result == VG_COMPARE_MAYBE) {
        vg_error err = {0};
        vg_fail(&err, VG_ERR_UNSUPPORTED, "not decided: %s", c->reason);
        vg_cli_warn(cli, &err);
    }
    return codes[c->result];
}

static int compare_files(vg_cli *cli, const vg_str *paths, const vg_policy_kind *kind)
{
    vg_policy_document pair[2];
    vg_comparison comparison;
    vg_error err = {0};
    if (read_both(cli, paths, kind, pair, &err) != VG_OK)
        return vg_cli_error(cli, &err);
    bool refused = refuse(cli, &pair[0]);
    if (refuse(cli, &pair[1]) || refused)
        return VG_EXIT_PARTIAL;
    if (vg_policy_compare(cli->arena, &pair[0], &pair[1], &comparison, &err) != VG_OK)
        return vg_cli_error(cli, &err);
    return answer(cli, pair, &comparison);
}

static int run_compare(vg_cli *cli)
{
    const vg_str *paths;
    vg_policy_kind kind;
    size_t count = vg_cli_arguments(cli, &paths);
    vg_str pairs = vg_cli_value(cli, "pairs");
    bool given = vg_policy_kind_parse(vg_cli_value(cli, "kind"), &kind);
    if (pairs.len)
        return count ? (int)vg_cli_usage(cli, "give two policies or --pairs, not both")
                     : vg_iam_compare_pairs(cli, pairs, given ? &kind : NULL);
    if (count != 2)
        return vg_cli_usage(cli, "name two policies, the old one first");
    return compare_files(cli, paths, given ? &kind : NULL);
}

/* ---- the table --------------------------------------------------------------------------------------------------------- */

static const vg_positional words[] = {
    {.name = "OLD",
     .help = "The policy as it was: a JSON file; - reads standard input.",
     .optional = true,
     .kind = VG_ARG_PATH},
    {.name = "NEW", .help = "The policy as it shall be.", .optional = true, .kind = VG_ARG_PATH},
    {0},
};

static const vg_option options[] = {
    {.name = "kind",
     .argument = "KIND",
     .choices = "auto|identity|boundary|session|resource|trust|endpoint|scp|rcp",
     .fallback = "auto",
     .help =
         "What the policies are attached as. auto takes them for trust or resource policies when they name "
         "principals, else for identity policies; it never takes one for an SCP or RCP."},
    {.name = "pairs",
     .argument = "FILE",
     .kind = VG_ARG_PATH,
     .help = "Compare the pairs in FILE, one JSON object a line: {\"id\": ..., \"old\": POLICY, \"new\": "
             "POLICY}; - "
             "reads standard input."},
    {.name = "format",
     .argument = "FORMAT",
     .choices = "text|json",
     .fallback = "text",
     .help = "How to print."},
    {0},
};

static const vg_example examples[] = {
    {"vigil iam compare old.json new.json", "Say whether a changed policy allows anything new."},
    {"vigil iam compare --kind scp old.json new.json", "The same for service control policies."},
    {"vigil iam compare --pairs changes.jsonl > answers.jsonl", "Compare many pairs, one answer a line."},
    {0},
};

static const vg_exit_note exit_notes[] = {
    {VG_EXIT_FINDINGS,
     "The new policy allows something that the old one did not (of pairs: one of them does)."},
    {VG_EXIT_PARTIAL,
     "Nothing was proven (maybe), or a policy could not be read or would be refused by AWS."},
    {0},
};

const vg_command vg_iam_compare = {
    .name = "compare",
    .summary = "Say whether a changed policy allows anything new",
    .description =
        "Compares two policies over all actions, resources and values of condition keys that there could be, "
        "not "
        "only those that exist today: a list of all of a service's actions that becomes a wildcard allows "
        "more. The "
        "order and division of statements, and the spelling of what means the same, make no difference.\n\n"
        "The answer is no (proven), yes, or maybe. With yes comes a request that the new policy allows and "
        "the old "
        "one does not, decided by the engine of 'vigil iam can', the statement that allows it, and why the "
        "old policy "
        "does not.\n\n"
        "Allowed means that some Allow statement matches and no Deny statement does. An SCP that allows "
        "nothing is "
        "taken to stand beside FullAWSAccess. Policies that AWS would refuse are not compared.",
    .options = options,
    .positionals = words,
    .examples = examples,
    .exit_notes = exit_notes,
    .run = run_compare,
};
