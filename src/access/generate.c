/* generate.c: a policy that allows what was done and little else.
 *
 * Each allowed call is asked of the world as it is: which statement of the principal's policies allows it? Calls that the
 * same statement allows share its conditions, so that a statement of today becomes a narrower one of the same shape: its
 * actions are those that were used, its resources those that were recorded. Actions with the same resources stand in one
 * statement. What the catalogue declares as needed beside an action (iam:PassRole) is taken over from the statement that
 * grants it today, since no record shows it. Then the new policy is put in the place of the old ones and every call is
 * decided again. */
#include "access/access.h"

#include <stdlib.h>

/* Actions and the resource that one statement of today allowed. */
typedef struct {
    const vg_statement *from;
    const vg_policy_document *from_policy;
    vg_str action, resource;
    bool dependency;
} grant;

typedef struct {
    vg_arena *arena;
    const vg_world *world;
    const vg_activity *activity;
    const vg_world_principal *principal;
    vg_world_caller caller;
    vg_vec grants;     /* grant */
    vg_vec calls;      /* const vg_activity_use *: allowed ones */
    vg_vec guessed;    /* vg_str */
    vg_vec statements; /* vg_generated_statement */
    vg_generated *out;
} generator;

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while generating a policy");
}

/* ---- asking the world as it is -------------------------------------------------------------------------------------------------- */

static void request_of(const generator *g, vg_str action, vg_str resource, const vg_context_entry *given,
                       size_t given_count, vg_world_scratch *scratch, vg_request *request, vg_layers *layers)
{
    vg_world_target target = vg_world_target_of(g->world, resource);
    vg_world_layers(g->world, &g->caller, &target, layers);
    vg_world_request(g->world, &g->caller, &target, action, given, given_count, scratch, request);
}

/* The Allow of the identity policies that takes the call in: one that holds before one that may. */
static vg_status statement_for(generator *g, vg_str action, vg_str resource, const vg_context_entry *given,
                               size_t given_count, grant *out, vg_error *err)
{
    vg_world_scratch scratch;
    vg_request request;
    vg_layers layers;
    vg_explanation explanation;
    vg_match best = VG_MATCH_NO;
    request_of(g, action, resource.len ? resource : VG_STR("*"), given, given_count, &scratch, &request,
               &layers);
    *out = (grant){.action = action, .resource = resource};
    VG_TRY(vg_policy_explain(g->arena, &request, &layers, &explanation, err));
    for (size_t i = 0; i < explanation.statement_count; i++) {
        const vg_deciding_statement *d = &explanation.statements[i];
        if (d->layer != VG_BY_IDENTITY || d->effect != VG_EFFECT_ALLOW || d->match <= best)
            continue;
        best = d->match;
        out->from_policy = vg_policy_document_of(d->policy);
        out->from = &out->from_policy->statements[d->statement];
    }
    return VG_OK;
}

static bool takes_resources(const generator *g, vg_str action)
{
    uint32_t id = vg_catalogue_find_action(g->world->catalogue, action);
    return id == VG_CATALOGUE_NONE || !vg_catalogue_action_at(g->world->catalogue, id)->wildcard_only;
}

static vg_status push_grant(generator *g, const grant *one, vg_error *err)
{
    grant *kept = vg_vec_push(&g->grants);
    if (!kept)
        return no_memory(err);
    *kept = *one;
    if (!kept->resource.len || !takes_resources(g, kept->action))
        kept->resource = VG_STR("*");
    return VG_OK;
}

static vg_status push_text(vg_vec *list, vg_str text, vg_error *err)
{
    for (size_t i = 0; i < list->len; i++)
        if (vg_str_eq(*(vg_str *)vg_vec_at(list, i), text))
            return VG_OK;
    vg_str *kept = vg_vec_push(list);
    if (!kept)
        return no_memory(err);
    *kept = text;
    return VG_OK;
}

