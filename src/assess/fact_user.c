/* fact_user.c: Vigil::Account::User and what it takes: passwords and keys from the credential report, permissions from
 * the authorization details.
 *
 * A user is privileged when a policy of its own or of its groups allows, on resources that are not its own, everything,
 * all of IAM, or an action with which one gives oneself more (those of the published escalation paths that need no
 * further permission). Conditions and boundaries are not weighed: who is privileged sometimes is privileged. */
#include "assess/assess_part.h"

/* ---- what a policy allows --------------------------------------------------------------------------------------------- */

static const vg_str privileged_actions[] = {
    VG_STR_INIT("iam:CreatePolicyVersion"), VG_STR_INIT("iam:SetDefaultPolicyVersion"),
    VG_STR_INIT("iam:AttachUserPolicy"),    VG_STR_INIT("iam:AttachGroupPolicy"),
    VG_STR_INIT("iam:AttachRolePolicy"),    VG_STR_INIT("iam:PutUserPolicy"),
    VG_STR_INIT("iam:PutGroupPolicy"),      VG_STR_INIT("iam:PutRolePolicy"),
    VG_STR_INIT("iam:AddUserToGroup"),      VG_STR_INIT("iam:UpdateAssumeRolePolicy"),
    VG_STR_INIT("iam:CreateLoginProfile"),  VG_STR_INIT("iam:UpdateLoginProfile"),
    VG_STR_INIT("iam:CreateAccessKey"),
};

static bool is_wide_resource(vg_str resource)
{
    bool is_own = vg_str_find(resource, VG_STR("${aws:username}")) != VG_NPOS;
    return !is_own && vg_str_find_char(resource, '*') != VG_NPOS;
}

/* Whether the statement speaks of more than the user's own resources and single named ones. */
static bool has_wide_resource(const vg_value *statement)
{
    const vg_value *resources = vg_get(statement, VG_STR("Resource"));
    if (!resources)
        return vg_get(statement, VG_STR("NotResource")) != NULL;
    if (resources->kind == VG_STRING)
        return is_wide_resource(vg_value_str(resources));
    for (vg_items it = vg_items_of(resources); vg_items_next(&it);)
        if (is_wide_resource(vg_value_str(it.value)))
            return true;
    return false;
}

static bool is_privileged_policy(const vg_value *policy)
{
    vg_statement_walk walk = vg_statements(policy);
    for (const vg_value *statement; (statement = vg_statement_next(&walk));) {
        if (!vg_statement_is(statement, "Allow") || !has_wide_resource(statement))
            continue;
        for (size_t i = 0; i < VG_COUNT(privileged_actions); i++)
            if (vg_statement_has_action(statement, privileged_actions[i]))
                return true;
    }
    return false;
}

/* ---- the policies of a user ---------------------------------------------------------------------------------------------- */

typedef bool (*policy_test)(const vg_value *policy, void *context);

