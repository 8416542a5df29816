/* text.c: the encodings that text arrives in.
 *
 * Windows PowerShell writes `aws ... > file.json` as UTF-16 with a byte order mark, and editors put a mark before
 * UTF-8. Every reader wants plain UTF-8; this file makes it (Unicode 15, 3.10, D98 to D101: UTF-16 with a mark). */
#include "format/format.h"

static bool starts_with_mark(vg_str bytes, const char *mark, size_t len)
{
    return vg_str_starts(bytes, vg_str_of(mark, len));
}

typedef struct {
    const unsigned char *bytes;
    size_t units, at;
    bool big_endian;
} utf16;

static unsigned next_unit(utf16 *u)
{
    const unsigned char *two = u->bytes + 2 * u->at++;
    return u->big_endian ? (unsigned)two[0] << 8 | two[1] : (unsigned)two[1] << 8 | two[0];
}

/* The next code point, or UINT32_MAX for half of a surrogate pair. */
static uint32_t next_code_point(utf16 *u)
{
    uint32_t first = next_unit(u);
    if (first < 0xD800 || first > 0xDFFF)
        return first;
    if (first > 0xDBFF || u->at == u->units)
        return UINT32_MAX;
    uint32_t second = next_unit(u);
    if (second < 0xDC00 || second > 0xDFFF)
        return UINT32_MAX;
    return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
}

static size_t put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    static const unsigned char LEADS[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)(LEADS[len] | c);
    return len;
}

static vg_status from_utf16(vg_arena *arena, utf16 u, vg_str *out, vg_error *err)
{
    size_t size, len = 0;
    char *text = NULL;
    if (!__builtin_mul_overflow(u.units, 3, &size)) /* a unit gives at most 3 bytes, a pair of them 4 */
        text = vg_arena_alloc(arena, size + 1);
    if (!text)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory while turning UTF-16 into UTF-8");
    while (u.at < u.units) {
        size_t unit = u.at;
        uint32_t c = next_code_point(&u);
        if (c == UINT32_MAX)
            return vg_fail(err, VG_ERR_SYNTAX,
                           "UTF-16 with half of a surrogate pair at byte %zu; save the file as UTF-8",
                           2 + 2 * unit);
        len += put_utf8(text + len, c);
    }
    text[len] = '\0';
    *out = vg_str_of(text, len);
    return VG_OK;
}

vg_status vg_text_to_utf8(vg_arena *arena, vg_str bytes, vg_str *out, vg_error *err)
{
    *out = bytes;
    if (starts_with_mark(bytes, "\xEF\xBB\xBF", 3)) {
        *out = vg_str_sub(bytes, 3, bytes.len);
        return VG_OK;
    }
    bool big_endian = starts_with_mark(bytes, "\xFE\xFF", 2);
    if (!big_endian && !starts_with_mark(bytes, "\xFF\xFE", 2))
        return VG_OK;
    if (bytes.len % 2 != 0)
        return vg_fail(err, VG_ERR_SYNTAX, "UTF-16 with an odd number of bytes: the file is cut off");
    utf16 u = {(const unsigned char *)bytes.ptr + 2, bytes.len / 2 - 1, 0, big_endian};
    return from_utf16(arena, u, out, err);
}
