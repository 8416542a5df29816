/* minify.c: a shorter policy that allows exactly the same, for documents that meet their quota.
 *
 * Shortening takes nothing on trust. What plainly changes nothing is done (white space, Sids, values that another value of
 * the list covers, equal statements, statements that differ in one list alone), then statements are left out that the rest
 * turns out to cover; and the result, read again from its own text, is compared with the original both ways. An action is
 * never folded into a wildcard because no other action of today's catalogue matches it: tomorrow's would.
 *
 * A result that is not proven equal is given up for the original without white space. */
#include "policy/compare_part.h"

enum {
    MOST_TRIALS = 256,  /* statements tried to be left out */
    MOST_VALUES = 2000, /* of a list that is looked through */
    MOST_STATEMENTS = 1000
};

typedef struct {
    vg_arena *arena;
    const vg_policy_document *original;
    vg_minify_options options;
    vg_statement *statements;
    size_t count;
    vg_comparer c; /* for its patterns */
} minifier;

/* ---- lists ----------------------------------------------------------------------------------------------------------------- */

/* The one pattern of a text, or NULL when it is none, or when leaving it out could matter otherwise than as a pattern. */
static const vg_wild *pattern_of(minifier *m, vg_texts_kind kind, const vg_str *text)
{
    uint32_t id = vg_compare_set_of(&m->c, kind, text, 1, m->original->version_2012);
    if (m->c.failed)
        return NULL;
    const vg_compare_set *set = vg_compare_made(&m->c, id);
    return set->group.count == 1 && !set->broken ? set->group.globs[0] : NULL;
}

/* Leaves out of a list what another value of it covers. Of two that cover each other the first stays. */
static void shorten(minifier *m, vg_texts_kind kind, const vg_str **texts, size_t *count)
{
    const vg_wild **patterns = vg_arena_alloc(m->arena, (*count + 1) * sizeof *patterns);
    vg_str *kept = vg_arena_alloc(m->arena, (*count + 1) * sizeof *kept);
    size_t n = 0;
    if (!patterns || !kept || *count > MOST_VALUES)
        return;
    for (size_t i = 0; i < *count; i++)
        patterns[i] = pattern_of(m, kind, &(*texts)[i]);
    for (size_t i = 0; i < *count; i++) {
        bool covered = false;
        for (size_t k = 0; k < *count && !covered; k++)
            covered = k != i && patterns[i] && patterns[k] && vg_wild_absorbs(patterns[k], patterns[i]) &&
                      (k < i || !vg_wild_absorbs(patterns[i], patterns[k]));
        if (!covered)
            kept[n++] = (*texts)[i];
    }
    *texts = kept;
    *count = n;
}

static bool is_listed(const vg_str *texts, size_t count, vg_str text)
{
    for (size_t i = 0; i < count; i++)
        if (vg_str_eq(texts[i], text))
            return true;
    return false;
}

/* Values of operators that are no patterns: the same text once. */
static void drop_doubles(minifier *m, const vg_str **texts, size_t *count)
{
    vg_str *kept = vg_arena_alloc(m->arena, (*count + 1) * sizeof *kept);
    size_t n = 0;
    if (!kept || *count > MOST_VALUES)
        return;
    for (size_t i = 0; i < *count; i++)
        if (!is_listed(kept, n, (*texts)[i]))
            kept[n++] = (*texts)[i];
    *texts = kept;
    *count = n;
}

static void shorten_conditions(minifier *m, vg_statement *s)
{
    vg_policy_condition *copy = vg_arena_alloc(m->arena, (s->condition_count + 1) * sizeof *copy);
    if (!copy)
        return;
    for (size_t i = 0; i < s->condition_count; i++) {
        copy[i] = s->conditions[i];
        if (copy[i].op == VG_OP_STRING_LIKE || copy[i].op == VG_OP_STRING_NOT_LIKE)
            shorten(m, VG_TEXTS_LIKE, &copy[i].values, &copy[i].value_count);
        else
            drop_doubles(m, &copy[i].values, &copy[i].value_count);
    }
    s->conditions = copy;
}

static void shorten_lists(minifier *m)
{
    for (size_t i = 0; i < m->count && !m->c.failed; i++) {
        vg_statement *s = &m->statements[i];
        shorten(m, VG_TEXTS_ACTION, &s->actions, &s->action_count);
        shorten(m, VG_TEXTS_RESOURCE, &s->resources, &s->resource_count);
        shorten_conditions(m, s);
    }
}

