/* One finding, or one answer of a few lines, at a time: what each format makes of a severity, a partition, a limit or a
 * repetition. A row is what is changed about the finding, the format, and a piece of text that must be there or must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/report.h"

#include <stdlib.h>

#define T10  "aaaaaaaaaa"
#define T50  T10 T10 T10 T10 T10
#define T250 T50 T50 T50 T50 T50

static const vg_str TWICE[] = {VG_STR_INIT("CIS 1.4"), VG_STR_INIT("FSBP IAM.1"), VG_STR_INIT("CIS 1.4")};
static const vg_str OURS[] = {VG_STR_INIT("CIS 1.4"), VG_STR_INIT("SEC01 BP02.1")};

static const struct {
    const char *name;
    vg_report_finding finding;
    vg_report_format format;
    const char *there, *absent;
} CASES[] = {
    {"why it is suppressed",
     {.suppressed_reason = VG_STR_INIT("known")},
     VG_REPORT_JSON,
     "\"suppressed_reason\": \"known\"",
     NULL},
    {"a hidden character beyond the first plane",
     {.finding.title = VG_STR_INIT("x\xF3\xA0\x81\xA1y")},
     VG_REPORT_JSON,
     "x\\udb40\\udc61y",
     NULL},
    {"China's first region",
     {.finding.resource_id = VG_STR_INIT("arn:aws-cn:iam::111122223333:root")},
     VG_REPORT_ASFF,
     "\"Region\": \"cn-north-1\"",
     "us-east-1"},
    {"the first region of GovCloud",
     {.finding.resource_id = VG_STR_INIT("arn:aws-us-gov:iam::111122223333:root")},
     VG_REPORT_ASFF,
     "\"Region\": \"us-gov-west-1\"",
     "us-east-1"},
    {"high, as a number", {.finding.severity = VG_SEVERITY_HIGH}, VG_REPORT_ASFF, "\"Normalized\": 80", NULL},
    {"low, as a number", {.finding.severity = VG_SEVERITY_LOW}, VG_REPORT_ASFF, "\"Normalized\": 20", NULL},
    {"critical, as a number",
     {.finding.severity = VG_SEVERITY_CRITICAL},
     VG_REPORT_ASFF,
     "\"Normalized\": 95",
     NULL},
    {"a title that is cut within a character",
     {.finding.title = VG_STR_INIT(T250 "aaaaa\xC3\xA9")},
     VG_REPORT_ASFF,
     "\"Title\": \"" T250 "aaaaa\"",
     NULL},
    {"a title that is cut behind a character",
     {.finding.title = VG_STR_INIT(T250 "aaaa\xC3\xA9x")},
     VG_REPORT_ASFF,
     "\"Title\": \"" T250 "aaaa\xC3\xA9\"",
     NULL},
    {"high is an error",
     {.finding.severity = VG_SEVERITY_HIGH},
     VG_REPORT_SARIF,
     "\"level\": \"error\"",
     "\"level\": \"warning\""},
    {"medium is a warning",
     {.finding.severity = VG_SEVERITY_MEDIUM},
     VG_REPORT_SARIF,
     "\"level\": \"warning\"",
     "\"level\": \"error\""},
    {"a file whose name is no URI",
     {.finding.evidence = VG_STR_INIT("{\"file\":\"a \xC3\xBC.yml\",\"line\":3}")},
     VG_REPORT_SARIF,
     "\"uri\": \"a%20%C3%BC.yml\"",
     NULL},
    {"tags are a set",
     {.requirements = TWICE, .requirement_count = 3},
     VG_REPORT_SARIF,
     "\"CIS 1.4\",\n                  \"FSBP IAM.1\"\n",
     NULL},
    {"neither account nor region",
     {.finding.resource_id = VG_STR_INIT("template.yml")},
     VG_REPORT_JUNIT,
     "name=\"template.yml\"",
     NULL},
    {"a region without account",
     {.finding.resource_id = VG_STR_INIT("x"), .finding.region = VG_STR_INIT("eu-west-1")},
     VG_REPORT_JUNIT,
     "name=\"eu-west-1 x\"",
     NULL},
    {"the requirement of the question is the practice",
     {.requirements = OURS, .requirement_count = 2},
     VG_REPORT_CSV,
     ",SEC01 BP02.1,rule,",
     NULL},
    {"no requirement of the question",
     {.requirements = TWICE, .requirement_count = 3},
     VG_REPORT_CSV,
     ",,rule,",
     NULL},
};

static vg_buf write_one(const vg_report_finding *finding, vg_report_format format)
{
    vg_buf out = {0};
    vg_report_writer *w;
    vg_error err = {0};
    vg_report_finding given = *finding;
    given.finding.rule = VG_STR("rule");
    given.finding.verdict = VG_VERDICT_FAIL;
    if (given.finding.title.len == 0)
        given.finding.title = VG_STR("title");
    assert_int_equal(vg_report_findings_begin(format, VG_STR("t"), NULL, &out, &w, &err), VG_OK);
    assert_int_equal(vg_report_findings_add(w, &given, &err), VG_OK);
    assert_int_equal(vg_report_findings_end(w, &err), VG_OK);
    return out;
}

static bool holds(const vg_buf *out, const char *text)
{
    return vg_str_find(vg_buf_str(out), vg_str_from(text)) != VG_NPOS;
}

static void each_format_tells_one_finding_as_it_must(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < VG_COUNT(CASES); i++) {
        vg_buf out = write_one(&CASES[i].finding, CASES[i].format);
        if (!holds(&out, CASES[i].there) || (CASES[i].absent && holds(&out, CASES[i].absent))) {
            print_error("%s: expected %s, without %s\n%.*s\n", CASES[i].name, CASES[i].there,
                        CASES[i].absent ? CASES[i].absent : "anything", VG_ARG(vg_buf_str(&out)));
            wrong++;
        }
        vg_buf_free(&out);
    }
    assert_int_equal(wrong, 0);
}

static size_t count_of(const vg_buf *out, const char *text)
{
    size_t count = 0;
    vg_str rest = vg_buf_str(out);
    for (size_t at; (at = vg_str_find(rest, vg_str_from(text))) != VG_NPOS; count++)
        rest = vg_str_sub(rest, at + 1, VG_NPOS);
    return count;
}

/* Security Hub takes 32 requirements. */
static void asff_has_32_requirements_at_most(void **state)
{
    vg_str requirements[40];
    (void)state;
    for (size_t i = 0; i < VG_COUNT(requirements); i++)
        requirements[i] = VG_STR("requirement");
    vg_buf out = write_one(&(vg_report_finding){.requirements = requirements, .requirement_count = 40},
                           VG_REPORT_ASFF);
    assert_int_equal(count_of(&out, "\"requirement\""), 32);
    vg_buf_free(&out);
}

