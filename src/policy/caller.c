/* caller.c: who calls, and how a Principal element names them.
 *
 * "IAM JSON policy elements: Principal" and "...: NotPrincipal". A session is named by its own ARN, by its role's ARN, or
 * by its account; "*" names everybody, callers without credentials too. A role's name is one of its kind in an account,
 * whatever its path, so the session of a role matches the role's ARN by account and name.
 *
 * How a caller is named decides what limits it ("Policy evaluation logic", "Evaluating identity-based policies with
 * resource-based policies"): see vg_naming. */
#include "policy/policy_part.h"

/* ---- callers ------------------------------------------------------------------------------------------------------------------ */

static vg_str last_part(vg_str path)
{
    size_t slash = vg_str_rfind_char(path, '/');
    return slash == VG_NPOS ? path : vg_str_sub(path, slash + 1, path.len);
}

static void iam_caller(vg_caller *c, vg_str resource)
{
    if (vg_str_is(resource, "root")) {
        c->kind = VG_CALLER_ROOT;
    } else if (vg_str_starts(resource, VG_STR("user/"))) {
        c->kind = VG_CALLER_USER;
        c->name = last_part(resource);
    } else if (vg_str_starts(resource, VG_STR("role/"))) {
        c->kind = VG_CALLER_ROLE;
        c->name = c->role = last_part(resource);
        c->service_linked = vg_str_starts(resource, VG_STR("role/aws-service-role/"));
    } else if (vg_str_starts(resource, VG_STR("oidc-provider/")) ||
               vg_str_starts(resource, VG_STR("saml-provider/"))) {
        c->kind = VG_CALLER_FEDERATED;
    }
}

static void sts_caller(vg_caller *c, vg_str resource)
{
    vg_str kind, rest, role, session;
    if (!vg_str_split(resource, '/', &kind, &rest))
        return;
    if (vg_str_is(kind, "federated-user")) {
        c->kind = VG_CALLER_FEDERATED_SESSION;
        c->name = rest;
    } else if (vg_str_is(kind, "assumed-role") && vg_str_split(rest, '/', &role, &session)) {
        c->kind = VG_CALLER_ROLE_SESSION;
        c->role = role;
        c->name = session;
        c->service_linked = vg_str_starts(role, VG_STR("AWSServiceRoleFor"));
    }
}

/* "s3.amazonaws.com", "logs.us-east-1.amazonaws.com.cn", "alexa-appkit.amazon.com", "x.aws.internal". */
static bool is_service(vg_str text)
{
    return vg_str_ends(text, VG_STR(".amazonaws.com")) || vg_str_ends(text, VG_STR(".amazonaws.com.cn")) ||
           vg_str_ends(text, VG_STR(".amazon.com")) || vg_str_ends(text, VG_STR(".aws.internal"));
}

/* Providers that a trust policy names by domain. */
static const vg_str provider_domains[] = {
    VG_STR_INIT("cognito-identity.amazonaws.com"),
    VG_STR_INIT("accounts.google.com"),
    VG_STR_INIT("graph.facebook.com"),
    VG_STR_INIT("www.amazon.com"),
};

vg_caller vg_caller_of(vg_str text)
{
    vg_caller c = {.kind = VG_CALLER_UNKNOWN, .text = text};
    vg_arn_cut arn = vg_arn_cut_of(text);
    if (text.len == 0 || vg_str_is(text, "*"))
        c.kind = VG_CALLER_ANONYMOUS;
    else if (arn.count == VG_ARN_SEGMENTS && vg_str_is(arn.segment[0], "arn")) {
        c.account = arn.segment[4];
        if (vg_str_is(arn.segment[2], "iam"))
            iam_caller(&c, arn.segment[5]);
        else if (vg_str_is(arn.segment[2], "sts"))
            sts_caller(&c, arn.segment[5]);
    } else {
        for (size_t i = 0; i < VG_COUNT(provider_domains); i++)
            if (vg_str_eq(text, provider_domains[i]))
                c.kind = VG_CALLER_FEDERATED;
        if (c.kind == VG_CALLER_UNKNOWN && is_service(text))
            c.kind = VG_CALLER_SERVICE;
    }
    return c;
}

/* ---- one principal --------------------------------------------------------------------------------------------------------------- */

/* Whether the ARN is of the user whose federated session calls. Where nothing says whose it is, a closed request means the
 * user of the session's name, and an open one may mean any of the account. */
