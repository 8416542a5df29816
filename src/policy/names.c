/* names.c: the names of what a policy is made of: its kinds, and the operators of conditions (IAM User Guide, "IAM JSON policy
 * elements: Condition operators"). */
#include "policy/policy_part.h"

/* ---- kinds of policies --------------------------------------------------------------------------------------------------- */

static const char *const kind_names[] = {"identity", "boundary", "session", "resource",
                                         "trust",    "endpoint", "scp",     "rcp"};

const char *vg_policy_kind_name(vg_policy_kind kind)
{
    return kind_names[kind];
}

bool vg_policy_kind_parse(vg_str text, vg_policy_kind *out)
{
    for (size_t i = 0; i < VG_COUNT(kind_names); i++)
        if (vg_str_is(text, kind_names[i])) {
            *out = (vg_policy_kind)i;
            return true;
        }
    return false;
}

/* ---- operators ------------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    bool negated;
} operators[] = {
    [VG_OP_STRING_EQUALS] = {"StringEquals", false},
    [VG_OP_STRING_NOT_EQUALS] = {"StringNotEquals", true},
    [VG_OP_STRING_EQUALS_IGNORE_CASE] = {"StringEqualsIgnoreCase", false},
    [VG_OP_STRING_NOT_EQUALS_IGNORE_CASE] = {"StringNotEqualsIgnoreCase", true},
    [VG_OP_STRING_LIKE] = {"StringLike", false},
    [VG_OP_STRING_NOT_LIKE] = {"StringNotLike", true},
    [VG_OP_NUMERIC_EQUALS] = {"NumericEquals", false},
    [VG_OP_NUMERIC_NOT_EQUALS] = {"NumericNotEquals", true},
    [VG_OP_NUMERIC_LESS_THAN] = {"NumericLessThan", false},
    [VG_OP_NUMERIC_LESS_THAN_EQUALS] = {"NumericLessThanEquals", false},
    [VG_OP_NUMERIC_GREATER_THAN] = {"NumericGreaterThan", false},
    [VG_OP_NUMERIC_GREATER_THAN_EQUALS] = {"NumericGreaterThanEquals", false},
    [VG_OP_DATE_EQUALS] = {"DateEquals", false},
    [VG_OP_DATE_NOT_EQUALS] = {"DateNotEquals", true},
    [VG_OP_DATE_LESS_THAN] = {"DateLessThan", false},
    [VG_OP_DATE_LESS_THAN_EQUALS] = {"DateLessThanEquals", false},
    [VG_OP_DATE_GREATER_THAN] = {"DateGreaterThan", false},
    [VG_OP_DATE_GREATER_THAN_EQUALS] = {"DateGreaterThanEquals", false},
    [VG_OP_BOOL] = {"Bool", false},
    [VG_OP_BINARY_EQUALS] = {"BinaryEquals", false},
    [VG_OP_IP_ADDRESS] = {"IpAddress", false},
    [VG_OP_NOT_IP_ADDRESS] = {"NotIpAddress", true},
    [VG_OP_ARN_EQUALS] = {"ArnEquals", false},
    [VG_OP_ARN_NOT_EQUALS] = {"ArnNotEquals", true},
    [VG_OP_ARN_LIKE] = {"ArnLike", false},
    [VG_OP_ARN_NOT_LIKE] = {"ArnNotLike", true},
    [VG_OP_NULL] = {"Null", false},
    [VG_OP_INVALID] = {"(no operator)", false},
};

const char *vg_operator_name(vg_operator op)
{
    return operators[op].name;
}

bool vg_operator_is_negated(vg_operator op)
{
    return operators[op].negated;
}

vg_operator vg_operator_find(vg_str name)
{
    vg_operator op = 0;
    while (op < VG_OP_INVALID && !vg_str_eq_icase(name, vg_str_from(operators[op].name)))
        op++;
    return op;
}
