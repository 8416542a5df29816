/* index_cover.c: the hours in which there was something, per kind of log, account and region, as runs. A year of an account
 * and region that is never quiet is one run, whatever happened in it. */
#include "trail/index_part.h"

#include <stdlib.h>

const char *const vg_cover_names[VG_COVER_COUNT] = {"management", "data",      "insight", "network", "flow",
                                                    "dns",        "s3-access", "digest",  "quiet"};

static int compare_place(vg_cover_kind a_kind, const vg_str a[3], vg_cover_kind b_kind, const vg_str b[3])
{
    if (a_kind != b_kind)
        return a_kind < b_kind ? -1 : 1;
    for (size_t i = 0; i < 3; i++) {
        int order = vg_str_cmp(a[i], b[i]);
        if (order)
            return order;
    }
    return 0;
}

static int compare_hours(const void *left, const void *right)
{
    const vg_trail_hour *a = left, *b = right;
    const vg_str of_a[] = {a->account, a->region, a->name}, of_b[] = {b->account, b->region, b->name};
    int order = compare_place(a->kind, of_a, b->kind, of_b);
    return order ? order : a->hour < b->hour ? -1 : a->hour > b->hour;
}

static int compare_covers(const void *left, const void *right)
{
    const vg_trail_cover *a = left, *b = right;
    const vg_str of_a[] = {a->account, a->region, a->name}, of_b[] = {b->account, b->region, b->name};
    return compare_place(a->kind, of_a, b->kind, of_b);
}

static bool same_place(const vg_trail_hour *a, const vg_trail_hour *b)
{
    return a->kind == b->kind && vg_str_eq(a->account, b->account) && vg_str_eq(a->region, b->region) &&
           vg_str_eq(a->name, b->name);
}

/* One cover out of hours[0..count), all of one place, in order. */
static vg_status cover_of(vg_arena *arena, const vg_trail_hour *hours, size_t count, vg_vec *covers,
                          vg_error *err)
{
    vg_vec runs = vg_vec_in(arena, sizeof(vg_hours));
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        vg_hours *last = runs.len ? vg_vec_at(&runs, runs.len - 1) : NULL;
        total += hours[i].count;
        if (last && hours[i].hour <= last->to) {
            last->to = hours[i].hour < last->to ? last->to : hours[i].hour + 1;
            continue;
        }
        vg_hours *run = vg_vec_push(&runs);
        if (!run)
            return index_no_memory(err);
        *run = (vg_hours){hours[i].hour, hours[i].hour + 1};
    }
    vg_trail_cover *cover = vg_vec_push(covers);
    if (!cover)
        return index_no_memory(err);
    *cover = (vg_trail_cover){hours->kind, hours->account, hours->region, hours->name,
                              total,       runs.items,     runs.len};
    return VG_OK;
}

vg_status index_covers_of(vg_arena *arena, vg_trail_hour *hours, size_t count, vg_vec *covers, vg_error *err)
{
    if (count > 1)
        qsort(hours, count, sizeof *hours, compare_hours);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && same_place(&hours[i], &hours[end]);)
            end++;
        VG_TRY(cover_of(arena, hours + i, end - i, covers, err));
    }
    return VG_OK;
}

/* ---- merging ---------------------------------------------------------------------------------------------------------------- */

static int compare_runs(const void *left, const void *right)
{
    const vg_hours *a = left, *b = right;
    return a->from < b->from ? -1 : a->from > b->from;
}

/* covers[0..count), all of one place, into the first of them. */
static vg_status unite(vg_arena *arena, vg_trail_cover *covers, size_t count, vg_error *err)
{
    size_t all = 0, n = 0;
    for (size_t i = 0; i < count; i++)
        all += covers[i].run_count;
    vg_hours *runs = VG_NEW_N(arena, vg_hours, all + 1);
    if (!runs)
        return index_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        if (covers[i].run_count)
            memcpy(runs + n, covers[i].runs, covers[i].run_count * sizeof *runs);
        n += covers[i].run_count;
        covers->count += i ? covers[i].count : 0;
    }
    qsort(runs, n, sizeof *runs, compare_runs);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (kept && runs[i].from <= runs[kept - 1].to) {
            if (runs[i].to > runs[kept - 1].to)
                runs[kept - 1].to = runs[i].to;
        } else {
            runs[kept++] = runs[i];
        }
    }
    covers->runs = runs;
    covers->run_count = kept;
    return VG_OK;
}

