/* iam_who_can.c: `vigil iam who-can ACTION RESOURCE`: everybody who can, and on what that depends.
 *
 * Asked are all principals of the evidence, and whoever else the resource's own policy names: principals and accounts
 * outside, services, identity providers, anyone. Where the answer is Unknown, it is decided once more as if what was
 * collected were all: if it is Unknown still, a condition decides, and which, the row says. Where evidence is missing, which
 * could deny all the same, the row stays unknown and says both. Policies made to be slow leave it unknown as well. */
#include "cli/cli_listing.h"
#include "cli/iam_problem.h"

typedef enum { CAN_NOT, CAN, CAN_IF, CAN_PERHAPS } standing;
static const char *const standing_names[] = {"denied", "allowed", "conditional", "unknown"};

typedef struct {
    vg_cli *cli;
    const vg_world *world;
    vg_world_target target;
    vg_str action;
    vg_world_scratch *scratch;
    vg_iam_assumed *assumed;
    vg_s3_settings s3; /* of the target, without the doubt of its ACLs */
    bool acls_unknown;
    vg_listing listing;
    vg_map *asked; /* by text */
    vg_iam_problems problems;
    size_t counts[4];
} asking;

static const vg_listing_column columns[] = {
    {"Principal", "name", VG_LIST_TEXT},     {"Answer", "answer", VG_LIST_FIXED},
    {"Only if", "if", VG_LIST_TEXT},         {"Not known", "notCollected", VG_LIST_TEXT},
    {"", "principal", VG_LIST_HIDDEN},       {"", "account", VG_LIST_HIDDEN},
    {"", "problems", VG_LIST_HIDDEN_NUMBER},
};

/* ---- one caller --------------------------------------------------------------------------------------------------------------- */

/* `unknown`: what stands in the way, NULL where nothing does. */
static vg_status write_row(asking *a, const vg_world_caller *caller, standing s, vg_str residual,
                           vg_str missing, const vg_iam_answer *unknown, vg_error *err)
{
    vg_str who = caller->principal ? caller->principal->arn : caller->caller.text;
    bool is_account = caller->caller.kind == VG_CALLER_ROLE && vg_str_is(caller->caller.name, "*");
    vg_str name = is_account ? vg_arena_printf(a->cli->arena, "account %.*s", VG_ARG(caller->caller.account))
                  : caller->caller.kind == VG_CALLER_ANONYMOUS ? VG_STR("anyone")
                                                               : vg_access_short_name(a->cli->arena, who);
    vg_str problems = vg_iam_problems_json(&a->problems, unknown, a->cli->arena);
    const vg_str cells[] = {
        name, vg_str_from(standing_names[s]), residual, s == CAN_PERHAPS ? missing : VG_STR(""),
        who,  caller->caller.account,         problems};
    if (!problems.ptr)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    return vg_listing_row(&a->listing, cells, err);
}

static vg_status ask_unknown(asking *a, const vg_world_caller *caller, const vg_request *request,
                             const vg_layers *layers, unsigned unknown, vg_error *err)
{
    vg_explanation why;
    const vg_layers *assumed = vg_iam_assume(layers, a->assumed);
    vg_decision decision = vg_policy_decide(request, assumed);
    if (decision.out_of_steps) {
        a->counts[CAN_PERHAPS]++;
        return write_row(a, caller, CAN_PERHAPS, VG_STR(""), VG_STR("policies too costly to compare"), NULL,
                         err);
    }
    bool needs = decision.result == VG_DECISION_UNKNOWN;
    vg_str missing = vg_iam_uncollected(a->cli->arena, caller, layers);
    standing s = needs && !missing.len ? CAN_IF : CAN_PERHAPS;
    a->counts[s]++;
    /* Of those outside, what the resource's side asks for can be said. */
    why.residual = VG_STR("");
    if (needs || !caller->principal)
        VG_TRY(vg_policy_explain(a->cli->arena, request, needs ? assumed : layers, &why, err));
    const vg_iam_answer answer = {caller, &a->target, unknown};
    return write_row(a, caller, s, vg_iam_residual(&why), missing, s == CAN_IF ? NULL : &answer, err);
}

static vg_status ask(asking *a, const vg_world_caller *caller, vg_error *err)
{
    vg_request request;
    vg_layers layers;
    bool added = false;
    vg_str who = caller->principal ? caller->principal->arn : caller->caller.text;
    if (!vg_map_put(a->asked, who, &added))
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    if (!added)
        return VG_OK;
    vg_world_layers(a->world, caller, &a->target, &layers);
    vg_world_request(a->world, caller, &a->target, a->action, NULL, 0, a->scratch, &request);
    if (layers.s3 && layers.s3->acls_unknown) {
        a->s3 = *layers.s3;
        a->s3.acls_unknown = false;
        a->acls_unknown = true;
        layers.s3 = &a->s3;
    }
    vg_decision decision = vg_policy_decide(&request, &layers);
    vg_decision_result result = decision.result;
    if (result == VG_DECISION_UNKNOWN)
        return ask_unknown(a, caller, &request, &layers, decision.unknown, err);
    a->counts[result == VG_ALLOWED ? CAN : CAN_NOT]++;
    if (result == VG_ALLOWED)
        return write_row(a, caller, CAN, VG_STR(""), VG_STR(""), NULL, err);
    return VG_OK;
}

/* ---- everybody ------------------------------------------------------------------------------------------------------------------ */

/* Whom a Principal element names, as a caller. An account outside stands for any role in it: what its own policies allow,
 * nobody here knows. Those of an account of the evidence are asked one by one. */
