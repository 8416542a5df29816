/* condition.c: condition operators.
 *
 * "IAM JSON policy elements: Condition operators" and "Creating a condition with multiple keys or values". One test is one
 * key under one operator: the request's value against the policy's values, of which one must match; for a negated
 * operator none may. A key that the request lacks fails the test, except under IfExists, Null, ForAllValues and negated
 * operators. A bare operator never matches a key that holds a list, ForAllValues and ForAnyValue take one value for a
 * list of one. A value that is not of the operator's type matches nothing, and neither does a negated operator then: what
 * AWS cannot compare, it does not take for different.
 *
 * Values are read when a policy is compiled; the request's are read once for each test that meets them. */
#include "policy/policy_part.h"

#include <arpa/inet.h>

/* ---- reading values -------------------------------------------------------------------------------------------------------------- */

static bool read_boolean(vg_str text, bool *out)
{
    *out = vg_str_eq_icase(text, VG_STR("true"));
    return *out || vg_str_eq_icase(text, VG_STR("false"));
}

/* A decimal number as its parts, compared without rounding. */
typedef struct {
    bool negative;
    vg_str whole, fraction; /* digits, without leading, without trailing zeros */
} decimal;

static bool all_digits(vg_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return true;
}

static bool read_decimal(vg_str text, decimal *out)
{
    text = vg_str_trim(text);
    *out = (decimal){0};
    if (text.len && (text.ptr[0] == '-' || text.ptr[0] == '+')) {
        out->negative = text.ptr[0] == '-';
        text = vg_str_sub(text, 1, text.len);
    }
    vg_str_split(text, '.', &out->whole, &out->fraction);
    if (out->whole.len + out->fraction.len == 0 || !all_digits(out->whole) || !all_digits(out->fraction))
        return false;
    while (out->whole.len && out->whole.ptr[0] == '0')
        out->whole = vg_str_sub(out->whole, 1, out->whole.len);
    while (out->fraction.len && out->fraction.ptr[out->fraction.len - 1] == '0')
        out->fraction.len--;
    if (out->whole.len + out->fraction.len == 0)
        out->negative = false;
    return true;
}

static int compare_decimals(const decimal *a, const decimal *b)
{
    if (a->negative != b->negative)
        return a->negative ? -1 : 1;
    int order = a->whole.len != b->whole.len ? (a->whole.len < b->whole.len ? -1 : 1)
                                             : vg_str_cmp(a->whole, b->whole);
    if (order == 0)
        order = vg_str_cmp(a->fraction, b->fraction);
    return a->negative ? -order : order;
}

/* W3C's profile of ISO 8601: a year, a month, a day, minutes, seconds, fractions; without zone it is UTC. Or time since 1970:
 * seconds, and milliseconds when it has twelve digits or more. */
static bool read_date(vg_str text, int64_t *out)
{
    int64_t number;
    char whole[VG_TIME_TEXT * 2];
    if (text.len == 4 && all_digits(text)) {
        snprintf(whole, sizeof whole, "%.*s-01-01", VG_ARG(text));
        return vg_time_parse(vg_str_from(whole), out);
    }
    if (vg_str_to_i64(text, &number)) {
        bool milliseconds = text.len - (text.ptr[0] == '-') >= 12;
        return !__builtin_mul_overflow(number, milliseconds ? 1000 : VG_TIME_SECOND, out);
    }
    if (vg_time_parse(text, out))
        return true;
    if (text.len > VG_TIME_TEXT)
        return false;
    /* The forms that leave something out, completed. */
    size_t zone = vg_str_find_char(text, 'T') == VG_NPOS ? VG_NPOS : text.len;
    int n;
    if (zone == VG_NPOS) {
        n = snprintf(whole, sizeof whole, "%.*s-01", VG_ARG(text));
    } else {
        for (zone = 11;
             zone < text.len && text.ptr[zone] != 'Z' && text.ptr[zone] != '+' && text.ptr[zone] != '-';)
            zone++;
        vg_str clock = vg_str_sub(text, 0, zone), rest = vg_str_sub(text, zone, text.len);
        n = snprintf(whole, sizeof whole, "%.*s%s%.*s", VG_ARG(clock), clock.len == 16 ? ":00" : "",
                     VG_ARG(rest.len ? rest : VG_STR("Z")));
    }
    return n > 0 && vg_time_parse(vg_str_of(whole, (size_t)n), out);
}

