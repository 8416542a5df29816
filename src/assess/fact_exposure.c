/* fact_exposure.c: Vigil::Account::Exposure: what of the account is reached from outside, and by whom.
 *
 * The policy engine tries strangers (policy/): each list holds what it proved with a request that is allowed. Empty lists
 * are only written where resources were looked at: roles with the authorization details, others with a snapshot of AWS
 * Config. What can have a policy that nobody collected is a list of its own, and so is what Block Public Access or an RCP
 * may close that nobody collected, or a tag that nobody knows: it is neither open nor closed. A list of roles that would be empty but for those is not
 * written at all. */
#include "assess/assess_part.h"

#include <stdlib.h>

#define ROLE "AWS::IAM::Role"

static const struct {
    const char *property;
    vg_reach reach;
    bool roles, resources; /* which of them are listed */
    bool needs_accounts;   /* who is outside shows once the organisation's accounts are known */
    bool any_audience;     /* by tokens of a shared provider for any audience, and by nothing else */
} lists[] = {
    {"PublicResources", VG_REACH_ANYONE, false, true, false, false},
    {"PublicRoles", VG_REACH_ANYONE, true, false, false, false},
    {"ProviderRoles", VG_REACH_PROVIDER, true, false, false, false},
    {"AnyAudienceRoles", VG_REACH_EXTERNAL, true, false, false, true},
    {"ServiceResources", VG_REACH_SERVICE, false, true, false, false},
    {"ExternalResources", VG_REACH_EXTERNAL, true, true, true, false},
};

static int compare_names(const void *left, const void *right)
{
    return vg_str_cmp(*(const vg_str *)left, *(const vg_str *)right);
}

void vg_tidy_names(vg_vec *list)
{
    vg_str *names = list->items;
    size_t kept = 0;
    if (list->len > 1)
        qsort(names, list->len, sizeof *names, compare_names);
    for (size_t i = 0; i < list->len; i++)
        if (kept == 0 || !vg_str_eq(names[kept - 1], names[i]))
            names[kept++] = names[i];
    list->len = kept;
}

static bool accounts_are_known(const vg_org *org)
{
    return vg_sightings_of(org->all, "Vigil::Organization::Account").count > 0;
}

static void push(vg_vec *list, vg_str name)
{
    vg_str *item = vg_vec_push(list);
    if (item)
        *item = name;
}

/* Whether who gets in is a provider that the organisation's own accounts hold: its people sign in through it. */
static bool is_own_provider(const vg_view *view, const vg_exposure *exposure)
{
    vg_arn arn;
    return vg_caller_of(exposure->witness.caller).kind == VG_CALLER_FEDERATED &&
           vg_arn_parse(exposure->who, &arn) && vg_org_node(view->org, arn.account);
}

static void put_list(const vg_view *view, size_t which, vg_fact_sink *sink)
{
    vg_vec names = vg_vec_in(sink->arena, sizeof(vg_str));
    bool may_be_role = false, looked = (!lists[which].roles || vg_has_authorization_details(view)) &&
                                       (!lists[which].resources || vg_snapshot_was_read(view));
    for (size_t i = 0; i < view->exposures->exposure_count; i++) {
        const vg_exposure *exposure = &view->exposures->exposures[i];
        bool is_role = vg_str_is(exposure->type, ROLE);
        bool is_outside = exposure->reach != VG_REACH_EXTERNAL || lists[which].any_audience ||
                          !is_own_provider(view, exposure);
        if (exposure->reach != lists[which].reach || !is_outside ||
            exposure->any_audience != lists[which].any_audience ||
            !(is_role ? lists[which].roles : lists[which].resources))
            continue;
        if (vg_exposure_is_certain(exposure))
            push(&names, exposure->resource);
        else
            may_be_role |= is_role;
    }
    vg_tidy_names(&names);
    if (lists[which].needs_accounts && !accounts_are_known(view->org))
        return;
    if ((looked && !may_be_role) || names.len > 0)
        vg_fact_list(sink, lists[which].property, &names);
}

/* Trusts are left out: a role's policy is in the same export as the role. */
static void put_unknown(const vg_view *view, vg_fact_sink *sink)
{
    vg_vec names = vg_vec_in(sink->arena, sizeof(vg_str));
    for (size_t i = 0; i < view->exposures->unknown_count; i++)
        if (!vg_str_is(view->exposures->unknowns[i].type, ROLE))
            push(&names, view->exposures->unknowns[i].resource);
    for (size_t i = 0; i < view->exposures->exposure_count; i++)
        if (!vg_exposure_is_certain(&view->exposures->exposures[i]) &&
            !vg_str_is(view->exposures->exposures[i].type, ROLE))
            push(&names, view->exposures->exposures[i].resource);
    vg_tidy_names(&names);
    if (!vg_snapshot_was_read(view) && names.len == 0)
        return;
    vg_fact_list(sink, "UnknownResources", &names);
    vg_fact_i64(sink, "UnknownCount", (int64_t)names.len);
}

/* Whether the owners vouched for who has access, lately. */
static bool is_reviewed(const vg_view *view)
{
    enum { MOST_DAYS = 180 };
    vg_sightings all = vg_sightings_of(view->org->all, "Vigil::Attestation::Statement");
    for (size_t i = 0; i < all.count; i++) {
        const vg_sighting *seen = &all.items[i];
        vg_time date, expires, now = view->now != VG_TIME_NONE ? view->now : seen->seen;
        bool is_it =
            vg_str_is(vg_prop_str(seen, "Kind"), "access-review") && vg_prop_time(seen, "Date", &date);
        bool has_lapsed = vg_prop_time(seen, "Expires", &expires) && now > expires;
        if (is_it && !has_lapsed && vg_view_days(view, date, seen) <= MOST_DAYS)
            return true;
    }
    return false;
}

/* The age of what was looked at. */
static void use_evidence(const vg_view *view, vg_fact_sink *sink)
{
    for (size_t i = 0; i < view->all.count; i++)
        if (view->all.items[i].properties &&
            vg_world_resource_of(view->world, view->all.items[i].resource.id))
            vg_fact_used(sink, &view->all.items[i]);
}

void vg_make_exposure(const vg_view *view, vg_fact_sink *sink)
{
    vg_fact_begin(sink, "Vigil::Account::Exposure", view->account, VG_STR(""), view->account, VG_STR(""));
    if (view->exposures) {
        use_evidence(view, sink);
        for (size_t i = 0; i < VG_COUNT(lists); i++)
            put_list(view, i, sink);
        put_unknown(view, sink);
        if (vg_has_authorization_details(view) || vg_snapshot_was_read(view))
            vg_fact_bool(sink, "ExternalReviewed", is_reviewed(view));
    }
    vg_fact_end(sink);
}
