/* baseline.c: learning what is usual.
 *
 * Every actor in an account has an entry, and every account one of its own. An entry is a join of sets (baseline_part.h), so
 * learning is joining: of an event, of what another thread learned, of a saved baseline. Two limits keep memory bounded
 * without asking for an order: a set of too many values becomes diverse and forgets them; of too many actors those with the
 * smallest hashes of their names stay, twice as many as are saved in the end, which are those seen most. Events are counted by
 * the smallest hashes of their ids (bottom-k, as Bar-Yossef et al. count distinct elements), so that an event delivered twice
 * counts once. */
#include "detect/baseline_part.h"

#include <stdlib.h>
#include <string.h>

enum { SEED = 7, KEY_HEAD = 2, ROOM = 2 }; /* actors held while learning, times those saved */

typedef struct {
    uint32_t *items; /* numbers of texts in the pool */
    uint8_t count, room;
    bool diverse;
} value_set;

typedef struct {
    vg_str account, actor;
    uint64_t rank; /* accounts have small ones: they stay */
    vg_time first, last;
    baseline_hours hours;
    uint64_t *marks; /* ascending */
    uint8_t mark_count, mark_room;
    value_set sets[BASELINE_SETS];
} entry;

struct vg_learner {
    vg_arena *arena, *scratch;
    vg_map *entries; /* key_of -> entry */
    vg_map *pool;    /* text -> its number */
    size_t most;
    uint64_t below; /* entries of this rank and above are left out */
};

/* ---- making ---------------------------------------------------------------------------------------------------------- */

static bool begin(vg_learner *learner)
{
    learner->arena = vg_arena_new(0);
    learner->entries = learner->arena ? vg_map_new(learner->arena, 0) : NULL;
    learner->pool = learner->arena ? vg_map_new(learner->arena, 0) : NULL;
    return learner->entries && learner->pool;
}

vg_learner *vg_learner_new(size_t most)
{
    vg_learner *learner = calloc(1, sizeof *learner);
    if (!learner)
        return NULL;
    learner->most = most ? most : VG_BASELINE_MOST_ACTORS;
    learner->below = UINT64_MAX;
    learner->scratch = vg_arena_new(0);
    if (learner->scratch && begin(learner))
        return learner;
    vg_learner_free(learner);
    return NULL;
}

void vg_learner_free(vg_learner *learner)
{
    if (!learner)
        return;
    vg_arena_free(learner->arena);
    vg_arena_free(learner->scratch);
    free(learner);
}

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while learning what is usual");
}

/* ---- sets ------------------------------------------------------------------------------------------------------------ */

/* Room for one more: doubled, at most `most`. False: memory is out. */
static bool grow(vg_arena *arena, void **items, size_t size, size_t count, uint8_t *room, size_t most)
{
    if (count < *room)
        return true;
    size_t more = *room ? *room * 2U : 4;
    more = more < most ? more : most;
    void *larger = vg_arena_alloc(arena, more * size);
    if (larger && count)
        memcpy(larger, *items, count * size);
    if (larger) {
        *items = larger;
        *room = (uint8_t)more;
    }
    return larger != NULL;
}

static bool add_value(vg_learner *learner, value_set *set, vg_str text)
{
    bool is_new = false;
    if (set->diverse || !text.len)
        return true;
    text = vg_str_sub(text, 0, BASELINE_MOST_TEXT);
    vg_map_entry *slot = vg_map_get(learner->pool, text);
    for (size_t i = 0; slot && i < set->count; i++)
        if (set->items[i] == slot->value.u64)
            return true;
    if (set->count == BASELINE_MOST_VALUES) {
        *set = (value_set){.diverse = true};
        return true;
    }
    if (!slot) {
        vg_str copy = vg_arena_str(learner->arena, text);
        slot = copy.ptr ? vg_map_put(learner->pool, copy, &is_new) : NULL;
        if (!slot)
            return false;
        slot->value.u64 = vg_map_len(learner->pool) - 1;
    }
    void *items = set->items;
    if (!grow(learner->arena, &items, sizeof *set->items, set->count, &set->room, BASELINE_MOST_VALUES))
        return false;
    set->items = items;
    set->items[set->count++] = (uint32_t)slot->value.u64;
    return true;
}

