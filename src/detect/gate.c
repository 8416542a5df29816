/* gate.c: the glance at an event that passes most of them over (the idea stands in dispatch.c). */
#include <stdlib.h>
#include <string.h>

#include "detect/dispatch_part.h"

enum {
    MEMO_SLOTS = 512, /* values remembered of each field */
    MEMO_VALUE = 200, /* bytes of a value that is remembered */
    MOST_DEPTH = 200
};

/* What is known of a field's value. */
typedef struct {
    const uint64_t *bits; /* predicates that hold, by bit */
    bool has_pivots;      /* one of them is a pivot of some rule */
    bool known;           /* false: any predicate may hold */
} verdict;

typedef struct {
    uint64_t hash;
    uint32_t len; /* of the value; 0: the slot is empty */
    bool has_pivots;
    char value[MEMO_VALUE];
} memo;

typedef struct {
    size_t words; /* of bits */
    memo *memos;  /* MEMO_SLOTS, or NULL before the first value */
    uint64_t *
        bits; /* MEMO_SLOTS + 2 sets of words: the last two are for a value not remembered, and for absence */
    bool absent_done; /* the set for absence is filled */
    bool absent_pivots;
} field_memo;

struct vg_gate {
    const vg_rules *rules;
    const vg_dispatch *d;
    vg_arena *arena, *scratch;
    field_memo *fields;
    const vg_str *values; /* of the event at hand, as picked */
    verdict *verdicts;    /* by quick field, of the event at hand, when seen */
    uint32_t *seen;       /* by quick field: the event whose verdict this is */
    uint32_t *stamps;     /* by rule: the event that made it a candidate last */
    uint32_t stamp;
    uint32_t *found; /* candidates */
    size_t found_count;
};

vg_gate *vg_gate_new(const vg_rules *rules)
{
    vg_arena *arena = vg_arena_new(0);
    vg_gate *gate = arena ? VG_NEW(arena, vg_gate) : NULL;
    if (!gate) {
        vg_arena_free(arena);
        return NULL;
    }
    gate->rules = rules;
    gate->d = rules->dispatch;
    gate->arena = arena;
    gate->scratch = vg_arena_new(0);
    gate->fields = VG_NEW_N(arena, field_memo, gate->d->quick_count + 1);
    gate->verdicts = VG_NEW_N(arena, verdict, gate->d->quick_count + 1);
    gate->seen = VG_NEW_N(arena, uint32_t, gate->d->quick_count + 1);
    gate->stamps = VG_NEW_N(arena, uint32_t, rules->rule_count + 1);
    gate->found = VG_NEW_N(arena, uint32_t, rules->rule_count + 1);
    bool failed =
        !gate->scratch || !gate->fields || !gate->verdicts || !gate->seen || !gate->stamps || !gate->found;
    for (size_t q = 0; q < gate->d->quick_count && !failed; q++) {
        field_memo *f = &gate->fields[q];
        f->words = (gate->d->quick[q].bit_count + 63) / 64;
        f->bits = VG_NEW_N(arena, uint64_t, (MEMO_SLOTS + 2) * (f->words + 1));
        f->memos = VG_NEW_N(arena, memo, MEMO_SLOTS);
        failed = !f->bits || !f->memos;
    }
    if (failed) {
        vg_gate_free(gate);
        return NULL;
    }
    return gate;
}

void vg_gate_free(vg_gate *gate)
{
    if (!gate)
        return;
    vg_arena_free(gate->scratch);
    vg_arena_free(gate->arena);
}

/* ---- values ---------------------------------------------------------------------------------------------------------- */

/* Tests every predicate of a field on one value (NULL: absent). */
static bool fill_bits(vg_gate *gate, size_t q, const vg_value *value, uint64_t *bits)
{
    const vg_quick *quick = &gate->d->quick[q];
    bool has_pivots = false;
    memset(bits, 0, gate->fields[q].words * sizeof *bits);
    for (uint32_t i = 0; i < quick->bit_count; i++) {
        const vg_predicate *p = &gate->rules->predicates[quick->predicates[i]];
        if (value ? !vg_predicate_holds(p, value, gate->scratch) : p->op != VG_TEST_NULL)
            continue;
        bits[i / 64] |= UINT64_C(1) << (i % 64);
        has_pivots |= quick->pivots[i] != NULL;
    }
    vg_arena_reset(gate->scratch);
    return has_pivots;
}

/* Reads a picked scalar. False: a glance does not tell its value. */
static bool read_scalar(vg_gate *gate, vg_str text, vg_value *out)
{
    vg_doc doc;
    if (text.ptr[0] == '{' || text.ptr[0] == '[' ||
        vg_json_read(gate->scratch, text, VG_STR(""), NULL, &doc, NULL) != VG_OK)
        return false;
    *out = *doc.root;
    return true;
}

static verdict see_absent(vg_gate *gate, size_t q)
{
    field_memo *f = &gate->fields[q];
    uint64_t *bits = f->bits + (MEMO_SLOTS + 1) * f->words;
    if (!f->absent_done) {
        f->absent_pivots = fill_bits(gate, q, NULL, bits);
        f->absent_done = true;
    }
    return (verdict){bits, f->absent_pivots, true};
}

