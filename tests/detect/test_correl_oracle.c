/* Correlations against an oracle: for random sets of signals and random correlations of every type and condition, the
 * episodes are those that the definition gives when it is followed word by word, over all windows, with no state at all; and
 * they are the same when signals come in any order, twice, or over several stores. Seeds are fixed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "correl_set.h"

enum { MOST = 96, MOST_EVENTS = 48, KINDS = 3, MOST_SECONDS = 100 };

typedef struct {
    uint64_t state;
} dice;

static unsigned roll(dice *d, unsigned sides)
{
    d->state = d->state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((d->state >> 33) % sides);
}

/* ---- a case --------------------------------------------------------------------------------------------------------------- */

typedef struct {
    int second, shown, id, origin, group, value; /* value: -1: none */
    bool hit[KINDS];                             /* which rules it matches */
} event;

typedef enum { COUNT, VALUES, SUM, AVG, PERCENTILE, MEDIAN, TEMPORAL, ORDERED, TYPES } kind;
static const char *const type_names[TYPES] = {"event_count", "value_count",      "value_sum",
                                              "value_avg",   "value_percentile", "value_median",
                                              "temporal",    "temporal_ordered"};
static const char *const op_names[] = {"lt", "lte", "gt", "gte", "eq", "neq"};

/* Conditions in words, and what they mean. */
static bool a_and_not_b(const bool *h)
{
    return h[0] && !h[1];
}
static bool a_and_b_or_c(const bool *h)
{
    return h[0] && (h[1] || h[2]);
}
static bool not_a_or_c(const bool *h)
{
    return !h[0] || h[2];
}
static const struct {
    const char *text;
    bool (*means)(const bool *hit);
    bool waits;
} words[] = {{"a and not b and not c or a and not b", a_and_not_b, true},
             {"a and (b or c)", a_and_b_or_c, false},
             {"not a and not b or not a or c", not_a_or_c, true}};

typedef struct {
    kind type;
    int timespan, bounds, op[2], limit[2], percentile; /* bounds 0: all rules, or words */
    int word;                                          /* -1: none */
    bool grouped, waits;
    event events[MOST];
    int count, watermark;
} task;

static void make_condition(task *t, dice *d)
{
    bool temporal = t->type >= TEMPORAL;
    t->word = -1;
    t->bounds = temporal && roll(d, 2) ? 0 : 1 + (roll(d, 4) == 0);
    if (t->bounds == 0 && roll(d, 2))
        t->word = (int)roll(d, VG_COUNT(words));
    unsigned range = t->type == SUM ? 30 : t->type == COUNT ? 6 : temporal ? 4 : t->type == VALUES ? 4 : 9;
    for (int i = 0; i < t->bounds; i++) {
        t->op[i] = (int)roll(d, 6);
        if (i && t->op[1] == t->op[0])
            t->op[1] = (t->op[1] + 1) % 6;
        t->limit[i] = (int)roll(d, range);
        t->waits |= t->op[i] != 2 && t->op[i] != 3;
    }
    if (t->word >= 0)
        t->waits = words[t->word].waits;
    t->percentile = (int)roll(d, 101);
}

static void make_events(task *t, dice *d)
{
    t->count = (int)roll(d, MOST_EVENTS + 1);
    int span = 5 + (int)roll(d, 60);
    for (int i = 0; i < t->count; i++) {
        event *e = &t->events[i];
        int second = (int)roll(d, (unsigned)span);
        *e = (event){.second = second,
                     .shown = second,
                     .id = i,
                     .origin = i,
                     .group = (int)roll(d, 2),
                     .value = (int)roll(d, 9)};
        e->hit[roll(d, KINDS)] = true;
        if (roll(d, 5) == 0)
            e->hit[roll(d, KINDS)] = true;
        if (roll(d, 10) == 0)
            e->value = -1;
    }
    t->watermark = 0;
    for (int i = 0; i < t->count; i++)
        t->watermark = t->events[i].second > t->watermark ? t->events[i].second : t->watermark;
    t->watermark += (int)roll(d, 20);
}

static task make_task(dice *d)
{
    task t = {.type = (kind)roll(d, TYPES), .timespan = 1 + (int)roll(d, 15), .grouped = roll(d, 2)};
    make_condition(&t, d);
    make_events(&t, d);
    return t;
}

