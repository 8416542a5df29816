/* assess_part.h: what the files of this room share: evidence held in memory, the organisation as a tree, what was
 * read in full, and the sink that facts are written to.
 *
 * Everything here is immutable once made, so that accounts can be worked on by several threads. Slices and trees
 * belong to the arena they were made in. */
#ifndef VIGIL_ASSESS_PART_H
#define VIGIL_ASSESS_PART_H

#include "access/access.h"
#include "assess/assess.h"
#include "evidence/evidence.h"
#include "policy/policy.h"

/* What can be said of a thing: a property that is missing is no "no". */
typedef enum { VG_UNKNOWN, VG_NO, VG_YES } vg_answer;

/* ---- evidence in memory --------------------------------------------------------------------------------------- */

/* Of several things of one account: those of one type stand together, then by region and id. */
typedef struct {
    const vg_sighting *items;
    size_t count;
} vg_sightings;

/* Sorts into that order; equal keys keep theirs. */
void vg_sightings_sort(vg_sighting *items, size_t count);
/* Those of exactly `type`, out of sorted ones. O(log n). */
vg_sightings vg_sightings_of(vg_sightings all, const char *type);

/* ---- what was read ---------------------------------------------------------------------------------------------- */

/* The ledger, asked for one thing: was this operation read in full, so that what it did not show does not exist?
 * Only operations whose empty answer means something are kept (readings.c lists them). */
typedef struct vg_readings vg_readings;
vg_readings *vg_readings_new(vg_arena *arena);
/* False when memory is out. */
bool vg_readings_add(vg_readings *readings, const vg_ledger_entry *entry);
/* Empty account or region: for any. NULL readings: nothing was read. */
bool vg_was_read(const vg_readings *readings, const char *operation, vg_str parameter, vg_str account,
                 vg_str region);

/* ---- the organisation --------------------------------------------------------------------------------------------- */

/* What the names on the path of an OU say (the recommended OUs of AWS's whitepaper on organising accounts). */
typedef enum {
    VG_OU_OTHER,
    VG_OU_SECURITY,
    VG_OU_INFRASTRUCTURE,
    VG_OU_WORKLOADS,
    VG_OU_WORKLOADS_PROD,
    VG_OU_WORKLOADS_NONPROD,
    VG_OU_SANDBOX,
    VG_OU_SUSPENDED,
    VG_OU_POLICY_STAGING,
    VG_OU_DEPLOYMENTS,
    VG_OU_EXCEPTIONS,
    VG_OU_TRANSITIONAL,
    VG_OU_BUSINESS_USERS
} vg_ou_function;
const char *vg_ou_function_name(vg_ou_function function); /* "workloads-prod" */

typedef enum { VG_STAGE_NONE, VG_STAGE_PROD, VG_STAGE_NONPROD } vg_stage;
/* What a name of an environment or an OU says: "Production" is PROD; "pre-prod", "dev", "sdlc" are NONPROD. */
vg_stage vg_stage_of_name(vg_str name);
/* Whether an OU's name is that of a department rather than of a function. */
bool vg_is_department_name(vg_str name);

#define VG_NO_NODE UINT32_MAX

/* A root, an OU or an account in the tree. */
typedef struct {
    vg_str id, name, email, status;
    uint32_t parent; /* VG_NO_NODE: a root, or unknown */
    vg_str path;     /* "Root/Workloads/Prod"; of an account, its OU's; "" when unknown */
    uint32_t depth;  /* OUs below the root on the path; of an account, its OU's */
    bool is_account, is_root;
    bool in_tree; /* the path to a root is known and not cyclic */
    vg_ou_function function;
    bool department;                     /* an OU on the path is named like a department */
    uint32_t policy_first, policy_count; /* into vg_org.attached */
    const vg_sighting *seen;             /* NULL when it is known from others alone */
} vg_node;

typedef enum { VG_ORG_POLICY_OTHER, VG_ORG_SCP, VG_ORG_RCP } vg_org_policy_kind;

typedef struct {
    vg_str id, name;
    vg_org_policy_kind kind;
    bool kind_known;
    bool is_default;    /* FullAWSAccess, RCPFullAWSAccess */
    bool targets_known; /* that all its targets are among `attached` */
    uint32_t target_count;
    const vg_value *content; /* the policy document; NULL when nobody gave it */
    const vg_policy *policy; /* the same, to be asked; of SCPs and RCPs alone */
    const vg_sighting *seen;
} vg_org_policy;

