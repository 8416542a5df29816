/* world_build.c: a world is put together: adding, compiling once, ordering, and filling what follows from the rest.
 *
 * What is added lies in plain vectors in the order of its coming. Finishing sorts them (accounts by id, principals by
 * account and ARN, the rest by ARN), so that the same things give the same world in whatever order they came, and then
 * builds the maps of struct vg_world_index over them. Policies are compiled when they are added, once for each key, since
 * one managed policy may be attached to thousands of roles. */
#include "policy/policy_part.h"
#include "policy/world_part.h"

#include <stdio.h>
#include <stdlib.h>

struct vg_world_builder {
    vg_arena *arena;
    vg_world *world;
    struct vg_world_index *index;
    vg_vec accounts, principals, resources, providers, profiles, groups, managed, problems;
    vg_map *policies; /* key to vg_policy; a refused one to &refused */
    vg_map *arrays;   /* bytes of an array of policies to that array in the arena */
};

static const char refused = 0; /* its address stands for a policy that could not be used */
static const vg_layer unknown_level = {.state = VG_LAYER_UNKNOWN};

vg_world_builder *vg_world_builder_new(vg_arena *arena, const vg_catalogue *catalogue)
{
    vg_world_builder *b = VG_NEW(arena, vg_world_builder);
    vg_world *world = VG_NEW(arena, vg_world);
    struct vg_world_index *index = VG_NEW(arena, struct vg_world_index);
    if (!b || !world || !index)
        return NULL;
    *world = (vg_world){.partition = VG_STR("aws"), .catalogue = catalogue, .index = index};
    *b = (vg_world_builder){
        .arena = arena,
        .world = world,
        .index = index,
        .accounts = vg_vec_in(arena, sizeof(vg_world_account)),
        .principals = vg_vec_in(arena, sizeof(vg_world_principal)),
        .resources = vg_vec_in(arena, sizeof(vg_world_resource)),
        .providers = vg_vec_in(arena, sizeof(vg_world_provider)),
        .profiles = vg_vec_in(arena, sizeof(vg_world_instance_profile)),
        .groups = vg_vec_in(arena, sizeof(vg_world_group)),
        .managed = vg_vec_in(arena, sizeof(vg_world_managed)),
        .problems = vg_vec_in(arena, sizeof(vg_world_problem)),
        .policies = vg_map_new(arena, 1),
        .arrays = vg_map_new(arena, 2),
    };
    index->canonical = vg_map_new(arena, 0);
    return b->policies && b->arrays && index->canonical ? b : NULL;
}

void vg_world_builder_partition(vg_world_builder *b, vg_str partition)
{
    b->world->partition = partition;
}

void vg_world_builder_policy_arns(vg_world_builder *b, const vg_str *patterns, size_t count)
{
    b->index->policy_arns = patterns;
    b->index->policy_arn_count = count;
}

void vg_world_builder_rcp_services(vg_world_builder *b, const vg_str *services, size_t count)
{
    b->index->rcp_services = services;
    b->index->rcp_service_count = count;
}

void vg_world_builder_organization(vg_world_builder *b, vg_str id, vg_str management_account)
{
    b->world->organization_id = id;
    b->world->management_account = management_account;
}

/* ---- adding -------------------------------------------------------------------------------------------------------------- */

static vg_status push(vg_vec *vec, const void *item, vg_error *err)
{
    void *place = vg_vec_push(vec);
    if (!place)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    memcpy(place, item, vec->item_size);
    return VG_OK;
}

vg_status vg_world_add_account(vg_world_builder *b, const vg_world_account *account, vg_error *err)
{
    return push(&b->accounts, account, err);
}

vg_status vg_world_add_principal(vg_world_builder *b, const vg_world_principal *principal, vg_error *err)
{
    return push(&b->principals, principal, err);
}

vg_status vg_world_add_resource(vg_world_builder *b, const vg_world_resource *resource, vg_error *err)
{
    return push(&b->resources, resource, err);
}

vg_status vg_world_add_provider(vg_world_builder *b, const vg_world_provider *provider, vg_error *err)
{
    return push(&b->providers, provider, err);
}

vg_status vg_world_add_instance_profile(vg_world_builder *b, const vg_world_instance_profile *profile,
                                        vg_error *err)
{
    return push(&b->profiles, profile, err);
}

