/* signal_part.h: how a store keeps signals (private to signal*.c). */
#ifndef VIGIL_DETECT_SIGNAL_PART_H
#define VIGIL_DETECT_SIGNAL_PART_H

#include "detect/detect_part.h"

/* A signal in memory: texts are numbers in the store's dictionary.
 *
 *     time     offset   id (a UUID, or a text's number)   stream rule  group value brief file above flags
 *     8        8        16                                4      4     4     4     4     4    4     4       64 bytes
 *
 * `brief` is one text of all that a brief says, for the same actor does the same thing again and again. */
typedef struct {
    vg_time time;
    uint64_t offset;
    union {
        uint8_t uuid[16];
        uint32_t text;
    } id;
    uint32_t stream, rule, group, value, brief, file, above, flags;
} vg_signal_record;
_Static_assert(sizeof(vg_signal_record) == 64, "a million of them are 64 MB");

enum { VG_SIGNAL_UUID = 1, VG_SIGNAL_HAS_VALUE = 2, VG_SIGNAL_SUCCEEDED = 4, VG_SIGNAL_FLAGS = 7 };

/* A sorted run in the spill file. */
typedef struct {
    uint64_t offset, bytes;
} vg_signal_run;

/* The texts of a signal that a store keeps by their numbers. */
typedef enum {
    VG_TEXT_ID,
    VG_TEXT_BRIEF,
    VG_TEXT_GROUP,
    VG_TEXT_VALUE,
    VG_TEXT_FILE,
    VG_TEXT_ABOVE,
    VG_TEXT_COUNT
} vg_text_place;

struct vg_signals {
    size_t budget;
    char *folder; /* NULL: what does not fit is evicted */
    vg_arena *arena;
    vg_map *texts; /* to their numbers, which are their places in the map */
    struct {
        vg_str text; /* of the dictionary; ptr NULL: none yet */
        uint32_t number;
    } last[VG_TEXT_COUNT]; /* neighbours often have the same */
    vg_signal_record *records;
    size_t count, cap;
    bool sorted;                /* the records are in order, each once */
    vg_buf brief;               /* the text of a brief at hand */
    vg_buf group, value, above; /* of a signal that is being made (correlate.c) */
    vg_arena *scratch;
    uint64_t evicted, left_out;
    bool has_floor; /* what is not above the floor was evicted, and is when it comes again */
    vg_time floor;
    uint64_t floor_hash;
    int file; /* -1: nothing is spilled yet */
    vg_signal_run *runs;
    size_t run_count, run_cap;
    uint64_t file_bytes;
};

/* Texts of a brief as one, and back. */
void vg_signal_write_brief(const vg_brief *brief, vg_buf *out);
void vg_signal_read_brief(vg_str text, vg_brief *out);
vg_str vg_signal_brief_account(vg_str text);
/* A UUID as AWS writes it: lower case with hyphens. */
enum { VG_UUID_TEXT = 36 };
bool vg_signal_read_uuid(vg_str text, uint8_t out[16]);
void vg_signal_write_uuid(const uint8_t uuid[16], char out[VG_UUID_TEXT]);

static inline vg_str vg_signal_text(const vg_signals *s, uint32_t number)
{
    return vg_map_at(s->texts, number)->key;
}

/* Puts the records in order and drops those that are there twice. */
vg_status vg_signals_sort(vg_signals *s, vg_error *err);
/* Sorts the records and writes them as a run to the spill file; the store's memory is empty then. */
vg_status vg_signals_spill(vg_signals *s, vg_error *err);
void vg_signals_forget(vg_signals *s); /* all records and texts */

/* Which of two signals comes first: by what they are; then, of two copies of one, by the rest. */
int vg_signal_compare(const vg_signal *a, const vg_signal *b);
bool vg_signal_is_same(const vg_signal *a, const vg_signal *b);

#endif
