/* policy_usage.h: permissions as they were used, and what other guardrails would have made of them (a part of policy.h).
 *
 * Activity of a year is a few thousand principals, actions, accounts and regions, and millions of combinations of them.
 * Columns hold each of these once, a use is four indexes:
 *
 *     principals   [role/deploy, role/ops, user/alice ...]
 *     actions      [ec2:RunInstances, s3:GetObject ...]         uses   {0, 1, 2, 0}
 *     accounts     [111122223333 ...]                                  {0, 1, 2, 1} ...
 *     regions      [eu-west-1, us-east-1 ...]
 *
 * A what-if decides all of them by classes: two principals that no condition of the policies tells apart are one class,
 * and so on for the other columns; only the combinations of classes that occur are decided. */
#ifndef VIGIL_POLICY_USAGE_H
#define VIGIL_POLICY_USAGE_H

#include "policy/policy.h"

typedef struct {
    vg_str arn;     /* of a user, role, root user or session; a role stands for its sessions */
    vg_str account; /* 12 digits */
    /* What else is known of it (aws:PrincipalTag/..., aws:PrincipalOrgID); aws:PrincipalArn, PrincipalAccount and username
     * are derived. Every other key is unknown. */
    const vg_context_entry *context;
    size_t context_count;
    bool
        exempt; /* no SCP binds it: it is of the management account, service-linked, or of another organisation */
} vg_used_principal;

typedef struct {
    uint32_t principal, action, account, region; /* indexes of vg_usage's columns */
} vg_use;

typedef struct {
    const vg_used_principal *principals;
    size_t principal_count;
    const vg_str *actions; /* "ec2:RunInstances" */
    size_t action_count;
    const vg_str *accounts; /* the resource's; "": unknown */
    size_t account_count;
    const vg_str *regions; /* "": unknown */
    size_t region_count;
    const vg_use *uses;
    size_t use_count;
} vg_usage;

typedef enum {
    VG_WOULD_PASS,
    VG_WOULD_REFUSE,
    VG_WOULD_UNRESOLVED /* what is not known of the use decides: its resource, or a condition key */
} vg_would;
const char *vg_would_name(vg_would would); /* "pass", "refuse", "unresolved" */

/* How the uses of one combination of classes fare. */
typedef struct {
    vg_would would;
    const vg_policy
        *policy; /* of the Deny that refuses, or of the statement that is not resolved; NULL: no Allow */
    uint32_t statement;
    size_t level;                         /* of `policy`; else the level that does not allow */
    const vg_policy_condition *condition; /* that is not resolved; NULL: the resource is not */
} vg_what_if_answer;

typedef struct {
    const uint32_t *answer_of; /* by use: index in `answers` */
    const vg_what_if_answer *answers;
    size_t answer_count;
    size_t principal_classes, action_classes, account_classes, region_classes;
} vg_what_if;

/* What the levels of SCPs (root first, as they would be) make of each use. The levels are those of the accounts that all
 * principals are in: callers group principals by the levels that bind them. All indexes of uses must be in range (our own
 * mistake otherwise: asserted). Memory is the arena's: 4 bytes a use, and the columns. Linear in the uses, and in
 * principals times the conditions that look at them. */
vg_status vg_policy_what_if(vg_arena *arena, const vg_usage *usage, const vg_layer *levels,
                            size_t level_count, vg_what_if *out, vg_error *err);

/* ---- from events to permissions ------------------------------------------------------------------------------------------- */

/* content/policy/events.yaml: an event of CloudTrail is not an action. Immutable. */
typedef struct vg_event_map vg_event_map;
/* `catalogue` (may be NULL) tells which names are actions. Texts borrow `text`; memory is the arena's. */
vg_status vg_event_map_read(vg_arena *arena, vg_str text, const vg_catalogue *catalogue,
                            const vg_event_map **out, vg_error *err);

typedef enum {
    VG_EVENT_NAMED,  /* the action has the event's name, and the catalogue knows it */
    VG_EVENT_MAPPED, /* the map says which actions it needed: all of them */
    VG_EVENT_ANY_OF, /* one or more of these; the event does not tell */
    VG_EVENT_NONE,   /* no permission is asked for */
    VG_EVENT_GUESSED /* an action of the event's name, which the catalogue does not know */
} vg_event_answer;

enum { VG_EVENT_MOST_ACTIONS = 8, VG_EVENT_NAME = 192 };
/* Not to be copied: actions may stand in its own `text`. */
typedef struct {
    vg_event_answer answer;
    size_t count;
    vg_str event; /* "s3:ListObjects": the event's own name as an action, without a date; stands in `text` */
    vg_str actions[VG_EVENT_MOST_ACTIONS];
    char text[VG_EVENT_NAME];
} vg_event_actions;
/* Which actions an event needed, by eventSource ("lambda.amazonaws.com") and eventName. A name that is longer than any is
 * none. O(1); allocates nothing. */
void vg_event_actions_of(const vg_event_map *map, vg_str source, vg_str name, vg_event_actions *out);
/* What a call of the action leaves behind. */
typedef enum {
    VG_TRACE_MANAGEMENT, /* a management event: every trail has it */
    VG_TRACE_GLOBAL,     /* a management event of a global service: in the logs of its home Region alone */
    VG_TRACE_DATA,       /* a data event: only trails that select it have it */
    VG_TRACE_NONE        /* nothing of its own (iam:PassRole): activity can never show that it is unused */
} vg_event_trace;
/* Linear in the map's patterns. */
vg_event_trace vg_event_trace_of(const vg_event_map *map, vg_str action);
/* The home Regions of global services, one a partition. */
const vg_str *vg_event_home_regions(const vg_event_map *map, size_t *count);
/* What errorCode and errorMessage say of whether the call was allowed. */
typedef enum {
    VG_END_ALLOWED, /* no error, or one that comes after authorisation: NoSuchKey, Throttling */
    VG_END_REFUSED,
    VG_END_UNTOLD /* any other: most come before it */
} vg_event_end;
/* Linear in the map's patterns. */
vg_event_end vg_event_end_of(const vg_event_map *map, vg_str code, vg_str message);

/* ---- what actions need beside themselves -------------------------------------------------------------------------------------- */

/* content/policy/dependents.txt: the "dependent actions" of the Service Authorization Reference: what a caller may need as
 * well. Immutable. */
typedef struct vg_dependents vg_dependents;
/* Texts borrow `text`; memory is the arena's. A line that does not follow the form is VG_ERR_SYNTAX with its place. */
vg_status vg_dependents_read(vg_arena *arena, vg_str text, const vg_dependents **out, vg_error *err);
/* The actions that are declared for `action` (letter case as AWS spells it), separated by commas; empty: none. O(1). */
vg_str vg_dependents_of(const vg_dependents *dependents, vg_str action);

#endif
