/* test_hub.c: how findings open, change, resolve, reopen, are silenced and counted (hub.h). */
#include "store/workspace.h"

#include "hub/hub.h"
#include "store/store.h"

typedef struct {
    char *folder;
    vg_store *store;
    vg_hub *hub;
    vg_arena *arena;
    vg_buf text;
    int runs;
} world;

static void open_world(world *w)
{
    const vg_store_options options = {
        .write = true, .create = true, .now = day(0), .who = VG_STR("ann"), .command = VG_STR("vigil test")};
    OK(vg_store_open(vg_str_from(w->folder), &options, &w->store, err));
    OK(vg_hub_attach(w->store, &w->hub, err));
}

static void close_world(world *w)
{
    vg_hub_detach(w->hub);
    vg_store_close(w->store);
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
    close_world(w);
    vg_arena_free(w->arena);
    vg_buf_free(&w->text);
    remove_folder(w->folder);
    free(w);
    return 0;
}

static vg_finding finding(const char *rule, const char *resource, vg_verdict verdict)
{
    return (vg_finding){.rule = vg_str_from(rule),
                        .product = VG_STR("vigil"),
                        .title = VG_STR("a title"),
                        .message = VG_STR("a message"),
                        .remediation = VG_STR("do this"),
                        .severity = VG_SEVERITY_HIGH,
                        .verdict = verdict,
                        .resource_type = VG_STR("AWS::S3::Bucket"),
                        .account = VG_STR("111122223333"),
                        .region = VG_STR("eu-west-1"),
                        .resource_id = vg_str_from(resource),
                        .resource_name = VG_STR("name"),
                        .evidence = VG_STR("{}")};
}

static vg_id id_of(const char *rule, const char *resource)
{
    vg_finding f = finding(rule, resource, VG_VERDICT_FAIL);
    return vg_finding_id(&f);
}

static void begin(world *w, int on_day)
{
    char id[32];
    snprintf(id, sizeof id, "run-%d", ++w->runs);
    OK(vg_hub_run_begin(w->hub, vg_str_from(id), day(on_day), err));
}

static void say(world *w, const char *rule, const char *resource, vg_verdict verdict)
{
    vg_finding f = finding(rule, resource, verdict);
    OK(vg_hub_put(w->hub, &f, 1, err));
}

static vg_hub_counts end(world *w, int on_day, bool completed)
{
    vg_hub_counts counts;
    OK(vg_hub_run_end(w->hub, day(on_day), completed, &counts, err));
    return counts;
}

/* A whole run about one finding. */
static vg_hub_counts run(world *w, int on_day, vg_verdict verdict, bool completed)
{
    begin(w, on_day);
    say(w, "r1", "b", verdict);
    return end(w, on_day, completed);
}

static int day_of(vg_time t)
{
    return t == VG_TIME_NONE ? -1 : (int)((t - day(0)) / VG_TIME_DAY);
}

/* "RULE/RESOURCE WORKFLOW VERDICT first..last opened reopened" */
static vg_status write_row(void *context, const vg_hub_row *row, vg_error *err)
{
    (void)err;
    vg_buf_addf(context, "%.*s/%.*s %s %s %d..%d %d %u", VG_ARG(row->finding.rule),
                VG_ARG(row->finding.resource_id), vg_workflow_name(row->workflow),
                vg_verdict_name(row->finding.verdict), day_of(row->first_seen), day_of(row->last_seen),
                day_of(row->opened), row->reopened);
    if (row->suppressed_reason.len)
        vg_buf_addf(context, " '%.*s' %d", VG_ARG(row->suppressed_reason), day_of(row->suppressed_until));
    vg_buf_add_char(context, '\n');
    return VG_OK;
}

static vg_str list(world *w, vg_hub_filter filter)
{
    vg_buf_clear(&w->text);
    OK(vg_hub_list(w->hub, &filter, write_row, &w->text, err));
    return vg_buf_str(&w->text);
}

static vg_str all(world *w)
{
    return list(w, (vg_hub_filter){0});
}

static vg_status write_event(void *context, const vg_hub_history_row *row, vg_error *err)
{
    (void)err;
    vg_buf_addf(context, "%d %s %s %s %s run=%.*s who=%.*s note=%.*s\n", day_of(row->at),
                vg_hub_event_name(row->event), vg_workflow_name(row->workflow), vg_verdict_name(row->verdict),
                vg_severity_name(row->severity), VG_ARG(row->run), VG_ARG(row->who), VG_ARG(row->note));
    return VG_OK;
}

static vg_str history(world *w, const char *rule, const char *resource)
{
    vg_id id = id_of(rule, resource);
    vg_buf_clear(&w->text);
    OK(vg_hub_history(w->hub, &id, write_event, &w->text, err));
    return vg_buf_str(&w->text);
}

/* ---- verdicts ------------------------------------------------------------------------------------------------------ */

/* What a finding that failed on day 1 is after a run on day 2 that says `verdict` and ends so. */
static void only_a_pass_in_a_completed_run_resolves(void **state)
{
    static const struct {
        vg_verdict verdict;
        bool completed;
        const char *expected;
    } cases[] = {
        {VG_VERDICT_PASS, true, "r1/b RESOLVED pass 1..1 1 0\n"},
        {VG_VERDICT_PASS, false, "r1/b NEW fail 1..1 1 0\n"},
        {VG_VERDICT_NOT_ASSESSED, true, "r1/b NEW fail 1..1 1 0\n"},
        {VG_VERDICT_NOT_APPLICABLE, true, "r1/b NEW fail 1..1 1 0\n"},
        {VG_VERDICT_PARTLY, true, "r1/b NEW partly 1..2 1 0\n"},
        {VG_VERDICT_FAIL, true, "r1/b NEW fail 1..2 1 0\n"},
        {VG_VERDICT_FAIL, false, "r1/b NEW fail 1..2 1 0\n"},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        teardown(state);
        setup(state);
        world *w = *state;
        run(w, 1, VG_VERDICT_FAIL, true);
        run(w, 2, cases[i].verdict, cases[i].completed);
        vg_str got = all(w);
        if (!vg_str_is(got, cases[i].expected))
            fail_msg("%s, completed %d: got '%.*s', expected '%s'", vg_verdict_name(cases[i].verdict),
                     cases[i].completed, VG_ARG(got), cases[i].expected);
    }
}

static void a_run_that_says_nothing_resolves_nothing(void **state)
{
    world *w = *state;
    run(w, 1, VG_VERDICT_FAIL, true);
    begin(w, 2);
    say(w, "r1", "another", VG_VERDICT_PASS);
    end(w, 2, true);
    assert_str(all(w), "r1/b NEW fail 1..1 1 0\n");
}

