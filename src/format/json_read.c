/* json_read.c: a JSON document to a tree. The token list says where every value begins and every string ends; what is
 * left to do is the grammar (RFC 8259, sections 2 to 7) and the nodes.
 *
 * Nodes are written in document order into one array, whose size the index knows: every value and key has a token.
 * While a container is open its own node is the stack: `span` holds the index of the container around it, `count` what
 * that container has so far. Both get their meaning when it closes. */
#include "format/json_read.h"

/* What stays the same, and what is needed rarely. */
typedef struct {
    vg_json_tokens *tokens;
    const uint8_t *source;
    size_t length;
    vg_arena *arena;
    vg_json_bounds bounds;
    vg_value *nodes;
    size_t capacity;
    char *text, *text_end; /* room for unescaped strings */
    vg_error *err;
} reader;

/* Where the loop is: lives in registers, and is copied to whoever helps. */
typedef struct {
    const uint32_t *at, *limit; /* the next token; see json_tokens.h */
    vg_value *node;             /* the next node to write */
    vg_value *open;             /* the innermost open container */
} spot;

static vg_status unexpected(reader *r, const spot *s, const char *message)
{
    return vg_json_unexpected(r->tokens, s->at, message, r->err);
}

static vg_status refuse(reader *r, size_t offset, vg_status code, const char *message)
{
    return vg_json_error_at(r->tokens, offset, code, message, r->err);
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

/* Values and keys that the tokens so far can make, and some for a text that runs into the sentinels. */
static size_t nodes_so_far(const vg_json_index *index)
{
    return (size_t)(index->quotes / 2 + index->opens + index->scalars) + 2 * VG_JSON_AHEAD;
}

/* As many as the whole text needs if its rest is like what was read: exact when all was. */
static size_t nodes_in_all(const vg_json_index *index)
{
    size_t so_far = nodes_so_far(index);
    if (index->done)
        return so_far;
    double rest = (double)(index->length - index->at) / (double)(index->at - index->start);
    return so_far + (size_t)((double)so_far * rest * 1.05) + 64;
}

static vg_status ensure_nodes(reader *r, spot *s)
{
    const vg_json_index *index = &r->tokens->index;
    size_t needed = nodes_so_far(index);
    if (needed <= r->capacity)
        return VG_OK;
    if (needed - 2 * VG_JSON_AHEAD > r->bounds.max_nodes)
        return refuse(r, *s->at, VG_ERR_LIMIT, "JSON document holds more values than the limit allows");
    size_t capacity = nodes_in_all(index), bytes;
    vg_value *nodes = NULL;
    if (!__builtin_mul_overflow(capacity, sizeof *nodes, &bytes))
        nodes = vg_arena_alloc(r->arena, bytes);
    if (!nodes)
        return refuse(r, *s->at, VG_ERR_MEMORY, "out of memory for the tree of this JSON document");
    size_t written = r->nodes ? (size_t)(s->node - r->nodes) : 0,
           open = r->nodes ? (size_t)(s->open - r->nodes) : 0;
    if (written > 0)
        memcpy(nodes, r->nodes, written * sizeof *nodes);
    s->node = nodes + written;
    s->open = nodes + open;
    r->nodes = nodes;
    r->capacity = capacity;
    return VG_OK;
}

/* More tokens, and nodes for them. Fails when the text has ended. */
static __attribute__((noinline)) vg_status fetch_more(reader *r, spot *s)
{
    s->at = vg_json_tokens_more(r->tokens, s->at);
    s->limit = r->tokens->limit;
    if (s->at >= r->tokens->end)
        return unexpected(r, s, "");
    return ensure_nodes(r, s);
}

static inline vg_status more(reader *r, spot *s)
{
    spot copy = *s;
    vg_status status = fetch_more(r, &copy);
    *s = copy;
    return status;
}

/* Room for an unescaped string, of which `rest` bytes are the most that can still be needed. */
static char *text_room(reader *r, size_t need, size_t rest)
{
    if ((size_t)(r->text_end - r->text) < need) {
        size_t size = rest < 8192 ? rest + 8 : 8192;
        size = size < need ? need : size;
        r->text = vg_arena_alloc(r->arena, size);
        r->text_end = r->text ? r->text + size : NULL;
    }
    return r->text;
}

/* ---- strings --------------------------------------------------------------------------------------------------- */

static inline void set_string(vg_value *node, const char *text, size_t length, uint32_t position)
{
    *node = (vg_value){.kind = VG_STRING,
                       .len = (uint32_t)length & VG_JSON_LONGEST,
                       .position = position,
                       .as.string = text};
}

/* A string with escapes, or one that does not end, or one too long. */
static __attribute__((noinline)) vg_status read_hard_string(reader *r, spot *s)
{
    uint32_t open = *s->at++;
    for (;; s->at++) {
        if (s->at >= s->limit)
            VG_TRY(fetch_more(r, s));
        if (r->source[*s->at] == '"')
            break;
    }
    vg_str raw = {(const char *)r->source + open + 1, *s->at++ - open - 1};
    if (raw.len > VG_JSON_LONGEST)
        return refuse(r, open, VG_ERR_LIMIT, "JSON string is longer than 256 MiB");
    char *text = text_room(r, raw.len + 8, r->length - open);
    if (!text)
        return refuse(r, open, VG_ERR_MEMORY, "out of memory for a JSON string");
    size_t length, bad;
    const char *why;
    if (!vg_json_unescape(raw, text, &length, &bad, &why))
        return refuse(r, open + 1 + bad, VG_ERR_SYNTAX, why);
    set_string(s->node++, text, length, open);
    r->text += length;
    return VG_OK;
}

/* The string whose opening quote is s->at. The next token is its closing quote unless it holds escapes. */
static inline vg_status read_string(reader *r, spot *s)
{
    uint32_t open = s->at[0], close = s->at[1], length = close - open - 1;
    if (r->source[close] == '"' && length <= VG_JSON_LONGEST) {
        set_string(s->node++, (const char *)r->source + open + 1, length, open);
        s->at += 2;
        return VG_OK;
    }
    spot copy = *s;
    vg_status status = read_hard_string(r, &copy);
    *s = copy;
    return status;
}

/* ---- other scalars --------------------------------------------------------------------------------------------- */

static __attribute__((noinline)) vg_status read_other_scalar(reader *r, spot *s)
{
    VG_TRY(vg_json_scalar_read(r->tokens, s->at, r->arena, s->node, r->err));
    s->at++;
    s->node++;
    return VG_OK;
}

static inline vg_status read_scalar(reader *r, spot *s)
{
    if (r->source[*s->at] == '"')
        return read_string(r, s);
    spot copy = *s;
    vg_status status = read_other_scalar(r, &copy);
    *s = copy;
    return status;
}

/* ---- containers ------------------------------------------------------------------------------------------------ */

static inline bool opens_container(uint8_t c)
{
    return (c | 0x20) == '{'; /* '[' too */
}

static inline void open_container(reader *r, spot *s, uint8_t bracket)
{
    vg_value *node = s->node++;
    node->kind = bracket == '{' ? VG_OBJECT : VG_ARRAY;
    node->len = 0;
    node->position = *s->at++;
    node->as.container.span = (uint32_t)(s->open - r->nodes);
    s->open = node;
}

static inline vg_status read_key(reader *r, spot *s)
{
    if (r->source[*s->at] != '"')
        return unexpected(r, s, "expected a key in double quotes in this JSON object");
    VG_TRY(read_string(r, s));
    if (r->source[*s->at] != ':')
        return unexpected(r, s, "expected ':' behind the key of a JSON object");
    s->at++;
    return VG_OK;
}

static vg_status unexpected_behind(reader *r, const spot *s, uint8_t close)
{
    return unexpected(r, s,
                      close == '}' ? "expected ',' or '}' in this JSON object"
                                   : "expected ',' or ']' in this JSON array");
}

/* The container at s->at with all that it holds. */
static vg_status read_container(reader *r, spot *s)
{
    const uint8_t *source = r->source;
    spot here = *s;
    unsigned depth = 1;
    uint32_t count = 0;
    uint8_t close = (uint8_t)(source[*here.at] + 2); /* '{' + 2 is '}', '[' + 2 is ']' */
    open_container(r, &here, source[*here.at]);
    bool is_empty = source[*here.at] == close;

    for (;;) {
        if (here.at >= here.limit)
            VG_TRY(more(r, &here));
        if (!is_empty) {
            if (close == '}')
                VG_TRY(read_key(r, &here));
            uint8_t c = source[*here.at];
            if (opens_container(c)) {
                if (depth++ >= r->bounds.max_depth)
                    return refuse(r, *here.at, VG_ERR_LIMIT,
                                  "JSON document is nested deeper than the limit allows");
                here.open->as.container.count = count;
                open_container(r, &here, c);
                close = (uint8_t)(c + 2);
                count = 0;
                is_empty = source[*here.at] == close;
                continue;
            }
            VG_TRY(read_scalar(r, &here));
            count++;
        }
        is_empty = false;
        for (;;) {
            if (here.at >= here.limit)
                VG_TRY(more(r, &here));
            uint8_t c = source[*here.at];
            if (c == ',' && count > 0)
                break;
            if (c != close)
                return unexpected_behind(r, &here, close);
            uint32_t around = here.open->as.container.span;
            here.open->as.container.count = count;
            here.open->as.container.span = (uint32_t)(here.node - here.open);
            here.at++;
            if (--depth == 0) {
                *s = here;
                return VG_OK;
            }
            here.open = r->nodes + around;
            count = here.open->as.container.count + 1;
            close = here.open->kind == VG_OBJECT ? '}' : ']';
        }
        here.at++;
    }
}

/* ---- documents ------------------------------------------------------------------------------------------------- */

static vg_status read_root(reader *r, spot *s)
{
    VG_TRY(more(r, s));
    bool is_container = opens_container(r->source[*s->at]);
    VG_TRY(is_container ? read_container(r, s) : read_scalar(r, s));
    const uint32_t *behind = vg_json_tokens_more(r->tokens, s->at);
    if (behind != r->tokens->end || r->tokens->index.fault != VG_JSON_NO_FAULT)
        return vg_json_unexpected(r->tokens, behind, "nothing may follow the JSON document", r->err);
    return VG_OK;
}

vg_status vg_json_read_span(vg_arena *arena, vg_json_index_fill *fill, vg_str source, vg_str name,
                            size_t start, size_t length, const vg_limits *limits, vg_doc *out, vg_error *err)
{
    vg_json_tokens tokens;
    reader r = {.tokens = &tokens,
                .source = (const uint8_t *)source.ptr,
                .length = length,
                .arena = arena,
                .bounds = vg_json_bounds_of(limits),
                .err = err};
    spot s = {.at = vg_json_tokens_start(&tokens, fill, source, name, start, length)};
    s.limit = tokens.limit;
    VG_TRY(read_root(&r, &s));
    *out =
        (vg_doc){.root = r.nodes, .node_count = (size_t)(s.node - r.nodes), .name = name, .source = source};
    return VG_OK;
}

vg_status vg_json_read_with(vg_arena *arena, vg_str source, vg_str name, const vg_limits *limits,
                            vg_json_path path, vg_doc *out, vg_error *err)
{
    vg_json_index_fill *fill = vg_json_index_path(path);
    size_t start = vg_str_starts(source, VG_STR("\xEF\xBB\xBF")) ? 3 : 0;
    if (!fill)
        return vg_fail(err, VG_ERR_UNSUPPORTED, "this machine lacks the instructions of that JSON path");
    if (source.len > vg_json_bounds_of(limits).max_bytes)
        return vg_fail_at(err, VG_ERR_LIMIT, (vg_place){.file = name},
                          "JSON document is larger than the limit of %zu bytes",
                          vg_json_bounds_of(limits).max_bytes);
    if (source.len == start)
        return vg_fail_at(err, VG_ERR_SYNTAX, (vg_place){name, 1, 1},
                          "the file is empty; a JSON value was expected");
    return vg_json_read_span(arena, fill, source, name, start, source.len, limits, out, err);
}

vg_status vg_json_read(vg_arena *arena, vg_str source, vg_str name, const vg_limits *limits, vg_doc *out,
                       vg_error *err)
{
    return vg_json_read_with(arena, source, name, limits, VG_JSON_AUTO, out, err);
}
