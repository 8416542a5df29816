/* simulate.c: what an SCP or RCP would have made of calls that were made.
 *
 * SCPs are asked in two steps. First all uses by their columns (vg_policy_what_if), which settles nearly all of them at the
 * cost of a look-up. Those that the columns cannot settle are asked one by one with all that their records tell: the
 * resource, the address, the endpoint, multi-factor authentication. RCPs look at caller and resource together, so each use
 * is asked by itself. What is still open after that is told with what is missing, never as passed. */
#include "access/access.h"

#include <stdlib.h>

typedef struct {
    vg_arena *arena;
    const vg_world *world;
    const vg_activity *activity;
    const vg_simulation_question *question;
    const vg_policy *full_scp, *full_rcp, *full_resource, *full_identity;
    bool every_resource; /* the policy's statements are about "*" alone */
    vg_vec rows;
    vg_map *row_of;
    vg_buf key;
    vg_simulation out;
} simulator;

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while simulating");
}

static vg_policy_kind kind_of(const simulator *s)
{
    return vg_policy_document_of(s->question->policy)->kind;
}

/* ---- whom the policy binds ---------------------------------------------------------------------------------------------------- */

/* Whether `id` is a step of "o-x/r-x/ou-x/". */
static bool path_has(vg_str path, vg_str id)
{
    vg_str step;
    while (vg_str_next(&path, '/', &step))
        if (vg_str_eq(step, id))
            return true;
    return false;
}

static bool binds_account(const simulator *s, vg_str id)
{
    vg_str target = s->question->target;
    const vg_world_account *account = s->world ? vg_world_account_of(s->world, id) : NULL;
    if (account && account->is_management)
        return false;
    if (!target.len)
        return !s->world || !s->world->organization_id.len || (account && account->in_organization);
    return vg_str_eq(target, id) || (account && path_has(account->org_path, target));
}

static vg_status check_target(const simulator *s, vg_error *err)
{
    vg_str target = s->question->target;
    if (!target.len || vg_is_account_id(target))
        return VG_OK;
    for (size_t i = 0; s->world && i < s->world->account_count; i++)
        if (path_has(s->world->accounts[i].org_path, target))
            return VG_OK;
    return vg_fail(
        err, VG_ERR_NOT_FOUND,
        "no account is known below %.*s: give the id of a root, an OU or an account of the evidence",
        VG_ARG(target));
}

/* ---- levels ------------------------------------------------------------------------------------------------------------------- */

static vg_status compile_full(simulator *s, vg_policy_kind kind, const char *principal, const vg_policy **out,
                              vg_error *err)
{
    vg_policy_document *document = VG_NEW(s->arena, vg_policy_document);
    vg_str text =
        vg_arena_printf(s->arena,
                        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",%s\"Action\":\"*\","
                        "\"Resource\":\"*\"}]}",
                        principal);
    if (!document || !text.ptr)
        return no_memory(err);
    VG_TRY(vg_policy_read_text(s->arena, text, kind, VG_STR("full access"), document, err));
    return vg_policy_compile(s->arena, document, NULL, out, err);
}

/* The policy beside full access: what an added one refuses, its Deny statements alone do. */
static vg_status added_level(simulator *s, const vg_policy *full, vg_layer *out, vg_error *err)
{
    const vg_policy **policies = VG_NEW_N(s->arena, const vg_policy *, 2);
    if (!policies)
        return no_memory(err);
    policies[0] = full;
    policies[1] = s->question->policy;
    *out = (vg_layer){VG_LAYER_KNOWN, policies, 2, VG_STR("simulated")};
    return VG_OK;
}

/* Policies of the organisation are named "deny-leave (p-0123abcd)": either part names one. */
static bool is_named(const vg_policy *policy, vg_str text)
{
    vg_str name = vg_policy_document_of(policy)->name, before = name, id = {0};
    size_t at = vg_str_rfind_char(name, '(');
    if (at != VG_NPOS && at > 0 && vg_str_ends(name, VG_STR(")"))) {
        before = vg_str_trim(vg_str_sub(name, 0, at));
        id = vg_str_sub(name, at + 1, name.len - at - 2);
    }
    return vg_str_eq(name, text) || vg_str_eq(before, text) || vg_str_eq(id, text);
}

