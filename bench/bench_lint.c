/* bench_lint.c: how long all managed policies take: read and compiled, then linted, on one core. The bar is 50 ms for each.
 *
 * bench_lint [ROUNDS [FILE]]: FILE holds a policy a line under "document" (JSONL, may be compressed); by default the 1,641
 * managed policies of the test data. JSON is parsed before the clock starts; arenas are kept between rounds. Processor time,
 * median of the rounds. Without FILE, growth is shown too: one policy of 10 to 100,000 statements. */
#include "policy/policy.h"

#include <stdlib.h>
#include <time.h>

#define FILE_MAX ((size_t)1 << 30)

typedef struct {
    const vg_catalogue *catalogue;
    const vg_linter *linter;
    vg_doc *docs;
    const vg_value **roots;
    size_t count;
} work;

typedef struct {
    double read, compile, lint; /* milliseconds */
    size_t findings;
} timing;

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void die(const vg_error *err)
{
    fprintf(stderr, "bench_lint: %s\n", err->message);
    exit(1);
}

static vg_str file_text(vg_arena *arena, const char *path)
{
    vg_error err = {0};
    vg_str text, plain;
    if (vg_file_read(arena, vg_str_from(path), FILE_MAX, &text, &err) != VG_OK ||
        vg_decompress(arena, text, FILE_MAX, &plain, &err) != VG_OK)
        die(&err);
    return plain;
}

static void open_linter(vg_arena *arena, work *w)
{
    static const char *const paths[] = {"policy/quotas.yaml", "policy/regions.yaml",
                                        "policy/condition-keys.yaml", "policy/services.yaml"};
    vg_lint_content content[VG_COUNT(paths)];
    vg_error err = {0};
    for (size_t i = 0; i < VG_COUNT(paths); i++) {
        vg_str path = vg_arena_printf(arena, "%s/content/%s", VIGIL_SOURCE_DIR, paths[i]);
        content[i] = (vg_lint_content){vg_str_from(paths[i]), file_text(arena, path.ptr)};
    }
    vg_str text = file_text(arena, VIGIL_SOURCE_DIR "/content/catalogue/actions.txt");
    double start = now_ms();
    if (vg_catalogue_open(arena, text, &w->catalogue, &err) != VG_OK)
        die(&err);
    double catalogue = now_ms();
    if (vg_linter_open(arena, w->catalogue, content, VG_COUNT(paths), &w->linter, &err) != VG_OK)
        die(&err);
    printf("opened once: catalogue %.1f ms, linter %.1f ms\n", catalogue - start, now_ms() - catalogue);
}

static void read_lines(vg_arena *arena, work *w, vg_str text)
{
    vg_vec docs = vg_vec_in(arena, sizeof(vg_doc));
    vg_error err = {0};
    for (vg_str line; vg_str_next(&text, '\n', &line);) {
        vg_doc *doc = line.len ? vg_vec_push(&docs) : NULL;
        if (doc && vg_json_read(arena, line, VG_STR("policies"), NULL, doc, &err) != VG_OK)
            die(&err);
    }
    w->docs = docs.items;
    w->count = docs.len;
    w->roots = VG_NEW_N(arena, const vg_value *, docs.len + 1);
    for (size_t i = 0; i < docs.len; i++) {
        const vg_value *document = vg_get(w->docs[i].root, VG_STR("document"));
        w->roots[i] = document ? document : w->docs[i].root;
    }
}

