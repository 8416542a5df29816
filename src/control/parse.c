/* parse.c: rules and clauses of the Guard language, read by recursive descent with one place of backtracking.
 *
 * The grammar (ABNF in cfn-guard's own parser, docs/CLAUSES.md) is loose: the same words may open a property, the name
 * of a rule, a call or a block, and only what follows tells. So each form answers PARSED, PARSE_NO (the parser goes
 * back and tries the next form) or PARSE_STOP (it has gone too far to be anything else), and the error that a reader
 * sees is that of the furthest place any form reached.
 *
 *     file     = *( let / rule / rule-with-parameters / type-block / when-block / clause )
 *     rule     = "rule" name [ "when" conditions ] block
 *     block    = "{" 1*( let / or-clauses ) "}"
 *     clause   = when-block / query block / call / query operator [ operand ] / rule-name      [ <<message>> ]
 *
 * Values: parse_value.c. Queries and operands: parse_query.c. Places and text: parse_text.c. */
#include "control/guard_part.h"

/* Which forms may stand as a clause; the grammar differs by place. */
typedef enum {
    IN_FILTER = 0, /* and nested blocks: no names of rules */
    WITH_RULE_NAMES = 1,
    WITH_TYPE_BLOCKS = 2,
    CONDITIONS_ONLY = 4 /* neither blocks nor `when` */
} clause_forms;

static guard_parsed parse_clause(guard_parser *p, unsigned forms, guard_clause **out);
static guard_parsed parse_block(guard_parser *p, unsigned forms, guard_block *out);

/* ---- pieces of clauses --------------------------------------------------------------------------------------------- */

/* <<message>>, if one stands here. */
static guard_parsed parse_message(guard_parser *p, vg_str *out)
{
    size_t from = p->at;
    guard_skip(p);
    if (!guard_take(p, "<<")) {
        p->at = from;
        return PARSED;
    }
    vg_str rest = vg_str_sub(p->text, p->at, VG_NPOS);
    size_t end = vg_str_find(rest, VG_STR(">>"));
    if (end == VG_NPOS)
        return guard_stop(p, "expected >> to end the message that << began");
    *out = vg_str_trim(vg_str_sub(rest, 0, end));
    p->at += end + 2;
    return PARSED;
}

static const struct {
    const char *symbol;
    guard_op op;
    bool negated;
} comparisons[] = {
    {"==", GUARD_EQ, false}, {"!=", GUARD_EQ, true}, {">=", GUARD_GE, false},
    {"<=", GUARD_LE, false}, {">", GUARD_GT, false}, {"<", GUARD_LT, false},
};

static const struct {
    const char *lower, *upper;
    guard_op op;
} words[] = {
    {"in", "IN", GUARD_IN},
    {"exists", "EXISTS", GUARD_EXISTS},
    {"empty", "EMPTY", GUARD_EMPTY},
    {"is_string", "IS_STRING", GUARD_IS_STRING},
    {"is_list", "IS_LIST", GUARD_IS_LIST},
    {"is_struct", "IS_STRUCT", GUARD_IS_STRUCT},
    {"is_bool", "IS_BOOL", GUARD_IS_BOOL},
    {"is_int", "IS_INT", GUARD_IS_INT},
    {"is_float", "IS_FLOAT", GUARD_IS_FLOAT},
    {"is_null", "IS_NULL", GUARD_IS_NULL},
};

/* The operator of an access clause. */
static guard_parsed parse_operator(guard_parser *p, guard_op *op, bool *negated)
{
    size_t from = p->at;
    static const char expected[] =
        "expected an operator: ==, !=, <, <=, >, >=, in, exists, empty, is_string, ...";
    if (guard_take(p, "<<")) {
        p->at = from;
        return guard_no(p, expected);
    }
    for (size_t i = 0; i < VG_COUNT(comparisons); i++) {
        if (!guard_take(p, comparisons[i].symbol))
            continue;
        *op = comparisons[i].op;
        *negated = comparisons[i].negated;
        return PARSED;
    }
    *negated = guard_take_not(p);
    for (size_t i = 0; i < VG_COUNT(words); i++) {
        if (!guard_take_word(p, words[i].lower, words[i].upper))
            continue;
        *op = words[i].op;
        return PARSED;
    }
    p->at = from;
    return guard_no(p, expected);
}

