/* parse_query.c: queries (docs/QUERY_AND_FILTERING.md) and what may stand on the right of an operator.
 *
 *     query    = [ "some" ] ( "this" / %variable / name / 'name' ) *( "." step / "[" step "]" )
 *     operand  = value / function(operands) / query */
#include "control/guard_part.h"

static guard_parsed no_memory(guard_parser *p)
{
    return guard_stop(p, "out of memory");
}

/* ---- parts --------------------------------------------------------------------------------------------------------- */

/* A key, or a variable when it begins with %. */
static guard_parsed make_key(guard_parser *p, vg_str text, guard_part *part)
{
    if (text.len > 0 && text.ptr[0] == '%') {
        part->kind = PART_VARIABLE;
        part->name = guard_name_number(p, vg_str_sub(text, 1, VG_NPOS));
        return part->name == GUARD_NO_NAME ? no_memory(p) : PARSED;
    }
    part->kind = PART_KEY;
    part->key = guard_key_of(p, text);
    return part->key ? PARSED : no_memory(p);
}

/* %name, name or 'name'. */
static guard_parsed parse_name(guard_parser *p, guard_part *part)
{
    size_t from = p->at;
    vg_str text;
    bool variable = guard_take(p, "%");
    if (guard_take_name(p, &text))
        return make_key(p, vg_str_sub(p->text, from, p->at - from), part);
    p->at = from;
    guard_parsed parsed = variable ? PARSE_NO : guard_parse_string(p, &text);
    return parsed == PARSED ? make_key(p, text, part) : parsed;
}

static guard_parsed make_index(guard_parser *p, int64_t index, guard_part *part)
{
    if (index < INT32_MIN || index > INT32_MAX)
        return guard_stop(p, "expected an index that fits 32 bits");
    part->kind = PART_INDEX;
    part->index = (int32_t)index;
    return PARSED;
}

/* `.name`, `.%name`, `.0`, `.*` */
static guard_parsed parse_dotted(guard_parser *p, guard_part *part)
{
    guard_skip(p);
    if (!guard_take(p, "."))
        return PARSE_NO;
    int64_t index;
    if (guard_parse_int(p, &index) == PARSED)
        return make_index(p, index, part);
    if (guard_take(p, "*")) {
        part->kind = PART_ALL_VALUES;
        return PARSED;
    }
    guard_parsed parsed = parse_name(p, part);
    return parsed == PARSE_NO ? guard_no(p, "expected a name, %variable, a number or * behind the dot")
                              : parsed;
}

static bool take_close(guard_parser *p)
{
    guard_skip(p);
    return guard_take(p, "]");
}

/* [*] and [name] */
static guard_parsed parse_all_items(guard_parser *p, guard_part *part)
{
    vg_str name;
    part->kind = PART_ALL_ITEMS;
    if (guard_take_name(p, &name)) {
        part->name = guard_name_number(p, name);
    } else {
        guard_skip(p);
        if (!guard_take(p, "*"))
            return PARSE_NO;
    }
    return take_close(p) ? PARSED : PARSE_NO;
}

/* [0] and [-1] */
static guard_parsed parse_index(guard_parser *p, guard_part *part)
{
    int64_t index;
    if (guard_parse_int(p, &index) != PARSED)
        return PARSE_NO;
    if (!take_close(p))
        return guard_stop(p, "expected ] behind the index");
    return make_index(p, index, part);
}

/* ['key'] and [ name ] */
static guard_parsed parse_lookup(guard_parser *p, guard_part *part)
{
    vg_str text;
    guard_parsed parsed = guard_parse_string(p, &text);
    if (parsed == PARSED) {
        parsed = make_key(p, text, part);
    } else if (parsed == PARSE_NO) {
        guard_skip(p);
        if (!guard_take_name(p, &text))
            return PARSE_NO;
        part->kind = PART_ALL_VALUES;
        part->name = guard_name_number(p, text);
        parsed = PARSED;
    }
    if (parsed != PARSED)
        return parsed;
    return take_close(p) ? PARSED : PARSE_NO;
}

/* `name |` before a filter captures the keys that pass it. */
static void parse_capture(guard_parser *p, guard_part *part)
{
    size_t from = p->at;
    vg_str name;
    guard_skip(p);
    if (guard_take_name(p, &name)) {
        while (p->at < p->text.len && (p->text.ptr[p->at] == ' ' || p->text.ptr[p->at] == '\t'))
            p->at++;
        if (guard_take(p, "|")) {
            part->name = guard_name_number(p, name);
            return;
        }
    }
    p->at = from;
}

