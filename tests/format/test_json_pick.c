/* Picking keys of many objects (vg_json_cursor_pick): what it gives is what a reader of the tree finds, it says when that
 * may not be so, and what is broken is told at its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/format.h"

static const vg_str paths[] = {{"name", 4},      {"who.type", 8}, {"who", 3},
                               {"who.by.id", 9}, {"a.b", 3},      {"eventSourceName", 15}};
enum { PATHS = sizeof paths / sizeof *paths };

static const struct {
    const char *text;
    const char *values[PATHS]; /* NULL: absent */
    bool odd;
} picked[] = {
    {"{}", {0}, false},
    {"{\"name\":\"x\"}", {"\"x\""}, false},
    {" { \"name\" : \"x\" } ", {"\"x\""}, false},
    {"{\"name\":12}", {"12"}, false},
    {"{\"name\": null , \"z\":1}", {"null"}, false},
    {"{\"name\":[1,{\"name\":2}]}", {"[1,{\"name\":2}]"}, false},
    {"{\"name\":\"a\\\"b\"}", {"\"a\\\"b\""}, false},
    {"{\"who\":{\"type\":\"Root\",\"by\":{\"id\":7}}}",
     {0, "\"Root\"", "{\"type\":\"Root\",\"by\":{\"id\":7}}", "7"},
     false},
    {"{\"who\":[{\"type\":1}]}", {0, "[", "[{\"type\":1}]", "["}, false},
    {"{\"who\":{\"type\":1},\"who\":\"x\"}", {0, "1", "\"x\""}, true},
    {"{\"who\":{\"by\":{}},\"who\":{\"type\":1}}", {0, "1", "{\"type\":1}"}, true},
    {"{\"who\":\"me\"}", {0, 0, "\"me\""}, false},
    {"{\"x\":{\"name\":1}}", {0}, false},
    {"{\"eventSourceName\":1,\"eventSourceNames\":2,\"eventSourceNama\":3}", {0, 0, 0, 0, 0, "1"}, false},
    /* What the picked values do not tell. */
    {"{\"name\":1,\"name\":2}", {"2"}, true},
    {"{\"who.type\":1}", {0}, true},
    {"{\"who\":{\"b.id\":1}}", {0, 0, "{\"b.id\":1}"}, true},
    {"{\"na\\u006de\":1}", {0}, true},
};

static void values_are_the_bytes_of_the_paths(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof picked / sizeof *picked; i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_json_picks *picks = vg_json_picks_new(arena, paths, PATHS);
        vg_json_cursor *c;
        vg_error err = {0};
        bool more, odd;
        vg_str values[PATHS], raw;
        assert_non_null(picks);
        assert_int_equal(vg_json_cursor_open(arena, vg_str_from(picked[i].text), VG_STR("t"), NULL, &c, &err),
                         VG_OK);
        assert_int_equal(vg_json_cursor_document(c, &more, &err), VG_OK);
        if (vg_json_cursor_pick(c, picks, values, &odd, &raw, &err) != VG_OK)
            fail_msg("%s: %s", picked[i].text, err.message);
        for (size_t k = 0; k < PATHS; k++) {
            const char *want = picked[i].values[k];
            if ((want != NULL) != (values[k].ptr != NULL) ||
                (want && !vg_str_eq(values[k], vg_str_from(want))))
                fail_msg("%s: %.*s is %.*s, expected %s", picked[i].text, VG_ARG(paths[k]), VG_ARG(values[k]),
                         want ? want : "absent");
        }
        if (odd != picked[i].odd || !vg_str_eq(raw, vg_str_trim(vg_str_from(picked[i].text))))
            fail_msg("%s: odd %d, %zu bytes", picked[i].text, odd, raw.len);
        assert_int_equal(vg_json_cursor_document(c, &more, &err), VG_OK);
        assert_false(more);
        vg_arena_free(arena);
    }
}

static const struct {
    const char *text, *message;
    uint32_t column;
} broken[] = {
    {"[1]", "expected a JSON object here", 1},
    {"{\"name\" 1}", "expected ':'", 9},
    {"{\"name\":}", "expected a JSON value", 9},
    {"{\"name\":1 \"x\":2}", "expected ',' or '}'", 11},
    {"{\"name\":1,}", "expected a key in double quotes", 11},
    {"{\"name\":\"x\",", "ends", 13},
    {"{\"who\":{\"type\":1,]}", "expected a key in double quotes", 18},
    {"{\"name\":\"x", "", 0},
};

static void what_is_broken_is_told_at_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_json_picks *picks = vg_json_picks_new(arena, paths, PATHS);
        vg_json_cursor *c;
        vg_error err = {0};
        bool more, odd;
        vg_str values[PATHS], raw;
        assert_int_equal(vg_json_cursor_open(arena, vg_str_from(broken[i].text), VG_STR("t"), NULL, &c, &err),
                         VG_OK);
        assert_int_equal(vg_json_cursor_document(c, &more, &err), VG_OK);
        if (vg_json_cursor_pick(c, picks, values, &odd, &raw, &err) == VG_OK)
            fail_msg("%s: was read", broken[i].text);
        if (!strstr(err.message, broken[i].message) ||
            (broken[i].column && err.place.column != broken[i].column))
            fail_msg("%s: %s at column %u", broken[i].text, err.message, err.place.column);
        vg_arena_free(arena);
    }
}

