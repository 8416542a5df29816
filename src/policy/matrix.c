/* matrix.c: every principal times every action at once.
 *
 * A principal's own side is a row of layers: identity policies, boundary, and each level of SCPs; each must allow, and none
 * may deny. Over sets of actions that is set algebra, 64 cells an operation. For each layer seven sets are made of its
 * grants (matrix_grant.c), then joined:
 *
 *     all   = every layer allows on all resources            -> VG_CELL_ALL, where nothing denies
 *     sure  = every layer allows on some, whatever holds     -> VG_CELL_SOME
 *     may   = every layer may allow                          -> VG_CELL_CONDITIONAL
 *
 * Where two layers limit resources, or one does and a deny names resources as well, sets of actions cannot tell whether any
 * resource is left. For these actions alone patterns are compared: one of a layer that limits, with those of the other
 * layers that overlap it and the denies that cover it.
 *
 * Principals with the same layers share a row. Where a statement asks who calls (aws:PrincipalArn, ${aws:username}), its
 * truth for the principal is a part of what must be the same. */
#include "policy/matrix_part.h"

/* Of more than so many comparisons for one row, what is left counts as conditional. Patterns made to be slow count for
 * several; nothing is compared past the last. */
enum { LAYERS_MAX = 24, CELL_SETS = 3, COMPARISONS_MAX = 1 << 22, STEPS_A_COMPARISON = 64 };
enum { PATTERNS_A_COMPARISON = 16 }; /* that are told apart at a glance */

/* What a layer says, as sets. */
enum {
    ALLOW_ALL,
    ALLOW_OWN, /* on all resources of the principal's account */
    ALLOW_SOME,
    MAY_ALLOW,
    DENY_ALL,
    DENY_SOME,
    MAY_DENY_ALL,
    MAY_DENY_SOME,
    DENY_OTHERS, /* on all but some */
    MAY_DENY_OTHERS,
    SAYINGS
};

typedef struct {
    const vg_layer *layer;
    bool unknown;    /* taken as unknown */
    bool everything; /* a root user's own side */
    uint64_t *sets[SAYINGS];
} view;

/* What all layers together say. */
enum {
    JOIN_ALL,
    JOIN_SURE,
    JOIN_MAY,
    JOIN_LIMITED,
    JOIN_TWICE,
    JOIN_DENIED,
    JOIN_DENIES,
    JOIN_MAY_DENY,
    JOIN_OTHERS,
    JOIN_MAY_OTHERS,
    JOINS
};

struct vg_matrix {
    uint32_t word_count;
    uint32_t *row_of; /* by principal as asked */
    vg_vec rows;      /* uint64_t *: CELL_SETS sets one behind the other: CONDITIONAL, SOME, ALL */
};

typedef struct {
    vg_arena *arena;
    const vg_world *world;
    vg_matrix *matrix;
    vg_grant_compiler *compiler;
    bool assume_collected;
    vg_map *grants; /* a policy's pointer, as bytes, to its vg_grants */
    vg_map *rows;   /* key of a row to its index */
    uint8_t *holds; /* vg_match by grant, for the principal at hand */
    view views[LAYERS_MAX];
    uint32_t view_count;
    uint64_t *joined[JOINS];
    uint64_t *possible, *certain; /* of actions whose patterns are compared: from one layer */
    uint64_t *result[2];          /* and from all layers: possible, certain */
    uint64_t *left, *sure;        /* of the pattern at hand */
    uint64_t *one;                /* what one other layer allows of it */
    uint64_t *one_sure;
    vg_str account;
    uint32_t grant_total; /* of the layers at hand */
    uint64_t comparisons;
    vg_buf key;
    vg_world_scratch scratch;
    vg_request request;
    vg_evaluation evaluation;
} builder;

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while making the matrix");
}

/* ---- sets of words -------------------------------------------------------------------------------------------------------------- */

static void or_sparse(uint64_t *set, const vg_sparse *sparse)
{
    for (uint32_t r = 0; r < sparse->count; r++)
        for (uint32_t w = 0; w < sparse->runs[r].count; w++)
            set[sparse->runs[r].base + w] |= sparse->runs[r].words[w];
}