vg_status vg_world_add_group(vg_world_builder *b, const vg_world_group *group, vg_error *err)
{
    return push(&b->groups, group, err);
}

vg_status vg_world_add_managed(vg_world_builder *b, vg_str arn, vg_str account_id, const vg_doc *doc,
                               const vg_value *root, vg_error *err)
{
    const vg_policy *policy = NULL;
    vg_policy_document document;
    VG_TRY(vg_policy_read(b->arena, doc, root, VG_POLICY_IDENTITY, arn, &document, err));
    if (document.issue_count == 0)
        VG_TRY(vg_policy_compile(b->arena, &document, b->world->catalogue, &policy, err));
    const vg_layer layer = {.state = VG_LAYER_KNOWN, .policies = &policy, .count = policy != NULL};
    const vg_world_managed managed = {arn, account_id, vg_layer_allows_everything(&layer)};
    return push(&b->managed, &managed, err);
}

vg_status vg_world_add_canonical(vg_world_builder *b, vg_str id, vg_str account, vg_error *err)
{
    vg_str *owner = VG_NEW(b->arena, vg_str);
    vg_map_entry *entry = owner ? vg_map_put(b->index->canonical, id, NULL) : NULL;
    if (!entry)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    *owner = account;
    entry->value.ptr = owner;
    return VG_OK;
}

vg_status vg_world_add_problem(vg_world_builder *b, const vg_world_problem *problem, vg_error *err)
{
    return push(&b->problems, problem, err);
}

/* ---- policies and layers --------------------------------------------------------------------------------------------------- */

/* AWS would refuse the document: whoever attached it saw another one, so nothing can be said of this layer. */
static vg_status refuse(vg_world_builder *b, const vg_policy_document *document, vg_str text, vg_error *err)
{
    const vg_policy_issue *issue = &document->issues[0];
    vg_world_problem problem = {
        .subject = document->name, .place = issue->place, .refused = document, .text = text};
    problem.message =
        vg_arena_printf(b->arena, "AWS would refuse this policy (%s): %s", issue->code, issue->message);
    if (!problem.message.ptr)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    return vg_world_add_problem(b, &problem, err);
}

void vg_world_place_problem(vg_world_builder *b, vg_str text, vg_place record)
{
    vg_world_problem *last = b->problems.len ? vg_vec_at(&b->problems, b->problems.len - 1) : NULL;
    if (last && last->text.ptr && last->text.ptr == text.ptr)
        last->place = record;
}

static vg_status compile(vg_world_builder *b, vg_policy_document *document, vg_str text,
                         const vg_policy **out, vg_error *err)
{
    *out = NULL;
    if (document->issue_count > 0)
        return refuse(b, document, text, err);
    return vg_policy_compile(b->arena, document, b->world->catalogue, out, err);
}

/* Whether the key was seen: *out is then its policy. *entry (NULL for an empty key) takes what comes of it. */
static vg_status look_up(vg_world_builder *b, vg_str key, bool *seen, vg_map_entry **entry,
                         const vg_policy **out, vg_error *err)
{
    bool added = true;
    *entry = NULL;
    *out = NULL;
    if (key.len > 0 && !(*entry = vg_map_put(b->policies, key, &added)))
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    *seen = !added;
    if (*seen && (*entry)->value.ptr != &refused)
        *out = (*entry)->value.ptr;
    return VG_OK;
}

static void remember(vg_map_entry *entry, const vg_policy *policy)
{
    if (entry)
        entry->value.u64 = (uint64_t)(uintptr_t)(policy ? (const void *)policy : (const void *)&refused);
}

vg_status vg_world_policy_text(vg_world_builder *b, vg_str key, vg_policy_kind kind, vg_str name, vg_str text,
                               const vg_policy **out, vg_error *err)
{
    bool seen;
    vg_map_entry *entry;
    VG_TRY(look_up(b, key, &seen, &entry, out, err));
    if (seen)
        return VG_OK;
    vg_policy_document *document = VG_NEW(b->arena, vg_policy_document);
    if (!document)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    VG_TRY(vg_policy_read_text(b->arena, text, kind, name, document, err));
    VG_TRY(compile(b, document, text, out, err));
    remember(entry, *out);
    return VG_OK;
}