/* One environment of the mapping, and whether its accounts are told outright. */
typedef struct {
    vg_str name, function, owner, environment;
    vg_stage stage;
    const vg_str *accounts;
    size_t account_count;
    const vg_sighting *seen;
} vg_placement;

typedef struct {
    vg_time since;
    bool is_critical; /* else high */
} vg_open_finding;

/* Open findings of other products (GuardDuty, Security Hub, ...) in one account. */
typedef struct {
    int64_t critical, high;
    vg_time oldest;  /* since when the oldest of these is open; VG_TIME_NONE: none */
    vg_time latest;  /* when the account's findings were last looked at */
    vg_vec products; /* vg_str, in order */
    vg_vec severe;   /* vg_open_finding: those that are critical or high */
} vg_open_findings;

/* The organisation, and all that is said of it and not of one account. */
typedef struct {
    vg_str id, management, partition;
    bool known;               /* somebody described it */
    const vg_sighting *about; /* Vigil::Organization::Organization */
    vg_sightings all;         /* every thing of the organisation, sorted */
    const vg_readings *readings;
    vg_node *nodes;
    size_t node_count;
    vg_map *by_id; /* id -> index of node */
    vg_org_policy *policies;
    size_t policy_count;
    const uint32_t *attached;              /* indexes of policies, by node */
    const vg_policy *everything, *anybody; /* an SCP, and a resource policy, that allow all */
    vg_placement *placements;
    size_t placement_count;
    vg_sightings trails, trail_status, analyzers; /* of the organisation, wherever they live */
    vg_answer
        management_runs; /* whether workloads run in the management account; set once it was worked through */
    const vg_map *findings;                    /* account -> vg_open_findings; NULL: none were imported */
    bool scp_known, scp_on, rcp_known, rcp_on; /* is the policy type on at the root? */
} vg_org;

/* Builds it from the things of the organisation (sorted here). Cyclic trees end where they began. Linear, but for
 * sorting. */
vg_status vg_org_build(vg_arena *arena, vg_sighting *items, size_t count, const vg_readings *readings,
                       vg_org *out, vg_error *err);
const vg_node *vg_org_node(const vg_org *org, vg_str id); /* NULL when unknown */
/* The organisation alone, out of evidence (assess.c). */
vg_status vg_assess_organization(vg_evidence *evidence, vg_arena *arena, vg_org *out, vg_error *err);
/* Whether the whole name, one of its words, or two neighbouring words together are in the list (lower-case letters and
 * digits); what else is in a name parts its words. */
bool vg_name_has(vg_str name, const vg_str *words, size_t count);
/* The one OU of the function that is nearest to the root; NULL when there is none, or more than one so near. */
const vg_node *vg_unit_for(const vg_org *org, vg_ou_function function);

/* ---- a view of one account ------------------------------------------------------------------------------------------ */

typedef struct {
    const vg_org *org;
    vg_str account;        /* "" for the organisation itself */
    vg_sightings all;      /* what was seen in the account, sorted */
    vg_time now;           /* --now, or VG_TIME_NONE: the evidence's own time counts */
    const vg_world *world; /* who and what is in the account, and its policies; NULL: nothing is known */
    const vg_exposures *exposures;  /* what is reached from outside; NULL: it was not asked for */
    const vg_graph *graph;          /* who can become whom in the account; NULL: it was not asked for */
    const struct vg_engine *engine; /* what its facts may be asked of; NULL: nothing */
} vg_view;

static inline vg_sightings vg_view_of(const vg_view *view, const char *type)
{
    return vg_sightings_of(view->all, type);
}
/* The only one, or the one seen last; NULL when there is none. */
const vg_sighting *vg_view_one(const vg_view *view, const char *type);
bool vg_view_was_read(const vg_view *view, const char *operation, vg_str region);
bool vg_view_is_management(const vg_view *view);
/* Whole days from `then` to --now, or to when `seen` was seen; never negative. */
int64_t vg_view_days(const vg_view *view, vg_time then, const vg_sighting *seen);

/* The time of the view: --now, or that of the newest evidence. */
vg_time vg_view_time(const vg_view *view);

