/* lint_value.c: the values that conditions compare with: of the operator's type, and of the form that the key's values have.
 *
 * IAM User Guide, "IAM JSON policy elements: Condition operators" says what each operator takes; condition-keys.yaml says
 * which keys hold Regions, VPCs, principals of services or keys of KMS. */
#include "policy/lint_part.h"

#include <math.h>
#include <stdlib.h>

/* ---- values of the operator's type ----------------------------------------------------------------------------------------------- */

static bool is_numeric_op(vg_operator op)
{
    return op >= VG_OP_NUMERIC_EQUALS && op <= VG_OP_NUMERIC_GREATER_THAN_EQUALS;
}

static bool is_date_op(vg_operator op)
{
    return op >= VG_OP_DATE_EQUALS && op <= VG_OP_DATE_GREATER_THAN_EQUALS;
}

static bool is_digits(vg_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    return text.len > 0;
}

static bool to_number(vg_str text, double *out)
{
    char copy[64], *end;
    if (text.len == 0 || text.len >= sizeof copy)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (strspn(copy, "+-.0123456789eE") != text.len)
        return false;
    *out = strtod(copy, &end);
    return *end == '\0' && isfinite(*out);
}

static bool is_number(vg_str text)
{
    double number;
    return to_number(text, &number);
}

static bool is_boolean(vg_str text)
{
    return vg_str_eq_icase(text, VG_STR("true")) || vg_str_eq_icase(text, VG_STR("false"));
}

/* ISO 8601 as AWS takes it, down to a year alone; digits are seconds since 1970, which another check speaks of. */
static bool is_date(vg_str text)
{
    vg_time time;
    if (is_digits(text))
        return true;
    bool year_month = text.len == 7 && text.ptr[4] == '-' && is_digits(vg_str_sub(text, 0, 4)) &&
                      is_digits(vg_str_sub(text, 5, 2));
    if (year_month || vg_time_parse(text, &time))
        return true;
    /* Without seconds: 2026-11-24T10:00Z. */
    return text.len >= 17 && text.len <= 22 && text.ptr[10] == 'T' && text.ptr[13] == ':' &&
           text.ptr[16] != ':' && vg_time_parse(vg_str_sub(text, 0, 10), &time);
}

static bool is_base64(vg_str text)
{
    size_t padding = 0;
    while (padding < 2 && padding < text.len && text.ptr[text.len - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i + padding < text.len; i++) {
        char c = text.ptr[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
              c == '/'))
            return false;
    }
    return text.len % 4 == 0;
}

typedef struct {
    bool (*is_of)(vg_operator op);
    bool (*is_valid)(vg_str text);
    const char *message;
} value_type;

static bool is_bool_op(vg_operator op)
{
    return op == VG_OP_BOOL || op == VG_OP_NULL;
}

static bool is_binary_op(vg_operator op)
{
    return op == VG_OP_BINARY_EQUALS;
}

typedef enum { OF_BOOLEAN, OF_DATE, OF_NUMBER, OF_BINARY } value_type_name;
static const value_type value_types[] = {
    [OF_BOOLEAN] = {is_bool_op, is_boolean, "%.*s is neither true nor false, which %.*s compares with."},
    [OF_DATE] = {is_date_op, is_date,
                 "%.*s is no date, which %.*s compares with: write YYYY-MM-DD or ISO 8601."},
    [OF_NUMBER] = {is_numeric_op, is_number, "%.*s is no number, which %.*s compares with."},
    [OF_BINARY] = {is_binary_op, is_base64, "%.*s is no base64, which %.*s compares with."},
};

static void wrong_type(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    const value_type *type = &value_types[row->variant];
    if (!type->is_of(c->c->op))
        return;
    for (size_t k = 0; k < c->c->value_count; k++)
        if (!type->is_valid(c->c->values[k]) && !lint_has_variable(c->c->values[k]))
            lint_raise(l, row, lint_value_node(c, k), type->message, VG_ARG(lint_shown(c->c->values[k])),
                       VG_ARG(lint_shown(c->c->op_text)));
}

