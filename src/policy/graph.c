/* graph.c: the edges of the access graph, principal by principal.
 *
 * For each principal the techniques are left whose actions its identity policies may allow somewhere (graph_index.c). What
 * such a technique needs on anything is decided once; what it needs on a target, for each target that can be one:
 *
 *     self, group        the caller itself; groups whose policies make administrators
 *     role by trust      roles whose trust policies name the caller, its account or everyone
 *     role, user         all others of the account
 *     passed-role        roles of the account that trust the service: iam:PassRole is decided once for each and service
 *     running-role       roles that something of the type runs as; where evidence names nothing of the type in the account,
 *                        all that trust the service, and the edge is presumed
 *
 * All techniques that lead from one principal to another are one edge: bits say which, and the best one is named. */
#include "policy/graph_part.h"

#include <stdlib.h>

typedef struct {
    vg_graph *graph;
    vg_graph_try t;
    vg_vec edges;
    size_t first;    /* of the principal at hand */
    uint32_t *stamp; /* by target, and by target as an administrator: the principal that has an edge there */
    uint32_t *slot;  /* and which */
    uint8_t left
        [VG_ESCALATIONS_MAX]; /* vg_match: what is still open of each technique, needs on anything decided */
    vg_graph_reach assuming;  /* of sts:AssumeRole */
    bool settled;             /* an administrator, or one by itself for certain */
    vg_error *err;
} walk;

static const vg_escalation *technique_at(const walk *w, size_t index)
{
    return &w->graph->escalations->techniques[index];
}

/* ---- edges --------------------------------------------------------------------------------------------------------------------- */

static bool is_better(const walk *w, const vg_graph_edge *a, const vg_graph_edge *b)
{
    if (a->certain != b->certain)
        return a->certain;
    if (a->presumed != b->presumed)
        return b->presumed;
    size_t needs_a = technique_at(w, a->technique)->need_count,
           needs_b = technique_at(w, b->technique)->need_count;
    return needs_a != needs_b ? needs_a < needs_b : a->technique < b->technique;
}

static vg_status add_edge(walk *w, vg_graph_edge edge)
{
    size_t key = (size_t)edge.to * 2 + edge.administrator;
    edge.ways[edge.technique / 64] = UINT64_C(1) << (edge.technique % 64);
    if (w->stamp[key] != edge.from + 1) {
        vg_graph_edge *place = vg_vec_push(&w->edges);
        if (!place)
            return vg_graph_no_memory(w->err);
        *place = edge;
        w->stamp[key] = edge.from + 1;
        w->slot[key] = (uint32_t)(w->edges.len - 1);
        return VG_OK;
    }
    vg_graph_edge *old = vg_vec_at(&w->edges, w->slot[key]);
    edge.ways[0] |= old->ways[0];
    edge.ways[1] |= old->ways[1];
    if (is_better(w, &edge, old))
        *old = edge;
    else
        memcpy(old->ways, edge.ways, sizeof edge.ways);
    return VG_OK;
}

/* An edge to the target of the try at hand, if `match` and what comes of it leave one. */
static vg_status conclude(walk *w, size_t technique, vg_match match, size_t service, uint32_t thing,
                          bool presumed)
{
    bool administrator;
    match = vg_match_and(match, vg_graph_gain(&w->t, &administrator));
    if (match == VG_MATCH_NO)
        return VG_OK;
    bool is_open = presumed || technique_at(w, technique)->only_if.len > 0;
    return add_edge(w, (vg_graph_edge){.from = w->t.from,
                                       .to = w->t.to,
                                       .technique = (uint16_t)technique,
                                       .service = (uint16_t)service,
                                       .thing = thing,
                                       .certain = match == VG_MATCH_YES && !is_open,
                                       .administrator = administrator,
                                       .presumed = presumed});
}

/* ---- one technique on one target ---------------------------------------------------------------------------------------------- */

static void aim(walk *w, size_t technique, uint32_t to)
{
    w->t.technique = technique_at(w, technique);
    w->t.to = to;
    w->t.service = VG_STR("");
    w->t.thing = NULL;
    w->t.group = NULL;
    w->t.made = VG_STR("");
}

