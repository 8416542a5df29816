/* Every check of lint, by the cases of tests/policy/lint/: a policy that must raise it, at the place given, and one that is
 * almost the same and must not. A check without a case fails, and so does a case of no check. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/lint_world.h"

static lint_world world;

static int open_world(void **state)
{
    (void)state;
    world = lint_world_open();
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    vg_arena_free(world.arena);
    return 0;
}

/* ---- cases ---------------------------------------------------------------------------------------------------------------- */

/* A policy of `size` characters that is right but for it. */
static vg_str policy_of_size(vg_arena *arena, size_t size, vg_policy_kind kind)
{
    vg_buf text = {0};
    bool principal = kind == VG_POLICY_RESOURCE || kind == VG_POLICY_TRUST || kind == VG_POLICY_RCP;
    vg_buf_addf(&text, "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Deny\",%s%s\"Action\":[",
                principal ? "\"Principal\":\"*\"," : "",
                kind == VG_POLICY_TRUST ? "" : "\"Resource\":\"*\",");
    for (unsigned i = 0; text.len + 16 < size; i++)
        vg_buf_addf(&text, "%s\"s3:GetA%03u*\"", i ? "," : "", i % 1000);
    vg_buf_add_c(&text, "]}]}");
    vg_str out = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return out;
}

/* The policy of a case as JSON: whole, of a size, or one statement of it. */
static vg_str policy_text(vg_arena *arena, const vg_value *policy, vg_policy_kind kind)
{
    int64_t size;
    vg_buf text = {0};
    if (policy->kind == VG_STRING)
        return vg_value_str(policy);
    if (vg_get_i64(policy, "size", &size))
        return policy_of_size(arena, (size_t)size, kind);
    bool whole = vg_get(policy, VG_STR("Version")) || vg_get(policy, VG_STR("Statement"));
    vg_buf_add_c(&text, whole ? "" : "{\"Version\":\"2012-10-17\",\"Statement\":[");
    vg_json_write(&text, policy, 0);
    vg_buf_add_c(&text, whole ? "" : "]}");
    vg_str out = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return out;
}

static vg_lint_result lint_text(vg_arena *arena, vg_str text, vg_policy_kind kind, bool obsolete)
{
    vg_error err = {0};
    vg_policy_document document;
    vg_lint_result result = {0};
    vg_lint_options options = {.obsolete = obsolete};
    if (vg_policy_read_text(arena, text, kind, VG_STR("policy.json"), &document, &err) != VG_OK ||
        vg_policy_lint(world.linter, arena, &document, &options, &result, &err) != VG_OK)
        fail_msg("%s", err.message);
    return result;
}

static vg_str path_text(vg_arena *arena, const vg_lint_location *location)
{
    vg_buf text = {0};
    vg_lint_path_write(&text, location);
    vg_str out = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return out;
}

static const vg_lint_finding *finding_of(const vg_lint_result *result, vg_str code, vg_str at,
                                         vg_arena *arena)
{
    const vg_lint_finding *found = NULL;
    for (size_t i = 0; i < result->count; i++) {
        const vg_lint_finding *f = &result->findings[i];
        if (vg_str_is(code, f->check->code) && (!found || vg_str_eq(path_text(arena, &f->locations[0]), at)))
            found = f;
    }
    return found;
}

static bool has_location(vg_arena *arena, const vg_lint_finding *f, vg_str at)
{
    for (size_t i = 0; i < f->location_count; i++)
        if (vg_str_eq(path_text(arena, &f->locations[i]), at))
            return true;
    return false;
}

static void print_case(vg_str code, vg_str text, const vg_lint_result *result, vg_arena *arena)
{
    print_error("%.*s: %.*s\n", VG_ARG(code), VG_ARG(text));
    for (size_t i = 0; i < result->count; i++)
        print_error("  raised %s at %.*s: %.*s\n", result->findings[i].check->code,
                    VG_ARG(path_text(arena, &result->findings[i].locations[0])),
                    VG_ARG(result->findings[i].message));
}

