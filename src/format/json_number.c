/* json_number.c: JSON numbers to int64, uint64, double or text. One pass collects up to 19 digits in a word, which is
 * the whole of nearly every number; json_double.c makes doubles of them. What that cannot decide, about one number in a
 * million, goes to the C library, in the C locale whatever the host's is. */
#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "format/json_number.h"

enum { WORD_DIGITS = 19 }; /* any number of so many digits fits a uint64_t */

static inline bool is_digit(uint8_t c)
{
    return (uint8_t)(c - '0') < 10;
}

/* Eight ASCII digits at once, if they are: adding pairs, then pairs of pairs, in one word. */
static inline bool eight_digits(const uint8_t *p, uint64_t *value)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    if (((word & 0xF0F0F0F0F0F0F0F0u) | (((word + 0x0606060606060606u) & 0xF0F0F0F0F0F0F0F0u) >> 4)) !=
        0x3333333333333333u)
        return false;
    word -= 0x3030303030303030u;
    word = word * 10 + (word >> 8);
    *value = ((word & 0x000000FF000000FFu) * 0x000F424000000064u +
              (word >> 16 & 0x000000FF000000FFu) * 0x0000271000000001u) >>
             32;
    return true;
}

/* Adds the digits at p to *value, which may wrap around. Returns where they end. */
static inline const uint8_t *read_digits(const uint8_t *p, const uint8_t *end, uint64_t *value)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint64_t eight;
    while (end - p >= 8 && eight_digits(p, &eight)) {
        *value = *value * 100000000 + eight;
        p += 8;
    }
#endif
    for (; is_digit(*p); p++)
        *value = *value * 10 + (uint64_t)(*p - '0');
    return p;
}

static void keep_text(const uint8_t *start, const uint8_t *end, vg_value *out)
{
    out->kind = VG_NUMBER;
    out->len = (uint32_t)(end - start) & 0xFFFFFFFu;
    out->as.string = (const char *)start;
}

static void set_double(vg_value *out, double d)
{
    out->kind = VG_DOUBLE;
    out->as.f64 = d;
}

/* ---- the long way ---------------------------------------------------------------------------------------------- */

static __attribute__((noinline)) void read_with_library(const uint8_t *start, const uint8_t *end,
                                                        vg_value *out)
{
    char small[128], *text = small;
    size_t len = (size_t)(end - start);
    if (len >= sizeof small)
        text = malloc(len + 1);
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    keep_text(start, end, out);
    if (text && c_locale) {
        memcpy(text, start, len);
        text[len] = 0;
        double d = strtod_l(text, NULL, c_locale);
        if (isfinite(d))
            set_double(out, d);
    }
    if (c_locale)
        freelocale(c_locale);
    if (text != small)
        free(text);
}

/* More digits than a word holds: the first 19, and whether the rest could matter. */
static __attribute__((noinline)) void read_long_double(const uint8_t *start, const uint8_t *digits,
                                                       const uint8_t *end, int64_t exponent, vg_value *out)
{
    uint64_t word = 0;
    unsigned held = 0;
    bool past_point = false;
    for (const uint8_t *p = digits; p < end && (is_digit(*p) || *p == '.'); p++) {
        if (*p == '.') {
            past_point = true;
        } else if (held < WORD_DIGITS) {
            word = word * 10 + (uint64_t)(*p - '0');
            held += word > 0;
            exponent -= past_point;
        } else {
            exponent += !past_point;
        }
    }
    double low, high;
    if (vg_json_double_of(word, exponent, &low) && vg_json_double_of(word + 1, exponent, &high) &&
        memcmp(&low, &high, sizeof low) == 0)
        set_double(out, digits != start ? -low : low);
    else
        read_with_library(start, end, out);
}

/* ---- integers ---------------------------------------------------------------------------------------------------- */

static void read_integer(const uint8_t *start, const uint8_t *digits, const uint8_t *end, uint64_t value,
                         vg_value *out)
{
    bool negative = digits != start;
    size_t count = (size_t)(end - digits);
    /* 20 digits fit when they begin with 1 and did not wrap around. */
    bool fits = count <= WORD_DIGITS ||
                (count == WORD_DIGITS + 1 && *digits == '1' && value >= UINT64_C(10000000000000000000));
    if (!fits || (negative && value > (uint64_t)INT64_MAX + 1)) {
        keep_text(start, end, out);
    } else if (negative && value == 0) {
        set_double(out, -0.0);
    } else {
        out->kind = value > INT64_MAX && !negative ? VG_UINT : VG_INT;
        out->as.u64 = negative ? 0 - value : value;
    }
}

/* ---- the grammar --------------------------------------------------------------------------------------------------- */

/* The exponent behind 'e': sign and digits, kept small enough that sums with it cannot overflow. */
static const uint8_t *read_exponent(const uint8_t *p, int64_t *exponent)
{
    bool negative = *p == '-';
    p += *p == '-' || *p == '+';
    const uint8_t *digits = p;
    int64_t value = 0;
    for (; is_digit(*p); p++)
        if (value < INT64_C(1) << 40)
            value = value * 10 + (*p - '0');
    *exponent += negative ? -value : value;
    return p == digits ? NULL : p;
}

const uint8_t *vg_json_number_read(const uint8_t *start, const uint8_t *end, vg_value *out)
{
    const uint8_t *digits = start + (*start == '-');
    uint64_t value = 0;
    const uint8_t *p = read_digits(digits, end, &value);
    if (p == digits || (*digits == '0' && p > digits + 1))
        return NULL;
    if (*p != '.' && (*p | 0x20) != 'e') {
        read_integer(start, digits, p, value, out);
        return p;
    }

    int64_t fraction_digits = 0, exponent = 0;
    size_t digit_count = (size_t)(p - digits);
    if (*p == '.') {
        const uint8_t *fraction = p + 1;
        p = read_digits(fraction, end, &value);
        fraction_digits = p - fraction;
        digit_count += (size_t)fraction_digits;
        if (fraction_digits == 0)
            return NULL;
    }
    if ((*p | 0x20) == 'e')
        p = read_exponent(p + 1, &exponent);
    if (!p)
        return NULL;

    double d;
    if (digit_count > WORD_DIGITS)
        read_long_double(start, digits, p, exponent, out);
    else if (vg_json_double_of(value, exponent - fraction_digits, &d))
        set_double(out, digits != start ? -d : d);
    else
        read_with_library(start, p, out);
    return p;
}
