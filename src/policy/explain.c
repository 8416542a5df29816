/* explain.c: why a request is decided as it is: the statements that matched at every layer, and what is missing. */
#include "policy/policy_trace.h"

void vg_trace_layer(vg_trace *trace, unsigned layer, size_t level)
{
    trace->layer = layer;
    trace->level = level;
}

/* The conditions of the rule that the context leaves open. */
static void note_unresolved(vg_trace *trace, vg_evaluation *e, const vg_rule *rule,
                            vg_deciding_statement *out)
{
    const vg_policy_condition **list =
        VG_NEW_N(trace->arena, const vg_policy_condition *, rule->test_count ? rule->test_count : 1);
    if (!list) {
        trace->out_of_memory = true;
        return;
    }
    for (uint32_t i = 0; i < rule->test_count; i++)
        if (vg_test_holds(e, &rule->tests[i]) == VG_MATCH_UNKNOWN)
            list[out->unresolved_count++] = rule->tests[i].source;
    out->unresolved = list;
}

void vg_trace_statement(vg_trace *trace, vg_evaluation *e, const vg_policy *policy, const vg_rule *rule,
                        vg_match match)
{
    vg_deciding_statement *s = vg_vec_push(&trace->statements);
    if (!s) {
        trace->out_of_memory = true;
        return;
    }
    s->layer = trace->layer;
    s->level = trace->level;
    s->policy = policy;
    s->statement = rule->statement;
    s->effect = (vg_effect)rule->effect;
    s->match = match;
    note_unresolved(trace, e, rule, s);
}
