/* main.c: hands the system's world to vg_cli_main. The one place where the clock, the environment and the terminal are
 * looked at. */
#include "cli/cli.h"

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

int main(int argc, char **argv)
{
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
