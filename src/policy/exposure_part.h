/* exposure_part.h: the parts of exposure: strangers, and the context that they can bring (private to policy/). */
#ifndef VIGIL_POLICY_EXPOSURE_PART_H
#define VIGIL_POLICY_EXPOSURE_PART_H

#include "policy/policy_exposure.h"
#include "policy/policy_part.h"

#define STRANGER_ACCOUNT "999999999999"

/* An identity provider that many customers share (content/policy/federation.yaml). */
typedef struct vg_shared_provider {
    vg_str url, sub, aud;
    bool any_aud;
    const vg_value *own, *chosen; /* claims, by who decides them; NULL: none are listed */
} vg_shared_provider;

/* ---- what content knows (exposure_content.c) ------------------------------------------------------------------------ */

/* Lists of content/policy/strangers.yaml: of keys, and of actions. */
typedef enum {
    VG_STRANGER_GIVEN,    /* keys that AWS fills in */
    VG_STRANGER_SIGNED,   /* keys of signed requests, chosen by whoever signs */
    VG_STRANGER_LISTED,   /* global keys of the actions that the catalogue lists them with */
    VG_STRANGER_RESOURCE, /* keys that tell of the resource */
    VG_STRANGER_SECRET,   /* keys whose value those whom the policy names were told */
    VG_STRANGER_UNSIGNED, /* actions that need no signature */
    VG_STRANGER_TOKEN,    /* actions that take a provider's token in its place */
    VG_STRANGER_LISTS
} vg_stranger_list;

typedef struct {
    const vg_shared_provider *providers;
    size_t provider_count;
    struct {
        const vg_str *patterns; /* in lower case */
        size_t count;
    } lists[VG_STRANGER_LISTS];
    const vg_value *without_signature, *services;
} vg_stranger_rules;

vg_status vg_stranger_rules_read(vg_arena *arena, const vg_exposure_content *content,
                                 const vg_stranger_rules **out, vg_error *err);
/* Whether the list has the key or action, whose letter case does not count. */
bool vg_stranger_rule(const vg_stranger_rules *rules, vg_stranger_list list, vg_str name);
/* The principal of the service whose ARNs begin so: "sns.amazonaws.com" of "sns". */
vg_str vg_stranger_service(vg_arena *arena, const vg_stranger_rules *rules, vg_str prefix);
/* What the key holds where nobody signed; empty: nothing in particular. */
vg_str vg_stranger_unsigned_value(const vg_stranger_rules *rules, vg_str key);

/* ---- what a policy asks of those that it lets in (exposure_demand.c) ---------------------------------------------- */

/* Zero-initialise with the document and the Allow of it. */
typedef struct {
    const vg_policy_document *document;
    const vg_statement *allow;
    size_t statement, condition;
} vg_demands;

typedef struct {
    const vg_policy_condition *test;
    bool of_deny; /* the test is of a Deny, which holds unless the demand is met */
} vg_demand;

bool vg_demands_next(vg_demands *demands, vg_demand *out);
/* Whether the key must be there, with whatever value. */
bool vg_demand_presence(const vg_demand *demand);
/* Whether a condition is on the key ("aws:PrincipalOrgID"), whose letter case does not count. */
bool vg_condition_is_on(const vg_policy_condition *test, const char *key);

/* ---- a request in the making ----------------------------------------------------------------------------------------- */

enum { VG_WITNESS_KEYS = 64 };

/* A context in the making. Keys that a caller cannot choose are `pinned`: conditions cannot change them. Of those that are
 * `dark` nothing is known: they tell of the resource, or the catalogue does not have them. The entry then holds what would
 * let the caller in. */
typedef struct {
    vg_context_entry entries[VG_WITNESS_KEYS];
    vg_str values[VG_WITNESS_KEYS];
    bool pinned[VG_WITNESS_KEYS];
    bool dark[VG_WITNESS_KEYS];
    size_t count;
    bool full; /* conditions are on more keys than there is room for */
    const vg_stranger_rules *rules;
    const vg_catalogue *catalogue;
    uint32_t action; /* id in the catalogue, or VG_CATALOGUE_NONE */
    vg_caller_kind kind;
    bool is_named;          /* by the policy */
    const vg_request *told; /* with what evidence tells of the resource's tags; NULL: nothing */
    vg_str provider; /* prefix of a provider's keys: "token.actions.githubusercontent.com"; empty: none */
    const struct vg_shared_provider
        *shared;     /* whose claims a stranger has; NULL: the provider is one's own */
    vg_str subject;  /* of its token */
    vg_str audience; /* of the token of somebody who is let in; empty: as asked */
} vg_witness_context;

enum { VG_STRANGER_EXTRAS = 4 };

/* Who asks, with whose account. */
typedef struct {
    vg_reach reach;
    vg_str caller; /* text of the caller */
    vg_str account, organization, org_path;
    vg_str source_account;                               /* for services: on whose behalf, */
    vg_str source_arn, source_organization, source_path; /* and for what; empty: a stranger's */
    vg_str vpc, vpce;                                    /* through which; empty: none */
    vg_str subject;                                      /* of its token; empty: the provider's `sub` */
    const vg_shared_provider *provider;
    vg_str audience; /* for which its token was made out; empty: as the statement asks */
    struct {
        const char *key;
        vg_str value;
    } has[VG_STRANGER_EXTRAS]; /* what else the request holds that its maker arranged */
    size_t has_count;
    vg_str who;    /* for people; empty: the Principal as written */
    bool is_named; /* the policy names this very caller, who then knows what it was told (sts:ExternalId) */
    bool is_addressed; /* the policy speaks of it, or of its organisation: it comes whence it was told to */
    bool is_own_provider; /* an identity provider that the account itself set up */
} vg_stranger;

