/* query.c: following a query through a document (docs/QUERY_AND_FILTERING.md). A query is a list of parts; the walk
 * goes part by part from a value, branches where a part selects several, and pushes on the evaluation's stack what it
 * arrives at: a value, or, where a part does not fit, an UNRESOLVED result that remembers how far it came.
 *
 * What a filter's own clauses start from is not always the value that is filtered: it is the root of the scope at
 * hand, which `*`, variables and filters over lists move to the value, and [*] does not. That is how cfn-guard
 * behaves, and rules in the field are written to it. */
#include "control/guard_part.h"

/* Where a walk stands. */
typedef struct {
    guard_evaluation *e;
    guard_scope *scope;
    const guard_query *query;
    uint32_t at; /* the part that is next */
    const vg_value *current;
    unsigned spelling; /* 0, or 1 + the spelling that an earlier key was found in, and all behind it are */
} walk;

static vg_status go(walk w);

vg_status guard_push_value(guard_evaluation *e, const vg_value *value)
{
    return guard_push(e, (guard_result){.value = value, .kind = RESULT_RESOLVED});
}

static vg_status push_unresolved(const walk *w)
{
    return guard_push(w->e, (guard_result){.value = w->current,
                                           .rest = &w->query->parts[w->at],
                                           .rest_count = w->query->count - w->at,
                                           .kind = RESULT_UNRESOLVED});
}

/* The same walk, a part further, from `value`. */
static walk onward(walk w, const vg_value *value)
{
    w.at++;
    w.current = value;
    return w;
}

/* A scope whose queries start from `value`. */
static guard_scope scope_of_value(const walk *w, const vg_value *value)
{
    return (guard_scope){.kind = SCOPE_VALUE, .parent = w->scope, .root = value};
}

/* ---- keys and indexes ---------------------------------------------------------------------------------------------- */

/* The value of `key` as written, or as spelled by the walk's spelling, or by the first that is there. */
static const vg_value *find_key(walk *w, const guard_key *key)
{
    const vg_value *found = vg_get(w->current, key->text);
    if (found)
        return found;
    if (w->spelling > 0)
        return vg_get(w->current, key->spelled[w->spelling - 1]);
    for (unsigned k = 0; k < GUARD_SPELLINGS; k++) {
        if (!(key->differs & 1U << k) || !(found = vg_get(w->current, key->spelled[k])))
            continue;
        w->spelling = k + 1;
        return found;
    }
    return NULL;
}

/* The item at `index`, whose sign does not count. */
static const vg_value *find_index(const vg_value *list, int32_t index)
{
    return guard_is_list(list) ? vg_value_item(list, index < 0 ? (size_t) - (int64_t)index : (size_t)index)
                               : NULL;
}

/* Notes that what is under way hangs on `key`, which `w` found not to be there, if that says that nobody knows it. */
static void note_unknown(const walk *w, vg_str key)
{
    const vg_guard_partial *partial = w->e->partial;
    if (w->current == partial->map && !w->e->unknown.ptr && partial->is_unknown(partial->context, key))
        w->e->unknown = key;
}

/* The same, of a key that may be spelled otherwise. */
static void note_unknown_key(const walk *w, const guard_key *key)
{
    note_unknown(w, key->text);
    for (unsigned k = 0; k < GUARD_SPELLINGS; k++)
        if (key->differs & 1U << k)
            note_unknown(w, key->spelled[k]);
}

/* Moves on to a key or index; *found is false when it is not there, and told. */
static vg_status step_to(walk *w, bool *found)
{
    const guard_part *part = &w->query->parts[w->at];
    const vg_value *next = NULL;
    if (part->kind == PART_INDEX)
        next = find_index(w->current, part->index);
    else if (part->key->is_number)
        next = find_index(w->current, part->key->number);
    else if (guard_is_map(w->current))
        next = find_key(w, part->key);
    if (w->e->partial && part->kind == PART_KEY && (!next || next->kind == VG_NULL))
        note_unknown_key(w, part->key);
    *found = next != NULL;
    if (!next)
        return push_unresolved(w);
    *w = onward(*w, next);
    return VG_OK;
}