static void a_run_that_never_ended_resolves_nothing(void **state)
{
    world *w = *state;
    run(w, 1, VG_VERDICT_FAIL, true);
    begin(w, 2);
    say(w, "r1", "b", VG_VERDICT_PASS);
    OK(vg_hub_flush(w->hub, err));
    close_world(w); /* as a crash does */
    open_world(w);
    begin(w, 3);
    end(w, 3, true);
    assert_str(all(w), "r1/b NEW fail 1..1 1 0\n");
}

static void a_crash_after_the_end_of_a_run_does_not_undo_it(void **state)
{
    world *w = *state;
    run(w, 1, VG_VERDICT_FAIL, true);
    begin(w, 2);
    say(w, "r1", "b", VG_VERDICT_PASS);
    OK(vg_hub_flush(w->hub, err));
    /* What vg_hub_run_end commits first, before it goes through the passes: */
    OK(vg_store_write(w->store, err));
    OK(vg_store_run_finish(w->store, 2, day(2), true, err));
    OK(vg_store_flush(w->store, err));
    close_world(w);
    open_world(w);
    begin(w, 3);
    assert_str(all(w), "r1/b RESOLVED pass 1..1 1 0\n");
    end(w, 3, true);
}

static void within_a_run_a_failure_beats_a_pass(void **state)
{
    world *w = *state;
    run(w, 1, VG_VERDICT_FAIL, true);
    begin(w, 2);
    say(w, "r1", "b", VG_VERDICT_PASS);
    say(w, "r1", "b", VG_VERDICT_FAIL);
    assert_int_equal(end(w, 2, true).resolved, 0);
    begin(w, 3);
    say(w, "r1", "b", VG_VERDICT_FAIL);
    say(w, "r1", "b", VG_VERDICT_PASS);
    assert_int_equal(end(w, 3, true).resolved, 0);
    assert_str(all(w), "r1/b NEW fail 1..3 1 0\n");
}

static void what_returns_is_reopened_with_its_history(void **state)
{
    world *w = *state;
    run(w, 1, VG_VERDICT_FAIL, true);
    run(w, 2, VG_VERDICT_PASS, true);
    run(w, 3, VG_VERDICT_PASS, true);
    vg_hub_counts counts = run(w, 4, VG_VERDICT_PARTLY, true);
    assert_int_equal(counts.reopened, 1);
    assert_int_equal(counts.opened + counts.changed + counts.unchanged, 0);
    assert_str(all(w), "r1/b NEW partly 1..4 4 1\n");
    assert_str(history(w, "r1", "b"), "1 opened NEW fail high run=run-1 who= note=\n"
                                      "2 resolved RESOLVED pass high run=run-2 who= note=\n"
                                      "4 reopened NEW partly high run=run-4 who= note=\n");
}

static void a_pass_of_an_unknown_finding_stores_nothing(void **state)
{
    world *w = *state;
    vg_hub_counts counts = run(w, 1, VG_VERDICT_PASS, true);
    assert_int_equal(counts.passed, 1);
    assert_int_equal(counts.resolved, 0);
    assert_str(all(w), "");
    begin(w, 2);
    say(w, "r1", "b", VG_VERDICT_PASS);
    vg_vec waiting = vg_vec_in(w->arena, sizeof(vg_store_pass));
    OK(vg_store_passes(w->store, 2, 10, &waiting, err));
    assert_int_equal(waiting.len, 0);
    end(w, 2, true);
}

static void seeing_again_changes_times_alone(void **state)
{
    world *w = *state;
    vg_hub_counts counts = run(w, 1, VG_VERDICT_FAIL, true);
    assert_int_equal(counts.opened, 1);
    counts = run(w, 2, VG_VERDICT_FAIL, true);
    assert_int_equal(counts.unchanged, 1);
    assert_int_equal(counts.opened + counts.changed, 0);
    assert_str(history(w, "r1", "b"), "1 opened NEW fail high run=run-1 who= note=\n");
    assert_str(all(w), "r1/b NEW fail 1..2 1 0\n");
}

static void changed_texts_severity_and_verdict_are_kept(void **state)
{
    world *w = *state;
    run(w, 1, VG_VERDICT_FAIL, true);
    vg_finding f = finding("r1", "b", VG_VERDICT_PARTLY);
    f.severity = VG_SEVERITY_CRITICAL;
    f.message = VG_STR("another message");
    f.evidence = VG_STR("{\"x\":1}");
    f.title = VG_STR("another title");
    f.remediation = VG_STR("another way");
    f.resource_name = VG_STR("another name");
    f.product = VG_STR("inspector");
    begin(w, 2);
    OK(vg_hub_put(w->hub, &f, 1, err));
    assert_int_equal(end(w, 2, true).changed, 1);
    vg_hub_row row;
    vg_id id = vg_finding_id(&f);
    OK(vg_hub_find(w->hub, w->arena, vg_str_from(id.hex), 0, &row, err));
    assert_str(row.finding.message, "another message");
    assert_str(row.finding.evidence, "{\"x\":1}");
    assert_str(row.finding.title, "another title");
    assert_str(row.finding.remediation, "another way");
    assert_str(row.finding.resource_name, "another name");
    assert_str(row.finding.product, "inspector");
    assert_str(row.finding.run, "run-2");
    assert_int_equal(row.finding.severity, VG_SEVERITY_CRITICAL);
    assert_int_equal(row.finding.verdict, VG_VERDICT_PARTLY);
    assert_str(history(w, "r1", "b"), "1 opened NEW fail high run=run-1 who= note=\n"
                                      "2 verdict NEW partly critical run=run-2 who= note=\n"
                                      "2 severity NEW partly critical run=run-2 who= note=\n");
}

/* Each change alone is one, and said again it is none. */
static void each_text_and_the_severity_count_by_themselves(void **state)
{
    world *w = *state;
    vg_finding f = finding("r1", "b", VG_VERDICT_FAIL);
    vg_str *const texts[] = {&f.product, &f.title, &f.message, &f.remediation, &f.resource_name, &f.evidence};
    run(w, 1, VG_VERDICT_FAIL, true);
    for (size_t i = 0; i <= VG_COUNT(texts); i++) {
        if (i < VG_COUNT(texts))
            *texts[i] = VG_STR("{\"changed\":1}");
        else
            f.severity = VG_SEVERITY_LOW;
        for (int again = 0; again < 2; again++) {
            begin(w, 2);
            OK(vg_hub_put(w->hub, &f, 1, err));
            vg_hub_counts counts = end(w, 2, true);
            if (counts.changed != (again ? 0 : 1) || counts.unchanged != (again ? 1 : 0))
                fail_msg("text %zu, time %d: %llu changed, %llu unchanged", i, again,
                         (unsigned long long)counts.changed, (unsigned long long)counts.unchanged);
        }
    }
}

