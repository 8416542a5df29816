/* report.c: telling what failed: where in the rules, where in the document, and why, in words. Done only for failures
 * that count, when their rule's turn comes. Paths are found by a table of parents that is built once a document. */
#include "control/guard_part.h"

/* A value in a sentence is cut at this many bytes. */
#define SHOWN_MAX 120

/* ---- paths ------------------------------------------------------------------------------------------------------------ */

static bool is_in_document(const guard_evaluation *e, const vg_value *v)
{
    return v >= e->doc->root && v < e->doc->root + e->doc->node_count;
}

/* The document's value that `v` is, or was made from by functions; NULL for literals. */
static const vg_value *origin_of(const guard_evaluation *e, const vg_value *v)
{
    for (unsigned hops = 0; v && !is_in_document(e, v) && hops < 64; hops++) {
        const vg_value *from = NULL;
        for (size_t i = 0; i < e->derived.len && !from; i++) {
            const guard_derived *d = vg_vec_at(&e->derived, i);
            if (v >= d->from && v < d->end)
                from = d->origin;
        }
        v = from;
    }
    return v && is_in_document(e, v) ? v : NULL;
}

/* parents[i] is the index of the container that node i stands in, with KEY_BIT for the keys of objects. The nodes are
 * in document order, so a container is open from its own index to the end of its span, and in an object keys and values
 * alternate. */
#define KEY_BIT UINT32_C(0x80000000)

static uint32_t parent_of(const guard_evaluation *e, size_t i)
{
    return e->parents[i] & ~KEY_BIT;
}

static vg_status find_parents(guard_evaluation *e)
{
    const vg_value *root = e->doc->root;
    e->parents = VG_NEW_N(e->arena, uint32_t, e->doc->node_count);
    if (!e->parents)
        return guard_no_memory(e);
    uint32_t parent = 0;
    for (uint32_t i = 1; i < e->doc->node_count; i++) {
        while (parent > 0 && i >= parent + root[parent].as.container.span)
            parent = parent_of(e, parent);
        bool behind_key = e->parents[i - 1] == (parent | KEY_BIT) && i - 1 != parent;
        bool is_key = root[parent].kind == VG_OBJECT && !behind_key;
        e->parents[i] = parent | (is_key ? KEY_BIT : 0);
        if (vg_value_is_container(&root[i]))
            parent = i;
    }
    return VG_OK;
}

/* The place of `v` among the items of its list. */
static size_t ordinal_of(const vg_value *list, const vg_value *v)
{
    size_t n = 0;
    for (vg_items it = vg_items_of(list); vg_items_next(&it) && it.value != v;)
        n++;
    return n;
}

/* Writes "/Resources/bucket/0" from its end. */
static vg_status path_of(guard_evaluation *e, const vg_value *v, vg_str *out)
{
    const vg_value *root = e->doc->root, *chain[1024];
    size_t depth = 0;
    vg_buf buf = {0};
    if (!e->parents)
        VG_TRY(find_parents(e));
    for (; v != root && depth < VG_COUNT(chain); v = root + parent_of(e, (size_t)(v - root)))
        chain[depth++] = v;
    while (depth > 0) {
        const vg_value *node = chain[--depth], *parent = root + parent_of(e, (size_t)(node - root));
        bool is_key = e->parents[node - root] & KEY_BIT;
        vg_buf_add_char(&buf, '/');
        if (parent->kind == VG_ARRAY)
            vg_buf_addf(&buf, "%zu", ordinal_of(parent, node));
        else
            vg_buf_add_str(&buf, vg_value_str(is_key ? node : node - 1));
    }
    *out = vg_arena_str(e->arena, vg_buf_str(&buf));
    bool failed = buf.failed || !out->ptr;
    vg_buf_free(&buf);
    return failed ? guard_no_memory(e) : VG_OK;
}

/* ---- places ----------------------------------------------------------------------------------------------------------- */

/* A tree from JSON knows its values by their offset; many failures of one document must not count its lines each. */
static vg_status find_lines(guard_evaluation *e)
{
    vg_vec lines = vg_vec_in(e->arena, sizeof(size_t));
    vg_str source = e->doc->source;
    const char *end = NULL;
    size_t at = 0;
    do {
        size_t *slot = vg_vec_push(&lines);
        if (!slot)
            return guard_no_memory(e);
        *slot = at;
        end = memchr(source.ptr + at, '\n', source.len - at);
        at = end ? (size_t)(end - source.ptr) + 1 : source.len;
    } while (end);
    e->lines = lines.items;
    e->line_count = lines.len;
    return VG_OK;
}

static vg_status place_of(guard_evaluation *e, const vg_value *v, vg_place *out)
{
    const vg_doc *doc = e->doc;
    if (doc->positions || v->position >= doc->source.len) {
        *out = vg_doc_place(doc, v);
        return VG_OK;
    }
    if (!e->lines)
        VG_TRY(find_lines(e));
    size_t low = 0, high = e->line_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (e->lines[middle] <= v->position)
            low = middle;
        else
            high = middle;
    }
    *out = (vg_place){doc->name, (uint32_t)low + 1, (uint32_t)(v->position - e->lines[low]) + 1};
    return VG_OK;
}

/* ---- words ------------------------------------------------------------------------------------------------------------ */

/* What a query could not follow, as written: "Properties.Encrypted". */
static vg_str rest_text(guard_evaluation *e, const guard_result *r)
{
    vg_buf buf = {0};
    for (uint32_t i = 0; i < r->rest_count; i++) {
        vg_str text = r->rest[i].text;
        if (buf.len == 0 && text.len > 0 && text.ptr[0] == '.')
            text = vg_str_sub(text, 1, VG_NPOS);
        vg_buf_add_str(&buf, text);
    }
    vg_str kept = vg_arena_str(e->arena, vg_buf_str(&buf));
    vg_buf_free(&buf);
    return kept;
}

