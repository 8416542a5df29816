/* iam_can.c: `vigil iam can`: whether a request would be allowed. */
#include "cli/iam_world.h"

static int run_can(vg_cli *cli)
{
    vg_str requests = vg_cli_value(cli, "requests");
    const vg_str *words;
    size_t count = vg_cli_arguments(cli, &words);
    if (requests.len > 0 && count > 0)
        return vg_cli_usage(cli, "either one request, or --requests FILE");
    return requests.len > 0 ? vg_iam_can_requests(cli, requests) : vg_iam_can_world(cli);
}

static const vg_positional positionals[] = {
    {.name = "PRINCIPAL",
     .optional = true,
     .help = "Who: an ARN, a unique id, user/alice@123456789012, a name that only one has, a service, or '*' "
             "for anyone."},
    {.name = "ACTION", .optional = true, .help = "An action, such as s3:GetObject."},
    {.name = "RESOURCE",
     .optional = true,
     .help = "An ARN or a pattern of ARNs; '*' for actions that take no resource."},
    {0},
};

static const vg_option options[] = {
    {.name = "context",
     .argument = "KEY=VALUE",
     .repeatable = true,
     .help =
         "A condition key of the request. Given again, it is a list; KEY= says that the request has none."},
    {.name = "explain",
     .help = "Show the statements that decide, layer by layer, and what the context lacks."},
    {.name = "requests",
     .argument = "FILE",
     .kind = VG_ARG_PATH,
     .help = "Decide the requests in FILE, one JSON object a line; - reads standard input."},
    VG_IAM_AT,
    VG_IAM_FORMAT,
    VG_IAM_CONTENT,
    {0},
};

static const vg_example examples[] = {
    {"vigil iam can deploy-bot s3:PutObject arn:aws:s3:::shop-assets/index.html --explain",
     "Whether a user may write an object, and which statements decide."},
    {"vigil iam can role/ci@111122223333 iam:PassRole arn:aws:iam::111122223333:role/app --context "
     "iam:PassedToService=ec2.amazonaws.com",
     "Whether a role may pass another to EC2."},
    {"vigil iam can --requests requests.jsonl", "Decide a batch of requests, one JSON object a line."},
    {"generate | vigil iam can --requests - > decisions.jsonl", "Decide what another program writes."},
    {0},
};

static const vg_exit_note exit_notes[] = {
    {VG_EXIT_FINDINGS, "Denied. With --requests, every line was decided and the code is 0."},
    {VG_EXIT_PARTIAL,
     "Unknown: something that is not known decides. With --requests: a line could not be read; the "
     "others were decided."},
    {0},
};

const vg_command vg_iam_can = {
    .name = "can",
    .summary = "Decide whether a request is allowed, and why",
    .description =
        "Decides one request over the evidence: with the policies of the principal, of the resource, and of "
        "the organisation. What "
        "evidence tells of both is known to conditions (aws:PrincipalArn, aws:PrincipalOrgID, tags, ...), "
        "and so is what --context "
        "gives; every other condition key may have any value. The answer is Allowed or denied only if "
        "nothing that is not known "
        "could change it; else it is Unknown, with what would make it allowed.\n\n"
        "With --requests, decides requests that bring all their policies along. Each line of FILE is a JSON "
        "object: the "
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
    .positionals = positionals,
    .options = options,
    .examples = examples,
    .exit_notes = exit_notes,
    .run = run_can,
};
