/* How single texts reach each format: what is made visible, escaped, measured and wrapped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/report_part.h"

#include <math.h>

typedef struct {
    vg_str given;
    const char *expected;
} text_case;

/* Runs `put_it` over each case with a writer of its own. */
static void check(const text_case *cases, size_t count, void (*put_it)(vg_report_writer *, vg_str))
{
    for (size_t i = 0; i < count; i++) {
        vg_buf out = {0};
        vg_report_writer *w;
        assert_int_equal(vg_report_findings_begin(VG_REPORT_JSONL, VG_STR(""), NULL, &out, &w, NULL), VG_OK);
        put_it(w, cases[i].given);
        vg_buf_add_char(&out, '\0');
        if (strcmp(out.ptr, cases[i].expected) != 0)
            fail_msg("case %zu: %.*s\n  gave     %s\n  expected %s", i, VG_ARG(cases[i].given), out.ptr,
                     cases[i].expected);
        assert_int_equal(vg_report_findings_end(w, NULL), VG_OK);
        vg_buf_free(&out);
    }
}

static void what_hides_or_drives_is_made_visible(void **state)
{
    (void)state;
    static const text_case CASES[] = {
        {VG_STR_INIT(""), ""},
        {VG_STR_INIT("plain"), "plain"},
        {VG_STR_INIT("a\nb\r\tc"), "a\\nb\\r\\tc"},
        {VG_STR_INIT("\x1b[31m"), "\\x1b[31m"},
        {VG_STR_INIT("a\0b\x7f"), "a\\x00b\\x7f"},
        {VG_STR_INIT("\xC2\x9B"
                     "31m"),
         "\\x9b31m"},
        {VG_STR_INIT("\xE2\x80\xAA\xE2\x80\xAB\xE2\x80\xAC\xE2\x80\xAD\xE2\x80\xAE"),
         "\\u202a\\u202b\\u202c\\u202d\\u202e"},
        {VG_STR_INIT("\xE2\x81\xA6\xE2\x81\xA7\xE2\x81\xA8\xE2\x81\xA9"), "\\u2066\\u2067\\u2068\\u2069"},
        {VG_STR_INIT("\xE2\x80\x8E\xE2\x80\x8F\xD8\x9C"), "\\u200e\\u200f\\u061c"},
        {VG_STR_INIT("\xE2\x80\x8B\xEF\xBB\xBF\xE2\x80\xA8"), "\\u200b\\ufeff\\u2028"},
        {VG_STR_INIT("\xF3\xA0\x81\xA1"), "\\U000e0061"},
        {VG_STR_INIT("\xff\xc3"), "\\xff\\xc3"},
        {VG_STR_INIT("\xed\xa0\x80"), "\\xed\\xa0\\x80"},
        {VG_STR_INIT("caf\xc3\xa9 \xE6\x97\xA5 \xF0\x9F\x94\x92"),
         "caf\xc3\xa9 \xE6\x97\xA5 \xF0\x9F\x94\x92"},
        {VG_STR_INIT("\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x94\xA7"),
         "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x94\xA7"},
    };
    check(CASES, VG_COUNT(CASES), put_text);
}

static void html_has_no_markup_of_others(void **state)
{
    (void)state;
    static const text_case CASES[] = {
        {VG_STR_INIT("<script>alert(\"x\" & 'y')</script>"),
         "&lt;script&gt;alert(&quot;x&quot; &amp; &#39;y&#39;)&lt;/script&gt;"},
        {VG_STR_INIT("]]>\x1b\n\x01"), "]]&gt;\\x1b\\n\\x01"},
    };
    check(CASES, VG_COUNT(CASES), put_html);
    static const text_case BLOCKS[] = {{VG_STR_INIT("a\n<b>\n"), "a<br>&lt;b&gt;"}};
    check(BLOCKS, VG_COUNT(BLOCKS), put_block);
}

