/* Vectors of correlations: tests/detect/correlations.yaml. Each says a correlation `t` (or whole documents), events as lines,
 * and the episodes that come out; or what is wrong with the documents, and where. Every vector with events is also run
 * backwards and with every event given twice to two stores: the episodes are the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "correl_set.h"

typedef struct {
    const vg_doc *doc;
    const vg_value *vector;
    vg_str condition;       /* of `each`: what stands for @ in the documents */
    const vg_value *expect; /* episodes */
    size_t failures, units;
} run;

static void fail_vector(run *r, const char *what, vg_str text)
{
    vg_place place = vg_doc_place(r->doc, r->vector);
    print_error("%.*s:%u: %.*s: %.*s: %s%.*s\n", VG_ARG(vg_path_name(r->doc->name)), place.line,
                VG_ARG(vg_get_str(r->vector, "name")), VG_ARG(r->condition), what, VG_ARG(text));
    r->failures++;
}

/* The documents of a vector: `rules` as they are, or `correlation` as the section of one called t. */
static vg_str rules_text(const run *r, vg_arena *arena)
{
    vg_str rules = vg_get_str(r->vector, "rules"), section = vg_get_str(r->vector, "correlation"), line;
    vg_buf out = {0};
    if (section.ptr)
        vg_buf_add_c(&out, "title: t\nname: t\ncorrelation:\n");
    while (section.len && vg_str_next(&section, '\n', &line))
        vg_buf_addf(&out, "  %.*s\n", VG_ARG(line));
    if (section.ptr && rules.ptr)
        vg_buf_add_c(&out, "---\n");
    vg_buf_add_str(&out, rules);
    vg_str whole = vg_buf_str(&out), before, after;
    vg_str text =
        r->condition.len && vg_str_split(whole, '@', &before, &after)
            ? vg_arena_printf(arena, "%.*s%.*s%.*s", VG_ARG(before), VG_ARG(r->condition), VG_ARG(after))
            : vg_arena_str(arena, whole);
    vg_buf_free(&out);
    return text;
}

static vg_str lines_of(const vg_vec *episodes, vg_arena *arena)
{
    vg_buf out = {0};
    for (size_t i = 0; i < episodes->len; i++)
        vg_buf_addf(&out, "\n    %.*s", VG_ARG(*(const vg_str *)vg_vec_at(episodes, i)));
    vg_str text = vg_arena_str(arena, vg_buf_str(&out));
    vg_buf_free(&out);
    return text;
}

static vg_str expected_lines(const run *r, vg_arena *arena)
{
    vg_vec lines = vg_vec_in(arena, sizeof(vg_str));
    for (vg_items it = vg_items_of(r->expect); vg_items_next(&it);)
        *(vg_str *)vg_vec_push(&lines) = vg_value_str(it.value);
    if (lines.len)
        qsort(lines.items, lines.len, sizeof(vg_str), correl_by_text);
    return lines_of(&lines, arena);
}

/* Shows the events, from first to last or back, each `times`, to two stores in turns. */
static uint64_t show_all(run *r, correl_set *set, vg_signals *stores[2], bool backwards, size_t times)
{
    const vg_value *events = vg_get(r->vector, VG_STR("events"));
    size_t count = vg_value_count(events);
    vg_error err;
    for (size_t i = 0; i < count * times; i++) {
        size_t at = backwards ? count - 1 - i / times : i / times;
        vg_event event = correl_event(set->arena, vg_value_str(vg_value_item(events, at)));
        if (correl_show(set, &event, stores[i % 2], &err) != VG_OK)
            fail_vector(r, "an event cannot be taken: ", vg_str_from(err.message));
    }
    return vg_signals_left_out(stores[0]) + vg_signals_left_out(stores[1]);
}

static vg_time watermark_of(const run *r, correl_set *set)
{
    int64_t given;
    vg_time watermark = VG_TIME_NONE;
    if (vg_get_i64(r->vector, "watermark", &given))
        return given * VG_TIME_SECOND;
    for (vg_items it = vg_items_of(vg_get(r->vector, VG_STR("events"))); vg_items_next(&it);) {
        vg_event event = correl_event(set->arena, vg_value_str(it.value));
        watermark = event.time > watermark ? event.time : watermark;
    }
    return watermark;
}

