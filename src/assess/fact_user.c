/* fact_user.c: Vigil::Account::User and what it takes: passwords and keys from the credential report, permissions from
 * the authorization details.
 *
 * A user is privileged when the policy engine does not deny it, on resources that are not its own, everything, all of IAM,
 * or an action with which one gives oneself more (those of the published escalation paths that need no further
 * permission). Conditions that are unknown do not help: who is privileged sometimes is privileged. */
#include "assess/assess_part.h"

/* ---- what a user may do ------------------------------------------------------------------------------------------------- */

/* With a resource of the kind that it is done to, of a name that nobody gives. */
static const struct {
    vg_str action;
    const char *resource;
} privileged_actions[] = {
    {VG_STR_INIT("iam:CreatePolicyVersion"), "policy/x/any-Name_1"},
    {VG_STR_INIT("iam:SetDefaultPolicyVersion"), "policy/x/any-Name_1"},
    {VG_STR_INIT("iam:AttachUserPolicy"), "user/x/any-Name_1"},
    {VG_STR_INIT("iam:AttachGroupPolicy"), "group/x/any-Name_1"},
    {VG_STR_INIT("iam:AttachRolePolicy"), "role/x/any-Name_1"},
    {VG_STR_INIT("iam:PutUserPolicy"), "user/x/any-Name_1"},
    {VG_STR_INIT("iam:PutGroupPolicy"), "group/x/any-Name_1"},
    {VG_STR_INIT("iam:PutRolePolicy"), "role/x/any-Name_1"},
    {VG_STR_INIT("iam:AddUserToGroup"), "group/x/any-Name_1"},
    {VG_STR_INIT("iam:UpdateAssumeRolePolicy"), "role/x/any-Name_1"},
    {VG_STR_INIT("iam:CreateLoginProfile"), "user/x/any-Name_1"},
    {VG_STR_INIT("iam:UpdateLoginProfile"), "user/x/any-Name_1"},
    {VG_STR_INIT("iam:CreateAccessKey"), "user/x/any-Name_1"},
};

/* The user's side alone: its policies as far as they are known, its boundary and the SCPs. */
static bool may(const vg_world *world, const vg_world_principal *user, vg_str action, vg_str resource)
{
    vg_world_scratch scratch;
    vg_layers layers;
    vg_request request;
    vg_world_caller caller = vg_world_caller_at(world, (uint32_t)(user - world->principals));
    vg_world_target target = vg_world_target_of(world, resource);
    vg_world_layers(world, &caller, &target, &layers);
    layers.resource = (vg_layer){.state = VG_LAYER_NONE};
    layers.identity.state = VG_LAYER_KNOWN;
    vg_world_request(world, &caller, &target, action, NULL, 0, &scratch, &request);
    vg_decision_result result = vg_policy_decide(&request, &layers).result;
    return result == VG_ALLOWED || result == VG_DECISION_UNKNOWN;
}

/* A resource that the pattern names; ptr NULL where it is the user's own, or a single one. */
static vg_str named_by(vg_arena *arena, vg_str pattern)
{
    bool is_own = vg_str_find(pattern, VG_STR("${aws:username}")) != VG_NPOS;
    bool is_wide = vg_str_find_char(pattern, '*') != VG_NPOS && vg_str_starts(pattern, VG_STR("arn:"));
    return is_wide && !is_own ? vg_text_like(arena, pattern) : (vg_str){0};
}

static bool is_privileged_by(const vg_world *world, const vg_world_principal *user, const vg_statement *s,
                             vg_arena *arena)
{
    for (size_t i = 0; i < VG_COUNT(privileged_actions); i++) {
        vg_str action = privileged_actions[i].action;
        vg_str any = vg_arena_printf(arena, "arn:%.*s:iam::%.*s:%s", VG_ARG(world->partition),
                                     VG_ARG(user->account_id), privileged_actions[i].resource);
        if (!vg_statement_takes_in(s, action))
            continue;
        if (may(world, user, action, any))
            return true;
        for (size_t r = 0; r < s->resource_count && !s->not_resource; r++) {
            vg_str resource = named_by(arena, s->resources[r]);
            if (resource.ptr && may(world, user, action, resource))
                return true;
        }
    }
    return false;
}

