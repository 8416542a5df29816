/* lint_trust.c: trust policies of roles: who may assume them, by which of the three actions, and on what word of an identity
 * provider.
 *
 * IAM User Guide, "Creating a role for web identity or OpenID Connect federation" and "... for SAML 2.0 federation": SAML
 * providers go with sts:AssumeRoleWithSAML, OIDC providers with sts:AssumeRoleWithWebIdentity, everybody else with
 * sts:AssumeRole. A token of an OIDC provider proves only what conditions on its claims ask for; GitHub's provider serves all
 * of GitHub, so its sub must name the repository. */
#include "policy/lint_part.h"

#define GITHUB "token.actions.githubusercontent.com"

/* ---- what a federated principal is ---------------------------------------------------------------------------------------------------- */

typedef enum { NOT_FEDERATED, SAML, OIDC, MALFORMED } provider_kind;

static bool is_domain(vg_str text)
{
    bool dot = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        dot |= c == '.';
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
              (dot && (c == '/' || c == '_' || (c >= 'A' && c <= 'Z')))))
            return false;
    }
    return dot && text.ptr[0] != '.' && text.ptr[text.len - 1] != '.';
}

static provider_kind provider_of(const vg_policy_principal *p)
{
    vg_arn arn;
    if (p->kind != VG_PRINCIPAL_FEDERATED)
        return NOT_FEDERATED;
    if (!vg_arn_parse(p->text, &arn))
        return is_domain(p->text) ? OIDC : MALFORMED;
    if (vg_str_is(arn.service, "iam") && vg_str_starts(arn.resource, VG_STR("saml-provider/")))
        return SAML;
    return vg_str_is(arn.service, "iam") && vg_str_starts(arn.resource, VG_STR("oidc-provider/")) ? OIDC
                                                                                                  : MALFORMED;
}

/* The host of an OIDC provider, with its path: what its condition keys begin with. */
static vg_str host_of(const vg_policy_principal *p)
{
    vg_arn arn;
    vg_str prefix = VG_STR("oidc-provider/");
    return vg_arn_parse(p->text, &arn) ? vg_str_sub(arn.resource, prefix.len, VG_NPOS) : p->text;
}

static bool has_key_of(const lint_statement *s, vg_str host)
{
    for (size_t i = 0; i < s->condition_count; i++) {
        vg_str key = s->conditions[i].c->key;
        if (key.len > host.len && key.ptr[host.len] == ':' &&
            vg_str_eq_icase(vg_str_sub(key, 0, host.len), host))
            return true;
    }
    return false;
}

static void malformed_provider(lint *l, const lint_row *row, const lint_statement *s,
                               const vg_policy_principal *p)
{
    (void)s;
    if (provider_of(p) == MALFORMED)
        lint_raise(l, row, p->at, "%.*s is neither a domain name nor the ARN of a SAML or OIDC provider.",
                   VG_ARG(lint_shown(p->text)));
}

/* ---- actions and their principals -------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *action;
    unsigned providers; /* bits of provider_kind that may use it */
} assume_actions[] = {
    {"sts:AssumeRole", 1u << NOT_FEDERATED},
    {"sts:AssumeRoleWithSAML", 1u << SAML},
    {"sts:AssumeRoleWithWebIdentity", 1u << OIDC},
};

static unsigned providers_of_action(vg_str action)
{
    for (size_t i = 0; i < VG_COUNT(assume_actions); i++)
        if (vg_str_eq_icase(action, vg_str_from(assume_actions[i].action)))
            return assume_actions[i].providers;
    return ~0u;
}

static void mismatched(lint *l, const lint_row *row, const lint_statement *s)
{
    unsigned found = 0;
    for (size_t k = 0; k < s->s->principal_count; k++)
        found |= 1u << provider_of(&s->s->principals[k]);
    for (size_t i = 0; i < s->action_count && !s->s->not_action && found; i++) {
        /* One action for all kinds of principals in a statement is common: wrong is what none of them can use. */
        if ((found & providers_of_action(s->actions[i].text)) || (found & 1u << MALFORMED))
            continue;
        lint_raise(
            l, row, s->actions[i].at,
            "None of the principals can call %.*s: SAML providers use sts:AssumeRoleWithSAML, OIDC providers "
            "sts:AssumeRoleWithWebIdentity.",
            VG_ARG(lint_shown(s->actions[i].text)));
        lint_also(l, s->s->principal_at);
    }
}

static bool names(const lint_statement *s, const char *principal)
{
    for (size_t i = 0; i < s->s->principal_count; i++)
        if (vg_str_is(s->s->principals[i].text, principal))
            return !s->s->not_principal;
    return false;
}

