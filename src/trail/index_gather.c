/* index_gather.c: summaries of log files, held in memory until they are worth an index file. Each term is kept once; which
 * files hold it is a list of pairs in the order of arrival, sorted apart when the file is written. */
#include "trail/index_part.h"

#include <stdlib.h>

typedef struct {
    uint32_t term, object;
} term_pair;

typedef struct {
    vg_map *terms; /* term -> its number */
    vg_buf pairs;  /* term_pair */
} gathered_field;

struct vg_trail_gather {
    vg_arena *arena;
    vg_vec objects; /* vg_trail_object */
    vg_vec hours;   /* vg_trail_hour */
    gathered_field fields[VG_TRAIL_FIELD_COUNT];
};

vg_trail_gather *vg_trail_gather_new(void)
{
    vg_arena *arena = vg_arena_new(0);
    vg_trail_gather *g = arena ? VG_NEW(arena, vg_trail_gather) : NULL;
    if (!g) {
        vg_arena_free(arena);
        return NULL;
    }
    g->arena = arena;
    g->objects = vg_vec_in(arena, sizeof(vg_trail_object));
    g->hours = vg_vec_in(arena, sizeof(vg_trail_hour));
    for (size_t i = 0; i < VG_TRAIL_FIELD_COUNT; i++)
        g->fields[i].terms = vg_map_new(arena, i);
    if (g->fields[VG_TRAIL_FIELD_COUNT - 1].terms)
        return g;
    vg_arena_free(arena);
    return NULL;
}

void vg_trail_gather_free(vg_trail_gather *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < VG_TRAIL_FIELD_COUNT; i++)
        vg_buf_free(&g->fields[i].pairs);
    vg_arena_free(g->arena);
}

size_t vg_trail_gather_objects(const vg_trail_gather *g)
{
    return g->objects.len;
}

size_t vg_trail_gather_bytes(const vg_trail_gather *g)
{
    size_t bytes = vg_arena_used(g->arena);
    for (size_t i = 0; i < VG_TRAIL_FIELD_COUNT; i++)
        bytes += g->fields[i].pairs.cap;
    return bytes;
}

/* ---- adding ---------------------------------------------------------------------------------------------------------------- */

static bool add_term(vg_trail_gather *g, vg_trail_field field, vg_str text, uint32_t object)
{
    gathered_field *to = &g->fields[field];
    vg_map_entry *entry = vg_map_get(to->terms, text);
    if (!entry) {
        vg_str kept = vg_arena_str(g->arena, text);
        size_t number = vg_map_len(to->terms);
        entry = kept.ptr && number < UINT32_MAX ? vg_map_put(to->terms, kept, NULL) : NULL;
        if (!entry)
            return false;
        entry->value.u64 = number;
    }
    term_pair pair = {(uint32_t)entry->value.u64, object};
    vg_buf_add(&to->pairs, &pair, sizeof pair);
    return !to->pairs.failed;
}

static bool add_hour(vg_trail_gather *g, const vg_trail_hour *from)
{
    vg_trail_hour *hour = vg_vec_push(&g->hours);
    if (!hour)
        return false;
    *hour = *from;
    vg_str *const texts[] = {&hour->account, &hour->region, &hour->name};
    for (size_t i = 0; i < VG_COUNT(texts); i++) {
        *texts[i] = vg_arena_str(g->arena, *texts[i]);
        if (!texts[i]->ptr)
            return false;
    }
    return true;
}

vg_status vg_trail_gather_add(vg_trail_gather *g, const vg_trail_summary *summary, vg_error *err)
{
    char term[VG_TRAIL_TERM];
    uint32_t number = (uint32_t)g->objects.len;
    if (g->objects.len >= INDEX_MOST_OBJECTS)
        return vg_fail(err, VG_ERR_LIMIT, "an index holds at most %u log files", INDEX_MOST_OBJECTS);
    vg_trail_object *object = vg_vec_push(&g->objects);
    if (!object)
        return index_no_memory(err);
    *object = summary->object;
    object->key = vg_arena_str(g->arena, summary->object.key);
    vg_str key = vg_trail_term_of(VG_TRAIL_OBJECT, object->key, term);
    bool good = object->key.ptr && add_term(g, VG_TRAIL_OBJECT, key, number);
    for (size_t i = 0; good && i < summary->term_count; i++)
        good = add_term(g, summary->terms[i].field, summary->terms[i].text, number);
    for (size_t i = 0; good && i < summary->hour_count; i++)
        good = add_hour(g, &summary->hours[i]);
    return good ? VG_OK : index_no_memory(err);
}

/* ---- in order -------------------------------------------------------------------------------------------------------------- */

typedef struct {
    const vg_trail_object *object;
    uint32_t number;
} ordered_object;

typedef struct {
    vg_str text;
    uint32_t number;
} ordered_term;

typedef struct {
    const vg_trail_gather *g;
    vg_arena *arena; /* of one field */
    ordered_object *order;
    uint32_t *renumbered;
    ordered_term *terms;
    size_t term_count, at;
    uint32_t *starts, *objects; /* of term number t: objects[starts[t]..starts[t + 1]) */
} gathered_order;

