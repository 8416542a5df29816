/* compare_value.c: a value of a condition key that meets some conditions and not others.
 *
 * Text is a matter of patterns (glob_set.h). Numbers, dates and addresses are a matter of places on a line: conditions can
 * tell two values apart only if a bound lies between them, so the bounds themselves, a value between each two, one before
 * all, one behind all and one that is no number at all stand for every value. Where conditions of several types are asked
 * of one key, the same values and those that the text conditions name are tried; if none fits, one may still exist. */
#include "policy/compare_part.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>

/* ---- values of each type ------------------------------------------------------------------------------------------------------- */

/* Decimals that a double holds exactly enough to tell apart: fifteen digits. */
static bool is_number_text(vg_str s)
{
    size_t digits = 0, points = 0, i = s.len && (s.ptr[0] == '-' || s.ptr[0] == '+');
    for (; i < s.len && ((s.ptr[i] >= '0' && s.ptr[i] <= '9') || s.ptr[i] == '.'); i++) {
        digits += s.ptr[i] != '.';
        points += s.ptr[i] == '.';
    }
    return digits && digits <= 15 && points <= 1 && i == s.len;
}

static bool read_number(vg_str s, double *out)
{
    char text[32], *end;
    if (s.len >= sizeof text || !is_number_text(s))
        return false;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    *out = strtod(text, &end);
    return *end == '\0';
}

/* ISO 8601 in full, or time since 1970: in seconds, and in milliseconds when it has twelve digits or more. */
static bool read_date(vg_str s, double *out)
{
    vg_time t;
    int64_t epoch;
    if (s.len <= 15 && vg_str_to_i64(s, &epoch)) {
        *out = (double)epoch * (s.len - (s.ptr[0] == '-') >= 12 ? 1e3 : 1e6);
        return fabs(*out) < 9e15;
    }
    if (!vg_time_parse(s, &t))
        return false;
    *out = (double)t;
    return fabs(*out) < 9e15; /* the year 2255: exact until then */
}

/* IPv4 stands in IPv6 as ::ffff:0:0/96. */
typedef struct {
    uint8_t bytes[16];
} address;

static const uint8_t v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

static bool read_address(vg_str s, address *out, unsigned *width)
{
    char text[INET6_ADDRSTRLEN];
    if (s.len == 0 || s.len >= sizeof text)
        return false;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    bool v6 = vg_str_find_char(s, ':') != VG_NPOS;
    *width = v6 ? 128 : 32;
    memcpy(out->bytes, v4_prefix, sizeof v4_prefix);
    return inet_pton(v6 ? AF_INET6 : AF_INET, text, v6 ? out->bytes : out->bytes + 12) == 1;
}

typedef struct {
    address first;
    unsigned bits; /* of 128 */
} prefix;

static bool read_prefix(vg_str s, prefix *out)
{
    vg_str text = s, length = {0};
    unsigned width;
    bool has_length = vg_str_split(s, '/', &text, &length);
    if (!read_address(text, &out->first, &width))
        return false;
    uint64_t bits = width;
    if (has_length &&
        (!vg_str_to_u64(length, &bits) || bits > width || (length.len > 1 && length.ptr[0] == '0')))
        return false;
    out->bits = 128 - width + (unsigned)bits;
    return true;
}

static bool prefix_holds(const prefix *p, const address *a)
{
    unsigned whole = p->bits / 8, rest = p->bits % 8;
    return memcmp(p->first.bytes, a->bytes, whole) == 0 &&
           (rest == 0 || ((p->first.bytes[whole] ^ a->bytes[whole]) >> (8 - rest)) == 0);
}

/* Whether a text is surely no value of its type, whatever spelling the engine takes: it has a byte that no value has. */
static bool is_surely_none(vg_str text, unsigned test)
{
    const char *bytes = test == VG_TEST_NUMBER ? "0123456789+-. \t\n\v\f\r" : "0123456789+-.:TZ \t\n\v\f\r";
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '\0' || !strchr(bytes, text.ptr[i]))
            return true;
    return test == VG_TEST_ADDRESS || text.len == 0;
}

bool vg_compare_bounds_read(const vg_policy_condition *condition, unsigned test)
{
    double number;
    prefix p;
    for (size_t i = 0; i < condition->value_count; i++) {
        vg_str text = condition->values[i];
        bool read = test == VG_TEST_NUMBER    ? read_number(text, &number)
                    : test == VG_TEST_DATE    ? read_date(text, &number)
                    : test == VG_TEST_ADDRESS ? read_prefix(text, &p)
                                              : false;
        if (!read && !is_surely_none(text, test))
            return false;
    }
    return true;
}

/* ---- does a value meet a condition? ---------------------------------------------------------------------------------------------- */

typedef enum { MEETS_NOT, MEETS, MEETS_PERHAPS } meeting;

