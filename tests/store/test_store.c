/* test_store.c: what a workspace does to those who open it wrongly, together, or with no room left; and migration from
 * every schema that was ever released. */
#include "store/workspace.h"

#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

static char *folder;

static vg_store_options writer(void)
{
    return (vg_store_options){.write = true,
                              .create = true,
                              .now = day(1),
                              .who = VG_STR("ann"),
                              .command = VG_STR("vigil import"),
                              .wait_ms = 100};
}

static vg_status open_as(const vg_store_options *options, vg_store **store, vg_error *err)
{
    return vg_store_open(vg_str_from(folder), options, store, err);
}

static vg_store *open_writer(void)
{
    vg_store *store;
    vg_store_options options = writer();
    OK(open_as(&options, &store, err));
    return store;
}

static vg_store *open_reader(void)
{
    vg_store *store;
    vg_store_options options = {.now = day(1)};
    OK(open_as(&options, &store, err));
    return store;
}

static vg_status put_run(vg_store *store, int n, vg_error *err)
{
    char id[32];
    int64_t number;
    snprintf(id, sizeof id, "run-%06d", n);
    const vg_store_run run = {.id = vg_str_from(id), .kind = VG_STR("import"), .started = day(n)};
    VG_TRY(vg_store_write(store, err));
    return vg_store_run_add(store, &run, &number, err);
}

static vg_status count_run(void *context, const vg_store_run *run, vg_error *err)
{
    (void)run, (void)err;
    ++*(int *)context;
    return VG_OK;
}

static int runs_in(vg_store *store)
{
    int count = 0;
    OK(vg_store_runs(store, count_run, &count, err));
    return count;
}

static int setup(void **state)
{
    (void)state;
    folder = temporary_folder();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    chmod(folder, 0700);
    remove_folder(folder);
    return 0;
}

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static unsigned mode_of(const char *path)
{
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    return about.st_mode & 0777;
}

/* ---- opening ------------------------------------------------------------------------------------------------------- */

static void a_workspace_is_for_its_owner_alone(void **state)
{
    (void)state;
    mode_t before = umask(0);
    rmdir(folder);
    vg_store *store = open_writer();
    OK(put_run(store, 1, err));
    OK(vg_store_flush(store, err));
    assert_int_equal(mode_of(folder), 0700);
    static const char *const files[] = {"vigil.db", "vigil.db-wal", "vigil.db-shm", "vigil.lock"};
    for (size_t i = 0; i < VG_COUNT(files); i++)
        assert_int_equal(mode_of(in_folder(files[i])), 0600);
    vg_store_close(store);
    remove_folder(folder);
    mkdir(folder, 0755); /* an empty folder becomes a workspace */
    vg_store_close(open_writer());
    assert_int_equal(mode_of(folder), 0700);
    remove_folder(folder);
    mkdir(folder, 0755); /* one that holds something is somebody's, who may want others to see it */
    close(open(in_folder("notes.txt"), O_CREAT | O_WRONLY, 0644));
    vg_store_close(open_writer());
    assert_int_equal(mode_of(folder), 0755);
    umask(before);
}

static void a_linked_lock_is_not_written_through(void **state)
{
    (void)state;
    vg_store *store;
    vg_error why;
    vg_store_options write = writer();
    int fd = open(in_folder("precious"), O_CREAT | O_WRONLY, 0600);
    assert_int_equal(pwrite(fd, "precious", 8, 0), 8);
    assert_int_equal(symlink("precious", in_folder("vigil.lock")), 0);
    assert_int_not_equal(open_as(&write, &store, &why), VG_OK);
    struct stat about;
    assert_int_equal(fstat(fd, &about), 0);
    assert_int_equal(about.st_size, 8);
    close(fd);
}

