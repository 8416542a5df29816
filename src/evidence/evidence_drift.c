/* evidence_drift.c: named baselines, and what has changed since one, down to the property. */
#include "evidence/evidence_part.h"

vg_status vg_evidence_baseline_set(vg_evidence *evidence, vg_str name, vg_time now, uint64_t *resources,
                                   vg_error *err)
{
    uint64_t items;
    if (!name.len || name.len > 200)
        return vg_fail(err, VG_ERR_VALUE, "a baseline needs a name of at most 200 bytes");
    VG_TRY(vg_store_flush(evidence->store, err));
    VG_TRY(vg_store_write(evidence->store, err));
    VG_TRY(vg_store_baseline_set(evidence->store, name, vg_store_who(evidence->store), now, &items, err));
    VG_TRY(vg_store_audit_add(evidence->store, now, (vg_str){0}, "baseline.set", name, (vg_str){0}, err));
    VG_TRY(vg_store_flush(evidence->store, err));
    if (resources)
        *resources = items;
    return VG_OK;
}

typedef struct {
    vg_status (*sink)(void *context, const vg_baseline_row *row, vg_error *err);
    void *context;
} baseline_sink;

static vg_status pass_baseline(void *context, const vg_store_baseline_row *stored, vg_error *err)
{
    const baseline_sink *to = context;
    const vg_baseline_row row = {
        .name = stored->name, .who = stored->who, .created = stored->created, .resources = stored->items};
    return to->sink(to->context, &row, err);
}

vg_status vg_evidence_baselines(vg_evidence *evidence,
                                vg_status (*sink)(void *context, const vg_baseline_row *row, vg_error *err),
                                void *context, vg_error *err)
{
    baseline_sink to = {sink, context};
    return vg_store_baselines(evidence->store, pass_baseline, &to, err);
}

/* ---- drift --------------------------------------------------------------------------------------------------------------- */

const char *vg_drift_kind_name(vg_drift_kind kind)
{
    static const char *const names[] = {
        [VG_DRIFT_ADDED] = "added", [VG_DRIFT_REMOVED] = "removed", [VG_DRIFT_CHANGED] = "changed"};
    return (size_t)kind < VG_COUNT(names) ? names[kind] : "unknown";
}

typedef struct {
    vg_status (*sink)(void *context, const vg_drift *drift, vg_error *err);
    void *context;
    vg_arena *arena; /* for one resource at a time */
    vg_drift drift;  /* of that resource */
    vg_buf old_text, new_text;
} drifting;

static vg_str as_json(vg_buf *into, const vg_value *v)
{
    vg_buf_clear(into);
    if (v)
        vg_json_write(into, v, 0);
    return vg_buf_str(into);
}

static vg_status found(void *context, vg_str path, const vg_value *old_value, const vg_value *new_value,
                       vg_error *err)
{
    drifting *d = context;
    d->drift.path = path;
    d->drift.kind = !old_value ? VG_DRIFT_ADDED : !new_value ? VG_DRIFT_REMOVED : VG_DRIFT_CHANGED;
    d->drift.old_value = as_json(&d->old_text, old_value);
    d->drift.new_value = as_json(&d->new_text, new_value);
    if (d->old_text.failed || d->new_text.failed)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    return d->sink(d->context, &d->drift, err);
}

static vg_status drift_within(drifting *d, const vg_store_drift_row *row, vg_error *err)
{
    vg_doc old_doc, new_doc;
    vg_arena_reset(d->arena);
    VG_TRY(vg_json_read(d->arena, row->old_properties, row->id, NULL, &old_doc, err));
    VG_TRY(vg_json_read(d->arena, row->new_properties, row->id, NULL, &new_doc, err));
    const vg_value_diff diff = {.found = found, .context = d, .arena = d->arena};
    return evidence_diff(&diff, old_doc.root, new_doc.root, err);
}

static vg_status drift_of_resource(void *context, const vg_store_drift_row *row, vg_error *err)
{
    drifting *d = context;
    d->drift = (vg_drift){.type = row->type,
                          .account = row->account,
                          .region = row->region,
                          .id = row->id,
                          .name = row->name,
                          .old_value = row->old_properties,
                          .new_value = row->new_properties,
                          .when = row->when};
    if (row->old_properties.ptr && row->new_properties.ptr)
        return drift_within(d, row, err);
    d->drift.kind = row->new_properties.ptr ? VG_DRIFT_ADDED : VG_DRIFT_REMOVED;
    return d->sink(d->context, &d->drift, err);
}

vg_status vg_evidence_drift(vg_evidence *evidence, vg_str baseline,
                            vg_status (*sink)(void *context, const vg_drift *drift, vg_error *err),
                            void *context, vg_error *err)
{
    int64_t number;
    VG_TRY(vg_store_baseline_find(evidence->store, baseline, &number, err));
    if (!number)
        return vg_fail(err, VG_ERR_NOT_FOUND, "no baseline is named '%.*s'; `vigil baseline list` shows them",
                       VG_ARG(baseline));
    drifting d = {.sink = sink, .context = context, .arena = vg_arena_new(0)};
    if (!d.arena)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    vg_status status = vg_store_drift(evidence->store, number, drift_of_resource, &d, err);
    vg_buf_free(&d.old_text);
    vg_buf_free(&d.new_text);
    vg_arena_free(d.arena);
    return status;
}
