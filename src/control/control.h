/* control.h: the Guard 3 language, whole, and the files that hold controls.
 *
 * A control is a rule of the Guard language (AWS CloudFormation Guard 3, `cfn-guard`): AWS Config's custom policies,
 * Control Tower's proactive controls and many users' own rules are written in it. This room compiles rule files once
 * into a ruleset that never changes, and evaluates it over any number of documents:
 *
 *     vg_ruleset *rules;
 *     VG_TRY(vg_ruleset_compile(sources, count, &rules, err));
 *     for each document:
 *         VG_TRY(vg_ruleset_evaluate(rules, &doc, &options, scratch, &sink, err));
 *     vg_ruleset_free(rules);
 *
 * The sink is told each failing clause with its place in the rule file and in the document, then each rule's status.
 * What the language means is told by its implementation's behaviour (github.com/aws-cloudformation/cloudformation-guard,
 * docs/ and version 3.x); where we differ on purpose, docs/reference/guard.md says so.
 *
 * It also reads *control files*: a Guard file that opens with a YAML header in comments (vg_control_header). */
#ifndef VIGIL_CONTROL_H
#define VIGIL_CONTROL_H

#include "base/base.h"
#include "format/format.h"
#include "model/model.h"

/* ---- compiling ---------------------------------------------------------------------------------------------------- */

/* Rules, compiled: immutable, so that any number of threads may evaluate it at once. */
typedef struct vg_ruleset vg_ruleset;

/* A rule file: `name` for messages and reports, `text` its bytes. Both are copied, unless `borrowed` says that the text
 * outlives the ruleset. */
typedef struct {
    vg_str name;
    vg_str text;
    bool borrowed;
} vg_rule_source;

/* Compiles rule files into one ruleset. Each file keeps a scope of its own: its variables and rules are not seen by
 * the others, and rules of the same name in two files are two rules. The first file that does not parse fails the
 * call, with file, line and column in *err. A file with comments alone has no rules and is no error. Free with
 * vg_ruleset_free. Linear in the bytes. */
vg_status vg_ruleset_compile(const vg_rule_source *sources, size_t count, vg_ruleset **out, vg_error *err);
void vg_ruleset_free(vg_ruleset *rules); /* NULL is fine */

/* A named rule of a ruleset; all slices live as long as it. Clauses outside any rule are the rule "default" of their
 * file. Parameterised rules are not listed: they are called, not evaluated. Rules that are defined several times
 * under one name (overloads) are listed each. */
typedef struct {
    vg_str name;
    vg_str file;    /* the source's name */
    size_t source;  /* index among the sources given */
    vg_place place; /* of the word `rule` (of the file's start for "default") */
    vg_str text;    /* the rule's own text */
} vg_rule_info;

size_t vg_ruleset_count(const vg_ruleset *rules);
vg_rule_info vg_ruleset_rule(const vg_ruleset *rules,
                             size_t index); /* in order of files, then of their text */

/* ---- evaluating --------------------------------------------------------------------------------------------------- */

typedef enum {
    VG_GUARD_PASS,
    VG_GUARD_FAIL,
    VG_GUARD_SKIP, /* the rule's conditions, or its queries, select nothing here */
    VG_GUARD_ERROR /* it cannot be evaluated on this document (an unknown variable, a function refusing its argument) */
} vg_guard_status;

const char *vg_guard_status_name(vg_guard_status status); /* "PASS" */
bool vg_guard_status_parse(vg_str text,
                           vg_guard_status *out); /* PASS, FAIL and SKIP, as test files write them */

/* One clause that failed on one value. Everything is borrowed for the time of the call; copy what must stay. */
typedef struct {
    size_t rule;           /* index in the ruleset */
    vg_place clause_place; /* in the rule file */
    vg_str clause;         /* the clause's text, as written there, without its message */
    vg_str message;        /* the rule author's <<message>>, trimmed; may be empty */
    vg_str path;    /* in the document: "/Resources/bucket/Properties/Name"; how far it could be followed when
                              the value is missing; empty for the document itself */
    vg_place place; /* of the value at `path`, in the document */
    const vg_value
        *value; /* the value that was judged, or the last that was found when something is missing; NULL when
                              the clause judged no value (nothing was selected, or another rule failed) */
    vg_str
        missing; /* what could not be followed from `path`: "Properties.Encrypted"; empty when `value` is it */
    vg_str why;  /* one sentence for people, without a final dot: what was found and what was wanted. Never
                              shows more than a few hundred bytes of the document */
    const vg_value *const *expected; /* what `value` was compared with; none for EXISTS and the like */
    size_t expected_count;
} vg_guard_violation;

/* What an evaluation tells. Any callback may be NULL. For each rule, in the ruleset's order: its violations (when it
 * FAILs), then its status. */
typedef struct {
    void (*violation)(void *context, const vg_guard_violation *violation);
    /* `error` is NULL unless status is VG_GUARD_ERROR. */
    void (*rule)(void *context, size_t rule, vg_guard_status status, const vg_error *error);
    void *context;
} vg_guard_sink;

/* For evidence of which some may be missing: a key that `map` (a node of the document) lacks and that is_unknown names is
 * not absent, as the language takes it, but unknown. Statuses stay the language's. Of a rule whose status another answer
 * could change, hangs_on tells one such key (of the rules or the document) before the rule's status: a clause that fails
 * for certain settles its conjunction, and one that passes for certain its disjunction, whatever the others hang on. */
