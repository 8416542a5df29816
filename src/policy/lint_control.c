/* lint_control.c: the syntax of service and resource control policies.
 *
 * SCPs took a part of the language until September 2025; since then they take all of it but principals. The checks of the
 * time before are listed as obsolete. RCPs deny, to everybody ("Principal": "*"), actions of the services that support them.
 * Organizations User Guide, "SCP syntax", "RCP syntax". */
#include "policy/lint_part.h"

/* ---- SCPs, until 2025 ---------------------------------------------------------------------------------------------------------------- */

static void scp_allow_condition(lint *l, const lint_row *row, const lint_statement *s)
{
    if (lint_allows(s) && s->s->condition_at)
        lint_raise_plain(l, row, s->s->condition_at);
}

static void scp_allow_not_action(lint *l, const lint_row *row, const lint_statement *s)
{
    if (lint_allows(s) && s->s->not_action)
        lint_raise_plain(l, row, s->s->action_at);
}

static void scp_allow_resource(lint *l, const lint_row *row, const lint_statement *s)
{
    for (size_t i = 0; lint_allows(s) && !s->s->not_resource && i < s->resource_count; i++)
        if (!s->resources[i].is_all)
            lint_raise_plain(l, row, s->resources[i].at);
}

static void scp_not_resource(lint *l, const lint_row *row, const lint_statement *s)
{
    if (s->s->not_resource)
        lint_raise_plain(l, row, s->s->resource_at);
}

/* ---- RCPs -------------------------------------------------------------------------------------------------------------------------------- */

static bool is_for_everybody(const lint_statement *s)
{
    for (size_t i = 0; i < s->s->principal_count; i++)
        if (s->s->principals[i].kind != VG_PRINCIPAL_ANYONE)
            return false;
    return !s->s->not_principal;
}

static void rcp_principal(lint *l, const lint_row *row, const lint_statement *s)
{
    if (s->s->has_principal && !is_for_everybody(s))
        lint_raise_plain(l, row, s->s->principal_at);
}

static void rcp_allow(lint *l, const lint_row *row, const lint_statement *s)
{
    bool all = s->resource_count == 1 && s->resources[0].is_all && !s->s->not_resource && is_for_everybody(s);
    if (lint_allows(s) && (!all || s->s->condition_at))
        lint_raise_plain(l, row, s->s->effect_at);
}

static void rcp_not_action(lint *l, const lint_row *row, const lint_statement *s)
{
    if (s->s->not_action)
        lint_raise_plain(l, row, s->s->action_at);
}

static void rcp_action(lint *l, const lint_row *row, const lint_statement *s, const lint_action *a)
{
    bool supported =
        a->has_colon && (lint_content_bits(l->content->services, a->service) >> LINT_SERVICE_RCP & 1);
    if (!supported && !(a->is_all && lint_allows(s)))
        lint_raise(l, row, a->at,
                   "%.*s: RCPs deny actions of the services that support them, each by its prefix.",
                   VG_ARG(lint_shown(a->text)));
}

static bool tests_is_service(const lint_statement *s)
{
    return lint_condition_on(s, "aws:PrincipalIsAWSService") ||
           lint_condition_on(s, "aws:PrincipalServiceName") ||
           lint_condition_on(s, "aws:PrincipalServiceNamesList");
}

/* The service principal has none of these keys: a negated test of one denies all services. */
static void rcp_principal_key(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    if (lint_denies(s) && (c->lists >> LINT_KEY_PRINCIPAL & 1) && vg_operator_is_negated(c->c->op) &&
        lint_may_look_around(l, s) && !tests_is_service(s))
        lint_raise(l, row, c->key_at,
                   "%.*s is missing where a service calls, which this then denies: add BoolIfExists "
                   "aws:PrincipalIsAWSService false.",
                   VG_ARG(lint_shown(c->c->key)));
}

static void rcp_service_key(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    if (lint_denies(s) && (c->lists >> LINT_KEY_SOURCE & 1) && vg_operator_is_negated(c->c->op) &&
        lint_may_look_around(l, s) && !tests_is_service(s))
        lint_raise(l, row, c->key_at,
                   "%.*s is missing where no service calls, which this then denies: add Bool "
                   "aws:PrincipalIsAWSService true.",
                   VG_ARG(lint_shown(c->c->key)));
}

