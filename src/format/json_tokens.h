/* json_tokens.h: the token list of a JSON text as its readers walk it, a window at a time.
 *
 *     tokens   |consumed ... | at ........ limit .. end | 8 sentinels |
 *
 * A reader may look VG_JSON_AHEAD tokens ahead of `at` while at < limit; at `limit` it asks for more. Once the text
 * has ended, limit = end, and the sentinels behind are offsets of the text's first byte: harmless to read, and a reader
 * that consumed one stands behind `end` and is told so the next time it asks. */
#ifndef VIGIL_FORMAT_JSON_TOKENS_H
#define VIGIL_FORMAT_JSON_TOKENS_H

#include "format/json_index.h"

enum { VG_JSON_AHEAD = 8, VG_JSON_WINDOW = 4096 };

typedef struct {
    vg_json_index index;
    vg_json_index_fill *fill;
    vg_str source, name;
    const uint32_t *limit, *end;
    uint32_t tokens[VG_JSON_WINDOW + 2 * VG_JSON_BLOCK + VG_JSON_AHEAD];
} vg_json_tokens;

/* Starts over source[start..length), which is not empty, and gives the first token. */
const uint32_t *vg_json_tokens_start(vg_json_tokens *t, vg_json_index_fill *fill, vg_str source, vg_str name,
                                     size_t start, size_t length);
/* Fills the window again, keeping what stands at and behind `at`; the same token's new address. At the end of the text
 * it returns `at` itself, and at >= limit stays true when nothing is left. */
const uint32_t *vg_json_tokens_more(vg_json_tokens *t, const uint32_t *at);

/* Where a reader failed that stands at `at`: at its token, at the index's fault, or at the end of the text. */
size_t vg_json_tokens_offset(const vg_json_tokens *t, const uint32_t *at);
/* The error of a reader that did not expect the token `at`: what the index found wrong if it stopped before it, else
 * that the text ends too early, else `message`, at the token's place. */
vg_status vg_json_unexpected(const vg_json_tokens *t, const uint32_t *at, const char *message, vg_error *err);
vg_status vg_json_error_at(const vg_json_tokens *t, size_t offset, vg_status code, const char *message,
                           vg_error *err);

/* What the readers have in common. */
typedef struct {
    size_t max_bytes, max_nodes;
    unsigned max_depth;
} vg_json_bounds;
vg_json_bounds vg_json_bounds_of(const vg_limits *limits);

/* Bytes of the longest string that a node can hold. */
#define VG_JSON_LONGEST ((UINT32_C(1) << 28) - 1)

/* Reads the number or literal at the token `at` into *node, position included. Memory from `arena` only for a number
 * that ends with the text. */
vg_status vg_json_scalar_read(const vg_json_tokens *t, const uint32_t *at, vg_arena *arena, vg_value *node,
                              vg_error *err);
/* Decodes the content of a string, which the index found good, into `out` (with room for text.len + 8). Returns false
 * with *bad the offset of a wrong escape and *why. */
bool vg_json_unescape(vg_str text, char *out, size_t *out_len, size_t *bad, const char **why);

#endif
