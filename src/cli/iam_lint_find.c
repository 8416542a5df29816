/* iam_lint_find.c: the policies that a file holds.
 *
 * A file may be a policy, what a call of AWS answered with (a policy in PolicyVersion.Document, or as text in Policy or
 * Content), an export of many (authorization details, a line of JSON each), or a template that has policies among its
 * resources. So the tree is searched for what has the form of a policy: an object with Statement, or text that holds one. The
 * kind is told by the name that leads to it, by what the policy holds, and by the file's path. */
#include "cli/iam_lint_parts.h"

#define DEPTH_MAX 256

typedef struct {
    vg_arena *arena;
    vg_str file;
    iam_lint_kind kind;
    vg_status (*each)(void *context, iam_lint_policy *policy, vg_error *err);
    void *context;
    size_t count, filled, with_functions;
    vg_str line; /* "line 7" of JSONL; empty else */
    uint32_t first_line;
    vg_error *err;
} finder;

bool iam_lint_is_document(vg_str path)
{
    static const char *const suffixes[] = {".json", ".jsonl",    ".ndjson", ".yaml",
                                           ".yml",  ".template", ".policy"};
    for (size_t i = 0; i < VG_COUNT(suffixes); i++) {
        vg_str suffix = vg_str_from(suffixes[i]);
        if (path.len > suffix.len &&
            vg_str_eq_icase(vg_str_sub(path, path.len - suffix.len, suffix.len), suffix))
            return true;
    }
    return false;
}

/* ---- kinds ------------------------------------------------------------------------------------------------------------ */

static bool is_letter(vg_str text, size_t at)
{
    char c = at < text.len ? (char)(text.ptr[at] | 32) : ' ';
    return c >= 'a' && c <= 'z';
}

/* The word, letter case ignored, or its plural, with no letter beside it: "scp" of "scps/deny.json". */
static bool has_word(vg_str text, const char *word)
{
    vg_str w = vg_str_from(word);
    for (size_t i = 0; i + w.len <= text.len; i++) {
        size_t end = i + w.len;
        if (!vg_str_eq_icase(vg_str_sub(text, i, w.len), w) || (i && is_letter(text, i - 1)))
            continue;
        if (!is_letter(text, end) || ((text.ptr[end] | 32) == 's' && !is_letter(text, end + 1)))
            return true;
    }
    return false;
}

/* Words in a file's path, or in the keys that lead to a policy, that say what kind it is; more telling ones first. */
static const struct {
    const char *word;
    vg_policy_kind kind;
} kind_words[] = {
    {"AssumeRolePolicyDocument", VG_POLICY_TRUST},
    {"resource_control_policy", VG_POLICY_RCP},
    {"resource_control_policies", VG_POLICY_RCP},
    {"resource-control-policy", VG_POLICY_RCP},
    {"resource-control-policies", VG_POLICY_RCP},
    {"rcp", VG_POLICY_RCP},
    {"service_control_policy", VG_POLICY_SCP},
    {"service_control_policies", VG_POLICY_SCP},
    {"service-control-policy", VG_POLICY_SCP},
    {"service-control-policies", VG_POLICY_SCP},
    {"scp", VG_POLICY_SCP},
    {"vpc_endpoint", VG_POLICY_ENDPOINT},
    {"vpc-endpoint", VG_POLICY_ENDPOINT},
    {"vpce", VG_POLICY_ENDPOINT},
    {"vpc_endpoint_policies", VG_POLICY_ENDPOINT},
    {"boundary", VG_POLICY_BOUNDARY},
    {"boundaries", VG_POLICY_BOUNDARY},
    {"trust", VG_POLICY_TRUST},
};

static bool kind_of_words(vg_str text, vg_policy_kind *out)
{
    for (size_t i = 0; i < VG_COUNT(kind_words); i++)
        if (has_word(text, kind_words[i].word)) {
            *out = kind_words[i].kind;
            return true;
        }
    return false;
}

static bool names_principals(vg_policy_kind kind)
{
    return kind == VG_POLICY_TRUST || kind == VG_POLICY_RCP || kind == VG_POLICY_ENDPOINT;
}

/* What a word says holds only for a policy that has Principal, or has not, as such a one must. */
static vg_policy_kind kind_of(const finder *f, const vg_value *root, vg_str inside)
{
    vg_policy_kind said, guess = vg_policy_kind_guess(root, VG_POLICY_IDENTITY);
    if (f->kind.is_given)
        return f->kind.kind;
    if ((kind_of_words(inside, &said) || kind_of_words(f->file, &said)) &&
        names_principals(said) == (guess != VG_POLICY_IDENTITY))
        return said;
    return guess;
}

