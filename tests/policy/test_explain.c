/* test_explain.c: what an explanation tells: the deciding statements, the reasons, and the residual of an unknown answer. */
#include "policy_text.h"

#define USER "arn:aws:iam::111111111111:user/u"
#define CONDITIONAL(effect, condition)                                                                       \
    "{'Version':'2012-10-17','Statement':[{'Sid':'" effect "It','Effect':'" effect                           \
    "','Action':'*','Resource':'*','Condition':{" condition "}}]}"

static void explain(vg_arena *arena, const char *layers, bool open, vg_explanation *out)
{
    vg_policy_case one;
    vg_error err;
    vg_str text = vg_arena_printf(
        arena,
        "{'request':{'principal':'" USER "','action':'s3:GetObject','resource':{'resource':"
        "'arn:aws:s3:::b/k','accountId':'111111111111'},'context':{'aws:PrincipalOrgID':'o-1'}},%s}",
        layers);
    case_from(arena, NULL, quoted(arena, text.ptr), &one);
    one.request.open = open;
    assert_int_equal(vg_policy_explain(arena, &one.request, &one.layers, out, &err), VG_OK);
    assert_int_equal(out->decision.result, vg_policy_decide(&one.request, &one.layers).result);
}

static void deciding_statements_stand_in_the_order_of_evaluation(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_explanation e;
    explain(arena,
            "'identityPolicies':[{'name':'mine','policy':" P_ALL
            "}],'serviceControlPolicies':[{'orgIdentifier':'r','policies':[" P_ALL
            "]},{'orgIdentifier':'ou','policies':[" P_ALL "," P_DENY("s3:*", "*") "]}]",
            false, &e);
    assert_int_equal(e.decision.result, VG_EXPLICITLY_DENIED);
    assert_int_equal(e.statement_count, 4);
    static const struct {
        unsigned layer;
        size_t level;
        vg_effect effect;
    } want[] = {{VG_BY_SCP, 0, VG_EFFECT_ALLOW},
                {VG_BY_SCP, 1, VG_EFFECT_ALLOW},
                {VG_BY_SCP, 1, VG_EFFECT_DENY},
                {VG_BY_IDENTITY, 0, VG_EFFECT_ALLOW}};
    for (size_t i = 0; i < VG_COUNT(want); i++) {
        assert_int_equal(e.statements[i].layer, want[i].layer);
        assert_int_equal(e.statements[i].level, want[i].level);
        assert_int_equal(e.statements[i].effect, want[i].effect);
        assert_int_equal(e.statements[i].match, VG_MATCH_YES);
    }
    assert_true(vg_str_is(vg_policy_document_of(e.statements[3].policy)->name, "mine"));
    assert_true(e.residual.len == 0);
    vg_arena_free(arena);
}

