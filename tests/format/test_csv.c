/* CSV by RFC 4180: quoting, line breaks, and errors with their place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "format/format.h"

/* Records in one line: <a|b> a record, or the error. */
static void show_records(vg_arena *arena, vg_str source, vg_buf *out)
{
    vg_csv csv = vg_csv_over(arena, source, VG_STR("t.csv"));
    vg_vec fields = vg_vec_in(arena, sizeof(vg_str));
    vg_error err = {0};
    for (bool more = true;;) {
        if (vg_csv_next(&csv, &fields, &more, &err) != VG_OK) {
            char text[900];
            vg_error_format(&err, text, sizeof text);
            vg_buf_add_c(out, text);
            break;
        }
        if (!more)
            break;
        vg_buf_add_char(out, '<');
        for (size_t i = 0; i < fields.len; i++) {
            vg_buf_add_c(out, i > 0 ? "|" : "");
            vg_buf_add_str(out, *(vg_str *)vg_vec_at(&fields, i));
        }
        vg_buf_addf(out, ">");
    }
    vg_buf_add_char(out, '\0');
}

static void records_follow_rfc_4180(void **state)
{
    (void)state;
    static const struct {
        const char *csv, *expected;
    } CASES[] = {
        {"", ""},
        {"a,b\r\nc,d\r\n", "<a|b><c|d>"},
        {"a,b\nc,d", "<a|b><c|d>"},
        {"a,b,\n,,\n", "<a|b|><||>"},
        {"a\n\nb", "<a><><b>"},
        {"\"a\",\"b\"\r\n", "<a|b>"},
        {"\"a,b\",\"c\nd\",\"e\r\nf\"\n", "<a,b|c\nd|e\r\nf>"},
        {"\"say \"\"hi\"\"\",\"\"\"\",\"\"\n", "<say \"hi\"|\"|>"},
        {" a , b \n", "< a | b >"},
        {"a\rb,c\r", "<a\rb|c>"},
        {"\"a\"\r", "<a>"},
        {"\xEF\xBB\xBF"
         "a,b\n",
         "<a|b>"},
        {"\xc3\xa9,\xf0\x9f\x94\x92\n", "<\xc3\xa9|\xf0\x9f\x94\x92>"},
        {"a\"b,c\n", "t.csv:1:2: CSV: a quote inside a field that does not begin with one"},
        {"x,y\n\"a\"b,c\n", "<x|y>t.csv:2:4: CSV: text behind a quoted field; double the quotes inside it"},
        {"x\n\"a\n\nb,c\n", "<x>t.csv:2:1: CSV: a quoted field that does not end; is the file cut off?"},
        {"\"a\"\r,b", "t.csv:1:4: CSV: text behind a quoted field; double the quotes inside it"},
    };
    for (size_t i = 0; i < VG_COUNT(CASES); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_buf shown = {0};
        show_records(arena, vg_str_from(CASES[i].csv), &shown);
        if (strcmp(shown.ptr, CASES[i].expected) != 0)
            fail_msg("\n%s\n  gave     %s\n  expected %s", CASES[i].csv, shown.ptr, CASES[i].expected);
        vg_buf_free(&shown);
        vg_arena_free(arena);
    }
}

static void nul_bytes_are_content(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_csv csv = vg_csv_over(arena, VG_STR("a\0b,\"c\0d\"\n"), VG_STR("t"));
    vg_vec fields = vg_vec_in(arena, sizeof(vg_str));
    bool more;
    assert_int_equal(vg_csv_next(&csv, &fields, &more, NULL), VG_OK);
    assert_true(more);
    assert_int_equal(fields.len, 2);
    assert_true(vg_str_eq(*(vg_str *)vg_vec_at(&fields, 0), VG_STR("a\0b")));
    assert_true(vg_str_eq(*(vg_str *)vg_vec_at(&fields, 1), VG_STR("c\0d")));
    vg_arena_free(arena);
}

static void the_line_of_the_next_record_is_known(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_csv csv = vg_csv_over(arena, VG_STR("a\n\"b\nc\n\"\r\nd\n"), VG_STR("t"));
    vg_vec fields = vg_vec_in(arena, sizeof(vg_str));
    static const uint32_t LINES[] = {1, 2, 5};
    bool more = true;
    for (size_t i = 0; i < VG_COUNT(LINES); i++) {
        assert_int_equal(csv.line, LINES[i]);
        assert_int_equal(vg_csv_next(&csv, &fields, &more, NULL), VG_OK);
        assert_true(more);
    }
    assert_int_equal(vg_csv_next(&csv, &fields, &more, NULL), VG_OK);
    assert_false(more);
    assert_int_equal(fields.len, 0);
    vg_arena_free(arena);
}

static void a_file_cut_anywhere_is_read_or_refused(void **state)
{
    (void)state;
    vg_str whole = VG_STR("user,arn\r\n\"a \"\"b\"\"\",\"x\r\ny\"\r\nc,d\r\n");
    for (size_t len = 0; len <= whole.len; len++) {
        vg_arena *arena = vg_arena_new(0);
        vg_buf shown = {0};
        char *copy = vg_arena_cstr(arena, vg_str_sub(whole, 0, len));
        show_records(arena, vg_str_of(copy, len), &shown);
        assert_false(shown.failed);
        vg_buf_free(&shown);
        vg_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_follow_rfc_4180),
        cmocka_unit_test(nul_bytes_are_content),
        cmocka_unit_test(the_line_of_the_next_record_is_known),
        cmocka_unit_test(a_file_cut_anywhere_is_read_or_refused),
    };
    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