typedef struct {
    const vg_value *map;
    bool (*is_unknown)(void *context, vg_str key);
    void (*hangs_on)(void *context, size_t rule, vg_str key);
    void *context;
} vg_guard_partial;

/* Zero in a field means its default. */
typedef struct {
    vg_time now;      /* what now() answers. VG_TIME_NONE or 0: now() is an error */
    size_t max_steps; /* values visited in one evaluation; default 200 million. Beyond: VG_ERR_LIMIT */
    const size_t
        *only; /* evaluate these rules alone (indexes, ascending), and what they depend on; NULL: all */
    size_t only_count;
    const vg_guard_partial *partial; /* NULL: what is not there is absent */
} vg_guard_options;

/* Evaluates all rules (or options->only) over one document. `doc->root` may be any tree, also one made by vg_builder
 * (then places are 0). Rules that are referred to by others are evaluated once. Memory comes from `scratch`, which may
 * be reset afterwards; nothing of it is kept. Fails for memory and limits alone: a rule that cannot be evaluated is
 * told with VG_GUARD_ERROR and the others go on.
 *
 * The time is in proportion to the rules and to what their queries select: `Resources.*[ Type == 'T' ]` costs the
 * resources of type T, not all. */
vg_status vg_ruleset_evaluate(const vg_ruleset *rules, const vg_doc *doc, const vg_guard_options *options,
                              vg_arena *scratch, const vg_guard_sink *sink, vg_error *err);

/* A value of a violation (expected ones may be Guard's own kinds: regular expressions, ranges) as one line of text. */
vg_str vg_guard_value_text(vg_arena *arena, const vg_value *value);

/* ---- documents ---------------------------------------------------------------------------------------------------- */

/* Reads a JSON or YAML document as `cfn-guard validate` does, which reads some YAML otherwise than CloudFormation does
 * (vg_document_read): `!GetAtt a.b` keeps its text, and True and FALSE are text (docs/reference/guard.md has them all). */
vg_status vg_guard_document_read(vg_arena *arena, vg_str source, vg_str name, vg_doc *out, vg_error *err);

/* One document of several, as `cfn-guard validate --input-parameters` makes it: the objects' keys together, in order.
 * A key that two of them have is VG_ERR_VALUE. Places are kept for values of the last document. */
vg_status vg_guard_document_merge(vg_arena *arena, const vg_doc *docs, size_t count, vg_doc *out,
                                  vg_error *err);

/* ---- unit tests of rules ------------------------------------------------------------------------------------------- */

/* One expectation of one test case: what the case says of a rule, and what the rule(s) of that name gave. */
typedef struct {
    vg_str test;    /* the case's name, or "Test #N" */
    vg_place place; /* of the case in its file */
    vg_str rule;
    vg_guard_status expected;
    const vg_guard_status *got; /* of each rule with that name, in order; none when no rule has it */
    size_t got_count;
    bool passed; /* also when no rule has the name: cfn-guard does not check those, and `why` says so */
    vg_str why;  /* what is wrong, in words; empty when nothing is */
} vg_guard_expectation;

/* What a test file came to. */
typedef struct {
    size_t cases, passed, failed; /* test cases; one fails when any of its expectations does */
} vg_guard_test_result;

/* Runs a unit-test file (YAML or JSON: a list of name, input, expectations.rules) against a ruleset. Each expectation
 * is told to `each` (may be NULL). Expected of a name with several rules: met when any of those that did not SKIP gave
 * it, or, if all skipped, when SKIP is expected. VG_ERR_SYNTAX or VG_ERR_VALUE for a file that is none. */
vg_status vg_guard_test(const vg_ruleset *rules, vg_str text, vg_str name, const vg_guard_options *options,
                        void (*each)(void *context, const vg_guard_expectation *expectation), void *context,
                        vg_guard_test_result *result, vg_error *err);

/* ---- control files -------------------------------------------------------------------------------------------------- */

/* The header of a control file, `content/controls/AREA/ID.guard`:
 *
 *     # ---
 *     # id: root-mfa
 *     # title: The root user has MFA
 *     # severity: critical
 *     # practice: [SEC01-BP02]
 *     # ---
 *     rule root_mfa { ... }
 *
 * `doc` is the whole header, for keys that this struct does not name; absent keys are empty or NULL. */
typedef struct {
    vg_doc doc;
    vg_str id, title, rationale, remediation, warning;
    vg_severity severity;     /* VG_SEVERITY_MEDIUM when the header has none */
    const vg_value *practice; /* a list of SEC01 practice ids */
    const vg_value *resource; /* a list of subject types, or one */
    const vg_value *needs;    /* a list: "Property", or "Type.Property" */
    const vg_value *commands; /* a list of AWS CLI commands */
    const vg_value *mappings; /* framework: list of ids */
    const vg_value *attestation;
} vg_control_header;

/* Reads the header of a control file. *found is false, with VG_OK, when the text does not begin with `# ---`. A header
 * without end, that is no YAML, without id or title, or with a severity that is none, is VG_ERR_SYNTAX or VG_ERR_VALUE
 * with its line in the control file. Slices live as long as `arena` and `text`. */
vg_status vg_control_header_read(vg_arena *arena, vg_str text, vg_str name, vg_control_header *out,
                                 bool *found, vg_error *err);

/* Walks a key that may hold one string or a list of strings: for (size_t i = 0; vg_control_item(v, i, &s); i++). */
bool vg_control_item(const vg_value *list_or_string, size_t i, vg_str *out);

#endif
