/* compare_read.c: both policies' statements as conjunctions of numbered questions, and the callers that their principals can
 * tell apart.
 *
 * Callers are few, so their part of a request is enumerated: for every principal that is named, the callers whom it could
 * mean (a user, a session of a role, the members of an account), and for all that is not named one caller of each kind.
 * Which statements name which caller is asked of the engine itself. */
#include "policy/compare_part.h"
#include "policy/policy_part.h"

#include <stdlib.h>

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while comparing policies");
}

/* ---- callers ----------------------------------------------------------------------------------------------------------------- */

static bool names_principals(vg_policy_kind kind)
{
    return kind == VG_POLICY_RESOURCE || kind == VG_POLICY_TRUST || kind == VG_POLICY_RCP ||
           kind == VG_POLICY_ENDPOINT;
}

enum { MOST_CALLERS = 2048 }; /* beyond what a policy within AWS's quotas can tell apart */

static void add_caller(vg_comparer *c, vg_compare_caller caller)
{
    if (c->callers.len == MOST_CALLERS || c->budget.work < 0) {
        c->budget.work = -1;
        return;
    }
    c->budget.work -= (int64_t)c->callers.len;
    for (size_t i = 0; i < c->callers.len; i++) {
        const vg_compare_caller *known = vg_vec_at(&c->callers, i);
        if (known->caller.kind == caller.caller.kind && known->unnamed == caller.unnamed &&
            known->bounded == caller.bounded && vg_str_eq(known->provider, caller.provider) &&
            vg_str_eq(known->caller.text, caller.caller.text) && vg_str_eq(known->issuer, caller.issuer))
            return;
    }
    vg_compare_caller *slot = vg_vec_push(&c->callers);
    if (slot)
        *slot = caller;
    c->failed |= !slot;
}

static void add_named(vg_comparer *c, vg_str text)
{
    add_caller(c, (vg_compare_caller){.caller = vg_caller_of(text)});
}

static void add_kind(vg_comparer *c, vg_caller_kind kind, vg_str text)
{
    add_caller(c, (vg_compare_caller){.caller = {.kind = kind, .text = text}});
}

static vg_str arn_of(vg_comparer *c, vg_str partition, const char *service, vg_str account,
                     const char *resource)
{
    return vg_arena_printf(c->arena, "arn:%.*s:%s::%.*s:%s", VG_ARG(partition), service, VG_ARG(account),
                           resource);
}

/* Of an account a user, a session, a federated session, a role and the root user, none of them named. */
static void add_account(vg_comparer *c, vg_str partition, vg_str account)
{
    static const struct {
        const char *service, *resource;
    } members[] = {{"iam", "user/zq0"},
                   {"sts", "assumed-role/zq0/zq0"},
                   {"sts", "federated-user/zq0"},
                   {"iam", "role/zq0"},
                   {"iam", "root"}};
    for (size_t i = 0; i < VG_COUNT(members); i++)
        add_named(c, arn_of(c, partition, members[i].service, account, members[i].resource));
}

/* Of a user itself; of a role a session, and itself. */
static void add_arn(vg_comparer *c, const vg_policy_principal *p)
{
    vg_arn arn;
    vg_caller named = vg_caller_of(p->text);
    vg_arn_parse(p->text, &arn);
    if (named.kind == VG_CALLER_ROLE)
        add_named(c, vg_arena_printf(c->arena, "arn:%.*s:sts::%.*s:assumed-role/%.*s/zq0",
                                     VG_ARG(arn.partition), VG_ARG(p->account), VG_ARG(named.role)));
    add_named(c, p->text);
    add_account(c, arn.partition, p->account);
}

