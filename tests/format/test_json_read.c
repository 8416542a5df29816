/* The JSON reader: what it accepts and refuses, what it makes of it, where it says an error is, and its limits; each
 * case by every path of the index. */
#include "json_cases.h"

#include <math.h>

typedef struct {
    const char *text, *told; /* the document written again, or the error */
} told_case;

static void check_told(const told_case *rows, size_t count, const vg_limits *limits)
{
    for (size_t i = 0; i < count; i++) {
        vg_buf told = {0};
        json_read_by_all(vg_str_from(rows[i].text), limits, &told);
        if (!vg_str_is(vg_buf_str(&told), rows[i].told))
            fail_msg("%s\n  got:      %.*s\n  expected: %s", rows[i].text, VG_ARG(vg_buf_str(&told)),
                     rows[i].told);
        vg_buf_free(&told);
    }
}

static void every_shape_is_read(void **state)
{
    (void)state;
    static const told_case rows[] = {
        {"{}", "{}"},
        {"[]", "[]"},
        {" \t\r\n[ ]\r\n", "[]"},
        {"null", "null"},
        {"true", "true"},
        {" false ", "false"},
        {"\"\"", "\"\""},
        {"7", "7"},
        {"-7 ", "-7"},
        {"[[],{},[[]],{\"\":{}}]", "[[],{},[[]],{\"\":{}}]"},
        {"{\"a\" : [1, \"x\"], \"b\":true}", "{\"a\":[1,\"x\"],\"b\":true}"},
        {"[null,true,false,0]", "[null,true,false,0]"},
        {"{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}"},
        {"\xEF\xBB\xBF{\"a\":1}", "{\"a\":1}"},
        {"[\"\x7f\"]", "[\"\\u007f\"]"},
    };
    check_told(rows, VG_COUNT(rows), NULL);
}

static void escapes_become_utf8(void **state)
{
    (void)state;
    static const told_case rows[] = {
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
        {"\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"", "\"A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\""},
        {"\"\\uFFFF\\uDBFF\\uDFFF\\uD7FF\\uE000\"",
         "\"\xEF\xBF\xBF\xF4\x8F\xBF\xBF\xED\x9F\xBF\xEE\x80\x80\""},
        {"\"\\u0000x\"", "\"\\u0000x\""},
        {"{\"k\\n\":1}", "{\"k\\n\":1}"},
        {"\"12345678\\n12345678\\\\\"", "\"12345678\\n12345678\\\\\""},
        {"[\"\\\\\\\\\\\\\",\"\\\\\\\"\"]", "[\"\\\\\\\\\\\\\",\"\\\\\\\"\"]"},
        {"\"\\x\"", "syntax t.json:1:2: unknown escape in a JSON string"},
        {"[\"ab\\u12g4\"]", "syntax t.json:1:5: \\u needs four hexadecimal digits"},
        {"\"\\u12\"", "syntax t.json:1:2: \\u needs four hexadecimal digits"},
        {"\"\\ud800\"", "syntax t.json:1:2: \\u escape of half a surrogate pair, which is no character"},
        {"\"\\ud800\\u0041\"",
         "syntax t.json:1:2: \\u escape of half a surrogate pair, which is no character"},
        {"\"\\ud800\\n\"", "syntax t.json:1:2: \\u escape of half a surrogate pair, which is no character"},
        {"\"\\udc00\"", "syntax t.json:1:2: \\u escape of half a surrogate pair, which is no character"},
        {"{\"\\udc00\":1}", "syntax t.json:1:3: \\u escape of half a surrogate pair, which is no character"},
    };
    check_told(rows, VG_COUNT(rows), NULL);
}

#define CUT        "JSON text ends too early; the file may have been cut off"
#define CUT_STRING "JSON text ends inside a string; the file may have been cut off"
#define CONTROL    "control character inside a JSON string; it must be written as an escape"
#define UTF8       "JSON text is not well-formed UTF-8 here"
#define VALUE      "expected a JSON value here"