static void epoch_date(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    for (size_t k = 0; is_date_op(c->c->op) && k < c->c->value_count; k++)
        if (is_digits(c->c->values[k]) && c->c->values[k].len != 4)
            lint_raise(l, row, lint_value_node(c, k), "%.*s is read as seconds since 1970: write YYYY-MM-DD.",
                       VG_ARG(lint_shown(c->c->values[k])));
}

static void several_booleans(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    if (c->c->op == VG_OP_BOOL && c->c->value_count > 1)
        lint_raise(l, row, c->key_at, "%.*s is compared with %zu values: true or false says all.",
                   VG_ARG(lint_shown(c->c->key)), c->c->value_count);
}

static int json_type(const vg_value *v)
{
    switch (vg_kind_of(v)) {
    case VG_INT:
    case VG_UINT:
    case VG_DOUBLE:
    case VG_NUMBER:
        return VG_INT;
    default:
        return (int)vg_kind_of(v);
    }
}

static void mixed_types(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    if (c->c->at->kind != VG_ARRAY)
        return;
    int first = -1;
    for (vg_items it = vg_items_of(c->c->at); vg_items_next(&it);) {
        if (first >= 0 && json_type(it.value) != first) {
            lint_raise_plain(l, row, c->key_at);
            return;
        }
        first = json_type(it.value);
    }
}

/* Of several bounds one decides. */
static void several_bounds(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    vg_operator op = c->c->op;
    bool upper = op == VG_OP_NUMERIC_LESS_THAN || op == VG_OP_NUMERIC_LESS_THAN_EQUALS;
    bool lower = op == VG_OP_NUMERIC_GREATER_THAN || op == VG_OP_NUMERIC_GREATER_THAN_EQUALS;
    if (c->c->value_count > 1 && (upper || lower))
        lint_raise(l, row, c->key_at, "Of several values of %.*s the %s alone decides: keep that one.",
                   VG_ARG(lint_shown(c->c->op_text)), upper ? "greatest" : "least");
}

static void wildcard_in_equals(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    if (!lint_op_is_string(c->c->op) || lint_op_takes_patterns(c->c->op))
        return;
    for (size_t k = 0; k < c->c->value_count; k++)
        if (lint_has_wildcard(c->c->values[k]))
            lint_raise(l, row, lint_value_node(c, k), "%.*s takes %.*s as it is written, its * or ? too.",
                       VG_ARG(lint_shown(c->c->op_text)), VG_ARG(lint_shown(c->c->values[k])));
}

/* ---- values of the key's form -------------------------------------------------------------------------------------------------------- */

static bool is_region_value(const lint *l, vg_str text)
{
    return lint_content_has(l->content->regions, text);
}

/* "vpc-" and 8 or 17 letters or digits. */
static bool has_id_form(vg_str text, vg_str prefix)
{
    if (!vg_str_starts(text, prefix) || (text.len != prefix.len + 8 && text.len != prefix.len + 17))
        return false;
    for (size_t i = prefix.len; i < text.len; i++) {
        char c = text.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
            return false;
    }
    return true;
}

static bool is_vpc(const lint *l, vg_str text)
{
    (void)l;
    return has_id_form(text, VG_STR("vpc-"));
}

static bool is_vpce(const lint *l, vg_str text)
{
    (void)l;
    return has_id_form(text, VG_STR("vpce-"));
}

static bool is_kms_key(const lint *l, vg_str text)
{
    (void)l;
    vg_arn arn;
    return vg_arn_parse(text, &arn) && vg_str_is(arn.service, "kms") && arn.region.len && arn.account.len &&
           vg_str_starts(arn.resource, VG_STR("key/"));
}

static const struct {
    lint_key_list list;
    bool (*is_valid)(const lint *l, vg_str text);
    const char *message;
} forms[] = {
    {LINT_KEY_REGION, is_region_value, "%.*s is no Region, which %.*s holds."},
    {LINT_KEY_VPC, is_vpc, "%.*s is no VPC, which %.*s holds: vpc- and 8 or 17 letters or digits."},
    {LINT_KEY_VPCE, is_vpce,
     "%.*s is no VPC endpoint, which %.*s holds: vpce- and 8 or 17 letters or digits."},
    {LINT_KEY_KMS_KEY, is_kms_key, "%.*s is no ARN of a KMS key, which %.*s holds."},
};

