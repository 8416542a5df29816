/* sigma_eval.c: evaluating compiled rules on one event after the other.
 *
 * An evaluator holds, for the event at hand, the values of each field that was asked for and the verdict of each predicate,
 * both with the number of the event (its epoch) that they belong to: going on to the next event forgets everything at once.
 * The text of a value is folded once, whatever the number of predicates that look at it. */
#include "detect/sigma_part.h"

#include <stdlib.h>

enum {
    MOST_EPOCH = INT32_MAX,
    MOST_DEPTH = 600 /* of objects and lists in each other; the readers allow 512 */
};

/* A value of a field. */
typedef struct {
    const vg_value *value;
    vg_str text, folded; /* of a scalar; ptr NULL: not made yet */
} slot_value;

/* A field of the event at hand: its values are `count` of the evaluator's, from `first`. */
typedef struct {
    uint32_t epoch, first, count;
    bool found, null;
    bool tested; /* all predicates of the field's `many` were */
} slot;

struct vg_evaluator {
    const vg_rules *rules;
    const vg_detect_source *sources;
    size_t source_count;
    const vg_event *event;
    vg_light_text *light; /* of an event without a tree; else NULL */
    void *light_context;
    vg_arena *scratch; /* of the event at hand */
    sigma_matcher *matcher;
    uint32_t epoch;
    slot *slots; /* by field; behind them the keywords' */
    slot_value *values;
    size_t value_count, value_cap;
    uint32_t *verdicts; /* by predicate: epoch * 2 + verdict */
    sigma_scan scan;
    uint32_t *hits;
    bool out_of_memory;
};

/* ---- making ------------------------------------------------------------------------------------------------------------- */

vg_evaluator *vg_evaluator_new(const vg_rules *rules, const vg_detect_source *sources, size_t source_count)
{
    vg_evaluator *ev = calloc(1, sizeof *ev);
    if (!ev)
        return NULL;
    ev->rules = rules;
    ev->sources = sources;
    ev->source_count = source_count;
    ev->scratch = vg_arena_new(0);
    ev->matcher = sigma_matcher_new();
    ev->slots = calloc(rules->field_count + 1, sizeof *ev->slots);
    ev->verdicts = calloc(rules->predicate_count + 1, sizeof *ev->verdicts);
    ev->hits = calloc(rules->predicate_count + 1, sizeof *ev->hits);
    bool scan = sigma_scan_make(&ev->scan, rules->predicate_count);
    if (!ev->scratch || !ev->matcher || !ev->slots || !ev->verdicts || !ev->hits || !scan) {
        vg_evaluator_free(ev);
        return NULL;
    }
    return ev;
}

void vg_evaluator_free(vg_evaluator *ev)
{
    if (!ev)
        return;
    vg_arena_free(ev->scratch);
    sigma_matcher_free(ev->matcher);
    free(ev->slots);
    free(ev->values);
    free(ev->verdicts);
    free(ev->hits);
    sigma_scan_drop(&ev->scan);
    free(ev);
}

uint64_t vg_evaluator_limits(const vg_evaluator *ev)
{
    return sigma_matcher_limits(ev->matcher);
}

bool vg_evaluator_failed(const vg_evaluator *ev)
{
    return ev->out_of_memory;
}

void vg_evaluator_begin(vg_evaluator *ev, const vg_event *event)
{
    ev->event = event;
    ev->light = NULL;
    ev->value_count = 0;
    if (vg_arena_used(ev->scratch))
        vg_arena_reset(ev->scratch);
    if (ev->epoch++ < MOST_EPOCH - 1)
        return;
    memset(ev->slots, 0, (ev->rules->field_count + 1) * sizeof *ev->slots);
    memset(ev->verdicts, 0, (ev->rules->predicate_count + 1) * sizeof *ev->verdicts);
    ev->epoch = 1;
}

void vg_evaluator_begin_light(vg_evaluator *ev, vg_light_text *text, void *context)
{
    ev->event = NULL;
    ev->light = text;
    ev->light_context = context;
}

/* ---- values ------------------------------------------------------------------------------------------------------------- */

static bool push_value(vg_evaluator *ev, const vg_value *value)
{
    if (ev->value_count == ev->value_cap) {
        size_t cap = ev->value_cap ? ev->value_cap * 2 : 64;
        slot_value *grown = cap > UINT32_MAX ? NULL : realloc(ev->values, cap * sizeof *grown);
        ev->out_of_memory |= !grown;
        if (!grown)
            return false;
        ev->values = grown;
        ev->value_cap = cap;
    }
    ev->values[ev->value_count++] = (slot_value){.value = value};
    return true;
}

typedef struct {
    vg_evaluator *ev;
    slot *slot;
} filling;

