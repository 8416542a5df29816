/* Rulesets, violations, unit tests of rules, and control files, through the room's own interface. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/control.h"

static vg_ruleset *compile(const char *text)
{
    vg_error err = {0};
    vg_ruleset *rules = NULL;
    vg_rule_source source = {VG_STR("test.guard"), vg_str_from(text), false};
    assert_int_equal(vg_ruleset_compile(&source, 1, &rules, &err), VG_OK);
    return rules;
}

static vg_doc read_document(vg_arena *arena, const char *text)
{
    vg_doc doc;
    vg_error err = {0};
    assert_int_equal(vg_guard_document_read(arena, vg_str_from(text), VG_STR("doc.yaml"), &doc, &err), VG_OK);
    return doc;
}

/* What a sink was told, as text: a line a call. */
static void note_violation(void *context, const vg_guard_violation *v)
{
    vg_buf *out = context;
    vg_buf_addf(out, "%zu %u:%u %.*s:%u:%u '%.*s' missing '%.*s' message '%.*s': %.*s\n", v->rule,
                v->clause_place.line, v->clause_place.column, VG_ARG(v->path), v->place.line, v->place.column,
                VG_ARG(v->clause), VG_ARG(v->missing), VG_ARG(v->message), VG_ARG(v->why));
}

static void note_rule(void *context, size_t rule, vg_guard_status status, const vg_error *error)
{
    vg_buf_addf(context, "%zu %s %s\n", rule, vg_guard_status_name(status), error ? error->message : "");
}

static void check_told(const char *rules_text, const char *document, const vg_guard_options *options,
                       const char *expected)
{
    vg_arena *arena = vg_arena_new(0);
    vg_ruleset *rules = compile(rules_text);
    vg_doc doc = read_document(arena, document);
    vg_buf told = {0};
    vg_guard_sink sink = {note_violation, note_rule, &told};
    vg_error err = {0};
    assert_int_equal(vg_ruleset_evaluate(rules, &doc, options, arena, &sink, &err), VG_OK);
    vg_buf_add_char(&told, '\0');
    assert_string_equal(told.ptr, expected);
    vg_buf_free(&told);
    vg_ruleset_free(rules);
    vg_arena_free(arena);
}

static const char resources[] = "Resources:\n"
                                "  good: {Type: A::B::C, Properties: {Size: 1, Tags: [{Key: a}]}}\n"
                                "  bad:\n"
                                "    Type: A::B::C\n"
                                "    Properties:\n"
                                "      Size: 7\n"
                                "      Tags:\n"
                                "        - Key: a\n"
                                "        - Other: b\n";

static void violations_name_places_in_rules_and_documents(void **state)
{
    (void)state;
    check_told("let r = Resources.*[ Type == 'A::B::C' ]\n"
               "rule t when %r !empty {\n"
               "  %r.Properties {\n"
               "    Size < 5 << too\n     large >>\n"
               "    Tags[*].Key exists\n"
               "  }\n"
               "}\n",
               resources, NULL,
               "0 4:5 /Resources/bad/Properties/Size:6:13 'Size < 5' missing '' message 'too\n     large': "
               "7 must be less than 5\n"
               "0 6:5 /Resources/bad/Properties/Tags/1:9:11 'Tags[*].Key exists' missing 'Key' message '': "
               "Key is missing, and must be there\n"
               "0 FAIL \n");
}

/* A value that begins a line of JSON stands in that line, not in the one before. */
static void places_are_right_at_the_start_of_a_line(void **state)
{
    (void)state;
    check_told("rule t { a == 1 }", "{\"a\":\n2,\n\"b\": 3}", NULL,
               "0 1:10 /a:2:1 'a == 1' missing '' message '': 2 must be equal to 1\n0 FAIL \n");
}