static bool is_unary(guard_op op)
{
    return op >= GUARD_EXISTS;
}

/* Behind its query: the operator, what it compares with, the message. */
static guard_parsed parse_comparison(guard_parser *p, guard_clause *c)
{
    guard_skip(p);
    guard_parsed parsed = parse_operator(p, &c->op, &c->op_negated);
    if (parsed != PARSED)
        return parsed;
    c->kind = CLAUSE_ACCESS;
    if (!is_unary(c->op)) {
        parsed = guard_parse_operand(p, &c->operand);
        return guard_need(p, parsed, "expected a value, a query or a function call to compare with");
    }
    return PARSED;
}

/* `query { ... }` and `query !empty { ... }`; NO when it is no block. */
static guard_parsed parse_block_clause(guard_parser *p, guard_clause *c)
{
    size_t from = p->at;
    guard_skip(p);
    c->not_empty = guard_take_not(p) && guard_take_word(p, "empty", "EMPTY");
    if (!c->not_empty)
        p->at = from;
    guard_parsed parsed = parse_block(p, IN_FILTER, &c->block);
    if (parsed == PARSE_NO)
        p->at = from;
    c->kind = CLAUSE_BLOCK;
    return parsed;
}

/* `name(arguments)`; NO when no parenthesis follows the name. */
static guard_parsed parse_rule_call(guard_parser *p, guard_clause *c)
{
    size_t from = p->at;
    c->negated = guard_take_not(p);
    if (!guard_take_name(p, &c->rule) || p->at >= p->text.len || p->text.ptr[p->at] != '(') {
        p->at = from;
        return PARSE_NO;
    }
    c->kind = CLAUSE_RULE_CALL;
    return guard_parse_arguments(p, &c->arguments, &c->argument_count);
}

/* A rule's name alone is told from a property by what follows it: the end of the line, a comment, `{`, `or`, or a
 * message. */
static bool name_may_end_here(guard_parser *p)
{
    size_t from = p->at;
    while (p->at < p->text.len && (p->text.ptr[p->at] == ' ' || p->text.ptr[p->at] == '\t'))
        p->at++;
    vg_str rest = vg_str_sub(p->text, p->at, 2);
    bool ends = rest.len == 0 || rest.ptr[0] == '\n' || rest.ptr[0] == '#' || rest.ptr[0] == '{' ||
                vg_str_is(rest, "\r\n");
    p->at = from;
    if (ends)
        return true;
    guard_skip(p);
    ends = guard_take_word(p, "or", "OR") || guard_take(p, "|OR|");
    p->at = from;
    return ends;
}

static guard_parsed parse_rule_name(guard_parser *p, guard_clause *c)
{
    size_t from = p->at;
    c->kind = CLAUSE_RULE;
    c->negated = guard_take_not(p);
    if (!guard_take_name(p, &c->rule)) {
        p->at = from;
        return guard_no(p, "expected a clause");
    }
    if (name_may_end_here(p))
        return PARSED;
    size_t behind = p->at;
    guard_parsed parsed = parse_message(p, &c->message);
    if (parsed == PARSED && c->message.ptr == NULL) {
        p->at = behind;
        return guard_stop(
            p, "expected an operator behind the query, or the end of the line behind a rule's name");
    }
    return parsed;
}

/* `X::Y::Z`, or `X::Y`; `::MODULE` behind it is dropped. */
static bool take_type_name(guard_parser *p, vg_str *out)
{
    size_t from = p->at;
    vg_str part;
    if (!guard_take_name(p, &part) || !guard_take(p, "::") || !guard_take_name(p, &part)) {
        p->at = from;
        return false;
    }
    size_t two = p->at;
    if (!guard_take(p, "::") || !guard_take_name(p, &part))
        p->at = two;
    *out = vg_str_sub(p->text, from, p->at - from);
    if (p->at > two)
        guard_take(p, "::MODULE");
    return true;
}

