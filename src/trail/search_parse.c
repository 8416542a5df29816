/* search_parse.c: the text of a search expression into nodes.
 *
 *     or       := and { "or" and }
 *     and      := not { [ "and" ] not }
 *     not      := ( "not" | "!" ) not | first
 *     first    := "(" or ")" | field operator value | field [ "not" ] "in" ( value | list ) | field [ "not" ] "exists" | word
 *     list     := "(" value { "," value } ")"
 *     operator := "=" | "!=" | "==" | "!==" | "<" | "<=" | ">" | ">="
 *
 * Words that mean something (and, or, not, in, exists) do so in any case of letters; in quotes they are text. `&&` and `||`
 * are and and or. A word is text up to a blank or one of ( ) , " ' = ! < >, and a quoted text is a word whatever it holds. */
#include "trail/search_part.h"

#include <stdlib.h>

typedef enum {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_QUOTED,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_COMMA,
    TOKEN_OPERATOR
} token_kind;

typedef struct {
    token_kind kind;
    size_t at;         /* in the text */
    vg_str text;       /* of words, without quotes and escapes */
    const char *marks; /* which of its bytes are wildcards */
    bool wild;
    search_operator op;
    bool negated; /* of operators */
    bool is_not;  /* a lone "!" */
} search_token;

typedef struct {
    vg_arena *arena;
    vg_str text;
    size_t at;
    search_token token;
    search_node *nodes;
    size_t count;
    unsigned depth;
    vg_error *err;
} search_parser;

/* ---- tokens ------------------------------------------------------------------------------------------------------------------ */

static vg_status fail_at(search_parser *p, size_t at, const char *what)
{
    vg_place place = {.file = VG_STR("expression"), .line = 1, .column = (uint32_t)at + 1};
    return vg_fail_at(p->err, VG_ERR_SYNTAX, place, "%s", what);
}

