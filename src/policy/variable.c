/* variable.c: policy variables, and the request's context that gives them values.
 *
 * "IAM policy elements: Variables and tags": ${key} stands for the value of a condition key, ${key, 'default'} for the
 * default when the key has none, ${*}, ${?} and ${$} for the character itself. A value is put in as literal text: a '*'
 * in it is no wildcard. A key with several values cannot be a variable. Text is cut into pieces once, when a policy is
 * compiled; matching walks over the pieces and never builds the text. */
#include "policy/policy_part.h"

/* ---- cutting text into pieces ---------------------------------------------------------------------------------------------- */

/* The variable that begins at `at` with "${": its inside, and where it ends. */
static bool variable_at(vg_str text, size_t at, vg_str *inside, size_t *end)
{
    vg_str rest = vg_str_sub(text, at, text.len);
    if (!vg_str_starts(rest, VG_STR("${")))
        return false;
    size_t close = vg_str_find_char(rest, '}');
    if (close == VG_NPOS)
        return false;
    *inside = vg_str_sub(rest, 2, close - 2);
    *end = at + close + 1;
    return true;
}

bool vg_template_needed(vg_str text)
{
    size_t at = vg_str_find(text, VG_STR("${")), end;
    vg_str inside;
    return at != VG_NPOS && variable_at(text, at, &inside, &end);
}

static bool is_escape(vg_str inside)
{
    return inside.len == 1 && (inside.ptr[0] == '*' || inside.ptr[0] == '?' || inside.ptr[0] == '$');
}

/* "key" or "key, 'default'": a comma and a space, and the default in single quotes. */
static vg_piece key_piece(vg_str inside)
{
    vg_piece piece = {.kind = VG_PIECE_KEY, .text = vg_str_trim(inside)};
    size_t comma = vg_str_find(inside, VG_STR(", '"));
    if (comma != VG_NPOS && comma + 3 < inside.len && inside.ptr[inside.len - 1] == '\'') {
        piece.text = vg_str_trim(vg_str_sub(inside, 0, comma));
        piece.fallback = vg_str_sub(inside, comma + 3, inside.len - comma - 4);
        piece.has_fallback = true;
    }
    piece.hash = vg_key_hash(piece.text);
    return piece;
}

/* The piece that begins at *at, which goes behind it. */
static vg_piece next_piece(vg_str text, bool wild, size_t *at)
{
    vg_str inside;
    size_t start = *at, end;
    if (variable_at(text, start, &inside, &end)) {
        *at = end;
        return is_escape(inside) ? (vg_piece){.kind = VG_PIECE_TEXT, .text = inside} : key_piece(inside);
    }
    if (wild && (text.ptr[start] == '*' || text.ptr[start] == '?')) {
        *at = start + 1;
        return (vg_piece){.kind = text.ptr[start] == '*' ? VG_PIECE_RUN : VG_PIECE_ONE};
    }
    size_t i = start + 1;
    while (i < text.len && text.ptr[i] != '$' && !(wild && (text.ptr[i] == '*' || text.ptr[i] == '?')))
        i++;
    *at = i;
    return (vg_piece){.kind = VG_PIECE_TEXT, .text = vg_str_sub(text, start, i - start)};
}

vg_status vg_template_compile(vg_arena *arena, vg_str text, bool wild, vg_template *out, vg_error *err)
{
    vg_vec pieces = vg_vec_in(arena, sizeof(vg_piece));
    for (size_t at = 0; at < text.len;) {
        vg_piece *piece = vg_vec_push(&pieces);
        if (!piece)
            return vg_fail(err, VG_ERR_MEMORY, "memory ran out while compiling a policy");
        *piece = next_piece(text, wild, &at);
    }
    *out = (vg_template){pieces.items, (uint32_t)pieces.len};
    return VG_OK;
}

/* The next colon at or behind `at` that stands outside of variables, or VG_NPOS. */
static size_t colon_outside(vg_str text, size_t at)
{
    vg_str inside;
    while (at < text.len && text.ptr[at] != ':')
        if (!variable_at(text, at, &inside, &at))
            at++;
    return at < text.len ? at : VG_NPOS;
}

