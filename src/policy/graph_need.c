/* graph_need.c: whether one need of a technique is met: the questions that it comes down to, and their decisions.
 *
 * A need on something that is there (oneself, the target, a policy, a group) is one question for each of them, of which one
 * must be allowed. A need on anything asks for every resource type that the action must name (an instance, its image, its
 * subnet), by a pattern of that type's ARNs in the account: the caller chooses names, so an Allow that overlaps is enough
 * and a Deny must cover. The caller also chooses the region: where a decision hangs on aws:RequestedRegion, the regions
 * that policies name are tried. */
#include "policy/graph_part.h"

#include <stdio.h>

/* ---- one question ------------------------------------------------------------------------------------------------------------ */

static const vg_str yes = VG_STR("true"), no = VG_STR("false"), home_region = VG_STR("us-east-1");

static void give(vg_context_entry *given, size_t *count, vg_str key, const vg_str *value)
{
    given[(*count)++] = (vg_context_entry){key, value, 1, false, VG_CONTEXT_PRESENT};
}

static void give_pins(vg_context_entry *given, size_t *count, const vg_graph_ask *ask)
{
    for (size_t i = 0; i < ask->pin_count; i++) {
        const vg_graph_pin *pin = &ask->pins[i];
        if (pin->value.len > 0)
            give(given, count, pin->key, &pin->value);
        else
            given[(*count)++] = (vg_context_entry){.key = pin->key, .state = VG_CONTEXT_ABSENT};
    }
}

static bool is_global(vg_str action)
{
    return vg_str_starts(action, VG_STR("iam:"));
}

static vg_layer without(vg_graph_try *t, const vg_layer *layer, const vg_str action, size_t room)
{
    const vg_graph_change *c = t->change;
    vg_layer out = *layer;
    if (!c || !vg_str_eq_icase(c->action, action) || layer->count > VG_GRAPH_CHANGED_MAX)
        return out;
    const vg_policy **policies = t->changed_policies + room * VG_GRAPH_CHANGED_MAX;
    for (size_t i = 0; i < layer->count; i++)
        policies[i] = layer->policies[i] == c->policy ? c->without : layer->policies[i];
    out.policies = policies;
    return out;
}

void vg_graph_request(vg_graph_try *t, const vg_graph_ask *ask, vg_request *request, vg_layers *layers,
                      vg_context_entry given[8])
{
    size_t count = 0;
    bool is_service = ask->caller.caller.kind == VG_CALLER_SERVICE;
    vg_world_layers(t->graph->world, &ask->caller, &ask->target, layers);
    layers->identity = without(t, ask->identity ? ask->identity : &layers->identity, ask->action, 0);
    layers->resource = without(t, &layers->resource, ask->action, 1);
    if (ask->trusting)
        layers->resource = (vg_layer){.state = VG_LAYER_KNOWN, .policies = &t->graph->trusting, .count = 1};
    if (ask->fresh) {
        layers->resource = (vg_layer){.state = VG_LAYER_NONE};
        layers->grants_unknown = layers->any_resource = false;
    }
    if (ask->lifted)
        layers->boundary = (vg_layer){.state = VG_LAYER_NONE};
    give(given, &count, VG_STR("aws:SecureTransport"), &yes);
    give(given, &count, VG_STR("aws:ViaAWSService"), &no);
    if (is_global(ask->action))
        give(given, &count, VG_STR("aws:RequestedRegion"), &home_region);
    if (ask->passed_to.len > 0)
        give(given, &count, VG_STR("iam:PassedToService"), &ask->passed_to);
    if (is_service)
        give(given, &count, VG_STR("aws:SourceAccount"), &ask->target.account_id);
    give_pins(given, &count, ask);
    vg_world_request(t->graph->world, &ask->caller, &ask->target, ask->action, given, count, t->scratch,
                     request);
}

static vg_match match_of(vg_decision d)
{
    return d.result == VG_ALLOWED            ? VG_MATCH_YES
           : d.result == VG_DECISION_UNKNOWN ? VG_MATCH_UNKNOWN
                                             : VG_MATCH_NO;
}

