/* lint_own_deny.c: our own checks of denials that do not deny what they seem to.
 *
 * A Deny fails open: where its condition cannot be evaluated as meant, the request goes on. A key that is missing makes a
 * positive condition false; a variable that has no value makes it false too; and a deny of Regions must spare the services
 * that answer from one Region, or an account can no longer be run. */
#include "policy/lint_part.h"

/* ---- variables that may have no value ------------------------------------------------------------------------------------------------ */

/* The first variable of the text that has no default and whose key need not be in a request; empty when there is none. */
static vg_str open_variable(const lint *l, vg_str text)
{
    for (size_t at = vg_str_find(text, VG_STR("${")); at != VG_NPOS; at = vg_str_find(text, VG_STR("${"))) {
        text = vg_str_sub(text, at + 2, VG_NPOS);
        size_t end = vg_str_find_char(text, '}');
        vg_str inside = vg_str_sub(text, 0, end);
        bool escape = inside.len == 1;
        bool has_default = vg_str_find_char(inside, ',') != VG_NPOS;
        bool present = lint_content_bits(l->content->keys, inside) >> LINT_KEY_PRESENT & 1;
        if (end != VG_NPOS && !escape && !has_default && !present)
            return inside;
    }
    return (vg_str){0};
}

static void raise_variable(lint *l, const lint_row *row, const vg_value *at, vg_str key)
{
    lint_raise(l, row, at,
               "Where %.*s is missing this matches nothing, and the Deny does not apply: give a default, "
               "${%.*s, 'none'}.",
               VG_ARG(lint_shown(key)), VG_ARG(lint_shown(key)));
}

/* In NotResource and in negated conditions a variable without value makes the Deny wider, not narrower. */
static void deny_on_variable(lint *l, const lint_row *row, const lint_statement *s)
{
    if (!lint_denies(s) || !s->has_dollar || !l->document->version_2012)
        return;
    for (size_t i = 0; i < s->resource_count && !s->s->not_resource; i++) {
        vg_str key = open_variable(l, s->resources[i].text);
        if (key.len)
            raise_variable(l, row, s->resources[i].at, key);
    }
    for (size_t i = 0; i < s->condition_count; i++) {
        const lint_condition *c = &s->conditions[i];
        if (vg_operator_is_negated(c->c->op) || !(lint_op_is_string(c->c->op) || lint_op_is_arn(c->c->op)))
            continue;
        for (size_t k = 0; k < c->c->value_count; k++) {
            vg_str key = open_variable(l, c->c->values[k]);
            if (key.len)
                raise_variable(l, row, lint_value_node(c, k), key);
        }
    }
}

/* ---- MFA ---------------------------------------------------------------------------------------------------------------------------------- */

static void deny_without_mfa(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    if (lint_denies(s) && c->c->op == VG_OP_BOOL && !c->c->if_exists && c->c->value_count == 1 &&
        vg_str_eq_icase(c->c->key, VG_STR("aws:MultiFactorAuthPresent")) &&
        vg_str_eq_icase(c->c->values[0], VG_STR("false")))
        lint_raise_plain(l, row, c->key_at);
}

/* ---- Regions -------------------------------------------------------------------------------------------------------------------------------- */

/* Whether all but the Region that the statement tests are principals to spare: with tests of networks or services it is a
 * perimeter, in which Regions are an exception. */
static bool spares_principals_alone(const lint_statement *s, const lint_condition *region)
{
    for (size_t i = 0; i < s->condition_count; i++) {
        vg_str key = s->conditions[i].c->key, prefix = VG_STR("aws:Principal");
        if (&s->conditions[i] != region && !vg_str_eq_icase(vg_str_sub(key, 0, prefix.len), prefix))
            return false;
    }
    return true;
}

/* Whether the statement denies what is in other Regions than those it names. */
static const lint_condition *region_deny(const lint_statement *s)
{
    const lint_condition *c = lint_denies(s) ? lint_condition_on(s, "aws:RequestedRegion") : NULL;
    bool negated = c && vg_operator_is_negated(c->c->op) && lint_op_is_string(c->c->op);
    return negated && spares_principals_alone(s, c) ? c : NULL;
}

