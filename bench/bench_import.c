/* bench_import.c: an import beside its two bounds, measured in one run on the same files.
 *
 *   reader   every file read into memory and parsed (JSON, and the mapping of workloads in YAML), one thread
 *   import   the same files imported into a new workspace
 *   store    the resources and relations that came of it put into another new workspace, one by one
 *
 * The import should reach a quarter of the reader's speed, or take hardly longer than the store alone. Usage:
 * bench_import FILES WORK-FOLDER [THREADS]. bench/bench_import.sh makes the files and cleans up. */
#include "evidence/evidence.h"

#include <stdlib.h>
#include <time.h>

typedef struct {
    vg_arena *arena;
    const char *files, *work;
    size_t threads;
    vg_time now;
    vg_evidence *from, *to;
    uint32_t scope;
    uint64_t put;
} bench;

static void check(vg_status status, const vg_error *err)
{
    if (status == VG_OK)
        return;
    fprintf(stderr, "bench_import: %s\n", err->message);
    exit(1);
}

/* Wall time, and the processor time of all threads, which a busy machine does not stretch. */
typedef struct {
    double wall, cpu;
} seconds;

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static seconds now_seconds(void)
{
    return (seconds){(double)vg_time_monotonic_ns() / 1e9, cpu_seconds()};
}

static seconds since(seconds start)
{
    seconds now = now_seconds();
    return (seconds){now.wall - start.wall, now.cpu - start.cpu};
}

static uint64_t read_all(const bench *b, seconds *spent)
{
    vg_error err = {0};
    vg_vec files = vg_vec_in(b->arena, sizeof(vg_dir_entry));
    check(vg_dir_walk(b->arena, vg_str_from(b->files), &files, NULL, NULL, &err), &err);
    vg_arena *arena = vg_arena_new(0);
    uint64_t bytes = 0;
    seconds start = now_seconds();
    for (size_t i = 0; i < files.len; i++) {
        const vg_dir_entry *entry = vg_vec_at(&files, i);
        vg_str text;
        vg_doc doc;
        check(vg_file_read(arena, entry->path, (size_t)1 << 31, &text, &err), &err);
        check(vg_document_read(arena, text, entry->path, NULL, &doc, &err), &err);
        bytes += text.len;
        vg_arena_reset(arena);
    }
    *spent = since(start);
    vg_arena_free(arena);
    return bytes;
}

static const vg_import_rules *read_rules(const bench *b)
{
    static const char *const names[] = {"operations.yaml", "errors.yaml", "config.yaml"};
    vg_import_text texts[VG_COUNT(names)];
    const vg_import_rules *rules;
    vg_error err = {0};
    for (size_t i = 0; i < VG_COUNT(names); i++) {
        texts[i].name = vg_str_from(names[i]);
        vg_str path = vg_arena_printf(b->arena, "%s/content/import/%s", VIGIL_SOURCE_DIR, names[i]);
        check(vg_file_read(b->arena, path, 1 << 24, &texts[i].text, &err), &err);
    }
    check(vg_import_rules_read(b->arena, texts, VG_COUNT(texts), &rules, &err), &err);
    return rules;
}

static vg_evidence *open_workspace(const bench *b, const char *name)
{
    vg_evidence_options options = {.write = true, .create = true, .now = b->now, .command = VG_STR("bench")};
    vg_evidence *evidence;
    vg_error err = {0};
    vg_str path = vg_arena_printf(b->arena, "%s/%s", b->work, name);
    check(vg_evidence_open(path, &options, &evidence, &err), &err);
    return evidence;
}

static vg_import_summary import_all(bench *b, seconds *spent)
{
    vg_error err = {0};
    vg_import_summary summary;
    const vg_import_rules *rules = read_rules(b);
    vg_import_options options = {.now = b->now,
                                 .threads = b->threads,
                                 .run = VG_STR("bench"),
                                 .account = VG_STR(""),
                                 .region = VG_STR(""),
                                 .originals = VG_STR("")};
    vg_str path = vg_str_from(b->files);
    seconds start = now_seconds();
    check(vg_import(b->from, rules, &path, 1, &options, b->arena, &summary, &err), &err);
    *spent = since(start);
    return summary;
}

static vg_status put_resource(void *context, const vg_evidence_row *row, vg_error *err)
{
    bench *b = context;
    b->put++;
    return vg_evidence_put(b->to, b->scope, &row->resource, NULL, err);
}

static vg_status put_relation(void *context, const vg_relation *relation, vg_error *err)
{
    bench *b = context;
    b->put++;
    return vg_evidence_put_relation(b->to, b->scope, relation, b->now, err);
}

static void put_all(bench *b, seconds *spent)
{
    vg_error err = {0};
    vg_scope scope = {VG_STR("bench"), VG_STR(""), VG_STR(""), VG_STR("")};
    vg_resource_filter all = VG_RESOURCE_FILTER_ALL;
    vg_relation_filter relations = VG_RELATION_FILTER_ALL;
    check(vg_evidence_run_begin(b->to, VG_STR("bench"), b->now, &err), &err);
    check(vg_evidence_scope(b->to, &scope, &b->scope, &err), &err);
    seconds start = now_seconds();
    check(vg_evidence_resources(b->from, &all, put_resource, b, &err), &err);
    check(vg_evidence_relations(b->from, &relations, put_relation, b, &err), &err);
    check(vg_evidence_run_end(b->to, b->now, true, NULL, &err), &err);
    *spent = since(start);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: bench_import FILES WORK-FOLDER [THREADS]\n", stderr);
        return 2;
    }
    bench b = {.arena = vg_arena_new(0),
               .files = argv[1],
               .work = argv[2],
               .threads = argc > 3 ? (size_t)strtoul(argv[3], NULL, 10) : 0};
    vg_time_parse(VG_STR("2026-11-24T12:00:00Z"), &b.now);
    seconds reading, importing, putting;
    read_all(&b, &reading); /* the files are in memory from here on, for all alike */
    double megabytes = (double)read_all(&b, &reading) / 1e6;
    b.from = open_workspace(&b, "import");
    vg_import_summary summary = import_all(&b, &importing);
    b.to = open_workspace(&b, "store");
    put_all(&b, &putting);
    printf("%.0f MB, %llu files, %llu resources, %llu relations%s\n", megabytes,
           (unsigned long long)summary.files, (unsigned long long)summary.resources,
           (unsigned long long)summary.relations, summary.complete ? "" : ", NOT READ IN FULL");
    printf("          wall s    cpu s     MB/s\n");
    printf("reader  %8.2f %8.2f %8.0f\n", reading.wall, reading.cpu, megabytes / reading.wall);
    printf("import  %8.2f %8.2f %8.0f   %5.1f %% of the reader's speed (by cpu %.1f %%)\n", importing.wall,
           importing.cpu, megabytes / importing.wall, 100 * reading.wall / importing.wall,
           100 * reading.cpu / importing.cpu);
    printf("store   %8.2f %8.2f            %.0f puts/s; the import took %.2f times as long (by cpu %.2f)\n",
           putting.wall, putting.cpu, (double)b.put / putting.wall, importing.wall / putting.wall,
           importing.cpu / putting.cpu);
    vg_evidence_close(b.from);
    vg_evidence_close(b.to);
    vg_arena_free(b.arena);
    return 0;
}