/* ---- conditions ---------------------------------------------------------------------------------------------------- */

/* One disjunction: clauses joined by `or`. NO when not one clause stands here. */
static guard_parsed parse_or(guard_parser *p, unsigned forms, guard_or *out)
{
    vg_vec list = vg_vec_in(p->scratch, sizeof(guard_clause *));
    size_t end = p->at;
    for (;;) {
        guard_skip(p);
        guard_clause *clause = NULL;
        guard_parsed parsed = parse_clause(p, forms, &clause);
        if (parsed == PARSE_STOP)
            return parsed;
        if (parsed == PARSE_NO)
            break;
        guard_clause **slot = vg_vec_push(&list);
        if (!slot)
            return guard_stop(p, "out of memory");
        *slot = clause;
        end = p->at;
        guard_skip(p);
        if (!(guard_take(p, "or") || guard_take(p, "OR") || guard_take(p, "|OR|")) || !guard_skip_some(p))
            break;
    }
    p->at = end;
    if (list.len == 0)
        return PARSE_NO;
    out->count = (uint32_t)list.len;
    out->clauses = guard_keep(p, &list);
    return out->clauses ? PARSED : guard_stop(p, "out of memory");
}

/* Disjunctions up to what is none. */
static guard_parsed parse_and(guard_parser *p, unsigned forms, guard_and *out)
{
    vg_vec list = vg_vec_in(p->scratch, sizeof(guard_or));
    for (;;) {
        guard_or item;
        guard_parsed parsed = parse_or(p, forms, &item);
        if (parsed == PARSE_STOP)
            return parsed;
        if (parsed == PARSE_NO)
            break;
        guard_or *slot = vg_vec_push(&list);
        if (!slot)
            return guard_stop(p, "out of memory");
        *slot = item;
    }
    if (list.len == 0)
        return guard_stop(p, "expected a clause");
    out->count = (uint32_t)list.len;
    out->ors = guard_keep(p, &list);
    return out->ors ? PARSED : guard_stop(p, "out of memory");
}

guard_parsed guard_parse_filter_clauses(guard_parser *p, guard_and *out)
{
    return parse_and(p, IN_FILTER, out);
}

/* `when conditions`; NO when the word is not there. */
static guard_parsed parse_when(guard_parser *p, guard_and *out)
{
    size_t from = p->at;
    guard_skip(p);
    if (!guard_take_word(p, "when", "WHEN")) {
        p->at = from;
        return PARSE_NO;
    }
    if (!guard_skip_some(p))
        return guard_stop(p, "expected white space behind `when`");
    return parse_and(p, WITH_RULE_NAMES | CONDITIONS_ONLY, out);
}

/* ---- clauses ------------------------------------------------------------------------------------------------------- */

/* `when conditions { ... }` as a clause. */
static guard_parsed parse_when_clause(guard_parser *p, unsigned forms, guard_clause *c)
{
    guard_parsed parsed = parse_when(p, &c->conditions);
    if (parsed != PARSED)
        return parsed;
    c->kind = CLAUSE_WHEN;
    parsed = parse_block(p, forms & WITH_RULE_NAMES, &c->block);
    return guard_need(p, parsed, "expected a block { ... } behind the conditions");
}

