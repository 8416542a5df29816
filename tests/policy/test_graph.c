/* test_graph.c: who can become whom: techniques, paths, reasons, changes. Worlds are small and built from text; the
 * techniques are those of content/escalations/. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/world_text.h"

/* ---- worlds ------------------------------------------------------------------------------------------------------------ */

#define DOC(...)          "{'Version':'2012-10-17','Statement':[" __VA_ARGS__ "]}"
#define ALLOW(action, on) "{'Effect':'Allow','Action':" action ",'Resource':" on "}"
#define DENY(action, on)  "{'Effect':'Deny','Action':" action ",'Resource':" on "}"
#define PASS_TO(role, to)                                                                                    \
    "{'Effect':'Allow','Action':'iam:PassRole','Resource':'" role "','Condition':{'StringEquals':{"          \
    "'iam:PassedToService':'" to "'}}}"
#define TRUST(who)    DOC("{'Effect':'Allow','Principal':" who ",'Action':'sts:AssumeRole'}")
#define EVERYTHING    DOC(ALLOW("'*'", "'*'"))
#define USER(name)    "arn:aws:iam::111122223333:user/" name
#define ROLE(name)    "arn:aws:iam::111122223333:role/" name
#define GROUP(name)   "arn:aws:iam::111122223333:group/" name
#define POLICY(name)  "arn:aws:iam::111122223333:policy/" name
#define SERVICE(name) TRUST("{'Service':'" name ".amazonaws.com'}")
#define FUNCTION      "arn:aws:lambda:eu-west-1:111122223333:function:f"
#define INSTANCE      "arn:aws:ec2:eu-west-1:111122223333:instance/i-1"

/* alice, and beside her what `more` holds; an administrators' role of each kind that a technique leads to. */
#define WORLD(account, alice, more)                                                                          \
    "{'accounts':{'111122223333':{'standalone':true" account "},'444455556666':{'standalone':true}},"        \
    "'principals':{'" USER("alice") "':{" alice "}" more "}}"
#define ADMIN(name, trust) ",'" ROLE(name) "':{'identity':[" EVERYTHING "],'trust':" trust "}"
#define CAN(...)           "'identity':[" DOC(__VA_ARGS__) "]"

typedef struct {
    vg_arena *arena;
    const vg_catalogue *catalogue;
    const vg_escalations *techniques;
} fixture;

static const vg_escalations *read_techniques(vg_arena *arena, const vg_catalogue *catalogue)
{
    static const char *const names[] = {"identity", "services"};
    vg_escalation_file files[2];
    vg_error err[1] = {{0}};
    const vg_escalations *out;
    for (size_t i = 0; i < 2; i++) {
        files[i].name = vg_arena_printf(arena, "%s.yaml", names[i]);
        vg_str path = vg_arena_printf(arena, VIGIL_SOURCE_DIR "/content/escalations/%s.yaml", names[i]);
        WORLD_OK(vg_file_read(arena, path, 1 << 22, &files[i].text, err));
    }
    WORLD_OK(vg_escalations_read(arena, catalogue, files, 2, &out, err));
    return out;
}

