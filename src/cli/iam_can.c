/* iam_can.c: `vigil iam can`: whether a request would be allowed. */
#include "cli/iam_parts.h"

static int run_can(vg_cli *cli)
{
    vg_str requests = vg_cli_value(cli, "requests");
    if (requests.len == 0)
        return vg_cli_usage(cli, "name the requests: --requests FILE, or - for standard input");
    return vg_iam_can_requests(cli, requests);
}

static const vg_option options[] = {
    {.name = "requests",
     .argument = "FILE",
     .kind = VG_ARG_PATH,
     .help = "Decide the requests in FILE, one JSON object a line; - reads standard input."},
    VG_IAM_CONTENT,
    {0},
};

static const vg_example examples[] = {
    {"vigil iam can --requests requests.jsonl", "Decide a batch of requests, one JSON object a line."},
    {"generate | vigil iam can --requests - > decisions.jsonl", "Decide what another program writes."},
    {0},
};

static const vg_exit_note exit_notes[] = {
    {VG_EXIT_PARTIAL, "A line of the requests could not be read; the others were decided."},
    {0},
};

const vg_command vg_iam_can = {
    .name = "can",
    .summary = "Decide whether requests are allowed",
    .description =
        "Decides requests that bring all their policies along. Each line of FILE is a JSON object: the "
        "request "
        "(principal, action, resource, contextVariables), identityPolicies, serviceControlPolicies and "
        "resourceControlPolicies (a list a level, the root first), resourcePolicy, "
        "permissionBoundaryPolicies, "
        "sessionPolicy, vpcEndpointPolicies; docs/reference/policy.md gives the whole form. Fields that it "
        "does not "
        "know are ignored.\n\n"
        "Answers stand in the order of the lines, one JSON object each:\n\n"
        "  {\"id\":1,\"result\":\"Allowed\",\"blockedBy\":[]}\n\n"
        "result is Allowed, ExplicitlyDenied, ImplicitlyDenied or Unknown; blockedBy names the layers that "
        "denied. "
        "invalid lists what AWS would refuse in the policies; they are decided all the same, an invalid "
        "element "
        "matching nothing. A condition key that the request does not give is absent.",
    .options = options,
    .examples = examples,
    .exit_notes = exit_notes,
    .run = run_can,
};
