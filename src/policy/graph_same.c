/* graph_same.c: questions whose answer is the same for every target, and targets that no statement reaches.
 *
 * A caller that may pass any role, or rewrite any trust policy, has an edge to every role of its account: thousands of
 * questions that differ in the target's ARN alone. Where no statement that concerns the action looks at the target (all
 * name every resource, and no condition asks for a tag of it), the answer to the first is the answer to all. Where the
 * statements that allow name resources, a comparison of ARNs tells which targets none of them reaches, before anything
 * is decided. Both leave the answer what it was: they only save asking. */
#include "policy/graph_part.h"

/* ---- the rules that concern an action ----------------------------------------------------------------------------------------- */

static bool row_has(const uint64_t *words, uint32_t base, uint32_t action)
{
    return (words[action / 64 - base] >> (action % 64)) & 1;
}

static bool any_takes(const vg_rule *rule, uint32_t service, uint32_t action)
{
    for (uint32_t i = 0; rule->not_action && i < rule->row_count; i++)
        if (rule->rows[i].service == service)
            return !row_has(rule->rows[i].words, rule->rows[i].base, action);
    return true;
}

static const vg_rule_group *group_of(const vg_policy *policy, uint32_t service)
{
    uint32_t low = 0, high = policy->service_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (policy->services[middle] < service)
            low = middle + 1;
        else
            high = middle;
    }
    return low < policy->service_count && policy->services[low] == service ? &policy->groups[low] : NULL;
}

size_t vg_graph_rules(const vg_policy *policy, uint32_t service, uint32_t action, const vg_rule **out,
                      size_t room)
{
    size_t count = 0;
    const vg_rule_group *group = group_of(policy, service);
    for (uint32_t i = 0; i < policy->any_count; i++)
        if (any_takes(policy->any[i], service, action) && count++ < room)
            out[count - 1] = policy->any[i];
    for (uint32_t i = 0; group && i < group->count; i++) {
        const vg_rule_entry *entry = &policy->entries[group->first + i];
        if ((!entry->words || row_has(entry->words, entry->base, action)) && count++ < room)
            out[count - 1] = entry->rule;
    }
    return count;
}

/* ---- the same for all ----------------------------------------------------------------------------------------------------------- */

enum { RULES = 64 };

static bool asks_for_target(const vg_rule *rule)
{
    static const vg_str tag = VG_STR("resourcetag/");
    if (!rule->every_resource)
        return true;
    for (uint32_t i = 0; i < rule->test_count; i++) {
        vg_str key = rule->tests[i].key, service, name;
        if (vg_str_eq_icase(key, VG_STR("iam:PermissionsBoundary")))
            return true;
        if (vg_str_split(key, ':', &service, &name) && name.len > tag.len &&
            vg_str_eq_icase(vg_str_sub(name, 0, tag.len), tag))
            return true;
        for (uint32_t v = 0; v < rule->tests[i].count; v++)
            if (!rule->tests[i].operands[v].simple &&
                vg_str_find(rule->tests[i].operands[v].text, VG_STR("${")) != VG_NPOS)
                return true;
    }
    return false;
}

/* What a layer says of the action does not depend on the target. `allows`: whether its Allow counts at all. */
static bool layer_is_same(const vg_graph *g, const vg_layer *layer, uint32_t action, bool allows)
{
    bool all = !allows, limited = false;
    const vg_rule *rules[RULES];
    uint32_t service = vg_catalogue_action_at(g->escalations->catalogue, action)->service;
    for (size_t p = 0; p < layer->count; p++) {
        size_t count = vg_graph_rules(layer->policies[p], service, action, rules, RULES);
        if (count > RULES)
            return false;
        for (size_t i = 0; i < count; i++) {
            bool asks = asks_for_target(rules[i]);
            if (rules[i]->effect == VG_EFFECT_ALLOW) {
                all = all || (!asks && rules[i]->test_count == 0);
                limited = limited || asks;
            } else if (asks) {
                return false;
            }
        }
    }
    return all || !limited;
}

