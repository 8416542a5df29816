/* fuzz_sigma.c: rule files, and events for them.
 *
 * The input is a rule file; behind a line "%%%" an event in JSON. Whatever it is, compiling, looking for doubtful things and
 * evaluating must come to an end, and what the evaluator says of a predicate must be what the predicate says of the values by
 * itself. */
#include <stdlib.h>

#include "detect/sigma_part.h"

typedef struct {
    const vg_predicate *predicate;
    vg_arena *scratch;
    bool holds;
} asking;

static bool ask(void *context, const vg_value *value)
{
    asking *a = context;
    a->holds |= vg_predicate_holds(a->predicate, value, a->scratch);
    return true;
}

/* Regular expressions may be given up at different limits in machine code, so they are left out. */
static bool is_told_by_values(const vg_rules *rules, const vg_predicate *p)
{
    return p->field != VG_FIELD_ALL && !rules->fields[p->field].derived && p->op < VG_TEST_NULL &&
           p->op != VG_TEST_REGEX;
}

static void check_rule(const vg_rules *rules, size_t index, const vg_value *event, bool matched,
                       vg_arena *scratch)
{
    const vg_compiled_rule *rule = &rules->rules[index];
    if (rule->node_count != 1 || rule->nodes[0].op != VG_EXPR_TEST)
        return;
    const vg_predicate *p = &rules->predicates[rule->nodes[0].predicate];
    asking a = {p, scratch, false};
    if (!is_told_by_values(rules, p))
        return;
    sigma_lookup(event, rules->fields[p->field].path, ask, &a);
    if (a.holds != matched)
        abort();
}

static void evaluate(vg_arena *arena, const vg_rules *rules, vg_str json)
{
    vg_doc doc;
    vg_event_memory memory;
    vg_event event;
    const vg_limits limits = {.max_depth = 100, .max_nodes = 100000};
    if (vg_json_read(arena, json, VG_STR("event"), &limits, &doc, NULL) != VG_OK ||
        doc.root->kind != VG_OBJECT ||
        vg_event_of(VG_LOG_CLOUDTRAIL, doc.root, &memory, &event, NULL) != VG_OK)
        return;
    vg_evaluator *ev = vg_evaluator_new(rules, NULL, 0);
    if (!ev)
        return;
    for (int pass = 0; pass < 2; pass++) {
        event.log = pass ? VG_LOG_CLOUDTRAIL : VG_LOG_UNKNOWN;
        vg_evaluator_begin(ev, &event);
        for (size_t i = 0; i < rules->rule_count; i++)
            check_rule(rules, i, doc.root, vg_evaluator_match(ev, i), arena);
    }
    vg_evaluator_free(ev);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const vg_str values[] = {VG_STR_INIT("one"), VG_STR_INIT("srv*")};
    const vg_placeholder placeholder = {VG_STR("known"), {values, VG_COUNT(values)}};
    const vg_rules_options options = {
        .placeholders = &placeholder, .placeholder_count = 1, .now = VG_TIME_DAY};
    vg_str text = {(const char *)data, size};
    size_t at = vg_str_find(text, VG_STR("%%%\n"));
    vg_rule_file file = {VG_STR("fuzz.yml"), at == VG_NPOS ? text : vg_str_sub(text, 0, at)};
    vg_arena *arena = vg_arena_new(512 << 20);
    vg_rules *rules = NULL;
    vg_vec problems = vg_vec_in(arena, sizeof(vg_rule_problem));
    if (vg_rules_compile(arena, &file, 1, &options, &rules, &problems, NULL) == VG_OK &&
        vg_rules_lint(arena, rules, &problems, NULL) == VG_OK && at != VG_NPOS)
        evaluate(arena, rules, vg_str_sub(text, at + 4, size));
    vg_arena_free(arena);
    return 0;
}