static void wrong_texts_are_refused_where_they_are_wrong(void **state)
{
    (void)state;
    static const told_case rows[] = {
        {"", "syntax t.json:1:1: the file is empty; a JSON value was expected"},
        {"\xEF\xBB\xBF", "syntax t.json:1:1: the file is empty; a JSON value was expected"},
        {"  \n ", "syntax t.json:2:2: " CUT},
        {"[1,\n 2,\n x]", "syntax t.json:3:2: " VALUE},
        {"[1,]", "syntax t.json:1:4: " VALUE},
        {"[,1]", "syntax t.json:1:2: " VALUE},
        {"[1 2]", "syntax t.json:1:4: expected ',' or ']' in this JSON array"},
        {"[1}", "syntax t.json:1:3: expected ',' or ']' in this JSON array"},
        {"{\"a\":1]", "syntax t.json:1:7: expected ',' or '}' in this JSON object"},
        {"{\"a\":1,}", "syntax t.json:1:8: expected a key in double quotes in this JSON object"},
        {"{a:1}", "syntax t.json:1:2: expected a key in double quotes in this JSON object"},
        {"{'a':1}", "syntax t.json:1:2: expected a key in double quotes in this JSON object"},
        {"{1:1}", "syntax t.json:1:2: expected a key in double quotes in this JSON object"},
        {"{\"a\" 1}", "syntax t.json:1:6: expected ':' behind the key of a JSON object"},
        {"{\"a\",1}", "syntax t.json:1:5: expected ':' behind the key of a JSON object"},
        {"{\"a\"}", "syntax t.json:1:5: expected ':' behind the key of a JSON object"},
        {"{\"a\":}", "syntax t.json:1:6: " VALUE},
        {"[tru]", "syntax t.json:1:2: " VALUE},
        {"[truex]", "syntax t.json:1:2: " VALUE},
        {"[True]", "syntax t.json:1:2: " VALUE},
        {"[nul", "syntax t.json:1:2: " VALUE},
        {"[NaN]", "syntax t.json:1:2: " VALUE},
        {"[Infinity]", "syntax t.json:1:2: " VALUE},
        {"[+1]", "syntax t.json:1:2: " VALUE},
        {"[.5]", "syntax t.json:1:2: " VALUE},
        {"[-]", "syntax t.json:1:2: this is not a JSON number"},
        {"[01]", "syntax t.json:1:2: this is not a JSON number"},
        {"[-01]", "syntax t.json:1:2: this is not a JSON number"},
        {"[1.]", "syntax t.json:1:2: this is not a JSON number"},
        {"[1.e3]", "syntax t.json:1:2: this is not a JSON number"},
        {"[1e]", "syntax t.json:1:2: this is not a JSON number"},
        {"[1e+]", "syntax t.json:1:2: this is not a JSON number"},
        {"[1.5.5]", "syntax t.json:1:2: this is not a JSON number"},
        {"[0x1F]", "syntax t.json:1:2: this is not a JSON number"},
        {"[1a]", "syntax t.json:1:2: this is not a JSON number"},
        {"[1\"a\"]", "syntax t.json:1:2: this is not a JSON number"},
        {"1 2", "syntax t.json:1:3: nothing may follow the JSON document"},
        {"{} {}", "syntax t.json:1:4: nothing may follow the JSON document"},
        {"[]]", "syntax t.json:1:3: nothing may follow the JSON document"},
        {"[] \"", "syntax t.json:1:4: nothing may follow the JSON document"},
        {"]", "syntax t.json:1:1: " VALUE},
        {"// c\n[]", "syntax t.json:1:1: " VALUE},
        {"[1,/*c*/2]", "syntax t.json:1:4: " VALUE},
        {"[1\f,2]", "syntax t.json:1:2: this is not a JSON number"},
        {"[\"a\"\x1a]", "syntax t.json:1:5: expected ',' or ']' in this JSON array"},
        {"[\\\"a\"]", "syntax t.json:1:2: " VALUE},
        {"[\"a\"\\]", "syntax t.json:1:5: expected ',' or ']' in this JSON array"},
        {"[\"a\nb\"]", "syntax t.json:1:4: " CONTROL},
        {"[\"a\tb\"]", "syntax t.json:1:4: " CONTROL},
        {"[1,\"\x01\"]", "syntax t.json:1:5: " CONTROL},
        {"[1", "syntax t.json:1:3: " CUT},
        {"[\"a\"", "syntax t.json:1:5: " CUT},
        {"{\"a\":", "syntax t.json:1:6: " CUT},
        {"[\"abc", "syntax t.json:1:6: " CUT_STRING},
        {"\"abc", "syntax t.json:1:5: " CUT_STRING},
        {"[\"abc\\\"", "syntax t.json:1:8: " CUT_STRING},
        {"\"\\", "syntax t.json:1:3: " CUT_STRING},
        {"\xEF\xBB\xBF[x", "syntax t.json:1:2: " VALUE},
        {"[\"\xff\"]", "syntax t.json:1:3: " UTF8},
        {"[1,\xC3\xA9]", "syntax t.json:1:4: " VALUE},
        {"[] \xff", "syntax t.json:1:4: " UTF8},
        {"\xFF\xFE[", "syntax t.json:1:1: " UTF8},
    };
    check_told(rows, VG_COUNT(rows), NULL);
}