/* The help of a rule comes from the first finding that has some. */
static void sarif_takes_help_from_a_later_finding(void **state)
{
    vg_buf out = {0};
    vg_report_writer *w;
    vg_report_finding finding = {
        .finding = {.rule = VG_STR("r"), .title = VG_STR("t"), .verdict = VG_VERDICT_FAIL}};
    (void)state;
    assert_int_equal(vg_report_findings_begin(VG_REPORT_SARIF, VG_STR(""), NULL, &out, &w, NULL), VG_OK);
    assert_int_equal(vg_report_findings_add(w, &finding, NULL), VG_OK);
    finding.finding.remediation = VG_STR("turn it off and on");
    assert_int_equal(vg_report_findings_add(w, &finding, NULL), VG_OK);
    assert_int_equal(vg_report_findings_end(w, NULL), VG_OK);
    assert_int_equal(count_of(&out, "\"id\": \"r\""), 1);
    assert_true(holds(&out, "turn it off and on"));
    vg_buf_free(&out);
}

/* ---- answers ---------------------------------------------------------------------------------------------------------- */

static vg_buf write_answer(const vg_report_control *controls, size_t control_count,
                           const vg_report_finding *findings, size_t finding_count, vg_report_format format,
                           unsigned width)
{
    const vg_report_practice practice = {
        .id = VG_STR("P"), .title = VG_STR("Practice"), .controls = controls, .control_count = control_count};
    const vg_report_answer answer = {.question = VG_STR("how?"),
                                     .organisation = {.practices = &practice, .practice_count = 1},
                                     .findings = findings,
                                     .finding_count = finding_count,
                                     .judged_at = VG_TIME_SECOND};
    const vg_report_options options = {.width = width};
    vg_buf out = {0};
    assert_int_equal(vg_report_write(&answer, format, &options, &out, NULL), VG_OK);
    return out;
}

