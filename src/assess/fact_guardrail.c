/* fact_guardrail.c: Vigil::Account::Guardrails: what the SCPs and RCPs on the path from the root forbid in an account.
 *
 * A guardrail is a list of actions that must be denied; a row of the table below. The policies attached to the account,
 * its OUs and the root are asked together, action by action (deny_ask.c). All denied is "yes", none is "no", everything
 * between is "partly". An action that no Allow of one level takes in is denied as well, to everybody and everywhere
 * (Organizations User Guide, "SCP evaluation"): that is "yes"; where an Allow takes it in for some callers or resources
 * alone, "partly".
 *
 * "no" is only said when everything that could say otherwise was seen: the path, all policies, what they are attached to
 * and their contents. The management account is never bound (Organizations User Guide, "Service control policies"). */
#include "assess/deny_ask.h"

enum { MOST_NEEDS = 6 };

typedef struct {
    const char *key;
    vg_org_policy_kind kind;
    vg_deny_whom whom;
    vg_deny_when when;
    bool any_of; /* one of the needs suffices */
    vg_deny_need needs[MOST_NEEDS];
} guardrail;

#define ACTION(text)                                                                                         \
    {                                                                                                        \
        VG_STR_INIT(text), NULL, false                                                                       \
    }
#define ACTION_ALONE(text)                                                                                   \
    {                                                                                                        \
        VG_STR_INIT(text), NULL, true                                                                        \
    }
#define ACTION_ON(text, resource)                                                                            \
    {                                                                                                        \
        VG_STR_INIT(text), resource, false                                                                   \
    }
/* "Everything", by actions of services that have little in common. */
#define EVERYTHING                                                                                           \
    {                                                                                                        \
        ACTION("s3:PutBucketPolicy"), ACTION("iam:CreateAccessKey"), ACTION("ec2:RunInstances"),             \
            ACTION("kms:ScheduleKeyDeletion"), ACTION("lambda:CreateFunction"), ACTION("sqs:PurgeQueue")     \
    }

static const guardrail guardrails[] = {
    {"DenyLeaveOrganization",
     VG_ORG_SCP,
     VG_DENY_EVERYBODY,
     VG_DENY_ALWAYS,
     false,
     {ACTION_ALONE("organizations:LeaveOrganization")}},
    {"DenyRootUser", VG_ORG_SCP, VG_DENY_ROOT, VG_DENY_ALWAYS, false, EVERYTHING},
    {"ProtectCloudTrail",
     VG_ORG_SCP,
     VG_DENY_EVERYBODY,
     VG_DENY_ALWAYS,
     false,
     {ACTION_ON("cloudtrail:StopLogging", "trail/any-Name_1"),
      ACTION_ON("cloudtrail:DeleteTrail", "trail/any-Name_1"),
      ACTION_ON("cloudtrail:UpdateTrail", "trail/any-Name_1"),
      ACTION_ON("cloudtrail:PutEventSelectors", "trail/any-Name_1")}},
    {"ProtectConfig",
     VG_ORG_SCP,
     VG_DENY_EVERYBODY,
     VG_DENY_ALWAYS,
     false,
     {ACTION("config:StopConfigurationRecorder"), ACTION("config:DeleteConfigurationRecorder"),
      ACTION("config:DeleteDeliveryChannel"), ACTION("config:PutConfigurationRecorder")}},
    {"ProtectGuardDuty",
     VG_ORG_SCP,
     VG_DENY_EVERYBODY,
     VG_DENY_ALWAYS,
     false,
     {ACTION_ON("guardduty:DeleteDetector", "detector/any1"),
      ACTION_ON("guardduty:UpdateDetector", "detector/any1"),
      ACTION_ON("guardduty:DisassociateFromMasterAccount", "detector/any1"),
      ACTION_ON("guardduty:DisassociateFromAdministratorAccount", "detector/any1"),
      ACTION_ON("guardduty:DeleteMembers", "detector/any1"),
      ACTION_ON("guardduty:DisassociateMembers", "detector/any1")}},
    {"ProtectSecurityHub",
     VG_ORG_SCP,
     VG_DENY_EVERYBODY,
     VG_DENY_ALWAYS,
     false,
     {ACTION_ON("securityhub:DisableSecurityHub", "hub/default"),
      ACTION_ON("securityhub:DisassociateFromMasterAccount", "hub/default"),
      ACTION_ON("securityhub:DisassociateFromAdministratorAccount", "hub/default"),
      ACTION_ON("securityhub:BatchDisableStandards", "hub/default")}},
    {"LimitRegions",
     VG_ORG_SCP,
     VG_DENY_EVERYBODY,
     VG_DENY_BY_REGION,
     false,
     {ACTION("ec2:RunInstances"), ACTION("lambda:CreateFunction"), ACTION("rds:CreateDBInstance"),
      ACTION("dynamodb:CreateTable"), ACTION("ecs:CreateCluster"),
      ACTION("sagemaker:CreateNotebookInstance")}},
    {"DenyWithoutMfa", VG_ORG_SCP, VG_DENY_USERS, VG_DENY_WITHOUT_MFA, false, EVERYTHING},
    {"DenyAccessKeysForUsers",
     VG_ORG_SCP,
     VG_DENY_EVERYBODY,
     VG_DENY_ALWAYS,
     true,
     {ACTION_ON("iam:CreateAccessKey", "user/x/any-Name_1"),
      ACTION_ON("iam:CreateUser", "user/x/any-Name_1")}},
    {"RcpDataPerimeter",
     VG_ORG_RCP,
     VG_DENY_EVERYBODY,
     VG_DENY_FROM_OUTSIDE,
     false,
     {ACTION("s3:GetObject"), ACTION("s3:PutObject")}},
};

