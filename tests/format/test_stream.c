/* Files uncompressed piece by piece (vg_stream_*): the same bytes as whole, whatever the pieces; of a damaged file all that
 * comes before the damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zstd.h>

#include "format/format.h"

static char path[] = "/tmp/vigil-stream-XXXXXX";

static void write_file(vg_str bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
    fclose(file);
}

static vg_str text_of(vg_arena *arena, size_t len)
{
    char *text = vg_arena_alloc(arena, len + 1);
    uint64_t state = 1;
    for (size_t i = 0; i < len; i++) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        text[i] = (char)('a' + (state >> 60));
    }
    return (vg_str){text, len};
}

/* Reads all in pieces of `room`; gives the status at the end. */
static vg_status read_all(size_t room, vg_buf *out, vg_error *err)
{
    vg_stream *stream = NULL;
    char *piece = malloc(room);
    size_t got = 1;
    vg_status status = vg_stream_open(vg_str_from(path), &stream, err);
    while (status == VG_OK && got > 0) {
        status = vg_stream_read(stream, piece, room, &got, err);
        if (status == VG_OK)
            vg_buf_add(out, piece, got);
    }
    vg_stream_close(stream);
    free(piece);
    return status;
}

static vg_str zstd_of(vg_arena *arena, vg_str text)
{
    size_t room = ZSTD_compressBound(text.len);
    char *out = vg_arena_alloc(arena, room);
    return (vg_str){out, ZSTD_compress(out, room, text.ptr, text.len, 3)};
}

static void pieces_make_the_whole(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 1000, 300000, 2000000}, rooms[] = {1, 777, 65536, 4 << 20};
    vg_arena *arena = vg_arena_new(0);
    for (size_t l = 0; l < VG_COUNT(lengths); l++) {
        vg_str text = text_of(arena, lengths[l]), packed[4];
        vg_error err = {0};
        packed[0] = text;
        assert_int_equal(vg_gzip(arena, text, 6, &packed[1], &err), VG_OK);
        packed[2] = zstd_of(arena, text);
        packed[3] = vg_arena_join(arena, packed[1], packed[1]); /* two members */
        for (size_t p = 0; p < VG_COUNT(packed); p++)
            for (size_t r = lengths[l] > 1000; r < VG_COUNT(rooms); r++) {
                vg_buf out = {0};
                vg_str want = p == 3 ? vg_arena_join(arena, text, text) : text;
                write_file(packed[p]);
                if (read_all(rooms[r], &out, &err) != VG_OK || !vg_str_eq(vg_buf_str(&out), want))
                    fail_msg("%zu bytes, packing %zu, pieces of %zu: %zu bytes, %s", lengths[l], p, rooms[r],
                             out.len, err.message);
                vg_buf_free(&out);
            }
    }
    vg_arena_free(arena);
}

static void what_comes_before_the_damage_is_given(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_str text = text_of(arena, 1000000), gzip, zstd = zstd_of(arena, text);
    vg_error err = {0};
    assert_int_equal(vg_gzip(arena, text, 6, &gzip, &err), VG_OK);
    char *flipped = vg_arena_alloc(arena, gzip.len);
    memcpy(flipped, gzip.ptr, gzip.len);
    flipped[gzip.len - 8] ^= 1; /* of the checksum */
    char *shorter = vg_arena_alloc(arena, gzip.len), *bent = vg_arena_alloc(arena, gzip.len);
    memcpy(shorter, gzip.ptr, gzip.len);
    shorter[gzip.len - 4] ^= 1; /* of the length */
    memcpy(bent, gzip.ptr, gzip.len);
    bent[gzip.len / 2] ^= (char)0xFF;
    const struct {
        const char *name;
        vg_str bytes;
        size_t least;
    } cases[] = {
        {"gzip whose checksum is another", {flipped, gzip.len}, 1000000},
        {"gzip whose length is another", {shorter, gzip.len}, 1000000},
        {"gzip with a byte bent", {bent, gzip.len}, 0},
        {"gzip cut in the middle", vg_str_sub(gzip, 0, gzip.len / 2), 400000},
        {"gzip without its trailer", vg_str_sub(gzip, 0, gzip.len - 8), 1000000},
        {"gzip with bytes behind", vg_arena_join(arena, gzip, VG_STR("garbage")), 1000000},
        {"zstd cut in the middle", vg_str_sub(zstd, 0, zstd.len / 2), 100000},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_buf out = {0};
        write_file(cases[i].bytes);
        vg_status status = read_all(65536, &out, &err);
        bool is_same = cases[i].least == 0 || vg_str_eq(vg_buf_str(&out), vg_str_sub(text, 0, out.len));
        if (status != VG_ERR_SYNTAX || out.len < cases[i].least || !is_same)
            fail_msg("%s: status %d, %zu bytes", cases[i].name, (int)status, out.len);
        vg_buf_free(&out);
    }
    vg_stream *stream;
    assert_int_equal(vg_stream_open(VG_STR("/nonexistent/x"), &stream, &err), VG_ERR_NOT_FOUND);
    vg_arena_free(arena);
}

int main(void)
{
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_make_the_whole),
        cmocka_unit_test(what_comes_before_the_damage_is_given),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