/* Layers, and the residual that people read. */
static const struct {
    const char *layers, *residual, *keys;
} residuals[] = {
    {"'identityPolicies':[" CONDITIONAL("Allow", "'StringEquals':{'aws:SourceVpc':'vpc-1'}") "]",
     "allowed if (aws:SourceVpc is vpc-1)", "aws:SourceVpc"},
    {"'identityPolicies':[" CONDITIONAL(
         "Allow", "'StringEquals':{'aws:SourceVpc':['vpc-1','vpc-2']},'NumericLessThan':"
                  "{'aws:MultiFactorAuthAge':'3600'}") "]",
     "allowed if (aws:SourceVpc is vpc-1 or vpc-2 and aws:MultiFactorAuthAge is less than 3600)",
     "aws:SourceVpc aws:MultiFactorAuthAge"},
    {"'identityPolicies':[" P_ALL
     "," CONDITIONAL("Deny", "'BoolIfExists':{'aws:MultiFactorAuthPresent':'false'}") "]",
     "allowed if not (aws:MultiFactorAuthPresent is false, or is missing)", "aws:MultiFactorAuthPresent"},
    {"'identityPolicies':[" CONDITIONAL("Allow", "'IpAddress':{'aws:SourceIp':'10.0.0.0/8'}") "," CONDITIONAL(
         "Allow", "'Null':{'aws:SourceVpce':"
                  "'false'}") "]",
     "allowed if (aws:SourceIp is in 10.0.0.0/8) or (aws:SourceVpce is present)",
     "aws:SourceIp aws:SourceVpce"},
    /* What is known is not told. */
    {"'identityPolicies':[" CONDITIONAL(
         "Allow", "'StringEquals':{'aws:PrincipalOrgID':'o-1','aws:SourceVpc':'vpc-1'}") "]",
     "allowed if (aws:SourceVpc is vpc-1)", "aws:SourceVpc"},
    {"'identityPolicies':[" CONDITIONAL(
         "Allow", "'StringLike':{'aws:SourceVpc':'vpc-*'}") "],'permissionBoundaryPolicies':"
                                                            "[" CONDITIONAL("Allow",
                                                                            "'ForAnyValue:StringEquals':{"
                                                                            "'aws:TagKeys':'a'}") "]",
     "allowed if (aws:SourceVpc matches vpc-*) and (some value of aws:TagKeys is a)",
     "aws:SourceVpc aws:TagKeys"},
    /* A resource policy that would do instead. */
    {"'identityPolicies':[" CONDITIONAL(
         "Allow",
         "'StringEquals':{'aws:SourceVpc':'vpc-1'}") "],'resourcePolicy':" P_RESOURCE("Allow",
                                                                                      "{'AWS':'" USER "'}",
                                                                                      ",'Condition':{'"
                                                                                      "StringNotEquals':{"
                                                                                      "'aws:SourceVpce':["
                                                                                      "'a','b']}}"),
     "allowed if (aws:SourceVpc is vpc-1), or else (aws:SourceVpce is not a nor b)",
     "aws:SourceVpce aws:SourceVpc"},
    /* Past a boundary in the way, it alone would do; what identity policies would take is no help. */
    {"'identityPolicies':[" CONDITIONAL(
         "Allow",
         "'StringEquals':{'aws:SourceVpc':'vpc-1'}") "],'permissionBoundaryPolicies':"
                                                     "[" P_DENY("ec2:*",
                                                                "*") "],"
                                                                     "'resourcePolicy'"
                                                                     ":" P_RESOURCE("Allow",
                                                                                    "{'AWS':'" USER "'}",
                                                                                    ",'Condition':{'"
                                                                                    "StringNotEquals':{'"
                                                                                    "aws:SourceVpce':['"
                                                                                    "a','b']}}"),
     "allowed if (aws:SourceVpce is not a nor b)", "aws:SourceVpce aws:SourceVpc"},
};

static void residuals_say_what_an_unknown_answer_hangs_on(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    unsigned wrong = 0;
    for (size_t i = 0; i < VG_COUNT(residuals); i++) {
        vg_explanation e;
        vg_buf keys = {0};
        vg_arena_reset(arena);
        explain(arena, residuals[i].layers, true, &e);
        assert_int_equal(e.decision.result, VG_DECISION_UNKNOWN);
        for (size_t k = 0; k < e.missing_key_count; k++)
            vg_buf_addf(&keys, "%s%.*s", k ? " " : "", VG_ARG(e.missing_keys[k]));
        if (!vg_str_is(e.residual, residuals[i].residual) ||
            !vg_str_is(vg_buf_str(&keys), residuals[i].keys)) {
            print_error("%s\n  is   %.*s [%.*s]\n  want %s [%s]\n", residuals[i].layers, VG_ARG(e.residual),
                        VG_ARG(vg_buf_str(&keys)), residuals[i].residual, residuals[i].keys);
            wrong++;
        }
        vg_buf_free(&keys);
    }
    vg_arena_free(arena);
    assert_int_equal(wrong, 0);
}

