/* bench_json.c: Vigil's JSON reader beside simdjson (DOM, its haswell kernel and its best one) and jansson, in one run.
 * Each reader makes a tree and visits every value, strings unescaped and numbers converted; the readers take turns, and
 * the median of the rounds is told. Processor time is measured, so that a busy machine disturbs less.
 *
 *     bench_json [MEGABYTES [ROUNDS [FILE...]]]        100 MB, 9 rounds; FILEs are added to the generated samples */
#include "bench_json.h"

#include <jansson.h>
#include <stdlib.h>
#include <time.h>

#include "format/format.h"

enum { MOST_ROUNDS = 101, SMALL_BATCH_BYTES = 20 << 20 };

typedef bool read_text(void *state, vg_str text, bench_seen *seen);

typedef struct {
    const char *name;
    read_text *read;
    void *state;
} reader;

static void see_string(vg_str s, bench_seen *seen)
{
    seen->string_bytes += s.len;
    if (s.len > 0)
        seen->string_sum += (uint64_t)(unsigned char)s.ptr[0] + (unsigned char)s.ptr[s.len - 1];
}

/* ---- ours -------------------------------------------------------------------------------------------------------- */

static inline void see_scalar(const vg_value *v, bench_seen *seen)
{
    switch (vg_kind_of(v)) {
    case VG_STRING:
        see_string(vg_value_str(v), seen);
        return;
    case VG_INT:
        seen->numbers += (double)v->as.i64;
        return;
    case VG_UINT:
        seen->numbers += (double)v->as.u64;
        return;
    case VG_DOUBLE:
        seen->numbers += v->as.f64;
        return;
    case VG_BOOL:
        seen->numbers += v->as.boolean;
        return;
    default:
        return;
    }
}

static void visit(const vg_value *v, bench_seen *seen)
{
    seen->values++;
    if (!vg_value_is_container(v)) {
        see_scalar(v, seen);
        return;
    }
    for (vg_items it = vg_items_of(v); vg_items_next(&it);) {
        if (it.is_object)
            see_string(it.key, seen);
        visit(it.value, seen);
    }
}

static bool read_ours(void *state, vg_str text, bench_seen *seen)
{
    vg_arena *arena = state;
    vg_doc doc;
    vg_arena_reset(arena);
    if (vg_json_read(arena, text, VG_STR("bench"), NULL, &doc, NULL) != VG_OK)
        return false;
    visit(doc.root, seen);
    return true;
}

/* ---- peers --------------------------------------------------------------------------------------------------------- */

static bool read_simdjson(void *state, vg_str text, bench_seen *seen)
{
    return bench_simdjson_read(state, text.ptr, text.len, seen);
}

static void visit_jansson(json_t *v, bench_seen *seen)
{
    seen->values++;
    const char *key;
    json_t *item;
    size_t i;
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        json_object_foreach(v, key, item)
        {
            see_string(vg_str_from(key), seen);
            visit_jansson(item, seen);
        }
        return;
    case JSON_ARRAY:
        json_array_foreach(v, i, item) visit_jansson(item, seen);
        return;
    case JSON_STRING:
        see_string(vg_str_of(json_string_value(v), json_string_length(v)), seen);
        return;
    case JSON_INTEGER:
        seen->numbers += (double)json_integer_value(v);
        return;
    case JSON_REAL:
        seen->numbers += json_real_value(v);
        return;
    case JSON_TRUE:
        seen->numbers += 1;
        return;
    default:
        return;
    }
}

static bool read_jansson(void *state, vg_str text, bench_seen *seen)
{
    (void)state;
    json_t *root = json_loadb(text.ptr, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    if (!root)
        return false;
    visit_jansson(root, seen);
    json_decref(root);
    return true;
}

/* ---- measuring ------------------------------------------------------------------------------------------------------- */

static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare_doubles);
    return values[count / 2];
}

static bool same(const bench_seen *a, const bench_seen *b)
{
    double scale = a->numbers < 0 ? -a->numbers : a->numbers, apart = a->numbers - b->numbers;
    return a->values == b->values && a->string_bytes == b->string_bytes && a->string_sum == b->string_sum &&
           apart <= scale * 1e-9 && apart >= -scale * 1e-9;
}

