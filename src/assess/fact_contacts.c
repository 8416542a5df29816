/* fact_contacts.c: Vigil::Account::Contacts: whom AWS reaches when something happens in an account.
 *
 * Whether an address is a group's or a person's can only be guessed from how it is written: the words that groups'
 * addresses are made of are listed here, a plus-address counts by its base ("aws+shop-prod@"). */
#include "assess/assess_part.h"

static const char *const group_words[] = {
    "aws",           "cloud",        "root",         "ops",       "security",    "team",
    "admin",         "admins",       "accounts",     "account",   "infra",       "platform",
    "support",       "devops",       "sre",          "sec",       "secops",      "operations",
    "billing",       "finance",      "noc",          "soc",       "group",       "it",
    "owner",         "owners",       "hostmaster",   "webmaster", "postmaster",  "alerts",
    "notifications", "organization", "organisation", "org",       "engineering",
};

static bool is_group_word(vg_str word)
{
    for (size_t i = 0; i < VG_COUNT(group_words); i++)
        if (vg_str_eq_icase(word, vg_str_from(group_words[i])))
            return true;
    return word.len > 3 && vg_str_eq_icase(vg_str_sub(word, 0, 3), VG_STR("aws"));
}

static bool is_letter(char c)
{
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static bool is_shared_address(vg_str email)
{
    vg_str local, domain;
    vg_str_split(email, '@', &local, &domain);
    for (size_t start = 0, end; start < local.len; start = end + 1) {
        for (end = start; end < local.len && is_letter(local.ptr[end]); end++)
            continue;
        if (is_group_word(vg_str_sub(local, start, end - start)))
            return true;
    }
    return false;
}

static const vg_sighting *contact(const vg_view *view, const char *type)
{
    vg_sightings all = vg_view_of(view, "Vigil::Account::AlternateContact");
    for (size_t i = 0; i < all.count; i++)
        if (vg_str_is(all.items[i].resource.id, type))
            return &all.items[i];
    return NULL;
}

static vg_answer is_present(const vg_sighting *seen)
{
    return seen ? vg_answer_of(vg_prop_bool(seen, "Present") != VG_NO) : VG_UNKNOWN;
}

static vg_answer has_primary(const vg_sighting *information)
{
    if (!information)
        return VG_UNKNOWN;
    return vg_answer_of(vg_prop_str(information, "FullName").len > 0 &&
                        vg_prop_str(information, "PhoneNumber").len > 0 &&
                        vg_prop_str(information, "AddressLine1").len > 0);
}

static vg_str primary_email(const vg_view *view, vg_fact_sink *sink)
{
    const vg_sighting *own = vg_view_one(view, "Vigil::Account::PrimaryEmail");
    const vg_node *node = vg_org_node(view->org, view->account);
    vg_str email = vg_prop_str(own, "PrimaryEmail");
    if (!email.ptr && node)
        email = node->email;
    vg_fact_used(sink, own ? own : email.ptr && node ? node->seen : NULL);
    return email;
}

void vg_make_contacts(const vg_view *view, vg_fact_sink *sink)
{
    static const struct {
        const char *key, *type;
    } contacts[] = {{"Security", "SECURITY"}, {"Operations", "OPERATIONS"}, {"Billing", "BILLING"}};
    vg_fact_begin(sink, "Vigil::Account::Contacts", view->account, VG_STR(""), view->account, VG_STR(""));
    for (size_t i = 0; i < VG_COUNT(contacts); i++) {
        const vg_sighting *seen = contact(view, contacts[i].type);
        vg_fact_used(sink, seen);
        vg_fact_answer(sink, contacts[i].key, is_present(seen));
    }
    const vg_sighting *information = vg_view_one(view, "Vigil::Account::ContactInformation");
    vg_fact_used(sink, information);
    vg_fact_answer(sink, "Primary", has_primary(information));

    const vg_sighting *security = contact(view, "SECURITY");
    vg_str email = primary_email(view, sink), other = vg_prop_str(security, "EmailAddress");
    vg_fact_str(sink, "PrimaryEmail", email);
    if (email.len > 0)
        vg_fact_bool(sink, "PrimaryEmailIsShared", is_shared_address(email));
    if (is_present(security) == VG_NO)
        vg_fact_bool(sink, "SecurityDiffersFromPrimary", false);
    else if (email.len > 0 && other.len > 0)
        vg_fact_bool(sink, "SecurityDiffersFromPrimary", !vg_str_eq_icase(email, other));
    vg_fact_end(sink);
}
