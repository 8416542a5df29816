/* policy.h: the AWS policy language: read, compiled, and decided as AWS would decide.
 *
 * A pure library: it takes borrowed memory, keeps nothing, prints nothing. Three steps:
 *
 *     document (JSON tree) ── vg_policy_read ──► vg_policy_document: statements as written, each with its place
 *                          ── vg_policy_compile ──► vg_policy: ready to be asked, immutable, shared by threads
 *     request + layers     ── vg_policy_decide ──► Allowed, ExplicitlyDenied, ImplicitlyDenied or Unknown
 *
 * The parts stand in headers of their own, which this one includes: policy_catalogue.h (services, actions, resource types,
 * condition keys), and those of the questions asked on top of decisions. Rules and their order are those of the IAM User
 * Guide: "IAM JSON policy elements reference" for the language, "Policy evaluation logic" for the layers; where AWS has
 * changed since (SCPs with the full language, resource control policies), docs/reference/policy.md says from when. */
#ifndef VIGIL_POLICY_H
#define VIGIL_POLICY_H

#include "base/base.h"
#include "format/format.h"
#include "model/model.h"
#include "policy/policy_catalogue.h"

/* ---- documents: a policy as it is written ------------------------------------------------------------------------------ */

/* What a document is attached as. It decides which elements it must and must not have. */
typedef enum {
    VG_POLICY_IDENTITY, /* of a user, group or role; managed or inline */
    VG_POLICY_BOUNDARY, /* permissions boundary */
    VG_POLICY_SESSION,  /* given when a session is made */
    VG_POLICY_RESOURCE, /* of a bucket, key, queue, ... */
    VG_POLICY_TRUST,    /* of a role: who may assume it */
    VG_POLICY_ENDPOINT, /* of a VPC endpoint */
    VG_POLICY_SCP,
    VG_POLICY_RCP
} vg_policy_kind;
const char *vg_policy_kind_name(vg_policy_kind kind); /* "identity", "scp" */
bool vg_policy_kind_parse(vg_str text, vg_policy_kind *out);

typedef enum {
    VG_EFFECT_NONE /* missing or invalid: the statement does nothing */,
    VG_EFFECT_ALLOW,
    VG_EFFECT_DENY
} vg_effect;

/* Whom a Principal or NotPrincipal names. */
typedef enum {
    VG_PRINCIPAL_ANYONE,  /* "*", {"AWS": "*"} */
    VG_PRINCIPAL_ACCOUNT, /* "123456789012" or arn:...:root; `account` holds the digits */
    VG_PRINCIPAL_ARN, /* user, role, role session, federated user session; a group, which AWS refuses, matches nobody */
    VG_PRINCIPAL_UNIQUE_ID, /* AIDA..., AROA...: what AWS puts in place of a principal that was deleted */
    VG_PRINCIPAL_SERVICE,   /* "ec2.amazonaws.com" */
    VG_PRINCIPAL_FEDERATED, /* a provider's ARN or "cognito-identity.amazonaws.com", ... */
    VG_PRINCIPAL_CANONICAL_USER,
    VG_PRINCIPAL_INVALID /* matches nobody */
} vg_principal_kind;

typedef struct {
    vg_principal_kind kind;
    vg_str text;    /* as written */
    vg_str account; /* 12 digits for ACCOUNT and ARN; else empty */
    const vg_value *at;
} vg_policy_principal;

typedef enum {
    VG_OP_STRING_EQUALS,
    VG_OP_STRING_NOT_EQUALS,
    VG_OP_STRING_EQUALS_IGNORE_CASE,
    VG_OP_STRING_NOT_EQUALS_IGNORE_CASE,
    VG_OP_STRING_LIKE,
    VG_OP_STRING_NOT_LIKE,
    VG_OP_NUMERIC_EQUALS,
    VG_OP_NUMERIC_NOT_EQUALS,
    VG_OP_NUMERIC_LESS_THAN,
    VG_OP_NUMERIC_LESS_THAN_EQUALS,
    VG_OP_NUMERIC_GREATER_THAN,
    VG_OP_NUMERIC_GREATER_THAN_EQUALS,
    VG_OP_DATE_EQUALS,
    VG_OP_DATE_NOT_EQUALS,
    VG_OP_DATE_LESS_THAN,
    VG_OP_DATE_LESS_THAN_EQUALS,
    VG_OP_DATE_GREATER_THAN,
    VG_OP_DATE_GREATER_THAN_EQUALS,
    VG_OP_BOOL,
    VG_OP_BINARY_EQUALS,
    VG_OP_IP_ADDRESS,
    VG_OP_NOT_IP_ADDRESS,
    VG_OP_ARN_EQUALS,
    VG_OP_ARN_NOT_EQUALS,
    VG_OP_ARN_LIKE,
    VG_OP_ARN_NOT_LIKE,
    VG_OP_NULL,
    VG_OP_INVALID /* no operator of the language: matches nothing */
} vg_operator;
const char *vg_operator_name(vg_operator op); /* "StringEquals" */
bool vg_operator_is_negated(
    vg_operator op); /* StringNotEquals, NotIpAddress, ...: true when no value matches */

