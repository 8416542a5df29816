/* timeline_order.c: a timeline as it is read: what appears for the first time, what repeats what came before, what two accounts
 * recorded. */
#include "trail/timeline_part.h"

typedef struct {
    vg_arena *arena;
    vg_map *seen[4], *last, *shared;
    bool failed;
} ordering;

/* ---- first seen ------------------------------------------------------------------------------------------------------------- */

static void mark_first(ordering *o, vg_timeline_event *e)
{
    const vg_str values[] = {e->region, e->log == VG_LOG_CLOUDTRAIL ? e->source : (vg_str){0}, e->source_ip,
                             e->user_agent};
    for (size_t i = 0; i < VG_COUNT(values); i++) {
        bool added = false;
        if (!values[i].len)
            continue;
        o->failed |= !vg_map_put(o->seen[i], values[i], &added);
        e->first |= added ? 1U << i : 0;
    }
}

/* ---- repeats ---------------------------------------------------------------------------------------------------------------- */

/* The same call by the same caller from the same place, with the same outcome. */
static void find_repeat(ordering *o, vg_timeline_event *events, size_t i)
{
    vg_timeline_event *e = &events[i];
    char session[32];
    snprintf(session, sizeof session, "%zu %d", e->session, (int)e->log);
    const vg_str parts[] = {e->source, e->name,      e->actor,      e->key,   e->account,
                            e->region, e->source_ip, e->user_agent, e->error, vg_str_from(session)};
    vg_sha256 hash = vg_sha256_parts(parts, VG_COUNT(parts));
    vg_str id = vg_arena_str(o->arena, vg_str_of((const char *)hash.bytes, sizeof hash.bytes));
    vg_map_entry *last = id.ptr ? vg_map_put(o->last, id, NULL) : NULL;
    o->failed |= !last;
    if (!last)
        return;
    vg_timeline_event *head = last->value.u64 ? &events[last->value.u64 - 1] : NULL;
    if (head && e->time != VG_TIME_NONE && e->time - head->time <= 60 * VG_TIME_SECOND) {
        e->repeat_of = (size_t)last->value.u64 - 1;
        head->repeats++;
        head->last = e->time;
        return;
    }
    last->value.u64 = i + 1;
}

/* ---- both accounts' records -------------------------------------------------------------------------------------------------- */

/* Whether the other account's record of it stands in the timeline already: which then names this account, too. */
static bool is_other_half(ordering *o, vg_timeline_event *events, size_t at, const vg_timeline_event *e)
{
    bool added = false;
    if (!e->shared_id.len)
        return false;
    vg_map_entry *slot = vg_map_put(o->shared, e->shared_id, &added);
    o->failed |= !slot;
    if (!slot)
        return false;
    if (added) {
        slot->value.u64 = at;
        return false;
    }
    vg_timeline_event *first = &events[slot->value.u64];
    if (vg_str_eq(first->account, e->account))
        return false;
    if (first->session == VG_NO_SESSION && e->session != VG_NO_SESSION) {
        vg_str also = first->account; /* this one tells more */
        *first = *e;
        first->also = also;
    } else {
        first->also = e->account;
    }
    return true;
}

/* The other account's record is not the subject's own where it does not say who called. */
static void name_other_half(const ordering *o, vg_timeline_event *events, const vg_timeline_event *e)
{
    const vg_map_entry *slot = e->shared_id.len ? vg_map_get(o->shared, e->shared_id) : NULL;
    if (slot && !vg_str_eq(events[slot->value.u64].account, e->account))
        events[slot->value.u64].also = e->account;
}

/* ---- sessions ---------------------------------------------------------------------------------------------------------------- */

static vg_status put_sessions(timeline_work *work, vg_timeline *out, vg_error *err)
{
    vg_timeline_session *sessions = VG_NEW_N(work->arena, vg_timeline_session, work->sessions.len + 1);
    if (!sessions)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while making a timeline");
    for (size_t i = 0; i < work->sessions.len; i++)
        sessions[i] = ((const timeline_session *)vg_vec_at(&work->sessions, i))->is;
    out->sessions = sessions;
    out->session_count = work->sessions.len;
    return VG_OK;
}

vg_status timeline_order(timeline_work *work, vg_timeline *out, vg_error *err)
{
    ordering o = {.arena = work->arena};
    vg_timeline_event *events = VG_NEW_N(work->arena, vg_timeline_event, work->entries.len + 1);
    o.last = vg_map_new(work->arena, 5);
    o.shared = vg_map_new(work->arena, 6);
    o.failed = !events || !o.last || !o.shared;
    for (size_t i = 0; i < VG_COUNT(o.seen); i++) {
        o.seen[i] = vg_map_new(work->arena, 7 + i);
        o.failed |= !o.seen[i];
    }
    for (size_t i = 0; i < work->entries.len && !o.failed; i++) {
        const timeline_entry *e = vg_vec_at(&work->entries, i);
        if (e->shown && !is_other_half(&o, events, out->count, &e->event))
            events[out->count++] = e->event;
    }
    for (size_t i = 0; i < work->entries.len && !o.failed; i++) {
        const timeline_entry *e = vg_vec_at(&work->entries, i);
        if (!e->shown)
            name_other_half(&o, events, &e->event);
    }
    for (size_t i = 0; i < out->count && !o.failed; i++) {
        events[i].repeat_of = i;
        events[i].repeats = 1;
        mark_first(&o, &events[i]);
        find_repeat(&o, events, i);
    }
    if (o.failed)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while making a timeline");
    out->events = events;
    return put_sessions(work, out, err);
}
