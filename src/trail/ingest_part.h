/* ingest_part.h: what the files of ingest share (private to trail/). */
#ifndef VIGIL_TRAIL_INGEST_PART_H
#define VIGIL_TRAIL_INGEST_PART_H

#include "trail/trail.h"

#define INGEST_MOST_FILE ((size_t)4095 << 20)
#define INGEST_MOST_TEXT ((size_t)2047 << 20)

/* Hours since 1970, rounded down. */
int64_t ingest_hour_of(vg_time time);
/* vg_trail_summarise with another arena for the text. */
vg_status ingest_summarise(vg_arena *arena, vg_arena *scratch, const vg_trail_listed *listed, vg_str bytes,
                           const vg_log_options *log, void (*bad)(void *context, const vg_error *err),
                           void *context, vg_trail_summary *out, vg_ingest_outcome *outcome, vg_error *err);

#endif
