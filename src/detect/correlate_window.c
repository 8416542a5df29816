/* correlate_window.c: the window that slides over the signals of one group.
 *
 * It is always the signals of the last `timespan` seconds, both ends among them: those that are not older than the last
 * one by more than that. What a condition compares is kept up to date as signals come and go: how many events, how many
 * different values, the sum, the numbers by rank, which rules.
 *
 * Order: starts[r][n] is the latest second at which a chain of n different rules began that came in their order and ends with
 * rule r. A hit of rule r at second t makes it the best of the chains of n - 1 rules that end before r in the list. As
 * signals come by time, every chain ends by now, and one lies in the window when it began in it. Signals of one second come
 * in no order: when rule r is hit, what later rules of that second made of it is looked at again.
 *
 * Memory is bounded: beyond 8 MiB of whole signals only their numbers are kept, one for all of a second; beyond half a
 * million of those, or 16 MiB of different values, the oldest leave the window early, and are counted. */
#include <stdlib.h>

#include "detect/correlate_part.h"

enum {
    FIRST_MOMENTS = 64,
    MOST_MOMENTS = 1 << 19,
    MOST_DETAILS = 8 << 20,
    MOST_VALUES = 16 << 20,
    LEAST_WASTE = 64 << 10
};

bool vg_window_init(vg_window *w)
{
    *w = (vg_window){.arena = vg_arena_new(0), .ring_cap = FIRST_MOMENTS};
    w->ring = malloc(FIRST_MOMENTS * sizeof *w->ring);
    return w->arena && w->ring;
}

void vg_window_free(vg_window *w)
{
    free(w->ring);
    free(w->value_moments);
    vg_buf_free(&w->details);
    vg_arena_free(w->arena);
    vg_ranks_free(&w->ranks);
}

/* ---- what a correlation needs -------------------------------------------------------------------------------------------- */

static bool is_temporal(const vg_correlation *c)
{
    return c->type >= VG_CORRELATE_TEMPORAL;
}

static bool tells_values_apart(const vg_correlation *c)
{
    return c->type == VG_CORRELATE_VALUE_COUNT || (c->type == VG_CORRELATE_EVENT_COUNT && c->nested);
}

static bool ranks_numbers(const vg_correlation *c)
{
    return c->type == VG_CORRELATE_VALUE_PERCENTILE || c->type == VG_CORRELATE_VALUE_MEDIAN;
}

void vg_window_begin(vg_window *w, const vg_correlation *c)
{
    w->c = c;
    w->front = w->back;
    w->events = 0;
    w->sum = 0;
    w->distinct = 0;
    w->slots_hit = 0;
    vg_buf_clear(&w->details);
    w->details_from = 0;
    w->details_live = 0;
    vg_ranks_clear(&w->ranks);
    memset(w->slot_moments, 0, c->slot_count * sizeof *w->slot_moments);
    w->values = NULL;
    if (tells_values_apart(c))
        vg_arena_reset(w->arena);
    if (c->type != VG_CORRELATE_TEMPORAL_ORDERED)
        return;
    for (size_t r = 0; r < c->slot_count; r++) {
        w->ordering.hit_second[r] = INT64_MIN;
        for (size_t n = 0; n <= c->slot_count; n++)
            w->ordering.starts[r][n] = INT64_MIN;
    }
}

/* ---- values ----------------------------------------------------------------------------------------------------------- */

/* A number for a text that has none yet. */
static vg_map_entry *new_value(vg_window *w, vg_str text)
{
    size_t number = vg_map_len(w->values);
    if (number >= w->value_cap) {
        size_t cap = w->value_cap ? w->value_cap * 2 : 256;
        uint32_t *moments = realloc(w->value_moments, cap * sizeof *moments);
        if (!moments)
            return NULL;
        w->value_moments = moments;
        w->value_cap = cap;
    }
    vg_str copy = vg_arena_str(w->arena, text);
    vg_map_entry *entry = copy.ptr ? vg_map_put(w->values, copy, NULL) : NULL;
    if (!entry)
        return NULL;
    entry->value.u64 = number;
    w->value_moments[number] = 0;
    return entry;
}

