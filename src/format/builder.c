/* builder.c: trees from code. Nodes are pushed in document order; while a container is open its `span` holds the
 * index of the container around it, so that the nodes themselves are the stack, and its `count` grows. What goes wrong
 * sticks, and the first of it is told at the end. */
#include "format/format.h"
#include "format/value_order.h"

#define NONE UINT32_MAX

struct vg_builder {
    vg_vec nodes;
    uint32_t open; /* the innermost open container, or NONE */
    bool has_key;  /* a key waits for its value */
    uint32_t position;
    vg_status status;
    const char *why;
};

vg_builder *vg_builder_new(vg_arena *arena)
{
    vg_builder *b = VG_NEW(arena, vg_builder);
    if (!b)
        return NULL;
    b->nodes = vg_vec_in(arena, sizeof(vg_value));
    b->open = NONE;
    return b;
}

static void stick(vg_builder *b, vg_status status, const char *why)
{
    if (b->status == VG_OK) {
        b->status = status;
        b->why = why;
    }
}

static vg_value *node_at(vg_builder *b, uint32_t i)
{
    return vg_vec_at(&b->nodes, i);
}

static vg_value *push_node(vg_builder *b, vg_kind kind)
{
    vg_value *node = b->nodes.len < NONE ? vg_vec_push(&b->nodes) : NULL;
    if (!node) {
        stick(b, VG_ERR_MEMORY, "out of memory for the document that is being built");
        return NULL;
    }
    node->kind = (uint32_t)kind & 15u;
    node->position = b->position;
    return node;
}

/* Whether a value may stand here; counts it in its container. */
static bool admit_value(vg_builder *b)
{
    if (!b || b->status != VG_OK)
        return false;
    if (b->open == NONE) {
        if (b->nodes.len > 0)
            stick(b, VG_ERR_INTERNAL, "a built document has two roots");
        return b->nodes.len == 0;
    }
    vg_value *around = node_at(b, b->open);
    if (around->kind == VG_OBJECT && !b->has_key) {
        stick(b, VG_ERR_INTERNAL, "a value was built into an object without a key");
        return false;
    }
    b->has_key = false;
    around->as.container.count++;
    return true;
}

static vg_value *add_value(vg_builder *b, vg_kind kind)
{
    return admit_value(b) ? push_node(b, kind) : NULL;
}

static void set_string(vg_builder *b, vg_value *node, vg_str s)
{
    if (s.len >= 1u << 28) {
        stick(b, VG_ERR_LIMIT, "a string of a built document is longer than 256 MiB");
        return;
    }
    node->len = (uint32_t)s.len & 0xFFFFFFFu;
    node->as.string = s.ptr ? s.ptr : "";
}

static void open_container(vg_builder *b, vg_kind kind)
{
    vg_value *node = add_value(b, kind);
    if (!node)
        return;
    node->as.container.span = b->open;
    b->open = (uint32_t)(b->nodes.len - 1);
}

void vg_builder_object(vg_builder *b)
{
    open_container(b, VG_OBJECT);
}

void vg_builder_array(vg_builder *b)
{
    open_container(b, VG_ARRAY);
}

void vg_builder_end(vg_builder *b)
{
    if (!b || b->status != VG_OK)
        return;
    if (b->open == NONE || b->has_key) {
        stick(b, VG_ERR_INTERNAL, "a built container ends without a start, or behind a key without a value");
        return;
    }
    vg_value *node = node_at(b, b->open);
    uint32_t around = node->as.container.span;
    node->as.container.span = (uint32_t)b->nodes.len - b->open;
    b->open = around;
}

void vg_builder_key(vg_builder *b, vg_str key)
{
    if (!b || b->status != VG_OK)
        return;
    if (b->open == NONE || node_at(b, b->open)->kind != VG_OBJECT || b->has_key) {
        stick(b, VG_ERR_INTERNAL, "a key was built outside an object, or behind another key");
        return;
    }
    vg_value *node = push_node(b, VG_STRING);
    if (node)
        set_string(b, node, key);
    b->has_key = true;
}

void vg_builder_string(vg_builder *b, vg_str s)
{
    vg_value *node = add_value(b, VG_STRING);
    if (node)
        set_string(b, node, s);
}

void vg_builder_copy(vg_builder *b, vg_str s)
{
    if (!b || b->status != VG_OK)
        return;
    vg_str copy = vg_arena_str(b->nodes.arena, s);
    if (!copy.ptr)
        stick(b, VG_ERR_MEMORY, "out of memory for the document that is being built");
    vg_builder_string(b, copy);
}

void vg_builder_i64(vg_builder *b, int64_t i)
{
    vg_value *node = add_value(b, VG_INT);
    if (node)
        node->as.i64 = i;
}

void vg_builder_f64(vg_builder *b, double d)
{
    vg_value *node = add_value(b, VG_DOUBLE);
    if (node)
        node->as.f64 = d;
}

void vg_builder_bool(vg_builder *b, bool value)
{
    vg_value *node = add_value(b, VG_BOOL);
    if (node)
        node->as.boolean = value;
}

void vg_builder_null(vg_builder *b)
{
    add_value(b, VG_NULL);
}

void vg_builder_value(vg_builder *b, const vg_value *v)
{
    if (!v) {
        vg_builder_null(b);
        return;
    }
    if (!admit_value(b))
        return;
    for (const vg_value *end = vg_value_after(v); v < end; v++) {
        vg_value *node = push_node(b, VG_NULL);
        if (!node)
            return;
        *node = *v;
    }
}

void vg_builder_position(vg_builder *b, uint32_t position)
{
    if (b)
        b->position = position;
}

void vg_builder_put_str(vg_builder *b, const char *key, vg_str s)
{
    vg_builder_key(b, vg_str_from(key));
    vg_builder_string(b, s);
}

void vg_builder_put_i64(vg_builder *b, const char *key, int64_t i)
{
    vg_builder_key(b, vg_str_from(key));
    vg_builder_i64(b, i);
}

void vg_builder_put_bool(vg_builder *b, const char *key, bool value)
{
    vg_builder_key(b, vg_str_from(key));
    vg_builder_bool(b, value);
}

void vg_builder_put_value(vg_builder *b, const char *key, const vg_value *v)
{
    vg_builder_key(b, vg_str_from(key));
    vg_builder_value(b, v);
}

vg_status vg_builder_finish(vg_builder *b, const vg_value **root, size_t *node_count, vg_error *err)
{
    if (!b)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory for the document that is being built");
    if (b->status == VG_OK && (b->open != NONE || b->nodes.len == 0))
        stick(b, VG_ERR_INTERNAL, "a built document is empty or has a container that does not end");
    if (b->status != VG_OK)
        return vg_fail(err, b->status, "%s", b->why);
    *root = b->nodes.items;
    if (node_count)
        *node_count = b->nodes.len;
    return VG_OK;
}
