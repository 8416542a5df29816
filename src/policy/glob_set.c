/* glob_set.c: patterns of policies as rows of tokens: what they match, which plainly covers which, and strings made from
 * them.
 *
 * Matching is the classic walk with one way back, to the last run; here with two, since a run that may not cross a colon
 * gives up where one before it that may can still go on. Going back further never helps: what an earlier run would take,
 * the last one of its kind can take as well. Covering is the same walk over the other pattern's tokens, of which a run is
 * one that only a run can take. */
#include "policy/glob_set.h"

/* ---- building ------------------------------------------------------------------------------------------------------------ */

static bool is_wild(const vg_wild_token *t)
{
    return t->kind == VG_WILD_ONE || t->kind == VG_WILD_RUN;
}

void vg_wild_add(vg_wild_builder *b, unsigned kind, unsigned flags, unsigned value)
{
    vg_wild_token token = {(uint8_t)kind, (uint8_t)flags, (uint16_t)value};
    vg_wild_token *last = b->count ? &b->tokens[b->count - 1] : NULL;
    if (last && last->kind == VG_WILD_RUN && is_wild(&token)) {
        if (kind == VG_WILD_RUN) { /* the wider of two runs is both */
            last->flags &= (uint8_t)flags;
            return;
        }
        if (last->flags == flags) { /* "*?" is "?*" */
            vg_wild_token run = *last;
            *last = token;
            token = run;
        }
    }
    if (b->count < b->cap)
        b->tokens[b->count++] = token;
}

void vg_wild_finish(const vg_wild_builder *b, vg_wild *out)
{
    *out = (vg_wild){.tokens = b->tokens, .count = (uint32_t)b->count, .literal = true};
    for (size_t i = 0; i < b->count; i++) {
        out->literal &= b->tokens[i].kind == VG_WILD_BYTE;
        out->symbolic |= b->tokens[i].kind == VG_WILD_SYMBOL;
        out->any_case |= b->tokens[i].kind == VG_WILD_BYTE && b->tokens[i].flags == VG_WILD_ANY_CASE;
    }
    while (out->head < out->count && b->tokens[out->head].kind == VG_WILD_BYTE)
        out->head++;
    while (out->head + out->tail < out->count && b->tokens[out->count - 1 - out->tail].kind == VG_WILD_BYTE)
        out->tail++;
    out->all = out->count == 1 && b->tokens[0].kind == VG_WILD_RUN && b->tokens[0].flags == 0;
}

/* ---- matching ------------------------------------------------------------------------------------------------------------ */

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 32) : c;
}

static bool byte_is(const vg_wild_token *t, char c)
{
    return t->flags == VG_WILD_ANY_CASE ? t->value == lower((uint8_t)c) : t->value == (uint8_t)c;
}

static bool may_hold(const vg_wild_token *wild, char c)
{
    return c != ':' || !(wild->flags & VG_WILD_NO_COLON);
}

/* How many bytes of s from `at` on a token that is no run takes: a ONE takes a character of UTF-8. 0: it does not fit. */
static size_t taken(const vg_wild_token *t, vg_str s, size_t at)
{
    size_t len = 1;
    if (t->kind == VG_WILD_BYTE)
        return byte_is(t, s.ptr[at]);
    if (t->kind != VG_WILD_ONE || !may_hold(t, s.ptr[at]))
        return 0;
    while ((uint8_t)s.ptr[at] >= 0xc0 && len < 4 && at + len < s.len &&
           ((uint8_t)s.ptr[at + len] & 0xc0) == 0x80)
        len++;
    return len;
}

static bool ends_fit(const vg_wild *g, vg_str s)
{
    if (s.len < (size_t)g->head + g->tail)
        return false;
    for (uint32_t i = 0; i < g->head; i++)
        if (!byte_is(&g->tokens[i], s.ptr[i]))
            return false;
    for (uint32_t i = 1; i <= g->tail; i++)
        if (!byte_is(&g->tokens[g->count - i], s.ptr[s.len - i]))
            return false;
    return true;
}

/* A place to go back to: behind a run, and the next byte (or token) that the run would take. */
typedef struct {
    size_t token, at;
    bool set;
} way_back;

