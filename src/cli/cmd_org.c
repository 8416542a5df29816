/* cmd_org.c: `vigil org`: the organisation as a tree, and where it should change. */
#include "assess/assess.h"
#include "cli/cli_listing.h"
#include "cli/cli_parts.h"
#include "cli/content_parts.h"
#include "cli/org_parts.h"
#include "report/report.h"

/* ---- reading ------------------------------------------------------------------------------------------------------------------ */

/* `evidence` is open for reading. */
typedef vg_status tree_work(vg_cli *cli, vg_evidence *evidence, const vg_tree *tree, vg_error *err);

static int with_tree(vg_cli *cli, tree_work *work)
{
    vg_error err = {0};
    vg_evidence *evidence = NULL;
    vg_tree tree;
    const vg_evidence_options options = {
        .now = cli->now, .who = vg_cli_user(cli), .command = VG_STR("vigil org")};
    vg_status status = vg_evidence_open(cli->workspace, &options, &evidence, &err);
    if (status == VG_OK)
        status = vg_tree_read(evidence, cli->arena, &tree, &err);
    if (status == VG_OK)
        status = work(cli, evidence, &tree, &err);
    vg_evidence_close(evidence);
    return status == VG_OK ? VG_EXIT_OK : (int)vg_cli_error(cli, &err);
}

static void add_safe(vg_buf *out, vg_str text)
{
    vg_report_safe(out, text);
}

static bool is_json(vg_cli *cli)
{
    return vg_str_is(vg_cli_value(cli, "format"), "json");
}

static vg_status print(vg_cli *cli, vg_buf *text, vg_error *err)
{
    bool failed = text->failed;
    if (!failed)
        failed = !vg_cli_print(cli, vg_buf_str(text));
    vg_buf_free(text);
    return failed ? vg_fail(err, VG_ERR_MEMORY, "memory ran out while printing") : VG_OK;
}

/* ---- tree --------------------------------------------------------------------------------------------------------------------- */

static void node_to_json(vg_json_writer *w, const vg_tree *tree, const vg_tree_node *node)
{
    vg_json_object(w);
    vg_json_put_str(w, "id", node->id);
    vg_json_put_str(w, "name", node->name);
    vg_json_put_str(w, "kind",
                    node->is_account ? VG_STR("account")
                    : node->is_root  ? VG_STR("root")
                                     : VG_STR("ou"));
    if (node->parent != UINT32_MAX)
        vg_json_put_str(w, "parent", tree->nodes[node->parent].id);
    vg_json_put_str(w, "path", node->path);
    vg_json_put_i64(w, "depth", node->depth);
    vg_json_put_str(w, "function", vg_str_from(node->function));
    if (node->is_account) {
        vg_json_put_str(w, "email", node->email);
        vg_json_put_str(w, "status", node->status);
        vg_json_put_bool(w, "management", node->is_management);
        vg_json_key(w, "workloads");
        vg_json_array(w);
        for (size_t i = 0; i < node->workload_count; i++)
            vg_json_string(w, node->workloads[i]);
        vg_json_end_array(w);
    }
    vg_json_key(w, "policies");
    vg_json_array(w);
    for (size_t i = 0; i < node->policy_count; i++) {
        const vg_tree_policy *policy = &tree->policies[node->policies[i]];
        vg_json_object(w);
        vg_json_put_str(w, "id", policy->id);
        vg_json_put_str(w, "name", policy->name);
        vg_json_put_str(w, "kind", vg_str_from(policy->kind));
        vg_json_end_object(w);
    }
    vg_json_end_array(w);
    vg_json_end_object(w);
}

static void tree_to_json(vg_buf *out, const vg_tree *tree)
{
    vg_json_writer w = vg_json_writer_to(out, 2);
    vg_json_object(&w);
    vg_json_put_str(&w, "organization", tree->id);
    vg_json_put_str(&w, "management", tree->management);
    vg_json_key(&w, "nodes");
    vg_json_array(&w);
    for (size_t i = 0; i < tree->node_count; i++)
        node_to_json(&w, tree, &tree->nodes[i]);
    vg_json_end_array(&w);
    vg_json_end_object(&w);
    vg_buf_add_char(out, '\n');
}

static void add_paint(vg_cli *cli, vg_buf *out, const char *code)
{
    if (cli->colour)
        vg_buf_addf(out, "\x1b[%sm", code);
}

