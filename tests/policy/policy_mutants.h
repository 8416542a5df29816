/* policy_mutants.h: changes to policies as people make them, from a seed, with what each kind of change implies.
 *
 * A mutant shares all that was not changed with its original; lists that changed are copied into the arena. Used by the
 * test of `compare` and by its benchmark. */
#ifndef VIGIL_TESTS_POLICY_MUTANTS_H
#define VIGIL_TESTS_POLICY_MUTANTS_H

#include "policy/policy.h"

#include <stdlib.h>

typedef enum {
    MUTANT_REORDER,          /* statements, actions, resources, values in another order: the same policy */
    MUTANT_SPLIT,            /* a statement in two: the same policy */
    MUTANT_NARROW,           /* something taken away: nothing new */
    MUTANT_WIDEN,            /* something added: the original allows nothing new against it */
    MUTANT_CHANGE_CONDITION, /* another operator or value: either way is possible */
    MUTANT_KINDS
} mutant_kind;

static const char *const mutant_names[] = {"reorder", "split", "narrow", "widen", "change a condition"};

/* xorshift64*: the same numbers everywhere. */
typedef struct {
    uint64_t state;
} mutant_random;

static inline uint64_t mutant_next(mutant_random *r)
{
    r->state ^= r->state >> 12;
    r->state ^= r->state << 25;
    r->state ^= r->state >> 27;
    return r->state * UINT64_C(2685821657736338717);
}
static inline size_t mutant_below(mutant_random *r, size_t n)
{
    return n ? (size_t)((mutant_next(r) >> 11) % n) : 0;
}

typedef struct {
    vg_arena *arena;
    mutant_random *random;
    vg_statement *statements; /* of the mutant; room for two more */
    size_t count;
} mutant;

static inline vg_str *mutant_list(mutant *m, const vg_str *from, size_t count)
{
    vg_str *copy = vg_arena_alloc(m->arena, (count + 2) * sizeof *copy);
    if (count)
        memcpy(copy, from, count * sizeof *copy);
    return copy;
}

static inline void mutant_shuffle(mutant *m, void *items, size_t count, size_t size)
{
    char swap[sizeof(vg_statement) > sizeof(vg_policy_condition) ? sizeof(vg_statement)
                                                                 : sizeof(vg_policy_condition)];
    char *bytes = items;
    for (size_t i = count; i > 1; i--) {
        size_t k = mutant_below(m->random, i);
        memcpy(swap, bytes + (i - 1) * size, size);
        memcpy(bytes + (i - 1) * size, bytes + k * size, size);
        memcpy(bytes + k * size, swap, size);
    }
}

static inline vg_policy_condition *mutant_conditions(mutant *m, vg_statement *s)
{
    vg_policy_condition *copy = vg_arena_alloc(m->arena, (s->condition_count + 2) * sizeof *copy);
    if (s->condition_count)
        memcpy(copy, s->conditions, s->condition_count * sizeof *copy);
    s->conditions = copy;
    return copy;
}

static inline bool mutant_reorder(mutant *m)
{
    for (size_t i = 0; i < m->count; i++) {
        vg_statement *s = &m->statements[i];
        vg_str *actions = mutant_list(m, s->actions, s->action_count);
        vg_str *resources = mutant_list(m, s->resources, s->resource_count);
        mutant_shuffle(m, actions, s->action_count, sizeof *actions);
        mutant_shuffle(m, resources, s->resource_count, sizeof *resources);
        s->actions = actions, s->resources = resources;
        vg_policy_condition *conditions = mutant_conditions(m, s);
        for (size_t k = 0; k < s->condition_count; k++) {
            vg_str *values = mutant_list(m, conditions[k].values, conditions[k].value_count);
            mutant_shuffle(m, values, conditions[k].value_count, sizeof *values);
            conditions[k].values = values;
        }
        mutant_shuffle(m, conditions, s->condition_count, sizeof *conditions);
    }
    mutant_shuffle(m, m->statements, m->count, sizeof *m->statements);
    return true;
}

/* The statement becomes two, each with a part of its actions, or of its resources. */
static inline bool mutant_split(mutant *m)
{
    vg_statement *s = &m->statements[mutant_below(m->random, m->count)];
    vg_statement *rest = &m->statements[m->count];
    *rest = *s;
    if (s->action_count > 1 && !s->not_action && (s->resource_count < 2 || mutant_below(m->random, 2))) {
        size_t at = 1 + mutant_below(m->random, s->action_count - 1);
        rest->actions += at, rest->action_count -= at;
        s->action_count = at;
    } else if (s->resource_count > 1 && !s->not_resource) {
        size_t at = 1 + mutant_below(m->random, s->resource_count - 1);
        rest->resources += at, rest->resource_count -= at;
        s->resource_count = at;
    } else {
        return false;
    }
    m->count++;
    return true;
}

