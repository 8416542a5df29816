/* iam_paths_tree.c: paths as a tree for people, and as JSON: each step with its technique, the statements behind it, and
 * what removes it. */
#include "cli/iam_paths_parts.h"

#include "report/report.h"

/* ---- what both say ------------------------------------------------------------------------------------------------------------- */

static const vg_statement *statement_at(const vg_policy *policy, uint32_t statement)
{
    return &vg_policy_document_of(policy)->statements[statement];
}

static vg_place place_of(const vg_policy *policy, uint32_t statement)
{
    const vg_statement *s = statement_at(policy, statement);
    return s->at ? vg_doc_place(vg_policy_document_of(policy)->doc, s->at) : (vg_place){0};
}

static vg_str statement_name(vg_arena *arena, const vg_policy *policy, uint32_t statement)
{
    vg_str sid = statement_at(policy, statement)->sid;
    return sid.len > 0 ? vg_arena_printf(arena, "statement %.*s", VG_ARG(sid))
                       : vg_arena_printf(arena, "statement %u", statement + 1);
}

static vg_str place_text(vg_arena *arena, const vg_policy *policy, uint32_t statement)
{
    vg_place place = place_of(policy, statement);
    return place.line == 0 ? place.file : vg_arena_printf(arena, "%.*s:%u", VG_ARG(place.file), place.line);
}

/* ---- the tree ------------------------------------------------------------------------------------------------------------------- */

static void paint(const vg_paths_found *f, vg_buf *out, const char *code)
{
    if (f->cli->colour)
        vg_buf_addf(out, "\x1b[%sm", code);
}

/* A line below a step, in faint colour: "      needs  iam:PassRole ...". */
static void add_line(const vg_paths_found *f, vg_buf *out, const char *label, vg_str text)
{
    if (text.len == 0)
        return;
    vg_buf_add_c(out, "     ");
    paint(f, out, "2");
    vg_buf_addf(out, "%-10s", label);
    paint(f, out, "0");
    vg_report_safe(out, text);
    vg_buf_add_char(out, '\n');
}

static void add_reasons(const vg_paths_found *f, vg_buf *out, const vg_graph_reasons *why)
{
    vg_arena *arena = f->cli->arena;
    for (size_t i = 0; i < why->reason_count; i++) {
        const vg_graph_reason *r = &why->reasons[i];
        vg_str place = place_text(arena, r->policy, r->statement);
        add_line(f, out, i ? "" : "because",
                 vg_arena_printf(arena, "%.*s %s by %.*s of %.*s%s%.*s", VG_ARG(r->action),
                                 r->match == VG_MATCH_YES ? "allowed" : "may be allowed",
                                 VG_ARG(statement_name(arena, r->policy, r->statement)),
                                 VG_ARG(vg_policy_document_of(r->policy)->name), place.len ? ", " : "",
                                 VG_ARG(place)));
    }
}

static void add_change(const vg_paths_found *f, vg_buf *out, const vg_graph_reasons *why)
{
    vg_arena *arena = f->cli->arena;
    if (!why->change_policy) {
        add_line(f, out, "change", VG_STR("no single statement: several allow each thing that is needed"));
        return;
    }
    add_line(f, out, "change",
             vg_arena_printf(arena, "take %.*s out of %.*s of %.*s%s", VG_ARG(why->change_action),
                             VG_ARG(statement_name(arena, why->change_policy, why->change_statement)),
                             VG_ARG(vg_policy_document_of(why->change_policy)->name),
                             why->change_removes_all ? "" : " (other techniques still lead there)"));
}

