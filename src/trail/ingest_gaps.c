/* ingest_gaps.c: hours in which logs should have something and have nothing.
 *
 * Three reasons are good enough. A digest names log files of the hour, and neither in it nor in the hour before (log files
 * come up to a quarter of an hour late) is an event of that account and region here. A trail has digests before and after,
 * and none of the hour. Or the place is never quiet: of the day before and the day after all hours have events. Where a
 * digest says that nothing was delivered, there is no gap. */
#include "trail/ingest_part.h"

const char *const vg_gap_names[3] = {"digest", "no-digest", "neighbours"};

enum { NEIGHBOURS = 24, LONGEST = 2 * 366 * 24 }; /* hours; what lies further apart are no neighbours */

typedef struct {
    vg_arena *arena;
    const vg_trail_cover *covers;
    size_t count;
    vg_map *places;   /* account and region -> 1 + index of its last cover */
    uint32_t *before; /* by cover: 1 + index of another of its place; 0: none */
    uint32_t last;    /* of the place at hand: as in `places` */
    vg_vec *gaps;
} gap_search;

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while looking for gaps");
}

/* Whether the hour is in one of the ascending runs. */
static bool has_hour(const vg_trail_cover *cover, int64_t hour)
{
    size_t low = 0, high = cover->run_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (cover->runs[middle].to <= hour)
            low = middle + 1;
        else
            high = middle;
    }
    return low < cover->run_count && cover->runs[low].from <= hour;
}

/* Covers of one place hang together, so that an hour is asked of these alone. */
static vg_str place_key(vg_buf *key, const vg_trail_cover *cover)
{
    vg_buf_clear(key);
    vg_buf_add_str(key, cover->account);
    vg_buf_add_char(key, ' ');
    vg_buf_add_str(key, cover->region);
    return vg_buf_str(key);
}

static vg_status link_places(gap_search *s, vg_error *err)
{
    vg_buf key = {0};
    s->places = vg_map_new(s->arena, 0);
    s->before = VG_NEW_N(s->arena, uint32_t, s->count + 1);
    bool good = s->places && s->before;
    for (size_t i = 0; good && i < s->count; i++) {
        vg_str kept = vg_arena_str(s->arena, place_key(&key, &s->covers[i]));
        vg_map_entry *entry = kept.ptr ? vg_map_put(s->places, kept, NULL) : NULL;
        good = entry != NULL;
        if (!good)
            break;
        s->before[i] = (uint32_t)entry->value.u64;
        entry->value.u64 = i + 1;
    }
    good = good && !key.failed;
    vg_buf_free(&key);
    return good ? VG_OK : no_memory(err);
}

static void stand_at(gap_search *s, const vg_trail_cover *cover)
{
    vg_buf key = {0};
    const vg_map_entry *entry = vg_map_get(s->places, place_key(&key, cover));
    s->last = entry ? (uint32_t)entry->value.u64 : 0;
    vg_buf_free(&key);
}

/* Whether a log of CloudTrail has an event in the hour, at the place at hand. */
static bool has_event(const gap_search *s, int64_t hour)
{
    for (uint32_t i = s->last; i; i = s->before[i - 1])
        if (s->covers[i - 1].kind <= VG_COVER_NETWORK && has_hour(&s->covers[i - 1], hour))
            return true;
    return false;
}

static bool is_quiet(const gap_search *s, int64_t hour)
{
    for (uint32_t i = s->last; i; i = s->before[i - 1])
        if (s->covers[i - 1].kind == VG_COVER_QUIET && has_hour(&s->covers[i - 1], hour))
            return true;
    return false;
}

static vg_status add_gap(gap_search *s, const vg_trail_cover *place, vg_hours hours, enum vg_gap_why why,
                         vg_error *err)
{
    vg_trail_gap *last = s->gaps->len ? vg_vec_at(s->gaps, s->gaps->len - 1) : NULL;
    if (last && last->why == why && last->hours.to == hours.from &&
        vg_str_eq(last->account, place->account) && vg_str_eq(last->region, place->region) &&
        vg_str_eq(last->name, place->name)) {
        last->hours.to = hours.to;
        return VG_OK;
    }
    vg_trail_gap *gap = vg_vec_push(s->gaps);
    if (!gap)
        return no_memory(err);
    *gap = (vg_trail_gap){place->account, place->region, place->name, hours, why};
    return VG_OK;
}

