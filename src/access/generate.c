/* generate.c: a policy that allows what was done and little else.
 *
 * Each allowed call is asked of the world as it is: which statement of the principal's policies allows it? Calls that the
 * same statement allows share its conditions, so that a statement of today becomes a narrower one of the same shape: its
 * actions are those that were used, its resources those that were recorded. Actions with the same resources stand in one
 * statement. Where a record does not tell the resource, those of today's statements stay.
 *
 * What a call needed beside its own action (the role that it passed) is taken over where today's policies grant it, and said
 * where they do not. What is merely declared as needed (vg_dependents) is taken over where no log could show that it was, on a
 * resource that the call recorded. Then the new policy is put in the place of the old ones and all of it is decided again. */
#include "access/access.h"

#include <stdlib.h>

/* Actions and the resource that one statement of today allowed. */
typedef struct {
    const vg_statement *from;
    const vg_policy_document *from_policy;
    vg_str action, resource;
    bool dependency;
    bool not_resource; /* the resource is one that the statement does not take in */
} grant;

/* What the new policy is asked. */
typedef struct {
    const vg_activity_use *use;
    vg_str resource;
} question;

typedef struct {
    vg_arena *arena;
    const vg_generate_question *asked;
    const vg_world *world;
    const vg_activity *activity;
    const vg_world_principal *principal;
    vg_world_caller caller;
    vg_vec grants;                                  /* grant */
    vg_vec questions;                               /* question */
    vg_vec guessed, unchecked, ungranted, left_out; /* vg_str */
    vg_vec statements;                              /* vg_generated_statement */
    vg_generated *out;
} generator;

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while generating a policy");
}

static vg_status push_text(vg_vec *list, vg_str text, vg_error *err)
{
    for (size_t i = 0; i < list->len; i++)
        if (vg_str_eq(*(vg_str *)vg_vec_at(list, i), text))
            return VG_OK;
    vg_str *kept = text.ptr ? vg_vec_push(list) : NULL;
    if (!kept)
        return no_memory(err);
    *kept = text;
    return VG_OK;
}

/* ---- asking the world as it is -------------------------------------------------------------------------------------------------- */

/* A question with all that it borrows. */
typedef struct {
    vg_context_entry given[VG_ACTIVITY_KEYS];
    vg_str values[VG_ACTIVITY_KEYS];
    vg_world_scratch scratch;
    vg_request request;
    vg_layers layers;
} asking;

static void ask_of(const generator *g, const vg_activity_use *use, vg_str action, vg_str resource, asking *a)
{
    size_t count = vg_activity_context_of(g->activity, use, a->given, a->values);
    vg_world_target target = vg_world_target_of(g->world, resource.len ? resource : VG_STR("*"));
    vg_world_layers(g->world, &g->caller, &target, &a->layers);
    vg_world_request(g->world, &g->caller, &target, action, a->given, count, &a->scratch, &a->request);
}

/* How sure an answer is of allowing. */
static int certainty(vg_decision_result result)
{
    return result == VG_ALLOWED ? 2 : result == VG_DECISION_UNKNOWN ? 1 : 0;
}

/* Whether the call is allowed without any identity policy: by the resource's own, that names the caller. */
static bool is_allowed_anyway(const asking *a)
{
    vg_layers layers = a->layers;
    layers.identity = (vg_layer){.state = VG_LAYER_KNOWN};
    return vg_policy_decide(&a->request, &layers).result == VG_ALLOWED;
}

static bool takes_resources(const generator *g, vg_str action)
{
    uint32_t id = vg_catalogue_find_action(g->world->catalogue, action);
    return id == VG_CATALOGUE_NONE || !vg_catalogue_action_at(g->world->catalogue, id)->wildcard_only;
}

static bool is_allow(const vg_deciding_statement *d)
{
    return d->layer == VG_BY_IDENTITY && d->effect == VG_EFFECT_ALLOW && d->match != VG_MATCH_NO;
}

static grant grant_of(const vg_deciding_statement *d, vg_str action, vg_str resource)
{
    const vg_policy_document *document = vg_policy_document_of(d->policy);
    return (grant){.from = &document->statements[d->statement],
                   .from_policy = document,
                   .action = action,
                   .resource = resource};
}

