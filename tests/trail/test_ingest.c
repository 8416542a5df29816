/* Ingest: what is kept of a log file, what of a bad one can still be read, and when log files count as ingested. */

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "trail/ingest_part.h"

#include <stdlib.h>
#include <unistd.h>

#define OK(call)                                                                                             \
    do {                                                                                                     \
        vg_error e_ = {0}, *err = &e_;                                                                       \
        if ((call) != VG_OK)                                                                                 \
            fail_msg("%s: %s", #call, e_.message);                                                           \
    } while (0)

#define RECORD(id, time, more)                                                                               \
    "{\"eventID\":\"" id "\",\"recipientAccountId\":\"111122223333\",\"awsRegion\":\"eu-west-1\","           \
    "\"eventTime\":\"" time "\",\"eventName\":\"GetObject\",\"eventSource\":\"s3.amazonaws.com\"" more "}"
#define HOUR_1 "2026-01-01T01:10:00Z"
#define HOUR_2 "2026-01-01T02:59:59Z"

/* ---- one file --------------------------------------------------------------------------------------------------------------- */

static void note_bad(void *context, const vg_error *err)
{
    char line[1024];
    vg_error_format(err, line, sizeof line);
    vg_buf_addf(context, "%s; ", line);
}

static void summary_text(const vg_trail_summary *s, vg_ingest_outcome outcome, vg_buf *out)
{
    char first[VG_TIME_TEXT] = "-", last[VG_TIME_TEXT] = "-";
    if (s->object.first != VG_TIME_NONE) {
        vg_time_format(s->object.first, first);
        vg_time_format(s->object.last, last);
    }
    vg_buf_addf(out, "%s %llu events %llu bad %s %s%s", vg_ingest_outcome_names[outcome],
                (unsigned long long)s->object.events, (unsigned long long)s->object.bad, first, last,
                s->object.timeless ? " timeless" : "");
    for (size_t i = 0; i < s->hour_count; i++)
        vg_buf_addf(out, "; %s %.*s/%.*s/%.*s %lld: %llu", vg_cover_names[s->hours[i].kind],
                    VG_ARG(s->hours[i].account), VG_ARG(s->hours[i].region), VG_ARG(s->hours[i].name),
                    (long long)s->hours[i].hour - 490896, (unsigned long long)s->hours[i].count);
}

typedef struct {
    const char *key, *text, *expected;
    bool named;
} file_case;

static const file_case FILES[] = {
    {"/a_CloudTrail_x.json", "{\"Records\":[" RECORD("a", HOUR_1, "") "," RECORD("b", HOUR_2, "") "]}",
     "read 2 events 0 bad 2026-01-01T01:10:00Z 2026-01-01T02:59:59Z; management 111122223333/eu-west-1/ 1: "
     "1; "
     "management 111122223333/eu-west-1/ 2: 1",
     false},
    {"/x",
     RECORD("a", HOUR_1, ",\"eventCategory\":\"Data\"") "\n" RECORD("b", HOUR_1,
                                                                    ",\"eventCategory\":\"Data\""),
     "read 2 events 0 bad 2026-01-01T01:10:00Z 2026-01-01T01:10:00Z; data "
     "111122223333/eu-west-1/s3.amazonaws.com 1: 2",
     false},
    {"/x", RECORD("a", HOUR_1, ",\"eventCategory\":\"Insight\""),
     "read 1 events 0 bad 2026-01-01T01:10:00Z 2026-01-01T01:10:00Z; insight 111122223333/eu-west-1/ 1: 1",
     false},
    {"/x", RECORD("a", HOUR_1, ",\"eventCategory\":\"NetworkActivity\""),
     "read 1 events 0 bad 2026-01-01T01:10:00Z 2026-01-01T01:10:00Z; network "
     "111122223333/eu-west-1/s3.amazonaws.com 1: 1",
     false},
    /* garbage between records, and after */
    {"/x", RECORD("a", HOUR_1, "") "\nnonsense\n" RECORD("b", HOUR_2, "") "\n{\n",
     "partly 2 events 2 bad 2026-01-01T01:10:00Z 2026-01-01T02:59:59Z; management 111122223333/eu-west-1/ 1: "
     "1; "
     "management 111122223333/eu-west-1/ 2: 1",
     false},
    {"/a_CloudTrail_x.json", "{\"Records\":[" RECORD("a", HOUR_1, "") ",{]}",
     "partly 1 events 1 bad 2026-01-01T01:10:00Z 2026-01-01T01:10:00Z; management 111122223333/eu-west-1/ 1: "
     "1",
     false},
    /* no time, no account, wrong types, duplicate keys, clocks that are wrong */
    {"/x", RECORD("a", "yesterday", ""), "read 1 events 0 bad - - timeless", false},
    {"/x",
     "{\"eventID\":7,\"recipientAccountId\":[1],\"awsRegion\":{},\"eventTime\":5,\"eventName\":null,"
     "\"eventSource\":false,\"userIdentity\":\"x\",\"resources\":\"y\",\"requestParameters\":3}",
     "read 1 events 0 bad - - timeless", false},
    {"/x",
     "{\"eventName\":\"A\",\"eventName\":\"B\",\"eventSource\":\"s\",\"eventTime\":\"" HOUR_1 "\","
     "\"recipientAccountId\":\"root\",\"awsRegion\":\"<script>\"}",
     "read 1 events 0 bad 2026-01-01T01:10:00Z 2026-01-01T01:10:00Z; management // 1: 1", false},
    {"/x", RECORD("a", "1970-01-01T00:00:00Z", "") "\n" RECORD("b", "9999-12-31T23:59:59Z", ""),
     "read 2 events 0 bad 1970-01-01T00:00:00Z 9999-12-31T23:59:59Z; management 111122223333/eu-west-1/ "
     "-490896: 1; "
     "management 111122223333/eu-west-1/ 69898631: 1",
     false},
    /* what is no log: passed over in a folder, told when it was named */
    {"/notes.txt", "hello\n", "other 0 events 0 bad - -", false},
    {"/notes.txt", "hello\n", "unreadable 0 events 1 bad - -", true},
    {"/config.json", "{\"a\":1}", "other 0 events 0 bad - -", false},
    {"/empty", "", "other 0 events 0 bad - -", false},
    /* digests */
    {"/AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/01/01/"
     "111122223333_CloudTrail-Digest_eu-west-1_main_eu-west-1_20260101T020000Z.json",
     "{\"awsAccountId\":\"111122223333\",\"digestStartTime\":\"2026-01-01T01:00:00Z\",\"digestEndTime\":"
     "\"2026-01-01T02:00:00Z\",\"digestS3Bucket\":\"b\",\"digestS3Object\":\"o\","
     "\"digestPublicKeyFingerprint\":\"f\","
     "\"digestSignatureAlgorithm\":\"SHA256withRSA\",\"previousDigestS3Bucket\":null,"
     "\"previousDigestS3Object\":null,"
     "\"previousDigestHashValue\":null,\"previousDigestHashAlgorithm\":null,\"previousDigestSignature\":null,"
     "\"logFiles\":[{\"s3Bucket\":\"b\",\"s3Object\":\"l\",\"hashValue\":\"00\",\"hashAlgorithm\":\"SHA-"
     "256\"}]}",
     "digest 0 events 0 bad 2026-01-01T01:00:00Z 2026-01-01T02:00:00Z; digest 111122223333/eu-west-1/main 1: "
     "1",
     false},
    {"/111122223333_CloudTrail-Digest_eu-west-1_main_eu-west-1_20260101T020000Z.json", "nonsense",
     "partly 0 events 1 bad - -", false},
    /* other logs */
    {"/flow.log",
     "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end "
     "action log-status\n"
     "2 111122223333 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 1 1767229800 1767229860 ACCEPT OK\n",
     "read 1 events 0 bad 2026-01-01T01:10:00Z 2026-01-01T01:10:00Z; flow 111122223333// 1: 1", false},
};

static void a_file_is_summarised_as_far_as_it_can_be_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(FILES); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_trail_summary summary;
        vg_ingest_outcome outcome;
        vg_buf got = {0}, bad = {0};
        const vg_trail_listed listed = {.key = vg_str_from(FILES[i].key), .named = FILES[i].named};
        OK(vg_trail_summarise(arena, &listed, vg_str_from(FILES[i].text), NULL, note_bad, &bad, &summary,
                              &outcome, err));
        summary_text(&summary, outcome, &got);
        if (!vg_str_is(vg_buf_str(&got), FILES[i].expected))
            fail_msg("case %zu, %s:\n%.*s, not\n%s\n%.*s", i, FILES[i].key, VG_ARG(vg_buf_str(&got)),
                     FILES[i].expected, VG_ARG(vg_buf_str(&bad)));
        vg_buf_free(&got);
        vg_buf_free(&bad);
        vg_arena_free(arena);
    }
}

