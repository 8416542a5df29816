/* index_merge.c: one index file out of several. The trees are walked side by side, so terms are never held in memory; the
 * log files are, since they are sorted by time anew. A log file that stands in several indexes was read again because it
 * had changed: only the newest is kept, and the terms of the others go with them. */
#include "trail/index_part.h"

#include <stdlib.h>

typedef struct {
    vg_time first, last;
    vg_str key;
    uint32_t index, object;
} merged_object;

typedef struct {
    vg_trail_index *const *indexes;
    size_t count;
    vg_arena *arena;
    vg_vec objects;        /* merged_object */
    uint32_t **renumbered; /* by index and object; UINT32_MAX: not kept */
    index_walk *walks;
    bool *has_term; /* by index: its walk stands on a term */
    vg_arena *list_arena;
    vg_vec list; /* uint32_t */
    unsigned char term[VG_TRAIL_TERM];
} index_merging;

/* ---- log files ---------------------------------------------------------------------------------------------------------------- */

static vg_status take_object(index_merging *m, vg_map *keys, size_t index, uint32_t object, vg_error *err)
{
    vg_trail_object read;
    bool is_new;
    VG_TRY(vg_trail_index_object(m->indexes[index], m->arena, object, &read, err));
    m->renumbered[index][object] = UINT32_MAX;
    if (!vg_map_put(keys, read.key, &is_new))
        return index_no_memory(err);
    merged_object *slot = is_new ? vg_vec_push(&m->objects) : NULL;
    if (is_new && !slot)
        return index_no_memory(err);
    if (slot)
        *slot = (merged_object){read.first, read.last, read.key, (uint32_t)index, object};
    return VG_OK;
}

static int compare_objects(const void *left, const void *right)
{
    const merged_object *a = left, *b = right;
    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    if (a->last != b->last)
        return a->last < b->last ? -1 : 1;
    return vg_str_cmp(a->key, b->key);
}

static vg_status take_objects(index_merging *m, vg_error *err)
{
    vg_map *keys = vg_map_new(m->arena, 1);
    m->objects = vg_vec_in(m->arena, sizeof(merged_object));
    m->renumbered = VG_NEW_N(m->arena, uint32_t *, m->count + 1);
    if (!keys || !m->renumbered)
        return index_no_memory(err);
    for (size_t i = m->count; i-- > 0;) {
        uint64_t objects = m->indexes[i]->head.objects;
        m->renumbered[i] = VG_NEW_N(m->arena, uint32_t, objects + 1);
        if (!m->renumbered[i])
            return index_no_memory(err);
        for (uint64_t o = 0; o < objects; o++)
            VG_TRY(take_object(m, keys, i, (uint32_t)o, err));
    }
    if (m->objects.len >= INDEX_MOST_OBJECTS)
        return vg_fail(err, VG_ERR_LIMIT, "an index holds at most %u log files", INDEX_MOST_OBJECTS);
    if (m->objects.len > 1)
        qsort(m->objects.items, m->objects.len, sizeof(merged_object), compare_objects);
    for (size_t i = 0; i < m->objects.len; i++) {
        const merged_object *object = vg_vec_at(&m->objects, i);
        m->renumbered[object->index][object->object] = (uint32_t)i;
    }
    return VG_OK;
}

static vg_status give_object(void *context, uint64_t i, vg_arena *arena, vg_trail_object *out, vg_error *err)
{
    const index_merging *m = context;
    const merged_object *object = vg_vec_at(&m->objects, (size_t)i);
    return vg_trail_index_object(m->indexes[object->index], arena, object->object, out, err);
}

/* ---- terms ---------------------------------------------------------------------------------------------------------------------- */

static vg_status begin_terms(void *context, vg_trail_field field, vg_error *err)
{
    index_merging *m = context;
    for (size_t i = 0; i < m->count; i++) {
        VG_TRY(index_walk_open(&m->walks[i], m->indexes[i], field, (vg_str){0}, err));
        VG_TRY(index_walk_next(&m->walks[i], &m->has_term[i], err));
    }
    return VG_OK;
}

