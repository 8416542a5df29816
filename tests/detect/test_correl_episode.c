/* What an episode tells: its identity, its first event, its steps; how deep correlations go; what is not decided. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "correl_set.h"

/* The last episode that was told. */
typedef struct {
    vg_episode episode; /* its texts and steps are gone */
    vg_time first_step;
    char actor[32], ids[VG_DETECT_MOST_STEPS][32];
    size_t count;
} told;

static vg_status tell(void *context, const vg_episode *episode, vg_error *err)
{
    (void)err;
    told *t = context;
    t->episode = *episode;
    t->count++;
    t->first_step = episode->step_count ? episode->steps[0].time : VG_TIME_NONE;
    snprintf(t->actor, sizeof t->actor, "%.*s", VG_ARG(episode->brief.actor));
    for (size_t i = 0; i < episode->step_count; i++)
        snprintf(t->ids[i], sizeof t->ids[i], "%.*s", VG_ARG(episode->steps[i].id));
    return VG_OK;
}

/* Events as lines with commas between; `actor` is the event's field `who`, `failed` one that failed. */
static told run(const char *rules, const char *events, int64_t watermark, uint64_t *undecided)
{
    told t = {0};
    vg_error err = {0};
    correl_set *set = correl_set_new(vg_str_from(rules));
    vg_signals *store = vg_signals_new(0, (vg_str){0});
    vg_str rest = vg_str_from(events), line;
    while (vg_str_next(&rest, ',', &line)) {
        vg_event event = correl_event(set->arena, vg_str_trim(line));
        vg_brief brief = {.actor = vg_get_str(event.root, "who"),
                          .account = event.account,
                          .name = VG_STR("x:Y"),
                          .succeeded = !vg_get(event.root, VG_STR("failed"))};
        vg_evaluator_begin(set->evaluator, &event);
        for (size_t i = 0; i < set->rules->rule_count; i++)
            if (set->rules->rules[i].info.kind == VG_RULE_DETECTION && vg_evaluator_match(set->evaluator, i))
                assert_int_equal(
                    vg_correlate_signal(set->rules, i, set->evaluator, &event, &brief, store, &err), VG_OK);
    }
    vg_correlator *c = vg_correlator_new(set->arena, set->rules, tell, &t);
    assert_int_equal(vg_signals_merge(&store, 1, correl_take, c, &err), VG_OK);
    assert_int_equal(vg_correlator_finish(c, watermark * VG_TIME_SECOND, &err), VG_OK);
    if (undecided)
        *undecided = vg_correlator_undecided(c);
    vg_signals_free(store);
    correl_set_free(set);
    return t;
}

static const char pairs[] =
    "title: t\ncorrelation: {type: event_count, rules: [a], timespan: 100s, condition: {gte: 2}}\n";

static void an_episode_is_known_by_the_window_of_its_first_signal(void **state)
{
    (void)state;
    static const struct {
        const char *events;
        int64_t window;
    } cases[] = {
        {"a 250, a 260", 200},        {"a 250, a 260, a 270", 200}, /* a late event behind */
        {"a 250, a 260, a 255", 200},                               /* between */
        {"a 250, a 260, a 210", 200},                               /* before, in the same window */
        {"a 250, a 260, a 199", 100},                               /* before that window */
        {"a 300, a 310", 300},        {"a 0, a 99", 0},
        {"a -1, a 5", -100},          {"a -100, a -99", -100},
        {"a -101, a -100", -200},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        told t = run(pairs, cases[i].events, 0, NULL);
        if (t.count != 1 || t.episode.window != cases[i].window * VG_TIME_SECOND)
            fail_msg("%s: %zu episodes, window %lld, expected %lld", cases[i].events, t.count,
                     (long long)(t.episode.window / VG_TIME_SECOND), (long long)cases[i].window);
    }
}

static void two_episodes_of_a_group_have_two_windows(void **state)
{
    (void)state;
    told both = run(pairs, "a 0, a 1, a 102, a 103", 0, NULL), first = run(pairs, "a 0, a 1", 0, NULL);
    assert_int_equal(both.count, 2);
    assert_true(both.episode.window != first.episode.window);
}

