/* test_matrix.c: cells of the matrix, by hand and against the plain engine.
 *
 * The engine decides one request on one resource; a cell speaks of all resources. Random policies here take their patterns
 * from a small list, and for each action there are concrete ARNs inside and outside every pattern of the list, so that
 * asking the engine about each of them decides the cell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/world_text.h"

#define ACCOUNT                     "222222222222"
#define DOC(statements)             "{'Version':'2012-10-17','Statement':[" statements "]}"
#define S(effect, action, resource) "{'Effect':'" effect "','Action':'" action "','Resource':'" resource "'}"
#define IF(effect, action, resource, condition)                                                              \
    "{'Effect':'" effect "','Action':'" action "','Resource':'" resource "','Condition':" condition "}"
#define MFA    "{'Bool':{'aws:MultiFactorAuthPresent':'true'}}"
#define NO_MFA "{'BoolIfExists':{'aws:MultiFactorAuthPresent':'false'}}"

static vg_arena *catalogue_arena;
static const vg_catalogue *catalogue;

static int open_catalogue(void **state)
{
    (void)state;
    catalogue_arena = vg_arena_new(0);
    catalogue = world_catalogue(catalogue_arena);
    return 0;
}

static int close_catalogue(void **state)
{
    (void)state;
    vg_arena_free(catalogue_arena);
    return 0;
}

/* A world of one account with the principals user/alice and role/app, who have the same policies. */
static const vg_world *world_with(vg_arena *arena, const char *identity, const char *boundary,
                                  const char *scps)
{
    vg_str text =
        vg_arena_printf(arena,
                        "{'organization':'o-1','management':'111111111111','accounts':{'" ACCOUNT
                        "':{'path':'o-1/r-1/','scps':[%s]}},'principals':{"
                        "'arn:aws:iam::" ACCOUNT ":user/alice':{'identity':[%s]%s%s,'tags':{'team':'shop'}},"
                        "'arn:aws:iam::" ACCOUNT
                        ":role/app':{'identity':[%s]%s%s,'trust':{'Version':'2012-10-17','Statement':[]}}}}",
                        scps, identity, boundary[0] ? ",'boundary':" : "", boundary, identity,
                        boundary[0] ? ",'boundary':" : "", boundary);
    return world_of_text(arena, catalogue, world_quotes(arena, text.ptr));
}

static size_t index_of(const vg_world *world, const char *arn)
{
    return (size_t)(vg_world_principal_of(world, vg_str_from(arn)) - world->principals);
}

/* ---- by hand ----------------------------------------------------------------------------------------------------------------------- */

