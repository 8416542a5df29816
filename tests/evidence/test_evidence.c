/* test_evidence.c: what evidence.h promises of resources, history, absence, relations, facts and the ledger. */
#include "store/workspace.h"

#include "evidence/evidence.h"

typedef struct {
    char *folder;
    vg_evidence *evidence;
    vg_arena *arena;
    vg_buf text; /* what a read gave, one line a row */
    int runs;
} world;

static void open_world(world *w)
{
    vg_evidence_options options = {.write = true,
                                   .create = true,
                                   .now = day(100),
                                   .who = VG_STR("ann"),
                                   .command = VG_STR("vigil test")};
    OK(vg_evidence_open(vg_str_from(w->folder), &options, &w->evidence, err));
}

static int setup(void **state)
{
    world *w = calloc(1, sizeof *w);
    w->folder = temporary_folder();
    w->arena = vg_arena_new(0);
    open_world(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world *w = *state;
    vg_evidence_close(w->evidence);
    vg_arena_free(w->arena);
    vg_buf_free(&w->text);
    remove_folder(w->folder);
    free(w);
    return 0;
}

static const vg_scope BUCKETS = {.operation = VG_STR_INIT("s3:ListBuckets"),
                                 .account = VG_STR_INIT("111122223333")};

static void begin(world *w)
{
    char id[32];
    snprintf(id, sizeof id, "run-%d", ++w->runs);
    OK(vg_evidence_run_begin(w->evidence, vg_str_from(id), day(100), err));
}

static vg_resource bucket(const char *id, const char *properties, vg_time observed)
{
    return (vg_resource){.type = VG_STR("AWS::S3::Bucket"),
                         .account = VG_STR("111122223333"),
                         .region = VG_STR("eu-west-1"),
                         .id = vg_str_from(id),
                         .name = vg_str_from(id),
                         .properties = vg_str_from(properties),
                         .observed = observed,
                         .source = VG_STR("s3:ListBuckets"),
                         .origin = VG_STR("buckets.json:1:1")};
}

static vg_put_result put_in(world *w, const vg_scope *scope, vg_resource resource)
{
    uint32_t handle;
    vg_put_result result = VG_PUT_UNCHANGED;
    OK(vg_evidence_scope(w->evidence, scope, &handle, err));
    OK(vg_evidence_put(w->evidence, handle, &resource, &result, err));
    return result;
}

static vg_put_result put(world *w, const char *id, const char *properties, vg_time observed)
{
    return put_in(w, &BUCKETS, bucket(id, properties, observed));
}

static void complete(world *w, vg_time observed)
{
    uint32_t handle;
    OK(vg_evidence_scope(w->evidence, &BUCKETS, &handle, err));
    OK(vg_evidence_scope_complete(w->evidence, handle, observed, err));
}

static uint64_t end(world *w)
{
    uint64_t gone = 99;
    OK(vg_evidence_run_end(w->evidence, day(101), true, &gone, err));
    return gone;
}

/* Days since the start of the test's calendar, or '-' for no time. */
static void add_day(vg_buf *out, vg_time t)
{
    if (t == VG_TIME_NONE)
        vg_buf_add_c(out, "-");
    else
        vg_buf_addf(out, "%lld", (long long)((t - day(0)) / VG_TIME_DAY));
}

/* "ID vVERSION PROPERTIES observed..last_seen gone RUN" */
static vg_status write_row(void *context, const vg_evidence_row *row, vg_error *err)
{
    (void)err;
    vg_buf *out = context;
    vg_buf_addf(out, "%.*s v%u %.*s ", VG_ARG(row->resource.id), row->version,
                VG_ARG(row->resource.properties));
    add_day(out, row->resource.observed);
    vg_buf_add_c(out, "..");
    add_day(out, row->last_seen);
    vg_buf_add_c(out, " ");
    add_day(out, row->gone);
    vg_buf_addf(out, " %.*s\n", VG_ARG(row->run));
    return VG_OK;
}

static vg_str list(world *w, vg_resource_filter filter)
{
    vg_buf_clear(&w->text);
    OK(vg_evidence_resources(w->evidence, &filter, write_row, &w->text, err));
    return vg_buf_str(&w->text);
}

static vg_str at(world *w, vg_time time)
{
    return list(w, (vg_resource_filter){.at = time});
}

static vg_str history(world *w, const char *id)
{
    vg_buf_clear(&w->text);
    OK(vg_evidence_history(w->evidence, VG_STR("AWS::S3::Bucket"), VG_STR("111122223333"),
                           VG_STR("eu-west-1"), vg_str_from(id), write_row, &w->text, err));
    return vg_buf_str(&w->text);
}

/* ---- versions ------------------------------------------------------------------------------------------------------ */

static void new_version_only_when_content_changes(void **state)
{
    world *w = *state;
    begin(w);
    assert_int_equal(put(w, "b", "{\"a\":1}", day(1)), VG_PUT_NEW);
    assert_int_equal(put(w, "b", "{\"a\":1}", day(2)), VG_PUT_UNCHANGED);
    assert_int_equal(put(w, "b", "{\"a\":2}", day(3)), VG_PUT_CHANGED);
    assert_int_equal(put(w, "b", "{\"a\":2}", day(4)), VG_PUT_UNCHANGED);
    end(w);
    assert_str(history(w, "b"), "b v1 {\"a\":1} 1..2 - run-1\n"
                                "b v2 {\"a\":2} 3..4 - run-1\n");
    assert_str(at(w, VG_TIME_NONE), "b v2 {\"a\":2} 3..4 - run-1\n");
}

static void point_in_time_reads_what_was_true_then(void **state)
{
    static const struct {
        int day;
        const char *expected;
    } cases[] = {
        {0, ""},
        {1, "b v1 {\"a\":1} 1..1 - run-1\n"},
        {2, "b v1 {\"a\":1} 1..1 - run-1\n"},
        {3, "b v2 {\"a\":2} 3..3 - run-1\n"},
        {5, ""}, /* found missing on day 5 */
        {7, "b v3 {\"a\":2} 7..7 - run-3\n"},
    };
    world *w = *state;
    begin(w);
    put(w, "b", "{\"a\":1}", day(1));
    put(w, "b", "{\"a\":2}", day(3));
    end(w);
    begin(w);
    complete(w, day(5));
    assert_int_equal(end(w), 1);
    begin(w);
    assert_int_equal(put(w, "b", "{\"a\":2}", day(7)), VG_PUT_NEW);
    end(w);
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        assert_str(at(w, day(cases[i].day)), cases[i].expected);
    assert_str(list(w, (vg_resource_filter){.at = day(6), .with_gone = true}),
               "b v2 {\"a\":2} 3..3 5 run-1\n"); /* gone then, though it is back now */
}

/* What was seen later is not known yet. */
static void a_point_in_time_knows_no_later_sighting(void **state)
{
    world *w = *state;
    begin(w);
    put(w, "b", "{\"a\":1}", day(1));
    put(w, "b", "{\"a\":1}", day(4));
    end(w);
    assert_str(at(w, day(2)), "b v1 {\"a\":1} 1..2 - run-1\n");
    assert_str(at(w, day(9)), "b v1 {\"a\":1} 1..4 - run-1\n");
}

static void older_evidence_takes_its_place_in_history(void **state)
{
    /* What is put first, from..to, and then the late one. */
    static const struct {
        const char *name, *late;
        int late_day;
        vg_put_result result;
        const char *expected;
    } cases[] = {
        {"before all", "{\"a\":0}", 1, VG_PUT_OLDER,
         "b v1 {\"a\":0} 1..1 - L\nb v2 {\"a\":1} 3..6 - F\nb v3 {\"a\":2} 8..9 - F\n"},
        {"same content, between sightings", "{\"a\":1}", 5, VG_PUT_UNCHANGED,
         "b v1 {\"a\":1} 3..6 - F\nb v2 {\"a\":2} 8..9 - F\n"},
        {"same content, after the last sighting", "{\"a\":1}", 7, VG_PUT_UNCHANGED,
         "b v1 {\"a\":1} 3..7 - F\nb v2 {\"a\":2} 8..9 - F\n"},
        {"between two versions", "{\"a\":9}", 7, VG_PUT_OLDER,
         "b v1 {\"a\":1} 3..6 - F\nb v2 {\"a\":9} 7..7 - L\nb v3 {\"a\":2} 8..9 - F\n"},
        {"splits a version that was seen on both sides", "{\"a\":9}", 5, VG_PUT_OLDER,
         "b v1 {\"a\":1} 3..3 - F\nb v2 {\"a\":9} 5..5 - L\nb v3 {\"a\":1} 6..6 - F\nb v4 {\"a\":2} 8..9 - "
         "F\n"},
        {"splits the current version", "{\"a\":9}", 8, VG_PUT_OLDER,
         "b v1 {\"a\":1} 3..6 - F\nb v2 {\"a\":2} 8..8 - F\nb v3 {\"a\":9} 8..8 - L\nb v4 {\"a\":2} 9..9 - "
         "F\n"},
        {"the same statement again", "{\"a\":1}", 3, VG_PUT_UNCHANGED,
         "b v1 {\"a\":1} 3..6 - F\nb v2 {\"a\":2} 8..9 - F\n"},
    };
    world *w = *state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        teardown(state);
        setup(state);
        w = *state;
        OK(vg_evidence_run_begin(w->evidence, VG_STR("F"), day(100), err));
        put(w, "b", "{\"a\":1}", day(3));
        put(w, "b", "{\"a\":1}", day(6));
        put(w, "b", "{\"a\":2}", day(8));
        put(w, "b", "{\"a\":2}", day(9));
        end(w);
        OK(vg_evidence_run_begin(w->evidence, VG_STR("L"), day(100), err));
        vg_put_result result = put(w, "b", cases[i].late, day(cases[i].late_day));
        end(w);
        vg_str got = history(w, "b");
        if (result != cases[i].result || !vg_str_is(got, cases[i].expected))
            fail_msg("%s: got %d\n%.*sexpected %d\n%s", cases[i].name, (int)result, VG_ARG(got),
                     (int)cases[i].result, cases[i].expected);
        vg_str now = at(w, VG_TIME_NONE); /* whatever came late, the newest is what stands */
        if (vg_str_find(now, VG_STR("{\"a\":2}")) == VG_NPOS)
            fail_msg("%s: now '%.*s'", cases[i].name, VG_ARG(now));
    }
}