static vg_str shown(guard_evaluation *e, const vg_value *v)
{
    vg_str text = vg_guard_value_text(e->arena, v);
    if (text.len <= SHOWN_MAX)
        return text;
    size_t cut = SHOWN_MAX;
    while (cut > 0 && ((unsigned char)text.ptr[cut] & 0xC0) == 0x80)
        cut--;
    return vg_arena_printf(e->arena, "%.*s...", (int)cut, text.ptr);
}

static const char *const wanted[][2] = {
    [GUARD_EQ] = {"equal to", "other than"},       [GUARD_IN] = {"in", "not in"},
    [GUARD_LT] = {"less than", "less than"},       [GUARD_LE] = {"at most", "at most"},
    [GUARD_GT] = {"more than", "more than"},       [GUARD_GE] = {"at least", "at least"},
    [GUARD_EXISTS] = {"there", "absent"},          [GUARD_EMPTY] = {"empty", "not empty"},
    [GUARD_IS_STRING] = {"a string", "no string"}, [GUARD_IS_LIST] = {"a list", "no list"},
    [GUARD_IS_STRUCT] = {"a map", "no map"},       [GUARD_IS_BOOL] = {"a boolean", "no boolean"},
    [GUARD_IS_INT] = {"an integer", "no integer"}, [GUARD_IS_FLOAT] = {"a float", "no float"},
    [GUARD_IS_NULL] = {"null", "other than null"},
};

/* Pieces of a sentence, one behind the other. */
static vg_str sentence(guard_evaluation *e, const vg_str *pieces, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += pieces[i].len;
    char *text = vg_arena_alloc(e->arena, len + 1), *at = text;
    for (size_t i = 0; text && i < count; i++)
        if (pieces[i].len > 0) {
            memcpy(at, pieces[i].ptr, pieces[i].len);
            at += pieces[i].len;
        }
    return text ? vg_str_of(text, len) : (vg_str){0};
}

static vg_str expected_text(guard_evaluation *e, const guard_failure *f)
{
    if (f->to_count == 0)
        return f->to_missing ? VG_STR(" what the rule compares it with, which is missing") : VG_STR("");
    vg_str text = shown(e, f->to[0]);
    return f->to_count == 1 ? sentence(e, (const vg_str[]){VG_STR(" "), text}, 2)
                            : vg_arena_printf(e->arena, " %.*s and %u more", VG_ARG(text), f->to_count - 1);
}

static vg_str why_text(guard_evaluation *e, const guard_failure *f, vg_str missing)
{
    const guard_clause *c = f->clause;
    if (c->kind == CLAUSE_RULE)
        return vg_arena_printf(e->arena, "rule %.*s %s", VG_ARG(c->rule),
                               c->negated ? "passes, and must not" : "does not pass");
    if (!f->from.value)
        return vg_arena_printf(e->arena, "%.*s selects nothing", VG_ARG(c->query.text));
    if (f->from.kind == RESULT_UNRESOLVED && c->kind != CLAUSE_ACCESS)
        return vg_arena_printf(e->arena, "%.*s is missing", VG_ARG(missing));
    if (f->from_right && !c->op_negated)
        return vg_arena_printf(e->arena, "%.*s is not among the values of %.*s",
                               VG_ARG(shown(e, f->from.value)), VG_ARG(c->query.text));
    bool turned = c->op_negated != (c->negated && c->op >= GUARD_EXISTS);
    const char *must = wanted[c->op][turned];
    vg_str expected = expected_text(e, f);
    if (f->from.kind == RESULT_UNRESOLVED)
        return sentence(
            e, (const vg_str[]){missing, VG_STR(" is missing, and must be "), vg_str_from(must), expected},
            4);
    vg_str value = shown(e, f->from.value);
    if (f->not_comparable)
        return vg_arena_printf(e->arena, "%.*s is %s, which cannot be compared with%.*s", VG_ARG(value),
                               guard_kind_name(f->from.value), VG_ARG(expected));
    return sentence(e, (const vg_str[]){value, VG_STR(" must be "), vg_str_from(must), expected}, 4);
}

/* ---- the sink --------------------------------------------------------------------------------------------------------- */

static vg_status tell_failure(guard_evaluation *e, size_t rule, const guard_failure *f,
                              const vg_guard_sink *sink)
{
    vg_guard_violation v = {.rule = rule,
                            .clause_place = {e->file->name, f->clause->line, f->clause->column},
                            .clause = f->clause->text,
                            .message = f->message,
                            .path = VG_STR(""),
                            .value = f->from.value,
                            .expected = f->to,
                            .expected_count = f->to_count};
    const vg_value *at = origin_of(e, f->from.value);
    if (at) {
        VG_TRY(path_of(e, at, &v.path));
        VG_TRY(place_of(e, at, &v.place));
    }
    if (f->from.value && f->from.kind == RESULT_UNRESOLVED)
        v.missing = rest_text(e, &f->from);
    v.why = why_text(e, f, v.missing);
    if (!v.why.ptr)
        return guard_no_memory(e);
    sink->violation(sink->context, &v);
    return VG_OK;
}

vg_status guard_tell(guard_evaluation *e, size_t rule, const vg_guard_sink *sink)
{
    const guard_rule_state *state = &e->states[rule];
    if (sink->violation)
        for (size_t i = 0; i < state->failure_count; i++)
            VG_TRY(tell_failure(e, rule, &state->failures[i], sink));
    if (e->partial && state->unknown.ptr)
        e->partial->hangs_on(e->partial->context, rule, state->unknown);
    if (sink->rule)
        sink->rule(sink->context, rule, state->status, state->error);
    return VG_OK;
}