/* The account's levels with the policy in the place of the one that it replaces; *found: it binds the account. */
static vg_status replaced_levels(simulator *s, const vg_layer *from, size_t count, const vg_layer **out,
                                 bool *found, vg_error *err)
{
    vg_layer *levels = VG_NEW_N(s->arena, vg_layer, count + 1);
    if (!levels)
        return no_memory(err);
    *found = false;
    for (size_t l = 0; l < count; l++) {
        const vg_policy **policies = VG_NEW_N(s->arena, const vg_policy *, from[l].count + 1);
        if (!policies)
            return no_memory(err);
        for (size_t p = 0; p < from[l].count; p++) {
            bool is_it = is_named(from[l].policies[p], s->question->replaces);
            policies[p] = is_it ? s->question->policy : from[l].policies[p];
            *found = *found || is_it;
        }
        levels[l] = from[l];
        levels[l].policies = policies;
    }
    *out = levels;
    return VG_OK;
}

/* ---- rows --------------------------------------------------------------------------------------------------------------------- */

static vg_status add_row(simulator *s, const vg_activity_use *use, const vg_what_if_answer *answer,
                         vg_str missing, vg_error *err)
{
    s->out.passed += answer->would == VG_WOULD_PASS ? use->allowed : 0;
    s->out.refused += answer->would == VG_WOULD_REFUSE ? use->allowed : 0;
    s->out.unresolved += answer->would == VG_WOULD_UNRESOLVED ? use->allowed : 0;
    if (answer->would == VG_WOULD_PASS)
        return VG_OK;
    vg_buf_clear(&s->key);
    vg_buf_addf(&s->key, "%.*s\n%.*s\n%d %p %u\n%.*s", VG_ARG(use->principal), VG_ARG(use->action),
                (int)answer->would, (const void *)answer->policy, answer->statement, VG_ARG(missing));
    vg_map_entry *entry = s->key.failed ? NULL : vg_map_get(s->row_of, vg_buf_str(&s->key));
    if (!entry) {
        vg_str key = vg_arena_str(s->arena, vg_buf_str(&s->key));
        vg_simulated *row = vg_vec_push(&s->rows);
        entry = key.ptr && row ? vg_map_put(s->row_of, key, NULL) : NULL;
        if (!entry)
            return no_memory(err);
        *row = (vg_simulated){.would = answer->would,
                              .principal = use->principal,
                              .action = use->action,
                              .policy = answer->policy,
                              .statement = answer->statement,
                              .missing = missing,
                              .last = VG_TIME_NONE,
                              .account = use->account,
                              .region = use->region,
                              .resource = use->resource};
        entry->value.u64 = s->rows.len - 1;
    }
    vg_simulated *row = vg_vec_at(&s->rows, entry->value.u64);
    row->calls += use->allowed;
    row->last = use->last > row->last ? use->last : row->last;
    return VG_OK;
}

/* ---- one use, with all that is known of it ------------------------------------------------------------------------------------- */

static bool has_no_resource(const simulator *s, vg_str action)
{
    const vg_catalogue *catalogue = s->world ? s->world->catalogue : NULL;
    uint32_t id = catalogue ? vg_catalogue_find_action(catalogue, action) : VG_CATALOGUE_NONE;
    return id != VG_CATALOGUE_NONE && vg_catalogue_action_at(catalogue, id)->wildcard_only;
}

