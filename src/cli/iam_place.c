/* iam_place.c: a statement is looked up in its export. Evidence keeps properties and not their places, so the export is read
 * again: an object equal to the statement, or a string of JSON that holds one (SCPs and bucket policies stand so). The tree
 * is a flat array, so the objects around a value are those whose span has not ended. */
#include "cli/iam_place.h"

enum { FILE_MAX = 64 << 20, DEEPEST = 128 };

typedef struct {
    vg_arena *arena;
    const vg_doc *doc;
    const vg_value *statement;
    const vg_str *names;
    size_t name_count;
    const vg_value *around[DEEPEST]; /* objects that hold the value at hand, outermost first */
    size_t depth;
    const vg_value *only, *named; /* found: the only one, the one within an object that has the name */
    size_t count;
} search;

static bool has_name(const search *s, const vg_value *object)
{
    for (vg_items it = vg_items_of(object); vg_items_next(&it);)
        for (size_t i = 0; i < s->name_count && vg_kind_of(it.value) == VG_STRING; i++)
            if (s->names[i].len > 0 && vg_str_eq(vg_value_str(it.value), s->names[i]))
                return true;
    return false;
}

static void found(search *s, const vg_value *at)
{
    s->only = s->count++ ? NULL : at;
    for (size_t i = 0; i < s->depth && !s->named; i++)
        if (has_name(s, s->around[i]))
            s->named = at;
}

/* Whether a string is JSON that holds the statement. */
static bool text_holds(const search *s, vg_str text)
{
    vg_doc doc;
    if (text.len < 2 || text.ptr[0] != '{' ||
        vg_json_read(s->arena, text, VG_STR(""), NULL, &doc, NULL) != VG_OK)
        return false;
    for (size_t i = 0; i < doc.node_count; i++)
        if (vg_kind_of(&doc.root[i]) == VG_OBJECT && vg_value_equal(&doc.root[i], s->statement))
            return true;
    return false;
}

static void leave(search *s, const vg_value *at)
{
    while (s->depth > 0 && at >= vg_value_after(s->around[s->depth - 1]))
        s->depth--;
}

static void look(search *s)
{
    for (size_t i = 0; i < s->doc->node_count; i++) {
        const vg_value *at = &s->doc->root[i];
        leave(s, at);
        bool is_object = vg_kind_of(at) == VG_OBJECT;
        if (is_object ? vg_value_equal(at, s->statement)
                      : vg_kind_of(at) == VG_STRING && text_holds(s, vg_value_str(at)))
            found(s, at);
        if (is_object && s->depth < DEEPEST)
            s->around[s->depth++] = at;
    }
}

/* The export, read once; NULL when it is not there any more, or is no document. */
static const vg_doc *file_of(vg_iam_places *places, vg_str path)
{
    vg_str text;
    vg_doc *doc = VG_NEW(places->arena, vg_doc);
    places->files = places->files ? places->files : vg_map_new(places->arena, 0);
    vg_map_entry *entry = places->files ? vg_map_put(places->files, path, NULL) : NULL;
    if (!entry || !doc)
        return NULL;
    if (entry->value.ptr)
        return ((const vg_doc *)entry->value.ptr)->root ? entry->value.ptr : NULL;
    entry->value.ptr = doc;
    if (!vg_file_exists(path) || vg_file_read(places->arena, path, FILE_MAX, &text, NULL) != VG_OK ||
        vg_document_read(places->arena, text, path, NULL, doc, NULL) != VG_OK)
        doc->root = NULL;
    return doc->root ? doc : NULL;
}

vg_place vg_iam_place(vg_iam_places *places, const vg_policy *policy, uint32_t statement, const vg_str *names,
                      size_t name_count)
{
    const vg_policy_document *document = vg_policy_document_of(policy);
    const vg_value *at = document->statements[statement].at;
    vg_place place = vg_doc_place(document->doc, at);
    const vg_doc *file = place.line ? NULL : file_of(places, place.file);
    if (!file)
        return place;
    search *s = VG_NEW(places->arena, search);
    if (!s)
        return place;
    *s = (search){
        .arena = places->arena, .doc = file, .statement = at, .names = names, .name_count = name_count};
    look(s);
    const vg_value *best = s->named ? s->named : s->only;
    return best ? vg_doc_place(file, best) : place;
}
