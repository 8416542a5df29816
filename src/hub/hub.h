/* hub.h: the one list of findings: identity, history, workflow, suppression with expiry, audit.
 *
 * A finding's id is a hash of what it is about (vg_finding_id of model.h), so evaluating again, importing again or
 * replaying never makes a second one. What a run says of it moves it along:
 *
 *                    fail, partly                     pass, at the end of a completed run
 *     (unknown) ───────────────────►  NEW ◄─────┐  ┌──────────────────────────────────────►  RESOLVED
 *                     notify │         ▲        │  │ fail, partly: reopened                      │
 *                            ▼         └────────┼──┴─────────────────────────────────────────────┘
 *                         NOTIFIED ──────────►  SUPPRESSED (reason and expiry; back to NEW when it lapses)
 *
 * Only an evaluation that passed resolves, and only when its run completed: "not assessed" and "not applicable" leave
 * a finding as it is, and a run that ended as partial, or never ended, resolves nothing. Within one run a failure
 * beats a pass of the same id.
 *
 * Every change of workflow or verdict is a row of the finding's history; everything that a person did is a row of the
 * audit log. Writes are batched as in evidence.h (up to 10,000 findings a transaction) and durable after
 * vg_hub_flush or vg_hub_run_end. */
#ifndef VIGIL_HUB_H
#define VIGIL_HUB_H

#include "model/model.h"

struct vg_store;
typedef struct vg_hub vg_hub;

/* A hub over an open store (evidence.h: vg_evidence_store), which outlives it. */
vg_status vg_hub_attach(struct vg_store *store, vg_hub **out, vg_error *err);
void vg_hub_detach(vg_hub *hub); /* NULL is fine */

/* ---- a run ---------------------------------------------------------------------------------------------------------- */

/* Begins a run (`id` made by the caller, unique). Suppressions that lapsed by `now` are lifted first. */
vg_status vg_hub_run_begin(vg_hub *hub, vg_str id, vg_time now, vg_error *err);

typedef struct {
    uint64_t opened, reopened, changed, unchanged; /* of failures and partly */
    uint64_t resolved;                             /* by vg_hub_run_end */
    uint64_t passed, not_assessed,
        not_applicable; /* seen; nothing is stored for a pass of an unknown finding */
} vg_hub_counts;

/* Takes in what evaluations said, any number at a time, in any order of verdicts. finding.run is ignored: it is the
 * current run. `observed` VG_TIME_NONE or 0: the run's time. */
vg_status vg_hub_put(vg_hub *hub, const vg_finding *findings, size_t count, vg_error *err);
/* Resolves the finding at the end of the run, if it completes, although nothing could be evaluated: its resource is
 * known to be gone (complete re-import) or the product that owns it says so. `reason` goes to the history. Of `finding`
 * its identity counts alone (a row of vg_hub_list has it). */
vg_status vg_hub_resolve(vg_hub *hub, const vg_finding *finding, vg_str reason, vg_error *err);
vg_status vg_hub_flush(vg_hub *hub, vg_error *err);
/* Ends the run. `completed` false: nothing is resolved. *counts (may be NULL): of the whole run. */
vg_status vg_hub_run_end(vg_hub *hub, vg_time now, bool completed, vg_hub_counts *counts, vg_error *err);

/* ---- reading ---------------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_id id;
    vg_finding finding; /* run: the one that last saw it */
    vg_workflow workflow;
    vg_time first_seen, last_seen;
    vg_time opened;           /* when it last became NEW out of nothing or RESOLVED */
    uint32_t reopened;        /* how often */
    vg_str suppressed_reason; /* while SUPPRESSED */
    vg_time suppressed_until; /* VG_TIME_NONE unless SUPPRESSED */
} vg_hub_row;

/* Empty or zero fields do not restrict. Globs as vg_str_glob. */
typedef struct {
    unsigned workflows;       /* bits: 1u << VG_WORKFLOW_NEW, ...; 0: all */
    vg_severity min_severity; /* INFORMATIONAL (0): all */
    vg_str rule, account, region, resource, resource_type, product; /* globs; resource: of the id */
    vg_time since;                                                  /* last seen at or after; 0: all */
    vg_time now;    /* suppressions that lapsed by then are shown as NEW; 0: as stored */
    uint64_t limit; /* 0: all */
    bool by_age;    /* in the order first stored, memory constant; else by severity (worst first), rule,
                                 account, region, resource type, resource id, sub-key */
} vg_hub_filter;
#define VG_HUB_OPEN ((1u << VG_WORKFLOW_NEW) | (1u << VG_WORKFLOW_NOTIFIED))

