/* lint_content.c: what AWS changes and the checks depend on, read from content/policy/: quotas, Regions, lists of condition
 * keys and of services. Each file is a map of YAML; what a list lacks fails at open, so that a check never runs on half of
 * what it needs. Names are kept in lower case, since condition keys and service prefixes ignore it. */
#include "policy/lint_part.h"

/* No name that content lists is longer. */
#define NAME_MAX_BYTES 96

static const char *const key_lists[LINT_KEY_LISTS] = {
    [LINT_KEY_SENSITIVE] = "sensitive",
    [LINT_KEY_PREFIXED] = "prefixed",
    [LINT_KEY_UNTRUSTWORTHY] = "untrustworthy",
    [LINT_KEY_SOURCE] = "source",
    [LINT_KEY_NARROWING] = "narrowing",
    [LINT_KEY_PRESENT] = "present",
    [LINT_KEY_PRINCIPAL] = "principal",
    [LINT_KEY_NOT_OF_SERVICES] = "not_of_services",
    [LINT_KEY_CALLED_VIA] = "called_via",
    [LINT_KEY_SERVICE_PRINCIPAL] = "service_principal",
    [LINT_KEY_VIA_SERVICE] = "via_service",
    [LINT_KEY_REGION] = "region",
    [LINT_KEY_VPC] = "vpc",
    [LINT_KEY_VPCE] = "vpce",
    [LINT_KEY_KMS_KEY] = "kms_key",
    [LINT_KEY_TAG] = "tag",
    [LINT_KEY_IRRELEVANT] = "irrelevant_in_resource_policies",
    [LINT_KEY_VPCE_OWNER] = "vpce_owner",
};
static const char *const service_lists[LINT_SERVICE_LISTS] = {
    [LINT_SERVICE_GLOBAL] = "global",   [LINT_SERVICE_GLOBAL_NEEDED] = "global_needed",
    [LINT_SERVICE_RCP] = "rcp",         [LINT_SERVICE_VPCE_OWNER] = "vpce_owner",
    [LINT_SERVICE_DEPUTY] = "deputies", [LINT_SERVICE_IDENTITY_PROVIDER] = "identity_providers",
};

typedef struct {
    vg_arena *arena;
    vg_doc doc; /* the file at hand */
    vg_error *err;
} content_reader;

static bool to_lower(vg_str text, char out[NAME_MAX_BYTES])
{
    if (text.len == 0 || text.len > NAME_MAX_BYTES)
        return false;
    for (size_t i = 0; i < text.len; i++)
        out[i] = (char)(text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? text.ptr[i] - 'A' + 'a' : text.ptr[i]);
    return true;
}

uint64_t lint_content_bits(const vg_map *map, vg_str name)
{
    char lower[NAME_MAX_BYTES];
    if (!to_lower(name, lower))
        return 0;
    const vg_map_entry *entry = vg_map_get(map, vg_str_of(lower, name.len));
    return entry ? entry->value.u64 : 0;
}

static vg_status no_memory(content_reader *r)
{
    return vg_fail(r->err, VG_ERR_MEMORY, "memory ran out while reading content");
}

/* The list or map of a name; `root` when it is NULL. */
static vg_status part(content_reader *r, const vg_value *root, const char *name, vg_kind kind,
                      const vg_value **out)
{
    *out = vg_get(root, vg_str_from(name));
    if (*out && vg_kind_of(*out) == kind)
        return VG_OK;
    return vg_fail_at(r->err, VG_ERR_VALUE, vg_doc_place(&r->doc, *out ? *out : root), "%s must be a %s here",
                      name,
                      kind == VG_ARRAY    ? "list"
                      : kind == VG_OBJECT ? "map"
                                          : "string");
}

static vg_status add_bits(content_reader *r, vg_map *map, const vg_value *name, uint64_t bits)
{
    char lower[NAME_MAX_BYTES];
    vg_str text = vg_value_str(name);
    if (!to_lower(text, lower))
        return vg_fail_at(r->err, VG_ERR_VALUE, vg_doc_place(&r->doc, name),
                          "a name of 1 to %d bytes must stand here", NAME_MAX_BYTES);
    vg_str key = vg_arena_str(r->arena, vg_str_of(lower, text.len));
    vg_map_entry *entry = key.ptr ? vg_map_put(map, key, NULL) : NULL;
    if (!entry)
        return no_memory(r);
    entry->value.u64 |= bits;
    return VG_OK;
}

