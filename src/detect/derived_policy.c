/* derived_policy.c: what the policies in a call's parameters allow, and to whom.
 *
 * CloudTrail records a policy as an object (S3), as JSON in a string (IAM, KMS, SQS, ...) or URL-encoded, under many names and
 * at many depths. Whatever holds a `Statement` is a policy; it is evaluated by its structure, so that blanks, the order and case
 * of keys, and encodings defeat nothing. Calls that add a single permission without a document (Lambda's, SNS's and SQS's
 * AddPermission) are statements too. Source: IAM User Guide, "IAM JSON policy elements reference" and "AWS global condition
 * context keys"; "The meaning of public" of the S3 User Guide's page on blocking public access. */
#include "detect/derived_part.h"

enum {
    MOST_NESTED_TEXT = 3, /* JSON in strings of JSON */
    MOST_POLICY_BYTES = 1 << 20
};

typedef struct {
    vg_arena *arena;
    const vg_event *event; /* that they stand in */
    const vg_trail_record *record;
    derived_list effects, principals, actions, externals;
    bool any, is_public, is_admin;
} policies;

static const vg_value *get_icase(const vg_value *object, const char *key)
{
    const vg_value *found = NULL;
    for (vg_items it = vg_items_of(object); object && object->kind == VG_OBJECT && vg_items_next(&it);)
        if (vg_str_eq_icase(it.key, vg_str_from(key)))
            found = it.value;
    return found;
}

/* Calls `each` for a string or for every string of a list. */
static void each_text(const vg_value *value, void (*each)(policies *p, vg_str text), policies *p)
{
    if (!value)
        return;
    if (value->kind == VG_STRING)
        each(p, vg_value_str(value));
    for (vg_items it = vg_items_of(value); value->kind == VG_ARRAY && vg_items_next(&it);)
        if (it.value->kind == VG_STRING)
            each(p, vg_value_str(it.value));
}

static bool has_text(const vg_value *value, const char *a, const char *b)
{
    if (!value)
        return false;
    vg_str text = vg_value_str(value);
    if (value->kind == VG_STRING && (vg_str_is(text, a) || vg_str_is(text, b)))
        return true;
    for (vg_items it = vg_items_of(value); value->kind == VG_ARRAY && vg_items_next(&it);)
        if (vg_str_is(vg_value_str(it.value), a) || vg_str_is(vg_value_str(it.value), b))
            return true;
    return false;
}

/* ---- conditions ------------------------------------------------------------------------------------------------------------- */

/* Keys whose value a stranger cannot choose. */
static const char *const narrowing_keys[] = {
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:SourceArn",
    "aws:SourceAccount",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceOwner",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:VpcSourceIp",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
    "aws:SourceVpcArn",
    "aws:userid",
    "aws:username",
    "aws:SourceIp",
    "kms:CallerAccount",
    "s3:DataAccessPointAccount",
    "s3:DataAccessPointArn",
    "aws:PrincipalServiceName",
    "aws:CalledVia",
    "aws:FederatedProvider",
    "lambda:SourceFunctionArn",
    "elasticfilesystem:AccessPointArn",
};

/* Operators that demand a value: not their negations, and not those that a missing key satisfies. */
static bool demands(vg_str operator)
{
    static const char *const demanding[] = {
        "StringEquals", "StringEqualsIgnoreCase", "StringLike",  "ArnEquals", "ArnLike",
        "IpAddress",    "NumericEquals",          "BinaryEquals"};
    vg_str prefix = VG_STR("ForAnyValue:");
    if (operator.len> prefix.len && vg_str_eq_icase(vg_str_sub(operator, 0, prefix.len), prefix))
        operator= vg_str_sub(operator, prefix.len, operator.len);
    for (size_t i = 0; i < VG_COUNT(demanding); i++)
        if (vg_str_eq_icase(operator, vg_str_from(demanding[i])))
            return true;
    return false;
}

/* A value that any stranger has too. */
static bool is_anything(vg_str value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] != '*' && value.ptr[i] != '?' && value.ptr[i] != ':')
            return vg_str_eq_icase(value, VG_STR("arn:*")) || vg_str_eq_icase(value, VG_STR("arn:aws:*")) ||
                   vg_str_starts(value, VG_STR("arn:aws:iam::*")) ||
                   vg_str_starts(value, VG_STR("arn:*:iam::*")) ||
                   vg_str_starts(value, VG_STR("arn:aws:sts::*")) || derived_is_open(value);
    return true;
}

static bool all_are_something(const vg_value *values)
{
    if (values->kind == VG_STRING)
        return !is_anything(vg_value_str(values));
    if (values->kind != VG_ARRAY)
        return values->kind == VG_INT || values->kind == VG_UINT;
    for (vg_items it = vg_items_of(values); vg_items_next(&it);)
        if (it.value->kind == VG_STRING && is_anything(vg_value_str(it.value)))
            return false;
    return vg_value_count(values) > 0;
}