/* The needs that are not on anything. */
static vg_match targeted_needs(walk *w, vg_match match)
{
    const vg_escalation *t = w->t.technique;
    if (t->makes)
        return vg_match_and(match, vg_graph_made_met(&w->t));
    for (size_t i = 0; i < t->need_count && match != VG_MATCH_NO; i++)
        if (t->needs[i].on != VG_ON_ANY)
            match = vg_match_and(match, vg_graph_need_met(&w->t, &t->needs[i]));
    return match;
}

static vg_status try_on(walk *w, size_t technique, uint32_t to)
{
    aim(w, technique, to);
    return conclude(w, technique, targeted_needs(w, (vg_match)w->left[technique]), 0, VG_WORLD_NONE, false);
}

/* ---- targets ------------------------------------------------------------------------------------------------------------------- */

static vg_status try_groups(walk *w, size_t technique)
{
    const vg_vec *groups = &w->graph->groups[w->t.caller.principal->account];
    for (size_t i = 0; i < groups->len; i++) {
        uint32_t group = *(uint32_t *)vg_vec_at(groups, i);
        aim(w, technique, w->t.from);
        w->t.group = &w->graph->world->groups[group];
        vg_match match = (vg_match)w->left[technique];
        VG_TRY(conclude(w, technique, targeted_needs(w, match), 0, group, false));
    }
    return VG_OK;
}

/* A trust policy that names an account, or a caller of another one, leaves the rest to the caller's own policies. */
static vg_status try_named(walk *w, size_t technique, vg_str key, bool delegates)
{
    const vg_world *world = w->graph->world;
    uint16_t bit = w->graph->plans[technique].assume_bit;
    bool may_assume = (vg_graph_actions_of(w->graph, w->t.from)->words[bit / 64] >> (bit % 64)) & 1;
    const vg_map_entry *entry = vg_map_get(w->graph->named, key);
    const vg_vec *roles = entry ? entry->value.ptr : NULL;
    for (size_t i = 0; roles && i < roles->len; i++) {
        uint32_t role = *(uint32_t *)vg_vec_at(roles, i);
        bool is_near = world->principals[role].account == w->t.caller.principal->account;
        if (role == w->t.from || (is_near ? w->settled : !technique_at(w, technique)->across))
            continue;
        bool by_itself = delegates || !is_near;
        if (by_itself && (!may_assume || !vg_graph_in_reach(&w->t, w->graph->plans[technique].assume_action,
                                                            &w->assuming, world->principals[role].arn)))
            continue;
        VG_TRY(try_on(w, technique, role));
    }
    return VG_OK;
}

/* Roles that trust the caller as they are: by its name, by its account, as everyone. */
static vg_status try_trusting(walk *w, size_t technique)
{
    VG_TRY(try_named(w, technique, w->t.caller.principal->arn, false));
    VG_TRY(try_named(w, technique, w->t.caller.principal->account_id, true));
    return try_named(w, technique, VG_STR("*"), false);
}

static vg_status try_account(walk *w, size_t technique)
{
    const vg_world_account *account = w->t.caller.account;
    vg_caller_kind kind =
        technique_at(w, technique)->becomes == VG_BECOMES_USER ? VG_CALLER_USER : VG_CALLER_ROLE;
    for (uint32_t i = 0; i < account->principal_count; i++) {
        uint32_t to = account->first_principal + i;
        const vg_world_principal *p = &w->graph->world->principals[to];
        if (to != w->t.from && p->caller.kind == kind && !p->service_linked)
            VG_TRY(try_on(w, technique, to));
    }
    return VG_OK;
}

/* ---- roles that services take ----------------------------------------------------------------------------------------------------- */

/* Every technique that passes a role to the service, on one role: iam:PassRole is the same question for all of them. */
static vg_status try_pass(walk *w, uint16_t service, const vg_graph_trusting *to)
{
    bool decided = false;
    vg_match pass = VG_MATCH_NO;
    for (size_t i = 0; i < w->graph->escalations->count; i++) {
        const vg_escalation *t = technique_at(w, i);
        if (t->becomes != VG_BECOMES_PASSED_ROLE || w->left[i] == VG_MATCH_NO)
            continue;
        for (size_t s = 0; s < t->service_count; s++) {
            if (w->graph->plans[i].services[s] != service ||
                (t->needs_profile && !w->graph->in_profile[to->role]))
                continue;
            aim(w, i, to->role);
            w->t.service = w->graph->services[service];
            if (!decided)
                pass = targeted_needs(w, VG_MATCH_YES);
            decided = true;
            VG_TRY(conclude(w, i, vg_match_and(vg_match_and((vg_match)w->left[i], to->trust), pass), s,
                            VG_WORLD_NONE, false));
        }
    }
    return VG_OK;
}

