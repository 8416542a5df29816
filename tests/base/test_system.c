/* Time, threads, files. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/base.h"

static void times_of_aws_are_read_and_written(void **state)
{
    (void)state;
    static const struct {
        const char *text, *canonical; /* NULL: refused */
    } rows[] = {
        {"2026-11-24", "2026-11-24T00:00:00Z"},
        {"2026-11-24T10:00:00Z", "2026-11-24T10:00:00Z"},
        {"2026-11-24T10:00:00+00:00", "2026-11-24T10:00:00Z"},
        {"2026-11-24T10:00:00+0130", "2026-11-24T08:30:00Z"},
        {"2026-11-24T00:30:00+02", "2026-11-23T22:30:00Z"},
        {"2026-11-24 10:00:00.123456-05:00", "2026-11-24T15:00:00.123456Z"},
        {"2026-11-24T10:00:00.1Z", "2026-11-24T10:00:00.100000Z"},
        {"2026-11-24T10:00:00.1234567Z", "2026-11-24T10:00:00.123456Z"},
        {"2026-11-24T10:00Z", "2026-11-24T10:00:00Z"},
        {"2024-02-29", "2024-02-29T00:00:00Z"},
        {"1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"},
        {"0001-01-01", "0001-01-01T00:00:00Z"},
        {"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"},
        {"2000-02-29", "2000-02-29T00:00:00Z"},
        {"2026-11-24t10:00:00z", "2026-11-24T10:00:00Z"},
        {"2026-12-31T23:59:60Z", "2027-01-01T00:00:00Z"}, /* a leap second */
        {"2026-11-24T10:00:61Z", NULL},
        {"2026-11-24T10:60:00Z", NULL},
        {"2026-11-24T10:00:00+01:60", NULL},
        {"2026-00-01", NULL},
        {"2026-11-00", NULL},
        {"2026-04-31", NULL},
        {"1900-02-29", NULL},
        {"2023-02-29", NULL},
        {"2026-13-01", NULL},
        {"2026-1-01", NULL},
        {"2026-11-24T", NULL},
        {"2026-11-24T24:00:00Z", NULL},
        {"2026-11-24T10:00:00Zx", NULL},
        {"2026-11-24T10:00:00.Z", NULL},
        {"2026-11-24T10:00:00+25:00", NULL},
        {" 2026-11-24", NULL},
        {"N/A", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        vg_time t = 0;
        char text[VG_TIME_TEXT] = "";
        bool ok = vg_time_parse(vg_str_from(rows[i].text), &t);
        if (ok)
            vg_time_format(t, text);
        if (ok != (rows[i].canonical != NULL) || (ok && strcmp(text, rows[i].canonical) != 0))
            fail_msg("time \"%s\": %s, expected %s", rows[i].text, ok ? text : "refused",
                     rows[i].canonical ? rows[i].canonical : "refused");
    }
    char never[VG_TIME_TEXT];
    vg_time_format(VG_TIME_NONE, never);
    assert_string_equal(never, "never");
}

static void every_day_of_four_centuries_goes_round(void **state)
{
    (void)state;
    char text[VG_TIME_TEXT];
    for (vg_time day = -80000; day < 80000; day++) {
        vg_time back;
        vg_time_format_date(day * VG_TIME_DAY, text);
        assert_true(vg_time_parse(vg_str_from(text), &back));
        assert_true(back == day * VG_TIME_DAY);
    }
}

typedef struct {
    atomic_int seen[1000];
    size_t squares[1000];
} shared;

static void visit(void *context, size_t i)
{
    shared *s = context;
    if (i == 999)
        usleep(1000); /* whoever has the last item is waited for */
    atomic_fetch_add(&s->seen[i], 1);
    s->squares[i] = i * i;
}

static void every_item_is_visited_once_whatever_the_threads(void **state)
{
    (void)state;
    static const size_t threads[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 64, 65, 300};
    for (size_t t = 0; t < VG_COUNT(threads); t++) {
        shared *s = calloc(1, sizeof *s);
        vg_parallel(threads[t], 1000, visit, s);
        for (size_t i = 0; i < 1000; i++) {
            assert_int_equal(s->seen[i], 1);
            assert_int_equal(s->squares[i], i * i);
        }
        free(s);
    }
    vg_parallel(4, 0, visit, NULL);
}