static int setup(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    f->arena = vg_arena_new(0);
    f->catalogue = world_catalogue(f->arena);
    f->techniques = read_techniques(f->arena, f->catalogue);
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

static const vg_graph *graph_of(fixture *f, const char *text)
{
    vg_error err[1] = {{0}};
    const vg_graph *graph;
    const vg_world *world = world_of_text(f->arena, f->catalogue, world_quotes(f->arena, text));
    WORLD_OK(vg_graph_build(f->arena, world, f->techniques, &graph, err));
    return graph;
}

static uint32_t index_of(const vg_graph *graph, const char *arn)
{
    const vg_world *world = vg_graph_world(graph);
    const vg_world_principal *p = vg_world_principal_of(world, vg_str_from(arn));
    return p ? (uint32_t)(p - world->principals) : VG_WORLD_NONE;
}

static void add_word(char *out, size_t room, vg_str word)
{
    size_t len = strlen(out);
    snprintf(out + len, room - len, "%s%.*s", len ? " " : "", VG_ARG(word));
}

/* "new-function-invoke new-function-permission?": the techniques that lead from alice anywhere, by id; '?' stands behind
 * the named one of an edge that is conditional. */
static void techniques_of(fixture *f, const char *text, char *out, size_t room)
{
    size_t count;
    const vg_graph *graph = graph_of(f, text);
    const vg_graph_edge *edges = vg_graph_edges(graph, &count);
    uint32_t alice = index_of(graph, USER("alice"));
    out[0] = 0;
    for (size_t t = 0; t < f->techniques->count; t++)
        for (size_t i = 0; i < count; i++) {
            bool leads = edges[i].from == alice && ((edges[i].ways[t / 64] >> (t % 64)) & 1);
            bool open = edges[i].technique == t && !edges[i].certain;
            if (leads)
                add_word(out, room,
                         vg_arena_printf(f->arena, "%.*s%s", VG_ARG(f->techniques->techniques[t].id),
                                         open ? "?" : ""));
            if (leads)
                break;
        }
}

typedef struct {
    const char *about, *world, *expected;
} edge_case;

static void expect_edges(fixture *f, const edge_case *cases, size_t count)
{
    char got[1024];
    bool all = true;
    for (size_t i = 0; i < count; i++) {
        techniques_of(f, cases[i].world, got, sizeof got);
        bool same = strcmp(got, cases[i].expected) == 0;
        if (!same)
            print_message("%s\n  gave     %s\n  expected %s\n", cases[i].about, got, cases[i].expected);
        all = all && same;
    }
    assert_true(all);
}
#define EXPECT(state, cases) expect_edges(*(state), cases, VG_COUNT(cases))

/* ---- assuming roles -------------------------------------------------------------------------------------------------------- */

static void a_role_is_assumed_when_trust_and_identity_hold(void **state)
{
    static const edge_case cases[] = {
        {"the account is trusted and she may",
         WORLD("", CAN(ALLOW("'sts:AssumeRole'", "'*'")), ADMIN("r", TRUST("{'AWS':'111122223333'}"))),
         "assume-role"},
        {"the account is trusted and she may not",
         WORLD("", CAN(ALLOW("'s3:*'", "'*'")), ADMIN("r", TRUST("{'AWS':'111122223333'}"))), ""},
        {"another role only",
         WORLD("", CAN(ALLOW("'sts:AssumeRole'", "'" ROLE("other") "'")),
               ADMIN("r", TRUST("{'AWS':'111122223333'}"))),
         ""},
        {"trust that names her is enough",
         WORLD("", CAN(ALLOW("'s3:*'", "'*'")), ADMIN("r", TRUST("{'AWS':'" USER("alice") "'}"))),
         "assume-role"},
        {"everyone is named", WORLD("", CAN(ALLOW("'s3:*'", "'*'")), ADMIN("r", TRUST("'*'"))),
         "assume-role"},
        {"she may and is not trusted",
         WORLD("", CAN(ALLOW("'sts:AssumeRole'", "'*'")), ADMIN("r", SERVICE("ec2"))), ""},
        {"named, and denied",
         WORLD("", CAN(DENY("'sts:AssumeRole'", "'*'")), ADMIN("r", TRUST("{'AWS':'" USER("alice") "'}"))),
         ""},
        {"only with MFA",
         WORLD(
             "", CAN(ALLOW("'sts:AssumeRole'", "'*'")),
             ADMIN("r", DOC("{'Effect':'Allow','Principal':{'AWS':'111122223333'},'Action':'sts:AssumeRole',"
                            "'Condition':{'Bool':{'aws:MultiFactorAuthPresent':'true'}}}"))),
         "assume-role?"},
        {"another account, both sides",
         WORLD("", CAN(ALLOW("'sts:AssumeRole'", "'*'")),
               ",'arn:aws:iam::444455556666:role/r':{'identity':[" EVERYTHING
               "],'trust':" TRUST("{'AWS':'111122223333'}") "}"),
         "assume-role"},
        {"another account, trust alone",
         WORLD("", CAN(ALLOW("'s3:*'", "'*'")),
               ",'arn:aws:iam::444455556666:role/r':{'identity':[" EVERYTHING
               "],'trust':" TRUST("{'AWS':'" USER("alice") "'}") "}"),
         ""},
        {"another account, identity alone",
         WORLD("", CAN(ALLOW("'sts:AssumeRole'", "'*'")),
               ",'arn:aws:iam::444455556666:role/r':{'identity':[" EVERYTHING
               "],'trust':" TRUST("{'AWS':'444455556666'}") "}"),
         ""},
    };
    EXPECT(state, cases);
}

/* ---- passing roles ------------------------------------------------------------------------------------------------------------ */

#define LAMBDA       ALLOW("['lambda:CreateFunction','lambda:InvokeFunction']", "'*'")
#define PASS         ALLOW("'iam:PassRole'", "'*'")
#define NEW_FUNCTION "new-function-invoke"

static void a_role_is_passed_to_a_service_that_it_trusts(void **state)
{
    static const edge_case cases[] = {
        {"all there", WORLD("", CAN(LAMBDA "," PASS), ADMIN("r", SERVICE("lambda"))), NEW_FUNCTION},
        {"passed to this service",
         WORLD("", CAN(LAMBDA "," PASS_TO("*", "lambda.amazonaws.com")), ADMIN("r", SERVICE("lambda"))),
         NEW_FUNCTION},
        {"passed to another service",
         WORLD("", CAN(LAMBDA "," PASS_TO("*", "ec2.amazonaws.com")), ADMIN("r", SERVICE("lambda"))), ""},
        {"another role",
         WORLD("", CAN(LAMBDA "," PASS_TO(ROLE("x"), "lambda.amazonaws.com")), ADMIN("r", SERVICE("lambda"))),
         ""},
        {"the role trusts another service", WORLD("", CAN(LAMBDA "," PASS), ADMIN("r", SERVICE("glue"))), ""},
        {"no PassRole", WORLD("", CAN(LAMBDA), ADMIN("r", SERVICE("lambda"))), ""},
        {"nothing invokes",
         WORLD("", CAN(ALLOW("'lambda:CreateFunction'", "'*'") "," PASS), ADMIN("r", SERVICE("lambda"))), ""},
        {"denied",
         WORLD("", CAN(LAMBDA "," PASS "," DENY("'lambda:Invoke*'", "'*'")), ADMIN("r", SERVICE("lambda"))),
         ""},
        {"denied on one function: another name will do",
         WORLD("", CAN(LAMBDA "," PASS "," DENY("'lambda:Invoke*'", "'arn:aws:lambda:*:*:function:prod-*'")),
               ADMIN("r", SERVICE("lambda"))),
         NEW_FUNCTION},
        {"functions of one name",
         WORLD("",
               CAN(PASS "," ALLOW("['lambda:CreateFunction','lambda:InvokeFunction']",
                                  "'arn:aws:lambda:*:*:function:dev-*'")),
               ADMIN("r", SERVICE("lambda"))),
         NEW_FUNCTION},
        {"beyond the boundary",
         WORLD("",
               CAN(LAMBDA "," PASS) ",'boundary':" DOC(
                   "{'Effect':'Allow','NotAction':'iam:PassRole','Resource':'*'}"),
               ADMIN("r", SERVICE("lambda"))),
         ""},
        {"an SCP denies",
         WORLD(",'scps':[[" EVERYTHING "," DOC(DENY("'lambda:CreateFunction'", "'*'")) "]]",
               CAN(LAMBDA "," PASS), ADMIN("r", SERVICE("lambda"))),
         ""},
        {"an SCP level allows nothing of it",
         WORLD(",'scps':[[" EVERYTHING "],[" DOC(ALLOW("['iam:*','sts:*']", "'*'")) "]]",
               CAN(LAMBDA "," PASS), ADMIN("r", SERVICE("lambda"))),
         ""},
        {"a region deny leaves a region",
         WORLD(",'scps':[[" EVERYTHING
               "," DOC("{'Effect':'Deny','NotAction':'iam:*','Resource':'*','Condition':{'StringNotEquals':{"
                       "'aws:RequestedRegion':'eu-west-1'}}}") "]]",
               CAN(LAMBDA "," PASS), ADMIN("r", SERVICE("lambda"))),
         NEW_FUNCTION},
        {"SCPs that were not collected",
         WORLD(",'scps':[['unknown']]", CAN(LAMBDA "," PASS), ADMIN("r", SERVICE("lambda"))),
         NEW_FUNCTION "?"},
        {"split over two policies",
         WORLD("", "'identity':[" DOC(PASS) "," DOC(LAMBDA) "]", ADMIN("r", SERVICE("lambda"))),
         NEW_FUNCTION},
        {"what a NotAction leaves",
         WORLD("",
               CAN("{'Effect':'Allow','NotAction':['iam:A*','iam:C*','iam:D*','iam:P*Policy','iam:P*y','iam:"
                   "S*','iam:U*','sts:*','ssm:*','sagemaker:*','codebuild:*','cloudformation:*','ec2:*',"
                   "'ecs:*','glue:*','bedrock-agentcore:*','datapipeline:*'],'Resource':'*'}"),
               ADMIN("r", SERVICE("lambda"))),
         "new-function-invoke new-function-event-source new-function-permission existing-function-role "
         "change-function-code "
         "change-function-code-invoke change-function-code-permission"},
        {"an instance needs an instance profile",
         WORLD("", CAN(PASS "," ALLOW("'ec2:RunInstances'", "'*'")), ADMIN("r", SERVICE("ec2"))), ""},
        {"and has one",
         "{'accounts':{'111122223333':{'standalone':true}},'profiles':{'arn:aws:iam::111122223333:instance-"
         "profile/p':'" ROLE("r") "'},"
                                  "'principals':{'" USER("alice") "':{" CAN(PASS "," ALLOW(
                                      "'ec2:RunInstances'", "'*'")) "}" ADMIN("r", SERVICE("ec2")) "}}",
         "new-instance"},
        {"or she makes one",
         WORLD("",
               CAN(PASS "," ALLOW(
                   "['ec2:RunInstances','iam:CreateInstanceProfile','iam:AddRoleToInstanceProfile']", "'*'")),
               ADMIN("r", SERVICE("ec2"))),
         "new-instance-profile"},
        {"an instance without its subnet is none",
         "{'accounts':{'111122223333':{'standalone':true}},'profiles':{'arn:aws:iam::111122223333:instance-"
         "profile/p':'" ROLE("r") "'},"
                                  "'principals':{'" USER("alice") "':{" CAN(PASS "," ALLOW(
                                      "'ec2:RunInstances'",
                                      "['arn:aws:ec2:*:*:instance/*','arn:aws:ec2:*::image/"
                                      "*','arn:aws:ec2:*:*:network-interface/*',"
                                      "'arn:aws:ec2:*:*:security-group/*','arn:aws:ec2:*:*:volume/"
                                      "*']")) "}" ADMIN("r", SERVICE("ec2")) "}}",
         ""},
    };
    EXPECT(state, cases);
}

/* ---- what runs as a role ----------------------------------------------------------------------------------------------------------- */

#define RUNNING(alice, resources, more)                                                                      \
    "{'accounts':{'111122223333':{'standalone':true}},'principals':{'" USER(                                 \
        "alice") "':{" alice "}" more "},'resources':{" resources "}}"
#define CODE(on)   CAN(ALLOW("['lambda:UpdateFunctionCode','lambda:InvokeFunction']", "'" on "'"))
#define RUNS(role) "'" FUNCTION "':{'type':'AWS::Lambda::Function','policy':[],'runs_as':'" ROLE(role) "'}"
#define CHANGE     "change-function-code change-function-code-invoke"

static void what_runs_as_a_role_is_changed(void **state)
{
    static const edge_case cases[] = {
        {"the function", RUNNING(CODE(FUNCTION), RUNS("r"), ADMIN("r", SERVICE("lambda"))), CHANGE},
        {"another function", RUNNING(CODE(FUNCTION "x"), RUNS("r"), ADMIN("r", SERVICE("lambda"))), ""},
        {"the role no longer trusts the service", RUNNING(CODE("*"), RUNS("r"), ADMIN("r", SERVICE("ec2"))),
         ""},
        {"another role's function",
         RUNNING(CODE("*"), RUNS("s"),
                 ADMIN("r", SERVICE("lambda")) ",'" ROLE("s") "':{'trust':" SERVICE("lambda") "}"),
         CHANGE},
        {"evidence names no function: presumed", RUNNING(CODE("*"), "", ADMIN("r", SERVICE("lambda"))),
         "change-function-code? change-function-code-invoke"},
        {"waits for somebody to invoke",
         RUNNING(CAN(ALLOW("'lambda:UpdateFunctionCode'", "'*'")), RUNS("r"), ADMIN("r", SERVICE("lambda"))),
         "change-function-code?"},
    };
    EXPECT(state, cases);
}

/* ---- oneself -------------------------------------------------------------------------------------------------------------------------- */

static void whoever_writes_their_own_policies_is_an_administrator(void **state)
{
    static const edge_case cases[] = {
        {"inline", WORLD("", CAN(ALLOW("'iam:PutUserPolicy'", "'" USER("alice") "'")), ""),
         "set-own-inline-policy-user"},
        {"of somebody else", WORLD("", CAN(ALLOW("'iam:PutUserPolicy'", "'" USER("bob") "'")), ""), ""},
        {"by her name",
         WORLD("", CAN(ALLOW("'iam:AttachUserPolicy'", "'arn:aws:iam::*:user/${aws:username}'")), ""),
         "attach-own-policy-user"},
        {"a role's technique is none of a user's", WORLD("", CAN(ALLOW("'iam:PutRolePolicy'", "'*'")), ""),
         ""},
        {"a policy of the account that she has",
         WORLD("",
               CAN(ALLOW("'iam:CreatePolicyVersion'", "'" POLICY("p") "'")) ",'managed':['" POLICY("p") "']",
               ""),
         "create-own-policy-version"},
        {"one that she does not have",
         WORLD("",
               CAN(ALLOW("'iam:CreatePolicyVersion'", "'" POLICY("q") "'")) ",'managed':['" POLICY("p") "']",
               ""),
         ""},
        {"AWS's own cannot be changed",
         WORLD("",
               CAN(ALLOW("'iam:CreatePolicyVersion'",
                         "'*'")) ",'managed':['arn:aws:iam::aws:policy/ReadOnlyAccess']",
               ""),
         ""},
        {"an older version, who knows",
         WORLD("", CAN(ALLOW("'iam:SetDefaultPolicyVersion'", "'*'")) ",'managed':['" POLICY("p") "']", ""),
         "set-own-policy-version?"},
        {"her group",
         WORLD("", CAN(ALLOW("'iam:PutGroupPolicy'", "'" GROUP("g") "'")) ",'in':['" GROUP("g") "']", ""),
         "put-group-policy"},
        {"a group that she is not in", WORLD("", CAN(ALLOW("'iam:PutGroupPolicy'", "'*'")), ""), ""},
        {"a boundary stays",
         WORLD("",
               CAN(ALLOW("'iam:PutUserPolicy'", "'*'")) ",'boundary':" DOC(
                   ALLOW("['iam:PutUserPolicy','s3:*']", "'*'")),
               ""),
         ""},
        {"a boundary that allows everything is none",
         WORLD("", CAN(ALLOW("'iam:PutUserPolicy'", "'*'")) ",'boundary':" EVERYTHING, ""),
         "set-own-inline-policy-user"},
        {"a boundary that she may take off",
         WORLD("",
               CAN(ALLOW("['iam:PutUserPolicy','iam:DeleteUserPermissionsBoundary']",
                         "'*'")) ",'boundary':" DOC(ALLOW("['iam:*','s3:*']", "'*'")),
               ""),
         "delete-own-boundary-put-policy-user"},
        {"and what it hid",
         WORLD("",
               "'identity':[" EVERYTHING
               "],'boundary':" DOC(ALLOW("'iam:DeleteUserPermissionsBoundary'", "'*'")),
               ""),
         "delete-own-boundary-user delete-own-boundary-put-policy-user "
         "delete-own-boundary-attach-policy-user"},
        {"an SCP denies",
         WORLD(",'scps':[[" EVERYTHING "," DOC(DENY("'iam:Put*'", "'*'")) "]]",
               CAN(ALLOW("'iam:PutUserPolicy'", "'*'")), ""),
         ""},
        {"only with MFA",
         WORLD("",
               CAN("{'Effect':'Allow','Action':'iam:PutUserPolicy','Resource':'*','Condition':{'Bool':{'aws:"
                   "MultiFactorAuthPresent':'true'}}}"),
               ""),
         "set-own-inline-policy-user?"},
    };
    EXPECT(state, cases);
}

/* ---- what the caller chooses ------------------------------------------------------------------------------------------------------------ */

#define WHERE(action, on, condition)                                                                         \
    "{'Effect':'Allow','Action':" action ",'Resource':" on ",'Condition':{" condition "}}"
#define EXCEPT(action, condition)                                                                            \
    "{'Effect':'Deny','Action':" action ",'Resource':'*','Condition':{" condition "}}"
#define ATTACH(op, what) WHERE("'iam:AttachUserPolicy'", "'*'", "'" op "':{'iam:PolicyARN':" what "}")
#define PUT(op, what)    WHERE("'iam:PutUserPolicy'", "'*'", "'" op "':{'iam:PermissionsBoundary':" what "}")
#define OF_AWS           "arn:aws:iam::aws:policy/"
#define POLICIES(policies, alice, more)                                                                      \
    "{'accounts':{'111122223333':{'standalone':true}},'policies':{" policies                                 \
    "},'principals':{'" USER("alice") "':{" alice "}" more "}}"
#define BOB(...) ",'" USER("bob") "':{'identity':[" EVERYTHING "]" __VA_ARGS__ "}"
#define BOUND_ADMIN(name)                                                                                    \
    ",'" ROLE(name) "':{'identity':[" EVERYTHING "],'trust':" TRUST("{'AWS':'" USER("alice") "'}")           \
        BOUNDARY("b", ALLOW("'s3:*'", "'*'")) "}"
#define BOUNDARY(name, ...) ",'boundary':" DOC(__VA_ARGS__) ",'boundary_arn':'" POLICY(name) "'"

/* iam:PolicyARN: an administrative policy, or one that the caller writes. */
static void which_policy_is_attached_is_the_callers_choice(void **state)
{
    static const edge_case cases[] = {
        {"one that does no harm", WORLD("", CAN(ATTACH("ArnEquals", "'" OF_AWS "ReadOnlyAccess'")), ""), ""},
        {"AdministratorAccess", WORLD("", CAN(ATTACH("ArnEquals", "'" OF_AWS "AdministratorAccess'")), ""),
         "attach-own-policy-user"},
        {"any of AWS's", WORLD("", CAN(ATTACH("ArnLike", "'" OF_AWS "*'")), ""), "attach-own-policy-user"},
        {"all but AdministratorAccess: IAMFullAccess attaches it",
         WORLD("", CAN(ATTACH("ArnNotEquals", "'" OF_AWS "AdministratorAccess'")), ""),
         "attach-own-policy-user"},
        {"neither",
         WORLD("", CAN(ATTACH("ArnNotEquals", "['" OF_AWS "AdministratorAccess','" OF_AWS "IAMFullAccess']")),
               ""),
         ""},
        {"a list of harmless ones, for each value",
         WORLD("", CAN(ATTACH("ForAllValues:ArnEquals", "['" OF_AWS "ReadOnlyAccess']")), ""), ""},
        {"if the key is there at all",
         WORLD("", CAN(ATTACH("ArnEqualsIfExists", "'" OF_AWS "ReadOnlyAccess'")), ""), ""},
        {"if it is there, a list with an administrative one",
         WORLD("", CAN(ATTACH("StringLikeIfExists", "['" OF_AWS "ReadOnlyAccess','" OF_AWS "Admin*']")), ""),
         "attach-own-policy-user"},
        {"denied unless harmless",
         WORLD("",
               CAN(ALLOW("'iam:AttachUserPolicy'", "'*'") "," EXCEPT(
                   "'iam:*'", "'ArnNotLike':{'iam:PolicyARN':'" OF_AWS "ReadOnly*'}")),
               ""),
         ""},
        {"one of the account that allows everything",
         POLICIES("'" POLICY("root") "':" EVERYTHING, CAN(ATTACH("ArnEquals", "'" POLICY("root") "'")), ""),
         "attach-own-policy-user"},
        {"one of the account that allows little",
         POLICIES("'" POLICY("root") "':" DOC(ALLOW("'s3:*'", "'*'")),
                  CAN(ATTACH("ArnEquals", "'" POLICY("root") "'")), ""),
         ""},
        {"everything under a condition",
         POLICIES(
             "'" POLICY("root") "':" DOC(WHERE("'*'", "'*'", "'Bool':{'aws:MultiFactorAuthPresent':'true'}")),
             CAN(ATTACH("ArnEquals", "'" POLICY("root") "'")), ""),
         "attach-own-policy-user?"},
        {"one that AWS would refuse allows nothing",
         POLICIES(
             "'" POLICY("root") "':{'Statement':[{'Effect':'Allow','Action':'*','Resource':'*','Colour':1}]}",
             CAN(ATTACH("ArnEquals", "'" POLICY("root") "'")), ""),
         ""},
        {"another account's, where it stands for nothing here",
         POLICIES("'arn:aws:iam::444455556666:policy/root':" EVERYTHING,
                  CAN(ATTACH("ArnLike", "'arn:aws:iam::4*'")), ""),
         ""},
        {"one of a name that she may create",
         WORLD("",
               CAN(ATTACH("ArnLike", "'arn:aws:iam::*:policy/dev-*'") "," ALLOW("'iam:CreatePolicy'",
                                                                                "'" POLICY("dev-*") "'")),
               ""),
         "attach-own-policy-user"},
        {"one of another name",
         WORLD("",
               CAN(ATTACH("ArnLike", "'arn:aws:iam::*:policy/dev-*'") "," ALLOW("'iam:CreatePolicy'",
                                                                                "'" POLICY("test-*") "'")),
               ""),
         ""},
        {"all names but those of administrators",
         WORLD("",
               CAN(ATTACH("ArnNotLike", "['" OF_AWS "*']") "," ALLOW("'iam:CreatePolicy'",
                                                                     "'" POLICY("dev-*") "'")),
               ""),
         "attach-own-policy-user"},
        {"one that is there cannot be created",
         POLICIES("'" POLICY("dev") "':" DOC(ALLOW("'s3:*'", "'*'")),
                  CAN(ATTACH("ArnEquals", "'" POLICY("dev") "'") "," ALLOW("'iam:CreatePolicy'", "'*'")), ""),
         ""},
        {"and is rewritten",
         POLICIES(
             "'" POLICY("dev") "':" DOC(ALLOW("'s3:*'", "'*'")),
             CAN(ATTACH("ArnEquals", "'" POLICY("dev") "'") "," ALLOW("'iam:CreatePolicyVersion'", "'*'")),
             ""),
         "attach-own-policy-user"},
        {"one that is not hers to rewrite",
         POLICIES("'" POLICY("dev") "':" DOC(ALLOW("'s3:*'", "'*'")),
                  CAN(ATTACH("ArnEquals", "'" POLICY("dev") "'") "," ALLOW("'iam:CreatePolicyVersion'",
                                                                           "'" POLICY("test") "'")),
                  ""),
         ""},
        {"a role that she can assume",
         WORLD("",
               CAN(WHERE("'iam:AttachRolePolicy'", "'*'", "'ArnEquals':{'iam:PolicyARN':'" POLICY("b") "'}")),
               ",'" ROLE("r") "':{'trust':" TRUST("{'AWS':'" USER("alice") "'}") "}"),
         "assume-role"},
        {"her group",
         WORLD("",
               CAN(WHERE("'iam:AttachGroupPolicy'", "'*'",
                         "'ArnEquals':{'iam:PolicyARN':'" POLICY("b") "'}")) ",'in':['" GROUP("g") "']",
               ""),
         ""},
    };
    EXPECT(state, cases);
}

/* iam:PermissionsBoundary: that of whom policies are written for, and the one that is put. */
static void a_condition_on_the_boundary_is_decided_by_whom_it_is_on(void **state)
{
    static const edge_case cases[] = {
        {"she has none", WORLD("", CAN(PUT("StringEquals", "'" POLICY("b") "'")), ""), ""},
        {"if there is one", WORLD("", CAN(PUT("StringEqualsIfExists", "'" POLICY("b") "'")), ""),
         "set-own-inline-policy-user"},
        {"only those without one", WORLD("", CAN(PUT("Null", "'true'")), ""), "set-own-inline-policy-user"},
        {"she has that one, which limits her",
         WORLD("",
               CAN(PUT("StringEquals", "'" POLICY("b") "'"))
                   BOUNDARY("b", ALLOW("['s3:*','iam:Put*']", "'*'")),
               ""),
         ""},
        {"and one that does not",
         WORLD("", CAN(PUT("StringEquals", "'" POLICY("b") "'")) BOUNDARY("b", ALLOW("'*'", "'*'")), ""),
         "set-own-inline-policy-user"},
        {"another one",
         WORLD("", CAN(PUT("StringEquals", "'" POLICY("b") "'")) BOUNDARY("c", ALLOW("'*'", "'*'")), ""), ""},
        {"one of which the name was not collected",
         WORLD("", CAN(PUT("StringEquals", "'" POLICY("b") "'")) ",'boundary':" EVERYTHING, ""),
         "set-own-inline-policy-user?"},
        {"somebody else who has it",
         WORLD("",
               CAN(PUT("StringEquals", "'" POLICY("b") "'") "," ALLOW("'iam:CreateAccessKey'",
                                                                      "'" USER("bob") "'")),
               ",'" USER("bob") "':{'boundary':" EVERYTHING
                                ",'boundary_arn':'" POLICY("b") "'},'" USER("carl") "':{}"),
         "create-access-key put-user-policy-create-key"},
        {"taken off, then the condition is on none",
         WORLD("",
               CAN(ALLOW("'iam:DeleteUserPermissionsBoundary'", "'*'") "," PUT(
                   "StringEquals", "'" POLICY("b") "'")) BOUNDARY("b", ALLOW("'iam:*'", "'*'")),
               ""),
         ""},
        {"taken off, what the boundary hid is allowed",
         WORLD("",
               CAN(ALLOW("['iam:DeleteUserPermissionsBoundary','iam:PutUserPolicy']", "'*'"))
                   BOUNDARY("b", ALLOW("'iam:Delete*'", "'*'")),
               ""),
         "delete-own-boundary-put-policy-user"},
        {"replaced by AdministratorAccess",
         WORLD("",
               CAN(ALLOW("['iam:PutUserPermissionsBoundary','iam:PutUserPolicy']", "'*'"))
                   BOUNDARY("b", ALLOW("'iam:*'", "'*'")),
               ""),
         "replace-own-boundary-put-policy-user"},
        {"replaced by the same alone",
         WORLD("",
               CAN(ALLOW("'iam:PutUserPolicy'",
                         "'*'") "," WHERE("'iam:PutUserPermissionsBoundary'", "'*'",
                                          "'StringEquals':{'iam:PermissionsBoundary':'" POLICY("b") "'}"))
                   BOUNDARY("b", ALLOW("'iam:*'", "'*'")),
               ""),
         ""},
        {"what a replaced one hid",
         WORLD("",
               "'identity':[" EVERYTHING "]" BOUNDARY("b", ALLOW("'iam:PutUserPermissionsBoundary'", "'*'")),
               ""),
         "replace-own-boundary-user replace-own-boundary-put-policy-user"},
        {"rewritten",
         WORLD("",
               "'identity':[" EVERYTHING
               "]" BOUNDARY("b", ALLOW("'iam:CreatePolicyVersion'", "'" POLICY("b") "'")),
               ""),
         "rewrite-own-boundary rewrite-own-boundary-put-policy-user"},
        {"another policy rewritten",
         WORLD("",
               "'identity':[" EVERYTHING
               "]" BOUNDARY("b", ALLOW("'iam:CreatePolicyVersion'", "'" POLICY("c") "'")),
               ""),
         ""},
        {"that of a role, taken off or replaced",
         WORLD("",
               CAN(ALLOW("['iam:DeleteRolePermissionsBoundary','iam:PutRolePermissionsBoundary']", "'*'")),
               BOUND_ADMIN("r")),
         "assume-role delete-role-boundary-assume replace-role-boundary-assume"},
        {"rewritten",
         WORLD("", CAN(ALLOW("'iam:CreatePolicyVersion'", "'" POLICY("b") "'")), BOUND_ADMIN("r")),
         "assume-role rewrite-role-boundary-assume"},
        {"another one rewritten",
         WORLD("", CAN(ALLOW("'iam:CreatePolicyVersion'", "'" POLICY("c") "'")), BOUND_ADMIN("r")),
         "assume-role"},
        {"taken off only where it is another one",
         WORLD("",
               CAN(WHERE("'iam:DeleteRolePermissionsBoundary'", "'*'",
                         "'StringEquals':{'iam:PermissionsBoundary':'" POLICY("c") "'}")),
               BOUND_ADMIN("r")),
         "assume-role"},
        {"that of a user, and a key",
         WORLD("",
               CAN(ALLOW("['iam:DeleteUserPermissionsBoundary','iam:CreateAccessKey']", "'" USER("bob") "'")),
               BOB(BOUNDARY("b", ALLOW("'s3:*'", "'*'")))),
         "create-access-key delete-user-boundary-create-key"},
        {"her own limits her while she takes off another's",
         WORLD("",
               CAN(ALLOW("['iam:DeleteUserPermissionsBoundary','iam:CreateAccessKey']", "'" USER("bob") "'"))
                   BOUNDARY("c", ALLOW("'iam:Delete*'", "'*'")),
               BOB(BOUNDARY("b", ALLOW("'s3:*'", "'*'")))),
         ""},
        {"AWS's delegation: policies, users and boundaries with the boundary alone, which stays as it is",
         WORLD(
             "",
             CAN(ALLOW("'iam:*'", "'*'")) BOUNDARY(
                 "b",
                 WHERE(
                     "['iam:CreateUser','iam:DeleteUserPolicy','iam:AttachUserPolicy','iam:DetachUserPolicy',"
                     "'iam:PutUserPermissionsBoundary','iam:PutUserPolicy']",
                     "'*'",
                     "'StringEquals':{'iam:PermissionsBoundary':'" POLICY(
                         "b") "'}") "," ALLOW("['iam:*AccessKey*','iam:*LoginProfile','iam:CreatePolicy','"
                                              "iam:CreateGroup',"
                                              "'iam:UpdateUser','cloudwatch:*']",
                                              "'*'") "," DENY("['iam:CreatePolicyVersion','iam:DeletePolicy',"
                                                              "'iam:SetDefaultPolicyVersion']",
                                                              "'" POLICY("b") "'") "," DENY("'iam:"
                                                                                            "DeleteUserPermis"
                                                                                            "sionsBoundary'",
                                                                                            "'*'")),
             ""),
         ""},
    };
    EXPECT(state, cases);
}

/* Roles and users of the caller's own making have no boundary, unless conditions ask for one. */
static void what_is_made_is_an_administrator(void **state)
{
#define MAKE_ROLE(on) ALLOW("['iam:CreateRole','iam:PutRolePolicy']", "'" on "'")
    static const edge_case cases[] = {
        {"a role", WORLD("", CAN(MAKE_ROLE(ROLE("*"))), ""), "new-role-put-policy"},
        {"of some names", WORLD("", CAN(MAKE_ROLE(ROLE("dev-*"))), ""), "new-role-put-policy"},
        {"of her own name", WORLD("", CAN(MAKE_ROLE("arn:aws:iam::*:role/${aws:username}-*")), ""),
         "new-role-put-policy"},
        {"of one name", WORLD("", CAN(MAKE_ROLE(ROLE("dev"))), ""), "new-role-put-policy"},
        {"which is taken", WORLD("", CAN(MAKE_ROLE(ROLE("dev"))), ",'" ROLE("dev") "':{}"), ""},
        {"made here and written there",
         WORLD("",
               CAN(ALLOW("'iam:CreateRole'", "'" ROLE("dev-*") "'") "," ALLOW("'iam:PutRolePolicy'",
                                                                              "'" ROLE("test-*") "'")),
               ""),
         ""},
        {"by a tag of hers",
         WORLD("", CAN(MAKE_ROLE(ROLE("${aws:PrincipalTag/Team}-*"))) ",'tags':{'Team':'x'}", ""),
         "new-role-put-policy?"},
        {"by a tag that she does not have", WORLD("", CAN(MAKE_ROLE(ROLE("${aws:PrincipalTag/Team}-*"))), ""),
         ""},
        {"not to be assumed", WORLD("", CAN(MAKE_ROLE("*") "," DENY("'sts:AssumeRole'", "'*'")), ""), ""},
        {"with a boundary alone",
         WORLD("",
               CAN(WHERE("'iam:CreateRole'", "'*'",
                         "'StringEquals':{'iam:PermissionsBoundary':'" POLICY(
                             "b") "'}") "," ALLOW("'iam:PutRolePolicy'", "'*'")),
               ""),
         ""},
        {"written with a boundary alone",
         WORLD("",
               CAN(ALLOW("'iam:CreateRole'",
                         "'*'") "," WHERE("'iam:PutRolePolicy'", "'*'",
                                          "'StringEquals':{'iam:PermissionsBoundary':'" POLICY("b") "'}")),
               ""),
         ""},
        {"and her own boundary does not hold for it",
         WORLD("", CAN(MAKE_ROLE("*")) BOUNDARY("b", ALLOW("'iam:*'", "'*'")), ""), "new-role-put-policy"},
        {"a policy attached to it",
         WORLD("", CAN(ALLOW("['iam:CreateRole','iam:AttachRolePolicy']", "'*'")), ""),
         "new-role-attach-policy"},
        {"a policy that does no harm",
         WORLD("",
               CAN(ALLOW("'iam:CreateRole'", "'*'") "," WHERE("'iam:AttachRolePolicy'", "'*'",
                                                              "'ArnEquals':{'iam:PolicyARN':'" OF_AWS
                                                              "ReadOnlyAccess'}")),
               ""),
         ""},
        {"a user",
         WORLD(
             "",
             CAN(ALLOW("['iam:CreateUser','iam:PutUserPolicy','iam:CreateAccessKey']", "'" USER("x-*") "'")),
             ""),
         "new-user-put-policy"},
        {"a user without a key",
         WORLD("", CAN(ALLOW("['iam:CreateUser','iam:PutUserPolicy']", "'" USER("x") "'")), ""), ""},
        {"a group",
         WORLD("", CAN(ALLOW("['iam:CreateGroup','iam:PutGroupPolicy','iam:AddUserToGroup']", "'*'")), ""),
         "new-group-put-policy"},
        {"a group with a policy that does no harm",
         WORLD("",
               CAN(ALLOW("['iam:CreateGroup','iam:AddUserToGroup']",
                         "'*'") "," WHERE("'iam:AttachGroupPolicy'", "'*'",
                                          "'ArnEquals':{'iam:PolicyARN':'" OF_AWS "ReadOnlyAccess'}")),
               ""),
         ""},
        {"an SCP denies making users and roles",
         WORLD(",'scps':[[" EVERYTHING "," DOC(DENY("'iam:Create*'", "'*'")) "]]",
               CAN(MAKE_ROLE("*") "," ALLOW("['iam:CreateUser','iam:PutUserPolicy']", "'" USER("x-*") "'")),
               ""),
         ""},
    };
    EXPECT(state, cases);
}

/* iam:AssociatedResourceArn: what the role is for. */
static void a_role_for_another_services_resource_is_not_passed(void **state)
{
#define PASS_FOR(op, what) WHERE("'iam:PassRole'", "'*'", "'" op "':{'iam:AssociatedResourceArn':" what "}")
#define PASSING(statement) WORLD("", CAN(LAMBDA "," statement), ADMIN("r", SERVICE("lambda")))
    static const edge_case cases[] = {
        {"an instance", PASSING(PASS_FOR("ArnLike", "'arn:aws:ec2:*:*:instance/*'")), ""},
        {"a function, if the service tells it",
         PASSING(PASS_FOR("ArnLike", "'arn:aws:lambda:*:*:function:*'")), NEW_FUNCTION "?"},
        {"one function", PASSING(PASS_FOR("StringEquals", "'" FUNCTION "'")), NEW_FUNCTION "?"},
        {"one of another account",
         PASSING(PASS_FOR("StringEquals", "'arn:aws:lambda:eu-west-1:444455556666:function:f'")), ""},
        {"either", PASSING(PASS_FOR("StringLike", "['arn:aws:ec2:*','arn:aws:lambda:*']")), NEW_FUNCTION "?"},
        {"anything but an instance", PASSING(PASS_FOR("ArnNotLike", "'arn:aws:ec2:*:*:instance/*'")),
         NEW_FUNCTION "?"},
        {"an instance, if the service tells it",
         PASSING(PASS_FOR("ArnLikeIfExists", "'arn:aws:ec2:*:*:instance/*'")), ""},
    };
    EXPECT(state, cases);
}

#define GROUPS(alice, group)                                                                                 \
    "{'accounts':{'111122223333':{'standalone':true}},'groups':{'" GROUP(                                    \
        "g") "':{'identity':[" group "]}},'principals':{'" USER("alice") "':{" alice "}}}"

static void administrators_groups_are_joined(void **state)
{
    static const edge_case cases[] = {
        {"administrators", GROUPS(CAN(ALLOW("'iam:AddUserToGroup'", "'*'")), EVERYTHING), "join-group"},
        {"another group", GROUPS(CAN(ALLOW("'iam:AddUserToGroup'", "'" GROUP("x") "'")), EVERYTHING), ""},
        {"a group that writes policies",
         GROUPS(CAN(ALLOW("'iam:AddUserToGroup'", "'*'")), DOC(ALLOW("'iam:*'", "'*'"))), "join-group"},
        {"a group without much",
         GROUPS(CAN(ALLOW("'iam:AddUserToGroup'", "'*'")), DOC(ALLOW("'s3:*'", "'*'"))), ""},
        {"a group that attaches what does no harm",
         GROUPS(CAN(ALLOW("'iam:AddUserToGroup'", "'*'")), DOC(ATTACH("ArnLike", "'" OF_AWS "Read*'"))), ""},
        {"a group whose policies she writes",
         GROUPS(CAN(ALLOW("['iam:AddUserToGroup','iam:PutGroupPolicy']", "'*'")),
                DOC(ALLOW("'s3:*'", "'*'"))),
         "put-group-policy-join"},
        {"and whose policies she attaches",
         GROUPS(CAN(ALLOW("['iam:AddUserToGroup','iam:AttachGroupPolicy']", "'*'")),
                DOC(ALLOW("'s3:*'", "'*'"))),
         "attach-group-policy-join"},
        {"and that has one which she rewrites",
         GROUPS(CAN(ALLOW("['iam:AddUserToGroup','iam:CreatePolicyVersion']", "'*'")),
                DOC(ALLOW("'s3:*'", "'*'")) "],'managed':['" POLICY("p") "'"),
         "create-group-policy-version-join"},
        {"one group written, another joined",
         GROUPS(CAN(ALLOW("'iam:AddUserToGroup'", "'" GROUP("g") "'") "," ALLOW("'iam:PutGroupPolicy'",
                                                                                "'" GROUP("h") "'")),
                DOC(ALLOW("'s3:*'", "'*'"))),
         ""},
        {"her boundary holds in the group, too",
         GROUPS(CAN(ALLOW("['iam:AddUserToGroup','iam:PutGroupPolicy']", "'*'"))
                    BOUNDARY("b", ALLOW("'iam:*'", "'*'")),
                EVERYTHING),
         ""},
        {"and not for a user whom she makes",
         GROUPS(CAN(ALLOW("['iam:AddUserToGroup','iam:CreateUser','iam:CreateAccessKey']", "'*'"))
                    BOUNDARY("b", ALLOW("'iam:*'", "'*'")),
                EVERYTHING),
         "new-user-join-group"},
    };
    EXPECT(state, cases);
}

/* ---- others ---------------------------------------------------------------------------------------------------------------------------- */

static void credentials_policies_and_trust_of_others_are_written(void **state)
{
    static const edge_case cases[] = {
        {"a key", WORLD("", CAN(ALLOW("'iam:CreateAccessKey'", "'*'")), BOB()), "create-access-key"},
        {"her own key alone",
         WORLD("", CAN(ALLOW("'iam:CreateAccessKey'", "'arn:aws:iam::*:user/${aws:username}'")), BOB()), ""},
        {"a password",
         WORLD("", CAN(ALLOW("['iam:CreateLoginProfile','iam:UpdateLoginProfile']", "'*'")), BOB()),
         "create-login-profile? update-login-profile"},
        {"a policy and a key",
         WORLD("", CAN(ALLOW("['iam:AttachUserPolicy','iam:CreateAccessKey']", "'" USER("bob") "'")),
               ",'" USER("bob") "':{}"),
         "create-access-key attach-user-policy-create-key"},
        {"a trust policy",
         WORLD("", CAN(ALLOW("'iam:UpdateAssumeRolePolicy'", "'*'")), ADMIN("r", SERVICE("ec2"))),
         "update-trust"},
        {"a trust policy, and assuming is denied",
         WORLD("", CAN(ALLOW("'iam:UpdateAssumeRolePolicy'", "'*'") "," DENY("'sts:*'", "'*'")),
               ADMIN("r", SERVICE("ec2"))),
         ""},
        {"a policy of a role that lets her in",
         WORLD("", CAN(ALLOW("'iam:AttachRolePolicy'", "'*'")),
               ",'" ROLE("r") "':{'trust':" TRUST("{'AWS':'" USER("alice") "'}") "}"),
         "assume-role attach-role-policy-assume"},
        {"a policy of one that does not",
         WORLD("", CAN(ALLOW("'iam:AttachRolePolicy'", "'*'")),
               ",'" ROLE("r") "':{'trust':" SERVICE("ec2") "}"),
         ""},
        {"a policy of the account that it has",
         WORLD("", CAN(ALLOW("'iam:CreatePolicyVersion'", "'*'")),
               ",'" ROLE("r") "':{'managed':['" POLICY("p") "'],'trust':" TRUST(
                   "{'AWS':'" USER("alice") "'}") "}"),
         "assume-role create-role-policy-version-assume"},
        {"another account's role is not hers to write",
         WORLD("", CAN(ALLOW("'iam:UpdateAssumeRolePolicy'", "'*'")),
               ",'arn:aws:iam::444455556666:role/r':{'identity':[" EVERYTHING
               "],'trust':" SERVICE("ec2") "}"),
         ""},
        {"service-linked roles are nobody's",
         WORLD("", CAN(ALLOW("'iam:UpdateAssumeRolePolicy'", "'*'")),
               ADMIN("aws-service-role/x.amazonaws.com/AWSServiceRoleForX", SERVICE("x"))),
         ""},
        {"what was not collected grants nothing", WORLD("", "'identity':['unknown']", BOB()), ""},
    };
    EXPECT(state, cases);
}

/* ---- administrators ---------------------------------------------------------------------------------------------------------------------- */

static void administrators_have_everything(void **state)
{
    static const struct {
        const char *about, *alice;
        vg_admin expected;
    } cases[] = {
        {"everything", "'identity':[" EVERYTHING "]", VG_ADMIN_CERTAIN},
        {"over two policies", "'identity':[" DOC(ALLOW("'s3:*'", "'*'")) "," EVERYTHING "]",
         VG_ADMIN_CERTAIN},
        {"all but IAM", CAN("{'Effect':'Allow','NotAction':'iam:*','Resource':'*'}"), VG_ADMIN_NOT},
        {"IAM denied", CAN(ALLOW("'*'", "'*'") "," DENY("'iam:*'", "'*'")), VG_ADMIN_NOT},
        {"with MFA",
         CAN("{'Effect':'Allow','Action':'*','Resource':'*','Condition':{'Bool':{'aws:MultiFactorAuthPresent'"
             ":'true'}}}"),
         VG_ADMIN_CONDITIONAL},
        {"within a boundary", "'identity':[" EVERYTHING "],'boundary':" DOC(ALLOW("'s3:*'", "'*'")),
         VG_ADMIN_NOT},
        {"on some resources", CAN(ALLOW("'*'", "'arn:aws:s3:::*'")), VG_ADMIN_NOT},
    };
    fixture *f = *state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_str text = vg_arena_printf(f->arena, "{'principals':{'" USER("alice") "':{%s}}}", cases[i].alice);
        const vg_graph *graph = graph_of(f, text.ptr);
        vg_admin got = vg_graph_admin(graph, index_of(graph, USER("alice")));
        if (got != cases[i].expected)
            print_message("%s: gave %d, expected %d\n", cases[i].about, got, cases[i].expected);
        assert_int_equal(got, cases[i].expected);
    }
}

