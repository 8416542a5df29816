/* org_advice.c: where an organisation differs from AWS's guidance for many accounts, and what would mend it.
 *
 * Each account is asked where it belongs: what the user's mapping says comes first, then what its name says; a closed
 * account belongs with the suspended ones. Where that is not where it is, it should move; where there is no OU for it, the
 * OU is missing and the accounts that want it are told with it. Names that say nothing lead to no advice. The guidance
 * itself (which OUs, for which accounts, how urgent) is content/organization/guidance.yaml. */
#include "assess/assess_part.h"

#include <stdlib.h>

typedef struct {
    vg_str function, name, why;
    bool always;
    vg_severity severity;
    const vg_str *words;
    size_t word_count;
    const vg_value *guardrails; /* names that OUs of the function should have; NULL: none */
    vg_vec unplaced;            /* uint32_t: accounts that belong here, with no such OU to move to */
} guide;

enum { MOST_GUIDES = 16, NO_GUIDE = MOST_GUIDES };

typedef struct {
    vg_arena *arena;
    const vg_tree *tree;
    const vg_tree_guardrails *guardrails; /* NULL: nobody asked */
    guide guides[MOST_GUIDES];
    size_t guide_count;
    vg_vec advice;
    bool failed;
} adviser;

/* ---- the guidance ------------------------------------------------------------------------------------------------------------- */

static vg_status read_guide(adviser *a, const vg_doc *doc, const vg_value *v, vg_error *err)
{
    const vg_value *words = vg_get(v, VG_STR("accounts"));
    vg_str *list = VG_NEW_N(a->arena, vg_str, vg_value_count(words ? words : v) + 1);
    vg_str required = vg_get_str(v, "required");
    if (!list)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading the guidance");
    if (a->guide_count == MOST_GUIDES)
        return vg_fail_at(err, VG_ERR_LIMIT, vg_doc_place(doc, v),
                          "the guidance names more than %d functions", MOST_GUIDES);
    guide *g = &a->guides[a->guide_count++];
    *g = (guide){.function = vg_get_str(v, "function"),
                 .name = vg_get_str(v, "name"),
                 .why = vg_get_str(v, "why"),
                 .always = vg_str_is(required, "always"),
                 .words = list,
                 .guardrails = vg_get(v, VG_STR("guardrails")),
                 .unplaced = vg_vec_in(a->arena, sizeof(uint32_t))};
    for (vg_items it = vg_items_of(words && words->kind == VG_ARRAY ? words : NULL); vg_items_next(&it);)
        list[g->word_count++] = vg_value_str(it.value);
    if (!g->function.len || !g->name.len || (!g->always && !vg_str_is(required, "when-accounts")) ||
        !vg_severity_parse(vg_get_str(v, "severity"), &g->severity))
        return vg_fail_at(
            err, VG_ERR_VALUE, vg_doc_place(doc, v),
            "a function of the guidance needs function, name, required (always or when-accounts) and "
            "severity");
    return VG_OK;
}

static vg_status read_guidance(adviser *a, vg_str text, vg_error *err)
{
    vg_doc doc;
    VG_TRY(vg_yaml_read(a->arena, text, VG_STR("organization/guidance.yaml"), NULL, &doc, err));
    for (vg_items it = vg_items_of(doc.root->kind == VG_ARRAY ? doc.root : NULL); vg_items_next(&it);)
        VG_TRY(read_guide(a, &doc, it.value, err));
    return a->guide_count ? VG_OK
                          : vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(&doc, doc.root),
                                       "the guidance must be a list of functions");
}

static size_t guide_named(const adviser *a, const char *function)
{
    for (size_t g = 0; g < a->guide_count; g++)
        if (vg_str_is(a->guides[g].function, function))
            return g;
    return NO_GUIDE;
}

/* ---- where an account belongs and where it is ---------------------------------------------------------------------------------- */

static bool is_active(const vg_tree_node *node)
{
    return node->status.len == 0 || vg_str_is(node->status, "ACTIVE");
}

/* The stage that the mapping tells, else the name; NONE where the mapping tells both. */
static vg_stage stage_of(const vg_tree_node *account)
{
    vg_stage stage = VG_STAGE_NONE;
    for (size_t i = 0; i < account->workload_count; i++) {
        size_t space = vg_str_rfind_char(account->workloads[i], ' ');
        vg_stage one = space == VG_NPOS
                           ? VG_STAGE_NONE
                           : vg_stage_of_name(vg_str_sub(account->workloads[i], space + 1, VG_NPOS));
        if (stage != VG_STAGE_NONE && one != stage)
            return VG_STAGE_NONE;
        stage = one;
    }
    return account->workload_count ? stage : vg_stage_of_name(account->name);
}

