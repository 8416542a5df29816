/* json_index.c: choosing a path of the index, what happens on a fault, and the plain path, which needs nothing but C
 * and is the measure that the others are tested against. */
#include "format/json_index_block.h"

vg_json_index vg_json_index_over(vg_str source, size_t start, size_t length)
{
    return (vg_json_index){.source = (const uint8_t *)source.ptr,
                           .start = start,
                           .length = length,
                           .at = start,
                           .was_ascii = true};
}

vg_json_index_fill *vg_json_index_path(vg_json_path path)
{
#if defined(__x86_64__)
    bool has_avx2 =
        __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt");
    bool has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512vbmi2");
    if (path == VG_JSON_AUTO)
        path = has_avx512 ? VG_JSON_AVX512 : has_avx2 ? VG_JSON_AVX2 : VG_JSON_SSE2;
    if (path == VG_JSON_AVX512)
        return has_avx512 ? vg_json_index_fill_avx512 : NULL;
    if (path == VG_JSON_AVX2)
        return has_avx2 ? vg_json_index_fill_avx2 : NULL;
    if (path == VG_JSON_SSE2)
        return vg_json_index_fill_sse2;
#endif
    return path == VG_JSON_AUTO || path == VG_JSON_PLAIN ? vg_json_index_fill_plain : NULL;
}

/* ---- faults ---------------------------------------------------------------------------------------------------- */

static size_t note_fault(vg_json_index *index, vg_json_fault fault, size_t offset, const uint32_t *tokens,
                         size_t count)
{
    if (index->fault != VG_JSON_NO_FAULT && index->fault_at < offset)
        return count;
    index->fault = fault;
    index->fault_at = offset;
    index->done = true;
    while (count > 0 && tokens[count - 1] >= offset)
        count--;
    return count;
}

size_t vg_json_index_utf8_fault(vg_json_index *index, size_t base, const uint32_t *tokens, size_t count)
{
    size_t from = base;
    size_t end = index->length - base < VG_JSON_BLOCK ? index->length : base + VG_JSON_BLOCK;
    for (size_t back = 1; back <= 3 && back <= base - index->start; back++)
        if (index->source[base - back] >= 0xC0) {
            from = base - back;
            break;
        }
    size_t bad = 0;
    vg_utf8_valid(vg_str_of((const char *)index->source + from, end - from), &bad);
    return note_fault(index, VG_JSON_BAD_UTF8, from + bad, tokens, count);
}

size_t vg_json_index_control_fault(vg_json_index *index, size_t offset, const uint32_t *tokens, size_t count)
{
    return note_fault(index, VG_JSON_BAD_CONTROL, offset, tokens, count);
}

/* ---- the plain path ---------------------------------------------------------------------------------------------- */

enum { SPACE = 1, PUNCTUATION = 2, OPEN = 4, QUOTE = 8, BACKSLASH = 16, CONTROL = 32, HIGH = 64 };

#define C1  CONTROL
#define C8  C1, C1, C1, C1, C1, C1, C1, C1
#define H8  HIGH, HIGH, HIGH, HIGH, HIGH, HIGH, HIGH, HIGH
#define H64 H8, H8, H8, H8, H8, H8, H8, H8

static const uint8_t class_of[256] = {
    C1,
    C1,
    C1,
    C1,
    C1,
    C1,
    C1,
    C1,
    C1,
    C1 | SPACE,
    C1 | SPACE,
    C1,
    C1,
    C1 | SPACE,
    C1,
    C1,
    C8,
    C8,
    [' '] = SPACE,
    ['"'] = QUOTE,
    [','] = PUNCTUATION,
    [':'] = PUNCTUATION,
    ['['] = PUNCTUATION | OPEN,
    ['{'] = PUNCTUATION | OPEN,
    [']'] = PUNCTUATION,
    ['}'] = PUNCTUATION,
    ['\\'] = BACKSLASH,
    [128] = H64,
    H64,
};

static vg_json_masks classify(const uint8_t *block)
{
    vg_json_masks m = {0};
    for (unsigned i = 0; i < VG_JSON_BLOCK; i++) {
        uint64_t class = class_of[block[i]];
        m.space |= (class & 1) << i;
        m.punctuation |= (class >> 1 & 1) << i;
        m.open |= (class >> 2 & 1) << i;
        m.quote |= (class >> 3 & 1) << i;
        m.backslash |= (class >> 4 & 1) << i;
        m.control |= (class >> 5 & 1) << i;
        m.high |= (class >> 6 & 1) << i;
    }
    return m;
}

size_t vg_json_index_fill_plain(vg_json_index *index, uint32_t *out, size_t room)
{
    return vg_json_index_fill_with(index, out, room, classify, vg_json_block_utf8, vg_json_put_tokens);
}