/* ---- paths ----------------------------------------------------------------------------------------------------------------------------- */

/* alice -> a -> b (assumes, creates a function as) -> c, an administrator of another account; dora is further away. */
static const char chain[] =
    "{'accounts':{'111122223333':{'standalone':true},'444455556666':{'standalone':true}},'principals':{"
    "'" USER("alice") "':{" CAN(ALLOW(
        "'sts:AssumeRole'",
        "'" ROLE("a") "'")) "},"
                            "'" USER("carl") "':{" CAN(ALLOW(
                                "'s3:*'",
                                "'*'")) "},"
                                        "'" USER("dora") "':{" CAN(
                                            ALLOW(
                                                "'iam:UpdateLoginProfile'",
                                                "'" USER(
                                                    "alice") "'")) "},"
                                                                   "'" ROLE("a") "':{" CAN(LAMBDA "," PASS) ",'trust':" TRUST(
                                                                       "{'AWS':'111122223333'}") "},"
                                                                                                 "'" ROLE("b") "':{" CAN(ALLOW("'sts:AssumeRole'", "'*'")) ",'trust':" SERVICE(
                                                                                                     "lambd"
                                                                                                     "a") "}"
                                                                                                          ","
                                                                                                          "'" ROLE("self") "':{" CAN(ALLOW("'iam:PutRolePolicy'", "'*'")) ",'trust':" TRUST(
                                                                                                              "{'AWS':'" USER(
                                                                                                                  "dora") "'}") "},"
                                                                                                                                "'arn:aws:iam::444455556666:role/c':{'identity':[" EVERYTHING
                                                                                                                                "],'trust':" TRUST("{'AWS':'" ROLE(
                                                                                                                                    "b") "'}") "},"
                                                                                                                                               "'arn:aws:iam::444455556666:role/d':{" CAN(
                                                                                                                                                   ALLOW(
                                                                                                                                                       "'s3:GetObject'",
                                                                                                                                                       "'arn:aws:s3:::books/*'")) ",'trust':" SERVICE("ec2") "}},"
                                                                                                                                                                                                             "'resources':{'arn:aws:s3:::books':{'type':'AWS::S3::Bucket','account':'444455556666','policy':[]}}}";

