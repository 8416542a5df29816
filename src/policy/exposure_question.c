/* exposure_question.c: what a stranger asks for: of each statement one action of every access level that can concern the
 * resource, on a concrete ARN that the statement takes in.
 *
 * The catalogue says which ARNs an action acts on. That is the resource itself, or something inside of it, whose ARN goes on
 * where the resource's ends (an object of a bucket, a method of an API); of a policy that speaks of all that its service
 * holds in the account and Region (a registry, a catalogue), anything there. Where the catalogue knows no such ARN, nor the
 * service, what the statement says is taken at its word. */
#include "policy/exposure_part.h"

/* ---- concrete ARNs ------------------------------------------------------------------------------------------------ */

/* The value of a variable of the catalogue's ARNs. */
static vg_str value_of(const vg_arn *like, vg_str variable)
{
    if (vg_str_is(variable, "Partition"))
        return like->partition;
    if (vg_str_is(variable, "Region"))
        return like->region;
    return vg_str_is(variable, "Account") ? like->account : VG_STR("x");
}

/* An ARN of the catalogue with its variables filled: partition, Region and account as in `like`, all others "x". */
static vg_str fill(vg_arena *arena, vg_str pattern, const vg_arn *like)
{
    vg_buf text = {0};
    for (size_t i = 0; i < pattern.len;) {
        vg_str rest = vg_str_sub(pattern, i, VG_NPOS);
        size_t end = vg_str_starts(rest, VG_STR("${")) ? vg_str_find_char(rest, '}') : VG_NPOS;
        if (end == VG_NPOS) {
            vg_buf_add_char(&text, rest.ptr[0] == '*' ? 'x' : rest.ptr[0]);
            i++;
            continue;
        }
        vg_buf_add_str(&text, value_of(like, vg_str_sub(rest, 2, end - 2)));
        i += end + 1;
    }
    vg_str made = text.failed ? (vg_str){0} : vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return made;
}

/* Where the text has its n-th '/' or ':', counted from 0; its end when it has fewer. */
static size_t separator(vg_str text, size_t n)
{
    size_t i = 0;
    for (; i < text.len; i++)
        if ((text.ptr[i] == '/' || text.ptr[i] == ':') && n-- == 0)
            break;
    return i;
}

static size_t count_separators(vg_str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == '/' || text.ptr[i] == ':';
    return count;
}

/* Whether the end of an ARN names more than variables: ":log-stream:x" does, "/x" does not. */
static bool names_a_kind(vg_str end)
{
    for (size_t i = 0; i < end.len; i++)
        if (end.ptr[i] != '/' && end.ptr[i] != ':' && end.ptr[i] != 'x')
            return true;
    return false;
}

/* The ARN of something inside of `own` that the type of resource has; ptr NULL: it has none there. It goes on where the
 * resource's pieces end; of one whose own name holds separators (log-group:/a/b), where a kind is named. */
static vg_str inside_of(const vg_explorer *x, uint32_t type, vg_str own, const vg_arn *parsed)
{
    const vg_catalogue_resource *resource = vg_catalogue_resource_at(x->world->catalogue, type);
    size_t pieces = count_separators(parsed->resource);
    for (size_t i = 0; i < resource->arn_count; i++) {
        vg_arn made;
        if (!vg_arn_parse(fill(x->arena, resource->arns[i], parsed), &made))
            continue;
        for (size_t n = pieces + 1; n-- > 0;) {
            vg_str end = vg_str_sub(made.resource, separator(made.resource, n), VG_NPOS);
            if (!end.len || (n < pieces && !names_a_kind(end)))
                continue;
            vg_str text = vg_arena_printf(x->arena, "%.*s%.*s", VG_ARG(own), VG_ARG(end));
            if (vg_catalogue_resource_fits(x->world->catalogue, type, text))
                return text;
        }
    }
    return (vg_str){0};
}

