/* matrix_grant.c: a policy's statements as sets of actions: which they speak of on every resource, which on some.
 *
 * What a pattern of ARNs can match is asked of the catalogue once for each pattern: which resource types, and whether all
 * of a type. An action then takes of the statement what its resource types say: all of it when all its types are wholly
 * matched, some when one can be matched at all. An action without resource types is matched by "*" and by NotResource alone
 * (Service Authorization Reference, "Actions table"). */
#include "policy/matrix_part.h"

/* How a pattern, or all of a statement together, takes a resource type: the greater takes more. */
enum { TAKES_NONE, TAKES_SOME, TAKES_OWN /* all of one account */, TAKES_ALL };

typedef struct {
    uint32_t type;
    uint8_t takes;
} taken_type;

typedef struct {
    const taken_type *types;
    uint32_t count;
    vg_str account; /* digits of the pattern, when its types are TAKES_OWN */
} taken;

struct vg_grant_compiler {
    vg_arena *arena;
    const vg_catalogue *catalogue;
    vg_str partition;
    vg_map *patterns; /* text of a pattern to its taken */
    vg_map *services; /* service of an ARN to a vg_vec of types */
    uint32_t type_count, action_count;
    uint32_t *first_action; /* type t is taken by actions[first_action[t] .. first_action[t + 1]) */
    uint32_t *actions;
    uint8_t *marks;                  /* by type, of the statement at hand */
    vg_vec marked;                   /* types with marks */
    vg_action_set every, none_typed; /* all actions; those without resource types */
    vg_action_set all, own, some;    /* of the statement at hand */
    vg_action_set both;
    vg_sparse everything;
    uint32_t grant_count;
    uint64_t pattern_work; /* so far */
};

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while laying out the matrix");
}

uint32_t vg_grant_count(const vg_grant_compiler *c)
{
    return c->grant_count;
}

const uint64_t *vg_wildcard_only_actions(const vg_grant_compiler *c)
{
    return c->none_typed.words;
}

/* ---- the catalogue, the other way round ------------------------------------------------------------------------------------------ */

/* Counts first, then fills: the actions of a type stand together. */
static bool list_actions_by_type(vg_grant_compiler *c)
{
    for (uint32_t a = 0; a < c->action_count; a++)
        for (uint32_t u = 0; u < vg_catalogue_action_at(c->catalogue, a)->use_count; u++)
            c->first_action[vg_catalogue_action_at(c->catalogue, a)->uses[u].resource + 1]++;
    for (uint32_t t = 0; t < c->type_count; t++)
        c->first_action[t + 1] += c->first_action[t];
    uint32_t *next = VG_NEW_N(c->arena, uint32_t, c->type_count + 1);
    c->actions = VG_NEW_N(c->arena, uint32_t, c->first_action[c->type_count] + 1);
    if (!next || !c->actions)
        return false;
    memcpy(next, c->first_action, c->type_count * sizeof *next);
    for (uint32_t a = 0; a < c->action_count; a++) {
        const vg_catalogue_action *action = vg_catalogue_action_at(c->catalogue, a);
        for (uint32_t u = 0; u < action->use_count; u++)
            c->actions[next[action->uses[u].resource]++] = a;
        if (action->use_count == 0)
            vg_action_set_add(&c->none_typed, a);
    }
    return true;
}

static bool list_types_by_service(vg_grant_compiler *c)
{
    for (uint32_t t = 0; t < c->type_count; t++) {
        const vg_catalogue_resource *type = vg_catalogue_resource_at(c->catalogue, t);
        for (uint32_t i = 0; i < type->arn_count; i++) {
            vg_arn_cut cut = vg_arn_cut_of(type->arns[i]);
            vg_map_entry *entry = vg_map_put(c->services, cut.segment[2], NULL);
            if (entry && !entry->value.ptr && (entry->value.ptr = VG_NEW(c->arena, vg_vec)))
                *(vg_vec *)entry->value.ptr = vg_vec_in(c->arena, sizeof(uint32_t));
            vg_vec *list = entry ? entry->value.ptr : NULL;
            bool listed = list && list->len > 0 && *(uint32_t *)vg_vec_at(list, list->len - 1) == t;
            uint32_t *place = list && !listed ? vg_vec_push(list) : NULL;
            if (!listed && !place)
                return false;
            if (place)
                *place = t;
        }
    }
    return true;
}

