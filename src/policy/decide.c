/* decide.c: what AWS would decide.
 *
 * The order and the words are those of "Policy evaluation logic" (IAM User Guide): is there an explicit deny anywhere; do
 * the resource control policies, the service control policies, the resource-based policy, the identity-based policies, the
 * permissions boundary and the session policy allow; and last the policy of the VPC endpoint that the request came
 * through. docs/reference/policy.md sets each step beside AWS's sentence.
 *
 * Each layer is asked once, for every statement that can concern the action, and answers twice: in how far it denies, and
 * in how far it allows (a resource policy for each way of naming the caller). Answers have three values, and so has the
 * formula over them; `and` is the lesser, `or` the greater, so the result holds for every completion of what is not
 * known. */
#include "policy/policy_trace.h"

/* What a layer says. */
typedef struct {
    vg_match deny;
    vg_match
        named[VG_NAMED_COUNT]; /* Allow, by how the caller is named; other layers than resource's: CALLER */
} answer;

static vg_match allows(const answer *a)
{
    vg_match any = VG_MATCH_NO;
    for (int how = VG_NAMED_ACCOUNT; how < VG_NAMED_COUNT; how++)
        any = vg_match_or(any, a->named[how]);
    return any;
}

/* Allow for a caller named at least so. */
static vg_match allows_as(const answer *a, vg_naming least)
{
    vg_match any = VG_MATCH_NO;
    for (int how = (int)least; how < VG_NAMED_COUNT; how++)
        any = vg_match_or(any, a->named[how]);
    return any;
}

/* ---- a statement --------------------------------------------------------------------------------------------------------------- */

static vg_match tests_hold(vg_evaluation *e, const vg_rule *rule)
{
    vg_match all = VG_MATCH_YES;
    for (uint32_t i = 0; i < rule->test_count && all != VG_MATCH_NO; i++)
        all = vg_match_and(all, vg_test_holds(e, &rule->tests[i]));
    return all;
}

/* `takes`: whether the rule is about the action; never NO. */
static void ask_rule(vg_evaluation *e, const vg_policy *policy, const vg_rule *rule, vg_match takes,
                     answer *out)
{
    vg_match named[VG_NAMED_COUNT];
    bool deny = rule->effect == VG_EFFECT_DENY;
    if (!e->trace && (deny ? out->deny : out->named[VG_NAMED_CALLER]) == VG_MATCH_YES)
        return;
    vg_match match = vg_match_and(takes, vg_rule_concerns_resource(e, rule));
    if (match == VG_MATCH_NO)
        return;
    vg_rule_names(e, rule, named);
    vg_match as_any = VG_MATCH_NO;
    for (int how = VG_NAMED_ACCOUNT; how < VG_NAMED_COUNT; how++)
        as_any = vg_match_or(as_any, named[how]);
    match = vg_match_and(match, as_any);
    if (match != VG_MATCH_NO)
        match = vg_match_and(match, tests_hold(e, rule));
    if (match == VG_MATCH_NO)
        return;
    if (deny)
        out->deny = vg_match_or(out->deny, match);
    else
        for (int how = VG_NAMED_ACCOUNT; how < VG_NAMED_COUNT; how++)
            out->named[how] = vg_match_or(out->named[how], vg_match_and(match, named[how]));
    if (e->trace)
        vg_trace_statement(e->trace, e, policy, rule, match);
}

/* ---- a policy -------------------------------------------------------------------------------------------------------------------- */

static void know_action(vg_evaluation *e, const vg_catalogue *catalogue)
{
    e->catalogue = catalogue;
    e->action_id = catalogue ? vg_catalogue_find_action(catalogue, e->action) : VG_CATALOGUE_NONE;
    if (e->action_id == VG_CATALOGUE_NONE)
        return;
    const vg_catalogue_action *action = vg_catalogue_action_at(catalogue, e->action_id);
    e->service = action->service;
    /* Such an action always acts on "*"; a closed request that says otherwise is taken at its word. */
    if (action->wildcard_only && (e->request->open || vg_str_is(e->request->resource, "*")))
        e->wildcard_only = true;
}

static bool row_has(const uint64_t *words, uint32_t base, uint32_t action)
{
    return (words[action / 64 - base] >> (action % 64)) & 1;
}

static bool excludes(const vg_rule *rule, uint32_t service, uint32_t action)
{
    uint32_t low = 0, high = rule->row_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (rule->rows[middle].service < service)
            low = middle + 1;
        else
            high = middle;
    }
    return low < rule->row_count && rule->rows[low].service == service &&
           row_has(rule->rows[low].words, rule->rows[low].base, action);
}

