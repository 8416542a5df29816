/* lint_part.h: what the files of lint share: the scanned document that checks look at, the rows of their tables, and how a
 * check raises a finding.
 *
 * A document is scanned once: every action is looked up in the catalogue, every resource cut at its colons, every condition's
 * key looked up in catalogue and content. Checks then ask these, item by item:
 *
 *     lint_rows of a family ── run by scope ──► document, statement, action, resource, principal, condition
 *
 * A row of scope LINT_READER has no function: vg_policy_read raises it, or a row beside it that finds it on the way. */
#ifndef VIGIL_POLICY_LINT_PART_H
#define VIGIL_POLICY_LINT_PART_H

#include "policy/policy.h"

/* ---- content ---------------------------------------------------------------------------------------------------------------- */

/* What content says of a condition key: a bit a list. */
typedef enum {
    LINT_KEY_SENSITIVE,
    LINT_KEY_PREFIXED,
    LINT_KEY_UNTRUSTWORTHY,
    LINT_KEY_SOURCE,
    LINT_KEY_NARROWING,
    LINT_KEY_PRESENT,
    LINT_KEY_PRINCIPAL,
    LINT_KEY_NOT_OF_SERVICES,
    LINT_KEY_CALLED_VIA,
    LINT_KEY_SERVICE_PRINCIPAL,
    LINT_KEY_VIA_SERVICE,
    LINT_KEY_REGION,
    LINT_KEY_VPC,
    LINT_KEY_VPCE,
    LINT_KEY_KMS_KEY,
    LINT_KEY_TAG,
    LINT_KEY_IRRELEVANT,
    LINT_KEY_VPCE_OWNER,
    LINT_KEY_LISTS
} lint_key_list;

/* The same of services, by prefix or by principal. */
typedef enum {
    LINT_SERVICE_GLOBAL,
    LINT_SERVICE_GLOBAL_NEEDED,
    LINT_SERVICE_RCP,
    LINT_SERVICE_VPCE_OWNER,
    LINT_SERVICE_DEPUTY,
    LINT_SERVICE_IDENTITY_PROVIDER,
    LINT_SERVICE_LISTS
} lint_service_list;

/* Keys that belong together. */
typedef struct {
    vg_str key;
    const vg_str *with;
    size_t with_count;
} lint_pair;

/* A key that is evaluated for some actions alone. */
typedef struct {
    vg_str key;
    const vg_str *actions;
    size_t action_count;
    vg_str needs; /* the action that must be in the statement; may be empty */
} lint_key_actions;

typedef struct {
    vg_str name, suffix;
    const vg_map *regions;
} lint_partition;

/* What a resource policy of a type may name. */
typedef struct {
    vg_str type, service;
    const vg_map *actions, *arns; /* prefixes of actions, services of ARNs */
} lint_resource_policy;

typedef struct {
    const vg_map *keys;     /* lower case to bits of lint_key_list */
    const vg_map *services; /* lower case to bits of lint_service_list */
    const vg_str *needed;   /* LINT_SERVICE_GLOBAL_NEEDED, in the order of the file */
    size_t needed_count;
    const lint_pair *pairs;
    size_t pair_count;
    const lint_key_actions *key_actions;
    size_t key_actions_count;
    const lint_partition *partitions;
    size_t partition_count;
    const vg_map *regions; /* of all partitions */
    const vg_map *owners;
    const vg_str *owned; /* "service:beginning" of resources that AWS has without an account */
    size_t owned_count;
    const lint_resource_policy *resource_policies;
    size_t resource_policy_count;
    const vg_map *policy_quotas;   /* kind's name to characters */
    const vg_map *resource_quotas; /* type, or "default" */
} lint_content;

vg_status lint_content_read(vg_arena *arena, const vg_lint_content *files, size_t count,
                            const lint_content **out, vg_error *err);
/* The value of `name`, letter case ignored; 0 when it is not there, or longer than any that content lists. */
uint64_t lint_content_bits(const vg_map *map, vg_str name);
static inline bool lint_content_has(const vg_map *map, vg_str name)
{
    return lint_content_bits(map, name) != 0;
}

