/* evaluate.c: rules over a document: blocks, conditions, rules that refer to rules, and the status of each.
 *
 * Statuses combine as cfn-guard's eval.rs combines them: a disjunction passes at its first clause that passes, fails
 * when one failed and none passed, and is skipped when all were; a conjunction fails when one fails, passes when one
 * passes and none fails, and is skipped when all were. A block over several values does the same over them.
 *
 * A rule is evaluated once a document, whoever asks first; its failures wait for its turn to be told. An error ends
 * its rule (and those that refer to it) and no other.
 *
 * Where keys may be unknown (vg_guard_partial), each answer carries whether it hangs on one, by Kleene's logic: what is
 * certain to fail settles a conjunction, what is certain to pass a disjunction, and all else passes the doubt on. */
#include "control/guard_part.h"

#include <stdlib.h>

/* How deep clauses may nest while rules call each other; each level costs stack. */
#define MAX_DEPTH     200
#define DEFAULT_STEPS 200000000U

static vg_status evaluate_clause(guard_evaluation *e, guard_scope *scope, const guard_clause *c,
                                 vg_guard_status *out);

/* ---- errors and memory ------------------------------------------------------------------------------------------------ */

vg_status guard_no_memory(guard_evaluation *e)
{
    return vg_fail(&e->error, VG_ERR_MEMORY, "out of memory while evaluating rules");
}

vg_status guard_too_many_steps(guard_evaluation *e)
{
    return vg_fail(&e->error, VG_ERR_LIMIT,
                   "the rules visit more than %zu values of this document; narrow their queries",
                   e->max_steps);
}

/* Ends the whole evaluation, not one rule. */
static bool is_fatal(vg_status status)
{
    return status == VG_ERR_MEMORY || status == VG_ERR_LIMIT;
}

static vg_status grow_stack(guard_evaluation *e)
{
    size_t cap = e->stack_cap ? 2 * e->stack_cap : 256;
    guard_result *more = realloc(e->stack, cap * sizeof *more);
    if (!more)
        return guard_no_memory(e);
    e->stack = more;
    e->stack_cap = cap;
    return VG_OK;
}

vg_status guard_push(guard_evaluation *e, guard_result result)
{
    if (e->stack_len == e->stack_cap)
        VG_TRY(grow_stack(e));
    e->stack[e->stack_len++] = result;
    return VG_OK;
}

/* ---- conjunctions ------------------------------------------------------------------------------------------------------ */

/* The failures of its clauses stay when it fails itself. */
static vg_status evaluate_or(guard_evaluation *e, guard_scope *scope, const guard_or *alternatives,
                             vg_guard_status *out)
{
    size_t failures = e->failure_len;
    vg_str around = guard_hang_begin(e);
    *out = VG_GUARD_SKIP;
    for (uint32_t i = 0; i < alternatives->count && *out != VG_GUARD_PASS; i++) {
        vg_guard_status status;
        vg_str others = guard_hang_begin(e);
        VG_TRY(evaluate_clause(e, scope, alternatives->clauses[i], &status));
        if (status != VG_GUARD_PASS) /* one that passes makes what the others hang on no matter */
            guard_hang_end(e, others);
        if (status != VG_GUARD_SKIP)
            *out = status;
    }
    guard_hang_end(e, around);
    if (*out != VG_GUARD_FAIL)
        e->failure_len = failures;
    return VG_OK;
}

vg_status guard_all(guard_evaluation *e, guard_scope *scope, const guard_and *clauses, vg_guard_status *out)
{
    size_t passes = 0, fails = 0;
    vg_str around = guard_hang_begin(e);
    bool settled = false;
    for (uint32_t i = 0; i < clauses->count; i++) {
        vg_guard_status status;
        vg_str others = guard_hang_begin(e);
        VG_TRY(evaluate_or(e, scope, &clauses->ors[i], &status));
        passes += status == VG_GUARD_PASS;
        fails += status == VG_GUARD_FAIL;
        settled = settled || (status == VG_GUARD_FAIL && !e->unknown.ptr);
        guard_hang_end(e, others);
    }
    if (settled)
        e->unknown = (vg_str){0};
    guard_hang_end(e, around);
    *out = fails > 0 ? VG_GUARD_FAIL : passes > 0 ? VG_GUARD_PASS : VG_GUARD_SKIP;
    return VG_OK;
}

