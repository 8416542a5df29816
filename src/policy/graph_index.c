/* graph_index.c: what the graph looks up instead of trying everything on everyone.
 *
 * A technique is tried on a principal only if its identity policies may allow every action that it needs: one bit an
 * action, found once for each policy and joined once for each set of policies. Roles stand in lists by the services that
 * their trust policies name, and by the callers that these name; what runs as a role stands under its account and type. */
#include "policy/graph_part.h"

vg_status vg_graph_no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while building the access graph");
}

/* ---- actions of policies -------------------------------------------------------------------------------------------------------- */

static bool may_allow(const vg_policy *policy, uint32_t service, uint32_t action)
{
    enum { RULES = 64 };
    const vg_rule *rules[RULES];
    size_t count = vg_graph_rules(policy, service, action, rules, RULES);
    for (size_t i = 0; i < count && i < RULES; i++)
        if (rules[i]->effect == VG_EFFECT_ALLOW)
            return true;
    return count > RULES;
}

/* The actions of the techniques in the catalogue: looked up once for all policies. */
typedef struct {
    uint32_t id[VG_ESCALATION_ACTIONS_MAX], service[VG_ESCALATION_ACTIONS_MAX];
} looked_up;

static void look_up(const vg_escalations *e, looked_up *out)
{
    for (size_t i = 0; i < e->action_count; i++) {
        out->id[i] = vg_catalogue_find_action(e->catalogue, e->actions[i]);
        out->service[i] = vg_catalogue_action_at(e->catalogue, out->id[i])->service;
    }
}

static void actions_of_policy(const vg_policy *policy, const looked_up *actions, size_t count,
                              vg_graph_actions *out)
{
    for (size_t i = 0; i < count; i++)
        if (may_allow(policy, actions->service[i], actions->id[i]))
            out->words[i / 64] |= UINT64_C(1) << (i % 64);
}

/* The keys are the addresses themselves, which stand in the world's list of policies. */
static vg_status index_policies(vg_graph *g, vg_error *err)
{
    vg_map *map = vg_map_new(g->arena, 11);
    vg_graph_actions *actions = VG_NEW_N(g->arena, vg_graph_actions, g->world->policy_count + 1);
    looked_up known;
    if (!map || !actions)
        return vg_graph_no_memory(err);
    look_up(g->escalations, &known);
    for (size_t i = 0; i < g->world->policy_count; i++) {
        const vg_policy *const *policy = &g->world->policies[i];
        if (vg_policy_document_of(*policy)->kind != VG_POLICY_IDENTITY)
            continue;
        vg_map_entry *entry = vg_map_put(map, vg_str_of((const char *)policy, sizeof *policy), NULL);
        if (!entry)
            return vg_graph_no_memory(err);
        actions_of_policy(*policy, &known, g->escalations->action_count, &actions[i]);
        entry->value.ptr = &actions[i];
    }
    g->policy_actions = map;
    return VG_OK;
}

static void actions_of_layer(const vg_graph *g, const vg_layer *layer, vg_graph_actions *out)
{
    for (size_t i = 0; i < layer->count; i++) {
        const vg_map_entry *entry =
            vg_map_get(g->policy_actions, vg_str_of((const char *)&layer->policies[i], sizeof(vg_policy *)));
        const vg_graph_actions *of = entry ? entry->value.ptr : NULL;
        for (size_t w = 0; of && w < VG_GRAPH_ACTION_WORDS; w++)
            out->words[w] |= of->words[w];
    }
}

static vg_status index_sets(vg_graph *g, vg_error *err)
{
    g->actions = VG_NEW_N(g->arena, vg_graph_actions, g->world->identity_set_count + 1);
    bool *known = VG_NEW_N(g->arena, bool, g->world->identity_set_count + 1);
    if (!g->actions || !known)
        return vg_graph_no_memory(err);
    for (size_t i = 0; i < g->world->principal_count; i++) {
        const vg_world_principal *p = &g->world->principals[i];
        if (known[p->identity_set])
            continue;
        known[p->identity_set] = true;
        actions_of_layer(g, &p->identity, &g->actions[p->identity_set]);
    }
    return VG_OK;
}

