/* world_ask.c: from a name and a world to a request and its layers: who calls, what is called, what is known of both.
 *
 * Nothing here decides anything. A caller or resource that the world does not hold is not taken as one without policies:
 * its layers are UNKNOWN, and so are its context keys. Keys are those of the IAM User Guide, "AWS global condition context
 * keys"; which of them each kind of principal carries, that page's "Availability" says key by key. */
#include "policy/world_part.h"

static const vg_layer no_layer = {.state = VG_LAYER_NONE};
static const vg_layer unknown_layer = {.state = VG_LAYER_UNKNOWN};
static const vg_layer empty_layer = {.state = VG_LAYER_KNOWN};

/* ---- finding -------------------------------------------------------------------------------------------------------------- */

static uint32_t index_in(const vg_map *map, vg_str key)
{
    const vg_map_entry *entry = key.len ? vg_map_get(map, key) : NULL;
    return entry ? (uint32_t)(entry->value.u64 - 1) : VG_WORLD_NONE;
}

const vg_world_account *vg_world_account_of(const vg_world *world, vg_str id)
{
    return vg_world_account_at(world, index_in(world->index->accounts, id));
}

const vg_world_principal *vg_world_role_named(const vg_world *world, vg_str account, vg_str name)
{
    char buffer[VG_ROLE_KEY_SIZE];
    uint32_t i = index_in(world->index->roles, vg_world_role_key(account, name, buffer));
    return i == VG_WORLD_NONE ? NULL : &world->principals[i];
}

static const vg_world_principal *root_of(const vg_world *world, const vg_world_account *account)
{
    for (uint32_t i = 0; account && i < account->principal_count; i++) {
        const vg_world_principal *p = &world->principals[account->first_principal + i];
        if (p->caller.kind == VG_CALLER_ROOT)
            return p;
    }
    return NULL;
}

const vg_world_principal *vg_world_principal_of(const vg_world *world, vg_str text)
{
    if (vg_is_account_id(text))
        return root_of(world, vg_world_account_of(world, text));
    uint32_t i = index_in(world->index->principals, text);
    if (i != VG_WORLD_NONE)
        return &world->principals[i];
    vg_caller caller = vg_caller_of(text);
    return caller.kind == VG_CALLER_ROLE_SESSION ? vg_world_role_named(world, caller.account, caller.role)
                                                 : NULL;
}

const vg_world_resource *vg_world_resource_of(const vg_world *world, vg_str arn)
{
    uint32_t i = index_in(world->index->resources, arn);
    return i == VG_WORLD_NONE ? NULL : &world->resources[i];
}

const vg_world_provider *vg_world_provider_of(const vg_world *world, vg_str arn)
{
    uint32_t i = index_in(world->index->providers, arn);
    return i == VG_WORLD_NONE ? NULL : &world->providers[i];
}

vg_str vg_world_canonical_owner(const vg_world *world, vg_str id)
{
    const vg_map_entry *entry = vg_map_get(world->index->canonical, id);
    return entry ? *(const vg_str *)entry->value.ptr : (vg_str){0};
}

bool vg_world_takes_policy(const vg_world *world, vg_str arn)
{
    const struct vg_world_index *index = world->index;
    if (vg_str_is(arn, "*"))
        return false;
    for (size_t i = 0; i < index->policy_arn_count; i++)
        if (vg_str_glob(index->policy_arns[i], arn))
            return true;
    return index->policy_arn_count == 0;
}

/* ---- who ------------------------------------------------------------------------------------------------------------------- */

vg_world_caller vg_world_caller_at(const vg_world *world, uint32_t principal)
{
    const vg_world_principal *p = &world->principals[principal];
    return (vg_world_caller){p->caller, p, &world->accounts[p->account]};
}

vg_world_caller vg_world_caller_of(const vg_world *world, vg_str text)
{
    vg_world_caller caller = {0};
    caller.principal = vg_world_principal_of(world, text);
    bool is_session = caller.principal && vg_caller_of(text).kind == VG_CALLER_ROLE_SESSION;
    caller.caller = caller.principal && !is_session ? caller.principal->caller : vg_caller_of(text);
    if (is_session)
        caller.caller.service_linked = caller.principal->service_linked;
    caller.account = vg_world_account_of(world, caller.caller.account);
    return caller;
}

/* ---- what ------------------------------------------------------------------------------------------------------------------- */

