/* functions_text.c: the built-in functions that turn one value into another: text, converters and dates
 * (docs/FUNCTIONS.md). Each gets a value that is there; *out stays NULL for a kind that it has nothing to say of. */
#include "control/guard_part.h"

#include <math.h>
#include <stdlib.h>

static vg_status give(guard_evaluation *e, const vg_value *made, const vg_value *from, const vg_value **out)
{
    if (!made)
        return guard_no_memory(e);
    *out = made;
    return guard_derive(e, made, 1, from);
}

static vg_status give_string(guard_evaluation *e, vg_str text, const vg_value *from, const vg_value **out)
{
    return give(e, text.ptr ? guard_make_string(e, text) : NULL, from, out);
}

static vg_status refuse(guard_evaluation *e, const vg_value *v, const char *function, const char *wanted)
{
    vg_str text = vg_guard_value_text(e->arena, v);
    return vg_fail(&e->error, VG_ERR_VALUE, "%s cannot make %s of %.*s", function, wanted,
                   VG_ARG(vg_str_sub(text, 0, 80)));
}

/* ---- case ------------------------------------------------------------------------------------------------------------ */

/* Letters of Latin-1, Greek and Cyrillic, whose cases lie at one distance: the lower ones and how far above. */
static const struct {
    uint32_t from, to;
    int32_t above;
} cases[] = {
    {'a', 'z', 32},     {0xE0, 0xF6, 32},   {0xF8, 0xFE, 32},   {0x3B1, 0x3C1, 32},
    {0x3C3, 0x3CB, 32}, {0x430, 0x44F, 32}, {0x450, 0x45F, 80},
};

static uint32_t change_case(uint32_t code, bool upper)
{
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        uint32_t above = (uint32_t)cases[i].above;
        if (upper && code >= cases[i].from && code <= cases[i].to)
            return code - above;
        if (!upper && code >= cases[i].from - above && code <= cases[i].to - above)
            return code + above;
    }
    return code;
}

/* Two-byte characters stay two bytes, so the text keeps its length. */
static vg_status run_case(guard_evaluation *e, const vg_value *v, bool upper, const vg_value **out)
{
    vg_str text = vg_arena_str(e->arena, vg_value_str(v));
    if (!text.ptr)
        return guard_no_memory(e);
    char *bytes = (char *)(uintptr_t)text.ptr;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c < 0x80) {
            bytes[i] = (char)change_case(c, upper);
        } else if (c >= 0xC3 && c <= 0xDF && i + 1 < text.len) {
            uint32_t code = (uint32_t)(c & 0x1F) << 6 | ((unsigned char)bytes[i + 1] & 0x3F);
            guard_utf8(change_case(code, upper), bytes + i);
            i++;
        }
    }
    return give_string(e, text, v, out);
}

