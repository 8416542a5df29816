/* json_index_avx512.c: the index with AVX-512. A comparison of 64 bytes gives their bits at once, and the offsets of set bits
 * come from compressing the numbers 0 to 63 by them: what takes AVX2 a step a token takes a step for sixteen of them. */
#if defined(__x86_64__)
#include <immintrin.h>

#include "format/json_index_block.h"

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vbmi2,bmi,popcnt,lzcnt")))

static inline AVX512 __attribute__((always_inline)) uint64_t bits_equal(__m512i bytes, char c)
{
    return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(c));
}

/* Bytes that equal what the table has at their low half. */
static inline AVX512 __attribute__((always_inline)) uint64_t matches(__m512i bytes, __m512i folded,
                                                                     __m128i table)
{
    return _mm512_cmpeq_epi8_mask(folded, _mm512_shuffle_epi8(_mm512_broadcast_i32x4(table), bytes));
}

/* The tables are those of AVX2, where they are explained. */
static inline AVX512 __attribute__((always_inline)) vg_json_masks classify(const uint8_t *block)
{
    const __m128i spaces =
        _mm_setr_epi8(' ', 100, 100, 100, 17, 100, 113, 2, 100, '\t', '\n', 112, 100, '\r', 100, 100);
    const __m128i marks = _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ':', '{', ',', '}', 0, 0);
    __m512i bytes = _mm512_loadu_si512((const void *)block);
    __m512i folded = _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));
    return (vg_json_masks){
        .backslash = bits_equal(bytes, '\\'),
        .quote = bits_equal(bytes, '"'),
        .punctuation = matches(bytes, folded, marks),
        .open = bits_equal(folded, '{'),
        .space = matches(bytes, bytes, spaces),
        .control = _mm512_cmple_epu8_mask(bytes, _mm512_set1_epi8(0x1F)),
        .high = _mm512_movepi8_mask(bytes),
    };
}

static inline AVX512 __attribute__((always_inline)) size_t put_tokens(uint32_t *out, uint32_t base,
                                                                      uint64_t bits)
{
    static const uint8_t numbers[VG_JSON_BLOCK] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
        22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
        44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    size_t count = (size_t)__builtin_popcountll(bits);
    const __m512i from = _mm512_set1_epi32((int)base);
    __m512i offsets = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512((const void *)numbers));
    const __m128i parts[4] = {_mm512_castsi512_si128(offsets), _mm512_extracti32x4_epi32(offsets, 1),
                              _mm512_extracti32x4_epi32(offsets, 2), _mm512_extracti32x4_epi32(offsets, 3)};
#pragma GCC unroll 4
    for (size_t i = 0; i < 4; i++) {
        if (i > 0 && count <= 16 * i)
            break;
        _mm512_storeu_si512((void *)(out + 16 * i), _mm512_add_epi32(_mm512_cvtepu8_epi32(parts[i]), from));
    }
    return count;
}

AVX512 size_t vg_json_index_fill_avx512(vg_json_index *index, uint32_t *out, size_t room)
{
    return vg_json_index_fill_with(index, out, room, classify, vg_json_block_utf8_avx2, put_tokens);
}
#endif
