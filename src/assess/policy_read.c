/* policy_read.c: the parts of the AWS policy language that facts are read from: statements, Effect, Action and
 * NotAction with wildcards (IAM User Guide, "IAM JSON policy elements reference"). It is a reading, not an evaluation:
 * what it cannot decide, its callers call partly. */
#include "assess/assess_part.h"

const char *vg_extent_name(vg_extent extent)
{
    static const char *const names[] = {NULL, "no", "partly", "yes"};
    return names[extent];
}

vg_statement_walk vg_statements(const vg_value *policy)
{
    const vg_value *statements = vg_get(policy, VG_STR("Statement"));
    vg_statement_walk walk = {0};
    if (statements && statements->kind == VG_OBJECT)
        walk.single = statements;
    else if (statements && statements->kind == VG_ARRAY)
        walk.items = vg_items_of(statements);
    return walk;
}

const vg_value *vg_statement_next(vg_statement_walk *walk)
{
    if (walk->single) {
        const vg_value *single = walk->single;
        walk->single = NULL;
        return single;
    }
    while (vg_items_next(&walk->items))
        if (walk->items.value->kind == VG_OBJECT)
            return walk->items.value;
    return NULL;
}

bool vg_statement_is(const vg_value *statement, const char *effect)
{
    return vg_str_is(vg_get_str(statement, "Effect"), effect);
}

/* Both in lower case: actions are ASCII and short. */
static bool glob_icase(vg_str pattern, vg_str text)
{
    enum { MOST = 256 };
    char a[MOST], b[MOST];
    if (pattern.len > MOST || text.len > MOST || pattern.len == 0)
        return false;
    bool starts_open = pattern.ptr[0] == '*' || pattern.ptr[0] == '?';
    if (!starts_open && (text.len == 0 || ((pattern.ptr[0] ^ text.ptr[0]) & ~32) != 0))
        return false;
    for (size_t i = 0; i < pattern.len; i++)
        a[i] = pattern.ptr[i] >= 'A' && pattern.ptr[i] <= 'Z' ? (char)(pattern.ptr[i] | 32) : pattern.ptr[i];
    for (size_t i = 0; i < text.len; i++)
        b[i] = text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? (char)(text.ptr[i] | 32) : text.ptr[i];
    return vg_str_glob(vg_str_of(a, pattern.len), vg_str_of(b, text.len));
}

static bool matches(vg_str pattern, vg_str text, bool icase)
{
    return icase ? glob_icase(pattern, text) : vg_str_glob(pattern, text);
}

bool vg_any_glob(const vg_value *list_or_string, vg_str text, bool icase)
{
    if (list_or_string && list_or_string->kind == VG_STRING)
        return matches(vg_value_str(list_or_string), text, icase);
    for (vg_items it = vg_items_of(list_or_string); vg_items_next(&it);)
        if (it.value->kind == VG_STRING && matches(vg_value_str(it.value), text, icase))
            return true;
    return false;
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

bool vg_statement_has_action(const vg_value *statement, vg_str action)
{
    const vg_value *actions = vg_get(statement, VG_STR("Action"));
    if (actions)
        return vg_any_glob(actions, action, true);
    const vg_value *except = vg_get(statement, VG_STR("NotAction"));
    return except && !vg_any_glob(except, action, true);
}
