/* gate.c: rules that a document has nothing for. Of hundreds of rules, a document's few resources concern a dozen; the
 * others are skipped because a condition fails, and the same two kinds of condition nearly always:
 *
 *     let buckets = Resources.*[ Type == 'AWS::S3::Bucket' ]
 *     rule a when is_template(%document) %buckets not empty { ... }     there is no resource of the type
 *     rule b when is_hook(%document, 'AWS::S3::Bucket') { ... }         where rule is_hook(doc, type) {
 *                                                                           %doc.%type.resourceProperties exists }
 *
 * When rules are compiled, such a condition becomes the rule's gate: the type, or the key at the document's root. An
 * evaluation asks the gate first, which costs one look-up. Only when it is closed is the rule settled by it, and only
 * when the rule's other conditions could not have ended in an error instead: they are calls that this document has
 * answered before (memo.c). Else conditions are evaluated as ever. */
#include "control/guard_part.h"

/* The file's assignment of a variable that an operand names alone, or the operand itself. */
static const guard_operand *see_through(const guard_file *file, const guard_operand *operand)
{
    const guard_query *query = operand->kind == OPERAND_QUERY ? operand->as.query : NULL;
    if (!query || query->count != 1 || query->parts[0].kind != PART_VARIABLE)
        return operand;
    for (uint32_t i = 0; i < file->let_count; i++)
        if (file->lets[i].name == query->parts[0].name)
            return &file->lets[i].value;
    return operand;
}

/* The text that an operand is, or NULL. */
static const vg_value *text_of(const guard_file *file, const guard_operand *operand)
{
    operand = see_through(file, operand);
    return operand->kind == OPERAND_VALUE && operand->as.value->kind == VG_STRING ? operand->as.value : NULL;
}

/* ---- %resources not empty ---------------------------------------------------------------------------------------------- */

static const vg_value *type_of_gate(const guard_file *file, const guard_clause *c)
{
    if (c->kind != CLAUSE_ACCESS || c->op != GUARD_EMPTY || c->op_negated == c->negated ||
        c->query.count != 1 || c->query.parts[0].kind != PART_VARIABLE)
        return NULL;
    const guard_operand *selected = see_through(file, &(guard_operand){OPERAND_QUERY, .as.query = &c->query});
    const guard_query *query = selected->kind == OPERAND_QUERY ? selected->as.query : &c->query;
    if (query->count < 3 || !query->by_type || query->parts[0].kind != PART_KEY ||
        !vg_str_is(query->parts[0].key->text, "Resources") || query->parts[1].kind != PART_ALL_VALUES ||
        !guard_type_asked(&query->parts[2]))
        return NULL;
    const vg_value *type = text_of(file, guard_type_asked(&query->parts[2]));
    return type && type->position > 0 ? type : NULL;
}

/* ---- %doc.%type.more exists -------------------------------------------------------------------------------------------- */

/* The argument that the part of the called rule's query names. */
static const guard_operand *argument_of(const guard_clause *call, const guard_part *part)
{
    for (uint32_t i = 0; part->kind == PART_VARIABLE && i < call->argument_count; i++)
        if (call->called->parameters[i] == part->name)
            return &call->arguments[i];
    return NULL;
}

static bool is_document(const guard_file *file, const guard_operand *operand)
{
    operand = see_through(file, operand);
    return operand->kind == OPERAND_QUERY && operand->as.query->count == 1 && !operand->as.query->some &&
           operand->as.query->parts[0].kind == PART_THIS;
}

/* The one clause of a block, or NULL. */
static const guard_clause *only_clause(const guard_block *block)
{
    return block->let_count == 0 && block->clauses.count == 1 && block->clauses.ors[0].count == 1
               ? block->clauses.ors[0].clauses[0]
               : NULL;
}

static vg_str root_key_of_gate(const guard_file *file, const guard_clause *call)
{
    const vg_str none = {0};
    const guard_clause *c =
        call->kind == CLAUSE_RULE_CALL && call->memo > 0 ? only_clause(&call->called->block) : NULL;
    if (!c || c->kind != CLAUSE_ACCESS || c->op != GUARD_EXISTS || c->op_negated || c->negated)
        return none;
    const guard_part *parts = c->query.parts;
    if (c->query.count != 4 || parts[1].kind != PART_ALL_ITEMS || parts[1].name != GUARD_NO_NAME ||
        parts[3].kind != PART_KEY)
        return none;
    const guard_operand *document = argument_of(call, &parts[0]), *key = argument_of(call, &parts[2]);
    const vg_value *text = document && key && is_document(file, document) ? text_of(file, key) : NULL;
    return text ? vg_value_str(text) : none;
}

/* ---- the gate of a rule ------------------------------------------------------------------------------------------------- */

/* Takes `c` for the gate, if it can be one and there is none yet. */
static bool take_gate(const guard_file *file, const guard_clause *c, guard_gate *gate)
{
    if (gate->type || gate->root_key.len > 0)
        return false;
    gate->type = type_of_gate(file, c);
    if (!gate->type)
        gate->root_key = root_key_of_gate(file, c);
    return gate->type || gate->root_key.len > 0;
}

void guard_find_gate(const guard_parser *p, const guard_file *file, guard_rule *rule)
{
    guard_gate gate = {0};
    size_t others = 0;
    for (uint32_t i = 0; i < rule->conditions.count; i++) {
        const guard_or *alternatives = &rule->conditions.ors[i];
        const guard_clause *c = alternatives->clauses[0];
        if (alternatives->count > 1)
            return;
        if (take_gate(file, c, &gate))
            continue;
        if (c->kind != CLAUSE_RULE_CALL || c->memo == 0 || others == VG_COUNT(gate.memos))
            return;
        gate.memos[others++] = c->memo;
    }
    if (!p->captures)
        rule->gate = gate;
}

vg_status guard_gate_is_closed(guard_evaluation *e, const guard_gate *gate, bool *out)
{
    const vg_value *const *items;
    size_t count;
    vg_status status = VG_OK;
    *out = false;
    if (e->memos[gate->memos[0]] == 0 || e->memos[gate->memos[1]] == 0)
        return VG_OK;
    if (gate->type)
        *out = guard_resources_of_type(e, gate->type, true, &items, &count, &status) && count == 0;
    else if (gate->root_key.len > 0)
        *out = guard_is_map(e->doc->root) && !vg_get(e->doc->root, gate->root_key);
    return status;
}
