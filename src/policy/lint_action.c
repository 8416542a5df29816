/* lint_action.c: the actions that a statement names: whether they exist, belong into such a policy, and are needed.
 *
 * An action or service that the catalogue does not know is an error here as it is of Access Analyzer; the catalogue's age
 * (vigil doctor) says how new an action may be and yet be told as unknown. */
#include "policy/lint_part.h"

/* ---- existence -------------------------------------------------------------------------------------------------------------------- */

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

/* Below or above the head, letter case ignored; 0 for a name that begins with it. */
static int compare_head(vg_str name, vg_str head)
{
    for (size_t i = 0; i < head.len; i++) {
        if (i == name.len)
            return -1;
        int order = lower(name.ptr[i]) - lower(head.ptr[i]);
        if (order)
            return order;
    }
    return 0;
}

/* The actions of the service, which stand in the order of their lower-case names, that begin with the head: *first up to the
 * one returned. */
static uint32_t actions_with_head(const lint *l, const vg_catalogue_service *service, vg_str head,
                                  uint32_t *first)
{
    uint32_t bounds[2];
    for (int side = 0; side < 2; side++) {
        uint32_t low = 0, high = service->action_count;
        while (low < high) {
            uint32_t middle = (low + high) / 2;
            vg_str name = vg_catalogue_action_at(l->catalogue, service->first_action + middle)->name;
            int order = compare_head(vg_str_sub(name, service->prefix.len + 1, VG_NPOS), head);
            if (order < 0 || (side == 1 && order == 0))
                low = middle + 1;
            else
                high = middle;
        }
        bounds[side] = service->first_action + low;
    }
    *first = bounds[0];
    return bounds[1];
}

/* The action of the same service whose name is nearest, for "did you mean": one that differs in a letter or two, or begins
 * with it. */
static vg_str nearest_action(const lint *l, const lint_action *a)
{
    const vg_catalogue_service *service = vg_catalogue_service_at(l->catalogue, a->service_id);
    vg_str head = vg_str_sub(a->name, 0, a->name.len > 3 ? a->name.len - 3 : 0);
    uint32_t first, end = actions_with_head(l, service, head, &first);
    for (uint32_t i = first; i < end; i++) {
        vg_str name = vg_catalogue_action_at(l->catalogue, i)->name;
        vg_str bare = vg_str_sub(name, service->prefix.len + 1, VG_NPOS);
        size_t shorter = bare.len < a->name.len ? bare.len : a->name.len;
        size_t longer = bare.len < a->name.len ? a->name.len : bare.len;
        if (shorter >= 5 && longer - shorter <= 2 &&
            vg_str_eq_icase(vg_str_sub(bare, 0, shorter - 1), vg_str_sub(a->name, 0, shorter - 1)))
            return name;
    }
    return (vg_str){0};
}

/* What stands before the first wildcard. */
static vg_str literal_head(vg_str pattern)
{
    size_t i = 0;
    while (i < pattern.len && pattern.ptr[i] != '*' && pattern.ptr[i] != '?')
        i++;
    return vg_str_sub(pattern, 0, i);
}

/* Comparing patterns with names is cut short after so many, and what was not compared is no finding. */
enum { COMPARISONS_MAX = 1 << 23 };

static bool pattern_matches_any(lint *l, const lint_action *a)
{
    const vg_catalogue_service *service = vg_catalogue_service_at(l->catalogue, a->service_id);
    uint32_t first, end = actions_with_head(l, service, literal_head(a->name), &first);
    l->compared += end - first;
    if (l->compared > COMPARISONS_MAX) {
        l->limited = true;
        return true;
    }
    for (uint32_t i = first; i < end; i++) {
        vg_str name = vg_catalogue_action_at(l->catalogue, i)->name;
        if (lint_pattern_covers(a->name, vg_str_sub(name, service->prefix.len + 1, VG_NPOS), true))
            return true;
    }
    return false;
}

static void invalid_action(lint *l, const lint_row *row, const lint_statement *s, const lint_action *a)
{
    (void)s;
    if (a->is_all || a->action_id != VG_CATALOGUE_NONE || lint_has_variable(a->text))
        return;
    if (!a->has_colon) {
        lint_raise(l, row, a->at, "%.*s is no action: write service:Action.", VG_ARG(lint_shown(a->text)));
        return;
    }
    if (a->service_id == VG_CATALOGUE_NONE || (a->is_pattern && pattern_matches_any(l, a)))
        return;
    vg_str nearest = a->is_pattern ? (vg_str){0} : nearest_action(l, a);
    if (nearest.len)
        lint_raise(l, row, a->at, "The action %.*s does not exist. Did you mean %.*s?",
                   VG_ARG(lint_shown(a->text)), VG_ARG(nearest));
    else
        lint_raise(l, row, a->at,
                   a->is_pattern ? "%.*s matches no action." : "The action %.*s does not exist.",
                   VG_ARG(lint_shown(a->text)));
}

