/* test_import_answers.c: whole answers of AWS, with every field that is read, against the exact resources and relations
 * that come of them. tests/evidence/answers/NAME.json is an envelope, NAME.txt what there must be after importing it. */
#include "evidence/import_world.h"

/* Compares line by line, so that what differs is shown and not all of it. */
static void compare_lines(const char *name, vg_str got, vg_str expected)
{
    vg_str got_line = VG_STR(""), expected_line = VG_STR("");
    for (unsigned number = 1; got.len || expected.len; number++) {
        bool has_got = vg_str_next(&got, '\n', &got_line);
        bool has_expected = vg_str_next(&expected, '\n', &expected_line);
        if (has_got != has_expected || !vg_str_eq(got_line, expected_line))
            fail_msg("%s, line %u\ngot:      %.*s\nexpected: %.*s", name, number, VG_ARG(got_line),
                     VG_ARG(expected_line));
    }
}

static void import_answer(vg_str path, vg_str name, vg_str expected)
{
    import_test t;
    vg_error why = {0};
    vg_str text;
    test_open(&t);
    OK(vg_file_read(t.arena, path, 1 << 20, &text, err));
    write_test_file(&t, &(test_file){.path = "a.json", .text = text.ptr, .len = text.len});
    if (import_now(&t, NULL, NULL, &why) != VG_OK)
        fail_msg("%.*s: %s", VG_ARG(name), why.message);
    compare_lines(name.ptr, vg_buf_str(&t.text), expected);
    test_close(&t);
}

static void whole_answers_come_out_whole(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_vec files = vg_vec_in(arena, sizeof(vg_dir_entry));
    size_t answers = 0;
    OK(vg_dir_walk(arena, VG_STR(VIGIL_SOURCE_DIR "/tests/evidence/answers"), &files, NULL, NULL, err));
    for (size_t i = 0; i < files.len; i++) {
        const vg_dir_entry *file = vg_vec_at(&files, i);
        vg_str expected, name = vg_path_name(file->path);
        if (!vg_str_ends(file->path, VG_STR(".json")))
            continue;
        vg_str stem = vg_str_sub(file->path, 0, file->path.len - strlen(".json"));
        OK(vg_file_read(arena, vg_arena_join(arena, stem, VG_STR(".txt")), 1 << 20, &expected, err));
        import_answer(file->path, name, expected);
        answers++;
    }
    assert_true(answers >= 20);
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(whole_answers_come_out_whole)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
