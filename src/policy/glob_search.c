/* glob_search.c: patterns run as automata side by side, to find a string or prove that there is none.
 *
 * A pattern of n tokens is an automaton of n + 1 places: "place i" means that tokens 0..i-1 have matched. The places that a
 * text may have led to are a row of bits; all patterns' rows together are a state:
 *
 *     state   | in: a*b  | in: ?x  | out: *b | ...       each pattern starts at a word of its own
 *             | 0110     | 010     | 11      |
 *
 * From the empty text's state, states are visited breadth first (so a witness is shortest), one step for each class of
 * bytes: a byte that occurs in a pattern, a colon, and all that occurs in none. A state is given up when some group of `in`
 * has no place left, or a pattern of `out` will match whatever follows. There are finitely many states, so the search ends;
 * how many it may visit is bounded by the budget. Symbols are run as runs: the caller knows. */
#include "policy/glob_set.h"

typedef struct {
    uint64_t *advance; /* [class][word]: places whose token takes a byte of the class and is then behind */
    uint64_t *stay;    /* [class][word]: places of runs that take it and stay */
    uint64_t *runs;    /* [word]: places of runs: what stands there stands behind it as well */
    uint64_t *head;    /* [word]: bit 0 of each pattern, which no step may carry into */
    size_t words;
    uint8_t classes[256];
    size_t class_count;
} tables;

typedef struct {
    uint32_t first_word, word_count;
    const vg_wild *glob;
    bool swallows; /* ends in a run that takes everything: once there, it has matched for good */
} lane;

typedef struct {
    uint32_t parent;
    uint8_t byte;
} step;

typedef struct {
    vg_wild_budget *budget;
    const vg_wild_group *in;
    size_t in_count, out_count;
    lane *lanes; /* those of `in`, group by group, then of `out` */
    size_t lane_count;
    tables t;
    uint64_t *states; /* state i: words from i * words */
    step *steps;
    uint32_t *slots; /* open addressing: index of state + 1 */
    size_t count, cap, slot_mask;
} machine;

/* ---- setting up ---------------------------------------------------------------------------------------------------------- */

static size_t add_lane(machine *m, const vg_wild *g, size_t word)
{
    lane *l = &m->lanes[m->lane_count++];
    const vg_wild_token *last = g->count ? &g->tokens[g->count - 1] : NULL;
    *l = (lane){.first_word = (uint32_t)word,
                .word_count = g->count / 64 + 1,
                .glob = g,
                .swallows = last && last->kind == VG_WILD_RUN && !(last->flags & VG_WILD_NO_COLON)};
    return word + l->word_count;
}

static bool make_lanes(machine *m, const vg_wild *const *out)
{
    size_t lanes = m->out_count;
    for (size_t g = 0; g < m->in_count; g++)
        lanes += m->in[g].count;
    m->lanes = vg_arena_alloc(m->budget->arena, (lanes + 1) * sizeof *m->lanes);
    size_t words = 0;
    for (size_t g = 0; m->lanes && g < m->in_count; g++)
        for (size_t i = 0; i < m->in[g].count; i++)
            words = add_lane(m, m->in[g].globs[i], words);
    for (size_t i = 0; m->lanes && i < m->out_count; i++)
        words = add_lane(m, out[i], words);
    m->t.words = words;
    return m->lanes != NULL;
}

/* Bytes that stand for all that occurs in no pattern, the likeliest looking first. None of those that mean something in a
 * policy or a request; the last are there so that a policy that names every printable one is no proof. */
static const char others[] =
    "zxwvqkyjZXWVQKYJ0123456789abcdefghilmnoprstuABCDEFGHILMNOPRSTU-_./=+@,;!#%&()<>[]^|~ \x7f\x01\x02\x03";

static void find_classes(machine *m)
{
    bool used[256] = {false};
    used[':'] = true;
    for (size_t l = 0; l < m->lane_count; l++)
        for (size_t i = 0; i < m->lanes[l].glob->count; i++) {
            const vg_wild_token *t = &m->lanes[l].glob->tokens[i];
            if (t->kind != VG_WILD_BYTE)
                continue;
            used[(uint8_t)t->value] = true;
            if (t->flags == VG_WILD_ANY_CASE && t->value >= 'a' && t->value <= 'z')
                used[t->value - 32] = true;
        }
    const char *other = others;
    while (*other && used[(uint8_t)*other])
        other++;
    if (*other)
        m->t.classes[m->t.class_count++] = (uint8_t)*other;
    for (size_t c = 1; c < 256; c++)
        if (used[c])
            m->t.classes[m->t.class_count++] = (uint8_t)c;
}