static void ask_of_service(vg_evaluation *e, const vg_policy *policy, answer *out)
{
    uint32_t low = 0, high = policy->service_count;
    const uint16_t *services = high <= VG_NEAR_SERVICES ? policy->near : policy->services;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (services[middle] < e->service)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == policy->service_count || services[low] != e->service)
        return;
    const vg_rule_entry *entry = &policy->entries[policy->groups[low].first];
    for (uint32_t i = 0; i < policy->groups[low].count; i++, entry++)
        if (!entry->words || row_has(entry->words, entry->base, e->action_id))
            ask_rule(e, policy, entry->rule, VG_MATCH_YES, out);
}

static void ask_by_index(vg_evaluation *e, const vg_policy *policy, answer *out)
{
    if ((policy->service_bits >> (e->service % 64)) & 1)
        ask_of_service(e, policy, out);
    for (uint32_t i = 0; i < policy->any_count; i++)
        if (!policy->any[i]->not_action || !excludes(policy->any[i], e->service, e->action_id))
            ask_rule(e, policy, policy->any[i], VG_MATCH_YES, out);
}

static vg_match rule_takes_action(vg_evaluation *e, const vg_rule *rule)
{
    vg_match listed = VG_MATCH_NO;
    for (size_t i = 0; i < rule->source->action_count && listed != VG_MATCH_YES; i++)
        listed = vg_match_or(listed, vg_action_takes(rule->source->actions[i], e->action, &e->steps));
    return rule->not_action ? vg_match_not(listed) : listed;
}

static void ask_policy(vg_evaluation *e, const vg_policy *policy, answer *out)
{
    if (policy->allows_all && !e->trace)
        out->named[VG_NAMED_CALLER] = VG_MATCH_YES;
    if (policy->catalogue != e->catalogue)
        know_action(e, policy->catalogue);
    if (e->catalogue && e->action_id != VG_CATALOGUE_NONE) {
        ask_by_index(e, policy, out);
        return;
    }
    for (uint32_t i = 0; i < policy->rule_count; i++) {
        vg_match takes = rule_takes_action(e, &policy->rules[i]);
        if (takes != VG_MATCH_NO)
            ask_rule(e, policy, &policy->rules[i], takes, out);
    }
}

/* ---- a layer ----------------------------------------------------------------------------------------------------------------------- */

/* Asks memory ahead for what a decision will look at. */
static void fetch_layer(const vg_layer *layer)
{
    for (size_t i = 0; i < layer->count; i++)
        __builtin_prefetch(layer->policies[i]);
}

/* `limits`: a layer that allows when there is none. */
static answer ask_layer(vg_evaluation *e, const vg_layer *layer, unsigned bit, size_t level, bool limits)
{
    answer out = {0};
    if (layer->state == VG_LAYER_NONE) {
        out.named[VG_NAMED_CALLER] = limits ? VG_MATCH_YES : VG_MATCH_NO;
        return out;
    }
    if (e->trace)
        vg_trace_begin(e->trace, bit, level, layer);
    for (size_t i = 0; i < layer->count; i++)
        ask_policy(e, layer->policies[i], &out);
    if (layer->state == VG_LAYER_UNKNOWN) {
        out.deny = vg_match_or(out.deny, VG_MATCH_UNKNOWN);
        for (int how = VG_NAMED_ACCOUNT; how < VG_NAMED_COUNT; how++)
            out.named[how] = vg_match_or(out.named[how], VG_MATCH_UNKNOWN);
    }
    if (e->trace)
        vg_trace_end(e->trace, out.deny, allows(&out));
    return out;
}

/* Levels of an organisation: each must allow, any may deny. */
static answer ask_levels(vg_evaluation *e, const vg_layer *levels, size_t count, unsigned bit)
{
    answer all = {.named[VG_NAMED_CALLER] = VG_MATCH_YES};
    for (size_t i = 0; i < count; i++) {
        answer level = ask_layer(e, &levels[i], bit, i, true);
        all.deny = vg_match_or(all.deny, level.deny);
        all.named[VG_NAMED_CALLER] = vg_match_and(all.named[VG_NAMED_CALLER], allows(&level));
    }
    return all;
}

/* ---- what the request is about -------------------------------------------------------------------------------------------------------- */

typedef enum {
    PLAIN,
    KMS_KEY,       /* the key policy must allow, or delegate */
    ASSUME_ROLE,   /* the trust policy must allow, or delegate */
    FEDERATED_ROLE /* AssumeRoleWithWebIdentity, AssumeRoleWithSAML: the trust policy alone */
} occasion;

