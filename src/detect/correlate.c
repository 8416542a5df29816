/* correlate.c: from a match to the signals that correlations count.
 *
 * A signal says in which group of a correlation the match is, and with which value; for correlations above that one it
 * carries the same for each of them, one in another as they count each other (correlation_link.c says which fields):
 *
 *     above = [ there? group, value?, above ] for each correlation that counts this one
 *
 * A match that tells no time, or lacks a field that the correlation groups by or counts, or whose value is no number where
 * numbers are added up, is in no group: it is left out, and counted. The same for a correlation above leaves it out there
 * alone. */
#include "detect/correlate_part.h"

void vg_correlate_put(vg_buf *out, vg_str text)
{
    uint32_t len = text.len < UINT32_MAX ? (uint32_t)text.len : UINT32_MAX;
    vg_buf_add(out, &len, sizeof len);
    vg_buf_add(out, text.ptr, len);
}

bool vg_correlate_get(vg_str *rest, vg_str *text)
{
    uint32_t len;
    if (rest->len < sizeof len)
        return false;
    memcpy(&len, rest->ptr, sizeof len);
    if (rest->len - sizeof len < len)
        return false;
    *text = vg_str_sub(*rest, sizeof len, len);
    *rest = vg_str_sub(*rest, sizeof len + len, SIZE_MAX);
    return true;
}

bool vg_correlate_get_carried(vg_str *rest, vg_carried *out)
{
    *out = (vg_carried){0};
    if (rest->len == 0)
        return false;
    char there = rest->ptr[0];
    *rest = vg_str_sub(*rest, 1, SIZE_MAX);
    out->present = there & 1;
    out->has_value = there & 2;
    return !out->present || (vg_correlate_get(rest, &out->group) && vg_correlate_get(rest, &out->value) &&
                             vg_correlate_get(rest, &out->above));
}

typedef struct {
    const vg_rules *rules;
    vg_evaluator *evaluator;
    vg_arena *scratch;
} asking;

/* The values of some fields behind each other. False: one is missing. */
static bool write_texts(const asking *a, const vg_str *fields, size_t count, vg_buf *out)
{
    for (size_t i = 0; i < count; i++) {
        vg_str text;
        if (!vg_evaluator_text(a->evaluator, fields[i], a->scratch, &text))
            return false;
        vg_correlate_put(out, text);
    }
    return true;
}

/* The value of a single field, as it is. False: it is missing, or no number where one is needed. */
static bool write_value(const asking *a, const vg_correlation *c, const vg_passing *p, vg_buf *out)
{
    vg_str text;
    vg_billionths number;
    if (c->type == VG_CORRELATE_VALUE_COUNT)
        return write_texts(a, p->values, c->fields.count, out);
    if (c->fields.count == 0)
        return true;
    if (!vg_evaluator_text(a->evaluator, p->values[0], a->scratch, &text) ||
        !vg_billionths_read(text, &number))
        return false;
    vg_buf_add_str(out, text);
    return true;
}

static const vg_correlation *correlation_at(const asking *a, uint32_t rule)
{
    return a->rules->rules[rule].correlation;
}

static void set_length(vg_buf *out, size_t at)
{
    uint32_t len = (uint32_t)(out->len - at - sizeof len);
    if (!out->failed)
        memcpy(out->ptr + at, &len, sizeof len);
}

static size_t leave_length(vg_buf *out)
{
    uint32_t none = 0;
    size_t at = out->len;
    vg_buf_add(out, &none, sizeof none);
    return at;
}

/* What the correlations above need; as deep as they are linked. */
static void write_above(const asking *a, const vg_passing *p, vg_buf *out)
{
    for (size_t i = 0; i < p->above_count; i++) {
        const vg_passing *above = &p->above[i];
        const vg_correlation *c = correlation_at(a, above->correlation);
        size_t start = out->len;
        vg_buf_add_char(out, c->fields.count ? 3 : 1);
        size_t at = leave_length(out);
        bool whole = write_texts(a, above->group, c->group.count, out);
        set_length(out, at);
        at = leave_length(out);
        whole = whole && write_value(a, c, above, out);
        set_length(out, at);
        if (!whole) {
            out->len = start;
            vg_buf_add_char(out, 0);
            continue;
        }
        at = leave_length(out);
        write_above(a, above, out);
        set_length(out, at);
    }
}

const vg_passing *vg_passing_of(const vg_correlation *c, size_t rule)
{
    for (size_t i = 0; i < c->names.count; i++)
        if (c->rules[i] == rule)
            return c->passings[i];
    return NULL;
}

static vg_status signal_one(const asking *a, const vg_passing *p, size_t rule, const vg_event *event,
                            const vg_brief *brief, vg_signals *signals, vg_error *err)
{
    const vg_correlation *c = correlation_at(a, p->correlation);
    vg_buf *group = &signals->group, *value = &signals->value, *above = &signals->above;
    vg_buf_clear(group);
    vg_buf_clear(value);
    vg_buf_clear(above);
    if (event->time == VG_TIME_NONE || !write_texts(a, p->group, c->group.count, group) ||
        !write_value(a, c, p, value)) {
        signals->left_out++;
        return VG_OK;
    }
    write_above(a, p, above);
    if (group->failed || value->failed || above->failed)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while correlating");
    vg_signal signal = {.stream = p->correlation,
                        .rule = (uint32_t)rule,
                        .group = vg_buf_str(group),
                        .time = event->time,
                        .id = event->id,
                        .value = vg_buf_str(value),
                        .has_value = c->fields.count > 0,
                        .brief = *brief,
                        .above = vg_buf_str(above)};
    return vg_signals_add(signals, &signal, err);
}

vg_status vg_correlate_signal(const vg_rules *rules, size_t rule, vg_evaluator *evaluator,
                              const vg_event *event, const vg_brief *brief, vg_signals *signals,
                              vg_error *err)
{
    const vg_compiled_rule *matched = &rules->rules[rule];
    asking a = {rules, evaluator, signals->scratch};
    for (size_t i = 0; i < matched->feed_count; i++) {
        const vg_compiled_rule *counting = &rules->rules[matched->feeds[i]];
        const vg_passing *p =
            counting->info.unassessed.len ? NULL : vg_passing_of(counting->correlation, rule);
        vg_arena_reset(signals->scratch);
        if (p)
            VG_TRY(signal_one(&a, p, rule, event, brief, signals, err));
    }
    return VG_OK;
}
