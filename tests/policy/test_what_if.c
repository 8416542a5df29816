/* What other SCPs would have made of permissions that were used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/policy.h"

static vg_arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = vg_arena_new(0);
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    vg_arena_free(arena);
    return 0;
}

static const vg_policy *scp(const char *statements)
{
    vg_policy_document *document = VG_NEW(arena, vg_policy_document);
    const vg_policy *policy;
    vg_error err;
    vg_str text = vg_arena_printf(arena, "{\"Version\":\"2012-10-17\",\"Statement\":[%s]}", statements);
    assert_int_equal(vg_policy_read_text(arena, text, VG_POLICY_SCP, VG_STR("scp"), document, &err), VG_OK);
    assert_int_equal(vg_policy_compile(arena, document, NULL, &policy, &err), VG_OK);
    return policy;
}

#define FULL "{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}"

/* One account's usage: principals x actions x accounts x regions, every combination used once. */
enum {
    PRINCIPALS = 4,
    ACTIONS = 3,
    ACCOUNTS = 3,
    REGIONS = 3,
    USES = PRINCIPALS * ACTIONS * ACCOUNTS * REGIONS
};
static const vg_str team[] = {VG_STR_INIT("red")};
static const vg_context_entry red = {VG_STR_INIT("aws:PrincipalTag/team"), team, 1, false,
                                     VG_CONTEXT_PRESENT};
static const vg_used_principal principals[PRINCIPALS] = {
    {VG_STR_INIT("arn:aws:iam::111122223333:role/deploy"), VG_STR_INIT("111122223333"), NULL, 0, false},
    {VG_STR_INIT("arn:aws:iam::111122223333:user/alice"), VG_STR_INIT("111122223333"), &red, 1, false},
    {VG_STR_INIT("arn:aws:iam::111122223333:role/ops"), VG_STR_INIT("111122223333"), NULL, 0, false},
    {VG_STR_INIT("arn:aws:iam::111122223333:role/aws-service-role/x/AWSServiceRoleForX"),
     VG_STR_INIT("111122223333"), NULL, 0, true},
};
static const vg_str actions[ACTIONS] = {VG_STR_INIT("ec2:RunInstances"), VG_STR_INIT("iam:CreateUser"),
                                        VG_STR_INIT("s3:GetObject")};
static const vg_str accounts[ACCOUNTS] = {VG_STR_INIT("111122223333"), VG_STR_INIT("444455556666"),
                                          VG_STR_INIT("")};
static const vg_str regions[REGIONS] = {VG_STR_INIT("eu-west-1"), VG_STR_INIT("us-east-1"), VG_STR_INIT("")};

static vg_usage usage_of_all(vg_use uses[USES])
{
    size_t n = 0;
    for (uint32_t p = 0; p < PRINCIPALS; p++)
        for (uint32_t a = 0; a < ACTIONS; a++)
            for (uint32_t c = 0; c < ACCOUNTS; c++)
                for (uint32_t r = 0; r < REGIONS; r++)
                    uses[n++] = (vg_use){p, a, c, r};
    return (vg_usage){principals, PRINCIPALS, actions, ACTIONS, accounts,
                      ACCOUNTS,   regions,    REGIONS, uses,    USES};
}

/* Each row: a Deny beside full access, and for which uses of the role `deploy` in its own account it decides what; by
 * action, then region: p(ass), r(efuse), u(nresolved). */
