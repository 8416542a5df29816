/* iam_place.h: where a statement stands in the export that it came from (private to cli/). */
#ifndef VIGIL_CLI_IAM_PLACE_H
#define VIGIL_CLI_IAM_PLACE_H

#include "policy/policy.h"

/* The files that were looked into, so that each is read once. Zero-initialise with the arena. */
typedef struct {
    vg_arena *arena;
    vg_map *files;   /* path to its vg_doc; NULL until the first */
    unsigned looked; /* problems whose places were looked up so far */
} vg_iam_places;

/* Evidence knows the file of a policy, and the line where the file holds a record a line; of other files the line is looked
 * up here, if the file is still there: the value equal to the statement, within the object that names one of `names` (an
 * ARN, a policy's or resource's name) where several are equal. What cannot be told stays 0. */
vg_place vg_iam_place(vg_iam_places *places, const vg_policy *policy, uint32_t statement, const vg_str *names,
                      size_t name_count);
/* A problem of the world in words. Of a policy that AWS would refuse with its place in the export, looked up as above:
 * "inline policy p of user/a: exports/iam.json:12:27: AWS would refuse this policy (INVALID_ACTION): ...", and where it stands
 * in a string, with the place within its text. Of many problems the first alone get more than their file. */
vg_str vg_iam_problem_text(vg_iam_places *places, const vg_world_problem *problem);

#endif
