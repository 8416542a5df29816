/* evidence_workload.c: who owns what. The mapping is the user's own file (its form is told in evidence.h), read strictly,
 * because a misspelt key would silently leave a workload without its accounts; it is kept as resources
 * Vigil::Workload::Mapping, so that it has history like everything else. */
#include "evidence/evidence_part.h"

#include <stdlib.h>

static const vg_scope MAPPING_SCOPE = {.operation = VG_STR_INIT("workload-mapping")};
#define MAPPING_TYPE VG_STR("Vigil::Workload::Mapping")

enum { LARGEST_MAPPING = 16 * 1024 * 1024 };

/* ---- reading the file ------------------------------------------------------------------------------------------------- */

/* The keys of a workload, and the properties that they become. */
static const struct {
    const char *key, *property;
} TEXTS[] = {
    {"name", "Name"},
    {"function", "Function"},
    {"owner", "Owner"},
    {"criticality", "Criticality"},
    {"data_classification", "DataClassification"},
};
static const char *const OTHER_KEYS[] = {"environments", "environment", "accounts", "tags", "stacks"};
static const char *const SHORT_FORM[] = {"environment", "accounts", "tags", "stacks"};
static const char *const ENVIRONMENT_KEYS[] = {"name", "accounts", "tags", "stacks"};

typedef struct {
    vg_arena *arena;
    const vg_doc *doc;
    vg_builder *out;
} reader;

static vg_status fail_here(const reader *r, const vg_value *v, vg_error *err, const char *text, vg_str detail)
{
    return vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(r->doc, v), text, VG_ARG(vg_str_sub(detail, 0, 100)));
}

static bool is_listed(vg_str key, const char *const *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (vg_str_is(key, keys[i]))
            return true;
    return false;
}

static bool is_text_key(vg_str key)
{
    for (size_t i = 0; i < VG_COUNT(TEXTS); i++)
        if (vg_str_is(key, TEXTS[i].key))
            return true;
    return false;
}

/* An account id: text, or a number where YAML saw one; a leading zero is lost in a number, so that needs quotes. */
static vg_status read_account(reader *r, const vg_value *v, vg_error *err)
{
    vg_str text = vg_value_str(v);
    if (v->kind == VG_INT)
        text = vg_arena_printf(r->arena, "%lld", (long long)v->as.i64);
    if (!vg_is_account_id(text))
        return fail_here(r, v, err, "'%.*s' is not an account id: 12 digits, in quotes", text);
    vg_builder_copy(r->out, text);
    return VG_OK;
}

static vg_status read_stack(reader *r, const vg_value *v, vg_error *err)
{
    if (v->kind != VG_STRING || !v->len)
        return fail_here(r, v, err, "a stack is named by text%.*s", (vg_str){0});
    vg_builder_copy(r->out, vg_value_str(v));
    return VG_OK;
}

static vg_status read_list(reader *r, const vg_value *list, const char *property,
                           vg_status (*item)(reader *, const vg_value *, vg_error *), vg_error *err)
{
    vg_builder_key(r->out, vg_str_from(property));
    vg_builder_array(r->out);
    if (list && list->kind != VG_ARRAY)
        return fail_here(r, list, err, "'%.*s' needs a list", vg_str_from(property));
    for (vg_items it = vg_items_of(list); vg_items_next(&it);)
        VG_TRY(item(r, it.value, err));
    vg_builder_end(r->out);
    return VG_OK;
}

static vg_status read_tags(reader *r, const vg_value *tags, vg_error *err)
{
    vg_builder_key(r->out, VG_STR("Tags"));
    vg_builder_object(r->out);
    if (tags && tags->kind != VG_OBJECT)
        return fail_here(r, tags, err, "tags are a map of key to value%.*s", (vg_str){0});
    for (vg_items it = vg_items_of(tags); vg_items_next(&it);) {
        if (it.value->kind != VG_STRING)
            return fail_here(r, it.value, err, "the value of tag '%.*s' needs to be text, in quotes", it.key);
        vg_builder_key(r->out, vg_arena_str(r->arena, it.key));
        vg_builder_copy(r->out, vg_value_str(it.value));
    }
    vg_builder_end(r->out);
    return VG_OK;
}

