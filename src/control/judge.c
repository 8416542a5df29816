/* judge.c: access clauses: `query operator operand`. The values on the left, those on the right, one pass or fail for
 * each comparison that the operator makes of them, and the clause's status from those.
 *
 * Which comparisons == and `in` make depends on which side is a literal of the rule and on where lists stand
 * (cfn-guard's eval/operators.rs, whose cases follow here one by one): a literal is compared with each value of a
 * query, a query with a query as sets. A negated operator turns each answer around, but not "cannot be compared" and
 * not "is missing": those always fail. */
#include "control/guard_part.h"

typedef struct {
    guard_evaluation *e;
    const guard_clause *clause;
    size_t passes, fails;
    vg_status status;
} judgement;

/* The values of one side. */
typedef struct {
    const guard_result *items;
    size_t count;
} side;

static const vg_value *literal_of(side s)
{
    return s.count == 1 && s.items[0].kind == RESULT_LITERAL ? s.items[0].value : NULL;
}

/* ---- telling --------------------------------------------------------------------------------------------------------- */

static guard_failure *push_failure(judgement *j, const guard_result *from)
{
    guard_failure *failure = NULL;
    j->fails++;
    if (guard_fail_clause(j->e, j->clause, from, &failure) != VG_OK)
        j->status = VG_ERR_MEMORY;
    return failure;
}

/* Fails `from`; `to` (may be NULL) is what it was compared with. */
static void fail(judgement *j, const vg_value *from, const vg_value *to, bool not_comparable)
{
    guard_failure *failure = push_failure(j, &(guard_result){.value = from, .kind = RESULT_RESOLVED});
    if (!failure)
        return;
    failure->not_comparable = not_comparable;
    const vg_value **list = to ? vg_arena_alloc(j->e->arena, sizeof *list) : NULL;
    if (!list)
        return;
    list[0] = to;
    failure->to = list;
    failure->to_count = 1;
}

/* A failure shows no more of the right side than a reader takes in. */
#define EXPECTED_MAX 16

/* Notes what the left side was to be compared with. */
static void expect_all(judgement *j, guard_failure *failure, side right)
{
    const vg_value **list = vg_arena_alloc(j->e->arena, EXPECTED_MAX * sizeof *list);
    for (size_t i = 0; list && i < right.count && failure->to_count < EXPECTED_MAX; i++)
        if (right.items[i].kind != RESULT_UNRESOLVED)
            list[failure->to_count++] = right.items[i].value;
    failure->to = list;
}

static guard_failure *fail_against_all(judgement *j, const vg_value *from, side right)
{
    guard_failure *failure = push_failure(j, &(guard_result){.value = from, .kind = RESULT_RESOLVED});
    if (failure)
        expect_all(j, failure, right);
    return failure;
}

static void fail_unresolved_left(judgement *j, side left, side right)
{
    for (size_t i = 0; i < left.count; i++) {
        guard_failure *failure =
            left.items[i].kind == RESULT_UNRESOLVED ? push_failure(j, &left.items[i]) : NULL;
        if (failure)
            expect_all(j, failure, right);
    }
}

static void fail_unresolved_right(judgement *j, const vg_value *from)
{
    guard_failure *failure = push_failure(j, &(guard_result){.value = from, .kind = RESULT_RESOLVED});
    if (failure)
        failure->to_missing = true;
}

/* A comparison's answer, turned around when the operator is negated. */
static void settle(judgement *j, guard_answer answer, const vg_value *from, const vg_value *to)
{
    if (answer == GUARD_BROKEN)
        j->status =
            vg_fail(&j->e->error, VG_ERR_VALUE, "a regular expression takes too many steps on a value here");
    else if (answer == GUARD_UNLIKE)
        fail(j, from, to, true);
    else if ((answer == GUARD_TRUE) != j->clause->op_negated)
        j->passes++;
    else
        fail(j, from, to, false);
}

static void match(judgement *j, const vg_value *left, const vg_value *right)
{
    settle(j, guard_equal(left, right), left, right);
}

/* ---- sets ------------------------------------------------------------------------------------------------------------ */

