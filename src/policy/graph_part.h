/* graph_part.h: what the files of the access graph share (private to policy/).
 *
 *     graph.c          walks the principals and finds each one's edges
 *     graph_index.c    what it looks up on the way: who trusts which service, who is named in whose trust, what runs as whom
 *     graph_need.c     decides whether one need is met
 *     graph_choice.c   what the caller chooses: values of context keys, names of what it makes
 *     graph_same.c     saves asking what has the same answer for every target, or can only be no
 *     graph_path.c     shortest paths
 *     graph_explain.c  statements of an edge, and what removes it */
#ifndef VIGIL_POLICY_GRAPH_PART_H
#define VIGIL_POLICY_GRAPH_PART_H

#include "policy/policy_part.h"

enum {
    VG_GRAPH_SERVICES_MAX = 64,
    VG_GRAPH_REGIONS_MAX = 4,
    VG_GRAPH_ACTION_WORDS = VG_ESCALATION_ACTIONS_MAX / 64
};

typedef struct {
    uint64_t words[VG_GRAPH_ACTION_WORDS];
} vg_graph_actions;

/* A role that a service may assume. */
typedef struct {
    uint32_t role;
    vg_match trust;
} vg_graph_trusting;

/* A resource and the role that it runs as. */
typedef struct {
    uint32_t resource, role;
} vg_graph_running;

/* What of a technique is the same for all callers. */
typedef struct {
    vg_graph_actions wanted; /* bits of actions that identity policies must allow somewhere */
    uint16_t services[4];    /* by the technique's own: index in the graph's */
    uint16_t type;           /* of RUNNING_ROLE: index in the graph's types */
    bool by_trust;           /* its target must trust the caller as it is */
    uint32_t assume_action;  /* the same, in the catalogue */
    uint16_t assume_bit;     /* of sts:AssumeRole, where by_trust */
} vg_graph_plan;

struct vg_graph {
    const vg_world *world;
    const vg_escalations *escalations;
    vg_arena *arena;
    uint8_t *admin; /* vg_admin by principal */
    const vg_graph_edge *edges;
    size_t edge_count;
    const vg_policy *trusting; /* a trust policy that names everybody: what a rewritten one may say */
    vg_str regions[VG_GRAPH_REGIONS_MAX]; /* that conditions of policies name */
    size_t region_count;
    vg_graph_plan *plans;
    vg_str services[VG_GRAPH_SERVICES_MAX];
    size_t service_count;
    vg_str types[VG_ESCALATIONS_MAX];
    size_t type_count;
    vg_vec *by_service;        /* vg_graph_trusting, by account * service_count + service */
    vg_vec *running;           /* vg_graph_running, by account * type_count + type */
    vg_vec *groups;            /* uint32_t, by account */
    vg_map *named;             /* ARN, account id or "*" of a trust policy: to a vg_vec * of uint32_t roles */
    bool *trust_denies;        /* by principal: its trust policy has a Deny */
    bool *in_profile;          /* by principal: stands in an instance profile */
    vg_graph_actions *actions; /* by identity set */
    const vg_map *policy_actions; /* policy's address, as bytes: to a vg_graph_actions * */
};

/* ---- deciding ------------------------------------------------------------------------------------------------------------------ */

/* A policy as it would be without a statement, where an action is asked for. */
typedef struct {
    const vg_policy *policy, *without;
    vg_str action;
} vg_graph_change;

/* What a context key holds; no value: it is not in the request. */
typedef struct {
    vg_str key, value;
} vg_graph_pin;
enum { VG_GRAPH_PINS_MAX = 3 };

/* One question to the engine. */
typedef struct {
    vg_world_caller caller;
    vg_str action;
    vg_world_target target;
    vg_str passed_to; /* iam:PassedToService */
    vg_graph_pin pins[VG_GRAPH_PINS_MAX];
    size_t pin_count;
    bool lifted;              /* the caller's permissions boundary is off */
    bool trusting;            /* the target trusts everybody */
    bool fresh;               /* the target has no policy: it is new, or any will do */
    const vg_layer *identity; /* in the place of the caller's own; NULL: that */
} vg_graph_ask;

typedef struct {
    vg_graph_ask ask;
    vg_match match;
} vg_graph_asked;

/* An answer that holds for every target in the caller's account, by the service that is passed to. */
typedef struct {
    uint32_t from; /* + 1; the caller that it was found for */
    bool is_same;
    bool known;
    uint8_t match;
    vg_str service;
} vg_graph_answer;

