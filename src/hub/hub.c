/* hub.c: the hub over a store, runs, and what moves a finding. What is taken in and what that means is in hub_put.c,
 * people's doing in hub_people.c, suppressions in hub_suppression.c, reads in hub_read.c. */
#include "hub/hub_part.h"

#include <stdlib.h>

vg_status vg_hub_attach(struct vg_store *store, vg_hub **out, vg_error *err)
{
    *out = NULL;
    vg_hub *hub = calloc(1, sizeof *hub);
    if (!hub)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    hub->store = store;
    hub->glob_arena = vg_arena_new(0);
    hub->piece_arena = vg_arena_new(0);
    vg_status status = VG_OK;
    if (!hub->glob_arena || !hub->piece_arena)
        status = vg_fail(err, VG_ERR_MEMORY, "out of memory");
    if (status == VG_OK)
        status = hub_load_globs(hub, err);
    if (status != VG_OK) {
        vg_hub_detach(hub);
        return status;
    }
    *out = hub;
    return VG_OK;
}

void vg_hub_detach(vg_hub *hub)
{
    if (!hub)
        return;
    vg_arena_free(hub->glob_arena);
    vg_arena_free(hub->piece_arena);
    vg_buf_free(&hub->run_id);
    free(hub);
}

/* ---- moving a finding ---------------------------------------------------------------------------------------------- */

const char *vg_hub_event_name(vg_hub_event event)
{
    static const char *const names[] = {
        [VG_HUB_OPENED] = "opened",         [VG_HUB_REOPENED] = "reopened", [VG_HUB_VERDICT] = "verdict",
        [VG_HUB_SEVERITY] = "severity",     [VG_HUB_RESOLVED] = "resolved", [VG_HUB_NOTIFIED] = "notified",
        [VG_HUB_SUPPRESSED] = "suppressed", [VG_HUB_LIFTED] = "lifted",
    };
    return (size_t)event < VG_COUNT(names) ? names[event] : "unknown";
}

vg_status hub_note(vg_hub *hub, vg_store_finding *finding, const hub_cause *cause, vg_error *err)
{
    const vg_store_finding_event event = {.at = cause->at,
                                          .event = (int)cause->event,
                                          .workflow = finding->workflow,
                                          .verdict = finding->verdict,
                                          .severity = finding->severity,
                                          .who = cause->who,
                                          .note = cause->note};
    finding->events++;
    return vg_store_finding_event_add(hub->store, finding, cause->run, &event, err);
}

vg_status hub_move(vg_hub *hub, vg_store_finding *finding, vg_workflow to, const hub_cause *cause,
                   vg_error *err)
{
    finding->workflow = to;
    VG_TRY(hub_note(hub, finding, cause, err));
    return vg_store_finding_set(hub->store, finding, err);
}

/* The value of each lower-case hexadecimal digit, and 1: 0 is no digit. */
static const uint8_t DIGITS[256] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

bool hub_id_bytes(const vg_id *id, uint8_t out[32])
{
    for (size_t i = 0; i < 32; i++) {
        uint8_t high = DIGITS[(uint8_t)id->hex[2 * i]], low = high ? DIGITS[(uint8_t)id->hex[2 * i + 1]] : 0;
        if (!low)
            return false;
        out[i] = (uint8_t)((high - 1) << 4 | (low - 1));
    }
    return true;
}

vg_status hub_get(vg_hub *hub, const vg_id *id, vg_store_finding *out, vg_error *err)
{
    uint8_t bytes[32];
    if (!hub_id_bytes(id, bytes))
        return vg_fail(err, VG_ERR_VALUE, "not the id of a finding: %.64s", id->hex);
    VG_TRY(vg_store_finding_with_id(hub->store, bytes, out, err));
    return out->number ? VG_OK : vg_fail(err, VG_ERR_NOT_FOUND, "no finding has the id %s", id->hex);
}

/* ---- runs -------------------------------------------------------------------------------------------------------------- */