static size_t where_it_belongs(const adviser *a, const vg_tree_node *account)
{
    if (!is_active(account))
        return guide_named(a, "suspended");
    if (account->workload_count)
        return guide_named(a, "workloads");
    for (size_t g = 0; g < a->guide_count; g++)
        if (vg_name_has(account->name, a->guides[g].words, a->guides[g].word_count))
            return g;
    return vg_stage_of_name(account->name) == VG_STAGE_NONE ? NO_GUIDE : guide_named(a, "workloads");
}

static bool is_of_family(const char *function, vg_str family)
{
    vg_str text = vg_str_from(function);
    return vg_str_eq(text, family) ||
           (vg_str_is(family, "workloads") && vg_str_starts(text, VG_STR("workloads-")));
}

static bool is_one_of(const char *function, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(function, *list) == 0)
            return true;
    return false;
}

/* Whether an account that belongs to `want` may stay in an OU of `have`. Sandboxes take in development; an OU that no name
 * explains is taken for one of workloads; exceptions and transitions are meant to differ. */
static bool may_stay(const char *have, vg_str want, vg_stage stage)
{
    static const char *const anything[] = {"exceptions", "transitional", "policy-staging", NULL};
    static const char *const workloads[] = {"other", "individual-business-users", "sandbox", NULL};
    static const char *const deployments[] = {"infrastructure", "other", NULL};
    if (vg_str_is(want, "suspended"))
        return strcmp(have, "suspended") == 0;
    if (is_one_of(have, anything))
        return true;
    if (vg_str_is(want, "workloads")) {
        if (strcmp(have, "sandbox") == 0)
            return stage != VG_STAGE_PROD;
        bool is_wrong_stage = (strcmp(have, "workloads-prod") == 0 && stage == VG_STAGE_NONPROD) ||
                              (strcmp(have, "workloads-nonprod") == 0 && stage == VG_STAGE_PROD);
        return !is_wrong_stage && (is_of_family(have, want) || is_one_of(have, workloads));
    }
    return is_of_family(have, want) || (vg_str_is(want, "deployments") && is_one_of(have, deployments));
}

/* ---- where to move it ------------------------------------------------------------------------------------------------------------ */

/* The one OU of these functions that is nearest to the root. NULL: none, or several so near (*any tells which). */
static const vg_tree_node *unit_of(const vg_tree *tree, vg_str family, const char *exactly, bool *any)
{
    const vg_tree_node *best = NULL;
    bool is_tie = false;
    for (size_t i = 0; i < tree->node_count; i++) {
        const vg_tree_node *node = &tree->nodes[i];
        bool fits = exactly ? strcmp(node->function, exactly) == 0 : is_of_family(node->function, family);
        if (node->is_account || node->is_root || !node->in_tree || !fits)
            continue;
        *any = true;
        if (!best || node->depth < best->depth) {
            best = node;
            is_tie = false;
        } else if (node->depth == best->depth) {
            is_tie = true;
        }
    }
    return is_tie ? NULL : best;
}

static const vg_tree_node *place_for(const vg_tree *tree, vg_str want, vg_stage stage, bool *any)
{
    const char *staged = stage == VG_STAGE_PROD      ? "workloads-prod"
                         : stage == VG_STAGE_NONPROD ? "workloads-nonprod"
                                                     : NULL;
    bool ignored = false;
    const vg_tree_node *unit =
        vg_str_is(want, "workloads") && staged ? unit_of(tree, want, staged, &ignored) : NULL;
    *any = ignored;
    return unit ? unit : unit_of(tree, want, NULL, any);
}

/* ---- advice ----------------------------------------------------------------------------------------------------------------------- */

static vg_advice *add_advice(adviser *a, const char *kind, vg_severity severity, vg_str subject, vg_str name)
{
    vg_advice *advice = vg_vec_push(&a->advice);
    if (!advice) {
        a->failed = true;
        return NULL;
    }
    *advice = (vg_advice){.kind = kind, .severity = severity, .subject = subject, .name = name};
    return advice;
}

static vg_severity severity_of_move(const vg_tree_node *account, bool from_root)
{
    return !is_active(account) || from_root ? VG_SEVERITY_MEDIUM : VG_SEVERITY_LOW;
}

