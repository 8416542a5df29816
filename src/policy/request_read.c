/* request_read.c: a request and all that is attached to it, from one JSON object.
 *
 * The form is that of batches (`vigil iam can --requests`, docs/reference/policy.md): the request, and lists of policies
 * by layer. What a policy document has wrong never fails the request; it is in the documents' issues. */
#include "policy/policy_part.h"

typedef struct {
    vg_arena *arena;
    const vg_doc *doc;
    const vg_catalogue *catalogue;
    vg_vec documents; /* const vg_policy_document * */
    vg_error *err;
} reader;

static vg_status out_of_memory(reader *r)
{
    return vg_fail(r->err, VG_ERR_MEMORY, "memory ran out while reading a request");
}

static vg_status refuse(reader *r, const vg_value *at, const char *what)
{
    return vg_fail_at(r->err, VG_ERR_VALUE, vg_doc_place(r->doc, at), "%s", what);
}

/* The first of two spellings that is there. */
static const vg_value *either(const vg_value *object, const char *name, const char *other)
{
    const vg_value *v = vg_get(object, vg_str_from(name));
    return v ? v : vg_get(object, vg_str_from(other));
}

/* A part that a wrong type would silently take out of the request, which could then be allowed without it. */
static vg_status expect(reader *r, const vg_value *v, vg_kind kind, const char *what)
{
    return !v || v->kind == VG_NULL || v->kind == kind ? VG_OK : refuse(r, v, what);
}

/* Longer texts than AWS has are not compared with every pattern (policy_part.h), so that a Deny could miss them. */
static vg_status refuse_longer(reader *r, const vg_value *at, vg_str text, size_t most)
{
    if (text.len <= most)
        return VG_OK;
    return vg_fail_at(r->err, VG_ERR_LIMIT, vg_doc_place(r->doc, at),
                      "a text of the request has %zu bytes, and AWS has none over %zu there", text.len, most);
}

/* ---- policies -------------------------------------------------------------------------------------------------------------------- */

/* A document, or {"name": ..., "policy": document}. */
static vg_status read_policy(reader *r, const vg_value *v, vg_policy_kind kind, const char *fallback_name,
                             const vg_policy **out)
{
    const vg_value *root = vg_get(v, VG_STR("policy"));
    vg_str name = root ? vg_get_str(v, "name") : (vg_str){0};
    vg_policy_document *document = VG_NEW(r->arena, vg_policy_document);
    const vg_policy_document **listed = vg_vec_push(&r->documents);
    if (!document || !listed)
        return out_of_memory(r);
    *listed = document;
    VG_TRY(vg_policy_read(r->arena, r->doc, root ? root : v, kind,
                          name.len ? name : vg_str_from(fallback_name), document, r->err));
    return vg_policy_compile(r->arena, document, r->catalogue, out, r->err);
}

/* A list of policies as a layer. An absent or empty list is none; with `empty_counts` an empty one allows nothing. */
static vg_status read_layer(reader *r, const vg_value *list, vg_policy_kind kind, bool empty_counts,
                            vg_layer *out)
{
    size_t n = list && list->kind == VG_ARRAY ? vg_value_count(list) : 0;
    *out = (vg_layer){.state = VG_LAYER_NONE};
    if (list && list->kind != VG_ARRAY && list->kind != VG_NULL)
        return refuse(r, list, "policies must be a list");
    if (n == 0 && !empty_counts)
        return VG_OK;
    const vg_policy **policies = VG_NEW_N(r->arena, const vg_policy *, n ? n : 1);
    if (!policies)
        return out_of_memory(r);
    for (vg_items it = vg_items_of(list); vg_items_next(&it);)
        VG_TRY(read_policy(r, it.value, kind, vg_policy_kind_name(kind), &policies[out->count++]));
    out->state = VG_LAYER_KNOWN;
    out->policies = policies;
    return VG_OK;
}

