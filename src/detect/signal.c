/* signal.c: stores of signals: the few matches that findings and correlations are made of.
 *
 * Texts repeat: a store keeps each once, and a signal as 64 bytes of numbers. When the budget is full, the signals are
 * sorted and written behind each other to an unnamed file (signal_run.c), and the memory is used anew; or, without a folder
 * to write to, the oldest are evicted. What was evicted is a matter of time alone: there is a floor, and all below it are
 * gone, whenever they come. */
#include <stdlib.h>
#include <string.h>

#include "detect/signal_part.h"

enum {
    SORT_BYTES = 48, /* what sorting takes beside a record */
    LEAST_BUDGET = 64 << 10
};

vg_signals *vg_signals_new(size_t bytes, vg_str spill_folder)
{
    vg_signals *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->budget = bytes > LEAST_BUDGET ? bytes : LEAST_BUDGET;
    s->file = -1;
    s->arena = vg_arena_new(0);
    s->scratch = vg_arena_new(0);
    s->texts = s->arena ? vg_map_new(s->arena, 0) : NULL;
    if (spill_folder.len)
        s->folder = strndup(spill_folder.ptr, spill_folder.len);
    if (!s->texts || !s->scratch || (spill_folder.len && !s->folder)) {
        vg_signals_free(s);
        return NULL;
    }
    return s;
}

uint64_t vg_signals_evicted(const vg_signals *signals)
{
    return signals->evicted;
}

uint64_t vg_signals_left_out(const vg_signals *signals)
{
    return signals->left_out;
}

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while keeping signals");
}

/* ---- texts ----------------------------------------------------------------------------------------------------------- */

static vg_str *brief_texts(vg_brief *brief, vg_str *texts[7])
{
    texts[0] = &brief->account; /* first, for it tells signals apart */
    texts[1] = &brief->principal;
    texts[2] = &brief->actor;
    texts[3] = &brief->source_ip;
    texts[4] = &brief->region;
    texts[5] = &brief->key;
    texts[6] = &brief->name;
    return texts[0];
}

void vg_signal_write_brief(const vg_brief *brief, vg_buf *out)
{
    vg_brief copy = *brief;
    vg_str *texts[7];
    uint32_t lengths[7];
    brief_texts(&copy, texts);
    vg_buf_clear(out);
    for (size_t i = 0; i < 7; i++) {
        *texts[i] = vg_str_sub(*texts[i], 0, UINT32_MAX);
        lengths[i] = (uint32_t)texts[i]->len;
    }
    vg_buf_add(out, lengths, sizeof lengths);
    for (size_t i = 0; i < 7; i++)
        vg_buf_add_str(out, *texts[i]);
}

void vg_signal_read_brief(vg_str text, vg_brief *out)
{
    vg_str *texts[7];
    uint32_t lengths[7];
    brief_texts(out, texts);
    memcpy(lengths, text.ptr, sizeof lengths);
    size_t at = sizeof lengths;
    for (size_t i = 0; i < 7; at += lengths[i++])
        *texts[i] = vg_str_sub(text, at, lengths[i]);
}

vg_str vg_signal_brief_account(vg_str text)
{
    uint32_t length;
    memcpy(&length, text.ptr, sizeof length);
    return vg_str_sub(text, 7 * sizeof length, length);
}

/* 1 + the value of a digit of lower case; 0: it is none. */
static const uint8_t hex_digits[256] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16};

bool vg_signal_read_uuid(vg_str text, uint8_t out[16])
{
    static const uint8_t places[16] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
    if (text.len != VG_UUID_TEXT || text.ptr[8] != '-' || text.ptr[13] != '-' || text.ptr[18] != '-' ||
        text.ptr[23] != '-')
        return false;
    bool all = true;
    for (size_t i = 0; i < 16; i++) {
        unsigned high = hex_digits[(uint8_t)text.ptr[places[i]]];
        unsigned low = hex_digits[(uint8_t)text.ptr[places[i] + 1]];
        all &= high && low;
        out[i] = (uint8_t)((high - 1) << 4 | ((low - 1) & 15));
    }
    return all;
}

