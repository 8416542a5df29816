/* gate.c: the glance at an event that passes most of them over (the idea stands in dispatch.c). */
#include <stdlib.h>
#include <string.h>

#include "detect/dispatch_part.h"
#include "detect/sigma_part.h"

#define VG_LONGEST_TEXT ((UINT32_C(1) << 28) - 1) /* of a value's node */

enum {
    MOST_SLOTS = 2048, /* values remembered of a field that pivots stand on, or that is derived; */
    SOME_SLOTS = 256,  /* of another key of the record; */
    FEW_SLOTS = 4,     /* of a key of an object in it */
    MEMO_VALUE = 200,  /* bytes of a value that is remembered; */
    MEMO_PARTS = 320,  /* of all that a derived one follows from */
    MOST_LISTED = 24,
    MOST_ONE_BY_ONE = 6, /* tests of a value before all are made in one pass */
    MOST_DEPTH = 200
};

typedef struct {
    uint64_t hash;
    uint32_t len; /* of the value; 0: the slot is empty */
    bool has_pivots;
    uint16_t listed; /* rules whose pivot holds; more than MOST_LISTED: too many to list */
} memo;

/* What is known of a field of the event at hand. Predicates are tested when they are asked for. */
typedef struct {
    uint64_t *bits, *asked; /* by bit: the predicate holds; it was tested */
    bool known;             /* false: any predicate may hold */
    bool absent;
    bool has_pivots;       /* a pivot of some rule holds */
    const memo *memo;      /* where it is remembered; else NULL */
    bool made;             /* the rest is filled */
    const vg_value *value; /* NULL of a derived field: there is none */
    vg_str text, folded;   /* of a scalar; ptr NULL: not made yet */
    unsigned tests;        /* made one by one on this value */
} verdict;

typedef struct {
    size_t slots; /* of memos */
    memo *memos;
    size_t room;                /* bytes of a value that is remembered */
    char *values;               /* room bytes for each of memos */
    size_t words;               /* of bits, and as many of asked */
    uint32_t *lists;            /* MOST_LISTED for each of memos */
    uint64_t *bits;             /* slots + 1 times bits and asked: of memos, and of a value not remembered */
    const uint32_t *pivot_bits; /* that are pivots of some rule */
    size_t pivot_count;
    const sigma_multi *many; /* tells all tests of these bits in one pass; or NULL */
    uint64_t *many_bits;
} field_memo;

struct vg_gate {
    const vg_rules *rules;
    const vg_dispatch *d;
    vg_light *light;
    const vg_detect_source *sources;
    size_t source_count;
    vg_arena *arena, *scratch; /* scratch: of the event at hand */
    sigma_matcher *matcher;
    sigma_scan scan;
    uint32_t *hits; /* of a pass over a value */
    field_memo *fields;
    const vg_str *values;      /* of the event at hand, as picked */
    const vg_literal *literal; /* was looked for in requestParameters, */
    bool may_stand;            /* and may stand there, */
    uint32_t literal_of;       /* of this event */
    uint64_t serial;           /* of its userIdentity, */
    uint32_t serial_of;        /* of this event */
    verdict *verdicts;         /* by quick field, of the event at hand, when seen */
    uint32_t *seen;            /* by quick field: the event whose verdict this is */
    uint32_t *stamps;          /* by rule: the event that made it a candidate last */
    uint32_t stamp;
    uint32_t *found; /* candidates */
    size_t found_count;
    bool decided; /* all of them are matched for certain */
};

/* ---- making ---------------------------------------------------------------------------------------------------------- */

