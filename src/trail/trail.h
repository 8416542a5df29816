/* trail.h: activity logs: who did what, when, from where, and whether it worked.
 *
 * A CloudTrail record is read into one struct of slices, whatever wrapped it: log files as delivered ({"Records": [...]}),
 * plain arrays, JSON lines, EventBridge events, answers of `aws cloudtrail lookup-events` and rows of CloudTrail Lake.
 * Fields that the struct has no place for stand in its tree. Source of the fields: CloudTrail User Guide, "CloudTrail
 * record contents" and "CloudTrail userIdentity element". */
#ifndef VIGIL_TRAIL_H
#define VIGIL_TRAIL_H

#include "base/base.h"
#include "format/format.h"
#include "model/model.h"

/* Who called. What the record does not say is empty. */
typedef struct {
    vg_str
        type; /* IAMUser, AssumedRole, Root, FederatedUser, AWSService, AWSAccount, WebIdentityUser, SAMLUser, ... */
    vg_str arn, account, principal_id, access_key, user_name;
    vg_str invoked_by;  /* a service that called on the caller's behalf */
    vg_str issuer_type; /* of a session: Role, IAMUser, Root */
    vg_str issuer_arn;  /* the role's ARN, with its path */
    vg_str issuer_account, issuer_name;
    vg_str source_identity;
    vg_str identity_provider;
    vg_str on_behalf_of; /* IAM Identity Center: the user's id */
    bool mfa_known, mfa;
} vg_trail_identity;

typedef struct {
    vg_str arn, account, type;
} vg_trail_resource;

enum { VG_TRAIL_MOST_RESOURCES = 32 };

/* One record. All slices and `root` are borrowed until the sink returns. */
typedef struct {
    vg_time time;           /* eventTime; VG_TIME_NONE when absent or no time */
    vg_str id;              /* eventID */
    vg_str source, name;    /* "s3.amazonaws.com", "GetObject" */
    vg_str region, account; /* awsRegion; recipientAccountId, else the caller's account */
    vg_str source_ip, user_agent;
    vg_str error_code, error_message; /* empty: it succeeded */
    vg_str type, category; /* AwsApiCall, AwsConsoleSignIn, ...; Management, Data, Insight, NetworkActivity */
    vg_str shared_id, request_id, vpc_endpoint;
    bool read_only, read_only_known;
    vg_trail_identity identity;
    const vg_trail_resource *resources;
    size_t resource_count; /* at most VG_TRAIL_MOST_RESOURCES; more stand in the tree */
    const vg_value *root;  /* the whole record */
    vg_place place;        /* in its file */
} vg_trail_record;

/* Fills *out from a record's object. Never fails: wrong types read as absent. `resources` holds VG_TRAIL_MOST_RESOURCES. */
void vg_trail_record_of(const vg_value *record, vg_trail_resource *resources, vg_trail_record *out);

typedef struct {
    vg_status (*record)(void *context, const vg_trail_record *record,
                        vg_error *err); /* other than VG_OK stops */
    void (*bad)(void *context,
                const vg_error *err); /* something was no record, or could not be read; may be NULL */
    void *context;
} vg_trail_sink;

typedef struct {
    uint64_t records;
    uint64_t bad; /* told to `bad` */
} vg_trail_counts;

/* Whether the bytes (uncompressed) look like one of the forms of activity logs: cheap, by their first 64 KiB. */
bool vg_trail_recognise(vg_str bytes);

/* Reads every record of uncompressed bytes. Memory is that of the largest record. What cannot be read is told to `bad` and
 * counted; reading goes on with the next line (JSON lines) or ends (within one document). Fails for memory, and with what
 * the sink returned. */
vg_status vg_trail_read(vg_str bytes, vg_str name, const vg_trail_sink *sink, vg_trail_counts *counts,
                        vg_error *err);

#endif