/* Resolves a finding for which the run had a pass, unless it was resolved or seen to fail meanwhile. */
static vg_status resolve(vg_hub *hub, int64_t run, vg_time at, const vg_store_pass *pass, vg_error *err)
{
    vg_store_finding finding;
    VG_TRY(vg_store_finding_get(hub->store, pass->finding, &finding, err));
    if (finding.number && finding.workflow != VG_WORKFLOW_RESOLVED && finding.run < run) {
        const hub_cause cause = {VG_HUB_RESOLVED, at, run, (vg_str){0}, pass->note};
        finding.verdict = VG_VERDICT_PASS;
        VG_TRY(hub_move(hub, &finding, VG_WORKFLOW_RESOLVED, &cause, err));
        if (finding.suppression)
            VG_TRY(vg_store_finding_set_suppression(hub->store, finding.number, 0, err));
        hub->counts.resolved++;
    }
    return vg_store_pass_remove(hub->store, run, pass->finding, err);
}

/* Applies the passes of a run that completed, a piece at a time; what a crash leaves over, the next run's begin does. */
static vg_status apply_passes(vg_hub *hub, int64_t run, vg_time at, vg_error *err)
{
    for (size_t found = HUB_PIECE; found == HUB_PIECE;) {
        vg_arena_reset(hub->piece_arena);
        vg_vec passes = vg_vec_in(hub->piece_arena, sizeof(vg_store_pass));
        VG_TRY(vg_store_passes(hub->store, run, HUB_PIECE, &passes, err));
        found = passes.len;
        for (size_t i = 0; i < found; i++) {
            VG_TRY(vg_store_write(hub->store, err));
            VG_TRY(resolve(hub, run, at, vg_vec_at(&passes, i), err));
            VG_TRY(vg_store_wrote(hub->store, 0, err));
        }
    }
    return vg_store_flush(hub->store, err);
}

static vg_status finish_left_over(vg_hub *hub, vg_error *err)
{
    int64_t run;
    vg_time finished;
    VG_TRY(vg_store_write(hub->store, err));
    VG_TRY(vg_store_pass_drop_unfinished(hub->store, 0, err));
    for (;;) {
        VG_TRY(vg_store_pass_left_over(hub->store, &run, &finished, err));
        if (!run)
            return VG_OK;
        VG_TRY(apply_passes(hub, run, finished, err));
    }
}

vg_status vg_hub_run_begin(vg_hub *hub, vg_str id, vg_time now, vg_error *err)
{
    if (hub->run)
        return vg_fail(err, VG_ERR_INTERNAL, "a run is open already");
    if (!id.len)
        return vg_fail(err, VG_ERR_VALUE, "a run needs an id");
    const vg_store_run run = {.id = id, .kind = VG_STR("assess"), .started = now};
    int64_t number;
    VG_TRY(vg_store_write(hub->store, err));
    VG_TRY(vg_store_run_add(hub->store, &run, &number, err));
    VG_TRY(vg_store_audit_add(hub->store, now, (vg_str){0}, "run.begin", id, VG_STR("assess"), err));
    VG_TRY(vg_store_wrote(hub->store, 0, err));
    VG_TRY(finish_left_over(hub, err));
    VG_TRY(hub_expire(hub, now, &(uint64_t){0}, err));
    vg_buf_clear(&hub->run_id);
    vg_buf_add_str(&hub->run_id, id);
    if (hub->run_id.failed)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    hub->run = number;
    hub->run_time = now;
    hub->passes = 0;
    hub->counts = (vg_hub_counts){0};
    return VG_OK;
}

vg_status vg_hub_flush(vg_hub *hub, vg_error *err)
{
    return vg_store_flush(hub->store, err);
}

vg_status vg_hub_run_end(vg_hub *hub, vg_time now, bool completed, vg_hub_counts *counts, vg_error *err)
{
    if (!hub->run)
        return vg_fail(err, VG_ERR_INTERNAL, "no run is open");
    int64_t run = hub->run;
    VG_TRY(vg_store_write(hub->store, err));
    VG_TRY(vg_store_run_finish(hub->store, run, now, completed, err));
    VG_TRY(vg_store_audit_add(hub->store, now, (vg_str){0}, "run.end", vg_buf_str(&hub->run_id),
                              completed ? VG_STR("complete") : VG_STR("partial"), err));
    if (!completed)
        VG_TRY(vg_store_pass_drop_unfinished(hub->store, 0, err));
    VG_TRY(vg_store_flush(hub->store, err)); /* from here on the run has completed, whatever happens */
    if (completed)
        VG_TRY(apply_passes(hub, run, now, err));
    hub->run = 0;
    if (counts)
        *counts = hub->counts;
    return VG_OK;
}