static void and_not_sparse(uint64_t *set, const vg_sparse *sparse)
{
    for (uint32_t r = 0; r < sparse->count; r++)
        for (uint32_t w = 0; w < sparse->runs[r].count; w++)
            set[sparse->runs[r].base + w] &= ~sparse->runs[r].words[w];
}

static bool is_empty(const uint64_t *set, uint32_t count)
{
    uint64_t any = 0;
    for (uint32_t w = 0; w < count; w++)
        any |= set[w];
    return any == 0;
}

/* ---- grants of a layer -------------------------------------------------------------------------------------------------------------- */

static const vg_grants *grants_of(const builder *b, const vg_policy *policy)
{
    const vg_map_entry *entry = vg_map_get(b->grants, vg_str_of((const char *)&policy, sizeof policy));
    return entry ? entry->value.ptr : NULL;
}

static vg_match holds(const builder *b, const vg_grant *g)
{
    return g->depends ? (vg_match)b->holds[g->index] : g->holds;
}

static void say(const builder *b, view *v, const vg_grant *g)
{
    vg_match truth = holds(b, g);
    bool sure = truth == VG_MATCH_YES;
    if (truth == VG_MATCH_NO)
        return;
    or_sparse(v->sets[g->deny ? (sure ? DENY_ALL : MAY_DENY_ALL) : (sure ? ALLOW_ALL : MAY_ALLOW)], &g->all);
    or_sparse(v->sets[g->deny ? (sure ? DENY_SOME : MAY_DENY_SOME) : (sure ? ALLOW_SOME : MAY_ALLOW)],
              &g->some);
    if (g->deny && g->others)
        or_sparse(v->sets[sure ? DENY_OTHERS : MAY_DENY_OTHERS], &g->some);
    if (!g->deny && sure && g->own.count > 0 && vg_str_eq(g->own_account, b->account))
        or_sparse(v->sets[ALLOW_OWN], &g->own);
}

static void fill_view(builder *b, view *v)
{
    uint32_t words = b->matrix->word_count;
    for (int s = 0; s < SAYINGS; s++)
        memset(v->sets[s], v->unknown && (s == MAY_ALLOW || s == MAY_DENY_ALL) ? 0xFF : 0,
               words * sizeof(uint64_t));
    if (v->everything)
        memset(v->sets[ALLOW_ALL], 0xFF, words * sizeof(uint64_t));
    for (size_t p = 0; p < v->layer->count; p++) {
        const vg_grants *grants = grants_of(b, v->layer->policies[p]);
        for (uint32_t i = 0; grants && i < grants->count; i++)
            say(b, v, &grants->grants[i]);
        for (uint32_t i = 0; grants && i < grants->count; i++)
            b->grant_total += 1 + grants->grants[i].pattern_count / PATTERNS_A_COMPARISON;
    }
}

/* ---- joining ------------------------------------------------------------------------------------------------------------------------- */

static void join(builder *b)
{
    uint32_t words = b->matrix->word_count;
    for (int j = 0; j < JOINS; j++)
        memset(b->joined[j], j <= JOIN_MAY ? 0xFF : 0, words * sizeof(uint64_t));
    for (uint32_t i = 0; i < b->view_count; i++) {
        uint64_t *const *s = b->views[i].sets;
        for (uint32_t w = 0; w < words; w++) {
            uint64_t all = s[ALLOW_ALL][w], sure = all | s[ALLOW_SOME][w], may = sure | s[MAY_ALLOW][w];
            b->joined[JOIN_ALL][w] &= all | s[ALLOW_OWN][w];
            b->joined[JOIN_SURE][w] &= sure;
            b->joined[JOIN_MAY][w] &= may;
            b->joined[JOIN_TWICE][w] |= b->joined[JOIN_LIMITED][w] & ~all;
            b->joined[JOIN_LIMITED][w] |= ~all;
            b->joined[JOIN_DENIED][w] |= s[DENY_ALL][w];
            b->joined[JOIN_DENIES][w] |= s[DENY_SOME][w] | s[MAY_DENY_SOME][w];
            b->joined[JOIN_MAY_DENY][w] |= s[MAY_DENY_ALL][w];
            b->joined[JOIN_OTHERS][w] |= s[DENY_OTHERS][w];
            b->joined[JOIN_MAY_OTHERS][w] |= s[DENY_OTHERS][w] | s[MAY_DENY_OTHERS][w];
        }
    }
}

