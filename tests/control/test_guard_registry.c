/* Every rule of the AWS Guard rules registry gives every verdict that its unit tests expect (VIGIL_TEST_DATA). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "control/control.h"

static const char *data_folder(void)
{
    const char *named = getenv("VIGIL_TEST_DATA");
    return named ? named : VIGIL_SOURCE_DIR "/../shared/data";
}

static void tell(void *context, const vg_guard_expectation *x)
{
    (void)context;
    if (!x->passed)
        print_error("%.*s:%u: %.*s: rule %.*s: %.*s\n", VG_ARG(x->place.file), x->place.line, VG_ARG(x->test),
                    VG_ARG(x->rule), VG_ARG(x->why));
}

/* aws/amazon_s3/x.guard has its tests in aws/amazon_s3/tests/x_tests.yml. */
static vg_str tests_of(vg_arena *arena, vg_str rule)
{
    vg_str name = vg_path_name(rule);
    return vg_arena_printf(arena, "%.*s/tests/%.*s_tests.yml", VG_ARG(vg_path_folder(rule)),
                           (int)(name.len - 6), name.ptr);
}

static vg_guard_test_result run_rule(vg_arena *arena, vg_str path)
{
    vg_error err = {0};
    vg_guard_test_result result = {0};
    vg_str rule, tests, tests_path = tests_of(arena, path);
    vg_ruleset *rules = NULL;
    vg_status status = vg_file_read(arena, path, 1 << 20, &rule, &err);
    if (status == VG_OK)
        status = vg_file_read(arena, tests_path, 1 << 20, &tests, &err);
    if (status == VG_OK)
        status = vg_ruleset_compile(&(vg_rule_source){path, rule}, 1, &rules, &err);
    if (status == VG_OK)
        status = vg_guard_test(rules, tests, tests_path, NULL, tell, NULL, &result, &err);
    if (status != VG_OK) {
        char text[900];
        vg_error_format(&err, text, sizeof text);
        print_error("%.*s: %s\n", VG_ARG(path), text);
        result.failed++;
    }
    vg_ruleset_free(rules);
    return result;
}

static void every_rule_of_the_registry_gives_the_expected_verdicts(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_vec files = vg_vec_in(arena, sizeof(vg_dir_entry));
    vg_str folder = vg_arena_printf(arena, "%s/guard-registry/aws", data_folder());
    if (!vg_dir_exists(folder)) {
        print_message("not run: guard-registry (%s is absent)\n", folder.ptr);
        vg_arena_free(arena);
        skip();
    }
    assert_int_equal(vg_dir_walk(arena, folder, &files, NULL, NULL, NULL), VG_OK);
    size_t rules = 0;
    vg_guard_test_result total = {0};
    for (size_t i = 0; i < files.len; i++) {
        vg_str path = ((vg_dir_entry *)vg_vec_at(&files, i))->path;
        if (!vg_str_ends(path, VG_STR(".guard")))
            continue;
        vg_guard_test_result one = run_rule(arena, path);
        rules++;
        total.passed += one.passed;
        total.failed += one.failed;
    }
    print_message("guard-registry: %zu rule files, %zu passed, %zu failed\n", rules, total.passed,
                  total.failed);
    vg_arena_free(arena);
    assert_true(rules >= 126);
    assert_int_equal(total.failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_of_the_registry_gives_the_expected_verdicts)};
    return cmocka_run_group_tests_name("guard registry", tests, NULL, NULL);
}
