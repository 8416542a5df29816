/* view.c: evidence held in memory, and how it is asked for.
 *
 * A view is a sorted array of what was seen in one account. Asking for a type is a binary search; everything else is
 * walking. Properties are asked for in three values: a property that is missing is unknown, never "no". */
#include "assess/assess_part.h"

#include <stdlib.h>

/* ---- order --------------------------------------------------------------------------------------------------------- */

static int compare_sightings(const void *left, const void *right)
{
    const vg_resource *a = &((const vg_sighting *)left)->resource,
                      *b = &((const vg_sighting *)right)->resource;
    int order = vg_str_cmp(a->type, b->type);
    if (order == 0)
        order = vg_str_cmp(a->region, b->region);
    if (order == 0)
        order = vg_str_cmp(a->id, b->id);
    return order ? order : vg_str_cmp(a->account, b->account);
}

void vg_sightings_sort(vg_sighting *items, size_t count)
{
    if (count > 1)
        qsort(items, count, sizeof *items, compare_sightings);
}

/* The first index whose type is not before `type`, or is behind it (`behind`). */
static size_t bound(vg_sightings all, vg_str type, bool behind)
{
    size_t low = 0, high = all.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = vg_str_cmp(all.items[middle].resource.type, type);
        if (order < 0 || (behind && order == 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

vg_sightings vg_sightings_of(vg_sightings all, const char *type)
{
    vg_str name = vg_str_from(type);
    size_t first = bound(all, name, false), end = bound(all, name, true);
    return (vg_sightings){all.items + first, end - first};
}

const vg_sighting *vg_view_one(const vg_view *view, const char *type)
{
    vg_sightings all = vg_view_of(view, type);
    const vg_sighting *best = NULL;
    for (size_t i = 0; i < all.count; i++)
        if (!best || all.items[i].seen > best->seen)
            best = &all.items[i];
    return best;
}

bool vg_view_was_read(const vg_view *view, const char *operation, vg_str region)
{
    return vg_was_read(view->org->readings, operation, VG_STR(""), view->account, region);
}

bool vg_view_is_management(const vg_view *view)
{
    return view->org->management.len > 0 && vg_str_eq(view->org->management, view->account);
}

int64_t vg_view_days(const vg_view *view, vg_time then, const vg_sighting *seen)
{
    vg_time now = view->now != VG_TIME_NONE ? view->now : seen ? seen->seen : then;
    return now > then ? (now - then) / VG_TIME_DAY : 0;
}

/* ---- properties ------------------------------------------------------------------------------------------------------ */

const vg_value *vg_prop(const vg_sighting *seen, const char *path)
{
    return seen && seen->properties ? vg_get_path(seen->properties, path) : NULL;
}

vg_answer vg_prop_bool(const vg_sighting *seen, const char *path)
{
    const vg_value *value = vg_prop(seen, path);
    return value && value->kind == VG_BOOL ? vg_answer_of(value->as.boolean) : VG_UNKNOWN;
}

bool vg_prop_i64(const vg_sighting *seen, const char *path, int64_t *out)
{
    const vg_value *value = vg_prop(seen, path);
    if (!value || value->kind != VG_INT)
        return false;
    *out = value->as.i64;
    return true;
}

vg_str vg_prop_str(const vg_sighting *seen, const char *path)
{
    const vg_value *value = vg_prop(seen, path);
    return value && value->kind == VG_STRING ? vg_value_str(value) : (vg_str){0};
}

bool vg_prop_time(const vg_sighting *seen, const char *path, vg_time *out)
{
    vg_str text = vg_prop_str(seen, path);
    return text.len > 0 && vg_time_parse(text, out);
}

bool vg_any_equal(const vg_value *list_or_string, vg_str text)
{
    if (list_or_string && list_or_string->kind == VG_STRING)
        return vg_str_eq(vg_value_str(list_or_string), text);
    for (vg_items it = vg_items_of(list_or_string); vg_items_next(&it);)
        if (vg_str_eq(vg_value_str(it.value), text))
            return true;
    return false;
}
