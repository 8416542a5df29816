/* search.c: a search over all that was ingested.
 *
 * The indexes choose log files; these are opened in the order of their first times, a round of them at once. A match may be
 * given as soon as every file that is still closed begins later, so matches come out by time, and only those wait that
 * overlap with what is open. The same event in several files has one time: which ones were seen needs to be remembered no
 * longer than its time is not yet passed. Newest first is the same with time turned round. */
#include "trail/search_part.h"

#include "trail/ingest_part.h"
#include "trail/search_run.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { ROUND_A_LANE = 4, MOST_LANES = 64, MOST_LINKED = 1000 };

typedef struct {
    const vg_trail_index *index; /* NULL: no index tells of it */
    uint32_t object;
    vg_str key; /* when there is no index */
    vg_time at; /* nothing in it comes before this, in the order of output */
} search_candidate;

/* The matches of a round live until the last of them was given. */
typedef struct {
    vg_arena **arenas;
    size_t arena_count;
    size_t left;
} search_round;

typedef struct {
    search_found found;
    search_round *round;
    uint64_t order; /* of arrival: ties of time and identity cannot be, but for what has no id */
    vg_time at;
} search_waiting;

typedef struct {
    uint64_t identity[2];
    vg_time at;
    bool used;
} search_seen;

typedef struct {
    const vg_search *search;
    const vg_search_options *options;
    vg_search_counts *counts;
    vg_arena *arena;
    vg_vec candidates;
    search_scan *scans; /* of a round */
    vg_status *failures;
    vg_error *errors;
    size_t lanes, first, round_count;
    _Atomic size_t next;
    vg_arena **scratch, **record_arenas; /* by lane */
    search_waiting *heap;
    size_t waiting, heap_room;
    search_seen *seen;
    size_t seen_room, seen_count;
    uint64_t arrived, given;
    vg_map *shared; /* when matches are gathered for their shared ids alone: these */
    bool gather_shared;
} searching;

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while searching");
}

/* The time as it is sorted: what has none comes last. */
static vg_time order_of(const searching *s, vg_time time)
{
    if (time == VG_TIME_NONE)
        return INT64_MAX;
    return s->options->newest_first ? -time : time;
}

/* ---- which files ------------------------------------------------------------------------------------------------------------------- */

/* Whether a newer index tells of the same log file: it was read again, having changed. */
static vg_status is_replaced(const searching *s, size_t index, uint32_t object, vg_arena *scratch, bool *out,
                             vg_error *err)
{
    vg_trail_object read;
    char text[VG_TRAIL_TERM];
    *out = false;
    vg_arena_reset(scratch);
    VG_TRY(vg_trail_index_object(s->options->indexes[index], scratch, object, &read, err));
    vg_str term = vg_trail_term_of(VG_TRAIL_OBJECT, read.key, text);
    for (size_t i = index + 1; i < s->options->index_count && !*out; i++) {
        vg_vec newer = vg_vec_in(scratch, sizeof(uint32_t));
        VG_TRY(vg_trail_index_find(s->options->indexes[i], VG_TRAIL_OBJECT, term, &newer, err));
        *out = newer.len > 0;
    }
    return VG_OK;
}

static bool overlaps(const index_place *place, vg_time since, vg_time until)
{
    if (since == VG_TIME_NONE && until == VG_TIME_NONE)
        return true;
    if (place->first == VG_TIME_NONE)
        return false; /* nothing in it tells a time */
    return (since == VG_TIME_NONE || place->last >= since) &&
           (until == VG_TIME_NONE || place->first <= until);
}

static vg_status add_candidate(searching *s, size_t index, uint32_t object, vg_time since, vg_time until,
                               vg_arena *scratch, vg_error *err)
{
    index_place place;
    bool replaced = false;
    VG_TRY(index_place_of(s->options->indexes[index], object, &place, err));
    if (place.events == 0 || !overlaps(&place, since, until))
        return VG_OK;
    if (index + 1 < s->options->index_count)
        VG_TRY(is_replaced(s, index, object, scratch, &replaced, err));
    if (replaced)
        return VG_OK;
    search_candidate *candidate = vg_vec_push(&s->candidates);
    if (!candidate)
        return no_memory(err);
    vg_time edge = s->options->newest_first ? place.last : place.first;
    *candidate =
        (search_candidate){.index = s->options->indexes[index], .object = object, .at = order_of(s, edge)};
    return VG_OK;
}

