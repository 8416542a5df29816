/* json_index_block.h: the part of the index that is the same for every instruction set, written as functions that are
 * inlined into each path's loop. A path gives two functions over a block of 64 bytes, of which the three bytes before
 * it may be read too: `classify` makes the masks, `utf8` says whether it is well-formed. */
#ifndef VIGIL_FORMAT_JSON_INDEX_BLOCK_H
#define VIGIL_FORMAT_JSON_INDEX_BLOCK_H

#include "format/json_index.h"

#define VG_ALWAYS_INLINE static inline __attribute__((always_inline))

typedef struct {
    uint64_t backslash, quote;
    uint64_t punctuation; /* {}[]:, and harmless others: the reader looks at the byte again */
    uint64_t open;        /* { and [ among them */
    uint64_t space;       /* white space */
    uint64_t control;     /* below 0x20 */
    uint64_t high;        /* not zero when a byte is not ASCII */
} vg_json_masks;

typedef vg_json_masks vg_json_classify(const uint8_t *block);
typedef bool vg_json_utf8(const uint8_t *block);
/* Writes the offsets of the set bits, behind `base`, and perhaps rubbish behind the last, at most as many as a block has
 * bytes in all. Returns how many bits are set. */
typedef size_t vg_json_put(uint32_t *out, uint32_t base, uint64_t bits);

/* Called when a block is not good UTF-8 (the fault may begin up to three bytes before it) or holds a control character
 * in a string: notes the fault if it is the first, and drops the tokens at and behind it. Returns how many of `count` remain. */
size_t vg_json_index_utf8_fault(vg_json_index *index, size_t base, const uint32_t *tokens, size_t count);
size_t vg_json_index_control_fault(vg_json_index *index, size_t offset, const uint32_t *tokens, size_t count);

/* The check of a block byte by byte, and with AVX2. */
bool vg_json_block_utf8(const uint8_t *block);
#if defined(__x86_64__)
bool vg_json_block_utf8_avx2(const uint8_t *block);
#endif

/* Bit i is the parity of bits 0..i: with quotes in, ones from each opening quote to before its closing one. */
VG_ALWAYS_INLINE uint64_t vg_json_prefix_xor(uint64_t bits)
{
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^= bits << 32;
    return bits;
}

/* The bytes that are escaped, and in *begins the backslashes that escape them. In a run of backslashes every other one
 * begins an escape, counted from the run's start: adding a run's start to its bits carries past its end, and the
 * carry's position is odd or even as the run is long. */
VG_ALWAYS_INLINE uint64_t vg_json_escaped(vg_json_index *index, uint64_t backslash, uint64_t *begins)
{
    const uint64_t odd = 0xAAAAAAAAAAAAAAAAu;
    uint64_t carried = index->escaped;
    if (backslash == 0) {
        index->escaped = 0;
        *begins = 0;
        return carried;
    }
    uint64_t run = backslash & ~carried;
    uint64_t alternating = (((run << 1) | odd) - run) ^ odd;
    *begins = alternating & run;
    index->escaped = *begins >> 63;
    return (*begins << 1) | carried;
}

/* Writes in steps of eight. The stores are volatile so that compilers do not gather them into vectors, which costs more than it saves (a fifth of the index). */
VG_ALWAYS_INLINE size_t vg_json_put_tokens(uint32_t *out, uint32_t base, uint64_t bits)
{
    size_t count = (size_t)__builtin_popcountll(bits);
    for (size_t i = 0; i < count; i += 8) {
        volatile uint32_t *to = out + i;
#pragma GCC unroll 8
        for (size_t k = 0; k < 8; k++) {
            to[k] = base + (uint32_t)__builtin_ctzll(bits | (UINT64_C(1) << 63));
            bits &= bits - 1;
        }
    }
    return count;
}