/* ---- the linter --------------------------------------------------------------------------------------------------------------- */

/* A resource type's ARN, cut up: what the checks of ARNs compare with. */
typedef struct {
    uint32_t resource; /* id in the catalogue */
    vg_str arn;
    bool has_region, has_account;
    vg_str service;  /* that stands in it; empty when it is open */
    vg_str literal;  /* of the resource part, up to its first variable */
    bool is_simple;  /* behind it the form has that variable alone */
    uint32_t colons; /* outside variables */
} lint_arn_form;

/* The forms of ARNs of one service: a range of the linter's. */
typedef struct {
    uint32_t first, count;
} lint_arn_service;

struct vg_linter {
    const vg_catalogue *catalogue;
    const lint_content *content;
    const vg_map *arn_services; /* lower-case service of an ARN to index in `services` */
    const lint_arn_service *services;
    const lint_arn_form *forms;
    const lint_arn_form *type_forms; /* the same in the order of resource types; those of a type r are */
    const uint32_t *type_first;      /* type_first[r] to type_first[r + 1] */
    uint32_t tag_key;                /* ids of aws:ResourceTag/${TagKey} and aws:RequestTag/${TagKey} */
    uint32_t request_tag_key;
};

/* ---- the scanned document ---------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_str text;
    const vg_value *at;
    vg_str service, name;           /* around the colon; service is empty when there is none */
    uint32_t service_id, action_id; /* VG_CATALOGUE_NONE: unknown, or a pattern */
    bool has_colon, is_pattern, is_all, service_is_pattern; /* is_all: "*" or "*:*" */
} lint_action;

typedef struct {
    vg_str text;
    const vg_value *at;
    vg_str part[6]; /* arn, partition, service, region, account, resource: all that is there */
    unsigned parts; /* how many */
    size_t literal; /* bytes before the first wildcard */
    const lint_arn_service *service; /* the forms of its service's ARNs; NULL: none, or a pattern */
    bool is_all;                     /* "*" */
    bool is_pattern;
} lint_resource;

typedef struct {
    const vg_policy_condition *c;
    const vg_value *key_at;
    uint32_t key_id;
    const vg_catalogue_key *key; /* NULL: unknown */
    unsigned lists;              /* bits of lint_key_list */
    vg_str prefix;               /* before the key's first colon; empty when there is none */
} lint_condition;

typedef struct {
    const vg_statement *s;
    uint32_t index;
    const lint_action *actions;
    size_t action_count;
    const lint_resource *resources;
    size_t resource_count;
    const lint_condition *conditions;
    size_t condition_count;
    bool has_dollar; /* a resource or a condition's value may hold a variable */
} lint_statement;

/* ---- findings ---------------------------------------------------------------------------------------------------------------- */

typedef struct lint_row lint_row;

typedef struct {
    const lint_row *row;
    vg_str message;
    uint32_t statement;
    uint32_t first_location, location_count; /* in lint.locations */
} lint_raised;

typedef struct {
    const vg_value *at;
    uint32_t raised; /* whose */
    vg_lint_location *out;
} lint_place;

typedef struct {
    const vg_linter *linter;
    const vg_catalogue *catalogue;
    const lint_content *content;
    vg_arena *arena;
    const vg_policy_document *document;
    const vg_lint_options *options;
    const lint_resource_policy *attached; /* of a resource policy: to what; NULL: not known */
    lint_statement *statements;
    size_t statement_count;
    vg_vec raised;      /* lint_raised */
    vg_vec locations;   /* lint_place */
    uint32_t statement; /* the one at hand, or UINT32_MAX */
    size_t budget;      /* comparisons of parts with each other that are left */
    uint64_t compared;  /* patterns of actions with names of the catalogue, so far */
    bool limited, out_of_memory;
} lint;