/* Where the policy of a thing is that of the thing it is a part of: how many pieces of the ARN's last part name that. */
static const struct {
    const char *service, *begins;
    unsigned pieces;
} parts[] = {
    {"s3", "accesspoint/", 2},  /* accesspoint/NAME/object/KEY */
    {"s3", "", 1},              /* BUCKET/KEY */
    {"dynamodb", "table/", 2},  /* table/NAME/index/NAME */
    {"lambda", "function:", 2}, /* function:NAME:ALIAS */
    {"sns", "", 1},             /* TOPIC:SUBSCRIPTION */
    {"logs", "log-group:", 2},  /* log-group:NAME:log-stream:NAME */
    {"es", "domain/", 2},       /* domain/NAME/INDEX */
};

/* The ARN up to the end of its first `pieces` pieces. */
static vg_str cut(vg_str arn, vg_str rest, unsigned pieces)
{
    for (size_t i = 0; i < rest.len; i++)
        if ((rest.ptr[i] == '/' || rest.ptr[i] == ':') && --pieces == 0)
            return vg_str_of(arn.ptr, (size_t)(rest.ptr - arn.ptr) + i);
    return arn;
}

static vg_str whole_of(vg_str arn)
{
    vg_arn a;
    if (!vg_arn_parse(arn, &a))
        return arn;
    for (size_t i = 0; i < VG_COUNT(parts); i++)
        if (vg_str_is(a.service, parts[i].service) && vg_str_starts(a.resource, vg_str_from(parts[i].begins)))
            return cut(arn, a.resource, parts[i].pieces);
    return arn;
}

vg_world_target vg_world_target_of(const vg_world *world, vg_str arn)
{
    vg_world_target target = {.arn = arn};
    vg_arn parsed;
    target.resource = vg_world_resource_of(world, arn);
    target.is_exact = target.resource != NULL;
    if (!target.resource)
        target.resource = vg_world_resource_of(world, whole_of(arn));
    if (target.resource)
        target.account_id = target.resource->account_id;
    else if (vg_arn_parse(arn, &parsed) && vg_is_account_id(parsed.account))
        target.account_id = parsed.account;
    if (target.resource && target.resource->behind.len > 0) {
        target.access_point = target.resource;
        target.resource = vg_world_resource_of(world, target.access_point->behind);
        target.account_id = target.resource ? target.resource->account_id : (vg_str){0};
    }
    target.account = vg_world_account_of(world, target.account_id);
    return target;
}

/* ---- layers ------------------------------------------------------------------------------------------------------------------- */

/* Callers that have no identity policies of their own. */
static bool is_outside_iam(vg_caller_kind kind)
{
    return kind == VG_CALLER_SERVICE || kind == VG_CALLER_ANONYMOUS || kind == VG_CALLER_FEDERATED;
}

static void caller_layers(const vg_world_caller *caller, vg_layers *out)
{
    vg_caller_kind kind = caller->caller.kind;
    if (caller->principal) {
        out->identity = caller->principal->identity;
        out->boundary = caller->principal->boundary;
    } else if (kind == VG_CALLER_ROOT) {
        out->identity = empty_layer;
    } else if (!is_outside_iam(kind)) {
        out->identity = out->boundary = unknown_layer;
    }
    if (is_outside_iam(kind))
        return;
    out->scps = caller->account ? caller->account->scps : &unknown_layer;
    out->scp_count = caller->account ? caller->account->scp_count : 1;
    out->caller_in_management_account = caller->account && caller->account->is_management;
}

static void target_layers(const vg_world *world, const vg_world_target *target, vg_layers *out)
{
    const vg_world_resource *resource = target->resource;
    bool takes_policy = !resource && vg_world_takes_policy(world, target->arn);
    if (resource) {
        out->resource = resource->policy;
        out->s3 = resource->s3;
        out->grants_unknown = resource->grants_unknown;
        out->aws_managed_key = resource->aws_managed;
        out->key_manager_unknown = resource->manager_unknown;
    } else if (takes_policy || target->access_point) {
        out->resource = unknown_layer;
        out->grants_unknown = out->key_manager_unknown = true;
    } else {
        out->any_resource = vg_str_find_char(target->arn, '*') != VG_NPOS;
        out->grants_unknown = out->key_manager_unknown = out->any_resource;
    }
    if (target->access_point) {
        out->access_point = target->access_point->policy;
        out->bucket = target->access_point->behind;
        out->s3 = target->access_point->s3;
    }
}

/* What binds a resource by its account; one of an unknown account may be anybody's. */
static void target_account_layers(const vg_world *world, const vg_world_caller *caller,
                                  const vg_world_target *target, vg_layers *out)
{
    const vg_world_account *account = target->account;
    bool owner_unknown = target->account_id.len > 0 || vg_world_takes_policy(world, target->arn);
    if (!account && !owner_unknown)
        account = caller->account;
    out->rcps = account ? account->rcps : &unknown_layer;
    out->rcp_count = account ? account->rcp_count : 1;
    out->rcp_services = world->index->rcp_services;
    out->rcp_service_count = world->index->rcp_service_count;
    out->resource_in_management_account = account && account->is_management;
}

