/* compile.c: a policy document made ready to be asked.
 *
 * Each statement becomes a rule: its resources, principals and conditions compiled, its actions as rows of bits over the
 * services that it names. The rules are then indexed by service, so that a decision looks at the few that can concern its
 * action. One set over the whole catalogue serves all statements: what a statement's patterns set in it is copied out,
 * service by service, and cleared again, so compiling is linear in the document. */
#include "policy/policy_part.h"

#include <stdlib.h>

/* Enough for today's catalogue several times over; a larger one takes its working memory from the arena. */
enum { ROOM_WORDS = 1024, ROOM_SERVICES = 1024 };

typedef struct {
    vg_arena *arena;
    const vg_catalogue *catalogue;
    const vg_policy_document *document;
    vg_action_set scratch; /* empty between statements */
    uint16_t *touched;     /* services that the statement at hand names */
    uint32_t touched_count;
    uint64_t *is_touched;   /* a bit a service */
    uint32_t *counts;       /* a number a service */
    uint32_t service_count; /* of the catalogue */
} compiler;

/* Working memory of one policy, on the stack. */
typedef struct {
    uint64_t words[ROOM_WORDS], is_touched[ROOM_SERVICES / 64 + 1];
    uint16_t touched[ROOM_SERVICES];
    uint32_t counts[ROOM_SERVICES + 1];
} working_memory;

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while compiling a policy");
}

/* ---- actions -------------------------------------------------------------------------------------------------------------------- */

static bool only_stars(vg_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '*')
            return false;
    return text.len > 0;
}

static bool is_every_action(vg_str pattern)
{
    vg_str service, name;
    return only_stars(pattern) ||
           (vg_str_split(pattern, ':', &service, &name) && vg_str_is(service, "*") && only_stars(name));
}

static void touch(compiler *c, uint32_t service)
{
    uint64_t bit = UINT64_C(1) << (service % 64);
    if (c->is_touched[service / 64] & bit)
        return;
    c->is_touched[service / 64] |= bit;
    c->touched[c->touched_count++] = (uint16_t)service;
}

/* Sets the bits of one pattern's actions. What the catalogue does not know sets none: the string path finds it. */
static void add_actions(compiler *c, vg_str pattern)
{
    vg_str prefix, name;
    if (!vg_str_split(pattern, ':', &prefix, &name))
        return;
    if (vg_str_find_char(name, '*') == VG_NPOS && vg_str_find_char(name, '?') == VG_NPOS) {
        uint32_t action = vg_catalogue_find_action(c->catalogue, pattern);
        if (action == VG_CATALOGUE_NONE)
            return;
        vg_action_set_add(&c->scratch, action);
        touch(c, vg_catalogue_action_at(c->catalogue, action)->service);
        return;
    }
    uint32_t service = vg_catalogue_find_service(c->catalogue, prefix);
    if (service == VG_CATALOGUE_NONE)
        return;
    touch(c, service);
    const vg_catalogue_service *s = vg_catalogue_service_at(c->catalogue, service);
    if (only_stars(name))
        vg_action_set_add_range(&c->scratch, s->first_action, s->action_count);
    else
        vg_catalogue_expand(c->catalogue, pattern, &c->scratch);
}

/* The words that hold a service's actions. */
static void span_of(const vg_catalogue_service *s, uint32_t *base, uint32_t *count)
{
    *base = s->first_action / 64;
    *count = (s->first_action + s->action_count + 63) / 64 - *base;
}

/* The bits of word `base + i` that belong to the service. */
static uint64_t mask_of(const vg_catalogue_service *s, uint32_t word)
{
    uint64_t mask = ~UINT64_C(0);
    uint32_t first = s->first_action, end = s->first_action + s->action_count;
    if (word == first / 64)
        mask &= ~UINT64_C(0) << (first % 64);
    if (end % 64 && word == end / 64)
        mask &= (UINT64_C(1) << (end % 64)) - 1;
    return mask;
}