static vg_status read_one(reader *r, const vg_value *v, vg_policy_kind kind, vg_layer *out)
{
    *out = (vg_layer){.state = VG_LAYER_NONE};
    if (!v || v->kind == VG_NULL)
        return VG_OK;
    if (v->kind == VG_ARRAY)
        return read_layer(r, v, kind, false, out);
    const vg_policy **policies = VG_NEW(r->arena, const vg_policy *);
    if (!policies)
        return out_of_memory(r);
    out->state = VG_LAYER_KNOWN;
    out->policies = policies;
    out->count = 1;
    return read_policy(r, v, kind, vg_policy_kind_name(kind), policies);
}

/* [{"orgIdentifier": ..., "policies": [...]}, ...], the root first. */
static vg_status read_levels(reader *r, const vg_value *list, vg_policy_kind kind, const vg_layer **out,
                             size_t *count)
{
    size_t n = list && list->kind == VG_ARRAY ? vg_value_count(list) : 0;
    vg_layer *levels = VG_NEW_N(r->arena, vg_layer, n ? n : 1);
    if (!levels)
        return out_of_memory(r);
    if (list && list->kind != VG_ARRAY && list->kind != VG_NULL)
        return refuse(r, list, "levels of an organisation must be a list");
    *out = levels;
    *count = 0;
    for (vg_items it = vg_items_of(n ? list : NULL); vg_items_next(&it);) {
        vg_layer *level = &levels[(*count)++];
        if (!vg_get(it.value, VG_STR("policies")))
            return refuse(r, it.value,
                          "a level of an organisation must be an object with a list of policies");
        VG_TRY(read_layer(r, vg_get(it.value, VG_STR("policies")), kind, true, level));
        level->name = vg_get_str(it.value, "orgIdentifier");
    }
    return VG_OK;
}

/* ---- the context ------------------------------------------------------------------------------------------------------------------- */