static bool list_holds(judgement *j, const vg_value *list, const vg_value *value)
{
    for (vg_items it = vg_items_of(list); vg_items_next(&it);) {
        guard_answer answer = guard_same(it.value, value);
        if (answer == GUARD_BROKEN)
            settle(j, answer, value, it.value);
        if (answer == GUARD_TRUE)
            return true;
    }
    return false;
}

static bool side_holds(judgement *j, side s, const vg_value *value)
{
    for (size_t i = 0; i < s.count; i++) {
        if (s.items[i].kind == RESULT_UNRESOLVED)
            continue;
        guard_answer answer = guard_same(s.items[i].value, value);
        if (answer == GUARD_BROKEN)
            settle(j, answer, value, s.items[i].value);
        if (answer == GUARD_TRUE)
            return true;
    }
    return false;
}

static size_t count_resolved(side s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.count; i++)
        n += s.items[i].kind != RESULT_UNRESOLVED;
    return n;
}

/* What a value in (or not in) another comes to. Of two lists, all items of the left must be in the right; negated,
 * none may. */
typedef struct {
    guard_answer answer;
    bool lists;
    bool overlap; /* of lists that are not contained: some item is */
} containment;

static containment list_in_list(judgement *j, const vg_value *left, const vg_value *right)
{
    containment c = {.answer = GUARD_TRUE, .lists = true};
    const vg_value *first = vg_value_item(right, 0);
    if (first && guard_is_list(first)) {
        c.answer = list_holds(j, right, left) ? GUARD_TRUE : GUARD_FALSE;
        c.overlap = vg_value_count(left) > 0;
        return c;
    }
    for (vg_items it = vg_items_of(left); vg_items_next(&it);) {
        bool held = list_holds(j, right, it.value);
        c.overlap = c.overlap || held;
        if (!held)
            c.answer = GUARD_FALSE;
    }
    return c;
}

static containment contained(judgement *j, const vg_value *left, const vg_value *right)
{
    if (guard_is_list(left) && guard_is_list(right))
        return list_in_list(j, left, right);
    if (guard_is_list(left))
        return (containment){.answer = GUARD_UNLIKE};
    if (guard_is_list(right))
        return (containment){.answer = list_holds(j, right, left) ? GUARD_TRUE : GUARD_FALSE};
    return (containment){.answer = guard_equal(left, right)};
}

static void settle_contained(judgement *j, const vg_value *left, const vg_value *right)
{
    containment c = contained(j, left, right);
    if (c.lists && c.answer == GUARD_FALSE && j->clause->op_negated && c.overlap)
        fail(j, left, right, false);
    else
        settle(j, c.answer, left, right);
}

/* Text in text is a part of it. */
static guard_answer text_in(const vg_value *left, const vg_value *right)
{
    if (left->kind != VG_STRING || right->kind != VG_STRING)
        return GUARD_UNLIKE;
    return vg_str_find(vg_value_str(right), vg_value_str(left)) != VG_NPOS ? GUARD_TRUE : GUARD_FALSE;
}

static void fail_each(judgement *j, side values, side right)
{
    for (size_t i = 0; i < values.count; i++)
        if (values.items[i].kind != RESULT_UNRESOLVED)
            fail_against_all(j, values.items[i].value, right);
}

/* Two queries as sets: `missing` are the values of `of` that are not among `among`. None missing passes every value of
 * the left (negated: fails it); else what is missing fails (negated: what is shown and not missing, or, if nothing is,
 * every value of the left passes). */
typedef struct {
    side left, right;
    side of, among, shown;
    bool (*is_missing)(judgement *, const vg_value *, side);
} sets;

/* The values of `values` that are (or are not) missing fail; how many did. */
static size_t fail_where(judgement *j, const sets *s, side values, bool missing)
{
    size_t failed = 0;
    for (size_t i = 0; i < values.count && j->status == VG_OK; i++) {
        const vg_value *value = values.items[i].value;
        if (values.items[i].kind == RESULT_UNRESOLVED)
            continue;
        bool is_missing = values.items == s->of.items && s->is_missing(j, value, s->among);
        if (is_missing != missing)
            continue;
        guard_failure *failure = fail_against_all(j, value, s->right);
        if (failure)
            failure->from_right = values.items == s->right.items;
        failed++;
    }
    return failed;
}