static void utf8_is_checked_at_every_place_in_a_block(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        bool good;
    } rows[] = {
        {"\xC2\x80", true},
        {"\xDF\xBF", true},
        {"\xE0\xA0\x80", true},
        {"\xED\x9F\xBF", true},
        {"\xEE\x80\x80", true},
        {"\xEF\xBF\xBF", true},
        {"\xF0\x90\x80\x80", true},
        {"\xF4\x8F\xBF\xBF", true},
        {"\xF1\x80\x80\x80", true},
        {"\x80", false},
        {"\xBF", false},
        {"\xC0\x80", false},
        {"\xC1\xBF", false},
        {"\xC3", false},
        {"\xC3\xC3", false},
        {"\xC3\xA9\xA9", false},
        {"\xE0\x9F\xBF", false},
        {"\xE2\x82", false},
        {"\xED\xA0\x80", false},
        {"\xED\xBF\xBF", false},
        {"\xE2\x82\xAC\x80", false},
        {"\xF0\x8F\xBF\xBF", false},
        {"\xF0\x9F\x98", false},
        {"\xF4\x90\x80\x80", false},
        {"\xF5\x80\x80\x80", false},
        {"\xF8\x88\x80\x80\x80", false},
        {"\xFE", false},
        {"\xFF", false},
        {"\xF0\x90\x80\xC0", false},
        {"\xE1\x80\xE1", false},
    };
    char text[200];
    for (size_t i = 0; i < VG_COUNT(rows); i++)
        for (size_t before = 0; before < 130; before++) {
            vg_buf told = {0};
            size_t bytes = strlen(rows[i].bytes), len = before + 2;
            memset(text, 'a', sizeof text);
            memcpy(text, "[\"", 2);
            memcpy(text + len, rows[i].bytes, bytes);
            memcpy(text + len + bytes, "\"]", 2);
            json_read_by_all(vg_str_of(text, len + bytes + 2), NULL, &told);
            if (vg_str_starts(vg_buf_str(&told), VG_STR("[")) != rows[i].good)
                fail_msg("row %zu behind %zu bytes: %.*s", i, before, VG_ARG(vg_buf_str(&told)));
            size_t wrong;
            if (!rows[i].good && !vg_utf8_valid(vg_str_of(text, len + bytes + 2), &wrong)) {
                char expected[80];
                snprintf(expected, sizeof expected, "syntax t.json:1:%zu: " UTF8, wrong + 1);
                assert_string_equal((vg_buf_add_char(&told, 0), told.ptr), expected);
            }
            vg_buf_free(&told);
        }
}

