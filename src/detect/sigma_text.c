/* sigma_text.c: values of Sigma as patterns: wildcards, escapes, encodings, and matching.
 *
 * Source: Sigma specification 2.1.0, "Escape character" and "String wildcard", and its appendix of modifiers ("Encoding",
 * windash). A backslash before `*`, `?` or another backslash takes away that character's meaning; before anything else, and
 * at the end, it is a plain backslash. While modifiers are applied a value is an array of units, of which a byte or a
 * wildcard each is one; in the end it is text in which wildcards are bytes that no UTF-8 has. */
#include "detect/sigma_part.h"

static bool is_dash(uint32_t c)
{
    return c == '-' || c == '/' || c == 0x2013 || c == 0x2014 || c == 0x2015;
}

vg_status sigma_text_read(vg_arena *arena, vg_str value, sigma_text *out)
{
    uint16_t *units = vg_arena_alloc(arena, (value.len + 1) * sizeof *units);
    if (!units)
        return VG_ERR_MEMORY;
    size_t len = 0;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i], next = i + 1 < value.len ? value.ptr[i + 1] : 0;
        if (c == '\\' && (next == '*' || next == '?' || next == '\\')) {
            units[len++] = (uint8_t)next;
            i++;
        } else if (c == '*')
            units[len++] = SIGMA_UNIT + SIGMA_MANY;
        else if (c == '?')
            units[len++] = SIGMA_UNIT + SIGMA_ONE;
        else
            units[len++] = (uint8_t)c;
    }
    *out = (sigma_text){units, len, false};
    return VG_OK;
}

bool sigma_text_is_plain(const sigma_text *text)
{
    for (size_t i = 0; i < text->len; i++)
        if (text->units[i] >= SIGMA_UNIT)
            return false;
    return true;
}

/* The character at `at`, of at most 4 units that are bytes. */
static uint32_t unit_char(const sigma_text *text, size_t at, size_t *step)
{
    char bytes[4];
    size_t count = 0;
    while (count < 4 && at + count < text->len && text->units[at + count] < SIGMA_UNIT) {
        bytes[count] = (char)text->units[at + count];
        count++;
    }
    return sigma_next((vg_str){bytes, count}, step);
}

static size_t put_wide(uint16_t *out, uint32_t unit, sigma_wide kind)
{
    uint16_t low = unit & 0xFF, high = unit >> 8 & 0xFF;
    out[0] = kind == SIGMA_UTF16BE ? high : low;
    out[1] = kind == SIGMA_UTF16BE ? low : high;
    return 2;
}

vg_status sigma_text_widen(vg_arena *arena, const sigma_text *text, sigma_wide kind, sigma_text *out)
{
    uint16_t *units = vg_arena_alloc(arena, (text->len * 4 + 2) * sizeof *units);
    if (!units)
        return VG_ERR_MEMORY;
    size_t len = 0;
    if (kind == SIGMA_UTF16)
        len += put_wide(units, 0xFEFF, kind);
    for (size_t at = 0, step; at < text->len; at += step) {
        step = 1;
        if (text->units[at] >= SIGMA_UNIT) {
            units[len++] = text->units[at];
            continue;
        }
        uint32_t c = unit_char(text, at, &step);
        if (c < 0x10000 || c >= 0x110000) {
            len += put_wide(units + len, c & 0xFFFF, kind);
            continue;
        }
        len += put_wide(units + len, 0xD800 + ((c - 0x10000) >> 10), kind);
        len += put_wide(units + len, 0xDC00 + ((c - 0x10000) & 0x3FF), kind);
    }
    *out = (sigma_text){units, len, true};
    return VG_OK;
}

/* The bits of the value that a character of base64 holds decide whether it is in every text: of the first characters those
 * that share bits with what stands before, and of the last those that share bits with what follows, are left out. */
