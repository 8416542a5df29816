/* test_world.c: a world answers who and what is meant, with which layers and which context. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/world_text.h"

#define ALLOW(action, resource)                                                                              \
    "{'Version':'2012-10-17','Statement':{'Effect':'Allow','Action':'" action "','Resource':'" resource "'}" \
    "}"
#define EVERYTHING ALLOW("*", "*")

/* Two member accounts under a management account, one account outside; alice, a role with session tags, one without. */
static const char text[] =
    "{'organization':'o-1','management':'111111111111',"
    "'accounts':{"
    " '111111111111':{'path':'o-1/r-1/','scps':[[" EVERYTHING "]]},"
    " '222222222222':{'path':'o-1/r-1/ou-1/','scps':[[" EVERYTHING "],[" EVERYTHING "],["
    "   {'Version':'2012-10-17','Statement':[{'Effect':'Allow','Action':'*','Resource':'*'},"
    "    {'Effect':'Deny','Action':'iam:*','Resource':'*','Condition':{'ArnNotLike':{'aws:PrincipalArn':"
    "     'arn:aws:iam::*:role/break-glass'}}}]}]],"
    "   'rcps':[['unknown']]},"
    " '333333333333':{'standalone':true}},"
    "'principals':{"
    " 'arn:aws:iam::222222222222:user/team/alice':{'id':'AIDAALICE','tags':{'Team':'shop'},'identity':["
    "   {'Version':'2012-10-17','Statement':["
    "    {'Effect':'Allow','Action':'s3:GetObject','Resource':'arn:aws:s3:::home/${aws:username}/*'},"
    "    {'Effect':'Allow','Action':'iam:CreateUser','Resource':'*'},"
    "    {'Effect':'Allow','Action':'ec2:StartInstances','Resource':'*',"
    "     'Condition':{'StringEquals':{'aws:ResourceTag/Team':'${aws:PrincipalTag/team}'}}},"
    "    {'Effect':'Allow','Action':'sqs:SendMessage','Resource':'*',"
    "     'Condition':{'StringEquals':{'aws:PrincipalTag/CostCenter':'1'}}}]}]},"
    " 'arn:aws:iam::222222222222:role/service/"
    "app':{'id':'AROAAPP','tags':{'Team':'shop'},'identity':[" EVERYTHING "],"
    "   'boundary':" ALLOW(
        "s3:*",
        "*") ","
             "   "
             "'trust':{'Version':'2012-10-17','Statement':{'Effect':'Allow','Principal':{'Service':'ec2."
             "amazonaws.com'},"
             "    'Action':'sts:AssumeRole'}}},"
             " 'arn:aws:iam::222222222222:role/tagged':{'identity':[" EVERYTHING "],'tags':{'Team':'shop'},"
             "   'trust':{'Version':'2012-10-17','Statement':{'Effect':'Allow','Principal':{'AWS':'*'},"
             "    'Action':['sts:AssumeRole','sts:Tag*']}}},"
             " 'arn:aws:iam::333333333333:user/bob':{'identity':[" EVERYTHING "]}},"
             "'resources':{"
             " 'arn:aws:s3:::home':{'type':'AWS::S3::Bucket','account':'222222222222','policy':["
             "   "
             "{'Version':'2012-10-17','Statement':{'Effect':'Allow','Principal':{'AWS':'333333333333'},'"
             "Action':'s3:GetObject',"
             "    'Resource':'arn:aws:s3:::home/*'}}]},"
             " 'arn:aws:s3:eu-west-1:222222222222:accesspoint/"
             "ap':{'type':'AWS::S3::AccessPoint','behind':'arn:aws:s3:::home',"
             "   'policy':'unknown'},"
             " 'arn:aws:ec2:eu-west-1:222222222222:instance/"
             "i-1':{'type':'AWS::EC2::Instance','tags':{'Team':'shop'}},"
             " 'arn:aws:ec2:eu-west-1:222222222222:instance/"
             "i-2':{'type':'AWS::EC2::Instance','tags':{'Team':'other'}},"
             " 'arn:aws:lambda:eu-west-1:222222222222:function:f':{'type':'AWS::Lambda::Function','policy':[]"
             "}}}";

typedef struct {
    vg_arena *arena;
    const vg_world *world;
    vg_world_scratch scratch;
} fixture;