const char *vg_extent_name(vg_extent extent)
{
    static const char *const names[] = {NULL, "no", "partly", "yes"};
    return names[extent];
}

/* ---- the path --------------------------------------------------------------------------------------------------------- */

/* What the path to the account shows of one kind of policy. */
typedef struct {
    const vg_node *nodes[64]; /* from the account up */
    size_t node_count;
    bool complete; /* the path, the policies and their targets are known */
    bool off;      /* the policy type is not on: nothing binds */
} policy_path;

static bool is_kind(const vg_org_policy *policy, vg_org_policy_kind kind)
{
    return policy->kind_known && policy->kind == kind;
}

static bool policies_are_known(const vg_org *org, vg_org_policy_kind kind)
{
    bool listed =
        vg_was_read(org->readings, "organizations:ListPolicies", VG_STR(""), VG_STR(""), VG_STR(""));
    for (size_t i = 0; i < org->policy_count; i++) {
        const vg_org_policy *policy = &org->policies[i];
        bool could_be = !policy->kind_known || policy->kind == kind;
        listed = listed || is_kind(policy, kind);
        if (could_be && !policy->is_default && !policy->targets_known)
            return false;
    }
    return listed;
}

static policy_path path_of(const vg_view *view, vg_org_policy_kind kind)
{
    const vg_org *org = view->org;
    policy_path path = {0};
    bool is_billing_only = vg_str_is(vg_prop_str(org->about, "FeatureSet"), "CONSOLIDATED_BILLING");
    bool type_is_off = kind == VG_ORG_SCP ? org->scp_known && !org->scp_on : org->rcp_known && !org->rcp_on;
    path.off = is_billing_only || type_is_off;
    const vg_node *node = vg_org_node(org, view->account);
    path.complete = node && node->in_tree && policies_are_known(org, kind);
    while (node && path.node_count < VG_COUNT(path.nodes)) {
        path.nodes[path.node_count++] = node;
        node = node->parent == VG_NO_NODE || node->is_root ? NULL : &org->nodes[node->parent];
    }
    return path;
}

static const vg_org_policy *policy_at(const vg_org *org, const vg_node *node, size_t i)
{
    return &org->policies[org->attached[node->policy_first + i]];
}