const vg_graph_actions *vg_graph_actions_of(const vg_graph *g, uint32_t principal)
{
    return &g->actions[g->world->principals[principal].identity_set];
}

/* ---- techniques --------------------------------------------------------------------------------------------------------------------- */

static vg_status intern(vg_str text, vg_str *list, size_t *count, size_t room, uint16_t *out, vg_error *err)
{
    for (size_t i = 0; i < *count; i++)
        if (vg_str_eq(list[i], text)) {
            *out = (uint16_t)i;
            return VG_OK;
        }
    if (*count == room)
        return vg_fail(err, VG_ERR_LIMIT, "techniques name too many services");
    *out = (uint16_t)*count;
    list[(*count)++] = text;
    return VG_OK;
}

static vg_status plan(vg_graph *g, const vg_escalation *t, vg_graph_plan *out, vg_error *err)
{
    for (size_t i = 0; i < t->need_count; i++) {
        const vg_escalation_need *need = &t->needs[i];
        bool trust_may_do =
            need->on == VG_ON_TARGET_TRUSTING || ((need->on == VG_ON_TARGET || need->on == VG_ON_MADE) &&
                                                  vg_str_eq_icase(need->action, VG_STR("sts:AssumeRole")));
        if (trust_may_do && need->on == VG_ON_TARGET) {
            out->by_trust = true;
            out->assume_bit = need->bit;
            out->assume_action = need->action_id;
        }
        if (!trust_may_do)
            out->wanted.words[need->bit / 64] |= UINT64_C(1) << (need->bit % 64);
    }
    if (t->service_count > VG_COUNT(out->services))
        return vg_fail_at(err, VG_ERR_VALUE, t->place, "a technique has 4 services at most");
    for (size_t i = 0; i < t->service_count; i++)
        VG_TRY(intern(t->services[i], g->services, &g->service_count, VG_GRAPH_SERVICES_MAX,
                      &out->services[i], err));
    if (t->type.len > 0)
        VG_TRY(intern(t->type, g->types, &g->type_count, VG_COUNT(g->types), &out->type, err));
    return VG_OK;
}

static vg_status plan_all(vg_graph *g, vg_error *err)
{
    g->plans = VG_NEW_N(g->arena, vg_graph_plan, g->escalations->count + 1);
    if (!g->plans)
        return vg_graph_no_memory(err);
    for (size_t i = 0; i < g->escalations->count; i++)
        VG_TRY(plan(g, &g->escalations->techniques[i], &g->plans[i], err));
    return VG_OK;
}

/* ---- trust -------------------------------------------------------------------------------------------------------------------------- */

static vg_status push_index(vg_vec *list, uint32_t index, vg_error *err)
{
    uint32_t *place = vg_vec_push(list);
    if (!place)
        return vg_graph_no_memory(err);
    *place = index;
    return VG_OK;
}

/* A role is pushed in one go, so it can stand twice only as the last one. */
static vg_status name_in_trust(vg_graph *g, vg_str key, uint32_t role, vg_error *err)
{
    bool added = false;
    vg_map_entry *entry = vg_map_put(g->named, key, &added);
    if (!entry)
        return vg_graph_no_memory(err);
    if (added) {
        vg_vec *list = VG_NEW(g->arena, vg_vec);
        if (!list)
            return vg_graph_no_memory(err);
        *list = vg_vec_in(g->arena, sizeof(uint32_t));
        entry->value.ptr = list;
    }
    vg_vec *list = entry->value.ptr;
    if (list->len > 0 && *(uint32_t *)vg_vec_at(list, list->len - 1) == role)
        return VG_OK;
    return push_index(list, role, err);
}

static vg_status trust_service(vg_graph *g, vg_graph_try *t, vg_str name, uint32_t role, vg_error *err)
{
    for (size_t s = 0; s < g->service_count; s++) {
        if (!vg_str_eq_icase(g->services[s], name))
            continue;
        const vg_world_principal *p = &g->world->principals[role];
        vg_vec *list = &g->by_service[p->account * g->service_count + s];
        t->to = role;
        t->service = g->services[s];
        if (list->len > 0 && ((vg_graph_trusting *)vg_vec_at(list, list->len - 1))->role == role)
            return VG_OK;
        vg_match trust = vg_graph_service_trusted(t);
        vg_graph_trusting *place = trust == VG_MATCH_NO ? NULL : vg_vec_push(list);
        if (place)
            *place = (vg_graph_trusting){role, trust};
        return place || trust == VG_MATCH_NO ? VG_OK : vg_graph_no_memory(err);
    }
    return VG_OK;
}

