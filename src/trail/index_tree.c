/* index_tree.c: the trees of an index file: sorted terms, each with the files that hold it.
 *
 * A tree is built once, from terms in order, and never changed, so its leaves are simply full pages one behind the other;
 * the pages above are made when all leaves are there, from what tells each leaf from the one before. Terms are front-coded
 * within a page (what is shared with the term before is not written again), which is why a page is read from its start:
 * about 150 terms. Pages, lists and what is shared are laid out in index_part.h. */
#include "trail/index_part.h"

#include <errno.h>
#include <unistd.h>

enum { LEAF_HEAD = 2, INNER_HEAD = 10, SPILL_HELD = 1 << 20 };

/* ---- building ------------------------------------------------------------------------------------------------------------ */

void index_builder_begin(index_builder *b)
{
    b->separators = vg_vec_in(b->arena, sizeof(vg_str));
    b->used = LEAF_HEAD;
    b->entries = 0;
    b->last_len = 0;
    b->tree = (index_tree){0};
    index_out_page(b->out);
    b->tree.leaf = b->out->page;
}

static size_t shared_with(const unsigned char *last, size_t last_len, vg_str term)
{
    size_t n = 0;
    while (n < last_len && n < term.len && last[n] == (unsigned char)term.ptr[n])
        n++;
    return n;
}

static void end_leaf(index_builder *b)
{
    if (b->entries == 0)
        return;
    b->leaf[0] = (unsigned char)b->entries;
    b->leaf[1] = (unsigned char)(b->entries >> 8);
    index_out_bytes(b->out, b->leaf, b->used);
    index_out_page(b->out);
    b->tree.leaves++;
    b->used = LEAF_HEAD;
    b->entries = 0;
}

/* The shortest beginning of the term that is greater than the one before. */
static vg_status note_separator(index_builder *b, vg_str term, vg_error *err)
{
    size_t shared = b->tree.leaves ? shared_with(b->last, b->last_len, term) + 1 : 0;
    vg_str *separator = vg_vec_push(&b->separators);
    if (!separator)
        return index_no_memory(err);
    *separator = vg_arena_str(b->arena, vg_str_sub(term, 0, shared));
    return separator->ptr ? VG_OK : index_no_memory(err);
}

static vg_status write_spill(index_builder *b, vg_error *err)
{
    for (size_t done = 0; done < b->spill_held.len;) {
        ssize_t n = write(b->spill, b->spill_held.ptr + done, b->spill_held.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return vg_fail_errno(err, n < 0 ? errno : ENOSPC, "cannot write the index");
        done += (size_t)n;
    }
    vg_buf_clear(&b->spill_held);
    return VG_OK;
}

/* The objects as distances, in b->list. */
static vg_status encode_list(index_builder *b, const uint32_t *objects, size_t count, vg_error *err)
{
    vg_buf_clear(&b->list);
    uint32_t before = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned char bytes[10];
        size_t n = index_varint(bytes, i ? (uint64_t)(objects[i] - before) : objects[i]);
        vg_buf_add(&b->list, bytes, n);
        before = objects[i];
    }
    return b->list.failed ? index_no_memory(err) : VG_OK;
}

/* What stands behind the term: how many objects, the list's length and kind, and the list or its place. */
static vg_status encode_tail(index_builder *b, size_t count, unsigned char *tail, size_t *tail_len,
                             vg_error *err)
{
    bool is_inline = b->list.len <= INDEX_INLINE;
    size_t n = index_varint(tail, count);
    n += index_varint(tail + n, (uint64_t)b->list.len << 1 | !is_inline);
    if (is_inline) {
        memcpy(tail + n, b->list.ptr, b->list.len);
        *tail_len = n + b->list.len;
        return VG_OK;
    }
    n += index_varint(tail + n, *b->spilled);
    *tail_len = n;
    *b->spilled += b->list.len;
    vg_buf_add_str(&b->spill_held, vg_buf_str(&b->list));
    if (b->spill_held.failed)
        return index_no_memory(err);
    return b->spill_held.len > SPILL_HELD ? write_spill(b, err) : VG_OK;
}