static vg_status try_passing(walk *w)
{
    const vg_graph *g = w->graph;
    bool wanted[VG_GRAPH_SERVICES_MAX] = {false};
    for (size_t i = 0; i < g->escalations->count; i++)
        for (size_t s = 0; s < technique_at(w, i)->service_count; s++)
            if (technique_at(w, i)->becomes == VG_BECOMES_PASSED_ROLE && w->left[i] != VG_MATCH_NO)
                wanted[g->plans[i].services[s]] = true;
    for (uint16_t s = 0; s < g->service_count; s++) {
        const vg_vec *roles = &g->by_service[w->t.caller.principal->account * g->service_count + s];
        for (size_t i = 0; wanted[s] && i < roles->len; i++) {
            const vg_graph_trusting *to = vg_vec_at(roles, i);
            if (to->role != w->t.from)
                VG_TRY(try_pass(w, s, to));
        }
    }
    return VG_OK;
}

/* Every need, with what runs as the target or with anything of its type. */
static vg_match all_needs(walk *w)
{
    vg_match match = VG_MATCH_YES;
    for (size_t i = 0; i < w->t.technique->need_count && match != VG_MATCH_NO; i++)
        match = vg_match_and(match, vg_graph_need_met(&w->t, &w->t.technique->needs[i]));
    return match;
}

static vg_status try_presumed(walk *w, size_t technique)
{
    const vg_graph *g = w->graph;
    const vg_escalation *t = technique_at(w, technique);
    aim(w, technique, w->t.from);
    vg_match match = all_needs(w);
    for (size_t s = 0; match != VG_MATCH_NO && s < t->service_count; s++) {
        uint16_t service = g->plans[technique].services[s];
        const vg_vec *roles = &g->by_service[w->t.caller.principal->account * g->service_count + service];
        for (size_t i = 0; i < roles->len; i++) {
            const vg_graph_trusting *to = vg_vec_at(roles, i);
            if (to->role == w->t.from || (t->needs_profile && !g->in_profile[to->role]))
                continue;
            aim(w, technique, to->role);
            VG_TRY(conclude(w, technique, vg_match_and(match, to->trust), s, VG_WORLD_NONE, true));
        }
    }
    return VG_OK;
}

static vg_status try_running(walk *w, size_t technique)
{
    const vg_graph *g = w->graph;
    const vg_vec *running =
        &g->running[w->t.caller.principal->account * g->type_count + g->plans[technique].type];
    if (running->len == 0)
        return try_presumed(w, technique);
    for (size_t i = 0; i < running->len; i++) {
        const vg_graph_running *r = vg_vec_at(running, i);
        if (r->role == w->t.from)
            continue;
        aim(w, technique, r->role);
        w->t.thing = &g->world->resources[r->resource];
        w->t.service = w->t.technique->services[0];
        vg_match match = vg_graph_service_trusted(&w->t);
        VG_TRY(
            conclude(w, technique, match ? vg_match_and(match, all_needs(w)) : match, 0, r->resource, false));
    }
    return VG_OK;
}

/* ---- one principal ----------------------------------------------------------------------------------------------------------------- */

static bool has_all(const vg_graph_actions *have, const vg_graph_actions *wanted)
{
    uint64_t lacking = 0;
    for (size_t i = 0; i < VG_GRAPH_ACTION_WORDS; i++)
        lacking |= wanted->words[i] & ~have->words[i];
    return lacking == 0;
}