/* The part behind the split is what goes on. */
static void a_split_version_goes_on_behind_the_split(void **state)
{
    world *w = *state;
    begin(w);
    put(w, "b", "{\"a\":1}", day(3));
    put(w, "b", "{\"a\":1}", day(6));
    put(w, "b", "{\"a\":9}", day(5));
    put(w, "b", "{\"a\":1}", day(7));
    put(w, "b", "{\"a\":2}", day(12));
    end(w);
    assert_str(history(w, "b"), "b v1 {\"a\":1} 3..3 - run-1\nb v2 {\"a\":9} 5..5 - run-1\n"
                                "b v3 {\"a\":1} 6..7 - run-1\nb v4 {\"a\":2} 12..12 - run-1\n");
}

static void contradictory_exports_of_one_time_do_not_grow_history(void **state)
{
    world *w = *state;
    for (int i = 0; i < 3; i++) {
        begin(w);
        put(w, "b", "{\"from\":\"list\"}", day(1));
        put(w, "b", "{\"from\":\"describe\"}", day(1));
        end(w);
    }
    assert_str(history(w, "b"), "b v1 {\"from\":\"list\"} 1..1 - run-1\n"
                                "b v2 {\"from\":\"describe\"} 1..1 - run-1\n");
    assert_str(at(w, VG_TIME_NONE), "b v2 {\"from\":\"describe\"} 1..1 - run-1\n");
    assert_str(at(w, day(1)), "b v2 {\"from\":\"describe\"} 1..1 - run-1\n");
}

