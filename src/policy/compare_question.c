/* compare_question.c: one part of a request, and what is asked of it. */
#include "policy/compare_part.h"

/* Where a string must lie and must not. */
typedef struct {
    vg_wild_group *in, *out;
    size_t ins, outs;
} places;

static bool make_places(vg_comparer *c, size_t count, places *p)
{
    *p = (places){.in = vg_arena_alloc(c->arena, (count + 1) * sizeof *p->in),
                  .out = vg_arena_alloc(c->arena, (count + 1) * sizeof *p->out)};
    c->failed |= !p->in || !p->out;
    return p->in && p->out;
}

/* ---- actions ------------------------------------------------------------------------------------------------------------------ */

static vg_wild_answer ask_action(vg_comparer *c, const vg_compare_piece *piece,
                                 const vg_compare_literal *literals, size_t count, vg_str *text)
{
    places p;
    if (!make_places(c, count + 1, &p))
        return VG_WILD_LIMIT;
    const vg_wild **alone = vg_arena_alloc(c->arena, sizeof *alone);
    if (!alone)
        return VG_WILD_LIMIT;
    *alone = piece->glob;
    p.in[p.ins++] = (vg_wild_group){.globs = alone, .count = 1};
    for (size_t i = 0; i < count; i++) {
        const vg_wild_group *group = &vg_compare_made(c, literals[i].id)->group;
        *(literals[i].inverted == literals[i].negated ? &p.in[p.ins++] : &p.out[p.outs++]) = *group;
    }
    return vg_wild_search(&c->budget, &vg_compare_actions, p.in, p.ins, p.out, p.outs, text);
}

/* ---- resources ------------------------------------------------------------------------------------------------------------------ */

/* Where an ARN must lie for one literal. False when no ARN can. */
static bool place_resource(vg_comparer *c, const vg_compare_literal *literal, places *p)
{
    const vg_compare_set *set = vg_compare_made(c, literal->id);
    if (!literal->inverted) {
        *(literal->negated ? &p->out[p->outs++] : &p->in[p->ins++]) = set->group;
        return true;
    }
    if (!literal->negated) {
        p->out[p->outs++] = set->group;
        return !set->unresolved && !set->broken;
    }
    /* A NotResource that cannot be compared never holds; one with a variable need not, since that may have no value. */
    if (!set->unresolved && !set->broken && !set->group.symbolic)
        p->in[p->ins++] = set->group;
    return true;
}

/* "*", the resource of actions that have no resource types: for it the pattern "*" counts alone. */
static bool allows_star(vg_comparer *c, const vg_compare_literal *literals, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool holds = vg_compare_made(c, literals[i].id)->all != literals[i].inverted;
        if (holds == literals[i].negated)
            return false;
    }
    return true;
}

static vg_wild_answer ask_resource(vg_comparer *c, const vg_compare_literal *literals, size_t count,
                                   vg_str *text)
{
    places p;
    bool any_arn = true;
    vg_wild_answer answer = VG_WILD_EMPTY;
    if (!make_places(c, count, &p))
        return VG_WILD_LIMIT;
    for (size_t i = 0; i < count; i++)
        any_arn &= place_resource(c, &literals[i], &p);
    if (any_arn)
        answer = vg_wild_search(&c->budget, &vg_compare_resources, p.in, p.ins, p.out, p.outs, text);
    if (answer == VG_WILD_FOUND || !allows_star(c, literals, count))
        return answer;
    *text = VG_STR("*");
    return VG_WILD_FOUND;
}

/* ---- any part ---------------------------------------------------------------------------------------------------------------------- */

/* The same question with both answers. */
static bool contradict(const vg_compare_literal *literals, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (literals[i].id == literals[k].id && literals[i].inverted == literals[k].inverted &&
                literals[i].negated != literals[k].negated)
                return true;
    return false;
}

vg_wild_answer vg_compare_ask(vg_comparer *c, const vg_compare_piece *piece, uint32_t part,
                              const vg_compare_literal *literals, size_t count, vg_compare_found *found)
{
    c->budget.work -= 50;
    if (c->budget.work < 0)
        return VG_WILD_LIMIT;
    if (contradict(literals, count))
        return VG_WILD_EMPTY;
    if (part == VG_PART_ACTION)
        return ask_action(c, piece, literals, count, &found->text);
    if (part == VG_PART_RESOURCE)
        return ask_resource(c, literals, count, &found->text);
    return vg_compare_key_state(c, part - VG_PART_KEYS, literals, count, &found->entry);
}
