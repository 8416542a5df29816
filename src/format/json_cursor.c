/* json_cursor.c: the on-demand cursor over a JSON text (its contract and an example are in format.h).
 *
 * It is the token list (json_tokens.h) with a memory of three things: which containers were entered, whether the token
 * under it begins a value that was not read, and where the document began, for going on after a failure. Skipping a
 * value counts brackets over tokens and looks at nothing else. */
#include "format/json_read.h"
#include "format/value_order.h"

typedef enum {
    ON_VALUE, /* `at` begins a value */
    AT_START, /* `at` is behind the bracket of a container that was just entered */
    BEHIND    /* `at` is behind a value: a comma, a bracket, or the next document */
} standing;

struct vg_json_cursor {
    vg_json_tokens tokens;
    const uint32_t *at;
    vg_arena *arena;
    vg_limits limits;
    vg_json_bounds bounds;
    standing standing;
    unsigned depth;
    char *closes;    /* the bracket that closes each entered container */
    uint64_t picked; /* bits of the tables of objects that were met while picking */
    size_t resumed;  /* where vg_json_cursor_resume went last */
    size_t document_start;
    size_t document_end; /* of its line, when documents go by line; else the end of the text */
    bool by_line;
    bool ended; /* no text is left */
    /* Lines counted so far: line `line` begins at `line_start`. */
    size_t line_start;
    uint32_t line;
};

static uint8_t byte_at(const vg_json_cursor *c)
{
    return c->tokens.index.source[*c->at];
}

/* ---- opening ------------------------------------------------------------------------------------------------- */

/* (Re)starts the index at `start`; at the end of the text there is nothing to index. */
static void start_at(vg_json_cursor *c, size_t start)
{
    vg_str source = c->tokens.source;
    c->ended = start >= source.len;
    c->depth = 0;
    c->standing = BEHIND;
    if (!c->ended)
        c->at = vg_json_tokens_start(&c->tokens, c->tokens.fill, source, c->tokens.name, start, source.len);
}

vg_status vg_json_cursor_open(vg_arena *arena, vg_str source, vg_str name, const vg_limits *limits,
                              vg_json_cursor **out, vg_error *err)
{
    vg_json_bounds bounds = vg_json_bounds_of(limits);
    if (source.len > bounds.max_bytes)
        return vg_fail_at(err, VG_ERR_LIMIT, (vg_place){.file = name},
                          "JSON text is larger than the limit of %zu bytes", bounds.max_bytes);
    vg_json_cursor *c = vg_arena_alloc(arena, sizeof *c);
    char *closes = c ? vg_arena_alloc(arena, bounds.max_depth) : NULL;
    if (!closes)
        return vg_fail_at(err, VG_ERR_MEMORY, (vg_place){.file = name},
                          "out of memory for reading this JSON text");
    c->tokens.source = source;
    c->tokens.name = name;
    c->tokens.fill = vg_json_index_path(VG_JSON_AUTO);
    c->tokens.index = vg_json_index_over(source, 0, source.len);
    c->at = c->tokens.limit = c->tokens.end = c->tokens.tokens;
    c->arena = arena;
    c->limits = limits ? *limits : (vg_limits){0};
    c->bounds = bounds;
    c->closes = closes;
    c->resumed = 0;
    c->document_start = 0;
    c->document_end = source.len;
    c->by_line = false;
    c->line = 1;
    c->line_start = vg_str_starts(source, VG_STR("\xEF\xBB\xBF")) ? 3 : 0;
    start_at(c, c->line_start);
    *out = c;
    return VG_OK;
}

/* ---- walking ------------------------------------------------------------------------------------------------- */

static vg_status unexpected(const vg_json_cursor *c, const char *message, vg_error *err)
{
    return vg_json_unexpected(&c->tokens, c->at, message, err);
}

static vg_status misplaced(vg_json_cursor *c, const char *message, vg_error *err)
{
    return vg_fail_at(err, VG_ERR_VALUE, vg_json_cursor_place(c), "%s", message);
}