static void the_evidences_time_is_first_and_last_seen(void **state)
{
    world *w = *state;
    vg_finding f = finding("r1", "b", VG_VERDICT_FAIL);
    f.observed = day(5);
    begin(w, 10);
    OK(vg_hub_put(w->hub, &f, 1, err));
    end(w, 10, true);
    f.observed = day(3);
    begin(w, 11);
    OK(vg_hub_put(w->hub, &f, 1, err));
    end(w, 11, true);
    assert_str(all(w), "r1/b NEW fail 3..5 10 0\n");
    f.observed = VG_TIME_NONE; /* then it is the run's */
    begin(w, 12);
    OK(vg_hub_put(w->hub, &f, 1, err));
    end(w, 12, true);
    assert_str(all(w), "r1/b NEW fail 3..12 10 0\n");
}

static void sub_keys_tell_findings_apart(void **state)
{
    world *w = *state;
    vg_finding two[] = {finding("r1", "b", VG_VERDICT_FAIL), finding("r1", "b", VG_VERDICT_FAIL)};
    two[1].sub_key = VG_STR("port 22");
    begin(w, 1);
    OK(vg_hub_put(w->hub, two, 2, err));
    assert_int_equal(end(w, 1, true).opened, 2);
    two[1].verdict = VG_VERDICT_PASS;
    begin(w, 2);
    OK(vg_hub_put(w->hub, two, 2, err));
    end(w, 2, true);
    assert_str(all(w), "r1/b NEW fail 1..2 1 0\nr1/b RESOLVED pass 1..1 1 0\n");
}

static void texts_that_run_together_alike_stay_apart(void **state)
{
    world *w = *state;
    static const struct {
        const char *resource, *product, *title;
    } rows[] = {{"a", "xy", "z"}, {"b", "xy", "z"}, {"c", "x", "yz"}, {"d", "x", "yz"}};
    begin(w, 1);
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        vg_finding f = finding("r1", rows[i].resource, VG_VERDICT_FAIL);
        f.product = vg_str_from(rows[i].product);
        f.title = vg_str_from(rows[i].title);
        OK(vg_hub_put(w->hub, &f, 1, err));
    }
    end(w, 1, true);
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        vg_hub_row row;
        vg_id id = id_of("r1", rows[i].resource);
        OK(vg_hub_find(w->hub, w->arena, vg_str_from(id.hex), 0, &row, err));
        assert_str(row.finding.product, rows[i].product);
        assert_str(row.finding.title, rows[i].title);
    }
}

/* "RESOURCE: RULE, PRODUCT, TITLE, REMEDIATION in TYPE, ACCOUNT, REGION" */
static vg_status write_texts(void *context, const vg_hub_row *row, vg_error *err)
{
    const vg_finding *f = &row->finding;
    (void)err;
    vg_buf_addf(context, "%.*s: %.*s, %.*s, %.*s, %.*s in %.*s, %.*s, %.*s\n", VG_ARG(f->resource_id),
                VG_ARG(f->rule), VG_ARG(f->product), VG_ARG(f->title), VG_ARG(f->remediation),
                VG_ARG(f->resource_type), VG_ARG(f->account), VG_ARG(f->region));
    return VG_OK;
}

static vg_str texts_of(world *w, const char *rule, const char *product)
{
    const vg_hub_filter filter = {.rule = vg_str_from(rule), .product = vg_str_from(product), .by_age = true};
    vg_buf_clear(&w->text);
    OK(vg_hub_list(w->hub, &filter, write_texts, &w->text, err));
    return vg_buf_str(&w->text);
}

static void put_with_title(world *w, const char *resource, const char *title, const char *product)
{
    vg_finding f = finding("r1", resource, VG_VERDICT_FAIL);
    f.title = vg_str_from(title);
    f.product = vg_str_from(product);
    OK(vg_hub_put(w->hub, &f, 1, err));
}

/* Wordings that many findings share are stored once: nobody may see that, whoever changes. */
static void shared_wordings_and_own_ones_come_back_as_they_went_in(void **state)
{
    world *w = *state;
    static const char AT_FIRST[] = "a: r1, vigil, A, do this in AWS::S3::Bucket, 111122223333, eu-west-1\n"
                                   "b: r1, vigil, A, do this in AWS::S3::Bucket, 111122223333, eu-west-1\n"
                                   "c: r1, vigil, A, do this in AWS::S3::Bucket, 111122223333, eu-west-1\n"
                                   "d: r1, vigil, own, do this in AWS::S3::Bucket, 111122223333, eu-west-1\n"
                                   "e: r1, x, , do this in AWS::S3::Bucket, 111122223333, eu-west-1\n";
    static const char LATER[] = "a: r1, vigil, B, do this in AWS::S3::Bucket, 111122223333, eu-west-1\n"
                                "b: r1, vigil, A, do this in AWS::S3::Bucket, 111122223333, eu-west-1\n"
                                "c: r1, vigil, own, do this in AWS::S3::Bucket, 111122223333, eu-west-1\n"
                                "d: r1, vigil, A, do this in AWS::S3::Bucket, 111122223333, eu-west-1\n"
                                "e: r1, x, , do this in AWS::S3::Bucket, 111122223333, eu-west-1\n";
    static const char *const names[] = {"a", "b", "c", "d", "e"},
                             *const at_first[] = {"A", "A", "A", "own", ""},
                             *const later[] = {"B", "A", "own", "A", ""};
    begin(w, 1);
    for (size_t i = 0; i < VG_COUNT(names); i++)
        put_with_title(w, names[i], at_first[i], i == 4 ? "x" : "vigil");
    assert_str(texts_of(w, "r1", ""), AT_FIRST);
    end(w, 1, true);
    close_world(w); /* another program remembers no wording */
    open_world(w);
    assert_str(texts_of(w, "r1", ""), AT_FIRST);
    begin(w, 2);
    for (size_t i = 0; i < VG_COUNT(names); i++)
        put_with_title(w, names[i], later[i], i == 4 ? "x" : "vigil");
    assert_int_equal(end(w, 2, true).changed, 3);
    assert_str(texts_of(w, "r1", ""), LATER);
    assert_str(texts_of(w, "r1", "x"), "e: r1, x, , do this in AWS::S3::Bucket, 111122223333, eu-west-1\n");
    assert_str(texts_of(w, "r2", ""), "");
}