vg_status guard_passes(guard_evaluation *e, guard_scope *scope, const guard_and *clauses, bool *out)
{
    vg_guard_status status;
    e->quiet++;
    VG_TRY(guard_all(e, scope, clauses, &status));
    e->quiet--;
    *out = status == VG_GUARD_PASS;
    return VG_OK;
}

/* ---- blocks ------------------------------------------------------------------------------------------------------------ */

static vg_status evaluate_block(guard_evaluation *e, guard_scope *scope, const guard_block *block,
                                vg_guard_status *out)
{
    guard_scope inner = {.kind = SCOPE_BLOCK,
                         .parent = scope,
                         .root = guard_scope_root(scope),
                         .lets = block->lets,
                         .let_count = block->let_count};
    return guard_all(e, &inner, &block->clauses, out);
}

vg_status guard_fail_clause(guard_evaluation *e, const guard_clause *c, const guard_result *from,
                            guard_failure **out)
{
    if (e->quiet > 0)
        return VG_OK;
    if (e->failure_len == e->failure_cap) {
        size_t cap = e->failure_cap ? 2 * e->failure_cap : 64;
        guard_failure *more = realloc(e->failures, cap * sizeof *more);
        if (!more)
            return guard_no_memory(e);
        e->failures = more;
        e->failure_cap = cap;
    }
    guard_failure *failure = &e->failures[e->failure_len++];
    *failure = (guard_failure){.clause = c, .message = c->message.len > 0 ? c->message : e->call_message};
    if (from)
        failure->from = *from;
    if (out)
        *out = failure;
    return VG_OK;
}

static vg_guard_status of_values(size_t passes, size_t fails, bool some)
{
    if (some)
        return passes > 0 ? VG_GUARD_PASS : fails > 0 ? VG_GUARD_FAIL : VG_GUARD_SKIP;
    return fails > 0 ? VG_GUARD_FAIL : passes > 0 ? VG_GUARD_PASS : VG_GUARD_SKIP;
}

/* A block over each of the results on the stack from `from` up to `to`. */
static vg_status evaluate_over(guard_evaluation *e, guard_scope *scope, const guard_clause *c, size_t from,
                               size_t to, vg_guard_status *out)
{
    size_t passes = 0, fails = 0;
    vg_str around = guard_hang_begin(e);
    bool settled = false;
    for (size_t i = from; i < to; i++) {
        guard_result result = e->stack[i];
        vg_guard_status status = VG_GUARD_FAIL;
        vg_str others = guard_hang_begin(e);
        if (result.kind == RESULT_UNRESOLVED) {
            VG_TRY(guard_fail_clause(e, c, &result, NULL));
        } else {
            guard_scope value = {.kind = SCOPE_VALUE, .parent = scope, .root = result.value};
            VG_TRY(evaluate_block(e, &value, &c->block, &status));
        }
        passes += status == VG_GUARD_PASS;
        fails += status == VG_GUARD_FAIL;
        settled = settled || (status == (c->query.some ? VG_GUARD_PASS : VG_GUARD_FAIL) && !e->unknown.ptr);
        guard_hang_end(e, others);
    }
    if (settled)
        e->unknown = (vg_str){0};
    guard_hang_end(e, around);
    *out = of_values(passes, fails, c->query.some);
    return VG_OK;
}

/* query { ... } */
static vg_status evaluate_query_block(guard_evaluation *e, guard_scope *scope, const guard_clause *c,
                                      vg_guard_status *out)
{
    size_t mark = e->stack_len;
    VG_TRY(guard_select(e, scope, &c->query));
    vg_status status = VG_OK;
    if (e->stack_len > mark) {
        status = evaluate_over(e, scope, c, mark, e->stack_len, out);
    } else {
        *out = c->not_empty ? VG_GUARD_FAIL : VG_GUARD_SKIP;
        if (c->not_empty)
            status = guard_fail_clause(e, c, NULL, NULL);
    }
    e->stack_len = mark;
    return status;
}

/* when conditions { ... } */
static vg_status evaluate_when(guard_evaluation *e, guard_scope *scope, const guard_clause *c,
                               vg_guard_status *out)
{
    bool holds;
    *out = VG_GUARD_SKIP;
    VG_TRY(guard_passes(e, scope, &c->conditions, &holds));
    return holds ? evaluate_block(e, scope, &c->block, out) : VG_OK;
}

