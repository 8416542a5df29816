/* gzip and zstd: members and frames, damage at every byte, and bombs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "format/format.h"

#include <zstd.h>

static vg_str gz(vg_arena *arena, vg_str text)
{
    vg_str out;
    assert_int_equal(vg_gzip(arena, text, 6, &out, NULL), VG_OK);
    return out;
}

static vg_str zst(vg_arena *arena, vg_str text)
{
    size_t bound = ZSTD_compressBound(text.len);
    char *out = vg_arena_alloc(arena, bound);
    return vg_str_of(out, ZSTD_compress(out, bound, text.ptr, text.len, 3));
}

/* A frame that does not say how much it holds. */
static vg_str zst_unsized(vg_arena *arena, vg_str text)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
    size_t bound = ZSTD_compressBound(text.len);
    char *out = vg_arena_alloc(arena, bound);
    size_t len = ZSTD_compress2(context, out, bound, text.ptr, text.len);
    ZSTD_freeCCtx(context);
    return vg_str_of(out, len);
}

static vg_str repeat(vg_arena *arena, char c, size_t len)
{
    char *text = vg_arena_alloc(arena, len);
    memset(text, c, len);
    return vg_str_of(text, len);
}

static void content_comes_back_whole(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_str a = VG_STR("hello, "), b = VG_STR("world"), none = VG_STR(""), big = repeat(arena, 'x', 300000);
    vg_str skippable = VG_STR("\x50\x2a\x4d\x18\x03\0\0\0abc");
    const struct {
        const char *name;
        vg_str bytes, expected;
    } CASES[] = {
        {"plain", a, a},
        {"empty", none, none},
        {"gzip", gz(arena, a), a},
        {"gzip of nothing", gz(arena, none), none},
        {"gzip, large", gz(arena, big), big},
        {"gzip, two members", vg_arena_join(arena, gz(arena, a), gz(arena, b)), VG_STR("hello, world")},
        {"gzip, a member of nothing first", vg_arena_join(arena, gz(arena, none), gz(arena, b)), b},
        {"gzip, large member before a small one", vg_arena_join(arena, gz(arena, big), gz(arena, b)),
         vg_arena_join(arena, big, b)},
        {"zstd", zst(arena, a), a},
        {"zstd of nothing", zst(arena, none), none},
        {"zstd, large", zst(arena, big), big},
        {"zstd, no size", zst_unsized(arena, big), big},
        {"zstd, two frames", vg_arena_join(arena, zst(arena, a), zst_unsized(arena, b)),
         VG_STR("hello, world")},
        {"zstd, skippable frame", vg_arena_join(arena, skippable, zst(arena, b)), b},
    };
    for (size_t i = 0; i < VG_COUNT(CASES); i++) {
        vg_str out = {0};
        vg_error err = {0};
        vg_status status = vg_decompress(arena, CASES[i].bytes, 400000, &out, &err);
        if (status != VG_OK || !vg_str_eq(out, CASES[i].expected))
            fail_msg("%s: %s %s, %zu bytes, expected %zu", CASES[i].name, vg_status_name(status), err.message,
                     out.len, CASES[i].expected.len);
    }
    vg_arena_free(arena);
}

static void kinds_are_known_by_their_magic(void **state)
{
    (void)state;
    assert_true(vg_is_compressed(VG_STR("\x1f\x8b")));
    assert_true(vg_is_compressed(VG_STR("\x28\xb5\x2f\xfd")));
    assert_true(vg_is_compressed(VG_STR("\x5f\x2a\x4d\x18")));
    assert_false(vg_is_compressed(VG_STR("\x1f")));
    assert_false(vg_is_compressed(VG_STR("{\"a\": 1}")));
    assert_false(vg_is_compressed(VG_STR("")));
}

static void what_is_cut_off_at_any_byte_is_an_error(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_str text = VG_STR("{\"Records\": [1, 2, 3, 4, 5, 6, 7, 8, 9]}");
    const vg_str FILES[] = {gz(arena, text), zst(arena, text), zst_unsized(arena, text),
                            vg_arena_join(arena, gz(arena, text), gz(arena, text))};
    for (size_t f = 0; f < VG_COUNT(FILES); f++) {
        for (size_t len = 4; len < FILES[f].len; len++) {
            if (f == 3 && len == FILES[0].len)
                continue; /* one whole member */
            char *copy = vg_arena_cstr(arena, vg_str_sub(FILES[f], 0, len));
            vg_str out;
            vg_status status = vg_decompress(arena, vg_str_of(copy, len), 1000, &out, NULL);
            if (status != VG_ERR_SYNTAX)
                fail_msg("file %zu cut to %zu of %zu bytes: %s", f, len, FILES[f].len,
                         vg_status_name(status));
        }
    }
    vg_arena_free(arena);
}