static void opening_what_is_no_workspace_says_so(void **state)
{
    (void)state;
    vg_store *store;
    vg_error why;
    vg_store_options read = {.now = day(1)}, write = {.write = true, .now = day(1)};
    assert_int_equal(open_as(&read, &store, &why), VG_ERR_NOT_FOUND);
    assert_non_null(strstr(why.message, "no workspace"));
    assert_int_equal(open_as(&write, &store, &why), VG_ERR_NOT_FOUND);
    assert_null(store);
    write.create = true;
    assert_int_equal(vg_store_open(VG_STR(""), &write, &store, &why), VG_ERR_VALUE);
    assert_int_equal(vg_store_open(VG_STR("/tmp/vigil-test\0x"), &write, &store, &why), VG_ERR_VALUE);
    assert_int_equal(vg_store_open(VG_STR("/dev/null"), &write, &store, &why), VG_ERR_VALUE);
    assert_int_equal(vg_store_open(VG_STR("/dev/null"), &read, &store, &why), VG_ERR_VALUE);
    close(open(in_folder("vigil.db"), O_CREAT | O_WRONLY, 0600)); /* a crash while it was made */
    assert_int_equal(open_as(&read, &store, &why), VG_ERR_NOT_FOUND);
    vg_store_close(open_writer());
    vg_store_close(open_reader());
}

static void a_folder_with_odd_characters_is_a_folder(void **state)
{
    (void)state;
    char odd[256];
    vg_store *store;
    vg_store_options options = writer();
    snprintf(odd, sizeof odd, "%s/a b%%20?mode=ro#x", folder);
    OK(vg_store_open(vg_str_from(odd), &options, &store, err));
    vg_store_close(store);
    snprintf(odd + strlen(odd), sizeof odd - strlen(odd), "/vigil.db");
    struct stat about;
    assert_int_equal(stat(odd, &about), 0);
    assert_true(about.st_size > 0); /* it is this file that SQLite took */
    odd[strlen(odd) - strlen("/vigil.db")] = '\0';
    remove_folder(odd);
}

static void a_damaged_store_is_told_and_left_alone(void **state)
{
    (void)state;
    vg_store *store;
    vg_error why;
    vg_store_options write = writer(), read = {.now = day(1)};
    FILE *file = fopen(in_folder("vigil.db"), "w");
    for (int i = 0; i < 1000; i++)
        fputs("this is no database ", file);
    fclose(file);
    assert_int_equal(open_as(&write, &store, &why), VG_ERR_CORRUPT);
    assert_non_null(strstr(why.message, "damaged"));
    assert_int_equal(open_as(&read, &store, &why), VG_ERR_CORRUPT);
    struct stat about;
    assert_int_equal(stat(in_folder("vigil.db"), &about), 0);
    assert_int_equal(about.st_size, 20000);
}