static vg_status take_row(compiler *c, uint32_t service, vg_action_row *row, vg_error *err)
{
    const vg_catalogue_service *s = vg_catalogue_service_at(c->catalogue, service);
    uint32_t count;
    span_of(s, &row->base, &count);
    uint64_t *words = VG_NEW_N(c->arena, uint64_t, count ? count : 1);
    if (!words)
        return out_of_memory(err);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t mask = mask_of(s, row->base + i);
        words[i] = c->scratch.words[row->base + i] & mask;
        c->scratch.words[row->base + i] &= ~mask;
    }
    row->service = service;
    row->words = words;
    return VG_OK;
}

static int by_id(const void *a, const void *b)
{
    return *(const uint16_t *)a - *(const uint16_t *)b;
}

static vg_status compile_actions(compiler *c, vg_rule *rule, vg_error *err)
{
    const vg_statement *s = rule->source;
    rule->not_action = s->not_action;
    for (size_t i = 0; i < s->action_count; i++)
        rule->every_action |= is_every_action(s->actions[i]);
    if (rule->every_action || !c->catalogue)
        return VG_OK;
    c->touched_count = 0;
    for (size_t i = 0; i < s->action_count; i++)
        add_actions(c, s->actions[i]);
    qsort(c->touched, c->touched_count, sizeof *c->touched, by_id);
    vg_action_row *rows = VG_NEW_N(c->arena, vg_action_row, c->touched_count ? c->touched_count : 1);
    if (!rows)
        return out_of_memory(err);
    for (uint32_t i = 0; i < c->touched_count; i++) {
        VG_TRY(take_row(c, c->touched[i], &rows[i], err));
        c->is_touched[c->touched[i] / 64] = 0;
    }
    rule->rows = rows;
    rule->row_count = c->touched_count;
    return VG_OK;
}

/* ---- resources, principals, conditions ------------------------------------------------------------------------------------------ */

static vg_status compile_resources(compiler *c, vg_rule *rule, vg_error *err)
{
    const vg_statement *s = rule->source;
    vg_resource_pattern *patterns =
        VG_NEW_N(c->arena, vg_resource_pattern, s->resource_count ? s->resource_count : 1);
    if (!patterns)
        return out_of_memory(err);
    for (size_t i = 0; i < s->resource_count; i++) {
        VG_TRY(vg_resource_compile(c->arena, s->resources[i], c->document->kind, c->document->version_2012,
                                   &patterns[i], err));
        rule->has_star |= patterns[i].kind == VG_PATTERN_ALL;
    }
    rule->not_resource = s->not_resource;
    rule->every_resource = !s->has_resource || (rule->has_star && !rule->not_resource);
    rule->resources = patterns;
    rule->resource_count = (uint32_t)s->resource_count;
    return VG_OK;
}

static vg_rule_principal compile_principal(const vg_policy_principal *p)
{
    vg_rule_principal out = {.kind = p->kind, .text = p->text, .account = p->account};
    vg_caller named = p->kind == VG_PRINCIPAL_ARN ? vg_caller_of(p->text) : (vg_caller){0};
    if (p->kind != VG_PRINCIPAL_ARN)
        return out;
    out.role = named.role;
    if (named.kind == VG_CALLER_USER)
        out.shape = VG_ROLE_USER;
    else if (named.kind == VG_CALLER_ROLE)
        out.shape = VG_ROLE_ROLE;
    else if (named.kind == VG_CALLER_ROLE_SESSION)
        out.shape = VG_ROLE_SESSION;
    return out;
}

/* Kinds of policies whose Principal counts; elsewhere it is an error, and whom a policy is attached to is its principal. */
static bool names_principals(vg_policy_kind kind)
{
    return kind == VG_POLICY_RESOURCE || kind == VG_POLICY_TRUST || kind == VG_POLICY_RCP ||
           kind == VG_POLICY_ENDPOINT;
}