/* What an operator of patterns may match is not judged by its letters. */
static bool is_open(const lint_condition *c, vg_str value)
{
    return vg_str_find_char(value, '$') != VG_NPOS ||
           (lint_op_takes_patterns(c->c->op) && lint_is_wild(value));
}

static void wrong_form(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    if (!(c->lists >> forms[row->variant].list & 1) || c->c->op == VG_OP_NULL)
        return;
    for (size_t k = 0; k < c->c->value_count; k++)
        if (!is_open(c, c->c->values[k]) && !forms[row->variant].is_valid(l, c->c->values[k]))
            lint_raise(l, row, lint_value_node(c, k), forms[row->variant].message,
                       VG_ARG(lint_shown(c->c->values[k])), VG_ARG(lint_shown(c->c->key)));
}

/* ---- rows -------------------------------------------------------------------------------------------------------------------------------- */

#define VALUE(code_, type_, variant_, finds_, remedy_, run_)                                                 \
    {                                                                                                        \
        .check = {code_, type_, VG_LINT_ALL_KINDS, false, finds_, remedy_}, .scope = LINT_CONDITION,         \
        .variant = variant_, .run.condition = run_                                                           \
    }

static const lint_row rows[] = {
    VALUE("INVALID_CONDITION_DATA_TYPE", VG_LINT_ERROR, 0,
          "The values of a condition are of different JSON types.", "Write them all as strings.",
          mixed_types),
    VALUE("INVALID_CONDITION_MULTIPLE_BOOLEAN", VG_LINT_ERROR, 0, "A Boolean condition has several values.",
          "Keep one.", several_booleans),
    VALUE("INVALID_DATE_VALUE", VG_LINT_WARNING, 0, "A date is written as seconds since 1970.",
          "Write YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ.", epoch_date),
    VALUE("INVALID_KMS_KEY_VALUE", VG_LINT_ERROR, 3,
          "The value of a key that holds a KMS key is no ARN of one.",
          "Write arn:aws:kms:REGION:ACCOUNT:key/ID.", wrong_form),
    VALUE("INVALID_REGION", VG_LINT_ERROR, 0, "The value of a key that holds a Region is none.",
          "Correct the Region.", wrong_form),
    VALUE("INVALID_VPCE_FORMAT", VG_LINT_ERROR, 2, "The value of a key that holds a VPC endpoint is none.",
          "Write vpce- and its 8 or 17 letters or digits.", wrong_form),
    VALUE("INVALID_VPC_FORMAT", VG_LINT_ERROR, 1, "The value of a key that holds a VPC is none.",
          "Write vpc- and its 8 or 17 letters or digits.", wrong_form),
    VALUE("REDUNDANT_CONDITION_VALUE_NUM", VG_LINT_SUGGESTION, 0,
          "A bound is given several values, of which one decides.", "Keep the one that decides.",
          several_bounds),
    VALUE("TYPE_MISMATCH_BOOLEAN", VG_LINT_WARNING, OF_BOOLEAN,
          "A Boolean operator is given another value than true or false.", "Write \"true\" or \"false\".",
          wrong_type),
    VALUE("TYPE_MISMATCH_DATE", VG_LINT_WARNING, OF_DATE, "A date operator is given what is no date.",
          "Write YYYY-MM-DD or another form of ISO 8601.", wrong_type),
    VALUE("TYPE_MISMATCH_NUMBER", VG_LINT_WARNING, OF_NUMBER,
          "A numeric operator is given what is no number.", "Write a number.", wrong_type),
    VALUE("TYPE_MISMATCH_STRING", VG_LINT_WARNING, OF_BINARY, "BinaryEquals is given what is no base64.",
          "Encode the bytes in base64.", wrong_type),
    VALUE("WILDCARD_WITHOUT_LIKE_OPERATOR", VG_LINT_WARNING, 0,
          "A value holds * or ?, and its operator takes them as plain characters.",
          "Use StringLike if a wildcard is meant.", wildcard_in_equals),
};

const lint_family lint_value_family = {rows, VG_COUNT(rows)};