static void node_to_text(vg_cli *cli, vg_buf *out, const vg_tree *tree, const vg_tree_node *node)
{
    vg_buf_addf(out, "%*s", (int)(node->depth * 2), "");
    add_paint(cli, out, node->is_account ? "0" : "1");
    add_safe(out, node->name);
    add_paint(cli, out, "0");
    if (!vg_str_eq(node->name, node->id)) {
        add_paint(cli, out, "2");
        vg_buf_add_c(out, "  ");
        add_safe(out, node->id);
        add_paint(cli, out, "0");
    }
    if (node->is_management)
        vg_buf_add_c(out, "  management account");
    if (!node->is_account && !node->is_root && strcmp(node->function, "other") != 0)
        vg_buf_addf(out, "  %s", node->function);
    if (node->is_account && node->status.len && !vg_str_is(node->status, "ACTIVE")) {
        vg_buf_add_c(out, "  ");
        add_safe(out, node->status);
    }
    for (size_t i = 0; i < node->workload_count; i++) {
        vg_buf_add_c(out, i ? ", " : "  runs ");
        add_safe(out, node->workloads[i]);
    }
    bool any = false;
    for (size_t i = 0; i < node->policy_count; i++) {
        const vg_tree_policy *policy = &tree->policies[node->policies[i]];
        if (policy->is_default)
            continue;
        vg_buf_add_c(out, any ? ", " : "  [");
        vg_buf_addf(out, "%s%s", policy->kind, *policy->kind ? " " : "");
        add_safe(out, policy->name);
        any = true;
    }
    vg_buf_add_c(out, any ? "]\n" : "\n");
}

static vg_status work_tree(vg_cli *cli, vg_evidence *evidence, const vg_tree *tree, vg_error *err)
{
    (void)evidence;
    vg_buf text = {0};
    bool in_tree = true;
    if (is_json(cli)) {
        tree_to_json(&text, tree);
        return print(cli, &text, err);
    }
    for (size_t i = 0; i < tree->node_count; i++) {
        if (in_tree && !tree->nodes[i].in_tree)
            vg_buf_add_c(&text, "Not in the tree (their parents are unknown, or contradict each other):\n");
        in_tree = tree->nodes[i].in_tree;
        node_to_text(cli, &text, tree, &tree->nodes[i]);
    }
    return print(cli, &text, err);
}

static int run_tree(vg_cli *cli)
{
    return with_tree(cli, work_tree);
}

/* ---- guardrails ----------------------------------------------------------------------------------------------------------------- */

static void tell_bad_content(void *cli, const vg_error *err)
{
    vg_cli_warn(cli, err);
}

static vg_status read_guardrails(vg_cli *cli, vg_evidence *evidence, const vg_tree *tree,
                                 vg_tree_guardrails *out, vg_error *err)
{
    vg_content *content = NULL;
    vg_assessment *assessment = VG_NEW(cli->arena, vg_assessment);
    if (!assessment)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
    VG_TRY(vg_cli_content_load(cli, tell_bad_content, &content, err));
    const vg_assess_options how = {
        .content = content, .now = cli->now_given ? cli->now : VG_TIME_NONE, .threads = cli->threads};
    vg_status status = vg_assess(evidence, NULL, &how, cli->arena, assessment, err);
    if (status == VG_OK)
        status = vg_tree_guardrails_of(cli->arena, tree, assessment, out, err);
    vg_content_free(content);
    return status;
}

static void guardrails_to_json(vg_buf *out, const vg_tree *tree, const vg_tree_guardrails *guardrails)
{
    vg_json_writer w = vg_json_writer_to(out, 2);
    vg_json_array(&w);
    for (size_t i = 0; i < tree->node_count; i++) {
        const vg_tree_node *node = &tree->nodes[i];
        vg_json_object(&w);
        vg_json_put_str(&w, "id", node->id);
        vg_json_put_str(&w, "name", node->name);
        vg_json_put_str(&w, "kind",
                        node->is_account ? VG_STR("account")
                        : node->is_root  ? VG_STR("root")
                                         : VG_STR("ou"));
        vg_json_put_bool(&w, "bound", !node->is_management);
        vg_json_key(&w, "guardrails");
        vg_json_object(&w);
        for (size_t g = 0; g < vg_guardrail_count; g++)
            vg_json_put_str(
                &w, vg_guardrail_names[g],
                vg_str_from(vg_guardrail_state_name(guardrails->states[i * vg_guardrail_count + g])));
        vg_json_end_object(&w);
        vg_json_end_object(&w);
    }
    vg_json_end_array(&w);
    vg_buf_add_char(out, '\n');
}