/* Whether an action of the service is denied: of Action if a pattern meets it, of NotAction if none spares it whole. */
static bool denies_service(const lint_statement *s, vg_str service)
{
    for (size_t i = 0; i < s->action_count; i++) {
        const lint_action *a = &s->actions[i];
        bool of_service = a->is_all || (a->has_colon && lint_pattern_covers(a->service, service, true));
        if (of_service)
            return !s->s->not_action;
    }
    return s->s->not_action;
}

static bool spares_region(const lint_condition *c, const char *region)
{
    for (size_t k = 0; k < c->c->value_count; k++)
        if (lint_pattern_covers(c->c->values[k], vg_str_from(region), false))
            return true;
    return false;
}

static void regions_without_globals(lint *l, const lint_row *row, const lint_statement *s)
{
    const lint_condition *c = region_deny(s);
    if (!c || spares_region(c, "us-east-1")) /* where global services answer */
        return;
    vg_buf names = {0};
    for (size_t i = 0; i < l->content->needed_count; i++)
        if (denies_service(s, l->content->needed[i])) {
            if (names.len)
                vg_buf_add_c(&names, ", ");
            vg_buf_add_str(&names, l->content->needed[i]);
        }
    if (names.len) {
        lint_raise(l, row, s->s->action_at ? s->s->action_at : s->s->at,
                   "Global services answer from us-east-1, which is denied: %.*s. Name them in NotAction.",
                   VG_ARG(lint_shown(vg_buf_str(&names))));
        lint_also(l, c->key_at);
    }
    vg_buf_free(&names);
}

/* ---- NotPrincipal --------------------------------------------------------------------------------------------------------------------------- */

static void deny_not_principal(lint *l, const lint_row *row, const lint_statement *s)
{
    if (lint_denies(s) && s->s->not_principal)
        lint_raise_plain(l, row, s->s->principal_at);
}

/* ---- rows ---------------------------------------------------------------------------------------------------------------------------------- */

#define STATEMENT(code_, type_, kinds_, finds_, remedy_, run_)                                               \
    {                                                                                                        \
        .check = {code_, type_, kinds_, false, finds_, remedy_}, .scope = LINT_STATEMENT,                    \
        .run.statement = run_                                                                                \
    }

static const lint_row rows[] = {
    STATEMENT("VG_DENY_NOT_PRINCIPAL", VG_LINT_WARNING, LINT_RESOURCE_KIND | LINT_ENDPOINT,
              "Deny with NotPrincipal spares a session only where account, role and session are all listed.",
              "Deny everybody, and except by ArnNotEquals aws:PrincipalArn.", deny_not_principal),
    {.check =
         {"VG_DENY_WITHOUT_MFA", VG_LINT_SECURITY_WARNING, VG_LINT_ALL_KINDS, false,
          "A Deny of requests without MFA uses Bool: access keys never carry the key and are not denied.",
          "Use BoolIfExists."},
     .scope = LINT_CONDITION,
     .run.condition = deny_without_mfa},
    STATEMENT("VG_DENY_VARIABLE_MAY_BE_MISSING", VG_LINT_SECURITY_WARNING, VG_LINT_ALL_KINDS,
              "A Deny depends on a variable that may have no value: it then denies nothing.",
              "Give the variable a default, or deny what lacks the key in a statement of its own.",
              deny_on_variable),
    STATEMENT("VG_REGION_DENY_WITHOUT_GLOBAL_SERVICES", VG_LINT_WARNING, LINT_SCP | LINT_IDENTITY,
              "A Deny of Regions also denies global services, which answer from one Region.",
              "Name the global services in NotAction, as AWS's example of a Region deny does.",
              regions_without_globals),
};

const lint_family lint_own_deny_family = {rows, VG_COUNT(rows)};
