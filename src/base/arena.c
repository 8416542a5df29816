/* arena.c: memory of one unit of work. Blocks grow geometrically, so that a large document costs few of them; a
 * request larger than a block gets one of its own. Freed at once. */
#include "base/base.h"

#include <stdlib.h>

enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20, ALIGNMENT = 16 };

typedef struct block {
    struct block *next;
    size_t size, used;
    _Alignas(16) char bytes[];
} block;

struct vg_arena {
    block *blocks; /* the first is the one that is being filled */
    size_t limit, used, next_size;
};

vg_arena *vg_arena_new(size_t limit)
{
    vg_arena *arena = calloc(1, sizeof *arena);
    if (!arena)
        return NULL;
    arena->limit = limit;
    arena->next_size = FIRST_BLOCK;
    return arena;
}

static void free_blocks(block *b)
{
    while (b) {
        block *next = b->next;
        free(b);
        b = next;
    }
}

void vg_arena_free(vg_arena *arena)
{
    if (!arena)
        return;
    free_blocks(arena->blocks);
    free(arena);
}

void vg_arena_reset(vg_arena *arena)
{
    block *largest = NULL, **link = NULL;
    for (block **at = &arena->blocks; *at; at = &(*at)->next)
        if (!largest || (*at)->size > largest->size) {
            largest = *at;
            link = at;
        }
    if (largest) {
        *link = largest->next;
        free_blocks(arena->blocks);
        largest->next = NULL;
        largest->used = 0;
    }
    arena->blocks = largest;
    arena->used = 0;
}

static block *add_block(vg_arena *arena, size_t at_least)
{
    size_t size = arena->next_size > at_least ? arena->next_size : at_least, whole;
    if (__builtin_add_overflow(size, sizeof(block), &whole))
        return NULL;
    block *b = malloc(whole);
    if (!b)
        return NULL;
    b->size = size;
    b->used = 0;
    if (arena->next_size < LARGEST_BLOCK)
        arena->next_size *= 2;
    bool current_has_room = arena->blocks && at_least > LARGEST_BLOCK / 4;
    if (current_has_room) { /* a large request leaves the block that is being filled in its place */
        b->next = arena->blocks->next;
        arena->blocks->next = b;
    } else {
        b->next = arena->blocks;
        arena->blocks = b;
    }
    return b;
}

void *vg_arena_alloc(vg_arena *arena, size_t size)
{
    size_t rounded;
    if (__builtin_add_overflow(size, ALIGNMENT - 1, &rounded))
        return NULL;
    rounded &= ~(size_t)(ALIGNMENT - 1);
    if (rounded == 0)
        rounded = ALIGNMENT;
    if (arena->limit && (rounded > arena->limit || arena->used > arena->limit - rounded))
        return NULL;
    block *b = arena->blocks;
    if (!b || b->size - b->used < rounded) {
        b = add_block(arena, rounded);
        if (!b)
            return NULL;
    }
    void *memory = b->bytes + b->used;
    b->used += rounded;
    arena->used += rounded;
    return memory;
}

void *vg_arena_calloc(vg_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    void *memory = vg_arena_alloc(arena, bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

size_t vg_arena_used(const vg_arena *arena)
{
    return arena->used;
}

char *vg_arena_cstr(vg_arena *arena, vg_str s)
{
    if (s.len == SIZE_MAX)
        return NULL;
    char *copy = vg_arena_alloc(arena, s.len + 1);
    if (!copy)
        return NULL;
    if (s.len)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return copy;
}

vg_str vg_arena_str(vg_arena *arena, vg_str s)
{
    char *copy = vg_arena_cstr(arena, s);
    return copy ? vg_str_of(copy, s.len) : (vg_str){0};
}

vg_str vg_arena_join(vg_arena *arena, vg_str a, vg_str b)
{
    size_t len;
    if (__builtin_add_overflow(a.len, b.len, &len) || len == SIZE_MAX)
        return (vg_str){0};
    char *copy = vg_arena_alloc(arena, len + 1);
    if (!copy)
        return (vg_str){0};
    if (a.len)
        memcpy(copy, a.ptr, a.len);
    if (b.len)
        memcpy(copy + a.len, b.ptr, b.len);
    copy[len] = '\0';
    return vg_str_of(copy, len);
}

vg_str vg_arena_printf(vg_arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = len < 0 ? NULL : vg_arena_alloc(arena, (size_t)len + 1);
    if (text)
        vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return text ? vg_str_of(text, (size_t)len) : (vg_str){0};
}