/* What the catalogue says is needed beside the action, where the principal has it today: as it has it today. */
static vg_status push_dependencies(generator *g, vg_str action, vg_error *err)
{
    uint32_t id = vg_catalogue_find_action(g->world->catalogue, action);
    if (id == VG_CATALOGUE_NONE)
        return VG_OK;
    const vg_catalogue_action *known = vg_catalogue_action_at(g->world->catalogue, id);
    for (size_t i = 0; i < known->dependent_count; i++) {
        vg_str name = vg_catalogue_action_at(g->world->catalogue, known->dependents[i])->name;
        grant one;
        VG_TRY(statement_for(g, name, VG_STR(""), NULL, 0, &one, err));
        one.dependency = true;
        for (size_t r = 0; one.from && !one.from->not_resource && r < one.from->resource_count; r++) {
            one.resource = one.from->resources[r];
            VG_TRY(push_grant(g, &one, err));
        }
        one.resource = VG_STR("*");
        if (one.from && (one.from->not_resource || !one.from->resource_count))
            VG_TRY(push_grant(g, &one, err));
    }
    return VG_OK;
}

/* Whether the call is allowed without any identity policy: by the resource's own, that names the caller. */
static bool is_allowed_anyway(const generator *g, const vg_activity_use *use, const vg_context_entry *given,
                              size_t count)
{
    vg_world_scratch scratch;
    vg_request request;
    vg_layers layers;
    request_of(g, use->action, use->resource.len ? use->resource : VG_STR("*"), given, count, &scratch,
               &request, &layers);
    layers.identity = (vg_layer){.state = VG_LAYER_KNOWN};
    return vg_policy_decide(&request, &layers).result == VG_ALLOWED;
}

static vg_status collect(generator *g, vg_error *err)
{
    for (size_t i = 0; i < g->activity->use_count; i++) {
        const vg_activity_use *use = &g->activity->uses[i];
        const vg_world_principal *principal = vg_activity_principal(g->world, use);
        if (principal != g->principal || !use->allowed)
            continue;
        vg_context_entry given[VG_ACTIVITY_KEYS];
        vg_str values[VG_ACTIVITY_KEYS];
        grant one;
        const vg_activity_use **call = vg_vec_push(&g->calls);
        if (!call)
            return no_memory(err);
        *call = use;
        g->out->calls += use->allowed;
        size_t count = vg_activity_context_of(g->activity, use, given, values);
        VG_TRY(statement_for(g, use->action, use->resource, given, count, &one, err));
        if (use->answer == VG_EVENT_GUESSED || use->answer == VG_EVENT_ANY_OF)
            VG_TRY(push_text(&g->guessed, use->action, err));
        if (!one.from && is_allowed_anyway(g, use, given, count))
            continue;
        VG_TRY(push_grant(g, &one, err));
        VG_TRY(push_dependencies(g, use->action, err));
    }
    if (g->calls.len)
        return VG_OK;
    return vg_fail(err, VG_ERR_NOT_FOUND, "the logs show no allowed call of %.*s", VG_ARG(g->principal->arn));
}

/* ---- statements ---------------------------------------------------------------------------------------------------------------- */

static int compare_origin(const grant *a, const grant *b)
{
    if (a->dependency != b->dependency)
        return a->dependency ? 1 : -1;
    vg_str left = a->from_policy ? a->from_policy->name : VG_STR(""),
           right = b->from_policy ? b->from_policy->name : VG_STR("");
    int order = vg_str_cmp(left, right);
    if (order || a->from == b->from)
        return order;
    return !a->from ? 1 : !b->from ? -1 : a->from < b->from ? -1 : 1;
}

static int compare_grants(const void *left, const void *right)
{
    const grant *a = left, *b = right;
    int order = compare_origin(a, b);
    if (!order)
        order = vg_str_cmp(a->action, b->action);
    return order ? order : vg_str_cmp(a->resource, b->resource);
}