void vg_signal_write_uuid(const uint8_t uuid[16], char out[VG_UUID_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[at++] = '-';
        out[at++] = digits[uuid[i] >> 4];
        out[at++] = digits[uuid[i] & 15];
    }
}

/* The number of a text; false: memory is out. */
static bool number_of(vg_signals *s, vg_str text, uint32_t *out)
{
    bool added;
    vg_map_entry *entry = vg_map_put(s->texts, text, &added);
    if (added && entry) {
        entry->key = vg_arena_str(s->arena, text); /* the same text, but the store's own */
        entry->value.u64 = vg_map_len(s->texts) - 1;
    }
    if (!entry || !entry->key.ptr)
        return false;
    *out = (uint32_t)entry->value.u64;
    return true;
}

/* The same, of a text that the signal before had perhaps in the same place. */
static bool number_at(vg_signals *s, vg_text_place place, vg_str text, uint32_t *out)
{
    bool is_known = s->last[place].text.ptr && vg_str_eq(s->last[place].text, text);
    if (!is_known) {
        if (!number_of(s, text, &s->last[place].number))
            return false;
        s->last[place].text = vg_signal_text(s, s->last[place].number);
    }
    *out = s->last[place].number;
    return true;
}

static size_t memory_of(const vg_signals *s)
{
    return vg_arena_used(s->arena) + s->count * (sizeof *s->records + SORT_BYTES);
}

/* ---- eviction -------------------------------------------------------------------------------------------------------- */

void vg_signals_forget(vg_signals *s)
{
    s->count = 0;
    s->texts = NULL; /* it lay in the arena */
    memset(s->last, 0, sizeof s->last);
    vg_arena_reset(s->arena);
}

/* Tells signals of one time apart, whatever their order was. */
static uint64_t hash_of(const vg_signals *s, const vg_signal_record *r)
{
    vg_str id =
        r->flags & VG_SIGNAL_UUID ? vg_str_of((const char *)r->id.uuid, 16) : vg_signal_text(s, r->id.text);
    uint64_t numbers[] = {vg_hash64(id, r->stream), vg_hash64(vg_signal_text(s, r->group), r->rule)};
    return vg_hash64(vg_str_of((const char *)numbers, sizeof numbers), 0);
}

typedef struct {
    vg_time time;
    uint64_t hash;
} age;

static int by_age(const void *a, const void *b)
{
    const age *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->hash < y->hash ? -1 : x->hash > y->hash;
}

static bool is_below(const vg_signals *s, const vg_signal_record *r)
{
    return s->has_floor && (r->time < s->floor || (r->time == s->floor && hash_of(s, r) <= s->floor_hash));
}

/* Raises the floor so that a quarter of the records is below it. */
static bool raise_floor(vg_signals *s)
{
    age *ages = malloc((s->count + 1) * sizeof *ages);
    if (!ages)
        return false;
    for (size_t i = 0; i < s->count; i++)
        ages[i] = (age){s->records[i].time, hash_of(s, &s->records[i])};
    qsort(ages, s->count, sizeof *ages, by_age);
    s->floor = ages[s->count / 4].time;
    s->floor_hash = ages[s->count / 4].hash;
    s->has_floor = true;
    free(ages);
    return true;
}

/* Copies a record's texts from an old dictionary. */
static bool renumber(vg_signals *s, const vg_map *old, vg_signal_record *r)
{
    uint32_t *numbers[] = {&r->group, &r->value, &r->brief, &r->file, &r->above, &r->id.text};
    size_t count = VG_COUNT(numbers) - (r->flags & VG_SIGNAL_UUID ? 1 : 0);
    for (size_t i = 0; i < count; i++)
        if (!number_of(s, vg_map_at(old, *numbers[i])->key, numbers[i]))
            return false;
    return true;
}