/* ---- the policies of a user ---------------------------------------------------------------------------------------------- */

static const vg_world_principal *principal_of(const vg_view *view, vg_str arn)
{
    const vg_world_principal *user = view->world ? vg_world_principal_of(view->world, arn) : NULL;
    return user && user->caller.kind == VG_CALLER_USER ? user : NULL;
}

static bool is_privileged_by_policies(const vg_view *view, const vg_world_principal *user, vg_arena *arena)
{
    for (size_t p = 0; user && p < user->identity.count; p++) {
        const vg_policy_document *document = vg_policy_document_of(user->identity.policies[p]);
        for (size_t i = 0; i < document->statement_count; i++)
            if (document->statements[i].effect == VG_EFFECT_ALLOW && !document->statements[i].invalid &&
                is_privileged_by(view->world, user, &document->statements[i], arena))
                return true;
    }
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

/* AWS's own policies by name where an export lacks them: their documents are in the details while they are attached. */
static bool is_privileged(const vg_view *view, const vg_sighting *user, vg_arena *arena)
{
    const vg_world_principal *known = principal_of(view, user->resource.id);
    if (is_privileged_by_policies(view, known, arena))
        return true;
    bool is_complete = known && known->identity.state == VG_LAYER_KNOWN;
    return !is_complete && (holds_managed(view, user, VG_STR(":iam::aws:policy/AdministratorAccess")) ||
                            holds_managed(view, user, VG_STR(":iam::aws:policy/IAMFullAccess")));
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
    vg_fact_bool(sink, "Privileged", is_privileged(view, user, sink->arena));
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

/* Over the users with a password: all bound is yes, some or in part is partly, none is no. */
static vg_extent required_of_users(const vg_view *view, vg_arena *arena)
{
    vg_sightings entries = vg_view_of(view, "Vigil::IAM::CredentialReportEntry");
    size_t count[4] = {0}, total = 0;
    for (size_t i = 0; i < entries.count; i++) {
        if (!is_user_entry(&entries.items[i]) || vg_prop_bool(&entries.items[i], "PasswordEnabled") != VG_YES)
            continue;
        const vg_world_principal *user = principal_of(view, entries.items[i].resource.id);
        if (!user)
            return VG_EXTENT_UNKNOWN;
        count[vg_denied_without_mfa(view, user->arn, user->identity.policies, user->identity.count, arena)]++;
        total++;
    }
    if (count[VG_EXTENT_YES] == total || count[VG_EXTENT_NO] == total)
        return count[VG_EXTENT_YES] == total ? VG_EXTENT_YES : VG_EXTENT_NO;
    return VG_EXTENT_PARTLY;
}

static vg_extent mfa_requirement(const vg_view *view, bool has_report, int64_t users, vg_arena *arena)
{
    if (has_report && users == 0)
        return VG_EXTENT_YES;
    vg_extent by_scp = vg_guardrail_without_mfa(view, arena);
    if (by_scp == VG_EXTENT_YES || !has_report)
        return by_scp == VG_EXTENT_YES ? by_scp : VG_EXTENT_UNKNOWN;
    return vg_has_authorization_details(view) ? required_of_users(view, arena) : VG_EXTENT_UNKNOWN;
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
    vg_fact_str(sink, "ForUsers",
                vg_str_from(vg_extent_name(mfa_requirement(view, has_report, users, sink->arena))));
    vg_fact_answer(sink, "IdentityCenter", identity_center(view, sink));
    if (has_report)
        vg_fact_i64(sink, "PasswordUsers", users);
    vg_fact_end(sink);
}
