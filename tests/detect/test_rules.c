/* Sets of rules: files, places of problems, names, correlations, lint, and rules that want to do harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "detect/detect_part.h"

typedef struct {
    vg_arena *arena;
    vg_rules *rules;
    vg_vec problems;
} set;

static set compile(vg_str text)
{
    vg_error err = {0};
    set s = {.arena = vg_arena_new(0)};
    s.problems = vg_vec_in(s.arena, sizeof(vg_rule_problem));
    const vg_rule_file file = {VG_STR("rules.yml"), text};
    const vg_rules_options options = {.now = VG_TIME_DAY * 20000};
    assert_int_equal(vg_rules_compile(s.arena, &file, 1, &options, &s.rules, &s.problems, &err), VG_OK);
    return s;
}

static void drop(set *s)
{
    vg_arena_free(s->arena);
}

static vg_str problems_text(set *s)
{
    vg_buf text = {0};
    for (size_t i = 0; i < s->problems.len; i++) {
        const vg_rule_problem *p = vg_vec_at(&s->problems, i);
        vg_buf_addf(&text, "%.*s:%u:%u: %s%.*s\n", VG_ARG(p->place.file), p->place.line, p->place.column,
                    p->unread ? "" : "(lint) ", VG_ARG(p->text));
    }
    vg_str kept = vg_arena_str(s->arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return kept;
}

static void expect_problems(const char *rules, const char *expected)
{
    set s = compile(vg_str_from(rules));
    vg_str text = problems_text(&s);
    if (!vg_str_is(text, expected))
        print_error("of\n%s\nis\n%.*sexpected\n%s", rules, VG_ARG(text), expected);
    assert_true(vg_str_is(text, expected));
    drop(&s);
}

#define HEAD "title: t\nid: 5013198a-7d3a-4d3a-8d1a-0a0a0a0a0a01\nlogsource:\n  product: test\n"

static void problems_have_exact_places(void **state)
{
    (void)state;
    static const struct {
        const char *rules, *expected;
    } cases[] = {
        {HEAD "detection:\n  s:\n    f|containz: x\n  condition: s\n",
         "rules.yml:7:5: no modifier is called \"containz\": did you mean \"contains\"?\n"},
        {HEAD "detection:\n  s:\n    f|re: 'a('\n  condition: s\n",
         "rules.yml:7:11: not a regular expression: missing closing parenthesis at its character 3\n"},
        {HEAD "detection:\n  s:\n    f: x\n  condition: s and t\n",
         "rules.yml:8:20: the detection has no selection \"t\"\n"},
        {HEAD "detection:\n  s:\n    f: x\n  condition: s | count() > 5\n",
         "rules.yml:8:16: an aggregation behind | is no longer Sigma: write a correlation (type: "
         "event_count, "
         "value_count, ...) that names this rule\n"},
        {HEAD "detection:\n  s:\n    f|cidr:\n      - 10.0.0.0/8\n      - nonsense\n  condition: s\n",
         "rules.yml:9:9: \"nonsense\" is no network: write one like 10.0.0.0/8 or 2001:db8::/32\n"},
        {HEAD "detection: x\n", "rules.yml:5:12: a detection is a map of selections and a condition\n"},
        {HEAD "detection:\n  s:\n    f: x\n  condition: s\nlevel: severe\n",
         "rules.yml:9:8: (lint) level is informational, low, medium, high or critical: medium is taken\n"},
        {HEAD "detection:\n  s:\n    f: x\n  condition: s\nstatus: new\n",
         "rules.yml:9:9: (lint) status is stable, test, experimental, deprecated or unsupported\n"},
        {"- a\n- b\n", "rules.yml:1:1: no Sigma rule: a rule is a map of attributes\n"},
        {"title: t\n", "rules.yml:1:1: no Sigma rule: it has no detection, no correlation and no filter\n"},
        {"title: t\ndetection:\n  s:\n    f: x\n  condition: s\n",
         "rules.yml:1:1: (lint) the log source is missing: add logsource: with product and service\n"},
        {"logsource:\n  product: x\ndetection:\n  s:\n    f: x\n  condition: s\n",
         "rules.yml:1:1: (lint) the title is missing\n"},
        {"action: global\n",
         "rules.yml:1:9: action is no longer Sigma: write each document of the file whole\n"},
        {HEAD "detection:\n  s:\n    f: x\n  condition: s\ncorrelation:\n  type: event_count\n",
         "rules.yml:6:3: a document is a detection, a correlation or a filter, not two of them\n"},
        {"title: [\n", "rules.yml:2:1: YAML: did not find expected node content while parsing a flow node "
                       "from line 2 on; is the "
                       "file cut off?\n"},
        {"title: t\x1b[31m\nfilter:\n  rules: [x\x07]\n",
         "rules.yml:1:9: YAML: control characters are not allowed\n"},
        {"---\n---\n", ""},
        {"", ""},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        expect_problems(cases[i].rules, cases[i].expected);
}

static void a_bad_rule_costs_itself_alone(void **state)
{
    (void)state;
    set s =
        compile(VG_STR("title: a\nlogsource: {product: t}\ndetection: {s: {f: 1}, condition: s}\n---\n"
                       "title: b\nlogsource: {product: t}\ndetection: {s: {f: 1}, condition: nothing}\n---\n"
                       "title: c\nlogsource: {product: t}\ndetection: {s: {f: 1}, condition: s}\n"));
    assert_int_equal(vg_rules_count(s.rules), 2);
    assert_true(vg_str_is(vg_rules_at(s.rules, 1)->title, "c"));
    assert_int_equal(s.problems.len, 1);
    assert_true(vg_str_is(((vg_rule_problem *)s.problems.items)->rule, "b"));
    drop(&s);
}

static void attributes_are_read(void **state)
{
    (void)state;
    set s = compile(VG_STR(
        "title: A title\nid: 5013198A-7d3a-4d3a-8d1a-0a0a0a0a0a01\nname: a_name\nstatus: test\nlevel: High\n"
        "description: Why\nauthor: Me\ntags: [attack.t1098.003, attack.persistence, ATTACK.T1059, "
        "attack.t1059, "
        "attack.t10, attack.txx, cve.2020.1]\nreferences: one\nfalsepositives: [x, 5]\nfields: [f]\n"
        "logsource: {product: AWS, service: CloudTrail}\nodd: 1\n"
        "vigil: {needs: [management], triage: [ask], guardduty: 'A:B/C'}\n"
        "detection: {s: {f: 1}, condition: s}\n"));
    const vg_rule *r = vg_rules_at(s.rules, 0);
    assert_true(vg_str_is(r->title, "A title") && vg_str_is(r->name, "a_name") && vg_str_is(r->author, "Me"));
    assert_int_equal(r->status, VG_RULE_TEST);
    assert_int_equal(r->level, VG_SEVERITY_HIGH);
    assert_true(r->level_given && r->alone);
    assert_int_equal(r->log, VG_LOG_CLOUDTRAIL);
    assert_int_equal(r->attack.count, 2);
    assert_true(vg_str_is(r->attack.items[0], "T1059") && vg_str_is(r->attack.items[1], "T1098.003"));
    assert_true(r->references.count == 1 && r->falsepositives.count == 2 && r->fields.count == 1);
    assert_true(vg_str_is(r->falsepositives.items[1], "5"));
    assert_true(r->needs.count == 1 && r->triage.count == 1 && vg_str_is(r->guardduty.items[0], "A:B/C"));
    assert_int_equal(vg_rules_find(s.rules, VG_STR("a_name")), 0);
    assert_int_equal(vg_rules_find(s.rules, VG_STR("5013198A-7d3a-4d3a-8d1a-0a0a0a0a0a01")), 0);
    assert_int_equal(vg_rules_find(s.rules, VG_STR("other")), SIZE_MAX);
    drop(&s);
}

static void log_sources_choose_logs(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        vg_log_kind log;
    } cases[] = {
        {"{product: aws, service: cloudtrail}", VG_LOG_CLOUDTRAIL},
        {"{service: cloudtrail}", VG_LOG_CLOUDTRAIL},
        {"{product: aws, service: vpcflow}", VG_LOG_FLOW},
        {"{product: aws, service: route53}", VG_LOG_DNS},
        {"{product: aws, service: s3access}", VG_LOG_S3_ACCESS},
        {"{product: aws}", VG_LOG_UNKNOWN},
        {"{product: gcp, service: cloudtrail}", VG_LOG_UNKNOWN},
        {"{product: windows}", VG_LOG_UNKNOWN},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        char text[200];
        snprintf(text, sizeof text, "title: t\nlogsource: %s\ndetection: {s: {f: 1}, condition: s}\n",
                 cases[i].source);
        set s = compile(vg_str_from(text));
        if (vg_rules_at(s.rules, 0)->log != cases[i].log)
            print_error("%s\n", cases[i].source);
        assert_int_equal(vg_rules_at(s.rules, 0)->log, cases[i].log);
        drop(&s);
    }
}

static void the_first_of_two_rules_keeps_its_id_and_name(void **state)
{
    (void)state;
#define RULE(title, head)                                                                                    \
    "title: " title "\n" head "logsource: {product: t}\ndetection: {s: {f: 1}, condition: s}\n"
    expect_problems(RULE("a", "id: one\n") "---\n" RULE("b", "id: one\n"),
                    "rules.yml:6:1: the id one is already that of \"a\" (rules.yml:1)\n");
    expect_problems(RULE("a", "name: one\n") "---\n" RULE("b", "name: one\n"),
                    "rules.yml:6:1: the name one is already that of \"a\" (rules.yml:1)\n");
    expect_problems(RULE("a", "id: one\nname: one\n"), "");
}

#define COUNT(title, head, rules)                                                                            \
    "---\ntitle: " title "\n" head "correlation: {type: event_count, rules: [" rules                         \
    "], group-by: [u], timespan: 1m, condition: {gte: 2}}\n"

static void correlations_find_their_rules(void **state)
{
    (void)state;
    set s = compile(VG_STR(RULE("a", "id: one\n") "---\n" RULE("b", "name: two\n")
                               COUNT("c", "name: three\n", "one, two") COUNT("d", "", "three")));
    assert_int_equal(s.problems.len, 0);
    assert_int_equal(vg_rules_count(s.rules), 4);
    assert_false(vg_rules_at(s.rules, 0)->alone);
    assert_false(vg_rules_at(s.rules, 1)->alone);
    assert_false(vg_rules_at(s.rules, 2)->alone);
    assert_true(vg_rules_at(s.rules, 3)->alone);
    assert_int_equal(s.rules->rules[0].feed_count, 1);
    assert_int_equal(s.rules->rules[0].feeds[0], 2);
    assert_int_equal(s.rules->rules[2].feed_count, 1);
    assert_int_equal(s.rules->rules[2].feeds[0], 3);
    drop(&s);
}

static void generate_lets_a_rule_stand_alone(void **state)
{
    (void)state;
    set s =
        compile(VG_STR(RULE("a", "name: one\n") COUNT("c", "generate: true\n", "one") COUNT("d", "", "one")));
    assert_int_equal(s.problems.len, 0);
    assert_true(vg_rules_at(s.rules, 0)->alone);
    drop(&s);
}

static void correlations_without_their_rules_are_left_out(void **state)
{
    (void)state;
    expect_problems(RULE("a", "name: one\n") COUNT("c", "name: c\n", "one, gone")
                        COUNT("d", "name: d\n", "c"),
                    "rules.yml:6:1: it correlates \"gone\", which is no id and no name of a rule here\n"
                    "rules.yml:10:1: it correlates \"c\", which could not be read\n");
}

static void a_correlation_of_one_left_out_is_left_out_wherever_it_stands(void **state)
{
    (void)state;
    set s = compile(
        VG_STR(COUNT("d", "name: d\n", "c") COUNT("c", "name: c\n", "b") COUNT("b", "name: b\n", "gone")));
    assert_int_equal(vg_rules_count(s.rules), 0);
    assert_int_equal(s.problems.len, 3);
    drop(&s);
}

static void a_correlation_of_an_unassessed_rule_is_unassessed(void **state)
{
    (void)state;
    set s = compile(VG_STR("title: a\nname: one\nlogsource: {product: t}\n"
                           "detection: {s: {f|expand: '%x%'}, condition: s}\n" COUNT("c", "name: c\n", "one")
                               COUNT("d", "", "c")));
    assert_int_equal(vg_rules_count(s.rules), 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(vg_str_find(vg_rules_at(s.rules, i)->unassessed, VG_STR("%x%")) != VG_NPOS);
    drop(&s);
}

static void equal_predicates_and_fields_are_one(void **state)
{
    (void)state;
    set s = compile(VG_STR(
        "title: a\nlogsource: {product: t}\ndetection: {s: {f: [x, Y], g|contains: z}, condition: s}\n"
        "---\ntitle: b\nlogsource: {product: t}\n"
        "detection: {s: {f: [X, y]}, t: {g: '*z*'}, u: {g|contains|cased: z}, condition: s and t and u}\n"));
    assert_int_equal(s.rules->field_count, 2);
    assert_int_equal(s.rules->predicate_count, 4); /* f is x, f is y, g contains z, and cased */
    drop(&s);
}

