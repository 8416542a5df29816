/* exposure_part.h: the parts of exposure: strangers, and the context that they can bring (private to policy/). */
#ifndef VIGIL_POLICY_EXPOSURE_PART_H
#define VIGIL_POLICY_EXPOSURE_PART_H

#include "policy/policy_exposure.h"

#define STRANGER_ACCOUNT "999999999999"

/* An identity provider that many customers share (content/policy/federation.yaml). */
typedef struct vg_shared_provider {
    vg_str url, sub, aud;
    bool any_aud;
} vg_shared_provider;

enum { VG_WITNESS_KEYS = 64 };

/* A context in the making. Keys that a caller cannot choose are `pinned`: conditions cannot change them. */
typedef struct {
    vg_context_entry entries[VG_WITNESS_KEYS];
    vg_str values[VG_WITNESS_KEYS];
    bool pinned[VG_WITNESS_KEYS];
    size_t count;
    vg_str provider; /* prefix of a provider's keys: "token.actions.githubusercontent.com"; empty: none */
    const struct vg_shared_provider
        *shared;    /* whose claims a stranger has; NULL: the provider is one's own */
    vg_str subject; /* of its token */
} vg_witness_context;

/* Who asks, with whose account. */
typedef struct {
    vg_reach reach;
    vg_str caller; /* text of the caller */
    vg_str account, organization, org_path;
    vg_str source_account;                               /* for services: on whose behalf, */
    vg_str source_arn, source_organization, source_path; /* and for what; empty: a stranger's */
    vg_str vpc, vpce;                                    /* through which; empty: none */
    vg_str subject;                                      /* of its token; empty: the provider's `sub` */
    const vg_shared_provider *provider;
    bool is_named; /* the policy names this very caller, who then knows what it was told (sts:ExternalId) */
    bool is_own_provider; /* an identity provider that the account itself set up */
} vg_stranger;

/* The stranger, made to fit what the statement's conditions ask for with wildcards, as far as anybody can (exposure_fit.c). Made
 * texts are in `arena`. */
vg_stranger vg_stranger_fitting(vg_arena *arena, const vg_stranger *stranger, const vg_statement *allow);
/* What such a caller brings to any request about the resource. */
void vg_witness_begin(vg_witness_context *c, const vg_stranger *stranger, const vg_world *world,
                      vg_str region, vg_str resource_account, vg_str now_text);
/* The request goes through this S3 access point, from the internet. */
void vg_witness_through(vg_witness_context *c, vg_str access_point, vg_str account);
/* Chooses the keys that are free so that the statement's conditions hold where they can. `arena` keeps made texts. */
void vg_witness_satisfy(vg_witness_context *c, vg_arena *arena, const vg_statement *allow);
/* Chooses keys that are still free so that a Deny's conditions do not hold. */
void vg_witness_avoid(vg_witness_context *c, vg_arena *arena, const vg_statement *deny);
/* A text that a pattern matches: "arn:aws:s3:::b/ *" without the blank gives "arn:aws:s3:::b/x". */
vg_str vg_text_matching(vg_arena *arena, vg_str pattern);

#endif
