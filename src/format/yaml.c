/* yaml.c: YAML into the value tree, through libyaml's events.
 *
 * libyaml turns bytes into events (scalar, start and end of mapping and sequence, alias); this file turns events into
 * the flat array of nodes that format.h draws, in one pass and without recursion: a stack of open containers (frames)
 * whose count and span are filled in when they end.
 *
 * Because a subtree is one run of nodes with relative spans, an alias is a copy of a run, and a merge key (`<<`,
 * yaml.org/type/merge) is a run taken out of the tree into `merges` until its mapping ends and the keys that the
 * mapping gives itself are known:
 *
 *     {<<: *base, a: 1}        nodes  ... OBJECT "a" 1            merges  "a" 0 "b" 2
 *     base = {a: 0, b: 2}      at its end: "a" is known, so only "b" 2 is appended
 *
 * What an attacker may ask for: depth is bounded; nodes are bounded, copies included, and copies by a multiple of what
 * was written, so that a kilobyte cannot become a gigabyte ("billion laughs"); every step costs a time in proportion
 * to the nodes that it writes. An alias inside its own anchor is an error, so a tree is always finite.
 *
 * Choices that the specification leaves to us: a key that is repeated stays twice in the tree, and vg_get gives the
 * last; keys that are no strings become their text; a mapping or a sequence as a key is refused; a copy by alias
 * keeps the places of what the anchor stands before. Tags and types of scalars: yaml_scalar.c. */
#include "format/format.h"
#include "format/yaml_part.h"

#include <yaml.h>

#define DEFAULT_MAX_BYTES (64U << 20)
#define DEFAULT_MAX_NODES 10000000U
#define DEFAULT_MAX_DEPTH 512U
#define TEXT_MAX          ((1U << 28) - 1) /* what vg_value.len can say */
/* Nodes that aliases and merges may copy: these, and this many for each node written. */
#define COPIES_FREE     1000000U
#define COPIES_PER_NODE 10U

#define NO_ANCHOR SIZE_MAX

/* A mapping or sequence that has begun and not ended. */
typedef struct {
    size_t node;       /* its container's index in nodes */
    size_t anchor;     /* in anchors, or NO_ANCHOR */
    size_t merge_from; /* where its part of merges begins */
    uint32_t count;    /* items or pairs so far */
    unsigned height;   /* of the tallest thing in it so far */
    bool is_mapping;
    bool wrapped; /* the node before its key is the {"Fn::X": ...} made from its tag */
    bool has_key; /* the next value belongs to a key */
    bool merging; /* that key is `<<` */
} frame;

/* What `&name` stands before. Its nodes are a run of the tree, or `kept` when a merge took that run away. */
typedef struct {
    size_t from, count; /* count 0: not ended yet */
    const vg_value *kept;
    unsigned height;
    vg_str text; /* of a scalar, for use as a key */
} anchor;

typedef struct {
    yaml_parser_t parser;
    vg_arena *arena;   /* of the result */
    vg_arena *scratch; /* frames, anchors */
    vg_arena *keys;    /* of one merge */
    vg_str name, text;
    size_t max_nodes;
    unsigned max_depth;
    vg_buf nodes, merges, positions; /* vg_value, vg_value, vg_line_column items */
    vg_vec frames, anchors;
    vg_vec live;   /* size_t: anchors whose run is in the tree, by its place there */
    vg_map *names; /* of anchors, in this document */
    uint32_t position;
    size_t copied;
    bool is_ascii;
    size_t mark_index, mark_byte, line_index, line_byte; /* how far characters were turned into bytes */
    vg_error *err;
} reader;

/* ---- places ----------------------------------------------------------------------------------------------------- */

/* Moves a cursor (index in characters, byte) forward to the character `index`. */
static void advance(vg_str text, size_t *at_index, size_t *at_byte, size_t index)
{
    if (index < *at_index)
        *at_index = *at_byte = 0;
    while (*at_index < index && *at_byte < text.len) {
        (*at_byte)++;
        while (*at_byte < text.len && ((unsigned char)text.ptr[*at_byte] & 0xC0) == 0x80)
            (*at_byte)++;
        (*at_index)++;
    }
}

