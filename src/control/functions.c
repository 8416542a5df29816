/* functions.c: calling the built-in functions (docs/FUNCTIONS.md): their names, their arguments, and the ones that look
 * at all values of an argument at once. Those that turn one value into another: functions_text.c, functions_convert.c.
 *
 * A function gets what its argument's query resolved to. What it has nothing to say of (a map given to to_upper, a
 * value that is missing) it drops from its results; what it refuses is an error of the rule. */
#include "control/guard_part.h"

static const struct {
    const char *name;
    guard_function function;
    uint32_t arity;
} functions[] = {
    {"count", FUNCTION_COUNT, 1},
    {"join", FUNCTION_JOIN, 2},
    {"json_parse", FUNCTION_JSON_PARSE, 1},
    {"now", FUNCTION_NOW, 0},
    {"parse_boolean", FUNCTION_PARSE_BOOLEAN, 1},
    {"parse_char", FUNCTION_PARSE_CHAR, 1},
    {"parse_epoch", FUNCTION_PARSE_EPOCH, 1},
    {"parse_float", FUNCTION_PARSE_FLOAT, 1},
    {"parse_int", FUNCTION_PARSE_INT, 1},
    {"parse_string", FUNCTION_PARSE_STRING, 1},
    {"regex_replace", FUNCTION_REGEX_REPLACE, 3},
    {"substring", FUNCTION_SUBSTRING, 3},
    {"to_lower", FUNCTION_TO_LOWER, 1},
    {"to_upper", FUNCTION_TO_UPPER, 1},
    {"url_decode", FUNCTION_URL_DECODE, 1},
};

#define MAX_ARITY 3

bool guard_function_find(vg_str name, guard_function *out, uint32_t *arity)
{
    for (size_t i = 0; i < VG_COUNT(functions); i++) {
        if (!vg_str_is(name, functions[i].name))
            continue;
        *out = functions[i].function;
        *arity = functions[i].arity;
        return true;
    }
    return false;
}

static const char *name_of(guard_function function)
{
    return functions[function].name; /* the table is in the enum's order */
}

/* ---- values made ------------------------------------------------------------------------------------------------------ */

vg_value *guard_make(guard_evaluation *e, vg_kind kind)
{
    vg_value *v = VG_NEW(e->arena, vg_value);
    if (v)
        v->kind = (uint32_t)kind & 15;
    return v;
}

vg_value *guard_make_string(guard_evaluation *e, vg_str text)
{
    vg_value *v = text.len < 1U << 28 ? guard_make(e, VG_STRING) : NULL;
    if (v) {
        v->len = (uint32_t)text.len & 0xFFFFFFF;
        v->as.string = text.ptr ? text.ptr : "";
    }
    return v;
}

vg_status guard_derive(guard_evaluation *e, const vg_value *made, size_t nodes, const vg_value *from)
{
    guard_derived *slot = vg_vec_push(&e->derived);
    if (!slot)
        return guard_no_memory(e);
    *slot = (guard_derived){made, made + nodes, from};
    return VG_OK;
}

static vg_status push_made(guard_evaluation *e, const vg_value *made, const vg_value *from)
{
    if (!made)
        return guard_no_memory(e);
    if (from)
        VG_TRY(guard_derive(e, made, 1, from));
    return guard_push_value(e, made);
}

/* ---- functions over all values ----------------------------------------------------------------------------------------- */

static vg_status run_count(guard_evaluation *e, guard_results values)
{
    vg_value *made = guard_make(e, VG_INT);
    for (size_t i = 0; made && i < values.count; i++)
        made->as.i64 += values.items[i].kind != RESULT_UNRESOLVED;
    return push_made(e, made, values.count > 0 ? values.items[0].value : NULL);
}

static vg_status run_now(guard_evaluation *e)
{
    vg_time now = e->options->now;
    if (now == VG_TIME_NONE || now == 0)
        return vg_fail(&e->error, VG_ERR_VALUE, "now() has no time to answer; give --now");
    vg_value *made = guard_make(e, VG_INT);
    if (made)
        made->as.i64 = now / VG_TIME_SECOND - (now % VG_TIME_SECOND < 0);
    return push_made(e, made, NULL);
}

/* The first value of an argument that must be given. */
static const vg_value *single(guard_results argument)
{
    return argument.count > 0 && argument.items[0].kind != RESULT_UNRESOLVED ? argument.items[0].value : NULL;
}

static vg_status refuse(guard_evaluation *e, guard_function function, unsigned argument, const char *wanted)
{
    static const char *const ordinals[] = {"first", "second", "third"};
    return vg_fail(&e->error, VG_ERR_VALUE, "%s needs %s as its %s argument", name_of(function), wanted,
                   ordinals[argument]);
}

