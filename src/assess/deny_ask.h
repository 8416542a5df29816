/* deny_ask.h: how far policies forbid something, as the policy engine decides it (private). */
#ifndef VIGIL_ASSESS_DENY_ASK_H
#define VIGIL_ASSESS_DENY_ASK_H

#include "assess/assess_part.h"

/* Whom the Deny must bind to be whole. */
typedef enum {
    VG_DENY_EVERYBODY, /* users and roles, whatever their names */
    VG_DENY_USERS,
    VG_DENY_ROOT,
    VG_DENY_ONE /* vg_deny_question.one */
} vg_deny_whom;

/* What the Deny must hang on; of an answer that is the same with and without it, it says nothing. */
typedef enum {
    VG_DENY_ALWAYS,
    VG_DENY_BY_REGION,   /* regions that no policy names */
    VG_DENY_WITHOUT_MFA, /* without multi-factor authentication, with long-term keys too */
    VG_DENY_FROM_OUTSIDE /* callers that are not of the organisation */
} vg_deny_when;

/* What must be forbidden. `resource`: of a kind, in the account ("trail/any-Name_1"); NULL: on "*". */
typedef struct {
    vg_str action;
    const char *resource;
    bool is_alone; /* the action has no resource types */
} vg_deny_need;

typedef struct {
    const vg_org *org;
    vg_str account, org_path; /* the path, "o-x/r-x/ou-x/": empty where unknown */
    vg_deny_whom whom;
    vg_deny_when when;
    vg_str one; /* an ARN */
    const vg_policy *const
        *policies; /* SCPs, and identity policies of `one`; or RCPs. Their Denies count alone */
    size_t count;
    bool are_rcps;
} vg_deny_question;

/* NO also where nothing denies for certain or under a condition. Never UNKNOWN, but when memory is out. */
vg_extent vg_deny_extent(vg_arena *scratch, const vg_deny_need *need, const vg_deny_question *question);

#endif