static void damage_and_rubbish_are_errors(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_str file = gz(arena, VG_STR("hello")), out;
    for (size_t i = file.len - 8; i < file.len; i++) { /* the checksum and the size */
        char *copy = vg_arena_cstr(arena, file);
        copy[i] = (char)(copy[i] ^ 1);
        assert_int_equal(vg_decompress(arena, vg_str_of(copy, file.len), 1000, &out, NULL), VG_ERR_SYNTAX);
    }
    for (size_t len = 2; len < 18; len++) /* not even a header and a trailer */
        assert_int_equal(vg_decompress(arena, vg_str_sub(file, 0, len), 1000, &out, NULL), VG_ERR_SYNTAX);
    vg_error err = {0};
    assert_int_equal(vg_decompress(arena, vg_arena_join(arena, file, VG_STR("xyz")), 1000, &out, &err),
                     VG_ERR_SYNTAX);
    assert_string_equal(err.message, "3 bytes behind the gzip data that are no gzip");
    vg_str with_tail = vg_arena_join(arena, zst(arena, VG_STR("hello")), VG_STR("xyzw"));
    assert_int_equal(vg_decompress(arena, with_tail, 1000, &out, &err), VG_ERR_SYNTAX);
    vg_arena_free(arena);
}

static void bombs_stop_at_the_limit(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_str zeros = repeat(arena, 0, 1000001), half = repeat(arena, 0, 600000);
    const vg_str BOMBS[] = {gz(arena, zeros), zst(arena, zeros), zst_unsized(arena, zeros),
                            vg_arena_join(arena, gz(arena, half), gz(arena, half)),
                            vg_arena_join(arena, zst(arena, half), zst(arena, half))};
    for (size_t i = 0; i < VG_COUNT(BOMBS); i++) {
        vg_arena *small = vg_arena_new(4000000);
        vg_str out;
        vg_error err = {0};
        vg_status status = vg_decompress(small, BOMBS[i], 1000000, &out, &err);
        if (status != VG_ERR_LIMIT)
            fail_msg("bomb %zu: %s %s", i, vg_status_name(status), err.message);
        vg_arena_free(small);
    }
    vg_str out;
    assert_int_equal(vg_decompress(arena, BOMBS[0], 1000001, &out, NULL), VG_OK);
    assert_int_equal(vg_decompress(arena, BOMBS[1], 1000001, &out, NULL), VG_OK);
    vg_arena_free(arena);
}

static void sizes_that_a_file_claims_are_not_believed(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_str file = gz(arena, VG_STR("hello")), out;
    char *copy = vg_arena_cstr(arena, file);
    memset(copy + file.len - 4, 0xFF, 4);
    vg_arena *small = vg_arena_new(1000000); /* 4 GiB are claimed */
    assert_int_equal(vg_decompress(small, vg_str_of(copy, file.len), SIZE_MAX / 2, &out, NULL),
                     VG_ERR_SYNTAX);
    /* magic, 8-byte content size, single segment: 2^40 bytes claimed */
    vg_str frame = VG_STR("\x28\xb5\x2f\xfd\xe0\0\0\0\0\0\x01\0\0\x01\0\0");
    assert_int_not_equal(vg_decompress(small, frame, SIZE_MAX / 2, &out, NULL), VG_OK);
    vg_arena_free(small);
    vg_arena_free(arena);
}

static void gzip_levels_and_limits(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0), *tiny = vg_arena_new(8);
    vg_str text = VG_STR("hello"), out;
    assert_int_equal(vg_gzip(arena, text, 13, &out, NULL), VG_ERR_VALUE);
    assert_int_equal(vg_gzip(tiny, text, 6, &out, NULL), VG_ERR_MEMORY);
    assert_int_equal(vg_decompress(tiny, gz(arena, repeat(arena, 'x', 100)), 1000, &out, NULL),
                     VG_ERR_MEMORY);
    assert_int_equal(vg_decompress(tiny, zst(arena, repeat(arena, 'x', 100)), 1000, &out, NULL),
                     VG_ERR_MEMORY);
    vg_arena_free(tiny);
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_comes_back_whole),
        cmocka_unit_test(kinds_are_known_by_their_magic),
        cmocka_unit_test(what_is_cut_off_at_any_byte_is_an_error),
        cmocka_unit_test(damage_and_rubbish_are_errors),
        cmocka_unit_test(bombs_stop_at_the_limit),
        cmocka_unit_test(sizes_that_a_file_claims_are_not_believed),
        cmocka_unit_test(gzip_levels_and_limits),
    };
    return cmocka_run_group_tests_name("compress", tests, NULL, NULL);
}
