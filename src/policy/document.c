/* document.c: a policy as it is written: elements, statements, principals, conditions, each with its place.
 *
 * Reading follows the grammar of the IAM User Guide ("Grammar of the IAM JSON policy language"), a function a rule of it.
 * What AWS refuses (refusal.c) becomes an issue under Access Analyzer's code for it, and reading goes on, so that one run
 * tells all that is wrong and a document that AWS never accepted can still be evaluated as far as it has a meaning.
 * Whether patterns, ARNs, keys and values are sensible is lint's business (policy_lint.h). */
#include "policy/policy_part.h"

typedef struct {
    vg_arena *arena;
    vg_policy_document *out;
    vg_vec issues;
    uint32_t statement; /* the one being read; UINT32_MAX: none */
    vg_vec
        lines; /* uint32_t: where the policy's lines begin, the first at its root; found as far as `scanned` */
    size_t scanned;
    vg_place root;
    bool out_of_memory;
} reader;

/* ---- places ---------------------------------------------------------------------------------------------------------------- */

/* Finds the beginnings of lines up to `position`. A policy with many issues is looked through once, not for each. */
static bool scan_lines(reader *r, size_t position)
{
    vg_str source = r->out->doc->source;
    while (r->scanned < position) {
        const char *end = memchr(source.ptr + r->scanned, '\n', position - r->scanned);
        r->scanned = end ? (size_t)(end - source.ptr) + 1 : position;
        uint32_t *line = end ? vg_vec_push(&r->lines) : NULL;
        if (end && !line)
            return false;
        if (end)
            *line = (uint32_t)r->scanned;
    }
    return true;
}

/* vg_doc_place, for a value of the policy. */
static vg_place place_of(reader *r, const vg_value *at)
{
    const vg_doc *doc = r->out->doc;
    const vg_value *root = r->out->root;
    if (doc->positions || !root || at->position < root->position || at->position >= doc->source.len)
        return vg_doc_place(doc, at);
    if (r->root.line == 0) {
        r->root = vg_doc_place(doc, root);
        r->scanned = root->position;
    }
    if (!scan_lines(r, at->position))
        r->out_of_memory = true;
    size_t low = 0, high = r->lines.len; /* lines that begin at or before the value */
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (*(uint32_t *)vg_vec_at(&r->lines, middle) <= at->position)
            low = middle + 1;
        else
            high = middle;
    }
    vg_place place = {r->root.file, r->root.line + (uint32_t)low,
                      r->root.column + at->position - root->position};
    if (low > 0)
        place.column = at->position - *(uint32_t *)vg_vec_at(&r->lines, low - 1) + 1;
    return place;
}

/* ---- issues ---------------------------------------------------------------------------------------------------------------- */

