/* what_if.c: what other service control policies would have made of permissions that were used.
 *
 * Each rule of the policies is a conjunction of parts, and each part looks at one column of a use: its Action at the
 * action, a condition on aws:RequestedRegion at the region, one on aws:PrincipalArn at the principal. So the uses fall
 * into classes: what all parts that look at a column say of one of its values is that value's class. A combination of
 * classes is decided once, by the same parts in the engine's own order, and every use is four look-ups and one more:
 *
 *     use ──► class of principal, action, account, region ──► place in the table of answers
 *
 * A condition on any other key, or on the resource itself, is not resolved by a use and never counts as passed. A
 * variable mixes columns, so its value is part of its column's class. */
#include "policy/policy_part.h"
#include "policy/policy_usage.h"

#include <assert.h>

enum { COLUMNS = 4, MOST_DENSE = 1 << 20 };
typedef enum { OF_PRINCIPAL, OF_ACTION, OF_ACCOUNT, OF_REGION, OF_NOTHING } column;

/* A rule with what is needed to judge it. */
typedef struct {
    const vg_rule *rule;
    const vg_policy *policy;
    size_t level;
} judged_rule;

typedef struct {
    size_t count;
    uint32_t *class_of; /* value -> class */
    uint32_t class_count;
    vg_vec first; /* class -> a value of it (uint32_t) */
    vg_map *classes;
} column_classes;

typedef struct {
    vg_arena *arena;
    const vg_usage *usage;
    const vg_layer *levels;
    size_t level_count;
    vg_vec rules;         /* judged_rule */
    vg_vec variable_keys; /* vg_str: keys that variables stand for */
    column_classes columns[COLUMNS];
    vg_buf signature;
    vg_vec answers;
    bool out_of_memory;
} simulation;

const char *vg_would_name(vg_would would)
{
    static const char *const names[] = {"pass", "refuse", "unresolved"};
    return names[would];
}

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while simulating policies");
}

/* ---- which column a key belongs to --------------------------------------------------------------------------------------------- */

static column column_of_key(vg_str key)
{
    static const struct {
        vg_str key;
        column of;
    } keys[] = {
        {VG_STR_INIT("aws:RequestedRegion"), OF_REGION},
        {VG_STR_INIT("aws:ResourceAccount"), OF_ACCOUNT},
        {VG_STR_INIT("aws:PrincipalArn"), OF_PRINCIPAL},
        {VG_STR_INIT("aws:PrincipalAccount"), OF_PRINCIPAL},
        {VG_STR_INIT("aws:PrincipalOrgID"), OF_PRINCIPAL},
        {VG_STR_INIT("aws:PrincipalOrgPaths"), OF_PRINCIPAL},
        {VG_STR_INIT("aws:PrincipalType"), OF_PRINCIPAL},
        {VG_STR_INIT("aws:PrincipalIsAWSService"), OF_PRINCIPAL},
        {VG_STR_INIT("aws:username"), OF_PRINCIPAL},
    };
    vg_str tag = VG_STR("aws:PrincipalTag/");
    for (size_t i = 0; i < VG_COUNT(keys); i++)
        if (vg_str_eq_icase(key, keys[i].key))
            return keys[i].of;
    return vg_str_eq_icase(vg_str_sub(key, 0, tag.len), tag) ? OF_PRINCIPAL : OF_NOTHING;
}

/* ---- the context of a use -------------------------------------------------------------------------------------------------------- */

enum { DERIVED = 5 };

/* A request that knows what `values` say (UINT32_MAX: that column is unknown), and an evaluation of it. */
typedef struct {
    vg_request request;
    vg_evaluation e;
    vg_context_entry entries[VG_HASHED_KEYS];
    vg_str texts[DERIVED];
} known;

static void add_known(known *k, const char *key, vg_str value)
{
    vg_str *text = &k->texts[k->request.context_count];
    *text = value;
    k->entries[k->request.context_count++] = (vg_context_entry){
        .key = vg_str_from(key), .values = text, .value_count = 1, .state = VG_CONTEXT_PRESENT};
}

