/* compare_key.c: what a condition asks of a key, and whether the key can be in a state that gives given answers.
 *
 * A key is absent, has one value, or has a list of values ("Multivalued context keys" and "Condition key not present in the
 * request context" in the IAM User Guide decide what each operator says of each):
 *
 *                            absent    one value v     list V
 *     StringEquals ...       no        v is one        no
 *     StringNotEquals ...    yes       v is none       no
 *     ...IfExists            yes       as without      as without
 *     ForAllValues:          yes       as for a list   every v of V
 *     ForAnyValue:           no        as for a list   some v of V
 *     Null                   "true"    "false"         "false"
 *
 * An empty list is absence, as AWS has it. So the search is for absence, then for one value that meets everything, then for
 * a list: every value must meet what is asked of all, and for each "some value" there must be one, which may differ. */
#include "policy/compare_part.h"

/* ---- conditions as questions ------------------------------------------------------------------------------------------------- */

static const struct {
    uint8_t test, texts;
} readings[] = {
    [VG_OP_STRING_EQUALS] = {VG_TEST_TEXT, VG_TEXTS_EQUALS},
    [VG_OP_STRING_NOT_EQUALS] = {VG_TEST_TEXT, VG_TEXTS_EQUALS},
    [VG_OP_STRING_EQUALS_IGNORE_CASE] = {VG_TEST_TEXT, VG_TEXTS_EQUALS_ANY_CASE},
    [VG_OP_STRING_NOT_EQUALS_IGNORE_CASE] = {VG_TEST_TEXT, VG_TEXTS_EQUALS_ANY_CASE},
    [VG_OP_STRING_LIKE] = {VG_TEST_TEXT, VG_TEXTS_LIKE},
    [VG_OP_STRING_NOT_LIKE] = {VG_TEST_TEXT, VG_TEXTS_LIKE},
    [VG_OP_NUMERIC_EQUALS] = {VG_TEST_NUMBER, VG_TEXTS_EQUALS},
    [VG_OP_NUMERIC_NOT_EQUALS] = {VG_TEST_NUMBER, VG_TEXTS_EQUALS},
    [VG_OP_NUMERIC_LESS_THAN] = {VG_TEST_NUMBER, VG_TEXTS_EQUALS},
    [VG_OP_NUMERIC_LESS_THAN_EQUALS] = {VG_TEST_NUMBER, VG_TEXTS_EQUALS},
    [VG_OP_NUMERIC_GREATER_THAN] = {VG_TEST_NUMBER, VG_TEXTS_EQUALS},
    [VG_OP_NUMERIC_GREATER_THAN_EQUALS] = {VG_TEST_NUMBER, VG_TEXTS_EQUALS},
    [VG_OP_DATE_EQUALS] = {VG_TEST_DATE, VG_TEXTS_EQUALS},
    [VG_OP_DATE_NOT_EQUALS] = {VG_TEST_DATE, VG_TEXTS_EQUALS},
    [VG_OP_DATE_LESS_THAN] = {VG_TEST_DATE, VG_TEXTS_EQUALS},
    [VG_OP_DATE_LESS_THAN_EQUALS] = {VG_TEST_DATE, VG_TEXTS_EQUALS},
    [VG_OP_DATE_GREATER_THAN] = {VG_TEST_DATE, VG_TEXTS_EQUALS},
    [VG_OP_DATE_GREATER_THAN_EQUALS] = {VG_TEST_DATE, VG_TEXTS_EQUALS},
    [VG_OP_BOOL] = {VG_TEST_TEXT, VG_TEXTS_BOOL},
    [VG_OP_BINARY_EQUALS] = {VG_TEST_TEXT, VG_TEXTS_EQUALS},
    [VG_OP_IP_ADDRESS] = {VG_TEST_ADDRESS, VG_TEXTS_EQUALS},
    [VG_OP_NOT_IP_ADDRESS] = {VG_TEST_ADDRESS, VG_TEXTS_EQUALS},
    [VG_OP_ARN_EQUALS] = {VG_TEST_TEXT, VG_TEXTS_ARN},
    [VG_OP_ARN_NOT_EQUALS] = {VG_TEST_TEXT, VG_TEXTS_ARN},
    [VG_OP_ARN_LIKE] = {VG_TEST_TEXT, VG_TEXTS_ARN},
    [VG_OP_ARN_NOT_LIKE] = {VG_TEST_TEXT, VG_TEXTS_ARN},
    [VG_OP_NULL] = {VG_TEST_NULL, VG_TEXTS_BOOL},
    [VG_OP_INVALID] = {VG_TEST_OPAQUE, VG_TEXTS_EQUALS},
};