static void markdown_is_plain_text(void **state)
{
    (void)state;
    static const text_case CASES[] = {
        {VG_STR_INIT("<b>&amp;"), "&lt;b&gt;&amp;amp;"},
        {VG_STR_INIT("[x](y) ![z]"), "\\[x\\](y) !\\[z\\]"},
        {VG_STR_INIT("*a* _b_ `c` ~d~ #e |f| \\"), "\\*a\\* \\_b\\_ \\`c\\` \\~d\\~ \\#e \\|f\\| \\\\"},
        {VG_STR_INIT("- a - b"), "\\- a - b"},
        {VG_STR_INIT("+1"), "\\+1"},
        {VG_STR_INIT("@team"), "&#64;team"},
        {VG_STR_INIT("$x$"), "\\$x\\$"},
        {VG_STR_INIT("a\n# b"), "a\\\\n\\# b"},
    };
    check(CASES, VG_COUNT(CASES), put_markdown);
    static const text_case SPANS[] = {
        {VG_STR_INIT("a"), "<code>a</code>"},
        {VG_STR_INIT("`a` <b> |"), "<code>\\`a\\` &lt;b&gt; \\|</code>"},
    };
    check(SPANS, VG_COUNT(SPANS), put_code);
}

static void csv_fields_are_no_formulas(void **state)
{
    (void)state;
    static const text_case CASES[] = {
        {VG_STR_INIT("plain"), "plain"},
        {VG_STR_INIT("a,b"), "\"a,b\""},
        {VG_STR_INIT("say \"hi\""), "\"say \"\"hi\"\"\""},
        {VG_STR_INIT("a\nb"), "a\\nb"},
        {VG_STR_INIT("=cmd()"), "\"'=cmd()\""},
        {VG_STR_INIT("+1"), "\"'+1\""},
        {VG_STR_INIT("-1"), "\"'-1\""},
        {VG_STR_INIT("@x"), "\"'@x\""},
        {VG_STR_INIT("\t=x"), "\"'\\t=x\""},
        {VG_STR_INIT("\r=x"), "\"'\\r=x\""},
        {VG_STR_INIT("  =x"), "\"'  =x\""},
        {VG_STR_INIT("\xEF\xBC\x9Dx"), "\"'\xEF\xBC\x9Dx\""},
        {VG_STR_INIT("a=b"), "a=b"},
    };
    check(CASES, VG_COUNT(CASES), put_csv);
}

static void numbers_never_say_a_whole_100_too_early(void **state)
{
    (void)state;
    static const struct {
        double number;
        const char *expected;
    } CASES[] = {{0, "0"},           {100, "100"},      {99.99, "99.9"},
                 {99.94, "99.9"},    {46.66, "46.7"},   {0.01, "0.1"},
                 {12.0, "12"},       {-1, "-"},         {(double)INFINITY, "-"},
                 {(double)NAN, "-"}, {1234.5, "1234.5"}};
    for (size_t i = 0; i < VG_COUNT(CASES); i++) {
        char text[NUMBER_TEXT];
        report_number(CASES[i].number, text);
        if (strcmp(text, CASES[i].expected) != 0)
            fail_msg("%f gave %s, expected %s", CASES[i].number, text, CASES[i].expected);
    }
}

static void columns_are_those_of_a_terminal(void **state)
{
    (void)state;
    static const struct {
        vg_str text;
        size_t expected;
    } CASES[] = {
        {VG_STR_INIT(""), 0},
        {VG_STR_INIT("abc"), 3},
        {VG_STR_INIT("caf\xc3\xa9"), 4},
        {VG_STR_INIT("e\xCC\x81"), 1},
        {VG_STR_INIT("\xE6\x97\xA5\xE6\x9C\xAC"), 4},
        {VG_STR_INIT("\xF0\x9F\x94\x92"), 2},
        {VG_STR_INIT("\xEF\xBC\xA1"), 2},
        {VG_STR_INIT("\xff"), 1},
        {VG_STR_INIT("\xE2\x96\x88\xE2\x9C\x94"), 2},
    };
    for (size_t i = 0; i < VG_COUNT(CASES); i++)
        if (vg_report_columns(CASES[i].text) != CASES[i].expected)
            fail_msg("%.*s takes %zu, expected %zu", VG_ARG(CASES[i].text), vg_report_columns(CASES[i].text),
                     CASES[i].expected);
}