static vg_status choose_in(searching *s, size_t index, vg_time since, vg_time until, vg_arena *scratch,
                           vg_error *err)
{
    const vg_trail_index *from = s->options->indexes[index];
    vg_arena *plan_arena = vg_arena_new(0);
    vg_vec objects = vg_vec_in(plan_arena, sizeof(uint32_t));
    bool all = false;
    vg_status status =
        plan_arena ? vg_search_objects(s->search, from, plan_arena, &objects, &all, err) : no_memory(err);
    s->counts->objects += from->head.objects;
    size_t count = all ? (size_t)from->head.objects : objects.len;
    for (size_t i = 0; i < count && status == VG_OK; i++) {
        uint32_t object = all ? (uint32_t)i : *(uint32_t *)vg_vec_at(&objects, i);
        status = add_candidate(s, index, object, since, until, scratch, err);
    }
    vg_arena_free(plan_arena);
    return status;
}

static int compare_candidates(const void *left, const void *right)
{
    const search_candidate *a = left, *b = right;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    if (a->object != b->object)
        return a->object < b->object ? -1 : 1;
    return 0;
}

static vg_status choose(searching *s, vg_error *err)
{
    vg_time since, until;
    vg_arena *scratch = vg_arena_new(0);
    vg_status status = scratch ? VG_OK : no_memory(err);
    vg_search_times(s->search, &since, &until);
    if (s->options->since != VG_TIME_NONE && (since == VG_TIME_NONE || s->options->since > since))
        since = s->options->since;
    if (s->options->until != VG_TIME_NONE && (until == VG_TIME_NONE || s->options->until < until))
        until = s->options->until;
    s->candidates = vg_vec_in(s->arena, sizeof(search_candidate));
    for (size_t i = 0; i < s->options->index_count && status == VG_OK; i++)
        status = choose_in(s, i, since, until, scratch, err);
    for (size_t i = 0; i < s->options->other_count && status == VG_OK; i++) {
        search_candidate *candidate = vg_vec_push(&s->candidates);
        if (!candidate)
            status = no_memory(err);
        else
            *candidate = (search_candidate){.key = s->options->others[i], .at = INT64_MIN};
    }
    vg_arena_free(scratch);
    if (status == VG_OK && s->candidates.len > 1)
        qsort(s->candidates.items, s->candidates.len, sizeof(search_candidate), compare_candidates);
    s->counts->objects += s->options->other_count;
    s->counts->chosen = s->candidates.len;
    return status;
}

/* ---- a round ----------------------------------------------------------------------------------------------------------------------- */

static vg_status scan_one(searching *s, search_scan *scan, const search_candidate *candidate, vg_error *err)
{
    vg_trail_object object;
    vg_arena_reset(scan->scratch);
    scan->key = vg_arena_str(scan->arena, candidate->key);
    if (!candidate->index)
        return scan->key.ptr ? search_scan_object(scan, NULL, err) : no_memory(err);
    VG_TRY(vg_trail_index_object(candidate->index, scan->arena, candidate->object, &object, err));
    scan->key = object.key;
    (void)s;
    return search_scan_object(scan, &object, err);
}

static void run_lane(void *context, size_t lane)
{
    searching *s = context;
    for (size_t i; (i = atomic_fetch_add(&s->next, 1)) < s->round_count;) {
        search_scan *scan = &s->scans[i];
        scan->scratch = s->scratch[lane];
        scan->record_arena = s->record_arenas[lane];
        s->failures[i] = scan_one(s, scan, vg_vec_at(&s->candidates, s->first + i), &s->errors[i]);
    }
}

static void end_round(search_round *round)
{
    for (size_t i = 0; i < round->arena_count; i++)
        vg_arena_free(round->arenas[i]);
    free(round->arenas);
    free(round);
}

