/* unit_test.c: unit tests of rules (docs/UNIT_TESTING.md): a list of cases, each with an input document and, by name of
 * rule, the status that is expected. */
#include "control/guard_part.h"

typedef struct {
    const vg_ruleset *rules;
    const vg_guard_options *options;
    vg_arena *arena; /* of the case under way */
    const vg_doc *doc;
    vg_guard_status *statuses; /* of all rules, on the input of the case */
    const char **errors;
    void (*each)(void *context, const vg_guard_expectation *expectation);
    void *context;
    vg_guard_test_result *result;
    vg_error *err;
} test_run;

static void note_status(void *context, size_t rule, vg_guard_status status, const vg_error *error)
{
    test_run *run = context;
    run->statuses[rule] = status;
    if (!error)
        return;
    char text[900];
    vg_error_format(error, text, sizeof text);
    run->errors[rule] = vg_arena_cstr(run->arena, vg_str_from(text));
}

/* The statuses of the rules named so, in order. */
static vg_status gather(const test_run *run, vg_guard_expectation *x)
{
    vg_guard_status *got = VG_NEW_N(run->arena, vg_guard_status, run->rules->rule_count + 1);
    if (!got)
        return vg_fail(run->err, VG_ERR_MEMORY, "out of memory while testing rules");
    for (size_t i = 0; i < run->rules->rule_count; i++) {
        if (!vg_str_eq(vg_ruleset_rule(run->rules, i).name, x->rule))
            continue;
        got[x->got_count++] = run->statuses[i];
        if (run->statuses[i] == VG_GUARD_ERROR && run->errors[i])
            x->why = vg_str_from(run->errors[i]);
    }
    x->got = got;
    return VG_OK;
}

/* Met by any rule of the name that gave it; SKIP only when all did. A name that no rule has is not checked. */
static bool is_met(const vg_guard_expectation *x)
{
    size_t met = 0;
    if (x->got_count == 0)
        return true;
    for (size_t i = 0; i < x->got_count; i++)
        met += x->got[i] == x->expected;
    return x->expected == VG_GUARD_SKIP ? met == x->got_count : met > 0;
}

static vg_str explain(const test_run *run, const vg_guard_expectation *x)
{
    if (x->why.len > 0)
        return x->why;
    if (x->got_count == 0)
        return vg_arena_printf(run->arena, "no rule is named %.*s", VG_ARG(x->rule));
    vg_buf text = {0};
    vg_buf_addf(&text, "expected %s, got ", vg_guard_status_name(x->expected));
    for (size_t i = 0; i < x->got_count; i++)
        vg_buf_addf(&text, "%s%s", i > 0 ? ", " : "", vg_guard_status_name(x->got[i]));
    vg_str kept = vg_arena_str(run->arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return kept;
}

static vg_status fail_at(const test_run *run, const vg_value *at, const char *message)
{
    return vg_fail_at(run->err, VG_ERR_VALUE, vg_doc_place(run->doc, at), "%s", message);
}

static vg_status check_expectation(const test_run *run, vg_items it, vg_guard_expectation x, bool *passed)
{
    x.rule = it.key;
    if (it.value->kind != VG_STRING || !vg_guard_status_parse(vg_value_str(it.value), &x.expected))
        return fail_at(run, it.value, "an expectation is PASS, FAIL or SKIP");
    VG_TRY(gather(run, &x));
    x.passed = is_met(&x);
    x.why = x.passed && x.got_count > 0 ? (vg_str){0} : explain(run, &x);
    *passed = *passed && x.passed;
    if (run->each)
        run->each(run->context, &x);
    return VG_OK;
}

/* The input as a document of its own: its nodes are a run of the file's. */
static vg_doc input_of(const test_run *run, const vg_value *input)
{
    vg_doc doc = *run->doc;
    doc.root = input;
    doc.node_count = (size_t)(vg_value_after(input) - input);
    return doc;
}

static vg_status run_case(test_run *run, const vg_value *item, size_t number)
{
    const vg_value *input = vg_get(item, VG_STR("input")), *rules = vg_get_path(item, "expectations/rules");
    if (!input || !rules || rules->kind != VG_OBJECT)
        return fail_at(run, item, "a test case has `input`, and `expectations` with `rules`");
    vg_doc doc = input_of(run, input);
    run->statuses = VG_NEW_N(run->arena, vg_guard_status, run->rules->rule_count + 1);
    run->errors = VG_NEW_N(run->arena, const char *, run->rules->rule_count + 1);
    if (!run->statuses || !run->errors)
        return vg_fail(run->err, VG_ERR_MEMORY, "out of memory while testing rules");
    vg_guard_sink sink = {.rule = note_status, .context = run};
    VG_TRY(vg_ruleset_evaluate(run->rules, &doc, run->options, run->arena, &sink, run->err));
    vg_guard_expectation x = {.test = vg_get_str(item, "name"), .place = vg_doc_place(run->doc, item)};
    if (x.test.len == 0)
        x.test = vg_arena_printf(run->arena, "Test #%zu", number);
    bool passed = true;
    for (vg_items it = vg_items_of(rules); vg_items_next(&it);)
        VG_TRY(check_expectation(run, it, x, &passed));
    run->result->cases++;
    run->result->passed += passed;
    run->result->failed += !passed;
    return VG_OK;
}

static vg_status run_cases(test_run *run)
{
    if (!run->doc->root || run->doc->root->kind != VG_ARRAY)
        return vg_fail_at(run->err, VG_ERR_VALUE, (vg_place){.file = run->doc->name},
                          "a file of unit tests is a list of cases with `input` and `expectations`");
    size_t number = 0;
    for (vg_items it = vg_items_of(run->doc->root); vg_items_next(&it);) {
        VG_TRY(run_case(run, it.value, ++number));
        vg_arena_reset(run->arena);
    }
    return VG_OK;
}

vg_status vg_guard_test(const vg_ruleset *rules, vg_str text, vg_str name, const vg_guard_options *options,
                        void (*each)(void *context, const vg_guard_expectation *expectation), void *context,
                        vg_guard_test_result *result, vg_error *err)
{
    *result = (vg_guard_test_result){0};
    vg_arena *arena = vg_arena_new(0), *file = vg_arena_new(0);
    vg_doc doc;
    vg_status status =
        arena && file ? VG_OK : vg_fail(err, VG_ERR_MEMORY, "out of memory while testing rules");
    if (status == VG_OK)
        status = guard_read(file, text, name, GUARD_AS_TESTS, &doc, err);
    test_run run = {.rules = rules,
                    .options = options,
                    .arena = arena,
                    .doc = &doc,
                    .each = each,
                    .context = context,
                    .result = result,
                    .err = err};
    if (status == VG_OK)
        status = run_cases(&run);
    vg_arena_free(arena);
    vg_arena_free(file);
    return status;
}