bool vg_wild_matches(const vg_wild *g, vg_str s)
{
    if (!ends_fit(g, s))
        return false;
    if (g->literal)
        return s.len == g->count;
    way_back wide = {0}, narrow = {0};
    size_t t = g->head, at = g->head;
    for (;;) {
        const vg_wild_token *token = t < g->count ? &g->tokens[t] : NULL;
        if (token && (token->kind == VG_WILD_RUN || token->kind == VG_WILD_SYMBOL)) {
            bool barred = token->flags & VG_WILD_NO_COLON;
            *(barred ? &narrow : &wide) = (way_back){++t, at, true};
            narrow.set &= barred;
            continue;
        }
        if (at == s.len && !token)
            return true;
        size_t len = at < s.len && token ? taken(token, s, at) : 0;
        if (len) {
            at += len, t++;
            continue;
        }
        if (narrow.set && narrow.at < s.len && s.ptr[narrow.at] != ':')
            at = ++narrow.at, t = narrow.token;
        else if (wide.set && wide.at < s.len)
            at = ++wide.at, t = wide.token, narrow.set = false;
        else
            return false;
    }
}

bool vg_wild_group_matches(const vg_wild_group *group, vg_str s, bool symbols)
{
    for (size_t i = 0; i < group->count; i++)
        if ((symbols || !group->globs[i]->symbolic) && vg_wild_matches(group->globs[i], s))
            return true;
    return false;
}

/* ---- covering ------------------------------------------------------------------------------------------------------------ */

static bool run_takes(const vg_wild_token *run, const vg_wild_token *t)
{
    if (!(run->flags & VG_WILD_NO_COLON))
        return true;
    return t->kind == VG_WILD_BYTE ? t->value != ':' : t->flags & VG_WILD_NO_COLON;
}

