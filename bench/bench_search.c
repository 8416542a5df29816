/* bench_search: one access key in a year of events, by a cold process.
 *
 * A year of a 20-account organisation is made at the level of the index: log files of a thousand events each, with the
 * access keys, principals, addresses, names, accounts, regions and resources that such a file holds, from a seeded
 * generator. Only the five files that hold the key looked for are real (.json.gz, a thousand events each). The workspace is
 * then dropped from the page cache (posix_fadvise), and `vigil trail search` is run as a process of its own: what is timed is
 * from its start to its end, index, ledger and log files read from the disk. The program itself stays cached.
 *
 *     bench_search VIGIL FOLDER EVENTS
 */
#include "evidence/evidence.h"
#include "trail/trail.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { A_FILE = 1000, BATCH = 4096, HOLD_KEY = 5, RUNS = 7, TERMS = 1024, BAR_MS = 100 };
#define PROBE "ASIAPROBE00000000001"

typedef struct {
    vg_arena *arena;
    const char *vigil, *folder;
    uint64_t events, seed, files;
    vg_time first;
    vg_evidence *evidence;
    vg_trail_index **indexes;
    size_t index_count;
} bench;

static void stop_on(vg_status status, const vg_error *err)
{
    char text[1024];
    if (status == VG_OK)
        return;
    vg_error_format(err, text, sizeof text);
    fprintf(stderr, "bench_search: %s\n", text);
    exit(1);
}
#define DO(call)                                                                                             \
    do {                                                                                                     \
        vg_error e_ = {0}, *err = &e_;                                                                       \
        stop_on(call, err);                                                                                  \
    } while (0)

static uint64_t next_random(bench *b)
{
    b->seed = b->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return b->seed >> 20;
}

/* ---- a made-up log file ------------------------------------------------------------------------------------------------------ */

typedef struct {
    vg_arena *arena;
    vg_trail_term terms[TERMS];
    size_t count;
} made_file;

static void add(made_file *f, vg_trail_field field, vg_str value)
{
    char text[VG_TRAIL_TERM];
    if (f->count < TERMS)
        f->terms[f->count++] =
            (vg_trail_term){field, vg_arena_str(f->arena, vg_trail_term_of(field, value, text))};
}

/* Sessions come and go: of 25 a file, each also stands in the next two or three. The rest is drawn from what an organisation
 * has: 2,000 long-lived keys, 5,000 roles and users, 20,000 addresses, 900 events, a million resources. */
static void make_terms(bench *b, made_file *f, uint64_t file)
{
    vg_arena *a = f->arena;
    for (unsigned i = 0; i < 60; i++) {
        uint64_t session = (file > 2 ? file - next_random(b) % 3 : file) * 25 + i % 25;
        add(f, VG_TRAIL_KEY,
            vg_arena_printf(a, "ASIA%016llX", (unsigned long long)(session * UINT64_C(0x9E3779B97F4A7C15))));
        add(f, VG_TRAIL_PRINCIPAL,
            vg_arena_printf(a, "arn:aws:sts::%012llu:assumed-role/role-%llu/i-%012llx",
                            (unsigned long long)(session % 20 + 100000000000),
                            (unsigned long long)(session % 900),
                            (unsigned long long)(session * UINT64_C(0x9E3779B97F4A7C15)) & 0xffffffffffff));
    }
    for (unsigned i = 0; i < 15; i++)
        add(f, VG_TRAIL_KEY, vg_arena_printf(a, "AKIA%016llu", (unsigned long long)(next_random(b) % 2000)));
    for (unsigned i = 0; i < 60; i++)
        add(f, VG_TRAIL_PRINCIPAL,
            vg_arena_printf(a, "arn:aws:iam::%012llu:role/role-%llu",
                            (unsigned long long)(next_random(b) % 20 + 100000000000),
                            (unsigned long long)(next_random(b) % 250)));
    for (unsigned i = 0; i < 100; i++) {
        uint64_t n = next_random(b) % 20000;
        add(f, VG_TRAIL_IP,
            vg_arena_printf(a, "%u.%u.%u.7", (unsigned)(n % 200 + 11), (unsigned)(n / 200),
                            (unsigned)(n % 7)));
    }
    for (unsigned i = 0; i < 80; i++) /* few names are most events */
        add(f, VG_TRAIL_NAME,
            vg_arena_printf(a, "Event%u", (unsigned)(pow((double)(next_random(b) % 1000) / 1000, 3) * 900)));
    for (unsigned i = 0; i < 200; i++)
        add(f, VG_TRAIL_RESOURCE,
            vg_arena_printf(a, "arn:aws:s3:::bucket/%llu", (unsigned long long)(next_random(b) % 1000000)));
    add(f, VG_TRAIL_ACCOUNT, vg_arena_printf(a, "%012llu", (unsigned long long)(file % 20 + 100000000000)));
    add(f, VG_TRAIL_REGION, vg_arena_printf(a, "eu-west-%llu", (unsigned long long)(file % 17)));
}