static bool make_field(vg_gate *gate, size_t q)
{
    const vg_quick *quick = &gate->d->quick[q];
    field_memo *f = &gate->fields[q];
    uint32_t *pivots = VG_NEW_N(gate->arena, uint32_t, quick->bit_count + 1);
    bool is_inner = vg_str_find_char(quick->path, '.') != VG_NPOS;
    f->slots = quick->has_pivots || quick->is_derived ? MOST_SLOTS : is_inner ? FEW_SLOTS : SOME_SLOTS;
    f->words = (quick->bit_count + 63) / 64;
    f->bits = VG_NEW_N(gate->arena, uint64_t, (f->slots + 1) * 2 * f->words + 1);
    f->memos = VG_NEW_N(gate->arena, memo, f->slots);
    f->room = quick->is_derived ? MEMO_PARTS : MEMO_VALUE;
    f->values = vg_arena_alloc(gate->arena, f->slots * f->room);
    f->lists = VG_NEW_N(gate->arena, uint32_t, (quick->has_pivots ? f->slots : 0) * MOST_LISTED + 1);
    f->many_bits = VG_NEW_N(gate->arena, uint64_t, f->words + 1);
    for (uint32_t i = 0; pivots && i < quick->bit_count; i++)
        if (quick->pivots[i])
            pivots[f->pivot_count++] = i;
    for (uint32_t i = 0; f->many_bits && i < quick->bit_count; i++) {
        const vg_predicate *p = &gate->rules->predicates[quick->predicates[i]];
        if (!p->many)
            continue;
        f->many = gate->rules->fields[p->field].many;
        f->many_bits[i / 64] |= UINT64_C(1) << i % 64;
    }
    f->pivot_bits = pivots;
    return pivots && f->many_bits && f->bits && f->memos && f->values && f->lists;
}

vg_gate *vg_gate_new(const vg_rules *rules, vg_light *light, const vg_detect_source *sources,
                     size_t source_count)
{
    vg_arena *arena = vg_arena_new(0);
    vg_gate *gate = arena ? VG_NEW(arena, vg_gate) : NULL;
    if (!gate) {
        vg_arena_free(arena);
        return NULL;
    }
    gate->rules = rules;
    gate->d = rules->dispatch;
    gate->light = light;
    gate->sources = sources;
    gate->source_count = source_count;
    gate->arena = arena;
    gate->scratch = vg_arena_new(0);
    gate->matcher = sigma_matcher_new();
    gate->fields = VG_NEW_N(arena, field_memo, gate->d->quick_count + 1);
    gate->verdicts = VG_NEW_N(arena, verdict, gate->d->quick_count + 1);
    gate->seen = VG_NEW_N(arena, uint32_t, gate->d->quick_count + 1);
    gate->stamps = VG_NEW_N(arena, uint32_t, rules->rule_count + 1);
    gate->found = VG_NEW_N(arena, uint32_t, rules->rule_count + 1);
    gate->hits = VG_NEW_N(arena, uint32_t, rules->predicate_count + 1);
    bool scan = sigma_scan_make(&gate->scan, rules->predicate_count);
    bool failed = !gate->scratch || !gate->matcher || !gate->fields || !gate->verdicts || !gate->seen ||
                  !gate->stamps || !gate->found || !gate->hits || !scan;
    for (size_t q = 0; q < gate->d->quick_count && !failed; q++)
        failed = !make_field(gate, q);
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
    if (gate->matcher)
        sigma_matcher_free(gate->matcher);
    sigma_scan_drop(&gate->scan);
    vg_arena_free(gate->scratch);
    vg_arena_free(gate->arena);
}

/* ---- values ---------------------------------------------------------------------------------------------------------- */

/* Reads a picked scalar. */
static const vg_value *read_scalar(vg_gate *gate, vg_str text)
{
    vg_doc doc;
    vg_str plain = vg_plain(text);
    if (plain.ptr && plain.len <= VG_LONGEST_TEXT) {
        vg_value *value = VG_NEW(gate->scratch, vg_value);
        if (value)
            *value = (vg_value){
                .kind = VG_STRING, .len = (uint32_t)plain.len & VG_LONGEST_TEXT, .as.string = plain.ptr};
        return value;
    }
    return vg_json_read(gate->scratch, text, VG_STR(""), NULL, &doc, NULL) == VG_OK ? doc.root : NULL;
}

/* The record of an event of which no more is told than who called, and from where. False: that is not plain. */
static bool record_of_caller(vg_gate *gate, const vg_quick *quick, vg_trail_record *record)
{
    for (size_t i = 0; i < quick->part_count; i++) {
        vg_str value = gate->values[quick->parts[i]];
        if (quick->parts[i] == gate->d->glance[VG_GLANCE_ADDRESS]) {
            record->source_ip = vg_plain(value);
            if (!record->source_ip.ptr)
                return false;
            continue;
        }
        const vg_trail_identity *who =
            quick->parts[i] == gate->d->glance[VG_GLANCE_WHO] ? vg_light_identity(gate->light, value) : NULL;
        if (!who)
            return false;
        record->identity = *who;
    }
    return true;
}