static vg_str write_rules(const task *t, vg_arena *arena)
{
    vg_buf out = {0};
    vg_buf_addf(&out, "title: t\ncorrelation:\n  type: %s\n  rules: [a, b, c]\n  timespan: %ds\n",
                type_names[t->type], t->timespan);
    vg_buf_add_c(&out, t->grouped ? "  group-by: [u]\n" : "");
    if (t->word >= 0)
        vg_buf_addf(&out, "  condition: %s\n", words[t->word].text);
    if (t->bounds)
        vg_buf_addf(&out, "  condition:\n    field: v\n    percentile: %d\n", t->percentile);
    for (int i = 0; i < t->bounds; i++)
        vg_buf_addf(&out, "    %s: %d\n", op_names[t->op[i]], t->limit[i]);
    vg_str text = vg_arena_str(arena, vg_buf_str(&out));
    vg_buf_free(&out);
    return text;
}

static vg_str write_event(const event *e, vg_arena *arena)
{
    char kinds[KINDS + 1] = {0};
    size_t n = 0;
    for (int k = 0; k < KINDS; k++)
        if (e->hit[k])
            kinds[n++] = (char)('a' + k);
    vg_str line = vg_arena_printf(arena, "%s %d id%d u=g%d", kinds, e->second, e->id, e->group);
    return e->value < 0 ? line : vg_arena_printf(arena, "%.*s v=%d", VG_ARG(line), e->value);
}

/* ---- the oracle ------------------------------------------------------------------------------------------------------------- */

typedef struct {
    const event *in[MOST];
    int count;
} window;

static bool takes_part(const task *t, const event *e, int group)
{
    bool needs_value = t->type >= VALUES && t->type <= MEDIAN;
    return (!t->grouped || e->group == group) && (!needs_value || e->value >= 0);
}

static window window_between(const task *t, int group, int from, int to)
{
    window w = {.count = 0};
    for (int i = 0; i < t->count; i++)
        if (takes_part(t, &t->events[i], group) && t->events[i].second >= from && t->events[i].second <= to)
            w.in[w.count++] = &t->events[i];
    return w;
}

