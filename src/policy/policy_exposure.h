/* policy_exposure.h: what can be reached from outside (a part of policy.h).
 *
 * Every resource policy and role trust is asked, with witnesses: requests that a stranger could make. Who can be:
 *
 *     anyone        no credentials at all, or those of any AWS account: AWS's definition of public
 *     provider      anyone with an account at an identity provider that many share (GitHub, GitLab, Google, ...), or an
 *                   unauthenticated identity of a Cognito pool
 *     service       an AWS service that acts for anyone (the confused deputy)
 *     external      accounts and providers that the policy names and that are not of the organisation
 *     organization  any account of the organisation, or other accounts of it that the policy names
 *
 * A witness's conditions are those that such a caller controls or cannot help: it may tag its own principals, choose
 * parameters and user agent, but has its own account, organisation, VPC and address. What a witness was Allowed is exposed;
 * the engine decided it, and the witness can be asked again. What would be but for resource control policies or settings of
 * Block Public Access that nobody collected is not exposed for certain: it is told apart, and its witness is allowed if
 * they forbid nothing. So is what hangs on a tag of the resource that evidence does not tell. A bucket's access control list lets in as a policy does, by its groups AllUsers and
 * AuthenticatedUsers; those of objects are not looked at. */
#ifndef VIGIL_POLICY_EXPOSURE_H
#define VIGIL_POLICY_EXPOSURE_H

#include "policy/policy.h"

struct vg_world; /* policy_world.h */

typedef enum {
    VG_REACH_ANYONE,
    VG_REACH_PROVIDER,
    VG_REACH_SERVICE,
    VG_REACH_EXTERNAL,
    VG_REACH_ORGANIZATION
} vg_reach;
const char *vg_reach_name(vg_reach reach); /* "anyone", "provider", ... */

/* A request that was decided Allowed. */
typedef struct {
    vg_str caller; /* ARN, service, provider, or "*" without credentials */
    vg_str action, resource;
    vg_str of; /* ARN of the resource whose policy decides: `resource` itself, what holds it, a registry */
    const vg_context_entry *context; /* the whole closed context */
    size_t context_count;
} vg_witness;

/* One resource, reached by one kind of caller. */
typedef struct {
    vg_reach reach;
    vg_str resource; /* ARN */
    vg_str type;     /* CloudFormation's: "AWS::S3::Bucket", "AWS::IAM::Role" */
    vg_str account;
    vg_str who; /* the Principal as written: "*", "444455556666", "ec2.amazonaws.com"; "AllUsers" of an ACL;
                   "s3.amazonaws.com for 444455556666" where a condition names for whom a service acts */
    const vg_policy *policy; /* the statement that lets it in; NULL: an access control list does */
    uint32_t statement;
    unsigned levels;       /* bit i: some action of vg_access_level i was Allowed */
    const vg_str *actions; /* that were asked and Allowed; each once */
    size_t action_count;
    vg_witness witness; /* of the most severe action */
    vg_severity severity;
    bool
        any_audience; /* of a shared provider: the right subject is asked for, and its token may be for any audience */
    vg_str
        hangs_on; /* a key on which evidence tells nothing, and that lets in if it is as the witness has it: a tag of
                        the resource, one that the catalogue lacks; empty: none */
    bool unless_rcp;   /* resource control policies were not collected: one of them may forbid it */
    bool unless_block; /* S3's Block Public Access was not collected in full: it may forbid it */
} vg_exposure;

/* Whether nothing that is not known could forbid it. */
static inline bool vg_exposure_is_certain(const vg_exposure *exposure)
{
    return !exposure->unless_rcp && !exposure->unless_block && !exposure->hangs_on.len;
}

/* A resource of which it is not known, or not for certain. */
typedef struct {
    vg_str resource, type, account;
    vg_str why; /* "its policy was not collected", "who can reach it depends on aws:PrincipalTag/x" */
} vg_exposure_unknown;

typedef struct {
    const vg_exposure *exposures; /* by severity, then reach, resource, who */
    size_t exposure_count;
    const vg_exposure_unknown *unknowns; /* by resource */
    size_t unknown_count;
    size_t resources; /* asked */
} vg_exposures;

/* Texts of content/policy/: federation.yaml and strangers.yaml. */
typedef struct {
    vg_str federation, strangers;
} vg_exposure_content;

/* `now` is the witnesses' aws:CurrentTime and aws:EpochTime. Memory is the arena's. The world must have a catalogue. */
vg_status vg_world_exposures(vg_arena *arena, const struct vg_world *world,
                             const vg_exposure_content *content, vg_time now, vg_exposures *out,
                             vg_error *err);
/* Decides a witness again, as it was decided. */
vg_status vg_witness_decide(vg_arena *arena, const struct vg_world *world, const vg_witness *witness,
                            vg_decision *out, vg_error *err);

#endif