/* AWS::S3::Bucket [when conditions] { ... } */
static vg_status evaluate_type_block(guard_evaluation *e, guard_scope *scope, const guard_clause *c,
                                     vg_guard_status *out)
{
    bool holds = true;
    *out = VG_GUARD_SKIP;
    if (c->has_conditions)
        VG_TRY(guard_passes(e, scope, &c->conditions, &holds));
    if (!holds)
        return VG_OK;
    size_t mark = e->stack_len;
    VG_TRY(guard_select(e, scope, &c->query));
    for (size_t i = mark; i < e->stack_len; i++)
        if (e->stack[i].kind == RESULT_UNRESOLVED)
            return vg_fail(&e->error, VG_ERR_VALUE, "there are no Resources for the type block %.*s here",
                           VG_ARG(c->query.text));
    if (e->stack_len == mark)
        return VG_OK;
    vg_status status = evaluate_over(e, scope, c, mark, e->stack_len, out);
    e->stack_len = mark;
    return status;
}

/* ---- rules ------------------------------------------------------------------------------------------------------------- */

static vg_status evaluate_rule(guard_evaluation *e, guard_scope *scope, const guard_rule *rule,
                               vg_guard_status *out)
{
    bool holds = true;
    *out = VG_GUARD_SKIP;
    if (rule->has_conditions)
        VG_TRY(guard_passes(e, scope, &rule->conditions, &holds));
    return holds ? evaluate_block(e, scope, &rule->block, out) : VG_OK;
}

/* An error's file name stands in the error itself. */
static void copy_error(vg_error *to, const vg_error *from)
{
    *to = *from;
    to->place.file = vg_str_from(to->file_text);
}

/* Keeps what a rule came to. */
static vg_status settle_rule(guard_evaluation *e, guard_rule_state *state, vg_status status, size_t failures)
{
    size_t count = status == VG_OK && state->status == VG_GUARD_FAIL ? e->failure_len - failures : 0;
    guard_failure *kept = count > 0 ? VG_NEW_N(e->arena, guard_failure, count) : NULL;
    if (count > 0 && !kept)
        return guard_no_memory(e);
    if (count > 0)
        memcpy(kept, e->failures + failures, count * sizeof *kept);
    state->failures = kept;
    state->failure_count = count;
    state->state = VARIABLE_KNOWN;
    if (status == VG_OK)
        return VG_OK;
    vg_error *error = VG_NEW(e->arena, vg_error);
    if (!error)
        return guard_no_memory(e);
    copy_error(error, &e->error);
    state->status = VG_GUARD_ERROR;
    state->error = error;
    return VG_OK;
}

/* Evaluates a rule of the file at hand, unless it has been. Whatever is under way is left as it was. */
static vg_status run_rule(guard_evaluation *e, size_t position)
{
    guard_rule_state *state = &e->states[e->file->first_rule + position];
    if (state->state == VARIABLE_KNOWN)
        return VG_OK;
    const guard_rule *rule = &e->file->rules[position];
    if (state->state == VARIABLE_RUNNING)
        return vg_fail(&e->error, VG_ERR_VALUE, "rule %.*s depends on itself", VG_ARG(rule->name));
    bool closed;
    VG_TRY(guard_gate_is_closed(e, &rule->gate, &closed));
    if (closed) {
        state->state = VARIABLE_KNOWN;
        state->status = VG_GUARD_SKIP;
        return VG_OK;
    }
    state->state = VARIABLE_RUNNING;
    size_t failures = e->failure_len, stack = e->stack_len;
    unsigned quiet = e->quiet, depth = e->depth;
    vg_str message = e->call_message, around = guard_hang_begin(e);
    e->quiet = 0;
    e->call_message = (vg_str){0};
    vg_status status = evaluate_rule(e, e->file_scope, rule, &state->status);
    state->unknown = e->unknown;
    e->unknown = around;
    if (!is_fatal(status))
        status = settle_rule(e, state, status, failures);
    e->failure_len = failures;
    e->stack_len = stack;
    e->quiet = quiet;
    e->depth = depth;
    e->call_message = message;
    return status;
}