static bool has_term(const vg_trail_summary *summary, vg_trail_field field, const char *value)
{
    char text[VG_TRAIL_TERM];
    vg_str term = vg_trail_term_of(field, vg_str_from(value), text);
    for (size_t i = 0; i < summary->term_count; i++)
        if (summary->terms[i].field == field && vg_str_eq(summary->terms[i].text, term))
            return true;
    return false;
}

static void values_of_a_record_become_terms(void **state)
{
    (void)state;
    static const struct {
        vg_trail_field field;
        const char *value;
    } terms[] = {
        {VG_TRAIL_KEY, "ASIA1"},
        {VG_TRAIL_KEY, "AKIA2"},
        {VG_TRAIL_KEY, "AKIA3"},
        {VG_TRAIL_PRINCIPAL, "arn:aws:sts::1:assumed-role/R/s"},
        {VG_TRAIL_PRINCIPAL, "arn:aws:iam::1:role/R"},
        {VG_TRAIL_PRINCIPAL, "AROA:s"},
        {VG_TRAIL_PRINCIPAL, "cloudformation.amazonaws.com"},
        {VG_TRAIL_PRINCIPAL, "me"},
        {VG_TRAIL_PRINCIPAL, "user-7"},
        {VG_TRAIL_IP, "198.51.100.7"},
        {VG_TRAIL_NAME, "getobject"},
        {VG_TRAIL_ACCOUNT, "111122223333"},
        {VG_TRAIL_ACCOUNT, "444455556666"},
        {VG_TRAIL_REGION, "eu-west-1"},
        {VG_TRAIL_RESOURCE, "arn:aws:s3:::b/k"},
        {VG_TRAIL_RESOURCE, "bucket"},
        {VG_TRAIL_SHARED, "shared"},
    };
    vg_arena *arena = vg_arena_new(0);
    vg_trail_summary summary;
    vg_ingest_outcome outcome;
    const vg_trail_listed listed = {.key = VG_STR("/x")};
    static const char text[] = RECORD(
        "a", HOUR_1,
        ",\"sourceIPAddress\":\"198.51.100.7\",\"sharedEventID\":\"shared\",\"userIdentity\":{\"arn\":"
        "\"arn:aws:sts::1:assumed-role/R/"
        "s\",\"accountId\":\"444455556666\",\"principalId\":\"AROA:s\",\"accessKeyId\":"
        "\"ASIA1\",\"invokedBy\":\"cloudformation.amazonaws.com\",\"onBehalfOf\":{\"userId\":\"user-7\"},"
        "\"sessionContext\":{\"sourceIdentity\":\"me\",\"sessionIssuer\":{\"arn\":\"arn:aws:iam::1:role/"
        "R\"}}},"
        "\"resources\":[{\"ARN\":\"arn:aws:s3:::b/"
        "k\"}],\"requestParameters\":{\"bucketName\":\"bucket\",\"accessKeyId\":"
        "\"AKIA2\"},\"responseElements\":{\"credentials\":{\"accessKeyId\":\"AKIA3\"}}");
    OK(vg_trail_summarise(arena, &listed, vg_str_from(text), NULL, NULL, NULL, &summary, &outcome, err));
    for (size_t i = 0; i < VG_COUNT(terms); i++)
        if (!has_term(&summary, terms[i].field, terms[i].value))
            fail_msg("%s %s is missing", vg_trail_field_names[terms[i].field], terms[i].value);
    assert_int_equal(summary.term_count, VG_COUNT(terms));
    vg_arena_free(arena);
}