static void describe_path(fixture *f, const vg_graph *graph, const vg_graph_path *path, char *out,
                          size_t room)
{
    size_t count;
    const vg_world *world = vg_graph_world(graph);
    const vg_graph_edge *edges = vg_graph_edges(graph, &count);
    out[0] = 0;
    add_word(out, room, world->principals[path->from].name);
    for (size_t i = 0; i < path->step_count; i++) {
        uint32_t edge = path->steps[i].edge;
        add_word(out, room,
                 edge == VG_WORLD_NONE ? VG_STR("administrator")
                                       : f->techniques->techniques[edges[edge].technique].id);
        add_word(out, room, world->principals[path->steps[i].to].name);
    }
    add_word(out, room, path->certain ? VG_STR("certain") : VG_STR("conditional"));
}

static void paths_are_the_shortest(void **state)
{
    static const struct {
        const char *about, *from, *to, *account, *resource, *expected;
    } cases[] = {
        {"a chain over a service and an account", USER("alice"), NULL, "", "",
         "alice assume-role a new-function-invoke b assume-role c certain"},
        {"a certain one before one that is shorter and conditional", USER("dora"), NULL, "", "",
         "dora assume-role self set-own-inline-policy-role self certain"},
        {"of one account", USER("dora"), NULL, "444455556666", "",
         "dora assume-role self set-own-inline-policy-role self administrator b assume-role c certain"},
        {"none", USER("carl"), NULL, "", "", ""},
        {"to a role", USER("alice"), ROLE("b"), "", "", "alice assume-role a new-function-invoke b certain"},
        {"administrators become anyone of their account", USER("alice"), "arn:aws:iam::444455556666:role/d",
         "", "", "alice assume-role a new-function-invoke b assume-role c administrator d certain"},
        {"to data", USER("alice"), NULL, "", "arn:aws:s3:::books",
         "alice assume-role a new-function-invoke b assume-role c certain"},
        {"who is there already", ROLE("a"), ROLE("a"), "", "", "a certain"},
    };
    fixture *f = *state;
    const vg_graph *graph = graph_of(f, chain);
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_error err[1] = {{0}};
        const vg_graph_path *paths;
        size_t count;
        char got[512] = "";
        vg_graph_question q = {.from = index_of(graph, cases[i].from),
                               .to = cases[i].to ? index_of(graph, cases[i].to) : VG_WORLD_NONE,
                               .to_account = vg_str_from(cases[i].account),
                               .resource = vg_str_from(cases[i].resource),
                               .action = cases[i].resource[0] ? VG_STR("s3:GetObject") : VG_STR("")};
        WORLD_OK(vg_graph_paths(f->arena, graph, &q, &paths, &count, err));
        if (count > 0)
            describe_path(f, graph, &paths[0], got, sizeof got);
        if (strcmp(got, cases[i].expected) != 0)
            print_message("%s\n  gave     %s\n  expected %s\n", cases[i].about, got, cases[i].expected);
        assert_string_equal(got, cases[i].expected);
    }
}