static void add_principal(known *k, const vg_used_principal *principal)
{
    vg_caller caller = vg_caller_of(principal->arn);
    k->request.caller = caller;
    add_known(k, "aws:PrincipalArn", principal->arn);
    if (principal->account.len)
        add_known(k, "aws:PrincipalAccount", principal->account);
    add_known(k, "aws:username", caller.name);
    if (caller.kind != VG_CALLER_USER)
        k->entries[k->request.context_count - 1].state = VG_CONTEXT_ABSENT;
    for (size_t i = 0; i < principal->context_count && k->request.context_count < VG_HASHED_KEYS; i++)
        k->entries[k->request.context_count++] = principal->context[i];
}

static void know(const simulation *s, const uint32_t values[COLUMNS], known *k)
{
    *k = (known){.request = {.open = true, .resource = VG_STR_INIT("*")}};
    k->request.context = k->entries;
    if (values[OF_REGION] != UINT32_MAX && s->usage->regions[values[OF_REGION]].len)
        add_known(k, "aws:RequestedRegion", s->usage->regions[values[OF_REGION]]);
    if (values[OF_ACCOUNT] != UINT32_MAX && s->usage->accounts[values[OF_ACCOUNT]].len)
        add_known(k, "aws:ResourceAccount", s->usage->accounts[values[OF_ACCOUNT]]);
    if (values[OF_PRINCIPAL] != UINT32_MAX)
        add_principal(k, &s->usage->principals[values[OF_PRINCIPAL]]);
    k->e = (vg_evaluation){.request = &k->request};
    if (values[OF_ACTION] != UINT32_MAX)
        k->e.action = k->request.action = s->usage->actions[values[OF_ACTION]];
}

/* ---- the parts of rules ---------------------------------------------------------------------------------------------------------- */

static bool takes_action(const vg_rule *rule, vg_str action)
{
    bool any = false;
    for (size_t i = 0; i < rule->source->action_count && !any; i++)
        any = vg_action_matches(rule->source->actions[i], action);
    return any != rule->not_action;
}

/* Of a use the resource is not known, its account aside. */
static vg_match concerns_any_resource(const vg_rule *rule)
{
    if (rule->every_resource)
        return VG_MATCH_YES;
    if (rule->not_resource && rule->has_star)
        return VG_MATCH_NO;
    return rule->resource_count || rule->not_resource ? VG_MATCH_UNKNOWN : VG_MATCH_NO;
}

static bool collect_keys(simulation *s, const vg_rule *rule)
{
    const vg_statement *statement = rule->source;
    for (size_t i = 0; i < statement->condition_count; i++)
        for (size_t v = 0; v < statement->conditions[i].value_count; v++)
            for (vg_str rest = statement->conditions[i].values[v], piece; vg_str_next(&rest, '$', &piece);) {
                size_t end = piece.len && piece.ptr[0] == '{' ? vg_str_find_char(piece, '}') : VG_NPOS;
                if (end == VG_NPOS || end < 2)
                    continue;
                vg_str *key = vg_vec_push(&s->variable_keys), unused;
                if (!key)
                    return false;
                vg_str inside = vg_str_sub(piece, 1, end - 1);
                *key = inside;
                vg_str_split(inside, ',', key, &unused);
                *key = vg_str_trim(*key);
            }
    return true;
}

static bool collect_rules(simulation *s)
{
    for (size_t level = 0; level < s->level_count; level++)
        for (size_t p = 0; p < s->levels[level].count; p++) {
            const vg_policy *policy = s->levels[level].policies[p];
            for (size_t r = 0; r < policy->rule_count; r++) {
                judged_rule *judged = vg_vec_push(&s->rules);
                if (!judged || !collect_keys(s, &policy->rules[r]))
                    return false;
                *judged = (judged_rule){&policy->rules[r], policy, level};
            }
        }
    return true;
}

static judged_rule *rule_at(const simulation *s, size_t i)
{
    return vg_vec_at(&s->rules, i);
}

/* ---- classes ----------------------------------------------------------------------------------------------------------------------- */

