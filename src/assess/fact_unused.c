/* fact_unused.c: Vigil::Account::UnusedAccess: of each user and role, what it is granted and did not use for 90 days.
 *
 * IAM's own report of what a principal last used tells, service by service (access/unused.c, as `vigil iam unused` asks);
 * where there is none, when a role was last used as a whole. Of a principal that neither tells of, and of what nothing could
 * show, nothing is said: its fact names it and no more. One that is younger than that cannot have been idle for so long. */
#include "assess/assess_part.h"

enum { UNUSED_DAYS = 90, MOST_ACTIONS = 50 };

/* What is known of one principal. */
typedef struct {
    const vg_view *view;
    vg_arena *scratch; /* of one principal */
    const vg_world_principal *principal;
    const vg_sighting *seen;    /* the user or role */
    const vg_sighting *told_by; /* the report; NULL: none that counts */
    vg_last_used report;
    vg_time since;
} asked;

static vg_status push(vg_vec *list, vg_str text)
{
    vg_str *place = vg_vec_push(list);
    if (place)
        *place = text;
    return place && text.ptr ? VG_OK : VG_ERR_MEMORY;
}

static const vg_sighting *sighting_of(const vg_view *view, const char *type, vg_str id)
{
    vg_sightings all = vg_view_of(view, type);
    const vg_sighting *newest = NULL;
    for (size_t i = 0; i < all.count; i++)
        if (vg_str_eq(all.items[i].resource.id, id) && (!newest || all.items[i].seen > newest->seen))
            newest = &all.items[i];
    return newest;
}

/* "role/ci" of an ARN. */
static vg_str local_name(vg_str arn)
{
    vg_arn parsed;
    return vg_arn_parse(arn, &parsed) ? parsed.resource : arn;
}

static void put_time(vg_fact_sink *sink, const char *key, vg_time time)
{
    char text[VG_TIME_TEXT];
    vg_time_format(time, text);
    vg_fact_str(sink, key, vg_arena_str(sink->arena, vg_str_from(text)));
}

/* ---- by IAM's report --------------------------------------------------------------------------------------------------- */

static vg_status put_services(const vg_unused *unused, vg_fact_sink *sink)
{
    vg_vec services = vg_vec_in(sink->arena, sizeof(vg_str)),
           actions = vg_vec_in(sink->arena, sizeof(vg_str));
    int64_t count = 0;
    for (size_t i = 0; i < unused->row_count; i++) {
        const vg_unused_row *row = &unused->rows[i];
        count += (int64_t)row->unused_count;
        if (!row->active)
            VG_TRY(push(&services, row->service));
        for (size_t a = 0; row->active && a < row->unused_count && actions.len < MOST_ACTIONS; a++)
            VG_TRY(push(&actions, row->unused[a]));
    }
    vg_fact_bool(sink, "Idle", unused->idle_count > 0);
    vg_fact_list(sink, "UnusedServices", &services);
    vg_fact_list(sink, "UnusedActions", &actions);
    vg_fact_i64(sink, "UnusedActionCount", count);
    return VG_OK;
}

static vg_status put_reported(const asked *a, vg_fact_sink *sink)
{
    static const vg_activity no_logs = {.first = VG_TIME_NONE, .last = VG_TIME_NONE};
    const vg_use_evidence evidence = {
        .activity = &no_logs, .reports = &a->report, .report_count = 1, .since = a->since};
    uint32_t principal = (uint32_t)(a->principal - a->view->world->principals);
    vg_unused unused;
    VG_TRY(vg_find_unused(a->scratch, a->view->world, &evidence, a->view->engine->events, &principal, 1,
                          &unused, NULL));
    if (unused.unknown_count)
        return VG_OK;
    vg_fact_used(sink, a->told_by);
    vg_fact_str(sink, "Basis", VG_STR("last-accessed"));
    put_time(sink, "AsOf", a->report.as_of);
    return put_services(&unused, sink);
}

/* ---- by the role's own date -------------------------------------------------------------------------------------------- */

static void put_last_used(const asked *a, vg_fact_sink *sink)
{
    vg_time last;
    if (!vg_prop_time(a->seen, "RoleLastUsed/LastUsedDate", &last))
        return;
    vg_fact_str(sink, "Basis", VG_STR("role-last-used"));
    vg_fact_bool(sink, "Idle", last < a->since);
}

/* ---- one principal --------------------------------------------------------------------------------------------------------- */

static void put_young(vg_fact_sink *sink)
{
    const vg_vec none = {0};
    vg_fact_str(sink, "Basis", VG_STR("new"));
    vg_fact_bool(sink, "Idle", false);
    vg_fact_list(sink, "UnusedServices", &none);
    vg_fact_list(sink, "UnusedActions", &none);
    vg_fact_i64(sink, "UnusedActionCount", 0);
}

static vg_status put_principal(const asked *a, vg_fact_sink *sink)
{
    vg_time created;
    bool is_young = vg_prop_time(a->seen, "CreateDate", &created) && created > a->since;
    vg_str name = local_name(a->principal->arn);
    vg_fact_begin(sink, "Vigil::Account::UnusedAccess", a->view->account, VG_STR(""), a->principal->arn,
                  name);
    vg_fact_str(sink, "Principal", name);
    vg_fact_i64(sink, "Days", UNUSED_DAYS);
    vg_fact_used(sink, a->seen);
    vg_status status = VG_OK;
    if (is_young)
        put_young(sink);
    else if (a->told_by)
        status = put_reported(a, sink);
    else
        put_last_used(a, sink);
    vg_fact_end(sink);
    return status;
}

/* The report of it that says what was not used since then. */
static vg_status find_report(asked *a, vg_arena *arena)
{
    const vg_sighting *seen = sighting_of(a->view, "Vigil::IAM::LastAccessed", a->principal->arn);
    if (!seen || !a->view->engine->events)
        return VG_OK;
    VG_TRY(vg_last_used_of(arena, a->principal->arn, seen->properties, &a->report, NULL));
    bool counts = a->report.as_of != VG_TIME_NONE && vg_last_used_covers(&a->report, a->since);
    a->told_by = counts ? seen : NULL;
    return VG_OK;
}

static vg_status put_principals(const vg_view *view, vg_arena *scratch, vg_fact_sink *sink)
{
    for (size_t i = 0; i < view->world->principal_count; i++) {
        const vg_world_principal *p = &view->world->principals[i];
        asked a = {.view = view,
                   .scratch = scratch,
                   .principal = p,
                   .since = vg_view_time(view) - UNUSED_DAYS * VG_TIME_DAY};
        bool is_asked =
            p->caller.kind != VG_CALLER_ROOT && !p->service_linked && vg_str_eq(p->account_id, view->account);
        const char *type = p->caller.kind == VG_CALLER_USER ? "AWS::IAM::User" : "AWS::IAM::Role";
        a.seen = is_asked ? sighting_of(view, type, p->arn) : NULL;
        if (!a.seen)
            continue;
        vg_arena_reset(scratch);
        VG_TRY(find_report(&a, scratch));
        VG_TRY(put_principal(&a, sink));
    }
    return VG_OK;
}

void vg_make_unused(const vg_view *view, vg_fact_sink *sink)
{
    bool is_asked =
        view->world && view->engine && view->engine->catalogue && vg_has_authorization_details(view);
    vg_arena *scratch = is_asked ? vg_arena_new(0) : NULL;
    if (!is_asked)
        vg_fact_unknown_set(sink, "Vigil::Account::UnusedAccess");
    else if (!scratch || put_principals(view, scratch, sink) != VG_OK)
        sink->failed = true;
    vg_arena_free(scratch);
}
