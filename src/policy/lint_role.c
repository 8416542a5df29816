/* lint_role.c: iam:PassRole and iam:CreateServiceLinkedRole on more roles than anyone means.
 *
 * Access Analyzer has a code for each way to write it: the action spelt out, matched by a wildcard or left over by NotAction;
 * the roles given by a wildcard in Resource or left over by NotResource. A condition on the service that gets the role makes
 * it as narrow as naming the role would (but not one by IfExists, which holds where nobody says). */
#include "policy/lint_part.h"

typedef enum { BY_NAME, BY_STAR, BY_NOT_ACTION } action_form;
typedef enum { ON_STAR, ON_NOT_RESOURCE } resource_form;
typedef enum { PASS_ROLE, CREATE_SLR } role_action;

#define VARIANT(action_, form_, on_) ((int)(action_)*6 + (int)(form_)*2 + (int)(on_))

static const struct {
    const char *action;
    const char *narrowed_by[2];
    const char
        *any_role; /* what stands before a role's name: a wildcard no later than behind it means any role */
} role_actions[] = {
    [PASS_ROLE] = {"iam:PassRole", {"iam:PassedToService", "iam:AssociatedResourceArn"}, "role/"},
    [CREATE_SLR] = {"iam:CreateServiceLinkedRole", {"iam:AWSServiceName", NULL}, "role/aws-service-role/"},
};

/* How the statement names the action, and where; false if it does not. */
static bool find_action(const lint_statement *s, const char *action, action_form *form, const vg_value **at)
{
    vg_str name = vg_str_from(action);
    if (s->s->not_action) {
        *form = BY_NOT_ACTION;
        *at = s->s->action_at;
        return lint_statement_names(s, name);
    }
    bool found = false;
    for (size_t i = 0; i < s->action_count; i++) {
        const lint_action *a = &s->actions[i];
        if (a->is_pattern ? found || !lint_action_names(a, name) : !vg_str_eq_icase(a->text, name))
            continue;
        *form = a->is_pattern ? BY_STAR : BY_NAME;
        *at = a->at;
        found = true;
        if (!a->is_pattern)
            break;
    }
    return found;
}

static bool is_any_role(const lint_resource *r, const char *any_role)
{
    if (r->is_all)
        return true;
    vg_str role = r->part[5], prefix = vg_str_from(any_role);
    if (r->parts < 6)
        return lint_is_wild(r->text);
    size_t wild = 0;
    while (wild < role.len && role.ptr[wild] != '*')
        wild++;
    return wild < role.len && vg_str_starts(prefix, vg_str_sub(role, 0, wild));
}

static bool is_narrowed(const lint_statement *s, role_action which)
{
    for (size_t i = 0; i < VG_COUNT(role_actions[which].narrowed_by); i++) {
        const char *key = role_actions[which].narrowed_by[i];
        for (size_t k = 0; key && k < s->condition_count; k++)
            if (!s->conditions[k].c->if_exists && s->conditions[k].c->op != VG_OP_NULL &&
                vg_str_eq_icase(s->conditions[k].c->key, vg_str_from(key)))
                return true;
    }
    return false;
}

static const lint_row *row_of(int variant);

/* Finds the way in which the statement names the action and raises the row of it: one look for six rows. */
static void any_role(lint *l, const lint_row *row, const lint_statement *s)
{
    role_action which = row->variant / 6 == 0 ? PASS_ROLE : CREATE_SLR;
    action_form form;
    const vg_value *action_at, *resource_at = NULL;
    if (!lint_allows(s) || !s->s->has_resource)
        return;
    if (s->s->not_resource)
        resource_at = s->s->resource_at;
    for (size_t i = 0; i < s->resource_count && !resource_at; i++)
        if (is_any_role(&s->resources[i], role_actions[which].any_role))
            resource_at = s->resources[i].at;
    if (!resource_at || !find_action(s, role_actions[which].action, &form, &action_at) ||
        is_narrowed(s, which))
        return;
    resource_form on = s->s->not_resource ? ON_NOT_RESOURCE : ON_STAR;
    lint_raise_plain(l, row_of(VARIANT(which, form, on)), action_at);
    lint_also(l, resource_at);
}

/* The rows with BY_NAME and ON_STAR look; the others are raised by them. */
#define ROLE(code_, type_, variant_, finds_, remedy_)                                                        \
    {                                                                                                        \
        .check = {code_, type_, LINT_IDENTITY, false, finds_, remedy_}, .scope = LINT_READER,                \
        .variant = variant_                                                                                  \
    }