/* The real files: the key is in ten of a thousand events. */
static vg_str real_file(bench *b, uint64_t file, vg_time first)
{
    vg_buf text = {0};
    vg_str packed;
    char time[VG_TIME_TEXT];
    vg_buf_add_c(&text, "{\"Records\":[");
    for (unsigned i = 0; i < A_FILE; i++) {
        vg_time_format(first + i * VG_TIME_SECOND / 2 / VG_TIME_SECOND * VG_TIME_SECOND, time);
        vg_buf_addf(
            &text,
            "%s{\"eventVersion\":\"1.09\",\"userIdentity\":{\"type\":\"AssumedRole\",\"principalId\":\"AROA%"
            "llu:s\","
            "\"arn\":\"arn:aws:sts::111122223333:assumed-role/app-%llu/s\",\"accountId\":\"111122223333\","
            "\"accessKeyId\":\"%s\",\"sessionContext\":{\"sessionIssuer\":{\"type\":\"Role\",\"arn\":"
            "\"arn:aws:iam::111122223333:role/app-%llu\"}}},\"eventTime\":\"%s\",\"eventSource\":"
            "\"s3.amazonaws.com\",\"eventName\":\"GetObject\",\"awsRegion\":\"eu-west-1\","
            "\"sourceIPAddress\":"
            "\"10.0.%u.%u\",\"userAgent\":\"aws-sdk-java/2.20 Linux/5.10 OpenJDK/17\",\"requestParameters\":"
            "{\"bucketName\":\"bucket-%llu\",\"key\":\"data/"
            "%016llx\"},\"responseElements\":null,\"requestID\":"
            "\"%016llX\",\"eventID\":\"%08llx-%llu-%u\",\"readOnly\":true,\"eventType\":\"AwsApiCall\","
            "\"recipientAccountId\":\"111122223333\",\"eventCategory\":\"Data\"}",
            i ? "," : "", (unsigned long long)(next_random(b) % 500),
            (unsigned long long)(next_random(b) % 500), i % 100 == 50 ? PROBE : "ASIAOTHER0000000000A",
            (unsigned long long)(next_random(b) % 500), time, (unsigned)(next_random(b) % 250),
            (unsigned)(next_random(b) % 250), (unsigned long long)(next_random(b) % 100),
            (unsigned long long)next_random(b), (unsigned long long)next_random(b),
            (unsigned long long)next_random(b), (unsigned long long)file, i);
    }
    vg_buf_add_c(&text, "]}");
    DO(vg_gzip(b->arena, vg_buf_str(&text), 6, &packed, err));
    vg_buf_free(&text);
    return packed;
}

