/* document.c: the documents that rules are evaluated on, read as cfn-guard reads them, and the joining of input
 * parameters to a document.
 *
 * Our reader of YAML follows CloudFormation; rules in the field were written against cfn-guard's two readers, which
 * differ from it, and from each other. So a tree that came from YAML is rewritten, node by node:
 *
 *                              CloudFormation     cfn-guard validate   cfn-guard test
 *     !GetAtt a.b              a list of two      "a.b"                "a.b"
 *     !Cidr, !Transform, ...   {"Fn::Cidr": ..}   the value alone      the value alone
 *     !Sub on a mapping        {"Fn::Sub": ..}    the mapping alone    {"Fn::Sub": ..}
 *     True, FALSE              booleans           text                 booleans
 *     007, +1                  text, 1            7, 1                 text, 1
 *     0x1F                     31                 text                 31
 *     nothing                  null               empty text           null
 *
 * (Versions of cfn-guard after 3.1.1 also take yes, no, on, off, y and n for booleans; CloudFormation does not.)
 * What stood in the source is told from each node's place. JSON needs none of it. */
#include "control/guard_part.h"

#include <stdlib.h>

/* ---- short forms ------------------------------------------------------------------------------------------------------- */

/* The short forms that cfn-guard knows, and on what its `validate` expands them. */
static const struct {
    const char *long_form;
    bool on_scalar, on_list;
} forms[] = {
    {"Ref", true, false},
    {"Fn::GetAtt", true, true},
    {"Fn::Base64", true, false},
    {"Fn::Sub", true, true},
    {"Fn::GetAZs", true, false},
    {"Fn::ImportValue", true, false},
    {"Condition", true, false},
    {"Fn::RefAll", true, false},
    {"Fn::Select", false, true},
    {"Fn::Split", false, true},
    {"Fn::Join", false, true},
    {"Fn::FindInMap", false, true},
    {"Fn::And", false, true},
    {"Fn::Equals", false, true},
    {"Fn::Contains", false, true},
    {"Fn::EachMemberIn", false, true},
    {"Fn::EachMemberEquals", false, true},
    {"Fn::ValueOf", false, true},
    {"Fn::If", false, true},
    {"Fn::Not", false, true},
    {"Fn::Or", false, true},
};

static bool is_expanded(vg_str long_form, const vg_value *value, guard_dialect dialect)
{
    for (size_t i = 0; i < VG_COUNT(forms); i++)
        if (vg_str_is(long_form, forms[i].long_form))
            return dialect == GUARD_AS_TESTS ||
                   (guard_is_list(value) ? forms[i].on_list : !guard_is_map(value) && forms[i].on_scalar);
    return false;
}

/* Whether a map was made from a short form: the map and its key stand at one place. */
static bool is_short_form(const vg_value *v)
{
    return v->kind == VG_OBJECT && v->as.container.count == 1 && v[1].position == v->position;
}

/* Whether a list was made from the text of !GetAtt: its items stand where it does. */
static bool is_split(const vg_value *v)
{
    return v->kind == VG_ARRAY && v->as.container.count == 2 && v[1].position == v->position &&
           v[2].position == v->position;
}

/* The text again: both parts are slices of it. */
static vg_value join_split(const vg_value *v)
{
    vg_value text = v[1];
    text.len = (uint32_t)(v[2].as.string + v[2].len - v[1].as.string) & 0xFFFFFFF;
    return text;
}

/* ---- plain scalars ------------------------------------------------------------------------------------------------------ */

typedef struct {
    const vg_doc *doc;
    guard_dialect dialect;
    const size_t *lines; /* where each line begins in the source */
    size_t line_count;
} rewriting;

/* The source from where `v` stands on. */
static vg_str source_at(const rewriting *w, const vg_value *v)
{
    vg_line_column at = w->doc->positions[v->position];
    if (at.line == 0 || at.line > w->line_count)
        return (vg_str){0};
    return vg_str_sub(w->doc->source, w->lines[at.line - 1] + at.column - 1, VG_NPOS);
}