vg_str vg_exposure_inside_of(const vg_explorer *x, vg_str arn)
{
    return vg_arena_printf(x->arena, "%.*s/x", VG_ARG(arn));
}

/* ---- what a statement is about -------------------------------------------------------------------------------------- */

static bool has_variable(vg_str pattern)
{
    return vg_str_find(pattern, VG_STR("${")) != VG_NPOS;
}

static bool is_about(const vg_statement *s, vg_str arn)
{
    for (size_t i = 0; i < s->resource_count; i++)
        if (vg_str_glob(s->resources[i], arn) || has_variable(s->resources[i]))
            return !s->not_resource;
    return s->not_resource || s->resource_count == 0;
}

static bool belongs(vg_str text, vg_str own)
{
    return vg_str_starts(text, own) &&
           (text.len == own.len || text.ptr[own.len] == '/' || text.ptr[own.len] == ':');
}

/* Of what the whole service holds in the account: anything of it there. */
static bool belongs_widely(vg_str text, const vg_arn *own)
{
    vg_arn arn;
    return vg_arn_parse(text, &arn) && vg_str_eq(arn.service, own->service) &&
           (!arn.account.len || vg_str_eq(arn.account, own->account));
}

static bool fits(const vg_explorer *x, const vg_catalogue_action *action, vg_str arn)
{
    for (size_t i = 0; action && i < action->use_count; i++)
        if (vg_catalogue_resource_fits(x->world->catalogue, action->uses[i].resource, arn))
            return true;
    return false;
}

/* What is named below the resource and that the catalogue has no type for: the indexes of a search domain. */
static bool is_untyped(const vg_explorer *x, const vg_arn *own, vg_str text)
{
    uint32_t service = vg_catalogue_find_service(x->world->catalogue, own->service), type;
    return service == VG_CATALOGUE_NONE ||
           vg_catalogue_resources_fitting(x->world->catalogue, service, text, &type, 1) == 0;
}

/* What the action acts on below the text that a pattern of the statement was made into; ptr NULL: nothing that it matches. */
static vg_str below(const vg_explorer *x, const vg_catalogue_action *action, vg_str text, vg_str pattern)
{
    vg_arn parsed;
    for (size_t i = 0; vg_arn_parse(text, &parsed) && i < action->use_count; i++) {
        vg_str made = inside_of(x, action->uses[i].resource, text, &parsed);
        if (made.ptr && vg_str_glob(pattern, made))
            return made;
    }
    return (vg_str){0};
}

/* A text that the statement itself names. ptr NULL: it names none that the action acts on. */
static vg_str named_by_statement(const vg_explorer *x, const vg_statement *s, const vg_exposure_subject *of,
                                 const vg_arn *own, const vg_catalogue_action *action)
{
    for (size_t i = 0; i < s->resource_count && !s->not_resource; i++) {
        vg_str text = vg_text_matching(x->arena, s->resources[i]);
        if (!(of->is_wide ? belongs_widely(text, own) : belongs(text, of->arn)))
            continue;
        if (!action || fits(x, action, text))
            return text;
        vg_str made = below(x, action, text, s->resources[i]);
        if (!made.ptr && action->use_count > 0 && !vg_str_eq(text, of->arn) && is_untyped(x, own, text))
            made = text;
        if (made.ptr)
            return made;
    }
    return (vg_str){0};
}

/* One that the catalogue's types give. ptr NULL: the action acts on nothing that belongs to the resource. */
static vg_str named_by_type(const vg_explorer *x, const vg_statement *s, const vg_exposure_subject *of,
                            const vg_arn *own, const vg_catalogue_action *action)
{
    if (fits(x, action, of->arn) && is_about(s, of->arn))
        return of->arn;
    for (size_t i = 0; i < action->use_count; i++) {
        uint32_t type = action->uses[i].resource;
        const vg_catalogue_resource *resource = vg_catalogue_resource_at(x->world->catalogue, type);
        vg_str text = of->is_wide ? fill(x->arena, resource->arns[0], own) : inside_of(x, type, of->arn, own);
        if (text.ptr && is_about(s, text) && (!of->is_wide || belongs_widely(text, own)))
            return text;
    }
    return (vg_str){0};
}

