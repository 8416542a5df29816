/* bench_store.c: how fast findings are taken in, beside what the disk and SQLite can do with the same bytes.
 *
 * One million findings of about 400 bytes of text each go through vg_hub_put as assess/ does it (ids hashed, history
 * written, indexes kept, synchronous=FULL, at most 10,000 a transaction): for the first time, again unchanged, with
 * changed texts, with a changed verdict, and resolved by passes; then again unchanged in shuffled order, the worst case
 * for locality. The bound is a raw SQLite table, one rowid and one text of the same length, same pragmas and batches:
 * the least that storing those bytes durably can cost. The target is 100,000 a second for each of the first four.
 *
 *     bench_store [COUNT [FOLDER]]      default 1,000,000 in a new folder under the current one */
#include "hub/hub.h"
#include "store/store.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GIVEN = 1000, BATCH = 10000 };
static const double TARGET = 100000;

static void check(vg_status status, const vg_error *err)
{
    if (status == VG_OK)
        return;
    fprintf(stderr, "bench_store: %s: %s\n", vg_status_name(status), err->message);
    exit(4);
}

/* What a step took: by the clock, and of the processor (user and system), which a busy machine disturbs less. */
typedef struct {
    double wall, processor;
} spent;

static spent now(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (spent){(double)vg_time_monotonic_ns() / 1e9,
                   (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6};
}

static spent since(spent start)
{
    spent end = now();
    return (spent){end.wall - start.wall, end.processor - start.processor};
}

/* What differs between the findings of one million; the texts below are those of real controls in length. */
typedef struct {
    char account[24], resource[96], name[48], message[160], evidence[128];
} texts;

static void fill(uint64_t i, const char *change, vg_verdict verdict, texts *t, vg_finding *out)
{
    static const char *const rules[] = {"s3-bucket-public-access", "ec2-imdsv2-required",
                                        "iam-user-mfa-required", "cloudtrail-log-validation"};
    uint64_t account = 100000000000 + i / 1000;
    snprintf(t->account, sizeof t->account, "%012llu", (unsigned long long)account);
    snprintf(t->name, sizeof t->name, "workload-data-%07llu", (unsigned long long)i);
    snprintf(t->resource, sizeof t->resource, "arn:aws:s3:::%s-%s", t->name, t->account);
    snprintf(
        t->message, sizeof t->message,
        "The bucket %s is open to everyone by its access control list, and nothing at the account stops it%s",
        t->name, change);
    snprintf(t->evidence, sizeof t->evidence,
             "{\"path\":\"PublicAccessBlockConfiguration/BlockPublicAcls\",\"value\":false,\"seen\":%llu}",
             (unsigned long long)i);
    *out =
        (vg_finding){.rule = vg_str_from(rules[i % VG_COUNT(rules)]),
                     .product = VG_STR("vigil"),
                     .title = VG_STR("S3 buckets block public access"),
                     .message = vg_str_from(t->message),
                     .remediation = VG_STR("aws s3api put-public-access-block with all four settings true"),
                     .severity = VG_SEVERITY_HIGH,
                     .verdict = verdict,
                     .resource_type = VG_STR("AWS::S3::Bucket"),
                     .account = vg_str_from(t->account),
                     .region = VG_STR("eu-west-1"),
                     .resource_id = vg_str_from(t->resource),
                     .resource_name = vg_str_from(t->name),
                     .evidence = vg_str_from(t->evidence)};
}

static size_t text_bytes(const vg_finding *f)
{
    return f->rule.len + f->product.len + f->title.len + f->message.len + f->remediation.len +
           f->resource_type.len + f->account.len + f->region.len + f->resource_id.len + f->resource_name.len +
           f->evidence.len;
}

typedef struct {
    vg_store *store;
    vg_hub *hub;
    uint64_t count;
    int runs;
    texts *texts;
    vg_finding *findings;
} bench;

/* One run over all findings; what making the findings costs is taken out. */
static spent run(bench *b, const char *change, vg_verdict verdict, bool shuffled, vg_hub_counts *counts)
{
    vg_error err = {0};
    char id[32];
    spent making = {0}, start = now();
    snprintf(id, sizeof id, "bench-%d", ++b->runs);
    vg_time at = (INT64_C(1767225600) + b->runs * 3600) * VG_TIME_SECOND;
    check(vg_hub_run_begin(b->hub, vg_str_from(id), at, &err), &err);
    for (uint64_t from = 0; from < b->count; from += GIVEN) {
        spent before = now();
        uint64_t size = b->count - from < GIVEN ? b->count - from : GIVEN;
        for (uint64_t i = 0; i < size; i++) {
            uint64_t which = shuffled ? (from + i) * UINT64_C(2654435761) % b->count : from + i;
            fill(which, change, verdict, &b->texts[i], &b->findings[i]);
        }
        spent made = since(before);
        making.wall += made.wall;
        making.processor += made.processor;
        check(vg_hub_put(b->hub, b->findings, size, &err), &err);
    }
    check(vg_hub_run_end(b->hub, at, true, counts, &err), &err);
    spent all = since(start);
    return (spent){all.wall - making.wall, all.processor - making.processor};
}

static spent raw_bound(const char *folder, uint64_t count, size_t bytes)
{
    char path[512];
    sqlite3 *db;
    sqlite3_stmt *insert;
    char *text = calloc(1, bytes + 1);
    memset(text, 'x', bytes);
    snprintf(path, sizeof path, "%s/raw.db", folder);
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(
            db,
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-98304;"
            "PRAGMA wal_autocheckpoint=16384; CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT) STRICT",
            NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "INSERT INTO t (text) VALUES (?)", -1, &insert, NULL) != SQLITE_OK) {
        fprintf(stderr, "bench_store: the raw table: %s\n", sqlite3_errmsg(db));
        exit(4);
    }
    spent start = now();
    for (uint64_t i = 0; i < count; i++) {
        if (i % BATCH == 0)
            sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
        sqlite3_bind_text(insert, 1, text, (int)bytes, SQLITE_STATIC);
        sqlite3_step(insert);
        sqlite3_reset(insert);
        if (i % BATCH == BATCH - 1 || i + 1 == count)
            sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    }
    spent taken = since(start);
    sqlite3_finalize(insert);
    sqlite3_close(db);
    free(text);
    return taken;
}

