/* bench_matrix.c: the matrix of principals and actions, on one core: 10,000 principals of 50 accounts with 3,500 distinct
 * sets of policies (managed ones shared, each set with an inline policy of its own), boundaries on a third, three levels of
 * SCPs with a region deny that spares some roles. Policies are read and compiled beforehand; all of vg_matrix_build is
 * measured. Then sampled cells are decided by the plain engine, to show what one costs there.
 *
 *     bench_matrix [PRINCIPALS [ROUNDS]] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "policy/policy.h"

enum { ACCOUNTS = 50, SETS = 3500, BOUNDARIES = 8, SAMPLE = 100000 };

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

/* ---- policies ------------------------------------------------------------------------------------------------------------ */

static const char *const services[] = {
    "s3",  "ec2", "lambda", "dynamodb", "sqs",        "sns",    "logs", "kms",     "iam",    "rds",
    "ecs", "ecr", "glue",   "sts",      "cloudwatch", "events", "ssm",  "route53", "athena", "states"};

/* What stands in the place of AWS managed policies when those are not there: full access, read access, a few actions. */
static vg_str made_policy(uint32_t i)
{
    const char *a = services[i % VG_COUNT(services)], *b = services[below(VG_COUNT(services))];
    static const char *const forms[] = {
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"%s:*\",\"%s:List*\"],"
        "\"Resource\":\"*\"}]}",
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"%s:Get*\",\"%s:"
        "Describe*\"],"
        "\"Resource\":\"*\"}]}",
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"%s:Get*\",\"%s:Put*"
        "\"],"
        "\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{\"aws:RequestedRegion\":\"eu-west-1\"}}}]}"};
    return i % 3 == 0   ? vg_arena_printf(arena, forms[0], a, b)
           : i % 3 == 1 ? vg_arena_printf(arena, forms[1], a, b)
                        : vg_arena_printf(arena, forms[2], a, b);
}

/* The AWS managed policies of the shared data, one a line; else made ones. */
static const vg_policy **managed_policies(vg_world_builder *b, size_t *count, bool *real)
{
    enum { MADE = 300, MOST = 5000 };
    const char *data = getenv("VIGIL_TEST_DATA");
    vg_error err = {0};
    vg_str bytes, lines = {0}, line;
    vg_str path = vg_arena_printf(arena, "%s/iam-policies/managed/managedpolicies.jsonl.gz",
                                  data ? data : VIGIL_SOURCE_DIR "/../shared/data");
    *real = vg_file_read(arena, path, 1 << 26, &bytes, &err) == VG_OK &&
            vg_decompress(arena, bytes, 1 << 28, &lines, &err) == VG_OK;
    const vg_policy **out = VG_NEW_N(arena, const vg_policy *, MOST);
    *count = 0;
    while (*real && *count < MOST && vg_str_next(&lines, '\n', &line)) {
        vg_doc *doc = VG_NEW(arena, vg_doc);
        if (line.len == 0 || vg_json_read(arena, line, path, NULL, doc, &err) != VG_OK)
            continue;
        const vg_value *document = vg_get(doc->root, VG_STR("document"));
        if (document &&
            vg_world_policy_value(b, VG_STR(""), VG_POLICY_IDENTITY, vg_get_str(doc->root, "name"), doc,
                                  document, &out[*count], &err) == VG_OK &&
            out[*count])
            ++*count;
    }
    for (uint32_t i = 0; !*real && i < MADE; i++)
        check(vg_world_policy_text(b, VG_STR(""), VG_POLICY_IDENTITY, VG_STR("made"), made_policy(i),
                                   &out[(*count)++], &err),
              &err);
    return out;
}

/* What an application's own policy grants: its bucket, table, queue, and to pass its role. */
static const vg_policy *inline_policy(vg_world_builder *b, uint32_t set)
{
    vg_error err = {0};
    const vg_policy *policy;
    vg_str text = vg_arena_printf(
        arena,
        "{\"Version\":\"2012-10-17\",\"Statement\":["
        "{\"Effect\":\"Allow\",\"Action\":[\"s3:GetObject\",\"s3:PutObject\",\"s3:ListBucket\"],"
        "\"Resource\":[\"arn:aws:s3:::app-%u\",\"arn:aws:s3:::app-%u/*\"]},"
        "{\"Effect\":\"Allow\",\"Action\":\"dynamodb:*\",\"Resource\":\"arn:aws:dynamodb:*:*:table/"
        "app-%u-*\"},"
        "{\"Effect\":\"Allow\",\"Action\":[\"sqs:SendMessage\",\"sqs:ReceiveMessage\"],\"Resource\":\"arn:"
        "aws:sqs:*:*:app-%u\"},"
        "{\"Effect\":\"Allow\",\"Action\":\"iam:PassRole\",\"Resource\":\"arn:aws:iam::*:role/app-%u\","
        "\"Condition\":{\"StringEquals\":{\"iam:PassedToService\":\"ecs-tasks.amazonaws.com\"}}}]}",
        set, set, set, set, set);
    check(vg_world_policy_text(b, VG_STR(""), VG_POLICY_IDENTITY, VG_STR("inline"), text, &policy, &err),
          &err);
    return policy;
}