/* ---- policies ------------------------------------------------------------------------------------------------------------ */

static vg_status tell(finder *f, iam_lint_policy *policy)
{
    f->count++;
    return f->each(f->context, policy, f->err);
}

static vg_str joined(finder *f, vg_str inside)
{
    if (f->line.len == 0 || inside.len == 0)
        return f->line.len ? f->line : inside;
    return vg_arena_printf(f->arena, "%.*s: %.*s", VG_ARG(f->line), VG_ARG(inside));
}

static vg_status tell_tree(finder *f, const vg_doc *doc, const vg_value *root, vg_str inside)
{
    iam_lint_policy policy = {.file = f->file, .inside = joined(f, inside), .first_line = f->first_line};
    policy.kind = kind_of(f, root, inside);
    VG_TRY(vg_policy_read(f->arena, doc, root, policy.kind, f->file, &policy.document, f->err));
    return tell(f, &policy);
}

/* A policy as text: its lines are counted from where the text stands. */
static vg_status tell_text(finder *f, vg_str text, vg_str inside, uint32_t first_line)
{
    iam_lint_policy policy = {.file = f->file, .inside = joined(f, inside), .first_line = first_line};
    VG_TRY(vg_policy_read_text(f->arena, text, VG_POLICY_IDENTITY, f->file, &policy.document, f->err));
    policy.kind = kind_of(f, policy.document.root, inside);
    if (policy.kind != VG_POLICY_IDENTITY)
        VG_TRY(vg_policy_read_text(f->arena, text, policy.kind, f->file, &policy.document, f->err));
    return tell(f, &policy);
}

static bool is_policy(const vg_value *v)
{
    const vg_value *statement = v->kind == VG_OBJECT ? vg_get(v, VG_STR("Statement")) : NULL;
    return statement && vg_value_is_container(statement);
}

static bool is_policy_text(const vg_value *v)
{
    vg_str text = vg_str_trim(vg_value_str(v));
    if (v->kind != VG_STRING || text.len < 16)
        return false;
    return (text.ptr[0] == '{' && vg_str_find(text, VG_STR("\"Statement\"")) != VG_NPOS) ||
           (vg_str_starts(text, VG_STR("%7B")) && vg_str_find(text, VG_STR("Statement")) != VG_NPOS);
}

/* ---- the search ------------------------------------------------------------------------------------------------------------ */

typedef struct {
    vg_items items;
    size_t index;
} level;

