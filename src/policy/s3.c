/* s3.c: what S3 decides besides policies: Block Public Access and access control lists.
 *
 * At decision time two settings of Block Public Access count, the strictest of organisation, account, bucket and access
 * point ("Blocking public access to your Amazon S3 storage"): RestrictPublicBuckets keeps a bucket whose policy is public
 * for its own account and for services, IgnorePublicAcls voids grants to everyone. The other two refuse what is written,
 * whoever writes: BlockPublicAcls an ACL that grants to everyone, BlockPublicPolicy a policy that is public. A request tells
 * its ACL by keys of its context, its policy by none. Object Ownership BucketOwnerEnforced voids all ACLs, and what a request
 * brings of them is no matter of access any more ("Controlling ownership of objects").
 *
 * Whether a policy is public is AWS's definition ("The meaning of public"): it lets anyone in, and no condition pins the
 * access to fixed values of the keys below. */
#include "policy/policy_part.h"

/* ---- the meaning of public --------------------------------------------------------------------------------------- */

static const vg_str pinning_keys[] = {
    VG_STR_INIT("aws:SourceIp"),
    VG_STR_INIT("aws:SourceArn"),
    VG_STR_INIT("aws:SourceVpc"),
    VG_STR_INIT("aws:SourceVpce"),
    VG_STR_INIT("aws:SourceOwner"),
    VG_STR_INIT("aws:SourceAccount"),
    VG_STR_INIT("aws:userid"),
    VG_STR_INIT("s3:x-amz-server-side-encryption-aws-kms-key-id"),
    VG_STR_INIT("s3:DataAccessPointArn"),
    VG_STR_INIT("s3:DataAccessPointAccount"),
    VG_STR_INIT("aws:PrincipalArn"),
    VG_STR_INIT("aws:PrincipalAccount"),
    VG_STR_INIT("aws:PrincipalOrgID"),
    VG_STR_INIT("aws:PrincipalOrgPaths"),
    VG_STR_INIT("aws:SourceOrgID"),
    VG_STR_INIT("aws:SourceOrgPaths"),
};

static bool is_pinning_key(vg_str key)
{
    for (size_t i = 0; i < VG_COUNT(pinning_keys); i++)
        if (vg_str_eq_icase(key, pinning_keys[i]))
            return true;
    return false;
}

/* "arn:aws:s3:us-east-1:123456789012:accesspoint/" and '*': all access points of an account are fixed enough. */
static bool is_access_points_of_an_account(vg_str key, vg_str value)
{
    vg_arn_cut cut = vg_arn_cut_of(value);
    return vg_str_eq_icase(key, VG_STR("s3:DataAccessPointArn")) && cut.count == VG_ARN_SEGMENTS &&
           vg_is_account_id(cut.segment[4]);
}

static bool is_fixed(vg_str key, vg_str value)
{
    bool wild = vg_str_find_char(value, '*') != VG_NPOS || vg_str_find_char(value, '?') != VG_NPOS;
    return (!wild || is_access_points_of_an_account(key, value)) &&
           vg_str_find(value, VG_STR("${")) == VG_NPOS;
}

/* Ranges wider than these are public: /8 of IPv4, /32 of IPv6. */
static bool is_narrow_range(const vg_operand *o)
{
    return !o->bad && o->address.bits >= (o->address.v6 ? 32 : 8);
}

static bool pins(const vg_test *test)
{
    if (test->negated || test->if_exists || test->qualifier == VG_QUALIFIER_FOR_ALL_VALUES ||
        test->count == 0 || !is_pinning_key(test->key))
        return false;
    for (uint32_t i = 0; i < test->count; i++)
        if (test->op == VG_OP_IP_ADDRESS ? !is_narrow_range(&test->operands[i])
                                         : !is_fixed(test->key, test->operands[i].text))
            return false;
    return test->op != VG_OP_NULL && test->op != VG_OP_INVALID;
}

static bool names_anyone(const vg_rule *rule)
{
    for (uint32_t i = 0; i < rule->principal_count && !rule->not_principal; i++)
        if (rule->principals[i].kind == VG_PRINCIPAL_ANYONE)
            return true;
    return rule->not_principal;
}

bool vg_rule_grants_public(const vg_rule *rule)
{
    if (rule->effect != VG_EFFECT_ALLOW || !rule->checks_principal || !names_anyone(rule))
        return false;
    for (uint32_t i = 0; i < rule->test_count; i++)
        if (pins(&rule->tests[i]))
            return false;
    return true;
}

/* ---- Block Public Access --------------------------------------------------------------------------------------------- */

