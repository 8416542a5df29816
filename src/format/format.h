/* format.h: bytes in, one value tree or a stream out, and back again.
 *
 * Every reader of a document (JSON, YAML, CSV) builds the same read-only tree, a flat array of 16-byte nodes in
 * document order:
 *
 *     {"a": [1, "x"], "b": true}
 *
 *     node   0        1     2       3     4      5     6
 *          +--------+-----+-------+-----+------+-----+------+
 *          | OBJECT | "a" | ARRAY |  1  | "x"  | "b" | true |
 *          | count 2|     |count 2|     |      |     |      |
 *          | span 7 |     | span 3|     |      |     |      |
 *          +--------+-----+-------+-----+------+-----+------+
 *
 * The next sibling of a node is `node + span` (1 for what is not a container), so walking is pointer arithmetic over
 * memory read in order. Strings borrow the source where nothing was escaped. Every node carries its place. A tree is
 * immutable once built: any number of threads may read it. Logs are not documents: they are read with the on-demand
 * cursor (vg_json_cursor), which builds nothing. */
#ifndef VIGIL_FORMAT_H
#define VIGIL_FORMAT_H

#include "base/base.h"

/* ---- the value tree --------------------------------------------------------------------------------------------- */

typedef enum {
    VG_NULL,
    VG_BOOL,
    VG_INT,    /* fits int64_t */
    VG_UINT,   /* above INT64_MAX, fits uint64_t */
    VG_DOUBLE, /* has a fraction or an exponent; correctly rounded */
    VG_NUMBER, /* a number that fits none of these exactly enough to keep: its text, in `string` (big integers,
                  overflowing exponents) */
    VG_STRING,
    VG_ARRAY,
    VG_OBJECT
} vg_kind;

typedef struct vg_value {
    uint32_t kind : 4; /* vg_kind */
    uint32_t len : 28; /* bytes of a STRING or NUMBER */
    uint32_t position; /* see vg_doc */
    union {
        bool boolean;
        int64_t i64;
        uint64_t u64;
        double f64;
        const char *string; /* `len` bytes; may hold NULs; not NUL-terminated */
        struct {
            uint32_t count; /* items of an ARRAY, pairs of an OBJECT */
            uint32_t span;  /* nodes from this one to its next sibling */
        } container;
    } as;
} vg_value;

_Static_assert(sizeof(vg_value) == 16, "the tree's layout is its speed");

typedef struct {
    uint32_t line, column;
} vg_line_column;

/* A document: its tree and what it takes to say where a value stands. All memory is the arena's that it was read
 * into, except `source`, which the caller keeps alive. */
typedef struct vg_doc {
    const vg_value *root;
    size_t node_count;
    vg_str name;   /* file name for messages */
    vg_str source; /* the bytes that were read */
    const vg_line_column
        *positions; /* when not NULL, vg_value.position is an index into it; else a byte offset in
                                        source */
} vg_doc;

static inline vg_kind vg_kind_of(const vg_value *v)
{
    return (vg_kind)v->kind;
}
static inline vg_str vg_value_str(const vg_value *v) /* a STRING's or NUMBER's bytes; empty for others */
{
    return v->kind == VG_STRING || v->kind == VG_NUMBER ? (vg_str){v->as.string, v->len} : (vg_str){0};
}
static inline bool vg_value_is_container(const vg_value *v)
{
    return v->kind == VG_ARRAY || v->kind == VG_OBJECT;
}
static inline const vg_value *vg_value_after(const vg_value *v) /* the node behind v and all that it holds */
{
    return v + (vg_value_is_container(v) ? v->as.container.span : 1);
}
static inline size_t vg_value_count(const vg_value *v) /* items or pairs; 0 for scalars */
{
    return vg_value_is_container(v) ? v->as.container.count : 0;
}

/* Walking: for (vg_items it = vg_items_of(array); vg_items_next(&it);) use(it.value)
 *          for (vg_items it = vg_items_of(object); vg_items_next(&it);) use(it.key, it.value)
 * A scalar or NULL has no items. */
typedef struct {
    const vg_value *next, *end;
    const vg_value *value;
    const vg_value *key_node; /* NULL in an array */
    vg_str key;
    bool is_object;
} vg_items;