/* How many of the case's expectations fail. */
static unsigned judge(vg_arena *arena, const vg_value *row)
{
    vg_str code = vg_get_str(row, "code"), at = vg_get_str(row, "at"), kind_name = vg_get_str(row, "kind");
    vg_policy_kind kind = VG_POLICY_IDENTITY;
    bool obsolete = vg_get_bool(row, "obsolete", false);
    if (kind_name.len)
        assert_true(vg_policy_kind_parse(kind_name, &kind));
    vg_str text = policy_text(arena, vg_get(row, VG_STR("raised")), kind);
    vg_str near = policy_text(arena, vg_get(row, VG_STR("near")), kind);
    vg_lint_result result = lint_text(arena, text, kind, obsolete);
    const vg_lint_finding *f = finding_of(&result, code, at, arena);
    bool right = f && vg_str_eq(path_text(arena, &f->locations[0]), at) && f->message.len &&
                 f->locations[0].start.line == 1;
    for (vg_items it = vg_items_of(vg_get(row, VG_STR("also"))); right && vg_items_next(&it);)
        right = has_location(arena, f, vg_value_str(it.value));
    if (!right) {
        print_case(code, text, &result, arena);
        print_error("  wanted at %.*s\n", VG_ARG(at));
    }
    vg_lint_result missed = lint_text(arena, near, kind, obsolete);
    bool quiet = !finding_of(&missed, code, at, arena);
    for (vg_items it = vg_items_of(vg_get(row, VG_STR("nears"))); quiet && vg_items_next(&it);) {
        near = policy_text(arena, it.value, kind);
        missed = lint_text(arena, near, kind, obsolete);
        quiet = !finding_of(&missed, code, at, arena);
    }
    if (!quiet)
        print_case(code, near, &missed, arena);
    bool silent_by_default = true;
    if (obsolete) {
        vg_lint_result usual = lint_text(arena, text, kind, false);
        silent_by_default = !finding_of(&usual, code, at, arena);
    }
    return (unsigned)!right + (unsigned)!quiet + (unsigned)!silent_by_default;
}

/* Notes which checks have cases: a byte each, by their index. */
static void note_case(vg_str code, bool *covered)
{
    for (size_t i = 0; i < vg_lint_check_count(); i++)
        if (vg_str_is(code, vg_lint_check_at(i)->code)) {
            covered[i] = true;
            return;
        }
    fail_msg("a case of no check: %.*s", VG_ARG(code));
}

static void each_check_is_raised_and_nearly_the_same_is_not(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_error err = {0};
    vg_vec files = vg_vec_in(arena, sizeof(vg_dir_entry));
    bool *covered = VG_NEW_N(arena, bool, vg_lint_check_count());
    unsigned failed = 0, cases = 0;
    assert_int_equal(
        vg_dir_walk(arena, VG_STR(VIGIL_SOURCE_DIR "/tests/policy/lint"), &files, NULL, NULL, &err), VG_OK);
    for (size_t i = 0; i < files.len; i++) {
        vg_str path = ((const vg_dir_entry *)vg_vec_at(&files, i))->path, text;
        vg_doc doc;
        if (vg_file_read(arena, path, 1 << 24, &text, &err) != VG_OK ||
            vg_yaml_read(arena, text, path, NULL, &doc, &err) != VG_OK)
            fail_msg("%.*s:%u: %s", VG_ARG(path), err.place.line, err.message);
        for (vg_items it = vg_items_of(doc.root); vg_items_next(&it); cases++) {
            note_case(vg_get_str(it.value, "code"), covered);
            failed += judge(arena, it.value);
        }
    }
    for (size_t i = 0; i < vg_lint_check_count(); i++)
        if (!covered[i]) {
            print_error("%s has no case\n", vg_lint_check_at(i)->code);
            failed++;
        }
    printf("# %u cases of %zu checks\n", cases, vg_lint_check_count());
    vg_arena_free(arena);
    assert_int_equal(failed, 0);
}

/* ---- the table ------------------------------------------------------------------------------------------------------------- */

