/* fuzz_archive.c: any bytes through decompression, and what comes out through the archive reader, within small limits. */
#include "format/format.h"

#include <stdlib.h>

#define ENTRY_MAX (1U << 16)
#define TOTAL_MAX (1U << 18)

static vg_status each(void *context, const vg_archive_entry *entry, vg_error *err)
{
    size_t *total = context;
    (void)err;
    *total += entry->bytes.len;
    if (entry->bytes.len > ENTRY_MAX || *total > TOTAL_MAX || entry->path.len == 0 ||
        entry->path.ptr[0] == '/')
        abort();
    return VG_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    vg_arena *arena = vg_arena_new(64U << 20);
    vg_str out, whole = vg_str_of((const char *)bytes, size);
    vg_error err = {0};
    size_t total = 0;
    if (vg_decompress(arena, whole, TOTAL_MAX, &out, &err) == VG_OK) {
        if (vg_is_compressed(whole) && out.len > TOTAL_MAX)
            abort();
        vg_archive_walk(out, VG_STR("f"), ENTRY_MAX, TOTAL_MAX, each, NULL, &total, &err);
    }
    vg_arena_free(arena);
    return 0;
}
