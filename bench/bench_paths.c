/* bench_paths.c: the access graph with every technique, and all paths to administrators, on one core: 10,000 roles with
 * 3,500 sets of policies in 50 accounts (or as many as asked), boundaries on a third, three levels of SCPs with a region
 * deny that spares some roles. One role in a hundred is an administrator, one in fifty deploys (passes any role to several
 * services), one in a hundred manages IAM, one in twenty may do one dangerous thing. Policies are compiled beforehand;
 * building the graph, finding the paths, and memory are measured. Run with 10,000, 1,000 and 100 it shows growth.
 *
 *     bench_paths [ROLES [ACCOUNTS [ROUNDS]]] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "policy/policy.h"

enum { SETS = 3500, BOUNDARIES = 8, SHARED = 300 };

static vg_arena *arena;
static uint64_t state = 20261124;

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static uint32_t below(uint32_t n)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((state >> 33) % n);
}

static void check(vg_status status, const vg_error *err)
{
    if (status == VG_OK)
        return;
    fprintf(stderr, "%s\n", err->message);
    exit(1);
}

static const vg_policy *policy_of(vg_world_builder *b, vg_policy_kind kind, vg_str text)
{
    vg_error err = {0};
    const vg_policy *policy = NULL;
    check(vg_world_policy_text(b, VG_STR(""), kind, VG_STR("policy"), text, &policy, &err), &err);
    if (!policy)
        exit(1);
    return policy;
}

#define ALLOW(actions)       "{\"Effect\":\"Allow\",\"Action\":[" actions "],\"Resource\":\"*\"}"
#define DOCUMENT(statements) "{\"Version\":\"2012-10-17\",\"Statement\":[" statements "]}"

/* ---- policies ------------------------------------------------------------------------------------------------------------ */

static const char *const services[] = {"s3",  "dynamodb", "sqs", "sns",    "logs",       "kms",    "rds",
                                       "ecr", "athena",   "ssm", "events", "cloudwatch", "states", "route53"};

static const char *const dangerous[] = {
    ALLOW("\"iam:CreateAccessKey\""),
    ALLOW("\"lambda:UpdateFunctionCode\",\"lambda:InvokeFunction\""),
    ALLOW("\"ssm:SendCommand\",\"ssm:StartSession\""),
    ALLOW("\"iam:PassRole\",\"glue:CreateJob\",\"glue:StartJobRun\""),
    ALLOW("\"iam:UpdateAssumeRolePolicy\""),
    ALLOW("\"sts:AssumeRole\""),
    ALLOW("\"codebuild:StartBuild\""),
    ALLOW("\"iam:CreatePolicyVersion\""),
};
static const char administrator[] = ALLOW("\"*\"");
static const char deployer[] =
    ALLOW("\"iam:PassRole\",\"lambda:*\",\"ecs:*\",\"ec2:*\",\"cloudformation:*\"");
static const char keeper[] = ALLOW("\"iam:*\"");

/* An application's own policy, and what makes some of them dangerous. */
static vg_str own_policy(uint32_t set)
{
    const char *more = set % 100 == 0   ? administrator
                       : set % 100 == 1 ? keeper
                       : set % 50 == 2  ? deployer
                       : set % 20 == 3  ? dangerous[set / 20 % VG_COUNT(dangerous)]
                                        : ALLOW("\"s3:ListAllMyBuckets\"");
    return vg_arena_printf(
        arena,
        "{\"Version\":\"2012-10-17\",\"Statement\":["
        "{\"Effect\":\"Allow\",\"Action\":[\"s3:GetObject\",\"s3:PutObject\"],\"Resource\":\"arn:aws:s3:::"
        "app-%u/*\"},"
        "{\"Effect\":\"Allow\",\"Action\":[\"sqs:SendMessage\"],\"Resource\":\"arn:aws:sqs:*:*:app-%u\"},"
        "{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Resource\":\"arn:aws:iam::*:role/app-%u\"},"
        "{\"Effect\":\"Allow\",\"Action\":[\"iam:PassRole\",\"ecs:RunTask\",\"ecs:RegisterTaskDefinition\"],"
        "\"Resource\":\"arn:aws:iam::*:role/app-%u\","
        "\"Condition\":{\"StringEquals\":{\"iam:PassedToService\":\"ecs-tasks.amazonaws.com\"}}},%s]}",
        set, set, set, set, more);
}