static void meet(void *context, size_t i)
{
    (void)i;
    atomic_int *arrived = context, *met = arrived + 1;
    atomic_fetch_add(arrived, 1);
    for (int waited = 0; atomic_load(arrived) < 2 && waited < 5000; waited++)
        usleep(1000);
    if (gettid() != getpid())
        usleep(50000); /* the caller is done first, and waits for the other */
    if (atomic_load(arrived) == 2)
        atomic_fetch_add(met, 1);
}

static void two_threads_work_at_once(void **state)
{
    (void)state;
    atomic_int counts[2] = {0, 0};
    vg_parallel(2, 2, meet, counts);
    assert_int_equal(atomic_load(&counts[1]), 2);
}

static void answer_the_caller(void *context)
{
    atomic_int *said = context;
    for (int waited = 0; atomic_load(&said[0]) == 0 && waited < 5000; waited++)
        usleep(1000);
    usleep(20000); /* the caller is there first, and waits */
    atomic_store(&said[1], atomic_load(&said[0]) + 1);
}

static void work_beside_the_caller_is_done_when_waited_for(void **state)
{
    (void)state;
    atomic_int said[2] = {0, 0};
    vg_beside *beside = vg_beside_start(answer_the_caller, said);
    atomic_store(&said[0], 41);
    vg_beside_wait(beside);
    assert_int_equal(atomic_load(&said[1]), 42);
    vg_beside_wait(NULL);
}

/* What a write does for a crash to find one file or the other: F syncs a file, R renames, D syncs a folder. These stand
 * before the C library's own. */
static char steps[32];

int fsync(int fd)
{
    struct stat about;
    size_t n = strlen(steps);
    if (n + 1 < sizeof steps && fstat(fd, &about) == 0)
        steps[n] = S_ISDIR(about.st_mode) ? 'D' : 'F';
    return (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
    size_t n = strlen(steps);
    if (n + 1 < sizeof steps)
        steps[n] = 'R';
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

static int make_folder(void **state)
{
    char name[] = "/tmp/vigil-base-XXXXXX";
    *state = mkdtemp(name) ? strdup(name) : NULL;
    return *state ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[200];
    snprintf(command, sizeof command, "chmod -R u+rwX '%s' && rm -rf '%s'", (char *)*state, (char *)*state);
    int failed = system(command);
    free(*state);
    return failed;
}

static void a_file_is_read_whole_within_its_limit(void **state)
{
    vg_arena *arena = vg_arena_new(0);
    vg_error err;
    vg_str path = vg_path_join(arena, vg_str_from(*state), VG_STR("a")), bytes;
    assert_int_equal(vg_file_read(arena, path, 100, &bytes, &err), VG_ERR_NOT_FOUND);
    assert_true(vg_str_eq(err.place.file, path));
    assert_int_equal(vg_file_write_atomic(path, VG_STR("hello"), 0600, &err), VG_OK);
    assert_int_equal(vg_file_read(arena, path, 5, &bytes, &err), VG_OK);
    assert_true(vg_str_is(bytes, "hello"));
    assert_int_equal(vg_file_read(arena, path, 4, &bytes, &err), VG_ERR_LIMIT);
    assert_int_not_equal(vg_file_read(arena, vg_str_from(*state), 100, &bytes, &err), VG_OK);
    vg_mapped mapped;
    assert_int_equal(vg_file_map(path, &mapped, &err), VG_OK);
    assert_true(vg_str_is(mapped.bytes, "hello"));
    vg_file_unmap(&mapped);
    assert_int_not_equal(vg_file_map(vg_str_from(*state), &mapped, &err), VG_OK);
    assert_int_equal(vg_file_map(VG_STR("/dev/null"), &mapped, &err), VG_ERR_VALUE);
    assert_int_equal(vg_file_read(arena, vg_str_of("a\0b", 3), 100, &bytes, &err), VG_ERR_VALUE);
    char longer[5000];
    memset(longer, 'a', sizeof longer);
    assert_int_equal(vg_file_read(arena, vg_str_of(longer, sizeof longer), 100, &bytes, &err), VG_ERR_VALUE);
    vg_arena_free(arena);
}

static void the_limit_holds_before_and_while_reading(void **state)
{
    vg_arena *arena = vg_arena_new(0);
    vg_error err;
    vg_str path = vg_path_join(arena, vg_str_from(*state), VG_STR("sparse")), bytes;
    assert_int_equal(vg_file_write_atomic(path, VG_STR("x"), 0600, &err), VG_OK);
    assert_int_equal(truncate(path.ptr, (off_t)1 << 40), 0);
    assert_int_equal(vg_file_read(arena, path, 100, &bytes, &err), VG_ERR_LIMIT); /* not: out of memory */
    assert_int_equal(vg_file_read(arena, VG_STR("/proc/self/maps"), 100, &bytes, &err), VG_ERR_LIMIT);
    assert_true(vg_str_is(err.place.file, "/proc/self/maps"));
    vg_arena_free(arena);
}

static void a_dash_reads_standard_input(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_error err;
    vg_str bytes;
    int ends[2], kept = dup(0);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "piped", 5), 5);
    close(ends[1]);
    dup2(ends[0], 0);
    close(ends[0]);
    assert_int_equal(vg_file_read(arena, VG_STR("-"), 100, &bytes, &err), VG_OK);
    assert_true(vg_str_is(bytes, "piped"));
    assert_true(fcntl(0, F_GETFD) >= 0); /* and leaves it open */
    dup2(kept, 0);
    close(kept);
    vg_arena_free(arena);
}

