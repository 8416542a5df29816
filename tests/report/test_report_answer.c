/* The review's answer in every format: golden files for what people read, fields for what machines read, hostile names in
 * all. VIGIL_REPORT_SAMPLES=FOLDER writes each format there, for tests/peers/report. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/sample_answer.h"

#include <stdlib.h>

static vg_buf write_answer(vg_report_format format, const vg_report_options *options)
{
    vg_report_answer answer = sample_answer();
    vg_buf out = {0};
    vg_error err = {0};
    if (vg_report_write(&answer, format, options, &out, &err) != VG_OK)
        fail_msg("%s: %s", vg_report_format_name(format), err.message);
    vg_buf_add_char(&out, '\0');
    out.len--;
    return out;
}

/* With VIGIL_UPDATE_GOLDEN set, the files are written anew, for a person to read the difference and commit it. */
static void matches_golden(const char *name, vg_report_format format, const vg_report_options *options)
{
    vg_arena *arena = vg_arena_new(0);
    vg_str path = vg_arena_printf(arena, "%s/tests/report/golden/%s", VIGIL_SOURCE_DIR, name), expected = {0};
    vg_buf out = write_answer(format, options);
    if (getenv("VIGIL_UPDATE_GOLDEN"))
        assert_int_equal(vg_file_write_atomic(path, vg_buf_str(&out), 0644, NULL), VG_OK);
    vg_status status = vg_file_read(arena, path, 1U << 20, &expected, NULL);
    if (status != VG_OK || !vg_str_eq(expected, vg_buf_str(&out)))
        fail_msg("%s differs; the output is\n%s", name, out.ptr);
    vg_buf_free(&out);
    vg_arena_free(arena);
}

static void people_read_what_the_golden_files_show(void **state)
{
    (void)state;
    matches_golden("answer_80.txt", VG_REPORT_TERMINAL, NULL);
    vg_report_options wide = {.width = 120, .unicode = true, .all = true, .explain = true};
    matches_golden("answer_120_all.txt", VG_REPORT_TERMINAL, &wide);
    matches_golden("answer.md", VG_REPORT_MARKDOWN, NULL);
    matches_golden("answer.csv", VG_REPORT_CSV, NULL);
    vg_report_options all = {.all = true}, colour = {.colour = true, .unicode = true, .all = true};
    matches_golden("answer_all.html", VG_REPORT_HTML, &all);
    matches_golden("answer_80_colour.txt", VG_REPORT_TERMINAL, &colour);
}

static void no_line_is_wider_than_the_terminal(void **state)
{
    (void)state;
    static const unsigned WIDTHS[] = {0, 40, 57, 80, 120, 200};
    for (size_t i = 0; i < VG_COUNT(WIDTHS); i++) {
        vg_report_options options = {.width = WIDTHS[i], .unicode = true, .explain = true};
        size_t width = WIDTHS[i] == 0 ? 80 : WIDTHS[i];
        vg_buf out = write_answer(VG_REPORT_TERMINAL, &options);
        vg_str rest = vg_buf_str(&out), line;
        while (vg_str_next(&rest, '\n', &line)) {
            bool whole =
                vg_str_find(line, VG_STR("; resources:")) != VG_NPOS || vg_str_ends(line, VG_STR(" \\")) ||
                vg_str_starts(line, VG_STR("          ")); /* counts, and options of commands, stay whole */
            if (!whole && vg_report_columns(line) > width)
                fail_msg("%zu columns at a width of %zu: %.*s", vg_report_columns(line), width, VG_ARG(line));
        }
        vg_buf_free(&out);
    }
}

static void colour_is_the_callers_to_ask_for(void **state)
{
    (void)state;
    vg_buf plain = write_answer(VG_REPORT_TERMINAL, NULL);
    assert_null(strchr(plain.ptr, 0x1b));
    vg_report_options options = {.colour = true};
    vg_buf painted = write_answer(VG_REPORT_TERMINAL, &options);
    assert_non_null(strstr(painted.ptr, "\x1b[31mnot met") ? painted.ptr
                                                           : strstr(painted.ptr, "\x1b[31mx\x1b[0m"));
    vg_buf stripped = {0};
    for (size_t i = 0; i < painted.len; i++) {
        if (painted.ptr[i] == 0x1b)
            i = (size_t)(strchr(painted.ptr + i, 'm') - painted.ptr);
        else
            vg_buf_add_char(&stripped, painted.ptr[i]);
    }
    assert_true(vg_str_eq(vg_buf_str(&stripped), vg_buf_str(&plain)));
    vg_buf_free(&stripped);
    vg_buf_free(&painted);
    vg_buf_free(&plain);
}

