/* compare_search.c: the search for a request that NEW allows and OLD does not.
 *
 * With Allow(P) the union of a policy's Allow statements and Deny(P) that of its Deny statements, such a request meets some
 * Allow statement N of NEW, no Deny statement of NEW, and then either no Allow statement of OLD, or some Deny statement D
 * of OLD:
 *
 *     N  and not Deny(NEW)  and not Allow(OLD)          and, for each D of OLD:     N and D  and not Deny(NEW)
 *
 * Each is a conjunction to meet and statements to avoid. To avoid a statement is to give one of its questions the other
 * answer, so the search is that of a satisfiability solver: an answer that only one question is left to give is taken at
 * once, else each is tried in turn. What answers are possible together is asked part by part (compare_question.c); a
 * request's parts are independent of each other, so parts that are possible one by one are possible together.
 *
 * Statements that both policies have in the same words are recognised by their numbers and cost nothing. */
#include "policy/compare_part.h"

enum {
    MAX_DEPTH = 64,
    MAX_CONDITIONS = 400 /* of the statements to meet */
};

/* A statement to avoid. */
typedef struct {
    const vg_compare_statement *statement;
    vg_compare_literal *literals;
    uint32_t count;
    unsigned avoided_at; /* depth + 1 of the search at which it was avoided; 0: not yet */
} hurdle;

typedef struct {
    vg_compare_literal *literals;
    uint32_t part, count;
    vg_wild_answer answer;
} asked;

typedef struct {
    vg_comparer *c;
    const vg_compare_piece *piece;
    const vg_compare_statement *allow;
    uint64_t *callers; /* who may still call; NULL where statements name nobody */
    vg_vec trail;      /* vg_compare_literal: answers taken */
    vg_vec hurdles;
    vg_vec asked; /* answers of parts, so that none is computed twice */
    vg_compare_table asked_table;
} search;

/* ---- asking -------------------------------------------------------------------------------------------------------------------- */

static uint64_t hash_literal(const vg_compare_literal *l)
{
    uint64_t h =
        ((uint64_t)l->part << 34) ^ ((uint64_t)l->id << 2) ^ ((uint64_t)l->inverted << 1) ^ l->negated;
    h *= UINT64_C(0x9e3779b97f4a7c15);
    return h ^ (h >> 29);
}

static bool same_literal(const vg_compare_literal *a, const vg_compare_literal *b)
{
    return a->id == b->id && a->part == b->part && a->inverted == b->inverted && a->negated == b->negated;
}

static bool among(const vg_compare_literal *l, const vg_compare_literal *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (same_literal(l, &list[i]))
            return true;
    return false;
}

/* The trail's literals of a part, each once, and `more` (may be NULL). */
static size_t collect(const search *s, uint32_t part, const vg_compare_literal *more, vg_compare_literal *out)
{
    size_t count = 0;
    for (size_t i = 0; i < s->trail.len; i++) {
        const vg_compare_literal *l = vg_vec_at(&s->trail, i);
        if (l->part == part && !among(l, out, count))
            out[count++] = *l;
    }
    if (more && !among(more, out, count))
        out[count++] = *more;
    return count;
}

static const asked *recall(const search *s, uint64_t hash, uint32_t part, const vg_compare_literal *literals,
                           size_t count)
{
    size_t at = 0;
    for (uint32_t n; (n = vg_compare_table_next(&s->asked_table, hash, &at)) != VG_COMPARE_NONE;) {
        const asked *a = vg_vec_at(&s->asked, n);
        bool same = a->part == part && a->count == count;
        for (size_t i = 0; same && i < count; i++)
            same = among(&literals[i], a->literals, count);
        if (same)
            return a;
    }
    return NULL;
}

