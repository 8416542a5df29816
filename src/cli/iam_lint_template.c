/* iam_lint_template.c: policies of templates whose values are functions, {"Ref": "Bucket"}, {"Fn::Sub": "arn:..."}.
 *
 * What a function comes to is known once the template is deployed. What is wrong with the rest of the policy does not wait for
 * that: each function in the place of a value is filled with texts of several forms, and what is found with every one of them,
 * at a place that is no filling, is so whatever the value will be. A function in the place of a whole element, statement or
 * action may turn the policy into another: such a policy is not checked. */
#include "cli/iam_lint_parts.h"

static const vg_str fillings[IAM_LINT_FILLINGS] = {VG_STR_INIT("*"), VG_STR_INIT("arn:aws:s3:::filling"),
                                                   VG_STR_INIT("111122223333"), VG_STR_INIT("true"),
                                                   VG_STR_INIT("10.0.0.0/24")};

static bool is_function(const vg_value *v)
{
    if (v->kind != VG_OBJECT || v->as.container.count != 1)
        return false;
    vg_str key = vg_value_str(v + 1);
    return vg_str_is(key, "Ref") || vg_str_starts(key, VG_STR("Fn::"));
}

bool iam_lint_has_functions(const vg_value *policy)
{
    const vg_value *end = vg_value_after(policy);
    for (const vg_value *v = policy; v != end; v++)
        if (is_function(v))
            return true;
    return false;
}

/* ---- copying ------------------------------------------------------------------------------------------------------------- */

/* A container at work: where it ends in the original, where it stands in the copy, and what it is of. */
typedef struct {
    const vg_value *end;
    size_t at;
    bool is_object, key_is_next;
    vg_str key, element; /* the key at hand; the element of a statement that all of it belongs to */
    unsigned below;      /* objects between the element and here, this one included */
} level;

static bool is_element_of_values(vg_str key)
{
    static const char *const names[] = {"Resource",  "NotResource", "Principal", "NotPrincipal",
                                        "Condition", "Sid",         "Id"};
    for (size_t i = 0; i < VG_COUNT(names); i++)
        if (vg_str_is(key, names[i]))
            return true;
    return false;
}

/* Conditions: {operator: {key: value}}. */
static bool may_be_filled(vg_str element, unsigned below)
{
    return element.len > 0 && (!vg_str_is(element, "Condition") || below >= 2);
}

typedef struct {
    vg_value *nodes;
    size_t count;
    vg_vec levels;
    bool failed; /* out of memory, or a function where none may be filled */
} copier;

static level *top_of(copier *c)
{
    return c->levels.len ? vg_vec_at(&c->levels, c->levels.len - 1) : NULL;
}

static void close_ended(copier *c, const vg_value *v)
{
    for (level *l = top_of(c); l && l->end == v; l = top_of(c)) {
        c->nodes[l->at].as.container.span = (uint32_t)(c->count - l->at);
        c->levels.len--;
    }
}

/* The element that a value belongs to which stands in `l`, and how deep in it. */
static vg_str element_in(const level *l, unsigned *below)
{
    *below = l ? l->below : 0;
    if (!l)
        return VG_STR("");
    if (l->element.len == 0 && l->is_object && is_element_of_values(l->key))
        return l->key;
    return l->element;
}

static void open_container(copier *c, const vg_value *v)
{
    unsigned below;
    vg_str element = element_in(top_of(c), &below);
    level *l = vg_vec_push(&c->levels);
    if (!l) {
        c->failed = true;
        return;
    }
    bool is_object = v->kind == VG_OBJECT;
    *l = (level){vg_value_after(v), c->count, is_object, is_object, {0}, element, 0};
    if (element.len)
        l->below = below + is_object;
}

/* Copies the node; the next to look at. */
static const vg_value *copy_node(copier *c, const vg_value *v, vg_str filling)
{
    level *l = top_of(c);
    if (l && l->is_object && l->key_is_next) {
        l->key = vg_value_str(v);
        l->key_is_next = false;
        c->nodes[c->count++] = *v;
        return v + 1;
    }
    if (l && l->is_object)
        l->key_is_next = true;
    if (is_function(v)) {
        unsigned below;
        vg_str element = element_in(l, &below);
        c->failed |= !may_be_filled(element, below);
        c->nodes[c->count] = (vg_value){.kind = VG_STRING, .len = (uint32_t)filling.len & 0xFFFFFFF};
        c->nodes[c->count].position = v->position;
        c->nodes[c->count++].as.string = filling.ptr;
        return vg_value_after(v);
    }
    if (vg_value_is_container(v))
        open_container(c, v);
    c->nodes[c->count++] = *v;
    return v + 1;
}

static const vg_value *filled(vg_arena *arena, const vg_value *policy, vg_str filling)
{
    const vg_value *end = vg_value_after(policy);
    copier c = {.nodes = VG_NEW_N(arena, vg_value, (size_t)(end - policy)),
                .levels = vg_vec_in(arena, sizeof(level))};
    c.failed = c.nodes == NULL;
    for (const vg_value *v = policy; v != end && !c.failed;) {
        v = copy_node(&c, v, filling);
        close_ended(&c, v);
    }
    return c.failed ? NULL : c.nodes;
}

bool iam_lint_fill(vg_arena *arena, const vg_value *policy, const vg_value *out[IAM_LINT_FILLINGS])
{
    for (size_t i = 0; i < IAM_LINT_FILLINGS; i++)
        if (!(out[i] = filled(arena, policy, fillings[i])))
            return false;
    return true;
}

/* ---- what does not depend on values ------------------------------------------------------------------------------------------- */

/* A filling's text is its own: no other value's bytes stand there. */
static bool is_filling(const vg_value *v)
{
    for (size_t i = 0; i < IAM_LINT_FILLINGS; i++)
        if (v && v->kind == VG_STRING && v->as.string == fillings[i].ptr)
            return true;
    return false;
}

static bool is_same(const vg_lint_finding *a, const vg_lint_finding *b)
{
    return a->check == b->check && a->statement == b->statement && a->locations[0].at && b->locations[0].at &&
           a->locations[0].at->position == b->locations[0].at->position;
}

static bool is_among(const vg_lint_finding *finding, const vg_lint_result *result)
{
    for (size_t i = 0; i < result->count; i++)
        if (is_same(finding, &result->findings[i]))
            return true;
    return false;
}

bool iam_lint_holds_for_all(const vg_lint_finding *finding, const vg_lint_result *others, size_t count)
{
    for (size_t i = 0; i < finding->location_count; i++)
        if (is_filling(finding->locations[i].at))
            return false;
    for (size_t i = 0; i < count; i++)
        if (!is_among(finding, &others[i]))
            return false;
    return true;
}