static bool has_note(const vg_explanation *e, const char *sentence)
{
    for (size_t i = 0; i < e->note_count; i++)
        if (strcmp(e->notes[i], sentence) == 0)
            return true;
    return false;
}

/* A boundary that does not allow: a resource policy of the same account may still let in whom it names. */
static void past_a_boundary_the_caller_must_be_named(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_policy_case one;
    vg_explanation e;
    vg_error err;
    case_from(arena, NULL,
              quoted(arena,
                     "{'request':{'principal':'" USER
                     "','action':'s3:GetObject','resource':'arn:aws:s3:::b/k'},'identityPolicies':[" P_ALL
                     "],'permissionBoundaryPolicies':[" P_DENY("ec2:*", "*") "]}"),
              &one);
    one.layers.resource = (vg_layer){.state = VG_LAYER_UNKNOWN, .name = VG_STR("bucket b")};
    assert_int_equal(vg_policy_explain(arena, &one.request, &one.layers, &e, &err), VG_OK);
    assert_true(vg_str_is(e.residual, "allowed if the resource policy of bucket b, not collected, allows and "
                                      "names the caller itself"));
    one.request.open = true;
    one.request.resource_account = VG_STR("");
    assert_int_equal(vg_policy_explain(arena, &one.request, &one.layers, &e, &err), VG_OK);
    assert_true(vg_str_is(e.residual,
                          "allowed if the resource policy of bucket b, not collected, allows and "
                          "names the caller itself, and the resource is of the caller's account"));
    vg_arena_free(arena);
}

static void reasons_without_a_statement_are_told(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_policy_case one;
    vg_explanation e;
    vg_error err;
    case_from(arena, NULL,
              quoted(arena,
                     "{'request':{'principal':'" USER
                     "','action':'s3:GetObject','resource':'arn:aws:s3:::b/k'},"
                     "'identityPolicies':[" P_ALL
                     "],'serviceControlPolicies':[{'orgIdentifier':'r','policies':[" P_DENY("*", "*") "]}]}"),
              &one);
    one.layers.caller_in_management_account = true;
    assert_int_equal(vg_policy_explain(arena, &one.request, &one.layers, &e, &err), VG_OK);
    assert_int_equal(e.decision.result, VG_ALLOWED);
    assert_true(has_note(&e, "the caller is of the management account: no SCP binds"));
    assert_true(has_note(&e, "caller and resource are of one account"));
    one.layers.resource = (vg_layer){.state = VG_LAYER_UNKNOWN, .name = VG_STR("bucket b")};
    one.request.resource_account = VG_STR("222222222222");
    assert_int_equal(vg_policy_explain(arena, &one.request, &one.layers, &e, &err), VG_OK);
    assert_true(vg_str_is(e.residual, "allowed if the resource policy of bucket b, not collected, allows"));
    assert_true(has_note(&e, "caller and resource are of two accounts: both sides must allow"));
    vg_arena_free(arena);
}