static bool compares(vg_operator op, double value, double bound)
{
    switch (op) {
    case VG_OP_NUMERIC_LESS_THAN:
    case VG_OP_DATE_LESS_THAN:
        return value < bound;
    case VG_OP_NUMERIC_LESS_THAN_EQUALS:
    case VG_OP_DATE_LESS_THAN_EQUALS:
        return value <= bound;
    case VG_OP_NUMERIC_GREATER_THAN:
    case VG_OP_DATE_GREATER_THAN:
        return value > bound;
    case VG_OP_NUMERIC_GREATER_THAN_EQUALS:
    case VG_OP_DATE_GREATER_THAN_EQUALS:
        return value >= bound;
    default:
        return value == bound;
    }
}

/* Numbers and dates. A bound that is none matches nothing, and makes a negated condition fail as well. */
static bool meets_line(const vg_compare_condition *q, vg_str value)
{
    bool (*read)(vg_str, double *) = q->kind == VG_TEST_DATE ? read_date : read_number;
    double v, bound;
    if (!read(value, &v))
        return false;
    bool any = false, wrong = false;
    for (size_t i = 0; i < q->source->value_count; i++) {
        bool is_read = read(q->source->values[i], &bound);
        wrong |= !is_read;
        any |= is_read && compares(q->source->op, v, bound);
    }
    return q->negated ? !any && !wrong : any;
}

static bool meets_address(const vg_compare_condition *q, vg_str value)
{
    address a;
    prefix p;
    unsigned width;
    if (!read_address(value, &a, &width))
        return false;
    bool any = false, wrong = false;
    for (size_t i = 0; i < q->source->value_count; i++) {
        bool is_read = read_prefix(q->source->values[i], &p);
        wrong |= !is_read;
        any |= is_read && prefix_holds(&p, &a);
    }
    return q->negated ? !any && !wrong : any;
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
        return meets_line(q, value) ? MEETS : MEETS_NOT;
    case VG_TEST_ADDRESS:
        return meets_address(q, value) ? MEETS : MEETS_NOT;
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

static vg_str line_text(vg_comparer *c, double v, bool date)
{
    char text[VG_TIME_TEXT];
    if (!date)
        return vg_arena_printf(c->arena, fabs(v) < 1e15 && v == floor(v) ? "%.0f" : "%.17g", v);
    vg_time_format((vg_time)v, text);
    return vg_arena_printf(c->arena, "%s", text);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Bounds, what lies between them, and what lies outside. */
static void add_line(vg_comparer *c, const vg_compare_literal *literals, size_t count, unsigned kind,
                     vg_vec *values)
{
    bool date = kind == VG_TEST_DATE;
    vg_vec bounds = vg_vec_in(c->arena, sizeof(double));
    for (size_t i = 0; i < count; i++) {
        const vg_compare_condition *q = vg_compare_condition_at(c, literals[i].id);
        for (size_t v = 0; q->kind == kind && v < q->source->value_count; v++) {
            double bound, *slot;
            if (!(date ? read_date : read_number)(q->source->values[v], &bound))
                continue;
            slot = vg_vec_push(&bounds);
            if (slot)
                *slot = bound;
        }
    }
    if (bounds.len == 0)
        return;
    qsort(bounds.items, bounds.len, sizeof(double), by_value);
    const double *b = bounds.items, unit = date ? 1e6 : 1;
    for (size_t i = 0; i < bounds.len; i++) {
        add_value(c, values, line_text(c, b[i], date));
        double next = i + 1 < bounds.len ? b[i + 1] : b[i] + 2 * unit;
        add_value(c, values,
                  line_text(c, next - b[i] >= 2 * unit ? b[i] + unit : b[i] + (next - b[i]) / 2, date));
    }
    add_value(c, values, line_text(c, b[0] - unit, date));
}

static vg_str address_text(vg_comparer *c, const address *a)
{
    char text[INET6_ADDRSTRLEN];
    bool v4 = memcmp(a->bytes, v4_prefix, sizeof v4_prefix) == 0;
    inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? a->bytes + 12 : a->bytes, text, sizeof text);
    return vg_arena_printf(c->arena, "%s", text);
}

static void clear_host_bits(prefix *p)
{
    for (unsigned bit = p->bits; bit < 128; bit++)
        p->first.bytes[bit / 8] &= (uint8_t) ~(0x80u >> (bit % 8));
}

/* The first address behind a prefix; false where there is none. */
static bool address_after(const prefix *p, address *out)
{
    *out = p->first;
    unsigned carry = 1;
    for (unsigned bit = p->bits; bit < 128; bit++)
        out->bytes[bit / 8] |= (uint8_t)(0x80u >> (bit % 8));
    for (int i = 15; i >= 0 && carry; i--) {
        unsigned sum = out->bytes[i] + carry;
        out->bytes[i] = (uint8_t)sum;
        carry = sum >> 8;
    }
    return carry == 0;
}

static void add_addresses(vg_comparer *c, const vg_compare_literal *literals, size_t count, vg_vec *values)
{
    for (size_t i = 0; i < count; i++) {
        const vg_compare_condition *q = vg_compare_condition_at(c, literals[i].id);
        for (size_t v = 0; q->kind == VG_TEST_ADDRESS && v < q->source->value_count; v++) {
            prefix p;
            address after;
            if (!read_prefix(q->source->values[v], &p))
                continue;
            clear_host_bits(&p);
            add_value(c, values, address_text(c, &p.first));
            if (address_after(&p, &after))
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