/* ---- keys by a variable's values ------------------------------------------------------------------------------------- */

static vg_status follow_name(walk w, const vg_value *name)
{
    if (name->kind != VG_STRING)
        return vg_fail(&w.e->error, VG_ERR_VALUE, "a variable in a query must hold names of keys, not %s",
                       guard_kind_name(name));
    const vg_value *next = vg_get(w.current, vg_value_str(name));
    if (w.e->partial && !next)
        note_unknown(&w, vg_value_str(name));
    return next ? go(onward(w, next)) : push_unresolved(&w);
}

static vg_status follow_names(walk w, const guard_result *names)
{
    if (names->kind == RESULT_UNRESOLVED)
        return push_unresolved(&w);
    if (!guard_is_list(names->value))
        return follow_name(w, names->value);
    for (vg_items it = vg_items_of(names->value); vg_items_next(&it);)
        VG_TRY(follow_name(w, it.value));
    return VG_OK;
}

/* .%name: the values of all keys that the variable holds; of one of them when an index follows. */
static vg_status interpolate(walk w)
{
    if (!guard_is_map(w.current))
        return push_unresolved(&w);
    guard_results names;
    VG_TRY(guard_resolve(w.e, w.scope, w.query->parts[w.at].name, &names));
    const guard_part *next = w.at + 1 < w.query->count ? &w.query->parts[w.at + 1] : NULL;
    if (next && next->kind == PART_INDEX) {
        size_t index = next->index < 0 ? (size_t) - (int64_t)next->index : (size_t)next->index;
        if (index >= names.count)
            return push_unresolved(&w);
        return follow_names(w, &names.items[index]);
    }
    if (next && next->kind != PART_ALL_ITEMS && next->kind != PART_KEY && next->kind != PART_VARIABLE)
        return vg_fail(&w.e->error, VG_ERR_VALUE,
                       "behind a variable in a query, only a key, an index or [*] may follow");
    for (size_t i = 0; i < names.count; i++)
        VG_TRY(follow_names(w, &names.items[i]));
    return VG_OK;
}

/* ---- all values ------------------------------------------------------------------------------------------------------ */

static vg_status each_item(walk w)
{
    if (w.current->as.container.count == 0)
        return push_unresolved(&w);
    for (vg_items it = vg_items_of(w.current); vg_items_next(&it);)
        VG_TRY(go(onward(w, it.value)));
    return VG_OK;
}

/* Each value of a map, which becomes the root of what is behind it. */
static vg_status each_value(walk w)
{
    if (w.current->as.container.count == 0)
        return push_unresolved(&w);
    uint32_t capture = w.query->parts[w.at].name;
    for (vg_items it = vg_items_of(w.current); vg_items_next(&it);) {
        guard_scope scope = scope_of_value(&w, it.value);
        walk next = onward(w, it.value);
        next.scope = &scope;
        if (capture != GUARD_NO_NAME)
            VG_TRY(guard_capture_key(w.e, capture, it.key_node));
        VG_TRY(go(next));
    }
    return VG_OK;
}

/* `*` and `[*]`. One value often stands where a list may: it is taken as it is. */
static vg_status spread(walk w)
{
    const guard_part *part = &w.query->parts[w.at];
    if (guard_is_list(w.current))
        return each_item(w);
    if (guard_is_map(w.current) && (part->kind == PART_ALL_VALUES || part->name != GUARD_NO_NAME))
        return each_value(w);
    return go(onward(w, w.current));
}

/* ---- filters --------------------------------------------------------------------------------------------------------- */

/* Filters `value` by clauses that start from the root of `scope`, and goes on from it in `behind`. */
static vg_status filter_one(walk w, guard_scope *scope, const vg_value *value, guard_scope *behind)
{
    bool passes;
    VG_TRY(guard_passes(w.e, scope, &w.query->parts[w.at].filter->clauses, &passes));
    if (!passes)
        return VG_OK;
    walk next = onward(w, value);
    next.scope = behind;
    return go(next);
}

