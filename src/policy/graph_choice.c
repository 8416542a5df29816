/* graph_choice.c: what the caller chooses: the value of a context key, the name of what it makes.
 *
 * Whoever may attach policies chooses which, and wants one that makes an administrator. So a decision that hangs on
 * iam:PolicyARN is made again with each policy that would do, and the best counts: policies that content names, those in
 * evidence that allow everything, and those that the caller may write. Names that nobody has yet are endless, so those are
 * tried that statements speak of: each pattern of a condition or of Resource gives one text that it matches
 * ("policy/dev-*" gives "policy/dev-x"), and so does content's own pattern.
 *
 * Of some keys content knows the shape of the value alone (the ARN of what a service will make). Then a value of that shape
 * can rule out, and does not prove: whether the service tells the key at all, nobody knows. */
#include "policy/graph_part.h"

#include <stdio.h>

enum { RULES = 64, FIELDS = 6, TEXT = 1024 };

typedef vg_graph_choice choice;
typedef vg_graph_choices choices;

static void add_choice(choices *c, choice item)
{
    if (item.value.len == 0)
        return;
    for (size_t i = 0; i < c->count; i++)
        if (vg_str_eq(c->items[i].value, item.value))
            return;
    if (c->count == VG_GRAPH_CHOICES_MAX)
        c->open = true;
    else
        c->items[c->count++] = item;
}

/* ---- texts out of patterns ------------------------------------------------------------------------------------------------- */

/* Where texts are kept: as long as a caller is at hand, or as the graph. */
static vg_arena *texts_of(const vg_graph_try *t)
{
    return t->texts ? t->texts : t->graph->arena;
}

static const vg_str *variable_of(vg_graph_try *t, vg_str text)
{
    static const vg_str username = VG_STR("${aws:username}");
    const vg_world_principal *self = t->caller.principal;
    if (vg_str_starts(text, VG_STR("${Partition}")))
        return &t->graph->world->partition;
    if (vg_str_starts(text, VG_STR("${Account}")))
        return &self->account_id;
    return vg_str_starts(text, username) && self->caller.kind == VG_CALLER_USER ? &self->name : NULL;
}

vg_str vg_graph_fill(vg_graph_try *t, vg_str text)
{
    vg_buf out = {0};
    for (size_t i = 0; i < text.len;) {
        vg_str rest = vg_str_sub(text, i, VG_NPOS);
        const vg_str *value = variable_of(t, rest);
        if (value)
            vg_buf_add_str(&out, *value);
        else
            vg_buf_add_str(&out, vg_str_sub(rest, 0, 1));
        i += value ? vg_str_find_char(rest, '}') + 1 : 1;
    }
    vg_str filled = vg_arena_str(texts_of(t), vg_buf_str(&out));
    vg_buf_free(&out);
    return filled;
}

static bool is_pattern(vg_str text)
{
    return vg_str_find_char(text, '*') != VG_NPOS || vg_str_find_char(text, '?') != VG_NPOS;
}

static void split(vg_str arn, vg_str fields[FIELDS], size_t *count)
{
    *count = 0;
    while (*count < FIELDS - 1) {
        size_t colon = vg_str_find_char(arn, ':');
        if (colon == VG_NPOS)
            break;
        fields[(*count)++] = vg_str_sub(arn, 0, colon);
        arn = vg_str_sub(arn, colon + 1, VG_NPOS);
    }
    fields[(*count)++] = arn;
}

/* The text with an x for each wildcard. */
static vg_str without_wildcards(vg_str text, char *out, size_t room)
{
    if (text.len > room)
        return (vg_str){0};
    for (size_t i = 0; i < text.len; i++)
        out[i] = text.ptr[i] == '*' || text.ptr[i] == '?' ? 'x' : text.ptr[i];
    return vg_str_of(out, text.len);
}