/* A column a guardrail, headed by its number; the legend stands below. */
static void guardrails_to_text(vg_cli *cli, vg_buf *out, const vg_tree *tree,
                               const vg_tree_guardrails *guardrails)
{
    static const char *const signs[] = {"?", "-", "~", "+"}, *const paint[] = {"2", "31", "33", "32"};
    enum { NAME_WIDTH = 44 };
    vg_buf_addf(out, "%-*s", NAME_WIDTH, "");
    for (size_t g = 0; g < vg_guardrail_count; g++)
        vg_buf_addf(out, "%3zu", g + 1);
    vg_buf_add_char(out, '\n');
    for (size_t i = 0; i < tree->node_count; i++) {
        const vg_tree_node *node = &tree->nodes[i];
        vg_buf name = {0};
        vg_buf_addf(&name, "%*s", (int)(node->depth * 2), "");
        add_safe(&name, node->name);
        size_t shown = name.len < NAME_WIDTH - 1 ? name.len : NAME_WIDTH - 1;
        out->failed = out->failed || name.failed;
        vg_buf_addf(out, "%-*.*s", NAME_WIDTH, (int)shown, name.ptr ? name.ptr : "");
        vg_buf_free(&name);
        for (size_t g = 0; g < vg_guardrail_count; g++) {
            vg_guardrail_state state = guardrails->states[i * vg_guardrail_count + g];
            vg_buf_add_c(out, "  ");
            add_paint(cli, out, paint[state]);
            vg_buf_add_c(out, signs[state]);
            add_paint(cli, out, "0");
        }
        vg_buf_add_c(out, node->is_management ? "  never bound\n" : "\n");
    }
    vg_buf_add_c(out, "\n+ denied  ~ in part, or not in every account below  - not denied  ? unknown\n");
    for (size_t g = 0; g < vg_guardrail_count; g++)
        vg_buf_addf(out, "%2zu %s\n", g + 1, vg_guardrail_names[g]);
}

static vg_status work_guardrails(vg_cli *cli, vg_evidence *evidence, const vg_tree *tree, vg_error *err)
{
    vg_tree_guardrails guardrails;
    vg_buf text = {0};
    VG_TRY(read_guardrails(cli, evidence, tree, &guardrails, err));
    if (is_json(cli))
        guardrails_to_json(&text, tree, &guardrails);
    else
        guardrails_to_text(cli, &text, tree, &guardrails);
    return print(cli, &text, err);
}

static int run_guardrails(vg_cli *cli)
{
    return with_tree(cli, work_guardrails);
}

/* ---- suggest ------------------------------------------------------------------------------------------------------------------- */

static void advice_to_json(vg_buf *out, const vg_advice *advice, size_t count)
{
    vg_json_writer w = vg_json_writer_to(out, 2);
    vg_json_array(&w);
    for (size_t i = 0; i < count; i++) {
        vg_json_object(&w);
        vg_json_put_str(&w, "kind", vg_str_from(advice[i].kind));
        vg_json_put_str(&w, "severity", vg_str_from(vg_severity_name(advice[i].severity)));
        vg_json_put_str(&w, "subject", advice[i].subject);
        vg_json_put_str(&w, "name", advice[i].name);
        vg_json_put_str(&w, "target", advice[i].target);
        vg_json_put_str(&w, "message", advice[i].message);
        vg_json_put_str(&w, "command", advice[i].command);
        vg_json_end_object(&w);
    }
    vg_json_end_array(&w);
    vg_buf_add_char(out, '\n');
}

static void advice_to_text(vg_cli *cli, vg_buf *out, const vg_advice *advice, size_t count)
{
    static const char *const paint[] = {"2", "36", "33", "31", "1;31"};
    if (count == 0)
        vg_buf_add_c(out, "nothing to change: OUs and accounts stand as AWS's guidance has them\n");
    for (size_t i = 0; i < count; i++) {
        add_paint(cli, out, paint[advice[i].severity]);
        vg_buf_addf(out, "%-8s", vg_severity_name(advice[i].severity));
        add_paint(cli, out, "0");
        vg_buf_addf(out, " %-13s ", advice[i].kind);
        add_safe(out, advice[i].message);
        vg_buf_add_char(out, '\n');
        if (advice[i].command.len) {
            vg_buf_add_c(out, "    ");
            add_safe(out, advice[i].command);
            vg_buf_add_char(out, '\n');
        }
    }
    if (count && vg_str_find(vg_buf_str(out), VG_STR("move-account --")) != VG_NPOS)
        vg_buf_add_c(
            out,
            "\nMoving an account changes which policies bind it: look at `vigil org tree` first. Run the "
            "commands in the management account.\n");
}