/* A ONE takes a character. Of one that is several bytes long it is taken to take each byte in patterns of `in` and none in
 * those of `out`: what is then proven empty is. */
static bool token_takes(const vg_wild_token *t, uint8_t c, bool in)
{
    if (t->kind == VG_WILD_BYTE) {
        bool upper = t->flags == VG_WILD_ANY_CASE && c >= 'A' && c <= 'Z';
        return t->value == (upper ? c + 32 : c);
    }
    if (t->kind == VG_WILD_ONE && c >= 0x80)
        return in;
    return c != ':' || !(t->flags & VG_WILD_NO_COLON);
}

static void fill_tables(machine *m)
{
    tables *t = &m->t;
    for (size_t l = 0; l < m->lane_count; l++) {
        const lane *of = &m->lanes[l];
        t->head[of->first_word] |= 1;
        for (size_t i = 0; i < of->glob->count; i++) {
            const vg_wild_token *token = &of->glob->tokens[i];
            size_t word = of->first_word + i / 64;
            uint64_t bit = UINT64_C(1) << (i % 64);
            bool run = token->kind == VG_WILD_RUN || token->kind == VG_WILD_SYMBOL;
            if (run)
                t->runs[word] |= bit;
            for (size_t c = 0; c < t->class_count; c++)
                if (token_takes(token, t->classes[c], l < m->lane_count - m->out_count))
                    (run ? t->stay : t->advance)[c * t->words + word] |= bit;
        }
    }
}

static bool make_tables(machine *m)
{
    tables *t = &m->t;
    find_classes(m);
    vg_arena *arena = m->budget->arena;
    m->budget->work -= (int64_t)(t->words * 64 * t->class_count);
    if (m->budget->work < 0)
        return false;
    t->advance = VG_NEW_N(arena, uint64_t, t->words * t->class_count);
    t->stay = VG_NEW_N(arena, uint64_t, t->words * t->class_count);
    t->runs = VG_NEW_N(arena, uint64_t, t->words);
    t->head = VG_NEW_N(arena, uint64_t, t->words);
    if (!t->advance || !t->stay || !t->runs || !t->head)
        return false;
    fill_tables(m);
    return true;
}

/* ---- states -------------------------------------------------------------------------------------------------------------- */

/* What stands before a run stands behind it as well. Runs that follow each other need another round each. */
static void close_over_runs(const machine *m, uint64_t *state)
{
    const tables *t = &m->t;
    for (bool changed = true; changed;) {
        uint64_t carry = 0;
        changed = false;
        for (size_t w = 0; w < t->words; w++) {
            uint64_t skip = state[w] & t->runs[w];
            uint64_t next = state[w] | (skip << 1) | (carry & ~t->head[w]);
            carry = skip >> 63;
            changed |= next != state[w];
            state[w] = next;
        }
    }
}

static void take_byte(const machine *m, const uint64_t *from, size_t c, uint64_t *to)
{
    const tables *t = &m->t;
    const uint64_t *advance = &t->advance[c * t->words], *stay = &t->stay[c * t->words];
    uint64_t carry = 0;
    for (size_t w = 0; w < t->words; w++) {
        uint64_t moved = from[w] & advance[w];
        to[w] = (moved << 1) | (carry & ~t->head[w]) | (from[w] & stay[w]);
        carry = moved >> 63;
    }
    close_over_runs(m, to);
}

static bool has_place(const lane *l, const uint64_t *state, size_t place)
{
    return (state[l->first_word + place / 64] >> (place % 64)) & 1;
}

static bool has_matched(const lane *l, const uint64_t *state)
{
    return has_place(l, state, l->glob->count);
}

static bool is_alive(const lane *l, const uint64_t *state)
{
    uint64_t any = 0;
    for (size_t w = 0; w < l->word_count; w++)
        any |= state[l->first_word + w];
    return any != 0;
}

/* Whether a longer text could still be a witness, and whether this one is. */
static bool is_hopeful(const machine *m, const uint64_t *state, bool *witness)
{
    size_t l = 0;
    *witness = true;
    for (size_t g = 0; g < m->in_count; g++) {
        bool alive = false, matched = false;
        for (size_t i = 0; i < m->in[g].count; i++, l++) {
            alive |= is_alive(&m->lanes[l], state);
            matched |= has_matched(&m->lanes[l], state);
        }
        if (!alive)
            return false;
        *witness &= matched;
    }
    for (; l < m->lane_count; l++) {
        bool matched = has_matched(&m->lanes[l], state);
        if (matched && m->lanes[l].swallows)
            return false;
        *witness &= !matched;
    }
    return true;
}