static bool is_narrowing_key(vg_str key)
{
    for (size_t i = 0; i < VG_COUNT(narrowing_keys); i++)
        if (vg_str_eq_icase(key, vg_str_from(narrowing_keys[i])))
            return true;
    return false;
}

static bool is_narrow(const vg_value *condition)
{
    for (vg_items op = vg_items_of(condition);
         condition && condition->kind == VG_OBJECT && vg_items_next(&op);) {
        if (!demands(op.key))
            continue;
        for (vg_items it = vg_items_of(op.value); op.value->kind == VG_OBJECT && vg_items_next(&it);)
            if (is_narrowing_key(it.key) && all_are_something(it.value))
                return true;
    }
    return false;
}

/* ---- statements -------------------------------------------------------------------------------------------------------------- */

static void add_action(policies *p, vg_str action)
{
    derived_list_add(&p->actions, action);
}

/* "arn:aws:iam::123456789012:root" is the account. */
static void add_principal(policies *p, vg_str principal)
{
    vg_str account = derived_account_of(principal);
    bool is_root = account.len && vg_str_ends(principal, VG_STR(":root"));
    derived_list_add(&p->principals, is_root ? account : principal);
}

static void add_external(policies *p, vg_str principal)
{
    vg_str account = derived_account_of(principal);
    if (account.len && !derived_is_ours(p->event, p->record, account))
        derived_list_add(&p->externals, account);
}

static void each_principal(const vg_value *principal, void (*each)(policies *p, vg_str text), policies *p)
{
    each_text(principal, each, p);
    for (vg_items it = vg_items_of(principal);
         principal && principal->kind == VG_OBJECT && vg_items_next(&it);)
        each_text(it.value, each, p);
}

static bool names_everyone(const vg_value *principal)
{
    if (!principal)
        return false;
    if (principal->kind != VG_OBJECT)
        return has_text(principal, "*", "*");
    return has_text(get_icase(principal, "AWS"), "*", "*") ||
           has_text(get_icase(principal, "CanonicalUser"), "*", "*") ||
           has_text(get_icase(principal, "Federated"), "*", "*");
}

static void read_statement(policies *p, const vg_value *statement)
{
    const vg_value *effect = get_icase(statement, "Effect"), *principal = get_icase(statement, "Principal");
    bool allows = effect && vg_str_eq_icase(vg_value_str(effect), VG_STR("Allow"));
    if (statement->kind != VG_OBJECT)
        return;
    p->any = true;
    if (effect)
        derived_list_add(&p->effects, allows ? VG_STR("Allow") : vg_value_str(effect));
    each_text(get_icase(statement, "Action"), add_action, p);
    each_principal(principal, add_principal, p);
    if (!allows)
        return;
    each_principal(principal, add_external, p);
    bool everyone = names_everyone(principal) || get_icase(statement, "NotPrincipal");
    p->is_public |= everyone && !is_narrow(get_icase(statement, "Condition"));
    p->is_admin |= has_text(get_icase(statement, "Action"), "*", "*:*") &&
                   has_text(get_icase(statement, "Resource"), "*", "*");
}

static void read_policy(policies *p, const vg_value *statements)
{
    if (statements->kind == VG_OBJECT)
        read_statement(p, statements);
    for (vg_items it = vg_items_of(statements); statements->kind == VG_ARRAY && vg_items_next(&it);)
        read_statement(p, it.value);
}

/* ---- finding them ------------------------------------------------------------------------------------------------------------ */

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static vg_str url_decoded(vg_arena *arena, vg_str text, bool plus)
{
    char *out = vg_arena_alloc(arena, text.len + 1);
    size_t len = 0;
    if (!out)
        return (vg_str){0};
    for (size_t i = 0; i < text.len; i++) {
        int high = text.ptr[i] == '%' && i + 2 < text.len ? hex(text.ptr[i + 1]) : -1;
        int low = high >= 0 ? hex(text.ptr[i + 2]) : -1;
        out[len++] = low >= 0 ? (char)(high * 16 + low) : plus && text.ptr[i] == '+' ? ' ' : text.ptr[i];
        i += low >= 0 ? 2 : 0;
    }
    return (vg_str){out, len};
}

