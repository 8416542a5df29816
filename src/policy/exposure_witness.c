/* exposure_witness.c: the context of a stranger's request: what it cannot help, and what it can choose.
 *
 * A condition protects when it asks for something that a stranger does not have: another organisation, account, VPC,
 * address, source. It does not protect when it asks for what every caller chooses for itself: parameters of the request, the
 * user agent, tags of its own principals. An address range counts as protection unless it is wider than /8 (IPv6: /32),
 * which is how S3 decides what is public ("Blocking public access to your Amazon S3 storage", "The meaning of public"). */
#include "policy/exposure_part.h"

/* ---- keys ---------------------------------------------------------------------------------------------------------------------- */

static vg_context_entry *find(vg_witness_context *c, vg_str key, size_t *index)
{
    for (size_t i = 0; i < c->count; i++)
        if (vg_str_eq_icase(c->entries[i].key, key)) {
            *index = i;
            return &c->entries[i];
        }
    return NULL;
}

static void set(vg_witness_context *c, vg_str key, vg_str value, vg_context_state state, bool pinned)
{
    size_t index;
    vg_context_entry *entry = find(c, key, &index);
    if (!entry) {
        if (c->count == VG_WITNESS_KEYS)
            return;
        index = c->count++;
        entry = &c->entries[index];
    }
    c->values[index] = value;
    c->pinned[index] = pinned;
    *entry = (vg_context_entry){.key = key, .values = &c->values[index], .value_count = 1, .state = state};
    if (state == VG_CONTEXT_ABSENT)
        entry->value_count = 0;
}

static void pin(vg_witness_context *c, const char *key, vg_str value)
{
    set(c, vg_str_from(key), value, value.len ? VG_CONTEXT_PRESENT : VG_CONTEXT_ABSENT, true);
}

static void offer(vg_witness_context *c, const char *key, const char *value)
{
    set(c, vg_str_from(key), vg_str_from(value), VG_CONTEXT_PRESENT, false);
}

/* Keys that a caller cannot choose, in whatever state: they are absent unless vg_witness_begin says otherwise. */
static bool is_beyond_choice(vg_str key)
{
    static const char *const keys[] = {
        "aws:PrincipalOrgID",
        "aws:PrincipalOrgPaths",
        "aws:PrincipalAccount",
        "aws:PrincipalArn",
        "aws:PrincipalType",
        "aws:userid",
        "aws:username",
        "aws:PrincipalIsAWSService",
        "aws:PrincipalServiceName",
        "aws:PrincipalServiceNamesList",
        "aws:SourceAccount",
        "aws:SourceArn",
        "aws:SourceOrgID",
        "aws:SourceOrgPaths",
        "aws:SourceOwner",
        "aws:SourceVpc",
        "aws:SourceVpcArn",
        "aws:SourceVpce",
        "aws:VpcSourceIp",
        "aws:SourceIp",
        "aws:VpceAccount",
        "aws:VpceOrgID",
        "aws:VpceOrgPaths",
        "aws:FederatedProvider",
        "kms:CallerAccount",
        "aws:ResourceAccount",
        "aws:ResourceOrgID",
        "aws:ResourceOrgPaths",
        "aws:CurrentTime",
        "aws:EpochTime",
        "aws:RequestedRegion",
        "aws:CalledVia",
        "aws:CalledViaFirst",
        "aws:CalledViaLast",
        "s3:DataAccessPointAccount",
        "s3:AccessPointNetworkOrigin",
    };
    vg_str prefixes[] = {VG_STR("aws:ResourceTag/"), VG_STR("s3:ExistingObjectTag/"),
                         VG_STR("ec2:ResourceTag/")};
    for (size_t i = 0; i < VG_COUNT(keys); i++)
        if (vg_str_eq_icase(key, vg_str_from(keys[i])))
            return true;
    for (size_t i = 0; i < VG_COUNT(prefixes); i++)
        if (vg_str_eq_icase(vg_str_sub(key, 0, prefixes[i].len), prefixes[i]))
            return true;
    return false;
}