vg_status index_builder_add(index_builder *b, vg_str term, const uint32_t *objects, size_t count,
                            vg_error *err)
{
    unsigned char tail[30 + INDEX_INLINE], head[20];
    size_t tail_len;
    VG_TRY(encode_list(b, objects, count, err));
    VG_TRY(encode_tail(b, count, tail, &tail_len, err));
    size_t shared = b->entries ? shared_with(b->last, b->last_len, term) : 0;
    if (b->used + 4 + (term.len - shared) + tail_len > INDEX_CONTENT) {
        end_leaf(b);
        shared = 0;
    }
    if (b->entries == 0)
        VG_TRY(note_separator(b, term, err));
    size_t n = index_varint(head, shared);
    n += index_varint(head + n, term.len - shared);
    memcpy(b->leaf + b->used, head, n);
    b->used += n;
    if (term.len > shared)
        memcpy(b->leaf + b->used, term.ptr + shared, term.len - shared);
    b->used += term.len - shared;
    memcpy(b->leaf + b->used, tail, tail_len);
    b->used += tail_len;
    b->entries++;
    b->tree.terms++;
    if (term.len)
        memcpy(b->last, term.ptr, term.len);
    b->last_len = term.len;
    return VG_OK;
}

/* One level of pages over children that stand from page `first` on; `above` gets what tells the new pages apart. */
static vg_status build_level(index_builder *b, const vg_vec *children, uint64_t first, vg_vec *above,
                             vg_error *err)
{
    unsigned char page[INDEX_CONTENT];
    for (size_t i = 0; i < children->len;) {
        size_t used = INNER_HEAD, count = 0;
        vg_str before = {0}, *separator = vg_vec_push(above);
        if (!separator)
            return index_no_memory(err);
        *separator = *(vg_str *)vg_vec_at(children, i);
        index_put64(page + 2, first + i);
        for (; i < children->len; i++, count++) {
            vg_str text = *(vg_str *)vg_vec_at(children, i);
            size_t shared = shared_with((const unsigned char *)before.ptr, before.len, text);
            if (used + 4 + text.len - shared > sizeof page)
                break;
            used += index_varint(page + used, shared);
            used += index_varint(page + used, text.len - shared);
            if (text.len > shared)
                memcpy(page + used, text.ptr + shared, text.len - shared);
            used += text.len - shared;
            before = text;
        }
        page[0] = (unsigned char)count;
        page[1] = (unsigned char)(count >> 8);
        index_out_bytes(b->out, page, used);
        index_out_page(b->out);
    }
    return VG_OK;
}

vg_status index_builder_end(index_builder *b, index_tree *tree, vg_error *err)
{
    end_leaf(b);
    vg_vec children = b->separators;
    uint64_t first = b->tree.leaf;
    b->tree.root = b->tree.leaves ? first : 0;
    while (children.len > 1) {
        vg_vec above = vg_vec_in(b->arena, sizeof(vg_str));
        uint64_t next = b->out->page;
        VG_TRY(build_level(b, &children, first, &above, err));
        children = above;
        first = next;
        b->tree.root = next;
    }
    VG_TRY(write_spill(b, err));
    if (!b->tree.leaves)
        b->tree.leaf = 0;
    *tree = b->tree;
    return VG_OK;
}

/* ---- reading one page ------------------------------------------------------------------------------------------------------ */

