/* compare_confirm.c: a request that was found, put to the engine.
 *
 * The search reasons about sets; the engine decides requests. A witness is shown only when the engine says of it that NEW
 * allows and OLD does not. The policy is put where its kind belongs, and other layers allow everything. What a caller is
 * allowed by policies of its own side is asked within one account, whose keys and roles delegate to it; what a resource
 * policy allows is asked of a caller of another account, where it must allow by itself. Only statements that can concern
 * the action are compiled: by the engine's own word, the others match nothing. */
#include "policy/compare_part.h"

static const vg_str everything[] = {VG_STR_INIT("*")};

/* Allow, to the principal, of everything. */
static vg_statement allow_all(const vg_policy_principal *principal)
{
    return (vg_statement){.effect = VG_EFFECT_ALLOW,
                          .has_principal = true,
                          .has_action = true,
                          .has_resource = true,
                          .principals = principal,
                          .principal_count = 1,
                          .actions = everything,
                          .action_count = 1,
                          .resources = everything,
                          .resource_count = 1};
}

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
    const vg_policy *identity_all, *resource_all, *delegation, *scp_all, *policy;
    const vg_policy *level[2];
    vg_layer org;
    bool bounded; /* the caller has a permissions boundary, which allows everything */
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

static const vg_policy *compile_allow_all(vg_comparer *c, vg_policy_kind kind,
                                          const vg_policy_principal *principal)
{
    vg_statement *statement = VG_NEW(c->arena, vg_statement);
    if (!statement)
        return NULL;
    *statement = allow_all(principal);
    return compiled(c, kind, true, statement, 1);
}

static bool make_world(vg_comparer *c, const vg_request *request, world *w)
{
    static const vg_policy_principal anyone = {.kind = VG_PRINCIPAL_ANYONE, .text = VG_STR_INIT("*")};
    const vg_policy_principal account = {
        .kind = VG_PRINCIPAL_ACCOUNT, .text = request->caller.account, .account = request->caller.account};
    w->identity_all = compile_allow_all(c, VG_POLICY_IDENTITY, &anyone);
    w->resource_all = compile_allow_all(c, VG_POLICY_RESOURCE, &anyone);
    w->delegation = compile_allow_all(c, VG_POLICY_RESOURCE, &account);
    w->scp_all = compile_allow_all(c, VG_POLICY_SCP, &anyone);
    return w->identity_all && w->resource_all && w->delegation && w->scp_all;
}

static void put_policy(const vg_comparer *c, world *w, size_t side, const vg_policy *policy)
{
    w->policy = policy;
    w->level[0] = policy;
    w->level[1] = w->scp_all;
    w->org = layer_of(w->level, stands_beside_full_access(c, side) ? 2 : 1);
    w->layers =
        (vg_layers){.identity = layer_of(&w->identity_all, 1), .resource = layer_of(&w->delegation, 1)};
    if (w->bounded)
        w->layers.boundary = layer_of(&w->identity_all, 1);
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
        w->layers.resource = layer_of(&w->resource_all, 1);
        break;
    case VG_POLICY_SCP:
        w->layers.scps = &w->org;
        w->layers.scp_count = 1;
        break;
    case VG_POLICY_RCP:
        w->layers.resource = layer_of(&w->resource_all, 1);
        w->layers.rcps = &w->org;
        w->layers.rcp_count = 1;
        break;
    }
}

/* ---- asking ------------------------------------------------------------------------------------------------------------------------ */

#define CALLER_OWNER   "111122223333"
#define RESOURCE_OWNER "000000000000" /* of no principal that a policy names: it would have to be AWS's own */

/* The account in the resource's ARN, else the one given. */
static vg_str account_of(vg_str resource, vg_str otherwise)
{
    vg_arn arn;
    return vg_arn_parse(resource, &arn) && vg_is_account_id(arn.account) ? arn.account : otherwise;
}

/* A caller that stands for everyone whom the policy is attached to, and a resource of the same account. */
static void set_own_side(vg_comparer *c, vg_request *r)
{
    vg_str account = account_of(r->resource, VG_STR(CALLER_OWNER));
    r->caller = vg_caller_of(vg_arena_printf(c->arena, "arn:aws:iam::%.*s:user/zq0", VG_ARG(account)));
    r->resource_account = account;
}

/* A session that a provider made says so in its context. */
static void set_provider(vg_comparer *c, vg_str provider, vg_request *r)
{
    static const char key[] = "aws:FederatedProvider";
    vg_context_entry *context = vg_arena_alloc(c->arena, (r->context_count + 1) * sizeof *context);
    vg_str *value = vg_arena_alloc(c->arena, sizeof *value);
    for (size_t i = 0; i < r->context_count; i++)
        if (vg_str_eq_icase(r->context[i].key, vg_str_from(key)))
            return;
    if (!context || !value)
        return;
    if (r->context_count)
        memcpy(context, r->context, r->context_count * sizeof *context);
    *value = provider;
    context[r->context_count++] = (vg_context_entry){
        .key = vg_str_from(key), .values = value, .value_count = 1, .state = VG_CONTEXT_PRESENT};
    r->context = context;
}