/* Whether the answers taken so far leave room for one more. */
static vg_wild_answer ask_with(search *s, uint32_t part, const vg_compare_literal *more)
{
    vg_arena *arena = s->c->arena;
    vg_compare_literal *literals = vg_arena_alloc(arena, (s->trail.len + 2) * sizeof *literals);
    if (!literals)
        return VG_WILD_LIMIT;
    size_t count = collect(s, part, more, literals);
    s->c->budget.work -= (int64_t)(s->trail.len + count * count);
    uint64_t hash = part;
    for (size_t i = 0; i < count; i++)
        hash += hash_literal(&literals[i]);
    const asked *known = recall(s, hash, part, literals, count);
    if (known)
        return known->answer;
    vg_compare_found found;
    vg_wild_answer answer = vg_compare_ask(s->c, s->piece, part, literals, count, &found);
    asked *a = vg_vec_push(&s->asked);
    if (a && vg_compare_table_add(arena, &s->asked_table, hash, (uint32_t)s->asked.len - 1))
        *a = (asked){literals, part, (uint32_t)count, answer};
    return answer;
}

/* ---- hurdles ------------------------------------------------------------------------------------------------------------------- */

typedef enum {
    OPEN,
    GIVEN,
    IMPOSSIBLE
} standing; /* of a question: may be either, is met already, cannot be met */

static bool in_trail(const search *s, const vg_compare_literal *l, bool negated)
{
    for (size_t i = 0; i < s->trail.len; i++) {
        const vg_compare_literal *t = vg_vec_at(&s->trail, i);
        if (t->part == l->part && t->id == l->id && t->inverted == l->inverted && t->negated == negated)
            return true;
    }
    return false;
}

static vg_compare_literal negation(vg_compare_literal l)
{
    l.negated = !l.negated;
    return l;
}

static standing stand(search *s, const vg_compare_literal *l)
{
    if (in_trail(s, l, l->negated))
        return GIVEN;
    if (in_trail(s, l, !l->negated) || ask_with(s, l->part, l) == VG_WILD_EMPTY)
        return IMPOSSIBLE;
    vg_compare_literal other = negation(*l);
    return ask_with(s, l->part, &other) == VG_WILD_EMPTY ? GIVEN : OPEN;
}

static standing stand_of_callers(const search *s, const vg_compare_statement *statement)
{
    if (!s->callers || !statement->callers)
        return GIVEN;
    bool some_in = false, some_out = false;
    for (size_t i = 0; i < s->c->caller_words; i++) {
        some_in |= (s->callers[i] & statement->callers[i]) != 0;
        some_out |= (s->callers[i] & ~statement->callers[i]) != 0;
    }
    return !some_in ? IMPOSSIBLE : some_out ? OPEN : GIVEN;
}

/* How many ways there are to avoid a statement; `way` gets the last of them (NULL: by the caller). */
static unsigned ways_to_avoid(search *s, const hurdle *h, bool *avoided, const vg_compare_literal **way)
{
    unsigned ways = 0;
    *avoided = false;
    s->c->budget.work -= (int64_t)(10 + h->count * (s->trail.len / 2 + 1) + s->c->caller_words);
    standing callers = stand_of_callers(s, h->statement);
    if (callers == IMPOSSIBLE) {
        *avoided = true;
        return 0;
    }
    if (callers == OPEN) {
        ways++;
        *way = NULL;
    }
    for (uint32_t i = 0; i < h->count; i++) {
        standing l = stand(s, &h->literals[i]);
        if (l == IMPOSSIBLE) {
            *avoided = true;
            return 0;
        }
        if (l == OPEN) {
            ways++;
            *way = &h->literals[i];
        }
    }
    return ways;
}

static bool push(search *s, vg_compare_literal l)
{
    vg_compare_literal *slot = vg_vec_push(&s->trail);
    if (slot)
        *slot = l;
    s->c->failed |= !slot;
    return slot != NULL;
}

/* Takes the answer that avoids: the other one of `way`, or callers whom the statement does not name. */
static void avoid(search *s, const hurdle *h, const vg_compare_literal *way)
{
    if (way)
        push(s, negation(*way));
    else
        for (size_t i = 0; i < s->c->caller_words; i++)
            s->callers[i] &= ~h->statement->callers[i];
}

/* ---- a request that is left ---------------------------------------------------------------------------------------------------------- */

static uint32_t first_caller(const search *s)
{
    for (size_t i = 0; s->callers && i < s->c->callers.len; i++)
        if (s->callers[i / 64] >> (i % 64) & 1)
            return (uint32_t)i;
    return VG_COMPARE_NONE;
}

