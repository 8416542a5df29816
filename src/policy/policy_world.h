/* policy_world.h: everything that is attached to anything, as the policy engine is asked over it (a part of policy.h).
 *
 * A world is a closed picture of accounts, principals and resources with their policies compiled, in plain structs that
 * whoever asks may walk. It knows nothing of where it came from: access/ reads it from evidence, tests build it by hand.
 *
 *     accounts     111122223333 ──► SCP levels, RCP levels (arrays shared by the accounts of one OU)
 *     principals   arn:...:user/alice ──► identity layer (own, attached and groups' policies), boundary, tags
 *     resources    arn:...:bucket     ──► resource policy, tags, S3 settings; a role is one too, by its trust policy
 *
 * A question takes three steps, none of which allocates:
 *
 *     vg_world_caller caller = vg_world_caller_of(world, VG_STR("arn:aws:iam::111122223333:user/alice"));
 *     vg_world_target target = vg_world_target_of(world, VG_STR("arn:aws:s3:::books/2026.pdf"));
 *     vg_world_layers(world, &caller, &target, &layers);
 *     vg_world_request(world, &caller, &target, VG_STR("s3:GetObject"), NULL, 0, &scratch, &request);
 *     vg_decision decision = vg_policy_decide(&request, &layers);
 *
 * Requests are open: what evidence tells of caller and resource is derived, every other condition key is unknown. What
 * was not collected is a layer of state UNKNOWN, never an empty one. A finished world is immutable; any number of threads
 * may ask it. */
#ifndef VIGIL_POLICY_WORLD_H
#define VIGIL_POLICY_WORLD_H

#include "policy/policy.h"

#define VG_WORLD_NONE UINT32_MAX /* in place of an index: there is none */

typedef struct {
    vg_str key, value;
} vg_world_tag;

typedef struct {
    vg_str id; /* 12 digits */
    vg_str name;
    vg_str
        org_path; /* value of aws:PrincipalOrgPaths: "o-x/r-x/ou-x/"; empty: unknown, or in no organisation */
    bool in_organization;
    bool standalone; /* known to be in no organisation: no SCP or RCP exists */
    bool is_management;
    const vg_layer *scps; /* root first, account last; shared with the accounts of the same OU where equal */
    size_t scp_count;     /* where nothing was collected: one level of state UNKNOWN */
    const vg_layer *rcps;
    size_t rcp_count;
    uint32_t first_principal, principal_count; /* its principals are one range; filled by finish */
} vg_world_account;

/* A user, role or root user. */
typedef struct {
    vg_str arn;
    vg_str name;      /* without path; "root" for a root user */
    vg_str path;      /* "/", "/service-role/" */
    vg_str unique_id; /* AIDA..., AROA...; empty: unknown */
    vg_str account_id;
    uint32_t account;    /* index; filled by finish */
    vg_caller caller;    /* of `arn`: kind USER, ROLE or ROOT; filled by finish */
    vg_layer identity;   /* of a root user: KNOWN without policies (the engine lets it do what it may) */
    vg_str missing;      /* what is attached and was not collected, in words: \"SecurityAudit, group ops\" */
    vg_layer boundary;   /* NONE where there is none */
    vg_str boundary_arn; /* of the policy that is it; empty: none, or unknown */
    vg_layer trust;      /* of a role; also the policy of the resource of the same ARN */
    const vg_world_tag *tags;
    size_t tag_count;
    bool tags_unknown;
    bool
        session_tags; /* of a role: its trust lets sessions bring tags, which override its own; filled by finish */
    bool service_linked;  /* filled by finish */
    uint32_t max_session; /* seconds; 0: unknown */
    uint32_t
        identity_set; /* the same for principals whose identity layers hold the same policies; filled by finish */
    const vg_str *groups; /* ARNs, of a user */
    size_t group_count;
    vg_str origin;         /* file and place, for people */
    const vg_str *managed; /* ARNs of managed policies that are attached, its groups' among them */
    size_t managed_count;
} vg_world_principal;

/* A group, whose policies stand in its members' identity layers. */
typedef struct {
    vg_str arn, name, account_id;
    vg_layer identity;
    const vg_str *managed; /* ARNs of managed policies that are attached */
    size_t managed_count;
} vg_world_group;

/* A customer-managed policy, attached or not. */
typedef struct {
    vg_str arn, account_id;
    vg_match everything; /* whether it allows every action on every resource */
} vg_world_managed;