/* An issue, if AWS refuses this in policies of the kind. */
static void refuse(reader *r, vg_refused rule, const vg_value *at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void refuse(reader *r, vg_refused rule, const vg_value *at, const char *format, ...)
{
    const vg_refusal *refusal = vg_refusal_of(rule);
    if (!(refusal->kinds & VG_LINT_KIND(r->out->kind)))
        return;
    vg_policy_issue *issue = vg_vec_push(&r->issues);
    if (!issue) {
        r->out_of_memory = true;
        return;
    }
    issue->code = refusal->code;
    issue->at = at;
    issue->statement = r->statement;
    if (r->out->doc && at)
        issue->place = place_of(r, at);
    va_list args;
    va_start(args, format);
    vsnprintf(issue->message, sizeof issue->message, format, args);
    va_end(args);
}

static void *room_for(reader *r, size_t size, size_t count)
{
    void *items = vg_arena_calloc(r->arena, count ? count : 1, size);
    if (!items)
        r->out_of_memory = true;
    return items;
}

/* ---- keys --------------------------------------------------------------------------------------------------------------- */

static void refuse_twice(reader *r, vg_str key, const vg_value *v)
{
    refuse(r, VG_REFUSED_JSON, v, "%.*s is there twice in one object: write it once",
           VG_ARG(vg_str_sub(key, 0, 60)));
}

static void check_many_keys(reader *r, const vg_value *object)
{
    vg_map *seen = vg_map_new(r->arena, vg_value_count(object));
    for (vg_items it = vg_items_of(object); seen && vg_items_next(&it);) {
        bool added = true;
        if (!vg_map_put(seen, it.key, &added))
            seen = NULL;
        else if (!added)
            refuse_twice(r, it.key, it.value);
    }
    r->out_of_memory |= !seen;
}

/* A key that an object repeats: which of its values counts is a reader's whim, so AWS refuses it. Policies have few keys;
 * where they have many, a map keeps it linear. */
static void check_keys(reader *r, const vg_value *object)
{
    enum { FEW = 16 };
    vg_str seen[FEW];
    size_t count = 0;
    if (vg_value_count(object) > FEW) {
        check_many_keys(r, object);
        return;
    }
    for (vg_items it = vg_items_of(object); vg_items_next(&it);) {
        size_t k = 0;
        while (k < count && !vg_str_eq(seen[k], it.key))
            k++;
        if (k < count)
            refuse_twice(r, it.key, it.value);
        else
            seen[count++] = it.key;
    }
}

/* An empty list or object. */
static bool is_empty(const vg_value *v)
{
    return vg_value_is_container(v) && vg_value_count(v) == 0;
}

/* ---- what AWS refuses in texts -------------------------------------------------------------------------------------------- */

static const struct {
    vg_refused rule;
    const char *says;
} text_faults[] = {
    {VG_REFUSED_ACTION, "is no action: write \"*\" or SERVICE:NAME"},
    {VG_REFUSED_ACTION_COLONS, "has two colons: an action is SERVICE:NAME"},
    {VG_REFUSED_ACTION_SERVICE, "names no service: before the colon stand letters, digits and hyphens"},
    {VG_REFUSED_ACTION_SERVICE_PATTERN, "has a wildcard in its service: name the service"},
    {VG_REFUSED_TRUST_ACTION, "is no action of sts, and a trust policy has no others"},
    {VG_REFUSED_RESOURCE, "is neither \"*\" nor an ARN: it must begin with arn:"},
    {VG_REFUSED_PARTITION, "has no partition that exists: aws, aws-cn, aws-us-gov"},
    {VG_REFUSED_PARTITION_PATTERN, "has a pattern for its partition: write it whole, or * for any"},
    {VG_REFUSED_RESOURCE_SERVICE, "does not name its service whole"},
    {VG_REFUSED_ARN_FIELDS, "lacks a field: write arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE"},
    {VG_REFUSED_PRINCIPAL_PATTERN,
     "is a pattern: name the principal whole, or everybody with \"AWS\": \"*\""},
    {VG_REFUSED_PRINCIPAL, "is no principal: name an account, or the whole ARN of a user, role or session"},
    {VG_REFUSED_SERVICE_PRINCIPAL, "names no service: write SERVICE.amazonaws.com"},
    {VG_REFUSED_TRUST_PROVIDER, "is neither a domain name nor the ARN of a provider"},
};

static void refuse_text(reader *r, vg_refused rule, const vg_value *at)
{
    for (size_t i = 0; i < VG_COUNT(text_faults); i++)
        if (text_faults[i].rule == rule)
            refuse(r, rule, at, "%.*s %s", VG_ARG(vg_str_sub(vg_value_str(at), 0, 100)), text_faults[i].says);
}

/* ---- strings, and lists of them ------------------------------------------------------------------------------------------- */

/* The rule that a text breaks in policies of a kind, or VG_REFUSED_NOT. */
typedef vg_refused (*text_rule)(vg_str text, vg_policy_kind kind);

/* What a scalar is as text: policies may write true, 10 and "10" alike. */
static bool scalar_text(reader *r, const vg_value *v, vg_str *out)
{
    switch (vg_kind_of(v)) {
    case VG_STRING:
    case VG_NUMBER:
        *out = vg_value_str(v);
        return true;
    case VG_BOOL:
        *out = v->as.boolean ? VG_STR("true") : VG_STR("false");
        return true;
    case VG_INT:
        *out = vg_arena_printf(r->arena, "%lld", (long long)v->as.i64);
        return true;
    case VG_UINT:
        *out = vg_arena_printf(r->arena, "%llu", (unsigned long long)v->as.u64);
        return true;
    case VG_DOUBLE: {
        vg_buf text = {0};
        vg_json_writer w = vg_json_writer_to(&text, 0);
        vg_json_f64(&w, v->as.f64);
        *out = vg_arena_str(r->arena, vg_buf_str(&text));
        vg_buf_free(&text);
        return true;
    }
    case VG_NULL:
    case VG_ARRAY:
    case VG_OBJECT:
        break;
    }
    return false;
}

/* A string by the rule that AWS has for it; without a rule, as the values of a condition are, also a number or boolean. What
 * is neither is refused and left out. */
static size_t read_string(reader *r, const vg_value *v, const char *element, text_rule rule_of, vg_str *out)
{
    if (v->kind == VG_STRING) {
        *out = vg_value_str(v);
        vg_refused rule = rule_of ? rule_of(*out, r->out->kind) : VG_REFUSED_NOT;
        if (rule != VG_REFUSED_NOT)
            refuse_text(r, rule, v);
        return 1;
    }
    if (!rule_of && scalar_text(r, v, out))
        return 1;
    refuse(r, VG_REFUSED_TYPE, v, "%s must be a string or a list of strings", element);
    return 0;
}

/* One string or a list of them: Action, Resource, a condition's values. */
static void read_strings(reader *r, const vg_value *v, const char *element, text_rule rule_of,
                         const vg_str **out, size_t *count)
{
    vg_str *strings = room_for(r, sizeof *strings, v->kind == VG_ARRAY ? vg_value_count(v) : 1);
    *out = strings;
    *count = 0;
    if (!strings)
        return;
    if (v->kind != VG_ARRAY)
        *count = read_string(r, v, element, rule_of, strings);
    else
        for (vg_items it = vg_items_of(v); vg_items_next(&it);)
            *count += read_string(r, it.value, element, rule_of, &strings[*count]);
}

/* ---- principals ------------------------------------------------------------------------------------------------------------ */

static bool is_unique_id(vg_str text)
{
    if (text.len < 16 || text.len > 128 || text.ptr[0] != 'A')
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!((text.ptr[i] >= 'A' && text.ptr[i] <= 'Z') || (text.ptr[i] >= '0' && text.ptr[i] <= '9')))
            return false;
    return true;
}

