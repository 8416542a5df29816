/* json_tokens.c: the window over the token list, the errors that its readers tell, and the scalars that both readers
 * (tree and cursor) share: literals and escapes. */
#include "format/json_tokens.h"
#include "format/json_number.h"
#include "format/value_order.h"

/* ---- the window ---------------------------------------------------------------------------------------------- */

static void set_ends(vg_json_tokens *t, size_t count)
{
    uint32_t *end = t->tokens + count;
    t->end = end;
    t->limit = end - (count < VG_JSON_AHEAD ? count : VG_JSON_AHEAD);
    if (!t->index.done)
        return;
    t->limit = end;
    for (size_t i = 0; i < VG_JSON_AHEAD; i++)
        end[i] = (uint32_t)t->index.start;
}

/* A block without a token (a long string) fills nothing: goes on until the window is useful or the text ends. */
static void fill_behind(vg_json_tokens *t, size_t count)
{
    while (count <= VG_JSON_AHEAD && !t->index.done)
        count += t->fill(&t->index, t->tokens + count, VG_JSON_WINDOW + 2 * VG_JSON_BLOCK - count);
    set_ends(t, count);
}

const uint32_t *vg_json_tokens_start(vg_json_tokens *t, vg_json_index_fill *fill, vg_str source, vg_str name,
                                     size_t start, size_t length)
{
    t->index = vg_json_index_over(source, start, length);
    t->fill = fill;
    t->source = source;
    t->name = name;
    fill_behind(t, 0);
    return t->tokens;
}

const uint32_t *vg_json_tokens_more(vg_json_tokens *t, const uint32_t *at)
{
    if (t->index.done)
        return at;
    size_t left = (size_t)(t->end - at);
    memmove(t->tokens, at, left * sizeof *at);
    fill_behind(t, left);
    return t->tokens;
}

/* ---- errors -------------------------------------------------------------------------------------------------- */

vg_status vg_json_error_at(const vg_json_tokens *t, size_t offset, vg_status code, const char *message,
                           vg_error *err)
{
    return vg_fail_at(err, code, vg_source_place(t->source, t->name, offset), "%s", message);
}

size_t vg_json_tokens_offset(const vg_json_tokens *t, const uint32_t *at)
{
    if (at < t->end)
        return *at;
    return t->index.fault != VG_JSON_NO_FAULT ? t->index.fault_at : t->index.length;
}

static const char *why_ended(const vg_json_index *index)
{
    if (index->fault == VG_JSON_BAD_UTF8)
        return "JSON text is not well-formed UTF-8 here";
    if (index->fault == VG_JSON_BAD_CONTROL)
        return "control character inside a JSON string; it must be written as an escape";
    return index->in_string ? "JSON text ends inside a string; the file may have been cut off"
                            : "JSON text ends too early; the file may have been cut off";
}

vg_status vg_json_unexpected(const vg_json_tokens *t, const uint32_t *at, const char *message, vg_error *err)
{
    return vg_json_error_at(t, vg_json_tokens_offset(t, at), VG_ERR_SYNTAX,
                            at < t->end ? message : why_ended(&t->index), err);
}

/* ---- limits -------------------------------------------------------------------------------------------------- */

vg_json_bounds vg_json_bounds_of(const vg_limits *limits)
{
    vg_json_bounds b = {UINT32_MAX, (size_t)1 << 31, 512};
    if (limits && limits->max_bytes > 0 && limits->max_bytes < b.max_bytes)
        b.max_bytes = limits->max_bytes;
    if (limits && limits->max_nodes > 0 && limits->max_nodes < b.max_nodes)
        b.max_nodes = limits->max_nodes;
    if (limits && limits->max_depth > 0)
        b.max_depth = limits->max_depth;
    return b;
}

/* ---- scalars ------------------------------------------------------------------------------------------------- */

static inline bool ends_scalar(uint8_t c)
{
    static const bool ends[256] = {[' '] = true, ['\t'] = true, ['\n'] = true, ['\r'] = true, [','] = true,
                                   [':'] = true, ['['] = true,  [']'] = true,  ['{'] = true,  ['}'] = true};
    return ends[c];
}

/* Reads true, false or null at source[at..length) into out; false when it is none. */
static bool read_literal(const uint8_t *source, size_t at, size_t length, vg_value *out)
{
    static const struct {
        char text[8];
        uint8_t length, kind;
        bool boolean;
    } literals[] = {{"true", 4, VG_BOOL, true}, {"false", 5, VG_BOOL, false}, {"null", 4, VG_NULL, false}};
    size_t i = source[at] == 't' ? 0 : source[at] == 'f' ? 1 : 2, n = literals[i].length;
    if (length - at < n || memcmp(source + at, literals[i].text, 4) != 0 ||
        source[at + n - 1] != (uint8_t)literals[i].text[n - 1])
        return false;
    out->kind = literals[i].kind & 15u;
    out->as.u64 = 0;
    out->as.boolean = literals[i].boolean;
    return at + n == length || ends_scalar(source[at + n]);
}