static void invalid_service(lint *l, const lint_row *row, const lint_statement *s, const lint_action *a)
{
    (void)s;
    if (a->has_colon && !a->is_all && a->service_id == VG_CATALOGUE_NONE && !a->service_is_pattern &&
        !lint_has_variable(a->service))
        lint_raise(l, row, a->at, "The service %.*s of the action %.*s does not exist.",
                   VG_ARG(lint_shown(a->service)), VG_ARG(lint_shown(a->text)));
}

static void wildcard_in_service(lint *l, const lint_row *row, const lint_statement *s)
{
    for (size_t i = 0; i < s->action_count; i++) {
        const lint_action *a = &s->actions[i];
        if (a->has_colon && !a->is_all && a->service_is_pattern)
            lint_raise(l, row, a->at,
                       "The service in %.*s is a pattern: it matches services to come as well.",
                       VG_ARG(lint_shown(a->text)));
    }
    for (size_t i = 0; i < s->resource_count; i++) {
        const lint_resource *r = &s->resources[i];
        if (r->parts == 6 && lint_is_wild(r->part[2]) && !vg_str_is(r->part[2], "*"))
            lint_raise(l, row, r->at,
                       "The service in %.*s is a pattern: it matches services to come as well.",
                       VG_ARG(lint_shown(r->text)));
    }
}

/* ---- repeated and covered ------------------------------------------------------------------------------------------------------------ */

static uint64_t hash_more(uint64_t hash, char byte)
{
    unsigned char c = (unsigned char)byte;
    return (hash ^ (c >= 'A' && c <= 'Z' ? c + 32u : c)) * UINT64_C(1099511628211);
}

/* Of the whole text, and of what stands before its colon; letter case ignored. */
static uint64_t hash_action(vg_str text, uint64_t *service)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    *service = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == ':' && *service == 0)
            *service = hash ^ (hash >> 29);
        hash = hash_more(hash, text.ptr[i]);
    }
    return hash ^ (hash >> 29);
}

static bool action_covers(const lint_group_item *outer, const lint_group_item *inner)
{
    const lint_action *wide = outer->of, *narrow = inner->of;
    if (narrow->is_all || !wide->has_colon)
        return wide->is_all || (!narrow->is_all && vg_str_eq_icase(wide->text, narrow->text));
    return lint_action_covers(wide, narrow);
}

static void redundant_action(lint *l, const lint_row *row, const lint_statement *s)
{
    lint_group_item *items =
        s->action_count < 2 ? NULL : VG_NEW_N(l->arena, lint_group_item, s->action_count);
    if (!items)
        return;
    for (size_t i = 0; i < s->action_count; i++) {
        const lint_action *a = &s->actions[i];
        uint64_t service, hash = hash_action(a->is_all ? VG_STR("*") : a->text, &service);
        bool everywhere = a->is_all || !a->has_colon || a->service_is_pattern;
        items[i] = (lint_group_item){.text = a->text,
                                     .at = a->at,
                                     .of = a,
                                     .bucket = everywhere ? LINT_GROUP_EVERYWHERE : service,
                                     .hash = hash,
                                     .is_pattern = a->is_pattern};
    }
    lint_raise_redundant(l, row, items, s->action_count, action_covers, "actions");
}

/* ---- what such a policy may name --------------------------------------------------------------------------------------------------- */

static void unsupported_in_policy(lint *l, const lint_row *row, const lint_statement *s, const lint_action *a)
{
    (void)s;
    if (l->attached && a->has_colon && !a->service_is_pattern &&
        !lint_content_has(l->attached->actions, a->service))
        lint_raise(l, row, a->at, "The action %.*s means nothing in the policy of %.*s.",
                   VG_ARG(lint_shown(a->text)), VG_ARG(l->attached->type));
}

/* Until 2025 SCPs took a wildcard at the end of an action alone. */
static void scp_wildcard(lint *l, const lint_row *row, const lint_statement *s, const lint_action *a)
{
    (void)s;
    size_t first = 0;
    while (first < a->text.len && a->text.ptr[first] != '*' && a->text.ptr[first] != '?')
        first++;
    if (first + 1 < a->text.len && !a->is_all)
        lint_raise(l, row, a->at, "The wildcard of %.*s is not at its end.", VG_ARG(lint_shown(a->text)));
}

/* ---- conditions that some actions alone know --------------------------------------------------------------------------------------- */

