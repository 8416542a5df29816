/* access.c: evidence is read once, type by type, and handed to the parts that make accounts, principals and resources of
 * it. What is read is kept as a tree in the arena, because compiled policies go on pointing into it. */
#include "access/access_part.h"

vg_status vg_access_no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "out of memory");
}

/* ---- items ------------------------------------------------------------------------------------------------------------------ */

/* "exports/a.json:12:3" as a file, a line and a column. */
static vg_place place_of_origin(vg_str origin)
{
    uint64_t number[2] = {0};
    size_t count = 0, colon;
    while (count < 2 && (colon = vg_str_rfind_char(origin, ':')) != VG_NPOS &&
           vg_str_to_u64(vg_str_sub(origin, colon + 1, VG_NPOS), &number[count]) &&
           number[count] < UINT32_MAX) {
        origin.len = colon;
        count++;
    }
    bool has_column = count == 2;
    return (vg_place){origin, (uint32_t)(has_column ? number[1] : number[0]),
                      (uint32_t)(has_column ? number[0] : 0)};
}

/* Gives every value of the tree the place of the record: what stands where inside it is not the export's text. */
static vg_status place_tree(vg_arena *arena, vg_doc *doc, vg_str origin, vg_error *err)
{
    vg_place place = place_of_origin(origin);
    vg_line_column *position = VG_NEW(arena, vg_line_column);
    if (!position)
        return vg_access_no_memory(err);
    *position = (vg_line_column){place.line, place.column};
    vg_value *nodes = (vg_value *)doc->root; /* the arena's own, and nobody else has seen it yet */
    for (size_t i = 0; i < doc->node_count; i++)
        nodes[i].position = 0;
    doc->positions = position;
    doc->name = place.file;
    return VG_OK;
}

static vg_status keep(vg_arena *arena, vg_str text, vg_str *out, vg_error *err)
{
    *out = vg_arena_str(arena, text);
    return out->ptr ? VG_OK : vg_access_no_memory(err);
}

static vg_status keep_item(void *context, const vg_evidence_row *row, vg_error *err)
{
    vg_access_reader *r = context;
    const vg_resource *seen = &row->resource;
    vg_access_item *item = vg_vec_push(&r->items);
    if (!item)
        return vg_access_no_memory(err);
    item->resource = *seen;
    item->resource.observed = row->last_seen;
    const struct {
        vg_str from, *to;
    } texts[] = {
        {seen->type, &item->resource.type},     {seen->account, &item->resource.account},
        {seen->region, &item->resource.region}, {seen->id, &item->resource.id},
        {seen->name, &item->resource.name},     {seen->properties, &item->resource.properties},
        {seen->source, &item->resource.source}, {seen->origin, &item->resource.origin},
    };
    for (size_t i = 0; i < VG_COUNT(texts); i++)
        VG_TRY(keep(r->arena, texts[i].from, texts[i].to, err));
    VG_TRY(vg_json_read(r->arena, item->resource.properties, item->resource.origin, NULL, &item->doc, err));
    return place_tree(r->arena, &item->doc, item->resource.origin, err);
}

static vg_status keep_type(vg_access_reader *r, vg_str type, vg_error *err)
{
    vg_resource_filter filter = {.type = type, .at = r->options->at};
    return vg_evidence_resources(r->evidence, &filter, keep_item, r, err);
}

/* Whether one of the first rules reads the type. */
static bool is_kept(const vg_vec *rules, size_t count, vg_str type)
{
    for (size_t i = 0; i < count; i++) {
        const vg_access_rule *rule = vg_vec_at(rules, i);
        if (vg_str_eq(rule->type, type) || vg_str_eq(rule->in, type))
            return true;
    }
    return false;
}

static vg_status keep_rules(vg_access_reader *r, const vg_vec *rules, vg_error *err)
{
    for (size_t i = 0; i < rules->len; i++) {
        const vg_access_rule *rule = vg_vec_at(rules, i);
        if (!is_kept(rules, i, rule->type))
            VG_TRY(keep_type(r, rule->type, err));
        if (rule->in.len > 0 && !is_kept(rules, i, rule->in))
            VG_TRY(keep_type(r, rule->in, err));
    }
    return VG_OK;
}

/* Of other types, what may hold a policy where nobody looks for one. */
static vg_status keep_found(void *context, const vg_evidence_row *row, vg_error *err)
{
    vg_access_reader *r = context;
    return vg_access_may_hold_policy(row->resource.properties) &&
                   vg_access_is_foreign_type(r, row->resource.type)
               ? keep_item(r, row, err)
               : VG_OK;
}

static bool has_rule(const vg_vec *rules, vg_str type)
{
    for (size_t i = 0; i < rules->len; i++)
        if (vg_str_eq(((const vg_access_rule *)vg_vec_at(rules, i))->type, type))
            return true;
    return false;
}