/* [ keys == 'x' ], [ keys in ... ], [ keys not in ... ] */
static guard_parsed parse_key_filter(guard_parser *p, guard_part *part)
{
    parse_capture(p, part);
    guard_skip(p);
    if (!guard_take_word(p, "keys", "KEYS"))
        return PARSE_NO;
    guard_skip(p);
    guard_key_filter *keys = VG_NEW(p->arena, guard_key_filter);
    if (!keys)
        return no_memory(p);
    part->kind = PART_KEY_FILTER;
    part->keys = keys;
    keys->op = GUARD_EQ;
    if (guard_take(p, "!=")) {
        keys->negated = true;
    } else if (!guard_take(p, "==")) {
        keys->negated = guard_take_not(p);
        if (!guard_take_word(p, "in", "IN"))
            return guard_stop(p, "expected ==, !=, in or not in behind `keys`");
        keys->op = GUARD_IN;
    }
    guard_skip(p);
    guard_parsed parsed = guard_need(p, guard_parse_operand(p, &keys->with),
                                     "expected a value or a query to compare keys with");
    if (parsed != PARSED)
        return parsed;
    return take_close(p) ? PARSED : PARSE_NO;
}

/* The right side of a first clause `Type == x` that stands alone: what the index of types can answer. */
static const guard_operand *type_of_filter(const guard_and *filter)
{
    if (filter->ors[0].count != 1)
        return NULL;
    const guard_clause *c = filter->ors[0].clauses[0];
    if (c->kind != CLAUSE_ACCESS || c->op != GUARD_EQ || c->op_negated || c->query.count != 1 ||
        c->query.some)
        return NULL;
    const guard_part *part = &c->query.parts[0];
    if (part->kind != PART_KEY || !vg_str_is(part->key->text, "Type"))
        return NULL;
    if (c->operand.kind == OPERAND_VALUE)
        return c->operand.as.value->kind == VG_STRING ? &c->operand : NULL;
    if (c->operand.kind != OPERAND_QUERY || c->operand.as.query->count != 1)
        return NULL;
    return c->operand.as.query->parts[0].kind == PART_VARIABLE ? &c->operand : NULL;
}

/* [ clauses ] */
static guard_parsed parse_filter(guard_parser *p, guard_part *part)
{
    guard_filter *filter = VG_NEW(p->arena, guard_filter);
    if (!filter)
        return no_memory(p);
    part->kind = PART_FILTER;
    part->filter = filter;
    parse_capture(p, part);
    guard_parsed parsed = guard_parse_filter_clauses(p, &filter->clauses);
    if (parsed != PARSED)
        return guard_need(p, parsed, "expected the clauses of a filter");
    if (!take_close(p))
        return guard_stop(p, "expected a clause, or ] to end the filter");
    filter->type_is = type_of_filter(&filter->clauses);
    return PARSED;
}

static guard_parsed parse_bracketed(guard_parser *p, guard_part *part)
{
    static guard_parsed (*const forms[])(guard_parser *, guard_part *) = {
        parse_all_items, parse_index, parse_lookup, parse_key_filter, parse_filter};
    size_t from = p->at;
    guard_skip(p);
    if (!guard_take(p, "["))
        return PARSE_NO;
    size_t inside = p->at;
    guard_parsed parsed = PARSE_NO;
    const guard_part fresh = *part;
    for (size_t i = 0; i < VG_COUNT(forms) && parsed == PARSE_NO; i++) {
        *part = fresh;
        p->at = inside;
        parsed = forms[i](p, part);
    }
    p->captures = p->captures || (parsed == PARSED && part->kind != PART_KEY && part->name != GUARD_NO_NAME);
    if (parsed == PARSE_NO)
        p->at = from;
    return parsed;
}

/* ---- queries ------------------------------------------------------------------------------------------------------- */

static guard_part *push_part(vg_vec *parts)
{
    guard_part *part = vg_vec_push(parts);
    if (part)
        part->name = GUARD_NO_NAME;
    return part;
}

/* `this`, a variable or a name. */
static guard_parsed parse_first(guard_parser *p, guard_part *part)
{
    size_t from = p->at;
    guard_skip(p);
    if (guard_take_word(p, "this", "THIS")) {
        part->kind = PART_THIS;
        part->text = VG_STR("this");
        return PARSED;
    }
    p->at = from;
    guard_parsed parsed = parse_name(p, part);
    part->text = vg_str_sub(p->text, from, p->at - from);
    return parsed == PARSE_NO ? guard_no(p, "expected a property, %variable, `this` or a value") : parsed;
}

/* The steps behind the first part. */
static guard_parsed parse_steps(guard_parser *p, vg_vec *parts)
{
    for (;;) {
        size_t from = p->at;
        guard_part part = {.name = GUARD_NO_NAME};
        guard_parsed parsed = parse_dotted(p, &part);
        if (parsed == PARSE_NO) {
            p->at = from;
            parsed = parse_bracketed(p, &part);
        }
        if (parsed == PARSE_NO) {
            p->at = from;
            return PARSED;
        }
        if (parsed == PARSE_STOP)
            return parsed;
        part.text = vg_str_trim(vg_str_sub(p->text, from, p->at - from));
        guard_part *slot = push_part(parts);
        if (!slot)
            return no_memory(p);
        *slot = part;
    }
}