/* Callers whom the principal could mean. */
static void add_principal(vg_comparer *c, const vg_policy_principal *p)
{
    vg_arn arn = {.partition = VG_STR("aws")};
    vg_caller named = vg_caller_of(p->text);
    switch (p->kind) {
    case VG_PRINCIPAL_ACCOUNT:
        vg_arn_parse(p->text, &arn);
        add_account(c, arn.partition, p->account);
        break;
    case VG_PRINCIPAL_ARN:
        add_arn(c, p);
        break;
    case VG_PRINCIPAL_SERVICE:
        add_kind(c, VG_CALLER_SERVICE, p->text);
        break;
    case VG_PRINCIPAL_FEDERATED:
        add_kind(c, VG_CALLER_FEDERATED, p->text);
        if (vg_is_account_id(named.account))
            add_account(c, VG_STR("aws"), named.account);
        break;
    case VG_PRINCIPAL_UNIQUE_ID:
    case VG_PRINCIPAL_CANONICAL_USER:
        add_caller(
            c, (vg_compare_caller){.caller = {.kind = VG_CALLER_UNKNOWN, .text = p->text}, .unnamed = true});
        break;
    case VG_PRINCIPAL_ANYONE:
    case VG_PRINCIPAL_INVALID:
        break;
    }
}

/* An account that neither policy names, so that callers of it are strangers to both. */
static vg_str strange_account(vg_comparer *c)
{
    for (unsigned n = 0;; n++) {
        vg_str account = vg_arena_printf(c->arena, "9%02u988887777", n % 100);
        bool named = false;
        for (size_t d = 0; d < 2; d++)
            for (size_t s = 0; s < c->documents[d]->statement_count; s++)
                for (size_t p = 0; p < c->documents[d]->statements[s].principal_count; p++)
                    named |= vg_str_eq(c->documents[d]->statements[s].principals[p].account, account);
        if (!named || n == 99)
            return account;
    }
}

/* Deny with NotPrincipal spares nobody who has a permissions boundary. */
static bool tells_bounded(const vg_comparer *c)
{
    for (size_t d = 0; d < 2; d++)
        for (size_t s = 0; s < c->documents[d]->statement_count; s++) {
            const vg_statement *statement = &c->documents[d]->statements[s];
            if (statement->not_principal && statement->effect == VG_EFFECT_DENY)
                return true;
        }
    return false;
}

static void add_bounded(vg_comparer *c)
{
    size_t count = c->callers.len;
    for (size_t i = 0; i < count; i++) {
        vg_compare_caller caller = *(vg_compare_caller *)vg_vec_at(&c->callers, i);
        caller.bounded = true;
        if (!caller.unnamed && caller.caller.kind <= VG_CALLER_ROLE_SESSION)
            add_caller(c, caller);
    }
}

/* A provider's name in a policy names the sessions of roles that it made as well, and a user's its federated sessions: both
 * of its own account, where it is of one. */
static void add_made_by(vg_comparer *c, const vg_policy_principal *maker)
{
    bool user = maker->kind == VG_PRINCIPAL_ARN && vg_caller_of(maker->text).kind == VG_CALLER_USER;
    vg_caller_kind kind = user ? VG_CALLER_FEDERATED_SESSION : VG_CALLER_ROLE_SESSION;
    vg_str account = vg_caller_of(maker->text).account;
    size_t count = c->callers.len;
    if (!user && maker->kind != VG_PRINCIPAL_FEDERATED)
        return;
    for (size_t i = 0; i < count; i++) {
        vg_compare_caller caller = *(vg_compare_caller *)vg_vec_at(&c->callers, i);
        if (caller.caller.kind != kind || caller.provider.len || caller.issuer.len ||
            (account.len && !vg_str_eq(account, caller.caller.account)))
            continue;
        *(user ? &caller.issuer : &caller.provider) = maker->text;
        add_caller(c, caller);
    }
}

static void add_made_sessions(vg_comparer *c)
{
    for (size_t d = 0; d < 2; d++)
        for (size_t s = 0; s < c->documents[d]->statement_count; s++)
            for (size_t p = 0; p < c->documents[d]->statements[s].principal_count; p++)
                add_made_by(c, &c->documents[d]->statements[s].principals[p]);
}