static bool any_missing(judgement *j, const sets *s)
{
    for (size_t i = 0; i < s->of.count; i++)
        if (s->of.items[i].kind != RESULT_UNRESOLVED && s->is_missing(j, s->of.items[i].value, s->among))
            return true;
    return false;
}

static void settle_sets(judgement *j, const sets *s)
{
    bool missing = any_missing(j, s), negated = j->clause->op_negated;
    if (!missing && negated)
        fail_each(j, s->left, s->right);
    else if (!missing || (negated && fail_where(j, s, s->shown, false) == 0))
        j->passes += count_resolved(s->left);
    else if (!negated)
        fail_where(j, s, s->of, true);
}

static bool not_among(judgement *j, const vg_value *value, side among)
{
    return !side_holds(j, among, value);
}

static bool not_contained(judgement *j, const vg_value *value, side among)
{
    for (size_t i = 0; i < among.count; i++)
        if (among.items[i].kind != RESULT_UNRESOLVED &&
            contained(j, value, among.items[i].value).answer == GUARD_TRUE)
            return false;
    return true;
}

/* ---- == and != ------------------------------------------------------------------------------------------------------- */

static void equal_from_literal(judgement *j, const vg_value *left, side right)
{
    for (size_t i = 0; i < right.count; i++) {
        const vg_value *value = right.items[i].value;
        if (right.items[i].kind == RESULT_UNRESOLVED) {
            fail_unresolved_right(j, left);
        } else if (!guard_is_list(left) && guard_is_list(value)) {
            for (vg_items it = vg_items_of(value); vg_items_next(&it);)
                match(j, left, it.value);
        } else {
            match(j, left, value);
        }
    }
}

static bool is_scalar(const vg_value *v)
{
    return !guard_is_list(v) && !guard_is_map(v);
}

static void equal_to_literal(judgement *j, const vg_value *left, const vg_value *right)
{
    if (guard_is_list(right)) {
        bool one = is_scalar(left) && vg_value_count(right) == 1;
        match(j, left, one ? vg_value_item(right, 0) : right);
    } else if (guard_is_list(left)) {
        for (vg_items it = vg_items_of(left); vg_items_next(&it);)
            match(j, it.value, right);
    } else {
        match(j, left, right);
    }
}

/* Both sides are queries: each value of the side with more values must be on the other. */
static void equal_as_sets(judgement *j, side left, side right)
{
    fail_unresolved_left(j, left, right);
    for (size_t i = 0; i < right.count; i++)
        for (size_t k = 0; right.items[i].kind == RESULT_UNRESOLVED && k < left.count; k++)
            if (left.items[k].kind != RESULT_UNRESOLVED)
                fail_unresolved_right(j, left.items[k].value);
    bool from_left = count_resolved(left) > count_resolved(right);
    settle_sets(j, &(sets){.left = left,
                           .right = right,
                           .of = from_left ? left : right,
                           .among = from_left ? right : left,
                           .shown = right.count >= left.count ? right : left,
                           .is_missing = not_among});
}

static void judge_equal(judgement *j, side left, side right)
{
    const vg_value *l = literal_of(left), *r = literal_of(right);
    if (l && r) {
        match(j, l, r);
    } else if (l) {
        equal_from_literal(j, l, right);
    } else if (r) {
        fail_unresolved_left(j, left, right);
        for (size_t i = 0; i < left.count; i++)
            if (left.items[i].kind != RESULT_UNRESOLVED)
                equal_to_literal(j, left.items[i].value, r);
    } else {
        equal_as_sets(j, left, right);
    }
}

/* ---- in and not in --------------------------------------------------------------------------------------------------- */