static vg_status work_suggest(vg_cli *cli, vg_evidence *evidence, const vg_tree *tree, vg_error *err)
{
    const vg_advice *advice;
    size_t count;
    vg_buf text = {0};
    vg_severity gate;
    vg_tree_guardrails guardrails;
    bool with_guardrails = vg_cli_choice(cli, "only") == 0;
    if (with_guardrails)
        VG_TRY(read_guardrails(cli, evidence, tree, &guardrails, err));
    VG_TRY(vg_tree_advise(cli->arena, tree, vg_cli_content_file(cli, VG_STR("organization/guidance.yaml")),
                          with_guardrails ? &guardrails : NULL, &advice, &count, err));
    if (is_json(cli))
        advice_to_json(&text, advice, count);
    else
        advice_to_text(cli, &text, advice, count);
    if (count && vg_severity_parse(vg_cli_value(cli, "fail-on"), &gate) && advice[0].severity >= gate)
        vg_cli_note(cli, VG_EXIT_FINDINGS);
    return print(cli, &text, err);
}

static int run_suggest(vg_cli *cli)
{
    return with_tree(cli, work_suggest);
}

/* ---- the tables ------------------------------------------------------------------------------------------------------------------ */

static const vg_option tree_options[] = {VG_ORG_FORMAT, {0}};
static const vg_example tree_examples[] = {
    {"vigil org tree", "Show OUs, accounts, and the policies attached to each."},
    {"vigil org tree --format json | jq '.nodes[] | select(.kind == \"account\")'", "Take it apart with jq."},
    {0},
};
static const vg_command tree = {
    .name = "tree",
    .summary = "Show the organisation as a tree",
    .description = "Shows the root, its OUs and accounts, what the names of the OUs say they are for, which "
                   "workloads the "
                   "mapping places where, and the policies attached to each (those that grant everything are "
                   "left out).\n\n"
                   "It reads the answers of `aws organizations` that were imported.",
    .options = tree_options,
    .examples = tree_examples,
    .run = run_tree,
};

static const vg_option guardrails_options[] = {VG_ORG_FORMAT, VG_ORG_CONTENT, {0}};
static const vg_example guardrails_examples[] = {
    {"vigil org guardrails", "Show what is denied in every account of each OU."},
    {0},
};
static const vg_command guardrails_command = {
    .name = "guardrails",
    .summary = "Show which guardrails bind each OU and account",
    .description = "Shows for each account what its SCPs and RCPs, from the root down, deny: leaving the "
                   "organisation, the root "
                   "user, changes of CloudTrail, Config, GuardDuty and Security Hub, regions, calls without "
                   "multi-factor "
                   "authentication, access keys for users, access from outside. An OU says what the accounts "
                   "below it say "
                   "together. The management account is never bound.",
    .options = guardrails_options,
    .examples = guardrails_examples,
    .run = run_guardrails,
};

static const vg_option suggest_options[] = {
    VG_ORG_FORMAT,
    {.name = "only",
     .argument = "WHAT",
     .choices = "all|structure",
     .fallback = "all",
     .help = "Leave out which guardrails OUs lack, for which every account must be assessed."},
    {.name = "fail-on",
     .argument = "SEVERITY",
     .choices = "none|low|medium|high|critical",
     .fallback = "none",
     .help = "Exit with 1 when there is advice of this severity or above."},
    VG_ORG_CONTENT,
    {0},
};
static const vg_example suggest_examples[] = {
    {"vigil org suggest", "Say which OU is missing and which account should move, with commands."},
    {"vigil org suggest --fail-on medium", "Gate a change of the landing zone."},
    {0},
};
static const vg_exit_note suggest_notes[] = {
    {1, "There is advice at or above --fail-on."},
    {0},
};
static const vg_command suggest = {
    .name = "suggest",
    .summary = "Say where the organisation should change",
    .description =
        "Compares OUs and accounts with AWS's guidance for many accounts: OUs by function, no account "
        "directly under the "
        "root, closed accounts in an OU of their own, production apart from the rest, the guardrails that "
        "OUs of a function "
        "should have.\n\n"
        "Where an account belongs is read from the workload mapping, else from its name; where neither says "
        "anything, "
        "nothing is advised. The guidance is content: `vigil content show organization/guidance.yaml`.",
    .options = suggest_options,
    .examples = suggest_examples,
    .exit_notes = suggest_notes,
    .run = run_suggest,
};

static const vg_command *const nested[] = {&tree, &guardrails_command, &suggest, &vg_org_simulate, NULL};

const vg_command vg_command_org = {
    .name = "org",
    .summary = "Look at the organisation: its tree, and what to change",
    .description = "Answers questions about accounts, OUs and the policies that bind them.",
    .nested = nested,
};
