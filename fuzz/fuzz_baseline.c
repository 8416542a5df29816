/* fuzz_baseline.c: saved baselines of any bytes. Half of the inputs get a right checksum, so that what stands behind it is
 * reached; what opens is asked, told and learned again. */
#include "detect/baseline_part.h"

#include <stdlib.h>
#include <string.h>

static void learn_again(const vg_baseline *baseline, vg_arena *arena)
{
    vg_learner *learner = vg_learner_new(8);
    vg_str block;
    vg_baseline *again;
    if (learner && vg_learner_recall(learner, baseline, NULL) == VG_OK &&
        vg_learner_compile(arena, learner, &block, NULL) == VG_OK &&
        vg_baseline_open(arena, block, &again, NULL) != VG_OK)
        abort();
    vg_learner_free(learner);
}

static void open_and_ask(vg_str block)
{
    vg_arena *arena = vg_arena_new((size_t)64 << 20);
    vg_baseline *baseline;
    vg_baseline_info info;
    vg_usual usual;
    if (arena && vg_baseline_open(arena, block, &baseline, NULL) == VG_OK) {
        vg_baseline_describe(baseline, &info);
        for (size_t i = 0; i < baseline->entry_count && i < 16; i++)
            (void)vg_baseline_usual(baseline, baseline_text(baseline, baseline->entries[i].account),
                                    baseline_text(baseline, baseline->entries[i].actor), arena, &usual);
        (void)baseline_find(baseline, VG_STR("1"), VG_STR("nobody"));
        learn_again(baseline, arena);
    }
    vg_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = malloc(size + 1);
    if (!bytes)
        return 0;
    if (size)
        memcpy(bytes, data, size);
    vg_str block = vg_str_of(bytes, size);
    open_and_ask(block);
    if (size >= sizeof(baseline_header)) {
        uint64_t checksum = baseline_checksum(block);
        memcpy(bytes + offsetof(baseline_header, checksum), &checksum, sizeof checksum);
        open_and_ask(block);
    }
    free(bytes);
    return 0;
}