vg_grant_compiler *vg_grant_compiler_new(vg_arena *arena, const vg_catalogue *catalogue, vg_str partition)
{
    vg_grant_compiler *c = VG_NEW(arena, vg_grant_compiler);
    vg_run *run = VG_NEW(arena, vg_run);
    const vg_catalogue_origin *origin = vg_catalogue_origin_of(catalogue);
    if (!c || !run)
        return NULL;
    c->arena = arena;
    c->catalogue = catalogue;
    c->partition = partition;
    c->patterns = vg_map_new(arena, 11);
    c->services = vg_map_new(arena, 12);
    c->type_count = (uint32_t)origin->resource_count;
    c->action_count = (uint32_t)origin->action_count;
    c->first_action = VG_NEW_N(arena, uint32_t, c->type_count + 2);
    c->marks = VG_NEW_N(arena, uint8_t, c->type_count + 1);
    c->marked = vg_vec_in(arena, sizeof(uint32_t));
    vg_action_set *sets[] = {&c->every, &c->none_typed, &c->all, &c->own, &c->some, &c->both};
    for (size_t i = 0; i < VG_COUNT(sets); i++)
        if (!(*sets[i] = vg_action_set_new(arena, catalogue)).words)
            return NULL;
    if (!c->patterns || !c->services || !c->first_action || !c->marks)
        return NULL;
    vg_action_set_add_range(&c->every, 0, c->action_count);
    *run = (vg_run){0, (uint32_t)c->every.word_count, c->every.words};
    c->everything = (vg_sparse){run, 1};
    return list_actions_by_type(c) && list_types_by_service(c) ? c : NULL;
}

/* ---- patterns ------------------------------------------------------------------------------------------------------------------------ */

enum { TEXT_MAX = 512 };

/* A type's ARN as a pattern of all ARNs of the type in the partition, in one account if `account` is not empty. Empty when
 * it does not fit. */
static vg_str pattern_of_type(const vg_grant_compiler *c, vg_str arn, vg_str account, char out[TEXT_MAX])
{
    vg_buf text = {.ptr = out, .cap = TEXT_MAX};
    for (size_t i = 0; i < arn.len;) {
        vg_str rest = vg_str_sub(arn, i, VG_NPOS), put = vg_str_sub(rest, 0, 1);
        size_t end = vg_str_starts(rest, VG_STR("${")) ? vg_str_find_char(rest, '}') : VG_NPOS, used = 1;
        if (end != VG_NPOS) {
            vg_str name = vg_str_sub(rest, 2, end - 2);
            put = vg_str_is(name, "Partition")                ? c->partition
                  : vg_str_is(name, "Account") && account.len ? account
                                                              : VG_STR("*");
            used = end + 1;
        }
        if (text.len + put.len > TEXT_MAX)
            return (vg_str){0};
        memcpy(out + text.len, put.ptr, put.len);
        text.len += put.len;
        i += used;
    }
    return vg_str_of(out, text.len);
}

vg_match vg_cuts_overlap(const vg_arn_cut *a, const vg_arn_cut *b, uint64_t *steps)
{
    vg_match all = VG_MATCH_YES;
    if (a->count < VG_ARN_SEGMENTS || b->count < VG_ARN_SEGMENTS)
        return vg_str_is(a->text, "*") || vg_str_is(b->text, "*") ? VG_MATCH_YES : VG_MATCH_NO;
    for (unsigned i = 0; i < VG_ARN_SEGMENTS && all != VG_MATCH_NO; i++)
        all = vg_match_and(all, vg_glob_overlaps(a->segment[i], b->segment[i], steps));
    return all;
}

