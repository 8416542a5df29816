/* lint_principal.c: whom a policy names, trust policies' own rules apart: ids in place of ARNs, services and what restricts
 * them, NotPrincipal.
 *
 * A service acts for whoever set it up. A resource policy that lets in "cloudtrail.amazonaws.com" and does not say for whom
 * lets in everybody's trails: the confused deputy. What names the source are aws:SourceArn, aws:SourceAccount and their like
 * (IAM User Guide, "The confused deputy problem"). */
#include "policy/lint_part.h"

static bool names_service(const lint_statement *s)
{
    for (size_t i = 0; i < s->s->principal_count; i++)
        if (s->s->principals[i].kind == VG_PRINCIPAL_SERVICE)
            return !s->s->not_principal;
    return false;
}

static bool names_services_alone(const lint_statement *s)
{
    for (size_t i = 0; i < s->s->principal_count; i++)
        if (s->s->principals[i].kind != VG_PRINCIPAL_SERVICE)
            return false;
    return s->s->principal_count > 0 && !s->s->not_principal;
}

static const lint_condition *condition_in(const lint_statement *s, lint_key_list list)
{
    for (size_t i = 0; i < s->condition_count; i++)
        if (s->conditions[i].lists >> list & 1)
            return &s->conditions[i];
    return NULL;
}

/* ---- NotPrincipal, ids, federation ------------------------------------------------------------------------------------------------ */

static void allow_not_principal(lint *l, const lint_row *row, const lint_statement *s)
{
    if (lint_allows(s) && s->s->not_principal)
        lint_raise_plain(l, row, s->s->principal_at);
}

static void unique_id(lint *l, const lint_row *row, const lint_statement *s, const vg_policy_principal *p)
{
    (void)s;
    static const char *const prefixes[] = {"AROA", "AIDA"};
    static const char *const nouns[] = {"role", "user"};
    if (p->kind == VG_PRINCIPAL_UNIQUE_ID && vg_str_starts(p->text, vg_str_from(prefixes[row->variant])))
        lint_raise(l, row, p->at, "%.*s is the id of a %s, most likely one that was deleted: name the ARN.",
                   VG_ARG(lint_shown(p->text)), nouns[row->variant]);
}

static void federated(lint *l, const lint_row *row, const lint_statement *s, const vg_policy_principal *p)
{
    (void)s;
    if (p->kind == VG_PRINCIPAL_FEDERATED)
        lint_raise(l, row, p->at, "%.*s: identity providers are principals of trust policies alone.",
                   VG_ARG(lint_shown(p->text)));
}

/* ---- principals of services --------------------------------------------------------------------------------------------------------- */

static bool is_label(vg_str label)
{
    for (size_t i = 0; i < label.len; i++) {
        char c = label.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return false;
    }
    return label.len > 0;
}

/* How many labels stand before the suffix of a service's principal: 1 of "ec2.amazonaws.com", 2 of
 * "logs.eu-west-1.amazonaws.com"; 0 when it is none. */
static size_t service_labels(const lint *l, vg_str text)
{
    vg_str suffixes[] = {VG_STR(".amazonaws.com"), VG_STR(".amazon.com"), VG_STR(".amazonaws.com.cn"),
                         VG_STR(".aws.internal")};
    vg_str front = {0}, label;
    for (size_t i = 0; i < VG_COUNT(suffixes); i++)
        if (vg_str_ends(text, suffixes[i]))
            front = vg_str_sub(text, 0, text.len - suffixes[i].len);
    for (size_t i = 0; i < l->content->partition_count; i++) {
        vg_str suffix = l->content->partitions[i].suffix;
        if (text.len > suffix.len + 1 && vg_str_ends(text, suffix) &&
            text.ptr[text.len - suffix.len - 1] == '.')
            front = vg_str_sub(text, 0, text.len - suffix.len - 1);
    }
    size_t labels = 0;
    for (vg_str rest = front; vg_str_next(&rest, '.', &label); labels++)
        if (!is_label(label))
            return 0;
    return labels;
}

static bool is_judged(const lint_condition *c, vg_str value)
{
    return vg_str_find_char(value, '$') == VG_NPOS &&
           !(lint_op_takes_patterns(c->c->op) && lint_is_wild(value));
}

static void service_values(lint *l, const lint_row *row, const lint_condition *c)
{
    bool called_via = c->lists >> LINT_KEY_CALLED_VIA & 1, via_service = c->lists >> LINT_KEY_VIA_SERVICE & 1;
    if (!(called_via || via_service || (c->lists >> LINT_KEY_SERVICE_PRINCIPAL & 1)) ||
        !lint_op_is_string(c->c->op))
        return;
    for (size_t k = 0; k < c->c->value_count; k++) {
        vg_str value = c->c->values[k];
        size_t labels = is_judged(c, value) ? service_labels(l, value) : 1;
        bool valid = !is_judged(c, value) || (called_via    ? labels == 1
                                              : via_service ? labels == 2
                                                            : labels > 0);
        if (!valid)
            lint_raise(l, row, lint_value_node(c, k), "%.*s is not what %.*s holds: %s.",
                       VG_ARG(lint_shown(value)), VG_ARG(lint_shown(c->c->key)),
                       via_service ? "SERVICE.REGION.amazonaws.com" : "SERVICE.amazonaws.com");
    }
}

static void service_format(lint *l, const lint_row *row, const lint_statement *s)
{
    for (size_t i = 0; i < s->s->principal_count; i++) {
        const vg_policy_principal *p = &s->s->principals[i];
        if (p->kind == VG_PRINCIPAL_SERVICE && !lint_is_wild(p->text) && service_labels(l, p->text) == 0)
            lint_raise(l, row, p->at, "%.*s is no service: write SERVICE.amazonaws.com in lower case.",
                       VG_ARG(lint_shown(p->text)));
    }
    for (size_t i = 0; i < s->condition_count; i++)
        service_values(l, row, &s->conditions[i]);
}