static void set_other_side(vg_comparer *c, const vg_compare_witness *w, vg_request *r)
{
    const vg_compare_caller *caller = vg_vec_at(&c->callers, w->caller);
    r->caller = caller->caller;
    r->session_role_arn = caller->issuer;
    if (caller->provider.len)
        set_provider(c, caller->provider, r);
    r->resource_account = account_of(r->resource, VG_STR(RESOURCE_OWNER));
    if (vg_str_eq(r->resource_account, r->caller.account))
        r->resource_account = VG_STR(RESOURCE_OWNER);
}

static vg_request request_of(vg_comparer *c, const vg_compare_witness *w)
{
    vg_request r = {.action = w->action,
                    .resource = w->resource,
                    .context = w->context,
                    .context_count = w->context_count,
                    .wildcard_only_action = vg_str_is(w->resource, "*")};
    if (c->kind == VG_POLICY_TRUST) {
        r.resource = VG_STR("arn:aws:iam::" RESOURCE_OWNER ":role/zq0");
        r.wildcard_only_action = false;
    }
    if (w->caller == VG_COMPARE_NONE)
        set_own_side(c, &r);
    else
        set_other_side(c, w, &r);
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

/* A statement alone, with what it asks of resource or context taken away. */
static bool would_allow(vg_comparer *c, world *w, const vg_statement *s, bool any_resource, bool any_context,
                        const vg_request *request)
{
    vg_statement loose = narrowed(s, request->action);
    if (any_resource) {
        loose.not_resource = false;
        loose.resources = everything;
        loose.resource_count = 1;
    }
    if (any_context)
        loose.condition_count = 0;
    const vg_policy_document *old = c->documents[0];
    const vg_policy *policy = compiled(c, old->kind, old->version_2012, &loose, 1);
    if (!policy)
        return false;
    put_policy(c, w, 0, policy);
    return vg_policy_decide(request, &w->layers).result == VG_ALLOWED;
}

/* The Allow of OLD that lacks least, and what. */
static void find_nearest(vg_comparer *c, world *w, const vg_request *request)
{
    static const struct {
        bool any_resource, any_context;
        vg_compare_lack lack;
    } trials[] = {{false, true, VG_COMPARE_CONDITION},
                  {true, false, VG_COMPARE_RESOURCE},
                  {true, true, VG_COMPARE_RESOURCE_AND_CONDITION},
                  {false, false, VG_COMPARE_PRINCIPAL}};
    enum { ENOUGH = 8 };
    const vg_policy_document *old = c->documents[0];
    size_t best = VG_COUNT(trials), looked_at = 0;
    for (uint32_t i = 0; i < old->statement_count && best > 0 && looked_at < ENOUGH; i++) {
        const vg_statement *s = &old->statements[i];
        size_t t = 0;
        if (s->effect != VG_EFFECT_ALLOW || !concerns(s, request->action))
            continue;
        looked_at++;
        while (t + 1 < VG_COUNT(trials) &&
               !would_allow(c, w, s, trials[t].any_resource, trials[t].any_context, request))
            t++;
        if (t < best) {
            best = t;
            c->out->nearest = i;
            c->out->nearest_lacks = trials[t].lack;
        }
    }
}

bool vg_compare_confirm(vg_comparer *c, const vg_compare_witness *witness)
{
    world w;
    vg_request request = request_of(c, witness);
    w.bounded = witness->caller != VG_COMPARE_NONE &&
                ((const vg_compare_caller *)vg_vec_at(&c->callers, witness->caller))->bounded;
    if (!make_world(c, &request, &w) || decide(c, &w, 1, &request, VG_COMPARE_NONE) != VG_ALLOWED)
        return false;
    vg_decision_result old = decide(c, &w, 0, &request, VG_COMPARE_NONE);
    if (old != VG_EXPLICITLY_DENIED && old != VG_IMPLICITLY_DENIED)
        return false;
    *c->out = (vg_comparison){.result = VG_COMPARE_YES,
                              .principal = request.caller.text,
                              .action = request.action,
                              .resource = request.resource,
                              .resource_account = request.resource_account,
                              .context = request.context,
                              .context_count = request.context_count,
                              .wildcard_only_action = request.wildcard_only_action,
                              .allowed_by = witness->statement,
                              .denied_by = VG_COMPARE_NO_STATEMENT,
                              .nearest = VG_COMPARE_NO_STATEMENT};
    if (old == VG_EXPLICITLY_DENIED)
        c->out->denied_by = find_denial(c, &w, &request);
    else
        find_nearest(c, &w, &request);
    return true;
}