static void advise_move(adviser *a, const vg_tree_node *account, const vg_tree_node *target, vg_str want)
{
    const vg_tree_node *from = &a->tree->nodes[account->parent];
    vg_advice *advice =
        add_advice(a, "move-account", severity_of_move(account, from->is_root), account->id, account->name);
    if (!advice)
        return;
    const char *why = !is_active(account)       ? "it is not active"
                      : account->workload_count ? "the mapping places a workload here"
                                                : "its name says so";
    if (want.len)
        advice->message = vg_arena_printf(
            a->arena, "%.*s (%.*s) stands in %.*s and belongs into an OU for %.*s: %s", VG_ARG(account->name),
            VG_ARG(account->id), VG_ARG(account->path), VG_ARG(want), why);
    else
        advice->message = vg_arena_printf(
            a->arena, "%.*s (%.*s) stands directly under the root, where no guardrail of an OU binds it",
            VG_ARG(account->name), VG_ARG(account->id));
    if (!target)
        return;
    advice->target = target->id;
    advice->command = vg_arena_printf(a->arena,
                                      "aws organizations move-account --account-id %.*s --source-parent-id "
                                      "%.*s --destination-parent-id %.*s",
                                      VG_ARG(account->id), VG_ARG(from->id), VG_ARG(target->id));
}

static void look_at_account(adviser *a, uint32_t index)
{
    const vg_tree_node *account = &a->tree->nodes[index];
    if (!account->is_account || account->is_management || !account->in_tree || account->parent == UINT32_MAX)
        return;
    bool in_root = a->tree->nodes[account->parent].is_root, any = false;
    size_t g = where_it_belongs(a, account);
    if (g == NO_GUIDE && !in_root)
        return;
    vg_str want = g == NO_GUIDE ? (vg_str){0} : a->guides[g].function;
    vg_stage stage = stage_of(account);
    if (g != NO_GUIDE && !in_root && may_stay(account->function, want, stage))
        return;
    const vg_tree_node *target = g == NO_GUIDE ? NULL : place_for(a->tree, want, stage, &any);
    if (target && target == &a->tree->nodes[account->parent])
        return;
    if (g == NO_GUIDE || any) {
        advise_move(a, account, target, want);
        return;
    }
    uint32_t *unplaced = vg_vec_push(&a->guides[g].unplaced);
    if (unplaced)
        *unplaced = index;
    else
        a->failed = true;
}

static void advise_missing(adviser *a, const guide *g, const vg_tree_node *root)
{
    bool any = false;
    (void)unit_of(a->tree, g->function, NULL, &any);
    if (any || (!g->always && g->unplaced.len == 0))
        return;
    vg_advice *advice = add_advice(a, "missing-ou", g->severity, root->id, g->name);
    if (!advice)
        return;
    vg_buf text = {0};
    vg_buf_addf(&text, "there is no OU for %.*s: %.*s", VG_ARG(g->function), VG_ARG(g->why));
    for (size_t i = 0; i < g->unplaced.len; i++) {
        const vg_tree_node *account = &a->tree->nodes[*(uint32_t *)vg_vec_at(&g->unplaced, i)];
        vg_buf_addf(&text, "%s%.*s (%.*s)", i ? ", " : "; would move there: ", VG_ARG(account->name),
                    VG_ARG(account->id));
    }
    advice->message = vg_arena_str(a->arena, vg_buf_str(&text));
    a->failed = a->failed || text.failed || !advice->message.ptr;
    vg_buf_free(&text);
    advice->command = vg_arena_printf(
        a->arena, "aws organizations create-organizational-unit --parent-id %.*s --name '%.*s'",
        VG_ARG(root->id), VG_ARG(g->name));
}

static void look_at_unit(adviser *a, uint32_t index)
{
    static const char *const apart[] = {"other", "workloads", NULL};
    const vg_tree_node *unit = &a->tree->nodes[index];
    unsigned stages = 0;
    if (unit->is_account || unit->is_root || !unit->in_tree)
        return;
    if (strcmp(unit->function, "other") == 0 && vg_is_department_name(unit->name)) {
        vg_advice *advice = add_advice(a, "department-ou", VG_SEVERITY_LOW, unit->id, unit->name);
        if (advice)
            advice->message =
                vg_arena_printf(a->arena,
                                "%.*s is named like a department: group accounts by function and common "
                                "controls, which change less often than reporting lines",
                                VG_ARG(unit->path));
    }
    for (size_t i = 0; i < a->tree->node_count && is_one_of(unit->function, apart); i++)
        if (a->tree->nodes[i].is_account && a->tree->nodes[i].parent == index &&
            is_active(&a->tree->nodes[i]))
            stages |= 1U << stage_of(&a->tree->nodes[i]);
    if ((stages & (1U << VG_STAGE_PROD)) == 0 || (stages & (1U << VG_STAGE_NONPROD)) == 0)
        return;
    vg_advice *advice = add_advice(a, "mixed-ou", VG_SEVERITY_MEDIUM, unit->id, unit->name);
    if (advice)
        advice->message =
            vg_arena_printf(a->arena,
                            "%.*s holds production and other accounts: no guardrail can bind the one and "
                            "spare the other; make an OU for each below it",
                            VG_ARG(unit->path));
}