static vg_status run_join(guard_evaluation *e, guard_results values, guard_results delimiter)
{
    const vg_value *between = single(delimiter);
    char text[4];
    vg_str by = {0};
    if (between && between->kind == VG_STRING)
        by = vg_value_str(between);
    else if (between && between->kind == GUARD_CHAR)
        by = vg_str_of(text, guard_utf8((uint32_t)between->as.u64, text));
    else
        return refuse(e, FUNCTION_JOIN, 1, "a string or a character");
    vg_buf joined = {0};
    for (size_t i = 0; i < values.count; i++) {
        if (values.items[i].kind == RESULT_UNRESOLVED || values.items[i].value->kind != VG_STRING) {
            vg_buf_free(&joined);
            return refuse(e, FUNCTION_JOIN, 0, "strings alone, none of them missing,");
        }
        if (i > 0)
            vg_buf_add_str(&joined, by);
        vg_buf_add_str(&joined, vg_value_str(values.items[i].value));
    }
    vg_str kept = joined.failed ? (vg_str){0} : vg_arena_str(e->arena, vg_buf_str(&joined));
    vg_buf_free(&joined);
    return push_made(e, kept.ptr ? guard_make_string(e, kept) : NULL,
                     values.count > 0 ? values.items[0].value : NULL);
}

/* ---- functions value by value -------------------------------------------------------------------------------------------- */

/* A number as an offset, in 16 bits, as cfn-guard takes it. */
static bool offset_of(const vg_value *v, size_t *out)
{
    if (!v || (v->kind != VG_INT && !guard_is_float(v)))
        return false;
    if (v->kind == VG_INT) {
        *out = (uint16_t)v->as.i64;
        return true;
    }
    double d = guard_float(v);
    *out = d >= 65535 ? 65535 : d > 0 ? (size_t)d : 0;
    return true;
}

typedef struct {
    size_t from, to;             /* of substring */
    vg_str pattern, replacement; /* of regex_replace */
} extra_arguments;

static vg_status read_extra(guard_evaluation *e, guard_function function, const guard_results *arguments,
                            extra_arguments *out)
{
    if (function == FUNCTION_SUBSTRING) {
        if (!offset_of(single(arguments[1]), &out->from))
            return refuse(e, function, 1, "a number");
        if (!offset_of(single(arguments[2]), &out->to))
            return refuse(e, function, 2, "a number");
    }
    if (function == FUNCTION_REGEX_REPLACE) {
        for (unsigned i = 1; i < 3; i++)
            if (!single(arguments[i]) || single(arguments[i])->kind != VG_STRING)
                return refuse(e, function, i, "a string");
        out->pattern = vg_value_str(single(arguments[1]));
        out->replacement = vg_value_str(single(arguments[2]));
    }
    return VG_OK;
}

static vg_status run_on_each(guard_evaluation *e, guard_function function, const guard_results *arguments)
{
    extra_arguments extra = {0};
    VG_TRY(read_extra(e, function, arguments, &extra));
    for (size_t i = 0; i < arguments[0].count; i++) {
        const guard_result *item = &arguments[0].items[i];
        const vg_value *made = NULL;
        if (item->kind == RESULT_UNRESOLVED)
            continue;
        if (function == FUNCTION_SUBSTRING)
            VG_TRY(guard_function_substring(e, item->value, extra.from, extra.to, &made));
        else if (function == FUNCTION_REGEX_REPLACE)
            VG_TRY(guard_function_replace(e, item->value, extra.pattern, extra.replacement, &made));
        else
            VG_TRY(guard_function_on_value(e, function, item->value, &made));
        if (made)
            VG_TRY(guard_push_value(e, made));
    }
    return VG_OK;
}

vg_status guard_function_run(guard_evaluation *e, guard_scope *scope, const guard_call *call)
{
    guard_results arguments[MAX_ARITY] = {0};
    for (uint32_t i = 0; i < call->count; i++) {
        size_t mark = e->stack_len;
        VG_TRY(guard_select_operand(e, scope, &call->arguments[i]));
        VG_TRY(guard_keep_results(e, mark, &arguments[i]));
    }
    vg_status status;
    if (call->function == FUNCTION_COUNT)
        status = run_count(e, arguments[0]);
    else if (call->function == FUNCTION_NOW)
        status = run_now(e);
    else if (call->function == FUNCTION_JOIN)
        status = run_join(e, arguments[0], arguments[1]);
    else
        status = run_on_each(e, call->function, arguments);
    if (status != VG_OK)
        vg_error_locate(&e->error, call->place);
    return status;
}