static vg_status runs_on(const vg_json_cursor *c, vg_error *err)
{
    return vg_json_error_at(&c->tokens, c->document_end, VG_ERR_SYNTAX,
                            "JSON document does not end on its line", err);
}

/* Sees to it that `at` is a token of this document, and that VG_JSON_AHEAD more may be looked at. */
static vg_status fetch_tokens(vg_json_cursor *c, vg_error *err)
{
    if (!c->ended && c->at >= c->tokens.limit)
        c->at = vg_json_tokens_more(&c->tokens, c->at);
    if (c->ended || c->at >= c->tokens.end)
        return unexpected(c, "", err);
    return *c->at > c->document_end ? runs_on(c, err) : VG_OK;
}

static inline vg_status need_tokens(vg_json_cursor *c, vg_error *err)
{
    bool at_hand = !c->ended && c->at < c->tokens.limit && *c->at <= c->document_end;
    return at_hand ? VG_OK : fetch_tokens(c, err);
}

/* The end of the line on which the document at `start` stands. */
static size_t line_end(const vg_json_cursor *c, size_t start)
{
    size_t rest = vg_str_find_char(vg_str_sub(c->tokens.source, start, c->tokens.source.len), '\n');
    return rest == VG_NPOS ? c->tokens.source.len : start + rest;
}

/* Walks from an opening quote behind the closing one, whose offset is *close. */
static vg_status skip_string(vg_json_cursor *c, size_t *close, vg_error *err)
{
    do {
        c->at++;
        VG_TRY(need_tokens(c, err));
    } while (byte_at(c) != '"');
    *close = *c->at++;
    return VG_OK;
}

static vg_status skip_container(vg_json_cursor *c, size_t *close, vg_error *err)
{
    static const int8_t change[256] = {['{'] = 1, ['['] = 1, ['}'] = -1, [']'] = -1};
    const uint8_t *source = c->tokens.index.source;
    for (size_t depth = 0;;) {
        VG_TRY(need_tokens(c, err));
        const uint32_t *at = c->at, *limit = c->tokens.limit;
        do
            depth += (size_t)change[source[*at++]];
        while (depth != 0 && at < limit);
        c->at = at;
        if (depth == 0)
            break;
    }
    *close = c->at[-1];
    return VG_OK;
}

/* The end of a number or literal: where the next token or white space begins. */
static size_t scalar_end(const vg_json_cursor *c, size_t start)
{
    static const bool ends[256] = {
        ['\0'] = true, [' '] = true, ['\t'] = true, ['\n'] = true, ['\r'] = true, [','] = true,
        [':'] = true,  ['['] = true, [']'] = true,  ['{'] = true,  ['}'] = true,  ['"'] = true};
    const vg_json_index *index = &c->tokens.index;
    size_t end = start;
    while (end < index->length && !ends[index->source[end]])
        end++;
    return end;
}

/* Walks behind the value under the cursor: its bytes are source[*from..*to). */
static vg_status skip_value(vg_json_cursor *c, size_t *from, size_t *to, vg_error *err)
{
    VG_TRY(need_tokens(c, err));
    *from = *c->at;
    switch (byte_at(c)) {
    case '{':
    case '[':
        VG_TRY(skip_container(c, to, err));
        ++*to;
        break;
    case '"':
        VG_TRY(skip_string(c, to, err));
        ++*to;
        break;
    case '}':
    case ']':
    case ',':
    case ':':
        return unexpected(c, "expected a JSON value here", err);
    default:
        *to = scalar_end(c, *from);
        c->at++;
    }
    c->standing = BEHIND;
    return *to > c->document_end ? runs_on(c, err) : VG_OK;
}

static vg_status skip_pending(vg_json_cursor *c, vg_error *err)
{
    size_t from, to;
    return c->standing == ON_VALUE ? skip_value(c, &from, &to, err) : VG_OK;
}