static void every_byte_outside_ascii_is_judged_alike_by_all_paths(void **state)
{
    (void)state;
    uint64_t random = 5;
    for (int n = 0; n < 20000; n++) {
        uint8_t text[160];
        size_t len = 8 + json_random(&random) % 150;
        vg_buf told = {0};
        memset(text, 'x', sizeof text);
        text[0] = '"';
        text[len - 1] = '"';
        for (size_t k = 0; k < 1 + json_random(&random) % 4; k++) {
            size_t at = 1 + json_random(&random) % (len - 6);
            for (size_t b = 0; b < 4; b++)
                text[at + b] = (uint8_t)(json_random(&random) % 3 ? 0x80 + json_random(&random) % 64
                                                                  : 0xC0 + json_random(&random) % 64);
        }
        json_read_by_all(vg_str_of((char *)text, len), NULL, &told);
        bool good = vg_utf8_valid(vg_str_of((char *)text, len), NULL);
        if (good != vg_str_starts(vg_buf_str(&told), VG_STR("\"")))
            fail_msg("case %d: %.*s", n, VG_ARG(vg_buf_str(&told)));
        vg_buf_free(&told);
    }
}

/* ---- numbers ------------------------------------------------------------------------------------------------------- */

static void numbers_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        vg_kind kind;
        vg_value value;
    } rows[] = {
        {"0", VG_INT, {.as.i64 = 0}},
        {"-1", VG_INT, {.as.i64 = -1}},
        {"12345678", VG_INT, {.as.i64 = 12345678}},
        {"123456789012345678", VG_INT, {.as.i64 = 123456789012345678}},
        {"9223372036854775807", VG_INT, {.as.i64 = INT64_MAX}},
        {"-9223372036854775808", VG_INT, {.as.i64 = INT64_MIN}},
        {"9223372036854775808", VG_UINT, {.as.u64 = UINT64_C(9223372036854775808)}},
        {"10000000000000000000", VG_UINT, {.as.u64 = UINT64_C(10000000000000000000)}},
        {"18446744073709551615", VG_UINT, {.as.u64 = UINT64_MAX}},
        {"18446744073709551616", VG_NUMBER, {0}},
        {"19999999999999999999", VG_NUMBER, {0}},
        {"-9223372036854775809", VG_NUMBER, {0}},
        {"123456789012345678901234567890", VG_NUMBER, {0}},
        {"-0", VG_DOUBLE, {.as.f64 = -0.0}},
        {"-0.0", VG_DOUBLE, {.as.f64 = -0.0}},
        {"0.0", VG_DOUBLE, {.as.f64 = 0}},
        {"0e5", VG_DOUBLE, {.as.f64 = 0}},
        {"1.0", VG_DOUBLE, {.as.f64 = 1}},
        {"1E2", VG_DOUBLE, {.as.f64 = 100}},
        {"1e+2", VG_DOUBLE, {.as.f64 = 100}},
        {"-1.5e-3", VG_DOUBLE, {.as.f64 = -0.0015}},
        {"0.1", VG_DOUBLE, {.as.f64 = 0.1}},
        {"3.141592653589793", VG_DOUBLE, {.as.f64 = 3.141592653589793}},
        {"9007199254740993.0", VG_DOUBLE, {.as.f64 = 9007199254740992}},
        {"1e22", VG_DOUBLE, {.as.f64 = 1e22}},
        {"1e23", VG_DOUBLE, {.as.f64 = 1e23}},
        {"8.5e-5", VG_DOUBLE, {.as.f64 = 8.5e-5}},
        {"1.7976931348623157e308", VG_DOUBLE, {.as.f64 = 0x1.fffffffffffffp1023}},
        {"1.7976931348623159e308", VG_NUMBER, {0}},
        {"1e400", VG_NUMBER, {0}},
        {"-1e400", VG_NUMBER, {0}},
        {"1e99999999999999999999", VG_NUMBER, {0}},
        {"2.2250738585072014e-308", VG_DOUBLE, {.as.f64 = 0x1p-1022}},
        {"2.2250738585072011e-308", VG_DOUBLE, {.as.f64 = 0x0.fffffffffffffp-1022}},
        {"4.9e-324", VG_DOUBLE, {.as.f64 = 0x1p-1074}},
        {"2.4703282292062327e-324", VG_DOUBLE, {.as.f64 = 0}},
        {"2.4703282292062328e-324", VG_DOUBLE, {.as.f64 = 0x1p-1074}},
        {"1e-400", VG_DOUBLE, {.as.f64 = 0}},
        {"1e-99999999999999999999", VG_DOUBLE, {.as.f64 = 0}},
        {"0e99999999999999999999", VG_DOUBLE, {.as.f64 = 0}},
        /* exactly between 1 and the next double, and a hair to each side: more digits than any word holds */
        {"1.00000000000000011102230246251565404236316680908203125", VG_DOUBLE, {.as.f64 = 1}},
        {"1.00000000000000011102230246251565404236316680908203124", VG_DOUBLE, {.as.f64 = 1}},
        {"1.00000000000000011102230246251565404236316680908203126",
         VG_DOUBLE,
         {.as.f64 = 0x1.0000000000001p0}},
        {"100000000000000000000000000000e-29", VG_DOUBLE, {.as.f64 = 1}},
        {"0.000000000000000000000000000000000000000001e42", VG_DOUBLE, {.as.f64 = 1}},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++)
        for (int inside = 0; inside < 2; inside++) {
            char text[128];
            snprintf(text, sizeof text, inside ? "[%s]" : "%s", rows[i].text);
            json_case c = json_case_read(vg_str_from(text), NULL, VG_JSON_AUTO);
            assert_int_equal(c.status, VG_OK);
            const vg_value *got = c.doc.root + inside;
            bool same = got->kind == (uint32_t)rows[i].kind;
            same = same && (rows[i].kind == VG_NUMBER ? vg_str_is(vg_value_str(got), rows[i].text)
                                                      : got->as.u64 == rows[i].value.as.u64);
            if (!same)
                fail_msg("%s: kind %d, bits %llx; expected kind %d, bits %llx", text, (int)got->kind,
                         (unsigned long long)got->as.u64, (int)rows[i].kind,
                         (unsigned long long)rows[i].value.as.u64);
            json_case_free(&c);
        }
}