/* A record of 10 MB, and one 100 levels deep, between two plain ones. */
static void large_and_deep_records_are_read(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_buf text = {0};
    vg_trail_summary summary;
    vg_ingest_outcome outcome;
    vg_buf_add_c(&text, "{\"Records\":[" RECORD(
                            "a", HOUR_1, "") ",{\"eventName\":\"Large\",\"eventSource\":\"s\",\"x\":\"");
    for (int i = 0; i < 10 << 20; i++)
        vg_buf_add_char(&text, 'x');
    vg_buf_add_c(&text, "\"},{\"eventName\":\"Deep\",\"eventSource\":\"s\",\"x\":");
    for (int i = 0; i < 100; i++)
        vg_buf_add_c(&text, "[");
    for (int i = 0; i < 100; i++)
        vg_buf_add_c(&text, "]");
    vg_buf_add_c(&text, "}," RECORD("b", HOUR_1, "") "]}");
    const vg_trail_listed listed = {.key = VG_STR("/x")};
    OK(vg_trail_summarise(arena, &listed, vg_buf_str(&text), NULL, NULL, NULL, &summary, &outcome, err));
    assert_int_equal(summary.object.events, 4);
    assert_int_equal(summary.object.bad, 0);
    vg_buf_free(&text);
    vg_arena_free(arena);
}

