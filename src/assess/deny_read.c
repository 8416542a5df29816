/* deny_read.c: how far one Deny statement of an SCP or RCP reaches in one account.
 *
 * Three questions, each answered yes, partly or no, and the least of them counts:
 *   - Action, NotAction: does it take in what must be forbidden?
 *   - Resource: does it take in every resource of the kind, some of them, or none?
 *   - Condition: does it bind everybody, some, or nobody? Operators and keys are read one by one; all of them must hold
 *     for the Deny to apply, so the least counts again.
 *
 * The reading of conditions follows the IAM User Guide, "IAM JSON policy elements: Condition operators": String...Equals
 * compares literally ("*" is a star), ...Like and Arn... take wildcards, ...IfExists also applies when the key is
 * absent, Bool does not. A condition that this file does not know narrows in a way that it cannot decide: partly. */
#include "assess/deny_read.h"

static vg_extent least(vg_extent a, vg_extent b)
{
    return a < b ? a : b;
}

/* ---- who is meant by patterns of principals ----------------------------------------------------------------------------- */

/* Whom a list of aws:PrincipalArn patterns takes in, in one account. */
typedef struct {
    bool users, roles, root; /* any of the kind, whatever its name */
    bool some;               /* some principal that can exist in the account */
} principal_reach;

static vg_str sample_arn(char out[160], const vg_deny_context *context, const char *resource)
{
    int len = snprintf(out, 160, "arn:%.*s:iam::%.*s:%s", VG_ARG(context->partition),
                       VG_ARG(context->account), resource);
    return vg_str_of(out, len > 0 && len < 160 ? (size_t)len : 0);
}

static bool can_be_in_account(vg_str pattern, const vg_deny_context *context)
{
    vg_arn arn;
    if (!vg_arn_parse(pattern, &arn))
        return vg_str_find_char(pattern, '*') != VG_NPOS;
    return vg_str_glob(arn.account, context->account) || vg_str_starts(arn.account, VG_STR("${"));
}

static void add_pattern(principal_reach *reach, vg_str pattern, bool wildcards,
                        const vg_deny_context *context)
{
    /* Names that nobody gives: a pattern that takes these in takes in all of the kind. */
    static const char *const samples[] = {"user/x/any-Name_1", "role/x/any-Name_1", "root"};
    bool *const kinds[] = {&reach->users, &reach->roles, &reach->root};
    char text[160];
    for (size_t i = 0; i < VG_COUNT(samples); i++) {
        vg_str sample = sample_arn(text, context, samples[i]);
        if (wildcards ? vg_str_glob(pattern, sample) : vg_str_eq(pattern, sample))
            *kinds[i] = reach->some = true;
    }
    bool is_literal_star = !wildcards && vg_str_find_char(pattern, '*') != VG_NPOS;
    if (!is_literal_star && can_be_in_account(pattern, context))
        reach->some = true;
}

static principal_reach reach_of(const vg_value *patterns, bool wildcards, const vg_deny_context *context)
{
    principal_reach reach = {0};
    if (patterns->kind == VG_STRING)
        add_pattern(&reach, vg_value_str(patterns), wildcards, context);
    for (vg_items it = vg_items_of(patterns); vg_items_next(&it);)
        add_pattern(&reach, vg_value_str(it.value), wildcards, context);
    return reach;
}

/* ---- conditions ------------------------------------------------------------------------------------------------------------ */

typedef struct {
    bool negated, wildcards, if_exists, is_string, is_bool, is_null, is_known;
} operator_shape;

/* "StringNotLikeIfExists", taken apart. */
static operator_shape shape_of(vg_str name)
{
    static const struct {
        const char *name;
        operator_shape shape;
    } shapes[] = {
        {"StringEquals", {.is_string = true, .is_known = true}},
        {"StringNotEquals", {.is_string = true, .negated = true, .is_known = true}},
        {"StringEqualsIgnoreCase", {.is_string = true, .is_known = true}},
        {"StringNotEqualsIgnoreCase", {.is_string = true, .negated = true, .is_known = true}},
        {"StringLike", {.is_string = true, .wildcards = true, .is_known = true}},
        {"StringNotLike", {.is_string = true, .wildcards = true, .negated = true, .is_known = true}},
        {"ArnEquals", {.is_string = true, .wildcards = true, .is_known = true}},
        {"ArnLike", {.is_string = true, .wildcards = true, .is_known = true}},
        {"ArnNotEquals", {.is_string = true, .wildcards = true, .negated = true, .is_known = true}},
        {"ArnNotLike", {.is_string = true, .wildcards = true, .negated = true, .is_known = true}},
        {"Bool", {.is_bool = true, .is_known = true}},
        {"Null", {.is_null = true, .is_known = true}},
    };
    const vg_str suffix = VG_STR("IfExists");
    bool if_exists = vg_str_ends(name, suffix);
    if (if_exists)
        name.len -= suffix.len;
    for (size_t i = 0; i < VG_COUNT(shapes); i++) {
        if (!vg_str_is(name, shapes[i].name))
            continue;
        operator_shape shape = shapes[i].shape;
        shape.if_exists = if_exists;
        return shape;
    }
    return (operator_shape){0};
}