static vg_status take_principal(vg_graph *g, vg_graph_try *t, const vg_policy_principal *named, uint32_t role,
                                vg_error *err)
{
    const vg_world_principal *p;
    switch (named->kind) {
    case VG_PRINCIPAL_ANYONE:
        for (size_t s = 0; s < g->service_count; s++) /* services are anyone, too */
            VG_TRY(trust_service(g, t, g->services[s], role, err));
        return name_in_trust(g, VG_STR("*"), role, err);
    case VG_PRINCIPAL_ACCOUNT:
        return name_in_trust(g, named->account, role, err);
    case VG_PRINCIPAL_ARN:
    case VG_PRINCIPAL_UNIQUE_ID:
        p = vg_world_principal_of(g->world, named->text);
        return p ? name_in_trust(g, p->arn, role, err) : VG_OK;
    case VG_PRINCIPAL_SERVICE:
        return trust_service(g, t, named->text, role, err);
    default:
        return VG_OK;
    }
}

static vg_status index_trust_of(vg_graph *g, vg_graph_try *t, uint32_t role, vg_error *err)
{
    const vg_layer *trust = &g->world->principals[role].trust;
    for (size_t i = 0; i < trust->count; i++) {
        const vg_policy_document *document = vg_policy_document_of(trust->policies[i]);
        for (size_t s = 0; s < document->statement_count; s++) {
            const vg_statement *statement = &document->statements[s];
            g->trust_denies[role] = g->trust_denies[role] || statement->effect == VG_EFFECT_DENY;
            if (statement->effect != VG_EFFECT_ALLOW || statement->invalid)
                continue;
            if (statement->not_principal)
                VG_TRY(name_in_trust(g, VG_STR("*"), role, err));
            for (size_t n = 0; !statement->not_principal && n < statement->principal_count; n++)
                VG_TRY(take_principal(g, t, &statement->principals[n], role, err));
        }
    }
    return VG_OK;
}

static vg_status make_lists(vg_graph *g, vg_error *err)
{
    size_t accounts = g->world->account_count;
    g->by_service = VG_NEW_N(g->arena, vg_vec, accounts * g->service_count + 1);
    g->running = VG_NEW_N(g->arena, vg_vec, accounts * g->type_count + 1);
    g->groups = VG_NEW_N(g->arena, vg_vec, accounts + 1);
    g->in_profile = VG_NEW_N(g->arena, bool, g->world->principal_count + 1);
    g->trust_denies = VG_NEW_N(g->arena, bool, g->world->principal_count + 1);
    g->named = vg_map_new(g->arena, 12);
    if (!g->by_service || !g->running || !g->groups || !g->in_profile || !g->trust_denies || !g->named)
        return vg_graph_no_memory(err);
    for (size_t i = 0; i < accounts * g->service_count; i++)
        g->by_service[i] = vg_vec_in(g->arena, sizeof(vg_graph_trusting));
    for (size_t i = 0; i < accounts * g->type_count; i++)
        g->running[i] = vg_vec_in(g->arena, sizeof(vg_graph_running));
    for (size_t i = 0; i < accounts; i++)
        g->groups[i] = vg_vec_in(g->arena, sizeof(uint32_t));
    return VG_OK;
}

static vg_status index_trust(vg_graph *g, vg_error *err)
{
    vg_graph_try t = {.graph = g, .scratch = VG_NEW(g->arena, vg_world_scratch)};
    if (!t.scratch)
        return vg_graph_no_memory(err);
    for (uint32_t i = 0; i < g->world->principal_count; i++)
        if (g->world->principals[i].caller.kind == VG_CALLER_ROLE && !g->world->principals[i].service_linked)
            VG_TRY(index_trust_of(g, &t, i, err));
    return VG_OK;
}

