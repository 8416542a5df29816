/* assess.h: from evidence to verdicts.
 *
 * Three steps, each a pure function of the one before:
 *
 *     evidence ── facts ──► subjects ── controls ──► judgements
 *
 *   - Facts join what single exports say (content/types/facts.yaml): one function a fact, each in a file of its own.
 *   - Subjects are the facts, and the resources of types that controls name.
 *   - A judgement is what one control says of one subject. Where evidence is missing it is "not assessed", and
 *     content/types says what would provide it.
 *
 * An organisation is worked through account by account, in batches that threads share, so memory grows with the subjects
 * that were judged and not with the evidence. The order of judgements depends on the evidence and the controls alone. */
#ifndef VIGIL_ASSESS_H
#define VIGIL_ASSESS_H

#include "base/base.h"
#include "control/control.h"
#include "evidence/evidence.h"
#include "format/format.h"
#include "hub/hub.h"
#include "model/model.h"

/* ---- content ------------------------------------------------------------------------------------------------------- */

/* A file of content: `path` relative to content/, with slashes. */
typedef struct {
    vg_str path, bytes;
} vg_content_source;

typedef struct {
    vg_str id, code, title; /* "secure-account", "SEC01-BP02", "Secure AWS account" */
    const vg_str *sentences;
    size_t sentence_count;
} vg_practice;

/* Which accounts a control is about. */
typedef enum { VG_SCOPE_ALL, VG_SCOPE_MANAGEMENT, VG_SCOPE_MEMBERS } vg_control_scope;

/* A control: its header (content/practices.yaml says what each key means) and its compiled rules. */
typedef struct {
    vg_control_header header;
    vg_str path;
    const vg_ruleset *rules;
    size_t practice;    /* the first it names; index in vg_content.practices */
    uint32_t practices; /* all it names: bit i is vg_content.practices[i] */
    double weight;
    vg_control_scope scope;
    const vg_str *types; /* of its subjects */
    size_t type_count;
    const vg_str *needs; /* properties */
    size_t need_count;
    const vg_map *unknown; /* vg_content.unknown, of a control that states no needs; else NULL */
    vg_str attestation;    /* kind, or "" */
    bool per_workload;     /* the attestation is one that each workload gives (attestations.yaml) */
    const vg_value *repair;
} vg_control;

/* A word that commands leave to the reader, as <contact-name>, and what to put there. */
typedef struct {
    vg_str name, about;
    vg_str choices; /* the property that holds what may be meant; empty: none does */
} vg_word;

typedef struct vg_content {
    const vg_practice *practices;
    size_t practice_count;
    const vg_control *controls; /* by practice, then by id */
    size_t control_count;
    const vg_map *
        from; /* "Type.Property" -> vg_str *: what provides it, "iam:GetAccountSummary or iam:..."; "Type.*": one of its things */
    const vg_map *
        unknown; /* "Type.Property" -> vg_str *: absence says that nobody knows it, unless the property named there is there */
    const vg_word *words; /* placeholders.yaml */
    size_t word_count;
    vg_map *by_type;                /* type -> vg_vec * of indexes (size_t) of controls */
    const vg_content_source *files; /* all of them, by path; bytes are borrowed */
    size_t file_count;
} vg_content;
/* The bytes of a file; ptr NULL when there is none. */
vg_str vg_content_text(const vg_content *content, vg_str path);

/* Reads controls (.guard files under controls/), practices.yaml, placeholders.yaml and the files of types/. Files of `overlay` replace those of the same path
 * and add others. A control file that cannot be used is told to `bad` (may be NULL) and left out; the call fails only for
 * memory, or when there are no practices. Rules are freed by vg_content_free; all else lives as long as the arena. The
 * sources' bytes are borrowed. */
vg_status vg_content_load(vg_arena *arena, const vg_content_source *built_in, size_t built_in_count,
                          const vg_content_source *overlay, size_t overlay_count,
                          void (*bad)(void *context, const vg_error *err), void *context, vg_content **out,
                          vg_error *err);
void vg_content_free(vg_content *content); /* NULL is fine */
/* Reads a folder of content as sources, in the arena; a folder that is not there has none. A file or folder that cannot
 * be read is told to `bad` (may be NULL) and left out. */
vg_status vg_content_read_folder(vg_arena *arena, vg_str folder,
                                 void (*bad)(void *context, const vg_error *err), void *context,
                                 const vg_content_source **out, size_t *count, vg_error *err);