/* The same in a region that policies name. */
static bool allowed_in_a_region(vg_graph_try *t, vg_request *request, const vg_layers *layers)
{
    const vg_graph *g = t->graph;
    if (is_global(request->action) || t->scratch->count == VG_WORLD_CONTEXT_MAX)
        return false;
    vg_context_entry *entry = &t->scratch->entries[request->context_count];
    for (size_t i = 0; i < g->region_count; i++) {
        *entry =
            (vg_context_entry){VG_STR("aws:RequestedRegion"), &g->regions[i], 1, false, VG_CONTEXT_PRESENT};
        vg_request there = *request;
        there.context_count++;
        if (vg_policy_decide(&there, layers).result == VG_ALLOWED)
            return true;
    }
    return false;
}

vg_match vg_graph_decide(vg_graph_try *t, const vg_graph_ask *ask)
{
    vg_request request;
    vg_layers layers;
    vg_context_entry given[8];
    vg_graph_request(t, ask, &request, &layers, given);
    vg_match match = match_of(vg_policy_decide(&request, &layers));
    if (match == VG_MATCH_UNKNOWN && allowed_in_a_region(t, &request, &layers))
        match = VG_MATCH_YES;
    bool uncollected = layers.identity.state == VG_LAYER_UNKNOWN || layers.resource.state == VG_LAYER_UNKNOWN;
    if (match == VG_MATCH_UNKNOWN && uncollected) {
        layers.identity.state = layers.identity.state == VG_LAYER_NONE ? VG_LAYER_NONE : VG_LAYER_KNOWN;
        layers.resource.state = layers.resource.state == VG_LAYER_NONE ? VG_LAYER_NONE : VG_LAYER_KNOWN;
        if (match_of(vg_policy_decide(&request, &layers)) == VG_MATCH_NO)
            match = VG_MATCH_NO;
    }
    vg_graph_asked *place = t->asked ? vg_vec_push(t->asked) : NULL;
    if (place)
        *place = (vg_graph_asked){*ask, match};
    return match;
}

/* ---- needs --------------------------------------------------------------------------------------------------------------------- */

static bool is_passing(const vg_escalation_need *need)
{
    return vg_str_eq_icase(need->action, VG_STR("iam:PassRole"));
}

/* Adds the permissions boundary of whom the need is on, where it is known. */
static void pin_boundary(const vg_graph_try *t, const vg_escalation_need *need, vg_str key, vg_graph_ask *ask)
{
    const vg_world_principal *of =
        need->on == VG_ON_SELF ? t->caller.principal : &t->graph->world->principals[t->to];
    bool has_none = of->boundary.state == VG_LAYER_NONE && of->identity.state != VG_LAYER_UNKNOWN;
    if (of->boundary_arn.len > 0 || has_none)
        ask->pins[ask->pin_count++] = (vg_graph_pin){key, of->boundary_arn};
}

/* Adds what is known of the need's context; what is left is the caller's to choose. NULL: nothing is. */
static const vg_escalation_pin *pin(const vg_graph_try *t, const vg_escalation_need *need, vg_graph_ask *ask)
{
    const vg_escalations *e = t->graph->escalations;
    const vg_escalation_pin *chosen = NULL;
    for (size_t i = 0; i < need->pin_count; i++) {
        const vg_escalation_pin *p = &need->pins[i];
        if (p->count == 0)
            ask->pins[ask->pin_count++] = (vg_graph_pin){.key = p->key};
        else if (vg_str_is(p->values[0], "${Boundary}"))
            pin_boundary(t, need, p->key, ask);
        else
            chosen = p;
    }
    for (size_t i = 0; is_passing(need) && i < e->associated_count; i++)
        if (vg_str_eq(e->associated[i].service, t->service))
            chosen = &e->associated[i].pin;
    return chosen;
}

static vg_graph_ask question(const vg_graph_try *t, const vg_escalation_need *need)
{
    vg_graph_ask ask = {.caller = t->caller, .action = need->action};
    if (is_passing(need))
        ask.passed_to = t->service;
    bool lifts_own = t->technique->lifts_boundary && t->technique->becomes == VG_BECOMES_SELF;
    ask.lifted = lifts_own && need != &t->technique->needs[0];
    return ask;
}

static bool is_assuming(const vg_escalation_need *need)
{
    return vg_str_eq_icase(need->action, VG_STR("sts:AssumeRole"));
}

