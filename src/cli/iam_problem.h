/* iam_problem.h: which problems of a world stand in the way of an answer, each in words with its place (private to cli/). */
#ifndef VIGIL_CLI_IAM_PROBLEM_H
#define VIGIL_CLI_IAM_PROBLEM_H

#include "cli/iam_place.h"
#include "cli/iam_world.h"

/* The problems of a world. A text is made once, when it is first asked for. */
typedef struct {
    const vg_world *world;
    vg_iam_places places;
    vg_str *texts; /* by index; ptr NULL: not made yet */
    bool *told;    /* by index */
} vg_iam_problems;

vg_status vg_iam_problems_open(vg_arena *arena, const vg_world *world, vg_iam_problems *out, vg_error *err);

/* An answer that is not known: of whom and of what it is, as far as it is of either, and by which layers (VG_BY_ bits). */
typedef struct {
    const vg_world_caller *caller;
    const vg_world_target *target;
    unsigned unknown;
} vg_iam_answer;

/* Whether the problem stands in the way: it is of the principal, of what is attached to it, of the resource, or of the
 * organisation's policies. */
bool vg_iam_problem_concerns(const vg_world *world, const vg_world_problem *problem,
                             const vg_iam_answer *answer);
/* The next one that concerns the answer, from *index on, as text; ptr NULL: no more. It counts as told. */
vg_str vg_iam_problem_next(vg_iam_problems *problems, const vg_iam_answer *answer, size_t *index);
/* Those that concern the answer, as a JSON array; of the second, `answer` NULL has none. They count as told. */
void vg_iam_problems_write(vg_iam_problems *problems, const vg_iam_answer *answer, vg_json_writer *w);
vg_str vg_iam_problems_json(vg_iam_problems *problems, const vg_iam_answer *answer, vg_arena *arena);
/* Says beside the output those that were told of some answer, the first few of them. */
void vg_iam_problems_say(const vg_iam_problems *problems, vg_cli *cli);

#endif