/* ---- statements -------------------------------------------------------------------------------------------------------------- */

static bool same_list(const vg_str *a, size_t a_count, const vg_str *b, size_t b_count)
{
    if (a_count != b_count)
        return false;
    for (size_t i = 0; i < a_count; i++)
        if (!is_listed(b, b_count, a[i]))
            return false;
    return true;
}

static bool same_condition(const vg_policy_condition *a, const vg_policy_condition *b)
{
    return vg_str_eq_icase(a->op_text, b->op_text) && vg_str_eq_icase(a->key, b->key) &&
           same_list(a->values, a->value_count, b->values, b->value_count);
}

static bool same_conditions(const vg_statement *a, const vg_statement *b)
{
    bool same = a->condition_count == b->condition_count;
    for (size_t i = 0; same && i < a->condition_count; i++) {
        bool found = false;
        for (size_t k = 0; k < b->condition_count && !found; k++)
            found = same_condition(&a->conditions[i], &b->conditions[k]);
        same = found;
    }
    return same;
}

static bool same_principals(const vg_statement *a, const vg_statement *b)
{
    bool same = a->has_principal == b->has_principal && a->not_principal == b->not_principal &&
                a->principal_count == b->principal_count;
    for (size_t i = 0; same && i < a->principal_count; i++)
        same = a->principals[i].kind == b->principals[i].kind &&
               vg_str_eq(a->principals[i].text, b->principals[i].text);
    return same;
}

static vg_str *joined(minifier *m, const vg_str *a, size_t a_count, const vg_str *b, size_t b_count)
{
    vg_str *both = vg_arena_alloc(m->arena, (a_count + b_count + 1) * sizeof *both);
    if (both && a_count)
        memcpy(both, a, a_count * sizeof *both);
    if (both && b_count)
        memcpy(both + a_count, b, b_count * sizeof *both);
    return both;
}

/* Puts `from` into `into` when they differ in their actions or in their resources alone. A statement with a list of both
 * means each of one with each of the other, so two lists cannot be joined at once. */
static bool merge(minifier *m, vg_statement *into, const vg_statement *from)
{
    bool actions = into->not_action == from->not_action &&
                   same_list(into->actions, into->action_count, from->actions, from->action_count);
    bool resources = into->has_resource == from->has_resource && into->not_resource == from->not_resource &&
                     same_list(into->resources, into->resource_count, from->resources, from->resource_count);
    if (into->effect != from->effect || (m->options.keep_sids && (into->sid.len || from->sid.len)) ||
        (!actions && !resources) || !same_principals(into, from) || !same_conditions(into, from))
        return false;
    if (!actions) {
        if (into->not_action || from->not_action)
            return false;
        into->actions = joined(m, into->actions, into->action_count, from->actions, from->action_count);
        into->action_count += from->action_count;
        shorten(m, VG_TEXTS_ACTION, &into->actions, &into->action_count);
    } else if (!resources) {
        if (into->not_resource || from->not_resource || !into->has_resource || !from->has_resource)
            return false;
        into->resources =
            joined(m, into->resources, into->resource_count, from->resources, from->resource_count);
        into->resource_count += from->resource_count;
        shorten(m, VG_TEXTS_RESOURCE, &into->resources, &into->resource_count);
    }
    return into->actions && (into->resources || !into->has_resource);
}

static void take_out(minifier *m, size_t at)
{
    memmove(&m->statements[at], &m->statements[at + 1], (m->count - at - 1) * sizeof *m->statements);
    m->count--;
}

/* Until no two statements can be merged any more. */
static void merge_statements(minifier *m)
{
    for (bool merged = true; merged && !m->c.failed;) {
        merged = false;
        for (size_t i = 0; i < m->count; i++)
            for (size_t k = i + 1; k < m->count;) {
                if (merge(m, &m->statements[i], &m->statements[k])) {
                    take_out(m, k);
                    merged = true;
                } else {
                    k++;
                }
            }
    }
}

/* ---- proof ------------------------------------------------------------------------------------------------------------------- */

static vg_policy_document document_of(const minifier *m)
{
    vg_policy_document d = *m->original;
    d.statements = m->statements;
    d.statement_count = m->count;
    return d;
}