static int setup(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    f->arena = vg_arena_new(0);
    f->world = world_of_text(f->arena, world_catalogue(f->arena), world_quotes(f->arena, text));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    vg_arena_free(f->arena);
    free(f);
    return 0;
}

static void names_lead_to_principals(void **state)
{
    static const struct {
        const char *text, *arn;
    } cases[] = {
        {"arn:aws:iam::222222222222:user/team/alice", "arn:aws:iam::222222222222:user/team/alice"},
        {"AIDAALICE", "arn:aws:iam::222222222222:user/team/alice"},
        {"arn:aws:sts::222222222222:assumed-role/app/i-1", "arn:aws:iam::222222222222:role/service/app"},
        {"AROAAPP", "arn:aws:iam::222222222222:role/service/app"},
        {"222222222222", "arn:aws:iam::222222222222:root"},
        {"arn:aws:iam::111111111111:root", "arn:aws:iam::111111111111:root"},
        {"arn:aws:iam::222222222222:user/alice", NULL},
        {"arn:aws:sts::333333333333:assumed-role/app/i-1", NULL},
        {"444444444444", NULL},
        {"ec2.amazonaws.com", NULL},
        {"", NULL},
    };
    fixture *f = *state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        const vg_world_principal *p = vg_world_principal_of(f->world, vg_str_from(cases[i].text));
        print_message("%s: %.*s\n", cases[i].text, VG_ARG(p ? p->arn : VG_STR("nobody")));
        assert_true(p ? cases[i].arn && vg_str_is(p->arn, cases[i].arn) : !cases[i].arn);
    }
}

static void arns_lead_to_what_carries_the_policy(void **state)
{
    static const struct {
        const char *arn, *resource, *access_point, *account;
        bool is_exact;
    } cases[] = {
        {"arn:aws:s3:::home", "arn:aws:s3:::home", NULL, "222222222222", true},
        {"arn:aws:s3:::home/a/b:c", "arn:aws:s3:::home", NULL, "222222222222", false},
        {"arn:aws:s3:::home/*", "arn:aws:s3:::home", NULL, "222222222222", false},
        {"arn:aws:s3:::hom*", NULL, NULL, "", false},
        {"arn:aws:s3:eu-west-1:222222222222:accesspoint/ap/object/k", "arn:aws:s3:::home",
         "arn:aws:s3:eu-west-1:222222222222:accesspoint/ap", "222222222222", false},
        {"arn:aws:lambda:eu-west-1:222222222222:function:f:live",
         "arn:aws:lambda:eu-west-1:222222222222:function:f", NULL, "222222222222", false},
        {"arn:aws:iam::222222222222:role/service/app", "arn:aws:iam::222222222222:role/service/app", NULL,
         "222222222222", true},
        {"arn:aws:iam::222222222222:role/service/app/x", NULL, NULL, "222222222222", false},
        {"arn:aws:sqs:eu-west-1:444444444444:q", NULL, NULL, "444444444444", false},
        {"*", NULL, NULL, "", false},
    };
    fixture *f = *state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_world_target t = vg_world_target_of(f->world, vg_str_from(cases[i].arn));
        print_message("%s\n", cases[i].arn);
        assert_true(t.resource ? cases[i].resource && vg_str_is(t.resource->arn, cases[i].resource)
                               : !cases[i].resource);
        assert_true(t.access_point
                        ? cases[i].access_point && vg_str_is(t.access_point->arn, cases[i].access_point)
                        : !cases[i].access_point);
        assert_true(vg_str_is(t.account_id, cases[i].account));
        assert_int_equal(t.is_exact, cases[i].is_exact);
    }
}

