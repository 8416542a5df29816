/* fuzz_index.c: index files of any bytes. Half of the inputs get right checksums, so that what stands behind them is reached:
 * an index may be broken, and may never be believed beyond its bytes. */
#include "trail/index_part.h"

#include <stdlib.h>

static vg_status on_term(void *context, vg_str term, uint64_t objects, vg_error *err)
{
    uint64_t *sum = context;
    (void)err;
    *sum += vg_hash64(term, objects);
    return VG_OK;
}

static void ask_field(const vg_trail_index *index, vg_trail_field field, vg_arena *arena)
{
    static const char *const terms[] = {"", "a", "akia", "getobject", "zz"};
    vg_error err;
    uint64_t sum = 0;
    (void)vg_trail_index_terms(index, field, VG_STR(""), on_term, &sum, &err);
    for (size_t i = 0; i < VG_COUNT(terms); i++) {
        vg_vec objects = vg_vec_in(arena, sizeof(uint32_t));
        (void)vg_trail_index_find(index, field, vg_str_from(terms[i]), &objects, &err);
        for (size_t o = 0; o < objects.len && o < 16; o++) {
            vg_trail_object object;
            (void)vg_trail_index_object(index, arena, *(uint32_t *)vg_vec_at(&objects, o), &object, &err);
        }
    }
}

static void ask(vg_str bytes)
{
    vg_trail_index *index;
    vg_error err;
    vg_arena *arena = vg_arena_new((size_t)64 << 20);
    vg_vec covers = vg_vec_in(arena, sizeof(vg_trail_cover)), gaps = vg_vec_in(arena, sizeof(vg_trail_gap));
    if (vg_trail_index_over(bytes, VG_STR("fuzz"), &index, &err) == VG_OK) {
        (void)vg_trail_index_check(index, &err);
        for (int field = 0; field < VG_TRAIL_FIELD_COUNT; field++)
            ask_field(index, (vg_trail_field)field, arena);
        if (vg_trail_index_covers(index, arena, &covers, &err) == VG_OK &&
            vg_trail_covers_merge(arena, &covers, &err) == VG_OK)
            (void)covers.len;
        vg_trail_index_close(index);
    }
    (void)gaps;
    vg_arena_free(arena);
}

static void put_checksums(unsigned char *bytes, size_t size)
{
    uint64_t number = size >= INDEX_PAGE ? index_get64(bytes + 16) : 0;
    for (size_t page = 0; (page + 1) * INDEX_PAGE <= size; page++)
        index_put32(bytes + page * INDEX_PAGE + INDEX_CONTENT,
                    index_checksum(bytes + page * INDEX_PAGE, page, number));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *bytes = malloc(size + 1);
    if (!bytes)
        return 0;
    if (size)
        memcpy(bytes, data, size);
    ask(vg_str_of((const char *)bytes, size));
    put_checksums(bytes, size);
    ask(vg_str_of((const char *)bytes, size));
    free(bytes);
    return 0;
}
