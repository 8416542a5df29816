/* fact_access.c: Vigil::Account::Access: who gets into the account and with what, at large: customer policies that allow
 * everything, roles that trust anybody or strangers, the support role, the analyzer for unused access. */
#include "assess/assess_part.h"

/* ---- policies that allow everything ------------------------------------------------------------------------------------- */

static bool allows_everything(const vg_value *policy)
{
    vg_statement_walk walk = vg_statements(policy);
    for (const vg_value *statement; (statement = vg_statement_next(&walk));)
        if (vg_statement_is(statement, "Allow") && !vg_get(statement, VG_STR("Condition")) &&
            vg_any_equal(vg_get(statement, VG_STR("Action")), VG_STR("*")) &&
            vg_any_equal(vg_get(statement, VG_STR("Resource")), VG_STR("*")))
            return true;
    return false;
}

static void list_administrator_policies(const vg_view *view, vg_vec *out)
{
    vg_sightings all = vg_view_of(view, "AWS::IAM::ManagedPolicy");
    for (size_t i = 0; i < all.count; i++) {
        vg_str arn = all.items[i].resource.id;
        bool is_aws = vg_str_find(arn, VG_STR(":iam::aws:policy/")) != VG_NPOS;
        if (is_aws || !allows_everything(vg_prop(&all.items[i], "PolicyDocument")))
            continue;
        vg_str *name = vg_vec_push(out);
        if (name)
            *name = arn;
    }
}

/* ---- trust --------------------------------------------------------------------------------------------------------------- */

static bool is_assume_role(const vg_value *statement)
{
    return vg_statement_is(statement, "Allow") &&
           vg_statement_has_action(statement, VG_STR("sts:AssumeRole"));
}

static bool trusts_anybody(const vg_value *statement)
{
    const vg_value *principal = vg_get(statement, VG_STR("Principal"));
    if (vg_get(statement, VG_STR("Condition")))
        return false;
    return vg_any_equal(principal, VG_STR("*")) ||
           vg_any_equal(vg_get(principal, VG_STR("AWS")), VG_STR("*"));
}

/* The account of a principal: an id, or an ARN's. */
static vg_str account_of_principal(vg_str principal)
{
    vg_arn arn;
    if (vg_is_account_id(principal))
        return principal;
    return vg_arn_parse(principal, &arn) ? arn.account : (vg_str){0};
}

static bool is_stranger(const vg_view *view, vg_str principal)
{
    vg_str account = account_of_principal(principal);
    if (!vg_is_account_id(account) || vg_str_eq(account, view->account))
        return false;
    const vg_node *node = vg_org_node(view->org, account);
    return !node || !node->seen;
}

/* Conditions that tie a trust to a secret or to an owner. */
static bool has_tying_condition(const vg_value *statement)
{
    static const char *const keys[] = {"sts:ExternalId", "aws:PrincipalOrgID", "aws:SourceAccount",
                                       "aws:PrincipalOrgPaths", "aws:SourceOrgID"};
    for (vg_items operators = vg_items_of(vg_get(statement, VG_STR("Condition"))); vg_items_next(&operators);)
        for (vg_items it = vg_items_of(operators.value); vg_items_next(&it);)
            for (size_t i = 0; i < VG_COUNT(keys); i++)
                if (vg_str_eq_icase(it.key, vg_str_from(keys[i])))
                    return true;
    return false;
}

static bool trusts_stranger(const vg_view *view, const vg_value *statement)
{
    const vg_value *principals = vg_get(vg_get(statement, VG_STR("Principal")), VG_STR("AWS"));
    if (!principals || has_tying_condition(statement))
        return false;
    if (principals->kind == VG_STRING)
        return is_stranger(view, vg_value_str(principals));
    for (vg_items it = vg_items_of(principals); vg_items_next(&it);)
        if (is_stranger(view, vg_value_str(it.value)))
            return true;
    return false;
}

static void push(vg_vec *list, vg_str name)
{
    vg_str *item = vg_vec_push(list);
    if (item)
        *item = name;
}