void vg_world_layers(const vg_world *world, const vg_world_caller *caller, const vg_world_target *target,
                     vg_layers *out)
{
    *out = (vg_layers){.identity = no_layer};
    caller_layers(caller, out);
    target_layers(world, target, out);
    target_account_layers(world, caller, target, out);
}

/* ---- context ------------------------------------------------------------------------------------------------------------------ */

static const vg_str word_true = VG_STR("true"), word_false = VG_STR("false");
static const vg_str type_names[] = {
    [VG_CALLER_USER] = VG_STR("User"),
    [VG_CALLER_ROLE] = VG_STR("AssumedRole"),
    [VG_CALLER_ROLE_SESSION] = VG_STR("AssumedRole"),
    [VG_CALLER_FEDERATED_SESSION] = VG_STR("FederatedUser"),
    [VG_CALLER_ROOT] = VG_STR("Account"),
    [VG_CALLER_ANONYMOUS] = VG_STR("Anonymous"),
};

/* What is being filled: the user's own entries stand in front, and what they name is not derived. */
typedef struct {
    vg_world_scratch *scratch;
    size_t given;
} context;

static void put(context *c, vg_str key, const vg_str *values, uint32_t count, vg_context_state state)
{
    vg_world_scratch *s = c->scratch;
    if (s->count == VG_WORLD_CONTEXT_MAX)
        return;
    for (size_t i = 0; i < c->given; i++)
        if (vg_str_eq_icase(s->entries[i].key, key))
            return;
    s->entries[s->count++] = (vg_context_entry){key, values, count, false, state};
}

static void put_one(context *c, vg_str key, const vg_str *value)
{
    put(c, key, value, 1, VG_CONTEXT_PRESENT);
}

static void put_absent(context *c, vg_str key)
{
    put(c, key, NULL, 0, VG_CONTEXT_ABSENT);
}

static void put_list(context *c, vg_str key, const vg_str *value)
{
    size_t before = c->scratch->count;
    put_one(c, key, value);
    if (c->scratch->count > before)
        c->scratch->entries[before].multi = true;
}

/* aws:PrincipalOrgID and PrincipalOrgPaths, or those of the resource. */
static void put_organization(context *c, const vg_world *world, const vg_world_account *account,
                             vg_str id_key, vg_str paths_key)
{
    if (account && account->standalone) {
        put_absent(c, id_key);
        put_absent(c, paths_key);
    }
    if (!account || !account->in_organization)
        return;
    if (world->organization_id.len > 0)
        put_one(c, id_key, &world->organization_id);
    if (account->org_path.len > 0)
        put_list(c, paths_key, &account->org_path);
}

static const vg_world_tag *tag_of(const vg_world_tag *tags, size_t count, vg_str key)
{
    for (size_t i = 0; i < count; i++)
        if (vg_str_eq_icase(tags[i].key, key))
            return &tags[i];
    return NULL;
}

static void put_tag(context *c, vg_str key, const vg_world_tag *tag)
{
    if (tag)
        put_one(c, key, &tag->value);
    else
        put_absent(c, key);
}

/* Tags of the principal that some policy asks for. Session tags go before a role's own, and nobody knows them. */
static void put_principal_tags(context *c, const vg_world *world, const vg_world_caller *caller)
{
    const vg_world_principal *p = caller->principal;
    bool has_none = is_outside_iam(caller->caller.kind) || caller->caller.kind == VG_CALLER_ROOT;
    if (!has_none && (!p || p->tags_unknown || p->session_tags))
        return;
    for (size_t i = 0; i < world->index->tag_key_count; i++) {
        const vg_world_tag_key *asked = &world->index->tag_keys[i];
        if (asked->of_principal)
            put_tag(c, asked->key, has_none ? NULL : tag_of(p->tags, p->tag_count, asked->tag));
    }
}