static void values_of_an_event_are_found_by_path(void **state)
{
    (void)state;
    static const struct {
        const char *path, *expected;
    } cases[] = {{"a.b", "x"},   {"n", "5"},  {"l.c", "y"}, {"t", "true"},
                 {"gone", NULL}, {"z", NULL}, {"a", NULL}};
    vg_error err = {0};
    vg_doc doc;
    set s = compile(VG_STR(RULE("a", "")));
    vg_str json = VG_STR(
        "{\"a\":{\"b\":\"x\"},\"n\":5,\"l\":[{\"d\":1},{\"c\":\"y\"},{\"c\":\"z\"}],\"t\":true,\"z\":null}");
    assert_int_equal(vg_json_read(s.arena, json, VG_STR("e"), NULL, &doc, &err), VG_OK);
    vg_evaluator *ev = vg_evaluator_new(s.rules, NULL, 0);
    const vg_event event = {.log = VG_LOG_UNKNOWN, .root = doc.root};
    vg_evaluator_begin(ev, &event);
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_str text = {0};
        bool found = vg_evaluator_text(ev, vg_str_from(cases[i].path), s.arena, &text);
        assert_true(found == (cases[i].expected != NULL));
        assert_true(!found || vg_str_is(text, cases[i].expected));
    }
    vg_evaluator_free(ev);
    drop(&s);
}