/* "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1": CloudFront's own, in whosever account it was made. */
static bool is_origin_access_identity(const vg_arn *arn)
{
    return vg_str_is(arn->account, "cloudfront") && vg_str_is(arn->service, "iam") &&
           vg_str_starts(arn->resource, VG_STR("user/"));
}

/* The value of {"AWS": ...}. */
static vg_principal_kind aws_principal(vg_str text, vg_str *account)
{
    vg_arn arn;
    if (vg_str_is(text, "*"))
        return VG_PRINCIPAL_ANYONE;
    if (vg_is_account_id(text)) {
        *account = text;
        return VG_PRINCIPAL_ACCOUNT;
    }
    if (vg_arn_parse(text, &arn) && (vg_str_is(arn.service, "iam") || vg_str_is(arn.service, "sts")) &&
        arn.region.len == 0 && (vg_is_account_id(arn.account) || is_origin_access_identity(&arn)) &&
        vg_str_find_char(arn.partition, '*') == VG_NPOS) {
        *account = arn.account;
        if (vg_str_is(arn.resource, "root"))
            return VG_PRINCIPAL_ACCOUNT;
        bool wild =
            vg_str_find_char(arn.resource, '*') != VG_NPOS || vg_str_find_char(arn.resource, '?') != VG_NPOS;
        return wild || arn.resource.len == 0 ? VG_PRINCIPAL_INVALID : VG_PRINCIPAL_ARN;
    }
    return is_unique_id(text) ? VG_PRINCIPAL_UNIQUE_ID : VG_PRINCIPAL_INVALID;
}