/* libyaml counts columns in characters from 0; ours count bytes from 1. */
static vg_line_column place_of(reader *r, yaml_mark_t mark)
{
    size_t column = mark.column;
    if (!r->is_ascii && mark.column > 0) {
        advance(r->text, &r->line_index, &r->line_byte, mark.index - mark.column);
        if (r->mark_byte < r->line_byte) {
            r->mark_index = r->line_index;
            r->mark_byte = r->line_byte;
        }
        advance(r->text, &r->mark_index, &r->mark_byte, mark.index);
        column = r->mark_byte - r->line_byte;
    }
    return (vg_line_column){(uint32_t)mark.line + 1, (uint32_t)column + 1};
}

static vg_place place_at(reader *r, yaml_mark_t mark)
{
    vg_line_column place = place_of(r, mark);
    return (vg_place){r->name, place.line, place.column};
}

static vg_place place_of_byte(const reader *r, size_t offset)
{
    vg_place place = {r->name, 1, 1};
    for (size_t i = 0; i < offset && i < r->text.len; i++) {
        place.column++;
        if (r->text.ptr[i] != '\n')
            continue;
        place.line++;
        place.column = 1;
    }
    return place;
}

/* Gives the nodes made from here on the place of `mark`. */
static void set_position(reader *r, yaml_mark_t mark)
{
    vg_line_column place = place_of(r, mark);
    r->position = (uint32_t)(r->positions.len / sizeof place);
    vg_buf_add(&r->positions, &place, sizeof place);
}

/* ---- nodes ------------------------------------------------------------------------------------------------------ */

static size_t node_count(const reader *r)
{
    return r->nodes.len / sizeof(vg_value);
}

static vg_value *node_at(const reader *r, size_t i)
{
    return (vg_value *)(void *)r->nodes.ptr + i;
}

static vg_status check_room(reader *r, size_t more, yaml_mark_t mark)
{
    if (r->nodes.failed || r->merges.failed || r->positions.failed)
        return vg_fail(r->err, VG_ERR_MEMORY, "out of memory while reading YAML");
    if (more > r->max_nodes || node_count(r) > r->max_nodes - more)
        return vg_fail_at(r->err, VG_ERR_LIMIT, place_at(r, mark),
                          "more than %zu values, aliases expanded; split the file", r->max_nodes);
    return VG_OK;
}

/* Counts `more` copied nodes against what aliases and merges may copy. */
static vg_status count_copies(reader *r, size_t more, yaml_mark_t mark)
{
    size_t written = r->positions.len / sizeof(vg_line_column);
    r->copied += more;
    if (r->copied > COPIES_FREE + COPIES_PER_NODE * written)
        return vg_fail_at(r->err, VG_ERR_LIMIT, place_at(r, mark),
                          "aliases and merge keys copy more than %zu values; write them out, or use fewer",
                          COPIES_FREE + COPIES_PER_NODE * written);
    return VG_OK;
}

static void push_node(reader *r, vg_value node)
{
    node.position = r->position;
    vg_buf_add(&r->nodes, &node, sizeof node);
}

static void push_container(reader *r, vg_kind kind, uint32_t count, uint32_t span)
{
    vg_value node = {.kind = (uint32_t)kind & 15};
    node.as.container.count = count;
    node.as.container.span = span;
    push_node(r, node);
}

static void push_string(reader *r, vg_str s)
{
    vg_value node = {.kind = VG_STRING, .len = (uint32_t)s.len & TEXT_MAX};
    node.as.string = s.ptr;
    push_node(r, node);
}

static frame *top(const reader *r)
{
    return r->frames.len > 0 ? vg_vec_at(&r->frames, r->frames.len - 1) : NULL;
}

/* ---- merge keys ------------------------------------------------------------------------------------------------- */

