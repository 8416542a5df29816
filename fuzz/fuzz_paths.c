/* fuzz_paths.c: any bytes as techniques of escalation, or as the policies of a small world whose access graph is built. The
 * first byte chooses. A graph's edges must hold when each is decided again, their changes must remove what they say, and
 * paths must lead from where they start. */
#include "content.h"
#include "policy/graph_part.h"

#include <stdlib.h>

static const vg_catalogue *catalogue;
static const vg_escalations *techniques;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    static vg_escalation_file files[16];
    size_t count = 0;
    vg_arena *arena = vg_arena_new(0);
    for (size_t i = 0; i < vg_content_count; i++) {
        const vg_content_file *file = &vg_content_files[i];
        if (vg_str_is(file->path, "catalogue/actions.txt") &&
            vg_catalogue_open(arena, file->bytes, &catalogue, NULL) != VG_OK)
            abort();
        if (vg_str_starts(file->path, VG_STR("escalations/")) && count < VG_COUNT(files))
            files[count++] = (vg_escalation_file){file->path, file->bytes};
    }
    if (!catalogue || vg_escalations_read(arena, catalogue, files, count, &techniques, NULL) != VG_OK)
        abort();
    return 0;
}

static void read_techniques(vg_arena *arena, vg_str text)
{
    const vg_escalations *out;
    vg_error err = {0};
    const vg_escalation_file file = {VG_STR("fuzz.yaml"), text};
    if (vg_escalations_read(arena, catalogue, &file, 1, &out, &err) == VG_OK)
        for (size_t i = 0; i < out->count; i++)
            if (out->techniques[i].need_count == 0 || out->techniques[i].id.len == 0)
                abort();
}

/* ---- a world of a line a policy ---------------------------------------------------------------------------------------------- */

static vg_layer layer_of(vg_world_builder *b, vg_policy_kind kind, vg_str *rest)
{
    vg_str line = {0};
    vg_layer layer = {.state = VG_LAYER_NONE};
    const vg_policy *policy = NULL;
    vg_error err = {0};
    if (!vg_str_next(rest, '\n', &line) || line.len == 0)
        return layer;
    if (vg_world_policy_text(b, VG_STR(""), kind, VG_STR("p"), line, &policy, &err) != VG_OK ||
        vg_world_layer(b, &policy, 1, VG_STR(""), &layer, &err) != VG_OK)
        return (vg_layer){.state = VG_LAYER_UNKNOWN};
    return layer;
}

static const vg_world *make_world(vg_arena *arena, vg_str text)
{
    static const vg_str account = VG_STR("111122223333");
    static const vg_str managed[] = {VG_STR("arn:aws:iam::111122223333:policy/p")};
    vg_error err = {0};
    const vg_world *world = NULL;
    vg_world_builder *b = vg_world_builder_new(arena, catalogue);
    vg_layer *scp = VG_NEW(arena, vg_layer);
    if (!b || !scp)
        return NULL;
    vg_world_principal alice = {.arn = VG_STR("arn:aws:iam::111122223333:user/alice"),
                                .name = VG_STR("alice"),
                                .account_id = account,
                                .managed = managed,
                                .managed_count = 1};
    vg_world_principal role = {
        .arn = VG_STR("arn:aws:iam::111122223333:role/r"), .name = VG_STR("r"), .account_id = account};
    alice.identity = layer_of(b, VG_POLICY_IDENTITY, &text);
    alice.boundary = layer_of(b, VG_POLICY_BOUNDARY, &text);
    role.identity = layer_of(b, VG_POLICY_IDENTITY, &text);
    role.trust = layer_of(b, VG_POLICY_TRUST, &text);
    *scp = layer_of(b, VG_POLICY_SCP, &text);
    const vg_world_account own = {
        .id = account, .standalone = true, .scps = scp, .scp_count = scp->state != VG_LAYER_NONE};
    if (vg_world_add_account(b, &own, &err) != VG_OK || vg_world_add_principal(b, &alice, &err) != VG_OK ||
        vg_world_add_principal(b, &role, &err) != VG_OK || vg_world_finish(b, &world, &err) != VG_OK)
        return NULL;
    return world;
}

static void check_edge(vg_arena *arena, const vg_graph *graph, uint32_t i)
{
    vg_error err = {0};
    vg_graph_reasons why;
    const vg_graph_edge *edge = &graph->edges[i];
    vg_graph_try try = {.graph = graph,
                        .technique = &techniques->techniques[edge->technique],
                        .scratch = VG_NEW(arena, vg_world_scratch)};
    if (!try.scratch)
        return;
    vg_match match = vg_graph_edge_holds(&try, edge);
    if (match == VG_MATCH_NO || (match == VG_MATCH_YES) != edge->certain)
        abort();
    if (vg_graph_explain(arena, graph, i, &why, &err) == VG_OK && why.need_count == 0)
        abort();
}

static void build_graph(vg_arena *arena, vg_str text)
{
    vg_error err = {0};
    const vg_graph *graph;
    const vg_graph_path *paths;
    size_t count;
    const vg_world *world = make_world(arena, text);
    if (!world || vg_graph_build(arena, world, techniques, &graph, &err) != VG_OK)
        return;
    for (uint32_t i = 0; i < graph->edge_count; i++)
        check_edge(arena, graph, i);
    if (vg_graph_paths_to_admin(arena, graph, &paths, &count, &err) != VG_OK)
        return;
    for (size_t i = 0; i < count; i++)
        if (paths[i].step_count == 0 || paths[i].steps[0].from != paths[i].from ||
            paths[i].steps[paths[i].step_count - 1].to != paths[i].to)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    vg_arena *arena = vg_arena_new(64u << 20);
    vg_str text = vg_arena_str(arena, vg_str_of((const char *)data + 1, size - 1));
    if (text.ptr && data[0] % 2 == 0)
        read_techniques(arena, text);
    else if (text.ptr)
        build_graph(arena, text);
    vg_arena_free(arena);
    return 0;
}
