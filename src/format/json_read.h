/* json_read.h: reading one value out of a larger text, which the cursor needs. */
#ifndef VIGIL_FORMAT_JSON_READ_H
#define VIGIL_FORMAT_JSON_READ_H

#include "format/json_tokens.h"

/* Reads the one value that source[start..length) holds, into a tree whose positions are offsets in `source`. */
vg_status vg_json_read_span(vg_arena *arena, vg_json_index_fill *fill, vg_str source, vg_str name,
                            size_t start, size_t length, const vg_limits *limits, vg_doc *out, vg_error *err);

#endif