static const struct {
    const char *action;
    occasion occasion;
} role_actions[] = {
    {"sts:AssumeRole", ASSUME_ROLE},
    {"sts:TagSession", ASSUME_ROLE},
    {"sts:SetSourceIdentity", ASSUME_ROLE},
    {"sts:SetContext", ASSUME_ROLE},
    {"sts:AssumeRoleWithWebIdentity", FEDERATED_ROLE},
    {"sts:AssumeRoleWithSAML", FEDERATED_ROLE},
};

/* Whether the action is of this service, given as "kms:". */
static bool begins_with(vg_str action, const char service[4])
{
    return action.len > 4 && (action.ptr[0] | 32) == service[0] && (action.ptr[1] | 32) == service[1] &&
           (action.ptr[2] | 32) == service[2] && action.ptr[3] == ':';
}

static bool is_role(const vg_arn_cut *arn)
{
    return arn->count == VG_ARN_SEGMENTS && vg_str_is(arn->segment[2], "iam") &&
           vg_str_starts(arn->segment[5], VG_STR("role/"));
}

static occasion role_occasion(vg_str action)
{
    for (size_t i = 0; begins_with(action, "sts:") && i < VG_COUNT(role_actions); i++)
        if (vg_str_eq_icase(action, vg_str_from(role_actions[i].action)))
            return role_actions[i].occasion;
    return PLAIN;
}

/* A request for roles of a pattern asks a trust policy only where it brings one. */
static occasion occasion_of(vg_evaluation *e, const vg_layers *layers)
{
    if (!begins_with(e->action, "kms:") && !begins_with(e->action, "sts:"))
        return PLAIN;
    const vg_arn_cut *arn = vg_resource_cut(e);
    if (arn->count < VG_ARN_SEGMENTS)
        return PLAIN;
    if (vg_str_is(arn->segment[2], "kms") && vg_str_starts(arn->segment[5], VG_STR("key/")))
        return KMS_KEY;
    bool asks_trust = is_role(arn) && (!e->is_pattern || layers->resource.state != VG_LAYER_NONE);
    return asks_trust ? role_occasion(e->action) : PLAIN;
}

/* Of a pattern whose resources bring no policy: an action on keys or roles needs the policies of those that it is used on. */
static occasion occasion_of_any(vg_evaluation *e, const vg_layers *layers)
{
    const vg_layer *identity = &layers->identity;
    if (!layers->any_resource || layers->resource.state != VG_LAYER_NONE)
        return PLAIN;
    if (identity->count > 0)
        know_action(e, identity->policies[0]->catalogue);
    if (begins_with(e->action, "kms:") && e->action_id != VG_CATALOGUE_NONE && !e->wildcard_only)
        return KMS_KEY;
    return role_occasion(e->action);
}

/* Names of actions that change nothing. */
static bool only_reads(vg_str name)
{
    static const vg_str verbs[] = {VG_STR_INIT("Get"), VG_STR_INIT("List"), VG_STR_INIT("Generate"),
                                   VG_STR_INIT("Simulate")};
    for (size_t i = 0; i < VG_COUNT(verbs); i++)
        if (vg_str_eq_icase(vg_str_sub(name, 0, verbs[i].len), verbs[i]))
            return true;
    return false;
}

/* What AWS keeps for itself: its managed policies, the roles of IAM Identity Center, the aliases of its own keys. No
 * policy gives anybody the right to change them. */
static bool is_kept_by_aws(vg_evaluation *e)
{
    if (!begins_with(e->action, "kms:") && !begins_with(e->action, "iam:"))
        return false;
    const vg_arn_cut *arn = vg_resource_cut(e);
    vg_str service, name;
    if (arn->count < VG_ARN_SEGMENTS || !vg_str_split(e->action, ':', &service, &name))
        return false;
    if (vg_str_eq_icase(service, VG_STR("iam")) && vg_str_is(arn->segment[2], "iam")) {
        bool managed = vg_str_is(arn->segment[4], "aws") && vg_str_starts(arn->segment[5], VG_STR("policy/"));
        bool reserved = vg_str_starts(arn->segment[5], VG_STR("role/aws-reserved/"));
        return (managed || reserved) && !only_reads(name);
    }
    return vg_str_eq_icase(service, VG_STR("kms")) && vg_str_is(arn->segment[2], "kms") &&
           vg_str_starts(arn->segment[5], VG_STR("alias/aws/")) && !only_reads(name);
}

