/* lint_key.c: condition keys: whether they exist, are compared as their type and number of values ask, stand in company that
 * they need, and can be trusted. */
#include "policy/lint_part.h"

/* ---- existence ------------------------------------------------------------------------------------------------------------------- */

static void invalid_format(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    vg_str prefix, name;
    if (!vg_str_split(c->c->key, ':', &prefix, &name) || prefix.len == 0 || name.len == 0)
        lint_raise(l, row, c->key_at, "%.*s is no condition key: write service:key.",
                   VG_ARG(lint_shown(c->c->key)));
}

static bool is_global(const lint_condition *c)
{
    return vg_str_eq_icase(c->prefix, VG_STR("aws"));
}

static bool is_aws_arn(const lint_condition *c)
{
    return vg_str_eq_icase(c->c->key, VG_STR("aws:ARN"));
}

static bool is_unknown(const lint_condition *c)
{
    return !c->key && !c->lists && c->prefix.len && c->prefix.len + 1 < c->c->key.len;
}

static void invalid_global_key(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    if (is_unknown(c) && is_global(c) && !is_aws_arn(c))
        lint_raise(l, row, c->key_at, "The global condition key %.*s does not exist.",
                   VG_ARG(lint_shown(c->c->key)));
}

static void invalid_service_key(lint *l, const lint_row *row, const lint_statement *s,
                                const lint_condition *c)
{
    (void)s;
    if (is_unknown(c) && !is_global(c) && !lint_is_provider_key(c) &&
        vg_catalogue_find_service(l->catalogue, c->prefix) != VG_CATALOGUE_NONE)
        lint_raise(l, row, c->key_at, "The service %.*s has no condition key %.*s.",
                   VG_ARG(lint_shown(c->prefix)), VG_ARG(lint_shown(c->c->key)));
}

static void aws_arn(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    if (is_aws_arn(c))
        lint_raise_plain(l, row, c->key_at);
}

/* Lower-case keys of one operator's object, each once. */
static void same_but_for_case(lint *l, const lint_row *row, const lint_statement *s)
{
    for (size_t i = 1; i < s->condition_count; i++) {
        const lint_condition *c = &s->conditions[i];
        for (size_t k = i; k-- > 0 && s->conditions[k].c->op_at == c->c->op_at;) {
            const lint_condition *other = &s->conditions[k];
            if (!lint_spend(l, 1))
                return;
            if (!vg_str_eq_icase(other->c->key, c->c->key) || vg_str_eq(other->c->key, c->c->key))
                continue;
            lint_raise(l, row, other->key_at, "%.*s and %.*s are the same key: AWS keeps one of them.",
                       VG_ARG(lint_shown(other->c->key)), VG_ARG(lint_shown(c->c->key)));
            lint_also(l, c->key_at);
            break;
        }
    }
}

static void missing_tag_key(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    vg_str key = c->c->key;
    bool ends_in_slash = vg_str_ends(key, VG_STR("/"));
    vg_buf with_slash = {0};
    vg_buf_add_str(&with_slash, vg_str_sub(key, 0, 128));
    if (!ends_in_slash)
        vg_buf_add_char(&with_slash, '/');
    bool is_tag = lint_content_bits(l->content->keys, vg_buf_str(&with_slash)) >> LINT_KEY_TAG & 1;
    vg_buf_free(&with_slash);
    if (is_tag)
        lint_raise(l, row, c->key_at, "%.*s needs the name of a tag: aws:ResourceTag/Owner.",
                   VG_ARG(lint_shown(key)));
}

/* ---- number of values ------------------------------------------------------------------------------------------------------------ */

static void missing_qualifier(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    if (c->key && c->key->multi && c->c->qualifier == VG_QUALIFIER_NONE && c->c->op != VG_OP_NULL &&
        c->c->op != VG_OP_INVALID)
        lint_raise(
            l, row, c->key_at,
            "A request may have several values of %.*s: say ForAnyValue or ForAllValues before the operator.",
            VG_ARG(lint_shown(c->c->key)));
}

/* Audience keys have checks of their own. */
static bool is_audience(const lint_condition *c)
{
    return lint_is_provider_key(c) && vg_str_ends(c->c->key, VG_STR(":aud"));
}

