/* fuzz_import.c: any bytes as a file that is imported: recognised, placed and read into parts, without a workspace. */
#include "evidence/import_file.h"

#include <stdlib.h>

static vg_str read_content(vg_arena *arena, const char *name)
{
    vg_str text = {0};
    vg_error err;
    vg_str path = vg_arena_printf(arena, "%s/content/import/%s", VIGIL_SOURCE_DIR, name);
    if (vg_file_read(arena, path, 1 << 24, &text, &err) != VG_OK)
        abort();
    return text;
}

/* The rules are read once; they are immutable. */
static const vg_import_rules *rules(void)
{
    static const vg_import_rules *once;
    if (once)
        return once;
    vg_error err;
    vg_arena *arena = vg_arena_new(0);
    vg_import_text texts[] = {
        {VG_STR("import/operations.yaml"), read_content(arena, "operations.yaml")},
        {VG_STR("import/operations-policies.yaml"), read_content(arena, "operations-policies.yaml")},
        {VG_STR("import/errors.yaml"), read_content(arena, "errors.yaml")},
        {VG_STR("import/config.yaml"), read_content(arena, "config.yaml")},
    };
    if (vg_import_rules_read(arena, texts, VG_COUNT(texts), &once, &err) != VG_OK)
        abort();
    return once;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vg_import_options options = {.now = INT64_C(1795132800) * VG_TIME_SECOND,
                                 .account = VG_STR(""),
                                 .region = VG_STR(""),
                                 .run = VG_STR("fuzz"),
                                 .originals = VG_STR(""),
                                 .max_file = 1 << 20};
    import_world world = {
        .rules = rules(), .options = &options, .organization = VG_STR(""), .management = VG_STR("")};
    import_file file = {.path = VG_STR("111122223333/eu-west-1/a.json"),
                        .bytes = {(const char *)data, size},
                        .size = size,
                        .modified = INT64_C(1795000000) * VG_TIME_SECOND};
    vg_error err;
    if (size == 0)
        return 0;
    import_file_read(&world, &file);
    for (size_t i = 0; !file.failed && i < file.parts.len; i++) {
        import_part *part = vg_vec_at(&file.parts, i);
        if (part->waits)
            import_part_resume(&world, file.arena, part, &err);
    }
    import_file_free(&file);
    return 0;
}
