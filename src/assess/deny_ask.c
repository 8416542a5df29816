/* deny_ask.c: how far policies forbid something in an account.
 *
 * The engine is asked for one request after another, and what it answers is counted: all denied is yes, all allowed is no,
 * everything else is partly. So that "all" means all, the requests come from the policies themselves:
 *
 *     callers     one user and one role of names that nobody gives, and one for each principal that a Deny names
 *     resources   one of the kind with such a name, and one for each pattern of a Deny
 *     variants    what the Deny must hang on, and what it must not: a region that no Deny names and those that are named;
 *                 without and with multi-factor authentication; callers of no, another and our organisation
 *
 * Requests are open: keys that the account does not settle (tags, addresses, dates) are unknown, and a Deny that hangs on
 * them makes the answer Unknown, which is partly. Explicit Denies alone are asked for: each level allows everything. */
#include "assess/deny_ask.h"

#define NAME_OF_NOBODY "any-Name_1"
#define STRANGER       "999999999999"

enum { CONTEXT_MAX = 20 };

typedef enum { MFA_UNKNOWN, MFA_ABSENT, MFA_FALSE, MFA_TRUE } mfa_state;

/* What differs from request to request besides caller and resource. */
typedef struct {
    vg_str region;       /* ptr NULL: unknown */
    vg_str organization; /* of the caller; empty: of none; ptr NULL: as the question's */
    mfa_state mfa;
} variant;

typedef struct {
    const vg_deny_question *question;
    const vg_deny_need *need;
    vg_arena *arena;
    vg_str service;
    vg_vec callers, resources; /* vg_str */
    vg_vec wanted, others;     /* variant: what must be denied, and what must not */
    vg_layer level;
    bool failed;
} asker;

/* ---- lists ---------------------------------------------------------------------------------------------------------------- */

static void add_text(asker *a, vg_vec *list, vg_str text)
{
    a->failed = a->failed || !text.ptr;
    for (size_t i = 0; i < list->len; i++)
        if (vg_str_eq(*(vg_str *)vg_vec_at(list, i), text))
            return;
    vg_str *item = vg_vec_push(list);
    if (item)
        *item = text;
    a->failed = a->failed || !item;
}

static void add_variant(asker *a, vg_vec *list, variant v)
{
    variant *item = vg_vec_push(list);
    if (item)
        *item = v;
    a->failed = a->failed || !item;
}

/* A text that the pattern matches. */
static vg_str text_of(asker *a, vg_str pattern)
{
    vg_str text = vg_text_like(a->arena, pattern);
    a->failed = a->failed || !text.ptr;
    return text;
}

/* ---- callers ---------------------------------------------------------------------------------------------------------------- */

static vg_str principal_arn(asker *a, vg_str account, vg_str resource)
{
    return vg_arena_printf(a->arena, "arn:%.*s:iam::%.*s:%.*s", VG_ARG(a->question->org->partition),
                           VG_ARG(account), VG_ARG(resource));
}

/* Whether principals of that kind are asked for at all. */
static bool is_asked(const asker *a, vg_str resource)
{
    bool is_user = vg_str_starts(resource, VG_STR("user/")),
         is_role = vg_str_starts(resource, VG_STR("role/"));
    return a->question->whom == VG_DENY_EVERYBODY ? is_user || is_role
                                                  : a->question->whom == VG_DENY_USERS && is_user;
}

/* An account that the pattern names and that such callers are of; ptr NULL: none. */
static vg_str account_of_callers(const asker *a, vg_str pattern)
{
    const vg_deny_question *q = a->question;
    bool is_any = vg_str_glob(pattern, q->account) || vg_str_starts(pattern, VG_STR("${"));
    if (q->when != VG_DENY_FROM_OUTSIDE)
        return is_any ? q->account : (vg_str){0};
    if (vg_is_account_id(pattern))
        return vg_org_node(q->org, pattern) || is_any ? (vg_str){0} : pattern;
    return VG_STR(STRANGER);
}

/* A principal that a pattern of ARNs names. A pattern that is no ARN ("*Admin*") may name any role. */
static void add_named_caller(asker *a, vg_str pattern)
{
    vg_arn arn;
    bool is_arn = vg_arn_parse(pattern, &arn);
    vg_str account = account_of_callers(a, is_arn ? arn.account : VG_STR("*"));
    vg_str resource = text_of(a, is_arn ? arn.resource : pattern);
    if (!is_arn)
        resource = vg_arena_printf(a->arena, "role/%.*s", VG_ARG(resource));
    if (account.ptr && resource.ptr && is_asked(a, resource))
        add_text(a, &a->callers, principal_arn(a, account, resource));
}