/* ---- what the sources know ------------------------------------------------------------------------------------------------- */

static bool know_intel(void *context, const vg_event *event, vg_str name, vg_arena *arena,
                       const vg_value **out)
{
    static const vg_value lists[] = {{.kind = VG_ARRAY, .as.container = {2, 3}},
                                     {.kind = VG_STRING, .len = 3, .as.string = "tor"},
                                     {.kind = VG_STRING, .len = 3, .as.string = "own"}};
    (void)event;
    (void)arena;
    ++*(unsigned *)context;
    *out = lists;
    return vg_str_is(name, "intel");
}

static void derived_fields_come_from_events_and_sources(void **state)
{
    (void)state;
    vg_error err = {0};
    vg_doc doc;
    vg_event event;
    vg_event_memory memory;
    unsigned asked = 0;
    const vg_detect_source source = {know_intel, &asked};
    set s = compile(
        VG_STR("title: a\nlogsource: {product: aws, service: cloudtrail}\n"
               "detection: {s: {vigil.intel: TOR}, t: {vigil.outcome: attempted}, "
               "u: {vigil.new|exists: false}, condition: s and t and u}\n---\n"
               "title: b\nlogsource: {product: aws, service: cloudtrail}\n"
               "detection: {s: {vigil.intel: tor}, t: {vigil.intel: other}, condition: t or not s}\n"));
    vg_str json = VG_STR("{\"eventName\":\"x\",\"errorCode\":\"AccessDenied\"}");
    assert_int_equal(vg_json_read(s.arena, json, VG_STR("e"), NULL, &doc, &err), VG_OK);
    assert_int_equal(vg_event_of(VG_LOG_CLOUDTRAIL, doc.root, &memory, &event, &err), VG_OK);
    vg_evaluator *ev = vg_evaluator_new(s.rules, &source, 1);
    vg_evaluator_begin(ev, &event);
    assert_true(vg_evaluator_match(ev, 0));
    assert_false(vg_evaluator_match(ev, 1));
    assert_int_equal(asked, 2); /* intel once, new once */
    vg_str text;
    assert_true(vg_evaluator_text(ev, VG_STR("vigil.intel"), s.arena, &text) && vg_str_is(text, "tor"));
    vg_evaluator_free(ev);
    drop(&s);
}