static vg_match is_user_of_session(const vg_request *request, const vg_rule_principal *p)
{
    const vg_caller *c = &request->caller;
    if (request->session_role_arn.len)
        return vg_str_eq(p->text, request->session_role_arn) ? VG_MATCH_YES : VG_MATCH_NO;
    if (p->shape != VG_ROLE_USER || !vg_str_eq(p->account, c->account))
        return VG_MATCH_NO;
    if (request->open)
        return VG_MATCH_UNKNOWN;
    static const vg_str user = VG_STR_INIT(":user/");
    size_t at = vg_str_find(p->text, user);
    return vg_str_eq(vg_str_sub(p->text, at + user.len, VG_NPOS), c->name) ? VG_MATCH_YES : VG_MATCH_NO;
}

static vg_naming named_by_arn(vg_evaluation *e, const vg_rule_principal *p, vg_match *certain)
{
    const vg_caller *c = &e->request->caller;
    if (vg_str_eq(p->text, c->text))
        return c->kind == VG_CALLER_ROLE ? VG_NAMED_ROLE : VG_NAMED_CALLER;
    switch (c->kind) {
    case VG_CALLER_ROLE_SESSION:
        if (p->shape == VG_ROLE_ROLE && vg_str_eq(p->account, c->account) && vg_str_eq(p->role, c->role))
            return VG_NAMED_ROLE;
        break;
    case VG_CALLER_FEDERATED_SESSION:
        *certain = is_user_of_session(e->request, p);
        return *certain == VG_MATCH_NO ? VG_NAMED_NOT : VG_NAMED_ROLE;
    case VG_CALLER_ROLE:
        /* The role stands for its sessions: which of them calls is not known. */
        if (e->request->open && p->shape == VG_ROLE_SESSION && vg_str_eq(p->account, c->account) &&
            vg_str_eq(p->role, c->role)) {
            *certain = VG_MATCH_UNKNOWN;
            return VG_NAMED_CALLER;
        }
        break;
    case VG_CALLER_USER:
    case VG_CALLER_ROOT:
    case VG_CALLER_SERVICE:
    case VG_CALLER_FEDERATED:
    case VG_CALLER_ANONYMOUS:
    case VG_CALLER_UNKNOWN:
        break;
    }
    return VG_NAMED_NOT;
}

/* A session that a web identity or SAML assertion made is also named by its provider ("Web identity session principals",
 * "SAML session principals"), which the request's context tells. */
static vg_naming named_by_provider(vg_evaluation *e, const vg_rule_principal *p, vg_match *certain)
{
    const vg_str key = VG_STR("aws:FederatedProvider");
    const vg_context_entry *entry = vg_context_find(e, vg_key_hash(key), key);
    if (entry ? entry->state == VG_CONTEXT_UNKNOWN : e->request->open) {
        *certain = VG_MATCH_UNKNOWN;
        return VG_NAMED_ROLE;
    }
    bool is = entry && entry->state == VG_CONTEXT_PRESENT && entry->value_count == 1 &&
              vg_str_eq(entry->values[0], p->text);
    return is ? VG_NAMED_ROLE : VG_NAMED_NOT;
}

static bool has_account(const vg_caller *c)
{
    return c->kind <= VG_CALLER_ROOT;
}

static vg_naming named_by(vg_evaluation *e, const vg_rule_principal *p, vg_match *certain)
{
    const vg_caller *c = &e->request->caller;
    *certain = VG_MATCH_YES;
    switch (p->kind) {
    case VG_PRINCIPAL_ANYONE:
        return VG_NAMED_CALLER;
    case VG_PRINCIPAL_ACCOUNT:
        return has_account(c) && vg_str_eq(p->account, c->account) ? VG_NAMED_ACCOUNT : VG_NAMED_NOT;
    case VG_PRINCIPAL_ARN:
        return named_by_arn(e, p, certain);
    case VG_PRINCIPAL_SERVICE:
        return c->kind == VG_CALLER_SERVICE && vg_str_eq(p->text, c->text) ? VG_NAMED_CALLER : VG_NAMED_NOT;
    case VG_PRINCIPAL_FEDERATED:
        if (c->kind == VG_CALLER_ROLE_SESSION)
            return named_by_provider(e, p, certain);
        return c->kind == VG_CALLER_FEDERATED && vg_str_eq(p->text, c->text) ? VG_NAMED_CALLER : VG_NAMED_NOT;
    case VG_PRINCIPAL_CANONICAL_USER:
        /* Which account it is, neither evidence nor a request tells. */
        if (has_account(c)) {
            *certain = VG_MATCH_UNKNOWN;
            return VG_NAMED_ACCOUNT;
        }
        break;
    case VG_PRINCIPAL_UNIQUE_ID:
    case VG_PRINCIPAL_INVALID:
        break;
    }
    return VG_NAMED_NOT;
}