static void each_part_of_a_statement_decides(void **state)
{
    static const struct {
        const char *statement, *deploy, *alice;
    } cases[] = {
        {"{\"Effect\":\"Deny\",\"Action\":\"ec2:*\",\"Resource\":\"*\"}", "rrr ppp ppp", "rrr ppp ppp"},
        {"{\"Effect\":\"Deny\",\"NotAction\":[\"iam:*\",\"s3:*\"],\"Resource\":\"*\",\"Condition\":{"
         "\"StringNotEquals\":{"
         "\"aws:RequestedRegion\":\"eu-west-1\"}}}",
         "pru ppp ppp", "pru ppp ppp"},
        {"{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":{\"StringNotEquals\":{"
         "\"aws:RequestedRegion\":\"eu-west-1\"},\"ArnNotLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::*:role/"
         "deploy\"}}}",
         "ppp ppp ppp", "pru pru pru"},
        {"{\"Effect\":\"Deny\",\"Action\":\"iam:CreateUser\",\"Resource\":\"arn:aws:iam::*:user/x\"}",
         "ppp uuu ppp", "ppp uuu ppp"},
        {"{\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"NotResource\":\"*\"}", "ppp ppp ppp", "ppp ppp ppp"},
        {"{\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":\"*\",\"Condition\":{\"IpAddress\":{\"aws:"
         "SourceIp\":"
         "\"192.0.2.0/24\"}}}",
         "ppp ppp uuu", "ppp ppp uuu"},
        {"{\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{"
         "\"aws:ResourceAccount\":\"444455556666\"}}}",
         "ppp ppp ppp", "ppp ppp ppp"},
        {"{\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{"
         "\"aws:PrincipalTag/team\":\"red\"}}}",
         "ppp ppp uuu", "ppp ppp rrr"},
        {"{\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{"
         "\"aws:username\":\"alice\"}}}",
         "ppp ppp ppp", "ppp ppp rrr"},
        {"{\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{"
         "\"aws:RequestedRegion\":\"${aws:PrincipalTag/team, 'eu-west-1'}\"}}}",
         "ppp ppp uuu", "ppp ppp ppu"},
    };
    (void)state;
    vg_use uses[USES];
    vg_usage usage = usage_of_all(uses);
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        const vg_policy *policies[] = {scp(FULL), scp(cases[i].statement)};
        const vg_layer level = {VG_LAYER_KNOWN, policies, 2, VG_STR_INIT("root")};
        const char *const wanted[] = {cases[i].deploy, cases[i].alice};
        vg_what_if out;
        vg_error err;
        assert_int_equal(vg_policy_what_if(arena, &usage, &level, 1, &out, &err), VG_OK);
        for (uint32_t p = 0; p < VG_COUNT(wanted); p++) {
            char got[16] = "";
            size_t n = 0;
            for (uint32_t a = 0; a < ACTIONS; a++, got[n++] = ' ')
                for (uint32_t r = 0; r < REGIONS; r++) {
                    size_t use = ((p * ACTIONS + a) * ACCOUNTS + 0) * REGIONS + r;
                    got[n++] = "pru"[out.answers[out.answer_of[use]].would];
                }
            got[n - 1] = '\0';
            if (strcmp(got, wanted[p]) != 0)
                fail_msg("%s\n  of %.*s: wanted %s, got %s", cases[i].statement, VG_ARG(principals[p].arn),
                         wanted[p], got);
        }
    }
}

static vg_would would(const vg_layer *levels, size_t count, size_t use, vg_what_if *out)
{
    vg_use uses[USES];
    vg_usage usage = usage_of_all(uses);
    vg_error err;
    assert_int_equal(vg_policy_what_if(arena, &usage, levels, count, out, &err), VG_OK);
    return out->answers[out->answer_of[use]].would;
}

static void every_level_must_allow(void **state)
{
    (void)state;
    const vg_policy *full[] = {scp(FULL)},
                    *s3[] = {scp("{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}")};
    const vg_layer both[] = {{VG_LAYER_KNOWN, full, 1, VG_STR_INIT("root")},
                             {VG_LAYER_KNOWN, s3, 1, VG_STR_INIT("ou")}};
    const vg_layer empty[] = {{VG_LAYER_KNOWN, full, 1, VG_STR_INIT("root")},
                              {VG_LAYER_KNOWN, NULL, 0, VG_STR_INIT("ou")}};
    const vg_layer hidden[] = {{VG_LAYER_KNOWN, full, 1, VG_STR_INIT("root")},
                               {VG_LAYER_UNKNOWN, full, 1, VG_STR_INIT("ou")}};
    const vg_layer none[] = {{VG_LAYER_KNOWN, full, 1, VG_STR_INIT("root")},
                             {VG_LAYER_NONE, NULL, 0, VG_STR_INIT("ou")}};
    vg_what_if out;
    enum { RUN_INSTANCES = 0, GET_OBJECT = 2 * ACCOUNTS * REGIONS };
    assert_int_equal(would(both, 2, RUN_INSTANCES, &out), VG_WOULD_REFUSE);
    assert_null(out.answers[out.answer_of[RUN_INSTANCES]].policy);
    assert_int_equal(out.answers[out.answer_of[RUN_INSTANCES]].level, 1);
    assert_int_equal(would(both, 2, GET_OBJECT, &out), VG_WOULD_PASS);
    assert_int_equal(would(empty, 2, GET_OBJECT, &out), VG_WOULD_REFUSE);
    assert_int_equal(would(hidden, 2, GET_OBJECT, &out), VG_WOULD_UNRESOLVED);
    assert_int_equal(would(none, 2, GET_OBJECT, &out), VG_WOULD_PASS);
    assert_int_equal(would(both, 0, GET_OBJECT, &out), VG_WOULD_PASS);
}