/* Behind a variable, its values are taken one by one: %x.y is %x[*].y. */
static bool spread_variable(vg_vec *parts)
{
    guard_part *first = vg_vec_at(parts, 0);
    if (parts->len < 2 || first->kind != PART_VARIABLE || first[1].kind == PART_ALL_ITEMS)
        return true;
    if (!push_part(parts))
        return false;
    first = vg_vec_at(parts, 0);
    memmove(first + 2, first + 1, (parts->len - 2) * sizeof *first);
    first[1] = (guard_part){.kind = PART_ALL_ITEMS, .name = GUARD_NO_NAME};
    return true;
}

/* Whether Resources.*[ Type == x ... ] stands in it. */
static bool selects_by_type(const guard_part *parts, size_t count)
{
    for (size_t i = 0; i + 2 < count; i++)
        if (parts[i].kind == PART_KEY && vg_str_is(parts[i].key->text, "Resources") &&
            parts[i + 1].kind == PART_ALL_VALUES && parts[i + 1].name == GUARD_NO_NAME &&
            guard_type_asked(&parts[i + 2]))
            return true;
    return false;
}

guard_parsed guard_parse_query(guard_parser *p, guard_query *out)
{
    size_t from = p->at;
    vg_vec parts = vg_vec_in(p->scratch, sizeof(guard_part));
    guard_part *first = push_part(&parts);
    if (!first)
        return no_memory(p);
    guard_skip(p);
    out->some = guard_take_word(p, "some", "SOME") && guard_skip_some(p);
    if (!out->some)
        p->at = from;
    guard_parsed parsed = parse_first(p, first);
    if (parsed == PARSED)
        parsed = parse_steps(p, &parts);
    if (parsed != PARSED) {
        out->count = 0;
        if (parsed == PARSE_NO)
            p->at = from;
        return parsed;
    }
    if (!spread_variable(&parts))
        return no_memory(p);
    out->by_type = selects_by_type(parts.items, parts.len);
    out->count = (uint32_t)parts.len;
    out->parts = guard_keep(p, &parts);
    out->text = vg_str_trim(vg_str_sub(p->text, from, p->at - from));
    return out->parts ? PARSED : no_memory(p);
}

/* ---- operands ------------------------------------------------------------------------------------------------------ */

guard_parsed guard_parse_arguments(guard_parser *p, const guard_operand **out, uint32_t *count)
{
    vg_vec list = vg_vec_in(p->scratch, sizeof(guard_operand));
    p->at++; /* the parenthesis, which the caller has seen */
    guard_skip(p);
    while (!guard_take(p, ")")) {
        if (list.len > 0 && !guard_take(p, ","))
            return guard_stop(p, "expected , or ) behind the argument");
        guard_operand operand = {0};
        guard_parsed parsed = guard_need(p, guard_parse_operand(p, &operand),
                                         "expected an argument: a value, a query or a function call");
        if (parsed != PARSED)
            return parsed;
        guard_operand *slot = vg_vec_push(&list);
        if (!slot)
            return no_memory(p);
        *slot = operand;
        guard_skip(p);
    }
    *count = (uint32_t)list.len;
    *out = guard_keep(p, &list);
    return list.len == 0 || *out ? PARSED : no_memory(p);
}

/* function(arguments); NO when no parenthesis follows the name. */
guard_parsed guard_parse_call(guard_parser *p, guard_call **out)
{
    size_t from = p->at;
    vg_str name;
    if (!guard_take_name(p, &name) || p->at >= p->text.len || p->text.ptr[p->at] != '(') {
        p->at = from;
        return PARSE_NO;
    }
    guard_call *call = VG_NEW(p->arena, guard_call);
    if (!call)
        return no_memory(p);
    call->place.file = p->name;
    guard_locate(p, from, &call->place.line, &call->place.column);
    uint32_t arity;
    size_t behind = p->at;
    if (!guard_function_find(name, &call->function, &arity)) {
        p->at = from;
        return guard_stop(p, "no function is named %.*s", VG_ARG(name));
    }
    guard_parsed parsed = guard_parse_arguments(p, &call->arguments, &call->count);
    if (parsed != PARSED)
        return parsed;
    if (call->count != arity) {
        p->at = behind;
        return guard_stop(p, "%.*s takes %u argument%s, not %u", VG_ARG(name), arity, arity == 1 ? "" : "s",
                          call->count);
    }
    *out = call;
    return PARSED;
}

guard_parsed guard_parse_operand(guard_parser *p, guard_operand *out)
{
    guard_parsed parsed = guard_enter(p);
    if (parsed != PARSED)
        return parsed;
    guard_skip(p);
    parsed = guard_parse_value(p, &out->as.value);
    out->kind = OPERAND_VALUE;
    if (parsed == PARSE_NO) {
        guard_call *call = NULL;
        parsed = guard_parse_call(p, &call);
        out->kind = OPERAND_CALL;
        out->as.call = call;
    }
    if (parsed == PARSE_NO) {
        guard_query *query = VG_NEW(p->arena, guard_query);
        if (!query)
            return no_memory(p);
        parsed = guard_parse_query(p, query);
        out->kind = OPERAND_QUERY;
        out->as.query = query;
    }
    p->depth--;
    return parsed;
}