/* ---- by digests -------------------------------------------------------------------------------------------------------------- */

static vg_status named_and_absent(gap_search *s, const vg_trail_cover *digests, vg_error *err)
{
    for (size_t r = 0; r < digests->run_count; r++)
        for (int64_t hour = digests->runs[r].from; hour < digests->runs[r].to; hour++)
            if (!has_event(s, hour) && !has_event(s, hour - 1))
                VG_TRY(add_gap(s, digests, (vg_hours){hour, hour + 1}, VG_GAP_DIGEST, err));
    return VG_OK;
}

/* The quiet hours of the same trail, or NULL. */
static const vg_trail_cover *quiet_of(const gap_search *s, const vg_trail_cover *digests)
{
    for (uint32_t i = s->last; i; i = s->before[i - 1])
        if (s->covers[i - 1].kind == VG_COVER_QUIET && vg_str_eq(s->covers[i - 1].name, digests->name))
            return &s->covers[i - 1];
    return NULL;
}

static vg_status missing_digests(gap_search *s, const vg_trail_cover *digests, vg_error *err)
{
    const vg_trail_cover *quiet = quiet_of(s, digests);
    vg_trail_cover both[2] = {*digests, quiet ? *quiet : (vg_trail_cover){.kind = digests->kind}};
    vg_vec all = vg_vec_in(s->arena, sizeof(vg_trail_cover));
    for (size_t i = 0; i < 2; i++) {
        vg_trail_cover *slot = vg_vec_push(&all);
        if (!slot)
            return no_memory(err);
        *slot = both[i];
        slot->kind = digests->kind;
        slot->account = digests->account;
        slot->region = digests->region;
        slot->name = digests->name;
    }
    VG_TRY(vg_trail_covers_merge(s->arena, &all, err));
    const vg_trail_cover *told = vg_vec_at(&all, 0);
    for (size_t r = 1; r < told->run_count; r++)
        VG_TRY(
            add_gap(s, digests, (vg_hours){told->runs[r - 1].to, told->runs[r].from}, VG_GAP_NO_DIGEST, err));
    return VG_OK;
}

/* ---- by neighbours ------------------------------------------------------------------------------------------------------------- */

/* Between two runs of management events, each of at least a day. */
static vg_status silent_hours(gap_search *s, const vg_trail_cover *events, vg_error *err)
{
    for (size_t r = 1; r < events->run_count; r++) {
        vg_hours before = events->runs[r - 1], after = events->runs[r];
        if (before.to - before.from < NEIGHBOURS || after.to - after.from < NEIGHBOURS ||
            after.from - before.to > LONGEST)
            continue;
        for (int64_t hour = before.to; hour < after.from; hour++)
            if (!is_quiet(s, hour) && !has_event(s, hour))
                VG_TRY(add_gap(s, events, (vg_hours){hour, hour + 1}, VG_GAP_NEIGHBOURS, err));
    }
    return VG_OK;
}

vg_status vg_trail_gaps(vg_arena *arena, const vg_trail_cover *covers, size_t count, vg_vec *gaps,
                        vg_error *err)
{
    gap_search s = {.arena = arena, .covers = covers, .count = count, .gaps = gaps};
    VG_TRY(link_places(&s, err));
    for (size_t i = 0; i < count; i++) {
        const vg_trail_cover *cover = &covers[i];
        stand_at(&s, cover);
        if (cover->kind == VG_COVER_MANAGEMENT && cover->account.len)
            VG_TRY(silent_hours(&s, cover, err));
        if (cover->kind == VG_COVER_DIGEST) {
            VG_TRY(named_and_absent(&s, cover, err));
            VG_TRY(missing_digests(&s, cover, err));
        }
    }
    return VG_OK;
}
