/* policy_part.h: compiled policies as they lie in memory, and what one decision carries along (private to policy/).
 *
 * A compiled policy is an index from an action to the few statements that can concern it:
 *
 *     services   ascending ids of the services that some Action names       [ec2, s3, sqs]
 *     groups     one a service: a range of entries                          [0..2) [2..5) [5..6)
 *     entries    a rule, and the row of bits of the service's actions that its Action matches
 *     any        rules that may concern every service: Action "*", and NotAction (which keeps rows of its own)
 *
 * An action that the catalogue lacks goes the string path: every rule, pattern by pattern. Rows of bits begin at the
 * word of the catalogue that holds the service's first action, so that action a is bit a % 64 of word a / 64 - base.
 *
 * Truth has three values, ordered so that `and` is the lesser and `or` the greater: no, unknown, yes. */
#ifndef VIGIL_POLICY_POLICY_PART_H
#define VIGIL_POLICY_POLICY_PART_H

#include "policy/policy.h"

/* ---- what AWS refuses (refusal.c) ------------------------------------------------------------------------------------------- */

typedef enum {
    VG_REFUSED_JSON,
    VG_REFUSED_TYPE,
    VG_REFUSED_ELEMENT,
    VG_REFUSED_COMBINATION,
    VG_REFUSED_VERSION,
    VG_REFUSED_NO_STATEMENT,
    VG_REFUSED_NO_EFFECT,
    VG_REFUSED_EFFECT,
    VG_REFUSED_SID,
    VG_REFUSED_SID_TWICE,
    VG_REFUSED_NO_ACTION,
    VG_REFUSED_ACTION,
    VG_REFUSED_ACTION_COLONS,
    VG_REFUSED_ACTION_SERVICE,
    VG_REFUSED_ACTION_SERVICE_PATTERN,
    VG_REFUSED_TRUST_ACTION,
    VG_REFUSED_NO_RESOURCE,
    VG_REFUSED_EMPTY_RESOURCE,
    VG_REFUSED_RESOURCE,
    VG_REFUSED_PARTITION,
    VG_REFUSED_PARTITION_PATTERN,
    VG_REFUSED_RESOURCE_SERVICE,
    VG_REFUSED_ARN_FIELDS,
    VG_REFUSED_TRUST_RESOURCE,
    VG_REFUSED_NO_PRINCIPAL,
    VG_REFUSED_PRINCIPAL_ELEMENT,
    VG_REFUSED_SCP_PRINCIPAL,
    VG_REFUSED_TRUST_NOT_PRINCIPAL,
    VG_REFUSED_PRINCIPAL,
    VG_REFUSED_PRINCIPAL_KEY,
    VG_REFUSED_PRINCIPAL_PATTERN,
    VG_REFUSED_SERVICE_PRINCIPAL,
    VG_REFUSED_TRUST_PROVIDER,
    VG_REFUSED_OPERATOR,
    VG_REFUSED_NULL_IF_EXISTS,
    VG_REFUSED_RCP_ALLOW,
    VG_REFUSED_RCP_NOT_ACTION,
    VG_REFUSED_RCP_PRINCIPAL,
    VG_REFUSED_COUNT,
    VG_REFUSED_NOT = VG_REFUSED_COUNT /* AWS takes it */
} vg_refused;

typedef struct {
    const char *code;   /* Access Analyzer's */
    unsigned kinds;     /* VG_LINT_KIND bits of the policies in which AWS refuses it */
    const char *answer; /* of AWS; "" where it is not known word for word */
} vg_refusal;

/* The row of a rule; NULL from VG_REFUSED_COUNT on. */
const vg_refusal *vg_refusal_of(vg_refused rule);
/* The rule that a pattern of Action or NotAction, of Resource or NotResource, a principal breaks, or VG_REFUSED_NOT; whether
 * the kind of policy is among the rule's, its row says. */
vg_refused vg_action_refused(vg_str text, vg_policy_kind kind);
vg_refused vg_resource_refused(vg_str text, vg_policy_kind kind);
vg_refused vg_principal_refused(const vg_policy_principal *principal);
bool vg_sid_refused(vg_str sid);

/* ---- three-valued truth -------------------------------------------------------------------------------------------------- */

static inline vg_match vg_match_and(vg_match a, vg_match b)
{
    return a < b ? a : b;
}
static inline vg_match vg_match_or(vg_match a, vg_match b)
{
    return a > b ? a : b;
}
static inline vg_match vg_match_not(vg_match a)
{
    return (vg_match)(VG_MATCH_YES - a);
}

