/* patch.c: what commands make true of a subject, put into its properties.
 *
 * A patch is the `repair` of a control's header, or what its `also` says of another type. A value is what the property
 * becomes; null removes it. What depends on the subject is said in one of few ways: "{Other}" is what its property of
 * that name is now, {add: [a]} the list with what is missing of these, {extend: [a]} the same where there is a list,
 * {minus: 1} the number less that, {raise: partly} turns "no" into that. */
#include "review/review_part.h"

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while weighing repairs");
}

/* One that says how, not what: an object with the one key that names it. */
static const vg_value *operator_of(const vg_value *value, const char *name)
{
    return value->kind == VG_OBJECT && vg_value_count(value) == 1 ? vg_get(value, vg_str_from(name)) : NULL;
}

static bool holds(const vg_value *list, const vg_value *item)
{
    for (vg_items it = vg_items_of(list); vg_items_next(&it);)
        if (vg_str_eq(vg_value_str(it.value), vg_value_str(item)))
            return true;
    return false;
}

static void put_list(vg_builder *b, const vg_value *list, const vg_value *more)
{
    vg_builder_array(b);
    for (vg_items it = vg_items_of(list); vg_items_next(&it);)
        vg_builder_value(b, it.value);
    for (vg_items it = vg_items_of(more); vg_items_next(&it);)
        if (!holds(list, it.value))
            vg_builder_value(b, it.value);
    vg_builder_end(b);
}

static void put_key(vg_builder *b, vg_str key, const vg_value *value)
{
    if (!value)
        return;
    vg_builder_key(b, key);
    vg_builder_value(b, value);
}

/* Writes what the property becomes; `now` is what it is, NULL when it is not there. */
static void put_patched(vg_builder *b, vg_str key, const vg_value *given, const vg_value *now,
                        const vg_value *properties, int64_t times)
{
    const vg_value *add = operator_of(given, "add"), *extend = operator_of(given, "extend"),
                   *minus = operator_of(given, "minus"), *raise = operator_of(given, "raise");
    vg_str text = given->kind == VG_STRING ? vg_value_str(given) : (vg_str){0};
    bool is_reference = text.len > 2 && text.ptr[0] == '{' && text.ptr[text.len - 1] == '}';
    if (add || (extend && now)) {
        vg_builder_key(b, key);
        put_list(b, now, add ? add : extend);
    } else if (minus && now) {
        int64_t less = now->as.i64 - times * minus->as.i64;
        vg_builder_key(b, key);
        vg_builder_i64(b, less > 0 ? less : 0);
    } else if (raise && now) {
        put_key(b, key, vg_str_is(vg_value_str(now), "no") ? raise : now);
    } else if (is_reference) {
        put_key(b, key, vg_get(properties, vg_str_sub(text, 1, text.len - 2)));
    } else if (!extend && !minus && !raise && given->kind != VG_NULL) {
        put_key(b, key, given);
    }
}

vg_status vg_patch_properties(const vg_value *patch, const vg_value *properties, const vg_patch_how *how,
                              vg_arena *arena, const vg_value **out, vg_error *err)
{
    size_t nodes;
    vg_builder *b = vg_builder_new(arena);
    if (!b)
        return no_memory(err);
    vg_builder_object(b);
    for (vg_items it = vg_items_of(properties); vg_items_next(&it);)
        if (!vg_get(patch, it.key))
            put_key(b, it.key, it.value);
    for (vg_items it = vg_items_of(patch); vg_items_next(&it);) {
        const vg_value *now = vg_get(properties, it.key);
        if (now || !how->known_only)
            put_patched(b, it.key, it.value, now, properties, how->times);
    }
    vg_builder_end(b);
    return vg_builder_finish(b, out, &nodes, err);
}

vg_status vg_repair_properties(const vg_control *control, const vg_value *properties, vg_arena *arena,
                               const vg_value **out, vg_error *err)
{
    return vg_patch_properties(control->repair, properties, &(vg_patch_how){.times = 1}, arena, out, err);
}