/* A merge is about to take the run that begins at `from` out of the tree: anchors in it keep a copy. */
static vg_status keep_anchors(reader *r, size_t from, yaml_mark_t mark)
{
    for (; r->live.len > 0; r->live.len--) {
        anchor *a = vg_vec_at(&r->anchors, *(size_t *)vg_vec_at(&r->live, r->live.len - 1));
        if (a->from < from)
            break;
        VG_TRY(count_copies(r, a->count, mark));
        vg_value *copy = VG_NEW_N(r->scratch, vg_value, a->count + 1);
        if (!copy)
            return vg_fail(r->err, VG_ERR_MEMORY, "out of memory while reading YAML");
        memcpy(copy, node_at(r, a->from), a->count * sizeof *copy);
        a->kept = copy;
    }
    return VG_OK;
}

/* Appends the pairs of `map` to merges. False when it is no mapping. */
static bool take_pairs(reader *r, const vg_value *map)
{
    if (map->kind != VG_OBJECT)
        return false;
    vg_buf_add(&r->merges, map + 1, (map->as.container.span - 1) * sizeof *map);
    return true;
}

/* The value of `<<` is complete, from `from` to the end of nodes: moves its pairs into merges. */
static vg_status take_merge(reader *r, size_t from, yaml_mark_t mark)
{
    size_t count = node_count(r) - from;
    VG_TRY(count_copies(r, count, mark));
    VG_TRY(keep_anchors(r, from, mark));
    const vg_value *value = node_at(r, from);
    bool fits = value->kind == VG_ARRAY || take_pairs(r, value);
    if (value->kind == VG_ARRAY)
        for (vg_items it = vg_items_of(value); vg_items_next(&it);)
            fits = fits && take_pairs(r, it.value);
    if (!fits)
        return vg_fail_at(r->err, VG_ERR_VALUE, place_at(r, mark),
                          "the merge key << needs a mapping or a list of mappings; quote it if it is a name");
    r->nodes.len = from * sizeof(vg_value);
    return VG_OK;
}

/* Notes the keys that the mapping gives itself. */
static vg_status note_keys(reader *r, const frame *f, vg_map *known)
{
    const vg_value *node = node_at(r, f->node) + 1;
    for (uint32_t i = 0; i < f->count; i++) {
        if (!vg_map_put(known, vg_value_str(node), NULL))
            return vg_fail(r->err, VG_ERR_MEMORY, "out of memory while reading YAML");
        node = vg_value_after(node + 1);
    }
    return VG_OK;
}

/* The mapping ends: appends what was merged into it, less the keys that it has; of merged ones the first counts. */
static vg_status append_merges(reader *r, frame *f)
{
    if (r->merges.len == f->merge_from)
        return VG_OK;
    vg_arena_reset(r->keys);
    vg_map *known = vg_map_new(r->keys, (uint64_t)(uintptr_t)r);
    if (!known)
        return vg_fail(r->err, VG_ERR_MEMORY, "out of memory while reading YAML");
    VG_TRY(note_keys(r, f, known));
    const vg_value *node = (const vg_value *)(const void *)(r->merges.ptr + f->merge_from);
    const vg_value *end = (const vg_value *)(const void *)(r->merges.ptr + r->merges.len);
    while (node < end) {
        const vg_value *after = vg_value_after(node + 1);
        bool added;
        if (!vg_map_put(known, vg_value_str(node), &added))
            return vg_fail(r->err, VG_ERR_MEMORY, "out of memory while reading YAML");
        if (added) {
            vg_buf_add(&r->nodes, node, (size_t)(after - node) * sizeof *node);
            f->count++;
        }
        node = after;
    }
    r->merges.len = f->merge_from;
    return VG_OK;
}

/* ---- values and keys -------------------------------------------------------------------------------------------- */

/* A value of `height` levels stands complete at the end of nodes, from `from` on: it is its parent's. */
static vg_status end_value(reader *r, size_t from, unsigned height, yaml_mark_t mark)
{
    frame *parent = top(r);
    if (!parent)
        return VG_OK;
    if (height + 1 > parent->height)
        parent->height = height + 1;
    bool merging = parent->merging;
    parent->has_key = parent->merging = false;
    if (merging)
        return take_merge(r, from, mark);
    parent->count++;
    return VG_OK;
}

static bool expects_key(const reader *r)
{
    const frame *f = top(r);
    return f && f->is_mapping && !f->has_key;
}

