/* fact_escalation.c: Vigil::Account::Escalation: who is no administrator of the account and can become one.
 *
 * The access graph of the account alone is asked, with the techniques of content/escalations/. Ways that lead through
 * another account are told by `vigil iam paths`, which sees all of them at once (docs/decisions/0009-escalation-by-account.md
 * has why). A path that hangs on what evidence does
 * not tell is no finding: it is counted apart. */
#include "assess/assess_part.h"

/* "user/alice" of an ARN. */
static vg_str local_name(vg_str arn)
{
    vg_arn parsed;
    return vg_arn_parse(arn, &parsed) ? parsed.resource : arn;
}

/* The techniques of a path, "create-policy-version" or "assume-role, attach-role-policy". */
static vg_str techniques_of(const vg_view *view, const vg_graph_path *path, vg_arena *arena)
{
    const vg_escalations *escalations = vg_graph_escalations(view->graph);
    size_t count;
    const vg_graph_edge *edges = vg_graph_edges(view->graph, &count);
    vg_buf text = {0};
    for (size_t i = 0; i < path->step_count; i++) {
        uint32_t edge = path->steps[i].edge;
        if (edge != VG_WORLD_NONE)
            vg_buf_addf(&text, "%s%.*s", text.len ? ", " : "",
                        VG_ARG(escalations->techniques[edges[edge].technique].id));
    }
    vg_str kept = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return kept;
}

static void push(vg_vec *list, vg_str name)
{
    vg_str *item = vg_vec_push(list);
    if (item)
        *item = name;
}

static void put_paths(const vg_view *view, vg_fact_sink *sink)
{
    vg_arena *arena = sink->arena;
    const vg_graph_path *paths;
    size_t count;
    int64_t conditional = 0;
    vg_vec names = vg_vec_in(arena, sizeof(vg_str)), ways = vg_vec_in(arena, sizeof(vg_str));
    if (vg_graph_paths_to_admin(arena, view->graph, &paths, &count, NULL) != VG_OK) {
        sink->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        vg_str name = local_name(view->world->principals[paths[i].from].arn);
        conditional += !paths[i].certain;
        if (!paths[i].certain)
            continue;
        push(&names, name);
        push(&ways, vg_arena_printf(arena, "%.*s: %.*s", VG_ARG(name),
                                    VG_ARG(techniques_of(view, &paths[i], arena))));
    }
    vg_tidy_names(&names);
    vg_tidy_names(&ways);
    vg_fact_list(sink, "Principals", &names);
    vg_fact_list(sink, "Ways", &ways);
    vg_fact_i64(sink, "Count", (int64_t)names.len);
    vg_fact_i64(sink, "ConditionalCount", conditional);
}

void vg_make_escalation(const vg_view *view, vg_fact_sink *sink)
{
    vg_fact_begin(sink, "Vigil::Account::Escalation", view->account, VG_STR(""), view->account, VG_STR(""));
    if (view->graph && vg_has_authorization_details(view)) {
        vg_sightings roles = vg_view_of(view, "AWS::IAM::Role"), users = vg_view_of(view, "AWS::IAM::User");
        vg_fact_used(sink, roles.count ? &roles.items[0] : NULL);
        vg_fact_used(sink, users.count ? &users.items[0] : NULL);
        put_paths(view, sink);
    }
    vg_fact_end(sink);
}
