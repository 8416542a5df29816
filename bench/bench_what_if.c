/* bench_what_if.c: an SCP what-if over the permissions that 1,000 accounts used: a region deny with an exemption for some
 * roles, above it full access. Columns and compiled policies are there beforehand; classes and answers are measured. The
 * plain engine decides a sample of the same uses beside it.
 *
 *     bench_what_if [USES]        2,000,000 distinct ones, and a tenth and a hundredth of them */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "policy/policy.h"

enum { ACCOUNTS = 1000, ROLES = 20, ACTIONS = 2000, REGIONS = 17, ROUNDS = 7, SAMPLE = 20000 };

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static const vg_policy *scp(vg_arena *arena, vg_str text)
{
    vg_policy_document *document = VG_NEW(arena, vg_policy_document);
    const vg_policy *policy;
    vg_error err;
    if (vg_policy_read_text(arena, text, VG_POLICY_SCP, VG_STR("scp"), document, &err) != VG_OK ||
        document->issue_count || vg_policy_compile(arena, document, NULL, &policy, &err) != VG_OK)
        exit(1);
    return policy;
}

static vg_usage make_usage(vg_arena *arena, size_t count)
{
    static const char *const services[] = {"ec2",      "s3",  "lambda", "iam",  "sts",
                                           "dynamodb", "sqs", "kms",    "logs", "rds"};
    vg_used_principal *principals = VG_NEW_N(arena, vg_used_principal, ACCOUNTS * ROLES);
    vg_str *actions = VG_NEW_N(arena, vg_str, ACTIONS), *accounts = VG_NEW_N(arena, vg_str, ACCOUNTS),
           *regions = VG_NEW_N(arena, vg_str, REGIONS);
    vg_use *uses = VG_NEW_N(arena, vg_use, count);
    for (uint32_t a = 0; a < ACCOUNTS; a++) {
        accounts[a] = vg_arena_printf(arena, "%012u", a * 7919U);
        for (uint32_t r = 0; r < ROLES; r++)
            principals[a * ROLES + r] =
                (vg_used_principal){.arn = vg_arena_printf(arena, "arn:aws:iam::%.*s:role/%s%u",
                                                           VG_ARG(accounts[a]), r ? "app-" : "deploy-", r),
                                    .account = accounts[a]};
    }
    for (uint32_t i = 0; i < ACTIONS; i++)
        actions[i] = vg_arena_printf(arena, "%s:Action%u", services[i % VG_COUNT(services)], i);
    for (uint32_t i = 0; i < REGIONS; i++)
        regions[i] = vg_arena_printf(arena, "%s-%u", i % 2 ? "eu-west" : "us-east", i / 2 + 1);
    uint64_t all = (uint64_t)ACCOUNTS * ROLES * ACTIONS * REGIONS, step = all / count | 1, at = 0;
    for (size_t i = 0; i < count;
         i++, at = (at + step) % all) /* distinct: step is odd and count times step at most all */
        uses[i] = (vg_use){(uint32_t)(at / (ACTIONS * REGIONS)), (uint32_t)(at / REGIONS % ACTIONS),
                           (uint32_t)(at / (ACTIONS * REGIONS) / ROLES), (uint32_t)(at % REGIONS)};
    return (vg_usage){principals, ACCOUNTS * ROLES, actions, ACTIONS, accounts,
                      ACCOUNTS,   regions,          REGIONS, uses,    count};
}

