/* lint_tag.c: aws:ResourceTag for actions whose requests never carry it.
 *
 * Where the key is missing, a positive condition does not hold: an Allow allows nothing, a Deny denies nothing. An action
 * carries it when one of its resource types does, or itself; actions that make a tagged thing (with aws:RequestTag) are
 * spared, since Access Analyzer spares them. */
#include "policy/lint_part.h"

typedef enum { ALLOW_ACTION, ALLOW_NOT_ACTION, DENY_ACTION, DENY_NOT_ACTION } tag_form;

static bool has_key(const vg_catalogue_action *action, uint32_t key)
{
    for (uint16_t i = 0; i < action->key_count; i++)
        if (action->keys[i] == key)
            return true;
    return false;
}

static bool carries_tags(const lint *l, uint32_t action)
{
    const vg_catalogue_action *a = vg_catalogue_action_at(l->catalogue, action);
    return vg_catalogue_action_has_key(l->catalogue, action, l->linter->tag_key) ||
           has_key(a, l->linter->request_tag_key);
}

/* Where a missing key decides: positive operators without IfExists. */
static bool needs_the_key(const lint_condition *c)
{
    return !vg_operator_is_negated(c->c->op) && c->c->op != VG_OP_NULL && !c->c->if_exists &&
           c->c->qualifier != VG_QUALIFIER_FOR_ALL_VALUES;
}

static tag_form form_of(const lint_statement *s)
{
    return lint_denies(s)     ? s->s->not_action ? DENY_NOT_ACTION : DENY_ACTION
           : s->s->not_action ? ALLOW_NOT_ACTION
                              : ALLOW_ACTION;
}

/* The services of the actions raised, for the message: each once, as they come. */
static void note_service(vg_buf *names, vg_str service)
{
    if (names->len > 200)
        return;
    vg_str rest = vg_buf_str(names), name;
    while (vg_str_next(&rest, ' ', &name))
        if (vg_str_eq_icase(name, service) || vg_str_eq_icase(vg_str_sub(name, 0, name.len - 1), service))
            return;
    if (names->len)
        vg_buf_add_c(names, ", ");
    vg_buf_add_str(names, vg_str_sub(service, 0, 60));
}

static bool is_untagged(const lint *l, const lint_action *a)
{
    return a->action_id != VG_CATALOGUE_NONE && !carries_tags(l, a->action_id);
}

static void raise_untagged(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    vg_buf services = {0};
    const vg_value *first = NULL;
    for (size_t i = 0; i < s->action_count; i++)
        if (is_untagged(l, &s->actions[i])) {
            note_service(&services, s->actions[i].service);
            first = first ? first : s->actions[i].at;
        }
    if (first) {
        lint_raise(l, row, first,
                   "Requests of these actions of %.*s carry no %.*s: the statement does not %s them.",
                   VG_ARG(lint_shown(vg_buf_str(&services))), VG_ARG(lint_shown(c->c->key)),
                   lint_denies(s) ? "deny" : "allow");
        for (size_t i = 0; i < s->action_count; i++)
            if (s->actions[i].at != first && is_untagged(l, &s->actions[i]))
                lint_also(l, s->actions[i].at);
        lint_also(l, c->key_at);
    }
    vg_buf_free(&services);
}

static void unsupported_tag(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    if (c->key_id == VG_CATALOGUE_NONE || c->key_id != l->linter->tag_key || !needs_the_key(c) ||
        s->s->effect == VG_EFFECT_NONE || (int)form_of(s) != row->variant)
        return;
    if (!s->s->not_action && !lint_may_look_around(l, s))
        return;
    if (!s->s->not_action) {
        raise_untagged(l, row, s, c);
        return;
    }
    lint_raise(l, row, s->s->action_at,
               "Many of the actions that NotAction leaves carry no %.*s: list the actions instead.",
               VG_ARG(lint_shown(c->c->key)));
    lint_also(l, c->key_at);
}

#define TAG(code_, type_, variant_, finds_, remedy_)                                                         \
    {                                                                                                        \
        .check = {code_, type_, VG_LINT_ALL_KINDS, false, finds_, remedy_}, .scope = LINT_CONDITION,         \
        .variant = variant_, .run.condition = unsupported_tag                                                \
    }

static const lint_row rows[] = {
    TAG("ALLOW_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE", VG_LINT_SUGGESTION,
        ALLOW_NOT_ACTION,
        "An Allow with NotAction tests a tag, which many actions do not carry: those are not allowed.",
        "List the actions that carry the tag."),
    TAG("ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE", VG_LINT_SUGGESTION, ALLOW_ACTION,
        "An Allow tests a tag that requests of some of its actions never carry: those are not allowed.",
        "Move these actions to a statement without the condition."),
    TAG("DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE", VG_LINT_SECURITY_WARNING,
        DENY_NOT_ACTION,
        "A Deny with NotAction tests a tag, which many actions do not carry: those are not denied.",
        "List the actions to deny."),
    TAG("DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE", VG_LINT_SECURITY_WARNING, DENY_ACTION,
        "A Deny tests a tag that requests of some of its actions never carry: those are not denied.",
        "Move these actions to a statement without the condition."),
};

const lint_family lint_tag_family = {rows, VG_COUNT(rows)};
