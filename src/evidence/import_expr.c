/* import_expr.c: reading the expressions, paths and shapes of content/import/.
 *
 * An expression is YAML: a string is a list of sources (`A/B | ^C | $Parameter ~filter`) or, with braces, a template; a
 * mapping is an object, unless its first key is one of the lower-case words that name a construct (each, first, concat,
 * const, map); a list is the concatenation of its parts; other scalars stand for themselves. */
#include "evidence/import_rules.h"

#include <stdlib.h>

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
}

static vg_status bad(const vg_doc *doc, const vg_value *value, vg_error *err, const char *what)
{
    return vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(doc, value), "%s", what);
}

/* ---- paths and sources ---------------------------------------------------------------------------------------------------- */

vg_status import_path_read(vg_arena *arena, vg_str text, import_path *out, vg_error *err)
{
    vg_vec steps = vg_vec_in(arena, sizeof(import_step));
    vg_str rest = text, piece;
    while (!vg_str_is(text, ".") && vg_str_next(&rest, '/', &piece)) {
        import_step *step = vg_vec_push(&steps);
        if (!step)
            return out_of_memory(err);
        step->each = vg_str_ends(piece, VG_STR("[]"));
        step->key = step->each ? vg_str_sub(piece, 0, piece.len - 2) : piece;
    }
    *out = (import_path){steps.items, steps.len};
    return VG_OK;
}

static vg_status read_source(vg_arena *arena, vg_str text, import_source *out, vg_error *err)
{
    static const struct {
        char mark;
        import_origin origin;
    } marks[] = {{'$', IMPORT_FROM_PARAMETER}, {'@', IMPORT_FROM_KNOWN}, {'=', IMPORT_FROM_TEXT}};
    *out = (import_source){.origin = IMPORT_FROM_VALUE};
    for (size_t i = 0; text.len && i < VG_COUNT(marks); i++) {
        if (text.ptr[0] == marks[i].mark) {
            out->origin = marks[i].origin;
            out->text = vg_str_sub(text, 1, VG_NPOS);
            return VG_OK;
        }
    }
    for (; text.len && text.ptr[0] == '^'; text = vg_str_sub(text, 1, VG_NPOS))
        out->up++;
    return import_path_read(arena, text.len ? text : VG_STR("."), &out->path, err);
}

static const struct {
    const char *name;
    import_filter filter;
} filters[] = {
    {"time", IMPORT_TIME},     {"json", IMPORT_JSON},
    {"policy", IMPORT_POLICY}, {"integer", IMPORT_INTEGER},
    {"is", IMPORT_IS},         {"not", IMPORT_NOT},
    {"set", IMPORT_SET},       {"list", IMPORT_LIST},
    {"tags", IMPORT_TAGS},     {"upper-keys", IMPORT_UPPER_KEYS},
    {"arn", IMPORT_ARN},       {"target-type", IMPORT_TARGET_TYPE},
    {"behind", IMPORT_BEHIND}, {"has", IMPORT_HAS},
};

/* "is(ENABLED)": the filter and its argument. */
static bool read_filter(vg_str text, import_expr *out)
{
    vg_str name, argument;
    if (vg_str_split(vg_str_trim(text), '(', &name, &argument) && argument.len)
        argument.len--;
    for (size_t i = 0; i < VG_COUNT(filters); i++) {
        if (vg_str_is(name, filters[i].name)) {
            out->filter = filters[i].filter;
            out->argument = argument;
            return true;
        }
    }
    return false;
}

static vg_status read_sources(vg_arena *arena, vg_str text, import_expr *out, vg_error *err)
{
    vg_str sources, filter;
    if (vg_str_split(text, '~', &sources, &filter) && !read_filter(filter, out))
        return vg_fail(err, VG_ERR_VALUE, "'%.*s' is no filter", VG_ARG(filter));
    vg_vec list = vg_vec_in(arena, sizeof(import_source));
    vg_str piece;
    while (vg_str_next(&sources, '|', &piece)) {
        import_source *source = vg_vec_push(&list);
        if (!source)
            return out_of_memory(err);
        VG_TRY(read_source(arena, vg_str_trim(piece), source, err));
    }
    out->kind = IMPORT_SOURCES;
    out->sources = list.items;
    out->source_count = list.len;
    return VG_OK;
}

