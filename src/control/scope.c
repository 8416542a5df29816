/* scope.c: variables. An assignment is evaluated when it is first asked for and once a scope; names are looked up from
 * the innermost scope outwards, at the time of use, so that a parameterised rule sees its caller's variables. The file's
 * scope also holds the keys that queries capture ([ name | ... ]). */
#include "control/guard_part.h"

const vg_value *guard_scope_root(const guard_scope *scope)
{
    while (scope->kind == SCOPE_CALL)
        scope = scope->parent;
    return scope->root;
}

vg_status guard_keep_results(guard_evaluation *e, size_t mark, guard_results *out)
{
    size_t count = e->stack_len - mark;
    *out = (guard_results){NULL, count};
    if (count > 0) {
        guard_result *items = VG_NEW_N(e->arena, guard_result, count);
        if (!items)
            return guard_no_memory(e);
        memcpy(items, e->stack + mark, count * sizeof *items);
        out->items = items;
    }
    e->stack_len = mark;
    return VG_OK;
}

/* ---- captured keys --------------------------------------------------------------------------------------------------- */

static guard_capture *find_capture(const guard_evaluation *e, uint32_t name)
{
    for (size_t i = 0; i < e->captures.len; i++) {
        guard_capture *capture = vg_vec_at(&e->captures, i);
        if (capture->name == name)
            return capture;
    }
    return NULL;
}

vg_status guard_capture_key(guard_evaluation *e, uint32_t name, const vg_value *key)
{
    guard_capture *capture = find_capture(e, name);
    if (!capture) {
        capture = vg_vec_push(&e->captures);
        if (!capture)
            return guard_no_memory(e);
        *capture = (guard_capture){name, vg_vec_in(e->arena, sizeof(guard_result))};
    }
    guard_result *slot = vg_vec_push(&capture->values);
    if (!slot)
        return guard_no_memory(e);
    *slot = (guard_result){.value = key, .kind = RESULT_RESOLVED};
    return VG_OK;
}

/* ---- assignments ----------------------------------------------------------------------------------------------------- */

/* `some` in an assignment keeps what resolved, and drops literals with the rest. */
static void keep_resolved(guard_evaluation *e, size_t mark)
{
    size_t kept = mark;
    for (size_t i = mark; i < e->stack_len; i++)
        if (e->stack[i].kind == RESULT_RESOLVED)
            e->stack[kept++] = e->stack[i];
    e->stack_len = kept;
}

static vg_status evaluate_let(guard_evaluation *e, guard_scope *scope, const guard_let *let,
                              guard_results *out)
{
    size_t mark = e->stack_len;
    VG_TRY(guard_select_operand(e, scope, &let->value));
    if (let->value.kind == OPERAND_QUERY && let->value.as.query->some)
        keep_resolved(e, mark);
    return guard_keep_results(e, mark, out);
}

static vg_status resolve_let(guard_evaluation *e, guard_scope *scope, uint32_t index, guard_results *out)
{
    if (!scope->variables) {
        scope->variables = VG_NEW_N(e->arena, guard_variable, scope->let_count);
        if (!scope->variables)
            return guard_no_memory(e);
    }
    guard_variable *variable = &scope->variables[index];
    if (variable->state == VARIABLE_RUNNING) {
        vg_str name = vg_map_at(e->rules->names, scope->lets[index].name)->key;
        return vg_fail(&e->error, VG_ERR_VALUE, "variable %%%.*s is defined by itself", VG_ARG(name));
    }
    if (variable->state == VARIABLE_UNKNOWN) {
        variable->state = VARIABLE_RUNNING;
        vg_str around = guard_hang_begin(e);
        vg_status status = evaluate_let(e, scope, &scope->lets[index], &variable->results);
        variable->unknown = e->unknown;
        e->unknown = around;
        variable->state = status == VG_OK ? VARIABLE_KNOWN : VARIABLE_UNKNOWN;
        VG_TRY(status);
    }
    guard_hang_end(e, variable->unknown);
    *out = variable->results;
    return VG_OK;
}

static uint32_t find_let(const guard_scope *scope, uint32_t name)
{
    for (uint32_t i = 0; i < scope->let_count; i++)
        if (scope->lets[i].name == name)
            return i;
    return GUARD_NO_NAME;
}

static bool find_parameter(const guard_scope *scope, uint32_t name, guard_results *out)
{
    for (uint32_t i = 0; i < scope->parameter_count; i++) {
        if (scope->parameters[i] != name)
            continue;
        *out = scope->arguments[i];
        return true;
    }
    return false;
}

vg_status guard_resolve(guard_evaluation *e, guard_scope *scope, uint32_t name, guard_results *out)
{
    for (guard_scope *s = scope; s; s = s->parent) {
        if (s->kind == SCOPE_CALL && find_parameter(s, name, out))
            return VG_OK;
        uint32_t index = find_let(s, name);
        const guard_capture *capture = s->kind == SCOPE_FILE ? find_capture(e, name) : NULL;
        if (capture && (index == GUARD_NO_NAME || s->lets[index].value.kind != OPERAND_VALUE)) {
            *out = (guard_results){capture->values.items, capture->values.len};
            return VG_OK;
        }
        if (index != GUARD_NO_NAME)
            return resolve_let(e, s, index, out);
    }
    return vg_fail(&e->error, VG_ERR_VALUE, "no variable %%%.*s is defined here",
                   VG_ARG(vg_map_at(e->rules->names, name)->key));
}