static void sign_actions(simulation *s, uint32_t action)
{
    for (size_t i = 0; i < s->rules.len; i++)
        vg_buf_add_char(&s->signature,
                        takes_action(rule_at(s, i)->rule, s->usage->actions[action]) ? '1' : '0');
}

static bool has_variable(const vg_test *test)
{
    for (size_t i = 0; i < test->count; i++)
        if (test->operands[i].variable)
            return true;
    return false;
}

static void sign_value(simulation *s, known *k, vg_str key)
{
    const vg_context_entry *entry = vg_context_find(&k->e, vg_key_hash(key), key);
    vg_buf_addf(&s->signature, "|%d:", entry ? (int)entry->state : -1);
    for (size_t v = 0; entry && v < entry->value_count; v++)
        vg_buf_addf(&s->signature, "%zu:%.*s", entry->values[v].len, VG_ARG(entry->values[v]));
}

/* What a condition on a key of the column says of the value; the value itself where the condition compares it with a
 * variable. */
static void sign_test(simulation *s, known *k, const vg_test *test)
{
    vg_buf_add_char(&s->signature, (char)('0' + vg_test_holds(&k->e, test)));
    if (has_variable(test))
        sign_value(s, k, test->key);
}

/* What every condition on a key of the column says of the value; and the value itself where it stands for a variable. */
static void sign_conditions(simulation *s, column of, uint32_t value)
{
    uint32_t values[COLUMNS] = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};
    known k;
    values[of] = value;
    know(s, values, &k);
    if (of == OF_PRINCIPAL)
        vg_buf_add_char(&s->signature, s->usage->principals[value].exempt ? 'x' : 'b');
    for (size_t i = 0; i < s->rules.len; i++) {
        const vg_rule *rule = rule_at(s, i)->rule;
        for (size_t t = 0; t < rule->test_count; t++)
            if (column_of_key(rule->tests[t].key) == of)
                sign_test(s, &k, &rule->tests[t]);
    }
    for (size_t i = 0; i < s->variable_keys.len; i++) {
        vg_str key = *(vg_str *)vg_vec_at(&s->variable_keys, i);
        if (column_of_key(key) == of)
            sign_value(s, &k, key);
    }
}

static void classify(simulation *s, column of, size_t count)
{
    column_classes *c = &s->columns[of];
    *c = (column_classes){.count = count,
                          .class_of = VG_NEW_N(s->arena, uint32_t, count + 1),
                          .first = vg_vec_in(s->arena, sizeof(uint32_t)),
                          .classes = vg_map_new(s->arena, 0)};
    s->out_of_memory = s->out_of_memory || !c->class_of || !c->classes;
    for (uint32_t value = 0; value < count && !s->out_of_memory; value++) {
        vg_buf_clear(&s->signature);
        if (of == OF_ACTION)
            sign_actions(s, value);
        else
            sign_conditions(s, of, value);
        vg_map_entry *entry = vg_map_get(c->classes, vg_buf_str(&s->signature));
        if (!entry) {
            vg_str key = vg_arena_str(s->arena, vg_buf_str(&s->signature));
            uint32_t *first = vg_vec_push(&c->first);
            entry = key.ptr && first ? vg_map_put(c->classes, key, NULL) : NULL;
            if (!entry) {
                s->out_of_memory = true;
                return;
            }
            *first = value;
            entry->value.u64 = c->class_count++;
        }
        c->class_of[value] = (uint32_t)entry->value.u64;
    }
    s->out_of_memory = s->out_of_memory || s->signature.failed;
}

/* ---- deciding a combination -------------------------------------------------------------------------------------------------------- */

static vg_match rule_holds(const judged_rule *judged, known *k, const vg_policy_condition **unresolved)
{
    const vg_rule *rule = judged->rule;
    *unresolved = NULL;
    if (!takes_action(rule, k->e.action))
        return VG_MATCH_NO;
    vg_match match = concerns_any_resource(rule);
    for (size_t t = 0; t < rule->test_count && match != VG_MATCH_NO; t++) {
        vg_match holds = vg_test_holds(&k->e, &rule->tests[t]);
        if (holds == VG_MATCH_UNKNOWN && !*unresolved)
            *unresolved = rule->tests[t].source;
        match = vg_match_and(match, holds);
    }
    return match;
}

