/* correlate_run.c: the correlator: every correlation over all groups.
 *
 * A group's signals come one behind the other, by time. There are two ways to look at them, by the condition alone:
 *
 *   - More signals cannot undo it (only `gt` and `gte`, all rules, words without `not`): it is looked at after each second
 *     that has signals, over the window that ends with it.
 *   - They can (`lt`, `lte`, `eq`, `neq`, `not`): it is looked at over each maximal window, one that no signal before or
 *     behind could be added to, when the watermark has passed its end. Such a window is complete when the next signal makes
 *     the oldest one leave; the last window of a group when the latest event of all logs is later than its end.
 *
 * Correlations of correlations wait until those below them are done, and so do those that need the watermark: their signals
 * are kept in stores, one for each level, with the memory and the folder for spilling that signals have anyway. */
#include <stdlib.h>

#include "detect/correlate_part.h"

enum { HELD_BYTES = 16 << 20 };

struct vg_correlator {
    vg_arena *arena;
    const vg_rules *rules;
    vg_status (*sink)(void *context, const vg_episode *episode, vg_error *err);
    void *context;
    size_t bytes;
    vg_str folder;
    vg_signals *held[VG_CORRELATION_DEEPEST]; /* by level */
    uint64_t evicted, undecided;
    vg_time watermark; /* of finishing; VG_TIME_NONE before */
    bool ready;        /* window and growing are made */
    vg_window window;
    vg_growing growing;
    bool in_group;
    uint32_t rule; /* of the group at hand */
    vg_buf group, last_id, last_account, identity, text;
    vg_time last_time;
    int64_t second; /* of the last signal */
};

vg_correlator *vg_correlator_new(vg_arena *arena, const vg_rules *rules,
                                 vg_status (*sink)(void *context, const vg_episode *episode, vg_error *err),
                                 void *context)
{
    vg_correlator *c = VG_NEW(arena, vg_correlator);
    if (!c)
        return NULL;
    c->arena = arena;
    c->rules = rules;
    c->sink = sink;
    c->context = context;
    c->bytes = HELD_BYTES;
    c->watermark = VG_TIME_NONE;
    return c;
}

void vg_correlator_limit(vg_correlator *c, const vg_signals *as)
{
    c->bytes = as->budget;
    c->folder = vg_str_from(as->folder);
}

uint64_t vg_correlator_evicted(const vg_correlator *c)
{
    return c->evicted + (c->ready ? c->window.dropped : 0);
}

uint64_t vg_correlator_undecided(const vg_correlator *c)
{
    return c->undecided;
}

void vg_correlator_free(vg_correlator *c)
{
    if (c->ready) {
        c->evicted += c->window.dropped;
        vg_window_free(&c->window);
        vg_growing_free(&c->growing);
        c->ready = false;
    }
    vg_buf *buffers[] = {&c->group, &c->last_id, &c->last_account, &c->identity, &c->text};
    for (size_t i = 0; i < VG_COUNT(buffers); i++) {
        vg_buf_free(buffers[i]);
        *buffers[i] = (vg_buf){0};
    }
    for (size_t level = 0; level < VG_CORRELATION_DEEPEST; level++) {
        vg_signals_free(c->held[level]);
        c->held[level] = NULL;
    }
    c->in_group = false;
}

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while correlating");
}

static const vg_correlation *correlation_of(const vg_correlator *c, uint32_t rule)
{
    const vg_compiled_rule *compiled = &c->rules->rules[rule];
    return compiled->info.unassessed.len ? NULL : compiled->correlation;
}

static vg_status hold(vg_correlator *c, uint32_t level, const vg_signal *signal, vg_error *err)
{
    if (!c->held[level])
        c->held[level] = vg_signals_new(c->bytes, c->folder);
    return c->held[level] ? vg_signals_add(c->held[level], signal, err) : out_of_memory(err);
}

static vg_status give_up(void *context, const vg_signal *signal, vg_error *err)
{
    vg_correlator *c = context;
    return hold(c, correlation_of(c, signal->stream)->level, signal, err);
}

