/* fuzz_archive.c: any bytes through decompression, and what comes out through the archive reader, within small limits. As a
 * stream the same bytes give the same, wherever they can be read whole. */
#include "format/format.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

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

static vg_status stream(vg_str bytes, vg_buf *out)
{
    enum { ROOM = 777 };
    static int fd = -1;
    static char path[64];
    char room[ROOM];
    size_t got = 1;
    vg_stream *s = NULL;
    vg_error err = {0};
    if (fd < 0 && (fd = memfd_create("fuzz", 0)) >= 0)
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, bytes.ptr, bytes.len, 0) != (ssize_t)bytes.len)
        abort();
    vg_status status = vg_stream_open(vg_str_from(path), &s, &err);
    while (status == VG_OK && got > 0 && out->len <= TOTAL_MAX) {
        status = vg_stream_read(s, room, ROOM, &got, &err);
        vg_buf_add(out, room, got);
    }
    vg_stream_close(s);
    return status;
}

static void same_as_stream(vg_str bytes, vg_str whole)
{
    vg_buf out = {0};
    if (stream(bytes, &out) != VG_OK || !vg_str_eq(vg_buf_str(&out), whole)) {
        fprintf(stderr, "%zu bytes whole, %zu as a stream\n", whole.len, out.len);
        abort();
    }
    vg_buf_free(&out);
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
        same_as_stream(whole, out);
        vg_archive_walk(out, VG_STR("f"), ENTRY_MAX, TOTAL_MAX, each, NULL, &total, &err);
    } else {
        vg_buf some = {0};
        stream(whole, &some);
        vg_buf_free(&some);
    }
    vg_arena_free(arena);
    return 0;
}
