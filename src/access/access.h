/* access.h: the bridge from evidence to the policy engine: everything that may decide who can do what, as a vg_world.
 *
 * Evidence says what an export said, an account, a role, a bucket at a time; the engine asks about layers. This room puts
 * the one together from the other, and is careful with what is not there:
 *
 *   - A policy that is attached and that no export holds, and one that AWS would refuse, make their layer UNKNOWN.
 *   - A level of the organisation whose attached policies were not read in full is UNKNOWN; where policies of the type are
 *     switched off, there are no levels.
 *   - A resource of a type that can have a policy, of which no evidence says that it has none, has an UNKNOWN one; and so
 *     has one of any other type in whose properties something reads as a policy with a Principal.
 *
 * The first two add a problem to the world, with what would provide the missing part. Policies are told by the place in the export
 * that they came from: vg_policy_document_of(policy)->doc->name is that file, and every place in the document is that of
 * the record in it, since evidence keeps no places inside. */
#ifndef VIGIL_ACCESS_H
#define VIGIL_ACCESS_H

#include "evidence/evidence.h"
#include "policy/policy.h"
#include "trail/trail.h"

typedef struct {
    vg_time at; /* VG_TIME_NONE: now */
    const vg_str
        *resources; /* ids (ARNs) of resources to read as well, whatever their type: for their tags */
    size_t resource_count;
    vg_str content;             /* the text of content/access/resources.yaml; lives as long as the world */
    const vg_str *rcp_services; /* services that RCPs bind; NULL: all. Live as long as the world */
    size_t rcp_service_count;
} vg_access_options;

/* Reads the world as known at options->at. All memory is the arena's; `catalogue` may be NULL. Holds one snapshot for the
 * whole reading if the caller does (vg_evidence_read_begin). Evidence without any account gives an empty world.
 * VG_ERR_SYNTAX and VG_ERR_VALUE speak of the content. */
vg_status vg_access_world_read(vg_evidence *evidence, vg_arena *arena, const vg_catalogue *catalogue,
                               const vg_access_options *options, const vg_world **out, vg_error *err);

/* ---- worlds of single accounts --------------------------------------------------------------------------------------------- */

/* What the worlds of an organisation's accounts share: content, what was read in full, and accounts with their levels. Made
 * in this order, then immutable: any number of threads may make worlds of it. */
typedef struct vg_access_base vg_access_base;

/* A resource of evidence with its properties as a tree; both, and resource.properties, live as long as the world. */
typedef struct {
    vg_resource resource;
    const vg_value *properties; /* NULL: it is left out */
} vg_access_given;

/* `options` without time and resources; its content may be empty: then roles and users are all there is. */
vg_status vg_access_base_new(vg_arena *arena, const vg_catalogue *catalogue, const vg_access_options *options,
                             vg_access_base **out, vg_error *err);
/* Takes note of what was read in full; only the organisation's readings count. */
vg_status vg_access_base_ledger(vg_access_base *base, const vg_ledger_entry *entry, vg_error *err);
/* The accounts, and the things of types Vigil::Organization::... among `given`. */
vg_status vg_access_base_organization(vg_access_base *base, const vg_organization *organization,
                                      const vg_access_given *given, size_t count, vg_error *err);
/* Whether worlds are made of resources of the type. */
bool vg_access_base_wants(const vg_access_base *base, vg_str type);
/* Whether they are made of this one of another type, for a policy with a Principal stands in it. */
bool vg_access_base_wants_policy_in(const vg_access_base *base, const vg_resource *resource);
/* The world of one account, in the arena: everybody and everything in it, and of the other accounts those that it names,
 * with nobody in them. Of somebody who is given twice, the newest counts. Quickest when things of a type stand together. */
vg_status vg_access_account_world(const vg_access_base *base, vg_arena *arena, vg_str account,
                                  const vg_access_given *given, size_t count, const vg_world **out,
                                  vg_error *err);

/* The name for people of a principal or resource: what its ARN says behind the account, and the account:
 * "role/ci@123456789012", "root@123456789012"; other ARNs, services and "*" as they are. */
vg_str vg_access_short_name(vg_arena *arena, vg_str text);

/* Finds the principal that somebody typed: an ARN (of a session too), a unique id, an account id (its root), "NAME@ACCOUNT"
 * with NAME as in user/alice, or just the name or the end of an ARN when only one principal fits. An ARN of a service or of
 * an account outside is taken as it is (*out has then no principal). VG_ERR_NOT_FOUND names what comes near;
 * VG_ERR_VALUE, when several fit, names them. */