vg_status vg_world_policy_value(vg_world_builder *b, vg_str key, vg_policy_kind kind, vg_str name,
                                const vg_doc *doc, const vg_value *root, const vg_policy **out, vg_error *err)
{
    bool seen;
    vg_map_entry *entry;
    VG_TRY(look_up(b, key, &seen, &entry, out, err));
    if (seen)
        return VG_OK;
    vg_policy_document *document = VG_NEW(b->arena, vg_policy_document);
    if (!document)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    VG_TRY(vg_policy_read(b->arena, doc, root, kind, name, document, err));
    VG_TRY(compile(b, document, (vg_str){0}, out, err));
    remember(entry, *out);
    return VG_OK;
}

/* The array in the arena, the same for the same policies. */
static const vg_policy *const *shared_array(vg_world_builder *b, const vg_policy *const *policies,
                                            size_t count)
{
    bool added;
    vg_str bytes = vg_str_of((const char *)policies, count * sizeof *policies);
    vg_map_entry *entry = vg_map_get(b->arrays, bytes);
    if (entry)
        return entry->value.ptr;
    vg_str copy = vg_arena_str(b->arena, bytes);
    entry = copy.ptr ? vg_map_put(b->arrays, copy, &added) : NULL;
    if (!entry)
        return NULL;
    entry->value.u64 = (uint64_t)(uintptr_t)copy.ptr;
    return entry->value.ptr;
}

vg_status vg_world_layer(vg_world_builder *b, const vg_policy *const *policies, size_t count, vg_str name,
                         vg_layer *out, vg_error *err)
{
    *out = (vg_layer){.state = VG_LAYER_KNOWN, .name = name};
    const vg_policy **used = VG_NEW_N(b->arena, const vg_policy *, count ? count : 1);
    if (!used)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++)
        if (policies[i])
            used[out->count++] = policies[i];
    if (out->count < count)
        out->state = VG_LAYER_UNKNOWN;
    if (out->count > 0 && !(out->policies = shared_array(b, used, out->count)))
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    return VG_OK;
}

/* ---- finishing: order and maps ------------------------------------------------------------------------------------------------ */

static int by_account_id(const void *a, const void *b)
{
    return vg_str_cmp(((const vg_world_account *)a)->id, ((const vg_world_account *)b)->id);
}

static int by_account_and_arn(const void *a, const void *b)
{
    const vg_world_principal *p = a, *q = b;
    int order = vg_str_cmp(p->account_id, q->account_id);
    return order ? order : vg_str_cmp(p->arn, q->arn);
}

/* Structs that begin with their ARN: resources, providers, instance profiles. */
static int by_arn(const void *a, const void *b)
{
    return vg_str_cmp(*(const vg_str *)a, *(const vg_str *)b);
}
_Static_assert(offsetof(vg_world_resource, arn) == 0 && offsetof(vg_world_provider, arn) == 0 &&
                   offsetof(vg_world_instance_profile, arn) == 0 && offsetof(vg_world_group, arn) == 0 &&
                   offsetof(vg_world_managed, arn) == 0 && offsetof(vg_world_account, id) == 0 &&
                   offsetof(vg_world_principal, arn) == 0,
               "what is mapped begins with its key");

static void sort(vg_vec *vec, int (*order)(const void *, const void *))
{
    if (vec->len > 1)
        qsort(vec->items, vec->len, vec->item_size, order);
}

/* Maps the text that each item begins with to its index + 1. */
static vg_status map_items(vg_arena *arena, const vg_vec *vec, const char *what, const vg_map **out,
                           vg_error *err)
{
    vg_map *map = vg_map_new(arena, 3);
    for (size_t i = 0; map && i < vec->len; i++) {
        bool added = false;
        vg_str key = *(const vg_str *)vg_vec_at(vec, i);
        vg_map_entry *entry = vg_map_put(map, key, &added);
        if (!entry)
            return vg_fail(err, VG_ERR_MEMORY, "out of memory");
        if (!added)
            return vg_fail(err, VG_ERR_VALUE, "%s %.*s is there twice", what, VG_ARG(key));
        entry->value.u64 = i + 1;
    }
    *out = map;
    return map ? VG_OK : vg_fail(err, VG_ERR_MEMORY, "out of memory");
}

/* ---- finishing: what follows from the rest -------------------------------------------------------------------------------------- */