static void a_rule_that_depends_on_itself_is_named(void **state)
{
    (void)state;
    check_told("rule t {\n a\n}\nrule a {\n t\n}", "x: 1\n", NULL,
               "0 ERROR rule t depends on itself\n1 ERROR rule t depends on itself\n");
}

static void now_has_no_answer_without_a_time(void **state)
{
    (void)state;
    vg_guard_options none = {.now = 0}, unknown = {.now = VG_TIME_NONE}, second = {.now = VG_TIME_SECOND};
    const char *rules = "let n = now()\nrule t { %n == 1 }";
    check_told(rules, "x: 1\n", &none, "0 ERROR now() has no time to answer; give --now\n");
    check_told(rules, "x: 1\n", &unknown, "0 ERROR now() has no time to answer; give --now\n");
    check_told(rules, "x: 1\n", &second, "0 PASS \n");
}

static void only_failures_that_count_are_told(void **state)
{
    (void)state;
    check_told("rule a when x == 2 { y == 2 }\n"
               "rule b { x == 2 or x == 1 }\n"
               "rule c { some list[*] == 'a' }\n"
               "rule d { list[ this == 'z' ] empty }\n"
               "rule e { x == 2 or y == 3 }\n"
               "rule f {\n e\n }\n"
               "rule g { x in ['p', /q/, 9] }\n"
               "rule h { z == x }\n"
               "rule i { list[ this == 'z' ] !empty }\n"
               "rule j { x empty }\n"
               "rule k {\n x == 2 or x == 1\n some list[*] == 'a'\n x == 3\n }\n",
               "x: 1\ny: 2\nlist: [a, b]\n", NULL,
               "0 SKIP \n1 PASS \n2 PASS \n3 PASS \n"
               "4 5:10 /x:1:4 'x == 2' missing '' message '': 1 must be equal to 2\n"
               "4 5:20 /y:2:4 'y == 3' missing '' message '': 2 must be equal to 3\n"
               "4 FAIL \n"
               "5 7:2 :0:0 'e' missing '' message '': rule e does not pass\n"
               "5 FAIL \n"
               "6 9:10 /x:1:4 'x in ['p', /q/, 9]' missing '' message '': 1 must be in [\"p\",/q/,9]\n"
               "6 FAIL \n"
               "7 10:10 :1:1 'z == x' missing 'z' message '': z is missing, and must be equal to 1\n"
               "7 10:10 /x:1:4 'z == x' missing '' message '': 1 is not among the values of z\n"
               "7 FAIL \n"
               "8 11:10 :0:0 'list[ this == 'z' ] !empty' missing '' message '': list[ this == 'z' ] selects "
               "nothing\n"
               "8 FAIL \n"
               "9 ERROR `empty` asks of strings, lists and maps, not of an integer\n"
               "10 16:2 /x:1:4 'x == 3' missing '' message '': 1 must be equal to 3\n"
               "10 FAIL \n");
}

static void a_call_lends_its_message_and_functions_their_origin(void **state)
{
    (void)state;
    check_told("rule c(x) {\n let u = to_upper(%x)\n %u == 'B'\n }\nrule t { c(a.b) <<from the call>> }\n",
               "a: {b: c}\n", NULL,
               "0 3:2 /a/b:1:8 '%u == 'B'' missing '' message 'from the call': \"C\" must be equal to "
               "\"B\"\n0 FAIL \n");
}

static void rules_are_listed_and_evaluated_by_choice(void **state)
{
    (void)state;
    vg_ruleset *rules = compile("x exists\nrule b { c(x) }\nrule c(p) { %p == 1 }\nrule d {\n b\n }\n");
    assert_int_equal(vg_ruleset_count(rules), 3);
    assert_true(vg_str_is(vg_ruleset_rule(rules, 0).name, "default"));
    assert_true(vg_str_is(vg_ruleset_rule(rules, 1).name, "b"));
    assert_true(vg_str_is(vg_ruleset_rule(rules, 1).text, "rule b { c(x) }"));
    assert_int_equal(vg_ruleset_rule(rules, 2).place.line, 4);
    assert_true(vg_str_is(vg_ruleset_rule(rules, 2).file, "test.guard"));
    vg_ruleset_free(rules);
    const size_t only[] = {2};
    vg_guard_options options = {.only = only, .only_count = 1};
    check_told("x exists\nrule b { x == 1 }\nrule d {\n b\n }\n", "x: 1\n", &options, "2 PASS \n");
}