static uint64_t hash_key(vg_str key)
{
    uint64_t h = key.len;
    for (size_t i = 0; i < key.len; i++) {
        char ch = key.ptr[i];
        h = (h ^ (uint64_t)(ch >= 'A' && ch <= 'Z' ? ch | 32 : ch)) * 0x100000001b3u;
    }
    return h ^ (h >> 29);
}

uint32_t vg_compare_key_of(vg_comparer *c, vg_str key)
{
    uint64_t hash = hash_key(key);
    size_t at = 0;
    for (uint32_t id; (id = vg_compare_table_next(&c->key_table, hash, &at)) != VG_COMPARE_NONE;)
        if (vg_str_eq_icase(vg_compare_key_name(c, id), key))
            return id;
    uint32_t id = (uint32_t)c->keys.len;
    vg_str *name = vg_vec_push(&c->keys);
    if (!name || !vg_compare_table_add(c->arena, &c->key_table, hash, id)) {
        c->failed = true;
        return 0;
    }
    *name = key;
    return id;
}

vg_str vg_compare_key_name(const vg_comparer *c, uint32_t key)
{
    return *(const vg_str *)vg_vec_at(&c->keys, key);
}

/* Operators that read alike are one: ArnEquals is ArnLike, ForAllValues and ForAnyValue differ. */
static vg_operator plain_operator(vg_operator op)
{
    if (op == VG_OP_ARN_EQUALS)
        return VG_OP_ARN_LIKE;
    return op == VG_OP_ARN_NOT_EQUALS ? VG_OP_ARN_NOT_LIKE : op;
}

/* IfExists says something only where absence would otherwise fail. */
static bool forgives_absence(const vg_policy_condition *condition)
{
    return condition->if_exists && condition->qualifier == VG_QUALIFIER_NONE && condition->op != VG_OP_NULL &&
           !vg_operator_is_negated(condition->op);
}

static bool same_question(const vg_compare_condition *a, uint32_t key, uint32_t set,
                          const vg_policy_condition *b)
{
    return a->key == key && a->set == set && plain_operator(a->source->op) == plain_operator(b->op) &&
           a->source->qualifier == b->qualifier && forgives_absence(a->source) == forgives_absence(b);
}

/* The condition as the engine compiles it. */
static const vg_test *compiled(vg_comparer *c, const vg_policy_condition *source)
{
    vg_test *test = VG_NEW(c->arena, vg_test);
    if (test && vg_test_compile(c->arena, source, false, test, NULL) == VG_OK)
        return test;
    c->failed = true;
    return NULL;
}

/* What is beyond this comparison: kept as a question of its own, equal to itself alone. */
static bool is_opaque(vg_comparer *c, const vg_compare_set *set, unsigned test,
                      const vg_policy_condition *source, const vg_test **out)
{
    if (set->kind == VG_TEXTS_BOOL) /* a variable would have to be a boolean itself */
        return set->variables && test == VG_TEST_TEXT;
    if (test == VG_TEST_TEXT || test == VG_TEST_OPAQUE)
        return test == VG_TEST_OPAQUE;
    *out = compiled(c, source);
    return set->variables || !*out || !vg_compare_bounds_read(*out, test);
}

