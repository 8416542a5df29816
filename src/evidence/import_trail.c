/* import_trail.c: CloudTrail's log files, counted and not stored.
 *
 * A log file ({"Records": [...]}, CloudTrail User Guide, "CloudTrail log file examples") becomes one resource for each
 * account and region that its records are of: how many, the first and the last. Which regions are in use, and whether
 * logs arrive, is read off them; what happened is for detection, elsewhere. */
#include "evidence/import_call.h"

typedef struct {
    vg_str account, region;
    uint64_t records;
    vg_time first, last;
} log_group;

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
}

/* The group of the record's account and region; the last one found is asked first, since records come in runs. */
static log_group *find_group(vg_vec *groups, size_t *last, vg_str account, vg_str region)
{
    for (size_t n = 0; n < groups->len; n++) {
        size_t i = (*last + n) % groups->len;
        log_group *group = vg_vec_at(groups, i);
        if (vg_str_eq(group->account, account) && vg_str_eq(group->region, region)) {
            *last = i;
            return group;
        }
    }
    log_group *group = vg_vec_push(groups);
    if (group)
        *group = (log_group){account, region, 0, INT64_MAX, INT64_MIN};
    *last = groups->len - 1;
    return group;
}

static vg_str group_properties(vg_arena *arena, const log_group *group, vg_str path)
{
    char first[VG_TIME_TEXT], last[VG_TIME_TEXT];
    vg_buf out = {0};
    vg_json_writer writer = vg_json_writer_to(&out, 0);
    vg_time_format(group->first, first);
    vg_time_format(group->last, last);
    vg_json_object(&writer);
    vg_json_put_str(&writer, "FirstEvent", vg_str_from(first));
    vg_json_put_str(&writer, "LastEvent", vg_str_from(last));
    vg_json_put_str(&writer, "Path", import_stable_path(path));
    vg_json_put_i64(&writer, "Records", (int64_t)group->records);
    vg_json_end_object(&writer);
    vg_str text = out.failed ? (vg_str){0} : vg_arena_str(arena, vg_buf_str(&out));
    vg_buf_free(&out);
    return text;
}

static vg_status emit_group(vg_arena *arena, const log_group *group, import_part *part, vg_error *err)
{
    vg_resource *resource = vg_vec_push(&part->resources);
    if (!resource)
        return out_of_memory(err);
    *resource = (vg_resource){
        .type = VG_STR("Vigil::CloudTrail::LogFile"),
        .account = group->account,
        .region = group->region,
        .id = vg_path_name(part->call.path),
        .name = vg_path_name(part->call.path),
        .properties = group_properties(arena, group, part->call.path),
        .observed = group->last,
        .source = part->call.operation->name,
        .origin = part->call.path,
    };
    return resource->properties.ptr ? VG_OK : out_of_memory(err);
}

static vg_status count_record(vg_vec *groups, size_t *last, const vg_value *record, size_t *unplaced,
                              vg_error *err)
{
    vg_str account = vg_get_str(record, "recipientAccountId"), region = vg_get_str(record, "awsRegion");
    vg_time time;
    if (!account.len)
        account = vg_get_str(record, "userIdentity/accountId");
    if (!vg_is_account_id(account) || !region.len || !vg_time_parse(vg_get_str(record, "eventTime"), &time)) {
        ++*unplaced;
        return VG_OK;
    }
    log_group *group = find_group(groups, last, account, region);
    if (!group)
        return out_of_memory(err);
    group->records++;
    group->first = time < group->first ? time : group->first;
    group->last = time > group->last ? time : group->last;
    return VG_OK;
}

vg_status import_read_trail(const import_world *world, vg_arena *arena, import_view_of *view,
                            import_part *part, vg_error *err)
{
    enum { MOST_GROUPS = 4096 };
    vg_vec groups = vg_vec_in(arena, sizeof(log_group));
    size_t last = 0, unplaced = 0;
    for (vg_items it = vg_items_of(vg_get(view->levels[0], VG_STR("Records"))); vg_items_next(&it);) {
        VG_TRY(count_record(&groups, &last, it.value, &unplaced, err));
        if (groups.len > MOST_GROUPS)
            return import_refuse(arena, part, VG_LEDGER_ERROR, "records of more than %d accounts and regions",
                                 MOST_GROUPS);
    }
    for (size_t i = 0; i < groups.len; i++) {
        const log_group *group = vg_vec_at(&groups, i);
        if (group->last > world->options->now + VG_TIME_DAY)
            return import_refuse(arena, part, VG_LEDGER_ERROR,
                                 "holds events of the future; say what time it is with --now");
        VG_TRY(emit_group(arena, group, part, err));
    }
    if (groups.len) {
        const log_group *first = vg_vec_at(&groups, 0);
        part->call.account = first->account;
        part->call.region = first->region;
        part->call.time = first->last;
    }
    part->call.certain = false;
    if (unplaced) {
        part->truncated = true;
        part->reason = vg_arena_printf(
            arena, "%zu records have no account, region or time and were not counted", unplaced);
    }
    return VG_OK;
}
