/* fuzz_yaml.c: any bytes through the YAML reader. What is read must be well built (counts, spans and places agree) and
 * within its limits. */
#include "format/format.h"

#include <stdlib.h>

static void check_tree(const vg_doc *doc, const vg_limits *limits)
{
    if (doc->node_count > limits->max_nodes || vg_value_after(doc->root) != doc->root + doc->node_count)
        abort();
    for (size_t i = 0; i < doc->node_count; i++) {
        const vg_value *v = doc->root + i;
        vg_items it = vg_items_of(v);
        uint32_t count = 0;
        while (vg_items_next(&it))
            count++;
        if (count != vg_value_count(v) || doc->positions[v->position].line == 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    vg_limits limits = {.max_nodes = 20000, .max_depth = 64};
    vg_arena *arena = vg_arena_new(64U << 20);
    vg_vec docs = vg_vec_in(arena, sizeof(vg_doc));
    vg_error err = {0};
    vg_yaml_read_all(arena, vg_str_of((const char *)bytes, size), VG_STR("f"), &limits, &docs, &err);
    for (size_t i = 0; i < docs.len; i++)
        check_tree(vg_vec_at(&docs, i), &limits);
    vg_arena_free(arena);
    return 0;
}
