/* policy_trace.h: what an explanation writes down while the engine decides (private to policy/).
 *
 * Deciding and explaining are one walk over the layers: with a trace, the walk notes every statement that matched, and
 * does not stop at the first that decides. */
#ifndef VIGIL_POLICY_POLICY_TRACE_H
#define VIGIL_POLICY_POLICY_TRACE_H

#include "policy/policy_part.h"

typedef struct vg_trace {
    vg_arena *arena;
    unsigned layer; /* being asked: a VG_BY_ bit, and its level */
    size_t level;
    vg_vec statements; /* vg_deciding_statement */
    bool out_of_memory;
} vg_trace;

void vg_trace_layer(vg_trace *trace, unsigned layer, size_t level);
void vg_trace_statement(vg_trace *trace, vg_evaluation *e, const vg_policy *policy, const vg_rule *rule,
                        vg_match match);

/* vg_policy_decide, noting on the way; trace may be NULL. */
vg_decision vg_policy_decide_traced(const vg_request *request, const vg_layers *layers, vg_trace *trace);

#endif