/* The status of the rules named `name`: that of the first that is not skipped. */
static vg_status status_of_name(guard_evaluation *e, vg_str name, vg_guard_status *out)
{
    const vg_map_entry *entry = vg_map_get(e->file->rules_by_name, name);
    if (!entry)
        return vg_fail(&e->error, VG_ERR_VALUE, "no rule is named %.*s", VG_ARG(name));
    *out = VG_GUARD_SKIP;
    for (size_t i = entry->value.u64; i > 0 && *out == VG_GUARD_SKIP; i = e->file->next_of_name[i - 1]) {
        VG_TRY(run_rule(e, i - 1));
        const guard_rule_state *state = &e->states[e->file->first_rule + i - 1];
        if (state->status == VG_GUARD_ERROR) {
            copy_error(&e->error, state->error);
            return e->error.code;
        }
        *out = state->status;
        guard_hang_end(e, state->unknown);
    }
    return VG_OK;
}

/* A rule's name as a clause: it passes when the rule does; negated, when it does not. */
static vg_status evaluate_named(guard_evaluation *e, const guard_clause *c, vg_guard_status *out)
{
    vg_guard_status status;
    VG_TRY(status_of_name(e, c->rule, &status));
    *out = (status == VG_GUARD_PASS) != c->negated ? VG_GUARD_PASS : VG_GUARD_FAIL;
    return *out == VG_GUARD_FAIL ? guard_fail_clause(e, c, NULL, NULL) : VG_OK;
}

/* The values of a call's arguments, in the caller's scope. A literal that is handed over is a value like any. */
static vg_status select_arguments(guard_evaluation *e, guard_scope *scope, const guard_clause *c,
                                  guard_results *out)
{
    for (uint32_t i = 0; i < c->argument_count; i++) {
        size_t mark = e->stack_len;
        VG_TRY(guard_select_operand(e, scope, &c->arguments[i]));
        if (c->arguments[i].kind == OPERAND_VALUE)
            e->stack[mark].kind = RESULT_RESOLVED;
        VG_TRY(guard_keep_results(e, mark, &out[i]));
    }
    return VG_OK;
}

/* name(arguments). cfn-guard has no negation of calls: it reads `not` before one and does nothing; so do we. */
static vg_status evaluate_call(guard_evaluation *e, guard_scope *scope, const guard_clause *c,
                               vg_guard_status *out)
{
    const guard_rule *rule = c->called;
    if (!rule)
        return vg_fail(&e->error, VG_ERR_VALUE, "no rule with parameters is named %.*s", VG_ARG(c->rule));
    if (rule->parameter_count != c->argument_count)
        return vg_fail(&e->error, VG_ERR_VALUE, "rule %.*s takes %u arguments, not %u", VG_ARG(c->rule),
                       rule->parameter_count, c->argument_count);
    guard_results *arguments = VG_NEW_N(e->arena, guard_results, c->argument_count + 1);
    if (!arguments)
        return guard_no_memory(e);
    VG_TRY(select_arguments(e, scope, c, arguments));
    guard_scope call = {.kind = SCOPE_CALL,
                        .parent = scope,
                        .parameters = rule->parameters,
                        .arguments = arguments,
                        .parameter_count = rule->parameter_count};
    vg_str message = e->call_message;
    if (c->message.len > 0)
        e->call_message = c->message;
    vg_status status = evaluate_rule(e, &call, rule, out);
    e->call_message = message;
    return status;
}

/* A call in conditions whose answer depends on the document alone. */
static vg_status evaluate_call_once(guard_evaluation *e, guard_scope *scope, const guard_clause *c,
                                    vg_guard_status *out)
{
    if (e->memos[c->memo] == 0) {
        VG_TRY(evaluate_call(e, scope, c, out));
        e->memos[c->memo] = (uint8_t)(1 + (unsigned)*out);
    }
    *out = (vg_guard_status)(e->memos[c->memo] - 1);
    return VG_OK;
}

/* ---- clauses ----------------------------------------------------------------------------------------------------------- */

