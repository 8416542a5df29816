/* ingest_text.c: uncompressing as far as it goes. A whole file is uncompressed at once (format/); one that is damaged, cut
 * off or larger than allowed is taken again by streaming, up to where it breaks: a log that was truncated on its way holds
 * records all the same. */
#include "trail/trail.h"

#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

enum { PIECE = 1 << 18, WINDOW_ANY = 15 + 32 };

/* One more piece at the end of `out`, at most up to `max`; its room, or 0. */
static size_t room_for(vg_buf *out, size_t max)
{
    size_t room = max - out->len < PIECE ? max - out->len : PIECE;
    return room && vg_buf_reserve(out, room) ? room : 0;
}

static void salvage_gzip(vg_str bytes, size_t max, vg_buf *out)
{
    z_stream stream = {0};
    if (inflateInit2(&stream, WINDOW_ANY) != Z_OK)
        return;
    size_t given = 0;
    int result = Z_OK;
    while (result == Z_OK || result == Z_BUF_ERROR) {
        size_t room = room_for(out, max), piece = bytes.len - given < PIECE ? bytes.len - given : PIECE;
        if (!room)
            break;
        stream.next_in = (const Bytef *)bytes.ptr + given;
        stream.avail_in = (uInt)piece;
        stream.next_out = (Bytef *)out->ptr + out->len;
        stream.avail_out = (uInt)room;
        result = inflate(&stream, Z_NO_FLUSH);
        size_t taken = piece - stream.avail_in, made = room - stream.avail_out;
        given += taken;
        out->len += made;
        if (result == Z_STREAM_END && given < bytes.len)
            result = inflateReset(&stream);
        else if (taken == 0 && made == 0)
            break;
    }
    inflateEnd(&stream);
}

static void salvage_zstd(vg_str bytes, size_t max, vg_buf *out)
{
    ZSTD_DStream *stream = ZSTD_createDStream();
    ZSTD_inBuffer in = {bytes.ptr, bytes.len, 0};
    size_t left = 1;
    while (stream && !ZSTD_isError(left)) {
        size_t room = room_for(out, max);
        ZSTD_outBuffer piece = {out->ptr + out->len, room, 0};
        size_t before = in.pos;
        if (!room)
            break;
        left = ZSTD_decompressStream(stream, &piece, &in);
        out->len += piece.pos;
        if (in.pos == before && piece.pos == 0)
            break;
    }
    ZSTD_freeDStream(stream);
}

vg_status vg_trail_text(vg_arena *arena, vg_str bytes, size_t max, vg_str *text, bool *whole, vg_error *why,
                        vg_error *err)
{
    *whole = true;
    vg_status status = vg_decompress(arena, bytes, max, text, why);
    if (status == VG_OK)
        return VG_OK;
    if (status == VG_ERR_MEMORY)
        return vg_fail(err, status, "memory ran out while uncompressing a log");
    vg_buf out = {0};
    *whole = false;
    if (vg_str_starts(bytes, VG_STR("\x1f\x8b")))
        salvage_gzip(bytes, max, &out);
    else
        salvage_zstd(bytes, max, &out);
    *text = vg_arena_str(arena, vg_buf_str(&out));
    bool failed = out.failed || !text->ptr;
    vg_buf_free(&out);
    return failed ? vg_fail(err, VG_ERR_MEMORY, "memory ran out while uncompressing a log") : VG_OK;
}
