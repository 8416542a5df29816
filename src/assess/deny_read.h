/* deny_read.h: how far one Deny statement reaches (private). */
#ifndef VIGIL_ASSESS_DENY_READ_H
#define VIGIL_ASSESS_DENY_READ_H

#include "assess/assess_part.h"

/* Whom a Deny must bind to be whole. */
typedef enum { VG_DENY_EVERYBODY, VG_DENY_USERS, VG_DENY_ROOT } vg_deny_whom;

/* What must be forbidden: an action, on every resource of a kind ("trail/any"); NULL: on "*" alone. */
typedef struct {
    vg_str action;
    const char *resource;
} vg_deny_need;

typedef struct {
    vg_str account, partition, organization;
    vg_deny_whom whom;
    bool by_region;   /* the condition must be "not one of these regions" */
    bool without_mfa; /* the condition must be "without multi-factor authentication" */
    bool perimeter;   /* the condition must be "not of our organisation" */
} vg_deny_context;

/* How far the statement forbids the need in the account. Never UNKNOWN. */
vg_extent vg_deny_extent(const vg_value *statement, const vg_deny_need *need, const vg_deny_context *context);

#endif