/* What was stored for all within a batch goes with it. */
static void a_batch_that_is_dropped_takes_its_wordings_along(void **state)
{
    world *w = *state;
    static const char *const names[] = {"a", "b", "c"};
    for (int round = 0; round < 2; round++) {
        begin(w, 1);
        for (size_t i = 0; i < VG_COUNT(names); i++)
            put_with_title(w, names[i], "A", "vigil");
        if (round == 1)
            end(w, 1, true);
        else
            vg_store_rollback(w->store);
        vg_hub_detach(w->hub);
        OK(vg_hub_attach(w->store, &w->hub, err));
    }
    assert_str(texts_of(w, "r1", "vigil"),
               "a: r1, vigil, A, do this in AWS::S3::Bucket, 111122223333, eu-west-1\n"
               "b: r1, vigil, A, do this in AWS::S3::Bucket, 111122223333, eu-west-1\n"
               "c: r1, vigil, A, do this in AWS::S3::Bucket, 111122223333, eu-west-1\n");
}

/* More wordings than are remembered. */
static void a_wording_for_each_finding_is_kept(void **state)
{
    world *w = *state;
    enum { MANY = 70000 };
    char name[16], title[320];
    memset(title, 't', sizeof title);
    begin(w, 1);
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "%06d", i);
        snprintf(title + 290, 16, "%06d", i / 2);
        put_with_title(w, name, title, "vigil");
    }
    end(w, 1, true);
    vg_str got = texts_of(w, "r1", "");
    for (int i = 0; i < MANY; i++) {
        char expected[400];
        vg_str line;
        snprintf(title + 290, 16, "%06d", i / 2);
        snprintf(expected, sizeof expected,
                 "%06d: r1, vigil, %s, do this in AWS::S3::Bucket, 111122223333, eu-west-1", i, title);
        assert_true(vg_str_next(&got, '\n', &line));
        assert_str(line, expected);
    }
}

static void resolving_what_cannot_be_evaluated_needs_a_reason(void **state)
{
    world *w = *state;
    vg_error why;
    vg_finding f = finding("r1", "b", VG_VERDICT_FAIL), other = finding("r2", "b", VG_VERDICT_FAIL);
    run(w, 1, VG_VERDICT_FAIL, true);
    begin(w, 2);
    assert_int_equal(vg_hub_resolve(w->hub, &other, VG_STR("x"), &why), VG_ERR_NOT_FOUND);
    assert_int_equal(vg_hub_resolve(w->hub, &f, VG_STR(""), &why), VG_ERR_VALUE);
    OK(vg_hub_resolve(w->hub, &f, VG_STR("the bucket is gone"), err));
    end(w, 2, false);
    assert_str(all(w), "r1/b NEW fail 1..1 1 0\n"); /* the run was partial */
    begin(w, 3);
    OK(vg_hub_resolve(w->hub, &f, VG_STR("the bucket is gone"), err));
    end(w, 3, true);
    assert_str(history(w, "r1", "b"),
               "1 opened NEW fail high run=run-1 who= note=\n"
               "3 resolved RESOLVED pass high run=run-3 who= note=the bucket is gone\n");
}

static void many_resolve_at_once(void **state)
{
    world *w = *state;
    char name[32];
    for (int round = 1; round <= 2; round++) {
        begin(w, round);
        for (int i = 0; i < 2500; i++) {
            snprintf(name, sizeof name, "b%04d", i);
            say(w, "r1", name, round == 1 ? VG_VERDICT_FAIL : VG_VERDICT_PASS);
        }
        assert_int_equal(end(w, round, true).resolved, round == 1 ? 0 : 2500);
    }
    vg_hub_totals totals;
    OK(vg_hub_total(w->hub, 0, &totals, err));
    assert_int_equal(totals.by_workflow[VG_WORKFLOW_RESOLVED], 2500);
    assert_int_equal(totals.by_workflow[VG_WORKFLOW_NEW], 0);
}

/* ---- people ----------------------------------------------------------------------------------------------------------- */

/* What another program reads. */
static vg_str stored(world *w)
{
    vg_store *store;
    vg_hub *hub, *own = w->hub;
    const vg_store_options options = {.now = day(0)};
    OK(vg_store_open(vg_str_from(w->folder), &options, &store, err));
    OK(vg_hub_attach(store, &hub, err));
    w->hub = hub;
    vg_str rows = all(w);
    w->hub = own;
    vg_hub_detach(hub);
    vg_store_close(store);
    return rows;
}

static vg_status write_action(void *context, const vg_audit_row *row, vg_error *err)
{
    (void)err;
    if (vg_str_starts(row->action, VG_STR("finding.")))
        vg_buf_addf(context, "%d %.*s %.*s %.*s\n", day_of(row->at), VG_ARG(row->who), VG_ARG(row->action),
                    VG_ARG(row->detail));
    return VG_OK;
}

static void notify_and_reopen_by_hand(void **state)
{
    world *w = *state;
    vg_error why;
    vg_id id = id_of("r1", "b");
    run(w, 1, VG_VERDICT_FAIL, true);
    assert_int_equal(vg_hub_reopen(w->hub, &id, VG_STR("bob"), VG_STR(""), day(2), &why), VG_ERR_VALUE);
    OK(vg_hub_notify(w->hub, &id, VG_STR("bob"), VG_STR("ticket 7"), day(2), err));
    assert_int_equal(vg_hub_notify(w->hub, &id, VG_STR("bob"), VG_STR(""), day(2), &why), VG_ERR_VALUE);
    assert_str(stored(w), "r1/b NOTIFIED fail 1..1 1 0\n");
    run(w, 3, VG_VERDICT_FAIL, true);
    assert_str(all(w), "r1/b NOTIFIED fail 1..3 1 0\n");
    OK(vg_hub_reopen(w->hub, &id, VG_STR(""), VG_STR("not done"), day(4), err));
    assert_str(stored(w), "r1/b NEW fail 1..3 1 0\n");
    vg_buf_clear(&w->text);
    OK(vg_hub_audit(w->hub, write_action, &w->text, err));
    assert_str(vg_buf_str(&w->text), "2 bob finding.notify ticket 7\n4 ann finding.reopen not done\n");
    run(w, 5, VG_VERDICT_PASS, true);
    assert_int_equal(vg_hub_reopen(w->hub, &id, VG_STR("bob"), VG_STR(""), day(6), &why), VG_ERR_VALUE);
    assert_str(history(w, "r1", "b"), "1 opened NEW fail high run=run-1 who= note=\n"
                                      "2 notified NOTIFIED fail high run= who=bob note=ticket 7\n"
                                      "4 reopened NEW fail high run= who=ann note=not done\n"
                                      "5 resolved RESOLVED pass high run=run-3 who= note=\n");
    vg_id none = id_of("r9", "b");
    assert_int_equal(vg_hub_notify(w->hub, &none, VG_STR("bob"), VG_STR(""), day(2), &why), VG_ERR_NOT_FOUND);
}

static vg_suppression silence(const char *rule, const char *account, const char *resource, int until)
{
    return (vg_suppression){.rule = vg_str_from(rule),
                            .account = vg_str_from(account),
                            .resource = vg_str_from(resource),
                            .reason = VG_STR("accepted"),
                            .who = VG_STR("bob"),
                            .until = day(until)};
}

