/* value.c: comparing values, as Guard's clauses do. Kinds are strict: an integer is neither equal to nor comparable
 * with a float or a string of the same digits, which is an answer of its own (GUARD_UNLIKE), not "unequal". */
#include "control/guard_part.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

bool guard_is_float(const vg_value *v)
{
    return v->kind == VG_DOUBLE || v->kind == VG_UINT || v->kind == VG_NUMBER;
}

/* Integers beyond 64 bits are floats to Guard. */
double guard_float(const vg_value *v)
{
    if (v->kind == VG_DOUBLE)
        return v->as.f64;
    if (v->kind == VG_UINT)
        return (double)v->as.u64;
    char text[400];
    size_t len = v->len < sizeof text ? v->len : sizeof text - 1;
    memcpy(text, v->as.string, len);
    text[len] = '\0';
    return strtod(text, NULL);
}

const char *guard_kind_name(const vg_value *v)
{
    static const char *const names[] = {[VG_NULL] = "null",
                                        [VG_BOOL] = "a boolean",
                                        [VG_INT] = "an integer",
                                        [VG_UINT] = "a float",
                                        [VG_DOUBLE] = "a float",
                                        [VG_NUMBER] = "a float",
                                        [VG_STRING] = "a string",
                                        [VG_ARRAY] = "a list",
                                        [VG_OBJECT] = "a map",
                                        [GUARD_REGEX] = "a pattern",
                                        [GUARD_CHAR] = "a character",
                                        [GUARD_RANGE_INT] = "a range of integers",
                                        [GUARD_RANGE_FLOAT] = "a range of floats",
                                        [GUARD_RANGE_CHAR] = "a range of characters"};
    return v->kind < VG_COUNT(names) && names[v->kind] ? names[v->kind] : "a value";
}

/* ---- ranges and order ------------------------------------------------------------------------------------------------ */

static bool within_i64(const guard_range *r, int64_t i)
{
    return (r->with_lower ? r->lower.i64 <= i : r->lower.i64 < i) &&
           (r->with_upper ? r->upper.i64 >= i : r->upper.i64 > i);
}

static bool within_f64(const guard_range *r, double d)
{
    return (r->with_lower ? r->lower.f64 <= d : r->lower.f64 < d) &&
           (r->with_upper ? r->upper.f64 >= d : r->upper.f64 > d);
}

/* Whether `v` lies in the range `range`; UNLIKE when one is no value of the range's kind. */
static guard_answer in_range(const vg_value *v, const vg_value *range)
{
    if (v->kind == VG_INT && range->kind == GUARD_RANGE_INT)
        return within_i64(guard_range_of(range), v->as.i64) ? GUARD_TRUE : GUARD_FALSE;
    if (guard_is_float(v) && range->kind == GUARD_RANGE_FLOAT)
        return within_f64(guard_range_of(range), guard_float(v)) ? GUARD_TRUE : GUARD_FALSE;
    if (v->kind == GUARD_CHAR && range->kind == GUARD_RANGE_CHAR)
        return within_i64(guard_range_of(range), (int64_t)v->as.u64) ? GUARD_TRUE : GUARD_FALSE;
    return GUARD_UNLIKE;
}

/* -1, 0 or 1 of two scalars of one kind that has an order. */
static guard_answer order_of(const vg_value *a, const vg_value *b, int *out)
{
    if (a->kind == VG_NULL && b->kind == VG_NULL) {
        *out = 0;
    } else if (a->kind == VG_INT && b->kind == VG_INT) {
        *out = (a->as.i64 > b->as.i64) - (a->as.i64 < b->as.i64);
    } else if (a->kind == VG_STRING && b->kind == VG_STRING) {
        *out = vg_str_cmp(vg_value_str(a), vg_value_str(b));
    } else if (a->kind == GUARD_CHAR && b->kind == GUARD_CHAR) {
        *out = (a->as.u64 > b->as.u64) - (a->as.u64 < b->as.u64);
    } else if (guard_is_float(a) && guard_is_float(b)) {
        double x = guard_float(a), y = guard_float(b);
        if (isnan(x) || isnan(y))
            return GUARD_UNLIKE;
        *out = (x > y) - (x < y);
    } else {
        return GUARD_UNLIKE;
    }
    return GUARD_TRUE;
}