typedef struct {
    vg_str arn;
    vg_str type; /* CloudFormation's: "AWS::S3::Bucket" */
    vg_str name;
    vg_str account_id; /* owner; empty: unknown */
    vg_str region;
    uint32_t account; /* index, or VG_WORLD_NONE for an account outside the world; filled by finish */
    vg_layer policy;  /* KNOWN without policies: known to have none */
    bool wide;     /* the policy speaks of all that the service of the ARN holds in the account and Region */
    vg_str unread; /* why the policy is not known; empty: it was not collected */
    vg_str behind; /* of an S3 access point: its bucket's ARN */
    bool vpc_only; /* of an S3 access point: it takes requests from its VPC alone */
    const vg_world_tag *tags;
    size_t tag_count;
    bool tags_unknown;
    bool grants_unknown;  /* of a KMS key: its grants were not collected */
    bool aws_managed;     /* of a KMS key: AWS manages it, no RCP binds */
    bool manager_unknown; /* of a KMS key: whether AWS or the account manages it was not collected */
    const vg_s3_settings
        *s3; /* of a bucket or access point: the strictest that hold for it; NULL for others */
    vg_str origin;
    vg_str runs_as; /* ARN of the role that it runs as; empty: none, or unknown */
} vg_world_resource;

typedef enum { VG_PROVIDER_OIDC, VG_PROVIDER_SAML } vg_provider_kind;
typedef struct {
    vg_str arn;
    vg_provider_kind kind;
    vg_str account_id;
    vg_str url; /* of OIDC, without scheme: "token.actions.githubusercontent.com" */
    const vg_str *client_ids;
    size_t client_id_count;
} vg_world_provider;

typedef struct {
    vg_str arn, name, account_id;
    const vg_str *roles; /* ARNs; at most one in AWS */
    size_t role_count;
} vg_world_instance_profile;

/* What stands in the way of a full answer: a policy that AWS would refuse, one that the export lacks. */
typedef struct {
    vg_str subject; /* what it is about: an ARN or id */
    vg_str message; /* what is missing and what would provide it */
    vg_place place; /* empty when it has none */
    const vg_policy_document
        *refused; /* the policy that AWS would refuse, by the first of its issues; else NULL */
    vg_str text;  /* of a refused policy that is no JSON: its bytes */
} vg_world_problem;

typedef struct vg_world {
    vg_str partition;       /* "aws" */
    vg_str organization_id; /* "o-..."; empty: unknown */
    vg_str management_account;
    const vg_catalogue *catalogue;
    const vg_world_account *accounts; /* ordered by id */
    size_t account_count;
    const vg_world_principal *principals; /* ordered by account, then ARN */
    size_t principal_count;
    const vg_world_resource *resources; /* ordered by ARN */
    size_t resource_count;
    const vg_world_provider *providers; /* ordered by ARN */
    size_t provider_count;
    const vg_world_instance_profile *instance_profiles; /* ordered by ARN */
    size_t instance_profile_count;
    const vg_world_group *groups; /* ordered by ARN */
    size_t group_count;
    const vg_world_managed *managed; /* ordered by ARN */
    size_t managed_count;
    const vg_policy *const *policies; /* every one in use, each once, in the order of first use */
    size_t policy_count;
    const vg_world_problem *problems;
    size_t problem_count;
    uint32_t identity_set_count;
    const struct vg_world_index *index; /* private to policy/ */
} vg_world;

/* ---- finding ------------------------------------------------------------------------------------------------------------- */

/* NULL when there is none. O(1) expected. */
const vg_world_account *vg_world_account_of(const vg_world *world, vg_str id);
/* By ARN of a user, role or root user, by the ARN of a session of a role (which gives the role), by a unique id, or by a
 * bare account id (its root user). */
const vg_world_principal *vg_world_principal_of(const vg_world *world, vg_str text);
const vg_world_resource *vg_world_resource_of(const vg_world *world, vg_str arn); /* that very ARN */
/* A role by account and name, whatever its path. */
const vg_world_principal *vg_world_role_named(const vg_world *world, vg_str account, vg_str name);
const vg_world_provider *vg_world_provider_of(const vg_world *world, vg_str arn);
static inline const vg_world_account *vg_world_account_at(const vg_world *world, uint32_t index)
{
    return index == VG_WORLD_NONE ? NULL : &world->accounts[index];
}
/* The account whose canonical user that is; empty: unknown. */
vg_str vg_world_canonical_owner(const vg_world *world, vg_str id);
/* Whether a resource of this ARN can have a policy of its own, by the patterns that the world was built with; without any,
 * every ARN can. "*" can not. Linear in the patterns. */