vg_match vg_cut_covers(const vg_arn_cut *a, const vg_arn_cut *b, uint64_t *steps)
{
    vg_match all = VG_MATCH_YES;
    if (vg_str_is(a->text, "*"))
        return VG_MATCH_YES;
    if (a->count < VG_ARN_SEGMENTS || b->count < VG_ARN_SEGMENTS)
        return VG_MATCH_NO;
    for (unsigned i = 0; i < VG_ARN_SEGMENTS && all != VG_MATCH_NO; i++)
        all = vg_match_and(all, vg_glob_covers(a->segment[i], b->segment[i], steps));
    return all;
}

static bool covers_type(const vg_grant_compiler *c, const vg_arn_cut *pattern, uint32_t type, vg_str account)
{
    const vg_catalogue_resource *resource = vg_catalogue_resource_at(c->catalogue, type);
    char text[TEXT_MAX];
    for (uint32_t i = 0; i < resource->arn_count; i++) {
        vg_arn_cut all = vg_arn_cut_of(pattern_of_type(c, resource->arns[i], account, text));
        uint64_t steps = 0;
        if (vg_cut_covers(pattern, &all, &steps) != VG_MATCH_YES)
            return false;
    }
    return resource->arn_count > 0;
}

static uint8_t takes_type(const vg_grant_compiler *c, const vg_arn_cut *cut, uint32_t type, bool exactly)
{
    if (!exactly)
        return TAKES_SOME;
    if (covers_type(c, cut, type, VG_STR("")))
        return TAKES_ALL;
    vg_str account = cut->segment[4];
    return vg_is_account_id(account) && covers_type(c, cut, type, account) ? TAKES_OWN : TAKES_SOME;
}

static vg_status take_types(vg_grant_compiler *c, const vg_arn_cut *cut, const vg_vec *candidates,
                            bool exactly, vg_vec *out, vg_error *err)
{
    for (size_t i = 0; i < (candidates ? candidates->len : c->type_count); i++) {
        uint32_t type = candidates ? *(uint32_t *)vg_vec_at(candidates, i) : (uint32_t)i;
        if (!vg_catalogue_resource_fits(c->catalogue, type, cut->text))
            continue;
        taken_type *place = vg_vec_push(out);
        if (!place)
            return out_of_memory(err);
        *place = (taken_type){type, takes_type(c, cut, type, exactly)};
    }
    return VG_OK;
}

/* Which types a pattern takes, looked up once for each text. `exactly` false: variables were replaced by '*', so it takes
 * less than it looks. */
static vg_status types_of(vg_grant_compiler *c, const vg_arn_cut *cut, bool exactly, const taken **out,
                          vg_error *err)
{
    vg_map_entry *entry = exactly ? vg_map_put(c->patterns, cut->text, NULL) : NULL;
    if (entry && entry->value.ptr) {
        *out = entry->value.ptr;
        return VG_OK;
    }
    taken *t = VG_NEW(c->arena, taken);
    vg_vec types = vg_vec_in(c->arena, sizeof(taken_type));
    vg_str service = cut->count > 2 ? cut->segment[2] : VG_STR("*");
    bool any_service = vg_str_find_char(service, '*') != VG_NPOS || vg_str_find_char(service, '?') != VG_NPOS;
    const vg_map_entry *listed = any_service ? NULL : vg_map_get(c->services, service);
    if (!t || (exactly && !entry))
        return out_of_memory(err);
    if (any_service || listed)
        VG_TRY(take_types(c, cut, listed ? listed->value.ptr : NULL, exactly, &types, err));
    *t = (taken){types.items, (uint32_t)types.len, {0}};
    if (cut->count == VG_ARN_SEGMENTS && vg_is_account_id(cut->segment[4]))
        t->account = cut->segment[4];
    if (entry)
        entry->value.ptr = t;
    *out = t;
    return VG_OK;
}