/* ---- evidence and subjects ---------------------------------------------------------------------------------------------- */

/* A resource as it was last seen, with its properties as a tree. */
typedef struct {
    vg_resource resource;
    const vg_value *properties;
    vg_time seen; /* the evidence's own time */
} vg_sighting;

/* What a judgement is about. Strings are the assessment's. `properties` is kept for facts, and for others that did not
 * pass. */
typedef struct {
    vg_resource resource;
    vg_time seen; /* VG_TIME_NONE: nothing was seen */
    bool
        is_set; /* stands for all things of the type in the account, of which nobody knows how many there are */
} vg_subject;

typedef struct {
    uint32_t control; /* index in vg_content.controls */
    uint32_t subject; /* index in vg_assessment.subjects */
    vg_verdict verdict;
    vg_str message; /* the rule's own words; empty when it passed */
} vg_judgement;

/* What was asked and not answered, as the ledger tells: a call that was denied. */
typedef struct {
    vg_str operation, account, region, reason;
} vg_refusal;

typedef struct {
    const vg_content *content;
    const vg_subject *subjects; /* by account, then in the order of facts */
    size_t subject_count;
    const vg_judgement *judgements; /* by subject, then by control */
    size_t judgement_count;
    vg_time oldest, newest; /* of the evidence used; VG_TIME_NONE: none */
    vg_time now;            /* as given; VG_TIME_NONE: each evidence's own time was used */
    vg_time judged_at;      /* `now`, else the time of the newest evidence */
    vg_str organization, management, partition;
    const vg_account *accounts; /* active ones, ordered by id; with OU paths */
    size_t account_count;
    const vg_unit
        *units; /* OUs and roots, ordered by id; a parent that is unknown, or its own descendant, is "" */
    size_t unit_count;
    const vg_workload *workloads; /* environments of the mapping */
    size_t workload_count;
    const vg_str *problems; /* what could not be read in full, a line each */
    size_t problem_count;
    const vg_refusal *refusals; /* in the ledger's order */
    size_t refusal_count;
    vg_arena *arena;
} vg_assessment;

typedef struct {
    const vg_content *content;
    vg_time now; /* --now; VG_TIME_NONE: times are measured against the evidence's own */
    size_t threads;
    void (*progress)(void *context,
                     uint64_t accounts); /* done since the last call; any thread; may be NULL */
    void *progress_context;
} vg_assess_options;

/* Assesses all that the workspace holds. Memory of the answer is the arena's. `hub` may be NULL; with one, open findings
 * of other products are facts too. Writes nothing. */
vg_status vg_assess(vg_evidence *evidence, vg_hub *hub, const vg_assess_options *options, vg_arena *arena,
                    vg_assessment *out, vg_error *err);

/* The same over evidence given as an array (in any order; sorted here), for tests and for what-if questions. `ledger`
 * may be NULL. */
vg_status vg_assess_sightings(vg_sighting *sightings, size_t count, const vg_ledger_entry *ledger,
                              size_t ledger_count, const vg_assess_options *options, vg_arena *arena,
                              vg_assessment *out, vg_error *err);

/* Writes the facts back to evidence (writable, no run), and the judgements to the hub as one run, complete unless there
 * were problems. `counts` may be NULL. */
vg_status vg_assess_store(const vg_assessment *assessment, vg_evidence *evidence, vg_hub *hub, vg_str run,
                          vg_time now, vg_hub_counts *counts, vg_error *err);

/* A judgement as the finding that it is. Borrowed from the assessment. */
vg_finding vg_judgement_finding(const vg_assessment *assessment, const vg_judgement *judgement);
/* What would provide what the control needs and the subject lacks, in the arena: "iam:GetAccountSummary"; empty when
 * nothing is missing or nobody knows. */
vg_str vg_judgement_missing(vg_arena *arena, const vg_assessment *assessment, const vg_judgement *judgement);

/* What one control says of properties, given as a tree: for what-if questions. A control that states no needs is not
 * assessed where its verdict hangs on a property that nobody knows (vg_control_lacks names it). */
vg_status vg_control_judge(const vg_control *control, const vg_resource *resource, const vg_value *properties,
                           vg_time now, vg_arena *scratch, vg_verdict *verdict, vg_str *message,
                           vg_error *err);
