/* lint_world.h: what the tests of lint stand on: the catalogue and content/policy/ as they are in the tree, opened once. */
#ifndef VIGIL_TESTS_LINT_WORLD_H
#define VIGIL_TESTS_LINT_WORLD_H

#include "policy/policy.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct {
    vg_arena *arena;
    const vg_catalogue *catalogue;
    const vg_linter *linter;
} lint_world;

static vg_str lint_world_file(vg_arena *arena, const char *path)
{
    vg_str text = {0};
    vg_error err = {0};
    vg_str name = vg_arena_printf(arena, "%s/content/%s", VIGIL_SOURCE_DIR, path);
    if (vg_file_read(arena, name, (size_t)64 << 20, &text, &err) != VG_OK) {
        fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
    return text;
}

static lint_world lint_world_open(void)
{
    static const char *const paths[] = {"policy/quotas.yaml", "policy/regions.yaml",
                                        "policy/condition-keys.yaml", "policy/services.yaml"};
    vg_lint_content content[VG_COUNT(paths)];
    lint_world w = {.arena = vg_arena_new(0)};
    vg_error err = {0};
    for (size_t i = 0; i < VG_COUNT(paths); i++)
        content[i] = (vg_lint_content){vg_str_from(paths[i]), lint_world_file(w.arena, paths[i])};
    vg_str text = lint_world_file(w.arena, "catalogue/actions.txt");
    if (vg_catalogue_open(w.arena, text, &w.catalogue, &err) != VG_OK ||
        vg_linter_open(w.arena, w.catalogue, content, VG_COUNT(paths), &w.linter, &err) != VG_OK) {
        fprintf(stderr, "%.*s:%u: %s\n", VG_ARG(err.place.file), err.place.line, err.message);
        exit(1);
    }
    return w;
}

#endif