static void put_principal_keys(context *c, const vg_world_caller *caller)
{
    vg_caller_kind kind = caller->caller.kind;
    const vg_caller *kept = &c->scratch->caller;
    bool is_session = kind == VG_CALLER_ROLE_SESSION;
    const vg_world_principal *p = caller->principal;
    if (p)
        put_one(c, VG_STR("aws:PrincipalArn"), &p->arn);
    else if (!is_session)
        put_one(c, VG_STR("aws:PrincipalArn"), &kept->text);
    if (kept->account.len > 0)
        put_one(c, VG_STR("aws:PrincipalAccount"), &kept->account);
    if (type_names[kind].len > 0)
        put_one(c, VG_STR("aws:PrincipalType"), &type_names[kind]);
    if (kind == VG_CALLER_USER)
        put_one(c, VG_STR("aws:username"), &kept->name);
    else
        put_absent(c, VG_STR("aws:username"));
    put_one(c, VG_STR("aws:PrincipalIsAWSService"), &word_false);
    put_absent(c, VG_STR("aws:PrincipalServiceName"));
}

/* Requests that no IAM principal makes carry none of its keys. */
static void put_outside_keys(context *c, const vg_world_caller *caller)
{
    static const vg_str absent[] = {VG_STR("aws:PrincipalArn"), VG_STR("aws:PrincipalOrgID"),
                                    VG_STR("aws:PrincipalOrgPaths"), VG_STR("aws:username")};
    bool is_service = caller->caller.kind == VG_CALLER_SERVICE;
    for (size_t i = 0; i < VG_COUNT(absent); i++)
        put_absent(c, absent[i]);
    put_one(c, VG_STR("aws:PrincipalIsAWSService"), is_service ? &word_true : &word_false);
    if (is_service) {
        put_absent(c, VG_STR("aws:PrincipalAccount"));
        put_one(c, VG_STR("aws:PrincipalServiceName"), &c->scratch->caller.text);
    } else {
        put_absent(c, VG_STR("aws:PrincipalServiceName"));
        put_one(c, VG_STR("aws:PrincipalType"), &type_names[VG_CALLER_ANONYMOUS]);
    }
}

static void put_caller(context *c, const vg_world *world, const vg_world_caller *caller)
{
    vg_caller_kind kind = caller->caller.kind;
    if (kind == VG_CALLER_UNKNOWN || kind == VG_CALLER_FEDERATED)
        return;
    if (is_outside_iam(kind)) {
        put_outside_keys(c, caller);
    } else {
        put_principal_keys(c, caller);
        put_organization(c, world, caller->account, VG_STR("aws:PrincipalOrgID"),
                         VG_STR("aws:PrincipalOrgPaths"));
    }
    put_principal_tags(c, world, caller);
}

/* Tags of the resource that some policy asks for, as aws:ResourceTag or in the service's own spelling. */
static void put_tags_of(context *c, const vg_world *world, vg_str arn, const vg_world_tag *tags, size_t count)
{
    vg_arn parsed;
    for (size_t i = 0; vg_arn_parse(arn, &parsed) && i < world->index->tag_key_count; i++) {
        const vg_world_tag_key *asked = &world->index->tag_keys[i];
        bool fits =
            vg_str_eq_icase(asked->service, VG_STR("aws")) || vg_str_eq(asked->service, parsed.service);
        if (!asked->of_principal && fits)
            put_tag(c, asked->key, tag_of(tags, count, asked->tag));
    }
}

/* Users are no resources of the world, and have tags as such all the same. */
static void put_user_tags(context *c, const vg_world *world, const vg_world_target *target)
{
    const vg_world_principal *p =
        world->index->tag_key_count > 0 ? vg_world_principal_of(world, target->arn) : NULL;
    if (p && p->caller.kind == VG_CALLER_USER && !p->tags_unknown && vg_str_eq(p->arn, target->arn))
        put_tags_of(c, world, p->arn, p->tags, p->tag_count);
}

/* A bucket's tags count where attribute-based access control is on for it, and nobody knows which where its settings were
 * not collected. */
static void put_resource_tags(context *c, const vg_world *world, const vg_world_target *target)
{
    const vg_world_resource *r = target->resource;
    if (!r)
        put_user_tags(c, world, target);
    if (!r || !target->is_exact || target->access_point || r->tags_unknown)
        return;
    if (!r->s3 || !r->s3->unknown)
        put_tags_of(c, world, r->arn, r->tags, r->s3 && !r->s3->abac_enabled ? 0 : r->tag_count);
}

