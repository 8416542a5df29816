/* lint_own.c: our own checks of what is granted: too much to too many, or on conditions that do not hold anybody back.
 *
 * ValidatePolicy judges a policy's elements; these judge what they come to. Each names one mistake that reviews of real
 * policies keep finding. */
#include "policy/lint_part.h"

static bool has_conditions(const lint_statement *s)
{
    return s->condition_count > 0;
}

static bool names_all_actions(const lint_statement *s)
{
    for (size_t i = 0; i < s->action_count; i++)
        if (s->actions[i].is_all)
            return !s->s->not_action;
    return false;
}

static bool names_all_resources(const lint_statement *s)
{
    for (size_t i = 0; i < s->resource_count; i++)
        if (s->resources[i].is_all)
            return !s->s->not_resource;
    return false;
}

/* ---- grants that are too wide -------------------------------------------------------------------------------------------------------- */

static void allow_not_action(lint *l, const lint_row *row, const lint_statement *s)
{
    if (lint_allows(s) && s->s->not_action)
        lint_raise_plain(l, row, s->s->action_at);
}

static void allow_not_resource(lint *l, const lint_row *row, const lint_statement *s)
{
    if (lint_allows(s) && s->s->not_resource)
        lint_raise_plain(l, row, s->s->resource_at);
}

static void allow_everything(lint *l, const lint_row *row, const lint_statement *s)
{
    if (!lint_allows(s) || has_conditions(s) || !names_all_actions(s) || !names_all_resources(s))
        return;
    lint_raise_plain(l, row, s->s->action_at);
    lint_also(l, s->s->resource_at);
}

static bool is_anyone(const lint_statement *s, const vg_value **at)
{
    for (size_t i = 0; i < s->s->principal_count && !s->s->not_principal; i++)
        if (s->s->principals[i].kind == VG_PRINCIPAL_ANYONE) {
            *at = s->s->principals[i].at;
            return true;
        }
    return false;
}

/* Keys of tags and of the principal's own making do not keep strangers out, but those of content's list do. */
static void anyone(lint *l, const lint_row *row, const lint_statement *s)
{
    const vg_value *at;
    if (lint_allows(s) && is_anyone(s, &at) && !lint_narrows(s, LINT_KEY_NARROWING))
        lint_raise_plain(l, row, at);
}

static void assume_any_role(lint *l, const lint_row *row, const lint_statement *s)
{
    if (!lint_allows(s) || has_conditions(s) || s->s->not_action || !names_all_resources(s))
        return;
    for (size_t i = 0; i < s->action_count; i++)
        if (!s->actions[i].is_all && lint_action_names(&s->actions[i], VG_STR("sts:AssumeRole"))) {
            lint_raise_plain(l, row, s->actions[i].at);
            lint_also(l, s->s->resource_at);
            return;
        }
}

/* ---- trust ---------------------------------------------------------------------------------------------------------------------------------- */

static bool tests_source(const lint_statement *s)
{
    for (size_t i = 0; i < s->condition_count; i++)
        if ((s->conditions[i].lists >> LINT_KEY_SOURCE & 1) && !s->conditions[i].c->if_exists)
            return true;
    return false;
}

static void confused_deputy(lint *l, const lint_row *row, const lint_statement *s,
                            const vg_policy_principal *p)
{
    if (lint_allows(s) && p->kind == VG_PRINCIPAL_SERVICE && lint_may_look_around(l, s) && !tests_source(s) &&
        (lint_content_bits(l->content->services, p->text) >> LINT_SERVICE_DEPUTY & 1))
        lint_raise(
            l, row, p->at,
            "%.*s assumes this role for whoever asks it to: test aws:SourceAccount or aws:SourceArn (without "
            "IfExists).",
            VG_ARG(lint_shown(p->text)));
}

