/* graph_explain.c: why an edge is there, and the smallest change that removes it.
 *
 * An edge keeps no reasons: there may be millions of edges, and people look at few. So its needs are decided again, this
 * time writing down what was asked, and each question is explained. A change takes one action out of one statement (or the
 * caller out of one statement of a trust policy). Each statement that allows something is tried: the policy is compiled
 * without it, and the needs are decided again with it in the place of the old one. Changes that leave no other technique
 * from the one principal to the other come first, then those of the order of the technique's needs. */
#include "policy/graph_part.h"

typedef struct {
    vg_arena *arena;
    const vg_graph *graph;
    const vg_graph_edge *edge;
    const vg_escalation *technique;
    vg_graph_try t;
    vg_vec asked;   /* vg_graph_asked */
    vg_vec needs;   /* vg_graph_need */
    vg_vec reasons; /* vg_graph_reason */
    vg_buf condition;
    vg_error *err;
} explainer;

/* ---- reasons --------------------------------------------------------------------------------------------------------------------- */

static void add_condition(explainer *x, vg_str text)
{
    if (text.len == 0 || (x->condition.len > 0 && vg_str_find(vg_buf_str(&x->condition), text) != VG_NPOS))
        return;
    vg_buf_add_c(&x->condition, x->condition.len ? "; " : "");
    vg_buf_add_str(&x->condition, text);
}

static bool has_reason(const explainer *x, const vg_deciding_statement *s, vg_str action)
{
    for (size_t i = 0; i < x->reasons.len; i++) {
        const vg_graph_reason *r = vg_vec_at(&x->reasons, i);
        if (r->policy == s->policy && r->statement == s->statement && vg_str_eq_icase(r->action, action))
            return true;
    }
    return false;
}

static bool is_of_interest(const vg_deciding_statement *s)
{
    return s->effect == VG_EFFECT_ALLOW && (s->layer == VG_BY_IDENTITY || s->layer == VG_BY_RESOURCE);
}

static vg_status take_statements(explainer *x, const vg_explanation *why, const vg_graph_ask *ask)
{
    for (size_t i = 0; i < why->statement_count; i++) {
        const vg_deciding_statement *s = &why->statements[i];
        if (!is_of_interest(s) || s->policy == x->graph->trusting || has_reason(x, s, ask->action))
            continue;
        vg_graph_reason *place = vg_vec_push(&x->reasons);
        if (!place)
            return vg_graph_no_memory(x->err);
        *place = (vg_graph_reason){s->policy, s->statement, ask->action, s->match};
    }
    return VG_OK;
}

static vg_status explain_one(explainer *x, const vg_graph_asked *asked)
{
    vg_request request;
    vg_layers layers;
    vg_context_entry given[8];
    vg_explanation why;
    vg_graph_need *need = vg_vec_push(&x->needs);
    if (!need)
        return vg_graph_no_memory(x->err);
    vg_graph_request(&x->t, &asked->ask, &request, &layers, given);
    VG_TRY(vg_policy_explain(x->arena, &request, &layers, &why, x->err));
    need->action = asked->ask.action;
    need->resource = asked->ask.target.arn;
    need->result = asked->match == VG_MATCH_YES ? VG_ALLOWED : why.decision.result;
    if (need->result == VG_DECISION_UNKNOWN)
        need->residual = why.residual;
    if (vg_str_starts(need->residual, VG_STR("allowed if ")))
        add_condition(x, vg_str_sub(need->residual, 11, VG_NPOS));
    return take_statements(x, &why, &asked->ask);
}

static vg_status explain_all(explainer *x)
{
    x->t.technique = x->technique;
    x->t.asked = &x->asked;
    vg_graph_edge_holds(&x->t, x->edge);
    x->t.asked = NULL;
    for (size_t i = 0; i < x->asked.len; i++)
        VG_TRY(explain_one(x, vg_vec_at(&x->asked, i)));
    if (x->edge->presumed)
        add_condition(x, vg_arena_printf(x->arena,
                                         "an %.*s runs as the role (evidence names none in the account)",
                                         VG_ARG(x->technique->type)));
    add_condition(x, x->technique->only_if);
    return VG_OK;
}

/* ---- changes ----------------------------------------------------------------------------------------------------------------------- */

static vg_status compile_without(explainer *x, const vg_graph_reason *reason, const vg_policy **out)
{
    const vg_policy_document *old = vg_policy_document_of(reason->policy);
    vg_policy_document *document = VG_NEW(x->arena, vg_policy_document);
    vg_statement *statements = VG_NEW_N(x->arena, vg_statement, old->statement_count + 1);
    if (!document || !statements)
        return vg_graph_no_memory(x->err);
    *document = *old;
    document->statements = statements;
    document->statement_count = 0;
    for (size_t i = 0; i < old->statement_count; i++)
        if (i != reason->statement)
            statements[document->statement_count++] = old->statements[i];
    return vg_policy_compile(x->arena, document, x->graph->world->catalogue, out, x->err);
}

