/* correlate_episode.c: overlapping windows that match are one episode.
 *
 * An episode holds the signals of its windows, each once: their number, the first and the last of them, and the first fifty
 * as steps (of a temporal correlation those that fulfil its condition before all others). Its identity is the correlation,
 * the group, and the timespan since 1970 that its first signal is in: two episodes of one group begin further apart than one
 * timespan, so no two share it, and a late event before the first one seldom changes it.
 *
 * Correlations that count this one are given each of the episode's signals, in the group and with the value that the signal
 * itself has for them, at the time when the episode first had it in a window that matched. So an order of steps can be seen
 * from when the condition was first fulfilled to when it was last. */
#include <stdlib.h>

#include "detect/correlate_part.h"

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while correlating");
}

void vg_growing_free(vg_growing *g)
{
    vg_buf_free(&g->first_texts);
    vg_buf_free(&g->texts);
}

/* ---- beginning ------------------------------------------------------------------------------------------------------------ */

static vg_time window_of(const vg_window *w)
{
    int64_t first = vg_second(vg_window_at(w, w->front)->time), span = w->c->timespan;
    int64_t number = first >= 0 ? first / span : -((-first + span - 1) / span);
    return number * span * VG_TIME_SECOND;
}

static void begin(vg_growing *g, const vg_window *w, uint32_t rule, vg_str group)
{
    vg_buf first_texts = g->first_texts, texts = g->texts;
    vg_buf_clear(&first_texts);
    vg_buf_clear(&texts);
    uint64_t counted = g->counted > w->front ? g->counted : w->front;
    *g = (vg_growing){.open = true, .counted = counted, .first_texts = first_texts, .texts = texts};
    g->window = window_of(w);
    g->first = VG_TIME_NONE;
    g->last = VG_TIME_NONE;
    int64_t numbers[2] = {rule, g->window};
    vg_str parts[] = {vg_str_of((const char *)numbers, sizeof numbers), group};
    vg_sha256 hash = vg_sha256_parts(parts, VG_COUNT(parts));
    memcpy(g->id, hash.bytes, sizeof g->id);
}

/* ---- steps ------------------------------------------------------------------------------------------------------------------ */

/* The time of the event itself: a signal from an episode below has the time at which that one had it. */
static vg_time event_time(const vg_rules *rules, const vg_signal *signal)
{
    vg_time time = signal->time;
    if (rules->rules[signal->rule].info.kind == VG_RULE_CORRELATION && signal->above.len >= VG_EPISODE_HEAD)
        memcpy(&time, signal->above.ptr + VG_EPISODE_ID, sizeof time);
    return time;
}

static vg_kept_step keep_step(vg_growing *g, const vg_signal *signal, vg_time time)
{
    vg_kept_step step = {time, signal->rule, g->texts.len, signal->id.len, 0, signal->brief.name.len};
    vg_buf_add_str(&g->texts, signal->id);
    step.name = g->texts.len;
    vg_buf_add_str(&g->texts, signal->brief.name);
    return step;
}

static void keep_moment(vg_growing *g, const vg_window *w, const vg_rules *rules, uint64_t moment)
{
    vg_signal signal;
    if (g->first_step_count < VG_DETECT_MOST_STEPS && vg_window_signal(w, vg_window_at(w, moment), &signal))
        g->first_steps[g->first_step_count++] = keep_step(g, &signal, event_time(rules, &signal));
}

/* Those that fulfil a temporal condition: the chain, or the first of each rule. */
static void keep_first_steps(vg_growing *g, const vg_window *w, const vg_rules *rules)
{
    const vg_correlation *c = w->c;
    if (c->type < VG_CORRELATE_TEMPORAL)
        return;
    if (c->type == VG_CORRELATE_TEMPORAL_ORDERED && c->all_rules) {
        for (size_t r = 0; r < c->slot_count; r++)
            keep_moment(g, w, rules, w->ordering.chains[c->slot_count - 1][r]);
        return;
    }
    bool seen[VG_CORRELATION_MOST_RULES] = {false};
    size_t left = w->slots_hit;
    for (uint64_t i = w->front; left && i < w->back; i++) {
        const vg_moment *m = vg_window_at(w, i);
        if (seen[m->slot])
            continue;
        seen[m->slot] = true;
        left--;
        keep_moment(g, w, rules, i);
    }
}

/* ---- growing ------------------------------------------------------------------------------------------------------------------ */

/* The brief of the first event. */
static void keep_first(vg_growing *g, const vg_signal *signal)
{
    vg_str texts[] = {signal->brief.principal, signal->brief.actor,  signal->brief.source_ip,
                      signal->brief.account,   signal->brief.region, signal->brief.key,
                      signal->brief.name,      signal->brief.file};
    g->offset = signal->brief.offset;
    vg_buf_clear(&g->first_texts);
    for (size_t i = 0; i < VG_COUNT(texts); i++)
        vg_correlate_put(&g->first_texts, texts[i]);
}

static vg_brief first_brief(const vg_growing *g)
{
    vg_brief brief = {.offset = g->offset, .succeeded = g->succeeded};
    vg_str *texts[] = {&brief.principal, &brief.actor, &brief.source_ip, &brief.account,
                       &brief.region,    &brief.key,   &brief.name,      &brief.file};
    vg_str rest = vg_buf_str(&g->first_texts);
    for (size_t i = 0; i < VG_COUNT(texts); i++)
        vg_correlate_get(&rest, texts[i]);
    return brief;
}

