/* buf.c: growing bytes and arrays. A failed allocation sticks in `failed`, so a builder checks once, at its end. */
#include "base/base.h"

#include <stdlib.h>

bool vg_buf_reserve(vg_buf *buf, size_t more)
{
    size_t need;
    if (buf->failed || __builtin_add_overflow(buf->len, more, &need)) {
        buf->failed = true;
        return false;
    }
    if (need <= buf->cap)
        return true;
    size_t cap = buf->cap ? buf->cap : 256;
    while (cap < need)
        if (__builtin_mul_overflow(cap, 2U, &cap)) {
            cap = need;
            break;
        }
    char *moved = realloc(buf->ptr, cap);
    if (!moved) {
        buf->failed = true;
        return false;
    }
    buf->ptr = moved;
    buf->cap = cap;
    return true;
}

/* vg_buf_reserve, without the call where nothing has to grow: most pieces are of a few bytes. */
static inline bool has_room(vg_buf *buf, size_t more)
{
    return (!buf->failed && buf->cap - buf->len >= more) || vg_buf_reserve(buf, more);
}

void vg_buf_add(vg_buf *buf, const void *bytes, size_t len)
{
    if (len == 0 || !has_room(buf, len))
        return;
    memcpy(buf->ptr + buf->len, bytes, len);
    buf->len += len;
}

void vg_buf_add_str(vg_buf *buf, vg_str s)
{
    vg_buf_add(buf, s.ptr, s.len);
}

void vg_buf_add_c(vg_buf *buf, const char *c_string)
{
    vg_buf_add(buf, c_string, strlen(c_string));
}

void vg_buf_add_char(vg_buf *buf, char c)
{
    if (has_room(buf, 1))
        buf->ptr[buf->len++] = c;
}

void vg_buf_addf(vg_buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        buf->failed = true;
    else if (vg_buf_reserve(buf, (size_t)len + 1)) {
        vsnprintf(buf->ptr + buf->len, (size_t)len + 1, format, again);
        buf->len += (size_t)len;
    }
    va_end(again);
}

void vg_buf_clear(vg_buf *buf)
{
    buf->len = 0;
}

void vg_buf_free(vg_buf *buf)
{
    free(buf->ptr);
    *buf = (vg_buf){0};
}

void *vg_vec_push(vg_vec *vec)
{
    if (vec->len == vec->cap) {
        size_t cap = vec->cap ? vec->cap * 2 : 8;
        void *items = vg_arena_calloc(vec->arena, cap, vec->item_size);
        if (!items)
            return NULL;
        if (vec->len)
            memcpy(items, vec->items, vec->len * vec->item_size);
        vec->items = items;
        vec->cap = cap;
    }
    void *item = vg_vec_at(vec, vec->len++);
    return memset(item, 0, vec->item_size);
}