static int by_int(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Whether the rules of a set come one after another, each as early as it can. */
static bool comes_in_order(const window *w, unsigned rules)
{
    int after = -1;
    for (int k = 0; k < KINDS; k++) {
        if (!(rules & 1u << k))
            continue;
        int earliest = INT32_MAX;
        for (int i = 0; i < w->count; i++)
            if (w->in[i]->hit[k] && w->in[i]->second >= after && w->in[i]->second < earliest)
                earliest = w->in[i]->second;
        if (earliest == INT32_MAX)
            return false;
        after = earliest;
    }
    return true;
}

static int most_in_order(const window *w)
{
    int most = 0;
    for (unsigned rules = 1; rules < 1u << KINDS; rules++) {
        int n = __builtin_popcount(rules);
        if (n > most && comes_in_order(w, rules))
            most = n;
    }
    return most;
}

static int different_ids(const window *w)
{
    int count = 0;
    for (int i = 0; i < w->count; i++) {
        int k = 0;
        while (w->in[k]->id != w->in[i]->id)
            k++;
        count += k == i;
    }
    return count;
}

/* What is compared, times 100000 for all but counts. */
static long long measure(const task *t, const window *w, long long *scale)
{
    int values[MOST];
    long long sum = 0;
    int different = 0;
    for (int i = 0; i < w->count; i++) {
        values[i] = w->in[i]->value;
        sum += values[i];
    }
    qsort(values, (size_t)w->count, sizeof *values, by_int);
    for (int i = 0; i < w->count; i++)
        different += i == 0 || values[i] != values[i - 1];
    *scale = 1;
    if (t->type == COUNT)
        return different_ids(w);
    if (t->type == VALUES)
        return different;
    if (t->type == SUM)
        return sum;
    *scale = t->type == AVG ? w->count : 100;
    if (t->type == AVG)
        return sum;
    int percentile = t->type == MEDIAN ? 50 : t->percentile, rank = percentile * (w->count - 1);
    int low = values[rank / 100], high = values[rank % 100 ? rank / 100 + 1 : rank / 100];
    return (long long)low * (100 - rank % 100) + (long long)high * (rank % 100);
}

static bool compare(int op, long long a, long long b)
{
    const bool results[] = {a<b, a <= b, a> b, a >= b, a == b, a != b};
    return results[op];
}

static bool holds(const task *t, const window *w, double *value)
{
    bool hit[KINDS] = {false};
    int rules = 0;
    long long number, scale = 1;
    for (int i = 0; i < w->count; i++)
        for (int k = 0; k < KINDS; k++)
            hit[k] |= w->in[i]->hit[k];
    for (int k = 0; k < KINDS; k++)
        rules += hit[k];
    if (t->type >= TEMPORAL)
        number = t->type == TEMPORAL ? rules : most_in_order(w);
    else
        number = measure(t, w, &scale);
    *value = (double)number / (double)scale;
    if (t->word >= 0)
        return number == rules && words[t->word].means(hit);
    if (t->bounds == 0)
        return number == KINDS;
    for (int i = 0; i < t->bounds; i++)
        if (!compare(t->op[i], number, t->limit[i] * scale))
            return false;
    return true;
}

typedef struct {
    int from, to; /* the seconds of its first and last signals */
    double value;
} match;

static bool has_second(const task *t, int group, int from, int to)
{
    return window_between(t, group, from, to).count > 0;
}

/* The windows that match, by their beginning. */
static int find_matches(const task *t, int group, match *out)
{
    int count = 0;
    for (int second = 0; second < MOST_SECONDS; second++) {
        if (!has_second(t, group, second, second))
            continue;
        int from = t->waits ? second : second - t->timespan, to = t->waits ? second + t->timespan : second;
        window w = window_between(t, group, from, to);
        match m = {INT32_MAX, INT32_MIN, 0};
        for (int i = 0; i < w.count; i++) {
            m.from = w.in[i]->second < m.from ? w.in[i]->second : m.from;
            m.to = w.in[i]->second > m.to ? w.in[i]->second : m.to;
        }
        bool maximal = !has_second(t, group, m.to - t->timespan, second - 1);
        bool decided = !t->waits || (maximal && t->watermark > to);
        if (decided && holds(t, &w, &m.value))
            out[count++] = m;
    }
    return count;
}

static void tell_episode(const task *t, int group, int from, int to, double value, correl_set *set)
{
    window w = window_between(t, group, from, to);
    int first = INT32_MAX, last = INT32_MIN;
    for (int i = 0; i < w.count; i++) {
        first = w.in[i]->shown < first ? w.in[i]->shown : first;
        last = w.in[i]->shown > last ? w.in[i]->shown : last;
    }
    vg_str name = t->grouped ? vg_arena_printf(set->arena, "u=g%d", group) : (vg_str){0};
    *(vg_str *)vg_vec_push(&set->episodes) = vg_arena_printf(set->arena, "t [%.*s] %d..%d n=%d v=%.10g",
                                                             VG_ARG(name), first, last, w.count, value);
}

/* All events between two seconds of overlapping windows are in one of them: a window holds all from its first to its last. */
static void oracle(const task *t, correl_set *set)
{
    bool least = t->bounds == 1 && t->op[0] < 2;
    set->episodes.len = 0;
    for (int group = 0; group < (t->grouped ? 2 : 1); group++) {
        match matches[MOST_SECONDS];
        int count = find_matches(t, group, matches);
        for (int i = 0; i < count;) {
            match whole = matches[i++];
            for (; i < count && matches[i].from <= whole.to; i++) {
                whole.to = matches[i].to;
                bool better = least ? matches[i].value < whole.value : matches[i].value > whole.value;
                whole.value = better ? matches[i].value : whole.value;
            }
            tell_episode(t, group, whole.from, whole.to, whole.value, set);
        }
    }
    if (set->episodes.len)
        qsort(set->episodes.items, set->episodes.len, sizeof(vg_str), correl_by_text);
}

/* ---- the correlator ------------------------------------------------------------------------------------------------------------ */

static vg_str joined(const vg_vec *lines, vg_arena *arena)
{
    vg_buf out = {0};
    for (size_t i = 0; i < lines->len; i++)
        vg_buf_addf(&out, "    %.*s\n", VG_ARG(*(const vg_str *)vg_vec_at(lines, i)));
    vg_str text = vg_arena_str(arena, vg_buf_str(&out));
    vg_buf_free(&out);
    return text;
}

/* Shows the events `times` in an order of the dice to several stores. */
static vg_str correlate(const task *t, correl_set *set, dice *d, size_t stores, int times)
{
    vg_signals *all[4];
    vg_error err = {0};
    int order[MOST_EVENTS * 3];
    int count = t->count * times;
    for (size_t i = 0; i < stores; i++)
        all[i] = vg_signals_new(0, (vg_str){0});
    for (int i = 0; i < count; i++)
        order[i] = i % t->count;
    for (int i = count - 1; d && i > 0; i--) {
        int other = (int)roll(d, (unsigned)i + 1), kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
    for (int i = 0; i < count; i++) {
        vg_event e = correl_event(set->arena, write_event(&t->events[order[i]], set->arena));
        assert_int_equal(correl_show(set, &e, all[d ? roll(d, (unsigned)stores) : 0], &err), VG_OK);
    }
    assert_int_equal(correl_run(set, all, stores, t->watermark * VG_TIME_SECOND, &err), VG_OK);
    for (size_t i = 0; i < stores; i++)
        vg_signals_free(all[i]);
    return joined(&set->episodes, set->arena);
}

static void print_task(const task *t, correl_set *set, unsigned seed)
{
    print_error("seed %u, watermark %d\n%.*s", seed, t->watermark, VG_ARG(set->file));
    for (int i = 0; i < t->count; i++)
        print_error("    %.*s\n", VG_ARG(write_event(&t->events[i], set->arena)));
}

static bool check_task(unsigned seed, size_t *episodes)
{
    dice d = {seed * 2654435761u + 1};
    for (int i = 0; i < 4; i++)
        roll(&d, 2);
    task t = make_task(&d);
    vg_arena *arena = vg_arena_new(0);
    correl_set *set = correl_set_new(write_rules(&t, arena));
    assert_non_null(set);
    assert_int_equal(set->problems.len, 0);
    oracle(&t, set);
    *episodes += set->episodes.len;
    vg_str expected = joined(&set->episodes, set->arena);
    vg_str plain = correlate(&t, set, NULL, 1, 1);
    vg_str shuffled = correlate(&t, set, &d, 3, 2);
    bool same = vg_str_eq(expected, plain) && vg_str_eq(expected, shuffled);
    if (!same) {
        print_task(&t, set, seed);
        print_error("  expected\n%.*s  found\n%.*s  found when shuffled\n%.*s", VG_ARG(expected),
                    VG_ARG(plain), VG_ARG(shuffled));
    }
    correl_set_free(set);
    vg_arena_free(arena);
    return same;
}

static void episodes_are_those_of_the_definition(void **state)
{
    (void)state;
    const unsigned tasks = getenv("VIGIL_QUICK") ? 1000 : 4000; /* under `./test --quick`, fewer */
    size_t episodes = 0, failures = 0;
    for (unsigned seed = 0; seed < tasks && failures < 5; seed++)
        failures += !check_task(seed, &episodes);
    print_message("%u tasks, %zu episodes\n", tasks, episodes);
    assert_int_equal(failures, 0);
    assert_true(episodes > tasks / 2);
}

/* ---- correlations of correlations ------------------------------------------------------------------------------------------------- */

/* What an inner event_count of rule a by u (`least` of them in `span` seconds) tells outwards: each signal of its episodes, at
 * the second at which it was first in a window that matched, under the number of the episode. */
static void tell_outwards(const task *t, int least, int span, task *out)
{
    task inner = {.type = COUNT,
                  .timespan = span,
                  .bounds = 1,
                  .op = {3},
                  .limit = {least},
                  .word = -1,
                  .grouped = true};
    for (int i = 0; i < t->count; i++)
        if (t->events[i].hit[0])
            inner.events[inner.count++] = t->events[i];
    for (int group = 0; group < 2; group++) {
        match matches[MOST_SECONDS];
        int count = find_matches(&inner, group, matches);
        for (int i = 0; i < inner.count; i++) {
            event e = inner.events[i];
            int first = 0, episode = 0;
            while (first < count &&
                   (e.group != group || e.second < matches[first].from || e.second > matches[first].to))
                first++;
            if (first == count)
                continue;
            for (int k = 1; k <= first; k++)
                episode += matches[k].from > matches[k - 1].to;
            e.id = 1000 + 100 * group + episode;
            e.second = matches[first].to;
            memcpy(e.hit, (bool[KINDS]){true}, sizeof e.hit);
            out->events[out->count++] = e;
        }
    }
}

/* The others of the outer rules' signals; one of an event that is told at its own second belongs to it. */
static void tell_others(const task *t, task *out)
{
    int told = out->count;
    for (int i = 0; i < t->count; i++) {
        const event *e = &t->events[i];
        int same = 0;
        while (same < told && (out->events[same].origin != e->id || out->events[same].second != e->second))
            same++;
        event *o = same < told ? &out->events[same] : &out->events[out->count];
        if (!e->hit[1] && !e->hit[2])
            continue;
        if (same == told) {
            *o = *e;
            o->hit[0] = false;
            out->count++;
        }
        o->hit[1] = e->hit[1];
        o->hit[2] = e->hit[2];
    }
}

static vg_str write_nested(const task *t, int least, int span, vg_arena *arena)
{
    vg_str text = write_rules(t, arena), before, after;
    vg_str_split(text, '[', &before, &after);
    vg_str inner = t->type == COUNT ? VG_STR("[many]") : VG_STR("[many, b, c]");
    return vg_arena_printf(
        arena,
        "%.*s%.*s%.*s---\ntitle: many\nname: many\ncorrelation: {type: event_count, rules: [a], "
        "group-by: [u], timespan: %ds, condition: {gte: %d}}\n",
        VG_ARG(before), VG_ARG(inner), VG_ARG(vg_str_sub(after, vg_str_find_char(after, ']') + 1, SIZE_MAX)),
        span, least);
}

static bool check_nested(unsigned seed, size_t *episodes)
{
    dice d = {seed * 2654435761u + 77};
    for (int i = 0; i < 4; i++)
        roll(&d, 2);
    task t = make_task(&d), outer;
    int least = 1 + (int)roll(&d, 4), span = 1 + (int)roll(&d, 12);
    t.type = roll(&d, 2) ? COUNT : roll(&d, 2) ? TEMPORAL : ORDERED;
    t.waits = false;
    t.word = -1;
    t.bounds = t.type == COUNT;
    t.op[0] = 3;
    t.limit[0] = 1 + (int)roll(&d, 3);
    outer = t;
    outer.count = 0;
    tell_outwards(&t, least, span, &outer);
    if (t.type != COUNT)
        tell_others(&t, &outer);
    vg_arena *arena = vg_arena_new(0);
    correl_set *set = correl_set_new(write_nested(&t, least, span, arena));
    assert_non_null(set);
    assert_int_equal(set->problems.len, 0);
    oracle(&outer, set);
    *episodes += set->episodes.len;
    vg_str expected = joined(&set->episodes, set->arena);
    vg_str plain = correlate(&t, set, NULL, 1, 1), shuffled = correlate(&t, set, &d, 3, 2);
    bool same = vg_str_eq(expected, plain) && vg_str_eq(expected, shuffled);
    if (!same) {
        print_task(&t, set, seed);
        print_error("  expected\n%.*s  found\n%.*s  found when shuffled\n%.*s", VG_ARG(expected),
                    VG_ARG(plain), VG_ARG(shuffled));
    }
    correl_set_free(set);
    vg_arena_free(arena);
    return same;
}

static void episodes_of_episodes_are_those_of_the_definition(void **state)
{
    (void)state;
    const unsigned tasks = getenv("VIGIL_QUICK") ? 800 : 3000;
    size_t episodes = 0, failures = 0;
    for (unsigned seed = 0; seed < tasks && failures < 5; seed++)
        failures += !check_nested(seed, &episodes);
    print_message("%u tasks, %zu episodes\n", tasks, episodes);
    assert_int_equal(failures, 0);
    assert_true(episodes > tasks / 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(episodes_are_those_of_the_definition),
        cmocka_unit_test(episodes_of_episodes_are_those_of_the_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