static bool holds_by(explainer *x, const vg_escalation *technique, uint32_t thing)
{
    vg_graph_edge edge = *x->edge;
    size_t services = technique->service_count ? technique->service_count : 1;
    bool holds = false;
    edge.thing = thing;
    x->t.technique = technique;
    for (size_t s = 0; !holds && s < services; s++) {
        edge.service = (uint16_t)s;
        holds = vg_graph_edge_holds(&x->t, &edge) != VG_MATCH_NO;
    }
    return holds;
}

/* By whatever runs as the target, or whatever group there is. */
static bool holds_somehow(explainer *x, size_t technique)
{
    const vg_graph *g = x->graph;
    const vg_escalation *t = &g->escalations->techniques[technique];
    uint32_t account = g->world->principals[x->edge->from].account;
    bool holds = false, by_group = t->becomes == VG_BECOMES_GROUP;
    const vg_vec *groups = &g->groups[account];
    for (size_t i = 0; by_group && !holds && i < groups->len; i++)
        holds = holds_by(x, t, *(uint32_t *)vg_vec_at(groups, i));
    if (by_group)
        return holds;
    if (t->becomes != VG_BECOMES_RUNNING_ROLE)
        return holds_by(x, t, VG_WORLD_NONE);
    const vg_vec *running = &g->running[account * g->type_count + g->plans[technique].type];
    for (size_t i = 0; !holds && i < running->len; i++) {
        const vg_graph_running *r = vg_vec_at(running, i);
        holds = r->role == x->edge->to && holds_by(x, t, r->resource);
    }
    return running->len > 0 ? holds : holds_by(x, t, VG_WORLD_NONE);
}

/* How many techniques still lead from the one to the other. */
static size_t ways_left(explainer *x, const vg_graph_change *change)
{
    size_t left = 0;
    x->t.change = change;
    for (size_t i = 0; i < x->graph->escalations->count; i++)
        left += ((x->edge->ways[i / 64] >> (i % 64)) & 1) && holds_somehow(x, i);
    x->t.change = NULL;
    return left;
}

static bool removes_technique(explainer *x, const vg_graph_change *change)
{
    x->t.change = change;
    x->t.technique = x->technique;
    bool removed = vg_graph_edge_holds(&x->t, x->edge) == VG_MATCH_NO;
    x->t.change = NULL;
    return removed;
}

static vg_status choose_change(explainer *x, vg_graph_reasons *out)
{
    size_t fewest = SIZE_MAX;
    for (size_t i = 0; i < x->reasons.len && fewest > 0; i++) {
        const vg_graph_reason *reason = vg_vec_at(&x->reasons, i);
        vg_graph_change change = {.policy = reason->policy, .action = reason->action};
        VG_TRY(compile_without(x, reason, &change.without));
        if (!removes_technique(x, &change))
            continue;
        size_t left = ways_left(x, &change);
        if (left >= fewest)
            continue;
        fewest = left;
        out->change_policy = reason->policy;
        out->change_statement = reason->statement;
        out->change_action = reason->action;
        out->change_removes_all = left == 0;
    }
    return VG_OK;
}

vg_status vg_graph_explain(vg_arena *arena, const vg_graph *graph, uint32_t edge, vg_graph_reasons *out,
                           vg_error *err)
{
    explainer x = {.arena = arena,
                   .graph = graph,
                   .edge = &graph->edges[edge],
                   .asked = vg_vec_in(arena, sizeof(vg_graph_asked)),
                   .needs = vg_vec_in(arena, sizeof(vg_graph_need)),
                   .reasons = vg_vec_in(arena, sizeof(vg_graph_reason)),
                   .err = err};
    x.technique = &graph->escalations->techniques[x.edge->technique];
    x.t = (vg_graph_try){.graph = graph, .scratch = VG_NEW(arena, vg_world_scratch)};
    x.t.changed_policies = VG_NEW_N(arena, const vg_policy *, 2 * VG_GRAPH_CHANGED_MAX);
    if (!x.t.scratch || !x.t.changed_policies)
        return vg_graph_no_memory(err);
    *out = (vg_graph_reasons){0};
    vg_status status = explain_all(&x);
    if (status == VG_OK)
        status = choose_change(&x, out);
    out->condition = vg_arena_str(arena, vg_buf_str(&x.condition));
    bool failed = x.condition.failed;
    vg_buf_free(&x.condition);
    out->needs = x.needs.items;
    out->need_count = x.needs.len;
    out->reasons = x.reasons.items;
    out->reason_count = x.reasons.len;
    return status != VG_OK || !failed ? status : vg_graph_no_memory(err);
}