static inline vg_items vg_items_of(const vg_value *v)
{
    vg_items it = {0};
    if (v && vg_value_is_container(v)) {
        it.next = v + 1;
        it.end = v + v->as.container.span;
        it.is_object = v->kind == VG_OBJECT;
    }
    return it;
}
static inline bool vg_items_next(vg_items *it)
{
    if (it->next == it->end)
        return false;
    if (it->is_object) {
        it->key_node = it->next++;
        it->key = (vg_str){it->key_node->as.string, it->key_node->len};
    }
    it->value = it->next;
    it->next = vg_value_after(it->value);
    return true;
}

/* The value of `key` in an object (the last one, when the source repeats it), or NULL: also when `v` is NULL or no
 * object. O(pairs). */
const vg_value *vg_get(const vg_value *v, vg_str key);
/* vg_get along keys separated by '/': vg_get_path(v, "Policy/Statement"); array items by number. No escapes. */
const vg_value *vg_get_path(const vg_value *v, const char *path);
/* The string at `path`, or an empty slice with ptr NULL when absent or no string. */
vg_str vg_get_str(const vg_value *v, const char *path);
bool vg_get_bool(const vg_value *v, const char *path, bool if_absent);
bool vg_get_i64(const vg_value *v, const char *path, int64_t *out);
const vg_value *vg_value_item(const vg_value *array, size_t i); /* O(i), NULL past the end */
/* Deep equality: objects in any order of keys, numbers by value across kinds. */
bool vg_value_equal(const vg_value *a, const vg_value *b);
/* Where `v`, a node of `doc`, stands. O(position) the first time it must count lines. */
vg_place vg_doc_place(const vg_doc *doc, const vg_value *v);

/* What protects the readers from hostile input. Zero in a field means its default. */
typedef struct {
    size_t max_bytes;   /* of input; default 4 GiB - 1 for JSON, 64 MiB for YAML */
    size_t max_nodes;   /* of the tree, expanded aliases included; default 2^31 for JSON, 10 M for YAML */
    unsigned max_depth; /* default 512 */
} vg_limits;

/* ---- building trees in memory ------------------------------------------------------------------------------------- */

/* Builds a tree from code: begin/end containers, key before each value of an object. Errors (unbalanced, memory)
 * stick and are told by vg_builder_finish. Strings are borrowed unless added with vg_builder_copy. */
typedef struct vg_builder vg_builder;
vg_builder *vg_builder_new(vg_arena *arena);
void vg_builder_object(vg_builder *b);
void vg_builder_array(vg_builder *b);
void vg_builder_end(vg_builder *b);
void vg_builder_key(vg_builder *b, vg_str key);
void vg_builder_string(vg_builder *b, vg_str s);
void vg_builder_copy(vg_builder *b, vg_str s); /* a string copied into the arena */
void vg_builder_i64(vg_builder *b, int64_t i);
void vg_builder_f64(vg_builder *b, double d);
void vg_builder_bool(vg_builder *b, bool value);
void vg_builder_null(vg_builder *b);
void vg_builder_value(vg_builder *b, const vg_value *v);    /* a copy of a whole subtree; positions kept */
void vg_builder_position(vg_builder *b, uint32_t position); /* of the values added from here on */
/* key + value in one call */
void vg_builder_put_str(vg_builder *b, const char *key, vg_str s);
void vg_builder_put_i64(vg_builder *b, const char *key, int64_t i);
void vg_builder_put_bool(vg_builder *b, const char *key, bool value);
void vg_builder_put_value(vg_builder *b, const char *key, const vg_value *v);
vg_status vg_builder_finish(vg_builder *b, const vg_value **root, size_t *node_count, vg_error *err);

/* ---- JSON (RFC 8259) ------------------------------------------------------------------------------------------------ */

/* Which instructions the structural index uses. AUTO takes the best that the machine has; the others are for tests. */
typedef enum { VG_JSON_AUTO, VG_JSON_PLAIN, VG_JSON_SSE2, VG_JSON_AVX2, VG_JSON_AVX512 } vg_json_path;

/* Reads one JSON document, strictly: RFC 8259 alone (a UTF-8 byte order mark at the start is skipped), well-formed
 * UTF-8, no duplicate check, nothing behind the document. `source` must stay alive and unchanged. Numbers: integers
 * to 64 bits, doubles correctly rounded, others as text. Linear in source. */
