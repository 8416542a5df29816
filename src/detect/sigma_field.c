/* sigma_field.c: the values at a dotted path of an event.
 *
 * Logs nest objects and lists, and some write dotted names as one key. A path is followed from the root; where an object
 * has a key that is itself dotted and begins the path, that key comes before the nesting of the same name, the longest
 * first. A list on the way stands for each of its items. */
#include "detect/sigma_part.h"

enum {
    MOST_DEPTH = 600,   /* of lists and objects in each other; the readers allow 512 */
    MOST_STEPS = 200000 /* objects that one look-up visits: keys like a, a.a, a.a.a must not multiply */
};

typedef struct {
    bool (*each)(void *context, const vg_value *value);
    void *context;
    unsigned steps;
    bool stopped;
} lookup;

/* The longest key shorter than `limit` that begins the path at a dot, or is all of it; of equal keys the last. */
static const vg_value *begin_of(const vg_value *object, vg_str path, size_t limit, size_t *len)
{
    const vg_value *best = NULL;
    *len = 0;
    for (vg_items it = vg_items_of(object); vg_items_next(&it);) {
        vg_str key = it.key;
        if (key.len < *len || key.len >= limit || key.len > path.len)
            continue;
        if (key.len < path.len && path.ptr[key.len] != '.')
            continue;
        if (best && key.len == *len ? true : key.len > *len || !best) {
            if (!vg_str_starts(path, key))
                continue;
            best = it.value;
            *len = key.len;
        }
    }
    return best;
}

static bool follow(lookup *l, const vg_value *value, vg_str path, bool at_end, unsigned depth)
{
    if (depth > MOST_DEPTH || l->stopped || ++l->steps > MOST_STEPS)
        return false;
    if (value->kind == VG_ARRAY) {
        bool found = at_end;
        for (vg_items it = vg_items_of(value); vg_items_next(&it);)
            found |= follow(l, it.value, path, at_end, depth + 1);
        return found;
    }
    if (at_end) {
        l->stopped = !l->each(l->context, value);
        return true;
    }
    if (value->kind != VG_OBJECT)
        return false;
    size_t len, limit = VG_NPOS;
    const vg_value *next;
    while ((next = begin_of(value, path, limit, &len))) {
        bool end = len == path.len;
        if (follow(l, next, end ? (vg_str){0} : vg_str_sub(path, len + 1, path.len), end, depth + 1))
            return true;
        if (len == 0)
            return false;
        limit = len;
    }
    return false;
}

bool sigma_lookup(const vg_value *root, vg_str path, bool (*each)(void *context, const vg_value *value),
                  void *context)
{
    lookup l = {each, context, 0, false};
    return root && follow(&l, root, path, path.len == 0, 0);
}
