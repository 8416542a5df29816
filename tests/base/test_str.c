/* Slices, numbers, UTF-8, globs, errors. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"

static void comparing_is_by_bytes_and_shorter_first(void **state)
{
    (void)state;
    static const struct {
        vg_str a, b;
        int order;
    } rows[] = {
        {VG_STR_INIT(""), VG_STR_INIT(""), 0},          {VG_STR_INIT(""), VG_STR_INIT("a"), -1},
        {VG_STR_INIT("a"), VG_STR_INIT(""), 1},         {VG_STR_INIT("a"), VG_STR_INIT("b"), -1},
        {VG_STR_INIT("ab"), VG_STR_INIT("a"), 1},       {VG_STR_INIT("a"), VG_STR_INIT("ab"), -1},
        {VG_STR_INIT("\xff"), VG_STR_INIT("a"), 1},     {VG_STR_INIT("a"), VG_STR_INIT("a"), 0},
        {VG_STR_INIT("a\0b"), VG_STR_INIT("a\0c"), -1}, {VG_STR_INIT("A"), VG_STR_INIT("a"), -1},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        int got = vg_str_cmp(rows[i].a, rows[i].b);
        if (got != rows[i].order || vg_str_eq(rows[i].a, rows[i].b) != (rows[i].order == 0))
            fail_msg("cmp(\"%.*s\", \"%.*s\") = %d, expected %d, equal %d", VG_ARG(rows[i].a),
                     VG_ARG(rows[i].b), got, rows[i].order, vg_str_eq(rows[i].a, rows[i].b));
    }
    assert_true(vg_str_eq_icase(VG_STR("AWS:SourceIp"), VG_STR("aws:sourceip")));
    assert_false(vg_str_eq_icase(VG_STR("a"), VG_STR("ab")));
    assert_false(vg_str_eq_icase(VG_STR("["), VG_STR("{")));
    assert_false(vg_str_eq_icase(VG_STR("@"), VG_STR("`")));
}

static void finding_and_slicing_stay_inside(void **state)
{
    (void)state;
    vg_str s = VG_STR("arn:aws:iam");
    assert_int_equal(vg_str_find(s, VG_STR("aws")), 4);
    assert_true(vg_str_find(s, VG_STR("awsx")) == VG_NPOS);
    assert_int_equal(vg_str_find(s, (vg_str){0}), 0);
    assert_true(vg_str_find((vg_str){0}, VG_STR("a")) == VG_NPOS);
    assert_int_equal(vg_str_find_char(s, ':'), 3);
    assert_int_equal(vg_str_rfind_char(s, ':'), 7);
    assert_true(vg_str_eq(vg_str_sub(s, 8, 99), VG_STR("iam")));
    assert_int_equal(vg_str_sub(s, 99, 1).len, 0);
    assert_true(vg_str_starts(s, VG_STR("arn:")) && vg_str_ends(s, VG_STR(":iam")));
    vg_str first = vg_str_sub(s, 0, 3), blank = vg_str_sub(VG_STR("     "), 1, 2);
    assert_false(
        vg_str_starts(first, VG_STR("arn:aws"))); /* though what lies behind the slice is just that */
    assert_false(vg_str_ends(vg_str_sub(s, 4, 3), VG_STR("arn:aws")));
    assert_true(vg_str_find(first, VG_STR("n:")) == VG_NPOS);
    assert_true(vg_str_find_char(first, ':') == VG_NPOS && vg_str_rfind_char(first, ':') == VG_NPOS);
    assert_int_equal(vg_str_trim(blank).len, 0);
    assert_true(vg_str_trim(blank).ptr <= blank.ptr + blank.len);
    assert_true(vg_str_eq(vg_str_trim(VG_STR(" \t x y\r\n")), VG_STR("x y")));
    assert_int_equal(vg_str_trim(VG_STR("  ")).len, 0);
}

static void splitting_keeps_empty_pieces(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t count;
        const char *pieces[4];
    } rows[] = {
        {"a,,b", 3, {"a", "", "b"}}, {"a", 1, {"a"}}, {"", 1, {""}}, {",", 2, {"", ""}}, {"a,", 2, {"a", ""}},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        vg_str rest = vg_str_from(rows[i].text), piece;
        size_t n = 0;
        while (vg_str_next(&rest, ',', &piece)) {
            assert_true(n < rows[i].count);
            assert_true(vg_str_is(piece, rows[i].pieces[n]));
            n++;
        }
        assert_int_equal(n, rows[i].count);
    }
}

