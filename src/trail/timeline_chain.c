/* timeline_chain.c: whose session did it, and who made that.
 *
 * A record of STS that hands out credentials makes a session: it is known by its access key, and by its name (the ARN) to
 * what has no key or another one, as the console does: then the last session of that name counts. Both accounts'
 * records of one call have the same shared id and make one session; the one that tells more of the caller is believed.
 * Events are gone through by time, so that "the last" is what it was then. Chains are walked once: each session's distance
 * is worked out from its maker's, and a chain that comes back to itself is cut. */
#include "trail/timeline_part.h"

#include <stdlib.h>

typedef struct {
    timeline_work *work;
    vg_map *by_key, *by_shared, *by_name; /* by_name: index + 1 of the last session so far */
    size_t *path;
} tying;

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while making a timeline");
}

static timeline_entry *entry_at(const timeline_work *work, size_t i)
{
    return vg_vec_at(&work->entries, i);
}

static timeline_session *session_at(const timeline_work *work, size_t i)
{
    return vg_vec_at(&work->sessions, i);
}

static int compare_entries(const void *left, const void *right)
{
    const timeline_entry *a = left, *b = right;
    vg_time x = a->event.time == VG_TIME_NONE ? INT64_MAX : a->event.time;
    vg_time y = b->event.time == VG_TIME_NONE ? INT64_MAX : b->event.time;
    if (x != y)
        return x < y ? -1 : 1;
    int order = vg_str_cmp(a->event.id, b->event.id);
    return order ? order : vg_str_cmp(a->event.account, b->event.account);
}

/* ---- sessions that were handed out ---------------------------------------------------------------------------------------- */

/* How much a record tells of who called. */
static unsigned rank_of(const timeline_entry *e)
{
    return e->arn.len ? 4 : e->event.key.len ? 3 : e->principal_id.len ? 2 : e->invoked_by.len ? 1 : 0;
}

static vg_str after_slash(vg_str text)
{
    size_t at = vg_str_rfind_char(text, '/');
    return at == VG_NPOS ? (vg_str){0} : vg_str_sub(text, at + 1, VG_NPOS);
}

static void fill(vg_str *to, vg_str from)
{
    if (!to->len)
        *to = from;
}

/* The session of a grant: known by its key or by the other account's record, or a new one. */
static timeline_session *session_of_grant(tying *t, const timeline_entry *e, size_t *index)
{
    vg_map_entry *key = e->issued_key.len ? vg_map_put(t->by_key, e->issued_key, NULL) : NULL;
    vg_map_entry *shared = e->event.shared_id.len ? vg_map_put(t->by_shared, e->event.shared_id, NULL) : NULL;
    if ((e->issued_key.len && !key) || (e->event.shared_id.len && !shared))
        return NULL;
    uint64_t known = key && key->value.u64 ? key->value.u64 : shared ? shared->value.u64 : 0;
    if (!known) {
        timeline_session *made = vg_vec_push(&t->work->sessions);
        if (!made)
            return NULL;
        *made = (timeline_session){.caller_entry = SIZE_MAX, .before = SIZE_MAX};
        made->is.granted = e->event.time;
        made->is.parent = VG_NO_SESSION;
        known = t->work->sessions.len;
    }
    if (key)
        key->value.u64 = known;
    if (shared)
        shared->value.u64 = known;
    *index = (size_t)known - 1;
    return session_at(t->work, *index);
}

static bool take_grant(tying *t, size_t at)
{
    timeline_entry *e = entry_at(t->work, at);
    size_t index;
    timeline_session *s = session_of_grant(t, e, &index);
    if (!s)
        return false;
    e->event.gives = index;
    fill(&s->is.key, e->issued_key);
    fill(&s->is.arn, e->issued_arn);
    fill(&s->id, e->issued_id);
    fill(&s->is.role, e->issued_role);
    fill(&s->is.source_identity, e->issued_source);
    fill(&s->is.provider, e->issued_provider.len ? e->issued_provider : e->provider);
    fill(&s->is.subject, e->issued_subject.len ? e->issued_subject : e->subject);
    fill(&s->is.service, e->invoked_by);
    fill(&s->is.how, e->event.name);
    fill(&s->is.event, e->event.id);
    fill(&s->is.name, after_slash(s->is.arn));
    s->direct |= e->direct;
    if (s->caller_entry == SIZE_MAX || rank_of(e) > s->caller_rank) {
        s->caller_entry = at;
        s->caller_rank = rank_of(e);
    }
    return true;
}

/* ---- whose session an event is ------------------------------------------------------------------------------------------- */

static bool is_session(const timeline_entry *e)
{
    return vg_str_is(e->type, "AssumedRole") || vg_str_is(e->type, "FederatedUser") ||
           vg_str_find(e->arn, VG_STR(":assumed-role/")) != VG_NPOS;
}