void vg_world_request(const vg_world *world, const vg_world_caller *caller, const vg_world_target *target,
                      vg_str action, const vg_context_entry *given, size_t given_count,
                      vg_world_scratch *scratch, vg_request *out)
{
    scratch->count = given_count < VG_WORLD_CONTEXT_MAX ? given_count : VG_WORLD_CONTEXT_MAX;
    if (scratch->count > 0)
        memcpy(scratch->entries, given, scratch->count * sizeof *given);
    context c = {scratch, scratch->count};
    scratch->caller = caller->caller;
    put_caller(&c, world, caller);
    scratch->resource_account = target->account_id;
    if (target->account_id.len > 0)
        put_one(&c, VG_STR("aws:ResourceAccount"), &scratch->resource_account);
    put_organization(&c, world, target->account, VG_STR("aws:ResourceOrgID"), VG_STR("aws:ResourceOrgPaths"));
    put_resource_tags(&c, world, target);
    *out = (vg_request){.caller = caller->caller,
                        .action = action,
                        .resource = target->arn,
                        .resource_account = target->account_id,
                        .context = scratch->entries,
                        .context_count = scratch->count,
                        .open = true};
    if (caller->principal && caller->caller.kind == VG_CALLER_ROLE_SESSION)
        out->session_role_arn = caller->principal->arn;
}

vg_decision vg_world_decide(const vg_world *world, const vg_world_caller *caller, vg_str action,
                            vg_str resource, vg_world_scratch *scratch)
{
    vg_request request;
    vg_layers layers;
    vg_world_target target = vg_world_target_of(world, resource);
    vg_world_layers(world, caller, &target, &layers);
    vg_world_request(world, caller, &target, action, NULL, 0, scratch, &request);
    return vg_policy_decide(&request, &layers);
}

/* ---- which tags policies ask for ---------------------------------------------------------------------------------------------- */

typedef struct {
    vg_arena *arena;
    vg_map *seen; /* keys in lower case */
    vg_vec *out;
} tag_keys;

static vg_status lower(vg_arena *arena, vg_str text, vg_str *out, vg_error *err)
{
    *out = vg_arena_str(arena, text);
    if (!out->ptr)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    char *bytes = (char *)out->ptr;
    for (size_t i = 0; i < out->len; i++)
        if (bytes[i] >= 'A' && bytes[i] <= 'Z')
            bytes[i] = (char)(bytes[i] | 32);
    return VG_OK;
}

/* Takes "aws:PrincipalTag/K" and "SERVICE:ResourceTag/K". */
static vg_status take_key(tag_keys *k, vg_str key, vg_error *err)
{
    vg_str service, name, kind, tag;
    if (!vg_str_split(key, ':', &service, &name) || !vg_str_split(name, '/', &kind, &tag) || tag.len == 0)
        return VG_OK;
    bool of_principal = vg_str_eq_icase(kind, VG_STR("PrincipalTag"));
    if (!of_principal && !vg_str_eq_icase(kind, VG_STR("ResourceTag")))
        return VG_OK;
    vg_str lowered;
    bool added = false;
    VG_TRY(lower(k->arena, key, &lowered, err));
    if (!vg_map_put(k->seen, lowered, &added))
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    vg_world_tag_key *place = added ? vg_vec_push(k->out) : NULL;
    if (added && !place)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    if (place)
        *place = (vg_world_tag_key){key, service, tag, of_principal};
    return VG_OK;
}

/* Takes the keys of ${KEY} and ${KEY, 'default'}. */
static vg_status take_variables(tag_keys *k, vg_str text, vg_error *err)
{
    for (size_t at; (at = vg_str_find(text, VG_STR("${"))) != VG_NPOS;) {
        text = vg_str_sub(text, at + 2, VG_NPOS);
        size_t end = vg_str_find_char(text, '}'), comma = vg_str_find_char(text, ',');
        if (end == VG_NPOS)
            return VG_OK;
        VG_TRY(take_key(k, vg_str_trim(vg_str_sub(text, 0, comma < end ? comma : end)), err));
    }
    return VG_OK;
}

static vg_status take_statement(tag_keys *k, const vg_statement *s, vg_error *err)
{
    for (size_t i = 0; i < s->resource_count; i++)
        VG_TRY(take_variables(k, s->resources[i], err));
    for (size_t i = 0; i < s->condition_count; i++) {
        const vg_policy_condition *condition = &s->conditions[i];
        VG_TRY(take_key(k, condition->key, err));
        for (size_t v = 0; v < condition->value_count; v++)
            VG_TRY(take_variables(k, condition->values[v], err));
    }
    return VG_OK;
}

vg_status vg_world_tag_keys(vg_arena *arena, const vg_policy *const *policies, size_t count, vg_vec *out,
                            vg_error *err)
{
    tag_keys k = {arena, vg_map_new(arena, 10), out};
    if (!k.seen)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    for (size_t p = 0; p < count; p++) {
        const vg_policy_document *document = vg_policy_document_of(policies[p]);
        for (size_t s = 0; s < document->statement_count; s++)
            VG_TRY(take_statement(&k, &document->statements[s], err));
    }
    return VG_OK;
}