static bool allow_the_same(const vg_policy_document *a, const vg_policy_document *b)
{
    vg_comparison there, back;
    vg_arena *arena = vg_arena_new(0);
    bool equal = arena && vg_policy_compare(arena, a, b, &there, NULL) == VG_OK &&
                 there.result == VG_COMPARE_NO && vg_policy_compare(arena, b, a, &back, NULL) == VG_OK &&
                 back.result == VG_COMPARE_NO;
    vg_arena_free(arena);
    return equal;
}

/* The statements of one effect, as if they allowed. */
static vg_policy_document part_of(vg_arena *arena, const vg_policy_document *document, vg_effect effect)
{
    vg_policy_document part = *document;
    vg_statement *statements = vg_arena_alloc(arena, (document->statement_count + 1) * sizeof *statements);
    part.statement_count = 0;
    for (size_t i = 0; statements && i < document->statement_count; i++)
        if (document->statements[i].effect == effect) {
            statements[part.statement_count] = document->statements[i];
            statements[part.statement_count++].effect = VG_EFFECT_ALLOW;
        }
    part.statements = statements;
    return part;
}

/* Whether two policies are the same wherever they are attached: they allow the same, and, since a Deny also takes from what
 * other policies allow, they deny the same. What an RCP denies is all that it does. */
static bool are_equal(vg_arena *arena, const vg_policy_document *a, const vg_policy_document *b)
{
    vg_policy_document a_allows = part_of(arena, a, VG_EFFECT_ALLOW),
                       b_allows = part_of(arena, b, VG_EFFECT_ALLOW);
    vg_policy_document a_denies = part_of(arena, a, VG_EFFECT_DENY),
                       b_denies = part_of(arena, b, VG_EFFECT_DENY);
    if (!a_allows.statements || !b_allows.statements || !a_denies.statements || !b_denies.statements)
        return false;
    return (a_allows.statement_count == 0) == (b_allows.statement_count == 0) &&
           (a_denies.statement_count == 0) == (b_denies.statement_count == 0) && allow_the_same(a, b) &&
           (a->kind == VG_POLICY_RCP || a_denies.statement_count == 0 ||
            allow_the_same(&a_denies, &b_denies));
}

/* Leaves out statements, the last first, as long as the rest means the same. */
static void leave_out(minifier *m)
{
    size_t trials = 0;
    for (size_t i = m->count; i-- > 0 && m->count > 1 && trials++ < MOST_TRIALS;) {
        vg_policy_document with = document_of(m);
        vg_statement *rest = vg_arena_alloc(m->arena, m->count * sizeof *rest);
        if (!rest || (m->options.keep_sids && m->statements[i].sid.len))
            continue;
        memcpy(rest, m->statements, i * sizeof *rest);
        memcpy(rest + i, m->statements + i + 1, (m->count - i - 1) * sizeof *rest);
        vg_policy_document without = with;
        without.statements = rest;
        without.statement_count = m->count - 1;
        if (are_equal(m->arena, &with, &without))
            take_out(m, i);
    }
}

/* ---- writing ------------------------------------------------------------------------------------------------------------------ */

static void write_list(vg_json_writer *w, const char *key, const vg_str *texts, size_t count)
{
    vg_json_key(w, key);
    if (count == 1) {
        vg_json_string(w, texts[0]);
        return;
    }
    vg_json_array(w);
    for (size_t i = 0; i < count; i++)
        vg_json_string(w, texts[i]);
    vg_json_end_array(w);
}

static bool operator_before(const vg_statement *s, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (vg_str_eq(s->conditions[k].op_text, s->conditions[i].op_text))
            return true;
    return false;
}

/* Keys under their operators, in the order in which they were written. */
static void write_conditions(minifier *m, vg_json_writer *w, const vg_statement *s)
{
    vg_json_key(w, "Condition");
    vg_json_object(w);
    for (size_t i = 0; i < s->condition_count; i++) {
        if (operator_before(s, i))
            continue;
        vg_json_key_str(w, s->conditions[i].op_text);
        vg_json_object(w);
        for (size_t k = i; k < s->condition_count; k++)
            if (vg_str_eq(s->conditions[k].op_text, s->conditions[i].op_text)) {
                char *key = vg_arena_cstr(m->arena, s->conditions[k].key);
                write_list(w, key ? key : "", s->conditions[k].values, s->conditions[k].value_count);
            }
        vg_json_end_object(w);
    }
    vg_json_end_object(w);
}

