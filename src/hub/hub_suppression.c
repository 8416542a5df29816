/* hub_suppression.c: silencing findings for a time, with a reason. A suppression stands until it lapses or is withdrawn;
 * then its findings are NEW again, unless another one stands over them. */
#include "hub/hub_part.h"

/* ---- what stands ------------------------------------------------------------------------------------------------------ */

static vg_status take_glob(void *context, const vg_store_suppression *suppression, vg_error *err)
{
    vg_hub *hub = context;
    if (suppression->finding || suppression->ended != VG_TIME_NONE)
        return VG_OK;
    hub_glob *glob = vg_vec_push(&hub->globs);
    if (!glob)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    *glob = (hub_glob){.number = suppression->number,
                       .rule = vg_arena_str(hub->glob_arena, suppression->rule),
                       .account = vg_arena_str(hub->glob_arena, suppression->account),
                       .resource = vg_arena_str(hub->glob_arena, suppression->resource),
                       .until = suppression->until};
    bool whole = glob->rule.ptr && glob->account.ptr && glob->resource.ptr;
    return whole ? VG_OK : vg_fail(err, VG_ERR_MEMORY, "out of memory");
}

vg_status hub_load_globs(vg_hub *hub, vg_error *err)
{
    vg_arena_reset(hub->glob_arena);
    hub->globs = vg_vec_in(hub->glob_arena, sizeof(hub_glob));
    return vg_store_suppressions(hub->store, take_glob, hub, err);
}

static bool glob_has(const hub_glob *glob, vg_str rule, vg_str account, vg_str resource)
{
    return vg_str_glob(glob->rule, rule) && vg_str_glob(glob->account, account) &&
           vg_str_glob(glob->resource, resource);
}

vg_status hub_find_suppression(vg_hub *hub, int64_t finding, vg_str rule, vg_str account, vg_str resource,
                               vg_time now, int64_t *number, vg_error *err)
{
    *number = 0;
    if (finding)
        VG_TRY(vg_store_suppression_of(hub->store, finding, now, number, err));
    for (size_t i = 0; !*number && i < hub->globs.len; i++) {
        const hub_glob *glob = vg_vec_at(&hub->globs, i);
        if (glob->until > now && glob_has(glob, rule, account, resource))
            *number = glob->number;
    }
    return VG_OK;
}

/* ---- making one ----------------------------------------------------------------------------------------------------------- */

static vg_status put_under(vg_hub *hub, vg_store_finding *finding, int64_t suppression,
                           const hub_cause *cause, vg_error *err)
{
    VG_TRY(hub_move(hub, finding, VG_WORKFLOW_SUPPRESSED, cause, err));
    return vg_store_finding_set_suppression(hub->store, finding->number, suppression, err);
}

/* Puts every finding that the glob has, is not resolved and stands under no suppression, under this one. */
static vg_status suppress_matching(vg_hub *hub, const hub_glob *glob, const hub_cause *cause,
                                   uint64_t *matched, vg_error *err)
{
    int64_t after = 0;
    for (size_t found = HUB_PIECE; found == HUB_PIECE;) {
        vg_arena_reset(hub->piece_arena);
        vg_vec numbers = vg_vec_in(hub->piece_arena, sizeof(int64_t));
        VG_TRY(vg_store_finding_numbers(hub->store, 0, after, HUB_PIECE, &numbers, err));
        found = numbers.len;
        for (size_t i = 0; i < found; i++) {
            vg_str rule, account, resource;
            vg_store_finding finding;
            after = *(int64_t *)vg_vec_at(&numbers, i);
            VG_TRY(
                vg_store_finding_names(hub->store, hub->piece_arena, after, &rule, &account, &resource, err));
            if (!glob_has(glob, rule, account, resource))
                continue;
            VG_TRY(vg_store_finding_get(hub->store, after, &finding, err));
            VG_TRY(put_under(hub, &finding, glob->number, cause, err));
            ++*matched;
        }
    }
    return VG_OK;
}

static vg_status check_suppression(const vg_suppression *s, vg_time now, vg_error *err)
{
    bool by_globs = s->finding.hex[0] == 0;
    if (!s->reason.len)
        return vg_fail(err, VG_ERR_VALUE, "a suppression needs a reason");
    if (s->until == VG_TIME_NONE || s->until <= now)
        return vg_fail(err, VG_ERR_VALUE, "a suppression needs an expiry that lies in the future");
    if (by_globs && !s->rule.len && !s->account.len && !s->resource.len)
        return vg_fail(err, VG_ERR_VALUE, "name a finding, or a rule, account or resource to suppress");
    if (!by_globs && (s->rule.len || s->account.len || s->resource.len))
        return vg_fail(err, VG_ERR_VALUE, "name a finding, or a rule, account and resource, not both");
    return VG_OK;
}

static vg_str or_any(vg_str glob)
{
    return glob.len ? glob : VG_STR("*");
}

