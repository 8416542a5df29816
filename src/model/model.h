/* model.h: the nouns, as plain structs with stable ids. No behaviour beyond naming and comparing.
 *
 * All slices are borrowed from whoever filled the struct (an arena, a database row); copy what must outlive it. The
 * words are the field's own: AWS's where AWS has one, OCSF's for findings. */
#ifndef VIGIL_MODEL_H
#define VIGIL_MODEL_H

#include "base/base.h"
#include "format/format.h"

/* ---- resources ---------------------------------------------------------------------------------------------------- */

/* One thing that was seen: an AWS resource in CloudFormation's spelling (`AWS::S3::Bucket`), or one of Vigil's own
 * types (`Vigil::Account::Root`; content/types/ says what each holds), facts included.
 *
 * Identity is (type, account, region, id). `id` is the ARN where there is one, else what names the thing inside its
 * account and region (for one-of-a-kind things, the account id). Global things have region "". Things of the
 * organisation have the management account's id as account. */
typedef struct {
    vg_str type;
    vg_str account; /* 12 digits, or "" when the thing belongs to none */
    vg_str region;
    vg_str id;
    vg_str name;       /* for people; may be empty */
    vg_str properties; /* canonical JSON text of an object */
    vg_time observed;  /* the evidence's own time */
    vg_str source; /* where from: "iam:GetAccountSummary", "config-snapshot", "fact:root", "attestation" */
    vg_str origin; /* file (or API call) and place, for people */
} vg_resource;

/* An edge from one resource to another: kind is "member-of", "attached-to", "uses", "trusts", "manages", ... */
typedef struct {
    vg_str from_type, from_account, from_region, from_id;
    vg_str kind;
    vg_str to_type, to_account, to_region, to_id;
} vg_relation;

/* ---- the organisation ----------------------------------------------------------------------------------------------- */

typedef struct {
    vg_str id, name, email, arn;
    vg_str status;  /* ACTIVE, SUSPENDED, PENDING_CLOSURE, CLOSED, or "" when unknown */
    vg_str parent;  /* OU or root id; "" when unknown */
    vg_str ou_path; /* "Root/Workloads/Prod": names from the root; "" when unknown */
    bool is_management;
} vg_account;

/* ---- findings ------------------------------------------------------------------------------------------------------- */

typedef enum {
    VG_SEVERITY_INFORMATIONAL,
    VG_SEVERITY_LOW,
    VG_SEVERITY_MEDIUM,
    VG_SEVERITY_HIGH,
    VG_SEVERITY_CRITICAL
} vg_severity;

/* What one evaluation of one rule on one resource said. */
typedef enum {
    VG_VERDICT_PASS,
    VG_VERDICT_FAIL,
    VG_VERDICT_PARTLY,         /* evidence shows part of what the control asks, or cannot decide all of it */
    VG_VERDICT_NOT_APPLICABLE, /* the control's own conditions exclude this resource (Guard: SKIP) */
    VG_VERDICT_NOT_ASSESSED    /* evidence is missing; never a pass */
} vg_verdict;

typedef enum {
    VG_WORKFLOW_NEW,
    VG_WORKFLOW_NOTIFIED,
    VG_WORKFLOW_SUPPRESSED,
    VG_WORKFLOW_RESOLVED
} vg_workflow;

/* A finding as an engine or an import gives it. Its id is vg_finding_id(rule, resource, sub_key). */
typedef struct {
    vg_str rule;    /* control id, detection id, advisory id, or a product's own generator id */
    vg_str product; /* "vigil", "guardduty", "inspector", "securityhub", ... */
    vg_str title;
    vg_str message;     /* what is wrong here, one or two sentences */
    vg_str remediation; /* what to do; may be empty */
    vg_severity severity;
    vg_verdict verdict;
    vg_str resource_type, account, region, resource_id, resource_name;
    vg_str sub_key;  /* tells apart several findings of one rule on one resource; often empty */
    vg_str evidence; /* JSON object: paths, values, places that prove it; may be empty */
    vg_time observed;
    vg_str run; /* id of the run that gave it */
} vg_finding;

typedef struct {
    char hex[65]; /* SHA-256, lower case */
} vg_id;

/* The id of a finding: SHA-256 over (rule, resource type, account, region, resource id, sub-key). */
vg_id vg_finding_id(const vg_finding *finding);
/* The id of a resource: SHA-256 over (type, account, region, id). */
vg_id vg_resource_id(vg_str type, vg_str account, vg_str region, vg_str id);

const char *vg_severity_name(vg_severity severity);    /* "critical" */
bool vg_severity_parse(vg_str text, vg_severity *out); /* any ASCII case */
const char *
vg_verdict_name(vg_verdict verdict); /* "pass", "fail", "partly", "not-applicable", "not-assessed" */
bool vg_verdict_parse(vg_str text, vg_verdict *out);
const char *vg_workflow_name(vg_workflow workflow); /* "NEW" */
bool vg_workflow_parse(vg_str text, vg_workflow *out);

/* ---- AWS names ---------------------------------------------------------------------------------------------------- */

/* The parts of "arn:partition:service:region:account:resource"; `resource` is all the rest. False unless it starts
 * with "arn:" and has six parts. */
typedef struct {
    vg_str partition, service, region, account, resource;
} vg_arn;
bool vg_arn_parse(vg_str text, vg_arn *out);
bool vg_is_account_id(vg_str text); /* 12 ASCII digits */
bool vg_is_region(vg_str text); /* the shape of one: us-east-1, us-gov-west-1, cn-north-1, ap-southeast-5 */

#endif