static vg_status add_list(content_reader *r, vg_map *map, const vg_value *root, const char *name,
                          uint64_t bits)
{
    const vg_value *list;
    VG_TRY(part(r, root, name, VG_ARRAY, &list));
    for (vg_items it = vg_items_of(list); vg_items_next(&it);)
        VG_TRY(add_bits(r, map, it.value, bits));
    return VG_OK;
}

static vg_status read_lists(content_reader *r, const vg_value *root, const char *const *names, size_t count,
                            const vg_map **out)
{
    vg_map *map = vg_map_new(r->arena, 0);
    if (!map)
        return no_memory(r);
    *out = map;
    for (size_t i = 0; i < count; i++)
        VG_TRY(add_list(r, map, root, names[i], UINT64_C(1) << i));
    return VG_OK;
}

static vg_status read_set(content_reader *r, const vg_value *root, const char *name, const vg_map **out)
{
    return read_lists(r, root, &name, 1, out);
}

/* A list of strings as they are written. */
static vg_status read_names(content_reader *r, const vg_value *root, const char *name, const vg_str **out,
                            size_t *count)
{
    const vg_value *list;
    VG_TRY(part(r, root, name, VG_ARRAY, &list));
    vg_str *names = VG_NEW_N(r->arena, vg_str, vg_value_count(list) + 1);
    if (!names)
        return no_memory(r);
    *out = names;
    *count = 0;
    for (vg_items it = vg_items_of(list); vg_items_next(&it);)
        names[(*count)++] = vg_arena_str(r->arena, vg_value_str(it.value));
    return VG_OK;
}

static vg_status read_name(content_reader *r, const vg_value *root, const char *name, vg_str *out)
{
    const vg_value *value;
    VG_TRY(part(r, root, name, VG_STRING, &value));
    *out = vg_arena_str(r->arena, vg_value_str(value));
    return out->ptr ? VG_OK : no_memory(r);
}

/* Makes room for a list of maps: *items holds one of `size` for each. */
static vg_status read_table(content_reader *r, const vg_value *root, const char *name, size_t size,
                            const vg_value **list, void *items)
{
    VG_TRY(part(r, root, name, VG_ARRAY, list));
    void *room = vg_arena_calloc(r->arena, vg_value_count(*list) + 1, size);
    memcpy(items, &room, sizeof room);
    return room ? VG_OK : no_memory(r);
}

/* ---- the files ------------------------------------------------------------------------------------------------------------------ */

static vg_status read_quota_map(content_reader *r, const vg_value *root, const char *name, const vg_map **out)
{
    const vg_value *quotas;
    vg_map *map = vg_map_new(r->arena, 0);
    if (!map)
        return no_memory(r);
    *out = map;
    VG_TRY(part(r, root, name, VG_OBJECT, &quotas));
    for (vg_items it = vg_items_of(quotas); vg_items_next(&it);) {
        if (it.value->kind != VG_INT || it.value->as.i64 <= 0)
            return vg_fail_at(r->err, VG_ERR_VALUE, vg_doc_place(&r->doc, it.value),
                              "a quota must be a number of characters");
        VG_TRY(add_bits(r, map, it.key_node, (uint64_t)it.value->as.i64));
    }
    return VG_OK;
}

static vg_status read_quotas(content_reader *r, lint_content *content)
{
    VG_TRY(read_quota_map(r, r->doc.root, "policies", &content->policy_quotas));
    return read_quota_map(r, r->doc.root, "resources", &content->resource_quotas);
}

static vg_status read_regions(content_reader *r, lint_content *content)
{
    const vg_value *list;
    lint_partition *partitions;
    vg_map *all = vg_map_new(r->arena, 0);
    if (!all)
        return no_memory(r);
    VG_TRY(read_table(r, r->doc.root, "partitions", sizeof *partitions, &list, &partitions));
    for (vg_items it = vg_items_of(list); vg_items_next(&it);) {
        lint_partition *p = &partitions[content->partition_count++];
        VG_TRY(read_name(r, it.value, "name", &p->name));
        VG_TRY(read_name(r, it.value, "suffix", &p->suffix));
        VG_TRY(read_set(r, it.value, "regions", &p->regions));
        VG_TRY(add_list(r, all, it.value, "regions", 1));
    }
    content->partitions = partitions;
    content->regions = all;
    VG_TRY(read_names(r, r->doc.root, "owned", &content->owned, &content->owned_count));
    return read_set(r, r->doc.root, "owners", &content->owners);
}