uint32_t vg_compare_condition_of(vg_comparer *c, const vg_policy_condition *source, bool variables)
{
    unsigned test = readings[source->op].test;
    uint32_t key = vg_compare_key_of(c, source->key);
    uint32_t set = vg_compare_set_of(c, (vg_texts_kind)readings[source->op].texts, source->values,
                                     source->value_count, variables);
    if (c->failed)
        return 0;
    uint64_t hash = ((uint64_t)key << 40 | (uint64_t)set << 8 | (uint64_t)plain_operator(source->op)) * 8 +
                    (uint64_t)source->qualifier * 2 + forgives_absence(source);
    hash *= 0x9e3779b97f4a7c15u;
    hash ^= hash >> 32;
    size_t at = 0;
    for (uint32_t id; (id = vg_compare_table_next(&c->condition_table, hash, &at)) != VG_COMPARE_NONE;)
        if (same_question(vg_compare_condition_at(c, id), key, set, source))
            return id;
    uint32_t id = (uint32_t)c->conditions.len;
    vg_compare_condition *condition = vg_vec_push(&c->conditions);
    if (!condition || !vg_compare_table_add(c->arena, &c->condition_table, hash, id)) {
        c->failed = true;
        return 0;
    }
    const vg_test *as_compiled = NULL;
    bool opaque = is_opaque(c, vg_compare_set_at(c, set), test, source, &as_compiled);
    *condition = (vg_compare_condition){.hash = hash,
                                        .source = source,
                                        .compiled = as_compiled,
                                        .key = key,
                                        .set = set,
                                        .kind = (uint8_t)(opaque ? VG_TEST_OPAQUE : test),
                                        .negated = vg_operator_is_negated(source->op)};
    return id;
}

/* ---- states ------------------------------------------------------------------------------------------------------------------ */

typedef enum { HOLDS_NOT, HOLDS, HOLDS_PERHAPS } holding;

static bool names(const vg_policy_condition *condition, vg_str word)
{
    for (size_t i = 0; i < condition->value_count; i++)
        if (vg_str_eq_icase(condition->values[i], word))
            return true;
    return false;
}

static holding holds_when_absent(const vg_compare_condition *q)
{
    if (q->kind == VG_TEST_OPAQUE)
        return HOLDS_PERHAPS;
    if (q->kind == VG_TEST_NULL)
        return names(q->source, VG_STR("true")) ? HOLDS : HOLDS_NOT;
    if (q->source->qualifier == VG_QUALIFIER_FOR_ALL_VALUES)
        return HOLDS;
    if (q->source->qualifier == VG_QUALIFIER_FOR_ANY_VALUE)
        return HOLDS_NOT;
    return q->source->if_exists || q->negated ? HOLDS : HOLDS_NOT;
}

/* One search for a state. */
typedef struct {
    vg_comparer *c;
    const vg_compare_literal *literals;
    size_t count;
    vg_compare_literal *asked; /* room for count + 1: what one value must meet */
    bool doubtful;             /* a question that cannot be answered was passed over */
    vg_context_entry *entry;
} search;

static const vg_compare_condition *question(const search *s, size_t i)
{
    return vg_compare_condition_at(s->c, s->literals[i].id);
}

static vg_wild_answer doubted(const search *s, vg_wild_answer answer)
{
    return answer == VG_WILD_FOUND && s->doubtful ? VG_WILD_POSSIBLE : answer;
}

static vg_wild_answer try_absence(search *s)
{
    s->doubtful = false;
    for (size_t i = 0; i < s->count; i++) {
        holding h = holds_when_absent(question(s, i));
        if (h == (s->literals[i].negated ? HOLDS : HOLDS_NOT))
            return VG_WILD_EMPTY;
        s->doubtful |= h == HOLDS_PERHAPS;
    }
    s->entry->state = VG_CONTEXT_ABSENT;
    return doubted(s, VG_WILD_FOUND);
}

/* Whether a question about presence is answered right by a key that is there; other questions are left to values. */
static bool presence_fits(search *s, size_t i, bool *about_values)
{
    const vg_compare_condition *q = question(s, i);
    *about_values = q->kind != VG_TEST_NULL && q->kind != VG_TEST_OPAQUE;
    s->doubtful |= q->kind == VG_TEST_OPAQUE;
    return q->kind != VG_TEST_NULL || names(q->source, VG_STR("false")) != s->literals[i].negated;
}