/* Of a control that states no needs: a property that nobody knows and that the verdict hangs on; "" when there is none. */
vg_status vg_control_lacks(const vg_control *control, const vg_resource *resource, const vg_value *properties,
                           vg_time now, vg_arena *scratch, vg_str *property, vg_error *err);
/* Whether the control speaks of such a subject at all: type, scope, attestation's kind. */
bool vg_control_applies(const vg_control *control, const vg_resource *resource, const vg_value *properties,
                        vg_str management);

/* ---- the organisation as a tree --------------------------------------------------------------------------------------- */

/* A policy of the organisation. */
typedef struct {
    vg_str id, name;
    const char *kind; /* "scp", "rcp", "" for others and where nobody told */
    bool is_default;  /* FullAWSAccess and the like: grants everything */
} vg_tree_policy;

/* A root, OU or account. */
typedef struct {
    vg_str id, name, email, status;
    vg_str path;          /* of an account, its OU's; "" when unknown */
    const char *function; /* what the names of the path say: "workloads-prod"; "other" */
    uint32_t parent;      /* index, UINT32_MAX: none, or unknown */
    uint32_t depth;       /* 0: a root, or a node outside the tree */
    bool is_account, is_root, is_management;
    bool in_tree;             /* the path to a root is known */
    const uint32_t *policies; /* attached here, indexes of vg_tree.policies */
    size_t policy_count;
    const vg_str *workloads; /* that the mapping places in the account, each once: "shop prod" */
    size_t workload_count;
} vg_tree_node;

typedef struct {
    vg_str id, management, partition;
    const vg_tree_node
        *nodes; /* depth first: below a node its accounts by name, then its OUs by name; what is in no tree
                                  comes last */
    size_t node_count;
    const vg_tree_policy *policies; /* ordered by name, then id */
    size_t policy_count;
} vg_tree;

/* Reads what evidence tells of the organisation alone: a moment, also with 1,000 accounts. VG_ERR_NOT_FOUND: nothing was
 * imported of it. Memory is the arena's. */
vg_status vg_tree_read(vg_evidence *evidence, vg_arena *arena, vg_tree *out, vg_error *err);

/* What to change. The order is by severity, then kind, then subject. */
typedef struct {
    const char *kind; /* "missing-ou", "move-account", "mixed-ou", "department-ou", "missing-guardrail" */
    vg_severity severity;
    vg_str subject,
        name;       /* an OU's or account's id and name; of a missing OU, the root's id and the OU's name */
    vg_str target;  /* where to move it: an OU's id; "" */
    vg_str message; /* what and why */
    vg_str command; /* AWS CLI, for the management account; "" */
} vg_advice;
/* Which guardrails bind a node: of an account, what its fact Vigil::Account::Guardrails says; of an OU or root, what the
 * accounts below it say together. */
typedef enum {
    VG_GUARDRAIL_UNKNOWN, /* nobody can say, or there is no account below */
    VG_GUARDRAIL_NO,
    VG_GUARDRAIL_SOME, /* partly, or not in every account below */
    VG_GUARDRAIL_YES
} vg_guardrail_state;
const char *vg_guardrail_state_name(vg_guardrail_state state); /* "unknown", "no", "partly", "yes" */

/* The guardrails that are known, in the order in which rows hold their states: "DenyLeaveOrganization", ... */
extern const char *const vg_guardrail_names[];
extern const size_t vg_guardrail_count;

typedef struct {
    const vg_guardrail_state *states; /* of node n, guardrail g: states[n * vg_guardrail_count + g] */
} vg_tree_guardrails;
/* From an assessment of the same evidence. The management account is never bound and is left out of what OUs say. */
vg_status vg_tree_guardrails_of(vg_arena *arena, const vg_tree *tree, const vg_assessment *assessment,
                                vg_tree_guardrails *out, vg_error *err);

/* Compares a tree with AWS's guidance for many accounts (`guidance`: content/organization/guidance.yaml). An account that
 * belongs into an OU that is missing is part of that advice, not one of its own. Where names say nothing, nothing is
 * advised. With `guardrails` (may be NULL) also which guardrails OUs of a function lack: "missing-guardrail". */
vg_status vg_tree_advise(vg_arena *arena, const vg_tree *tree, vg_str guidance,
                         const vg_tree_guardrails *guardrails, const vg_advice **out, size_t *count,
                         vg_error *err);

#endif