/* ---- things, groups, profiles -------------------------------------------------------------------------------------------------------- */

static uint32_t index_of(const vg_world *world, vg_str arn)
{
    const vg_world_principal *p = vg_world_principal_of(world, arn);
    return p ? (uint32_t)(p - world->principals) : VG_WORLD_NONE;
}

static vg_status index_running(vg_graph *g, vg_error *err)
{
    for (uint32_t i = 0; i < g->world->resource_count; i++) {
        const vg_world_resource *r = &g->world->resources[i];
        uint32_t role = r->runs_as.len ? index_of(g->world, r->runs_as) : VG_WORLD_NONE;
        for (size_t t = 0; role != VG_WORLD_NONE && r->account != VG_WORLD_NONE && t < g->type_count; t++) {
            if (!vg_str_eq(g->types[t], r->type))
                continue;
            vg_graph_running *place = vg_vec_push(&g->running[r->account * g->type_count + t]);
            if (!place)
                return vg_graph_no_memory(err);
            *place = (vg_graph_running){i, role};
        }
    }
    return VG_OK;
}

static vg_status index_groups(vg_graph *g, vg_error *err)
{
    for (uint32_t i = 0; i < g->world->group_count; i++) {
        const vg_world_account *account = vg_world_account_of(g->world, g->world->groups[i].account_id);
        if (account)
            VG_TRY(push_index(&g->groups[account - g->world->accounts], i, err));
    }
    return VG_OK;
}

static void index_profiles(vg_graph *g)
{
    for (size_t i = 0; i < g->world->instance_profile_count; i++)
        for (size_t r = 0; r < g->world->instance_profiles[i].role_count; r++) {
            uint32_t role = index_of(g->world, g->world->instance_profiles[i].roles[r]);
            if (role != VG_WORLD_NONE)
                g->in_profile[role] = true;
        }
}

/* ---- what callers choose ------------------------------------------------------------------------------------------------------------- */

static void take_region(vg_graph *g, vg_str region)
{
    bool fits = g->region_count < VG_GRAPH_REGIONS_MAX && vg_str_find_char(region, '*') == VG_NPOS &&
                vg_str_find_char(region, '?') == VG_NPOS;
    for (size_t i = 0; fits && i < g->region_count; i++)
        fits = !vg_str_eq(g->regions[i], region);
    if (fits)
        g->regions[g->region_count++] = region;
}

static void find_regions(vg_graph *g)
{
    take_region(g, VG_STR("us-east-1"));
    for (size_t p = 0; p < g->world->policy_count; p++) {
        const vg_policy_document *document = vg_policy_document_of(g->world->policies[p]);
        for (size_t s = 0; s < document->statement_count; s++)
            for (size_t c = 0; c < document->statements[s].condition_count; c++) {
                const vg_policy_condition *condition = &document->statements[s].conditions[c];
                bool asks = vg_str_eq_icase(condition->key, VG_STR("aws:RequestedRegion"));
                for (size_t v = 0; asks && v < condition->value_count; v++)
                    take_region(g, condition->values[v]);
            }
    }
}

static vg_status make_trusting(vg_graph *g, vg_error *err)
{
    static const vg_str text = VG_STR("{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\","
                                      "\"Principal\":{\"AWS\":\"*\"},\"Action\":\"sts:AssumeRole\"}}");
    vg_policy_document *document = VG_NEW(g->arena, vg_policy_document);
    if (!document)
        return vg_graph_no_memory(err);
    VG_TRY(vg_policy_read_text(g->arena, text, VG_POLICY_TRUST, VG_STR("a rewritten trust policy"), document,
                               err));
    return vg_policy_compile(g->arena, document, g->world->catalogue, &g->trusting, err);
}

vg_status vg_graph_index(vg_graph *g, vg_error *err)
{
    VG_TRY(plan_all(g, err));
    VG_TRY(make_lists(g, err));
    VG_TRY(make_trusting(g, err));
    find_regions(g);
    VG_TRY(index_policies(g, err));
    VG_TRY(index_sets(g, err));
    VG_TRY(index_trust(g, err));
    VG_TRY(index_running(g, err));
    index_profiles(g);
    return index_groups(g, err);
}
