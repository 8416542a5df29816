/* policy_graph.h: who can become whom: the access graph of a world (a part of policy.h).
 *
 * A node is a principal. An edge is a technique by which one becomes another, or an administrator of its account:
 *
 *     alice ──new-function-invoke──► role/deploy ──assume-role──► role/admin (another account)
 *     bob   ──create-own-policy-version──► administrator of 111122223333
 *
 * Techniques are content (content/escalations/, docs/reference/escalations.md): what they need, on what, and what they
 * give. An edge is there when everything that its technique needs is allowed for the caller, with all its policies,
 * boundary and SCPs, and the trust and resource policies of the other side; it is certain when every decision is Allowed,
 * conditional when one is Unknown or the technique itself depends on what evidence does not tell. Identity, resource and
 * trust policies that were not collected are taken as granting nothing; SCPs, RCPs and boundaries that were not collected
 * make an edge conditional.
 *
 * An administrator is a principal whose identity policies and boundary allow every action on every resource. What an
 * administrator can do within its account is not made into edges: it can become anyone there. */
#ifndef VIGIL_POLICY_GRAPH_H
#define VIGIL_POLICY_GRAPH_H

#include "policy/policy_world.h"

/* ---- techniques ------------------------------------------------------------------------------------------------------------ */

typedef enum {
    VG_ESCALATION_SELF,             /* "self-escalation" */
    VG_ESCALATION_PRINCIPAL,        /* "principal-access" */
    VG_ESCALATION_NEW_PASSROLE,     /* "new-passrole" */
    VG_ESCALATION_EXISTING_PASSROLE /* "existing-passrole" */
} vg_escalation_kind;
const char *vg_escalation_kind_name(vg_escalation_kind kind);

typedef enum { VG_ACTOR_ANY, VG_ACTOR_USER, VG_ACTOR_ROLE } vg_escalation_by;
typedef enum {
    VG_BECOMES_SELF,
    VG_BECOMES_USER,
    VG_BECOMES_ROLE,
    VG_BECOMES_GROUP,
    VG_BECOMES_PASSED_ROLE,
    VG_BECOMES_RUNNING_ROLE,
    VG_BECOMES_MADE
} vg_escalation_becomes;
typedef enum {
    VG_ON_SELF,
    VG_ON_TARGET,
    VG_ON_TARGET_TRUSTING,
    VG_ON_OWN_POLICY,
    VG_ON_TARGET_POLICY,
    VG_ON_OWN_GROUP,
    VG_ON_OWN_BOUNDARY,
    VG_ON_TARGET_BOUNDARY,
    VG_ON_MADE,
    VG_ON_ANY
} vg_escalation_on;
typedef enum { VG_MAKES_NOTHING, VG_MAKES_USER, VG_MAKES_ROLE, VG_MAKES_GROUP } vg_escalation_makes;

/* What a context key of a need is known to hold: one of `values`, and which is the caller's choice. None: the request does
 * not have the key. Values may hold ${Partition} and ${Account}; one with a '*' stands for all that it matches, and then
 * rules out alone. Values of their own: "${Boundary}", the permissions boundary of whom the need is on, no choice;
 * "${Administrative}", each customer-managed policy of the account that allows everything; "${Writable}", each that the
 * caller may create or rewrite. */
typedef struct {
    vg_str key;
    const vg_str *values;
    size_t count;
} vg_escalation_pin;

/* What a role that is passed to a service will run: iam:AssociatedResourceArn. */
typedef struct {
    vg_str service;
    vg_escalation_pin pin;
} vg_escalation_association;

typedef struct {
    vg_str action;
    vg_escalation_on on;
    uint32_t action_id; /* in the catalogue */
    const uint32_t
        *resources; /* of ANY: resource types, all of which must be allowed; none: one of what it takes */
    size_t resource_count;
    bool either;   /* one of `resources` is enough */
    bool wildcard; /* of ANY: the action takes none */
    uint16_t bit;  /* of the action among those of all techniques */
    vg_escalation_pin pins[2];
    size_t pin_count;
} vg_escalation_need;

enum { VG_ESCALATIONS_MAX = 128, VG_ESCALATION_NEEDS_MAX = 8, VG_ESCALATION_ACTIONS_MAX = 256 };

typedef struct {
    vg_str id;
    vg_str title, why, remedy;
    vg_str only_if; /* empty: nothing */
    vg_escalation_kind kind;
    vg_escalation_by by;
    vg_escalation_becomes becomes;
    bool administrator; /* what is become has every permission that its boundary leaves */
    bool across, needs_profile;
    bool
        lifts_boundary; /* of what is become, by the first need; its own: the others are decided without it */
    vg_escalation_makes makes; /* a name of the caller's choice, the same for all needs on it */
    vg_str type;               /* of RUNNING_ROLE: CloudFormation's type */
    const vg_str *services;
    size_t service_count;
    const vg_str *references;
    size_t reference_count;
    vg_escalation_need needs[VG_ESCALATION_NEEDS_MAX];
    size_t need_count;
    vg_place place;
} vg_escalation;

typedef struct {
    const vg_escalation *techniques; /* in the order of the files given, and in them */
    size_t count;
    const vg_str *actions; /* each once; what need.bit counts */
    size_t action_count;
    const vg_escalation_association *associated;
    size_t associated_count;
    const vg_catalogue *catalogue;
} vg_escalations;

