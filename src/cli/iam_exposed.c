/* iam_exposed.c: `vigil iam exposed`: what can be reached from outside, each with a request that proves it. */
#include "cli/cli_parts.h"
#include "cli/content_parts.h"
#include "cli/iam_problem.h"
#include "report/report.h"

typedef struct {
    vg_cli *cli;
    const vg_world *world;
    vg_exposures found;
    vg_str account, reach;
    vg_iam_problems problems;
} exposed_work;

static bool is_asked(const exposed_work *w, const vg_exposure *e)
{
    return (!w->account.len || vg_str_eq(w->account, e->account)) &&
           (vg_str_is(w->reach, "all") || vg_str_is(w->reach, vg_reach_name(e->reach)));
}

/* Those that are certain and those that something uncollected may forbid are told apart. */
static bool is_told(const exposed_work *w, const vg_exposure *e, bool certain)
{
    return is_asked(w, e) && vg_exposure_is_certain(e) == certain;
}

/* What stands in the way of knowing: problems of the resource, and of RCPs where these are not known. */
static vg_iam_answer answer_about(const vg_world_target *target, bool rcps_unknown)
{
    return (vg_iam_answer){.target = target, .unknown = rcps_unknown ? VG_BY_RCP : 0U};
}

static void put_problems(vg_json_writer *json, exposed_work *w, vg_str resource, bool rcps_unknown)
{
    const vg_world_target target = vg_world_target_of(w->world, resource);
    const vg_iam_answer answer = answer_about(&target, rcps_unknown);
    vg_json_key(json, "problems");
    vg_iam_problems_write(&w->problems, &answer, json);
}

/* `margin`: what each begins with. */
static void add_problems(exposed_work *w, vg_buf *out, const vg_iam_answer *about, const char *margin)
{
    vg_str text;
    for (size_t i = 0; (text = vg_iam_problem_next(&w->problems, about, &i)).ptr;) {
        vg_buf_add_c(out, margin);
        vg_report_safe(out, text);
    }
}

/* ---- JSON ---------------------------------------------------------------------------------------------------------------------- */

/* The witness in the form of `vigil iam can --requests`: principal, action, resource, context. */
static void put_witness(vg_json_writer *w, const vg_exposure *e)
{
    const vg_witness *witness = &e->witness;
    vg_json_key(w, "witness");
    vg_json_object(w);
    if (vg_str_is(witness->caller, "*")) {
        vg_json_key(w, "principal");
        vg_json_object(w);
        vg_json_put_str(w, "type", VG_STR("Anonymous"));
        vg_json_end_object(w);
    } else {
        vg_json_put_str(w, "principal", witness->caller);
    }
    vg_json_put_str(w, "action", witness->action);
    vg_json_key(w, "resource");
    vg_json_object(w);
    vg_json_put_str(w, "resource", witness->resource);
    vg_json_put_str(w, "accountId", e->account);
    vg_json_end_object(w);
    vg_json_key(w, "contextVariables");
    vg_json_object(w);
    for (size_t i = 0; i < witness->context_count; i++) {
        const vg_context_entry *entry = &witness->context[i];
        vg_json_key_str(w, entry->key);
        if (entry->multi)
            vg_json_array(w);
        vg_json_string(w, entry->values[0]);
        if (entry->multi)
            vg_json_end_array(w);
    }
    vg_json_end_object(w);
    vg_json_end_object(w);
}

/* The statement that lets in, or the access control list. */
static void put_cause(vg_json_writer *w, const vg_exposure *e)
{
    if (!e->policy) {
        vg_json_put_str(w, "policy", VG_STR("access control list"));
        return;
    }
    const vg_policy_document *document = vg_policy_document_of(e->policy);
    vg_json_put_str(w, "policy", document->name);
    vg_json_put_i64(w, "statement", e->statement);
    vg_json_put_str(w, "sid", document->statements[e->statement].sid);
}

static void put_exposure(vg_json_writer *w, exposed_work *work, const vg_exposure *e)
{
    vg_json_object(w);
    vg_json_put_str(w, "severity", vg_str_from(vg_severity_name(e->severity)));
    vg_json_put_str(w, "reach", vg_str_from(vg_reach_name(e->reach)));
    vg_json_put_str(w, "resource", e->resource);
    vg_json_put_str(w, "type", e->type);
    vg_json_put_str(w, "account", e->account);
    vg_json_put_str(w, "who", e->who);
    put_cause(w, e);
    vg_json_put_bool(w, "anyAudience", e->any_audience);
    vg_json_put_str(w, "hangsOn", e->hangs_on);
    vg_json_put_bool(w, "unlessRcp", e->unless_rcp);
    vg_json_put_bool(w, "unlessBlockPublicAccess", e->unless_block);
    vg_json_key(w, "actions");
    vg_json_array(w);
    for (size_t i = 0; i < e->action_count; i++)
        vg_json_string(w, e->actions[i]);
    vg_json_end_array(w);
    put_problems(w, work, e->resource, e->unless_rcp);
    put_witness(w, e);
    vg_json_end_object(w);
}

