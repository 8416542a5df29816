/* iam_paths_draw.c: the steps of paths as one graph: DOT (Graphviz) and GraphML. A step that several paths share is drawn
 * once; an account's administrator is a node of its own. */
#include "cli/iam_paths_parts.h"

#include "report/report.h"

typedef struct {
    const vg_paths_found *found;
    vg_buf *out;
    vg_map *nodes, *edges;
    void (*node)(vg_buf *out, vg_str id, vg_str label, bool administrator);
    void (*edge)(vg_buf *out, vg_str from, vg_str to, vg_str label, vg_str title, bool certain);
} drawing;

static vg_status draw_node(drawing *d, vg_str id, vg_str label, bool administrator, vg_error *err)
{
    bool added = false;
    if (!vg_map_put(d->nodes, id, &added))
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while drawing");
    if (added)
        d->node(d->out, id, label, administrator);
    return VG_OK;
}

static vg_status draw_principal(drawing *d, uint32_t principal, vg_error *err)
{
    const vg_world_principal *p = &d->found->world->principals[principal];
    return draw_node(d, p->arn, vg_access_short_name(d->found->cli->arena, p->arn),
                     vg_graph_admin(d->found->graph, principal) == VG_ADMIN_CERTAIN, err);
}

static vg_status draw_step(drawing *d, vg_str from, const vg_graph_step *step, vg_str *to, vg_error *err)
{
    size_t count;
    bool added = false;
    vg_arena *arena = d->found->cli->arena;
    const vg_world_principal *p = &d->found->world->principals[step->to];
    const vg_graph_edge *edges = vg_graph_edges(d->found->graph, &count);
    const vg_escalation *technique = vg_paths_technique(d->found, step);
    *to = p->arn;
    if (technique && edges[step->edge].administrator) {
        *to = vg_arena_printf(arena, "administrator of %.*s", VG_ARG(p->account_id));
        VG_TRY(draw_node(d, *to, *to, true, err));
    } else {
        VG_TRY(draw_principal(d, step->to, err));
    }
    vg_str label = technique ? technique->id : VG_STR("administrator");
    vg_str key = vg_arena_printf(arena, "%.*s %.*s %.*s", VG_ARG(from), VG_ARG(label), VG_ARG(*to));
    if (!key.ptr || !vg_map_put(d->edges, key, &added))
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while drawing");
    if (added)
        d->edge(d->out, from, *to, label, technique ? technique->title : VG_STR("as an administrator"),
                !technique || edges[step->edge].certain);
    return VG_OK;
}

static vg_status draw(drawing *d, vg_error *err)
{
    d->nodes = vg_map_new(d->found->cli->arena, 0);
    d->edges = vg_map_new(d->found->cli->arena, 0);
    if (!d->nodes || !d->edges)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while drawing");
    for (size_t i = 0; i < d->found->count; i++) {
        const vg_graph_path *path = &d->found->paths[i];
        vg_str at = d->found->world->principals[path->from].arn;
        VG_TRY(draw_principal(d, path->from, err));
        for (size_t s = 0; s < path->step_count; s++)
            VG_TRY(draw_step(d, at, &path->steps[s], &at, err));
    }
    return VG_OK;
}

/* ---- DOT ---------------------------------------------------------------------------------------------------------------------- */

/* A quoted string of DOT. */
static void add_quoted(vg_buf *out, vg_str text)
{
    vg_buf safe = {0};
    vg_report_safe(&safe, text);
    vg_buf_add_char(out, '"');
    for (size_t i = 0; i < safe.len; i++) {
        if (safe.ptr[i] == '"' || safe.ptr[i] == '\\')
            vg_buf_add_char(out, '\\');
        vg_buf_add_char(out, safe.ptr[i]);
    }
    vg_buf_add_char(out, '"');
    out->failed = out->failed || safe.failed;
    vg_buf_free(&safe);
}

static void dot_node(vg_buf *out, vg_str id, vg_str label, bool administrator)
{
    vg_buf_add_c(out, "  ");
    add_quoted(out, id);
    vg_buf_add_c(out, " [label=");
    add_quoted(out, label);
    vg_buf_add_c(out, administrator ? ", shape=box, style=bold];\n" : ", shape=box];\n");
}

