/* rules_lint.c: what is doubtful about rules that can be read: names of fields that their log never has, expressions that
 * can never hold or always do, attributes that people need and that are missing. Source of the fields: CloudTrail User
 * Guide, "CloudTrail record contents"; VPC User Guide, "Flow log records"; Route 53 Developer Guide, "Values that appear in
 * VPC Resolver query logs"; docs/reference/logs.md. */
#include "detect/rules_part.h"

typedef struct {
    vg_arena *arena;
    const vg_rules *rules;
    vg_vec *problems;
    const vg_compiled_rule *rule;
    vg_error *err;
} linter;

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while looking at detections");
}

static vg_status tell(const linter *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
static vg_status tell(const linter *l, const char *format, ...)
{
    char text[480];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    vg_error shown = {0};
    vg_fail(&shown, VG_ERR_VALUE, "%s", text); /* without control characters */
    vg_rule_problem *problem = vg_vec_push(l->problems);
    vg_str copy = vg_arena_str(l->arena, vg_str_from(shown.message));
    if (!problem || !copy.ptr)
        return out_of_memory(l->err);
    *problem = (vg_rule_problem){l->rule->info.place, l->rule->info.title, copy, false};
    return VG_OK;
}

/* ---- attributes ------------------------------------------------------------------------------------------------------------ */

static bool is_uuid(vg_str id)
{
    if (id.len != 36)
        return false;
    for (size_t i = 0; i < id.len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        char c = id.ptr[i];
        bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (dash ? c != '-' : !hex)
            return false;
    }
    return true;
}

static vg_status lint_attributes(const linter *l)
{
    enum { MOST_TITLE = 256 };
    const vg_rule *info = &l->rule->info;
    if (!info->id.len)
        VG_TRY(tell(l, "the rule has no id: give it a random UUID, so that others can name it"));
    else if (!is_uuid(info->id))
        VG_TRY(tell(l, "the id \"%.*s\" is no UUID", VG_ARG(info->id)));
    if (info->title.len > MOST_TITLE)
        VG_TRY(tell(l, "the title is longer than %d characters", MOST_TITLE));
    if (info->kind == VG_RULE_FILTER) {
        if (!info->expiry.len)
            VG_TRY(tell(l, "the filter never expires: add vigil: with reason and expires"));
        if (info->expired)
            VG_TRY(tell(l, "the filter expired on %.*s and is not applied", VG_ARG(info->expiry)));
        return VG_OK;
    }
    if (!info->level_given && info->alone)
        VG_TRY(tell(l, "the rule has no level: medium is taken"));
    if (!info->description.len && info->alone)
        VG_TRY(tell(l, "the rule has no description: say why it fired"));
    if (info->status == VG_RULE_DEPRECATED || info->status == VG_RULE_UNSUPPORTED)
        VG_TRY(tell(l, "the rule's status is %s", vg_rule_status_names[info->status]));
    return VG_OK;
}

/* ---- fields ---------------------------------------------------------------------------------------------------------------- */

static const char *const cloudtrail_fields[] = {"eventVersion",
                                                "userIdentity",
                                                "eventTime",
                                                "eventSource",
                                                "eventName",
                                                "awsRegion",
                                                "sourceIPAddress",
                                                "userAgent",
                                                "errorCode",
                                                "errorMessage",
                                                "requestParameters",
                                                "responseElements",
                                                "additionalEventData",
                                                "requestID",
                                                "eventID",
                                                "eventType",
                                                "apiVersion",
                                                "managementEvent",
                                                "readOnly",
                                                "resources",
                                                "recipientAccountId",
                                                "serviceEventDetails",
                                                "sharedEventID",
                                                "vpcEndpointId",
                                                "vpcEndpointAccountId",
                                                "eventCategory",
                                                "addendum",
                                                "sessionCredentialFromConsole",
                                                "eventContext",
                                                "edgeDeviceDetails",
                                                "tlsDetails",
                                                "insightDetails",
                                                "networkConnectionDetails",
                                                "annotation",
                                                "eventSourceARN",
                                                NULL};

static const char *const flow_fields[] = {"version",
                                          "account-id",
                                          "interface-id",
                                          "srcaddr",
                                          "dstaddr",
                                          "srcport",
                                          "dstport",
                                          "protocol",
                                          "packets",
                                          "bytes",
                                          "start",
                                          "end",
                                          "action",
                                          "log-status",
                                          "vpc-id",
                                          "subnet-id",
                                          "instance-id",
                                          "tcp-flags",
                                          "type",
                                          "pkt-srcaddr",
                                          "pkt-dstaddr",
                                          "region",
                                          "az-id",
                                          "sublocation-type",
                                          "sublocation-id",
                                          "pkt-src-aws-service",
                                          "pkt-dst-aws-service",
                                          "flow-direction",
                                          "traffic-path",
                                          "ecs-cluster-arn",
                                          "ecs-cluster-name",
                                          "ecs-container-instance-arn",
                                          "ecs-container-instance-id",
                                          "ecs-container-id",
                                          "ecs-second-container-id",
                                          "ecs-service-name",
                                          "ecs-task-definition-arn",
                                          "ecs-task-arn",
                                          "ecs-task-id",
                                          "reject-reason",
                                          "resource-id",
                                          "encryption-status",
                                          NULL};

static const char *const dns_fields[] = {"version",
                                         "account_id",
                                         "region",
                                         "vpc_id",
                                         "query_timestamp",
                                         "query_name",
                                         "query_type",
                                         "query_class",
                                         "rcode",
                                         "answers",
                                         "srcaddr",
                                         "srcport",
                                         "transport",
                                         "srcids",
                                         "firewall_rule_action",
                                         "firewall_rule_group_id",
                                         "firewall_domain_list_id",
                                         "instance",
                                         "resolver_endpoint",
                                         NULL};

static const char *const *const known_fields[VG_LOG_KIND_COUNT] = {
    [VG_LOG_CLOUDTRAIL] = cloudtrail_fields, [VG_LOG_FLOW] = flow_fields, [VG_LOG_DNS] = dns_fields};

/* Fields below "vigil.": of the event (derived.c, vg_log_derived), and of the sources that a detector asks. */
static const char *const derived_fields[] = {
    "outcome",       "actor",
    "actor.kind",    "service",
    "ip.kind",       "policy.effect",
    "policy.action", "policy.principal",
    "policy.public", "policy.external",
    "policy.admin",  "external",
    "user_data",     "opens.public",
    "opens.ports",   "flow.direction",
    "flow.port",     "dns.domain",
    "dns.label",     "dns.length",
    "dns.entropy",   "dns.generated",
    "dns.packed",    "dns.answer.kind",
    "intel",         "new",
    "asn",           "country",
    "usual_part",
};

static vg_status lint_derived(const linter *l, const vg_field *field)
{
    vg_str name = vg_str_sub(field->path, sizeof "vigil." - 1, VG_NPOS);
    for (size_t i = 0; i < VG_COUNT(derived_fields); i++)
        if (vg_str_is(name, derived_fields[i]))
            return VG_OK;
    return tell(l, "no event has a field \"%.*s\": docs/reference/sigma.md lists those below vigil",
                VG_ARG(field->path));
}

static vg_status lint_field(const linter *l, const vg_field *field)
{
    const vg_rule *info = &l->rule->info;
    if (field->derived)
        return lint_derived(l, field);
    if (info->log >= VG_LOG_KIND_COUNT || !known_fields[info->log] || !field->parts.count)
        return VG_OK;
    vg_str first = field->parts.items[0];
    const char *nearly = NULL;
    for (const char *const *known = known_fields[info->log]; *known; known++) {
        if (vg_str_is(first, *known) || vg_str_is(field->path, *known))
            return VG_OK;
        if (vg_str_eq_icase(first, vg_str_from(*known)))
            nearly = *known;
    }
    if (nearly)
        return tell(l, "events of %s have no field \"%.*s\": did you mean \"%s\"?",
                    vg_log_services[info->log], VG_ARG(first), nearly);
    return tell(l, "events of %s have no field \"%.*s\"", vg_log_services[info->log], VG_ARG(field->path));
}

static vg_status lint_fields(const linter *l)
{
    bool *told = vg_arena_calloc(l->arena, l->rules->field_count + 1, sizeof *told);
    if (!told)
        return out_of_memory(l->err);
    for (uint32_t i = 0; i < l->rule->node_count; i++) {
        const vg_expr *node = &l->rule->nodes[i];
        if (node->op != VG_EXPR_TEST)
            continue;
        uint32_t field = l->rules->predicates[node->predicate].field;
        if (field == VG_FIELD_ALL || told[field])
            continue;
        told[field] = true;
        VG_TRY(lint_field(l, &l->rules->fields[field]));
    }
    return VG_OK;
}

/* ---- expressions ----------------------------------------------------------------------------------------------------------- */

static bool is_not_of(const vg_compiled_rule *rule, uint32_t node, uint32_t of)
{
    return rule->nodes[node].op == VG_EXPR_NOT && rule->children[rule->nodes[node].first] == of;
}

/* x together with not x, among the children of one node. */
static bool has_opposites(const vg_compiled_rule *rule, const vg_expr *node)
{
    enum { MOST_LOOKED_AT = 200 };
    const uint32_t *children = rule->children + node->first;
    uint32_t count = node->count < MOST_LOOKED_AT ? node->count : MOST_LOOKED_AT;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < count; j++)
            if (is_not_of(rule, children[i], children[j]))
                return true;
    return false;
}