static bool get_varint(const unsigned char **at, const unsigned char *end, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
        unsigned char byte = *(*at)++;
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

/* The next front-coded term, over the one before. */
static bool get_term(const unsigned char **at, const unsigned char *end, unsigned char *term,
                     size_t *term_len)
{
    uint64_t shared, more;
    if (!get_varint(at, end, &shared) || !get_varint(at, end, &more) || shared > *term_len ||
        more > VG_TRAIL_TERM - shared || more > (uint64_t)(end - *at))
        return false;
    memcpy(term + shared, *at, (size_t)more);
    *at += more;
    *term_len = (size_t)(shared + more);
    return true;
}

static int compare_term(const unsigned char *term, size_t term_len, vg_str text)
{
    return vg_str_cmp(vg_str_of((const char *)term, term_len), text);
}

/* The child of an inner page under which `text` stands. */
static vg_status choose_child(const vg_trail_index *index, uint64_t page, vg_str text, uint64_t *child,
                              vg_error *err)
{
    const unsigned char *content;
    unsigned char term[VG_TRAIL_TERM];
    size_t term_len = 0;
    VG_TRY(index_page(index, page, &content, err));
    size_t count = (size_t)content[0] | (size_t)content[1] << 8;
    const unsigned char *at = content + INNER_HEAD, *end = content + INDEX_CONTENT;
    *child = index_get64(content + 2);
    for (size_t i = 0; i < count; i++) {
        if (!get_term(&at, end, term, &term_len))
            return index_broken(index, page, "a term does not fit", err);
        if (i > 0 && compare_term(term, term_len, text) > 0)
            break;
        *child += i > 0;
    }
    return VG_OK;
}

/* ---- walking ------------------------------------------------------------------------------------------------------------------ */

static vg_status enter_leaf(index_walk *walk, vg_error *err)
{
    const unsigned char *content;
    VG_TRY(index_page(walk->index, walk->tree->leaf + walk->leaf, &content, err));
    walk->entries = (size_t)content[0] | (size_t)content[1] << 8;
    walk->at = content + LEAF_HEAD;
    walk->end = content + INDEX_CONTENT;
    walk->term_len = 0;
    return VG_OK;
}

static vg_status read_entry(index_walk *walk, vg_error *err)
{
    uint64_t kind = 0;
    bool good = get_term(&walk->at, walk->end, walk->term, &walk->term_len) &&
                get_varint(&walk->at, walk->end, &walk->count) && get_varint(&walk->at, walk->end, &kind);
    walk->list_len = (size_t)(kind >> 1);
    walk->list = NULL;
    if (good && (kind & 1))
        good = get_varint(&walk->at, walk->end, &walk->offset);
    else if (good) {
        good = walk->list_len <= (size_t)(walk->end - walk->at);
        walk->list = walk->at;
        walk->at += good ? walk->list_len : 0;
    }
    good = good && walk->count > 0 && walk->count <= walk->index->head.objects && walk->count <= kind >> 1;
    walk->entries--;
    return good ? VG_OK
                : index_broken(walk->index, walk->tree->leaf + walk->leaf, "an entry does not fit", err);
}

vg_status index_walk_next(index_walk *walk, bool *more, vg_error *err)
{
    *more = false;
    while (walk->entries == 0) {
        if (walk->leaf + 1 >= walk->tree->leaves)
            return VG_OK;
        walk->leaf++;
        VG_TRY(enter_leaf(walk, err));
    }
    *more = true;
    return read_entry(walk, err);
}

/* Goes down to the leaf in which `from` would stand. */
static vg_status find_leaf(index_walk *walk, vg_str from, vg_error *err)
{
    const index_tree *tree = walk->tree;
    uint64_t page = tree->root;
    for (unsigned depth = 0; page < tree->leaf || page >= tree->leaf + tree->leaves; depth++) {
        if (depth == INDEX_DEPTH)
            return index_broken(walk->index, page, "the tree has no end", err);
        VG_TRY(choose_child(walk->index, page, from, &page, err));
    }
    walk->leaf = page - tree->leaf;
    return enter_leaf(walk, err);
}

vg_status index_walk_open(index_walk *walk, const vg_trail_index *index, vg_trail_field field, vg_str from,
                          vg_error *err)
{
    *walk = (index_walk){.index = index, .tree = &index->head.trees[field]};
    if (walk->tree->leaves == 0)
        return VG_OK;
    VG_TRY(find_leaf(walk, from, err));
    for (index_walk ahead = *walk; from.len > 0; *walk = ahead) {
        bool more;
        VG_TRY(index_walk_next(&ahead, &more, err));
        if (!more || compare_term(ahead.term, ahead.term_len, from) >= 0)
            break;
    }
    return VG_OK;
}

/* ---- lists -------------------------------------------------------------------------------------------------------------------- */

static vg_status push_object(const index_walk *walk, vg_vec *objects, uint64_t i, uint64_t distance,
                             uint64_t *object, vg_error *err)
{
    uint64_t next = i ? *object + distance : distance;
    if ((i && distance == 0) || next < *object || next >= walk->index->head.objects)
        return index_broken(walk->index, walk->tree->leaf + walk->leaf, "a list is not in order", err);
    uint32_t *slot = vg_vec_push(objects);
    if (!slot)
        return index_no_memory(err);
    *slot = (uint32_t)next;
    *object = next;
    return VG_OK;
}

vg_status index_walk_objects(const index_walk *walk, vg_vec *objects, vg_error *err)
{
    const vg_trail_index *index = walk->index;
    const unsigned char *at = walk->list, *end = at ? at + walk->list_len : NULL;
    uint64_t object = 0, distance;
    index_in in;
    if (!at)
        VG_TRY(index_in_open(&in, index, &index->head.postings, walk->offset, err));
    for (uint64_t i = 0; i < walk->count; i++) {
        if (!at)
            VG_TRY(index_in_varint(&in, &distance, err));
        else if (!get_varint(&at, end, &distance))
            return index_broken(index, walk->tree->leaf + walk->leaf, "a list ends in the middle", err);
        VG_TRY(push_object(walk, objects, i, distance, &object, err));
    }
    return VG_OK;
}