/* ---- lint ------------------------------------------------------------------------------------------------------------------- */

static void lint_tells_what_is_doubtful(void **state)
{
    (void)state;
#define GOOD  "title: t\nid: 5013198a-7d3a-4d3a-8d1a-0a0a0a0a0a01\nlevel: low\ndescription: d\n"
#define TRAIL GOOD "logsource: {product: aws, service: cloudtrail}\n"
    static const struct {
        const char *rule, *expected; /* NULL: nothing is doubtful */
    } cases[] = {
        {TRAIL "detection: {s: {eventName: x, requestParameters.a: y}, condition: s}\n", NULL},
        {TRAIL "detection: {s: {EventName: x}, condition: s}\n", "did you mean \"eventName\"?"},
        {TRAIL "detection: {s: {Image: x}, condition: s}\n", "events of cloudtrail have no field \"Image\""},
        {GOOD "logsource: {product: aws, service: vpcflow}\ndetection: {s: {srcAddr: x}, condition: s}\n",
         "did you mean \"srcaddr\"?"},
        {GOOD "logsource: {product: aws, service: vpcflow}\ndetection: {s: {tcp-flags: 2}, condition: s}\n",
         NULL},
        {GOOD "logsource: {product: aws, service: route53}\ndetection: {s: {qname: x}, condition: s}\n",
         "no field \"qname\""},
        {TRAIL "detection: {s: {vigil.actor.kind: root, vigil.policy.public: true}, condition: s}\n", NULL},
        {TRAIL "detection: {s: {vigil.actor_kind: root}, condition: s}\n",
         "no event has a field \"vigil.actor_kind\""},
        {GOOD "logsource: {product: windows}\ndetection: {s: {Image: x}, condition: s}\n", NULL},
        {TRAIL "detection: {s: {eventName: x}, condition: s and not s}\n", "it never holds"},
        {TRAIL "detection: {s: {eventName: x}, condition: s or not s}\n", "it always holds"},
        {TRAIL "detection: {s: {eventName: x}, condition: not s}\n", "wholly negated"},
        {"title: t\nlevel: low\ndescription: d\nlogsource: {product: x}\ndetection: {s: {f: x}, condition: "
         "s}\n",
         "has no id"},
        {"title: t\nid: 7\nlevel: low\ndescription: d\nlogsource: {product: x}\ndetection: {s: {f: x}, "
         "condition: s}\n",
         "is no UUID"},
        {"title: t\nid: 5013198a-7d3a-4d3a-8d1a-0a0a0a0a0a01\ndescription: d\nlogsource: {product: x}\n"
         "detection: {s: {f: x}, condition: s}\n",
         "has no level"},
        {"title: t\nid: 5013198a-7d3a-4d3a-8d1a-0a0a0a0a0a01\nlevel: low\nlogsource: {product: x}\n"
         "detection: {s: {f: x}, condition: s}\n",
         "has no description"},
        {TRAIL "status: deprecated\ndetection: {s: {eventName: x}, condition: s}\n", "status is deprecated"},
        {TRAIL "filter: {rules: any, s: {eventName: x}, condition: s}\n", "never expires"},
        {TRAIL "vigil: {expires: 2020-01-01}\nfilter: {rules: any, s: {eventName: x}, condition: s}\n",
         "expired on 2020-01-01"},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_error err = {0};
        set s = compile(vg_str_from(cases[i].rule));
        assert_int_equal(s.problems.len, 0);
        assert_int_equal(vg_rules_lint(s.arena, s.rules, &s.problems, &err), VG_OK);
        vg_str text = problems_text(&s);
        bool as_expected =
            cases[i].expected ? vg_str_find(text, vg_str_from(cases[i].expected)) != VG_NPOS : !text.len;
        if (!as_expected)
            print_error("of\n%sis\n%.*sexpected\n%s\n", cases[i].rule, VG_ARG(text),
                        cases[i].expected ? cases[i].expected : "");
        assert_true(as_expected);
        drop(&s);
    }
}