/* ---- sets -------------------------------------------------------------------------------------------------------------------------------- */

/* Takes what is set out of the scratch set, as runs; the set is empty afterwards. */
static vg_status take_sparse(vg_grant_compiler *c, vg_action_set *set, vg_sparse *out, vg_error *err)
{
    uint32_t runs = 0, n = (uint32_t)set->word_count;
    for (uint32_t w = 0; w < n; w++)
        runs += set->words[w] && (w == 0 || !set->words[w - 1]);
    vg_run *list = VG_NEW_N(c->arena, vg_run, runs ? runs : 1);
    if (!list)
        return out_of_memory(err);
    *out = (vg_sparse){list, 0};
    for (uint32_t w = 0; w < n; w++) {
        uint32_t end = w;
        while (end < n && set->words[end])
            end++;
        if (end == w)
            continue;
        uint64_t *words = VG_NEW_N(c->arena, uint64_t, end - w);
        if (!words)
            return out_of_memory(err);
        memcpy(words, set->words + w, (end - w) * sizeof *words);
        memset(set->words + w, 0, (end - w) * sizeof *words);
        list[out->count++] = (vg_run){w, end - w, words};
        w = end;
    }
    return VG_OK;
}

/* What the marked types say of an action. */
static void classify(vg_grant_compiler *c, uint32_t action, bool others)
{
    const vg_catalogue_action *a = vg_catalogue_action_at(c->catalogue, action);
    uint8_t least = TAKES_ALL, most = TAKES_NONE;
    for (uint32_t u = 0; u < a->use_count; u++) {
        uint8_t takes = c->marks[a->uses[u].resource];
        least = takes < least ? takes : least;
        most = takes > most ? takes : most;
    }
    if (others) { /* all but what is taken */
        if (most == TAKES_NONE)
            vg_action_set_add(&c->all, action);
        else if (least < TAKES_ALL)
            vg_action_set_add(&c->some, action);
        return;
    }
    if (a->use_count == 0 || most == TAKES_NONE)
        return;
    if (least == TAKES_ALL) {
        vg_action_set_add(&c->all, action);
        return;
    }
    vg_action_set_add(&c->some, action);
    if (least >= TAKES_OWN)
        vg_action_set_add(&c->own, action);
}

static bool has_action(const vg_grant_compiler *c, const vg_rule *rule, uint32_t action)
{
    if (rule->every_action)
        return !rule->not_action;
    uint32_t service = vg_catalogue_action_at(c->catalogue, action)->service;
    for (uint32_t r = 0; r < rule->row_count; r++)
        if (rule->rows[r].service == service)
            return ((rule->rows[r].words[action / 64 - rule->rows[r].base] >> (action % 64)) & 1) !=
                   rule->not_action;
    return rule->not_action;
}

/* The words of a row: those of its service's actions. */
static uint32_t row_words(const vg_grant_compiler *c, const vg_action_row *row)
{
    const vg_catalogue_service *s = vg_catalogue_service_at(c->catalogue, row->service);
    return (s->first_action + s->action_count + 63) / 64 - row->base;
}

static void classify_row(vg_grant_compiler *c, const vg_action_row *row, bool others)
{
    for (uint32_t w = 0; w < row_words(c, row); w++)
        for (uint64_t bits = row->words[w]; bits; bits &= bits - 1)
            classify(c, (row->base + w) * 64 + (uint32_t)__builtin_ctzll(bits), others);
}

/* Puts the statement's actions into the scratch sets, by the marked types. */
static void classify_actions(vg_grant_compiler *c, const vg_rule *rule, bool others)
{
    bool by_rows = !rule->every_action && !rule->not_action;
    for (uint32_t r = 0; by_rows && r < rule->row_count; r++)
        classify_row(c, &rule->rows[r], others);
    for (uint32_t a = 0; !by_rows && others && a < c->action_count; a++)
        if (has_action(c, rule, a))
            classify(c, a, others);
    for (size_t i = 0; !by_rows && !others && i < c->marked.len; i++) {
        uint32_t type = *(uint32_t *)vg_vec_at(&c->marked, i);
        for (uint32_t k = c->first_action[type]; k < c->first_action[type + 1]; k++)
            if (has_action(c, rule, c->actions[k]))
                classify(c, c->actions[k], others);
    }
}