static vg_match ask_arn(vg_graph_try *t, const vg_escalation_need *need, vg_str arn)
{
    vg_graph_ask ask = question(t, need);
    const vg_escalation_pin *choice = pin(t, need, &ask);
    ask.target = vg_world_target_of(t->graph->world, arn);
    ask.trusting = need->on == VG_ON_TARGET_TRUSTING || (need->on == VG_ON_MADE && is_assuming(need));
    ask.fresh = need->on != VG_ON_ANY && !ask.target.resource &&
                !ask.trusting; /* IAM's own have no policies, but for roles */
    return vg_graph_decide_choice(t, &ask, choice);
}

/* What the best of several questions gives; only what it asked is kept. (A policy of AWS's own is another account's: it is
 * denied.) */
static vg_match best_of(vg_graph_try *t, const vg_escalation_need *need, const vg_str *arns, size_t count)
{
    size_t before = t->asked ? t->asked->len : 0, best = 0;
    vg_match match = VG_MATCH_NO;
    for (size_t i = 0; i < count && match != VG_MATCH_YES; i++) {
        vg_match one = ask_arn(t, need, arns[i]);
        best = one > match ? i : best;
        match = vg_match_or(match, one);
    }
    if (!t->asked || match == VG_MATCH_NO)
        return match;
    t->asked->len = before;
    return ask_arn(t, need, arns[best]);
}

/* An ARN of the catalogue as a pattern: "arn:aws:lambda:*:111122223333:function:*". Empty when it does not fit. */
static vg_str pattern_of(const vg_graph_try *t, vg_str arn, vg_str account, char *out, size_t room)
{
    size_t len = 0;
    for (size_t at; (at = vg_str_find(arn, VG_STR("${"))) != VG_NPOS;) {
        size_t end = vg_str_find_char(vg_str_sub(arn, at, VG_NPOS), '}');
        if (end == VG_NPOS)
            break;
        vg_str name = vg_str_sub(arn, at + 2, end - 2);
        vg_str value = vg_str_is(name, "Partition") ? t->graph->world->partition
                       : vg_str_is(name, "Account") ? account
                                                    : VG_STR("*");
        int n = snprintf(out + len, room - len, "%.*s%.*s", (int)at, arn.ptr, VG_ARG(value));
        if (n < 0 || (size_t)n >= room - len)
            return (vg_str){0};
        len += (size_t)n;
        arn = vg_str_sub(arn, at + end + 1, VG_NPOS);
    }
    int n = snprintf(out + len, room - len, "%.*s", VG_ARG(arn));
    return n < 0 || (size_t)n >= room - len ? (vg_str){0} : vg_str_of(out, len + (size_t)n);
}

static vg_match ask_pattern(vg_graph_try *t, const vg_escalation_need *need, vg_str arn, vg_str account)
{
    enum { ROOM = 512 };
    char text[ROOM];
    vg_graph_ask ask = question(t, need);
    ask.target.arn = vg_str_is(arn, "*") ? arn : pattern_of(t, arn, account, text, sizeof text);
    ask.target.account = t->caller.account;
    ask.target.account_id = t->caller.principal->account_id;
    ask.fresh = true;
    if (ask.target.arn.len == 0)
        return VG_MATCH_NO;
    size_t before = t->asked ? t->asked->len : 0;
    vg_match match = vg_graph_decide(t, &ask);
    if (t->asked && t->asked->len > before) {
        vg_graph_asked *kept = vg_vec_at(t->asked, before);
        kept->ask.target.arn = vg_arena_str(t->asked->arena, ask.target.arn);
    }
    return match;
}

/* Something of a resource type: what runs as the target where it is of that type, else anything of the account, else what
 * AWS itself owns (images, documents). */
static vg_match ask_type(vg_graph_try *t, const vg_escalation_need *need, uint32_t type)
{
    const vg_catalogue *catalogue = t->graph->escalations->catalogue;
    const vg_catalogue_resource *resource = vg_catalogue_resource_at(catalogue, type);
    if (t->thing && vg_catalogue_resource_fits(catalogue, type, t->thing->arn))
        return ask_arn(t, need, t->thing->arn);
    size_t before = t->asked ? t->asked->len : 0;
    vg_match match = VG_MATCH_NO;
    for (size_t i = 0; i < resource->arn_count && match != VG_MATCH_YES; i++) {
        vg_match one = ask_pattern(t, need, resource->arns[i], t->caller.principal->account_id);
        if (one == VG_MATCH_NO)
            one = ask_pattern(t, need, resource->arns[i], VG_STR(""));
        match = vg_match_or(match, one);
    }
    if (t->asked && t->asked->len > before + 1) { /* the last one asked decided */
        vg_graph_asked *items = t->asked->items;
        items[before] = items[t->asked->len - 1];
        t->asked->len = before + 1;
    }
    return match;
}