static bool take_value(void *context, const vg_value *value)
{
    filling *f = context;
    if (value->kind == VG_NULL) {
        f->slot->null = true;
        return true;
    }
    return push_value(f->ev, value);
}

/* Every scalar of the event, in its order: the tree is an array of nodes, and keys are known by their place in objects. */
static void take_all(vg_evaluator *ev, const vg_value *value, unsigned depth)
{
    if (depth > MOST_DEPTH)
        return;
    if (!vg_value_is_container(value)) {
        if (value->kind != VG_NULL)
            push_value(ev, value);
        return;
    }
    for (vg_items it = vg_items_of(value); vg_items_next(&it);)
        take_all(ev, it.value, depth + 1);
}

/* A field below "vigil.": what the event itself tells, else what one of the sources knows. */
static const vg_value *derived_value(vg_evaluator *ev, vg_str path, vg_arena *arena)
{
    const vg_value *value = NULL;
    vg_str name = vg_str_sub(path, sizeof "vigil." - 1, path.len);
    if (vg_derived_field(ev->event, name, arena, &value))
        return value;
    for (size_t i = 0; i < ev->source_count; i++)
        if (ev->sources[i].ask(ev->sources[i].context, ev->event, name, arena, &value))
            return value;
    return NULL;
}

static slot *slot_of(vg_evaluator *ev, uint32_t field)
{
    bool all = field == VG_FIELD_ALL;
    slot *s = &ev->slots[all ? ev->rules->field_count : field];
    if (s->epoch == ev->epoch)
        return s;
    *s = (slot){.epoch = ev->epoch, .first = (uint32_t)ev->value_count};
    filling f = {ev, s};
    if (all)
        take_all(ev, ev->event->root, 0);
    else if (ev->rules->fields[field].derived) {
        const vg_value *value = derived_value(ev, ev->rules->fields[field].path, ev->scratch);
        s->found = value && sigma_lookup(value, (vg_str){0}, take_value, &f);
    } else
        s->found = sigma_lookup(ev->event->root, ev->rules->fields[field].path, take_value, &f);
    s->count = (uint32_t)(ev->value_count - s->first);
    return s;
}

/* Makes a scalar's text. False for objects. */
static bool has_text(vg_evaluator *ev, slot_value *v, bool fold)
{
    if (!v->text.ptr) {
        if (!sigma_scalar_text(v->value, ev->scratch, &v->text))
            return false;
        if (!v->text.ptr)
            v->text = VG_STR("");
    }
    if (fold && !v->folded.ptr)
        v->folded = sigma_fold(ev->scratch, v->text);
    return !fold || v->folded.ptr;
}

/* ---- predicates ---------------------------------------------------------------------------------------------------------- */

static bool value_holds(vg_evaluator *ev, const vg_predicate *p, slot_value *v)
{
    if (has_text(ev, v, sigma_test_wants_fold(p)))
        return sigma_test_text(p, v->value, v->text, v->folded, ev->matcher);
    return vg_predicate_holds(p, v->value, ev->scratch);
}

/* fieldref: a value of the one field and a value of the other. */
static bool fields_hold(vg_evaluator *ev, const vg_predicate *p)
{
    const slot a = *slot_of(ev, p->field), b = *slot_of(ev, p->other);
    for (uint32_t i = 0; i < b.count; i++) {
        slot_value *other = &ev->values[b.first + i];
        if (!has_text(ev, other, !p->cased))
            continue;
        vg_predicate against = {
            .op = p->how, .cased = p->cased, .text = p->cased ? other->text : other->folded};
        for (uint32_t j = 0; j < a.count; j++) {
            slot_value *v = &ev->values[a.first + j];
            if (has_text(ev, v, !p->cased) && sigma_test_text(&against, v->value, v->text, v->folded, NULL))
                return true;
        }
    }
    return false;
}

static bool decide(vg_evaluator *ev, const vg_predicate *p)
{
    if (p->op == VG_TEST_FIELD)
        return fields_hold(ev, p);
    const slot *s = slot_of(ev, p->field);
    if (p->op == VG_TEST_EXISTS)
        return s->found;
    if (p->op == VG_TEST_NULL)
        return !s->found || s->null;
    for (uint32_t i = 0; i < s->count; i++)
        if (value_holds(ev, p, &ev->values[s->first + i]))
            return true;
    return false;
}

/* Runs `many` on one text; of an object's text only what looks inside is told. */
static void run_many(vg_evaluator *ev, const sigma_multi *many, const vg_value *value, vg_str text,
                     vg_str folded, bool inside)
{
    size_t count = sigma_multi_run(many, &ev->scan, value, text, folded, ev->matcher, ev->hits);
    for (size_t i = 0; i < count; i++)
        if (!inside || sigma_test_looks_inside(&ev->rules->predicates[ev->hits[i]]))
            ev->verdicts[ev->hits[i]] = ev->epoch << 1 | 1;
}

