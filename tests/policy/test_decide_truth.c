/* test_decide_truth.c: the engine against decisions that others wrote down: core.jsonl's requests, tables.jsonl's rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "policy/policy.h"

static const char *path_of(const char *name)
{
    static char path[4096];
    const char *data = getenv("VIGIL_TEST_DATA");
    snprintf(path, sizeof path, "%s/iam-decisions/%s", data ? data : VIGIL_SOURCE_DIR "/../shared/data",
             name);
    return path;
}

/* Skips the test where the data is not there: before it holds any memory, since a skip frees none. */
static void need(const char *name)
{
    if (access(path_of(name), R_OK) == 0)
        return;
    print_message("not run: %s (not there)\n", name);
    skip();
}

static vg_str data_file(vg_arena *arena, const char *name)
{
    vg_str text;
    vg_error err;
    assert_int_equal(vg_file_read(arena, vg_str_from(path_of(name)), 64 << 20, &text, &err), VG_OK);
    return text;
}

static const vg_catalogue *catalogue(vg_arena *arena)
{
    vg_str text;
    vg_error err;
    const vg_catalogue *out;
    assert_int_equal(
        vg_file_read(arena, VG_STR(VIGIL_SOURCE_DIR "/content/catalogue/actions.txt"), 64 << 20, &text, &err),
        VG_OK);
    assert_int_equal(vg_catalogue_open(arena, text, &out, &err), VG_OK);
    return out;
}

static bool blocked_as(const vg_value *expected, unsigned bits)
{
    vg_buf got = {0};
    for (unsigned bit = 1; bit <= VG_BY_S3_SETTINGS; bit <<= 1)
        if (bits & bit)
            vg_buf_addf(&got, "%s,", vg_layer_bit_name(bit));
    vg_buf want = {0};
    for (vg_items it = vg_items_of(expected); vg_items_next(&it);)
        vg_buf_addf(&want, "%.*s,", VG_ARG(vg_value_str(it.value)));
    bool same = vg_str_eq(vg_buf_str(&got), vg_buf_str(&want));
    if (!same)
        print_error("  blocked by %.*s, want %.*s\n", VG_ARG(vg_buf_str(&got)), VG_ARG(vg_buf_str(&want)));
    vg_buf_free(&got);
    vg_buf_free(&want);
    return same;
}

static void core_requests_decide_as_given(void **state)
{
    (void)state;
    need("core.jsonl");
    vg_arena *keep = vg_arena_new(0), *arena = vg_arena_new(0);
    const vg_catalogue *c = catalogue(keep);
    vg_str text = data_file(keep, "core.jsonl"), line;
    unsigned wrong = 0, strict = 0, discovery = 0;
    while (vg_str_next(&text, '\n', &line)) {
        vg_doc doc;
        vg_policy_case one;
        vg_error err;
        if (line.len == 0)
            continue;
        vg_arena_reset(arena);
        assert_int_equal(vg_json_read(arena, line, VG_STR("core.jsonl"), NULL, &doc, &err), VG_OK);
        if (vg_str_is(vg_get_str(doc.root, "simulation/mode"), "Discovery")) {
            print_message("not run: %.*s (Discovery asks which conditions the peer left out)\n",
                          VG_ARG(vg_get_str(doc.root, "id")));
            discovery++;
            continue;
        }
        strict++;
        assert_int_equal(vg_policy_case_read(arena, &doc, doc.root, c, &one, &err), VG_OK);
        vg_decision d = vg_policy_decide(&one.request, &one.layers);
        vg_str want = vg_get_str(doc.root, "expected/response");
        const vg_value *blocked = vg_get_path(doc.root, "expected/blockedBy");
        bool right = vg_str_is(want, vg_decision_name(d.result));
        if (!right || (blocked && !blocked_as(blocked, d.blocked_by))) {
            print_error("%.*s\n  is %s, want %.*s\n", VG_ARG(vg_get_str(doc.root, "id")),
                        vg_decision_name(d.result), VG_ARG(want));
            wrong++;
        }
    }
    print_message("# %u strict cases, %u of discovery not run\n", strict, discovery);
    assert_int_equal(wrong, 0);
    vg_arena_free(arena);
    vg_arena_free(keep);
}

/* Rows that AWS's documents contradict, each told in docs/policy-divergences.md. */
static bool is_divergence(vg_str name)
{
    static const char *const names[] = {""};
    for (size_t i = 0; i < VG_COUNT(names); i++)
        if (vg_str_is(name, names[i]))
            return true;
    return false;
}

/* ---- tables.jsonl ------------------------------------------------------------------------------------------------------ */