/* "10.0.0.0/8", "10.1.2.3", "2001:db8::/32". */
static bool read_address(vg_str text, bool may_have_prefix, vg_address *out)
{
    vg_str part, length;
    char name[INET6_ADDRSTRLEN];
    bool has_length = vg_str_split(text, '/', &part, &length);
    if ((has_length && !may_have_prefix) || part.len >= sizeof name)
        return false;
    memcpy(name, part.len ? part.ptr : "", part.len);
    name[part.len] = '\0';
    *out = (vg_address){.v6 = vg_str_find_char(part, ':') != VG_NPOS};
    unsigned width = out->v6 ? 128 : 32;
    uint64_t prefix = width;
    if (inet_pton(out->v6 ? AF_INET6 : AF_INET, name, out->bytes) != 1)
        return false;
    if (has_length &&
        (!vg_str_to_u64(length, &prefix) || prefix > width || (length.len > 1 && length.ptr[0] == '0')))
        return false;
    out->bits = (uint8_t)prefix;
    return true;
}

/* An address of one family is in no network of the other. */
static bool is_in_network(const vg_address *address, const vg_address *network)
{
    unsigned whole = network->bits / 8, rest = network->bits % 8;
    return address->v6 == network->v6 && memcmp(address->bytes, network->bytes, whole) == 0 &&
           (rest == 0 || ((address->bytes[whole] ^ network->bytes[whole]) >> (8 - rest)) == 0);
}

bool vg_address_is_in(vg_str address, vg_str range)
{
    vg_address one, network;
    return read_address(address, false, &one) && read_address(range, true, &network) &&
           is_in_network(&one, &network);
}

/* ---- operators in families -------------------------------------------------------------------------------------------------------- */

typedef enum { TEXT, LIKE, ICASE, NUMERIC, DATE, BOOLEAN, BINARY, ADDRESS, ARN, PRESENCE, NONE } family;
typedef enum { EQUAL, LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL } relation;

static const struct {
    uint8_t family, relation;
} operators[] = {
    [VG_OP_STRING_EQUALS] = {TEXT, EQUAL},
    [VG_OP_STRING_NOT_EQUALS] = {TEXT, EQUAL},
    [VG_OP_STRING_EQUALS_IGNORE_CASE] = {ICASE, EQUAL},
    [VG_OP_STRING_NOT_EQUALS_IGNORE_CASE] = {ICASE, EQUAL},
    [VG_OP_STRING_LIKE] = {LIKE, EQUAL},
    [VG_OP_STRING_NOT_LIKE] = {LIKE, EQUAL},
    [VG_OP_NUMERIC_EQUALS] = {NUMERIC, EQUAL},
    [VG_OP_NUMERIC_NOT_EQUALS] = {NUMERIC, EQUAL},
    [VG_OP_NUMERIC_LESS_THAN] = {NUMERIC, LESS},
    [VG_OP_NUMERIC_LESS_THAN_EQUALS] = {NUMERIC, LESS_OR_EQUAL},
    [VG_OP_NUMERIC_GREATER_THAN] = {NUMERIC, GREATER},
    [VG_OP_NUMERIC_GREATER_THAN_EQUALS] = {NUMERIC, GREATER_OR_EQUAL},
    [VG_OP_DATE_EQUALS] = {DATE, EQUAL},
    [VG_OP_DATE_NOT_EQUALS] = {DATE, EQUAL},
    [VG_OP_DATE_LESS_THAN] = {DATE, LESS},
    [VG_OP_DATE_LESS_THAN_EQUALS] = {DATE, LESS_OR_EQUAL},
    [VG_OP_DATE_GREATER_THAN] = {DATE, GREATER},
    [VG_OP_DATE_GREATER_THAN_EQUALS] = {DATE, GREATER_OR_EQUAL},
    [VG_OP_BOOL] = {BOOLEAN, EQUAL},
    [VG_OP_BINARY_EQUALS] = {BINARY, EQUAL},
    [VG_OP_IP_ADDRESS] = {ADDRESS, EQUAL},
    [VG_OP_NOT_IP_ADDRESS] = {ADDRESS, EQUAL},
    [VG_OP_ARN_EQUALS] = {ARN, EQUAL},
    [VG_OP_ARN_NOT_EQUALS] = {ARN, EQUAL},
    [VG_OP_ARN_LIKE] = {ARN, EQUAL},
    [VG_OP_ARN_NOT_LIKE] = {ARN, EQUAL},
    [VG_OP_NULL] = {PRESENCE, EQUAL},
    [VG_OP_INVALID] = {NONE, EQUAL},
};

