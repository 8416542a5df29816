/* compare_value.c: a value of a condition key that meets some conditions and not others.
 *
 * Text is a matter of patterns (glob_set.h). Numbers, dates and addresses are a matter of places on a line: conditions can
 * tell two values apart only if a bound lies between them, so the bounds themselves, a value between each two, one before
 * all, one behind all and one that is no number at all stand for every value, and the engine says of each what it meets. Where conditions of several types are asked
 * of one key, the same values and those that the text conditions name are tried; if none fits, one may still exist. */
#include "policy/compare_part.h"
#include "policy/policy_part.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>

/* ---- bounds, as the engine reads them ------------------------------------------------------------------------------------ */

/* Decimals that a double tells apart: fifteen digits. */
static bool read_number(vg_str s, long double *out)
{
    char text[32], *end;
    size_t digits = 0;
    s = vg_str_trim(s);
    if (s.len >= sizeof text)
        return false;
    for (size_t i = 0; i < s.len; i++)
        digits += s.ptr[i] >= '0' && s.ptr[i] <= '9';
    memcpy(text, s.len ? s.ptr : "", s.len);
    text[s.len] = '\0';
    *out = strtold(text, &end);
    return digits && digits <= 15 && *end == '\0';
}

static bool read_bound(unsigned test, const vg_operand *o, long double *out)
{
    if (o->bad)
        return false;
    *out = (long double)o->time;
    return test == VG_TEST_DATE || read_number(o->text, out);
}

bool vg_compare_bounds_read(const vg_test *compiled, unsigned test)
{
    long double number;
    for (uint32_t i = 0; i < compiled->count && test == VG_TEST_NUMBER; i++)
        if (!compiled->operands[i].bad && !read_number(compiled->operands[i].text, &number))
            return false;
    return true;
}

/* ---- does a value meet a condition? ---------------------------------------------------------------------------------------- */

typedef enum { MEETS_NOT, MEETS, MEETS_PERHAPS } meeting;

/* Asks the engine: one value is a list of one to ForAllValues and ForAnyValue. */
static bool meets_compiled(const vg_compare_condition *q, vg_str value)
{
    vg_context_entry entry = {
        .key = q->source->key, .values = &value, .value_count = 1, .state = VG_CONTEXT_PRESENT};
    vg_request request = {.context = &entry, .context_count = 1};
    vg_evaluation e = {.request = &request};
    return vg_test_holds(&e, q->compiled) == VG_MATCH_YES;
}

static bool is_of_type(const vg_compare_set *set, vg_str value)
{
    vg_arn arn;
    return set->kind != VG_TEXTS_ARN || vg_arn_parse(value, &arn);
}

static meeting meets_text(vg_comparer *c, const vg_compare_condition *q, vg_str value)
{
    const vg_compare_set *set = vg_compare_made(c, q->set);
    if (!is_of_type(set, value) || (q->negated && (set->unresolved || set->broken)))
        return MEETS_NOT;
    if (vg_wild_group_matches(&set->group, value, false))
        return q->negated ? MEETS_NOT : MEETS;
    if (set->group.symbolic)
        return MEETS_PERHAPS;
    return q->negated ? MEETS : MEETS_NOT;
}

static meeting meets(vg_comparer *c, const vg_compare_condition *q, vg_str value)
{
    switch (q->kind) {
    case VG_TEST_TEXT:
        return meets_text(c, q, value);
    case VG_TEST_NUMBER:
    case VG_TEST_DATE:
    case VG_TEST_ADDRESS:
        return meets_compiled(q, value) ? MEETS : MEETS_NOT;
    default:
        return MEETS_PERHAPS;
    }
}

/* ---- values that stand for all ----------------------------------------------------------------------------------------------------- */

static void add_value(vg_comparer *c, vg_vec *values, vg_str value)
{
    vg_str *slot = vg_vec_push(values);
    if (slot)
        *slot = value;
    c->failed |= !slot;
}

static vg_str line_text(vg_comparer *c, long double v, bool date)
{
    char text[VG_TIME_TEXT];
    if (!date)
        return vg_arena_printf(c->arena, v == floorl(v) ? "%.0Lf" : "%.17Lf", v);
    vg_time_format((vg_time)v, text);
    return vg_arena_printf(c->arena, "%s", text);
}

static int by_value(const void *a, const void *b)
{
    long double x = *(const long double *)a, y = *(const long double *)b;
    return (x > y) - (x < y);
}