static const struct {
    const char *key;
    vg_principal_kind kind;
} principal_keys[] = {
    {"AWS", VG_PRINCIPAL_ARN},
    {"Service", VG_PRINCIPAL_SERVICE},
    {"Federated", VG_PRINCIPAL_FEDERATED},
    {"CanonicalUser", VG_PRINCIPAL_CANONICAL_USER},
};

static void add_principal(reader *r, vg_vec *principals, vg_principal_kind kind, const vg_value *at)
{
    if (at->kind != VG_STRING) {
        refuse(r, VG_REFUSED_TYPE, at, "a principal must be a string or a list of strings");
        return;
    }
    vg_policy_principal *p = vg_vec_push(principals);
    if (!p) {
        r->out_of_memory = true;
        return;
    }
    p->text = vg_value_str(at);
    p->at = at;
    p->kind = kind == VG_PRINCIPAL_ARN ? aws_principal(p->text, &p->account) : kind;
    refuse_text(r, vg_principal_refused(p), at);
}

static void read_principal_key(reader *r, vg_vec *principals, vg_str key, const vg_value *v)
{
    for (size_t k = 0; k < VG_COUNT(principal_keys); k++) {
        if (!vg_str_is(key, principal_keys[k].key))
            continue;
        if (is_empty(v))
            refuse(r, VG_REFUSED_NO_PRINCIPAL, v, "%s names nobody", principal_keys[k].key);
        if (v->kind != VG_ARRAY)
            add_principal(r, principals, principal_keys[k].kind, v);
        else
            for (vg_items it = vg_items_of(v); vg_items_next(&it);)
                add_principal(r, principals, principal_keys[k].kind, it.value);
        return;
    }
    refuse(r, VG_REFUSED_PRINCIPAL_KEY, v,
           "%.*s is no kind of principal: AWS, Service, Federated, CanonicalUser",
           VG_ARG(vg_str_sub(key, 0, 60)));
}

static void read_principal(reader *r, vg_statement *s, const vg_value *v)
{
    vg_vec principals = vg_vec_in(r->arena, sizeof(vg_policy_principal));
    if (v->kind == VG_OBJECT) {
        check_keys(r, v);
        for (vg_items it = vg_items_of(v); vg_items_next(&it);)
            read_principal_key(r, &principals, it.key, it.value);
    } else if (v->kind == VG_STRING && vg_str_is(vg_value_str(v), "*")) {
        add_principal(r, &principals, VG_PRINCIPAL_ARN, v);
    } else {
        size_t refused = r->issues.len;
        if (v->kind == VG_STRING) /* it can only have meant one of AWS's */
            add_principal(r, &principals, VG_PRINCIPAL_ARN, v);
        if (r->issues.len == refused)
            refuse(r, v->kind == VG_STRING ? VG_REFUSED_PRINCIPAL : VG_REFUSED_TYPE, v,
                   "Principal must be \"*\" or an object such as {\"AWS\": \"123456789012\"}");
    }
    if (is_empty(v))
        refuse(r, VG_REFUSED_NO_PRINCIPAL, v, "%s names nobody",
               s->not_principal ? "NotPrincipal" : "Principal");
    s->principals = principals.items;
    s->principal_count = principals.len;
}

/* ---- conditions ------------------------------------------------------------------------------------------------------------ */

