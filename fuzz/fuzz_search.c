/* fuzz_search.c: a search expression and an event, of any bytes: `EXPRESSION\nEVENT`. A match in the event must be one that
 * its bytes allow. */
#include "trail/trail.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char plain[] =
        "{\"eventName\":\"PutObject\",\"eventSource\":\"s3.amazonaws.com\",\"sourceIPAddress\":"
        "\"10.0.0.1\",\"a\":[{\"b\":1},{\"b\":null}],\"eventTime\":\"2026-01-01T00:00:00Z\"}";
    vg_arena *arena = vg_arena_new((size_t)256 << 20);
    vg_str expression, json;
    const vg_search *search;
    vg_error err;
    vg_doc doc;
    vg_event_memory memory;
    vg_event event;
    vg_time since, until;
    if (!vg_str_split(vg_str_of((const char *)data, size), '\n', &expression, &json))
        json = vg_str_from(plain);
    if (vg_search_compile(arena, expression, &search, &err) == VG_OK) {
        vg_search_times(search, &since, &until);
        (void)vg_search_may_match(search, json);
        if (vg_json_read(arena, json, VG_STR("event"), NULL, &doc, &err) == VG_OK)
            for (int log = 0; log < VG_LOG_KIND_COUNT; log++)
                if (vg_event_of((vg_log_kind)log, doc.root, &memory, &event, &err) == VG_OK &&
                    vg_search_matches(search, &event) && !vg_search_may_match(search, json))
                    abort();
    }
    vg_arena_free(arena);
    return 0;
}