guard_answer guard_ordered(guard_op op, const vg_value *first, const vg_value *second)
{
    int order;
    if (order_of(first, second, &order) != GUARD_TRUE)
        return GUARD_UNLIKE;
    bool holds = op == GUARD_LT   ? order < 0
                 : op == GUARD_LE ? order <= 0
                 : op == GUARD_GT ? order > 0
                                  : order >= 0;
    return holds ? GUARD_TRUE : GUARD_FALSE;
}

/* ---- equality -------------------------------------------------------------------------------------------------------- */

typedef guard_answer (*equality)(const vg_value *, const vg_value *);

/* Lists: as long, and item by item; the first that is not equal decides. */
static guard_answer lists_equal(const vg_value *a, const vg_value *b, equality equal)
{
    if (a->as.container.count != b->as.container.count)
        return GUARD_FALSE;
    vg_items left = vg_items_of(a), right = vg_items_of(b);
    while (vg_items_next(&left) && vg_items_next(&right)) {
        guard_answer answer = equal(left.value, right.value);
        if (answer != GUARD_TRUE)
            return answer;
    }
    return GUARD_TRUE;
}

static guard_answer maps_equal(const vg_value *a, const vg_value *b, equality equal)
{
    if (a->as.container.count != b->as.container.count)
        return GUARD_FALSE;
    for (vg_items it = vg_items_of(a); vg_items_next(&it);) {
        const vg_value *other = vg_get(b, it.key);
        guard_answer answer = other ? equal(it.value, other) : GUARD_FALSE;
        if (answer != GUARD_TRUE)
            return answer;
    }
    return GUARD_TRUE;
}

/* Both equalities agree on all but what cannot be compared. */
static guard_answer compare(const vg_value *a, const vg_value *b, equality equal)
{
    if (a->kind == VG_STRING && b->kind == VG_STRING)
        return vg_str_eq(vg_value_str(a), vg_value_str(b)) ? GUARD_TRUE : GUARD_FALSE;
    if (a->kind == VG_STRING && b->kind == GUARD_REGEX)
        return guard_regex_matches(guard_regex_of(b), vg_value_str(a));
    if (a->kind == GUARD_REGEX && b->kind == VG_STRING)
        return guard_regex_matches(guard_regex_of(a), vg_value_str(b));
    if (a->kind == VG_OBJECT && b->kind == VG_OBJECT)
        return maps_equal(a, b, equal);
    if (a->kind == VG_ARRAY && b->kind == VG_ARRAY)
        return lists_equal(a, b, equal);
    if (a->kind == VG_BOOL && b->kind == VG_BOOL)
        return a->as.boolean == b->as.boolean ? GUARD_TRUE : GUARD_FALSE;
    if (a->kind == GUARD_REGEX && b->kind == GUARD_REGEX)
        return vg_str_eq(guard_regex_pattern(guard_regex_of(a)), guard_regex_pattern(guard_regex_of(b)))
                   ? GUARD_TRUE
                   : GUARD_FALSE;
    guard_answer ranged = in_range(a, b);
    if (ranged != GUARD_UNLIKE)
        return ranged;
    int order;
    if (order_of(a, b, &order) != GUARD_TRUE)
        return GUARD_UNLIKE;
    return order == 0 ? GUARD_TRUE : GUARD_FALSE;
}

guard_answer guard_equal(const vg_value *first, const vg_value *second)
{
    return compare(first, second, guard_equal);
}

guard_answer guard_same(const vg_value *a, const vg_value *b)
{
    guard_answer answer = compare(a, b, guard_same);
    return answer == GUARD_UNLIKE ? GUARD_FALSE : answer;
}

/* ---- text ------------------------------------------------------------------------------------------------------------ */

