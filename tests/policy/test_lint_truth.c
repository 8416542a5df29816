/* Lint beside AWS's own findings: IAM Access Analyzer's on its managed policies (iam-lint/), of which at least 95 in 100 must
 * be raised here too, under the same code, at the same path in the document; and all managed policies that AWS accepted
 * (iam-policies/managed), none of which may break the grammar. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/lint_world.h"

#include <dirent.h>

static vg_str data_path(vg_arena *arena, const char *path)
{
    const char *root = getenv("VIGIL_TEST_DATA");
    return root && *root ? vg_arena_printf(arena, "%s/%s", root, path)
                         : vg_arena_printf(arena, "%s/../shared/data/%s", VIGIL_SOURCE_DIR, path);
}

/* AWS's path as ours is written: a key that is pointed at itself ends in "~". */
static void write_aws_path(vg_buf *out, const vg_value *path)
{
    for (vg_items it = vg_items_of(path); vg_items_next(&it);) {
        int64_t index;
        const vg_value *key = vg_get(it.value, VG_STR("key"));
        if (vg_get_i64(it.value, "index", &index))
            vg_buf_addf(out, "/%lld", (long long)index);
        else
            vg_buf_addf(out, "/%.*s%s", VG_ARG(key ? vg_value_str(key) : vg_get_str(it.value, "value")),
                        key ? "~" : "");
    }
}

static void write_our_path(vg_buf *out, const vg_lint_location *location)
{
    for (size_t i = 0; i < location->path_count; i++) {
        const vg_lint_step *step = &location->path[i];
        if (step->kind == VG_LINT_INDEX)
            vg_buf_addf(out, "/%zu", step->index);
        else
            vg_buf_addf(out, "/%.*s%s", VG_ARG(step->name), step->kind == VG_LINT_KEY ? "~" : "");
    }
}

static vg_str aws_finding(vg_arena *arena, const vg_value *finding)
{
    vg_buf text = {0};
    vg_buf_addf(&text, "%.*s", VG_ARG(vg_get_str(finding, "issueCode")));
    for (vg_items it = vg_items_of(vg_get(finding, VG_STR("locations"))); vg_items_next(&it);) {
        vg_buf_add_char(&text, ' ');
        write_aws_path(&text, vg_get(it.value, VG_STR("path")));
    }
    vg_str out = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return out;
}

static vg_str our_finding(vg_arena *arena, const vg_lint_finding *finding)
{
    vg_buf text = {0};
    vg_buf_add_c(&text, finding->check->code);
    for (size_t i = 0; i < finding->location_count; i++) {
        vg_buf_add_char(&text, ' ');
        write_our_path(&text, &finding->locations[i]);
    }
    vg_str out = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return out;
}

typedef struct {
    size_t expected, found, errors_beyond;
} recall;

static const vg_value *document_of(const vg_doc *doc)
{
    const vg_value *document = vg_get_path(doc->root, "PolicyVersion/Document");
    return document ? document : doc->root;
}

static void lint(const lint_world *w, vg_arena *arena, const vg_doc *doc, const vg_value *root, vg_str name,
                 vg_policy_document *document, vg_lint_result *result)
{
    vg_error err = {0};
    if (vg_policy_read(arena, doc, root, VG_POLICY_IDENTITY, name, document, &err) != VG_OK ||
        vg_policy_lint(w->linter, arena, document, NULL, result, &err) != VG_OK)
        fail_msg("%.*s: %s", VG_ARG(name), err.message);
}

static bool is_told(vg_arena *arena, const vg_lint_result *result, vg_str wanted)
{
    for (size_t i = 0; i < result->count; i++)
        if (vg_str_eq(our_finding(arena, &result->findings[i]), wanted))
            return true;
    return false;
}

/* Errors that AWS did not raise on this policy: they count as ours alone. */
static void count_beyond(vg_arena *arena, const vg_lint_result *result, const vg_doc *findings, vg_str name,
                         recall *r)
{
    for (size_t i = 0; i < result->count; i++) {
        bool known = result->findings[i].check->type != VG_LINT_ERROR;
        vg_str ours = our_finding(arena, &result->findings[i]);
        for (vg_items it = vg_items_of(findings->root); vg_items_next(&it) && !known;)
            known = vg_str_eq(aws_finding(arena, it.value), ours);
        if (!known)
            printf("# beyond AWS: %.*s: %.*s\n", VG_ARG(name), VG_ARG(ours));
        r->errors_beyond += !known;
    }
}