static void take_key(reader *r, vg_str text, bool is_merge)
{
    frame *f = top(r);
    f->has_key = true;
    f->merging = is_merge;
    if (!is_merge)
        push_string(r, text);
}

/* Registers `&name` (NULL: none) for the value that begins at the end of nodes. */
static vg_status begin_anchor(reader *r, const yaml_char_t *name, size_t *index)
{
    *index = NO_ANCHOR;
    if (!name)
        return VG_OK;
    anchor *a = vg_vec_push(&r->anchors);
    size_t *live = vg_vec_push(&r->live);
    vg_str key = vg_arena_str(r->scratch, vg_str_from((const char *)name));
    vg_map_entry *entry = a && live && key.ptr ? vg_map_put(r->names, key, NULL) : NULL;
    if (!entry)
        return vg_fail(r->err, VG_ERR_MEMORY, "out of memory while reading YAML");
    a->from = node_count(r);
    *index = *live = entry->value.u64 = r->anchors.len - 1;
    return VG_OK;
}

static void end_anchor(reader *r, size_t index, unsigned height, vg_str text)
{
    if (index == NO_ANCHOR)
        return;
    anchor *a = vg_vec_at(&r->anchors, index);
    a->count = node_count(r) - a->from;
    a->height = height;
    a->text = text;
}

static vg_status check_depth(reader *r, size_t more, yaml_mark_t mark)
{
    if (r->frames.len + more <= r->max_depth)
        return VG_OK;
    return vg_fail_at(r->err, VG_ERR_LIMIT, place_at(r, mark), "nested deeper than %u levels", r->max_depth);
}

/* ---- events ----------------------------------------------------------------------------------------------------- */

/* A scalar with a short form: {"Ref": text}. !GetAtt Bucket.Outputs.Arn is {"Fn::GetAtt": ["Bucket", "Outputs.Arn"]}:
 * the resource's name cannot hold a dot, the attribute can. The value's height comes back. */
static unsigned push_intrinsic(reader *r, yaml_tag tag, vg_str text)
{
    vg_str resource, attribute;
    bool split = tag.kind == YAML_TAG_GET_ATT && vg_str_split(text, '.', &resource, &attribute);
    push_container(r, VG_OBJECT, 1, split ? 5 : 3);
    push_string(r, tag.long_form);
    if (!split) {
        push_string(r, text);
        return 1;
    }
    push_container(r, VG_ARRAY, 2, 3);
    push_string(r, resource);
    push_string(r, attribute);
    return 2;
}

static bool is_merge_key(vg_str text, bool plain, yaml_tag_kind tag)
{
    return tag == YAML_TAG_MERGE || (plain && tag == YAML_TAG_NONE && vg_str_is(text, "<<"));
}

static vg_status on_scalar(reader *r, const yaml_event_t *event)
{
    yaml_mark_t mark = event->start_mark;
    yaml_tag tag = yaml_tag_of((const char *)event->data.scalar.tag);
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (event->data.scalar.length > TEXT_MAX)
        return vg_fail_at(r->err, VG_ERR_LIMIT, place_at(r, mark), "a string of more than %u bytes",
                          TEXT_MAX);
    vg_str text =
        vg_arena_str(r->arena, vg_str_of((const char *)event->data.scalar.value, event->data.scalar.length));
    if (!text.ptr)
        return vg_fail(r->err, VG_ERR_MEMORY, "out of memory while reading YAML");
    VG_TRY(check_room(r, 5, mark));
    set_position(r, mark);
    size_t from = node_count(r), index;
    bool as_key = expects_key(r);
    VG_TRY(begin_anchor(r, event->data.scalar.anchor, &index));
    if (as_key) {
        take_key(r, text, is_merge_key(text, plain, tag.kind));
        end_anchor(r, index, 0, text);
        return VG_OK;
    }
    unsigned height = 0;
    if (tag.long_form.len > 0) {
        VG_TRY(check_depth(r, tag.kind == YAML_TAG_GET_ATT ? 2 : 1, mark));
        height = push_intrinsic(r, tag, text);
    } else {
        vg_value node = {0};
        if (!yaml_type_scalar(text, plain, tag.kind, &node))
            return vg_fail_at(r->err, VG_ERR_VALUE, place_at(r, mark),
                              "'%.*s' is not a value of its tag !!%s", VG_ARG(vg_str_sub(text, 0, 80)),
                              (const char *)event->data.scalar.tag + sizeof "tag:yaml.org,2002:" - 1);
        push_node(r, node);
    }
    end_anchor(r, index, height, text);
    return end_value(r, from, height, mark);
}