static vg_status no_memory(search_parser *p)
{
    return vg_fail(p->err, VG_ERR_MEMORY, "memory ran out while reading the expression");
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool ends_word(char c)
{
    return is_blank(c) || strchr("(),\"'=!<>", c) != NULL;
}

/* Text up to `quote`, or of a bare word (quote 0). A backslash makes the next byte itself; * and ? are wildcards. */
static vg_status read_text(search_parser *p, char quote)
{
    size_t room = p->text.len - p->at + 1, n = 0;
    char *text = vg_arena_alloc(p->arena, room), *marks = vg_arena_calloc(p->arena, room, 1);
    if (!text || !marks)
        return no_memory(p);
    for (;; p->at++) {
        bool at_end = p->at == p->text.len;
        char c = at_end ? '\0' : p->text.ptr[p->at];
        if (at_end && quote)
            return fail_at(p, p->token.at, "this quote is never closed");
        if (at_end || (quote ? c == quote : ends_word(c)))
            break;
        bool escaped = c == '\\' && p->at + 1 < p->text.len;
        if (escaped)
            c = p->text.ptr[++p->at];
        bool wild = !escaped && (c == '*' || c == '?');
        marks[n] = wild ? c : '\0';
        p->token.wild = p->token.wild || wild;
        text[n++] = c;
    }
    p->at += quote != 0;
    p->token.kind = quote ? TOKEN_QUOTED : TOKEN_WORD;
    p->token.text = vg_str_of(text, n);
    p->token.marks = marks;
    return VG_OK;
}

static bool read_operator(search_parser *p)
{
    static const struct {
        const char *text;
        search_operator op;
        bool negated;
    } operators[] = {
        {"!==", SEARCH_EXACT, true},      {"==", SEARCH_EXACT, false},         {"!=", SEARCH_EQUAL, true},
        {"<=", SEARCH_LESS_EQUAL, false}, {">=", SEARCH_GREATER_EQUAL, false}, {"=", SEARCH_EQUAL, false},
        {"<", SEARCH_LESS, false},        {">", SEARCH_GREATER, false},
    };
    for (size_t i = 0; i < VG_COUNT(operators); i++) {
        vg_str text = vg_str_from(operators[i].text);
        if (!vg_str_starts(vg_str_sub(p->text, p->at, VG_NPOS), text))
            continue;
        p->token.kind = TOKEN_OPERATOR;
        p->token.op = operators[i].op;
        p->token.negated = operators[i].negated;
        p->at += text.len;
        return true;
    }
    return false;
}

static vg_status next_token(search_parser *p)
{
    while (p->at < p->text.len && is_blank(p->text.ptr[p->at]))
        p->at++;
    p->token = (search_token){.kind = TOKEN_END, .at = p->at};
    if (p->at == p->text.len)
        return VG_OK;
    char c = p->text.ptr[p->at];
    static const struct {
        char c;
        token_kind kind;
    } single[] = {{'(', TOKEN_OPEN}, {')', TOKEN_CLOSE}, {',', TOKEN_COMMA}};
    for (size_t i = 0; i < VG_COUNT(single); i++)
        if (c == single[i].c) {
            p->token.kind = single[i].kind;
            p->at++;
            return VG_OK;
        }
    if (c == '"' || c == '\'') {
        p->at++;
        return read_text(p, c);
    }
    if (read_operator(p))
        return VG_OK;
    if (c == '!') {
        p->token.kind = TOKEN_OPERATOR;
        p->token.is_not = true;
        p->at++;
        return VG_OK;
    }
    return read_text(p, '\0');
}

static bool is_word(const search_parser *p, const char *word)
{
    return p->token.kind == TOKEN_WORD && vg_str_eq_icase(p->token.text, vg_str_from(word));
}

static bool is_and(const search_parser *p)
{
    return is_word(p, "and") || is_word(p, "&&");
}

static bool is_or(const search_parser *p)
{
    return is_word(p, "or") || is_word(p, "||");
}

/* ---- nodes ----------------------------------------------------------------------------------------------------------------------- */

static vg_status add_node(search_parser *p, search_node node, uint32_t *out)
{
    if (p->count == SEARCH_MOST_NODES)
        return vg_fail(p->err, VG_ERR_LIMIT, "the expression has more than %d parts", SEARCH_MOST_NODES);
    *out = (uint32_t)p->count;
    p->nodes[p->count++] = node;
    return VG_OK;
}

static vg_status negate(search_parser *p, bool negated, uint32_t *node)
{
    return negated ? add_node(p, (search_node){.kind = SEARCH_NOT, .left = *node}, node) : VG_OK;
}

/* ---- fields ---------------------------------------------------------------------------------------------------------------------- */

static vg_status read_field(search_parser *p, const search_token *token, search_field *out)
{
    vg_str path = token->text, rest, part;
    *out = (search_field){.from = SEARCH_PATH};
    bool literal = path.len > 1 && path.ptr[0] == '.';
    if (literal)
        path = vg_str_sub(path, 1, VG_NPOS);
    out->whole = path;
    if (!literal && search_short_name(path, out))
        return VG_OK;
    out->indexed = literal ? NULL : index_path_of(path, &out->term);
    if (out->indexed) {
        out->from = SEARCH_INDEXED;
        return VG_OK;
    }
    for (rest = path; vg_str_next(&rest, '.', &part);) {
        if (part.len == 0)
            return fail_at(p, token->at, "this is no field: a name is missing beside a dot");
        if (out->part_count == SEARCH_MOST_PARTS)
            return fail_at(p, token->at, "this field has more than 16 names");
        out->parts[out->part_count++] = part;
    }
    return out->part_count ? VG_OK : fail_at(p, token->at, "expected a field before the operator");
}

/* ---- values ---------------------------------------------------------------------------------------------------------------------- */

static bool read_number(vg_str text, double *out)
{
    char copy[64], *end;
    bool good = text.len > 0 && text.len < sizeof copy;
    for (size_t i = 0; good && i < text.len; i++)
        good = strchr("0123456789+-.eE", text.ptr[i]) != NULL;
    if (!good)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    *out = strtod(copy, &end);
    return end == copy + text.len;
}

static void read_address(vg_str text, search_value *value)
{
    char term[VG_TRAIL_TERM];
    vg_str bytes = vg_trail_term_of(VG_TRAIL_IP, text, term);
    value->is_address = bytes.len > 1 && bytes.len <= sizeof value->bytes && bytes.ptr[0] != 't';
    if (value->is_address) {
        memcpy(value->bytes, bytes.ptr, bytes.len);
        value->bytes_len = bytes.len;
    }
}

/* An address block: NET/BITS. The bits of a mapped IPv4 address are those behind ::ffff:0:0/96. */
static bool read_block(vg_str text, search_value *value)
{
    vg_str net, bits;
    uint64_t count;
    if (!vg_str_split(text, '/', &net, &bits) || !vg_str_to_u64(bits, &count))
        return false;
    read_address(net, value);
    bool is_mapped = value->bytes[0] == '4' && vg_str_find_char(net, ':') != VG_NPOS;
    uint64_t offset = is_mapped ? 96 : 0, width = (value->bytes_len - 1) * 8;
    value->is_cidr = value->is_address && count >= offset && count - offset <= width;
    value->is_address = false;
    value->bits = (unsigned)(count - offset);
    for (unsigned bit = value->bits; value->is_cidr && bit < width; bit++)
        value->bytes[1 + bit / 8] &= (unsigned char)~(0x80U >> bit % 8);
    return value->is_cidr;
}

/* Bytes that JSON writes one way alone. */
static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr(".:_-", c) != NULL;
}

