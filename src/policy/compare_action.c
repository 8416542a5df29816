/* compare_action.c: the actions that a statement allows, cut into pieces that need one look each.
 *
 * A list of a thousand actions is a thousand points, but most of them lie in the same lists of all other statements. So
 * every action is first placed: which sets of actions hold it? Actions and patterns that lie in the same sets, and in none
 * partly, are one piece; a pattern that some set cuts in two is a piece of its own, to be searched by its strings. */
#include "policy/compare_part.h"

typedef struct {
    vg_str lower;
    const vg_wild *glob; /* of a pattern; made when it is first compared */
    uint32_t set;
    uint32_t next_of_text, next_of_service; /* of their chains; VG_COMPARE_NONE: the last */
} entry;

/* ---- the index ---------------------------------------------------------------------------------------------------------------- */

static bool lowered(vg_arena *arena, vg_str text, vg_str *out)
{
    char *lower = vg_arena_alloc(arena, text.len + 1);
    *out = (vg_str){lower, text.len};
    for (size_t i = 0; lower && i < text.len; i++)
        lower[i] = text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? (char)(text.ptr[i] | 32) : text.ptr[i];
    return lower != NULL;
}

static uint64_t service_hash(vg_str lower)
{
    size_t colon = vg_str_find_char(lower, ':');
    return vg_hash64(vg_str_sub(lower, 0, colon == VG_NPOS ? 0 : colon), 1);
}

static bool is_literal(vg_str text)
{
    return vg_str_find_char(text, '*') == VG_NPOS && vg_str_find_char(text, '?') == VG_NPOS;
}

static bool index_text(vg_comparer *c, vg_compare_actions_index *index, uint32_t set, vg_str text)
{
    vg_str lower;
    uint32_t number = (uint32_t)index->entries.len;
    entry *e = vg_vec_push(&index->entries);
    if (!e || !lowered(c->arena, text, &lower))
        return false;
    *e = (entry){lower, NULL, set, VG_COMPARE_NONE, VG_COMPARE_NONE};
    if (!is_literal(text))
        return vg_compare_table_replace(c->arena, &index->patterns_of_service, service_hash(lower), number,
                                        &e->next_of_service);
    return vg_compare_table_replace(c->arena, &index->literals_of_service, service_hash(lower), number,
                                    &e->next_of_service) &&
           vg_compare_table_replace(c->arena, &index->literals, vg_hash64(lower, 0), number,
                                    &e->next_of_text);
}

static bool index_set(vg_comparer *c, vg_compare_actions_index *index, uint32_t id)
{
    const vg_compare_set *set = vg_compare_set_at(c, id);
    bool everything = false, fine = true;
    for (uint32_t i = 0; i < set->count; i++)
        everything |= vg_compare_is_every_action(set->texts[i]);
    if (everything) {
        uint32_t *slot = vg_vec_push(&index->everything);
        if (slot)
            *slot = id;
        return slot != NULL;
    }
    for (uint32_t i = 0; fine && i < set->count; i++)
        fine = index_text(c, index, id, set->texts[i]);
    return fine;
}

bool vg_compare_index_actions(vg_comparer *c, vg_compare_actions_index *index)
{
    *index = (vg_compare_actions_index){.entries = vg_vec_in(c->arena, sizeof(entry)),
                                        .everything = vg_vec_in(c->arena, sizeof(uint32_t)),
                                        .set_count = c->sets.len,
                                        .made = true};
    for (uint32_t id = 0; id < c->sets.len; id++)
        if (vg_compare_set_at(c, id)->kind == VG_TEXTS_ACTION && !index_set(c, index, id))
            c->failed = true;
    return !c->failed;
}

/* ---- placing one pattern ------------------------------------------------------------------------------------------------------- */

static entry *entry_at(const vg_compare_actions_index *index, uint32_t number)
{
    return vg_vec_at(&index->entries, number);
}

/* NULL for a text that is no pattern of an action. */
static const vg_wild *glob_of(vg_comparer *c, entry *e)
{
    if (!e->glob)
        e->glob = vg_compare_action_glob(c->arena, e->lower);
    return e->glob;
}

static void place(uint8_t *relation, uint32_t set, uint8_t how)
{
    if (how > relation[set])
        relation[set] = how;
}

static uint32_t first_of(const vg_compare_table *table, uint64_t hash)
{
    size_t at = 0;
    return vg_compare_table_next(table, hash, &at);
}

/* Two texts of one hash share a chain, and so do two services: every entry is compared. */
static void place_action(vg_comparer *c, const vg_compare_actions_index *index, vg_str lower,
                         uint8_t *relation)
{
    for (uint32_t n = first_of(&index->literals, vg_hash64(lower, 0)); n != VG_COMPARE_NONE;
         n = entry_at(index, n)->next_of_text)
        if (vg_str_eq(entry_at(index, n)->lower, lower))
            place(relation, entry_at(index, n)->set, VG_PIECE_INSIDE);
    for (uint32_t n = first_of(&index->patterns_of_service, service_hash(lower)); n != VG_COMPARE_NONE;
         n = entry_at(index, n)->next_of_service) {
        entry *e = entry_at(index, n);
        c->budget.work -= 20;
        if (relation[e->set] != VG_PIECE_INSIDE && glob_of(c, e) && vg_wild_matches(e->glob, lower))
            place(relation, e->set, VG_PIECE_INSIDE);
    }
}

