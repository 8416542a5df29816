/* sigma_condition.c: `condition: selection and not 1 of filter_*`.
 *
 *     or    := and ("or" and)*
 *     and   := not ("and" not)*
 *     not   := "not" not | "(" or ")" | of | NAME
 *     of    := ("1" | "any" | "all") "of" ("them" | PATTERN)
 *
 * Source: Sigma specification 2.1.0, "Condition". Words are read in any case. `them` and patterns leave out names that begin
 * with `_`, unless the pattern itself begins with one. A list of conditions is joined by OR. Aggregations behind a pipe and
 * `near` belong to an earlier Sigma and are refused. The depth of parentheses is bounded, the length is not: a chain of ANDs
 * or ORs is one node. */
#include "detect/sigma_part.h"

enum { MOST_NESTING = 200 };

typedef enum { TOKEN_END, TOKEN_WORD, TOKEN_OPEN, TOKEN_CLOSE } token_kind;

typedef struct {
    sigma_rule *rule;
    const vg_value *section, *at; /* `at`: the condition's text, for places */
    vg_str text;
    size_t from; /* behind the token at hand */
    token_kind token;
    vg_str word;
    size_t word_at;
    unsigned depth;
    unsigned operands; /* outside parentheses */
    bool negated;      /* of the last of them */
    vg_map *names;     /* selections that were compiled: node + 1 */
} parser;

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while compiling detections");
}

