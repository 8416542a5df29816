/* hub_read.c: reading findings back: lists, one by its id, totals, history, the audit log. */
#include "hub/hub_part.h"

/* ---- rows ---------------------------------------------------------------------------------------------------------- */

/* `now` 0: as stored; else a suppression that has lapsed is shown as what it will become. */
static void show(const vg_store_finding_row *stored, vg_time now, vg_hub_row *out)
{
    bool lapsed = now && stored->suppressed_until != VG_TIME_NONE && stored->suppressed_until <= now;
    *out = (vg_hub_row){.finding = stored->texts,
                        .workflow = stored->state.workflow,
                        .first_seen = stored->state.first_seen,
                        .last_seen = stored->state.last_seen,
                        .opened = stored->state.opened,
                        .reopened = stored->state.reopened,
                        .suppressed_reason = VG_STR(""),
                        .suppressed_until = VG_TIME_NONE};
    vg_hex(stored->state.id, sizeof stored->state.id, out->id.hex);
    if (out->workflow != VG_WORKFLOW_SUPPRESSED)
        return;
    if (lapsed) {
        out->workflow = VG_WORKFLOW_NEW;
        return;
    }
    out->suppressed_reason = stored->suppressed_reason;
    out->suppressed_until = stored->suppressed_until;
}

typedef struct {
    const vg_hub_filter *filter;
    vg_status (*sink)(void *context, const vg_hub_row *row, vg_error *err);
    void *context;
    uint64_t given;
} listing;

static bool is_glob(vg_str s)
{
    return vg_str_find_char(s, '*') != VG_NPOS || vg_str_find_char(s, '?') != VG_NPOS;
}

/* What the store can decide by equality it is given; globs are matched here. */
static vg_str exact_part(vg_str pattern)
{
    return is_glob(pattern) ? VG_STR("") : pattern;
}

static bool has(vg_str pattern, vg_str text)
{
    return !pattern.len || vg_str_glob(pattern, text);
}

static bool passes(const vg_hub_filter *filter, const vg_hub_row *row)
{
    const vg_finding *f = &row->finding;
    unsigned workflows = filter->workflows ? filter->workflows : ~0u;
    return (workflows >> row->workflow & 1u) && has(filter->rule, f->rule) &&
           has(filter->account, f->account) && has(filter->region, f->region) &&
           has(filter->resource, f->resource_id) && has(filter->resource_type, f->resource_type) &&
           has(filter->product, f->product);
}

static vg_status pass_row(void *context, const vg_store_finding_row *stored, vg_error *err)
{
    listing *l = context;
    vg_hub_row row;
    show(stored, l->filter->now, &row);
    if (!passes(l->filter, &row))
        return VG_OK;
    VG_TRY(l->sink(l->context, &row, err));
    l->given++;
    return l->filter->limit && l->given == l->filter->limit ? VG_ERR_CANCELLED : VG_OK;
}

vg_status vg_hub_list(vg_hub *hub, const vg_hub_filter *filter,
                      vg_status (*sink)(void *context, const vg_hub_row *row, vg_error *err), void *context,
                      vg_error *err)
{
    listing l = {filter, sink, context, 0};
    const vg_store_finding_filter below = {.min_severity = (int)filter->min_severity,
                                           .rule = exact_part(filter->rule),
                                           .account = exact_part(filter->account),
                                           .region = exact_part(filter->region),
                                           .resource = exact_part(filter->resource),
                                           .resource_type = exact_part(filter->resource_type),
                                           .product = exact_part(filter->product),
                                           .since = filter->since ? filter->since : VG_TIME_NONE,
                                           .by_age = filter->by_age};
    vg_status status = vg_store_findings(hub->store, &below, pass_row, &l, err);
    bool is_limit = status == VG_ERR_CANCELLED && filter->limit && l.given == filter->limit;
    return is_limit ? VG_OK : status;
}