/* ---- text with wildcards and variables ------------------------------------------------------------------------------------- */

typedef enum {
    VG_PIECE_TEXT, /* these bytes */
    VG_PIECE_RUN,  /* '*' */
    VG_PIECE_ONE,  /* '?': one character */
    VG_PIECE_KEY   /* ${key}: the key's value as literal text */
} vg_piece_kind;

typedef struct {
    vg_piece_kind kind;
    bool has_fallback;
    vg_str text; /* of TEXT; of KEY the key's name */
    vg_str fallback;
    uint64_t hash; /* of KEY: vg_key_hash(text) */
} vg_piece;

/* "home-${aws:username}*" as pieces. `wild`: whether '*' and '?' are wildcards (in ARNs and StringLike) or text. */
typedef struct {
    const vg_piece *pieces;
    uint32_t count;
} vg_template;

/* Whether text holds a "${...}" that a template would not take as plain text. */
bool vg_template_needed(vg_str text);
vg_status vg_template_compile(vg_arena *arena, vg_str text, bool wild, vg_template *out, vg_error *err);

/* ---- patterns of ARNs ------------------------------------------------------------------------------------------------------ */

enum { VG_ARN_SEGMENTS = 6 };

/* What no request of AWS exceeds: names of actions have 64 characters, ARNs and values of keys 2,048. A decision on longer
 * text is unknown. */
enum { VG_LONGEST_ACTION = 1024, VG_LONGEST_VALUE = 8192 };

/* Matching costs pattern times text in the worst case, and evidence may hold megabytes of patterns made for it. A decision
 * counts the steps of what is not linear; once it has taken so many, a comparison that would need more is unknown: no Allow,
 * and a Deny that may hold. Policies within AWS's quotas take a few thousand, a pattern of 2,048 bytes against such a text
 * at most a million. */
enum { VG_DECISION_STEPS = 1 << 22 };
static inline bool vg_is_spent(uint64_t steps)
{
    return steps > VG_DECISION_STEPS;
}

/* An ARN, or a pattern of one, cut at its first five colons. count: segments found, 1 to 6. */
typedef struct {
    vg_str text;
    vg_str segment[VG_ARN_SEGMENTS];
    unsigned count;
} vg_arn_cut;
vg_arn_cut vg_arn_cut_of(vg_str text);
/* The same for text with variables: a colon within "${...}" cuts nothing. */
vg_arn_cut vg_arn_cut_around_variables(vg_str text);

typedef enum {
    VG_PATTERN_ALL,      /* "*" */
    VG_PATTERN_EXACT,    /* these bytes */
    VG_PATTERN_PREFIX,   /* all that begins with `text` */
    VG_PATTERN_SEGMENTS, /* segment by segment */
    VG_PATTERN_INVALID   /* matches nothing */
} vg_pattern_class;

/* A pattern of a Resource or NotResource element, for the kind of policy that it stands in.
 *
 * `loose`: an ARN of fewer than six segments. AWS's documents call it an error; the services complete it, and what does
 * not match then is no exclusion in a NotResource either (vg_resource_result ERROR). */
typedef struct {
    uint8_t kind; /* vg_pattern_class */
    bool loose;
    bool wild_type;              /* a wildcard in the resource's type, and text behind it */
    vg_arn_cut cut;              /* of the pattern; SEGMENTS alone needs it in deciding a plain ARN */
    vg_str text;                 /* EXACT, PREFIX */
    const vg_template *variable; /* of the sixth segment when it holds variables; kind is then SEGMENTS */
} vg_resource_pattern;

/* ---- compiled statements ------------------------------------------------------------------------------------------------- */

typedef enum { VG_ROLE_OTHER, VG_ROLE_USER, VG_ROLE_ROLE, VG_ROLE_SESSION } vg_principal_shape;
typedef struct {
    vg_principal_kind kind;
    vg_principal_shape shape; /* of kind ARN */
    vg_str text, account;
    vg_str role; /* of shape ROLE and SESSION: the role's name without path */
} vg_rule_principal;

/* An address, or a network: its first `bits` bits. IPv4 fills four bytes. */
typedef struct {
    uint8_t bytes[16];
    uint8_t bits;
    bool v6;
} vg_address;