static void checks_are_named_once_and_explain_themselves(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    size_t of_aws = 0, obsolete = 0;
    for (size_t i = 0; i < vg_lint_check_count(); i++) {
        const vg_lint_check *check = vg_lint_check_at(i);
        assert_ptr_equal(vg_lint_check_find(vg_str_from(check->code)), check);
        assert_true(strlen(check->finds) > 8 && strlen(check->remedy) > 8 && check->kinds);
        assert_true(vg_lint_check_link(arena, check).len > 20);
        of_aws += !vg_lint_check_is_ours(check);
        obsolete += check->obsolete;
    }
    assert_int_equal(of_aws, 157);
    assert_int_equal(obsolete, 5);
    assert_null(vg_lint_check_find(VG_STR("NO_SUCH_CHECK")));
    assert_non_null(vg_lint_check_find(VG_STR("pass-role-with-star-in-resource")));
    vg_str link = vg_lint_check_link(arena, vg_lint_check_find(VG_STR("CREATE_SLR_WITH_NOT_RESOURCE")));
    assert_true(vg_str_ends(
        link,
        VG_STR("#access-analyzer-reference-policy-checks-general-warning-create-slr-with-not-resource")));
    vg_arena_free(arena);
}

/* ---- places ---------------------------------------------------------------------------------------------------------------- */

static void places_are_lines_columns_and_spans(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_str text = VG_STR("{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": {\n    \"Effect\": \"Allow\",\n"
                         "    \"Action\": [\"s3:GetObject\",\n               \"s3:No\\u0070e\"],\n    "
                         "\"Resource\": \"*\"\n  }\n}\n");
    vg_lint_result result = lint_text(arena, text, VG_POLICY_IDENTITY, false);
    const vg_lint_finding *f = finding_of(&result, VG_STR("INVALID_ACTION"), VG_STR(""), arena);
    assert_non_null(f);
    const vg_lint_location *at = &f->locations[0];
    assert_int_equal(at->start.line, 6);
    assert_int_equal(at->start.column, 16);
    assert_int_equal(at->end.line, 6);
    assert_int_equal(at->end.column, 16 + sizeof("\"s3:No\\u0070e\"") - 1);
    assert_true(vg_str_is(vg_str_sub(text, at->start_offset, at->end_offset - at->start_offset),
                          "\"s3:No\\u0070e\""));
    assert_int_equal(f->statement, 0);
    vg_arena_free(arena);
}

static void a_policy_inside_a_larger_document_keeps_its_places(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_str text = VG_STR("{\"name\": \"x\",\n \"document\": {\"Version\": \"2012-10-17\", \"Statement\": "
                         "[{\"Effect\": \"Allow\", "
                         "\"Action\": \"s3:Nope\", \"Resource\": \"*\"}]}}");
    vg_doc doc;
    vg_policy_document document;
    vg_lint_result result;
    assert_int_equal(vg_json_read(arena, text, VG_STR("f"), NULL, &doc, NULL), VG_OK);
    assert_int_equal(vg_policy_read(arena, &doc, vg_get(doc.root, VG_STR("document")), VG_POLICY_IDENTITY,
                                    VG_STR("x"), &document, NULL),
                     VG_OK);
    assert_int_equal(vg_policy_lint(world.linter, arena, &document, NULL, &result, NULL), VG_OK);
    const vg_lint_finding *f = finding_of(&result, VG_STR("INVALID_ACTION"), VG_STR(""), arena);
    assert_non_null(f);
    assert_true(vg_str_is(path_text(arena, &f->locations[0]), "Statement[0].Action"));
    assert_int_equal(f->locations[0].start.line, 2);
    vg_arena_free(arena);
}

static void a_byte_order_mark_is_no_column(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_lint_result result = lint_text(arena,
                                      VG_STR("\xEF\xBB\xBF{\"Statement\": [{\"Effect\": \"Allow\", "
                                             "\"Action\": \"s3:Nope\", \"Resource\": \"*\"}]}"),
                                      VG_POLICY_IDENTITY, false);
    const vg_lint_finding *f = finding_of(&result, VG_STR("INVALID_ACTION"), VG_STR(""), arena);
    assert_non_null(f);
    assert_int_equal(f->locations[0].start.column,
                     sizeof("{\"Statement\": [{\"Effect\": \"Allow\", \"Action\": "));
    vg_arena_free(arena);
}

/* ---- kinds ------------------------------------------------------------------------------------------------------------------ */

static void kinds_are_told_by_their_elements(void **state)
{
    (void)state;
    static const struct {
        const char *policy;
        vg_policy_kind kind;
    } cases[] = {
        {"{\"Statement\":[{\"Action\":\"s3:*\",\"Resource\":\"*\"}]}", VG_POLICY_IDENTITY},
        {"{\"Statement\":{\"Principal\":\"*\",\"Action\":\"s3:*\",\"Resource\":\"*\"}}", VG_POLICY_RESOURCE},
        {"{\"Statement\":[{\"Principal\":{\"AWS\":\"1\"},\"Action\":[\"sts:TagSession\",\"sts:AssumeRole\"]}]"
         "}",
         VG_POLICY_TRUST},
        {"{\"Statement\":[{\"NotPrincipal\":\"*\",\"Action\":\"ecr:*\"}]}", VG_POLICY_RESOURCE},
        {"{\"Statement\":[7]}", VG_POLICY_IDENTITY},
        {"[]", VG_POLICY_IDENTITY},
    };
    vg_arena *arena = vg_arena_new(0);
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_doc doc;
        assert_int_equal(vg_json_read(arena, vg_str_from(cases[i].policy), VG_STR("p"), NULL, &doc, NULL),
                         VG_OK);
        vg_policy_kind kind = vg_policy_kind_guess(doc.root, VG_POLICY_IDENTITY);
        if (kind != cases[i].kind)
            fail_msg("%s: %s, not %s", cases[i].policy, vg_policy_kind_name(kind),
                     vg_policy_kind_name(cases[i].kind));
    }
    vg_arena_free(arena);
}

