/* access_part.h: what the files of access/ share while a world is read. */
#ifndef VIGIL_ACCESS_PART_H
#define VIGIL_ACCESS_PART_H

#include "access/access.h"

/* A resource of evidence, kept: its texts in the arena, its properties as a tree whose every place is that of the record;
 * `observed` is when it was last seen so. */
typedef struct {
    vg_resource resource;
    vg_doc doc;
} vg_access_item;

/* One entry of `resources` of the content. */
typedef struct {
    vg_str type, in, names, policy;
    vg_str arn;  /* template of the ARN that the policy speaks of; empty: the resource's own */
    bool wide;   /* the policy speaks of all that the service holds in the account and Region */
    vg_str when; /* property that must be true, or "NAME=VALUE"; empty: always */
    const vg_value *sources;
} vg_access_rule;

typedef struct {
    vg_evidence *evidence;
    vg_arena *arena;
    const vg_access_options *options;
    vg_world_builder *builder;
    const vg_value *content; /* its root */
    vg_doc *content_doc;     /* in the arena: policies of it go on pointing into it */
    vg_map *readings;        /* "OPERATION PARAMETER" of what the ledger says was read in full */
    vg_organization organization;
    vg_vec items; /* vg_access_item, in the order of evidence */
} vg_access_reader;

vg_status vg_access_no_memory(vg_error *err);
/* Items of a type ("AWS::IAM::Role"), in the order of evidence: those whose type is `type`, from *next on. NULL at the
 * end. */
const vg_access_item *vg_access_next(const vg_access_reader *reader, const char *type, size_t *next);
/* Notes a reading (vg_access_reader *context), so that the next function can answer. */
vg_status vg_access_keep_reading(void *context, const vg_ledger_entry *entry, vg_error *err);
/* Whether the ledger says that this was read in full; the parameter may be empty. */
bool vg_access_was_read(const vg_access_reader *reader, const char *operation, vg_str parameter);
vg_status vg_access_problem(vg_access_reader *reader, vg_str subject, vg_str message, vg_error *err);
/* The policy of `value`, an object or JSON in a string, found in `item`. *out is NULL when AWS would refuse it. */
vg_status vg_access_policy(vg_access_reader *reader, vg_str key, vg_policy_kind kind, vg_str name,
                           const vg_access_item *item, const vg_value *value, const vg_policy **out,
                           vg_error *err);
/* CloudFormation's tags ([{Key, Value}], or an object of them) of an item. */
vg_status vg_access_tags(vg_access_reader *reader, const vg_access_item *item, const vg_world_tag **tags,
                         size_t *count, vg_error *err);

/* access_organization.c: accounts with their levels of SCPs and RCPs. */
vg_status vg_access_add_accounts(vg_access_reader *reader, vg_error *err);
/* access_iam.c: principals, identity providers, instance profiles. */
vg_status vg_access_add_principals(vg_access_reader *reader, vg_error *err);
/* access_found.c: policies where no rule looks for them. */
/* Whether the text of properties may hold a policy with a Principal: cheap, and never wrong in its no. */
bool vg_access_may_hold_policy(vg_str properties);
/* Whether the content knows nothing of the type: no rule, nor that its documents let nobody in. */
bool vg_access_is_foreign_type(const vg_access_reader *reader, vg_str type);
/* Whether something in the item reads as a policy with a Principal; *property is the first that holds one. */
bool vg_access_find_policy(vg_arena *arena, const vg_access_item *item, vg_str *property);

/* access_resources.c: resources, by the content's rules. */
vg_status vg_access_read_rules(vg_access_reader *reader, vg_vec *rules, vg_error *err);
vg_status vg_access_add_resources(vg_access_reader *reader, const vg_vec *rules, vg_error *err);

#endif
