/* world_part.h: how a world is looked up; private to policy/. */
#ifndef VIGIL_POLICY_WORLD_PART_H
#define VIGIL_POLICY_WORLD_PART_H

#include "policy/policy.h"

/* A tag that some policy asks for: the condition key as first written, and the tag's own key in it. */
typedef struct {
    vg_str key;     /* "aws:PrincipalTag/Team", "ec2:ResourceTag/Team" */
    vg_str service; /* "aws", "ec2" */
    vg_str tag;     /* "Team" */
    bool of_principal;
} vg_world_tag_key;

struct vg_world_index {
    const vg_map *accounts;   /* id to index + 1, as in all of these */
    const vg_map *principals; /* ARN, unique id */
    const vg_map *roles;      /* "ACCOUNT/NAME" */
    const vg_map *resources;
    const vg_map *providers;
    vg_map *canonical; /* canonical user of S3 to its account's id (const vg_str *) */
    const vg_world_tag_key *tag_keys;
    size_t tag_key_count;
    const vg_str *policy_arns;
    size_t policy_arn_count;
    const vg_str *rcp_services; /* NULL: all */
    size_t rcp_service_count;
};

/* "ACCOUNT/NAME", as `roles` has it. Empty when it does not fit: there is no such role. */
#define VG_ROLE_KEY_SIZE 160
vg_str vg_world_role_key(vg_str account, vg_str name, char out[VG_ROLE_KEY_SIZE]);
/* The condition keys of tags that these policies name, in conditions and variables, each once. */
vg_status vg_world_tag_keys(vg_arena *arena, const vg_policy *const *policies, size_t count, vg_vec *out,
                            vg_error *err);

#endif
