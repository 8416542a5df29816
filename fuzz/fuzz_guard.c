/* fuzz_guard.c: rules and a document through the Guard compiler and evaluator, in one input: the rules, a line of
 * "====", the document. Rules that compile must list themselves; every rule must be told exactly once. */
#include "control/control.h"

#include <stdlib.h>

typedef struct {
    size_t next;
} told;

static void on_rule(void *context, size_t rule, vg_guard_status status, const vg_error *error)
{
    told *t = context;
    if (rule != t->next || (status == VG_GUARD_ERROR) != (error != NULL))
        abort();
    t->next++;
}

static void on_violation(void *context, const vg_guard_violation *v)
{
    told *t = context;
    if (v->rule != t->next || v->clause_place.line == 0 || !v->why.ptr)
        abort();
}

static void evaluate(const vg_ruleset *rules, vg_str text)
{
    vg_arena *arena = vg_arena_new(256U << 20);
    vg_doc doc;
    vg_error err = {0};
    told t = {0};
    vg_guard_sink sink = {on_violation, on_rule, &t};
    vg_guard_options options = {.now = VG_TIME_DAY, .max_steps = 100000};
    if (vg_guard_document_read(arena, text, VG_STR("d"), &doc, &err) == VG_OK &&
        vg_ruleset_evaluate(rules, &doc, &options, arena, &sink, &err) == VG_OK &&
        t.next != vg_ruleset_count(rules))
        abort();
    vg_guard_test_result result;
    vg_guard_test(rules, text, VG_STR("t"), &options, NULL, NULL, &result, &err);
    vg_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    vg_str input = vg_str_of((const char *)bytes, size), document = VG_STR("{}");
    size_t fence = vg_str_find(input, VG_STR("\n====\n"));
    if (fence != VG_NPOS) {
        document = vg_str_sub(input, fence + 6, VG_NPOS);
        input = vg_str_sub(input, 0, fence + 1);
    }
    vg_rule_source source = {VG_STR("f.guard"), input, false};
    vg_ruleset *rules = NULL;
    vg_error err = {0};
    if (vg_ruleset_compile(&source, 1, &rules, &err) == VG_OK)
        evaluate(rules, document);
    vg_ruleset_free(rules);
    vg_arena *arena = vg_arena_new(64U << 20);
    vg_control_header header;
    bool found;
    vg_control_header_read(arena, input, VG_STR("f.guard"), &header, &found, &err);
    vg_arena_free(arena);
    return 0;
}