static void cells_say_where_an_action_is_allowed(void **state)
{
    static const struct {
        const char *name, *identity, *boundary, *scps, *action;
        vg_cell user, role;
    } cases[] = {
        {"nothing attached", "", "", "", "s3:GetObject", VG_CELL_NONE, VG_CELL_NONE},
        {"everything", DOC(S("Allow", "*", "*")), "", "", "s3:GetObject", VG_CELL_ALL, VG_CELL_ALL},
        {"another action", DOC(S("Allow", "s3:Put*", "*")), "", "", "s3:GetObject", VG_CELL_NONE,
         VG_CELL_NONE},
        {"on one bucket", DOC(S("Allow", "s3:*", "arn:aws:s3:::b/*")), "", "", "s3:GetObject", VG_CELL_SOME,
         VG_CELL_SOME},
        {"a pattern that its type never is", DOC(S("Allow", "s3:*", "arn:aws:s3:::b/*")), "", "",
         "s3:CreateBucket", VG_CELL_NONE, VG_CELL_NONE},
        {"a pattern of all of the type", DOC(S("Allow", "s3:*", "arn:aws:s3:::*")), "", "", "s3:CreateBucket",
         VG_CELL_ALL, VG_CELL_ALL},
        {"all of the own account", DOC(S("Allow", "sqs:*", "arn:aws:sqs:*:" ACCOUNT ":*")), "", "",
         "sqs:SendMessage", VG_CELL_ALL, VG_CELL_ALL},
        {"all of another account", DOC(S("Allow", "sqs:*", "arn:aws:sqs:*:333333333333:*")), "", "",
         "sqs:SendMessage", VG_CELL_SOME, VG_CELL_SOME},
        {"one region", DOC(S("Allow", "sqs:*", "arn:aws:sqs:eu-west-1:*:*")), "", "", "sqs:SendMessage",
         VG_CELL_SOME, VG_CELL_SOME},
        {"no resource types: an ARN never matches", DOC(S("Allow", "s3:*", "arn:aws:s3:::*")), "", "",
         "s3:ListAllMyBuckets", VG_CELL_NONE, VG_CELL_NONE},
        {"no resource types: NotResource does",
         DOC("{'Effect':'Allow','Action':'s3:*','NotResource':'arn:aws:s3:::b'}"), "", "",
         "s3:ListAllMyBuckets", VG_CELL_ALL, VG_CELL_ALL},
        {"all but one", DOC("{'Effect':'Allow','Action':'s3:*','NotResource':'arn:aws:s3:::b'}"), "", "",
         "s3:CreateBucket", VG_CELL_SOME, VG_CELL_SOME},
        {"all but what its type never is",
         DOC("{'Effect':'Allow','Action':'s3:*','NotResource':'arn:aws:s3:::b'}"), "", "", "s3:GetObject",
         VG_CELL_ALL, VG_CELL_ALL},
        {"NotAction", DOC("{'Effect':'Allow','NotAction':'iam:*','Resource':'*'}"), "", "", "s3:GetObject",
         VG_CELL_ALL, VG_CELL_ALL},
        {"not by NotAction", DOC("{'Effect':'Allow','NotAction':'iam:*','Resource':'*'}"), "", "",
         "iam:CreateUser", VG_CELL_NONE, VG_CELL_NONE},
        {"a condition that nobody knows", DOC(IF("Allow", "*", "*", MFA)), "", "", "s3:GetObject",
         VG_CELL_CONDITIONAL, VG_CELL_CONDITIONAL},
        {"a condition beside a plain statement",
         DOC(IF("Allow", "*", "*", MFA) "," S("Allow", "s3:*", "arn:aws:s3:::b/*")), "", "", "s3:GetObject",
         VG_CELL_SOME, VG_CELL_SOME},
        {"who calls: known", DOC(IF("Allow", "s3:*", "*", "{'StringEquals':{'aws:username':'alice'}}")), "",
         "", "s3:GetObject", VG_CELL_ALL, VG_CELL_NONE},
        {"tags: a role's are known where its trust brings none",
         DOC(IF("Allow", "s3:*", "*", "{'StringEquals':{'aws:PrincipalTag/team':'shop'}}")), "", "",
         "s3:GetObject", VG_CELL_ALL, VG_CELL_NONE},
        {"a variable that only users have", DOC(S("Allow", "s3:*", "arn:aws:s3:::home/${aws:username}/*")),
         "", "", "s3:GetObject", VG_CELL_SOME, VG_CELL_NONE},
        {"a variable that nobody knows", DOC(S("Allow", "s3:*", "arn:aws:s3:::home/${aws:SourceVpc}/*")), "",
         "", "s3:GetObject", VG_CELL_CONDITIONAL, VG_CELL_CONDITIONAL},
        {"denied", DOC(S("Allow", "*", "*") "," S("Deny", "s3:*", "*")), "", "", "s3:GetObject", VG_CELL_NONE,
         VG_CELL_NONE},
        {"denied on one", DOC(S("Allow", "*", "*") "," S("Deny", "s3:*", "arn:aws:s3:::b/*")), "", "",
         "s3:GetObject", VG_CELL_SOME, VG_CELL_SOME},
        {"denied on all of the type", DOC(S("Allow", "*", "*") "," S("Deny", "s3:*", "arn:aws:s3:::*")), "",
         "", "s3:CreateBucket", VG_CELL_NONE, VG_CELL_NONE},
        {"denied on all but one",
         DOC(S("Allow", "*", "*") ",{'Effect':'Deny','Action':'s3:*','NotResource':'arn:aws:s3:::b/*'}"), "",
         "", "s3:GetObject", VG_CELL_SOME, VG_CELL_SOME},
        {"denied on all but what it never is",
         DOC(S("Allow", "*", "*") ",{'Effect':'Deny','Action':'s3:*','NotResource':'arn:aws:s3:::b/*'}"), "",
         "", "s3:CreateBucket", VG_CELL_NONE, VG_CELL_NONE},
        {"denied where something holds", DOC(S("Allow", "*", "*") "," IF("Deny", "*", "*", NO_MFA)), "", "",
         "s3:GetObject", VG_CELL_CONDITIONAL, VG_CELL_CONDITIONAL},
        {"denied on one where something holds",
         DOC(S("Allow", "*", "*") "," IF("Deny", "*", "arn:aws:s3:::b/*", NO_MFA)), "", "", "s3:GetObject",
         VG_CELL_SOME, VG_CELL_SOME},
        {"allowed on one that is denied",
         DOC(S("Allow", "s3:*", "arn:aws:s3:::b/*") "," S("Deny", "s3:*", "arn:aws:s3:::b*")), "", "",
         "s3:GetObject", VG_CELL_NONE, VG_CELL_NONE},
        {"allowed on one, another denied",
         DOC(S("Allow", "s3:*", "arn:aws:s3:::b/*") "," S("Deny", "s3:*", "arn:aws:s3:::c/*")), "", "",
         "s3:GetObject", VG_CELL_SOME, VG_CELL_SOME},
        {"allowed on one that is denied where something holds",
         DOC(S("Allow", "s3:*", "arn:aws:s3:::b/*") "," IF("Deny", "s3:*", "arn:aws:s3:::b/*", NO_MFA)), "",
         "", "s3:GetObject", VG_CELL_CONDITIONAL, VG_CELL_CONDITIONAL},
        {"a boundary without it", DOC(S("Allow", "*", "*")), DOC(S("Allow", "ec2:*", "*")), "",
         "s3:GetObject", VG_CELL_NONE, VG_CELL_NONE},
        {"a boundary on one", DOC(S("Allow", "*", "*")), DOC(S("Allow", "s3:*", "arn:aws:s3:::b/*")), "",
         "s3:GetObject", VG_CELL_SOME, VG_CELL_SOME},
        {"a boundary on another", DOC(S("Allow", "s3:*", "arn:aws:s3:::b/*")),
         DOC(S("Allow", "s3:*", "arn:aws:s3:::c/*")), "", "s3:GetObject", VG_CELL_NONE, VG_CELL_NONE},
        {"a boundary on a part", DOC(S("Allow", "s3:*", "arn:aws:s3:::b/*")),
         DOC(S("Allow", "s3:*", "arn:aws:s3:::b/x*")), "", "s3:GetObject", VG_CELL_SOME, VG_CELL_SOME},
        {"a boundary under a condition", DOC(S("Allow", "*", "*")), DOC(IF("Allow", "*", "*", MFA)), "",
         "s3:GetObject", VG_CELL_CONDITIONAL, VG_CELL_CONDITIONAL},
        {"a level of SCPs without it", DOC(S("Allow", "*", "*")), "",
         "[" DOC(S("Allow", "*", "*")) "],[" DOC(S("Allow", "ec2:*", "*")) "]", "s3:GetObject", VG_CELL_NONE,
         VG_CELL_NONE},
        {"an SCP that denies", DOC(S("Allow", "*", "*")), "",
         "[" DOC(S("Allow", "*", "*")) "," DOC(S("Deny", "s3:*", "*")) "]", "s3:GetObject", VG_CELL_NONE,
         VG_CELL_NONE},
        {"an SCP that spares the role", DOC(S("Allow", "*", "*")), "",
         "[" DOC(S("Allow", "*", "*") "," IF(
             "Deny", "s3:*", "*", "{'ArnNotLike':{'aws:PrincipalArn':'arn:aws:iam::*:role/app'}}")) "]",
         "s3:GetObject", VG_CELL_NONE, VG_CELL_ALL},
        {"an SCP by region", DOC(S("Allow", "*", "*")), "",
         "[" DOC(S("Allow", "*", "*") "," IF("Deny", "ec2:*", "*",
                                             "{'StringNotEquals':{'aws:RequestedRegion':'eu-west-1'}}")) "]",
         "ec2:RunInstances", VG_CELL_CONDITIONAL, VG_CELL_CONDITIONAL},
        {"SCPs that nobody collected", DOC(S("Allow", "*", "*")), "", "['unknown']", "s3:GetObject",
         VG_CELL_CONDITIONAL, VG_CELL_CONDITIONAL},
        {"denied whatever is not collected", DOC(S("Allow", "*", "*") "," S("Deny", "s3:*", "*")), "",
         "['unknown']", "s3:GetObject", VG_CELL_NONE, VG_CELL_NONE},
        {"a policy that nobody collected", "'unknown'", "", "", "s3:GetObject", VG_CELL_CONDITIONAL,
         VG_CELL_CONDITIONAL},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_error err[1] = {{0}};
        vg_arena *arena = vg_arena_new(0);
        const vg_world *world = world_with(arena, cases[i].identity, cases[i].boundary, cases[i].scps);
        const vg_matrix *matrix;
        WORLD_OK(vg_matrix_build(arena, world, &matrix, err));
        uint32_t action = vg_catalogue_find_action(catalogue, vg_str_from(cases[i].action));
        assert_int_not_equal(action, VG_CATALOGUE_NONE);
        vg_cell user = vg_matrix_cell(matrix, index_of(world, "arn:aws:iam::" ACCOUNT ":user/alice"), action);
        vg_cell role = vg_matrix_cell(matrix, index_of(world, "arn:aws:iam::" ACCOUNT ":role/app"), action);
        if (user != cases[i].user || role != cases[i].role)
            print_message("%s, %s: user %s, role %s; wanted %s, %s\n", cases[i].name, cases[i].action,
                          vg_cell_name(user), vg_cell_name(role), vg_cell_name(cases[i].user),
                          vg_cell_name(cases[i].role));
        assert_int_equal(user, cases[i].user);
        assert_int_equal(role, cases[i].role);
        vg_arena_free(arena);
    }
}