static void tables_fit_their_width(void **state)
{
    (void)state;
    static const vg_report_column COLUMNS[] = {
        {"name", false, true}, {"count", true, false}, {"what", false, false}};
    static const vg_str CELLS[] = {
        VG_STR_INIT("a\n\x1b"), VG_STR_INIT("1200"),
        VG_STR_INIT("short"),   VG_STR_INIT("\xE6\x97\xA5"),
        VG_STR_INIT("7"),       VG_STR_INIT("a text that is longer than the table is wide, and wraps"),
    };
    vg_report_options options = {.width = 40};
    vg_buf out = {0};
    assert_int_equal(vg_report_table(COLUMNS, 3, CELLS, 2, &options, &out, NULL), VG_OK);
    vg_buf_add_char(&out, '\0');
    assert_string_equal(out.ptr, "name     count  what\n"
                                 "a\\n\\x1b   1200  short\n"
                                 "\xE6\x97\xA5           7  a text that is longer\n"
                                 "                than the table is wide,\n"
                                 "                and wraps\n");
    vg_buf_free(&out);
    assert_int_equal(vg_report_table(COLUMNS, 0, CELLS, 2, &options, &out, NULL), VG_ERR_INTERNAL);
}

/* ---- wrapping --------------------------------------------------------------------------------------------------- */

static void put_wrapped_at_40(vg_report_writer *w, vg_str text)
{
    w->options.width = 40;
    put_wrapped(w, text, 2, 5, PAINT_NONE);
}

