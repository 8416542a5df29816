/* json_write.c: JSON out (RFC 8259). A writer streams; a tree is written by walking its nodes in order with a stack of
 * the containers that are open, kept on the heap because a tree may be deeper than any frame of ours.
 *
 * What the text says is what a reader gets back: a double keeps a point or an exponent, so that it comes back as a
 * double; a number kept as text is copied; what JSON cannot say (NaN, infinities) is null; bytes that are not
 * well-formed UTF-8 become U+FFFD one by one. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "format/format.h"
#include "format/value_order.h"

/* ---- scalars ------------------------------------------------------------------------------------------------- */

/* What a byte needs in a string: 0 nothing, 'u' a \u00XX, a letter the short escape, 1 a look at its UTF-8. */
static const char escape_of[256] = {
    ['"'] = '"', ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't',
    [0] = 'u',   [1] = 'u',     [2] = 'u',    [3] = 'u',    [4] = 'u',    [5] = 'u',    [6] = 'u',
    [7] = 'u',   [11] = 'u',    [14] = 'u',   [15] = 'u',   [16] = 'u',   [17] = 'u',   [18] = 'u',
    [19] = 'u',  [20] = 'u',    [21] = 'u',   [22] = 'u',   [23] = 'u',   [24] = 'u',   [25] = 'u',
    [26] = 'u',  [27] = 'u',    [28] = 'u',   [29] = 'u',   [30] = 'u',   [31] = 'u',   [127] = 'u',
};

/* Bytes of the well-formed UTF-8 sequence at the start of s, or 0. */
static size_t sequence_length(vg_str s)
{
    unsigned char lead = (unsigned char)s.ptr[0];
    size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    return length <= s.len && vg_utf8_valid(vg_str_sub(s, 0, length), NULL) ? length : 0;
}

static void add_escape(vg_buf *out, unsigned char byte)
{
    char letter = escape_of[byte];
    if (letter == 'u') {
        vg_buf_addf(out, "\\u%04x", byte);
        return;
    }
    vg_buf_add_char(out, '\\');
    vg_buf_add_char(out, letter);
}

/* The byte `c` in each byte of a word. */
#define EACH(c) (UINT64_C(0x0101010101010101) * (c))

/* Whether any of the eight bytes at `p` needs a look: one that is escaped, or part of a longer sequence. A byte below a
 * limit, or equal to a value, borrows into its own high bit when the limit, or one from the difference, is taken off
 * (Bit Twiddling Hacks, "Determine if a word has a byte less than n"). */
static bool is_plain_word(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    uint64_t quote = word ^ EACH('"'), backslash = word ^ EACH('\\'), delete = word ^ EACH(0x7F);
    uint64_t borrows = (word - EACH(0x20)) | (quote - EACH(1)) | (backslash - EACH(1)) | (delete - EACH(1));
    return ((borrows | word) & EACH(0x80)) == 0;
}

static void add_string(vg_buf *out, vg_str s)
{
    vg_buf_add_char(out, '"');
    size_t run = 0;
    for (size_t i = 0; i < s.len;) {
        if (s.len - i >= 8 && is_plain_word(s.ptr + i)) {
            i += 8;
            continue;
        }
        unsigned char byte = (unsigned char)s.ptr[i];
        size_t length = byte < 0x80 ? !escape_of[byte] : sequence_length(vg_str_sub(s, i, 4));
        if (length > 0) {
            i += length;
            continue;
        }
        vg_buf_add(out, s.ptr + run, i - run);
        if (byte < 0x80)
            add_escape(out, byte);
        else
            vg_buf_add_str(out, VG_STR("\xEF\xBF\xBD"));
        run = ++i;
    }
    if (s.len > run)
        vg_buf_add(out, s.ptr + run, s.len - run);
    vg_buf_add_char(out, '"');
}

/* printf's text with the host's decimal point, whatever it is, made '.'; true when it had a point or an exponent. */
static bool add_decimal(vg_buf *out, const char *text)
{
    bool marked = false;
    for (const char *p = text; *p; p++) {
        bool plain = (*p >= '0' && *p <= '9') || *p == '-' || *p == '+' || *p == 'e';
        if (!plain && !marked)
            vg_buf_add_char(out, '.');
        if (plain)
            vg_buf_add_char(out, *p);
        marked = marked || !plain || *p == 'e';
    }
    return marked;
}

