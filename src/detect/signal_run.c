/* signal_run.c: signals in order: sorted in memory, written as runs, and merged.
 *
 * A run is a series of signals in order, each told by what differs from the one before: neighbours share their stream,
 * their group, most of their brief. All runs of a store stand behind each other in one file that has no name (O_TMPFILE),
 * so that nothing is left when the process dies. Merging reads every run through a window of its own; a heap of cursors
 * gives the next signal. The order is total over all that a signal says, so that of two copies the same one is kept
 * whatever store it came from. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "detect/signal_part.h"

enum {
    WRITE_BYTES = 64 << 10,
    READ_MOST = 64 << 10, /* of one run's window */
    READ_LEAST = 4 << 10,
    READ_ALL = 8 << 20, /* of all windows together */
    TEXTS = 12,         /* of a signal */
    MOST_TEXT = 64 << 20
};

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while sorting signals");
}

/* ---- order ----------------------------------------------------------------------------------------------------------- */

static int compare_u64(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_time(vg_time a, vg_time b)
{
    return a < b ? -1 : a > b;
}

/* What a signal is: its stream, group, time, event and rule. */
static int compare_identity(const vg_signal *a, const vg_signal *b)
{
    int order = compare_u64(a->stream, b->stream);
    order = order ? order : vg_str_cmp(a->group, b->group);
    order = order ? order : compare_time(a->time, b->time);
    order = order ? order : vg_str_cmp(a->id, b->id);
    order = order ? order : vg_str_cmp(a->brief.account, b->brief.account);
    return order ? order : compare_u64(a->rule, b->rule);
}

bool vg_signal_is_same(const vg_signal *a, const vg_signal *b)
{
    return compare_identity(a, b) == 0;
}

/* The texts that are no part of the identity. */
static int compare_texts(const vg_signal *a, const vg_signal *b)
{
    const vg_str x[] = {a->brief.file,      a->value,        a->above,     a->brief.principal, a->brief.actor,
                        a->brief.source_ip, a->brief.region, a->brief.key, a->brief.name};
    const vg_str y[] = {b->brief.file,      b->value,        b->above,     b->brief.principal, b->brief.actor,
                        b->brief.source_ip, b->brief.region, b->brief.key, b->brief.name};
    int order = 0;
    for (size_t i = 0; order == 0 && i < VG_COUNT(x); i++)
        order = vg_str_cmp(x[i], y[i]);
    return order;
}

int vg_signal_compare(const vg_signal *a, const vg_signal *b)
{
    int order = compare_identity(a, b);
    order = order ? order : compare_texts(a, b);
    order = order ? order : compare_u64(a->brief.offset, b->brief.offset);
    order = order ? order : compare_u64(a->has_value, b->has_value);
    return order ? order : compare_u64(a->brief.succeeded, b->brief.succeeded);
}

static vg_str id_of(const vg_signals *s, const vg_signal_record *r, char uuid[VG_UUID_TEXT])
{
    if (!(r->flags & VG_SIGNAL_UUID))
        return vg_signal_text(s, r->id.text);
    vg_signal_write_uuid(r->id.uuid, uuid);
    return vg_str_of(uuid, VG_UUID_TEXT);
}

/* A record as a signal; `uuid` holds its id's text. */
static void view(const vg_signals *s, const vg_signal_record *r, char uuid[VG_UUID_TEXT], vg_signal *out)
{
    *out = (vg_signal){.stream = r->stream, .rule = r->rule, .time = r->time};
    vg_signal_read_brief(vg_signal_text(s, r->brief), &out->brief);
    out->brief.file = vg_signal_text(s, r->file);
    out->brief.offset = r->offset;
    out->brief.succeeded = r->flags & VG_SIGNAL_SUCCEEDED;
    out->has_value = r->flags & VG_SIGNAL_HAS_VALUE;
    out->group = vg_signal_text(s, r->group);
    out->value = vg_signal_text(s, r->value);
    out->above = vg_signal_text(s, r->above);
    out->id = id_of(s, r, uuid);
}

/* By their texts; the bytes of two UUIDs sort as these do. */
static int compare_ids(const vg_signals *s, const vg_signal_record *a, const vg_signal_record *b)
{
    char uuids[2][VG_UUID_TEXT];
    if (a->flags & b->flags & VG_SIGNAL_UUID)
        return memcmp(a->id.uuid, b->id.uuid, sizeof a->id.uuid);
    return vg_str_cmp(id_of(s, a, uuids[0]), id_of(s, b, uuids[1]));
}

/* ---- sorting in memory --------------------------------------------------------------------------------------------------- */

/* What is compared first, without touching the record: stream and rank of the group, time. */
typedef struct {
    uint64_t place;
    vg_time time;
    uint32_t record;
} sort_key;

static int by_key(const void *a, const void *b, void *context)
{
    const sort_key *x = a, *y = b;
    int order = compare_u64(x->place, y->place);
    order = order ? order : compare_time(x->time, y->time);
    if (order)
        return order;
    const vg_signals *s = context;
    order = compare_ids(s, &s->records[x->record], &s->records[y->record]);
    if (order)
        return order;
    char uuids[2][VG_UUID_TEXT];
    vg_signal left, right;
    view(s, &s->records[x->record], uuids[0], &left);
    view(s, &s->records[y->record], uuids[1], &right);
    return vg_signal_compare(&left, &right);
}

static int by_text(const void *a, const void *b, void *context)
{
    const vg_signals *s = context;
    return vg_str_cmp(vg_signal_text(s, *(const uint32_t *)a), vg_signal_text(s, *(const uint32_t *)b));
}

/* Ranks the texts that are groups: ranks[number] counts the groups before it. */
static uint32_t *rank_groups(const vg_signals *s)
{
    size_t texts = vg_map_len(s->texts), count = 0;
    uint32_t *ranks = calloc(texts + 1, sizeof *ranks), *groups = malloc((texts + 1) * sizeof *groups);
    for (size_t i = 0; ranks && groups && i < s->count; i++)
        if (!ranks[s->records[i].group]) {
            ranks[s->records[i].group] = 1;
            groups[count++] = s->records[i].group;
        }
    if (ranks && groups)
        qsort_r(groups, count, sizeof *groups, by_text, (void *)(uintptr_t)s);
    for (size_t i = 0; ranks && groups && i < count; i++)
        ranks[groups[i]] = (uint32_t)i;
    if (!groups) {
        free(ranks);
        ranks = NULL;
    }
    free(groups);
    return ranks;
}

static bool is_twice(const vg_signals *s, const sort_key *a, const sort_key *b)
{
    if (a->place != b->place || a->time != b->time)
        return false;
    char uuids[2][VG_UUID_TEXT];
    vg_signal left, right;
    view(s, &s->records[a->record], uuids[0], &left);
    view(s, &s->records[b->record], uuids[1], &right);
    return vg_signal_is_same(&left, &right);
}

/* Moves records to where their keys are, going round each circle of moves once. */
static void rearrange(vg_signals *s, sort_key *keys)
{
    for (size_t i = 0; i < s->count; i++) {
        vg_signal_record first = s->records[i];
        size_t at = i;
        while (keys[at].record != i) {
            size_t from = keys[at].record;
            s->records[at] = s->records[from];
            keys[at].record = (uint32_t)at;
            at = from;
        }
        s->records[at] = first;
        keys[at].record = (uint32_t)at;
    }
}

vg_status vg_signals_sort(vg_signals *s, vg_error *err)
{
    if (s->sorted || s->count == 0)
        return VG_OK;
    uint32_t *ranks = rank_groups(s);
    sort_key *keys = malloc(s->count * sizeof *keys);
    bool *twice = calloc(s->count, sizeof *twice);
    vg_status status = ranks && keys && twice ? VG_OK : out_of_memory(err);
    for (size_t i = 0; status == VG_OK && i < s->count; i++)
        keys[i] = (sort_key){(uint64_t)s->records[i].stream << 32 | ranks[s->records[i].group],
                             s->records[i].time, (uint32_t)i};
    if (status == VG_OK) {
        qsort_r(keys, s->count, sizeof *keys, by_key, s);
        for (size_t i = 1; i < s->count; i++)
            twice[i] = is_twice(s, &keys[i - 1], &keys[i]);
        rearrange(s, keys);
        size_t kept = 0;
        for (size_t i = 0; i < s->count; i++)
            if (!twice[i])
                s->records[kept++] = s->records[i];
        s->count = kept;
        s->sorted = true;
    }
    free(ranks);
    free(keys);
    free(twice);
    return status;
}

/* ---- writing runs ---------------------------------------------------------------------------------------------------------- */

/* The texts of a signal, in the order of a run's bits. */
static void texts_of(vg_signal *signal, vg_str *texts[TEXTS])
{
    vg_str *all[TEXTS] = {&signal->id,
                          &signal->group,
                          &signal->value,
                          &signal->above,
                          &signal->brief.principal,
                          &signal->brief.actor,
                          &signal->brief.source_ip,
                          &signal->brief.account,
                          &signal->brief.region,
                          &signal->brief.key,
                          &signal->brief.name,
                          &signal->brief.file};
    memcpy(texts, all, sizeof all);
}

enum { NEW_PLACE = 1 << TEXTS, IS_UUID = 1 << (TEXTS + 1) };

static void put_number(vg_buf *out, uint64_t number)
{
    do {
        vg_buf_add_char(out, (char)(uint8_t)(number < 128 ? number : (number & 127) | 128));
        number >>= 7;
    } while (number);
}

/* Bits that say what follows (a bit a text; stream and rule; whether the id is a UUID), then what differs. */
static void write_signal(vg_buf *out, vg_signal *signal, vg_signal *before, const uint8_t *uuid)
{
    vg_str *now[TEXTS], *then[TEXTS];
    texts_of(signal, now);
    texts_of(before, then);
    uint32_t bits = uuid ? IS_UUID : 1u;
    for (size_t i = 1; i < TEXTS; i++)
        if (!vg_str_eq(*now[i], *then[i]))
            bits |= 1u << i;
    if (signal->stream != before->stream || signal->rule != before->rule)
        bits |= NEW_PLACE;
    put_number(out, bits);
    put_number(out, (signal->has_value ? VG_SIGNAL_HAS_VALUE : 0u) |
                        (signal->brief.succeeded ? VG_SIGNAL_SUCCEEDED : 0u));
    vg_buf_add(out, &signal->time, sizeof signal->time);
    put_number(out, signal->brief.offset);
    if (bits & NEW_PLACE) {
        put_number(out, signal->stream);
        put_number(out, signal->rule);
    }
    if (uuid)
        vg_buf_add(out, uuid, 16);
    for (size_t i = 0; i < TEXTS; i++)
        if (bits & 1u << i) {
            put_number(out, now[i]->len);
            vg_buf_add_str(out, *now[i]);
        }
}

static vg_status open_file(vg_signals *s, vg_error *err)
{
    if (s->file >= 0)
        return VG_OK;
    s->file = open(s->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (s->file >= 0)
        return VG_OK;
    char path[4096]; /* file systems without O_TMPFILE */
    int len = snprintf(path, sizeof path, "%s/.vigil-signals-XXXXXX", s->folder);
    if (len > 0 && (size_t)len < sizeof path) {
        s->file = mkostemp(path, O_CLOEXEC);
        if (s->file >= 0)
            unlink(path);
    }
    return s->file >= 0 ? VG_OK : vg_fail_errno(err, errno, "cannot keep signals in %s", s->folder);
}

static vg_status flush(vg_signals *s, vg_buf *bytes, vg_error *err)
{
    if (bytes->failed)
        return out_of_memory(err);
    for (size_t done = 0; done < bytes->len;) {
        ssize_t n = pwrite(s->file, bytes->ptr + done, bytes->len - done, (off_t)(s->file_bytes + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return vg_fail_errno(
                err, errno, "cannot keep signals in %s: free space there, or name another folder", s->folder);
        done += (size_t)n;
    }
    s->file_bytes += bytes->len;
    vg_buf_clear(bytes);
    return VG_OK;
}

static vg_status write_run(vg_signals *s, vg_buf *bytes, vg_error *err)
{
    char uuids[2][VG_UUID_TEXT];
    vg_signal signals[2] = {{.stream = UINT32_MAX}, {.stream = UINT32_MAX}};
    for (size_t i = 0; i < s->count; i++) {
        const vg_signal_record *r = &s->records[i];
        view(s, r, uuids[i % 2], &signals[i % 2]);
        write_signal(bytes, &signals[i % 2], &signals[(i + 1) % 2],
                     r->flags & VG_SIGNAL_UUID ? r->id.uuid : NULL);
        if (bytes->len >= WRITE_BYTES || bytes->failed)
            VG_TRY(flush(s, bytes, err));
    }
    return flush(s, bytes, err);
}

vg_status vg_signals_spill(vg_signals *s, vg_error *err)
{
    VG_TRY(vg_signals_sort(s, err));
    VG_TRY(open_file(s, err));
    if (s->run_count == s->run_cap) {
        size_t cap = s->run_cap ? s->run_cap * 2 : 16;
        vg_signal_run *runs = realloc(s->runs, cap * sizeof *runs);
        if (!runs)
            return out_of_memory(err);
        s->runs = runs;
        s->run_cap = cap;
    }
    uint64_t from = s->file_bytes;
    vg_buf bytes = {0};
    vg_status status = write_run(s, &bytes, err);
    vg_buf_free(&bytes);
    if (status != VG_OK) {
        s->file_bytes = from;
        return status;
    }
    s->runs[s->run_count++] = (vg_signal_run){from, s->file_bytes - from};
    vg_signals_forget(s);
    return VG_OK;
}

void vg_signals_free(vg_signals *s)
{
    if (!s)
        return;
    if (s->file >= 0)
        close(s->file);
    free(s->runs);
    free(s->records);
    free(s->folder);
    vg_buf_free(&s->brief);
    vg_buf_free(&s->group);
    vg_buf_free(&s->value);
    vg_buf_free(&s->above);
    vg_arena_free(s->scratch);
    vg_arena_free(s->arena);
    free(s);
}

/* ---- reading in order -------------------------------------------------------------------------------------------------------- */

/* Reads a store's memory, or one of its runs. */
typedef struct {
    const vg_signals *store;
    vg_signal signal; /* the one at hand */
    bool ended;
    size_t next; /* of memory: the next record */
    char uuid[VG_UUID_TEXT];
    bool is_run;
    uint64_t offset, left; /* of a run: what is not yet in the window */
    vg_buf window;
    size_t at, window_bytes;
    vg_buf texts[TEXTS];
} cursor;

static vg_status is_broken(const cursor *c, vg_error *err)
{
    return vg_fail(err, VG_ERR_CORRUPT, "the signals that were kept in %s cannot be read again",
                   c->store->folder);
}

/* Has `need` bytes in the window. */
static vg_status fill(cursor *c, size_t need, vg_error *err)
{
    if (c->window.len - c->at >= need)
        return VG_OK;
    if (c->window.len > c->at)
        memmove(c->window.ptr, c->window.ptr + c->at, c->window.len - c->at);
    c->window.len -= c->at;
    c->at = 0;
    size_t want = need > c->window_bytes ? need : c->window_bytes;
    if (!vg_buf_reserve(&c->window, want - c->window.len))
        return out_of_memory(err);
    while (c->window.len < need) {
        size_t n = want - c->window.len;
        n = n < c->left ? n : (size_t)c->left;
        ssize_t got = n ? pread(c->store->file, c->window.ptr + c->window.len, n, (off_t)c->offset) : 0;
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return is_broken(c, err);
        c->window.len += (size_t)got;
        c->offset += (uint64_t)got;
        c->left -= (uint64_t)got;
    }
    return VG_OK;
}

static vg_status get_number(cursor *c, uint64_t *out, vg_error *err)
{
    *out = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        VG_TRY(fill(c, 1, err));
        uint8_t byte = (uint8_t)c->window.ptr[c->at++];
        *out |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return VG_OK;
    }
    return is_broken(c, err);
}

static vg_status get_u32(cursor *c, uint32_t *out, vg_error *err)
{
    uint64_t number;
    VG_TRY(get_number(c, &number, err));
    *out = (uint32_t)number;
    return number <= UINT32_MAX ? VG_OK : is_broken(c, err);
}

static vg_status get_text(cursor *c, size_t which, vg_str **texts, vg_error *err)
{
    uint64_t len;
    VG_TRY(get_number(c, &len, err));
    if (len > MOST_TEXT)
        return is_broken(c, err);
    VG_TRY(fill(c, (size_t)len, err));
    vg_buf_clear(&c->texts[which]);
    vg_buf_add(&c->texts[which], c->window.ptr + c->at, (size_t)len);
    c->at += (size_t)len;
    *texts[which] = vg_buf_str(&c->texts[which]);
    return c->texts[which].failed ? out_of_memory(err) : VG_OK;
}

static vg_status read_signal(cursor *c, vg_error *err)
{
    uint32_t bits, flags;
    vg_str *texts[TEXTS];
    texts_of(&c->signal, texts);
    VG_TRY(get_u32(c, &bits, err));
    VG_TRY(get_u32(c, &flags, err));
    c->signal.has_value = flags & VG_SIGNAL_HAS_VALUE;
    c->signal.brief.succeeded = flags & VG_SIGNAL_SUCCEEDED;
    VG_TRY(fill(c, sizeof c->signal.time, err));
    memcpy(&c->signal.time, c->window.ptr + c->at, sizeof c->signal.time);
    c->at += sizeof c->signal.time;
    VG_TRY(get_number(c, &c->signal.brief.offset, err));
    if (bits & NEW_PLACE) {
        VG_TRY(get_u32(c, &c->signal.stream, err));
        VG_TRY(get_u32(c, &c->signal.rule, err));
    }
    if (bits & IS_UUID) {
        VG_TRY(fill(c, 16, err));
        vg_signal_write_uuid((const uint8_t *)c->window.ptr + c->at, c->uuid);
        c->at += 16;
        c->signal.id = vg_str_of(c->uuid, VG_UUID_TEXT);
    }
    for (size_t i = 0; i < TEXTS; i++)
        if (bits & 1u << i)
            VG_TRY(get_text(c, i, texts, err));
    return VG_OK;
}

static vg_status advance(cursor *c, vg_error *err)
{
    if (c->is_run) {
        c->ended = c->left == 0 && c->at == c->window.len;
        return c->ended ? VG_OK : read_signal(c, err);
    }
    c->ended = c->next == c->store->count;
    if (!c->ended)
        view(c->store, &c->store->records[c->next++], c->uuid, &c->signal);
    return VG_OK;
}

/* ---- merging ---------------------------------------------------------------------------------------------------------------- */

/* Cursors as a heap: the one with the first signal on top. */
typedef struct {
    cursor *cursors;
    cursor **heap;
    size_t count, heap_count;
} merging;

static bool is_before(const cursor *a, const cursor *b)
{
    return vg_signal_compare(&a->signal, &b->signal) < 0;
}

static void sink_down(merging *m, size_t at)
{
    for (;;) {
        size_t first = at, left = 2 * at + 1;
        for (size_t child = left; child < left + 2 && child < m->heap_count; child++)
            if (is_before(m->heap[child], m->heap[first]))
                first = child;
        if (first == at)
            return;
        cursor *c = m->heap[at];
        m->heap[at] = m->heap[first];
        m->heap[first] = c;
        at = first;
    }
}

/* Goes on with the cursor on top of the heap or right below: no other one can come before the top. */
static vg_status step(merging *m, size_t at, vg_error *err)
{
    VG_TRY(advance(m->heap[at], err));
    if (m->heap[at]->ended) {
        m->heap[at] = m->heap[--m->heap_count];
        if (at >= m->heap_count)
            return VG_OK;
    }
    sink_down(
        m,
        at); /* what stands at `at` now is not before its parent: the heap's last was not, and signals ascend */
    return VG_OK;
}

/* Passes over copies of the first signal: they stand right below it. */
static vg_status drop_copies(merging *m, vg_error *err)
{
    for (;;) {
        size_t copy = 0;
        for (size_t child = 1; child <= 2 && child < m->heap_count; child++)
            if (vg_signal_is_same(&m->heap[child]->signal, &m->heap[0]->signal))
                copy = child;
        if (!copy)
            return VG_OK;
        VG_TRY(step(m, copy, err));
    }
}

static vg_status open_cursors(merging *m, vg_signals *const *stores, size_t count, vg_error *err)
{
    size_t window = READ_ALL / (m->count + 1);
    window = window > READ_MOST ? READ_MOST : window < READ_LEAST ? READ_LEAST : window;
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        VG_TRY(vg_signals_sort(stores[i], err));
        m->cursors[n++] = (cursor){.store = stores[i]};
        for (size_t run = 0; run < stores[i]->run_count; run++)
            m->cursors[n++] = (cursor){.store = stores[i],
                                       .is_run = true,
                                       .offset = stores[i]->runs[run].offset,
                                       .left = stores[i]->runs[run].bytes,
                                       .window_bytes = window};
    }
    for (size_t i = 0; i < m->count; i++) {
        VG_TRY(advance(&m->cursors[i], err));
        if (!m->cursors[i].ended)
            m->heap[m->heap_count++] = &m->cursors[i];
    }
    for (size_t i = m->heap_count; i-- > 0;)
        sink_down(m, i);
    return VG_OK;
}

static vg_status give_all(merging *m,
                          vg_status (*take)(void *context, const vg_signal *signal, vg_error *err),
                          void *context, vg_error *err)
{
    while (m->heap_count) {
        VG_TRY(drop_copies(m, err));
        VG_TRY(take(context, &m->heap[0]->signal, err));
        VG_TRY(step(m, 0, err));
    }
    return VG_OK;
}

vg_status vg_signals_merge(vg_signals *const *stores, size_t count,
                           vg_status (*take)(void *context, const vg_signal *signal, vg_error *err),
                           void *context, vg_error *err)
{
    merging m = {0};
    for (size_t i = 0; i < count; i++)
        m.count += 1 + stores[i]->run_count;
    m.cursors = calloc(m.count + 1, sizeof *m.cursors);
    m.heap = calloc(m.count + 1, sizeof *m.heap);
    vg_status status = m.cursors && m.heap ? open_cursors(&m, stores, count, err) : out_of_memory(err);
    if (status == VG_OK)
        status = give_all(&m, take, context, err);
    for (size_t i = 0; m.cursors && i < m.count; i++) {
        vg_buf_free(&m.cursors[i].window);
        for (size_t k = 0; k < TEXTS; k++)
            vg_buf_free(&m.cursors[i].texts[k]);
    }
    free(m.cursors);
    free(m.heap);
    return status;
}