/* ---- comparing patterns ------------------------------------------------------------------------------------------------------------------ */

/* What a grant allows on: a pattern, or everything, or everything but the patterns of `except`. */
typedef struct {
    const vg_arn_cut *cut; /* NULL: everything */
    const vg_grant *except;
    const vg_resource_pattern *variable; /* of the pattern, when it holds variables */
} place;

static bool is_exhausted(const builder *b)
{
    return b->comparisons > COMPARISONS_MAX;
}

/* Counts what a comparison took. One that could not be finished is the row's last. */
static bool count_comparison(builder *b, uint64_t steps, vg_match match)
{
    b->comparisons += match == VG_MATCH_UNKNOWN ? COMPARISONS_MAX : steps / STEPS_A_COMPARISON;
    return match == VG_MATCH_YES;
}

static bool covers(builder *b, const vg_arn_cut *pattern, const vg_arn_cut *cut)
{
    uint64_t steps = 0;
    if (is_exhausted(b))
        return false;
    vg_match match = vg_cut_covers(pattern, cut, &steps);
    return count_comparison(b, steps, match);
}

static bool overlaps(builder *b, const vg_arn_cut *one, const vg_arn_cut *other)
{
    uint64_t steps = 0;
    if (is_exhausted(b))
        return false;
    vg_match match = vg_cuts_overlap(one, other, &steps);
    return count_comparison(b, steps, match);
}

static bool excepts(builder *b, const vg_grant *g, const vg_arn_cut *cut)
{
    for (uint32_t i = 0; i < g->pattern_count; i++)
        if (covers(b, &g->patterns[i].cut, cut))
            return true;
    return false;
}

/* Whether some of the place is on the pattern. */
static bool meets(builder *b, const place *p, const vg_arn_cut *cut)
{
    if (p->except)
        return !excepts(b, p->except, cut);
    return !p->cut || overlaps(b, p->cut, cut);
}

/* Whether a grant on everything but its patterns leaves something of the place. */
static bool meets_others(builder *b, const place *p, const vg_grant *g)
{
    return !p->cut || !excepts(b, g, p->cut);
}

/* Adds what of the place a grant speaks of. */
static void allow_on(builder *b, uint64_t *set, const vg_grant *g, const place *p)
{
    or_sparse(set, &g->all);
    if (g->others && meets_others(b, p, g))
        or_sparse(set, &g->some);
    for (uint32_t i = 0; !g->others && i < g->pattern_count; i++)
        if (meets(b, p, &g->patterns[i].cut))
            or_sparse(set, &g->patterns[i].actions);
}

/* Whether a deny of everything but its patterns takes the whole place. */
static bool takes_whole(builder *b, const vg_grant *deny, const place *p)
{
    for (uint32_t i = 0; i < deny->pattern_count; i++)
        if (meets(b, p, &deny->patterns[i].cut))
            return false;
    return true;
}

static bool deny_takes(builder *b, const vg_grant *deny, uint32_t pattern, const place *p)
{
    return p->cut && covers(b, &deny->patterns[pattern].cut, p->cut);
}

static void deny_on(builder *b, const vg_grant *g, const place *p)
{
    bool same_variable = g->variable && p->variable && vg_str_eq(g->variable->text, p->variable->text);
    bool for_sure = holds(b, g) == VG_MATCH_YES && (!g->variable || same_variable);
    for (int pass = for_sure ? 0 : 1; pass < 2; pass++) {
        uint64_t *set = pass ? b->sure : b->left;
        and_not_sparse(set, &g->all);
        if (g->others && takes_whole(b, g, p))
            and_not_sparse(set, &g->some);
        for (uint32_t i = 0; !g->others && i < g->pattern_count; i++)
            if (deny_takes(b, g, i, p))
                and_not_sparse(set, &g->patterns[i].actions);
    }
}