static void single_valued(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    if (c->key && !c->key->multi && c->c->qualifier == VG_QUALIFIER_FOR_ALL_VALUES &&
        c->c->op != VG_OP_NULL && !is_audience(c))
        lint_raise(l, row, c->key_at,
                   "%.*s has one value: with ForAllValues the condition also holds where the key is missing.",
                   VG_ARG(lint_shown(c->c->key)));
}

static void audience_for_any(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    if (is_audience(c) && c->c->qualifier == VG_QUALIFIER_FOR_ANY_VALUE)
        lint_raise(l, row, c->key_at, "%.*s has one value: remove ForAnyValue.",
                   VG_ARG(lint_shown(c->c->key)));
}

static void audience_for_all(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    if (is_audience(c) && c->c->qualifier == VG_QUALIFIER_FOR_ALL_VALUES)
        lint_raise(
            l, row, c->key_at,
            "%.*s has one value: with ForAllValues a token without it is let in. Remove the qualifier.",
            VG_ARG(lint_shown(c->c->key)));
}

static void null_with_qualifier(lint *l, const lint_row *row, const lint_statement *s,
                                const lint_condition *c)
{
    (void)s;
    if (c->c->op == VG_OP_NULL && c->c->qualifier != VG_QUALIFIER_NONE)
        lint_raise_plain(l, row, c->key_at);
}

/* ---- types --------------------------------------------------------------------------------------------------------------------------- */

/* The types that an operator compares, as bits of vg_key_type. */
static unsigned types_of(vg_operator op)
{
    if (lint_op_is_string(op))
        return 1u << VG_KEY_STRING | 1u << VG_KEY_ARN;
    if (lint_op_is_arn(op))
        return 1u << VG_KEY_ARN;
    if (op >= VG_OP_NUMERIC_EQUALS && op <= VG_OP_NUMERIC_GREATER_THAN_EQUALS)
        return 1u << VG_KEY_NUMERIC | 1u << VG_KEY_DATE;
    if (op >= VG_OP_DATE_EQUALS && op <= VG_OP_DATE_GREATER_THAN_EQUALS)
        return 1u << VG_KEY_DATE;
    if (op == VG_OP_BOOL)
        return 1u << VG_KEY_BOOL;
    if (op == VG_OP_IP_ADDRESS || op == VG_OP_NOT_IP_ADDRESS)
        return 1u << VG_KEY_IP_ADDRESS;
    return op == VG_OP_BINARY_EQUALS ? 1u << VG_KEY_BINARY | 1u << VG_KEY_STRING : ~0u;
}

/* A variable is compared as a string, whatever it holds. */
static bool compares_variable(const lint_condition *c)
{
    return lint_op_is_string(c->c->op) && c->c->value_count && lint_has_variable(c->c->values[0]);
}

/* Keys that the catalogue calls strings may well hold ARNs, as an encryption context's. */
static bool compares_arns(const lint_condition *c)
{
    return lint_op_is_arn(c->c->op) && c->c->value_count && vg_str_starts(c->c->values[0], VG_STR("arn:"));
}

static void type_mismatch(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    if (c->key && !(types_of(c->c->op) >> c->key->type & 1) && !compares_arns(c) && !compares_variable(c))
        lint_raise(l, row, c->key_at,
                   "%.*s is of type %s: compare it with an operator of that type, not with %.*s.",
                   VG_ARG(lint_shown(c->c->key)), vg_key_type_name((vg_key_type)c->key->type),
                   VG_ARG(lint_shown(c->c->op_text)));
}

static void like_with_arn(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    if (!c->key || c->key->type != VG_KEY_ARN ||
        (c->c->op != VG_OP_STRING_LIKE && c->c->op != VG_OP_STRING_NOT_LIKE))
        return;
    lint_raise(l, row, c->key_at,
               "%.*s holds an ARN: a wildcard of StringLike runs past its colons, one of ArnLike does not.",
               VG_ARG(lint_shown(c->c->key)));
}

/* ---- company and trust ------------------------------------------------------------------------------------------------------------------ */

/* Whether the keys are in the statement: a condition block is all of Condition. */
static bool has_one_of(const lint_statement *s, const vg_str *keys, size_t count)
{
    for (size_t i = 0; i < s->condition_count; i++)
        for (size_t k = 0; k < count; k++)
            if (vg_str_eq_icase(s->conditions[i].c->key, keys[k]))
                return true;
    return false;
}