static vg_str term_at(const index_merging *m, size_t i)
{
    return vg_str_of((const char *)m->walks[i].term, m->walks[i].term_len);
}

/* The least of the terms at which the walks stand; false at the end of all. */
static bool least_term(index_merging *m, vg_str *out)
{
    bool any = false;
    vg_str least = {0};
    for (size_t i = 0; i < m->count; i++) {
        if (!m->has_term[i] || (any && vg_str_cmp(term_at(m, i), least) >= 0))
            continue;
        least = term_at(m, i);
        any = true;
    }
    if (least.len)
        memcpy(m->term, least.ptr, least.len);
    *out = vg_str_of((const char *)m->term, least.len);
    return any;
}

static vg_status add_objects(index_merging *m, size_t i, vg_error *err)
{
    size_t from = m->list.len;
    VG_TRY(index_walk_objects(&m->walks[i], &m->list, err));
    uint32_t *list = m->list.items;
    size_t kept = from;
    for (size_t n = from; n < m->list.len; n++) {
        uint32_t object = m->renumbered[i][list[n]];
        if (object != UINT32_MAX)
            list[kept++] = object;
    }
    m->list.len = kept;
    return VG_OK;
}

static int compare_numbers(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

static vg_status give_term(void *context, vg_str *term, const uint32_t **objects, size_t *count,
                           vg_error *err)
{
    index_merging *m = context;
    *count = 0;
    while (*count == 0) {
        vg_arena_reset(m->list_arena);
        m->list = vg_vec_in(m->list_arena, sizeof(uint32_t));
        if (!least_term(m, term))
            return VG_OK;
        for (size_t i = 0; i < m->count; i++) {
            if (!m->has_term[i] || !vg_str_eq(term_at(m, i), *term))
                continue;
            VG_TRY(add_objects(m, i, err));
            VG_TRY(index_walk_next(&m->walks[i], &m->has_term[i], err));
        }
        *count = m->list.len; /* none: all that held it were read again */
    }
    if (m->list.len > 1)
        qsort(m->list.items, m->list.len, sizeof(uint32_t), compare_numbers);
    *objects = m->list.items;
    return VG_OK;
}

/* ---- the whole -------------------------------------------------------------------------------------------------------------------- */

static vg_status merge(index_merging *m, vg_str path, uint64_t number, vg_error *err)
{
    vg_vec covers = vg_vec_in(m->arena, sizeof(vg_trail_cover));
    m->walks = VG_NEW_N(m->arena, index_walk, m->count + 1);
    m->has_term = VG_NEW_N(m->arena, bool, m->count + 1);
    if (!m->walks || !m->has_term)
        return index_no_memory(err);
    VG_TRY(take_objects(m, err));
    for (size_t i = 0; i < m->count; i++)
        VG_TRY(vg_trail_index_covers(m->indexes[i], m->arena, &covers, err));
    VG_TRY(vg_trail_covers_merge(m->arena, &covers, err));
    const index_content content = {.context = m,
                                   .objects = m->objects.len,
                                   .object = give_object,
                                   .terms_begin = begin_terms,
                                   .term = give_term,
                                   .covers = covers.items,
                                   .cover_count = covers.len};
    return index_write(&content, path, number, err);
}

vg_status vg_trail_index_merge(vg_trail_index *const *indexes, size_t count, vg_str path, uint64_t number,
                               vg_error *err)
{
    index_merging m = {
        .indexes = indexes, .count = count, .arena = vg_arena_new(0), .list_arena = vg_arena_new(0)};
    vg_status status = m.arena && m.list_arena ? merge(&m, path, number, err) : index_no_memory(err);
    vg_arena_free(m.list_arena);
    vg_arena_free(m.arena);
    return status;
}