/* Intersects with what another layer allows of the place. */
static void allow_by(builder *b, const view *v, const place *p)
{
    uint32_t words = b->matrix->word_count;
    memcpy(b->one_sure, v->sets[ALLOW_ALL], words * sizeof(uint64_t));
    memset(b->one, v->unknown ? 0xFF : 0, words * sizeof(uint64_t));
    for (size_t i = 0; i < v->layer->count; i++) {
        const vg_grants *grants = grants_of(b, v->layer->policies[i]);
        for (uint32_t k = 0; grants && k < grants->count; k++) {
            const vg_grant *g = &grants->grants[k];
            if (g->deny || holds(b, g) == VG_MATCH_NO)
                continue;
            allow_on(b, holds(b, g) == VG_MATCH_YES ? b->one_sure : b->one, g, p);
        }
    }
    for (uint32_t w = 0; w < words; w++) {
        b->left[w] &= b->one[w] | b->one_sure[w];
        b->sure[w] &= b->one_sure[w];
    }
}

static void deny_by(builder *b, const view *v, const place *p)
{
    if (v->unknown)
        memset(b->sure, 0, b->matrix->word_count * sizeof(uint64_t));
    for (size_t i = 0; i < v->layer->count; i++) {
        const vg_grants *grants = grants_of(b, v->layer->policies[i]);
        for (uint32_t k = 0; grants && k < grants->count; k++)
            if (grants->grants[k].deny && holds(b, &grants->grants[k]) != VG_MATCH_NO)
                deny_on(b, &grants->grants[k], p);
    }
}

/* What is left of `actions` on one place that layer `anchor` allows. */
static void compare_place(builder *b, uint32_t anchor, const uint64_t *hard, const vg_sparse *actions,
                          bool sure, const place *p)
{
    uint32_t words = b->matrix->word_count;
    memset(b->left, 0, words * sizeof(uint64_t));
    or_sparse(b->left, actions);
    for (uint32_t w = 0; w < words; w++) {
        b->left[w] &= hard[w] & ~b->certain[w]; /* nothing is more than certain */
        b->sure[w] = sure ? b->left[w] : 0;
    }
    if (is_empty(b->left, words))
        return;
    b->comparisons += 1 + b->grant_total;
    if (is_exhausted(b))
        return;
    for (uint32_t i = 0; i < b->view_count; i++) {
        if (i != anchor)
            allow_by(b, &b->views[i], p);
        deny_by(b, &b->views[i], p);
    }
    for (uint32_t w = 0; w < words; w++) {
        b->possible[w] |= b->left[w];
        b->certain[w] |= b->sure[w];
    }
}

static void compare_grant(builder *b, uint32_t anchor, const uint64_t *hard, const vg_grant *g)
{
    bool sure = holds(b, g) == VG_MATCH_YES;
    place everything = {.except = g->others ? g : NULL};
    compare_place(b, anchor, hard, &g->all, sure, &everything);
    if (g->others)
        compare_place(b, anchor, hard, &g->some, sure, &everything);
    for (uint32_t i = 0; !g->others && i < g->pattern_count; i++) {
        place p = {.cut = &g->patterns[i].cut, .variable = g->variable};
        compare_place(b, anchor, hard, &g->patterns[i].actions, sure, &p);
    }
}

/* What a deny of everything but some leaves: its own patterns are places to look at. */
static void compare_others(builder *b, const uint64_t *hard, const vg_layer *layer)
{
    for (size_t p = 0; p < layer->count; p++) {
        const vg_grants *grants = grants_of(b, layer->policies[p]);
        for (uint32_t k = 0; grants && k < grants->count; k++) {
            const vg_grant *g = &grants->grants[k];
            bool counts = g->deny && g->others && holds(b, g) != VG_MATCH_NO;
            for (uint32_t i = 0; counts && i < g->pattern_count; i++) {
                place at = {.cut = &g->patterns[i].cut};
                compare_place(b, LAYERS_MAX, hard, &g->patterns[i].actions, true, &at);
            }
        }
    }
}