/* Matches of the round hold it until they were given; so does the round itself while it is taken in. */
static void release(search_round *round)
{
    if (--round->left == 0)
        end_round(round);
}

static search_round *begin_round(searching *s, size_t count)
{
    search_round *round = calloc(1, sizeof *round);
    if (!round)
        return NULL;
    *round = (search_round){.arenas = calloc(count, sizeof(vg_arena *)), .left = 1};
    for (size_t i = 0; round->arenas && i < count; i++) {
        round->arenas[i] = vg_arena_new(0);
        if (!round->arenas[i])
            break;
        round->arena_count++;
        s->scans[i] = (search_scan){.search = s->search,
                                    .options = s->options,
                                    .arena = round->arenas[i],
                                    .found = vg_vec_in(round->arenas[i], sizeof(search_found))};
    }
    if (round->arenas && round->arena_count == count)
        return round;
    end_round(round);
    return NULL;
}

/* ---- each event once ---------------------------------------------------------------------------------------------------------------- */

static search_seen *seen_slot(search_seen *seen, size_t room, const uint64_t identity[2])
{
    for (size_t i = identity[0] & (room - 1);; i = (i + 1) & (room - 1))
        if (!seen[i].used || (seen[i].identity[0] == identity[0] && seen[i].identity[1] == identity[1]))
            return &seen[i];
}

/* Makes room, forgetting what lies before `passed`: no file that is still closed holds it. */
static bool make_room(searching *s, vg_time passed)
{
    size_t kept = 0, room = 1024;
    for (size_t i = 0; i < s->seen_room; i++)
        kept += s->seen[i].used && s->seen[i].at >= passed;
    while (room < kept * 4)
        room *= 2;
    search_seen *seen = calloc(room, sizeof *seen);
    if (!seen)
        return false;
    for (size_t i = 0; i < s->seen_room; i++)
        if (s->seen[i].used && s->seen[i].at >= passed)
            *seen_slot(seen, room, s->seen[i].identity) = s->seen[i];
    free(s->seen);
    s->seen = seen;
    s->seen_room = room;
    s->seen_count = kept;
    return true;
}

static bool is_new(searching *s, const search_found *found, vg_time at, vg_time passed, bool *failed)
{
    if (s->seen_count * 2 >= s->seen_room && !make_room(s, passed)) {
        *failed = true;
        return false;
    }
    search_seen *slot = seen_slot(s->seen, s->seen_room, found->identity);
    if (slot->used)
        return false;
    *slot = (search_seen){{found->identity[0], found->identity[1]}, at, true};
    s->seen_count++;
    return true;
}

/* ---- by time ---------------------------------------------------------------------------------------------------------------------------- */

static bool comes_before(const search_waiting *a, const search_waiting *b)
{
    if (a->at != b->at)
        return a->at < b->at;
    for (size_t i = 0; i < 2; i++)
        if (a->found.identity[i] != b->found.identity[i])
            return a->found.identity[i] < b->found.identity[i];
    return a->order < b->order;
}

static bool push_waiting(searching *s, search_waiting item)
{
    if (s->waiting == s->heap_room) {
        size_t room = s->heap_room ? s->heap_room * 2 : 256;
        search_waiting *heap = realloc(s->heap, room * sizeof *heap);
        if (!heap)
            return false;
        s->heap = heap;
        s->heap_room = room;
    }
    size_t i = s->waiting++;
    for (; i > 0 && comes_before(&item, &s->heap[(i - 1) / 2]); i = (i - 1) / 2)
        s->heap[i] = s->heap[(i - 1) / 2];
    s->heap[i] = item;
    return true;
}

static search_waiting pop_waiting(searching *s)
{
    search_waiting first = s->heap[0], last = s->heap[--s->waiting];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < s->waiting; i = child) {
        if (child + 1 < s->waiting && comes_before(&s->heap[child + 1], &s->heap[child]))
            child++;
        if (!comes_before(&s->heap[child], &last))
            break;
        s->heap[i] = s->heap[child];
    }
    s->heap[i] = last;
    return first;
}

