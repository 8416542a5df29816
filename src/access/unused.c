/* unused.c: permissions that are granted and were not used.
 *
 * Granted is what the matrix says: an action that the principal's own policies, boundary and SCPs allow somewhere, or under
 * some condition. Used is an action with a call in the logs that AWS let through, or that IAM's own report says was used in
 * the time asked about. Not used is what the one of the two that could show it does not: IAM's report of a service that
 * was not used, whole, and of an action that it tracks; else logs that go back far enough. What neither could show is
 * neither. */
#include "access/access.h"

typedef struct {
    vg_arena *arena;
    const vg_world *world;
    const vg_event_map *events;
    const vg_use_evidence *evidence;
    vg_map *reports; /* ARN to its report */
    uint8_t *trace;  /* by action: vg_event_trace */
    vg_map *used;    /* "principal action" by index -> time of the last use */
    vg_vec rows, idle, unknown;
} unused_finder;

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while looking for unused permissions");
}

/* ---- what was used -------------------------------------------------------------------------------------------------------------- */

static vg_str key_of(uint32_t buffer[2], uint32_t principal, uint32_t action)
{
    buffer[0] = principal;
    buffer[1] = action;
    return vg_str_of((const char *)buffer, 2 * sizeof *buffer);
}

/* Also notes, under action VG_CATALOGUE_NONE, that the principal was active at all. */
static vg_status note_use(unused_finder *f, uint32_t principal, uint32_t action, vg_time time, vg_error *err)
{
    uint32_t buffer[2];
    vg_str key = key_of(buffer, principal, action);
    vg_map_entry *entry = vg_map_get(f->used, key);
    if (!entry) {
        vg_str kept = vg_arena_str(f->arena, key);
        entry = kept.ptr ? vg_map_put(f->used, kept, NULL) : NULL;
        if (!entry)
            return no_memory(err);
        entry->value.u64 = (uint64_t)time;
    }
    if (time > (vg_time)entry->value.u64)
        entry->value.u64 = (uint64_t)time;
    return VG_OK;
}

/* When it counts as used now. */
static bool is_recent(const unused_finder *f, vg_time time)
{
    return time != VG_TIME_NONE && (f->evidence->since == VG_TIME_NONE || time >= f->evidence->since);
}

static vg_status note_uses(unused_finder *f, vg_error *err)
{
    const vg_world *world = f->world;
    const vg_activity *activity = f->evidence->activity;
    for (size_t i = 0; i < activity->use_count; i++) {
        const vg_activity_use *use = &activity->uses[i];
        const vg_world_principal *principal = vg_activity_principal(world, use);
        if (!principal || (!use->allowed && !use->failed))
            continue;
        uint32_t index = (uint32_t)(principal - world->principals);
        uint32_t action = vg_catalogue_find_action(world->catalogue, use->action);
        VG_TRY(note_use(f, index, VG_CATALOGUE_NONE, use->last, err));
        if (action != VG_CATALOGUE_NONE)
            VG_TRY(note_use(f, index, action, use->last, err));
    }
    return VG_OK;
}

static bool was_used(const unused_finder *f, uint32_t principal, uint32_t action, vg_time *last)
{
    uint32_t buffer[2];
    const vg_map_entry *entry = vg_map_get(f->used, key_of(buffer, principal, action));
    if (entry && (*last == VG_TIME_NONE || (vg_time)entry->value.u64 > *last))
        *last = (vg_time)entry->value.u64;
    return entry && is_recent(f, (vg_time)entry->value.u64);
}

/* ---- what IAM's report says ------------------------------------------------------------------------------------------------------ */

bool vg_last_used_covers(const vg_last_used *report, vg_time since)
{
    return since == VG_TIME_NONE ||
           (report->as_of >= since && since >= report->as_of - VG_LAST_USED_DAYS * VG_TIME_DAY);
}

static vg_status map_reports(unused_finder *f, vg_error *err)
{
    for (size_t i = 0; i < f->evidence->report_count; i++) {
        const vg_last_used *report = &f->evidence->reports[i];
        vg_map_entry *entry = vg_map_put(f->reports, report->principal, NULL);
        if (!entry)
            return no_memory(err);
        entry->value.u64 = (uint64_t)(uintptr_t)report;
    }
    return VG_OK;
}