/* "ForAnyValue:StringLikeIfExists" in its parts. Operators ignore case, as AWS's do. */
static void read_operator(vg_str text, vg_policy_condition *c)
{
    c->op_text = text;
    c->op = VG_OP_INVALID;
    vg_str qualifier, rest;
    if (vg_str_split(text, ':', &qualifier, &rest)) {
        if (vg_str_eq_icase(qualifier, VG_STR("ForAllValues")))
            c->qualifier = VG_QUALIFIER_FOR_ALL_VALUES;
        else if (vg_str_eq_icase(qualifier, VG_STR("ForAnyValue")))
            c->qualifier = VG_QUALIFIER_FOR_ANY_VALUE;
        else
            return;
        text = rest;
    }
    vg_str if_exists = VG_STR("IfExists");
    if (text.len > if_exists.len &&
        vg_str_eq_icase(vg_str_sub(text, text.len - if_exists.len, if_exists.len), if_exists)) {
        c->if_exists = true;
        text.len -= if_exists.len;
    }
    c->op = vg_operator_find(text);
}

static void read_condition_keys(reader *r, vg_vec *conditions, const vg_policy_condition *of,
                                const vg_value *keys)
{
    check_keys(r, keys);
    for (vg_items it = vg_items_of(keys); vg_items_next(&it);) {
        vg_policy_condition *c = vg_vec_push(conditions);
        if (!c) {
            r->out_of_memory = true;
            return;
        }
        *c = *of;
        c->op_at = keys;
        c->at = it.value;
        c->key = it.key;
        read_strings(r, it.value, "a condition's value", NULL, &c->values, &c->value_count);
    }
}

static void read_condition(reader *r, vg_statement *s, const vg_value *v)
{
    if (v->kind != VG_OBJECT) {
        refuse(r, VG_REFUSED_TYPE, v, "Condition must be an object of operators");
        s->invalid = true;
        return;
    }
    vg_vec conditions = vg_vec_in(r->arena, sizeof(vg_policy_condition));
    check_keys(r, v);
    for (vg_items it = vg_items_of(v); vg_items_next(&it);) {
        vg_policy_condition of = {0};
        read_operator(it.key, &of);
        if (of.op == VG_OP_INVALID)
            refuse(r, VG_REFUSED_OPERATOR, it.value, "%.*s is no condition operator",
                   VG_ARG(vg_str_sub(it.key, 0, 60)));
        if (of.op == VG_OP_NULL && of.if_exists)
            refuse(r, VG_REFUSED_NULL_IF_EXISTS, it.value, "Null cannot be combined with IfExists");
        if (it.value->kind != VG_OBJECT) {
            refuse(r, VG_REFUSED_TYPE, it.value, "a condition operator must hold an object of keys");
            s->invalid = true;
            continue;
        }
        read_condition_keys(r, &conditions, &of, it.value);
    }
    s->conditions = conditions.items;
    s->condition_count = conditions.len;
}

/* ---- statements ------------------------------------------------------------------------------------------------------------ */

static void read_effect(reader *r, vg_statement *s, const vg_value *v)
{
    s->effect_at = v;
    vg_str text = vg_value_str(v);
    if (vg_str_is(text, "Allow"))
        s->effect = VG_EFFECT_ALLOW;
    else if (vg_str_is(text, "Deny"))
        s->effect = VG_EFFECT_DENY;
    else
        refuse(r, v->kind == VG_STRING ? VG_REFUSED_EFFECT : VG_REFUSED_TYPE, v,
               "Effect must be Allow or Deny");
}

static void read_sid(reader *r, vg_statement *s, const vg_value *v)
{
    s->sid_at = v;
    if (v->kind != VG_STRING) {
        refuse(r, VG_REFUSED_TYPE, v, "Sid must be a string");
        return;
    }
    s->sid = vg_value_str(v);
    if (vg_sid_refused(s->sid))
        refuse(r, VG_REFUSED_SID, v, "the Sid %.*s holds other characters than letters and digits",
               VG_ARG(vg_str_sub(s->sid, 0, 60)));
}

static void read_actions(reader *r, vg_statement *s, const vg_value *v)
{
    const char *element = s->not_action ? "NotAction" : "Action";
    read_strings(r, v, element, vg_action_refused, &s->actions, &s->action_count);
    if (is_empty(v))
        refuse(r, VG_REFUSED_NO_ACTION, v, "%s is empty", element);
}