/* The first word there: what a plain scalar without blanks is. */
static vg_str word_at(const rewriting *w, const vg_value *v)
{
    vg_str rest = source_at(w, v);
    size_t len = 0;
    while (len < rest.len && memchr(" \t\r\n,]}#", rest.ptr[len], 8) == NULL)
        len++;
    return vg_str_sub(rest, 0, len);
}

static bool is_one_of(vg_str word, const char *const *words)
{
    for (; *words; words++)
        if (vg_str_is(word, *words))
            return true;
    return false;
}

static void set_text(vg_value *v, vg_str text)
{
    v->kind = VG_STRING;
    v->len = (uint32_t)text.len & 0xFFFFFFF;
    v->as.string = text.ptr ? text.ptr : "";
}

/* Text that cfn-guard takes for a number. */
static void retype_text(vg_value *v)
{
    vg_str text = vg_value_str(v);
    int64_t number;
    if (vg_str_to_i64(text, &number)) {
        v->kind = VG_INT;
        v->len = 0;
        v->as.i64 = number;
    } else if (vg_str_eq_icase(text, VG_STR("inf")) || vg_str_eq_icase(text, VG_STR("nan")) ||
               vg_str_eq_icase(text, VG_STR("infinity"))) {
        char copy[16] = {0};
        memcpy(copy, text.ptr, text.len);
        v->kind = VG_DOUBLE;
        v->len = 0;
        v->as.f64 = strtod(copy, NULL);
    }
}

/* A scalar as `cfn-guard validate` types it. */
static void retype(const rewriting *w, vg_value *v)
{
    static const char *const nulls[] = {"~", "null", "Null", "NULL", NULL}, *const bools[] = {"true", "false",
                                                                                              NULL};
    if (w->dialect != GUARD_AS_VALIDATE || vg_value_is_container(v) || (v->kind == VG_STRING && v->len > 24))
        return;
    vg_str word = word_at(w, v);
    bool radix = word.len > 2 && word.ptr[0] == '0' && (word.ptr[1] == 'x' || word.ptr[1] == 'o');
    if (word.len > 0 && word.ptr[0] == '!')
        return; /* a tag said what it is */
    if (v->kind == VG_STRING && vg_str_eq(word, vg_value_str(v)))
        retype_text(v);
    else if (v->kind == VG_BOOL && !is_one_of(word, bools))
        set_text(v, word);
    else if (v->kind == VG_NULL && !is_one_of(word, nulls))
        set_text(v, (vg_str){0});
    else if ((v->kind == VG_INT || v->kind == VG_UINT) && radix)
        set_text(v, word);
}

static vg_status find_lines(vg_arena *arena, rewriting *w, vg_error *err)
{
    vg_vec lines = vg_vec_in(arena, sizeof(size_t));
    vg_str source = w->doc->source;
    for (size_t at = 0;;) {
        size_t *slot = vg_vec_push(&lines);
        if (!slot)
            return vg_fail(err, VG_ERR_MEMORY, "out of memory while reading a document");
        *slot = at;
        const char *end = at < source.len ? memchr(source.ptr + at, '\n', source.len - at) : NULL;
        if (!end)
            break;
        at = (size_t)(end - source.ptr) + 1;
    }
    w->lines = lines.items;
    w->line_count = lines.len;
    return VG_OK;
}

/* cfn-guard takes no key that is a number, a boolean or nothing. */
static bool is_text_key(const rewriting *w, const vg_value *key)
{
    vg_value typed = *key;
    vg_str word = word_at(w, key);
    char copy[32] = {0};
    if (vg_str_ends(word, VG_STR(":")))
        word.len--;
    if (word.len >= sizeof copy || !vg_str_eq(word, vg_value_str(key)))
        return true;
    retype_text(&typed);
    memcpy(copy, word.ptr ? word.ptr : "", word.len);
    char *end = copy;
    strtod(copy, &end);
    bool is_number = word.len > 0 && end == copy + word.len;
    return typed.kind == VG_STRING && !is_number && word.len > 0 && !vg_str_is(word, "true") &&
           !vg_str_is(word, "false") && !vg_str_is(word, "~") && !vg_str_eq_icase(word, VG_STR("null"));
}