static vg_match is_public(const vg_layer *layer)
{
    for (size_t i = 0; layer->state != VG_LAYER_NONE && i < layer->count; i++)
        if (layer->policies[i]->grants_public)
            return VG_MATCH_YES;
    return layer->state == VG_LAYER_UNKNOWN ? VG_MATCH_UNKNOWN : VG_MATCH_NO;
}

static bool is_s3(vg_str action)
{
    return vg_str_eq_icase(vg_str_sub(action, 0, 3), VG_STR("s3:"));
}

vg_match vg_s3_restricts(const vg_evaluation *e, const vg_layers *layers, bool from_owner)
{
    const vg_s3_settings *s3 = layers->s3;
    if (!s3 || !is_s3(e->action) || from_owner || e->request->caller.kind == VG_CALLER_SERVICE)
        return VG_MATCH_NO;
    vg_match is = vg_match_or(is_public(&layers->resource), is_public(&layers->access_point));
    if (s3->restrict_public_buckets)
        return is;
    return s3->unknown ? vg_match_and(is, VG_MATCH_UNKNOWN) : VG_MATCH_NO;
}

/* ---- what is written ----------------------------------------------------------------------------------------------------- */

typedef enum { WRITES_NOTHING, WRITES_OBJECT, WRITES_ACL, WRITES_POLICY } writing;

static writing writing_of(vg_str action)
{
    static const struct {
        const char *action;
        writing writes;
    } table[] = {
        {"s3:PutObject", WRITES_OBJECT},        {"s3:PutObjectAcl", WRITES_ACL},
        {"s3:PutObjectVersionAcl", WRITES_ACL}, {"s3:PutBucketAcl", WRITES_ACL},
        {"s3:PutBucketPolicy", WRITES_POLICY},  {"s3:PutAccessPointPolicy", WRITES_POLICY},
    };
    for (size_t i = 0; i < VG_COUNT(table); i++)
        if (vg_str_eq_icase(action, vg_str_from(table[i].action)))
            return table[i].writes;
    return WRITES_NOTHING;
}

/* "public-read"; or 'uri="http://acs.amazonaws.com/groups/global/AllUsers"' of a header that grants. */
static bool is_public_acl(vg_str key, vg_str value)
{
    static const vg_str canned[] = {VG_STR_INIT("public-read"), VG_STR_INIT("public-read-write"),
                                    VG_STR_INIT("authenticated-read")};
    static const vg_str groups[] = {VG_STR_INIT("groups/global/AllUsers"),
                                    VG_STR_INIT("groups/global/AuthenticatedUsers")};
    bool is_canned = vg_str_eq_icase(key, VG_STR("s3:x-amz-acl"));
    for (size_t i = 0; i < VG_COUNT(canned) && is_canned; i++)
        if (vg_str_eq(value, canned[i]))
            return true;
    for (size_t i = 0; i < VG_COUNT(groups) && !is_canned; i++)
        if (vg_str_find(value, groups[i]) != VG_NPOS)
            return true;
    return false;
}

/* The headers that carry an ACL; a request brings the first or some of the others, never both ("PutObject"). */
static const vg_str acl_keys[] = {
    VG_STR_INIT("s3:x-amz-acl"),
    VG_STR_INIT("s3:x-amz-grant-read"),
    VG_STR_INIT("s3:x-amz-grant-write"),
    VG_STR_INIT("s3:x-amz-grant-read-acp"),
    VG_STR_INIT("s3:x-amz-grant-write-acp"),
    VG_STR_INIT("s3:x-amz-grant-full-control"),
};

static const vg_context_entry *entry_of(const vg_request *request, vg_str key)
{
    for (size_t i = 0; i < request->context_count; i++)
        if (vg_str_eq_icase(request->context[i].key, key))
            return &request->context[i];
    return NULL;
}

/* Whether the request brings an ACL that grants to everyone. One without any of the keys may: where they are unknown, and
 * where the ACL may stand in the request's body instead. A closed request brings what it says. */
static vg_match brings_public_acl(const vg_request *request, writing writes)
{
    bool untold = request->open && writes == WRITES_ACL, canned = false;
    for (size_t k = 0; k < VG_COUNT(acl_keys); k++) {
        const vg_context_entry *entry = entry_of(request, acl_keys[k]);
        untold |= entry ? entry->state == VG_CONTEXT_UNKNOWN : request->open;
        if (!entry || entry->state != VG_CONTEXT_PRESENT)
            continue;
        for (uint32_t v = 0; v < entry->value_count; v++)
            if (is_public_acl(entry->key, entry->values[v]))
                return VG_MATCH_YES;
        canned |= k == 0;
    }
    return untold && !canned ? VG_MATCH_UNKNOWN : VG_MATCH_NO;
}

