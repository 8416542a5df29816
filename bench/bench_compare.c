/* bench_compare.c: `vigil iam compare` over changes to AWS's managed policies, and its growth.
 *
 * bench_compare [FOLDER] [PAIRS]: FOLDER holds iam-policies/ (default ../shared/data). Pairs are mutants as in the test of
 * compare, each compared with its original once: nothing is warm that a first comparison would not find so. Reading is
 * timed apart, from JSON text to statements, for both policies of a pair. Growth puts the statements of 10 and of 100
 * policies into one and changes one statement of it. */
#include "policy/policy.h"

#include <stdio.h>
#include <stdlib.h>

#include "policy/policy_mutants.h"

static int by_time(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static double at(const uint64_t *times, size_t count, double share)
{
    size_t i = (size_t)((double)(count - 1) * share);
    return (double)times[i] / 1000.0;
}

static void print_times(const char *name, uint64_t *times, size_t count, const size_t answers[3])
{
    qsort(times, count, sizeof *times, by_time);
    printf("%-26s %6zu pairs: median %8.1f us, p90 %8.1f, p99 %8.1f, longest %8.1f; no %zu, yes %zu, maybe "
           "%zu\n",
           name, count, at(times, count, 0.5), at(times, count, 0.9), at(times, count, 0.99),
           at(times, count, 1.0), answers[0], answers[1], answers[2]);
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

static uint64_t time_of_reading(const vg_policy_document *d)
{
    vg_buf text = {0};
    vg_json_write(&text, d->root, 0);
    vg_arena *arena = vg_arena_new(0);
    vg_policy_document again;
    vg_error err;
    uint64_t start = vg_time_monotonic_ns();
    vg_status status = vg_policy_read_text(arena, vg_buf_str(&text), d->kind, d->name, &again, &err);
    uint64_t took = vg_time_monotonic_ns() - start;
    vg_arena_free(arena);
    vg_buf_free(&text);
    return status == VG_OK ? took : 0;
}

/* ---- comparing ------------------------------------------------------------------------------------------------------ */

static uint64_t time_of_comparing(const vg_policy_document *old_policy, const vg_policy_document *new_policy,
                                  size_t answers[3])
{
    vg_comparison result;
    vg_error err;
    uint64_t start = vg_time_monotonic_ns();
    vg_arena *arena = vg_arena_new(0);
    vg_status status = vg_policy_compare(arena, old_policy, new_policy, &result, &err);
    vg_arena_free(arena);
    uint64_t took = vg_time_monotonic_ns() - start;
    if (status != VG_OK) {
        fprintf(stderr, "bench_compare: %s\n", err.message);
        exit(1);
    }
    answers[result.result]++;
    return took;
}

static void bench_pairs(const vg_vec *originals, size_t pairs, const char *name, uint64_t seed)
{
    uint64_t *times = calloc(pairs, sizeof *times), *whole = calloc(pairs, sizeof *whole);
    size_t answers[3] = {0}, made = 0;
    mutant_random random = {seed};
    while (times && whole && made < pairs) {
        vg_arena *arena = vg_arena_new(0);
        vg_policy_document mutated;
        const vg_policy_document *original = vg_vec_at(originals, mutant_below(&random, originals->len));
        mutant_kind kind = (mutant_kind)mutant_below(&random, MUTANT_KINDS);
        if (mutant_make(arena, &random, original, kind, &mutated)) {
            bool back = mutant_below(&random, 2);
            times[made] = time_of_comparing(back ? &mutated : original, back ? original : &mutated, answers);
            whole[made] = times[made] + (original->root ? 2 * time_of_reading(original) : 0);
            made++;
        }
        vg_arena_free(arena);
    }
    bool read_too = made && ((const vg_policy_document *)vg_vec_at(originals, 0))->root;
    print_times(name, times, made, answers);
    if (read_too)
        print_times("  and reading both", whole, made, answers);
    free(times);
    free(whole);
}

/* ---- growth --------------------------------------------------------------------------------------------------------- */

/* Policies of the statements of `times` policies each. */
static void join_policies(vg_arena *arena, const vg_vec *originals, size_t times, size_t count, vg_vec *out)
{
    *out = vg_vec_in(arena, sizeof(vg_policy_document));
    for (size_t n = 0; n < count; n++) {
        size_t statements = 0, filled = 0;
        for (size_t i = 0; i < times; i++)
            statements +=
                ((const vg_policy_document *)vg_vec_at(originals, (n * 37 + i * 7) % originals->len))
                    ->statement_count;
        vg_statement *all = vg_arena_alloc(arena, (statements + 1) * sizeof *all);
        for (size_t i = 0; i < times; i++) {
            const vg_policy_document *d = vg_vec_at(originals, (n * 37 + i * 7) % originals->len);
            memcpy(all + filled, d->statements, d->statement_count * sizeof *all);
            filled += d->statement_count;
        }
        vg_policy_document *d = vg_vec_push(out);
        *d = *(const vg_policy_document *)vg_vec_at(originals, n % originals->len);
        d->root = NULL;
        d->statements = all;
        d->statement_count = statements;
    }
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : VIGIL_SOURCE_DIR "/../shared/data";
    size_t pairs = argc > 2 ? strtoul(argv[2], NULL, 10) : 10000;
    vg_arena *arena = vg_arena_new(0);
    vg_vec originals, tenfold, hundredfold;
    if (!mutant_originals(arena, folder, &originals)) {
        printf("bench_compare: not run (no managed policies in %s)\n", folder);
        return 0;
    }
    bench_pairs(&originals, pairs, "managed policies", 1);
    join_policies(arena, &originals, 10, 200, &tenfold);
    bench_pairs(&tenfold, pairs / 10 + 1, "10 policies in one", 2);
    join_policies(arena, &originals, 100, 40, &hundredfold);
    bench_pairs(&hundredfold, pairs / 100 + 1, "100 policies in one", 3);
    vg_arena_free(arena);
    return 0;
}
