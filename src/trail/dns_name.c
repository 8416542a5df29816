/* dns_name.c: what the letters of a domain name say.
 *
 * Where the registrable domain begins is a matter of the Public Suffix List (content/dns/suffixes.txt says which part of it
 * is kept). Whether a domain was made by a generator is judged by its registrable label alone, for what stands before it is
 * full of keys, hashes and serial numbers in honest names too (CDNs, telemetry, DKIM):
 *
 *     bits  = sum over the letters of -log2 P(letter | the two before it)    (a model of English words: content/dns/letters.txt)
 *             + 4.5 a digit + 2.5 a change between letters and digits
 *     mean  = bits / length
 *     score = (50 + 8 (mean - 5.1) sqrt(length)) * (length - 3) / 7          (the last factor at most 1; 0 to 100)
 *
 * Words and what people make of them lie about 3.5 bits, evenly drawn letters about 6.5; the root of the length makes a
 * long label count for more than a short one, and the last factor keeps short names, of which many are acronyms, out.
 * Integers alone, in 1/64 of a bit, so that every machine says the same. */
#include "trail/dns_tables.h"
#include "trail/log_part.h"

/* ---- domains ------------------------------------------------------------------------------------------------------------------ */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* The labels of a top-level domain that are suffixes too, between blanks; "" for one that has none. */
static const char *labels_below(vg_str top)
{
    size_t low = 0, high = VG_COUNT(suffixes);
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = vg_str_cmp(top, vg_str_from(suffixes[middle].top));
        if (order == 0)
            return suffixes[middle].labels;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return "";
}

/* Whether " word " is among the labels, with a character put before the word. */
static bool has_label(const char *labels, const char *before, vg_str word)
{
    char text[80];
    int length = snprintf(text, sizeof text, " %s%.*s ", before, VG_ARG(word));
    return length > 0 && (size_t)length < sizeof text && strstr(labels, text);
}

/* `label`.`top`, both in lower case. */
static bool is_suffix(vg_str label, vg_str top)
{
    const char *labels = labels_below(top);
    return has_label(labels, "", label) || (strstr(labels, " * ") && !has_label(labels, "!", label));
}

/* The last label of *rest, which loses it and its dot. */
static vg_str take_last(vg_str *rest)
{
    size_t dot = vg_str_rfind_char(*rest, '.');
    vg_str label = dot == VG_NPOS ? *rest : vg_str_sub(*rest, dot + 1, VG_NPOS);
    *rest = dot == VG_NPOS ? (vg_str){rest->ptr, 0} : vg_str_sub(*rest, 0, dot);
    return label;
}

vg_dns_name vg_dns_name_of(vg_str name)
{
    if (name.len && name.ptr[name.len - 1] == '.')
        name.len--;
    vg_str rest = name, top = take_last(&rest), second = take_last(&rest);
    char folded[2][64];
    if (top.len == 0 || second.len == 0 || top.len > 63 || second.len > 63)
        return (vg_dns_name){0};
    for (size_t i = 0; i < top.len; i++)
        folded[0][i] = lower(top.ptr[i]);
    for (size_t i = 0; i < second.len; i++)
        folded[1][i] = lower(second.ptr[i]);
    const char *start = second.ptr;
    if (is_suffix(vg_str_of(folded[1], second.len), vg_str_of(folded[0], top.len))) {
        vg_str third = take_last(&rest);
        if (third.len == 0)
            return (vg_dns_name){0};
        start = third.ptr;
    }
    return (vg_dns_name){.domain = vg_str_of(start, (size_t)(name.ptr + name.len - start)), .before = rest};
}

vg_str vg_dns_longest_label(vg_str labels)
{
    vg_str longest = {0}, label;
    while (vg_str_next(&labels, '.', &label))
        if (label.len > longest.len)
            longest = label;
    return longest;
}

/* ---- letters ------------------------------------------------------------------------------------------------------------------ */

/* 4096 * log2 of a whole number: the whole part by its highest bit, the rest by squaring. */
static unsigned log2_4096(uint64_t n)
{
    unsigned whole = 63u - (unsigned)__builtin_clzll(n), fraction = 0;
    uint64_t x = n << (63 - whole) >> 32; /* 1 to 2, as 2^31 to 2^32 */
    for (unsigned bit = 2048; bit; bit >>= 1) {
        x = x * x >> 31;
        if (x >> 32) {
            fraction |= bit;
            x >>= 1;
        }
    }
    return whole * 4096 + fraction;
}

unsigned vg_dns_entropy(vg_str text)
{
    unsigned counts[256] = {0};
    uint64_t sum = 0, length = text.len < 4096 ? text.len : 4096;
    if (length == 0)
        return 0;
    for (size_t i = 0; i < length; i++)
        counts[(unsigned char)lower(text.ptr[i])]++;
    for (size_t i = 0; i < 256; i++)
        if (counts[i])
            sum += counts[i] * (uint64_t)(log2_4096(length) - log2_4096(counts[i]));
    return (unsigned)((sum * 100 + 2048 * length) / (4096 * length));
}

/* 16 * sqrt(n) for n to 24, beyond which a label tells no more. */
static unsigned root_16(size_t n)
{
    static const uint8_t roots[] = {0,  16, 23, 28, 32, 36, 39, 42, 45, 48, 51, 53, 55,
                                    58, 60, 62, 64, 66, 68, 70, 72, 73, 75, 77, 78};
    return roots[n < VG_COUNT(roots) ? n : VG_COUNT(roots) - 1];
}

/* What a label is made of; bits are in 1/64. A dash begins a new word. */
typedef struct {
    unsigned bits, length, changes;
} makeup;

static makeup makeup_of(vg_str label)
{
    enum { DIGIT = 288 /* 4.5 bits */, STEP = 16 /* a quarter */, FIRST = 4 * 64 };
    makeup m = {0};
    unsigned a = 0, b = 0;
    char before = 0; /* 'l' a letter, 'd' a digit */
    for (size_t i = 0; i < label.len; i++) {
        char c = lower(label.ptr[i]);
        bool is_letter = c >= 'a' && c <= 'z', is_digit = c >= '0' && c <= '9';
        char kind = is_letter ? 'l' : is_digit ? 'd' : before;
        if (!is_letter)
            a = b = 0;
        if (is_letter) {
            unsigned letter = (unsigned)(c - 'a') + 1;
            unsigned bits = STEP * (unsigned)(surprise[(a * 27 + b) * 27 + letter] - '0');
            m.bits += b == 0 && bits > FIRST ? FIRST : bits; /* how a name begins tells little */
            a = b;
            b = letter;
        }
        m.bits += is_digit ? DIGIT : 0;
        m.length += is_letter || is_digit;
        m.changes += before && kind != before;
        before = kind;
    }
    return m;
}

unsigned vg_dns_generated(vg_str label)
{
    enum { SHORTEST = 7, CHANGE = 160 /* 2.5 bits */, WORDS = 326 /* 5.1 bits */ };
    if (label.len > 63 || vg_str_starts(label, VG_STR("xn--")))
        return 0;
    makeup m = makeup_of(label);
    if (m.length < SHORTEST)
        return 0;
    int mean = (int)((m.bits + m.changes * CHANGE) / m.length);
    int score = 50 + (mean - WORDS) * 8 * (int)root_16(m.length) / (64 * 16);
    if (m.length < 10)
        score = score * (int)(m.length - 3) / 7;
    return score < 0 ? 0 : score > 100 ? 100 : (unsigned)score;
}
