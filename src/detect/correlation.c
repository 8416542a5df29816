/* correlation.c: reads the section `correlation` of a Sigma document.
 *
 * Source: Sigma specification 2.1.0, "Sigma Correlation Rules Specification", and its JSON schema. What pySigma knows
 * beside it is read too: value_median, weeks, months and years as timespans, `percentile`, conditions of temporal
 * correlations in words ("a and not b"), `generate` inside of the section. An attribute that is spelled nearly like one of
 * the specification ("group_by") is an error and not passed over, for a correlation without its groups would count
 * everybody together. */
#include "detect/correlation_part.h"

const char *const vg_correlate_type_names[VG_CORRELATE_TYPE_COUNT] = {
    "event_count",      "value_count",  "value_sum", "value_avg",
    "value_percentile", "value_median", "temporal",  "temporal_ordered"};
const char *const vg_bound_names[VG_BOUND_COUNT] = {"lt", "lte", "gt", "gte", "eq", "neq"};

static const char *const known_keys[] = {"type",      "rules",   "group-by", "timespan", "timeframe",
                                         "condition", "aliases", "generate", "window",   "gap"};

enum { MEDIAN = 50000 }; /* as a percentile */

typedef struct {
    vg_arena *arena;
    const vg_doc *doc;
    vg_correlation *c;
    vg_error *err;
} reader;

static vg_status fail_at(const reader *r, const vg_value *where, const char *text, vg_str what)
{
    return vg_fail_at(r->err, VG_ERR_VALUE, vg_doc_place(r->doc, where), text, VG_ARG(what));
}

static vg_status refuse(const reader *r, const vg_value *where, const char *text)
{
    return vg_fail_at(r->err, VG_ERR_VALUE, vg_doc_place(r->doc, where), "%s", text);
}

static vg_status out_of_memory(const reader *r)
{
    return vg_fail(r->err, VG_ERR_MEMORY, "memory ran out while reading a correlation");
}

static bool is_temporal(const vg_correlation *c)
{
    return c->type == VG_CORRELATE_TEMPORAL || c->type == VG_CORRELATE_TEMPORAL_ORDERED;
}

static bool counts_values(const vg_correlation *c)
{
    return c->type >= VG_CORRELATE_VALUE_COUNT && c->type <= VG_CORRELATE_VALUE_MEDIAN;
}

/* ---- attributes ------------------------------------------------------------------------------------------------------ */

/* Whether two names differ in case, hyphens and underscores alone. */
static bool is_nearly(vg_str a, const char *b)
{
    size_t at = 0;
    for (; *b; b++) {
        if (*b == '-')
            continue;
        while (at < a.len && (a.ptr[at] == '-' || a.ptr[at] == '_'))
            at++;
        if (at == a.len || (a.ptr[at] | 0x20) != *b)
            return false;
        at++;
    }
    return at == a.len;
}

static vg_status check_keys(const reader *r, const vg_value *section)
{
    for (vg_items it = vg_items_of(section); vg_items_next(&it);)
        for (size_t i = 0; i < VG_COUNT(known_keys); i++)
            if (is_nearly(it.key, known_keys[i]) && !vg_str_is(it.key, known_keys[i]))
                return vg_fail_at(r->err, VG_ERR_VALUE, vg_doc_place(r->doc, it.key_node),
                                  "`%.*s` is spelled `%s` in a correlation", VG_ARG(it.key), known_keys[i]);
    return VG_OK;
}

/* Windows of another kind would count differently: rather refused than taken for a sliding one. */
static vg_status check_window(const reader *r, const vg_value *section)
{
    const vg_value *window = vg_get(section, VG_STR("window")), *gap = vg_get(section, VG_STR("gap"));
    if (window && !vg_str_is(vg_value_str(window), "sliding"))
        return fail_at(r, window, "only a `sliding` window is known, and not `%.*s`", vg_value_str(window));
    return gap ? refuse(r, gap, "`gap` belongs to windows of sessions, which are not known") : VG_OK;
}