vg_status vg_access_find_caller(const vg_world *world, vg_arena *arena, vg_str text, vg_world_caller *out,
                                vg_error *err);

/* ---- activity: what was done, by whom, with which permission ------------------------------------------------------------ */

/* Where a call came from, as far as conditions ask: kept once for all uses that share it. Empty: the record does not say. */
typedef struct {
    vg_str source_ip; /* an address; empty when AWS or a service called */
    vg_str vpc_endpoint;
    vg_str invoked_by; /* a service on the caller's behalf */
    vg_str source_identity;
    vg_str federated; /* ARN of the federated-user session that called with the principal's policies */
    bool mfa_known, mfa;
} vg_activity_context;

/* What a use is of the call that it was made of. */
typedef enum {
    VG_USE_CALL,     /* the action of the call, on its resource or the first of them */
    VG_USE_RESOURCE, /* the same action on another resource of the call: AWS asks for each */
    VG_USE_NEED,     /* another action that the call needed: iam:PassRole, the reading of what is copied */
    VG_USE_MAYBE     /* another that it may have needed: the record does not tell */
} vg_use_kind;

/* Calls that share everything below. */
typedef struct {
    vg_str principal;         /* ARN of a user, role (with its path where the record has it) or root user */
    vg_str principal_account; /* 12 digits */
    vg_str action;            /* "s3:GetObject" */
    vg_str
        resource; /* ARN; of what is made one that ends in a star; empty: the record does not tell, or not all of them */
    vg_use_kind kind;
    vg_str by;         /* of NEED and MAYBE: the event's own name as an action, "lambda:CreateFunction" */
    vg_str passed_to;  /* of iam:PassRole: the service ("lambda.amazonaws.com"); empty: not known */
    vg_str unresolved; /* of iam:PassRole without a resource: what the record says instead, for people */
    vg_str account, region; /* the resource's account; "" where not told */
    uint32_t context;       /* index of vg_activity.contexts */
    vg_event_answer answer; /* how the action is known; ANY_OF: one of several, each with a use of its own */
    uint64_t allowed, denied;
    uint64_t
        failed; /* with an error that comes before authorisation, or may: whether it was allowed is not told */
    vg_time first, last;
} vg_activity_use;

typedef struct {
    const vg_activity_use *uses; /* ordered by principal, action, account, region, resource, context */
    size_t use_count;
    const vg_activity_context *contexts;
    size_t context_count;
    uint64_t records;     /* in the time asked for, each event once */
    uint64_t duplicates;  /* of an event that had been seen */
    uint64_t outside;     /* of the time asked for */
    uint64_t by_services; /* calls of AWS services: no policy of a principal was asked */
    uint64_t not_calls;   /* what a service tells of itself (AwsServiceEvent): no policy is asked */
    uint64_t free;        /* calls that ask for no permission */
    uint64_t nameless;    /* whose principal the record does not tell: they are in no use */
    vg_time first, last;  /* of the records; VG_TIME_NONE: none */
    bool data_events;     /* some record was a data event */
    const vg_map *logs;   /* what there is of each account: vg_activity_reaches, vg_activity_has_data */
} vg_activity;
/* Whether the account's records go back to `since` (VG_TIME_NONE: whether there are some), and some are not before it. */
bool vg_activity_reaches(const vg_activity *activity, vg_str account, vg_time since);
/* Whether a record was a data event of a service ("s3") in the account, and they go back to `since`: a trail selects them
 * from a day on. */
bool vg_activity_has_data(const vg_activity *activity, vg_str account, vg_str service, vg_time since);
/* Whether the account has a record of the Region. */
bool vg_activity_has_region(const vg_activity *activity, vg_str account, vg_str region);

typedef struct {
    const vg_event_map *events;
    const vg_catalogue *catalogue;
    vg_str resources; /* text of content/policy/event-resources.yaml; lives as long as the reader */
    vg_str needs;     /* text of content/policy/event-needs.yaml; lives as long as the reader; may be empty */
    const vg_dependents *dependents; /* NULL: none are declared */
    const vg_world *world; /* tells a role by its name and by its instance profile; NULL: neither is known */
    vg_str partition;      /* "aws" */
    vg_time since, until;  /* VG_TIME_NONE: no bound; since inclusive, until exclusive */
} vg_activity_options;

/* Gathers records. Memory is the arena's and grows with distinct uses, and by 16 bytes an event. */
typedef struct vg_activity_reader vg_activity_reader;
vg_status vg_activity_open(vg_arena *arena, const vg_activity_options *options, vg_activity_reader **out,
                           vg_error *err);