static vg_status mark(vg_grant_compiler *c, const taken *t, vg_str *own_account, vg_error *err)
{
    bool same_account = own_account->len == 0 || vg_str_eq(*own_account, t->account);
    for (uint32_t i = 0; i < t->count; i++) {
        uint8_t takes = t->types[i].takes, *place = &c->marks[t->types[i].type];
        if (takes == TAKES_OWN && !same_account)
            takes = TAKES_SOME;
        if (takes == TAKES_OWN)
            *own_account = t->account;
        if (*place == TAKES_NONE) {
            uint32_t *type = vg_vec_push(&c->marked);
            if (!type)
                return out_of_memory(err);
            *type = t->types[i].type;
        }
        *place = takes > *place ? takes : *place;
    }
    return VG_OK;
}

static void unmark(vg_grant_compiler *c)
{
    for (size_t i = 0; i < c->marked.len; i++)
        c->marks[*(uint32_t *)vg_vec_at(&c->marked, i)] = TAKES_NONE;
    c->marked.len = 0;
}

/* ---- what depends on the caller -------------------------------------------------------------------------------------------------------- */

static bool is_of_caller(vg_str key)
{
    static const char *const keys[] = {
        "aws:PrincipalArn",  "aws:PrincipalAccount",      "aws:PrincipalOrgID",       "aws:PrincipalOrgPaths",
        "aws:PrincipalType", "aws:PrincipalIsAWSService", "aws:PrincipalServiceName", "aws:username",
    };
    vg_str tag = VG_STR("aws:PrincipalTag/");
    for (size_t i = 0; i < VG_COUNT(keys); i++)
        if (vg_str_eq_icase(key, vg_str_from(keys[i])))
            return true;
    return vg_str_eq_icase(vg_str_sub(key, 0, tag.len), tag);
}

static bool test_depends(const vg_test *test)
{
    for (uint32_t i = 0; i < test->count; i++)
        if (test->operands[i].variable)
            return true;
    return is_of_caller(test->key);
}

static bool tests_depend(const vg_rule *rule)
{
    for (uint32_t i = 0; i < rule->test_count; i++)
        if (test_depends(&rule->tests[i]))
            return true;
    return false;
}

static vg_match holds_for_anyone(const vg_rule *rule)
{
    vg_request request = {.open = true, .resource = VG_STR("*")};
    vg_evaluation e = {
        .request = &request, .resource = vg_arn_cut_of(request.resource), .action_id = VG_CATALOGUE_NONE};
    vg_match holds = VG_MATCH_YES;
    for (uint32_t i = 0; i < rule->test_count; i++)
        holds = vg_match_and(holds, vg_test_holds(&e, &rule->tests[i]));
    return holds;
}

/* ---- grants -------------------------------------------------------------------------------------------------------------------------------- */

/* Of more than so many patterns times actions in all, single patterns are not told apart. */
enum { PATTERN_WORK = 1 << 26 };

static vg_status cut_of_pattern(vg_grant_compiler *c, const vg_resource_pattern *p, vg_arn_cut *out,
                                vg_error *err)
{
    *out = p->cut;
    if (p->kind == VG_PATTERN_SEGMENTS && p->cut.count < VG_ARN_SEGMENTS)
        out->count = VG_ARN_SEGMENTS; /* completed by "*" already */
    if (!p->variable)
        return VG_OK;
    vg_buf text = {0};
    for (unsigned i = 0; i + 1 < VG_ARN_SEGMENTS; i++) {
        vg_buf_add_str(&text, p->cut.segment[i]);
        vg_buf_add_char(&text, ':');
    }
    for (uint32_t i = 0; i < p->variable->count; i++) {
        const vg_piece *piece = &p->variable->pieces[i];
        if (piece->kind == VG_PIECE_TEXT)
            vg_buf_add_str(&text, piece->text);
        else
            vg_buf_add_char(&text, piece->kind == VG_PIECE_ONE ? '?' : '*');
    }
    vg_str copy = vg_arena_str(c->arena, vg_buf_str(&text));
    bool failed = text.failed || !copy.ptr;
    vg_buf_free(&text);
    *out = vg_arn_cut_of(copy);
    return failed ? out_of_memory(err) : VG_OK;
}