/* ---- uncompressing as far as it goes -------------------------------------------------------------------------------------------- */

static void a_truncated_file_gives_what_stands_before(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_buf text = {0};
    vg_str packed, back;
    bool whole;
    vg_error why = {0};
    for (int i = 0; i < 20000; i++)
        vg_buf_addf(&text, "line %d\n", i * 7919 % 20000);
    OK(vg_gzip(arena, vg_buf_str(&text), 6, &packed, err));
    OK(vg_trail_text(arena, packed, 1 << 20, &back, &whole, &why, err));
    assert_true(whole && vg_str_eq(back, vg_buf_str(&text)));
    for (size_t len = 3; len < packed.len; len += packed.len / 20) {
        OK(vg_trail_text(arena, vg_str_sub(packed, 0, len), 1 << 20, &back, &whole, &why, err));
        assert_false(whole);
        assert_true(why.message[0] != 0);
        assert_true(vg_str_starts(vg_buf_str(&text), back));
    }
    assert_true(back.len > text.len / 2);
    /* a bit in the middle: what stands before it */
    char *broken = vg_arena_cstr(arena, packed);
    broken[packed.len / 2] = (char)(broken[packed.len / 2] ^ 0x55);
    OK(vg_trail_text(arena, vg_str_of(broken, packed.len), 1 << 20, &back, &whole, &why, err));
    assert_false(whole);
    assert_true(back.len > 0);
    vg_buf_free(&text);
    vg_arena_free(arena);
}

static void a_bomb_is_cut_off_at_the_limit(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    size_t len = 64 << 20;
    char *zeros = calloc(len, 1);
    vg_str packed, back;
    bool whole;
    vg_error why = {0};
    OK(vg_gzip(arena, vg_str_of(zeros, len), 6, &packed, err));
    free(zeros);
    OK(vg_trail_text(arena, packed, 1 << 20, &back, &whole, &why, err));
    assert_false(whole);
    assert_int_equal(why.code, VG_ERR_LIMIT);
    assert_true(back.len <= 1 << 20);
    vg_arena_free(arena);
}

/* ---- a run ------------------------------------------------------------------------------------------------------------------------- */

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/vigil-ingest-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
    char command[96];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

enum { MOST_KNOWN = 16 };

/* A ledger in memory, and a source of texts. */
typedef struct {
    const char *texts[MOST_KNOWN];
    vg_ingest_known known[MOST_KNOWN];
    vg_buf log;
    uint64_t number, fail_commit; /* the commit that fails, from 1; 0: none */
    uint64_t commits;
} memory_ledger;

static size_t number_of(vg_str key)
{
    uint64_t n = 0;
    vg_str_to_u64(vg_str_sub(key, 1, VG_NPOS), &n);
    return (size_t)n;
}

static vg_status read_text(void *context, vg_arena *arena, vg_str key, size_t max, vg_str *bytes,
                           vg_error *err)
{
    const memory_ledger *l = context;
    const char *text = l->texts[number_of(key)];
    (void)arena, (void)max;
    *bytes = vg_str_from(text);
    return text ? VG_OK : vg_fail(err, VG_ERR_NOT_FOUND, "not there");
}

static vg_status on_known(void *context, vg_str key, vg_ingest_known *out, vg_error *err)
{
    const memory_ledger *l = context;
    (void)err;
    *out = l->known[number_of(key)];
    return VG_OK;
}