/* The query that a type block stands for: Resources.*[ Type == 'AWS::S3::Bucket' ]. */
static bool make_type_query(guard_parser *p, vg_str type, guard_query *out)
{
    guard_part *parts = VG_NEW_N(p->arena, guard_part, 4);
    guard_clause *clause = VG_NEW(p->arena, guard_clause);
    const guard_clause **clauses = VG_NEW(p->arena, const guard_clause *);
    guard_or *ors = VG_NEW(p->arena, guard_or);
    vg_value *literal = VG_NEW(p->arena, vg_value);
    guard_filter *filter = VG_NEW(p->arena, guard_filter);
    const guard_key *resources = guard_key_of(p, VG_STR("Resources")),
                    *type_key = guard_key_of(p, VG_STR("Type"));
    if (!parts || !clause || !clauses || !ors || !literal || !filter || !resources || !type_key)
        return false;
    *literal = (vg_value){.kind = VG_STRING,
                          .position = guard_type_number(p, type),
                          .len = (uint32_t)type.len & 0xFFFFFFF,
                          .as.string = type.ptr};
    for (size_t i = 0; i < 4; i++)
        parts[i].name = GUARD_NO_NAME;
    parts[3].kind = PART_KEY;
    parts[3].key = type_key;
    parts[3].text = type_key->text;
    clause->kind = CLAUSE_ACCESS;
    clause->query = (guard_query){.parts = &parts[3], .count = 1, .text = type_key->text};
    clause->op = GUARD_EQ;
    clause->operand = (guard_operand){.kind = OPERAND_VALUE, .as.value = literal};
    clause->text = type;
    clauses[0] = clause;
    *ors = (guard_or){clauses, 1};
    parts[0].kind = PART_KEY;
    parts[0].key = resources;
    parts[0].text = resources->text;
    parts[1].kind = PART_ALL_VALUES;
    parts[1].text = VG_STR("*");
    parts[2].kind = PART_FILTER;
    *filter = (guard_filter){{ors, 1}, &clause->operand};
    parts[2].filter = filter;
    parts[2].text = type;
    *out = (guard_query){.parts = parts, .count = 3, .by_type = true, .text = type};
    return true;
}

/* `AWS::S3::Bucket [when ...] { ... }`, or with one clause for a block. */
static guard_parsed parse_type_block(guard_parser *p, guard_clause *c)
{
    vg_str type;
    if (!take_type_name(p, &type))
        return PARSE_NO;
    if (!guard_skip_some(p))
        return guard_stop(p, "expected white space behind the type's name");
    c->kind = CLAUSE_TYPE;
    if (!make_type_query(p, type, &c->query))
        return guard_stop(p, "out of memory");
    guard_parsed parsed = parse_when(p, &c->conditions);
    if (parsed == PARSE_STOP)
        return parsed;
    c->has_conditions = parsed == PARSED;
    parsed = parse_block(p, IN_FILTER, &c->block);
    if (parsed != PARSE_NO)
        return parsed;
    if (c->has_conditions)
        return guard_stop(p, "expected a block { ... } behind the conditions");
    guard_skip(p);
    guard_clause *only = NULL;
    parsed = guard_need(p, parse_clause(p, IN_FILTER, &only),
                        "expected a block { ... } or a clause behind the type's name");
    if (parsed != PARSED)
        return parsed;
    const guard_clause **clauses = VG_NEW(p->arena, const guard_clause *);
    guard_or *ors = VG_NEW(p->arena, guard_or);
    if (!clauses || !ors)
        return guard_stop(p, "out of memory");
    clauses[0] = only;
    *ors = (guard_or){clauses, 1};
    c->block.clauses = (guard_and){ors, 1};
    return PARSED;
}

/* `not x` negates x whatever stands behind it: `not exists` is no property named not. */
static bool negation_begins_here(guard_parser *p)
{
    size_t from = p->at;
    bool begins = guard_take_not(p);
    p->at = from;
    return begins;
}

/* A query, and what makes it a clause: a block, or an operator. */
static guard_parsed parse_query_clause(guard_parser *p, unsigned forms, guard_clause *c)
{
    size_t from = p->at;
    guard_parsed parsed = guard_parse_query(p, &c->query);
    if (parsed == PARSE_STOP)
        return parsed;
    if (parsed == PARSED && !(forms & CONDITIONS_ONLY)) {
        parsed = parse_block_clause(p, c);
        if (parsed != PARSE_NO)
            return parsed;
    }
    size_t behind = p->at;
    p->at = from;
    bool negated = negation_begins_here(p);
    p->at = behind;
    if (negated)
        parsed = PARSE_NO;
    else if (parsed == PARSED || c->query.count > 0)
        parsed = parse_comparison(p, c);
    if (parsed == PARSE_NO)
        p->at = from;
    return parsed;
}

