/* stream.c: a file of any size uncompressed piece by piece, through ISA-L and libzstd. ISA-L's inflate is as fast into a
 * small window as libdeflate's into memory for all (docs/decisions/0011-streams-by-isa-l.md). */
#include "format/format.h"

#include <errno.h>
#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

enum { INPUT = 256 << 10, TRAILER = 4 /* bytes of a member's length, at its end */ };

typedef enum { PLAIN, GZIP, ZSTD } packing;

struct vg_stream {
    int fd;
    packing packing;
    struct inflate_state gzip;
    ZSTD_DStream *zstd;
    size_t at, len; /* of the input that was read */
    bool file_ended, begun;
    bool inside; /* a member or frame has begun and not ended */
    bool broken;
    unsigned char before[TRAILER]; /* what stood before the input */
    unsigned char input[INPUT];
};

static vg_status fill(vg_stream *s, vg_error *err)
{
    ssize_t got;
    size_t last = s->len < TRAILER ? s->len : TRAILER;
    memmove(s->before, s->before + last, TRAILER - last);
    memcpy(s->before + TRAILER - last, s->input + s->len - last, last);
    do
        got = read(s->fd, s->input, INPUT);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return vg_fail_errno(err, errno, "cannot be read");
    s->at = 0;
    s->len = (size_t)got;
    s->file_ended = got == 0;
    return VG_OK;
}

vg_status vg_stream_open(vg_str path, vg_stream **out, vg_error *err)
{
    vg_arena *arena = vg_arena_new(0);
    const char *name = arena ? vg_arena_cstr(arena, path) : NULL;
    vg_stream *s = name ? calloc(1, sizeof *s) : NULL;
    if (!s) {
        vg_arena_free(arena);
        return vg_fail(err, VG_ERR_MEMORY, "out of memory while reading a file");
    }
    bool is_input = vg_str_is(path, "-");
    s->fd = is_input ? dup(STDIN_FILENO) : open(name, O_RDONLY | O_CLOEXEC);
    int failure = errno;
    vg_arena_free(arena);
    if (s->fd < 0) {
        free(s);
        return vg_fail_errno(err, failure, "cannot be opened");
    }
    *out = s;
    return VG_OK;
}

void vg_stream_close(vg_stream *s)
{
    if (!s)
        return;
    ZSTD_freeDStream(s->zstd);
    close(s->fd);
    free(s);
}

/* The first bytes tell how the file is packed. */
static vg_status begin(vg_stream *s, vg_error *err)
{
    VG_TRY(fill(s, err));
    vg_str head = {(const char *)s->input, s->len};
    s->begun = true;
    if (!vg_is_compressed(head))
        return VG_OK;
    if (vg_str_starts(head, VG_STR("\x1f\x8b"))) {
        s->packing = GZIP;
        return VG_OK;
    }
    s->packing = ZSTD;
    s->zstd = ZSTD_createDStream();
    return s->zstd ? VG_OK : vg_fail(err, VG_ERR_MEMORY, "out of memory while decompressing");
}

static vg_status damaged(const vg_stream *s, vg_error *err)
{
    return vg_fail(err, VG_ERR_SYNTAX, "%s data that is damaged or cut off; fetch the file again",
                   s->packing == GZIP ? "gzip" : "zstd");
}

static vg_status read_plain(vg_stream *s, char *out, size_t room, size_t *got)
{
    size_t take = s->len - s->at < room ? s->len - s->at : room;
    memcpy(out, s->input + s->at, take);
    s->at += take;
    *got = take;
    return VG_OK;
}

/* The length of the member that has ended, modulo 2^32, as its last bytes tell it (RFC 1952, 2.3.1). */
static uint32_t length_told(const vg_stream *s)
{
    uint32_t length = 0;
    for (size_t i = 0; i < TRAILER; i++) {
        size_t at = s->at + i;
        length |= (uint32_t)(at < TRAILER ? s->before[at] : s->input[at - TRAILER]) << 8 * i;
    }
    return length;
}

static vg_status read_gzip(vg_stream *s, char *out, size_t room, size_t *got, vg_error *err)
{
    if (!s->inside) {
        isal_inflate_init(&s->gzip);
        s->gzip.crc_flag = ISAL_GZIP;
    }
    s->gzip.next_in = s->input + s->at;
    s->gzip.avail_in = (uint32_t)(s->len - s->at);
    s->gzip.next_out = (unsigned char *)out;
    s->gzip.avail_out = (uint32_t)room;
    int result = isal_inflate(&s->gzip);
    s->at = s->len - s->gzip.avail_in;
    *got = room - s->gzip.avail_out;
    s->inside = result < 0 || s->gzip.block_state != ISAL_BLOCK_FINISH;
    s->broken = result < 0 || (!s->inside && length_told(s) != s->gzip.total_out);
    /* What was inflated before the damage is good: it is given first. */
    return !s->broken || *got > 0 ? VG_OK : damaged(s, err);
}

static vg_status read_zstd(vg_stream *s, char *out, size_t room, size_t *got, vg_error *err)
{
    ZSTD_inBuffer in = {s->input, s->len, s->at};
    ZSTD_outBuffer to = {out, room, 0};
    size_t left = ZSTD_decompressStream(s->zstd, &to, &in);
    s->at = in.pos;
    *got = to.pos;
    if (ZSTD_isError(left))
        return damaged(s, err);
    s->inside = left != 0;
    return VG_OK;
}

vg_status vg_stream_read(vg_stream *s, char *out, size_t room, size_t *got, vg_error *err)
{
    enum { MOST_ROOM = 1 << 30 };
    *got = 0;
    room = room < MOST_ROOM ? room : MOST_ROOM;
    if (!s->begun)
        VG_TRY(begin(s, err));
    if (s->broken)
        return damaged(s, err);
    while (*got == 0 && room > 0) {
        if (s->at == s->len && !s->file_ended)
            VG_TRY(fill(s, err));
        if (s->packing == PLAIN)
            return read_plain(s, out, room, got);
        bool has_input = s->at < s->len;
        if (!has_input && !s->inside)
            return VG_OK;
        VG_TRY(s->packing == GZIP ? read_gzip(s, out, room, got, err) : read_zstd(s, out, room, got, err));
        if (!has_input && *got == 0)
            return s->inside ? damaged(s, err) : VG_OK;
    }
    return VG_OK;
}
