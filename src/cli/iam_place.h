/* iam_place.h: where a statement stands in the export that it came from (private to cli/). */
#ifndef VIGIL_CLI_IAM_PLACE_H
#define VIGIL_CLI_IAM_PLACE_H

#include "policy/policy.h"

/* The files that were looked into, so that each is read once. Zero-initialise with the arena. */
typedef struct {
    vg_arena *arena;
    vg_map *files; /* path to its vg_doc; NULL until the first */
} vg_iam_places;

/* Evidence knows the file of a policy, and the line where the file holds a record a line; of other files the line is looked
 * up here, if the file is still there: the value equal to the statement, within the object that names one of `names` (an
 * ARN, a policy's or resource's name) where several are equal. What cannot be told stays 0. */
vg_place vg_iam_place(vg_iam_places *places, const vg_policy *policy, uint32_t statement, const vg_str *names,
                      size_t name_count);

#endif