static bool add_mark(vg_learner *learner, entry *e, uint64_t mark)
{
    size_t at = e->mark_count;
    if (at == BASELINE_MOST_MARKS && mark >= e->marks[at - 1])
        return true;
    while (at > 0 && e->marks[at - 1] > mark)
        at--;
    if (at > 0 && e->marks[at - 1] == mark)
        return true;
    if (e->mark_count == BASELINE_MOST_MARKS)
        e->mark_count--;
    void *marks = e->marks;
    if (!grow(learner->arena, &marks, sizeof *e->marks, e->mark_count, &e->mark_room, BASELINE_MOST_MARKS))
        return false;
    e->marks = marks;
    memmove(e->marks + at + 1, e->marks + at, (e->mark_count - at) * sizeof *e->marks);
    e->marks[at] = mark;
    e->mark_count++;
    return true;
}

uint64_t baseline_events(const uint64_t *marks, size_t count)
{
    if (count < BASELINE_MOST_MARKS)
        return count;
    double share = ((double)marks[count - 1] + 1) / 18446744073709551616.0;
    double estimate = (double)(count - 1) / share;
    return estimate < 1e15 ? (uint64_t)estimate : (uint64_t)1e15;
}

/* ---- entries --------------------------------------------------------------------------------------------------------- */

/* The length of the account, the account, the actor. */
static vg_str key_of(vg_learner *learner, vg_str account, vg_str actor)
{
    char *key = vg_arena_alloc(learner->scratch, KEY_HEAD + account.len + actor.len);
    if (!key)
        return (vg_str){0};
    key[0] = (char)(account.len & 0xFF);
    key[1] = (char)(account.len >> 8);
    if (account.len)
        memcpy(key + KEY_HEAD, account.ptr, account.len);
    if (actor.len)
        memcpy(key + KEY_HEAD + account.len, actor.ptr, actor.len);
    return (vg_str){key, KEY_HEAD + account.len + actor.len};
}

/* The entry, made when it is not there. *out is NULL for one that does not fit. False: memory is out. */
static bool entry_of(vg_learner *learner, vg_str account, vg_str actor, entry **out)
{
    account = vg_str_sub(account, 0, BASELINE_MOST_TEXT);
    actor = vg_str_sub(actor, 0, BASELINE_MOST_TEXT);
    vg_str key = key_of(learner, account, actor);
    *out = NULL;
    if (!key.ptr)
        return false;
    uint64_t rank = actor.len ? vg_hash64(key, SEED) : vg_hash64(key, SEED) >> 20;
    if (rank >= learner->below)
        return true;
    vg_map_entry *slot = vg_map_get(learner->entries, key);
    if (slot) {
        *out = slot->value.ptr;
        return true;
    }
    vg_str copy = vg_arena_str(learner->arena, key);
    entry *e = VG_NEW(learner->arena, entry);
    slot = copy.ptr && e ? vg_map_put(learner->entries, copy, NULL) : NULL;
    if (!slot)
        return false;
    *e = (entry){.account = vg_str_sub(copy, KEY_HEAD, account.len),
                 .actor = vg_str_sub(copy, KEY_HEAD + account.len, VG_NPOS),
                 .rank = rank,
                 .first = INT64_MAX,
                 .last = INT64_MIN};
    slot->value.ptr = e;
    *out = e;
    return true;
}

static void join_times(entry *e, vg_time first, vg_time last, const baseline_hours *hours)
{
    e->first = first < e->first ? first : e->first;
    e->last = last > e->last ? last : e->last;
    for (size_t i = 0; i < VG_COUNT(hours->bits); i++)
        e->hours.bits[i] |= hours->bits[i];
}

static const entry *entry_at(const vg_learner *learner, size_t i)
{
    return vg_map_at(learner->entries, i)->value.ptr;
}