static void whole_account(lint *l, const lint_row *row, const lint_statement *s, const vg_policy_principal *p)
{
    if (lint_allows(s) && p->kind == VG_PRINCIPAL_ACCOUNT && !has_conditions(s))
        lint_raise(l, row, p->at,
                   "Everybody in %.*s whom that account lets may assume the role: name the roles, or test "
                   "sts:ExternalId "
                   "(a partner's account), aws:PrincipalArn or MFA.",
                   VG_ARG(lint_shown(p->account)));
}

static bool has_claim(const lint_statement *s, vg_str claim)
{
    for (size_t i = 0; i < s->condition_count; i++)
        if (lint_is_provider_key(&s->conditions[i]) && vg_str_ends(s->conditions[i].c->key, claim))
            return true;
    return false;
}

static void oidc_audience(lint *l, const lint_row *row, const lint_statement *s, const vg_policy_principal *p)
{
    vg_arn arn;
    if (lint_allows(s) && p->kind == VG_PRINCIPAL_FEDERATED && vg_arn_parse(p->text, &arn) &&
        vg_str_starts(arn.resource, VG_STR("oidc-provider/")) && has_conditions(s) &&
        lint_may_look_around(l, s) && !has_claim(s, VG_STR(":aud")))
        lint_raise(l, row, p->at, "Tokens of %.*s that were made for others are let in: test the claim aud.",
                   VG_ARG(lint_shown(p->text)));
}

static void unauthenticated(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    if (!lint_allows(s) || !vg_str_eq_icase(c->c->key, VG_STR("cognito-identity.amazonaws.com:amr")) ||
        vg_operator_is_negated(c->c->op))
        return;
    for (size_t k = 0; k < c->c->value_count; k++)
        if (vg_str_is(c->c->values[k], "unauthenticated"))
            lint_raise_plain(l, row, lint_value_node(c, k));
}

/* ---- conditions that hold nobody back ---------------------------------------------------------------------------------------------------------- */

static bool tests_existence(const lint_statement *s, vg_str key)
{
    for (size_t i = 0; i < s->condition_count; i++)
        if (s->conditions[i].c->op == VG_OP_NULL && vg_str_eq_icase(s->conditions[i].c->key, key))
            return true;
    return false;
}

static void for_all_values(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    if (lint_allows(s) && c->c->qualifier == VG_QUALIFIER_FOR_ALL_VALUES && c->c->op != VG_OP_NULL &&
        lint_may_look_around(l, s) && !tests_existence(s, c->c->key))
        lint_raise(
            l, row, c->key_at,
            "%.*s holds where %.*s is missing, so a request without it is allowed: add \"Null\": {\"%.*s\": "
            "\"false\"}.",
            VG_ARG(lint_shown(c->c->op_text)), VG_ARG(lint_shown(c->c->key)), VG_ARG(lint_shown(c->c->key)));
}

static bool is_mfa(const lint_condition *c)
{
    return vg_str_eq_icase(c->c->key, VG_STR("aws:MultiFactorAuthPresent")) && c->c->op == VG_OP_BOOL &&
           c->c->value_count == 1;
}

static void mfa_if_exists(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    if (lint_allows(s) && is_mfa(c) && c->c->if_exists && vg_str_eq_icase(c->c->values[0], VG_STR("true")))
        lint_raise_plain(l, row, c->key_at);
}

/* ---- rows ---------------------------------------------------------------------------------------------------------------------------------------- */

#define STATEMENT(code_, type_, kinds_, finds_, remedy_, run_)                                               \
    {                                                                                                        \
        .check = {code_, type_, kinds_, false, finds_, remedy_}, .scope = LINT_STATEMENT,                    \
        .run.statement = run_                                                                                \
    }
#define PRINCIPAL(code_, type_, finds_, remedy_, run_)                                                       \
    {                                                                                                        \
        .check = {code_, type_, LINT_TRUST, false, finds_, remedy_}, .scope = LINT_PRINCIPAL,                \
        .run.principal = run_                                                                                \
    }
