/* words.c: conditions in words, for people who read why something is allowed: "aws:SourceVpc is vpc-1 or vpc-2". */
#include "policy/policy_trace.h"

/* What stands between the key and its values; and whether a value stands for itself. */
static const char *const phrases[] = {
    [VG_OP_STRING_EQUALS] = "is",
    [VG_OP_STRING_NOT_EQUALS] = "is not",
    [VG_OP_STRING_EQUALS_IGNORE_CASE] = "is (in any case)",
    [VG_OP_STRING_NOT_EQUALS_IGNORE_CASE] = "is not (in any case)",
    [VG_OP_STRING_LIKE] = "matches",
    [VG_OP_STRING_NOT_LIKE] = "does not match",
    [VG_OP_NUMERIC_EQUALS] = "is",
    [VG_OP_NUMERIC_NOT_EQUALS] = "is not",
    [VG_OP_NUMERIC_LESS_THAN] = "is less than",
    [VG_OP_NUMERIC_LESS_THAN_EQUALS] = "is at most",
    [VG_OP_NUMERIC_GREATER_THAN] = "is greater than",
    [VG_OP_NUMERIC_GREATER_THAN_EQUALS] = "is at least",
    [VG_OP_DATE_EQUALS] = "is",
    [VG_OP_DATE_NOT_EQUALS] = "is not",
    [VG_OP_DATE_LESS_THAN] = "is before",
    [VG_OP_DATE_LESS_THAN_EQUALS] = "is not after",
    [VG_OP_DATE_GREATER_THAN] = "is after",
    [VG_OP_DATE_GREATER_THAN_EQUALS] = "is not before",
    [VG_OP_BOOL] = "is",
    [VG_OP_BINARY_EQUALS] = "is",
    [VG_OP_IP_ADDRESS] = "is in",
    [VG_OP_NOT_IP_ADDRESS] = "is not in",
    [VG_OP_ARN_EQUALS] = "matches",
    [VG_OP_ARN_NOT_EQUALS] = "does not match",
    [VG_OP_ARN_LIKE] = "matches",
    [VG_OP_ARN_NOT_LIKE] = "does not match",
    [VG_OP_INVALID] = "is compared by no operator with",
};

static const char *qualifier_of(const vg_policy_condition *c)
{
    switch (c->qualifier) {
    case VG_QUALIFIER_FOR_ALL_VALUES:
        return "every value of ";
    case VG_QUALIFIER_FOR_ANY_VALUE:
        return "some value of ";
    case VG_QUALIFIER_NONE:
        break;
    }
    return "";
}

void vg_condition_in_words(vg_buf *out, const vg_policy_condition *c)
{
    if (c->op == VG_OP_NULL) {
        bool missing = c->value_count && vg_str_eq_icase(c->values[0], VG_STR("true"));
        vg_buf_addf(out, "%.*s is %s", VG_ARG(c->key), missing ? "missing" : "present");
        return;
    }
    vg_buf_addf(out, "%s%.*s %s ", qualifier_of(c), VG_ARG(c->key), phrases[c->op]);
    for (size_t i = 0; i < c->value_count; i++) {
        vg_buf_add_c(out, i == 0 ? "" : vg_operator_is_negated(c->op) ? " nor " : " or ");
        vg_buf_add_str(out, c->values[i].len ? c->values[i] : VG_STR("\"\""));
    }
    if (c->value_count == 0)
        vg_buf_add_c(out, "nothing");
    if (c->if_exists)
        vg_buf_add_c(out, ", or is missing");
}