static void files_keep_their_scopes_apart(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    /* The rules with parameters, and the calls in their conditions, are the same text in both. */
    vg_rule_source sources[] = {
        {VG_STR("one"), VG_STR("let v = 1\nrule is(d) { %d.x == %v }\nrule same when is(this) { x == %v }"),
         true},
        {VG_STR("two"), VG_STR("let v = 2\nrule is(d) { %d.x == %v }\nrule same when is(this) { x == %v }"),
         false}};
    vg_ruleset *rules = NULL;
    vg_error err = {0};
    assert_int_equal(vg_ruleset_compile(sources, 2, &rules, &err), VG_OK);
    vg_doc doc = read_document(arena, "x: 2\n");
    vg_buf told = {0};
    vg_guard_sink sink = {NULL, note_rule, &told};
    assert_int_equal(vg_ruleset_evaluate(rules, &doc, NULL, arena, &sink, &err), VG_OK);
    assert_true(vg_str_is(vg_buf_str(&told), "0 SKIP \n1 PASS \n"));
    assert_int_equal(vg_ruleset_rule(rules, 1).source, 1);
    vg_buf_free(&told);
    vg_ruleset_free(rules);
    vg_arena_free(arena);
}

static void errors_of_syntax_say_where(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned line, column;
        const char *message;
    } rows[] = {
        {"rule a {\n  x ==\n}\n", 3, 1, "expected a value, a query or a function call to compare with"},
        {"rule a {\n  x == 1\n", 3, 1, "expected a clause, or } to end the block"},
        {"rule a {\n  x == /(/\n}\n", 2, 8,
         "not a regular expression: missing closing parenthesis at its character 2"},
        {"let x = nope(y)\n", 1, 9, "no function is named nope"},
        {"let x = join(y)\n", 1, 13, "join takes 2 arguments, not 1"},
        {"rule a { tags[ Key == 'a' or ] exists }\n", 1, 30,
         "expected a property, %variable, `this` or a value"},
        {"rule a { x == {\"k\": } }\n", 1, 21, "expected a value behind the :"},
        {"rule a { x exists <<m }\n", 1, 21, "expected >> to end the message that << began"},
        {"rule a {\n  some_rule and more\n}\n", 2, 13,
         "expected an operator: ==, !=, <, <=, >, >=, in, exists, empty, is_string, ..."},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        vg_error err = {0};
        vg_ruleset *rules = NULL;
        vg_rule_source source = {VG_STR("test.guard"), vg_str_from(rows[i].text), false};
        assert_int_equal(vg_ruleset_compile(&source, 1, &rules, &err), VG_ERR_SYNTAX);
        assert_string_equal(err.message, rows[i].message);
        assert_int_equal(err.place.line, rows[i].line);
        assert_int_equal(err.place.column, rows[i].column);
        assert_string_equal(err.file_text, "test.guard");
    }
}