static vg_str owner_of(vg_evaluation *e)
{
    const vg_request *request = e->request;
    if (request->resource_account.len)
        return request->resource_account;
    const vg_arn_cut *arn = vg_resource_cut(e);
    if (arn->count == VG_ARN_SEGMENTS && vg_is_account_id(arn->segment[4]))
        return arn->segment[4];
    return request->caller.account;
}

/* Whether a resource of evidence may be another account's: a bucket that was not collected. */
static bool is_owner_unknown(vg_evaluation *e, const vg_layers *layers)
{
    const vg_arn_cut *arn = vg_resource_cut(e);
    bool told = e->request->resource_account.len ||
                (arn->count == VG_ARN_SEGMENTS && vg_is_account_id(arn->segment[4]));
    return e->request->open && !told && layers->resource.state == VG_LAYER_UNKNOWN;
}

/* ---- which layers bind ------------------------------------------------------------------------------------------------------------------ */

/* Callers with identity policies, in whose account SCPs apply. */
static bool has_account(const vg_caller *caller)
{
    return caller->kind <= VG_CALLER_ROOT;
}

/* "SCPs don't affect the management account, service-linked roles, ..." (Organizations User Guide). */
static bool scps_bind(const vg_evaluation *e, const vg_layers *layers, occasion what)
{
    const vg_caller *caller = &e->request->caller;
    return has_account(caller) && !layers->caller_in_management_account && !caller->service_linked &&
           what != FEDERATED_ROLE;
}

/* "Resources and entities not restricted by RCPs" (Organizations User Guide): nothing in the management account, no
 * service-linked role, as caller or as the role that a service assumes, no key that AWS manages, no retiring of grants. */
static bool rcps_bind(const vg_evaluation *e, const vg_layers *layers, occasion what)
{
    vg_str service, name;
    bool service_linked = e->request->caller.service_linked ||
                          (what == ASSUME_ROLE && e->resource.count == VG_ARN_SEGMENTS &&
                           vg_str_starts(e->resource.segment[5], VG_STR("role/aws-service-role/")));
    if (layers->rcp_count == 0 || layers->resource_in_management_account || layers->aws_managed_key ||
        service_linked || vg_str_eq_icase(e->action, VG_STR("kms:RetireGrant")))
        return false;
    if (!layers->rcp_services)
        return true;
    vg_str_split(e->action, ':', &service, &name);
    for (size_t i = 0; i < layers->rcp_service_count; i++)
        if (vg_str_eq_icase(layers->rcp_services[i], service))
            return true;
    return false;
}

/* ---- the formula -------------------------------------------------------------------------------------------------------------------------- */

/* Every layer's answer, and what the formula needs besides. */
typedef struct {
    answer scp, rcp, identity, resource, boundary, session, endpoint, access_point;
    occasion what;
    bool same_account, has_access_point;
    bool kept_by_aws;
    bool denied_unless_aws_managed; /* by RCPs */
} answers;

/* Through an access point both its policy and the bucket's must allow. */
static vg_match resource_allows(const answers *a, vg_naming least)
{
    vg_match allow = allows_as(&a->resource, least);
    return a->has_access_point ? vg_match_and(allow, allows_as(&a->access_point, least)) : allow;
}

static vg_match all_of(vg_match a, vg_match b, vg_match c)
{
    return vg_match_and(a, vg_match_and(b, c));
}

/* Within one account: identity policies within boundary and session policy, or a resource policy that names the caller
 * itself, or one that names its role within boundary and session policy. A key or role needs its own policy as well. */
static vg_match allows_within(const answers *a)
{
    vg_match boundary = allows(&a->boundary), session = allows(&a->session);
    vg_match by_identity = all_of(allows(&a->identity), boundary, session);
    if (a->what == KMS_KEY || a->what == ASSUME_ROLE)
        by_identity = vg_match_and(by_identity, resource_allows(a, VG_NAMED_ACCOUNT));
    vg_match by_role = all_of(resource_allows(a, VG_NAMED_ROLE), boundary, session);
    return vg_match_or(by_identity, vg_match_or(by_role, resource_allows(a, VG_NAMED_CALLER)));
}

/* Between accounts both sides must allow. */
static vg_match allows_across(const answers *a)
{
    vg_match caller_side = all_of(allows(&a->identity), allows(&a->boundary), allows(&a->session));
    return vg_match_and(caller_side, resource_allows(a, VG_NAMED_ACCOUNT));
}