/* In the order of evaluation: an explicit Deny anywhere, then an Allow at every level; what cannot be resolved counts only
 * where nothing refuses for certain. */
static vg_what_if_answer decide(const simulation *s, known *k)
{
    vg_what_if_answer open = {0};
    for (size_t i = 0; i < s->rules.len; i++) {
        const judged_rule *judged = rule_at(s, i);
        const vg_policy_condition *unresolved;
        vg_match match =
            judged->rule->effect == VG_EFFECT_DENY ? rule_holds(judged, k, &unresolved) : VG_MATCH_NO;
        const vg_what_if_answer answer = {match == VG_MATCH_YES ? VG_WOULD_REFUSE : VG_WOULD_UNRESOLVED,
                                          judged->policy, judged->rule->statement, judged->level,
                                          match == VG_MATCH_NO ? NULL : unresolved};
        if (match == VG_MATCH_YES)
            return answer;
        if (match == VG_MATCH_UNKNOWN && open.would == VG_WOULD_PASS)
            open = answer;
    }
    for (size_t level = 0; level < s->level_count; level++) {
        vg_what_if_answer best = {VG_WOULD_REFUSE, NULL, 0, level, NULL};
        vg_layer_state state = s->levels[level].state;
        if (state == VG_LAYER_NONE)
            continue;
        if (state == VG_LAYER_UNKNOWN)
            best.would = VG_WOULD_UNRESOLVED;
        for (size_t i = 0; i < s->rules.len && best.would != VG_WOULD_PASS; i++) {
            const judged_rule *judged = rule_at(s, i);
            const vg_policy_condition *unresolved;
            if (judged->level != level || judged->rule->effect != VG_EFFECT_ALLOW)
                continue;
            vg_match match = rule_holds(judged, k, &unresolved);
            if (match == VG_MATCH_YES)
                best.would = VG_WOULD_PASS;
            else if (match == VG_MATCH_UNKNOWN)
                best = (vg_what_if_answer){VG_WOULD_UNRESOLVED, judged->policy, judged->rule->statement,
                                           level, unresolved};
        }
        if (best.would == VG_WOULD_REFUSE)
            return best;
        if (best.would == VG_WOULD_UNRESOLVED && open.would == VG_WOULD_PASS)
            open = best;
    }
    for (size_t level = 0; level < s->level_count && open.would == VG_WOULD_PASS; level++)
        if (s->levels[level].state == VG_LAYER_UNKNOWN)
            open = (vg_what_if_answer){VG_WOULD_UNRESOLVED, NULL, 0, level, NULL};
    return open;
}

static uint64_t answer_for(simulation *s, const uint32_t classes[COLUMNS])
{
    uint32_t values[COLUMNS];
    known k;
    for (size_t c = 0; c < COLUMNS; c++)
        values[c] = *(uint32_t *)vg_vec_at(&s->columns[c].first, classes[c]);
    vg_what_if_answer *answer = vg_vec_push(&s->answers);
    if (!answer) {
        s->out_of_memory = true;
        return 0;
    }
    know(s, values, &k);
    *answer = s->usage->principals[values[OF_PRINCIPAL]].exempt ? (vg_what_if_answer){0} : decide(s, &k);
    return s->answers.len - 1;
}

/* ---- all uses ---------------------------------------------------------------------------------------------------------------------- */

/* Where the answers of combinations stand: a dense table, or a map where classes are too many for one. Answers are kept
 * plus one, so that 0 is "not yet". */
typedef struct {
    uint64_t *dense;
    vg_map *sparse;
} answer_table;