static const lint_key_actions *actions_of_key(const lint *l, const lint_condition *c)
{
    for (size_t i = 0; i < l->content->key_actions_count; i++)
        if (vg_str_eq_icase(l->content->key_actions[i].key, c->c->key))
            return &l->content->key_actions[i];
    return NULL;
}

static bool is_one_of(const lint_key_actions *of, vg_str action)
{
    for (size_t i = 0; i < of->action_count; i++)
        if (vg_str_eq_icase(of->actions[i], action))
            return true;
    return false;
}

static void unsupported_for_key(lint *l, const lint_row *row, const lint_statement *s,
                                const lint_condition *c)
{
    const lint_key_actions *of = actions_of_key(l, c);
    if (!of || s->s->not_action || c->c->op == VG_OP_NULL || c->c->if_exists || !lint_may_look_around(l, s))
        return;
    bool raised = false;
    for (size_t i = 0; i < s->action_count; i++) {
        const lint_action *a = &s->actions[i];
        if (a->is_pattern || is_one_of(of, a->text))
            continue;
        if (raised)
            lint_also(l, a->at);
        else
            lint_raise(l, row, a->at,
                       "%.*s and other actions that follow never carry %.*s: give them a statement of "
                       "their own.",
                       VG_ARG(lint_shown(a->text)), VG_ARG(lint_shown(c->c->key)));
        raised = true;
    }
    if (raised)
        lint_also(l, c->key_at);
}

static void missing_for_key(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    const lint_key_actions *of = actions_of_key(l, c);
    if (of && of->needs.len && s->action_count && lint_allows(s) && lint_may_look_around(l, s) &&
        !lint_statement_names(s, of->needs))
        lint_raise(l, row, c->key_at, "%.*s can be set only where %.*s is allowed too: add it to Action.",
                   VG_ARG(lint_shown(c->c->key)), VG_ARG(of->needs));
}

/* ---- rows ---------------------------------------------------------------------------------------------------------------------------- */

#define ACTION(code_, type_, kinds_, finds_, remedy_, run_)                                                  \
    {                                                                                                        \
        .check = {code_, type_, kinds_, false, finds_, remedy_}, .scope = LINT_ACTION, .run.action = run_    \
    }

static const lint_row rows[] = {
    ACTION("INVALID_ACTION", VG_LINT_ERROR, VG_LINT_ALL_KINDS, "An action does not exist.",
           "Correct its name, or remove it.", invalid_action),
    ACTION("INVALID_SERVICE_IN_ACTION", VG_LINT_ERROR, VG_LINT_ALL_KINDS,
           "The service of an action does not exist.",
           "Correct the prefix before the colon, or remove the action.", invalid_service),
    {.check = {"MISSING_ACTION_FOR_CONDITION_KEY", VG_LINT_ERROR, VG_LINT_ALL_KINDS, false,
               "A condition is about what another action sets, which the statement does not name.",
               "Add that action to the statement."},
     .scope = LINT_CONDITION,
     .run.condition = missing_for_key},
    {.check = {"REDUNDANT_ACTION", VG_LINT_SUGGESTION, VG_LINT_ALL_KINDS, false,
               "Actions are repeated, or covered by a pattern beside them.",
               "Remove the ones that are covered, or the pattern if it is wider than meant."},
     .scope = LINT_STATEMENT,
     .run.statement = redundant_action},
    {.check = {"SCP_SYNTAX_ERROR_ACTION_WILDCARD", VG_LINT_ERROR, LINT_SCP, true,
               "An action of a service control policy has a wildcard elsewhere than at its end.",
               "Nothing: AWS has allowed it since September 2025."},
     .scope = LINT_ACTION,
     .run.action = scp_wildcard},
    {.check = {"UNSUPPORTED_ACTION_FOR_CONDITION_KEY", VG_LINT_ERROR, VG_LINT_ALL_KINDS, false,
               "A statement names actions that never carry the key of its condition.",
               "Move those actions to a statement without the condition."},
     .scope = LINT_CONDITION,
     .run.condition = unsupported_for_key},
    ACTION("UNSUPPORTED_ACTION_IN_POLICY", VG_LINT_ERROR, LINT_RESOURCE_KIND | LINT_TRUST,
           "A resource or trust policy names an action of another service.",
           "Name actions of the service that the resource belongs to; of a role, those of sts.",
           unsupported_in_policy),
    {.check = {"WILDCARD_IN_SERVICE_NAME", VG_LINT_SUGGESTION, VG_LINT_ALL_KINDS, false,
               "The service of an action or ARN is a pattern.", "Name the services."},
     .scope = LINT_STATEMENT,
     .run.statement = wildcard_in_service},
};

const lint_family lint_action_family = {rows, VG_COUNT(rows)};
