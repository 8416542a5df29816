/* pieces.c: a log of any size shown to a detector in pieces.
 *
 * A window is filled from the stream and cut behind its last whole record or line; what is left over moves to the front
 * and the window is filled up again. A piece of a CloudTrail file is given the opening that the file had,
 * {"Records":[, and a closing of its own; a piece of a text, its header line when it has one. So each piece is a log
 * like any other, and vg_detect_log knows of no pieces. */
#include <stdlib.h>
#include <string.h>

#include "detect/detect_part.h"

enum {
    WINDOW = 8 << 20,  /* at first */
    WIDEST = 64 << 20, /* for a single record; a window without an end of one is shown as it is */
    WHOLE = 1 << 30,   /* for logs that cannot be cut */
    MOST_RESUMED = 10000
};

#define OPENING "{\"Records\":["
#define CLOSING "]}"

typedef enum { BY_RECORD, BY_LINE, NOT_AT_ALL } cutting;

typedef struct {
    vg_detector *detector;
    vg_stream *stream;
    vg_str name;
    const vg_log_options *options;
    void (*bad)(void *context, const vg_error *err);
    void *context;
    vg_trail_counts *counts;
    vg_arena *arena; /* of the cursor that looks for the end of a record */
    char *bytes;
    size_t len, cap;
    cutting cutting;
    bool is_flow;
    size_t header; /* bytes of the header line that the piece at hand begins with, out of its place */
    bool ended;
} pieces;

static vg_status reserve(pieces *p, size_t cap, vg_error *err)
{
    char *grown = cap <= p->cap ? p->bytes : realloc(p->bytes, cap + sizeof CLOSING);
    if (!grown)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading %.*s", VG_ARG(p->name));
    p->bytes = grown;
    p->cap = cap > p->cap ? cap : p->cap;
    return VG_OK;
}

/* Fills the window. A damaged stream is told, and ends. */
static vg_status fill(pieces *p, vg_error *err)
{
    while (!p->ended && p->len < p->cap) {
        size_t got = 0;
        vg_error damage = {0};
        vg_status status = vg_stream_read(p->stream, p->bytes + p->len, p->cap - p->len, &got, &damage);
        if (status == VG_ERR_MEMORY)
            return vg_fail(err, status, "%s", damage.message);
        p->len += got;
        p->ended = got == 0;
        if (status != VG_OK) {
            p->counts->bad++;
            vg_error_locate(&damage, (vg_place){.file = p->name});
            if (p->bad)
                p->bad(p->context, &damage);
        }
    }
    return VG_OK;
}

/* ---- where to cut ------------------------------------------------------------------------------------------------------------ */

/* Walks whole objects of the array that the cursor is in; *end is behind the last. */
static vg_status walk_objects(vg_json_cursor *c, const char *text, size_t *end, vg_error *err)
{
    for (;;) {
        bool more;
        vg_str raw;
        VG_TRY(vg_json_cursor_next(c, NULL, &more, err));
        if (!more)
            return VG_OK;
        VG_TRY(vg_json_cursor_raw(c, &raw, err));
        *end = (size_t)(raw.ptr + raw.len - text);
    }
}

/* Behind the last whole record of the window; 0: there is none. */
static size_t cut_records(pieces *p)
{
    enum { SPLIT = 8 /* bytes: a character cut by the end of the window fails before it */ };
    vg_json_cursor *c;
    vg_error err = {0};
    bool more, found;
    size_t end = 0;
    vg_arena_reset(p->arena);
    vg_status status = vg_json_cursor_open(p->arena, (vg_str){p->bytes, p->len}, p->name, NULL, &c, &err);
    if (status != VG_OK)
        return 0;
    status = vg_json_cursor_document(c, &more, &err);
    if (status == VG_OK)
        status = vg_json_cursor_enter(c, &err);
    if (status == VG_OK)
        status = vg_json_cursor_find(c, VG_STR("Records"), &found, &err);
    if (status == VG_OK)
        status = vg_json_cursor_enter(c, &err);
    if (status == VG_OK)
        status = walk_objects(c, p->bytes, &end, &err);
    /* Garbage before the end of the window: go on behind it, as the reader will. */
    for (unsigned i = 0; i < MOST_RESUMED && status != VG_OK && vg_json_cursor_offset(c) + SPLIT < p->len;
         i++) {
        if (!vg_json_cursor_resume(c))
            break;
        status = walk_objects(c, p->bytes, &end, &err);
    }
    return end;
}

static size_t cut_lines(const pieces *p)
{
    size_t last = vg_str_rfind_char((vg_str){p->bytes, p->len}, '\n');
    return last == VG_NPOS || last + 1 <= p->header ? 0 : last + 1;
}

/* ---- showing ------------------------------------------------------------------------------------------------------------------- */

static vg_status show(pieces *p, size_t len, vg_error *err)
{
    return vg_detect_log(p->detector, (vg_str){p->bytes, len}, p->name, p->options, p->bad, p->context,
                         p->counts, err);
}

