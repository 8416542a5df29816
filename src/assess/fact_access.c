/* fact_access.c: Vigil::Account::Access: who gets into the account and with what, at large: customer policies that allow
 * everything, roles that trust anybody or strangers, the support role, the analyzer for unused access.
 *
 * Policies and trusts are asked, not read: a policy allows everything when the engine allows, by it alone, actions of
 * services that have little in common and one that nobody has heard of; a role trusts whom the engine lets in. */
#include "assess/assess_part.h"

static void push(vg_vec *list, vg_str name)
{
    vg_str *item = vg_vec_push(list);
    if (item)
        *item = name;
}

/* ---- policies that allow everything ------------------------------------------------------------------------------------- */

static const vg_str unheard_of = VG_STR_INIT("any-service:AnyAction");

/* Most policies name their actions: whether one is worth compiling shows without. */
static bool could_allow_everything(const vg_policy_document *document)
{
    for (size_t i = 0; i < document->statement_count; i++)
        if (document->statements[i].effect == VG_EFFECT_ALLOW &&
            vg_statement_takes_in(&document->statements[i], unheard_of))
            return true;
    return false;
}

static vg_decision_result ask(const vg_policy *policy, vg_str action, vg_str caller, bool careful)
{
    static const vg_str yes = VG_STR_INIT("true");
    static const vg_context_entry context[] = {
        {.key = VG_STR_INIT("aws:MultiFactorAuthPresent"), .values = &yes, .value_count = 1},
        {.key = VG_STR_INIT("aws:SecureTransport"), .values = &yes, .value_count = 1}};
    vg_request request = {.caller = vg_caller_of(caller),
                          .action = action,
                          .resource = VG_STR("*"),
                          .context = context,
                          .context_count = careful ? VG_COUNT(context) : 0};
    vg_layers layers = {.identity = {VG_LAYER_KNOWN, &policy, 1, VG_STR("")}};
    return vg_policy_decide(&request, &layers).result;
}

/* Allowed without a condition; Denies that careful people can satisfy (with multi-factor authentication, encrypted) do not
 * count. */
static bool allows_all_actions(const vg_policy *policy, vg_str caller)
{
    static const vg_str actions[] = {VG_STR_INIT("iam:CreateAccessKey"), VG_STR_INIT("s3:DeleteBucket"),
                                     VG_STR_INIT("ec2:TerminateInstances"),
                                     VG_STR_INIT("kms:ScheduleKeyDeletion"),
                                     VG_STR_INIT("any-service:AnyAction")};
    for (size_t i = 0; i < VG_COUNT(actions); i++)
        if (ask(policy, actions[i], caller, false) == VG_IMPLICITLY_DENIED ||
            ask(policy, actions[i], caller, true) != VG_ALLOWED)
            return false;
    return true;
}

static bool allows_everything(const vg_view *view, const vg_sighting *seen, vg_arena *arena)
{
    vg_doc doc = {
        .root = seen->properties, .name = seen->resource.origin, .source = seen->resource.properties};
    vg_policy_document document;
    const vg_policy *policy;
    const vg_value *text = vg_prop(seen, "PolicyDocument");
    vg_str caller = vg_arena_printf(arena, "arn:%.*s:iam::%.*s:role/x", VG_ARG(view->org->partition),
                                    VG_ARG(view->account));
    if (!text ||
        vg_policy_read(arena, &doc, text, VG_POLICY_IDENTITY, seen->resource.name, &document, NULL) != VG_OK)
        return false;
    return could_allow_everything(&document) &&
           vg_policy_compile(arena, &document, NULL, &policy, NULL) == VG_OK &&
           allows_all_actions(policy, caller);
}

static void list_administrator_policies(const vg_view *view, vg_arena *arena, vg_vec *out)
{
    vg_sightings all = vg_view_of(view, "AWS::IAM::ManagedPolicy");
    for (size_t i = 0; i < all.count; i++) {
        vg_str arn = all.items[i].resource.id;
        bool is_aws = vg_str_find(arn, VG_STR(":iam::aws:policy/")) != VG_NPOS;
        if (!is_aws && allows_everything(view, &all.items[i], arena))
            push(out, arn);
    }
}

/* ---- trust --------------------------------------------------------------------------------------------------------------- */

/* Whether the stranger gets in without the secret that it was given: asked again without an external id. */
static bool needs_no_secret(const vg_view *view, const vg_witness *witness, vg_arena *arena)
{
    vg_context_entry *context = VG_NEW_N(arena, vg_context_entry, witness->context_count + 1);
    vg_witness bare = *witness;
    vg_decision decision;
    bare.context = context;
    bare.context_count = 0;
    for (size_t i = 0; context && i < witness->context_count; i++)
        if (!vg_str_eq_icase(witness->context[i].key, VG_STR("sts:ExternalId")))
            context[bare.context_count++] = witness->context[i];
    return context && vg_witness_decide(arena, view->world, &bare, &decision, NULL) == VG_OK &&
           decision.result == VG_ALLOWED;
}

static void list_trusts(const vg_view *view, vg_arena *arena, vg_vec *public_ones, vg_vec *strangers)
{
    for (size_t i = 0; i < view->exposures->exposure_count; i++) {
        const vg_exposure *exposure = &view->exposures->exposures[i];
        vg_str account = vg_caller_of(exposure->witness.caller).account;
        bool is_stranger = vg_is_account_id(account) && !vg_str_eq(account, view->account);
        if (!vg_str_is(exposure->type, "AWS::IAM::Role"))
            continue;
        if (exposure->reach == VG_REACH_ANYONE)
            push(public_ones, exposure->resource);
        if (exposure->reach == VG_REACH_EXTERNAL && is_stranger &&
            needs_no_secret(view, &exposure->witness, arena))
            push(strangers, exposure->resource);
    }
    vg_tidy_names(public_ones);
    vg_tidy_names(strangers);
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
        list_administrator_policies(view, sink->arena, &administrators);
        vg_fact_list(sink, "AdministratorPolicies", &administrators);
        if (view->exposures) {
            list_trusts(view, sink->arena, &public_trusts, &strangers);
            vg_fact_list(sink, "PublicTrusts", &public_trusts);
            if (accounts_are_known(view->org))
                vg_fact_list(sink, "ExternalTrustsWithoutCondition", &strangers);
        }
        vg_fact_i64(sink, "UsersCount", (int64_t)vg_view_of(view, "AWS::IAM::User").count);
        vg_fact_bool(sink, "SupportRole", has_support_role(view));
    }
    vg_fact_answer(sink, "UnusedAccessAnalyzer", has_unused_analyzer(view));
    vg_fact_end(sink);
}
