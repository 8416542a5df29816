/* json_number.h: numbers of a JSON text, exactly. */
#ifndef VIGIL_FORMAT_JSON_NUMBER_H
#define VIGIL_FORMAT_JSON_NUMBER_H

#include "format/format.h"

/* Reads the number at `start` (RFC 8259, section 6) into the kind and value of *out; `position` stays as it is. A byte
 * that belongs to no number must stand before `end`. Returns where the number ends, or NULL when it is malformed.
 * Integers are VG_INT, or VG_UINT above INT64_MAX; "-0", fractions and exponents are VG_DOUBLE, correctly rounded
 * (underflow gives a subnormal or zero); what is beyond both is VG_NUMBER with the text at `start`. */
const uint8_t *vg_json_number_read(const uint8_t *start, const uint8_t *end, vg_value *out);

/* digits * 10^exponent as the nearest double, ties to even. False when 128 bits do not tell which that is, or when it
 * is not finite. */
bool vg_json_double_of(uint64_t digits, int64_t exponent, double *out);

#endif