/* "token.actions.githubusercontent.com:sub" */
static bool is_claim(const vg_witness_context *c, vg_str key)
{
    return c->provider.len && key.len > c->provider.len && vg_str_starts(key, c->provider) &&
           key.ptr[c->provider.len] == ':';
}

static bool is_free(vg_witness_context *c, vg_str key, bool or_offered)
{
    size_t index;
    if (find(c, key, &index))
        return or_offered && !c->pinned[index];
    return !is_beyond_choice(key);
}

/* ---- what a stranger brings -------------------------------------------------------------------------------------------------------- */

static const char *principal_type(vg_caller_kind kind)
{
    switch (kind) {
    case VG_CALLER_USER:
        return "User";
    case VG_CALLER_ROLE:
    case VG_CALLER_ROLE_SESSION:
        return "AssumedRole";
    case VG_CALLER_ROOT:
        return "Account";
    case VG_CALLER_FEDERATED_SESSION:
        return "FederatedUser";
    case VG_CALLER_ANONYMOUS:
        return "Anonymous";
    case VG_CALLER_SERVICE:
    case VG_CALLER_FEDERATED:
    case VG_CALLER_UNKNOWN:
        break;
    }
    return "";
}

static void bring_provider(vg_witness_context *c, const vg_stranger *stranger)
{
    vg_arn arn;
    c->shared = stranger->provider;
    c->subject = stranger->subject.len        ? stranger->subject
                 : stranger->provider != NULL ? stranger->provider->sub
                                              : (vg_str){0};
    c->audience = stranger->audience;
    c->provider = stranger->caller;
    if (vg_arn_parse(stranger->caller, &arn)) {
        size_t slash = vg_str_find_char(arn.resource, '/');
        c->provider = vg_str_sub(arn.resource, slash + 1, VG_NPOS);
    }
}

/* A claim of the provider that a statement asks for: the stranger's own. */
static void bring_claim(vg_witness_context *c, vg_str key)
{
    const vg_shared_provider *p = c->shared;
    vg_str claim = vg_str_sub(key, c->provider.len + 1, VG_NPOS);
    if (vg_str_is(claim, "sub"))
        set(c, key, c->subject, VG_CONTEXT_PRESENT, true);
    else if (vg_str_is(claim, "aud") && !p->any_aud)
        set(c, key, p->aud, VG_CONTEXT_PRESENT, true);
    else if (vg_str_is(claim, "amr"))
        set(c, key, VG_STR("unauthenticated"), VG_CONTEXT_PRESENT, true);
    else if (!vg_str_is(claim, "aud"))
        set(c, key, VG_STR("stranger"), VG_CONTEXT_PRESENT, true);
}

static void bring_principal(vg_witness_context *c, const vg_stranger *stranger)
{
    vg_caller caller = vg_caller_of(stranger->caller);
    const char *type = principal_type(caller.kind);
    bool has_account = stranger->account.len > 0;
    pin(c, "aws:PrincipalType", vg_str_from(type));
    pin(c, "aws:PrincipalArn", has_account ? stranger->caller : (vg_str){0});
    pin(c, "aws:PrincipalAccount", stranger->account);
    pin(c, "kms:CallerAccount", stranger->account);
    pin(c, "aws:userid",
        !has_account                    ? (vg_str){0}
        : caller.kind == VG_CALLER_USER ? VG_STR("AIDASTRANGER000000000")
                                        : VG_STR("AROASTRANGER000000000:witness"));
    pin(c, "aws:username", caller.kind == VG_CALLER_USER ? caller.name : (vg_str){0});
    pin(c, "aws:PrincipalOrgID", stranger->organization);
    pin(c, "aws:PrincipalOrgPaths", stranger->org_path);
}