static vg_status add_step(const vg_paths_found *f, vg_buf *out, size_t number, const vg_graph_path *path,
                          vg_error *err)
{
    size_t count;
    const vg_graph_step *step = &path->steps[number];
    const vg_graph_edge *edges = vg_graph_edges(f->graph, &count);
    const vg_escalation *technique = vg_paths_technique(f, step);
    vg_graph_reasons why;
    vg_buf_addf(out, "  %zu  ", number + 1);
    vg_report_safe(out, technique ? technique->title
                                  : VG_STR("As an administrator, become anyone of the account"));
    if (technique && edges[step->edge].administrator)
        vg_buf_addf(out, ": administrator of %.*s", VG_ARG(f->world->principals[step->to].account_id));
    else
        vg_buf_add_c(out, ": ");
    if (!technique || !edges[step->edge].administrator || step->to != step->from) {
        vg_buf_add_c(out, technique && edges[step->edge].administrator ? " as " : "");
        vg_report_safe(out, vg_access_short_name(f->cli->arena, f->world->principals[step->to].arn));
    }
    vg_buf_add_char(out, '\n');
    if (!technique)
        return VG_OK;
    VG_TRY(vg_graph_explain(f->cli->arena, f->graph, step->edge, &why, err));
    add_line(f, out, "technique", technique->id);
    add_line(f, out, "only if", why.condition);
    add_reasons(f, out, &why);
    add_change(f, out, &why);
    return VG_OK;
}

static vg_status add_path(const vg_paths_found *f, vg_buf *out, const vg_graph_path *path, vg_error *err)
{
    paint(f, out, "1");
    vg_report_safe(out, vg_access_short_name(f->cli->arena, f->world->principals[path->from].arn));
    paint(f, out, "0");
    vg_buf_addf(out, path->step_count ? " -> " : " is there already: ");
    vg_report_safe(out, vg_paths_end(f, path));
    if (path->action.len > 0) {
        vg_buf_add_c(out, " -> ");
        vg_report_safe(out, path->action);
    }
    if (path->step_count)
        vg_buf_addf(out, "  (%zu step%s, %s)", path->step_count, path->step_count == 1 ? "" : "s",
                    path->certain ? "certain" : "conditional");
    vg_buf_add_char(out, '\n');
    for (size_t i = 0; i < path->step_count; i++)
        VG_TRY(add_step(f, out, i, path, err));
    add_line(f, out, "in the end", path->only_if);
    return VG_OK;
}

vg_status vg_paths_write_tree(const vg_paths_found *f, vg_buf *out, vg_error *err)
{
    if (f->total == 0)
        vg_buf_add_c(out, f->question.from == VG_WORLD_NONE
                              ? "nobody gets there by any technique that is known\n"
                              : "there is no path by any technique that is known\n");
    for (size_t i = 0; i < f->count; i++) {
        vg_buf_add_c(out, i ? "\n" : "");
        VG_TRY(add_path(f, out, &f->paths[i], err));
    }
    return VG_OK;
}

/* ---- JSON -------------------------------------------------------------------------------------------------------------------------- */

static void put_statement(vg_json_writer *w, const vg_policy *policy, uint32_t statement)
{
    vg_place place = place_of(policy, statement);
    vg_json_put_str(w, "policy", vg_policy_document_of(policy)->name);
    vg_json_put_i64(w, "statement", (int64_t)statement + 1);
    vg_json_put_str(w, "sid", statement_at(policy, statement)->sid);
    vg_json_put_str(w, "file", place.file);
    vg_json_put_i64(w, "line", place.line);
}

static void put_reasons(vg_json_writer *w, const vg_graph_reasons *why)
{
    vg_json_put_str(w, "condition", why->condition);
    vg_json_key(w, "needs");
    vg_json_array(w);
    for (size_t i = 0; i < why->need_count; i++) {
        vg_json_object(w);
        vg_json_put_str(w, "action", why->needs[i].action);
        vg_json_put_str(w, "resource", why->needs[i].resource);
        vg_json_put_str(w, "result", vg_str_from(vg_decision_name(why->needs[i].result)));
        vg_json_put_str(w, "residual", why->needs[i].residual);
        vg_json_end_object(w);
    }
    vg_json_end_array(w);
    vg_json_key(w, "because");
    vg_json_array(w);
    for (size_t i = 0; i < why->reason_count; i++) {
        vg_json_object(w);
        vg_json_put_str(w, "action", why->reasons[i].action);
        put_statement(w, why->reasons[i].policy, why->reasons[i].statement);
        vg_json_put_bool(w, "certain", why->reasons[i].match == VG_MATCH_YES);
        vg_json_end_object(w);
    }
    vg_json_end_array(w);
    vg_json_key(w, "change");
    if (!why->change_policy) {
        vg_json_null(w);
        return;
    }
    vg_json_object(w);
    vg_json_put_str(w, "removeAction", why->change_action);
    put_statement(w, why->change_policy, why->change_statement);
    vg_json_put_bool(w, "removesEveryTechnique", why->change_removes_all);
    vg_json_end_object(w);
}

