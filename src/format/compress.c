/* compress.c: gzip (RFC 1952) through libdeflate and zstd (RFC 8878), a whole file at a time.
 *
 * The caller says how large the result may get; nothing that the file claims about itself is trusted beyond that. Both
 * formats say how much they hold (gzip modulo 2^32, at its end; zstd perhaps, at its beginning): when that is plausible
 * for the number of bytes given, the result is decompressed straight into the arena. Otherwise (several members, no
 * size, a lie) it grows on the heap and is copied once. */
#include "format/format.h"

#include <libdeflate.h>
#include <zstd.h>

#define GZIP_MAGIC "\x1f\x8b"
#define ZSTD_MAGIC "\x28\xb5\x2f\xfd"
/* No deflate stream expands more: 258 bytes from two codes of one bit each. */
#define DEFLATE_RATIO_MAX 1032
/* A zstd block of one repeated byte: 128 KiB from 4 bytes. */
#define ZSTD_RATIO_MAX 32768
#define GZIP_SMALLEST  18 /* header and trailer */
#define FIRST_GUESS    (64U << 10)

static bool is_gzip(vg_str bytes)
{
    return vg_str_starts(bytes, VG_STR(GZIP_MAGIC));
}

/* A data frame, or a skippable one (magic 0x184D2A50 to 5F) before it. */
static bool is_zstd(vg_str bytes)
{
    bool skippable = bytes.len >= 4 && ((unsigned char)bytes.ptr[0] & 0xF0) == 0x50 &&
                     memcmp(bytes.ptr + 1, "\x2a\x4d\x18", 3) == 0;
    return skippable || vg_str_starts(bytes, VG_STR(ZSTD_MAGIC));
}

bool vg_is_compressed(vg_str bytes)
{
    return is_gzip(bytes) || is_zstd(bytes);
}

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "out of memory while decompressing");
}

static vg_status too_large(size_t max_out, vg_error *err)
{
    return vg_fail(err, VG_ERR_LIMIT, "decompresses to more than the limit of %zu bytes", max_out);
}

/* The heap's bytes, moved into the arena. */
static vg_status copy_out(vg_arena *arena, const vg_buf *buf, vg_str *out, vg_error *err)
{
    if (buf->failed)
        return out_of_memory(err);
    *out = vg_arena_str(arena, vg_buf_str(buf));
    return out->ptr ? VG_OK : out_of_memory(err);
}

/* ---- gzip ------------------------------------------------------------------------------------------------------- */

/* What the trailer of the file's last member claims, capped at what its bytes could hold. */
static size_t claimed_size(vg_str bytes, size_t max_out)
{
    const unsigned char *end = (const unsigned char *)bytes.ptr + bytes.len;
    size_t claimed = (size_t)end[-4] | (size_t)end[-3] << 8 | (size_t)end[-2] << 16 | (size_t)end[-1] << 24;
    size_t possible = bytes.len > SIZE_MAX / DEFLATE_RATIO_MAX ? SIZE_MAX : bytes.len * DEFLATE_RATIO_MAX;
    if (claimed > possible)
        claimed = possible;
    return claimed < max_out ? claimed : max_out;
}

static vg_status damaged(vg_error *err)
{
    return vg_fail(err, VG_ERR_SYNTAX, "gzip data that is damaged or cut off; fetch the file again");
}

/* One member from the front of *rest, appended to `buf`. */
static vg_status add_member(struct libdeflate_decompressor *inflater, vg_str *rest, size_t max_out,
                            vg_buf *buf, vg_error *err)
{
    for (size_t room = FIRST_GUESS;; room *= 2) {
        if (room > max_out - buf->len)
            room = max_out - buf->len;
        if (!vg_buf_reserve(buf, room + 1))
            return out_of_memory(err);
        size_t used = 0, made = 0;
        enum libdeflate_result result = libdeflate_gzip_decompress_ex(
            inflater, rest->ptr, rest->len, buf->ptr + buf->len, room, &used, &made);
        if (result == LIBDEFLATE_SUCCESS) {
            buf->len += made;
            *rest = vg_str_sub(*rest, used, rest->len);
            return VG_OK;
        }
        if (result != LIBDEFLATE_INSUFFICIENT_SPACE)
            return damaged(err);
        if (room == max_out - buf->len)
            return too_large(max_out, err);
    }
}

static vg_status add_members(struct libdeflate_decompressor *inflater, vg_str rest, size_t max_out,
                             vg_buf *buf, vg_error *err)
{
    for (bool first = true; rest.len > 0; first = false) {
        if (!first && !is_gzip(rest))
            return vg_fail(err, VG_ERR_SYNTAX, "%zu bytes behind the gzip data that are no gzip", rest.len);
        VG_TRY(add_member(inflater, &rest, max_out, buf, err));
    }
    return VG_OK;
}