static vg_status add_missing_account(vg_world_builder *b, vg_map *known, vg_str id, vg_error *err)
{
    bool added = false;
    if (!vg_is_account_id(id))
        return VG_OK;
    if (!vg_map_put(known, id, &added))
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    if (!added)
        return VG_OK;
    vg_world_account account = {
        .id = id, .scps = &unknown_level, .scp_count = 1, .rcps = &unknown_level, .rcp_count = 1};
    return vg_world_add_account(b, &account, err);
}

static vg_status add_missing_accounts(vg_world_builder *b, vg_error *err)
{
    vg_map *known = vg_map_new(b->arena, 4);
    if (!known)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < b->accounts.len; i++)
        if (!vg_map_put(known, ((vg_world_account *)vg_vec_at(&b->accounts, i))->id, NULL))
            return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < b->principals.len; i++)
        VG_TRY(add_missing_account(b, known, ((vg_world_principal *)vg_vec_at(&b->principals, i))->account_id,
                                   err));
    for (size_t i = 0; i < b->resources.len; i++)
        VG_TRY(add_missing_account(b, known, ((vg_world_resource *)vg_vec_at(&b->resources, i))->account_id,
                                   err));
    return VG_OK;
}

static vg_status add_root_users(vg_world_builder *b, vg_error *err)
{
    vg_map *known = vg_map_new(b->arena, 5);
    if (!known)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < b->principals.len; i++) {
        const vg_world_principal *p = vg_vec_at(&b->principals, i);
        if (vg_str_ends(p->arn, VG_STR(":root")) && !vg_map_put(known, p->account_id, NULL))
            return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    }
    for (size_t i = 0; i < b->accounts.len; i++) {
        vg_str id = ((vg_world_account *)vg_vec_at(&b->accounts, i))->id;
        if (vg_map_get(known, id))
            continue;
        vg_world_principal root = {
            .name = VG_STR("root"), .account_id = id, .identity = {.state = VG_LAYER_KNOWN}};
        root.arn =
            vg_arena_printf(b->arena, "arn:%.*s:iam::%.*s:root", VG_ARG(b->world->partition), VG_ARG(id));
        if (!root.arn.ptr)
            return vg_fail(err, VG_ERR_MEMORY, "out of memory");
        VG_TRY(vg_world_add_principal(b, &root, err));
    }
    return VG_OK;
}

static vg_status fill_accounts(vg_world_builder *b, vg_error *err)
{
    sort(&b->accounts, by_account_id);
    VG_TRY(map_items(b->arena, &b->accounts, "account", &b->index->accounts, err));
    for (size_t i = 0; i < b->accounts.len; i++) {
        vg_world_account *a = vg_vec_at(&b->accounts, i);
        a->first_principal = a->principal_count = 0;
        a->is_management = a->is_management || (b->world->management_account.len > 0 &&
                                                vg_str_eq(a->id, b->world->management_account));
    }
    b->world->accounts = b->accounts.items;
    b->world->account_count = b->accounts.len;
    return VG_OK;
}

/* Whether the trust lets whoever assumes the role bring session tags: sts:TagSession is allowed to somebody. */
static bool brings_session_tags(const vg_layer *trust)
{
    for (size_t i = 0; i < trust->count; i++) {
        const vg_policy_document *document = vg_policy_document_of(trust->policies[i]);
        for (size_t s = 0; s < document->statement_count; s++) {
            const vg_statement *statement = &document->statements[s];
            if (statement->effect != VG_EFFECT_ALLOW || statement->not_action)
                continue;
            for (size_t a = 0; a < statement->action_count; a++)
                if (vg_action_matches(statement->actions[a], VG_STR("sts:TagSession")))
                    return true;
        }
    }
    return trust->state == VG_LAYER_UNKNOWN;
}

/* The number of its set of identity policies: state and policies tell sets apart. */
static vg_status identity_set_of(vg_world_builder *b, vg_map *sets, const vg_layer *identity, uint32_t *out,
                                 vg_error *err)
{
    vg_buf key = {0};
    bool added = false;
    vg_buf_add_char(&key, (char)identity->state);
    vg_buf_add(&key, identity->policies, identity->count * sizeof *identity->policies);
    vg_map_entry *entry = key.failed ? NULL : vg_map_get(sets, vg_buf_str(&key));
    if (!entry && !key.failed) {
        vg_str copy = vg_arena_str(b->arena, vg_buf_str(&key));
        entry = copy.ptr ? vg_map_put(sets, copy, &added) : NULL;
        if (entry)
            entry->value.u64 = b->world->identity_set_count++;
    }
    vg_buf_free(&key);
    if (!entry)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    *out = (uint32_t)entry->value.u64;
    return VG_OK;
}

