/* sigma_selection.c: what stands under a search identifier: a map (its items joined by AND), a list (joined by OR) of maps
 * or of keywords, or one keyword. Source: Sigma specification 2.1.0, "Search-Identifier". */
#include "detect/sigma_part.h"

enum { MOST_NESTING = 32 };

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while compiling detections");
}

static vg_status compile_map(sigma_rule *rule, const vg_value *map, uint32_t *out, vg_error *err)
{
    size_t count = vg_value_count(map), i = 0;
    if (!count)
        return sigma_fail(rule, map, err, "the selection is empty: it would match every event");
    uint32_t *nodes = vg_arena_alloc(rule->set->arena, count * sizeof *nodes);
    vg_map *seen = vg_map_new(rule->set->arena, 0x53);
    if (!nodes || !seen)
        return out_of_memory(err);
    for (vg_items it = vg_items_of(map); vg_items_next(&it); i++) {
        bool added;
        if (!vg_map_put(seen, it.key, &added))
            return out_of_memory(err);
        if (!added)
            return sigma_fail(rule, it.key_node, err,
                              "\"%.*s\" stands here twice: join the values in one list", VG_ARG(it.key));
        VG_TRY(sigma_item_compile(rule, it.key_node, it.value, &nodes[i], err));
    }
    return sigma_node_many(rule, VG_EXPR_AND, nodes, count, out, err);
}

static vg_status compile_at(sigma_rule *rule, const vg_value *selection, unsigned depth, uint32_t *out,
                            vg_error *err)
{
    if (depth > MOST_NESTING)
        return sigma_fail(rule, selection, err, "lists are nested more than %d deep", MOST_NESTING);
    if (selection->kind == VG_OBJECT)
        return compile_map(rule, selection, out, err);
    if (selection->kind == VG_NULL && depth > 0)
        return sigma_fail(rule, selection, err, "null is no text: a keyword is text or a number");
    if (selection->kind == VG_NULL)
        return sigma_fail(rule, selection, err,
                          "the selection is empty: write fields and values, or keywords, below it");
    if (selection->kind != VG_ARRAY)
        return sigma_item_compile(rule, NULL, selection, out, err);
    size_t count = vg_value_count(selection), i = 0;
    if (!count)
        return sigma_fail(rule, selection, err, "the list is empty: nothing could match it");
    uint32_t *nodes = vg_arena_alloc(rule->set->arena, count * sizeof *nodes);
    if (!nodes)
        return out_of_memory(err);
    for (vg_items it = vg_items_of(selection); vg_items_next(&it); i++)
        VG_TRY(compile_at(rule, it.value, depth + 1, &nodes[i], err));
    return sigma_node_many(rule, VG_EXPR_OR, nodes, count, out, err);
}

vg_status sigma_selection_compile(sigma_rule *rule, const vg_value *selection, uint32_t *out, vg_error *err)
{
    return compile_at(rule, selection, 0, out, err);
}
