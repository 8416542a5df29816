/* lint_wildcard.c: wildcards and variables in the values of conditions: those that say nothing, and those that say too much.
 *
 * A pattern "*" matches any value, so what is left of its condition is whether the key exists:
 *
 *     operator (qualifier)              "*" among the values means
 *     StringLike, ForAnyValue:          the key exists               Null false
 *     StringLikeIfExists, ForAllValues: nothing                      remove the key
 *     StringNotLike, IfExists, ForAll:  the key does not exist       Null true
 *     ForAnyValue:StringNotLike         never                        remove the statement */
#include "policy/lint_part.h"

typedef enum { NULL_FALSE, NULL_TRUE, ALWAYS, NEVER } star_meaning;

/* The node of a value that is just "*", or NULL. */
static const vg_value *star_of(const lint_condition *c)
{
    if (!lint_op_takes_patterns(c->c->op))
        return NULL;
    for (size_t k = 0; k < c->c->value_count; k++)
        if (vg_str_is(c->c->values[k], "*"))
            return lint_value_node(c, k);
    return NULL;
}

static star_meaning meaning_of(const vg_policy_condition *c)
{
    if (vg_operator_is_negated(c->op))
        return c->qualifier == VG_QUALIFIER_FOR_ANY_VALUE && !c->if_exists ? NEVER : NULL_TRUE;
    return c->if_exists || c->qualifier == VG_QUALIFIER_FOR_ALL_VALUES ? ALWAYS : NULL_FALSE;
}

static const char *const star_text[] = {
    [NULL_FALSE] = "%.*s matches any value of %.*s: say \"Null\": {KEY: \"false\"} for that it exists.",
    [NULL_TRUE] = "%.*s holds only where %.*s is missing: say \"Null\": {KEY: \"true\"}.",
    [ALWAYS] = "%.*s with \"*\" always holds: remove %.*s.",
    [NEVER] = "%.*s with \"*\" never holds: no value of %.*s is unlike it.",
};

static void lone_star(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    const vg_value *star = star_of(c);
    if (star && (int)meaning_of(c->c) == row->variant)
        lint_raise(l, row, star, star_text[row->variant], VG_ARG(lint_shown(c->c->op_text)),
                   VG_ARG(lint_shown(c->c->key)));
}

/* ---- too permissive -------------------------------------------------------------------------------------------------------------------- */

typedef enum { WILDCARD, VARIABLE } openness;

/* Where the first wildcard or variable of the value begins, or VG_NPOS. */
static size_t opening_of(vg_str value, openness what)
{
    for (size_t i = 0; i < value.len; i++) {
        bool dollar = value.ptr[i] == '$' && i + 1 < value.len && value.ptr[i + 1] == '{';
        size_t end = dollar ? vg_str_find_char(vg_str_sub(value, i, VG_NPOS), '}') : VG_NPOS;
        if (what == VARIABLE ? end != VG_NPOS && lint_has_variable(vg_str_sub(value, i, end + 1))
                             : value.ptr[i] == '*' || value.ptr[i] == '?')
            return i;
        i += end == VG_NPOS ? 0 : end;
    }
    return VG_NPOS;
}

/* aws:userid is "ROLEID:session": a wildcard may be all of its left side, or stand in its right one. */
static bool is_wide_userid(vg_str value, size_t at)
{
    size_t colon = vg_str_find_char(value, ':');
    return colon == VG_NPOS ? true : at < colon && colon != 1;
}

static void too_permissive(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    bool sensitive = c->lists >> LINT_KEY_SENSITIVE & 1, prefixed = c->lists >> LINT_KEY_PREFIXED & 1;
    bool userid = vg_str_eq_icase(c->c->key, VG_STR("aws:userid"));
    if (!(sensitive || prefixed || userid) || (row->variant == WILDCARD && !lint_op_takes_patterns(c->c->op)))
        return;
    for (size_t k = 0; k < c->c->value_count; k++) {
        vg_str value = c->c->values[k];
        size_t at = opening_of(value, (openness)row->variant);
        if (at == VG_NPOS || !(sensitive || (prefixed && at < 6) || (userid && is_wide_userid(value, at))))
            continue;
        lint_raise(l, row, lint_value_node(c, k),
                   sensitive  ? "%.*s may be anybody's %.*s: write values out."
                   : prefixed ? "%.*s leaves %.*s open: let six characters stand before it."
                              : "%.*s leaves %.*s open: write ROLEID:*.",
                   VG_ARG(lint_shown(value)), VG_ARG(lint_shown(c->c->key)));
    }
}

#define STAR(code_, variant_, finds_, remedy_)                                                               \
    {                                                                                                        \
        .check = {code_, VG_LINT_SUGGESTION, VG_LINT_ALL_KINDS, false, finds_, remedy_},                     \
        .scope = LINT_CONDITION, .variant = variant_, .run.condition = lone_star                             \
    }
#define OPEN(code_, variant_, finds_, remedy_)                                                               \
    {                                                                                                        \
        .check = {code_, VG_LINT_ERROR, LINT_RESOURCE_KIND | LINT_TRUST | LINT_RCP, false, finds_, remedy_}, \
        .scope = LINT_CONDITION, .variant = variant_, .run.condition = too_permissive                        \
    }

static const lint_row rows[] = {
    STAR("EQUIVALENT_TO_NULL_FALSE", NULL_FALSE,
         "A pattern that matches anything tests no more than that the key exists.",
         "Write \"Null\": {\"KEY\": \"false\"}."),
    STAR("EQUIVALENT_TO_NULL_TRUE", NULL_TRUE,
         "A pattern that excludes anything tests no more than that the key is missing.",
         "Write \"Null\": {\"KEY\": \"true\"}."),
    STAR("REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION", ALWAYS,
         "A condition always holds, whatever the key's value.", "Remove the key from the condition."),
    STAR("REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION", NEVER,
         "A condition never holds, whatever the key's value.",
         "Remove the statement, or correct the condition."),
    OPEN("VARIABLE_USAGE_TOO_PERMISSIVE", VARIABLE, "A variable stands where it may let anybody in.",
         "Write the values out; for ARNs and paths, let six characters stand before the variable."),
    OPEN("WILDCARD_USAGE_TOO_PERMISSIVE", WILDCARD, "A wildcard stands where it may let anybody in.",
         "Write the values out; for ARNs and paths, let six characters stand before the wildcard."),
};

const lint_family lint_wildcard_family = {rows, VG_COUNT(rows)};