/* Joins another learner's entry. */
static bool join(vg_learner *into, const vg_learner *from, const entry *e)
{
    entry *mine;
    vg_arena_reset(into->scratch);
    if (!entry_of(into, e->account, e->actor, &mine))
        return false;
    bool fine = true;
    if (!mine)
        return true;
    join_times(mine, e->first, e->last, &e->hours);
    for (size_t i = 0; i < e->mark_count && fine; i++)
        fine = add_mark(into, mine, e->marks[i]);
    for (size_t s = 0; s < BASELINE_SETS; s++) {
        const value_set *set = &e->sets[s];
        for (size_t i = 0; i < set->count && fine; i++)
            fine = add_value(into, &mine->sets[s], vg_map_at(from->pool, set->items[i])->key);
        if (set->diverse)
            mine->sets[s] = (value_set){.diverse = true};
    }
    return fine;
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Leaves out the entries of the highest ranks, and moves the others to memory of their own. */
static vg_status cut(vg_learner *learner, vg_error *err)
{
    vg_learner old = *learner;
    size_t count = vg_map_len(old.entries), most = ROOM * old.most;
    uint64_t *ranks = VG_NEW_N(old.arena, uint64_t, count + 1);
    if (!ranks)
        return out_of_memory(err);
    for (size_t i = 0; i < count; i++)
        ranks[i] = entry_at(&old, i)->rank;
    qsort(ranks, count, sizeof *ranks, by_number);
    learner->below = ranks[most];
    bool fine = begin(learner);
    for (size_t i = 0; i < count && fine; i++)
        fine = join(learner, &old, entry_at(&old, i));
    vg_arena_free(old.arena);
    return fine ? VG_OK : out_of_memory(err);
}

/* Only now and then: an entry that stays in the end was never left out before, whenever that is looked at. */
static vg_status keep_room(vg_learner *learner, bool at_the_end, vg_error *err)
{
    size_t most = ROOM * learner->most;
    return vg_map_len(learner->entries) > (at_the_end ? most : 2 * most) ? cut(learner, err) : VG_OK;
}

/* ---- learning -------------------------------------------------------------------------------------------------------- */

unsigned baseline_hour_of(vg_time time)
{
    enum { THURSDAY = 72 }; /* 1970-01-01, in hours since Monday */
    const int64_t hour = 3600 * VG_TIME_SECOND;
    int64_t hours = time / hour - (time % hour < 0);
    int64_t of_week = (hours + THURSDAY) % BASELINE_HOURS;
    return (unsigned)(of_week < 0 ? of_week + BASELINE_HOURS : of_week);
}

static uint64_t mark_of(const vg_event *event)
{
    uint64_t about = vg_hash64(event->record->name, (uint64_t)event->time);
    return vg_hash64(event->id, event->id.len ? SEED : about);
}

static vg_status learn(vg_learner *learner, const vg_event *event, const baseline_traits *traits,
                       vg_str actor, vg_error *err)
{
    entry *e;
    baseline_hours hours = {{0}};
    unsigned hour = baseline_hour_of(event->time);
    hours.bits[hour / 64] = UINT64_C(1) << hour % 64;
    if (!entry_of(learner, traits->account, actor, &e))
        return out_of_memory(err);
    if (!e)
        return VG_OK;
    join_times(e, event->time, event->time, &hours);
    bool fine = add_mark(learner, e, mark_of(event));
    for (size_t s = 0; s < BASELINE_SETS && fine; s++)
        if ((s == VG_USUAL_REGION) == !actor.len)
            fine = add_value(learner, &e->sets[s], traits->values[s]);
    return fine ? VG_OK : out_of_memory(err);
}

vg_status vg_learner_event(vg_learner *learner, const vg_event *event, const vg_geo *geo, vg_error *err)
{
    baseline_traits traits;
    vg_arena_reset(learner->scratch);
    if (!baseline_traits_of(event, geo, learner->scratch, &traits))
        return VG_OK;
    VG_TRY(learn(learner, event, &traits, (vg_str){0}, err));
    if (traits.actor.len)
        VG_TRY(learn(learner, event, &traits, traits.actor, err));
    return keep_room(learner, false, err);
}

vg_status vg_learner_merge(vg_learner *into, const vg_learner *from, vg_error *err)
{
    into->below = from->below < into->below ? from->below : into->below;
    for (size_t i = 0; i < vg_map_len(from->entries); i++) {
        if (!join(into, from, entry_at(from, i)))
            return out_of_memory(err);
        VG_TRY(keep_room(into, false, err));
    }
    return VG_OK;
}

static bool recall(vg_learner *learner, const vg_baseline *baseline, const baseline_entry *e)
{
    entry *mine;
    vg_arena_reset(learner->scratch);
    if (!entry_of(learner, baseline_text(baseline, e->account), baseline_text(baseline, e->actor), &mine))
        return false;
    bool fine = true;
    if (!mine)
        return true;
    join_times(mine, e->first, e->last, &e->hours);
    for (size_t i = 0; i < e->marks && fine; i++)
        fine = add_mark(learner, mine, baseline->marks[e->first_mark + i]);
    for (size_t s = 0; s < BASELINE_SETS; s++) {
        const uint32_t *items = baseline_set(baseline, e, s);
        for (size_t i = 0; i < e->counts[s] && fine; i++)
            fine = add_value(learner, &mine->sets[s], baseline_text(baseline, items[i]));
        if (e->diverse >> s & 1)
            mine->sets[s] = (value_set){.diverse = true};
    }
    return fine;
}

vg_status vg_learner_recall(vg_learner *learner, const vg_baseline *baseline, vg_error *err)
{
    for (size_t i = 0; i < baseline->entry_count; i++) {
        if (!recall(learner, baseline, &baseline->entries[i]))
            return out_of_memory(err);
        VG_TRY(keep_room(learner, false, err));
    }
    return VG_OK;
}

/* ---- saving ---------------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_arena *arena;
    const vg_learner *learner;
    const entry **entries;
    size_t count;
    uint64_t left_out;
    vg_vec texts;                      /* vg_str, ascending, each once */
    vg_vec marks, references, on_disk; /* uint64_t, uint32_t, baseline_entry */
    bool failed;
} saving;