static vg_status read_environment(reader *r, const vg_value *v, vg_str name, vg_error *err)
{
    vg_builder_object(r->out);
    vg_builder_key(r->out, VG_STR("Name"));
    vg_builder_copy(r->out, name);
    VG_TRY(read_list(r, vg_get(v, VG_STR("accounts")), "Accounts", read_account, err));
    VG_TRY(read_tags(r, vg_get(v, VG_STR("tags")), err));
    VG_TRY(read_list(r, vg_get(v, VG_STR("stacks")), "Stacks", read_stack, err));
    vg_builder_end(r->out);
    return VG_OK;
}

static vg_status read_environments(reader *r, const vg_value *list, vg_error *err)
{
    if (list->kind != VG_ARRAY)
        return fail_here(r, list, err, "'%.*s' needs a list", VG_STR("environments"));
    for (vg_items it = vg_items_of(list); vg_items_next(&it);) {
        if (it.value->kind != VG_OBJECT || !vg_get_str(it.value, "name").len)
            return fail_here(r, it.value, err, "an environment needs a name%.*s", (vg_str){0});
        for (vg_items keys = vg_items_of(it.value); vg_items_next(&keys);)
            if (!is_listed(keys.key, ENVIRONMENT_KEYS, VG_COUNT(ENVIRONMENT_KEYS)))
                return fail_here(r, keys.key_node, err, "'%.*s' is not a key of an environment", keys.key);
        VG_TRY(read_environment(r, it.value, vg_get_str(it.value, "name"), err));
    }
    return VG_OK;
}

static vg_status check_workload(const reader *r, const vg_value *v, vg_error *err)
{
    if (v->kind != VG_OBJECT || !vg_get_str(v, "name").len)
        return fail_here(r, v, err, "a workload needs a name%.*s", (vg_str){0});
    for (vg_items it = vg_items_of(v); vg_items_next(&it);) {
        if (is_text_key(it.key) ? it.value->kind != VG_STRING : false)
            return fail_here(r, it.value, err, "'%.*s' needs to be text", it.key);
        if (!is_text_key(it.key) && !is_listed(it.key, OTHER_KEYS, VG_COUNT(OTHER_KEYS)))
            return fail_here(r, it.key_node, err, "'%.*s' is not a key of a workload", it.key);
    }
    const vg_value *both = vg_get(v, VG_STR("environments"));
    for (size_t i = 0; both && i < VG_COUNT(SHORT_FORM); i++)
        if (vg_get(v, vg_str_from(SHORT_FORM[i])))
            return fail_here(r, both, err,
                             "give 'environments', or one environment in the short form ('%.*s'), not both",
                             vg_str_from(SHORT_FORM[i]));
    return VG_OK;
}

/* One workload of the file as the properties of its resource. */
static vg_status read_workload(reader *r, const vg_value *v, vg_str *properties, vg_error *err)
{
    VG_TRY(check_workload(r, v, err));
    r->out = vg_builder_new(r->arena);
    if (!r->out)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    vg_builder_object(r->out);
    for (size_t i = 0; i < VG_COUNT(TEXTS); i++)
        if (vg_get_str(v, TEXTS[i].key).len)
            vg_builder_put_str(r->out, TEXTS[i].property, vg_get_str(v, TEXTS[i].key));
    vg_builder_key(r->out, VG_STR("Environments"));
    vg_builder_array(r->out);
    const vg_value *environments = vg_get(v, VG_STR("environments"));
    if (environments)
        VG_TRY(read_environments(r, environments, err));
    else
        VG_TRY(read_environment(r, v, vg_get_str(v, "environment"), err));
    vg_builder_end(r->out);
    vg_builder_end(r->out);
    const vg_value *root;
    size_t nodes;
    VG_TRY(vg_builder_finish(r->out, &root, &nodes, err));
    vg_buf text = {0};
    vg_json_write_canonical(&text, root);
    *properties = vg_arena_str(r->arena, vg_buf_str(&text));
    bool failed = text.failed || !properties->ptr;
    vg_buf_free(&text);
    return failed ? vg_fail(err, VG_ERR_MEMORY, "out of memory") : VG_OK;
}