static vg_status read_type(reader *r, const vg_value *section)
{
    const vg_value *type = vg_get(section, VG_STR("type"));
    if (!type)
        return refuse(r, section, "a correlation needs its `type`, for instance `event_count`");
    for (size_t i = 0; i < VG_CORRELATE_TYPE_COUNT; i++)
        if (type->kind == VG_STRING && vg_str_is(vg_value_str(type), vg_correlate_type_names[i])) {
            r->c->type = (vg_correlate_type)i;
            return VG_OK;
        }
    return fail_at(
        r, type,
        "`%.*s` is no type of correlation; there are event_count, value_count, value_sum, value_avg, "
        "value_percentile, value_median, temporal and temporal_ordered",
        vg_value_str(type));
}

/* A text or a list of different texts. */
static vg_status read_texts(reader *r, const vg_value *value, const char *what, size_t most, vg_str_list *out)
{
    size_t count = value->kind == VG_ARRAY ? vg_value_count(value) : 1;
    if (count > most)
        return vg_fail_at(r->err, VG_ERR_LIMIT, vg_doc_place(r->doc, value),
                          "`%s` lists %zu; at most %zu are allowed", what, count, most);
    vg_str *items = VG_NEW_N(r->arena, vg_str, count + 1);
    if (!items)
        return out_of_memory(r);
    for (size_t i = 0; i < count; i++) {
        const vg_value *item = value->kind == VG_ARRAY ? vg_value_item(value, i) : value;
        if (item->kind != VG_STRING || item->len == 0)
            return vg_fail_at(r->err, VG_ERR_VALUE, vg_doc_place(r->doc, item),
                              "`%s` takes a text or a list of texts", what);
        items[i] = vg_arena_str(r->arena, vg_value_str(item));
        if (!items[i].ptr)
            return out_of_memory(r);
        for (size_t k = 0; k < i; k++)
            if (vg_str_eq(items[k], items[i]))
                return vg_fail_at(r->err, VG_ERR_VALUE, vg_doc_place(r->doc, item), "`%s` lists `%.*s` twice",
                                  what, VG_ARG(items[i]));
    }
    *out = (vg_str_list){items, count};
    return VG_OK;
}

static vg_status read_timespan(reader *r, const vg_value *section)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1},      {'m', 60},      {'h', 3600},    {'d', 86400},
                 {'w', 604800}, {'M', 2629746}, {'y', 31556952}};
    const int64_t most = INT64_C(31556952) * 100;
    const vg_value *value = vg_get(section, VG_STR("timespan"));
    if (!value)
        value = vg_get(section, VG_STR("timeframe"));
    if (!value)
        return refuse(r, section, "a correlation needs its `timespan`, for instance `5m`");
    vg_str text = vg_value_str(value);
    uint64_t number = 0;
    if (value->kind == VG_STRING && text.len > 1 && text.ptr[0] != '-' &&
        vg_str_to_u64(vg_str_sub(text, 0, text.len - 1), &number))
        for (size_t i = 0; i < VG_COUNT(units); i++)
            if (units[i].unit == text.ptr[text.len - 1] && number > 0 &&
                number <= (uint64_t)(most / units[i].seconds)) {
                r->c->timespan = (int64_t)number * units[i].seconds;
                return VG_OK;
            }
    return fail_at(
        r, value,
        "`%.*s` is no timespan: a number of at least 1 and s, m, h, d, w, M or y, up to 100 years, for "
        "instance `90m`",
        text);
}

/* ---- conditions ------------------------------------------------------------------------------------------------------ */

static bool read_number(const vg_value *value, vg_billionths *out)
{
    char text[64];
    switch (vg_kind_of(value)) {
    case VG_INT:
        *out = (vg_billionths)value->as.i64 * VG_BILLION;
        return true;
    case VG_UINT:
        *out = (vg_billionths)value->as.u64 * VG_BILLION;
        return true;
    case VG_DOUBLE:
        snprintf(text, sizeof text, "%.17g", value->as.f64);
        return vg_billionths_read(vg_str_from(text), out);
    case VG_STRING:
    case VG_NUMBER:
        return vg_billionths_read(vg_value_str(value), out);
    default:
        return false;
    }
}