/* The resources of one action within one origin: items[first..end). A "*" among them is all of them. */
static vg_status resources_of(generator *g, const grant *items, size_t count, const vg_str **out,
                              size_t *out_count, vg_error *err)
{
    vg_vec list = vg_vec_in(g->arena, sizeof(vg_str));
    for (size_t i = 0; i < count; i++) {
        if (vg_str_is(items[i].resource, "*"))
            list.len = 0;
        VG_TRY(push_text(&list, items[i].resource, err));
        if (vg_str_is(items[i].resource, "*"))
            break;
    }
    *out = list.items;
    *out_count = list.len;
    return VG_OK;
}

static bool same_texts(const vg_str *a, size_t a_count, const vg_str *b, size_t b_count)
{
    if (a_count != b_count)
        return false;
    for (size_t i = 0; i < a_count; i++)
        if (!vg_str_eq(a[i], b[i]))
            return false;
    return true;
}

/* Puts an action into the statement of the same origin and resources, or into a new one. */
static vg_status place_action(generator *g, const grant *first, const vg_str *resources, size_t count,
                              size_t from_statement, vg_error *err)
{
    vg_generated_statement *statement = NULL;
    for (size_t i = from_statement; i < g->statements.len && !statement; i++) {
        vg_generated_statement *one = vg_vec_at(&g->statements, i);
        if (same_texts(one->resources, one->resource_count, resources, count))
            statement = one;
    }
    if (!statement) {
        statement = vg_vec_push(&g->statements);
        if (!statement)
            return no_memory(err);
        *statement = (vg_generated_statement){.from = first->from,
                                              .from_policy = first->from_policy,
                                              .resources = resources,
                                              .resource_count = count,
                                              .dependency = first->dependency};
    }
    vg_str *actions = VG_NEW_N(g->arena, vg_str, statement->action_count + 1);
    if (!actions)
        return no_memory(err);
    if (statement->action_count)
        memcpy(actions, statement->actions, statement->action_count * sizeof *actions);
    actions[statement->action_count++] = first->action;
    statement->actions = actions;
    return VG_OK;
}

static vg_status group(generator *g, vg_error *err)
{
    grant *grants = g->grants.items;
    size_t count = g->grants.len, origin_statements = 0;
    if (count > 1)
        qsort(grants, count, sizeof *grants, compare_grants);
    for (size_t i = 0, end; i < count; i = end) {
        const vg_str *resources;
        size_t resource_count;
        if (i == 0 || compare_origin(&grants[i - 1], &grants[i]) != 0)
            origin_statements = g->statements.len;
        for (end = i + 1; end < count && compare_origin(&grants[i], &grants[end]) == 0 &&
                          vg_str_eq(grants[i].action, grants[end].action);)
            end++;
        VG_TRY(resources_of(g, grants + i, end - i, &resources, &resource_count, err));
        VG_TRY(place_action(g, &grants[i], resources, resource_count, origin_statements, err));
    }
    return VG_OK;
}

/* ---- text ---------------------------------------------------------------------------------------------------------------------- */

static void write_list(vg_json_writer *w, const char *key, const vg_str *items, size_t count)
{
    vg_json_key(w, key);
    if (count == 1) {
        vg_json_string(w, items[0]);
        return;
    }
    vg_json_array(w);
    for (size_t i = 0; i < count; i++)
        vg_json_string(w, items[i]);
    vg_json_end_array(w);
}

static void write_policy(const generator *g, vg_buf *out, unsigned indent)
{
    vg_json_writer w = vg_json_writer_to(out, indent);
    vg_json_object(&w);
    vg_json_put_str(&w, "Version", VG_STR("2012-10-17"));
    vg_json_key(&w, "Statement");
    vg_json_array(&w);
    for (size_t i = 0; i < g->statements.len; i++) {
        const vg_generated_statement *s = vg_vec_at(&g->statements, i);
        vg_json_object(&w);
        vg_json_put_str(&w, "Effect", VG_STR("Allow"));
        write_list(&w, "Action", s->actions, s->action_count);
        write_list(&w, "Resource", s->resources, s->resource_count);
        if (s->from && s->from->condition_at) {
            vg_json_key(&w, "Condition");
            vg_json_value(&w, s->from->condition_at);
        }
        vg_json_end_object(&w);
    }
    vg_json_end_array(&w);
    vg_json_end_object(&w);
}