vg_status vg_json_read(vg_arena *arena, vg_str source, vg_str name, const vg_limits *limits, vg_doc *out,
                       vg_error *err);
vg_status vg_json_read_with(vg_arena *arena, vg_str source, vg_str name, const vg_limits *limits,
                            vg_json_path path, vg_doc *out, vg_error *err);

/* ---- the on-demand JSON cursor -------------------------------------------------------------------------------------- */

/* For logs, of which a reader wants a few fields of each of a million records. The cursor walks the token index of the
 * text, builds nothing, and goes forward only. It stands on a value, which is then read, entered, or left alone:
 *
 *     {"Records": [{"eventName": "GetObject", "userIdentity": {...}}, ...]}
 *
 *     vg_json_cursor *c;
 *     bool found, more, field;
 *     vg_str key, name;
 *     vg_json_cursor_open(arena, source, file, NULL, &c, err);
 *     vg_json_cursor_document(c, &more, err);                      stands on the whole
 *     vg_json_cursor_enter(c, err);
 *     vg_json_cursor_find(c, VG_STR("Records"), &found, err);      stands on the array
 *     vg_json_cursor_enter(c, err);
 *     while (vg_json_cursor_next(c, NULL, &more, err) == VG_OK && more) {             on each record
 *         vg_json_cursor_enter(c, err);
 *         while (vg_json_cursor_next(c, &key, &field, err) == VG_OK && field)         on each of its values
 *             if (vg_str_is(key, "eventName"))
 *                 vg_json_cursor_str(c, arena, &name, err);
 *     }
 *
 * A value that was not read when the cursor goes on is skipped at the speed of the index. What is skipped is checked
 * for well-formed UTF-8, for strings and brackets that end, and for no more; what is read is checked as vg_json_read
 * does. The text may hold many documents, one a line or just one behind the other. All functions fail with the error of
 * the text and its place; after a failure only vg_json_cursor_recover and vg_json_cursor_place are of use. Asking for
 * what the cursor does not stand on fails with VG_ERR_VALUE and leaves it where it is. */
typedef struct vg_json_cursor vg_json_cursor;

/* A cursor in front of the first document. It lives in `arena` (about 18 KB), and so do keys that held escapes.
 * `source` must stay alive. limits: max_bytes, and max_depth of what is entered. */
vg_status vg_json_cursor_open(vg_arena *arena, vg_str source, vg_str name, const vg_limits *limits,
                              vg_json_cursor **out, vg_error *err);
/* Goes to the next document, whatever was left of the one before. *more is false at the end of the text. */
vg_status vg_json_cursor_document(vg_json_cursor *c, bool *more, vg_error *err);
/* Says that each document stands on a line of its own: one that runs on past its line then fails there, so that a bad
 * line costs no more than itself. */
void vg_json_cursor_by_line(vg_json_cursor *c);
/* After a failure, by line: goes behind the line on which the failed document began, so that vg_json_cursor_document
 * gives the next line's. */
void vg_json_cursor_recover(vg_json_cursor *c);

/* After a failure among the objects of an array, or when the array ended before the text: goes on with the next object that
 * seems to begin further on, as if an array had just been entered. False: there is none. What it finds may be an object
 * within another; each call goes further. */
bool vg_json_cursor_resume(vg_json_cursor *c);

/* The kind of the value that the cursor stands on, by its first byte: VG_NUMBER for every number. VG_NULL when it stands
 * on none. */
vg_kind vg_json_cursor_kind(const vg_json_cursor *c);
/* Enters the object or array: the cursor then stands before its first item. */
vg_status vg_json_cursor_enter(vg_json_cursor *c, vg_error *err);
/* Goes to the next item of the innermost entered container, with its key (key may be NULL; empty in an array). At the
 * end *more is false, and the cursor has left the container: the next call continues in the one around it. */
vg_status vg_json_cursor_next(vg_json_cursor *c, vg_str *key, bool *more, vg_error *err);
/* Goes on to the value of `key` in the entered object; the first one from here. When there is none, *found is false and
 * the object has been left. */
