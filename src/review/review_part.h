/* review_part.h: counting and scoring (private). */
#ifndef VIGIL_REVIEW_PART_H
#define VIGIL_REVIEW_PART_H

#include "review/review.h"

/* ---- counting ---------------------------------------------------------------------------------------------------- */

/* Verdicts of one control, by vg_verdict. Signed, because a change is a tally too. */
typedef struct {
    int32_t of[5];
} vg_tally;

/* Where subjects live: homes are the active accounts, in order; then the organisation, whose subjects count for
 * every section; then what is neither (accounts that are closed), which counts for the whole organisation alone;
 * then the workloads, in order of name. */
typedef struct {
    const vg_assessment *assessment;
    vg_arena *arena;
    size_t account_count, home_count;
    uint32_t *home_of;         /* by subject */
    uint32_t *first_judgement; /* by subject, and one more: the end */
    const vg_str *workloads;   /* names, in order */
    size_t workload_count;
    vg_tally *tallies; /* [home * control_count + control] */
} vg_homes;

vg_status vg_homes_build(const vg_assessment *assessment, vg_arena *arena, vg_homes *out, vg_error *err);
static inline size_t vg_home_organization(const vg_homes *homes)
{
    return homes->account_count;
}
static inline size_t vg_home_elsewhere(const vg_homes *homes)
{
    return homes->account_count + 1;
}
static inline size_t vg_home_workload(const vg_homes *homes, size_t workload)
{
    return homes->account_count + 2 + workload;
}
/* VG_NPOS when there is none. */
size_t vg_find_account(const vg_assessment *assessment, vg_str id);
size_t vg_find_workload(const vg_homes *homes, vg_str name);

/* ---- scoring ------------------------------------------------------------------------------------------------------- */

typedef struct {
    bool applies;           /* anything to judge at all */
    double score, coverage; /* 0 to 1 */
    double weight;          /* of what applies */
    vg_state state;
} vg_mark;

double vg_tally_total(const vg_tally *tally); /* what applies */
double vg_tally_score(const vg_tally *tally); /* 0 to 1 */
double vg_tally_coverage(const vg_tally *tally);
/* One practice, from tallies by control. */
vg_mark vg_mark_practice(const vg_content *content, const vg_tally *tallies, size_t practice);
/* All practices: the mean of those that apply. `practices` (may be NULL) gets each one's mark. */
vg_mark vg_mark_all(const vg_content *content, const vg_tally *tallies, vg_mark *practices);
/* A practice's score worked out, control by control. */
vg_str vg_explain_practice(vg_arena *arena, const vg_content *content, const vg_tally *tallies,
                           size_t practice);

/* ---- repairing ------------------------------------------------------------------------------------------------------ */

/* What repairing all failures of one action in one home changes: of each control, by how much. */
typedef struct {
    uint32_t home, control;
    vg_tally change;
} vg_change;

/* How far the commands of an action change other subjects than those that they repair: in the accounts of these, in the
 * whole organisation, or below the targets that a policy is attached to. */
typedef enum { VG_REACH_ACCOUNT, VG_REACH_ORGANIZATION, VG_REACH_TARGET } vg_reach;

typedef struct {
    const vg_change *changes; /* by home, then by control */
    size_t count;
    const uint32_t *judgements; /* indexes of those that it repairs, in order */
    size_t judgement_count;
    const vg_change *reached; /* of subjects that are not repaired, where `reach` says */
    size_t reached_count;
    vg_reach reach;
    uint32_t action; /* the control whose action repairs this one: itself, or an earlier one */
} vg_repair;

/* Repairs of each action, by the index of the first control that it repairs. Controls with nothing to repair, and those
 * that an earlier control's action repairs too, have none. */
vg_status vg_repairs_build(const vg_homes *homes, vg_arena *arena, const vg_repair **out, vg_error *err);
/* What repairs it, in words: the first sentence of its remediation. */
vg_str vg_control_action(const vg_control *control);
typedef struct {
    int64_t times;   /* how many subjects are repaired, for what is counted */
    bool known_only; /* properties that are not there are not made */
} vg_patch_how;
/* The properties with a patch applied (patch.c), as a tree in the arena. */
vg_status vg_patch_properties(const vg_value *patch, const vg_value *properties, const vg_patch_how *how,
                              vg_arena *arena, const vg_value **out, vg_error *err);