static void compare(const lint_world *w, vg_str folder, vg_str name, recall *r)
{
    vg_arena *arena = vg_arena_new(0);
    vg_error err = {0};
    vg_str text, policy;
    vg_doc findings, doc;
    vg_policy_document document;
    vg_lint_result result;
    vg_str file = vg_arena_printf(arena, "%.*s/findings/%.*s.json", VG_ARG(folder), VG_ARG(name));
    vg_str policy_file = vg_arena_printf(arena, "%.*s/policies/%.*s", VG_ARG(folder), VG_ARG(name));
    if (vg_file_read(arena, file, (size_t)1 << 24, &text, &err) != VG_OK ||
        vg_file_read(arena, policy_file, (size_t)1 << 24, &policy, &err) != VG_OK ||
        vg_json_read(arena, text, file, NULL, &findings, &err) != VG_OK ||
        vg_json_read(arena, policy, policy_file, NULL, &doc, &err) != VG_OK)
        fail_msg("%s", err.message);
    lint(w, arena, &doc, document_of(&doc), name, &document, &result);
    for (vg_items it = vg_items_of(findings.root); vg_items_next(&it);) {
        vg_str wanted = aws_finding(arena, it.value);
        bool told = is_told(arena, &result, wanted);
        r->expected++;
        r->found += told;
        if (!told)
            printf("# missed: %.*s: %.*s\n", VG_ARG(name), VG_ARG(wanted));
    }
    count_beyond(arena, &result, &findings, name, r);
    vg_arena_free(arena);
}

static void awss_own_findings_are_raised_at_the_same_path(void **state)
{
    (void)state;
    lint_world w = lint_world_open();
    recall r = {0};
    vg_str folder = data_path(w.arena, "iam-lint");
    vg_vec files = vg_vec_in(w.arena, sizeof(vg_dir_entry));
    if (vg_dir_walk(w.arena, vg_arena_printf(w.arena, "%.*s/findings", VG_ARG(folder)), &files, NULL, NULL,
                    NULL) != VG_OK ||
        files.len == 0) {
        printf("not run: awss_own_findings_are_raised_at_the_same_path (no %.*s)\n", VG_ARG(folder));
        vg_arena_free(w.arena);
        skip();
    }
    for (size_t i = 0; i < files.len; i++) {
        vg_str name = vg_path_name(((const vg_dir_entry *)vg_vec_at(&files, i))->path);
        compare(&w, folder, vg_str_sub(name, 0, name.len - 5), &r);
    }
    printf("# recall: %zu of %zu findings of AWS at the same path (%.1f %%); %zu errors beyond them\n",
           r.found, r.expected, 100.0 * (double)r.found / (double)r.expected, r.errors_beyond);
    vg_arena_free(w.arena);
    assert_true(r.found * 100 >= r.expected * 95);
}

/* ---- every policy that AWS accepted ----------------------------------------------------------------------------------------- */

static void no_accepted_policy_breaks_the_grammar(void **state)
{
    (void)state;
    lint_world w = lint_world_open();
    vg_error err = {0};
    vg_str packed, text;
    size_t count = 0, wrong = 0;
    vg_str path = data_path(w.arena, "iam-policies/managed/managedpolicies.jsonl.gz");
    if (vg_file_read(w.arena, path, (size_t)1 << 26, &packed, &err) != VG_OK) {
        printf("not run: no_accepted_policy_breaks_the_grammar (%s)\n", err.message);
        vg_arena_free(w.arena);
        skip();
    }
    assert_int_equal(vg_decompress(w.arena, packed, (size_t)1 << 28, &text, &err), VG_OK);
    vg_arena *arena = vg_arena_new(0);
    for (vg_str rest = text, line; vg_str_next(&rest, '\n', &line); vg_arena_reset(arena)) {
        vg_doc doc;
        vg_policy_document document;
        vg_lint_result result;
        if (line.len == 0)
            continue;
        assert_int_equal(vg_json_read(arena, line, path, NULL, &doc, &err), VG_OK);
        vg_str name = vg_get_str(doc.root, "arn");
        lint(&w, arena, &doc, vg_get(doc.root, VG_STR("document")), name, &document, &result);
        count++;
        for (size_t i = 0; i < document.issue_count; i++, wrong++)
            printf("# refused: %.*s: %s: %s\n", VG_ARG(name), document.issues[i].code,
                   document.issues[i].message);
        for (size_t i = 0; i < result.count && getenv("VIGIL_LINT_ALL"); i++)
            printf("# all: %s %.*s %.*s | %.*s\n", vg_lint_type_name(result.findings[i].check->type),
                   VG_ARG(name), VG_ARG(our_finding(arena, &result.findings[i])),
                   VG_ARG(result.findings[i].message));
    }
    printf("# %zu policies that AWS accepted, %zu errors of grammar\n", count, wrong);
    vg_arena_free(arena);
    vg_arena_free(w.arena);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(awss_own_findings_are_raised_at_the_same_path),
        cmocka_unit_test(no_accepted_policy_breaks_the_grammar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