static void run_sql(const char *sql)
{
    sqlite3 *db;
    char *message = NULL;
    assert_int_equal(sqlite3_open(in_folder("vigil.db"), &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s", message);
    sqlite3_close(db);
}

static void a_newer_workspace_is_refused(void **state)
{
    (void)state;
    vg_store *store;
    vg_error why;
    vg_store_options write = writer(), read = {.now = day(1)};
    vg_store_close(open_writer());
    run_sql("INSERT INTO schema_version VALUES (99, 0, '9.9')");
    assert_int_equal(open_as(&write, &store, &why), VG_ERR_VERSION);
    assert_non_null(strstr(why.message, "newer vigil (schema 99"));
    assert_int_equal(open_as(&read, &store, &why), VG_ERR_VERSION);
}

/* A function of another user's, in a child; root may do everything, and becomes nobody. */
static int as_somebody_else(int (*look)(void))
{
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(9);
        _exit(look());
    }
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int denied_to_read(void)
{
    vg_store *store;
    vg_error why = {0};
    vg_store_options read = {.now = day(1)};
    vg_status status = open_as(&read, &store, &why);
    return status == VG_ERR_DENIED && strstr(why.message, "cannot look into") ? 0 : 1;
}

static void a_workspace_that_is_not_ours_is_told_from_none(void **state)
{
    (void)state;
    vg_store_close(open_writer());
    chmod(folder, geteuid() == 0 ? 0700 : 0000);
    assert_int_equal(as_somebody_else(denied_to_read), 0);
}

static void a_folder_without_permission_is_told(void **state)
{
    (void)state;
    if (geteuid() == 0) { /* root may do everything; be somebody else in a child */
        pid_t child = fork();
        if (child == 0) {
            vg_store *store;
            vg_error why = {0};
            vg_store_options write = writer();
            chmod(folder, 0500);
            if (chown(folder, 65534, 65534) != 0 || setgid(65534) != 0 || setuid(65534) != 0)
                _exit(9);
            vg_status status = open_as(&write, &store, &why);
            _exit(status == VG_ERR_DENIED && strstr(why.message, folder) ? 0 : 1);
        }
        int status;
        waitpid(child, &status, 0);
        assert_int_equal(status, 0);
        return;
    }
    vg_store *store;
    vg_error why;
    vg_store_options write = writer();
    chmod(folder, 0500);
    assert_int_equal(open_as(&write, &store, &why), VG_ERR_DENIED);
}

static void a_read_only_folder_can_be_read(void **state)
{
    (void)state;
    vg_store *store = open_writer();
    OK(put_run(store, 1, err));
    OK(vg_store_flush(store, err));
    vg_store_close(store);
    pid_t child = fork();
    if (child == 0) {
        vg_error why;
        vg_store_options read = {.now = day(1)};
        int count = 0;
        chmod(in_folder("vigil.db"), 0444);
        chmod(folder, 0555);
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(9);
        bool ok =
            open_as(&read, &store, &why) == VG_OK && vg_store_runs(store, count_run, &count, &why) == VG_OK;
        vg_store_close(store);
        _exit(ok && count == 1 ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

static int reads_two_runs(void)
{
    vg_store *store;
    vg_error why;
    vg_store_options read = {.now = day(1)};
    int count = 0;
    bool ok = open_as(&read, &store, &why) == VG_OK && vg_store_runs(store, count_run, &count, &why) == VG_OK;
    vg_store_close(store);
    return ok && count == 2 ? 0 : 1;
}

/* The log has what the database file has not yet. */
static void a_read_only_folder_is_read_with_its_log(void **state)
{
    (void)state;
    vg_store *store = open_writer();
    for (int i = 1; i < 3; i++)
        OK(put_run(store, i, err));
    OK(vg_store_flush(store, err));
    static const char *const files[] = {"vigil.db", "vigil.db-wal", "vigil.db-shm"};
    for (size_t i = 0; i < VG_COUNT(files); i++)
        chmod(in_folder(files[i]), 0444);
    chmod(folder, 0555);
    assert_int_equal(as_somebody_else(reads_two_runs), 0);
    chmod(folder, 0700);
    vg_store_close(store);
}

static void a_reader_that_was_first_sees_what_is_written_later(void **state)
{
    (void)state;
    vg_store_close(open_writer());
    vg_store *reader = open_reader();
    assert_int_equal(runs_in(reader), 0);
    vg_store *store = open_writer();
    OK(put_run(store, 1, err));
    OK(vg_store_flush(store, err));
    assert_int_equal(runs_in(reader), 1);
    vg_store_close(store);
    vg_store_close(reader);
}

/* ---- together --------------------------------------------------------------------------------------------------------- */

static void a_second_writer_waits_and_names_the_holder(void **state)
{
    (void)state;
    vg_store *first = open_writer(), *second;
    vg_error why;
    vg_store_options options = writer();
    options.wait_ms = 300;
    uint64_t start = vg_time_monotonic_ns();
    assert_int_equal(open_as(&options, &second, &why), VG_ERR_BUSY);
    uint64_t waited = vg_time_monotonic_ns() - start;
    assert_true(waited >= 300 * UINT64_C(1000000));
    char pid[32];
    snprintf(pid, sizeof pid, "pid %ld", (long)getpid());
    if (!strstr(why.message, pid) || !strstr(why.message, "`vigil import`") ||
        !strstr(why.message, "since 2026-01-02T00:00:00Z") || !strstr(why.message, "0.3 s"))
        fail_msg("%s", why.message);
    vg_store_close(first);
    OK(open_as(&options, &second, err));
    vg_store_close(second);
}

static void a_second_writer_goes_on_when_the_first_is_done(void **state)
{
    (void)state;
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        vg_store *store = open_writer();
        if (write(ready[1], "x", 1) != 1)
            _exit(1);
        usleep(300000);
        vg_store_close(store);
        _exit(0);
    }
    char byte;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    vg_store *store;
    vg_store_options options = writer();
    options.wait_ms = 60000;
    OK(open_as(&options, &store, err));
    vg_store_close(store);
    waitpid(child, NULL, 0);
    close(ready[0]);
    close(ready[1]);
}

static void readers_go_on_and_see_one_state(void **state)
{
    (void)state;
    vg_store *store = open_writer();
    OK(put_run(store, 1, err));
    OK(vg_store_flush(store, err));
    vg_store *reader = open_reader();
    assert_int_equal(runs_in(reader), 1);
    OK(put_run(store, 2, err));
    assert_int_equal(runs_in(reader), 1); /* not yet committed */
    assert_int_equal(runs_in(store), 2);
    OK(vg_store_read_begin(reader, err));
    assert_int_equal(runs_in(reader), 1);
    OK(vg_store_flush(store, err));
    OK(vg_store_read_begin(reader, err));
    assert_int_equal(runs_in(reader), 1); /* still its own snapshot */
    vg_store_read_end(reader);
    assert_int_equal(runs_in(reader), 1);
    vg_store_read_end(reader);
    assert_int_equal(runs_in(reader), 2);
    vg_error why;
    assert_int_equal(vg_store_write(reader, &why), VG_ERR_INTERNAL);
    vg_store_close(reader);
    vg_store_close(store);
}

/* Readers in other processes, all the time that a writer commits batches of ten: each sees whole batches alone. */
static void readers_beside_a_busy_writer_see_whole_batches(void **state)
{
    (void)state;
    vg_store *store = open_writer();
    pid_t children[2];
    for (int i = 0; i < 2; i++) {
        children[i] = fork();
        if (children[i] != 0)
            continue;
        int last = 0;
        while (last < 1000) {
            vg_store *reader = open_reader();
            int count = runs_in(reader);
            vg_store_close(reader);
            if (count % 10 || count < last)
                _exit(1);
            last = count;
        }
        _exit(0);
    }
    for (int batch = 0; batch < 100; batch++) {
        for (int i = 0; i < 10; i++)
            OK(put_run(store, batch * 10 + i, err));
        OK(vg_store_flush(store, err));
    }
    for (int i = 0; i < 2; i++) {
        int status;
        waitpid(children[i], &status, 0);
        assert_int_equal(status, 0);
    }
    vg_store_close(store);
}

/* ---- kill -9 ------------------------------------------------------------------------------------------------------------ */

/* Commits one run after another and tells each on the pipe once it is flushed. */
static void write_until_killed(int acknowledge)
{
    vg_store *store;
    vg_error why;
    vg_store_options options = writer();
    if (open_as(&options, &store, &why) != VG_OK)
        _exit(1);
    for (int n = runs_in(store);; n++)
        if (put_run(store, n, &why) != VG_OK || vg_store_flush(store, &why) != VG_OK ||
            write(acknowledge, &n, sizeof n) != sizeof n)
            _exit(1);
}

static void killed_at_200_points_loses_nothing_acknowledged(void **state)
{
    (void)state;
    int acknowledged = 0; /* runs, over all lives */
    for (int point = 0; point < 200; point++) {
        int ends[2], n;
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            close(ends[0]);
            write_until_killed(ends[1]);
        }
        close(ends[1]);
        for (int i = 0; i < point % 7; i++) /* some lives end before their first commit, some after several */
            if (read(ends[0], &n, sizeof n) == sizeof n)
                acknowledged = n + 1;
        usleep((unsigned)(point * 37 % 1500));
        kill(child, SIGKILL);
        while (read(ends[0], &n, sizeof n) == sizeof n)
            acknowledged = n + 1;
        close(ends[0]);
        waitpid(child, NULL, 0);
        vg_store *store = open_writer();
        int there = runs_in(store);
        vg_store_close(store);
        if (there < acknowledged || there > acknowledged + 1)
            fail_msg("point %d: %d runs are there, %d were acknowledged", point, there, acknowledged);
        acknowledged = there;
    }
    assert_true(acknowledged > 200);
}

/* ---- no room ---------------------------------------------------------------------------------------------------------------- */

/* Fills the store until it refuses; what was flushed before must be there. In a child, for the limits' sake. */
static int fill_until_full(void)
{
    vg_store *store;
    vg_error why = {0};
    vg_store_options options = writer();
    int flushed = 0, n = 0;
    vg_status status = open_as(&options, &store, &why);
    for (; status == VG_OK && n < 1000000; n++) {
        status = put_run(store, n, &why);
        if (status == VG_OK && n % 10 == 9 && (status = vg_store_flush(store, &why)) == VG_OK)
            flushed = n + 1;
    }
    vg_store_close(store);
    bool clear = status == VG_ERR_FULL && strstr(why.message, "no space left") && !strchr(why.message, '\n');
    struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &none);
    vg_store_options read = {.now = day(1)};
    int there = 0;
    if (!clear || flushed == 0 || open_as(&read, &store, &why) != VG_OK)
        return 1;
    vg_status counted = vg_store_runs(store, count_run, &there, &why);
    vg_store_close(store);
    return counted == VG_OK && there == flushed ? 0 : 2;
}

static void a_file_size_limit_is_a_full_disk(void **state)
{
    (void)state;
    vg_store_close(open_writer());
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {600 * 1024, RLIM_INFINITY};
        signal(SIGXFSZ, SIG_DFL); /* would kill */
        setrlimit(RLIMIT_FSIZE, &limit);
        _exit(fill_until_full());
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

static void a_full_tmpfs_loses_nothing_stored(void **state)
{
    (void)state;
    if (mount("vigil-test", folder, "tmpfs", 0, "size=1m,mode=0700") != 0) {
        print_message("not run: a_full_tmpfs_loses_nothing_stored (no right to mount: %s)\n",
                      strerror(errno));
        skip();
    }
    pid_t child = fork();
    if (child == 0)
        _exit(fill_until_full());
    int status;
    waitpid(child, &status, 0);
    umount(folder);
    assert_int_equal(status, 0);
}

/* ---- batches ------------------------------------------------------------------------------------------------------------------ */

static void a_batch_commits_by_itself_when_it_is_full(void **state)
{
    (void)state;
    vg_store *store = open_writer(), *reader = open_reader();
    for (int i = 0; i < 9999; i++) {
        OK(vg_store_write(store, err));
        if (i == 0)
            OK(put_run(store, 1, err));
        OK(vg_store_wrote(store, 1, err));
    }
    assert_int_equal(runs_in(reader), 0);
    OK(vg_store_wrote(store, 1, err));
    assert_int_equal(runs_in(reader), 1);
    OK(put_run(store, 2, err));
    OK(vg_store_wrote(store, 1, err));
    assert_int_equal(runs_in(reader), 1);     /* the next one begins anew */
    OK(vg_store_wrote(store, 40 << 20, err)); /* or large */
    assert_int_equal(runs_in(reader), 2);
    OK(put_run(store, 3, err));
    vg_store_rollback(store);
    vg_store_close(reader);
    vg_store_close(store);
    reader = open_reader();
    assert_int_equal(runs_in(reader), 2);
    vg_store_close(reader);
}

/* ---- migration and doctor ------------------------------------------------------------------------------------------------------- */

static vg_status first_properties(void *context, const vg_store_row *row, vg_error *err)
{
    (void)err;
    vg_buf_addf(context, "%.*s %.*s %d\n", VG_ARG(row->resource.id), VG_ARG(row->resource.properties),
                row->gone != VG_TIME_NONE);
    return VG_OK;
}

static vg_status take_event(void *context, const vg_store_finding_event *event, vg_error *err)
{
    (void)err;
    vg_buf_addf(context, " [%d %d day %d %.*s%.*s %.*s]", event->event, (int)event->workflow,
                (int)((event->at - day(0)) / VG_TIME_DAY), VG_ARG(event->run), VG_ARG(event->who),
                VG_ARG(event->note));
    return VG_OK;
}

typedef struct {
    vg_store *store;
    vg_buf text;
} finding_dump;

static vg_status take_finding(void *context, const vg_store_finding_row *row, vg_error *err)
{
    finding_dump *dump = context;
    const vg_finding *f = &row->texts;
    vg_buf_addf(&dump->text, "%.*s|%.*s|%.*s|%.*s|%.*s|%.*s", VG_ARG(f->rule), VG_ARG(f->product),
                VG_ARG(f->title), VG_ARG(f->message), VG_ARG(f->account), VG_ARG(f->resource_type));
    VG_TRY(vg_store_finding_events(dump->store, row->state.number, take_event, &dump->text, err));
    vg_buf_add_char(&dump->text, '\n');
    return VG_OK;
}

/* The findings of each fixture, with their history. */
static const char *const FINDINGS_OF[VG_STORE_SCHEMA + 1] = {
    [1] = "",
    [2] = "root-mfa|vigil|Root has MFA|no MFA|111122223333|Vigil::Account::Root"
          " [0 0 day 3 review-1 ] [6 2 day 4 bob accepted]\n",
    [3] = "root-mfa|vigil|Root has MFA|no MFA|111122223333|Vigil::Account::Root"
          " [0 0 day 3 review-1 ] [6 2 day 4 bob accepted]\n"
          "contacts|vigil|Contact of 111122223333|no alternate contact|111122223333|Vigil::Account::Root"
          " [0 0 day 3 review-1 ]\n",
    [4] = "root-mfa|vigil|Root has MFA|no MFA|111122223333|Vigil::Account::Root"
          " [0 0 day 3 review-1 ] [6 2 day 4 bob accepted]\n"
          "contacts|vigil|Contact of 111122223333|no alternate contact|111122223333|Vigil::Account::Root"
          " [0 0 day 3 review-1 ]\n",
};

static void check_findings(vg_store *store, int version)
{
    finding_dump dump = {.store = store};
    const vg_store_finding_filter all = {.since = VG_TIME_NONE, .by_age = true};
    OK(vg_store_findings(store, &all, take_finding, &dump, err));
    assert_str(vg_buf_str(&dump.text), FINDINGS_OF[version]);
    vg_buf_free(&dump.text);
}

/* ---- log files ------------------------------------------------------------------------------------------------------ */

static vg_status take_log(void *context, const vg_store_log *log, vg_error *err)
{
    (void)err;
    vg_buf_addf(context, "%.*s %lld %.*s %llu index %lld\n", VG_ARG(log->key), (long long)log->size,
                VG_ARG(log->outcome), (unsigned long long)log->events, (long long)log->index);
    return VG_OK;
}

static vg_status take_log_index(void *context, const vg_store_log_index *index, vg_error *err)
{
    (void)err;
    vg_buf_addf(context, "%lld %.*s %llu events\n", (long long)index->number, VG_ARG(index->file),
                (unsigned long long)index->events);
    return VG_OK;
}

static void check_logs(vg_store *store, int version)
{
    vg_buf got = {0};
    OK(vg_store_log_indexes(store, take_log_index, &got, err));
    OK(vg_store_logs(store, -1, take_log, &got, err));
    assert_str(vg_buf_str(&got), version < 4 ? ""
                                             : "1 logs-0000000000000001.index 10 events\n"
                                               "/logs/a.json.gz 100 read 10 index 1\n");
    vg_buf_free(&got);
}

static void log_files_and_their_indexes_are_kept_moved_and_forgotten(void **state)
{
    (void)state;
    vg_store *store = open_writer();
    vg_arena *arena = vg_arena_new(0);
    vg_buf got = {0};
    int64_t number;
    bool found;
    vg_store_log log = {.key = VG_STR("/logs/b"),
                        .size = 7,
                        .outcome = VG_STR("read"),
                        .events = 3,
                        .index = 1},
                 back;
    const vg_store_log_index one = {.number = 1, .file = VG_STR("one"), .events = 3},
                             two = {.number = 2, .file = VG_STR("two"), .events = 3};
    OK(vg_store_write(store, err));
    OK(vg_store_log_index_next(store, &number, err));
    assert_int_equal(number, 1);
    OK(vg_store_log_index_put(store, &one, err));
    OK(vg_store_log_put(store, &log, err));
    log.key = VG_STR("/logs/a");
    OK(vg_store_log_put(store, &log, err));
    log.size = 9;
    OK(vg_store_log_put(store, &log, err)); /* again: takes its place */
    OK(vg_store_log_index_put(store, &two, err));
    OK(vg_store_log_index_drop(store, 1, 2, err));
    OK(vg_store_flush(store, err));
    OK(vg_store_log_find(store, arena, VG_STR("/logs/a"), &back, &found, err));
    assert_true(found && back.size == 9 && back.index == 2);
    OK(vg_store_log_find(store, arena, VG_STR("/logs/c"), &back, &found, err));
    assert_false(found);
    OK(vg_store_log_indexes(store, take_log_index, &got, err));
    OK(vg_store_logs(store, 2, take_log, &got, err));
    assert_str(vg_buf_str(&got), "2 two 3 events\n/logs/a 9 read 3 index 2\n/logs/b 7 read 3 index 2\n");
    vg_buf_clear(&got);
    OK(vg_store_write(store, err));
    OK(vg_store_log_index_drop(store, 2, 0, err)); /* broken: its files are to be read again */
    OK(vg_store_flush(store, err));
    OK(vg_store_logs(store, -1, take_log, &got, err));
    assert_str(vg_buf_str(&got), "/logs/a -1 read 3 index 0\n/logs/b -1 read 3 index 0\n");
    vg_buf_free(&got);
    vg_arena_free(arena);
    vg_store_close(store);
}

/* tests/store/schema/N.sql is a filled workspace of schema N. */
static void every_released_schema_migrates_with_its_content(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    for (int version = 1; version <= VG_STORE_SCHEMA; version++) {
        char path[512];
        vg_str sql;
        vg_error why;
        vg_store *store;
        vg_buf got = {0};
        vg_store_options read = {.now = day(1)};
        snprintf(path, sizeof path, "%s/tests/store/schema/%d.sql", VIGIL_SOURCE_DIR, version);
        OK(vg_file_read(arena, vg_str_from(path), 1 << 20, &sql, err));
        run_sql(vg_arena_cstr(arena, sql));
        if (version < VG_STORE_SCHEMA) {
            assert_int_equal(open_as(&read, &store, &why), VG_ERR_VERSION);
            assert_non_null(strstr(why.message, "older vigil"));
        }
        store = open_writer();
        OK(vg_store_resources(store, &(vg_store_filter){.at = VG_TIME_NONE, .with_gone = true},
                              first_properties, &got, err));
        assert_str(vg_buf_str(&got),
                   "b {\"a\":2} 0\ngone {\"a\":1} 1\n111122223333 {\"MfaActive\":true} 0\n");
        assert_int_equal(runs_in(store), version == 1 ? 2 : 3);
        check_findings(store, version);
        check_logs(store, version);
        OK(put_run(store, 77, err)); /* and it takes new content */
        OK(vg_store_flush(store, err));
        vg_store_close(store);
        vg_store_close(open_reader());
        vg_buf_free(&got);
        unlink(in_folder("vigil.db"));
    }
    vg_arena_free(arena);
}

static void take_complaint(void *context, const char *check, bool ok, vg_str detail)
{
    if (!ok)
        vg_buf_addf(context, "%s: %.*s\n", check, VG_ARG(detail));
}

static void take_line(void *context, const char *check, bool ok, vg_str detail)
{
    vg_buf_addf(context, "%s%s: %.*s\n", check, ok ? "" : " (bad)", VG_ARG(detail));
}

static void doctor_tells_schema_and_sizes(void **state)
{
    (void)state;
    vg_buf lines = {0};
    char schema[64], size[300];
    struct stat about;
    vg_store *store = open_writer();
    OK(vg_store_check(store, take_line, &lines, err));
    assert_int_equal(stat(in_folder("vigil.db"), &about), 0);
    snprintf(schema, sizeof schema, "schema: schema %d (this program writes %d)", VG_STORE_SCHEMA,
             VG_STORE_SCHEMA);
    snprintf(size, sizeof size, "size: %s is %lld bytes\n", in_folder("vigil.db"), (long long)about.st_size);
    if (vg_str_find(vg_buf_str(&lines), vg_str_from(schema)) == VG_NPOS ||
        vg_str_find(vg_buf_str(&lines), vg_str_from(size)) == VG_NPOS)
        fail_msg("'%s' and '%s' in:\n%.*s", schema, size, VG_ARG(vg_buf_str(&lines)));
    vg_store_close(store);
    vg_buf_free(&lines);
}

static void doctor_finds_open_modes_and_damage(void **state)
{
    (void)state;
    vg_buf complaints = {0};
    vg_store *store = open_writer();
    for (int i = 0; i < 3000; i++)
        OK(put_run(store, i, err));
    OK(vg_store_flush(store, err));
    OK(vg_store_check(store, take_complaint, &complaints, err));
    assert_str(vg_buf_str(&complaints), "");
    vg_store_close(store);
    chmod(in_folder("vigil.db"), 0644);
    chmod(in_folder("vigil.lock"), 0660);
    chmod(folder, 0710);
    int fd = open(in_folder("vigil.db"), O_WRONLY);
    char junk[20000];
    memset(junk, 0x5a, sizeof junk);
    struct stat about;
    fstat(fd, &about);
    assert_int_equal(pwrite(fd, junk, sizeof junk, about.st_size - (off_t)sizeof junk), sizeof junk);
    close(fd);
    store = open_reader();
    OK(vg_store_check(store, take_complaint, &complaints, err));
    vg_store_close(store);
    vg_str text = vg_buf_str(&complaints);
    assert_true(vg_str_find(text, VG_STR("vigil.db has mode 0644")) != VG_NPOS);
    assert_true(vg_str_find(text, VG_STR("vigil.lock has mode 0660")) != VG_NPOS);
    assert_true(vg_str_find(text, VG_STR(" has mode 0710")) != VG_NPOS);
    assert_true(vg_str_find(text, VG_STR("integrity: ")) != VG_NPOS);
    vg_buf_free(&complaints);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_workspace_is_for_its_owner_alone),
        CASE(a_linked_lock_is_not_written_through),
        CASE(opening_what_is_no_workspace_says_so),
        CASE(a_folder_with_odd_characters_is_a_folder),
        CASE(a_damaged_store_is_told_and_left_alone),
        CASE(a_newer_workspace_is_refused),
        CASE(a_folder_without_permission_is_told),
        CASE(a_workspace_that_is_not_ours_is_told_from_none),
        CASE(a_read_only_folder_can_be_read),
        CASE(a_read_only_folder_is_read_with_its_log),
        CASE(a_reader_that_was_first_sees_what_is_written_later),
        CASE(a_second_writer_waits_and_names_the_holder),
        CASE(a_second_writer_goes_on_when_the_first_is_done),
        CASE(readers_go_on_and_see_one_state),
        CASE(readers_beside_a_busy_writer_see_whole_batches),
        CASE(killed_at_200_points_loses_nothing_acknowledged),
        CASE(a_file_size_limit_is_a_full_disk),
        CASE(a_full_tmpfs_loses_nothing_stored),
        CASE(a_batch_commits_by_itself_when_it_is_full),
        CASE(every_released_schema_migrates_with_its_content),
        CASE(log_files_and_their_indexes_are_kept_moved_and_forgotten),
        CASE(doctor_tells_schema_and_sizes),
        CASE(doctor_finds_open_modes_and_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
