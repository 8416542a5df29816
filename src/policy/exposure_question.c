/* exposure_question.c: what a stranger asks for: of each statement one action of every access level that can concern the
 * resource, on a concrete ARN that the statement takes in. */
#include "policy/exposure_part.h"

/* The ARN of something inside of the resource: of an object of a bucket or of an access point. */
vg_str vg_exposure_inside_of(const vg_explorer *x, vg_str arn)
{
    bool is_point = vg_str_find(arn, VG_STR(":accesspoint/")) != VG_NPOS;
    return vg_arena_printf(x->arena, "%.*s%s", VG_ARG(arn), is_point ? "/object/x" : "/x");
}

/* Whether the action can concern the resource: its type, or what is inside it (objects of a bucket). */
static bool concerns(const vg_explorer *x, const vg_catalogue_action *action, vg_str arn)
{
    const vg_catalogue *catalogue = x->world->catalogue;
    vg_arn of, inside;
    vg_str within = vg_exposure_inside_of(x, arn);
    if (!vg_arn_parse(arn, &of) || !vg_arn_parse(within, &inside))
        return false;
    for (size_t i = 0; i < action->use_count; i++)
        if (vg_catalogue_resource_fits(catalogue, action->uses[i].resource, arn) ||
            (vg_str_is(of.service, "s3") &&
             vg_catalogue_resource_fits(catalogue, action->uses[i].resource, within)))
            return true;
    return false;
}

/* Of a role's trust: the actions that it names, and those of assuming that a pattern or NotAction takes in. */
static size_t choose_trust_actions(const vg_statement *s, vg_exposure_action out[VG_ACCESS_LEVELS + 1])
{
    static const vg_str assuming[] = {VG_STR_INIT("sts:AssumeRole"), VG_STR_INIT("sts:AssumeRoleWithSAML"),
                                      VG_STR_INIT("sts:AssumeRoleWithWebIdentity")};
    size_t count = 0;
    bool has_pattern = s->not_action;
    for (size_t i = 0; i < s->action_count && !s->not_action; i++) {
        bool is_pattern = vg_str_find_char(s->actions[i], '*') != VG_NPOS ||
                          vg_str_find_char(s->actions[i], '?') != VG_NPOS;
        has_pattern = has_pattern || is_pattern;
        if (!is_pattern && count < VG_ACCESS_LEVELS)
            out[count++] = (vg_exposure_action){s->actions[i], VG_ACCESS_WRITE};
    }
    for (size_t a = 0; a < VG_COUNT(assuming) && has_pattern && count < VG_ACCESS_LEVELS; a++) {
        bool listed = false;
        for (size_t i = 0; i < s->action_count; i++)
            listed = listed || vg_action_matches(s->actions[i], assuming[a]);
        if (listed != s->not_action)
            out[count++] = (vg_exposure_action){assuming[a], VG_ACCESS_WRITE};
    }
    return count;
}

/* The first action of each access level that the statement allows and that concerns the resource; and names that the
 * catalogue does not know, as they are. */
size_t vg_exposure_actions_for(const vg_explorer *x, const vg_statement *s, const vg_exposure_subject *of,
                               vg_action_set *set, vg_exposure_action out[VG_ACCESS_LEVELS + 1])
{
    const vg_catalogue *catalogue = x->world->catalogue;
    size_t count = 0;
    unsigned seen = 0;
    vg_arn arn;
    if (of->is_trust)
        return choose_trust_actions(s, out);
    if (!vg_arn_parse(of->arn, &arn))
        return 0;
    uint32_t service = vg_catalogue_find_service(catalogue, arn.service);
    if (service == VG_CATALOGUE_NONE)
        return 0;
    vg_action_set_clear(set);
    for (size_t i = 0; i < s->action_count; i++)
        vg_catalogue_expand(catalogue, s->actions[i], set);
    const vg_catalogue_service *all = vg_catalogue_service_at(catalogue, service);
    for (uint32_t a = all->first_action;
         a < all->first_action + all->action_count && count < VG_ACCESS_LEVELS; a++) {
        const vg_catalogue_action *action = vg_catalogue_action_at(catalogue, a);
        if (vg_action_set_has(set, a) == s->not_action || (seen & (1U << action->level)) ||
            !concerns(x, action, of->arn))
            continue;
        seen |= 1U << action->level;
        out[count++] = (vg_exposure_action){action->name, (vg_access_level)action->level};
    }
    return count;
}

/* A concrete ARN that the statement is about and that belongs to the resource. */
vg_str vg_exposure_resource_for(vg_explorer *x, const vg_statement *s, const vg_exposure_subject *of,
                                vg_str action)
{
    const vg_catalogue *catalogue = x->world->catalogue;
    uint32_t id = vg_catalogue_find_action(catalogue, action);
    vg_str own = of->arn, within = vg_exposure_inside_of(x, of->arn);
    for (size_t i = 0; i < s->resource_count && !s->not_resource; i++) {
        vg_str text = vg_text_matching(x->arena, s->resources[i]);
        bool belongs = vg_str_eq(text, own) ||
                       (vg_str_starts(text, own) && text.len > own.len && text.ptr[own.len] == '/');
        bool fits = false;
        for (size_t u = 0;
             belongs && id != VG_CATALOGUE_NONE && u < vg_catalogue_action_at(catalogue, id)->use_count; u++)
            fits = fits || vg_catalogue_resource_fits(
                               catalogue, vg_catalogue_action_at(catalogue, id)->uses[u].resource, text);
        if (belongs && (fits || id == VG_CATALOGUE_NONE))
            return text;
    }
    bool own_fits = id == VG_CATALOGUE_NONE || of->is_trust;
    for (size_t u = 0; !own_fits && u < vg_catalogue_action_at(catalogue, id)->use_count; u++)
        own_fits = vg_catalogue_resource_fits(catalogue,
                                              vg_catalogue_action_at(catalogue, id)->uses[u].resource, own);
    return own_fits ? own : within;
}