/* Fails at the token at hand: exactly, when the condition stands on one line as it is. */
static vg_status fail_here(const parser *p, vg_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static vg_status fail_here(const parser *p, vg_error *err, const char *format, ...)
{
    char text[480];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    vg_place place = vg_doc_place(p->rule->doc, p->at);
    bool one_line = vg_str_find_char(p->text, '\n') == VG_NPOS;
    if (place.column && one_line)
        place.column += (uint32_t)p->word_at;
    return vg_fail_at(err, VG_ERR_VALUE, place, "%s", text);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static vg_status next_token(parser *p, vg_error *err)
{
    while (p->from < p->text.len && is_blank(p->text.ptr[p->from]))
        p->from++;
    p->word_at = p->from;
    p->token = TOKEN_END;
    if (p->from == p->text.len)
        return VG_OK;
    char c = p->text.ptr[p->from];
    if (c == '(' || c == ')') {
        p->token = c == '(' ? TOKEN_OPEN : TOKEN_CLOSE;
        p->word = vg_str_sub(p->text, p->from++, 1);
        return VG_OK;
    }
    if (c == '|')
        return fail_here(
            p, err,
            "an aggregation behind | is no longer Sigma: write a correlation (type: event_count, "
            "value_count, ...) that names this rule");
    size_t end = p->from;
    while (end < p->text.len && !is_blank(p->text.ptr[end]) && !strchr("()|", p->text.ptr[end]))
        end++;
    if (end == p->from)
        return fail_here(p, err, "the condition holds a NUL character");
    p->token = TOKEN_WORD;
    p->word = vg_str_sub(p->text, p->from, end - p->from);
    p->from = end;
    return VG_OK;
}

static bool is_word(const parser *p, const char *word)
{
    return p->token == TOKEN_WORD && vg_str_eq_icase(p->word, vg_str_from(word));
}

/* ---- selections by name ------------------------------------------------------------------------------------------------- */

/* Keys of the section that are no selections. */
static bool is_reserved(vg_str name)
{
    return vg_str_is(name, "condition") || vg_str_is(name, "timeframe") || vg_str_is(name, "rules");
}

static vg_status selection_node(parser *p, vg_str name, const vg_value *selection, uint32_t *out,
                                vg_error *err)
{
    bool added;
    vg_map_entry *entry = vg_map_put(p->names, name, &added);
    if (!entry)
        return out_of_memory(err);
    if (added || !entry->value.u64) {
        VG_TRY(sigma_selection_compile(p->rule, selection, out, err));
        entry = vg_map_put(p->names, name, &added);
        if (!entry)
            return out_of_memory(err);
        entry->value.u64 = (uint64_t)*out + 1;
    }
    *out = (uint32_t)(entry->value.u64 - 1);
    return VG_OK;
}

static vg_status parse_name(parser *p, uint32_t *out, vg_error *err)
{
    const vg_value *selection = is_reserved(p->word) ? NULL : vg_get(p->section, p->word);
    if (vg_str_find_char(p->word, '*') != VG_NPOS)
        return fail_here(p, err, "write \"1 of %.*s\" or \"all of %.*s\"", VG_ARG(p->word), VG_ARG(p->word));
    if (is_word(p, "near"))
        return fail_here(
            p, err, "near is no longer Sigma: write a correlation (type: temporal) that names the rules");
    if (!selection)
        return fail_here(p, err, "the detection has no selection \"%.*s\"", VG_ARG(p->word));
    VG_TRY(selection_node(p, p->word, selection, out, err));
    return next_token(p, err);
}

static bool pattern_names(vg_str pattern, vg_str name)
{
    if (is_reserved(name))
        return false;
    if (name.len && name.ptr[0] == '_' && !(pattern.len && pattern.ptr[0] == '_'))
        return false;
    if (vg_str_eq_icase(pattern, VG_STR("them")))
        return true;
    return sigma_glob(pattern, name);
}

/* `?` of a pattern is a plain character: only `*` is a wildcard in names. */
static vg_str name_pattern(vg_arena *arena, vg_str word)
{
    char *out = vg_arena_alloc(arena, word.len + 1);
    for (size_t i = 0; out && i < word.len; i++)
        out[i] = word.ptr[i] == '*' ? (char)SIGMA_MANY : word.ptr[i];
    return (vg_str){out, out ? word.len : 0};
}

static vg_status parse_of(parser *p, bool all, uint32_t *out, vg_error *err)
{
    VG_TRY(next_token(p, err));
    if (!is_word(p, "of"))
        return fail_here(p, err, "\"of\" is missing here: write 1 of NAME* or all of them");
    VG_TRY(next_token(p, err));
    if (p->token != TOKEN_WORD)
        return fail_here(p, err, "a pattern of names, or \"them\", is missing behind \"of\"");
    vg_arena *arena = p->rule->set->arena;
    vg_str pattern = name_pattern(arena, p->word);
    vg_vec nodes = vg_vec_in(arena, sizeof(uint32_t));
    if (!pattern.ptr)
        return out_of_memory(err);
    for (vg_items it = vg_items_of(p->section); vg_items_next(&it);) {
        uint32_t node;
        if (!pattern_names(pattern, it.key))
            continue;
        VG_TRY(selection_node(p, it.key, it.value, &node, err));
        uint32_t *slot = vg_vec_push(&nodes);
        if (!slot)
            return out_of_memory(err);
        *slot = node;
    }
    if (!nodes.len)
        return fail_here(p, err, "no selection is named like \"%.*s\"", VG_ARG(p->word));
    VG_TRY(sigma_node_many(p->rule, all ? VG_EXPR_AND : VG_EXPR_OR, nodes.items, nodes.len, out, err));
    return next_token(p, err);
}

/* ---- the grammar -------------------------------------------------------------------------------------------------------- */

static vg_status parse_or(parser *p, uint32_t *out, vg_error *err);

static vg_status parse_operand(parser *p, uint32_t *out, vg_error *err)
{
    if (p->token == TOKEN_OPEN) {
        if (++p->depth > MOST_NESTING)
            return fail_here(p, err, "parentheses are nested more than %d deep", MOST_NESTING);
        VG_TRY(next_token(p, err));
        VG_TRY(parse_or(p, out, err));
        if (p->token != TOKEN_CLOSE)
            return fail_here(p, err, "a closing parenthesis is missing here");
        p->depth--;
        return next_token(p, err);
    }
    if (p->token != TOKEN_WORD || is_word(p, "and") || is_word(p, "or"))
        return fail_here(p, err, "the name of a selection is missing here");
    if (is_word(p, "1") || is_word(p, "any") || is_word(p, "all"))
        if (!vg_get(p->section, p->word))
            return parse_of(p, is_word(p, "all"), out, err);
    return parse_name(p, out, err);
}

static vg_status parse_not(parser *p, uint32_t *out, vg_error *err)
{
    bool negated = false, outside = p->depth == 0;
    while (is_word(p, "not")) {
        negated = !negated;
        VG_TRY(next_token(p, err));
    }
    VG_TRY(parse_operand(p, out, err));
    p->operands += outside;
    if (outside)
        p->negated = negated;
    return negated ? sigma_node_not(p->rule, *out, out, err) : VG_OK;
}

static vg_status parse_chain(parser *p, vg_expr_op op, uint32_t *out, vg_error *err);

static vg_status parse_or(parser *p, uint32_t *out, vg_error *err)
{
    return parse_chain(p, VG_EXPR_OR, out, err);
}

static vg_status parse_chain(parser *p, vg_expr_op op, uint32_t *out, vg_error *err)
{
    vg_vec nodes = vg_vec_in(p->rule->set->arena, sizeof(uint32_t));
    const char *word = op == VG_EXPR_OR ? "or" : "and";
    for (;;) {
        uint32_t node;
        VG_TRY(op == VG_EXPR_OR ? parse_chain(p, VG_EXPR_AND, &node, err) : parse_not(p, &node, err));
        uint32_t *slot = vg_vec_push(&nodes);
        if (!slot)
            return out_of_memory(err);
        *slot = node;
        if (!is_word(p, word))
            break;
        VG_TRY(next_token(p, err));
    }
    return sigma_node_many(p->rule, op, nodes.items, nodes.len, out, err);
}

static vg_status parse_condition(parser *p, const vg_value *condition, uint32_t *out, vg_error *err)
{
    p->at = condition;
    p->text = vg_value_str(condition);
    p->from = 0;
    p->word_at = 0;
    p->depth = 0;
    if (condition->kind != VG_STRING)
        return sigma_fail(p->rule, condition, err, "a condition is text, like: selection and not filter");
    VG_TRY(next_token(p, err));
    VG_TRY(parse_or(p, out, err));
    if (p->token == TOKEN_END)
        return VG_OK;
    return fail_here(p, err,
                     p->token == TOKEN_CLOSE ? "this parenthesis closes nothing"
                                             : "\"and\" or \"or\" is missing before this");
}

static vg_status parse_list(parser *p, const vg_value *list, uint32_t *out, vg_error *err)
{
    vg_vec nodes = vg_vec_in(p->rule->set->arena, sizeof(uint32_t));
    for (vg_items it = vg_items_of(list); vg_items_next(&it);) {
        uint32_t *slot = vg_vec_push(&nodes), node;
        if (!slot)
            return out_of_memory(err);
        VG_TRY(parse_condition(p, it.value, &node, err));
        *(uint32_t *)vg_vec_at(&nodes, nodes.len - 1) = node;
    }
    if (!nodes.len)
        return sigma_fail(p->rule, list, err, "the list of conditions is empty");
    return sigma_node_many(p->rule, VG_EXPR_OR, nodes.items, nodes.len, out, err);
}

static vg_status check_names(const sigma_rule *rule, const vg_value *section, vg_error *err)
{
    vg_map *seen = vg_map_new(rule->set->arena, 0x54);
    for (vg_items it = vg_items_of(section); seen && vg_items_next(&it);) {
        bool added;
        if (!vg_map_put(seen, it.key, &added))
            return out_of_memory(err);
        if (!added)
            return sigma_fail(rule, it.key_node, err, "\"%.*s\" stands here twice", VG_ARG(it.key));
    }
    return seen ? VG_OK : out_of_memory(err);
}

/* Selections that no condition uses are read all the same, so that what is wrong with them is told. */
static vg_status read_unused(parser *p, vg_error *err)
{
    for (vg_items it = vg_items_of(p->section); vg_items_next(&it);) {
        uint32_t node;
        if (is_reserved(it.key) || vg_map_get(p->names, it.key))
            continue;
        VG_TRY(selection_node(p, it.key, it.value, &node, err));
        if (it.key.len && it.key.ptr[0] != '_')
            VG_TRY(sigma_lint(p->rule, it.key_node, err, "no condition uses the selection \"%.*s\"",
                              VG_ARG(it.key)));
    }
    return VG_OK;
}

vg_status sigma_detection_compile(sigma_rule *rule, const vg_value *section, uint32_t *out, bool *negated,
                                  vg_error *err)
{
    if (section->kind != VG_OBJECT)
        return sigma_fail(rule, section, err, "a detection is a map of selections and a condition");
    const vg_value *condition = vg_get(section, VG_STR("condition"));
    parser p = {.rule = rule, .section = section, .names = vg_map_new(rule->set->arena, 0x55)};
    if (!p.names)
        return out_of_memory(err);
    VG_TRY(check_names(rule, section, err));
    if (!condition)
        return sigma_fail(rule, section, err,
                          "the condition is missing: add condition: with the selections' names");
    if (condition->kind == VG_ARRAY)
        VG_TRY(parse_list(&p, condition, out, err));
    else
        VG_TRY(parse_condition(&p, condition, out, err));
    if (negated)
        *negated = p.operands == 1 && p.negated;
    return read_unused(&p, err);
}