static void read_resources(reader *r, vg_statement *s, const vg_value *v)
{
    const char *element = s->not_resource ? "NotResource" : "Resource";
    read_strings(r, v, element, vg_resource_refused, &s->resources, &s->resource_count);
    if (is_empty(v))
        refuse(r, VG_REFUSED_EMPTY_RESOURCE, v, "%s is empty", element);
}

static void read_element(reader *r, vg_statement *s, vg_str key, const vg_value *v)
{
    bool negated = vg_str_starts(key, VG_STR("Not"));
    vg_str name = negated ? vg_str_sub(key, 3, key.len) : key;
    if (vg_str_is(name, "Action")) {
        if (s->has_action && s->not_action != negated)
            refuse(r, VG_REFUSED_COMBINATION, v, "a statement has Action or NotAction, not both");
        s->has_action = true, s->not_action = negated, s->action_at = v;
        read_actions(r, s, v);
    } else if (vg_str_is(name, "Resource")) {
        if (s->has_resource && s->not_resource != negated)
            refuse(r, VG_REFUSED_COMBINATION, v, "a statement has Resource or NotResource, not both");
        s->has_resource = true, s->not_resource = negated, s->resource_at = v;
        read_resources(r, s, v);
    } else if (vg_str_is(name, "Principal")) {
        if (s->has_principal && s->not_principal != negated)
            refuse(r, VG_REFUSED_COMBINATION, v, "a statement has Principal or NotPrincipal, not both");
        s->has_principal = true, s->not_principal = negated, s->principal_at = v;
        read_principal(r, s, v);
    } else if (vg_str_is(key, "Condition")) {
        s->condition_at = v;
        read_condition(r, s, v);
    } else if (vg_str_is(key, "Effect")) {
        read_effect(r, s, v);
    } else if (vg_str_is(key, "Sid")) {
        read_sid(r, s, v);
    } else {
        refuse(r, VG_REFUSED_ELEMENT, v, "%.*s is no element of a statement", VG_ARG(vg_str_sub(key, 0, 60)));
    }
}

static bool kind_names_principals(vg_policy_kind kind)
{
    return kind == VG_POLICY_RESOURCE || kind == VG_POLICY_TRUST || kind == VG_POLICY_RCP ||
           kind == VG_POLICY_ENDPOINT;
}

/* Everybody, everything, everywhere: what RCPFullAWSAccess allows, the only RCP that does. */
static bool is_full_access(const vg_statement *s)
{
    return s->action_count == 1 && vg_str_is(s->actions[0], "*") && s->resource_count == 1 &&
           vg_str_is(s->resources[0], "*") && !s->not_resource && !s->condition_at;
}

/* Organizations User Guide, "RCP syntax". */
static void check_rcp(reader *r, const vg_statement *s)
{
    bool for_everybody = !s->not_principal;
    for (size_t i = 0; i < s->principal_count; i++)
        for_everybody = for_everybody && s->principals[i].kind == VG_PRINCIPAL_ANYONE;
    if (s->effect == VG_EFFECT_ALLOW && !is_full_access(s))
        refuse(r, VG_REFUSED_RCP_ALLOW, s->effect_at, "an RCP denies: only RCPFullAWSAccess allows");
    if (s->not_action)
        refuse(r, VG_REFUSED_RCP_NOT_ACTION, s->action_at, "an RCP has no NotAction: list the actions");
    if (s->has_principal && !for_everybody)
        refuse(r, VG_REFUSED_RCP_PRINCIPAL, s->principal_at,
               "an RCP is for everybody: write \"Principal\": \"*\" and test the principal in Condition");
}

