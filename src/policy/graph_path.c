/* graph_path.c: shortest paths through the access graph.
 *
 * One search backwards from what is asked for answers for every start. Nodes are the principals and, behind them, one node
 * an account that stands for "an administrator of it": edges that make an administrator lead there. An administrator can
 * become anyone of its account, a step that is no technique; it is expanded once an account.
 *
 * The search is run twice, over certain edges and over all: a start takes its certain path if it has one. Within a level,
 * a path that uses fewer permissions goes first, then the order of edges, so the answer never depends on chance. */
#include "policy/graph_part.h"

#include <stdlib.h>

enum { STEP_ADMINISTRATOR = UINT32_MAX, NOT_SEEN = UINT32_MAX };

/* One search. Arrays are by node. */
typedef struct {
    uint32_t *steps;  /* to what is asked for; NOT_SEEN: no way */
    uint32_t *effort; /* permissions used */
    uint32_t *edge;   /* the first edge of the way; STEP_ADMINISTRATOR */
    uint32_t *next;   /* the node that it leads to */
} search;

typedef struct {
    vg_arena *arena;
    const vg_graph *graph;
    const vg_graph_question *question;
    size_t nodes;
    uint32_t *first, *incoming; /* edges by the node that they lead to */
    uint32_t *queue;
    bool *expanded;    /* by account */
    search found[2];   /* certain, all */
    vg_match *reaches; /* by principal, of a question for a resource; and with which action */
    vg_str *how;
    vg_str arns[2]; /* the resource, and what is in it */
    size_t arn_count;
    vg_vec paths;
    vg_error *err;
} finder;

static const vg_world_principal *principal_at(const finder *f, uint32_t i)
{
    return &f->graph->world->principals[i];
}

static uint32_t admin_node(const finder *f, uint32_t account)
{
    return (uint32_t)f->graph->world->principal_count + account;
}

static bool is_account(const finder *f, uint32_t node)
{
    return node >= f->graph->world->principal_count;
}

static uint32_t head_of(const finder *f, const vg_graph_edge *edge)
{
    return edge->administrator ? admin_node(f, principal_at(f, edge->to)->account) : edge->to;
}

/* ---- edges by where they lead -------------------------------------------------------------------------------------------------- */

static vg_status order_edges(finder *f)
{
    const vg_graph *g = f->graph;
    f->first = VG_NEW_N(f->arena, uint32_t, f->nodes + 2);
    f->incoming = VG_NEW_N(f->arena, uint32_t, g->edge_count + 1);
    if (!f->first || !f->incoming)
        return vg_graph_no_memory(f->err);
    for (size_t i = 0; i < g->edge_count; i++)
        f->first[head_of(f, &g->edges[i]) + 2]++;
    for (size_t i = 2; i < f->nodes + 2; i++)
        f->first[i] += f->first[i - 1];
    for (size_t i = 0; i < g->edge_count; i++)
        f->incoming[f->first[head_of(f, &g->edges[i]) + 1]++] = (uint32_t)i;
    return VG_OK;
}

/* ---- what is asked for ------------------------------------------------------------------------------------------------------------ */

/* Actions that read, write or share what the ARN names or holds. */
static bool is_of_interest(const vg_catalogue *c, uint32_t action, const uint32_t *types, size_t count)
{
    const vg_catalogue_action *a = vg_catalogue_action_at(c, action);
    if (a->level == VG_ACCESS_LIST || a->level == VG_ACCESS_TAGGING)
        return false;
    for (size_t u = 0; u < a->use_count; u++)
        for (size_t t = 0; t < count; t++)
            if (a->uses[u].resource == types[t])
                return true;
    return false;
}

static vg_status interesting(finder *f, const vg_str *arns, size_t arn_count, vg_vec *out)
{
    enum { TYPES = 32 };
    const vg_catalogue *c = f->graph->escalations->catalogue;
    vg_arn parsed;
    uint32_t types[TYPES];
    size_t count = 0;
    uint32_t service =
        vg_arn_parse(arns[0], &parsed) ? vg_catalogue_find_service(c, parsed.service) : VG_CATALOGUE_NONE;
    if (service == VG_CATALOGUE_NONE)
        return vg_fail(f->err, VG_ERR_USAGE, "name an action: the catalogue has no service of %.*s",
                       VG_ARG(arns[0]));
    const vg_catalogue_service *s = vg_catalogue_service_at(c, service);
    for (size_t i = 0; i < arn_count; i++) {
        size_t n = vg_catalogue_resources_fitting(c, service, arns[i], types + count, TYPES - count);
        count = count + n < TYPES ? count + n : TYPES;
    }
    for (int reads = 1; reads >= 0; reads--) /* what reads is named first */
        for (uint32_t a = s->first_action; a < s->first_action + s->action_count; a++) {
            bool fits = (vg_catalogue_action_at(c, a)->level == VG_ACCESS_READ) == (reads == 1) &&
                        is_of_interest(c, a, types, count);
            vg_str *place = fits ? vg_vec_push(out) : NULL;
            if (place)
                *place = vg_catalogue_action_at(c, a)->name;
        }
    return VG_OK;
}