/* Tells the correlations above of a signal. */
static vg_status pass_up(const vg_growing *g, const vg_rules *rules, uint32_t rule, const vg_signal *signal,
                         vg_time event, vg_time now, vg_give_up give, void *context, vg_error *err)
{
    const vg_compiled_rule *below = &rules->rules[rule];
    vg_str rest = signal->above;
    if (rules->rules[signal->rule].info.kind == VG_RULE_CORRELATION)
        rest = vg_str_sub(rest, VG_EPISODE_HEAD, SIZE_MAX);
    vg_buf above = {0};
    vg_status status = VG_OK;
    for (size_t i = 0; status == VG_OK && i < below->feed_count; i++) {
        vg_carried carried;
        if (rules->rules[below->feeds[i]].info.unassessed.len)
            continue;
        if (!vg_correlate_get_carried(&rest, &carried))
            break;
        if (!carried.present)
            continue;
        vg_buf_clear(&above);
        vg_buf_add(&above, g->id, sizeof g->id);
        vg_buf_add(&above, &event, sizeof event);
        vg_buf_add_str(&above, carried.above);
        vg_signal up = {.stream = below->feeds[i],
                        .rule = rule,
                        .group = carried.group,
                        .time = now,
                        .id = signal->id,
                        .value = carried.value,
                        .has_value = carried.has_value,
                        .brief = signal->brief,
                        .above = vg_buf_str(&above)};
        status = above.failed ? out_of_memory(err) : give(context, &up, err);
    }
    vg_buf_free(&above);
    return status;
}

/* `better` is what goes further beyond the condition's bound. */
static bool is_better(const vg_correlation *c, double value, double than)
{
    uint8_t op = c->bound_count == 1 ? c->bounds[0].op : VG_BOUND_GTE;
    return op == VG_BOUND_LT || op == VG_BOUND_LTE ? value < than : value > than;
}

static vg_status grow(vg_growing *g, const vg_window *w, const vg_rules *rules, uint32_t rule,
                      vg_give_up give, void *context, vg_error *err)
{
    bool goes_up = rules->rules[rule].feed_count > 0;
    vg_time now = vg_window_at(w, w->back - 1)->time;
    for (uint64_t i = g->counted > w->front ? g->counted : w->front; i < w->back; i++) {
        const vg_moment *m = vg_window_at(w, i);
        vg_signal signal;
        bool is_kept = vg_window_signal(w, m, &signal);
        vg_time time = is_kept ? event_time(rules, &signal) : m->time;
        bool is_first = g->first == VG_TIME_NONE || time < g->first;
        if (is_first && is_kept)
            keep_first(g, &signal);
        g->first = is_first ? time : g->first;
        g->last = time > g->last ? time : g->last;
        g->count += m->many;
        g->succeeded |= m->succeeded;
        if (is_kept && m->many && g->step_count < VG_DETECT_MOST_STEPS)
            g->steps[g->step_count++] = keep_step(g, &signal, time);
        if (is_kept && goes_up)
            VG_TRY(pass_up(g, rules, rule, &signal, time, now, give, context, err));
    }
    g->counted = w->back;
    return g->texts.failed || g->first_texts.failed ? out_of_memory(err) : VG_OK;
}

vg_status vg_growing_match(vg_growing *g, const vg_window *w, const vg_rules *rules, uint32_t rule,
                           vg_str group, double value, vg_give_up give, void *context, vg_error *err)
{
    bool begins = !g->open;
    if (begins) {
        begin(g, w, rule, group);
        keep_first_steps(g, w, rules);
    }
    if (begins || is_better(w->c, value, g->value))
        g->value = value;
    return grow(g, w, rules, rule, give, context, err);
}

/* ---- telling -------------------------------------------------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
    const vg_detect_step *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    int order = vg_str_cmp(x->id, y->id);
    return order ? order : x->rule < y->rule ? -1 : x->rule > y->rule;
}

static void tell_step(const vg_growing *g, const vg_kept_step *kept, vg_detect_step *steps, size_t *count)
{
    vg_str texts = vg_buf_str(&g->texts);
    vg_detect_step step = {kept->time, vg_str_sub(texts, kept->id, kept->id_len), kept->rule,
                           vg_str_sub(texts, kept->name, kept->name_len)};
    for (size_t i = 0; i < *count; i++)
        if (by_time(&steps[i], &step) == 0)
            return;
    if (*count < VG_DETECT_MOST_STEPS)
        steps[(*count)++] = step;
}

void vg_growing_tell(const vg_growing *g, uint32_t rule, vg_str group, vg_detect_step *steps, vg_episode *out)
{
    *out = (vg_episode){.rule = rule,
                        .group = group,
                        .window = g->window,
                        .first = g->first,
                        .last = g->last,
                        .brief = first_brief(g),
                        .succeeded = g->succeeded,
                        .count = g->count,
                        .value = g->value,
                        .steps = steps};
    for (size_t i = 0; i < g->first_step_count; i++)
        tell_step(g, &g->first_steps[i], steps, &out->step_count);
    for (size_t i = 0; i < g->step_count; i++)
        tell_step(g, &g->steps[i], steps, &out->step_count);
    qsort(steps, out->step_count, sizeof *steps, by_time);
}