static void all_who_can_become_administrators_are_told_easiest_first(void **state)
{
    static const char *const expected[] = {
        "b assume-role c certain",
        "self set-own-inline-policy-role self certain",
        "a new-function-invoke b assume-role c certain",
        "dora assume-role self set-own-inline-policy-role self certain",
        "alice assume-role a new-function-invoke b assume-role c certain",
    };
    fixture *f = *state;
    vg_error err[1] = {{0}};
    const vg_graph *graph = graph_of(f, chain);
    const vg_graph_path *paths;
    size_t count;
    char got[512];
    WORLD_OK(vg_graph_paths_to_admin(f->arena, graph, &paths, &count, err));
    for (size_t i = 0; i < count; i++) {
        describe_path(f, graph, &paths[i], got, sizeof got);
        print_message("%s\n", got);
        size_t found = 0;
        while (found < VG_COUNT(expected) && strcmp(expected[found], got) != 0)
            found++;
        assert_true(found < VG_COUNT(expected));
        assert_true(i == 0 || paths[i - 1].step_count <= paths[i].step_count);
    }
    assert_int_equal(count, VG_COUNT(expected));
}

/* ---- reasons and changes ------------------------------------------------------------------------------------------------------------------ */

static void an_edge_tells_its_statements_and_what_removes_it(void **state)
{
    static const struct {
        const char *about, *world, *action, *policy;
        size_t reasons;
        bool removes_all;
    } cases[] = {
        {"the first thing that it needs", WORLD("", CAN(LAMBDA "," PASS), ADMIN("r", SERVICE("lambda"))),
         "iam:PassRole", "alice", 4, true},
        {"two allow PassRole: something else must go",
         WORLD("", "'identity':[" DOC(PASS) "," DOC(PASS "," LAMBDA) "]", ADMIN("r", SERVICE("lambda"))),
         "lambda:CreateFunction", "alice", 5, true},
        {"trust alone",
         WORLD("", CAN(ALLOW("'s3:*'", "'*'")), ADMIN("r", TRUST("{'AWS':'" USER("alice") "'}"))),
         "sts:AssumeRole", "r", 1, true},
        {"one of two techniques is not enough",
         WORLD("", CAN(PASS "," LAMBDA "," ALLOW("['iam:UpdateAssumeRolePolicy']", "'*'")),
               ADMIN("r", SERVICE("lambda"))),
         "iam:UpdateAssumeRolePolicy", "alice", 1, false},
        {"everything twice",
         WORLD("", "'identity':[" DOC(PASS "," LAMBDA) "," DOC(PASS "," LAMBDA) "]",
               ADMIN("r", SERVICE("lambda"))),
         "sts:AssumeRole", "r", 7, true},
        {"everything twice, trust as well",
         WORLD("", CAN(ALLOW("'iam:PutUserPolicy'", "'*'") "," ALLOW("'iam:PutUserPolicy'", "'*'")), ""), "",
         "", 2, false},
    };
    fixture *f = *state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_error err[1] = {{0}};
        vg_graph_reasons why;
        size_t count;
        const vg_graph *graph = graph_of(f, cases[i].world);
        vg_graph_edges(graph, &count);
        assert_int_equal(count, 1);
        WORLD_OK(vg_graph_explain(f->arena, graph, 0, &why, err));
        vg_str policy = why.change_policy ? vg_policy_document_of(why.change_policy)->name : VG_STR("");
        print_message("%s: take %.*s out of %.*s, %zu reasons\n", cases[i].about, VG_ARG(why.change_action),
                      VG_ARG(policy), why.reason_count);
        assert_true(vg_str_is(why.change_action, cases[i].action));
        assert_true(vg_str_is(policy, cases[i].policy));
        assert_int_equal(why.reason_count, cases[i].reasons);
        assert_int_equal(why.change_removes_all, cases[i].removes_all);
    }
}