vg_status vg_trail_covers_merge(vg_arena *arena, vg_vec *covers, vg_error *err)
{
    vg_trail_cover *all = covers->items;
    size_t kept = 0;
    if (covers->len > 1)
        qsort(all, covers->len, sizeof *all, compare_covers);
    for (size_t i = 0, end; i < covers->len; i = end) {
        for (end = i + 1; end < covers->len && compare_covers(&all[i], &all[end]) == 0;)
            end++;
        if (end > i + 1)
            VG_TRY(unite(arena, all + i, end - i, err));
        all[kept++] = all[i];
    }
    covers->len = kept;
    return VG_OK;
}

/* ---- on the disk -------------------------------------------------------------------------------------------------------------- */

/* Hours before 1970 happen where clocks are wrong; they are written as they are, modulo 2^64. */
void index_covers_write(index_out *out, const vg_trail_cover *covers, size_t count)
{
    index_out_varint(out, count);
    for (size_t i = 0; i < count; i++) {
        const vg_trail_cover *cover = &covers[i];
        uint64_t before = 0;
        index_out_varint(out, cover->kind);
        index_out_str(out, cover->account);
        index_out_str(out, cover->region);
        index_out_str(out, cover->name);
        index_out_varint(out, cover->count);
        index_out_varint(out, cover->run_count);
        for (size_t r = 0; r < cover->run_count; r++) {
            index_out_varint(out, (uint64_t)cover->runs[r].from - before);
            index_out_varint(out, (uint64_t)(cover->runs[r].to - cover->runs[r].from));
            before = (uint64_t)cover->runs[r].to;
        }
    }
}

static vg_status read_runs(index_in *in, vg_arena *arena, vg_trail_cover *cover, vg_error *err)
{
    uint64_t count, before = 0, distance, length;
    VG_TRY(index_in_varint(in, &count, err));
    if (count > in->left)
        return index_broken(in->index, in->page, "there are too many hours", err);
    vg_hours *runs = VG_NEW_N(arena, vg_hours, count + 1);
    if (!runs)
        return index_no_memory(err);
    for (uint64_t i = 0; i < count; i++) {
        VG_TRY(index_in_varint(in, &distance, err));
        VG_TRY(index_in_varint(in, &length, err));
        uint64_t from = before + distance;
        before = from + length;
        runs[i] = (vg_hours){(int64_t)from, (int64_t)before};
        bool good = runs[i].from > INT64_MIN / 2 && runs[i].to < INT64_MAX / 2 && runs[i].to > runs[i].from &&
                    (i == 0 || runs[i].from > runs[i - 1].to);
        if (!good)
            return index_broken(in->index, in->page, "hours are not in order", err);
    }
    cover->runs = runs;
    cover->run_count = (size_t)count;
    return VG_OK;
}

vg_status vg_trail_index_covers(const vg_trail_index *index, vg_arena *arena, vg_vec *covers, vg_error *err)
{
    index_in in;
    uint64_t count = 0, kind;
    if (index->head.covers.bytes == 0)
        return VG_OK;
    VG_TRY(index_in_open(&in, index, &index->head.covers, 0, err));
    VG_TRY(index_in_varint(&in, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        vg_trail_cover cover = {0};
        VG_TRY(index_in_varint(&in, &kind, err));
        if (kind >= VG_COVER_COUNT)
            return index_broken(index, in.page, "there is no such kind of log", err);
        cover.kind = (vg_cover_kind)kind;
        VG_TRY(index_in_str(&in, arena, 4096, &cover.account, err));
        VG_TRY(index_in_str(&in, arena, 4096, &cover.region, err));
        VG_TRY(index_in_str(&in, arena, 4096, &cover.name, err));
        VG_TRY(index_in_varint(&in, &cover.count, err));
        VG_TRY(read_runs(&in, arena, &cover, err));
        vg_trail_cover *slot = vg_vec_push(covers);
        if (!slot)
            return index_no_memory(err);
        *slot = cover;
    }
    return VG_OK;
}