/* ---- size ------------------------------------------------------------------------------------------------------------------- */

/* What is said of each of `count` statements, and how long the slowest lasts is bounded by the test's own patience: quadratic
 * work would take hours. */
static void large_policies_stay_bounded(void **state)
{
    (void)state;
    static const struct {
        const char *name, *statement;
        size_t count;
        bool limited;
    } cases[] = {
        {"statements with a finding each",
         "{\"Effect\":\"Allow\",\"Action\":\"s3:Nope%zu\",\"Resource\":\"*\"}", 20000, true},
        {"equal statements",
         "{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"*\",\"Sid\":\"a%zu\"}", 20000,
         true},
    };
    for (size_t c = 0; c < VG_COUNT(cases); c++) {
        vg_arena *arena = vg_arena_new(0);
        vg_buf text = {0};
        vg_buf_add_c(&text, "{\"Version\":\"2012-10-17\",\"Statement\":[");
        for (size_t i = 0; i < cases[c].count; i++) {
            vg_str format = vg_str_from(cases[c].statement);
            size_t at = vg_str_find(format, VG_STR("%zu"));
            vg_buf_addf(&text, "%s%.*s%zu%s", i ? "," : "", (int)at, format.ptr, i, format.ptr + at + 3);
        }
        vg_buf_add_c(&text, "]}");
        vg_lint_result result = lint_text(arena, vg_buf_str(&text), VG_POLICY_IDENTITY, false);
        if (result.count < cases[c].count - 1 || result.limited != cases[c].limited)
            fail_msg("%s: %zu findings, limited %d", cases[c].name, result.count, result.limited);
        vg_buf_free(&text);
        vg_arena_free(arena);
    }
}

static void long_lists_of_patterns_stay_bounded(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_buf text = {0};
    vg_buf_add_c(&text, "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Resource\":\"*\","
                        "\"Action\":[\"*\"");
    for (size_t i = 0; i < 50000; i++)
        vg_buf_addf(&text, ",\"s3:*a*b*c*%zu*\"", i);
    vg_buf_add_c(&text, "]}]}");
    vg_lint_result result = lint_text(arena, vg_buf_str(&text), VG_POLICY_IDENTITY, false);
    assert_non_null(finding_of(&result, VG_STR("REDUNDANT_ACTION"), VG_STR(""), arena));
    vg_buf_free(&text);
    vg_arena_free(arena);
}