/* What a statement must have and must not have; of which kinds of policies that holds, refusal.c says. */
static void check_elements(reader *r, vg_statement *s)
{
    vg_policy_kind kind = r->out->kind;
    if (!s->effect_at)
        refuse(r, VG_REFUSED_NO_EFFECT, s->at, "add Effect: Allow or Deny");
    if (!s->has_action)
        refuse(r, VG_REFUSED_NO_ACTION, s->at, "add Action or NotAction");
    if (!s->has_resource)
        refuse(r, VG_REFUSED_NO_RESOURCE, s->at, "add Resource or NotResource");
    if (s->has_resource)
        refuse(r, VG_REFUSED_TRUST_RESOURCE, s->resource_at,
               "a trust policy has no Resource: it is about its own role");
    if (s->has_principal && !kind_names_principals(kind))
        refuse(r, kind == VG_POLICY_SCP ? VG_REFUSED_SCP_PRINCIPAL : VG_REFUSED_PRINCIPAL_ELEMENT,
               s->principal_at, "an %s policy has no Principal: whom it is attached to is its principal",
               vg_policy_kind_name(kind));
    if (s->not_principal)
        refuse(r, VG_REFUSED_TRUST_NOT_PRINCIPAL, s->principal_at,
               "a trust policy has no NotPrincipal: name who may assume the role");
    if (kind == VG_POLICY_RCP)
        check_rcp(r, s);
    bool needs_principal = kind_names_principals(kind);
    if (!s->has_principal)
        refuse(r, VG_REFUSED_NO_PRINCIPAL, s->at, "add Principal or NotPrincipal");
    /* An endpoint's policy without Principal still says what may pass; other kinds then say it to nobody. */
    s->invalid |= s->effect == VG_EFFECT_NONE || !s->has_action ||
                  (needs_principal && !s->has_principal && kind != VG_POLICY_ENDPOINT);
}

static void read_statement(reader *r, vg_statement *s, const vg_value *v)
{
    s->at = v;
    if (v->kind != VG_OBJECT) {
        refuse(r, VG_REFUSED_TYPE, v, "a statement must be an object");
        s->invalid = true;
        return;
    }
    check_keys(r, v);
    for (vg_items it = vg_items_of(v); vg_items_next(&it);)
        read_element(r, s, it.key, it.value);
    check_elements(r, s);
}

static void check_sids(reader *r)
{
    vg_policy_document *out = r->out;
    if (out->statement_count < 2)
        return;
    vg_map *seen = vg_map_new(r->arena, 0);
    for (size_t i = 0; seen && i < out->statement_count; i++) {
        bool added = true;
        const vg_statement *s = &out->statements[i];
        if (s->sid.len && !vg_map_put(seen, s->sid, &added))
            seen = NULL;
        else if (!added) {
            r->statement = (uint32_t)i;
            refuse(r, VG_REFUSED_SID_TWICE, s->sid_at, "the Sid %.*s is used twice",
                   VG_ARG(vg_str_sub(s->sid, 0, 60)));
        }
    }
    r->out_of_memory |= !seen;
}

static void read_statements(reader *r, const vg_value *v)
{
    vg_policy_document *out = r->out;
    bool list = v->kind == VG_ARRAY;
    size_t count = list ? vg_value_count(v) : 1, i = 0;
    vg_statement *statements = room_for(r, sizeof *statements, count);
    if (!statements)
        return;
    if (!list)
        r->statement = 0, read_statement(r, &statements[0], v);
    else
        for (vg_items it = vg_items_of(v); vg_items_next(&it); i++)
            r->statement = (uint32_t)i, read_statement(r, &statements[i], it.value);
    r->statement = UINT32_MAX;
    out->statements = statements;
    out->statement_count = count;
    check_sids(r);
    r->statement = UINT32_MAX;
}

/* ---- documents ------------------------------------------------------------------------------------------------------------- */

static void read_version(reader *r, const vg_value *v)
{
    vg_str text = vg_value_str(v);
    r->out->has_version = true;
    r->out->version_2012 = vg_str_is(text, "2012-10-17");
    if (!r->out->version_2012 && !vg_str_is(text, "2008-10-17"))
        refuse(r, VG_REFUSED_VERSION, v, "Version must be \"2012-10-17\" or \"2008-10-17\"");
}