static void add_callers(asker *a)
{
    static const vg_str user = VG_STR_INIT("user/x/" NAME_OF_NOBODY),
                        role = VG_STR_INIT("role/x/" NAME_OF_NOBODY);
    const vg_deny_question *q = a->question;
    if (q->when == VG_DENY_FROM_OUTSIDE) {
        add_text(a, &a->callers, principal_arn(a, VG_STR(STRANGER), role));
        return;
    }
    if (q->whom == VG_DENY_ONE)
        add_text(a, &a->callers, q->one);
    if (q->whom == VG_DENY_ROOT)
        add_text(a, &a->callers, principal_arn(a, q->account, VG_STR("root")));
    if (q->whom == VG_DENY_EVERYBODY || q->whom == VG_DENY_USERS)
        add_text(a, &a->callers, principal_arn(a, q->account, user));
    if (q->whom == VG_DENY_EVERYBODY)
        add_text(a, &a->callers, principal_arn(a, q->account, role));
}

/* ---- resources ---------------------------------------------------------------------------------------------------------------- */

static vg_str resource_arn(asker *a, vg_str region, vg_str resource)
{
    bool is_global = vg_str_is(a->service, "iam");
    return vg_arena_printf(a->arena, "arn:%.*s:%.*s:%.*s:%.*s:%.*s", VG_ARG(a->question->org->partition),
                           VG_ARG(a->service), VG_ARG(is_global ? VG_STR("") : region),
                           VG_ARG(a->question->account), VG_ARG(resource));
}

static vg_str kind_of(vg_str resource)
{
    size_t slash = vg_str_find_char(resource, '/');
    return slash == VG_NPOS ? resource : vg_str_sub(resource, 0, slash + 1);
}

/* A resource of the kind, in the account, that a pattern names. */
static void add_named_resource(asker *a, vg_str pattern)
{
    vg_arn arn;
    if (!a->need->resource || !vg_arn_parse(pattern, &arn) || !vg_str_glob(arn.service, a->service) ||
        !(vg_str_glob(arn.account, a->question->account) || vg_str_starts(arn.account, VG_STR("${"))))
        return;
    vg_str resource = text_of(a, arn.resource);
    if (vg_str_starts(resource, kind_of(vg_str_from(a->need->resource))))
        add_text(a, &a->resources, resource_arn(a, text_of(a, arn.region), resource));
}

/* ---- what the Denies name ---------------------------------------------------------------------------------------------------- */

static void read_condition(asker *a, const vg_policy_condition *test)
{
    const vg_deny_question *q = a->question;
    for (size_t i = 0; i < test->value_count && test->op != VG_OP_NULL; i++) {
        vg_str value = test->values[i];
        if (vg_str_eq_icase(test->key, VG_STR("aws:PrincipalArn")))
            add_named_caller(a, value);
        else if (vg_str_eq_icase(test->key, VG_STR("aws:username")) && q->whom != VG_DENY_ROOT &&
                 q->whom != VG_DENY_ONE)
            add_text(a, &a->callers,
                     principal_arn(a, q->account,
                                   vg_arena_printf(a->arena, "user/%.*s", VG_ARG(text_of(a, value)))));
        else if (vg_str_eq_icase(test->key, VG_STR("aws:RequestedRegion")) && q->when == VG_DENY_BY_REGION)
            add_variant(a, &a->others, (variant){.region = text_of(a, value)});
        else if (q->when != VG_DENY_FROM_OUTSIDE)
            continue;
        else if (vg_str_eq_icase(test->key, VG_STR("aws:PrincipalOrgID")) && !vg_str_eq(value, q->org->id))
            add_variant(a, &a->wanted, (variant){.organization = text_of(a, value)});
        else if (vg_str_eq_icase(test->key, VG_STR("aws:PrincipalAccount")) && vg_is_account_id(value) &&
                 account_of_callers(a, value).ptr)
            add_text(a, &a->callers, principal_arn(a, value, VG_STR("role/x/" NAME_OF_NOBODY)));
    }
}

/* Whether any Deny speaks of the action; what they name is asked for too. */
static bool read_denies(asker *a)
{
    bool found = false;
    for (size_t p = 0; p < a->question->count; p++) {
        const vg_policy_document *document = vg_policy_document_of(a->question->policies[p]);
        for (size_t i = 0; i < document->statement_count; i++) {
            const vg_statement *s = &document->statements[i];
            if (s->effect != VG_EFFECT_DENY || s->invalid || !vg_statement_takes_in(s, a->need->action))
                continue;
            found = true;
            for (size_t c = 0; c < s->condition_count; c++)
                read_condition(a, &s->conditions[c]);
            for (size_t r = 0; r < s->resource_count; r++)
                add_named_resource(a, s->resources[r]);
        }
    }
    return found;
}

