/* correlation_number.c: the numbers that correlations add up and compare, in billionths.
 *
 * Doubles would make a sum depend on the order of adding, and 0.1 + 0.2 no 0.3. Whole billionths in 128 bits are exact for
 * nine decimals and any number below 2^64, and 2^32 of them still add up without overflow. */
#include "detect/correlation_part.h"

__extension__ typedef unsigned __int128 magnitude;

/* Digits of a number, without leading zeros: value = digits * 10^exponent. */
typedef struct {
    magnitude digits;
    long exponent;
    bool any;
} decimal;

static const char *read_digits(const char *at, const char *end, bool fraction, decimal *out)
{
    const magnitude most = (magnitude)1 << 120;
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        out->any = true;
        bool fits = out->digits < most / 10;
        if (fits)
            out->digits = out->digits * 10 + (unsigned char)(*at - '0');
        out->exponent += fits ? (fraction ? -1 : 0) : (fraction ? 0 : 1);
    }
    return at;
}

/* "e+5" behind the digits. NULL: no exponent that can be. */
static const char *read_exponent(const char *at, const char *end, decimal *out)
{
    if (at == end || (*at != 'e' && *at != 'E'))
        return at;
    at++;
    bool minus = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end)
        return NULL;
    long exponent = 0;
    for (; at < end && *at >= '0' && *at <= '9'; at++)
        exponent = exponent < 100000 ? exponent * 10 + (*at - '0') : exponent;
    out->exponent += minus ? -exponent : exponent;
    return at;
}

/* digits * 10^exponent, rounded to whole ones half away from zero. False: 2^64 billion or more. */
static bool scale(magnitude digits, long exponent, magnitude *out)
{
    const magnitude most = ((magnitude)1 << 64) * VG_BILLION;
    for (; exponent > 0 && digits; exponent--) {
        if (digits >= most)
            return false;
        digits *= 10;
    }
    magnitude half = 0;
    for (; exponent < 0 && digits; exponent++) {
        half = digits % 10;
        digits /= 10;
    }
    if (exponent == 0 && half >= 5)
        digits++;
    *out = digits;
    return digits < most;
}

bool vg_billionths_read(vg_str text, vg_billionths *out)
{
    const char *at = text.ptr, *end = text.ptr + text.len;
    decimal number = {0};
    bool minus = text.len && *at == '-';
    if (text.len && (*at == '-' || *at == '+'))
        at++;
    at = read_digits(at, end, false, &number);
    if (at < end && *at == '.')
        at = read_digits(at + 1, end, true, &number);
    if (!number.any)
        return false;
    at = read_exponent(at, end, &number);
    magnitude size;
    if (at != end || !scale(number.digits, number.exponent + 9, &size))
        return false;
    *out = minus ? -(vg_billionths)size : (vg_billionths)size;
    return true;
}

double vg_billionths_double(vg_billionths number)
{
    vg_billionths whole = number / VG_BILLION;
    return (double)whole + (double)(number - whole * VG_BILLION) / VG_BILLION;
}

static bool bound_holds(const vg_bound *bound, vg_billionths number, vg_billionths limit)
{
    switch ((vg_bound_op)bound->op) {
    case VG_BOUND_LT:
        return number < limit;
    case VG_BOUND_LTE:
        return number <= limit;
    case VG_BOUND_GT:
        return number > limit;
    case VG_BOUND_GTE:
        return number >= limit;
    case VG_BOUND_EQ:
        return number == limit;
    default:
        return number != limit;
    }
}

/* `number` stands for number / scale, so that averages are compared without rounding. */
bool vg_bounds_hold(const vg_bound *bounds, size_t count, vg_billionths number, vg_billionths divisor)
{
    for (size_t i = 0; i < count; i++)
        if (!bound_holds(&bounds[i], number, bounds[i].limit * divisor))
            return false;
    return true;
}