/* ---- harm ------------------------------------------------------------------------------------------------------------------- */

static vg_str repeated(vg_arena *arena, const char *before, const char *piece, size_t times,
                       const char *behind)
{
    vg_buf text = {0};
    vg_buf_add_c(&text, before);
    for (size_t i = 0; i < times; i++)
        vg_buf_add_c(&text, piece);
    vg_buf_add_c(&text, behind);
    vg_str kept = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return kept;
}

static bool matches(set *s, const char *json)
{
    vg_error err = {0};
    vg_doc doc;
    assert_int_equal(vg_json_read(s->arena, vg_str_from(json), VG_STR("e"), NULL, &doc, &err), VG_OK);
    vg_evaluator *ev = vg_evaluator_new(s->rules, NULL, 0);
    const vg_event event = {.log = VG_LOG_UNKNOWN, .root = doc.root};
    vg_evaluator_begin(ev, &event);
    bool matched = vg_evaluator_match(ev, 0);
    vg_evaluator_free(ev);
    return matched;
}

#define DETECTION "title: t\nlogsource: {product: t}\ndetection:\n  s: {f: 1}\n  t: {f: 2}\n  condition: "

static void a_hundred_thousand_terms_are_one_node(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    set s = compile(repeated(arena, DETECTION "s", " or t", 100000, "\n"));
    assert_int_equal(s.problems.len, 0);
    assert_true(s.rules->rules[0].node_count < 10);
    assert_true(matches(&s, "{\"f\":2}") && matches(&s, "{\"f\":1}") && !matches(&s, "{\"f\":3}"));
    drop(&s);
    s = compile(repeated(arena, DETECTION "s", " and not t or s", 50000, "\n"));
    assert_int_equal(s.problems.len, 0);
    assert_true(matches(&s, "{\"f\":1}") && !matches(&s, "{\"f\":2}"));
    drop(&s);
    vg_arena_free(arena);
}