/* "{Id}/{$TargetId}": what stands in braces is a source, the rest is text. */
static vg_status read_template(vg_arena *arena, vg_str text, import_expr *out, vg_error *err)
{
    vg_vec parts = vg_vec_in(arena, sizeof(import_expr));
    while (text.len) {
        bool is_source = text.ptr[0] == '{';
        size_t end = vg_str_find_char(text, is_source ? '}' : '{');
        if (end == VG_NPOS && is_source)
            return vg_fail(err, VG_ERR_VALUE, "'%.*s' lacks its closing brace", VG_ARG(text));
        end = end == VG_NPOS ? text.len : end;
        import_expr *part = vg_vec_push(&parts);
        vg_str piece = is_source ? vg_str_sub(text, 1, end - 1)
                                 : vg_arena_join(arena, VG_STR("="), vg_str_sub(text, 0, end));
        if (!part || !piece.ptr)
            return out_of_memory(err);
        VG_TRY(read_sources(arena, piece, part, err));
        text = vg_str_sub(text, is_source ? end + 1 : end, VG_NPOS);
    }
    out->kind = IMPORT_TEMPLATE;
    out->parts = parts.items;
    out->part_count = parts.len;
    return VG_OK;
}

/* ---- constructs ----------------------------------------------------------------------------------------------------------- */

static vg_status read_into(vg_arena *arena, const vg_doc *doc, const vg_value *value, import_expr *out,
                           unsigned depth, vg_error *err);

static vg_status read_child(vg_arena *arena, const vg_doc *doc, const vg_value *parent, const char *key,
                            const import_expr **out, unsigned depth, vg_error *err)
{
    const vg_value *value = vg_get(parent, vg_str_from(key));
    import_expr *expr = VG_NEW(arena, import_expr);
    if (!value)
        return bad(doc, parent, err, "the construct lacks its expression");
    if (!expr)
        return out_of_memory(err);
    *out = expr;
    return read_into(arena, doc, value, expr, depth, err);
}

/* {each: A/B, where: {K: V}, as: EXPR}; `first` alike. */
static vg_status read_list(vg_arena *arena, const vg_doc *doc, const vg_value *value, import_expr *out,
                           unsigned depth, vg_error *err)
{
    out->kind = vg_get(value, VG_STR("each")) ? IMPORT_EACH : IMPORT_FIRST;
    vg_str list = vg_get_str(value, out->kind == IMPORT_EACH ? "each" : "first");
    out->where = vg_get(value, VG_STR("where"));
    VG_TRY(import_path_read(arena, list, &out->list, err));
    /* The last key holds the list: "A/B" walks B's items. */
    import_step *steps = VG_NEW_N(arena, import_step, out->list.count + 1);
    if (!steps)
        return out_of_memory(err);
    for (size_t i = 0; i < out->list.count; i++)
        steps[i] = (import_step){out->list.steps[i].key, out->list.steps[i].each || i + 1 == out->list.count};
    out->list.steps = steps;
    return read_child(arena, doc, value, "as", &out->as, depth, err);
}

static vg_status read_concat(vg_arena *arena, const vg_doc *doc, const vg_value *list, import_expr *out,
                             unsigned depth, vg_error *err)
{
    import_expr *parts = VG_NEW_N(arena, import_expr, vg_value_count(list) + 1);
    if (!parts)
        return out_of_memory(err);
    out->kind = IMPORT_CONCAT;
    out->parts = parts;
    for (vg_items it = vg_items_of(list); vg_items_next(&it);)
        VG_TRY(read_into(arena, doc, it.value, &parts[out->part_count++], depth, err));
    return VG_OK;
}