/* What no reader may ever see as it is. */
static void hostile_names_are_content_in_every_format(void **state)
{
    (void)state;
    static const vg_str NEVER[] = {
        VG_STR_INIT("\x1b"),
        VG_STR_INIT("\xE2\x80\xAE"),
        VG_STR_INIT("\xE2\x81\xA6"),
    };
    static const vg_str NEVER_MARKUP[] = {VG_STR_INIT("<script"), VG_STR_INIT("<SCRIPT"), VG_STR_INIT("]]>")};
    for (vg_report_format format = VG_REPORT_TERMINAL; format <= VG_REPORT_JUNIT; format++) {
        vg_report_options options = {.all = true, .explain = true};
        vg_buf out = write_answer(format, &options);
        bool markup = format == VG_REPORT_HTML || format == VG_REPORT_MARKDOWN || format == VG_REPORT_JUNIT;
        for (size_t i = 0; i < VG_COUNT(NEVER); i++)
            if (vg_str_find(vg_buf_str(&out), NEVER[i]) != VG_NPOS)
                fail_msg("%s holds %zu as it is", vg_report_format_name(format), i);
        for (size_t i = 0; i < VG_COUNT(NEVER_MARKUP) && markup; i++)
            if (vg_str_find(vg_buf_str(&out), NEVER_MARKUP[i]) != VG_NPOS)
                fail_msg("%s holds %.*s", vg_report_format_name(format), VG_ARG(NEVER_MARKUP[i]));
        assert_true(vg_utf8_valid(vg_buf_str(&out), NULL));
        vg_buf_free(&out);
    }
}

static void json_gives_back_each_name_as_it_was(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_buf out = write_answer(VG_REPORT_JSON, NULL);
    vg_doc doc;
    assert_int_equal(vg_json_read(arena, vg_buf_str(&out), VG_STR("out"), NULL, &doc, NULL), VG_OK);
    static const struct {
        const char *path, *expected;
    } FIELDS[] = {
        {"schema", "vigil.review/1"},
        {"organisation/id", "o-exampleorg"},
        {"judged_at", "2026-11-24T10:00:00Z"},
        {"answer/state", "partly-met"},
        {"answer/practices/1/controls/0/verdict", "fail"},
        {"answer/practices/1/controls/0/requirements/1", "CIS AWS 5.0 1.4"},
        {"answer/actions/0/controls/0", "root-mfa"},
        {"answer/actions/0/warning",
         "can lock people out: keep two devices, in two places, before you sign out"},
        {"workloads/1/name", HOSTILE},
        {"not_assessed/1/provider", "an attestation: threat-model-reviewed"},
        {"findings/1/resource/name", HOSTILE},
        {"findings/1/workflow", "SUPPRESSED"},
        {"findings/1/evidence/file", "templates/a b.yml"},
    };
    for (size_t i = 0; i < VG_COUNT(FIELDS); i++) {
        vg_str got = vg_get_str(doc.root, FIELDS[i].path);
        if (!vg_str_is(got, FIELDS[i].expected))
            fail_msg("%s is %.*s, expected %s", FIELDS[i].path, VG_ARG(got), FIELDS[i].expected);
    }
    assert_int_equal(vg_kind_of(vg_get_path(doc.root, "answer/practices/3/score")), VG_NULL);
    static const struct {
        const char *path;
        double expected;
    } NUMBERS[] = {{"answer/actions/0/total_gain", 12.4},
                   {"answer/actions/0/gain", 30},
                   {"answer/practices/1/score", 40},
                   {"answer/practices/1/coverage", 80},
                   {"answer/practices/1/controls/0/weight", 4},
                   {"answer/coverage", 70},
                   {"answer/score", 51.6666},
                   {"workloads/0/score", 71.25}};
    for (size_t i = 0; i < VG_COUNT(NUMBERS); i++) {
        const vg_value *v = vg_get_path(doc.root, NUMBERS[i].path);
        if (!v || v->kind != VG_DOUBLE || v->as.f64 != NUMBERS[i].expected)
            fail_msg("%s is not %f", NUMBERS[i].path, NUMBERS[i].expected);
    }
    int64_t failing = 0;
    assert_true(vg_get_i64(doc.root, "answer/practices/1/controls/0/resources/fail", &failing) &&
                failing == 3);
    vg_buf_free(&out);
    vg_arena_free(arena);
}

