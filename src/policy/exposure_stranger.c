/* exposure_stranger.c: whom a statement's Principal and conditions let in, as strangers that can ask: nobody in particular, an
 * account that they name, a service on behalf of a stranger, a stranger's token of a shared provider. */
#include "policy/exposure_part.h"

#define SIBLING_ACCOUNT "888888888888"

static const vg_shared_provider *shared_provider(const vg_explorer *x, vg_str principal)
{
    vg_arn arn;
    if (vg_arn_parse(principal, &arn)) {
        size_t slash = vg_str_find_char(arn.resource, '/');
        if (!vg_str_starts(arn.resource, VG_STR("oidc-provider/")))
            return NULL;
        principal = vg_str_sub(arn.resource, slash + 1, VG_NPOS);
    }
    for (size_t i = 0; i < x->rules->provider_count; i++)
        if (vg_str_glob(x->rules->providers[i].url, principal))
            return &x->rules->providers[i];
    return NULL;
}

void vg_stranger_arrange(vg_stranger *stranger, const char *key, vg_str value)
{
    if (stranger->has_count == VG_STRANGER_EXTRAS || !value.ptr)
        return;
    stranger->has[stranger->has_count].key = key;
    stranger->has[stranger->has_count++].value = value;
}

vg_stranger vg_stranger_from(vg_str caller, vg_reach reach)
{
    return (vg_stranger){.reach = reach, .caller = caller, .account = vg_caller_of(caller).account};
}

/* An account of the organisation that nobody has: what a condition on the organisation lets in. */
static vg_stranger sibling(const vg_explorer *x, vg_demands demands)
{
    vg_demand demand;
    vg_stranger s =
        vg_stranger_from(VG_STR("arn:aws:iam::" SIBLING_ACCOUNT ":role/witness"), VG_REACH_ORGANIZATION);
    s.organization = x->world->organization_id;
    s.org_path = vg_arena_printf(x->arena, "%.*s/r-0000/", VG_ARG(s.organization));
    while (vg_demands_next(&demands, &demand))
        s.is_addressed = s.is_addressed || vg_condition_is_on(demand.test, "aws:PrincipalOrgID");
    return s;
}

vg_stranger vg_stranger_named(vg_explorer *x, const vg_policy_principal *p)
{
    const vg_world_account *known = vg_world_account_of(x->world, p->account);
    bool inside = known && known->in_organization;
    vg_str partition = x->world->partition.len ? x->world->partition : VG_STR("aws");
    vg_str caller = p->kind == VG_PRINCIPAL_ACCOUNT
                        ? vg_arena_printf(x->arena, "arn:%.*s:iam::%.*s:role/witness", VG_ARG(partition),
                                          VG_ARG(p->account))
                        : p->text;
    vg_stranger s = vg_stranger_from(caller, inside ? VG_REACH_ORGANIZATION : VG_REACH_EXTERNAL);
    s.account = p->account;
    s.is_named = s.is_addressed = true;
    if (inside) {
        s.organization = x->world->organization_id;
        s.org_path = known->org_path;
    }
    return s;
}

/* IAM Identity Center's own provider: it lets in whom the organisation's permission sets name. */
static bool is_identity_center(vg_str provider)
{
    vg_str name = vg_str_sub(provider, vg_str_rfind_char(provider, '/') + 1, VG_NPOS);
    return vg_str_starts(name, VG_STR("AWSSSO_")) && vg_str_ends(name, VG_STR("_DO_NOT_DELETE"));
}

/* The service that is in the ARN of a source: "sns.amazonaws.com" of "arn:aws:sns:*:*:topic". */
static vg_str service_of_source(const vg_explorer *x, vg_str source)
{
    vg_str rest, service;
    bool is_arn = vg_str_split(source, ':', &service, &rest) && vg_str_split(rest, ':', &service, &rest) &&
                  vg_str_split(rest, ':', &service, &rest);
    bool is_name = is_arn && service.len && vg_str_find_char(service, '*') == VG_NPOS;
    return vg_stranger_service(x->arena, x->rules, is_name ? service : VG_STR("sns"));
}

/* The service that is demanded of anyone, for anyone may be a service: by its name, by what it acts for, or that it be one.
 * ptr NULL: none is. */
