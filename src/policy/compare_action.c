/* compare_action.c: the actions that a statement allows, cut into pieces that need one look each.
 *
 * A list of a thousand actions is a thousand points, but most of them lie in the same lists of all other statements. So
 * every action is first placed: which sets of actions hold it? Actions and patterns that lie in the same sets, and in none
 * partly, are one piece; a pattern that some set cuts in two is a piece of its own, to be searched by its strings. */
#include "policy/compare_part.h"

typedef struct {
    const vg_wild *glob;
    uint32_t set;
    uint32_t next_of_text, next_of_service; /* of their chains; VG_COMPARE_NONE: the last */
} entry;

/* ---- the index --------------------------------------------------------------------------------------------------------------- */

static vg_str lowered(vg_arena *arena, vg_str text)
{
    char *out = vg_arena_alloc(arena, text.len + 1);
    for (size_t i = 0; out && i < text.len; i++)
        out[i] = text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? (char)(text.ptr[i] | 32) : text.ptr[i];
    return (vg_str){out, out ? text.len : 0};
}

static uint64_t service_hash(vg_str lower)
{
    size_t colon = vg_str_find_char(lower, ':');
    return vg_hash64(vg_str_sub(lower, 0, colon == VG_NPOS ? 0 : colon), 1);
}

static bool index_pattern(vg_comparer *c, vg_compare_actions_index *index, uint32_t set, const vg_wild *glob)
{
    char lower[256];
    size_t len = 0;
    for (; len < glob->count && len < sizeof lower && glob->tokens[len].kind == VG_WILD_BYTE; len++)
        lower[len] = (char)glob->tokens[len].value;
    uint32_t number = (uint32_t)index->entries.len;
    entry *e = vg_vec_push(&index->entries);
    vg_str text = vg_str_of(lower, len);
    if (!e)
        return false;
    *e = (entry){glob, set, VG_COMPARE_NONE, VG_COMPARE_NONE};
    vg_compare_table *services = glob->literal ? &index->literals_of_service : &index->patterns_of_service;
    return vg_compare_table_replace(c->arena, services, service_hash(text), number, &e->next_of_service) &&
           (!glob->literal || vg_compare_table_replace(c->arena, &index->literals, vg_hash64(text, 0), number,
                                                       &e->next_of_text));
}

static bool index_set(vg_comparer *c, vg_compare_actions_index *index, uint32_t id)
{
    const vg_compare_set *set = vg_compare_made(c, id);
    bool fine = true;
    if (set->all) {
        uint32_t *slot = vg_vec_push(&index->everything);
        if (slot)
            *slot = id;
        return slot != NULL;
    }
    for (size_t i = 0; fine && i < set->group.count; i++)
        fine = index_pattern(c, index, id, set->group.globs[i]);
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

static const entry *entry_at(const vg_compare_actions_index *index, uint32_t number)
{
    return vg_vec_at(&index->entries, number);
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
        if (relation[entry_at(index, n)->set] != VG_PIECE_INSIDE &&
            vg_wild_matches(entry_at(index, n)->glob, lower))
            place(relation, entry_at(index, n)->set, VG_PIECE_INSIDE);
    for (uint32_t n = first_of(&index->patterns_of_service, service_hash(lower)); n != VG_COMPARE_NONE;
         n = entry_at(index, n)->next_of_service) {
        c->budget.work -= 20;
        if (relation[entry_at(index, n)->set] != VG_PIECE_INSIDE &&
            vg_wild_matches(entry_at(index, n)->glob, lower))
            place(relation, entry_at(index, n)->set, VG_PIECE_INSIDE);
    }
}

static void place_pattern(vg_comparer *c, const vg_compare_actions_index *index, const vg_wild *glob,
                          vg_str lower, uint8_t *relation)
{
    uint64_t service = service_hash(lower);
    for (uint32_t n = first_of(&index->patterns_of_service, service); n != VG_COMPARE_NONE;
         n = entry_at(index, n)->next_of_service) {
        const vg_wild *other = entry_at(index, n)->glob;
        c->budget.work -= 30;
        if (relation[entry_at(index, n)->set] == VG_PIECE_INSIDE)
            continue;
        if (vg_wild_absorbs(other, glob))
            place(relation, entry_at(index, n)->set, VG_PIECE_INSIDE);
        else if (!vg_wilds_apart(other, glob))
            place(relation, entry_at(index, n)->set, VG_PIECE_PARTLY);
    }
    for (uint32_t n = first_of(&index->literals_of_service, service); n != VG_COMPARE_NONE;
         n = entry_at(index, n)->next_of_service) {
        c->budget.work -= 5;
        if (relation[entry_at(index, n)->set] == VG_PIECE_OUTSIDE &&
            !vg_wilds_apart(glob, entry_at(index, n)->glob))
            place(relation, entry_at(index, n)->set, VG_PIECE_PARTLY);
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
    uint8_t *relation = vg_arena_calloc(c->arena, index->set_count + 1, 1);
    if (!relation) {
        c->failed = true;
        return NULL;
    }
    for (size_t i = 0; i < index->everything.len; i++)
        relation[*(uint32_t *)vg_vec_at(&index->everything, i)] = VG_PIECE_INSIDE;
    if (glob->all)
        place_everything(index, relation);
    else if (glob->literal)
        place_action(c, index, lowered(c->arena, text), relation);
    else
        place_pattern(c, index, glob, lowered(c->arena, text), relation);
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
    const vg_compare_set *set = vg_compare_made(c, s->actions);
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