static int compare_objects(const void *left, const void *right)
{
    const vg_trail_object *a = ((const ordered_object *)left)->object,
                          *b = ((const ordered_object *)right)->object;
    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    if (a->last != b->last)
        return a->last < b->last ? -1 : 1;
    int order = vg_str_cmp(a->key, b->key);
    return order ? order : memcmp(a->sha256.bytes, b->sha256.bytes, sizeof a->sha256.bytes);
}

static int compare_terms(const void *left, const void *right)
{
    return vg_str_cmp(((const ordered_term *)left)->text, ((const ordered_term *)right)->text);
}

static int compare_numbers(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

static vg_status give_object(void *context, uint64_t i, vg_arena *arena, vg_trail_object *out, vg_error *err)
{
    const gathered_order *o = context;
    (void)arena, (void)err;
    *out = *o->order[i].object;
    return VG_OK;
}

/* Sorts the pairs by term (counting), renumbering the objects on the way. */
static vg_status begin_terms(void *context, vg_trail_field field, vg_error *err)
{
    gathered_order *o = context;
    const gathered_field *from = &o->g->fields[field];
    const term_pair *pairs = (const term_pair *)(const void *)from->pairs.ptr;
    size_t pair_count = from->pairs.len / sizeof *pairs, terms = vg_map_len(from->terms);
    vg_arena_reset(o->arena);
    o->terms = VG_NEW_N(o->arena, ordered_term, terms + 1);
    o->starts = VG_NEW_N(o->arena, uint32_t, terms + 2);
    o->objects = VG_NEW_N(o->arena, uint32_t, pair_count + 1);
    if (!o->terms || !o->starts || !o->objects || pair_count > UINT32_MAX)
        return index_no_memory(err);
    o->term_count = terms;
    o->at = 0;
    for (size_t i = 0; i < pair_count; i++)
        o->starts[pairs[i].term + 2]++;
    for (size_t i = 0; i < terms; i++)
        o->starts[i + 2] += o->starts[i + 1];
    for (size_t i = 0; i < pair_count; i++)
        o->objects[o->starts[pairs[i].term + 1]++] = o->renumbered[pairs[i].object];
    for (size_t i = 0; i < terms; i++)
        o->terms[i] = (ordered_term){vg_map_at(from->terms, i)->key, (uint32_t)i};
    if (terms > 1)
        qsort(o->terms, terms, sizeof *o->terms, compare_terms);
    return VG_OK;
}

static vg_status give_term(void *context, vg_str *term, const uint32_t **objects, size_t *count,
                           vg_error *err)
{
    gathered_order *o = context;
    (void)err;
    *count = 0;
    if (o->at == o->term_count)
        return VG_OK;
    const ordered_term *next = &o->terms[o->at++];
    uint32_t *list = o->objects + o->starts[next->number];
    size_t all = o->starts[next->number + 1] - o->starts[next->number], kept = 0;
    qsort(list, all, sizeof *list, compare_numbers);
    for (size_t i = 0; i < all; i++)
        if (kept == 0 || list[i] != list[kept - 1])
            list[kept++] = list[i];
    *term = next->text;
    *objects = list;
    *count = kept;
    return VG_OK;
}

static vg_status order_objects(gathered_order *o, vg_arena *arena, vg_error *err)
{
    const vg_trail_gather *g = o->g;
    size_t count = g->objects.len;
    o->order = VG_NEW_N(arena, ordered_object, count + 1);
    o->renumbered = VG_NEW_N(arena, uint32_t, count + 1);
    if (!o->order || !o->renumbered)
        return index_no_memory(err);
    for (size_t i = 0; i < count; i++)
        o->order[i] = (ordered_object){vg_vec_at(&g->objects, i), (uint32_t)i};
    if (count > 1)
        qsort(o->order, count, sizeof *o->order, compare_objects);
    for (size_t i = 0; i < count; i++)
        o->renumbered[o->order[i].number] = (uint32_t)i;
    return VG_OK;
}

vg_status vg_trail_gather_write(vg_trail_gather *g, vg_str path, uint64_t number, vg_error *err)
{
    vg_arena *arena = vg_arena_new(0), *field_arena = vg_arena_new(0);
    gathered_order order = {.g = g, .arena = field_arena};
    vg_vec covers = vg_vec_in(arena, sizeof(vg_trail_cover));
    vg_status status = arena && field_arena ? order_objects(&order, arena, err) : index_no_memory(err);
    if (status == VG_OK)
        status = index_covers_of(arena, g->hours.items, g->hours.len, &covers, err);
    const index_content content = {.context = &order,
                                   .objects = g->objects.len,
                                   .object = give_object,
                                   .terms_begin = begin_terms,
                                   .term = give_term,
                                   .covers = covers.items,
                                   .cover_count = covers.len};
    if (status == VG_OK)
        status = index_write(&content, path, number, err);
    vg_arena_free(field_arena);
    vg_arena_free(arena);
    return status;
}