static vg_status compile_principals(compiler *c, vg_rule *rule, vg_error *err)
{
    const vg_statement *s = rule->source;
    rule->checks_principal = s->has_principal && names_principals(c->document->kind);
    rule->not_principal = s->not_principal;
    vg_rule_principal *principals =
        VG_NEW_N(c->arena, vg_rule_principal, s->principal_count ? s->principal_count : 1);
    if (!principals)
        return out_of_memory(err);
    for (size_t i = 0; i < s->principal_count; i++)
        principals[i] = compile_principal(&s->principals[i]);
    rule->principals = principals;
    rule->principal_count = (uint32_t)s->principal_count;
    return VG_OK;
}

static vg_status compile_tests(compiler *c, vg_rule *rule, vg_error *err)
{
    const vg_statement *s = rule->source;
    vg_test *tests = VG_NEW_N(c->arena, vg_test, s->condition_count ? s->condition_count : 1);
    if (!tests)
        return out_of_memory(err);
    for (size_t i = 0; i < s->condition_count; i++)
        VG_TRY(vg_test_compile(c->arena, &s->conditions[i], c->document->version_2012, &tests[i], err));
    rule->tests = tests;
    rule->test_count = (uint32_t)s->condition_count;
    return VG_OK;
}

static vg_status compile_rule(compiler *c, uint32_t index, vg_rule *rule, vg_error *err)
{
    const vg_statement *s = &c->document->statements[index];
    *rule = (vg_rule){.statement = index, .effect = (uint8_t)s->effect, .source = s};
    VG_TRY(compile_actions(c, rule, err));
    VG_TRY(compile_resources(c, rule, err));
    VG_TRY(compile_principals(c, rule, err));
    return compile_tests(c, rule, err);
}

static bool allows_all(const vg_rule *rule)
{
    return rule->effect == VG_EFFECT_ALLOW && rule->every_action && !rule->not_action &&
           rule->every_resource && !rule->checks_principal && rule->test_count == 0;
}

/* ---- the index ---------------------------------------------------------------------------------------------------------------------- */

/* Rules that no service finds: they may concern all. */
static bool is_for_any(const vg_rule *rule)
{
    return rule->not_action || rule->every_action;
}

/* Whether the row holds all of its service. */
static bool is_whole(const vg_catalogue *catalogue, const vg_action_row *row)
{
    const vg_catalogue_service *s = vg_catalogue_service_at(catalogue, row->service);
    uint32_t base, count;
    span_of(s, &base, &count);
    for (uint32_t i = 0; i < count; i++)
        if (row->words[i] != mask_of(s, base + i))
            return false;
    return true;
}

/* Counts the rows of each service, gives each service its range, and fills the ranges in the order of the rules. */
static vg_status index_services(compiler *c, vg_policy *policy, vg_error *err)
{
    uint32_t *counts = c->counts, entries = 0, services = 0;
    for (uint32_t r = 0; r < policy->rule_count; r++)
        for (uint32_t i = 0; !is_for_any(&policy->rules[r]) && i < policy->rules[r].row_count; i++) {
            services += counts[policy->rules[r].rows[i].service]++ == 0;
            entries++;
        }
    uint16_t *ids = VG_NEW_N(c->arena, uint16_t, services ? services : 1);
    vg_rule_group *groups = VG_NEW_N(c->arena, vg_rule_group, services ? services : 1);
    vg_rule_entry *list = VG_NEW_N(c->arena, vg_rule_entry, entries ? entries : 1);
    if (!ids || !groups || !list)
        return out_of_memory(err);
    uint32_t first = 0, n = 0;
    for (uint32_t s = 0; s < c->service_count; s++) {
        if (counts[s] == 0)
            continue;
        ids[n] = (uint16_t)s;
        if (services <= VG_NEAR_SERVICES)
            policy->near[n] = (uint16_t)s;
        policy->service_bits |= UINT64_C(1) << (s % 64);
        groups[n].first = first;
        first += counts[s];
        counts[s] = n++; /* from now on: the service's place in groups */
    }
    for (uint32_t r = 0; r < policy->rule_count; r++)
        for (uint32_t i = 0; !is_for_any(&policy->rules[r]) && i < policy->rules[r].row_count; i++) {
            const vg_action_row *row = &policy->rules[r].rows[i];
            vg_rule_group *group = &groups[counts[row->service]];
            list[group->first + group->count++] = (vg_rule_entry){
                &policy->rules[r], is_whole(c->catalogue, row) ? NULL : row->words, row->base};
        }
    policy->services = ids;
    policy->groups = groups;
    policy->entries = list;
    policy->service_count = services;
    return VG_OK;
}