#define LOOKING_ROLE(code_, type_, variant_, finds_, remedy_)                                                \
    {                                                                                                        \
        .check = {code_, type_, LINT_IDENTITY, false, finds_, remedy_}, .scope = LINT_STATEMENT,             \
        .variant = variant_, .run.statement = any_role                                                       \
    }
#define SLR_REMEDY  "Name the service's role in Resource, or test iam:AWSServiceName."
#define PASS_REMEDY "Name the roles in Resource, or test iam:PassedToService (without IfExists)."

static const lint_row rows[] = {
    ROLE("CREATE_SLR_WITH_NOT_ACTION_AND_NOT_RESOURCE", VG_LINT_WARNING,
         VARIANT(CREATE_SLR, BY_NOT_ACTION, ON_NOT_RESOURCE),
         "NotAction with NotResource lets in iam:CreateServiceLinkedRole on many roles.", SLR_REMEDY),
    ROLE("CREATE_SLR_WITH_NOT_RESOURCE", VG_LINT_WARNING, VARIANT(CREATE_SLR, BY_NAME, ON_NOT_RESOURCE),
         "iam:CreateServiceLinkedRole with NotResource allows service-linked roles of many services.",
         SLR_REMEDY),
    ROLE("CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE", VG_LINT_WARNING,
         VARIANT(CREATE_SLR, BY_STAR, ON_NOT_RESOURCE),
         "A wildcard in Action with NotResource lets in iam:CreateServiceLinkedRole on many roles.",
         SLR_REMEDY),
    ROLE("CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE", VG_LINT_WARNING,
         VARIANT(CREATE_SLR, BY_STAR, ON_STAR),
         "Wildcards in Action and Resource let in iam:CreateServiceLinkedRole on all roles.", SLR_REMEDY),
    LOOKING_ROLE("CREATE_SLR_WITH_STAR_IN_RESOURCE", VG_LINT_WARNING, VARIANT(CREATE_SLR, BY_NAME, ON_STAR),
                 "iam:CreateServiceLinkedRole on a wildcard allows service-linked roles of any service.",
                 SLR_REMEDY),
    ROLE("CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION", VG_LINT_WARNING,
         VARIANT(CREATE_SLR, BY_NOT_ACTION, ON_STAR),
         "NotAction with a wildcard in Resource lets in iam:CreateServiceLinkedRole on all roles.",
         SLR_REMEDY),
    ROLE("PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE", VG_LINT_SECURITY_WARNING,
         VARIANT(PASS_ROLE, BY_NOT_ACTION, ON_NOT_RESOURCE),
         "NotAction with NotResource lets in iam:PassRole on many roles.", PASS_REMEDY),
    ROLE("PASS_ROLE_WITH_NOT_RESOURCE", VG_LINT_SECURITY_WARNING,
         VARIANT(PASS_ROLE, BY_NAME, ON_NOT_RESOURCE),
         "iam:PassRole with NotResource allows to pass all roles but some.", PASS_REMEDY),
    ROLE("PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE", VG_LINT_SECURITY_WARNING,
         VARIANT(PASS_ROLE, BY_STAR, ON_NOT_RESOURCE),
         "A wildcard in Action with NotResource lets in iam:PassRole on many roles.", PASS_REMEDY),
    ROLE("PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE", VG_LINT_SECURITY_WARNING,
         VARIANT(PASS_ROLE, BY_STAR, ON_STAR),
         "Wildcards in Action and Resource let in iam:PassRole on all roles.", PASS_REMEDY),
    LOOKING_ROLE("PASS_ROLE_WITH_STAR_IN_RESOURCE", VG_LINT_SECURITY_WARNING,
                 VARIANT(PASS_ROLE, BY_NAME, ON_STAR),
                 "iam:PassRole on a wildcard allows to pass any role to any service.", PASS_REMEDY),
    ROLE("PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION", VG_LINT_SECURITY_WARNING,
         VARIANT(PASS_ROLE, BY_NOT_ACTION, ON_STAR),
         "NotAction with a wildcard in Resource lets in iam:PassRole on all roles.", PASS_REMEDY),
};

static const lint_row *row_of(int variant)
{
    size_t i = 0;
    while (rows[i].variant != variant)
        i++;
    return &rows[i];
}

const lint_family lint_role_family = {rows, VG_COUNT(rows)};