static void root_users_are_bound_by_scps_alone(void **state)
{
    (void)state;
    vg_error err[1] = {{0}};
    vg_arena *arena = vg_arena_new(0);
    const vg_world *world =
        world_with(arena, "", "",
                   "[" DOC(S("Allow", "*", "*") "," S("Deny", "organizations:LeaveOrganization", "*")) "]");
    const vg_matrix *matrix;
    WORLD_OK(vg_matrix_build(arena, world, &matrix, err));
    size_t root = index_of(world, ACCOUNT);
    assert_int_equal(
        vg_matrix_cell(matrix, root, vg_catalogue_find_action(catalogue, VG_STR("s3:GetObject"))),
        VG_CELL_ALL);
    assert_int_equal(
        vg_matrix_cell(matrix, root,
                       vg_catalogue_find_action(catalogue, VG_STR("organizations:LeaveOrganization"))),
        VG_CELL_NONE);
    vg_arena_free(arena);
}

static void what_is_not_collected_can_be_assumed_empty(void **state)
{
    (void)state;
    vg_error err[1] = {{0}};
    vg_arena *arena = vg_arena_new(0);
    const vg_world *world = world_with(arena, DOC(S("Allow", "s3:*", "*")) ",'unknown'", "", "");
    const vg_matrix *strict, *assuming;
    uint32_t alice = (uint32_t)index_of(world, "arn:aws:iam::" ACCOUNT ":user/alice");
    uint32_t get = vg_catalogue_find_action(catalogue, VG_STR("s3:GetObject"));
    uint32_t run = vg_catalogue_find_action(catalogue, VG_STR("ec2:RunInstances"));
    WORLD_OK(vg_matrix_build_for(arena, world, &alice, 1, false, &strict, err));
    WORLD_OK(vg_matrix_build_for(arena, world, &alice, 1, true, &assuming, err));
    assert_int_equal(vg_matrix_cell(strict, 0, get), VG_CELL_CONDITIONAL);
    assert_int_equal(vg_matrix_cell(strict, 0, run), VG_CELL_CONDITIONAL);
    assert_int_equal(vg_matrix_cell(assuming, 0, get), VG_CELL_ALL);
    assert_int_equal(vg_matrix_cell(assuming, 0, run), VG_CELL_NONE);
    vg_action_set all = vg_matrix_actions(assuming, 0, VG_CELL_ALL);
    assert_true(vg_action_set_has(&all, get));
    assert_false(vg_action_set_has(&all, run));
    vg_arena_free(arena);
}