vg_status vg_json_cursor_document(vg_json_cursor *c, bool *more, vg_error *err)
{
    *more = false;
    while (c->depth > 0)
        VG_TRY(vg_json_cursor_leave(c, err));
    VG_TRY(skip_pending(c, err));
    if (!c->ended && c->at >= c->tokens.limit)
        c->at = vg_json_tokens_more(&c->tokens, c->at);
    c->ended = c->ended || (c->at >= c->tokens.end && c->tokens.index.fault == VG_JSON_NO_FAULT);
    if (c->ended)
        return VG_OK;
    c->document_start = vg_json_tokens_offset(&c->tokens, c->at);
    c->document_end = c->by_line ? line_end(c, c->document_start) : c->tokens.source.len;
    VG_TRY(need_tokens(c, err));
    c->standing = ON_VALUE;
    *more = true;
    return VG_OK;
}

void vg_json_cursor_by_line(vg_json_cursor *c)
{
    c->by_line = true;
}

void vg_json_cursor_recover(vg_json_cursor *c)
{
    start_at(c, line_end(c, c->document_start) + 1);
}

/* Whether an object may begin at `at`: a '{' behind a comma, a bracket or a line's start, with a key behind it. Inside a
 * string its key's quote would be escaped. */
static bool may_begin_object(vg_str source, size_t at)
{
    size_t before = at, behind = at + 1;
    while (before > 0 && strchr(" \t\r", source.ptr[before - 1]))
        before--;
    while (behind < source.len && strchr(" \t\r\n", source.ptr[behind]))
        behind++;
    return behind < source.len && source.ptr[behind] == '"' &&
           (before == 0 || memchr(",[]}\n", source.ptr[before - 1], 5));
}

bool vg_json_cursor_resume(vg_json_cursor *c)
{
    vg_str source = c->tokens.source;
    size_t at = vg_json_cursor_offset(c);
    while (at < source.len && !(source.ptr[at] == '{' && at > c->resumed && may_begin_object(source, at)))
        at++;
    if (at >= source.len)
        return false;
    c->resumed = at;
    start_at(c, at);
    c->closes[0] = ']';
    c->depth = 1;
    c->standing = AT_START;
    return true;
}

vg_status vg_json_cursor_enter(vg_json_cursor *c, vg_error *err)
{
    vg_kind kind = vg_json_cursor_kind(c);
    if (kind != VG_OBJECT && kind != VG_ARRAY)
        return misplaced(c, "expected a JSON object or array here", err);
    if (c->depth >= c->bounds.max_depth)
        return vg_json_error_at(&c->tokens, *c->at, VG_ERR_LIMIT,
                                "JSON text is nested deeper than the limit allows", err);
    c->closes[c->depth++] = kind == VG_OBJECT ? '}' : ']';
    c->at++;
    c->standing = AT_START;
    return VG_OK;
}

/* The key under the cursor, and the colon behind it. */
static vg_status read_key(vg_json_cursor *c, vg_str *key, vg_error *err)
{
    if (byte_at(c) != '"')
        return unexpected(c, "expected a key in double quotes in this JSON object", err);
    c->standing = ON_VALUE;
    VG_TRY(vg_json_cursor_str(c, c->arena, key, err));
    VG_TRY(need_tokens(c, err));
    if (byte_at(c) != ':')
        return unexpected(c, "expected ':' behind the key of a JSON object", err);
    c->at++;
    return VG_OK;
}

vg_status vg_json_cursor_next(vg_json_cursor *c, vg_str *key, bool *more, vg_error *err)
{
    vg_str name = {0};
    *more = false;
    if (c->depth == 0)
        return misplaced(c, "no JSON object or array was entered here", err);
    VG_TRY(skip_pending(c, err));
    VG_TRY(need_tokens(c, err));
    char close = c->closes[c->depth - 1];
    bool at_start = c->standing == AT_START;
    if (byte_at(c) == (uint8_t)close) {
        c->at++;
        c->depth--;
        c->standing = BEHIND;
        return VG_OK;
    }
    if (!at_start && byte_at(c) != ',')
        return unexpected(c,
                          close == '}' ? "expected ',' or '}' in this JSON object"
                                       : "expected ',' or ']' in this JSON array",
                          err);
    c->at += !at_start;
    VG_TRY(need_tokens(c, err));
    if (close == '}')
        VG_TRY(read_key(c, &name, err));
    VG_TRY(need_tokens(c, err));
    c->standing = ON_VALUE;
    *more = true;
    if (key)
        *key = name;
    return VG_OK;
}

