/* map.c: slices to 64-bit values, iterated in the order of insertion.
 *
 * Entries stand in one array in that order; a power-of-two table, kept half empty so that probes stay short, finds them by
 * linear probing. A slot holds half of its key's hash beside the entry's number: another key is passed over without
 * being looked at, and a larger table is filled without hashing anew. Nothing is ever removed. */
#include "base/base.h"

typedef struct {
    uint32_t number; /* 1 + index of the entry; 0: empty */
    uint32_t hash;
} slot;

struct vg_map {
    vg_arena *arena;
    uint64_t seed;
    vg_map_entry *entries;
    slot *slots;
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

static uint32_t hash_of(const vg_map *map, vg_str key)
{
    return (uint32_t)vg_hash64(key, map->seed);
}

/* The slot of the key, or the empty one where it would be. */
static slot *find_slot(const vg_map *map, vg_str key, uint32_t hash)
{
    size_t mask = map->slot_count - 1, at = hash & mask;
    for (;; at = (at + 1) & mask) {
        slot *s = &map->slots[at];
        if (!s->number || (s->hash == hash && vg_str_eq(map->entries[s->number - 1].key, key)))
            return s;
    }
}

static bool grow(vg_map *map)
{
    size_t cap = map->cap ? map->cap * 2 : 8;
    if (cap > UINT32_MAX / 2)
        return false;
    vg_map_entry *entries = VG_NEW_N(map->arena, vg_map_entry, cap);
    slot *slots = VG_NEW_N(map->arena, slot, cap * 2);
    if (!entries || !slots)
        return false;
    if (map->len)
        memcpy(entries, map->entries, map->len * sizeof *entries);
    for (size_t i = 0, mask = cap * 2 - 1; i < map->slot_count; i++) {
        size_t at = map->slots[i].hash & mask;
        if (!map->slots[i].number)
            continue;
        while (slots[at].number)
            at = (at + 1) & mask;
        slots[at] = map->slots[i];
    }
    map->entries = entries;
    map->slots = slots;
    map->cap = cap;
    map->slot_count = cap * 2;
    return true;
}

vg_map_entry *vg_map_put(vg_map *map, vg_str key, bool *added)
{
    uint32_t hash = hash_of(map, key);
    slot *s = map->len ? find_slot(map, key, hash) : NULL;
    bool present = s && s->number;
    if (added)
        *added = !present;
    if (present)
        return &map->entries[s->number - 1];
    if (map->len == map->cap) {
        if (!grow(map))
            return NULL;
        s = NULL;
    }
    s = s ? s : find_slot(map, key, hash);
    vg_map_entry *entry = &map->entries[map->len];
    *entry = (vg_map_entry){.key = key};
    *s = (slot){(uint32_t)++map->len, hash};
    return entry;
}

vg_map_entry *vg_map_get(const vg_map *map, vg_str key)
{
    if (map->len == 0)
        return NULL;
    const slot *s = find_slot(map, key, hash_of(map, key));
    return s->number ? &map->entries[s->number - 1] : NULL;
}

size_t vg_map_len(const vg_map *map)
{
    return map->len;
}

vg_map_entry *vg_map_at(const vg_map *map, size_t i)
{
    return &map->entries[i];
}