static bool is_letter(uint16_t c)
{
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

/* Whether a token that is no run takes a token of the other pattern. */
static bool token_takes(const vg_wild_token *wide, const vg_wild_token *t)
{
    switch (wide->kind) {
    case VG_WILD_BYTE:
        if (t->kind != VG_WILD_BYTE)
            return false;
        if (wide->flags == VG_WILD_ANY_CASE)
            return wide->value == lower((uint8_t)t->value);
        return wide->value == t->value && (t->flags != VG_WILD_ANY_CASE || !is_letter(t->value));
    case VG_WILD_ONE: /* not of a byte that is only part of a character */
        if (t->kind == VG_WILD_BYTE && t->value >= 0x80)
            return false;
        return (t->kind == VG_WILD_BYTE || t->kind == VG_WILD_ONE) && run_takes(wide, t);
    default:
        return t->kind == VG_WILD_SYMBOL && t->value == wide->value &&
               (wide->flags & VG_WILD_ANY_CASE) >= (t->flags & VG_WILD_ANY_CASE) &&
               (wide->flags & VG_WILD_NO_COLON) <= (t->flags & VG_WILD_NO_COLON);
    }
}

static bool same_tokens(const vg_wild *a, const vg_wild *b)
{
    return a->count == b->count &&
           (a->count == 0 || memcmp(a->tokens, b->tokens, a->count * sizeof *a->tokens) == 0);
}

bool vg_wild_absorbs(const vg_wild *wide, const vg_wild *narrow)
{
    if (wide == narrow || wide->all || same_tokens(wide, narrow))
        return true;
    if (wide->uncertain || (wide->literal && !narrow->literal))
        return false;
    way_back far = {0}, near = {0};
    size_t t = 0, at = 0;
    for (;;) {
        const vg_wild_token *token = t < wide->count ? &wide->tokens[t] : NULL;
        if (token && token->kind == VG_WILD_RUN) {
            bool barred = token->flags & VG_WILD_NO_COLON;
            *(barred ? &near : &far) = (way_back){++t, at, true};
            near.set &= barred;
            continue;
        }
        if (at == narrow->count && !token)
            return true;
        if (at < narrow->count && token && token_takes(token, &narrow->tokens[at])) {
            at++, t++;
            continue;
        }
        if (near.set && near.at < narrow->count &&
            run_takes(&wide->tokens[near.token - 1], &narrow->tokens[near.at]))
            at = ++near.at, t = near.token;
        else if (far.set && far.at < narrow->count)
            at = ++far.at, t = far.token, near.set = false;
        else
            return false;
    }
}

static bool bytes_differ(const vg_wild_token *a, const vg_wild_token *b)
{
    if ((a->flags | b->flags) & VG_WILD_ANY_CASE)
        return lower((uint8_t)a->value) != lower((uint8_t)b->value);
    return a->value != b->value;
}

bool vg_wilds_apart(const vg_wild *a, const vg_wild *b)
{
    uint32_t a_head = a->literal ? a->count : a->head, b_head = b->literal ? b->count : b->head;
    for (uint32_t i = 0; i < a_head && i < b_head; i++)
        if (bytes_differ(&a->tokens[i], &b->tokens[i]))
            return true;
    if (a->literal && b->literal)
        return a->count != b->count;
    uint32_t a_tail = a->literal ? a->count : a->tail, b_tail = b->literal ? b->count : b->tail;
    for (uint32_t i = 1; i <= a_tail && i <= b_tail; i++)
        if (bytes_differ(&a->tokens[a->count - i], &b->tokens[b->count - i]))
            return true;
    if (a->literal)
        return a->count < b->head + b->tail;
    return b->literal && b->count < a->head + a->tail;
}

/* ---- strings made from a pattern ------------------------------------------------------------------------------------------- */

/* What a run of an ARN's n-th segment becomes when it is the whole segment. */
static const char *const arn_parts[] = {"arn", "aws", "zq0", "us-east-1", "111122223333"};

typedef enum { FILL_NATURAL, FILL_STRANGE, FILL_NOTHING, FILLS } filling;

static const char *filling_of(const vg_wild *g, size_t t, size_t colons, filling how, bool arn)
{
    if (how == FILL_NOTHING)
        return "";
    bool whole = (t == 0 || (g->tokens[t - 1].kind == VG_WILD_BYTE && g->tokens[t - 1].value == ':')) &&
                 t + 1 < g->count && g->tokens[t + 1].kind == VG_WILD_BYTE && g->tokens[t + 1].value == ':';
    if (how == FILL_NATURAL && arn && whole && colons < VG_COUNT(arn_parts))
        return arn_parts[colons];
    return "zq0";
}

static vg_str fill(vg_arena *arena, const vg_wild *g, filling how, bool arn)
{
    char *out = vg_arena_alloc(arena, (size_t)g->count * 12 + 1);
    size_t n = 0, colons = 0;
    for (size_t t = 0; out && t < g->count; t++) {
        const vg_wild_token *token = &g->tokens[t];
        if (token->kind == VG_WILD_BYTE) {
            out[n++] = (char)token->value;
            colons += token->value == ':';
        } else if (token->kind == VG_WILD_ONE) {
            out[n++] = 'z';
        } else {
            const char *text = filling_of(g, t, colons, how, arn);
            size_t len = strlen(text);
            memcpy(out + n, text, len);
            n += len;
        }
    }
    return (vg_str){out, out ? n : 0};
}

/* ---- searching ------------------------------------------------------------------------------------------------------------- */

/* One search. `chosen` is the group of `in` whose patterns are tried one by one. */
typedef struct {
    vg_wild_budget *budget;
    const vg_wild_universe *universe;
    const vg_wild_group *in, *out;
    size_t in_count, out_count, chosen;
} search;

static bool spend(vg_wild_budget *budget, size_t work)
{
    budget->work -= (int64_t)work;
    return budget->work >= 0;
}

/* Whether s lies in all of `in` and in none of `out`: for some text of the symbols, or with `surely` for any. */
static bool lies_right(const search *q, vg_str s, bool surely)
{
    if (q->universe->shape && !vg_wild_matches(q->universe->shape, s))
        return false;
    for (size_t g = 0; g < q->in_count; g++) {
        spend(q->budget, q->in[g].count * 8);
        if (!vg_wild_group_matches(&q->in[g], s, !surely))
            return false;
    }
    for (size_t g = 0; g < q->out_count; g++) {
        spend(q->budget, q->out[g].count * 8);
        if (vg_wild_group_matches(&q->out[g], s, surely))
            return false;
    }
    return true;
}

static bool is_absorbed(const search *q, const vg_wild *p, const vg_wild_group *by)
{
    spend(q->budget, by->count * 8);
    for (size_t i = 0; i < by->count; i++)
        if (vg_wild_absorbs(by->globs[i], p))
            return true;
    return false;
}

static bool is_symbolic(const search *q)
{
    bool symbolic = false;
    for (size_t g = 0; g < q->in_count; g++)
        symbolic |= q->in[g].symbolic;
    for (size_t g = 0; g < q->out_count; g++)
        symbolic |= q->out[g].symbolic;
    return symbolic;
}

static bool is_left_out(const search *q, const vg_wild *p)
{
    for (size_t g = 0; g < q->out_count; g++)
        if (is_absorbed(q, p, &q->out[g]))
            return true;
    return false;
}

/* The group without what shares no string with `p`, or lies in a group of `out`. */
static bool narrow_group(const search *q, const vg_wild *p, const vg_wild_group *group, vg_wild_group *out)
{
    const vg_wild **kept = vg_arena_alloc(q->budget->arena, (group->count + 1) * sizeof *kept);
    *out = (vg_wild_group){.globs = kept};
    if (!kept || !spend(q->budget, group->count * 8))
        return false;
    for (size_t i = 0; i < group->count && q->budget->work >= 0; i++)
        if (!vg_wilds_apart(p, group->globs[i]) && !is_left_out(q, group->globs[i]))
            kept[out->count++] = group->globs[i];
    return q->budget->work >= 0;
}

/* Runs what could matter to `p` as automata. */
static vg_wild_answer ask_automata(const search *q, const vg_wild *p, vg_str *witness)
{
    size_t outs = 0, ins = 0, room = 1;
    for (size_t g = 0; g < q->out_count; g++)
        room += q->out[g].count;
    const vg_wild **out = vg_arena_alloc(q->budget->arena, room * sizeof *out);
    vg_wild_group *in = vg_arena_alloc(q->budget->arena, (q->in_count + 2) * sizeof *in);
    const vg_wild **alone = vg_arena_alloc(q->budget->arena, 2 * sizeof *alone);
    if (!out || !in || !alone || !spend(q->budget, room * 8))
        return VG_WILD_LIMIT;
    for (size_t g = 0; g < q->out_count; g++)
        for (size_t i = 0; i < q->out[g].count; i++)
            if (!q->out[g].globs[i]->symbolic && !vg_wilds_apart(p, q->out[g].globs[i]))
                out[outs++] = q->out[g].globs[i];
    alone[0] = p;
    alone[1] = q->universe->shape;
    in[ins++] = (vg_wild_group){.globs = alone, .count = 1};
    if (q->universe->shape && !vg_wild_absorbs(q->universe->shape, p))
        in[ins++] = (vg_wild_group){.globs = alone + 1, .count = 1};
    for (size_t g = 0; g < q->in_count; g++) {
        if (g == q->chosen || is_absorbed(q, p, &q->in[g]))
            continue;
        if (!narrow_group(q, p, &q->in[g], &in[ins]))
            return VG_WILD_LIMIT;
        if (in[ins++].count == 0)
            return VG_WILD_EMPTY;
    }
    return vg_wild_automata(q->budget, in, ins, out, outs, witness);
}

static vg_wild_answer search_literal(const search *q, const vg_wild *p, vg_str *witness)
{
    vg_str s = fill(q->budget->arena, p, FILL_NATURAL, false);
    if (lies_right(q, s, false)) {
        *witness = s;
        return VG_WILD_FOUND;
    }
    if (!p->any_case && !is_symbolic(q))
        return VG_WILD_EMPTY;
    return ask_automata(q, p, witness);
}

/* Tries strings made from `p`. */
static bool try_strings(const search *q, const vg_wild *p, vg_str *witness)
{
    for (filling how = 0; how < FILLS && !p->symbolic; how++) {
        *witness = fill(q->budget->arena, p, how, q->universe->arn);
        if (lies_right(q, *witness, false))
            return true;
    }
    return false;
}

/* Tries strings made from what the other groups share with `p`. */
static bool try_others(const search *q, const vg_wild *p, vg_str *witness)
{
    for (size_t g = 0; g < q->in_count; g++) {
        if (g == q->chosen || !spend(q->budget, q->in[g].count * 8))
            continue;
        for (size_t i = 0, tried = 0; i < q->in[g].count && tried < 4; i++) {
            if (vg_wilds_apart(p, q->in[g].globs[i]))
                continue;
            if (try_strings(q, q->in[g].globs[i], witness))
                return true;
            tried++;
        }
    }
    return false;
}

static vg_wild_answer search_pattern(const search *q, const vg_wild *p, vg_str *witness)
{
    if (is_left_out(q, p))
        return VG_WILD_EMPTY;
    if (p->all && q->universe->sample) {
        *witness = vg_str_from(q->universe->sample);
        if (lies_right(q, *witness, false))
            return VG_WILD_FOUND;
    }
    if (p->all && q->universe->shape)
        p = q->universe->shape;
    if (p->literal)
        return search_literal(q, p, witness);
    if (try_strings(q, p, witness) || try_others(q, p, witness))
        return VG_WILD_FOUND;
    return ask_automata(q, p, witness);
}

/* FOUND outweighs POSSIBLE, which outweighs LIMIT. */
static vg_wild_answer better(vg_wild_answer a, vg_wild_answer b)
{
    static const unsigned char weight[] = {
        [VG_WILD_EMPTY] = 0, [VG_WILD_LIMIT] = 1, [VG_WILD_POSSIBLE] = 2, [VG_WILD_FOUND] = 3};
    return weight[a] >= weight[b] ? a : b;
}

static bool lies_within(const search *q, const vg_wild_group *inner, const vg_wild_group *outer)
{
    for (size_t i = 0; i < inner->count; i++)
        if (q->budget->work < 0 || !is_absorbed(q, inner->globs[i], outer))
            return false;
    return true;
}

/* The group to go through: the shortest, or one that plainly lies within it. */
static void choose(search *q)
{
    for (size_t g = 1; g < q->in_count; g++)
        if (q->in[g].count < q->in[q->chosen].count)
            q->chosen = g;
    for (size_t g = 0; g < q->in_count; g++)
        if (g != q->chosen && lies_within(q, &q->in[g], &q->in[q->chosen]) &&
            !lies_within(q, &q->in[q->chosen], &q->in[g]))
            q->chosen = g;
}

static const vg_wild_token everything_token = {VG_WILD_RUN, 0, 0};
static const vg_wild everything = {.tokens = &everything_token, .count = 1, .all = true};
static const vg_wild *const everything_list[] = {&everything};
static const vg_wild_group everything_group = {.globs = everything_list, .count = 1};

vg_wild_answer vg_wild_search(vg_wild_budget *budget, const vg_wild_universe *universe,
                              const vg_wild_group *in, size_t in_count, const vg_wild_group *out,
                              size_t out_count, vg_str *witness)
{
    search q = {.budget = budget,
                .universe = universe,
                .in = in,
                .out = out,
                .in_count = in_count,
                .out_count = out_count,
                .chosen = 0};
    choose(&q);
    const vg_wild_group *from = in_count ? &in[q.chosen] : &everything_group;
    bool symbolic = is_symbolic(&q);
    vg_wild_answer answer = VG_WILD_EMPTY;
    for (size_t i = 0; i < from->count && answer != VG_WILD_FOUND && budget->work >= 0; i++) {
        vg_str found = {0};
        vg_wild_answer one = search_pattern(&q, from->globs[i], &found);
        if (one == VG_WILD_FOUND && symbolic && !lies_right(&q, found, true))
            one = VG_WILD_POSSIBLE;
        if (one == VG_WILD_FOUND)
            *witness = found;
        answer = better(one, answer);
    }
    return budget->work < 0 && answer != VG_WILD_FOUND ? VG_WILD_LIMIT : answer;
}
