/* Writing JSON: the streaming writer, trees, the canonical form. */
#include "json_cases.h"

#include <float.h>
#include <locale.h>
#include <math.h>

static void check_text(const vg_buf *got, const char *expected)
{
    if (!vg_str_is(vg_buf_str(got), expected))
        fail_msg("got:      %.*s\n  expected: %s", VG_ARG(vg_buf_str(got)), expected);
}

static void write_sample(vg_json_writer *w, const vg_value *tree)
{
    vg_json_object(w);
    vg_json_put_str(w, "s", VG_STR("x"));
    vg_json_put_i64(w, "i", -5);
    vg_json_put_bool(w, "b", true);
    vg_json_key(w, "list");
    vg_json_array(w);
    vg_json_null(w);
    vg_json_f64(w, 0.5);
    vg_json_bool(w, false);
    vg_json_object(w);
    vg_json_end_object(w);
    vg_json_array(w);
    vg_json_end_array(w);
    vg_json_end_array(w);
    vg_json_key_str(w, VG_STR("tree"));
    vg_json_value(w, tree);
    vg_json_end_object(w);
}

static void a_stream_gets_commas_and_lines(void **state)
{
    (void)state;
    json_case tree = json_case_read(VG_STR("{\"k\":[1,{}]}"), NULL, VG_JSON_AUTO);
    vg_buf flat = {0}, lines = {0};
    vg_json_writer w = vg_json_writer_to(&flat, 0);
    write_sample(&w, tree.doc.root);
    check_text(&flat,
               "{\"s\":\"x\",\"i\":-5,\"b\":true,\"list\":[null,0.5,false,{},[]],\"tree\":{\"k\":[1,{}]}}");
    w = vg_json_writer_to(&lines, 2);
    write_sample(&w, tree.doc.root);
    check_text(
        &lines,
        "{\n  \"s\": \"x\",\n  \"i\": -5,\n  \"b\": true,\n  \"list\": [\n    null,\n    0.5,\n    false,\n"
        "    {},\n    []\n  ],\n  \"tree\": {\n    \"k\": [\n      1,\n      {}\n    ]\n  }\n}");
    vg_buf_free(&flat);
    vg_buf_free(&lines);
    json_case_free(&tree);
}