static inline vg_str *mutant_remove(mutant *m, const vg_str *from, size_t *count)
{
    vg_str *copy = mutant_list(m, from, *count);
    size_t at = mutant_below(m->random, *count);
    memmove(copy + at, copy + at + 1, (*count - at - 1) * sizeof *copy);
    --*count;
    return copy;
}

static inline void mutant_add_condition(mutant *m, vg_statement *s, vg_operator op, vg_str key, vg_str value)
{
    vg_policy_condition *conditions = mutant_conditions(m, s);
    vg_str *values = mutant_list(m, &value, 1);
    conditions[s->condition_count++] = (vg_policy_condition){.op = op,
                                                             .op_text = vg_str_from(vg_operator_name(op)),
                                                             .key = key,
                                                             .values = values,
                                                             .value_count = 1};
}

/* A longer text in front of the last wildcard. */
static inline bool mutant_lengthen(mutant *m, vg_str *text)
{
    size_t star = vg_str_rfind_char(*text, '*');
    if (star == VG_NPOS || text->len < 2 || vg_str_find(*text, VG_STR("${")) != VG_NPOS)
        return false;
    *text = vg_arena_printf(m->arena, "%.*szz%.*s", (int)star, text->ptr, (int)(text->len - star),
                            text->ptr + star);
    return true;
}

/* Takes something away from an Allow, or denies something. */
static inline bool mutant_narrow(mutant *m)
{
    vg_statement *s = &m->statements[mutant_below(m->random, m->count)];
    bool allow = s->effect == VG_EFFECT_ALLOW;
    switch (mutant_below(m->random, 6)) {
    case 0:
        if (s->action_count < 2 || allow == s->not_action)
            return false;
        s->actions = mutant_remove(m, s->actions, &s->action_count);
        return true;
    case 1:
        if (s->resource_count < 2 || allow == s->not_resource)
            return false;
        s->resources = mutant_remove(m, s->resources, &s->resource_count);
        return true;
    case 2: {
        vg_str *resources = mutant_list(m, s->resources, s->resource_count);
        s->resources = resources;
        return allow && !s->not_resource && s->resource_count &&
               mutant_lengthen(m, &resources[mutant_below(m->random, s->resource_count)]);
    }
    case 3:
        if (!allow)
            return false;
        mutant_add_condition(m, s, VG_OP_STRING_EQUALS, VG_STR("aws:RequestedRegion"), VG_STR("eu-west-1"));
        return true;
    case 4:
        if (!allow || m->count < 2)
            return false;
        *s = m->statements[--m->count];
        return true;
    default: {
        vg_statement *deny = &m->statements[m->count++];
        *deny = *s;
        deny->effect = VG_EFFECT_DENY;
        deny->sid = VG_STR("");
        if (mutant_below(m->random, 2))
            mutant_add_condition(m, deny, VG_OP_STRING_NOT_EQUALS, VG_STR("aws:SourceVpc"), VG_STR("vpc-1"));
        return true;
    }
    }
}

static inline bool mutant_widen(mutant *m)
{
    vg_statement *s = &m->statements[mutant_below(m->random, m->count)];
    bool allow = s->effect == VG_EFFECT_ALLOW;
    if (!allow || s->not_action || s->not_resource)
        return false;
    switch (mutant_below(m->random, 6)) {
    case 0: {
        vg_str *actions = mutant_list(m, s->actions, s->action_count);
        actions[s->action_count++] = VG_STR("s3:DeleteBucketPolicy");
        s->actions = actions;
        return true;
    }
    case 1: {
        vg_str *actions = mutant_list(m, s->actions, s->action_count);
        vg_str *one = &actions[mutant_below(m->random, s->action_count)];
        *one = vg_arena_printf(m->arena, "%.*s*", (int)(one->len - 1), one->ptr);
        s->actions = actions;
        return vg_str_find_char(*one, ':') != VG_NPOS;
    }
    case 2: {
        vg_str *resources = mutant_list(m, s->resources, s->resource_count);
        resources[s->resource_count++] = VG_STR("arn:aws:s3:::somebody-elses-bucket/*");
        s->resources = resources;
        return true;
    }
    case 3: {
        vg_str *resources = mutant_list(m, s->resources, 1);
        resources[0] = VG_STR("*");
        s->resources = resources;
        s->resource_count = 1;
        return true;
    }
    case 4:
        if (s->condition_count == 0)
            return false;
        mutant_conditions(m, s);
        s->condition_count--;
        return true;
    default: {
        vg_statement *more = &m->statements[m->count++];
        *more = *s;
        more->sid = VG_STR("");
        vg_str *actions = mutant_list(m, s->actions, 1);
        actions[0] = VG_STR("iam:PassRole");
        more->actions = actions;
        more->action_count = 1;
        return true;
    }
    }
}