typedef enum { VG_QUALIFIER_NONE, VG_QUALIFIER_FOR_ALL_VALUES, VG_QUALIFIER_FOR_ANY_VALUE } vg_qualifier;

/* One key under one operator. All conditions of a statement must hold. */
typedef struct {
    vg_operator op;
    vg_qualifier qualifier;
    bool if_exists;
    vg_str op_text;       /* as written: "ForAnyValue:StringLikeIfExists" */
    vg_str key;           /* as written: "aws:PrincipalTag/Team" */
    const vg_str *values; /* scalars as text: "true", "10"; in the order written */
    size_t value_count;
    const vg_value *op_at, *at; /* the operator's object, and the key's value(s) */
} vg_policy_condition;

typedef struct {
    vg_effect effect;
    vg_str sid;
    bool has_principal, not_principal; /* has_principal also for NotPrincipal */
    bool has_action, not_action;
    bool has_resource, not_resource;
    bool invalid; /* cannot be used as written (issues say why): see vg_policy_read */
    const vg_policy_principal *principals;
    size_t principal_count;
    const vg_str *actions; /* patterns as written */
    size_t action_count;
    const vg_str *resources;
    size_t resource_count;
    const vg_policy_condition *conditions;
    size_t condition_count;
    const vg_value *at; /* the statement's object */
    const vg_value *action_at, *resource_at, *principal_at, *condition_at, *effect_at,
        *sid_at; /* NULL when absent */
} vg_statement;

/* What AWS would refuse. `code` is Access Analyzer's ("INVALID_EFFECT"). */
typedef struct {
    const char *code;
    vg_place place;
    const vg_value *at;
    uint32_t statement; /* index, or UINT32_MAX for the document */
    char message[200];
} vg_policy_issue;

typedef struct {
    vg_policy_kind kind;
    vg_str name;       /* for people: "AdministratorAccess", "inline policy deploy of role/ci" */
    bool version_2012; /* false: 2008-10-17, also when absent: variables are literal text */
    bool has_version;
    vg_str id;
    const vg_statement *statements;
    size_t statement_count;
    const vg_policy_issue *issues; /* in document order */
    size_t issue_count;
    const vg_doc *doc;    /* for places: vg_doc_place(doc, statement->at) */
    const vg_value *root; /* the policy in doc; NULL for bytes that are no JSON */
} vg_policy_document;

/* Reads a policy. Never fails for what is in it (memory alone): what AWS would refuse is in `issues`, and the document
 * then means, as far as it can mean anything: an invalid element matches nothing, an invalid NotAction or NotResource
 * excludes nothing, a statement that lacks an element that its kind needs (Effect, Principal, Action) or has an invalid
 * Effect is skipped (`invalid`). Callers that must refuse what AWS refuses look at issue_count. `doc` and `root` (the
 * policy's own object inside doc: a policy may be part of a larger document) must live as long as the result; all else is
 * the arena's. Linear in the document. */
vg_status vg_policy_read(vg_arena *arena, const vg_doc *doc, const vg_value *root, vg_policy_kind kind,
                         vg_str name, vg_policy_document *out, vg_error *err);
/* The same from bytes: plain JSON, or URL-encoded JSON as IAM's API gives it. Bytes that are no JSON, or too deep, are
 * one issue (JSON_SYNTAX_ERROR) of a document without statements. */
vg_status vg_policy_read_text(vg_arena *arena, vg_str text, vg_policy_kind kind, vg_str name,
                              vg_policy_document *out, vg_error *err);

/* ---- compiled policies ------------------------------------------------------------------------------------------------- */