/* ---- absence --------------------------------------------------------------------------------------------------------- */

static void put_ledger(world *w, vg_ledger_outcome outcome, bool truncated)
{
    vg_ledger_entry entry = {.path = VG_STR("exports/buckets.json"),
                             .size = 12,
                             .operation = BUCKETS.operation,
                             .account = BUCKETS.account,
                             .outcome = outcome,
                             .reason = VG_STR("why"),
                             .truncated = truncated,
                             .items = 3,
                             .observed = day(9)};
    memset(entry.sha256, 7, sizeof entry.sha256);
    OK(vg_evidence_put_ledger(w->evidence, &entry, err));
}

static void gone_only_after_complete_reading_of_the_same_scope(void **state)
{
    static const struct {
        const char *name;
        bool says_complete, truncated, ends;
        vg_ledger_outcome outcome;
        int observed;
        bool gone;
    } cases[] = {
        {"complete", true, false, true, VG_LEDGER_IMPORTED, 9, true},
        {"not said to be complete", false, false, true, VG_LEDGER_IMPORTED, 9, false},
        {"a truncated file in the ledger", true, true, true, VG_LEDGER_IMPORTED, 9, false},
        {"an unreadable file in the ledger", true, false, true, VG_LEDGER_ERROR, 9, false},
        {"access denied", true, false, true, VG_LEDGER_NOT_ASSESSED, 9, false},
        {"AWS says there is none", true, false, true, VG_LEDGER_ABSENT, 9, true},
        {"older than the last sighting", true, false, true, VG_LEDGER_IMPORTED, 1, false},
        {"the run never ended", true, false, false, VG_LEDGER_IMPORTED, 9, false},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        teardown(state);
        setup(state);
        world *w = *state;
        begin(w);
        put(w, "a", "{}", day(2));
        put(w, "b", "{}", day(2));
        end(w);
        begin(w);
        put(w, "a", "{}", day(cases[i].observed));
        put_ledger(w, cases[i].outcome, cases[i].truncated);
        if (cases[i].says_complete)
            complete(w, day(cases[i].observed));
        if (cases[i].ends)
            end(w);
        OK(vg_evidence_flush(w->evidence, err));
        vg_str got = list(w, (vg_resource_filter){.at = VG_TIME_NONE, .id = VG_STR("b")});
        if ((got.len == 0) != cases[i].gone)
            fail_msg("%s: got '%.*s', expected gone: %d", cases[i].name, VG_ARG(got), cases[i].gone);
    }
}

static void what_a_run_saw_in_an_older_file_is_not_gone(void **state)
{
    world *w = *state;
    begin(w);
    put(w, "a", "{}", day(2));
    end(w);
    begin(w);
    put(w, "a", "{}", day(5));
    complete(w, day(9)); /* of a later file, which does not show it */
    assert_int_equal(end(w), 0);
    assert_str(at(w, VG_TIME_NONE), "a v1 {} 2..5 - run-1\n");
}

static void completeness_ends_with_its_run(void **state)
{
    world *w = *state;
    begin(w);
    complete(w, day(5));
    end(w);
    begin(w);
    put(w, "late", "{}", day(3));
    end(w);
    begin(w);
    assert_int_equal(end(w), 0);
    assert_str(at(w, VG_TIME_NONE), "late v1 {} 3..3 - run-2\n");
}