static vg_status check_key(const rewriting *w, const vg_value *key, vg_error *err)
{
    if (is_text_key(w, key))
        return VG_OK;
    return vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(w->doc, key),
                      "a key that is no text; Guard needs it in quotes: '%.*s'", VG_ARG(vg_value_str(key)));
}

/* ---- the tree ------------------------------------------------------------------------------------------------------------ */

/* A container that is being copied. */
typedef struct {
    size_t out;          /* its node in the copy */
    const vg_value *end; /* behind its last node in the original */
    bool is_object, at_key;
} open_container;

/* How many nodes of the original this one stands for, in the copy one: `*copy`. 0: it is left out, with its key. */
static size_t rewrite_node(const rewriting *w, const vg_value *v, bool is_key, vg_value *copy)
{
    *copy = *v;
    if (is_key)
        return 1;
    if (is_short_form(v) && !is_expanded(vg_value_str(v + 1), v + 2, w->dialect))
        return 0;
    if (is_split(v)) {
        *copy = join_split(v);
        return 3;
    }
    retype(w, copy);
    return 1;
}

static void close_ended(vg_vec *open, vg_value *out, size_t len, const vg_value *at)
{
    while (open->len > 0) {
        const open_container *top = vg_vec_at(open, open->len - 1);
        if (at < top->end)
            return;
        out[top->out].as.container.span = (uint32_t)(len - top->out);
        open->len--;
    }
}

static vg_status rewrite(vg_arena *arena, rewriting *w, vg_doc *doc, vg_error *err)
{
    VG_TRY(find_lines(arena, w, err));
    const vg_value *v = doc->root, *end = doc->root + doc->node_count;
    vg_value *out = VG_NEW_N(arena, vg_value, doc->node_count);
    vg_vec open = vg_vec_in(arena, sizeof(open_container));
    size_t len = 0;
    if (!out)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory while reading a document");
    while (v < end) {
        close_ended(&open, out, len, v);
        open_container *top = open.len > 0 ? vg_vec_at(&open, open.len - 1) : NULL;
        bool is_key = top && top->is_object && top->at_key;
        if (is_key)
            VG_TRY(check_key(w, v, err));
        size_t taken = rewrite_node(w, v, is_key, &out[len]);
        if (taken == 0) {
            v += 2;
            continue;
        }
        if (top)
            top->at_key = !top->at_key;
        if (taken == 1 && vg_value_is_container(v)) {
            open_container *slot = vg_vec_push(&open);
            if (!slot)
                return vg_fail(err, VG_ERR_MEMORY, "out of memory while reading a document");
            *slot = (open_container){len, vg_value_after(v), v->kind == VG_OBJECT, true};
        }
        len++;
        v += taken;
    }
    close_ended(&open, out, len, end);
    doc->root = out;
    doc->node_count = len;
    return VG_OK;
}

vg_status guard_read(vg_arena *arena, vg_str source, vg_str name, guard_dialect dialect, vg_doc *out,
                     vg_error *err)
{
    VG_TRY(vg_document_read(arena, source, name, NULL, out, err));
    if (!out->root || (out->positions && out->root->kind == VG_NULL))
        return vg_fail_at(err, VG_ERR_SYNTAX, (vg_place){.file = name}, "the document is empty");
    if (!out->positions)
        return VG_OK;
    const vg_doc read = *out;
    rewriting w = {.doc = &read, .dialect = dialect};
    return rewrite(arena, &w, out, err);
}

vg_status vg_guard_document_read(vg_arena *arena, vg_str source, vg_str name, vg_doc *out, vg_error *err)
{
    return guard_read(arena, source, name, GUARD_AS_VALIDATE, out, err);
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