static vg_status read_percentile(reader *r, const vg_value *value)
{
    vg_billionths number;
    if (!read_number(value, &number) || number < 0 || number > (vg_billionths)100 * VG_BILLION)
        return refuse(r, value, "`percentile` is a number from 0 to 100");
    r->c->percentile = (uint32_t)(number / (VG_BILLION / 1000));
    return VG_OK;
}

static vg_status read_bound(reader *r, const vg_items *it, vg_bound *bounds)
{
    for (size_t op = 0; op < VG_BOUND_COUNT; op++) {
        if (!vg_str_is(it->key, vg_bound_names[op]))
            continue;
        vg_bound *bound = &bounds[r->c->bound_count++];
        bound->op = (uint8_t)op;
        return read_number(it->value, &bound->limit)
                   ? VG_OK
                   : fail_at(r, it->value, "`%.*s` takes a number below 2^64", it->key);
    }
    return vg_fail_at(
        r->err, VG_ERR_VALUE, vg_doc_place(r->doc, it->key_node),
        "`%.*s` is nothing that a condition of a correlation knows: lt, lte, gt, gte, eq, neq, field, "
        "percentile",
        VG_ARG(it->key));
}

/* {gte: 10, field: userName} */
static vg_status read_bounds(reader *r, const vg_value *condition)
{
    vg_bound *bounds = VG_NEW_N(r->arena, vg_bound, VG_BOUND_COUNT);
    if (!bounds)
        return out_of_memory(r);
    r->c->bounds = bounds;
    for (vg_items it = vg_items_of(condition); vg_items_next(&it);) {
        if (vg_get(condition, it.key) != it.value)
            return fail_at(r, it.key_node, "`%.*s` stands twice in the condition", it.key);
        if (vg_str_is(it.key, "field"))
            VG_TRY(read_texts(r, it.value, "field", VG_CORRELATION_MOST_FIELDS, &r->c->fields));
        else if (vg_str_is(it.key, "percentile"))
            VG_TRY(read_percentile(r, it.value));
        else
            VG_TRY(read_bound(r, &it, bounds));
    }
    return r->c->bound_count ? VG_OK
                             : refuse(r, condition, "the condition needs one of lt, lte, gt, gte, eq, neq");
}

static vg_status check_fields(reader *r, const vg_value *section)
{
    const vg_value *condition = vg_get(section, VG_STR("condition"));
    const char *type = vg_correlate_type_names[r->c->type];
    if (!counts_values(r->c)) {
        r->c->fields.count = 0;
        return VG_OK;
    }
    if (r->c->fields.count == 0)
        return fail_at(r, condition, "%.*s needs a `field` in its condition", vg_str_from(type));
    if (r->c->fields.count > 1 && r->c->type != VG_CORRELATE_VALUE_COUNT)
        return fail_at(r, vg_get(condition, VG_STR("field")), "%.*s is of one field; several make no number",
                       vg_str_from(type));
    return VG_OK;
}

/* ---- conditions in words ---------------------------------------------------------------------------------------------- */

typedef struct {
    reader *r;
    const vg_value *where;
    vg_str rest;
    vg_condition_step *steps;
    size_t step_count;
    uint8_t waiting[VG_CORRELATION_MOST_STEPS]; /* operators not yet written, '(' among them */
    size_t waiting_count;
    bool after_operand;
    bool names_given; /* `rules` stands beside it */
    vg_str *names;
    size_t name_count;
    bool *used;
} wording;

enum { OPEN = 100 };

static vg_status bad_wording(const wording *w, const char *text, vg_str what)
{
    return fail_at(w->r, w->where, text, what);
}

static vg_status refuse_words(const wording *w, const char *text)
{
    return refuse(w->r, w->where, text);
}

static void write_step(wording *w, uint8_t op, uint32_t name)
{
    w->steps[w->step_count++] = (vg_condition_step){op, name};
}

/* NOT binds more than AND, AND more than OR; of equals, the left one comes first. */
static bool binds_first(uint8_t waiting, uint8_t op)
{
    return waiting != OPEN && waiting < op + (op != VG_CONDITION_NOT);
}