static vg_str shared_policy(uint32_t i)
{
    return vg_arena_printf(
        arena,
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"%s:*\","
        "\"%s:Get*\",\"%s:List*\"],\"Resource\":\"*\"}]}",
        services[i % VG_COUNT(services)], services[below(VG_COUNT(services))],
        services[below(VG_COUNT(services))]);
}

static vg_str trust_policy(uint32_t role, vg_str account)
{
    static const char *const trusted[] = {"lambda", "lambda",    "ecs-tasks", "ec2",
                                          "glue",   "codebuild", "states"};
    if (role % 10 == 9)
        return vg_arena_printf(
            arena,
            DOCUMENT("{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::%.*s:root\"},"
                     "\"Action\":\"sts:AssumeRole\"}"),
            VG_ARG(account));
    return vg_arena_printf(arena,
                           DOCUMENT("{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"%s.amazonaws.com\"},"
                                    "\"Action\":\"sts:AssumeRole\"}"),
                           trusted[role % VG_COUNT(trusted)]);
}

static vg_layer layer_of(vg_world_builder *b, vg_policy_kind kind, const vg_str *texts, size_t count)
{
    vg_error err = {0};
    const vg_policy *policies[4];
    vg_layer layer;
    for (size_t i = 0; i < count; i++)
        policies[i] = policy_of(b, kind, texts[i]);
    check(vg_world_layer(b, policies, count, VG_STR("level"), &layer, &err), &err);
    return layer;
}

static const vg_layer *scp_levels(vg_world_builder *b)
{
    const vg_str full = VG_STR(DOCUMENT(ALLOW("\"*\"")));
    const vg_str denies[] = {
        VG_STR(DOCUMENT(
            "{\"Effect\":\"Deny\",\"Action\":\"organizations:LeaveOrganization\",\"Resource\":\"*\"}")),
        VG_STR(DOCUMENT("{\"Effect\":\"Deny\",\"NotAction\":[\"iam:*\",\"sts:*\",\"s3:*\",\"route53:*\"],"
                        "\"Resource\":\"*\",\"Condition\":{\"StringNotEquals\":{\"aws:RequestedRegion\":"
                        "[\"eu-west-1\",\"eu-central-1\"]},\"ArnNotLike\":{\"aws:PrincipalArn\":"
                        "\"arn:aws:iam::*:role/app-1*\"}}}")),
        VG_STR(DOCUMENT(
            "{\"Effect\":\"Deny\",\"Action\":\"s3:Delete*\",\"Resource\":\"arn:aws:s3:::logs-*\"}"))};
    vg_layer *levels = VG_NEW_N(arena, vg_layer, 3);
    for (size_t i = 0; i < 3; i++)
        levels[i] = layer_of(b, VG_POLICY_SCP, (const vg_str[]){full, denies[i]}, 2);
    return levels;
}

/* ---- the world ------------------------------------------------------------------------------------------------------------- */

static void add_role(vg_world_builder *b, uint32_t i, uint32_t accounts, const vg_layer *identities,
                     uint32_t sets, const vg_layer *boundaries)
{
    vg_error err = {0};
    vg_world_principal role = {.account_id = vg_arena_printf(arena, "%012u", 100000000 + i % accounts),
                               .identity = identities[i % sets]};
    role.arn = vg_arena_printf(arena, "arn:aws:iam::%.*s:role/app-%u", VG_ARG(role.account_id), i);
    role.name = vg_arena_printf(arena, "app-%u", i);
    const vg_str trust = trust_policy(i, role.account_id);
    role.trust = layer_of(b, VG_POLICY_TRUST, &trust, 1);
    if (below(3) == 0)
        role.boundary = boundaries[below(BOUNDARIES)];
    check(vg_world_add_principal(b, &role, &err), &err);
}