/* A text of a double that is hard in one of several ways. */
static void make_double(char *text, size_t size, int way, uint64_t *random)
{
    uint64_t bits = json_random(random);
    double d, middle;
    memcpy(&d, &bits, sizeof d);
    d = isfinite(d) ? d : 1.5;
    switch (way % 6) {
    case 0:
        snprintf(text, size, "%.17g", d);
        return;
    case 1:
        snprintf(text, size, "%.30e", d);
        return;
    case 2:
        snprintf(text, size, "%llu.%llue%d",
                 (unsigned long long)(json_random(random) >> json_random(random) % 64),
                 (unsigned long long)(json_random(random) >> json_random(random) % 64),
                 (int)(json_random(random) % 700) - 350);
        return;
    case 3: /* an integer between two doubles */
        middle =
            ldexp((double)(json_random(random) >> 11 | UINT64_C(1) << 52), (int)(json_random(random) % 10));
        snprintf(text, size, "%.0f.5", middle);
        return;
    case 4: /* subnormal */
        snprintf(text, size, "%.*e", (int)(json_random(random) % 25),
                 ldexp((double)(json_random(random) >> 12), -1074 - (int)(json_random(random) % 4)));
        return;
    default:
        snprintf(text, size, "%.*f", (int)(json_random(random) % 20) + 1,
                 (double)(int64_t)json_random(random) / 1e9);
    }
}

static void doubles_are_those_of_the_c_library(void **state)
{
    (void)state;
    uint64_t random = 7;
    for (int n = 0; n < 100000; n++) {
        char text[512];
        make_double(text + 1, sizeof text - 2, n, &random);
        double expected = strtod(text + 1, NULL);
        text[0] = '[';
        strcat(text, "]");
        json_case c = json_case_read(vg_str_from(text), NULL, VG_JSON_AUTO);
        const vg_value *got = c.status == VG_OK ? c.doc.root + 1 : NULL;
        double value = got && got->kind == VG_INT ? (double)got->as.i64 : got ? got->as.f64 : 0;
        bool same = got && (isfinite(expected) ? memcmp(&value, &expected, sizeof value) == 0
                                               : got->kind == VG_NUMBER);
        if (!same)
            fail_msg("%s: %.17g, expected %.17g", text, value, expected);
        json_case_free(&c);
    }
}

/* ---- the tree -------------------------------------------------------------------------------------------------------- */