static bool is_done(const searching *s)
{
    return s->options->limit && s->given >= s->options->limit;
}

static vg_status give(searching *s, const search_waiting *item, vg_error *err)
{
    s->given++;
    if (!s->gather_shared)
        return s->options->hit ? s->options->hit(s->options->context, &item->found.hit, err) : VG_OK;
    vg_str id = item->found.hit.shared_id;
    if (!id.len || vg_map_len(s->shared) >= MOST_LINKED)
        return VG_OK;
    vg_str kept = vg_arena_str(s->arena, id);
    return kept.ptr && vg_map_put(s->shared, kept, NULL) ? VG_OK : no_memory(err);
}

/* Gives what comes before `passed`. */
static vg_status give_until(searching *s, vg_time passed, vg_error *err)
{
    vg_status status = VG_OK;
    while (s->waiting && status == VG_OK && !is_done(s) && s->heap[0].at < passed) {
        search_waiting item = pop_waiting(s);
        status = give(s, &item, err);
        release(item.round);
    }
    return status;
}

static vg_status take_scan(searching *s, search_scan *scan, search_round *round, vg_time passed,
                           vg_error *err)
{
    bool failed = false;
    s->counts->opened++;
    s->counts->events += scan->events;
    s->counts->bytes += scan->bytes;
    s->counts->raw += scan->raw;
    s->counts->bad += scan->is_bad;
    if (scan->is_bad && s->options->bad && !s->gather_shared)
        s->options->bad(s->options->context, scan->key, &scan->bad);
    for (size_t i = 0; i < scan->found.len && !failed; i++) {
        const search_found *found = vg_vec_at(&scan->found, i);
        vg_time at = order_of(s, found->hit.time);
        if (!is_new(s, found, at, passed, &failed)) {
            s->counts->duplicates += !failed;
            continue;
        }
        s->counts->hits++;
        round->left++;
        failed = !push_waiting(s, (search_waiting){*found, round, s->arrived++, at});
    }
    return failed ? no_memory(err) : VG_OK;
}

static vg_status take_round(searching *s, search_round *round, vg_error *err)
{
    const search_candidate *candidates = s->candidates.items;
    vg_time before = candidates[s->first].at; /* what is seen before this cannot come again */
    for (size_t i = 0; i < s->round_count; i++) {
        if (s->failures[i] != VG_OK) {
            vg_error_copy(err, &s->errors[i]);
            return s->failures[i];
        }
        VG_TRY(take_scan(s, &s->scans[i], round, before, err));
    }
    size_t next = s->first + s->round_count;
    return give_until(s, next < s->candidates.len ? candidates[next].at : INT64_MAX, err);
}

static vg_status run_round(searching *s, vg_error *err)
{
    size_t most = s->lanes * ROUND_A_LANE, left = s->candidates.len - s->first;
    s->round_count = left < most ? left : most;
    search_round *round = begin_round(s, s->round_count);
    if (!round)
        return no_memory(err);
    atomic_store(&s->next, 0);
    vg_parallel(s->lanes < s->round_count ? s->lanes : s->round_count,
                s->lanes < s->round_count ? s->lanes : s->round_count, run_lane, s);
    vg_status status = take_round(s, round, err);
    release(round);
    s->first += s->round_count;
    if (s->options->progress)
        s->options->progress(s->options->context, s->first, s->candidates.len);
    return status;
}

/* ---- the whole -------------------------------------------------------------------------------------------------------------------------- */

static vg_status open_lanes(searching *s, vg_error *err)
{
    size_t lanes = s->options->threads ? s->options->threads : vg_cpu_count();
    s->lanes = lanes < MOST_LANES ? lanes : MOST_LANES;
    size_t round = s->lanes * ROUND_A_LANE;
    s->scans = VG_NEW_N(s->arena, search_scan, round);
    s->failures = VG_NEW_N(s->arena, vg_status, round);
    s->errors = VG_NEW_N(s->arena, vg_error, round);
    s->scratch = VG_NEW_N(s->arena, vg_arena *, s->lanes);
    s->record_arenas = VG_NEW_N(s->arena, vg_arena *, s->lanes);
    bool good = s->scans && s->failures && s->errors && s->scratch && s->record_arenas;
    for (size_t i = 0; good && i < s->lanes; i++) {
        s->scratch[i] = vg_arena_new(0);
        s->record_arenas[i] = vg_arena_new(0);
        good = s->scratch[i] && s->record_arenas[i];
    }
    return good ? VG_OK : no_memory(err);
}

