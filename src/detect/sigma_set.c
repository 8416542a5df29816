/* sigma_set.c: the set of compiled rules while it is built: fields and predicates that occur in many rules are one, and a
 * rule's expression is an array of nodes, children first. */
#include "detect/sigma_part.h"

#include <stdlib.h>

enum {
    MOST_WEIGHT = 4000000, /* tests of one rule, were everything written out */
};

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while compiling detections");
}

vg_status sigma_set_new(vg_arena *arena, const vg_rules_options *options, vg_vec *problems, sigma_set *out,
                        vg_error *err)
{
    *out = (sigma_set){
        .arena = arena,
        .field_index = vg_map_new(arena, 0x51),
        .predicate_index = vg_map_new(arena, 0x52),
        .fields = vg_vec_in(arena, sizeof(vg_field)),
        .predicates = vg_vec_in(arena, sizeof(vg_predicate)),
        .options = options,
        .problems = problems,
    };
    return out->field_index && out->predicate_index ? VG_OK : out_of_memory(err);
}

static vg_status split_path(vg_arena *arena, vg_str path, vg_str_list *out)
{
    vg_vec parts = vg_vec_in(arena, sizeof(vg_str));
    vg_str rest = path, part;
    while (vg_str_next(&rest, '.', &part)) {
        vg_str *slot = vg_vec_push(&parts);
        if (!slot)
            return VG_ERR_MEMORY;
        *slot = part;
    }
    *out = (vg_str_list){parts.items, parts.len};
    return VG_OK;
}

vg_status sigma_set_field(sigma_set *set, vg_str path, uint32_t *out, vg_error *err)
{
    vg_map_entry *known = vg_map_get(set->field_index, path);
    if (known) {
        *out = (uint32_t)known->value.u64;
        return VG_OK;
    }
    vg_str copy = vg_arena_str(set->arena, path);
    vg_field field = {.path = copy, .derived = vg_str_starts(path, VG_STR("vigil."))};
    known = copy.ptr ? vg_map_put(set->field_index, copy, NULL) : NULL;
    vg_field *slot =
        known && split_path(set->arena, copy, &field.parts) == VG_OK ? vg_vec_push(&set->fields) : NULL;
    if (!slot)
        return out_of_memory(err);
    *slot = field;
    *out = (uint32_t)(set->fields.len - 1);
    known->value.u64 = *out;
    return VG_OK;
}

static vg_status add_predicate(sigma_set *set, vg_str key, const vg_predicate *predicate, uint32_t *out,
                               vg_error *err)
{
    sigma_regex *regex = NULL;
    if (predicate->op == VG_TEST_REGEX)
        VG_TRY(sigma_regex_new(set->arena, predicate->text, (unsigned)predicate->number, set->predicates.len,
                               &regex, err));
    vg_map_entry *entry = vg_map_put(set->predicate_index, key, NULL);
    vg_predicate *slot = entry ? vg_vec_push(&set->predicates) : NULL;
    if (!slot)
        return out_of_memory(err);
    *slot = *predicate;
    if (regex)
        slot->program = regex;
    *out = (uint32_t)(set->predicates.len - 1);
    entry->value.u64 = *out;
    return VG_OK;
}

/* What makes two predicates equal. Programs are told apart by `text`: a regular expression's flags stand in `number`. */
vg_status sigma_set_predicate(sigma_set *set, const vg_predicate *predicate, uint32_t *out, vg_error *err)
{
    struct {
        uint32_t field, other;
        double number;
        uint8_t op, how, cased;
    } head;
    memset(&head, 0, sizeof head);
    head.field = predicate->field;
    head.other = predicate->other;
    head.number = predicate->number;
    head.op = predicate->op;
    head.how = predicate->how;
    head.cased = predicate->cased;
    vg_str key = vg_arena_join(set->arena, vg_str_of((const char *)&head, sizeof head), predicate->text);
    if (!key.ptr)
        return out_of_memory(err);
    const vg_map_entry *known = vg_map_get(set->predicate_index, key);
    if (!known)
        return add_predicate(set, key, predicate, out, err);
    *out = (uint32_t)known->value.u64;
    return VG_OK;
}

/* ---- expressions ------------------------------------------------------------------------------------------------------- */

vg_status sigma_rule_new(sigma_set *set, const vg_doc *doc, vg_str name, sigma_rule *out, vg_error *err)
{
    (void)err;
    *out = (sigma_rule){
        .set = set,
        .doc = doc,
        .rule = name,
        .nodes = vg_vec_in(set->arena, sizeof(vg_expr)),
        .children = vg_vec_in(set->arena, sizeof(uint32_t)),
        .weights = vg_vec_in(set->arena, sizeof(uint64_t)),
        .missing = vg_vec_in(set->arena, sizeof(vg_str)),
    };
    return VG_OK;
}