/* An action in the letter case of the pattern that it was made from. */
static vg_str spelled(vg_comparer *c, vg_str action, vg_str pattern)
{
    char *out = vg_arena_cstr(c->arena, action);
    for (size_t i = 0; out && i < action.len && i < pattern.len; i++) {
        if (pattern.ptr[i] == '*' || pattern.ptr[i] == '?' || (pattern.ptr[i] | 32) != (out[i] | 32))
            break;
        out[i] = pattern.ptr[i];
    }
    return (vg_str){out, out ? action.len : 0};
}

static bool part_before(const search *s, size_t i)
{
    const vg_compare_literal *l = vg_vec_at(&s->trail, i);
    for (size_t k = 0; k < i; k++)
        if (((const vg_compare_literal *)vg_vec_at(&s->trail, k))->part == l->part)
            return true;
    return l->part < VG_PART_KEYS;
}

static vg_wild_answer name_part(search *s, uint32_t part, vg_compare_found *found)
{
    vg_compare_literal *literals = vg_arena_alloc(s->c->arena, (s->trail.len + 1) * sizeof *literals);
    if (!literals)
        return VG_WILD_LIMIT;
    return vg_compare_ask(s->c, s->piece, part, literals, collect(s, part, NULL, literals), found);
}

static vg_wild_answer name_keys(search *s, vg_vec *context)
{
    vg_wild_answer answer = VG_WILD_FOUND;
    for (size_t i = 0; i < s->trail.len && answer == VG_WILD_FOUND; i++) {
        vg_compare_found found;
        if (part_before(s, i))
            continue;
        answer = name_part(s, ((vg_compare_literal *)vg_vec_at(&s->trail, i))->part, &found);
        if (answer != VG_WILD_FOUND || found.entry.state != VG_CONTEXT_PRESENT)
            continue;
        vg_context_entry *entry = vg_vec_push(context);
        if (!entry)
            return VG_WILD_LIMIT;
        *entry = found.entry;
    }
    return answer;
}

/* Every statement is avoided: names the request, and has the engine decide it. */
static vg_wild_answer name_request(search *s)
{
    vg_comparer *c = s->c;
    vg_compare_found action, resource;
    vg_vec context = vg_vec_in(c->arena, sizeof(vg_context_entry));
    vg_wild_answer answer = name_part(s, VG_PART_ACTION, &action);
    if (answer == VG_WILD_FOUND)
        answer = name_part(s, VG_PART_RESOURCE, &resource);
    if (answer == VG_WILD_FOUND)
        answer = name_keys(s, &context);
    if (answer == VG_WILD_EMPTY)
        return answer;
    if (answer != VG_WILD_FOUND)
        return c->budget.work < 0 ? VG_WILD_LIMIT : VG_WILD_POSSIBLE;
    vg_compare_witness witness = {.caller = first_caller(s),
                                  .action = spelled(c, action.text, s->piece->text),
                                  .resource = resource.text,
                                  .context = context.items,
                                  .context_count = context.len,
                                  .statement = s->allow->index};
    return vg_compare_confirm(c, &witness) ? VG_WILD_FOUND : VG_WILD_POSSIBLE;
}

/* ---- searching ------------------------------------------------------------------------------------------------------------------------ */

/* Whether a statement asks nothing but what has been answered its way already: no part need be looked at to see it. */
static bool is_plainly_met(const search *s)
{
    for (size_t i = 0; i < s->hurdles.len; i++) {
        const hurdle *h = vg_vec_at(&s->hurdles, i);
        bool met = !h->avoided_at && stand_of_callers(s, h->statement) == GIVEN;
        for (uint32_t l = 0; met && l < h->count; l++)
            met = in_trail(s, &h->literals[l], h->literals[l].negated);
        if (met)
            return true;
    }
    return false;
}

/* Avoids what can be avoided in one way only, until nothing more follows. Gives the statement with the fewest ways, or NULL
 * when all are avoided; *stuck when one cannot be. */