vg_status vg_activity_add(vg_activity_reader *reader, const vg_trail_record *record, vg_error *err);
vg_status vg_activity_finish(vg_activity_reader *reader, vg_activity *out, vg_error *err);

/* Whether a resource of the ARN is of a type that the action takes; of an action that the catalogue does not know, any is. */
bool vg_activity_fits(const vg_catalogue *catalogue, vg_str action, vg_str arn);
/* The principal of a use in a world: by its ARN, else, of a role whose path the record did not tell, by account and name.
 * NULL when the world does not know it. */
const vg_world_principal *vg_activity_principal(const vg_world *world, const vg_activity_use *use);
/* The condition keys that a use tells: aws:RequestedRegion, SourceIp, SourceVpce, MultiFactorAuthPresent, ViaAWSService,
 * CalledVia..., SourceIdentity, SecureTransport, iam:PassedToService; of a federated-user session PrincipalArn and PrincipalType.
 * At most VG_ACTIVITY_KEYS; what `entries` point to lives in `values`. */
enum { VG_ACTIVITY_KEYS = 13 };
size_t vg_activity_context_of(const vg_activity *activity, const vg_activity_use *use,
                              vg_context_entry *entries, vg_str *values);

/* ---- simulation: what a policy of the organisation would have made of it ------------------------------------------------ */

typedef struct {
    const vg_policy *policy; /* of kind SCP or RCP */
    vg_str target;   /* id of a root, OU or account to which it is attached; empty: it binds every account */
    vg_str replaces; /* name or id of the policy whose place it takes; empty: it is added. Needs a world */
    const vg_str *rcp_services; /* prefixes of services that RCPs bind; NULL: all */
    size_t rcp_service_count;
} vg_simulation_question;

/* Calls of one principal and action that fare alike, for the same reason. */
typedef struct {
    vg_would would;
    vg_str principal, action;
    const vg_policy *policy; /* whose statement decides; NULL: no level's Allow takes the action in */
    uint32_t statement;      /* index in its document */
    vg_str missing; /* of UNRESOLVED: the condition key that the record does not tell, or "the resource" */
    uint64_t calls;
    vg_time last;
    vg_str account, region, resource; /* of one of them */
} vg_simulated;

typedef struct {
    const vg_simulated
        *rows; /* REFUSE and UNRESOLVED alone: refused first, then by principal, then by calls */
    size_t row_count;
    uint64_t passed, refused, unresolved; /* calls that had been allowed */
    uint64_t
        not_bound; /* calls that the policy does not bind: other accounts, the management account, service-linked
                                roles */
    uint64_t already_denied; /* calls that were refused without it */
} vg_simulation;

/* Tells what an added or changed policy would have refused. `world` may be NULL: then every account is bound. Memory is the
 * arena's. VG_ERR_NOT_FOUND: no account is under the target; VG_ERR_USAGE: `replaces` names no policy that binds there. */
vg_status vg_simulate(vg_arena *arena, const vg_world *world, const vg_activity *activity,
                      const vg_simulation_question *question, vg_simulation *out, vg_error *err);

/* ---- least privilege: what was used of what is granted -------------------------------------------------------------------- */

/* A statement of a generated policy. */
typedef struct {
    const vg_statement *
        from; /* the statement that allows these calls today, whose conditions are kept; NULL: none is known */
    const vg_policy_document *from_policy;
    const vg_str *actions; /* in byte order, each once */
    size_t action_count;
    const vg_str *
        resources; /* ARNs in byte order; "*" alone where actions take none; where records told none, those of `from` */
    size_t resource_count;
    bool not_resource; /* they are those that it does not take in, as in `from` */
    bool dependency;   /* actions that calls of other actions needed, or are declared to need */
} vg_generated_statement;

typedef struct {
    const vg_generated_statement *statements;
    size_t statement_count;
    vg_str text;     /* the policy, as JSON with two spaces; of version 2012-10-17 */
    size_t minified; /* bytes without white space, as quotas count */
    uint64_t calls;  /* allowed calls that it is made from */
    const vg_str
        *unproven; /* "action resource" of calls that it does not allow for certain (vg_generate's check) */
    size_t unproven_count;
    const vg_str *unchecked; /* sentences: what could not be told of a call, and what was done about it */
    size_t unchecked_count;
    const vg_str
        *ungranted; /* sentences: what a call needed and today's policies do not allow: it is left out */
    size_t ungranted_count;
    const vg_str
        *left_out; /* sentences: what is declared as needed, leaves no trace, and no record says on what */
    size_t left_out_count;
    uint64_t failed; /* calls whose errors do not tell whether they were allowed; they are left out */
    const vg_str
        *guessed; /* actions that the catalogue does not know, or of which the event does not tell which */
    size_t guessed_count;
} vg_generated;