size_t guard_utf8(uint32_t code, char *out)
{
    unsigned char *bytes = (unsigned char *)out;
    if (code < 0x80) {
        bytes[0] = (unsigned char)code;
        return 1;
    }
    if (code < 0x800) {
        bytes[0] = (unsigned char)(0xC0 | code >> 6);
        bytes[1] = (unsigned char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        bytes[0] = (unsigned char)(0xE0 | code >> 12);
        bytes[1] = (unsigned char)(0x80 | (code >> 6 & 0x3F));
        bytes[2] = (unsigned char)(0x80 | (code & 0x3F));
        return 3;
    }
    bytes[0] = (unsigned char)(0xF0 | code >> 18);
    bytes[1] = (unsigned char)(0x80 | (code >> 12 & 0x3F));
    bytes[2] = (unsigned char)(0x80 | (code >> 6 & 0x3F));
    bytes[3] = (unsigned char)(0x80 | (code & 0x3F));
    return 4;
}

/* The fewest digits that read back to d. */
static int shortest_digits(double d, char *out, size_t size)
{
    int digits = 1;
    for (; digits < 17; digits++) {
        snprintf(out, size, "%.*e", digits - 1, d);
        if (strtod(out, NULL) == d)
            break;
    }
    return digits;
}

vg_str guard_float_text(vg_arena *arena, double d)
{
    if (isnan(d))
        return VG_STR("NaN");
    if (isinf(d))
        return d > 0 ? VG_STR("inf") : VG_STR("-inf");
    char text[64];
    int digits = shortest_digits(d, text, sizeof text);
    const char *e = strchr(text, 'e');
    long exponent = e ? strtol(e + 1, NULL, 10) : 0;
    long decimals = digits - 1 - exponent;
    return vg_arena_printf(arena, "%.*f", decimals > 0 ? (int)decimals : 0, d);
}

static void write_range(vg_buf *out, vg_arena *arena, const vg_value *v)
{
    const guard_range *r = guard_range_of(v);
    vg_buf_add_char(out, 'r');
    vg_buf_add_char(out, r->with_lower ? '[' : '(');
    for (int i = 0; i < 2; i++) {
        int64_t i64 = i == 0 ? r->lower.i64 : r->upper.i64;
        char text[4];
        if (i == 1)
            vg_buf_add_c(out, ", ");
        if (v->kind == GUARD_RANGE_INT)
            vg_buf_addf(out, "%lld", (long long)i64);
        else if (v->kind == GUARD_RANGE_FLOAT)
            vg_buf_add_str(out, guard_float_text(arena, i == 0 ? r->lower.f64 : r->upper.f64));
        else
            vg_buf_add(out, text, guard_utf8((uint32_t)i64, text));
    }
    vg_buf_add_char(out, r->with_upper ? ']' : ')');
}

static void write_value(vg_buf *out, vg_arena *arena, const vg_value *v);

static void write_container(vg_buf *out, vg_arena *arena, const vg_value *v)
{
    bool first = true;
    vg_buf_add_char(out, v->kind == VG_ARRAY ? '[' : '{');
    for (vg_items it = vg_items_of(v); vg_items_next(&it); first = false) {
        if (!first)
            vg_buf_add_char(out, ',');
        if (it.is_object) {
            vg_json_write(out, it.key_node, 0);
            vg_buf_add_char(out, ':');
        }
        write_value(out, arena, it.value);
    }
    vg_buf_add_char(out, v->kind == VG_ARRAY ? ']' : '}');
}

static void write_value(vg_buf *out, vg_arena *arena, const vg_value *v)
{
    char text[4];
    switch (v->kind) {
    case GUARD_REGEX:
        vg_buf_add_char(out, '/');
        vg_buf_add_str(out, guard_regex_pattern(guard_regex_of(v)));
        vg_buf_add_char(out, '/');
        break;
    case GUARD_CHAR:
        vg_buf_add_char(out, '\'');
        vg_buf_add(out, text, guard_utf8((uint32_t)v->as.u64, text));
        vg_buf_add_char(out, '\'');
        break;
    case GUARD_RANGE_INT:
    case GUARD_RANGE_FLOAT:
    case GUARD_RANGE_CHAR:
        write_range(out, arena, v);
        break;
    case VG_ARRAY:
    case VG_OBJECT:
        write_container(out, arena, v);
        break;
    default:
        vg_json_write(out, v, 0);
    }
}

vg_str vg_guard_value_text(vg_arena *arena, const vg_value *value)
{
    vg_buf out = {0};
    write_value(&out, arena, value);
    vg_str text = out.failed ? (vg_str){0} : vg_arena_str(arena, vg_buf_str(&out));
    vg_buf_free(&out);
    return text;
}

static const char *const status_names[] = {"PASS", "FAIL", "SKIP", "ERROR"};

const char *vg_guard_status_name(vg_guard_status status)
{
    return status_names[status];
}

bool vg_guard_status_parse(vg_str text, vg_guard_status *out)
{
    for (size_t i = 0; i < 3; i++)
        if (vg_str_is(text, status_names[i])) {
            *out = (vg_guard_status)i;
            return true;
        }
    return false;
}