static void what_is_not_in_the_world_is_unknown(void **state)
{
    static const struct {
        const char *caller, *resource;
        vg_layer_state identity, boundary, policy;
        size_t scps, rcps;
    } cases[] = {
        /* all is known */
        {"arn:aws:iam::222222222222:user/team/alice", "arn:aws:s3:::home/k", VG_LAYER_KNOWN, VG_LAYER_NONE,
         VG_LAYER_KNOWN, 3, 1},
        {"arn:aws:sts::222222222222:assumed-role/app/s", "arn:aws:s3:::home", VG_LAYER_KNOWN, VG_LAYER_KNOWN,
         VG_LAYER_KNOWN, 3, 1},
        {"arn:aws:iam::333333333333:user/bob", "arn:aws:ec2:eu-west-1:222222222222:instance/i-1",
         VG_LAYER_KNOWN, VG_LAYER_NONE, VG_LAYER_NONE, 0, 1},
        /* a user that no export holds; an account outside; a resource that no export holds */
        {"arn:aws:iam::222222222222:user/eve", "arn:aws:s3:::home", VG_LAYER_UNKNOWN, VG_LAYER_UNKNOWN,
         VG_LAYER_KNOWN, 3, 1},
        {"arn:aws:iam::444444444444:user/eve", "arn:aws:s3:::home", VG_LAYER_UNKNOWN, VG_LAYER_UNKNOWN,
         VG_LAYER_KNOWN, 1, 1},
        {"arn:aws:iam::444444444444:root", "arn:aws:s3:::else", VG_LAYER_KNOWN, VG_LAYER_NONE,
         VG_LAYER_UNKNOWN, 1, 1},
        /* callers outside IAM have no layers of their own */
        {"ec2.amazonaws.com", "arn:aws:s3:::home", VG_LAYER_NONE, VG_LAYER_NONE, VG_LAYER_KNOWN, 0, 1},
        {"*", "arn:aws:s3:::home", VG_LAYER_NONE, VG_LAYER_NONE, VG_LAYER_KNOWN, 0, 1},
        /* no resource at all */
        {"arn:aws:iam::333333333333:user/bob", "*", VG_LAYER_KNOWN, VG_LAYER_NONE, VG_LAYER_NONE, 0, 0},
    };
    fixture *f = *state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_layers layers;
        vg_world_caller caller = vg_world_caller_of(f->world, vg_str_from(cases[i].caller));
        vg_world_target target = vg_world_target_of(f->world, vg_str_from(cases[i].resource));
        vg_world_layers(f->world, &caller, &target, &layers);
        print_message("%s on %s\n", cases[i].caller, cases[i].resource);
        assert_int_equal(layers.identity.state, cases[i].identity);
        assert_int_equal(layers.boundary.state, cases[i].boundary);
        assert_int_equal(layers.resource.state, cases[i].policy);
        assert_int_equal(layers.scp_count, cases[i].scps);
        assert_int_equal(layers.rcp_count, cases[i].rcps);
    }
}

static void an_access_point_brings_its_own_layer(void **state)
{
    fixture *f = *state;
    vg_layers layers;
    vg_world_caller caller = vg_world_caller_of(f->world, VG_STR("AIDAALICE"));
    vg_world_target target =
        vg_world_target_of(f->world, VG_STR("arn:aws:s3:eu-west-1:222222222222:accesspoint/ap/object/k"));
    vg_world_layers(f->world, &caller, &target, &layers);
    assert_int_equal(layers.access_point.state, VG_LAYER_UNKNOWN);
    assert_int_equal(layers.resource.state, VG_LAYER_KNOWN);
    assert_int_equal(layers.resource.count, 1);
}

/* ---- context ---------------------------------------------------------------------------------------------------------------------- */

static const vg_context_entry *entry_of(const vg_request *request, const char *key)
{
    for (size_t i = 0; i < request->context_count; i++)
        if (vg_str_eq_icase(request->context[i].key, vg_str_from(key)))
            return &request->context[i];
    return NULL;
}