bool vg_world_takes_policy(const vg_world *world, vg_str arn);

/* ---- asking --------------------------------------------------------------------------------------------------------------- */

/* Who asks: known to the world (user, role, session of a role, root), or outside it (then NULL where nothing is known). */
typedef struct {
    vg_caller caller;
    const vg_world_principal *principal;
    const vg_world_account *account;
} vg_world_caller;
vg_world_caller vg_world_caller_of(const vg_world *world, vg_str text);
vg_world_caller vg_world_caller_at(const vg_world *world,
                                   uint32_t principal); /* by index, without a search */

/* What is asked for: `arn` itself, and the resource whose policy, tags and settings count: itself, the bucket of an object,
 * the function of a version. `access_point` when the ARN goes through one; `resource` is then the bucket behind it. */
typedef struct {
    vg_str arn; /* or "*", or a pattern */
    const vg_world_resource *resource;
    const vg_world_resource *access_point;
    vg_str account_id; /* owner; empty: unknown (the engine then takes the caller's) */
    const vg_world_account *account;
    bool is_exact; /* `resource` is what `arn` names, not what it is a part of */
} vg_world_target;
vg_world_target vg_world_target_of(const vg_world *world, vg_str arn);

/* The layers that decide. What is not in the world and could be there is UNKNOWN; a resource that is not in the world, of
 * a type that takes a policy, has an UNKNOWN one, and so has a pattern of such ARNs; "*" asks of the caller's side alone
 * and has none. */
void vg_world_layers(const vg_world *world, const vg_world_caller *caller, const vg_world_target *target,
                     vg_layers *out);

/* Room for what vg_world_request derives; reused from request to request. Context beyond it stays unknown. */
#define VG_WORLD_CONTEXT_MAX 160
typedef struct {
    vg_context_entry entries[VG_WORLD_CONTEXT_MAX];
    size_t count;
    vg_caller caller;
    vg_str resource_account;
} vg_world_scratch;
/* An open request with the context that the world tells of caller and target: aws:PrincipalArn, PrincipalAccount,
 * PrincipalOrgID, PrincipalOrgPaths, PrincipalType, PrincipalIsAWSService, PrincipalServiceName, PrincipalTag/...,
 * aws:username of a user alone, ResourceAccount, ResourceOrgID, ResourceOrgPaths, ResourceTag/... (also the service's own
 * spelling, ec2:ResourceTag/...). A tag that a policy of the world asks for and that is known not to be there is ABSENT.
 * `given` (the user's own context) goes before what is derived. *out borrows scratch, given and world. */
void vg_world_request(const vg_world *world, const vg_world_caller *caller, const vg_world_target *target,
                      vg_str action, const vg_context_entry *given, size_t given_count,
                      vg_world_scratch *scratch, vg_request *out);
/* The three steps in one. */
vg_decision vg_world_decide(const vg_world *world, const vg_world_caller *caller, vg_str action,
                            vg_str resource, vg_world_scratch *scratch);

/* ---- building --------------------------------------------------------------------------------------------------------------- */

/* Adding copies the struct alone: texts and arrays stay borrowed and must live as long as the world. Order does not
 * matter. All memory is the arena's. */
typedef struct vg_world_builder vg_world_builder;
vg_world_builder *vg_world_builder_new(vg_arena *arena, const vg_catalogue *catalogue); /* NULL: no memory */
void vg_world_builder_partition(vg_world_builder *builder, vg_str partition);
/* Patterns of ARNs that can have a policy of their own: content, from AWS's page "AWS services that work with IAM". */
void vg_world_builder_policy_arns(vg_world_builder *builder, const vg_str *patterns, size_t count);
/* Prefixes of the services that RCPs support; without this call they bind every service. */
void vg_world_builder_rcp_services(vg_world_builder *builder, const vg_str *services, size_t count);
void vg_world_builder_organization(vg_world_builder *builder, vg_str id, vg_str management_account);
vg_status vg_world_add_account(vg_world_builder *builder, const vg_world_account *account, vg_error *err);
vg_status vg_world_add_principal(vg_world_builder *builder, const vg_world_principal *principal,
                                 vg_error *err);