static vg_status on_start(reader *r, yaml_mark_t mark, const yaml_char_t *tag_text, const yaml_char_t *name,
                          bool is_mapping)
{
    yaml_tag tag = yaml_tag_of((const char *)tag_text);
    if (expects_key(r))
        return vg_fail_at(r->err, VG_ERR_UNSUPPORTED, place_at(r, mark),
                          "a %s cannot be the key of a mapping; quote it if it is text",
                          is_mapping ? "mapping" : "sequence");
    bool wrapped = tag.long_form.len > 0;
    VG_TRY(check_depth(r, wrapped ? 2 : 1, mark));
    VG_TRY(check_room(r, 3, mark));
    set_position(r, mark);
    size_t index;
    VG_TRY(begin_anchor(r, name, &index));
    if (wrapped) {
        push_container(r, VG_OBJECT, 1, 0);
        push_string(r, tag.long_form);
    }
    frame *f = vg_vec_push(&r->frames);
    if (!f)
        return vg_fail(r->err, VG_ERR_MEMORY, "out of memory while reading YAML");
    *f = (frame){.node = node_count(r),
                 .anchor = index,
                 .merge_from = r->merges.len,
                 .is_mapping = is_mapping,
                 .wrapped = wrapped};
    push_container(r, is_mapping ? VG_OBJECT : VG_ARRAY, 0, 1);
    return VG_OK;
}

static vg_status on_end(reader *r, yaml_mark_t mark)
{
    frame f = *top(r);
    VG_TRY(append_merges(r, &f));
    VG_TRY(check_room(r, 0, mark));
    vg_value *node = node_at(r, f.node);
    node->as.container.count = f.count;
    node->as.container.span = (uint32_t)(node_count(r) - f.node);
    if (f.wrapped)
        (node - 2)->as.container.span = (uint32_t)(node_count(r) - f.node + 2);
    r->frames.len--;
    size_t from = f.wrapped ? f.node - 2 : f.node;
    unsigned height = (f.height > 0 ? f.height : 1) + f.wrapped;
    end_anchor(r, f.anchor, height, (vg_str){0});
    return end_value(r, from, height, mark);
}

/* `a` as the key of a mapping. */
static vg_status use_as_key(reader *r, const anchor *a, vg_str name, yaml_mark_t mark)
{
    if (!a->text.ptr)
        return vg_fail_at(r->err, VG_ERR_UNSUPPORTED, place_at(r, mark),
                          "*%.*s is a mapping or sequence, which cannot be a key",
                          VG_ARG(vg_str_sub(name, 0, 80)));
    VG_TRY(check_room(r, 1, mark));
    set_position(r, mark);
    take_key(r, a->text, false);
    return VG_OK;
}

static vg_status on_alias(reader *r, const yaml_event_t *event)
{
    yaml_mark_t mark = event->start_mark;
    vg_str name = vg_str_from((const char *)event->data.alias.anchor), shown = vg_str_sub(name, 0, 80);
    const vg_map_entry *entry = vg_map_get(r->names, name);
    if (!entry)
        return vg_fail_at(r->err, VG_ERR_VALUE, place_at(r, mark), "no anchor &%.*s before this alias",
                          VG_ARG(shown));
    const anchor *a = vg_vec_at(&r->anchors, entry->value.u64);
    if (expects_key(r))
        return use_as_key(r, a, name, mark);
    if (a->count == 0)
        return vg_fail_at(r->err, VG_ERR_VALUE, place_at(r, mark), "*%.*s stands inside its own anchor",
                          VG_ARG(shown));
    VG_TRY(check_depth(r, a->height, mark));
    VG_TRY(count_copies(r, a->count, mark));
    VG_TRY(check_room(r, a->count, mark));
    size_t from = node_count(r);
    if (!vg_buf_reserve(&r->nodes, a->count * sizeof(vg_value)))
        return vg_fail(r->err, VG_ERR_MEMORY, "out of memory while reading YAML");
    vg_buf_add(&r->nodes, a->kept ? a->kept : node_at(r, a->from), a->count * sizeof(vg_value));
    return end_value(r, from, a->height, mark);
}