static void an_atomic_write_replaces_and_sets_the_mode(void **state)
{
    vg_arena *arena = vg_arena_new(0);
    vg_error err;
    struct stat about;
    vg_str path = vg_path_join(arena, vg_str_from(*state), VG_STR("b")), bytes;
    assert_int_equal(vg_file_write_atomic(path, VG_STR("one"), 0644, &err), VG_OK);
    assert_int_equal(stat(path.ptr, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0644);
    memset(steps, 0, sizeof steps);
    assert_int_equal(vg_file_write_atomic(path, VG_STR("two"), 0600, &err), VG_OK);
    assert_string_equal(steps, "FRD");
    assert_int_equal(stat(path.ptr, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(vg_file_read(arena, path, 100, &bytes, &err), VG_OK);
    assert_true(vg_str_is(bytes, "two"));
    vg_arena_free(arena);
}

static void a_failed_write_leaves_the_old_file_and_no_litter(void **state)
{
    vg_arena *arena = vg_arena_new(0);
    vg_error err;
    vg_str folder = vg_path_join(arena, vg_str_from(*state), VG_STR("full")), bytes;
    vg_str path = vg_path_join(arena, folder, VG_STR("c"));
    assert_int_equal(vg_dir_make(folder, 0700, &err), VG_OK);
    assert_int_equal(vg_file_write_atomic(path, VG_STR("old"), 0600, &err), VG_OK);
    static char large[8192];
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 4096;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    vg_status status = vg_file_write_atomic(path, vg_str_of(large, sizeof large), 0600, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, VG_ERR_FULL);
    assert_int_equal(vg_file_read(arena, path, 100, &bytes, &err), VG_OK);
    assert_true(vg_str_is(bytes, "old"));
    vg_vec files = vg_vec_in(arena, sizeof(vg_dir_entry));
    assert_int_equal(vg_dir_walk(arena, folder, &files, NULL, NULL, &err), VG_OK);
    assert_int_equal(files.len, 1);
    vg_arena_free(arena);
}

static void count_skipped(void *context, const vg_error *err)
{
    (void)err;
    ++*(int *)context;
}

static void a_walk_is_sorted_and_does_not_follow_links_to_folders(void **state)
{
    vg_arena *arena = vg_arena_new(0);
    vg_error err;
    vg_str root = vg_path_join(arena, vg_str_from(*state), VG_STR("walk"));
    static const char *const files[] = {"b/2", "b/10", "a", "c/d/e"};
    for (size_t i = 0; i < VG_COUNT(files); i++) {
        vg_str path = vg_path_join(arena, root, vg_str_from(files[i]));
        assert_int_equal(vg_dir_make(vg_path_folder(path), 0700, &err), VG_OK);
        assert_int_equal(vg_file_write_atomic(path, VG_STR("x"), 0600, &err), VG_OK);
    }
    assert_int_equal(symlink(".", vg_path_join(arena, root, VG_STR("loop")).ptr), 0);
    assert_int_equal(symlink("nowhere", vg_path_join(arena, root, VG_STR("dangling")).ptr), 0);
    vg_vec found = vg_vec_in(arena, sizeof(vg_dir_entry));
    int skipped = 0;
    assert_int_equal(vg_dir_walk(arena, root, &found, count_skipped, &skipped, &err), VG_OK);
    static const char *const order[] = {"a", "b/10", "b/2", "c/d/e"};
    assert_int_equal(found.len, VG_COUNT(order));
    for (size_t i = 0; i < VG_COUNT(order); i++) {
        vg_dir_entry *entry = vg_vec_at(&found, i);
        assert_true(vg_str_ends(entry->path, vg_str_from(order[i])));
        assert_int_equal(entry->size, 1);
        assert_true(entry->modified > 0);
    }
    assert_int_equal(skipped, 1); /* the link that leads nowhere; what is in loop was met anyway */
    assert_int_equal(vg_dir_walk(arena, VG_STR("/nonexistent"), &found, NULL, NULL, &err), VG_ERR_NOT_FOUND);
    vg_arena_free(arena);
}

static void what_a_walk_leaves_out_is_named(void **state)
{
    vg_arena *arena = vg_arena_new(0);
    vg_error err;
    vg_str root = vg_path_join(arena, vg_str_from(*state), VG_STR("specials"));
    assert_int_equal(vg_dir_make(root, 0700, &err), VG_OK);
    assert_int_equal(mkfifo(vg_path_join(arena, root, VG_STR("pipe")).ptr, 0600), 0);
    assert_int_equal(symlink("..", vg_path_join(arena, root, VG_STR("outside")).ptr), 0);
    assert_int_equal(symlink(".", vg_path_join(arena, root, VG_STR("inside")).ptr), 0);
    assert_int_equal(symlink("/dev/null", vg_path_join(arena, root, VG_STR("device")).ptr), 0);
    vg_vec found = vg_vec_in(arena, sizeof(vg_dir_entry));
    int skipped = 0;
    assert_int_equal(vg_dir_walk(arena, root, &found, count_skipped, &skipped, &err), VG_OK);
    assert_int_equal(found.len, 0);
    assert_int_equal(skipped, 3);
    vg_arena_free(arena);
}

static void a_folder_too_deep_is_named_and_skipped(void **state)
{
    vg_arena *arena = vg_arena_new(0);
    vg_error err;
    vg_str path = vg_path_join(arena, vg_str_from(*state), VG_STR("deep"));
    for (int i = 0; i < 70; i++)
        path = vg_path_join(arena, path, VG_STR("d"));
    assert_int_equal(vg_dir_make(path, 0700, &err), VG_OK);
    vg_vec found = vg_vec_in(arena, sizeof(vg_dir_entry));
    int skipped = 0;
    assert_int_equal(vg_dir_walk(arena, vg_str_from(*state), &found, count_skipped, &skipped, &err), VG_OK);
    assert_int_equal(skipped, 1);
    vg_arena_free(arena);
}

static void paths_are_taken_apart_and_joined(void **state)
{
    (void)state;
    static const struct {
        const char *path, *folder, *name;
    } rows[] = {{"a/b", "a", "b"}, {"b", ".", "b"}, {"/b", "/", "b"}, {"a/b/c.json", "a/b", "c.json"}};
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        assert_true(vg_str_is(vg_path_folder(vg_str_from(rows[i].path)), rows[i].folder));
        assert_true(vg_str_is(vg_path_name(vg_str_from(rows[i].path)), rows[i].name));
    }
    vg_arena *arena = vg_arena_new(0);
    assert_true(vg_str_is(vg_path_join(arena, VG_STR("a/"), VG_STR("b")), "a/b"));
    assert_true(vg_str_is(vg_path_join(arena, (vg_str){0}, VG_STR("b")), "b"));
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_of_aws_are_read_and_written),
        cmocka_unit_test(every_day_of_four_centuries_goes_round),
        cmocka_unit_test(every_item_is_visited_once_whatever_the_threads),
        cmocka_unit_test(two_threads_work_at_once),
        cmocka_unit_test(work_beside_the_caller_is_done_when_waited_for),
        cmocka_unit_test_setup_teardown(a_file_is_read_whole_within_its_limit, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(the_limit_holds_before_and_while_reading, make_folder, remove_folder),
        cmocka_unit_test(a_dash_reads_standard_input),
        cmocka_unit_test_setup_teardown(an_atomic_write_replaces_and_sets_the_mode, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_failed_write_leaves_the_old_file_and_no_litter, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_walk_is_sorted_and_does_not_follow_links_to_folders, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(what_a_walk_leaves_out_is_named, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_folder_too_deep_is_named_and_skipped, make_folder, remove_folder),
        cmocka_unit_test(paths_are_taken_apart_and_joined),
    };
    return cmocka_run_group_tests_name("base/system", tests, NULL, NULL);
}
