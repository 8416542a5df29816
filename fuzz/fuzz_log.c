/* fuzz_log.c: any log from any bytes; the first byte chooses a format. Every event that comes out must be whole: its object
 * can be written, its slices can be read, and so can whatever is worked out of it. */
#include "trail/trail.h"

#include <stdlib.h>

static void work_out(const vg_event *event, vg_buf *text)
{
    static const char *const names[] = {"flow.direction", "flow.port",  "dns.domain",
                                        "dns.label",      "dns.length", "dns.entropy",
                                        "dns.generated",  "dns.packed", "dns.answer.kind"};
    vg_arena *arena = vg_arena_new(0);
    const vg_value *value;
    for (size_t i = 0; arena && i < VG_COUNT(names); i++)
        if (vg_log_derived(event, vg_str_from(names[i]), arena, &value))
            vg_json_write(text, value, 0);
    vg_arena_free(arena);
}

static vg_status on_event(void *context, const vg_event *event, vg_error *err)
{
    uint64_t *sum = context;
    vg_buf text = {0};
    (void)err;
    vg_json_write(&text, event->root, 0);
    work_out(event, &text);
    *sum += vg_hash64(vg_buf_str(&text), 0) + vg_hash64(event->account, 1) + vg_hash64(event->region, 2) +
            vg_hash64(event->source_ip, 3) + vg_hash64(event->id, 4);
    vg_buf_free(&text);
    return VG_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const formats[] = {"", "srcaddr dstaddr bytes", "${version} ${my-own} ${start}"};
    static const char *const names[] = {"f", "AWSLogs/111122223333/vpcflowlogs/us-east-1/f"};
    if (size == 0)
        return 0;
    uint64_t sum = 0;
    const vg_event_sink sink = {on_event, NULL, &sum};
    const vg_log_options options = {.format = vg_str_from(formats[data[0] % VG_COUNT(formats)])};
    vg_trail_counts counts = {0};
    vg_error err;
    /* a copy of the very size, so that a byte read behind it is seen */
    char *copy = malloc(size > 1 ? size - 1 : 1);
    if (!copy)
        return 0;
    memcpy(copy, data + 1, size - 1);
    vg_str bytes = vg_str_of(copy, size - 1);
    (void)vg_log_recognise(bytes);
    (void)vg_log_read(bytes, vg_str_from(names[data[0] / 16 % VG_COUNT(names)]), &options, &sink, &counts,
                      &err);
    free(copy);
    return 0;
}
