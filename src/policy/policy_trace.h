/* policy_trace.h: what an explanation writes down while the engine decides (private to policy/).
 *
 * Deciding and explaining are one walk over the layers: with a trace, the walk notes every statement that matched, and
 * does not stop at the first that decides. */
#ifndef VIGIL_POLICY_POLICY_TRACE_H
#define VIGIL_POLICY_POLICY_TRACE_H

#include "policy/policy_part.h"

/* What one layer, or one level of SCPs or RCPs, answered. */
typedef struct {
    unsigned layer; /* a VG_BY_ bit */
    size_t level;
    vg_layer_state state;
    vg_str name;
    vg_match deny, allow;
    size_t first, count; /* its statements among those noted */
} vg_trace_answer;

typedef struct vg_trace {
    vg_arena *arena;
    vg_vec answers;    /* vg_trace_answer, in the order of evaluation */
    vg_vec statements; /* vg_deciding_statement */
    unsigned lacking;  /* layers that must allow and do not for certain */
    unsigned blocking; /* those of them that do not for certain */
    bool owner_unknown;
    bool restricts_unknown, write_unknown; /* S3: what vg_s3_restricts and vg_s3_blocks_write left open */
    const char *notes[12];
    size_t note_count;
    bool out_of_memory;
} vg_trace;

void vg_trace_begin(vg_trace *trace, unsigned layer, size_t level, const vg_layer *of);
void vg_trace_end(vg_trace *trace, vg_match deny, vg_match allow);
void vg_trace_statement(vg_trace *trace, vg_evaluation *e, const vg_policy *policy, const vg_rule *rule,
                        vg_match match);
void vg_trace_note(vg_trace *trace, const char *sentence); /* trace may be NULL */

/* vg_policy_decide, noting on the way; trace may be NULL. */
vg_decision vg_policy_decide_traced(const vg_request *request, const vg_layers *layers, vg_trace *trace);

/* Appends a condition in words: "aws:SourceVpc is vpc-1". */
void vg_condition_in_words(vg_buf *out, const vg_policy_condition *condition);

#endif
