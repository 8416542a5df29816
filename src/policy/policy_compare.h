/* policy_compare.h: does a changed policy allow anything that it did not allow before? (a part of policy.h)
 *
 * The question of Access Analyzer's CheckNoNewAccess, over all strings: actions that do not exist yet, every ARN, every
 * value of every condition key. A list of all of S3's actions that becomes s3:* is therefore new access.
 *
 *     NO     nothing that NEW allows was not allowed by OLD: proven
 *     YES    the witness is a request that NEW allows and OLD does not: the engine has decided both
 *     MAYBE  neither was shown within the work allowed; `reason` says what stood in the way
 *
 * Allowed by a policy means: some Allow statement matches and no Deny statement does. An SCP without any Allow is taken to
 * stand beside FullAWSAccess, and an RCP beside RCPFullAWSAccess, as they do when attached. How the answer is found:
 * docs/reference/policy-compare.md. */
#ifndef VIGIL_POLICY_COMPARE_H
#define VIGIL_POLICY_COMPARE_H

#include "policy/policy.h"

typedef enum { VG_COMPARE_NO, VG_COMPARE_YES, VG_COMPARE_MAYBE } vg_compare_result;
const char *vg_compare_result_name(vg_compare_result result); /* "no", "yes", "maybe" */

#define VG_COMPARE_NO_STATEMENT UINT32_MAX

/* What keeps a statement that has the action from allowing a request. */
typedef enum {
    VG_COMPARE_PRINCIPAL,
    VG_COMPARE_RESOURCE,
    VG_COMPARE_CONDITION,
    VG_COMPARE_RESOURCE_AND_CONDITION
} vg_compare_lack;

typedef struct {
    vg_compare_result result;
    const char *reason; /* of MAYBE: static; else NULL */
    /* Of YES: the request, as vg_request has it in closed mode. */
    vg_str principal, action, resource, resource_account;
    const vg_context_entry *context; /* keys that are present */
    size_t context_count;
    bool wildcard_only_action; /* the resource is "*": of an action that has no resource types */
    uint32_t
        allowed_by; /* statement of NEW that allows it; VG_COMPARE_NO_STATEMENT: the one an SCP stands beside */
    uint32_t denied_by; /* statement of OLD that denies it, or VG_COMPARE_NO_STATEMENT: none allows it */
    /* When none allows it: the Allow of OLD that is nearest, having the action, and in what it differs. */
    uint32_t nearest; /* VG_COMPARE_NO_STATEMENT: none has the action */
    vg_compare_lack nearest_lacks;
} vg_comparison;

/* Compares two policies of one kind. Memory (of the answer as well) is the arena's: some tens of kilobytes for most, a few
 * megabytes for policies of a thousand actions. The work is bounded: about 10 ms on one core of 2024 beyond reading the
 * statements, counted in steps, so that the same input gives the same answer everywhere. Documents that AWS would refuse
 * (issue_count) are VG_ERR_VALUE: there is nothing to compare. */
vg_status vg_policy_compare(vg_arena *arena, const vg_policy_document *old_policy,
                            const vg_policy_document *new_policy, vg_comparison *out, vg_error *err);

/* ---- minifying --------------------------------------------------------------------------------------------------------- */

typedef struct {
    bool keep_sids; /* statements keep their Sid, which keeps them from being merged with others */
} vg_minify_options;

typedef struct {
    vg_str text;                  /* the policy as JSON without white space */
    size_t source, before, after; /* bytes: as given, without white space outside strings, of `text` */
    size_t statements_before, statements_after;
} vg_minified;

/* A shorter policy that allows exactly the same: white space gone, equal statements once, values that another one of the
 * same list covers dropped, statements that differ in one list alone merged. The result is compared with the original both
 * ways; where that does not prove them equal it is VG_ERR_INTERNAL, never a shorter policy that might differ. */
vg_status vg_policy_minify(vg_arena *arena, const vg_policy_document *document,
                           const vg_minify_options *options, vg_minified *out, vg_error *err);

#endif
