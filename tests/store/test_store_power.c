/* test_store_power.c: nothing that was acknowledged is lost when the power goes, at 500 different moments; and every
 * call to the disk, and every allocation, may fail without harm. The work is the same each time: batches of resources,
 * versions and findings, each acknowledged when vg_store_flush returns. */
#include "store/workspace.h"

#include "store/power_vfs.h"
#include "store/store.h"

enum { BATCHES = 16, ROWS = 8, MOMENTS = 500 };

static char *folder;
static int batches =
    BATCHES; /* of the work at hand: a small one may fail at every call, and not only at some */
enum { SMALL = 2 };

/* Under `./test --quick` one moment, call or allocation in fourteen is tried. */
static uint64_t stride(void)
{
    return getenv("VIGIL_QUICK") ? 14 : 1;
}

static vg_status open_store(vg_store **store, vg_error *err)
{
    const vg_store_options options = {
        .write = true, .create = true, .now = day(1), .command = VG_STR("test"), .vfs = "power"};
    return vg_store_open(vg_str_from(folder), &options, store, err);
}

/* A finding whose number says to which batch and row it belongs. */
static vg_status put_finding(vg_store *store, int batch, int row, vg_error *err)
{
    char message[600];
    memset(message, 'm', sizeof message);
    const vg_finding texts = {.rule = VG_STR("rule"),
                              .account = VG_STR("111122223333"),
                              .message = vg_str_of(message, (size_t)(100 + 37 * row)),
                              .evidence = VG_STR("{}")};
    vg_store_finding finding = {.first_seen = batch, .last_seen = row, .opened = 1, .events = 2};
    vg_store_finding_event event = {.at = batch};
    finding.id[0] = (uint8_t)(batch * 7);
    finding.id[1] = (uint8_t)batch;
    finding.id[2] = (uint8_t)row;
    VG_TRY(vg_store_finding_add(store, &finding, &texts, err));
    return vg_store_finding_event_add(store, &finding, 0, &event, err);
}

static vg_status put_resource(vg_store *store, int batch, int row, vg_error *err)
{
    char id[32];
    vg_store_resource resource = {.last_seen = batch, .gone = VG_TIME_NONE, .versions = 1};
    vg_store_version version = {
        .observed = batch, .last_seen = VG_TIME_NONE, .properties = VG_STR("{\"a\":1}")};
    snprintf(id, sizeof id, "%d-%d", batch, row);
    VG_TRY(
        vg_store_shelf(store, VG_STR("111122223333"), VG_STR("T"), VG_STR(""), true, &resource.shelf, err));
    VG_TRY(vg_store_resource_number(store, &resource.number, err));
    version.resource = resource.number;
    VG_TRY(vg_store_version_add(store, &version, &resource.current, err));
    return vg_store_resource_add(store, &resource, vg_str_from(id), err);
}

static vg_status put_batch(vg_store *store, int batch, vg_error *err)
{
    VG_TRY(vg_store_write(store, err));
    for (int row = 0; row < ROWS; row++) {
        VG_TRY(put_finding(store, batch, row, err));
        VG_TRY(put_resource(store, batch, row, err));
        VG_TRY(vg_store_wrote(store, 0, err));
    }
    return vg_store_flush(store, err);
}

/* Works from batch `from`; returns how many batches are acknowledged in all. A store of which even the opening fails
 * acknowledges nothing more. */
static int work(int from)
{
    vg_error err;
    vg_store *store = NULL;
    int done = from;
    if (open_store(&store, &err) == VG_OK)
        while (done < batches && put_batch(store, done, &err) == VG_OK)
            done++;
    vg_store_close(store);
    return done;
}

typedef struct {
    int findings[BATCHES], resources[BATCHES];
    bool whole;
    char complaint[256];
} census;

static vg_status count_finding(void *context, const vg_store_finding_row *row, vg_error *err)
{
    (void)err;
    ((census *)context)->findings[row->state.id[1]]++;
    return VG_OK;
}

static vg_status count_resource(void *context, const vg_store_row *row, vg_error *err)
{
    (void)err;
    ((census *)context)->resources[row->resource.observed]++;
    return VG_OK;
}