/* A request of the use. `context` holds VG_ACTIVITY_KEYS + 3 entries, `values` as many texts. */
static void request_of(const simulator *s, const vg_activity_use *use, vg_context_entry *context,
                       vg_str *values, vg_world_scratch *scratch, vg_request *out)
{
    vg_str resource = use->resource.len ? use->resource : VG_STR("*");
    size_t given = vg_activity_context_of(s->activity, use, context, values);
    if (s->world) {
        const vg_world_principal *known = vg_activity_principal(s->world, use);
        vg_world_caller caller = vg_world_caller_of(s->world, known ? known->arn : use->principal);
        vg_world_target target = vg_world_target_of(s->world, resource);
        vg_world_request(s->world, &caller, &target, use->action, context, given, scratch, out);
        if (use->account.len)
            out->resource_account = use->account;
        return;
    }
    static const char *const keys[] = {"aws:PrincipalArn", "aws:PrincipalAccount", "aws:ResourceAccount"};
    const vg_str told[] = {use->principal, use->principal_account, use->account};
    for (size_t i = 0; i < VG_COUNT(keys); i++) {
        if (!told[i].len || (i == 0 && s->activity->contexts[use->context].federated.len))
            continue;
        values[given] = told[i];
        context[given] =
            (vg_context_entry){vg_str_from(keys[i]), &values[given], 1, false, VG_CONTEXT_PRESENT};
        given++;
    }
    *out = (vg_request){.caller = vg_caller_of(use->principal),
                        .action = use->action,
                        .resource = resource,
                        .resource_account = use->account,
                        .context = context,
                        .context_count = given,
                        .open = true};
}

/* What decided, out of an explanation: the first Deny that holds, else the first statement that is open. */
static void find_reason(const vg_explanation *explanation, const vg_policy *of, vg_what_if_answer *answer,
                        vg_str *missing)
{
    for (size_t i = 0; i < explanation->statement_count; i++) {
        const vg_deciding_statement *d = &explanation->statements[i];
        bool refuses =
            answer->would == VG_WOULD_REFUSE && d->effect == VG_EFFECT_DENY && d->match == VG_MATCH_YES;
        bool is_open = answer->would == VG_WOULD_UNRESOLVED && d->match == VG_MATCH_UNKNOWN;
        if ((!refuses && !is_open) || (of && d->policy != of))
            continue;
        answer->policy = d->policy;
        answer->statement = d->statement;
        if (is_open && d->unresolved_count)
            *missing = d->unresolved[0]->key;
        return;
    }
}

static vg_status ask(simulator *s, const vg_activity_use *use, const vg_layers *layers, vg_error *err)
{
    vg_context_entry context[VG_ACTIVITY_KEYS + 3];
    vg_str values[VG_ACTIVITY_KEYS + 3];
    vg_world_scratch scratch;
    vg_request request;
    request_of(s, use, context, values, &scratch, &request);
    vg_decision decision = vg_policy_decide(&request, layers);
    vg_what_if_answer answer = {.would = decision.result == VG_ALLOWED            ? VG_WOULD_PASS
                                         : decision.result == VG_DECISION_UNKNOWN ? VG_WOULD_UNRESOLVED
                                                                                  : VG_WOULD_REFUSE};
    vg_str missing = {0};
    bool is_resource_open = !use->resource.len && !s->every_resource && !has_no_resource(s, use->action);
    if (is_resource_open && answer.would != VG_WOULD_REFUSE) {
        answer.would = VG_WOULD_UNRESOLVED;
        answer.policy = s->question->policy;
        return add_row(s, use, &answer, VG_STR("the resource"), err);
    }
    if (answer.would != VG_WOULD_PASS) {
        vg_explanation explanation;
        VG_TRY(vg_policy_explain(s->arena, &request, layers, &explanation, err));
        find_reason(&explanation, NULL, &answer, &missing);
    }
    return add_row(s, use, &answer, missing, err);
}

/* ---- SCPs ---------------------------------------------------------------------------------------------------------------------- */

/* The columns of the uses of accounts that share their levels. */
typedef struct {
    vg_vec principals, actions, accounts, regions, uses; /* vg_used_principal, vg_str, vg_use */
    vg_vec of;                                           /* const vg_activity_use *, by use */
    vg_map *principal_index, *text_index[3];
    const vg_layer *levels;
    size_t level_count;
} usage_group;

