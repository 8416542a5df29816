/* document.c: the documents that rules are evaluated on, read as `cfn-guard validate` reads them, and the joining of
 * input parameters to a document. */
#include "control/guard_part.h"

vg_status vg_guard_document_read(vg_arena *arena, vg_str source, vg_str name, vg_doc *out, vg_error *err)
{
    return vg_document_read(arena, source, name, NULL, out, err);
}

/* ---- merging ----------------------------------------------------------------------------------------------------------- */

static vg_status check_object(const vg_doc *doc, vg_error *err)
{
    if (doc->root && doc->root->kind == VG_OBJECT)
        return VG_OK;
    return vg_fail_at(err, VG_ERR_VALUE, (vg_place){.file = doc->name},
                      "input parameters and the documents they join must be maps");
}

/* Adds a document's pairs; positions stay those of the last. */
static vg_status add_pairs(vg_builder *builder, vg_map *seen, const vg_doc *doc, vg_error *err)
{
    for (vg_items it = vg_items_of(doc->root); vg_items_next(&it);) {
        bool added;
        if (!vg_map_put(seen, it.key, &added))
            return vg_fail(err, VG_ERR_MEMORY, "out of memory while joining documents");
        if (!added)
            return vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(doc, it.key_node),
                              "the key %.*s is in another input parameter or document too; rename one",
                              VG_ARG(it.key));
        vg_builder_key(builder, it.key);
        vg_builder_value(builder, it.value);
    }
    return VG_OK;
}

vg_status vg_guard_document_merge(vg_arena *arena, const vg_doc *docs, size_t count, vg_doc *out,
                                  vg_error *err)
{
    vg_builder *builder = vg_builder_new(arena);
    vg_map *seen = vg_map_new(arena, 0);
    if (!builder || !seen || count == 0)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory while joining documents");
    *out = docs[count - 1];
    vg_builder_object(builder);
    for (size_t i = 0; i < count; i++) {
        VG_TRY(check_object(&docs[i], err));
        VG_TRY(add_pairs(builder, seen, &docs[i], err));
    }
    vg_builder_end(builder);
    return vg_builder_finish(builder, &out->root, &out->node_count, err);
}