/* Finds a value's number and counts a moment of it. False: memory is out. */
static bool count_value(vg_window *w, vg_str text, uint32_t *out)
{
    if (!w->values && !(w->values = vg_map_new(w->arena, 0)))
        return false;
    vg_map_entry *entry = vg_map_get(w->values, text);
    if (!entry && !(entry = new_value(w, text)))
        return false;
    *out = (uint32_t)entry->value.u64;
    w->distinct += w->value_moments[*out]++ == 0;
    return true;
}

/* ---- leaving ------------------------------------------------------------------------------------------------------------ */

static void uncount(vg_window *w, const vg_moment *m)
{
    const vg_correlation *c = w->c;
    w->events -= m->many;
    w->sum -= m->number;
    if (tells_values_apart(c))
        w->distinct -= --w->value_moments[m->value] == 0;
    if (is_temporal(c))
        w->slots_hit -= --w->slot_moments[m->slot] == 0;
    for (uint32_t i = 0; ranks_numbers(c) && i < m->many; i++)
        vg_ranks_remove(&w->ranks, m->number);
}

static void leave(vg_window *w)
{
    const vg_moment *m = vg_window_at(w, w->front++);
    uncount(w, m);
    if (m->detail_len)
        w->details_live = m->detail + m->detail_len;
}

/* Gives the memory of details that left back, when it is worth moving the others. */
static void tidy_details(vg_window *w)
{
    size_t waste = (size_t)(w->details_live - w->details_from);
    if (waste < LEAST_WASTE || waste < w->details.len / 2)
        return;
    memmove(w->details.ptr, w->details.ptr + waste, w->details.len - waste);
    w->details.len -= waste;
    w->details_from = w->details_live;
}

void vg_window_slide(vg_window *w, int64_t second)
{
    while (w->front < w->back && vg_second(vg_window_at(w, w->front)->time) < second - w->c->timespan)
        leave(w);
    tidy_details(w);
}

static void drop_oldest(vg_window *w, uint64_t count)
{
    for (; count && w->front < w->back; count--) {
        w->dropped += vg_window_at(w, w->front)->many;
        leave(w);
    }
}

/* Numbers the values of the window anew, for those that left take memory too; what still takes too much makes the oldest
 * leave. */
static bool renew_values(vg_window *w)
{
    for (int pass = 0; pass < 2; pass++) {
        vg_arena *old_arena = w->arena;
        const vg_map *old = w->values;
        w->arena = vg_arena_new(0);
        w->values = w->arena ? vg_map_new(w->arena, 0) : NULL;
        w->distinct = 0;
        bool ok = w->values != NULL;
        for (uint64_t i = w->front; ok && i < w->back; i++) {
            vg_moment *m = &w->ring[i & (w->ring_cap - 1)];
            ok = count_value(w, vg_map_at(old, m->value)->key, &m->value);
        }
        vg_arena_free(old_arena);
        if (!ok || vg_arena_used(w->arena) < MOST_VALUES / 4 * 3)
            return ok;
        drop_oldest(w, (w->back - w->front) / 2);
    }
    return true;
}

/* ---- coming ------------------------------------------------------------------------------------------------------------- */

static bool grow_ring(vg_window *w)
{
    if (w->back - w->front < w->ring_cap)
        return true;
    if (w->ring_cap == MOST_MOMENTS) {
        drop_oldest(w, 1);
        return true;
    }
    vg_moment *ring = malloc(2 * w->ring_cap * sizeof *ring);
    if (!ring)
        return false;
    for (uint64_t i = w->front; i < w->back; i++)
        ring[i & (2 * w->ring_cap - 1)] = *vg_window_at(w, i);
    free(w->ring);
    w->ring = ring;
    w->ring_cap *= 2;
    return true;
}