/* The longest run of the text that must stand in the JSON as it is. */
static vg_status read_needle(search_parser *p, search_value *value)
{
    char *lower = vg_arena_alloc(p->arena, value->text.len + 1);
    size_t best = 0, best_len = 0, start = 0;
    if (!lower)
        return no_memory(p);
    for (size_t i = 0; i <= value->text.len; i++) {
        lower[i] = i < value->text.len ? search_lower(value->text.ptr[i]) : '\0';
        if (i < value->text.len && !value->marks[i] && lower[i] && is_plain(lower[i]))
            continue;
        if (i - start > best_len) {
            best = start;
            best_len = i - start;
        }
        start = i + 1;
    }
    value->needle = best_len >= 3 ? vg_str_of(lower + best, best_len) : (vg_str){0};
    return VG_OK;
}

static vg_status read_value(search_parser *p, search_value *out, const char *missing)
{
    if (p->token.kind != TOKEN_WORD && p->token.kind != TOKEN_QUOTED)
        return fail_at(p, p->token.at, missing);
    *out = (search_value){.text = p->token.text, .marks = p->token.marks, .wild = p->token.wild};
    out->is_null = p->token.kind == TOKEN_WORD && vg_str_is(out->text, "null");
    out->is_number = !out->wild && read_number(out->text, &out->number);
    out->is_time = !out->wild && vg_time_parse(out->text, &out->time);
    if (!out->wild)
        read_address(out->text, out);
    VG_TRY(read_needle(p, out));
    bool is_4 = vg_str_find_char(out->text, ':') == VG_NPOS; /* has one spelling, but for mapped ones */
    if (out->is_null || out->is_number || (out->is_address && !is_4))
        out->needle = (vg_str){0}; /* 1e2 is 100, and ::1 is 0::1 */
    return next_token(p);
}

/* ---- comparisons ------------------------------------------------------------------------------------------------------------------ */

static vg_status compare(search_parser *p, const search_field *field, uint32_t *out)
{
    search_token operator= p->token;
    search_value *value = VG_NEW(p->arena, search_value);
    if (!value)
        return no_memory(p);
    VG_TRY(next_token(p));
    size_t at = p->token.at;
    VG_TRY(read_value(p, value, "expected a value behind the operator"));
    if (operator.op >= SEARCH_LESS && !value->is_number && !value->is_time)
        return fail_at(p, at,
                       "expected a number or a time (2026-01-31, 2026-01-31T10:00:00Z) behind < and >");
    bool is_time = field->from == SEARCH_OWN && field->own == SEARCH_TIME;
    if (is_time && operator.op >= SEARCH_LESS && !value->is_time)
        return fail_at(p, at, "expected a time (2026-01-31, 2026-01-31T10:00:00Z)");
    const search_node node = {
        .kind = SEARCH_COMPARE, .op = operator.op, .field = *field, .values = value, .value_count = 1};
    VG_TRY(add_node(p, node, out));
    return negate(p, operator.negated, out);
}

/* What stands behind `in`: a block of addresses where there is a slash, else as behind `=`. */
static vg_status member(search_parser *p, vg_vec *values)
{
    size_t at = p->token.at;
    search_value *value = vg_vec_push(values);
    if (!value)
        return no_memory(p);
    VG_TRY(read_value(p, value, "expected a value, a block such as 10.0.0.0/8, or a list in parentheses"));
    vg_str net, bits;
    bool has_slash = vg_str_split(value->text, '/', &net, &bits);
    uint64_t ignored;
    bool looks = has_slash && !value->wild && vg_str_to_u64(bits, &ignored) &&
                 (vg_str_find_char(net, '.') != VG_NPOS || vg_str_find_char(net, ':') != VG_NPOS) &&
                 vg_str_find_char(net, '/') == VG_NPOS && !vg_str_starts(net, VG_STR("arn:"));
    if (looks && !read_block(value->text, value))
        return fail_at(p, at,
                       "this is no block of addresses: expected one such as 10.0.0.0/8 or 2001:db8::/32");
    if (value->is_cidr)
        value->needle = (vg_str){0};
    return VG_OK;
}