static vg_status lint_expression(const linter *l)
{
    const vg_compiled_rule *rule = l->rule;
    for (uint32_t i = 0; i < rule->node_count; i++) {
        const vg_expr *node = &rule->nodes[i];
        bool many = node->op == VG_EXPR_AND || node->op == VG_EXPR_OR;
        if (many && has_opposites(rule, node))
            return tell(l, "the condition joins something and its opposite by %s: it %s holds",
                        node->op == VG_EXPR_AND ? "and" : "or", node->op == VG_EXPR_AND ? "never" : "always");
    }
    if (rule->node_count && rule->nodes[rule->node_count - 1].op == VG_EXPR_NOT)
        return tell(l, "the condition is wholly negated: it matches every event that lacks something");
    return VG_OK;
}

static vg_status lint_rule(const linter *l)
{
    VG_TRY(lint_attributes(l));
    if (l->rule->correlation) {
        vg_str never = vg_correlation_never(l->rule->correlation);
        return never.len ? tell(l, "%.*s", VG_ARG(never)) : VG_OK;
    }
    VG_TRY(lint_fields(l));
    return lint_expression(l);
}

vg_status vg_rules_lint(vg_arena *arena, const vg_rules *rules, vg_vec *problems, vg_error *err)
{
    for (size_t i = 0; i < rules->rule_count; i++) {
        linter l = {arena, rules, problems, &rules->rules[i], err};
        VG_TRY(lint_rule(&l));
    }
    return VG_OK;
}
