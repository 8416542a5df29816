/* fuzz_correlation.c: documents and events through correlations, in one input: the documents, a line of "====", an event a
 * line (tests/detect/correl_set.h says how). Whatever they are, the episodes must be the same when the events come backwards,
 * each twice, to two stores that spill. An episode's numbers must fit each other. */
#include <stdlib.h>

#include "detect/correl_set.h"

enum { MOST_EVENTS = 500, SMALL = 64 << 10 };

typedef struct {
    correl_set *set;
    uint64_t hash;
    size_t count;
} seen;

static vg_status look(void *context, const vg_episode *e, vg_error *err)
{
    (void)err;
    seen *s = context;
    if (e->first > e->last || e->count == 0 || e->step_count > VG_DETECT_MOST_STEPS ||
        e->rule >= s->set->rules->rule_count)
        abort();
    for (size_t i = 0; i < e->step_count; i++)
        if (e->steps[i].time < e->first || e->steps[i].time > e->last ||
            (i && e->steps[i].time < e->steps[i - 1].time))
            abort();
    uint64_t numbers[] = {
        e->rule, (uint64_t)e->first, (uint64_t)e->last, (uint64_t)e->window, e->count, e->step_count, 0};
    memcpy(&numbers[6], &e->value, sizeof e->value);
    s->hash += vg_hash64(e->group,
                         vg_hash64(vg_str_of((const char *)numbers, sizeof numbers), 1)); /* in any order */
    s->count++;
    return VG_OK;
}

static vg_status take(void *context, const vg_signal *signal, vg_error *err)
{
    return vg_correlator_take(context, signal, err);
}

/* Shows the events to two stores and gives what came out. */
static bool correlate(correl_set *set, const vg_event *events, size_t count, bool backwards, size_t times,
                      seen *out)
{
    vg_signals *stores[2] = {
        vg_signals_new(backwards ? SMALL : (size_t)64 << 20, backwards ? VG_STR("/tmp") : (vg_str){0}),
        vg_signals_new(SMALL, VG_STR("/tmp"))};
    vg_error err = {0};
    vg_time watermark = VG_TIME_NONE;
    bool ok = stores[0] && stores[1];
    for (size_t i = 0; ok && i < count * times; i++) {
        const vg_event *event = &events[backwards ? count - 1 - i / times : i / times];
        watermark = event->time > watermark ? event->time : watermark;
        ok = correl_show(set, event, stores[backwards ? i % 2 : 0], &err) == VG_OK;
    }
    *out = (seen){.set = set};
    vg_correlator *c = vg_correlator_new(set->arena, set->rules, look, out);
    if (ok && c) {
        vg_correlator_limit(c, stores[0]);
        ok = vg_signals_merge(stores, 2, take, c, &err) == VG_OK &&
             vg_correlator_finish(c, watermark, &err) == VG_OK;
    }
    if (c)
        vg_correlator_free(c);
    vg_signals_free(stores[0]);
    vg_signals_free(stores[1]);
    return ok && c;
}

static void run(correl_set *set, vg_str lines)
{
    vg_event *events = VG_NEW_N(set->arena, vg_event, MOST_EVENTS);
    size_t count = 0;
    vg_str line;
    while (count < MOST_EVENTS && vg_str_next(&lines, '\n', &line))
        if (line.len)
            events[count++] = correl_event(set->arena, line);
    seen forwards, backwards;
    if (!correlate(set, events, count, false, 1, &forwards) ||
        !correlate(set, events, count, true, 2, &backwards))
        return;
    if (forwards.hash != backwards.hash || forwards.count != backwards.count)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vg_str text = vg_str_of((const char *)data, size);
    size_t cut = vg_str_find(text, VG_STR("\n====\n"));
    vg_str rules = cut == VG_NPOS ? text : vg_str_sub(text, 0, cut + 1);
    correl_set *set = correl_set_new(rules);
    if (!set)
        return 0;
    if (cut != VG_NPOS)
        run(set, vg_str_sub(text, cut + 6, SIZE_MAX));
    correl_set_free(set);
    return 0;
}
