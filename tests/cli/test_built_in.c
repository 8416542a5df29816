/* test_built_in.c: what is built into the program is content/, file by file and byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "content.h"

static const char FOLDER[] = VIGIL_SOURCE_DIR "/content/";

static void every_file_is_built_in_byte_for_byte(void **state)
{
    (void)state;
    vg_error err = {0};
    vg_arena *arena = vg_arena_new(0);
    vg_vec files = vg_vec_in(arena, sizeof(vg_dir_entry));
    assert_int_equal(vg_dir_walk(arena, VG_STR(VIGIL_SOURCE_DIR "/content"), &files, NULL, NULL, &err),
                     VG_OK);
    assert_int_equal(files.len, vg_content_count);
    assert_true(files.len > 0);
    for (size_t i = 0; i < vg_content_count; i++) {
        const vg_content_file *built_in = &vg_content_files[i];
        vg_str path = vg_arena_join(arena, vg_str_from(FOLDER), built_in->path), bytes;
        assert_int_equal(vg_file_read(arena, path, SIZE_MAX, &bytes, &err), VG_OK);
        if (!vg_str_eq(built_in->bytes, bytes))
            print_error("%.*s: %zu bytes built in, %zu on disk\n", VG_ARG(path), built_in->bytes.len,
                        bytes.len);
        assert_true(vg_str_eq(built_in->bytes, bytes));
        assert_int_equal(built_in->bytes.ptr[built_in->bytes.len], '\0');
    }
    vg_arena_free(arena);
}

static void files_are_in_byte_order_of_their_paths(void **state)
{
    (void)state;
    for (size_t i = 1; i < vg_content_count; i++)
        assert_int_equal(vg_str_cmp(vg_content_files[i - 1].path, vg_content_files[i].path), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_is_built_in_byte_for_byte),
        cmocka_unit_test(files_are_in_byte_order_of_their_paths),
    };
    return cmocka_run_group_tests_name("content", tests, NULL, NULL);
}