/* Whether a line names the columns of a flow log: names and no values, of which `srcaddr` or `version` must be one. */
static bool is_header(vg_str line)
{
    static const char *const known[] = {"version",    "srcaddr",      "dstaddr",
                                        "account-id", "interface-id", "start"};
    vg_str rest = line, word;
    size_t words = 0, names = 0;
    while (vg_str_next(&rest, ' ', &word)) {
        word = vg_str_trim(word);
        if (vg_str_starts(word, VG_STR("${")))
            word = vg_str_sub(word, 2, word.len - 3);
        words += word.len > 0;
        for (size_t i = 0; i < word.len; i++)
            if (!((word.ptr[i] >= 'a' && word.ptr[i] <= 'z') || word.ptr[i] == '-'))
                return false;
        for (size_t i = 0; i < VG_COUNT(known); i++)
            names += vg_str_is(word, known[i]);
    }
    return words > 1 && names > 0;
}

/* The last header line before `cut`, which the next piece begins with; the one that this piece begins with when there is
 * none. */
static vg_str last_header(const pieces *p, size_t cut)
{
    vg_str rest = {p->bytes, cut}, line, header = {p->bytes, p->header};
    while (vg_str_next(&rest, '\n', &line)) {
        bool may_be = line.len > 1 && ((line.ptr[0] >= 'a' && line.ptr[0] <= 'z') || line.ptr[0] == '$');
        if (may_be && is_header(vg_str_trim(line)))
            header = (vg_str){line.ptr, line.len + 1};
    }
    return header;
}

/* Shows the window up to `cut` and moves the rest to the front, behind what each piece begins with. */
static vg_status show_piece(pieces *p, size_t cut, vg_error *err)
{
    char kept[sizeof CLOSING];
    size_t closing = p->cutting == BY_RECORD ? sizeof CLOSING - 1 : 0, front = p->header;
    memcpy(kept, p->bytes + cut, closing);
    memcpy(p->bytes + cut, CLOSING, closing);
    VG_TRY(show(p, cut + closing, err));
    memcpy(p->bytes + cut, kept, closing);
    if (p->cutting == BY_LINE && p->is_flow) {
        vg_str header = last_header(p, cut);
        memmove(p->bytes, header.ptr, header.len);
        front = p->header = header.len;
    }
    if (p->cutting == BY_RECORD) {
        front = sizeof OPENING - 1;
        memcpy(p->bytes, OPENING, front);
    }
    memmove(p->bytes + front, p->bytes + cut, p->len - cut);
    p->len = front + p->len - cut;
    return VG_OK;
}

/* What separated the last record of a piece from the first of the next, which may have begun the next window. */
static void drop_separator(pieces *p)
{
    size_t front = sizeof OPENING - 1, at = front;
    while (at < p->len && p->bytes[at] && strchr(", \t\r\n", p->bytes[at]))
        at++;
    memmove(p->bytes + front, p->bytes + at, p->len - at);
    p->len -= at - front;
}

static cutting cutting_of(vg_str head)
{
    vg_str first, rest, trimmed = vg_str_trim(head);
    if (vg_trail_is_delivered(head))
        return BY_RECORD;
    bool is_json = trimmed.len && (trimmed.ptr[0] == '{' || trimmed.ptr[0] == '[');
    if (!is_json) /* a gigabyte of nothing, too */
        return BY_LINE;
    bool is_line = vg_str_split(trimmed, '\n', &first, &rest);
    first = vg_str_trim(first);
    return is_line && first.len > 1 && first.ptr[0] == '{' && first.ptr[first.len - 1] == '}' ? BY_LINE
                                                                                              : NOT_AT_ALL;
}

static vg_status show_all(pieces *p, vg_error *err)
{
    enum { HEAD = 64 << 10 };
    VG_TRY(reserve(p, WINDOW, err));
    VG_TRY(fill(p, err));
    vg_str head = {p->bytes, p->len < HEAD ? p->len : HEAD};
    p->cutting = cutting_of(head);
    p->is_flow = p->cutting == BY_LINE && vg_log_recognise(head) == VG_LOG_FLOW;
    size_t widest = p->cutting == NOT_AT_ALL ? WHOLE : WIDEST;
    while (!p->ended) {
        size_t cut = p->cutting == BY_RECORD ? cut_records(p) : p->cutting == BY_LINE ? cut_lines(p) : 0;
        if (cut == 0 && p->cap < widest)
            VG_TRY(reserve(p, p->cap * 2, err));
        else
            VG_TRY(show_piece(p, cut ? cut : p->len, err));
        VG_TRY(fill(p, err));
        if (p->cutting == BY_RECORD && cut)
            drop_separator(p);
    }
    return show(p, p->len, err);
}

vg_status vg_detect_stream(vg_detector *detector, vg_stream *stream, vg_str name,
                           const vg_log_options *options, void (*bad)(void *context, const vg_error *err),
                           void *context, vg_trail_counts *counts, vg_error *err)
{
    pieces p = {.detector = detector,
                .stream = stream,
                .name = name,
                .options = options,
                .bad = bad,
                .context = context,
                .counts = counts,
                .arena = vg_arena_new(0)};
    if (!p.arena)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading %.*s", VG_ARG(name));
    vg_status status = show_all(&p, err);
    free(p.bytes);
    vg_arena_free(p.arena);
    return status;
}