static void a_conditional_edge_tells_its_condition(void **state)
{
    static const struct {
        const char *world, *condition;
    } cases[] = {
        {WORLD("",
               CAN("{'Effect':'Allow','Action':'iam:PutUserPolicy','Resource':'*','Condition':{'Bool':{'aws:"
                   "MultiFactorAuthPresent':'true'}}}"),
               ""),
         "aws:MultiFactorAuthPresent"},
        {WORLD("", CAN(ALLOW("'iam:CreateLoginProfile'", "'*'")), BOB()), "the user has no password yet"},
        {RUNNING(CODE("*"), "", ADMIN("r", SERVICE("lambda"))), "evidence names none"},
        {WORLD(",'scps':[['unknown']]", CAN(ALLOW("'iam:PutUserPolicy'", "'*'")), ""), "not collected"},
    };
    fixture *f = *state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_error err[1] = {{0}};
        vg_graph_reasons why;
        const vg_graph *graph = graph_of(f, cases[i].world);
        WORLD_OK(vg_graph_explain(f->arena, graph, 0, &why, err));
        print_message("%.*s\n", VG_ARG(why.condition));
        assert_true(vg_str_find(why.condition, vg_str_from(cases[i].condition)) != VG_NPOS);
    }
}

/* ---- content ------------------------------------------------------------------------------------------------------------------------------ */