static vg_str service_asked_for(vg_explorer *x, vg_demands demands)
{
    vg_demand demand;
    vg_str service = {0};
    while (vg_demands_next(&demands, &demand)) {
        const vg_policy_condition *test = demand.test;
        bool is_source =
            vg_condition_is_on(test, "aws:SourceArn") || vg_condition_is_on(test, "aws:SourceAccount") ||
            vg_condition_is_on(test, "aws:SourceOwner") || vg_condition_is_on(test, "aws:SourceOrgID") ||
            vg_condition_is_on(test, "aws:SourceOrgPaths");
        bool is_service = vg_condition_is_on(test, "aws:PrincipalIsAWSService");
        bool is_named = vg_condition_is_on(test, "aws:PrincipalServiceName") ||
                        vg_condition_is_on(test, "aws:PrincipalServiceNamesList");
        if (!test->value_count)
            continue;
        if (is_named && test->op != VG_OP_NULL)
            return vg_text_matching(x->arena, test->values[0]);
        if (!service.len && (is_source || is_service))
            service = service_of_source(x, test->values[0]);
    }
    return service;
}

/* ---- by the kind of principal ------------------------------------------------------------------------------------------ */

/* A service on behalf of whoever, and of the outsiders that the conditions name. */
static size_t served(vg_explorer *x, const vg_exposure_subject *of, vg_str service, vg_demands demands,
                     vg_stranger *out, size_t most)
{
    out[0] = vg_stranger_from(service, VG_REACH_SERVICE);
    out[0].account = (vg_str){0};
    out[0].source_account = VG_STR(STRANGER_ACCOUNT);
    return 1 + vg_outsiders_served(x, of, demands, service, out + 1, most - 1);
}

/* Whether a value holds the variable ${aws:username}, which users alone have. */
static bool names_a_user(const vg_policy_condition *test)
{
    for (size_t v = 0; v < test->value_count; v++)
        if (vg_str_find(test->values[v], VG_STR("${aws:username")) != VG_NPOS)
            return true;
    return false;
}

/* A stranger with what the conditions ask for and anybody may have in an account of his own: a user, of whatever name; an
 * organisation, a VPC or an endpoint, where one must be there and no matter which. False: they ask for nothing of it. */
/* An address in a VPC, of which anybody has some: without the VPC it says nothing of whose it is. */
static void move_into_vpc(vg_stranger *out, const vg_policy_condition *test)
{
    vg_str address = test->values[0], bits;
    vg_str_split(test->values[0], '/', &address, &bits);
    vg_stranger_arrange(out, "aws:VpcSourceIp", address);
    out->vpc = out->vpc.len ? out->vpc : VG_STR("vpc-00000000");
}

/* Signed in through a provider that every account has without setting one up. */
static void sign_in_through(vg_stranger *out, const vg_policy_condition *test)
{
    bool is_any = vg_str_find_char(test->values[0], '*') != VG_NPOS;
    vg_str provider = is_any ? VG_STR("cognito-identity.amazonaws.com") : test->values[0];
    if (vg_str_find_char(provider, ':') == VG_NPOS)
        vg_stranger_arrange(out, "aws:FederatedProvider", provider);
}

/* What it must have, with whatever value. */
static void equip_with_any(vg_stranger *out, const vg_policy_condition *test)
{
    if (vg_condition_is_on(test, "aws:PrincipalOrgID"))
        out->organization = VG_STR("o-stranger000");
    else if (vg_condition_is_on(test, "aws:SourceVpc"))
        out->vpc = VG_STR("vpc-00000000");
    else if (vg_condition_is_on(test, "aws:SourceVpce"))
        out->vpce = VG_STR("vpce-00000000");
}

/* A principal of the stranger's account, of that aws:PrincipalType. */
static vg_str caller_of_type(vg_str type)
{
    static const struct {
        const char *type;
        vg_str caller;
    } callers[] = {
        {"Account", VG_STR_INIT("arn:aws:iam::" STRANGER_ACCOUNT ":root")},
        {"User", VG_STR_INIT("arn:aws:iam::" STRANGER_ACCOUNT ":user/witness")},
    };
    for (size_t i = 0; i < VG_COUNT(callers); i++)
        if (vg_str_is(type, callers[i].type))
            return callers[i].caller;
    return VG_STR("arn:aws:iam::" STRANGER_ACCOUNT ":role/witness");
}

/* What it must have with a value that the test asks for. */
static void equip(vg_explorer *x, vg_stranger *out, const vg_policy_condition *test)
{
    bool is_unnamed = vg_caller_of(out->caller).kind == VG_CALLER_ROLE;
    if (vg_condition_is_on(test, "aws:VpcSourceIp"))
        move_into_vpc(out, test);
    else if (vg_condition_is_on(test, "aws:FederatedProvider"))
        sign_in_through(out, test);
    else if (is_unnamed && names_a_user(test))
        out->caller = caller_of_type(VG_STR("User"));
    else if (is_unnamed && vg_condition_is_on(test, "aws:PrincipalType"))
        out->caller = caller_of_type(test->values[0]);
    else if (vg_condition_is_on(test, "aws:username"))
        out->caller = vg_arena_printf(x->arena, "arn:aws:iam::" STRANGER_ACCOUNT ":user/%.*s",
                                      VG_ARG(vg_text_matching(x->arena, test->values[0])));
}

