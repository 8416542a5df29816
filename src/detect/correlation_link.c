/* correlation_link.c: correlations among each other: which rule a name is, which correlations count others, and what a match
 * of a rule must carry so that all of them can use it.
 *
 * A correlation above another groups by fields of its own, which the one below may know nothing of (the specification says
 * so of its example `many_failed_logins`). So a match of a rule carries, for each correlation that counts it and for each
 * one above, the values of the fields that one groups by and counts. Names go from above to below through the aliases of
 * each: an alias of the upper one for the lower one, then of the lower one for the rule. */
#include "detect/correlation_part.h"

bool vg_correlation_resolve(vg_correlation *c, const uint32_t *rules)
{
    uint32_t *copy = VG_NEW_N(c->arena, uint32_t, c->names.count + 1);
    uint32_t *slots = VG_NEW_N(c->arena, uint32_t, c->names.count + 1);
    if (!copy || !slots)
        return false;
    c->slot_count = 0;
    for (size_t i = 0; i < c->names.count; i++) {
        copy[i] = rules[i];
        size_t first = 0;
        while (rules[first] != rules[i])
            first++;
        slots[i] = first < i ? slots[first] : (uint32_t)c->slot_count++;
    }
    c->rules = copy;
    c->slots = slots;
    return true;
}

typedef struct {
    vg_arena *arena;
    vg_compiled_rule *rules;
    size_t count;
    vg_vec *problems;
    bool *done; /* by rule: its level is known, or it is not evaluated */
    size_t paths;
    vg_error *err;
} linking;

static vg_status out_of_memory(const linking *l)
{
    return vg_fail(l->err, VG_ERR_MEMORY, "memory ran out while linking correlations");
}

static vg_correlation *correlation_of(const linking *l, size_t rule)
{
    return l->rules[rule].info.kind == VG_RULE_CORRELATION ? (vg_correlation *)l->rules[rule].correlation
                                                           : NULL;
}

/* ---- levels ---------------------------------------------------------------------------------------------------------- */

static vg_status give_up(linking *l, size_t rule, const char *text, vg_str about)
{
    vg_rule *info = &l->rules[rule].info;
    vg_rule_problem *problem = vg_vec_push(l->problems);
    info->unassessed = vg_arena_printf(l->arena, text, VG_ARG(about));
    l->done[rule] = true;
    if (!problem || !info->unassessed.ptr)
        return out_of_memory(l);
    *problem = (vg_rule_problem){info->place, info->title, info->unassessed, true};
    return VG_OK;
}

/* Finds the level of a correlation whose rules are all done. */
static vg_status settle(linking *l, size_t rule)
{
    vg_correlation *c = correlation_of(l, rule);
    c->level = 0;
    c->nested = false;
    for (size_t i = 0; i < c->names.count; i++) {
        const vg_correlation *below = correlation_of(l, c->rules[i]);
        const vg_rule *info = &l->rules[c->rules[i]].info;
        if (!l->done[c->rules[i]])
            return VG_OK;
        if (info->unassessed.len)
            return give_up(l, rule, "it counts `%.*s`, which is not evaluated", info->title);
        if (below && below->level + 1 > c->level)
            c->level = below->level + 1;
        c->nested |= below != NULL;
    }
    l->done[rule] = true;
    return c->level < VG_CORRELATION_DEEPEST
               ? VG_OK
               : give_up(l, rule, "correlations of correlations go at most 16 deep%.*s", (vg_str){0});
}

static vg_status find_levels(linking *l)
{
    for (size_t i = 0; i < l->count; i++)
        l->done[i] = !correlation_of(l, i) || l->rules[i].info.unassessed.len;
    for (bool progress = true; progress;) {
        progress = false;
        for (size_t i = 0; i < l->count; i++) {
            if (l->done[i])
                continue;
            VG_TRY(settle(l, i));
            progress |= l->done[i];
        }
    }
    for (size_t i = 0; i < l->count; i++)
        if (!l->done[i])
            VG_TRY(
                give_up(l, i, "it counts itself, by way of the correlations that it lists%.*s", (vg_str){0}));
    return VG_OK;
}

/* ---- what matches carry ------------------------------------------------------------------------------------------------- */