static hurdle *take_forced(search *s, unsigned depth, bool *stuck)
{
    *stuck = false;
    for (;;) {
        hurdle *best = NULL;
        const vg_compare_literal *forced = NULL;
        unsigned fewest = UINT32_MAX;
        for (size_t i = 0; i < s->hurdles.len && fewest > 1; i++) {
            hurdle *h = vg_vec_at(&s->hurdles, i);
            const vg_compare_literal *way = NULL;
            bool avoided;
            if (h->avoided_at)
                continue;
            unsigned ways = ways_to_avoid(s, h, &avoided, &way);
            if (avoided)
                h->avoided_at = depth + 1;
            else if (ways < fewest)
                best = h, fewest = ways, forced = way;
        }
        *stuck = best && fewest == 0;
        if (!best || *stuck || fewest > 1 || s->c->failed || s->c->budget.work < 0)
            return best;
        avoid(s, best, forced);
        best->avoided_at = depth + 1;
    }
}

static vg_wild_answer better(vg_wild_answer a, vg_wild_answer b)
{
    static const unsigned char weight[] = {
        [VG_WILD_EMPTY] = 0, [VG_WILD_POSSIBLE] = 1, [VG_WILD_LIMIT] = 2, [VG_WILD_FOUND] = 3};
    return weight[a] >= weight[b] ? a : b;
}

static void forget(search *s, unsigned depth, size_t trail)
{
    s->trail.len = trail;
    for (size_t i = 0; i < s->hurdles.len; i++) {
        hurdle *h = vg_vec_at(&s->hurdles, i);
        if (h->avoided_at > depth + 1)
            h->avoided_at = 0;
    }
}

static vg_wild_answer look(search *s, unsigned depth);

/* Tries every way to avoid h. */
static vg_wild_answer branch(search *s, hurdle *h, unsigned depth)
{
    vg_wild_answer answer = VG_WILD_EMPTY;
    size_t words = s->callers ? s->c->caller_words : 0, trail = s->trail.len;
    uint64_t *callers = vg_arena_alloc(s->c->arena, (words + 1) * sizeof *callers);
    if (!callers || depth == MAX_DEPTH)
        return VG_WILD_LIMIT;
    if (words)
        memcpy(callers, s->callers, words * sizeof *callers);
    for (uint32_t i = 0; i <= h->count && answer != VG_WILD_FOUND && answer != VG_WILD_LIMIT; i++) {
        const vg_compare_literal *way = i < h->count ? &h->literals[i] : NULL;
        if ((way ? stand(s, way) : stand_of_callers(s, h->statement)) != OPEN)
            continue;
        avoid(s, h, way);
        h->avoided_at = depth + 2;
        answer = better(look(s, depth + 1), answer);
        forget(s, depth, trail);
        if (words)
            memcpy(s->callers, callers, words * sizeof *callers);
    }
    return answer;
}

static vg_wild_answer look(search *s, unsigned depth)
{
    bool stuck;
    hurdle *h = take_forced(s, depth, &stuck);
    if (s->c->failed || s->c->budget.work < 0)
        return VG_WILD_LIMIT;
    if (stuck)
        return VG_WILD_EMPTY;
    return h ? branch(s, h, depth) : name_request(s);
}

/* ---- setting up ------------------------------------------------------------------------------------------------------------------------ */

/* The questions of a statement that the piece leaves open. */
static uint32_t questions_of(const search *s, const vg_compare_statement *statement, vg_compare_literal *out)
{
    uint32_t count = 0;
    if (vg_compare_relation(s->piece, statement) == VG_PIECE_PARTLY)
        out[count++] = (vg_compare_literal){VG_PART_ACTION, statement->actions, statement->not_action, false};
    if (statement->resources != VG_COMPARE_NONE)
        out[count++] =
            (vg_compare_literal){VG_PART_RESOURCE, statement->resources, statement->not_resource, false};
    for (uint32_t i = 0; i < statement->condition_count; i++) {
        uint32_t key = vg_compare_condition_at(s->c, statement->conditions[i])->key;
        out[count++] = (vg_compare_literal){VG_PART_KEYS + key, statement->conditions[i], false, false};
    }
    return count;
}