static void put_exposures(vg_json_writer *w, const char *key, exposed_work *work, bool certain)
{
    vg_json_key(w, key);
    vg_json_array(w);
    for (size_t i = 0; i < work->found.exposure_count; i++)
        if (is_told(work, &work->found.exposures[i], certain))
            put_exposure(w, work, &work->found.exposures[i]);
    vg_json_end_array(w);
}

static void write_json(exposed_work *work, vg_buf *out)
{
    vg_json_writer w = vg_json_writer_to(out, 2);
    vg_json_object(&w);
    vg_json_put_i64(&w, "resources", (int64_t)work->found.resources);
    put_exposures(&w, "exposed", work, true);
    put_exposures(&w, "possible", work, false);
    vg_json_key(&w, "unknown");
    vg_json_array(&w);
    for (size_t i = 0; i < work->found.unknown_count; i++) {
        const vg_exposure_unknown *u = &work->found.unknowns[i];
        vg_json_object(&w);
        vg_json_put_str(&w, "resource", u->resource);
        vg_json_put_str(&w, "type", u->type);
        vg_json_put_str(&w, "account", u->account);
        vg_json_put_str(&w, "why", u->why);
        put_problems(&w, work, u->resource, false);
        vg_json_end_object(&w);
    }
    vg_json_end_array(&w);
    vg_json_end_object(&w);
    vg_buf_add_char(out, '\n');
}

/* ---- for people ---------------------------------------------------------------------------------------------------------------- */

static void add_paint(const vg_cli *cli, vg_buf *out, const char *code)
{
    if (cli->colour)
        vg_buf_addf(out, "\x1b[%sm", code);
}

static const char *sentence_of(vg_reach reach)
{
    static const char *const sentences[] = {
        [VG_REACH_ANYONE] = "anyone",
        [VG_REACH_PROVIDER] = "anyone with an account at the identity provider",
        [VG_REACH_SERVICE] = "anyone, through an AWS service",
        [VG_REACH_EXTERNAL] = "another organisation's account or provider",
        [VG_REACH_ORGANIZATION] = "other accounts of the organisation",
    };
    return sentences[reach];
}

static const char *remedy_of(const vg_exposure *e, bool is_trust)
{
    if (e->any_audience)
        return "add a StringEquals condition on the provider's :aud (sts.amazonaws.com, for GitHub)";
    switch (e->reach) {
    case VG_REACH_ANYONE:
        return "name the principals, or add a condition on aws:PrincipalOrgID";
    case VG_REACH_PROVIDER:
        return "add StringEquals conditions on the provider's :sub (whose repository, project or user) and "
               ":aud";
    case VG_REACH_SERVICE:
        return "add a condition on aws:SourceAccount, aws:SourceArn or aws:SourceOrgID";
    case VG_REACH_EXTERNAL:
        return is_trust
                   ? "make sure that the other side is still wanted; for an account, ask for sts:ExternalId"
                   : "make sure that the other side is still wanted";
    case VG_REACH_ORGANIZATION:
        break;
    }
    return "make sure that the other accounts need it";
}

static void add_levels(vg_buf *out, unsigned levels)
{
    bool any = false;
    for (int i = 0; i <= VG_ACCESS_TAGGING; i++)
        if (levels & (1U << i)) {
            vg_buf_addf(out, "%s%s", any ? ", " : "", vg_access_level_name((vg_access_level)i));
            any = true;
        }
}

static void add_cause(vg_buf *out, const vg_exposure *e)
{
    vg_buf_add_c(out, "\n         by ");
    if (!e->policy) {
        vg_buf_addf(out, "the grant to %.*s of its access control list", VG_ARG(e->who));
        return;
    }
    const vg_policy_document *document = vg_policy_document_of(e->policy);
    const vg_statement *statement = &document->statements[e->statement];
    if (statement->sid.len)
        vg_report_safe(out, statement->sid);
    else
        vg_buf_addf(out, "statement %u", e->statement);
    vg_buf_add_c(out, " of ");
    vg_report_safe(out, document->name);
}