static const vg_last_used *report_of(const unused_finder *f, uint32_t principal)
{
    const vg_map_entry *entry = vg_map_get(f->reports, f->world->principals[principal].arn);
    const vg_last_used *report = entry ? entry->value.ptr : NULL;
    return report && vg_last_used_covers(report, f->evidence->since) ? report : NULL;
}

static const vg_last_used_service *service_in(const vg_last_used *report, vg_str prefix)
{
    for (size_t i = 0; report && i < report->service_count; i++)
        if (vg_str_eq(report->services[i].service, prefix))
            return &report->services[i];
    return NULL;
}

/* The action among those that IAM tracks; "s3:ListBucket" is ListBucket there. */
static const vg_last_used_action *action_in(const vg_last_used_service *service, vg_str name)
{
    vg_str bare = vg_str_sub(name, vg_str_find_char(name, ':') + 1, VG_NPOS);
    for (size_t i = 0; service && i < service->action_count; i++)
        if (vg_str_eq_icase(service->actions[i].action, bare))
            return &service->actions[i];
    return NULL;
}

/* ---- what is granted -------------------------------------------------------------------------------------------------------------- */

static vg_event_trace trace_of(unused_finder *f, uint32_t action)
{
    enum { NOT_ASKED = 0 };
    if (f->trace[action] == NOT_ASKED)
        f->trace[action] =
            (uint8_t)(1 + vg_event_trace_of(f->events,
                                            vg_catalogue_action_at(f->world->catalogue, action)->name));
    return (vg_event_trace)(f->trace[action] - 1);
}

static vg_str account_of(const unused_finder *f, uint32_t principal)
{
    return f->world->principals[principal].account_id;
}

/* Whether what the logs do not show of a principal was not done: they are of its account, over the time that is asked. */
static bool logs_tell(const unused_finder *f, uint32_t principal)
{
    return f->evidence->logs_reach &&
           vg_activity_reaches(f->evidence->activity, account_of(f, principal), f->evidence->since);
}

/* Whether the logs would hold a call of the action. */
static bool is_logged(const unused_finder *f, uint32_t principal, vg_event_trace trace, vg_str action)
{
    size_t count;
    vg_str service, rest;
    const vg_str *homes = vg_event_home_regions(f->events, &count);
    const vg_activity *activity = f->evidence->activity;
    vg_str_split(action, ':', &service, &rest);
    if (trace == VG_TRACE_DATA)
        return vg_activity_has_data(activity, account_of(f, principal), service, f->evidence->since);
    for (size_t i = 0; trace == VG_TRACE_GLOBAL && i < count; i++)
        if (vg_activity_has_region(activity, account_of(f, principal), homes[i]))
            return true;
    return trace == VG_TRACE_MANAGEMENT;
}

typedef enum { WAS_USED, WAS_NOT_USED, CANNOT_TELL } answer;

/* An action of which the logs show no use; `last` is the last use of its service that anything shows. */
static answer ask(unused_finder *f, uint32_t principal, const vg_last_used_service *reported, vg_time last,
                  uint32_t action)
{
    vg_event_trace trace = trace_of(f, action);
    const vg_last_used_action *tracked =
        action_in(reported, vg_catalogue_action_at(f->world->catalogue, action)->name);
    if (tracked)
        return is_recent(f, tracked->last) ? WAS_USED : WAS_NOT_USED;
    if (trace == VG_TRACE_NONE)
        return CANNOT_TELL;
    if (reported && !is_recent(f, last))
        return WAS_NOT_USED;
    vg_str name = vg_catalogue_action_at(f->world->catalogue, action)->name;
    return is_logged(f, principal, trace, name) && logs_tell(f, principal) ? WAS_NOT_USED : CANNOT_TELL;
}

/* The last use of any action of the service that is granted. */
static vg_time last_use_of(const unused_finder *f, const vg_matrix *matrix, size_t place, uint32_t principal,
                           const vg_catalogue_service *service, const vg_last_used_service *reported)
{
    vg_time last = reported ? reported->last : VG_TIME_NONE;
    for (uint32_t a = service->first_action; a < service->first_action + service->action_count; a++)
        if (vg_matrix_cell(matrix, place, a) != VG_CELL_NONE)
            was_used(f, principal, a, &last);
    return last;
}