/* A field below "vigil." that follows from who called, and from where. False: it has to be derived from a tree. */
static bool derive_of_caller(vg_gate *gate, const vg_quick *quick, const vg_value **out)
{
    vg_trail_record *record = quick->is_foreign ? NULL : VG_NEW(gate->scratch, vg_trail_record);
    if (!record || !record_of_caller(gate, quick, record))
        return false;
    vg_event event = {.log = VG_LOG_CLOUDTRAIL, .source_ip = record->source_ip, .record = record};
    vg_str name = vg_str_sub(quick->path, sizeof "vigil." - 1, VG_NPOS);
    if (!vg_derived_field(&event, name, gate->scratch, out))
        *out = NULL;
    return true;
}

/* A field below "vigil.", of an event that holds no more than what it follows from. False: memory is out. */
static bool derive(vg_gate *gate, size_t q, const vg_value **out)
{
    const vg_quick *quick = &gate->d->quick[q];
    vg_buf text = {0};
    vg_doc doc;
    vg_trail_resource resources[VG_TRAIL_MOST_RESOURCES];
    vg_trail_record *record = VG_NEW(gate->scratch, vg_trail_record);
    for (size_t i = 0; i < quick->part_count; i++) {
        vg_str value = gate->values[quick->parts[i]];
        if (!value.ptr)
            continue;
        vg_buf_add_c(&text, text.len ? ",\"" : "{\"");
        vg_buf_add_str(&text, gate->d->paths[quick->parts[i]]);
        vg_buf_add_c(&text, "\":");
        vg_buf_add_str(&text, value);
    }
    vg_buf_add_c(&text, text.len ? "}" : "{}");
    vg_str copy = text.failed ? (vg_str){0} : vg_arena_str(gate->scratch, vg_buf_str(&text));
    vg_buf_free(&text);
    *out = NULL;
    if (!record || !copy.ptr || vg_json_read(gate->scratch, copy, VG_STR(""), NULL, &doc, NULL) != VG_OK)
        return false;
    vg_trail_record_of(doc.root, resources, record);
    vg_event event = {
        .log = VG_LOG_CLOUDTRAIL, .source_ip = record->source_ip, .root = doc.root, .record = record};
    vg_str name = vg_str_sub(quick->path, sizeof "vigil." - 1, VG_NPOS);
    bool found = vg_derived_field(&event, name, gate->scratch, out);
    for (size_t i = 0; quick->is_foreign && !found && i < gate->source_count; i++)
        found = gate->sources[i].ask(gate->sources[i].context, &event, name, gate->scratch, out);
    if (!found)
        *out = NULL;
    return true;
}

/* Makes the value. False: a glance does not tell it. */
static bool make_value(vg_gate *gate, size_t q, verdict *v)
{
    const vg_quick *quick = &gate->d->quick[q];
    v->made = true;
    if (quick->is_derived)
        v->known = derive_of_caller(gate, quick, &v->value) || derive(gate, q, &v->value);
    else
        v->known = (v->value = read_scalar(gate, gate->values[quick->parts[0]])) != NULL;
    return v->known;
}

/* The text of a scalar, and what it is folded. */
static bool make_text(vg_gate *gate, verdict *v, bool fold)
{
    if (!v->text.ptr && !sigma_scalar_text(v->value, gate->scratch, &v->text))
        return false;
    if (fold && !v->folded.ptr)
        v->folded = sigma_fold(gate->scratch, v->text);
    return true;
}

/* One predicate on the value, which is made. */
static bool holds(vg_gate *gate, verdict *v, const vg_predicate *p)
{
    if (!v->value)
        return p->op == VG_TEST_NULL;
    if (v->value->kind == VG_NULL || vg_value_is_container(v->value))
        return vg_predicate_holds(p, v->value, gate->scratch);
    if (!make_text(gate, v, sigma_test_wants_fold(p)))
        return false;
    return sigma_test_text(p, v->value, v->text, v->folded, gate->matcher);
}

typedef enum { NO, YES, UNKNOWN } answer;

/* All tests of a text that one pass tells. */
static void run_many(vg_gate *gate, size_t q, verdict *v)
{
    const field_memo *f = &gate->fields[q];
    size_t count =
        sigma_multi_run(f->many, &gate->scan, v->value, v->text, v->folded, gate->matcher, gate->hits);
    for (size_t i = 0; i < f->words; i++) {
        v->bits[i] &= ~f->many_bits[i];
        v->asked[i] |= f->many_bits[i];
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t bit = gate->d->bit_of[gate->hits[i]];
        if (bit == VG_NO_BIT)
            continue;
        v->bits[bit / 64] |= UINT64_C(1) << bit % 64;
    }
}