static vg_wild_answer keep_values(search *s, vg_wild_answer answer, const vg_str *values, size_t count,
                                  bool multi)
{
    if (answer != VG_WILD_FOUND)
        return answer;
    vg_str *copy = vg_arena_alloc(s->c->arena, (count + 1) * sizeof *copy);
    if (!copy)
        return VG_WILD_LIMIT;
    memcpy(copy, values, count * sizeof *copy);
    s->entry->state = VG_CONTEXT_PRESENT;
    s->entry->values = copy;
    s->entry->value_count = (uint32_t)count;
    s->entry->multi = multi;
    return answer;
}

static vg_wild_answer try_one_value(search *s)
{
    size_t asked = 0;
    s->doubtful = false;
    for (size_t i = 0; i < s->count; i++) {
        bool about_values;
        if (!presence_fits(s, i, &about_values))
            return VG_WILD_EMPTY;
        if (about_values)
            s->asked[asked++] = s->literals[i];
    }
    vg_str value;
    vg_wild_answer answer = vg_compare_value(s->c, s->asked, asked, &value);
    return keep_values(s, doubted(s, answer), &value, 1, false);
}

/* Whether question i is asked of every value of a list (the rest: of some value). */
static bool is_of_all(const search *s, size_t i)
{
    bool all = question(s, i)->source->qualifier == VG_QUALIFIER_FOR_ALL_VALUES;
    return all != s->literals[i].negated;
}

/* For each thing that some value must meet, a value that meets it and all that every value must. */
static vg_wild_answer find_list(search *s, size_t of_all, const size_t *of_some, size_t some_count)
{
    vg_str *values = vg_arena_alloc(s->c->arena, (some_count + 1) * sizeof *values);
    if (!values)
        return VG_WILD_LIMIT;
    vg_wild_answer answer = VG_WILD_FOUND;
    size_t rounds = some_count ? some_count : 1;
    for (size_t i = 0; i < rounds; i++) {
        if (some_count)
            s->asked[of_all] = s->literals[of_some[i]];
        vg_wild_answer one = vg_compare_value(s->c, s->asked, of_all + (some_count ? 1 : 0), &values[i]);
        if (one == VG_WILD_EMPTY || one == VG_WILD_LIMIT)
            return one;
        if (one == VG_WILD_POSSIBLE)
            answer = one;
    }
    return keep_values(s, doubted(s, answer), values, rounds, true);
}

static vg_wild_answer try_list(search *s)
{
    size_t of_all = 0, some_count = 0;
    size_t *of_some = vg_arena_alloc(s->c->arena, (s->count + 1) * sizeof *of_some);
    if (!of_some)
        return VG_WILD_LIMIT;
    s->doubtful = false;
    for (size_t i = 0; i < s->count; i++) {
        bool about_values;
        if (!presence_fits(s, i, &about_values))
            return VG_WILD_EMPTY;
        if (!about_values)
            continue;
        if (question(s, i)->source->qualifier == VG_QUALIFIER_NONE) {
            if (!s->literals[i].negated)
                return VG_WILD_EMPTY;
        } else if (is_of_all(s, i)) {
            s->asked[of_all++] = s->literals[i];
        } else {
            of_some[some_count++] = i;
        }
    }
    return find_list(s, of_all, of_some, some_count);
}

vg_wild_answer vg_compare_key_state(vg_comparer *c, uint32_t key, const vg_compare_literal *literals,
                                    size_t count, vg_context_entry *entry)
{
    static vg_wild_answer (*const tries[])(search *) = {try_absence, try_one_value, try_list};
    vg_context_entry unused;
    search s = {.c = c, .literals = literals, .count = count, .entry = entry ? entry : &unused};
    *s.entry = (vg_context_entry){.key = vg_compare_key_name(c, key)};
    s.asked = vg_arena_alloc(c->arena, (count + 1) * sizeof *s.asked);
    if (!s.asked)
        return VG_WILD_LIMIT;
    vg_wild_answer answer = VG_WILD_EMPTY;
    for (size_t i = 0; i < VG_COUNT(tries) && answer != VG_WILD_FOUND; i++) {
        vg_wild_answer one = tries[i](&s);
        if (one == VG_WILD_FOUND || (one != VG_WILD_EMPTY && answer != VG_WILD_LIMIT))
            answer = one;
    }
    return answer;
}
