/* iam_pairs.h: comparing policies from the command line: what `compare` and its batches share (private to cli/). */
#ifndef VIGIL_CLI_IAM_PAIRS_H
#define VIGIL_CLI_IAM_PAIRS_H

#include "cli/iam_parts.h"

/* The kind that two policies most likely are of: a trust policy or resource policy when one names principals. */
vg_policy_kind vg_iam_guess_kind(const vg_policy_document *old_policy, const vg_policy_document *new_policy);
/* The witness in the form of the requests of `vigil iam can`; null when there is none. */
void vg_iam_write_witness(vg_json_writer *w, const vg_comparison *comparison);
/* `vigil iam compare --pairs FILE`; `kind` NULL: guessed for each pair. */
int vg_iam_compare_pairs(vg_cli *cli, vg_str path, const vg_policy_kind *kind);

#endif