/* Whether so many tests were made on a value that one pass for all is cheaper than what may follow. */
static bool is_worth_a_pass(const vg_gate *gate, size_t q, const verdict *v, const vg_predicate *p)
{
    return p->many && gate->fields[q].many && v->tests >= MOST_ONE_BY_ONE && v->text.ptr && v->folded.ptr;
}

/* Tests a predicate of a field, by its bit, unless it was tested on the same value before. */
static answer ask(vg_gate *gate, size_t q, uint32_t bit, verdict *v)
{
    const vg_predicate *p = &gate->rules->predicates[gate->d->quick[q].predicates[bit]];
    uint64_t mask = UINT64_C(1) << (bit % 64);
    if (v->absent)
        return p->op == VG_TEST_NULL ? YES : NO;
    if (!v->known)
        return UNKNOWN;
    if (v->asked[bit / 64] & mask)
        return v->bits[bit / 64] & mask ? YES : NO;
    if (!v->made && !make_value(gate, q, v))
        return UNKNOWN;
    if (is_worth_a_pass(gate, q, v, p)) {
        run_many(gate, q, v);
        return v->bits[bit / 64] & mask ? YES : NO;
    }
    v->tests++;
    bool yes = holds(gate, v, p);
    v->asked[bit / 64] |= mask;
    v->bits[bit / 64] |= yes ? mask : 0;
    return yes ? YES : NO;
}

static uint64_t serial_of_who(vg_gate *gate, vg_str value)
{
    if (gate->serial_of != gate->stamp) {
        gate->serial = vg_light_serial(gate->light, value);
        gate->serial_of = gate->stamp;
    }
    return gate->serial;
}

/* What a verdict is remembered by: the value, or all that a derived one follows from, one behind the other. False: it is too
 * long. */
static bool key_of(vg_gate *gate, size_t q, char room[MEMO_PARTS], vg_str *out)
{
    const vg_quick *quick = &gate->d->quick[q];
    size_t len = 0;
    *out = gate->values[quick->parts[0]];
    if (!quick->is_derived)
        return out->len <= MEMO_VALUE;
    for (size_t i = 0; i < quick->part_count; i++) {
        vg_str value = gate->values[quick->parts[i]];
        uint64_t serial = 0;
        if (quick->parts[i] == gate->d->glance[VG_GLANCE_WHO] && value.ptr) {
            serial = serial_of_who(gate, value);
            value = (vg_str){(const char *)&serial, sizeof serial};
            if (serial == 0)
                return false;
        }
        if (len + value.len + 1 > MEMO_PARTS)
            return false;
        if (value.len)
            memcpy(room + len, value.ptr, value.len);
        len += value.len;
        room[len++] = value.ptr ? '\n' : '-';
    }
    *out = (vg_str){room, len};
    return true;
}

/* Notes a rule whose pivot holds in the memo's list. */
static void list_rule(memo *m, uint32_t *list, uint32_t rule)
{
    for (size_t i = 0; i < m->listed && i < MOST_LISTED; i++)
        if (list[i] == rule)
            return;
    if (m->listed < MOST_LISTED)
        list[m->listed] = rule;
    if (m->listed <= MOST_LISTED)
        m->listed++;
}

/* A value that was not remembered: its pivots are tested at once, and into a slot when it fits one. */
static void begin_verdict(vg_gate *gate, size_t q, memo *m, verdict *v)
{
    const vg_quick *quick = &gate->d->quick[q];
    field_memo *f = &gate->fields[q];
    memset(v->bits, 0, 2 * f->words * sizeof *v->bits);
    if (f->pivot_count > MOST_ONE_BY_ONE && f->many && v->known && make_value(gate, q, v) && v->value &&
        v->value->kind == VG_STRING && make_text(gate, v, true))
        run_many(gate, q, v);
    for (size_t i = 0; i < f->pivot_count && v->known; i++) {
        if (ask(gate, q, f->pivot_bits[i], v) == NO)
            continue;
        v->has_pivots = true;
        for (const vg_pivot *pivot = quick->pivots[f->pivot_bits[i]]; m && pivot; pivot = pivot->next)
            list_rule(m, f->lists + (size_t)(m - f->memos) * MOST_LISTED, pivot->rule);
    }
    if (m && v->known)
        m->has_pivots = v->has_pivots;
    else if (m)
        m->len = 0;
    v->memo = m && v->known ? m : NULL;
}

