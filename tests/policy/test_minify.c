/* test_minify.c: shorter policies that mean the same, and what must not be shortened. */
#include "policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/policy_mutants.h"

#define P(statements)  "{\"Version\":\"2012-10-17\",\"Statement\":[" statements "]}"
#define ONE(statement) "{\"Version\":\"2012-10-17\",\"Statement\":" statement "}"

static void policies_become_as_short_as_proof_allows(void **state)
{
    (void)state;
    static const struct {
        const char *about;
        vg_policy_kind kind;
        bool keep_sids;
        const char *text, *expected;
    } cases[] = {
        {"white space, Id and Sids go", VG_POLICY_SCP, false,
         "{ \"Version\": \"2012-10-17\",\n \"Id\": \"x\", \"Statement\": [ { \"Sid\": \"A\", \"Effect\": "
         "\"Deny\", "
         "\"Action\": [ \"ec2:*\" ], \"Resource\": [\"*\"] } ] }",
         ONE("{\"Effect\":\"Deny\",\"Action\":\"ec2:*\",\"Resource\":\"*\"}")},
        {"Sids stay when wanted, and keep statements apart", VG_POLICY_SCP, true,
         P("{\"Sid\":\"A\",\"Effect\":\"Deny\",\"Action\":\"ec2:*\",\"Resource\":\"*\"},"
           "{\"Sid\":\"B\",\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":\"*\"}"),
         P("{\"Sid\":\"A\",\"Effect\":\"Deny\",\"Action\":\"ec2:*\",\"Resource\":\"*\"},"
           "{\"Sid\":\"B\",\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":\"*\"}")},
        {"statements that differ in their actions are merged", VG_POLICY_SCP, false,
         P("{\"Effect\":\"Deny\",\"Action\":\"ec2:*\",\"Resource\":\"*\"},"
           "{\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":\"*\"}"),
         ONE("{\"Effect\":\"Deny\",\"Action\":[\"ec2:*\",\"s3:*\"],\"Resource\":\"*\"}")},
        {"and those that differ in their resources", VG_POLICY_SCP, false,
         P("{\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":\"arn:aws:s3:::a\"},"
           "{\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":\"arn:aws:s3:::b\"}"),
         ONE("{\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":[\"arn:aws:s3:::a\",\"arn:aws:s3:::b\"]"
             "}")},
        {"but not those that differ in both", VG_POLICY_SCP, false,
         P("{\"Effect\":\"Deny\",\"Action\":\"s3:Get*\",\"Resource\":\"arn:aws:s3:::a\"},"
           "{\"Effect\":\"Deny\",\"Action\":\"s3:Put*\",\"Resource\":\"arn:aws:s3:::b\"}"),
         P("{\"Effect\":\"Deny\",\"Action\":\"s3:Get*\",\"Resource\":\"arn:aws:s3:::a\"},"
           "{\"Effect\":\"Deny\",\"Action\":\"s3:Put*\",\"Resource\":\"arn:aws:s3:::b\"}")},
        {"nor two NotActions", VG_POLICY_SCP, false,
         P("{\"Effect\":\"Deny\",\"NotAction\":[\"s3:*\",\"s3:Get*\"],\"Resource\":\"arn:aws:s3:::a\"},"
           "{\"Effect\":\"Deny\",\"NotAction\":\"ec2:*\",\"Resource\":\"arn:aws:s3:::a\"}"),
         P("{\"Effect\":\"Deny\",\"NotAction\":\"s3:*\",\"Resource\":\"arn:aws:s3:::a\"},"
           "{\"Effect\":\"Deny\",\"NotAction\":\"ec2:*\",\"Resource\":\"arn:aws:s3:::a\"}")},
        {"nor two conditions", VG_POLICY_SCP, false,
         P("{\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{\"a:"
           "b\":\"x\"}}},"
           "{\"Effect\":\"Deny\",\"Action\":\"ec2:*\",\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{"
           "\"a:b\":\"y\"}}}"),
         P("{\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{\"a:"
           "b\":\"x\"}}},"
           "{\"Effect\":\"Deny\",\"Action\":\"ec2:*\",\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{"
           "\"a:b\":"
           "\"y\"}}}")},
        {"covered values go", VG_POLICY_SCP, false,
         P("{\"Effect\":\"Deny\",\"Action\":[\"s3:GetObject\",\"s3:Get*\",\"S3:get*\"],\"Resource\":[\"arn:"
           "aws:s3:::a/b\","
           "\"arn:aws:s3:::a/*\"],\"Condition\":{\"StringLike\":{\"a:b\":[\"x*\",\"xy\"]},"
           "\"StringEquals\":{\"a:c\":[\"x\",\"x\"]}}}"),
         ONE("{\"Effect\":\"Deny\",\"Action\":\"s3:Get*\",\"Resource\":\"arn:aws:s3:::a/*\",\"Condition\":{"
             "\"StringLike\":{\"a:b\":\"x*\"},\"StringEquals\":{\"a:c\":\"x\"}}}")},
        {"covered statements go", VG_POLICY_SCP, false,
         P("{\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":\"*\"},"
           "{\"Effect\":\"Deny\",\"Action\":\"s3:Get*\",\"Resource\":\"arn:aws:s3:::a/"
           "*\",\"Condition\":{\"Bool\":{"
           "\"aws:SecureTransport\":\"false\"}}}"),
         ONE("{\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":\"*\"}")},
        {"an SCP keeps its Allow: without, it would need another policy beside it", VG_POLICY_SCP, false,
         P("{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"},"
           "{\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":\"*\"}"),
         P("{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"},"
           "{\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":\"*\"}")},
        {"a Deny stays though this policy allows nothing of it: others may", VG_POLICY_IDENTITY, false,
         P("{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"},"
           "{\"Effect\":\"Deny\",\"Action\":\"ec2:*\",\"Resource\":\"*\"},"
           "{\"Effect\":\"Deny\",\"Action\":\"sqs:*\",\"Resource\":\"arn:aws:sqs:*:*:q\"}"),
         P("{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"},"
           "{\"Effect\":\"Deny\",\"Action\":\"ec2:*\",\"Resource\":\"*\"},"
           "{\"Effect\":\"Deny\",\"Action\":\"sqs:*\",\"Resource\":\"arn:aws:sqs:*:*:q\"}")},
        {"an RCP keeps its Principal", VG_POLICY_RCP, false,
         P("{\"Sid\":\"A\",\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":[\"s3:*\",\"s3:Get*\"],"
           "\"Resource\":\"*\"}"),
         ONE("{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:*\",\"Resource\":\"*\"}")},
        {"two operators on two keys", VG_POLICY_SCP, false,
         ONE("{\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{"
             "\"a:b\":[\"x\"],"
             "\"a:c\":[\"y\",\"z\"]},\"Null\":{\"a:b\":false}}}"),
         ONE("{\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{"
             "\"a:b\":\"x\","
             "\"a:c\":[\"y\",\"z\"]},\"Null\":{\"a:b\":\"false\"}}}")},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_policy_document policy;
        vg_minified got;
        vg_minify_options options = {.keep_sids = cases[i].keep_sids};
        vg_error err = {0};
        assert_int_equal(VG_OK, vg_policy_read_text(arena, vg_str_from(cases[i].text), cases[i].kind,
                                                    VG_STR("p"), &policy, &err));
        if (vg_policy_minify(arena, &policy, &options, &got, &err) != VG_OK)
            fail_msg("%s: %s", cases[i].about, err.message);
        if (!vg_str_is(got.text, cases[i].expected))
            fail_msg("%s:\nexpected %s\ngot      %.*s", cases[i].about, cases[i].expected, VG_ARG(got.text));
        assert_int_equal(got.after, strlen(cases[i].expected));
        assert_int_equal(got.source, strlen(cases[i].text));
        assert_true(got.before <= got.source);
        vg_arena_free(arena);
    }
}

