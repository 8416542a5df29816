/* correlate_rank.c: a sorted multiset of numbers, for percentiles of a sliding window.
 *
 * Numbers stand in blocks of at most 256, blocks in one list: adding and removing look for the block by bisection and move
 * the rest of one block; finding by rank goes over the blocks' lengths. For a window of n numbers that is n / 256 steps of
 * a few instructions each. */
#include <stdlib.h>

#include "detect/correlate_part.h"

enum { BLOCK = 256 };

struct vg_rank_block {
    size_t count;
    vg_rank_block *next; /* of unused ones */
    vg_billionths numbers[BLOCK];
};

/* The first block that ends with `number` or more; block_count: none. */
static size_t find_block(const vg_ranks *r, vg_billionths number)
{
    size_t low = 0, high = r->block_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const vg_rank_block *block = r->blocks[middle];
        if (block->numbers[block->count - 1] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first place in a block with `number` or more. */
static size_t find_place(const vg_rank_block *block, vg_billionths number)
{
    size_t low = 0, high = block->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (block->numbers[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* An empty block at a place of the list. NULL: memory is out. */
static vg_rank_block *insert_block(vg_ranks *r, size_t at)
{
    if (r->block_count == r->block_cap) {
        size_t cap = r->block_cap ? r->block_cap * 2 : 8;
        vg_rank_block **blocks = realloc(r->blocks, cap * sizeof(*blocks));
        if (!blocks)
            return NULL;
        r->blocks = blocks;
        r->block_cap = cap;
    }
    vg_rank_block *block = r->unused ? r->unused : malloc(sizeof *block);
    if (!block)
        return NULL;
    if (block == r->unused)
        r->unused = block->next;
    block->count = 0;
    memmove(r->blocks + at + 1, r->blocks + at, (r->block_count - at) * sizeof(*r->blocks));
    r->blocks[at] = block;
    r->block_count++;
    return block;
}

bool vg_ranks_add(vg_ranks *r, vg_billionths number)
{
    size_t at = find_block(r, number);
    if (at == r->block_count && at > 0)
        at--;
    vg_rank_block *block = r->block_count ? r->blocks[at] : insert_block(r, 0);
    if (!block)
        return false;
    if (block->count == BLOCK) {
        vg_rank_block *upper = insert_block(r, at + 1);
        if (!upper)
            return false;
        upper->count = BLOCK / 2;
        block->count = BLOCK / 2;
        memcpy(upper->numbers, block->numbers + BLOCK / 2, sizeof block->numbers / 2);
        if (number > block->numbers[BLOCK / 2 - 1])
            block = upper;
    }
    size_t place = find_place(block, number);
    memmove(block->numbers + place + 1, block->numbers + place,
            (block->count - place) * sizeof(*block->numbers));
    block->numbers[place] = number;
    block->count++;
    r->count++;
    return true;
}

static void put_away(vg_ranks *r, vg_rank_block *block)
{
    block->next = r->unused;
    r->unused = block;
}

void vg_ranks_remove(vg_ranks *r, vg_billionths number)
{
    size_t at = find_block(r, number);
    vg_rank_block *block = r->blocks[at];
    size_t place = find_place(block, number);
    block->count--;
    r->count--;
    memmove(block->numbers + place, block->numbers + place + 1,
            (block->count - place) * sizeof(*block->numbers));
    if (block->count)
        return;
    put_away(r, block);
    r->block_count--;
    memmove(r->blocks + at, r->blocks + at + 1, (r->block_count - at) * sizeof(*r->blocks));
}

vg_billionths vg_ranks_at(const vg_ranks *r, size_t rank)
{
    size_t at = 0;
    while (rank >= r->blocks[at]->count)
        rank -= r->blocks[at++]->count;
    return r->blocks[at]->numbers[rank];
}

void vg_ranks_clear(vg_ranks *r)
{
    for (size_t i = 0; i < r->block_count; i++)
        put_away(r, r->blocks[i]);
    r->block_count = 0;
    r->count = 0;
}

void vg_ranks_free(vg_ranks *r)
{
    vg_ranks_clear(r);
    while (r->unused) {
        vg_rank_block *next = r->unused->next;
        free(r->unused);
        r->unused = next;
    }
    free(r->blocks);
    *r = (vg_ranks){0};
}