static double plain_engine(const vg_usage *usage, const vg_layer *levels, size_t count)
{
    double start = seconds();
    size_t refused = 0;
    for (size_t i = 0; i < SAMPLE; i++) {
        const vg_use *use = &usage->uses[i * (usage->use_count / SAMPLE)];
        const vg_used_principal *p = &usage->principals[use->principal];
        const vg_context_entry context[] = {
            {VG_STR_INIT("aws:PrincipalArn"), &p->arn, 1, false, VG_CONTEXT_PRESENT},
            {VG_STR_INIT("aws:RequestedRegion"), &usage->regions[use->region], 1, false, VG_CONTEXT_PRESENT}};
        const vg_request request = {.caller = vg_caller_of(p->arn),
                                    .action = usage->actions[use->action],
                                    .resource = VG_STR("*"),
                                    .resource_account = p->account,
                                    .context = context,
                                    .context_count = 2,
                                    .open = true};
        const vg_layers layers = {.identity = levels[0], .scps = levels, .scp_count = count};
        refused += vg_policy_decide(&request, &layers).result == VG_EXPLICITLY_DENIED;
    }
    double taken = seconds() - start;
    printf("plain engine: %.0f ns a use (%zu of %d refused)\n", 1e9 * taken / SAMPLE, refused, SAMPLE);
    return taken / SAMPLE;
}

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static void run(size_t count, const vg_layer *levels, double plain)
{
    vg_arena *columns = vg_arena_new(0);
    vg_usage usage = make_usage(columns, count);
    double taken[ROUNDS];
    size_t of[3] = {0}, classes = 0;
    for (size_t round = 0; round < ROUNDS; round++) {
        vg_arena *arena = vg_arena_new(0);
        vg_what_if out;
        vg_error err;
        double start = seconds();
        if (vg_policy_what_if(arena, &usage, levels, 2, &out, &err) != VG_OK)
            exit(1);
        taken[round] = seconds() - start;
        memset(of, 0, sizeof of);
        for (size_t i = 0; i < count; i++)
            of[out.answers[out.answer_of[i]].would]++;
        classes = out.principal_classes * out.action_classes * out.account_classes * out.region_classes;
        vg_arena_free(arena);
    }
    qsort(taken, ROUNDS, sizeof *taken, compare_doubles);
    double median = taken[ROUNDS / 2];
    printf("%8zu uses: %7.2f ms, %5.1f ns a use", count, 1e3 * median, 1e9 * median / (double)count);
    if (plain > 0)
        printf(", %.0f times the plain engine", plain * (double)count / median);
    printf("; %zu pass, %zu refused, %zu unresolved; %zu combinations of classes\n", of[VG_WOULD_PASS],
           of[VG_WOULD_REFUSE], of[VG_WOULD_UNRESOLVED], classes);
    vg_arena_free(columns);
}

int main(int argc, char **argv)
{
    uint64_t count = 2000000;
    if (argc > 1 && (!vg_str_to_u64(vg_str_from(argv[1]), &count) || count < SAMPLE)) {
        fprintf(stderr, "usage: bench_what_if [USES], at least %d\n", SAMPLE);
        return 2;
    }
    vg_arena *arena = vg_arena_new(0);
    const vg_policy *full =
        scp(arena, VG_STR("{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":"
                          "\"*\",\"Resource\":\"*\"}]}"));
    const vg_policy *regions = scp(
        arena,
        VG_STR("{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"Regions\",\"Effect\":\"Deny\","
               "\"NotAction\":["
               "\"iam:*\",\"sts:*\",\"organizations:*\",\"route53:*\",\"cloudfront:*\",\"support:*\","
               "\"budgets:*\","
               "\"globalaccelerator:*\",\"shield:*\",\"waf:*\",\"kms:*\"],\"Resource\":\"*\",\"Condition\":{"
               "\"StringNotEquals\":{\"aws:RequestedRegion\":[\"eu-west-1\",\"eu-west-2\",\"eu-west-3\"]},"
               "\"ArnNotLike\":{\"aws:PrincipalArn\":[\"arn:aws:iam::*:role/deploy-*\"]}}}]}"));
    const vg_policy *root[] = {full}, *ou[] = {full, regions};
    const vg_layer levels[] = {{VG_LAYER_KNOWN, root, 1, VG_STR_INIT("root")},
                               {VG_LAYER_KNOWN, ou, 2, VG_STR_INIT("ou")}};
    vg_arena *columns = vg_arena_new(0);
    vg_usage usage = make_usage(columns, count);
    double plain = plain_engine(&usage, levels, 2);
    vg_arena_free(columns);
    run(count / 100 < SAMPLE ? SAMPLE : count / 100, levels, plain);
    run(count / 10 < SAMPLE ? SAMPLE : count / 10, levels, plain);
    run(count, levels, plain);
    vg_arena_free(arena);
    return 0;
}