/* Thousands of statements, each allowed pattern denied by another: comparing all would take minutes; what was not compared
 * is conditional. */
static void large_policies_stay_bounded(void **state)
{
    (void)state;
    enum { STATEMENTS = 4000 };
    vg_error err[1] = {{0}};
    vg_arena *arena = vg_arena_new(0);
    vg_buf text = {0};
    vg_buf_add_c(&text, "{'Version':'2012-10-17','Statement':[");
    for (int i = 0; i < 2 * STATEMENTS; i++)
        vg_buf_addf(&text, "%s{'Effect':'%s','Action':'s3:*','Resource':'arn:aws:s3:::b-%d/*'}", i ? "," : "",
                    i < STATEMENTS ? "Allow" : "Deny", i % STATEMENTS);
    vg_buf_add_c(&text, ",{'Effect':'Deny','Action':'sqs:*','Resource':'*'}]}");
    vg_buf_add_char(&text, '\0');
    const vg_world *world = world_with(arena, text.ptr, "", "");
    const vg_matrix *matrix;
    uint32_t alice = (uint32_t)index_of(world, "arn:aws:iam::" ACCOUNT ":user/alice");
    WORLD_OK(vg_matrix_build_for(arena, world, &alice, 1, false, &matrix, err));
    uint32_t get = vg_catalogue_find_action(catalogue, VG_STR("s3:GetObject"));
    uint32_t send = vg_catalogue_find_action(catalogue, VG_STR("sqs:SendMessage"));
    print_message("s3:GetObject is %s\n", vg_cell_name(vg_matrix_cell(matrix, 0, get)));
    assert_int_equal(vg_matrix_cell(matrix, 0, get), VG_CELL_CONDITIONAL);
    assert_int_equal(vg_matrix_cell(matrix, 0, send), VG_CELL_NONE);
    vg_buf_free(&text);
    vg_arena_free(arena);
}