static void check_episodes(run *r, correl_set *set, bool backwards, size_t times)
{
    vg_error err = {0};
    vg_signals *stores[2] = {vg_signals_new(0, (vg_str){0}), vg_signals_new(0, (vg_str){0})};
    uint64_t left_out = show_all(r, set, stores, backwards, times);
    int64_t expected_left_out = 0;
    vg_get_i64(r->vector, "left_out", &expected_left_out);
    set->told_steps = vg_get_bool(r->vector, "steps", false);
    if (correl_run(set, stores, 2, watermark_of(r, set), &err) != VG_OK)
        fail_vector(r, "cannot be correlated: ", vg_str_from(err.message));
    vg_str expected = expected_lines(r, set->arena), found = lines_of(&set->episodes, set->arena);
    if (!vg_str_eq(expected, found)) {
        fail_vector(r, backwards ? "backwards, doubled: found" : "found", found);
        print_error("  expected%.*s\n", VG_ARG(expected));
    }
    if (left_out != (uint64_t)expected_left_out * times)
        fail_vector(r,
                    "matches left out: ", vg_arena_printf(set->arena, "%llu", (unsigned long long)left_out));
    vg_signals_free(stores[0]);
    vg_signals_free(stores[1]);
}

/* `error`: "LINE:COLUMN text". */
static void check_problems(run *r, correl_set *set)
{
    vg_str error = vg_get_str(r->vector, "error");
    for (size_t i = 0; i < set->problems.len; i++) {
        const vg_rule_problem *p = vg_vec_at(&set->problems, i);
        vg_str text =
            vg_arena_printf(set->arena, "%u:%u %.*s", p->place.line, p->place.column, VG_ARG(p->text));
        if (error.ptr && p->unread && vg_str_find(text, error) != VG_NPOS)
            return;
        if (!error.ptr && p->unread)
            fail_vector(r, "cannot be read: ", text);
        if (error.ptr)
            print_error("  told: %.*s\n", VG_ARG(text));
    }
    if (error.ptr)
        fail_vector(r, "no such error: ", error);
}

static void check_vector(run *r)
{
    vg_arena *arena = vg_arena_new(0);
    correl_set *set = correl_set_new(rules_text(r, arena));
    assert_non_null(set);
    check_problems(r, set);
    if (vg_get(r->vector, VG_STR("events"))) {
        check_episodes(r, set, false, 1);
        check_episodes(r, set, true, 2);
    }
    correl_set_free(set);
    vg_arena_free(arena);
    r->units++;
}

/* A vector, or one for each of its conditions. */
static void check_conditions(run *r)
{
    const vg_value *each = vg_get(r->vector, VG_STR("each"));
    r->condition = (vg_str){0};
    r->expect = vg_get(r->vector, VG_STR("expect"));
    if (!each)
        check_vector(r);
    for (vg_items it = vg_items_of(each); vg_items_next(&it);) {
        r->condition = it.key;
        r->expect = it.value;
        check_vector(r);
    }
}

static void every_vector_holds(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_error err = {0};
    vg_str path = VG_STR(VIGIL_SOURCE_DIR "/tests/detect/correlations.yaml"), text;
    vg_doc doc;
    assert_int_equal(vg_file_read(arena, path, 1 << 24, &text, &err), VG_OK);
    if (vg_yaml_read(arena, text, path, NULL, &doc, &err) != VG_OK)
        fail_msg("%u:%u: %s", err.place.line, err.place.column, err.message);
    run r = {.doc = &doc};
    for (vg_items it = vg_items_of(doc.root); vg_items_next(&it);) {
        r.vector = it.value;
        check_conditions(&r);
    }
    vg_arena_free(arena);
    print_message("%zu vectors\n", r.units);
    assert_int_equal(r.failures, 0);
    assert_true(r.units >= 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_vector_holds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