/* ---- episodes -------------------------------------------------------------------------------------------------------- */

/* "userIdentity.arn=arn:aws:..., sourceIPAddress=192.0.2.1" */
static bool write_group(vg_correlator *c, const vg_correlation *correlation)
{
    vg_str rest = vg_buf_str(&c->group), value;
    vg_buf_clear(&c->text);
    for (size_t i = 0; i < correlation->group.count && vg_correlate_get(&rest, &value); i++) {
        vg_buf_add_c(&c->text, i ? ", " : "");
        vg_buf_add_str(&c->text, correlation->group.items[i]);
        vg_buf_add_char(&c->text, '=');
        vg_buf_add_str(&c->text, value);
    }
    return !c->text.failed;
}

static vg_status close_episode(vg_correlator *c, vg_error *err)
{
    vg_detect_step steps[VG_DETECT_MOST_STEPS];
    vg_episode episode;
    if (!c->growing.open)
        return VG_OK;
    c->growing.open = false;
    if (!c->rules->rules[c->rule].info.alone)
        return VG_OK;
    if (!write_group(c, c->window.c))
        return out_of_memory(err);
    vg_growing_tell(&c->growing, c->rule, vg_buf_str(&c->text), steps, &episode);
    return c->sink(c->context, &episode, err);
}

/* Looks at the window as it is. */
static vg_status look(vg_correlator *c, vg_error *err)
{
    double value;
    if (!vg_window_holds(&c->window, &value))
        return VG_OK;
    if (!vg_growing_overlaps(&c->growing, &c->window))
        VG_TRY(close_episode(c, err));
    return vg_growing_match(&c->growing, &c->window, c->rules, c->rule, vg_buf_str(&c->group), value, give_up,
                            c, err);
}

/* ---- groups ---------------------------------------------------------------------------------------------------------- */

/* The second of the oldest signal in the window, which is not empty. */
static int64_t oldest(const vg_window *w)
{
    return vg_second(vg_window_at(w, w->front)->time);
}

/* The last window of the group: maximal, for no signal follows. */
static vg_status look_at_last(vg_correlator *c, vg_error *err)
{
    const vg_window *w = &c->window;
    bool passed = c->watermark != VG_TIME_NONE && vg_second(c->watermark) > oldest(w) + w->c->timespan;
    if (!w->c->waits || passed)
        return look(c, err);
    c->undecided++;
    return VG_OK;
}

static vg_status end_group(vg_correlator *c, vg_error *err)
{
    if (!c->in_group)
        return VG_OK;
    c->in_group = false;
    if (c->window.front < c->window.back)
        VG_TRY(look_at_last(c, err));
    return close_episode(c, err);
}

static vg_status begin_group(vg_correlator *c, const vg_signal *signal, vg_error *err)
{
    if (!c->ready) {
        c->ready = true;
        c->growing = (vg_growing){0};
        if (!vg_window_init(&c->window))
            return out_of_memory(err);
    }
    c->in_group = true;
    c->rule = signal->stream;
    c->last_time = VG_TIME_NONE;
    vg_buf_clear(&c->group);
    vg_buf_add_str(&c->group, signal->group);
    vg_window_begin(&c->window, correlation_of(c, signal->stream));
    return c->group.failed ? out_of_memory(err) : VG_OK;
}

/* Time goes on to a second with signals: what is in the window is looked at when it is complete for its kind of condition. */
static vg_status go_on(vg_correlator *c, int64_t second, vg_error *err)
{
    vg_window *w = &c->window;
    bool is_maximal = oldest(w) < second - w->c->timespan;
    if (!w->c->waits || is_maximal)
        VG_TRY(look(c, err));
    vg_window_slide(w, second);
    return VG_OK;
}

/* ---- signals --------------------------------------------------------------------------------------------------------- */