/* ---- confused deputies ----------------------------------------------------------------------------------------------------------------- */

static const vg_policy_principal *first_service(const lint_statement *s)
{
    for (size_t i = 0; i < s->s->principal_count; i++)
        if (s->s->principals[i].kind == VG_PRINCIPAL_SERVICE)
            return &s->s->principals[i];
    return NULL;
}

/* Another key that somebody meant to restrict with. */
static const lint_condition *other_restriction(const lint_statement *s)
{
    const lint_condition *c = condition_in(s, LINT_KEY_UNTRUSTWORTHY);
    return c ? c : condition_in(s, LINT_KEY_NARROWING);
}

static bool lets_in_any_source(const lint_statement *s)
{
    return lint_allows(s) && names_service(s) && !condition_in(s, LINT_KEY_SOURCE);
}

static void unrestricted_service(lint *l, const lint_row *row, const lint_statement *s)
{
    if (!lets_in_any_source(s) || other_restriction(s))
        return;
    const vg_policy_principal *p = first_service(s);
    lint_raise(l, row, p->at,
               "%.*s may act here for anybody: test aws:SourceArn, aws:SourceAccount, aws:SourceOrgID or "
               "aws:SourceOrgPaths.",
               VG_ARG(lint_shown(p->text)));
}

static void other_key_for_service(lint *l, const lint_row *row, const lint_statement *s)
{
    const lint_condition *c = lets_in_any_source(s) ? other_restriction(s) : NULL;
    if (!c)
        return;
    const vg_policy_principal *p = first_service(s);
    lint_raise(
        l, row, c->key_at,
        "%.*s does not say for whom %.*s acts: test aws:SourceArn, aws:SourceAccount, aws:SourceOrgID or "
        "aws:SourceOrgPaths.",
        VG_ARG(lint_shown(c->c->key)), VG_ARG(lint_shown(p->text)));
}

static void key_not_of_services(lint *l, const lint_row *row, const lint_statement *s,
                                const lint_condition *c)
{
    if (lint_allows(s) && (c->lists >> LINT_KEY_NOT_OF_SERVICES & 1) && lint_may_look_around(l, s) &&
        names_services_alone(s) && !vg_operator_is_negated(c->c->op) && c->c->op != VG_OP_NULL &&
        !c->c->if_exists)
        lint_raise(l, row, c->key_at, "Services' requests carry no %.*s: the statement allows nothing.",
                   VG_ARG(lint_shown(c->c->key)));
}

/* ---- rows ---------------------------------------------------------------------------------------------------------------------------------- */

#define STATEMENT(code_, type_, kinds_, finds_, remedy_, run_)                                               \
    {                                                                                                        \
        .check = {code_, type_, kinds_, false, finds_, remedy_}, .scope = LINT_STATEMENT,                    \
        .run.statement = run_                                                                                \
    }
#define PRINCIPAL(code_, type_, kinds_, variant_, finds_, remedy_, run_)                                     \
    {                                                                                                        \
        .check = {code_, type_, kinds_, false, finds_, remedy_}, .scope = LINT_PRINCIPAL,                    \
        .variant = variant_, .run.principal = run_                                                           \
    }

static const lint_row rows[] = {
    STATEMENT("ALLOW_WITH_NOT_PRINCIPAL", VG_LINT_SECURITY_WARNING, LINT_RESOURCE_KIND | LINT_ENDPOINT,
              "Allow with NotPrincipal lets in everybody else, anonymous callers too.",
              "Name who is let in with Principal.", allow_not_principal),
    PRINCIPAL("FEDERATED_PRINCIPAL_NOT_SUPPORTED", VG_LINT_ERROR, LINT_RESOURCE_KIND | LINT_ENDPOINT, 0,
              "A policy that is no trust policy names an identity provider.",
              "Name the role that its users assume.", federated),
    PRINCIPAL("INVALID_ROLE_REFERENCE", VG_LINT_WARNING, LINT_WITH_PRINCIPAL, 0,
              "A principal is the id of a role instead of its ARN.", "Name the role's ARN.", unique_id),
    STATEMENT("INVALID_SERVICE_PRINCIPAL_FORMAT", VG_LINT_ERROR, VG_LINT_ALL_KINDS,
              "What should name a service does not have the form of one.",
              "Write SERVICE.amazonaws.com, or the form that the key asks for.", service_format),
    PRINCIPAL("INVALID_USER_REFERENCE", VG_LINT_WARNING, LINT_WITH_PRINCIPAL, 1,
              "A principal is the id of a user instead of its ARN.", "Name the user's ARN.", unique_id),
    STATEMENT("RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL", VG_LINT_SUGGESTION, LINT_RESOURCE_KIND,
              "A service is let in on a condition that does not say for whom it acts.",
              "Test aws:SourceArn, aws:SourceAccount, aws:SourceOrgID or aws:SourceOrgPaths.",
              other_key_for_service),
    STATEMENT("RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL", VG_LINT_SECURITY_WARNING, LINT_RESOURCE_KIND,
              "A service is let in for whomever it acts.",
              "Test aws:SourceArn, aws:SourceAccount, aws:SourceOrgID or aws:SourceOrgPaths.",
              unrestricted_service),
    {.check = {"UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL", VG_LINT_ERROR, LINT_RESOURCE_KIND, false,
               "A service is let in on a condition that requests of services never meet.",
               "Remove the key, or give the service a statement of its own."},
     .scope = LINT_CONDITION,
     .run.condition = key_not_of_services},
};

const lint_family lint_principal_family = {rows, VG_COUNT(rows)};