static vg_match reach(finder *f, uint32_t principal, vg_graph_try *t, const vg_vec *actions,
                      const vg_str *arns, size_t arn_count, vg_str *how)
{
    vg_match best = VG_MATCH_NO;
    t->caller = vg_world_caller_at(f->graph->world, principal);
    for (size_t i = 0; i < actions->len && best != VG_MATCH_YES; i++)
        for (size_t k = 0; k < arn_count && best != VG_MATCH_YES; k++) {
            vg_graph_ask ask = {.caller = t->caller, .action = *(vg_str *)vg_vec_at(actions, i)};
            ask.target = vg_world_target_of(f->graph->world, arns[k]);
            vg_match match = vg_graph_decide(t, &ask);
            if (match > best)
                *how = ask.action;
            best = vg_match_or(best, match);
        }
    return best;
}

/* Who can do something with the resource itself, or with what is in a bucket. */
static vg_status find_reaching(finder *f)
{
    const vg_graph_question *q = f->question;
    vg_vec actions = vg_vec_in(f->arena, sizeof(vg_str));
    vg_graph_try t = {.graph = f->graph, .scratch = VG_NEW(f->arena, vg_world_scratch)};
    f->arns[0] = q->resource;
    f->arns[1] = vg_arena_join(f->arena, q->resource, VG_STR("/*"));
    bool is_bucket = vg_str_starts(q->resource, VG_STR("arn:")) &&
                     vg_str_find(q->resource, VG_STR(":s3:::")) != VG_NPOS &&
                     vg_str_find_char(q->resource, '/') == VG_NPOS;
    size_t principals = f->graph->world->principal_count;
    f->arn_count = is_bucket ? 2 : 1;
    f->reaches = VG_NEW_N(f->arena, vg_match, principals + 1);
    f->how = VG_NEW_N(f->arena, vg_str, principals + 1);
    vg_str *given = q->action.len ? vg_vec_push(&actions) : NULL;
    if (!t.scratch || !f->arns[1].ptr || !f->reaches || !f->how)
        return vg_graph_no_memory(f->err);
    if (given)
        *given = q->action;
    else
        VG_TRY(interesting(f, f->arns, f->arn_count, &actions));
    if (actions.len == 0)
        return vg_fail(f->err, VG_ERR_USAGE, "name an action: none of the catalogue takes %.*s",
                       VG_ARG(q->resource));
    for (uint32_t i = 0; i < principals; i++)
        if (principal_at(f, i)->caller.kind != VG_CALLER_ROOT)
            f->reaches[i] = reach(f, i, &t, &actions, f->arns, f->arn_count, &f->how[i]);
    return VG_OK;
}

static bool is_wanted_account(const finder *f, uint32_t account)
{
    vg_str wanted = f->question->to_account;
    return wanted.len == 0 || vg_str_eq(f->graph->world->accounts[account].id, wanted);
}

static bool is_for_admin(const finder *f)
{
    return f->question->to == VG_WORLD_NONE && f->question->resource.len == 0;
}

/* Whether the node is what is asked for; `certain`: without condition. */
static bool is_goal(const finder *f, uint32_t node, bool certain)
{
    const vg_graph_question *q = f->question;
    if (q->resource.len > 0) {
        vg_world_target target = vg_world_target_of(f->graph->world, q->resource);
        if (is_account(f, node))
            return target.account &&
                   admin_node(f, (uint32_t)(target.account - f->graph->world->accounts)) == node;
        return f->reaches[node] >= (certain ? VG_MATCH_YES : VG_MATCH_UNKNOWN);
    }
    if (q->to != VG_WORLD_NONE)
        return node == q->to;
    if (is_account(f, node))
        return is_wanted_account(f, node - admin_node(f, 0));
    return is_wanted_account(f, principal_at(f, node)->account) &&
           principal_at(f, node)->caller.kind != VG_CALLER_ROOT &&
           f->graph->admin[node] >= (certain ? VG_ADMIN_CERTAIN : VG_ADMIN_CONDITIONAL);
}

