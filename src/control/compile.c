/* compile.c: rule files into a ruleset: one arena for all of it, one table each of variables' names, keys and regular
 * expressions that the files share, and for each file the rules by name. */
#include "control/guard_part.h"

/* Seeds the tables; what is in them never shows. */
#define SEED UINT64_C(0x67756172645f3362)

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "out of memory while compiling rules");
}

static vg_ruleset *ruleset_new(size_t files)
{
    vg_arena *arena = vg_arena_new(0);
    vg_ruleset *rules = arena ? VG_NEW(arena, vg_ruleset) : NULL;
    if (!rules) {
        vg_arena_free(arena);
        return NULL;
    }
    rules->arena = arena;
    rules->files = VG_NEW_N(arena, guard_file, files + 1);
    rules->names = vg_map_new(arena, SEED);
    rules->keys = vg_map_new(arena, SEED);
    rules->regexes = vg_map_new(arena, SEED);
    rules->types = vg_map_new(arena, SEED);
    rules->memos = vg_map_new(arena, SEED);
    if (rules->files && rules->names && rules->keys && rules->regexes && rules->types && rules->memos)
        return rules;
    vg_arena_free(arena);
    return NULL;
}

void vg_ruleset_free(vg_ruleset *rules)
{
    if (!rules)
        return;
    for (size_t i = 0; i < vg_map_len(rules->regexes); i++)
        guard_regex_free(vg_map_at(rules->regexes, i)->value.ptr);
    vg_arena_free(rules->arena);
}

/* Chains the rules of one name, in order. */
static bool index_rules(vg_arena *arena, guard_file *file)
{
    file->rules_by_name = vg_map_new(arena, SEED);
    size_t *next = VG_NEW_N(arena, size_t, file->rule_count + 1);
    if (!file->rules_by_name || !next)
        return false;
    for (size_t i = file->rule_count; i > 0; i--) {
        vg_map_entry *entry = vg_map_put(file->rules_by_name, file->rules[i - 1].name, NULL);
        if (!entry)
            return false;
        next[i - 1] = entry->value.u64;
        entry->value.u64 = i;
    }
    file->next_of_name = next;
    return true;
}

/* Finds the rule of each call; of several with a name, the last. */
static void find_called(const guard_parser *p, const guard_file *file)
{
    for (size_t i = 0; i < p->calls.len; i++) {
        guard_clause *call = *(guard_clause **)vg_vec_at(&p->calls, i);
        for (size_t k = 0; k < file->parameterised_count; k++)
            if (vg_str_eq(file->parameterised[k].name, call->rule))
                call->called = &file->parameterised[k];
    }
}

/* Numbers the calls in the conditions of rules. */
static void number_calls(guard_parser *p, const guard_file *file)
{
    for (size_t r = 0; r < file->rule_count; r++) {
        const guard_and *conditions = &file->rules[r].conditions;
        for (uint32_t i = 0; i < conditions->count; i++)
            for (uint32_t k = 0; k < conditions->ors[i].count; k++) {
                guard_clause *c = (guard_clause *)(uintptr_t)conditions->ors[i].clauses[k];
                if (c->kind == CLAUSE_RULE_CALL)
                    guard_number_call(p, file, c);
            }
    }
}

static vg_status compile_file(vg_ruleset *rules, const vg_rule_source *source, vg_arena *scratch,
                              guard_file *file, vg_error *err)
{
    file->name = vg_arena_str(rules->arena, source->name);
    file->text = source->borrowed ? source->text : vg_arena_str(rules->arena, source->text);
    if (!file->name.ptr || (!file->text.ptr && file->text.len > 0))
        return no_memory(err);
    if (!file->text.ptr)
        file->text = VG_STR("");
    size_t bad;
    if (!vg_utf8_valid(file->text, &bad))
        return vg_fail_at(err, VG_ERR_SYNTAX, (vg_place){.file = file->name}, "byte %zu is not UTF-8 text",
                          bad + 1);
    guard_parser p = {.calls = vg_vec_in(scratch, sizeof(guard_clause *)),
                      .rules = rules,
                      .arena = rules->arena,
                      .scratch = scratch,
                      .text = file->text,
                      .name = file->name};
    if (vg_str_starts(p.text, VG_STR("\xEF\xBB\xBF")))
        p.at = 3;
    VG_TRY(guard_parse_file(&p, file, err));
    if (!index_rules(rules->arena, file))
        return no_memory(err);
    find_called(&p, file);
    number_calls(&p, file);
    for (size_t i = 0; i < file->rule_count; i++)
        guard_find_gate(&p, file, (guard_rule *)(uintptr_t)&file->rules[i]);
    return VG_OK;
}

static vg_status number_rules(vg_ruleset *rules, vg_error *err)
{
    for (size_t i = 0; i < rules->file_count; i++) {
        rules->files[i].first_rule = rules->rule_count;
        rules->rule_count += rules->files[i].rule_count;
    }
    size_t *file_of = VG_NEW_N(rules->arena, size_t, rules->rule_count + 1);
    if (!file_of)
        return no_memory(err);
    for (size_t i = 0; i < rules->file_count; i++)
        for (size_t j = 0; j < rules->files[i].rule_count; j++)
            file_of[rules->files[i].first_rule + j] = i;
    rules->file_of = file_of;
    return VG_OK;
}

static vg_status compile_all(vg_ruleset *rules, const vg_rule_source *sources, size_t count, vg_error *err)
{
    vg_arena *scratch = vg_arena_new(0);
    if (!scratch)
        return no_memory(err);
    vg_status status = VG_OK;
    for (size_t i = 0; i < count && status == VG_OK; i++) {
        status = compile_file(rules, &sources[i], scratch, &rules->files[rules->file_count++], err);
        vg_arena_reset(scratch);
    }
    vg_arena_free(scratch);
    return status == VG_OK ? number_rules(rules, err) : status;
}

vg_status vg_ruleset_compile(const vg_rule_source *sources, size_t count, vg_ruleset **out, vg_error *err)
{
    vg_ruleset *rules = ruleset_new(count);
    if (!rules)
        return no_memory(err);
    vg_status status = compile_all(rules, sources, count, err);
    if (status != VG_OK) {
        vg_ruleset_free(rules);
        return status;
    }
    *out = rules;
    return VG_OK;
}

size_t vg_ruleset_count(const vg_ruleset *rules)
{
    return rules->rule_count;
}

vg_rule_info vg_ruleset_rule(const vg_ruleset *rules, size_t index)
{
    size_t source = rules->file_of[index];
    const guard_file *file = &rules->files[source];
    const guard_rule *rule = &file->rules[index - file->first_rule];
    return (vg_rule_info){rule->name, file->name, source, {file->name, rule->line, rule->column}, rule->text};
}