/* What techniques are left for the principal, with their needs on anything decided. */
static void sift(walk *w)
{
    static const vg_caller_kind kinds[] = {
        [VG_ACTOR_USER] = VG_CALLER_USER, [VG_ACTOR_ROLE] = VG_CALLER_ROLE};
    const vg_graph_actions *have = vg_graph_actions_of(w->graph, w->t.from);
    for (size_t i = 0; i < w->graph->escalations->count; i++) {
        const vg_escalation *t = technique_at(w, i);
        bool may = t->by == VG_ACTOR_ANY || w->t.caller.principal->caller.kind == kinds[t->by];
        w->left[i] = may && has_all(have, &w->graph->plans[i].wanted) ? VG_MATCH_YES : VG_MATCH_NO;
        aim(w, i, w->t.from);
        for (size_t n = 0; n < t->need_count && w->left[i] && t->becomes != VG_BECOMES_RUNNING_ROLE; n++)
            if (t->needs[n].on == VG_ON_ANY)
                w->left[i] =
                    (uint8_t)vg_match_and((vg_match)w->left[i], vg_graph_need_met(&w->t, &t->needs[n]));
    }
}

static vg_status try_technique(walk *w, size_t technique)
{
    switch (technique_at(w, technique)->becomes) {
    case VG_BECOMES_USER:
        return w->settled ? VG_OK : try_account(w, technique);
    case VG_BECOMES_ROLE:
        if (w->graph->plans[technique].by_trust)
            return try_trusting(w, technique);
        return w->settled ? VG_OK : try_account(w, technique);
    case VG_BECOMES_RUNNING_ROLE:
        return w->settled ? VG_OK : try_running(w, technique);
    default:
        return VG_OK; /* done before */
    }
}

static vg_status try_on_itself(walk *w)
{
    for (size_t i = 0; i < w->graph->escalations->count; i++) {
        vg_escalation_becomes becomes = technique_at(w, i)->becomes;
        if (w->left[i] != VG_MATCH_NO && (becomes == VG_BECOMES_SELF || becomes == VG_BECOMES_MADE))
            VG_TRY(try_on(w, i, w->t.from));
        if (w->left[i] != VG_MATCH_NO && becomes == VG_BECOMES_GROUP)
            VG_TRY(try_groups(w, i));
    }
    for (size_t i = w->first; i < w->edges.len; i++)
        w->settled = w->settled || ((vg_graph_edge *)vg_vec_at(&w->edges, i))->certain;
    return VG_OK;
}

static int by_target(const void *a, const void *b)
{
    const vg_graph_edge *x = a, *y = b;
    return x->to != y->to ? (x->to < y->to ? -1 : 1) : (int)x->administrator - (int)y->administrator;
}

static vg_status visit(walk *w, uint32_t principal)
{
    vg_arena_reset(w->t.texts);
    w->t.choices->from = 0;
    w->t.from = principal;
    w->t.caller = vg_world_caller_at(w->graph->world, principal);
    w->first = w->edges.len;
    w->settled = w->graph->admin[principal] == VG_ADMIN_CERTAIN;
    sift(w);
    if (!w->settled)
        VG_TRY(try_on_itself(w));
    for (size_t i = 0; i < w->graph->escalations->count; i++)
        if (w->left[i] != VG_MATCH_NO)
            VG_TRY(try_technique(w, i));
    if (!w->settled)
        VG_TRY(try_passing(w));
    if (w->edges.len > w->first + 1)
        qsort(vg_vec_at(&w->edges, w->first), w->edges.len - w->first, sizeof(vg_graph_edge), by_target);
    return VG_OK;
}

/* ---- administrators ------------------------------------------------------------------------------------------------------------------ */

/* Its own side alone: SCPs bind every principal of an account, and make none of its administrators less of one. */
static vg_match may_do(const vg_graph *g, uint32_t principal, vg_str action, vg_world_scratch *scratch)
{
    vg_request request;
    vg_world_caller caller = vg_world_caller_at(g->world, principal);
    const vg_world_target target = {
        .arn = VG_STR("*"), .account = caller.account, .account_id = caller.principal->account_id};
    const vg_layers layers = {.identity = caller.principal->identity, .boundary = caller.principal->boundary};
    vg_world_request(g->world, &caller, &target, action, NULL, 0, scratch, &request);
    switch (vg_policy_decide(&request, &layers).result) {
    case VG_ALLOWED:
        return VG_MATCH_YES;
    case VG_DECISION_UNKNOWN:
        return VG_MATCH_UNKNOWN;
    default:
        return VG_MATCH_NO;
    }
}