static void a_suppression_needs_reason_and_expiry(void **state)
{
    world *w = *state;
    vg_error why;
    vg_suppression s = silence("r1", "", "", 9);
    s.reason = VG_STR("");
    assert_int_equal(vg_hub_suppress(w->hub, &s, day(1), NULL, &why), VG_ERR_VALUE);
    s = silence("r1", "", "", 1);
    assert_int_equal(vg_hub_suppress(w->hub, &s, day(1), NULL, &why), VG_ERR_VALUE);
    s = silence("", "", "", 9);
    assert_int_equal(vg_hub_suppress(w->hub, &s, day(1), NULL, &why), VG_ERR_VALUE);
    s = silence("r1", "", "", 9);
    s.until = VG_TIME_NONE;
    assert_int_equal(vg_hub_suppress(w->hub, &s, day(1), NULL, &why), VG_ERR_VALUE);
    s = silence("r1", "", "", 9);
    s.finding = id_of("r1", "b");
    assert_int_equal(vg_hub_suppress(w->hub, &s, day(1), NULL, &why), VG_ERR_VALUE);
    s = silence("", "", "", 9);
    s.finding = id_of("r1", "b");
    assert_int_equal(vg_hub_suppress(w->hub, &s, day(1), NULL, &why), VG_ERR_NOT_FOUND);
}

static void suppression_of_one_finding_lapses_back_to_new(void **state)
{
    world *w = *state;
    run(w, 1, VG_VERDICT_FAIL, true);
    vg_suppression s = silence("", "", "", 5);
    s.finding = id_of("r1", "b");
    uint64_t matched = 0;
    OK(vg_hub_suppress(w->hub, &s, day(2), &matched, err));
    assert_int_equal(matched, 1);
    run(w, 3, VG_VERDICT_FAIL, true);
    assert_str(all(w), "r1/b SUPPRESSED fail 1..3 1 0 'accepted' 5\n");
    assert_str(list(w, (vg_hub_filter){.now = day(4)}), "r1/b SUPPRESSED fail 1..3 1 0 'accepted' 5\n");
    assert_str(list(w, (vg_hub_filter){.now = day(5)}),
               "r1/b NEW fail 1..3 1 0\n"); /* though nothing ran yet */
    assert_str(list(w, (vg_hub_filter){.now = day(5), .workflows = VG_HUB_OPEN}), "r1/b NEW fail 1..3 1 0\n");
    vg_hub_totals totals;
    OK(vg_hub_total(w->hub, day(4), &totals, err));
    assert_int_equal(totals.by_workflow[VG_WORKFLOW_SUPPRESSED], 1);
    assert_int_equal(totals.open_by_severity[VG_SEVERITY_HIGH], 0);
    OK(vg_hub_total(w->hub, day(5), &totals, err));
    assert_int_equal(totals.by_workflow[VG_WORKFLOW_NEW], 1);
    assert_int_equal(totals.open_by_severity[VG_SEVERITY_HIGH], 1);
    uint64_t lifted = 0;
    OK(vg_hub_expire(w->hub, day(6), &lifted, err));
    assert_int_equal(lifted, 1);
    assert_str(all(w), "r1/b NEW fail 1..3 1 0\n");
    assert_str(history(w, "r1", "b"), "1 opened NEW fail high run=run-1 who= note=\n"
                                      "2 suppressed SUPPRESSED fail high run= who=bob note=accepted\n"
                                      "6 lifted NEW fail high run= who=vigil note=the suppression lapsed\n");
}

static void what_lapsed_is_over_for_people_too(void **state)
{
    world *w = *state;
    vg_id id = id_of("r1", "b");
    vg_error why;
    run(w, 1, VG_VERDICT_FAIL, true);
    vg_suppression s = silence("", "", "", 5);
    s.finding = id;
    OK(vg_hub_suppress(w->hub, &s, day(2), NULL, err));
    assert_int_equal(vg_hub_notify(w->hub, &id, VG_STR("bob"), VG_STR(""), day(4), &why), VG_ERR_VALUE);
    vg_suppression second = silence("", "", "", 9); /* silenced anew, when it is over */
    second.finding = id;
    assert_int_equal(vg_hub_suppress(w->hub, &second, day(4), NULL, &why), VG_ERR_VALUE);
    OK(vg_hub_suppress(w->hub, &second, day(5), NULL, err));
    assert_str(all(w), "r1/b SUPPRESSED fail 1..1 1 0 'accepted' 9\n");
    assert_int_equal(vg_hub_reopen(w->hub, &id, VG_STR("bob"), VG_STR(""), day(9), &why), VG_ERR_VALUE);
    assert_non_null(strstr(why.message, "the finding is NEW"));
    s = silence("r1", "", "", 12);
    OK(vg_hub_suppress(w->hub, &s, day(10), NULL, err));
    OK(vg_hub_notify(w->hub, &id, VG_STR("bob"), VG_STR(""), day(12), err)); /* shown as NEW on that day */
    assert_str(all(w), "r1/b NOTIFIED fail 1..1 1 0\n");
}

static void a_run_lifts_what_lapsed(void **state)
{
    world *w = *state;
    run(w, 1, VG_VERDICT_FAIL, true);
    vg_suppression s = silence("r1", "", "", 5);
    OK(vg_hub_suppress(w->hub, &s, day(2), NULL, err));
    begin(w, 5);
    end(w, 5, true);
    assert_str(all(w), "r1/b NEW fail 1..1 1 0\n");
}