/* "o-1/r-1/ou-1/": what aws:PrincipalOrgPaths says of the account. */
static vg_str org_path(const vg_org *org, const policy_path *path, vg_arena *arena)
{
    vg_str text = vg_arena_printf(arena, "%.*s/", VG_ARG(org->id));
    for (size_t i = path->node_count; org->id.len > 0 && i-- > 1;)
        text = vg_arena_printf(arena, "%.*s%.*s/", VG_ARG(text), VG_ARG(path->nodes[i]->id));
    return org->id.len > 0 ? text : VG_STR("");
}

/* ---- one guardrail ------------------------------------------------------------------------------------------------------- */

/* Whether FullAWSAccess was told with its targets, so that its absence from a level means something. */
static bool defaults_are_known(const vg_org *org, vg_org_policy_kind kind)
{
    for (size_t i = 0; i < org->policy_count; i++)
        if (org->policies[i].is_default && is_kind(&org->policies[i], kind) && org->policies[i].targets_known)
            return true;
    return false;
}

/* Whether an Allow of the policy takes the action in, whoever calls and on whatever. */
static bool takes_in(const vg_policy *policy, vg_str action)
{
    const vg_policy_document *document = vg_policy_document_of(policy);
    for (size_t i = 0; i < document->statement_count; i++) {
        const vg_statement *statement = &document->statements[i];
        bool named = false;
        for (size_t n = 0; n < statement->action_count && !named; n++)
            named = vg_action_matches(statement->actions[n], action);
        if (statement->effect == VG_EFFECT_ALLOW && !statement->invalid && named != statement->not_action)
            return true;
    }
    return false;
}

/* How far this level leaves the action out of what it allows: YES for everybody, PARTLY for a role of any name. */
static vg_extent omission_at(const vg_org *org, const vg_node *node, vg_str account, vg_str action,
                             vg_arena *arena)
{
    const vg_policy **policies = VG_NEW_N(arena, const vg_policy *, node->policy_count + 1);
    size_t count = 0;
    bool for_all = true;
    for (size_t i = 0; policies && i < node->policy_count; i++) {
        const vg_org_policy *policy = policy_at(org, node, i);
        if (!is_kind(policy, VG_ORG_SCP))
            continue;
        if (policy->is_default || !policy->policy)
            return VG_EXTENT_NO;
        policies[count++] = policy->policy;
        for_all = for_all && !takes_in(policy->policy, action);
    }
    if (count == 0 || for_all)
        return count > 0 ? VG_EXTENT_YES : VG_EXTENT_NO;
    vg_layer level = {VG_LAYER_KNOWN, policies, count, VG_STR("")};
    vg_str caller =
        vg_arena_printf(arena, "arn:%.*s:iam::%.*s:role/x", VG_ARG(org->partition), VG_ARG(account));
    vg_context_entry who = {
        .key = VG_STR("aws:PrincipalArn"), .values = &caller, .value_count = 1, .state = VG_CONTEXT_PRESENT};
    vg_request request = {.caller = vg_caller_of(caller),
                          .action = action,
                          .resource = VG_STR("*"),
                          .context = &who,
                          .context_count = 1,
                          .open = true};
    vg_layers layers = {
        .identity = {VG_LAYER_KNOWN, &org->everything, 1, VG_STR("")}, .scps = &level, .scp_count = 1};
    return vg_policy_decide(&request, &layers).result == VG_IMPLICITLY_DENIED ? VG_EXTENT_PARTLY
                                                                              : VG_EXTENT_NO;
}

static vg_extent omission(const vg_view *view, const policy_path *path, const guardrail *rail, vg_str action,
                          vg_arena *arena)
{
    bool counts = rail->kind == VG_ORG_SCP && rail->when == VG_DENY_ALWAYS &&
                  rail->whom == VG_DENY_EVERYBODY && path->complete &&
                  defaults_are_known(view->org, rail->kind);
    vg_extent most = VG_EXTENT_NO;
    for (size_t n = 0; counts && n < path->node_count; n++) {
        vg_extent extent = omission_at(view->org, path->nodes[n], view->account, action, arena);
        most = extent > most ? extent : most;
    }
    return most;
}