/* What runs as a role, and has no policy of its own. */
static vg_status keep_running(vg_access_reader *r, const vg_vec *rules, vg_error *err)
{
    for (vg_items it = vg_items_of(vg_get(r->content, VG_STR("running"))); vg_items_next(&it);) {
        vg_str type = vg_get_str(it.value, "type");
        if (type.len > 0 && !has_rule(rules, type))
            VG_TRY(keep_type(r, type, err));
    }
    return VG_OK;
}

/* What a question names; what the rules read already is not read again. */
typedef struct {
    vg_access_reader *reader;
    const vg_vec *rules;
} named;

static vg_status keep_named(void *context, const vg_evidence_row *row, vg_error *err)
{
    const named *n = context;
    vg_str type = row->resource.type;
    if (vg_str_starts(type, VG_STR("AWS::IAM::")) || vg_str_starts(type, VG_STR("Vigil::")))
        return VG_OK;
    for (size_t i = 0; i < n->rules->len; i++) {
        const vg_access_rule *rule = vg_vec_at(n->rules, i);
        if (vg_str_eq(type, rule->type) || vg_str_eq(type, rule->in))
            return VG_OK;
    }
    return keep_item(n->reader, row, err);
}

static vg_status keep_all(vg_access_reader *r, const vg_vec *rules, vg_error *err)
{
    static const char *const types[] = {
        "AWS::IAM::*",
        "AWS::S3::AccountPublicAccessBlock",
        "Vigil::Organization::Policy",
        "Vigil::Organization::PolicySummary",
        "Vigil::Organization::PolicyTarget",
        "Vigil::Organization::Root",
        "Vigil::Resource::*",
        "Vigil::S3::*",
        "Vigil::KMS::*",
    };
    for (size_t i = 0; i < VG_COUNT(types); i++)
        VG_TRY(keep_type(r, vg_str_from(types[i]), err));
    VG_TRY(keep_rules(r, rules, err));
    VG_TRY(keep_running(r, rules, err));
    vg_resource_filter all = {.at = r->options->at};
    VG_TRY(vg_evidence_resources(r->evidence, &all, keep_found, r, err));
    for (size_t i = 0; i < r->options->resource_count; i++) {
        vg_resource_filter filter = {.id = r->options->resources[i], .at = r->options->at};
        named n = {r, rules};
        if (filter.id.len > 0)
            VG_TRY(vg_evidence_resources(r->evidence, &filter, keep_named, &n, err));
    }
    return VG_OK;
}

const vg_access_item *vg_access_next(const vg_access_reader *r, const char *type, size_t *next)
{
    while (*next < r->items.len) {
        const vg_access_item *item = vg_vec_at(&r->items, (*next)++);
        if (vg_str_is(item->resource.type, type))
            return item;
    }
    return NULL;
}

/* ---- what was read in full ------------------------------------------------------------------------------------------------------ */

enum { READING_SIZE = 320 };

static vg_str reading_key(char out[READING_SIZE], vg_str operation, vg_str parameter)
{
    int len = snprintf(out, READING_SIZE, "%.*s %.*s", VG_ARG(operation), VG_ARG(parameter));
    return vg_str_of(out, len > 0 && len < READING_SIZE ? (size_t)len : 0);
}

vg_status vg_access_keep_reading(void *context, const vg_ledger_entry *entry, vg_error *err)
{
    vg_access_reader *r = context;
    char text[READING_SIZE];
    bool has_none = entry->outcome == VG_LEDGER_ABSENT &&
                    vg_str_is(entry->operation, "organizations:DescribeOrganization");
    bool is_full =
        (entry->outcome == VG_LEDGER_IMPORTED || entry->outcome == VG_LEDGER_ABSENT) && !entry->truncated;
    if (!is_full || !vg_str_starts(entry->operation, VG_STR("organizations:")))
        return VG_OK;
    /* "Your account is not a member of an organization": whose account, the entry says. */
    vg_str parameter = has_none ? entry->account : entry->parameter;
    vg_str key = vg_arena_str(r->arena, reading_key(text, entry->operation, parameter));
    return key.ptr && vg_map_put(r->readings, key, NULL) ? VG_OK : vg_access_no_memory(err);
}

bool vg_access_was_read(const vg_access_reader *r, const char *operation, vg_str parameter)
{
    char text[READING_SIZE];
    vg_str key = reading_key(text, vg_str_from(operation), parameter);
    return key.len > 0 && vg_map_get(r->readings, key);
}

/* ---- what the parts share ------------------------------------------------------------------------------------------------------- */

vg_status vg_access_problem(vg_access_reader *r, vg_str subject, vg_str message, vg_error *err)
{
    if (!message.ptr)
        return vg_access_no_memory(err);
    return vg_world_add_problem(r->builder, &(vg_world_problem){.subject = subject, .message = message}, err);
}