static vg_str path_of(finder *f, const vg_vec *levels)
{
    vg_buf text = {0};
    for (size_t i = 0; i < levels->len; i++) {
        const level *l = vg_vec_at(levels, i);
        if (l->items.is_object && text.len)
            vg_buf_add_char(&text, '.');
        if (l->items.is_object)
            vg_buf_add_str(&text, vg_str_sub(l->items.key, 0, 80));
        else
            vg_buf_addf(&text, "[%zu]", l->index);
    }
    vg_str out = vg_arena_str(f->arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return out;
}

static vg_status no_memory(finder *f)
{
    return vg_fail(f->err, VG_ERR_MEMORY, "memory ran out while reading %.*s", VG_ARG(f->file));
}

static vg_status go_down(finder *f, vg_vec *levels, const vg_value *v)
{
    if (!vg_value_is_container(v) || levels->len == DEPTH_MAX)
        return VG_OK;
    level *l = vg_vec_push(levels);
    if (!l)
        return no_memory(f);
    *l = (level){.items = vg_items_of(v), .index = SIZE_MAX};
    return VG_OK;
}

/* A template's policy: read once with each filling. */
static vg_status tell_filled(finder *f, const vg_doc *doc, const vg_value *root, vg_str inside)
{
    const vg_value *roots[IAM_LINT_FILLINGS];
    vg_policy_document *others = VG_NEW_N(f->arena, vg_policy_document, IAM_LINT_FILLINGS);
    if (!others)
        return no_memory(f);
    if (!iam_lint_fill(f->arena, root, roots)) {
        f->with_functions++;
        return VG_OK;
    }
    iam_lint_policy policy = {.file = f->file, .inside = joined(f, inside), .first_line = f->first_line};
    policy.kind = kind_of(f, roots[0], inside);
    policy.others = others;
    VG_TRY(vg_policy_read(f->arena, doc, roots[0], policy.kind, f->file, &policy.document, f->err));
    for (size_t i = 1; i < IAM_LINT_FILLINGS; i++)
        VG_TRY(vg_policy_read(f->arena, doc, roots[i], policy.kind, f->file, &others[i - 1], f->err));
    f->filled++;
    return tell(f, &policy);
}

static vg_status look_at(finder *f, const vg_doc *doc, vg_vec *levels, const vg_value *v)
{
    if (is_policy(v) && iam_lint_has_functions(v))
        return tell_filled(f, doc, v, path_of(f, levels));
    if (is_policy(v))
        return tell_tree(f, doc, v, path_of(f, levels));
    if (is_policy_text(v))
        return tell_text(f, vg_value_str(v), path_of(f, levels), vg_doc_place(doc, v).line + f->first_line);
    return go_down(f, levels, v);
}

static vg_status search(finder *f, const vg_doc *doc)
{
    vg_vec levels = vg_vec_in(f->arena, sizeof(level));
    VG_TRY(look_at(f, doc, &levels, doc->root));
    while (levels.len) {
        level *l = vg_vec_at(&levels, levels.len - 1);
        if (!vg_items_next(&l->items)) {
            levels.len--;
            continue;
        }
        l->index++;
        VG_TRY(look_at(f, doc, &levels, l->items.value));
    }
    return VG_OK;
}

/* ---- files ------------------------------------------------------------------------------------------------------------------- */

static bool has_suffix(vg_str path, const char *suffix)
{
    return vg_str_ends(path, vg_str_from(suffix));
}

/* Whether the first of several lines is a JSON document of its own. */
static bool is_lines(finder *f, vg_str text)
{
    vg_str line, rest;
    vg_doc doc;
    if (has_suffix(f->file, ".jsonl") || has_suffix(f->file, ".ndjson"))
        return true;
    return vg_str_split(vg_str_trim(text), '\n', &line, &rest) && line.len > 2 && line.ptr[0] == '{' &&
           vg_json_read(f->arena, line, f->file, NULL, &doc, NULL) == VG_OK;
}

static vg_status search_lines(finder *f, vg_str text)
{
    vg_str line;
    for (uint32_t number = 0; vg_str_next(&text, '\n', &line); number++) {
        vg_doc doc;
        line = vg_str_trim(line);
        if (line.len == 0)
            continue;
        f->line = vg_arena_printf(f->arena, "line %u", number + 1);
        f->first_line = number;
        vg_status status = vg_json_read(f->arena, line, f->file, NULL, &doc, f->err);
        if (status == VG_OK)
            VG_TRY(search(f, &doc));
        else
            VG_TRY(tell_text(f, line, (vg_str){0}, number));
    }
    return VG_OK;
}

static vg_status search_text(finder *f, vg_str text, bool must)
{
    vg_doc doc;
    vg_error bad = {0};
    bool is_yaml =
        has_suffix(f->file, ".yaml") || has_suffix(f->file, ".yml") || has_suffix(f->file, ".template");
    vg_str trimmed = vg_str_trim(text);
    if (vg_str_starts(trimmed, VG_STR("%7B")))
        return tell_text(f, trimmed, (vg_str){0}, 0);
    vg_status status = vg_json_read(f->arena, text, f->file, NULL, &doc, &bad);
    if (status != VG_OK && is_yaml)
        VG_TRY(vg_yaml_read(f->arena, text, f->file, NULL, &doc, f->err));
    else if (status != VG_OK && is_lines(f, text))
        return search_lines(f, text);
    else if (status != VG_OK)
        return tell_text(f, text, (vg_str){0}, 0);
    VG_TRY(search(f, &doc));
    return f->count == 0 && f->with_functions == 0 && must ? tell_tree(f, &doc, doc.root, (vg_str){0})
                                                           : VG_OK;
}

vg_status iam_lint_find(vg_arena *arena, vg_str file, vg_str text, iam_lint_kind kind, bool must,
                        vg_status (*each)(void *context, iam_lint_policy *policy, vg_error *err),
                        void *context, size_t *count, size_t *filled, vg_error *err)
{
    finder f = {.arena = arena, .file = file, .kind = kind, .each = each, .context = context, .err = err};
    vg_status status = vg_text_to_utf8(arena, text, &text, err);
    if (status == VG_OK)
        status = search_text(&f, text, must);
    *count = f.count;
    *filled = f.filled;
    if (status == VG_OK && f.with_functions)
        return vg_fail(err, VG_ERR_UNSUPPORTED,
                       "%.*s: %zu %s functions of a template (Ref, Fn::) in the place of actions, effects or "
                       "whole parts: not checked; "
                       "check the template as it is deployed",
                       VG_ARG(file), f.with_functions,
                       f.with_functions == 1 ? "policy holds" : "policies hold");
    return status;
}