static void find_verdict(vg_gate *gate, size_t q, verdict *v)
{
    const vg_quick *quick = &gate->d->quick[q];
    field_memo *f = &gate->fields[q];
    char room[MEMO_PARTS];
    vg_str key, first = quick->part_count ? gate->values[quick->parts[0]] : (vg_str){0};
    bool nobody_knows = quick->is_foreign && gate->source_count == 0;
    *v = (verdict){.known = true, .absent = nobody_knows || (!quick->is_derived && !first.ptr)};
    if (v->absent)
        return;
    if (quick->is_derived && quick->part_count == 0) {
        *v = (verdict){.has_pivots = true};
        return;
    }
    bool fits = key_of(gate, q, room, &key),
         is_container = first.len && (first.ptr[0] == '{' || first.ptr[0] == '[');
    if (quick->is_derived ? !fits : is_container) {
        *v = (verdict){.has_pivots = true};
        return;
    }
    uint64_t hash = fits ? vg_hash64(key, 0) : 0;
    size_t slot = fits ? hash % f->slots : f->slots;
    memo *m = fits ? &f->memos[slot] : NULL;
    v->bits = f->bits + slot * 2 * f->words;
    v->asked = v->bits + f->words;
    v->has_pivots = false;
    if (m && m->hash == hash && m->len == key.len &&
        memcmp(f->values + slot * f->room, key.ptr, key.len) == 0) {
        v->has_pivots = m->has_pivots;
        v->memo = m;
        return;
    }
    if (m) {
        *m = (memo){.hash = hash, .len = (uint32_t)key.len};
        memcpy(f->values + slot * f->room, key.ptr, key.len);
    }
    begin_verdict(gate, q, m, v);
}

/* The verdict of the event at hand on a quick field. */
static verdict *see(vg_gate *gate, size_t q)
{
    if (gate->seen[q] != gate->stamp) {
        find_verdict(gate, q, &gate->verdicts[q]);
        gate->seen[q] = gate->stamp;
    }
    return &gate->verdicts[q];
}

/* ---- candidates ------------------------------------------------------------------------------------------------------ */

/* Whether a literal may stand in the requestParameters of the event at hand. */
static bool may_stand(vg_gate *gate, const vg_literal *literal)
{
    if (gate->literal_of != gate->stamp || gate->literal != literal) {
        vg_str value = gate->values[gate->d->glance[VG_GLANCE_PARAMETERS]];
        gate->literal = literal;
        gate->literal_of = gate->stamp;
        gate->may_stand = vg_may_hold(value, literal->text);
    }
    return gate->may_stand;
}

/* A predicate on a field that only an event has in whose parameters a literal stands. */
static answer ask_literal(vg_gate *gate, const vg_predicate *p)
{
    const vg_literal *literal = p->field == VG_FIELD_ALL ? NULL : gate->d->literal_of_field[p->field];
    if (!literal)
        return UNKNOWN;
    return may_stand(gate, literal) ? UNKNOWN : p->op == VG_TEST_NULL ? YES : NO;
}

/* What is picked of a field; *picked is false when a glance does not pick it. */
static vg_str picked_of(const vg_gate *gate, uint32_t field, bool *picked)
{
    uint16_t q = field == VG_FIELD_ALL ? VG_NOT_QUICK : gate->d->quick_of_field[field];
    *picked = q != VG_NOT_QUICK && !gate->d->quick[q].is_derived;
    return *picked ? gate->values[gate->d->quick[q].parts[0]] : (vg_str){0};
}

/* A predicate on two fields: a field that is not there fails it. */
static answer ask_fields(vg_gate *gate, const vg_predicate *p)
{
    bool has_one, has_other;
    vg_str one = picked_of(gate, p->field, &has_one), other = picked_of(gate, p->other, &has_other);
    if ((has_one && !one.ptr) || (has_other && !other.ptr))
        return NO;
    if (!has_one || !has_other || !vg_plain(one).ptr || !vg_plain(other).ptr)
        return UNKNOWN;
    verdict a = {.value = read_scalar(gate, one)}, b = {.value = read_scalar(gate, other)};
    if (!a.value || !b.value || !make_text(gate, &a, !p->cased) || !make_text(gate, &b, !p->cased))
        return UNKNOWN;
    vg_predicate against = {.op = p->how, .cased = p->cased, .text = p->cased ? b.text : b.folded};
    return sigma_test_text(&against, a.value, a.text, a.folded, gate->matcher) ? YES : NO;
}