/* `not query operator ...`: a leading negation, which blocks do not have. */
static guard_parsed parse_negated_clause(guard_parser *p, guard_clause *c)
{
    size_t from = p->at;
    if (!guard_take_not(p))
        return PARSE_NO;
    c->negated = true;
    guard_parsed parsed = guard_parse_query(p, &c->query);
    if (parsed == PARSED)
        parsed = parse_comparison(p, c);
    if (parsed == PARSE_NO)
        p->at = from;
    return parsed;
}

/* Tries the forms of a clause in the grammar's order. */
static guard_parsed parse_forms(guard_parser *p, unsigned forms, guard_clause *c)
{
    guard_parsed parsed = PARSE_NO;
    const guard_clause fresh = *c;
    if (forms & WITH_TYPE_BLOCKS)
        parsed = parse_type_block(p, c);
    if (parsed == PARSE_NO && !(forms & CONDITIONS_ONLY))
        parsed = parse_when_clause(p, forms, c);
    if (parsed == PARSE_NO)
        parsed = parse_query_clause(p, forms, c);
    if (parsed == PARSE_NO) {
        *c = fresh;
        parsed = parse_rule_call(p, c);
    }
    if (parsed == PARSE_NO) {
        *c = fresh;
        parsed = parse_negated_clause(p, c);
    }
    if (parsed == PARSE_NO && (forms & WITH_RULE_NAMES)) {
        *c = fresh;
        parsed = parse_rule_name(p, c);
    }
    return parsed;
}

static guard_parsed parse_clause(guard_parser *p, unsigned forms, guard_clause **out)
{
    guard_parsed parsed = guard_enter(p);
    if (parsed != PARSED)
        return parsed;
    guard_clause c = {0};
    size_t from = p->at;
    guard_locate(p, from, &c.line, &c.column);
    parsed = parse_forms(p, forms, &c);
    p->depth--;
    if (parsed != PARSED)
        return parsed;
    c.text = guard_text_since(p, from);
    if (c.kind == CLAUSE_ACCESS || c.kind == CLAUSE_RULE_CALL) {
        parsed = parse_message(p, &c.message);
        if (parsed != PARSED)
            return parsed;
    }
    *out = VG_NEW(p->arena, guard_clause);
    if (!*out)
        return guard_stop(p, "out of memory");
    **out = c;
    guard_clause **call = c.kind == CLAUSE_RULE_CALL ? vg_vec_push(&p->calls) : NULL;
    if (!call && c.kind == CLAUSE_RULE_CALL)
        return guard_stop(p, "out of memory");
    if (call)
        *call = *out;
    return PARSED;
}

/* ---- blocks -------------------------------------------------------------------------------------------------------- */

/* `let name = operand`; NO when it is none. */
static guard_parsed parse_let(guard_parser *p, guard_let *out)
{
    size_t from = p->at;
    vg_str name;
    if (!guard_take(p, "let") || !guard_skip_some(p) || !guard_take_name(p, &name)) {
        p->at = from;
        return PARSE_NO;
    }
    guard_skip(p);
    if (!guard_take(p, "=") && !guard_take(p, ":="))
        return guard_stop(p, "expected = or := behind the variable's name");
    out->name = guard_name_number(p, name);
    if (out->name == GUARD_NO_NAME)
        return guard_stop(p, "out of memory");
    return guard_need(p, guard_parse_operand(p, &out->value),
                      "expected a value, a query or a function call to assign");
}

/* Where a name is assigned twice in one scope, a literal counts before a call, a call before a query, and the last of
 * a sort before the earlier ones. */
static int precedence(guard_operand_kind kind)
{
    return kind == OPERAND_VALUE ? 2 : kind == OPERAND_CALL ? 1 : 0;
}

static bool add_let(vg_vec *lets, guard_let let)
{
    for (size_t i = 0; i < lets->len; i++) {
        guard_let *present = vg_vec_at(lets, i);
        if (present->name != let.name)
            continue;
        if (precedence(let.value.kind) >= precedence(present->value.kind))
            *present = let;
        return true;
    }
    guard_let *slot = vg_vec_push(lets);
    if (slot)
        *slot = let;
    return slot != NULL;
}