static void bring_source(vg_witness_context *c, const vg_stranger *stranger)
{
    bool is_service = vg_caller_of(stranger->caller).kind == VG_CALLER_SERVICE;
    pin(c, "aws:PrincipalIsAWSService", is_service ? VG_STR("true") : VG_STR("false"));
    pin(c, "aws:PrincipalServiceName", is_service ? stranger->caller : (vg_str){0});
    pin(c, "aws:SourceAccount", is_service ? stranger->source_account : (vg_str){0});
    pin(c, "aws:SourceOwner", is_service ? stranger->source_account : (vg_str){0});
    vg_str source = stranger->source_arn.len
                        ? stranger->source_arn
                        : VG_STR("arn:aws:stranger:us-east-1:" STRANGER_ACCOUNT ":stranger");
    vg_str organization =
        stranger->source_organization.len ? stranger->source_organization : VG_STR("o-stranger000");
    pin(c, "aws:SourceArn", is_service ? source : (vg_str){0});
    pin(c, "aws:SourceOrgID", is_service ? organization : (vg_str){0});
    pin(c, "aws:SourceOrgPaths", stranger->source_path);
    pin(c, "aws:SourceVpc", stranger->vpc);
    pin(c, "aws:SourceVpce", stranger->vpce);
    if (!is_service)
        pin(c, "aws:SourceIp", VG_STR("203.0.113.77"));
}

void vg_witness_begin(vg_witness_context *c, const vg_stranger *stranger, const vg_world *world,
                      vg_str region, vg_str resource_account, vg_str now_text)
{
    *c = (vg_witness_context){0};
    offer(c, "aws:SecureTransport", "true");
    offer(c, "aws:UserAgent", "witness");
    offer(c, "s3:TlsVersion", "1.3");
    offer(c, "s3:signatureversion", "AWS4-HMAC-SHA256");
    pin(c, "aws:CurrentTime", now_text);
    pin(c, "aws:RequestedRegion", region.len ? region : VG_STR("us-east-1"));
    pin(c, "aws:ResourceAccount", resource_account);
    pin(c, "aws:ResourceOrgID", world->organization_id);
    bring_principal(c, stranger);
    bring_source(c, stranger);
    if (vg_caller_of(stranger->caller).kind == VG_CALLER_FEDERATED)
        bring_provider(c, stranger);
    if (!stranger->is_named)
        pin(c, "sts:ExternalId", (vg_str){0});
}

void vg_witness_through(vg_witness_context *c, vg_str access_point, vg_str account)
{
    pin(c, "s3:DataAccessPointArn", access_point);
    pin(c, "s3:DataAccessPointAccount", account);
    pin(c, "s3:AccessPointNetworkOrigin", VG_STR("Internet"));
}

/* ---- values that conditions want ---------------------------------------------------------------------------------------------------- */

vg_str vg_text_matching(vg_arena *arena, vg_str pattern)
{
    char *text = vg_arena_alloc(arena, pattern.len + 1);
    for (size_t i = 0; text && i < pattern.len; i++)
        text[i] = pattern.ptr[i] == '*' || pattern.ptr[i] == '?' ? 'x' : pattern.ptr[i];
    return (vg_str){text, text ? pattern.len : 0};
}

/* A value for which the operator, not negated, holds. ptr NULL: none can be made. */
static vg_str wanted_value(vg_arena *arena, const vg_policy_condition *test)
{
    vg_str first = test->value_count ? test->values[0] : (vg_str){0};
    switch (test->op) {
    case VG_OP_STRING_LIKE:
    case VG_OP_STRING_NOT_LIKE:
    case VG_OP_ARN_EQUALS:
    case VG_OP_ARN_NOT_EQUALS:
    case VG_OP_ARN_LIKE:
    case VG_OP_ARN_NOT_LIKE:
        return vg_text_matching(arena, first);
    case VG_OP_NUMERIC_LESS_THAN:
    case VG_OP_NUMERIC_LESS_THAN_EQUALS:
        return VG_STR("0");
    case VG_OP_NUMERIC_GREATER_THAN:
    case VG_OP_NUMERIC_GREATER_THAN_EQUALS:
        return VG_STR("999999999");
    case VG_OP_DATE_LESS_THAN:
    case VG_OP_DATE_LESS_THAN_EQUALS:
        return VG_STR("1970-01-02T00:00:00Z");
    case VG_OP_DATE_GREATER_THAN:
    case VG_OP_DATE_GREATER_THAN_EQUALS:
        return VG_STR("2999-01-01T00:00:00Z");
    case VG_OP_IP_ADDRESS:
    case VG_OP_NOT_IP_ADDRESS: {
        vg_str address, bits;
        vg_str_split(first, '/', &address, &bits);
        return address;
    }
    case VG_OP_NULL:
    case VG_OP_INVALID:
        return (vg_str){0};
    default:
        return first;
    }
}