static void write_statement(minifier *m, vg_json_writer *w, const vg_statement *s)
{
    vg_json_object(w);
    if (m->options.keep_sids && s->sid.len)
        vg_json_put_str(w, "Sid", s->sid);
    vg_json_put_str(w, "Effect", s->effect == VG_EFFECT_ALLOW ? VG_STR("Allow") : VG_STR("Deny"));
    if (s->has_principal) {
        vg_json_key(w, s->not_principal ? "NotPrincipal" : "Principal");
        vg_json_value(w, s->principal_at);
    }
    write_list(w, s->not_action ? "NotAction" : "Action", s->actions, s->action_count);
    if (s->has_resource)
        write_list(w, s->not_resource ? "NotResource" : "Resource", s->resources, s->resource_count);
    if (s->condition_count)
        write_conditions(m, w, s);
    vg_json_end_object(w);
}

static void write_policy(minifier *m, vg_buf *out)
{
    vg_json_writer w = vg_json_writer_to(out, 0);
    vg_json_object(&w);
    if (m->original->has_version)
        vg_json_put_str(&w, "Version",
                        m->original->version_2012 ? VG_STR("2012-10-17") : VG_STR("2008-10-17"));
    vg_json_key(&w, "Statement");
    if (m->count != 1)
        vg_json_array(&w);
    for (size_t i = 0; i < m->count; i++)
        write_statement(m, &w, &m->statements[i]);
    if (m->count != 1)
        vg_json_end_array(&w);
    vg_json_end_object(&w);
}

/* The text of what is left, if reading it again proves it equal to the original. */
static bool write_proven(minifier *m, vg_str *out)
{
    vg_buf buf = {0};
    vg_policy_document again;
    write_policy(m, &buf);
    *out = vg_arena_str(m->arena, vg_buf_str(&buf));
    bool failed = buf.failed || !out->ptr;
    vg_buf_free(&buf);
    return !failed &&
           vg_policy_read_text(m->arena, *out, m->original->kind, m->original->name, &again, NULL) == VG_OK &&
           again.issue_count == 0 && are_equal(m->arena, m->original, &again);
}

/* ---- minifying ---------------------------------------------------------------------------------------------------------------- */

static bool start(minifier *m)
{
    m->count = m->original->statement_count;
    m->statements = vg_arena_alloc(m->arena, (m->count + 1) * sizeof *m->statements);
    m->c = (vg_comparer){.arena = m->arena,
                         .budget = {m->arena, INT64_MAX},
                         .kind = m->original->kind,
                         .sets = vg_vec_in(m->arena, sizeof(vg_compare_set)),
                         .symbols = vg_vec_in(m->arena, sizeof(vg_compare_symbol))};
    if (m->statements && m->count)
        memcpy(m->statements, m->original->statements, m->count * sizeof *m->statements);
    return m->statements != NULL;
}

static size_t length_without_space(const vg_policy_document *document)
{
    vg_buf buf = {0};
    vg_json_write(&buf, document->root, 0);
    size_t length = buf.len;
    vg_buf_free(&buf);
    return length;
}

vg_status vg_policy_minify(vg_arena *arena, const vg_policy_document *document,
                           const vg_minify_options *options, vg_minified *out, vg_error *err)
{
    minifier m = {
        .arena = arena, .original = document, .options = options ? *options : (vg_minify_options){0}};
    if (document->issue_count)
        return vg_fail_at(err, VG_ERR_VALUE, document->issues[0].place,
                          "AWS would refuse this policy: %s: %s", document->issues[0].code,
                          document->issues[0].message);
    if (!start(&m))
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while minifying a policy");
    *out = (vg_minified){.source = document->doc->source.len,
                         .before = length_without_space(document),
                         .statements_before = document->statement_count};
    shorten_lists(&m);
    if (m.count <= MOST_STATEMENTS) {
        merge_statements(&m);
        leave_out(&m);
    }
    bool proven = !m.c.failed && write_proven(&m, &out->text);
    if (!proven && start(&m)) /* as it is, without white space */
        proven = write_proven(&m, &out->text);
    if (!proven)
        return vg_fail(err, VG_ERR_INTERNAL, "the shorter policy could not be proven equal to the original");
    out->after = out->text.len;
    out->statements_after = m.count;
    return VG_OK;
}