static bool holds_relation(int order, relation wanted)
{
    switch (wanted) {
    case EQUAL:
        return order == 0;
    case LESS:
        return order < 0;
    case LESS_OR_EQUAL:
        return order <= 0;
    case GREATER:
        return order > 0;
    case GREATER_OR_EQUAL:
        break;
    }
    return order >= 0;
}

/* ---- compiling ---------------------------------------------------------------------------------------------------------------------- */

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while compiling a policy");
}

static bool has_wildcard(vg_str text)
{
    return vg_str_find_char(text, '*') != VG_NPOS || vg_str_find_char(text, '?') != VG_NPOS;
}

/* Variables stand in the values of String operators and of Bool; ARNs have their own way with them. */
static bool takes_variables(family f)
{
    return f == TEXT || f == LIKE || f == ICASE || f == BOOLEAN;
}

static vg_status compile_arn(vg_arena *arena, bool variables, vg_operand *out, vg_error *err)
{
    vg_arn_cut *cut = VG_NEW(arena, vg_arn_cut);
    bool has_variable = variables && vg_template_needed(out->text);
    if (!cut)
        return out_of_memory(err);
    *cut = has_variable ? vg_arn_cut_around_variables(out->text) : vg_arn_cut_of(out->text);
    out->cut = cut;
    out->bad = cut->count < VG_ARN_SEGMENTS || !vg_str_is(cut->segment[0], "arn");
    out->simple = !has_variable && !has_wildcard(out->text);
    if (out->bad || !has_variable)
        return VG_OK;
    vg_template *segments = VG_NEW_N(arena, vg_template, VG_ARN_SEGMENTS);
    if (!segments)
        return out_of_memory(err);
    out->variable = segments;
    for (unsigned i = 0; i < VG_ARN_SEGMENTS; i++)
        VG_TRY(vg_template_compile(arena, cut->segment[i], true, &segments[i], err));
    return VG_OK;
}

static vg_status compile_operand(vg_arena *arena, family f, bool variables, vg_str text, vg_operand *out,
                                 vg_error *err)
{
    decimal number;
    *out = (vg_operand){.text = text};
    if (f == ARN)
        return compile_arn(arena, variables, out, err);
    if (variables && takes_variables(f) && vg_template_needed(text)) {
        vg_template *t = VG_NEW(arena, vg_template);
        if (!t)
            return out_of_memory(err);
        out->variable = t;
        return vg_template_compile(arena, text, f == LIKE, t, err);
    }
    switch (f) {
    case NUMERIC:
        out->bad = !read_decimal(text, &number);
        break;
    case DATE:
        out->bad = !read_date(text, &out->time);
        break;
    case BOOLEAN:
    case PRESENCE:
        out->bad = !read_boolean(text, &out->boolean);
        break;
    case ADDRESS:
        out->bad = !read_address(text, true, &out->address);
        break;
    case LIKE:
        out->simple = !has_wildcard(text);
        break;
    case ARN:
    case TEXT:
    case ICASE:
    case BINARY:
    case NONE:
        out->simple = true;
        break;
    }
    return VG_OK;
}

vg_status vg_test_compile(vg_arena *arena, const vg_policy_condition *condition, bool variables, vg_test *out,
                          vg_error *err)
{
    family f = (family)operators[condition->op].family;
    *out = (vg_test){.op = (uint8_t)condition->op,
                     .qualifier = (uint8_t)condition->qualifier,
                     .if_exists = condition->if_exists,
                     .negated = vg_operator_is_negated(condition->op),
                     .count = (uint32_t)condition->value_count,
                     .hash = vg_key_hash(condition->key),
                     .key = condition->key,
                     .source = condition};
    vg_operand *operands = VG_NEW_N(arena, vg_operand, condition->value_count ? condition->value_count : 1);
    if (!operands)
        return out_of_memory(err);
    out->operands = operands;
    for (size_t i = 0; i < condition->value_count; i++)
        VG_TRY(compile_operand(arena, f, variables, condition->values[i], &operands[i], err));
    return VG_OK;
}

/* ---- one value and one operand -------------------------------------------------------------------------------------------------------- */