/* Property access. */
static inline vg_answer vg_answer_of(bool value)
{
    return value ? VG_YES : VG_NO;
}
vg_answer vg_prop_bool(const vg_sighting *seen, const char *path);
bool vg_prop_i64(const vg_sighting *seen, const char *path, int64_t *out);
vg_str vg_prop_str(const vg_sighting *seen, const char *path); /* ptr NULL when absent */
bool vg_prop_time(const vg_sighting *seen, const char *path, vg_time *out);
const vg_value *vg_prop(const vg_sighting *seen, const char *path);
/* Whether the text is the string, or one of the list. */
bool vg_any_equal(const vg_value *list_or_string, vg_str text);

/* ---- facts --------------------------------------------------------------------------------------------------------- */

/* Where facts go. Fill one fact between begin and end; what is unknown is not written. A fact is as old as the oldest
 * evidence that it used. */
typedef struct {
    vg_arena *arena;
    vg_vec facts;   /* vg_sighting */
    vg_vec unknown; /* vg_str: types of which nobody could say how many there are */
    vg_builder *builder;
    vg_sighting open;
    bool failed;
} vg_fact_sink;

vg_fact_sink vg_fact_sink_in(vg_arena *arena);
void vg_fact_begin(vg_fact_sink *sink, const char *type, vg_str account, vg_str region, vg_str id,
                   vg_str name);
void vg_fact_used(vg_fact_sink *sink, const vg_sighting *seen); /* NULL is fine */
void vg_fact_bool(vg_fact_sink *sink, const char *key, bool value);
void vg_fact_answer(vg_fact_sink *sink, const char *key, vg_answer answer);
void vg_fact_str(vg_fact_sink *sink, const char *key, vg_str value); /* ptr NULL: unknown */
void vg_fact_i64(vg_fact_sink *sink, const char *key, int64_t value);
void vg_fact_list(vg_fact_sink *sink, const char *key, const vg_vec *strings);  /* vg_str items */
void vg_fact_value(vg_fact_sink *sink, const char *key, const vg_value *value); /* NULL: unknown */
void vg_fact_end(vg_fact_sink *sink);
/* Says that nobody could list the things of `type` here: every control on them is not assessed. */
void vg_fact_unknown_set(vg_fact_sink *sink, const char *type);

/* One function a fact. `organization` ones run once, with view->account "", after the accounts'. */
typedef struct {
    const char *type;
    const char *kind; /* of the fact's source: "root" is "fact:root" */
    bool organization;
    void (*make)(const vg_view *view, vg_fact_sink *sink);
} vg_fact_maker;
extern const vg_fact_maker vg_fact_makers[];
extern const size_t vg_fact_maker_count;
const char *vg_fact_kind(vg_str type); /* NULL for what is no fact */

void vg_make_account(const vg_view *view, vg_fact_sink *sink);
void vg_make_root(const vg_view *view, vg_fact_sink *sink);
void vg_make_contacts(const vg_view *view, vg_fact_sink *sink);
void vg_make_password_policy(const vg_view *view, vg_fact_sink *sink);
void vg_make_users(const vg_view *view, vg_fact_sink *sink);
void vg_make_mfa_requirement(const vg_view *view, vg_fact_sink *sink);
void vg_make_access(const vg_view *view, vg_fact_sink *sink);
void vg_make_exposure(const vg_view *view, vg_fact_sink *sink);
void vg_make_unused(const vg_view *view, vg_fact_sink *sink);
void vg_make_lint(const vg_view *view, vg_fact_sink *sink);
void vg_make_escalation(const vg_view *view, vg_fact_sink *sink);
void vg_make_guardrails(const vg_view *view, vg_fact_sink *sink);
void vg_make_services(const vg_view *view, vg_fact_sink *sink);
void vg_make_trail(const vg_view *view, vg_fact_sink *sink);
void vg_make_findings(const vg_view *view, vg_fact_sink *sink);
void vg_make_structure(const vg_view *view, vg_fact_sink *sink);
void vg_make_workloads(const vg_view *view, vg_fact_sink *sink);
void vg_make_attestations(const vg_view *view, vg_fact_sink *sink);

/* ---- one unit of work ------------------------------------------------------------------------------------------------- */

/* Types that facts are made of: others are only counted in, unless a control names them. */
bool vg_is_fact_evidence(vg_str type);
/* Types whose things belong to the organisation and not to one account. */
bool vg_is_organization_evidence(vg_str type);

/* What came of one account, or of the organisation: subjects with their properties, and judgements whose `subject` is
 * an index among them. */
