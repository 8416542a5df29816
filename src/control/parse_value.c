/* parse_value.c: literals: strings in either quotes, integers, floats, booleans, null, regular expressions, ranges,
 * lists and maps. Each literal becomes a tree of vg_value in the ruleset's arena (guard_part.h tells of the kinds). */
#include "control/guard_part.h"

#include <stdlib.h>

#define TEXT_MAX ((1U << 28) - 1)

static guard_parsed parse_any(guard_parser *p, vg_vec *nodes);

static vg_value *push(vg_vec *nodes, unsigned kind)
{
    vg_value *v = vg_vec_push(nodes);
    if (v)
        v->kind = kind & 15;
    return v;
}

static guard_parsed push_string(guard_parser *p, vg_vec *nodes, vg_str s)
{
    vg_value *v = push(nodes, VG_STRING);
    if (!v || s.len > TEXT_MAX)
        return guard_stop(p, "out of memory");
    v->len = (uint32_t)s.len & TEXT_MAX;
    v->as.string = s.ptr ? s.ptr : "";
    v->position = guard_type_number(p, s);
    return PARSED;
}

/* ---- text ---------------------------------------------------------------------------------------------------------- */

/* Up to the next `quote`; a quote behind a backslash is part of the text, and the backslash is not. No other escapes. */
static guard_parsed parse_quoted(guard_parser *p, char quote, vg_str *out)
{
    size_t from = p->at, escapes = 0;
    for (;; p->at++) {
        const char *found = memchr(p->text.ptr + p->at, quote, p->text.len - p->at);
        if (!found)
            return guard_stop(p, "expected %c to end the string", quote);
        p->at = (size_t)(found - p->text.ptr);
        if (p->at == from || found[-1] != '\\')
            break;
        escapes++;
    }
    vg_str raw = vg_str_sub(p->text, from, p->at++ - from);
    *out = raw;
    if (escapes == 0)
        return PARSED;
    char *bytes = vg_arena_alloc(p->arena, raw.len + 1);
    if (!bytes)
        return guard_stop(p, "out of memory");
    size_t len = 0;
    for (size_t i = 0; i < raw.len; i++) {
        if (raw.ptr[i] == '\\' && i + 1 < raw.len && raw.ptr[i + 1] == quote)
            continue;
        bytes[len++] = raw.ptr[i];
    }
    *out = vg_str_of(bytes, len);
    return PARSED;
}

guard_parsed guard_parse_string(guard_parser *p, vg_str *out)
{
    if (guard_take(p, "'"))
        return parse_quoted(p, '\'', out);
    if (guard_take(p, "\""))
        return parse_quoted(p, '"', out);
    return PARSE_NO;
}

/* /pattern/, where \/ stands for a slash. */
static guard_parsed parse_regex(guard_parser *p, vg_vec *nodes)
{
    size_t from = p->at;
    if (!guard_take(p, "/"))
        return PARSE_NO;
    vg_str raw;
    guard_parsed parsed = parse_quoted(p, '/', &raw);
    if (parsed != PARSED || raw.len == 0) {
        p->at = from;
        return guard_stop(p, "expected a regular expression between / and /");
    }
    vg_map_entry *entry = vg_map_put(p->rules->regexes, raw, NULL);
    if (!entry)
        return guard_stop(p, "out of memory");
    if (!entry->value.ptr) {
        vg_error why = {0};
        guard_regex *regex = NULL;
        if (guard_regex_new(p->arena, raw, &regex, &why) != VG_OK) {
            p->at = from;
            return guard_stop(p, "%s", why.message);
        }
        entry->value.ptr = regex;
    }
    vg_value *v = push(nodes, GUARD_REGEX);
    if (!v)
        return guard_stop(p, "out of memory");
    v->as.string = entry->value.ptr;
    return PARSED;
}

/* ---- numbers ------------------------------------------------------------------------------------------------------- */

static size_t digits_at(const guard_parser *p, size_t at)
{
    size_t n = 0;
    while (at + n < p->text.len && p->text.ptr[at + n] >= '0' && p->text.ptr[at + n] <= '9')
        n++;
    return n;
}

guard_parsed guard_parse_int(guard_parser *p, int64_t *out)
{
    size_t from = p->at, sign = from < p->text.len && p->text.ptr[from] == '-' ? 1 : 0;
    size_t digits = digits_at(p, from + sign);
    if (digits == 0 || !vg_str_to_i64(vg_str_sub(p->text, from, sign + digits), out))
        return PARSE_NO;
    p->at = from + sign + digits;
    return PARSED;
}