static void deep_parentheses_are_refused(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    set s = compile(repeated(arena, DETECTION, "(", 100000, "s\n"));
    assert_int_equal(s.problems.len, 1);
    assert_true(vg_str_find(problems_text(&s), VG_STR("nested more than 200 deep")) != VG_NPOS);
    drop(&s);
    s = compile(repeated(arena, DETECTION "t or ", "not ", 100001, "s\n"));
    assert_int_equal(s.problems.len, 0);
    assert_true(matches(&s, "{\"f\":3}") && !matches(&s, "{\"f\":1}"));
    drop(&s);
    vg_arena_free(arena);
}

static void many_selections_by_pattern_are_bounded(void **state)
{
    (void)state;
    vg_buf text = {0};
    vg_buf_add_c(&text, "title: t\nlogsource: {product: t}\ndetection:\n");
    for (int i = 0; i < 3000; i++)
        vg_buf_addf(&text, "  s%d: {f: [%d, x%d]}\n", i, i, i);
    vg_buf_add_c(&text, "  condition: s1");
    for (int i = 0; i < 3000; i++)
        vg_buf_addf(&text, " or (s%d and 1 of s*)", i);
    vg_buf_add_c(&text, "\n");
    set s = compile(vg_buf_str(&text));
    assert_int_equal(s.problems.len, 1);
    assert_true(vg_str_find(problems_text(&s), VG_STR("written out")) != VG_NPOS);
    drop(&s);
    vg_buf_free(&text);
}