static void other_scopes_lose_nothing(void **state)
{
    world *w = *state;
    const vg_scope other = {.operation = VG_STR("s3:ListBuckets"), .account = VG_STR("444455556666")};
    vg_resource elsewhere = bucket("b", "{}", day(1));
    elsewhere.account = other.account;
    begin(w);
    put(w, "a", "{}", day(1));
    put_in(w, &other, elsewhere);
    end(w);
    begin(w);
    complete(w, day(5));
    assert_int_equal(end(w), 1);
    assert_str(at(w, VG_TIME_NONE), "b v1 {} 1..1 - run-1\n");
    assert_str(list(w, (vg_resource_filter){.at = VG_TIME_NONE, .with_gone = true}),
               "a v1 {} 1..1 5 run-1\nb v1 {} 1..1 - run-1\n");
    assert_str(list(w, (vg_resource_filter){.at = day(6), .with_gone = true}),
               "a v1 {} 1..1 5 run-1\nb v1 {} 1..1 - run-1\n");
    assert_str(history(w, "a"), "a v1 {} 1..1 - run-1\na v1 {} 5..5 5 run-2\n");
}

static void many_can_be_gone_at_once(void **state)
{
    world *w = *state;
    char id[32];
    begin(w);
    for (int i = 0; i < 2500; i++) {
        snprintf(id, sizeof id, "b-%05d", i);
        put(w, id, "{}", day(1));
    }
    end(w);
    begin(w);
    put(w, "b-01234", "{}", day(2));
    complete(w, day(2));
    assert_int_equal(end(w), 2499);
    assert_str(at(w, VG_TIME_NONE), "b-01234 v1 {} 1..2 - run-1\n");
}

/* ---- reading ----------------------------------------------------------------------------------------------------------- */

static void filters_restrict_and_order_is_fixed(void **state)
{
    static const struct {
        const char *type, *account, *region, *id;
        bool has_region;
        const char *source, *expected;
    } things[] = {
        {"AWS::S3::Bucket", "222222222222", "us-east-1", "z", false, "one", NULL},
        {"AWS::IAM::User", "222222222222", "", "u", false, "two", NULL},
        {"AWS::IAM::Role", "111111111111", "", "r", false, "one", NULL},
        {"AWS::S3::Bucket", "111111111111", "us-east-1", "b", false, "one", NULL},
        {"AWS::S3::Bucket", "111111111111", "eu-west-1", "c", false, "two", NULL},
        {"AWS::S3::Bucket", "111111111111", "us-east-1", "a", false, "onely", NULL},
    };
    static const struct {
        const char *type, *account, *region, *id;
        bool has_region;
        const char *source, *expected;
    } cases[] = {
        {"", "", "", "", false, "", "rcabuz"},
        {"AWS::S3::Bucket", "", "", "", false, "", "cabz"},
        {"AWS::IAM::*", "", "", "", false, "", "ru"},
        {"", "111111111111", "", "", false, "", "rcab"},
        {"", "", "us-east-1", "", false, "", "abz"},
        {"", "", "", "", true, "", "ru"},
        {"", "", "", "a", false, "", "a"},
        {"", "", "", "", false, "one", "rbz"},
        {"", "", "", "", false, "one*", "rabz"},
        {"AWS::S3::Bucket", "111111111111", "us-east-1", "b", false, "one", "b"},
        {"AWS::S3::Bucke", "", "", "", false, "", ""},
    };
    world *w = *state;
    begin(w);
    for (size_t i = 0; i < VG_COUNT(things); i++) {
        vg_resource r = bucket(things[i].id, "{}", day(1));
        r.type = vg_str_from(things[i].type);
        r.account = vg_str_from(things[i].account);
        r.region = vg_str_from(things[i].region);
        r.source = vg_str_from(things[i].source);
        put_in(w, &BUCKETS, r);
    }
    end(w);
    for (int then = 0; then < 2; then++)
        for (size_t i = 0; i < VG_COUNT(cases); i++) {
            vg_str rows = list(w, (vg_resource_filter){.type = vg_str_from(cases[i].type),
                                                       .account = vg_str_from(cases[i].account),
                                                       .region = vg_str_from(cases[i].region),
                                                       .has_region = cases[i].has_region,
                                                       .id = vg_str_from(cases[i].id),
                                                       .source = vg_str_from(cases[i].source),
                                                       .at = then ? day(50) : VG_TIME_NONE});
            char ids[16] = "";
            for (vg_str row; vg_str_next(&rows, '\n', &row);)
                strncat(ids, row.ptr, row.len ? 1 : 0);
            if (strcmp(ids, cases[i].expected) != 0)
                fail_msg("case %zu: got %s, expected %s", i, ids, cases[i].expected);
        }
}