static void say(const char *what, uint64_t count, spent taken, spent bound, bool has_target)
{
    double rate = (double)count / taken.wall;
    printf("%-44s %6.2f s, CPU %5.2f us each %8.0f/s", what, taken.wall,
           taken.processor * 1e6 / (double)count, rate);
    if (has_target)
        printf("  %5.2f x 100,000/s %s", rate / TARGET, rate >= TARGET ? "ok  " : "MISS");
    else
        printf("  %22s", "");
    printf("  %5.2f of the bound\n", bound.wall / taken.wall);
    fflush(stdout);
}

static void remove_all(const char *folder)
{
    char file[1024];
    DIR *stream = opendir(folder);
    for (struct dirent *entry; stream && (entry = readdir(stream));) {
        snprintf(file, sizeof file, "%s/%s", folder, entry->d_name);
        unlink(file);
    }
    if (stream)
        closedir(stream);
    rmdir(folder);
}

int main(int argc, char **argv)
{
    char folder[256];
    vg_error err = {0};
    bench b = {.count = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000};
    snprintf(folder, sizeof folder, "%s/bench-store-XXXXXX", argc > 2 ? argv[2] : ".");
    if (!b.count || !mkdtemp(folder)) {
        fprintf(stderr, "usage: bench_store [COUNT [FOLDER]]\n");
        return 2;
    }
    b.texts = calloc(GIVEN, sizeof *b.texts);
    b.findings = calloc(GIVEN, sizeof *b.findings);
    fill(1, "", VG_VERDICT_FAIL, &b.texts[0], &b.findings[0]);
    size_t bytes = text_bytes(&b.findings[0]);
    printf("%llu findings of %zu bytes, synchronous=FULL, batches of at most %d, in %s\n",
           (unsigned long long)b.count, bytes, BATCH, folder);
    spent bound = raw_bound(folder, b.count, bytes);
    say("bound: raw table, same bytes", b.count, bound, bound, false);

    const vg_store_options options = {
        .write = true, .create = true, .now = 0, .command = VG_STR("bench_store")};
    check(vg_store_open(vg_str_from(folder), &options, &b.store, &err), &err);
    check(vg_hub_attach(b.store, &b.hub, &err), &err);
    static const struct {
        const char *what, *change;
        vg_verdict verdict;
        bool shuffled, has_target;
    } steps[] = {
        {"first insert (history and indexes included)", "", VG_VERDICT_FAIL, false, true},
        {"repeat, unchanged", "", VG_VERDICT_FAIL, false, true},
        {"repeat, texts changed", " (again)", VG_VERDICT_FAIL, false, true},
        {"repeat, verdict changed (a row of history)", " (again)", VG_VERDICT_PARTLY, false, true},
        {"repeat, unchanged, shuffled", " (again)", VG_VERDICT_PARTLY, true, false},
        {"passes, resolved at the end of the run", "", VG_VERDICT_PASS, false, false},
        {"reopened", "", VG_VERDICT_FAIL, false, false},
    };
    for (size_t i = 0; i < VG_COUNT(steps); i++) {
        vg_hub_counts counts;
        spent taken = run(&b, steps[i].change, steps[i].verdict, steps[i].shuffled, &counts);
        say(steps[i].what, b.count, taken, bound, steps[i].has_target);
    }
    struct stat about;
    char path[300];
    snprintf(path, sizeof path, "%s/vigil.db", folder);
    if (stat(path, &about) == 0)
        printf("store: %.0f bytes a finding\n", (double)about.st_size / (double)b.count);
    vg_hub_detach(b.hub);
    vg_store_close(b.store);
    remove_all(folder);
    free(b.texts);
    free(b.findings);
    return 0;
}
