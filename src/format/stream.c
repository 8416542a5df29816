/* stream.c: a file of any size uncompressed piece by piece, through zlib and libzstd. */
#include "format/format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { INPUT = 256 << 10 };

typedef enum { PLAIN, GZIP, ZSTD } packing;

struct vg_stream {
    int fd;
    packing packing;
    z_stream gzip;
    ZSTD_DStream *zstd;
    size_t at, len; /* of the input that was read */
    bool file_ended, begun;
    bool inside; /* a member or frame has begun and not ended */
    unsigned char input[INPUT];
};

static vg_status fill(vg_stream *s, vg_error *err)
{
    ssize_t got;
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
    if (s->packing == GZIP)
        inflateEnd(&s->gzip);
    ZSTD_freeDStream(s->zstd);
    close(s->fd);
    free(s);
}

/* The first bytes tell how the file is packed. */
static vg_status begin(vg_stream *s, vg_error *err)
{
    enum { AS_GZIP = 15 + 16 };
    VG_TRY(fill(s, err));
    vg_str head = {(const char *)s->input, s->len};
    s->begun = true;
    if (!vg_is_compressed(head))
        return VG_OK;
    if (vg_str_starts(head, VG_STR("\x1f\x8b"))) {
        s->packing = GZIP;
        return inflateInit2(&s->gzip, AS_GZIP) == Z_OK
                   ? VG_OK
                   : vg_fail(err, VG_ERR_MEMORY, "out of memory while decompressing");
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

static vg_status read_gzip(vg_stream *s, char *out, size_t room, size_t *got, vg_error *err)
{
    if (!s->inside && s->gzip.total_in > 0 && inflateReset(&s->gzip) != Z_OK)
        return damaged(s, err);
    s->inside = true;
    s->gzip.next_in = s->input + s->at;
    s->gzip.avail_in = (uInt)(s->len - s->at);
    s->gzip.next_out = (unsigned char *)out;
    s->gzip.avail_out = (uInt)room;
    int result = inflate(&s->gzip, Z_NO_FLUSH);
    s->at = s->len - s->gzip.avail_in;
    *got = room - s->gzip.avail_out;
    s->inside = result != Z_STREAM_END;
    if (result == Z_OK || result == Z_STREAM_END || (result == Z_BUF_ERROR && s->at == s->len))
        return VG_OK;
    /* What was inflated before the damage is good: it is given first. */
    return *got > 0 ? VG_OK : damaged(s, err);
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