static void one_resource_is_copied_whole(void **state)
{
    world *w = *state;
    begin(w);
    put(w, "b", "{\"a\":1}", day(1));
    put(w, "b", "{\"a\":2}", day(3));
    end(w);
    vg_evidence_row row;
    OK(vg_evidence_resource(w->evidence, w->arena, VG_STR("AWS::S3::Bucket"), VG_STR("111122223333"),
                            VG_STR("eu-west-1"), VG_STR("b"), day(2), &row, err));
    assert_str(row.resource.properties, "{\"a\":1}");
    assert_str(row.resource.source, "s3:ListBuckets");
    assert_str(row.resource.origin, "buckets.json:1:1");
    assert_str(row.run, "run-1");
    vg_sha256 hash = vg_sha256_bytes(VG_STR("{\"a\":1}"));
    assert_memory_equal(row.hash, hash.bytes, 32);
    vg_error err = {0};
    assert_int_equal(vg_evidence_resource(w->evidence, w->arena, VG_STR("AWS::S3::Bucket"),
                                          VG_STR("111122223333"), VG_STR("eu-west-1"), VG_STR("nope"),
                                          VG_TIME_NONE, &row, &err),
                     VG_ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "nope"));
}

static vg_status stop_at_once(void *context, const vg_evidence_row *row, vg_error *err)
{
    (void)row;
    ++*(int *)context;
    return vg_fail(err, VG_ERR_CANCELLED, "enough");
}

static void a_sink_can_stop_the_reading(void **state)
{
    world *w = *state;
    begin(w);
    put(w, "a", "{}", day(1));
    put(w, "b", "{}", day(1));
    end(w);
    int calls = 0;
    vg_error err;
    assert_int_equal(vg_evidence_resources(w->evidence, &VG_RESOURCE_FILTER_ALL, stop_at_once, &calls, &err),
                     VG_ERR_CANCELLED);
    assert_int_equal(calls, 1);
}

static void hostile_names_come_back_as_they_went_in(void **state)
{
    static const char hostile[] = "x'; DROP TABLE resource; --\n\x1b[31m\xe2\x80\xae";
    world *w = *state;
    begin(w);
    vg_resource r = bucket(hostile, "{}", day(1));
    r.id = vg_str_of("a\0b", 3);
    put_in(w, &BUCKETS, r);
    end(w);
    vg_evidence_row row;
    OK(vg_evidence_resource(w->evidence, w->arena, r.type, r.account, r.region, r.id, VG_TIME_NONE, &row,
                            err));
    assert_str(row.resource.name, hostile);
    assert_int_equal(row.resource.id.len, 3);
}

static vg_status count_type(void *context, vg_str type, uint64_t count, vg_error *err)
{
    (void)err;
    vg_buf_addf(context, "%.*s %llu\n", VG_ARG(type), (unsigned long long)count);
    return VG_OK;
}

static void types_are_counted(void **state)
{
    world *w = *state;
    begin(w);
    put(w, "a", "{}", day(1));
    put(w, "b", "{}", day(1));
    vg_resource user = bucket("u", "{}", day(1));
    user.type = VG_STR("AWS::IAM::User");
    put_in(w, &BUCKETS, user);
    user.id = VG_STR("gone");
    const vg_scope users = {.operation = VG_STR("iam:ListUsers")};
    put_in(w, &users, user);
    end(w);
    uint32_t handle;
    begin(w);
    OK(vg_evidence_scope(w->evidence, &users, &handle, err));
    OK(vg_evidence_scope_complete(w->evidence, handle, day(2), err));
    end(w);
    OK(vg_evidence_types(w->evidence, count_type, &w->text, err));
    assert_str(vg_buf_str(&w->text), "AWS::IAM::User 1\nAWS::S3::Bucket 2\n");
}

/* ---- relations ------------------------------------------------------------------------------------------------------------ */

static vg_relation edge(const char *from, const char *kind, const char *to)
{
    return (vg_relation){.from_type = VG_STR("AWS::IAM::User"),
                         .from_account = VG_STR("111122223333"),
                         .from_id = vg_str_from(from),
                         .kind = vg_str_from(kind),
                         .to_type = VG_STR("AWS::IAM::Group"),
                         .to_account = VG_STR("111122223333"),
                         .to_id = vg_str_from(to)};
}

static void put_edge(world *w, const char *from, const char *kind, const char *to, vg_time observed)
{
    uint32_t handle;
    vg_relation relation = edge(from, kind, to);
    OK(vg_evidence_scope(w->evidence, &BUCKETS, &handle, err));
    OK(vg_evidence_put_relation(w->evidence, handle, &relation, observed, err));
}

static vg_status write_edge(void *context, const vg_relation *relation, vg_error *err)
{
    (void)err;
    vg_buf_addf(context, "%.*s %.*s %.*s\n", VG_ARG(relation->from_id), VG_ARG(relation->kind),
                VG_ARG(relation->to_id));
    return VG_OK;
}

static vg_str edges(world *w, vg_relation_filter filter)
{
    vg_buf_clear(&w->text);
    OK(vg_evidence_relations(w->evidence, &filter, write_edge, &w->text, err));
    return vg_buf_str(&w->text);
}