/* A filter behind a key filters the values of a map, and may capture the keys of those that pass. */
static vg_status filter_values(walk w)
{
    const guard_part *part = &w.query->parts[w.at];
    for (vg_items it = vg_items_of(w.current); vg_items_next(&it);) {
        guard_scope scope = scope_of_value(&w, it.value);
        bool passes;
        VG_TRY(guard_passes(w.e, &scope, &part->filter->clauses, &passes));
        if (!passes)
            continue;
        if (part->name != GUARD_NO_NAME)
            VG_TRY(guard_capture_key(w.e, part->name, it.key_node));
        walk next = onward(w, it.value);
        next.scope = &scope;
        VG_TRY(go(next));
    }
    return VG_OK;
}

static vg_status filter_items(walk w)
{
    for (vg_items it = vg_items_of(w.current); vg_items_next(&it);) {
        guard_scope scope = scope_of_value(&w, it.value);
        VG_TRY(filter_one(w, &scope, it.value, w.scope));
    }
    return VG_OK;
}

static vg_status filter(walk w)
{
    guard_part_kind before = w.at > 0 ? w.query->parts[w.at - 1].kind : PART_THIS;
    bool spread_before = before == PART_ALL_VALUES || before == PART_ALL_ITEMS;
    if (guard_is_list(w.current))
        return filter_items(w);
    if (guard_is_map(w.current) && spread_before)
        return filter_one(w, w.scope, w.current, w.scope);
    if (guard_is_map(w.current) && (before == PART_KEY || before == PART_VARIABLE))
        return filter_values(w);
    if (!guard_is_map(w.current) && before != PART_ALL_ITEMS)
        return push_unresolved(&w);
    guard_scope scope = scope_of_value(&w, w.current);
    return filter_one(w, &scope, w.current, w.scope);
}

/* [ keys == ... ]: the values of the keys that the right side selects. */
static vg_status filter_keys(walk w)
{
    const guard_part *part = &w.query->parts[w.at];
    if (!guard_is_map(w.current))
        return push_unresolved(&w);
    size_t mark = w.e->stack_len;
    if (part->keys->with.kind == OPERAND_QUERY) {
        walk right = {w.e, w.scope, part->keys->with.as.query, 0, w.current, w.spelling};
        VG_TRY(go(right));
    } else {
        VG_TRY(guard_select_operand(w.e, w.scope, &part->keys->with));
    }
    guard_results right;
    VG_TRY(guard_keep_results(w.e, mark, &right));
    for (vg_items it = vg_items_of(w.current); vg_items_next(&it);) {
        bool selected = false;
        VG_TRY(guard_match_key(w.e, right, part, it.key_node, &selected));
        if (selected)
            VG_TRY(go(onward(w, it.value)));
    }
    return VG_OK;
}

/* ---- resources by type ----------------------------------------------------------------------------------------------- */

/* The type that a filter's `Type == x` asks for, if it is one string. */
static const vg_value *type_wanted(const walk *w, const guard_operand *operand, bool *is_literal)
{
    const vg_value *value = NULL;
    *is_literal = true;
    if (operand->kind == OPERAND_VALUE) {
        value = operand->as.value;
    } else {
        guard_results results;
        if (guard_resolve(w->e, w->scope, operand->as.query->parts[0].name, &results) != VG_OK) {
            w->e->error = (vg_error){0}; /* the filter itself will meet it again, if it comes to that */
            return NULL;
        }
        if (results.count == 1 && results.items[0].kind != RESULT_UNRESOLVED)
            value = results.items[0].value;
        *is_literal = value && results.items[0].kind == RESULT_LITERAL;
    }
    return value && value->kind == VG_STRING ? value : NULL;
}

/* Resources.*[ Type == x ... ] from the document's root, by the index of types. *done is false when the index cannot
 * answer: then the walk goes the long way. */