static void add_variants(asker *a)
{
    switch (a->question->when) {
    case VG_DENY_ALWAYS:
        add_variant(a, &a->wanted, (variant){0});
        break;
    case VG_DENY_BY_REGION:
        add_variant(a, &a->wanted, (variant){.region = VG_STR("xx-any-1")});
        break;
    case VG_DENY_WITHOUT_MFA:
        add_variant(a, &a->wanted, (variant){.mfa = MFA_ABSENT});
        add_variant(a, &a->wanted, (variant){.mfa = MFA_FALSE});
        add_variant(a, &a->others, (variant){.mfa = MFA_TRUE});
        break;
    case VG_DENY_FROM_OUTSIDE:
        add_variant(a, &a->wanted, (variant){.organization = VG_STR("o-anyorganization")});
        add_variant(a, &a->wanted, (variant){.organization = VG_STR("")});
        add_variant(a, &a->others, (variant){0});
        break;
    }
}

/* ---- one request ---------------------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_context_entry entries[CONTEXT_MAX];
    vg_str values[CONTEXT_MAX];
    size_t count;
} context;

static void put(context *c, const char *key, vg_str value)
{
    c->values[c->count] = value;
    c->entries[c->count] = (vg_context_entry){.key = vg_str_from(key),
                                              .values = &c->values[c->count],
                                              .value_count = 1,
                                              .state = VG_CONTEXT_PRESENT};
    c->count++;
}

static void put_absent(context *c, const char *key)
{
    c->entries[c->count++] = (vg_context_entry){.key = vg_str_from(key), .state = VG_CONTEXT_ABSENT};
}

static void put_known(context *c, const char *key, vg_str value)
{
    if (value.len > 0)
        put(c, key, value);
}

static void put_caller(context *c, const asker *a, const vg_caller *caller, const variant *v)
{
    static const vg_str types[] = {[VG_CALLER_USER] = VG_STR_INIT("User"),
                                   [VG_CALLER_ROLE] = VG_STR_INIT("AssumedRole"),
                                   [VG_CALLER_ROOT] = VG_STR_INIT("Account")};
    put(c, "aws:PrincipalArn", caller->text);
    put(c, "aws:PrincipalAccount", caller->account);
    put(c, "aws:PrincipalIsAWSService", VG_STR("false"));
    put_absent(c, "aws:PrincipalServiceName");
    put_absent(c, "aws:AssumedRoot"); /* of central root sessions alone */
    if (caller->kind == VG_CALLER_USER || caller->kind == VG_CALLER_ROLE || caller->kind == VG_CALLER_ROOT)
        put(c, "aws:PrincipalType", types[caller->kind]);
    if (caller->kind == VG_CALLER_USER)
        put(c, "aws:username", caller->name);
    else
        put_absent(c, "aws:username");
    if (!v->organization.ptr) {
        put_known(c, "aws:PrincipalOrgID", a->question->org->id);
        put_known(c, "aws:PrincipalOrgPaths", a->question->org_path);
        return;
    }
    if (v->organization.len > 0) {
        put(c, "aws:PrincipalOrgID", v->organization);
        return;
    }
    put_absent(c, "aws:PrincipalOrgID");
    put_absent(c, "aws:PrincipalOrgPaths");
}

static void put_mfa(context *c, mfa_state mfa)
{
    if (mfa == MFA_TRUE || mfa == MFA_FALSE)
        put(c, "aws:MultiFactorAuthPresent", mfa == MFA_TRUE ? VG_STR("true") : VG_STR("false"));
    if (mfa == MFA_ABSENT)
        put_absent(c, "aws:MultiFactorAuthPresent");
    if (mfa == MFA_ABSENT || mfa == MFA_FALSE)
        put_absent(c, "aws:MultiFactorAuthAge");
}

static vg_match denied(const asker *a, vg_str caller, vg_str resource, const variant *v)
{
    const vg_deny_question *q = a->question;
    vg_caller who = vg_caller_of(caller);
    context c = {.count = 0};
    put_caller(&c, a, &who, v);
    put_mfa(&c, v->mfa);
    if (v->region.ptr)
        put(&c, "aws:RequestedRegion", v->region);
    put(&c, "aws:ResourceAccount", q->account);
    put_known(&c, "aws:ResourceOrgID", q->org->id);
    vg_request request = {.caller = who,
                          .action = a->need->action,
                          .resource = resource,
                          .resource_account = q->account,
                          .context = c.entries,
                          .context_count = c.count,
                          .open = true,
                          .wildcard_only_action = a->need->is_alone};
    vg_layers layers = {.identity = {VG_LAYER_KNOWN, &q->org->everything, 1, VG_STR("")}};
    if (q->are_rcps) {
        layers.resource = (vg_layer){VG_LAYER_KNOWN, &q->org->anybody, 1, VG_STR("")};
        layers.rcps = &a->level;
        layers.rcp_count = 1;
    } else {
        layers.scps = &a->level;
        layers.scp_count = 1;
    }
    vg_decision decision = vg_policy_decide(&request, &layers);
    if (decision.result == VG_ALLOWED)
        return VG_MATCH_NO;
    return decision.result == VG_DECISION_UNKNOWN ? VG_MATCH_UNKNOWN : VG_MATCH_YES;
}