static void hostile_rules_and_documents_meet_limits(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_error err = {0};
    vg_buf deep = {0};
    vg_ruleset *rules = NULL;
    vg_buf_add_c(&deep, "let x = ");
    for (int i = 0; i < 100000; i++)
        vg_buf_add_char(&deep, '[');
    vg_rule_source source = {VG_STR("deep"), vg_buf_str(&deep), false};
    assert_int_equal(vg_ruleset_compile(&source, 1, &rules, &err), VG_ERR_LIMIT);
    vg_buf_free(&deep);
    rules = compile("rule t { a[*] == b[*] }\nrule r { c == /^(x+x+)+[yz]$/ }");
    vg_buf text = {0};
    vg_buf_add_c(&text, "{\"c\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\", \"a\": [0");
    for (int i = 1; i < 3000; i++)
        vg_buf_addf(&text, ",%d", i);
    vg_buf_add_c(&text, "], \"b\": [1, 2]}");
    vg_doc doc;
    assert_int_equal(vg_guard_document_read(arena, vg_buf_str(&text), VG_STR("d"), &doc, &err), VG_OK);
    vg_guard_options options = {.max_steps = 2000};
    vg_guard_sink sink = {0};
    assert_int_equal(vg_ruleset_evaluate(rules, &doc, &options, arena, &sink, &err), VG_ERR_LIMIT);
    options.max_steps = 7000; /* enough to visit all values, and not to compare each with each */
    assert_int_equal(vg_ruleset_evaluate(rules, &doc, &options, arena, &sink, &err), VG_ERR_LIMIT);
    vg_buf told = {0};
    sink = (vg_guard_sink){NULL, note_rule, &told};
    const size_t only[] = {1};
    options = (vg_guard_options){.only = only, .only_count = 1};
    assert_int_equal(vg_ruleset_evaluate(rules, &doc, &options, arena, &sink, &err), VG_OK);
    assert_true(
        vg_str_is(vg_buf_str(&told), "1 ERROR a regular expression takes too many steps on a value here\n"));
    vg_buf_free(&told);
    vg_buf_free(&text);
    vg_ruleset_free(rules);
    vg_arena_free(arena);
}

typedef struct {
    const vg_ruleset *rules;
    const vg_doc *doc;
    vg_buf told[16];
} shared_run;

static void evaluate_shared(void *context, size_t i)
{
    shared_run *run = context;
    vg_arena *arena = vg_arena_new(0);
    vg_guard_sink sink = {note_violation, note_rule, &run->told[i]};
    for (int k = 0; k < 50; k++)
        vg_ruleset_evaluate(run->rules, run->doc, NULL, arena, &sink, NULL);
    vg_arena_free(arena);
}

static void threads_share_a_ruleset(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_ruleset *rules =
        compile("rule t { Resources.*.Type == /^A::(?=B)/\n Resources.*.Properties.Size < 5 }");
    vg_doc doc = read_document(arena, resources);
    shared_run run = {.rules = rules, .doc = &doc};
    vg_parallel(4, 16, evaluate_shared, &run);
    for (size_t i = 0; i < 16; i++) {
        assert_true(vg_str_eq(vg_buf_str(&run.told[i]), vg_buf_str(&run.told[0])));
        assert_true(run.told[i].len > 0);
    }
    for (size_t i = 0; i < 16; i++)
        vg_buf_free(&run.told[i]);
    vg_ruleset_free(rules);
    vg_arena_free(arena);
}

static void trees_made_by_code_are_documents_too(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_builder *b = vg_builder_new(arena);
    vg_builder_object(b);
    vg_builder_put_i64(b, "x", 1);
    vg_builder_end(b);
    vg_doc doc = {0};
    vg_error err = {0};
    assert_int_equal(vg_builder_finish(b, &doc.root, &doc.node_count, &err), VG_OK);
    vg_ruleset *rules = compile("rule t { x == 2 }");
    vg_buf told = {0};
    vg_guard_sink sink = {note_violation, note_rule, &told};
    assert_int_equal(vg_ruleset_evaluate(rules, &doc, NULL, arena, &sink, &err), VG_OK);
    assert_true(vg_str_starts(vg_buf_str(&told), VG_STR("0 1:10 /x:0:0 'x == 2'")));
    vg_buf_free(&told);
    vg_ruleset_free(rules);
    vg_arena_free(arena);
}