static int compare_pairs(const void *a, const void *b)
{
    return vg_str_cmp(((const vg_items *)a)->key, ((const vg_items *)b)->key);
}

/* Pairs are sorted here, once, so that what is written is canonical. */
static vg_status read_object(vg_arena *arena, const vg_doc *doc, const vg_value *value, import_expr *out,
                             unsigned depth, vg_error *err)
{
    size_t count = vg_value_count(value);
    vg_items *pairs = VG_NEW_N(arena, vg_items, count + 1);
    vg_str *keys = VG_NEW_N(arena, vg_str, count + 1);
    import_expr *parts = VG_NEW_N(arena, import_expr, count + 1);
    if (!pairs || !keys || !parts)
        return out_of_memory(err);
    size_t n = 0;
    for (vg_items it = vg_items_of(value); vg_items_next(&it);)
        pairs[n++] = it;
    qsort(pairs, n, sizeof *pairs, compare_pairs);
    for (size_t i = 0; i < n; i++) {
        if (vg_str_find_char(pairs[i].key, '"') != VG_NPOS || vg_str_find_char(pairs[i].key, '\\') != VG_NPOS)
            return bad(doc, value, err, "the name of a property holds a quote or a backslash");
        keys[i] = vg_arena_printf(arena, "\"%.*s\":", VG_ARG(pairs[i].key));
        VG_TRY(read_into(arena, doc, pairs[i].value, &parts[i], depth, err));
    }
    out->kind = IMPORT_OBJECT;
    out->keys = keys;
    out->parts = parts;
    out->part_count = n;
    return VG_OK;
}

static vg_status read_mapping(vg_arena *arena, const vg_doc *doc, const vg_value *value, import_expr *out,
                              unsigned depth, vg_error *err)
{
    if (vg_get(value, VG_STR("each")) || vg_get(value, VG_STR("first")))
        return read_list(arena, doc, value, out, depth, err);
    if (vg_get(value, VG_STR("map"))) {
        out->kind = IMPORT_MAP;
        out->constant = vg_get(value, VG_STR("map"));
        return read_child(arena, doc, value, "of", &out->as, depth, err);
    }
    if (vg_get(value, VG_STR("const"))) {
        out->kind = IMPORT_CONST;
        out->constant = vg_get(value, VG_STR("const"));
        return VG_OK;
    }
    return read_object(arena, doc, value, out, depth, err);
}

static vg_status read_into(vg_arena *arena, const vg_doc *doc, const vg_value *value, import_expr *out,
                           unsigned depth, vg_error *err)
{
    enum { DEEPEST = 24 };
    if (depth > DEEPEST)
        return bad(doc, value, err, "the expression is nested too deeply");
    vg_status status = VG_OK;
    switch (vg_kind_of(value)) {
    case VG_STRING: {
        vg_str text = vg_value_str(value);
        bool is_template = vg_str_find_char(text, '{') != VG_NPOS;
        status = is_template ? read_template(arena, text, out, err) : read_sources(arena, text, out, err);
        break;
    }
    case VG_OBJECT:
        status = read_mapping(arena, doc, value, out, depth + 1, err);
        break;
    case VG_ARRAY:
        status = read_concat(arena, doc, value, out, depth + 1, err);
        break;
    default:
        out->kind = IMPORT_CONST;
        out->constant = value;
    }
    if (status != VG_OK)
        vg_error_locate(err, vg_doc_place(doc, value));
    return status;
}

vg_status import_expr_read(vg_arena *arena, const vg_doc *doc, const vg_value *value, const import_expr **out,
                           vg_error *err)
{
    import_expr *expr = VG_NEW(arena, import_expr);
    if (!expr)
        return out_of_memory(err);
    *out = expr;
    return read_into(arena, doc, value, expr, 0, err);
}

/* ---- shapes ----------------------------------------------------------------------------------------------------------------- */