static void read_id(reader *r, const vg_value *v)
{
    r->out->id = vg_value_str(v);
    if (v->kind != VG_STRING)
        refuse(r, VG_REFUSED_TYPE, v, "Id must be a string");
}

static void read_document(reader *r, const vg_value *root)
{
    const vg_value *statements = NULL;
    if (root->kind != VG_OBJECT) {
        refuse(r, VG_REFUSED_TYPE, root, "a policy must be an object");
        return;
    }
    check_keys(r, root);
    for (vg_items it = vg_items_of(root); vg_items_next(&it);) {
        if (vg_str_is(it.key, "Version"))
            read_version(r, it.value);
        else if (vg_str_is(it.key, "Id"))
            read_id(r, it.value);
        else if (vg_str_is(it.key, "Statement"))
            statements = it.value;
        else
            refuse(r, VG_REFUSED_ELEMENT, it.value, "%.*s is no element of a policy",
                   VG_ARG(vg_str_sub(it.key, 0, 60)));
    }
    if (statements)
        read_statements(r, statements);
    else
        refuse(r, VG_REFUSED_NO_STATEMENT, root, "a policy needs a Statement");
}

static vg_status finish(reader *r, vg_error *err)
{
    r->out->issues = r->issues.items;
    r->out->issue_count = r->issues.len;
    return r->out_of_memory ? vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading a policy") : VG_OK;
}

static reader reader_of(vg_arena *arena, vg_policy_kind kind, vg_str name, vg_policy_document *out)
{
    *out = (vg_policy_document){.kind = kind, .name = name};
    return (reader){.arena = arena,
                    .out = out,
                    .issues = vg_vec_in(arena, sizeof(vg_policy_issue)),
                    .lines = vg_vec_in(arena, sizeof(uint32_t)),
                    .statement = UINT32_MAX};
}

vg_status vg_policy_read(vg_arena *arena, const vg_doc *doc, const vg_value *root, vg_policy_kind kind,
                         vg_str name, vg_policy_document *out, vg_error *err)
{
    reader r = reader_of(arena, kind, name, out);
    out->doc = doc;
    out->root = root;
    read_document(&r, root);
    return finish(&r, err);
}

/* ---- bytes ------------------------------------------------------------------------------------------------------------------ */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* RFC 3986 percent-encoding, as IAM's API answers with it. What is no escape stays as it is. */
static vg_str url_decoded(vg_arena *arena, vg_str text)
{
    char *out = vg_arena_alloc(arena, text.len + 1);
    size_t n = 0;
    for (size_t i = 0; out && i < text.len; i++) {
        int high = text.ptr[i] == '%' && i + 2 < text.len ? hex_digit(text.ptr[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(text.ptr[i + 2]) : -1;
        out[n++] = low >= 0 ? (char)(high * 16 + low) : text.ptr[i];
        i += low >= 0 ? 2 : 0;
    }
    return (vg_str){out, n};
}

vg_status vg_policy_read_text(vg_arena *arena, vg_str text, vg_policy_kind kind, vg_str name,
                              vg_policy_document *out, vg_error *err)
{
    vg_doc *doc = VG_NEW(arena, vg_doc);
    vg_str trimmed = vg_str_trim(text);
    if (trimmed.len && trimmed.ptr[0] == '%')
        text = url_decoded(arena, trimmed);
    if (!doc || (text.len && !text.ptr))
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading a policy");
    vg_error bad;
    vg_status status = vg_json_read(arena, text, name, NULL, doc, &bad);
    if (status == VG_OK)
        return vg_policy_read(arena, doc, doc->root, kind, name, out, err);
    if (status == VG_ERR_MEMORY) {
        vg_error_copy(err, &bad);
        return status;
    }
    reader r = reader_of(arena, kind, name, out);
    refuse(&r, VG_REFUSED_JSON, NULL, "%.180s", bad.message);
    if (r.issues.len) {
        vg_policy_issue *issue = vg_vec_at(&r.issues, 0);
        issue->place = (vg_place){name, bad.place.line, bad.place.column};
    }
    return finish(&r, err);
}