static void take_check(void *context, const char *check, bool ok, vg_str detail)
{
    census *c = context;
    if (strcmp(check, "integrity") != 0)
        return;
    c->whole = ok;
    snprintf(c->complaint, sizeof c->complaint, "%.*s", VG_ARG(detail));
}

/* Every acknowledged batch is there in full, the one in flight is there in full or not at all, and nothing else is.
 * Returns how many batches are there. */
static int check_store(const char *what, uint64_t moment, int acknowledged)
{
    vg_store *store = NULL;
    vg_error why = {0};
    census c = {0};
    if (open_store(&store, &why) != VG_OK)
        fail_msg("%s %llu: cannot open again: %s", what, (unsigned long long)moment, why.message);
    OK(vg_store_check(store, take_check, &c, err));
    OK(vg_store_findings(store, &(vg_store_finding_filter){.since = VG_TIME_NONE, .by_age = true},
                         count_finding, &c, err));
    OK(vg_store_resources(store, &(vg_store_filter){.at = VG_TIME_NONE}, count_resource, &c, err));
    vg_store_close(store);
    if (!c.whole)
        fail_msg("%s %llu: %s", what, (unsigned long long)moment, c.complaint);
    int there = acknowledged < batches && c.findings[acknowledged] ? acknowledged + 1 : acknowledged;
    for (int batch = 0; batch < BATCHES; batch++) {
        int expected = batch < there ? ROWS : 0;
        if (c.findings[batch] != expected || c.resources[batch] != expected)
            fail_msg("%s %llu: batch %d of %d acknowledged has %d findings and %d resources, expected %d",
                     what, (unsigned long long)moment, batch, acknowledged, c.findings[batch],
                     c.resources[batch], expected);
    }
    return there;
}

static uint64_t calls_of_all_work(bool all_calls)
{
    power_new_disk();
    assert_int_equal(work(0), BATCHES);
    return all_calls ? power.all_calls : power.calls;
}

static void power_loss_loses_nothing_acknowledged(void **state)
{
    (void)state;
    uint64_t calls = calls_of_all_work(false);
    for (uint64_t moment = 1; moment <= MOMENTS; moment += stride()) {
        power_new_disk();
        power.lose_at = 1 + moment * calls / (MOMENTS + 1);
        int acknowledged = work(0);
        power_restore(moment);
        int there = check_store("moment", moment, acknowledged);
        if (moment % 10)
            continue;
        /* And the work can go on, and lose its power a second time. */
        power.lose_at = power.calls + 40;
        acknowledged = work(there);
        power_restore(moment + 1);
        check_store("second moment", moment, acknowledged);
    }
}

static void a_test_that_does_not_sync_would_be_caught(void **state)
{
    (void)state;
    power_new_disk();
    vg_store *store;
    OK(open_store(&store, err));
    OK(put_batch(store, 0, err));
    power_file *log = NULL;
    for (int i = 0; i < POWER_FILES; i++)
        if (strstr(power.files[i].name, "-wal"))
            log = &power.files[i];
    assert_non_null(log);
    memset(log->bytes, 0, (size_t)log->cap); /* as if the disk had lied about its sync */
    memset(log->synced, 0, (size_t)log->synced_cap);
    power.lose_at = power.calls + 1;
    vg_store_close(store);
    power_restore(1);
    OK(open_store(&store, err));
    census c = {0};
    OK(vg_store_findings(store, &(vg_store_finding_filter){.since = VG_TIME_NONE}, count_finding, &c, err));
    vg_store_close(store);
    assert_int_equal(c.findings[0], 0);
}

static const struct {
    const char *what;
    int code;
} FAILURES[] = {{"failed call", SQLITE_IOERR_WRITE}, {"full at call", SQLITE_FULL}};

/* The call to the disk with this number fails once: one clear error, and what was acknowledged is there. False when the
 * work had fewer calls. */
static bool survives_failed_call(size_t failure, uint64_t at)
{
    power_new_disk();
    power.fail_any_at = at;
    power.fail_with = FAILURES[failure].code;
    int acknowledged = work(0);
    bool has_failed = power.all_calls >= at;
    power.fail_any_at = 0;
    check_store(FAILURES[failure].what, at, acknowledged);
    return has_failed;
}

