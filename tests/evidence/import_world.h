/* import_world.h: imports a handful of files into a workspace of their own and writes down what came of it, a line a
 * resource, relation, finding and told row, for tests to look for lines in. */
#ifndef VIGIL_TEST_IMPORT_WORLD_H
#define VIGIL_TEST_IMPORT_WORLD_H

#include "store/workspace.h"

#include "evidence/evidence.h"

#include <fcntl.h>

typedef struct {
    const char *path; /* below the folder that is imported */
    const char *text;
    size_t len; /* 0: strlen */
} test_file;

typedef struct {
    char folder[64];
    vg_arena *arena;
    vg_evidence *evidence;
    const vg_import_rules *rules;
    vg_buf text;
    vg_import_summary summary;
    int runs;
    size_t threads;
    size_t max_file;
} import_test;

static const char NOW[] = "2026-11-24T12:00:00Z";

static inline const vg_import_rules *read_rules(vg_arena *arena)
{
    static const char *const names[] = {"import/operations.yaml", "import/operations-policies.yaml",
                                        "import/errors.yaml", "import/config.yaml"};
    vg_import_text texts[VG_COUNT(names)];
    const vg_import_rules *rules;
    for (size_t i = 0; i < VG_COUNT(names); i++) {
        vg_str path = vg_arena_printf(arena, "%s/content/%s", VIGIL_SOURCE_DIR, names[i]);
        texts[i].name = vg_str_from(names[i]);
        OK(vg_file_read(arena, path, 1 << 24, &texts[i].text, err));
    }
    OK(vg_import_rules_read(arena, texts, VG_COUNT(names), &rules, err));
    return rules;
}

static inline void test_open(import_test *t)
{
    memset(t, 0, sizeof *t);
    /* In memory where there is such a place: hundreds of workspaces need not wait for a disk. */
    bool has_memory = access("/dev/shm", W_OK) == 0;
    strcpy(t->folder, has_memory ? "/dev/shm/vigil-import-XXXXXX" : "/tmp/vigil-import-XXXXXX");
    assert_non_null(mkdtemp(t->folder));
    t->arena = vg_arena_new(0);
    t->rules = read_rules(t->arena);
    t->threads = 2;
    vg_evidence_options options = {.write = true,
                                   .create = true,
                                   .now = day(0),
                                   .who = VG_STR("ann"),
                                   .command = VG_STR("vigil import")};
    vg_str workspace = vg_arena_printf(t->arena, "%s/ws", t->folder);
    OK(vg_evidence_open(workspace, &options, &t->evidence, err));
}

static inline void test_close(import_test *t)
{
    char command[128];
    vg_evidence_close(t->evidence);
    vg_arena_free(t->arena);
    vg_buf_free(&t->text);
    snprintf(command, sizeof command, "rm -rf '%s'", t->folder);
    assert_int_equal(system(command), 0);
}

/* Files are of 2026-11-20: the time of a bare answer is its file's, and tests must not depend on the day they run. */
static inline void write_test_file(import_test *t, const test_file *file)
{
    vg_str path = vg_arena_printf(t->arena, "%s/in/%s", t->folder, file->path);
    struct timespec times[2] = {{.tv_sec = 1795132800}, {.tv_sec = 1795132800}};
    OK(vg_dir_make(vg_path_folder(path), 0700, err));
    FILE *out =
        fopen(path.ptr, "wb"); /* not vg_file_write_atomic: waiting for the disk is no part of the test */
    assert_non_null(out);
    size_t len = file->len ? file->len : strlen(file->text);
    assert_int_equal(fwrite(file->text, 1, len, out), len);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(utimensat(AT_FDCWD, path.ptr, times, 0), 0);
}

static inline vg_str below(const import_test *t, vg_str path)
{
    vg_str folder = vg_arena_printf(t->arena, "%s/in/", t->folder);
    return vg_str_starts(path, folder) ? vg_str_sub(path, folder.len, VG_NPOS) : path;
}