/* Makes the dictionary anew, with the texts that records use. */
static bool rebuild(vg_signals *s)
{
    vg_arena *old_arena = s->arena;
    const vg_map *old = s->texts;
    s->arena = vg_arena_new(0);
    s->texts = s->arena ? vg_map_new(s->arena, 0) : NULL;
    memset(s->last, 0, sizeof s->last);
    bool ok = s->texts != NULL;
    for (size_t i = 0; ok && i < s->count; i++)
        ok = renumber(s, old, &s->records[i]);
    vg_arena_free(old_arena);
    if (!ok)
        s->count = 0;
    return ok;
}

static void drop_below(vg_signals *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i++)
        if (!is_below(s, &s->records[i]))
            s->records[kept++] = s->records[i];
    s->evicted += s->count - kept;
    s->count = kept;
}

/* What is twice there, or no longer used, goes first. */
static vg_status evict(vg_signals *s, vg_error *err)
{
    VG_TRY(vg_signals_sort(s, err));
    if (!rebuild(s))
        return out_of_memory(err);
    if (memory_of(s) < s->budget / 4 * 3)
        return VG_OK;
    if (!raise_floor(s))
        return out_of_memory(err);
    drop_below(s);
    return rebuild(s) ? VG_OK : out_of_memory(err);
}

/* ---- adding ---------------------------------------------------------------------------------------------------------- */

static vg_status make_room(vg_signals *s, vg_error *err)
{
    if (s->count && memory_of(s) >= s->budget)
        VG_TRY(s->folder ? vg_signals_spill(s, err) : evict(s, err));
    if (!s->texts && !(s->texts = vg_map_new(s->arena, 0)))
        return out_of_memory(err);
    if (s->count < s->cap)
        return VG_OK;
    size_t cap = s->cap ? s->cap * 2 : 256;
    vg_signal_record *records = realloc(s->records, cap * sizeof *records);
    if (!records)
        return out_of_memory(err);
    s->records = records;
    s->cap = cap;
    return VG_OK;
}

static bool fill(vg_signals *s, const vg_signal *signal, vg_signal_record *r)
{
    *r = (vg_signal_record){
        .time = signal->time, .offset = signal->brief.offset, .stream = signal->stream, .rule = signal->rule};
    r->flags =
        (signal->has_value ? VG_SIGNAL_HAS_VALUE : 0u) | (signal->brief.succeeded ? VG_SIGNAL_SUCCEEDED : 0u);
    if (vg_signal_read_uuid(signal->id, r->id.uuid))
        r->flags |= VG_SIGNAL_UUID;
    else if (!number_at(s, VG_TEXT_ID, signal->id, &r->id.text))
        return false;
    vg_signal_write_brief(&signal->brief, &s->brief);
    return !s->brief.failed && number_at(s, VG_TEXT_BRIEF, vg_buf_str(&s->brief), &r->brief) &&
           number_at(s, VG_TEXT_GROUP, signal->group, &r->group) &&
           number_at(s, VG_TEXT_VALUE, signal->value, &r->value) &&
           number_at(s, VG_TEXT_FILE, signal->brief.file, &r->file) &&
           number_at(s, VG_TEXT_ABOVE, signal->above, &r->above);
}

vg_status vg_signals_add(vg_signals *s, const vg_signal *signal, vg_error *err)
{
    if (s->has_floor && signal->time < s->floor) {
        s->evicted++;
        return VG_OK;
    }
    VG_TRY(make_room(s, err));
    vg_signal_record *r = &s->records[s->count];
    if (!fill(s, signal, r))
        return out_of_memory(err);
    if (is_below(s, r)) {
        s->evicted++;
        return VG_OK;
    }
    s->count++;
    s->sorted = false;
    return VG_OK;
}
