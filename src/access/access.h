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

#endif