static verdict find_verdict(vg_gate *gate, size_t q, vg_str text)
{
    field_memo *f = &gate->fields[q];
    if (!text.ptr)
        return see_absent(gate, q);
    uint64_t hash = vg_hash64(text, 0);
    size_t slot = hash % MEMO_SLOTS;
    memo *m = &f->memos[slot];
    if (m->hash == hash && m->len == text.len && memcmp(m->value, text.ptr, text.len) == 0)
        return (verdict){f->bits + slot * f->words, m->has_pivots, true};
    vg_value value;
    if (!read_scalar(gate, text, &value)) {
        vg_arena_reset(gate->scratch);
        return (verdict){NULL, true, false};
    }
    bool fits = text.len > 0 && text.len <= MEMO_VALUE;
    uint64_t *bits = f->bits + (fits ? slot : MEMO_SLOTS) * f->words;
    bool has_pivots = fill_bits(gate, q, &value, bits);
    if (fits) {
        *m = (memo){.hash = hash, .len = (uint32_t)text.len, .has_pivots = has_pivots};
        memcpy(m->value, text.ptr, text.len);
    }
    return (verdict){bits, has_pivots, true};
}

/* The verdict of the event at hand on a quick field. */
static const verdict *see(vg_gate *gate, size_t q)
{
    if (gate->seen[q] != gate->stamp) {
        gate->verdicts[q] = find_verdict(gate, q, gate->values[q]);
        gate->seen[q] = gate->stamp;
    }
    return &gate->verdicts[q];
}

/* ---- candidates ------------------------------------------------------------------------------------------------------ */

typedef enum { NO, YES, UNKNOWN } answer;

static answer test(vg_gate *gate, uint32_t predicate)
{
    uint32_t bit = gate->d->bit_of[predicate];
    if (bit == VG_NO_BIT)
        return UNKNOWN;
    const verdict *v = see(gate, gate->d->quick_of_field[gate->rules->predicates[predicate].field]);
    return !v->known ? UNKNOWN : (v->bits[bit / 64] >> (bit % 64) & 1) ? YES : NO;
}

static answer judge(vg_gate *gate, const vg_compiled_rule *rule, uint32_t node, unsigned depth)
{
    const vg_expr *e = &rule->nodes[node];
    if (depth > MOST_DEPTH)
        return UNKNOWN;
    answer all = e->op == VG_EXPR_AND ? YES : NO, decides = e->op == VG_EXPR_AND ? NO : YES, child;
    switch (e->op) {
    case VG_EXPR_TEST:
        return test(gate, e->predicate);
    case VG_EXPR_TRUE:
        return YES;
    case VG_EXPR_FALSE:
        return NO;
    case VG_EXPR_NOT:
        child = judge(gate, rule, rule->children[e->first], depth + 1);
        return child == UNKNOWN ? UNKNOWN : child == YES ? NO : YES;
    default:
        for (uint32_t i = 0; i < e->count; i++) {
            child = judge(gate, rule, rule->children[e->first + i], depth + 1);
            if (child == decides)
                return child;
            all = child == UNKNOWN ? UNKNOWN : all;
        }
        return all;
    }
}

static void consider(vg_gate *gate, uint32_t rule)
{
    const vg_compiled_rule *r = &gate->rules->rules[rule];
    if (gate->stamps[rule] == gate->stamp)
        return;
    gate->stamps[rule] = gate->stamp;
    if (judge(gate, r, r->node_count - 1, 0) != NO)
        gate->found[gate->found_count++] = rule;
}

static void consider_all(vg_gate *gate)
{
    for (uint32_t i = 0; i < gate->rules->rule_count; i++) {
        const vg_compiled_rule *rule = &gate->rules->rules[i];
        if (rule->info.kind == VG_RULE_DETECTION && !rule->info.unassessed.len && rule->node_count > 0 &&
            vg_rule_applies(&rule->info, VG_LOG_CLOUDTRAIL))
            gate->found[gate->found_count++] = i;
    }
}

static void consider_pivots(vg_gate *gate, size_t q)
{
    const vg_quick *quick = &gate->d->quick[q];
    const verdict *v = see(gate, q);
    if (!v->has_pivots)
        return;
    for (size_t w = 0; w < gate->fields[q].words; w++)
        for (uint64_t left = v->known ? v->bits[w] : ~UINT64_C(0); left; left &= left - 1) {
            size_t bit = w * 64 + (size_t)__builtin_ctzll(left);
            if (bit >= quick->bit_count)
                break;
            for (const vg_pivot *pivot = quick->pivots[bit]; pivot; pivot = pivot->next)
                consider(gate, pivot->rule);
        }
}

static int by_index(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

const uint32_t *vg_gate_candidates(vg_gate *gate, const vg_str *values, bool odd, size_t *count)
{
    gate->found_count = 0;
    gate->values = values;
    if (odd) {
        consider_all(gate);
        *count = gate->found_count;
        return gate->found;
    }
    gate->stamp++;
    if (gate->stamp == 0) {
        memset(gate->stamps, 0, gate->rules->rule_count * sizeof *gate->stamps);
        memset(gate->seen, 0, gate->d->quick_count * sizeof *gate->seen);
        gate->stamp = 1;
    }
    for (size_t q = 0; q < gate->d->quick_count; q++)
        if (gate->d->quick[q].has_pivots)
            consider_pivots(gate, q);
    for (size_t i = 0; i < gate->d->always_count; i++)
        consider(gate, gate->d->always[i]);
    qsort(gate->found, gate->found_count, sizeof *gate->found, by_index);
    *count = gate->found_count;
    return gate->found;
}
