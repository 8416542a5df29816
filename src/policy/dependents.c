/* dependents.c: what a caller may need beside an action: the "dependent actions" of the Service Authorization Reference.
 *
 * content/policy/dependents.txt, written by tools/dependents, has a line an action: its name, a tab, the actions it may
 * need, with commas between them. Lines that begin with '#' are for people. */
#include "policy/policy_usage.h"

struct vg_dependents {
    vg_map *lists; /* action -> vg_str *: as written */
};

static vg_status keep(vg_arena *arena, vg_dependents *d, vg_str action, vg_str list, vg_error *err)
{
    vg_str *kept = VG_NEW(arena, vg_str);
    vg_map_entry *entry = kept ? vg_map_put(d->lists, action, NULL) : NULL;
    if (!entry)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading declared dependents");
    *kept = list;
    entry->value.ptr = kept;
    return VG_OK;
}

vg_status vg_dependents_read(vg_arena *arena, vg_str text, const vg_dependents **out, vg_error *err)
{
    vg_dependents *d = VG_NEW(arena, vg_dependents);
    vg_str line, action, list;
    if (!d || !(d->lists = vg_map_new(arena, 0)))
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading declared dependents");
    for (uint32_t number = 1; vg_str_next(&text, '\n', &line); number++) {
        if (!line.len || line.ptr[0] == '#')
            continue;
        bool good =
            vg_str_split(line, '\t', &action, &list) && list.len && vg_str_find_char(action, ':') != VG_NPOS;
        if (!good) {
            const vg_place place = {.file = VG_STR("policy/dependents.txt"), .line = number, .column = 1};
            return vg_fail_at(err, VG_ERR_SYNTAX, place,
                              "an action, a tab and the actions it needs must stand here");
        }
        VG_TRY(keep(arena, d, action, list, err));
    }
    *out = d;
    return VG_OK;
}

vg_str vg_dependents_of(const vg_dependents *dependents, vg_str action)
{
    const vg_map_entry *entry = dependents ? vg_map_get(dependents->lists, action) : NULL;
    return entry ? *(const vg_str *)entry->value.ptr : (vg_str){0};
}
