/* json_index_avx2.c: the index with AVX2, and UTF-8 by table lookup (Keiser and Lemire, "Validating UTF-8 In Less Than
 * One Instruction Per Byte", 2020): what is wrong with two neighbouring bytes is a set of at most eight kinds of error,
 * one bit each; the high and low half of the first byte and the high half of the second each allow some kinds, and a
 * kind that all three allow is there. */
#if defined(__x86_64__)
#include <immintrin.h>

#include "format/json_index_block.h"

#define AVX2 __attribute__((target("avx2,bmi,popcnt,lzcnt")))

/* ---- classes --------------------------------------------------------------------------------------------------- */

static inline AVX2 __attribute__((always_inline)) uint64_t bits_of(__m256i low, __m256i high)
{
    return (uint64_t)(uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high)
                                                               << 32;
}

static inline AVX2 __attribute__((always_inline)) uint64_t bits_equal(const __m256i bytes[2], char c)
{
    __m256i wanted = _mm256_set1_epi8(c);
    return bits_of(_mm256_cmpeq_epi8(bytes[0], wanted), _mm256_cmpeq_epi8(bytes[1], wanted));
}

/* Bytes that equal what the table has at their low half. */
static inline AVX2 __attribute__((always_inline)) __m256i matches(__m256i bytes, __m256i folded,
                                                                  __m256i table)
{
    return _mm256_cmpeq_epi8(folded, _mm256_shuffle_epi8(table, bytes));
}

static inline AVX2 __attribute__((always_inline)) vg_json_masks classify(const uint8_t *block)
{
    /* By low half of the byte: ' ' 0x20, tab 0x09, line feed 0x0A, carriage return 0x0D; elsewhere a byte that its own
     * low half never leads to. */
    const __m256i spaces =
        _mm256_setr_epi8(' ', 100, 100, 100, 17, 100, 113, 2, 100, '\t', '\n', 112, 100, '\r', 100, 100, ' ',
                         100, 100, 100, 17, 100, 113, 2, 100, '\t', '\n', 112, 100, '\r', 100, 100);
    /* With bit 0x20 set: ':' 0x3A, '{' and '[' 0x7B, ',' 0x2C, '}' and ']' 0x7D. Form feed and 0x1A pass for ',' and
     * ':': the reader sees what they are. */
    const __m256i marks = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ':', '{', ',', '}', 0, 0, 0, 0, 0, 0,
                                           0, 0, 0, 0, 0, 0, ':', '{', ',', '}', 0, 0);
    const __m256i bit = _mm256_set1_epi8(0x20), last_control = _mm256_set1_epi8(0x1F);
    __m256i bytes[2] = {_mm256_loadu_si256((const __m256i *)(const void *)block),
                        _mm256_loadu_si256((const __m256i *)(const void *)(block + 32))};
    __m256i folded[2] = {_mm256_or_si256(bytes[0], bit), _mm256_or_si256(bytes[1], bit)};
    return (vg_json_masks){
        .backslash = bits_equal(bytes, '\\'),
        .quote = bits_equal(bytes, '"'),
        .punctuation = bits_of(matches(bytes[0], folded[0], marks), matches(bytes[1], folded[1], marks)),
        .open = bits_equal(folded, '{'),
        .space = bits_of(matches(bytes[0], bytes[0], spaces), matches(bytes[1], bytes[1], spaces)),
        .control = bits_of(_mm256_cmpeq_epi8(_mm256_max_epu8(bytes[0], last_control), last_control),
                           _mm256_cmpeq_epi8(_mm256_max_epu8(bytes[1], last_control), last_control)),
        .high = (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(bytes[0], bytes[1])),
    };
}

/* ---- UTF-8 ------------------------------------------------------------------------------------------------------- */

