/* hub_put.c: what one evaluation says moves one finding. The table of what moves where stands in hub.h. */
#include "hub/hub_part.h"

enum { ROW_BYTES = 256 };

/* Whether the texts must be written again is told by half a SHA-256 over them; severity and verdict are compared by
 * themselves, because their changes are events. */
static void digest_of(const vg_finding *finding, uint8_t out[16])
{
    const vg_str parts[] = {finding->product,     finding->title,         finding->message,
                            finding->remediation, finding->resource_name, finding->evidence};
    vg_sha256 hash = vg_sha256_parts(parts, VG_COUNT(parts));
    memcpy(out, hash.bytes, 16);
}

static vg_time time_of(const vg_hub *hub, const vg_finding *finding)
{
    return finding->observed == VG_TIME_NONE || finding->observed == 0 ? hub->run_time : finding->observed;
}

static size_t bytes_of(const vg_finding *f)
{
    return ROW_BYTES + f->title.len + f->message.len + f->remediation.len + f->evidence.len +
           f->resource_id.len;
}

/* Times of findings are the evidence's; times of events are the run's, for that is when the hub learned of them. */

/* ---- problems -------------------------------------------------------------------------------------------------------- */

_Static_assert((int)VG_HUB_OPENED == (int)VG_STORE_OPENED, "the store writes the first event");

/* The first event, that the finding was opened by this run at its start, comes with the finding. */
static vg_status open_finding(vg_hub *hub, const vg_finding *given, vg_store_finding *finding, vg_error *err)
{
    vg_time at = time_of(hub, given);
    const hub_cause cause = {VG_HUB_SUPPRESSED, hub->run_time, hub->run, (vg_str){0}, (vg_str){0}};
    finding->verdict = given->verdict;
    finding->severity = given->severity;
    finding->first_seen = finding->last_seen = at;
    finding->opened = hub->run_time;
    finding->run = hub->run;
    VG_TRY(hub_find_suppression(hub, 0, given->rule, given->account, given->resource_id, hub->run_time,
                                &finding->suppression, err));
    finding->events = finding->suppression ? 2 : 1;
    finding->workflow = finding->suppression ? VG_WORKFLOW_SUPPRESSED : VG_WORKFLOW_NEW;
    VG_TRY(vg_store_finding_add(hub->store, finding, given, err));
    hub->counts.opened++;
    if (!finding->suppression)
        return VG_OK;
    finding->events = 1; /* hub_note counts the second */
    return hub_note(hub, finding, &cause, err);
}

/* The problem is back: NEW, or SUPPRESSED when a suppression still stands over it. */
static vg_status reopen(vg_hub *hub, const vg_finding *given, vg_store_finding *finding, vg_error *err)
{
    hub_cause cause = {VG_HUB_REOPENED, hub->run_time, hub->run, (vg_str){0}, (vg_str){0}};
    finding->workflow = VG_WORKFLOW_NEW;
    finding->opened = hub->run_time;
    finding->reopened++;
    hub->counts.reopened++;
    VG_TRY(hub_note(hub, finding, &cause, err));
    VG_TRY(hub_find_suppression(hub, finding->number, given->rule, given->account, given->resource_id,
                                hub->run_time, &finding->suppression, err));
    if (!finding->suppression)
        return VG_OK;
    finding->workflow = VG_WORKFLOW_SUPPRESSED;
    cause.event = VG_HUB_SUPPRESSED;
    VG_TRY(vg_store_finding_set_suppression(hub->store, finding->number, finding->suppression, err));
    return hub_note(hub, finding, &cause, err);
}

static vg_status note_changes(vg_hub *hub, const vg_finding *given, vg_store_finding *finding, vg_error *err)
{
    hub_cause cause = {VG_HUB_VERDICT, hub->run_time, hub->run, (vg_str){0}, (vg_str){0}};
    bool verdict_differs = finding->verdict != given->verdict,
         severity_differs = finding->severity != given->severity;
    finding->verdict = given->verdict;
    finding->severity = given->severity;
    if (finding->workflow == VG_WORKFLOW_RESOLVED)
        return reopen(hub, given, finding, err);
    if (verdict_differs)
        VG_TRY(hub_note(hub, finding, &cause, err));
    cause.event = VG_HUB_SEVERITY;
    return severity_differs ? hub_note(hub, finding, &cause, err) : VG_OK;
}