/* One assignment or disjunction of a block. */
static guard_parsed parse_block_item(guard_parser *p, unsigned forms, vg_vec *lets, vg_vec *ors)
{
    guard_skip(p);
    guard_let let;
    guard_parsed parsed = parse_let(p, &let);
    if (parsed == PARSED)
        return add_let(lets, let) ? PARSED : guard_stop(p, "out of memory");
    guard_or item;
    if (parsed == PARSE_NO)
        parsed = parse_or(p, forms, &item);
    if (parsed != PARSED)
        return parsed;
    guard_or *slot = vg_vec_push(ors);
    if (!slot)
        return guard_stop(p, "out of memory");
    *slot = item;
    return PARSED;
}

static guard_parsed keep_block(guard_parser *p, const vg_vec *lets, const vg_vec *ors, guard_block *out)
{
    out->let_count = (uint32_t)lets->len;
    out->lets = guard_keep(p, lets);
    out->clauses.count = (uint32_t)ors->len;
    out->clauses.ors = guard_keep(p, ors);
    if ((lets->len > 0 && !out->lets) || (ors->len > 0 && !out->clauses.ors))
        return guard_stop(p, "out of memory");
    return PARSED;
}

/* NO when no `{` stands here, or when nothing in it could be read. */
static guard_parsed parse_block(guard_parser *p, unsigned forms, guard_block *out)
{
    size_t from = p->at;
    guard_skip(p);
    if (!guard_take(p, "{")) {
        p->at = from;
        return guard_no(p, "expected {");
    }
    guard_parsed parsed = guard_enter(p);
    vg_vec lets = vg_vec_in(p->scratch, sizeof(guard_let)), ors = vg_vec_in(p->scratch, sizeof(guard_or));
    while (parsed == PARSED)
        parsed = parse_block_item(p, forms, &lets, &ors);
    if (parsed == PARSE_STOP)
        return parsed;
    p->depth--;
    if (lets.len + ors.len == 0) {
        guard_no(p, "expected a clause or an assignment");
        p->at = from;
        return PARSE_NO;
    }
    guard_skip(p);
    if (!guard_take(p, "}"))
        return guard_stop(p, "expected a clause, or } to end the block");
    return keep_block(p, &lets, &ors, out);
}

/* ---- rules --------------------------------------------------------------------------------------------------------- */

/* (name, name, ...) */
static guard_parsed parse_parameters(guard_parser *p, guard_rule *rule)
{
    vg_vec list = vg_vec_in(p->scratch, sizeof(uint32_t));
    do {
        vg_str name;
        guard_skip(p);
        if (!guard_take_name(p, &name))
            return guard_stop(p, "expected a parameter's name");
        uint32_t number = guard_name_number(p, name), *slot = vg_vec_push(&list);
        if (!slot || number == GUARD_NO_NAME)
            return guard_stop(p, "out of memory");
        *slot = number;
        guard_skip(p);
    } while (guard_take(p, ","));
    if (!guard_take(p, ")"))
        return guard_stop(p, "expected , or ) in the list of parameters");
    rule->parameter_count = (uint32_t)list.len;
    rule->parameters = guard_keep(p, &list);
    return rule->parameters ? PARSED : guard_stop(p, "out of memory");
}

/* `rule name [when ...] { ... }` or `rule name(parameters) { ... }`; NO when the word `rule` is not there. */
static guard_parsed parse_rule(guard_parser *p, guard_rule *rule)
{
    size_t from = p->at;
    if (!guard_take(p, "rule") || !guard_skip_some(p)) {
        p->at = from;
        return PARSE_NO;
    }
    guard_locate(p, from, &rule->line, &rule->column);
    if (!guard_take_name(p, &rule->name))
        return guard_stop(p, "expected the rule's name");
    guard_parsed parsed = PARSED;
    if (guard_take(p, "(")) {
        parsed = parse_parameters(p, rule);
    } else {
        parsed = parse_when(p, &rule->conditions);
        rule->has_conditions = parsed == PARSED;
    }
    if (parsed == PARSE_STOP)
        return parsed;
    parsed = guard_need(p, parse_block(p, WITH_RULE_NAMES | WITH_TYPE_BLOCKS, &rule->block),
                        "expected a block { ... } with the rule's clauses");
    if (parsed != PARSED)
        return parsed;
    rule->text = vg_str_sub(p->text, from, p->at - from);
    return PARSED;
}