/* Whether the catalogue has a type for the resource, or for something inside of it. */
static bool has_type(const vg_explorer *x, const vg_exposure_subject *of, const vg_arn *own)
{
    uint32_t service = vg_catalogue_find_service(x->world->catalogue, own->service), type;
    if (service == VG_CATALOGUE_NONE)
        return false;
    if (vg_catalogue_resources_fitting(x->world->catalogue, service, of->arn, &type, 1) > 0)
        return true;
    const vg_catalogue_service *all = vg_catalogue_service_at(x->world->catalogue, service);
    for (uint32_t i = 0; i < all->resource_count; i++)
        if (inside_of(x, all->first_resource + i, of->arn, own).ptr)
            return true;
    return false;
}

/* What to ask the action for; ptr NULL: it concerns nothing that the statement is about and that belongs to the resource.
 * `typed`: the catalogue knows what the resource is. */
static vg_str resource_for(const vg_explorer *x, const vg_statement *s, const vg_exposure_subject *of,
                           const vg_arn *own, uint32_t id, bool typed)
{
    const vg_catalogue_action *action =
        id == VG_CATALOGUE_NONE ? NULL : vg_catalogue_action_at(x->world->catalogue, id);
    vg_str named = named_by_statement(x, s, of, own, typed ? action : NULL);
    if (named.ptr)
        return named;
    if (action && typed && (!of->is_wide || action->use_count > 0))
        return named_by_type(x, s, of, own, action);
    return is_about(s, of->arn) ? of->arn : (vg_str){0};
}

/* The pattern with its first '*' as a name that no Deny is likely to take in. */
static vg_str named_oddly(vg_arena *arena, vg_str pattern)
{
    vg_str before, behind;
    if (!vg_str_split(pattern, '*', &before, &behind))
        return (vg_str){0};
    return vg_arena_printf(arena, "%.*sstranger-7f3a9%.*s", VG_ARG(vg_text_matching(arena, before)),
                           VG_ARG(vg_text_matching(arena, behind)));
}

/* A Deny that is about some things and not about others. */
static bool denies_some(const vg_statement *s)
{
    for (size_t i = 0; i < s->resource_count; i++)
        if (vg_str_is(s->resources[i], "*"))
            return false;
    return s->effect == VG_EFFECT_DENY && s->resource_count > 0;
}

/* What is found elsewhere, and how much was looked at: names that a policy for one resource does not have are not all tried. */
typedef struct {
    const vg_explorer *x;
    const vg_exposure_subject *of;
    const vg_statement *allow;
    const vg_catalogue_action *action; /* NULL: the catalogue does not have it */
    vg_str *out;
    size_t count, most, tried;
} elsewhere;
enum { MOST_TRIED = 64 };

static void try_name(elsewhere *e, vg_str text)
{
    if (e->count == e->most || e->tried++ > MOST_TRIED || !text.len || !belongs(text, e->of->arn))
        return;
    if (is_about(e->allow, text) && (!e->action || fits(e->x, e->action, text)))
        e->out[e->count++] = text;
}