VG_ALWAYS_INLINE size_t vg_json_index_block(vg_json_index *index, const vg_json_masks *m, size_t base,
                                            uint32_t *out, vg_json_put *put)
{
    uint64_t escapes;
    uint64_t quote = m->quote & ~vg_json_escaped(index, m->backslash, &escapes);
    uint64_t in_string = vg_json_prefix_xor(quote) ^ index->in_string; /* opening quote and content */
    index->in_string = 0 - (in_string >> 63);

    uint64_t outside = ~(in_string | quote);
    uint64_t punctuation = m->punctuation & outside;
    uint64_t scalar = ~(m->punctuation | m->space | quote);
    uint64_t scalar_start = scalar & ~((scalar << 1) | index->scalar) & outside;
    index->scalar = scalar >> 63;

    index->quotes += (uint64_t)__builtin_popcountll(quote);
    index->opens += (uint64_t)__builtin_popcountll(m->open & punctuation);
    index->scalars += (uint64_t)__builtin_popcountll(scalar_start);
    size_t count = put(out, (uint32_t)base, punctuation | scalar_start | quote | (escapes & in_string));

    uint64_t bad = m->control & in_string;
    if (__builtin_expect(bad != 0, 0))
        count = vg_json_index_control_fault(index, base + (size_t)__builtin_ctzll(bad), out, count);
    return count;
}

/* One block at `block`, which stands at source + base or is a padded copy of it. */
VG_ALWAYS_INLINE size_t vg_json_index_step(vg_json_index *index, const uint8_t *block, size_t base,
                                           uint32_t *out, size_t count, vg_json_classify *classify,
                                           vg_json_utf8 *utf8, vg_json_put *put)
{
    vg_json_masks masks = classify(block);
    bool check = !index->was_ascii || masks.high != 0;
    index->was_ascii = masks.high == 0;
    count += vg_json_index_block(index, &masks, base, out + count, put);
    if (check && __builtin_expect(!utf8(block), 0))
        return vg_json_index_utf8_fault(index, base, out, count);
    return count;
}

/* A copy of the block at `base` with the three bytes before it, spaces where the text has ended. */
VG_ALWAYS_INLINE const uint8_t *vg_json_padded_block(const vg_json_index *index, size_t base,
                                                     uint8_t copy[68])
{
    size_t before = base - index->start < 3 ? 0 : 3, here = index->length - base;
    memset(copy, ' ', 68);
    memcpy(copy + 4 - before, index->source + base - before,
           before + (here < VG_JSON_BLOCK ? here : VG_JSON_BLOCK));
    return copy + 4;
}

/* Asks for the bytes that are read some thirty blocks later. The loop pauses for the reader's work each time that its
 * window is full, which is too irregular for the processor's own guess: on large files this is worth a factor of two. */
VG_ALWAYS_INLINE void vg_json_prefetch(const vg_json_index *index)
{
    __builtin_prefetch((const void *)((uintptr_t)(index->source + index->at) + 2048));
}

VG_ALWAYS_INLINE size_t vg_json_index_blocks(vg_json_index *index, uint32_t *out, size_t room,
                                             vg_json_classify *classify, vg_json_utf8 *utf8, vg_json_put *put)
{
    uint8_t copy[68];
    size_t count = 0;
    if (index->at == index->start && !index->done) { /* nothing stands before the first block */
        count = vg_json_index_step(index, vg_json_padded_block(index, index->at, copy), index->at, out, count,
                                   classify, utf8, put);
        index->at += VG_JSON_BLOCK;
    }
    while (room - count >= 2 * VG_JSON_BLOCK && index->at + VG_JSON_BLOCK <= index->length && !index->done) {
        vg_json_prefetch(index);
        count =
            vg_json_index_step(index, index->source + index->at, index->at, out, count, classify, utf8, put);
        index->at += VG_JSON_BLOCK;
    }
    if (room - count < 2 * VG_JSON_BLOCK || index->done)
        return count;
    if (index->at <= index->length ||
        !index->was_ascii) { /* the rest, and what a sequence lacks at the end */
        size_t base = index->at < index->length ? index->at : index->length;
        count = vg_json_index_step(index, vg_json_padded_block(index, base, copy), base, out, count, classify,
                                   utf8, put);
    }
    index->done = true;
    return count;
}

/* The state is worked on in a copy, which the compiler can keep in registers: the tokens that are stored might be part
 * of *index for all it knows. */
VG_ALWAYS_INLINE size_t vg_json_index_fill_with(vg_json_index *index, uint32_t *out, size_t room,
                                                vg_json_classify *classify, vg_json_utf8 *utf8,
                                                vg_json_put *put)
{
    vg_json_index copy = *index;
    size_t count = vg_json_index_blocks(&copy, out, room, classify, utf8, put);
    *index = copy;
    return count;
}

#endif