static vg_status make_text(generator *g, vg_error *err)
{
    vg_buf text = {0}, small = {0};
    write_policy(g, &text, 2);
    write_policy(g, &small, 0);
    bool failed = text.failed || small.failed;
    g->out->text = vg_arena_str(g->arena, vg_buf_str(&text));
    g->out->minified = small.len;
    vg_buf_free(&text);
    vg_buf_free(&small);
    return failed || !g->out->text.ptr ? no_memory(err) : VG_OK;
}

/* ---- the proof ------------------------------------------------------------------------------------------------------------------ */

/* How sure an answer is of allowing. */
static int certainty(vg_decision_result result)
{
    return result == VG_ALLOWED ? 2 : result == VG_DECISION_UNKNOWN ? 1 : 0;
}

static vg_status check(generator *g, vg_error *err)
{
    vg_policy_document *document = VG_NEW(g->arena, vg_policy_document);
    const vg_policy *policy;
    vg_vec unproven = vg_vec_in(g->arena, sizeof(vg_str));
    if (!document)
        return no_memory(err);
    VG_TRY(
        vg_policy_read_text(g->arena, g->out->text, VG_POLICY_IDENTITY, VG_STR("generated"), document, err));
    VG_TRY(vg_policy_compile(g->arena, document, g->world->catalogue, &policy, err));
    for (size_t i = 0; i < g->calls.len; i++) {
        const vg_activity_use *use = *(const vg_activity_use **)vg_vec_at(&g->calls, i);
        vg_context_entry given[VG_ACTIVITY_KEYS];
        vg_str values[VG_ACTIVITY_KEYS];
        vg_world_scratch scratch;
        vg_request request;
        vg_layers layers;
        size_t count = vg_activity_context_of(g->activity, use, given, values);
        request_of(g, use->action, use->resource.len ? use->resource : VG_STR("*"), given, count, &scratch,
                   &request, &layers);
        vg_decision before = vg_policy_decide(&request, &layers);
        layers.identity = (vg_layer){VG_LAYER_KNOWN, &policy, 1, VG_STR("generated")};
        vg_decision after = vg_policy_decide(&request, &layers);
        bool was_allowed = before.result == VG_ALLOWED;
        if (after.result == VG_ALLOWED ||
            (!was_allowed && certainty(after.result) >= certainty(before.result)))
            continue;
        vg_str text = vg_arena_printf(g->arena, "%.*s %.*s", VG_ARG(use->action),
                                      VG_ARG(use->resource.len ? use->resource : VG_STR("*")));
        VG_TRY(push_text(&unproven, text, err));
    }
    g->out->unproven = unproven.items;
    g->out->unproven_count = unproven.len;
    return VG_OK;
}

vg_status vg_generate(vg_arena *arena, const vg_world *world, const vg_activity *activity,
                      const vg_world_principal *principal, vg_generated *out, vg_error *err)
{
    *out = (vg_generated){0};
    generator g = {.arena = arena,
                   .world = world,
                   .activity = activity,
                   .principal = principal,
                   .caller = vg_world_caller_of(world, principal->arn),
                   .grants = vg_vec_in(arena, sizeof(grant)),
                   .calls = vg_vec_in(arena, sizeof(const vg_activity_use *)),
                   .guessed = vg_vec_in(arena, sizeof(vg_str)),
                   .statements = vg_vec_in(arena, sizeof(vg_generated_statement)),
                   .out = out};
    VG_TRY(collect(&g, err));
    VG_TRY(group(&g, err));
    VG_TRY(make_text(&g, err));
    VG_TRY(check(&g, err));
    out->statements = g.statements.items;
    out->statement_count = g.statements.len;
    out->guessed = g.guessed.items;
    out->guessed_count = g.guessed.len;
    return VG_OK;
}