static bool must_meet(search *s, const vg_compare_statement *statement)
{
    vg_compare_literal *literals =
        vg_arena_alloc(s->c->arena, (statement->condition_count + 3) * sizeof *literals);
    if (!literals)
        return false;
    uint32_t count = questions_of(s, statement, literals);
    for (uint32_t i = 0; i < count; i++)
        push(s, literals[i]);
    for (size_t i = 0; s->callers && statement->callers && i < s->c->caller_words; i++)
        s->callers[i] &= statement->callers[i];
    return true;
}

static void must_avoid(search *s, const vg_compare_statement *statement)
{
    if (statement->idle || vg_compare_relation(s->piece, statement) == VG_PIECE_OUTSIDE)
        return;
    hurdle *h = vg_vec_push(&s->hurdles);
    vg_compare_literal *literals =
        vg_arena_alloc(s->c->arena, (statement->condition_count + 3) * sizeof *literals);
    if (!h || !literals) {
        s->c->failed = true;
        return;
    }
    *h = (hurdle){.statement = statement, .literals = literals};
    h->count = questions_of(s, statement, literals);
}

/* Whether the conjunction to meet can be met at all, part by part. */
static bool is_possible(search *s)
{
    bool anyone = !s->callers;
    for (size_t i = 0; s->callers && i < s->c->caller_words; i++)
        anyone |= s->callers[i] != 0;
    for (size_t i = 0; anyone && i < s->trail.len; i++)
        if (ask_with(s, ((vg_compare_literal *)vg_vec_at(&s->trail, i))->part, NULL) == VG_WILD_EMPTY)
            return false;
    return anyone;
}

static search search_in(vg_comparer *c, const vg_compare_piece *piece, const vg_compare_statement *allow)
{
    search s = {.c = c,
                .piece = piece,
                .allow = allow,
                .trail = vg_vec_in(c->arena, sizeof(vg_compare_literal)),
                .hurdles = vg_vec_in(c->arena, sizeof(hurdle)),
                .asked = vg_vec_in(c->arena, sizeof(asked))};
    if (c->caller_words) {
        s.callers = vg_arena_alloc(c->arena, c->caller_words * sizeof *s.callers);
        c->failed |= !s.callers;
        for (size_t i = 0; s.callers && i < c->callers.len; i++) {
            s.callers[i / 64] = i % 64 ? s.callers[i / 64] : 0;
            s.callers[i / 64] |= UINT64_C(1) << (i % 64);
        }
    }
    for (size_t i = 0; i < c->given.len; i++)
        push(&s, *(vg_compare_literal *)vg_vec_at(&c->given, i));
    return s;
}

/* One of the two searches of the head of this file, for one piece of N's actions: `deny` is D, or NULL for the first. */
static vg_wild_answer look_for(vg_comparer *c, const vg_compare_piece *piece,
                               const vg_compare_statement *allow, const vg_compare_statement *deny)
{
    c->budget.work -= (int64_t)c->statements.len;
    if (c->budget.work < 0 || allow->condition_count + (deny ? deny->condition_count : 0) > MAX_CONDITIONS)
        return VG_WILD_LIMIT;
    search s = search_in(c, piece, allow);
    if (c->failed || !must_meet(&s, allow) || (deny && !must_meet(&s, deny)))
        return VG_WILD_LIMIT;
    if (!is_possible(&s))
        return VG_WILD_EMPTY;
    for (size_t i = 0; i < c->statements.len; i++) {
        const vg_compare_statement *other = vg_compare_statement_at(c, i);
        bool avoid_deny = other->is_new && !other->allows;
        bool avoid_allow = !deny && !other->is_new && other->allows;
        if (avoid_deny || avoid_allow)
            must_avoid(&s, other);
    }
    if (!c->failed && is_plainly_met(&s))
        return VG_WILD_EMPTY;
    return c->failed ? VG_WILD_LIMIT : look(&s, 0);
}

/* ---- all statements ------------------------------------------------------------------------------------------------------------------------ */

