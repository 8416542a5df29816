/* index_part.h: how an index file lies on the disk (private to trail/).
 *
 *     page   0      1 ...                                                       pages of 4,096 bytes: 4,092 of content
 *          +------+---------+--------+--------+------------------+----------+   and a CRC-32 over content, page number
 *          | head | objects | places | covers | a tree per field | postings |   and file number, so that a page of
 *          +------+---------+--------+--------+------------------+----------+   another place or file is no page
 *
 *   objects   a stream: per log file its key, size, hash and counts
 *   places    32 bytes per log file, 127 in a page: first and last time, where it stands in `objects`, events, flags; files
 *             are numbered by their first time, so that neighbours in time are neighbours here
 *   covers    a stream: per kind of log, account and region the hours in which there was something
 *   trees     sorted terms, front-coded. The leaves of a tree are consecutive pages, and so are those of each level above
 *             them; an inner page holds the number of its first child and what tells the children apart. A look-up reads
 *             one page a level: four for 100 million terms. Short lists of files stand in the leaf itself
 *   postings  a stream: the long lists, ascending numbers of files, each as the distance to the one before
 *
 * Streams run over the content of their pages as if it were one. Numbers are little-endian, or varints (7 bits a byte,
 * the lowest first). A reader believes nothing: each length and number is held against what it may be at most. */
#ifndef VIGIL_TRAIL_INDEX_PART_H
#define VIGIL_TRAIL_INDEX_PART_H

#include "trail/trail.h"

enum {
    INDEX_PAGE = 4096,
    INDEX_CONTENT = INDEX_PAGE - 4,
    INDEX_PLACE = 32,
    INDEX_PLACES = INDEX_CONTENT / INDEX_PLACE, /* a page */
    INDEX_INLINE = 32,                          /* bytes of the longest list that stands in a leaf */
    INDEX_VERSION = 1,
    INDEX_DEPTH = 8 /* of a tree, at most */
};
#define INDEX_MAGIC        "VIGILIDX"
#define INDEX_MOST_OBJECTS (UINT32_MAX - 1)

typedef struct {
    uint64_t page, pages, bytes; /* the first page; bytes of content */
} index_section;

typedef struct {
    uint64_t leaf, leaves, root, terms;
} index_tree;

typedef struct {
    uint64_t number, pages, objects, events;
    vg_time first, last;
    index_section records, places, covers, postings;
    index_tree trees[VG_TRAIL_FIELD_COUNT];
} index_head;

struct vg_trail_index {
    vg_str bytes; /* of the whole file */
    vg_str path;
    vg_arena *arena;
    vg_mapped mapped;
    index_head head;
};

typedef struct {
    vg_time first, last;
    uint64_t record; /* offset in the stream */
    uint32_t events;
    uint32_t flags;
} index_place;
enum { INDEX_TIMELESS = 1 << 8, INDEX_COPIED = 1 << 9 }; /* beside the bits of the logs */

/* ---- index_page.c: pages and streams ---- */

static inline void index_put64(unsigned char *at, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}
static inline uint64_t index_get64(const unsigned char *at)
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | at[i];
    return value;
}
static inline void index_put32(unsigned char *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}
static inline uint32_t index_get32(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}
uint32_t index_checksum(const unsigned char *content, uint64_t page, uint64_t number);

/* Writes pages one behind the other. The first write that fails is kept in `err`; the rest do nothing. */
typedef struct {
    int fd;
    uint64_t number, page; /* the page that is being filled */
    size_t used;
    uint64_t section; /* bytes written since index_out_begin */
    vg_status status;
    vg_error err;
    size_t held;            /* whole pages in `pages` */
    unsigned char *pages;   /* INDEX_HELD of them */
    unsigned char *current; /* the one being filled */
} index_out;
enum { INDEX_HELD = 64 };

vg_status index_out_open(index_out *out, vg_str path, uint64_t number, vg_error *err);
void index_out_bytes(index_out *out, const void *bytes, size_t len);
void index_out_varint(index_out *out, uint64_t value);
void index_out_str(index_out *out, vg_str text);
void index_out_u64(index_out *out, uint64_t value);
/* Ends the page that is being filled, if anything is in it. */
void index_out_page(index_out *out);
index_section index_out_begin(index_out *out);
void index_out_end(index_out *out, index_section *section);
/* Writes the head, syncs, and closes. On failure nothing is left but the file, to be removed by the caller. */
vg_status index_out_close(index_out *out, const index_head *head, vg_error *err);
void index_out_abandon(index_out *out);