static vg_status take_operator(wording *w, uint8_t op, vg_str word)
{
    if (w->after_operand != (op == VG_CONDITION_AND || op == VG_CONDITION_OR))
        return bad_wording(w, "the condition cannot be read at `%.*s`", word);
    while (op != OPEN && w->waiting_count && binds_first(w->waiting[w->waiting_count - 1], op))
        write_step(w, w->waiting[--w->waiting_count], 0);
    w->waiting[w->waiting_count++] = op;
    w->after_operand = false;
    return VG_OK;
}

static vg_status take_close(wording *w)
{
    while (w->after_operand && w->waiting_count && w->waiting[w->waiting_count - 1] != OPEN)
        write_step(w, w->waiting[--w->waiting_count], 0);
    if (!w->after_operand || w->waiting_count == 0)
        return refuse_words(w, "a `)` of the condition closes nothing");
    w->waiting_count--;
    return VG_OK;
}

static vg_status take_name(wording *w, vg_str name)
{
    if (w->after_operand)
        return bad_wording(w, "the condition needs `and` or `or` in front of `%.*s`", name);
    size_t i = 0;
    while (i < w->name_count && !vg_str_eq(w->names[i], name))
        i++;
    if (i == w->name_count && w->names_given)
        return bad_wording(w, "the condition names `%.*s`, which `rules` does not list", name);
    if (i == VG_CORRELATION_MOST_RULES)
        return refuse_words(w, "the condition names more than 64 rules");
    if (i == w->name_count) {
        w->names[w->name_count++] = vg_arena_str(w->r->arena, name);
        if (!w->names[i].ptr)
            return out_of_memory(w->r);
    }
    w->used[i] = true;
    w->after_operand = true;
    write_step(w, VG_CONDITION_RULE, (uint32_t)i);
    return VG_OK;
}

/* The next word or bracket; empty at the end. */
static vg_str next_word(wording *w)
{
    vg_str text = vg_str_trim(w->rest);
    size_t len = 0;
    while (len < text.len && (unsigned char)text.ptr[len] > ' ' && text.ptr[len] != '(' &&
           text.ptr[len] != ')')
        len++;
    if (len == 0 && text.len)
        len = 1;
    w->rest = vg_str_sub(text, len, SIZE_MAX);
    return vg_str_sub(text, 0, len);
}

static vg_status take_word(wording *w, vg_str word)
{
    static const struct {
        const char *word;
        uint8_t op;
    } operators[] = {
        {"not", VG_CONDITION_NOT}, {"and", VG_CONDITION_AND}, {"or", VG_CONDITION_OR}, {"(", OPEN}};
    if (w->step_count + w->waiting_count >= VG_CORRELATION_MOST_STEPS)
        return refuse_words(w, "the condition has more than 256 words");
    for (size_t i = 0; i < VG_COUNT(operators); i++)
        if (vg_str_eq_icase(word, vg_str_from(operators[i].word)))
            return take_operator(w, operators[i].op, word);
    return vg_str_is(word, ")") ? take_close(w) : take_name(w, word);
}

static vg_status end_wording(wording *w)
{
    if (!w->after_operand)
        return refuse_words(w, "the condition ends too early");
    while (w->waiting_count) {
        if (w->waiting[w->waiting_count - 1] == OPEN)
            return refuse_words(w, "a `(` of the condition is never closed");
        write_step(w, w->waiting[--w->waiting_count], 0);
    }
    for (size_t i = 0; i < w->name_count; i++)
        if (!w->used[i])
            return bad_wording(w, "the condition says nothing of `%.*s`, which `rules` lists", w->names[i]);
    return VG_OK;
}

/* "a and not (b or c)": operators wait on a stack until those behind them bind less. */
static vg_status read_words(reader *r, const vg_value *condition)
{
    wording w = {.r = r, .where = condition, .rest = vg_value_str(condition)};
    w.names_given = r->c->names.count > 0;
    w.names = VG_NEW_N(r->arena, vg_str, VG_CORRELATION_MOST_RULES + 1);
    w.used = VG_NEW_N(r->arena, bool, VG_CORRELATION_MOST_RULES + 1);
    w.steps = VG_NEW_N(r->arena, vg_condition_step, VG_CORRELATION_MOST_STEPS + 1);
    if (!w.names || !w.used || !w.steps)
        return out_of_memory(r);
    for (; w.name_count < r->c->names.count; w.name_count++)
        w.names[w.name_count] = r->c->names.items[w.name_count];
    for (vg_str word = next_word(&w); word.len; word = next_word(&w))
        VG_TRY(take_word(&w, word));
    VG_TRY(end_wording(&w));
    r->c->names = (vg_str_list){w.names, w.name_count};
    r->c->steps = w.steps;
    r->c->step_count = w.step_count;
    return VG_OK;
}