/* Ranges wider than /8, or /32 of IPv6, are no protection. */
static bool is_wide(vg_str range)
{
    vg_str address, bits;
    uint64_t length;
    if (!vg_str_split(range, '/', &address, &bits) || !vg_str_to_u64(bits, &length))
        return false;
    return length < (vg_str_find_char(address, ':') == VG_NPOS ? 8U : 32U);
}

static void choose_address(vg_witness_context *c, const vg_policy_condition *test)
{
    vg_str address, bits;
    for (size_t i = 0; test->op == VG_OP_IP_ADDRESS && i < test->value_count; i++)
        if (is_wide(test->values[i]) && vg_str_split(test->values[i], '/', &address, &bits)) {
            bool any = vg_str_is(bits, "0"), begins = vg_str_is(address, "0.0.0.0");
            pin(c, "aws:SourceIp", any ? VG_STR("203.0.113.77") : begins ? VG_STR("1.1.1.1") : address);
            return;
        }
}

static void set_free(vg_witness_context *c, const vg_policy_condition *test, vg_str value)
{
    size_t index;
    if (!value.ptr)
        return;
    set(c, test->key, value, VG_CONTEXT_PRESENT, true);
    vg_context_entry *entry = find(c, test->key, &index);
    if (entry && test->qualifier != VG_QUALIFIER_NONE)
        entry->multi = true;
}

/* A claim that the statement asks for, as the caller's token has it. */
static void bring_token(vg_witness_context *c, vg_str key)
{
    if (!is_claim(c, key))
        return;
    if (c->shared)
        bring_claim(c, key);
    else if (c->audience.len && vg_str_ends(key, VG_STR(":aud")))
        set(c, key, c->audience, VG_CONTEXT_PRESENT, true);
}

void vg_witness_satisfy(vg_witness_context *c, vg_arena *arena, const vg_statement *allow)
{
    for (size_t i = 0; i < allow->condition_count; i++) {
        const vg_policy_condition *test = &allow->conditions[i];
        if (vg_str_eq_icase(test->key, VG_STR("aws:SourceIp")))
            choose_address(c, test);
        bring_token(c, test->key);
        if (!is_free(c, test->key, true))
            continue;
        if (test->op == VG_OP_NULL) {
            bool absent = test->value_count && vg_str_eq_icase(test->values[0], VG_STR("true"));
            set(c, test->key, VG_STR("x"), absent ? VG_CONTEXT_ABSENT : VG_CONTEXT_PRESENT, true);
        } else if (!vg_operator_is_negated(test->op)) {
            set_free(c, test, wanted_value(arena, test));
        }
    }
}

void vg_witness_avoid(vg_witness_context *c, vg_arena *arena, const vg_statement *deny)
{
    for (size_t i = 0; i < deny->condition_count; i++) {
        const vg_policy_condition *test = &deny->conditions[i];
        bring_token(c, test->key);
        if (!is_free(c, test->key, false))
            continue;
        bool wants_absent =
            test->op == VG_OP_NULL && test->value_count && vg_str_eq_icase(test->values[0], VG_STR("true"));
        if (wants_absent)
            set(c, test->key, VG_STR("x"), VG_CONTEXT_PRESENT, true);
        else if (vg_operator_is_negated(test->op))
            set_free(c, test, wanted_value(arena, test));
    }
}