static void put_technique(const vg_paths_found *f, vg_json_writer *w, const vg_escalation *t,
                          const vg_graph_edge *edge)
{
    const vg_escalations *all = vg_graph_escalations(f->graph);
    vg_json_put_str(w, "technique", t->id);
    vg_json_put_str(w, "title", t->title);
    vg_json_put_str(w, "kind", vg_str_from(vg_escalation_kind_name(t->kind)));
    vg_json_put_str(w, "why", t->why);
    vg_json_put_str(w, "remedy", t->remedy);
    vg_json_key(w, "references");
    vg_json_array(w);
    for (size_t i = 0; i < t->reference_count; i++)
        vg_json_string(w, t->references[i]);
    vg_json_end_array(w);
    vg_json_key(w, "alsoBy");
    vg_json_array(w);
    for (size_t i = 0; i < all->count; i++)
        if (((edge->ways[i / 64] >> (i % 64)) & 1) && i != edge->technique)
            vg_json_string(w, all->techniques[i].id);
    vg_json_end_array(w);
}

static vg_status put_step(const vg_paths_found *f, vg_json_writer *w, const vg_graph_step *step,
                          vg_error *err)
{
    size_t count;
    vg_graph_reasons why;
    const vg_graph_edge *edges = vg_graph_edges(f->graph, &count);
    const vg_escalation *technique = vg_paths_technique(f, step);
    vg_json_object(w);
    vg_json_put_str(w, "from", f->world->principals[step->from].arn);
    vg_json_put_str(w, "to", f->world->principals[step->to].arn);
    if (technique) {
        const vg_graph_edge *edge = &edges[step->edge];
        bool by_resource = technique->type.len > 0 && edge->thing != VG_WORLD_NONE;
        vg_json_put_bool(w, "administrator", edge->administrator);
        vg_json_put_bool(w, "certain", edge->certain);
        put_technique(f, w, technique, edge);
        vg_json_put_str(w, "service",
                        technique->service_count ? technique->services[edge->service] : VG_STR(""));
        vg_json_put_str(w, "runs", by_resource ? f->world->resources[edge->thing].arn : VG_STR(""));
        VG_TRY(vg_graph_explain(f->cli->arena, f->graph, step->edge, &why, err));
        put_reasons(w, &why);
    } else {
        vg_json_put_str(w, "technique", VG_STR("administrator"));
    }
    vg_json_end_object(w);
    return VG_OK;
}

vg_status vg_paths_write_json(const vg_paths_found *f, vg_buf *out, vg_error *err)
{
    vg_json_writer writer = vg_json_writer_to(out, 2), *w = &writer;
    vg_json_object(w);
    vg_json_put_i64(w, "found", (int64_t)f->total);
    vg_json_key(w, "paths");
    vg_json_array(w);
    for (size_t i = 0; i < f->count; i++) {
        const vg_graph_path *path = &f->paths[i];
        vg_json_object(w);
        vg_json_put_str(w, "from", f->world->principals[path->from].arn);
        vg_json_put_str(w, "to", f->world->principals[path->to].arn);
        vg_json_put_str(w, "account", f->world->principals[path->to].account_id);
        vg_json_put_bool(w, "administrator", path->administrator);
        vg_json_put_bool(w, "certain", path->certain);
        vg_json_put_i64(w, "permissions", (int64_t)path->effort);
        vg_json_put_str(w, "action", path->action);
        vg_json_put_str(w, "condition", path->only_if);
        vg_json_key(w, "steps");
        vg_json_array(w);
        for (size_t s = 0; s < path->step_count; s++)
            VG_TRY(put_step(f, w, &path->steps[s], err));
        vg_json_end_array(w);
        vg_json_end_object(w);
    }
    vg_json_end_array(w);
    vg_json_end_object(w);
    vg_buf_add_char(out, '\n');
    return VG_OK;
}