static uint32_t place_text(usage_group *g, size_t column, vg_vec *list, vg_str text, bool *failed)
{
    bool added;
    vg_map_entry *entry = vg_map_put(g->text_index[column], text, &added);
    vg_str *kept = entry && added ? vg_vec_push(list) : NULL;
    if (!entry || (added && !kept)) {
        *failed = true;
        return 0;
    }
    if (added) {
        *kept = text;
        entry->value.u64 = list->len - 1;
    }
    return (uint32_t)entry->value.u64;
}

/* A federated-user session is a principal of its own to SCPs, whosever policies it has. */
static uint32_t place_principal(usage_group *g, const vg_activity_use *use, vg_str federated, bool *failed)
{
    bool added;
    vg_str arn = federated.len ? federated : use->principal;
    vg_map_entry *entry = vg_map_put(g->principal_index, arn, &added);
    vg_used_principal *kept = entry && added ? vg_vec_push(&g->principals) : NULL;
    if (!entry || (added && !kept)) {
        *failed = true;
        return 0;
    }
    if (added) {
        *kept = (vg_used_principal){.arn = arn, .account = use->principal_account};
        entry->value.u64 = g->principals.len - 1;
    }
    return (uint32_t)entry->value.u64;
}

static vg_status add_to_group(usage_group *g, const vg_activity *activity, const vg_activity_use *use,
                              vg_error *err)
{
    bool failed = false;
    vg_str federated = activity->contexts[use->context].federated;
    vg_use *place = vg_vec_push(&g->uses);
    const vg_activity_use **of = vg_vec_push(&g->of);
    if (!place || !of)
        return no_memory(err);
    *of = use;
    *place = (vg_use){place_principal(g, use, federated, &failed),
                      place_text(g, 0, &g->actions, use->action, &failed),
                      place_text(g, 1, &g->accounts, use->account, &failed),
                      place_text(g, 2, &g->regions, use->region, &failed)};
    return failed ? no_memory(err) : VG_OK;
}

static bool group_init(simulator *s, usage_group *g)
{
    vg_arena *a = s->arena;
    *g = (usage_group){.principals = vg_vec_in(a, sizeof(vg_used_principal)),
                       .actions = vg_vec_in(a, sizeof(vg_str)),
                       .accounts = vg_vec_in(a, sizeof(vg_str)),
                       .regions = vg_vec_in(a, sizeof(vg_str)),
                       .uses = vg_vec_in(a, sizeof(vg_use)),
                       .of = vg_vec_in(a, sizeof(const vg_activity_use *)),
                       .principal_index = vg_map_new(a, 0),
                       .text_index = {vg_map_new(a, 0), vg_map_new(a, 0), vg_map_new(a, 0)}};
    return g->principal_index && g->text_index[0] && g->text_index[1] && g->text_index[2];
}

static vg_status ask_group(simulator *s, const usage_group *g, vg_error *err)
{
    const vg_usage usage = {g->principals.items, g->principals.len, g->actions.items, g->actions.len,
                            g->accounts.items,   g->accounts.len,   g->regions.items, g->regions.len,
                            g->uses.items,       g->uses.len};
    vg_what_if what_if;
    const vg_layers layers = {.identity = {VG_LAYER_KNOWN, &s->full_identity, 1, VG_STR("")},
                              .resource = {VG_LAYER_KNOWN, &s->full_resource, 1, VG_STR("")},
                              .scps = g->levels,
                              .scp_count = g->level_count};
    VG_TRY(vg_policy_what_if(s->arena, &usage, g->levels, g->level_count, &what_if, err));
    for (size_t i = 0; i < g->uses.len; i++) {
        const vg_activity_use *use = *(const vg_activity_use **)vg_vec_at(&g->of, i);
        const vg_what_if_answer *answer = &what_if.answers[what_if.answer_of[i]];
        if (answer->would == VG_WOULD_UNRESOLVED)
            VG_TRY(ask(s, use, &layers, err));
        else
            VG_TRY(add_row(s, use, answer, (vg_str){0}, err));
    }
    return VG_OK;
}