static vg_match ask_any(vg_graph_try *t, const vg_escalation_need *need)
{
    const vg_catalogue_action *action =
        vg_catalogue_action_at(t->graph->escalations->catalogue, need->action_id);
    if (need->wildcard)
        return ask_pattern(t, need, VG_STR("*"), VG_STR(""));
    vg_match match = VG_MATCH_YES;
    for (size_t i = 0; !need->either && i < need->resource_count && match != VG_MATCH_NO; i++)
        match = vg_match_and(match, ask_type(t, need, need->resources[i]));
    if (need->resource_count > 0 && !need->either)
        return match;
    match = VG_MATCH_NO;
    size_t count = need->either ? need->resource_count : action->use_count;
    for (size_t i = 0; i < count && match != VG_MATCH_YES; i++)
        match = vg_match_or(match,
                            ask_type(t, need, need->either ? need->resources[i] : action->uses[i].resource));
    return match;
}

/* Only sts:AssumeRole can be allowed by the target, by its trust policy; all else the caller's own policies must allow. */
static vg_match ask_target(vg_graph_try *t, const vg_escalation_need *need, vg_str arn)
{
    vg_graph_answer *answer = vg_graph_same_answer(t, need);
    if (!answer) {
        bool by_identity = t->answers && !is_assuming(need);
        return by_identity && !vg_graph_in_reach(t, need->action_id, &t->reach, arn) ? VG_MATCH_NO
                                                                                     : ask_arn(t, need, arn);
    }
    if (!answer->known || !vg_str_eq(answer->service, t->service)) {
        answer->match = (uint8_t)ask_arn(t, need, arn);
        answer->service = t->service;
        answer->known = true;
    }
    return (vg_match)answer->match;
}

vg_match vg_graph_need_met(vg_graph_try *t, const vg_escalation_need *need)
{
    const vg_world_principal *self = t->caller.principal, *to = &t->graph->world->principals[t->to];
    switch (need->on) {
    case VG_ON_SELF:
        return ask_arn(t, need, self->arn);
    case VG_ON_TARGET:
    case VG_ON_TARGET_TRUSTING:
        return ask_target(t, need, t->group ? t->group->arn : to->arn);
    case VG_ON_OWN_POLICY:
        return best_of(t, need, self->managed, self->managed_count);
    case VG_ON_TARGET_POLICY:
        return t->group ? best_of(t, need, t->group->managed, t->group->managed_count)
                        : best_of(t, need, to->managed, to->managed_count);
    case VG_ON_OWN_GROUP:
        return best_of(t, need, self->groups, self->group_count);
    case VG_ON_OWN_BOUNDARY:
        return best_of(t, need, &self->boundary_arn, self->boundary_arn.len > 0);
    case VG_ON_TARGET_BOUNDARY:
        return best_of(t, need, &to->boundary_arn, to->boundary_arn.len > 0);
    case VG_ON_MADE:
        return ask_arn(t, need, t->made);
    default:
        return ask_any(t, need);
    }
}

vg_match vg_graph_service_trusted(vg_graph_try *t)
{
    const vg_world *world = t->graph->world;
    vg_graph_ask ask = {.caller = vg_world_caller_of(world, t->service), .action = VG_STR("sts:AssumeRole")};
    ask.target = vg_world_target_of(world, world->principals[t->to].arn);
    return vg_graph_decide(t, &ask);
}

/* ---- what comes of it ------------------------------------------------------------------------------------------------------------ */

/* What a boundary leaves of every permission. */
static vg_match left_by(const vg_layer *boundary)
{
    if (boundary->state == VG_LAYER_NONE)
        return VG_MATCH_YES;
    vg_match match = vg_layer_allows_everything(boundary);
    return boundary->state == VG_LAYER_UNKNOWN ? vg_match_or(match, VG_MATCH_UNKNOWN) : match;
}

/* How content needs the action on the caller itself; NULL: no technique does. */
static const vg_escalation_need *need_on_self(const vg_escalations *e, vg_str action)
{
    for (size_t i = 0; i < e->count; i++)
        for (size_t n = 0; n < e->techniques[i].need_count; n++) {
            const vg_escalation_need *need = &e->techniques[i].needs[n];
            if (need->on == VG_ON_SELF && !e->techniques[i].lifts_boundary &&
                vg_str_eq_icase(need->action, action))
                return need;
        }
    return NULL;
}