/* What a request writes and does not tell, a block may refuse. */
static void writes_that_are_not_told_are_noted(void **state)
{
    (void)state;
    static const struct {
        const char *action, *note;
        bool acls, policy, unknown;
    } cases[] = {
        {"s3:PutBucketPolicy", "BlockPublicPolicy refuses the policy if it is public", false, true, false},
        {"s3:PutAccessPointPolicy", "BlockPublicPolicy refuses the policy if it is public", false, true,
         false},
        {"s3:PutBucketPolicy", "BlockPublicPolicy, which was not collected in full", false, false, true},
        {"s3:PutBucketPolicy", NULL, true, false, false},
        {"s3:PutBucketAcl", "BlockPublicAcls refuses an ACL that grants to everyone", true, false, false},
        {"s3:PutObject", "BlockPublicAcls refuses an ACL that grants to everyone", true, false, false},
        {"s3:PutObjectAcl", "BlockPublicAcls refuses an ACL that grants to everyone", false, false, true},
        {"s3:PutObject", "BlockPublicAcls refuses an ACL that grants to everyone", false, true, true},
        {"s3:GetObject", NULL, true, true, true},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_policy_case one;
        vg_error err;
        vg_explanation e;
        vg_str text =
            vg_arena_printf(arena,
                            "{'request':{'principal':'arn:aws:iam::111111111111:user/u','action':'%s',"
                            "'resource':{'resource':'arn:aws:s3:::b/k','accountId':'111111111111'}},"
                            "'identityPolicies':[" P_ALL "]}",
                            cases[i].action);
        case_from(arena, test_catalogue(arena), quoted(arena, text.ptr), &one);
        const vg_s3_settings s3 = {.block_public_acls = cases[i].acls,
                                   .block_public_policy = cases[i].policy,
                                   .blocks_unknown = cases[i].unknown};
        one.layers.s3 = &s3;
        assert_int_equal(vg_policy_explain(arena, &one.request, &one.layers, &e, &err), VG_OK);
        assert_int_equal(e.decision.result, VG_ALLOWED);
        bool noted = false, any = false;
        for (size_t n = 0; n < e.note_count; n++) {
            any |= strncmp(e.notes[n], "BlockPublic", 11) == 0;
            noted |= cases[i].note && strncmp(e.notes[n], cases[i].note, strlen(cases[i].note)) == 0;
        }
        if (cases[i].note ? !noted : any)
            fail_msg("%s: want the note %s", cases[i].action, cases[i].note ? cases[i].note : "(none)");
        vg_arena_free(arena);
    }
}

/* What S3's settings leave open is part of the residual, and the ACL's key one that would decide. */
static void what_settings_leave_open_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *action, *layers, *residual;
        vg_s3_settings s3;
        size_t keys;
    } cases[] = {
        {"s3:PutObject",
         "'identityPolicies':[" P_ALL "]",
         "allowed if no ACL that the request brings (s3:x-amz-acl, s3:x-amz-grant-*) grants to everyone",
         {.block_public_acls = true},
         1},
        {"s3:GetObject",
         "'resourcePolicy':" P_RESOURCE("Allow", "'*'", ""),
         "allowed if S3 Block Public Access, not collected, does not restrict a bucket whose policy is "
         "public",
         {.unknown = true},
         0},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_policy_case one;
        vg_error err;
        vg_explanation e;
        vg_str text = vg_arena_printf(arena,
                                      "{'request':{'principal':'%s','action':'%s','resource':{'resource':"
                                      "'arn:aws:s3:::b/k','accountId':'111111111111'}},%s}",
                                      i ? "*" : USER, cases[i].action, cases[i].layers);
        case_from(arena, test_catalogue(arena), quoted(arena, text.ptr), &one);
        one.request.open = true;
        one.layers.s3 = &cases[i].s3;
        assert_int_equal(vg_policy_explain(arena, &one.request, &one.layers, &e, &err), VG_OK);
        assert_int_equal(e.decision.result, VG_DECISION_UNKNOWN);
        assert_int_equal(e.decision.unknown, VG_BY_S3_SETTINGS);
        if (!vg_str_is(e.residual, cases[i].residual))
            fail_msg("residual is: %.*s", VG_ARG(e.residual));
        assert_int_equal(e.missing_key_count, cases[i].keys);
        vg_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_settings_leave_open_is_told),
        cmocka_unit_test(deciding_statements_stand_in_the_order_of_evaluation),
        cmocka_unit_test(residuals_say_what_an_unknown_answer_hangs_on),
        cmocka_unit_test(past_a_boundary_the_caller_must_be_named),
        cmocka_unit_test(reasons_without_a_statement_are_told),
        cmocka_unit_test(writes_that_are_not_told_are_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