vg_status vg_json_cursor_find(vg_json_cursor *c, vg_str key, bool *found, vg_error *err)
{
    vg_str name;
    do
        VG_TRY(vg_json_cursor_next(c, &name, found, err));
    while (*found && !vg_str_eq(name, key));
    return VG_OK;
}

vg_status vg_json_cursor_leave(vg_json_cursor *c, vg_error *err)
{
    unsigned around = c->depth == 0 ? 0 : c->depth - 1;
    bool more = c->depth > 0;
    while (more && c->depth > around)
        VG_TRY(vg_json_cursor_next(c, NULL, &more, err));
    return VG_OK;
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

vg_kind vg_json_cursor_kind(const vg_json_cursor *c)
{
    static const uint8_t kinds[256] = {
        ['{'] = VG_OBJECT, ['['] = VG_ARRAY,  ['"'] = VG_STRING, ['t'] = VG_BOOL,
        ['f'] = VG_BOOL,   ['-'] = VG_NUMBER, ['0'] = VG_NUMBER, ['1'] = VG_NUMBER,
        ['2'] = VG_NUMBER, ['3'] = VG_NUMBER, ['4'] = VG_NUMBER, ['5'] = VG_NUMBER,
        ['6'] = VG_NUMBER, ['7'] = VG_NUMBER, ['8'] = VG_NUMBER, ['9'] = VG_NUMBER};
    return c->standing == ON_VALUE ? (vg_kind)kinds[byte_at(c)] : VG_NULL;
}

vg_status vg_json_cursor_str(vg_json_cursor *c, vg_arena *arena, vg_str *out, vg_error *err)
{
    if (vg_json_cursor_kind(c) != VG_STRING)
        return misplaced(c, "expected a JSON string here", err);
    size_t open = *c->at, close, bad, length;
    const char *why, *content = c->tokens.source.ptr + open + 1;
    VG_TRY(need_tokens(c, err));
    bool escaped = c->tokens.index.source[c->at[1]] != '"';
    VG_TRY(skip_string(c, &close, err));
    c->standing = BEHIND;
    *out = (vg_str){content, close - open - 1};
    if (out->len > VG_JSON_LONGEST)
        return vg_json_error_at(&c->tokens, open, VG_ERR_LIMIT, "JSON string is longer than 256 MiB", err);
    if (!escaped)
        return VG_OK;
    char *text = vg_arena_alloc(arena, out->len + 8);
    if (!text)
        return vg_json_error_at(&c->tokens, open, VG_ERR_MEMORY, "out of memory for a JSON string", err);
    if (!vg_json_unescape(*out, text, &length, &bad, &why))
        return vg_json_error_at(&c->tokens, open + 1 + bad, VG_ERR_SYNTAX, why, err);
    *out = (vg_str){text, length};
    return VG_OK;
}

vg_status vg_json_cursor_scalar(vg_json_cursor *c, vg_arena *arena, vg_value *out, vg_error *err)
{
    vg_kind kind = vg_json_cursor_kind(c);
    if (c->standing != ON_VALUE || kind == VG_OBJECT || kind == VG_ARRAY)
        return misplaced(c, "expected a JSON string, number, true, false or null here", err);
    VG_TRY(need_tokens(c, err));
    if (kind != VG_STRING) {
        VG_TRY(vg_json_scalar_read(&c->tokens, c->at, arena, out, err));
        c->at++;
        c->standing = BEHIND;
        return VG_OK;
    }
    vg_str text;
    uint32_t position = *c->at;
    VG_TRY(vg_json_cursor_str(c, arena, &text, err));
    *out = (vg_value){.kind = VG_STRING,
                      .len = (uint32_t)text.len & VG_JSON_LONGEST,
                      .position = position,
                      .as.string = text.ptr};
    return VG_OK;
}

vg_status vg_json_cursor_raw(vg_json_cursor *c, vg_str *out, vg_error *err)
{
    size_t from, to;
    if (c->standing != ON_VALUE)
        return misplaced(c, "expected a JSON value here", err);
    VG_TRY(skip_value(c, &from, &to, err));
    *out = (vg_str){c->tokens.source.ptr + from, to - from};
    return VG_OK;
}

vg_status vg_json_cursor_tree(vg_json_cursor *c, vg_arena *arena, vg_doc *out, vg_error *err)
{
    size_t from, to;
    if (c->standing != ON_VALUE)
        return misplaced(c, "expected a JSON value here", err);
    VG_TRY(skip_value(c, &from, &to, err));
    return vg_json_read_span(arena, c->tokens.fill, c->tokens.source, c->tokens.name, from, to, &c->limits,
                             out, err);
}

/* ---- picking ------------------------------------------------------------------------------------------------- */

/* The keys of one object, by a hash of a key's first eight bytes and its length; at most a quarter of the slots is taken. */
enum { MOST_PICKS = 4096 };

typedef struct pick_table pick_table;

typedef struct {
    uint64_t word; /* the key's first eight bytes */
    vg_str key;
    size_t value; /* where its value goes, or SIZE_MAX */
    const pick_table *inner;
} pick;

struct pick_table {
    const pick *picks;
    size_t count;
    uint64_t bit;          /* among the tables of all objects, modulo 64 */
    unsigned shift;        /* 64 - bits of a slot's number */
    const uint16_t *slots; /* 1 + index of the pick; 0: none */
};

struct vg_json_picks {
    const pick_table *top;
    size_t count;
};

static uint64_t first_bytes(const char *key, size_t len)
{
    uint64_t word = 0;
    if (len)
        memcpy(&word, key, len < 8 ? len : 8);
    return word;
}

static size_t pick_slot(const pick_table *table, uint64_t word, size_t len)
{
    return (size_t)(((word ^ len * UINT64_C(0x9E3779B97F4A7C15)) * UINT64_C(0xD6E8FEB86659FD93)) >>
                    table->shift);
}

static bool place_picks(vg_arena *arena, pick_table *table)
{
    unsigned bits = 4;
    while ((size_t)1 << bits < table->count * 4)
        bits++;
    size_t mask = ((size_t)1 << bits) - 1;
    uint16_t *slots = VG_NEW_N(arena, uint16_t, mask + 1);
    table->shift = 64 - bits;
    table->slots = slots;
    for (size_t i = 0; slots && i < table->count; i++) {
        vg_str key = table->picks[i].key;
        size_t slot = pick_slot(table, first_bytes(key.ptr, key.len), key.len);
        while (slots[slot])
            slot = (slot + 1) & mask;
        slots[slot] = (uint16_t)(i + 1);
    }
    return slots != NULL;
}

/* The table of the keys that follow `prefix` (empty, or ending with a dot) in the paths. */
static pick_table *make_picks(vg_arena *arena, const vg_str *paths, size_t count, vg_str prefix,
                              unsigned *tables)
{
    pick_table *table = vg_arena_alloc(arena, sizeof *table);
    vg_vec picks = vg_vec_in(arena, sizeof(pick));
    bool failed = !table;
    for (size_t i = 0; i < count && !failed; i++) {
        if (!vg_str_starts(paths[i], prefix))
            continue;
        vg_str key, rest, path = vg_str_sub(paths[i], prefix.len, VG_NPOS);
        bool deeper = vg_str_split(path, '.', &key, &rest);
        pick *found = NULL;
        for (size_t k = 0; k < picks.len && !found; k++)
            if (vg_str_eq(((pick *)vg_vec_at(&picks, k))->key, key))
                found = vg_vec_at(&picks, k);
        bool is_new = !found;
        if (is_new)
            found = vg_vec_push(&picks);
        if (!found || picks.len > MOST_PICKS)
            return NULL;
        if (is_new)
            *found = (pick){first_bytes(key.ptr, key.len), key, SIZE_MAX, NULL};
        if (!deeper)
            found->value = i;
        else if (!found->inner)
            failed = !(found->inner = make_picks(arena, paths, count,
                                                 vg_str_sub(paths[i], 0, prefix.len + key.len + 1), tables));
    }
    if (failed)
        return NULL;
    table->picks = picks.items;
    table->count = picks.len;
    table->bit = UINT64_C(1) << (++*tables % 64);
    return place_picks(arena, table) ? table : NULL;
}

vg_json_picks *vg_json_picks_new(vg_arena *arena, const vg_str *paths, size_t count)
{
    vg_json_picks *picks = vg_arena_alloc(arena, sizeof *picks);
    unsigned tables = 0;
    const pick_table *top = picks ? make_picks(arena, paths, count, VG_STR(""), &tables) : NULL;
    if (!top)
        return NULL;
    *picks = (vg_json_picks){top, count};
    return picks;
}

/* Whether two keys of the same length are the same; their first eight bytes (or all) are. */
static inline bool is_rest_same(const char *a, const char *b, size_t len)
{
    uint64_t x, y;
    for (size_t at = 8; at < len; at += 8) {
        size_t from = at + 8 <= len ? at : len - 8;
        memcpy(&x, a + from, 8);
        memcpy(&y, b + from, 8);
        if (x != y)
            return false;
    }
    return true;
}

static inline bool has_dot(const char *key, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (key[i] == '.')
            return true;
    return false;
}

static inline const pick *find_pick(const vg_json_cursor *c, const pick_table *table, size_t from, size_t len)
{
    const char *key = c->tokens.source.ptr + from;
    uint64_t word;
    if (from + 8 <= c->tokens.source.len) {
        memcpy(&word, key, 8);
        word = len < 8 ? word & ((UINT64_C(1) << (8 * len)) - 1) : word;
    } else
        word = first_bytes(key, len);
    size_t mask = ((size_t)1 << (64 - table->shift)) - 1;
    for (size_t slot = pick_slot(table, word, len); table->slots[slot]; slot = (slot + 1) & mask) {
        const pick *found = &table->picks[table->slots[slot] - 1];
        if (found->word == word && found->key.len == len && is_rest_same(found->key.ptr, key, len))
            return found;
    }
    return NULL;
}

/* What stands behind `at`, when it is a member as most are: a key without escapes, and a value whose end can be told from
 * the tokens at hand. NULL: it is not, or is to be looked at with care. */
static inline const uint32_t *plain_member(const vg_json_cursor *c, const uint32_t *at, size_t *to)
{
    const uint8_t *source = c->tokens.index.source;
    if (at >= c->tokens.limit || source[at[0]] != '"' || source[at[1]] != '"' || source[at[2]] != ':' ||
        source[at[3]] != '"' || source[at[4]] != '"')
        return NULL;
    *to = at[4] + (size_t)1;
    return at + 5;
}

/* Goes behind the key and the colon: the cursor then stands on the value. */
static vg_status pick_key(vg_json_cursor *c, size_t *from, size_t *len, bool *escaped, vg_error *err)
{
    size_t close;
    VG_TRY(need_tokens(c, err));
    if (byte_at(c) != '"')
        return unexpected(c, "expected a key in double quotes in this JSON object", err);
    *from = *c->at + (size_t)1;
    *escaped = c->tokens.index.source[c->at[1]] != '"';
    VG_TRY(skip_string(c, &close, err));
    *len = close - *from;
    VG_TRY(need_tokens(c, err));
    if (byte_at(c) != ':')
        return unexpected(c, "expected ':' behind the key of a JSON object", err);
    c->at++;
    return need_tokens(c, err);
}

static vg_status pick_members(vg_json_cursor *c, const pick_table *table, vg_str *values, bool *odd,
                              vg_error *err);

/* A list where an object was expected: its bracket stands for all that may be in it. */
static void pick_list(const char *at, const pick_table *table, vg_str *values)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->picks[i].value != SIZE_MAX)
            values[table->picks[i].value] = (vg_str){at, 1};
        if (table->picks[i].inner)
            pick_list(at, table->picks[i].inner, values);
    }
}

