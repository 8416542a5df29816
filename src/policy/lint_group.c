/* lint_group.c: which items of a list say nothing that another item of it does not say: repeated ones, and what a wider
 * pattern covers.
 *
 * Access Analyzer reports a widest item together with all that it covers. Comparing each with each would be quadratic, so
 * items are first put into buckets (of actions: their service), and within a bucket only patterns are compared with the
 * others; what is spelt out twice is found by its hash. Hostile lists of patterns are bounded by lint_spend. */
#include "policy/lint_part.h"

#define NONE UINT32_MAX

typedef struct {
    const lint_group_item *items;
    size_t count;
    lint_group_covers covers;
    uint32_t *coverer; /* the widest item that covers it, or NONE */
    uint32_t *table;   /* of buckets, then of hashes: the first item of a chain, or NONE */
    uint32_t *next;    /* the chain */
    size_t mask;
} grouping;

static void chain(grouping *g, uint32_t i, uint64_t hash)
{
    uint32_t *head = &g->table[hash & g->mask];
    g->next[i] = *head;
    *head = i;
}

static void clear(grouping *g)
{
    memset(g->table, 0xFF, (g->mask + 1) * sizeof *g->table);
}

/* Repeated items: all but the first are covered by it. */
static void find_repeated(grouping *g)
{
    clear(g);
    for (uint32_t i = 0; i < g->count; i++) {
        const lint_group_item *item = &g->items[i];
        uint32_t k = g->table[item->hash & g->mask];
        while (k != NONE && !(g->items[k].hash == item->hash && g->covers(&g->items[k], item) &&
                              g->covers(item, &g->items[k])))
            k = g->next[k];
        if (k == NONE)
            chain(g, i, item->hash);
        else
            g->coverer[i] = k;
    }
}

/* The first pattern of the item's bucket, or of those of all buckets, that covers it; only uncovered ones with `widest`. */
static uint32_t find_pattern(lint *l, const grouping *g, uint32_t i, bool widest)
{
    const lint_group_item *item = &g->items[i];
    uint32_t found = NONE;
    for (unsigned pass = 0; pass < 2; pass++) {
        uint64_t bucket = pass ? LINT_GROUP_EVERYWHERE : item->bucket;
        if (pass && item->bucket == LINT_GROUP_EVERYWHERE)
            break;
        for (uint32_t k = g->table[bucket & g->mask]; k != NONE; k = g->next[k]) {
            if (k == i || g->items[k].bucket != bucket || (widest && g->coverer[k] != NONE))
                continue;
            if (!lint_spend(l, 1))
                return found;
            if (g->covers(&g->items[k], item) && (found == NONE || k < found))
                found = k;
        }
    }
    return found;
}

/* Patterns first, so that the rest can be given to the widest ones. A repeated item stays with its first one unless that is
 * covered itself. */
static void find_covered(lint *l, grouping *g)
{
    clear(g);
    for (uint32_t i = (uint32_t)g->count; i-- > 0;)
        if (g->items[i].is_pattern && g->coverer[i] == NONE)
            chain(g, i, g->items[i].bucket);
    for (uint32_t i = 0; i < g->count; i++)
        if (g->items[i].is_pattern && g->coverer[i] == NONE)
            g->coverer[i] = find_pattern(l, g, i, true);
    for (uint32_t i = 0; i < g->count; i++) {
        uint32_t wider = g->items[i].is_pattern && g->coverer[i] == NONE ? NONE : find_pattern(l, g, i, true);
        if (wider != NONE)
            g->coverer[i] = wider;
    }
}

static void raise_group(lint *l, const lint_row *row, const grouping *g, uint32_t widest, uint32_t first,
                        const char *what)
{
    uint32_t count = 1, covered = NONE;
    for (uint32_t i = first; i != NONE; i = g->next[i], count++)
        if (i != widest)
            covered = i;
    lint_raise(l, row, g->items[widest < first ? widest : first].at,
               "%u %s say the same or part of it: %.*s covers %.*s.", count, what,
               VG_ARG(lint_shown(g->items[widest].text)), VG_ARG(lint_shown(g->items[covered].text)));
    bool said = widest < first;
    for (uint32_t i = said ? first : g->next[first]; i != NONE; i = g->next[i]) {
        if (!said && widest < i) {
            lint_also(l, g->items[widest].at);
            said = true;
        }
        lint_also(l, g->items[i].at);
    }
    if (!said)
        lint_also(l, g->items[widest].at);
}

void lint_raise_redundant(lint *l, const lint_row *row, const lint_group_item *items, size_t count,
                          lint_group_covers covers, const char *what)
{
    size_t size = 16;
    while (size < count * 2)
        size *= 2;
    uint32_t *room =
        count < 2 || count >= NONE / 4 ? NULL : vg_arena_alloc(l->arena, (size + 2 * count) * sizeof *room);
    if (!room)
        return;
    grouping g = {items, count, covers, room, room + count, room + count + size, size - 1};
    memset(g.coverer, 0xFF, count * sizeof *g.coverer);
    find_repeated(&g);
    find_covered(l, &g);
    /* The covered items of each widest one, chained in their order: the table now holds heads by item. */
    memset(g.table, 0xFF, size * sizeof *g.table);
    for (uint32_t i = (uint32_t)count; i-- > 0;)
        if (g.coverer[i] != NONE) {
            g.next[i] = g.table[g.coverer[i]];
            g.table[g.coverer[i]] = i;
        }
    for (uint32_t i = 0; i < count; i++)
        if (g.table[i] != NONE)
            raise_group(l, row, &g, i, g.table[i], what);
}