static void an_episode_tells_of_its_first_event_and_whether_any_succeeded(void **state)
{
    (void)state;
    told t = run(pairs, "a 7 who=second, a 3 who=first failed=1", 0, NULL);
    assert_string_equal(t.actor, "first");
    assert_true(t.episode.succeeded);
    assert_false(run(pairs, "a 7 failed=1, a 3 failed=1", 0, NULL).episode.succeeded);
    const char *nested =
        "title: t\ncorrelation: {type: temporal_ordered, rules: [many, b], timespan: 100s}\n---\n"
        "title: many\nname: many\ncorrelation: {type: event_count, rules: [a], timespan: 100s, condition: "
        "{gte: 2}}\n";
    t = run(nested, "a 1 who=inner, a 5, b 9 who=outer", 0, NULL);
    assert_int_equal(t.count, 1);
    assert_string_equal(t.actor, "inner");
    assert_int_equal(t.episode.first, 1 * VG_TIME_SECOND);
    assert_int_equal(t.episode.last, 9 * VG_TIME_SECOND);
    assert_int_equal(t.first_step, 1 * VG_TIME_SECOND);
}

/* A flood of `a` before the chain is complete: its steps are shown all the same. */
static void a_chain_is_whole_among_the_steps(void **state)
{
    (void)state;
    static const char *const rules[] = {
        "title: t\ncorrelation: {type: temporal_ordered, rules: [a, b, c], timespan: 1000s}\n",
        "title: t\ncorrelation: {type: temporal, rules: [a, b, c], timespan: 1000s}\n"};
    char events[4096] = "";
    size_t len = 0;
    for (int i = 0; i < 200; i++)
        len += (size_t)snprintf(events + len, sizeof events - len, "a %d a%d, ", i, i);
    snprintf(events + len, sizeof events - len, "b 300 bb, c 400 cc, c 401 more");
    for (size_t i = 0; i < VG_COUNT(rules); i++) {
        told t = run(rules[i], events, 0, NULL);
        assert_int_equal(t.count, 1);
        assert_int_equal(t.episode.count, 203);
        assert_int_equal(t.episode.step_count, VG_DETECT_MOST_STEPS);
        assert_string_equal(t.ids[VG_DETECT_MOST_STEPS - 2], "bb");
        assert_string_equal(t.ids[VG_DETECT_MOST_STEPS - 1], "cc");
        assert_string_equal(t.ids[0], "a0");
    }
}

static void the_first_fifty_events_are_steps(void **state)
{
    (void)state;
    char events[4096] = "";
    size_t len = 0;
    for (int i = 0; i < 100; i++)
        len += (size_t)snprintf(events + len, sizeof events - len, "%sa %d a%02d", i ? ", " : "", 100 - i,
                                100 - i);
    told t = run(pairs, events, 0, NULL);
    assert_int_equal(t.episode.step_count, VG_DETECT_MOST_STEPS);
    assert_string_equal(t.ids[0], "a01");
    assert_string_equal(t.ids[49], "a50");
}

static void windows_that_are_open_are_counted(void **state)
{
    (void)state;
    uint64_t undecided;
    const char *few = "title: t\ncorrelation: {type: event_count, rules: [a], group-by: [u], timespan: 100s, "
                      "condition: {lt: 5}}\n";
    assert_int_equal(run(few, "a 0 u=x, a 1 u=y, a 90 u=z", 100, &undecided).count, 0);
    assert_int_equal(undecided, 3);
    assert_int_equal(run(few, "a 0 u=x, a 1 u=y, a 90 u=z", 102, &undecided).count, 2);
    assert_int_equal(undecided, 1);
    run(pairs, "a 0, a 1", 1, &undecided);
    assert_int_equal(undecided, 0);
}

/* A chain of `depth` correlations, each of which counts the one before. */
static correl_set *chain_of(vg_arena *arena, int depth)
{
    vg_buf out = {0};
    for (int i = 0; i < depth; i++) {
        vg_str below = i ? vg_arena_printf(arena, "c%d", i - 1) : VG_STR("a");
        vg_buf_addf(&out,
                    "%stitle: c%d\nname: c%d\ncorrelation: {type: event_count, rules: [%.*s], group-by: [u], "
                    "timespan: 10s, condition: {gte: 1}}\n",
                    i ? "---\n" : "", i, i, VG_ARG(below));
    }
    correl_set *set = correl_set_new(vg_buf_str(&out));
    vg_buf_free(&out);
    return set;
}

static void correlations_go_sixteen_deep(void **state)
{
    (void)state;
    for (int depth = 15; depth <= 18; depth++) {
        vg_arena *arena = vg_arena_new(0);
        vg_error err = {0};
        correl_set *set = chain_of(arena, depth);
        vg_signals *store = vg_signals_new(0, (vg_str){0});
        vg_event event = correl_event(set->arena, VG_STR("a 5 u=x"));
        assert_int_equal(correl_show(set, &event, store, &err), VG_OK);
        assert_int_equal(correl_run(set, &store, 1, 5 * VG_TIME_SECOND, &err), VG_OK);
        assert_int_equal(set->problems.len > 0, depth > 16);
        assert_int_equal(set->episodes.len, depth > 16 ? 0 : 1);
        vg_signals_free(store);
        correl_set_free(set);
        vg_arena_free(arena);
    }
}