/* ---- counting ----------------------------------------------------------------------------------------------------------------- */

/* What was answered for the variants that must not be denied: bits by vg_match. */
static unsigned answers_for_others(const asker *a, vg_str caller, vg_str resource)
{
    static const vg_str role = VG_STR_INIT("role/x/" NAME_OF_NOBODY);
    unsigned seen = 0;
    if (a->question->when == VG_DENY_FROM_OUTSIDE)
        caller = principal_arn((asker *)a, a->question->account, role);
    for (size_t i = 0; i < a->others.len; i++)
        seen |= 1U << denied(a, caller, resource, vg_vec_at(&a->others, i));
    return seen;
}

/* UNKNOWN: it would be denied all the same, and counts neither way. */
static vg_extent weigh(const asker *a, vg_match answer, unsigned others)
{
    vg_deny_when when = a->question->when;
    bool some_free = others & (1U << VG_MATCH_NO), some_not_denied = others & ~(1U << VG_MATCH_YES);
    if (when == VG_DENY_ALWAYS)
        return answer == VG_MATCH_YES  ? VG_EXTENT_YES
               : answer == VG_MATCH_NO ? VG_EXTENT_NO
                                       : VG_EXTENT_PARTLY;
    if (answer == VG_MATCH_YES)
        return some_not_denied || when == VG_DENY_FROM_OUTSIDE ? VG_EXTENT_YES : VG_EXTENT_UNKNOWN;
    if (answer == VG_MATCH_UNKNOWN)
        return some_free ? VG_EXTENT_PARTLY : VG_EXTENT_NO;
    bool others_are_denied = others & ~(1U << VG_MATCH_NO);
    return when == VG_DENY_BY_REGION && others_are_denied ? VG_EXTENT_PARTLY : VG_EXTENT_NO;
}

static vg_extent count_up(const asker *a)
{
    size_t count[4] = {0};
    for (size_t c = 0; c < a->callers.len; c++)
        for (size_t r = 0; r < a->resources.len; r++) {
            vg_str caller = *(vg_str *)vg_vec_at(&a->callers, c),
                   resource = *(vg_str *)vg_vec_at(&a->resources, r);
            unsigned others = answers_for_others(a, caller, resource);
            for (size_t w = 0; w < a->wanted.len; w++)
                count[weigh(a, denied(a, caller, resource, vg_vec_at(&a->wanted, w)), others)]++;
        }
    if (count[VG_EXTENT_PARTLY] == 0 && count[VG_EXTENT_NO] == 0 && count[VG_EXTENT_YES] > 0)
        return VG_EXTENT_YES;
    return count[VG_EXTENT_PARTLY] > 0 || count[VG_EXTENT_YES] > 0 ? VG_EXTENT_PARTLY : VG_EXTENT_NO;
}

vg_extent vg_deny_extent(vg_arena *scratch, const vg_deny_need *need, const vg_deny_question *question)
{
    asker a = {
        .question = question,
        .need = need,
        .arena = scratch,
        .callers = vg_vec_in(scratch, sizeof(vg_str)),
        .resources = vg_vec_in(scratch, sizeof(vg_str)),
        .wanted = vg_vec_in(scratch, sizeof(variant)),
        .others = vg_vec_in(scratch, sizeof(variant)),
    };
    vg_str_split(need->action, ':', &a.service, &(vg_str){0});
    if (!read_denies(&a))
        return a.failed ? VG_EXTENT_UNKNOWN : VG_EXTENT_NO;
    add_callers(&a);
    add_variants(&a);
    add_text(&a, &a.resources,
             need->resource ? resource_arn(&a, VG_STR("xx-any-1"), vg_str_from(need->resource))
                            : VG_STR("*"));
    const vg_policy **level = VG_NEW_N(scratch, const vg_policy *, question->count + 1);
    if (a.failed || !level)
        return VG_EXTENT_UNKNOWN;
    for (size_t i = 0; i < question->count; i++)
        level[i] = question->policies[i];
    level[question->count] = question->are_rcps ? question->org->anybody : question->org->everything;
    a.level = (vg_layer){VG_LAYER_KNOWN, level, question->count + 1, VG_STR("")};
    vg_extent extent = count_up(&a);
    return a.failed ? VG_EXTENT_UNKNOWN : extent;
}
