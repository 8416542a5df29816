/* derived_part.h: between the files derived*.c; private to detect/. */
#ifndef VIGIL_DETECT_DERIVED_PART_H
#define VIGIL_DETECT_DERIVED_PART_H

#include "detect/detect_part.h"

/* Makes a field's value from an event of CloudTrail; NULL: the event has none (or memory is out). */
typedef const vg_value *derived_make(const vg_event *event, const vg_trail_record *record, vg_arena *arena);

/* derived_policy.c: of the policies in requestParameters. */
derived_make derived_policy_effect, derived_policy_principal, derived_policy_action, derived_policy_public,
    derived_policy_external, derived_policy_admin;
/* derived_share.c: who else was given access, what an instance runs, which ports were opened. */
derived_make derived_external, derived_user_data, derived_opens_public, derived_opens_ports;

const vg_value *derived_bool(vg_arena *arena, bool value);
const vg_value *derived_text(vg_arena *arena, vg_str text);

/* A list of texts without duplicates, in the order of their coming. */
typedef struct {
    vg_arena *arena;
    vg_map *seen;
    bool failed;
} derived_list;
derived_list derived_list_new(vg_arena *arena);
void derived_list_add(derived_list *list, vg_str text);
const vg_value *derived_list_value(derived_list *list); /* NULL when empty */

/* The account of an account id, or of an ARN; empty: neither. */
vg_str derived_account_of(vg_str text);
/* Whether an account is not outside: the event's own, or one that the detector was told of. */
bool derived_is_ours(const vg_event *event, const vg_trail_record *record, vg_str account);
/* Whether a CIDR block holds so much of the public internet that it stands for all of it: 0.0.0.0/0, but also 0.0.0.0/1. */
bool derived_is_open(vg_str cidr);

enum { DERIVED_MOST_DEPTH = 64 };

#endif