static void the_tree_is_laid_out_as_format_h_says(void **state)
{
    (void)state;
    json_case c = json_case_read(VG_STR("{\"a\": [1, \"x\"],\n \"b\": true}"), NULL, VG_JSON_AUTO);
    const vg_value *root = c.doc.root;
    assert_int_equal(c.status, VG_OK);
    assert_int_equal(c.doc.node_count, 7);
    assert_int_equal(root->as.container.count, 2);
    assert_int_equal(root->as.container.span, 7);
    assert_int_equal(root[2].kind, VG_ARRAY);
    assert_int_equal(root[2].as.container.count, 2);
    assert_int_equal(root[2].as.container.span, 3);
    assert_ptr_equal(root[1].as.string, c.source.ptr + 2); /* borrowed */
    assert_int_equal(root[6].kind, VG_BOOL);
    static const struct {
        size_t node;
        uint32_t line, column;
    } places[] = {{0, 1, 1}, {1, 1, 2}, {2, 1, 7}, {3, 1, 8}, {4, 1, 11}, {5, 2, 2}, {6, 2, 7}};
    for (size_t i = 0; i < VG_COUNT(places); i++) {
        vg_place place = vg_doc_place(&c.doc, root + places[i].node);
        if (place.line != places[i].line || place.column != places[i].column)
            fail_msg("node %zu is at %u:%u, expected %u:%u", i, place.line, place.column, places[i].line,
                     places[i].column);
    }
    json_case_free(&c);
}

/* Text that needs many windows of tokens, with long strings, escapes and numbers at every distance from their ends. */
static void large_texts_are_read_across_windows(void **state)
{
    (void)state;
    vg_buf text = {0};
    vg_json_writer w = vg_json_writer_to(&text, 0);
    char filler[300];
    memset(filler, 'z', sizeof filler);
    vg_json_array(&w);
    for (int n = 0; n < 5000; n++) {
        vg_json_object(&w);
        vg_json_put_i64(&w, "n", n);
        vg_json_put_str(&w, "es\"cape", vg_str_of(filler, (size_t)(n * 7 % 300)));
        vg_json_put_str(&w, "text", vg_str_of("\\\"\n\t\\\\\"\"", (size_t)(n % 9)));
        vg_json_key(&w, "inner");
        vg_json_array(&w);
        for (int k = 0; k < n % 5; k++)
            vg_json_f64(&w, k + 0.5);
        vg_json_end_array(&w);
        vg_json_end_object(&w);
    }
    vg_json_end_array(&w);
    vg_buf told = {0};
    json_read_by_all(vg_buf_str(&text), NULL, &told);
    assert_int_equal(told.len, text.len);
    assert_memory_equal(told.ptr, text.ptr, text.len);
    vg_buf_free(&told);
    vg_buf_free(&text);
}

static void a_long_run_of_escapes_crosses_windows(void **state)
{
    (void)state;
    vg_buf text = {0}, told = {0};
    vg_buf_add_c(&text, "[1,\"");
    for (int i = 0; i < 20000; i++)
        vg_buf_add_c(&text, i % 3 ? "\\n" : "\\\\");
    vg_buf_add_c(&text, "\",2]");
    json_read_by_all(vg_buf_str(&text), NULL, &told);
    assert_true(vg_str_eq(vg_buf_str(&text), vg_buf_str(&told)));
    vg_buf_free(&text);
    vg_buf_free(&told);
}

/* A head of few values and a tail of many defeats the estimate of nodes. */
static void a_tree_that_outgrows_its_estimate_is_whole(void **state)
{
    (void)state;
    vg_buf text = {0}, told = {0};
    vg_buf_add_c(&text, "{\"head\":[");
    for (int i = 0; i < 2000; i++)
        vg_buf_addf(&text, "%s\"%0200d\"", i ? "," : "", i);
    vg_buf_add_c(&text, "],\"tail\":[");
    for (int i = 0; i < 60000; i++)
        vg_buf_addf(&text, "%s%d", i ? "," : "", i % 10);
    vg_buf_add_c(&text, "]}");
    json_read_by_all(vg_buf_str(&text), NULL, &told);
    assert_true(vg_str_eq(vg_buf_str(&text), vg_buf_str(&told)));
    vg_buf_free(&text);
    vg_buf_free(&told);
}