/* ---- against the engine -------------------------------------------------------------------------------------------------------------- */

static uint64_t random_state;
static uint32_t below(uint32_t n)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random_state >> 33) % n);
}

static const char *const action_patterns[] = {
    "*",
    "s3:*",
    "s3:Get*",
    "s3:GetObject",
    "s3:PutObject",
    "s3:ListBucket",
    "s3:ListAllMyBuckets",
    "sqs:*",
    "sqs:Send*",
    "iam:*",
    "iam:PassRole",
    "iam:Get*",
    "ec2:*",
    "ec2:StartInstances",
    "ec2:Describe*",
    "sqs:ListQueues",
    "iam:CreateRole",
    "s3:CreateBucket",
    "dynamodb:*",
};
static const char *const resource_patterns[] = {
    "*",
    "*",
    "*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::logs",
    "arn:aws:s3:::logs/*",
    "arn:aws:s3:::logs/a*",
    "arn:aws:s3:::logs-*",
    "arn:aws:sqs:*:" ACCOUNT ":*",
    "arn:aws:sqs:eu-west-1:" ACCOUNT ":q-*",
    "arn:aws:sqs:*:*:q-1",
    "arn:aws:iam::" ACCOUNT ":role/*",
    "arn:aws:iam::" ACCOUNT ":role/app-*",
    "arn:aws:iam::*:role/app-1",
    "arn:aws:ec2:*:*:instance/*",
    "arn:aws:ec2:eu-west-1:" ACCOUNT ":instance/i-1",
    "arn:aws:s3:::home/${aws:username}/*",
};
/* Something inside and outside of each of them. */
static const char *const candidates[] = {
    "arn:aws:s3:::logs",
    "arn:aws:s3:::logs-1",
    "arn:aws:s3:::other",
    "arn:aws:s3:::logs/a1",
    "arn:aws:s3:::logs/b1",
    "arn:aws:s3:::logs-1/a1",
    "arn:aws:s3:::other/a1",
    "arn:aws:s3:::home/alice/x",
    "arn:aws:s3:::home/bob/x",
    "arn:aws:sqs:eu-west-1:" ACCOUNT ":q-1",
    "arn:aws:sqs:eu-west-1:" ACCOUNT ":q-2",
    "arn:aws:sqs:eu-west-1:" ACCOUNT ":r",
    "arn:aws:sqs:us-east-1:" ACCOUNT ":q-1",
    "arn:aws:sqs:us-east-1:" ACCOUNT ":q-2",
    "arn:aws:iam::" ACCOUNT ":role/app-1",
    "arn:aws:iam::" ACCOUNT ":role/app-2",
    "arn:aws:iam::" ACCOUNT ":role/other",
    "arn:aws:ec2:eu-west-1:" ACCOUNT ":instance/i-1",
    "arn:aws:ec2:eu-west-1:" ACCOUNT ":instance/i-2",
    "arn:aws:ec2:us-east-1:" ACCOUNT ":instance/i-1",
    "arn:aws:sqs:eu-west-1:333333333333:q-1",
    "arn:aws:sqs:eu-west-1:333333333333:q-2",
    "arn:aws:iam::333333333333:role/app-1",
    "arn:aws:iam::333333333333:role/app-2",
    "arn:aws:ec2:eu-west-1:333333333333:instance/i-1",
};
static const char *const conditions[] = {
    "{'Bool':{'aws:MultiFactorAuthPresent':'true'}}",
    "{'IpAddress':{'aws:SourceIp':'10.0.0.0/8'}}",
    "{'StringNotEqualsIfExists':{'aws:RequestedRegion':'eu-west-1'}}",
    "{'ArnLike':{'aws:PrincipalArn':'arn:aws:iam::*:role/*'}}",
    "{'ArnNotLike':{'aws:PrincipalArn':'arn:aws:iam::*:role/app'}}",
    "{'StringEquals':{'aws:PrincipalTag/team':'shop'}}",
    "{'StringEquals':{'aws:PrincipalOrgID':'o-1'}}",
    "{'Null':{'aws:username':'true'},'Bool':{'aws:SecureTransport':'true'}}",
};