/* A row becomes a whole request, so that what is tested is what the engine does, not a part of it. */
static void put_statement(vg_builder *b, vg_str effect, bool principal, const char *element,
                          const vg_value *values, const char *operator, const vg_value * operands)
{
    vg_builder_object(b);
    vg_builder_put_str(b, "Effect", effect);
    if (principal)
        vg_builder_put_str(b, "Principal", VG_STR("*"));
    vg_builder_put_str(b, "Action", VG_STR("*"));
    if (values)
        vg_builder_put_value(b, element, values);
    else
        vg_builder_put_str(b, element, VG_STR("*"));
    if (operator) {
        vg_builder_key(b, VG_STR("Condition"));
        vg_builder_object(b);
        vg_builder_key(b, vg_str_from(operator));
        vg_builder_object(b);
        vg_builder_put_value(b, "test:Key", operands);
        vg_builder_end(b);
        vg_builder_end(b);
    }
    vg_builder_end(b);
}

static const vg_policy *one_statement(vg_arena *arena, vg_policy_kind kind, vg_str effect,
                                      const char *element, const vg_value *values, const char *operator,
                                      const vg_value * operands)
{
    vg_builder *b = vg_builder_new(arena);
    const vg_value *root;
    size_t count;
    vg_error err;
    bool principal = kind == VG_POLICY_RESOURCE || kind == VG_POLICY_RCP || kind == VG_POLICY_ENDPOINT;
    vg_builder_object(b);
    vg_builder_put_str(b, "Version", VG_STR("2012-10-17"));
    vg_builder_key(b, VG_STR("Statement"));
    vg_builder_array(b);
    put_statement(b, effect, principal, element, values, operator, operands);
    if (kind == VG_POLICY_SCP)
        put_statement(b, VG_STR("Allow"), false, "Resource", NULL, NULL, NULL);
    vg_builder_end(b);
    vg_builder_end(b);
    assert_int_equal(vg_builder_finish(b, &root, &count, &err), VG_OK);
    vg_policy_document *document = VG_NEW(arena, vg_policy_document);
    const vg_policy *policy;
    assert_int_equal(vg_policy_read(arena, NULL, root, kind, VG_STR("row"), document, &err), VG_OK);
    assert_int_equal(vg_policy_compile(arena, document, NULL, &policy, &err), VG_OK);
    return policy;
}

static vg_policy_kind kind_of(vg_str name)
{
    static const struct {
        const char *name;
        vg_policy_kind kind;
    } kinds[] = {{"identity", VG_POLICY_IDENTITY},
                 {"session", VG_POLICY_SESSION},
                 {"pb", VG_POLICY_BOUNDARY},
                 {"resource", VG_POLICY_RESOURCE},
                 {"vpce", VG_POLICY_ENDPOINT},
                 {"scp", VG_POLICY_SCP},
                 {"rcp", VG_POLICY_RCP}};
    for (size_t i = 0; i < VG_COUNT(kinds); i++)
        if (vg_str_is(name, kinds[i].name))
            return kinds[i].kind;
    return VG_POLICY_IDENTITY;
}

/* Whether the statement applied: an Allow let the request through, a Deny stopped it. */
static bool applies(vg_arena *arena, const vg_request *request, vg_policy_kind kind, const vg_policy *policy,
                    bool deny)
{
    const vg_policy *everything =
        one_statement(arena, VG_POLICY_IDENTITY, VG_STR("Allow"), "Resource", NULL, NULL, NULL);
    const vg_layer all = {VG_LAYER_KNOWN, &everything, 1, {0}}, row = {VG_LAYER_KNOWN, &policy, 1, {0}};
    vg_layers layers = {.identity = all};
    switch (kind) {
    case VG_POLICY_SESSION:
        layers.session = row;
        break;
    case VG_POLICY_BOUNDARY:
        layers.boundary = row;
        break;
    case VG_POLICY_ENDPOINT:
        layers.endpoint = row;
        break;
    case VG_POLICY_SCP:
        layers.scps = &row;
        layers.scp_count = 1;
        break;
    case VG_POLICY_RCP:
        layers.rcps = &row;
        layers.rcp_count = 1;
        break;
    case VG_POLICY_RESOURCE:
        layers.resource = row;
        if (!deny)
            layers.identity = (vg_layer){0};
        break;
    default:
        layers.identity = row;
        if (deny) {
            const vg_policy **both = VG_NEW_N(arena, const vg_policy *, 2);
            both[0] = policy;
            both[1] = everything;
            layers.identity = (vg_layer){VG_LAYER_KNOWN, both, 2, {0}};
        }
    }
    vg_decision_result result = vg_policy_decide(request, &layers).result;
    return deny ? result == VG_EXPLICITLY_DENIED : result == VG_ALLOWED;
}