static void html_loads_nothing_and_stands_alone(void **state)
{
    (void)state;
    vg_buf out = write_answer(VG_REPORT_HTML, NULL);
    static const char *const NEVER[] = {
        "http://", "https://", "src=", "href=", "url(", "<link", "@import", "javascript:"};
    for (size_t i = 0; i < VG_COUNT(NEVER); i++)
        if (strstr(out.ptr, NEVER[i]))
            fail_msg("the page holds %s", NEVER[i]);
    static const char *const ALWAYS[] = {"default-src 'none'",
                                         "prefers-color-scheme:dark",
                                         "@media print",
                                         "width=device-width",
                                         "aria-label=\"score 51.7 of 100, partly met\"",
                                         "lang=\"en\"",
                                         "How scores are computed"};
    for (size_t i = 0; i < VG_COUNT(ALWAYS); i++)
        if (!strstr(out.ptr, ALWAYS[i]))
            fail_msg("the page lacks %s", ALWAYS[i]);
    vg_buf_free(&out);
}

/* All controls are rules, also those that found nothing; a rule's help comes from its findings. */
static void sarif_has_a_rule_for_each_control(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_buf out = write_answer(VG_REPORT_SARIF, NULL);
    vg_doc doc;
    assert_int_equal(vg_json_read(arena, vg_buf_str(&out), VG_STR("out"), NULL, &doc, NULL), VG_OK);
    const vg_value *rules = vg_get_path(doc.root, "runs/0/tool/driver/rules");
    assert_int_equal(vg_value_count(rules), 6 + 3);
    assert_true(vg_str_is(vg_get_str(rules, "3/id"), "root-mfa"));
    assert_true(vg_str_is(vg_get_str(rules, "3/help/text"), "Register two MFA devices for the root user."));
    assert_true(vg_str_is(vg_get_str(rules, "4/id"), "root-access-keys"));
    vg_buf_free(&out);
    vg_arena_free(arena);
}

static void commands_are_cut_at_options_however_narrow(void **state)
{
    (void)state;
    vg_report_options options = {.width = 40};
    vg_buf out = write_answer(VG_REPORT_TERMINAL, &options);
    assert_non_null(strstr(out.ptr, "    $ aws iam create-virtual-mfa-device \\\n"
                                    "          --virtual-mfa-device-name root-111122223333 \\\n"
                                    "          --outfile qr.png \\\n"));
    vg_buf_free(&out);
}

/* Every element that is opened is closed, in order; void elements and the doctype aside. */
static void check_nesting(const char *text, const char *const *voids, size_t void_count)
{
    char stack[64][32];
    size_t depth = 0;
    for (const char *at = strchr(text, '<'); at; at = strchr(at + 1, '<')) {
        const char *end = strchr(at, '>');
        size_t name = strcspn(at + 1, " />\n");
        assert_non_null(end);
        if (at[1] == '!' || at[1] == '?' || end[-1] == '/')
            continue;
        bool is_void = false;
        for (size_t i = 0; i < void_count; i++)
            is_void = is_void || (strlen(voids[i]) == name && strncmp(at + 1, voids[i], name) == 0);
        if (is_void)
            continue;
        if (at[1] == '/') {
            size_t closing = strcspn(at + 2, ">");
            assert_true(depth > 0);
            depth--;
            if (strlen(stack[depth]) != closing || strncmp(stack[depth], at + 2, closing) != 0)
                fail_msg("<%s> is closed by %.60s", stack[depth], at);
            continue;
        }
        assert_true(depth < VG_COUNT(stack) && name < sizeof stack[0]);
        memcpy(stack[depth], at + 1, name);
        stack[depth++][name] = '\0';
    }
    assert_int_equal(depth, 0);
}

static void markup_is_nested_well(void **state)
{
    (void)state;
    static const char *const VOIDS[] = {"meta", "br"};
    vg_report_options options = {.all = true, .explain = true};
    vg_buf html = write_answer(VG_REPORT_HTML, &options), junit = write_answer(VG_REPORT_JUNIT, &options);
    check_nesting(html.ptr, VOIDS, VG_COUNT(VOIDS));
    check_nesting(junit.ptr, NULL, 0);
    vg_buf_free(&html);
    vg_buf_free(&junit);
}