/* The place of a guardrail's name among those that are known, or vg_guardrail_count. */
static size_t guardrail_named(vg_str name)
{
    size_t g = 0;
    while (g < vg_guardrail_count && !vg_str_is(name, vg_guardrail_names[g]))
        g++;
    return g;
}

/* An OU that is told by its parent's function (Workloads/Prod below Workloads) is not told again. */
static bool is_told_above(const adviser *a, uint32_t index, size_t g, vg_guardrail_state state)
{
    for (uint32_t up = a->tree->nodes[index].parent; up != UINT32_MAX; up = a->tree->nodes[up].parent)
        if (!a->tree->nodes[up].is_root && a->guardrails->states[up * vg_guardrail_count + g] == state &&
            strcmp(a->tree->nodes[up].function, "other") != 0)
            return true;
    return false;
}

static void look_at_guardrails(adviser *a, uint32_t index)
{
    const vg_tree_node *unit = &a->tree->nodes[index];
    if (unit->is_account || unit->is_root || !unit->in_tree)
        return;
    for (size_t g = 0; g < a->guide_count; g++) {
        if (!is_of_family(unit->function, a->guides[g].function) || !a->guides[g].guardrails)
            continue;
        for (vg_items it = vg_items_of(a->guides[g].guardrails); vg_items_next(&it);) {
            size_t rail = guardrail_named(vg_value_str(it.value));
            vg_guardrail_state state = rail == vg_guardrail_count
                                           ? VG_GUARDRAIL_UNKNOWN
                                           : a->guardrails->states[index * vg_guardrail_count + rail];
            bool lacks = state == VG_GUARDRAIL_NO || state == VG_GUARDRAIL_SOME;
            if (!lacks || is_told_above(a, index, rail, state))
                continue;
            vg_advice *advice = add_advice(a, "missing-guardrail",
                                           state == VG_GUARDRAIL_NO ? VG_SEVERITY_MEDIUM : VG_SEVERITY_LOW,
                                           unit->id, unit->name);
            if (advice)
                advice->message = vg_arena_printf(
                    a->arena, "%.*s %s the guardrail %s, which OUs for %.*s should have", VG_ARG(unit->path),
                    state == VG_GUARDRAIL_NO ? "lacks" : "has only in part, or not for every account,",
                    vg_guardrail_names[rail], VG_ARG(a->guides[g].function));
        }
    }
}

static int compare_advice(const void *left, const void *right)
{
    const vg_advice *a = left, *b = right;
    if (a->severity != b->severity)
        return a->severity > b->severity ? -1 : 1;
    int order = strcmp(a->kind, b->kind);
    if (!order)
        order = vg_str_cmp(a->subject, b->subject);
    if (!order)
        order = vg_str_cmp(a->name, b->name);
    return order ? order : vg_str_cmp(a->message, b->message);
}

static bool messages_are_there(const adviser *a)
{
    for (size_t i = 0; i < a->advice.len; i++)
        if (!((const vg_advice *)vg_vec_at(&a->advice, i))->message.ptr)
            return false;
    return !a->failed;
}

vg_status vg_tree_advise(vg_arena *arena, const vg_tree *tree, vg_str guidance,
                         const vg_tree_guardrails *guardrails, const vg_advice **out, size_t *count,
                         vg_error *err)
{
    adviser a = {.arena = arena,
                 .tree = tree,
                 .guardrails = guardrails,
                 .advice = vg_vec_in(arena, sizeof(vg_advice))};
    VG_TRY(read_guidance(&a, guidance, err));
    for (uint32_t i = 0; i < tree->node_count; i++) {
        look_at_account(&a, i);
        look_at_unit(&a, i);
        if (guardrails)
            look_at_guardrails(&a, i);
    }
    for (size_t i = 0; i < tree->node_count; i++)
        for (size_t g = 0; g < a.guide_count && tree->nodes[i].is_root; g++)
            advise_missing(&a, &a.guides[g], &tree->nodes[i]);
    if (!messages_are_there(&a))
        return vg_fail(err, VG_ERR_MEMORY,
                       "memory ran out while comparing the organisation with the guidance");
    if (a.advice.len > 1)
        qsort(a.advice.items, a.advice.len, sizeof(vg_advice), compare_advice);
    *out = a.advice.items;
    *count = a.advice.len;
    return VG_OK;
}