static vg_status select_by_type(walk w, bool *done)
{
    const guard_part *part = &w.query->parts[w.at];
    const vg_value *type;
    bool is_literal;
    const vg_value *const *items;
    size_t count;
    vg_status status = VG_OK;
    *done = false;
    if (w.spelling > 0 || w.at + 2 >= w.query->count || !vg_str_is(part->key->text, "Resources") ||
        part[1].kind != PART_ALL_VALUES || part[1].name != GUARD_NO_NAME || !guard_type_asked(&part[2]) ||
        !(type = type_wanted(&w, guard_type_asked(&part[2]), &is_literal)))
        return VG_OK;
    if (!guard_resources_of_type(w.e, type, is_literal, &items, &count, &status))
        return status;
    *done = true;
    const guard_and rest = {part[2].filter->clauses.ors + 1, part[2].filter->clauses.count - 1};
    for (size_t i = 0; i < count; i++) {
        guard_scope scope = scope_of_value(&w, items[i]);
        walk next = {w.e, &scope, w.query, w.at + 3, items[i], 0};
        vg_guard_status rest_status = VG_GUARD_PASS;
        w.e->quiet++;
        if (rest.count > 0)
            VG_TRY(guard_all(w.e, &scope, &rest, &rest_status));
        w.e->quiet--;
        if (rest_status != VG_GUARD_FAIL)
            VG_TRY(go(next));
    }
    return VG_OK;
}

/* ---- the walk -------------------------------------------------------------------------------------------------------- */

/* From the values of the variable that a query begins with. */
static vg_status from_variable(walk w)
{
    guard_results values;
    VG_TRY(guard_resolve(w.e, w.scope, w.query->parts[0].name, &values));
    uint32_t at = w.query->count > 1 && w.query->parts[1].kind == PART_ALL_ITEMS ? 2 : 1;
    for (size_t i = 0; i < values.count; i++) {
        const guard_result *from = &values.items[i];
        if (from->kind == RESULT_UNRESOLVED || at >= w.query->count) {
            VG_TRY(guard_push(w.e, *from));
            continue;
        }
        guard_scope scope = scope_of_value(&w, from->value);
        VG_TRY(go((walk){w.e, &scope, w.query, at, from->value, w.spelling}));
    }
    return VG_OK;
}

static vg_status go_part(walk *w, bool *on)
{
    const guard_part *part = &w->query->parts[w->at];
    *on = false;
    switch (part->kind) {
    case PART_THIS:
        w->at++;
        *on = true;
        return VG_OK;
    case PART_KEY:
        if (w->query->by_type && w->current == w->e->doc->root) {
            bool done;
            VG_TRY(select_by_type(*w, &done));
            if (done)
                return VG_OK;
        }
        return step_to(w, on);
    case PART_INDEX:
        return step_to(w, on);
    case PART_VARIABLE:
        return w->at == 0 ? from_variable(*w) : interpolate(*w);
    case PART_ALL_VALUES:
    case PART_ALL_ITEMS:
        return spread(*w);
    case PART_FILTER:
        return filter(*w);
    case PART_KEY_FILTER:
        return filter_keys(*w);
    }
    return VG_OK;
}

static vg_status go(walk w)
{
    bool on = true;
    while (on) {
        if (!guard_step(w.e))
            return guard_too_many_steps(w.e);
        if (w.at >= w.query->count)
            return guard_push_value(w.e, w.current);
        VG_TRY(go_part(&w, &on));
    }
    return VG_OK;
}

vg_status guard_select(guard_evaluation *e, guard_scope *scope, const guard_query *query)
{
    const vg_value *root = guard_scope_root(scope);
    if (scope->kind == SCOPE_VALUE)
        scope =
            scope
                ->parent; /* a value is where a query starts; what is looked up further in it is its parent's */
    return go((walk){e, scope, query, 0, root, 0});
}

vg_status guard_select_operand(guard_evaluation *e, guard_scope *scope, const guard_operand *operand)
{
    if (operand->kind == OPERAND_VALUE)
        return guard_push(e, (guard_result){.value = operand->as.value, .kind = RESULT_LITERAL});
    if (operand->kind == OPERAND_CALL)
        return guard_function_run(e, scope, operand->as.call);
    return guard_select(e, scope, operand->as.query);
}
