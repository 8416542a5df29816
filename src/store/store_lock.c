/* store_lock.c: one writer. The lock is flock(2) on `vigil.lock`, so it falls with the process that holds it, however
 * that ends; the file's text names the holder for whoever waits in vain. */
#include "store/store_part.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { DEFAULT_WAIT_MS = 5000, PAUSE_MS = 25, HOLDER_TEXT = 512 };

static void pause_ms(unsigned ms)
{
    struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&wait, NULL);
}

/* The lock file reads "PID\nCOMMAND\nSINCE\n". */
static void write_holder(int fd, const vg_store_options *options)
{
    char since[VG_TIME_TEXT], text[HOLDER_TEXT];
    vg_time_format(options->now, since);
    vg_str command = vg_str_sub(options->command, 0, 200);
    int len = snprintf(text, sizeof text, "%ld\n%.*s\n%s\n", (long)getpid(), VG_ARG(command), since);
    if (len <= 0 || ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len)
        return; /* the lock itself holds; only its explanation is lost (a full disk) */
}

static vg_status fail_busy(const char *folder, int fd, unsigned waited_ms, vg_error *err)
{
    char text[HOLDER_TEXT];
    ssize_t got = pread(fd, text, sizeof text, 0);
    vg_str rest = vg_str_of(text, got > 0 ? (size_t)got : 0), pid = {0}, command = {0}, since = {0};
    vg_str_next(&rest, '\n', &pid);
    vg_str_next(&rest, '\n', &command);
    vg_str_next(&rest, '\n', &since);
    if (!pid.len)
        pid = command = since = VG_STR("unknown");
    return vg_fail(
        err, VG_ERR_BUSY,
        "%s: `%.*s` (pid %.*s) has been writing to this workspace since %.*s; waited %u.%u s; let it finish "
        "or stop it, then run this again",
        folder, VG_ARG(command), VG_ARG(pid), VG_ARG(since), waited_ms / 1000, waited_ms % 1000 / 100);
}

vg_status store_lock(const char *folder, const vg_store_options *options, int *fd, vg_error *err)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof path, "%s/vigil.lock", folder);
    if (len < 0 || (size_t)len >= sizeof path)
        return vg_fail(err, VG_ERR_VALUE, "the workspace's path is too long, name a shorter one: %.200s",
                       folder);
    int opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (opened < 0)
        return vg_fail_errno(
            err, errno, "%s: cannot open the workspace's lock file; check the folder's owner and mode", path);
    unsigned wait = options->wait_ms ? options->wait_ms : DEFAULT_WAIT_MS;
    for (unsigned waited = 0; flock(opened, LOCK_EX | LOCK_NB) != 0; waited += PAUSE_MS) {
        if (waited >= wait) {
            vg_status status = fail_busy(folder, opened, wait, err);
            close(opened);
            return status;
        }
        pause_ms(PAUSE_MS);
    }
    write_holder(opened, options);
    *fd = opened;
    return VG_OK;
}
