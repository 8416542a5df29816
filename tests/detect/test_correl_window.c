/* Windows that hold many signals: numbers by rank, values that come and go, and the bounds of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "correl_set.h"
#include "detect/correlate_part.h"

static unsigned roll(uint64_t *state, unsigned sides)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((*state >> 33) % sides);
}

static int by_number(const void *a, const void *b)
{
    vg_billionths x = *(const vg_billionths *)a, y = *(const vg_billionths *)b;
    return x < y ? -1 : x > y;
}

static void numbers_stand_by_rank(void **state)
{
    (void)state;
    enum { MOST = 3000 };
    static vg_billionths queue[MOST * 4], sorted[MOST];
    for (unsigned spread = 1; spread <= 1000000; spread *= 1000) {
        vg_ranks ranks = {0};
        uint64_t dice = spread;
        size_t front = 0, back = 0;
        while (back < MOST * 4) {
            bool more = back - front < MOST && (front == back || roll(&dice, 5) < 3);
            if (more) {
                queue[back] = (vg_billionths)roll(&dice, spread) - spread / 2;
                assert_true(vg_ranks_add(&ranks, queue[back++]));
            } else {
                vg_ranks_remove(&ranks, queue[front++]);
            }
            assert_int_equal(ranks.count, back - front);
            if (back % 97)
                continue;
            memcpy(sorted, queue + front, (back - front) * sizeof *sorted);
            qsort(sorted, back - front, sizeof *sorted, by_number);
            for (size_t rank = 0; rank < back - front; rank += 1 + roll(&dice, 50))
                assert_true(vg_ranks_at(&ranks, rank) == sorted[rank]);
        }
        vg_ranks_clear(&ranks);
        assert_true(vg_ranks_add(&ranks, 5) && vg_ranks_at(&ranks, 0) == 5);
        vg_ranks_free(&ranks);
    }
}

/* ---- many signals, straight to a correlator ------------------------------------------------------------------------------------ */

typedef struct {
    const char *name, *section;
    unsigned signals, per_second, values, text; /* text: bytes of each value beside its number */
    const char *episodes;                       /* the first line; NULL: any */
    bool drops;
    unsigned block; /* signals that have one value, one behind the other; 0: one */
} heavy;

static uint64_t feed(correl_set *set, const heavy *h, vg_error *err)
{
    vg_correlator *c = vg_correlator_new(set->arena, set->rules, correl_tell, set);
    uint32_t stream = (uint32_t)vg_rules_find(set->rules, VG_STR("t")),
             rule = (uint32_t)vg_rules_find(set->rules, VG_STR("a"));
    char id[32], *value = malloc(h->text + 32);
    memset(value, 'x', h->text);
    for (unsigned n = 0; n < h->signals; n++) {
        snprintf(id, sizeof id, "%010u", n);
        snprintf(value + h->text, 32, "%u", n / (h->block ? h->block : 1) % h->values);
        vg_signal s = {.stream = stream,
                       .rule = rule,
                       .time = (vg_time)(n / h->per_second) * VG_TIME_SECOND,
                       .id = vg_str_from(id),
                       .value = vg_str_of(value, strlen(value)),
                       .has_value = true,
                       .brief = {.name = VG_STR("s3:GetObject"), .succeeded = true}};
        if (vg_correlator_take(c, &s, err) != VG_OK)
            fail_msg("%s: %s", h->name, err->message);
    }
    free(value);
    if (vg_correlator_finish(c, (vg_time)h->signals * VG_TIME_SECOND, err) != VG_OK)
        fail_msg("%s: %s", h->name, err->message);
    vg_correlator_free(c);
    return vg_correlator_evicted(c);
}