static void globs_silence_present_and_future_findings(void **state)
{
    world *w = *state;
    begin(w, 1);
    say(w, "r1", "dev-a", VG_VERDICT_FAIL);
    say(w, "r1", "prod-a", VG_VERDICT_FAIL);
    say(w, "r2", "dev-a", VG_VERDICT_FAIL);
    end(w, 1, true);
    vg_suppression elsewhere = silence("r1", "2222*", "dev-*", 9);
    uint64_t none = 9;
    OK(vg_hub_suppress(w->hub, &elsewhere, day(1), &none, err));
    assert_int_equal(none, 0);
    vg_suppression s = silence("r1", "1111*", "dev-*", 9);
    uint64_t matched = 0;
    OK(vg_hub_suppress(w->hub, &s, day(2), &matched, err));
    assert_int_equal(matched, 1);
    close_world(w); /* and it is remembered */
    open_world(w);
    begin(w, 3);
    say(w, "r1", "dev-b", VG_VERDICT_FAIL);
    say(w, "r1", "prod-b", VG_VERDICT_FAIL);
    end(w, 3, true);
    assert_str(all(w), "r1/dev-a SUPPRESSED fail 1..1 1 0 'accepted' 9\n"
                       "r1/dev-b SUPPRESSED fail 3..3 3 0 'accepted' 9\n"
                       "r1/prod-a NEW fail 1..1 1 0\n"
                       "r1/prod-b NEW fail 3..3 3 0\n"
                       "r2/dev-a NEW fail 1..1 1 0\n");
    assert_str(history(w, "r1", "dev-b"), "3 opened NEW fail high run=run-2 who= note=\n"
                                          "3 suppressed SUPPRESSED fail high run=run-2 who= note=\n");
    vg_error why;
    vg_id id = id_of("r1", "dev-a");
    assert_int_equal(vg_hub_reopen(w->hub, &id, VG_STR("bob"), VG_STR(""), day(4), &why), VG_ERR_VALUE);
    assert_non_null(strstr(why.message, "together with others"));
    OK(vg_hub_unsuppress(w->hub, s.number, VG_STR("eve"), day(4), err));
    assert_int_equal(vg_hub_unsuppress(w->hub, s.number, VG_STR("eve"), day(4), &why), VG_ERR_NOT_FOUND);
    assert_str(list(w, (vg_hub_filter){.workflows = 1u << VG_WORKFLOW_SUPPRESSED}), "");
    begin(w, 5);
    say(w, "r1", "dev-c", VG_VERDICT_FAIL);
    end(w, 5, true);
    assert_str(list(w, (vg_hub_filter){.resource = VG_STR("dev-c")}), "r1/dev-c NEW fail 5..5 5 0\n");
}

static void what_two_suppressions_cover_stays_silent_when_one_ends(void **state)
{
    world *w = *state;
    run(w, 1, VG_VERDICT_FAIL, true);
    vg_suppression narrow = silence("r1", "", "b", 5), broad = silence("r*", "", "", 8);
    uint64_t matched = 9, lifted = 9;
    OK(vg_hub_suppress(w->hub, &narrow, day(2), NULL, err));
    OK(vg_hub_suppress(w->hub, &broad, day(2), &matched, err));
    assert_int_equal(matched, 0); /* it stands under the other */
    OK(vg_hub_expire(w->hub, day(6), &lifted, err));
    assert_int_equal(lifted, 0);
    assert_str(all(w), "r1/b SUPPRESSED fail 1..1 1 0 'accepted' 8\n");
    OK(vg_hub_expire(w->hub, day(8), &lifted, err));
    assert_int_equal(lifted, 1);
    assert_str(all(w), "r1/b NEW fail 1..1 1 0\n");
    narrow = silence("r1", "", "b", 12), broad = silence("r*", "", "", 11);
    OK(vg_hub_suppress(w->hub, &narrow, day(9), NULL, err));
    OK(vg_hub_suppress(w->hub, &broad, day(9), NULL, err));
    OK(vg_hub_unsuppress(w->hub, narrow.number, VG_STR("eve"), day(11),
                         err)); /* the other has lapsed by then */
    assert_str(all(w), "r1/b NEW fail 1..1 1 0\n");
}

static void a_suppression_leaves_what_is_resolved(void **state)
{
    world *w = *state;
    vg_error why;
    run(w, 1, VG_VERDICT_FAIL, true);
    run(w, 2, VG_VERDICT_PASS, true);
    vg_suppression glob = silence("r1", "", "", 9), one = silence("", "", "", 9);
    uint64_t matched = 9;
    OK(vg_hub_suppress(w->hub, &glob, day(3), &matched, err));
    assert_int_equal(matched, 0);
    one.finding = id_of("r1", "b");
    assert_int_equal(vg_hub_suppress(w->hub, &one, day(3), NULL, &why), VG_ERR_VALUE);
    assert_str(all(w), "r1/b RESOLVED pass 1..1 1 0\n");
}

static void a_glob_silences_what_comes_in_the_same_program(void **state)
{
    world *w = *state;
    vg_suppression s = silence("r1", "", "", 9);
    OK(vg_hub_suppress(w->hub, &s, day(1), NULL, err));
    run(w, 2, VG_VERDICT_FAIL, true);
    assert_str(all(w), "r1/b SUPPRESSED fail 2..2 2 0 'accepted' 9\n");
}

static void many_are_silenced_and_lifted_at_once(void **state)
{
    world *w = *state;
    enum { MANY = 2500 };
    char name[32];
    begin(w, 1);
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "b%04d", i);
        say(w, "r1", name, VG_VERDICT_FAIL);
    }
    end(w, 1, true);
    vg_suppression s = silence("r1", "", "", 9);
    uint64_t matched = 0, lifted = 0;
    OK(vg_hub_suppress(w->hub, &s, day(2), &matched, err));
    assert_int_equal(matched, MANY);
    OK(vg_hub_expire(w->hub, day(9), &lifted, err));
    assert_int_equal(lifted, MANY);
    vg_hub_totals totals;
    OK(vg_hub_total(w->hub, 0, &totals, err));
    assert_int_equal(totals.by_workflow[VG_WORKFLOW_NEW], MANY);
}

static void a_suppressed_problem_resolves_and_comes_back_suppressed(void **state)
{
    world *w = *state;
    run(w, 1, VG_VERDICT_FAIL, true);
    vg_suppression s = silence("", "", "", 9);
    s.finding = id_of("r1", "b");
    OK(vg_hub_suppress(w->hub, &s, day(2), NULL, err));
    run(w, 3, VG_VERDICT_PASS, true);
    assert_str(all(w), "r1/b RESOLVED pass 1..1 1 0\n");
    run(w, 4, VG_VERDICT_FAIL, true);
    assert_str(all(w), "r1/b SUPPRESSED fail 1..4 4 1 'accepted' 9\n");
    vg_id id = id_of("r1", "b");
    OK(vg_hub_reopen(w->hub, &id, VG_STR("eve"), VG_STR(""), day(5), err));
    assert_str(all(w), "r1/b NEW fail 1..4 4 1\n");
}

static vg_status write_suppression(void *context, const vg_suppression *s, vg_error *err)
{
    (void)err;
    vg_buf_addf(context, "%llu %.8s %.*s %.*s %.*s '%.*s' %.*s %d %d %d\n", (unsigned long long)s->number,
                s->finding.hex, VG_ARG(s->rule), VG_ARG(s->account), VG_ARG(s->resource), VG_ARG(s->reason),
                VG_ARG(s->who), day_of(s->created), day_of(s->until), day_of(s->ended));
    return VG_OK;
}

static vg_status write_audit(void *context, const vg_audit_row *row, vg_error *err)
{
    (void)err;
    vg_buf_addf(context, "%llu %d %.*s '%.*s' %.*s %.8s %.*s\n", (unsigned long long)row->number,
                day_of(row->at), VG_ARG(row->who), VG_ARG(row->command), VG_ARG(row->action), row->target.ptr,
                VG_ARG(row->detail));
    return VG_OK;
}