/* The whole signal, if there is room. */
static void keep_detail(vg_window *w, const vg_signal *signal, vg_moment *m)
{
    if (w->details.len >= MOST_DETAILS)
        return;
    const vg_brief *b = &signal->brief;
    const vg_str texts[] = {signal->id, b->principal, b->actor, b->source_ip, b->account,
                            b->region,  b->key,       b->name,  b->file,      signal->above};
    size_t start = w->details.len;
    vg_buf_add(&w->details, &signal->rule, sizeof signal->rule);
    vg_buf_add(&w->details, &b->offset, sizeof b->offset);
    for (size_t i = 0; i < VG_COUNT(texts); i++)
        vg_correlate_put(&w->details, texts[i]);
    m->detail = w->details_from + start;
    m->detail_len = (uint32_t)(w->details.len - start);
}

bool vg_window_signal(const vg_window *w, const vg_moment *m, vg_signal *out)
{
    *out = (vg_signal){.time = m->time};
    vg_brief *b = &out->brief;
    vg_str *texts[] = {&out->id,   &b->principal, &b->actor, &b->source_ip, &b->account,
                       &b->region, &b->key,       &b->name,  &b->file,      &out->above};
    if (!m->detail_len)
        return false;
    vg_str rest = vg_str_sub(vg_buf_str(&w->details), (size_t)(m->detail - w->details_from), m->detail_len);
    memcpy(&out->rule, rest.ptr, sizeof out->rule);
    memcpy(&b->offset, rest.ptr + sizeof out->rule, sizeof b->offset);
    rest = vg_str_sub(rest, sizeof out->rule + sizeof b->offset, SIZE_MAX);
    for (size_t i = 0; i < VG_COUNT(texts); i++)
        if (!vg_correlate_get(&rest, texts[i]))
            return false;
    b->succeeded = m->succeeded;
    return true;
}

/* Whether a moment that is kept by its numbers alone can be told together with the one before it. */
static bool joins(const vg_window *w, const vg_moment *m)
{
    if (w->front == w->back || m->detail_len)
        return false;
    const vg_moment *last = vg_window_at(w, w->back - 1);
    return last->detail_len == 0 && vg_second(last->time) == vg_second(m->time) && last->slot == m->slot &&
           last->value == m->value && (!ranks_numbers(w->c) || last->number == m->number);
}

static void join(vg_window *w, const vg_moment *m)
{
    vg_moment *last = &w->ring[(w->back - 1) & (w->ring_cap - 1)];
    last->many += m->many;
    last->succeeded |= m->succeeded;
    if (!ranks_numbers(w->c))
        last->number += m->number;
    if (tells_values_apart(w->c))
        w->value_moments[m->value]--; /* one moment again */
    if (is_temporal(w->c))
        w->slot_moments[m->slot]--;
}

/* ---- order -------------------------------------------------------------------------------------------------------------- */

/* The best chains that rule r, hit now, ends. Only whole ones from the first rule on matter when all rules must come. */
static void extend_chains(vg_window *w, size_t r)
{
    vg_ordering *o = &w->ordering;
    bool all = w->c->all_rules;
    for (size_t n = all ? r + 1 : 1; n <= r + 1; n++) {
        int64_t start = n == 1 ? o->hit_second[r] : INT64_MIN;
        size_t before = r;
        for (size_t q = all && r ? r - 1 : 0; n > 1 && q < r; q++)
            if (o->starts[q][n - 1] > start) {
                start = o->starts[q][n - 1];
                before = q;
            }
        if (start <= o->starts[r][n])
            continue;
        o->starts[r][n] = start;
        if (!all)
            continue;
        memmove(o->chains[r], o->chains[before], r * sizeof *o->chains[r]);
        o->chains[r][r] = o->hit_moment[r];
    }
}

static void hit_rule(vg_window *w, size_t r, int64_t second, uint64_t moment)
{
    vg_ordering *o = &w->ordering;
    o->hit_second[r] = second;
    o->hit_moment[r] = moment;
    for (size_t later = r; later < w->c->slot_count; later++)
        if (o->hit_second[later] == second)
            extend_chains(w, later);
}

/* How many rules came in their order, in the window that ends with the last second. */
static size_t longest_chain(const vg_window *w)
{
    const vg_ordering *o = &w->ordering;
    int64_t from = vg_second(vg_window_at(w, w->back - 1)->time) - w->c->timespan;
    size_t slots = w->c->slot_count;
    for (size_t n = slots; n > 0 && (!w->c->all_rules || n == slots); n--)
        for (size_t r = n - 1; r < slots; r++)
            if (o->starts[r][n] >= from)
                return n;
    return 0;
}

