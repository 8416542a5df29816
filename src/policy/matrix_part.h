/* matrix_part.h: policies as sets of actions, for the matrix; private to policy/.
 *
 * Each statement becomes a grant: the set of actions of which it speaks on every resource (`all`), and the set of those of
 * which it speaks on some (`some`), both over the catalogue's ids. The sets are sparse: runs of words.
 *
 *     Allow s3:Get* on arn:aws:s3:::books/x    all: {}                        some: {GetObject, GetObjectTagging, ...}
 *     Allow s3:*    on arn:aws:s3:::*          all: {those of buckets, objects}  some: {those of access points as well}
 *     Deny  *       on NotResource books/x     all: {what takes no object}       some: {what takes one} */
#ifndef VIGIL_POLICY_MATRIX_PART_H
#define VIGIL_POLICY_MATRIX_PART_H

#include "policy/policy_part.h"

/* Words base .. base + count of a set of actions. */
typedef struct {
    uint32_t base, count;
    const uint64_t *words;
} vg_run;
typedef struct {
    const vg_run *runs;
    uint32_t count;
} vg_sparse;

/* A pattern of a grant's resources, cut for comparing with others; variables stand as '*'. */
typedef struct {
    vg_arn_cut cut;
    vg_sparse actions; /* of the grant, those that take a resource which it can match */
} vg_grant_pattern;

typedef struct {
    const vg_rule *rule;
    bool deny;
    bool others;    /* NotResource: everything but the patterns */
    bool depends;   /* whether it holds depends on who calls */
    vg_match holds; /* unless it depends: its conditions, without knowing anything */
    uint32_t index; /* of all grants of the matrix */
    vg_sparse all;  /* on every resource */
    vg_sparse own;  /* on every resource of account `own_account` */
    vg_str own_account;
    vg_sparse some; /* on some resources, `own` among them, `all` not */
    const vg_grant_pattern *patterns;
    uint32_t pattern_count;
    const vg_resource_pattern *variable; /* its one pattern, when that holds variables */
} vg_grant;

typedef struct {
    const vg_grant *grants;
    uint32_t count;
    uint32_t depends_count; /* of grants that depend on who calls */
    bool has_own;
} vg_grants;

/* What compiling grants needs, kept between policies. */
typedef struct vg_grant_compiler vg_grant_compiler;
vg_grant_compiler *vg_grant_compiler_new(vg_arena *arena, const vg_catalogue *catalogue, vg_str partition);
vg_status vg_grants_of(vg_grant_compiler *compiler, const vg_policy *policy, vg_grants *out, vg_error *err);
uint32_t vg_grant_count(const vg_grant_compiler *compiler);
const uint64_t *vg_wildcard_only_actions(const vg_grant_compiler *compiler);

/* Whether some ARN matches both, and whether one matches all that the other does; steps as of vg_glob. */
vg_match vg_cuts_overlap(const vg_arn_cut *a, const vg_arn_cut *b, uint64_t *steps);
vg_match vg_cut_covers(const vg_arn_cut *a, const vg_arn_cut *b, uint64_t *steps);

#endif