static void suppressions_and_audit_log_tell_who_did_what(void **state)
{
    world *w = *state;
    run(w, 1, VG_VERDICT_FAIL, true);
    vg_suppression one = silence("", "", "", 3), glob = silence("x*", "", "", 9);
    one.finding = id_of("r1", "b");
    OK(vg_hub_suppress(w->hub, &one, day(2), NULL, err));
    OK(vg_hub_suppress(w->hub, &glob, day(2), NULL, err));
    OK(vg_hub_unsuppress(w->hub, glob.number, VG_STR(""), day(3), err));
    OK(vg_hub_expire(w->hub, day(4), NULL, err));
    OK(vg_hub_suppressions(w->hub, write_suppression, &w->text, err));
    char expected[512];
    snprintf(expected, sizeof expected,
             "1 %.8s    'accepted' bob 2 3 4\n"
             "2  x* * * 'accepted' bob 2 9 3\n",
             one.finding.hex);
    assert_str(vg_buf_str(&w->text), expected);
    vg_buf_clear(&w->text);
    run(w, 5, VG_VERDICT_FAIL, false);
    OK(vg_hub_audit(w->hub, write_audit, &w->text, err));
    assert_str(vg_buf_str(&w->text),
               "1 1 ann 'vigil test' run.begin run-1 assess\n"
               "2 1 ann 'vigil test' run.end run-1 complete\n"
               "3 2 bob 'vigil test' finding.suppress 1 accepted\n"
               "4 2 bob 'vigil test' finding.suppress 2 accepted\n"
               "5 3 ann 'vigil test' suppression.withdraw 2 the suppression was withdrawn\n"
               "6 4 vigil 'vigil test' suppression.lapse 1 the suppression lapsed\n"
               "7 5 ann 'vigil test' run.begin run-2 assess\n"
               "8 5 ann 'vigil test' run.end run-2 partial\n");
}

/* ---- reading ---------------------------------------------------------------------------------------------------------------- */

static void filters_and_orders(void **state)
{
    static const struct {
        vg_hub_filter filter;
        const char *expected;
    } cases[] = {
        {{0}, "c/z a/y b/x "},
        {{.by_age = true}, "b/x a/y c/z "},
        {{.limit = 2}, "c/z a/y "},
        {{.by_age = true, .limit = 1}, "b/x "},
        {{.min_severity = VG_SEVERITY_HIGH}, "c/z a/y "},
        {{.rule = VG_STR_INIT("a")}, "a/y "},
        {{.rule = VG_STR_INIT("?")}, "c/z a/y b/x "},
        {{.rule = VG_STR_INIT("[ab]")}, ""},
        {{.account = VG_STR_INIT("1111*")}, "c/z a/y b/x "},
        {{.account = VG_STR_INIT("2*")}, ""},
        {{.region = VG_STR_INIT("eu-west-1")}, "c/z a/y b/x "},
        {{.region = VG_STR_INIT("us-*")}, ""},
        {{.resource = VG_STR_INIT("*y")}, "a/y "},
        {{.resource_type = VG_STR_INIT("AWS::S3::*"), .product = VG_STR_INIT("vigil")}, "c/z a/y b/x "},
        {{.product = VG_STR_INIT("guardduty")}, ""},
        {{.product = VG_STR_INIT("guard*")}, ""},
        {{.resource_type = VG_STR_INIT("AWS::EC2::*")}, ""},
        {{.resource_type = VG_STR_INIT("AWS::S3::Buck")}, ""},
        {{.workflows = 1u << VG_WORKFLOW_NEW}, "c/z b/x "},
        {{.workflows = VG_HUB_OPEN}, "c/z a/y b/x "},
        {{.workflows = 1u << VG_WORKFLOW_RESOLVED}, ""},
        {{.since = INT64_C(1767225600000000) + 2 * VG_TIME_DAY}, "c/z "},
    };
    world *w = *state;
    vg_finding f[] = {finding("b", "x", VG_VERDICT_FAIL), finding("a", "y", VG_VERDICT_FAIL),
                      finding("c", "z", VG_VERDICT_FAIL)};
    f[0].severity = VG_SEVERITY_LOW;
    f[2].severity = VG_SEVERITY_CRITICAL;
    f[2].observed = day(2);
    begin(w, 1);
    OK(vg_hub_put(w->hub, f, 3, err));
    end(w, 1, true);
    vg_id notified = id_of("a", "y");
    OK(vg_hub_notify(w->hub, &notified, VG_STR("bob"), VG_STR(""), day(1), err));
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_str rows = list(w, cases[i].filter), row, name, rest;
        char got[64] = "";
        while (vg_str_next(&rows, '\n', &row) && row.len) {
            vg_str_split(row, ' ', &name, &rest);
            snprintf(got + strlen(got), sizeof got - strlen(got), "%.*s ", VG_ARG(name));
        }
        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("case %zu: got %s, expected %s", i, got, cases[i].expected);
    }
}

static vg_status write_place(void *context, const vg_hub_row *row, vg_error *err)
{
    const vg_finding *f = &row->finding;
    (void)err;
    vg_buf_addf(context, "%.*s %.*s %.*s %.*s %.*s\n", VG_ARG(f->account), VG_ARG(f->region),
                VG_ARG(f->resource_type), VG_ARG(f->resource_id), VG_ARG(f->sub_key));
    return VG_OK;
}

/* By account, region, resource type, resource id, sub-key: each differs from the next in one. */
static void findings_of_a_rule_have_one_order(void **state)
{
    world *w = *state;
    static const char *const places[][5] = {
        {"1", "a", "A", "a", "a"}, {"1", "a", "A", "a", "b"}, {"1", "a", "A", "b", "a"},
        {"1", "a", "B", "a", "a"}, {"1", "b", "A", "a", "a"}, {"2", "a", "A", "a", "a"},
    };
    static const char EXPECTED[] = "1 a A a a\n1 a A a b\n1 a A b a\n1 a B a a\n1 b A a a\n2 a A a a\n";
    for (size_t round = 0; round < 2; round++) {
        teardown(state);
        setup(state);
        w = *state;
        begin(w, 1);
        for (size_t i = 0; i < VG_COUNT(places); i++) {
            const char *const *p = places[round ? i : VG_COUNT(places) - 1 - i];
            vg_finding f = finding("r1", p[3], VG_VERDICT_FAIL);
            f.account = vg_str_from(p[0]);
            f.region = vg_str_from(p[1]);
            f.resource_type = vg_str_from(p[2]);
            f.sub_key = vg_str_from(p[4]);
            OK(vg_hub_put(w->hub, &f, 1, err));
        }
        end(w, 1, true);
        vg_buf_clear(&w->text);
        OK(vg_hub_list(w->hub, &(vg_hub_filter){0}, write_place, &w->text, err));
        assert_str(vg_buf_str(&w->text), EXPECTED);
    }
}

