/* iam_place.c: a statement, or a policy that AWS would refuse, is looked up in its export. Evidence keeps properties and not their places, so the export is read
 * again: an object equal to the statement, or a string of JSON that holds one (SCPs and bucket policies stand so). The tree
 * is a flat array, so the objects around a value are those whose span has not ended. */
#include "cli/iam_place.h"

enum { FILE_MAX = 64 << 20, DEEPEST = 128 };

typedef struct search search;
struct search {
    vg_arena *arena;
    const vg_doc *doc;
    bool (*is_it)(const search *s, const vg_value *at);
    const vg_value *statement;       /* looked for, or */
    const vg_world_problem *problem; /* the policy of this */
    const vg_str *names;
    size_t name_count;
    const vg_value *around[DEEPEST]; /* objects that hold the value at hand, outermost first */
    size_t depth;
    const vg_value *only, *named; /* found: the only one, the one within an object that has the name */
    size_t count;
};

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

static bool is_statement(const search *s, const vg_value *at)
{
    return vg_kind_of(at) == VG_OBJECT ? vg_value_equal(at, s->statement)
                                       : vg_kind_of(at) == VG_STRING && text_holds(s, vg_value_str(at));
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
        if (s->is_it(s, at))
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
    *s = (search){.arena = places->arena,
                  .doc = file,
                  .is_it = is_statement,
                  .statement = at,
                  .names = names,
                  .name_count = name_count};
    look(s);
    const vg_value *best = s->named ? s->named : s->only;
    return best ? vg_doc_place(file, best) : place;
}

/* ---- policies that AWS would refuse ----------------------------------------------------------------------------------------- */

enum { MOST_LOOKED = 20 };

/* Reads a value of the export as the policy that it may be. */
static bool read_again(vg_arena *arena, const vg_doc *doc, const vg_value *at, vg_policy_kind kind,
                       vg_policy_document *out)
{
    vg_status status = vg_kind_of(at) == VG_STRING
                           ? vg_policy_read_text(arena, vg_value_str(at), kind, VG_STR(""), out, NULL)
                           : vg_policy_read(arena, doc, at, kind, VG_STR(""), out, NULL);
    return status == VG_OK && out->issue_count > 0;
}

/* Equal, or the same JSON: where a key stands twice, nothing is equal. */
static bool is_same(const vg_value *a, const vg_value *b)
{
    vg_buf text = {0}, other = {0};
    if (vg_value_after(a) - a != vg_value_after(b) - b)
        return false;
    bool same = vg_value_equal(a, b);
    if (!same) {
        vg_json_write(&text, a, 0);
        vg_json_write(&other, b, 0);
        same = !text.failed && !other.failed && vg_str_eq(vg_buf_str(&text), vg_buf_str(&other));
    }
    vg_buf_free(&text);
    vg_buf_free(&other);
    return same;
}

/* An object equal to the policy, a string that holds such a one, or the very text. */
static bool is_policy(const search *s, const vg_value *at)
{
    const vg_policy_document *refused = s->problem->refused;
    vg_policy_document again;
    vg_str text = vg_value_str(at);
    if (vg_kind_of(at) == VG_OBJECT)
        return refused->root && is_same(at, refused->root);
    if (vg_kind_of(at) != VG_STRING)
        return false;
    if (!refused->root)
        return vg_str_eq(text, s->problem->text);
    bool may_be = text.len > 1 && (text.ptr[0] == '{' || text.ptr[0] == '%');
    return may_be && read_again(s->arena, s->doc, at, refused->kind, &again) && again.root &&
           is_same(again.root, refused->root);
}

/* The record of a file of lines, as a document of its own. */
static const vg_doc *line_of(vg_iam_places *places, vg_place place)
{
    vg_str text, line = {0};
    vg_doc *doc = VG_NEW(places->arena, vg_doc);
    if (!doc || !vg_file_exists(place.file) ||
        vg_file_read(places->arena, place.file, FILE_MAX, &text, NULL) != VG_OK)
        return NULL;
    for (uint32_t i = 0; i < place.line && vg_str_next(&text, '\n', &line);)
        i++;
    return vg_json_read(places->arena, line, place.file, NULL, doc, NULL) == VG_OK ? doc : NULL;
}

/* "inline policy deploy of role/ci": the object of ci holds it; "policy of arn:aws:s3:::b": that of b. */
static const vg_value *look_for_policy(vg_iam_places *places, const vg_doc *doc,
                                       const vg_world_problem *problem)
{
    search *s = doc ? VG_NEW(places->arena, search) : NULL;
    vg_str of = VG_STR(" of "), subject = problem->subject;
    size_t at = vg_str_find(subject, of), slash = vg_str_rfind_char(subject, '/');
    const vg_str names[] = {at == VG_NPOS ? subject : vg_str_sub(subject, at + of.len, VG_NPOS),
                            slash == VG_NPOS ? subject : vg_str_sub(subject, slash + 1, VG_NPOS)};
    if (!s)
        return NULL;
    *s = (search){.arena = places->arena,
                  .doc = doc,
                  .is_it = is_policy,
                  .problem = problem,
                  .names = names,
                  .name_count = VG_COUNT(names)};
    look(s);
    return s->named ? s->named : s->only;
}

static vg_str plain_place(vg_arena *arena, vg_place place)
{
    if (place.line == 0)
        return place.file;
    return place.column ? vg_arena_printf(arena, "%.*s:%u:%u", VG_ARG(place.file), place.line, place.column)
                        : vg_arena_printf(arena, "%.*s:%u", VG_ARG(place.file), place.line);
}

/* The place of what AWS refuses: in the file, and within the string that holds the policy. */
static vg_str refused_place(vg_iam_places *places, const vg_world_problem *problem)
{
    vg_policy_document again;
    vg_place place = problem->place;
    uint32_t before = place.line ? place.line - 1 : 0;
    bool may_look = places->looked++ < MOST_LOOKED;
    const vg_doc *doc = !may_look ? NULL : place.line ? line_of(places, place) : file_of(places, place.file);
    const vg_value *at = look_for_policy(places, doc, problem);
    if (!at && may_look && place.line) { /* the number of an answer in a list, not of a line */
        before = 0;
        doc = file_of(places, place.file);
        at = look_for_policy(places, doc, problem);
    }
    if (!at || !read_again(places->arena, doc, at, problem->refused->kind, &again))
        return plain_place(places->arena, place);
    vg_place within = again.issues[0].place;
    place = vg_kind_of(at) == VG_STRING ? vg_doc_place(doc, at) : within;
    place.file = problem->place.file;
    place.line += before;
    vg_str text = plain_place(places->arena, place);
    return vg_kind_of(at) == VG_STRING
               ? vg_arena_printf(places->arena, "%.*s, line %u, column %u of the document in this string",
                                 VG_ARG(text), within.line, within.column)
               : text;
}

vg_str vg_iam_problem_text(vg_iam_places *places, const vg_world_problem *problem)
{
    vg_str place = problem->refused ? refused_place(places, problem) : VG_STR("");
    return vg_arena_printf(places->arena, "%.*s: %.*s%s%.*s", VG_ARG(problem->subject), VG_ARG(place),
                           place.len ? ": " : "", VG_ARG(problem->message));
}
