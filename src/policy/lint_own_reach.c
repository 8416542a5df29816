/* lint_own_reach.c: our own checks of statements that never apply, in whole or for some of their actions.
 *
 * A statement says less than it seems when its actions take other resources than it names, when a variable stands where none is
 * replaced (IAM User Guide, "IAM policy elements: Variables and tags": before the fifth colon of an ARN), when none of its actions carries
 * the key of its condition, when its conditions exclude each other, or when another statement decides first. Each is proved
 * from the catalogue or from the statement itself; what cannot be proved is not raised. */
#include "policy/lint_part.h"

/* ---- actions on resources of other types ------------------------------------------------------------------------------------------- */

/* Variables stand for anything: only text without them can be shown not to fit. */
static bool is_judged(const lint_resource *r)
{
    return vg_str_find_char(r->text, '$') == VG_NPOS && r->parts == 6 && vg_str_is(r->part[0], "arn");
}

static bool type_fits(const lint *l, uint32_t type, const lint_resource *r)
{
    const vg_linter *linter = l->linter;
    for (uint32_t i = linter->type_first[type]; i < linter->type_first[type + 1]; i++)
        if (lint_form_may_fit(&linter->type_forms[i], r))
            return vg_catalogue_resource_fits(l->catalogue, type, r->text);
    return false;
}

static uint32_t colons_of(vg_str text)
{
    uint32_t colons = 0;
    for (size_t i = 0; i < text.len; i++)
        colons += text.ptr[i] == ':';
    return colons;
}

/* What only a wildcard that runs past colons can make of it: of forms with more colons than the pattern has. With as many,
 * field meets field, of which the catalogue has judged. */
static bool type_may_be(const lint *l, uint32_t type, const lint_resource *r)
{
    const vg_linter *linter = l->linter;
    uint32_t colons = r->is_pattern ? colons_of(r->text) : UINT32_MAX;
    for (uint32_t i = linter->type_first[type]; i < linter->type_first[type + 1]; i++)
        if (linter->type_forms[i].colons > colons && lint_form_may_be(&linter->type_forms[i], r->text, false))
            return true;
    return false;
}

/* Whether a type fits one of the statement's ARNs, kept for the last types asked of: actions beside each other act on the
 * same ones. */
#define KEPT 64
typedef struct {
    uint32_t type[KEPT]; /* VG_CATALOGUE_NONE: nothing kept */
    bool fits[KEPT];
} kept_types;

static bool any_resource(const lint *l, const lint_statement *s, uint32_t type)
{
    for (size_t i = 0; i < s->resource_count; i++)
        if (type_fits(l, type, &s->resources[i]))
            return true;
    for (size_t i = 0; i < s->resource_count; i++)
        if (type_may_be(l, type, &s->resources[i]))
            return true;
    return false;
}

static bool type_fits_any(lint *l, const lint_statement *s, uint32_t type, kept_types *kept)
{
    size_t slot = type % KEPT;
    if (kept->type[slot] != type) {
        kept->type[slot] = type;
        kept->fits[slot] = !lint_spend(l, 16 * s->resource_count) || any_resource(l, s, type);
    }
    return kept->fits[slot];
}

static bool action_fits(lint *l, const lint_statement *s, const vg_catalogue_action *action, kept_types *kept)
{
    for (uint16_t u = 0; u < action->use_count; u++)
        if (type_fits_any(l, s, action->uses[u].resource, kept))
            return true;
    return false;
}

static bool can_judge_resources(const lint_statement *s)
{
    for (size_t i = 0; i < s->resource_count; i++)
        if (!is_judged(&s->resources[i]))
            return false;
    return s->resource_count > 0 && !s->s->not_resource && !s->s->not_action;
}

/* The types that the action takes, for the message: the first few. */
static void write_types(const lint *l, const vg_catalogue_action *action, vg_buf *out)
{
    for (uint16_t i = 0; i < action->use_count && i < 4; i++) {
        if (i)
            vg_buf_add_c(out, ", ");
        vg_buf_add_str(out, vg_catalogue_resource_at(l->catalogue, action->uses[i].resource)->name);
    }
    if (action->use_count > 4)
        vg_buf_add_c(out, ", ...");
}