/* Both orders depend on what was put alone. Slices are borrowed until the sink returns. */
vg_status vg_hub_list(vg_hub *hub, const vg_hub_filter *filter,
                      vg_status (*sink)(void *context, const vg_hub_row *row, vg_error *err), void *context,
                      vg_error *err);
/* Asking by id alone (here, and in what people do) reads through the small table of states: 0.2 s for a million.
 * The one finding whose id starts with `hex` (8 to 64 digits), strings copied into the arena. VG_ERR_NOT_FOUND;
 * VG_ERR_VALUE when several do, or it is no such text. `now` as in vg_hub_filter. */
vg_status vg_hub_find(vg_hub *hub, vg_arena *arena, vg_str hex, vg_time now, vg_hub_row *out, vg_error *err);

typedef struct {
    uint64_t by_workflow[4];      /* index: vg_workflow */
    uint64_t open_by_severity[5]; /* NEW and NOTIFIED; index: vg_severity */
} vg_hub_totals;
vg_status vg_hub_total(vg_hub *hub, vg_time now, vg_hub_totals *out, vg_error *err);

/* Why a finding moved. */
typedef enum {
    VG_HUB_OPENED,
    VG_HUB_REOPENED, /* by a run, or by hand */
    VG_HUB_VERDICT,  /* fail to partly or back */
    VG_HUB_SEVERITY,
    VG_HUB_RESOLVED,
    VG_HUB_NOTIFIED,
    VG_HUB_SUPPRESSED,
    VG_HUB_LIFTED /* suppression lapsed or withdrawn */
} vg_hub_event;
const char *vg_hub_event_name(vg_hub_event event); /* "opened" */
typedef struct {
    vg_time at;
    vg_hub_event event;
    vg_workflow workflow; /* after it */
    vg_verdict verdict;
    vg_severity severity;
    vg_str run;  /* "" when a person did it */
    vg_str who;  /* "" when a run did it */
    vg_str note; /* reason */
} vg_hub_history_row;
/* Oldest first. */
vg_status vg_hub_history(vg_hub *hub, const vg_id *id,
                         vg_status (*sink)(void *context, const vg_hub_history_row *row, vg_error *err),
                         void *context, vg_error *err);

/* ---- what people do ------------------------------------------------------------------------------------------------------ */

/* Each writes history and audit log and is durable on return. `who` is recorded as given. A finding in a state that
 * does not allow it is VG_ERR_VALUE with why. Suppressions that lapsed by `now` are lifted first. */
vg_status vg_hub_notify(vg_hub *hub, const vg_id *id, vg_str who, vg_str note, vg_time now, vg_error *err);
/* Takes NOTIFIED or SUPPRESSED (for a suppression of this finding alone) back to NEW. */
vg_status vg_hub_reopen(vg_hub *hub, const vg_id *id, vg_str who, vg_str note, vg_time now, vg_error *err);

/* A suppression: of one finding (`finding` set), or of all, present and future, whose rule, account and resource id
 * match the globs ("" is "*"; at least one must say something). Needs a reason and an expiry later than now. */
typedef struct {
    uint64_t number; /* filled by reads and by vg_hub_suppress */
    vg_id finding;   /* hex[0] == 0: by globs */
    vg_str rule, account, resource;
    vg_str reason, who;
    vg_time created, until;
    vg_time ended; /* VG_TIME_NONE while it stands; else when it lapsed or was withdrawn */
} vg_suppression;
/* *matched (may be NULL): findings that are suppressed by it now. */
vg_status vg_hub_suppress(vg_hub *hub, vg_suppression *suppression, vg_time now, uint64_t *matched,
                          vg_error *err);
/* Withdraws a suppression: its findings are NEW again. */
vg_status vg_hub_unsuppress(vg_hub *hub, uint64_t number, vg_str who, vg_time now, vg_error *err);
/* In the order made. */
vg_status vg_hub_suppressions(vg_hub *hub,
                              vg_status (*sink)(void *context, const vg_suppression *suppression,
                                                vg_error *err),
                              void *context, vg_error *err);
/* Lifts the suppressions that lapsed by `now` (vg_hub_run_begin does it too). *lifted: findings that are NEW again. */
vg_status vg_hub_expire(vg_hub *hub, vg_time now, uint64_t *lifted, vg_error *err);

typedef struct {
    uint64_t number;
    vg_time at;
    vg_str who, command, action, target,
        detail; /* action: "finding.suppress", "baseline.set", "run.begin", ... */
} vg_audit_row;
/* In the order recorded. */
vg_status vg_hub_audit(vg_hub *hub, vg_status (*sink)(void *context, const vg_audit_row *row, vg_error *err),
                       void *context, vg_error *err);

#endif