/* One member of the object; the cursor then stands behind it. */
static vg_status pick_member(vg_json_cursor *c, const pick_table *table, vg_str *values, bool *odd,
                             vg_error *err)
{
    size_t key = 0, len = 0, from = 0, to = 0;
    bool escaped = false;
    const uint32_t *at = c->at, *behind = plain_member(c, at, &to);
    if (behind) {
        key = at[0] + (size_t)1;
        len = at[1] - key;
        from = at[3];
        c->at = behind;
    } else
        VG_TRY(pick_key(c, &key, &len, &escaped, err));
    const pick *found = find_pick(c, table, key, len);
    if (found && found->inner) {
        *odd |= (c->picked & found->inner->bit) != 0; /* the object is there twice */
        c->picked |= found->inner->bit;
    }
    if (!behind) {
        from = *c->at;
        if (found && found->inner && byte_at(c) == '{') {
            VG_TRY(pick_members(c, found->inner, values, odd, err));
            to = c->at[-1] + (size_t)1;
        } else {
            bool is_list = byte_at(c) == '[';
            VG_TRY(skip_value(c, &from, &to, err));
            if (found && found->inner && is_list)
                pick_list(c->tokens.source.ptr + from, found->inner, values);
        }
    }
    if (!found)
        *odd |= escaped || has_dot(c->tokens.source.ptr + key, len);
    else if (found->value != SIZE_MAX) {
        *odd |= values[found->value].ptr != NULL;
        values[found->value] = (vg_str){c->tokens.source.ptr + from, to - from};
    }
    return VG_OK;
}

