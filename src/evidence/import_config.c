/* import_config.c: AWS Config's snapshots and history files, as resources in CloudFormation's spelling.
 *
 * Both hold configuration items (Config API Reference, ConfigurationItem). What an item of a type looks like in
 * CloudFormation is content (content/import/config*.yaml). For types without a view whose configuration already has
 * CloudFormation's spelling (newer ones are recorded by their registry schema) it is taken as it is; others are counted
 * and named. A snapshot shows all that exists in its account and region at its time; a history file shows versions, each
 * with the time at which it was captured. What was deleted at the end of a file is not put. */
#include "evidence/import_call.h"

#include <ctype.h>

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
}

static bool is_deleted(const vg_value *item)
{
    vg_str status = vg_get_str(item, "configurationItemStatus");
    return vg_str_starts(status, VG_STR("ResourceDeleted")) ||
           vg_str_starts(status, VG_STR("ResourceNotRecorded"));
}

static const vg_value *configuration_of(vg_arena *arena, const vg_value *item)
{
    const vg_value *configuration = vg_get(item, VG_STR("configuration"));
    vg_str text = configuration ? vg_value_str(configuration) : (vg_str){0};
    vg_doc doc;
    if (text.len && text.ptr[0] == '{' && vg_json_read(arena, text, VG_STR(""), NULL, &doc, NULL) == VG_OK)
        return doc.root;
    return configuration;
}

/* Whether every key starts with a capital, as CloudFormation's do. */
static bool has_registry_spelling(const vg_value *configuration)
{
    bool any = false;
    for (vg_items it = vg_items_of(configuration); it.is_object && vg_items_next(&it);) {
        if (!it.key.len || !isupper((unsigned char)it.key.ptr[0]))
            return false;
        any = true;
    }
    return any;
}

static vg_str item_id(const vg_value *item)
{
    vg_str arn = vg_get_str(item, "ARN");
    arn = arn.len ? arn : vg_get_str(item, "arn");
    return arn.len ? arn : vg_get_str(item, "resourceId");
}

static vg_status emit_as_is(vg_arena *arena, const vg_value *item, const vg_value *configuration,
                            import_part *part, vg_error *err)
{
    vg_buf text = {0};
    vg_resource *resource = vg_vec_push(&part->resources);
    vg_json_write_canonical(&text, configuration);
    if (resource)
        *resource = (vg_resource){
            .type = vg_get_str(item, "resourceType"),
            .account = part->call.account,
            .region = part->call.region,
            .id = item_id(item),
            .name = vg_get_str(item, "resourceName"),
            .properties = text.failed ? (vg_str){0} : vg_arena_str(arena, vg_buf_str(&text)),
            .observed = part->call.time,
            .source = part->call.operation->name,
            .origin = part->call.path,
        };
    vg_buf_free(&text);
    return resource && resource->properties.ptr ? VG_OK : out_of_memory(err);
}

typedef struct {
    const import_world *world;
    vg_arena *arena;
    import_part *part;
    bool is_snapshot;
    vg_time snapshot_time;
    size_t without_view, unplaced, mixed;
    vg_map *deleted; /* ids whose last version in a history file is a deletion */
} config_read;

static vg_status emit_item(config_read *read, const vg_value *item, vg_error *err)
{
    vg_str type = vg_get_str(item, "resourceType");
    const vg_map_entry *entry = vg_map_get(read->world->rules->views, type);
    const vg_value *configuration = configuration_of(read->arena, item);
    if (entry) {
        const import_view *rules = entry->value.ptr;
        import_view_of view = {.arena = read->arena,
                               .call = &read->part->call,
                               .levels = {item},
                               .depth = 1,
                               .opens_strings = true,
                               .policies = &read->part->policies};
        for (size_t i = 0; i < rules->count; i++)
            VG_TRY(import_emit(read->arena, &rules->resources[i], &view, read->part, err));
        return VG_OK;
    }
    if (has_registry_spelling(configuration) && item_id(item).len)
        return emit_as_is(read->arena, item, configuration, read->part, err);
    read->without_view++;
    return VG_OK;
}

static vg_status read_item(config_read *read, const vg_value *item, vg_error *err)
{
    import_call *call = &read->part->call;
    vg_str account = vg_get_str(item, "awsAccountId"), region = vg_get_str(item, "awsRegion");
    vg_time captured;
    if (!vg_is_account_id(account) || !vg_get_str(item, "resourceType").len ||
        !vg_time_parse(vg_get_str(item, "configurationItemCaptureTime"), &captured)) {
        read->unplaced++;
        return VG_OK;
    }
    if (is_deleted(item) || (!read->is_snapshot && vg_map_get(read->deleted, item_id(item))))
        return VG_OK;
    read->mixed += call->account.len && !vg_str_eq(call->account, account);
    call->account = account;
    call->region = vg_str_is(region, "global") ? VG_STR("") : region;
    call->time = read->is_snapshot ? read->snapshot_time : captured;
    return emit_item(read, item, err);
}

