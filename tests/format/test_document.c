/* JSON or YAML by content. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "format/format.h"

static void content_decides_the_format(void **state)
{
    (void)state;
    static const struct {
        vg_str source;
        vg_status status;
        const char *expected; /* the tree as JSON, or the error's place and beginning */
    } CASES[] = {
        {VG_STR_INIT("{\"a\": [1, null]}"), VG_OK, "{\"a\":[1,null]}"},
        {VG_STR_INIT("  \n[1]"), VG_OK, "[1]"},
        {VG_STR_INIT("\xEF\xBB\xBF{\"a\": 1}"), VG_OK, "{\"a\":1}"},
        {VG_STR_INIT("\xFF\xFE{\0}\0"), VG_OK, "{}"},
        {VG_STR_INIT("a: 1\n"), VG_OK, "{\"a\":1}"},
        {VG_STR_INIT("\xEF\xBB\xBF"
                     "a: !Ref b\n"),
         VG_OK, "{\"a\":{\"Ref\":\"b\"}}"},
        {VG_STR_INIT("{a: b, c: !Ref d}"), VG_OK, "{\"a\":\"b\",\"c\":{\"Ref\":\"d\"}}"},
        {VG_STR_INIT("[a, b]"), VG_OK, "[\"a\",\"b\"]"},
        {VG_STR_INIT("\"text\""), VG_OK, "\"text\""},
        {VG_STR_INIT(""), VG_OK, "null"},
        {VG_STR_INIT("{\"a\": 1,\n \"b\" 2]"), VG_ERR_SYNTAX,
         "t:2:6: expected ':' behind the key of a JSON object"},
        {VG_STR_INIT("a: [\n"), VG_ERR_SYNTAX, "t:2:1: YAML: "},
        {VG_STR_INIT("\xFF\xFE{"), VG_ERR_SYNTAX, "t: UTF-16"},
    };
    for (size_t i = 0; i < VG_COUNT(CASES); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_doc doc = {0};
        vg_error err = {0};
        vg_buf got = {0};
        char text[900];
        vg_status status = vg_document_read(arena, CASES[i].source, VG_STR("t"), NULL, &doc, &err);
        vg_error_format(&err, text, sizeof text);
        if (status == VG_OK)
            vg_json_write(&got, doc.root, 0);
        else
            vg_buf_add_c(&got, text);
        bool equal = status == VG_OK ? vg_str_is(vg_buf_str(&got), CASES[i].expected)
                                     : vg_str_starts(vg_buf_str(&got), vg_str_from(CASES[i].expected));
        if (status != CASES[i].status || !equal)
            fail_msg("%.*s\n  gave     %s %.*s\n  expected %s", VG_ARG(CASES[i].source),
                     vg_status_name(status), VG_ARG(vg_buf_str(&got)), CASES[i].expected);
        vg_buf_free(&got);
        vg_arena_free(arena);
    }
}

static void limits_hold_for_both(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_doc doc;
    vg_limits shallow = {.max_depth = 2};
    assert_int_equal(vg_document_read(arena, VG_STR("[[[1]]]"), VG_STR("t"), &shallow, &doc, NULL),
                     VG_ERR_LIMIT);
    assert_int_equal(vg_document_read(arena, VG_STR("- - - 1\n"), VG_STR("t"), &shallow, &doc, NULL),
                     VG_ERR_LIMIT);
    vg_arena_free(arena);
}

static void places_are_told_in_both(void **state)
{
    (void)state;
    static const vg_str SOURCES[] = {VG_STR_INIT("{\n  \"a\": 1,\n  \"b\": [2]\n}"),
                                     VG_STR_INIT("a: 1\n\nb: [2]\n")};
    for (size_t i = 0; i < VG_COUNT(SOURCES); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_doc doc;
        assert_int_equal(vg_document_read(arena, SOURCES[i], VG_STR("t"), NULL, &doc, NULL), VG_OK);
        vg_place place = vg_doc_place(&doc, vg_get_path(doc.root, "b/0"));
        assert_int_equal(place.line, 3);
        assert_int_equal(place.column, i == 0 ? 9 : 5);
        vg_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_decides_the_format),
        cmocka_unit_test(limits_hold_for_both),
        cmocka_unit_test(places_are_told_in_both),
    };
    return cmocka_run_group_tests_name("document", tests, NULL, NULL);
}