/* Keys that begin alike and are as long share a slot, and so do some of many. */
static void many_keys_that_look_alike_are_told_apart(void **state)
{
    (void)state;
    enum { KEYS = 190 };
    vg_arena *arena = vg_arena_new(0);
    vg_buf text = {0};
    vg_str keys[KEYS], values[KEYS], raw;
    vg_json_cursor *c;
    vg_error err = {0};
    bool more, odd;
    for (size_t i = 0; i < KEYS; i++) {
        keys[i] = vg_arena_printf(arena, i % 2 ? "DestinationKey%03zu" : "k%zu", i);
        vg_buf_addf(&text, "%s\"%.*s\":%zu", i ? "," : "{", VG_ARG(keys[i]), i);
    }
    vg_buf_add_c(&text, ",\"DestinationKey999\":1}");
    vg_json_picks *picks = vg_json_picks_new(arena, keys, KEYS);
    assert_non_null(picks);
    assert_int_equal(vg_json_cursor_open(arena, vg_buf_str(&text), VG_STR("t"), NULL, &c, &err), VG_OK);
    assert_int_equal(vg_json_cursor_document(c, &more, &err), VG_OK);
    assert_int_equal(vg_json_cursor_pick(c, picks, values, &odd, &raw, &err), VG_OK);
    for (size_t i = 0; i < KEYS; i++) {
        char expected[16];
        snprintf(expected, sizeof expected, "%zu", i);
        assert_true(vg_str_is(values[i], expected));
    }
    vg_buf_free(&text);
    vg_arena_free(arena);
}

/* Many members, so that the window of tokens ends inside a record in every possible way. */
static void windows_do_not_cut_members(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_buf text = {0};
    size_t count = 3000;
    for (size_t i = 0; i < count; i++)
        vg_buf_addf(&text, "{\"pad%zu\":[%.*s],\"name\":\"n%zu\",\"who\":{\"x\":1,\"type\":%zu}}\n", i,
                    (int)(i % 9) * 2 + 1, "1,2,3,4,5,6,7,8,9,10", i, i);
    vg_json_picks *picks = vg_json_picks_new(arena, paths, PATHS);
    vg_json_cursor *c;
    vg_error err = {0};
    bool more, odd;
    vg_str values[PATHS], raw;
    assert_int_equal(vg_json_cursor_open(arena, vg_buf_str(&text), VG_STR("t"), NULL, &c, &err), VG_OK);
    vg_json_cursor_by_line(c);
    for (size_t i = 0; i < count; i++) {
        char name[32], type[32];
        assert_int_equal(vg_json_cursor_document(c, &more, &err), VG_OK);
        assert_true(more);
        if (vg_json_cursor_pick(c, picks, values, &odd, &raw, &err) != VG_OK)
            fail_msg("record %zu: %s", i, err.message);
        snprintf(name, sizeof name, "\"n%zu\"", i);
        snprintf(type, sizeof type, "%zu", i);
        assert_true(vg_str_eq(values[0], vg_str_from(name)));
        assert_true(vg_str_eq(values[1], vg_str_from(type)));
        assert_false(odd);
    }
    vg_buf_free(&text);
    vg_arena_free(arena);
}

/* Objects of an array with garbage between them: how many are read. */
static const struct {
    const char *text;
    size_t objects;
} damaged[] = {
    {"[{\"name\":1},{\"name\":2}]", 2},
    {"[{\"name\":1},garbage,{\"name\":2}]", 2},
    {"[{\"name\":1},{\"name\":2 broken},{\"name\":3}]", 2},
    {"[{\"name\":1},\x01\x02\n{\"name\":2},{\"name\":3}]", 3},
    {"[{\"name\":\"cut off,\n{\"name\":2},{\"name\":3}]", 2},
    {"[{\"name\":1}]]]{\"name\":2}", 2},
    {"[{\"name\":\"\xff\"},{\"name\":2}]", 1},
    {"[}", 0},
};

static void reading_resumes_behind_garbage(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(damaged); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_json_picks *picks = vg_json_picks_new(arena, paths, PATHS);
        vg_json_cursor *c;
        vg_error err = {0};
        bool more = true, odd;
        size_t objects = 0, resumed = 0;
        vg_str values[PATHS], raw;
        assert_int_equal(
            vg_json_cursor_open(arena, vg_str_from(damaged[i].text), VG_STR("t"), NULL, &c, &err), VG_OK);
        vg_status status = vg_json_cursor_document(c, &more, &err);
        if (status == VG_OK)
            status = vg_json_cursor_enter(c, &err);
        for (;;) {
            if (status == VG_OK)
                status = vg_json_cursor_next(c, NULL, &more, &err);
            if (status == VG_OK && more)
                status = vg_json_cursor_pick(c, picks, values, &odd, &raw, &err);
            objects += status == VG_OK && more;
            if (status == VG_OK && more)
                continue;
            if (!vg_json_cursor_resume(c))
                break;
            assert_true(++resumed < 10);
            status = VG_OK;
        }
        if (objects != damaged[i].objects)
            fail_msg("%s: %zu objects, expected %zu", damaged[i].text, objects, damaged[i].objects);
        vg_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_the_bytes_of_the_paths),
        cmocka_unit_test(what_is_broken_is_told_at_its_place),
        cmocka_unit_test(many_keys_that_look_alike_are_told_apart),
        cmocka_unit_test(windows_do_not_cut_members),
        cmocka_unit_test(reading_resumes_behind_garbage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