/* Rules of a caller's identity policies that allow an action somewhere. */
enum { VG_GRAPH_REACH = 32 };
typedef struct {
    uint32_t from, action; /* from + 1 */
    size_t count;          /* more than there is room for: anything may be in reach */
    const vg_rule *rules[VG_GRAPH_REACH];
} vg_graph_reach;

/* A value of a context key, or a name, that the caller may choose. */
typedef struct {
    vg_str value;
    vg_match match;   /* what it depends on besides: UNKNOWN where it only rules out */
    bool is_writable; /* the caller writes the policy first */
} vg_graph_choice;

enum { VG_GRAPH_CHOICES_MAX = 64 };
typedef struct {
    uint32_t from; /* + 1; the caller whose they are */
    const vg_escalation_pin *pin;
    vg_graph_choice items[VG_GRAPH_CHOICES_MAX];
    size_t count;
    bool open; /* there may be more than these */
} vg_graph_choices;

/* Whom a technique is tried on, and what decides on the way. */
typedef struct {
    const vg_graph *graph;
    vg_world_caller caller;
    uint32_t from, to;
    const vg_escalation *technique;
    vg_str service;                 /* the one at hand */
    const vg_world_resource *thing; /* what runs as the target; NULL: unknown, or there is none */
    const vg_world_group *group;
    vg_str made;                   /* ARN of what the technique makes */
    const vg_graph_change *change; /* NULL: as the world is */
    vg_graph_answer *answers;      /* by action's bit, twice (trusting); NULL: every question is asked */
    vg_graph_reach reach;          /* of the action that the need at hand is about */
    vg_graph_choices *choices;     /* of the last pin; NULL: found anew each time */
    vg_arena *texts;               /* NULL: the graph's */
    vg_vec *asked;                 /* NULL, or vg_graph_asked: takes what decided */
    vg_world_scratch *scratch;
    const vg_policy **changed_policies; /* VG_GRAPH_CHANGED_MAX of each; NULL without a change */
} vg_graph_try;
enum { VG_GRAPH_CHANGED_MAX = 256 };

/* The request and layers of a question, as it would be decided first. */
void vg_graph_request(vg_graph_try *t, const vg_graph_ask *ask, vg_request *request, vg_layers *layers,
                      vg_context_entry given[8]);
vg_match vg_graph_decide(vg_graph_try *t, const vg_graph_ask *ask);
vg_match vg_graph_need_met(vg_graph_try *t, const vg_escalation_need *need);
/* Whether the service at hand may assume the target. */
vg_match vg_graph_service_trusted(vg_graph_try *t);
/* Decides, where the value of a key is the caller's to choose: by the best. NULL: nothing is. */
vg_match vg_graph_decide_choice(vg_graph_try *t, const vg_graph_ask *ask, const vg_escalation_pin *pin);
/* An ARN of content with ${Partition} and ${Account} filled in; empty: no memory. */
vg_str vg_graph_fill(vg_graph_try *t, vg_str text);
/* Every need of a technique that makes something, by the name that goes furthest. */
vg_match vg_graph_made_met(vg_graph_try *t);
/* What the technique gives, all needs met: *administrator whether an administrator comes of it; NO: nothing. */
vg_match vg_graph_gain(vg_graph_try *t, bool *administrator);
/* Everything: who may use it, needs, trust, gain. `edge` says on whom and what. */
vg_match vg_graph_edge_holds(vg_graph_try *t, const vg_graph_edge *edge);

/* The rules of a policy that concern an action; how many there are, the first `room` into `out`. */
size_t vg_graph_rules(const vg_policy *policy, uint32_t service, uint32_t action, const vg_rule **out,
                      size_t room);
/* NULL: the answer may depend on the target, ask. Else what is known of it, or a place to keep it. */
vg_graph_answer *vg_graph_same_answer(vg_graph_try *t, const vg_escalation_need *need);
/* Whether some Allow of the caller's identity policies may reach the ARN; no is certain. */
bool vg_graph_in_reach(vg_graph_try *t, uint32_t action, vg_graph_reach *reach, vg_str arn);

/* ---- looking up ------------------------------------------------------------------------------------------------------------------ */

vg_status vg_graph_index(vg_graph *graph, vg_error *err);
/* Which actions of techniques the principal's identity policies may allow somewhere. */
const vg_graph_actions *vg_graph_actions_of(const vg_graph *graph, uint32_t principal);
vg_status vg_graph_no_memory(vg_error *err);

#endif