vg_match vg_s3_blocks_write(const vg_evaluation *e, const vg_layers *layers)
{
    const vg_s3_settings *s3 = layers->s3;
    if (!s3 || !(s3->block_public_acls || s3->blocks_unknown) || s3->bucket_owner_enforced ||
        !is_s3(e->action))
        return VG_MATCH_NO;
    writing writes = writing_of(e->action);
    if (writes != WRITES_OBJECT && writes != WRITES_ACL)
        return VG_MATCH_NO;
    vg_match brings = brings_public_acl(e->request, writes);
    return s3->block_public_acls ? brings : vg_match_and(brings, VG_MATCH_UNKNOWN);
}

const char *vg_s3_untold_write(const vg_evaluation *e, const vg_layers *layers)
{
    const vg_s3_settings *s3 = layers->s3;
    if (!s3 || !is_s3(e->action))
        return NULL;
    writing writes = writing_of(e->action);
    if (writes == WRITES_POLICY && (s3->block_public_policy || s3->blocks_unknown))
        return s3->block_public_policy
                   ? "BlockPublicPolicy refuses the policy if it is public: the request does not tell what "
                     "it writes"
                   : "BlockPublicPolicy, which was not collected in full, may refuse a policy that is public";
    if (writes != WRITES_ACL && writes != WRITES_OBJECT)
        return NULL;
    if (s3->bucket_owner_enforced)
        return "ACLs are disabled (BucketOwnerEnforced): a request that brings one for others is not "
               "supported";
    bool told = vg_s3_blocks_write(e, layers) == VG_MATCH_YES;
    for (size_t k = 0; k < VG_COUNT(acl_keys); k++) {
        const vg_context_entry *entry = entry_of(e->request, acl_keys[k]);
        told |= entry && entry->state == VG_CONTEXT_PRESENT;
    }
    if (!told && (s3->block_public_acls || s3->blocks_unknown))
        return "BlockPublicAcls refuses an ACL that grants to everyone: s3:x-amz-acl and s3:x-amz-grant-* "
               "tell what ACL the request brings";
    return NULL;
}

/* ---- access control lists ----------------------------------------------------------------------------------------------- */

/* "Mapping of ACL permissions and access policy permissions" (Access control list overview). */
static const struct {
    const char *action;
    bool of_object;
    uint8_t permission;
} acl_actions[] = {
    {"s3:ListBucket", false, VG_S3_READ},
    {"s3:ListBucketVersions", false, VG_S3_READ},
    {"s3:ListBucketMultipartUploads", false, VG_S3_READ},
    {"s3:PutObject", false, VG_S3_WRITE},
    {"s3:GetBucketAcl", false, VG_S3_READ_ACP},
    {"s3:PutBucketAcl", false, VG_S3_WRITE_ACP},
    {"s3:GetObject", true, VG_S3_READ},
    {"s3:GetObjectVersion", true, VG_S3_READ},
    {"s3:GetObjectAcl", true, VG_S3_READ_ACP},
    {"s3:GetObjectVersionAcl", true, VG_S3_READ_ACP},
    {"s3:PutObjectAcl", true, VG_S3_WRITE_ACP},
    {"s3:PutObjectVersionAcl", true, VG_S3_WRITE_ACP},
};

static bool takes_caller(const vg_s3_grant *grant, const vg_s3_settings *s3, const vg_caller *caller)
{
    switch (grant->grantee) {
    case VG_S3_EVERYONE:
        return !s3->ignore_public_acls;
    case VG_S3_AUTHENTICATED:
        return !s3->ignore_public_acls && caller->account.len > 0;
    case VG_S3_ACCOUNT:
        break;
    }
    return caller->account.len > 0 && vg_str_eq(grant->account, caller->account);
}

vg_match vg_s3_acl_allows(const vg_evaluation *e, const vg_layers *layers)
{
    const vg_s3_settings *s3 = layers->s3;
    if (!s3 || s3->bucket_owner_enforced || (s3->grant_count == 0 && !s3->acls_unknown) || !is_s3(e->action))
        return VG_MATCH_NO;
    for (size_t a = 0; a < VG_COUNT(acl_actions); a++) {
        if (!vg_str_eq_icase(e->action, vg_str_from(acl_actions[a].action)))
            continue;
        for (size_t i = 0; i < s3->grant_count; i++)
            if (s3->grants[i].of_object == acl_actions[a].of_object &&
                (s3->grants[i].permissions & acl_actions[a].permission) &&
                takes_caller(&s3->grants[i], s3, &e->request->caller))
                return s3->unknown ? VG_MATCH_UNKNOWN : VG_MATCH_YES;
        bool is_known = s3->bucket_acl_known && !acl_actions[a].of_object;
        return s3->acls_unknown && !is_known ? VG_MATCH_UNKNOWN : VG_MATCH_NO;
    }
    return VG_MATCH_NO;
}
