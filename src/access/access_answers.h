/* access_answers.h: what services answered about single resources; private to access/. */
#ifndef VIGIL_ACCESS_ANSWERS_H
#define VIGIL_ACCESS_ANSWERS_H

#include "access/access_part.h"

/* By the resource's ARN, the item of each kind of answer. */
typedef struct {
    vg_map *policies;      /* Vigil::Resource::Policy */
    vg_map *blocks;        /* Vigil::S3::PublicAccessBlock */
    vg_map *ownership;     /* Vigil::S3::OwnershipControls */
    vg_map *acls;          /* Vigil::S3::BucketAcl */
    vg_map *grants;        /* Vigil::KMS::Grants */
    vg_map *keys;          /* Vigil::KMS::Key */
    const vg_map *aliased; /* ARNs of keys to the alias alias/aws/... that AWS gave them */
} vg_access_answers;

vg_status vg_access_answers_of(const vg_access_reader *reader, vg_access_answers *out, vg_error *err);
const vg_access_item *vg_access_answer(const vg_map *answers, vg_str arn); /* NULL: nobody asked */
/* Whether the service answered that there is none. */
bool vg_access_answered_none(const vg_access_item *answer);
/* The grants of a bucket's ACL, to everyone, to any account, and to the owner's. */
vg_status vg_access_acl_grants(const vg_access_reader *reader, const vg_access_item *acl,
                               vg_s3_settings *settings, vg_error *err);

/* The grants of a KMS key as a policy: who may do what by them, on their encryption context. What a grant lets a principal of
 * another account do without any policy of its own, a policy does not tell. *out is NULL when there are none. */
vg_status vg_access_grants_policy(vg_access_reader *reader, const vg_access_item *grants,
                                  const vg_policy **out, vg_error *err);

#endif