static inline bool mutant_change_condition(mutant *m)
{
    vg_statement *s = &m->statements[mutant_below(m->random, m->count)];
    if (s->condition_count == 0)
        return false;
    vg_policy_condition *q = &mutant_conditions(m, s)[mutant_below(m->random, s->condition_count)];
    vg_str *values = mutant_list(m, q->values, q->value_count);
    q->values = values;
    switch (mutant_below(m->random, 6)) {
    case 0:
        values[q->value_count++] = VG_STR("changed");
        return q->op != VG_OP_NULL && q->op != VG_OP_BOOL;
    case 1:
        if (q->value_count < 2)
            return false;
        q->values = mutant_remove(m, values, &q->value_count);
        return true;
    case 2:
        q->if_exists = !q->if_exists;
        return q->op != VG_OP_NULL;
    case 3:
        if (q->op != VG_OP_STRING_EQUALS && q->op != VG_OP_STRING_LIKE)
            return false;
        q->op = VG_OP_STRING_LIKE;
        values[0] = vg_arena_printf(m->arena, "%.*s*", (int)(values[0].len / 2), values[0].ptr);
        return vg_str_find(values[0], VG_STR("${")) == VG_NPOS;
    case 4:
        q->key = VG_STR("aws:PrincipalTag/changed");
        return true;
    default:
        if (q->op == VG_OP_NULL || q->op == VG_OP_BOOL)
            values[0] = vg_str_eq_icase(values[0], VG_STR("true")) ? VG_STR("false") : VG_STR("true");
        else
            values[0] = vg_arena_printf(m->arena, "%.*sx", VG_ARG(values[0]));
        return true;
    }
}

/* A changed copy of `original`; false when this policy offers nothing to change in that way. */
static inline bool mutant_make(vg_arena *arena, mutant_random *random, const vg_policy_document *original,
                               mutant_kind kind, vg_policy_document *out)
{
    static bool (*const changes[])(mutant *) = {mutant_reorder, mutant_split, mutant_narrow, mutant_widen,
                                                mutant_change_condition};
    mutant m = {.arena = arena, .random = random, .count = original->statement_count};
    m.statements = vg_arena_alloc(arena, (m.count + 2) * sizeof *m.statements);
    if (m.count == 0)
        return false;
    memcpy(m.statements, original->statements, m.count * sizeof *m.statements);
    if (!changes[kind](&m))
        return false;
    *out = *original;
    out->statements = m.statements;
    out->statement_count = m.count;
    return true;
}

/* The managed policies, one JSON object a line, gzipped. False when the file is not there. */
static inline bool mutant_originals(vg_arena *arena, const char *folder, vg_vec *documents)
{
    vg_str path = vg_arena_printf(arena, "%s/iam-policies/managed/managedpolicies.jsonl.gz", folder), bytes,
           text;
    vg_error err;
    *documents = vg_vec_in(arena, sizeof(vg_policy_document));
    if (vg_file_read(arena, path, 64u << 20, &bytes, &err) != VG_OK ||
        vg_decompress(arena, bytes, 512u << 20, &text, &err) != VG_OK)
        return false;
    for (vg_str line; vg_str_next(&text, '\n', &line);) {
        vg_doc *doc = VG_NEW(arena, vg_doc);
        if (line.len == 0 || vg_json_read(arena, line, path, NULL, doc, &err) != VG_OK)
            continue;
        const vg_value *root = vg_get(doc->root, VG_STR("document"));
        vg_policy_document *d = root ? vg_vec_push(documents) : NULL;
        if (d)
            vg_policy_read(arena, doc, root, VG_POLICY_IDENTITY, vg_get_str(doc->root, "name"), d, &err);
    }
    return documents->len > 0;
}

#endif