static void relations_live_and_end_like_resources(void **state)
{
    world *w = *state;
    begin(w);
    put_edge(w, "u2", "member-of", "g", day(2));
    put_edge(w, "u1", "member-of", "g", day(2));
    put_edge(w, "u1", "uses", "k", day(2));
    put_edge(w, "u1", "member-of", "g", day(1)); /* seen earlier, too */
    end(w);
    begin(w);
    put_edge(w, "u1", "member-of", "g", day(5));
    complete(w, day(5));
    end(w);
    assert_str(edges(w, VG_RELATION_FILTER_ALL), "u1 member-of g\n");
    assert_str(edges(w, (vg_relation_filter){.at = day(3)}), "u1 member-of g\nu1 uses k\nu2 member-of g\n");
    assert_str(edges(w, (vg_relation_filter){.at = day(1)}), "u1 member-of g\n");
    assert_str(edges(w, (vg_relation_filter){.at = day(3), .kind = VG_STR("uses")}), "u1 uses k\n");
    assert_str(edges(w, (vg_relation_filter){.at = day(3), .to_id = VG_STR("g"), .from_id = VG_STR("u2")}),
               "u2 member-of g\n");
    begin(w);
    put_edge(w, "u2", "member-of", "g", day(8)); /* comes back */
    end(w);
    assert_str(edges(w, (vg_relation_filter){.at = day(6)}), "u1 member-of g\n");
    assert_str(edges(w, VG_RELATION_FILTER_ALL), "u1 member-of g\nu2 member-of g\n");
}

static void relations_end_by_later_readings_of_their_own_scope(void **state)
{
    world *w = *state;
    const vg_scope other = {.operation = VG_STR("iam:ListUsers")};
    const vg_relation elsewhere = edge("u9", "member-of", "g");
    uint32_t handle;
    begin(w);
    OK(vg_evidence_scope(w->evidence, &other, &handle, err));
    OK(vg_evidence_put_relation(w->evidence, handle, &elsewhere, day(1), err));
    put_edge(w, "u1", "member-of", "g", day(5));
    put_edge(w, "u1", "member-of", "g", day(1));
    end(w);
    begin(w);
    complete(w, day(3)); /* older than the last sighting */
    end(w);
    assert_str(edges(w, VG_RELATION_FILTER_ALL), "u1 member-of g\nu9 member-of g\n");
    begin(w);
    complete(w, day(8));
    end(w);
    assert_str(edges(w, VG_RELATION_FILTER_ALL), "u9 member-of g\n");
    assert_str(edges(w, (vg_relation_filter){.at = day(7)}), "u1 member-of g\nu9 member-of g\n");
    begin(w);
    complete(w, day(20)); /* what has ended stays ended when it did */
    end(w);
    assert_str(edges(w, (vg_relation_filter){.at = day(10)}), "u9 member-of g\n");
}

/* ---- facts ----------------------------------------------------------------------------------------------------------------- */

static vg_resource fact(const char *id, const char *properties, vg_time observed)
{
    vg_resource r = bucket(id, properties, observed);
    r.type = VG_STR("Vigil::Account::Root");
    r.source = VG_STR("ignored");
    return r;
}

static void facts_are_replaced_as_a_set(void **state)
{
    world *w = *state;
    const vg_resource first[] = {fact("a", "{\"x\":1}", day(10)), fact("b", "{\"x\":1}", day(10))};
    const vg_resource second[] = {fact("b", "{\"x\":1}", day(11)), fact("c", "{\"x\":1}", day(11))};
    const vg_resource other[] = {fact("z", "{}", day(10))};
    OK(vg_evidence_replace_facts(w->evidence, VG_STR("root"), first, 2, day(10), err));
    OK(vg_evidence_replace_facts(w->evidence, VG_STR("other"), other, 1, day(10), err));
    OK(vg_evidence_replace_facts(w->evidence, VG_STR("root"), second, 2, day(11), err));
    assert_str(list(w, (vg_resource_filter){.at = VG_TIME_NONE, .source = VG_STR("fact:root")}),
               "b v1 {\"x\":1} 10..11 - \nc v1 {\"x\":1} 11..11 - \n");
    assert_str(list(w, (vg_resource_filter){.at = VG_TIME_NONE, .source = VG_STR("fact:*")}),
               "b v1 {\"x\":1} 10..11 - \nc v1 {\"x\":1} 11..11 - \nz v1 {} 10..10 - \n");
    OK(vg_evidence_replace_facts(w->evidence, VG_STR("root"), NULL, 0, day(12), err));
    assert_str(list(w, (vg_resource_filter){.at = VG_TIME_NONE, .source = VG_STR("fact:root")}), "");
}

static void facts_may_come_in_any_order(void **state)
{
    world *w = *state;
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g"};
    vg_resource facts[VG_COUNT(names)];
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < VG_COUNT(names); i++)
            facts[i] = fact(names[round ? VG_COUNT(names) - 1 - i : i], "{}", day(10));
        OK(vg_evidence_replace_facts(w->evidence, VG_STR("root"), facts, VG_COUNT(names), day(10), err));
    }
    assert_str(at(w, VG_TIME_NONE),
               "a v1 {} 10..10 - \nb v1 {} 10..10 - \nc v1 {} 10..10 - \nd v1 {} 10..10 - \n"
               "e v1 {} 10..10 - \nf v1 {} 10..10 - \ng v1 {} 10..10 - \n");
}