/* A number that nothing follows: read from a copy that something does. */
static const uint8_t *read_last_number(const vg_json_tokens *t, vg_arena *arena, vg_value *node)
{
    const uint8_t *number = t->index.source + node->position;
    size_t length = t->index.length - node->position;
    uint8_t *copy = vg_arena_alloc(arena, length + 1);
    if (!copy)
        return NULL;
    memcpy(copy, number, length);
    copy[length] = ' ';
    const uint8_t *end = vg_json_number_read(copy, copy + length + 1, node);
    if (end && node->kind == VG_NUMBER)
        node->as.string = (const char *)number;
    return end;
}

vg_status vg_json_scalar_read(const vg_json_tokens *t, const uint32_t *at, vg_arena *arena, vg_value *node,
                              vg_error *err)
{
    const uint8_t *source = t->index.source;
    uint32_t position = *at;
    uint8_t c = source[position];
    node->len = 0;
    node->position = position;
    if (c != '-' && (uint8_t)(c - '0') > 9)
        return read_literal(source, position, t->index.length, node)
                   ? VG_OK
                   : vg_json_unexpected(t, at, "expected a JSON value here", err);
    bool is_last = at + 1 >= t->end;
    const uint8_t *end = is_last ? read_last_number(t, arena, node)
                                 : vg_json_number_read(source + position, source + t->index.length, node);
    if (!end || !ends_scalar(*end))
        return vg_json_unexpected(t, at, "this is not a JSON number", err);
    if (node->kind == VG_NUMBER && t->index.length - position > VG_JSON_LONGEST && !is_last &&
        (size_t)(end - source) - position > VG_JSON_LONGEST)
        return vg_json_error_at(t, position, VG_ERR_LIMIT, "JSON number is longer than 256 MiB", err);
    return VG_OK;
}

/* The value of four hexadecimal digits at p, or -1. */
static int32_t hex4(const char *p, const char *end)
{
    int32_t value = 0;
    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = p[i], lower = (char)(c | 0x20);
        int digit = c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static char *put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (char)c;
        return out;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    *out++ = (char)((0xFF00u >> (more + 1) & 0xFF) | c >> 6 * more);
    while (more-- > 0)
        *out++ = (char)(0x80 | (c >> 6 * more & 0x3F));
    return out;
}

/* Decodes \uXXXX, or a pair of them, whose digits are at p. NULL with *why when it is wrong. */
static const char *read_unicode(const char *p, const char *end, char **out, const char **why)
{
    int32_t c = hex4(p, end);
    *why = "\\u needs four hexadecimal digits";
    if (c < 0)
        return NULL;
    p += 4;
    if (c >= 0xD800 && c < 0xE000) {
        int32_t low = c < 0xDC00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u' ? hex4(p + 2, end) : -1;
        *why = "\\u escape of half a surrogate pair, which is no character";
        if (low < 0xDC00 || low >= 0xE000)
            return NULL;
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        p += 6;
    }
    *out = put_utf8(*out, (uint32_t)c);
    return p;
}

/* Copies up to the next backslash. */
static const char *copy_plain(const char *p, const char *end, char **out)
{
    char *to = *out;
    while (end - p >= 8) {
        uint64_t bytes;
        memcpy(&bytes, p, 8);
        memcpy(to, &bytes, 8);
        uint64_t other = bytes ^ 0x5C5C5C5C5C5C5C5Cu; /* a zero byte where a backslash is */
        uint64_t hit = (other - 0x0101010101010101u) & ~other & 0x8080808080808080u;
        if (hit != 0)
            break;
        p += 8;
        to += 8;
    }
    while (p < end && *p != '\\')
        *to++ = *p++;
    *out = to;
    return p;
}

bool vg_json_unescape(vg_str text, char *out, size_t *out_len, size_t *bad, const char **why)
{
    static const char plain[128] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    const char *p = text.ptr, *end = p + text.len;
    char *to = out;
    for (p = copy_plain(p, end, &to); p < end; p = copy_plain(p, end, &to)) {
        const char *escape = p++; /* what follows is inside the string, as the index saw to it */
        unsigned char c = p < end ? (unsigned char)*p++ : 0;
        *why = "unknown escape in a JSON string";
        if (c == 'u')
            p = read_unicode(p, end, &to, why);
        else if (c < 128 && plain[c])
            *to++ = plain[c];
        else
            p = NULL;
        if (!p) {
            *bad = (size_t)(escape - text.ptr);
            return false;
        }
    }
    *out_len = (size_t)(to - out);
    return true;
}