/* The members of the object under the cursor. Depth is that of the table. */
static vg_status pick_members(vg_json_cursor *c, const pick_table *table, vg_str *values, bool *odd,
                              vg_error *err)
{
    c->at++;
    VG_TRY(need_tokens(c, err));
    if (byte_at(c) != '}')
        VG_TRY(pick_member(c, table, values, odd, err));
    for (;;) {
        VG_TRY(need_tokens(c, err));
        uint8_t byte = byte_at(c);
        c->at++;
        if (byte == '}')
            return VG_OK;
        if (byte != ',') {
            c->at--;
            return unexpected(c, "expected ',' or '}' in this JSON object", err);
        }
        VG_TRY(pick_member(c, table, values, odd, err));
    }
}

vg_status vg_json_cursor_pick(vg_json_cursor *c, const vg_json_picks *picks, vg_str *values, bool *odd,
                              vg_str *raw, vg_error *err)
{
    if (vg_json_cursor_kind(c) != VG_OBJECT)
        return misplaced(c, "expected a JSON object here", err);
    for (size_t i = 0; i < picks->count; i++)
        values[i] = (vg_str){0};
    *odd = false;
    c->picked = 0;
    VG_TRY(need_tokens(c, err));
    size_t from = *c->at;
    VG_TRY(pick_members(c, picks->top, values, odd, err));
    c->standing = BEHIND;
    size_t to = c->at[-1] + (size_t)1;
    *raw = (vg_str){c->tokens.source.ptr + from, to - from};
    return to > c->document_end ? runs_on(c, err) : VG_OK;
}

/* ---- places -------------------------------------------------------------------------------------------------- */

size_t vg_json_cursor_offset(const vg_json_cursor *c)
{
    return c->ended ? c->tokens.source.len : vg_json_tokens_offset(&c->tokens, c->at);
}

vg_place vg_json_cursor_place(vg_json_cursor *c)
{
    vg_str source = c->tokens.source;
    size_t offset = vg_json_cursor_offset(c);
    if (offset < c->line_start) /* it recovered to an earlier line than was counted */
        return vg_source_place(source, c->tokens.name, offset);
    while (c->line_start < offset) {
        size_t rest = vg_str_find_char(vg_str_sub(source, c->line_start, offset - c->line_start), '\n');
        if (rest == VG_NPOS)
            break;
        c->line_start += rest + 1;
        c->line++;
    }
    return (vg_place){c->tokens.name, c->line, (uint32_t)(offset - c->line_start) + 1};
}
