/* json_double.c: from decimal digits and a power of ten to the nearest double.
 *
 * Two ways, the first that applies: when digits and power are both exact doubles, one multiplication or division rounds
 * once and is therefore right (Clinger, "How to Read Floating Point Numbers Accurately", 1990). Else the digits are
 * multiplied with the first 64, and where needed 128, bits of the power of five; the product's leading bits are the
 * mantissa unless what is missing could change them (Lemire, "Number Parsing at a Gigabyte per Second", Software:
 * Practice and Experience 51, 2021; the names below are those of its section 5). Powers of two only move the exponent. */
#include "format/json_number.h"
#include "format/json_powers.h"

enum { MANTISSA_BITS = 52, EXPONENT_BIAS = 1023, EXPONENT_ALL = 0x7FF };

static bool double_by_arithmetic(uint64_t digits, int64_t exponent, double *out)
{
    static const double exact[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (digits > UINT64_C(1) << 53 || exponent < -22 || exponent > 22)
        return false;
    *out = exponent < 0 ? (double)digits / exact[-exponent] : (double)digits * exact[exponent];
    return true;
}

typedef struct {
    uint64_t high, low;
} product;

__extension__ typedef unsigned __int128 wide;

static product multiply(uint64_t a, uint64_t b)
{
    wide whole = (wide)a * b;
    return (product){(uint64_t)(whole >> 64), (uint64_t)whole};
}

/* The first 128 bits of w * 5^q, where w has its top bit set: the low half of the power matters only when the bits
 * below the mantissa are all ones. */
static product multiply_power(uint64_t w, int64_t q)
{
    vg_json_power five = vg_json_powers[q - VG_JSON_POWER_FIRST];
    product z = multiply(w, five.high);
    const uint64_t below = UINT64_MAX >> (MANTISSA_BITS + 3);
    if ((z.high & below) == below) {
        product rest = multiply(w, five.low);
        z.low += rest.high;
        z.high += z.low < rest.high;
    }
    return z;
}

static void assemble(uint64_t mantissa, int64_t exponent, double *out)
{
    uint64_t bits = (mantissa & ((UINT64_C(1) << MANTISSA_BITS) - 1)) | (uint64_t)exponent << MANTISSA_BITS;
    memcpy(out, &bits, sizeof bits);
}

/* A mantissa with one bit more than a double keeps, halved to the nearest. */
static uint64_t halve(uint64_t mantissa)
{
    return (mantissa + (mantissa & 1)) >> 1;
}

static bool subnormal(uint64_t mantissa, int64_t shift, double *out)
{
    mantissa = shift >= 64 ? 0 : halve(mantissa >> shift);
    assemble(mantissa, (int64_t)(mantissa >> MANTISSA_BITS),
             out); /* may have rounded up to the smallest normal */
    return true;
}

bool vg_json_double_of(uint64_t digits, int64_t exponent, double *out)
{
    if (double_by_arithmetic(digits, exponent, out))
        return true;
    *out = 0;
    if (digits == 0 || exponent < VG_JSON_POWER_FIRST)
        return true;
    if (exponent > VG_JSON_POWER_LAST)
        return false;

    int64_t q = exponent, leading = __builtin_clzll(digits);
    product z = multiply_power(digits << leading, q);
    if (z.low == UINT64_MAX && (q < -27 || q > 55))
        return false;
    int64_t upper = (int64_t)(z.high >> 63), cut = upper + 64 - MANTISSA_BITS - 3;
    uint64_t mantissa = z.high >> cut;
    int64_t floor_log2 = (217706 * q) >> 16; /* of 10^q, for every q of the table */
    int64_t power = floor_log2 + 63 + upper - leading + EXPONENT_BIAS;
    if (power <= 0)
        return subnormal(mantissa, 1 - power, out);

    bool halfway = z.low <= 1 && q >= -4 && q <= 23 && (mantissa & 3) == 1 && mantissa << cut == z.high;
    mantissa = halve(halfway ? mantissa & ~UINT64_C(1) : mantissa);
    if (mantissa >> (MANTISSA_BITS + 1)) {
        mantissa >>= 1;
        power++;
    }
    if (power >= EXPONENT_ALL)
        return false;
    assemble(mantissa, power, out);
    return true;
}
