/* json_number.h: numbers of a JSON text, exactly. */
#ifndef VIGIL_FORMAT_JSON_NUMBER_H
#define VIGIL_FORMAT_JSON_NUMBER_H

#include "format/format.h"

/* Reads the number at p (RFC 8259, section 6), which ends before `end` with a byte that belongs to no number, into the
 * kind and value of *out; `position` stays as it is. Returns where it ends, or NULL when it is malformed.
 * Integers are VG_INT, or VG_UINT above INT64_MAX; "-0", fractions and exponents are VG_DOUBLE, correctly rounded
 * (underflow gives a subnormal or zero); what is beyond both is VG_NUMBER with the text at p. */
const uint8_t *vg_json_number_read(const uint8_t *p, const uint8_t *end, vg_value *out);

#endif