/* ---- the search ---------------------------------------------------------------------------------------------------------------------- */

typedef struct {
    size_t head, tail;
} ends;

static void meet(finder *f, search *s, ends *e, uint32_t node, uint32_t steps, uint32_t effort, uint32_t edge,
                 uint32_t next)
{
    if (s->steps[node] == NOT_SEEN)
        f->queue[e->tail++] = node;
    else if (s->steps[node] < steps || s->effort[node] <= effort)
        return;
    s->steps[node] = steps;
    s->effort[node] = effort;
    s->edge[node] = edge;
    s->next[node] = next;
}

/* Administrators of the node's account can become it. */
static void expand_account(finder *f, search *s, ends *e, uint32_t node, bool certain)
{
    uint32_t account = principal_at(f, node)->account;
    const vg_world_account *a = &f->graph->world->accounts[account];
    if (f->expanded[account] || (is_for_admin(f) && is_wanted_account(f, account)))
        return;
    f->expanded[account] = true;
    meet(f, s, e, admin_node(f, account), s->steps[node] + 1, s->effort[node], STEP_ADMINISTRATOR, node);
    for (uint32_t i = a->first_principal; i < a->first_principal + a->principal_count; i++)
        if (principal_at(f, i)->caller.kind != VG_CALLER_ROOT &&
            f->graph->admin[i] >= (certain ? VG_ADMIN_CERTAIN : VG_ADMIN_CONDITIONAL))
            meet(f, s, e, i, s->steps[node] + 1, s->effort[node], STEP_ADMINISTRATOR, node);
}

static void step_back(finder *f, search *s, ends *e, uint32_t node, bool certain)
{
    const vg_graph *g = f->graph;
    for (uint32_t i = f->first[node]; i < f->first[node + 1]; i++) {
        const vg_graph_edge *edge = &g->edges[f->incoming[i]];
        size_t needs = g->escalations->techniques[edge->technique].need_count;
        if (edge->certain || !certain)
            meet(f, s, e, edge->from, s->steps[node] + 1, s->effort[node] + (uint32_t)needs, f->incoming[i],
                 node);
    }
    if (!is_account(f, node))
        expand_account(f, s, e, node, certain);
}

static vg_status look(finder *f, bool certain)
{
    ends e = {0};
    search *s = &f->found[certain ? 0 : 1];
    *s = (search){VG_NEW_N(f->arena, uint32_t, f->nodes + 1), VG_NEW_N(f->arena, uint32_t, f->nodes + 1),
                  VG_NEW_N(f->arena, uint32_t, f->nodes + 1), VG_NEW_N(f->arena, uint32_t, f->nodes + 1)};
    if (!s->steps || !s->effort || !s->edge || !s->next)
        return vg_graph_no_memory(f->err);
    memset(f->expanded, 0, f->graph->world->account_count * sizeof *f->expanded);
    for (uint32_t i = 0; i < f->nodes; i++) {
        s->steps[i] = is_goal(f, i, certain) ? 0 : NOT_SEEN;
        if (s->steps[i] == 0)
            f->queue[e.tail++] = i;
    }
    while (e.head < e.tail) {
        uint32_t node = f->queue[e.head++];
        if (s->steps[node] < VG_PATH_STEPS_MAX)
            step_back(f, s, &e, node, certain);
    }
    return VG_OK;
}

/* ---- paths --------------------------------------------------------------------------------------------------------------------------- */

/* Residual of the action at the end of the path. */
static vg_status explain_reach(finder *f, vg_graph_path *path)
{
    vg_graph_try t = {.graph = f->graph, .scratch = VG_NEW(f->arena, vg_world_scratch)};
    vg_graph_ask ask = {.caller = vg_world_caller_at(f->graph->world, path->to), .action = path->action};
    vg_request request;
    vg_layers layers;
    vg_context_entry given[8];
    vg_explanation why = {0};
    if (!t.scratch)
        return vg_graph_no_memory(f->err);
    for (size_t i = 0; i < f->arn_count && why.decision.result != VG_DECISION_UNKNOWN; i++) {
        ask.target = vg_world_target_of(f->graph->world, f->arns[i]);
        vg_graph_request(&t, &ask, &request, &layers, given);
        VG_TRY(vg_policy_explain(f->arena, &request, &layers, &why, f->err));
    }
    path->only_if = why.residual;
    return VG_OK;
}

