/* fuzz_intel.c: lists of indicators and compiled blocks, of any bytes. The first byte tells which: a list, whose own block
 * must open and hold as many indicators as were added; or a block, whose checksum is put right so that what stands behind
 * it is reached. */
#include "detect/detect.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER = 56, CHECKSUM = 48, VERSION = 1 };

static void ask(const vg_intel *intel, vg_arena *arena, vg_str indicator)
{
    vg_vec names = vg_vec_in(arena, sizeof(vg_str));
    vg_intel_find(intel, indicator, &names);
    for (size_t i = 0; i < names.len; i++)
        if (((vg_str *)vg_vec_at(&names, i))->len > strlen(((vg_str *)vg_vec_at(&names, i))->ptr))
            abort();
}

static void ask_all(const vg_intel *intel, vg_arena *arena, vg_str bytes)
{
    static const char *const indicators[] = {
        "203.0.113.7", "2001:db8::1", "::", "a.bad.example", "x", "44d88612fea8a8f36de82e1278abb02f"};
    vg_str line;
    for (size_t i = 0; i < VG_COUNT(indicators); i++)
        ask(intel, arena, vg_str_from(indicators[i]));
    for (size_t i = 0; i < 32 && vg_str_next(&bytes, '\n', &line); i++)
        ask(intel, arena, line);
}

static void read_list(vg_arena *arena, vg_str bytes)
{
    vg_intel_builder *builder = vg_intel_builder_new();
    vg_intel *intel;
    vg_error err;
    vg_str block;
    size_t added, skipped;
    if (builder && vg_intel_add(builder, VG_STR("list"), bytes, false, &added, &skipped, &err) == VG_OK &&
        vg_intel_compile(arena, builder, &block, &err) == VG_OK) {
        if (vg_intel_open(arena, block, &intel, &err) != VG_OK || vg_intel_count(intel) != added)
            abort();
        ask_all(intel, arena, bytes);
    }
    vg_intel_builder_free(builder);
}

static void read_block(vg_arena *arena, vg_str bytes)
{
    vg_intel *intel;
    vg_error err;
    char *block = malloc(bytes.len + 1); /* of its own, so that a byte behind it is noticed */
    if (!block)
        return;
    memcpy(block, bytes.ptr, bytes.len);
    if (bytes.len >= HEADER) {
        uint64_t checksum = vg_hash64(vg_str_of(block + HEADER, bytes.len - HEADER), VERSION);
        memcpy(block + CHECKSUM, &checksum, sizeof checksum);
    }
    if (vg_intel_open(arena, vg_str_of(block, bytes.len), &intel, &err) == VG_OK)
        ask_all(intel, arena, bytes);
    free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vg_arena *arena = vg_arena_new((size_t)256 << 20);
    if (size > 0 && data[0] % 2)
        read_block(arena, vg_str_of((const char *)data + 1, size - 1));
    else if (size > 0)
        read_list(arena, vg_str_of((const char *)data + 1, size - 1));
    vg_arena_free(arena);
    return 0;
}