/* Actions that take nothing, and those that take something else, are told apart. */
static void raise_unfit(lint *l, const lint_row *row, const lint_statement *s, const bool *unfit,
                        bool take_nothing)
{
    const lint_action *first = NULL;
    size_t others = 0;
    for (size_t i = 0; i < s->action_count; i++)
        if (unfit[i] &&
            vg_catalogue_action_at(l->catalogue, s->actions[i].action_id)->wildcard_only == take_nothing) {
            others += first != NULL;
            first = first ? first : &s->actions[i];
        }
    if (!first)
        return;
    vg_buf text = {0};
    vg_buf_addf(&text, "%.*s ", VG_ARG(lint_shown(first->text)));
    if (others)
        vg_buf_addf(&text, "(and %zu more) ", others);
    if (take_nothing) {
        vg_buf_addf(&text, "takes no resource: it is %s on \"*\" alone, and not by this statement.",
                    lint_denies(s) ? "denied" : "allowed");
    } else {
        vg_buf_add_c(&text, "acts on ");
        write_types(l, vg_catalogue_action_at(l->catalogue, first->action_id), &text);
        vg_buf_addf(&text, ", and none of the statement's ARNs is one: it is not %s.",
                    lint_denies(s) ? "denied" : "allowed");
    }
    lint_raise(l, row, first->at, "%.*s", VG_ARG(vg_buf_str(&text)));
    vg_buf_free(&text);
    for (size_t i = 0; i < s->action_count; i++)
        if (unfit[i] && &s->actions[i] != first &&
            vg_catalogue_action_at(l->catalogue, s->actions[i].action_id)->wildcard_only == take_nothing)
            lint_also(l, s->actions[i].at);
    lint_also(l, s->s->resource_at);
}

static void unfit_actions(lint *l, const lint_row *row, const lint_statement *s)
{
    bool *unfit =
        can_judge_resources(s) && s->action_count ? VG_NEW_N(l->arena, bool, s->action_count) : NULL;
    if (!unfit)
        return;
    kept_types kept;
    memset(kept.type, 0xFF, sizeof kept.type);
    for (size_t i = 0; i < s->action_count; i++) {
        uint32_t id = s->actions[i].action_id;
        unfit[i] =
            id != VG_CATALOGUE_NONE && !action_fits(l, s, vg_catalogue_action_at(l->catalogue, id), &kept);
    }
    raise_unfit(l, row, s, unfit, true);
    raise_unfit(l, row, s, unfit, false);
}

/* ---- keys that no action carries ---------------------------------------------------------------------------------------------------------- */

static bool needs_the_key(const lint_condition *c)
{
    return !vg_operator_is_negated(c->c->op) && c->c->op != VG_OP_NULL && !c->c->if_exists &&
           c->c->qualifier != VG_QUALIFIER_FOR_ALL_VALUES;
}

/* Keys of a service alone: global ones are listed with no action, and tags have checks of their own. */
static bool is_service_key(const lint_condition *c)
{
    return c->key && c->key->category.len == 0 && !vg_str_eq_icase(c->prefix, VG_STR("aws")) &&
           !(c->lists >> LINT_KEY_TAG & 1) && !lint_is_provider_key(c);
}

static void key_of_no_action(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    if (!is_service_key(c) || !needs_the_key(c) || s->s->not_action || s->action_count == 0 ||
        !lint_may_look_around(l, s))
        return;
    for (size_t i = 0; i < s->action_count; i++) {
        const lint_action *a = &s->actions[i];
        if (a->action_id == VG_CATALOGUE_NONE ||
            vg_catalogue_action_has_key(l->catalogue, a->action_id, c->key_id))
            return;
    }
    lint_raise(l, row, c->key_at,
               "None of the actions carries %.*s: the condition never holds, and the statement %s nothing.",
               VG_ARG(lint_shown(c->c->key)), lint_denies(s) ? "denies" : "allows");
}

/* ---- conditions that exclude each other ------------------------------------------------------------------------------------------------------ */

static bool is_plain_equals(const lint_condition *c)
{
    if (c->c->op != VG_OP_STRING_EQUALS || c->c->qualifier != VG_QUALIFIER_NONE || c->c->if_exists)
        return false;
    for (size_t k = 0; k < c->c->value_count; k++)
        if (vg_str_find_char(c->c->values[k], '$') != VG_NPOS)
            return false;
    return true;
}

/* Whether the other condition, on the same key, matches one of the values: what is not understood may. */
static bool may_share_value(const lint_condition *equals, const lint_condition *other)
{
    if (other->c->op == VG_OP_NULL)
        return !(other->c->value_count == 1 && vg_str_eq_icase(other->c->values[0], VG_STR("true")));
    if (!is_plain_equals(other))
        return true;
    for (size_t i = 0; i < equals->c->value_count; i++)
        for (size_t k = 0; k < other->c->value_count; k++)
            if (vg_str_eq(equals->c->values[i], other->c->values[k]))
                return true;
    return false;
}