static vg_str name_of(const timeline_entry *e)
{
    bool by_id = !e->arn.len && vg_str_find_char(e->principal_id, ':') != VG_NPOS;
    return is_session(e) && e->arn.len ? e->arn : by_id ? e->principal_id : (vg_str){0};
}

/* The last session of that name that can still be alive; not the one that this event hands out. */
static size_t last_named(const tying *t, vg_str name, const timeline_entry *e)
{
    const vg_map_entry *last = name.len ? vg_map_get(t->by_name, name) : NULL;
    size_t index = last ? (size_t)last->value.u64 - 1 : SIZE_MAX;
    if (index != SIZE_MAX && index == e->event.gives)
        index = session_at(t->work, index)->before;
    if (index == SIZE_MAX)
        return SIZE_MAX;
    vg_time granted = session_at(t->work, index)->is.granted;
    bool alive = granted != VG_TIME_NONE && e->event.time != VG_TIME_NONE &&
                 e->event.time - granted <= TIMELINE_SESSION_LIFE;
    return alive ? index : SIZE_MAX;
}

static bool orphan(tying *t, timeline_entry *e)
{
    vg_str id = e->event.key.len ? e->event.key : e->arn.len ? e->arn : e->principal_id;
    if (!id.len || !is_session(e))
        return true;
    vg_map_entry *slot = vg_map_put(t->by_key, id, NULL);
    if (!slot)
        return false;
    if (!slot->value.u64) {
        timeline_session *made = vg_vec_push(&t->work->sessions);
        if (!made)
            return false;
        *made = (timeline_session){.caller_entry = SIZE_MAX, .before = SIZE_MAX, .id = e->principal_id};
        made->is = (vg_timeline_session){
            .arn = e->arn, .key = e->event.key, .granted = VG_TIME_NONE, .parent = VG_NO_SESSION};
        fill(&made->is.name, after_slash(e->arn));
        slot->value.u64 = t->work->sessions.len;
    }
    e->event.session = (size_t)slot->value.u64 - 1;
    return true;
}

/* Of two sessions of one name: whether others than its maker may have made it. */
static bool is_uncertain(const tying *t, const timeline_session *s)
{
    if (s->before == SIZE_MAX || s->caller_entry == SIZE_MAX)
        return false;
    const timeline_session *other = session_at(t->work, s->before);
    return other->caller_entry != SIZE_MAX && s->is.granted - other->is.granted <= TIMELINE_SESSION_LIFE &&
           !vg_str_eq(entry_at(t->work, s->caller_entry)->arn, entry_at(t->work, other->caller_entry)->arn);
}

static bool resolve(tying *t, timeline_entry *e)
{
    const vg_map_entry *key = e->event.key.len ? vg_map_get(t->by_key, e->event.key) : NULL;
    size_t index = key && key->value.u64 ? (size_t)key->value.u64 - 1 : SIZE_MAX;
    bool has_maker = index != SIZE_MAX && session_at(t->work, index)->is.how.len;
    size_t named = has_maker ? SIZE_MAX : last_named(t, name_of(e), e);
    if (named != SIZE_MAX) {
        e->event.session = named;
        e->event.by_name = true;
        session_at(t->work, named)->is.uncertain |= is_uncertain(t, session_at(t->work, named));
    } else if (index != SIZE_MAX && index != e->event.gives) {
        e->event.session = index;
    } else if (!orphan(t, e)) {
        return false;
    }
    if (e->event.session == VG_NO_SESSION)
        return true;
    vg_timeline_session *s = &session_at(t->work, e->event.session)->is;
    fill(&s->role, e->role);
    fill(&s->source_identity, e->source_identity);
    fill(&s->on_behalf_of, e->on_behalf_of);
    fill(&s->provider, e->provider);
    fill(&s->instance, e->instance);
    return true;
}

static bool name_session(tying *t, const timeline_entry *e)
{
    timeline_session *s = session_at(t->work, e->event.gives);
    const vg_str names[] = {s->is.arn, s->id};
    for (size_t i = 0; i < VG_COUNT(names); i++) {
        vg_map_entry *slot = names[i].len ? vg_map_put(t->by_name, names[i], NULL) : NULL;
        if (names[i].len && !slot)
            return false;
        if (!slot || slot->value.u64 == e->event.gives + 1)
            continue;
        if (i == 0 && slot->value.u64)
            s->before = (size_t)slot->value.u64 - 1;
        slot->value.u64 = e->event.gives + 1;
    }
    return true;
}

