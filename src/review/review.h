/* review.h: the answer to SEC01, "How do you securely operate your workload?".
 *
 * An assessment (assess.h) says of each subject and control whether it passes. The review counts, for the organisation
 * and for each workload of the mapping, and says what would raise the score most. Scores follow one formula
 * (vg_review_formula), chosen so that three things hold, whatever the evidence:
 *
 *   - what was not assessed counts as much as what failed: it stays in the denominator and adds nothing;
 *   - repairing a subject never lowers a score;
 *   - what an action is said to gain is what it gains: it is computed by applying it.
 *
 * Everything is a pure function of the assessment. Memory is the arena's; the answer borrows from the assessment. */
#ifndef VIGIL_REVIEW_H
#define VIGIL_REVIEW_H

#include "assess/assess.h"
#include "report/report.h"

typedef struct {
    const vg_str *accounts; /* only these accounts (ids); none: all */
    size_t account_count;
    const vg_str *units; /* only accounts under these OUs: an id, a name, or a path ("Root/Workloads") */
    size_t unit_count;
    vg_str workload;    /* this workload alone */
    vg_time now;        /* what --max-age is measured from */
    vg_time max_age;    /* evidence that is older is stale; 0: nothing is */
    size_t commands;    /* most commands of one action that are written out; 0: all */
    bool passes;        /* findings of what passed too */
    bool problems_only; /* findings of what fails or passes in part, not of what could not be assessed */
    bool no_findings;   /* scores and actions alone */
} vg_review_options;

/* The worst that fails or passes in part in the first section and that nobody suppressed. */
typedef struct {
    bool any;
    vg_severity severity;
} vg_review_worst;

/* Answers. With `workload`, accounts or OUs the first section is theirs and not the whole organisation's, and only
 * workloads that have an account in it follow. VG_ERR_USAGE names a workload, account or OU that is not there. `hub`
 * (may be NULL) tells of findings what became of them. `worst` may be NULL. */
vg_status vg_review(const vg_assessment *assessment, vg_hub *hub, const vg_review_options *options,
                    vg_arena *arena, vg_report_answer *out, vg_review_worst *worst, vg_error *err);

/* How scores are computed, in words. */
vg_str vg_review_formula(void);

#endif