/* A review with an earlier --now must read the facts that it has just computed. */
static void the_last_computed_fact_is_current_whatever_its_time(void **state)
{
    world *w = *state;
    const vg_resource late = fact("a", "{\"x\":1}", day(20)), early = fact("a", "{\"x\":2}", day(5));
    OK(vg_evidence_replace_facts(w->evidence, VG_STR("root"), &late, 1, day(20), err));
    OK(vg_evidence_replace_facts(w->evidence, VG_STR("root"), &early, 1, day(5), err));
    assert_str(at(w, VG_TIME_NONE), "a v2 {\"x\":2} 20..20 - \n");
    OK(vg_evidence_replace_facts(w->evidence, VG_STR("root"), &late, 1, day(6), err));
    assert_str(at(w, VG_TIME_NONE), "a v3 {\"x\":1} 20..20 - \n");
}

/* ---- ledger and runs --------------------------------------------------------------------------------------------------------- */

static vg_status write_entry(void *context, const vg_ledger_entry *entry, vg_error *err)
{
    (void)err;
    vg_buf_addf(context, "%.*s %llu %02x %.*s %s '%.*s' %d %llu %.*s ", VG_ARG(entry->path),
                (unsigned long long)entry->size, entry->sha256[31], VG_ARG(entry->operation),
                vg_ledger_outcome_name(entry->outcome), VG_ARG(entry->reason), entry->truncated,
                (unsigned long long)entry->items, VG_ARG(entry->run));
    add_day(context, entry->observed);
    vg_buf_add_char(context, '\n');
    return VG_OK;
}

static vg_str ledger(world *w, const char *run)
{
    vg_buf_clear(&w->text);
    OK(vg_evidence_ledger(w->evidence, vg_str_from(run), write_entry, &w->text, err));
    return vg_buf_str(&w->text);
}

static void ledger_keeps_every_file_and_tells_what_stands(void **state)
{
    world *w = *state;
    begin(w);
    put_ledger(w, VG_LEDGER_NOT_ASSESSED, false);
    vg_ledger_entry stray = {.path = VG_STR("notes.txt"),
                             .outcome = VG_LEDGER_NOT_SUPPORTED,
                             .reason = VG_STR("not an export"),
                             .observed = VG_TIME_NONE};
    OK(vg_evidence_put_ledger(w->evidence, &stray, err));
    end(w);
    begin(w);
    put_ledger(w, VG_LEDGER_IMPORTED, true);
    vg_ledger_entry second = stray;
    second.path = VG_STR("other.txt");
    OK(vg_evidence_put_ledger(w->evidence, &second, err));
    second.path = VG_STR("third.txt");
    OK(vg_evidence_put_ledger(w->evidence, &second, err));
    end(w);
#define FIRST  "exports/buckets.json 12 07 s3:ListBuckets not-assessed 'why' 0 3 run-1 9\n"
#define STRAY  "notes.txt 0 00  not-supported 'not an export' 0 0 run-1 -\n"
#define OTHER  "other.txt 0 00  not-supported 'not an export' 0 0 run-2 -\n"
#define THIRD  "third.txt 0 00  not-supported 'not an export' 0 0 run-2 -\n"
#define SECOND "exports/buckets.json 12 07 s3:ListBuckets imported 'why' 1 3 run-2 9\n"
    assert_str(ledger(w, "run-1"), FIRST STRAY);
    assert_str(ledger(w, "run-2"), SECOND OTHER THIRD);
    assert_str(ledger(w, ""), STRAY SECOND OTHER THIRD);
}

static vg_status write_run(void *context, const vg_run_row *run, vg_error *err)
{
    (void)err;
    vg_buf_addf(context, "%.*s %.*s %.*s '%.*s' %d ", VG_ARG(run->id), VG_ARG(run->kind), VG_ARG(run->who),
                VG_ARG(run->command), run->complete);
    add_day(context, run->finished);
    vg_buf_add_char(context, '\n');
    return VG_OK;
}

static void runs_tell_who_when_and_how_they_ended(void **state)
{
    world *w = *state;
    begin(w);
    end(w);
    begin(w);
    OK(vg_evidence_run_end(w->evidence, day(102), false, NULL, err));
    begin(w);
    OK(vg_evidence_flush(w->evidence, err)); /* and never ends */
    OK(vg_evidence_runs(w->evidence, write_run, &w->text, err));
    assert_str(vg_buf_str(&w->text), "run-1 import ann 'vigil test' 1 101\n"
                                     "run-2 import ann 'vigil test' 0 102\n"
                                     "run-3 import ann 'vigil test' 0 -\n");
}