static vg_status read_mapping(reader *r, vg_time now, vg_vec *resources, vg_error *err)
{
    vg_map *names = vg_map_new(r->arena, 6);
    const vg_value *list = vg_get(r->doc->root, VG_STR("workloads"));
    if (!names)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    if (!list || list->kind != VG_ARRAY)
        return fail_here(r, r->doc->root, err,
                         "a workload mapping is a map with a list named 'workloads'%.*s", (vg_str){0});
    for (vg_items it = vg_items_of(list); vg_items_next(&it);) {
        vg_str properties;
        VG_TRY(read_workload(r, it.value, &properties, err));
        vg_str name = vg_get_str(it.value, "name");
        bool added;
        vg_resource *resource = vg_map_put(names, name, &added) ? vg_vec_push(resources) : NULL;
        if (!resource)
            return vg_fail(err, VG_ERR_MEMORY, "out of memory");
        if (!added)
            return fail_here(r, it.value, err,
                             "the workload '%.*s' is there twice; list its environments under one name",
                             name);
        *resource = (vg_resource){.type = MAPPING_TYPE,
                                  .account = VG_STR(""),
                                  .region = VG_STR(""),
                                  .id = name,
                                  .name = name,
                                  .properties = properties,
                                  .observed = now,
                                  .source = MAPPING_SCOPE.operation,
                                  .origin = r->doc->name};
    }
    return VG_OK;
}

static vg_status put_mapping(vg_evidence *evidence, vg_arena *arena, vg_str text, vg_str file_name,
                             vg_time now, size_t *workloads, vg_error *err)
{
    const vg_limits limits = {.max_bytes = LARGEST_MAPPING};
    vg_doc doc;
    VG_TRY(vg_document_read(arena, text, file_name, &limits, &doc, err));
    reader r = {.arena = arena, .doc = &doc};
    vg_vec resources = vg_vec_in(arena, sizeof(vg_resource));
    VG_TRY(read_mapping(&r, now, &resources, err));
    if (workloads)
        *workloads = resources.len;
    return evidence_replace_set(evidence, &MAPPING_SCOPE, resources.items, resources.len, now, err);
}

vg_status vg_evidence_put_workloads(vg_evidence *evidence, vg_str text, vg_str file_name, vg_time now,
                                    size_t *workloads, vg_error *err)
{
    vg_arena *arena = vg_arena_new(0);
    if (!arena)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    vg_status status = put_mapping(evidence, arena, text, file_name, now, workloads, err);
    vg_arena_free(arena);
    return status;
}