/* Accounts first, then by events, most first. */
static int by_use(const void *a, const void *b)
{
    const entry *x = *(const entry *const *)a, *y = *(const entry *const *)b;
    if (!x->actor.len != !y->actor.len)
        return x->actor.len ? 1 : -1;
    uint64_t m = baseline_events(x->marks, x->mark_count), n = baseline_events(y->marks, y->mark_count);
    if (m != n)
        return m > n ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static int by_name(const void *a, const void *b)
{
    const entry *x = *(const entry *const *)a, *y = *(const entry *const *)b;
    int order = vg_str_cmp(x->account, y->account);
    return order ? order : vg_str_cmp(x->actor, y->actor);
}

static int by_text(const void *a, const void *b)
{
    return vg_str_cmp(*(const vg_str *)a, *(const vg_str *)b);
}

/* Actors that were left out while learning: as many more as ranks lie above those that stayed. */
static uint64_t never_held(const vg_learner *learner)
{
    uint64_t highest = 0;
    if (learner->below == UINT64_MAX)
        return 0;
    for (size_t i = 0; i < vg_map_len(learner->entries); i++)
        highest = entry_at(learner, i)->rank > highest ? entry_at(learner, i)->rank : highest;
    double held = (double)vg_map_len(learner->entries), share = (double)highest / 18446744073709551616.0;
    double all = held / (share > 1e-9 ? share : 1e-9);
    return all > held ? (uint64_t)(all - held) : 0;
}

static bool choose(saving *s)
{
    size_t held = vg_map_len(s->learner->entries);
    s->entries = VG_NEW_N(s->arena, const entry *, held + 1);
    if (!s->entries)
        return false;
    for (size_t i = 0; i < held; i++)
        s->entries[i] = entry_at(s->learner, i);
    qsort(s->entries, held, sizeof *s->entries, by_use);
    s->count = held < s->learner->most ? held : s->learner->most;
    s->left_out = never_held(s->learner) + (held - s->count);
    qsort(s->entries, s->count, sizeof *s->entries, by_name);
    return true;
}

static void list_text(saving *s, vg_str text)
{
    vg_str *slot = vg_vec_push(&s->texts);
    s->failed |= !slot;
    if (slot)
        *slot = text;
}

static void list_texts(saving *s)
{
    for (size_t i = 0; i < s->count; i++) {
        const entry *e = s->entries[i];
        list_text(s, e->account);
        list_text(s, e->actor);
        for (size_t k = 0; k < BASELINE_SETS; k++)
            for (size_t v = 0; v < e->sets[k].count; v++)
                list_text(s, vg_map_at(s->learner->pool, e->sets[k].items[v])->key);
    }
    vg_str *all = s->texts.items;
    size_t kept = 0;
    if (s->texts.len)
        qsort(all, s->texts.len, sizeof *all, by_text);
    for (size_t i = 0; i < s->texts.len; i++)
        if (kept == 0 || !vg_str_eq(all[kept - 1], all[i]))
            all[kept++] = all[i];
    s->texts.len = kept;
}

static uint32_t number_of(const saving *s, vg_str text)
{
    const vg_str *all = s->texts.items, *found = bsearch(&text, all, s->texts.len, sizeof *all, by_text);
    return found ? (uint32_t)(found - all) : 0;
}

static int by_reference(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void put_set(saving *s, const value_set *set)
{
    size_t from = s->references.len;
    for (size_t i = 0; i < set->count; i++) {
        uint32_t *slot = vg_vec_push(&s->references);
        s->failed |= !slot;
        if (slot)
            *slot = number_of(s, vg_map_at(s->learner->pool, set->items[i])->key);
    }
    if (s->references.len > from)
        qsort(vg_vec_at(&s->references, from), s->references.len - from, sizeof(uint32_t), by_reference);
}

static void put_entry(saving *s, const entry *e)
{
    baseline_entry *out = vg_vec_push(&s->on_disk);
    s->failed |= !out;
    if (!out)
        return;
    *out = (baseline_entry){.account = number_of(s, e->account),
                            .actor = number_of(s, e->actor),
                            .first = e->first,
                            .last = e->last,
                            .hours = e->hours,
                            .first_mark = (uint32_t)s->marks.len,
                            .first_reference = (uint32_t)s->references.len,
                            .marks = e->mark_count};
    for (size_t i = 0; i < e->mark_count; i++) {
        uint64_t *slot = vg_vec_push(&s->marks);
        s->failed |= !slot;
        if (slot)
            *slot = e->marks[i];
    }
    for (size_t k = 0; k < BASELINE_SETS; k++) {
        out->counts[k] = e->sets[k].count;
        out->diverse = (uint8_t)(out->diverse | e->sets[k].diverse << k);
        put_set(s, &e->sets[k]);
    }
}

static void add_items(vg_buf *block, const vg_vec *items)
{
    if (items->len)
        vg_buf_add(block, items->items, items->len * items->item_size);
}

static void put_texts(const saving *s, vg_buf *block, uint64_t *bytes)
{
    *bytes = 0;
    for (size_t i = 0; i < s->texts.len; i++) {
        *bytes += ((vg_str *)vg_vec_at(&s->texts, i))->len;
        uint32_t end = (uint32_t)*bytes;
        vg_buf_add(block, &end, sizeof end);
    }
    for (size_t i = 0; i < s->texts.len && *bytes <= UINT32_MAX; i++)
        vg_buf_add_str(block, *(vg_str *)vg_vec_at(&s->texts, i));
}

static vg_status write_block(saving *s, vg_str *out, vg_error *err)
{
    vg_buf block = {0};
    baseline_header h = {.magic = "VGUSUAL",
                         .version = BASELINE_VERSION,
                         .entries = (uint32_t)s->on_disk.len,
                         .marks = s->marks.len,
                         .references = s->references.len,
                         .texts = s->texts.len,
                         .left_out = s->left_out};
    vg_buf_add(&block, &h, sizeof h);
    add_items(&block, &s->on_disk);
    add_items(&block, &s->marks);
    add_items(&block, &s->references);
    put_texts(s, &block, &h.text_bytes);
    if (h.text_bytes > UINT32_MAX) {
        vg_buf_free(&block);
        return vg_fail(err, VG_ERR_LIMIT,
                       "names of what was learned take more than 4 GiB; learn from fewer accounts");
    }
    if (!block.failed && !s->failed) {
        memcpy(block.ptr, &h, sizeof h);
        h.checksum = baseline_checksum(vg_buf_str(&block));
        memcpy(block.ptr, &h, sizeof h);
        *out = vg_arena_str(s->arena, vg_buf_str(&block));
    }
    vg_buf_free(&block);
    return out->ptr ? VG_OK : out_of_memory(err);
}

static vg_status compile(vg_arena *arena, const vg_learner *learner, vg_str *out, vg_error *err)
{
    saving s = {.arena = arena,
                .learner = learner,
                .texts = vg_vec_in(arena, sizeof(vg_str)),
                .marks = vg_vec_in(arena, sizeof(uint64_t)),
                .references = vg_vec_in(arena, sizeof(uint32_t)),
                .on_disk = vg_vec_in(arena, sizeof(baseline_entry))};
    *out = (vg_str){0};
    if (!choose(&s))
        return out_of_memory(err);
    list_texts(&s);
    for (size_t i = 0; i < s.count; i++)
        put_entry(&s, s.entries[i]);
    return write_block(&s, out, err);
}

vg_status vg_learner_compile(vg_arena *arena, vg_learner *learner, vg_str *out, vg_error *err)
{
    VG_TRY(keep_room(learner, true, err));
    return compile(arena, learner, out, err);
}