/* Ids whose newest item is a deletion. */
static vg_status find_deleted(config_read *read, const vg_value *items, vg_error *err)
{
    vg_map *newest = vg_map_new(read->arena, 0);
    read->deleted = vg_map_new(read->arena, 0);
    if (!newest || !read->deleted)
        return out_of_memory(err);
    for (vg_items it = vg_items_of(items); vg_items_next(&it);) {
        vg_map_entry *entry = vg_map_put(newest, item_id(it.value), NULL);
        if (!entry)
            return out_of_memory(err);
        const vg_value *known = entry->value.ptr;
        vg_time then = 0, now = 0;
        vg_time_parse(vg_get_str(known, "configurationItemCaptureTime"), &then);
        vg_time_parse(vg_get_str(it.value, "configurationItemCaptureTime"), &now);
        if (!known || now >= then)
            entry->value.ptr = (void *)(uintptr_t)it.value;
    }
    for (size_t i = 0; i < vg_map_len(newest); i++) {
        const vg_map_entry *entry = vg_map_at(newest, i);
        if (is_deleted(entry->value.ptr) && !vg_map_put(read->deleted, entry->key, NULL))
            return out_of_memory(err);
    }
    return VG_OK;
}

/* The time in the name that Config gives its files: ..._20260105T031500Z_... */
static bool time_in_name(vg_str name, vg_time *out)
{
    for (size_t i = 0; i + 16 <= name.len; i++) {
        const char *p = name.ptr + i;
        char text[24];
        if (p[8] != 'T' || p[15] != 'Z')
            continue;
        snprintf(text, sizeof text, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", p, p + 4, p + 6, p + 9, p + 11, p + 13);
        if (vg_time_parse(vg_str_from(text), out))
            return true;
    }
    return false;
}

static vg_time newest_capture(const vg_value *items)
{
    vg_time newest = 0, time;
    for (vg_items it = vg_items_of(items); vg_items_next(&it);)
        if (vg_time_parse(vg_get_str(it.value, "configurationItemCaptureTime"), &time) && time > newest)
            newest = time;
    return newest;
}

/* The first item's account and the first region that is one: whose snapshot it is, when the path does not say. */
static void place_file(const config_read *read, const vg_value *items, vg_str *account, vg_str *region)
{
    const import_operation *operation = read->part->call.operation;
    import_path_facts facts = import_path_facts_of(read->part->call.path, &operation, 1);
    *account = VG_STR("");
    *region = facts.region;
    for (vg_items it = vg_items_of(items); vg_items_next(&it);) {
        vg_str one = vg_get_str(it.value, "awsAccountId"), where = vg_get_str(it.value, "awsRegion");
        *account = account->len ? *account : one;
        if (!region->len && vg_is_region(where))
            *region = where;
        if (account->len && region->len)
            return;
    }
}

static void tell_shortfalls(config_read *read)
{
    import_part *part = read->part;
    if (read->unplaced) {
        part->truncated = true;
        part->reason = vg_arena_printf(
            read->arena, "%zu items have no account, type or capture time and were not read", read->unplaced);
    }
    part->without_view = read->without_view;
}

vg_status import_read_config(const import_world *world, vg_arena *arena, import_view_of *view,
                             import_part *part, vg_error *err)
{
    const vg_value *items = vg_get(view->levels[0], VG_STR("configurationItems"));
    config_read read = {.world = world, .arena = arena, .part = part};
    vg_str account, region;
    read.is_snapshot = vg_get(view->levels[0], VG_STR("configSnapshotId")) != NULL;
    place_file(&read, items, &account, &region);
    if (!time_in_name(vg_path_name(part->call.path), &read.snapshot_time))
        read.snapshot_time = newest_capture(items);
    if (read.snapshot_time > world->options->now + VG_TIME_DAY)
        return import_refuse(arena, part, VG_LEDGER_ERROR,
                             "holds items of the future; say what time it is with --now");
    if (!read.is_snapshot)
        VG_TRY(find_deleted(&read, items, err));
    part->call.account = VG_STR("");
    for (vg_items it = vg_items_of(items); vg_items_next(&it);)
        VG_TRY(read_item(&read, it.value, err));
    part->call.account = account;
    part->call.region = region;
    part->call.time = read.snapshot_time;
    part->call.certain = read.is_snapshot && !read.mixed && account.len && region.len;
    tell_shortfalls(&read);
    return VG_OK;
}