static vg_status on_number(void *context, vg_arena *arena, uint64_t *number, vg_str *path, vg_error *err)
{
    memory_ledger *l = context;
    (void)err;
    *number = ++l->number;
    *path = vg_arena_printf(arena, "%s/%llu", folder, (unsigned long long)*number);
    return VG_OK;
}

static vg_status on_commit(void *context, const vg_trail_index_info *info, const vg_ingest_result *results,
                           size_t count, vg_error *err)
{
    memory_ledger *l = context;
    if (++l->commits == l->fail_commit)
        return vg_fail(err, VG_ERR_FULL, "no space");
    vg_buf_addf(&l->log, "%llu files, %llu events:", info ? (unsigned long long)info->objects : 0ULL,
                info ? (unsigned long long)info->events : 0ULL);
    for (size_t i = 0; i < count; i++) {
        const vg_trail_object *object = &results[i].object;
        vg_buf_addf(&l->log, " %.*s %s", VG_ARG(object->key), vg_ingest_outcome_names[results[i].outcome]);
        l->known[number_of(object->key)] =
            (vg_ingest_known){true, object->size, object->modified, object->sha256};
    }
    vg_buf_add_c(&l->log, "\n");
    return VG_OK;
}

static vg_status run(memory_ledger *l, const vg_trail_listed *list, size_t count, size_t threads,
                     size_t batch, vg_ingest_counts *counts)
{
    vg_error err = {0};
    const vg_ingest_options options = {.source = {.read = read_text, .context = l},
                                       .folder = vg_str_from(folder),
                                       .threads = threads,
                                       .batch_events = batch,
                                       .known = on_known,
                                       .number = on_number,
                                       .commit = on_commit,
                                       .context = l};
    return vg_trail_ingest(&options, list, count, counts, &err);
}

static void only_what_is_new_is_read(void **state)
{
    (void)state;
    memory_ledger l = {.texts = {RECORD("a", HOUR_1, ""), RECORD("b", HOUR_1, ""), NULL, "no log"}};
    vg_trail_listed list[] = {{VG_STR("/0"), sizeof RECORD("a", HOUR_1, "") - 1, 1, false},
                              {VG_STR("/1"), sizeof RECORD("b", HOUR_1, "") - 1, 1, false},
                              {VG_STR("/2"), 9, 1, false},
                              {VG_STR("/3"), 6, 1, false}};
    vg_ingest_counts counts = {0};
    assert_int_equal(run(&l, list, 4, 2, 0, &counts), VG_OK);
    assert_int_equal(counts.events, 2);
    l.known[2].known = false; /* the caller tries what was unreadable again */
    assert_int_equal(run(&l, list, 4, 1, 0, &counts), VG_OK);
    list[0].modified = 2;                                /* touched */
    l.texts[1] = RECORD("c", HOUR_1, ",\"x\":\"more\""); /* changed */
    list[1].size = strlen(l.texts[1]);
    assert_int_equal(run(&l, list, 4, 1, 0, &counts), VG_OK);
    static const char expected[] = "2 files, 2 events: /0 read /1 read /2 unreadable /3 other\n"
                                   "0 files, 0 events: /2 unreadable\n"
                                   "1 files, 1 events: /0 same /1 read\n";
    if (!vg_str_is(vg_buf_str(&l.log), expected))
        fail_msg("%.*s, not\n%s", VG_ARG(vg_buf_str(&l.log)), expected);
    vg_buf_free(&l.log);
}

static void batches_are_acknowledged_one_by_one(void **state)
{
    (void)state;
    memory_ledger l = {.fail_commit = 2};
    vg_trail_listed list[6];
    vg_ingest_counts counts = {0};
    for (size_t i = 0; i < 6; i++) {
        static const char *const keys[] = {"/0", "/1", "/2", "/3", "/4", "/5"};
        l.texts[i] = RECORD("a", HOUR_1, "");
        list[i] = (vg_trail_listed){vg_str_from(keys[i]), strlen(l.texts[i]), 1, false};
    }
    assert_int_equal(run(&l, list, 6, 1, 2, &counts), VG_ERR_FULL);
    l.fail_commit = 0; /* what was acknowledged is not read again */
    counts = (vg_ingest_counts){0};
    assert_int_equal(run(&l, list, 6, 3, 3, &counts), VG_OK);
    assert_int_equal(counts.unchanged, 2);
    static const char expected[] = "2 files, 2 events: /0 read /1 read\n"
                                   "3 files, 3 events: /2 read /3 read /4 read\n"
                                   "1 files, 1 events: /5 read\n";
    if (!vg_str_is(vg_buf_str(&l.log), expected))
        fail_msg("%.*s, not\n%s", VG_ARG(vg_buf_str(&l.log)), expected);
    vg_buf_free(&l.log);
}