static void documents_are_joined_key_by_key(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_doc docs[2] = {read_document(arena, "a: 1\n"), read_document(arena, "b: {c: 2}\n")}, joined;
    vg_error err = {0};
    assert_int_equal(vg_guard_document_merge(arena, docs, 2, &joined, &err), VG_OK);
    assert_non_null(vg_get_path(joined.root, "a"));
    assert_int_equal(vg_doc_place(&joined, vg_get_path(joined.root, "b/c")).column, 8);
    docs[1] = read_document(arena, "a: 2\n");
    assert_int_equal(vg_guard_document_merge(arena, docs, 2, &joined, &err), VG_ERR_VALUE);
    docs[1] = read_document(arena, "[1]\n");
    assert_int_equal(vg_guard_document_merge(arena, docs, 2, &joined, &err), VG_ERR_VALUE);
    vg_arena_free(arena);
}

static void documents_that_guard_refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {"",         "# nothing\n", "1: x\n",     "true: x\n", "~: x\n",
                                      "1.5: x\n", "[1]: x\n",    "a: {{b}}\n", "a: [\n"};
    vg_arena *arena = vg_arena_new(0);
    for (size_t i = 0; i < VG_COUNT(bad); i++) {
        vg_doc doc;
        vg_error err = {0};
        if (vg_guard_document_read(arena, vg_str_from(bad[i]), VG_STR("d"), &doc, &err) == VG_OK)
            fail_msg("read: %s", bad[i]);
    }
    vg_doc doc = read_document(arena, "\"1\": x\n");
    assert_non_null(vg_get_path(doc.root, "1"));
    vg_arena_free(arena);
}

static void note_expectation(void *context, const vg_guard_expectation *x)
{
    vg_buf_addf(context, "%.*s:%u %.*s %s: %.*s\n", VG_ARG(x->test), x->place.line, VG_ARG(x->rule),
                x->passed ? "ok" : "not ok", VG_ARG(x->why));
}

static void unit_tests_compare_statuses_by_name(void **state)
{
    (void)state;
    vg_ruleset *rules =
        compile("rule r when x == 1 { y == 1 }\nrule r when x == 2 { y == 2 }\nrule e { x empty }");
    vg_buf told = {0};
    vg_guard_test_result result;
    vg_error err = {0};
    vg_str text = VG_STR("- name: first\n  input: {x: 1, y: 1}\n  expectations: {rules: {r: PASS}}\n"
                         "- input: {x: 2, y: 1}\n  expectations: {rules: {r: PASS, nobody: FAIL}}\n"
                         "- input: {x: 3}\n  expectations: {rules: {r: SKIP, e: PASS}}\n"
                         "- input: {x: 1, y: 1}\n  expectations: {rules: {r: SKIP}}\n");
    assert_int_equal(
        vg_guard_test(rules, text, VG_STR("t.yml"), NULL, note_expectation, &told, &result, &err), VG_OK);
    vg_buf_add_char(&told, '\0');
    assert_string_equal(
        told.ptr,
        "first:1 r ok: \n"
        "Test #2:4 r not ok: expected PASS, got SKIP, FAIL\n"
        "Test #2:4 nobody ok: no rule is named nobody\n"
        "Test #3:6 r ok: \n"
        "Test #3:6 e not ok: test.guard:3:10: `empty` asks of strings, lists and maps, not of an integer\n"
        "Test #4:8 r not ok: expected SKIP, got PASS, SKIP\n");
    assert_int_equal(result.cases, 4);
    assert_int_equal(result.passed, 1);
    assert_int_equal(result.failed, 3);
    vg_buf_free(&told);
    static const char *const bad[] = {"x: 1", "- input: 1", "- {input: {}, expectations: {rules: {r: GOOD}}}",
                                      "- [", "- {input: {}, expectations: {rules: [r]}}"};
    for (size_t i = 0; i < VG_COUNT(bad); i++)
        assert_int_not_equal(
            vg_guard_test(rules, vg_str_from(bad[i]), VG_STR("t"), NULL, NULL, NULL, &result, &err), VG_OK);
    vg_ruleset_free(rules);
}