#define CONDITION(code_, type_, kinds_, finds_, remedy_, run_)                                               \
    {                                                                                                        \
        .check = {code_, type_, kinds_, false, finds_, remedy_}, .scope = LINT_CONDITION,                    \
        .run.condition = run_                                                                                \
    }
#define ATTACHED (VG_LINT_KIND(VG_POLICY_IDENTITY) | VG_LINT_KIND(VG_POLICY_SESSION))

static const lint_row rows[] = {
    STATEMENT("VG_ALLOW_EVERYTHING", VG_LINT_SECURITY_WARNING, ATTACHED,
              "All actions on all resources are allowed without a condition: an administrator.",
              "Allow what is used (vigil iam generate), or deny by a boundary what must not be.",
              allow_everything),
    STATEMENT("VG_ALLOW_NOT_ACTION", VG_LINT_SECURITY_WARNING, ATTACHED | LINT_RESOURCE_KIND | LINT_TRUST,
              "Allow with NotAction allows all other actions, those of services to come too.",
              "List the actions with Action; deny the others in a statement of their own.", allow_not_action),
    STATEMENT("VG_ALLOW_NOT_RESOURCE", VG_LINT_SECURITY_WARNING, ATTACHED | LINT_RESOURCE_KIND,
              "Allow with NotResource allows the actions on all other resources, those to come too.",
              "List the resources with Resource; deny the others in a statement of their own.",
              allow_not_resource),
    STATEMENT("VG_ANYONE", VG_LINT_SECURITY_WARNING, LINT_RESOURCE_KIND | LINT_TRUST,
              "Anyone is let in, anonymous callers too: nothing in Condition says who.",
              "Name the principals, or test aws:PrincipalOrgID (or another key that names accounts, networks "
              "or sources).",
              anyone),
    STATEMENT("VG_ASSUME_ANY_ROLE", VG_LINT_SECURITY_WARNING, ATTACHED,
              "sts:AssumeRole on all resources: any role of any account that trusts this one.",
              "Name the roles in Resource.", assume_any_role),
    PRINCIPAL("VG_CONFUSED_DEPUTY", VG_LINT_SECURITY_WARNING,
              "A service that acts for others may assume the role without saying for whom.",
              "Test aws:SourceAccount or aws:SourceArn, without IfExists.", confused_deputy),
    CONDITION("VG_FORALLVALUES_WITHOUT_NULL", VG_LINT_SECURITY_WARNING,
              VG_LINT_ALL_KINDS & ~(LINT_SCP | LINT_RCP),
              "An Allow with ForAllValues also holds for requests that do not carry the key at all.",
              "Add a Null test for the key, or use ForAnyValue.", for_all_values),
    CONDITION(
        "VG_MFA_IF_EXISTS", VG_LINT_SECURITY_WARNING, VG_LINT_ALL_KINDS,
        "An Allow asks for MFA by BoolIfExists: access keys never carry the key and are let in without.",
        "Use Bool.", mfa_if_exists),
    PRINCIPAL("VG_OIDC_WITHOUT_AUDIENCE", VG_LINT_SECURITY_WARNING,
              "An OIDC provider is trusted without a condition on the audience of its tokens.",
              "Test PROVIDER:aud.", oidc_audience),
    PRINCIPAL("VG_TRUST_WHOLE_ACCOUNT", VG_LINT_SUGGESTION, "A whole account is trusted without a condition.",
              "Name the roles that may assume this one, or test sts:ExternalId, aws:PrincipalArn or MFA.",
              whole_account),
    CONDITION("VG_UNAUTHENTICATED_COGNITO", VG_LINT_SECURITY_WARNING, LINT_TRUST,
              "Visitors who did not sign in may assume the role.",
              "Ask for \"authenticated\", or keep what the role may do to what any visitor may see.",
              unauthenticated),
};

const lint_family lint_own_family = {rows, VG_COUNT(rows)};