static vg_status index_any(compiler *c, vg_policy *policy, vg_error *err)
{
    const vg_rule **any = VG_NEW_N(c->arena, const vg_rule *, policy->rule_count ? policy->rule_count : 1);
    if (!any)
        return out_of_memory(err);
    for (uint32_t r = 0; r < policy->rule_count; r++)
        if (is_for_any(&policy->rules[r]) && !(policy->rules[r].not_action && policy->rules[r].every_action))
            any[policy->any_count++] = &policy->rules[r];
    policy->any = any;
    return VG_OK;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------------------ */

static vg_status start(compiler *c, working_memory *r, vg_error *err)
{
    if (!c->catalogue)
        return VG_OK;
    size_t words = vg_catalogue_set_words(c->catalogue);
    c->service_count = (uint32_t)vg_catalogue_origin_of(c->catalogue)->service_count;
    if (words <= ROOM_WORDS && c->service_count <= ROOM_SERVICES) {
        memset(r->words, 0, words * sizeof *r->words);
        memset(r->is_touched, 0, sizeof r->is_touched);
        memset(r->counts, 0, (c->service_count + 1) * sizeof *r->counts);
        c->scratch = (vg_action_set){r->words, words};
        c->touched = r->touched;
        c->is_touched = r->is_touched;
        c->counts = r->counts;
        return VG_OK;
    }
    c->scratch = vg_action_set_new(c->arena, c->catalogue);
    c->touched = VG_NEW_N(c->arena, uint16_t, c->service_count);
    c->is_touched = VG_NEW_N(c->arena, uint64_t, c->service_count / 64 + 1);
    c->counts = VG_NEW_N(c->arena, uint32_t, c->service_count + 1);
    return c->scratch.words && c->touched && c->is_touched && c->counts ? VG_OK : out_of_memory(err);
}

/* At the beginning of a line of the cache. */
static vg_policy *new_policy(vg_arena *arena)
{
    char *room = vg_arena_calloc(arena, 1, sizeof(vg_policy) + VG_CACHE_LINE);
    size_t past = (uintptr_t)room % VG_CACHE_LINE;
    return room ? (vg_policy *)(void *)(room + (past ? VG_CACHE_LINE - past : 0)) : NULL;
}

vg_status vg_policy_compile(vg_arena *arena, const vg_policy_document *document,
                            const vg_catalogue *catalogue, const vg_policy **out, vg_error *err)
{
    working_memory working;
    compiler c = {.arena = arena, .catalogue = catalogue, .document = document};
    vg_policy *policy = new_policy(arena);
    vg_rule *rules = VG_NEW_N(arena, vg_rule, document->statement_count ? document->statement_count : 1);
    if (!policy || !rules)
        return out_of_memory(err);
    VG_TRY(start(&c, &working, err));
    policy->document = document;
    policy->catalogue = catalogue;
    policy->rules = rules;
    for (size_t i = 0; i < document->statement_count; i++) {
        if (document->statements[i].invalid)
            continue;
        VG_TRY(compile_rule(&c, (uint32_t)i, &rules[policy->rule_count], err));
        policy->allows_all |= allows_all(&rules[policy->rule_count]);
        policy->grants_public |= vg_rule_grants_public(&rules[policy->rule_count++]);
    }
    if (catalogue)
        VG_TRY(index_services(&c, policy, err));
    VG_TRY(index_any(&c, policy, err));
    *out = policy;
    return VG_OK;
}

const vg_policy_document *vg_policy_document_of(const vg_policy *policy)
{
    return policy->document;
}