vg_status vg_json_cursor_find(vg_json_cursor *c, vg_str key, bool *found, vg_error *err);
/* Leaves the innermost entered container, skipping what is left of it. */
vg_status vg_json_cursor_leave(vg_json_cursor *c, vg_error *err);

/* Each of these reads the value that the cursor stands on, and the cursor then stands behind it.
 * A string, borrowed from source where nothing was escaped, else in `arena`. */
vg_status vg_json_cursor_str(vg_json_cursor *c, vg_arena *arena, vg_str *out, vg_error *err);
/* Any scalar as a node like a tree's; its position is its offset in source. */
vg_status vg_json_cursor_scalar(vg_json_cursor *c, vg_arena *arena, vg_value *out, vg_error *err);
/* The value's own bytes, skipped and not checked further. */
vg_status vg_json_cursor_raw(vg_json_cursor *c, vg_str *out, vg_error *err);
/* The value as a tree in `arena`, wholly checked. Positions are offsets in the whole source, so vg_doc_place works. */
vg_status vg_json_cursor_tree(vg_json_cursor *c, vg_arena *arena, vg_doc *out, vg_error *err);
/* Paths whose values are wanted of each of many objects: keys ("eventName") or keys of objects in them
 * ("userIdentity.type"), to any depth; at most 4096 keys an object. The paths must stay alive. NULL when memory is out or
 * they are too many. */
typedef struct vg_json_picks vg_json_picks;
vg_json_picks *vg_json_picks_new(vg_arena *arena, const vg_str *paths, size_t count);
/* Reads the object that the cursor stands on in one go: values[i] becomes the bytes of the value of paths[i] as they
 * stand there (a string with its quotes), {NULL, 0} when it is absent, a single "[" when the path leads into a list. *odd
 * says that the picked values may not be what a reader of the tree would find: a key on a path occurs twice, or one
 * holds an escape or a dot. *raw is the whole object. What was not picked is skipped. */
vg_status vg_json_cursor_pick(vg_json_cursor *c, const vg_json_picks *picks, vg_str *values, bool *odd,
                              vg_str *raw, vg_error *err);
/* The offset at which the cursor stands, or failed. */
size_t vg_json_cursor_offset(const vg_json_cursor *c);
/* Where the cursor stands. Lines are counted on from the last call: all calls together are linear in source. */
vg_place vg_json_cursor_place(vg_json_cursor *c);

/* ---- writing JSON --------------------------------------------------------------------------------------------------- */

/* Streams JSON into a buffer: commas, quotes and escapes are the writer's business; what is not well-formed UTF-8 is
 * replaced by U+FFFD. indent 0 writes one line. Unbalanced use is our own mistake and asserts. */
typedef struct {
    vg_buf *out;
    unsigned indent;
    unsigned depth;
    bool has_item[64];
    bool after_key;
} vg_json_writer;
vg_json_writer vg_json_writer_to(vg_buf *out, unsigned indent);
void vg_json_object(vg_json_writer *w);
void vg_json_array(vg_json_writer *w);
void vg_json_end_object(vg_json_writer *w);
void vg_json_end_array(vg_json_writer *w);
void vg_json_key(vg_json_writer *w, const char *key);
void vg_json_key_str(vg_json_writer *w, vg_str key);
void vg_json_string(vg_json_writer *w, vg_str s);
void vg_json_i64(vg_json_writer *w, int64_t i);
void vg_json_f64(vg_json_writer *w, double d); /* shortest text that reads back to the same double */
void vg_json_bool(vg_json_writer *w, bool b);
void vg_json_null(vg_json_writer *w);
void vg_json_value(vg_json_writer *w, const vg_value *v);
void vg_json_put_str(vg_json_writer *w, const char *key, vg_str s);
void vg_json_put_i64(vg_json_writer *w, const char *key, int64_t i);
void vg_json_put_bool(vg_json_writer *w, const char *key, bool b);
/* A value as JSON text: indent as above. */
void vg_json_write(vg_buf *out, const vg_value *v, unsigned indent);
/* The canonical form, for hashing and comparing: one line, keys sorted by bytes, the last of repeated keys alone. */
void vg_json_write_canonical(vg_buf *out, const vg_value *v);

/* ---- YAML 1.1 (libyaml), with CloudFormation's short tags ------------------------------------------------------------- */

