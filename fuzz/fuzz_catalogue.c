/* fuzz_catalogue.c: a catalogue's text, and questions to it: "text \0 pattern". What is read must hold together: every action
 * is found by its name, ids stay in their ranges, and a pattern's set is what it says it added. */
#include "policy/policy_catalogue.h"

#include <stdlib.h>

static void check_keys(const vg_catalogue *catalogue, const uint16_t *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (keys[i] >= vg_catalogue_origin_of(catalogue)->key_count || (i > 0 && keys[i] < keys[i - 1]))
            abort();
}

static void check_action(const vg_catalogue *catalogue, uint32_t id)
{
    const vg_catalogue_origin *origin = vg_catalogue_origin_of(catalogue);
    const vg_catalogue_action *action = vg_catalogue_action_at(catalogue, id);
    if (vg_catalogue_find_action(catalogue, action->name) != id || action->service >= origin->service_count ||
        action->level >= VG_ACCESS_LEVELS || action->wildcard_only != (action->use_count == 0))
        abort();
    check_keys(catalogue, action->keys, action->key_count);
    for (size_t i = 0; i < action->use_count; i++) {
        if (action->uses[i].resource >= origin->resource_count)
            abort();
        check_keys(catalogue, action->uses[i].keys, action->uses[i].key_count);
    }
    for (size_t i = 0; i < action->dependent_count; i++)
        if (action->dependents[i] >= origin->action_count)
            abort();
}

static void ask(vg_arena *arena, const vg_catalogue *catalogue, vg_str pattern)
{
    const vg_catalogue_origin *origin = vg_catalogue_origin_of(catalogue);
    vg_action_set set = vg_action_set_new(arena, catalogue);
    uint32_t found[4];
    if (!set.words)
        return;
    if (vg_catalogue_expand(catalogue, pattern, &set) != vg_action_set_count(&set))
        abort();
    for (uint32_t s = 0; s < origin->service_count; s++)
        (void)vg_catalogue_resources_fitting(catalogue, s, pattern, found, VG_COUNT(found));
    uint32_t key = vg_catalogue_find_key(catalogue, pattern);
    if (key != VG_CATALOGUE_NONE && key >= origin->key_count)
        abort();
    (void)vg_catalogue_find_action(catalogue, pattern);
    (void)vg_catalogue_find_service(catalogue, pattern);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    vg_arena *arena = vg_arena_new(64U << 20);
    vg_str text, pattern;
    const vg_catalogue *catalogue = NULL;
    vg_str_split(vg_str_of((const char *)bytes, size), '\0', &text, &pattern);
    if (vg_catalogue_open(arena, text, &catalogue, NULL) == VG_OK) {
        const vg_catalogue_origin *origin = vg_catalogue_origin_of(catalogue);
        for (uint32_t a = 0; a < origin->action_count; a++)
            check_action(catalogue, a);
        for (uint32_t k = 0; k < origin->key_count; k++)
            if (vg_catalogue_find_key(catalogue, vg_catalogue_key_at(catalogue, k)->name) != k)
                abort();
        ask(arena, catalogue, pattern);
    }
    vg_arena_free(arena);
    return 0;
}