/* The length of digits[.digits][e[+-]digits] with a fraction or an exponent, or 0. */
static size_t float_length(const guard_parser *p)
{
    size_t at = p->at < p->text.len && p->text.ptr[p->at] == '-' ? p->at + 1 : p->at;
    size_t whole = digits_at(p, at);
    if (whole == 0)
        return 0;
    at += whole;
    size_t end = at;
    if (at < p->text.len && p->text.ptr[at] == '.' && digits_at(p, at + 1) > 0)
        end = at = at + 1 + digits_at(p, at + 1);
    if (at < p->text.len && (p->text.ptr[at] == 'e' || p->text.ptr[at] == 'E')) {
        at++;
        if (at < p->text.len && (p->text.ptr[at] == '+' || p->text.ptr[at] == '-'))
            at++;
        if (digits_at(p, at) > 0)
            return at + digits_at(p, at) - p->at;
    }
    return end - p->at > whole + (p->text.ptr[p->at] == '-') ? end - p->at : 0;
}

static bool take_float(guard_parser *p, double *out)
{
    size_t len = float_length(p);
    char *copy = len > 0 ? vg_arena_cstr(p->scratch, vg_str_sub(p->text, p->at, len)) : NULL;
    if (!copy)
        return false;
    *out = strtod(copy, NULL);
    p->at += len;
    return true;
}

/* ---- ranges -------------------------------------------------------------------------------------------------------- */

typedef struct {
    unsigned kind; /* of the range that two of these make */
    int64_t i64;
    double f64;
} bound;

static void skip_blanks(guard_parser *p)
{
    while (p->at < p->text.len && (p->text.ptr[p->at] == ' ' || p->text.ptr[p->at] == '\t'))
        p->at++;
}

/* One character of UTF-8. */
static bool take_char(guard_parser *p, int64_t *out)
{
    vg_str rest = vg_str_sub(p->text, p->at, 4);
    if (rest.len == 0)
        return false;
    unsigned char lead = (unsigned char)rest.ptr[0];
    size_t len = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (len > rest.len || !vg_utf8_valid(vg_str_sub(rest, 0, len), NULL))
        return false;
    static const unsigned char masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = lead & masks[len];
    for (size_t i = 1; i < len; i++)
        code = code << 6 | ((unsigned char)rest.ptr[i] & 0x3F);
    *out = code;
    p->at += len;
    return true;
}

static bool take_bound(guard_parser *p, bound *out)
{
    skip_blanks(p);
    if (take_float(p, &out->f64))
        out->kind = GUARD_RANGE_FLOAT;
    else if (guard_parse_int(p, &out->i64) == PARSED)
        out->kind = GUARD_RANGE_INT;
    else if (take_char(p, &out->i64))
        out->kind = GUARD_RANGE_CHAR;
    else
        return false;
    skip_blanks(p);
    return true;
}

/* r(1, 5], r[0.5, 1.5), r[a,z]: round brackets leave their bound out. */
static guard_parsed parse_range(guard_parser *p, vg_vec *nodes)
{
    size_t from = p->at;
    bool with_lower = guard_take(p, "r[");
    if (!with_lower && !guard_take(p, "r("))
        return PARSE_NO;
    bound lower = {0}, upper = {0};
    bool read = take_bound(p, &lower) && guard_take(p, ",") && take_bound(p, &upper);
    bool with_upper = read && guard_take(p, "]");
    if (!read || (!with_upper && !guard_take(p, ")"))) {
        p->at = from;
        return guard_no(p, "expected a range: r(1, 5), r[1, 5], r(1, 5], r[0.5, 1.5), r[a, z]");
    }
    if (lower.kind != upper.kind)
        return guard_stop(p, "expected both ends of the range to be integers, floats or characters");
    guard_range *range = VG_NEW(p->arena, guard_range);
    vg_value *v = push(nodes, lower.kind);
    if (!range || !v)
        return guard_stop(p, "out of memory");
    range->with_lower = with_lower;
    range->with_upper = with_upper;
    if (lower.kind == GUARD_RANGE_FLOAT) {
        range->lower.f64 = lower.f64;
        range->upper.f64 = upper.f64;
    } else {
        range->lower.i64 = lower.i64;
        range->upper.i64 = upper.i64;
    }
    v->as.string = (const char *)range;
    return PARSED;
}

/* ---- lists and maps -------------------------------------------------------------------------------------------------- */

static void close(vg_vec *nodes, size_t at, uint32_t count)
{
    vg_value *v = vg_vec_at(nodes, at);
    v->as.container.count = count;
    v->as.container.span = (uint32_t)(nodes->len - at);
}

static guard_parsed parse_list(guard_parser *p, vg_vec *nodes)
{
    if (!guard_take(p, "["))
        return PARSE_NO;
    size_t at = nodes->len;
    if (!push(nodes, VG_ARRAY))
        return guard_stop(p, "out of memory");
    uint32_t count = 0;
    guard_parsed parsed = parse_any(p, nodes);
    while (parsed == PARSED) {
        count++;
        guard_skip(p);
        if (!guard_take(p, ","))
            break;
        parsed = parse_any(p, nodes);
        if (parsed == PARSE_NO)
            return guard_stop(p, "expected a value behind the comma");
    }
    if (parsed == PARSE_STOP)
        return parsed;
    guard_skip(p);
    if (!guard_take(p, "]"))
        return guard_no(p, "expected , or ] in the list");
    close(nodes, at, count);
    return PARSED;
}