static uint32_t actions_of(const vg_grant_compiler *c, const vg_rule *rule)
{
    uint32_t count = 0;
    if (rule->every_action || rule->not_action)
        return c->action_count;
    for (uint32_t r = 0; r < rule->row_count; r++)
        for (uint32_t w = 0; w < row_words(c, &rule->rows[r]); w++)
            count += (uint32_t)__builtin_popcountll(rule->rows[r].words[w]);
    return count;
}

static void clear_scratch(vg_grant_compiler *c)
{
    vg_action_set_clear(&c->all);
    vg_action_set_clear(&c->own);
    vg_action_set_clear(&c->some);
}

/* The actions that one pattern alone can concern. */
static vg_status pattern_actions(vg_grant_compiler *c, const vg_rule *rule, const taken *t, vg_sparse *out,
                                 vg_error *err)
{
    vg_str ignored = {0};
    VG_TRY(mark(c, t, &ignored, err));
    classify_actions(c, rule, false);
    unmark(c);
    vg_action_set_or(&c->some, &c->all);
    vg_action_set_clear(&c->all);
    vg_action_set_clear(&c->own);
    return take_sparse(c, &c->some, out, err);
}

/* Makes the grant of these patterns of the rule. */
static vg_status make_grant(vg_grant_compiler *c, const vg_rule *rule,
                            const vg_resource_pattern *const *patterns, uint32_t count, vg_grant *out,
                            vg_error *err)
{
    vg_grant_pattern *list = VG_NEW_N(c->arena, vg_grant_pattern, count ? count : 1);
    const taken **taken_by = VG_NEW_N(c->arena, const taken *, count ? count : 1);
    uint64_t work = (uint64_t)count * actions_of(c, rule);
    bool each = (count > 1 || rule->not_resource) && c->pattern_work + work < PATTERN_WORK;
    if (!list || !taken_by)
        return out_of_memory(err);
    c->pattern_work += each ? work : 0;
    for (uint32_t i = 0; i < count; i++) {
        VG_TRY(cut_of_pattern(c, patterns[i], &list[i].cut, err));
        VG_TRY(types_of(c, &list[i].cut, !patterns[i]->variable, &taken_by[i], err));
        if (each)
            VG_TRY(pattern_actions(c, rule, taken_by[i], &list[i].actions, err));
    }
    for (uint32_t i = 0; i < count; i++)
        VG_TRY(mark(c, taken_by[i], &out->own_account, err));
    clear_scratch(c);
    classify_actions(c, rule, rule->not_resource);
    unmark(c);
    vg_sparse both;
    vg_action_set_or(&c->both, &c->all);
    vg_action_set_or(&c->both, &c->some);
    VG_TRY(take_sparse(c, &c->both, &both, err));
    VG_TRY(take_sparse(c, &c->all, &out->all, err));
    VG_TRY(take_sparse(c, &c->own, &out->own, err));
    VG_TRY(take_sparse(c, &c->some, &out->some, err));
    for (uint32_t i = 0; i < count && !each; i++)
        list[i].actions = both;
    out->patterns = list;
    out->pattern_count = count;
    return VG_OK;
}