/* ---- one ---------------------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_arena *arena;
    vg_hub_row *out;
    vg_time now;
    unsigned found;
} finding_one;

static vg_status copy_row(void *context, const vg_store_finding_row *stored, vg_error *err)
{
    finding_one *one = context;
    if (one->found++)
        return VG_OK;
    show(stored, one->now, one->out);
    vg_finding *f = &one->out->finding;
    vg_str *const texts[] = {&f->rule,        &f->product,
                             &f->title,       &f->message,
                             &f->remediation, &f->resource_type,
                             &f->account,     &f->region,
                             &f->resource_id, &f->resource_name,
                             &f->sub_key,     &f->evidence,
                             &f->run,         &one->out->suppressed_reason};
    for (size_t i = 0; i < VG_COUNT(texts); i++) {
        *texts[i] = vg_arena_str(one->arena, *texts[i]);
        if (!texts[i]->ptr)
            return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    }
    return VG_OK;
}

/* The smallest and the largest id that begin with the digits. */
static bool range_of(vg_str hex, uint8_t from[32], uint8_t to[32])
{
    vg_id low, high;
    if (hex.len < 8 || hex.len > 64)
        return false;
    memset(&low, '0', sizeof low);
    memset(&high, 'f', sizeof high);
    for (size_t i = 0; i < hex.len; i++) {
        char c = hex.ptr[i];
        low.hex[i] = high.hex[i] = (char)(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
    }
    return hub_id_bytes(&low, from) && hub_id_bytes(&high, to);
}

vg_status vg_hub_find(vg_hub *hub, vg_arena *arena, vg_str hex, vg_time now, vg_hub_row *out, vg_error *err)
{
    uint8_t from[32], to[32];
    vg_str shown = vg_str_sub(hex, 0, 64);
    if (!range_of(hex, from, to))
        return vg_fail(err, VG_ERR_VALUE, "'%.*s' is not the id of a finding: 8 to 64 hexadecimal digits",
                       VG_ARG(shown));
    finding_one one = {arena, out, now, 0};
    VG_TRY(vg_store_findings_between(hub->store, from, to, copy_row, &one, err));
    if (one.found == 0)
        return vg_fail(err, VG_ERR_NOT_FOUND, "no finding has an id that starts with %.*s", VG_ARG(shown));
    if (one.found > 1)
        return vg_fail(err, VG_ERR_VALUE, "%u findings have ids that start with %.*s; give more digits",
                       one.found, VG_ARG(shown));
    return VG_OK;
}

/* ---- totals ------------------------------------------------------------------------------------------------------------- */

static vg_status add_total(void *context, int workflow, int severity, bool lapsed, uint64_t count,
                           vg_error *err)
{
    vg_hub_totals *totals = context;
    (void)err;
    if (workflow == VG_WORKFLOW_SUPPRESSED && lapsed)
        workflow = VG_WORKFLOW_NEW;
    if ((size_t)workflow < VG_COUNT(totals->by_workflow))
        totals->by_workflow[workflow] += count;
    bool is_open = workflow == VG_WORKFLOW_NEW || workflow == VG_WORKFLOW_NOTIFIED;
    if (is_open && (size_t)severity < VG_COUNT(totals->open_by_severity))
        totals->open_by_severity[severity] += count;
    return VG_OK;
}

vg_status vg_hub_total(vg_hub *hub, vg_time now, vg_hub_totals *out, vg_error *err)
{
    *out = (vg_hub_totals){0};
    return vg_store_finding_totals(hub->store, now ? now : INT64_MIN, add_total, out, err);
}

/* ---- history and audit log ---------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_status (*sink)(void *context, const vg_hub_history_row *row, vg_error *err);
    void *context;
} history_sink;

static vg_status pass_event(void *context, const vg_store_finding_event *event, vg_error *err)
{
    const history_sink *to = context;
    const vg_hub_history_row row = {.at = event->at,
                                    .event = (vg_hub_event)event->event,
                                    .workflow = event->workflow,
                                    .verdict = event->verdict,
                                    .severity = event->severity,
                                    .run = event->run,
                                    .who = event->who,
                                    .note = event->note};
    return to->sink(to->context, &row, err);
}

vg_status vg_hub_history(vg_hub *hub, const vg_id *id,
                         vg_status (*sink)(void *context, const vg_hub_history_row *row, vg_error *err),
                         void *context, vg_error *err)
{
    history_sink to = {sink, context};
    vg_store_finding finding;
    VG_TRY(hub_get(hub, id, &finding, err));
    return vg_store_finding_events(hub->store, finding.number, pass_event, &to, err);
}

typedef struct {
    vg_status (*sink)(void *context, const vg_audit_row *row, vg_error *err);
    void *context;
} audit_sink;

static vg_status pass_audit(void *context, const vg_store_audit_row *stored, vg_error *err)
{
    const audit_sink *to = context;
    const vg_audit_row row = {.number = (uint64_t)stored->number,
                              .at = stored->at,
                              .who = stored->who,
                              .command = stored->command,
                              .action = stored->action,
                              .target = stored->target,
                              .detail = stored->detail};
    return to->sink(to->context, &row, err);
}

vg_status vg_hub_audit(vg_hub *hub, vg_status (*sink)(void *context, const vg_audit_row *row, vg_error *err),
                       void *context, vg_error *err)
{
    audit_sink to = {sink, context};
    return vg_store_audit(hub->store, pass_audit, &to, err);
}