/* aws:SourceIp is there for requests over the internet, aws:SourceVpc and aws:SourceVpce for those through an endpoint. */
static bool is_network_pair(const lint_condition *a, const lint_condition *b)
{
    return vg_str_eq_icase(a->c->key, VG_STR("aws:SourceIp")) &&
           (b->lists & (1u << LINT_KEY_VPC | 1u << LINT_KEY_VPCE)) && needs_the_key(a) && needs_the_key(b);
}

static bool exclude_each_other(lint *l, const lint_condition *a, const lint_condition *b)
{
    if (is_network_pair(a, b) || is_network_pair(b, a))
        return true;
    if (!vg_str_eq_icase(a->c->key, b->c->key) || !is_plain_equals(a) || a->c->value_count == 0 ||
        !lint_spend(l, a->c->value_count * b->c->value_count))
        return false;
    return !may_share_value(a, b);
}

static void never_both(lint *l, const lint_row *row, const lint_statement *s)
{
    for (size_t i = 0; i < s->condition_count; i++)
        for (size_t k = 0; k < s->condition_count; k++) {
            if (i == k)
                continue;
            if (!lint_spend(l, 1))
                return;
            if (!exclude_each_other(l, &s->conditions[i], &s->conditions[k]))
                continue;
            bool network = is_network_pair(&s->conditions[i], &s->conditions[k]);
            if (k < i && (network || is_network_pair(&s->conditions[k], &s->conditions[i]) ||
                          is_plain_equals(&s->conditions[k])))
                continue; /* told from the other side */
            lint_raise(l, row, s->conditions[i].key_at,
                       "%.*s and %.*s never hold together: the statement never applies.",
                       VG_ARG(lint_shown(s->conditions[i].c->key)),
                       VG_ARG(lint_shown(s->conditions[k].c->key)));
            lint_also(l, s->conditions[k].key_at);
            return;
        }
}

/* ---- statements that another one decides ------------------------------------------------------------------------------------------------------ */

static bool covers_actions(const lint_statement *wide, const lint_statement *narrow)
{
    if (wide->s->not_action || narrow->s->not_action || narrow->action_count == 0)
        return false;
    for (size_t i = 0; i < narrow->action_count; i++) {
        bool covered = false;
        for (size_t k = 0; k < wide->action_count && !covered; k++)
            covered = lint_action_covers(&wide->actions[k], &narrow->actions[i]);
        if (!covered)
            return false;
    }
    return true;
}

static bool covers_resources(const lint_statement *wide, const lint_statement *narrow)
{
    bool all = false;
    for (size_t k = 0; k < wide->resource_count && !all; k++)
        all = wide->resources[k].is_all;
    if (wide->s->not_resource)
        return false;
    if (all)
        return true;
    if (narrow->s->not_resource || wide->s->has_resource != narrow->s->has_resource ||
        (narrow->resource_count == 0 && narrow->s->has_resource))
        return false;
    for (size_t i = 0; i < narrow->resource_count; i++) {
        bool covered = false;
        for (size_t k = 0; k < wide->resource_count && !covered; k++)
            covered = lint_resource_covers(&wide->resources[k], &narrow->resources[i]);
        if (!covered)
            return false;
    }
    return true;
}

static bool covers_principals(const lint_statement *wide, const lint_statement *narrow)
{
    if (!wide->s->has_principal && !narrow->s->has_principal)
        return true;
    if (wide->s->not_principal || narrow->s->not_principal)
        return false;
    for (size_t k = 0; k < wide->s->principal_count; k++)
        if (wide->s->principals[k].kind == VG_PRINCIPAL_ANYONE)
            return true;
    for (size_t i = 0; i < narrow->s->principal_count; i++) {
        bool covered = false;
        for (size_t k = 0; k < wide->s->principal_count && !covered; k++)
            covered = wide->s->principals[k].kind == narrow->s->principals[i].kind &&
                      vg_str_eq(wide->s->principals[k].text, narrow->s->principals[i].text);
        if (!covered)
            return false;
    }
    return narrow->s->principal_count > 0;
}

static bool has_variables(const lint_statement *s)
{
    for (size_t i = 0; i < s->resource_count; i++)
        if (vg_str_find_char(s->resources[i].text, '$') != VG_NPOS)
            return true;
    return false;
}

/* Whether `wide`, which has no condition, applies wherever `narrow` does. */
static bool covers(lint *l, const lint_statement *wide, const lint_statement *narrow)
{
    if (wide->s->condition_at || wide->s->invalid || narrow->s->invalid || has_variables(wide))
        return false;
    size_t work =
        1 + wide->action_count * narrow->action_count / 8 + wide->resource_count * narrow->resource_count / 8;
    return lint_spend(l, work) && covers_resources(wide, narrow) && covers_actions(wide, narrow) &&
           covers_principals(wide, narrow);
}