/* ---- gaps ---------------------------------------------------------------------------------------------------------------------------- */

static void hours_without_events_are_gaps_where_something_shows_it(void **state)
{
    (void)state;
    static const vg_hours day_and_day[] = {{0, 30}, {33, 60}}, short_run[] = {{0, 30}, {33, 40}, {44, 80}},
                          first[] = {{0, 4}}, digests[] = {{0, 3}, {5, 8}}, quiet[] = {{3, 4}},
                          silent[] = {{31, 33}}, one[] = {{0, 3}}, later[] = {{5, 9}};
#define COVER(kind, region, name, runs)                                                                      \
    {                                                                                                        \
        kind, VG_STR_INIT("111122223333"), VG_STR_INIT(region), VG_STR_INIT(name), 1, runs, VG_COUNT(runs)   \
    }
    static const struct {
        vg_trail_cover covers[4];
        size_t count;
        const char *gaps;
    } cases[] = {
        {{COVER(VG_COVER_MANAGEMENT, "r", "", day_and_day)}, 1, "r 30-33 neighbours; "},
        {{COVER(VG_COVER_MANAGEMENT, "r", "", day_and_day), COVER(VG_COVER_QUIET, "r", "t", silent)},
         2,
         "r 30-31 neighbours; "},
        {{COVER(VG_COVER_MANAGEMENT, "r", "", day_and_day), COVER(VG_COVER_QUIET, "q", "t", silent)},
         2,
         "r 30-33 neighbours; "},
        {{COVER(VG_COVER_MANAGEMENT, "r", "", short_run)},
         1,
         ""}, /* runs of a place that is quiet at times */
        {{COVER(VG_COVER_MANAGEMENT, "r", "", first)}, 1, ""},
        {{COVER(VG_COVER_MANAGEMENT, "r", "", first), COVER(VG_COVER_DIGEST, "r", "t", digests)},
         2,
         "r 5-8 digest; r 3-5 no-digest; "},
        {{COVER(VG_COVER_MANAGEMENT, "r", "", first), COVER(VG_COVER_DIGEST, "r", "t", digests),
          COVER(VG_COVER_QUIET, "r", "t", quiet)},
         3,
         "r 5-8 digest; r 4-5 no-digest; "},
        {{COVER(VG_COVER_DIGEST, "r", "t", one)}, 1, "r 0-3 digest; "},
        {{COVER(VG_COVER_DATA, "r", "s3", later), COVER(VG_COVER_DIGEST, "r", "t", digests)},
         2,
         "r 0-3 digest; r 3-5 no-digest; "},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_vec gaps = vg_vec_in(arena, sizeof(vg_trail_gap));
        vg_buf got = {0};
        OK(vg_trail_gaps(arena, cases[i].covers, cases[i].count, &gaps, err));
        for (size_t g = 0; g < gaps.len; g++) {
            const vg_trail_gap *gap = vg_vec_at(&gaps, g);
            vg_buf_addf(&got, "%.*s %lld-%lld %s; ", VG_ARG(gap->region), (long long)gap->hours.from,
                        (long long)gap->hours.to, vg_gap_names[gap->why]);
        }
        if (!vg_str_is(vg_buf_str(&got), cases[i].gaps))
            fail_msg("case %zu: %.*s, not %s", i, VG_ARG(vg_buf_str(&got)), cases[i].gaps);
        vg_buf_free(&got);
        vg_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_summarised_as_far_as_it_can_be_read),
        cmocka_unit_test(values_of_a_record_become_terms),
        cmocka_unit_test(large_and_deep_records_are_read),
        cmocka_unit_test(a_truncated_file_gives_what_stands_before),
        cmocka_unit_test(a_bomb_is_cut_off_at_the_limit),
        cmocka_unit_test(only_what_is_new_is_read),
        cmocka_unit_test(batches_are_acknowledged_one_by_one),
        cmocka_unit_test(hours_without_events_are_gaps_where_something_shows_it),
    };
    return cmocka_run_group_tests_name("ingest", tests, make_folder, drop_folder);
}