static void find_callers(vg_comparer *c)
{
    add_account(c, VG_STR("aws"), strange_account(c));
    for (size_t d = 0; d < 2; d++)
        for (size_t s = 0; s < c->documents[d]->statement_count; s++)
            for (size_t p = 0; p < c->documents[d]->statements[s].principal_count; p++)
                add_principal(c, &c->documents[d]->statements[s].principals[p]);
    add_kind(c, VG_CALLER_SERVICE, VG_STR("zq0.amazonaws.com"));
    add_kind(c, VG_CALLER_FEDERATED, VG_STR("zq0.example.com"));
    add_kind(c, VG_CALLER_ANONYMOUS, VG_STR("*"));
    add_made_sessions(c);
    if (tells_bounded(c))
        add_bounded(c);
    c->caller_words = (c->callers.len + 63) / 64;
}

/* A caller that no request can be made by is named by its own text and by "*" alone. */
static bool names_unnamed(const vg_statement *s, const vg_compare_caller *caller)
{
    bool listed = false;
    for (size_t i = 0; i < s->principal_count; i++)
        listed |= s->principals[i].kind == VG_PRINCIPAL_ANYONE ||
                  vg_str_eq(s->principals[i].text, caller->caller.text);
    return listed != s->not_principal;
}

static bool names_caller(const vg_rule *rule, const vg_compare_caller *caller)
{
    vg_match named[VG_NAMED_COUNT];
    if (caller->unnamed)
        return names_unnamed(rule->source, caller);
    vg_context_entry provider = {.key = VG_STR("aws:FederatedProvider"),
                                 .values = &caller->provider,
                                 .value_count = 1,
                                 .state = VG_CONTEXT_PRESENT};
    vg_request request = {.caller = caller->caller,
                          .session_role_arn = caller->issuer,
                          .context = &provider,
                          .context_count = caller->provider.len > 0};
    vg_evaluation e = {.request = &request, .bounded = caller->bounded ? VG_MATCH_YES : VG_MATCH_NO};
    vg_rule_names(&e, rule, named);
    for (size_t i = VG_NAMED_NOT + 1; i < VG_NAMED_COUNT; i++)
        if (named[i] == VG_MATCH_YES)
            return true;
    return false;
}

/* The statements' principals alone, compiled; rules stand in the order of the statements that are not invalid. */
static vg_status compile_principals(vg_comparer *c, const vg_policy_document *document, const vg_policy **out,
                                    vg_error *err)
{
    vg_policy_document *bare = VG_NEW(c->arena, vg_policy_document);
    vg_statement *statements = VG_NEW_N(c->arena, vg_statement, document->statement_count + 1);
    if (!bare || !statements)
        return out_of_memory(err);
    *bare = *document;
    bare->statements = statements;
    for (size_t i = 0; i < document->statement_count; i++) {
        statements[i] = document->statements[i];
        statements[i].action_count = statements[i].resource_count = statements[i].condition_count = 0;
        statements[i].invalid = false;
    }
    return vg_policy_compile(c->arena, bare, NULL, out, err);
}

static const uint64_t *callers_of(vg_comparer *c, const vg_rule *rule)
{
    uint64_t *row = VG_NEW_N(c->arena, uint64_t, c->caller_words + 1);
    c->budget.work -= (int64_t)(c->callers.len * (rule->principal_count + 4) * 4);
    for (size_t i = 0; row && i < c->callers.len && c->budget.work >= 0; i++)
        if (names_caller(rule, vg_vec_at(&c->callers, i)))
            row[i / 64] |= UINT64_C(1) << (i % 64);
    c->failed |= !row;
    return row;
}