/* A policy that can be asked, compiled alone: actions as bits over the catalogue with a string path for the rest, resources
 * as exact, prefix or general patterns, conditions with their keys interned. Immutable; keeps `document`. */
typedef struct vg_policy vg_policy;
/* Memory is the arena's. `catalogue` may be NULL (all actions then go the string path). Linear in the document. */
vg_status vg_policy_compile(vg_arena *arena, const vg_policy_document *document,
                            const vg_catalogue *catalogue, const vg_policy **out, vg_error *err);
const vg_policy_document *vg_policy_document_of(const vg_policy *policy);

/* ---- requests ---------------------------------------------------------------------------------------------------------- */

typedef enum {
    VG_CALLER_USER,
    VG_CALLER_ROLE,              /* the role itself: stands for any session of it without session policy */
    VG_CALLER_ROLE_SESSION,      /* arn:...:sts::A:assumed-role/R/S */
    VG_CALLER_FEDERATED_SESSION, /* arn:...:sts::A:federated-user/F */
    VG_CALLER_ROOT,
    VG_CALLER_SERVICE,   /* "ec2.amazonaws.com" */
    VG_CALLER_FEDERATED, /* a provider, as the caller of AssumeRoleWithWebIdentity or WithSAML */
    VG_CALLER_ANONYMOUS,
    VG_CALLER_UNKNOWN /* text that is none of these */
} vg_caller_kind;

/* A caller, from its text; no allocation. "*" and "" are anonymous. */
typedef struct {
    vg_caller_kind kind;
    vg_str text;    /* the ARN, or the service's name */
    vg_str account; /* empty for services, anonymous */
    vg_str name;    /* user name, role name (path excluded), session or federated name; empty for others */
    vg_str role;    /* of a ROLE or ROLE_SESSION: role name without path */
    bool
        service_linked; /* a role of path /aws-service-role/, or a session of a role named AWSServiceRoleFor... */
} vg_caller;
vg_caller vg_caller_of(vg_str text);

/* What is known of one condition key. */
typedef enum {
    VG_CONTEXT_PRESENT, /* with these values */
    VG_CONTEXT_ABSENT,  /* known not to be in the request */
    VG_CONTEXT_UNKNOWN  /* may be absent or have any value */
} vg_context_state;
typedef struct {
    vg_str key; /* any case */
    const vg_str *values;
    uint32_t value_count;
    bool multi; /* given as a list: a bare operator never matches it, not even one of a single item */
    vg_context_state state;
} vg_context_entry;

typedef struct {
    vg_caller caller;
    vg_str action;           /* "s3:GetObject", any case */
    vg_str resource;         /* ARN, "*", or a pattern: an Allow then needs overlap, a Deny cover */
    vg_str resource_account; /* whose it is; empty: taken from the ARN, else the caller's */
    const vg_context_entry *context;
    size_t context_count;
    bool open;                 /* false: a key that is not in `context` is absent; true: it is unknown */
    bool wildcard_only_action; /* the action has no resource types; else the catalogue is asked */
    vg_str session_role_arn; /* of a FEDERATED_SESSION: the ARN of the user that it is of; empty: the user of
                                the session's name, and in an open request any of the account; of a
                                ROLE_SESSION: its role's (its name suffices: one role of an account has it) */
} vg_request;

/* ---- layers ------------------------------------------------------------------------------------------------------------ */

/* What is known of a layer. */
typedef enum {
    VG_LAYER_NONE, /* it does not apply: nothing is attached, so it does not limit (identity, resource: grants nothing) */
    VG_LAYER_KNOWN, /* `policies` are all there is (possibly none: grants nothing) */
    VG_LAYER_UNKNOWN /* not collected, or not all of it: what the policies given allow or deny holds, the rest may be */
} vg_layer_state;
typedef struct {
    vg_layer_state state;
    const vg_policy *const *policies;
    size_t count;
    vg_str name; /* for people: an OU's or account's name or id; may be empty */
} vg_layer;

/* What an access control list grants: bits of `permissions`. FULL_CONTROL is all four. */
enum { VG_S3_READ = 1u << 0, VG_S3_WRITE = 1u << 1, VG_S3_READ_ACP = 1u << 2, VG_S3_WRITE_ACP = 1u << 3 };
typedef enum {
    VG_S3_EVERYONE,      /* the group AllUsers */
    VG_S3_AUTHENTICATED, /* the group AuthenticatedUsers: any AWS account */
    VG_S3_ACCOUNT        /* a canonical user: `account` holds its account's id */
} vg_s3_grantee;
typedef struct {
    vg_s3_grantee grantee;
    vg_str account;
    bool of_object; /* else of the bucket */
    uint8_t permissions;
} vg_s3_grant;