static vg_status audit_suppression(vg_hub *hub, const vg_suppression *s, const char *action, vg_str who,
                                   vg_time now, vg_error *err)
{
    char target[32];
    snprintf(target, sizeof target, "%llu", (unsigned long long)s->number);
    return vg_store_audit_add(hub->store, now, who, action, vg_str_from(target), s->reason, err);
}

/* All of it in one transaction, however many findings it silences: half a suppression would be a lie. */
static vg_status suppress(vg_hub *hub, vg_suppression *s, vg_time now, uint64_t *matched, vg_error *err)
{
    vg_store_finding finding = {0};
    bool by_globs = s->finding.hex[0] == 0;
    if (!by_globs)
        VG_TRY(hub_get(hub, &s->finding, &finding, err));
    if (finding.workflow == VG_WORKFLOW_RESOLVED || finding.workflow == VG_WORKFLOW_SUPPRESSED)
        return vg_fail(err, VG_ERR_VALUE, "the finding is %s; only an open one can be suppressed",
                       vg_workflow_name(finding.workflow));
    VG_TRY(vg_store_write(hub->store, err));
    const vg_store_suppression row = {.finding = finding.number,
                                      .rule = by_globs ? or_any(s->rule) : VG_STR(""),
                                      .account = by_globs ? or_any(s->account) : VG_STR(""),
                                      .resource = by_globs ? or_any(s->resource) : VG_STR(""),
                                      .reason = s->reason,
                                      .who = s->who.len ? s->who : vg_store_who(hub->store),
                                      .created = now,
                                      .until = s->until};
    int64_t number;
    VG_TRY(vg_store_suppression_add(hub->store, &row, &number, err));
    s->number = (uint64_t)number;
    s->created = now;
    s->ended = VG_TIME_NONE;
    VG_TRY(audit_suppression(hub, s, "finding.suppress", s->who, now, err));
    const hub_cause cause = {VG_HUB_SUPPRESSED, now, 0, row.who, s->reason};
    const hub_glob glob = {number, row.rule, row.account, row.resource, s->until};
    *matched = !by_globs;
    return by_globs ? suppress_matching(hub, &glob, &cause, matched, err)
                    : put_under(hub, &finding, number, &cause, err);
}

vg_status vg_hub_suppress(vg_hub *hub, vg_suppression *suppression, vg_time now, uint64_t *matched,
                          vg_error *err)
{
    uint64_t count = 0;
    VG_TRY(check_suppression(suppression, now, err));
    VG_TRY(hub_expire(hub, now, &count, err));
    VG_TRY(vg_store_flush(hub->store, err));
    vg_status status = suppress(hub, suppression, now, &count, err);
    if (status != VG_OK) {
        vg_store_rollback(hub->store);
        return status;
    }
    VG_TRY(vg_store_flush(hub->store, err));
    if (matched)
        *matched = count;
    return hub_load_globs(hub, err);
}

/* ---- ending one --------------------------------------------------------------------------------------------------------------- */

/* What stood under `number` is NEW again, or goes under another suppression that has it. */
static vg_status lift_one(vg_hub *hub, int64_t finding_number, const hub_cause *cause, uint64_t *lifted,
                          vg_error *err)
{
    vg_str rule, account, resource;
    vg_store_finding finding;
    int64_t other;
    VG_TRY(vg_store_finding_get(hub->store, finding_number, &finding, err));
    VG_TRY(vg_store_finding_names(hub->store, hub->piece_arena, finding_number, &rule, &account, &resource,
                                  err));
    VG_TRY(hub_find_suppression(hub, finding_number, rule, account, resource, cause->at, &other, err));
    VG_TRY(vg_store_finding_set_suppression(hub->store, finding_number, other, err));
    if (other || finding.workflow != VG_WORKFLOW_SUPPRESSED)
        return VG_OK;
    ++*lifted;
    return hub_move(hub, &finding, VG_WORKFLOW_NEW, cause, err);
}

/* The suppression itself has ended already, and hub->globs no longer has it. */
static vg_status lift_all(vg_hub *hub, int64_t number, const hub_cause *cause, uint64_t *lifted,
                          vg_error *err)
{
    int64_t after = 0;
    for (size_t found = HUB_PIECE; found == HUB_PIECE;) {
        vg_arena_reset(hub->piece_arena);
        vg_vec numbers = vg_vec_in(hub->piece_arena, sizeof(int64_t));
        VG_TRY(vg_store_finding_numbers(hub->store, number, after, HUB_PIECE, &numbers, err));
        found = numbers.len;
        for (size_t i = 0; i < found; i++) {
            after = *(int64_t *)vg_vec_at(&numbers, i);
            VG_TRY(lift_one(hub, after, cause, lifted, err));
        }
    }
    return VG_OK;
}

typedef struct {
    int64_t number; /* the one looked for, or 0 for all that lapsed */
    vg_time now;
    vg_vec ended; /* of vg_store_suppression, numbers and times alone */
} ending;