vg_str vg_world_role_key(vg_str account, vg_str name, char out[VG_ROLE_KEY_SIZE])
{
    int len = snprintf(out, VG_ROLE_KEY_SIZE, "%.*s/%.*s", VG_ARG(account), VG_ARG(name));
    return vg_str_of(out, len > 0 && len < VG_ROLE_KEY_SIZE ? (size_t)len : 0);
}

static vg_status map_role(vg_world_builder *b, vg_map *roles, const vg_world_principal *p, size_t index,
                          vg_error *err)
{
    char buffer[VG_ROLE_KEY_SIZE];
    if (p->caller.kind != VG_CALLER_ROLE)
        return VG_OK;
    vg_str key = vg_arena_str(b->arena, vg_world_role_key(p->account_id, p->caller.role, buffer));
    vg_map_entry *entry = key.ptr ? vg_map_put(roles, key, NULL) : NULL;
    if (!entry)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    entry->value.u64 = index + 1;
    return VG_OK;
}

/* Unique ids stand in the map of ARNs, which look different. */
static vg_status map_unique_id(vg_map *principals, const vg_world_principal *p, size_t index, vg_error *err)
{
    bool added = false;
    if (p->unique_id.len == 0)
        return VG_OK;
    vg_map_entry *entry = vg_map_put(principals, p->unique_id, &added);
    if (!entry)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    if (added)
        entry->value.u64 = index + 1;
    return VG_OK;
}

static vg_status fill_principal(vg_world_builder *b, size_t i, vg_map *sets, vg_map *roles, vg_error *err)
{
    vg_world_principal *p = vg_vec_at(&b->principals, i);
    const vg_map_entry *entry = vg_map_get(b->index->accounts, p->account_id);
    if (!entry)
        return vg_fail(err, VG_ERR_VALUE, "principal %.*s has no account", VG_ARG(p->arn));
    p->account = (uint32_t)(entry->value.u64 - 1);
    vg_world_account *account = vg_vec_at(&b->accounts, p->account);
    if (account->principal_count++ == 0)
        account->first_principal = (uint32_t)i;
    p->caller = vg_caller_of(p->arn);
    p->service_linked = p->caller.service_linked;
    p->session_tags = p->caller.kind == VG_CALLER_ROLE && brings_session_tags(&p->trust);
    VG_TRY(map_role(b, roles, p, i, err));
    return identity_set_of(b, sets, &p->identity, &p->identity_set, err);
}

static vg_status fill_principals(vg_world_builder *b, vg_error *err)
{
    sort(&b->principals, by_account_and_arn);
    const vg_map *by_name;
    VG_TRY(map_items(b->arena, &b->principals, "principal", &by_name, err));
    vg_map *sets = vg_map_new(b->arena, 6), *roles = vg_map_new(b->arena, 7);
    if (!sets || !roles)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < b->principals.len; i++) {
        VG_TRY(fill_principal(b, i, sets, roles, err));
        VG_TRY(map_unique_id((vg_map *)by_name, vg_vec_at(&b->principals, i), i, err));
    }
    b->index->principals = by_name;
    b->index->roles = roles;
    b->world->principals = b->principals.items;
    b->world->principal_count = b->principals.len;
    return VG_OK;
}

/* A role is a resource too: its trust policy says who may assume it. */
static vg_status add_roles_as_resources(vg_world_builder *b, vg_error *err)
{
    vg_map *known = vg_map_new(b->arena, 8);
    if (!known)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < b->resources.len; i++)
        if (!vg_map_put(known, ((vg_world_resource *)vg_vec_at(&b->resources, i))->arn, NULL))
            return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < b->principals.len; i++) {
        const vg_world_principal *p = vg_vec_at(&b->principals, i);
        if (p->caller.kind != VG_CALLER_ROLE || vg_map_get(known, p->arn))
            continue;
        vg_world_resource role = {.arn = p->arn,
                                  .type = VG_STR("AWS::IAM::Role"),
                                  .name = p->name,
                                  .account_id = p->account_id,
                                  .policy = p->trust,
                                  .tags = p->tags,
                                  .tag_count = p->tag_count,
                                  .tags_unknown = p->tags_unknown,
                                  .origin = p->origin};
        VG_TRY(vg_world_add_resource(b, &role, err));
    }
    return VG_OK;
}