static void missing_pair(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    for (size_t i = 0; i < l->content->pair_count; i++) {
        const lint_pair *pair = &l->content->pairs[i];
        if (!vg_str_eq_icase(c->c->key, pair->key) || !pair->with_count || !lint_may_look_around(l, s) ||
            has_one_of(s, pair->with, pair->with_count))
            continue;
        lint_raise(l, row, c->key_at, "%.*s alone means little: test %.*s beside it.",
                   VG_ARG(lint_shown(c->c->key)), VG_ARG(pair->with[0]));
    }
}

static void untrustworthy(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    if (c->lists >> LINT_KEY_UNTRUSTWORTHY & 1)
        lint_raise(l, row, c->key_at, "The caller writes %.*s: it protects nothing.",
                   VG_ARG(lint_shown(c->c->key)));
}

static void irrelevant(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    if (c->lists >> LINT_KEY_IRRELEVANT & 1)
        lint_raise(l, row, c->key_at,
                   "%.*s is always the same in the policy of a resource: test it where the caller's "
                   "policies are.",
                   VG_ARG(lint_shown(c->c->key)));
}

/* The first action that a service outside the list may serve. */
static void unsupported_services(lint *l, const lint_row *row, const lint_statement *s,
                                 const lint_condition *c)
{
    if (!(c->lists >> LINT_KEY_VPCE_OWNER & 1) || c->c->op == VG_OP_NULL || !lint_may_look_around(l, s))
        return;
    for (size_t i = 0; i < s->action_count; i++) {
        const lint_action *a = &s->actions[i];
        bool supported = a->has_colon && !lint_is_wild(a->service) &&
                         (lint_content_bits(l->content->services, a->service) >> LINT_SERVICE_VPCE_OWNER & 1);
        if (supported && !s->s->not_action)
            continue;
        lint_raise(l, row, c->key_at, "Requests of %.*s need not carry %.*s: name the services that do.",
                   VG_ARG(lint_shown(a->text)), VG_ARG(lint_shown(c->c->key)));
        lint_also(l, a->at);
        return;
    }
}

static void attributes_without_select(lint *l, const lint_row *row, const lint_statement *s,
                                      const lint_condition *c)
{
    if (lint_allows(s) && vg_str_eq_icase(c->c->key, VG_STR("dynamodb:Attributes")) &&
        lint_may_look_around(l, s) && !lint_condition_on(s, "dynamodb:Select"))
        lint_raise_plain(l, row, c->key_at);
}

static void negative_prefix(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    if (!vg_str_eq_icase(c->c->key, VG_STR("s3:prefix")) || !lint_op_is_string(c->c->op))
        return;
    bool negated = vg_operator_is_negated(c->c->op);
    if (lint_denies(s) ? !negated : negated)
        lint_raise_plain(l, row, c->key_at);
}

/* ---- rows ------------------------------------------------------------------------------------------------------------------------------------ */

#define KEY(code_, type_, kinds_, finds_, remedy_, run_)                                                     \
    {                                                                                                        \
        .check = {code_, type_, kinds_, false, finds_, remedy_}, .scope = LINT_CONDITION,                    \
        .run.condition = run_                                                                                \
    }