/* None of them matches any of the hundreds of names that begin alike; those looked at by then are told. */
static void long_lists_of_actions_stay_bounded(void **state)
{
    (void)state;
    enum { PATTERNS = 100000 };
    vg_arena *arena = vg_arena_new(0);
    vg_buf text = {0};
    vg_buf_add_c(&text, "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Resource\":\"*\","
                        "\"Action\":[\"ec2:RunInstances\"");
    for (size_t i = 0; i < PATTERNS; i++)
        vg_buf_addf(&text, ",\"ec2:Des*%zu*e?%zu\"", i, i);
    vg_buf_add_c(&text, "]}]}");
    vg_lint_result result = lint_text(arena, vg_buf_str(&text), VG_POLICY_IDENTITY, false);
    size_t invalid = 0;
    for (size_t i = 0; i < result.count; i++)
        invalid += strcmp(result.findings[i].check->code, "INVALID_ACTION") == 0;
    assert_true(result.limited);
    assert_in_range(invalid, 10000, PATTERNS - 1);
    vg_buf_free(&text);
    vg_arena_free(arena);
}

/* Checks that go over a statement's other parts for each condition or principal pay for it from a budget. */
static void long_conditions_and_principals_stay_bounded(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_buf text = {0};
    vg_buf_add_c(
        &text,
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\","
        "\"Principal\":{\"Service\":[\"states.amazonaws.com\"");
    for (size_t i = 0; i < 20000; i++)
        vg_buf_add_c(&text, ",\"states.amazonaws.com\"");
    vg_buf_add_c(&text, "]},\"Condition\":{\"ForAllValues:StringLike\":{\"aws:TagKeys\":\"a\"");
    for (size_t i = 0; i < 20000; i++)
        vg_buf_addf(&text, ",\"aws:RequestTag/k%zu\":\"a\"", i);
    vg_buf_add_c(&text, "}}}]}");
    vg_lint_result result = lint_text(arena, vg_buf_str(&text), VG_POLICY_TRUST, false);
    assert_true(result.limited);
    assert_true(result.count >= 20000);
    vg_buf_free(&text);
    vg_arena_free(arena);
}

/* ---- content ---------------------------------------------------------------------------------------------------------------- */

static void content_that_lacks_a_list_is_refused_with_its_place(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_error err = {0};
    const vg_linter *linter;
    vg_lint_content content[] = {
        {VG_STR_INIT("policy/quotas.yaml"), VG_STR_INIT("policies: {identity: 0}\nresources: {}\n")},
    };
    assert_int_equal(vg_linter_open(arena, world.catalogue, content, 1, &linter, &err), VG_ERR_VALUE);
    assert_int_equal(err.place.line, 1);
    content[0].text = VG_STR("policies: {identity: 5}\nresources: {default: 5}\n");
    assert_int_equal(vg_linter_open(arena, world.catalogue, content, 1, &linter, &err), VG_ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "regions.yaml"));
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_check_is_raised_and_nearly_the_same_is_not),
        cmocka_unit_test(checks_are_named_once_and_explain_themselves),
        cmocka_unit_test(places_are_lines_columns_and_spans),
        cmocka_unit_test(a_policy_inside_a_larger_document_keeps_its_places),
        cmocka_unit_test(a_byte_order_mark_is_no_column),
        cmocka_unit_test(kinds_are_told_by_their_elements),
        cmocka_unit_test(large_policies_stay_bounded),
        cmocka_unit_test(long_lists_of_patterns_stay_bounded),
        cmocka_unit_test(long_lists_of_actions_stay_bounded),
        cmocka_unit_test(long_conditions_and_principals_stay_bounded),
        cmocka_unit_test(content_that_lacks_a_list_is_refused_with_its_place),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