static vg_status look_at_service(unused_finder *f, const vg_matrix *matrix, size_t place, uint32_t principal,
                                 const vg_catalogue_service *service, bool *granted_any, vg_error *err)
{
    const vg_last_used_service *reported = service_in(report_of(f, principal), service->prefix);
    vg_time last = last_use_of(f, matrix, place, principal, service, reported), ignored = VG_TIME_NONE;
    vg_unused_row row = {
        .principal = principal, .service = service->prefix, .last = last, .active = is_recent(f, last)};
    vg_vec names = vg_vec_in(f->arena, sizeof(vg_str));
    for (uint32_t a = service->first_action; a < service->first_action + service->action_count; a++) {
        if (vg_matrix_cell(matrix, place, a) == VG_CELL_NONE)
            continue;
        answer was = was_used(f, principal, a, &ignored) ? WAS_USED : ask(f, principal, reported, last, a);
        row.granted++;
        row.used += was == WAS_USED;
        row.untraceable += was == CANNOT_TELL;
        vg_str *name = was == WAS_NOT_USED ? vg_vec_push(&names) : NULL;
        if (was == WAS_NOT_USED && !name)
            return no_memory(err);
        if (name)
            *name = vg_catalogue_action_at(f->world->catalogue, a)->name;
    }
    *granted_any = *granted_any || row.granted > 0;
    if (names.len == 0)
        return VG_OK;
    row.unused = names.items;
    row.unused_count = names.len;
    vg_unused_row *kept = vg_vec_push(&f->rows);
    if (!kept)
        return no_memory(err);
    *kept = row;
    return VG_OK;
}

static bool was_active(const unused_finder *f, uint32_t principal)
{
    vg_time ignored = VG_TIME_NONE;
    const vg_last_used *report = report_of(f, principal);
    for (size_t i = 0; report && i < report->service_count; i++)
        if (is_recent(f, report->services[i].last))
            return true;
    return was_used(f, principal, VG_CATALOGUE_NONE, &ignored);
}

static vg_status note_principal(vg_vec *list, uint32_t principal, vg_error *err)
{
    uint32_t *place = vg_vec_push(list);
    if (!place)
        return no_memory(err);
    *place = principal;
    return VG_OK;
}

static vg_status look_at_principal(unused_finder *f, const vg_matrix *matrix, size_t place,
                                   uint32_t principal, vg_error *err)
{
    const vg_catalogue *catalogue = f->world->catalogue;
    bool granted_any = false;
    size_t rows = f->rows.len;
    for (uint32_t s = 0; s < vg_catalogue_origin_of(catalogue)->service_count; s++)
        VG_TRY(look_at_service(f, matrix, place, principal, vg_catalogue_service_at(catalogue, s),
                               &granted_any, err));
    if (!granted_any || was_active(f, principal))
        return VG_OK;
    if (f->rows.len == rows) /* nothing that it may do would be seen */
        return note_principal(&f->unknown, principal, err);
    f->rows.len = rows; /* told once, as idle */
    return note_principal(&f->idle, principal, err);
}

vg_status vg_find_unused(vg_arena *arena, const vg_world *world, const vg_use_evidence *evidence,
                         const vg_event_map *events, const uint32_t *principals, size_t count, vg_unused *out,
                         vg_error *err)
{
    const vg_matrix *matrix;
    unused_finder f = {
        .arena = arena,
        .world = world,
        .events = events,
        .evidence = evidence,
        .reports = vg_map_new(arena, 0),
        .trace = VG_NEW_N(arena, uint8_t, vg_catalogue_origin_of(world->catalogue)->action_count + 1),
        .used = vg_map_new(arena, 0),
        .rows = vg_vec_in(arena, sizeof(vg_unused_row)),
        .idle = vg_vec_in(arena, sizeof(uint32_t)),
        .unknown = vg_vec_in(arena, sizeof(uint32_t))};
    if (!f.trace || !f.used || !f.reports)
        return no_memory(err);
    VG_TRY(map_reports(&f, err));
    VG_TRY(note_uses(&f, err));
    VG_TRY(vg_matrix_build_for(arena, world, principals, count, true, &matrix, err));
    for (size_t i = 0; i < count; i++)
        VG_TRY(look_at_principal(&f, matrix, i, principals[i], err));
    *out = (vg_unused){f.rows.items, f.rows.len, f.idle.items, f.idle.len, f.unknown.items, f.unknown.len};
    return VG_OK;
}
