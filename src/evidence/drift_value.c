/* drift_value.c: the differences between two JSON values, each with its path.
 *
 * Objects are compared key by key, in byte order. Lists are where a plain comparison lies: AWS gives most of them in no
 * order, so that an inserted statement would show every later one as changed. A list whose items all carry a naming key
 * (Sid, Key, Id, ...) is matched by it; a list of scalars is a set; only other lists are compared by position. */
#include "evidence/evidence_part.h"

#include <stdlib.h>

enum { DEEPEST_DIFF = 64 }; /* beyond it, values are compared as wholes */

static const char *const NAMING_KEYS[] = {"Sid", "Key",        "Id",       "Name",
                                          "Arn", "PolicyName", "RuleName", "KeyId"};

typedef struct {
    const vg_value_diff *to;
    vg_buf path;
} walk;

static vg_status compare(walk *w, const vg_value *a, const vg_value *b, unsigned depth, vg_error *err);

static vg_status tell(walk *w, const vg_value *a, const vg_value *b, vg_error *err)
{
    if (w->path.failed)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    return w->to->found(w->to->context, vg_buf_str(&w->path), a, b, err);
}

/* Compares with one more piece on the path; takes it off again. */
static vg_status compare_under(walk *w, vg_str piece, bool is_key, const vg_value *a, const vg_value *b,
                               unsigned depth, vg_error *err)
{
    size_t before = w->path.len;
    if (is_key && before)
        vg_buf_add_char(&w->path, '/');
    vg_buf_add_str(&w->path, piece);
    vg_status status = compare(w, a, b, depth + 1, err);
    w->path.len = before;
    return status;
}

/* ---- objects ----------------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_str name;
    const vg_value *value;
    bool used;
} member;

static int by_name(const void *a, const void *b)
{
    return vg_str_cmp(((const member *)a)->name, ((const member *)b)->name);
}

/* The pairs of an object, or the items of a list under the names that `naming` gives them, sorted. */
static member *members_of(walk *w, const vg_value *v, const char *naming)
{
    member *members = VG_NEW_N(w->to->arena, member, vg_value_count(v) + 1);
    size_t count = 0;
    for (vg_items it = vg_items_of(v); members && vg_items_next(&it); count++)
        members[count] = (member){.name = naming ? vg_get_str(it.value, naming) : it.key, .value = it.value};
    if (members && count)
        qsort(members, count, sizeof *members, by_name);
    return members;
}

static vg_str piece_of(walk *w, vg_str name, const char *naming)
{
    return naming ? vg_arena_printf(w->to->arena, "[%s=%.*s]", naming, VG_ARG(name)) : name;
}

/* Both sides by name, side by side. */
static vg_status compare_named(walk *w, const vg_value *a, const vg_value *b, const char *naming,
                               unsigned depth, vg_error *err)
{
    const member *left = members_of(w, a, naming), *right = members_of(w, b, naming);
    if (!left || !right)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    size_t i = 0, j = 0, left_count = vg_value_count(a), right_count = vg_value_count(b);
    while (i < left_count || j < right_count) {
        int order = i == left_count ? 1 : j == right_count ? -1 : vg_str_cmp(left[i].name, right[j].name);
        const vg_value *old_value = order <= 0 ? left[i].value : NULL;
        const vg_value *new_value = order >= 0 ? right[j].value : NULL;
        vg_str piece = piece_of(w, order <= 0 ? left[i].name : right[j].name, naming);
        VG_TRY(compare_under(w, piece, !naming, old_value, new_value, depth, err));
        i += order <= 0;
        j += order >= 0;
    }
    return VG_OK;
}

/* ---- lists --------------------------------------------------------------------------------------------------------------- */

/* Whether every item of the list is an object with its own text under `key`. */
static bool is_named_by(walk *w, const vg_value *list, const char *key)
{
    vg_map *names = vg_map_new(w->to->arena, 7);
    for (vg_items it = vg_items_of(list); vg_items_next(&it);) {
        vg_str name = it.value->kind == VG_OBJECT ? vg_get_str(it.value, key) : (vg_str){0};
        bool added = false;
        if (!name.len || !names || !vg_map_put(names, name, &added) || !added)
            return false;
    }
    return names != NULL;
}