static vg_status in_list(search_parser *p, const search_field *field, bool negated, uint32_t *out)
{
    vg_vec values = vg_vec_in(p->arena, sizeof(search_value));
    bool is_list = p->token.kind == TOKEN_OPEN;
    if (is_list)
        VG_TRY(next_token(p));
    VG_TRY(member(p, &values));
    while (is_list && p->token.kind == TOKEN_COMMA) {
        VG_TRY(next_token(p));
        VG_TRY(member(p, &values));
    }
    if (is_list && p->token.kind != TOKEN_CLOSE)
        return fail_at(p, p->token.at, "expected , or ) in the list");
    if (is_list)
        VG_TRY(next_token(p));
    const search_node node = {.kind = SEARCH_COMPARE,
                              .op = SEARCH_EQUAL,
                              .field = *field,
                              .values = values.items,
                              .value_count = values.len};
    VG_TRY(add_node(p, node, out));
    return negate(p, negated, out);
}

/* A word with wildcards is looked for anywhere: a star before it and one behind. */
static vg_status spread(search_parser *p, search_value *value)
{
    size_t len = value->text.len;
    char *text = vg_arena_alloc(p->arena, len + 2), *marks = vg_arena_alloc(p->arena, len + 2);
    if (!text || !marks)
        return no_memory(p);
    text[0] = marks[0] = text[len + 1] = marks[len + 1] = '*';
    memcpy(text + 1, value->text.ptr, len);
    memcpy(marks + 1, value->marks, len);
    value->text = vg_str_of(text, len + 2);
    value->marks = marks;
    return VG_OK;
}

static vg_status bare_word(search_parser *p, const search_token *word, uint32_t *out)
{
    search_value *value = VG_NEW(p->arena, search_value);
    if (!value)
        return no_memory(p);
    *value = (search_value){.text = word->text, .marks = word->marks, .wild = word->wild};
    if (word->text.len == 0)
        return fail_at(p, word->at, "an empty text is in everything: expected a word");
    if (value->wild)
        VG_TRY(spread(p, value));
    VG_TRY(read_needle(p, value));
    return add_node(p, (search_node){.kind = SEARCH_WORD, .values = value, .value_count = 1}, out);
}

/* The name of a field that is there stands in the JSON: of a path its longest name that can be no number of an item. */
static vg_status name_needle(search_parser *p, search_node *node)
{
    static const search_value errors[] = {{.needle = VG_STR_INIT("errorcode")},
                                          {.needle = VG_STR_INIT("errormessage")}};
    const search_field *field = &node->field;
    if (field->from == SEARCH_OWN && field->own == SEARCH_ERROR) {
        node->values = errors;
        node->value_count = VG_COUNT(errors);
    }
    if (field->from != SEARCH_PATH)
        return VG_OK;
    search_value *best = VG_NEW(p->arena, search_value);
    char *marks = vg_arena_calloc(p->arena, field->whole.len + 1, 1);
    if (!best || !marks)
        return no_memory(p);
    for (size_t i = 0; i < field->part_count; i++) {
        search_value name = {.text = field->parts[i], .marks = marks};
        uint64_t number;
        VG_TRY(read_needle(p, &name));
        if (name.needle.len > best->needle.len && !vg_str_to_u64(field->parts[i], &number))
            *best = name;
    }
    node->values = best;
    node->value_count = best->needle.len ? 1 : 0;
    return VG_OK;
}