static void misuse_is_an_error_and_harms_nothing(void **state)
{
    world *w = *state;
    vg_error err;
    vg_resource r = bucket("b", "{}", day(1));
    assert_int_equal(vg_evidence_put(w->evidence, 0, &r, NULL, &err), VG_ERR_INTERNAL); /* no run, no scope */
    begin(w);
    assert_int_equal(vg_evidence_run_begin(w->evidence, VG_STR("x"), day(1), &err), VG_ERR_INTERNAL);
    assert_int_equal(vg_evidence_put(w->evidence, 7, &r, NULL, &err), VG_ERR_INTERNAL);
    put(w, "b", "{}", day(1));
    r.id = VG_STR("");
    assert_int_equal(vg_evidence_put(w->evidence, 0, &r, NULL, &err), VG_ERR_VALUE);
    r = bucket("c", "{}", day(1));
    r.type = VG_STR("");
    assert_int_equal(vg_evidence_put(w->evidence, 0, &r, NULL, &err), VG_ERR_VALUE);
    const vg_relation halves[] = {edge("", "member-of", "g"), edge("u", "", "g"), edge("u", "member-of", "")};
    for (size_t i = 0; i < VG_COUNT(halves); i++)
        assert_int_equal(vg_evidence_put_relation(w->evidence, 0, &halves[i], day(1), &err), VG_ERR_VALUE);
    const vg_relation undated = edge("u", "member-of", "g");
    assert_int_equal(vg_evidence_put_relation(w->evidence, 0, &undated, VG_TIME_NONE, &err), VG_ERR_VALUE);
    r = bucket("c", "{}", VG_TIME_NONE);
    assert_int_equal(vg_evidence_put(w->evidence, 0, &r, NULL, &err), VG_ERR_VALUE);
    end(w);
    assert_int_equal(vg_evidence_run_begin(w->evidence, VG_STR("run-1"), day(1), &err), VG_ERR_VALUE);
    assert_int_equal(vg_evidence_run_begin(w->evidence, VG_STR(""), day(1), &err), VG_ERR_VALUE);
    assert_int_equal(vg_evidence_run_end(w->evidence, day(1), true, NULL, &err), VG_ERR_INTERNAL);
    begin(w);
    put(w, "d", "{}", day(1));
    end(w);
    assert_str(at(w, VG_TIME_NONE), "b v1 {} 1..1 - run-1\nd v1 {} 1..1 - run-2\n");
}

/* Names that run together to the same text. */
static void names_are_told_apart_where_they_end(void **state)
{
    world *w = *state;
    const vg_scope scopes[] = {{.operation = VG_STR("ab"), .parameter = VG_STR("c")},
                               {.operation = VG_STR("a"), .parameter = VG_STR("bc")}};
    static const char *const accounts[] = {"1", "11"}, *const types[] = {"1T", "T"};
    uint32_t handles[2];
    begin(w);
    for (size_t i = 0; i < 2; i++) {
        vg_resource r = bucket("x", i ? "{\"i\":1}" : "{\"i\":0}", day(1));
        r.account = vg_str_from(accounts[i]);
        r.type = vg_str_from(types[i]);
        OK(vg_evidence_scope(w->evidence, &scopes[i], &handles[i], err));
        OK(vg_evidence_put(w->evidence, handles[i], &r, NULL, err));
    }
    end(w);
    assert_int_not_equal(handles[0], handles[1]);
    assert_str(at(w, VG_TIME_NONE), "x v1 {\"i\":0} 1..1 - run-1\nx v1 {\"i\":1} 1..1 - run-1\n");
}

static void everything_is_there_after_reopening(void **state)
{
    world *w = *state;
    begin(w);
    put(w, "b", "{}", day(1));
    end(w);
    begin(w);
    put(w, "lost", "{}", day(1)); /* never flushed */
    vg_evidence_close(w->evidence);
    open_world(w);
    assert_str(at(w, VG_TIME_NONE), "b v1 {} 1..1 - run-1\n");
    begin(w);
    assert_int_equal(put(w, "b", "{}", day(2)), VG_PUT_UNCHANGED);
    assert_int_equal(put(w, "c", "{}", day(2)), VG_PUT_NEW);
    end(w);
    assert_str(at(w, VG_TIME_NONE), "b v1 {} 1..2 - run-1\nc v1 {} 2..2 - run-3\n");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(new_version_only_when_content_changes),
        CASE(point_in_time_reads_what_was_true_then),
        CASE(a_point_in_time_knows_no_later_sighting),
        CASE(older_evidence_takes_its_place_in_history),
        CASE(a_split_version_goes_on_behind_the_split),
        CASE(contradictory_exports_of_one_time_do_not_grow_history),
        CASE(gone_only_after_complete_reading_of_the_same_scope),
        CASE(what_a_run_saw_in_an_older_file_is_not_gone),
        CASE(completeness_ends_with_its_run),
        CASE(other_scopes_lose_nothing),
        CASE(many_can_be_gone_at_once),
        CASE(filters_restrict_and_order_is_fixed),
        CASE(one_resource_is_copied_whole),
        CASE(a_sink_can_stop_the_reading),
        CASE(hostile_names_come_back_as_they_went_in),
        CASE(types_are_counted),
        CASE(relations_live_and_end_like_resources),
        CASE(relations_end_by_later_readings_of_their_own_scope),
        CASE(facts_are_replaced_as_a_set),
        CASE(facts_may_come_in_any_order),
        CASE(the_last_computed_fact_is_current_whatever_its_time),
        CASE(ledger_keeps_every_file_and_tells_what_stands),
        CASE(runs_tell_who_when_and_how_they_ended),
        CASE(misuse_is_an_error_and_harms_nothing),
        CASE(names_are_told_apart_where_they_end),
        CASE(everything_is_there_after_reopening),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