vg_arn_cut vg_arn_cut_around_variables(vg_str text)
{
    vg_arn_cut cut = {.text = text};
    size_t from = 0, colon;
    while (cut.count < VG_ARN_SEGMENTS - 1 && (colon = colon_outside(text, from)) != VG_NPOS) {
        cut.segment[cut.count++] = vg_str_sub(text, from, colon - from);
        from = colon + 1;
    }
    cut.segment[cut.count++] = vg_str_sub(text, from, text.len);
    return cut;
}

/* ---- the context -------------------------------------------------------------------------------------------------------------- */

uint64_t vg_key_hash(vg_str key)
{
    const uint64_t fold_case = UINT64_C(0x2020202020202020), k = UINT64_C(0x9E3779B97F4A7C15);
    uint64_t h = key.len * k, word;
    size_t i = 0;
    for (; key.len - i >= 8; i += 8) {
        memcpy(&word, key.ptr + i, 8);
        h = (h ^ (word | fold_case)) * k;
        h ^= h >> 29;
    }
    if (i < key.len) {
        word = 0;
        memcpy(&word, key.ptr + i, key.len - i);
        h = (h ^ (word | fold_case)) * k;
    }
    return h ^ (h >> 32);
}

static void hash_context(vg_evaluation *e)
{
    size_t n = e->request->context_count;
    for (size_t i = 0; i < n && i < VG_HASHED_KEYS; i++)
        e->hashes[i] = vg_key_hash(e->request->context[i].key);
    e->hashed = true;
}

const vg_context_entry *vg_context_find(vg_evaluation *e, uint64_t hash, vg_str key)
{
    const vg_request *request = e->request;
    static const vg_context_entry unknown = {.state = VG_CONTEXT_UNKNOWN};
    if (!e->hashed)
        hash_context(e);
    if (request->context_count > VG_HASHED_KEYS) {
        e->steps += request->context_count - VG_HASHED_KEYS;
        if (vg_is_spent(e->steps))
            return &unknown;
    }
    for (size_t i = 0; i < request->context_count; i++)
        if ((i >= VG_HASHED_KEYS || e->hashes[i] == hash) && vg_str_eq_icase(request->context[i].key, key))
            return &request->context[i];
    return NULL;
}

vg_value_state vg_variable_value(vg_evaluation *e, const vg_piece *piece, vg_str *out)
{
    const vg_context_entry *entry = vg_context_find(e, piece->hash, piece->text);
    if (entry ? entry->state == VG_CONTEXT_UNKNOWN : e->request->open)
        return VG_VALUE_UNKNOWN;
    if (entry && entry->state == VG_CONTEXT_PRESENT && !entry->multi && entry->value_count == 1) {
        *out = entry->values[0];
        return VG_VALUE_FOUND;
    }
    *out = piece->fallback;
    return piece->has_fallback ? VG_VALUE_FOUND : VG_VALUE_NONE;
}

/* ---- matching ------------------------------------------------------------------------------------------------------------------ */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Where a walk over the pieces stands: in the text of piece `piece`, `offset` bytes into it. */
typedef struct {
    uint32_t piece;
    size_t offset;
    vg_str text; /* of the piece, once looked up */
    bool run;    /* the piece takes any run of characters */
} walk;

typedef struct {
    vg_evaluation *e;
    const vg_template *t;
    bool ignore_case;
} matcher;

/* Looks piece `index` up. A variable that is unknown may become any text, so it matches like '*'. */
static walk walk_to(const matcher *m, uint32_t index)
{
    walk w = {.piece = index};
    if (index == m->t->count)
        return w;
    const vg_piece *piece = &m->t->pieces[index];
    if (piece->kind == VG_PIECE_TEXT)
        w.text = piece->text;
    else if (piece->kind == VG_PIECE_RUN)
        w.run = true;
    else if (piece->kind == VG_PIECE_KEY)
        w.run = vg_variable_value(m->e, piece, &w.text) == VG_VALUE_UNKNOWN;
    return w;
}

static bool is_one(const matcher *m, const walk *w)
{
    return w->piece < m->t->count && m->t->pieces[w->piece].kind == VG_PIECE_ONE;
}

/* Goes behind pieces that are used up. */
static void walk_on(const matcher *m, walk *w)
{
    while (w->piece < m->t->count && !w->run && !is_one(m, w) && w->offset == w->text.len) {
        *w = walk_to(m, w->piece + 1);
        m->e->steps++;
    }
}