/* ---- reading it back --------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_arena *arena;
    vg_vec *workloads;
} mapping;

static const vg_str *texts_of(vg_arena *arena, const vg_value *list, size_t *count)
{
    vg_str *texts = VG_NEW_N(arena, vg_str, vg_value_count(list) + 1);
    *count = 0;
    for (vg_items it = vg_items_of(list); texts && vg_items_next(&it);)
        texts[(*count)++] = vg_value_str(it.value);
    return texts;
}

static bool take_tags(vg_arena *arena, const vg_value *tags, vg_workload *out)
{
    vg_str *keys = VG_NEW_N(arena, vg_str, vg_value_count(tags) + 1);
    vg_str *values = VG_NEW_N(arena, vg_str, vg_value_count(tags) + 1);
    for (vg_items it = vg_items_of(tags); keys && values && vg_items_next(&it); out->tag_count++) {
        keys[out->tag_count] = it.key;
        values[out->tag_count] = vg_value_str(it.value);
    }
    out->tag_keys = keys;
    out->tag_values = values;
    return keys && values;
}

static vg_status take_environment(mapping *m, const vg_value *workload, const vg_value *environment,
                                  vg_error *err)
{
    vg_workload *out = vg_vec_push(m->workloads);
    if (!out)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    *out = (vg_workload){.name = vg_get_str(workload, "Name"),
                         .function = vg_get_str(workload, "Function"),
                         .owner = vg_get_str(workload, "Owner"),
                         .criticality = vg_get_str(workload, "Criticality"),
                         .data_classification = vg_get_str(workload, "DataClassification"),
                         .environment = vg_get_str(environment, "Name")};
    out->accounts = texts_of(m->arena, vg_get(environment, VG_STR("Accounts")), &out->account_count);
    out->stacks = texts_of(m->arena, vg_get(environment, VG_STR("Stacks")), &out->stack_count);
    bool whole =
        take_tags(m->arena, vg_get(environment, VG_STR("Tags")), out) && out->accounts && out->stacks;
    return whole ? VG_OK : vg_fail(err, VG_ERR_MEMORY, "out of memory");
}

static vg_status take_mapping(void *context, const vg_evidence_row *row, vg_error *err)
{
    mapping *m = context;
    vg_str text = vg_arena_str(m->arena, row->resource.properties);
    vg_doc doc;
    if (!text.ptr)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    VG_TRY(vg_json_read(m->arena, text, VG_STR("workload mapping"), NULL, &doc, err));
    for (vg_items it = vg_items_of(vg_get(doc.root, VG_STR("Environments"))); vg_items_next(&it);)
        VG_TRY(take_environment(m, doc.root, it.value, err));
    return VG_OK;
}

vg_status vg_evidence_workloads(vg_evidence *evidence, vg_arena *arena, vg_time at, vg_vec *workloads,
                                vg_error *err)
{
    mapping m = {arena, workloads};
    const vg_resource_filter filter = {.type = MAPPING_TYPE, .at = at};
    return vg_evidence_resources(evidence, &filter, take_mapping, &m, err);
}

/* ---- belonging ------------------------------------------------------------------------------------------------------------ */

/* The value of a tag, as CloudFormation spells tags (a list of Key and Value) or as a map. */
static vg_str tag_value(const vg_value *properties, vg_str key)
{
    const vg_value *tags = vg_get(properties, VG_STR("Tags"));
    const vg_value *direct = vg_get(tags, key);
    if (direct)
        return vg_value_str(direct);
    for (vg_items it = vg_items_of(tags); vg_items_next(&it);)
        if (vg_str_eq(vg_get_str(it.value, "Key"), key))
            return vg_get_str(it.value, "Value");
    return (vg_str){0};
}

static bool has_all_tags(const vg_workload *workload, const vg_value *properties)
{
    for (size_t i = 0; i < workload->tag_count; i++) {
        vg_str value = tag_value(properties, workload->tag_keys[i]);
        if (!value.ptr || !vg_str_eq(value, workload->tag_values[i]))
            return false;
    }
    return workload->tag_count != 0;
}

bool vg_workload_has(const vg_workload *workload, vg_str account, const vg_value *properties)
{
    for (size_t i = 0; i < workload->account_count; i++)
        if (vg_str_eq(workload->accounts[i], account))
            return true;
    if (has_all_tags(workload, properties))
        return true;
    vg_str stack = tag_value(properties, VG_STR("aws:cloudformation:stack-name"));
    for (size_t i = 0; stack.len && i < workload->stack_count; i++)
        if (vg_str_glob(workload->stacks[i], stack))
            return true;
    return false;
}