/* A text that both match, field by field: that of `shape` where `pattern` leaves it. Empty: none is found. */
static vg_str text_of_both(vg_graph_try *t, vg_str pattern, vg_str shape)
{
    char bytes[TEXT], whole[TEXT];
    vg_str of[FIELDS], own[FIELDS];
    size_t count, own_count, len = 0;
    split(pattern, of, &count);
    split(shape, own, &own_count);
    for (size_t i = 0; i < own_count; i++) {
        vg_str field = without_wildcards(own[i], bytes, sizeof bytes);
        if (count == own_count && !vg_str_glob(of[i], field))
            field = without_wildcards(of[i], bytes, sizeof bytes);
        int n = snprintf(whole + len, sizeof whole - len, "%s%.*s", i ? ":" : "", VG_ARG(field));
        if (n < 0 || (size_t)n >= sizeof whole - len)
            return (vg_str){0};
        len += (size_t)n;
    }
    vg_str text = vg_str_of(whole, len);
    bool fits = vg_str_glob(pattern, text) && vg_str_glob(shape, text);
    return fits ? vg_arena_str(texts_of(t), text) : (vg_str){0};
}

/* Adds a text that matches what a statement says and the shape. */
static void add_said(vg_graph_try *t, vg_str said, vg_str shape, choices *out)
{
    vg_str pattern = vg_str_find(said, VG_STR("${")) != VG_NPOS ? vg_graph_fill(t, said) : said;
    if (vg_str_find(pattern, VG_STR("${")) != VG_NPOS)
        out->open = true;
    else
        add_choice(out, (choice){.value = text_of_both(t, pattern, shape), .match = VG_MATCH_YES});
}

/* ---- what statements speak of ---------------------------------------------------------------------------------------------- */

static void add_condition_values(vg_graph_try *t, const vg_rule *rule, vg_str key, vg_str shape, choices *out)
{
    for (size_t c = 0; c < rule->source->condition_count; c++) {
        const vg_policy_condition *condition = &rule->source->conditions[c];
        bool asks = vg_str_eq_icase(condition->key, key);
        for (size_t v = 0; asks && v < condition->value_count; v++)
            add_said(t, condition->values[v], shape, out);
    }
}

static void add_resources(vg_graph_try *t, const vg_rule *rule, vg_str shape, choices *out)
{
    for (size_t i = 0; rule->effect == VG_EFFECT_ALLOW && i < rule->source->resource_count; i++)
        add_said(t, rule->source->resources[i], shape, out);
}

/* What rules of a layer that concern the action say of the key; without a key, on what they allow it. */
static void add_layer(vg_graph_try *t, const vg_layer *layer, uint32_t action, vg_str key, vg_str shape,
                      choices *out)
{
    const vg_rule *rules[RULES];
    uint32_t service = vg_catalogue_action_at(t->graph->escalations->catalogue, action)->service;
    for (size_t p = 0; p < layer->count; p++) {
        size_t count = vg_graph_rules(layer->policies[p], service, action, rules, RULES);
        out->open = out->open || count > RULES;
        for (size_t i = 0; i < count && i < RULES; i++) {
            if (key.len > 0)
                add_condition_values(t, rules[i], key, shape, out);
            else if (!rules[i]->not_resource)
                add_resources(t, rules[i], shape, out);
        }
    }
}

static void add_all_said(vg_graph_try *t, uint32_t action, vg_str key, vg_str shape, choices *out)
{
    const vg_world_account *account = t->caller.account;
    add_choice(out, (choice){.value = text_of_both(t, shape, shape), .match = VG_MATCH_YES});
    add_layer(t, &t->caller.principal->identity, action, key, shape, out);
    add_layer(t, &t->caller.principal->boundary, action, key, shape, out);
    for (size_t i = 0; account && i < account->scp_count; i++)
        add_layer(t, &account->scps[i], action, key, shape, out);
}

/* ---- policies that the caller writes ------------------------------------------------------------------------------------------ */

static const vg_str creates = VG_STR("iam:CreatePolicy"), rewrites = VG_STR("iam:CreatePolicyVersion");