/* One operand of a condition, read as its operator reads it. */
typedef struct {
    bool bad;     /* no value of the operator's type: matches nothing, and makes a negated operator fail */
    bool boolean; /* Bool, Null */
    bool simple;  /* text without variables, and without wildcards where they would count */
    vg_str text;
    int64_t time;
    vg_address address;
    const vg_template *variable; /* NULL unless the text holds one; of ARN operators: six, one a segment */
    const vg_arn_cut *cut;       /* ARN operators */
} vg_operand;

typedef struct {
    uint8_t op;        /* vg_operator */
    uint8_t qualifier; /* vg_qualifier */
    bool if_exists, negated;
    uint32_t count;
    uint64_t hash; /* vg_key_hash(key) */
    vg_str key;
    const vg_operand *operands;
    const vg_policy_condition *source;
} vg_test;

/* A row of bits: the actions of one service. */
typedef struct {
    uint32_t service;
    uint32_t base; /* index in the catalogue's set of the first word */
    const uint64_t *words;
} vg_action_row;

typedef struct {
    uint32_t statement; /* index in the document */
    uint8_t effect;     /* vg_effect */
    bool not_action, not_resource, not_principal;
    bool every_action;   /* Action: some pattern is "*"; NotAction: so that nothing is left */
    bool has_star;       /* some pattern of Resource or NotResource is "*" */
    bool every_resource; /* Resource "*" among them, or no such element */
    bool checks_principal;
    uint32_t resource_count, principal_count, test_count, row_count;
    const vg_resource_pattern *resources;
    const vg_rule_principal *principals;
    const vg_test *tests;
    const vg_action_row *rows; /* ascending by service */
    const vg_statement *source;
} vg_rule;

typedef struct {
    const vg_rule *rule;
    const uint64_t *words; /* NULL: every action of the service */
    uint32_t base;
} vg_rule_entry;

typedef struct {
    uint32_t first, count;
} vg_rule_group;

enum { VG_NEAR_SERVICES = 16, VG_CACHE_LINE = 64 };

/* Most policies of a request say nothing of its service: what tells so stands first, in one line of the cache, which the
 * layer asks for ahead (vg_policy_compile aligns it). */
struct vg_policy {
    const vg_catalogue *catalogue;
    uint64_t service_bits; /* bit s % 64 of each service */
    uint32_t service_count, any_count;
    bool allows_all; /* some rule allows everything to the caller, whatever the request */
    bool
        grants_public; /* AWS's definition: some Allow is for anyone without a condition that pins who or whence */
    uint16_t near[VG_NEAR_SERVICES]; /* the services, when they are so few */
    /* ---- the line ends here ---- */
    const uint16_t *services;
    const vg_rule_group *groups;
    const vg_rule_entry *entries;
    const vg_rule *const *any;
    const vg_rule *rules;
    uint32_t rule_count;
    const vg_policy_document *document;
};

/* ---- one decision -------------------------------------------------------------------------------------------------------- */

enum { VG_HASHED_KEYS = 48 };

/* What a decision knows; on the stack. */
typedef struct vg_evaluation {
    const vg_request *request;
    vg_str action;
    vg_arn_cut resource; /* the requested one cut, once somebody asked: vg_resource_cut */
    bool is_cut;
    bool is_pattern;               /* the requested resource holds a '*' */
    const vg_catalogue *catalogue; /* of which action_id and service are */
    uint32_t action_id, service;
    bool wildcard_only;
    vg_match bounded; /* whether the caller has a permissions boundary */
    bool hashed;
    uint64_t steps;                  /* taken so far: VG_DECISION_STEPS */
    uint64_t hashes[VG_HASHED_KEYS]; /* of the first keys of the context */
    struct vg_trace *trace;          /* of an explanation; NULL while deciding */
} vg_evaluation;

static inline const vg_arn_cut *vg_resource_cut(vg_evaluation *e)
{
    if (!e->is_cut) {
        e->resource = vg_arn_cut_of(e->request->resource);
        e->is_cut = true;
    }
    return &e->resource;
}

/* A hash of a condition key that ignores ASCII case (and may confuse a few other characters: compare as well). */
uint64_t vg_key_hash(vg_str key);
/* The context's entry of a key, or NULL when it has none. Keys beyond VG_HASHED_KEYS cost a step each; once those are spent,
 * every key is unknown. */
const vg_context_entry *vg_context_find(vg_evaluation *e, uint64_t hash, vg_str key);

typedef enum {
    VG_VALUE_FOUND,  /* *out holds it */
    VG_VALUE_NONE,   /* absent, or several values: nothing to put in its place */
    VG_VALUE_UNKNOWN /* open mode: may be absent or anything */
} vg_value_state;
/* What stands in the place of a variable: the key's value, else its default. */
vg_value_state vg_variable_value(vg_evaluation *e, const vg_piece *piece, vg_str *out);