static void compare_layer(builder *b, uint32_t anchor, const uint64_t *hard)
{
    const vg_layer *layer = b->views[anchor].layer;
    for (size_t p = 0; p < layer->count; p++) {
        const vg_grants *grants = grants_of(b, layer->policies[p]);
        for (uint32_t k = 0; grants && k < grants->count; k++)
            if (!grants->grants[k].deny && holds(b, &grants->grants[k]) != VG_MATCH_NO)
                compare_grant(b, anchor, hard, &grants->grants[k]);
    }
}

/* Of the actions `mine`, keeps in the result what was found now; forgets what was found. */
static void keep_found(builder *b, const uint64_t *mine, const uint64_t *mine_surely)
{
    for (uint32_t w = 0; w < b->matrix->word_count; w++) {
        b->result[0][w] &= ~mine_surely[w] | b->possible[w];
        b->result[1][w] &= ~mine[w] | b->certain[w];
        b->possible[w] = b->certain[w] = 0;
    }
}

/* Decides the actions of `hard`. Each is looked at from every layer that does not allow it on all resources, and from what
 * denies of everything else leave, and must be found from all of them: what two share is often one's pattern and not the
 * other's. */
static void compare_patterns(builder *b, const uint64_t *hard)
{
    uint32_t words = b->matrix->word_count;
    size_t size = words * sizeof(uint64_t);
    uint64_t *mine = b->joined[JOIN_DENIES], *rest = b->joined[JOIN_MAY_DENY]; /* no longer needed */
    memset(b->possible, 0, size);
    memset(b->certain, 0, size);
    memcpy(b->result[0], hard, size);
    memcpy(b->result[1], hard, size);
    memcpy(rest, hard, size);
    for (uint32_t i = 0; i < b->view_count; i++)
        compare_others(b, hard, b->views[i].layer);
    keep_found(b, b->joined[JOIN_MAY_OTHERS], b->joined[JOIN_OTHERS]);
    for (uint32_t i = 0; i < b->view_count; i++) {
        for (uint32_t w = 0; w < words; w++) {
            mine[w] = hard[w] & ~b->views[i].sets[ALLOW_ALL][w];
            rest[w] &= b->views[i].sets[ALLOW_ALL][w];
            b->possible[w] |= b->views[i].unknown ? mine[w] : 0;
        }
        if (is_empty(mine, words))
            continue;
        compare_layer(b, i, mine);
        keep_found(b, mine, mine);
    }
    const vg_run run = {0, words, rest};
    place everything = {0};
    compare_place(b, LAYERS_MAX, rest, &(vg_sparse){&run, 1}, true, &everything);
    keep_found(b, rest, rest);
    if (!is_exhausted(b))
        return;
    memcpy(b->result[0], hard, size);
    memset(b->result[1], 0, size);
}

/* ---- rows ----------------------------------------------------------------------------------------------------------------------------------- */

static uint64_t last_word_mask(const builder *b)
{
    size_t count = vg_catalogue_origin_of(b->world->catalogue)->action_count;
    return count % 64 ? (UINT64_C(1) << (count % 64)) - 1 : ~UINT64_C(0);
}

