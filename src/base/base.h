/* base.h: what every room stands on, with no AWS word in it: strings, memory, errors, containers, hashes, time,
 * threads and files.
 *
 * Four habits hold everywhere:
 *   - text is a slice (`vg_str`): borrowed, not NUL-terminated, possibly hostile;
 *   - memory is an arena per unit of work, freed once;
 *   - what can fail returns `vg_status` and fills a `vg_error` with what, where and what to do;
 *   - containers that grow keep a failed allocation in mind (`failed`), so that a builder checks once, at its end.
 * Nothing here is global or mutable: time, environment and files come in through parameters. */
#ifndef VIGIL_BASE_H
#define VIGIL_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* ---- strings ------------------------------------------------------------------------------------------------ */

/* A slice of bytes. Not NUL-terminated; `ptr` may be NULL when `len` is 0. Borrowed: whoever made the bytes owns
 * them. */
typedef struct {
    const char *ptr;
    size_t len;
} vg_str;

/* A literal as a slice: VG_STR("account"). For static tables: VG_STR_INIT("account"). */
#define VG_STR(literal) ((vg_str){"" literal, sizeof(literal) - 1})
#define VG_STR_INIT(literal)                                                                                 \
    {                                                                                                        \
        "" literal, sizeof(literal) - 1                                                                      \
    }
/* printf a slice: printf("%.*s", VG_ARG(name)). */
#define VG_ARG(s) (int)(s).len, (s).ptr ? (s).ptr : ""

#define VG_COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline vg_str vg_str_from(const char *c_string)
{
    return (vg_str){c_string, c_string ? strlen(c_string) : 0};
}
static inline vg_str vg_str_of(const char *ptr, size_t len)
{
    return (vg_str){ptr, len};
}
static inline bool vg_str_eq(vg_str a, vg_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}
static inline bool vg_str_is(vg_str a, const char *c_string)
{
    return vg_str_eq(a, vg_str_from(c_string));
}
static inline bool vg_str_starts(vg_str s, vg_str prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}
static inline bool vg_str_ends(vg_str s, vg_str suffix)
{
    return s.len >= suffix.len &&
           (suffix.len == 0 || memcmp(s.ptr + s.len - suffix.len, suffix.ptr, suffix.len) == 0);
}
/* The slice from byte `from`, at most `len` bytes; clamped to s. */
static inline vg_str vg_str_sub(vg_str s, size_t from, size_t len)
{
    if (from > s.len)
        from = s.len;
    if (len > s.len - from)
        len = s.len - from;
    return (vg_str){s.ptr ? s.ptr + from : NULL, len};
}

#define VG_NPOS SIZE_MAX
int vg_str_cmp(vg_str a, vg_str b);          /* byte order, shorter first on a tie: -1, 0, 1 */
bool vg_str_eq_icase(vg_str a, vg_str b);    /* ASCII case ignored */
size_t vg_str_find(vg_str s, vg_str needle); /* first occurrence or VG_NPOS; an empty needle is at 0 */
size_t vg_str_find_char(vg_str s, char c);   /* first occurrence or VG_NPOS */
size_t vg_str_rfind_char(vg_str s, char c);  /* last occurrence or VG_NPOS */
vg_str vg_str_trim(vg_str s);                /* without ASCII white space at both ends */
/* Splits at the first `sep`: false, *left = s and *right = {0} when there is none. */
bool vg_str_split(vg_str s, char sep, vg_str *left, vg_str *right);
/* Takes the next piece of *rest up to `sep` (which is consumed). False at the end. "a,,b" gives a, "", b. */
bool vg_str_next(vg_str *rest, char sep, vg_str *piece);
/* Decimal integers over the whole slice: optional '-', digits, nothing else; false on overflow. */
bool vg_str_to_i64(vg_str s, int64_t *out);
bool vg_str_to_u64(vg_str s, uint64_t *out);
/* Whether s is well-formed UTF-8 (Unicode 15, table 3-7: no surrogates, nothing over U+10FFFF, shortest form).
 * On false, *bad (if not NULL) is the offset of the first wrong byte. */
