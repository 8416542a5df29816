/* baseline_file.c: a saved baseline, read where it is mapped. Nothing is believed before the checksum of all of it and every
 * number in it have been looked at. */
#include "detect/baseline_part.h"

uint64_t baseline_checksum(vg_str block)
{
    baseline_header h;
    memcpy(&h, block.ptr, sizeof h);
    h.checksum = 0;
    uint64_t of_header = vg_hash64(vg_str_of((const char *)&h, sizeof h), BASELINE_VERSION);
    return vg_hash64(vg_str_sub(block, sizeof h, VG_NPOS), of_header);
}

/* ---- opening --------------------------------------------------------------------------------------------------------- */

static vg_status no_block(const char *why, vg_error *err)
{
    return vg_fail(err, VG_ERR_CORRUPT, "no baseline: %s; learn it again with `vigil detect learn`", why);
}

/* Takes `count` items of a size off the rest. False: they are not there. */
static bool take(vg_str *rest, uint64_t count, size_t size, const char **at)
{
    if (count > rest->len / size)
        return false;
    *at = rest->ptr;
    *rest = vg_str_sub(*rest, (size_t)count * size, VG_NPOS);
    return true;
}

static bool find_parts(vg_baseline *b, const baseline_header *h)
{
    vg_str rest = vg_str_sub(b->block, sizeof *h, VG_NPOS);
    const char *entries, *marks, *references, *ends;
    if (!take(&rest, h->entries, sizeof(baseline_entry), &entries) ||
        !take(&rest, h->marks, sizeof(uint64_t), &marks) ||
        !take(&rest, h->references, sizeof(uint32_t), &references) ||
        !take(&rest, h->texts, sizeof(uint32_t), &ends) || rest.len != h->text_bytes)
        return false;
    b->entries = (const baseline_entry *)(const void *)entries;
    b->marks = (const uint64_t *)(const void *)marks;
    b->references = (const uint32_t *)(const void *)references;
    b->ends = (const uint32_t *)(const void *)ends;
    b->bytes = rest.ptr;
    b->entry_count = h->entries;
    b->text_count = (size_t)h->texts;
    b->left_out = h->left_out;
    return true;
}

static bool are_texts_whole(const vg_baseline *b, const baseline_header *h)
{
    if (b->text_count > UINT32_MAX || h->text_bytes > UINT32_MAX)
        return false;
    for (size_t i = 0; i < b->text_count; i++)
        if (b->ends[i] > h->text_bytes || (i > 0 && b->ends[i] < b->ends[i - 1]))
            return false;
    for (size_t i = 1; i < b->text_count; i++)
        if (vg_str_cmp(baseline_text(b, (uint32_t)i - 1), baseline_text(b, (uint32_t)i)) >= 0)
            return false;
    return b->text_count == 0 ? h->text_bytes == 0 : b->ends[b->text_count - 1] == h->text_bytes;
}

static bool are_sets_whole(const vg_baseline *b, const baseline_entry *e)
{
    for (size_t s = 0; s < BASELINE_SETS; s++) {
        const uint32_t *items = baseline_set(b, e, s);
        for (size_t i = 0; i < e->counts[s]; i++)
            if (items[i] >= b->text_count || (i > 0 && items[i] <= items[i - 1]))
                return false;
    }
    return true;
}

static bool is_entry_whole(const vg_baseline *b, const baseline_header *h, const baseline_entry *e)
{
    size_t references = 0;
    for (size_t s = 0; s < BASELINE_SETS; s++) {
        references += e->counts[s];
        if (e->counts[s] > BASELINE_MOST_VALUES)
            return false;
    }
    if (e->account >= b->text_count || e->actor >= b->text_count || e->first > e->last ||
        e->marks > BASELINE_MOST_MARKS || e->first_mark > h->marks || e->marks > h->marks - e->first_mark ||
        e->first_reference > h->references || references > h->references - e->first_reference)
        return false;
    for (size_t i = 1; i < e->marks; i++)
        if (b->marks[e->first_mark + i - 1] >= b->marks[e->first_mark + i])
            return false;
    return are_sets_whole(b, e);
}