static bool same_statement(const vg_comparer *c, const vg_compare_statement *a, const vg_compare_statement *b)
{
    return a->actions == b->actions && a->not_action == b->not_action && a->resources == b->resources &&
           a->not_resource == b->not_resource && a->condition_count == b->condition_count &&
           (a->condition_count == 0 ||
            memcmp(a->conditions, b->conditions, a->condition_count * sizeof *a->conditions) == 0) &&
           !a->callers == !b->callers &&
           (!a->callers || memcmp(a->callers, b->callers, c->caller_words * sizeof *a->callers) == 0);
}

/* Whether the other policy has the statement in the same words, with the same effect. */
static bool has_twin(const vg_comparer *c, const vg_compare_table *by_hash, const vg_compare_statement *s)
{
    size_t at = 0;
    for (uint32_t n; (n = vg_compare_table_next(by_hash, s->hash, &at)) != VG_COMPARE_NONE;) {
        const vg_compare_statement *other = vg_compare_statement_at(c, n);
        if (other->is_new != s->is_new && other->allows == s->allows && !other->idle &&
            same_statement(c, s, other))
            return true;
    }
    return false;
}

typedef struct {
    vg_compare_table by_hash;
    vg_vec denies; /* statements of OLD that NEW has not */
    vg_compare_actions_index index;
} plan;

static bool make_plan(vg_comparer *c, plan *p)
{
    *p = (plan){.denies = vg_vec_in(c->arena, sizeof(const vg_compare_statement *))};
    for (size_t i = 0; i < c->statements.len; i++)
        if (!vg_compare_table_add(c->arena, &p->by_hash, vg_compare_statement_at(c, i)->hash, (uint32_t)i))
            return false;
    for (size_t i = 0; i < c->statements.len; i++) {
        const vg_compare_statement *s = vg_compare_statement_at(c, i);
        if (s->is_new || s->allows || s->idle || has_twin(c, &p->by_hash, s))
            continue;
        const vg_compare_statement **slot = vg_vec_push(&p->denies);
        if (!slot)
            return false;
        *slot = s;
    }
    return true;
}

static vg_wild_answer look_through(vg_comparer *c, plan *p, const vg_compare_statement *allow, bool covered)
{
    vg_vec pieces;
    vg_wild_answer answer = VG_WILD_EMPTY;
    if (!p->index.made && !vg_compare_index_actions(c, &p->index))
        return VG_WILD_LIMIT;
    if (!vg_compare_pieces(c, &p->index, allow, &pieces))
        return VG_WILD_LIMIT;
    for (size_t i = 0; i < pieces.len && answer != VG_WILD_FOUND && c->budget.work >= 0; i++) {
        const vg_compare_piece *piece = vg_vec_at(&pieces, i);
        if (!covered)
            answer = better(look_for(c, piece, allow, NULL), answer);
        for (size_t d = 0; d < p->denies.len && answer != VG_WILD_FOUND && c->budget.work >= 0; d++) {
            const vg_compare_statement *deny = *(const vg_compare_statement **)vg_vec_at(&p->denies, d);
            if (vg_compare_relation(piece, deny) != VG_PIECE_OUTSIDE)
                answer = better(look_for(c, piece, allow, deny), answer);
        }
    }
    return c->budget.work < 0 && answer != VG_WILD_FOUND ? VG_WILD_LIMIT : answer;
}

vg_wild_answer vg_compare_search(vg_comparer *c)
{
    plan p;
    vg_wild_answer answer = VG_WILD_EMPTY;
    if (!make_plan(c, &p)) {
        c->failed = true;
        return VG_WILD_LIMIT;
    }
    for (size_t i = 0; i < c->statements.len && answer != VG_WILD_FOUND && c->budget.work >= 0; i++) {
        const vg_compare_statement *s = vg_compare_statement_at(c, i);
        if (!s->is_new || !s->allows || s->idle)
            continue;
        bool covered = has_twin(c, &p.by_hash, s);
        if (!covered || p.denies.len)
            answer = better(look_through(c, &p, s, covered), answer);
    }
    return c->budget.work < 0 && answer != VG_WILD_FOUND ? VG_WILD_LIMIT : answer;
}