static const vg_world *make_world(const vg_catalogue *catalogue, uint32_t roles, uint32_t accounts)
{
    vg_error err = {0};
    const vg_world *world;
    vg_world_builder *b = vg_world_builder_new(arena, catalogue);
    const vg_policy *shared[SHARED];
    const vg_layer *scps = scp_levels(b);
    uint32_t sets = roles <= 10000 ? (roles < SETS ? roles : SETS) : roles / 10000 * SETS;
    vg_layer *identities = VG_NEW_N(arena, vg_layer, sets), boundaries[BOUNDARIES];
    const vg_str rcp_services[] = {VG_STR("s3")};
    vg_world_builder_rcp_services(b, rcp_services, 1);
    for (uint32_t i = 0; i < SHARED; i++)
        shared[i] = policy_of(b, VG_POLICY_IDENTITY, shared_policy(i));
    for (uint32_t i = 0; i < BOUNDARIES; i++) {
        const vg_str text = vg_arena_printf(arena,
                                            DOCUMENT("{\"Effect\":\"Allow\",\"NotAction\":\"%s:*\","
                                                     "\"Resource\":\"*\"}"),
                                            services[i % VG_COUNT(services)]);
        boundaries[i] = layer_of(b, VG_POLICY_BOUNDARY, &text, 1);
    }
    for (uint32_t i = 0; i < sets; i++) {
        const vg_policy *policies[4] = {policy_of(b, VG_POLICY_IDENTITY, own_policy(i)),
                                        shared[below(SHARED)], shared[below(SHARED)], shared[below(SHARED)]};
        check(vg_world_layer(b, policies, 1 + below(4), VG_STR(""), &identities[i], &err), &err);
    }
    for (uint32_t a = 0; a < accounts; a++) {
        vg_world_account account = {.id = vg_arena_printf(arena, "%012u", 100000000 + a),
                                    .scps = scps,
                                    .scp_count = 3,
                                    .in_organization = true};
        check(vg_world_add_account(b, &account, &err), &err);
    }
    for (uint32_t i = 0; i < roles; i++)
        add_role(b, i, accounts, identities, sets, boundaries);
    check(vg_world_finish(b, &world, &err), &err);
    return world;
}

static const vg_escalations *read_techniques(const vg_catalogue *catalogue)
{
    static const char *const names[] = {"identity", "services"};
    vg_escalation_file files[2];
    vg_error err = {0};
    const vg_escalations *out;
    for (size_t i = 0; i < 2; i++) {
        vg_str path = vg_arena_printf(arena, VIGIL_SOURCE_DIR "/content/escalations/%s.yaml", names[i]);
        files[i].name = path;
        check(vg_file_read(arena, path, 1 << 22, &files[i].text, &err), &err);
    }
    check(vg_escalations_read(arena, catalogue, files, 2, &out, &err), &err);
    return out;
}

static void measure(const vg_world *world, const vg_escalations *techniques)
{
    vg_error err = {0};
    const vg_graph *graph;
    const vg_graph_path *paths;
    size_t edges, count, certain = 0;
    vg_arena *work = vg_arena_new(0);
    double start = seconds();
    check(vg_graph_build(work, world, techniques, &graph, &err), &err);
    double built = seconds();
    check(vg_graph_paths_to_admin(work, graph, &paths, &count, &err), &err);
    double done = seconds();
    vg_graph_edges(graph, &edges);
    for (size_t i = 0; i < count; i++)
        certain += paths[i].certain;
    printf("graph %.3f s, paths %.3f s, %.1f MB: %zu edges, %zu paths to administrators, %zu certain\n",
           built - start, done - built, (double)vg_arena_used(work) / 1e6, edges, count, certain);
    vg_arena_free(work);
}

int main(int argc, char **argv)
{
    uint32_t roles = argc > 1 ? (uint32_t)atoi(argv[1]) : 10000,
             accounts = argc > 2 ? (uint32_t)atoi(argv[2]) : 50;
    int rounds = argc > 3 ? atoi(argv[3]) : 3;
    vg_error err = {0};
    vg_str text;
    const vg_catalogue *catalogue;
    arena = vg_arena_new(0);
    check(
        vg_file_read(arena, VG_STR(VIGIL_SOURCE_DIR "/content/catalogue/actions.txt"), 1 << 24, &text, &err),
        &err);
    check(vg_catalogue_open(arena, text, &catalogue, &err), &err);
    const vg_world *world = make_world(catalogue, roles, accounts);
    const vg_escalations *techniques = read_techniques(catalogue);
    printf("%u roles, %u accounts, %zu techniques, %u sets of policies\n", roles, accounts, techniques->count,
           world->identity_set_count);
    for (int i = 0; i < rounds; i++)
        measure(world, techniques);
    vg_arena_free(arena);
    return 0;
}