static void strings_are_escaped_and_never_malformed(void **state)
{
    (void)state;
    static const struct {
        vg_str text;
        const char *told;
    } rows[] = {
        {VG_STR_INIT(""), "\"\""},
        {VG_STR_INIT("a\"b\\c/"), "\"a\\\"b\\\\c/\""},
        {VG_STR_INIT("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\""},
        {VG_STR_INIT("\0\x01\x1b\x1f\x7f"), "\"\\u0000\\u0001\\u001b\\u001f\\u007f\""},
        {VG_STR_INIT("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"), "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\""},
        {VG_STR_INIT("a\xFFz"), "\"a\xEF\xBF\xBDz\""},
        {VG_STR_INIT("\xC3"), "\"\xEF\xBF\xBD\""},
        {VG_STR_INIT("\xE2\x82"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {VG_STR_INIT("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {VG_STR_INIT("\xC0\x80"
                     "A"),
         "\"\xEF\xBF\xBD\xEF\xBF\xBD"
         "A\""},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        vg_buf out = {0};
        vg_json_writer w = vg_json_writer_to(&out, 0);
        vg_json_string(&w, rows[i].text);
        check_text(&out, rows[i].told);
        vg_buf_free(&out);
    }
}

static vg_buf quoted(vg_str text)
{
    vg_buf out = {0};
    vg_json_writer w = vg_json_writer_to(&out, 0);
    vg_json_string(&w, text);
    return out;
}

/* What a byte alone becomes, it becomes in any place of a longer text, which is read a word at a time. */
static void a_byte_is_escaped_wherever_it_stands(void **state)
{
    enum { LENGTH = 20 };
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        char alone = (char)byte;
        vg_buf one = quoted(vg_str_of(&alone, 1));
        for (size_t at = 0; at < LENGTH; at++) {
            char text[LENGTH];
            memset(text, 'a', sizeof text);
            text[at] = alone;
            vg_buf got = quoted(vg_str_of(text, LENGTH)), expected = {0};
            vg_buf_addf(&expected, "\"%.*s%.*s%.*s\"", (int)at, "aaaaaaaaaaaaaaaaaaaa", (int)one.len - 2,
                        one.ptr + 1, (int)(LENGTH - 1 - at), "aaaaaaaaaaaaaaaaaaaa");
            if (!vg_str_eq(vg_buf_str(&got), vg_buf_str(&expected)))
                fail_msg("byte %u at %zu: got %.*s, expected %.*s", byte, at, VG_ARG(vg_buf_str(&got)),
                         VG_ARG(vg_buf_str(&expected)));
            vg_buf_free(&got);
            vg_buf_free(&expected);
        }
        vg_buf_free(&one);
    }
}

static void numbers_are_written_shortest(void **state)
{
    (void)state;
    static const struct {
        double d;
        const char *told;
    } rows[] = {
        {0, "0.0"},
        {-0.0, "-0.0"},
        {1, "1.0"},
        {-12.5, "-12.5"},
        {0.1, "0.1"},
        {1.0 / 3, "0.3333333333333333"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1e15, "1e+15"},
        {123456789012345, "123456789012345.0"},
        {1e22, "1e+22"},
        {5e-324, "4.94065645841247e-324"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {NAN, "null"},
        {INFINITY, "null"},
        {-INFINITY, "null"},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        vg_buf out = {0};
        vg_json_writer w = vg_json_writer_to(&out, 0);
        vg_json_f64(&w, rows[i].d);
        check_text(&out, rows[i].told);
        vg_buf_free(&out);
    }
    vg_buf out = {0};
    vg_json_writer w = vg_json_writer_to(&out, 0);
    vg_json_array(&w);
    vg_json_i64(&w, INT64_MIN);
    vg_json_i64(&w, INT64_MAX);
    vg_json_i64(&w, 0);
    vg_json_end_array(&w);
    check_text(&out, "[-9223372036854775808,9223372036854775807,0]");
    vg_buf_free(&out);
}

static void every_kind_comes_back_as_it_was(void **state)
{
    (void)state;
    const char *text =
        "[null,true,-1,18446744073709551615,1.0,-0.0,1e+300,123456789012345678901234567890,1e400,\"s\","
        "[],{}]";
    json_case c = json_case_read(vg_str_from(text), NULL, VG_JSON_AUTO);
    vg_buf out = {0};
    vg_json_write(&out, c.doc.root, 0);
    check_text(&out, text);
    vg_buf_clear(&out);
    vg_json_write(&out, NULL, 0);
    check_text(&out, "null");
    vg_buf_free(&out);
    json_case_free(&c);
}

static void random_doubles_read_back_to_the_same_bits(void **state)
{
    (void)state;
    uint64_t random = 3;
    for (int n = 0; n < 20000; n++) {
        uint64_t bits = json_random(&random);
        double d;
        memcpy(&d, &bits, sizeof d);
        if (!isfinite(d))
            continue;
        vg_buf out = {0};
        vg_json_writer w = vg_json_writer_to(&out, 0);
        vg_json_f64(&w, d);
        json_case c = json_case_read(vg_buf_str(&out), NULL, VG_JSON_AUTO);
        if (c.status != VG_OK || c.doc.root->kind != VG_DOUBLE || c.doc.root->as.u64 != bits)
            fail_msg("%.*s is not %.17g", VG_ARG(vg_buf_str(&out)), d);
        json_case_free(&c);
        vg_buf_free(&out);
    }
}

static void a_host_with_a_decimal_comma_changes_nothing(void **state)
{
    (void)state;
    static const char *const locales[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "nl_NL.UTF-8"};
    size_t i = 0;
    while (i < VG_COUNT(locales) && !setlocale(LC_NUMERIC, locales[i]))
        i++;
    if (i == VG_COUNT(locales)) {
        print_message("not run: decimal comma (no such locale is installed)\n");
        skip();
    }
    vg_buf out = {0};
    vg_json_writer w = vg_json_writer_to(&out, 0);
    vg_json_f64(&w, 0.1 + 0.2);
    json_case c =
        json_case_read(VG_STR("1.00000000000000011102230246251565404236316680908203126"), NULL, VG_JSON_AUTO);
    setlocale(LC_NUMERIC, "C");
    check_text(&out, "0.30000000000000004");
    assert_true(c.doc.root->as.f64 == 0x1.0000000000001p0);
    json_case_free(&c);
    vg_buf_free(&out);
}

static void the_canonical_form_sorts_keys_and_keeps_the_last(void **state)
{
    (void)state;
    static const struct {
        const char *text, *told;
    } rows[] = {
        {"{\"b\":1,\"a\":{\"d\":[{\"z\":1,\"y\":2}],\"c\":null}}",
         "{\"a\":{\"c\":null,\"d\":[{\"y\":2,\"z\":1}]},\"b\":1}"},
        {"{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}"},
        {"{\"a\":{\"x\":1},\"a\":{}}", "{\"a\":{}}"},
        {"{\"B\":1,\"a\":2,\"\":3,\"\xC3\xA9\":4,\"aa\":5}",
         "{\"\":3,\"B\":1,\"a\":2,\"aa\":5,\"\xC3\xA9\":4}"},
        {"[ 3, 1 , 2 ]", "[3,1,2]"},
        {"{\"a\\u0062\":1, \"\\u0061\":2}", "{\"a\":2,\"ab\":1}"},
        {"\"x\"", "\"x\""},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        json_case c = json_case_read(vg_str_from(rows[i].text), NULL, VG_JSON_AUTO);
        vg_buf out = {0};
        vg_json_write_canonical(&out, c.doc.root);
        check_text(&out, rows[i].told);
        vg_buf_free(&out);
        json_case_free(&c);
    }
}

static void trees_deeper_than_the_writer_are_written(void **state)
{
    (void)state;
    enum { DEPTH = 100000 };
    vg_buf text = {0}, out = {0};
    for (int i = 0; i < DEPTH; i++)
        vg_buf_add_c(&text, i % 2 ? "{\"k\":" : "[");
    vg_buf_add_c(&text, "1");
    for (int i = DEPTH; i-- > 0;)
        vg_buf_add_c(&text, i % 2 ? "}" : "]");
    json_case c = json_case_read(vg_buf_str(&text), &(vg_limits){.max_depth = DEPTH}, VG_JSON_AUTO);
    assert_int_equal(c.status, VG_OK);
    vg_json_write(&out, c.doc.root, 0);
    assert_true(vg_str_eq(vg_buf_str(&text), vg_buf_str(&out)));
    vg_buf_clear(&out);
    vg_json_write_canonical(&out, c.doc.root);
    assert_true(vg_str_eq(vg_buf_str(&text), vg_buf_str(&out)));
    assert_true(vg_value_equal(c.doc.root, c.doc.root));
    vg_buf_free(&text);
    vg_buf_free(&out);
    json_case_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_gets_commas_and_lines),
        cmocka_unit_test(strings_are_escaped_and_never_malformed),
        cmocka_unit_test(a_byte_is_escaped_wherever_it_stands),
        cmocka_unit_test(numbers_are_written_shortest),
        cmocka_unit_test(every_kind_comes_back_as_it_was),
        cmocka_unit_test(random_doubles_read_back_to_the_same_bits),
        cmocka_unit_test(a_host_with_a_decimal_comma_changes_nothing),
        cmocka_unit_test(the_canonical_form_sorts_keys_and_keeps_the_last),
        cmocka_unit_test(trees_deeper_than_the_writer_are_written),
    };
    return cmocka_run_group_tests_name("format/json_write", tests, NULL, NULL);
}