static void add_double(vg_buf *out, double d)
{
    if (!isfinite(d)) {
        vg_buf_add_c(out, "null");
        return;
    }
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, d);
        double back = strtod(text, NULL);
        if (memcmp(&back, &d, sizeof d) == 0)
            break;
    }
    if (!add_decimal(out, text))
        vg_buf_add_c(out, ".0");
}

static void add_integer(vg_buf *out, bool negative, uint64_t magnitude)
{
    char text[24], *at = text + sizeof text;
    do
        *--at = (char)('0' + magnitude % 10);
    while (magnitude /= 10);
    if (negative)
        *--at = '-';
    vg_buf_add(out, at, (size_t)(text + sizeof text - at));
}

static void add_i64(vg_buf *out, int64_t i)
{
    add_integer(out, i < 0, i < 0 ? 0 - (uint64_t)i : (uint64_t)i);
}

static void add_scalar(vg_buf *out, const vg_value *v)
{
    switch (vg_kind_of(v)) {
    case VG_NULL:
        vg_buf_add_c(out, "null");
        return;
    case VG_BOOL:
        vg_buf_add_c(out, v->as.boolean ? "true" : "false");
        return;
    case VG_INT:
        add_i64(out, v->as.i64);
        return;
    case VG_UINT:
        add_integer(out, false, v->as.u64);
        return;
    case VG_DOUBLE:
        add_double(out, v->as.f64);
        return;
    case VG_NUMBER:
        vg_buf_add_str(out, vg_value_str(v));
        return;
    case VG_STRING:
        add_string(out, vg_value_str(v));
        return;
    case VG_ARRAY:
        vg_buf_add_c(out, "[]");
        return;
    case VG_OBJECT:
        vg_buf_add_c(out, "{}");
        return;
    }
}

/* ---- trees --------------------------------------------------------------------------------------------------- */

static void add_line(vg_buf *out, unsigned indent, size_t depth)
{
    if (indent == 0)
        return;
    size_t spaces = depth * indent;
    if (!vg_buf_reserve(out, 1 + spaces))
        return;
    out->ptr[out->len] = '\n';
    memset(out->ptr + out->len + 1, ' ', spaces);
    out->len += 1 + spaces;
}

static void add_key(vg_buf *out, unsigned indent, vg_str key)
{
    add_string(out, key);
    vg_buf_add(out, ": ", indent > 0 ? 2 : 1);
}

/* A container that is being written. In document order `next` runs over its nodes; in canonical order (objects alone)
 * `next_key` runs over the sorted keys, which stand on their own stack. */
typedef struct {
    const vg_value *next, *end;
    size_t next_key, keys_left, keys_start;
    bool is_object, sorted;
} frame;

typedef struct {
    vg_buf *out;
    unsigned indent, depth;
    bool canonical;
    vg_buf frames, keys;
} tree_writer;

static frame *top_frame(tree_writer *w)
{
    return w->frames.len == 0 ? NULL : (frame *)(void *)(w->frames.ptr + w->frames.len - sizeof(frame));
}

static size_t depth_of(const tree_writer *w)
{
    return w->depth + w->frames.len / sizeof(frame);
}

static void enter(tree_writer *w, const vg_value *container)
{
    frame f = {
        .next = container + 1, .end = vg_value_after(container), .is_object = container->kind == VG_OBJECT};
    f.sorted = f.is_object && w->canonical;
    f.keys_start = f.next_key = w->keys.len;
    if (f.sorted)
        f.keys_left = vg_value_sorted_keys(container, &w->keys);
    vg_buf_add_char(w->out, f.is_object ? '{' : '[');
    vg_buf_add(&w->frames, &f, sizeof f);
}

static void leave(tree_writer *w)
{
    frame f = *top_frame(w);
    w->frames.len -= sizeof f;
    w->keys.len = f.keys_start;
    add_line(w->out, w->indent, depth_of(w));
    vg_buf_add_char(w->out, f.is_object ? '}' : ']');
}

/* The next value of the innermost container, its key written, or NULL at its end. */
static const vg_value *next_value(tree_writer *w, frame *f)
{
    const vg_value *key = NULL, *value;
    if (f->sorted) {
        if (f->keys_left-- == 0)
            return NULL;
        memcpy(&key, w->keys.ptr + f->next_key, sizeof key);
        f->next_key += sizeof key;
        value = key + 1;
    } else {
        if (f->next == f->end)
            return NULL;
        key = f->is_object ? f->next++ : NULL;
        value = f->next;
        f->next = vg_value_after(value);
    }
    add_line(w->out, w->indent, depth_of(w));
    if (key)
        add_key(w->out, w->indent, vg_value_str(key));
    return value;
}