static const lint_row rows[] = {
    KEY("CONFIRM_AUDIENCE_CLAIM_TYPE", VG_LINT_SUGGESTION, LINT_TRUST,
        "The audience of a token is compared with ForAllValues, though it has one value.",
        "Remove the qualifier.", audience_for_all),
    KEY("DEPRECATED_GLOBAL_CONDITION_KEY", VG_LINT_WARNING, LINT_IDENTITY,
        "aws:ARN is the old name of aws:PrincipalArn.", "Write aws:PrincipalArn.", aws_arn),
    {.check = {"DUPLICATE_KEYS_WITH_DIFFERENT_CASE", VG_LINT_ERROR, VG_LINT_ALL_KINDS, false,
               "A condition block has a key twice, in different letter case.",
               "Keep one and give it the values of both."},
     .scope = LINT_STATEMENT,
     .run.statement = same_but_for_case},
    KEY("DYNAMODB_ATTRIBUTES_WITHOUT_SELECT", VG_LINT_SECURITY_WARNING, VG_LINT_ALL_KINDS,
        "dynamodb:Attributes without dynamodb:Select: a read that names no attributes returns them all.",
        "Add StringEquals dynamodb:Select SPECIFIC_ATTRIBUTES to the statement.", attributes_without_select),
    KEY("FORALLVALUES_WITH_SINGLE_VALUED_KEY", VG_LINT_SECURITY_WARNING, VG_LINT_ALL_KINDS,
        "ForAllValues is used with a key that has one value.", "Remove ForAllValues:.", single_valued),
    KEY("FORANYVALUE_WITH_AUDIENCE_CLAIM_TYPE", VG_LINT_SECURITY_WARNING, LINT_TRUST,
        "The audience of a token is compared with ForAnyValue, though it has one value.",
        "Remove ForAnyValue:.", audience_for_any),
    KEY("INVALID_CONDITION_KEY_FORMAT", VG_LINT_ERROR, VG_LINT_ALL_KINDS,
        "A condition key is not of the form service:key.",
        "Write the service's prefix, or aws, a colon and the key.", invalid_format),
    KEY("INVALID_GLOBAL_CONDITION_KEY", VG_LINT_ERROR, VG_LINT_ALL_KINDS,
        "A key with the prefix aws: does not exist.", "Correct the name.", invalid_global_key),
    KEY("INVALID_SERVICE_CONDITION_KEY", VG_LINT_ERROR, VG_LINT_ALL_KINDS,
        "The service has no condition key of that name.",
        "Correct the name; the Service Authorization Reference lists the keys of each service.",
        invalid_service_key),
    KEY("IRRELEVANT_CONDITION_KEY_IN_POLICY", VG_LINT_SUGGESTION, LINT_RESOURCE_KIND,
        "A key says nothing in the policy of a resource.", "Use it in identity policies or SCPs.",
        irrelevant),
    KEY("MISSING_PAIRED_CONDITION_KEYS", VG_LINT_SECURITY_WARNING, VG_LINT_ALL_KINDS,
        "A key is meaningful only together with another one.", "Add the other key to the same Condition.",
        missing_pair),
    KEY("MISSING_QUALIFIER", VG_LINT_ERROR, VG_LINT_ALL_KINDS,
        "A key that has several values is compared without ForAnyValue or ForAllValues.",
        "Write ForAnyValue:StringEquals, or ForAllValues with a Null test beside it.", missing_qualifier),
    KEY("MISSING_TAG_KEY_IN_CONDITION", VG_LINT_ERROR, VG_LINT_ALL_KINDS,
        "A key of tags does not name a tag.", "Add the tag's name behind a slash: aws:ResourceTag/Owner.",
        missing_tag_key),
    KEY("NULL_WITH_QUALIFIER", VG_LINT_SUGGESTION, VG_LINT_ALL_KINDS,
        "Null with ForAllValues always holds, with ForAnyValue never.", "Remove the qualifier.",
        null_with_qualifier),
    KEY("S3_PREFIX_IN_NEGATIVE_CONTEXT", VG_LINT_SECURITY_WARNING, VG_LINT_ALL_KINDS,
        "s3:prefix is denied or excluded: a request with a shorter prefix lists the same objects.",
        "Allow the prefixes with StringLike, or deny with StringNotLike.", negative_prefix),
    KEY("STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS", VG_LINT_SECURITY_WARNING, VG_LINT_ALL_KINDS,
        "An ARN is compared with StringLike, whose wildcards run past colons.", "Use ArnLike.",
        like_with_arn),
    KEY("TYPE_MISMATCH", VG_LINT_WARNING, VG_LINT_ALL_KINDS, "The operator is of another type than the key.",
        "Use an operator of the key's type.", type_mismatch),
    KEY("UNSUPPORTED_GLOBAL_CONDITION_KEY", VG_LINT_ERROR, VG_LINT_ALL_KINDS & ~LINT_IDENTITY,
        "aws:ARN is not supported here.", "Use aws:PrincipalArn or aws:SourceArn.", aws_arn),
    KEY("UNTRUSTWORTHY_CONDITION_KEY", VG_LINT_SECURITY_WARNING, VG_LINT_ALL_KINDS,
        "The value of a key is the caller's own word.",
        "Test what AWS knows of the caller or the network instead.", untrustworthy),
    KEY("USE_CONDITION_KEY_ONLY_WITH_SUPPORTED_SERVICES", VG_LINT_WARNING, VG_LINT_ALL_KINDS,
        "A key is tested for services whose requests need not carry it.",
        "Name the actions of services that support the key.", unsupported_services),
};

const lint_family lint_key_family = {rows, VG_COUNT(rows)};