/* Over all statements: they may grant the three actions apart. */
static void roles_anywhere(lint *l, const lint_row *row)
{
    static const char *const needed[] = {"sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"};
    const vg_value *at = NULL;
    unsigned granted = 0;
    for (size_t i = 0; i < l->statement_count; i++) {
        const lint_statement *s = &l->statements[i];
        if (!lint_allows(s) || !names(s, "rolesanywhere.amazonaws.com"))
            continue;
        for (size_t k = 0; k < VG_COUNT(needed); k++)
            granted |= (unsigned)lint_statement_names(s, vg_str_from(needed[k])) << k;
        at = at ? at : s->s->action_at ? s->s->action_at : s->s->at;
        l->statement = (uint32_t)i;
    }
    for (size_t k = 0; at && k < VG_COUNT(needed); k++)
        if (!(granted >> k & 1)) {
            lint_raise(l, row, at,
                       "IAM Roles Anywhere needs %s as well: allow sts:AssumeRole, sts:SetSourceIdentity and "
                       "sts:TagSession.",
                       needed[k]);
            return;
        }
}

/* ---- claims ------------------------------------------------------------------------------------------------------------------------------- */

static void oidc_without_claims(lint *l, const lint_row *row, const lint_statement *s,
                                const vg_policy_principal *p)
{
    if (lint_allows(s) && provider_of(p) == OIDC && lint_may_look_around(l, s) && !has_key_of(s, host_of(p)))
        lint_raise(l, row, p->at, "Any token of %.*s is let in: test its claims, %.*s:aud and %.*s:sub.",
                   VG_ARG(lint_shown(host_of(p))), VG_ARG(lint_shown(host_of(p))),
                   VG_ARG(lint_shown(host_of(p))));
}

static bool is_github(const vg_policy_principal *p)
{
    return provider_of(p) == OIDC && vg_str_starts(host_of(p), VG_STR(GITHUB));
}

/* A condition on GitHub's sub: by the plain key, or that of an enterprise's issuer. */
static bool is_github_claim(const lint_condition *c, const char *claim)
{
    vg_str key = c->c->key, name = vg_str_from(claim);
    return vg_str_starts(key, VG_STR(GITHUB)) && key.len > name.len &&
           key.ptr[key.len - name.len - 1] == ':' && vg_str_ends(key, name);
}

static const lint_condition *github_claim(const lint_statement *s, const char *claim)
{
    for (size_t i = 0; i < s->condition_count; i++)
        if (is_github_claim(&s->conditions[i], claim))
            return &s->conditions[i];
    return NULL;
}

static void github_without_repo(lint *l, const lint_row *row, const lint_statement *s,
                                const vg_policy_principal *p)
{
    if (lint_allows(s) && is_github(p) && lint_may_look_around(l, s) && !github_claim(s, "sub") &&
        !github_claim(s, "repository") && !github_claim(s, "repository_id") &&
        !github_claim(s, "job_workflow_ref"))
        lint_raise(l, row, p->at,
                   "Any repository of GitHub is let in: test " GITHUB
                   ":sub for repo:OWNER/REPO:ref:refs/heads/BRANCH.");
}

/* Whether "repo:OWNER/REPO:..." names owner and repository, and what follows is left to a condition on the branch. */
static bool leaves_branch_alone(vg_str value)
{
    vg_str rest;
    if (!vg_str_starts(value, VG_STR("repo:")))
        return false;
    rest = vg_str_sub(value, 5, VG_NPOS);
    size_t colon = vg_str_find_char(rest, ':');
    return colon != VG_NPOS && !lint_is_wild(vg_str_sub(rest, 0, colon));
}

static void github_wildcard(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    if (!lint_allows(s) || !is_github_claim(c, "sub") || !lint_op_takes_patterns(c->c->op) ||
        !lint_may_look_around(l, s))
        return;
    for (size_t k = 0; k < c->c->value_count; k++) {
        vg_str value = c->c->values[k];
        if (lint_has_wildcard(value) && !(leaves_branch_alone(value) && github_claim(s, "ref")))
            lint_raise(
                l, row, lint_value_node(c, k),
                "%.*s lets in more than one branch of one repository: name both, or the branch in " GITHUB
                ":ref.",
                VG_ARG(lint_shown(value)));
    }
}

/* ---- principals of trust policies ------------------------------------------------------------------------------------------------------------ */

static void not_principal(lint *l, const lint_row *row, const lint_statement *s)
{
    if (s->s->not_principal)
        lint_raise_plain(l, row, s->s->principal_at);
}

static void bare_star(lint *l, const lint_row *row, const lint_statement *s)
{
    const vg_value *principal = s->s->principal_at;
    if (lint_allows(s) && principal && principal->kind == VG_STRING &&
        vg_str_is(vg_value_str(principal), "*"))
        lint_raise_plain(l, row, principal);
}