/* A statement on every resource: its actions as they are. */
static vg_status make_whole(vg_grant_compiler *c, const vg_rule *rule, vg_grant *out, vg_error *err)
{
    if (rule->every_action && !rule->not_action) {
        out->all = c->everything;
        return VG_OK;
    }
    if (rule->not_action)
        vg_action_set_or(&c->all, &c->every);
    for (uint32_t r = 0; r < rule->row_count; r++)
        for (uint32_t w = 0; w < row_words(c, &rule->rows[r]); w++) {
            uint64_t bits = rule->rows[r].words[w], *place = &c->all.words[rule->rows[r].base + w];
            *place = rule->not_action ? *place & ~bits : *place | bits;
        }
    return take_sparse(c, &c->all, &out->all, err);
}

static vg_grant *push_grant(vg_grant_compiler *c, vg_vec *grants, const vg_rule *rule)
{
    vg_grant *g = vg_vec_push(grants);
    if (!g)
        return NULL;
    g->rule = rule;
    g->deny = rule->effect == VG_EFFECT_DENY;
    g->others = rule->not_resource;
    g->depends = tests_depend(rule);
    g->holds = g->depends ? VG_MATCH_UNKNOWN : holds_for_anyone(rule);
    g->index = c->grant_count++;
    return g;
}

/* Patterns with variables become grants of their own, since they hold for some callers and not for others. In NotResource
 * they only ever take away, and are taken as if their values were unknown. */
static vg_status add_listed(vg_grant_compiler *c, const vg_rule *rule, vg_vec *grants, vg_error *err)
{
    const vg_resource_pattern **plain =
        VG_NEW_N(c->arena, const vg_resource_pattern *, rule->resource_count + 1);
    uint32_t count = 0, variables = 0;
    if (!plain)
        return out_of_memory(err);
    for (uint32_t i = 0; i < rule->resource_count; i++) {
        const vg_resource_pattern *p = &rule->resources[i];
        variables += p->variable != NULL;
        if (!p->variable && p->kind != VG_PATTERN_INVALID)
            plain[count++] = p;
    }
    if (count > 0 || rule->not_resource) {
        vg_grant *g = push_grant(c, grants, rule);
        if (!g)
            return out_of_memory(err);
        if (rule->not_resource && variables > 0)
            g->holds = vg_match_and(g->holds, VG_MATCH_UNKNOWN), g->depends = false;
        VG_TRY(make_grant(c, rule, plain, count, g, err));
    }
    for (uint32_t i = 0; i < rule->resource_count && !rule->not_resource; i++) {
        const vg_resource_pattern *p = &rule->resources[i];
        vg_grant *g = p->variable ? push_grant(c, grants, rule) : NULL;
        if (p->variable && !g)
            return out_of_memory(err);
        if (!g)
            continue;
        g->depends = true;
        g->variable = p;
        VG_TRY(make_grant(c, rule, &p, 1, g, err));
    }
    return VG_OK;
}

static vg_status add_rule(vg_grant_compiler *c, const vg_rule *rule, vg_vec *grants, vg_error *err)
{
    bool nothing = rule->effect == VG_EFFECT_NONE || (rule->not_resource && rule->has_star) ||
                   (rule->not_action && rule->every_action);
    if (nothing)
        return VG_OK;
    if (!rule->every_resource)
        return add_listed(c, rule, grants, err);
    vg_grant *g = push_grant(c, grants, rule);
    return g ? make_whole(c, rule, g, err) : out_of_memory(err);
}

vg_status vg_grants_of(vg_grant_compiler *c, const vg_policy *policy, vg_grants *out, vg_error *err)
{
    vg_vec grants = vg_vec_in(c->arena, sizeof(vg_grant));
    *out = (vg_grants){0};
    for (uint32_t i = 0; i < policy->rule_count; i++)
        VG_TRY(add_rule(c, &policy->rules[i], &grants, err));
    out->grants = grants.items;
    out->count = (uint32_t)grants.len;
    for (uint32_t i = 0; i < out->count; i++) {
        out->depends_count += out->grants[i].depends;
        out->has_own |= out->grants[i].own.count > 0;
    }
    return VG_OK;
}