static void gather_file(bench *b, vg_trail_gather *gather, vg_arena *arena, uint64_t file)
{
    made_file *made = VG_NEW(arena, made_file);
    vg_trail_summary summary;
    vg_time first = b->first + (vg_time)(file * (uint64_t)(365 * VG_TIME_DAY / (vg_time)b->files));
    bool is_real = file % (b->files / HOLD_KEY) == 7;
    vg_str key = vg_arena_printf(arena, "%s/logs/%llu.json.gz", b->folder, (unsigned long long)file);
    made->arena = arena;
    if (is_real) {
        vg_ingest_outcome outcome;
        vg_str packed = real_file(b, file, first);
        const vg_trail_listed listed = {.key = key, .size = packed.len};
        DO(vg_file_write_atomic(key, packed, 0600, err));
        DO(vg_trail_summarise(arena, &listed, packed, NULL, NULL, NULL, &summary, &outcome, err));
    } else {
        make_terms(b, made, file);
        vg_trail_hour *hour = VG_NEW(arena, vg_trail_hour);
        *hour =
            (vg_trail_hour){VG_COVER_MANAGEMENT,
                            vg_arena_printf(arena, "%012llu", (unsigned long long)(file % 20 + 100000000000)),
                            vg_arena_printf(arena, "eu-west-%llu", (unsigned long long)(file % 17)),
                            VG_STR(""),
                            first / VG_TIME_SECOND / 3600,
                            A_FILE};
        summary = (vg_trail_summary){.object = {.key = key,
                                                .size = 120000,
                                                .raw = 1500000,
                                                .events = A_FILE,
                                                .first = first,
                                                .last = first + 600 * VG_TIME_SECOND,
                                                .logs = 1U << VG_LOG_CLOUDTRAIL},
                                     .terms = made->terms,
                                     .term_count = made->count,
                                     .hours = hour,
                                     .hour_count = 1};
    }
    DO(vg_trail_gather_add(gather, &summary, err));
}

/* ---- the workspace -------------------------------------------------------------------------------------------------------------- */

static vg_str index_path(const bench *b, uint64_t number)
{
    return vg_arena_printf(b->arena, "%s/workspace/trail/logs-%016llx.index", b->folder,
                           (unsigned long long)number);
}

static void build(bench *b)
{
    vg_arena *arena = vg_arena_new(0);
    b->indexes = VG_NEW_N(b->arena, vg_trail_index *, b->files / BATCH + 2);
    for (uint64_t file = 0; file < b->files;) {
        vg_trail_gather *gather = vg_trail_gather_new();
        vg_str path = index_path(b, b->index_count + 2);
        for (unsigned i = 0; i < BATCH && file < b->files; i++, file++) {
            vg_arena_reset(arena);
            gather_file(b, gather, arena, file);
        }
        DO(vg_trail_gather_write(gather, path, b->index_count + 2, err));
        vg_trail_gather_free(gather);
        DO(vg_trail_index_open(path, &b->indexes[b->index_count++], err));
    }
    vg_arena_free(arena);
}

static void merge(bench *b)
{
    uint64_t started = vg_time_monotonic_ns();
    vg_trail_index *whole;
    vg_trail_index_info info;
    DO(vg_trail_index_merge(b->indexes, b->index_count, index_path(b, 1), 1, err));
    double seconds = (double)(vg_time_monotonic_ns() - started) / 1e9;
    for (size_t i = 0; i < b->index_count; i++) {
        vg_trail_index_close(b->indexes[i]);
        unlink(index_path(b, i + 2).ptr);
    }
    DO(vg_trail_index_open(index_path(b, 1), &whole, err));
    vg_trail_index_describe(whole, &info);
    vg_trail_index_close(whole);
    printf("merge of %zu index files: %.1f s\n", b->index_count, seconds);
    printf("index: %.1f MiB, %llu log files, %llu events: %.2f bytes an event\n",
           (double)info.bytes / 1048576, (unsigned long long)info.objects, (unsigned long long)info.events,
           (double)info.bytes / (double)info.events);
    for (int i = 0; i < VG_TRAIL_FIELD_COUNT; i++)
        printf("  %-10s %10llu terms\n", vg_trail_field_names[i], (unsigned long long)info.terms[i]);
    const vg_evidence_options open = {
        .write = true, .create = true, .now = b->first, .command = VG_STR("bench")};
    const vg_log_index_entry entry = {
        1, vg_path_name(info.path), info.bytes, info.objects, info.events, info.first, info.last};
    vg_str workspace = vg_arena_printf(b->arena, "%s/workspace", b->folder);
    DO(vg_evidence_open(workspace, &open, &b->evidence, err));
    DO(vg_evidence_put_log_index(b->evidence, &entry, err));
    DO(vg_evidence_flush(b->evidence, err));
    vg_evidence_close(b->evidence);
}