static bool scalar_text(reader *r, const vg_value *v, vg_str *out)
{
    vg_buf text = {0};
    if (v->kind == VG_STRING || v->kind == VG_NUMBER) {
        *out = vg_value_str(v);
        return true;
    }
    if (vg_value_is_container(v) || v->kind == VG_NULL)
        return false;
    vg_json_write(&text, v, 0);
    *out = vg_arena_str(r->arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return out->ptr != NULL;
}

static vg_status read_entry(reader *r, vg_str key, const vg_value *v, vg_context_entry *out)
{
    size_t n = v->kind == VG_ARRAY ? vg_value_count(v) : 1;
    vg_str *values = VG_NEW_N(r->arena, vg_str, n ? n : 1);
    if (!values)
        return out_of_memory(r);
    *out = (vg_context_entry){
        .key = key, .values = values, .multi = v->kind == VG_ARRAY, .state = VG_CONTEXT_PRESENT};
    if (v->kind == VG_NULL)
        out->state = VG_CONTEXT_ABSENT;
    else if (v->kind != VG_ARRAY && scalar_text(r, v, &values[0]))
        out->value_count = 1;
    else if (v->kind != VG_ARRAY)
        return refuse(r, v, "a context key's value must be text or a list of texts");
    else
        for (vg_items it = vg_items_of(v); vg_items_next(&it);)
            if (!scalar_text(r, it.value, &values[out->value_count++]))
                return refuse(r, it.value, "a context key's value must be text or a list of texts");
    for (size_t i = 0; i < out->value_count; i++)
        VG_TRY(refuse_longer(r, v, values[i], VG_LONGEST_VALUE));
    return VG_OK;
}

/* Two values of one key, whose letter case does not count: no telling which one the request has. */
static vg_status refuse_key_given_twice(reader *r, const vg_value *object)
{
    vg_map *seen = vg_map_new(r->arena, 0);
    for (vg_items it = vg_items_of(object); seen && vg_items_next(&it);) {
        bool added = false;
        vg_str key = vg_arena_str(r->arena, it.key);
        if (key.len && !key.ptr)
            return out_of_memory(r);
        for (size_t i = 0; i < key.len; i++)
            if (key.ptr[i] >= 'A' && key.ptr[i] <= 'Z')
                ((char *)key.ptr)[i] = (char)(key.ptr[i] + 32);
        if (!vg_map_put(seen, key, &added))
            seen = NULL;
        else if (!added)
            return refuse(r, it.value, "a context key is given twice; letter case makes no difference");
    }
    return seen ? VG_OK : out_of_memory(r);
}

static vg_status read_context(reader *r, const vg_value *object, vg_request *out)
{
    VG_TRY(expect(r, object, VG_OBJECT, "the context must be an object of condition keys"));
    size_t count = object ? vg_value_count(object) : 0;
    vg_context_entry *entries = VG_NEW_N(r->arena, vg_context_entry, count + 1);
    if (!entries)
        return out_of_memory(r);
    out->context = entries;
    if (count > 1)
        VG_TRY(refuse_key_given_twice(r, object));
    for (vg_items it = vg_items_of(object); vg_items_next(&it);)
        VG_TRY(read_entry(r, it.key, it.value, &entries[out->context_count++]));
    return VG_OK;
}

/* ---- the request --------------------------------------------------------------------------------------------------------------------- */

static vg_status read_principal(reader *r, const vg_value *request, vg_request *out)
{
    const vg_value *v = vg_get(request, VG_STR("principal"));
    if (v && v->kind == VG_STRING)
        out->caller = vg_caller_of(vg_value_str(v));
    else if (v && vg_str_is(vg_get_str(v, "type"), "Anonymous"))
        out->caller = vg_caller_of(VG_STR("*"));
    else
        return refuse(r, v ? v : request,
                      "a request needs a principal: an ARN, a service, or {\"type\": \"Anonymous\"}");
    return VG_OK;
}

static vg_status read_request(reader *r, const vg_value *object, vg_request *out)
{
    const vg_value *request = vg_get(object, VG_STR("request"));
    if (!request || request->kind != VG_OBJECT)
        return refuse(r, object, "this is no request: it has no object named request");
    VG_TRY(read_principal(r, request, out));
    out->action = vg_get_str(request, "action");
    const vg_value *resource = vg_get(request, VG_STR("resource"));
    bool bare = resource && resource->kind == VG_STRING;
    out->resource = bare ? vg_value_str(resource) : vg_get_str(resource, "resource");
    out->resource_account = bare ? (vg_str){0} : vg_get_str(resource, "accountId");
    if (out->action.len == 0)
        return refuse(r, request, "a request needs an action");
    if (vg_str_find_char(out->action, ':') == VG_NPOS || vg_str_find_char(out->action, '*') != VG_NPOS ||
        vg_str_find_char(out->action, '?') != VG_NPOS)
        return refuse(r, vg_get(request, VG_STR("action")),
                      "an action is a service, a colon and a name, without wildcards: s3:GetObject");
    if (out->resource.len == 0)
        return refuse(r, request, "a request needs a resource");
    VG_TRY(refuse_longer(r, request, out->action, VG_LONGEST_ACTION));
    VG_TRY(refuse_longer(r, request, out->resource, VG_LONGEST_VALUE));
    VG_TRY(refuse_longer(r, request, out->caller.text, VG_LONGEST_VALUE));
    VG_TRY(expect(r, vg_get(resource, VG_STR("accountId")), VG_STRING,
                  "accountId must be text: 12 digits in quotes"));
    const vg_value *flag = vg_get(request, VG_STR("wildcardOnlyAction"));
    if (!flag)
        flag = vg_get(object, VG_STR("wildcardOnlyAction"));
    VG_TRY(expect(r, flag, VG_BOOL, "wildcardOnlyAction must be true or false"));
    out->wildcard_only_action = flag && flag->kind == VG_BOOL && flag->as.boolean;
    return read_context(r, either(request, "contextVariables", "context"), out);
}

static vg_status read_s3(reader *r, const vg_value *object, vg_layers *out)
{
    const vg_value *all = vg_get(object, VG_STR("additionalSettings"));
    const vg_value *settings = vg_get(all, VG_STR("s3"));
    VG_TRY(expect(r, all, VG_OBJECT, "additionalSettings must be an object"));
    VG_TRY(expect(r, settings, VG_OBJECT, "the settings of s3 must be an object"));
    if (!settings || settings->kind != VG_OBJECT)
        return VG_OK;
    VG_TRY(expect(r, vg_get(settings, VG_STR("blockPublicAccess")), VG_BOOL,
                  "blockPublicAccess must be true or false"));
    VG_TRY(expect(r, vg_get(settings, VG_STR("bucketAbacEnabled")), VG_BOOL,
                  "bucketAbacEnabled must be true or false"));
    vg_s3_settings *s3 = VG_NEW(r->arena, vg_s3_settings);
    if (!s3)
        return out_of_memory(r);
    s3->restrict_public_buckets = s3->ignore_public_acls = s3->block_public_acls = s3->block_public_policy =
        vg_get_bool(settings, "blockPublicAccess", false);
    s3->abac_enabled = vg_get_bool(settings, "bucketAbacEnabled", false);
    out->s3 = s3;
    return VG_OK;
}

static bool is_about_trust(vg_str action)
{
    return vg_str_eq_icase(vg_str_sub(action, 0, 14), VG_STR("sts:AssumeRole")) ||
           vg_str_eq_icase(action, VG_STR("sts:TagSession")) ||
           vg_str_eq_icase(action, VG_STR("sts:SetSourceIdentity"));
}

static vg_status read_layers(reader *r, const vg_value *object, const vg_request *request, vg_layers *out)
{
    const vg_value *boundary = either(object, "permissionBoundaryPolicies", "permissionBoundaries");
    vg_policy_kind resource = is_about_trust(request->action) ? VG_POLICY_TRUST : VG_POLICY_RESOURCE;
    VG_TRY(read_levels(r, vg_get(object, VG_STR("serviceControlPolicies")), VG_POLICY_SCP, &out->scps,
                       &out->scp_count));
    VG_TRY(read_levels(r, vg_get(object, VG_STR("resourceControlPolicies")), VG_POLICY_RCP, &out->rcps,
                       &out->rcp_count));
    VG_TRY(
        read_layer(r, vg_get(object, VG_STR("identityPolicies")), VG_POLICY_IDENTITY, false, &out->identity));
    VG_TRY(read_one(r, vg_get(object, VG_STR("resourcePolicy")), resource, &out->resource));
    VG_TRY(read_layer(r, boundary, VG_POLICY_BOUNDARY, false, &out->boundary));
    VG_TRY(read_one(r, vg_get(object, VG_STR("sessionPolicy")), VG_POLICY_SESSION, &out->session));
    VG_TRY(read_layer(r, either(object, "vpcEndpointPolicies", "endpointPolicies"), VG_POLICY_ENDPOINT, false,
                      &out->endpoint));
    return read_s3(r, object, out);
}

vg_status vg_policy_case_read(vg_arena *arena, const vg_doc *doc, const vg_value *object,
                              const vg_catalogue *catalogue, vg_policy_case *out, vg_error *err)
{
    reader r = {.arena = arena,
                .doc = doc,
                .catalogue = catalogue,
                .documents = vg_vec_in(arena, sizeof(const vg_policy_document *)),
                .err = err};
    *out = (vg_policy_case){.id = vg_get(object, VG_STR("id"))};
    if (object->kind != VG_OBJECT)
        return refuse(&r, object, "a request must be an object");
    VG_TRY(read_request(&r, object, &out->request));
    VG_TRY(read_layers(&r, object, &out->request, &out->layers));
    out->documents = r.documents.items;
    out->document_count = r.documents.len;
    return VG_OK;
}