/* One round over all policies. */
static timing run(const work *w, vg_arena *arena, vg_arena *lint_arena, vg_policy_document *documents)
{
    timing t = {0};
    vg_error err = {0};
    double start = now_ms();
    for (size_t i = 0; i < w->count; i++)
        if (vg_policy_read(arena, &w->docs[i], w->roots[i], VG_POLICY_IDENTITY, (vg_str){0}, &documents[i],
                           &err) != VG_OK)
            die(&err);
    double read = now_ms();
    for (size_t i = 0; i < w->count; i++) {
        const vg_policy *policy;
        if (vg_policy_compile(arena, &documents[i], w->catalogue, &policy, &err) != VG_OK)
            die(&err);
    }
    double compiled = now_ms();
    for (size_t i = 0; i < w->count; i++) {
        vg_lint_result result;
        if (vg_policy_lint(w->linter, lint_arena, &documents[i], NULL, &result, &err) != VG_OK)
            die(&err);
        t.findings += result.count;
        vg_arena_reset(lint_arena);
    }
    t.lint = now_ms() - compiled, t.compile = compiled - read, t.read = read - start;
    vg_arena_reset(arena);
    return t;
}

static int by_lint(const void *a, const void *b)
{
    const timing *x = a, *y = b;
    return x->lint < y->lint ? -1 : x->lint > y->lint;
}

static timing median(const work *w, size_t rounds)
{
    timing *all = calloc(rounds, sizeof *all);
    vg_policy_document *documents = calloc(w->count, sizeof *documents);
    vg_arena *arena = vg_arena_new(0), *lint_arena = vg_arena_new(0);
    if (!all || !documents || !arena || !lint_arena)
        exit(1);
    for (size_t i = 0; i < rounds; i++)
        all[i] = run(w, arena, lint_arena, documents);
    qsort(all, rounds, sizeof *all, by_lint);
    timing middle = all[rounds / 2];
    vg_arena_free(arena);
    vg_arena_free(lint_arena);
    free(documents);
    free(all);
    return middle;
}

/* A policy of `times` statements, each about another bucket. */
static vg_str long_policy(vg_arena *arena, size_t times)
{
    vg_buf text = {0};
    vg_buf_add_c(&text, "{\"document\":{\"Version\":\"2012-10-17\",\"Statement\":[");
    for (size_t i = 0; i < times; i++)
        vg_buf_addf(&text,
                    "%s{\"Effect\":\"Allow\",\"Action\":[\"s3:GetObject\",\"s3:Put*\",\"s3:ListBuckets\"],"
                    "\"Resource\":[\"arn:aws:s3:::b%zu\",\"arn:aws:s3:::b%zu/*\"],"
                    "\"Condition\":{\"StringLike\":{\"aws:PrincipalTag/team\":\"*\"}}}",
                    i ? "," : "", i, i);
    vg_buf_add_c(&text, "]}}");
    vg_str out = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return out;
}

static void show_growth(const work *w)
{
    printf("growth of one policy:\n");
    for (size_t times = 10; times <= 100000; times *= 10) {
        vg_arena *arena = vg_arena_new(0);
        work one = *w;
        read_lines(arena, &one, long_policy(arena, times));
        timing t = median(&one, 3);
        printf("  %6zu statements %9.3f ms lint, %.2f us a statement, %zu findings\n", times, t.lint,
               t.lint * 1e3 / (double)times, t.findings);
        vg_arena_free(arena);
    }
}

int main(int argc, char **argv)
{
    size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 21;
    const char *path =
        argc > 2 ? argv[2] : VIGIL_SOURCE_DIR "/../shared/data/iam-policies/managed/managedpolicies.jsonl.gz";
    vg_arena *arena = vg_arena_new(0);
    work w = {0};
    open_linter(arena, &w);
    read_lines(arena, &w, file_text(arena, path));
    timing t = median(&w, rounds ? rounds : 1);
    printf("%zu policies, median of %zu rounds, one core, processor time\n", w.count, rounds);
    printf("  read    %7.2f ms\n  compile %7.2f ms\n  lint    %7.2f ms  %s (bar: 50 ms), %zu findings\n",
           t.read, t.compile, t.lint, t.lint <= 50 ? "ok" : "TOO SLOW", t.findings);
    if (argc <= 2)
        show_growth(&w);
    vg_arena_free(arena);
    return 0;
}