static void the_answer_names_the_statement_and_what_is_not_resolved(void **state)
{
    (void)state;
    const vg_policy *policies[] = {
        scp(FULL ",{\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":\"*\",\"Condition\":{\"Bool\":{"
                 "\"aws:SecureTransport\":\"false\"}}},{\"Effect\":\"Deny\",\"Action\":\"ec2:*\","
                 "\"Resource\":\"*\"}")};
    const vg_layer level = {VG_LAYER_KNOWN, policies, 1, VG_STR_INIT("root")};
    enum { RUN_INSTANCES = 0, GET_OBJECT = 2 * ACCOUNTS * REGIONS };
    vg_what_if out;
    assert_int_equal(would(&level, 1, RUN_INSTANCES, &out), VG_WOULD_REFUSE);
    assert_ptr_equal(out.answers[out.answer_of[RUN_INSTANCES]].policy, policies[0]);
    assert_int_equal(out.answers[out.answer_of[RUN_INSTANCES]].statement, 2);
    assert_int_equal(would(&level, 1, GET_OBJECT, &out), VG_WOULD_UNRESOLVED);
    const vg_what_if_answer *answer = &out.answers[out.answer_of[GET_OBJECT]];
    assert_int_equal(answer->statement, 1);
    assert_true(vg_str_is(answer->condition->key, "aws:SecureTransport"));
}

static void what_no_scp_binds_passes(void **state)
{
    (void)state;
    const vg_policy *policies[] = {scp("{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}")};
    const vg_layer level = {VG_LAYER_KNOWN, policies, 1, VG_STR_INIT("root")};
    vg_what_if out;
    assert_int_equal(would(&level, 1, 3 * ACTIONS * ACCOUNTS * REGIONS, &out), VG_WOULD_PASS);
    assert_int_equal(would(&level, 1, 0, &out), VG_WOULD_REFUSE);
}

static void values_that_nothing_tells_apart_are_one_class(void **state)
{
    (void)state;
    const vg_policy *policies[] = {
        scp(FULL), scp("{\"Effect\":\"Deny\",\"NotAction\":\"iam:*\",\"Resource\":\"*\",\"Condition\":{"
                       "\"StringNotEquals\":{"
                       "\"aws:RequestedRegion\":\"eu-west-1\"},\"ArnNotLike\":{\"aws:PrincipalArn\":\"arn:"
                       "aws:iam::*:role/ops\"}}}")};
    const vg_layer level = {VG_LAYER_KNOWN, policies, 2, VG_STR_INIT("root")};
    vg_what_if out;
    (void)would(&level, 1, 0, &out);
    assert_int_equal(out.principal_classes, 3); /* deploy and alice; ops; exempt */
    assert_int_equal(out.action_classes, 2);
    assert_int_equal(out.account_classes, 1);
    assert_int_equal(out.region_classes, 3); /* named, other, unknown */
}

/* ---- against the plain engine -------------------------------------------------------------------------------------------------- */

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

static const char *one_of(uint64_t *seed, const char *const *list, size_t count)
{
    return list[next_random(seed) % count];
}

/* A statement over the vocabulary of the usage; its Resource is "*", which a use without a resource can decide. */
static void add_random_statement(vg_buf *out, uint64_t *seed)
{
    static const char *const action[] = {"*", "ec2:*", "iam:Create*", "s3:GetObject", "s3:*", "sqs:*"};
    static const char *const op[] = {
        "StringEquals",         "StringNotEquals", "StringLike", "StringNotLikeIfExists",
        "StringEqualsIfExists", "ArnLike",         "ArnNotLike", "Null"};
    static const char *const key[] = {"aws:RequestedRegion", "aws:PrincipalArn",    "aws:PrincipalTag/team",
                                      "aws:username",        "aws:ResourceAccount", "aws:SourceIp",
                                      "aws:PrincipalAccount"};
    static const char *const value[] = {"eu-west-1",
                                        "us-*",
                                        "red",
                                        "alice",
                                        "111122223333",
                                        "true",
                                        "false",
                                        "arn:aws:iam::*:role/ops",
                                        "arn:aws:iam::111122223333:user/*",
                                        "${aws:PrincipalTag/team}",
                                        "${aws:username, 'alice'}",
                                        "${aws:SourceIp}"};
    vg_buf_addf(out, "{\"Effect\":\"%s\",\"%s\":[\"%s\",\"%s\"],\"Resource\":\"*\"",
                next_random(seed) % 3 ? "Deny" : "Allow", next_random(seed) % 4 ? "Action" : "NotAction",
                one_of(seed, action, VG_COUNT(action)), one_of(seed, action, VG_COUNT(action)));
    if (next_random(seed) % 4) {
        vg_buf_addf(out, ",\"Condition\":{\"%s\":{\"%s\":\"%s\"}", one_of(seed, op, VG_COUNT(op)),
                    one_of(seed, key, VG_COUNT(key)), one_of(seed, value, VG_COUNT(value)));
        if (next_random(seed) % 2)
            vg_buf_addf(out, ",\"ForAnyValue:StringLike\":{\"%s\":[\"%s\",\"%s\"]}",
                        one_of(seed, key, VG_COUNT(key)), one_of(seed, value, VG_COUNT(value)),
                        one_of(seed, value, VG_COUNT(value)));
        vg_buf_add_c(out, "}");
    }
    vg_buf_add_c(out, "}");
}