/* The policies of the path as a question; *hidden: one of them, or what could be one, nobody gave. */
static vg_deny_question question_of(const vg_view *view, const policy_path *path, const guardrail *rail,
                                    vg_arena *arena, bool *hidden)
{
    size_t most = 0, count = 0;
    *hidden = false;
    for (size_t n = 0; n < path->node_count; n++)
        most += path->nodes[n]->policy_count;
    const vg_policy **policies = VG_NEW_N(arena, const vg_policy *, most + 1);
    for (size_t n = 0; policies && n < path->node_count; n++)
        for (size_t i = 0; i < path->nodes[n]->policy_count; i++) {
            const vg_org_policy *policy = policy_at(view->org, path->nodes[n], i);
            bool could_be = !policy->kind_known || policy->kind == rail->kind;
            *hidden = *hidden || (could_be && !policy->is_default && !policy->policy);
            if (is_kind(policy, rail->kind) && policy->policy)
                policies[count++] = policy->policy;
        }
    *hidden = *hidden || !policies;
    return (vg_deny_question){.org = view->org,
                              .account = view->account,
                              .org_path = path->complete ? org_path(view->org, path, arena) : VG_STR(""),
                              .whom = rail->whom,
                              .when = rail->when,
                              .policies = policies,
                              .count = count,
                              .are_rcps = rail->kind == VG_ORG_RCP};
}

static vg_extent extent_of_need(const vg_view *view, const policy_path *path, const guardrail *rail,
                                const vg_deny_need *need, const vg_deny_question *question, bool hidden,
                                vg_arena *arena)
{
    vg_extent extent = vg_deny_extent(arena, need, question);
    if (extent == VG_EXTENT_NO || extent == VG_EXTENT_PARTLY) {
        vg_extent omitted = omission(view, path, rail, need->action, arena);
        extent = omitted > extent ? omitted : extent;
    }
    if (hidden && extent != VG_EXTENT_YES)
        return VG_EXTENT_UNKNOWN;
    return extent == VG_EXTENT_NO && !path->complete ? VG_EXTENT_UNKNOWN : extent;
}

static vg_extent extent_of_guardrail(const vg_view *view, const policy_path *path, const guardrail *rail,
                                     vg_arena *arena)
{
    if (path->off)
        return VG_EXTENT_NO;
    bool hidden;
    vg_deny_question question = question_of(view, path, rail, arena, &hidden);
    size_t count[4] = {0}, needs = 0;
    for (; needs < MOST_NEEDS && rail->needs[needs].action.len; needs++)
        count[extent_of_need(view, path, rail, &rail->needs[needs], &question, hidden, arena)]++;
    if (rail->any_of && count[VG_EXTENT_YES] > 0)
        return VG_EXTENT_YES;
    if (count[VG_EXTENT_UNKNOWN] > 0)
        return VG_EXTENT_UNKNOWN;
    if (count[VG_EXTENT_YES] == needs || count[VG_EXTENT_NO] == needs)
        return count[VG_EXTENT_YES] ? VG_EXTENT_YES : VG_EXTENT_NO;
    return VG_EXTENT_PARTLY;
}

static const guardrail *guardrail_named(const char *key)
{
    const guardrail *rail = guardrails;
    while (strcmp(rail->key, key) != 0)
        rail++;
    return rail;
}

vg_extent vg_guardrail_without_mfa(const vg_view *view, vg_arena *arena)
{
    if (!view->org->known)
        return VG_EXTENT_UNKNOWN;
    if (vg_view_is_management(view))
        return VG_EXTENT_NO;
    policy_path path = path_of(view, VG_ORG_SCP);
    return extent_of_guardrail(view, &path, guardrail_named("DenyWithoutMfa"), arena);
}