/* ---- NotPrincipal ------------------------------------------------------------------------------------------------------------------ */

/* "Specifying NotPrincipal with Deny": the account, the role and the session must all be listed to spare a session. A user
 * or role is spared by its own ARN; its account's does not spare it, as the example of the user Bob says. */
static vg_match spared_if_listed(vg_evaluation *e, const vg_rule *rule)
{
    const vg_caller *c = &e->request->caller;
    vg_match found[VG_NAMED_COUNT] = {VG_MATCH_NO};
    for (uint32_t i = 0; i < rule->principal_count; i++) {
        vg_match certain;
        vg_naming how = named_by(e, &rule->principals[i], &certain);
        found[how] = vg_match_or(found[how], certain);
    }
    /* What is asked of evidence about a role is asked of its sessions: the role itself makes no requests. */
    bool is_role = c->kind == VG_CALLER_ROLE && !e->request->open;
    switch (c->kind) {
    case VG_CALLER_ROLE:
    case VG_CALLER_ROLE_SESSION:
        if (is_role)
            return found[VG_NAMED_ROLE];
        return vg_match_and(vg_match_and(found[VG_NAMED_ACCOUNT], found[VG_NAMED_ROLE]),
                            found[VG_NAMED_CALLER]);
    case VG_CALLER_FEDERATED_SESSION:
        return vg_match_and(found[VG_NAMED_ACCOUNT], found[VG_NAMED_CALLER]);
    case VG_CALLER_ROOT:
        return found[VG_NAMED_ACCOUNT];
    case VG_CALLER_USER:
    case VG_CALLER_SERVICE:
    case VG_CALLER_FEDERATED:
    case VG_CALLER_ANONYMOUS:
    case VG_CALLER_UNKNOWN:
        break;
    }
    return found[VG_NAMED_CALLER];
}

/* "The NotPrincipal element with a Deny effect will always deny any IAM principal that has a permissions boundary policy
 * attached" (Permissions boundaries for IAM entities). */
static vg_match spared_by_not_principal(vg_evaluation *e, const vg_rule *rule)
{
    vg_match listed = spared_if_listed(e, rule);
    for (uint32_t i = 0; i < rule->principal_count; i++)
        if (rule->principals[i].kind == VG_PRINCIPAL_ANYONE)
            return VG_MATCH_YES;
    return vg_match_and(listed, vg_match_not(e->bounded));
}

/* Allow with NotPrincipal: everybody whom no principal of the list names, in whatever way. */
static vg_match listed_at_all(vg_evaluation *e, const vg_rule *rule)
{
    vg_match found = VG_MATCH_NO;
    for (uint32_t i = 0; i < rule->principal_count; i++) {
        vg_match certain;
        if (named_by(e, &rule->principals[i], &certain) != VG_NAMED_NOT)
            found = vg_match_or(found, certain);
    }
    return found;
}

/* A closed request does not tell its account's canonical user: what is allowed to one, it does not claim, and what is
 * denied to one may be denied to it. */
static bool is_untold_canonical_user(const vg_evaluation *e, const vg_rule_principal *p)
{
    return !e->request->open && p->kind == VG_PRINCIPAL_CANONICAL_USER;
}

/* ---- the element --------------------------------------------------------------------------------------------------------------------- */

void vg_rule_names(vg_evaluation *e, const vg_rule *rule, vg_match named[VG_NAMED_COUNT])
{
    memset(named, 0, VG_NAMED_COUNT * sizeof *named);
    if (!rule->checks_principal) {
        named[VG_NAMED_CALLER] = VG_MATCH_YES;
    } else if (rule->not_principal) {
        bool deny = rule->effect == VG_EFFECT_DENY;
        vg_naming how = e->request->caller.kind == VG_CALLER_ROLE ? VG_NAMED_ROLE : VG_NAMED_CALLER;
        named[how] = vg_match_not(deny ? spared_by_not_principal(e, rule) : listed_at_all(e, rule));
    } else {
        for (uint32_t i = 0; i < rule->principal_count; i++) {
            vg_match certain;
            vg_naming how = named_by(e, &rule->principals[i], &certain);
            if (rule->effect == VG_EFFECT_ALLOW && is_untold_canonical_user(e, &rule->principals[i]))
                continue;
            named[how] = vg_match_or(named[how], certain);
        }
    }
}