static void run_inside(vg_evaluator *ev, const sigma_multi *many, const vg_value *value, unsigned depth)
{
    slot_value scalar = {.value = value};
    if (depth > MOST_DEPTH)
        return;
    if (!vg_value_is_container(value) && has_text(ev, &scalar, true))
        run_many(ev, many, value, scalar.text, scalar.folded, true);
    for (vg_items it = vg_items_of(value); vg_items_next(&it);)
        run_inside(ev, many, it.value, depth + 1);
}

/* An object: the scalars in it, and its JSON. */
static void run_object(vg_evaluator *ev, const sigma_multi *many, const vg_value *object)
{
    vg_buf json = {0};
    run_inside(ev, many, object, 0);
    vg_json_write(&json, object, 0);
    vg_str folded = sigma_fold(ev->scratch, vg_buf_str(&json));
    if (!json.failed && folded.ptr)
        run_many(ev, many, object, vg_buf_str(&json), folded, true);
    vg_buf_free(&json);
}

/* Tests everything that `many` takes on every value of a field: what is not told to hold then does not. */
static void test_many(vg_evaluator *ev, slot *s, const sigma_multi *many)
{
    for (uint32_t i = 0; i < s->count; i++) {
        slot_value *v = &ev->values[s->first + i];
        if (has_text(ev, v, true))
            run_many(ev, many, v->value, v->text, v->folded, false);
        else if (v->value->kind == VG_OBJECT)
            run_object(ev, many, v->value);
    }
    s->tested = true;
}

static bool decide_of_many(vg_evaluator *ev, uint32_t index)
{
    const vg_predicate *p = &ev->rules->predicates[index];
    slot *s = slot_of(ev, p->field);
    if (!s->tested)
        test_many(ev, s, p->field == VG_FIELD_ALL ? ev->rules->keywords : ev->rules->fields[p->field].many);
    return ev->verdicts[index] == (ev->epoch << 1 | 1);
}

static bool predicate_holds(vg_evaluator *ev, uint32_t index)
{
    uint32_t known = ev->verdicts[index];
    if (known >> 1 == ev->epoch)
        return (known & 1) != 0;
    const vg_predicate *p = &ev->rules->predicates[index];
    bool holds = p->many ? decide_of_many(ev, index) : decide(ev, p);
    ev->verdicts[index] = ev->epoch << 1 | holds;
    return holds;
}

/* ---- rules ---------------------------------------------------------------------------------------------------------------- */

/* The depth of an expression is bounded by the compiler's limits on parentheses and lists in each other. */
static bool node_holds(vg_evaluator *ev, const vg_compiled_rule *rule, uint32_t index)
{
    const vg_expr *node = &rule->nodes[index];
    const uint32_t *children = rule->children + node->first;
    switch (node->op) {
    case VG_EXPR_TEST:
        return predicate_holds(ev, node->predicate);
    case VG_EXPR_NOT:
        return !node_holds(ev, rule, children[0]);
    case VG_EXPR_AND:
        for (uint32_t i = 0; i < node->count; i++)
            if (!node_holds(ev, rule, children[i]))
                return false;
        return true;
    case VG_EXPR_OR:
        for (uint32_t i = 0; i < node->count; i++)
            if (node_holds(ev, rule, children[i]))
                return true;
        return false;
    default:
        return node->op == VG_EXPR_TRUE;
    }
}

bool vg_evaluator_match(vg_evaluator *ev, size_t rule)
{
    const vg_compiled_rule *compiled = &ev->rules->rules[rule];
    return compiled->node_count && node_holds(ev, compiled, compiled->node_count - 1);
}

/* ---- one value, for grouping ------------------------------------------------------------------------------------------------ */

typedef struct {
    vg_arena *arena;
    vg_str *out;
    bool found;
} first_text;

static bool take_text(void *context, const vg_value *value)
{
    first_text *f = context;
    f->found = sigma_scalar_text(value, f->arena, f->out);
    return !f->found;
}

bool vg_evaluator_first_text(const vg_value *value, vg_arena *arena, vg_str *out)
{
    first_text f = {arena, out, false};
    sigma_lookup(value, (vg_str){0}, take_text, &f);
    return f.found;
}

bool vg_evaluator_text(vg_evaluator *ev, vg_str path, vg_arena *arena, vg_str *out)
{
    first_text f = {arena, out, false};
    if (ev->light)
        return ev->light(ev->light_context, path, arena, out);
    if (vg_str_starts(path, VG_STR("vigil."))) {
        const vg_value *value = derived_value(ev, path, arena);
        if (value)
            sigma_lookup(value, (vg_str){0}, take_text, &f);
    } else
        sigma_lookup(ev->event->root, path, take_text, &f);
    return f.found;
}