static const char *naming_key(walk *w, const vg_value *a, const vg_value *b)
{
    for (size_t i = 0; i < VG_COUNT(NAMING_KEYS); i++)
        if (is_named_by(w, a, NAMING_KEYS[i]) && is_named_by(w, b, NAMING_KEYS[i]))
            return NAMING_KEYS[i];
    return NULL;
}

static bool is_scalar_list(const vg_value *list)
{
    for (vg_items it = vg_items_of(list); vg_items_next(&it);)
        if (vg_value_is_container(it.value))
            return false;
    return true;
}

/* Scalars as canonical text, so that sets are compared by sorting. */
static member *scalars_of(walk *w, const vg_value *list)
{
    member *items = VG_NEW_N(w->to->arena, member, vg_value_count(list) + 1);
    vg_buf text = {0};
    size_t count = 0;
    for (vg_items it = vg_items_of(list); items && vg_items_next(&it); count++) {
        vg_buf_clear(&text);
        vg_json_write_canonical(&text, it.value);
        items[count] = (member){.name = vg_arena_str(w->to->arena, vg_buf_str(&text)), .value = it.value};
        if (text.failed || !items[count].name.ptr)
            items = NULL;
    }
    vg_buf_free(&text);
    if (items && count)
        qsort(items, count, sizeof *items, by_name);
    return items;
}

static vg_status compare_sets(walk *w, const vg_value *a, const vg_value *b, unsigned depth, vg_error *err)
{
    const member *left = scalars_of(w, a), *right = scalars_of(w, b);
    if (!left || !right)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    size_t i = 0, j = 0, left_count = vg_value_count(a), right_count = vg_value_count(b);
    while (i < left_count || j < right_count) {
        int order = i == left_count ? 1 : j == right_count ? -1 : vg_str_cmp(left[i].name, right[j].name);
        if (order != 0)
            VG_TRY(compare_under(w, VG_STR("[]"), false, order < 0 ? left[i].value : NULL,
                                 order > 0 ? right[j].value : NULL, depth, err));
        i += order <= 0;
        j += order >= 0;
    }
    return VG_OK;
}

static vg_status compare_positions(walk *w, const vg_value *a, const vg_value *b, unsigned depth,
                                   vg_error *err)
{
    vg_items left = vg_items_of(a), right = vg_items_of(b);
    for (size_t i = 0;; i++) {
        bool has_left = vg_items_next(&left), has_right = vg_items_next(&right);
        if (!has_left && !has_right)
            return VG_OK;
        vg_str piece = vg_arena_printf(w->to->arena, "[%zu]", i);
        VG_TRY(compare_under(w, piece, false, has_left ? left.value : NULL, has_right ? right.value : NULL,
                             depth, err));
    }
}

static vg_status compare_lists(walk *w, const vg_value *a, const vg_value *b, unsigned depth, vg_error *err)
{
    if (is_scalar_list(a) && is_scalar_list(b))
        return compare_sets(w, a, b, depth, err);
    const char *naming = naming_key(w, a, b);
    return naming ? compare_named(w, a, b, naming, depth, err) : compare_positions(w, a, b, depth, err);
}

/* ---- values ---------------------------------------------------------------------------------------------------------------- */

static vg_status compare(walk *w, const vg_value *a, const vg_value *b, unsigned depth, vg_error *err)
{
    if (!a || !b)
        return tell(w, a, b, err);
    if (depth < DEEPEST_DIFF && a->kind == VG_OBJECT && b->kind == VG_OBJECT)
        return compare_named(w, a, b, NULL, depth, err);
    if (depth < DEEPEST_DIFF && a->kind == VG_ARRAY && b->kind == VG_ARRAY)
        return compare_lists(w, a, b, depth, err);
    return vg_value_equal(a, b) ? VG_OK : tell(w, a, b, err);
}

vg_status evidence_diff(const vg_value_diff *diff, const vg_value *old_value, const vg_value *new_value,
                        vg_error *err)
{
    walk w = {.to = diff};
    vg_status status = compare(&w, old_value, new_value, 0, err);
    vg_buf_free(&w.path);
    return status;
}