static size_t step_over_character(vg_str s, size_t i)
{
    size_t n = 1;
    while ((unsigned char)s.ptr[i] >= 0xC0 && n < 4 && i + n < s.len &&
           ((unsigned char)s.ptr[i + n] & 0xC0) == 0x80)
        n++;
    return i + n;
}

static bool same(const matcher *m, char a, char b)
{
    return m->ignore_case ? lower(a) == lower(b) : a == b;
}

static vg_match match_pieces(const matcher *m, vg_str s)
{
    walk w = walk_to(m, 0), star = {0};
    bool has_star = false;
    size_t i = 0, star_at = 0;
    for (;;) {
        walk_on(m, &w);
        if (vg_is_spent(++m->e->steps))
            return VG_MATCH_UNKNOWN;
        bool more = w.piece < m->t->count;
        if (more && w.run) {
            w = star = walk_to(m, w.piece + 1);
            has_star = true;
            star_at = i;
        } else if (i == s.len) {
            return more ? VG_MATCH_NO : VG_MATCH_YES;
        } else if (more && is_one(m, &w)) {
            i = step_over_character(s, i);
            w = walk_to(m, w.piece + 1);
        } else if (more && same(m, w.text.ptr[w.offset], s.ptr[i])) {
            w.offset++;
            i++;
        } else if (has_star) {
            w = star;
            i = ++star_at;
        } else {
            return VG_MATCH_NO;
        }
    }
}

vg_result vg_template_match(vg_evaluation *e, const vg_template *t, vg_str text, bool ignore_case)
{
    matcher m = {e, t, ignore_case};
    bool unknown = false, may_lack = false;
    for (uint32_t i = 0; i < t->count; i++) {
        vg_str value;
        if (t->pieces[i].kind != VG_PIECE_KEY)
            continue;
        vg_value_state state = vg_variable_value(e, &t->pieces[i], &value);
        if (state == VG_VALUE_NONE)
            return VG_RESULT_ERROR;
        unknown |= state == VG_VALUE_UNKNOWN;
        may_lack |= state == VG_VALUE_UNKNOWN && !t->pieces[i].has_fallback;
    }
    vg_match matches = match_pieces(&m, text);
    if (!unknown)
        return vg_result_of(matches);
    if (matches != VG_MATCH_NO)
        return VG_RESULT_UNKNOWN;
    return may_lack ? VG_RESULT_NO_OR_ERROR : VG_RESULT_NO;
}

/* ---- requests that are patterns --------------------------------------------------------------------------------------------- */

enum { RESOLVED = 1024 };

/* Literal wildcards of a value, which are none: bytes that no ARN holds stand for them. */
static char literal(char c)
{
    return c == '*' ? '\1' : c == '?' ? '\2' : c;
}

/* The template with its variables put in. False when it is too long. */
static bool resolve(vg_evaluation *e, const vg_template *t, char out[RESOLVED], size_t *len,
                    vg_value_state *worst)
{
    *len = 0;
    *worst = VG_VALUE_FOUND;
    for (uint32_t i = 0; i < t->count; i++) {
        const vg_piece *piece = &t->pieces[i];
        vg_str text = piece->kind == VG_PIECE_RUN   ? VG_STR("*")
                      : piece->kind == VG_PIECE_ONE ? VG_STR("?")
                                                    : piece->text;
        bool wild = piece->kind == VG_PIECE_RUN || piece->kind == VG_PIECE_ONE;
        if (piece->kind == VG_PIECE_KEY) {
            vg_value_state state = vg_variable_value(e, piece, &text);
            if (state != VG_VALUE_FOUND) {
                *worst = state;
                return true;
            }
        }
        if (text.len > RESOLVED - *len)
            return false;
        for (size_t k = 0; k < text.len; k++)
            out[(*len)++] = wild ? text.ptr[k] : literal(text.ptr[k]);
    }
    return true;
}

vg_result vg_template_compare(vg_evaluation *e, const vg_template *t, vg_str request, bool cover)
{
    char text[RESOLVED];
    size_t len;
    vg_value_state worst;
    if (!resolve(e, t, text, &len, &worst) || worst == VG_VALUE_UNKNOWN)
        return VG_RESULT_UNKNOWN;
    if (worst == VG_VALUE_NONE)
        return VG_RESULT_ERROR;
    vg_str pattern = vg_str_of(text, len);
    return vg_result_of(cover ? vg_glob_covers(pattern, request, &e->steps)
                              : vg_glob_overlaps(pattern, request, &e->steps));
}