/* ---- limits and cut-off texts ------------------------------------------------------------------------------------------ */

static void limits_are_kept(void **state)
{
    (void)state;
    static const vg_limits depth = {.max_depth = 3}, nodes = {.max_nodes = 4}, bytes = {.max_bytes = 6};
    static const told_case deep[] = {
        {"[[[1]]]", "[[[1]]]"},
        {"[[[[1]]]]", "limit t.json:1:4: JSON document is nested deeper than the limit allows"},
        {"[[{\"a\":\n{}}]]", "limit t.json:2:1: JSON document is nested deeper than the limit allows"},
    };
    static const told_case many[] = {
        {"[1,2,3]", "[1,2,3]"},
        {"[1,2,3,4]", "limit t.json:1:1: JSON document holds more values than the limit allows"},
        {"{\"a\":1,\"b\":2}", "limit t.json:1:1: JSON document holds more values than the limit allows"},
    };
    static const told_case large[] = {
        {"[1,23]", "[1,23]"},
        {"[1,234]", "limit t.json: JSON document is larger than the limit of 6 bytes"},
    };
    check_told(deep, VG_COUNT(deep), &depth);
    check_told(many, VG_COUNT(many), &nodes);
    check_told(large, VG_COUNT(large), &bytes);
}

static void deep_nesting_is_a_limit_and_never_a_crash(void **state)
{
    (void)state;
    static const struct {
        const char *open, *close;
        size_t times;
        bool good;
    } rows[] = {
        {"[", "]", 512, true},     {"[", "]", 513, false},          {"{\"a\":", "}", 513, false},
        {"[", "", 1000000, false}, {"{\"a\":", "", 1000000, false}, {"[{\"a\":", "}]", 100000, false},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        vg_buf text = {0}, told = {0};
        for (size_t n = 0; n < rows[i].times; n++)
            vg_buf_add_c(&text, rows[i].open);
        vg_buf_add_c(&text, "1");
        for (size_t n = 0; n < rows[i].times; n++)
            vg_buf_add_c(&text, rows[i].close);
        json_read_by_all(vg_buf_str(&text), NULL, &told);
        bool limit = vg_str_starts(vg_buf_str(&told), VG_STR("limit"));
        if (limit == rows[i].good)
            fail_msg("%zu times %s: %.*s", rows[i].times, rows[i].open,
                     VG_ARG(vg_str_sub(vg_buf_str(&told), 0, 200)));
        vg_buf_free(&text);
        vg_buf_free(&told);
    }
}

static void a_full_arena_is_an_error(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(64);
    vg_doc doc;
    vg_error err = {0};
    assert_int_equal(vg_json_read(arena, VG_STR("[1,2,3,4,5,6]"), VG_STR("t"), NULL, &doc, &err),
                     VG_ERR_MEMORY);
    vg_arena_free(arena);
    arena = vg_arena_new(16 * 20);
    assert_int_equal(
        vg_json_read(arena,
                     VG_STR("[\"\\n        a long string that is escaped, longer than what is left"
                            "\"]"),
                     VG_STR("t"), NULL, &doc, &err),
        VG_ERR_MEMORY);
    vg_arena_free(arena);
}

static void a_text_cut_at_any_byte_is_refused(void **state)
{
    (void)state;
    vg_str whole =
        VG_STR("{\"Records\": [{\"eventVersion\":\"1.08\",\"n\":-12.5e3,\"path\":\"a\\\\b\\u00e9\xC3\xA9\",\n"
               "\"list\":[true,false,null,0,{\"k\":[]}],\"big\":123456789012345678901234567890}]}");
    for (size_t cut = 0; cut < whole.len; cut++) {
        vg_buf told = {0};
        json_read_by_all(vg_str_sub(whole, 0, cut), NULL, &told);
        if (!vg_str_starts(vg_buf_str(&told), VG_STR("syntax t.json:")))
            fail_msg("cut at %zu: %.*s", cut, VG_ARG(vg_buf_str(&told)));
        vg_buf_free(&told);
    }
}

/* ---- the public suite -------------------------------------------------------------------------------------------------- */