static void junit_lists_a_hundred_findings_of_a_control(void **state)
{
    enum { MANY = 120 };
    static const vg_report_control control = {
        .id = VG_STR_INIT("c"), .title = VG_STR_INIT("t"), .verdict = VG_VERDICT_FAIL};
    vg_report_finding *findings = calloc(MANY, sizeof *findings);
    (void)state;
    for (size_t i = 0; i < MANY; i++)
        findings[i].finding = (vg_finding){.rule = VG_STR("c"),
                                           .verdict = VG_VERDICT_FAIL,
                                           .message = VG_STR("is wrong"),
                                           .account = VG_STR("1")};
    vg_buf out = write_answer(&control, 1, findings, MANY, VG_REPORT_JUNIT, 0);
    assert_int_equal(count_of(&out, "is wrong\n"), 100);
    assert_int_equal(count_of(&out, "...\n"), 1);
    vg_buf_free(&out);
    free(findings);
}

static void the_terminal_shows_five_controls_of_a_practice(void **state)
{
    vg_report_control controls[8];
    (void)state;
    for (size_t i = 0; i < VG_COUNT(controls); i++)
        controls[i] = (vg_report_control){
            .id = VG_STR("control"), .title = VG_STR("t"), .verdict = VG_VERDICT_FAIL, .failed = 1};
    vg_buf out = write_answer(controls, VG_COUNT(controls), NULL, 0, VG_REPORT_TERMINAL, 80);
    assert_int_equal(count_of(&out, "control: t\n"), 5);
    assert_true(holds(&out, "and 3 more: vigil review --all\n"));
    vg_buf_free(&out);
}

static void the_terminal_says_that_nothing_needs_work(void **state)
{
    static const vg_report_control control = {
        .id = VG_STR_INIT("c"), .title = VG_STR_INIT("t"), .verdict = VG_VERDICT_PASS, .passed = 1};
    (void)state;
    vg_buf out = write_answer(&control, 1, NULL, 0, VG_REPORT_TERMINAL, 80);
    assert_true(holds(&out, "  nothing that the evidence shows\n"));
    vg_buf_free(&out);
}

/* Every text of a control, in the formats that have markup. */
static void texts_of_controls_are_no_markup(void **state)
{
    static const vg_report_format formats[] = {VG_REPORT_HTML, VG_REPORT_MARKDOWN, VG_REPORT_JUNIT};
    static const vg_str requirement = VG_STR_INIT("<i>5</i>");
    static const vg_report_control controls[] = {{.id = VG_STR_INIT("<i>1</i>"),
                                                  .title = VG_STR_INIT("<i>2</i>"),
                                                  .summary = VG_STR_INIT("<i>3</i>"),
                                                  .missing = VG_STR_INIT("<i>4</i>"),
                                                  .verdict = VG_VERDICT_FAIL,
                                                  .failed = 1,
                                                  .requirements = &requirement,
                                                  .requirement_count = 1},
                                                 {.id = VG_STR_INIT("<i>6</i>"),
                                                  .title = VG_STR_INIT("<i>7</i>"),
                                                  .missing = VG_STR_INIT("<i>8</i>"),
                                                  .verdict = VG_VERDICT_NOT_ASSESSED,
                                                  .not_assessed = 1}};
    (void)state;
    for (size_t i = 0; i < VG_COUNT(formats); i++) {
        vg_buf out = write_answer(controls, VG_COUNT(controls), NULL, 0, formats[i], 80);
        if (holds(&out, "<i>"))
            fail_msg("%s: %.*s", vg_report_format_name(formats[i]), VG_ARG(vg_buf_str(&out)));
        vg_buf_free(&out);
    }
}

