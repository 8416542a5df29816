/* fact_root.c: Vigil::Account::Root: how the root user can sign in, and when it last did.
 *
 * Two exports speak of it, the credential report and the account summary; where both do, the one seen later counts.
 * A virtual device belongs to root when its user's ARN or its own serial number says so (IAM User Guide, "root user
 * MFA"); hardware is said only when MFA is on and the list of virtual devices shows none of root's. */
#include "assess/assess_part.h"

const vg_sighting *vg_root_entry(const vg_view *view)
{
    vg_sightings all = vg_view_of(view, "Vigil::IAM::CredentialReportEntry");
    for (size_t i = 0; i < all.count; i++) {
        bool is_root = vg_str_ends(all.items[i].resource.id, VG_STR(":root")) ||
                       vg_str_is(vg_prop_str(&all.items[i], "User"), "<root_account>");
        if (is_root)
            return &all.items[i];
    }
    return NULL;
}

static vg_answer summary_says(const vg_sighting *summary, const char *key)
{
    int64_t count;
    return vg_prop_i64(summary, key, &count) ? vg_answer_of(count > 0) : VG_UNKNOWN;
}

/* Yes when any is yes, no when all are known to be no. */
static vg_answer any_of(vg_answer a, vg_answer b)
{
    if (a == VG_YES || b == VG_YES)
        return VG_YES;
    return a == VG_NO && b == VG_NO ? VG_NO : VG_UNKNOWN;
}

static vg_answer newer_of(const vg_sighting *a, vg_answer says_a, const vg_sighting *b, vg_answer says_b)
{
    if (says_a == VG_UNKNOWN || says_b == VG_UNKNOWN)
        return says_a == VG_UNKNOWN ? says_b : says_a;
    return a->seen >= b->seen ? says_a : says_b;
}

static bool is_roots_device(const vg_sighting *device)
{
    return vg_str_ends(vg_prop_str(device, "User/Arn"), VG_STR(":root")) ||
           vg_str_ends(device->resource.id, VG_STR(":mfa/root-account-mfa-device"));
}

static vg_answer has_hardware(const vg_view *view, vg_answer mfa, vg_fact_sink *sink)
{
    vg_sightings devices = vg_view_of(view, "Vigil::IAM::VirtualMfaDevice");
    bool is_listed = devices.count > 0 || vg_view_was_read(view, "iam:ListVirtualMFADevices", VG_STR(""));
    if (mfa != VG_YES || !is_listed)
        return mfa == VG_NO ? VG_NO : VG_UNKNOWN;
    for (size_t i = 0; i < devices.count; i++) {
        vg_fact_used(sink, &devices.items[i]);
        if (is_roots_device(&devices.items[i]))
            return VG_NO;
    }
    return VG_YES;
}

static void put_last_use(const vg_view *view, const vg_sighting *entry, vg_fact_sink *sink)
{
    static const char *const uses[] = {"PasswordLastUsed", "AccessKey1LastUsedDate",
                                       "AccessKey2LastUsedDate"};
    vg_time last = VG_TIME_NONE, time;
    char text[VG_TIME_TEXT];
    if (!entry)
        return;
    for (size_t i = 0; i < VG_COUNT(uses); i++)
        if (vg_prop_time(entry, uses[i], &time) && (last == VG_TIME_NONE || time > last))
            last = time;
    vg_fact_bool(sink, "EverUsed", last != VG_TIME_NONE);
    if (last == VG_TIME_NONE)
        return;
    vg_time_format(last, text);
    vg_fact_str(sink, "LastUsed", vg_arena_str(sink->arena, vg_str_from(text)));
    vg_fact_i64(sink, "LastUsedDays", vg_view_days(view, last, entry));
}

static void put_central_access(const vg_view *view, vg_fact_sink *sink)
{
    vg_sightings features = vg_sightings_of(view->org->all, "Vigil::IAM::OrganizationsFeatures");
    bool is_read =
        vg_was_read(view->org->readings, "iam:ListOrganizationsFeatures", VG_STR(""), VG_STR(""), VG_STR(""));
    const vg_value *enabled = features.count ? vg_prop(&features.items[0], "EnabledFeatures") : NULL;
    if (!enabled && !is_read)
        return;
    if (features.count)
        vg_fact_used(sink, &features.items[0]);
    vg_fact_bool(sink, "CredentialsManagedCentrally",
                 vg_any_equal(enabled, VG_STR("RootCredentialsManagement")));
    vg_fact_bool(sink, "RootSessionsEnabled", vg_any_equal(enabled, VG_STR("RootSessions")));
}

void vg_make_root(const vg_view *view, vg_fact_sink *sink)
{
    const vg_sighting *entry = vg_root_entry(view),
                      *summary = vg_view_one(view, "Vigil::IAM::AccountSummary");
    vg_str id = vg_arena_printf(sink->arena, "arn:%.*s:iam::%.*s:root", VG_ARG(view->org->partition),
                                VG_ARG(view->account));
    vg_fact_begin(sink, "Vigil::Account::Root", view->account, VG_STR(""), id, VG_STR("root"));
    vg_fact_used(sink, entry);
    vg_fact_used(sink, summary);

    vg_answer mfa = newer_of(summary, summary_says(summary, "AccountMFAEnabled"), entry,
                             vg_prop_bool(entry, "MfaActive"));
    vg_answer report_keys =
        any_of(vg_prop_bool(entry, "AccessKey1Active"), vg_prop_bool(entry, "AccessKey2Active"));
    vg_answer keys = newer_of(summary, summary_says(summary, "AccountAccessKeysPresent"), entry, report_keys);
    vg_answer password = newer_of(summary, summary_says(summary, "AccountPasswordPresent"), entry,
                                  vg_prop_bool(entry, "PasswordEnabled"));
    vg_fact_answer(sink, "MfaActive", mfa);
    vg_fact_answer(sink, "MfaHardware", has_hardware(view, mfa, sink));
    vg_fact_answer(sink, "AccessKeysPresent", keys);
    vg_fact_answer(sink, "PasswordPresent", password);
    vg_fact_answer(sink, "CredentialsPresent", any_of(password, keys));
    put_last_use(view, entry, sink);
    put_central_access(view, sink);
    if (view->org->known)
        vg_fact_bool(sink, "IsManagement", vg_view_is_management(view));
    vg_fact_end(sink);
}