#define TECHNIQUE(more)                                                                                      \
    "techniques:\n  - {id: x, title: X, kind: self-escalation, by: any, becomes: self, why: w, remedy: "     \
    "r, " more "}\n"
#define NEED "needs: [{action: \"iam:PutUserPolicy\", on: self}]"

static void words_that_techniques_do_not_have_are_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {TECHNIQUE(NEED), NULL},
        {TECHNIQUE(NEED ", colour: red"), "no such key"},
        {TECHNIQUE(NEED ", gains: money"), "gains: money"},
        {TECHNIQUE("needs: [{action: \"iam:PutUserPolicy\", on: monday}]"), "on: monday"},
        {TECHNIQUE("needs: [{action: \"iam:PutUserPolicy\"}]"), "on what"},
        {TECHNIQUE("needs: [{action: \"iam:Escalate\", on: self}]"), "no such action"},
        {TECHNIQUE("needs: [{action: \"lambda:InvokeFunction\", on: any, types: [bucket]}]"), "no such type"},
        {TECHNIQUE(
             "needs: [{action: \"lambda:InvokeFunction\", on: any, types: [function], either: [function]}]"),
         "or either"},
        {TECHNIQUE("needs: []"), "1 to 8 needs"},
        {TECHNIQUE(NEED ", services: [lambda.amazonaws.com]"), "services belong"},
        {TECHNIQUE(NEED ", type: \"AWS::S3::Bucket\""), "type belongs"},
        {TECHNIQUE(NEED ", across: maybe"), "across"},
        {TECHNIQUE(NEED ", makes: role"), "on: made"},
        {TECHNIQUE(NEED ", makes: money"), "makes: money"},
        {TECHNIQUE("needs: [{action: \"iam:CreateRole\", on: made}]"), "needs makes"},
        {TECHNIQUE("needs: [{action: \"iam:CreateRole\", on: self, context: [a]}]"), "object of keys"},
        {TECHNIQUE("needs: [{action: \"iam:CreateRole\", on: self, context: {a: b}}]"), "is a list"},
        {TECHNIQUE("needs: [{action: \"iam:CreateRole\", on: self, context: {a: [b], c: [d]}}]"),
         "one key to choose"},
        {TECHNIQUE("needs: [{action: \"iam:CreateRole\", on: self, context: {a: [], b: [], c: []}}]"),
         "2 keys of context"},
        {"associated: {x: [y]}\n" TECHNIQUE(NEED), NULL},
        {"associated: [x]\n" TECHNIQUE(NEED), "object of services"},
        {"associated: {x: y}\n" TECHNIQUE(NEED), "is a list"},
        {"techniques:\n  - {id: x}\n", "needs"},
        {"techniques:\n  - {id: x, title: X, becomes: self, why: w, remedy: r, " NEED "}\n",
         "must have: kind"},
        {"techniques:\n  - {id: [x], title: X, kind: self-escalation, becomes: self, why: w, remedy: r, " NEED
         "}\n",
         "must have: id"},
        {TECHNIQUE(
             NEED) "  - {id: x, title: X, kind: self-escalation, becomes: self, why: w, remedy: r, " NEED
                   "}\n",
         "twice"},
        {"list: []\n", "has a list"},
    };
    fixture *f = *state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_error err = {0};
        const vg_escalations *out;
        const vg_escalation_file file = {VG_STR("x.yaml"), vg_str_from(cases[i].text)};
        vg_status status = vg_escalations_read(f->arena, f->catalogue, &file, 1, &out, &err);
        if ((status == VG_OK) != !cases[i].message ||
            (cases[i].message && !strstr(err.message, cases[i].message)))
            print_message("%s  gave     %s\n  expected %s\n", cases[i].text, err.message,
                          cases[i].message ? cases[i].message : "no error");
        assert_int_equal(status, cases[i].message ? VG_ERR_VALUE : VG_OK);
        assert_true(!cases[i].message || strstr(err.message, cases[i].message));
    }
}