static vg_status read_pairs(content_reader *r, lint_content *content)
{
    const vg_value *list;
    lint_pair *pairs;
    VG_TRY(read_table(r, r->doc.root, "paired", sizeof *pairs, &list, &pairs));
    for (vg_items it = vg_items_of(list); vg_items_next(&it);) {
        lint_pair *pair = &pairs[content->pair_count++];
        VG_TRY(read_name(r, it.value, "key", &pair->key));
        VG_TRY(read_names(r, it.value, "with", &pair->with, &pair->with_count));
    }
    content->pairs = pairs;
    return VG_OK;
}

static vg_status read_key_actions(content_reader *r, lint_content *content)
{
    const vg_value *list;
    lint_key_actions *rows;
    VG_TRY(read_table(r, r->doc.root, "actions_of", sizeof *rows, &list, &rows));
    for (vg_items it = vg_items_of(list); vg_items_next(&it);) {
        lint_key_actions *row = &rows[content->key_actions_count++];
        VG_TRY(read_name(r, it.value, "key", &row->key));
        VG_TRY(read_names(r, it.value, "actions", &row->actions, &row->action_count));
        if (vg_get(it.value, VG_STR("needs")))
            VG_TRY(read_name(r, it.value, "needs", &row->needs));
    }
    content->key_actions = rows;
    return VG_OK;
}

static vg_status read_keys(content_reader *r, lint_content *content)
{
    VG_TRY(read_lists(r, r->doc.root, key_lists, LINT_KEY_LISTS, &content->keys));
    VG_TRY(read_pairs(r, content));
    return read_key_actions(r, content);
}

static vg_status read_resource_policies(content_reader *r, lint_content *content)
{
    const vg_value *list;
    lint_resource_policy *policies;
    VG_TRY(read_table(r, r->doc.root, "resource_policies", sizeof *policies, &list, &policies));
    for (vg_items it = vg_items_of(list); vg_items_next(&it);) {
        lint_resource_policy *p = &policies[content->resource_policy_count++];
        VG_TRY(read_name(r, it.value, "type", &p->type));
        VG_TRY(read_name(r, it.value, "service", &p->service));
        VG_TRY(read_set(r, it.value, "actions", &p->actions));
        VG_TRY(read_set(r, it.value, "arns", &p->arns));
    }
    content->resource_policies = policies;
    return VG_OK;
}

static vg_status read_services(content_reader *r, lint_content *content)
{
    VG_TRY(read_lists(r, r->doc.root, service_lists, LINT_SERVICE_LISTS, &content->services));
    VG_TRY(read_names(r, r->doc.root, "global_needed", &content->needed, &content->needed_count));
    return read_resource_policies(r, content);
}

static const struct {
    const char *path;
    vg_status (*read)(content_reader *r, lint_content *content);
} files_read[] = {
    {"policy/quotas.yaml", read_quotas},
    {"policy/regions.yaml", read_regions},
    {"policy/condition-keys.yaml", read_keys},
    {"policy/services.yaml", read_services},
};

static const vg_lint_content *file_of(const vg_lint_content *files, size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++)
        if (vg_str_is(files[i].path, path))
            return &files[i];
    return NULL;
}

static vg_status read_file(content_reader *r, size_t i, const vg_lint_content *file, lint_content *content)
{
    vg_arena *scratch = vg_arena_new(0);
    if (!scratch)
        return no_memory(r);
    vg_status status = vg_yaml_read(scratch, file->text, file->path, NULL, &r->doc, r->err);
    if (status == VG_OK)
        status = files_read[i].read(r, content);
    vg_arena_free(scratch);
    return status;
}

vg_status lint_content_read(vg_arena *arena, const vg_lint_content *files, size_t count,
                            const lint_content **out, vg_error *err)
{
    content_reader r = {.arena = arena, .err = err};
    lint_content *content = VG_NEW(arena, lint_content);
    if (!content)
        return no_memory(&r);
    for (size_t i = 0; i < VG_COUNT(files_read); i++) {
        const vg_lint_content *file = file_of(files, count, files_read[i].path);
        if (!file)
            return vg_fail(err, VG_ERR_NOT_FOUND, "%s is not among the content that lint was given",
                           files_read[i].path);
        VG_TRY(read_file(&r, i, file, content));
    }
    *out = content;
    return VG_OK;
}