/* Takes what stands before the next `separator` outside of brackets. */
static bool next_outside(vg_str *rest, char separator, vg_str *piece)
{
    if (!rest->ptr || !rest->len)
        return false;
    int depth = 0;
    size_t i = 0;
    for (; i < rest->len; i++) {
        char c = rest->ptr[i];
        depth += (c == '[' || c == '{') - (c == ']' || c == '}');
        if (c == separator && depth == 0)
            break;
    }
    *piece = vg_str_trim(vg_str_sub(*rest, 0, i));
    *rest = vg_str_sub(*rest, i + 1, VG_NPOS);
    return true;
}

static vg_status read_key(vg_arena *arena, vg_str text, import_key *out, vg_error *err)
{
    size_t open = 0;
    while (open < text.len && !strchr("[{\"", text.ptr[open]))
        open++;
    out->name = vg_str_sub(text, 0, open);
    if (open == text.len)
        return VG_OK;
    out->bracket = text.ptr[open];
    if (out->bracket == '"')
        return VG_OK;
    vg_str inner = vg_str_sub(text, open + 1, text.len - open - 2), piece;
    vg_vec keys = vg_vec_in(arena, sizeof(vg_str));
    while (inner.len && vg_str_next(&inner, ',', &piece)) {
        vg_str *key = vg_vec_push(&keys);
        if (!key)
            return out_of_memory(err);
        *key = vg_str_trim(piece);
    }
    out->inner = keys.items;
    out->inner_count = keys.len;
    return VG_OK;
}

vg_status import_shape_read(vg_arena *arena, vg_str text, import_shape *out, vg_error *err)
{
    vg_vec terms = vg_vec_in(arena, sizeof(import_term));
    vg_str rest = text, piece, alternative;
    while (next_outside(&rest, ',', &piece)) {
        vg_vec keys = vg_vec_in(arena, sizeof(import_key));
        while (next_outside(&piece, '|', &alternative)) {
            import_key *key = vg_vec_push(&keys);
            if (!key)
                return out_of_memory(err);
            VG_TRY(read_key(arena, alternative, key, err));
        }
        import_term *term = vg_vec_push(&terms);
        if (!term)
            return out_of_memory(err);
        *term = (import_term){keys.items, keys.len};
    }
    *out = (import_shape){terms.items, terms.len};
    return VG_OK;
}

static bool has_inner(const vg_value *value, vg_str alternatives)
{
    vg_str name;
    while (vg_str_next(&alternatives, '|', &name))
        if (vg_get(value, name))
            return true;
    return false;
}

static import_likeness match_key(const import_key *key, const vg_value *value)
{
    const vg_value *held = vg_get(value, key->name);
    if (!held)
        return IMPORT_UNLIKE;
    if (!key->bracket)
        return IMPORT_STRONG;
    if (key->bracket == '"')
        return vg_kind_of(held) == VG_STRING ? IMPORT_STRONG : IMPORT_UNLIKE;
    if (vg_kind_of(held) != (key->bracket == '[' ? VG_ARRAY : VG_OBJECT))
        return IMPORT_UNLIKE;
    if (key->bracket == '[') {
        if (vg_value_count(held) == 0)
            return key->inner_count ? IMPORT_WEAK : IMPORT_STRONG;
        held = vg_value_item(held, 0);
    }
    for (size_t i = 0; i < key->inner_count; i++)
        if (!has_inner(held, key->inner[i]))
            return IMPORT_UNLIKE;
    return IMPORT_STRONG;
}

/* Every term must match; the document is as like as its best proof. */
import_likeness import_shape_match(const import_shape *shape, const vg_value *value)
{
    import_likeness whole = shape->count ? IMPORT_STRONG : IMPORT_UNLIKE;
    for (size_t i = 0; i < shape->count; i++) {
        import_likeness best = IMPORT_UNLIKE;
        for (size_t k = 0; k < shape->terms[i].count; k++) {
            import_likeness one = match_key(&shape->terms[i].alternatives[k], value);
            best = one > best ? one : best;
        }
        whole = best < whole ? best : whole;
    }
    return whole;
}
