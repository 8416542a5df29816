/* last_used.c: what IAM says that users and roles last used (IAM User Guide, "Refine permissions in AWS using last accessed
 * information"): one report a principal, service by service, and by action where IAM tracks it. Only a report that was
 * completed says something; what it does not list, it does not track. */
#include "access/access.h"

typedef struct {
    vg_arena *arena;
    vg_vec reports; /* vg_last_used */
} reader;

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "out of memory");
}

static vg_time time_in(const vg_value *value, const char *key)
{
    vg_time time;
    vg_str text = vg_get_str(value, key);
    return text.len && vg_time_parse(text, &time) ? time : VG_TIME_NONE;
}

static vg_status read_actions(vg_arena *arena, const vg_value *list, vg_last_used_service *service,
                              vg_error *err)
{
    vg_last_used_action *actions =
        VG_NEW_N(arena, vg_last_used_action, (list ? vg_value_count(list) : 0) + 1);
    if (!actions)
        return no_memory(err);
    service->actions = actions;
    for (vg_items it = vg_items_of(list); vg_items_next(&it);) {
        vg_str name = vg_arena_str(arena, vg_get_str(it.value, "ActionName"));
        if (name.len)
            actions[service->action_count++] =
                (vg_last_used_action){name, time_in(it.value, "LastAccessedTime")};
    }
    return VG_OK;
}

static vg_status read_services(vg_arena *arena, const vg_value *list, vg_last_used *report, vg_error *err)
{
    vg_last_used_service *services =
        VG_NEW_N(arena, vg_last_used_service, (list ? vg_value_count(list) : 0) + 1);
    if (!services)
        return no_memory(err);
    report->services = services;
    for (vg_items it = vg_items_of(list); vg_items_next(&it);) {
        vg_last_used_service *service = &services[report->service_count];
        *service =
            (vg_last_used_service){.service = vg_arena_str(arena, vg_get_str(it.value, "ServiceNamespace")),
                                   .last = time_in(it.value, "LastAuthenticated")};
        if (!service->service.len)
            continue;
        report->service_count++;
        VG_TRY(read_actions(arena, vg_get(it.value, VG_STR("Actions")), service, err));
    }
    return VG_OK;
}

vg_status vg_last_used_of(vg_arena *arena, vg_str principal, const vg_value *properties, vg_last_used *out,
                          vg_error *err)
{
    bool is_complete = vg_str_is(vg_get_str(properties, "JobStatus"), "COMPLETED");
    *out = (vg_last_used){.principal = vg_arena_str(arena, principal), .as_of = VG_TIME_NONE};
    if (!out->principal.ptr)
        return no_memory(err);
    if (!is_complete)
        return VG_OK;
    out->as_of = time_in(properties, "JobCompletionDate");
    return read_services(arena, vg_get(properties, VG_STR("Services")), out, err);
}

static vg_status read_report(void *context, const vg_evidence_row *row, vg_error *err)
{
    reader *r = context;
    vg_doc doc;
    vg_last_used report;
    VG_TRY(vg_json_read(r->arena, row->resource.properties, row->resource.origin, NULL, &doc, err));
    VG_TRY(vg_last_used_of(r->arena, row->resource.id, doc.root, &report, err));
    vg_last_used *place = report.as_of != VG_TIME_NONE ? vg_vec_push(&r->reports) : NULL;
    if (!place)
        return report.as_of == VG_TIME_NONE ? VG_OK : no_memory(err);
    *place = report;
    return VG_OK;
}

vg_status vg_last_used_read(vg_evidence *evidence, vg_arena *arena, vg_time at, const vg_last_used **out,
                            size_t *count, vg_error *err)
{
    reader r = {arena, vg_vec_in(arena, sizeof(vg_last_used))};
    vg_resource_filter filter = {.type = VG_STR("Vigil::IAM::LastAccessed"), .at = at};
    VG_TRY(vg_evidence_resources(evidence, &filter, read_report, &r, err));
    *out = r.reports.items;
    *count = r.reports.len;
    return VG_OK;
}