/* Members of a group that may write policies are administrators as much as those of one that allows everything. */
static vg_match group_gain(vg_graph_try *t)
{
    static const vg_str actions[] = {VG_STR("iam:AttachUserPolicy"), VG_STR("iam:PutUserPolicy")};
    vg_match match = vg_layer_allows_everything(&t->group->identity);
    for (size_t i = 0; i < VG_COUNT(actions) && match != VG_MATCH_YES; i++) {
        vg_graph_ask ask = {
            .caller = t->caller, .action = actions[i], .identity = &t->group->identity, .fresh = true};
        const vg_escalation_need *need = need_on_self(t->graph->escalations, actions[i]);
        const vg_escalation_pin *choice = need ? pin(t, need, &ask) : NULL;
        ask.target = vg_world_target_of(t->graph->world, t->caller.principal->arn);
        match = vg_match_or(match, vg_graph_decide_choice(t, &ask, choice));
    }
    return match;
}

/* What joining gives: what the group has, or every permission where the technique writes its policies. Who is made to join
 * has no boundary. */
static vg_match member_gain(vg_graph_try *t, bool *administrator)
{
    vg_match match = !t->group ? VG_MATCH_NO : t->technique->administrator ? VG_MATCH_YES : group_gain(t);
    *administrator = true;
    return t->technique->makes ? match : vg_match_and(match, left_by(&t->caller.principal->boundary));
}

vg_match vg_graph_gain(vg_graph_try *t, bool *administrator)
{
    const vg_world_principal *to = &t->graph->world->principals[t->to];
    const vg_escalation *technique = t->technique;
    bool is_self = t->to == t->from;
    *administrator = technique->administrator;
    if (technique->becomes == VG_BECOMES_MADE)
        return VG_MATCH_YES;
    if (technique->becomes == VG_BECOMES_GROUP)
        return member_gain(t, administrator);
    if (technique->lifts_boundary) {
        if (to->boundary.state == VG_LAYER_NONE)
            return VG_MATCH_NO;
        *administrator = true;
        return technique->administrator ? VG_MATCH_YES : vg_layer_allows_everything(&to->identity);
    }
    vg_match left = technique->administrator ? left_by(&to->boundary) : VG_MATCH_NO;
    *administrator = left != VG_MATCH_NO;
    return left != VG_MATCH_NO ? left : is_self ? VG_MATCH_NO : VG_MATCH_YES;
}

static bool may_use(const vg_graph_try *t)
{
    static const vg_caller_kind kinds[] = {
        [VG_ACTOR_USER] = VG_CALLER_USER, [VG_ACTOR_ROLE] = VG_CALLER_ROLE};
    return t->technique->by == VG_ACTOR_ANY || t->caller.principal->caller.kind == kinds[t->technique->by];
}

vg_match vg_graph_edge_holds(vg_graph_try *t, const vg_graph_edge *edge)
{
    bool administrator;
    const vg_world *world = t->graph->world;
    const vg_escalation *technique = t->technique;
    t->from = edge->from;
    t->to = edge->to;
    t->caller = vg_world_caller_at(world, edge->from);
    t->service = technique->service_count ? technique->services[edge->service] : VG_STR("");
    t->thing = technique->type.len && edge->thing != VG_WORLD_NONE ? &world->resources[edge->thing] : NULL;
    t->group = technique->becomes == VG_BECOMES_GROUP && edge->thing != VG_WORLD_NONE
                   ? &world->groups[edge->thing]
                   : NULL;
    vg_match match = may_use(t) ? vg_graph_gain(t, &administrator) : VG_MATCH_NO;
    if (technique->makes && match != VG_MATCH_NO)
        match = vg_match_and(match, vg_graph_made_met(t));
    for (size_t i = 0; !technique->makes && i < technique->need_count && match != VG_MATCH_NO; i++)
        match = vg_match_and(match, vg_graph_need_met(t, &technique->needs[i]));
    if (match != VG_MATCH_NO && technique->service_count)
        match = vg_match_and(match, vg_graph_service_trusted(t));
    bool is_open = technique->only_if.len > 0 || edge->presumed;
    return is_open ? vg_match_and(match, VG_MATCH_UNKNOWN) : match;
}