static const vg_world_managed *managed_of(const vg_world *world, vg_str arn)
{
    size_t low = 0, high = world->managed_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (vg_str_cmp(world->managed[middle].arn, arn) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < world->managed_count && vg_str_eq(world->managed[low].arn, arn);
    return found ? &world->managed[low] : NULL;
}

/* A policy that is there is written by a new version of it, another one by creating it. */
static vg_match may_write(vg_graph_try *t, vg_str arn)
{
    vg_graph_ask ask = {.caller = t->caller, .fresh = true};
    bool is_there = managed_of(t->graph->world, arn) || vg_str_eq(arn, t->caller.principal->boundary_arn);
    ask.action = is_there ? rewrites : creates;
    ask.target = vg_world_target_of(t->graph->world, arn);
    return vg_graph_decide(t, &ask);
}

static bool is_own(vg_graph_try *t, const vg_world_managed *managed)
{
    return vg_str_eq(managed->account_id, t->caller.principal->account_id);
}

static void add_writable(vg_graph_try *t, uint32_t action, vg_str key, choices *out)
{
    const vg_world *world = t->graph->world;
    const vg_catalogue *catalogue = t->graph->escalations->catalogue;
    vg_str shape = vg_graph_fill(t, VG_STR("arn:${Partition}:iam::${Account}:policy/*"));
    size_t first = out->count;
    add_all_said(t, action, key, shape, out);
    add_layer(t, &t->caller.principal->identity, vg_catalogue_find_action(catalogue, creates), VG_STR(""),
              shape, out);
    for (size_t i = first; i < out->count; i++)
        out->items[i].is_writable = true;
    vg_graph_ask any = {.caller = t->caller, .action = rewrites, .fresh = true};
    any.target = (vg_world_target){shape, .account = t->caller.account};
    any.target.account_id = t->caller.principal->account_id;
    if (vg_graph_decide(t, &any) == VG_MATCH_NO)
        return;
    for (size_t i = 0; i < world->managed_count; i++)
        if (is_own(t, &world->managed[i]) && may_write(t, world->managed[i].arn) != VG_MATCH_NO)
            add_choice(out,
                       (choice){.value = world->managed[i].arn, .match = VG_MATCH_YES, .is_writable = true});
}

/* ---- values of a key ------------------------------------------------------------------------------------------------------------ */

static void add_administrative(vg_graph_try *t, choices *out)
{
    for (size_t i = 0; i < t->graph->world->managed_count; i++) {
        const vg_world_managed *managed = &t->graph->world->managed[i];
        if (is_own(t, managed) && managed->everything != VG_MATCH_NO)
            add_choice(out, (choice){.value = managed->arn, .match = managed->everything});
    }
}

static void add_shaped(vg_graph_try *t, uint32_t action, vg_str key, vg_str shape, choices *out)
{
    size_t first = out->count;
    add_all_said(t, action, key, shape, out);
    for (size_t i = first; i < out->count; i++)
        out->items[i].match = VG_MATCH_UNKNOWN;
}

static void add_values(vg_graph_try *t, const vg_graph_ask *ask, const vg_escalation_pin *pin, choices *out)
{
    uint32_t action = vg_catalogue_find_action(t->graph->escalations->catalogue, ask->action);
    for (size_t i = 0; i < pin->count; i++) {
        vg_str value = pin->values[i];
        if (vg_str_is(value, "${Administrative}"))
            add_administrative(t, out);
        else if (vg_str_is(value, "${Writable}"))
            add_writable(t, action, pin->key, out);
        else if (is_pattern(value))
            add_shaped(t, action, pin->key, vg_graph_fill(t, value), out);
        else
            add_choice(out, (choice){.value = vg_graph_fill(t, value), .match = VG_MATCH_YES});
    }
}

/* ---- deciding by the best ---------------------------------------------------------------------------------------------------- */

static vg_match decide_one(vg_graph_try *t, const vg_graph_ask *ask, vg_str key, const choice *c)
{
    vg_graph_ask with = *ask;
    with.pins[with.pin_count++] = (vg_graph_pin){key, c->value};
    vg_match match = vg_match_and(c->match, vg_graph_decide(t, &with));
    return c->is_writable && match != VG_MATCH_NO ? vg_match_and(match, may_write(t, c->value)) : match;
}

/* The choices are the caller's, whoever the target is: those that were found last are kept. */
static const choices *choices_of(vg_graph_try *t, const vg_graph_ask *ask, const vg_escalation_pin *pin,
                                 choices *fresh)
{
    choices *kept = t->choices ? t->choices : fresh;
    if (t->choices && kept->from == t->from + 1 && kept->pin == pin)
        return kept;
    *kept = (choices){.from = t->from + 1, .pin = pin};
    add_values(t, ask, pin, kept);
    return kept;
}

vg_match vg_graph_decide_choice(vg_graph_try *t, const vg_graph_ask *ask, const vg_escalation_pin *pin)
{
    size_t before = t->asked ? t->asked->len : 0, best = 0;
    vg_match match = vg_graph_decide(t, ask), found = VG_MATCH_NO;
    if (!pin || match != VG_MATCH_UNKNOWN)
        return match;
    vg_vec *asked = t->asked;
    choices fresh;
    t->asked = NULL;
    const choices *all = choices_of(t, ask, pin, &fresh);
    for (size_t i = 0; i < all->count && found != VG_MATCH_YES; i++) {
        vg_match one = decide_one(t, ask, pin->key, &all->items[i]);
        best = one > found ? i : best;
        found = vg_match_or(found, one);
    }
    t->asked = asked;
    if (found == VG_MATCH_NO)
        return all->open ? match : VG_MATCH_NO;
    if (all->items[best].match == VG_MATCH_UNKNOWN || !asked)
        return found;
    asked->len = before;
    return decide_one(t, ask, pin->key, &all->items[best]);
}

/* ---- names of what is made ---------------------------------------------------------------------------------------------------- */

static bool is_taken(const vg_world *world, vg_str arn)
{
    bool taken = vg_world_principal_of(world, arn) != NULL;
    for (size_t i = 0; !taken && i < world->group_count; i++)
        taken = vg_str_eq(world->groups[i].arn, arn);
    return taken;
}

/* Whether each need may hold for some name: what no name can do, none need be tried for. */
static bool may_be_met(vg_graph_try *t, vg_str shape)
{
    bool may = true;
    for (size_t i = 0; i < t->technique->need_count && may; i++) {
        const vg_escalation_need *need = &t->technique->needs[i];
        t->made = shape;
        may = need->on != VG_ON_MADE || vg_graph_need_met(t, need) != VG_MATCH_NO;
    }
    return may;
}

static void add_names(vg_graph_try *t, choices *out)
{
    static const vg_str shapes[] = {
        [VG_MAKES_USER] = VG_STR("arn:${Partition}:iam::${Account}:user/*"),
        [VG_MAKES_ROLE] = VG_STR("arn:${Partition}:iam::${Account}:role/*"),
        [VG_MAKES_GROUP] = VG_STR("arn:${Partition}:iam::${Account}:group/*"),
    };
    vg_str shape = vg_graph_fill(t, shapes[t->technique->makes]);
    if (!may_be_met(t, shape))
        return;
    add_choice(out, (choice){.value = text_of_both(t, shape, shape), .match = VG_MATCH_YES});
    for (size_t i = 0; i < t->technique->need_count; i++)
        if (t->technique->needs[i].on == VG_ON_MADE)
            add_layer(t, &t->caller.principal->identity, t->technique->needs[i].action_id, VG_STR(""), shape,
                      out);
}

static vg_match met_by(vg_graph_try *t, vg_str name)
{
    vg_match match = is_taken(t->graph->world, name) ? VG_MATCH_NO : VG_MATCH_YES;
    t->made = name;
    for (size_t i = 0; i < t->technique->need_count && match != VG_MATCH_NO; i++)
        match = vg_match_and(match, vg_graph_need_met(t, &t->technique->needs[i]));
    return match;
}

vg_match vg_graph_made_met(vg_graph_try *t)
{
    choices names = {.count = 0};
    vg_vec *asked = t->asked;
    vg_match match = VG_MATCH_NO;
    size_t best = 0;
    t->asked = NULL;
    add_names(t, &names);
    for (size_t i = 0; i < names.count && match != VG_MATCH_YES; i++) {
        vg_match one = met_by(t, names.items[i].value);
        best = one > match ? i : best;
        match = vg_match_or(match, one);
    }
    t->asked = asked;
    if (asked && names.count > 0)
        match = met_by(t, names.items[best].value);
    return match == VG_MATCH_NO && names.open ? VG_MATCH_UNKNOWN : match;
}
