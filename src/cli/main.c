/* main.c: hands the system's world to vg_cli_main. The one place where the clock, the environment and the terminal are
 * looked at. */
#include "cli/cli.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

extern char **environ;

static unsigned terminal_width(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* A full disk, a file-size limit and a closed pipe come back as errors of the write, which says what was being written;
 * the signals would only say that something was. */
static void report_failed_writes_as_errors(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

/* Started without one of the three standard files, the next file opened would take its number, and a report would be
 * written into it. The place is taken by what can only be used the wrong way round, so that using it is an error. */
static void keep_standard_files_apart(void)
{
    static const int wrong_way[] = {O_WRONLY, O_RDONLY, O_RDONLY};
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", wrong_way[fd]) < 0)
            return; /* no /dev/null: nothing better can be done */
}

int main(int argc, char **argv)
{
    keep_standard_files_apart();
    report_failed_writes_as_errors();
    vg_cli_world world = {
        .in = stdin,
        .out = stdout,
        .err = stderr,
        .environment = (const char *const *)environ,
        .now = vg_time_now(),
        .out_is_terminal = isatty(STDOUT_FILENO) == 1,
        .err_is_terminal = isatty(STDERR_FILENO) == 1,
        .width = terminal_width(),
        .commands = vg_commands,
    };
    return vg_cli_main(&world, argc, (const char *const *)argv);
}