/* The JSON object in a text, encoded or not; NULL: there is none. */
static const vg_value *object_in(vg_arena *arena, vg_str text)
{
    text = vg_str_trim(text);
    if (text.len < 2 || text.len > MOST_POLICY_BYTES)
        return NULL;
    for (int pass = 0; pass < 2 && text.len && text.ptr[0] == '%'; pass++)
        text = vg_str_trim(url_decoded(arena, text, false));
    if (!text.len || (text.ptr[0] != '{' && text.ptr[0] != '['))
        return NULL;
    for (int attempt = 0; attempt < 2; attempt++) {
        vg_doc doc;
        const vg_limits limits = {.max_depth = DERIVED_MOST_DEPTH};
        if (vg_json_read(arena, text, VG_STR("policy"), &limits, &doc, NULL) == VG_OK)
            return doc.root;
        text = url_decoded(arena, text, true); /* {"Version":... with encoded parts */
        if (!text.ptr)
            return NULL;
    }
    return NULL;
}

static void search(policies *p, const vg_value *value, unsigned depth, unsigned nested)
{
    if (depth > DERIVED_MOST_DEPTH)
        return;
    if (value->kind == VG_STRING && nested < MOST_NESTED_TEXT) {
        const vg_value *inside = object_in(p->arena, vg_value_str(value));
        if (inside)
            search(p, inside, depth + 1, nested + 1);
        return;
    }
    const vg_value *statements = get_icase(value, "Statement");
    if (statements && vg_value_is_container(statements)) {
        read_policy(p, statements);
        return;
    }
    for (vg_items it = vg_items_of(value); vg_items_next(&it);)
        search(p, it.value, depth + 1, nested);
}

/* Parameters of a call that adds one permission, without a document. */
static bool is_single_permission(vg_str name)
{
    return vg_str_starts(name, VG_STR("AddPermission")) ||
           vg_str_starts(name, VG_STR("AddLayerVersionPermission"));
}

static void read_permission(policies *p, const vg_value *parameters)
{
    static const char *const narrow[] = {"sourceArn", "sourceAccount", "principalOrgID", "organizationId",
                                         "eventSourceToken"};
    static const char *const lists[] = {"principal", "aWSAccountId", "aWSAccountIds", "AWSAccountIds",
                                        "AWSAccountId"};
    bool is_open = true, everyone = false;
    for (size_t i = 0; i < VG_COUNT(narrow); i++) {
        const vg_value *given = get_icase(parameters, narrow[i]);
        is_open &= !(given && given->kind == VG_STRING && !is_anything(vg_value_str(given)));
    }
    for (size_t i = 0; i < VG_COUNT(lists); i++) {
        const vg_value *who = vg_get(parameters, vg_str_from(lists[i]));
        p->any |= who != NULL;
        each_text(who, add_principal, p);
        each_text(who, add_external, p);
        everyone |= has_text(who, "*", "*");
    }
    if (!p->any)
        return;
    derived_list_add(&p->effects, VG_STR("Allow"));
    each_text(get_icase(parameters, "action"), add_action, p);
    each_text(get_icase(parameters, "actionName"), add_action, p);
    p->is_public |= everyone && is_open;
}

static policies read_all(const vg_event *event, const vg_trail_record *record, vg_arena *arena)
{
    policies p = {.arena = arena,
                  .event = event,
                  .record = record,
                  .effects = derived_list_new(arena),
                  .principals = derived_list_new(arena),
                  .actions = derived_list_new(arena),
                  .externals = derived_list_new(arena)};
    const vg_value *parameters = vg_get(event->root, VG_STR("requestParameters"));
    if (!parameters)
        return p;
    search(&p, parameters, 0, 0);
    if (!p.any && is_single_permission(record->name))
        read_permission(&p, parameters);
    return p;
}

/* ---- the fields ---------------------------------------------------------------------------------------------------------------- */

const vg_value *derived_policy_effect(const vg_event *event, const vg_trail_record *record, vg_arena *arena)
{
    policies p = read_all(event, record, arena);
    return derived_list_value(&p.effects);
}

const vg_value *derived_policy_principal(const vg_event *event, const vg_trail_record *record,
                                         vg_arena *arena)
{
    policies p = read_all(event, record, arena);
    return derived_list_value(&p.principals);
}

const vg_value *derived_policy_action(const vg_event *event, const vg_trail_record *record, vg_arena *arena)
{
    policies p = read_all(event, record, arena);
    return derived_list_value(&p.actions);
}

const vg_value *derived_policy_external(const vg_event *event, const vg_trail_record *record, vg_arena *arena)
{
    policies p = read_all(event, record, arena);
    return derived_list_value(&p.externals);
}

const vg_value *derived_policy_public(const vg_event *event, const vg_trail_record *record, vg_arena *arena)
{
    policies p = read_all(event, record, arena);
    return p.any ? derived_bool(arena, p.is_public) : NULL;
}

const vg_value *derived_policy_admin(const vg_event *event, const vg_trail_record *record, vg_arena *arena)
{
    policies p = read_all(event, record, arena);
    return p.any ? derived_bool(arena, p.is_admin) : NULL;
}