/* "arn:aws:sts::1:assumed-role/R/S" beside "arn:aws:iam::1:role/.../R". */
static bool is_session_of(const vg_policy_principal *session, const vg_policy_principal *role)
{
    vg_arn s, r;
    vg_str name, rest;
    if (session->kind != VG_PRINCIPAL_ARN || role->kind != VG_PRINCIPAL_ARN ||
        !vg_arn_parse(session->text, &s) || !vg_arn_parse(role->text, &r) ||
        !vg_str_eq(s.account, r.account) || !vg_str_starts(s.resource, VG_STR("assumed-role/")) ||
        !vg_str_starts(r.resource, VG_STR("role/")))
        return false;
    vg_str_split(vg_str_sub(s.resource, 13, VG_NPOS), '/', &name, &rest);
    return vg_str_eq(name, vg_str_sub(r.resource, vg_str_rfind_char(r.resource, '/') + 1, VG_NPOS));
}

static void redundant_session(lint *l, const lint_row *row, const lint_statement *s,
                              const vg_policy_principal *p)
{
    for (size_t i = 0; i < s->s->principal_count && lint_spend(l, 1); i++)
        if (is_session_of(p, &s->s->principals[i])) {
            lint_raise(l, row, p->at, "The session %.*s is let in with its role %.*s already.",
                       VG_ARG(lint_shown(p->text)), VG_ARG(lint_shown(s->s->principals[i].text)));
            return;
        }
}

/* ---- rows -------------------------------------------------------------------------------------------------------------------------------------- */

#define STATEMENT(code_, type_, finds_, remedy_, run_)                                                       \
    {                                                                                                        \
        .check = {code_, type_, LINT_TRUST, false, finds_, remedy_}, .scope = LINT_STATEMENT,                \
        .run.statement = run_                                                                                \
    }
#define PRINCIPAL(code_, type_, finds_, remedy_, run_)                                                       \
    {                                                                                                        \
        .check = {code_, type_, LINT_TRUST, false, finds_, remedy_}, .scope = LINT_PRINCIPAL,                \
        .run.principal = run_                                                                                \
    }

static const lint_row rows[] = {
    PRINCIPAL("INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY", VG_LINT_ERROR,
              "A federated principal is neither a domain name nor the ARN of a provider.",
              "Write the provider's ARN, or a domain such as accounts.google.com.", malformed_provider),
    STATEMENT(
        "MISMATCHED_ACTION_FOR_PRINCIPAL", VG_LINT_ERROR,
        "None of a statement's principals can call its action.",
        "Use sts:AssumeRoleWithSAML for SAML, sts:AssumeRoleWithWebIdentity for OIDC, else sts:AssumeRole.",
        mismatched),
    {.check = {"MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY", VG_LINT_ERROR, LINT_TRUST, false,
               "IAM Roles Anywhere is not allowed all that it needs to assume the role.",
               "Allow sts:AssumeRole, sts:SetSourceIdentity and sts:TagSession."},
     .scope = LINT_DOCUMENT,
     .run.document = roles_anywhere},
    PRINCIPAL("MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL", VG_LINT_SECURITY_WARNING,
              "An OIDC provider is trusted without a condition on its tokens.",
              "Test the audience and the subject of the token.", oidc_without_claims),
    PRINCIPAL("MISSING_GITHUB_REPO_CONDITION_KEY", VG_LINT_SECURITY_WARNING,
              "GitHub's provider is trusted whichever repository runs.",
              "Test " GITHUB ":sub for the repository and branch.", github_without_repo),
    PRINCIPAL("REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY", VG_LINT_SUGGESTION,
              "A session is named beside the role that it is a session of.", "Remove the session.",
              redundant_session),
    STATEMENT("ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL", VG_LINT_ERROR,
              "A trust policy has NotPrincipal.", "Name who may assume the role with Principal.",
              not_principal),
    STATEMENT("ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL", VG_LINT_ERROR,
              "\"Principal\": \"*\" lets anybody try to assume the role.",
              "Name the accounts, users or roles; {\"AWS\": \"*\"} with a condition on aws:PrincipalOrgID "
              "for an organisation.",
              bare_star),
    {.check = {"SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED", VG_LINT_WARNING, LINT_TRUST, false,
               "The condition on GitHub's sub holds a wildcard.",
               "Name repository and branch: repo:OWNER/REPO:ref:refs/heads/main."},
     .scope = LINT_CONDITION,
     .run.condition = github_wildcard},
};

const lint_family lint_trust_family = {rows, VG_COUNT(rows)};