size_t vg_exposure_elsewhere(const vg_explorer *x, const vg_exposure_subject *of, vg_demands demands,
                             const vg_exposure_action *asked, vg_str *out, size_t most)
{
    uint32_t id = vg_catalogue_find_action(x->world->catalogue, asked->action);
    elsewhere e = {.x = x, .of = of, .allow = demands.allow, .out = out, .most = most};
    e.action = id == VG_CATALOGUE_NONE ? NULL : vg_catalogue_action_at(x->world->catalogue, id);
    bool spares_names = false;
    for (size_t i = 0; i < demands.document->statement_count; i++) {
        const vg_statement *deny = &demands.document->statements[i];
        bool denies = denies_some(deny);
        spares_names = spares_names || (denies && !deny->not_resource);
        for (size_t r = 0; denies && deny->not_resource && r < deny->resource_count && e.tried <= MOST_TRIED;
             r++)
            try_name(&e, vg_text_matching(x->arena, deny->resources[r]));
    }
    for (size_t r = 0; spares_names && r < e.allow->resource_count && e.tried <= MOST_TRIED; r++)
        try_name(&e, named_oddly(x->arena, e.allow->resources[r]));
    return e.count;
}

/* ---- actions ---------------------------------------------------------------------------------------------------------- */

/* Of a role's trust: the actions of assuming it. What else a trust may allow, sts:TagSession and sts:SetSourceIdentity, lets
 * nobody in. */
static size_t choose_trust_actions(vg_str role, vg_exposure_action out[VG_EXPOSURE_ACTIONS])
{
    static const vg_str assuming[] = {VG_STR_INIT("sts:AssumeRole"), VG_STR_INIT("sts:AssumeRoleWithSAML"),
                                      VG_STR_INIT("sts:AssumeRoleWithWebIdentity")};
    for (size_t i = 0; i < VG_COUNT(assuming); i++)
        out[i] = (vg_exposure_action){assuming[i], role, VG_ACCESS_WRITE};
    return VG_COUNT(assuming);
}

/* Of a service that the catalogue does not know: the actions as they are written. */
static size_t choose_written(const vg_explorer *x, const vg_statement *s, const vg_exposure_subject *of,
                             const vg_arn *own, vg_exposure_action out[VG_EXPOSURE_ACTIONS])
{
    size_t count = 0;
    vg_str resource = resource_for(x, s, of, own, VG_CATALOGUE_NONE, false);
    for (size_t i = 0; i < s->action_count && !s->not_action && resource.ptr; i++) {
        vg_str action = vg_str_is(s->actions[i], "*")
                            ? vg_arena_printf(x->arena, "%.*s:x", VG_ARG(own->service))
                            : vg_text_matching(x->arena, s->actions[i]);
        if (count < VG_EXPOSURE_ACTIONS)
            out[count++] = (vg_exposure_action){action, resource, VG_ACCESS_WRITE};
    }
    return count;
}

size_t vg_exposure_actions_for(const vg_explorer *x, const vg_statement *s, const vg_exposure_subject *of,
                               vg_action_set *set, vg_exposure_action out[VG_EXPOSURE_ACTIONS])
{
    const vg_catalogue *catalogue = x->world->catalogue;
    size_t count = 0;
    unsigned seen = 0;
    vg_arn own;
    if (of->is_trust)
        return choose_trust_actions(of->arn, out);
    if (!vg_arn_parse(of->arn, &own))
        return 0;
    uint32_t service = vg_catalogue_find_service(catalogue, own.service);
    if (service == VG_CATALOGUE_NONE)
        return choose_written(x, s, of, &own, out);
    vg_action_set_clear(set);
    for (size_t i = 0; i < s->action_count; i++)
        vg_catalogue_expand(catalogue, s->actions[i], set);
    bool typed = of->is_wide || has_type(x, of, &own);
    const vg_catalogue_service *all = vg_catalogue_service_at(catalogue, service);
    for (uint32_t a = all->first_action; a < all->first_action + all->action_count; a++) {
        const vg_catalogue_action *action = vg_catalogue_action_at(catalogue, a);
        if (vg_action_set_has(set, a) == s->not_action || (seen & (1U << action->level)))
            continue;
        vg_str resource = resource_for(x, s, of, &own, a, typed);
        if (!resource.ptr)
            continue;
        seen |= 1U << action->level;
        out[count++] = (vg_exposure_action){action->name, resource, (vg_access_level)action->level};
    }
    return count;
}