static answer test(vg_gate *gate, uint32_t predicate)
{
    uint32_t bit = gate->d->bit_of[predicate];
    const vg_predicate *p = &gate->rules->predicates[predicate];
    if (p->op == VG_TEST_FIELD)
        return ask_fields(gate, p);
    if (bit == VG_NO_BIT)
        return ask_literal(gate, p);
    size_t q = gate->d->quick_of_field[p->field];
    return ask(gate, q, bit, see(gate, q));
}

/* An OR of tests on one field, all at once. */
static answer judge_mask(vg_gate *gate, const vg_mask *mask, bool *whole)
{
    verdict *v = see(gate, mask->quick);
    *whole = true;
    if (!v->known)
        return UNKNOWN;
    *whole = !v->absent;
    for (size_t i = 0; i < mask->count && *whole; i++) {
        const vg_mask_word *word = &mask->words[i];
        if (v->bits[word->index] & word->bits)
            return YES;
        *whole &= !(word->bits & ~v->asked[word->index]);
    }
    return NO;
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
        if (gate->d->masks[rule - gate->rules->rules] && gate->d->masks[rule - gate->rules->rules][node]) {
            bool whole;
            child = judge_mask(gate, gate->d->masks[rule - gate->rules->rules][node], &whole);
            if (whole)
                return child;
        }
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
    answer may = judge(gate, r, r->node_count - 1, 0);
    gate->decided &= may != UNKNOWN;
    if (may != NO)
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
    const field_memo *f = &gate->fields[q];
    verdict *v = see(gate, q);
    if (!v->has_pivots)
        return;
    if (v->memo && v->memo->listed <= MOST_LISTED) {
        const uint32_t *list = f->lists + (size_t)(v->memo - f->memos) * MOST_LISTED;
        for (size_t i = 0; i < v->memo->listed; i++)
            consider(gate, list[i]);
        return;
    }
    for (size_t i = 0; i < f->pivot_count; i++) {
        uint32_t bit = f->pivot_bits[i];
        if (v->known && !(v->bits[bit / 64] >> (bit % 64) & 1))
            continue;
        for (const vg_pivot *pivot = quick->pivots[bit]; pivot; pivot = pivot->next)
            consider(gate, pivot->rule);
    }
}

static void consider_literal(vg_gate *gate, const vg_literal *literal)
{
    if (!literal->rules.len || !may_stand(gate, literal))
        return;
    for (size_t i = 0; i < literal->rules.len; i++)
        consider(gate, *(uint32_t *)vg_vec_at(&literal->rules, i));
}

static int by_index(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void consider_word(void *context, uint32_t rule)
{
    consider(context, rule);
}

static void consider_words(vg_gate *gate, vg_str record)
{
    if (!gate->d->words || vg_words_find(gate->d->words, record, consider_word, gate))
        return;
    for (size_t i = 0; i < gate->d->worded_count; i++)
        consider(gate, gate->d->worded[i]);
}

const uint32_t *vg_gate_candidates(vg_gate *gate, vg_str record, const vg_str *values, bool odd,
                                   size_t *count, bool *decided)
{
    gate->found_count = 0;
    gate->values = values;
    gate->decided = !odd;
    *decided = false;
    if (vg_arena_used(gate->scratch))
        vg_arena_reset(gate->scratch);
    if (odd) {
        consider_all(gate);
        *count = gate->found_count;
        return gate->found;
    }
    gate->stamp++;
    if (gate->stamp == 0) {
        memset(gate->stamps, 0, gate->rules->rule_count * sizeof *gate->stamps);
        memset(gate->seen, 0, gate->d->quick_count * sizeof *gate->seen);
        gate->literal_of = gate->serial_of = 0;
        gate->stamp = 1;
    }
    for (size_t i = 0; i < gate->d->pivoted_count; i++)
        consider_pivots(gate, gate->d->pivoted[i]);
    for (size_t i = 0; i < gate->d->always_count; i++)
        consider(gate, gate->d->always[i]);
    for (size_t i = 0; i < gate->d->literal_count; i++)
        consider_literal(gate, &gate->d->literals[i]);
    consider_words(gate, record);
    if (gate->found_count > 1)
        qsort(gate->found, gate->found_count, sizeof *gate->found, by_index);
    *decided = gate->decided;
    *count = gate->found_count;
    return gate->found;
}