static vg_status on_event(reader *r, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(r, event);
    case YAML_MAPPING_START_EVENT:
        return on_start(r, event->start_mark, event->data.mapping_start.tag, event->data.mapping_start.anchor,
                        true);
    case YAML_SEQUENCE_START_EVENT:
        return on_start(r, event->start_mark, event->data.sequence_start.tag,
                        event->data.sequence_start.anchor, false);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        return on_end(r, event->start_mark);
    case YAML_ALIAS_EVENT:
        return on_alias(r, event);
    default:
        return VG_OK;
    }
}

/* ---- documents -------------------------------------------------------------------------------------------------- */

/* What to do about a character that no token begins with. */
static const char *hint(const char *problem, char c)
{
    if (!strstr(problem, "cannot start any token"))
        return "";
    return c == '\t' ? "; indent with spaces, not tabs" : "; quote text that begins with this character";
}

/* What libyaml could not read, as our error. */
static vg_status fail_parse(reader *r)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR)
        return vg_fail(r->err, VG_ERR_MEMORY, "out of memory while reading YAML");
    const char *problem = p->problem ? p->problem : "unreadable";
    if (p->error == YAML_READER_ERROR)
        return vg_fail_at(r->err, VG_ERR_SYNTAX, place_of_byte(r, p->problem_offset), "YAML: %s", problem);
    size_t index = 0, byte = 0;
    advance(r->text, &index, &byte, p->problem_mark.index);
    bool at_end = byte == r->text.len; /* where libyaml counts a line more than there is */
    vg_place place = at_end ? place_of_byte(r, byte) : place_at(r, p->problem_mark);
    const char *advice = at_end ? "; is the file cut off?" : hint(problem, r->text.ptr[byte]);
    if (!p->context)
        return vg_fail_at(r->err, VG_ERR_SYNTAX, place, "YAML: %s%s", problem, advice);
    return vg_fail_at(r->err, VG_ERR_SYNTAX, place, "YAML: %s %s from line %zu on%s", problem, p->context,
                      p->context_mark.line + 1, advice);
}

/* Hands the nodes of one document over to the arena. */
static vg_status finish_document(reader *r, vg_doc *out)
{
    VG_TRY(check_room(r, 0, r->parser.mark));
    if (r->nodes.len == 0) {
        set_position(r, (yaml_mark_t){0});
        push_node(r, (vg_value){.kind = VG_NULL});
    }
    vg_value *nodes = vg_arena_alloc(r->arena, r->nodes.len);
    vg_line_column *positions = vg_arena_alloc(r->arena, r->positions.len);
    if (!nodes || !positions || r->nodes.failed || r->positions.failed)
        return vg_fail(r->err, VG_ERR_MEMORY, "out of memory while reading YAML");
    memcpy(nodes, r->nodes.ptr, r->nodes.len);
    memcpy(positions, r->positions.ptr, r->positions.len);
    *out = (vg_doc){nodes, node_count(r), r->name, r->text, positions};
    return VG_OK;
}

static vg_status begin_document(reader *r)
{
    r->nodes.len = r->merges.len = r->positions.len = 0;
    vg_arena_reset(r->scratch);
    r->frames = vg_vec_in(r->scratch, sizeof(frame));
    r->anchors = vg_vec_in(r->scratch, sizeof(anchor));
    r->live = vg_vec_in(r->scratch, sizeof(size_t));
    r->names = vg_map_new(r->scratch, (uint64_t)(uintptr_t)r);
    r->copied = 0;
    return r->names ? VG_OK : vg_fail(r->err, VG_ERR_MEMORY, "out of memory while reading YAML");
}

