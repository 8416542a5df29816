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
    for (size_t i = 0; i < x->provider_count; i++)
        if (vg_str_glob(x->providers[i].url, principal))
            return &x->providers[i];
    return NULL;
}

vg_stranger vg_stranger_from(vg_str caller, vg_reach reach)
{
    return (vg_stranger){.reach = reach, .caller = caller, .account = vg_caller_of(caller).account};
}

/* An account of the organisation that nobody has: what a condition on the organisation lets in. */
static vg_stranger sibling(const vg_explorer *x)
{
    vg_stranger s =
        vg_stranger_from(VG_STR("arn:aws:iam::" SIBLING_ACCOUNT ":role/witness"), VG_REACH_ORGANIZATION);
    s.organization = x->world->organization_id;
    s.org_path = vg_arena_printf(x->arena, "%.*s/r-0000/", VG_ARG(s.organization));
    return s;
}

static vg_stranger named_account(vg_explorer *x, const vg_policy_principal *p)
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
    s.is_named = true;
    if (inside) {
        s.organization = x->world->organization_id;
        s.org_path = known->org_path;
    }
    return s;
}

/* The account outside, its role or its organisation that a condition on anyone names. False: it names none. */
static bool outsider_asked_for(vg_explorer *x, const vg_exposure_subject *of, const vg_statement *allow,
                               vg_stranger *out)
{
    for (size_t i = 0; i < allow->condition_count; i++) {
        const vg_policy_condition *test = &allow->conditions[i];
        vg_str value = test->value_count ? test->values[0] : (vg_str){0};
        vg_arn arn;
        bool is_account = vg_str_eq_icase(test->key, VG_STR("aws:PrincipalAccount")) ||
                          vg_str_eq_icase(test->key, VG_STR("kms:CallerAccount"));
        bool is_arn = vg_str_eq_icase(test->key, VG_STR("aws:PrincipalArn")) && vg_arn_parse(value, &arn);
        bool is_organization = vg_str_eq_icase(test->key, VG_STR("aws:PrincipalOrgID"));
        if (vg_operator_is_negated(test->op) || test->op == VG_OP_NULL)
            continue;
        vg_str account = is_account ? value : is_arn ? arn.account : (vg_str){0};
        if (is_account || is_arn) {
            vg_policy_principal p = {.kind = VG_PRINCIPAL_ACCOUNT, .text = account, .account = account};
            if (account.len != sizeof STRANGER_ACCOUNT - 1 || vg_str_find_char(account, '*') != VG_NPOS ||
                vg_str_find_char(account, '?') != VG_NPOS || vg_str_eq(account, of->account))
                continue;
            *out = named_account(x, &p);
            if (is_arn)
                out->caller = vg_text_matching(x->arena, value);
            return out->reach == VG_REACH_EXTERNAL;
        }
        if (is_organization && vg_str_find_char(value, '*') == VG_NPOS && value.len &&
            !vg_str_eq(value, x->world->organization_id)) {
            *out =
                vg_stranger_from(VG_STR("arn:aws:iam::" STRANGER_ACCOUNT ":role/witness"), VG_REACH_EXTERNAL);
            out->organization = value;
            return true;
        }
    }
    return false;
}

/* IAM Identity Center's own provider: it lets in whom the organisation's permission sets name. */
static bool is_identity_center(vg_str provider)
{
    vg_str name = vg_str_sub(provider, vg_str_rfind_char(provider, '/') + 1, VG_NPOS);
    return vg_str_starts(name, VG_STR("AWSSSO_")) && vg_str_ends(name, VG_STR("_DO_NOT_DELETE"));
}

/* The service that stands in the condition's pattern of a source, for anyone may be a service: "sns.amazonaws.com". ptr NULL: no
 * source is asked for. */
static vg_str service_asked_for(vg_explorer *x, const vg_statement *allow)
{
    for (size_t i = 0; i < allow->condition_count; i++) {
        const vg_policy_condition *test = &allow->conditions[i];
        vg_str rest, service;
        bool is_source = vg_str_eq_icase(test->key, VG_STR("aws:SourceArn")) ||
                         vg_str_eq_icase(test->key, VG_STR("aws:SourceAccount")) ||
                         vg_str_eq_icase(test->key, VG_STR("aws:SourceOwner"));
        if (!is_source || !test->value_count || vg_operator_is_negated(test->op))
            continue;
        bool is_arn = vg_str_split(test->values[0], ':', &service, &rest) &&
                      vg_str_split(rest, ':', &service, &rest) && vg_str_split(rest, ':', &service, &rest);
        bool is_name = is_arn && service.len && vg_str_find_char(service, '*') == VG_NPOS;
        return is_name ? vg_arena_printf(x->arena, "%.*s.amazonaws.com", VG_ARG(service))
                       : VG_STR("sns.amazonaws.com");
    }
    return (vg_str){0};
}

/* The strangers that a principal of the policy lets in; 0 for the account's own. */
size_t vg_strangers_of(vg_explorer *x, const vg_exposure_subject *of, const vg_policy_principal *p,
                       const vg_statement *allow, vg_stranger out[VG_MOST_STRANGERS])
{
    size_t count = 0;
    vg_str service;
    switch (p->kind) {
    case VG_PRINCIPAL_ANYONE:
        out[count++] = vg_stranger_from(VG_STR("*"), VG_REACH_ANYONE);
        out[count++] =
            vg_stranger_from(VG_STR("arn:aws:iam::" STRANGER_ACCOUNT ":role/witness"), VG_REACH_ANYONE);
        if (x->world->organization_id.len)
            out[count++] = sibling(x);
        if (outsider_asked_for(x, of, allow, &out[count]))
            count++;
        service = service_asked_for(x, allow);
        if (!service.len || of->is_trust)
            break;
        out[count] = vg_stranger_from(service, VG_REACH_SERVICE);
        out[count].account = (vg_str){0};
        out[count++].source_account = VG_STR(STRANGER_ACCOUNT);
        break;
    case VG_PRINCIPAL_ACCOUNT:
    case VG_PRINCIPAL_ARN:
        if (!vg_str_eq(p->account, of->account))
            out[count++] = named_account(x, p);
        break;
    case VG_PRINCIPAL_SERVICE:
        out[count] = vg_stranger_from(p->text, VG_REACH_SERVICE);
        out[count].account = (vg_str){0};
        out[count++].source_account = VG_STR(STRANGER_ACCOUNT);
        break;
    case VG_PRINCIPAL_FEDERATED:
        if (is_identity_center(p->text))
            break;
        out[count] = vg_stranger_from(p->text, VG_REACH_EXTERNAL);
        out[count].account = (vg_str){0};
        out[count].provider = shared_provider(x, p->text);
        out[count].is_named = true;
        out[count].is_own_provider = !out[count].provider;
        out[count].reach = out[count].provider ? VG_REACH_PROVIDER : VG_REACH_EXTERNAL;
        count++;
        break;
    case VG_PRINCIPAL_UNIQUE_ID:
    case VG_PRINCIPAL_CANONICAL_USER:
    case VG_PRINCIPAL_INVALID:
        break;
    }
    return count;
}
