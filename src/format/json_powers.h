/* json_powers.h: the table of json_powers.c. Row q - VG_JSON_POWER_FIRST has the first 128 bits of 5**q. */
#ifndef VIGIL_FORMAT_JSON_POWERS_H
#define VIGIL_FORMAT_JSON_POWERS_H

#include <stdint.h>

enum { VG_JSON_POWER_FIRST = -342, VG_JSON_POWER_LAST = 308, VG_JSON_POWERS = 651 };

typedef struct {
    uint64_t high, low;
} vg_json_power;

extern const vg_json_power vg_json_powers[VG_JSON_POWERS];

#endif