static const vg_layer *levels_of(const simulator *s, vg_str account, size_t *count)
{
    const vg_world_account *known = s->world ? vg_world_account_of(s->world, account) : NULL;
    *count = known ? known->scp_count : 0;
    return known ? known->scps : NULL;
}

/* A call counts once for its action, and once for another that it needed: its further resources are no further calls. */
static bool is_counted(const vg_activity_use *use)
{
    return use->kind == VG_USE_CALL || use->kind == VG_USE_NEED;
}

static bool is_bound_caller(const simulator *s, const vg_activity_use *use)
{
    return binds_account(s, use->principal_account) && !vg_caller_of(use->principal).service_linked;
}

/* Groups bound uses by the levels of their accounts (by all, when the policy is added). */
static vg_status simulate_scp(simulator *s, vg_error *err)
{
    bool replaces = s->question->replaces.len > 0, found_any = false;
    vg_map *groups = vg_map_new(s->arena, 0);
    if (!groups)
        return no_memory(err);
    for (size_t i = 0; i < s->activity->use_count; i++) {
        const vg_activity_use *use = &s->activity->uses[i];
        size_t count = 0;
        if (!is_counted(use))
            continue;
        const vg_layer *levels = replaces ? levels_of(s, use->principal_account, &count) : NULL;
        s->out.already_denied += use->denied;
        if (!is_bound_caller(s, use)) {
            s->out.not_bound += use->allowed;
            continue;
        }
        if (!use->allowed)
            continue;
        bool added;
        vg_str key = vg_arena_str(s->arena, vg_str_of((const char *)&levels, sizeof levels));
        vg_map_entry *entry = key.ptr ? vg_map_put(groups, key, &added) : NULL;
        usage_group *group = entry && added ? VG_NEW(s->arena, usage_group) : entry ? entry->value.ptr : NULL;
        if (!group || (added && !group_init(s, group)))
            return no_memory(err);
        entry->value.ptr = group;
        if (added && replaces) {
            bool found;
            group->level_count = count;
            VG_TRY(replaced_levels(s, levels, count, &group->levels, &found, err));
            found_any = found_any || found;
        } else if (added) {
            vg_layer *level = VG_NEW(s->arena, vg_layer);
            if (!level)
                return no_memory(err);
            VG_TRY(added_level(s, s->full_scp, level, err));
            group->levels = level;
            group->level_count = 1;
        }
        VG_TRY(add_to_group(group, s->activity, use, err));
    }
    if (replaces && vg_map_len(groups) && !found_any)
        return vg_fail(err, VG_ERR_USAGE,
                       "no policy named '%.*s' binds an account that was active below the target",
                       VG_ARG(s->question->replaces));
    for (size_t i = 0; i < vg_map_len(groups); i++)
        VG_TRY(ask_group(s, vg_map_at(groups, i)->value.ptr, err));
    return VG_OK;
}

/* ---- RCPs ---------------------------------------------------------------------------------------------------------------------- */

/* Calls that RCPs bind and that are in no use: of whom the activity keeps no account, it cannot be said how they would fare. */
static vg_status tell_unjudged(simulator *s, const char *who, uint64_t calls, vg_error *err)
{
    vg_simulated *row = calls ? vg_vec_push(&s->rows) : NULL;
    if (calls && !row)
        return no_memory(err);
    if (row)
        *row = (vg_simulated){.would = VG_WOULD_UNRESOLVED,
                              .principal = vg_str_from(who),
                              .action = VG_STR("*"),
                              .policy = s->question->policy,
                              .missing = VG_STR("who calls, and on what"),
                              .calls = calls,
                              .last = s->activity->last};
    s->out.unresolved += calls;
    return VG_OK;
}