size_t index_varint(unsigned char *at, uint64_t value); /* writes at most 10 bytes; how many */

/* Says that the file is broken, and where. */
vg_status index_broken(const vg_trail_index *index, uint64_t page, const char *what, vg_error *err);
/* The content of a page, checked. */
vg_status index_page(const vg_trail_index *index, uint64_t page, const unsigned char **content,
                     vg_error *err);

/* Reads a stream from an offset on. Fails for good at the first thing that is wrong. */
typedef struct {
    const vg_trail_index *index;
    const index_section *section;
    uint64_t page; /* of `at` */
    uint64_t left; /* bytes of the section from `at` on */
    const unsigned char *at, *end;
} index_in;
vg_status index_in_open(index_in *in, const vg_trail_index *index, const index_section *section,
                        uint64_t offset, vg_error *err);
vg_status index_in_bytes(index_in *in, void *bytes, size_t len, vg_error *err);
vg_status index_in_varint(index_in *in, uint64_t *value, vg_error *err);
vg_status index_in_u64(index_in *in, uint64_t *value, vg_error *err);
vg_status index_in_str(index_in *in, vg_arena *arena, size_t most, vg_str *out, vg_error *err);

/* ---- index_tree.c ---- */

/* Builds one tree out of terms that come in order. Long lists go to `spill`, the future postings. */
typedef struct {
    index_out *out;
    int spill;
    uint64_t *spilled; /* bytes in it */
    vg_arena *arena;   /* what tells pages apart */
    vg_vec separators; /* vg_str, of the leaves */
    vg_buf spill_held;
    unsigned char leaf[INDEX_CONTENT];
    size_t used, entries;
    unsigned char last[VG_TRAIL_TERM];
    size_t last_len;
    index_tree tree;
    vg_buf list;
} index_builder;
void index_builder_begin(index_builder *builder);
vg_status index_builder_add(index_builder *builder, vg_str term, const uint32_t *objects, size_t count,
                            vg_error *err);
vg_status index_builder_end(index_builder *builder, index_tree *tree, vg_error *err);

/* Walks the terms of a tree. */
typedef struct {
    const vg_trail_index *index;
    const index_tree *tree;
    uint64_t leaf; /* of the tree's leaves: the one at hand */
    const unsigned char *at, *end;
    size_t entries; /* left in it */
    unsigned char term[VG_TRAIL_TERM];
    size_t term_len;
    uint64_t count;
    const unsigned char *list; /* in the leaf; NULL: at `offset` of the postings */
    size_t list_len;
    uint64_t offset;
} index_walk;
/* Stands before the first term that is not less than `from`; index_walk_next goes on to it. */
vg_status index_walk_open(index_walk *walk, const vg_trail_index *index, vg_trail_field field, vg_str from,
                          vg_error *err);
vg_status index_walk_next(index_walk *walk, bool *more, vg_error *err);
/* Appends the objects of the term at hand. */
vg_status index_walk_objects(const index_walk *walk, vg_vec *objects, vg_error *err);

/* ---- index_write.c ---- */

/* Where the writer takes objects and terms from: gathered ones, or those of other indexes. */
typedef struct {
    void *context;
    uint64_t objects;
    vg_status (*object)(void *context, uint64_t i, vg_arena *arena, vg_trail_object *out, vg_error *err);
    vg_status (*terms_begin)(void *context, vg_trail_field field, vg_error *err);
    /* The next term in order, with its objects, ascending; count 0 ends the field. */
    vg_status (*term)(void *context, vg_str *term, const uint32_t **objects, size_t *count, vg_error *err);
    const vg_trail_cover *covers;
    size_t cover_count;
} index_content;
vg_status index_write(const index_content *content, vg_str path, uint64_t number, vg_error *err);

/* ---- index_read.c ---- */
vg_status index_place_of(const vg_trail_index *index, uint64_t object, index_place *out, vg_error *err);

/* ---- index_cover.c ---- */
void index_covers_write(index_out *out, const vg_trail_cover *covers, size_t count);
/* Hours (in any order) as covers. */
vg_status index_covers_of(vg_arena *arena, vg_trail_hour *hours, size_t count, vg_vec *covers, vg_error *err);

/* ---- index_terms.c ---- */

/* The indexed path that was typed with dots, in any case, as vg_get_str takes it; NULL when it is none. */
const char *index_path_of(vg_str typed, vg_trail_field *field);
/* The value that is indexed there: empty in an event of a log that does not have the path. */
vg_str index_path_value(const char *path, const vg_event *event);

static inline vg_status index_no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while indexing logs");
}

#endif