static void in_from_literal(judgement *j, const vg_value *left, side right)
{
    bool any_list = false;
    for (size_t i = 0; i < right.count; i++) {
        if (right.items[i].kind == RESULT_UNRESOLVED)
            fail_unresolved_right(j, left);
        else
            any_list = any_list || guard_is_list(right.items[i].value);
    }
    if (any_list || !guard_is_list(left)) {
        for (size_t i = 0; i < right.count; i++)
            if (right.items[i].kind != RESULT_UNRESOLVED)
                settle_contained(j, left, right.items[i].value);
        return;
    }
    bool all = true;
    for (vg_items it = vg_items_of(left); vg_items_next(&it);)
        all = all && side_holds(j, right, it.value);
    if (all && !j->clause->op_negated)
        j->passes++;
    else
        fail_against_all(j, left, right); /* negated too, whatever the values are */
}

static void in_literal(judgement *j, const vg_value *left, const vg_value *right)
{
    if (right->kind != VG_STRING) {
        settle_contained(j, left, right);
    } else if (guard_is_list(left)) {
        for (vg_items it = vg_items_of(left); vg_items_next(&it);)
            settle(j, text_in(it.value, right), it.value, right);
    } else {
        settle(j, text_in(left, right), left, right);
    }
}

static void in_as_sets(judgement *j, side left, side right)
{
    fail_unresolved_left(j, left, right);
    for (size_t i = 0; i < right.count; i++)
        for (size_t k = 0; right.items[i].kind == RESULT_UNRESOLVED && k < left.count; k++)
            if (left.items[k].kind != RESULT_UNRESOLVED)
                fail_unresolved_right(j, left.items[k].value);
    settle_sets(j, &(sets){.left = left,
                           .right = right,
                           .of = left,
                           .among = right,
                           .shown = left,
                           .is_missing = not_contained});
}

static void judge_in(judgement *j, side left, side right)
{
    const vg_value *l = literal_of(left), *r = literal_of(right);
    if (l && r) {
        if (text_in(l, r) == GUARD_TRUE)
            settle(j, GUARD_TRUE, l, r);
        else
            settle_contained(j, l, r);
    } else if (l) {
        in_from_literal(j, l, right);
    } else if (r) {
        fail_unresolved_left(j, left, right);
        for (size_t i = 0; i < left.count; i++)
            if (left.items[i].kind != RESULT_UNRESOLVED)
                in_literal(j, left.items[i].value, r);
    } else {
        in_as_sets(j, left, right);
    }
}

/* ---- <, <=, >, >= ---------------------------------------------------------------------------------------------------- */

/* The next value of a side with its lists opened, one level; NULL at the end. */
typedef struct {
    side of;
    size_t at;
    vg_items inside;
    bool open;
} opened;

static const vg_value *next_opened(opened *o)
{
    for (;;) {
        if (o->open && vg_items_next(&o->inside))
            return o->inside.value;
        o->open = false;
        while (o->at < o->of.count && o->of.items[o->at].kind == RESULT_UNRESOLVED)
            o->at++;
        if (o->at >= o->of.count)
            return NULL;
        const vg_value *value = o->of.items[o->at++].value;
        if (!guard_is_list(value))
            return value;
        o->inside = vg_items_of(value);
        o->open = true;
    }
}

static void judge_order(judgement *j, side left, side right)
{
    fail_unresolved_left(j, left, right);
    size_t missing = right.count - count_resolved(right);
    opened lefts = {.of = left};
    for (const vg_value *l; (l = next_opened(&lefts)) != NULL;) {
        for (size_t i = 0; i < missing; i++)
            fail_unresolved_right(j, l);
        opened rights = {.of = right};
        for (const vg_value *r; (r = next_opened(&rights)) != NULL;)
            settle(j, guard_ordered(j->clause->op, l, r), l, r);
    }
}

/* ---- exists, empty, is_... ------------------------------------------------------------------------------------------- */

static vg_status refuse_empty(guard_evaluation *e, const vg_value *v)
{
    return vg_fail(&e->error, VG_ERR_VALUE, "`empty` asks of strings, lists and maps, not of %s",
                   guard_kind_name(v));
}

