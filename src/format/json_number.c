/* json_number.c: JSON numbers to int64, uint64, double or text. Integers are added up digit by digit; doubles go to the
 * C library for now through a text of their own, in the C locale whatever the host's is. */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "format/json_number.h"

static bool is_digit(uint8_t c)
{
    return (uint8_t)(c - '0') < 10;
}

static const uint8_t *skip_digits(const uint8_t *p)
{
    while (is_digit(*p))
        p++;
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

static void read_with_strtod(const uint8_t *start, const uint8_t *end, vg_value *out)
{
    char small[128], *text = small;
    size_t len = (size_t)(end - start);
    if (len >= sizeof small)
        text = malloc(len + 1);
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!text || !c_locale) {
        keep_text(start, end, out);
    } else {
        memcpy(text, start, len);
        text[len] = 0;
        double d = strtod_l(text, NULL, c_locale);
        if (isfinite(d))
            set_double(out, d);
        else
            keep_text(start, end, out);
    }
    if (c_locale)
        freelocale(c_locale);
    if (text != small)
        free(text);
}

static void read_integer(const uint8_t *start, const uint8_t *digits, const uint8_t *end, vg_value *out)
{
    bool negative = digits != start, overflow = false;
    uint64_t value = 0;
    for (const uint8_t *p = digits; p < end; p++) {
        overflow |= __builtin_mul_overflow(value, 10, &value);
        overflow |= __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value);
    }
    if (overflow || (negative && value > (uint64_t)INT64_MAX + 1)) {
        keep_text(start, end, out);
    } else if (negative && value == 0) {
        set_double(out, -0.0);
    } else {
        out->kind = value > INT64_MAX && !negative ? VG_UINT : VG_INT;
        out->as.u64 = negative ? 0 - value : value;
    }
}

const uint8_t *vg_json_number_read(const uint8_t *start, const uint8_t *end, vg_value *out)
{
    (void)end;
    const uint8_t *digits = start + (*start == '-'), *p = skip_digits(digits);
    if (p == digits || (*digits == '0' && p > digits + 1))
        return NULL;
    if (*p != '.' && (*p | 0x20) != 'e') {
        read_integer(start, digits, p, out);
        return p;
    }
    if (*p == '.') {
        const uint8_t *fraction = ++p;
        p = skip_digits(p);
        if (p == fraction)
            return NULL;
    }
    if ((*p | 0x20) == 'e') {
        p++;
        p += *p == '+' || *p == '-';
        const uint8_t *exponent = p;
        p = skip_digits(p);
        if (p == exponent)
            return NULL;
    }
    read_with_strtod(start, p, out);
    return p;
}