/* Narrower than 40 columns no terminal is: what is asked for below is laid out for those. */
static void forty_columns_are_the_least(void **state)
{
    static const vg_report_control control = {.id = VG_STR_INIT("control"),
                                              .title = VG_STR_INIT("a title of some words, so that it wraps"),
                                              .verdict = VG_VERDICT_FAIL,
                                              .failed = 1};
    (void)state;
    vg_buf narrow = write_answer(&control, 1, NULL, 0, VG_REPORT_TERMINAL, 12),
           least = write_answer(&control, 1, NULL, 0, VG_REPORT_TERMINAL, 40);
    assert_true(vg_str_eq(vg_buf_str(&narrow), vg_buf_str(&least)));
    vg_buf_free(&narrow);
    vg_buf_free(&least);
}

/* What stands under CRITICAL, OPEN NOW: a failure that is critical, and that nobody suppressed or resolved. */
static void only_open_critical_failures_are_urgent(void **state)
{
    static const struct {
        vg_severity severity;
        vg_verdict verdict;
        vg_workflow workflow;
        bool urgent;
    } rows[] = {
        {VG_SEVERITY_CRITICAL, VG_VERDICT_FAIL, VG_WORKFLOW_NEW, true},
        {VG_SEVERITY_CRITICAL, VG_VERDICT_FAIL, VG_WORKFLOW_NOTIFIED, true},
        {VG_SEVERITY_CRITICAL, VG_VERDICT_FAIL, VG_WORKFLOW_SUPPRESSED, false},
        {VG_SEVERITY_CRITICAL, VG_VERDICT_FAIL, VG_WORKFLOW_RESOLVED, false},
        {VG_SEVERITY_CRITICAL, VG_VERDICT_PARTLY, VG_WORKFLOW_NEW, false},
        {VG_SEVERITY_HIGH, VG_VERDICT_FAIL, VG_WORKFLOW_NEW, false},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        const vg_report_finding finding = {.finding = {.rule = VG_STR("c"),
                                                       .severity = rows[i].severity,
                                                       .verdict = rows[i].verdict,
                                                       .message = VG_STR("is wrong")},
                                           .workflow = rows[i].workflow};
        vg_buf out = write_answer(NULL, 0, &finding, 1, VG_REPORT_TERMINAL, 80);
        if (holds(&out, "CRITICAL, OPEN NOW") != rows[i].urgent)
            fail_msg("row %zu: %.*s", i, VG_ARG(vg_buf_str(&out)));
        vg_buf_free(&out);
    }
}

/* An option within quotes is text: a command is cut at options alone. */
static void commands_are_not_cut_within_quotes(void **state)
{
    static const vg_str commands[] = {
        VG_STR_INIT("aws iam tag --tags \"it's one --and two --and three --and four\" --more x")};
    const vg_report_finding finding = {.finding = {.rule = VG_STR("c"),
                                                   .severity = VG_SEVERITY_CRITICAL,
                                                   .verdict = VG_VERDICT_FAIL,
                                                   .message = VG_STR("is wrong")},
                                       .commands = commands,
                                       .command_count = 1};
    (void)state;
    vg_buf out = write_answer(NULL, 0, &finding, 1, VG_REPORT_TERMINAL, 40);
    if (!holds(&out, "  $ aws iam tag \\\n        --tags \"it's one --and two --and three --and four\" \\\n"
                     "        --more x\n"))
        fail_msg("%.*s", VG_ARG(vg_buf_str(&out)));
    vg_buf_free(&out);
}

/* Pages for people list the worst of many findings, and all when asked. */
static void pages_list_some_of_many_findings(void **state)
{
    enum { MANY = 600 };
    static const struct {
        vg_report_format format;
        vg_severity severity;
        bool all;
        size_t listed;
    } rows[] = {
        {VG_REPORT_HTML, VG_SEVERITY_HIGH, false, 500},
        {VG_REPORT_HTML, VG_SEVERITY_HIGH, true, MANY},
        {VG_REPORT_HTML, VG_SEVERITY_CRITICAL, false, 520},
        {VG_REPORT_MARKDOWN, VG_SEVERITY_HIGH, false, 100},
        {VG_REPORT_MARKDOWN, VG_SEVERITY_HIGH, true, MANY},
    };
    vg_report_finding *findings = calloc(MANY, sizeof *findings);
    (void)state;
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        const vg_report_answer answer = {.findings = findings, .finding_count = MANY};
        const vg_report_options options = {.all = rows[i].all};
        vg_buf out = {0};
        for (size_t k = 0; k < MANY; k++)
            findings[k].finding = (vg_finding){.rule = VG_STR("c"),
                                               .severity = rows[i].severity,
                                               .verdict = VG_VERDICT_FAIL,
                                               .message = VG_STR("is wrong")};
        assert_int_equal(vg_report_write(&answer, rows[i].format, &options, &out, NULL), VG_OK);
        assert_int_equal(count_of(&out, "is wrong"), rows[i].listed);
        vg_buf_free(&out);
    }
    free(findings);
}