static vg_would plain_engine(const vg_use *use, const vg_layer *levels, size_t count)
{
    const vg_used_principal *p = &principals[use->principal];
    const vg_policy *full[] = {scp(FULL)};
    vg_caller caller = vg_caller_of(p->arn);
    vg_context_entry context[8];
    size_t n = 0;
    context[n++] = (vg_context_entry){VG_STR("aws:PrincipalArn"), &p->arn, 1, false, VG_CONTEXT_PRESENT};
    context[n++] =
        (vg_context_entry){VG_STR("aws:PrincipalAccount"), &p->account, 1, false, VG_CONTEXT_PRESENT};
    context[n++] = (vg_context_entry){VG_STR("aws:username"), &caller.name, 1, false,
                                      caller.kind == VG_CALLER_USER ? VG_CONTEXT_PRESENT : VG_CONTEXT_ABSENT};
    if (p->context_count)
        context[n++] = p->context[0];
    if (regions[use->region].len)
        context[n++] = (vg_context_entry){VG_STR("aws:RequestedRegion"), &regions[use->region], 1, false,
                                          VG_CONTEXT_PRESENT};
    if (accounts[use->account].len)
        context[n++] = (vg_context_entry){VG_STR("aws:ResourceAccount"), &accounts[use->account], 1, false,
                                          VG_CONTEXT_PRESENT};
    const vg_request request = {.caller = caller,
                                .action = actions[use->action],
                                .resource = VG_STR("*"),
                                .resource_account = p->account,
                                .context = context,
                                .context_count = n,
                                .open = true};
    const vg_layers layers = {
        .identity = {VG_LAYER_KNOWN, full, 1, VG_STR("identity")}, .scps = levels, .scp_count = count};
    vg_decision decision = vg_policy_decide(&request, &layers);
    return decision.result == VG_ALLOWED            ? VG_WOULD_PASS
           : decision.result == VG_DECISION_UNKNOWN ? VG_WOULD_UNRESOLVED
                                                    : VG_WOULD_REFUSE;
}

static void random_policies_are_decided_as_by_the_plain_engine(void **state)
{
    (void)state;
    uint64_t seed = 20261124;
    size_t seen[3] = {0};
    vg_use uses[USES];
    vg_usage usage = usage_of_all(uses);
    for (size_t round = 0; round < 300; round++) {
        vg_arena_reset(arena);
        vg_buf text = {0};
        size_t statements = 1 + next_random(&seed) % 4;
        for (size_t i = 0; i < statements; i++) {
            vg_buf_add_c(&text, i ? "," : "");
            add_random_statement(&text, &seed);
        }
        vg_buf_add_char(&text, '\0');
        const vg_policy *root[] = {scp(FULL)}, *ou[] = {scp(FULL), scp(text.ptr)};
        const vg_layer levels[] = {
            {VG_LAYER_KNOWN, root, 1, VG_STR_INIT("root")},
            {VG_LAYER_KNOWN, next_random(&seed) % 3 ? ou : ou + 1, 1, VG_STR_INIT("ou")}};
        vg_layer both[2] = {levels[0], levels[1]};
        both[1].count = both[1].policies == ou ? 2 : 1;
        vg_what_if out;
        vg_error err;
        assert_int_equal(vg_policy_what_if(arena, &usage, both, 2, &out, &err), VG_OK);
        for (size_t i = 0; i < USES; i++) {
            if (principals[uses[i].principal].exempt)
                continue;
            vg_would got = out.answers[out.answer_of[i]].would, wanted = plain_engine(&uses[i], both, 2);
            seen[wanted]++;
            if (got != wanted)
                fail_msg("%s\n  use %zu: the plain engine says %s, the what-if %s", text.ptr, i,
                         vg_would_name(wanted), vg_would_name(got));
        }
        vg_buf_free(&text);
    }
    for (size_t i = 0; i < VG_COUNT(seen); i++) /* all answers were put to the test */
        assert_true(seen[i] > 300U * USES / 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_part_of_a_statement_decides, setup, teardown),
        cmocka_unit_test_setup_teardown(every_level_must_allow, setup, teardown),
        cmocka_unit_test_setup_teardown(the_answer_names_the_statement_and_what_is_not_resolved, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_no_scp_binds_passes, setup, teardown),
        cmocka_unit_test_setup_teardown(values_that_nothing_tells_apart_are_one_class, setup, teardown),
        cmocka_unit_test_setup_teardown(random_policies_are_decided_as_by_the_plain_engine, setup, teardown),
    };
    return cmocka_run_group_tests_name("policy what-if", tests, NULL, NULL);
}