/* A key of a map: letters, digits, - and _, or a string. */
static guard_parsed parse_key(guard_parser *p, vg_str *out)
{
    guard_skip(p);
    size_t from = p->at;
    while (p->at < p->text.len) {
        char c = p->text.ptr[p->at];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
              c == '_' || (unsigned char)c >= 0x80))
            break;
        p->at++;
    }
    if (p->at > from) {
        *out = vg_str_sub(p->text, from, p->at - from);
        return PARSED;
    }
    return guard_parse_string(p, out);
}

static guard_parsed parse_pair(guard_parser *p, vg_vec *nodes)
{
    vg_str key;
    guard_parsed parsed = parse_key(p, &key);
    if (parsed != PARSED)
        return parsed;
    guard_skip(p);
    if (!guard_take(p, ":"))
        return guard_no(p, "expected : behind the key");
    parsed = push_string(p, nodes, key);
    if (parsed != PARSED)
        return parsed;
    parsed = parse_any(p, nodes);
    return parsed == PARSE_NO ? guard_stop(p, "expected a value behind the :") : parsed;
}

static guard_parsed parse_map(guard_parser *p, vg_vec *nodes)
{
    if (!guard_take(p, "{"))
        return PARSE_NO;
    size_t at = nodes->len;
    if (!push(nodes, VG_OBJECT))
        return guard_stop(p, "out of memory");
    uint32_t count = 0;
    guard_parsed parsed = parse_pair(p, nodes);
    while (parsed == PARSED) {
        count++;
        guard_skip(p);
        if (!guard_take(p, ","))
            break;
        parsed = parse_pair(p, nodes);
        if (parsed == PARSE_NO)
            return guard_stop(p, "expected key: value behind the comma");
    }
    if (parsed == PARSE_STOP)
        return parsed;
    guard_skip(p);
    if (!guard_take(p, "}"))
        return guard_no(p, "expected , or } in the map");
    close(nodes, at, count);
    return PARSED;
}

/* ---- any ----------------------------------------------------------------------------------------------------------- */

static guard_parsed parse_word(guard_parser *p, vg_vec *nodes)
{
    static const struct {
        const char *text, *other;
        unsigned kind;
        bool boolean;
    } table[] = {{"null", "NULL", VG_NULL, false},
                 {"true", "True", VG_BOOL, true},
                 {"false", "False", VG_BOOL, false}};
    for (size_t i = 0; i < VG_COUNT(table); i++) {
        if (!guard_take_word(p, table[i].text, table[i].other))
            continue;
        vg_value *v = push(nodes, table[i].kind);
        if (!v)
            return guard_stop(p, "out of memory");
        if (table[i].kind == VG_BOOL)
            v->as.boolean = table[i].boolean;
        return PARSED;
    }
    return PARSE_NO;
}

static guard_parsed parse_text(guard_parser *p, vg_vec *nodes)
{
    vg_str text;
    guard_parsed parsed = guard_parse_string(p, &text);
    return parsed == PARSED ? push_string(p, nodes, text) : parsed;
}

static guard_parsed parse_number(guard_parser *p, vg_vec *nodes)
{
    double f64;
    int64_t i64;
    bool is_float = take_float(p, &f64);
    if (!is_float && guard_parse_int(p, &i64) != PARSED)
        return PARSE_NO;
    vg_value *v = push(nodes, is_float ? VG_DOUBLE : VG_INT);
    if (!v)
        return guard_stop(p, "out of memory");
    if (is_float)
        v->as.f64 = f64;
    else
        v->as.i64 = i64;
    return PARSED;
}

static guard_parsed parse_any(guard_parser *p, vg_vec *nodes)
{
    static guard_parsed (*const forms[])(guard_parser *, vg_vec *) = {
        parse_word, parse_text, parse_number, parse_regex, parse_range, parse_list, parse_map};
    guard_parsed parsed = guard_enter(p);
    if (parsed != PARSED)
        return parsed;
    guard_skip(p);
    size_t from = p->at, nodes_from = nodes->len;
    parsed = PARSE_NO;
    for (size_t i = 0; i < VG_COUNT(forms) && parsed == PARSE_NO; i++) {
        p->at = from;
        nodes->len = nodes_from;
        parsed = forms[i](p, nodes);
    }
    if (parsed == PARSE_NO)
        p->at = from;
    p->depth--;
    return parsed;
}

guard_parsed guard_parse_value(guard_parser *p, const vg_value **out)
{
    vg_vec nodes = vg_vec_in(p->scratch, sizeof(vg_value));
    size_t from = p->at;
    guard_parsed parsed = parse_any(p, &nodes);
    if (parsed != PARSED) {
        if (parsed == PARSE_NO)
            p->at = from;
        return parsed;
    }
    *out = guard_keep(p, &nodes);
    return *out ? PARSED : guard_stop(p, "out of memory");
}