static const vg_sighting *managed_policy(const vg_view *view, vg_str arn)
{
    vg_sightings all = vg_view_of(view, "AWS::IAM::ManagedPolicy");
    size_t low = 0, high = all.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = vg_str_cmp(all.items[middle].resource.id, arn);
        if (order == 0)
            return &all.items[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Whether any policy that the user or group holds passes the test. */
static bool any_policy(const vg_view *view, const vg_sighting *holder, policy_test test, void *context)
{
    for (vg_items it = vg_items_of(vg_prop(holder, "Policies")); vg_items_next(&it);)
        if (test(vg_get(it.value, VG_STR("PolicyDocument")), context))
            return true;
    for (vg_items it = vg_items_of(vg_prop(holder, "ManagedPolicyArns")); vg_items_next(&it);) {
        const vg_sighting *policy = managed_policy(view, vg_value_str(it.value));
        if (policy && test(vg_prop(policy, "PolicyDocument"), context))
            return true;
    }
    return false;
}

static bool any_policy_of_user(const vg_view *view, const vg_sighting *user, policy_test test, void *context)
{
    if (any_policy(view, user, test, context))
        return true;
    vg_sightings groups = vg_view_of(view, "AWS::IAM::Group");
    const vg_value *names = vg_prop(user, "Groups");
    for (size_t i = 0; i < groups.count; i++)
        if (vg_any_equal(names, vg_prop_str(&groups.items[i], "GroupName")) &&
            any_policy(view, &groups.items[i], test, context))
            return true;
    return false;
}

static bool holds_managed(const vg_view *view, const vg_sighting *user, vg_str ending)
{
    for (vg_items it = vg_items_of(vg_prop(user, "ManagedPolicyArns")); vg_items_next(&it);)
        if (vg_str_ends(vg_value_str(it.value), ending))
            return true;
    vg_sightings groups = vg_view_of(view, "AWS::IAM::Group");
    const vg_value *names = vg_prop(user, "Groups");
    for (size_t i = 0; i < groups.count; i++)
        if (vg_any_equal(names, vg_prop_str(&groups.items[i], "GroupName")))
            for (vg_items it = vg_items_of(vg_prop(&groups.items[i], "ManagedPolicyArns"));
                 vg_items_next(&it);)
                if (vg_str_ends(vg_value_str(it.value), ending))
                    return true;
    return false;
}

static bool test_privileged(const vg_value *policy, void *context)
{
    (void)context;
    return is_privileged_policy(policy);
}

/* AWS's own policies by name: their documents are in the details only while they are attached. */
static bool is_privileged(const vg_view *view, const vg_sighting *user)
{
    return any_policy_of_user(view, user, test_privileged, NULL) ||
           holds_managed(view, user, VG_STR(":iam::aws:policy/AdministratorAccess")) ||
           holds_managed(view, user, VG_STR(":iam::aws:policy/IAMFullAccess"));
}

bool vg_has_authorization_details(const vg_view *view)
{
    vg_str source = VG_STR("iam:GetAccountAuthorizationDetails");
    static const char *const types[] = {"AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group",
                                        "AWS::IAM::ManagedPolicy"};
    if (vg_view_was_read(view, "iam:GetAccountAuthorizationDetails", VG_STR("")))
        return true;
    for (size_t i = 0; i < VG_COUNT(types); i++) {
        vg_sightings all = vg_view_of(view, types[i]);
        if (all.count > 0 && vg_str_eq(all.items[0].resource.source, source))
            return true;
    }
    return false;
}

/* ---- credentials ------------------------------------------------------------------------------------------------------------ */

static bool is_user_entry(const vg_sighting *entry)
{
    return !vg_str_ends(entry->resource.id, VG_STR(":root"));
}

bool vg_password_users(const vg_view *view, int64_t *out)
{
    vg_sightings all = vg_view_of(view, "Vigil::IAM::CredentialReportEntry");
    *out = 0;
    for (size_t i = 0; i < all.count; i++)
        *out += is_user_entry(&all.items[i]) && vg_prop_bool(&all.items[i], "PasswordEnabled") == VG_YES;
    return all.count > 0;
}

/* Days since the first of the times that is there; false when none is. */
static bool days_since(const vg_view *view, const vg_sighting *entry, const char *const times[3],
                       int64_t *days)
{
    vg_time time;
    for (size_t i = 0; i < 3 && times[i]; i++) {
        if (!vg_prop_time(entry, times[i], &time))
            continue;
        *days = vg_view_days(view, time, entry);
        return true;
    }
    return false;
}

/* An active access key. The report has no ids: a key is told from the user's others by when it was made. */
typedef struct {
    vg_str
        made; /* "2025-03-01T09:00:00": of CreateDate, which ends as the CLI's version likes, the beginning */
    int64_t age, unused; /* days; -1: unknown */
} active_key;

static vg_str made_at(const vg_sighting *entry, const char *rotated, vg_arena *arena)
{
    char text[VG_TIME_TEXT];
    vg_time time;
    if (!vg_prop_time(entry, rotated, &time))
        return (vg_str){0};
    vg_time_format(time, text);
    return vg_arena_str(arena, vg_str_sub(vg_str_from(text), 0, sizeof "2025-03-01T09:00:00" - 1));
}

static size_t read_keys(const vg_view *view, const vg_sighting *entry, vg_arena *arena, active_key out[2],
                        bool *is_known)
{
    static const struct {
        const char *active;
        const char *age[3], *use[3];
    } keys[] = {
        {"AccessKey1Active", {"AccessKey1LastRotated"}, {"AccessKey1LastUsedDate", "AccessKey1LastRotated"}},
        {"AccessKey2Active", {"AccessKey2LastRotated"}, {"AccessKey2LastUsedDate", "AccessKey2LastRotated"}},
    };
    size_t count = 0;
    *is_known = false;
    for (size_t i = 0; i < VG_COUNT(keys); i++) {
        vg_answer answer = vg_prop_bool(entry, keys[i].active);
        *is_known = *is_known || answer != VG_UNKNOWN;
        if (answer != VG_YES)
            continue;
        active_key *key = &out[count++];
        *key = (active_key){made_at(entry, keys[i].age[0], arena), -1, -1};
        days_since(view, entry, keys[i].age, &key->age);
        days_since(view, entry, keys[i].use, &key->unused);
    }
    return count;
}

/* The oldest and the longest unused of those keys that stay. */
static void put_ages(const active_key *keys, size_t count, const char *age_name, const char *unused_name,
                     vg_fact_sink *sink)
{
    int64_t age = -1, unused = -1;
    for (size_t i = 0; i < count; i++) {
        age = keys[i].age > age ? keys[i].age : age;
        unused = keys[i].unused > unused ? keys[i].unused : unused;
    }
    if (age >= 0)
        vg_fact_i64(sink, age_name, age);
    if (unused >= 0)
        vg_fact_i64(sink, unused_name, unused);
}

static void push_made(vg_vec *list, const active_key *key)
{
    vg_str *made = key->made.len ? vg_vec_push(list) : NULL;
    if (made)
        *made = key->made;
}

/* Which keys are all, unused, and spare (all but the one used last), and what would be left without those. */
static void put_keys(const vg_view *view, const vg_sighting *entry, vg_fact_sink *sink)
{
    enum { UNUSED_AFTER_DAYS = 45 };
    active_key keys[2], used[2], *last = &keys[0];
    vg_vec all = vg_vec_in(sink->arena, sizeof(vg_str)), unused = vg_vec_in(sink->arena, sizeof(vg_str)),
           spare = vg_vec_in(sink->arena, sizeof(vg_str));
    bool is_known;
    size_t count = read_keys(view, entry, sink->arena, keys, &is_known), used_count = 0;
    if (is_known)
        vg_fact_i64(sink, "ActiveKeys", (int64_t)count);
    put_ages(keys, count, "OldestKeyAgeDays", "KeyUnusedDays", sink);
    if (count == 0)
        return;
    if (count == 2 && keys[1].unused < keys[0].unused)
        last = &keys[1];
    for (size_t i = 0; i < count; i++) {
        push_made(&all, &keys[i]);
        if (&keys[i] != last)
            push_made(&spare, &keys[i]);
        if (keys[i].unused > UNUSED_AFTER_DAYS)
            push_made(&unused, &keys[i]);
        else
            used[used_count++] = keys[i];
    }
    vg_fact_list(sink, "ActiveKeysMade", &all);
    vg_fact_list(sink, "UnusedKeysMade", &unused);
    vg_fact_list(sink, "SpareKeysMade", &spare);
    vg_fact_i64(sink, "UsedKeys", (int64_t)used_count);
    put_ages(used, used_count, "UsedKeysAgeDays", "UsedKeysUnusedDays", sink);
    put_ages(last, 1, "LastUsedKeyAgeDays", "LastUsedKeyUnusedDays", sink);
}

static void put_credentials(const vg_view *view, const vg_sighting *entry, vg_fact_sink *sink)
{
    static const char *const password_use[3] = {"PasswordLastUsed", "PasswordLastChanged",
                                                "UserCreationTime"};
    int64_t days;
    vg_answer password = vg_prop_bool(entry, "PasswordEnabled");
    vg_fact_used(sink, entry);
    vg_fact_answer(sink, "PasswordEnabled", password);
    vg_fact_answer(sink, "MfaActive", vg_prop_bool(entry, "MfaActive"));
    if (password == VG_YES && days_since(view, entry, password_use, &days))
        vg_fact_i64(sink, "PasswordUnusedDays", days);
    put_keys(view, entry, sink);
}

static void put_permissions(const vg_view *view, const vg_sighting *user, vg_fact_sink *sink)
{
    vg_vec inline_ones = vg_vec_in(sink->arena, sizeof(vg_str)),
           attached_ones = vg_vec_in(sink->arena, sizeof(vg_str));
    vg_str *name;
    for (vg_items it = vg_items_of(vg_prop(user, "Policies")); vg_items_next(&it);)
        if ((name = vg_vec_push(&inline_ones)))
            *name = vg_get_str(it.value, "PolicyName");
    for (vg_items it = vg_items_of(vg_prop(user, "ManagedPolicyArns")); vg_items_next(&it);)
        if ((name = vg_vec_push(&attached_ones)))
            *name = vg_value_str(it.value);
    vg_fact_used(sink, user);
    vg_fact_bool(sink, "Privileged", is_privileged(view, user));
    vg_fact_bool(sink, "AttachedDirectly", inline_ones.len > 0 || attached_ones.len > 0);
    if (inline_ones.len > 0 || attached_ones.len > 0) {
        vg_fact_list(sink, "InlinePolicies", &inline_ones);
        vg_fact_list(sink, "AttachedPolicies", &attached_ones);
    }
}

/* ---- users -------------------------------------------------------------------------------------------------------------------- */

static void make_user(const vg_view *view, const vg_sighting *entry, const vg_sighting *user,
                      vg_fact_sink *sink)
{
    const vg_sighting *either = entry ? entry : user;
    vg_str name = entry ? vg_prop_str(entry, "User") : vg_prop_str(user, "UserName");
    vg_fact_begin(sink, "Vigil::Account::User", view->account, VG_STR(""), either->resource.id, name);
    vg_fact_str(sink, "UserName", name);
    if (entry)
        put_credentials(view, entry, sink);
    if (user)
        put_permissions(view, user, sink);
    vg_fact_end(sink);
}

/* Both lists are in the order of ARNs: they are walked side by side. */
void vg_make_users(const vg_view *view, vg_fact_sink *sink)
{
    vg_sightings entries = vg_view_of(view, "Vigil::IAM::CredentialReportEntry");
    vg_sightings users = vg_view_of(view, "AWS::IAM::User");
    bool has_details = vg_has_authorization_details(view);
    size_t e = 0, u = 0, user_count = has_details ? users.count : 0;
    if (entries.count == 0 && !has_details) {
        vg_fact_unknown_set(sink, "Vigil::Account::User");
        return;
    }
    while (e < entries.count || u < user_count) {
        const vg_sighting *entry = e < entries.count ? &entries.items[e] : NULL;
        const vg_sighting *user = u < user_count ? &users.items[u] : NULL;
        if (entry && !is_user_entry(entry)) {
            e++;
            continue;
        }
        int order = !entry ? 1 : !user ? -1 : vg_str_cmp(entry->resource.id, user->resource.id);
        make_user(view, order <= 0 ? entry : NULL, order >= 0 ? user : NULL, sink);
        e += order <= 0;
        u += order >= 0;
    }
}

/* ---- must people use multi-factor authentication? ---------------------------------------------------------------------------- */

typedef struct {
    const vg_view *view;
    vg_extent best;
} mfa_reading;

static bool test_mfa(const vg_value *policy, void *context)
{
    mfa_reading *reading = context;
    vg_extent extent =
        vg_policy_denies_without_mfa(policy, reading->view->account, reading->view->org->partition);
    if (extent > reading->best)
        reading->best = extent;
    return extent == VG_EXTENT_YES;
}

static const vg_sighting *details_of(vg_sightings users, vg_str arn)
{
    for (size_t i = 0; i < users.count; i++)
        if (vg_str_eq(users.items[i].resource.id, arn))
            return &users.items[i];
    return NULL;
}

/* Over the users with a password: all bound is yes, some or in part is partly, none is no. */
static vg_extent required_of_users(const vg_view *view)
{
    vg_sightings entries = vg_view_of(view, "Vigil::IAM::CredentialReportEntry"),
                 users = vg_view_of(view, "AWS::IAM::User");
    size_t count[4] = {0}, total = 0;
    for (size_t i = 0; i < entries.count; i++) {
        if (!is_user_entry(&entries.items[i]) || vg_prop_bool(&entries.items[i], "PasswordEnabled") != VG_YES)
            continue;
        const vg_sighting *user = details_of(users, entries.items[i].resource.id);
        mfa_reading reading = {view, VG_EXTENT_NO};
        if (!user)
            return VG_EXTENT_UNKNOWN;
        any_policy_of_user(view, user, test_mfa, &reading);
        count[reading.best]++;
        total++;
    }
    if (count[VG_EXTENT_YES] == total || count[VG_EXTENT_NO] == total)
        return count[VG_EXTENT_YES] == total ? VG_EXTENT_YES : VG_EXTENT_NO;
    return VG_EXTENT_PARTLY;
}

static vg_extent mfa_requirement(const vg_view *view, bool has_report, int64_t users)
{
    if (has_report && users == 0)
        return VG_EXTENT_YES;
    vg_extent by_scp = vg_guardrail_without_mfa(view);
    if (by_scp == VG_EXTENT_YES || !has_report)
        return by_scp == VG_EXTENT_YES ? by_scp : VG_EXTENT_UNKNOWN;
    if (!vg_has_authorization_details(view))
        return VG_EXTENT_UNKNOWN;
    vg_extent by_policies = required_of_users(view);
    if (by_policies == VG_EXTENT_NO)
        return by_scp == VG_EXTENT_PARTLY ? VG_EXTENT_PARTLY : VG_EXTENT_NO;
    return by_policies;
}

static vg_answer identity_center(const vg_view *view, vg_fact_sink *sink)
{
    vg_sightings instances = vg_sightings_of(view->org->all, "Vigil::IdentityCenter::Instance");
    if (instances.count > 0) {
        vg_fact_used(sink, &instances.items[0]);
        return VG_YES;
    }
    bool is_read =
        vg_was_read(view->org->readings, "sso-admin:ListInstances", VG_STR(""), VG_STR(""), VG_STR(""));
    return is_read ? VG_NO : VG_UNKNOWN;
}

void vg_make_mfa_requirement(const vg_view *view, vg_fact_sink *sink)
{
    int64_t users = 0;
    bool has_report = vg_password_users(view, &users);
    vg_fact_begin(sink, "Vigil::Account::MfaRequirement", view->account, VG_STR(""), view->account,
                  VG_STR(""));
    vg_fact_used(sink, vg_root_entry(view));
    vg_fact_str(sink, "ForUsers", vg_str_from(vg_extent_name(mfa_requirement(view, has_report, users))));
    vg_fact_answer(sink, "IdentityCenter", identity_center(view, sink));
    if (has_report)
        vg_fact_i64(sink, "PasswordUsers", users);
    vg_fact_end(sink);
}