static vg_status make_row(builder *b, vg_error *err)
{
    uint32_t words = b->matrix->word_count;
    uint64_t **row = vg_vec_push(&b->matrix->rows);
    uint64_t *cells = VG_NEW_N(b->arena, uint64_t, (size_t)words * CELL_SETS);
    if (!row || !cells)
        return out_of_memory(err);
    *row = cells;
    b->grant_total = 0;
    b->comparisons = 0;
    for (uint32_t i = 0; i < b->view_count; i++)
        fill_view(b, &b->views[i]);
    join(b);
    uint64_t *conditional = cells, *some = cells + words, *all = cells + 2 * words, *const *j = b->joined;
    uint64_t *hard = j[JOIN_LIMITED];
    for (uint32_t w = 0; w < words; w++) {
        uint64_t mask = w + 1 == words ? last_word_mask(b) : ~UINT64_C(0);
        uint64_t may = j[JOIN_MAY][w] & ~j[JOIN_DENIED][w] & mask;
        all[w] = may & j[JOIN_ALL][w] & ~(j[JOIN_DENIES][w] | j[JOIN_MAY_DENY][w]);
        hard[w] = may & ~all[w] & (j[JOIN_TWICE][w] | j[JOIN_MAY_OTHERS][w] | (hard[w] & j[JOIN_DENIES][w]));
        some[w] = may & ~all[w] & ~hard[w] & j[JOIN_SURE][w] & ~j[JOIN_MAY_DENY][w];
        conditional[w] = may & ~all[w] & ~hard[w] & ~some[w];
    }
    if (is_empty(hard, words))
        return VG_OK;
    compare_patterns(b, hard);
    for (uint32_t w = 0; w < words; w++) {
        some[w] |= b->result[1][w];
        conditional[w] |= b->result[0][w] & ~b->result[1][w];
    }
    return VG_OK;
}

static void add_view(builder *b, const vg_layer *layer, bool everything)
{
    if (layer->state == VG_LAYER_NONE && !everything)
        return;
    if (b->view_count == LAYERS_MAX) { /* more than AWS allows; nobody knows what it says */
        b->views[LAYERS_MAX - 1].unknown = true;
        return;
    }
    view *v = &b->views[b->view_count++];
    v->layer = layer;
    v->everything = everything;
    v->unknown = layer->state == VG_LAYER_UNKNOWN && !b->assume_collected;
}

/* A boundary, or a level of SCPs. One of which nothing is known binds nobody where what was collected is taken for all. */
static void add_limit(builder *b, const vg_layer *layer)
{
    if (!b->assume_collected || layer->state != VG_LAYER_UNKNOWN || layer->count > 0)
        add_view(b, layer, false);
}

/* The layers of a principal's own side. */
static void look_at(builder *b, const vg_world_principal *p)
{
    const vg_world_account *account = &b->world->accounts[p->account];
    static const vg_layer nothing = {.state = VG_LAYER_KNOWN};
    bool is_root = p->caller.kind == VG_CALLER_ROOT;
    b->view_count = 0;
    b->account = p->account_id;
    add_view(b, p->identity.state == VG_LAYER_NONE ? &nothing : &p->identity, is_root);
    if (!is_root)
        add_limit(b, &p->boundary);
    if (account->is_management || p->service_linked)
        return;
    for (size_t i = 0; i < account->scp_count; i++)
        add_limit(b, &account->scps[i]);
}

/* ---- who shares a row --------------------------------------------------------------------------------------------------------------------------- */

static vg_match variable_has_value(builder *b, const vg_template *t)
{
    vg_match has = VG_MATCH_YES;
    vg_str value;
    for (uint32_t i = 0; i < t->count; i++) {
        if (t->pieces[i].kind != VG_PIECE_KEY)
            continue;
        vg_value_state state = vg_variable_value(&b->evaluation, &t->pieces[i], &value);
        if (state != VG_VALUE_FOUND)
            has = vg_match_and(has, state == VG_VALUE_NONE ? VG_MATCH_NO : VG_MATCH_UNKNOWN);
    }
    return has;
}

static vg_match evaluate(builder *b, const vg_grant *g)
{
    vg_match truth = g->variable ? variable_has_value(b, g->variable->variable) : VG_MATCH_YES;
    for (uint32_t i = 0; i < g->rule->test_count && truth != VG_MATCH_NO; i++)
        truth = vg_match_and(truth, vg_test_holds(&b->evaluation, &g->rule->tests[i]));
    return truth;
}

