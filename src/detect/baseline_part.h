/* baseline_part.h: between the files baseline*.c; private to detect/.
 *
 * What is known of an actor is a join of sets: of values, of hours, of marks of events, of times. Joining is associative,
 * commutative and idempotent, so order, split and doubles of logs change nothing. */
#ifndef VIGIL_DETECT_BASELINE_PART_H
#define VIGIL_DETECT_BASELINE_PART_H

#include "detect/derived_part.h"

enum {
    BASELINE_SETS = VG_USUAL_HOUR, /* words below VG_USUAL_HOUR are sets of texts */
    BASELINE_MOST_VALUES = 64,     /* of an actor in one set; past it the set is diverse */
    BASELINE_MOST_MARKS = 64,      /* the smallest hashes of its events' ids, by which events are counted */
    BASELINE_MOST_TEXT = 1024,     /* what is longer is cut */
    BASELINE_HOURS = 168,
    BASELINE_VERSION = 1,
    BASELINE_WARM_DAYS = 7,
    BASELINE_WARM_EVENTS = 50,
    BASELINE_LEAST_PACE = 2 /* calls an hour: who makes fewer is taken for who makes so many */
};

typedef struct {
    uint64_t bits[3]; /* by hour of the week, Monday 00 UTC first */
} baseline_hours;

/* In a file: header | entries | marks | references | ends of texts | bytes of texts. Texts are ascending and each once, so
 * that their numbers compare as they do; entries ascend by account and actor. */
typedef struct {
    char magic[8];
    uint32_t version, entries;
    uint64_t checksum; /* of all else, this being 0 */
    uint64_t marks, references, texts, text_bytes;
    uint64_t left_out; /* actors that did not fit: an estimate that depends on nothing but the events */
} baseline_header;

typedef struct {
    uint32_t account, actor; /* numbers of texts; the empty actor is the account itself */
    int64_t first, last;
    baseline_hours hours;
    uint32_t first_mark, first_reference;
    uint8_t counts[BASELINE_SETS]; /* references, set after set */
    uint8_t diverse;               /* bits by set */
    uint8_t marks;
} baseline_entry;

struct vg_baseline {
    vg_str block; /* aligned; the parts point into it */
    size_t entry_count, text_count;
    const baseline_entry *entries;
    const uint64_t *marks;
    const uint32_t *references, *ends;
    const char *bytes;
    uint64_t left_out;
};

uint64_t baseline_checksum(vg_str block);
vg_str baseline_text(const vg_baseline *baseline, uint32_t number);
/* NULL: nothing was learned of it. */
const baseline_entry *baseline_find(const vg_baseline *baseline, vg_str account, vg_str actor);
const uint32_t *baseline_set(const vg_baseline *baseline, const baseline_entry *entry, size_t set);
bool baseline_holds(const vg_baseline *baseline, const baseline_entry *entry, size_t set, vg_str value);
/* Distinct events: exact below BASELINE_MOST_MARKS, else an estimate. */
uint64_t baseline_events(const uint64_t *marks, size_t count);

unsigned baseline_hour_of(vg_time time);
static inline bool baseline_has_hour(const baseline_hours *hours, unsigned hour)
{
    return hours->bits[hour / 64] >> hour % 64 & 1;
}

/* What an event tells of its actor. Absent values are empty. */
typedef struct {
    vg_str account, actor, values[BASELINE_SETS];
} baseline_traits;
/* False: it tells nothing of anybody: another log, no time, a service that acts by itself. */
bool baseline_traits_of(const vg_event *event, const vg_geo *geo, vg_arena *arena, baseline_traits *out);

#endif