static void text_wraps_at_words_and_indents(void **state)
{
    (void)state;
    static const text_case CASES[] = {
        {VG_STR_INIT(""), ""},
        {VG_STR_INIT("short"), "short"},
        {VG_STR_INIT("one two three four five six seven eight nine"),
         "one two three four five six seven\n  eight nine"},
        {VG_STR_INIT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b"),
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n  aaaaaaaaaa b"},
        {VG_STR_INIT("\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5"
                     "\xE6\x97\xA5"
                     "\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5"
                     "\xE6\x97\xA5"
                     "\xE6\x97\xA5\xE6\x97\xA5"),
         "\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5"
         "\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5"
         "\xE6\x97\xA5\n  \xE6\x97\xA5"},
        {VG_STR_INIT("no\nline"), "no\\nline"},
    };
    check(CASES, VG_COUNT(CASES), put_wrapped_at_40);
}

/* Where a single column is left, a character of two stands there all the same. */
static void put_wrapped_at_the_edge(vg_report_writer *w, vg_str text)
{
    w->options.width = 40;
    put_wrapped(w, text, 39, 39, PAINT_NONE);
}

static void what_is_wider_than_the_line_is_not_lost(void **state)
{
    (void)state;
    static const text_case CASES[] = {
        {VG_STR_INIT("\xE6\x97\xA5\xE6\x9C\xAC"),
         "\xE6\x97\xA5\n                                       \xE6\x9C\xAC"},
    };
    check(CASES, VG_COUNT(CASES), put_wrapped_at_the_edge);
}

static void fixed_columns_keep_their_width(void **state)
{
    (void)state;
    static const vg_report_column COLUMNS[] = {{"id", false, true}, {"what", false, false}};
    static const vg_str CELLS[] = {VG_STR_INIT("aaaaaaaaaaaaaaaaaaaaaaaaaa"),
                                   VG_STR_INIT("one two three four five")};
    vg_report_options options = {.width = 40};
    vg_buf out = {0};
    assert_int_equal(vg_report_table(COLUMNS, 2, CELLS, 1, &options, &out, NULL), VG_OK);
    vg_buf_add_char(&out, '\0');
    assert_string_equal(out.ptr, "id                          what\n"
                                 "aaaaaaaaaaaaaaaaaaaaaaaaaa  one two\n"
                                 "                            three four\n"
                                 "                            five\n");
    vg_buf_free(&out);
}

static void bars_are_full_only_at_100(void **state)
{
    (void)state;
    static const struct {
        double percent;
        bool unicode;
        const char *expected;
    } CASES[] = {
        {0, false, "...."},   {50, false, "##.."},  {99.9, false, "###."},
        {100, false, "####"}, {-1, false, "...."},  {150, false, "####"},
        {50, true, "██··"},   {53.2, true, "██▏·"}, {99.99, true, "███▉"},
    };
    for (size_t i = 0; i < VG_COUNT(CASES); i++) {
        vg_buf out = {0};
        vg_report_writer *w;
        vg_report_options options = {.unicode = CASES[i].unicode};
        assert_int_equal(vg_report_findings_begin(VG_REPORT_JSONL, VG_STR(""), &options, &out, &w, NULL),
                         VG_OK);
        put_bar(w, CASES[i].percent, 4, PAINT_GOOD);
        vg_buf_add_char(&out, '\0');
        assert_string_equal(out.ptr, CASES[i].expected);
        vg_report_findings_end(w, NULL);
        vg_buf_free(&out);
    }
}

static void whereabouts_read_as_people_say_them(void **state)
{
    (void)state;
    static const struct {
        const char *type, *name, *id, *account, *account_name, *region, *expected;
    } CASES[] = {
        {"Vigil::Account::Root", "root", "111122223333", "111122223333", "shop", "",
         "root of shop (111122223333)"},
        {"Vigil::Account::User", "jane", "u", "111122223333", "shop", "", "jane in shop (111122223333)"},
        {"Vigil::Account::User", "jane", "u", "111122223333", "", "", "jane in account 111122223333"},
        {"Vigil::Account::Access", "", "111122223333", "111122223333", "shop", "", "shop (111122223333)"},
        {"Vigil::Account::Access", "", "111122223333", "111122223333", "", "", "account 111122223333"},
        {"Vigil::Account::Account", "shop", "111122223333", "111122223333", "shop", "",
         "shop (111122223333)"},
        {"AWS::S3::Bucket", "", "logs", "111122223333", "shop", "eu-west-1",
         "logs in shop (111122223333), eu-west-1"},
        {"Vigil::Organization::Organization", "", "o-1", "", "", "", "o-1"},
    };
    vg_report_writer w = {.scratch = vg_arena_new(0)};
    for (size_t i = 0; i < VG_COUNT(CASES); i++) {
        report_finding v = {.f = {.resource_type = vg_str_from(CASES[i].type),
                                  .resource_name = vg_str_from(CASES[i].name),
                                  .resource_id = vg_str_from(CASES[i].id),
                                  .account = vg_str_from(CASES[i].account),
                                  .region = vg_str_from(CASES[i].region)},
                            .account_name = vg_str_from(CASES[i].account_name)};
        vg_str got = report_whereabouts(&w, &v);
        if (!vg_str_is(got, CASES[i].expected))
            fail_msg("%s: %.*s, expected %s", CASES[i].type, VG_ARG(got), CASES[i].expected);
    }
    vg_arena_free(w.scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whereabouts_read_as_people_say_them),
        cmocka_unit_test(what_hides_or_drives_is_made_visible),
        cmocka_unit_test(html_has_no_markup_of_others),
        cmocka_unit_test(markdown_is_plain_text),
        cmocka_unit_test(csv_fields_are_no_formulas),
        cmocka_unit_test(numbers_never_say_a_whole_100_too_early),
        cmocka_unit_test(columns_are_those_of_a_terminal),
        cmocka_unit_test(tables_fit_their_width),
        cmocka_unit_test(text_wraps_at_words_and_indents),
        cmocka_unit_test(what_is_wider_than_the_line_is_not_lost),
        cmocka_unit_test(fixed_columns_keep_their_width),
        cmocka_unit_test(bars_are_full_only_at_100),
    };
    return cmocka_run_group_tests_name("report text", tests, NULL, NULL);
}
