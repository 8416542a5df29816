/* compare.c: whether a changed policy allows anything new.
 *
 * Variables make a policy a family of policies, one for each value of the keys in them. The first search takes variables
 * for symbols: what it proves empty is empty whatever their values are. Where it finds only what might be, the search is
 * repeated with values put in: fresh ones that no text of either policy holds, none at all, and those that the policies
 * name. What is found then is a request like any other, and the engine is asked about it. */
#include "policy/compare_part.h"

enum {
    WORK = 8000000, /* steps of a comparison: up to 10 ms */
    MOST_TRIALS = 24,
    MOST_CONDITIONS = 1000 /* of policies whose variables are tried with the values that they name */
};

const char *vg_compare_result_name(vg_compare_result result)
{
    static const char *const names[] = {"no", "yes", "maybe"};
    return names[result];
}

static vg_comparer comparer_of(vg_arena *arena, const vg_policy_document *old_policy,
                               const vg_policy_document *new_policy, int64_t work, vg_comparison *out)
{
    return (vg_comparer){.arena = arena,
                         .budget = {arena, work},
                         .kind = new_policy->kind,
                         .documents = {old_policy, new_policy},
                         .sets = vg_vec_in(arena, sizeof(vg_compare_set)),
                         .conditions = vg_vec_in(arena, sizeof(vg_compare_condition)),
                         .keys = vg_vec_in(arena, sizeof(vg_str)),
                         .symbols = vg_vec_in(arena, sizeof(vg_compare_symbol)),
                         .statements = vg_vec_in(arena, sizeof(vg_compare_statement)),
                         .callers = vg_vec_in(arena, sizeof(vg_compare_caller)),
                         .given = vg_vec_in(arena, sizeof(vg_compare_literal)),
                         .out = out};
}

/* ---- values of variables ------------------------------------------------------------------------------------------------------------ */