static void junit_counts_controls(void **state)
{
    (void)state;
    vg_buf out = write_answer(VG_REPORT_JUNIT, NULL);
    static const char *const ALWAYS[] = {
        "<testsuites name=\"How do you securely operate your workload?\" tests=\"6\" failures=\"3\" "
        "errors=\"0\">",
        "<testsuite name=\"SEC01-BP02 Secure the root user and the properties of each account, wherever it "
        "stands\" "
        "tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"0\">",
        "<testcase classname=\"SEC01-BP02\" name=\"root-access-keys: No root user has access keys\" "
        "time=\"0\"/>",
        "<failure type=\"critical\" message=\"3 of 12 accounts",
        "111122223333  111122223333: The root user of 111122223333 has no MFA\n",
        "<skipped>iam list-organizations-features (permission iam:ListOrganizationsFeatures)</skipped>",
    };
    for (size_t i = 0; i < VG_COUNT(ALWAYS); i++)
        if (!strstr(out.ptr, ALWAYS[i]))
            fail_msg("lacks %s in\n%s", ALWAYS[i], out.ptr);
    vg_buf_free(&out);
}

/* Each finding and each control without one is a row of as many fields as the header has. */
static void csv_rows_are_whole_and_harmless(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_buf out = write_answer(VG_REPORT_CSV, NULL);
    vg_csv csv = vg_csv_over(arena, vg_buf_str(&out), VG_STR("out.csv"));
    vg_vec fields = vg_vec_in(arena, sizeof(vg_str));
    size_t rows = 0, columns = 0;
    vg_error err = {0};
    for (bool more = true;; rows++) {
        if (vg_csv_next(&csv, &fields, &more, &err) != VG_OK)
            fail_msg("%s", err.message);
        if (!more)
            break;
        columns = rows == 0 ? fields.len : columns;
        assert_int_equal(fields.len, columns);
        if (rows == 1) /* a finding's practice is that of its control */
            assert_true(vg_str_is(*(vg_str *)vg_vec_at(&fields, 1), "SEC01-BP02"));
        for (size_t i = 0; i < fields.len; i++) {
            vg_str field = *(vg_str *)vg_vec_at(&fields, i);
            assert_false(field.len > 0 && strchr("=+-@\t\r", field.ptr[0]) != NULL);
        }
    }
    assert_int_equal(rows, 1 + 5 + 5); /* the header, findings, controls without findings */
    assert_int_equal(columns, 21);
    vg_buf_free(&out);
    vg_arena_free(arena);
}

static void an_empty_answer_is_written_too(void **state)
{
    (void)state;
    vg_report_answer empty = {.evidence_from = VG_TIME_NONE,
                              .evidence_to = VG_TIME_NONE,
                              .judged_at = VG_TIME_NONE,
                              .organisation = {.state = VG_STATE_NOT_ASSESSED, .score = VG_SCORE_NONE}};
    for (vg_report_format format = VG_REPORT_TERMINAL; format <= VG_REPORT_JUNIT; format++) {
        vg_buf out = {0};
        assert_int_equal(vg_report_write(&empty, format, NULL, &out, NULL), VG_OK);
        assert_true(out.len > 0 || format == VG_REPORT_JSONL);
        vg_buf_free(&out);
    }
}

