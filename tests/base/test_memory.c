/* Arenas, buffers, vectors, maps, hashes, base64. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"

static void an_arena_hands_out_aligned_distinct_memory(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    char *last = NULL;
    for (size_t size = 0; size < 9000; size += 7) {
        char *p = vg_arena_alloc(arena, size);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        memset(p, 0xAA, size);
        assert_true(p != last);
        last = p;
    }
    char *large = vg_arena_alloc(arena, 5 << 20); /* larger than any block */
    assert_non_null(large);
    memset(large, 0xAA, 5 << 20);
    assert_true(vg_arena_used(arena) > (5 << 20));
    vg_arena_free(arena);
    vg_arena_free(NULL);
}

static void an_arena_keeps_its_limit_and_refuses_overflow(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(1000);
    assert_non_null(vg_arena_alloc(arena, 900));
    assert_null(vg_arena_alloc(arena, 200));
    assert_null(vg_arena_alloc(arena, SIZE_MAX));
    assert_null(vg_arena_calloc(arena, SIZE_MAX / 2, 4));
    assert_null(vg_arena_calloc(arena, ((size_t)1 << 62) + 1, 4)); /* which wraps round to 4 */
    assert_null(vg_arena_str(arena, vg_str_of("x", 500)).ptr);
    assert_non_null(vg_arena_alloc(arena, 16));
    vg_arena_reset(arena);
    assert_int_equal(vg_arena_used(arena), 0);
    assert_non_null(vg_arena_alloc(arena, 900));
    vg_arena_free(arena);
}

static void arena_text_is_terminated(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_str copy = vg_arena_str(arena, VG_STR("abc"));
    assert_int_equal(copy.len, 3);
    assert_int_equal(copy.ptr[3], '\0');
    assert_true(vg_str_is(vg_arena_printf(arena, "%s-%d", "x", 7), "x-7"));
    assert_true(vg_str_is(vg_arena_join(arena, VG_STR("a"), (vg_str){0}), "a"));
    assert_non_null(vg_arena_str(arena, (vg_str){0}).ptr);
    vg_arena_free(arena);
}

static void a_buffer_grows_and_remembers_failure(void **state)
{
    (void)state;
    vg_buf buf = {0};
    for (int i = 0; i < 1000; i++)
        vg_buf_addf(&buf, "%d,", i);
    assert_int_equal(buf.len, 10 * 2 + 90 * 3 + 900 * 4);
    assert_true(vg_str_ends(vg_buf_str(&buf), VG_STR("998,999,")));
    assert_false(vg_buf_reserve(&buf, SIZE_MAX - 5));
    assert_true(buf.failed);
    size_t before = buf.len;
    vg_buf_add_c(&buf, "more");
    assert_int_equal(buf.len, before);
    vg_buf_free(&buf);
    assert_null(buf.ptr);
}