/* ---- what the parts share while a world is asked ---------------------------------------------------------------- */

typedef struct {
    vg_arena *arena;
    const vg_world *world;
    vg_str now_text, epoch_text; /* the same moment, in the two forms that conditions know */
    const vg_stranger_rules *rules;
    const vg_policy *full;
    vg_world_scratch *scratch;
    vg_vec exposures, unknowns;
    vg_map *exposure_of;         /* "resource\nreach\nwho\nwhether it hangs on a key" -> index */
    bool hangs, takes_hanging;   /* some finding hangs on a key that nobody knows; such are told now */
    size_t allowed;              /* requests, so far */
    uint64_t request_work, work; /* of the resource at hand: of one request, and so far */
} vg_explorer;

/* One resource as it is asked about. */
typedef struct {
    vg_str arn, type, account, region;
    vg_layer layer;
    vg_str unread; /* why the layer is unknown; empty: nobody collected it */
    bool is_trust;
    bool is_wide; /* its policy speaks of all that the service of its ARN holds in the account and Region */
    const vg_s3_settings *s3; /* of a bucket, whose own access control list they hold; else NULL */
} vg_exposure_subject;

/* An action to ask for, and of what. */
typedef struct {
    vg_str action, resource;
    vg_access_level level;
} vg_exposure_action;
enum { VG_EXPOSURE_ACTIONS = VG_ACCESS_LEVELS + 1 };

/* exposure_question.c: the first action of each access level that the statement allows on the resource, or on what is inside
 * of it; `set` is room for it. Of a service that the catalogue does not know, the actions as they are written. */
size_t vg_exposure_actions_for(const vg_explorer *x, const vg_statement *s, const vg_exposure_subject *of,
                               vg_action_set *set, vg_exposure_action out[VG_EXPOSURE_ACTIONS]);
/* Other things that the Allow is about and the action acts on, at most `most`: what the policy's Denies may spare where they
 * take in the thing that was asked for. */
size_t vg_exposure_elsewhere(const vg_explorer *x, const vg_exposure_subject *of, vg_demands demands,
                             const vg_exposure_action *asked, vg_str *out, size_t most);
/* The ARN of an object of a bucket. */
vg_str vg_exposure_inside_of(const vg_explorer *x, vg_str arn);

/* exposure_stranger.c */
enum { VG_MOST_STRANGERS = 24 };
/* Whoever is not of the account nor of the organisation. */
vg_stranger vg_stranger_from(vg_str caller, vg_reach reach);
/* An account, or a principal of one, that the policy names. */
vg_stranger vg_stranger_named(vg_explorer *x, const vg_policy_principal *p);
/* exposure_outsider.c: outsiders that the demands name, at most `most`: who call, and for whom the service acts. */
size_t vg_outsiders_calling(vg_explorer *x, const vg_exposure_subject *of, vg_demands demands,
                            vg_stranger *out, size_t most);
size_t vg_outsiders_served(vg_explorer *x, const vg_exposure_subject *of, vg_demands demands, vg_str service,
                           vg_stranger *out, size_t most);
/* What a stranger arranged for its request holds the key, unless it arranged too much. */
void vg_stranger_arrange(vg_stranger *stranger, const char *key, vg_str value);
/* The strangers that a principal of the policy lets in; 0 for the account's own. */
size_t vg_strangers_of(vg_explorer *x, const vg_exposure_subject *of, const vg_policy_principal *p,
                       vg_demands demands, vg_stranger out[VG_MOST_STRANGERS]);

/* ---- a stranger's request ------------------------------------------------------------------------------------------ */

/* The stranger, made to fit what is demanded: with wildcards as far as anybody can, and one that the policy names as far as
 * somebody of that account can (exposure_fit.c). */
vg_stranger vg_stranger_fitting(const vg_explorer *x, const vg_stranger *stranger, vg_demands demands);
/* Whether AWS takes such a request at all: unsigned, signed, with a token. */
bool vg_witness_is_possible(const vg_explorer *x, const vg_exposure_subject *of, vg_caller_kind kind,
                            vg_str action);
/* What such a caller brings to a request for the action about the resource. */
void vg_witness_begin(vg_witness_context *c, const vg_explorer *x, const vg_stranger *stranger,
                      const vg_exposure_subject *of, vg_str action);
/* The request goes through this S3 access point, from the internet. */
void vg_witness_through(vg_witness_context *c, vg_str access_point, vg_str account);
/* Chooses the keys that are free so that the statement's conditions hold where they can. `arena` keeps made texts. */
void vg_witness_satisfy(vg_witness_context *c, vg_arena *arena, const vg_statement *allow);
/* Chooses keys that are still free so that a Deny's conditions do not hold. */
void vg_witness_avoid(vg_witness_context *c, vg_arena *arena, const vg_statement *deny);
/* A thing of a stranger's account for which the service acts. */
vg_str vg_source_of_service(vg_arena *arena, vg_str service);
/* Takes the key out of the request. */
void vg_witness_drop(vg_witness_context *c, const char *key);
/* The first key that is assumed, and that nobody knows; empty: none. */
vg_str vg_witness_hangs_on(const vg_witness_context *c);
/* A text that a pattern matches: "arn:aws:s3:::b/ *" without the blank gives "arn:aws:s3:::b/x". */
vg_str vg_text_matching(vg_arena *arena, vg_str pattern);

#endif
