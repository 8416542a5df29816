/* fuzz_csv.c: any bytes through the CSV reader: it must end, and fields must be bytes of the source. */
#include "format/format.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    vg_arena *arena = vg_arena_new(64U << 20);
    vg_csv csv = vg_csv_over(arena, vg_str_of((const char *)bytes, size), VG_STR("f"));
    vg_vec fields = vg_vec_in(arena, sizeof(vg_str));
    vg_error err = {0};
    size_t content = 0, sum = 0, records = 0;
    for (bool more = true; vg_csv_next(&csv, &fields, &more, &err) == VG_OK && more; records++)
        for (size_t i = 0; i < fields.len; i++) {
            vg_str field = *(vg_str *)vg_vec_at(&fields, i);
            content += field.len;
            for (size_t k = 0; k < field.len; k++) /* reads each byte, for the address sanitizer */
                sum += (unsigned char)field.ptr[k];
        }
    if (content > size || sum > 255 * size || records > size + 1)
        abort();
    vg_arena_free(arena);
    return 0;
}