static vg_status take_ending(void *context, const vg_store_suppression *s, vg_error *err)
{
    ending *e = context;
    bool wanted = e->number ? s->number == e->number : s->until <= e->now;
    if (!wanted || s->ended != VG_TIME_NONE)
        return VG_OK;
    vg_store_suppression *kept = vg_vec_push(&e->ended);
    if (!kept)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    *kept = (vg_store_suppression){.number = s->number, .finding = s->finding, .until = s->until};
    return VG_OK;
}

static vg_status end_one(vg_hub *hub, int64_t number, const hub_cause *cause, const char *action,
                         uint64_t *lifted, vg_error *err)
{
    const vg_suppression named = {.number = (uint64_t)number, .reason = cause->note};
    VG_TRY(vg_store_write(hub->store, err));
    VG_TRY(vg_store_suppression_end(hub->store, number, cause->at, err));
    VG_TRY(audit_suppression(hub, &named, action, cause->who, cause->at, err));
    VG_TRY(hub_load_globs(hub, err));
    VG_TRY(lift_all(hub, number, cause, lifted, err));
    return vg_store_flush(hub->store, err);
}

static vg_status end_listed(vg_hub *hub, const vg_vec *ended, const hub_cause *cause, const char *action,
                            uint64_t *lifted, vg_error *err)
{
    for (size_t i = 0; i < ended->len; i++) {
        const vg_store_suppression *s = vg_vec_at(ended, i);
        VG_TRY(end_one(hub, s->number, cause, action, lifted, err));
    }
    return VG_OK;
}

static vg_status end_those(vg_hub *hub, int64_t number, const hub_cause *cause, const char *action,
                           uint64_t *count, uint64_t *lifted, vg_error *err)
{
    vg_arena *arena = vg_arena_new(0);
    if (!arena)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    ending e = {.number = number, .now = cause->at, .ended = vg_vec_in(arena, sizeof(vg_store_suppression))};
    vg_status status = vg_store_suppressions(hub->store, take_ending, &e, err);
    if (status == VG_OK && e.ended.len)
        status = vg_store_flush(hub->store, err); /* each ending is a transaction of its own */
    if (status == VG_OK)
        status = end_listed(hub, &e.ended, cause, action, lifted, err);
    *count = e.ended.len;
    vg_arena_free(arena);
    return status;
}

vg_status hub_expire(vg_hub *hub, vg_time now, uint64_t *lifted, vg_error *err)
{
    const hub_cause cause = {VG_HUB_LIFTED, now, 0, VG_STR("vigil"), VG_STR("the suppression lapsed")};
    uint64_t count;
    *lifted = 0;
    return end_those(hub, 0, &cause, "suppression.lapse", &count, lifted, err);
}

vg_status vg_hub_expire(vg_hub *hub, vg_time now, uint64_t *lifted, vg_error *err)
{
    uint64_t ignored;
    return hub_expire(hub, now, lifted ? lifted : &ignored, err);
}

vg_status vg_hub_unsuppress(vg_hub *hub, uint64_t number, vg_str who, vg_time now, vg_error *err)
{
    const hub_cause cause = {VG_HUB_LIFTED, now, 0, who.len ? who : vg_store_who(hub->store),
                             VG_STR("the suppression was withdrawn")};
    uint64_t count, lifted = 0;
    if (number == 0 || number > INT64_MAX)
        return vg_fail(err, VG_ERR_VALUE, "no suppression has that number");
    VG_TRY(end_those(hub, (int64_t)number, &cause, "suppression.withdraw", &count, &lifted, err));
    if (!count)
        return vg_fail(err, VG_ERR_NOT_FOUND, "no suppression with the number %llu stands",
                       (unsigned long long)number);
    return VG_OK;
}

/* ---- reading ----------------------------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_status (*sink)(void *context, const vg_suppression *suppression, vg_error *err);
    void *context;
} suppression_sink;

static vg_status pass_suppression(void *context, const vg_store_suppression *stored, vg_error *err)
{
    const suppression_sink *to = context;
    vg_suppression s = {.number = (uint64_t)stored->number,
                        .rule = stored->rule,
                        .account = stored->account,
                        .resource = stored->resource,
                        .reason = stored->reason,
                        .who = stored->who,
                        .created = stored->created,
                        .until = stored->until,
                        .ended = stored->ended};
    if (stored->finding)
        vg_hex(stored->finding_id, sizeof stored->finding_id, s.finding.hex);
    return to->sink(to->context, &s, err);
}

vg_status vg_hub_suppressions(vg_hub *hub,
                              vg_status (*sink)(void *context, const vg_suppression *suppression,
                                                vg_error *err),
                              void *context, vg_error *err)
{
    suppression_sink to = {sink, context};
    return vg_store_suppressions(hub->store, pass_suppression, &to, err);
}