static void ids_are_found_by_their_beginning(void **state)
{
    world *w = *state;
    vg_error why;
    vg_hub_row row;
    char name[16];
    begin(w, 1);
    for (int i = 0; i < 500; i++) {
        snprintf(name, sizeof name, "b%d", i);
        say(w, "r1", name, VG_VERDICT_FAIL);
    }
    end(w, 1, true);
    for (int i = 0; i < 500; i++) { /* by 8 to 64 digits */
        snprintf(name, sizeof name, "b%d", i);
        vg_id id = id_of("r1", name);
        OK(vg_hub_find(w->hub, w->arena, vg_str_of(id.hex, 8 + (size_t)i % 57), 0, &row, err));
        assert_str(row.finding.resource_id, name);
    }
    char upper[64];
    vg_id id = id_of("r1", "b7");
    for (size_t i = 0; i < sizeof upper; i++)
        upper[i] = (char)(id.hex[i] >= 'a' ? id.hex[i] - 'a' + 'A' : id.hex[i]);
    OK(vg_hub_find(w->hub, w->arena, vg_str_of(upper, sizeof upper), 0, &row, err));
    assert_str(row.finding.resource_id, "b7");
    static const char *const wrong[] = {"", "1234567", "xxxxxxxx", "12345678 "};
    for (size_t i = 0; i < VG_COUNT(wrong); i++)
        assert_int_equal(vg_hub_find(w->hub, w->arena, vg_str_from(wrong[i]), 0, &row, &why), VG_ERR_VALUE);
    assert_int_equal(vg_hub_find(w->hub, w->arena, VG_STR("0000000000000000"), 0, &row, &why),
                     VG_ERR_NOT_FOUND);
}

/* Two ids with the same first bytes are rare, so the store is asked directly. */
static void ids_with_the_same_first_bytes_stay_apart(void **state)
{
    world *w = *state;
    vg_finding f = finding("r1", "b", VG_VERDICT_FAIL);
    vg_store_finding a = {.first_seen = 1, .last_seen = 1, .opened = 1}, b = a, found;
    memset(a.id, 0x80, sizeof a.id);
    memcpy(b.id, a.id, sizeof b.id);
    b.id[31] = 1;
    OK(vg_store_write(w->store, err));
    OK(vg_store_finding_add(w->store, &a, &f, err));
    OK(vg_store_finding_add(w->store, &b, &f, err));
    OK(vg_store_finding_find(w->store, f.account, b.id, &found, err));
    assert_int_equal(found.number, b.number);
    OK(vg_store_finding_find(w->store, f.account, a.id, &found, err));
    assert_int_equal(found.number, a.number);
    b.id[31] = 2;
    OK(vg_store_finding_find(w->store, f.account, b.id, &found, err));
    assert_int_equal(found.number, 0);
    OK(vg_store_flush(w->store, err));
    vg_hub_row row;
    vg_error why;
    assert_int_equal(vg_hub_find(w->hub, w->arena, VG_STR("80808080"), 0, &row, &why), VG_ERR_VALUE);
    assert_non_null(strstr(why.message, "2 findings"));
}

static void misuse_is_an_error(void **state)
{
    world *w = *state;
    vg_error why;
    vg_finding f = finding("r1", "b", VG_VERDICT_FAIL);
    vg_id wrong = {"zz"};
    assert_int_equal(vg_hub_put(w->hub, &f, 1, &why), VG_ERR_INTERNAL);
    assert_int_equal(vg_hub_resolve(w->hub, &f, VG_STR("x"), &why), VG_ERR_INTERNAL);
    assert_int_equal(vg_hub_run_end(w->hub, day(1), true, NULL, &why), VG_ERR_INTERNAL);
    assert_int_equal(vg_hub_run_begin(w->hub, VG_STR(""), day(1), &why), VG_ERR_VALUE);
    begin(w, 1);
    assert_int_equal(vg_hub_run_begin(w->hub, VG_STR("x"), day(1), &why), VG_ERR_INTERNAL);
    f.rule = VG_STR("");
    assert_int_equal(vg_hub_put(w->hub, &f, 1, &why), VG_ERR_VALUE);
    assert_int_equal(vg_hub_notify(w->hub, &wrong, VG_STR(""), VG_STR(""), day(1), &why), VG_ERR_VALUE);
    end(w, 1, true);
    assert_int_equal(vg_hub_run_begin(w->hub, VG_STR("run-1"), day(2), &why), VG_ERR_VALUE);
    run(w, 2, VG_VERDICT_FAIL, true);
    assert_str(all(w), "r1/b NEW fail 2..2 2 0\n");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(only_a_pass_in_a_completed_run_resolves),
        CASE(a_run_that_says_nothing_resolves_nothing),
        CASE(a_run_that_never_ended_resolves_nothing),
        CASE(a_crash_after_the_end_of_a_run_does_not_undo_it),
        CASE(within_a_run_a_failure_beats_a_pass),
        CASE(what_returns_is_reopened_with_its_history),
        CASE(a_pass_of_an_unknown_finding_stores_nothing),
        CASE(seeing_again_changes_times_alone),
        CASE(changed_texts_severity_and_verdict_are_kept),
        CASE(each_text_and_the_severity_count_by_themselves),
        CASE(the_evidences_time_is_first_and_last_seen),
        CASE(sub_keys_tell_findings_apart),
        CASE(texts_that_run_together_alike_stay_apart),
        CASE(shared_wordings_and_own_ones_come_back_as_they_went_in),
        CASE(a_batch_that_is_dropped_takes_its_wordings_along),
        CASE(a_wording_for_each_finding_is_kept),
        CASE(resolving_what_cannot_be_evaluated_needs_a_reason),
        CASE(many_resolve_at_once),
        CASE(notify_and_reopen_by_hand),
        CASE(a_suppression_needs_reason_and_expiry),
        CASE(suppression_of_one_finding_lapses_back_to_new),
        CASE(what_lapsed_is_over_for_people_too),
        CASE(a_run_lifts_what_lapsed),
        CASE(globs_silence_present_and_future_findings),
        CASE(what_two_suppressions_cover_stays_silent_when_one_ends),
        CASE(a_suppression_leaves_what_is_resolved),
        CASE(a_glob_silences_what_comes_in_the_same_program),
        CASE(many_are_silenced_and_lifted_at_once),
        CASE(a_suppressed_problem_resolves_and_comes_back_suppressed),
        CASE(suppressions_and_audit_log_tell_who_did_what),
        CASE(filters_and_orders),
        CASE(findings_of_a_rule_have_one_order),
        CASE(ids_are_found_by_their_beginning),
        CASE(ids_with_the_same_first_bytes_stay_apart),
        CASE(misuse_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