/* Whether the signal is of another event than the one before. */
static bool is_new_event(vg_correlator *c, const vg_signal *signal)
{
    if (c->last_time == signal->time && vg_str_eq(vg_buf_str(&c->last_id), signal->id) &&
        vg_str_eq(vg_buf_str(&c->last_account), signal->brief.account))
        return false;
    c->last_time = signal->time;
    vg_buf_clear(&c->last_id);
    vg_buf_add_str(&c->last_id, signal->id);
    vg_buf_clear(&c->last_account);
    vg_buf_add_str(&c->last_account, signal->brief.account);
    return true;
}

/* What event_count of correlations counts: episodes; events that a rule of its own matched count by themselves. */
static vg_str identity_of(vg_correlator *c, const vg_signal *signal)
{
    if (c->window.c->type == VG_CORRELATE_VALUE_COUNT)
        return signal->value;
    if (c->rules->rules[signal->rule].info.kind == VG_RULE_CORRELATION)
        return vg_str_sub(signal->above, 0, VG_EPISODE_ID);
    vg_buf_clear(&c->identity);
    vg_correlate_put(&c->identity, signal->id);
    vg_buf_add_str(&c->identity, signal->brief.account);
    return vg_buf_str(&c->identity);
}

static uint32_t slot_of(const vg_correlation *correlation, uint32_t rule)
{
    size_t i = 0;
    while (i + 1 < correlation->names.count && correlation->rules[i] != rule)
        i++;
    return correlation->slots[i];
}

static vg_status add(vg_correlator *c, const vg_signal *signal, vg_error *err)
{
    const vg_correlation *correlation = c->window.c;
    bool is_new = is_new_event(c, signal);
    bool tells_apart = correlation->type == VG_CORRELATE_VALUE_COUNT ||
                       (correlation->type == VG_CORRELATE_EVENT_COUNT && correlation->nested);
    bool takes_each = tells_apart || correlation->type >= VG_CORRELATE_TEMPORAL;
    if (!is_new && !takes_each)
        return VG_OK;
    vg_str identity = tells_apart ? identity_of(c, signal) : (vg_str){0};
    bool ok = vg_window_add(&c->window, signal, slot_of(correlation, signal->rule), identity, is_new);
    return ok && !c->identity.failed && !c->last_id.failed && !c->last_account.failed ? VG_OK
                                                                                      : out_of_memory(err);
}

static vg_status process(void *context, const vg_signal *signal, vg_error *err)
{
    vg_correlator *c = context;
    int64_t second = vg_second(signal->time);
    if (!c->in_group || c->rule != signal->stream || !vg_str_eq(vg_buf_str(&c->group), signal->group)) {
        VG_TRY(end_group(c, err));
        VG_TRY(begin_group(c, signal, err));
    } else if (second != c->second && c->window.front < c->window.back) {
        VG_TRY(go_on(c, second, err));
    }
    c->second = second;
    return add(c, signal, err);
}

vg_status vg_correlator_take(vg_correlator *c, const vg_signal *signal, vg_error *err)
{
    const vg_correlation *correlation = correlation_of(c, signal->stream);
    if (!correlation)
        return VG_OK;
    vg_status status = correlation->level || correlation->waits ? hold(c, correlation->level, signal, err)
                                                                : process(c, signal, err);
    if (status != VG_OK)
        vg_correlator_free(c);
    return status;
}

static vg_status finish(vg_correlator *c, vg_error *err)
{
    VG_TRY(end_group(c, err));
    for (size_t level = 0; level < VG_CORRELATION_DEEPEST; level++) {
        if (!c->held[level])
            continue;
        VG_TRY(vg_signals_merge(&c->held[level], 1, process, c, err));
        VG_TRY(end_group(c, err));
        c->evicted += vg_signals_evicted(c->held[level]);
        vg_signals_free(c->held[level]);
        c->held[level] = NULL;
    }
    return VG_OK;
}

vg_status vg_correlator_finish(vg_correlator *c, vg_time watermark, vg_error *err)
{
    c->watermark = watermark;
    vg_status status = finish(c, err);
    vg_correlator_free(c);
    return status;
}