/* The Allow of the identity policies that takes the call in: one that holds before one that may. */
static grant statement_for(const vg_explanation *explanation, vg_str action, vg_str resource)
{
    grant best = {.action = action, .resource = resource};
    vg_match match = VG_MATCH_NO;
    for (size_t i = 0; i < explanation->statement_count; i++) {
        const vg_deciding_statement *d = &explanation->statements[i];
        if (!is_allow(d) || d->match <= match)
            continue;
        best = grant_of(d, action, resource);
        match = d->match;
    }
    return best;
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

static vg_status push_question(generator *g, const vg_activity_use *use, vg_str resource, vg_error *err)
{
    question *q = vg_vec_push(&g->questions);
    if (!q)
        return no_memory(err);
    *q = (question){use, resource.len ? resource : VG_STR("*")};
    return VG_OK;
}

/* ---- where the record does not tell the resource ----------------------------------------------------------------------------------- */

/* The statement's own resources, as far as the action takes such; each is asked of the new policy as well. */
static vg_status push_whole(generator *g, const vg_activity_use *use, grant one, bool *any, vg_error *err)
{
    const vg_statement *from = one.from;
    bool is_plain = from->resource_count > 0 && !from->not_resource;
    one.not_resource = from->not_resource;
    one.dependency = use->kind >= VG_USE_NEED;
    for (size_t i = 0; i < from->resource_count; i++) {
        vg_str resource = from->resources[i];
        bool is_every = vg_str_is(resource, "*"),
             is_variable = vg_str_find(resource, VG_STR("${")) != VG_NPOS;
        bool fits = is_every || is_variable || from->not_resource ||
                    vg_activity_fits(g->world->catalogue, one.action, resource);
        if (!fits)
            continue;
        one.resource = resource;
        VG_TRY(push_grant(g, &one, err));
        *any = true;
        if (is_plain && !is_variable)
            VG_TRY(push_question(g, use, resource, err));
    }
    return VG_OK;
}

static vg_status say_untold(generator *g, const vg_activity_use *use, vg_error *err)
{
    vg_str text =
        use->unresolved.len
            ? vg_arena_printf(g->arena,
                              "%.*s passes %.*s: not known which role that is; the resources of today's "
                              "statements are kept for it",
                              VG_ARG(use->by), VG_ARG(use->unresolved))
            : vg_arena_printf(
                  g->arena,
                  "%.*s: the log does not tell every resource; those of today's statements are kept",
                  VG_ARG(use->action));
    return push_text(&g->unchecked, text, err);
}

/* Every Allow that takes in the action somewhere stays as it is, for this action. *any: there was one. */
static vg_status take_whole(generator *g, const vg_activity_use *use, const vg_explanation *explanation,
                            bool *any, vg_error *err)
{
    for (size_t i = 0; i < explanation->statement_count; i++)
        if (is_allow(&explanation->statements[i]))
            VG_TRY(
                push_whole(g, use, grant_of(&explanation->statements[i], use->action, VG_STR("")), any, err));
    if (!*any)
        return VG_OK;
    VG_TRY(push_question(g, use, VG_STR(""), err));
    return say_untold(g, use, err);
}

/* ---- what calls needed ---------------------------------------------------------------------------------------------------------- */

/* Nothing of today's grants what a call needed beside its action: it is left out, and said. */
static vg_status say_ungranted(generator *g, const vg_activity_use *use, const vg_explanation *explanation,
                               vg_error *err)
{
    if (use->kind == VG_USE_MAYBE)
        return VG_OK;
    bool is_unknown = explanation->decision.result == VG_DECISION_UNKNOWN;
    vg_str on = use->resource.len ? use->resource : use->unresolved;
    vg_str text = vg_arena_printf(g->arena, "%.*s needs %.*s on %.*s: %s", VG_ARG(use->by),
                                  VG_ARG(use->action), VG_ARG(on),
                                  is_unknown ? "evidence does not tell whether today's policies allow it"
                                             : "today's policies do not allow it, so that by them the call "
                                               "could not have been allowed");
    return push_text(is_unknown ? &g->unchecked : &g->ungranted, text, err);
}

static vg_status take_use(generator *g, const vg_activity_use *use, vg_error *err)
{
    asking a;
    vg_explanation explanation;
    bool is_need = use->kind >= VG_USE_NEED, any = false;
    ask_of(g, use, use->action, use->resource, &a);
    VG_TRY(vg_policy_explain(g->arena, &a.request, &a.layers, &explanation, err));
    grant one = statement_for(&explanation, use->action, use->resource);
    if (!use->resource.len && takes_resources(g, use->action))
        VG_TRY(take_whole(g, use, &explanation, &any, err));
    if (any)
        return VG_OK;
    if (!one.from && is_allowed_anyway(&a))
        return push_question(g, use, use->resource, err);
    if (!one.from && is_need)
        return say_ungranted(g, use, &explanation, err);
    one.dependency = is_need;
    VG_TRY(push_grant(g, &one, err));
    return push_question(g, use, use->resource, err);
}

/* ---- what is declared as needed --------------------------------------------------------------------------------------------------- */

/* Whether a call of the action would stand in the logs, so that its absence says that it was not needed. What passes a role,
 * and what tags what is made, is told by the records of the calls that need it. */
static bool would_show(const generator *g, const vg_activity_use *use, vg_str action)
{
    vg_str service, name;
    uint32_t id = vg_catalogue_find_action(g->world->catalogue, action);
    bool is_tagging = id != VG_CATALOGUE_NONE &&
                      vg_catalogue_action_at(g->world->catalogue, id)->level == VG_ACCESS_TAGGING;
    vg_event_trace trace = vg_event_trace_of(g->asked->events, action);
    if (vg_str_is(action, "iam:PassRole") || is_tagging || trace == VG_TRACE_MANAGEMENT ||
        trace == VG_TRACE_GLOBAL)
        return true;
    vg_str_split(action, ':', &service, &name);
    return trace == VG_TRACE_DATA && vg_activity_has_data(g->activity, use->account, service, VG_TIME_NONE);
}

static vg_status take_declared(generator *g, const vg_activity_use *use, vg_str action, vg_error *err)
{
    asking a;
    vg_explanation explanation;
    bool is_everywhere = !takes_resources(g, action);
    bool fits = use->resource.len && vg_activity_fits(g->world->catalogue, action, use->resource);
    ask_of(g, use, action, fits ? use->resource : VG_STR(""), &a);
    VG_TRY(vg_policy_explain(g->arena, &a.request, &a.layers, &explanation, err));
    grant one = statement_for(&explanation, action, fits ? use->resource : VG_STR(""));
    if (!one.from)
        return VG_OK;
    one.dependency = true;
    if (fits || is_everywhere)
        return push_grant(g, &one, err);
    vg_str text =
        vg_arena_printf(g->arena,
                        "%.*s may need %.*s, which leaves no trace: the log does not tell on what, and it "
                        "is not in the policy",
                        VG_ARG(use->action), VG_ARG(action));
    return push_text(&g->left_out, text, err);
}

static vg_status take_dependents(generator *g, const vg_activity_use *use, vg_error *err)
{
    vg_str rest = vg_dependents_of(g->asked->dependents, use->action);
    for (vg_str action; vg_str_next(&rest, ',', &action);)
        if (!would_show(g, use, action))
            VG_TRY(take_declared(g, use, action, err));
    return VG_OK;
}

static vg_status collect(generator *g, vg_error *err)
{
    for (size_t i = 0; i < g->activity->use_count; i++) {
        const vg_activity_use *use = &g->activity->uses[i];
        bool is_call = use->kind == VG_USE_CALL;
        if (vg_activity_principal(g->world, use) != g->principal)
            continue;
        g->out->failed += is_call ? use->failed : 0;
        if (!use->allowed)
            continue;
        g->out->calls += is_call ? use->allowed : 0;
        if (use->answer == VG_EVENT_GUESSED || use->answer == VG_EVENT_ANY_OF)
            VG_TRY(push_text(&g->guessed, use->action, err));
        VG_TRY(take_use(g, use, err));
        if (use->kind < VG_USE_NEED)
            VG_TRY(take_dependents(g, use, err));
    }
    if (g->out->calls)
        return VG_OK;
    return vg_fail(err, VG_ERR_NOT_FOUND, "the logs show no allowed call of %.*s", VG_ARG(g->principal->arn));
}

/* ---- statements ---------------------------------------------------------------------------------------------------------------- */

static int compare_origin(const grant *a, const grant *b)
{
    if (a->dependency != b->dependency)
        return a->dependency ? 1 : -1;
    if (a->not_resource != b->not_resource)
        return a->not_resource ? 1 : -1;
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
                                              .not_resource = first->not_resource,
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
        write_list(&w, s->not_resource ? "NotResource" : "Resource", s->resources, s->resource_count);
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

static vg_status compile_new(generator *g, const vg_policy **out, vg_error *err)
{
    const vg_policy_document *document = g->asked->instead;
    if (!document) {
        vg_policy_document *made = VG_NEW(g->arena, vg_policy_document);
        if (!made)
            return no_memory(err);
        VG_TRY(
            vg_policy_read_text(g->arena, g->out->text, VG_POLICY_IDENTITY, VG_STR("generated"), made, err));
        document = made;
    }
    return vg_policy_compile(g->arena, document, g->world->catalogue, out, err);
}

/* "iam:PassRole arn:... (needed by lambda:CreateFunction)" */
static vg_str question_text(generator *g, const question *q)
{
    bool is_need = q->use->by.len > 0;
    return vg_arena_printf(g->arena, "%.*s %.*s%s%.*s%s", VG_ARG(q->use->action), VG_ARG(q->resource),
                           is_need ? " (needed by " : "", VG_ARG(q->use->by), is_need ? ")" : "");
}

static vg_status check(generator *g, vg_error *err)
{
    const vg_policy *policy;
    vg_vec unproven = vg_vec_in(g->arena, sizeof(vg_str));
    VG_TRY(compile_new(g, &policy, err));
    for (size_t i = 0; i < g->questions.len; i++) {
        const question *q = vg_vec_at(&g->questions, i);
        asking a;
        ask_of(g, q->use, q->use->action, q->resource, &a);
        int before = certainty(vg_policy_decide(&a.request, &a.layers).result);
        a.layers.identity = (vg_layer){VG_LAYER_KNOWN, &policy, 1, VG_STR("generated")};
        int after = certainty(vg_policy_decide(&a.request, &a.layers).result);
        bool is_told = q->use->resource.len || !takes_resources(g, q->use->action);
        if (after < 2 && (before == 2 || after < before))
            VG_TRY(push_text(&unproven, question_text(g, q), err));
        else if (after < 2 && is_told)
            VG_TRY(push_text(&g->unchecked,
                             vg_arena_printf(g->arena,
                                             "%.*s: not decided for certain with today's policies either",
                                             VG_ARG(question_text(g, q))),
                             err));
    }
    g->out->unproven = unproven.items;
    g->out->unproven_count = unproven.len;
    return VG_OK;
}

vg_status vg_generate(vg_arena *arena, const vg_generate_question *asked, vg_generated *out, vg_error *err)
{
    *out = (vg_generated){0};
    generator g = {.arena = arena,
                   .asked = asked,
                   .world = asked->world,
                   .activity = asked->activity,
                   .principal = asked->principal,
                   .caller = vg_world_caller_of(asked->world, asked->principal->arn),
                   .grants = vg_vec_in(arena, sizeof(grant)),
                   .questions = vg_vec_in(arena, sizeof(question)),
                   .statements = vg_vec_in(arena, sizeof(vg_generated_statement)),
                   .out = out};
    const struct {
        vg_vec *list;
        const vg_str **texts;
        size_t *count;
    } lists[] = {{&g.guessed, &out->guessed, &out->guessed_count},
                 {&g.unchecked, &out->unchecked, &out->unchecked_count},
                 {&g.ungranted, &out->ungranted, &out->ungranted_count},
                 {&g.left_out, &out->left_out, &out->left_out_count}};
    for (size_t i = 0; i < VG_COUNT(lists); i++)
        *lists[i].list = vg_vec_in(arena, sizeof(vg_str));
    VG_TRY(collect(&g, err));
    VG_TRY(group(&g, err));
    VG_TRY(make_text(&g, err));
    VG_TRY(check(&g, err));
    out->statements = g.statements.items;
    out->statement_count = g.statements.len;
    for (size_t i = 0; i < VG_COUNT(lists); i++) {
        *lists[i].texts = lists[i].list->items;
        *lists[i].count = lists[i].list->len;
    }
    return VG_OK;
}
