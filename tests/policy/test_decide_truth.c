/* test_decide_truth.c: the engine against decisions that others wrote down: core.jsonl's requests, tables.jsonl's rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/policy.h"

static vg_str data_file(vg_arena *arena, const char *name)
{
    const char *data = getenv("VIGIL_TEST_DATA");
    vg_str text = {0};
    vg_error err;
    vg_str path =
        vg_arena_printf(arena, "%s/iam-decisions/%s", data ? data : VIGIL_SOURCE_DIR "/../shared/data", name);
    if (vg_file_read(arena, path, 64 << 20, &text, &err) != VG_OK) {
        print_message("not run: %s (not there)\n", name);
        skip();
    }
    return text;
}

static const vg_catalogue *catalogue(vg_arena *arena)
{
    vg_str text;
    vg_error err;
    const vg_catalogue *out;
    assert_int_equal(
        vg_file_read(arena, VG_STR(VIGIL_SOURCE_DIR "/content/catalogue/actions.txt"), 64 << 20, &text, &err),
        VG_OK);
    assert_int_equal(vg_catalogue_open(arena, text, &out, &err), VG_OK);
    return out;
}

static bool blocked_as(const vg_value *expected, unsigned bits)
{
    vg_buf got = {0};
    for (unsigned bit = 1; bit <= VG_BY_S3_SETTINGS; bit <<= 1)
        if (bits & bit)
            vg_buf_addf(&got, "%s,", vg_layer_bit_name(bit));
    vg_buf want = {0};
    for (vg_items it = vg_items_of(expected); vg_items_next(&it);)
        vg_buf_addf(&want, "%.*s,", VG_ARG(vg_value_str(it.value)));
    bool same = vg_str_eq(vg_buf_str(&got), vg_buf_str(&want));
    if (!same)
        print_error("  blocked by %.*s, want %.*s\n", VG_ARG(vg_buf_str(&got)), VG_ARG(vg_buf_str(&want)));
    vg_buf_free(&got);
    vg_buf_free(&want);
    return same;
}

static void core_requests_decide_as_given(void **state)
{
    (void)state;
    vg_arena *keep = vg_arena_new(0), *arena = vg_arena_new(0);
    const vg_catalogue *c = catalogue(keep);
    vg_str text = data_file(keep, "core.jsonl"), line;
    unsigned wrong = 0, strict = 0, discovery = 0;
    while (vg_str_next(&text, '\n', &line)) {
        vg_doc doc;
        vg_policy_case one;
        vg_error err;
        if (line.len == 0)
            continue;
        vg_arena_reset(arena);
        assert_int_equal(vg_json_read(arena, line, VG_STR("core.jsonl"), NULL, &doc, &err), VG_OK);
        if (vg_str_is(vg_get_str(doc.root, "simulation/mode"), "Discovery")) {
            discovery++;
            continue;
        }
        strict++;
        assert_int_equal(vg_policy_case_read(arena, &doc, doc.root, c, &one, &err), VG_OK);
        vg_decision d = vg_policy_decide(&one.request, &one.layers);
        vg_str want = vg_get_str(doc.root, "expected/response");
        const vg_value *blocked = vg_get_path(doc.root, "expected/blockedBy");
        bool right = vg_str_is(want, vg_decision_name(d.result));
        if (!right || (blocked && !blocked_as(blocked, d.blocked_by))) {
            print_error("%.*s\n  is %s, want %.*s\n", VG_ARG(vg_get_str(doc.root, "id")),
                        vg_decision_name(d.result), VG_ARG(want));
            wrong++;
        }
    }
    print_message("# %u strict cases, %u of discovery not run\n", strict, discovery);
    assert_int_equal(wrong, 0);
    vg_arena_free(arena);
    vg_arena_free(keep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(core_requests_decide_as_given)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