vg_status sigma_text_base64(vg_arena *arena, const sigma_text *text, unsigned offset, sigma_text *out)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bool whole = offset == SIGMA_BASE64_WHOLE;
    size_t before = whole ? 0 : offset, bytes = before + text->len;
    size_t first = (before * 8 + 5) / 6, end = whole ? (bytes + 2) / 3 * 4 : bytes * 8 / 6;
    uint16_t *units = vg_arena_alloc(arena, (end + 1) * sizeof *units);
    if (!units)
        return VG_ERR_MEMORY;
    size_t len = 0;
    for (size_t i = first; i < end; i++) {
        unsigned value = 0;
        bool any = i * 6 / 8 < bytes;
        for (size_t bit = i * 6; bit < i * 6 + 6; bit++) {
            size_t byte = bit / 8;
            unsigned unit = byte >= before && byte < bytes ? text->units[byte - before] : 0;
            value = value << 1 | (unit >> (7 - bit % 8) & 1U);
        }
        units[len++] = any ? (uint8_t)alphabet[value] : '=';
    }
    *out = (sigma_text){units, len, false};
    return VG_OK;
}

vg_status sigma_text_dashes(vg_arena *arena, const sigma_text *text, sigma_text *out)
{
    uint16_t *units = vg_arena_alloc(arena, (text->len + 1) * sizeof *units);
    if (!units)
        return VG_ERR_MEMORY;
    size_t len = 0;
    for (size_t at = 0, step; at < text->len; at += step) {
        step = 1;
        if (text->units[at] < SIGMA_UNIT && is_dash(unit_char(text, at, &step))) {
            units[len++] = SIGMA_UNIT + SIGMA_DASH;
            continue;
        }
        for (size_t i = 0; i < step; i++)
            units[len++] = text->units[at + i];
    }
    *out = (sigma_text){units, len, text->raw};
    return VG_OK;
}

vg_status sigma_text_join(vg_arena *arena, const sigma_text *a, const sigma_text *b, sigma_text *out)
{
    uint16_t *units = vg_arena_alloc(arena, (a->len + b->len + 1) * sizeof *units);
    if (!units)
        return VG_ERR_MEMORY;
    if (a->len)
        memcpy(units, a->units, a->len * sizeof *units);
    if (b->len)
        memcpy(units + a->len, b->units, b->len * sizeof *units);
    *out = (sigma_text){units, a->len + b->len, a->raw || b->raw};
    return VG_OK;
}

/* Bytes of UTF-16 become the characters U+0000 to U+00FF, which is how an event in JSON carries bytes. */
vg_status sigma_text_pattern(vg_arena *arena, const sigma_text *text, vg_str *out)
{
    char *bytes = vg_arena_alloc(arena, text->len * 2 + 1);
    if (!bytes)
        return VG_ERR_MEMORY;
    size_t len = 0;
    for (size_t i = 0; i < text->len; i++) {
        uint16_t unit = text->units[i];
        if (unit < SIGMA_UNIT && text->raw)
            len += sigma_put(unit, bytes + len);
        else
            bytes[len++] = (char)(unit & 0xFF);
    }
    *out = (vg_str){bytes, len};
    return VG_OK;
}

/* ---- matching ---------------------------------------------------------------------------------------------------------- */

/* One character of text against one element of the pattern (not MANY); *pattern_step and *text_step are their bytes. */
static bool same_here(vg_str pattern, vg_str text, size_t *pattern_step, size_t *text_step)
{
    *pattern_step = 1;
    *text_step = 1;
    if (!text.len)
        return false;
    uint8_t p = (uint8_t)pattern.ptr[0];
    if (p == SIGMA_ONE) {
        sigma_next(text, text_step);
        return true;
    }
    if (p == SIGMA_DASH)
        return is_dash(sigma_next(text, text_step));
    return pattern.ptr[0] == text.ptr[0];
}

bool sigma_glob(vg_str pattern, vg_str text)
{
    size_t p = 0, t = 0, star = VG_NPOS, retry = 0;
    for (;;) {
        if (p < pattern.len && (uint8_t)pattern.ptr[p] == SIGMA_MANY) {
            star = ++p;
            retry = t;
            if (star == pattern.len)
                return true;
            continue;
        }
        size_t pattern_step, text_step;
        if (p < pattern.len && same_here(vg_str_sub(pattern, p, pattern.len), vg_str_sub(text, t, 4),
                                         &pattern_step, &text_step)) {
            p += pattern_step;
            t += text_step;
            continue;
        }
        if (p == pattern.len && t == text.len)
            return true;
        if (star == VG_NPOS || retry >= text.len)
            return false;
        sigma_next(vg_str_sub(text, retry, 4), &text_step);
        retry += text_step;
        p = star;
        t = retry;
    }
}
