/* compare_confirm.c: a request that was found, put to the engine.
 *
 * The search reasons about sets; the engine decides requests. A witness is shown only when the engine says of it that NEW
 * allows and OLD does not. The policy is put where its kind belongs, and every other layer allows everything; caller and
 * resource are of different accounts, so that both sides must allow and neither stands in for the other. Only statements
 * that can concern the action are compiled: by the engine's own word, the others match nothing. */
#include "policy/compare_part.h"

static const vg_str everything[] = {VG_STR_INIT("*")};
static const vg_policy_principal anyone[] = {{.kind = VG_PRINCIPAL_ANYONE, .text = VG_STR_INIT("*")}};
static const vg_statement allow_all[] = {{.effect = VG_EFFECT_ALLOW,
                                          .has_principal = true,
                                          .has_action = true,
                                          .has_resource = true,
                                          .principals = anyone,
                                          .principal_count = 1,
                                          .actions = everything,
                                          .action_count = 1,
                                          .resources = everything,
                                          .resource_count = 1}};

/* ---- policies of the statements that matter -------------------------------------------------------------------------------------- */

static bool concerns(const vg_statement *s, vg_str action)
{
    bool listed = false;
    for (size_t i = 0; i < s->action_count && !listed; i++)
        listed = vg_action_matches(s->actions[i], action);
    return !s->invalid && listed != s->not_action;
}

/* `s` with the one pattern of its actions that concerns the action: the rest would only be compiled in vain. */
static vg_statement narrowed(const vg_statement *s, vg_str action)
{
    vg_statement out = *s;
    for (size_t i = 0; i < s->action_count && !s->not_action; i++)
        if (vg_action_matches(s->actions[i], action)) {
            out.actions = &s->actions[i];
            out.action_count = 1;
            break;
        }
    return out;
}

static const vg_policy *compiled(vg_comparer *c, vg_policy_kind kind, bool version_2012,
                                 const vg_statement *statements, size_t count)
{
    vg_policy_document *document = VG_NEW(c->arena, vg_policy_document);
    const vg_policy *policy = NULL;
    if (!document)
        return NULL;
    *document = (vg_policy_document){
        .kind = kind, .version_2012 = version_2012, .statements = statements, .statement_count = count};
    return vg_policy_compile(c->arena, document, NULL, &policy, NULL) == VG_OK ? policy : NULL;
}

/* One side's policy for one action; `only` picks one statement, else VG_COMPARE_NONE. */
static const vg_policy *policy_of(vg_comparer *c, size_t side, vg_str action, uint32_t only)
{
    const vg_policy_document *document = c->documents[side];
    vg_statement *statements = vg_arena_alloc(c->arena, (document->statement_count + 1) * sizeof *statements);
    size_t count = 0;
    for (size_t i = 0; statements && i < document->statement_count; i++)
        if ((only == VG_COMPARE_NONE || only == i) && concerns(&document->statements[i], action))
            statements[count++] = narrowed(&document->statements[i], action);
    return statements ? compiled(c, document->kind, document->version_2012, statements, count) : NULL;
}

/* ---- layers ------------------------------------------------------------------------------------------------------------------------ */

typedef struct {
    const vg_policy *identity_all, *resource_all, *scp_all, *policy;
    const vg_policy *level[2];
    vg_layer org;
    vg_layers layers;
} world;

static vg_layer layer_of(const vg_policy *const *policy, size_t count)
{
    return (vg_layer){.state = VG_LAYER_KNOWN, .policies = policy, .count = count};
}

/* Whether the side's SCP or RCP is taken to stand beside the one that allows everything. */
static bool stands_beside_full_access(const vg_comparer *c, size_t side)
{
    for (size_t i = 0; i < c->statements.len; i++) {
        const vg_compare_statement *s = vg_compare_statement_at(c, i);
        if (!s->source && s->is_new == (side == 1))
            return true;
    }
    return false;
}

static bool make_world(vg_comparer *c, world *w)
{
    w->identity_all = compiled(c, VG_POLICY_IDENTITY, true, allow_all, 1);
    w->resource_all = compiled(c, VG_POLICY_RESOURCE, true, allow_all, 1);
    w->scp_all = compiled(c, VG_POLICY_SCP, true, allow_all, 1);
    return w->identity_all && w->resource_all && w->scp_all;
}