/* ---- statements ---------------------------------------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void read_conditions(vg_comparer *c, vg_compare_statement *out, bool variables)
{
    const vg_statement *s = out->source;
    uint32_t *ids = vg_arena_alloc(c->arena, (s->condition_count + 1) * sizeof *ids), count = 0;
    if (!ids) {
        c->failed = true;
        return;
    }
    for (size_t i = 0; i < s->condition_count; i++) {
        ids[i] = vg_compare_condition_of(c, &s->conditions[i], variables);
        out->idle |= s->conditions[i].op == VG_OP_INVALID;
    }
    if (s->condition_count > 1)
        qsort(ids, s->condition_count, sizeof *ids, by_number);
    for (size_t i = 0; i < s->condition_count; i++)
        if (i == 0 || ids[i] != ids[i - 1])
            ids[count++] = ids[i];
    out->conditions = ids;
    out->condition_count = count;
}

static uint64_t mix(uint64_t h, uint64_t value)
{
    h = (h ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ (h >> 31);
}

static uint64_t hash_statement(const vg_comparer *c, const vg_compare_statement *s)
{
    uint64_t h = mix(s->actions * 4ull + s->not_action * 2ull + s->not_resource, s->resources);
    for (uint32_t i = 0; i < s->condition_count; i++)
        h = mix(h, s->conditions[i]);
    for (size_t i = 0; s->callers && i < c->caller_words; i++)
        h = mix(h, s->callers[i]);
    return h;
}

static void read_statement(vg_comparer *c, size_t side, uint32_t index, const vg_rule *rule)
{
    const vg_policy_document *document = c->documents[side];
    const vg_statement *source = &document->statements[index];
    vg_compare_statement s = {.source = source,
                              .index = index,
                              .is_new = side == 1,
                              .allows = source->effect == VG_EFFECT_ALLOW,
                              .idle = source->invalid || source->effect == VG_EFFECT_NONE,
                              .not_action = source->not_action,
                              .not_resource = source->not_resource,
                              .resources = VG_COMPARE_NONE};
    s.actions = vg_compare_set_of(c, VG_TEXTS_ACTION, source->actions, source->action_count, false);
    if (source->has_resource && document->kind != VG_POLICY_TRUST)
        s.resources = vg_compare_set_of(c, VG_TEXTS_RESOURCE, source->resources, source->resource_count,
                                        document->version_2012);
    read_conditions(c, &s, document->version_2012);
    if (rule)
        s.callers = callers_of(c, rule);
    s.hash = hash_statement(c, &s);
    vg_compare_statement *slot = vg_vec_push(&c->statements);
    if (slot)
        *slot = s;
    c->failed |= !slot;
}

/* ---- what organisation policies stand beside --------------------------------------------------------------------------------------- */

static bool allows_something(const vg_policy_document *document)
{
    for (size_t i = 0; i < document->statement_count; i++)
        if (document->statements[i].effect == VG_EFFECT_ALLOW)
            return true;
    return false;
}

static const vg_str every_text[] = {VG_STR_INIT("*")};

/* FullAWSAccess for an SCP that allows nothing itself, RCPFullAWSAccess for every RCP. */
static void add_full_access(vg_comparer *c, size_t side)
{
    bool needed =
        c->kind == VG_POLICY_RCP || (c->kind == VG_POLICY_SCP && !allows_something(c->documents[side]));
    vg_compare_statement *s = needed ? vg_vec_push(&c->statements) : NULL;
    c->failed |= needed && !s;
    if (!s)
        return;
    *s = (vg_compare_statement){.index = VG_COMPARE_NO_STATEMENT, .is_new = side == 1, .allows = true};
    s->actions = vg_compare_set_of(c, VG_TEXTS_ACTION, every_text, 1, false);
    s->resources = vg_compare_set_of(c, VG_TEXTS_RESOURCE, every_text, 1, false);
    s->hash = hash_statement(c, s);
}

vg_status vg_compare_read(vg_comparer *c, vg_error *err)
{
    bool named = names_principals(c->kind);
    if (named)
        find_callers(c);
    for (size_t side = 0; side < 2; side++) {
        const vg_policy *rules = NULL;
        if (named)
            VG_TRY(compile_principals(c, c->documents[side], &rules, err));
        add_full_access(c, side);
        for (uint32_t i = 0; i < c->documents[side]->statement_count && !c->failed; i++)
            read_statement(c, side, i, rules ? &rules->rules[i] : NULL);
    }
    return c->failed ? out_of_memory(err) : VG_OK;
}