static bool tests_source_exists(const lint_statement *s)
{
    for (size_t i = 0; i < s->condition_count; i++)
        if (s->conditions[i].c->op == VG_OP_NULL && (s->conditions[i].lists >> LINT_KEY_SOURCE & 1))
            return true;
    return false;
}

static void rcp_null_check(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    if (lint_denies(s) && (c->lists >> LINT_KEY_SOURCE & 1) && vg_operator_is_negated(c->c->op) &&
        lint_may_look_around(l, s) && !tests_source_exists(s))
        lint_raise(l, row, c->key_at,
                   "Some services never send %.*s, and are then denied: add Null aws:SourceAccount (or "
                   "aws:SourceArn) "
                   "false.",
                   VG_ARG(lint_shown(c->c->key)));
}

/* ---- rows ------------------------------------------------------------------------------------------------------------------------------------ */

#define OBSOLETE(code_, finds_, run_)                                                                        \
    {                                                                                                        \
        .check = {code_, VG_LINT_ERROR, LINT_SCP,                                                            \
                  true,  finds_,        "Nothing: AWS has allowed it since September 2025."},                \
        .scope = LINT_STATEMENT, .run.statement = run_                                                       \
    }
#define RCP(code_, finds_, remedy_, run_)                                                                    \
    {                                                                                                        \
        .check = {code_, VG_LINT_ERROR, LINT_RCP, false, finds_, remedy_}, .scope = LINT_STATEMENT,          \
        .run.statement = run_                                                                                \
    }
#define RCP_KEY(code_, finds_, remedy_, run_)                                                                \
    {                                                                                                        \
        .check = {code_, VG_LINT_WARNING, LINT_RCP, false, finds_, remedy_}, .scope = LINT_CONDITION,        \
        .run.condition = run_                                                                                \
    }

static const lint_row rows[] = {
    RCP_KEY("RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY",
            "An RCP tests the principal and does not spare services.",
            "Add \"BoolIfExists\": {\"aws:PrincipalIsAWSService\": \"false\"}.", rcp_principal_key),
    RCP_KEY("RCP_MISSING_RELATED_SERVICE_PRINCIPAL_CONDITION_KEY",
            "An RCP tests for whom a service acts and does not spare other callers.",
            "Add \"Bool\": {\"aws:PrincipalIsAWSService\": \"true\"}.", rcp_service_key),
    RCP_KEY("RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK",
            "An RCP tests for whom a service acts where the service may not say.",
            "Add \"Null\": {\"aws:SourceAccount\": \"false\"}.", rcp_null_check),
    {.check = {"RCP_SYNTAX_ERROR_ACTION", VG_LINT_ERROR, LINT_RCP, false,
               "An RCP names an action of a service that RCPs do not reach.",
               "Name actions of the services that support RCPs, each with its prefix."},
     .scope = LINT_ACTION,
     .run.action = rcp_action},
    RCP("RCP_SYNTAX_ERROR_ALLOW", "An RCP allows something: only RCPFullAWSAccess does.",
        "Deny what must not happen.", rcp_allow),
    RCP("RCP_SYNTAX_ERROR_NOTACTION", "An RCP has NotAction.", "List the actions with Action.",
        rcp_not_action),
    RCP("RCP_SYNTAX_ERROR_PRINCIPAL", "An RCP names other principals than \"*\".",
        "Write \"Principal\": \"*\" and test the principal in Condition.", rcp_principal),
    OBSOLETE("SCP_SYNTAX_ERROR_ALLOW_CONDITION", "An SCP allows on a condition.", scp_allow_condition),
    OBSOLETE("SCP_SYNTAX_ERROR_ALLOW_NOTACTION", "An SCP allows with NotAction.", scp_allow_not_action),
    OBSOLETE("SCP_SYNTAX_ERROR_ALLOW_RESOURCE", "An SCP allows on other resources than \"*\".",
             scp_allow_resource),
    OBSOLETE("SCP_SYNTAX_ERROR_NOTRESOURCE", "An SCP has NotResource.", scp_not_resource),
};

const lint_family lint_control_family = {rows, VG_COUNT(rows)};