static vg_match access(const vg_evaluation *e, const answers *a)
{
    const vg_caller *caller = &e->request->caller;
    if (a->kept_by_aws)
        return VG_MATCH_NO;
    if (caller->kind == VG_CALLER_UNKNOWN)
        return VG_MATCH_UNKNOWN;
    vg_match by_policies = !has_account(caller) || a->what == FEDERATED_ROLE
                               ? resource_allows(a, VG_NAMED_ACCOUNT)
                           : a->same_account ? allows_within(a)
                                             : allows_across(a);
    if (caller->kind == VG_CALLER_ROOT && a->what == ASSUME_ROLE)
        return VG_MATCH_NO; /* "You cannot call AssumeRole by using root user credentials" */
    return all_of(by_policies, allows(&a->scp), allows(&a->endpoint));
}

/* ---- who denied ------------------------------------------------------------------------------------------------------------------------------ */

typedef struct {
    unsigned bit;
    const answer *answer;
} named_answer;

enum { ANSWERS = 8 };

static void list_answers(const answers *a, named_answer out[ANSWERS])
{
    const named_answer list[ANSWERS] = {{VG_BY_SCP, &a->scp},           {VG_BY_RCP, &a->rcp},
                                        {VG_BY_ENDPOINT, &a->endpoint}, {VG_BY_IDENTITY, &a->identity},
                                        {VG_BY_RESOURCE, &a->resource}, {VG_BY_RESOURCE, &a->access_point},
                                        {VG_BY_BOUNDARY, &a->boundary}, {VG_BY_SESSION, &a->session}};
    memcpy(out, list, sizeof list);
}

/* Layers whose denial is at least so certain. */
static unsigned denying(const answers *a, vg_match least)
{
    named_answer list[ANSWERS];
    unsigned bits = 0;
    list_answers(a, list);
    for (size_t i = 0; i < ANSWERS; i++)
        if (list[i].answer->deny >= least)
            bits |= list[i].bit;
    return bits;
}

static unsigned bit_if(bool lacking, unsigned bit)
{
    return lacking ? bit : 0;
}

/* Layers that would have to allow and allow at most so much: of the way to access that is nearest to succeeding. */
static unsigned lacking(const vg_evaluation *e, const answers *a, vg_match most)
{
    unsigned bits =
        bit_if(allows(&a->scp) <= most, VG_BY_SCP) | bit_if(allows(&a->endpoint) <= most, VG_BY_ENDPOINT);
    vg_match resource = resource_allows(a, VG_NAMED_ACCOUNT);
    if (!has_account(&e->request->caller) || a->what == FEDERATED_ROLE)
        return bits | bit_if(resource <= most, VG_BY_RESOURCE);
    if (a->same_account && resource_allows(a, VG_NAMED_CALLER) > most)
        return bits;
    bits |= bit_if(allows(&a->boundary) <= most, VG_BY_BOUNDARY) |
            bit_if(allows(&a->session) <= most, VG_BY_SESSION);
    if (a->same_account && resource_allows(a, VG_NAMED_ROLE) > most)
        return bits;
    bits |= bit_if(allows(&a->identity) <= most, VG_BY_IDENTITY);
    if (!a->same_account || a->what == KMS_KEY || a->what == ASSUME_ROLE)
        bits |= bit_if(resource <= most, VG_BY_RESOURCE);
    return bits;
}

/* Layers of which it is not known whether they allow. */
static unsigned undecided(const answers *a)
{
    named_answer list[ANSWERS];
    unsigned bits = 0;
    list_answers(a, list);
    for (size_t i = 0; i < ANSWERS; i++)
        if (allows(list[i].answer) == VG_MATCH_UNKNOWN)
            bits |= list[i].bit;
    return bits;
}

/* ---- deciding -------------------------------------------------------------------------------------------------------------------------------- */

/* The bucket's policy of a request through an access point: it speaks of the bucket and of its objects ("Delegating access
 * control to access points"), where the request names the point: BUCKET/KEY for .../accesspoint/NAME/object/KEY. */