/* The request's value, read as the operator reads it. */
typedef struct {
    bool bad;
    vg_str text;
    decimal number;
    int64_t time;
    bool boolean;
    vg_address address;
    vg_arn_cut cut;
} request_value;

static void read_value(family f, vg_str text, request_value *out)
{
    out->text = text;
    out->bad = false;
    switch (f) {
    case NUMERIC:
        out->bad = !read_decimal(text, &out->number);
        break;
    case DATE:
        out->bad = !read_date(text, &out->time);
        break;
    case BOOLEAN:
        out->bad = !read_boolean(text, &out->boolean);
        break;
    case ADDRESS:
        out->bad = !read_address(text, false, &out->address);
        break;
    case ARN:
        out->cut = vg_arn_cut_of(text);
        out->bad = out->cut.count < VG_ARN_SEGMENTS || !vg_str_is(out->cut.segment[0], "arn");
        break;
    case TEXT:
    case LIKE:
    case ICASE:
    case BINARY:
    case PRESENCE:
    case NONE:
        break;
    }
}

static vg_result result_of(bool matches)
{
    return matches ? VG_RESULT_YES : VG_RESULT_NO;
}

/* What follows when an earlier segment may already have differed or been in error. */
static vg_result weaker(vg_result r)
{
    return r == VG_RESULT_YES ? VG_RESULT_UNKNOWN : VG_RESULT_NO_OR_ERROR;
}

/* ArnEquals and ArnLike are the same: segment by segment, wildcards in each, none past a colon. The first segment that
 * differs decides; what stands in error behind it is not looked at. */
static vg_result match_arn(vg_evaluation *e, const vg_operand *o, const request_value *v)
{
    vg_result all = VG_RESULT_YES;
    if (o->simple)
        return result_of(vg_str_eq(o->text, v->text));
    for (unsigned i = 1; i < VG_ARN_SEGMENTS; i++) {
        vg_result r = o->variable ? vg_template_match(e, &o->variable[i], v->cut.segment[i], false)
                                  : vg_result_of(vg_glob(o->cut->segment[i], v->cut.segment[i], &e->steps));
        if (r == VG_RESULT_UNKNOWN)
            all = VG_RESULT_UNKNOWN;
        else if (r != VG_RESULT_YES)
            return all == VG_RESULT_YES || r == VG_RESULT_NO_OR_ERROR ? r : weaker(r);
    }
    return all;
}

static vg_result match_boolean(vg_evaluation *e, const vg_operand *o, const request_value *v)
{
    if (!o->variable)
        return result_of(o->boolean == v->boolean);
    vg_result is_true = vg_template_match(e, o->variable, VG_STR("true"), true);
    vg_result is_false = vg_template_match(e, o->variable, VG_STR("false"), true);
    if (is_true == VG_RESULT_NO && is_false == VG_RESULT_NO)
        return VG_RESULT_ERROR; /* its value is neither */
    return v->boolean ? is_true : is_false;
}

static vg_result match_operand(vg_evaluation *e, const vg_test *test, const vg_operand *o,
                               const request_value *v)
{
    relation wanted = (relation)operators[test->op].relation;
    decimal number;
    if (o->bad || v->bad)
        return VG_RESULT_ERROR;
    switch ((family)operators[test->op].family) {
    case TEXT:
    case BINARY:
        return o->variable ? vg_template_match(e, o->variable, v->text, false)
                           : result_of(vg_str_eq(o->text, v->text));
    case LIKE:
        if (o->variable)
            return vg_template_match(e, o->variable, v->text, false);
        return o->simple ? result_of(vg_str_eq(o->text, v->text))
                         : vg_result_of(vg_glob(o->text, v->text, &e->steps));
    case ICASE:
        return o->variable ? vg_template_match(e, o->variable, v->text, true)
                           : result_of(vg_str_eq_icase(o->text, v->text));
    case NUMERIC:
        read_decimal(o->text, &number);
        return result_of(holds_relation(compare_decimals(&v->number, &number), wanted));
    case DATE:
        return result_of(holds_relation(v->time < o->time ? -1 : v->time > o->time, wanted));
    case BOOLEAN:
        return match_boolean(e, o, v);
    case ADDRESS:
        return result_of(is_in_network(&v->address, &o->address));
    case ARN:
        return match_arn(e, o, v);
    case PRESENCE:
    case NONE:
        break;
    }
    return VG_RESULT_ERROR;
}