static vg_status ask_named(asking *a, const vg_policy_principal *named, vg_error *err)
{
    vg_str text = named->text;
    switch (named->kind) {
    case VG_PRINCIPAL_ANYONE:
        text = VG_STR("*");
        break;
    case VG_PRINCIPAL_ACCOUNT:
        if (vg_world_account_of(a->world, named->account))
            return VG_OK;
        text = vg_arena_printf(a->cli->arena, "arn:%.*s:iam::%.*s:role/*", VG_ARG(a->world->partition),
                               VG_ARG(named->account));
        break;
    case VG_PRINCIPAL_ARN:
    case VG_PRINCIPAL_SERVICE:
    case VG_PRINCIPAL_FEDERATED:
        break;
    default:
        return VG_OK;
    }
    vg_world_caller caller = vg_world_caller_of(a->world, text);
    return ask(a, &caller, err);
}

static vg_status ask_policy(asking *a, const vg_layer *layer, vg_error *err)
{
    for (size_t p = 0; p < layer->count; p++) {
        const vg_policy_document *document = vg_policy_document_of(layer->policies[p]);
        for (size_t s = 0; s < document->statement_count; s++) {
            const vg_statement *statement = &document->statements[s];
            for (size_t i = 0; statement->effect == VG_EFFECT_ALLOW && i < statement->principal_count; i++)
                if (!statement->not_principal)
                    VG_TRY(ask_named(a, &statement->principals[i], err));
        }
    }
    return VG_OK;
}

static vg_status ask_all(asking *a, vg_error *err)
{
    for (uint32_t i = 0; i < a->world->principal_count; i++) {
        vg_world_caller caller = vg_world_caller_at(a->world, i);
        VG_TRY(ask(a, &caller, err));
    }
    if (a->target.access_point)
        VG_TRY(ask_policy(a, &a->target.access_point->policy, err));
    return a->target.resource ? ask_policy(a, &a->target.resource->policy, err) : VG_OK;
}

static vg_status who_can(asking *a, const vg_str words[2], vg_error *err)
{
    a->scratch = VG_NEW(a->cli->arena, vg_world_scratch);
    a->assumed = VG_NEW(a->cli->arena, vg_iam_assumed);
    a->asked = vg_map_new(a->cli->arena, 0);
    if (!a->scratch || !a->assumed || !a->asked)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    VG_TRY(vg_iam_world(a->cli, &words[1], 1, &a->world, err));
    VG_TRY(vg_iam_problems_open(a->cli->arena, a->world, &a->problems, err));
    a->action = words[0];
    a->target = vg_world_target_of(a->world, words[1]);
    vg_iam_warn_action(a->cli, a->world, a->action);
    vg_listing_begin(&a->listing, a->cli, columns, VG_COUNT(columns), vg_cli_choice(a->cli, "format") == 1);
    vg_status status = ask_all(a, err);
    return vg_listing_end(&a->listing, status,
                          "Nobody in the evidence, and nobody whom the resource's policy names.", err);
}

static int run_who_can(vg_cli *cli)
{
    const vg_str *words;
    vg_error err = {0};
    asking a = {.cli = cli};
    vg_cli_arguments(cli, &words);
    if (vg_iam_check_words(words[0], words[1], &err) != VG_OK || who_can(&a, words, &err) != VG_OK)
        return vg_cli_error(cli, &err);
    vg_cli_say(cli, "%zu allowed, %zu conditional, %zu unknown, %zu denied", a.counts[CAN], a.counts[CAN_IF],
               a.counts[CAN_PERHAPS], a.counts[CAN_NOT]);
    vg_iam_problems_say(&a.problems, cli);
    if (a.acls_unknown)
        vg_cli_say(cli, "the bucket's access control lists were not collected: they may allow others");
    return a.counts[CAN_PERHAPS] ? VG_EXIT_PARTIAL : VG_EXIT_OK;
}

/* ---- the command ------------------------------------------------------------------------------------------------------------------ */

static const vg_positional positionals[] = {
    {.name = "ACTION", .help = "An action, such as s3:GetObject."},
    {.name = "RESOURCE", .help = "An ARN; '*' for actions that take no resource."},
    {0},
};

static const vg_option options[] = {VG_IAM_AT, VG_IAM_FORMAT, VG_IAM_CONTENT, {0}};

static const vg_example examples[] = {
    {"vigil iam who-can s3:GetObject arn:aws:s3:::shop-invoices/2026.pdf", "Who can read an object."},
    {"vigil iam who-can sts:AssumeRole arn:aws:iam::111122223333:role/admin --format json",
     "Who can assume a role, for a program."},
    {0},
};

static const vg_exit_note exit_notes[] = {
    {VG_EXIT_PARTIAL, "For some principal the answer is unknown, because evidence is missing."},
    {0},
};

const vg_command vg_iam_who_can = {
    .name = "who-can",
    .summary = "List everybody who can do something",
    .description =
        "Asks for every user, role and root user in the evidence, and for whomever else the resource's "
        "policy "
        "names: principals and accounts outside, services, identity providers, anyone. Who cannot is counted "
        "and not listed.\n\n"
        "conditional: allowed if something holds that no evidence tells, such as where the request comes "
        "from. "
        "unknown: evidence is missing that could allow or deny, such as a policy that no export holds; a "
        "policy that AWS would refuse is named with its file, line and column. A "
        "role "
        "stands for its sessions without a session policy.",
    .options = options,
    .positionals = positionals,
    .examples = examples,
    .exit_notes = exit_notes,
    .run = run_who_can,
};