static void a_vector_keeps_items_while_it_grows(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_vec vec = vg_vec_in(arena, sizeof(int));
    for (int i = 0; i < 1000; i++) {
        int *item = vg_vec_push(&vec);
        assert_int_equal(*item, 0);
        *item = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(*(int *)vg_vec_at(&vec, (size_t)i), i);
    vg_arena_free(arena);
}

static void a_map_finds_all_and_iterates_in_order_of_insertion(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_map *maps[2] = {vg_map_new(arena, 1), vg_map_new(arena, 99)};
    assert_null(vg_map_get(maps[0], VG_STR("a")));
    for (int m = 0; m < 2; m++)
        for (unsigned i = 0; i < 5000; i++) {
            bool added;
            vg_map_put(maps[m], vg_arena_printf(arena, "key-%u", i), &added)->value.u64 = i;
            assert_true(added);
        }
    bool added = true;
    assert_int_equal(vg_map_put(maps[0], VG_STR("key-7"), &added)->value.u64, 7);
    assert_false(added);
    assert_int_equal(vg_map_len(maps[0]), 5000);
    for (unsigned i = 0; i < 5000; i++) {
        assert_int_equal(vg_map_at(maps[0], i)->value.u64, i);
        assert_true(vg_str_eq(vg_map_at(maps[0], i)->key, vg_map_at(maps[1], i)->key));
        assert_int_equal(vg_map_get(maps[1], vg_map_at(maps[0], i)->key)->value.u64, i);
    }
    assert_null(vg_map_get(maps[0], VG_STR("key-5000")));
    vg_arena_free(arena);
}

static void sha256_is_the_standard_one(void **state)
{
    (void)state;
    static const struct { /* FIPS 180-4 examples */
        const char *text, *hex;
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        char hex[65];
        vg_sha256 hash = vg_sha256_bytes(vg_str_from(rows[i].text));
        vg_hex(hash.bytes, 32, hex);
        assert_string_equal(hex, rows[i].hex);
    }
}

static void an_id_tells_where_its_parts_end(void **state)
{
    (void)state;
    char large[2000];
    memset(large, 'x', sizeof large);
    const vg_str rows[][2] = {
        {VG_STR_INIT("ab"), VG_STR_INIT("c")},
        {VG_STR_INIT("a"), VG_STR_INIT("bc")},
        {VG_STR_INIT("abc"), VG_STR_INIT("")},
        {VG_STR_INIT(""), VG_STR_INIT("abc")},
        {{large, 1999}, {large, 1}},
        {{large, 1}, {large, 1999}},
        {VG_STR_INIT("a\0"), VG_STR_INIT("b")},
        {VG_STR_INIT("a"), VG_STR_INIT("\0b")},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++)
        for (size_t j = 0; j < i; j++) {
            vg_sha256 a = vg_sha256_parts(rows[i], 2), b = vg_sha256_parts(rows[j], 2);
            assert_memory_not_equal(a.bytes, b.bytes, 32);
        }
}

static void hash64_depends_on_every_byte_and_the_seed(void **state)
{
    (void)state;
    char text[40] = {0};
    for (size_t len = 0; len < sizeof text; len++)
        for (size_t i = 0; i < len; i++) {
            uint64_t before = vg_hash64(vg_str_of(text, len), 1);
            text[i] = 1;
            assert_true(vg_hash64(vg_str_of(text, len), 1) != before);
            text[i] = 0;
        }
    assert_true(vg_hash64(VG_STR("a"), 1) != vg_hash64(VG_STR("a"), 2));
    assert_true(vg_hash64(vg_str_of("\0", 1), 1) != vg_hash64((vg_str){0}, 1));
    assert_true(vg_hash64(vg_str_of("a\0", 2), 1) != vg_hash64(VG_STR("a"), 1));
}

static void base64_follows_rfc_4648(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        const char *plain;
    } rows[] = {
        {"", true, ""},
        {"Zg==", true, "f"},
        {"Zm8=", true, "fo"},
        {"Zm9v", true, "foo"},
        {"Zm9vYg", true, "foob"},
        {"Zm 9v\nYmE=", true, "fooba"},
        {"__-_", true, "\xff\xff\xbf"},
        {"//+/", true, "\xff\xff\xbf"},
        {"Zm9vYmE", true, "fooba"},
        {"Z=g=", false, NULL},
        {"Zm9v=", false, NULL},
        {"Zm8==", false, NULL},
        {"Z", false, NULL},
        {"Zg=", false, NULL},
        {"Zg==Zg==", false, NULL},
        {"Z*==", false, NULL},
        {"====", false, NULL},
    };
    vg_arena *arena = vg_arena_new(0);
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        vg_str out;
        vg_error err;
        bool ok = vg_base64_decode(arena, vg_str_from(rows[i].text), &out, &err) == VG_OK;
        if (ok != rows[i].ok || (ok && !vg_str_is(out, rows[i].plain)))
            fail_msg("base64 \"%s\": ok %d, expected %d", rows[i].text, ok, rows[i].ok);
    }
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arena_hands_out_aligned_distinct_memory),
        cmocka_unit_test(an_arena_keeps_its_limit_and_refuses_overflow),
        cmocka_unit_test(arena_text_is_terminated),
        cmocka_unit_test(a_buffer_grows_and_remembers_failure),
        cmocka_unit_test(a_vector_keeps_items_while_it_grows),
        cmocka_unit_test(a_map_finds_all_and_iterates_in_order_of_insertion),
        cmocka_unit_test(sha256_is_the_standard_one),
        cmocka_unit_test(an_id_tells_where_its_parts_end),
        cmocka_unit_test(hash64_depends_on_every_byte_and_the_seed),
        cmocka_unit_test(base64_follows_rfc_4648),
    };
    return cmocka_run_group_tests_name("base/memory", tests, NULL, NULL);
}
