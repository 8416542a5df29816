/* cli_progress.c: one line that says how far long work has come.
 *
 * Any thread may count; whichever of them finds that a tenth of a second has passed draws. Drawing is claimed by a
 * compare-and-swap of the time of the last drawing, so that no lock is taken and no thread waits. */
#include "cli/cli_parts.h"

#include <stdatomic.h>

static const uint64_t PATIENCE_NS = 1000000000; /* work shorter than this shows nothing */
static const uint64_t REDRAW_NS = 100000000;

static bool is_shown(const vg_progress *progress)
{
    return progress->cli->world->err_is_terminal && !progress->cli->quiet;
}

void vg_progress_start(vg_progress *progress, vg_cli *cli, const char *what, uint64_t total)
{
    *progress = (vg_progress){.cli = cli, .what = what, .total = total, .started_ns = vg_time_monotonic_ns()};
}

static void draw(const vg_progress *progress, uint64_t done)
{
    unsigned long long n = done, of = progress->total;
    if (of)
        fprintf(progress->cli->err, "\r%s: %llu of %llu (%llu %%)\x1b[K", progress->what, n, of,
                n * 100 / of);
    else
        fprintf(progress->cli->err, "\r%s: %llu\x1b[K", progress->what, n);
    fflush(progress->cli->err);
}

void vg_progress_add(vg_progress *progress, uint64_t steps)
{
    uint64_t done = atomic_fetch_add(&progress->done, steps) + steps;
    if (!is_shown(progress))
        return;
    uint64_t now = vg_time_monotonic_ns(), drawn = atomic_load(&progress->drawn_ns);
    if (now - progress->started_ns < PATIENCE_NS || now - drawn < REDRAW_NS)
        return;
    if (atomic_compare_exchange_strong(&progress->drawn_ns, &drawn, now))
        draw(progress, done);
}

void vg_progress_end(vg_progress *progress)
{
    if (atomic_load(&progress->drawn_ns) == 0)
        return;
    fputs("\r\x1b[K", progress->cli->err);
    fflush(progress->cli->err);
    atomic_store(&progress->drawn_ns, 0);
}