static vg_layer one_layer(vg_world_builder *b, vg_policy_kind kind, const char *const *texts, size_t count)
{
    vg_error err = {0};
    const vg_policy *policies[4];
    vg_layer layer;
    for (size_t i = 0; i < count; i++)
        check(vg_world_policy_text(b, VG_STR(""), kind, VG_STR("policy"), vg_str_from(texts[i]), &policies[i],
                                   &err),
              &err);
    check(vg_world_layer(b, policies, count, VG_STR("level"), &layer, &err), &err);
    return layer;
}

static const char full[] =
    "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}";

static const vg_layer *scp_levels(vg_world_builder *b)
{
    const char *const root[] = {full, "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Deny\","
                                      "\"Action\":[\"organizations:LeaveOrganization\","
                                      "\"account:CloseAccount\"],\"Resource\":\"*\"}}"};
    const char *const unit[] = {
        full,
        "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Deny\",\"NotAction\":[\"iam:*\",\"sts:*\","
        "\"s3:*\","
        "\"route53:*\",\"cloudfront:*\",\"organizations:*\",\"support:*\"],\"Resource\":\"*\",\"Condition\":{"
        "\"StringNotEquals\":{\"aws:RequestedRegion\":[\"eu-west-1\",\"eu-central-1\"]},"
        "\"ArnNotLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::*:role/app-1*\"}}}}"};
    const char *const account[] = {full,
                                   "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Deny\","
                                   "\"Action\":[\"s3:Delete*\",\"s3:PutBucketPolicy\"],"
                                   "\"Resource\":[\"arn:aws:s3:::logs-*\",\"arn:aws:s3:::logs-*/*\"]}}"};
    vg_layer *levels = VG_NEW_N(arena, vg_layer, 3);
    levels[0] = one_layer(b, VG_POLICY_SCP, root, 2);
    levels[1] = one_layer(b, VG_POLICY_SCP, unit, 2);
    levels[2] = one_layer(b, VG_POLICY_SCP, account, 2);
    return levels;
}

static vg_layer boundary(vg_world_builder *b, uint32_t i)
{
    vg_str text = vg_arena_printf(
        arena,
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"NotAction\":[\"iam:*\","
        "\"%s:*\"],\"Resource\":\"*\"},{\"Effect\":\"Allow\",\"Action\":\"iam:PassRole\","
        "\"Resource\":\"arn:aws:iam::*:role/app-*\"}]}",
        services[i % VG_COUNT(services)]);
    const char *const texts[] = {text.ptr};
    return one_layer(b, VG_POLICY_BOUNDARY, texts, 1);
}

/* ---- the world ------------------------------------------------------------------------------------------------------------- */

