/* hub_people.c: what people do to one finding. Each is one transaction: state, history and audit log together. People
 * act on what they were shown, where a suppression that lapsed is over: it is lifted first. */
#include "hub/hub_part.h"

static vg_status act(vg_hub *hub, vg_store_finding *finding, const vg_id *id, vg_workflow to,
                     const char *action, const hub_cause *cause, vg_error *err)
{
    VG_TRY(vg_store_flush(hub->store, err));
    VG_TRY(vg_store_write(hub->store, err));
    VG_TRY(hub_move(hub, finding, to, cause, err));
    VG_TRY(vg_store_audit_add(hub->store, cause->at, cause->who, action, vg_str_from(id->hex), cause->note,
                              err));
    return vg_store_flush(hub->store, err);
}

vg_status vg_hub_notify(vg_hub *hub, const vg_id *id, vg_str who, vg_str note, vg_time now, vg_error *err)
{
    vg_store_finding finding;
    VG_TRY(hub_expire(hub, now, &(uint64_t){0}, err));
    VG_TRY(hub_get(hub, id, &finding, err));
    if (finding.workflow != VG_WORKFLOW_NEW)
        return vg_fail(err, VG_ERR_VALUE, "the finding is %s; only a NEW one can become NOTIFIED",
                       vg_workflow_name(finding.workflow));
    const hub_cause cause = {VG_HUB_NOTIFIED, now, 0, who.len ? who : vg_store_who(hub->store), note};
    return act(hub, &finding, id, VG_WORKFLOW_NOTIFIED, "finding.notify", &cause, err);
}

vg_status vg_hub_reopen(vg_hub *hub, const vg_id *id, vg_str who, vg_str note, vg_time now, vg_error *err)
{
    vg_store_finding finding;
    int64_t own;
    VG_TRY(hub_expire(hub, now, &(uint64_t){0}, err));
    VG_TRY(hub_get(hub, id, &finding, err));
    VG_TRY(vg_store_suppression_of(hub->store, finding.number, INT64_MIN, &own, err));
    if (finding.workflow == VG_WORKFLOW_SUPPRESSED && finding.suppression != own)
        return vg_fail(err, VG_ERR_VALUE,
                       "the finding is silenced together with others by suppression %lld; withdraw that one",
                       (long long)finding.suppression);
    if (finding.workflow == VG_WORKFLOW_SUPPRESSED)
        return vg_hub_unsuppress(hub, (uint64_t)own, who, now, err);
    if (finding.workflow != VG_WORKFLOW_NOTIFIED)
        return vg_fail(err, VG_ERR_VALUE, "the finding is %s; a NOTIFIED or SUPPRESSED one can be reopened%s",
                       vg_workflow_name(finding.workflow),
                       finding.workflow == VG_WORKFLOW_RESOLVED
                           ? ", a RESOLVED one reopens when the problem returns"
                           : "");
    const hub_cause cause = {VG_HUB_REOPENED, now, 0, who.len ? who : vg_store_who(hub->store), note};
    return act(hub, &finding, id, VG_WORKFLOW_NEW, "finding.reopen", &cause, err);
}