static void integers_are_whole_and_checked(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } rows[] = {
        {"0", true, 0},
        {"-1", true, -1},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"1 ", false, 0},
        {"+1", false, 0},
        {"99999999999999999999", false, 0},
        {"1e3", false, 0},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        int64_t value = 0;
        bool ok = vg_str_to_i64(vg_str_from(rows[i].text), &value);
        if (ok != rows[i].ok || (ok && value != rows[i].value))
            fail_msg("\"%s\": ok %d value %lld", rows[i].text, ok, (long long)value);
    }
    uint64_t u;
    assert_true(vg_str_to_u64(VG_STR("18446744073709551615"), &u) && u == UINT64_MAX);
    assert_false(vg_str_to_u64(VG_STR("18446744073709551616"), &u));
    assert_false(
        vg_str_to_u64(VG_STR("30000000000000000000"), &u)); /* ten times too large, before a digit is added */
}

static void utf8_follows_table_3_7(void **state)
{
    (void)state;
    static const struct {
        vg_str text;
        bool valid;
        size_t bad;
    } rows[] = {
        {VG_STR_INIT("plain ascii longer than a word"), true, 0},
        {VG_STR_INIT("\xC3\xA9"), true, 0},
        {VG_STR_INIT("\xF4\x8F\xBF\xBF"), true, 0},
        {VG_STR_INIT("\xEF\xBF\xBF"), true, 0},
        {VG_STR_INIT("a\xC0\x80"), false, 1},
        {VG_STR_INIT("\xE0\x80\x80"), false, 0},
        {VG_STR_INIT("\xED\xA0\x80"), false, 0},
        {VG_STR_INIT("\xF4\x90\x80\x80"), false, 0},
        {VG_STR_INIT("\xF5\x80\x80\x80"), false, 0},
        {VG_STR_INIT("ab\x80"), false, 2},
        {VG_STR_INIT("12345678\xE2\x82"), false, 8},
        {VG_STR_INIT("\xF0\x80\x80\x80"), false, 0},
        {VG_STR_INIT("\xF0\x90\x80\x80"), true, 0},
        {VG_STR_INIT("\xED\x9F\xBF\xEE\x80\x80"), true, 0},
        {VG_STR_INIT("\xE1\x80\xC0"), false, 0},
        {VG_STR_INIT("\xF1\x80\x80\x41"), false, 0},
        {{"a\xE2\x82\xAC", 3}, false, 1}, /* the byte that is wanting lies behind the slice */
        {{"\xC3\xA9", 1}, false, 0},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        size_t bad = 0;
        bool valid = vg_utf8_valid(rows[i].text, &bad);
        if (valid != rows[i].valid || (!valid && bad != rows[i].bad))
            fail_msg("row %zu: valid %d at %zu, expected %d at %zu", i, valid, bad, rows[i].valid,
                     rows[i].bad);
    }
}

static void globs_match_without_recursion(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool matches;
    } rows[] = {
        {"", "", true},
        {"*", "", true},
        {"?", "", false},
        {"a*c", "abbbc", true},
        {"a*c", "abbb", false},
        {"*a*b*", "xxaxxbx", true},
        {"?b", "ab", true},
        {"**", "x", true},
        {"prod-*", "prod-", true},
        {"a?c", "abbc", false},
        {"*.json", "x.json", true},
        {"a", "A", false},
        {"*ab", "aab", true},
        {"*ab*ab", "abaab", true},
        {"a*", "", false},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++)
        if (vg_str_glob(vg_str_from(rows[i].pattern), vg_str_from(rows[i].text)) != rows[i].matches)
            fail_msg("glob(\"%s\", \"%s\") is not %d", rows[i].pattern, rows[i].text, rows[i].matches);
}

static void a_long_run_of_stars_stays_cheap(void **state)
{
    (void)state;
    char pattern[201], text[20001];
    for (size_t i = 0; i < 200; i += 2) {
        pattern[i] = '*';
        pattern[i + 1] = 'a';
    }
    pattern[200] = 'b';
    memset(text, 'a', sizeof text);
    assert_false(vg_str_glob(vg_str_of(pattern, 201), vg_str_of(text, sizeof text)));
}

static void errors_say_what_and_where(void **state)
{
    (void)state;
    vg_error err;
    char line[900];
    assert_int_equal(
        vg_fail_at(&err, VG_ERR_SYNTAX, (vg_place){VG_STR("a.json"), 3, 7}, "expected %s", "a comma"),
        VG_ERR_SYNTAX);
    vg_error_format(&err, line, sizeof line);
    assert_string_equal(line, "a.json:3:7: expected a comma");
    vg_error_locate(&err, (vg_place){VG_STR("b.json"), 0, 0});
    vg_error_format(&err, line, sizeof line);
    assert_string_equal(line, "b.json: expected a comma");
    assert_int_equal(vg_fail(NULL, VG_ERR_LIMIT, "nobody listens"), VG_ERR_LIMIT);
    vg_error_locate(&err, (vg_place){{0}, 4, 2});
    vg_error_format(&err, line, sizeof line);
    assert_string_equal(line, "4:2: expected a comma");
    vg_error_locate(&err, (vg_place){VG_STR("c.json"), 4, 0});
    vg_error_format(&err, line, sizeof line);
    assert_string_equal(line, "c.json:4: expected a comma");
    vg_fail(&err, VG_ERR_LIMIT, "elsewhere"); /* forgets the place of what went wrong before */
    vg_error_format(&err, line, sizeof line);
    assert_string_equal(line, "elsewhere");
    assert_int_equal(vg_fail_errno(&err, ENOSPC, "cannot write"), VG_ERR_FULL);
    assert_string_equal(err.message, "cannot write: No space left on device");
    assert_string_equal(vg_status_name(VG_ERR_CORRUPT), "corrupt");
}