static void control_headers_are_yaml_in_comments(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_control_header h;
    vg_error err = {0};
    bool found;
    vg_str text = VG_STR(
        "# ---\n# id: root-mfa\n# title: \"Root: MFA\"\n# severity: critical\n# practice: [SEC01-BP02]\n#\n"
        "# resource: Vigil::Account::Root\n# mappings:\n#   CIS: [\"1.5\"]\n# rationale: why\n# ---\nrule t "
        "{ x exists }\n");
    assert_int_equal(vg_control_header_read(arena, text, VG_STR("c.guard"), &h, &found, &err), VG_OK);
    vg_str item;
    assert_true(found);
    assert_true(vg_str_is(h.id, "root-mfa") && vg_str_is(h.title, "Root: MFA") &&
                vg_str_is(h.rationale, "why"));
    assert_int_equal(h.severity, VG_SEVERITY_CRITICAL);
    assert_true(vg_control_item(h.practice, 0, &item) && vg_str_is(item, "SEC01-BP02"));
    assert_false(vg_control_item(h.practice, 1, &item));
    assert_true(vg_control_item(h.resource, 0, &item) && vg_str_is(item, "Vigil::Account::Root"));
    assert_false(vg_control_item(h.resource, 1, &item));
    assert_false(vg_control_item(h.needs, 0, &item));
    assert_true(vg_control_item(vg_get_path(h.mappings, "CIS"), 0, &item) && vg_str_is(item, "1.5"));
    assert_int_equal(
        vg_control_header_read(arena, VG_STR("rule t { x exists }"), VG_STR("c"), &h, &found, &err), VG_OK);
    assert_false(found);
    text = VG_STR("# ---\n#id: a\n# title: b\n#practice: c\n# ---\n");
    assert_int_equal(vg_control_header_read(arena, text, VG_STR("c"), &h, &found, &err), VG_OK);
    assert_true(vg_str_is(h.id, "a") && vg_str_is(h.title, "b"));
    static const struct {
        const char *text;
        unsigned line;
    } bad[] = {{"# ---\n# id: a\n", 1},
               {"# ---\n# title: a\n# ---\n", 1},
               {"# ---\n# id: a\n# title: b\n# severity: awful\n# ---\n", 4},
               {"# ---\n# id: a\n# title: [\n# ---\n", 4},
               {"# ---\n# just text\n# ---\n", 1}};
    for (size_t i = 0; i < VG_COUNT(bad); i++) {
        assert_int_not_equal(
            vg_control_header_read(arena, vg_str_from(bad[i].text), VG_STR("c"), &h, &found, &err), VG_OK);
        assert_int_equal(err.place.line, bad[i].line);
    }
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(violations_name_places_in_rules_and_documents),
        cmocka_unit_test(places_are_right_at_the_start_of_a_line),
        cmocka_unit_test(a_rule_that_depends_on_itself_is_named),
        cmocka_unit_test(now_has_no_answer_without_a_time),
        cmocka_unit_test(only_failures_that_count_are_told),
        cmocka_unit_test(a_call_lends_its_message_and_functions_their_origin),
        cmocka_unit_test(rules_are_listed_and_evaluated_by_choice),
        cmocka_unit_test(files_keep_their_scopes_apart),
        cmocka_unit_test(errors_of_syntax_say_where),
        cmocka_unit_test(hostile_rules_and_documents_meet_limits),
        cmocka_unit_test(threads_share_a_ruleset),
        cmocka_unit_test(trees_made_by_code_are_documents_too),
        cmocka_unit_test(documents_are_joined_key_by_key),
        cmocka_unit_test(documents_that_guard_refuses),
        cmocka_unit_test(unit_tests_compare_statuses_by_name),
        cmocka_unit_test(control_headers_are_yaml_in_comments),
    };
    return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
