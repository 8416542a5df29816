/* Vectors of the Sigma language: tests/detect/sigma-*.yaml. Each says a rule (or its detection, or one selection), the
 * events that it matches (`yes`) and does not (`no`), or what is said of it (`error`, `lint`, `unassessed`). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "detect/detect_part.h"

typedef struct {
    vg_arena *arena;
    const vg_doc *doc;
    const vg_value *vector;
    size_t checks, failures;
    size_t units; /* rule and event, or rule and message */
} run;

static void fail_vector(run *r, const char *what, const vg_value *event)
{
    vg_buf text = {0};
    if (event)
        vg_json_write(&text, event, 0);
    vg_place place = vg_doc_place(r->doc, r->vector);
    print_error("%.*s:%u: %.*s: %s %.*s\n", VG_ARG(vg_path_name(r->doc->name)), place.line,
                VG_ARG(vg_get_str(r->vector, "name")), what, VG_ARG(vg_buf_str(&text)));
    vg_buf_free(&text);
    r->failures++;
}

static void add_indented(vg_buf *out, const char *indent, vg_str text)
{
    vg_str line;
    while (vg_str_next(&text, '\n', &line))
        if (line.len)
            vg_buf_addf(out, "%s%.*s\n", indent, VG_ARG(line));
}

/* The whole rule of a vector, as a file. */
static vg_str rule_text(run *r)
{
    vg_str rule = vg_get_str(r->vector, "rule"), detection = vg_get_str(r->vector, "detection"),
           selection = vg_get_str(r->vector, "selection");
    vg_buf out = {0};
    if (rule.ptr)
        vg_buf_add_str(&out, rule);
    else {
        vg_buf_add_c(&out, "title: vector\nlogsource:\n  product: test\ndetection:\n");
        if (detection.ptr)
            add_indented(&out, "  ", detection);
        else {
            vg_buf_add_c(&out, "  selection:\n");
            add_indented(&out, "    ", selection);
            vg_buf_add_c(&out, "  condition: selection\n");
        }
    }
    vg_str text = vg_arena_str(r->arena, vg_buf_str(&out));
    vg_buf_free(&out);
    return text;
}

static void read_placeholders(run *r, vg_rules_options *options)
{
    const vg_value *given = vg_get(r->vector, VG_STR("placeholders"));
    size_t count = vg_value_count(given ? given : r->vector), i = 0;
    vg_placeholder *list = VG_NEW_N(r->arena, vg_placeholder, count + 1);
    for (vg_items it = vg_items_of(given); vg_items_next(&it); i++) {
        vg_str *values = VG_NEW_N(r->arena, vg_str, vg_value_count(it.value) + 1);
        size_t n = 0;
        for (vg_items v = vg_items_of(it.value); vg_items_next(&v);)
            values[n++] = vg_value_str(v.value);
        list[i] = (vg_placeholder){it.key, {values, n}};
    }
    options->placeholders = list;
    options->placeholder_count = i;
}

static bool any_problem(const vg_vec *problems, vg_str text, bool unread)
{
    for (size_t i = 0; i < problems->len; i++) {
        const vg_rule_problem *p = vg_vec_at(problems, i);
        if (p->unread == unread && vg_str_find(p->text, text) != VG_NPOS)
            return true;
    }
    return false;
}

static void check_events(run *r, const vg_rules *rules, vg_evaluator *ev, const char *key, bool expected)
{
    const vg_value *events = vg_get(r->vector, vg_str_from(key));
    for (vg_items it = vg_items_of(events); vg_items_next(&it);) {
        vg_event event = {.log = VG_LOG_UNKNOWN, .root = it.value, .time = VG_TIME_NONE};
        bool matched = false;
        vg_evaluator_begin(ev, &event);
        for (size_t i = 0; i < vg_rules_count(rules); i++)
            matched |= !rules->rules[i].info.unassessed.len && vg_evaluator_match(ev, i);
        r->units++;
        if (matched != expected)
            fail_vector(r, expected ? "does not match" : "matches", it.value);
    }
}