static vg_admin admin_state(const vg_graph *g, uint32_t principal, vg_world_scratch *scratch)
{
    static const vg_admin states[] = {[VG_MATCH_NO] = VG_ADMIN_NOT,
                                      [VG_MATCH_UNKNOWN] = VG_ADMIN_CONDITIONAL,
                                      [VG_MATCH_YES] = VG_ADMIN_CERTAIN};
    static const vg_str signs[] = {VG_STR("iam:AttachRolePolicy"), VG_STR("iam:CreateUser"),
                                   VG_STR("sts:AssumeRole"), VG_STR("s3:GetObject")};
    const vg_world_principal *p = &g->world->principals[principal];
    if (p->caller.kind == VG_CALLER_ROOT)
        return VG_ADMIN_CERTAIN;
    vg_match match = vg_layer_allows_everything(&p->identity);
    if (p->boundary.state != VG_LAYER_NONE)
        match = vg_match_and(match, p->boundary.state == VG_LAYER_UNKNOWN
                                        ? VG_MATCH_UNKNOWN
                                        : vg_layer_allows_everything(&p->boundary));
    for (size_t i = 0; i < VG_COUNT(signs) && match != VG_MATCH_NO; i++)
        match = vg_match_and(match, may_do(g, principal, signs[i], scratch));
    return states[match];
}

/* ---- all of it ------------------------------------------------------------------------------------------------------------------------- */

static vg_status walk_all(walk *w)
{
    const vg_world *world = w->graph->world;
    for (uint32_t i = 0; i < world->principal_count; i++)
        w->graph->admin[i] = (uint8_t)admin_state(w->graph, i, w->t.scratch);
    for (uint32_t i = 0; i < world->principal_count; i++)
        if (world->principals[i].caller.kind != VG_CALLER_ROOT && !world->principals[i].service_linked)
            VG_TRY(visit(w, i));
    w->graph->edges = w->edges.items;
    w->graph->edge_count = w->edges.len;
    return VG_OK;
}

vg_status vg_graph_build(vg_arena *arena, const vg_world *world, const vg_escalations *escalations,
                         const vg_graph **out, vg_error *err)
{
    vg_graph *g = VG_NEW(arena, vg_graph);
    walk w = {.graph = g,
              .edges = vg_vec_in(arena, sizeof(vg_graph_edge)),
              .stamp = VG_NEW_N(arena, uint32_t, world->principal_count * 2 + 2),
              .slot = VG_NEW_N(arena, uint32_t, world->principal_count * 2 + 2),
              .err = err};
    w.t = (vg_graph_try){.graph = g,
                         .scratch = VG_NEW(arena, vg_world_scratch),
                         .choices = VG_NEW(arena, vg_graph_choices),
                         .answers = VG_NEW_N(arena, vg_graph_answer, 2 * VG_ESCALATION_ACTIONS_MAX)};
    if (!g || !w.stamp || !w.slot || !w.t.scratch || !w.t.choices || !w.t.answers)
        return vg_graph_no_memory(err);
    *g = (vg_graph){.world = world, .escalations = escalations, .arena = arena};
    g->admin = VG_NEW_N(arena, uint8_t, world->principal_count + 1);
    if (!g->admin)
        return vg_graph_no_memory(err);
    VG_TRY(vg_graph_index(g, err));
    w.t.texts = vg_arena_new(0);
    if (!w.t.texts)
        return vg_graph_no_memory(err);
    vg_status status = walk_all(&w);
    vg_arena_free(w.t.texts);
    *out = g;
    return status;
}

const vg_world *vg_graph_world(const vg_graph *graph)
{
    return graph->world;
}

const vg_escalations *vg_graph_escalations(const vg_graph *graph)
{
    return graph->escalations;
}

const vg_graph_edge *vg_graph_edges(const vg_graph *graph, size_t *count)
{
    *count = graph->edge_count;
    return graph->edges;
}

vg_admin vg_graph_admin(const vg_graph *graph, uint32_t principal)
{
    return (vg_admin)graph->admin[principal];
}
