/* policy_lint.h: what is wrong, dangerous or needless in a policy, as IAM Access Analyzer's ValidatePolicy says it (a part
 * of policy.h).
 *
 * A check is a row of a table: Access Analyzer's code and finding type, the kinds of policy that it is about, what it finds
 * and what to do. Those whose code begins with VG_ are ours: what ValidatePolicy misses. A finding names the places in the
 * document in Access Analyzer's own form, a path of keys and indexes, with lines and columns:
 *
 *     linter = vg_linter_open(catalogue, content/policy/...)            once
 *     document ── vg_policy_read ──► vg_policy_lint ──► findings in the order of the document
 *
 * Rules: IAM User Guide, "IAM policy validation check reference". What AWS changes (quotas, Regions, lists of keys) is
 * content, content/policy/. */
#ifndef VIGIL_POLICY_LINT_H
#define VIGIL_POLICY_LINT_H

#include "policy/policy.h"

/* ---- checks --------------------------------------------------------------------------------------------------------------- */

/* Access Analyzer's finding types, the gravest last. */
typedef enum {
    VG_LINT_SUGGESTION,       /* changes no access */
    VG_LINT_WARNING,          /* not best practice, but no question of security */
    VG_LINT_SECURITY_WARNING, /* allows what is likely too much */
    VG_LINT_ERROR             /* a part of the policy does not work, or AWS refuses it */
} vg_lint_type;
#define VG_LINT_TYPES 4
const char *vg_lint_type_name(vg_lint_type type); /* "SECURITY_WARNING" */
bool vg_lint_type_parse(vg_str text,
                        vg_lint_type *out); /* also "security-warning", "error"; any letter case */

#define VG_LINT_KIND(kind) (1u << (kind))
#define VG_LINT_ALL_KINDS  0xFFu

typedef struct {
    const char *code; /* "PASS_ROLE_WITH_STAR_IN_RESOURCE", "VG_ALLOW_NOT_ACTION" */
    vg_lint_type type;
    unsigned kinds;     /* VG_LINT_KIND bits of the policies that it is about */
    bool obsolete;      /* documented, but AWS allows today what it speaks of: raised on request alone */
    const char *finds;  /* what it finds: a sentence */
    const char *remedy; /* what to do about it: a sentence or two */
} vg_lint_check;

size_t vg_lint_check_count(void);
const vg_lint_check *vg_lint_check_at(size_t i); /* by code within AWS's, then ours */
const vg_lint_check *
vg_lint_check_find(vg_str code); /* letter case ignored, also with '-' for '_'; or NULL */
static inline bool vg_lint_check_is_ours(const vg_lint_check *check)
{
    return check->code[0] == 'V' && check->code[1] == 'G' && check->code[2] == '_';
}
/* Where AWS documents the check; for ours, the page of this program. */
vg_str vg_lint_check_link(vg_arena *arena, const vg_lint_check *check);

/* ---- linting -------------------------------------------------------------------------------------------------------------- */

/* The catalogue and the content, made ready to be asked. Immutable: any number of threads may lint with it. */
typedef struct vg_linter vg_linter;

/* A file of content/policy/: "policy/quotas.yaml" and its text. Others are passed over. */
typedef struct {
    vg_str path, text;
} vg_lint_content;

/* Memory is the arena's (about 2 MB), and so is a copy of what is needed of `content`; `catalogue` is kept. Content that
 * cannot be read, or that lacks a list, fails with its place. */
vg_status vg_linter_open(vg_arena *arena, const vg_catalogue *catalogue, const vg_lint_content *content,
                         size_t count, const vg_linter **out, vg_error *err);

/* A step of a path. */
typedef enum {
    VG_LINT_VALUE, /* the value of this key */
    VG_LINT_KEY,   /* the key itself: the last step alone */
    VG_LINT_INDEX  /* the item of this number */
} vg_lint_step_kind;
typedef struct {
    vg_lint_step_kind kind;
    vg_str name;
    size_t index;
} vg_lint_step;

/* A place in the document: empty path for the whole. `end` is behind its last byte. Lines and columns are 0 where the
 * document was built in memory. */
typedef struct {
    const vg_value *at; /* NULL for text that is no JSON */
    const vg_lint_step *path;
    size_t path_count;
    vg_place start, end;
    size_t start_offset, end_offset; /* bytes in the source */
} vg_lint_location;

typedef struct {
    const vg_lint_check *check;
    vg_str message;
    uint32_t statement; /* index, or UINT32_MAX */
    const vg_lint_location *locations;
    size_t location_count; /* at least 1 */
} vg_lint_finding;

typedef struct {
    const vg_lint_finding *findings; /* by place, then by code */
    size_t count;
    bool
        limited; /* so large that comparing its parts with each other was cut short: findings may be missing */
} vg_lint_result;

typedef struct {
    bool obsolete;        /* obsolete checks too */
    vg_str resource_type; /* of a resource policy: "AWS::S3::Bucket"; empty: told from its ARNs and actions */
} vg_lint_options;

/* All findings of a document that vg_policy_read or vg_policy_read_text gave, what these refused included. `options` may be
 * NULL. Memory is the arena's. Near linear in the document. */
vg_status vg_policy_lint(const vg_linter *linter, vg_arena *arena, const vg_policy_document *document,
                         const vg_lint_options *options, vg_lint_result *out, vg_error *err);

/* "Statement[0].Action[3]", "Statement[2].Condition.StringLike.aws:PrincipalArn (key)"; "(document)" for an empty path. */
void vg_lint_path_write(vg_buf *out, const vg_lint_location *location);

/* What a document seems to be: a trust policy (Principal, sts:AssumeRole..., no Resource), a resource policy (Principal), else
 * `otherwise`. An SCP or a boundary looks like an identity policy: only its user knows. */
vg_policy_kind vg_policy_kind_guess(const vg_value *root, vg_policy_kind otherwise);

#endif