/* Whether the user cannot act without multi-factor authentication, by its own policies and the SCPs together. */
vg_extent vg_denied_without_mfa(const vg_view *view, vg_str user, const vg_policy *const *own, size_t count,
                                vg_arena *arena)
{
    const guardrail *rail = guardrail_named("DenyWithoutMfa");
    policy_path path = {0};
    bool hidden;
    if (view->org->known && !vg_view_is_management(view))
        path = path_of(view, VG_ORG_SCP);
    if (path.off)
        path = (policy_path){0};
    vg_deny_question question = question_of(view, &path, rail, arena, &hidden);
    const vg_policy **policies = VG_NEW_N(arena, const vg_policy *, question.count + count + 1);
    if (!policies)
        return VG_EXTENT_UNKNOWN;
    for (size_t i = 0; i < question.count + count; i++)
        policies[i] = i < count ? own[i] : question.policies[i - count];
    question.policies = policies;
    question.count += count;
    question.whom = VG_DENY_ONE;
    question.one = user;
    size_t answers[4] = {0};
    for (size_t i = 0; i < MOST_NEEDS; i++)
        answers[vg_deny_extent(arena, &rail->needs[i], &question)]++;
    if (answers[VG_EXTENT_YES] == MOST_NEEDS || answers[VG_EXTENT_NO] == MOST_NEEDS)
        return answers[VG_EXTENT_YES] ? VG_EXTENT_YES : VG_EXTENT_NO;
    return VG_EXTENT_PARTLY;
}

/* ---- the fact ---------------------------------------------------------------------------------------------------------------- */

/* SCPs other than the default ones on the path, each counted once; *above: on an OU or the root. */
static int64_t count_scps(const vg_view *view, const policy_path *path, bool *above)
{
    const vg_org *org = view->org;
    int64_t count = 0;
    for (size_t p = 0; p < org->policy_count; p++) {
        bool counted = false;
        if (!is_kind(&org->policies[p], VG_ORG_SCP) || org->policies[p].is_default)
            continue;
        for (size_t n = 0; n < path->node_count; n++)
            for (size_t i = 0; i < path->nodes[n]->policy_count; i++)
                if (policy_at(org, path->nodes[n], i) == &org->policies[p]) {
                    counted = true;
                    *above = *above || !path->nodes[n]->is_account;
                }
        count += counted;
    }
    return count;
}

static void use_policies(const vg_view *view, const policy_path *path, vg_fact_sink *sink)
{
    for (size_t n = 0; n < path->node_count; n++)
        for (size_t i = 0; i < path->nodes[n]->policy_count; i++)
            vg_fact_used(sink, policy_at(view->org, path->nodes[n], i)->seen);
}

void vg_make_guardrails(const vg_view *view, vg_fact_sink *sink)
{
    vg_fact_begin(sink, "Vigil::Account::Guardrails", view->account, VG_STR(""), view->account, VG_STR(""));
    if (!view->org->known) {
        vg_fact_end(sink);
        return;
    }
    bool is_management = vg_view_is_management(view);
    policy_path scp = path_of(view, VG_ORG_SCP), rcp = path_of(view, VG_ORG_RCP);
    vg_fact_used(sink, view->org->about);
    vg_fact_bool(sink, "Bound", !is_management);
    use_policies(view, &scp, sink);
    for (size_t i = 0; i < VG_COUNT(guardrails); i++) {
        const policy_path *path = guardrails[i].kind == VG_ORG_SCP ? &scp : &rcp;
        vg_extent extent =
            is_management ? VG_EXTENT_NO : extent_of_guardrail(view, path, &guardrails[i], sink->arena);
        vg_fact_str(sink, guardrails[i].key, vg_str_from(vg_extent_name(extent)));
    }
    bool above = false;
    int64_t count = count_scps(view, &scp, &above);
    if (scp.complete)
        vg_fact_i64(sink, "ScpCount", count);
    if (scp.complete || above)
        vg_fact_bool(sink, "OuScpAttached", above);
    vg_fact_end(sink);
}
