/* parallel.c: one pool shape for everything: a counter hands out items, results go where their index says. Threads
 * live for one call; starting one costs microseconds against items that are files. */
#include "base/base.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST_THREADS = 64 };

typedef struct {
    atomic_size_t next;
    size_t count;
    void (*fn)(void *context, size_t i);
    void *context;
} work;

static void *take_items(void *argument)
{
    work *w = argument;
    for (size_t i; (i = atomic_fetch_add(&w->next, 1)) < w->count;)
        w->fn(w->context, i);
    return NULL;
}

size_t vg_cpu_count(void)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0)
        return (size_t)CPU_COUNT(&allowed);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (size_t)online : 1;
}

void vg_parallel(size_t threads, size_t count, void (*fn)(void *context, size_t i), void *context)
{
    work w = {.count = count, .fn = fn, .context = context};
    pthread_t others[MOST_THREADS];
    size_t started = 0;
    if (threads == 0)
        threads = vg_cpu_count();
    if (threads > count)
        threads = count;
    if (threads > MOST_THREADS)
        threads = MOST_THREADS;
    while (started + 1 < threads && pthread_create(&others[started], NULL, take_items, &w) == 0)
        started++;
    take_items(&w);
    for (size_t i = 0; i < started; i++)
        pthread_join(others[i], NULL);
}

struct vg_beside {
    pthread_t thread;
    void (*fn)(void *context);
    void *context;
};

static void *work_beside(void *argument)
{
    vg_beside *beside = argument;
    beside->fn(beside->context);
    return NULL;
}

vg_beside *vg_beside_start(void (*fn)(void *context), void *context)
{
    vg_beside *beside = malloc(sizeof *beside);
    if (beside)
        *beside = (vg_beside){.fn = fn, .context = context};
    if (beside && pthread_create(&beside->thread, NULL, work_beside, beside) == 0)
        return beside;
    free(beside);
    fn(context);
    return NULL;
}

void vg_beside_wait(vg_beside *beside)
{
    if (beside)
        pthread_join(beside->thread, NULL);
    free(beside);
}