static void list_trusts(const vg_view *view, vg_vec *public_ones, vg_vec *strangers)
{
    vg_sightings roles = vg_view_of(view, "AWS::IAM::Role");
    for (size_t i = 0; i < roles.count; i++) {
        bool is_public = false, is_strange = false;
        vg_statement_walk walk = vg_statements(vg_prop(&roles.items[i], "AssumeRolePolicyDocument"));
        for (const vg_value *statement; (statement = vg_statement_next(&walk));) {
            if (!is_assume_role(statement))
                continue;
            is_public = is_public || trusts_anybody(statement);
            is_strange = is_strange || trusts_stranger(view, statement);
        }
        if (is_public)
            push(public_ones, roles.items[i].resource.id);
        if (is_strange)
            push(strangers, roles.items[i].resource.id);
    }
}

/* ---- the rest ----------------------------------------------------------------------------------------------------------------- */

static bool has_support_role(const vg_view *view)
{
    static const char *const types[] = {"AWS::IAM::Role", "AWS::IAM::Group", "AWS::IAM::User"};
    for (size_t t = 0; t < VG_COUNT(types); t++) {
        vg_sightings all = vg_view_of(view, types[t]);
        for (size_t i = 0; i < all.count; i++)
            for (vg_items it = vg_items_of(vg_prop(&all.items[i], "ManagedPolicyArns")); vg_items_next(&it);)
                if (vg_str_ends(vg_value_str(it.value), VG_STR(":iam::aws:policy/AWSSupportAccess")))
                    return true;
    }
    return false;
}

static bool is_active_unused_analyzer(const vg_sighting *analyzer, bool of_organization)
{
    vg_str type = vg_prop_str(analyzer, "Type"), status = vg_prop_str(analyzer, "Status");
    const char *wanted = of_organization ? "ORGANIZATION_UNUSED_ACCESS" : "ACCOUNT_UNUSED_ACCESS";
    return vg_str_is(type, wanted) && (!status.ptr || vg_str_is(status, "ACTIVE"));
}

static vg_answer has_unused_analyzer(const vg_view *view)
{
    vg_sightings own = vg_view_of(view, "AWS::AccessAnalyzer::Analyzer"), all = view->org->analyzers;
    for (size_t i = 0; i < own.count; i++)
        if (is_active_unused_analyzer(&own.items[i], false) || is_active_unused_analyzer(&own.items[i], true))
            return VG_YES;
    for (size_t i = 0; i < all.count; i++)
        if (is_active_unused_analyzer(&all.items[i], true))
            return VG_YES;
    bool is_read = own.count > 0 || vg_view_of(view, "Vigil::AccessAnalyzer::Analyzers").count > 0 ||
                   vg_view_was_read(view, "accessanalyzer:ListAnalyzers", VG_STR(""));
    return is_read ? VG_NO : VG_UNKNOWN;
}

static bool accounts_are_known(const vg_org *org)
{
    return vg_sightings_of(org->all, "Vigil::Organization::Account").count > 0;
}

void vg_make_access(const vg_view *view, vg_fact_sink *sink)
{
    vg_vec administrators = vg_vec_in(sink->arena, sizeof(vg_str));
    vg_vec public_trusts = vg_vec_in(sink->arena, sizeof(vg_str)),
           strangers = vg_vec_in(sink->arena, sizeof(vg_str));
    vg_sightings roles = vg_view_of(view, "AWS::IAM::Role");
    vg_fact_begin(sink, "Vigil::Account::Access", view->account, VG_STR(""), view->account, VG_STR(""));
    if (vg_has_authorization_details(view)) {
        vg_fact_used(sink, roles.count ? &roles.items[0] : NULL);
        list_administrator_policies(view, &administrators);
        list_trusts(view, &public_trusts, &strangers);
        vg_fact_list(sink, "AdministratorPolicies", &administrators);
        vg_fact_list(sink, "PublicTrusts", &public_trusts);
        if (accounts_are_known(view->org))
            vg_fact_list(sink, "ExternalTrustsWithoutCondition", &strangers);
        vg_fact_i64(sink, "UsersCount", (int64_t)vg_view_of(view, "AWS::IAM::User").count);
        vg_fact_bool(sink, "SupportRole", has_support_role(view));
    }
    vg_fact_answer(sink, "UnusedAccessAnalyzer", has_unused_analyzer(view));
    vg_fact_end(sink);
}