/* Gigabytes per second of each reader over `text`, read `times` times a round. */
static bool measure(const reader *readers, size_t count, vg_str text, size_t times, size_t rounds,
                    double *rates)
{
    static double seconds[4][MOST_ROUNDS];
    bench_seen first = {0};
    for (size_t round = 0; round <= rounds; round++) /* round 0 warms up */
        for (size_t i = 0; i < count; i++) {
            bench_seen seen = {0};
            double start = processor_seconds();
            for (size_t n = 0; n < times; n++) {
                seen = (bench_seen){0};
                if (!readers[i].read(readers[i].state, text, &seen))
                    return printf("%s refuses the sample\n", readers[i].name), false;
            }
            double spent = processor_seconds() - start;
            if (round > 0)
                seconds[i][round - 1] = spent;
            else if (i == 0)
                first = seen;
            else if (!same(&first, &seen))
                return printf("%s saw something else\n", readers[i].name), false;
        }
    for (size_t i = 0; i < count; i++)
        rates[i] = (double)text.len * (double)times / median(seconds[i], rounds) / 1e9;
    return true;
}

static bool run_sample(const char *name, vg_buf *text, const reader *readers, size_t count, size_t rounds)
{
    double rates[4];
    size_t length = text->len, times = length < SMALL_BATCH_BYTES ? SMALL_BATCH_BYTES / (length + 1) + 1 : 1;
    if (!vg_buf_reserve(text, 64))
        return false;
    memset(text->ptr + length, 0, 64);
    if (!measure(readers, count, vg_buf_str(text), times, rounds, rates))
        return false;
    printf("%-34s %11zu ", name, length);
    for (size_t i = 0; i < count; i++)
        printf(" %7.3f", rates[i]);
    for (size_t i = 1; i < count; i++)
        printf(" %6.0f%%", 100 * rates[0] / rates[i]);
    putchar('\n');
    fflush(stdout);
    return true;
}

static bool run_files(int argc, char **argv, const reader *readers, size_t count, size_t rounds)
{
    bool good = true;
    for (int i = 0; i < argc; i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_str bytes;
        vg_buf text = {0};
        if (vg_file_read(arena, vg_str_from(argv[i]), SIZE_MAX / 2, &bytes, NULL) == VG_OK) {
            vg_buf_add_str(&text, bytes);
            vg_str name = vg_path_name(vg_str_from(argv[i]));
            good &= run_sample(vg_arena_cstr(arena, vg_str_sub(name, 0, 34)), &text, readers, count, rounds);
        }
        vg_buf_free(&text);
        vg_arena_free(arena);
    }
    return good;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*make)(vg_buf *out, size_t bytes);
        size_t bytes; /* 0: the large size */
    } samples[] = {
        {"CloudTrail log", bench_cloudtrail, 0},
        {"organisation export, indented", bench_organization, 0},
        {"messages, Unicode", bench_messages, 0},
        {"floating-point numbers", bench_metrics, 0},
        {"template, 3 KB", bench_template, 3000},
        {"template, 20 KB", bench_template, 20000},
        {"template, 100 KB", bench_template, 100000},
        {"CloudTrail log, 50 KB", bench_cloudtrail, 50000},
    };
    size_t megabytes = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;
    size_t rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 9;
    rounds = rounds < 1 ? 1 : rounds > MOST_ROUNDS ? MOST_ROUNDS : rounds;
    vg_arena *arena = vg_arena_new(0);
    reader readers[] = {{"vigil", read_ours, arena},
                        {"simdjson haswell", read_simdjson, bench_simdjson_new("haswell")},
                        {"simdjson best", read_simdjson, bench_simdjson_new(bench_simdjson_best())},
                        {"jansson", read_jansson, NULL}};
    if (!arena || !readers[1].state || !readers[2].state)
        return puts("not run: bench_json (this machine lacks simdjson's haswell kernel)"), 0;
    printf("simdjson's best kernel here: %s; GB/s of processor time, median of %zu rounds\n",
           bench_simdjson_best(), rounds);
    printf("%-34s %11s  %7s %7s %7s %7s %7s %7s %7s\n", "", "bytes", "vigil", "haswell", "best", "jansson",
           "/hasw.", "/best", "/jans.");
    bool good = true;
    for (size_t i = 0; i < VG_COUNT(samples); i++) {
        vg_buf text = {0};
        samples[i].make(&text, samples[i].bytes ? samples[i].bytes : megabytes * 1000000);
        good &= run_sample(samples[i].name, &text, readers, VG_COUNT(readers), rounds);
        vg_buf_free(&text);
    }
    good &= run_files(argc > 3 ? argc - 3 : 0, argv + 3, readers, VG_COUNT(readers), rounds);
    vg_arena_free(arena);
    return good ? 0 : 1;
}