/* What a unary operator says of one result. */
static vg_status ask(guard_evaluation *e, guard_op op, const guard_result *r, bool *out)
{
    const vg_value *v = r->value;
    bool resolved = r->kind != RESULT_UNRESOLVED;
    switch (op) {
    case GUARD_EXISTS:
        *out = resolved;
        return VG_OK;
    case GUARD_EMPTY:
        if (!resolved || vg_value_is_container(v))
            *out = !resolved || vg_value_count(v) == 0;
        else if (v->kind == VG_STRING || v->kind == VG_BOOL)
            *out = v->kind == VG_STRING && v->len == 0;
        else
            return refuse_empty(e, v);
        return VG_OK;
    case GUARD_IS_FLOAT:
        *out = resolved && guard_is_float(v);
        return VG_OK;
    default:
        break;
    }
    static const vg_kind kinds[] = {
        [GUARD_IS_STRING] = VG_STRING, [GUARD_IS_LIST] = VG_ARRAY, [GUARD_IS_STRUCT] = VG_OBJECT,
        [GUARD_IS_BOOL] = VG_BOOL,     [GUARD_IS_INT] = VG_INT,    [GUARD_IS_NULL] = VG_NULL};
    *out = resolved && v->kind == kinds[op];
    return VG_OK;
}

/* `%variable empty` and `query[ filter ] empty` ask whether anything was selected, not of what each value holds. */
static bool asks_of_selection(const guard_query *query)
{
    const guard_part *last = &query->parts[query->count - 1];
    return last->kind == PART_FILTER || last->kind == PART_KEY_FILTER ||
           (last->kind == PART_VARIABLE && query->count == 1);
}

static vg_status judge_unary(judgement *j, side left, vg_guard_status *out)
{
    const guard_clause *c = j->clause;
    bool turned = c->op_negated != c->negated,
         selection = c->op == GUARD_EMPTY && asks_of_selection(&c->query);
    if (left.count == 0 && selection) {
        *out = turned ? VG_GUARD_FAIL : VG_GUARD_PASS;
        if (turned)
            push_failure(j, NULL);
        return j->status;
    }
    if (left.count == 0) {
        *out = VG_GUARD_SKIP;
        return VG_OK;
    }
    for (size_t i = 0; i < left.count; i++) {
        const guard_result *r = &left.items[i];
        bool answer;
        if (selection)
            answer = r->kind == RESULT_UNRESOLVED || r->value->kind == VG_NULL;
        else
            VG_TRY(ask(j->e, c->op, r, &answer));
        if (answer != turned)
            j->passes++;
        else
            push_failure(j, r);
    }
    return VG_OK;
}

/* ---- the clause -------------------------------------------------------------------------------------------------------- */

static void judge_binary(judgement *j, side left, side right)
{
    if (j->clause->op == GUARD_EQ)
        judge_equal(j, left, right);
    else if (j->clause->op == GUARD_IN)
        judge_in(j, left, right);
    else
        judge_order(j, left, right);
}

static vg_status judge_sides(judgement *j, guard_scope *scope, vg_guard_status *out)
{
    guard_evaluation *e = j->e;
    const guard_clause *c = j->clause;
    size_t right_at = e->stack_len;
    if (c->op < GUARD_EXISTS)
        VG_TRY(guard_select_operand(e, scope, &c->operand));
    size_t left_at = e->stack_len;
    VG_TRY(guard_select(e, scope, &c->query));
    side right = {e->stack + right_at, left_at - right_at},
         left = {e->stack + left_at, e->stack_len - left_at};
    if (c->op >= GUARD_EXISTS)
        return judge_unary(j, left, out);
    if (left.count == 0 || right.count == 0) {
        *out = VG_GUARD_SKIP;
        return VG_OK;
    }
    e->steps += left.count * right.count;
    judge_binary(j, left, right);
    return j->status;
}

vg_status guard_judge(guard_evaluation *e, guard_scope *scope, const guard_clause *clause,
                      vg_guard_status *out)
{
    judgement j = {.e = e, .clause = clause};
    size_t mark = e->stack_len;
    *out = VG_GUARD_ERROR; /* not settled: by passes and fails */
    vg_status status = judge_sides(&j, scope, out);
    e->stack_len = mark;
    VG_TRY(status);
    VG_TRY(j.status);
    if (*out == VG_GUARD_ERROR)
        *out = (clause->query.some ? j.passes > 0 : j.fails == 0) ? VG_GUARD_PASS : VG_GUARD_FAIL;
    return VG_OK;
}