typedef struct {
    vg_str name, text;
} vg_escalation_file;
/* Reads files of content/escalations/. A word that the form does not know, an action or type that the catalogue lacks, and
 * an id that is there twice are VG_ERR_VALUE with their place. Memory is the arena's; texts stay borrowed. */
vg_status vg_escalations_read(vg_arena *arena, const vg_catalogue *catalogue, const vg_escalation_file *files,
                              size_t count, const vg_escalations **out, vg_error *err);

/* ---- the graph --------------------------------------------------------------------------------------------------------------- */

typedef struct {
    uint32_t from, to;  /* principals; the same where a technique changes the caller itself */
    uint64_t ways[2];   /* bits: techniques that lead there; the best is `technique` */
    uint16_t technique; /* index: certain before conditional, then fewest needs, then order of content */
    uint16_t service;   /* index in the technique's services */
    uint32_t thing; /* of RUNNING_ROLE: index of the resource; of GROUP: of the group; else VG_WORLD_NONE */
    bool certain;
    bool administrator; /* what is become is an administrator, whatever its policies say today */
    bool presumed;      /* of RUNNING_ROLE: evidence names nothing that runs as the role */
} vg_graph_edge;

typedef enum { VG_ADMIN_NOT, VG_ADMIN_CONDITIONAL, VG_ADMIN_CERTAIN } vg_admin;

typedef struct vg_graph vg_graph;
/* Finds every edge. Memory is the arena's. Edges of administrators, and of principals that become administrators by
 * themselves for certain, to others of their account are left out. */
vg_status vg_graph_build(vg_arena *arena, const vg_world *world, const vg_escalations *escalations,
                         const vg_graph **out, vg_error *err);
const vg_world *vg_graph_world(const vg_graph *graph);
const vg_escalations *vg_graph_escalations(const vg_graph *graph);
const vg_graph_edge *vg_graph_edges(const vg_graph *graph, size_t *count); /* by from, then to */
vg_admin vg_graph_admin(const vg_graph *graph, uint32_t principal);

/* ---- paths ------------------------------------------------------------------------------------------------------------------- */

enum { VG_PATH_STEPS_MAX = 16 };

/* A step without a technique: an administrator of the account becomes anyone in it. */
typedef struct {
    uint32_t from, to;
    uint32_t edge; /* index; VG_WORLD_NONE: as an administrator */
} vg_graph_step;

typedef struct {
    uint32_t from, to;  /* `to`: the principal reached, which is what was asked for or can reach it */
    bool administrator; /* of the account of `to` */
    bool certain;
    size_t step_count;
    const vg_graph_step *steps;
    size_t effort;  /* permissions used on the way */
    vg_str action;  /* of a question for a resource: what can be done there */
    vg_str only_if; /* what the end depends on, besides the steps' own conditions; empty: nothing */
} vg_graph_path;

/* What paths lead to. */
typedef struct {
    uint32_t from; /* a principal; VG_WORLD_NONE: any that is no administrator, root or service-linked role */
    uint32_t to;   /* a principal; VG_WORLD_NONE: administrators */
    vg_str to_account; /* administrators of this account alone; empty: of any */
    vg_str resource;   /* instead of a principal: whoever may read, write or share this ARN */
    vg_str action;     /* of `resource`: this action; empty: any that reads, writes or manages permissions */
    size_t most;       /* paths; 0: all */
} vg_graph_question;

/* For each start the shortest path, certain before conditional where they are equally long; ordered by certainty, steps,
 * effort, then the start's place in the world. Where the shortest is conditional and a longer one is certain, the certain
 * one is given. A `from` that is there already has a path without steps. Linear in the graph. */
vg_status vg_graph_paths(vg_arena *arena, const vg_graph *graph, const vg_graph_question *question,
                         const vg_graph_path **out, size_t *count, vg_error *err);
/* All who are no administrators and can become one: the question without a start or an end. */
vg_status vg_graph_paths_to_admin(vg_arena *arena, const vg_graph *graph, const vg_graph_path **out,
                                  size_t *count, vg_error *err);

/* ---- why an edge is there, and what removes it -------------------------------------------------------------------------------- */

/* A statement that an edge stands on. */
typedef struct {
    const vg_policy *policy;
    uint32_t statement;
    vg_str action;
    vg_match match; /* UNKNOWN: it may allow */
} vg_graph_reason;

typedef struct {
    vg_str action, resource; /* what is needed, and on what it was decided */
    vg_decision_result result;
    vg_str residual; /* of an Unknown */
} vg_graph_need;

typedef struct {
    const vg_graph_need *needs;
    size_t need_count;
    const vg_graph_reason *reasons; /* Allow statements, each once an action */
    size_t reason_count;
    vg_str condition; /* everything that must hold besides; empty when certain */
    /* The smallest change: this action goes out of this statement (of a trust policy: the caller, or the service). */
    const vg_policy *change_policy; /* NULL: no single statement does it */
    uint32_t change_statement;
    vg_str change_action;
    bool change_removes_all; /* no other technique leads from `from` to `to` then; decided again */
} vg_graph_reasons;
/* Decides the edge's needs again, tells their statements, and tries which single one it cannot do without. Not for hot
 * paths: each try compiles a policy again. */
vg_status vg_graph_explain(vg_arena *arena, const vg_graph *graph, uint32_t edge, vg_graph_reasons *out,
                           vg_error *err);

#endif