/* Each of two correlations counts both of the level below: 2^12 ways up. */
static void too_many_ways_up_are_refused(void **state)
{
    (void)state;
    vg_buf out = {0};
    for (int level = 0; level < 14; level++)
        for (int i = 0; i < 2; i++) {
            vg_buf_addf(&out,
                        "title: c%d_%d\nname: c%d_%d\ncorrelation: {type: event_count, timespan: 10s, "
                        "condition: {gte: 1}, ",
                        level, i, level, i);
            if (level)
                vg_buf_addf(&out, "rules: [c%d_0, c%d_1]}\n---\n", level - 1, level - 1);
            else
                vg_buf_add_c(&out, "rules: [a]}\n---\n");
        }
    vg_buf_add_c(
        &out,
        "title: last\ncorrelation: {type: event_count, rules: [a], timespan: 10s, condition: {gte: 1}}\n");
    correl_set *set = correl_set_new(vg_buf_str(&out));
    assert_non_null(set);
    assert_int_equal(set->problems.len, 2); /* those at the bottom, from which the ways go up */
    const vg_rule_problem *p = set->problems.items;
    assert_true(vg_str_find(p->text, VG_STR("4096 ways")) != VG_NPOS);
    correl_set_free(set);
    vg_buf_free(&out);
}

static void a_condition_that_never_holds_is_remarked_on(void **state)
{
    (void)state;
    static const struct {
        const char *section, *remark; /* NULL: none */
    } cases[] = {
        {"type: event_count, rules: [a], condition: {eq: 0}", "it counts at least 1"},
        {"type: event_count, rules: [a], condition: {lt: 1}", "it counts at least 1"},
        {"type: event_count, rules: [a], condition: {lte: 1}", NULL},
        {"type: event_count, rules: [a], condition: {lt: 1.5}", NULL},
        {"type: event_count, rules: [a], condition: {gt: 2, lt: 3}", "it counts at least 1"},
        {"type: event_count, rules: [a], condition: {gt: 2, lte: 3}", NULL},
        {"type: event_count, rules: [a], condition: {eq: 2.5}", "it counts at least 1"},
        {"type: value_count, rules: [a], condition: {field: u, lte: 0}", "it counts at least 1"},
        {"type: value_sum, rules: [a], condition: {field: u, lte: 0}", NULL},
        {"type: value_sum, rules: [a], condition: {field: u, gt: 2, lt: 3}", NULL},
        {"type: value_sum, rules: [a], condition: {field: u, gt: 3, lt: 3}", "contradicts itself"},
        {"type: value_avg, rules: [a], condition: {field: u, gte: 5, lte: 4}", "contradicts itself"},
        {"type: temporal, rules: [a, b], condition: {gte: 3}", "it counts at least 1"},
        {"type: temporal, rules: [a, b], condition: {gte: 2}", NULL},
        {"type: temporal, rules: [a, b]", NULL},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_error err;
        correl_set *set = correl_set_new(
            vg_arena_printf(arena, "title: t\ncorrelation: {%s, timespan: 1m}\n", cases[i].section));
        assert_int_equal(set->problems.len, 0);
        assert_int_equal(vg_rules_lint(set->arena, set->rules, &set->problems, &err), VG_OK);
        size_t remarks = 0;
        for (size_t k = 0; k < set->problems.len; k++) {
            vg_str text = ((vg_rule_problem *)vg_vec_at(&set->problems, k))->text;
            bool is_one = vg_str_find(text, VG_STR("condition")) != VG_NPOS;
            remarks += is_one;
            if (is_one && (!cases[i].remark || vg_str_find(text, vg_str_from(cases[i].remark)) == VG_NPOS))
                fail_msg("%s: %.*s", cases[i].section, VG_ARG(text));
        }
        if ((remarks > 0) != (cases[i].remark != NULL))
            fail_msg("%s: %zu remarks", cases[i].section, remarks);
        correl_set_free(set);
        vg_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_episode_is_known_by_the_window_of_its_first_signal),
        cmocka_unit_test(two_episodes_of_a_group_have_two_windows),
        cmocka_unit_test(an_episode_tells_of_its_first_event_and_whether_any_succeeded),
        cmocka_unit_test(a_chain_is_whole_among_the_steps),
        cmocka_unit_test(the_first_fifty_events_are_steps),
        cmocka_unit_test(windows_that_are_open_are_counted),
        cmocka_unit_test(correlations_go_sixteen_deep),
        cmocka_unit_test(too_many_ways_up_are_refused),
        cmocka_unit_test(a_condition_that_never_holds_is_remarked_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
