/* refusal.c: what AWS refuses when somebody writes a policy: the one table of it, by rule and by kind of policy, and the
 * rules about the text of actions, ARNs and principals.
 *
 * Access Analyzer finds more errors than AWS refuses: an action that does not exist is stored and does nothing. Here stand
 * the rules for which CreatePolicy, PutRolePolicy, UpdateAssumeRolePolicy, PutBucketPolicy and their like answer
 * MalformedPolicyDocument or MalformedPolicy, and which need nothing but the document: no catalogue, no quota (quotas can
 * be raised, and AWS's own policies exceed them), no look at whether a principal exists. `answer` is what AWS says, where
 * that is known. What AWS is not known to refuse is not in the table: docs/reference/policy.md lists both. */
#include "policy/policy_part.h"

enum {
    IDENTITY =
        VG_LINT_KIND(VG_POLICY_IDENTITY) | VG_LINT_KIND(VG_POLICY_BOUNDARY) | VG_LINT_KIND(VG_POLICY_SESSION),
    RESOURCE = VG_LINT_KIND(VG_POLICY_RESOURCE),
    TRUST = VG_LINT_KIND(VG_POLICY_TRUST),
    ENDPOINT = VG_LINT_KIND(VG_POLICY_ENDPOINT),
    SCP = VG_LINT_KIND(VG_POLICY_SCP),
    RCP = VG_LINT_KIND(VG_POLICY_RCP),
    ALL = VG_LINT_ALL_KINDS,
    WITH_PRINCIPAL = RESOURCE | TRUST | ENDPOINT | RCP,
    WITH_RESOURCE = ALL & ~TRUST
};