/* The usual case: one member whose trailer tells the truth. False when it is another. */
static bool read_single(struct libdeflate_decompressor *inflater, vg_arena *arena, vg_str bytes,
                        size_t max_out, vg_str *out)
{
    size_t size = claimed_size(bytes, max_out), used = 0, made = 0;
    char *text = vg_arena_alloc(arena, size + 1);
    if (!text || libdeflate_gzip_decompress_ex(inflater, bytes.ptr, bytes.len, text, size, &used, &made) !=
                     LIBDEFLATE_SUCCESS)
        return false;
    text[made] = '\0';
    *out = vg_str_of(text, made);
    return used == bytes.len;
}

static vg_status read_gzip(vg_arena *arena, vg_str bytes, size_t max_out, vg_str *out, vg_error *err)
{
    if (bytes.len < GZIP_SMALLEST)
        return damaged(err);
    struct libdeflate_decompressor *inflater = libdeflate_alloc_decompressor();
    if (!inflater)
        return out_of_memory(err);
    vg_status status = VG_OK;
    if (!read_single(inflater, arena, bytes, max_out, out)) {
        vg_buf buf = {0};
        status = add_members(inflater, bytes, max_out, &buf, err);
        if (status == VG_OK)
            status = copy_out(arena, &buf, out, err);
        vg_buf_free(&buf);
    }
    libdeflate_free_decompressor(inflater);
    return status;
}

vg_status vg_gzip(vg_arena *arena, vg_str bytes, int level, vg_str *out, vg_error *err)
{
    struct libdeflate_compressor *deflater = libdeflate_alloc_compressor(level);
    if (!deflater)
        return vg_fail(err, VG_ERR_VALUE, "gzip has no level %d; use 0 to 12", level);
    size_t bound = libdeflate_gzip_compress_bound(deflater, bytes.len);
    char *text = vg_arena_alloc(arena, bound);
    size_t len = text ? libdeflate_gzip_compress(deflater, bytes.ptr, bytes.len, text, bound) : 0;
    libdeflate_free_compressor(deflater);
    *out = vg_str_of(text, len);
    return len > 0 ? VG_OK : vg_fail(err, VG_ERR_MEMORY, "out of memory while compressing");
}

/* ---- zstd ------------------------------------------------------------------------------------------------------- */

static vg_status fail_zstd(size_t code, vg_error *err)
{
    return vg_fail(err, VG_ERR_SYNTAX, "zstd: %s; fetch the file again", ZSTD_getErrorName(code));
}

/* One frame that says its size and is all there is. False when it is another. */
static bool read_sized_frame(vg_arena *arena, vg_str bytes, size_t max_out, vg_str *out)
{
    unsigned long long size = ZSTD_getFrameContentSize(bytes.ptr, bytes.len);
    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > max_out ||
        size / ZSTD_RATIO_MAX > bytes.len || ZSTD_findFrameCompressedSize(bytes.ptr, bytes.len) != bytes.len)
        return false;
    char *text = vg_arena_alloc(arena, (size_t)size + 1);
    if (!text)
        return false;
    size_t made = ZSTD_decompress(text, (size_t)size, bytes.ptr, bytes.len);
    if (ZSTD_isError(made))
        return false;
    text[made] = '\0';
    *out = vg_str_of(text, made);
    return true;
}

static vg_status stream_zstd(ZSTD_DStream *stream, vg_str bytes, size_t max_out, vg_buf *buf, vg_error *err)
{
    ZSTD_inBuffer in = {bytes.ptr, bytes.len, 0};
    size_t left = 0;
    bool was_full = true;
    while (in.pos < in.size || was_full) {
        if (!vg_buf_reserve(buf, FIRST_GUESS))
            return out_of_memory(err);
        ZSTD_outBuffer more = {buf->ptr + buf->len, FIRST_GUESS, 0};
        left = ZSTD_decompressStream(stream, &more, &in);
        if (ZSTD_isError(left))
            return fail_zstd(left, err);
        buf->len += more.pos;
        was_full = more.pos == more.size;
        if (buf->len > max_out)
            return too_large(max_out, err);
    }
    return left == 0 ? VG_OK : vg_fail(err, VG_ERR_SYNTAX, "zstd data that is cut off; fetch the file again");
}

static vg_status read_zstd(vg_arena *arena, vg_str bytes, size_t max_out, vg_str *out, vg_error *err)
{
    if (read_sized_frame(arena, bytes, max_out, out))
        return VG_OK;
    ZSTD_DStream *stream = ZSTD_createDStream();
    if (!stream)
        return out_of_memory(err);
    vg_buf buf = {0};
    vg_status status = stream_zstd(stream, bytes, max_out, &buf, err);
    if (status == VG_OK)
        status = copy_out(arena, &buf, out, err);
    vg_buf_free(&buf);
    ZSTD_freeDStream(stream);
    return status;
}

vg_status vg_decompress(vg_arena *arena, vg_str bytes, size_t max_out, vg_str *out, vg_error *err)
{
    if (is_gzip(bytes))
        return read_gzip(arena, bytes, max_out, out, err);
    if (is_zstd(bytes))
        return read_zstd(arena, bytes, max_out, out, err);
    *out = bytes;
    return VG_OK;
}
