/* sigma_fold.c: text without regard to case, over all of Unicode.
 *
 * Values of Sigma are compared without regard to case. What differs in case alone is made equal by Unicode's simple case
 * folding (one character for one, so that `?` still stands for one). The table beyond ASCII is written by
 * tools/sigma_fold.py. Source: Unicode Standard, CaseFolding.txt, statuses C and S. */
#include "detect/sigma_part.h"

typedef struct {
    uint32_t first, last;
    uint32_t step; /* 1, or 2 where upper and lower case take turns */
    int32_t delta;
} fold_run;

#include "detect/sigma_fold_table.h"

enum { NO_CHARACTER = 0x110000 };

uint32_t sigma_next(vg_str text, size_t *len)
{
    const uint8_t *p = (const uint8_t *)text.ptr;
    uint32_t c = p[0];
    size_t more = c < 0x80                ? 0
                  : c >= 0xF0 && c < 0xF5 ? 3
                  : c >= 0xE0 && c < 0xF0 ? 2
                  : c >= 0xC2 && c < 0xE0 ? 1
                                          : 4;
    *len = 1;
    if (more == 0)
        return c;
    if (more == 4 || more >= text.len)
        return NO_CHARACTER + c;
    static const uint32_t mask[] = {0, 0x1F, 0x0F, 0x07};
    uint32_t value = c & mask[more];
    for (size_t i = 1; i <= more; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return NO_CHARACTER + c;
        value = value << 6 | (p[i] & 0x3FU);
    }
    *len = more + 1;
    return value;
}

size_t sigma_put(uint32_t c, char *out)
{
    if (c >= NO_CHARACTER) {
        out[0] = (char)(c - NO_CHARACTER);
        return 1;
    }
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint32_t lead[] = {0, 0xC0, 0xE0, 0xF0};
    out[0] = (char)(lead[more] | c >> (6 * more));
    for (size_t i = 1; i <= more; i++)
        out[i] = (char)(0x80 | (c >> (6 * (more - i)) & 0x3F));
    return more + 1;
}

uint32_t sigma_fold_char(uint32_t c)
{
    if (c < 0x80)
        return c - 'A' < 26 ? c + 32 : c;
    size_t low = 0, high = VG_COUNT(fold_runs);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (fold_runs[middle].last < c)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == VG_COUNT(fold_runs) || c < fold_runs[low].first ||
        (c - fold_runs[low].first) % fold_runs[low].step != 0)
        return c;
    return (uint32_t)((int32_t)c + fold_runs[low].delta);
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The high bit of each of eight ASCII bytes that is a capital letter. */
static uint64_t capitals(uint64_t word)
{
    return (word + EACH(0x80 - 'A')) & ~(word + EACH(0x7F - 'Z')) & EACH(0x80);
}

/* How many ASCII bytes the text begins with, and whether a capital letter is among them. */
static size_t ascii_run(vg_str text, bool *upper)
{
    size_t at = 0;
    uint64_t any = 0, word;
    for (; at + 8 <= text.len; at += 8) {
        memcpy(&word, text.ptr + at, 8);
        if (word & EACH(0x80))
            break;
        any |= capitals(word);
    }
    for (; at < text.len && (uint8_t)text.ptr[at] < 0x80; at++)
        any |= text.ptr[at] >= 'A' && text.ptr[at] <= 'Z';
    *upper = any != 0;
    return at;
}

static void fold_ascii(const char *text, size_t len, char *out)
{
    size_t at = 0;
    uint64_t word;
    for (; at + 8 <= len; at += 8) {
        memcpy(&word, text + at, 8);
        word |= capitals(word) >> 2;
        memcpy(out + at, &word, 8);
    }
    for (; at < len; at++)
        out[at] = (char)(text[at] >= 'A' && text[at] <= 'Z' ? text[at] + ('a' - 'A') : text[at]);
}

vg_str sigma_fold(vg_arena *arena, vg_str text)
{
    bool upper;
    size_t plain = ascii_run(text, &upper);
    if (plain == text.len && !upper)
        return text.ptr ? text : VG_STR("");
    /* A folded character has at most twice the bytes. */
    char *out = vg_arena_alloc(arena, plain + (text.len - plain) * 2 + 1);
    if (!out)
        return (vg_str){0};
    fold_ascii(text.ptr, plain, out);
    size_t len = plain;
    for (size_t at = plain, step; at < text.len; at += step)
        len += sigma_put(sigma_fold_char(sigma_next(vg_str_sub(text, at, 4), &step)), out + len);
    return (vg_str){out, len};
}
