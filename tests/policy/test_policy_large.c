/* test_policy_large.c: documents of 10 MB and 100,000 statements stay bounded in time. */
#include "policy_text.h"

enum { STATEMENTS = 100000 };

/* Each statement on two lines; without Effect where `broken`, so that each has an issue, told of the statement's object,
 * which stands on an earlier line than what was read last. */
static vg_str large_document(vg_arena *arena, bool broken)
{
    vg_buf text = {0};
    vg_buf_add_c(&text, "{\"Version\":\"2012-10-17\",\"Statement\":[\n");
    for (int i = 0; i < STATEMENTS; i++)
        vg_buf_addf(&text,
                    "%s{\"Sid\":\"s%d\",%s\n "
                    "\"Action\":[\"s3:Get%d\",\"s3:Put*\"],\"Resource\":\"arn:aws:s3:::b%d/*\"}",
                    i ? "," : "", i, broken ? "" : "\"Effect\":\"Allow\",", i, i);
    vg_buf_add_c(&text, "]}");
    vg_str kept = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return kept;
}

static void a_hundred_thousand_statements_take_seconds_at_most(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    const vg_catalogue *catalogue = test_catalogue(arena);
    for (int broken = 0; broken < 2; broken++) {
        vg_policy_document document;
        const vg_policy *policy;
        vg_error err;
        uint64_t start = vg_time_monotonic_ns();
        assert_int_equal(vg_policy_read_text(arena, large_document(arena, broken), VG_POLICY_IDENTITY,
                                             VG_STR("p"), &document, &err),
                         VG_OK);
        assert_int_equal(vg_policy_compile(arena, &document, catalogue, &policy, &err), VG_OK);
        vg_request request = {.caller = vg_caller_of(VG_STR("arn:aws:iam::111111111111:user/u")),
                              .action = VG_STR("s3:PutObject"),
                              .resource = VG_STR("arn:aws:s3:::b99999/k"),
                              .resource_account = VG_STR("111111111111")};
        vg_layers layers = {.identity = {VG_LAYER_KNOWN, &policy, 1, {0}}};
        assert_int_equal(vg_policy_decide(&request, &layers).result,
                         broken ? VG_IMPLICITLY_DENIED : VG_ALLOWED);
        assert_int_equal(document.issue_count, broken ? STATEMENTS : 0);
        assert_true(vg_time_monotonic_ns() - start < UINT64_C(30000000000));
    }
    vg_arena_free(arena);
}

static void places_of_issues_are_those_of_the_document(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_policy_document document;
    vg_error err;
    assert_int_equal(vg_policy_read_text(arena, large_document(arena, true), VG_POLICY_IDENTITY, VG_STR("p"),
                                         &document, &err),
                     VG_OK);
    for (size_t i = 0; i < document.issue_count; i += i < 10 ? 1 : 9973) {
        vg_place want = vg_doc_place(document.doc, document.issues[i].at);
        assert_int_equal(document.issues[i].place.line, want.line);
        assert_int_equal(document.issues[i].place.column, want.column);
    }
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_hundred_thousand_statements_take_seconds_at_most),
                                       cmocka_unit_test(places_of_issues_are_those_of_the_document)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