static const vg_world *make_world(const vg_catalogue *catalogue, uint32_t principals, size_t *managed,
                                  bool *real)
{
    vg_error err = {0};
    const vg_world *world;
    vg_world_builder *b = vg_world_builder_new(arena, catalogue);
    const vg_policy **shared = managed_policies(b, managed, real);
    const vg_layer *scps = scp_levels(b);
    uint32_t sets = principals <= 10000 ? (principals < SETS ? principals : SETS) : principals / 10000 * SETS;
    vg_layer *identities = VG_NEW_N(arena, vg_layer, sets), boundaries[BOUNDARIES];
    for (uint32_t i = 0; i < BOUNDARIES; i++)
        boundaries[i] = boundary(b, i);
    for (uint32_t i = 0; i < sets; i++) {
        const vg_policy *policies[6];
        size_t count = 0;
        for (uint32_t n = 1 + below(4); n > 0; n--)
            policies[count++] = shared[below((uint32_t)*managed)];
        policies[count++] = inline_policy(b, i);
        check(vg_world_layer(b, policies, count, VG_STR(""), &identities[i], &err), &err);
    }
    for (uint32_t a = 0; a < ACCOUNTS; a++) {
        vg_world_account account = {
            .id = vg_arena_printf(arena, "%012u", 100000000 + a), .scps = scps, .scp_count = 3};
        account.in_organization = true;
        check(vg_world_add_account(b, &account, &err), &err);
    }
    for (uint32_t i = 0; i < principals; i++) {
        vg_world_principal role = {.account_id = vg_arena_printf(arena, "%012u", 100000000 + i % ACCOUNTS),
                                   .identity = identities[i % sets]};
        role.arn = vg_arena_printf(arena, "arn:aws:iam::%.*s:role/app-%u", VG_ARG(role.account_id), i);
        if (below(3) == 0)
            role.boundary = boundaries[below(BOUNDARIES)];
        check(vg_world_add_principal(b, &role, &err), &err);
    }
    check(vg_world_finish(b, &world, &err), &err);
    return world;
}

/* ---- measuring -------------------------------------------------------------------------------------------------------------- */

static double plain_engine(const vg_world *world)
{
    static vg_world_scratch scratch;
    uint32_t actions = (uint32_t)vg_catalogue_origin_of(world->catalogue)->action_count;
    vg_world_target target = vg_world_target_of(world, VG_STR("*"));
    double start = seconds();
    size_t allowed = 0;
    for (uint32_t i = 0; i < SAMPLE; i++) {
        vg_request request;
        vg_layers layers;
        vg_world_caller caller = vg_world_caller_at(world, below((uint32_t)world->principal_count));
        vg_world_layers(world, &caller, &target, &layers);
        vg_world_request(world, &caller, &target,
                         vg_catalogue_action_at(world->catalogue, below(actions))->name, NULL, 0, &scratch,
                         &request);
        allowed += vg_policy_decide(&request, &layers).result == VG_ALLOWED;
    }
    double took = seconds() - start;
    printf("plain engine: %.0f decisions a second over the same world, %zu of %d allowed\n", SAMPLE / took,
           allowed, SAMPLE);
    return took / SAMPLE;
}

int main(int argc, char **argv)
{
    uint32_t principals = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 10000;
    int rounds = argc > 2 ? atoi(argv[2]) : 3;
    vg_error err = {0};
    vg_str text;
    const vg_catalogue *catalogue;
    size_t managed;
    bool real;
    arena = vg_arena_new(0);
    check(
        vg_file_read(arena, VG_STR(VIGIL_SOURCE_DIR "/content/catalogue/actions.txt"), 1 << 24, &text, &err),
        &err);
    check(vg_catalogue_open(arena, text, &catalogue, &err), &err);
    const vg_world *world = make_world(catalogue, principals, &managed, &real);
    size_t actions = vg_catalogue_origin_of(catalogue)->action_count;
    printf("%zu principals (root users among them), %u sets of policies, %zu policies (%zu managed%s), %zu "
           "actions\n",
           world->principal_count, world->identity_set_count, world->policy_count, managed,
           real ? ", AWS's" : ", made", actions);
    double best = 1e9;
    for (int i = 0; i < rounds; i++) {
        vg_arena *own = vg_arena_new(0);
        const vg_matrix *matrix;
        double start = seconds();
        check(vg_matrix_build(own, world, &matrix, &err), &err);
        double took = seconds() - start;
        size_t cells[4] = {0};
        for (size_t p = 0; p < world->principal_count; p++)
            for (vg_cell cell = VG_CELL_CONDITIONAL; cell <= VG_CELL_ALL; cell++) {
                vg_action_set set = vg_matrix_actions(matrix, p, cell);
                cells[cell] += vg_action_set_count(&set);
            }
        printf("round %d: %.3f s, %zu rows, %zu MB; cells: %zu conditional, %zu some, %zu all\n", i + 1, took,
               vg_matrix_row_count(matrix), vg_arena_used(own) >> 20, cells[VG_CELL_CONDITIONAL],
               cells[VG_CELL_SOME], cells[VG_CELL_ALL]);
        best = took < best ? took : best;
        vg_arena_free(own);
    }
    double one = plain_engine(world), all = one * (double)world->principal_count * (double)actions;
    printf("best %.3f s; by the plain engine %.0f s, %.0f times as long\n", best, all, all / best);
    vg_arena_free(arena);
    return 0;
}