static vg_status read_condition(reader *r, const vg_value *section)
{
    const vg_value *condition = vg_get(section, VG_STR("condition"));
    bool is_given = condition && condition->kind != VG_NULL;
    if (!is_given && is_temporal(r->c)) {
        r->c->all_rules = true;
        return VG_OK;
    }
    if (!is_given)
        return fail_at(r, section, "%.*s needs its `condition`, for instance `gte: 10`",
                       vg_str_from(vg_correlate_type_names[r->c->type]));
    if (condition->kind == VG_STRING && is_temporal(r->c))
        return read_words(r, condition);
    if (condition->kind != VG_OBJECT)
        return refuse(r, condition, "the condition is a map, for instance `gte: 10`");
    VG_TRY(read_bounds(r, condition));
    return check_fields(r, section);
}

/* ---- the rest -------------------------------------------------------------------------------------------------------- */

static size_t count_aliases(const vg_value *aliases)
{
    size_t count = 0;
    for (vg_items it = vg_items_of(aliases); vg_items_next(&it);)
        count += vg_value_count(it.value);
    return count;
}

static vg_status read_aliases(reader *r, const vg_value *section)
{
    const vg_value *aliases = vg_get(section, VG_STR("aliases"));
    if (!aliases || aliases->kind == VG_NULL)
        return VG_OK;
    if (aliases->kind != VG_OBJECT)
        return refuse(r, aliases, "`aliases` is a map of maps: alias, rule, field");
    vg_correlation_alias *out = VG_NEW_N(r->arena, vg_correlation_alias, count_aliases(aliases) + 1);
    if (!out)
        return out_of_memory(r);
    r->c->aliases = out;
    for (vg_items alias = vg_items_of(aliases); vg_items_next(&alias);) {
        if (alias.value->kind != VG_OBJECT)
            return fail_at(r, alias.value, "the alias `%.*s` is a map of rules to fields", alias.key);
        for (vg_items rule = vg_items_of(alias.value); vg_items_next(&rule);) {
            if (rule.value->kind != VG_STRING || rule.value->len == 0)
                return fail_at(r, rule.value, "the alias of `%.*s` is the name of a field", rule.key);
            vg_correlation_alias copy = {vg_arena_str(r->arena, alias.key), vg_arena_str(r->arena, rule.key),
                                         vg_arena_str(r->arena, vg_value_str(rule.value))};
            if (!copy.alias.ptr || !copy.rule.ptr || !copy.field.ptr)
                return out_of_memory(r);
            out[r->c->alias_count++] = copy;
        }
    }
    return VG_OK;
}

/* The specification has it beside the section, pySigma inside. */
static vg_status read_generate(reader *r, const vg_value *document, const vg_value *section)
{
    const vg_value *given[] = {vg_get(document, VG_STR("generate")), vg_get(section, VG_STR("generate"))};
    for (size_t i = 0; i < VG_COUNT(given); i++) {
        if (!given[i])
            continue;
        if (given[i]->kind != VG_BOOL)
            return refuse(r, given[i], "`generate` is true or false");
        r->c->generate |= given[i]->as.boolean;
    }
    return VG_OK;
}

/* Whether more signals can make a condition that held false again. */
static bool can_turn(const vg_correlation *c)
{
    for (size_t i = 0; i < c->bound_count; i++)
        if (c->bounds[i].op != VG_BOUND_GT && c->bounds[i].op != VG_BOUND_GTE)
            return true;
    for (size_t i = 0; i < c->step_count; i++)
        if (c->steps[i].op == VG_CONDITION_NOT)
            return true;
    return false;
}