/* NULL: memory is out. */
static uint64_t *slot_of(simulation *s, answer_table *table, uint64_t place)
{
    if (table->dense)
        return &table->dense[place];
    vg_map_entry *entry = vg_map_get(table->sparse, vg_str_of((const char *)&place, sizeof place));
    if (entry)
        return &entry->value.u64;
    vg_str key = vg_arena_str(s->arena, vg_str_of((const char *)&place, sizeof place));
    entry = key.ptr ? vg_map_put(table->sparse, key, NULL) : NULL;
    return entry ? &entry->value.u64 : NULL;
}

static void answer_uses(simulation *s, answer_table *table, uint32_t *answer_of)
{
    const vg_usage *usage = s->usage;
    const column_classes *c = s->columns;
    for (size_t i = 0; i < usage->use_count && !s->out_of_memory; i++) {
        const vg_use *use = &usage->uses[i];
        assert(use->principal < c[OF_PRINCIPAL].count && use->action < c[OF_ACTION].count &&
               use->account < c[OF_ACCOUNT].count && use->region < c[OF_REGION].count);
        const uint32_t classes[COLUMNS] = {
            [OF_PRINCIPAL] = c[OF_PRINCIPAL].class_of[use->principal],
            [OF_ACTION] = c[OF_ACTION].class_of[use->action],
            [OF_ACCOUNT] = c[OF_ACCOUNT].class_of[use->account],
            [OF_REGION] = c[OF_REGION].class_of[use->region],
        };
        uint64_t place = classes[OF_PRINCIPAL];
        for (size_t k = 1; k < COLUMNS; k++)
            place = place * c[k].class_count + classes[k];
        uint64_t *slot = slot_of(s, table, place);
        if (!slot) {
            s->out_of_memory = true;
            return;
        }
        if (*slot == 0)
            *slot = answer_for(s, classes) + 1;
        answer_of[i] = (uint32_t)(*slot - 1);
    }
}

static bool make_table(simulation *s, answer_table *table)
{
    uint64_t size = 1;
    for (size_t c = 0; c < COLUMNS && size <= MOST_DENSE; c++)
        size *= s->columns[c].class_count;
    *table = (answer_table){0};
    if (size <= MOST_DENSE)
        table->dense = VG_NEW_N(s->arena, uint64_t, size + 1);
    else
        table->sparse = vg_map_new(s->arena, 0);
    return table->dense || table->sparse;
}

static vg_status simulate(simulation *s, vg_what_if *out, vg_error *err)
{
    const vg_usage *usage = s->usage;
    const size_t counts[COLUMNS] = {usage->principal_count, usage->action_count, usage->account_count,
                                    usage->region_count};
    answer_table table;
    uint32_t *answer_of = VG_NEW_N(s->arena, uint32_t, usage->use_count + 1);
    if (!answer_of || !collect_rules(s))
        return no_memory(err);
    for (size_t c = 0; c < COLUMNS; c++)
        classify(s, (column)c, counts[c]);
    if (s->out_of_memory || !make_table(s, &table))
        return no_memory(err);
    answer_uses(s, &table, answer_of);
    *out = (vg_what_if){.answer_of = answer_of,
                        .answers = s->answers.items,
                        .answer_count = s->answers.len,
                        .principal_classes = s->columns[OF_PRINCIPAL].class_count,
                        .action_classes = s->columns[OF_ACTION].class_count,
                        .account_classes = s->columns[OF_ACCOUNT].class_count,
                        .region_classes = s->columns[OF_REGION].class_count};
    return s->out_of_memory ? no_memory(err) : VG_OK;
}

vg_status vg_policy_what_if(vg_arena *arena, const vg_usage *usage, const vg_layer *levels,
                            size_t level_count, vg_what_if *out, vg_error *err)
{
    simulation s = {.arena = arena,
                    .usage = usage,
                    .levels = levels,
                    .level_count = level_count,
                    .rules = vg_vec_in(arena, sizeof(judged_rule)),
                    .variable_keys = vg_vec_in(arena, sizeof(vg_str)),
                    .answers = vg_vec_in(arena, sizeof(vg_what_if_answer))};
    vg_status status = simulate(&s, out, err);
    vg_buf_free(&s.signature);
    return status;
}
