/* unused.c: permissions that are granted and were not used.
 *
 * Granted is what the matrix says: an action that the principal's own policies, boundary and SCPs allow somewhere, or under
 * some condition. Used is an action with a call that AWS let through, or tried to: an attempt that was refused is no use.
 * An action of which the logs could not show a call is neither. */
#include "access/access.h"

typedef struct {
    vg_arena *arena;
    const vg_world *world;
    const vg_event_map *events;
    bool data_events;
    uint8_t *trace; /* by action: vg_event_trace */
    vg_map *used;   /* "principal action" by index -> time of the last use */
    vg_vec rows, idle;
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

static vg_status note_uses(unused_finder *f, const vg_activity *activity, vg_error *err)
{
    const vg_world *world = f->world;
    for (size_t i = 0; i < activity->use_count; i++) {
        const vg_activity_use *use = &activity->uses[i];
        const vg_world_principal *principal = vg_activity_principal(world, use);
        if (!principal || !use->allowed)
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
    return entry != NULL;
}

/* ---- what is granted -------------------------------------------------------------------------------------------------------------- */

static bool is_traceable(unused_finder *f, uint32_t action)
{
    enum { NOT_ASKED = 0 };
    if (f->trace[action] == NOT_ASKED)
        f->trace[action] =
            (uint8_t)(1 + vg_event_trace_of(f->events,
                                            vg_catalogue_action_at(f->world->catalogue, action)->name));
    vg_event_trace trace = (vg_event_trace)(f->trace[action] - 1);
    return trace == VG_TRACE_MANAGEMENT || (trace == VG_TRACE_DATA && f->data_events);
}

static vg_status look_at_service(unused_finder *f, const vg_matrix *matrix, size_t place, uint32_t principal,
                                 const vg_catalogue_service *service, bool *granted_any, vg_error *err)
{
    vg_unused_row row = {.principal = principal, .service = service->prefix, .last = VG_TIME_NONE};
    vg_vec names = vg_vec_in(f->arena, sizeof(vg_str));
    for (uint32_t a = service->first_action; a < service->first_action + service->action_count; a++) {
        if (vg_matrix_cell(matrix, place, a) == VG_CELL_NONE)
            continue;
        row.granted++;
        if (was_used(f, principal, a, &row.last)) {
            row.used++;
        } else if (!is_traceable(f, a)) {
            row.untraceable++;
        } else {
            vg_str *name = vg_vec_push(&names);
            if (!name)
                return no_memory(err);
            *name = vg_catalogue_action_at(f->world->catalogue, a)->name;
        }
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

static vg_status look_at_principal(unused_finder *f, const vg_matrix *matrix, size_t place,
                                   uint32_t principal, vg_error *err)
{
    const vg_catalogue *catalogue = f->world->catalogue;
    bool granted_any = false;
    vg_time ignored = VG_TIME_NONE;
    size_t rows = f->rows.len;
    for (uint32_t s = 0; s < vg_catalogue_origin_of(catalogue)->service_count; s++)
        VG_TRY(look_at_service(f, matrix, place, principal, vg_catalogue_service_at(catalogue, s),
                               &granted_any, err));
    if (!granted_any || was_used(f, principal, VG_CATALOGUE_NONE, &ignored))
        return VG_OK;
    uint32_t *idle = vg_vec_push(&f->idle);
    if (!idle)
        return no_memory(err);
    *idle = principal;
    f->rows.len = rows; /* told once, as idle */
    return VG_OK;
}

vg_status vg_find_unused(vg_arena *arena, const vg_world *world, const vg_activity *activity,
                         const vg_event_map *events, const uint32_t *principals, size_t count, vg_unused *out,
                         vg_error *err)
{
    const vg_matrix *matrix;
    unused_finder f = {
        .arena = arena,
        .world = world,
        .events = events,
        .data_events = activity->data_events,
        .trace = VG_NEW_N(arena, uint8_t, vg_catalogue_origin_of(world->catalogue)->action_count + 1),
        .used = vg_map_new(arena, 0),
        .rows = vg_vec_in(arena, sizeof(vg_unused_row)),
        .idle = vg_vec_in(arena, sizeof(uint32_t))};
    if (!f.trace || !f.used)
        return no_memory(err);
    VG_TRY(note_uses(&f, activity, err));
    VG_TRY(vg_matrix_build_for(arena, world, principals, count, true, &matrix, err));
    for (size_t i = 0; i < count; i++)
        VG_TRY(look_at_principal(&f, matrix, i, principals[i], err));
    *out = (vg_unused){f.rows.items, f.rows.len, f.idle.items, f.idle.len};
    return VG_OK;
}