static vg_status read_section(reader *r, const vg_value *document, const vg_value *section)
{
    VG_TRY(check_keys(r, section));
    VG_TRY(check_window(r, section));
    VG_TRY(read_type(r, section));
    const vg_value *rules = vg_get(section, VG_STR("rules")), *group = vg_get(section, VG_STR("group-by"));
    if (rules)
        VG_TRY(read_texts(r, rules, "rules", VG_CORRELATION_MOST_RULES, &r->c->names));
    if (group && group->kind != VG_NULL)
        VG_TRY(read_texts(r, group, "group-by", VG_CORRELATION_MOST_FIELDS, &r->c->group));
    VG_TRY(read_timespan(r, section));
    VG_TRY(read_condition(r, section));
    if (r->c->type == VG_CORRELATE_VALUE_MEDIAN)
        r->c->percentile = MEDIAN;
    if (r->c->names.count == 0)
        return refuse(r, rules ? rules : section, "a correlation needs `rules`, names or ids of rules");
    VG_TRY(read_aliases(r, section));
    VG_TRY(read_generate(r, document, section));
    r->c->waits = can_turn(r->c);
    return VG_OK;
}

vg_status vg_correlation_read(vg_arena *arena, const vg_doc *doc, const vg_value *document,
                              vg_correlation **out, vg_error *err)
{
    reader r = {.arena = arena, .doc = doc, .err = err, .c = VG_NEW(arena, vg_correlation)};
    if (!r.c)
        return out_of_memory(&r);
    r.c->arena = arena;
    r.c->percentile = MEDIAN;
    const vg_value *section = vg_get(document, VG_STR("correlation"));
    if (!section || section->kind != VG_OBJECT)
        return refuse(&r, section ? section : document, "`correlation` is a map");
    VG_TRY(read_section(&r, document, section));
    *out = r.c;
    return VG_OK;
}

/* ---- questions ------------------------------------------------------------------------------------------------------- */

vg_str_list vg_correlation_names(const vg_correlation *correlation)
{
    return correlation->names;
}

bool vg_correlation_generates(const vg_correlation *correlation)
{
    return correlation->generate;
}

bool vg_correlation_holds(const vg_correlation *c, const bool *hit)
{
    bool stack[VG_CORRELATION_MOST_STEPS];
    size_t top = 0;
    for (size_t i = 0; i < c->step_count; i++) {
        const vg_condition_step *step = &c->steps[i];
        if (step->op == VG_CONDITION_RULE) {
            stack[top++] = hit[c->slots[step->name]];
        } else if (step->op == VG_CONDITION_NOT) {
            stack[top - 1] = !stack[top - 1];
        } else {
            top--;
            stack[top - 1] =
                step->op == VG_CONDITION_AND ? stack[top - 1] && stack[top] : stack[top - 1] || stack[top];
        }
    }
    return top && stack[top - 1];
}

/* Counts begin at 1, for a window begins at a match, and are whole. */
vg_str vg_correlation_never(const vg_correlation *c)
{
    const vg_billionths one = VG_BILLION, far = (vg_billionths)1 << 100;
    bool whole = c->type <= VG_CORRELATE_VALUE_COUNT || is_temporal(c);
    vg_billionths low = whole ? one : -far, high = is_temporal(c) ? (vg_billionths)c->names.count * one : far;
    vg_billionths step = whole ? one : 1;
    for (size_t i = 0; i < c->bound_count; i++) {
        vg_billionths limit = c->bounds[i].limit;
        uint8_t op = c->bounds[i].op;
        vg_billionths least = op == VG_BOUND_GT ? limit + 1 : limit,
                      most = op == VG_BOUND_LT ? limit - 1 : limit;
        if ((op == VG_BOUND_GT || op == VG_BOUND_GTE || op == VG_BOUND_EQ) && least > low)
            low = least;
        if ((op == VG_BOUND_LT || op == VG_BOUND_LTE || op == VG_BOUND_EQ) && most < high)
            high = most;
    }
    if (low > 0 && low % step)
        low += step - low % step;
    if (low <= high)
        return (vg_str){0};
    if (is_temporal(c))
        return VG_STR(
            "no window fulfils its condition: it counts at least 1 and at most the rules that are listed");
    return whole ? VG_STR("no window fulfils its condition: a window begins at a match, so that it counts at "
                          "least 1")
                 : VG_STR("its condition contradicts itself");
}