/* What a control lacks is said where it was not assessed, and not where it passed all the same. */
static void pages_say_what_a_control_lacks(void **state)
{
    static const vg_report_control controls[] = {{.id = VG_STR_INIT("a"),
                                                  .title = VG_STR_INIT("t"),
                                                  .missing = VG_STR_INIT("lacking"),
                                                  .verdict = VG_VERDICT_NOT_ASSESSED},
                                                 {.id = VG_STR_INIT("b"),
                                                  .title = VG_STR_INIT("t"),
                                                  .missing = VG_STR_INIT("besides"),
                                                  .verdict = VG_VERDICT_PASS}};
    const vg_report_practice practice = {.controls = controls, .control_count = VG_COUNT(controls)};
    const vg_report_answer answer = {.organisation = {.practices = &practice, .practice_count = 1}};
    (void)state;
    vg_buf few = {0}, all = {0}, page = {0};
    assert_int_equal(vg_report_write(&answer, VG_REPORT_MARKDOWN, &(vg_report_options){0}, &few, NULL),
                     VG_OK);
    assert_int_equal(
        vg_report_write(&answer, VG_REPORT_MARKDOWN, &(vg_report_options){.all = true}, &all, NULL), VG_OK);
    assert_int_equal(vg_report_write(&answer, VG_REPORT_HTML, &(vg_report_options){0}, &page, NULL), VG_OK);
    assert_false(holds(&few, "lacking"));
    assert_true(holds(&all, "lacking"));
    assert_true(holds(&page, "needs: lacking") && !holds(&page, "besides"));
    vg_buf_free(&few);
    vg_buf_free(&all);
    vg_buf_free(&page);
}

/* The fence around commands is longer than any within. */
static void fences_are_longer_than_what_they_hold(void **state)
{
    static const vg_str commands[] = {VG_STR_INIT("echo '````'")};
    const vg_report_finding finding = {.finding = {.rule = VG_STR("c"),
                                                   .severity = VG_SEVERITY_CRITICAL,
                                                   .verdict = VG_VERDICT_FAIL,
                                                   .message = VG_STR("is wrong")},
                                       .commands = commands,
                                       .command_count = 1};
    (void)state;
    vg_buf out = write_answer(NULL, 0, &finding, 1, VG_REPORT_MARKDOWN, 0);
    assert_int_equal(count_of(&out, "\n   `````sh\n   echo '````'\n   `````\n"), 1);
    vg_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_format_tells_one_finding_as_it_must),
        cmocka_unit_test(asff_has_32_requirements_at_most),
        cmocka_unit_test(sarif_takes_help_from_a_later_finding),
        cmocka_unit_test(junit_lists_a_hundred_findings_of_a_control),
        cmocka_unit_test(the_terminal_shows_five_controls_of_a_practice),
        cmocka_unit_test(the_terminal_says_that_nothing_needs_work),
        cmocka_unit_test(texts_of_controls_are_no_markup),
        cmocka_unit_test(forty_columns_are_the_least),
        cmocka_unit_test(only_open_critical_failures_are_urgent),
        cmocka_unit_test(commands_are_not_cut_within_quotes),
        cmocka_unit_test(pages_list_some_of_many_findings),
        cmocka_unit_test(pages_say_what_a_control_lacks),
        cmocka_unit_test(fences_are_longer_than_what_they_hold),
    };
    return cmocka_run_group_tests_name("report single", tests, NULL, NULL);
}