/* An answer whose findings fill several pieces. */
static vg_report_answer long_answer(vg_arena *arena)
{
    enum { COUNT = 8000 };
    vg_report_answer answer = sample_answer();
    vg_report_finding *findings = VG_NEW_N(arena, vg_report_finding, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        findings[i] = answer.findings[i % answer.finding_count];
    answer.findings = findings;
    answer.finding_count = COUNT;
    return answer;
}

typedef struct {
    vg_buf all;
    size_t count, largest, fail_at;
} pieces;

static vg_status take_piece(void *context, vg_str bytes, vg_error *err)
{
    pieces *p = context;
    if (++p->count == p->fail_at)
        return vg_fail(err, VG_ERR_FULL, "no space");
    p->largest = bytes.len > p->largest ? bytes.len : p->largest;
    vg_buf_add_str(&p->all, bytes);
    return VG_OK;
}

static void long_answers_are_passed_on_in_pieces(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_report_answer answer = long_answer(arena);
    for (vg_report_format format = VG_REPORT_TERMINAL; format <= VG_REPORT_JUNIT; format++) {
        bool keeps = format == VG_REPORT_TERMINAL || format == VG_REPORT_JUNIT;
        pieces p = {0};
        vg_buf whole = {0}, rest = {0};
        vg_report_options options = {.all = true};
        assert_int_equal(vg_report_write(&answer, format, &options, &whole, NULL), VG_OK);
        options.flush = take_piece;
        options.flush_context = &p;
        assert_int_equal(vg_report_write(&answer, format, &options, &rest, NULL), VG_OK);
        vg_buf_add_str(&p.all, vg_buf_str(&rest));
        if (!vg_str_eq(vg_buf_str(&whole), vg_buf_str(&p.all)))
            fail_msg("%s differs when passed on in %zu pieces", vg_report_format_name(format), p.count);
        if (!keeps && (p.count < 2 || p.largest > (1U << 20) + 20000))
            fail_msg("%s was passed on in %zu pieces, the largest of %zu bytes",
                     vg_report_format_name(format), p.count, p.largest);
        vg_buf_free(&whole);
        vg_buf_free(&rest);
        vg_buf_free(&p.all);
    }
    vg_arena_free(arena);
}

static void a_full_disk_stops_an_answer(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_report_answer answer = long_answer(arena);
    static const vg_report_format formats[] = {VG_REPORT_JSON, VG_REPORT_CSV, VG_REPORT_SARIF,
                                               VG_REPORT_OCSF};
    for (size_t i = 0; i < VG_COUNT(formats); i++) {
        pieces p = {.fail_at = 2};
        vg_buf rest = {0};
        vg_error err = {0};
        vg_report_options options = {.flush = take_piece, .flush_context = &p};
        assert_int_equal(vg_report_write(&answer, formats[i], &options, &rest, &err), VG_ERR_FULL);
        assert_string_equal(err.message, "no space");
        assert_int_equal(p.count, 2);
        vg_buf_free(&rest);
        vg_buf_free(&p.all);
    }
    vg_arena_free(arena);
}

static void formats_have_names(void **state)
{
    (void)state;
    vg_report_format format;
    for (vg_report_format i = VG_REPORT_TERMINAL; i <= VG_REPORT_JUNIT; i++) {
        assert_true(vg_report_format_parse(vg_str_from(vg_report_format_name(i)), &format));
        assert_int_equal(format, i);
    }
    assert_true(vg_report_format_parse(VG_STR("md"), &format) && format == VG_REPORT_MARKDOWN);
    assert_true(vg_report_format_parse(VG_STR("table"), &format) && format == VG_REPORT_TERMINAL);
    assert_false(vg_report_format_parse(VG_STR("pdf"), &format));
    assert_string_equal(vg_report_format_suffix(VG_REPORT_SARIF), ".sarif");
    assert_string_equal(vg_state_name(VG_STATE_PARTLY_MET), "partly-met");
}

static void samples_are_left_for_the_peers(void **state)
{
    (void)state;
    const char *folder = getenv("VIGIL_REPORT_SAMPLES");
    if (!folder)
        return;
    vg_arena *arena = vg_arena_new(0);
    vg_report_options options = {.version = VG_STR("0.1.0"), .all = true};
    for (vg_report_format format = VG_REPORT_TERMINAL; format <= VG_REPORT_JUNIT; format++) {
        vg_buf out = write_answer(format, &options);
        vg_str path = vg_arena_printf(arena, "%s/sample%s", folder, vg_report_format_suffix(format));
        assert_int_equal(vg_file_write_atomic(path, vg_buf_str(&out), 0600, NULL), VG_OK);
        vg_buf_free(&out);
    }
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_read_what_the_golden_files_show),
        cmocka_unit_test(no_line_is_wider_than_the_terminal),
        cmocka_unit_test(colour_is_the_callers_to_ask_for),
        cmocka_unit_test(hostile_names_are_content_in_every_format),
        cmocka_unit_test(json_gives_back_each_name_as_it_was),
        cmocka_unit_test(html_loads_nothing_and_stands_alone),
        cmocka_unit_test(sarif_has_a_rule_for_each_control),
        cmocka_unit_test(commands_are_cut_at_options_however_narrow),
        cmocka_unit_test(markup_is_nested_well),
        cmocka_unit_test(junit_counts_controls),
        cmocka_unit_test(csv_rows_are_whole_and_harmless),
        cmocka_unit_test(an_empty_answer_is_written_too),
        cmocka_unit_test(long_answers_are_passed_on_in_pieces),
        cmocka_unit_test(a_full_disk_stops_an_answer),
        cmocka_unit_test(formats_have_names),
        cmocka_unit_test(samples_are_left_for_the_peers),
    };
    return cmocka_run_group_tests_name("report answer", tests, NULL, NULL);
}