static void add_list(vg_buf *out, const char *key, const char *const *from, uint32_t count)
{
    vg_buf_addf(out, "'%s':[", key);
    for (uint32_t i = 0, n = 1 + below(3); i < n; i++)
        vg_buf_addf(out, "%s'%s'", i ? "," : "", from[below(count)]);
    vg_buf_add_c(out, "]");
}

static void add_document(vg_buf *out, uint32_t denies, bool scp)
{
    vg_buf_add_c(out, "{'Version':'2012-10-17','Statement':[");
    for (uint32_t i = 0, n = 1 + below(4); i < n; i++) {
        bool deny = below(100) < denies;
        vg_buf_addf(out, "%s{'Effect':'%s',", i ? "," : "", deny ? "Deny" : "Allow");
        add_list(out, below(8) ? "Action" : "NotAction", action_patterns, VG_COUNT(action_patterns));
        vg_buf_add_c(out, ",");
        /* The last pattern holds a variable: NotResource with it is told apart less exactly, on purpose. */
        bool not_resource = below(8) == 0;
        uint32_t patterns = (uint32_t)VG_COUNT(resource_patterns) - (not_resource || scp);
        add_list(out, not_resource ? "NotResource" : "Resource", resource_patterns + (not_resource ? 3 : 0),
                 patterns - (not_resource ? 3 : 0));
        if (below(5) < 2)
            vg_buf_addf(out, ",'Condition':%s", conditions[below(VG_COUNT(conditions))]);
        vg_buf_add_c(out, "}");
    }
    vg_buf_add_c(out, "]}");
}

