/* json_cases.h: what the JSON tests share. Every text is read from a heap copy of exactly its size, so that the address
 * sanitizer sees a reader that looks one byte too far. */
#ifndef VIGIL_TEST_JSON_CASES_H
#define VIGIL_TEST_JSON_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "format/format.h"

static const struct {
    vg_json_path path;
    const char *name;
} json_paths[] = {
    {VG_JSON_PLAIN, "plain"}, {VG_JSON_SSE2, "sse2"}, {VG_JSON_AVX2, "avx2"}, {VG_JSON_AVX512, "avx512"}};

/* A text and what came of reading it. */
typedef struct {
    vg_arena *arena;
    char *copy;
    vg_str source;
    vg_status status;
    vg_error err;
    vg_doc doc;
} json_case;

static inline json_case json_case_read(vg_str text, const vg_limits *limits, vg_json_path path)
{
    json_case c = {.arena = vg_arena_new(0), .copy = malloc(text.len ? text.len : 1)};
    if (text.len > 0)
        memcpy(c.copy, text.ptr, text.len);
    c.source = vg_str_of(c.copy, text.len);
    c.status = vg_json_read_with(c.arena, c.source, VG_STR("t.json"), limits, path, &c.doc, &c.err);
    return c;
}

static inline void json_case_free(json_case *c)
{
    vg_arena_free(c->arena);
    free(c->copy);
}

/* The case as one line: the document, or the error with its place. */
static inline void json_case_tell(const json_case *c, vg_buf *out)
{
    char text[1200];
    if (c->status == VG_OK) {
        vg_json_write(out, c->doc.root, 0);
        return;
    }
    vg_error_format(&c->err, text, sizeof text);
    vg_buf_addf(out, "%s %s", vg_status_name(c->status), text);
}

/* Reads by each path that this machine has, and fails unless all tell the same; *told is what they tell. */
static inline void json_read_by_all(vg_str text, const vg_limits *limits, vg_buf *told)
{
    for (size_t i = 0; i < VG_COUNT(json_paths); i++) {
        json_case c = json_case_read(text, limits, json_paths[i].path);
        vg_buf here = {0};
        json_case_tell(&c, &here);
        if (i == 0)
            vg_buf_add_str(told, vg_buf_str(&here));
        else if (c.status != VG_ERR_UNSUPPORTED && !vg_str_eq(vg_buf_str(&here), vg_buf_str(told)))
            fail_msg("%.*s\n  plain: %.*s\n  %s: %.*s", VG_ARG(vg_str_sub(text, 0, 400)),
                     VG_ARG(vg_buf_str(told)), json_paths[i].name, VG_ARG(vg_buf_str(&here)));
        vg_buf_free(&here);
        json_case_free(&c);
    }
}

/* The folder of outside data; skips the test when it is absent. */
static inline vg_str json_data_folder(vg_arena *arena, const char *folder, const char *test)
{
    const char *root = getenv("VIGIL_TEST_DATA");
    vg_str path = vg_path_join(arena, vg_str_from(root ? root : VIGIL_SOURCE_DIR "/../shared/data"),
                               vg_str_from(folder));
    if (!vg_dir_exists(path)) {
        print_message("not run: %s (no %.*s)\n", test, VG_ARG(path));
        vg_arena_free(arena);
        skip();
    }
    return path;
}

static inline uint64_t json_random(uint64_t *state)
{
    *state += 0x9E3779B97F4A7C15u;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

#endif