static void each_disk_call_may_fail(void **state)
{
    (void)state;
    batches = SMALL;
    for (size_t k = 0; k < VG_COUNT(FAILURES); k++)
        for (uint64_t at = 1; survives_failed_call(k, at); at += stride())
            continue;
    batches = BATCHES;
}

static void calls_of_a_longer_work_may_fail(void **state)
{
    (void)state;
    uint64_t calls = calls_of_all_work(true);
    for (size_t k = 0; k < VG_COUNT(FAILURES); k++)
        for (uint64_t at = 1; at <= calls; at += 1 + calls / 50)
            assert_true(survives_failed_call(k, at));
}

static void a_full_disk_says_so_and_stays_said(void **state)
{
    (void)state;
    power_new_disk();
    vg_store *store;
    vg_error why = {0}, again = {0};
    OK(open_store(&store, err));
    OK(put_batch(store, 0, err));
    power.fail_at = power.calls + 3;
    power.fail_with = SQLITE_FULL;
    assert_int_equal(put_batch(store, 1, &why), VG_ERR_FULL);
    assert_non_null(strstr(why.message, "no space left"));
    assert_non_null(strstr(why.message, folder));
    assert_int_equal(vg_store_write(store, &again),
                     VG_ERR_FULL); /* there is space again, and a hole in the run */
    assert_int_equal(vg_store_flush(store, &again), VG_ERR_FULL);
    assert_string_equal(again.message, why.message);
    vg_store_close(store);
    check_store("full", 1, 1);
}

/* ---- memory --------------------------------------------------------------------------------------------------------- */

static struct {
    sqlite3_mem_methods real;
    uint64_t calls, fail_at;
} memory;

static void *failing_malloc(int size)
{
    return ++memory.calls == memory.fail_at ? NULL : memory.real.xMalloc(size);
}

static void *failing_realloc(void *old, int size)
{
    return ++memory.calls == memory.fail_at ? NULL : memory.real.xRealloc(old, size);
}

/* The same for the allocation of SQLite with this number, in the work from batch `from`. False when the work had fewer. */
static bool survives_failed_allocation(int from, uint64_t at)
{
    memory.calls = 0;
    memory.fail_at = at;
    int acknowledged = work(from);
    bool has_failed = memory.calls >= at;
    memory.fail_at = 0;
    check_store("allocation", at, acknowledged);
    return has_failed;
}

/* Every one, when a workspace is opened, written and closed. */
static void each_allocation_of_the_store_may_fail(void **state)
{
    (void)state;
    power_new_disk();
    batches = 1;
    assert_int_equal(work(0), 1);
    power_save();
    batches = SMALL;
    bool has_failed = true;
    for (uint64_t at = 1; has_failed; at += stride()) {
        power_begin_from_saved();
        has_failed = survives_failed_allocation(1, at);
    }
    power_forget_saved();
    batches = BATCHES;
}

/* Making a workspace allocates ten thousand times, most of them to parse the tables: some of these, and of long work. */
static void allocations_of_a_longer_work_may_fail(void **state)
{
    (void)state;
    power_new_disk();
    memory.calls = memory.fail_at = 0;
    assert_int_equal(work(0), BATCHES);
    uint64_t calls = memory.calls;
    for (uint64_t at = 1; at <= calls; at += 1 + calls / 150) {
        power_new_disk();
        assert_true(survives_failed_allocation(0, at));
    }
}

static int setup_all(void **state)
{
    (void)state;
    static sqlite3_mem_methods failing;
    folder = temporary_folder();
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory.real);
    failing = memory.real;
    failing.xMalloc = failing_malloc;
    failing.xRealloc = failing_realloc;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &failing);
    power_install();
    return 0;
}

static int teardown_all(void **state)
{
    (void)state;
    power_new_disk();
    remove_folder(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_loss_loses_nothing_acknowledged),
        cmocka_unit_test(a_test_that_does_not_sync_would_be_caught),
        cmocka_unit_test(each_disk_call_may_fail),
        cmocka_unit_test(calls_of_a_longer_work_may_fail),
        cmocka_unit_test(a_full_disk_says_so_and_stays_said),
        cmocka_unit_test(each_allocation_of_the_store_may_fail),
        cmocka_unit_test(allocations_of_a_longer_work_may_fail),
    };
    return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
