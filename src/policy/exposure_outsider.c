/* exposure_outsider.c: the outsiders that a policy's conditions name: the account, role or organisation of a caller, and
 * those for whom an AWS service acts. A fixed value protects from everybody but whom it names; whoever is not of the account
 * (of the organisation) is then let in from outside, as if a Principal had named it. */
#include "policy/exposure_part.h"

/* The outsiders that are asked about: more names of the same kind tell nothing new. */
enum { MOST_VALUES = 4 };

static bool is_fixed(vg_str value)
{
    return value.len && vg_str_find_char(value, '*') == VG_NPOS && vg_str_find_char(value, '?') == VG_NPOS &&
           vg_str_find(value, VG_STR("${")) == VG_NPOS;
}

static bool is_fixed_account(vg_str value)
{
    return vg_is_account_id(value);
}

/* How many of its values may name somebody. */
static size_t values_of(const vg_demand *demand)
{
    return demand->test->op == VG_OP_NULL ? 0 : demand->test->value_count;
}

/* ---- callers --------------------------------------------------------------------------------------------------------- */

/* Whoever is of the organisation that the value fixes, by its id or the beginning of a path. False: it fixes none. */
static bool member_of(vg_explorer *x, const vg_policy_condition *test, vg_str value, vg_stranger *out)
{
    bool is_path = vg_condition_is_on(test, "aws:PrincipalOrgPaths");
    vg_str id = value, rest;
    if (is_path)
        vg_str_split(value, '/', &id, &rest);
    bool is_own = vg_str_eq_icase(id, x->world->organization_id);
    if (!is_fixed(id) || (is_own && !is_path) || !(is_path || vg_condition_is_on(test, "aws:PrincipalOrgID")))
        return false;
    *out = vg_stranger_from(VG_STR("arn:aws:iam::" STRANGER_ACCOUNT ":role/witness"),
                            is_own ? VG_REACH_ORGANIZATION : VG_REACH_EXTERNAL);
    out->is_addressed = true;
    out->organization = id;
    out->org_path =
        is_path ? vg_text_matching(x->arena, value) : vg_arena_printf(x->arena, "%.*s/r-0000/", VG_ARG(id));
    return true;
}

/* Who calls from another account by this value of a condition. False: nobody does. */
static bool caller_of(vg_explorer *x, const vg_exposure_subject *of, const vg_policy_condition *test,
                      vg_str value, vg_stranger *out)
{
    vg_arn arn;
    bool is_arn = vg_condition_is_on(test, "aws:PrincipalArn") && vg_arn_parse(value, &arn);
    bool is_account =
        vg_condition_is_on(test, "aws:PrincipalAccount") || vg_condition_is_on(test, "kms:CallerAccount");
    vg_str account = is_arn ? arn.account : is_account ? value : (vg_str){0};
    if (member_of(x, test, value, out))
        return true;
    if (!is_fixed_account(account) || vg_str_eq(account, of->account))
        return false;
    const vg_policy_principal p = {.kind = VG_PRINCIPAL_ACCOUNT, .text = account, .account = account};
    *out = vg_stranger_named(x, &p);
    out->is_named = out->reach == VG_REACH_EXTERNAL;
    if (is_arn)
        out->caller = vg_text_matching(x->arena, value);
    return true;
}

size_t vg_outsiders_calling(vg_explorer *x, const vg_exposure_subject *of, vg_demands demands,
                            vg_stranger *out, size_t most)
{
    size_t count = 0;
    vg_demand demand;
    while (vg_demands_next(&demands, &demand)) {
        size_t before = count;
        for (size_t v = 0; v < values_of(&demand) && count < most; v++)
            if (count - before < MOST_VALUES)
                count += caller_of(x, of, demand.test, demand.test->values[v], &out[count]);
    }
    return count;
}

/* ---- those for whom a service acts ------------------------------------------------------------------------------------- */

/* The account that a value of a condition on the source fixes; empty: none. */
static vg_str account_of_source(const vg_policy_condition *test, vg_str value)
{
    vg_arn arn;
    bool is_account =
        vg_condition_is_on(test, "aws:SourceAccount") || vg_condition_is_on(test, "aws:SourceOwner");
    bool is_arn = vg_condition_is_on(test, "aws:SourceArn") && vg_arn_parse(value, &arn);
    vg_str account = is_account ? value : is_arn ? arn.account : (vg_str){0};
    return is_fixed_account(account) ? account : (vg_str){0};
}

/* The organisation outside that it fixes, by its id or the beginning of a path. */
static vg_str organization_of_source(const vg_explorer *x, const vg_policy_condition *test, vg_str value)
{
    vg_str id = value, rest;
    bool is_path = vg_condition_is_on(test, "aws:SourceOrgPaths");
    if (is_path)
        vg_str_split(value, '/', &id, &rest);
    bool is_outside = is_fixed(id) && !vg_str_eq(id, x->world->organization_id);
    return (is_path || vg_condition_is_on(test, "aws:SourceOrgID")) && is_outside ? id : (vg_str){0};
}

/* The thing of that account for which the service acts, as it is demanded; empty: any. */
static vg_str source_of(vg_explorer *x, vg_demands demands, vg_str account)
{
    vg_demand demand;
    while (vg_demands_next(&demands, &demand)) {
        const vg_policy_condition *test = demand.test;
        for (size_t v = 0; vg_condition_is_on(test, "aws:SourceArn") && v < test->value_count; v++) {
            vg_arn arn;
            bool is_its =
                vg_arn_parse(test->values[v], &arn) && (!arn.account.len || vg_str_eq(arn.account, account));
            if (is_its)
                return vg_text_matching(x->arena, test->values[v]);
        }
    }
    return (vg_str){0};
}

/* For whom the service acts by this value. False: for nobody outside the account. */
static bool source_stranger(vg_explorer *x, const vg_exposure_subject *of, vg_demands all,
                            const vg_policy_condition *test, vg_str value, vg_stranger *out)
{
    vg_str account = account_of_source(test, value), organization = organization_of_source(x, test, value);
    if ((!account.len || vg_str_eq(account, of->account)) && !organization.len)
        return false;
    const vg_world_account *known = account.len ? vg_world_account_of(x->world, account) : NULL;
    bool is_inside = known && known->in_organization;
    vg_str service = out->caller;
    *out = vg_stranger_from(service, is_inside ? VG_REACH_ORGANIZATION : VG_REACH_EXTERNAL);
    out->is_named = true;
    out->account = (vg_str){0};
    out->who = vg_arena_printf(x->arena, "%.*s for %.*s", VG_ARG(service),
                               VG_ARG(account.len ? account : organization));
    out->source_account = account.len ? account : VG_STR(STRANGER_ACCOUNT);
    out->source_arn = source_of(x, all, out->source_account);
    out->source_organization = is_inside ? x->world->organization_id : organization;
    out->source_path = is_inside                                          ? known->org_path
                       : organization.len && value.len > organization.len ? vg_text_matching(x->arena, value)
                                                                          : (vg_str){0};
    return true;
}

size_t vg_outsiders_served(vg_explorer *x, const vg_exposure_subject *of, vg_demands demands, vg_str service,
                           vg_stranger *out, size_t most)
{
    size_t count = 0;
    vg_demand demand;
    const vg_demands all = demands;
    while (vg_demands_next(&demands, &demand)) {
        size_t before = count;
        for (size_t v = 0; v < values_of(&demand) && count < most; v++) {
            out[count].caller = service;
            if (count - before < MOST_VALUES)
                count += source_stranger(x, of, all, demand.test, demand.test->values[v], &out[count]);
        }
    }
    return count;
}