typedef struct {
    const vg_world *world;
    const vg_activity *activity;
    const vg_world_principal *principal;
    const vg_event_map *events;
    const vg_dependents *dependents; /* NULL: none are declared */
    const vg_policy_document
        *instead; /* the check is of this policy, not of the one that is made; NULL: of that */
} vg_generate_question;

/* The smallest policy, statement by statement of today's, that allows what the principal was seen to do: no action outside
 * the activity and what calls need beside their own action (where the principal has it today), the resources that were
 * recorded, else those of the statements that allowed, whose conditions are kept. Of what is declared as needed
 * (vg_dependents) only that is taken over which the activity could not show, on a resource that it recorded. Every call,
 * and every role that one passed, is then decided again with the new policy in the place of the old ones: what is not
 * allowed for certain, though it was before, is `unproven`. VG_ERR_NOT_FOUND: the activity shows no allowed call of the
 * principal. */
vg_status vg_generate(vg_arena *arena, const vg_generate_question *asked, vg_generated *out, vg_error *err);

/* What IAM says that a principal last used, by service and by the actions that it tracks. VG_TIME_NONE: not in the 400 days
 * before `as_of`. */
typedef struct {
    vg_str action; /* "ListBucket" */
    vg_time last;
} vg_last_used_action;
typedef struct {
    vg_str service; /* "s3" */
    vg_time last;
    const vg_last_used_action *actions;
    size_t action_count;
} vg_last_used_service;
typedef struct {
    vg_str principal; /* ARN */
    vg_time as_of;    /* when IAM made the report */
    const vg_last_used_service *services;
    size_t service_count;
} vg_last_used;
enum { VG_LAST_USED_DAYS = 400 }; /* IAM keeps no more */
/* The report in the properties of a Vigil::IAM::LastAccessed; as_of is VG_TIME_NONE where it was not completed. */
vg_status vg_last_used_of(vg_arena *arena, vg_str principal, const vg_value *properties, vg_last_used *out,
                          vg_error *err);
/* The completed reports of evidence (iam:GetServiceLastAccessedDetails), as known at `at`. Memory is the arena's. */
vg_status vg_last_used_read(vg_evidence *evidence, vg_arena *arena, vg_time at, const vg_last_used **out,
                            size_t *count, vg_error *err);

/* What is known of use. */
typedef struct {
    const vg_activity *activity; /* of logs; empty where there are none */
    /* The logs go back to `since`. Of an account that they tell of, what they do not show was not done. */
    bool logs_reach;
    const vg_last_used *reports; /* in any order, at most one a principal counts */
    size_t report_count;
    vg_time since; /* what was used before is not used; VG_TIME_NONE: whenever */
} vg_use_evidence;

/* What one principal may do in one service, and did. */
typedef struct {
    uint32_t principal; /* index in the world */
    vg_str service;     /* prefix: "s3" */
    size_t granted;     /* actions that its policies allow, somewhere or under some condition */
    size_t used;
    size_t
        untraceable; /* of the rest, those that nothing could show: no event, a data event that no trail selects, an action
                        that IAM does not track in a service that was used */
    const vg_str *unused; /* the others, by name */
    size_t unused_count;
    bool active;  /* the service was used, though perhaps none of the actions that are known to be */
    vg_time last; /* of the service; VG_TIME_NONE: not known to have been used, ever */
} vg_unused_row;

typedef struct {
    const vg_unused_row *rows; /* those with unused actions; by principal, then service */
    size_t row_count;
    const uint32_t *idle; /* principals with permissions and without any use */
    size_t idle_count;
    const uint32_t *unknown; /* of which there is no report, nor logs that reach */
    size_t unknown_count;
} vg_unused;

/* Compares what these principals are granted with what they did. What nothing could show is never called unused. A report
 * that is older than `since` says nothing, and none says that what is not in it was not used for longer than
 * VG_LAST_USED_DAYS. `principals` are indexes in the world. */
vg_status vg_find_unused(vg_arena *arena, const vg_world *world, const vg_use_evidence *evidence,
                         const vg_event_map *events, const uint32_t *principals, size_t count, vg_unused *out,
                         vg_error *err);
/* Whether a report says what was not used since then. */
bool vg_last_used_covers(const vg_last_used *report, vg_time since);

#endif