/* ---- adding -------------------------------------------------------------------------------------------------------------- */

bool vg_window_add(vg_window *w, const vg_signal *signal, uint32_t slot, vg_str identity, bool counts)
{
    const vg_correlation *c = w->c;
    vg_moment m = {
        .time = signal->time, .slot = (uint16_t)slot, .many = counts, .succeeded = signal->brief.succeeded};
    if (c->fields.count && c->type != VG_CORRELATE_VALUE_COUNT &&
        !vg_billionths_read(signal->value, &m.number))
        return true;
    if (w->values && vg_arena_used(w->arena) > MOST_VALUES && !renew_values(w))
        return false;
    if (!grow_ring(w) || (tells_values_apart(c) && !count_value(w, identity, &m.value)))
        return false;
    keep_detail(w, signal, &m);
    w->events += m.many;
    w->sum += m.number;
    if (is_temporal(c))
        w->slots_hit += w->slot_moments[slot]++ == 0;
    if (ranks_numbers(c) && !vg_ranks_add(&w->ranks, m.number))
        return false;
    if (joins(w, &m))
        join(w, &m);
    else
        w->ring[w->back++ & (w->ring_cap - 1)] = m;
    if (c->type == VG_CORRELATE_TEMPORAL_ORDERED)
        hit_rule(w, slot, vg_second(m.time), w->back - 1);
    return !w->details.failed;
}

/* ---- the condition ---------------------------------------------------------------------------------------------------------- */

/* Between the two numbers next to the rank, as far as it is between them. `divisor` is 100000. */
static vg_billionths percentile(const vg_window *w)
{
    uint64_t rank = (uint64_t)w->c->percentile * (w->ranks.count - 1);
    uint32_t part = (uint32_t)(rank % 100000);
    vg_billionths low = vg_ranks_at(&w->ranks, (size_t)(rank / 100000));
    vg_billionths high = part ? vg_ranks_at(&w->ranks, (size_t)(rank / 100000) + 1) : 0;
    return low * (100000 - part) + high * part;
}

static bool words_hold(const vg_window *w, size_t in_order)
{
    bool hit[VG_CORRELATION_MOST_RULES];
    for (size_t r = 0; r < w->c->slot_count; r++)
        hit[r] = w->slot_moments[r] > 0;
    return in_order == w->slots_hit && vg_correlation_holds(w->c, hit);
}

static bool rules_hold(const vg_window *w, double *value)
{
    const vg_correlation *c = w->c;
    size_t rules = c->type == VG_CORRELATE_TEMPORAL ? w->slots_hit : longest_chain(w);
    *value = (double)rules;
    if (c->steps)
        return words_hold(w, rules);
    if (c->all_rules)
        return rules == c->slot_count;
    return vg_bounds_hold(c->bounds, c->bound_count, (vg_billionths)rules * VG_BILLION, 1);
}

bool vg_window_holds(const vg_window *w, double *value)
{
    const vg_correlation *c = w->c;
    vg_billionths number = 0, divisor = 1;
    if (w->front == w->back)
        return false;
    if (is_temporal(c))
        return rules_hold(w, value);
    switch (c->type) {
    case VG_CORRELATE_VALUE_SUM:
        number = w->sum;
        break;
    case VG_CORRELATE_VALUE_AVG:
        number = w->sum;
        divisor = (vg_billionths)w->events;
        break;
    case VG_CORRELATE_VALUE_PERCENTILE:
    case VG_CORRELATE_VALUE_MEDIAN:
        number = percentile(w);
        divisor = 100000;
        break;
    default:
        number = (vg_billionths)(tells_values_apart(c) ? w->distinct : w->events) * VG_BILLION;
        break;
    }
    *value = vg_billionths_double(number) / (double)divisor;
    return vg_bounds_hold(c->bounds, c->bound_count, number, divisor);
}