/* Bounds, what lies between them, and what lies outside. */
static void add_line(vg_comparer *c, const vg_compare_literal *literals, size_t count, unsigned kind,
                     vg_vec *values)
{
    bool date = kind == VG_TEST_DATE;
    vg_vec bounds = vg_vec_in(c->arena, sizeof(long double));
    for (size_t i = 0; i < count; i++) {
        const vg_compare_condition *q = vg_compare_condition_at(c, literals[i].id);
        for (uint32_t o = 0; q->kind == kind && o < q->compiled->count; o++) {
            long double bound, *slot;
            if (!read_bound(kind, &q->compiled->operands[o], &bound))
                continue;
            slot = vg_vec_push(&bounds);
            if (slot)
                *slot = bound;
        }
    }
    if (bounds.len == 0)
        return;
    qsort(bounds.items, bounds.len, sizeof(long double), by_value);
    const long double *b = bounds.items, unit = date ? 1e6L : 1;
    for (size_t i = 0; i < bounds.len; i++) {
        add_value(c, values, line_text(c, b[i], date));
        long double next = i + 1 < bounds.len ? b[i + 1] : b[i] + 2 * unit;
        long double between = next - b[i] >= 2 * unit ? b[i] + unit : b[i] + (next - b[i]) / 2;
        add_value(c, values, line_text(c, between, date));
    }
    add_value(c, values, line_text(c, b[0] - unit, date));
}

static vg_str address_text(vg_comparer *c, const vg_address *a)
{
    char text[INET6_ADDRSTRLEN];
    inet_ntop(a->v6 ? AF_INET6 : AF_INET, a->bytes, text, sizeof text);
    return vg_arena_printf(c->arena, "%s", text);
}

/* The first address of a network, and the first behind it; false where there is none. */
static bool edges_of(vg_address network, vg_address *first, vg_address *after)
{
    unsigned width = network.v6 ? 128 : 32, carry = 1;
    for (unsigned bit = network.bits; bit < width; bit++)
        network.bytes[bit / 8] &= (uint8_t) ~(0x80u >> (bit % 8));
    *first = *after = network;
    for (unsigned bit = network.bits; bit < width; bit++)
        after->bytes[bit / 8] |= (uint8_t)(0x80u >> (bit % 8));
    for (unsigned i = width / 8; i-- > 0 && carry;) {
        unsigned sum = after->bytes[i] + carry;
        after->bytes[i] = (uint8_t)sum;
        carry = sum >> 8;
    }
    return carry == 0;
}

static void add_addresses(vg_comparer *c, const vg_compare_literal *literals, size_t count, vg_vec *values)
{
    for (size_t i = 0; i < count; i++) {
        const vg_compare_condition *q = vg_compare_condition_at(c, literals[i].id);
        for (uint32_t o = 0; q->kind == VG_TEST_ADDRESS && o < q->compiled->count; o++) {
            vg_address first, after;
            if (q->compiled->operands[o].bad)
                continue;
            bool has_after = edges_of(q->compiled->operands[o].address, &first, &after);
            add_value(c, values, address_text(c, &first));
            if (has_after)
                add_value(c, values, address_text(c, &after));
        }
    }
    add_value(c, values, VG_STR("203.0.113.1"));
    add_value(c, values, VG_STR("0.0.0.0"));
    add_value(c, values, VG_STR("::"));
}

/* What the text conditions name outright. */
static void add_texts(vg_comparer *c, const vg_compare_literal *literals, size_t count, vg_vec *values)
{
    for (size_t i = 0; i < count; i++) {
        const vg_compare_condition *q = vg_compare_condition_at(c, literals[i].id);
        for (size_t v = 0; q->kind == VG_TEST_TEXT && v < q->source->value_count; v++)
            add_value(c, values, q->source->values[v]);
    }
    add_value(c, values, VG_STR("zq0"));
}

static vg_wild_answer try_values(vg_comparer *c, const vg_compare_literal *literals, size_t count,
                                 const vg_vec *values, vg_str *value)
{
    bool perhaps = false;
    for (size_t v = 0; v < values->len; v++) {
        vg_str candidate = *(vg_str *)vg_vec_at(values, v);
        meeting worst = MEETS;
        for (size_t i = 0; i < count && worst != MEETS_NOT; i++) {
            const vg_compare_condition *q = vg_compare_condition_at(c, literals[i].id);
            c->budget.work -= 40 + 20 * (int64_t)q->source->value_count;
            meeting m = meets(c, q, candidate);
            if (m == MEETS_PERHAPS)
                worst = m;
            else if ((m == MEETS) == literals[i].negated)
                worst = MEETS_NOT;
        }
        if (worst == MEETS) {
            *value = candidate;
            return VG_WILD_FOUND;
        }
        perhaps |= worst == MEETS_PERHAPS;
        if (c->budget.work < 0)
            return VG_WILD_LIMIT;
    }
    return perhaps ? VG_WILD_POSSIBLE : VG_WILD_EMPTY;
}