/* ---- files --------------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_vec lets, rules, parameterised, loose; /* loose: disjunctions outside any rule */
} file_items;

/* Clauses outside any rule; those of type blocks may be joined with each other only. */
static guard_parsed parse_loose(guard_parser *p, guard_or *out)
{
    size_t from = p->at;
    vg_str type;
    bool typed = take_type_name(p, &type);
    p->at = from;
    if (typed)
        return parse_or(p, WITH_TYPE_BLOCKS, out);
    bool when = guard_take_word(p, "when", "WHEN");
    p->at = from;
    return parse_or(p, when ? WITH_RULE_NAMES : IN_FILTER, out);
}

static guard_parsed parse_item(guard_parser *p, file_items *items)
{
    guard_let let;
    guard_parsed parsed = parse_let(p, &let);
    if (parsed == PARSED)
        return add_let(&items->lets, let) ? PARSED : guard_stop(p, "out of memory");
    guard_rule rule = {0};
    if (parsed == PARSE_NO)
        parsed = parse_rule(p, &rule);
    if (parsed == PARSED) {
        guard_rule *slot = vg_vec_push(rule.parameters ? &items->parameterised : &items->rules);
        if (!slot)
            return guard_stop(p, "out of memory");
        *slot = rule;
        return PARSED;
    }
    guard_or loose;
    if (parsed == PARSE_NO)
        parsed = parse_loose(p, &loose);
    if (parsed == PARSE_NO)
        return guard_stop(p, "expected a rule, an assignment or a clause");
    guard_or *slot = parsed == PARSED ? vg_vec_push(&items->loose) : NULL;
    if (slot)
        *slot = loose;
    return parsed;
}

/* The rule "default" of a file: its clauses outside any rule. It comes first. */
static bool keep_rules(guard_parser *p, const file_items *items, guard_file *file)
{
    size_t extra = items->loose.len > 0 ? 1 : 0;
    file->rule_count = items->rules.len + extra;
    guard_rule *rules = VG_NEW_N(p->arena, guard_rule, file->rule_count + 1);
    if (!rules)
        return false;
    if (extra) {
        rules[0] = (guard_rule){.name = VG_STR("default"), .text = p->text, .line = 1, .column = 1};
        vg_vec none = vg_vec_in(p->scratch, sizeof(guard_let));
        if (keep_block(p, &none, &items->loose, &rules[0].block) != PARSED)
            return false;
    }
    if (items->rules.len > 0)
        memcpy(rules + extra, items->rules.items, items->rules.len * sizeof *rules);
    file->rules = rules;
    file->parameterised_count = items->parameterised.len;
    file->parameterised = guard_keep(p, &items->parameterised);
    file->let_count = (uint32_t)items->lets.len;
    file->lets = guard_keep(p, &items->lets);
    return (items->parameterised.len == 0 || file->parameterised) && (items->lets.len == 0 || file->lets);
}

vg_status guard_parse_file(guard_parser *p, guard_file *file, vg_error *err)
{
    file_items items = {vg_vec_in(p->scratch, sizeof(guard_let)), vg_vec_in(p->scratch, sizeof(guard_rule)),
                        vg_vec_in(p->scratch, sizeof(guard_rule)), vg_vec_in(p->scratch, sizeof(guard_or))};
    guard_parsed parsed = PARSED;
    for (guard_skip(p); parsed == PARSED && !guard_at_end(p); guard_skip(p))
        parsed = parse_item(p, &items);
    if (parsed == PARSED && !keep_rules(p, &items, file))
        parsed = guard_stop(p, "out of memory");
    if (parsed == PARSED)
        return VG_OK;
    vg_place place = {.file = p->name};
    guard_locate(p, p->furthest, &place.line, &place.column);
    return vg_fail_at(err, p->status != VG_OK ? p->status : VG_ERR_SYNTAX, place, "%s", p->expected);
}