/* Whom the Deny must reach, for it to be whole. */
static bool reaches_all(principal_reach reach, vg_deny_whom whom)
{
    switch (whom) {
    case VG_DENY_ROOT:
        return reach.root;
    case VG_DENY_USERS:
        return reach.users;
    default:
        return reach.users && reach.roles;
    }
}

static vg_extent read_principal(operator_shape shape, const vg_value *patterns,
                                const vg_deny_context *context)
{
    principal_reach reach = reach_of(patterns, shape.wildcards, context);
    if (!shape.negated) {
        if (reaches_all(reach, context->whom))
            return VG_EXTENT_YES;
        bool others_alone = context->whom == VG_DENY_ROOT && !reach.root;
        return reach.some && !others_alone ? VG_EXTENT_PARTLY : VG_EXTENT_NO;
    }
    if (reaches_all(reach, context->whom))
        return VG_EXTENT_NO;
    bool exempts_others_alone = context->whom == VG_DENY_ROOT && !reach.root;
    return reach.some && !exempts_others_alone ? VG_EXTENT_PARTLY : VG_EXTENT_YES;
}

/* Keys whose value is one id of our own: the account, the organisation. */
static vg_extent read_own_id(operator_shape shape, const vg_value *values, vg_str own)
{
    if (own.len == 0)
        return VG_EXTENT_PARTLY;
    bool holds = shape.wildcards ? vg_any_glob(values, own, false) : vg_any_equal(values, own);
    return holds != shape.negated ? VG_EXTENT_YES : VG_EXTENT_NO;
}

static bool is_text(const vg_value *value, const char *text)
{
    if (value->kind == VG_BOOL)
        return vg_str_is(VG_STR("true"), text) == value->as.boolean;
    if (value->kind == VG_ARRAY && vg_value_count(value) == 1)
        return is_text(value + 1, text);
    return value->kind == VG_STRING && vg_str_eq_icase(vg_value_str(value), vg_str_from(text));
}

/* aws:RequestedRegion: "not one of these" is what a limit of regions says. */
static vg_extent read_region(operator_shape shape, const vg_value *regions, const vg_deny_context *context)
{
    if (!context->by_region || !shape.negated)
        return VG_EXTENT_PARTLY;
    bool exempts_all = shape.wildcards && vg_any_glob(regions, VG_STR("xx-any-1"), false);
    return exempts_all ? VG_EXTENT_NO : VG_EXTENT_YES;
}

/* Multi-factor authentication: Bool leaves out requests without the key, which is what long-term access keys make. */
static vg_extent read_mfa(operator_shape shape, const vg_value *value, const vg_deny_context *context)
{
    if (!context->without_mfa || !shape.is_bool)
        return VG_EXTENT_PARTLY;
    if (!is_text(value, "false"))
        return VG_EXTENT_NO;
    return shape.if_exists ? VG_EXTENT_YES : VG_EXTENT_PARTLY;
}

/* An RCP's perimeter: "not of our organisation". A list that names others too is open to them. */
static vg_extent read_perimeter(operator_shape shape, const vg_value *ids, const vg_deny_context *context)
{
    if (!shape.is_string || !shape.negated)
        return VG_EXTENT_PARTLY;
    if (vg_any_glob(ids, VG_STR("o-anyorganization"), false) && shape.wildcards)
        return VG_EXTENT_NO;
    bool ours = context->organization.len == 0 || vg_any_equal(ids, context->organization);
    bool alone = ids->kind == VG_STRING || vg_value_count(ids) == 1;
    return ours && alone ? VG_EXTENT_YES : VG_EXTENT_PARTLY;
}

