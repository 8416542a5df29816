/* str.c: slices of bytes: comparing, searching, splitting, numbers, UTF-8, globs. Nothing here allocates. */
#include "base/base.h"

int vg_str_cmp(vg_str a, vg_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.ptr, b.ptr, n) : 0;
    if (order != 0)
        return order < 0 ? -1 : 1;
    return a.len == b.len ? 0 : a.len < b.len ? -1 : 1;
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool vg_str_eq_icase(vg_str a, vg_str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

size_t vg_str_find(vg_str s, vg_str needle)
{
    if (needle.len == 0)
        return 0;
    if (needle.len > s.len)
        return VG_NPOS;
    const char *hit = memmem(s.ptr, s.len, needle.ptr, needle.len);
    return hit ? (size_t)(hit - s.ptr) : VG_NPOS;
}

size_t vg_str_find_char(vg_str s, char c)
{
    const char *hit = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return hit ? (size_t)(hit - s.ptr) : VG_NPOS;
}

size_t vg_str_rfind_char(vg_str s, char c)
{
    const char *hit = s.len ? memrchr(s.ptr, c, s.len) : NULL;
    return hit ? (size_t)(hit - s.ptr) : VG_NPOS;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

vg_str vg_str_trim(vg_str s)
{
    while (s.len && is_space(s.ptr[0]))
        s = vg_str_sub(s, 1, s.len);
    while (s.len && is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool vg_str_split(vg_str s, char sep, vg_str *left, vg_str *right)
{
    size_t at = vg_str_find_char(s, sep);
    if (at == VG_NPOS) {
        *left = s;
        *right = (vg_str){0};
        return false;
    }
    *left = vg_str_sub(s, 0, at);
    *right = vg_str_sub(s, at + 1, s.len);
    return true;
}

bool vg_str_next(vg_str *rest, char sep, vg_str *piece)
{
    if (rest->ptr == NULL)
        return false;
    vg_str tail;
    if (!vg_str_split(*rest, sep, piece, &tail))
        tail = (vg_str){0};
    *rest = tail;
    return true;
}

bool vg_str_to_u64(vg_str s, uint64_t *out)
{
    uint64_t value = 0;
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, 10U, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.ptr[i] - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

bool vg_str_to_i64(vg_str s, int64_t *out)
{
    bool negative = s.len && s.ptr[0] == '-';
    uint64_t magnitude;
    if (!vg_str_to_u64(vg_str_sub(s, negative, s.len), &magnitude))
        return false;
    if (magnitude > (uint64_t)INT64_MAX + negative)
        return false;
    *out = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

/* The length of the well-formed sequence that starts at p, or 0 (Unicode 15, table 3-7). */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
    static const struct {
        unsigned char first_low, first_high, second_low, second_high, len;
    } rows[] = {
        {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
        {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
        {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    if (p[0] < 0x80)
        return 1;
    for (size_t r = 0; r < VG_COUNT(rows); r++) {
        if (p[0] < rows[r].first_low || p[0] > rows[r].first_high)
            continue;
        if (left < rows[r].len || p[1] < rows[r].second_low || p[1] > rows[r].second_high)
            return 0;
        for (size_t i = 2; i < rows[r].len; i++)
            if ((p[i] & 0xC0) != 0x80)
                return 0;
        return rows[r].len;
    }
    return 0;
}

bool vg_utf8_valid(vg_str s, size_t *bad)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    for (size_t i = 0; i < s.len;) {
        uint64_t word;
        if (s.len - i >= sizeof word) {
            memcpy(&word, p + i, sizeof word);
            if ((word & UINT64_C(0x8080808080808080)) == 0) {
                i += sizeof word;
                continue;
            }
        }
        size_t n = utf8_sequence(p + i, s.len - i);
        if (n == 0) {
            if (bad)
                *bad = i;
            return false;
        }
        i += n;
    }
    return true;
}

/* Greedy matching with one remembered star: on a mismatch the last star takes one byte more. */
bool vg_str_glob(vg_str pattern, vg_str s)
{
    size_t p = 0, i = 0, star = VG_NPOS, star_at = 0;
    while (i < s.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            star_at = i;
        } else if (p < pattern.len && (pattern.ptr[p] == '?' || pattern.ptr[p] == s.ptr[i])) {
            p++;
            i++;
        } else if (star != VG_NPOS) {
            p = star + 1;
            i = ++star_at;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}