static void the_json_test_suite_gets_its_verdicts(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_str folder = json_data_folder(arena, "json-testsuite", "json-testsuite");
    vg_vec files = vg_vec_in(arena, sizeof(vg_dir_entry));
    unsigned accepted = 0, refused = 0, either_accepted = 0, either_refused = 0;
    assert_int_equal(vg_dir_walk(arena, folder, &files, NULL, NULL, NULL), VG_OK);
    for (size_t i = 0; i < files.len; i++) {
        vg_str path = ((vg_dir_entry *)vg_vec_at(&files, i))->path, name = vg_path_name(path), text;
        vg_buf told = {0};
        if (!vg_str_ends(name, VG_STR(".json")))
            continue;
        assert_int_equal(vg_file_read(arena, path, 1u << 26, &text, NULL), VG_OK);
        json_read_by_all(text, NULL, &told);
        bool good = !vg_str_starts(vg_buf_str(&told), VG_STR("syntax")) &&
                    !vg_str_starts(vg_buf_str(&told), VG_STR("limit"));
        char wanted = name.ptr[0];
        if ((wanted == 'y' && !good) || (wanted == 'n' && good))
            fail_msg("%.*s: %.*s", VG_ARG(name), VG_ARG(vg_str_sub(vg_buf_str(&told), 0, 300)));
        accepted += wanted == 'y';
        refused += wanted == 'n';
        either_accepted += wanted == 'i' && good;
        either_refused += wanted == 'i' && !good;
        vg_buf_free(&told);
    }
    print_message("json-testsuite: %u y_ accepted, %u n_ refused; of the i_, %u accepted and %u refused\n",
                  accepted, refused, either_accepted, either_refused);
    assert_true(accepted > 0 && refused > 0);
    vg_arena_free(arena);
}

/* By each path, at each place of a block. */
static void every_control_character_is_refused_in_a_string(void **state)
{
    (void)state;
    static const vg_json_path paths[] = {VG_JSON_AUTO, VG_JSON_PLAIN, VG_JSON_SSE2, VG_JSON_AVX2,
                                         VG_JSON_AVX512};
    vg_arena *arena = vg_arena_new(0);
    char text[80];
    for (size_t p = 0; p < VG_COUNT(paths); p++)
        for (int c = 0; c < 0x20; c++)
            for (size_t at = 1; at < 70; at += 23) {
                vg_doc doc;
                vg_error err = {0};
                memset(text, 'x', sizeof text);
                text[0] = text[sizeof text - 1] = '"';
                text[at] = (char)c;
                vg_status status = vg_json_read_with(arena, vg_str_of(text, sizeof text), VG_STR("t"), NULL,
                                                     paths[p], &doc, &err);
                if (status == VG_ERR_UNSUPPORTED)
                    continue;
                if (status != VG_ERR_SYNTAX || err.place.column != at + 1)
                    fail_msg("path %zu, character %d at %zu: %s, column %u", p, c, at, vg_status_name(status),
                             err.place.column);
            }
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_control_character_is_refused_in_a_string),
        cmocka_unit_test(every_shape_is_read),
        cmocka_unit_test(escapes_become_utf8),
        cmocka_unit_test(wrong_texts_are_refused_where_they_are_wrong),
        cmocka_unit_test(utf8_is_checked_at_every_place_in_a_block),
        cmocka_unit_test(every_byte_outside_ascii_is_judged_alike_by_all_paths),
        cmocka_unit_test(numbers_are_exact),
        cmocka_unit_test(doubles_are_those_of_the_c_library),
        cmocka_unit_test(the_tree_is_laid_out_as_format_h_says),
        cmocka_unit_test(large_texts_are_read_across_windows),
        cmocka_unit_test(a_long_run_of_escapes_crosses_windows),
        cmocka_unit_test(a_tree_that_outgrows_its_estimate_is_whole),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(deep_nesting_is_a_limit_and_never_a_crash),
        cmocka_unit_test(a_full_arena_is_an_error),
        cmocka_unit_test(a_text_cut_at_any_byte_is_refused),
        cmocka_unit_test(the_json_test_suite_gets_its_verdicts),
    };
    return cmocka_run_group_tests_name("format/json_read", tests, NULL, NULL);
}