static void lower_key(const vg_comparer *c, vg_str key, vg_str *out)
{
    char *text = vg_arena_cstr(c->arena, key);
    for (size_t i = 0; text && i < key.len; i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            text[i] = (char)(text[i] | 32);
    *out = (vg_str){text, text ? key.len : 0};
}

static bool is_listed(const vg_vec *strings, vg_str s)
{
    for (size_t i = 0; i < strings->len; i++)
        if (vg_str_eq(*(vg_str *)vg_vec_at(strings, i), s))
            return true;
    return false;
}

static void list(vg_vec *strings, vg_str s)
{
    vg_str *slot = s.len && !is_listed(strings, s) ? vg_vec_push(strings) : NULL;
    if (slot)
        *slot = s;
}

static vg_vec variable_keys(const vg_comparer *c)
{
    vg_vec keys = vg_vec_in(c->arena, sizeof(vg_str));
    for (size_t i = 0; i < c->symbols.len; i++)
        list(&keys, ((const vg_compare_symbol *)vg_vec_at(&c->symbols, i))->key);
    return keys;
}

static vg_str name_of(const vg_comparer *c, vg_str key)
{
    for (size_t i = 0; i < c->symbols.len; i++) {
        const vg_compare_symbol *s = vg_vec_at(&c->symbols, i);
        if (vg_str_eq(s->key, key))
            return s->name;
    }
    return key;
}

/* Texts that conditions compare the key, or a value made of it alone, with. */
static vg_vec values_named(const vg_comparer *c, vg_str variable)
{
    vg_vec values = vg_vec_in(c->arena, sizeof(vg_str));
    for (size_t i = 0; i < c->conditions.len; i++) {
        const vg_compare_condition *q = vg_compare_condition_at(c, (uint32_t)i);
        vg_str key;
        bool relevant = vg_str_eq_icase(q->source->key, variable);
        for (size_t v = 0; v < q->source->value_count && !relevant; v++) {
            lower_key(c, q->source->values[v], &key);
            relevant = vg_str_find(key, vg_arena_printf(c->arena, "${%.*s", VG_ARG(variable))) != VG_NPOS;
        }
        for (size_t k = 0; relevant && k < c->conditions.len; k++) {
            const vg_compare_condition *other = vg_compare_condition_at(c, (uint32_t)k);
            for (size_t v = 0; other->key == q->key && v < other->source->value_count; v++)
                if (vg_str_find(other->source->values[v], VG_STR("${")) == VG_NPOS)
                    list(&values, other->source->values[v]);
        }
    }
    return values;
}

/* ---- one search ------------------------------------------------------------------------------------------------------------------------ */

static const vg_str true_text[] = {VG_STR_INIT("true")};

/* What an assignment says of keys, as conditions that a request must meet. */
static bool give(vg_comparer *c)
{
    for (size_t i = 0; i < c->assignment_count; i++) {
        const vg_compare_assignment *a = &c->assignments[i];
        vg_policy_condition *q = VG_NEW(c->arena, vg_policy_condition);
        vg_compare_literal *slot = vg_vec_push(&c->given);
        if (!q || !slot)
            return false;
        *q = (vg_policy_condition){.op = a->absent ? VG_OP_NULL : VG_OP_STRING_EQUALS,
                                   .key = a->name,
                                   .values = a->absent ? true_text : &a->value,
                                   .value_count = 1};
        uint32_t id = vg_compare_condition_of(c, q, false);
        if (c->failed)
            return false;
        *slot = (vg_compare_literal){VG_PART_KEYS + vg_compare_condition_at(c, id)->key, id, false, false};
    }
    return true;
}

static vg_status run(vg_comparer *c, vg_wild_answer *answer, vg_error *err)
{
    VG_TRY(vg_compare_read(c, err));
    if (give(c))
        *answer = vg_compare_search(c);
    return c->failed ? vg_fail(err, VG_ERR_MEMORY, "memory ran out while comparing policies") : VG_OK;
}

/* Searches with values for all variables; `pick`, when not NULL, is the value of the key of number `of`. */
static vg_status try_values(vg_comparer *base, const vg_vec *keys, const vg_str *pick, size_t of, bool absent,
                            vg_wild_answer *answer, vg_error *err)
{
    vg_compare_assignment *assignments = VG_NEW_N(base->arena, vg_compare_assignment, keys->len + 1);
    if (!assignments)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while comparing policies");
    for (size_t i = 0; i < keys->len; i++) {
        assignments[i].key = *(vg_str *)vg_vec_at(keys, i);
        assignments[i].name = name_of(base, assignments[i].key);
        assignments[i].absent = absent;
        assignments[i].value = pick && i == of ? *pick : vg_arena_printf(base->arena, "zq%zu", i + 1);
    }
    vg_comparer c =
        comparer_of(base->arena, base->documents[0], base->documents[1], base->budget.work, base->out);
    c.assignments = assignments;
    c.assignment_count = keys->len;
    vg_status status = run(&c, answer, err);
    base->budget.work = c.budget.work;
    return status;
}

static vg_status try_variables(vg_comparer *c, vg_wild_answer *answer, vg_error *err)
{
    vg_vec keys = variable_keys(c);
    size_t trials = 0;
    for (int absent = 0; absent < 2 && *answer != VG_WILD_FOUND; absent++)
        VG_TRY(try_values(c, &keys, NULL, 0, absent, answer, err));
    for (size_t k = 0; k < keys.len && c->conditions.len <= MOST_CONDITIONS; k++) {
        vg_vec values = values_named(c, *(vg_str *)vg_vec_at(&keys, k));
        for (size_t v = 0; v < values.len && *answer != VG_WILD_FOUND && trials++ < MOST_TRIALS; v++)
            VG_TRY(try_values(c, &keys, vg_vec_at(&values, v), k, false, answer, err));
    }
    return VG_OK;
}

/* ---- the comparison ---------------------------------------------------------------------------------------------------------------------- */

static vg_status check(const vg_policy_document *policy, const char *which, vg_error *err)
{
    if (policy->issue_count == 0)
        return VG_OK;
    const vg_policy_issue *issue = &policy->issues[0];
    return vg_fail_at(err, VG_ERR_VALUE, issue->place, "AWS would refuse the %s policy: %s: %s", which,
                      issue->code, issue->message);
}

static const char *reason_of(vg_wild_answer answer, const vg_comparer *c)
{
    if (answer == VG_WILD_LIMIT)
        return "the comparison took more work than it may";
    if (c->symbols.len)
        return "it depends on values of policy variables, and none was found that shows new access";
    return "some condition or principal cannot be compared, or a request by it cannot be named";
}

vg_status vg_policy_compare(vg_arena *arena, const vg_policy_document *old_policy,
                            const vg_policy_document *new_policy, vg_comparison *out, vg_error *err)
{
    vg_wild_answer answer = VG_WILD_LIMIT;
    *out = (vg_comparison){.allowed_by = VG_COMPARE_NO_STATEMENT,
                           .denied_by = VG_COMPARE_NO_STATEMENT,
                           .nearest = VG_COMPARE_NO_STATEMENT};
    if (old_policy->kind != new_policy->kind)
        return vg_fail(err, VG_ERR_USAGE, "policies of different kinds cannot be compared");
    VG_TRY(check(old_policy, "old", err));
    VG_TRY(check(new_policy, "new", err));
    vg_comparer c = comparer_of(arena, old_policy, new_policy, WORK, out);
    VG_TRY(run(&c, &answer, err));
    if (answer == VG_WILD_POSSIBLE && c.symbols.len) {
        vg_wild_answer with_values = VG_WILD_POSSIBLE;
        VG_TRY(try_variables(&c, &with_values, err));
        answer = with_values == VG_WILD_FOUND ? with_values : answer;
    }
    if (answer == VG_WILD_FOUND)
        return VG_OK;
    out->result = answer == VG_WILD_EMPTY ? VG_COMPARE_NO : VG_COMPARE_MAYBE;
    out->reason = answer == VG_WILD_EMPTY ? NULL : reason_of(answer, &c);
    return VG_OK;
}