static answer ask_bucket(vg_evaluation *e, const vg_layers *layers)
{
    enum { LONGEST = 1280 };
    static const vg_str objects = VG_STR_INIT("/object/");
    char text[LONGEST];
    vg_str asked = e->request->resource;
    size_t at = vg_str_find(asked, objects);
    vg_str key = at == VG_NPOS ? VG_STR("") : vg_str_sub(asked, at + objects.len, VG_NPOS);
    int n = snprintf(text, sizeof text, "%.*s%s%.*s", VG_ARG(layers->bucket), at == VG_NPOS ? "" : "/",
                     VG_ARG(key));
    if (layers->bucket.len == 0 || n < 0 || (size_t)n >= sizeof text)
        return ask_layer(e, &layers->resource, VG_BY_RESOURCE, 0, false);
    vg_request request = *e->request;
    vg_evaluation behind = *e;
    request.resource = vg_str_of(text, (size_t)n);
    behind.request = &request;
    behind.is_cut = false;
    answer out = ask_layer(&behind, &layers->resource, VG_BY_RESOURCE, 0, false);
    e->steps = behind.steps;
    return out;
}

/* The policies of keys or roles that a pattern stands for. */
static const vg_layer policies_of_any = {.state = VG_LAYER_UNKNOWN,
                                         .name = VG_STR_INIT("what the pattern takes in")};

static const answer nothing_to_say = {.named[VG_NAMED_CALLER] = VG_MATCH_YES};

static void ask_layers(vg_evaluation *e, const vg_layers *layers, answers *a)
{
    const vg_caller *caller = &e->request->caller;
    bool own = has_account(caller);
    const vg_layer *resource = &layers->resource;
    a->what = occasion_of(e, layers);
    if (a->what == PLAIN && (a->what = occasion_of_any(e, layers)) != PLAIN)
        resource = &policies_of_any;
    a->kept_by_aws = is_kept_by_aws(e);
    a->same_account = own && vg_str_eq(owner_of(e), caller->account);
    a->has_access_point = layers->access_point.state != VG_LAYER_NONE;
    a->scp = a->rcp = a->boundary = a->session = nothing_to_say;
    a->identity = a->access_point = (answer){0};
    fetch_layer(&layers->identity);
    if (rcps_bind(e, layers, a->what))
        a->rcp.deny = ask_levels(e, layers->rcps, layers->rcp_count, VG_BY_RCP).deny;
    a->denied_unless_aws_managed =
        a->what == KMS_KEY && layers->key_manager_unknown && a->rcp.deny == VG_MATCH_YES;
    if (a->denied_unless_aws_managed)
        a->rcp.deny = VG_MATCH_UNKNOWN;
    if (layers->scp_count && scps_bind(e, layers, a->what))
        a->scp = ask_levels(e, layers->scps, layers->scp_count, VG_BY_SCP);
    a->resource =
        a->has_access_point ? ask_bucket(e, layers) : ask_layer(e, resource, VG_BY_RESOURCE, 0, false);
    if (layers->s3)
        a->resource.named[VG_NAMED_ACCOUNT] =
            vg_match_or(a->resource.named[VG_NAMED_ACCOUNT], vg_s3_acl_allows(e, layers));
    if (a->has_access_point)
        a->access_point = ask_layer(e, &layers->access_point, VG_BY_RESOURCE, 1, false);
    if (own && a->what != FEDERATED_ROLE) {
        a->identity = ask_layer(e, &layers->identity, VG_BY_IDENTITY, 0, false);
        if (caller->kind == VG_CALLER_ROOT) {
            a->identity.named[VG_NAMED_CALLER] = VG_MATCH_YES;
        } else {
            a->boundary = ask_layer(e, &layers->boundary, VG_BY_BOUNDARY, 0, true);
            a->session = ask_layer(e, &layers->session, VG_BY_SESSION, 0, true);
        }
    }
    a->endpoint = ask_layer(e, &layers->endpoint, VG_BY_ENDPOINT, 0, true);
}

/* Actions that a grant can allow (KMS Developer Guide, "Grant operations"). */
static bool is_grantable(vg_str action)
{
    static const char *const operations[] = {"kms:Decrypt",
                                             "kms:Encrypt",
                                             "kms:ReEncryptFrom",
                                             "kms:ReEncryptTo",
                                             "kms:GenerateDataKey",
                                             "kms:GenerateDataKeyWithoutPlaintext",
                                             "kms:GenerateDataKeyPair",
                                             "kms:GenerateDataKeyPairWithoutPlaintext",
                                             "kms:Sign",
                                             "kms:Verify",
                                             "kms:GenerateMac",
                                             "kms:VerifyMac",
                                             "kms:GetPublicKey",
                                             "kms:DescribeKey",
                                             "kms:CreateGrant",
                                             "kms:RetireGrant",
                                             "kms:DeriveSharedSecret"};
    for (size_t i = 0; i < VG_COUNT(operations); i++)
        if (vg_str_eq_icase(action, vg_str_from(operations[i])))
            return true;
    return false;
}