typedef struct {
    vg_vec subjects;   /* vg_sighting; resource.properties is text where it is to be kept */
    vg_vec sets;       /* vg_resource: what nobody saw: all things of a type, an attestation */
    vg_vec judgements; /* vg_judgement; a subject index behind the subjects is one of `sets` */
} vg_outcome;
/* Makes facts of the view and judges them, and the things of the types that controls name. Pure; memory is the
 * arena's, `scratch` is reset. */
vg_status vg_work(const vg_view *view, const vg_content *content, bool organization, vg_time now,
                  vg_arena *arena, vg_arena *scratch, vg_outcome *out, vg_error *err);

/* Puts names (vg_str items) in order, each once. */
void vg_tidy_names(vg_vec *list);

/* ---- shared by several facts ------------------------------------------------------------------------------------------ */

/* Regions that are in use in the account, in order (vg_str items): where activity or resources were seen, else the
 * enabled ones, else those that any service evidence speaks of. *shown: activity or resources told. */
void vg_regions_in_use(const vg_view *view, vg_arena *arena, vg_vec *regions, bool *shown);
/* Whether things that do a workload's work were seen in the account, or the mapping places a workload here. */
vg_answer vg_runs_workloads(const vg_view *view);
/* Whether a snapshot of AWS Config of the account was imported, so that types without resources have none. */
bool vg_snapshot_was_read(const vg_view *view);
bool vg_placement_has(const vg_placement *placement, vg_str account);
/* Users with a password; false when the credential report is missing. */
bool vg_password_users(const vg_view *view, int64_t *out);
/* Root's own line of the credential report, or NULL. */
const vg_sighting *vg_root_entry(const vg_view *view);
/* Whether the authorization details of the account were imported. */
bool vg_has_authorization_details(const vg_view *view);

/* Whether a trail records what happens in `region` of the account ("": in all of them). `of_organization`: the trail is
 * from the organisation's list. */
bool vg_trail_covers(const vg_view *view, const vg_sighting *trail, vg_str region, bool of_organization);
/* The latest status of the trail, or NULL. */
const vg_sighting *vg_trail_status(const vg_view *view, vg_str arn);

/* ---- guardrails (fact_guardrail.c) ---------------------------------------------------------------------------------- */

/* How far something goes: of all, of some, of none. */
typedef enum { VG_EXTENT_UNKNOWN, VG_EXTENT_NO, VG_EXTENT_PARTLY, VG_EXTENT_YES } vg_extent;
const char *vg_extent_name(vg_extent extent); /* "yes"; NULL for UNKNOWN */

/* How far the SCPs on the account's path deny users what is done without multi-factor authentication. */
vg_extent vg_guardrail_without_mfa(const vg_view *view, vg_arena *arena);
/* The same of one user, by these policies of its own and the SCPs together. */
vg_extent vg_denied_without_mfa(const vg_view *view, vg_str user, const vg_policy *const *own, size_t count,
                                vg_arena *arena);

/* ---- what the policy engine is asked over (engine.c) ------------------------------------------------------------------ */

/* What all accounts share: content, the catalogue, the organisation with its levels. */
typedef struct vg_engine {
    vg_access_base *base;
    const vg_catalogue *catalogue; /* NULL: content holds none, and exposure is not asked for */
    vg_exposure_content strangers;
    const vg_escalations *escalations; /* NULL: content holds none */
    const vg_event_map *events;        /* NULL: content holds none, and use is not asked for */
    const vg_linter *linter;           /* NULL: content holds none, and policies are not checked */
} vg_engine;
/* From content; *out has no base when `content` is NULL. */
vg_status vg_engine_open(vg_arena *arena, const vg_content *content, vg_engine *out, vg_error *err);
/* Tells the engine of the organisation. */
vg_status vg_engine_organization(vg_engine *engine, vg_arena *arena, const vg_org *org, vg_error *err);
/* Makes the account's world, and what in it is exposed. What contradicts itself gives no world. */
vg_status vg_engine_look(const vg_engine *engine, vg_arena *arena, vg_view *view, vg_error *err);

/* Whether the statement's Action (or NotAction) takes in the action. */
bool vg_statement_takes_in(const vg_statement *statement, vg_str action);
/* A text that the pattern matches; ptr NULL when memory is out. */
vg_str vg_text_like(vg_arena *arena, vg_str pattern);

#endif
