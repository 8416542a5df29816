/* memo.c: conditions that many rule files share. Rule files are written from templates, so hundreds of rules begin with
 * the same question of the whole document ("is it a template?"), each file with its own copy of the rule that answers.
 * A call in a rule's conditions whose answer can depend on the document alone gets a number, the same for all calls of
 * the same text; an evaluation answers each number once.
 *
 * Its answer depends on the document alone when the rule that is called looks at its parameters and own variables and
 * nothing else (no functions, other rules or captured keys), and its arguments are literals, or queries from the
 * document's root without filters or variables. */
#include "control/guard_part.h"

#define MAX_BLOCKS 16

/* The rule under examination, and the blocks that are open. */
typedef struct {
    const guard_rule *rule;
    const guard_block *blocks[MAX_BLOCKS];
    size_t depth;
} closure;

static bool is_closed_and(closure *c, const guard_and *clauses);

static bool is_own(const closure *c, uint32_t name)
{
    for (uint32_t i = 0; i < c->rule->parameter_count; i++)
        if (c->rule->parameters[i] == name)
            return true;
    for (size_t b = 0; b < c->depth; b++)
        for (uint32_t i = 0; i < c->blocks[b]->let_count; i++)
            if (c->blocks[b]->lets[i].name == name)
                return true;
    return false;
}

static bool is_closed_query(closure *c, const guard_query *query);

static bool is_closed_operand(closure *c, const guard_operand *operand)
{
    if (operand->kind == OPERAND_QUERY)
        return is_closed_query(c, operand->as.query);
    return operand->kind != OPERAND_CALL;
}

static bool is_closed_query(closure *c, const guard_query *query)
{
    for (uint32_t i = 0; i < query->count; i++) {
        const guard_part *part = &query->parts[i];
        if (part->kind == PART_VARIABLE ? !is_own(c, part->name) : part->name != GUARD_NO_NAME)
            return false;
        if (part->kind == PART_FILTER && !is_closed_and(c, &part->filter->clauses))
            return false;
        if (part->kind == PART_KEY_FILTER && !is_closed_operand(c, &part->keys->with))
            return false;
    }
    return true;
}

static bool is_closed_block(closure *c, const guard_block *block)
{
    if (c->depth == MAX_BLOCKS)
        return false;
    c->blocks[c->depth++] = block;
    bool closed = is_closed_and(c, &block->clauses);
    for (uint32_t i = 0; closed && i < block->let_count; i++)
        closed = is_closed_operand(c, &block->lets[i].value);
    c->depth--;
    return closed;
}

static bool is_closed_clause(closure *c, const guard_clause *clause)
{
    switch (clause->kind) {
    case CLAUSE_ACCESS:
        return is_closed_query(c, &clause->query) && is_closed_operand(c, &clause->operand);
    case CLAUSE_BLOCK:
        return is_closed_query(c, &clause->query) && is_closed_block(c, &clause->block);
    case CLAUSE_WHEN:
        return is_closed_and(c, &clause->conditions) && is_closed_block(c, &clause->block);
    default:
        return false;
    }
}

static bool is_closed_and(closure *c, const guard_and *clauses)
{
    for (uint32_t i = 0; i < clauses->count; i++)
        for (uint32_t k = 0; k < clauses->ors[i].count; k++)
            if (!is_closed_clause(c, clauses->ors[i].clauses[k]))
                return false;
    return true;
}

/* Adds what an argument is to the key of its call; false when that may depend on more than the document. */
static bool add_argument(guard_parser *p, const guard_file *file, const guard_operand *operand, vg_buf *key)
{
    const guard_query *query = operand->kind == OPERAND_QUERY ? operand->as.query : NULL;
    if (query && query->count == 1 && query->parts[0].kind == PART_VARIABLE) {
        for (uint32_t i = 0; i < file->let_count; i++)
            if (file->lets[i].name == query->parts[0].name)
                operand = &file->lets[i].value;
        query = operand->kind == OPERAND_QUERY ? operand->as.query : NULL;
    }
    if (operand->kind == OPERAND_VALUE) {
        vg_buf_add_c(key, "\nvalue ");
        vg_buf_add_str(key, vg_guard_value_text(p->scratch, operand->as.value));
        return true;
    }
    for (uint32_t i = 0; query && i < query->count; i++)
        if (query->parts[i].kind == PART_VARIABLE || query->parts[i].kind >= PART_FILTER)
            return false;
    if (!query)
        return false;
    vg_buf_add_c(key, "\nquery ");
    vg_buf_add_str(key, query->text);
    return true;
}

static uint32_t number_of(guard_parser *p, vg_str key)
{
    vg_map_entry *entry = vg_map_get(p->rules->memos, key);
    if (entry)
        return (uint32_t)entry->value.u64;
    vg_str kept = vg_arena_str(p->arena, key);
    entry = kept.ptr ? vg_map_put(p->rules->memos, kept, NULL) : NULL;
    if (!entry)
        return 0;
    entry->value.u64 = vg_map_len(p->rules->memos);
    return (uint32_t)entry->value.u64;
}

void guard_number_call(guard_parser *p, const guard_file *file, guard_clause *call)
{
    closure c = {.rule = call->called};
    if (p->captures || !call->called || call->called->parameter_count != call->argument_count ||
        !is_closed_block(&c, &call->called->block))
        return;
    vg_buf key = {0};
    vg_buf_add_str(&key, call->called->text);
    bool fixed = true;
    for (uint32_t i = 0; fixed && i < call->argument_count; i++)
        fixed = add_argument(p, file, &call->arguments[i], &key);
    if (fixed && !key.failed)
        call->memo = number_of(p, vg_buf_str(&key));
    vg_buf_free(&key);
}