static void add_reservations(vg_buf *out, const vg_exposure *e)
{
    if (e->hangs_on.len) {
        vg_buf_add_c(out, "\n         if ");
        vg_report_safe(out, e->hangs_on);
        vg_buf_add_c(out, ", of which no evidence tells, is as the witness has it");
    }
    if (e->unless_block)
        vg_buf_add_c(out,
                     "\n         unless Block Public Access, which was not collected in full, forbids it");
    if (e->unless_rcp)
        vg_buf_add_c(
            out, "\n         unless a resource control policy, of which not all were collected, forbids it");
}

static void add_exposure(const exposed_work *w, vg_buf *out, const vg_exposure *e)
{
    static const char *const paint[] = {"2", "36", "33", "31", "1;31"};
    bool is_trust = vg_str_is(e->type, "AWS::IAM::Role");
    add_paint(w->cli, out, paint[e->severity]);
    vg_buf_addf(out, "%-8s ", vg_severity_name(e->severity));
    add_paint(w->cli, out, "0");
    vg_report_safe(out, e->resource);
    vg_buf_addf(out, "\n         %s",
                e->any_audience ? "whom the subject names, with a token for any audience"
                                : sentence_of(e->reach));
    if (e->reach != VG_REACH_ANYONE) {
        vg_buf_add_c(out, " (");
        vg_report_safe(out, e->who);
        vg_buf_add_c(out, ")");
    }
    vg_buf_add_c(out, is_trust ? " may assume it" : ": ");
    if (!is_trust)
        add_levels(out, e->levels);
    add_cause(out, e);
    vg_buf_add_c(out, "\n         witness: ");
    vg_report_safe(out, vg_str_is(e->witness.caller, "*") ? VG_STR("no credentials") : e->witness.caller);
    vg_buf_add_c(out, ", ");
    vg_report_safe(out, e->witness.action);
    vg_buf_add_c(out, " on ");
    vg_report_safe(out, e->witness.resource);
    add_reservations(out, e);
    vg_buf_addf(
        out, "\n         to do: %s\n",
        e->policy
            ? remedy_of(e, is_trust)
            : "set Object Ownership to BucketOwnerEnforced, which voids the list, or take the grant away");
}

static size_t add_exposures(const exposed_work *w, vg_buf *out, bool certain)
{
    size_t shown = 0;
    for (size_t i = 0; i < w->found.exposure_count; i++)
        if (is_told(w, &w->found.exposures[i], certain)) {
            add_exposure(w, out, &w->found.exposures[i]);
            shown++;
        }
    return shown;
}

/* What is open for all that is known, and what would tell whether it is. */
static void add_possible(exposed_work *w, vg_buf *out)
{
    vg_buf possible = {0};
    const vg_iam_answer about_rcps = answer_about(NULL, true);
    size_t count = add_exposures(w, &possible, false);
    if (count) {
        vg_buf_addf(out, "\nOpen unless something that is not known closes it, %zu:\n", count);
        vg_buf_add_str(out, vg_buf_str(&possible));
    }
    bool is_of_rcps = false;
    for (size_t i = 0; i < w->found.exposure_count; i++)
        is_of_rcps = is_of_rcps || (is_asked(w, &w->found.exposures[i]) && w->found.exposures[i].unless_rcp);
    if (is_of_rcps)
        add_problems(w, out, &about_rcps, "\nto know: ");
    if (is_of_rcps)
        vg_buf_add_char(out, '\n');
    vg_buf_free(&possible);
}

static void add_unknowns(exposed_work *w, vg_buf *out)
{
    if (w->found.unknown_count)
        vg_buf_addf(out, "\nNot known of %zu:\n", w->found.unknown_count);
    for (size_t i = 0; i < w->found.unknown_count; i++) {
        const vg_exposure_unknown *u = &w->found.unknowns[i];
        const vg_world_target target = vg_world_target_of(w->world, u->resource);
        const vg_iam_answer about = answer_about(&target, false);
        vg_buf_add_c(out, "  ");
        vg_report_safe(out, u->resource);
        vg_buf_add_c(out, ": ");
        vg_report_safe(out, u->why);
        add_problems(w, out, &about, "\n    to know: ");
        vg_buf_add_char(out, '\n');
    }
}

static void write_text(exposed_work *w, vg_buf *out)
{
    size_t shown = add_exposures(w, out, true);
    vg_buf_addf(out, "%s%zu ways into %zu resources and roles from outside\n", shown ? "\n" : "", shown,
                w->found.resources);
    add_possible(w, out);
    add_unknowns(w, out);
}

/* ---- the command --------------------------------------------------------------------------------------------------------------- */

