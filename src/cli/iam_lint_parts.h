/* iam_lint_parts.h: what the files of `vigil iam lint` share: the policies found in a file, and the forms of its answer. */
#ifndef VIGIL_CLI_IAM_LINT_PARTS_H
#define VIGIL_CLI_IAM_LINT_PARTS_H

#include "cli/iam_parts.h"
#include "format/format.h"

enum { IAM_LINT_FILLINGS = 5 };

/* A policy found in a file. */
typedef struct {
    vg_str file;
    vg_str
        inside; /* where in the file: "Resources.Bucket.PolicyDocument", "line 7"; empty for a file that is a policy */
    vg_policy_kind kind;
    vg_policy_document document;
    uint32_t
        first_line; /* of a policy that stands in a string, or in a line of its own: what its lines are counted from */
    const vg_policy_document *others; /* of a template's policy: the same with other fillings; else NULL */
} iam_lint_policy;

/* How kinds are told. */
typedef struct {
    bool is_given;       /* --kind */
    vg_policy_kind kind; /* the one given */
} iam_lint_kind;

/* Finds and reads the policies of a file's text; calls `each` with every one, in the order of the file. `must` says that the
 * file was named itself: it is then taken for a policy if none is found in it. *count is how many there were, *filled how many
 * of a template whose functions were filled (iam_lint_fill). What cannot be read at all fails, and so does, once all others
 * are told, a template's policy with functions that cannot be; a policy that is no JSON is one with the issue of its syntax.
 * Memory is the arena's. */
vg_status iam_lint_find(vg_arena *arena, vg_str file, vg_str text, iam_lint_kind kind, bool must,
                        vg_status (*each)(void *context, iam_lint_policy *policy, vg_error *err),
                        void *context, size_t *count, size_t *filled, vg_error *err);
/* A file that a folder's walk takes: JSON, JSONL, YAML. */
bool iam_lint_is_document(vg_str path);

/* ---- templates (iam_lint_template.c) ------------------------------------------------------------------------------------- */

/* Whether some value of the policy is a function of a template. */
bool iam_lint_has_functions(const vg_value *policy);
/* The policy with its functions in the place of values filled, once with each filling; false when one stands elsewhere. */
bool iam_lint_fill(vg_arena *arena, const vg_value *policy, const vg_value *out[IAM_LINT_FILLINGS]);
/* Whether a finding about the first filling is so with every value: it stands at none, and is found with all others. */
bool iam_lint_holds_for_all(const vg_lint_finding *finding, const vg_lint_result *others, size_t count);

/* ---- the answer ------------------------------------------------------------------------------------------------------ */

typedef enum { IAM_LINT_TABLE, IAM_LINT_JSON, IAM_LINT_SARIF, IAM_LINT_MARKDOWN } iam_lint_format;

typedef struct {
    size_t policies, files;
    size_t findings[VG_LINT_TYPES];
    bool limited;
} iam_lint_totals;

typedef struct {
    vg_cli *cli;
    iam_lint_format format;
    vg_buf out;
    vg_json_writer json;
    bool used[256]; /* checks that SARIF has to describe, by index */
} iam_lint_writer;

void iam_lint_write_begin(iam_lint_writer *w);
/* Writes a policy's findings; `shown` says which. */
void iam_lint_write_policy(iam_lint_writer *w, const iam_lint_policy *policy, const vg_lint_result *result,
                           const bool *shown);
void iam_lint_write_end(iam_lint_writer *w, const iam_lint_totals *totals);

/* --list and --explain. */
int iam_lint_list(vg_cli *cli, iam_lint_format format);
int iam_lint_explain(vg_cli *cli, vg_str code);

#endif