/* The next document of the stream into *out. *more is false when there is none; then *out holds null. */
static vg_status read_document(reader *r, vg_doc *out, bool *more)
{
    VG_TRY(begin_document(r));
    *more = false;
    for (;;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&r->parser, &event))
            return fail_parse(r);
        yaml_event_type_t type = event.type;
        vg_status status = on_event(r, &event);
        yaml_event_delete(&event);
        VG_TRY(status);
        if (type != YAML_DOCUMENT_END_EVENT && type != YAML_STREAM_END_EVENT)
            continue;
        *more = type == YAML_DOCUMENT_END_EVENT;
        return finish_document(r, out);
    }
}

static vg_status reader_open(reader *r, vg_arena *arena, vg_str source, vg_str name, const vg_limits *limits,
                             vg_error *err)
{
    *r = (reader){.arena = arena, .name = name, .err = err};
    size_t max_bytes = limits && limits->max_bytes ? limits->max_bytes : DEFAULT_MAX_BYTES;
    r->max_nodes = limits && limits->max_nodes ? limits->max_nodes : DEFAULT_MAX_NODES;
    r->max_depth = limits && limits->max_depth ? limits->max_depth : DEFAULT_MAX_DEPTH;
    if (r->max_nodes > UINT32_MAX / 2)
        r->max_nodes = UINT32_MAX / 2;
    vg_place whole = {name, 0, 0};
    if (source.len > max_bytes)
        return vg_fail_at(err, VG_ERR_LIMIT, whole, "%zu bytes of YAML, more than the limit of %zu",
                          source.len, max_bytes);
    vg_status decoded = vg_text_to_utf8(arena, source, &r->text, err);
    if (decoded != VG_OK) {
        vg_error_locate(err, whole);
        return decoded;
    }
    size_t bad = 0;
    if (!vg_utf8_valid(r->text, &bad))
        return vg_fail_at(err, VG_ERR_SYNTAX, place_of_byte(r, bad), "not UTF-8; save the file as UTF-8");
    r->is_ascii = true;
    for (size_t i = 0; i < r->text.len && r->is_ascii; i++)
        r->is_ascii = (unsigned char)r->text.ptr[i] < 0x80;
    r->scratch = vg_arena_new(0);
    r->keys = vg_arena_new(0);
    if (!r->scratch || !r->keys || !yaml_parser_initialize(&r->parser))
        return vg_fail(err, VG_ERR_MEMORY, "out of memory while reading YAML");
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)(r->text.ptr ? r->text.ptr : ""),
                                 r->text.len);
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    return VG_OK;
}

static void reader_close(reader *r)
{
    yaml_parser_delete(&r->parser); /* fine when it was never initialised: all zero */
    vg_arena_free(r->scratch);
    vg_arena_free(r->keys);
    vg_buf_free(&r->nodes);
    vg_buf_free(&r->merges);
    vg_buf_free(&r->positions);
}

vg_status vg_yaml_read(vg_arena *arena, vg_str source, vg_str name, const vg_limits *limits, vg_doc *out,
                       vg_error *err)
{
    reader r;
    bool more;
    vg_status status = reader_open(&r, arena, source, name, limits, err);
    if (status == VG_OK)
        status = read_document(&r, out, &more);
    reader_close(&r);
    return status;
}

static vg_status read_documents(reader *r, vg_vec *docs)
{
    for (size_t used = 0;;) {
        vg_doc doc;
        bool more;
        VG_TRY(read_document(r, &doc, &more));
        if (!more)
            return VG_OK;
        used += doc.node_count;
        vg_doc *slot = vg_vec_push(docs);
        if (!slot)
            return vg_fail(r->err, VG_ERR_MEMORY, "out of memory while reading YAML");
        *slot = doc;
        if (used > r->max_nodes)
            return vg_fail_at(r->err, VG_ERR_LIMIT, (vg_place){r->name, 0, 0},
                              "more than %zu values in all documents", r->max_nodes);
    }
}

vg_status vg_yaml_read_all(vg_arena *arena, vg_str source, vg_str name, const vg_limits *limits, vg_vec *docs,
                           vg_error *err)
{
    reader r;
    vg_status status = reader_open(&r, arena, source, name, limits, err);
    if (status == VG_OK)
        status = read_documents(&r, docs);
    reader_close(&r);
    return status;
}