typedef enum { BY_DENY, BY_SAME } decided_by;

/* Statements that say the same are REDUNDANT_STATEMENT's; of two that cover each other the later is told. */
static bool is_told(lint *l, const lint_statement *wide, const lint_statement *narrow)
{
    return !(narrow->index < wide->index && covers(l, narrow, wide));
}

static void decided_elsewhere(lint *l, const lint_row *row, const lint_statement *s)
{
    bool by_deny = row->variant == BY_DENY;
    if (s->s->invalid || (by_deny && !lint_allows(s)))
        return;
    vg_effect effect = by_deny ? VG_EFFECT_DENY : s->s->effect;
    for (size_t i = 0; i < l->statement_count && lint_spend(l, 1); i++) {
        const lint_statement *other = &l->statements[i];
        if (other->s->effect != effect || other->s->condition_at || other == s || !covers(l, other, s) ||
            (!by_deny && (!is_told(l, other, s) || vg_value_equal(other->s->at, s->s->at))))
            continue;
        lint_raise(l, row, s->s->at,
                   by_deny ? "Statement %u denies all that this one allows."
                           : "Statement %u says all that this one says, and without a condition.",
                   other->index);
        lint_also(l, other->s->at);
        return;
    }
}

/* ---- variables that nothing replaces ------------------------------------------------------------------------------------------------------ */

/* "${aws:PrincipalAccount}"; "${AWS::AccountId}" and "${Account}" are for a template to fill in. */
static bool has_key_variable(vg_str field)
{
    size_t at = vg_str_find(field, VG_STR("${"));
    vg_str service, key;
    return at != VG_NPOS && vg_str_split(vg_str_sub(field, at, VG_NPOS), ':', &service, &key) &&
           !vg_str_starts(key, VG_STR(":"));
}

static void variable_before_resource(lint *l, const lint_row *row, const lint_statement *s,
                                     const lint_resource *r)
{
    (void)s;
    bool found = false;
    for (unsigned i = 1; i < 5 && r->parts == 6; i++)
        found = found || has_key_variable(r->part[i]);
    if (found)
        lint_raise(l, row, r->at,
                   "%.*s: a variable before the fifth colon is plain text, which no ARN holds there.",
                   VG_ARG(lint_shown(r->text)));
}

/* ---- rows ------------------------------------------------------------------------------------------------------------------------------------- */

#define STATEMENT(code_, type_, variant_, finds_, remedy_, run_)                                             \
    {                                                                                                        \
        .check = {code_, type_, VG_LINT_ALL_KINDS, false, finds_, remedy_}, .scope = LINT_STATEMENT,         \
        .variant = variant_, .run.statement = run_                                                           \
    }

static const lint_row rows[] = {
    STATEMENT("VG_ACTION_WITHOUT_RESOURCE", VG_LINT_WARNING, 0,
              "A statement names an action and none of the resources that it acts on: for it, the statement "
              "does nothing.",
              "Add ARNs of the type that the action takes, or \"*\" for actions that take none.",
              unfit_actions),
    {.check = {"VG_CONDITION_KEY_OF_NO_ACTION", VG_LINT_WARNING, VG_LINT_ALL_KINDS, false,
               "None of a statement's actions carries the key that its condition needs: it never applies.",
               "Use a key of these actions, or name the actions that carry the key."},
     .scope = LINT_CONDITION,
     .run.condition = key_of_no_action},
    STATEMENT("VG_CONDITIONS_NEVER_HOLD", VG_LINT_WARNING, 0,
              "Two conditions of a statement exclude each other: all must hold, so it never applies.",
              "Divide the statement, or write the values into one list.", never_both),
    STATEMENT("VG_COVERED_STATEMENT", VG_LINT_SUGGESTION, BY_SAME,
              "Another statement of the same effect says all that this one says.",
              "Remove it, or narrow the other one.", decided_elsewhere),
    STATEMENT("VG_UNREACHABLE_STATEMENT", VG_LINT_WARNING, BY_DENY,
              "Another statement denies all that this one allows.", "Remove it, or narrow the Deny.",
              decided_elsewhere),
    {.check = {"VG_VARIABLE_BEFORE_RESOURCE", VG_LINT_WARNING, VG_LINT_ALL_KINDS & ~LINT_TRUST, false,
               "A variable stands before the fifth colon of an ARN, where none is replaced: it matches no "
               "resource.",
               "Write the account or Region out, or a wildcard with a condition on aws:ResourceAccount."},
     .scope = LINT_RESOURCE,
     .run.resource = variable_before_resource},
};

const lint_family lint_own_reach_family = {rows, VG_COUNT(rows)};