/* The properties with the control's `repair` applied. */
vg_status vg_repair_properties(const vg_control *control, const vg_value *properties, vg_arena *arena,
                               const vg_value **out, vg_error *err);

/* ---- targets -------------------------------------------------------------------------------------------------------- */

/* Of each account, where a policy for it is attached that is to reach the accounts of `has`: a root or an OU; the account
 * itself where its place is unknown. */
vg_status vg_targets_build(const vg_homes *homes, const bool *has, vg_arena *arena, const vg_str **out,
                           vg_error *err);

/* ---- commands -------------------------------------------------------------------------------------------------------- */

/* What commands are filled with: the facts of the assessment, found by account and by property. For one thread. */
typedef struct vg_filler vg_filler;
vg_status vg_filler_new(const vg_assessment *assessment, vg_arena *arena, vg_filler **out, vg_error *err);
/* Pushes the commands (vg_str, in the arena) that a control's header has for a subject: account, region and ids put in,
 * one command an item of a list, but at most `most` items of each; *left grows by those left out. A comment stands for a
 * command where a value would need quoting. `target` is where a policy for the subject is attached; empty: its
 * account's OU. */
vg_status vg_fill_commands(vg_filler *filler, const vg_control *control, const vg_resource *resource,
                           vg_str target, size_t most, vg_arena *arena, vg_vec *out, size_t *left,
                           vg_error *err);
/* Pushes, for each word in angle brackets that is left in the commands, a comment that says what to put there. */
vg_status vg_explain_words(vg_filler *filler, const vg_resource *resource, vg_arena *arena, vg_vec *commands,
                           vg_error *err);

/* ---- sections --------------------------------------------------------------------------------------------------------- */

/* What repairing one control would raise, in points of 100. */
typedef struct {
    double total;
    double *practices; /* by practice */
} vg_gain;

typedef struct {
    const vg_homes *homes;
    bool *has;         /* by home */
    vg_tally *tallies; /* by control */
    vg_mark *marks;    /* by practice */
    vg_mark mark;
    vg_gain *gains;        /* by control */
    const vg_str *targets; /* by account: where a policy is attached */
    uint32_t accounts;
} vg_section_count;

typedef struct {
    const vg_assessment *assessment;
    const vg_review_options *options;
    const vg_homes *homes;
    const vg_repair *repairs; /* by control */
    vg_filler *filler;
    vg_arena *arena;
} vg_reviewer;

/* Fills everything but `gains`. */
vg_status vg_section_sum(const vg_homes *homes, bool *has, vg_arena *arena, vg_section_count *out,
                         vg_error *err);
vg_status vg_section_weigh(const vg_reviewer *reviewer, vg_section_count *section, vg_error *err);
/* The three actions that raise `practice` most (VG_NPOS: the whole), best first. */
vg_status vg_section_actions(const vg_reviewer *reviewer, const vg_section_count *section, size_t practice,
                             const vg_report_action **out, size_t *count, vg_error *err);
/* "SEC01 services.1", "CIS AWS 5.0 1.4": what the control's mappings name, in their order. */
vg_status vg_control_requirements(const vg_control *control, vg_arena *arena, const vg_str **out,
                                  size_t *count, vg_error *err);
/* ---- the answer's parts --------------------------------------------------------------------------------------------- */

/* What all sections share of a control. */
typedef struct {
    const vg_str *requirements;
    size_t requirement_count;
    vg_str missing; /* the first provider that a judgement lacks; empty */
    vg_str source;
} vg_control_facts;

typedef struct {
    vg_reviewer of;
    vg_control_facts *controls;
    vg_str *messages; /* [home * controls + control]: of the first that fails there */
} vg_answerer;

/* Each fills its part of the answer, for the homes that the first section has. Gaps fill controls[].missing too. */
vg_status vg_write_gaps(vg_answerer *a, const bool *has, vg_report_answer *out, vg_error *err);
vg_status vg_write_stale(const vg_answerer *a, const bool *has, vg_report_answer *out, vg_error *err);
vg_status vg_write_findings(const vg_answerer *a, const bool *has, vg_hub *hub, vg_report_answer *out,
                            vg_error *err);

/* The worst of the homes that was not suppressed. */
vg_status vg_find_worst(const vg_answerer *a, const bool *has, vg_hub *hub, vg_review_worst *out,
                        vg_error *err);

#endif
