/* json_index_sse2.c: the index with the instructions that every x86-64 has. There is no byte shuffle among them, so
 * classes are found by comparing, and UTF-8 byte by byte in blocks that are not ASCII. */
#if defined(__x86_64__)
#include <emmintrin.h>

#include "format/json_index_block.h"

/* A bit per byte of 16. */
VG_ALWAYS_INLINE uint64_t bits_of(__m128i comparison)
{
    return (uint64_t)(unsigned)_mm_movemask_epi8(comparison);
}

VG_ALWAYS_INLINE __m128i is_byte(__m128i bytes, char c)
{
    return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c));
}

VG_ALWAYS_INLINE void classify_part(const uint8_t *part, unsigned shift, vg_json_masks *m)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)part);
    __m128i lower = _mm_or_si128(bytes, _mm_set1_epi8(0x20)); /* '[' and '{' are one, ']' and '}' too */
    __m128i open = is_byte(lower, '{'), close = is_byte(lower, '}');
    __m128i between = _mm_or_si128(is_byte(bytes, ','), is_byte(bytes, ':'));
    __m128i line = _mm_or_si128(is_byte(bytes, '\n'), is_byte(bytes, '\r'));
    __m128i blank = _mm_or_si128(is_byte(bytes, ' '), is_byte(bytes, '\t'));
    __m128i control = _mm_cmpeq_epi8(_mm_max_epu8(bytes, _mm_set1_epi8(0x1F)), _mm_set1_epi8(0x1F));
    m->backslash |= bits_of(is_byte(bytes, '\\')) << shift;
    m->quote |= bits_of(is_byte(bytes, '"')) << shift;
    m->punctuation |= bits_of(_mm_or_si128(_mm_or_si128(open, close), between)) << shift;
    m->open |= bits_of(open) << shift;
    m->space |= bits_of(_mm_or_si128(line, blank)) << shift;
    m->control |= bits_of(control) << shift;
    m->high |= bits_of(bytes) << shift;
}

VG_ALWAYS_INLINE vg_json_masks classify(const uint8_t *block)
{
    vg_json_masks m = {0};
    for (unsigned i = 0; i < VG_JSON_BLOCK; i += 16)
        classify_part(block + i, i, &m);
    return m;
}

size_t vg_json_index_fill_sse2(vg_json_index *index, uint32_t *out, size_t room)
{
    return vg_json_index_fill_with(index, out, room, classify, vg_json_block_utf8, vg_json_put_tokens);
}
#endif