static vg_status simulate_rcp(simulator *s, vg_error *err)
{
    vg_layer level;
    VG_TRY(added_level(s, s->full_rcp, &level, err));
    const vg_layers layers = {.identity = {VG_LAYER_KNOWN, &s->full_identity, 1, VG_STR("")},
                              .resource = {VG_LAYER_KNOWN, &s->full_resource, 1, VG_STR("")},
                              .rcps = &level,
                              .rcp_count = 1,
                              .rcp_services = s->question->rcp_services,
                              .rcp_service_count = s->question->rcp_service_count};
    for (size_t i = 0; i < s->activity->use_count; i++) {
        const vg_activity_use *use = &s->activity->uses[i];
        if (!is_counted(use))
            continue;
        bool bound = binds_account(s, use->account) && !vg_caller_of(use->principal).service_linked;
        s->out.already_denied += use->denied;
        s->out.not_bound += bound ? 0 : use->allowed;
        if (bound && use->allowed)
            VG_TRY(ask(s, use, &layers, err));
    }
    VG_TRY(tell_unjudged(s, "AWS services", s->activity->by_services, err));
    return tell_unjudged(s, "other accounts, anonymous callers and providers", s->activity->nameless, err);
}

/* ---- all together -------------------------------------------------------------------------------------------------------------- */

static int compare_rows(const void *left, const void *right)
{
    const vg_simulated *a = left, *b = right;
    if (a->would != b->would)
        return a->would == VG_WOULD_REFUSE ? -1 : 1;
    int order = vg_str_cmp(a->principal, b->principal);
    if (!order && a->calls != b->calls)
        return a->calls > b->calls ? -1 : 1;
    if (!order)
        order = vg_str_cmp(a->action, b->action);
    if (!order)
        order = a->statement < b->statement ? -1 : a->statement > b->statement;
    return order ? order : vg_str_cmp(a->missing, b->missing);
}

static bool is_about_every_resource(const vg_policy_document *document)
{
    for (size_t i = 0; i < document->statement_count; i++) {
        const vg_statement *s = &document->statements[i];
        bool star = !s->has_resource;
        for (size_t r = 0; r < s->resource_count; r++)
            star = star || vg_str_is(s->resources[r], "*");
        if (!star || s->not_resource)
            return false;
    }
    return true;
}

static vg_status simulate(simulator *s, vg_error *err)
{
    VG_TRY(check_target(s, err));
    VG_TRY(compile_full(s, VG_POLICY_SCP, "", &s->full_scp, err));
    VG_TRY(compile_full(s, VG_POLICY_RCP, "\"Principal\":\"*\",", &s->full_rcp, err));
    VG_TRY(compile_full(s, VG_POLICY_RESOURCE, "\"Principal\":\"*\",", &s->full_resource, err));
    VG_TRY(compile_full(s, VG_POLICY_IDENTITY, "", &s->full_identity, err));
    return kind_of(s) == VG_POLICY_RCP ? simulate_rcp(s, err) : simulate_scp(s, err);
}

vg_status vg_simulate(vg_arena *arena, const vg_world *world, const vg_activity *activity,
                      const vg_simulation_question *question, vg_simulation *out, vg_error *err)
{
    simulator s = {.arena = arena,
                   .world = world,
                   .activity = activity,
                   .question = question,
                   .every_resource = is_about_every_resource(vg_policy_document_of(question->policy)) &&
                                     !question->replaces.len,
                   .rows = vg_vec_in(arena, sizeof(vg_simulated)),
                   .row_of = vg_map_new(arena, 0)};
    if (!s.row_of)
        return no_memory(err);
    vg_status status = simulate(&s, err);
    vg_buf_free(&s.key);
    VG_TRY(status);
    if (s.rows.len > 1)
        qsort(s.rows.items, s.rows.len, sizeof(vg_simulated), compare_rows);
    *out = s.out;
    out->rows = s.rows.items;
    out->row_count = s.rows.len;
    return VG_OK;
}