static const vg_refusal refusals[] = {
    [VG_REFUSED_JSON] = {"JSON_SYNTAX_ERROR", ALL, "Syntax errors in policy."},
    [VG_REFUSED_TYPE] = {"DATA_TYPE_MISMATCH", ALL, "Syntax errors in policy."},
    [VG_REFUSED_ELEMENT] = {"INVALID_POLICY_ELEMENT", ALL, "Syntax errors in policy."},
    [VG_REFUSED_COMBINATION] = {"UNSUPPORTED_ELEMENT_COMBINATION", ALL, "Syntax errors in policy."},
    [VG_REFUSED_VERSION] = {"INVALID_VERSION", ALL, "The policy must contain a valid version string."},
    [VG_REFUSED_NO_STATEMENT] = {"MISSING_STATEMENT", ALL, "Syntax errors in policy."},
    [VG_REFUSED_NO_EFFECT] = {"MISSING_EFFECT", ALL, "Syntax errors in policy."},
    [VG_REFUSED_EFFECT] = {"INVALID_EFFECT", ALL, "The policy failed legacy parsing."},
    [VG_REFUSED_SID] = {"UNSUPPORTED_SID", IDENTITY, "Statement IDs (SID) must be alpha-numeric."},
    [VG_REFUSED_SID_TWICE] = {"UNIQUE_SIDS_REQUIRED", ALL & ~(RESOURCE | ENDPOINT),
                              "Statement IDs (SID) in a single policy must be unique."},
    [VG_REFUSED_NO_ACTION] = {"MISSING_ACTION", ALL, "Policy statement must contain actions."},
    [VG_REFUSED_ACTION] = {"INVALID_ACTION", ALL,
                           "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
    [VG_REFUSED_ACTION_COLONS] = {"INVALID_ACTION", ALL, "Actions/Condition can contain only one colon."},
    [VG_REFUSED_ACTION_SERVICE] = {"INVALID_SERVICE_IN_ACTION", ALL, "Vendor ... is not valid"},
    [VG_REFUSED_ACTION_SERVICE_PATTERN] = {"INVALID_SERVICE_IN_ACTION", IDENTITY | TRUST,
                                           "Action vendors (e.g., aws, ec2, etc.) must not contain "
                                           "wildcards"},
    [VG_REFUSED_TRUST_ACTION] = {"UNSUPPORTED_ACTION_IN_POLICY", TRUST,
                                 "AssumeRole policy may only specify STS AssumeRole actions."},
    [VG_REFUSED_NO_RESOURCE] = {"MISSING_RESOURCE", WITH_RESOURCE & ~RESOURCE,
                                "Policy statement must contain resources."},
    [VG_REFUSED_EMPTY_RESOURCE] = {"MISSING_RESOURCE", WITH_RESOURCE,
                                   "Policy statement must contain resources."},
    [VG_REFUSED_RESOURCE] = {"INVALID_ARN_PREFIX", WITH_RESOURCE,
                             "Resource ... must be in ARN format or "
                             "\"*\"."},
    [VG_REFUSED_PARTITION] = {"INVALID_PARTITION", WITH_RESOURCE, "Partition ... is not valid for resource"},
    [VG_REFUSED_PARTITION_PATTERN] = {"INVALID_PARTITION", IDENTITY,
                                      "Partition ... is not valid for "
                                      "resource"},
    [VG_REFUSED_RESOURCE_SERVICE] = {"INVALID_SERVICE", IDENTITY,
                                     "Resource vendor must be fully qualified and cannot contain regexes."},
    [VG_REFUSED_ARN_FIELDS] = {"MISSING_ARN_FIELD", IDENTITY, "The policy failed legacy parsing."},
    [VG_REFUSED_TRUST_RESOURCE] = {"ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE", TRUST,
                                   "Has prohibited field Resource."},
    [VG_REFUSED_NO_PRINCIPAL] = {"MISSING_PRINCIPAL", WITH_PRINCIPAL, "Missing required field Principal"},
    [VG_REFUSED_PRINCIPAL_ELEMENT] = {"UNSUPPORTED_PRINCIPAL", IDENTITY,
                                      "Policy document should not specify a principal."},
    [VG_REFUSED_SCP_PRINCIPAL] = {"SCP_SYNTAX_ERROR_PRINCIPAL", SCP, ""},
    [VG_REFUSED_TRUST_NOT_PRINCIPAL] = {"ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL", TRUST,
                                        "Has prohibited field NotPrincipal."},
    [VG_REFUSED_PRINCIPAL] = {"INVALID_PRINCIPAL_FORMAT", WITH_PRINCIPAL, "Invalid principal in policy"},
    [VG_REFUSED_PRINCIPAL_KEY] = {"INVALID_PRINCIPAL_KEY", WITH_PRINCIPAL, "Invalid principal in policy"},
    [VG_REFUSED_PRINCIPAL_PATTERN] = {"UNSUPPORTED_WILDCARD_IN_PRINCIPAL", WITH_PRINCIPAL,
                                      "Invalid principal in policy"},
    [VG_REFUSED_SERVICE_PRINCIPAL] = {"INVALID_SERVICE_PRINCIPAL_FORMAT", WITH_PRINCIPAL,
                                      "Invalid principal in policy: \"SERVICE\":\"...\""},
    [VG_REFUSED_TRUST_PROVIDER] = {"INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY", TRUST,
                                   "Invalid principal in policy: \"FEDERATED\":\"...\""},
    [VG_REFUSED_OPERATOR] = {"INVALID_CONDITION_OPERATOR", ALL, "Invalid Condition type"},
    [VG_REFUSED_NULL_IF_EXISTS] = {"NULL_WITH_IF_EXISTS", ALL, "Invalid Condition type"},
    [VG_REFUSED_RCP_ALLOW] = {"RCP_SYNTAX_ERROR_ALLOW", RCP, ""},
    [VG_REFUSED_RCP_NOT_ACTION] = {"RCP_SYNTAX_ERROR_NOTACTION", RCP, ""},
    [VG_REFUSED_RCP_PRINCIPAL] = {"RCP_SYNTAX_ERROR_PRINCIPAL", RCP, ""},
};
_Static_assert(VG_COUNT(refusals) == VG_REFUSED_COUNT, "every rule has its row");

const vg_refusal *vg_refusal_of(vg_refused rule)
{
    return rule < VG_REFUSED_COUNT ? &refusals[rule] : NULL;
}

/* ---- actions ----------------------------------------------------------------------------------------------------------------- */

static bool is_wild(char c)
{
    return c == '*' || c == '?';
}

static bool is_of_vendor(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/* What stands before the colon of an action. */
static vg_refused vendor_refused(vg_str vendor)
{
    vg_refused found = vendor.len ? VG_REFUSED_NOT : VG_REFUSED_ACTION;
    for (size_t i = 0; i < vendor.len; i++)
        if (!is_of_vendor(vendor.ptr[i]) && !is_wild(vendor.ptr[i]))
            return VG_REFUSED_ACTION_SERVICE;
        else if (is_wild(vendor.ptr[i]))
            found = VG_REFUSED_ACTION_SERVICE_PATTERN;
    return found;
}

vg_refused vg_action_refused(vg_str text, vg_policy_kind kind)
{
    vg_str vendor, name;
    if (!vg_str_split(text, ':', &vendor, &name))
        return vg_str_is(text, "*") ? VG_REFUSED_NOT : VG_REFUSED_ACTION;
    vg_refused found = vendor_refused(vendor);
    if (found == VG_REFUSED_NOT && kind == VG_POLICY_TRUST && !vg_str_eq_icase(vendor, VG_STR("sts")))
        return VG_REFUSED_TRUST_ACTION;
    if (found == VG_REFUSED_NOT && vg_str_find_char(name, ':') != VG_NPOS)
        found = VG_REFUSED_ACTION_COLONS;
    bool is_special =
        found != VG_REFUSED_NOT && (vg_str_is(text, "*:*") || vg_str_find(text, VG_STR("${")) != VG_NPOS);
    return is_special ? VG_REFUSED_NOT : found;
}

/* ---- resources --------------------------------------------------------------------------------------------------------------- */

static bool has_wildcard(vg_str text)
{
    return vg_str_find_char(text, '*') != VG_NPOS || vg_str_find_char(text, '?') != VG_NPOS;
}

/* Partitions all begin with "aws"; a wildcard may stand for the whole. */
static vg_refused partition_refused(vg_str partition)
{
    if (vg_str_is(partition, "*") || vg_str_find_char(partition, '$') != VG_NPOS)
        return VG_REFUSED_NOT;
    if (has_wildcard(partition))
        return VG_REFUSED_PARTITION_PATTERN;
    bool is_known = vg_str_is(partition, "aws") || vg_str_starts(partition, VG_STR("aws-"));
    return is_known ? VG_REFUSED_NOT : VG_REFUSED_PARTITION;
}

/* Of fewer than six fields IAM completes an ARN, unless one that it needs is empty. */
static vg_refused fields_refused(const vg_arn_cut *arn)
{
    if (arn->count < 3 || has_wildcard(arn->segment[2]))
        return VG_REFUSED_RESOURCE_SERVICE;
    bool lacks = arn->count < VG_ARN_SEGMENTS && vg_str_find(arn->text, VG_STR("::")) != VG_NPOS;
    return arn->segment[2].len == 0 || lacks ? VG_REFUSED_ARN_FIELDS : VG_REFUSED_NOT;
}

/* "arn:aws:s3:::bucket", which most are: nothing in it needs a look at its fields. */
static bool is_plain_arn(vg_str text)
{
    vg_str head = VG_STR("arn:aws:");
    size_t at = head.len, colons = 0;
    if (!vg_str_starts(text, head) || at == text.len || !is_of_vendor(text.ptr[at]))
        return false;
    while (at < text.len && is_of_vendor(text.ptr[at]))
        at++;
    for (; at < text.len && colons < 3 && text.ptr[at] != '$'; at++)
        if (text.ptr[at] == ':')
            colons++;
        else if (colons == 0)
            return false;
    return colons == 3;
}

vg_refused vg_resource_refused(vg_str text, vg_policy_kind kind)
{
    if (vg_str_is(text, "*") || is_plain_arn(text))
        return VG_REFUSED_NOT;
    if (!vg_str_starts(text, VG_STR("arn:"))) /* API Gateway completes "execute-api:/STAGE/METHOD/PATH" */
        return kind == VG_POLICY_RESOURCE && vg_str_starts(text, VG_STR("execute-api:/"))
                   ? VG_REFUSED_NOT
                   : VG_REFUSED_RESOURCE;
    vg_arn_cut arn = vg_arn_cut_around_variables(text);
    vg_refused partition = partition_refused(arn.segment[1]);
    return partition == VG_REFUSED_NOT ? fields_refused(&arn) : partition;
}

/* ---- principals, Sids ---------------------------------------------------------------------------------------------------------- */

/* "You cannot identify a user group as a principal" (IAM User Guide, "AWS JSON policy elements: Principal"). */
static bool is_group(const vg_policy_principal *p)
{
    vg_arn arn;
    return p->kind == VG_PRINCIPAL_ARN && vg_arn_parse(p->text, &arn) && vg_str_is(arn.service, "iam") &&
           vg_str_starts(arn.resource, VG_STR("group/"));
}

vg_refused vg_principal_refused(const vg_policy_principal *p)
{
    bool wild = has_wildcard(p->text), has_dot = vg_str_find_char(p->text, '.') != VG_NPOS;
    if (wild && p->kind != VG_PRINCIPAL_ANYONE)
        return VG_REFUSED_PRINCIPAL_PATTERN;
    if (p->kind == VG_PRINCIPAL_INVALID || is_group(p))
        return VG_REFUSED_PRINCIPAL;
    if (p->kind == VG_PRINCIPAL_SERVICE && !has_dot)
        return VG_REFUSED_SERVICE_PRINCIPAL;
    if (p->kind == VG_PRINCIPAL_FEDERATED && !has_dot && !vg_str_starts(p->text, VG_STR("arn:")))
        return VG_REFUSED_TRUST_PROVIDER;
    return VG_REFUSED_NOT;
}

bool vg_sid_refused(vg_str sid)
{
    for (size_t i = 0; i < sid.len; i++)
        if (!is_of_vendor(sid.ptr[i]) || sid.ptr[i] == '-' || sid.ptr[i] == '.')
            return true;
    return false;
}