static bool equipped(vg_explorer *x, vg_demands demands, vg_stranger *out)
{
    vg_demand demand;
    const vg_str plain = VG_STR("arn:aws:iam::" STRANGER_ACCOUNT ":role/witness");
    *out = vg_stranger_from(plain, VG_REACH_ANYONE);
    while (vg_demands_next(&demands, &demand)) {
        if (vg_demand_presence(&demand))
            equip_with_any(out, demand.test);
        else if (demand.test->value_count)
            equip(x, out, demand.test);
    }
    return !vg_str_eq(out->caller, plain) || out->organization.len || out->vpc.len || out->vpce.len ||
           out->has_count;
}

/* Whoever has an identity of a pool of Cognito, which is anyone: every account has its provider without setting one up. */
static vg_stranger with_token(const vg_explorer *x)
{
    vg_stranger s = vg_stranger_from(VG_STR("cognito-identity.amazonaws.com"), VG_REACH_ANYONE);
    s.account = (vg_str){0};
    s.provider = shared_provider(x, s.caller);
    return s;
}

static size_t anyone(vg_explorer *x, const vg_exposure_subject *of, vg_demands demands,
                     vg_stranger out[VG_MOST_STRANGERS])
{
    size_t count = 0;
    out[count++] = vg_stranger_from(VG_STR("*"), VG_REACH_ANYONE);
    out[count++] =
        vg_stranger_from(VG_STR("arn:aws:iam::" STRANGER_ACCOUNT ":role/witness"), VG_REACH_ANYONE);
    if (equipped(x, demands, &out[count]))
        count++;
    if (of->is_trust)
        out[count++] = with_token(x);
    if (x->world->organization_id.len)
        out[count++] = sibling(x, demands);
    count += vg_outsiders_calling(x, of, demands, &out[count], VG_MOST_STRANGERS / 2 - count);
    vg_str service = service_asked_for(x, demands);
    if (service.len && !of->is_trust)
        count += served(x, of, service, demands, &out[count], VG_MOST_STRANGERS - count);
    return count;
}

/* Whoever has a token of the provider; of a shared one, also who holds the token that the conditions ask for, made out for
 * somebody else: an audience that is not asked for can be any. */
static size_t federated(vg_explorer *x, vg_str provider, vg_stranger out[VG_MOST_STRANGERS])
{
    const vg_shared_provider *shared = shared_provider(x, provider);
    out[0] = vg_stranger_from(provider, shared ? VG_REACH_PROVIDER : VG_REACH_EXTERNAL);
    out[0].account = (vg_str){0};
    out[0].provider = shared;
    out[0].is_named = true;
    out[0].is_own_provider = !shared;
    if (!shared)
        return 1;
    out[1] = out[0];
    out[1].reach = VG_REACH_EXTERNAL;
    out[1].provider = NULL;
    out[1].is_own_provider = true;
    out[1].audience = VG_STR("https://stranger.example");
    if (vg_str_is(provider,
                  "cognito-identity.amazonaws.com")) /* everybody's pools have identities of every kind */
        out[1].reach = VG_REACH_PROVIDER;
    return 2;
}

/* The strangers that a principal of the policy lets in; 0 for the account's own. */
size_t vg_strangers_of(vg_explorer *x, const vg_exposure_subject *of, const vg_policy_principal *p,
                       vg_demands demands, vg_stranger out[VG_MOST_STRANGERS])
{
    switch (p->kind) {
    case VG_PRINCIPAL_ANYONE:
        return anyone(x, of, demands, out);
    case VG_PRINCIPAL_ACCOUNT:
    case VG_PRINCIPAL_ARN:
        if (vg_str_eq(p->account, of->account))
            return 0;
        out[0] = vg_stranger_named(x, p);
        return 1;
    case VG_PRINCIPAL_SERVICE:
        return served(x, of, p->text, demands, out, VG_MOST_STRANGERS);
    case VG_PRINCIPAL_FEDERATED:
        return is_identity_center(p->text) ? 0 : federated(x, p->text, out);
    case VG_PRINCIPAL_UNIQUE_ID:
    case VG_PRINCIPAL_CANONICAL_USER: /* has no form as a caller: exposure.c */
    case VG_PRINCIPAL_INVALID:
        break;
    }
    return 0;
}