static vg_status explore(exposed_work *w, vg_error *err)
{
    vg_cli *cli = w->cli;
    vg_buf out = {0};
    w->account = vg_cli_value(cli, "account");
    w->reach = vg_cli_value(cli, "reach");
    VG_TRY(vg_iam_world(cli, NULL, 0, &w->world, err));
    VG_TRY(vg_iam_problems_open(cli->arena, w->world, &w->problems, err));
    const vg_exposure_content content = {vg_cli_content_file(cli, VG_STR("policy/federation.yaml")),
                                         vg_cli_content_file(cli, VG_STR("policy/strangers.yaml"))};
    VG_TRY(vg_world_exposures(cli->arena, w->world, &content, cli->now, &w->found, err));
    if (vg_cli_choice(cli, "format") == 1)
        write_json(w, &out);
    else
        write_text(w, &out);
    bool failed = out.failed;
    if (!failed)
        failed = !vg_cli_print(cli, vg_buf_str(&out));
    vg_buf_free(&out);
    return failed ? vg_fail(err, VG_ERR_MEMORY, "memory ran out while printing") : VG_OK;
}

static size_t count_at_gate(const exposed_work *w, bool certain)
{
    vg_severity gate;
    size_t count = 0;
    if (!vg_severity_parse(vg_cli_value(w->cli, "fail-on"), &gate))
        return 0;
    for (size_t i = 0; i < w->found.exposure_count; i++)
        count += is_told(w, &w->found.exposures[i], certain) && w->found.exposures[i].severity >= gate;
    return count;
}

/* What may be open is no pass: as with any evidence that is missing. */
static int exit_code_of(const exposed_work *w)
{
    size_t perhaps = count_at_gate(w, false);
    if (perhaps > 0) {
        vg_cli_say(w->cli, "%zu at the gate are open unless something that is not known closes them",
                   perhaps);
        return VG_EXIT_PARTIAL;
    }
    return count_at_gate(w, true) > 0 ? VG_EXIT_FINDINGS : VG_EXIT_OK;
}

static int run_exposed(vg_cli *cli)
{
    vg_error err = {0};
    exposed_work w = {.cli = cli};
    vg_status status = explore(&w, &err);
    if (status != VG_OK)
        return vg_cli_error(cli, &err);
    return exit_code_of(&w);
}

static const vg_option options[] = {
    {.name = "reach",
     .argument = "WHO",
     .choices = "all|anyone|provider|service|external|organization",
     .fallback = "all",
     .help = "Only what is reached by these."},
    {.name = "account", .argument = "ID", .kind = VG_ARG_ACCOUNT, .help = "Only resources of this account."},
    VG_IAM_AT,
    {.name = "fail-on",
     .argument = "SEVERITY",
     .choices = "none|low|medium|high|critical",
     .fallback = "none",
     .help = "Exit with 1 when something of this severity or above is exposed."},
    VG_IAM_FORMAT,
    VG_IAM_CONTENT,
    {0},
};
static const vg_example examples[] = {
    {"vigil iam exposed", "What can be reached from outside, gravest first."},
    {"vigil iam exposed --reach anyone --fail-on high", "Gate on what is public."},
    {"vigil iam exposed --format json | jq '.exposed[].witness'", "The requests that prove it."},
    {0},
};
static const vg_exit_note notes[] = {
    {1, "Something at or above --fail-on is exposed."},
    {3, "Something at or above --fail-on is open unless what is not known closes it."},
    {0},
};

const vg_command vg_iam_exposed = {
    .name = "exposed",
    .summary = "Find what can be reached from outside, with proof",
    .description =
        "Asks every resource policy and role trust of the evidence as a stranger would: without "
        "credentials, from an "
        "account outside, through an AWS service, with a token of a shared identity provider. "
        "Resource control policies, S3's Block Public Access and the access control lists of "
        "buckets count.\n\n"
        "A condition protects when it asks for what a stranger does not have (organisation, "
        "account, VPC, address, "
        "source), not when it asks for what every caller chooses (parameters, user agent, tags of "
        "its own principals). "
        "Address ranges wider than /8 protect nobody.\n\n"
        "Each line carries a witness: a whole request that the engine decides Allowed, and that AWS could be "
        "sent: what needs a signature is asked by somebody who signs. What is open "
        "but for resource control policies or Block Public Access that nobody collected is told "
        "apart, and so is what hangs on a tag of the resource of which no evidence tells; resources whose "
        "policies or access control lists nobody collected are listed as not "
        "known, and so are those of types that Vigil does not know in which something reads as a policy "
        "with a Principal. Access control lists of single objects are not looked at.",
    .options = options,
    .examples = examples,
    .exit_notes = notes,
    .run = run_exposed,
};