/* Evaluates what depends on the caller, and adds it to the key. */
static void add_dependents(builder *b, const vg_layer *layer, bool *prepared, uint32_t principal)
{
    for (size_t p = 0; p < layer->count; p++) {
        const vg_grants *grants = grants_of(b, layer->policies[p]);
        for (uint32_t i = 0; grants && grants->depends_count > 0 && i < grants->count; i++) {
            const vg_grant *g = &grants->grants[i];
            if (!g->depends)
                continue;
            if (!*prepared) {
                vg_world_caller caller = vg_world_caller_at(b->world, principal);
                vg_world_target target = vg_world_target_of(b->world, VG_STR("*"));
                vg_world_request(b->world, &caller, &target, VG_STR(""), NULL, 0, &b->scratch, &b->request);
                b->evaluation = (vg_evaluation){.request = &b->request,
                                                .resource = vg_arn_cut_of(b->request.resource),
                                                .action_id = VG_CATALOGUE_NONE};
                *prepared = true;
            }
            b->holds[g->index] = (uint8_t)evaluate(b, g);
            vg_buf_add_char(&b->key, (char)b->holds[g->index]);
        }
    }
}

static bool has_own(const builder *b, const vg_layer *layer)
{
    for (size_t p = 0; p < layer->count; p++) {
        const vg_grants *grants = grants_of(b, layer->policies[p]);
        if (grants && grants->has_own)
            return true;
    }
    return false;
}

static void make_key(builder *b, uint32_t principal)
{
    const vg_world_principal *p = &b->world->principals[principal];
    bool prepared = false, own = false;
    vg_buf_clear(&b->key);
    vg_buf_add_char(&b->key, p->caller.kind == VG_CALLER_ROOT ? 'r' : 'p');
    vg_buf_add(&b->key, &p->identity_set, sizeof p->identity_set);
    for (uint32_t i = 0; i < b->view_count; i++) {
        const vg_layer *layer = b->views[i].layer;
        vg_buf_add_char(&b->key, (char)layer->state);
        if (i > 0)
            vg_buf_add(&b->key, layer->policies, layer->count * sizeof *layer->policies);
        vg_buf_add_char(&b->key, '|');
        add_dependents(b, layer, &prepared, principal);
        own = own || has_own(b, layer);
    }
    if (own)
        vg_buf_add_str(&b->key, p->account_id);
}

static vg_status add_principal(builder *b, size_t cell, uint32_t principal, vg_error *err)
{
    look_at(b, &b->world->principals[principal]);
    make_key(b, principal);
    if (b->key.failed)
        return out_of_memory(err);
    vg_map_entry *entry = vg_map_get(b->rows, vg_buf_str(&b->key));
    if (!entry) {
        vg_str key = vg_arena_str(b->arena, vg_buf_str(&b->key));
        if (!key.ptr || !(entry = vg_map_put(b->rows, key, NULL)))
            return out_of_memory(err);
        entry->value.u64 = b->matrix->rows.len;
        VG_TRY(make_row(b, err));
    }
    b->matrix->row_of[cell] = (uint32_t)entry->value.u64;
    return VG_OK;
}

/* ---- all together ---------------------------------------------------------------------------------------------------------------------------------- */

static vg_status compile_grants(builder *b, vg_error *err)
{
    for (size_t i = 0; i < b->world->policy_count; i++) {
        vg_grants *grants = VG_NEW(b->arena, vg_grants);
        vg_map_entry *entry = vg_map_put(
            b->grants, vg_str_of((const char *)&b->world->policies[i], sizeof b->world->policies[i]), NULL);
        if (!grants || !entry)
            return out_of_memory(err);
        vg_policy_kind kind = b->world->policies[i]->document->kind;
        if (kind != VG_POLICY_IDENTITY && kind != VG_POLICY_BOUNDARY && kind != VG_POLICY_SCP)
            continue;
        VG_TRY(vg_grants_of(b->compiler, b->world->policies[i], grants, err));
        entry->value.ptr = grants;
    }
    b->holds = VG_NEW_N(b->arena, uint8_t, vg_grant_count(b->compiler) + 1);
    return b->holds ? VG_OK : out_of_memory(err);
}