static void read_context(vg_arena *arena, const vg_value *context, const vg_value *test_value,
                         vg_request *request)
{
    size_t n = context ? vg_value_count(context) : 0;
    vg_context_entry *entries = VG_NEW_N(arena, vg_context_entry, n + 1);
    request->context = entries;
    for (vg_items it = vg_items_of(context); vg_items_next(&it);) {
        vg_context_entry *e = &entries[request->context_count++];
        bool multi = it.value->kind == VG_ARRAY;
        vg_str *values = VG_NEW_N(arena, vg_str, multi ? vg_value_count(it.value) : 1);
        *e =
            (vg_context_entry){.key = it.key, .values = values, .multi = multi, .value_count = multi ? 0 : 1};
        values[0] = vg_value_str(it.value);
        for (vg_items each = vg_items_of(it.value); vg_items_next(&each);)
            values[e->value_count++] = vg_value_str(each.value);
    }
    if (test_value) {
        vg_str *value = VG_NEW(arena, vg_str);
        *value = vg_value_str(test_value);
        entries[request->context_count++] =
            (vg_context_entry){.key = VG_STR("test:Key"), .values = value, .value_count = 1};
    }
}

static bool resource_row_holds(vg_arena *arena, const vg_value *row)
{
    const vg_value *listed = vg_get(row, VG_STR("resourceStatements"));
    const vg_value *others = vg_get(row, VG_STR("notResourceStatements"));
    vg_str effect = vg_get_str(row, "effect");
    vg_policy_kind kind = kind_of(vg_get_str(row, "policyType"));
    vg_request request = {.caller = vg_caller_of(VG_STR("arn:aws:iam::123456789012:user/u")),
                          .action = VG_STR("x:Y"),
                          .resource = vg_get_str(row, "resource/resource"),
                          .resource_account = VG_STR("123456789012"),
                          .wildcard_only_action = vg_get_bool(row, "wildcardOnlyAction", false)};
    read_context(arena, vg_get(row, VG_STR("context")), NULL, &request);
    const vg_policy *policy =
        one_statement(arena, kind, effect.len ? effect : VG_STR("Allow"), listed ? "Resource" : "NotResource",
                      listed ? listed : others, NULL, NULL);
    return applies(arena, &request, kind, policy, vg_str_is(effect, "Deny"));
}

static bool operator_row_holds(vg_arena *arena, const vg_value *row)
{
    vg_request request = {.caller = vg_caller_of(VG_STR("arn:aws:iam::123456789012:user/u")),
                          .action = VG_STR("x:Y"),
                          .resource = VG_STR("arn:aws:x:us-east-1:123456789012:y/z"),
                          .resource_account = VG_STR("123456789012")};
    read_context(arena, vg_get(row, VG_STR("context")), vg_get(row, VG_STR("testValue")), &request);
    const vg_policy *policy =
        one_statement(arena, VG_POLICY_IDENTITY, VG_STR("Allow"), "Resource", NULL,
                      vg_arena_cstr(arena, vg_get_str(row, "op")), vg_get(row, VG_STR("policyValues")));
    return applies(arena, &request, VG_POLICY_IDENTITY, policy, false);
}

static void rows_of_the_tables_hold(void **state)
{
    (void)state;
    need("tables.jsonl");
    vg_arena *keep = vg_arena_new(0), *arena = vg_arena_new(0);
    vg_str text = data_file(keep, "tables.jsonl"), line;
    unsigned wrong = 0, resources = 0, operators = 0;
    while (vg_str_next(&text, '\n', &line)) {
        vg_doc doc;
        vg_error err;
        if (line.len == 0)
            continue;
        vg_arena_reset(arena);
        assert_int_equal(vg_json_read(arena, line, VG_STR("tables.jsonl"), NULL, &doc, &err), VG_OK);
        bool is_resource = vg_str_is(vg_get_str(doc.root, "kind"), "resource");
        bool got = is_resource ? resource_row_holds(arena, doc.root) : operator_row_holds(arena, doc.root);
        bool want = vg_get_bool(doc.root, is_resource ? "expectMatch" : "expected", false);
        resources += is_resource;
        operators += !is_resource;
        if (got != want && !is_divergence(vg_get_str(doc.root, "name"))) {
            print_error("%.*s\n  is %d, want %d\n", VG_ARG(line), got, want);
            wrong++;
        }
    }
    print_message("# %u rows on resources, %u on operators\n", resources, operators);
    assert_int_equal(wrong, 0);
    vg_arena_free(arena);
    vg_arena_free(keep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(core_requests_decide_as_given),
                                       cmocka_unit_test(rows_of_the_tables_hold)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