static vg_status add_node(sigma_rule *rule, vg_expr node, uint64_t weight, uint32_t *out, vg_error *err)
{
    if (weight > MOST_WEIGHT)
        return vg_fail(err, VG_ERR_LIMIT, "the condition, written out, makes more than %d tests",
                       MOST_WEIGHT);
    vg_expr *slot = vg_vec_push(&rule->nodes);
    uint64_t *cost = vg_vec_push(&rule->weights);
    if (!slot || !cost)
        return out_of_memory(err);
    *slot = node;
    *cost = weight;
    *out = (uint32_t)(rule->nodes.len - 1);
    return VG_OK;
}

static const vg_expr *node_at(const sigma_rule *rule, uint32_t node)
{
    return vg_vec_at(&rule->nodes, node);
}

static uint64_t weight_of(const sigma_rule *rule, uint32_t node)
{
    return *(const uint64_t *)vg_vec_at(&rule->weights, node);
}

static vg_status add_child(sigma_rule *rule, uint32_t node, vg_error *err)
{
    uint32_t *slot = vg_vec_push(&rule->children);
    if (!slot)
        return out_of_memory(err);
    *slot = node;
    return VG_OK;
}

vg_status sigma_node_test(sigma_rule *rule, const vg_predicate *predicate, uint32_t *out, vg_error *err)
{
    uint32_t index;
    VG_TRY(sigma_set_predicate(rule->set, predicate, &index, err));
    return add_node(rule, (vg_expr){.op = VG_EXPR_TEST, .predicate = index}, 1, out, err);
}

vg_status sigma_node_constant(sigma_rule *rule, bool value, uint32_t *out, vg_error *err)
{
    return add_node(rule, (vg_expr){.op = value ? VG_EXPR_TRUE : VG_EXPR_FALSE}, 1, out, err);
}

vg_status sigma_node_not(sigma_rule *rule, uint32_t child, uint32_t *out, vg_error *err)
{
    const vg_expr *node = node_at(rule, child);
    if (node->op == VG_EXPR_NOT) { /* not not x */
        *out = *(const uint32_t *)vg_vec_at(&rule->children, node->first);
        return VG_OK;
    }
    vg_expr made = {.op = VG_EXPR_NOT, .first = (uint32_t)rule->children.len, .count = 1};
    VG_TRY(add_child(rule, child, err));
    return add_node(rule, made, weight_of(rule, child) + 1, out, err);
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

vg_status sigma_node_many(sigma_rule *rule, vg_expr_op op, const uint32_t *nodes, size_t count, uint32_t *out,
                          vg_error *err)
{
    uint32_t *sorted = vg_arena_alloc(rule->set->arena, (count + 1) * sizeof *sorted);
    if (!sorted)
        return out_of_memory(err);
    if (count)
        memcpy(sorted, nodes, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_number);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) /* a or a */
        if (i == 0 || sorted[i] != sorted[i - 1])
            sorted[kept++] = sorted[i];
    if (kept == 1) {
        *out = sorted[0];
        return VG_OK;
    }
    vg_expr made = {.op = (uint8_t)op, .first = (uint32_t)rule->children.len, .count = (uint32_t)kept};
    uint64_t weight = 1;
    for (size_t i = 0; i < kept; i++) {
        VG_TRY(add_child(rule, sorted[i], err));
        weight += weight_of(rule, sorted[i]);
    }
    return add_node(rule, made, weight, out, err);
}

/* ---- telling ----------------------------------------------------------------------------------------------------------- */

vg_status sigma_fail(const sigma_rule *rule, const vg_value *at, vg_error *err, const char *format, ...)
{
    char text[480];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(rule->doc, at), "%s", text);
}

vg_status sigma_lint(sigma_rule *rule, const vg_value *at, vg_error *err, const char *format, ...)
{
    char text[480];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    vg_error shown = {0};
    vg_fail(&shown, VG_ERR_VALUE, "%s", text); /* without control characters */
    vg_rule_problem *problem = vg_vec_push(rule->set->problems);
    vg_str copy = vg_arena_str(rule->set->arena, vg_str_from(shown.message));
    if (!problem || !copy.ptr)
        return out_of_memory(err);
    *problem = (vg_rule_problem){vg_doc_place(rule->doc, at), rule->rule, copy, false};
    return VG_OK;
}