/* ---- url_decode, substring, regex_replace, json_parse ------------------------------------------------------------------ */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* %XX alone is decoded; other per cent signs and plus signs stay. What is no text then is dropped. */
static vg_status run_url_decode(guard_evaluation *e, const vg_value *v, const vg_value **out)
{
    vg_str text = vg_value_str(v);
    char *bytes = vg_arena_alloc(e->arena, text.len + 1);
    size_t len = 0;
    if (!bytes)
        return guard_no_memory(e);
    for (size_t i = 0; i < text.len; i++) {
        int high = text.ptr[i] == '%' && i + 2 < text.len ? hex_digit(text.ptr[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(text.ptr[i + 2]) : -1;
        if (low >= 0) {
            bytes[len++] = (char)(high * 16 + low);
            i += 2;
        } else {
            bytes[len++] = text.ptr[i];
        }
    }
    vg_str decoded = vg_str_of(bytes, len);
    return vg_utf8_valid(decoded, NULL) ? give_string(e, decoded, v, out) : VG_OK;
}

static bool is_boundary(vg_str text, size_t at)
{
    return at >= text.len || ((unsigned char)text.ptr[at] & 0xC0) != 0x80;
}

vg_status guard_function_substring(guard_evaluation *e, const vg_value *value, size_t from, size_t to,
                                   const vg_value **out)
{
    vg_str text = vg_value_str(value);
    if (value->kind != VG_STRING || from >= to || to > text.len || !is_boundary(text, from) ||
        !is_boundary(text, to))
        return VG_OK;
    return give_string(e, vg_str_sub(text, from, to - from), value, out);
}

vg_status guard_function_replace(guard_evaluation *e, const vg_value *value, vg_str pattern,
                                 vg_str replacement, const vg_value **out)
{
    vg_str made;
    if (value->kind != VG_STRING)
        return VG_OK;
    VG_TRY(guard_regex_expand(e->arena, pattern, vg_value_str(value), replacement, &made, &e->error));
    return give_string(e, made, value, out);
}

static vg_status run_json_parse(guard_evaluation *e, const vg_value *v, const vg_value **out)
{
    vg_doc doc;
    vg_error why = {0};
    if (vg_str_trim(vg_value_str(v)).len == 0)
        return vg_fail(&e->error, VG_ERR_VALUE, "json_parse: the text is empty");
    vg_status status = vg_document_read(e->arena, vg_value_str(v), VG_STR("json_parse"), NULL, &doc, &why);
    if (status == VG_ERR_MEMORY)
        return guard_no_memory(e);
    if (status != VG_OK)
        return vg_fail(&e->error, VG_ERR_VALUE, "json_parse: %s", why.message);
    *out = doc.root;
    return guard_derive(e, doc.root, doc.node_count, v);
}

/* ---- converters -------------------------------------------------------------------------------------------------------- */

static bool digit_of(const vg_value *v, int64_t *out)
{
    *out = (int64_t)v->as.u64 - '0';
    return v->as.u64 >= '0' && v->as.u64 <= '9';
}

/* A float cut to an integer, within what one can hold. */
static int64_t truncate_float(double d)
{
    if (isnan(d))
        return 0;
    return d >= 9223372036854775808.0 ? INT64_MAX : d <= -9223372036854775808.0 ? INT64_MIN : (int64_t)d;
}

static vg_status run_parse_int(guard_evaluation *e, const vg_value *v, const vg_value **out)
{
    int64_t i64 = 0;
    vg_str text = vg_value_str(v);
    bool made = true;
    if (v->kind == VG_STRING && text.len > 1 && text.ptr[0] == '+' && text.ptr[1] != '-')
        text = vg_str_sub(text, 1, VG_NPOS);
    if (v->kind == VG_STRING)
        made = vg_str_to_i64(text, &i64);
    else if (v->kind == VG_INT)
        i64 = v->as.i64;
    else if (guard_is_float(v))
        i64 = truncate_float(guard_float(v));
    else if (v->kind == GUARD_CHAR)
        made = digit_of(v, &i64);
    else
        return VG_OK;
    if (!made)
        return refuse(e, v, "parse_int", "an integer");
    vg_value *number = guard_make(e, VG_INT);
    if (number)
        number->as.i64 = i64;
    return give(e, number, v, out);
}

/* A float as Rust reads one: [+-] digits [. digits] [e[+-]digits], inf, infinity or nan. */
static bool read_float(vg_str text, double *out)
{
    char copy[400];
    if (text.len == 0 || text.len >= sizeof copy)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    size_t sign = copy[0] == '+' || copy[0] == '-';
    vg_str rest = vg_str_sub(text, sign, VG_NPOS);
    bool named = vg_str_eq_icase(rest, VG_STR("inf")) || vg_str_eq_icase(rest, VG_STR("infinity")) ||
                 vg_str_eq_icase(rest, VG_STR("nan"));
    if (!named && strspn(copy + sign, "0123456789.eE+-") != rest.len)
        return false;
    char *end;
    *out = strtod(copy, &end);
    return end == copy + text.len;
}

static vg_status run_parse_float(guard_evaluation *e, const vg_value *v, const vg_value **out)
{
    double f64 = 0;
    int64_t digit = 0;
    bool made = true;
    if (v->kind == VG_STRING)
        made = read_float(vg_value_str(v), &f64);
    else if (v->kind == VG_INT)
        f64 = (double)v->as.i64;
    else if (guard_is_float(v))
        f64 = guard_float(v);
    else if (v->kind == GUARD_CHAR && (made = digit_of(v, &digit)))
        f64 = (double)digit;
    else if (v->kind != GUARD_CHAR)
        return VG_OK;
    if (!made)
        return refuse(e, v, "parse_float", "a float");
    vg_value *number = guard_make(e, VG_DOUBLE);
    if (number)
        number->as.f64 = f64;
    return give(e, number, v, out);
}

static vg_status run_parse_boolean(guard_evaluation *e, const vg_value *v, const vg_value **out)
{
    if (v->kind != VG_BOOL && v->kind != VG_STRING)
        return VG_OK;
    vg_str text = vg_value_str(v);
    bool is_true = v->kind == VG_BOOL ? v->as.boolean : vg_str_eq_icase(text, VG_STR("true"));
    if (v->kind == VG_STRING && !is_true && !vg_str_eq_icase(text, VG_STR("false")))
        return refuse(e, v, "parse_boolean", "a boolean");
    vg_value *made = guard_make(e, VG_BOOL);
    if (made)
        made->as.boolean = is_true;
    return give(e, made, v, out);
}

static vg_status run_parse_string(guard_evaluation *e, const vg_value *v, const vg_value **out)
{
    char text[4];
    if (v->kind == VG_STRING)
        return give_string(e, vg_value_str(v).ptr ? vg_value_str(v) : VG_STR(""), v, out);
    if (v->kind == VG_INT)
        return give_string(e, vg_arena_printf(e->arena, "%lld", (long long)v->as.i64), v, out);
    if (guard_is_float(v))
        return give_string(e, guard_float_text(e->arena, guard_float(v)), v, out);
    if (v->kind == VG_BOOL)
        return give_string(e, v->as.boolean ? VG_STR("true") : VG_STR("false"), v, out);
    if (v->kind == GUARD_CHAR)
        return give_string(e, vg_arena_str(e->arena, vg_str_of(text, guard_utf8((uint32_t)v->as.u64, text))),
                           v, out);
    return VG_OK;
}

/* A character of a digit or of a string of one byte; of a character, a string. */
static vg_status run_parse_char(guard_evaluation *e, const vg_value *v, const vg_value **out)
{
    if (v->kind == GUARD_CHAR)
        return run_parse_string(e, v, out);
    if (v->kind != VG_INT && v->kind != VG_STRING)
        return VG_OK;
    if (v->kind == VG_STRING && v->len == 0)
        return VG_OK;
    if (v->kind == VG_INT ? v->as.i64 < 0 || v->as.i64 > 9 : v->len > 1)
        return refuse(e, v, "parse_char", "a character");
    vg_value *made = guard_make(e, (vg_kind)GUARD_CHAR);
    if (made)
        made->as.u64 = v->kind == VG_INT ? (uint64_t)('0' + v->as.i64) : (unsigned char)v->as.string[0];
    return give(e, made, v, out);
}

/* RFC 3339: a date, a time and an offset. */
static bool has_offset(vg_str text)
{
    if (text.len < 20)
        return false;
    char last = text.ptr[text.len - 1];
    return last == 'Z' || last == 'z' || text.ptr[text.len - 6] == '+' || text.ptr[text.len - 6] == '-';
}

static vg_status run_parse_epoch(guard_evaluation *e, const vg_value *v, const vg_value **out)
{
    vg_time time;
    if (v->kind != VG_STRING)
        return VG_OK;
    if (!has_offset(vg_value_str(v)) || !vg_time_parse(vg_value_str(v), &time))
        return refuse(e, v, "parse_epoch", "a time (as in 2026-01-31T00:00:00Z)");
    vg_value *made = guard_make(e, VG_INT);
    if (made)
        made->as.i64 = time / VG_TIME_SECOND - (time % VG_TIME_SECOND < 0);
    return give(e, made, v, out);
}

vg_status guard_function_on_value(guard_evaluation *e, guard_function function, const vg_value *value,
                                  const vg_value **out)
{
    bool text = value->kind == VG_STRING;
    switch (function) {
    case FUNCTION_TO_UPPER:
    case FUNCTION_TO_LOWER:
        return text ? run_case(e, value, function == FUNCTION_TO_UPPER, out) : VG_OK;
    case FUNCTION_URL_DECODE:
        return text ? run_url_decode(e, value, out) : VG_OK;
    case FUNCTION_JSON_PARSE:
        return text ? run_json_parse(e, value, out) : VG_OK;
    case FUNCTION_PARSE_INT:
        return run_parse_int(e, value, out);
    case FUNCTION_PARSE_FLOAT:
        return run_parse_float(e, value, out);
    case FUNCTION_PARSE_BOOLEAN:
        return run_parse_boolean(e, value, out);
    case FUNCTION_PARSE_STRING:
        return run_parse_string(e, value, out);
    case FUNCTION_PARSE_CHAR:
        return run_parse_char(e, value, out);
    case FUNCTION_PARSE_EPOCH:
        return run_parse_epoch(e, value, out);
    default:
        return VG_OK;
    }
}