static unsigned guardrails(unsigned bits)
{
    return bits & (VG_BY_SCP | VG_BY_ENDPOINT | VG_BY_BOUNDARY);
}

/* "An explicit deny in any policy overrides any allow": what denies in some completions alone makes an Allow unknown, and
 * leaves a denial one. */
static vg_decision conclude(const vg_evaluation *e, const vg_layers *layers, const answers *a)
{
    vg_decision d = {.result = VG_ALLOWED};
    unsigned denied = denying(a, VG_MATCH_YES), may_deny = denying(a, VG_MATCH_UNKNOWN);
    vg_match access_is = access(e, a);
    if (denied) {
        d.result = VG_EXPLICITLY_DENIED;
        answers without = *a;
        if (a->resource.deny == VG_MATCH_YES) /* what it allows besides does not count any more */
            without.resource = (answer){0};
        d.blocked_by = denied | guardrails(lacking(e, &without, VG_MATCH_NO));
        return d;
    }
    if (access_is == VG_MATCH_NO) {
        d.result = VG_IMPLICITLY_DENIED;
        d.blocked_by = lacking(e, a, VG_MATCH_NO);
    } else {
        vg_match blocked = vg_s3_restricts(e, layers, a->same_account && has_account(&e->request->caller));
        if (layers->s3)
            blocked = vg_match_or(blocked, vg_s3_blocks_write(e, layers));
        if (blocked == VG_MATCH_YES) { /* nothing to block where the policies turn out not to allow */
            d.result = access_is == VG_MATCH_YES ? VG_EXPLICITLY_DENIED : VG_IMPLICITLY_DENIED;
            d.blocked_by = VG_BY_S3_SETTINGS;
        } else if (access_is == VG_MATCH_UNKNOWN || may_deny || blocked == VG_MATCH_UNKNOWN) {
            d.result = VG_DECISION_UNKNOWN;
            d.unknown = may_deny | undecided(a) | bit_if(blocked == VG_MATCH_UNKNOWN, VG_BY_S3_SETTINGS);
            d.out_of_steps = vg_is_spent(e->steps);
        }
    }
    d.unless_aws_managed = d.result == VG_DECISION_UNKNOWN && a->denied_unless_aws_managed;
    d.unless_grant = (d.result == VG_IMPLICITLY_DENIED || d.result == VG_DECISION_UNKNOWN) &&
                     a->what == KMS_KEY && layers->grants_unknown && is_grantable(e->action);
    return d;
}

/* ---- what is told besides -------------------------------------------------------------------------------------------- */

/* Sentences of an explanation: why a layer had no say, or what decided without any. */
static void note_reasons(vg_trace *trace, vg_evaluation *e, const vg_layers *layers, const answers *a)
{
    const vg_caller *caller = &e->request->caller;
    bool own = has_account(caller), role = a->what == ASSUME_ROLE || a->what == FEDERATED_ROLE;
    bool scps = layers->scp_count > 0, rcps = layers->rcp_count > 0;
    bool owner_unknown = is_owner_unknown(e, layers);
    const char *untold_write = vg_s3_untold_write(e, layers);
    const struct {
        bool holds;
        const char *sentence;
    } notes[] = {
        {own && owner_unknown,
         "whose the resource is was not collected: if another account's, both sides must allow"},
        {own && a->same_account && !owner_unknown, "caller and resource are of one account"},
        {own && !a->same_account, "caller and resource are of two accounts: both sides must allow"},
        {caller->kind == VG_CALLER_UNKNOWN, "the caller is no principal that is known here"},
        {caller->kind == VG_CALLER_ROOT, "a root user needs no identity policy"},
        {caller->kind == VG_CALLER_ROOT && a->what == ASSUME_ROLE, "a root user cannot assume roles"},
        {scps && layers->caller_in_management_account,
         "the caller is of the management account: no SCP binds"},
        {scps && own && caller->service_linked, "the caller is a service-linked role: no SCP binds"},
        {scps && !own, "the caller is of no account of the organisation: no SCP binds"},
        {rcps && !rcps_bind(e, layers, a->what), "no RCP binds this caller, resource or service"},
        {a->what == KMS_KEY,
         "a KMS key's own policy must allow, or leave it to the account's identity policies"},
        {a->denied_unless_aws_managed,
         "RCPs do not bind keys that AWS manages, and whether it manages this one was not collected"},
        {role, "a role's trust policy must allow, or leave it to the account's identity policies"},
        {a->kept_by_aws, "AWS keeps this resource for itself: no policy allows changing it"},
        {untold_write != NULL, untold_write},
        {vg_is_spent(e->steps), "comparing these policies takes more steps than a decision has: what was not "
                                "compared is unknown"},
    };
    for (size_t i = 0; i < VG_COUNT(notes); i++)
        if (notes[i].holds)
            vg_trace_note(trace, notes[i].sentence);
    trace->lacking = lacking(e, a, VG_MATCH_UNKNOWN);
    trace->blocking = bit_if(allows(&a->boundary) == VG_MATCH_NO, VG_BY_BOUNDARY) |
                      bit_if(allows(&a->session) == VG_MATCH_NO, VG_BY_SESSION);
    trace->owner_unknown = own && owner_unknown;
    trace->restricts_unknown = vg_s3_restricts(e, layers, own && a->same_account) == VG_MATCH_UNKNOWN;
    trace->write_unknown = vg_s3_blocks_write(e, layers) == VG_MATCH_UNKNOWN;
}