/* Raises `row` at a node: a value, or the key in front of it. Further places are added by lint_also. */
void lint_raise(lint *l, const lint_row *row, const vg_value *at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void lint_also(lint *l, const vg_value *at);
/* The message is the check's own sentence. */
void lint_raise_plain(lint *l, const lint_row *row, const vg_value *at);
/* Whether a check that is asked of every condition or principal may go over the statement's other parts as well: always, but
 * for statements so large that it would be quadratic, which the budget pays for. */
bool lint_may_look_around(lint *l, const lint_statement *s);
/* Takes `count` comparisons from the budget; false when it does not have them. */
bool lint_spend(lint *l, size_t count);

/* Text of the policy for a message: no longer than a line bears. */
static inline vg_str lint_shown(vg_str text)
{
    return vg_str_sub(text, 0, 160);
}

/* ---- lists of which some items cover others (lint_group.c) ---------------------------------------------------------------------- */

#define LINT_GROUP_EVERYWHERE UINT64_MAX
typedef struct {
    vg_str text;
    const vg_value *at;
    const void *of;  /* the action or resource */
    uint64_t bucket; /* a pattern covers items of its own bucket alone, or of all: LINT_GROUP_EVERYWHERE */
    uint64_t hash;   /* the same for items that cover each other */
    bool is_pattern; /* may cover others than its equals */
} lint_group_item;
typedef bool (*lint_group_covers)(const lint_group_item *outer, const lint_group_item *inner);
/* Raises `row` for each widest item that covers others: at all of them, in their order. */
void lint_raise_redundant(lint *l, const lint_row *row, const lint_group_item *items, size_t count,
                          lint_group_covers covers, const char *what);

/* ---- rows -------------------------------------------------------------------------------------------------------------------- */

typedef enum {
    LINT_READER, /* raised by vg_policy_read, or by another row of its family that finds it on the way */
    LINT_DOCUMENT,
    LINT_STATEMENT,
    LINT_ACTION,
    LINT_RESOURCE,
    LINT_PRINCIPAL,
    LINT_CONDITION
} lint_scope;

struct lint_row {
    vg_lint_check check;
    lint_scope scope;
    int variant; /* for functions that serve several rows */
    union {
        void (*document)(lint *l, const lint_row *row);
        void (*statement)(lint *l, const lint_row *row, const lint_statement *s);
        void (*action)(lint *l, const lint_row *row, const lint_statement *s, const lint_action *a);
        void (*resource)(lint *l, const lint_row *row, const lint_statement *s, const lint_resource *r);
        void (*principal)(lint *l, const lint_row *row, const lint_statement *s,
                          const vg_policy_principal *p);
        void (*condition)(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c);
    } run;
};

typedef struct {
    const lint_row *rows;
    size_t count;
} lint_family;

extern const lint_family lint_reader_family;    /* lint_reader.c */
extern const lint_family lint_element_family;   /* lint_element.c */
extern const lint_family lint_action_family;    /* lint_action.c */
extern const lint_family lint_role_family;      /* lint_role.c */
extern const lint_family lint_resource_family;  /* lint_resource.c */
extern const lint_family lint_variable_family;  /* lint_variable.c */
extern const lint_family lint_key_family;       /* lint_key.c */
extern const lint_family lint_value_family;     /* lint_value.c */
extern const lint_family lint_address_family;   /* lint_address.c */
extern const lint_family lint_wildcard_family;  /* lint_wildcard.c */
extern const lint_family lint_tag_family;       /* lint_tag.c */
extern const lint_family lint_principal_family; /* lint_principal.c */
extern const lint_family lint_trust_family;     /* lint_trust.c */
extern const lint_family lint_control_family;   /* lint_control.c */
extern const lint_family lint_own_family;       /* lint_own.c */
extern const lint_family lint_own_deny_family;  /* lint_own_deny.c */
extern const lint_family lint_own_reach_family; /* lint_own_reach.c */

/* Kinds of policies, by what they have. */
#define LINT_IDENTITY                                                                                        \
    (VG_LINT_KIND(VG_POLICY_IDENTITY) | VG_LINT_KIND(VG_POLICY_BOUNDARY) | VG_LINT_KIND(VG_POLICY_SESSION))
#define LINT_RESOURCE_KIND  VG_LINT_KIND(VG_POLICY_RESOURCE)
#define LINT_TRUST          VG_LINT_KIND(VG_POLICY_TRUST)
#define LINT_ENDPOINT       VG_LINT_KIND(VG_POLICY_ENDPOINT)
#define LINT_SCP            VG_LINT_KIND(VG_POLICY_SCP)
#define LINT_RCP            VG_LINT_KIND(VG_POLICY_RCP)
#define LINT_WITH_PRINCIPAL (LINT_RESOURCE_KIND | LINT_TRUST | LINT_ENDPOINT | LINT_RCP)

/* ---- questions that several families ask ---------------------------------------------------------------------------------------- */

static inline bool lint_is_wild(vg_str text)
{
    return vg_str_find_char(text, '*') != VG_NPOS || vg_str_find_char(text, '?') != VG_NPOS;
}
/* Whether text holds a variable: "${" that is none of the escapes ${*}, ${?}, ${$}. */
bool lint_has_variable(vg_str text);
/* Whether it holds a wildcard that is one: not inside ${...}. */
bool lint_has_wildcard(vg_str text);
static inline bool lint_allows(const lint_statement *s)
{
    return s->s->effect == VG_EFFECT_ALLOW;
}
static inline bool lint_denies(const lint_statement *s)
{
    return s->s->effect == VG_EFFECT_DENY;
}
/* Whether the form's service and the literal beginning of its resource agree with the pattern's, as far as that is without
 * wildcards: cheap, and rules most forms out. Only for patterns whose wildcards before the resource run past no colon. */
bool lint_form_may_fit(const lint_arn_form *form, const lint_resource *r);
/* Whether the pattern fits the form plainly: field by field, the literal whole, and behind it text or a wildcard for the
 * variable. True only if it fits; the catalogue knows of the others. */
bool lint_form_fits_plainly(const lint_arn_form *form, const lint_resource *r);
/* The node of a condition's k-th value. O(1) for lists of scalars. */
const vg_value *lint_value_node(const lint_condition *c, size_t k);
/* The key is one that an identity provider sets: "token.actions.githubusercontent.com:sub", "saml:aud". */
bool lint_is_provider_key(const lint_condition *c);
/* The operator compares with patterns: StringLike, StringNotLike, and all of ARNs. */
bool lint_op_takes_patterns(vg_operator op);
bool lint_op_is_string(vg_operator op);
bool lint_op_is_arn(vg_operator op);
/* Whether the statement has a condition whose key is in a list of content, matched positively and not by IfExists. */
bool lint_narrows(const lint_statement *s, lint_key_list list);
/* The statement's condition on `key`, letter case ignored, or NULL. */
const lint_condition *lint_condition_on(const lint_statement *s, const char *key);
/* Whether some ARN of the form matches the pattern, each of the form's variables one byte or more (with colons among them
 * or not; those before the resource never have any), the pattern's wildcards
 * running past whatever they like. Quadratic; of very long patterns it is always true. */
bool lint_form_may_be(const lint_arn_form *form, vg_str pattern, bool with_colons);
/* Every action that `inner`, an action or a pattern, matches is matched by `outer`. Neither's wildcards cross the colon. */
bool lint_action_covers(const lint_action *outer, const lint_action *inner);
/* The same of resources, as plain patterns. */
bool lint_resource_covers(const lint_resource *outer, const lint_resource *inner);
/* The pattern or action matches the action "service:Name". */
bool lint_action_names(const lint_action *a, vg_str action);
/* Whether some pattern of Action matches (or NotAction does not exclude) the action. */
bool lint_statement_names(const lint_statement *s, vg_str action);
/* A glob pattern covers another: what `inner` matches, `outer` matches. '*' and '?' in both; letter case ignored with
 * `icase`. Sound: true only if so. Linear in their product. */
bool lint_pattern_covers(vg_str outer, vg_str inner, bool icase);

#endif