static bool make_scratch(builder *b)
{
    size_t words = b->matrix->word_count;
    for (uint32_t v = 0; v < LAYERS_MAX; v++)
        for (int s = 0; s < SAYINGS; s++)
            if (!(b->views[v].sets[s] = VG_NEW_N(b->arena, uint64_t, words)))
                return false;
    for (int j = 0; j < JOINS; j++)
        if (!(b->joined[j] = VG_NEW_N(b->arena, uint64_t, words)))
            return false;
    uint64_t **sets[] = {&b->possible, &b->certain,  &b->left,      &b->sure,
                         &b->one,      &b->one_sure, &b->result[0], &b->result[1]};
    for (size_t i = 0; i < VG_COUNT(sets); i++)
        if (!(*sets[i] = VG_NEW_N(b->arena, uint64_t, words)))
            return false;
    return true;
}

static vg_status build(builder *b, const uint32_t *principals, size_t count, vg_error *err)
{
    if (!b->compiler || !b->grants || !b->rows || !b->matrix->row_of || !make_scratch(b))
        return out_of_memory(err);
    VG_TRY(compile_grants(b, err));
    for (size_t i = 0; i < count; i++)
        VG_TRY(add_principal(b, i, principals ? principals[i] : (uint32_t)i, err));
    return VG_OK;
}

vg_status vg_matrix_build_for(vg_arena *arena, const vg_world *world, const uint32_t *principals,
                              size_t count, bool assume_collected, const vg_matrix **out, vg_error *err)
{
    *out = NULL;
    if (!world->catalogue)
        return vg_fail(err, VG_ERR_USAGE, "the matrix needs the catalogue of actions");
    builder *b = VG_NEW(arena, builder);
    vg_matrix *matrix = VG_NEW(arena, vg_matrix);
    if (!b || !matrix)
        return out_of_memory(err);
    matrix->word_count = (uint32_t)vg_catalogue_set_words(world->catalogue);
    matrix->rows = vg_vec_in(arena, sizeof(uint64_t *));
    matrix->row_of = VG_NEW_N(arena, uint32_t, count + 1);
    b->arena = arena;
    b->world = world;
    b->matrix = matrix;
    b->assume_collected = assume_collected;
    b->compiler = vg_grant_compiler_new(arena, world->catalogue, world->partition);
    b->grants = vg_map_new(arena, 13);
    b->rows = vg_map_new(arena, 14);
    vg_status status = build(b, principals, count, err);
    vg_buf_free(&b->key);
    if (status == VG_OK)
        *out = matrix;
    return status;
}

vg_status vg_matrix_build(vg_arena *arena, const vg_world *world, const vg_matrix **out, vg_error *err)
{
    return vg_matrix_build_for(arena, world, NULL, world->principal_count, false, out, err);
}

/* ---- reading ------------------------------------------------------------------------------------------------------------------------------------------ */

static uint64_t *cells_of(const vg_matrix *matrix, size_t principal, vg_cell cell)
{
    uint64_t *row = *(uint64_t **)vg_vec_at(&matrix->rows, matrix->row_of[principal]);
    return row + (size_t)(cell - VG_CELL_CONDITIONAL) * matrix->word_count;
}

vg_cell vg_matrix_cell(const vg_matrix *matrix, size_t principal, uint32_t action)
{
    for (vg_cell cell = VG_CELL_ALL; cell > VG_CELL_NONE; cell--)
        if ((cells_of(matrix, principal, cell)[action / 64] >> (action % 64)) & 1)
            return cell;
    return VG_CELL_NONE;
}

vg_action_set vg_matrix_actions(const vg_matrix *matrix, size_t principal, vg_cell cell)
{
    return (vg_action_set){cells_of(matrix, principal, cell), matrix->word_count};
}

size_t vg_matrix_row_count(const vg_matrix *matrix)
{
    return matrix->rows.len;
}

const char *vg_cell_name(vg_cell cell)
{
    static const char *const names[] = {"none", "conditional", "some", "all"};
    return names[cell];
}