static vg_status fill_resources(vg_world_builder *b, vg_error *err)
{
    VG_TRY(add_roles_as_resources(b, err));
    sort(&b->resources, by_arn);
    VG_TRY(map_items(b->arena, &b->resources, "resource", &b->index->resources, err));
    for (size_t i = 0; i < b->resources.len; i++) {
        vg_world_resource *r = vg_vec_at(&b->resources, i);
        const vg_map_entry *entry = vg_map_get(b->index->accounts, r->account_id);
        r->account = entry ? (uint32_t)(entry->value.u64 - 1) : VG_WORLD_NONE;
    }
    sort(&b->providers, by_arn);
    VG_TRY(map_items(b->arena, &b->providers, "identity provider", &b->index->providers, err));
    sort(&b->profiles, by_arn);
    sort(&b->groups, by_arn);
    sort(&b->managed, by_arn);
    vg_world *w = b->world;
    w->resources = b->resources.items;
    w->resource_count = b->resources.len;
    w->providers = b->providers.items;
    w->provider_count = b->providers.len;
    w->instance_profiles = b->profiles.items;
    w->instance_profile_count = b->profiles.len;
    w->groups = b->groups.items;
    w->group_count = b->groups.len;
    w->managed = b->managed.items;
    w->managed_count = b->managed.len;
    w->problems = b->problems.items;
    w->problem_count = b->problems.len;
    return VG_OK;
}

/* ---- finishing: every policy in use ---------------------------------------------------------------------------------------------- */

typedef struct {
    vg_map *seen; /* by the pointer's own bytes */
    vg_vec list;
    bool failed;
} policy_list;

static void list_layer(policy_list *l, const vg_layer *layer)
{
    for (size_t i = 0; i < layer->count && !l->failed; i++) {
        bool added = false;
        vg_str key = vg_str_of((const char *)&layer->policies[i], sizeof layer->policies[i]);
        if (!vg_map_put(l->seen, key, &added)) {
            l->failed = true;
            return;
        }
        const vg_policy **place = added ? vg_vec_push(&l->list) : NULL;
        if (place)
            *place = layer->policies[i];
        l->failed = added && !place;
    }
}

static void list_levels(policy_list *l, const vg_layer *levels, size_t count)
{
    for (size_t i = 0; i < count; i++)
        list_layer(l, &levels[i]);
}

static vg_status fill_policies(vg_world_builder *b, vg_error *err)
{
    vg_world *w = b->world;
    policy_list l = {vg_map_new(b->arena, 9), vg_vec_in(b->arena, sizeof(const vg_policy *)), false};
    if (!l.seen)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < w->account_count; i++) {
        list_levels(&l, w->accounts[i].scps, w->accounts[i].scp_count);
        list_levels(&l, w->accounts[i].rcps, w->accounts[i].rcp_count);
    }
    for (size_t i = 0; i < w->principal_count; i++) {
        list_layer(&l, &w->principals[i].identity);
        list_layer(&l, &w->principals[i].boundary);
    }
    for (size_t i = 0; i < w->resource_count; i++)
        list_layer(&l, &w->resources[i].policy);
    if (l.failed)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    w->policies = l.list.items;
    w->policy_count = l.list.len;
    vg_vec keys = vg_vec_in(b->arena, sizeof(vg_world_tag_key));
    VG_TRY(vg_world_tag_keys(b->arena, w->policies, w->policy_count, &keys, err));
    b->index->tag_keys = keys.items;
    b->index->tag_key_count = keys.len;
    return VG_OK;
}

vg_status vg_world_finish(vg_world_builder *b, const vg_world **out, vg_error *err)
{
    *out = NULL;
    VG_TRY(add_missing_accounts(b, err));
    VG_TRY(add_root_users(b, err));
    VG_TRY(fill_accounts(b, err));
    VG_TRY(fill_principals(b, err));
    VG_TRY(fill_resources(b, err));
    VG_TRY(fill_policies(b, err));
    *out = b->world;
    return VG_OK;
}