static vg_status evaluate_kind(guard_evaluation *e, guard_scope *scope, const guard_clause *c,
                               vg_guard_status *out)
{
    switch (c->kind) {
    case CLAUSE_ACCESS:
        return guard_judge(e, scope, c, out);
    case CLAUSE_RULE:
        return evaluate_named(e, c, out);
    case CLAUSE_RULE_CALL:
        return c->memo > 0 && e->quiet > 0 && !e->partial ? evaluate_call_once(e, scope, c, out)
                                                          : evaluate_call(e, scope, c, out);
    case CLAUSE_BLOCK:
        return evaluate_query_block(e, scope, c, out);
    case CLAUSE_WHEN:
        return evaluate_when(e, scope, c, out);
    case CLAUSE_TYPE:
        return evaluate_type_block(e, scope, c, out);
    }
    return VG_ERR_INTERNAL;
}

static vg_status evaluate_clause(guard_evaluation *e, guard_scope *scope, const guard_clause *c,
                                 vg_guard_status *out)
{
    vg_status status;
    if (!guard_step(e))
        return guard_too_many_steps(e);
    if (e->depth >= MAX_DEPTH) {
        status =
            vg_fail(&e->error, VG_ERR_VALUE, "rules and blocks call each other more than %d deep", MAX_DEPTH);
    } else {
        e->depth++;
        status = evaluate_kind(e, scope, c, out);
        e->depth--;
    }
    if (status != VG_OK && !is_fatal(status) && e->error.place.line == 0)
        vg_error_locate(&e->error, (vg_place){e->file->name, c->line, c->column});
    return status;
}

/* ---- the whole --------------------------------------------------------------------------------------------------------- */

static bool is_selected(const vg_guard_options *options, size_t rule, size_t *next)
{
    if (!options->only)
        return true;
    while (*next < options->only_count && options->only[*next] < rule)
        (*next)++;
    return *next < options->only_count && options->only[*next] == rule;
}

static vg_status evaluate_rules(guard_evaluation *e, const guard_file *file, const vg_guard_sink *sink,
                                size_t *next)
{
    for (size_t i = 0; i < file->rule_count; i++) {
        size_t rule = file->first_rule + i;
        if (!is_selected(e->options, rule, next))
            continue;
        if (e->error.code != VG_OK)
            e->error = (vg_error){0};
        VG_TRY(run_rule(e, i));
        VG_TRY(guard_tell(e, rule, sink));
    }
    return VG_OK;
}

static vg_status evaluate_file(guard_evaluation *e, const guard_file *file, const vg_guard_sink *sink,
                               size_t *next)
{
    guard_scope scope = {
        .kind = SCOPE_FILE, .root = e->doc->root, .lets = file->lets, .let_count = file->let_count};
    e->file = file;
    e->file_scope = &scope;
    e->captures = vg_vec_in(e->arena, sizeof(guard_capture));
    vg_status status = evaluate_rules(e, file, sink, next);
    e->file_scope = NULL; /* it ends here */
    return status;
}

static vg_status evaluate_files(guard_evaluation *e, const vg_guard_sink *sink)
{
    size_t next = 0;
    e->states = VG_NEW_N(e->arena, guard_rule_state, e->rules->rule_count + 1);
    e->memos = VG_NEW_N(e->arena, uint8_t, vg_map_len(e->rules->memos) + 1);
    if (!e->states || !e->memos)
        return guard_no_memory(e);
    e->memos[0] = 1; /* of no call: answered */
    for (size_t i = 0; i < e->rules->file_count; i++)
        VG_TRY(evaluate_file(e, &e->rules->files[i], sink, &next));
    return VG_OK;
}

vg_status vg_ruleset_evaluate(const vg_ruleset *rules, const vg_doc *doc, const vg_guard_options *options,
                              vg_arena *scratch, const vg_guard_sink *sink, vg_error *err)
{
    static const vg_guard_options defaults = {0};
    guard_evaluation e = {
        .rules = rules, .doc = doc, .options = options ? options : &defaults, .arena = scratch};
    e.max_steps = e.options->max_steps ? e.options->max_steps : DEFAULT_STEPS;
    e.partial = e.options->partial;
    e.derived = vg_vec_in(scratch, sizeof(guard_derived));
    vg_status status = grow_stack(&e);
    if (status == VG_OK)
        status = evaluate_files(&e, sink);
    free(e.stack);
    free(e.failures);
    if (status != VG_OK && err)
        copy_error(err, &e.error);
    return status;
}