/* ---- the same answers, whatever is saved ---------------------------------------------------------------------------------------------------- */

/* Every edge of a world where much is asked once, decided again one by one. */
static void edges_hold_when_decided_one_by_one(void **state)
{
    static const char text[] =
        "{'accounts':{'111122223333':{'standalone':true}},'principals':{"
        "'" USER("alice") "':{" CAN(ALLOW(
            "['iam:PassRole','iam:UpdateAssumeRolePolicy','lambda:*','iam:CreateAccessKey']",
            "'*'")) "},"
                    "'" USER("bob") "':{'tags':{'Team':'x'}," CAN(
                        "{'Effect':'Allow','Action':'iam:CreateAccessKey','Resource':'*','Condition':{'"
                        "StringEquals':{"
                        "'aws:ResourceTag/Team':'x'}}}," LAMBDA "," ALLOW(
                            "'iam:PassRole'",
                            "'" ROLE(
                                "team-*") "'")) "},"
                                                "'" USER("carl") "':{'tags':{'Team':'x'}," CAN(
                                                    ALLOW("'iam:CreateAccessKey'", "'*'") "," DENY(
                                                        "'iam:CreateAccessKey'",
                                                        "'" USER(
                                                            "alice") "'")) "},"
                                                                           "'" USER("dora") "':{" CAN(
                                                                               ALLOW(
                                                                                   "'s3:*'",
                                                                                   "'*'")) "},"
                                                                                           "'" ROLE("team-a") "':{'trust':" SERVICE("lambda") "},'" ROLE("team-b") "':{'trust':" SERVICE(
                                                                                               "lambda") "},"
                                                                                                         "'" ROLE("other") "':{'trust':" SERVICE(
                                                                                                             "lambda") "},"
                                                                                                                       "'" ROLE("closed") "':{'trust':" DOC(
                                                                                                                           "{'Effect':'Allow','Principal':{'Service':'lambda.amazonaws.com'},'Action':'sts:AssumeRole'},"
                                                                                                                           "{'Effect':'Deny','Principal':{'AWS':'111122223333'},'Action':'sts:AssumeRole'}") "}}}";
    static const struct {
        const char *from;
        size_t edges;
    } expected[] = {
        {USER("alice"), 7}, /* three users, four roles */
        {USER("bob"), 3},   /* carl by his tag; two roles by name */
        {USER("carl"), 2},  /* bob and dora */
        {USER("dora"), 0},
    };
    fixture *f = *state;
    size_t count;
    const vg_graph *graph = graph_of(f, text);
    const vg_graph_edge *edges = vg_graph_edges(graph, &count);
    for (size_t e = 0; e < VG_COUNT(expected); e++) {
        size_t found = 0;
        for (size_t i = 0; i < count; i++)
            found += edges[i].from == index_of(graph, expected[e].from);
        if (found != expected[e].edges)
            print_message("%s: gave %zu edges, expected %zu\n", expected[e].from, found, expected[e].edges);
        assert_int_equal(found, expected[e].edges);
    }
    for (size_t i = 0; i < count; i++) {
        vg_error err[1] = {{0}};
        vg_graph_reasons why;
        WORLD_OK(vg_graph_explain(f->arena, graph, (uint32_t)i, &why, err));
        for (size_t n = 0; n < why.need_count; n++)
            assert_true(why.needs[n].result == VG_ALLOWED || !edges[i].certain);
        assert_int_equal(edges[i].certain, why.condition.len == 0);
        assert_true(why.need_count > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_role_is_assumed_when_trust_and_identity_hold),
        cmocka_unit_test(a_role_is_passed_to_a_service_that_it_trusts),
        cmocka_unit_test(what_runs_as_a_role_is_changed),
        cmocka_unit_test(whoever_writes_their_own_policies_is_an_administrator),
        cmocka_unit_test(which_policy_is_attached_is_the_callers_choice),
        cmocka_unit_test(a_condition_on_the_boundary_is_decided_by_whom_it_is_on),
        cmocka_unit_test(what_is_made_is_an_administrator),
        cmocka_unit_test(a_role_for_another_services_resource_is_not_passed),
        cmocka_unit_test(administrators_groups_are_joined),
        cmocka_unit_test(credentials_policies_and_trust_of_others_are_written),
        cmocka_unit_test(administrators_have_everything),
        cmocka_unit_test(paths_are_the_shortest),
        cmocka_unit_test(all_who_can_become_administrators_are_told_easiest_first),
        cmocka_unit_test(an_edge_tells_its_statements_and_what_removes_it),
        cmocka_unit_test(a_conditional_edge_tells_its_condition),
        cmocka_unit_test(words_that_techniques_do_not_have_are_refused),
        cmocka_unit_test(edges_hold_when_decided_one_by_one),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