/* Reads the first document of a YAML stream into the same tree. Plain scalars are typed by the YAML 1.1 core rules
 * that CloudFormation's own reader follows (true/false, null, integers, floats; yes/no/on/off stay text; dates stay
 * text). Short tags become their long form: !Ref x is {"Ref": x}, !GetAtt a.b is {"Fn::GetAtt": ["a", "b"]}, !Sub x is
 * {"Fn::Sub": x}. Anchors are expanded and `<<` merged, within limits. Positions are exact. */
vg_status vg_yaml_read(vg_arena *arena, vg_str source, vg_str name, const vg_limits *limits, vg_doc *out,
                       vg_error *err);
/* All documents of the stream: docs gets vg_doc items. */
vg_status vg_yaml_read_all(vg_arena *arena, vg_str source, vg_str name, const vg_limits *limits, vg_vec *docs,
                           vg_error *err);

/* JSON or YAML by content: JSON when the first byte that is no white space is '{' or '[' and it reads as such. */
vg_status vg_document_read(vg_arena *arena, vg_str source, vg_str name, const vg_limits *limits, vg_doc *out,
                           vg_error *err);

/* ---- CSV (RFC 4180) ------------------------------------------------------------------------------------------------- */

/* Reads records one at a time: quoted fields with doubled quotes and line breaks, CRLF or LF, a final line break or
 * none. Fields are slices of source, or of the arena where quotes were doubled. */
typedef struct {
    vg_str source, name;
    size_t at;
    uint32_t line; /* of the next record */
    vg_arena *arena;
} vg_csv;
vg_csv vg_csv_over(vg_arena *arena, vg_str source, vg_str name);
/* The next record's fields (vg_str items pushed on `fields`, cleared first). *more is false at the end. */
vg_status vg_csv_next(vg_csv *csv, vg_vec *fields, bool *more, vg_error *err);

/* ---- compression and archives ----------------------------------------------------------------------------------------- */

/* A gzip (RFC 1952, all members) or zstd file's content, recognised by magic; other bytes are returned as they are
 * (*out = bytes, nothing copied). At most max_out bytes: VG_ERR_LIMIT beyond. */
vg_status vg_decompress(vg_arena *arena, vg_str bytes, size_t max_out, vg_str *out, vg_error *err);
bool vg_is_compressed(vg_str bytes);
vg_status vg_gzip(vg_arena *arena, vg_str bytes, int level, vg_str *out, vg_error *err);

/* A file read piece by piece, uncompressed on the way: gzip (all members), zstd, or as it is. For files too large to be held
 * whole, and for what can still be read of a damaged one. */
typedef struct vg_stream vg_stream;
vg_status vg_stream_open(vg_str path, vg_stream **out, vg_error *err);
/* Up to `room` bytes; *got is 0 at the end, and only there. Fails with VG_ERR_SYNTAX where compressed data is damaged or cut
 * off; what came before has been given. */
vg_status vg_stream_read(vg_stream *stream, char *out, size_t room, size_t *got, vg_error *err);
void vg_stream_close(vg_stream *stream); /* NULL is fine */

/* Walks the regular files of a tar or zip (by libarchive), in order. Names that are absolute or climb ("..") are
 * reported with VG_ERR_VALUE to `bad` and skipped. `each` returning other than VG_OK stops and is returned. */
typedef struct {
    vg_str path, bytes;
    vg_time modified;
} vg_archive_entry;
vg_status vg_archive_walk(vg_str archive, vg_str name, size_t max_entry, size_t max_total,
                          vg_status (*each)(void *context, const vg_archive_entry *entry, vg_error *err),
                          void (*bad)(void *context, const vg_error *err), void *context, vg_error *err);
bool vg_is_archive(
    vg_str bytes); /* tar (ustar, pax, GNU) or zip, by magic; compressed tar is vg_decompress's first */

/* ---- text encodings ------------------------------------------------------------------------------------------------- */

/* What PowerShell writes: a UTF-8 byte order mark is dropped, UTF-16 (by its mark) is turned into UTF-8. Other bytes
 * are returned as they are. Malformed UTF-16 is VG_ERR_SYNTAX. */
vg_status vg_text_to_utf8(vg_arena *arena, vg_str bytes, vg_str *out, vg_error *err);

#endif