static void context_is_what_evidence_tells(void **state)
{
    static const struct {
        const char *caller, *resource, *key, *value; /* value: NULL unknown, "-" absent */
    } cases[] = {
        {"AIDAALICE", "*", "aws:PrincipalArn", "arn:aws:iam::222222222222:user/team/alice"},
        {"AIDAALICE", "*", "aws:PrincipalAccount", "222222222222"},
        {"AIDAALICE", "*", "aws:PrincipalOrgID", "o-1"},
        {"AIDAALICE", "*", "aws:PrincipalOrgPaths", "o-1/r-1/ou-1/"},
        {"AIDAALICE", "*", "aws:PrincipalType", "User"},
        {"AIDAALICE", "*", "aws:username", "alice"},
        {"AIDAALICE", "*", "aws:PrincipalTag/team", "shop"},
        {"AIDAALICE", "*", "aws:PrincipalTag/CostCenter", "-"},
        {"AIDAALICE", "*", "aws:PrincipalIsAWSService", "false"},
        {"AIDAALICE", "*", "aws:SourceIp", NULL},
        {"AIDAALICE", "*", "aws:MultiFactorAuthPresent", NULL},
        {"AIDAALICE", "*", "aws:ResourceAccount", NULL},
        {"AIDAALICE", "arn:aws:s3:::home/k", "aws:ResourceAccount", "222222222222"},
        {"AIDAALICE", "arn:aws:s3:::home/k", "aws:ResourceOrgID", "o-1"},
        {"AIDAALICE", "arn:aws:s3:::home/k", "aws:ResourceTag/Team", NULL},
        {"AIDAALICE", "arn:aws:ec2:eu-west-1:222222222222:instance/i-1", "aws:ResourceTag/Team", "shop"},
        {"AIDAALICE", "arn:aws:ec2:eu-west-1:222222222222:instance/i-3", "aws:ResourceTag/Team", NULL},
        {"AIDAALICE", "arn:aws:iam::222222222222:user/team/alice", "aws:ResourceOrgID", "o-1"},
        /* a role, whose sessions may bring tags only where its trust says so; a session is called by its role's ARN */
        {"AROAAPP", "*", "aws:PrincipalArn", "arn:aws:iam::222222222222:role/service/app"},
        {"AROAAPP", "*", "aws:username", "-"},
        {"AROAAPP", "*", "aws:PrincipalType", "AssumedRole"},
        {"AROAAPP", "*", "aws:PrincipalTag/Team", "shop"},
        {"arn:aws:sts::222222222222:assumed-role/app/s", "*", "aws:PrincipalArn",
         "arn:aws:iam::222222222222:role/service/app"},
        {"arn:aws:iam::222222222222:role/tagged", "*", "aws:PrincipalTag/Team", NULL},
        /* root; an account in no organisation; an account outside; a service; nobody */
        {"222222222222", "*", "aws:PrincipalType", "Account"},
        {"222222222222", "*", "aws:PrincipalTag/Team", "-"},
        {"arn:aws:iam::333333333333:user/bob", "*", "aws:PrincipalOrgID", "-"},
        {"arn:aws:iam::444444444444:user/eve", "*", "aws:PrincipalOrgID", NULL},
        {"arn:aws:iam::444444444444:user/eve", "*", "aws:PrincipalAccount", "444444444444"},
        {"ec2.amazonaws.com", "*", "aws:PrincipalIsAWSService", "true"},
        {"ec2.amazonaws.com", "*", "aws:PrincipalServiceName", "ec2.amazonaws.com"},
        {"ec2.amazonaws.com", "*", "aws:PrincipalOrgID", "-"},
        {"*", "*", "aws:PrincipalType", "Anonymous"},
        {"*", "*", "aws:PrincipalArn", "-"},
    };
    fixture *f = *state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_request request;
        vg_world_caller caller = vg_world_caller_of(f->world, vg_str_from(cases[i].caller));
        vg_world_target target = vg_world_target_of(f->world, vg_str_from(cases[i].resource));
        vg_world_request(f->world, &caller, &target, VG_STR("s3:GetObject"), NULL, 0, &f->scratch, &request);
        const vg_context_entry *e = entry_of(&request, cases[i].key);
        print_message("%s on %s: %s is %.*s\n", cases[i].caller, cases[i].resource, cases[i].key,
                      VG_ARG(!e               ? VG_STR("unknown")
                             : e->value_count ? e->values[0]
                                              : VG_STR("absent")));
        assert_true(request.open);
        if (!cases[i].value)
            assert_true(!e || e->state == VG_CONTEXT_UNKNOWN);
        else if (cases[i].value[0] == '-')
            assert_true(e && e->state == VG_CONTEXT_ABSENT);
        else
            assert_true(e && e->state == VG_CONTEXT_PRESENT && vg_str_is(e->values[0], cases[i].value));
    }
}

