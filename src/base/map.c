/* map.c: slices to 64-bit values, iterated in the order of insertion.
 *
 * Entries stand in one array in that order; a power-of-two table of 32-bit indexes (0: empty, else index + 1) finds
 * them by linear probing, at most 7/8 full... kept at 1/2, so probes stay short. Nothing is ever removed. */
#include "base/base.h"

struct vg_map {
    vg_arena *arena;
    uint64_t seed;
    vg_map_entry *entries;
    uint32_t *slots;
    size_t len, cap, slot_count;
};

vg_map *vg_map_new(vg_arena *arena, uint64_t seed)
{
    vg_map *map = VG_NEW(arena, vg_map);
    if (!map)
        return NULL;
    map->arena = arena;
    map->seed = seed;
    return map;
}

static size_t find_slot(const vg_map *map, vg_str key)
{
    size_t mask = map->slot_count - 1, at = vg_hash64(key, map->seed) & mask;
    while (map->slots[at] && !vg_str_eq(map->entries[map->slots[at] - 1].key, key))
        at = (at + 1) & mask;
    return at;
}

static bool grow(vg_map *map)
{
    size_t cap = map->cap ? map->cap * 2 : 8;
    if (cap > UINT32_MAX / 2)
        return false;
    vg_map_entry *entries = VG_NEW_N(map->arena, vg_map_entry, cap);
    uint32_t *slots = VG_NEW_N(map->arena, uint32_t, cap * 2);
    if (!entries || !slots)
        return false;
    if (map->len)
        memcpy(entries, map->entries, map->len * sizeof *entries);
    map->entries = entries;
    map->slots = slots;
    map->cap = cap;
    map->slot_count = cap * 2;
    for (size_t i = 0; i < map->len; i++)
        slots[find_slot(map, entries[i].key)] = (uint32_t)i + 1;
    return true;
}

vg_map_entry *vg_map_put(vg_map *map, vg_str key, bool *added)
{
    vg_map_entry *present = vg_map_get(map, key);
    if (added)
        *added = !present;
    if (present)
        return present;
    if (map->len == map->cap && !grow(map))
        return NULL;
    vg_map_entry *entry = &map->entries[map->len];
    *entry = (vg_map_entry){.key = key};
    map->slots[find_slot(map, key)] = (uint32_t)++map->len;
    return entry;
}

vg_map_entry *vg_map_get(const vg_map *map, vg_str key)
{
    if (map->len == 0)
        return NULL;
    uint32_t index = map->slots[find_slot(map, key)];
    return index ? &map->entries[index - 1] : NULL;
}

size_t vg_map_len(const vg_map *map)
{
    return map->len;
}

vg_map_entry *vg_map_at(const vg_map *map, size_t i)
{
    return &map->entries[i];
}