/* What comparing a pattern with a text gives. ERROR: it cannot be compared, a variable has no value; that is no match, and
 * no difference either where the match is negated. */
typedef enum {
    VG_RESULT_NO,
    VG_RESULT_UNKNOWN, /* may match, may not, may be in error */
    VG_RESULT_YES,
    VG_RESULT_ERROR,
    VG_RESULT_NO_OR_ERROR /* which of both, unknown variables decide */
} vg_result;
static inline vg_result vg_result_of(vg_match match)
{
    return match == VG_MATCH_YES ? VG_RESULT_YES : match == VG_MATCH_NO ? VG_RESULT_NO : VG_RESULT_UNKNOWN;
}
/* Matches the template with the whole text; a variable that is unknown may stand for anything or nothing. */
vg_result vg_template_match(vg_evaluation *e, const vg_template *t, vg_str text, bool ignore_case);
/* The template against a request that is a pattern itself: cover, or overlap. */
vg_result vg_template_compare(vg_evaluation *e, const vg_template *t, vg_str request, bool cover);

/* Compiles a Resource pattern for a policy of `kind`; `variables`: whether ${...} is one. */
vg_status vg_resource_compile(vg_arena *arena, vg_str text, vg_policy_kind kind, bool variables,
                              vg_resource_pattern *out, vg_error *err);
/* Whether the rule's Resource or NotResource holds for the request. */
vg_match vg_rule_concerns_resource(vg_evaluation *e, const vg_rule *rule);

vg_status vg_test_compile(vg_arena *arena, const vg_policy_condition *condition, bool variables, vg_test *out,
                          vg_error *err);
vg_match vg_test_holds(vg_evaluation *e, const vg_test *test);
/* Whether the range, or the single address, of a condition on addresses holds the address. */
bool vg_address_is_in(vg_str address, vg_str range);
/* The operator of a name in any case, without qualifier and IfExists; VG_OP_INVALID: there is none (names.c). */
vg_operator vg_operator_find(vg_str name);

/* How a Principal element names a caller, from the weakest to the strongest. */
typedef enum {
    VG_NAMED_NOT,
    VG_NAMED_ACCOUNT, /* by its account: delegation to its identity policies */
    VG_NAMED_ROLE, /* the session's role, or the federated session's user: boundary and session policy still limit */
    VG_NAMED_CALLER, /* the caller itself, or anyone */
    VG_NAMED_COUNT
} vg_naming;
/* In how far the rule names the request's caller in each way; named[VG_NAMED_NOT] means nothing. A rule without Principal
 * names the caller. */
void vg_rule_names(vg_evaluation *e, const vg_rule *rule, vg_match named[VG_NAMED_COUNT]);

/* Whether a layer allows every action on every resource. */
vg_match vg_layer_allows_everything(const vg_layer *layer);

/* S3: whether a rule makes its policy public; whether RestrictPublicBuckets stops the request; whether an ACL allows it. */
bool vg_rule_grants_public(const vg_rule *rule);
vg_match vg_s3_restricts(const vg_evaluation *e, const vg_layers *layers, bool from_owner);
vg_match vg_s3_acl_allows(const vg_evaluation *e, const vg_layers *layers);
/* Whether BlockPublicAcls refuses the ACL that the request brings along, as far as its context tells; and the sentence of an
 * explanation where the request writes what a block may refuse and does not say what, or NULL. */
vg_match vg_s3_blocks_write(const vg_evaluation *e, const vg_layers *layers);
const char *vg_s3_untold_write(const vg_evaluation *e, const vg_layers *layers);

/* Glob over bytes where '?' is one character of UTF-8. Patterns are UTF-8, as all that JSON holds; s may be any bytes. Each
 * adds the steps it takes to *steps, and is UNKNOWN where more than VG_DECISION_STEPS would be needed. */
vg_match vg_glob(vg_str pattern, vg_str s, uint64_t *steps);
/* Whether some text matches both, and whether `pattern` matches all that `request` does, whose one wildcard is '*'. */
vg_match vg_glob_overlaps(vg_str pattern, vg_str request, uint64_t *steps);
vg_match vg_glob_covers(vg_str pattern, vg_str request, uint64_t *steps);
/* As vg_action_matches, within the steps. */
vg_match vg_action_takes(vg_str pattern, vg_str action, uint64_t *steps);

#endif