/* S3's settings at decision time, the strictest of organisation, account, bucket and access point; Object Ownership; and
 * the ACLs of the bucket and of the object asked about. The blocks are about what a request writes: an ACL is told by the
 * keys s3:x-amz-acl and s3:x-amz-grant-*, and one that an open request leaves untold may be public; a policy is told by
 * none, so that block_public_policy is for explanations alone. */
typedef struct {
    bool restrict_public_buckets, ignore_public_acls, bucket_owner_enforced;
    bool block_public_acls, block_public_policy;
    bool blocks_unknown; /* of these two, what is not set may be: not collected */
    bool unknown;        /* settings not collected: what would be public is Unknown */
    bool abac_enabled;   /* bucket tags count as aws:ResourceTag */
    const vg_s3_grant *grants;
    size_t grant_count;
    bool acls_unknown;     /* ACLs not collected: they may allow more */
    bool bucket_acl_known; /* the bucket's own was, in full: acls_unknown is about those of objects */
} vg_s3_settings;

/* Everything attached that may decide one request. */
typedef struct {
    vg_layer identity; /* of the user and its groups, or of the role */
    vg_layer boundary;
    vg_layer session; /* all of them: a union */
    vg_layer resource;
    vg_layer
        access_point; /* S3: its policy must allow as well; NONE when the request does not go through one */
    vg_str bucket; /* ARN of the bucket behind it, which `resource` speaks of; empty: of the requested ARN */
    bool
        any_resource; /* the requested pattern is of resources whose policies `resource` does not hold: an action on
                          keys or roles is Unknown without them */
    vg_layer endpoint;
    const vg_layer *scps; /* of the caller's account: root first, account last; each level must allow */
    size_t scp_count;
    const vg_layer *rcps; /* of the resource's account */
    size_t rcp_count;
    bool caller_in_management_account;   /* no SCP binds */
    bool resource_in_management_account; /* no RCP binds */
    bool grants_unknown;                 /* KMS: grants were not collected */
    bool aws_managed_key;                /* KMS: AWS manages the key; no RCP binds */
    bool key_manager_unknown;            /* KMS: who manages the key was not collected; an RCP may bind */
    const vg_str
        *rcp_services; /* prefixes of the services that RCPs support; NULL: they bind every service */
    size_t rcp_service_count;
    const vg_s3_settings *s3; /* NULL: all off */
} vg_layers;

/* ---- decisions --------------------------------------------------------------------------------------------------------- */

typedef enum {
    VG_ALLOWED,
    VG_EXPLICITLY_DENIED,
    VG_IMPLICITLY_DENIED,
    VG_DECISION_UNKNOWN
} vg_decision_result;
const char *vg_decision_name(
    vg_decision_result result); /* "Allowed", "ExplicitlyDenied", "ImplicitlyDenied", "Unknown" */

/* Bits of vg_decision's masks, in the order in which answers name them. */
enum {
    VG_BY_SCP = 1u << 0,
    VG_BY_RCP = 1u << 1,
    VG_BY_ENDPOINT = 1u << 2,
    VG_BY_IDENTITY = 1u << 3,
    VG_BY_RESOURCE = 1u << 4,
    VG_BY_BOUNDARY = 1u << 5,
    VG_BY_SESSION = 1u << 6,
    VG_BY_S3_SETTINGS = 1u << 7
};
/* "scp", "rcp", "vpce", "identity", "resource", "pb", "session", "s3-bpa": of one bit. */
const char *vg_layer_bit_name(unsigned bit);

typedef struct {
    vg_decision_result result;
    unsigned
        blocked_by; /* layers that denied: explicitly if the result is ExplicitlyDenied, else for want of an Allow */
    unsigned
        unknown; /* of an Unknown: layers of which keys that are unknown, or evidence that is missing, decide */
    bool unless_aws_managed; /* KMS: an RCP denies, unless AWS manages the key, which was not collected */
    bool unless_grant;       /* KMS: denied, or unknown, for policies alone: a grant could allow */
    bool out_of_steps; /* of an Unknown: comparing the policies' patterns takes more than a decision has */
} vg_decision;