static void given_context_goes_before_what_is_derived(void **state)
{
    fixture *f = *state;
    static const vg_str shop = VG_STR_INIT("other");
    const vg_context_entry given = {.key = VG_STR("aws:principaltag/Team"),
                                    .values = &shop,
                                    .value_count = 1,
                                    .state = VG_CONTEXT_PRESENT};
    vg_request request;
    vg_world_caller caller = vg_world_caller_of(f->world, VG_STR("AIDAALICE"));
    vg_world_target target = vg_world_target_of(f->world, VG_STR("*"));
    vg_world_request(f->world, &caller, &target, VG_STR("s3:GetObject"), &given, 1, &f->scratch, &request);
    size_t seen = 0;
    for (size_t i = 0; i < request.context_count; i++)
        seen += vg_str_eq_icase(request.context[i].key, given.key);
    assert_int_equal(seen, 1);
    assert_true(vg_str_is(entry_of(&request, "aws:PrincipalTag/Team")->values[0], "other"));
}

/* ---- decisions over a world --------------------------------------------------------------------------------------------------------- */

static void decisions_follow_from_the_world(void **state)
{
    static const struct {
        const char *caller, *action, *resource;
        vg_decision_result result;
    } cases[] = {
        {"AIDAALICE", "iam:CreateUser", "arn:aws:iam::222222222222:user/x", VG_EXPLICITLY_DENIED},
        {"AIDAALICE", "ec2:StartInstances", "arn:aws:ec2:eu-west-1:222222222222:instance/i-1", VG_ALLOWED},
        {"AIDAALICE", "ec2:StartInstances", "arn:aws:ec2:eu-west-1:222222222222:instance/i-2",
         VG_IMPLICITLY_DENIED},
        {"AIDAALICE", "ec2:StartInstances", "arn:aws:ec2:eu-west-1:222222222222:instance/i-3",
         VG_DECISION_UNKNOWN},
        {"AIDAALICE", "sqs:SendMessage", "*", VG_IMPLICITLY_DENIED},
        {"AROAAPP", "ec2:StartInstances", "arn:aws:ec2:eu-west-1:222222222222:instance/i-1",
         VG_IMPLICITLY_DENIED},
    };
    fixture *f = *state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_world_caller caller = vg_world_caller_of(f->world, vg_str_from(cases[i].caller));
        vg_decision d = vg_world_decide(f->world, &caller, vg_str_from(cases[i].action),
                                        vg_str_from(cases[i].resource), &f->scratch);
        print_message("%s %s %s: %s, wanted %s\n", cases[i].caller, cases[i].action, cases[i].resource,
                      vg_decision_name(d.result), vg_decision_name(cases[i].result));
        /* The RCPs of the member account are unknown: what is allowed may be denied by one. */
        if (cases[i].result == VG_ALLOWED)
            assert_true(d.result == VG_DECISION_UNKNOWN && d.unknown == VG_BY_RCP);
        else
            assert_int_equal(d.result, cases[i].result);
    }
}

/* ---- building ------------------------------------------------------------------------------------------------------------------------- */

