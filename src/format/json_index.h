/* json_index.h: where the tokens of a JSON text begin, found 64 bytes at a time.
 *
 * The text is cut into blocks of 64 bytes. Of each block, the instructions at hand make bit masks (bit i for byte i):
 * quotes, backslashes, punctuation, white space, control characters. Arithmetic on these 64-bit words, the same for all
 * instruction sets, then finds what is escaped, what is inside strings, and where tokens begin:
 *
 *     {"a\"b": 12}        text
 *     1                   punctuation outside strings
 *      1     1            quotes that are not escaped
 *        1                backslashes that begin an escape
 *              1          first bytes of other scalars
 *
 * The offsets of the set bits are the token list. Its reader sees at once where a string ends and whether it holds an
 * escape (then a '\\' token stands between its two quotes), and never looks at the bytes in between. UTF-8 and control
 * characters inside strings are checked here, so that nothing behind needs to. The idea is that of Langdale and Lemire,
 * "Parsing Gigabytes of JSON per Second", VLDB Journal 28 (2019); the UTF-8 check that of Keiser and Lemire, "Validating
 * UTF-8 In Less Than One Instruction Per Byte" (2020).
 *
 * The list is made in pieces: an index fills an array and goes on later, so that text and tokens stay in the cache
 * whatever the size of the file. */
#ifndef VIGIL_FORMAT_JSON_INDEX_H
#define VIGIL_FORMAT_JSON_INDEX_H

#include "format/format.h"

enum { VG_JSON_BLOCK = 64 };

typedef enum {
    VG_JSON_NO_FAULT,
    VG_JSON_BAD_UTF8,
    VG_JSON_BAD_CONTROL /* a control character inside a string */
} vg_json_fault;

typedef struct {
    const uint8_t *source;
    size_t start, length; /* the text is source[start..length) */
    size_t at;            /* of the next block */
    uint64_t in_string;   /* all ones when the last block ended inside a string */
    uint64_t escaped;     /* 1 when the first byte of the next block is escaped */
    uint64_t scalar;      /* 1 when the last block ended inside a scalar other than a string */
    bool was_ascii;       /* the last block was */
    bool done;            /* all blocks are read, or one has a fault */
    vg_json_fault fault;  /* the first one; tokens before fault_at are good */
    size_t fault_at;
    /* Totals, from which the number of values follows without reading them. */
    uint64_t quotes, opens, scalars;
} vg_json_index;

/* Appends token offsets to `out`, which has room for `room` of them (at least 2 * VG_JSON_BLOCK), as long as a
 * block fits and `done` is false. Returns how many. Entries behind the last may be overwritten. */
typedef size_t vg_json_index_fill(vg_json_index *index, uint32_t *out, size_t room);

/* Starts an index over source[start..length). length is at most UINT32_MAX. */
vg_json_index vg_json_index_over(vg_str source, size_t start, size_t length);

/* The fill of a path, or NULL where this machine lacks its instructions. AUTO gives the best. */
vg_json_index_fill *vg_json_index_path(vg_json_path path);

size_t vg_json_index_fill_plain(vg_json_index *index, uint32_t *out, size_t room);
#if defined(__x86_64__)
size_t vg_json_index_fill_sse2(vg_json_index *index, uint32_t *out, size_t room);
size_t vg_json_index_fill_avx2(vg_json_index *index, uint32_t *out, size_t room);
size_t vg_json_index_fill_avx512(vg_json_index *index, uint32_t *out, size_t room);
#endif

#endif