/* A word, and what it is by what stands behind it. */
static vg_status word_or_comparison(search_parser *p, uint32_t *out)
{
    search_token word = p->token;
    search_field field;
    VG_TRY(next_token(p));
    if (p->token.kind == TOKEN_OPERATOR && !p->token.is_not) {
        VG_TRY(read_field(p, &word, &field));
        return compare(p, &field, out);
    }
    search_token before = p->token;
    size_t before_at = p->at;
    bool negated = is_word(p, "not");
    if (negated)
        VG_TRY(next_token(p));
    if (is_word(p, "exists")) {
        VG_TRY(read_field(p, &word, &field));
        VG_TRY(next_token(p));
        search_node node = {.kind = SEARCH_EXISTS, .field = field};
        VG_TRY(name_needle(p, &node));
        VG_TRY(add_node(p, node, out));
        return negate(p, negated, out);
    }
    if (is_word(p, "in")) {
        VG_TRY(read_field(p, &word, &field));
        VG_TRY(next_token(p));
        return in_list(p, &field, negated, out);
    }
    p->token = before; /* the "not" belongs to what follows */
    p->at = before_at;
    return bare_word(p, &word, out);
}

/* ---- the grammar -------------------------------------------------------------------------------------------------------------------- */

static vg_status parse_or(search_parser *p, uint32_t *out);

static vg_status parse_first(search_parser *p, uint32_t *out)
{
    if (p->token.kind == TOKEN_OPEN) {
        size_t at = p->token.at;
        VG_TRY(next_token(p));
        VG_TRY(parse_or(p, out));
        if (p->token.kind != TOKEN_CLOSE)
            return fail_at(p, p->token.kind == TOKEN_END ? at : p->token.at,
                           p->token.kind == TOKEN_END ? "this parenthesis is never closed"
                                                      : "expected and, or, or a closing parenthesis");
        return next_token(p);
    }
    bool is_text = p->token.kind == TOKEN_WORD || p->token.kind == TOKEN_QUOTED;
    if (!is_text || is_and(p) || is_or(p))
        return fail_at(p, p->token.at, "expected a field, a word or an opening parenthesis");
    return word_or_comparison(p, out);
}

static vg_status parse_not(search_parser *p, uint32_t *out)
{
    bool negated = false;
    while (is_word(p, "not") || (p->token.kind == TOKEN_OPERATOR && p->token.is_not)) {
        negated = !negated;
        VG_TRY(next_token(p));
    }
    VG_TRY(parse_first(p, out));
    return negate(p, negated, out);
}

static bool begins_operand(const search_parser *p)
{
    bool is_text = p->token.kind == TOKEN_WORD || p->token.kind == TOKEN_QUOTED;
    return p->token.kind == TOKEN_OPEN || (p->token.kind == TOKEN_OPERATOR && p->token.is_not) ||
           (is_text && !is_or(p));
}

static vg_status parse_and(search_parser *p, uint32_t *out)
{
    VG_TRY(parse_not(p, out));
    while (begins_operand(p)) {
        uint32_t right;
        if (is_and(p))
            VG_TRY(next_token(p));
        VG_TRY(parse_not(p, &right));
        VG_TRY(add_node(p, (search_node){.kind = SEARCH_AND, .left = *out, .right = right}, out));
    }
    return VG_OK;
}

static vg_status parse_or(search_parser *p, uint32_t *out)
{
    if (++p->depth > SEARCH_DEPTH)
        return fail_at(p, p->token.at, "parentheses are nested more than 64 deep");
    VG_TRY(parse_and(p, out));
    while (is_or(p)) {
        uint32_t right;
        VG_TRY(next_token(p));
        VG_TRY(parse_and(p, &right));
        VG_TRY(add_node(p, (search_node){.kind = SEARCH_OR, .left = *out, .right = right}, out));
    }
    p->depth--;
    return VG_OK;
}

vg_status vg_search_compile(vg_arena *arena, vg_str text, const vg_search **out, vg_error *err)
{
    vg_search *search = VG_NEW(arena, vg_search);
    search_parser p = {.arena = arena,
                       .text = vg_arena_str(arena, text),
                       .nodes = VG_NEW_N(arena, search_node, SEARCH_MOST_NODES),
                       .err = err};
    if (!search || !p.text.ptr || !p.nodes)
        return no_memory(&p);
    VG_TRY(next_token(&p));
    if (p.token.kind == TOKEN_END)
        VG_TRY(add_node(&p, (search_node){.kind = SEARCH_ALL}, &search->root));
    else
        VG_TRY(parse_or(&p, &search->root));
    if (p.token.kind != TOKEN_END)
        return fail_at(&p, p.token.at,
                       p.token.kind == TOKEN_CLOSE ? "this parenthesis was never opened"
                                                   : "expected and, or, or the end");
    search->nodes = p.nodes;
    search->node_count = p.count;
    *out = search;
    return VG_OK;
}