bool vg_utf8_valid(vg_str s, size_t *bad);
/* Shell-style glob over bytes: '*' any run, '?' one byte. Linear in s times stars in pattern, no recursion. */
bool vg_str_glob(vg_str pattern, vg_str s);

/* ---- errors ------------------------------------------------------------------------------------------------- */

typedef enum {
    VG_OK = 0,
    VG_ERR_USAGE,       /* the caller or the user asked for something that does not exist */
    VG_ERR_SYNTAX,      /* bytes that do not follow their format's grammar */
    VG_ERR_VALUE,       /* well-formed, but not a value that is allowed here */
    VG_ERR_LIMIT,       /* larger, deeper or longer than the limit that protects us */
    VG_ERR_NOT_FOUND,   /* file, record, name: not there */
    VG_ERR_DENIED,      /* no permission */
    VG_ERR_IO,          /* the system could not read or write */
    VG_ERR_FULL,        /* no space left */
    VG_ERR_BUSY,        /* somebody else holds it */
    VG_ERR_VERSION,     /* made by a newer version than this */
    VG_ERR_CORRUPT,     /* stored data that fails its own checks */
    VG_ERR_UNSUPPORTED, /* understood, and deliberately not handled */
    VG_ERR_MEMORY,      /* allocation failed or an arena's limit was reached */
    VG_ERR_CANCELLED,   /* the user interrupted */
    VG_ERR_INTERNAL     /* our own mistake */
} vg_status;

/* A place in an input. `line` and `column` count from 1, columns in bytes... of UTF-8 text; 0 means unknown. */
typedef struct {
    vg_str file;
    uint32_t line, column;
} vg_place;

/* One clear line: what and what to do in `message`, where in `place`. `place.file` is copied into `file_text`
 * by vg_error_at, so an error outlives the input. */
typedef struct {
    vg_status code;
    char message[512];
    char file_text[256];
    vg_place place;
} vg_error;

/* Returns from the calling function with the status of `expr` if it is not VG_OK. */
#define VG_TRY(expr)                                                                                         \
    do {                                                                                                     \
        vg_status vg_try_status_ = (expr);                                                                   \
        if (vg_try_status_ != VG_OK)                                                                         \
            return vg_try_status_;                                                                           \
    } while (0)

/* Fills *err (may be NULL) and returns `code`. The message says what is wrong and what to do, without a final dot.
 * Control characters in it are replaced, so that hostile text cannot drive a terminal. */