static void what_aws_would_refuse_is_not_minified(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_policy_document policy;
    vg_minified got;
    vg_error err = {0};
    vg_str text = VG_STR("{\"Statement\":[{\"Effect\":\"deny\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]}");
    assert_int_equal(VG_OK, vg_policy_read_text(arena, text, VG_POLICY_SCP, VG_STR("p.json"), &policy, &err));
    assert_int_equal(VG_ERR_VALUE, vg_policy_minify(arena, &policy, NULL, &got, &err));
    assert_int_equal(1, err.place.line);
    assert_int_equal(25, err.place.column);
    assert_non_null(strstr(err.message, "INVALID_EFFECT"));
    vg_arena_free(arena);
}

/* Every managed policy: the result is no longer than the original without white space, and reads again. */
static void managed_policies_are_minified_and_proven(void **state)
{
    (void)state;
    const char *folder = getenv("VIGIL_TEST_DATA");
    vg_arena *all = vg_arena_new(0);
    vg_vec originals;
    size_t shorter = 0;
    if (!mutant_originals(all, folder ? folder : VIGIL_SOURCE_DIR "/../shared/data", &originals)) {
        print_message(
            "not run: managed_policies_are_minified_and_proven (no managed policies in VIGIL_TEST_DATA)\n");
        vg_arena_free(all);
        skip();
    }
    for (size_t i = 0; i < originals.len; i += 11) {
        const vg_policy_document *original = vg_vec_at(&originals, i);
        vg_arena *arena = vg_arena_new(0);
        vg_minified got;
        vg_error err = {0};
        if (vg_policy_minify(arena, original, NULL, &got, &err) != VG_OK)
            fail_msg("%.*s: %s", VG_ARG(original->name), err.message);
        assert_true(got.statements_after <= got.statements_before);
        shorter += got.statements_after < got.statements_before;
        vg_arena_free(arena);
    }
    assert_true(shorter > 0);
    vg_arena_free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_become_as_short_as_proof_allows),
        cmocka_unit_test(what_aws_would_refuse_is_not_minified),
        cmocka_unit_test(managed_policies_are_minified_and_proven),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