/* Decides. No allocation; any number of threads on the same policies. The three-valued answer is sound: Allowed,
 * ExplicitlyDenied and the denial that ImplicitlyDenied says are given only if every completion of the unknown keys, and of
 * the layers that are unknown, agrees. (In some of them the denial of an ImplicitlyDenied may be explicit.) A request with a
 * text that none of AWS has (an action over 1,024 bytes, a principal or resource over 8,192) is Unknown, and so is a condition
 * that reads a value over 8,192. A decision compares patterns in some four million steps at most, which policies within AWS's
 * quotas never need; what it cannot tell by then is unknown. */
vg_decision vg_policy_decide(const vg_request *request, const vg_layers *layers);

/* ---- requests as JSON ---------------------------------------------------------------------------------------------------- */

/* One request with all that is attached, from one JSON object (docs/reference/policy.md gives the form):
 *
 *     {"id": ..., "request": {"principal": ARN, "action": ..., "resource": {"resource": ARN, "accountId": ...},
 *      "contextVariables": {KEY: TEXT or [TEXT, ...]}}, "identityPolicies": [{"name": ..., "policy": {...}}],
 *      "serviceControlPolicies": [{"orgIdentifier": ..., "policies": [...]}], "resourcePolicy": {...}, ...}
 *
 * The request is closed. Fields that the form does not know are ignored. */
typedef struct {
    const vg_value *id; /* NULL when it has none */
    vg_request request;
    vg_layers layers;
    const vg_policy_document *const *documents; /* every policy, in the order read: see their issues */
    size_t document_count;
} vg_policy_case;
/* VG_ERR_VALUE when it is no such object; `doc` must live as long as the result, all else is the arena's. */
vg_status vg_policy_case_read(vg_arena *arena, const vg_doc *doc, const vg_value *object,
                              const vg_catalogue *catalogue, vg_policy_case *out, vg_error *err);

/* ---- explanations ------------------------------------------------------------------------------------------------------- */

/* How one statement stood to the request. */
typedef enum {
    VG_MATCH_NO,
    VG_MATCH_UNKNOWN, /* all that is known matches; what is not known decides */
    VG_MATCH_YES
} vg_match;

typedef struct {
    unsigned layer; /* one VG_BY_ bit */
    size_t level;   /* of an SCP or RCP: 0 is the root */
    const vg_policy *policy;
    uint32_t statement; /* index in its document */
    vg_effect effect;
    vg_match match;                               /* YES or UNKNOWN */
    const vg_policy_condition *const *unresolved; /* conditions that are unknown */
    size_t unresolved_count;
} vg_deciding_statement;

typedef struct {
    vg_decision decision;
    const vg_deciding_statement *statements; /* in the order of evaluation */
    size_t statement_count;
    const char *const *notes; /* sentences: "the caller's account is the management account: no SCP binds" */
    size_t note_count;
    const vg_str *missing_keys; /* condition keys that would decide, each once */
    size_t missing_key_count;
    vg_str residual; /* "allowed if aws:SourceVpc is vpc-1 and not ..."; empty unless Unknown */
} vg_explanation;
/* Decides and tells why. Memory is the arena's; not for hot paths. */
vg_status vg_policy_explain(vg_arena *arena, const vg_request *request, const vg_layers *layers,
                            vg_explanation *out, vg_error *err);

/* ---- parts that questions stand on ---------------------------------------------------------------------------------------- */

/* Whether `pattern` of an Action element matches an action's name (no variables; case ignored; '*' and '?' never cross the
 * colon, except in "*" and "*:*"). */
bool vg_action_matches(vg_str pattern, vg_str action);
/* Whether a pattern of a Resource element without variables matches an ARN: segment by segment, a '*' that ends a segment
 * may run past colons. */
bool vg_resource_matches(vg_str pattern, vg_str arn);
/* ArnLike: segment by segment, no wildcard runs past a colon. */
bool vg_arn_like(vg_str pattern, vg_str arn);

/* ---- worlds, and the questions asked over them -------------------------------------------------------------------------------- */

#include "policy/policy_compare.h"
#include "policy/policy_graph.h"
#include "policy/policy_lint.h"
#include "policy/policy_usage.h"
#include "policy/policy_world.h"

#include "policy/policy_exposure.h"

#endif