vg_status vg_access_policy(vg_access_reader *r, vg_str key, vg_policy_kind kind, vg_str name,
                           const vg_access_item *item, const vg_value *value, const vg_policy **out,
                           vg_error *err)
{
    if (!name.ptr)
        return vg_access_no_memory(err);
    if (vg_kind_of(value) != VG_STRING)
        return vg_world_policy_value(r->builder, key, kind, name, &item->doc, value, out, err);
    vg_doc *doc = VG_NEW(r->arena, vg_doc);
    if (!doc)
        return vg_access_no_memory(err);
    if (vg_json_read(r->arena, vg_value_str(value), item->doc.name, NULL, doc, NULL) != VG_OK) {
        VG_TRY(vg_world_policy_text(r->builder, key, kind, name, vg_value_str(value), out, err));
        vg_world_place_problem(r->builder, vg_value_str(value), place_of_origin(item->resource.origin));
        return VG_OK;
    }
    VG_TRY(place_tree(r->arena, doc, item->resource.origin, err));
    return vg_world_policy_value(r->builder, key, kind, name, doc, doc->root, out, err);
}

vg_status vg_access_tags(vg_access_reader *r, const vg_access_item *item, const vg_world_tag **tags,
                         size_t *count, vg_error *err)
{
    const vg_value *list = vg_get(item->doc.root, VG_STR("Tags"));
    *count = 0;
    *tags = NULL;
    if (vg_value_count(list ? list : item->doc.root) == 0 || !list)
        return VG_OK;
    vg_world_tag *out = VG_NEW_N(r->arena, vg_world_tag, vg_value_count(list));
    if (!out)
        return vg_access_no_memory(err);
    for (vg_items it = vg_items_of(list); vg_items_next(&it);) {
        vg_world_tag tag = it.is_object
                               ? (vg_world_tag){it.key, vg_value_str(it.value)}
                               : (vg_world_tag){vg_get_str(it.value, "Key"), vg_get_str(it.value, "Value")};
        if (tag.key.len > 0)
            out[(*count)++] = tag;
    }
    *tags = out;
    return VG_OK;
}

/* ---- all together ----------------------------------------------------------------------------------------------------------------- */

/* The texts of a list of the content; *out is not NULL for an empty or missing one. */
static vg_status list_of(vg_arena *arena, const vg_value *list, const vg_str **out, size_t *count,
                         vg_error *err)
{
    vg_str *texts = VG_NEW_N(arena, vg_str, list ? vg_value_count(list) + 1 : 1);
    *count = 0;
    if (!texts)
        return vg_access_no_memory(err);
    for (vg_items it = vg_items_of(list); vg_items_next(&it);)
        texts[(*count)++] = vg_value_str(it.value);
    *out = texts;
    return VG_OK;
}

static vg_status read_content(vg_access_reader *r, vg_error *err)
{
    const vg_str *patterns;
    size_t count;
    if (!(r->content_doc = VG_NEW(r->arena, vg_doc)))
        return vg_access_no_memory(err);
    VG_TRY(vg_yaml_read(r->arena, r->options->content, VG_STR("access/resources.yaml"), NULL, r->content_doc,
                        err));
    r->content = r->content_doc->root;
    VG_TRY(list_of(r->arena, vg_get(r->content, VG_STR("policy_arns")), &patterns, &count, err));
    vg_world_builder_policy_arns(r->builder, patterns, count);
    if (r->options->rcp_services)
        vg_world_builder_rcp_services(r->builder, r->options->rcp_services, r->options->rcp_service_count);
    return VG_OK;
}

vg_status vg_access_world_read(vg_evidence *evidence, vg_arena *arena, const vg_catalogue *catalogue,
                               const vg_access_options *options, const vg_world **out, vg_error *err)
{
    vg_access_reader r = {.evidence = evidence,
                          .arena = arena,
                          .options = options,
                          .builder = vg_world_builder_new(arena, catalogue),
                          .readings = vg_map_new(arena, 0),
                          .items = vg_vec_in(arena, sizeof(vg_access_item))};
    vg_vec rules = vg_vec_in(arena, sizeof(vg_access_rule));
    *out = NULL;
    if (!r.builder || !r.readings)
        return vg_access_no_memory(err);
    VG_TRY(read_content(&r, err));
    VG_TRY(vg_access_read_rules(&r, &rules, err));
    VG_TRY(vg_evidence_organization(evidence, arena, options->at, &r.organization, err));
    VG_TRY(vg_evidence_ledger(evidence, VG_STR(""), vg_access_keep_reading, &r, err));
    VG_TRY(keep_all(&r, &rules, err));
    VG_TRY(vg_access_add_accounts(&r, err));
    VG_TRY(vg_access_add_principals(&r, err));
    VG_TRY(vg_access_add_resources(&r, &rules, err));
    return vg_world_finish(r.builder, out, err);
}