static void many_signals_in_one_window_are_bounded(void **state)
{
    (void)state;
    static const heavy cases[] = {
        {"events are counted by the second",
         "{type: event_count, rules: [a], timespan: 1d, condition: {gte: 700000}}", 700000, 100, 1, 0,
         "t [] 0..6999 n=700000 v=700000", false},
        {"values that are joined leave too",
         "{type: value_count, rules: [a], timespan: 999s, condition: {field: v, gte: 3}}", 600000, 160, 3, 0,
         "none", false, 200000},
        {"sums are kept by the second",
         "{type: value_sum, rules: [a], timespan: 1d, condition: {field: v, gte: 1}}", 400000, 100, 3, 0,
         "t [] 0..3999 n=400000 v=399999", false},
        {"averages too", "{type: value_avg, rules: [a], timespan: 1d, condition: {field: v, gte: 4.5}}",
         400000, 100, 10, 0, "t [] 0..3999 n=400000 v=4.5", false},
        {"and slide", "{type: value_sum, rules: [a], timespan: 1999s, condition: {field: v, gt: 899999}}",
         400000, 100, 10, 0, "t [] 0..3999 n=400000 v=900000", false},
        {"few different values",
         "{type: value_count, rules: [a], timespan: 1d, condition: {field: v, gte: 7}}", 300000, 100, 7, 0,
         "t [] 0..2999 n=300000 v=7", false},
        {"few different numbers",
         "{type: value_median, rules: [a], timespan: 1d, condition: {field: v, gte: 3}}", 300000, 300, 7, 0,
         "t [] 0..999 n=300000 v=3", false},
        {"rules", "{type: temporal, rules: [a, b], timespan: 1d, condition: {gte: 1}}", 300000, 300, 7, 0,
         "t [] 0..999 n=300000 v=1", false},
        {"values that left make room",
         "{type: value_count, rules: [a], timespan: 9s, condition: {field: v, gte: 1000}}", 60000, 100,
         1000000, 1000, "t [] 0..599 n=60000 v=1000", false},
        {"too many different values",
         "{type: value_count, rules: [a], timespan: 1d, condition: {field: v, gte: 1000}}", 60000, 100,
         1000000, 1000, NULL, true},
        {"too many moments", "{type: value_median, rules: [a], timespan: 9d, condition: {field: v, gte: 0}}",
         700000, 1, 1, 0, NULL, true},
    };
    /* Under `./test --quick`, those that end soon. */
    for (size_t i = getenv("VIGIL_QUICK") ? 7 : 0; i < VG_COUNT(cases) - (getenv("VIGIL_QUICK") != NULL);
         i++) {
        vg_error err = {0};
        vg_arena *arena = vg_arena_new(0);
        correl_set *set =
            correl_set_new(vg_arena_printf(arena, "title: t\nname: t\ncorrelation: %s\n", cases[i].section));
        uint64_t dropped = feed(set, &cases[i], &err);
        vg_str found = set->episodes.len ? *(vg_str *)set->episodes.items : VG_STR("none");
        if (cases[i].episodes && !vg_str_is(found, cases[i].episodes))
            fail_msg("%s: found %.*s, expected %s", cases[i].name, VG_ARG(found), cases[i].episodes);
        if ((dropped > 0) != cases[i].drops)
            fail_msg("%s: %llu dropped", cases[i].name, (unsigned long long)dropped);
        correl_set_free(set);
        vg_arena_free(arena);
    }
}

/* ---- what is held back ------------------------------------------------------------------------------------------------------------ */

static vg_str run_with(const char *folder, uint64_t *evicted)
{
    static const char text[] = "title: t\ncorrelation: {type: event_count, rules: [many, b], timespan: 1h, "
                               "condition: {gte: 10}}\n---\n"
                               "title: many\nname: many\ncorrelation: {type: event_count, rules: [a], "
                               "group-by: [u], timespan: 5m, condition: {lte: "
                               "40}}\n";
    vg_error err = {0};
    correl_set *set = correl_set_new(vg_str_from(text));
    vg_signals *store = vg_signals_new(0, vg_str_from(folder));
    vg_arena *arena = vg_arena_new(0);
    for (unsigned n = 0; n < 6000; n++) {
        vg_str line =
            vg_arena_printf(arena, "%s %u id%u u=user-%u", n % 50 ? "a" : "b", n * 7 % 6000, n, n % 97);
        vg_event event = correl_event(arena, line);
        assert_int_equal(correl_show(set, &event, store, &err), VG_OK);
    }
    set->episodes.len = 0;
    vg_correlator *c = vg_correlator_new(set->arena, set->rules, correl_tell, set);
    vg_correlator_limit(c, store);
    assert_int_equal(vg_signals_merge(&store, 1, correl_take, c, &err), VG_OK);
    assert_int_equal(vg_correlator_finish(c, 1000000 * VG_TIME_SECOND, &err), VG_OK);
    *evicted = vg_correlator_evicted(c) + vg_signals_evicted(store);
    vg_buf out = {0};
    for (size_t i = 0; i < set->episodes.len; i++)
        vg_buf_addf(&out, "%.*s\n", VG_ARG(*(vg_str *)vg_vec_at(&set->episodes, i)));
    static char kept[4096];
    snprintf(kept, sizeof kept, "%.*s", VG_ARG(vg_buf_str(&out)));
    vg_buf_free(&out);
    vg_signals_free(store);
    correl_set_free(set);
    vg_arena_free(arena);
    return vg_str_from(kept);
}

static void what_is_held_back_spills_like_signals(void **state)
{
    (void)state;
    uint64_t evicted;
    vg_str spilled = run_with("/tmp", &evicted);
    assert_int_equal(evicted, 0);
    assert_true(vg_str_starts(spilled, VG_STR("t [] 0..5999 n=6000 v=")));
    run_with("", &evicted);
    assert_true(evicted > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_stand_by_rank),
        cmocka_unit_test(many_signals_in_one_window_are_bounded),
        cmocka_unit_test(what_is_held_back_spills_like_signals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