/* ---- the question ------------------------------------------------------------------------------------------------------------------ */

static void drop_from_cache(bench *b)
{
    vg_vec files = vg_vec_in(b->arena, sizeof(vg_dir_entry));
    DO(vg_dir_walk(b->arena, vg_str_from(b->folder), &files, NULL, NULL, err));
    for (size_t i = 0; i < files.len; i++) {
        int fd = open(((vg_dir_entry *)vg_vec_at(&files, i))->path.ptr, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            continue;
        fdatasync(fd);
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        close(fd);
    }
}

static double ask(bench *b, const char *expression, bool cold)
{
    vg_str workspace = vg_arena_printf(b->arena, "%s/workspace", b->folder);
    if (cold)
        drop_from_cache(b);
    fflush(stdout);
    uint64_t started = vg_time_monotonic_ns();
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(null, 1);
        dup2(null, 2);
        execl(b->vigil, b->vigil, "--workspace", workspace.ptr, "trail", "search", expression, (char *)NULL);
        _exit(127);
    }
    int status;
    waitpid(child, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        printf("  exit code %d\n", WEXITSTATUS(status));
    return (double)(vg_time_monotonic_ns() - started) / 1e6;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The median of the cold runs. */
static double measure(bench *b, const char *what, const char *expression)
{
    double cold_median = 0;
    for (int cold = 1; cold >= 0; cold--) {
        double times[RUNS];
        for (int i = 0; i < RUNS; i++)
            times[i] = ask(b, expression, cold);
        qsort(times, RUNS, sizeof *times, compare);
        printf("%-28s %s: median %.1f ms, fastest %.1f, slowest %.1f\n", what, cold ? "cold" : "warm",
               times[RUNS / 2], times[0], times[RUNS - 1]);
        cold_median = cold ? times[RUNS / 2] : cold_median;
    }
    return cold_median;
}

int main(int argc, char **argv)
{
    bench b = {.arena = vg_arena_new(0), .seed = 1, .first = INT64_C(1767225600) * VG_TIME_SECOND};
    uint64_t events;
    if (argc != 4 || !vg_str_to_u64(vg_str_from(argv[3]), &events) || events < A_FILE * HOLD_KEY * 10) {
        fputs("usage: bench_search VIGIL FOLDER EVENTS (at least 50,000)\n", stderr);
        return 2;
    }
    b.vigil = argv[1];
    b.folder = argv[2];
    b.events = events;
    b.files = events / A_FILE;
    DO(vg_dir_make(vg_arena_printf(b.arena, "%s/workspace/trail", b.folder), 0700, err));
    DO(vg_dir_make(vg_arena_printf(b.arena, "%s/logs", b.folder), 0700, err));
    uint64_t started = vg_time_monotonic_ns();
    build(&b);
    printf("%llu index files made in %.1f s\n", (unsigned long long)b.index_count,
           (double)(vg_time_monotonic_ns() - started) / 1e9);
    merge(&b);
    double median = measure(&b, "one access key, 5 files", "key = " PROBE);
    measure(&b, "a key that nobody has", "key = AKIANOBODY");
    printf("bar of %d ms for a cold process: %s\n", BAR_MS, median <= BAR_MS ? "ok" : "MISSED");
    vg_arena_free(b.arena);
    return median <= BAR_MS ? 0 : 1;
}