static vg_str documents(vg_arena *arena, uint32_t most, uint32_t denies, bool scp)
{
    vg_buf text = {0};
    for (uint32_t i = 0, n = 1 + below(most); i < n; i++) {
        if (i)
            vg_buf_add_c(&text, ",");
        add_document(&text, denies, scp);
    }
    vg_str copy = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return copy;
}

static const char ALLOW_SCP[] =
    "{'Version':'2012-10-17','Statement':[{'Effect':'Allow','Action':'*','Resource':'*'}]}";

static const vg_world *random_world(vg_arena *arena)
{
    vg_str identity = documents(arena, 3, 25, false);
    vg_str boundary = below(2) ? documents(arena, 1, 10, false) : VG_STR("");
    vg_str scps = VG_STR("");
    if (below(2)) {
        vg_str denies = documents(arena, 1, 100, true);
        scps = vg_arena_printf(arena, "[%s],[%s,%.*s]", ALLOW_SCP, ALLOW_SCP, VG_ARG(denies));
    }
    return world_with(arena, identity.ptr, boundary.ptr, scps.ptr);
}

/* A concrete ARN of a type: its variables filled with what no pattern names. */
static vg_str fresh_arn(vg_arena *arena, vg_str template, const char *account)
{
    vg_buf text = {0};
    for (size_t i = 0; i < template.len;) {
        vg_str rest = vg_str_sub(template, i, VG_NPOS);
        size_t end = vg_str_starts(rest, VG_STR("${")) ? vg_str_find_char(rest, '}') : VG_NPOS;
        if (end == VG_NPOS) {
            vg_buf_add_char(&text, template.ptr[i++]);
            continue;
        }
        vg_str name = vg_str_sub(rest, 2, end - 2);
        vg_buf_add_c(&text, vg_str_is(name, "Partition") ? "aws"
                            : vg_str_is(name, "Region")  ? "ap-south-1"
                            : vg_str_is(name, "Account") ? account
                                                         : "fresh");
        i += end + 1;
    }
    vg_str copy = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return copy;
}

typedef struct {
    const vg_world *world;
    const vg_world_principal *principal;
    vg_str action;
    vg_world_scratch scratch;
    bool allowed, unknown, less_than_all;
} asked;

static void ask(asked *a, vg_str resource)
{
    const vg_world_account *account = &a->world->accounts[a->principal->account];
    vg_layers layers = {.identity = a->principal->identity,
                        .boundary = a->principal->boundary,
                        .scps = account->scps,
                        .scp_count = account->scp_count};
    vg_request request;
    vg_world_caller caller = vg_world_caller_of(a->world, a->principal->arn);
    vg_world_target none = vg_world_target_of(a->world, VG_STR("*"));
    vg_world_request(a->world, &caller, &none, a->action, NULL, 0, &a->scratch, &request);
    request.resource = resource;
    request.resource_account = a->principal->account_id;
    vg_decision d = vg_policy_decide(&request, &layers);
    a->allowed |= d.result == VG_ALLOWED;
    a->unknown |= d.result == VG_DECISION_UNKNOWN;
    /* "All" speaks of the account's own resources. */
    bool is_foreign = vg_str_find(resource, VG_STR(":333333333333:")) != VG_NPOS;
    a->less_than_all |= !is_foreign && d.result != VG_ALLOWED;
}