/* Whether what is asked is so long that patterns no longer are compared with it: no layer can be answered for. Values of
 * the context are looked at where a condition reads them. */
static bool is_beyond_limits(const vg_request *request)
{
    return request->action.len > VG_LONGEST_ACTION || request->resource.len > VG_LONGEST_VALUE ||
           request->caller.text.len > VG_LONGEST_VALUE;
}

vg_decision vg_policy_decide_traced(const vg_request *request, const vg_layers *layers,
                                    struct vg_trace *trace)
{
    vg_evaluation e;
    answers a;
    e.request = request;
    e.action = request->action;
    e.is_cut = false;
    e.is_pattern = vg_str_find_char(request->resource, '*') != VG_NPOS;
    e.catalogue = NULL;
    e.action_id = VG_CATALOGUE_NONE;
    e.service = 0;
    e.wildcard_only = request->wildcard_only_action;
    e.bounded = layers->boundary.state == VG_LAYER_NONE    ? VG_MATCH_NO
                : layers->boundary.state == VG_LAYER_KNOWN ? VG_MATCH_YES
                                                           : VG_MATCH_UNKNOWN;
    e.hashed = false;
    e.steps = 0;
    e.trace = trace;
    /* "No permissions are required to perform this operation", and no policy can deny it (STS API Reference); but a
     * request that nobody signed has no credentials whose identity it could return. */
    if (vg_str_eq_icase(request->action, VG_STR("sts:GetCallerIdentity")) &&
        request->caller.kind != VG_CALLER_ANONYMOUS) {
        vg_trace_note(trace, "sts:GetCallerIdentity needs no permission and cannot be denied");
        return (vg_decision){.result = VG_ALLOWED};
    }
    if (is_beyond_limits(request)) {
        vg_trace_note(trace,
                      "a text of the request is longer than any of AWS: it is compared with no pattern");
        return (vg_decision){.result = VG_DECISION_UNKNOWN, .unknown = VG_BY_IDENTITY | VG_BY_RESOURCE};
    }
    ask_layers(&e, layers, &a);
    if (trace)
        note_reasons(trace, &e, layers, &a);
    return conclude(&e, layers, &a);
}

vg_decision vg_policy_decide(const vg_request *request, const vg_layers *layers)
{
    return vg_policy_decide_traced(request, layers, NULL);
}

/* ---- names ------------------------------------------------------------------------------------------------------------------------------------- */

const char *vg_decision_name(vg_decision_result result)
{
    static const char *const names[] = {"Allowed", "ExplicitlyDenied", "ImplicitlyDenied", "Unknown"};
    return names[result];
}

const char *vg_layer_bit_name(unsigned bit)
{
    static const char *const names[] = {"scp",      "rcp", "vpce",    "identity",
                                        "resource", "pb",  "session", "s3-bpa"};
    for (size_t i = 0; i < VG_COUNT(names); i++)
        if (bit == 1u << i)
            return names[i];
    return "";
}

vg_match vg_layer_allows_everything(const vg_layer *layer)
{
    vg_match match = VG_MATCH_NO;
    for (size_t i = 0; i < layer->count; i++) {
        const vg_policy *policy = layer->policies[i];
        for (uint32_t r = 0; r < policy->rule_count; r++) {
            const vg_rule *rule = &policy->rules[r];
            if (rule->effect == VG_EFFECT_ALLOW && rule->every_action && rule->every_resource)
                match = vg_match_or(match, rule->test_count == 0 ? VG_MATCH_YES : VG_MATCH_UNKNOWN);
        }
    }
    return match;
}
