/* Byte order marks and UTF-16, as PowerShell and editors leave them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "format/format.h"

static void marks_decide_the_encoding(void **state)
{
    (void)state;
    static const struct {
        vg_str bytes;
        vg_status status;
        vg_str expected; /* text, or the error's message */
    } CASES[] = {
        {VG_STR_INIT(""), VG_OK, VG_STR_INIT("")},
        {VG_STR_INIT("plain"), VG_OK, VG_STR_INIT("plain")},
        {VG_STR_INIT("\xEF\xBB\xBF"
                     "x"),
         VG_OK, VG_STR_INIT("x")},
        {VG_STR_INIT("\xEF\xBB"), VG_OK, VG_STR_INIT("\xEF\xBB")},
        {VG_STR_INIT("\xFF\xFE"), VG_OK, VG_STR_INIT("")},
        {VG_STR_INIT("\xFF"), VG_OK, VG_STR_INIT("\xFF")},
        {VG_STR_INIT("\xFF\xFE"
                     "a\0\0\0"),
         VG_OK, VG_STR_INIT("a\0")},
        {VG_STR_INIT("\xFE\xFF"
                     "\0a\0b"),
         VG_OK, VG_STR_INIT("ab")},
        {VG_STR_INIT("\xFF\xFE\x7F\0\x80\0\xFF\x07\0\x08\xFF\xFF"), VG_OK,
         VG_STR_INIT("\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF")},
        {VG_STR_INIT("\xFF\xFE\x3D\xD8\x12\xDD"), VG_OK, VG_STR_INIT("\xF0\x9F\x94\x92")},
        {VG_STR_INIT("\xFE\xFF\xDB\xFF\xDF\xFF"), VG_OK, VG_STR_INIT("\xF4\x8F\xBF\xBF")},
        {VG_STR_INIT("\xFF\xFE\x3D\xD8"), VG_ERR_SYNTAX,
         VG_STR_INIT("UTF-16 with half of a surrogate pair at byte 2; save the file as UTF-8")},
        {VG_STR_INIT("\xFF\xFE"
                     "a\0\x3D\xD8"
                     "b\0"),
         VG_ERR_SYNTAX,
         VG_STR_INIT("UTF-16 with half of a surrogate pair at byte 4; save the file as UTF-8")},
        {VG_STR_INIT("\xFF\xFE\x12\xDD"), VG_ERR_SYNTAX,
         VG_STR_INIT("UTF-16 with half of a surrogate pair at byte 2; save the file as UTF-8")},
        {VG_STR_INIT("\xFF\xFE\x12\xDD\x12\xDD"), VG_ERR_SYNTAX, /* two second halves */
         VG_STR_INIT("UTF-16 with half of a surrogate pair at byte 2; save the file as UTF-8")},
        {VG_STR_INIT("\xFF\xFE"
                     "a\0b"),
         VG_ERR_SYNTAX, VG_STR_INIT("UTF-16 with an odd number of bytes: the file is cut off")},
    };
    for (size_t i = 0; i < VG_COUNT(CASES); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_str out;
        vg_error err = {0};
        vg_status status = vg_text_to_utf8(arena, CASES[i].bytes, &out, &err);
        vg_str got = status == VG_OK ? out : vg_str_from(err.message);
        if (status != CASES[i].status || !vg_str_eq(got, CASES[i].expected))
            fail_msg("case %zu: %s \"%.*s\", expected %s \"%.*s\"", i, vg_status_name(status), VG_ARG(got),
                     vg_status_name(CASES[i].status), VG_ARG(CASES[i].expected));
        vg_arena_free(arena);
    }
}

static void an_arena_that_is_out_is_told(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(4);
    vg_str out;
    assert_int_equal(vg_text_to_utf8(arena,
                                     VG_STR("\xFF\xFE"
                                            "a\0b\0c\0"),
                                     &out, NULL),
                     VG_ERR_MEMORY);
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_decide_the_encoding),
        cmocka_unit_test(an_arena_that_is_out_is_told),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