/* From a rule up: the rule, the correlation that counts it, the one that counts that ... */
typedef struct {
    uint32_t rules[VG_CORRELATION_DEEPEST + 2];
    size_t count;
} chain;

static bool is_called(const vg_rule *rule, vg_str name)
{
    return (rule->name.len && vg_str_eq(rule->name, name)) ||
           (rule->id.len && vg_str_eq_icase(rule->id, name));
}

/* What the correlation at `at` of the chain calls `name`, in the words of what stands below it. */
static vg_str name_below(const linking *l, const chain *ch, size_t at, vg_str name)
{
    const vg_correlation *c = correlation_of(l, ch->rules[at]);
    const vg_rule *below = &l->rules[ch->rules[at - 1]].info;
    for (size_t i = 0; i < c->alias_count; i++)
        if (vg_str_eq(c->aliases[i].alias, name) && is_called(below, c->aliases[i].rule))
            return c->aliases[i].field;
    return name;
}

static const vg_str *fields_of(const linking *l, const chain *ch, vg_str_list names)
{
    vg_str *fields = VG_NEW_N(l->arena, vg_str, names.count + 1);
    for (size_t i = 0; fields && i < names.count; i++) {
        fields[i] = names.items[i];
        for (size_t at = ch->count - 1; at > 0; at--)
            fields[i] = name_below(l, ch, at, fields[i]);
    }
    return fields;
}

static size_t first_name_of(const vg_correlation *c, uint32_t rule)
{
    size_t i = 0;
    while (i + 1 < c->names.count && c->rules[i] != rule)
        i++;
    return i;
}

/* Goes up from the last of the chain; no deeper than levels do. */
static vg_status pass(linking *l, chain *ch, vg_passing *out)
{
    uint32_t top = ch->rules[ch->count - 1];
    const vg_correlation *c = correlation_of(l, top);
    const vg_compiled_rule *rule = &l->rules[top];
    *out = (vg_passing){.correlation = top, .slot = c->slots[first_name_of(c, ch->rules[ch->count - 2])]};
    out->group = fields_of(l, ch, c->group);
    out->values = fields_of(l, ch, c->fields);
    vg_passing *above = VG_NEW_N(l->arena, vg_passing, rule->feed_count + 1);
    if (!out->group || !out->values || !above)
        return out_of_memory(l);
    out->above = above;
    for (size_t i = 0; i < rule->feed_count && ++l->paths <= VG_CORRELATION_MOST_PATHS; i++) {
        if (l->rules[rule->feeds[i]].info.unassessed.len)
            continue;
        ch->rules[ch->count++] = rule->feeds[i];
        VG_TRY(pass(l, ch, &above[out->above_count++]));
        ch->count--;
    }
    return VG_OK;
}

static vg_status pass_to(linking *l, size_t rule)
{
    vg_correlation *c = correlation_of(l, rule);
    const vg_passing **passings = VG_NEW_N(l->arena, const vg_passing *, c->names.count + 1);
    if (!passings)
        return out_of_memory(l);
    c->passings = passings;
    l->paths = 0;
    for (size_t i = 0; i < c->names.count; i++) {
        chain ch = {{c->rules[i], (uint32_t)rule}, 2};
        vg_passing *passing = VG_NEW(l->arena, vg_passing);
        if (!passing)
            return out_of_memory(l);
        if (correlation_of(l, c->rules[i]) || first_name_of(c, c->rules[i]) != i)
            continue;
        VG_TRY(pass(l, &ch, passing));
        passings[i] = passing;
    }
    return l->paths <= VG_CORRELATION_MOST_PATHS
               ? VG_OK
               : give_up(l, rule, "the correlations above it branch into more than 4096 ways%.*s",
                         (vg_str){0});
}

vg_status vg_correlations_link(vg_arena *arena, vg_compiled_rule *rules, size_t count, vg_vec *problems,
                               vg_error *err)
{
    linking l = {.arena = arena, .rules = rules, .count = count, .problems = problems, .err = err};
    l.done = VG_NEW_N(arena, bool, count + 1);
    if (!l.done)
        return out_of_memory(&l);
    VG_TRY(find_levels(&l));
    for (size_t i = 0; i < count; i++)
        if (correlation_of(&l, i) && !rules[i].info.unassessed.len)
            VG_TRY(pass_to(&l, i));
    return VG_OK;
}