static vg_status update_finding(vg_hub *hub, const vg_finding *given, const uint8_t digest[16],
                                vg_store_finding *finding, vg_error *err)
{
    vg_time at = time_of(hub, given);
    bool same_texts = memcmp(finding->digest, digest, 16) == 0;
    bool same_state = finding->workflow != VG_WORKFLOW_RESOLVED && finding->verdict == given->verdict &&
                      finding->severity == given->severity;
    if (hub->passes)
        VG_TRY(vg_store_pass_remove(hub->store, hub->run, finding->number, err));
    vg_time last_seen = finding->last_seen > at ? finding->last_seen : at;
    if (same_texts && same_state && at >= finding->first_seen) {
        hub->counts.unchanged++;
        return vg_store_finding_seen(hub->store, finding->number, last_seen, hub->run, err);
    }
    hub->counts.changed += finding->workflow != VG_WORKFLOW_RESOLVED;
    VG_TRY(note_changes(hub, given, finding, err));
    memcpy(finding->digest, digest, 16);
    finding->last_seen = last_seen;
    finding->first_seen = at < finding->first_seen ? at : finding->first_seen;
    finding->run = hub->run;
    VG_TRY(vg_store_finding_set(hub->store, finding, err));
    return same_texts ? VG_OK : vg_store_finding_set_texts(hub->store, finding->number, given, err);
}

static vg_status put_problem(vg_hub *hub, const vg_finding *given, vg_store_finding *finding, vg_error *err)
{
    uint8_t digest[16];
    digest_of(given, digest);
    if (finding->number)
        return update_finding(hub, given, digest, finding, err);
    memcpy(finding->digest, digest, sizeof digest);
    return open_finding(hub, given, finding, err);
}

/* ---- everything else -------------------------------------------------------------------------------------------------- */

/* A pass counts at the end of the run, and only if this run saw no failure of the same finding. */
static vg_status put_pass(vg_hub *hub, const vg_store_finding *finding, vg_str note, vg_error *err)
{
    if (!finding->number || finding->workflow == VG_WORKFLOW_RESOLVED || finding->run == hub->run)
        return VG_OK;
    hub->passes++;
    return vg_store_pass_add(hub->store, hub->run, finding->number, note, err);
}

static vg_status put_one(vg_hub *hub, const vg_finding *given, vg_error *err)
{
    if (given->verdict == VG_VERDICT_NOT_ASSESSED || given->verdict == VG_VERDICT_NOT_APPLICABLE) {
        hub->counts.not_assessed += given->verdict == VG_VERDICT_NOT_ASSESSED;
        hub->counts.not_applicable += given->verdict == VG_VERDICT_NOT_APPLICABLE;
        return VG_OK;
    }
    vg_id id = vg_finding_id(given);
    uint8_t bytes[32];
    vg_store_finding finding;
    if (!given->rule.len || !hub_id_bytes(&id, bytes))
        return vg_fail(err, VG_ERR_VALUE, "a finding needs a rule");
    VG_TRY(vg_store_write(hub->store, err));
    VG_TRY(vg_store_finding_find(hub->store, given->account, bytes, &finding, err));
    memcpy(finding.id, bytes, sizeof bytes);
    if (given->verdict == VG_VERDICT_PASS) {
        hub->counts.passed++;
        VG_TRY(put_pass(hub, &finding, (vg_str){0}, err));
    } else {
        VG_TRY(put_problem(hub, given, &finding, err));
    }
    return vg_store_wrote(hub->store, bytes_of(given), err);
}

vg_status vg_hub_put(vg_hub *hub, const vg_finding *findings, size_t count, vg_error *err)
{
    if (!hub->run)
        return vg_fail(err, VG_ERR_INTERNAL, "findings are put within a run");
    for (size_t i = 0; i < count; i++)
        VG_TRY(put_one(hub, &findings[i], err));
    return VG_OK;
}

vg_status vg_hub_resolve(vg_hub *hub, const vg_finding *finding, vg_str reason, vg_error *err)
{
    vg_id id = vg_finding_id(finding);
    uint8_t bytes[32];
    vg_store_finding found;
    if (!hub->run || !hub_id_bytes(&id, bytes))
        return vg_fail(err, VG_ERR_INTERNAL, "findings are resolved within a run");
    if (!reason.len)
        return vg_fail(err, VG_ERR_VALUE, "resolving without an evaluation needs a reason");
    VG_TRY(vg_store_finding_find(hub->store, finding->account, bytes, &found, err));
    if (!found.number)
        return vg_fail(err, VG_ERR_NOT_FOUND, "no finding has the id %s", id.hex);
    VG_TRY(vg_store_write(hub->store, err));
    VG_TRY(put_pass(hub, &found, reason, err));
    return vg_store_wrote(hub->store, reason.len, err);
}