vg_status vg_world_add_resource(vg_world_builder *builder, const vg_world_resource *resource, vg_error *err);
vg_status vg_world_add_provider(vg_world_builder *builder, const vg_world_provider *provider, vg_error *err);
vg_status vg_world_add_instance_profile(vg_world_builder *builder, const vg_world_instance_profile *profile,
                                        vg_error *err);
vg_status vg_world_add_group(vg_world_builder *builder, const vg_world_group *group, vg_error *err);
/* The policy is read for this alone: one that AWS would refuse is added as one that allows not everything. */
vg_status vg_world_add_managed(vg_world_builder *builder, vg_str arn, vg_str account_id, const vg_doc *doc,
                               const vg_value *root, vg_error *err);
/* That the canonical user of S3 is this account's. */
vg_status vg_world_add_canonical(vg_world_builder *builder, vg_str id, vg_str account, vg_error *err);
vg_status vg_world_add_problem(vg_world_builder *builder, const vg_world_problem *problem, vg_error *err);
/* Says which record of an export the text of a refused policy came from, which the text cannot tell: for the problem that
 * vg_world_policy_text has just added for these very bytes, if it did. */
void vg_world_place_problem(vg_world_builder *builder, vg_str text, vg_place record);
/* Reads and compiles a policy, once for each key: the same `key` (an ARN or id; empty: never shared) gives the same
 * policy again, whatever the text. *out is NULL for a document that AWS would refuse, which adds a problem; its layer is
 * then UNKNOWN. The document of the second form must live as long as the world. */
vg_status vg_world_policy_text(vg_world_builder *builder, vg_str key, vg_policy_kind kind, vg_str name,
                               vg_str text, const vg_policy **out, vg_error *err);
vg_status vg_world_policy_value(vg_world_builder *builder, vg_str key, vg_policy_kind kind, vg_str name,
                                const vg_doc *doc, const vg_value *root, const vg_policy **out,
                                vg_error *err);
/* A layer of these policies, without the NULLs among them: UNKNOWN if there is one, else KNOWN. The array is copied; the
 * same policies in the same order give the same array again. */
vg_status vg_world_layer(vg_world_builder *builder, const vg_policy *const *policies, size_t count,
                         vg_str name, vg_layer *out, vg_error *err);
/* Orders, indexes, fills what is derived: accounts of principals and resources that nobody added (in no organisation that
 * is known, SCPs UNKNOWN), root users, roles as resources. Two principals, resources or accounts of one ARN or id are
 * VG_ERR_VALUE. The builder is spent. */
vg_status vg_world_finish(vg_world_builder *builder, const vg_world **out, vg_error *err);

/* ---- the matrix of principals and actions ----------------------------------------------------------------------------------- */

/* Where a principal may call an action, by its own side (identity, boundary, SCPs of its account), over resources of its
 * account; resource policies are not looked at. */
typedef enum {
    VG_CELL_NONE, /* nowhere, whatever the context */
    VG_CELL_CONDITIONAL, /* only if something holds that is not known: a condition, or policies that were not collected */
    VG_CELL_SOME, /* on some resources, whatever the context */
    VG_CELL_ALL   /* on all resources that the action takes, whatever the context */
} vg_cell;
const char *vg_cell_name(vg_cell cell); /* "none", "conditional", "some", "all" */

typedef struct vg_matrix vg_matrix;
/* Decides every cell. Principals that share everything that decides share a row. Memory is the arena's: about 10 KB a
 * distinct row. */
vg_status vg_matrix_build(vg_arena *arena, const vg_world *world, const vg_matrix **out, vg_error *err);
/* The same for these principals alone, in the order given: cell i is that of principals[i]. `assume_collected`: layers that
 * are UNKNOWN are taken as if what they hold were all, and boundaries and levels of SCPs of which nothing is known bind
 * nobody. */
vg_status vg_matrix_build_for(vg_arena *arena, const vg_world *world, const uint32_t *principals,
                              size_t count, bool assume_collected, const vg_matrix **out, vg_error *err);
vg_cell vg_matrix_cell(const vg_matrix *matrix, size_t principal, uint32_t action);
/* The actions of a principal's row whose cell is `cell` (not NONE), borrowed. */
vg_action_set vg_matrix_actions(const vg_matrix *matrix, size_t principal, vg_cell cell);
size_t vg_matrix_row_count(const vg_matrix *matrix); /* distinct rows */

#endif