/* By time; of one second, what hands out credentials comes before what may use them. */
static bool go_through(tying *t)
{
    size_t count = t->work->entries.len;
    for (size_t from = 0, to; from < count; from = to) {
        vg_time time = entry_at(t->work, from)->event.time;
        for (to = from; to < count && entry_at(t->work, to)->event.time == time; to++)
            if (entry_at(t->work, to)->event.gives != VG_NO_SESSION &&
                !name_session(t, entry_at(t->work, to)))
                return false;
        for (size_t i = from; i < to; i++)
            if (!resolve(t, entry_at(t->work, i)))
                return false;
    }
    return true;
}

/* ---- chains ------------------------------------------------------------------------------------------------------------------ */

static void find_caller(const timeline_work *work, timeline_session *s)
{
    if (s->caller_entry == SIZE_MAX)
        return;
    const timeline_entry *e = entry_at(work, s->caller_entry);
    s->is.caller = e->arn.len            ? e->arn
                   : s->is.subject.len   ? s->is.subject
                   : e->principal_id.len ? e->principal_id
                   : e->invoked_by.len   ? e->invoked_by
                                         : e->event.key;
    s->is.parent = e->event.session;
    fill(&s->is.source_identity, e->source_identity);
    fill(&s->is.on_behalf_of, e->on_behalf_of);
}

/* What follows from the maker, which is settled. */
static void settle(const timeline_work *work, timeline_session *s)
{
    const timeline_session *maker = s->is.parent == VG_NO_SESSION ? NULL : session_at(work, s->is.parent);
    bool can_follow = work->kind != VG_SUBJECT_ACCOUNT && work->kind != VG_SUBJECT_RESOURCE;
    s->is.hops = maker ? maker->is.hops + 1 : 1;
    s->is.behind = maker ? maker->is.behind : s->is.caller;
    s->is.complete = maker ? maker->is.complete : s->is.how.len > 0 && s->is.caller.len > 0;
    if (maker) {
        fill(&s->is.source_identity, maker->is.source_identity);
        fill(&s->is.on_behalf_of, maker->is.on_behalf_of);
    }
    s->follows = can_follow && (s->direct || (maker && maker->follows));
    s->depth = s->direct ? 1 : maker && maker->follows ? maker->depth + 1 : 0;
    s->done = true;
}

static void walk(tying *t, size_t index)
{
    size_t len = 0;
    for (;;) {
        timeline_session *s = session_at(t->work, index);
        s->on_path = true;
        t->path[len++] = index;
        size_t parent = s->is.parent;
        if (parent == VG_NO_SESSION || session_at(t->work, parent)->done)
            break;
        if (session_at(t->work, parent)->on_path) {
            s->is.parent = VG_NO_SESSION;
            s->is.looped = true;
            break;
        }
        index = parent;
    }
    while (len-- > 0)
        settle(t->work, session_at(t->work, t->path[len]));
}

static void need(const timeline_work *work, size_t index)
{
    while (index != VG_NO_SESSION && !session_at(work, index)->needed) {
        session_at(work, index)->needed = true;
        index = session_at(work, index)->is.parent;
    }
}

static void choose(const timeline_work *work)
{
    bool by_session = work->kind == VG_SUBJECT_PRINCIPAL || work->kind == VG_SUBJECT_IP;
    for (size_t i = 0; i < work->entries.len; i++) {
        timeline_entry *e = entry_at(work, i);
        const timeline_session *s =
            e->event.session == VG_NO_SESSION ? NULL : session_at(work, e->event.session);
        bool follows = s && s->follows;
        e->shown = !e->outside && (e->direct || follows);
        e->event.hops = follows && (by_session || !e->direct) ? s->depth : 0;
        if (e->shown)
            need(work, e->event.session);
    }
}

vg_status timeline_tie(timeline_work *work, vg_error *err)
{
    vg_arena *arena = work->arena;
    tying t = {work, vg_map_new(arena, 1), vg_map_new(arena, 2), vg_map_new(arena, 3), NULL};
    work->sessions = vg_vec_in(arena, sizeof(timeline_session));
    if (!t.by_key || !t.by_shared || !t.by_name)
        return no_memory(err);
    if (work->entries.len > 1)
        qsort(work->entries.items, work->entries.len, sizeof(timeline_entry), compare_entries);
    for (size_t i = 0; i < work->entries.len; i++) {
        timeline_entry *e = entry_at(work, i);
        e->event.session = e->event.gives = VG_NO_SESSION;
        e->event.by_name = false;
        if (e->is_grant && !take_grant(&t, i))
            return no_memory(err);
    }
    if (!go_through(&t))
        return no_memory(err);
    t.path = VG_NEW_N(arena, size_t, work->sessions.len + 1);
    if (!t.path)
        return no_memory(err);
    for (size_t i = 0; i < work->sessions.len; i++)
        find_caller(work, session_at(work, i));
    for (size_t i = 0; i < work->sessions.len; i++)
        if (!session_at(work, i)->done)
            walk(&t, i);
    choose(work);
    return VG_OK;
}