static void place_pattern(vg_comparer *c, const vg_compare_actions_index *index, const vg_wild *glob,
                          vg_str lower, uint8_t *relation)
{
    uint64_t service = service_hash(lower);
    for (uint32_t n = first_of(&index->patterns_of_service, service); n != VG_COMPARE_NONE;
         n = entry_at(index, n)->next_of_service) {
        entry *e = entry_at(index, n);
        c->budget.work -= 30;
        if (relation[e->set] == VG_PIECE_INSIDE || !glob_of(c, e))
            continue;
        if (vg_wild_absorbs(e->glob, glob))
            place(relation, e->set, VG_PIECE_INSIDE);
        else if (!vg_wilds_apart(e->glob, glob))
            place(relation, e->set, VG_PIECE_PARTLY);
    }
    for (uint32_t n = first_of(&index->literals_of_service, service); n != VG_COMPARE_NONE;
         n = entry_at(index, n)->next_of_service) {
        const entry *e = entry_at(index, n);
        c->budget.work -= 5;
        if (relation[e->set] == VG_PIECE_OUTSIDE && vg_wild_matches(glob, e->lower))
            place(relation, e->set, VG_PIECE_PARTLY);
    }
}

/* "*", and what NotAction leaves: part of every set that is not everything. */
static void place_everything(const vg_compare_actions_index *index, uint8_t *relation)
{
    for (size_t i = 0; i < index->entries.len; i++)
        place(relation, entry_at(index, (uint32_t)i)->set, VG_PIECE_PARTLY);
}

static uint8_t *place_glob(vg_comparer *c, const vg_compare_actions_index *index, const vg_wild *glob,
                           vg_str text)
{
    vg_str lower;
    uint8_t *relation = vg_arena_calloc(c->arena, index->set_count + 1, 1);
    if (!relation || !lowered(c->arena, text, &lower)) {
        c->failed = true;
        return NULL;
    }
    for (size_t i = 0; i < index->everything.len; i++)
        relation[*(uint32_t *)vg_vec_at(&index->everything, i)] = VG_PIECE_INSIDE;
    if (glob->all)
        place_everything(index, relation);
    else if (glob->literal)
        place_action(c, index, lower, relation);
    else
        place_pattern(c, index, glob, lower, relation);
    return relation;
}

/* ---- pieces ------------------------------------------------------------------------------------------------------------------------ */

static bool is_known(const vg_vec *pieces, const vg_compare_piece *piece, size_t sets,
                     const vg_compare_table *seen, uint64_t hash)
{
    size_t at = 0;
    for (uint32_t n; (n = vg_compare_table_next(seen, hash, &at)) != VG_COMPARE_NONE;) {
        const vg_compare_piece *other = vg_vec_at(pieces, n);
        if (other->whole && memcmp(other->relation, piece->relation, sets) == 0)
            return true;
    }
    return false;
}

static void add_piece(vg_comparer *c, const vg_compare_actions_index *index, const vg_wild *glob, vg_str text,
                      vg_compare_table *seen, vg_vec *pieces)
{
    vg_compare_piece piece = {
        .glob = glob, .text = text, .relation = place_glob(c, index, glob, text), .whole = true};
    if (!piece.relation)
        return;
    for (size_t i = 0; i < index->set_count; i++)
        piece.whole &= piece.relation[i] != VG_PIECE_PARTLY;
    uint64_t hash = vg_hash64(vg_str_of((const char *)piece.relation, index->set_count), 2);
    if (piece.whole && is_known(pieces, &piece, index->set_count, seen, hash))
        return;
    uint32_t number = (uint32_t)pieces->len;
    vg_compare_piece *slot = vg_vec_push(pieces);
    if (slot)
        *slot = piece;
    c->failed |= !slot || (piece.whole && !vg_compare_table_add(c->arena, seen, hash, number));
}

static const vg_wild_token run[] = {{VG_WILD_RUN, 0, 0}};
static const vg_wild everything = {.tokens = run, .count = 1, .all = true};

/* "No permissions are required to perform this operation" (STS API Reference): no policy grants or denies it. */
static bool needs_no_permission(vg_str action)
{
    return vg_str_eq_icase(action, VG_STR("sts:GetCallerIdentity"));
}

bool vg_compare_pieces(vg_comparer *c, const vg_compare_actions_index *index, const vg_compare_statement *s,
                       vg_vec *pieces)
{
    vg_compare_table seen = {0};
    const vg_compare_set *set = vg_compare_set_at(c, s->actions);
    *pieces = vg_vec_in(c->arena, sizeof(vg_compare_piece));
    if (s->not_action) {
        add_piece(c, index, &everything, VG_STR("*"), &seen, pieces);
        return !c->failed;
    }
    for (uint32_t i = 0; i < set->count && !c->failed && c->budget.work >= 0; i++) {
        const vg_wild *glob = vg_compare_action_glob(c->arena, set->texts[i]);
        c->budget.work -= 100 + (int64_t)index->set_count / 4;
        if (glob && !needs_no_permission(set->texts[i]))
            add_piece(c, index, glob, set->texts[i], &seen, pieces);
    }
    return !c->failed;
}

unsigned vg_compare_relation(const vg_compare_piece *piece, const vg_compare_statement *s)
{
    unsigned relation = piece->relation[s->actions];
    return s->not_action ? VG_PIECE_INSIDE - relation : relation;
}
