/* access.h: the bridge from evidence to the policy engine: everything that may decide who can do what, as a vg_world.
 *
 * Evidence says what an export said, an account, a role, a bucket at a time; the engine asks about layers. This room puts
 * the one together from the other, and is careful with what is not there:
 *
 *   - A policy that is attached and that no export holds, and one that AWS would refuse, make their layer UNKNOWN.
 *   - A level of the organisation whose attached policies were not read in full is UNKNOWN; where policies of the type are
 *     switched off, there are no levels.
 *   - A resource of a type that can have a policy, of which no evidence says that it has none, has an UNKNOWN one.
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

/* The name for people of a principal or resource: what its ARN says behind the account, and the account:
 * "role/ci@123456789012", "root@123456789012"; other ARNs, services and "*" as they are. */
vg_str vg_access_short_name(vg_arena *arena, vg_str arn);

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
    bool mfa_known, mfa;
} vg_activity_context;

/* Calls that share everything below. */
typedef struct {
    vg_str principal;         /* ARN of a user, role (with its path where the record has it) or root user */
    vg_str principal_account; /* 12 digits */
    vg_str action;            /* "s3:GetObject" */
    vg_str resource;          /* ARN; empty: the record does not tell */
    vg_str account, region;   /* the resource's account; "" where not told */
    uint32_t context;         /* index of vg_activity.contexts */
    vg_event_answer answer; /* how the action is known; ANY_OF: one of several, each with a use of its own */
    uint64_t allowed, denied;
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
    uint64_t by_services; /* AWS services: no policy of a principal was asked */
    uint64_t free;        /* calls that ask for no permission */
    uint64_t nameless;    /* whose principal the record does not tell: they are in no use */
    vg_time first, last;  /* of the records; VG_TIME_NONE: none */
    bool data_events;     /* some record was a data event */
} vg_activity;

typedef struct {
    const vg_event_map *events;
    const vg_catalogue *catalogue;
    vg_str resources;     /* text of content/policy/event-resources.yaml; lives as long as the reader */
    vg_str partition;     /* "aws" */
    vg_time since, until; /* VG_TIME_NONE: no bound; since inclusive, until exclusive */
} vg_activity_options;

/* Gathers records. Memory is the arena's and grows with distinct uses, and by 16 bytes an event. */
typedef struct vg_activity_reader vg_activity_reader;
vg_status vg_activity_open(vg_arena *arena, const vg_activity_options *options, vg_activity_reader **out,
                           vg_error *err);
vg_status vg_activity_add(vg_activity_reader *reader, const vg_trail_record *record, vg_error *err);
vg_status vg_activity_finish(vg_activity_reader *reader, vg_activity *out, vg_error *err);

/* The condition keys that a use tells: aws:RequestedRegion, SourceIp, SourceVpce, MultiFactorAuthPresent, ViaAWSService,
 * CalledVia..., SourceIdentity, SecureTransport. At most VG_ACTIVITY_KEYS; what `entries` point to lives in `values`. */
enum { VG_ACTIVITY_KEYS = 10 };
size_t vg_activity_context_of(const vg_activity *activity, const vg_activity_use *use,
                              vg_context_entry *entries, vg_str *values);

#endif