static void what_the_system_refuses_has_its_code(void **state)
{
    (void)state;
    static const struct {
        int number;
        vg_status code;
    } rows[] = {
        {ENOENT, VG_ERR_NOT_FOUND}, {ENOTDIR, VG_ERR_NOT_FOUND}, {EACCES, VG_ERR_DENIED},
        {EPERM, VG_ERR_DENIED},     {EROFS, VG_ERR_DENIED},      {ENOSPC, VG_ERR_FULL},
        {EDQUOT, VG_ERR_FULL},      {EFBIG, VG_ERR_FULL},        {ENOMEM, VG_ERR_MEMORY},
        {EBUSY, VG_ERR_BUSY},       {EAGAIN, VG_ERR_BUSY},       {EINTR, VG_ERR_CANCELLED},
        {EIO, VG_ERR_IO},           {ELOOP, VG_ERR_IO},
    };
    vg_error err;
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        vg_status code = vg_fail_errno(&err, rows[i].number, "x");
        if (code != rows[i].code || err.code != code)
            fail_msg("errno %d gives %s, expected %s", rows[i].number, vg_status_name(code),
                     vg_status_name(rows[i].code));
    }
}

static void a_long_message_ends_with_a_whole_character(void **state)
{
    (void)state;
    vg_error err;
    char text[600];
    for (size_t start = 0; start < 3; start++) { /* wherever the cut falls within the euro signs */
        memset(text, 'x', start);
        for (size_t i = start; i + 3 < sizeof text; i += 3)
            memcpy(text + i, "\xE2\x82\xAC", 4);
        vg_fail(&err, VG_ERR_VALUE, "%s", text);
        assert_true(vg_utf8_valid(vg_str_from(err.message), NULL));
        assert_true(strlen(err.message) > sizeof err.message - 5);
    }
}

static void a_copied_error_keeps_its_place(void **state)
{
    (void)state;
    vg_error copy, first;
    char line[900];
    vg_fail_at(&first, VG_ERR_SYNTAX, (vg_place){VG_STR("a.json"), 3, 7}, "expected a comma");
    vg_error_copy(&copy, &first);
    vg_error_copy(NULL, &first);
    memset(&first, 'x', sizeof first);
    vg_error_format(&copy, line, sizeof line);
    assert_string_equal(line, "a.json:3:7: expected a comma");
    assert_true(vg_str_is(copy.place.file, "a.json"));
}

static void hostile_text_cannot_drive_a_terminal(void **state)
{
    (void)state;
    vg_error err;
    char line[900];
    vg_fail_at(&err, VG_ERR_VALUE, (vg_place){VG_STR("a\nb\x1b[2J"), 1, 1}, "bad name %s", "\x1b]0;x\a\r\n");
    vg_error_format(&err, line, sizeof line);
    for (const char *p = line; *p; p++)
        assert_true((unsigned char)*p >= 0x20);
}

static void a_long_path_keeps_its_end(void **state)
{
    (void)state;
    char path[600];
    vg_error err;
    memset(path, 'p', sizeof path);
    memcpy(path + sizeof path - 8, "end.json", 8);
    vg_fail_at(&err, VG_ERR_IO, (vg_place){vg_str_of(path, sizeof path), 1, 1}, "x");
    assert_true(vg_str_ends(err.place.file, VG_STR("end.json")));
    assert_true(err.place.file.len < sizeof err.file_text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparing_is_by_bytes_and_shorter_first),
        cmocka_unit_test(finding_and_slicing_stay_inside),
        cmocka_unit_test(splitting_keeps_empty_pieces),
        cmocka_unit_test(integers_are_whole_and_checked),
        cmocka_unit_test(utf8_follows_table_3_7),
        cmocka_unit_test(globs_match_without_recursion),
        cmocka_unit_test(a_long_run_of_stars_stays_cheap),
        cmocka_unit_test(errors_say_what_and_where),
        cmocka_unit_test(what_the_system_refuses_has_its_code),
        cmocka_unit_test(a_long_message_ends_with_a_whole_character),
        cmocka_unit_test(a_copied_error_keeps_its_place),
        cmocka_unit_test(hostile_text_cannot_drive_a_terminal),
        cmocka_unit_test(a_long_path_keeps_its_end),
    };
    return cmocka_run_group_tests_name("base/str", tests, NULL, NULL);
}
