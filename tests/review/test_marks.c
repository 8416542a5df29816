/* test_marks.c: the formula on tallies written by hand: score, coverage and state of a practice, and of all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "review/review_part.h"

#include <math.h>

enum { CONTROLS = 3, PRACTICES = 2 };

/* Two controls of the first practice, a critical and a low one; a medium one of the second. */
static const vg_control controls[CONTROLS] = {
    {.header.severity = VG_SEVERITY_CRITICAL, .weight = 8, .practices = 1},
    {.header.severity = VG_SEVERITY_LOW, .weight = 1, .practices = 1},
    {.header.severity = VG_SEVERITY_MEDIUM, .weight = 2, .practice = 1, .practices = 2},
};
static const vg_practice practices[PRACTICES] = {{.id = VG_STR_INIT("first")}, {.id = VG_STR_INIT("second")}};
static const vg_content content = {
    .practices = practices, .practice_count = PRACTICES, .controls = controls, .control_count = CONTROLS};

#define MET      VG_STATE_MET
#define PARTLY   VG_STATE_PARTLY_MET
#define NOT_MET  VG_STATE_NOT_MET
#define ASSESSED VG_STATE_NOT_ASSESSED

/* How many pass, fail, are partly, do not apply, were not assessed, of each control; percent and state of the first
 * practice (0) or of all (1). */
static const struct {
    const char *name;
    vg_tally tallies[CONTROLS];
    int all;
    double score, coverage;
    vg_state state;
} CASES[] = {
    {"all pass", {{{2, 0, 0, 0, 0}}, {{1, 0, 0, 0, 0}}}, 0, 100, 100, MET},
    {"half of two are partly", {{{1, 0, 1, 0, 0}}}, 0, 75, 100, PARTLY},
    {"all partly", {{{0, 0, 2, 0, 0}}}, 0, 50, 100, PARTLY},
    {"weights: the low one fails", {{{1, 0, 0, 0, 0}}, {{0, 1, 0, 0, 0}}}, 0, 100 * 8.0 / 9, 100, PARTLY},
    {"weights: the critical one fails",
     {{{0, 1, 0, 0, 0}}, {{1, 0, 0, 0, 0}}},
     0,
     100 * 1.0 / 9,
     100,
     NOT_MET},
    {"a critical one fails somewhere", {{{99, 1, 0, 0, 0}}}, 0, 99, 100, NOT_MET},
    {"what does not apply counts for nothing", {{{1, 0, 0, 5, 0}}, {{0, 0, 0, 9, 0}}}, 0, 100, 100, MET},
    {"what was not assessed does not pass", {{{1, 0, 0, 0, 1}}}, 0, 50, 50, PARTLY},
    {"nothing was assessed", {{{0, 0, 0, 0, 3}}, {{0, 0, 0, 0, 1}}}, 0, 0, 0, ASSESSED},
    {"one control was not assessed",
     {{{1, 0, 0, 0, 0}}, {{0, 0, 0, 0, 1}}},
     0,
     100 * 8.0 / 9,
     100 * 8.0 / 9,
     PARTLY},
    {"a low one fails where all else is missing",
     {{{0, 0, 0, 0, 1}}, {{0, 1, 0, 0, 0}}},
     0,
     0,
     100 * 1.0 / 9,
     NOT_MET},
    {"all of both", {{{1, 0, 0, 0, 0}}, {{0}}, {{1, 0, 0, 0, 0}}}, 1, 100, 100, MET},
    {"one practice applies", {{{1, 0, 0, 0, 0}}, {{0}}, {{0, 0, 0, 4, 0}}}, 1, 100, 100, MET},
    {"one met, one not", {{{1, 0, 0, 0, 0}}, {{0}}, {{0, 1, 0, 0, 0}}}, 1, 50, 100, PARTLY},
    {"one not met, one partly", {{{0, 1, 0, 0, 0}}, {{0}}, {{1, 0, 0, 0, 1}}}, 1, 25, 75, NOT_MET},
    {"both partly, under half",
     {{{0, 0, 1, 0, 2}}, {{0}}, {{0, 0, 1, 0, 2}}},
     1,
     100 / 6.0,
     100 / 3.0,
     PARTLY},
    {"neither was assessed", {{{0, 0, 0, 0, 1}}, {{0}}, {{0, 0, 0, 0, 1}}}, 1, 0, 0, ASSESSED},
    {"one was assessed", {{{1, 0, 0, 0, 0}}, {{0}}, {{0, 0, 0, 0, 1}}}, 1, 50, 50, PARTLY},
    {"nothing applies", {{{0, 0, 0, 1, 0}}}, 1, 0, 0, ASSESSED},
};

static void marks_are_what_the_formula_says(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < VG_COUNT(CASES); i++) {
        vg_mark mark = CASES[i].all ? vg_mark_all(&content, CASES[i].tallies, NULL)
                                    : vg_mark_practice(&content, CASES[i].tallies, 0);
        if (fabs(100 * mark.score - CASES[i].score) < 1e-9 &&
            fabs(100 * mark.coverage - CASES[i].coverage) < 1e-9 && mark.state == CASES[i].state)
            continue;
        print_error("%s: %.2f %%, %.2f %% assessed, %s; expected %.2f %%, %.2f %%, %s\n", CASES[i].name,
                    100 * mark.score, 100 * mark.coverage, vg_state_name(mark.state), CASES[i].score,
                    CASES[i].coverage, vg_state_name(CASES[i].state));
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

/* What a repair makes true replaces what was so; null takes it away; the rest stays. */
static void a_repair_replaces_adds_and_takes_away(void **state)
{
    vg_arena *arena = vg_arena_new(0);
    vg_doc repair, before;
    const vg_value *after = NULL;
    vg_buf text = {0};
    (void)state;
    assert_int_equal(
        vg_json_read(arena, VG_STR("{\"A\":true,\"B\":null,\"D\":[1]}"), VG_STR("r"), NULL, &repair, NULL),
        VG_OK);
    assert_int_equal(
        vg_json_read(arena, VG_STR("{\"A\":false,\"B\":1,\"C\":2}"), VG_STR("p"), NULL, &before, NULL),
        VG_OK);
    const vg_control control = {.repair = repair.root};
    assert_int_equal(vg_repair_properties(&control, before.root, arena, &after, NULL), VG_OK);
    vg_json_write(&text, after, 0);
    vg_buf_add_char(&text, '\0');
    assert_string_equal(text.ptr, "{\"C\":2,\"A\":true,\"D\":[1]}");
    vg_buf_free(&text);
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_are_what_the_formula_says),
        cmocka_unit_test(a_repair_replaces_adds_and_takes_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