static uint64_t hash_of(const machine *m, const uint64_t *state)
{
    uint64_t h = 0x9e3779b97f4a7c15u;
    for (size_t w = 0; w < m->t.words; w++) {
        h = (h ^ state[w]) * 0xd6e8feb86659fd93u;
        h ^= h >> 32;
    }
    return h;
}

/* Whether the state behind the last one, already written there, is new; it is then kept. */
static bool keep_if_new(machine *m, uint32_t parent, uint8_t byte)
{
    size_t words = m->t.words;
    const uint64_t *state = &m->states[m->count * words];
    size_t slot = hash_of(m, state) & m->slot_mask;
    for (; m->slots[slot]; slot = (slot + 1) & m->slot_mask)
        if (memcmp(&m->states[(m->slots[slot] - 1) * words], state, words * sizeof *state) == 0)
            return false;
    m->steps[m->count] = (step){parent, byte};
    m->slots[slot] = (uint32_t)++m->count;
    return true;
}

/* Doubles the room for states. At most 4 MB of them: what needs more is beyond the time allowed as well. */
static bool make_room(machine *m)
{
    vg_arena *arena = m->budget->arena;
    size_t cap = m->cap ? m->cap * 2 : 128, words = m->t.words;
    if (cap * words * sizeof(uint64_t) > ((size_t)4 << 20))
        return false;
    uint64_t *states = vg_arena_alloc(arena, (cap + 1) * words * sizeof *states);
    step *steps = vg_arena_alloc(arena, (cap + 1) * sizeof *steps);
    m->slots = VG_NEW_N(arena, uint32_t, cap * 2);
    if (!states || !steps || !m->slots)
        return false;
    if (m->count) {
        memcpy(states, m->states, m->count * words * sizeof *states);
        memcpy(steps, m->steps, m->count * sizeof *steps);
    }
    m->budget->work -= (int64_t)(cap * (words + 2));
    m->states = states, m->steps = steps, m->cap = cap, m->slot_mask = cap * 2 - 1;
    for (size_t i = 0; i < m->count; i++) {
        size_t slot = hash_of(m, &states[i * words]) & m->slot_mask;
        while (m->slots[slot])
            slot = (slot + 1) & m->slot_mask;
        m->slots[slot] = (uint32_t)i + 1;
    }
    return true;
}

/* ---- searching ------------------------------------------------------------------------------------------------------------- */

static vg_str text_of(const machine *m, uint32_t state)
{
    size_t len = 0;
    for (uint32_t s = state; s; s = m->steps[s].parent)
        len++;
    char *text = vg_arena_alloc(m->budget->arena, len + 1);
    size_t at = len;
    for (uint32_t s = state; text && s; s = m->steps[s].parent)
        text[--at] = (char)m->steps[s].byte;
    return (vg_str){text, text ? len : 0};
}

static vg_wild_answer visit(machine *m, vg_str *witness)
{
    size_t words = m->t.words;
    bool found;
    memcpy(m->states, m->t.head, words * sizeof *m->states);
    close_over_runs(m, m->states);
    if (!is_hopeful(m, m->states, &found))
        return VG_WILD_EMPTY;
    keep_if_new(m, 0, 0);
    if (found) {
        *witness = VG_STR("");
        return VG_WILD_FOUND;
    }
    for (uint32_t at = 0; at < m->count; at++)
        for (size_t c = 0; c < m->t.class_count; c++) {
            m->budget->work -= (int64_t)(words * 12 + m->lane_count * 6 + 20);
            if (m->budget->work < 0 || (m->count == m->cap && !make_room(m)))
                return VG_WILD_LIMIT;
            uint64_t *next = &m->states[m->count * words];
            take_byte(m, &m->states[at * words], c, next);
            if (!is_hopeful(m, next, &found) || !keep_if_new(m, at, m->t.classes[c]) || !found)
                continue;
            *witness = text_of(m, (uint32_t)m->count - 1);
            return VG_WILD_FOUND;
        }
    return VG_WILD_EMPTY;
}

vg_wild_answer vg_wild_automata(vg_wild_budget *budget, const vg_wild_group *in, size_t in_count,
                                const vg_wild *const *out, size_t out_count, vg_str *witness)
{
    machine m = {.budget = budget, .in = in, .in_count = in_count, .out_count = out_count};
    if (!make_lanes(&m, out) || !make_tables(&m) || !make_room(&m))
        return VG_WILD_LIMIT;
    return visit(&m, witness);
}
