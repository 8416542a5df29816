/* types.c: the resources of a document by their Type, since nearly every rule begins with
 * Resources.*[ Type == 'AWS::S3::Bucket' ]. Built once a document, when the first rule asks; then such a query costs
 * what it selects.
 *
 * The index answers only where its answer is the long way's: `Resources` is a map, each resource in it is a map, and
 * each Type is a string or absent. Else it says so, and queries walk. */
#include "control/guard_part.h"

typedef struct {
    vg_vec items; /* const vg_value * */
} of_type;

struct guard_type_index {
    bool usable;
    of_type **by_number; /* of the types that the ruleset's literals name */
    vg_map *others;      /* name -> of_type */
};

/* A resource's Type, in either spelling that a query would find; NULL when it has none. */
static const vg_value *type_of(const vg_value *resource)
{
    const vg_value *type = vg_get(resource, VG_STR("Type"));
    return type ? type : vg_get(resource, VG_STR("type"));
}

/* The list of a type, made when it is the first. */
static of_type *list_of(guard_evaluation *e, struct guard_type_index *index, vg_str type)
{
    const vg_map_entry *known = vg_map_get(e->rules->types, type);
    vg_map_entry *other = known ? NULL : vg_map_put(index->others, type, NULL);
    if (!known && !other)
        return NULL;
    of_type *list = known ? index->by_number[known->value.u64] : other->value.ptr;
    if (list || !(list = VG_NEW(e->arena, of_type)))
        return list;
    list->items = vg_vec_in(e->arena, sizeof(const vg_value *));
    if (known)
        index->by_number[known->value.u64] = list;
    else
        other->value.ptr = list;
    return list;
}

static bool add(guard_evaluation *e, struct guard_type_index *index, vg_str type, const vg_value *resource)
{
    of_type *list = list_of(e, index, type);
    const vg_value **slot = list ? vg_vec_push(&list->items) : NULL;
    if (slot)
        *slot = resource;
    return slot != NULL;
}

static vg_status build(guard_evaluation *e)
{
    struct guard_type_index *index = VG_NEW(e->arena, struct guard_type_index);
    if (!index || !(index->others = vg_map_new(e->arena, 0)) ||
        !(index->by_number = VG_NEW_N(e->arena, of_type *, vg_map_len(e->rules->types) + 1)))
        return guard_no_memory(e);
    e->types = index;
    const vg_value *resources = vg_get(e->doc->root, VG_STR("Resources"));
    if (!resources || !guard_is_map(resources) || resources->as.container.count == 0)
        return VG_OK;
    for (vg_items it = vg_items_of(resources); vg_items_next(&it);) {
        const vg_value *type = guard_is_map(it.value) ? type_of(it.value) : NULL;
        if (!guard_is_map(it.value) || (type && type->kind != VG_STRING))
            return VG_OK;
        if (type && !add(e, index, vg_value_str(type), it.value))
            return guard_no_memory(e);
    }
    index->usable = true;
    return VG_OK;
}

bool guard_resources_of_type(guard_evaluation *e, const vg_value *type, bool is_literal,
                             const vg_value *const **items, size_t *count, vg_status *status)
{
    *status = e->types ? VG_OK : build(e);
    if (*status != VG_OK || !e->types->usable)
        return false;
    const of_type *list = NULL;
    if (is_literal && type->position > 0) {
        list = e->types->by_number[type->position];
    } else {
        const vg_map_entry *known = vg_map_get(e->rules->types, vg_value_str(type));
        const vg_map_entry *other = known ? NULL : vg_map_get(e->types->others, vg_value_str(type));
        list = known ? e->types->by_number[known->value.u64] : other ? other->value.ptr : NULL;
    }
    *items = list ? list->items.items : NULL;
    *count = list ? list->items.len : 0;
    return true;
}