/* Kinds of error in a pair of bytes. TWO_CONT is an error unless the byte is the third or fourth of a sequence. */
enum {
    TOO_SHORT = 1 << 0,  /* a lead byte, then no continuation */
    TOO_LONG = 1 << 1,   /* ASCII, then a continuation */
    OVERLONG_3 = 1 << 2, /* E0, then 80..9F */
    TOO_LARGE = 1 << 3,  /* F4, then 90..BF; F5..FF, then 90..BF */
    SURROGATE = 1 << 4,  /* ED, then A0..BF */
    OVERLONG_2 = 1 << 5, /* C0 or C1, then a continuation */
    OVERLONG_4 = 1 << 6, /* F0, then 80..8F; with the next: F5..FF, then 80..8F */
    TOO_LARGE_1000 = 1 << 6,
    TWO_CONT = 1 << 7, /* two continuations */
    CARRY = TOO_SHORT | TOO_LONG | TWO_CONT
};

static inline AVX2 __attribute__((always_inline)) __m256i look_up(__m256i halves, __m128i table)
{
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), halves);
}

static inline AVX2 __attribute__((always_inline)) __m256i high_half(__m256i bytes)
{
    return _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0F));
}

static inline AVX2 __attribute__((always_inline)) __m256i pair_errors(__m256i first, __m256i second)
{
    const char lead_2 = TOO_SHORT | OVERLONG_2, lead_3 = TOO_SHORT | OVERLONG_3 | SURROGATE;
    const char lead_4 = (char)(TOO_SHORT | TOO_LARGE | TOO_LARGE_1000 | OVERLONG_4), two = (char)TWO_CONT;
    const char carry = (char)CARRY, large = (char)(CARRY | TOO_LARGE | TOO_LARGE_1000);
    const __m128i first_high =
        _mm_setr_epi8(TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, two,
                      two, two, two, lead_2, TOO_SHORT, lead_3, lead_4);
    const __m128i first_low =
        _mm_setr_epi8((char)(CARRY | OVERLONG_3 | OVERLONG_2 | OVERLONG_4), (char)(CARRY | OVERLONG_2), carry,
                      carry, (char)(CARRY | TOO_LARGE), large, large, large, large, large, large, large,
                      large, (char)(large | SURROGATE), large, large);
    const char cont_8 = (char)(TOO_LONG | OVERLONG_2 | TWO_CONT | OVERLONG_3 | TOO_LARGE_1000 | OVERLONG_4);
    const char cont_9 = (char)(TOO_LONG | OVERLONG_2 | TWO_CONT | OVERLONG_3 | TOO_LARGE);
    const char cont_a = (char)(TOO_LONG | OVERLONG_2 | TWO_CONT | SURROGATE | TOO_LARGE);
    const __m128i second_high =
        _mm_setr_epi8(TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
                      cont_8, cont_9, cont_a, cont_a, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT);
    __m256i low = _mm256_and_si256(first, _mm256_set1_epi8(0x0F));
    return _mm256_and_si256(_mm256_and_si256(look_up(high_half(first), first_high), look_up(low, first_low)),
                            look_up(high_half(second), second_high));
}

/* The errors of 32 bytes, whose neighbours before them are read from memory too. */
static inline AVX2 __attribute__((always_inline)) __m256i errors_of(const uint8_t *p)
{
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i before_1 = _mm256_loadu_si256((const __m256i *)(const void *)(p - 1));
    __m256i before_2 = _mm256_loadu_si256((const __m256i *)(const void *)(p - 2));
    __m256i before_3 = _mm256_loadu_si256((const __m256i *)(const void *)(p - 3));
    __m256i third = _mm256_subs_epu8(before_2, _mm256_set1_epi8((char)(0xE0 - 0x80)));
    __m256i fourth = _mm256_subs_epu8(before_3, _mm256_set1_epi8((char)(0xF0 - 0x80)));
    __m256i must_continue = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)0x80));
    return _mm256_xor_si256(must_continue, pair_errors(before_1, bytes));
}

static inline AVX2 __attribute__((always_inline)) bool is_utf8(const uint8_t *block)
{
    __m256i errors = _mm256_or_si256(errors_of(block), errors_of(block + 32));
    return _mm256_testz_si256(errors, errors) != 0;
}

AVX2 bool vg_json_block_utf8_avx2(const uint8_t *block)
{
    return is_utf8(block);
}

AVX2 size_t vg_json_index_fill_avx2(vg_json_index *index, uint32_t *out, size_t room)
{
    return vg_json_index_fill_with(index, out, room, classify, is_utf8, vg_json_put_tokens);
}
#endif