static bool is_same(const vg_graph_try *t, const vg_escalation_need *need)
{
    const vg_graph *g = t->graph;
    const vg_world_principal *p = t->caller.principal;
    const vg_world_account *account = t->caller.account;
    bool same = layer_is_same(g, &p->identity, need->action_id, need->on != VG_ON_TARGET_TRUSTING) &&
                layer_is_same(g, &p->boundary, need->action_id, true);
    for (size_t i = 0; same && i < account->scp_count; i++)
        same = layer_is_same(g, &account->scps[i], need->action_id, true);
    for (size_t i = 0; same && i < account->rcp_count; i++)
        same = layer_is_same(g, &account->rcps[i], need->action_id, true);
    return same;
}

vg_graph_answer *vg_graph_same_answer(vg_graph_try *t, const vg_escalation_need *need)
{
    bool trusting = need->on == VG_ON_TARGET_TRUSTING;
    if (!t->answers || t->group || (!trusting && need->on != VG_ON_TARGET) || t->graph->trust_denies[t->to] ||
        (!trusting && vg_str_eq_icase(need->action, VG_STR("sts:AssumeRole"))))
        return NULL;
    const vg_world_principal *to = &t->graph->world->principals[t->to];
    if (to->account != t->caller.principal->account)
        return NULL;
    vg_graph_answer *a = &t->answers[need->bit * 2 + trusting];
    if (a->from != t->from + 1)
        *a = (vg_graph_answer){.from = t->from + 1, .is_same = is_same(t, need)};
    return a->is_same ? a : NULL;
}

/* ---- out of reach ----------------------------------------------------------------------------------------------------------------- */

static bool is_open(char byte)
{
    return byte == '*' || byte == '?' || byte == '$' || byte == '{' || byte == '}';
}

/* Whether what stands before the first wildcard or variable, and behind the last, begins and ends the ARN. */
static bool ends_fit(vg_str text, vg_str arn)
{
    size_t before = 0, behind = 0;
    if (text.len > 0 && arn.len > 0 && !is_open(text.ptr[text.len - 1]) &&
        text.ptr[text.len - 1] != arn.ptr[arn.len - 1])
        return false; /* most end here */
    while (before < text.len && !is_open(text.ptr[before]))
        before++;
    while (behind < text.len - before && !is_open(text.ptr[text.len - behind - 1]))
        behind++;
    return before + behind <= arn.len && memcmp(text.ptr, arn.ptr, before) == 0 &&
           memcmp(text.ptr + text.len - behind, arn.ptr + arn.len - behind, behind) == 0;
}

static bool may_match(const vg_resource_pattern *pattern, vg_str arn)
{
    switch (pattern->kind) {
    case VG_PATTERN_EXACT:
        return pattern->loose || vg_str_eq(pattern->text, arn);
    case VG_PATTERN_PREFIX:
        return vg_str_starts(arn, pattern->text);
    case VG_PATTERN_SEGMENTS:
        return pattern->loose || ends_fit(pattern->cut.text, arn);
    default:
        return pattern->kind == VG_PATTERN_ALL;
    }
}

static bool may_concern(const vg_rule *rule, vg_str arn)
{
    if (rule->every_resource || rule->not_resource)
        return true;
    for (uint32_t i = 0; i < rule->resource_count; i++)
        if (may_match(&rule->resources[i], arn))
            return true;
    return false;
}

bool vg_graph_in_reach(vg_graph_try *t, uint32_t action, vg_graph_reach *reach, vg_str arn)
{
    if (reach->from != t->from + 1 || reach->action != action) {
        const vg_layer *identity = &t->caller.principal->identity;
        uint32_t service = vg_catalogue_action_at(t->graph->escalations->catalogue, action)->service;
        *reach = (vg_graph_reach){.from = t->from + 1, .action = action};
        for (size_t p = 0; p < identity->count && reach->count <= VG_GRAPH_REACH; p++) {
            const vg_rule *rules[VG_GRAPH_REACH];
            size_t count = vg_graph_rules(identity->policies[p], service, action, rules, VG_GRAPH_REACH);
            if (count > VG_GRAPH_REACH)
                reach->count = VG_GRAPH_REACH + 1;
            for (size_t i = 0; i < count && reach->count <= VG_GRAPH_REACH; i++)
                if (rules[i]->effect == VG_EFFECT_ALLOW && reach->count++ < VG_GRAPH_REACH)
                    reach->rules[reach->count - 1] = rules[i];
        }
    }
    if (reach->count > VG_GRAPH_REACH)
        return true;
    for (size_t i = 0; i < reach->count; i++)
        if (may_concern(reach->rules[i], arn))
            return true;
    return false;
}
