/* fuzz_lint.c: any bytes as a policy of any kind, through the reader and every check. The first byte chooses the kind. Findings
 * must have places inside the text, in order, and paths that lead from the document's root to what they point at. */
#include "content.h"
#include "policy/policy.h"

#include <stdlib.h>

static const vg_linter *linter;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    static vg_lint_content files[256];
    size_t count = 0;
    vg_arena *arena = vg_arena_new(0);
    const vg_catalogue *catalogue = NULL;
    for (size_t i = 0; i < vg_content_count; i++) {
        const vg_content_file *file = &vg_content_files[i];
        if (vg_str_is(file->path, "catalogue/actions.txt") &&
            vg_catalogue_open(arena, file->bytes, &catalogue, NULL) != VG_OK)
            abort();
        if (vg_str_starts(file->path, VG_STR("policy/")) && count < VG_COUNT(files))
            files[count++] = (vg_lint_content){file->path, file->bytes};
    }
    if (!catalogue || vg_linter_open(arena, catalogue, files, count, &linter, NULL) != VG_OK)
        abort();
    return 0;
}

/* Whether the path leads to the node: at each step into the item that holds it, of the step's key or number. */
static bool leads_to(const vg_value *root, const vg_lint_location *location)
{
    const vg_value *at = root, *goal = location->at;
    for (size_t i = 0; i < location->path_count; i++) {
        const vg_lint_step *step = &location->path[i];
        const vg_value *next = NULL;
        size_t index = 0;
        for (vg_items it = vg_items_of(at); vg_items_next(&it) && !next; index++) {
            bool named = step->kind == VG_LINT_INDEX ? index == step->index : vg_str_eq(it.key, step->name);
            bool holds = step->kind == VG_LINT_KEY ? it.key_node == goal
                                                   : it.value <= goal && goal < vg_value_after(it.value);
            next = named && holds ? step->kind == VG_LINT_KEY ? it.key_node : it.value : NULL;
        }
        if (!next)
            return false;
        at = next;
    }
    return at == goal;
}

static void check_location(const vg_policy_document *document, const vg_lint_location *location)
{
    if (!document->root)
        return;
    if (!leads_to(document->root, location) || location->end_offset < location->start_offset ||
        location->end_offset > document->doc->source.len || location->start.line == 0 ||
        location->end.line < location->start.line)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    vg_arena *arena = vg_arena_new((size_t)512 << 20);
    vg_policy_document document;
    vg_lint_result result;
    vg_str text = vg_str_of((const char *)data + 1, size - 1);
    vg_lint_options options = {.obsolete = (data[0] & 8) != 0};
    if (vg_policy_read_text(arena, text, (vg_policy_kind)(data[0] & 7), VG_STR("p"), &document, NULL) ==
            VG_OK &&
        vg_policy_lint(linter, arena, &document, &options, &result, NULL) == VG_OK)
        for (size_t i = 0; i < result.count; i++) {
            const vg_lint_finding *f = &result.findings[i];
            if (f->location_count == 0 || f->message.len == 0)
                abort();
            for (size_t k = 0; k < f->location_count; k++)
                check_location(&document, &f->locations[k]);
        }
    vg_arena_free(arena);
    return 0;
}