static vg_wild_answer search_line(vg_comparer *c, const vg_compare_literal *literals, size_t count,
                                  unsigned kinds, vg_str *value)
{
    vg_vec values = vg_vec_in(c->arena, sizeof(vg_str));
    bool complete = (kinds & (kinds - 1)) == 0;
    if (kinds & 1u << VG_TEST_NUMBER)
        add_line(c, literals, count, VG_TEST_NUMBER, &values);
    if (kinds & 1u << VG_TEST_DATE)
        add_line(c, literals, count, VG_TEST_DATE, &values);
    if (kinds & 1u << VG_TEST_ADDRESS)
        add_addresses(c, literals, count, &values);
    add_texts(c, literals, count, &values);
    vg_wild_answer answer = try_values(c, literals, count, &values, value);
    return answer == VG_WILD_EMPTY && !complete ? VG_WILD_POSSIBLE : answer;
}

/* ---- text --------------------------------------------------------------------------------------------------------------------------- */

static const vg_wild *const arn_globs[] = {&vg_compare_arn};
static const vg_wild_group arns = {.globs = arn_globs, .count = 1};

typedef struct {
    vg_comparer *c;
    vg_wild_group *in, *out;
    size_t ins, outs;
    const vg_compare_set **escapes; /* negated ARN conditions that must not hold: in the set, or no ARN */
    size_t escape_count;
} text_search;

/* Where a value must lie for one literal. False when no value can. */
static bool place_text(text_search *s, const vg_compare_literal *literal)
{
    const vg_compare_condition *q = vg_compare_condition_at(s->c, literal->id);
    const vg_compare_set *set = vg_compare_made(s->c, q->set);
    bool arn = set->kind == VG_TEXTS_ARN;
    if (!q->negated) {
        *(literal->negated ? &s->out[s->outs++] : &s->in[s->ins++]) = set->group;
        if (!literal->negated && arn)
            s->in[s->ins++] = arns;
        return true;
    }
    if (!literal->negated) {
        s->out[s->outs++] = set->group;
        if (arn)
            s->in[s->ins++] = arns;
        return !set->unresolved && !set->broken;
    }
    if (set->unresolved || set->broken ||
        set->group.symbolic) /* it never holds, or need not when a variable has no value */
        return true;
    if (arn)
        s->escapes[s->escape_count++] = set;
    else
        s->in[s->ins++] = set->group;
    return true;
}

/* Tries both ways out of each negated ARN condition, a bit of `ways` each. */
static vg_wild_answer search_ways(text_search *s, vg_str *value)
{
    vg_wild_answer answer = VG_WILD_EMPTY;
    if (s->escape_count > 8)
        return VG_WILD_LIMIT;
    size_t ins = s->ins, outs = s->outs;
    for (unsigned ways = 0; ways < 1u << s->escape_count && answer != VG_WILD_FOUND; ways++) {
        s->ins = ins, s->outs = outs;
        for (size_t i = 0; i < s->escape_count; i++)
            if (ways >> i & 1)
                s->out[s->outs++] = arns;
            else
                s->in[s->ins++] = s->escapes[i]->group;
        vg_wild_answer one =
            vg_wild_search(&s->c->budget, &vg_compare_values, s->in, s->ins, s->out, s->outs, value);
        if (one == VG_WILD_FOUND || (one != VG_WILD_EMPTY && answer != VG_WILD_LIMIT))
            answer = one;
    }
    return answer;
}

static vg_wild_answer search_text(vg_comparer *c, const vg_compare_literal *literals, size_t count,
                                  vg_str *value)
{
    text_search s = {.c = c};
    s.in = vg_arena_alloc(c->arena, (2 * count + 1) * sizeof *s.in);
    s.out = vg_arena_alloc(c->arena, (2 * count + 1) * sizeof *s.out);
    s.escapes = vg_arena_alloc(c->arena, (count + 1) * sizeof *s.escapes);
    if (!s.in || !s.out || !s.escapes)
        return VG_WILD_LIMIT;
    for (size_t i = 0; i < count; i++)
        if (!place_text(&s, &literals[i]))
            return VG_WILD_EMPTY;
    return search_ways(&s, value);
}

vg_wild_answer vg_compare_value(vg_comparer *c, const vg_compare_literal *literals, size_t count,
                                vg_str *value)
{
    unsigned kinds = 0;
    *value = VG_STR("zq0");
    for (size_t i = 0; i < count; i++)
        kinds |= 1u << vg_compare_condition_at(c, literals[i].id)->kind;
    if (count == 0)
        return VG_WILD_FOUND;
    if (kinds == 1u << VG_TEST_TEXT)
        return search_text(c, literals, count, value);
    return search_line(c, literals, count, kinds, value);
}