static vg_cell cell_by_engine(const vg_world *world, const vg_world_principal *principal, uint32_t action,
                              vg_arena *arena)
{
    const vg_catalogue_action *a = vg_catalogue_action_at(catalogue, action);
    asked q = {.world = world, .principal = principal, .action = a->name};
    if (a->use_count == 0)
        ask(&q, VG_STR("*"));
    for (uint32_t u = 0; u < a->use_count; u++) {
        uint32_t type = a->uses[u].resource;
        const vg_catalogue_resource *resource = vg_catalogue_resource_at(catalogue, type);
        for (uint32_t i = 0; i < resource->arn_count; i++) {
            ask(&q, fresh_arn(arena, resource->arns[i], ACCOUNT));
            ask(&q, fresh_arn(arena, resource->arns[i], "333333333333"));
        }
        for (size_t i = 0; i < VG_COUNT(candidates); i++)
            if (vg_catalogue_resource_fits(catalogue, type, vg_str_from(candidates[i])))
                ask(&q, vg_str_from(candidates[i]));
    }
    if (q.allowed)
        return q.less_than_all ? VG_CELL_SOME : VG_CELL_ALL;
    return q.unknown ? VG_CELL_CONDITIONAL : VG_CELL_NONE;
}

static const char *const services[] = {"s3", "s3", "sqs", "sqs", "iam", "ec2"};

static void sampled_cells_are_those_of_the_engine(void **state)
{
    (void)state;
    const char *wanted = getenv("VIGIL_TEST_SEED");
    uint64_t seed = wanted ? strtoull(wanted, NULL, 10) : 20261124;
    uint32_t worlds = getenv("VIGIL_TEST_WORLDS") ? (uint32_t)atoi(getenv("VIGIL_TEST_WORLDS")) : 200;
    size_t seen[4] = {0}, wrong = 0, by_union = 0, cells = 0;
    print_message("seed %llu, %u worlds\n", (unsigned long long)seed, worlds);
    random_state = seed;
    for (uint32_t w = 0; w < worlds; w++) {
        vg_error err[1] = {{0}};
        vg_arena *arena = vg_arena_new(0);
        const vg_world *world = random_world(arena);
        const vg_matrix *matrix;
        WORLD_OK(vg_matrix_build(arena, world, &matrix, err));
        for (uint32_t i = 0; i < 20; i++) {
            uint32_t service =
                vg_catalogue_find_service(catalogue, vg_str_from(services[below(VG_COUNT(services))]));
            const vg_catalogue_service *s = vg_catalogue_service_at(catalogue, service);
            uint32_t action = s->first_action + below(s->action_count);
            size_t p = index_of(world, below(2) ? "arn:aws:iam::" ACCOUNT ":user/alice"
                                                : "arn:aws:iam::" ACCOUNT ":role/app");
            vg_cell cell = vg_matrix_cell(matrix, p, action);
            vg_cell engine = cell_by_engine(world, &world->principals[p], action, arena);
            seen[engine]++;
            cells++;
            if (cell == engine)
                continue;
            /* "All" is what one statement of each layer says; here two of a layer do together. */
            by_union += cell == VG_CELL_SOME && engine == VG_CELL_ALL;
            wrong += !(cell == VG_CELL_SOME && engine == VG_CELL_ALL);
            print_message("world %u: %.*s of %.*s is %s, by the engine %s\n", w,
                          VG_ARG(vg_catalogue_action_at(catalogue, action)->name),
                          VG_ARG(world->principals[p].arn), vg_cell_name(cell), vg_cell_name(engine));
        }
        vg_arena_free(arena);
    }
    print_message("%zu cells: %zu none, %zu conditional, %zu some, %zu all\n", cells, seen[0], seen[1],
                  seen[2], seen[3]);
    assert_int_equal(wrong, 0);
    assert_true(by_union * 100 < cells);
    for (size_t i = 0; i < VG_COUNT(seen); i++)
        assert_true(seen[i] * 33 > cells); /* at least 3 % of each */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_say_where_an_action_is_allowed),
        cmocka_unit_test(root_users_are_bound_by_scps_alone),
        cmocka_unit_test(what_is_not_collected_can_be_assumed_empty),
        cmocka_unit_test(large_policies_stay_bounded),
        cmocka_unit_test(sampled_cells_are_those_of_the_engine),
    };
    return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