static void write_tree(tree_writer *w, const vg_value *v)
{
    bool first = false;
    while (!w->frames.failed && !w->keys.failed) {
        bool filled = vg_value_count(v) > 0;
        if (filled)
            enter(w, v);
        else
            add_scalar(w->out, v);
        first = filled;
        for (frame *f = top_frame(w); f; f = top_frame(w)) {
            bool ended = f->sorted ? f->keys_left == 0 : f->next == f->end;
            if (!ended)
                break;
            leave(w);
        }
        frame *f = top_frame(w);
        if (!f)
            break;
        if (!first)
            vg_buf_add_char(w->out, ',');
        v = next_value(w, f);
    }
    w->out->failed = w->out->failed || w->frames.failed || w->keys.failed;
    vg_buf_free(&w->frames);
    vg_buf_free(&w->keys);
}

void vg_json_write(vg_buf *out, const vg_value *v, unsigned indent)
{
    static const vg_value null = {.kind = VG_NULL};
    write_tree(&(tree_writer){.out = out, .indent = indent}, v ? v : &null);
}

void vg_json_write_canonical(vg_buf *out, const vg_value *v)
{
    static const vg_value null = {.kind = VG_NULL};
    write_tree(&(tree_writer){.out = out, .canonical = true}, v ? v : &null);
}

/* ---- the streaming writer -------------------------------------------------------------------------------------- */

vg_json_writer vg_json_writer_to(vg_buf *out, unsigned indent)
{
    return (vg_json_writer){.out = out, .indent = indent};
}

/* The comma and the line before a value or a key; nothing behind a key. */
static void before_item(vg_json_writer *w)
{
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    assert(w->depth > 0 || !w->has_item[0]); /* one root */
    if (w->has_item[w->depth])
        vg_buf_add_char(w->out, ',');
    w->has_item[w->depth] = true;
    if (w->depth > 0)
        add_line(w->out, w->indent, w->depth);
}

static void open_container(vg_json_writer *w, char bracket)
{
    before_item(w);
    vg_buf_add_char(w->out, bracket);
    w->depth++;
    assert(w->depth < VG_COUNT(w->has_item));
    w->has_item[w->depth] = false;
}

static void close_container(vg_json_writer *w, char bracket)
{
    assert(w->depth > 0 && !w->after_key);
    bool filled = w->has_item[w->depth--];
    if (filled)
        add_line(w->out, w->indent, w->depth);
    vg_buf_add_char(w->out, bracket);
}

void vg_json_object(vg_json_writer *w)
{
    open_container(w, '{');
}

void vg_json_array(vg_json_writer *w)
{
    open_container(w, '[');
}

void vg_json_end_object(vg_json_writer *w)
{
    close_container(w, '}');
}

void vg_json_end_array(vg_json_writer *w)
{
    close_container(w, ']');
}

void vg_json_key_str(vg_json_writer *w, vg_str key)
{
    assert(w->depth > 0 && !w->after_key);
    before_item(w);
    add_key(w->out, w->indent, key);
    w->after_key = true;
}

void vg_json_key(vg_json_writer *w, const char *key)
{
    vg_json_key_str(w, vg_str_from(key));
}

void vg_json_string(vg_json_writer *w, vg_str s)
{
    before_item(w);
    add_string(w->out, s);
}

void vg_json_i64(vg_json_writer *w, int64_t i)
{
    before_item(w);
    add_i64(w->out, i);
}

void vg_json_f64(vg_json_writer *w, double d)
{
    before_item(w);
    add_double(w->out, d);
}

void vg_json_bool(vg_json_writer *w, bool b)
{
    before_item(w);
    vg_buf_add_c(w->out, b ? "true" : "false");
}

void vg_json_null(vg_json_writer *w)
{
    before_item(w);
    vg_buf_add_c(w->out, "null");
}

void vg_json_value(vg_json_writer *w, const vg_value *v)
{
    static const vg_value null = {.kind = VG_NULL};
    before_item(w);
    write_tree(&(tree_writer){.out = w->out, .indent = w->indent, .depth = w->depth}, v ? v : &null);
}

void vg_json_put_str(vg_json_writer *w, const char *key, vg_str s)
{
    vg_json_key(w, key);
    vg_json_string(w, s);
}

void vg_json_put_i64(vg_json_writer *w, const char *key, int64_t i)
{
    vg_json_key(w, key);
    vg_json_i64(w, i);
}

void vg_json_put_bool(vg_json_writer *w, const char *key, bool b)
{
    vg_json_key(w, key);
    vg_json_bool(w, b);
}