/* The reason with the folder's name, which differs from run to run, left out. */
static inline vg_str without_folder(const import_test *t, vg_str reason)
{
    vg_str folder = vg_arena_printf(t->arena, "%s/in/", t->folder), whole = VG_STR("");
    for (size_t at; (at = vg_str_find(reason, folder)) != VG_NPOS;) {
        whole = vg_arena_join(t->arena, whole, vg_str_sub(reason, 0, at));
        reason = vg_str_sub(reason, at + folder.len, VG_NPOS);
    }
    return vg_arena_join(t->arena, whole, reason);
}

static inline void write_row(void *context, const vg_import_row *row)
{
    import_test *t = context;
    vg_str path = below(t, row->path), reason = without_folder(t, row->reason);
    vg_buf_addf(&t->text, "row %.*s|%s|%s%s|%.*s\n", VG_ARG(path), vg_ledger_outcome_name(row->outcome),
                row->note ? "note" : "", row->truncated ? "truncated" : "", VG_ARG(reason));
}

static inline vg_status write_finding(void *context, const vg_finding *f, vg_error *err)
{
    import_test *t = context;
    (void)err;
    vg_buf_addf(&t->text, "finding %.*s|%s|%s|%.*s|%.*s|%.*s|%.*s|%.*s\n", VG_ARG(f->product),
                vg_severity_name(f->severity), vg_verdict_name(f->verdict), VG_ARG(f->account),
                VG_ARG(f->region), VG_ARG(f->resource_type), VG_ARG(f->resource_id), VG_ARG(f->rule));
    return VG_OK;
}

static inline vg_status write_resource(void *context, const vg_evidence_row *row, vg_error *err)
{
    import_test *t = context;
    const vg_resource *r = &row->resource;
    char time[VG_TIME_TEXT];
    (void)err;
    vg_time_format(r->observed, time);
    vg_buf_addf(&t->text, "%.*s|%.*s|%.*s|%.*s|%.*s|%s\n", VG_ARG(r->type), VG_ARG(r->account),
                VG_ARG(r->region), VG_ARG(r->id), VG_ARG(r->properties), time);
    return VG_OK;
}

static inline vg_status write_relation(void *context, const vg_relation *r, vg_error *err)
{
    import_test *t = context;
    (void)err;
    vg_buf_addf(&t->text, "relation %.*s %.*s|%.*s|%.*s %.*s\n", VG_ARG(r->from_type), VG_ARG(r->from_id),
                VG_ARG(r->kind), VG_ARG(r->to_type), VG_ARG(r->to_id));
    return VG_OK;
}

/* Imports the folder's files and writes down everything that is there now. */
static inline vg_status import_now(import_test *t, const char *account, const char *region, vg_error *why)
{
    vg_buf_clear(&t->text);
    vg_import_options options = {
        .account = vg_str_from(account ? account : ""),
        .region = vg_str_from(region ? region : ""),
        .threads = t->threads,
        .run = vg_arena_printf(t->arena, "run-%d", ++t->runs),
        .originals = vg_arena_printf(t->arena, "%s/originals", t->folder),
        .max_file = t->max_file,
        .report = write_row,
        .finding = write_finding,
        .context = t,
    };
    vg_time_parse(vg_str_from(NOW), &options.now);
    vg_str path = vg_arena_printf(t->arena, "%s/in", t->folder);
    VG_TRY(vg_import(t->evidence, t->rules, &path, 1, &options, t->arena, &t->summary, why));
    vg_resource_filter all = VG_RESOURCE_FILTER_ALL;
    VG_TRY(vg_evidence_resources(t->evidence, &all, write_resource, t, why));
    vg_relation_filter relations = {.at = VG_TIME_NONE};
    VG_TRY(vg_evidence_relations(t->evidence, &relations, write_relation, t, why));
    vg_buf_addf(&t->text, "%s\n", t->summary.complete ? "complete" : "partial");
    return VG_OK;
}

static inline bool has_text(const import_test *t, const char *text)
{
    return vg_str_find(vg_buf_str(&t->text), vg_str_from(text)) != VG_NPOS;
}

#endif