static void put_policy(const vg_comparer *c, world *w, size_t side, const vg_policy *policy)
{
    w->policy = policy;
    w->level[0] = policy;
    w->level[1] = w->scp_all;
    w->org = layer_of(w->level, stands_beside_full_access(c, side) ? 2 : 1);
    w->layers =
        (vg_layers){.identity = layer_of(&w->identity_all, 1), .resource = layer_of(&w->resource_all, 1)};
    switch (c->kind) {
    case VG_POLICY_IDENTITY:
        w->layers.identity = layer_of(&w->policy, 1);
        break;
    case VG_POLICY_BOUNDARY:
        w->layers.boundary = layer_of(&w->policy, 1);
        break;
    case VG_POLICY_SESSION:
        w->layers.session = layer_of(&w->policy, 1);
        break;
    case VG_POLICY_RESOURCE:
    case VG_POLICY_TRUST:
        w->layers.resource = layer_of(&w->policy, 1);
        break;
    case VG_POLICY_ENDPOINT:
        w->layers.endpoint = layer_of(&w->policy, 1);
        break;
    case VG_POLICY_SCP:
        w->layers.scps = &w->org;
        w->layers.scp_count = 1;
        break;
    case VG_POLICY_RCP:
        w->layers.rcps = &w->org;
        w->layers.rcp_count = 1;
        break;
    }
}

/* ---- asking ------------------------------------------------------------------------------------------------------------------------ */

/* Of no principal that a policy names: it would have to be AWS's own. */
#define RESOURCE_OWNER "000000000000"

static vg_request request_of(const vg_comparer *c, const vg_compare_witness *w)
{
    vg_request r = {.caller = vg_caller_of(VG_STR("arn:aws:iam::111122223333:user/zq0")),
                    .action = w->action,
                    .resource = w->resource,
                    .resource_account = VG_STR(RESOURCE_OWNER),
                    .context = w->context,
                    .context_count = w->context_count,
                    .wildcard_only_action = vg_str_is(w->resource, "*")};
    if (w->caller != VG_COMPARE_NONE)
        r.caller = ((const vg_compare_caller *)vg_vec_at(&c->callers, w->caller))->caller;
    if (c->kind == VG_POLICY_TRUST) {
        r.resource = VG_STR("arn:aws:iam::" RESOURCE_OWNER ":role/zq0");
        r.wildcard_only_action = false;
    }
    return r;
}

static vg_decision_result decide(vg_comparer *c, world *w, size_t side, const vg_request *request,
                                 uint32_t only)
{
    const vg_policy *policy = policy_of(c, side, request->action, only);
    if (!policy)
        return VG_DECISION_UNKNOWN;
    put_policy(c, w, side, policy);
    return vg_policy_decide(request, &w->layers).result;
}

/* The statement of OLD that denies. */
static uint32_t find_denial(vg_comparer *c, world *w, const vg_request *request)
{
    const vg_policy_document *old = c->documents[0];
    for (uint32_t i = 0; i < old->statement_count; i++)
        if (old->statements[i].effect == VG_EFFECT_DENY && concerns(&old->statements[i], request->action) &&
            decide(c, w, 0, request, i) == VG_EXPLICITLY_DENIED)
            return i;
    return VG_COMPARE_NO_STATEMENT;
}

bool vg_compare_confirm(vg_comparer *c, const vg_compare_witness *witness)
{
    world w;
    if (witness->caller != VG_COMPARE_NONE &&
        ((const vg_compare_caller *)vg_vec_at(&c->callers, witness->caller))->unnamed)
        return false;
    vg_request request = request_of(c, witness);
    if (!make_world(c, &w) || decide(c, &w, 1, &request, VG_COMPARE_NONE) != VG_ALLOWED)
        return false;
    vg_decision_result old = decide(c, &w, 0, &request, VG_COMPARE_NONE);
    if (old != VG_EXPLICITLY_DENIED && old != VG_IMPLICITLY_DENIED)
        return false;
    *c->out = (vg_comparison){.result = VG_COMPARE_YES,
                              .principal = request.caller.text,
                              .action = request.action,
                              .resource = request.resource,
                              .resource_account = request.resource_account,
                              .context = witness->context,
                              .context_count = witness->context_count,
                              .wildcard_only_action = request.wildcard_only_action,
                              .allowed_by = witness->statement,
                              .denied_by = VG_COMPARE_NO_STATEMENT};
    if (old == VG_EXPLICITLY_DENIED)
        c->out->denied_by = find_denial(c, &w, &request);
    return true;
}
