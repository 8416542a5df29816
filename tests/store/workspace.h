/* workspace.h: a temporary workspace for a test, and shorthand for what its assertions need. */
#ifndef VIGIL_TEST_WORKSPACE_H
#define VIGIL_TEST_WORKSPACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Asserts success, printing the error that was not expected. */
#define OK(expr)                                                                                             \
    do {                                                                                                     \
        vg_error err_ = {0}, *err = &err_;                                                                   \
        vg_status status_ = (expr);                                                                          \
        if (status_ != VG_OK)                                                                                \
            fail_msg("%s: %s: %s", #expr, vg_status_name(status_), err_.message);                            \
        (void)err;                                                                                           \
    } while (0)

#define assert_str(got, expected)                                                                            \
    do {                                                                                                     \
        vg_str got_ = (got), expected_ = vg_str_from(expected);                                              \
        if (!vg_str_eq(got_, expected_))                                                                     \
            fail_msg("got '%.*s', expected '%.*s'", VG_ARG(got_), VG_ARG(expected_));                        \
    } while (0)

#define assert_time(got, expected) assert_int_equal((long long)(got), (long long)(expected))

static inline vg_time day(int n) /* the n-th day after 2026-01-01 */
{
    return INT64_C(1767225600) * VG_TIME_SECOND + n * VG_TIME_DAY;
}

static inline char *temporary_folder(void)
{
    static char path[64]; /* one workspace at a time in a test program */
    strcpy(path, "/tmp/vigil-test-XXXXXX");
    assert_non_null(mkdtemp(path));
    return path;
}

static inline void remove_folder(const char *path)
{
    char file[1024];
    DIR *stream = opendir(path);
    if (!stream)
        return;
    for (struct dirent *entry; (entry = readdir(stream));) {
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        unlink(file);
    }
    closedir(stream);
    rmdir(path);
}

#endif