static void an_alias_bomb_is_refused(void **state)
{
    (void)state;
    vg_buf text = {0};
    vg_buf_add_c(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 12; i++)
        vg_buf_addf(&text, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1,
                    i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    set s = compile(vg_buf_str(&text));
    assert_int_equal(vg_rules_count(s.rules), 0);
    assert_int_equal(s.problems.len, 1);
    drop(&s);
    vg_buf_free(&text);
}

static void a_pattern_that_takes_forever_is_counted(void **state)
{
    (void)state;
    vg_error err = {0};
    vg_doc doc;
    set s = compile(
        VG_STR("title: t\nlogsource: {product: t}\ndetection: {s: {f|re: '^(a|aa)+$'}, condition: s}\n"));
    vg_str json = repeated(s.arena, "{\"f\":\"", "a", 5000, "b\"}");
    assert_int_equal(vg_json_read(s.arena, json, VG_STR("e"), NULL, &doc, &err), VG_OK);
    vg_evaluator *ev = vg_evaluator_new(s.rules, NULL, 0);
    const vg_event event = {.log = VG_LOG_UNKNOWN, .root = doc.root};
    vg_evaluator_begin(ev, &event);
    assert_false(vg_evaluator_match(ev, 0));
    assert_int_equal(vg_evaluator_limits(ev), 1);
    vg_evaluator_free(ev);
    drop(&s);
}

static void dotted_keys_do_not_multiply(void **state)
{
    (void)state;
    vg_buf rule = {0}, event = {0};
    vg_buf_add_c(&rule, "title: t\nlogsource: {product: t}\ndetection: {s: {a");
    for (int i = 0; i < 60; i++)
        vg_buf_add_c(&rule, ".a");
    vg_buf_add_c(&rule, ".b: x}, condition: s}\n");
    for (int i = 0; i < 55; i++)
        vg_buf_add_c(&event, "{\"a\":1,\"a.a\":2,\"a.a.a\":[],\"a.a.a.a\":{},\"a\":");
    vg_buf_add_c(&event, "{}");
    for (int i = 0; i < 55; i++)
        vg_buf_add_c(&event, "}");
    vg_buf_add_char(&event, '\0');
    set s = compile(vg_buf_str(&rule));
    assert_false(matches(&s, event.ptr));
    drop(&s);
    vg_buf_free(&rule);
    vg_buf_free(&event);
}

/* ---- rules of others --------------------------------------------------------------------------------------------------------- */

static void every_rule_given_for_aws_loads(void **state)
{
    (void)state;
    char folder[512];
    const char *data = getenv("VIGIL_TEST_DATA");
    snprintf(folder, sizeof folder, "%s/sigma-aws", data ? data : VIGIL_SOURCE_DIR "/../shared/data");
    if (!vg_dir_exists(vg_str_from(folder))) {
        print_message("not run: every_rule_given_for_aws_loads (no %s)\n", folder);
        skip();
    }
    vg_error err = {0};
    vg_arena *arena = vg_arena_new(0);
    vg_vec entries = vg_vec_in(arena, sizeof(vg_dir_entry)),
           problems = vg_vec_in(arena, sizeof(vg_rule_problem));
    vg_rules *rules = NULL;
    assert_int_equal(vg_dir_walk(arena, vg_str_from(folder), &entries, NULL, NULL, &err), VG_OK);
    vg_rule_file *files = VG_NEW_N(arena, vg_rule_file, entries.len + 1);
    size_t count = 0;
    for (size_t i = 0; i < entries.len; i++) {
        vg_str path = ((vg_dir_entry *)vg_vec_at(&entries, i))->path;
        if (!vg_str_ends(path, VG_STR(".yml")))
            continue;
        files[count].name = path;
        assert_int_equal(vg_file_read(arena, path, 1 << 20, &files[count++].bytes, &err), VG_OK);
    }
    assert_int_equal(vg_rules_compile(arena, files, count, NULL, &rules, &problems, &err), VG_OK);
    for (size_t i = 0; i < problems.len; i++) {
        const vg_rule_problem *p = vg_vec_at(&problems, i);
        print_message("# %.*s:%u: %.*s\n", VG_ARG(vg_path_name(p->place.file)), p->place.line,
                      VG_ARG(p->text));
        assert_false(p->unread);
    }
    assert_true(count > 50);
    assert_int_equal(vg_rules_count(rules), count);
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(problems_have_exact_places),
        cmocka_unit_test(a_bad_rule_costs_itself_alone),
        cmocka_unit_test(attributes_are_read),
        cmocka_unit_test(log_sources_choose_logs),
        cmocka_unit_test(the_first_of_two_rules_keeps_its_id_and_name),
        cmocka_unit_test(correlations_find_their_rules),
        cmocka_unit_test(generate_lets_a_rule_stand_alone),
        cmocka_unit_test(correlations_without_their_rules_are_left_out),
        cmocka_unit_test(a_correlation_of_one_left_out_is_left_out_wherever_it_stands),
        cmocka_unit_test(a_correlation_of_an_unassessed_rule_is_unassessed),
        cmocka_unit_test(equal_predicates_and_fields_are_one),
        cmocka_unit_test(values_of_an_event_are_found_by_path),
        cmocka_unit_test(derived_fields_come_from_events_and_sources),
        cmocka_unit_test(lint_tells_what_is_doubtful),
        cmocka_unit_test(a_hundred_thousand_terms_are_one_node),
        cmocka_unit_test(deep_parentheses_are_refused),
        cmocka_unit_test(many_selections_by_pattern_are_bounded),
        cmocka_unit_test(an_alias_bomb_is_refused),
        cmocka_unit_test(a_pattern_that_takes_forever_is_counted),
        cmocka_unit_test(dotted_keys_do_not_multiply),
        cmocka_unit_test(every_rule_given_for_aws_loads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