static void close_lanes(searching *s)
{
    for (size_t i = 0; s->scratch && s->record_arenas && i < s->lanes; i++) {
        vg_arena_free(s->scratch[i]);
        vg_arena_free(s->record_arenas[i]);
    }
    while (s->waiting) {
        search_waiting item = pop_waiting(s);
        release(item.round);
    }
    free(s->heap);
    free(s->seen);
}

static vg_status run_search(searching *s, vg_error *err)
{
    vg_status status = choose(s, err);
    if (status == VG_OK)
        status = open_lanes(s, err);
    while (status == VG_OK && s->first < s->candidates.len && !is_done(s))
        status = run_round(s, err);
    if (status == VG_OK) /* what tells no time */
        status = give_until(s, INT64_MAX, err);
    while (status == VG_OK && s->waiting && !is_done(s)) {
        search_waiting item = pop_waiting(s);
        status = give(s, &item, err);
        release(item.round);
    }
    close_lanes(s);
    return status;
}

/* "(EXPRESSION) or sharedEventID in (...)", of what the expression finds. */
static vg_status with_linked(const vg_search *search, vg_arena *arena, const vg_map *shared,
                             const vg_search **out, vg_error *err)
{
    vg_search *wider = VG_NEW(arena, vg_search);
    size_t count = vg_map_len(shared), n = search->node_count;
    search_node *nodes = VG_NEW_N(arena, search_node, n + 2);
    search_value *values = VG_NEW_N(arena, search_value, count + 1);
    if (!wider || !nodes || !values)
        return no_memory(err);
    memcpy(nodes, search->nodes, n * sizeof *nodes);
    for (size_t i = 0; i < count; i++) {
        vg_str id = vg_map_at(shared, i)->key;
        char *marks = vg_arena_calloc(arena, id.len + 1, 1);
        if (!marks)
            return no_memory(err);
        values[i] = (search_value){.text = id, .marks = marks};
    }
    nodes[n] = (search_node){.kind = SEARCH_COMPARE,
                             .field = {.from = SEARCH_TERM, .term = VG_TRAIL_SHARED},
                             .values = values,
                             .value_count = count};
    nodes[n + 1] = (search_node){.kind = SEARCH_OR, .left = search->root, .right = (uint32_t)n};
    *wider = (vg_search){nodes, n + 2, (uint32_t)n + 1};
    *out = wider;
    return VG_OK;
}

/* What an account that shares the event recorded of it is found by the id that both have: the first pass finds the ids. */
static vg_status widen(const vg_search *search, const vg_search_options *options, vg_arena *arena,
                       const vg_search **out, vg_error *err)
{
    vg_search_counts counts = {0};
    searching s = {.search = search,
                   .options = options,
                   .counts = &counts,
                   .arena = arena,
                   .shared = vg_map_new(arena, 0),
                   .gather_shared = true};
    if (!s.shared)
        return no_memory(err);
    VG_TRY(run_search(&s, err));
    return vg_map_len(s.shared) ? with_linked(search, arena, s.shared, out, err) : VG_OK;
}

vg_status vg_search_run(const vg_search *search, const vg_search_options *options, vg_search_counts *counts,
                        vg_error *err)
{
    vg_arena *arena = vg_arena_new(0);
    searching s = {.search = search, .options = options, .counts = counts, .arena = arena};
    vg_status status = arena ? VG_OK : no_memory(err);
    *counts = (vg_search_counts){0};
    if (status == VG_OK && options->linked)
        status = widen(search, options, arena, &s.search, err);
    if (status == VG_OK)
        status = run_search(&s, err);
    vg_arena_free(arena);
    return status;
}