vg_status vg_fail(vg_error *err, vg_status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with a place. */
vg_status vg_fail_at(vg_error *err, vg_status code, vg_place place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same for a failed system call: appends strerror(errno_value) and chooses the code from it. */
vg_status vg_fail_errno(vg_error *err, int errno_value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Sets or replaces the place of an error that has none yet. */
void vg_error_locate(vg_error *err, vg_place place);
/* An error's file name stands in the error itself: assigning one would leave the copy's place behind in the first.
 * Either may be NULL. */
void vg_error_copy(vg_error *to, const vg_error *from);
/* "file:line:column: message" (or as much of the place as is known) into out; always NUL-terminated. */
void vg_error_format(const vg_error *err, char *out, size_t out_size);
/* The code's name: "syntax", "limit". Static. */
const char *vg_status_name(vg_status code);

/* ---- arena -------------------------------------------------------------------------------------------------- */

/* Memory of one unit of work: bump allocation in blocks, freed at once. Not for use by two threads at a time. */
typedef struct vg_arena vg_arena;

/* `limit` bounds the bytes handed out in all (0: no bound). NULL when memory is out. */
vg_arena *vg_arena_new(size_t limit);
void vg_arena_free(vg_arena *arena);                               /* NULL is fine */
void vg_arena_reset(vg_arena *arena);                              /* forgets all, keeps the largest block */
void *vg_arena_alloc(vg_arena *arena, size_t size);                /* 16-byte aligned, NULL when out */
void *vg_arena_calloc(vg_arena *arena, size_t count, size_t size); /* zeroed; overflow gives NULL */
size_t vg_arena_used(const vg_arena *arena);                       /* bytes handed out */
/* A copy in the arena, with a NUL behind it that `len` does not count. ptr is NULL when memory is out. */
vg_str vg_arena_str(vg_arena *arena, vg_str s);
char *vg_arena_cstr(vg_arena *arena, vg_str s);
vg_str vg_arena_printf(vg_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
vg_str vg_arena_join(vg_arena *arena, vg_str a, vg_str b);

#define VG_NEW(arena, type)          ((type *)vg_arena_calloc((arena), 1, sizeof(type)))
#define VG_NEW_N(arena, type, count) ((type *)vg_arena_calloc((arena), (count), sizeof(type)))

/* ---- growing bytes and arrays --------------------------------------------------------------------------------- */

/* A byte buffer on the heap. Zero-initialise, append, check `failed` once, vg_buf_free. */
typedef struct {
    char *ptr;
    size_t len, cap;
    bool failed; /* an append ran out of memory; what was appended since is missing */
} vg_buf;

bool vg_buf_reserve(vg_buf *buf, size_t more);
void vg_buf_add(vg_buf *buf, const void *bytes, size_t len);
void vg_buf_add_str(vg_buf *buf, vg_str s);
void vg_buf_add_c(vg_buf *buf, const char *c_string);
void vg_buf_add_char(vg_buf *buf, char c);
void vg_buf_addf(vg_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void vg_buf_clear(vg_buf *buf); /* len = 0, memory kept */
void vg_buf_free(vg_buf *buf);
static inline vg_str vg_buf_str(const vg_buf *buf)
{
    return (vg_str){buf->ptr, buf->len};
}

/* An array of items of one size in an arena: vg_vec v = vg_vec_in(arena, sizeof(thing)); thing *t = vg_vec_push(&v).
 * Items move when it grows: keep indexes, not pointers, while pushing. */
typedef struct {
    void *items;
    size_t len, cap, item_size;
    vg_arena *arena;
} vg_vec;

static inline vg_vec vg_vec_in(vg_arena *arena, size_t item_size)
{
    return (vg_vec){NULL, 0, 0, item_size, arena};
}
void *vg_vec_push(vg_vec *vec); /* a zeroed new last item, or NULL when memory is out */
static inline void *vg_vec_at(const vg_vec *vec, size_t i)
{
    return (char *)vec->items + i * vec->item_size;
}

/* ---- hash map --------------------------------------------------------------------------------------------------- */

/* Slices to 64-bit values, in an arena, iterated in the order of insertion (so output never depends on hashes).
 * Keys are borrowed. `seed` defends against chosen keys; it changes nothing that can be seen. */
typedef struct vg_map vg_map;
typedef struct {
    vg_str key;
    union {
        uint64_t u64;
        void *ptr;
    } value;
} vg_map_entry;

vg_map *vg_map_new(vg_arena *arena, uint64_t seed);
/* The entry of `key`, made with value 0 when absent (*added says so; may be NULL). NULL when memory is out.
 * The pointer holds until the next vg_map_put. */
vg_map_entry *vg_map_put(vg_map *map, vg_str key, bool *added);
vg_map_entry *vg_map_get(const vg_map *map, vg_str key); /* NULL when absent; O(1) expected */
size_t vg_map_len(const vg_map *map);
vg_map_entry *vg_map_at(const vg_map *map, size_t i); /* i-th inserted */

/* ---- hashes ----------------------------------------------------------------------------------------------------- */

uint64_t vg_hash64(vg_str s, uint64_t seed); /* fast, stable across machines, not cryptographic */

typedef struct {
    uint8_t bytes[32];
} vg_sha256;
/* SHA-256 of the parts, each preceded by its length, so that ("ab","c") differs from ("a","bc"): for ids. */
vg_sha256 vg_sha256_parts(const vg_str *parts, size_t count);
vg_sha256 vg_sha256_bytes(vg_str bytes); /* plain SHA-256, as sha256sum prints */
/* Lower-case hexadecimal of n bytes into out (2n+1 bytes, NUL-terminated). */
void vg_hex(const uint8_t *bytes, size_t n, char *out);
/* Base64 (RFC 4648, standard or URL alphabet, padding optional, white space skipped) into the arena. */
vg_status vg_base64_decode(vg_arena *arena, vg_str text, vg_str *out, vg_error *err);

/* ---- time ------------------------------------------------------------------------------------------------------- */

/* Microseconds since 1970-01-01T00:00:00Z. Whoever needs "now" gets it as a parameter. */
typedef int64_t vg_time;
#define VG_TIME_NONE   INT64_MIN
#define VG_TIME_SECOND INT64_C(1000000)
#define VG_TIME_DAY    (INT64_C(86400) * VG_TIME_SECOND)

vg_time vg_time_now(void); /* the system's clock; called by cli/ alone */
uint64_t vg_time_monotonic_ns(void);
/* RFC 3339 and the ISO 8601 forms that AWS prints: 2026-11-24, 2026-11-24T10:00:00Z, ...T10:00:00.123456+00:00,
 * ...+0000, a space for the T. Nothing before or after. False on anything else. */
bool vg_time_parse(vg_str text, vg_time *out);
#define VG_TIME_TEXT 32
/* "2026-11-24T10:00:00Z", with ".123456" only when not whole seconds. out holds VG_TIME_TEXT bytes. */
void vg_time_format(vg_time t, char out[VG_TIME_TEXT]);
void vg_time_format_date(vg_time t, char out[VG_TIME_TEXT]); /* "2026-11-24" */

/* ---- threads ---------------------------------------------------------------------------------------------------- */

/* Runs fn(context, i) for i in 0..count-1 on `threads` threads (0: as many as processors; 1: the caller's own).
 * Items are handed out in order; the caller merges results by index, so the number of threads changes nothing.
 * Returns when all are done. If threads cannot be made, the caller's own does the work. */
void vg_parallel(size_t threads, size_t count, void (*fn)(void *context, size_t i), void *context);
size_t vg_cpu_count(void);

/* Work on a thread of its own, while the caller goes on: what fn(context) uses is its own until vg_beside_wait returns. NULL:
 * no thread could be made, and the work is done. Wait exactly once; NULL returns at once. */
typedef struct vg_beside vg_beside;
vg_beside *vg_beside_start(void (*fn)(void *context), void *context);
void vg_beside_wait(vg_beside *beside);

/* ---- files ------------------------------------------------------------------------------------------------------ */

/* The whole file, at most `max` bytes (VG_ERR_LIMIT beyond), into the arena. "-" reads standard input. */
vg_status vg_file_read(vg_arena *arena, vg_str path, size_t max, vg_str *out, vg_error *err);

/* A file mapped read-only. Zero-length files give an empty slice. Fails like vg_file_read. A file that shrinks while
 * mapped raises SIGBUS: only for files that nobody else writes. */
typedef struct {
    vg_str bytes;
    void *mapping;
    size_t mapping_len;
} vg_mapped;
vg_status vg_file_map(vg_str path, vg_mapped *out, vg_error *err);
void vg_file_unmap(vg_mapped *mapped);

/* Replaces `path` with `bytes` so that a reader or a crash sees the old file or the new one, never a part: a
 * temporary file beside it, fsync, rename, fsync of the folder. `mode` as for open(2). */
vg_status vg_file_write_atomic(vg_str path, vg_str bytes, unsigned mode, vg_error *err);
vg_status vg_dir_make(vg_str path, unsigned mode, vg_error *err); /* with parents; existing is fine */
bool vg_file_exists(vg_str path);
bool vg_dir_exists(vg_str path);

/* One file found by vg_dir_walk; `path` is in the walk's arena. */
typedef struct {
    vg_str path;
    uint64_t size;
    vg_time modified;
} vg_dir_entry;
/* All regular files under `path` (or `path` itself if it is a file), by depth-first byte order of names; symbolic
 * links to folders are not followed, and no more than 64 levels. What is met and not listed goes to `skipped` (may be
 * NULL), each with its reason: folders that cannot be opened, links that lead nowhere or to a folder outside, pipes,
 * sockets and devices. */
vg_status vg_dir_walk(vg_arena *arena, vg_str path, vg_vec *files, void (*skipped)(void *, const vg_error *),
                      void *context, vg_error *err);
vg_str vg_path_name(vg_str path);   /* last component */
vg_str vg_path_folder(vg_str path); /* all before it, without the slash; "." if none */
vg_str vg_path_join(vg_arena *arena, vg_str a, vg_str b);

#endif
