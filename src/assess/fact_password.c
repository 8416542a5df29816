/* fact_password.c: Vigil::Account::PasswordPolicy: what IAM asks of the passwords of users. An account without a policy
 * of its own has AWS's default one: eight characters, no expiry, nothing remembered (IAM User Guide, "Set an account
 * password policy for IAM users"). */
#include "assess/assess_part.h"

void vg_make_password_policy(const vg_view *view, vg_fact_sink *sink)
{
    static const struct {
        const char *key;
        int64_t by_default;
    } numbers[] = {{"MinimumPasswordLength", 8}, {"PasswordReusePrevention", 0}, {"MaxPasswordAge", 0}};
    static const char *const flags[] = {"RequireSymbols", "RequireNumbers", "RequireUppercaseCharacters",
                                        "RequireLowercaseCharacters"};
    const vg_sighting *policy = vg_view_one(view, "Vigil::IAM::PasswordPolicy");
    int64_t users;
    vg_fact_begin(sink, "Vigil::Account::PasswordPolicy", view->account, VG_STR(""), view->account,
                  VG_STR(""));
    if (policy) {
        bool is_present = vg_prop_bool(policy, "Present") != VG_NO;
        vg_fact_used(sink, policy);
        vg_fact_bool(sink, "Present", is_present);
        for (size_t i = 0; i < VG_COUNT(numbers); i++) {
            int64_t number = numbers[i].by_default;
            if (is_present)
                vg_prop_i64(policy, numbers[i].key, &number);
            vg_fact_i64(sink, numbers[i].key, number);
        }
        for (size_t i = 0; i < VG_COUNT(flags); i++)
            vg_fact_bool(sink, flags[i], is_present && vg_prop_bool(policy, flags[i]) == VG_YES);
    }
    if (vg_password_users(view, &users)) {
        vg_fact_used(sink, vg_root_entry(view));
        vg_fact_i64(sink, "PasswordUsers", users);
    }
    vg_fact_end(sink);
}