static vg_extent read_condition(operator_shape shape, vg_str key, const vg_value *value,
                                const vg_deny_context *context)
{
    if (!shape.is_known)
        return VG_EXTENT_PARTLY;
    if (vg_str_eq_icase(key, VG_STR("aws:AssumedRoot")))
        return context->whom == VG_DENY_ROOT && shape.is_null && is_text(value, "true") ? VG_EXTENT_YES
                                                                                        : VG_EXTENT_PARTLY;
    if (vg_str_eq_icase(key, VG_STR("aws:PrincipalArn"))) {
        if (shape.is_null)
            return is_text(value, "false") ? VG_EXTENT_YES : VG_EXTENT_NO;
        return shape.is_string ? read_principal(shape, value, context) : VG_EXTENT_PARTLY;
    }
    if (vg_str_eq_icase(key, VG_STR("aws:PrincipalAccount")) && shape.is_string)
        return read_own_id(shape, value, context->account);
    if (vg_str_eq_icase(key, VG_STR("aws:PrincipalIsAWSService")) && shape.is_bool)
        return is_text(value, "false") ? VG_EXTENT_YES : VG_EXTENT_NO;
    if (vg_str_eq_icase(key, VG_STR("aws:RequestedRegion")) && shape.is_string)
        return read_region(shape, value, context);
    if (vg_str_eq_icase(key, VG_STR("aws:MultiFactorAuthPresent")))
        return read_mfa(shape, value, context);
    bool is_org_key = vg_str_eq_icase(key, VG_STR("aws:PrincipalOrgID")) ||
                      vg_str_eq_icase(key, VG_STR("aws:ResourceOrgID"));
    if (is_org_key && context->perimeter)
        return read_perimeter(shape, value, context);
    if (is_org_key && shape.is_string)
        return read_own_id(shape, value, context->organization);
    return VG_EXTENT_PARTLY;
}

/* The key without which the Deny would be another one: a limit of regions must speak of regions. */
static bool is_wanted_key(vg_str key, const vg_deny_context *context)
{
    if (context->by_region)
        return vg_str_eq_icase(key, VG_STR("aws:RequestedRegion"));
    if (context->without_mfa)
        return vg_str_eq_icase(key, VG_STR("aws:MultiFactorAuthPresent"));
    if (context->perimeter)
        return vg_str_eq_icase(key, VG_STR("aws:PrincipalOrgID")) ||
               vg_str_eq_icase(key, VG_STR("aws:ResourceOrgID"));
    return context->whom == VG_DENY_ROOT && vg_str_eq_icase(key, VG_STR("aws:PrincipalArn"));
}

static vg_extent read_conditions(const vg_value *statement, const vg_deny_context *context)
{
    const vg_value *condition = vg_get(statement, VG_STR("Condition"));
    bool needs_key = context->by_region || context->without_mfa || context->perimeter;
    bool has_key = false;
    vg_extent extent = VG_EXTENT_YES;
    for (vg_items operators = vg_items_of(condition); vg_items_next(&operators);) {
        operator_shape shape = shape_of(operators.key);
        for (vg_items keys = vg_items_of(operators.value); vg_items_next(&keys);) {
            has_key = has_key || is_wanted_key(keys.key, context);
            extent = least(extent, read_condition(shape, keys.key, keys.value, context));
        }
    }
    return needs_key && !has_key ? VG_EXTENT_NO : extent;
}

/* ---- actions and resources ------------------------------------------------------------------------------------------------- */

static bool speaks_of_service(vg_str pattern, vg_str service)
{
    vg_arn arn;
    return !vg_arn_parse(pattern, &arn) || vg_str_glob(arn.service, service);
}

static vg_extent read_resource(vg_str pattern, const vg_deny_need *need, const vg_deny_context *context)
{
    char text[256];
    vg_str service = need->action;
    vg_str_split(need->action, ':', &service, &(vg_str){0});
    if (vg_str_is(pattern, "*"))
        return VG_EXTENT_YES;
    if (!need->resource)
        return VG_EXTENT_NO;
    int len = snprintf(text, sizeof text, "arn:%.*s:%.*s:xx-any-1:%.*s:%s", VG_ARG(context->partition),
                       VG_ARG(service), VG_ARG(context->account), need->resource);
    vg_str sample = vg_str_of(text, len > 0 && (size_t)len < sizeof text ? (size_t)len : 0);
    if (vg_str_glob(pattern, sample))
        return VG_EXTENT_YES;
    return speaks_of_service(pattern, service) ? VG_EXTENT_PARTLY : VG_EXTENT_NO;
}

static vg_extent read_resources(const vg_value *statement, const vg_deny_need *need,
                                const vg_deny_context *context)
{
    const vg_value *resources = vg_get(statement, VG_STR("Resource"));
    vg_extent best = VG_EXTENT_NO;
    if (!resources)
        return vg_get(statement, VG_STR("NotResource")) ? VG_EXTENT_PARTLY : VG_EXTENT_NO;
    if (resources->kind == VG_STRING)
        return read_resource(vg_value_str(resources), need, context);
    for (vg_items it = vg_items_of(resources); vg_items_next(&it);) {
        vg_extent one = read_resource(vg_value_str(it.value), need, context);
        best = one > best ? one : best;
    }
    return best;
}

vg_extent vg_deny_extent(const vg_value *statement, const vg_deny_need *need, const vg_deny_context *context)
{
    if (!vg_statement_is(statement, "Deny") || !vg_statement_has_action(statement, need->action))
        return VG_EXTENT_NO;
    vg_extent extent = read_resources(statement, need, context);
    return extent == VG_EXTENT_NO ? extent : least(extent, read_conditions(statement, context));
}