/* What the end itself depends on; the steps have conditions of their own. */
static vg_status tell_condition(finder *f, vg_graph_path *path, uint32_t node)
{
    if (is_account(f, node))
        return VG_OK;
    if (f->reaches && f->reaches[node] == VG_MATCH_UNKNOWN)
        return explain_reach(f, path);
    if (is_for_admin(f) && f->graph->admin[node] == VG_ADMIN_CONDITIONAL)
        path->only_if = VG_STR("a condition of its policies holds: only then is it an administrator");
    return VG_OK;
}

static vg_status write_path(finder *f, uint32_t start, bool certain)
{
    const search *s = &f->found[certain ? 0 : 1];
    vg_graph_step *steps = VG_NEW_N(f->arena, vg_graph_step, s->steps[start] + 1);
    vg_graph_path *path = vg_vec_push(&f->paths);
    uint32_t node = start, at = start;
    if (!steps || !path)
        return vg_graph_no_memory(f->err);
    *path = (vg_graph_path){.from = start, .certain = certain, .steps = steps, .effort = s->effort[start]};
    while (s->steps[node] > 0) {
        uint32_t edge = s->edge[node], next = s->next[node];
        bool as_admin = edge == STEP_ADMINISTRATOR;
        uint32_t to = as_admin ? next : f->graph->edges[edge].to;
        steps[path->step_count++] = (vg_graph_step){at, to, as_admin ? VG_WORLD_NONE : edge};
        at = to;
        node = next;
    }
    path->to = at;
    path->administrator = is_account(f, node) || (is_for_admin(f) && f->graph->admin[at] != VG_ADMIN_NOT);
    if (f->how && !is_account(f, node))
        path->action = f->how[at];
    return tell_condition(f, path, node);
}

static bool is_start(const finder *f, uint32_t i)
{
    const vg_world_principal *p = principal_at(f, i);
    if (f->question->from != VG_WORLD_NONE)
        return i == f->question->from;
    return f->graph->admin[i] == VG_ADMIN_NOT && p->caller.kind != VG_CALLER_ROOT && !p->service_linked;
}

static int by_ease(const void *a, const void *b)
{
    const vg_graph_path *x = a, *y = b;
    if (x->certain != y->certain)
        return x->certain ? -1 : 1;
    if (x->step_count != y->step_count)
        return x->step_count < y->step_count ? -1 : 1;
    if (x->effort != y->effort)
        return x->effort < y->effort ? -1 : 1;
    return x->from < y->from ? -1 : x->from > y->from;
}

static vg_status collect(finder *f)
{
    for (uint32_t i = 0; i < f->graph->world->principal_count; i++) {
        bool is_there = f->found[0].steps[i] == 0 || f->found[1].steps[i] == 0;
        if (!is_start(f, i) || (is_there && f->question->from == VG_WORLD_NONE))
            continue;
        bool certain = f->found[0].steps[i] != NOT_SEEN;
        if (certain || f->found[1].steps[i] != NOT_SEEN)
            VG_TRY(write_path(f, i, certain));
    }
    if (f->paths.len > 1)
        qsort(f->paths.items, f->paths.len, sizeof(vg_graph_path), by_ease);
    return VG_OK;
}

vg_status vg_graph_paths(vg_arena *arena, const vg_graph *graph, const vg_graph_question *question,
                         const vg_graph_path **out, size_t *count, vg_error *err)
{
    finder f = {.arena = arena, .graph = graph, .question = question, .err = err};
    f.nodes = graph->world->principal_count + graph->world->account_count;
    f.queue = VG_NEW_N(arena, uint32_t, f.nodes + 1);
    f.expanded = VG_NEW_N(arena, bool, graph->world->account_count + 1);
    f.paths = vg_vec_in(arena, sizeof(vg_graph_path));
    if (!f.queue || !f.expanded)
        return vg_graph_no_memory(err);
    if (question->resource.len > 0)
        VG_TRY(find_reaching(&f));
    VG_TRY(order_edges(&f));
    VG_TRY(look(&f, true));
    VG_TRY(look(&f, false));
    VG_TRY(collect(&f));
    *out = f.paths.items;
    *count = question->most && question->most < f.paths.len ? question->most : f.paths.len;
    return VG_OK;
}

vg_status vg_graph_paths_to_admin(vg_arena *arena, const vg_graph *graph, const vg_graph_path **out,
                                  size_t *count, vg_error *err)
{
    const vg_graph_question question = {.from = VG_WORLD_NONE, .to = VG_WORLD_NONE};
    return vg_graph_paths(arena, graph, &question, out, count, err);
}
