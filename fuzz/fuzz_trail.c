/* fuzz_trail.c: activity records from any bytes: every record that comes out must be readable to its last field. */
#include "trail/trail.h"

static vg_status on_record(void *context, const vg_trail_record *record, vg_error *err)
{
    uint64_t *sum = context;
    (void)err;
    *sum += vg_hash64(record->id, 0) + vg_hash64(record->name, 1) + vg_hash64(record->identity.arn, 2);
    for (size_t i = 0; i < record->resource_count; i++)
        *sum += vg_hash64(record->resources[i].arn, 3);
    return VG_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t sum = 0;
    const vg_trail_sink sink = {on_record, NULL, &sum};
    vg_trail_counts counts = {0};
    vg_error err;
    vg_str bytes = vg_str_of((const char *)data, size);
    (void)vg_trail_recognise(bytes);
    (void)vg_trail_read(bytes, VG_STR("fuzz"), &sink, &counts, &err);
    return 0;
}