static void check_messages(run *r, const vg_rules *rules, const vg_vec *problems)
{
    vg_str error = vg_get_str(r->vector, "error"), lint = vg_get_str(r->vector, "lint"),
           unassessed = vg_get_str(r->vector, "unassessed");
    r->units += (error.ptr ? 1U : 0U) + (lint.ptr ? 1U : 0U) + (unassessed.ptr ? 1U : 0U);
    if (error.ptr && !any_problem(problems, error, true))
        fail_vector(r, "is not refused as expected", NULL);
    if (lint.ptr && !any_problem(problems, lint, false))
        fail_vector(r, "is not remarked on as expected", NULL);
    if (unassessed.ptr &&
        (!vg_rules_count(rules) || vg_str_find(vg_rules_at(rules, 0)->unassessed, unassessed) == VG_NPOS))
        fail_vector(r, "is not unassessed as expected", NULL);
    for (size_t i = 0; i < problems->len; i++) {
        const vg_rule_problem *p = vg_vec_at(problems, i);
        if ((!p->unread || error.ptr) && (p->unread || lint.ptr))
            continue;
        if (!error.ptr || !p->unread)
            print_error("%u:%u: %.*s\n", p->place.line, p->place.column, VG_ARG(p->text));
        fail_vector(r, p->unread ? "is refused" : "is remarked on", NULL);
    }
}

static void check_vector(run *r)
{
    vg_error err = {0};
    vg_rules *rules = NULL;
    vg_rules_options options = {.now = VG_TIME_DAY * 20000};
    vg_vec problems = vg_vec_in(r->arena, sizeof(vg_rule_problem));
    vg_rule_file file = {VG_STR("vector.yml"), rule_text(r)};
    read_placeholders(r, &options);
    assert_int_equal(vg_rules_compile(r->arena, &file, 1, &options, &rules, &problems, &err), VG_OK);
    check_messages(r, rules, &problems);
    vg_evaluator *ev = vg_evaluator_new(rules, NULL, 0);
    assert_non_null(ev);
    check_events(r, rules, ev, "yes", true);
    check_events(r, rules, ev, "no", false);
    vg_evaluator_free(ev);
    r->checks++;
}

static void check_file(const char *name, size_t least)
{
    char path[512];
    vg_error err = {0};
    vg_doc doc;
    vg_str bytes;
    vg_arena *arena = vg_arena_new(0);
    run r = {.arena = arena, .doc = &doc};
    snprintf(path, sizeof path, "%s/tests/detect/%s", VIGIL_SOURCE_DIR, name);
    assert_int_equal(vg_file_read(arena, vg_str_from(path), 1 << 22, &bytes, &err), VG_OK);
    if (vg_yaml_read(arena, bytes, vg_str_from(path), NULL, &doc, &err) != VG_OK)
        fail_msg("%s:%u:%u: %s", path, err.place.line, err.place.column, err.message);
    for (vg_items it = vg_items_of(doc.root); vg_items_next(&it);) {
        r.vector = it.value;
        check_vector(&r);
    }
    print_message("# %s: %zu vectors, %zu checks\n", name, r.checks, r.units);
    assert_int_equal(r.failures, 0);
    assert_true(r.units >= least);
    vg_arena_free(arena);
}

static void vectors_of_text(void **state)
{
    (void)state;
    check_file("sigma-text.yaml", 150);
}

static void vectors_of_modifiers(void **state)
{
    (void)state;
    check_file("sigma-modifiers.yaml", 540);
}

static void vectors_of_conditions(void **state)
{
    (void)state;
    check_file("sigma-conditions.yaml", 150);
}

static void vectors_of_values(void **state)
{
    (void)state;
    check_file("sigma-values.yaml", 200);
}

static void vectors_of_filters(void **state)
{
    (void)state;
    check_file("sigma-filters.yaml", 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_text),       cmocka_unit_test(vectors_of_modifiers),
        cmocka_unit_test(vectors_of_conditions), cmocka_unit_test(vectors_of_values),
        cmocka_unit_test(vectors_of_filters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