/* ---- a value against all operands -------------------------------------------------------------------------------------------------------- */

/* One match decides, for either kind of operator; an operand in error only against a negated one. */
static vg_match match_value(vg_evaluation *e, const vg_test *test, vg_str text)
{
    request_value v;
    if (text.len > VG_LONGEST_VALUE)
        return VG_MATCH_UNKNOWN; /* patterns are not compared with it */
    read_value((family)operators[test->op].family, text, &v);
    vg_match any = VG_MATCH_NO, wrong = VG_MATCH_NO;
    for (uint32_t i = 0; i < test->count; i++) {
        switch (match_operand(e, test, &test->operands[i], &v)) {
        case VG_RESULT_YES:
            return test->negated ? VG_MATCH_NO : VG_MATCH_YES;
        case VG_RESULT_UNKNOWN:
            any = VG_MATCH_UNKNOWN;
            break;
        case VG_RESULT_ERROR:
            wrong = VG_MATCH_YES;
            break;
        case VG_RESULT_NO_OR_ERROR:
            wrong = vg_match_or(wrong, VG_MATCH_UNKNOWN);
            break;
        case VG_RESULT_NO:
            break;
        }
    }
    return test->negated ? vg_match_not(vg_match_or(any, wrong)) : any;
}

/* Lists cost their length times the operands', each comparison more the longer the text. */
static vg_match match_listed_value(vg_evaluation *e, const vg_test *test, vg_str text)
{
    e->steps += (uint64_t)test->count * (1 + text.len / 64);
    return vg_is_spent(e->steps) ? VG_MATCH_UNKNOWN : match_value(e, test, text);
}

static vg_match match_all_values(vg_evaluation *e, const vg_test *test, const vg_context_entry *entry)
{
    vg_match all = VG_MATCH_YES;
    for (uint32_t i = 0; i < entry->value_count && all != VG_MATCH_NO; i++)
        all = vg_match_and(all, match_listed_value(e, test, entry->values[i]));
    return all;
}

static vg_match match_any_value(vg_evaluation *e, const vg_test *test, const vg_context_entry *entry)
{
    vg_match any = VG_MATCH_NO;
    for (uint32_t i = 0; i < entry->value_count && any != VG_MATCH_YES; i++)
        any = vg_match_or(any, match_listed_value(e, test, entry->values[i]));
    return any;
}

/* ---- a test ------------------------------------------------------------------------------------------------------------------------------- */

/* Null: the operand says whether the key must be missing. */
static vg_match match_presence(const vg_test *test, bool missing)
{
    for (uint32_t i = 0; i < test->count; i++)
        if (!test->operands[i].bad && test->operands[i].boolean == missing)
            return VG_MATCH_YES;
    return VG_MATCH_NO;
}

/* What a test says of a key that the request does not have. */
static bool holds_without_key(const vg_test *test)
{
    if (test->qualifier == VG_QUALIFIER_FOR_ALL_VALUES)
        return true;
    if (test->qualifier == VG_QUALIFIER_FOR_ANY_VALUE)
        return false;
    return test->if_exists || test->negated;
}

static vg_match match_unknown(const vg_test *test)
{
    if (test->op == VG_OP_NULL) {
        vg_match missing = match_presence(test, true), present = match_presence(test, false);
        return missing == present ? missing : VG_MATCH_UNKNOWN;
    }
    return VG_MATCH_UNKNOWN;
}

vg_match vg_test_holds(vg_evaluation *e, const vg_test *test)
{
    if (test->op == VG_OP_INVALID)
        return VG_MATCH_NO;
    const vg_context_entry *entry = vg_context_find(e, test->hash, test->key);
    if (entry ? entry->state == VG_CONTEXT_UNKNOWN : e->request->open)
        return match_unknown(test);
    bool missing = !entry || entry->state == VG_CONTEXT_ABSENT;
    if (test->op == VG_OP_NULL)
        return match_presence(test, missing);
    if (missing)
        return holds_without_key(test) ? VG_MATCH_YES : VG_MATCH_NO;
    if (test->qualifier == VG_QUALIFIER_FOR_ALL_VALUES)
        return match_all_values(e, test, entry);
    if (test->qualifier == VG_QUALIFIER_FOR_ANY_VALUE)
        return match_any_value(e, test, entry);
    if (entry->multi || entry->value_count != 1)
        return VG_MATCH_NO;
    return match_value(e, test, entry->values[0]);
}