static void equal_policies_are_one(void **state)
{
    (void)state;
    vg_error err[1] = {{0}};
    vg_arena *arena = vg_arena_new(0);
    vg_world_builder *b = vg_world_builder_new(arena, NULL);
    const vg_policy *first, *second, *bad;
    vg_layer one, two, part;
    vg_str document = world_quotes(arena, EVERYTHING);
    WORLD_OK(
        vg_world_policy_text(b, VG_STR("arn:p"), VG_POLICY_IDENTITY, VG_STR("p"), document, &first, err));
    WORLD_OK(vg_world_policy_text(b, VG_STR("arn:p"), VG_POLICY_IDENTITY, VG_STR("p"), VG_STR("{}"), &second,
                                  err));
    assert_ptr_equal(first, second);
    WORLD_OK(vg_world_policy_text(b, VG_STR("arn:q"), VG_POLICY_IDENTITY, VG_STR("q"),
                                  VG_STR("{\"Statement\": 3}"), &bad, err));
    assert_null(bad);
    WORLD_OK(vg_world_policy_text(b, VG_STR("arn:q"), VG_POLICY_IDENTITY, VG_STR("q"), document, &bad, err));
    assert_null(bad);
    WORLD_OK(vg_world_layer(b, (const vg_policy *[]){first}, 1, VG_STR(""), &one, err));
    WORLD_OK(vg_world_layer(b, (const vg_policy *[]){second}, 1, VG_STR(""), &two, err));
    assert_ptr_equal(one.policies, two.policies);
    WORLD_OK(vg_world_layer(b, (const vg_policy *[]){first, bad}, 2, VG_STR(""), &part, err));
    assert_int_equal(part.state, VG_LAYER_UNKNOWN);
    assert_int_equal(part.count, 1);
    vg_world_principal roles[] = {{.arn = VG_STR("arn:aws:iam::222222222222:role/b"),
                                   .account_id = VG_STR("222222222222"),
                                   .identity = one},
                                  {.arn = VG_STR("arn:aws:iam::222222222222:role/a"),
                                   .account_id = VG_STR("222222222222"),
                                   .identity = two},
                                  {.arn = VG_STR("arn:aws:iam::222222222222:role/c"),
                                   .account_id = VG_STR("222222222222"),
                                   .identity = part}};
    for (size_t i = 0; i < VG_COUNT(roles); i++)
        WORLD_OK(vg_world_add_principal(b, &roles[i], err));
    const vg_world *world;
    WORLD_OK(vg_world_finish(b, &world, err));
    assert_int_equal(world->account_count, 1);
    assert_int_equal(world->principal_count, 4); /* the roles and the root user */
    assert_true(vg_str_is(world->principals[0].arn, "arn:aws:iam::222222222222:role/a"));
    assert_int_equal(world->principals[0].identity_set, world->principals[1].identity_set);
    assert_int_not_equal(world->principals[0].identity_set, world->principals[2].identity_set);
    assert_int_equal(world->accounts[0].scps[0].state, VG_LAYER_UNKNOWN);
    assert_int_equal(world->policy_count, 1);
    assert_int_equal(world->problem_count, 1);
    assert_non_null(vg_world_resource_of(world, VG_STR("arn:aws:iam::222222222222:role/c")));
    vg_arena_free(arena);
}

static void two_of_one_name_are_refused(void **state)
{
    (void)state;
    vg_error err[1] = {{0}};
    vg_arena *arena = vg_arena_new(0);
    vg_world_builder *b = vg_world_builder_new(arena, NULL);
    const vg_world *world;
    vg_world_principal user = {.arn = VG_STR("arn:aws:iam::222222222222:user/a"),
                               .account_id = VG_STR("222222222222")};
    WORLD_OK(vg_world_add_principal(b, &user, err));
    WORLD_OK(vg_world_add_principal(b, &user, err));
    assert_int_equal(vg_world_finish(b, &world, err), VG_ERR_VALUE);
    assert_non_null(strstr(err->message, "user/a"));
    vg_arena_free(arena);
}

static void types_without_policies_have_none(void **state)
{
    (void)state;
    vg_error err[1] = {{0}};
    vg_arena *arena = vg_arena_new(0);
    vg_world_builder *b = vg_world_builder_new(arena, NULL);
    const vg_world *world;
    static const vg_str patterns[] = {VG_STR_INIT("arn:*:s3:*"), VG_STR_INIT("arn:*:sqs:*")};
    vg_world_builder_policy_arns(b, patterns, VG_COUNT(patterns));
    WORLD_OK(vg_world_finish(b, &world, err));
    assert_true(vg_world_takes_policy(world, VG_STR("arn:aws:s3:::b")));
    assert_true(vg_world_takes_policy(world, VG_STR("arn:aws-cn:sqs:cn-north-1:1:q")));
    assert_false(vg_world_takes_policy(world, VG_STR("arn:aws:ec2:eu-west-1:1:instance/i-1")));
    assert_false(vg_world_takes_policy(world, VG_STR("*")));
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_lead_to_principals),
        cmocka_unit_test(arns_lead_to_what_carries_the_policy),
        cmocka_unit_test(what_is_not_in_the_world_is_unknown),
        cmocka_unit_test(an_access_point_brings_its_own_layer),
        cmocka_unit_test(context_is_what_evidence_tells),
        cmocka_unit_test(given_context_goes_before_what_is_derived),
        cmocka_unit_test(decisions_follow_from_the_world),
        cmocka_unit_test(equal_policies_are_one),
        cmocka_unit_test(two_of_one_name_are_refused),
        cmocka_unit_test(types_without_policies_have_none),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
