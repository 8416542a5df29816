/* keys.c: [ keys == x ], [ keys in x ] and their negations: which keys of a map a right side selects. Text `in` text is
 * a part of it; with several values on the right, == asks for any of them. */
#include "control/guard_part.h"

static guard_answer turn(guard_answer answer, bool negated)
{
    if (!negated || answer == GUARD_UNLIKE || answer == GUARD_BROKEN)
        return answer;
    return answer == GUARD_TRUE ? GUARD_FALSE : GUARD_TRUE;
}

/* Any item that cannot be compared spoils the whole list. */
static guard_answer equals_any(const vg_value *key, const vg_value *list)
{
    guard_answer any = GUARD_FALSE;
    for (vg_items it = vg_items_of(list); vg_items_next(&it);) {
        guard_answer answer = guard_equal(key, it.value);
        if (answer == GUARD_UNLIKE || answer == GUARD_BROKEN)
            return answer;
        if (answer == GUARD_TRUE)
            any = GUARD_TRUE;
    }
    return any;
}

static guard_answer compare(const vg_value *key, const vg_value *right, guard_op op)
{
    if (op == GUARD_IN && right->kind == VG_STRING)
        return vg_str_find(vg_value_str(right), vg_value_str(key)) != VG_NPOS ? GUARD_TRUE : GUARD_FALSE;
    if (op == GUARD_IN && guard_is_list(right))
        return equals_any(key, right);
    return guard_equal(key, right);
}

/* A literal list of one stands for its item. */
static guard_answer compare_with(const vg_value *key, const guard_result *right, guard_op op)
{
    if (right->kind == RESULT_UNRESOLVED)
        return GUARD_UNLIKE;
    guard_answer answer = compare(key, right->value, op);
    if (answer == GUARD_UNLIKE && right->kind == RESULT_LITERAL && guard_is_list(right->value) &&
        vg_value_count(right->value) == 1)
        answer = compare(key, vg_value_item(right->value, 0), op);
    return answer;
}

vg_status guard_match_key(guard_evaluation *e, guard_results right, const guard_part *part,
                          const vg_value *key, bool *selected)
{
    guard_op op = part->keys->op == GUARD_EQ && right.count > 1 ? GUARD_IN : part->keys->op;
    *selected = false;
    for (size_t i = 0; i < right.count; i++) {
        guard_answer answer = turn(compare_with(key, &right.items[i], op), part->keys->negated);
        if (answer == GUARD_BROKEN)
            return vg_fail(&e->error, VG_ERR_VALUE,
                           "a regular expression takes too many steps on a key here");
        *selected = *selected || answer == GUARD_TRUE;
    }
    return VG_OK;
}