static void dot_edge(vg_buf *out, vg_str from, vg_str to, vg_str label, vg_str title, bool certain)
{
    vg_buf_add_c(out, "  ");
    add_quoted(out, from);
    vg_buf_add_c(out, " -> ");
    add_quoted(out, to);
    vg_buf_add_c(out, " [label=");
    add_quoted(out, label);
    vg_buf_add_c(out, ", tooltip=");
    add_quoted(out, title);
    vg_buf_add_c(out, certain ? "];\n" : ", style=dashed];\n");
}

vg_status vg_paths_write_dot(const vg_paths_found *found, vg_buf *out, vg_error *err)
{
    drawing d = {.found = found, .out = out, .node = dot_node, .edge = dot_edge};
    vg_buf_add_c(out, "digraph paths {\n  rankdir=LR;\n");
    VG_TRY(draw(&d, err));
    vg_buf_add_c(out, "}\n");
    return VG_OK;
}

/* ---- GraphML ------------------------------------------------------------------------------------------------------------------- */

static void add_xml(vg_buf *out, vg_str text)
{
    static const struct {
        char byte;
        const char *entity;
    } entities[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}};
    vg_buf safe = {0};
    vg_report_safe(&safe, text);
    for (size_t i = 0; i < safe.len; i++) {
        const char *entity = NULL;
        for (size_t k = 0; k < VG_COUNT(entities); k++)
            entity = safe.ptr[i] == entities[k].byte ? entities[k].entity : entity;
        if (entity)
            vg_buf_add_c(out, entity);
        else
            vg_buf_add_char(out, safe.ptr[i]);
    }
    out->failed = out->failed || safe.failed;
    vg_buf_free(&safe);
}

static void add_data(vg_buf *out, const char *key, vg_str text)
{
    vg_buf_addf(out, "<data key=\"%s\">", key);
    add_xml(out, text);
    vg_buf_add_c(out, "</data>");
}

static void graphml_node(vg_buf *out, vg_str id, vg_str label, bool administrator)
{
    vg_buf_add_c(out, "    <node id=\"");
    add_xml(out, id);
    vg_buf_add_c(out, "\">");
    add_data(out, "label", label);
    add_data(out, "administrator", administrator ? VG_STR("true") : VG_STR("false"));
    vg_buf_add_c(out, "</node>\n");
}

static void graphml_edge(vg_buf *out, vg_str from, vg_str to, vg_str label, vg_str title, bool certain)
{
    vg_buf_add_c(out, "    <edge source=\"");
    add_xml(out, from);
    vg_buf_add_c(out, "\" target=\"");
    add_xml(out, to);
    vg_buf_add_c(out, "\">");
    add_data(out, "technique", label);
    add_data(out, "title", title);
    add_data(out, "certain", certain ? VG_STR("true") : VG_STR("false"));
    vg_buf_add_c(out, "</edge>\n");
}

vg_status vg_paths_write_graphml(const vg_paths_found *found, vg_buf *out, vg_error *err)
{
    static const char head[] =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n"
        "  <key id=\"label\" for=\"node\" attr.name=\"label\" attr.type=\"string\"/>\n"
        "  <key id=\"administrator\" for=\"node\" attr.name=\"administrator\" attr.type=\"boolean\"/>\n"
        "  <key id=\"technique\" for=\"edge\" attr.name=\"technique\" attr.type=\"string\"/>\n"
        "  <key id=\"title\" for=\"edge\" attr.name=\"title\" attr.type=\"string\"/>\n"
        "  <key id=\"certain\" for=\"edge\" attr.name=\"certain\" attr.type=\"boolean\"/>\n"
        "  <graph id=\"paths\" edgedefault=\"directed\">\n";
    drawing d = {.found = found, .out = out, .node = graphml_node, .edge = graphml_edge};
    vg_buf_add_c(out, head);
    VG_TRY(draw(&d, err));
    vg_buf_add_c(out, "  </graph>\n</graphml>\n");
    return VG_OK;
}
