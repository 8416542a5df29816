/* pieces.c: a log of any size shown to a detector in pieces.
 *
 * A window is filled from the stream and shown; what is behind its last whole record or line moves to the front and the
 * window is filled up again. A piece of a CloudTrail file is given the opening that the file had, {"Records":[; a piece of a
 * text, its header line when it has one. A window is small, so that what is uncompressed into it is read while it is in the
 * processor's cache. */
#include <stdlib.h>
#include <string.h>

#include "detect/detect_part.h"

enum {
    WINDOW = 1 << 20,  /* at first */
    WIDEST = 64 << 20, /* for a single record; a window without an end of one is shown as it is */
    WHOLE = 1 << 30    /* for logs that cannot be cut */
};

#define OPENING "{\"Records\":["

typedef enum { BY_RECORD, BY_LINE, NOT_AT_ALL } cutting;

typedef struct {
    vg_detector *detector;
    vg_stream *stream;
    vg_str name;
    const vg_log_options *options;
    void (*bad)(void *context, const vg_error *err);
    void *context;
    vg_trail_counts *counts;
    char *bytes;
    size_t len, cap;
    size_t front; /* bytes put before what comes from the stream: the opening, or a header line */
    vg_piece at;  /* where those behind them stand */
    cutting cutting;
    bool is_flow;
    bool ended;
} pieces;

static vg_status reserve(pieces *p, size_t cap, vg_error *err)
{
    char *grown = cap <= p->cap ? p->bytes : realloc(p->bytes, cap);
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

static size_t cut_lines(const pieces *p)
{
    size_t last = vg_str_rfind_char((vg_str){p->bytes, p->len}, '\n');
    return last == VG_NPOS || last + 1 <= p->front ? 0 : last + 1;
}

/* ---- showing ------------------------------------------------------------------------------------------------------------------- */

/* Shows the window up to `len`. *behind (may be NULL): more follows, and so much was read. */
static vg_status show(pieces *p, size_t len, size_t *behind, vg_error *err)
{
    vg_piece piece = p->at;
    piece.base -= (int64_t)p->front;
    if (p->cutting == BY_LINE && p->front) /* a header line */
        piece.line--;
    else
        piece.column -= (int64_t)p->front;
    piece.more = behind != NULL;
    vg_status status = vg_detect_piece(p->detector, (vg_str){p->bytes, len}, p->name, p->options, p->bad,
                                       p->context, p->counts, &piece, err);
    if (behind)
        *behind = piece.behind;
    return status;
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
    vg_str rest = {p->bytes, cut}, line, header = {p->bytes, p->front};
    while (vg_str_next(&rest, '\n', &line)) {
        bool may_be = line.len > 1 && ((line.ptr[0] >= 'a' && line.ptr[0] <= 'z') || line.ptr[0] == '$');
        if (may_be && is_header(vg_str_trim(line)))
            header = (vg_str){line.ptr, line.len + 1};
    }
    return header;
}

/* Counts what is done with. */
static void pass(pieces *p, size_t from, size_t to)
{
    const char *line = p->bytes + from, *end = p->bytes + to, *next;
    for (; line < end && (next = memchr(line, '\n', (size_t)(end - line))); line = next + 1) {
        p->at.line++;
        p->at.column = 0;
    }
    p->at.column += end - line;
    p->at.base += (int64_t)(to - from);
}

/* Moves what is behind `cut` to the front, behind what each piece begins with. */
static void move_on(pieces *p, size_t cut)
{
    size_t front = p->front;
    pass(p, front, cut);
    if (p->cutting == BY_LINE && p->is_flow) {
        vg_str header = last_header(p, cut);
        memmove(p->bytes, header.ptr, header.len);
        front = header.len;
    }
    if (p->cutting == BY_RECORD) {
        front = sizeof OPENING - 1;
        memcpy(p->bytes, OPENING, front);
    }
    memmove(p->bytes + front, p->bytes + cut, p->len - cut);
    p->len = front + p->len - cut;
    p->front = front;
}

/* What separated the last record of a piece from the first of the next, which may have begun the next window. */
static void drop_separator(pieces *p)
{
    size_t at = p->front;
    while (at < p->len && p->bytes[at] && strchr(", \t\r\n", p->bytes[at]))
        at++;
    pass(p, p->front, at);
    memmove(p->bytes + p->front, p->bytes + at, p->len - at);
    p->len -= at - p->front;
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

/* A mark of UTF-8 goes. True: it is of UTF-16. */
static bool is_utf16(pieces *p)
{
    enum { MARK = 3 };
    vg_str text = {p->bytes, p->len};
    if (vg_str_starts(text, VG_STR("\xEF\xBB\xBF"))) {
        memmove(p->bytes, p->bytes + MARK, p->len -= MARK);
        p->at.base = MARK;
    }
    return vg_str_starts(text, VG_STR("\xFF\xFE")) || vg_str_starts(text, VG_STR("\xFE\xFF"));
}

/* All at once, as a text that cannot be cut. */
static vg_status show_utf16(pieces *p, vg_error *err)
{
    while (!p->ended && p->cap < WHOLE) {
        VG_TRY(reserve(p, p->cap * 2, err));
        VG_TRY(fill(p, err));
    }
    vg_arena *arena = vg_arena_new(0);
    vg_str text;
    vg_status status = arena ? vg_text_to_utf8(arena, (vg_str){p->bytes, p->len}, &text, err)
                             : vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading a log");
    if (status == VG_OK)
        status = vg_detect_log(p->detector, text, p->name, p->options, p->bad, p->context, p->counts, err);
    vg_arena_free(arena);
    return status;
}

static vg_status show_all(pieces *p, vg_error *err)
{
    enum { HEAD = 64 << 10 };
    VG_TRY(reserve(p, WINDOW, err));
    VG_TRY(fill(p, err));
    if (is_utf16(p))
        return show_utf16(p, err);
    vg_str head = {p->bytes, p->len < HEAD ? p->len : HEAD};
    p->cutting = cutting_of(head);
    p->is_flow = p->cutting == BY_LINE && vg_log_recognise(head) == VG_LOG_FLOW;
    size_t widest = p->cutting == NOT_AT_ALL ? WHOLE : WIDEST;
    while (!p->ended) {
        size_t cut = p->cutting == BY_LINE ? cut_lines(p) : 0;
        if (p->cutting == BY_RECORD)
            VG_TRY(show(p, p->len, &cut, err));
        else if (cut)
            VG_TRY(show(p, cut, NULL, err));
        if (cut == 0 && p->cap < widest)
            VG_TRY(reserve(p, p->cap * 2, err));
        else if (cut == 0)
            VG_TRY(show(p, p->len, NULL, err));
        if (cut || p->cap >= widest)
            move_on(p, cut ? cut : p->len);
        VG_TRY(fill(p, err));
        if (p->cutting == BY_RECORD && cut)
            drop_separator(p);
    }
    return show(p, p->len, NULL, err);
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
                .counts = counts};
    vg_status status = show_all(&p, err);
    free(p.bytes);
    return status;
}
