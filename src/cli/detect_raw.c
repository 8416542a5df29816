/* detect_raw.c: the first event of each finding, as it was logged.
 *
 * A finding knows where its first event stands: a file, and an offset in what it holds uncompressed. So the files are read
 * once more, each forward and no further than its last such event, through a window that grows to the event's end. What is
 * found there must be that event (a log may have changed since): one of its id. Events that are text in an
 * envelope, in logs that are no JSON and from standard input have no such place, and are left out. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli_parts.h"
#include "cli/detect_parts.h"
#include "format/format.h"

enum { READ_BYTES = 64 << 10, MOST_EVENT = 16 << 20 };

typedef struct {
    vg_str file;
    uint64_t offset;
    const vg_detect_finding *finding;
} place;

typedef struct {
    vg_stream *stream;
    vg_buf window;
    uint64_t base; /* offset of the window */
    bool ended;
} reading;

static int by_place(const void *a, const void *b)
{
    const place *x = a, *y = b;
    int order = vg_str_cmp(x->file, y->file);
    return order ? order : x->offset < y->offset ? -1 : x->offset > y->offset;
}

static vg_status read_more(reading *r, vg_error *err)
{
    size_t got = 0, room = r->window.len > READ_BYTES ? r->window.len : READ_BYTES;
    if (!vg_buf_reserve(&r->window, room))
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading events again");
    VG_TRY(vg_stream_read(r->stream, r->window.ptr + r->window.len, room, &got, err));
    r->window.len += got;
    r->ended = got == 0;
    return VG_OK;
}

/* Moves the window so that it begins at an offset, which is not before it. */
static vg_status go_to(reading *r, uint64_t offset, vg_error *err)
{
    while (r->base + r->window.len < offset && !r->ended) {
        r->base += r->window.len;
        vg_buf_clear(&r->window);
        VG_TRY(read_more(r, err));
    }
    size_t behind = offset - r->base < r->window.len ? (size_t)(offset - r->base) : r->window.len;
    if (behind)
        memmove(r->window.ptr, r->window.ptr + behind, r->window.len - behind);
    r->window.len -= behind;
    r->base += behind;
    return VG_OK;
}

/* The object with which a text begins. False: it is none, or not whole. */
static bool first_object(vg_arena *arena, vg_str text, vg_str *out)
{
    vg_json_cursor *cursor;
    vg_error err;
    bool more = false;
    return text.len > 0 && text.ptr[0] == '{' &&
           vg_json_cursor_open(arena, text, VG_STR(""), NULL, &cursor, &err) == VG_OK &&
           vg_json_cursor_document(cursor, &more, &err) == VG_OK && more &&
           vg_json_cursor_raw(cursor, out, &err) == VG_OK;
}

static bool is_event(vg_arena *arena, vg_str raw, vg_str id)
{
    vg_doc doc;
    return vg_json_read(arena, raw, VG_STR(""), NULL, &doc, NULL) == VG_OK &&
           vg_str_eq(vg_get_str(doc.root, "eventID"), id);
}

/* *out is left empty when no such event stands there. */
static vg_status read_event(reading *r, const place *at, vg_arena *scratch, vg_str *out, vg_error *err)
{
    VG_TRY(go_to(r, at->offset, err));
    for (;;) {
        vg_arena_reset(scratch);
        if (first_object(scratch, vg_buf_str(&r->window), out))
            break;
        *out = (vg_str){0};
        if (r->ended || r->window.len >= MOST_EVENT || (r->window.len && r->window.ptr[0] != '{'))
            return VG_OK;
        VG_TRY(read_more(r, err));
    }
    char id[VG_STEP_ID];
    if (!is_event(scratch, *out, vg_detect_step_at(at->finding, 0, id).id))
        *out = (vg_str){0};
    return VG_OK;
}

static vg_status keep(vg_cli *cli, vg_map *events, const place *at, vg_str raw, vg_error *err)
{
    vg_map_entry *entry = raw.len ? vg_map_put(events, vg_str_from(at->finding->id), NULL) : NULL;
    vg_str *copy = entry ? VG_NEW(cli->arena, vg_str) : NULL;
    if (copy)
        *copy = vg_arena_str(cli->arena, raw);
    if (raw.len && (!copy || !copy->ptr))
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading events again");
    if (copy)
        entry->value.ptr = copy;
    return VG_OK;
}

/* The events of one file, ascending. */
static vg_status read_file(vg_cli *cli, const place *places, size_t count, vg_arena *scratch, vg_map *events,
                           vg_error *err)
{
    reading r = {0};
    vg_status status = vg_stream_open(places[0].file, &r.stream, err);
    for (size_t i = 0; status == VG_OK && i < count; i++) {
        vg_str raw = {0};
        status = read_event(&r, &places[i], scratch, &raw, err);
        if (status == VG_OK)
            status = keep(cli, events, &places[i], raw, err);
    }
    vg_stream_close(r.stream);
    vg_buf_free(&r.window);
    return status;
}

static size_t list_places(const vg_detect_findings *findings, const bool *wanted, place *out)
{
    size_t count = 0;
    for (size_t i = 0; i < findings->count; i++) {
        const vg_detect_finding *f = findings->items[i];
        if (wanted[f->rule] && f->step_count && f->file.len && !vg_str_is(f->file, "-"))
            out[count++] = (place){f->file, f->offset, f};
    }
    return count;
}

vg_status vg_detect_read_raw(vg_cli *cli, const bool *wanted, vg_detect_run *run, vg_error *err)
{
    place *places = VG_NEW_N(cli->arena, place, run->findings.count + 1);
    vg_map *events = vg_map_new(cli->arena, 0);
    vg_arena *scratch = vg_arena_new(0);
    vg_status status = places && events && scratch
                           ? VG_OK
                           : vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading events again");
    size_t count = status == VG_OK ? list_places(&run->findings, wanted, places) : 0, next;
    if (count)
        qsort(places, count, sizeof *places, by_place);
    for (size_t i = 0; status == VG_OK && i < count; i = next) {
        for (next = i + 1; next < count && vg_str_eq(places[next].file, places[i].file);)
            next++;
        status = read_file(cli, places + i, next - i, scratch, events, err);
        if (status == VG_OK || status == VG_ERR_MEMORY)
            continue;
        vg_cli_say(cli, "not all events of %.*s are shown again: %s", VG_ARG(places[i].file), err->message);
        status = VG_OK;
    }
    vg_arena_free(scratch);
    run->raw = events;
    return status;
}

vg_str vg_detect_raw_of(const vg_detect_run *run, const vg_detect_finding *f)
{
    const vg_map_entry *entry = run->raw ? vg_map_get(run->raw, vg_str_from(f->id)) : NULL;
    return entry ? *(const vg_str *)entry->value.ptr : (vg_str){0};
}