static bool is_after(const baseline_entry *e, const baseline_entry *before)
{
    return e->account != before->account ? e->account > before->account : e->actor > before->actor;
}

static bool is_whole(const vg_baseline *b, const baseline_header *h)
{
    if (!are_texts_whole(b, h))
        return false;
    for (size_t i = 0; i < b->entry_count; i++)
        if (!is_entry_whole(b, h, &b->entries[i]) || (i > 0 && !is_after(&b->entries[i], &b->entries[i - 1])))
            return false;
    return true;
}

vg_status vg_baseline_open(vg_arena *arena, vg_str block, vg_baseline **out, vg_error *err)
{
    static const char magic[8] = "VGUSUAL";
    baseline_header h;
    vg_baseline *b = VG_NEW(arena, vg_baseline);
    if (!b)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while opening a baseline");
    if (block.len < sizeof h || memcmp(block.ptr, magic, sizeof magic) != 0)
        return no_block("it does not begin as one", err);
    memcpy(&h, block.ptr, sizeof h);
    if (h.version > BASELINE_VERSION)
        return vg_fail(err, VG_ERR_VERSION, "this baseline is of a newer vigil (version %u)", h.version);
    if (h.version != BASELINE_VERSION || baseline_checksum(block) != h.checksum)
        return no_block("it is damaged", err);
    if ((uintptr_t)block.ptr % 8)
        return no_block("it is not aligned in memory", err);
    b->block = block;
    if (!find_parts(b, &h) || !is_whole(b, &h))
        return no_block("it is damaged", err);
    *out = b;
    return VG_OK;
}

/* ---- reading --------------------------------------------------------------------------------------------------------- */

vg_str baseline_text(const vg_baseline *b, uint32_t number)
{
    uint32_t from = number ? b->ends[number - 1] : 0;
    return vg_str_of(b->bytes + from, b->ends[number] - from);
}

/* The number of a text; text_count: there is none. */
static uint32_t number_of(const vg_baseline *b, vg_str text)
{
    size_t low = 0, high = b->text_count;
    text = vg_str_sub(text, 0, BASELINE_MOST_TEXT);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = vg_str_cmp(baseline_text(b, (uint32_t)middle), text);
        if (order == 0)
            return (uint32_t)middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return (uint32_t)b->text_count;
}

const baseline_entry *baseline_find(const vg_baseline *b, vg_str account, vg_str actor)
{
    const baseline_entry key = {.account = number_of(b, account), .actor = number_of(b, actor)};
    size_t low = 0, high = b->entry_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (is_after(&key, &b->entries[middle]))
            low = middle + 1;
        else
            high = middle;
    }
    const baseline_entry *found = low < b->entry_count ? &b->entries[low] : NULL;
    return found && found->account == key.account && found->actor == key.actor ? found : NULL;
}

const uint32_t *baseline_set(const vg_baseline *b, const baseline_entry *e, size_t set)
{
    const uint32_t *at = b->references + e->first_reference;
    for (size_t s = 0; s < set; s++)
        at += e->counts[s];
    return at;
}

bool baseline_holds(const vg_baseline *b, const baseline_entry *e, size_t set, vg_str value)
{
    uint32_t number = number_of(b, value);
    const uint32_t *items = baseline_set(b, e, set);
    for (size_t i = 0; i < e->counts[set]; i++)
        if (items[i] == number)
            return true;
    return false;
}

void vg_baseline_describe(const vg_baseline *b, vg_baseline_info *out)
{
    *out = (vg_baseline_info){.left_out = b->left_out, .first = VG_TIME_NONE, .last = VG_TIME_NONE};
    for (size_t i = 0; i < b->entry_count; i++) {
        const baseline_entry *e = &b->entries[i];
        bool is_account = baseline_text(b, e->actor).len == 0;
        out->accounts += is_account;
        out->actors += !is_account;
        out->first = out->first == VG_TIME_NONE || e->first < out->first ? e->first : out->first;
        out->last = e->last > out->last ? e->last : out->last;
    }
}
