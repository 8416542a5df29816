/* evidence.c: the workspace as a whole: opening it, runs and their scopes, the ledger, what is gone at the end of a
 * run, checks. How a resource is put is told in evidence_put.c. */
#include "evidence/evidence_part.h"

#include <stdlib.h>

/* ---- the workspace ---------------------------------------------------------------------------------------------- */

static bool make_memory(vg_evidence *evidence)
{
    evidence->arena = vg_arena_new(0);
    evidence->shelf_arena = vg_arena_new(0);
    evidence->run_arena = vg_arena_new(0);
    evidence->piece_arena = vg_arena_new(0);
    if (!evidence->arena || !evidence->shelf_arena || !evidence->run_arena || !evidence->piece_arena)
        return false;
    evidence->scopes = vg_map_new(evidence->arena, 1);
    evidence->shelves = vg_map_new(evidence->shelf_arena, 2);
    evidence->known_scopes = vg_vec_in(evidence->arena, sizeof(vg_known_scope));
    return evidence->scopes && evidence->shelves;
}

vg_status vg_evidence_open(vg_str dir, const vg_evidence_options *options, vg_evidence **out, vg_error *err)
{
    *out = NULL;
    vg_evidence *evidence = calloc(1, sizeof *evidence);
    if (!evidence)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    vg_status status = VG_OK;
    if (!make_memory(evidence))
        status = vg_fail(err, VG_ERR_MEMORY, "out of memory");
    const vg_store_options below = {.write = options->write,
                                    .create = options->write && options->create,
                                    .now = options->now,
                                    .who = options->who,
                                    .command = options->command,
                                    .wait_ms = options->wait_ms,
                                    .vfs = options->vfs};
    if (status == VG_OK)
        status = vg_store_open(dir, &below, &evidence->store, err);
    if (status != VG_OK) {
        vg_evidence_close(evidence);
        return status;
    }
    *out = evidence;
    return VG_OK;
}

void vg_evidence_close(vg_evidence *evidence)
{
    if (!evidence)
        return;
    vg_store_close(evidence->store);
    vg_arena_free(evidence->arena);
    vg_arena_free(evidence->shelf_arena);
    vg_arena_free(evidence->run_arena);
    vg_arena_free(evidence->piece_arena);
    vg_buf_free(&evidence->key);
    free(evidence);
}

struct vg_store *vg_evidence_store(vg_evidence *evidence)
{
    return evidence->store;
}

typedef struct {
    void (*row)(void *context, const vg_evidence_check_row *);
    void *context;
} check_sink;

static void pass_check(void *context, const char *check, bool ok, vg_str detail)
{
    const check_sink *to = context;
    const vg_evidence_check_row row = {.check = vg_str_from(check), .ok = ok, .detail = detail};
    to->row(to->context, &row);
}

vg_status vg_evidence_check(vg_evidence *evidence, void (*row)(void *context, const vg_evidence_check_row *),
                            void *context, vg_error *err)
{
    check_sink to = {row, context};
    return vg_store_check(evidence->store, pass_check, &to, err);
}

/* ---- runs and scopes ---------------------------------------------------------------------------------------------- */

vg_status vg_evidence_run_begin(vg_evidence *evidence, vg_str id, vg_time now, vg_error *err)
{
    if (evidence->run)
        return vg_fail(err, VG_ERR_INTERNAL, "a run is open already: %.*s", VG_ARG(evidence->run_id));
    if (!id.len)
        return vg_fail(err, VG_ERR_VALUE, "a run needs an id");
    vg_arena_reset(evidence->run_arena);
    evidence->run_id = vg_arena_str(evidence->run_arena, id);
    if (!evidence->run_id.ptr)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    VG_TRY(vg_store_write(evidence->store, err));
    const vg_store_run run = {.id = id, .kind = VG_STR("import"), .started = now};
    int64_t number;
    VG_TRY(vg_store_run_add(evidence->store, &run, &number, err));
    VG_TRY(vg_store_audit_add(evidence->store, now, (vg_str){0}, "run.begin", id, VG_STR("import"), err));
    VG_TRY(vg_store_wrote(evidence->store, 0, err));
    evidence->run = number;
    for (size_t i = 0; i < evidence->known_scopes.len; i++)
        ((vg_known_scope *)vg_vec_at(&evidence->known_scopes, i))->complete = VG_TIME_NONE;
    return VG_OK;
}

/* The scope as one key: its parts, each behind its length, so that no text can imitate another split. */
static vg_str scope_key(vg_evidence *evidence, const vg_scope *scope)
{
    const vg_str parts[] = {scope->operation, scope->parameter, scope->account, scope->region};
    vg_buf_clear(&evidence->key);
    for (size_t i = 0; i < VG_COUNT(parts); i++) {
        vg_buf_addf(&evidence->key, "%zu:", parts[i].len);
        vg_buf_add_str(&evidence->key, parts[i]);
    }
    return vg_buf_str(&evidence->key);
}

static vg_status know_scope(vg_evidence *evidence, const vg_scope *scope, int64_t number, vg_map_entry *entry,
                            vg_error *err)
{
    vg_arena *arena = evidence->arena;
    vg_known_scope *known = vg_vec_push(&evidence->known_scopes);
    if (!known)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    *known = (vg_known_scope){.number = number,
                              .scope = {.operation = vg_arena_str(arena, scope->operation),
                                        .parameter = vg_arena_str(arena, scope->parameter),
                                        .account = vg_arena_str(arena, scope->account),
                                        .region = vg_arena_str(arena, scope->region)},
                              .complete = VG_TIME_NONE};
    if (!known->scope.operation.ptr || !known->scope.parameter.ptr || !known->scope.account.ptr ||
        !known->scope.region.ptr)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    entry->value.u64 = evidence->known_scopes.len; /* the handle and 1, so that 0 is none */
    return VG_OK;
}

vg_status vg_evidence_scope(vg_evidence *evidence, const vg_scope *scope, uint32_t *handle, vg_error *err)
{
    vg_str key = scope_key(evidence, scope);
    vg_map_entry *entry = evidence->key.failed ? NULL : vg_map_get(evidence->scopes, key);
    if (!entry) {
        bool added;
        int64_t number;
        VG_TRY(vg_store_write(evidence->store, err));
        VG_TRY(vg_store_scope(evidence->store, scope->operation, scope->parameter, scope->account,
                              scope->region, &number, err));
        vg_str kept = vg_arena_str(evidence->arena, key);
        entry = kept.ptr && !evidence->key.failed ? vg_map_put(evidence->scopes, kept, &added) : NULL;
        if (!entry)
            return vg_fail(err, VG_ERR_MEMORY, "out of memory");
        VG_TRY(know_scope(evidence, scope, number, entry, err));
    }
    *handle = (uint32_t)(entry->value.u64 - 1);
    return VG_OK;
}

vg_status vg_evidence_scope_complete(vg_evidence *evidence, uint32_t scope, vg_time observed, vg_error *err)
{
    if (!evidence->run || scope >= evidence->known_scopes.len)
        return vg_fail(err, VG_ERR_INTERNAL, "a scope can be complete only within a run");
    vg_known_scope *known = vg_vec_at(&evidence->known_scopes, scope);
    if (known->complete == VG_TIME_NONE || known->complete < observed)
        known->complete = observed;
    return VG_OK;
}

/* ---- the ledger --------------------------------------------------------------------------------------------------- */

const char *vg_ledger_outcome_name(vg_ledger_outcome outcome)
{
    static const char *const names[] = {
        [VG_LEDGER_IMPORTED] = "imported",
        [VG_LEDGER_ABSENT] = "absent",
        [VG_LEDGER_NOT_ASSESSED] = "not-assessed",
        [VG_LEDGER_NOT_SUPPORTED] = "not-supported",
        [VG_LEDGER_ERROR] = "error",
    };
    return (size_t)outcome < VG_COUNT(names) ? names[outcome] : "unknown";
}

vg_status vg_evidence_put_ledger(vg_evidence *evidence, const vg_ledger_entry *entry, vg_error *err)
{
    if (!evidence->run)
        return vg_fail(err, VG_ERR_INTERNAL, "the ledger is written within a run");
    vg_store_ledger_row row = {.path = entry->path,
                               .size = entry->size,
                               .operation = entry->operation,
                               .parameter = entry->parameter,
                               .account = entry->account,
                               .region = entry->region,
                               .outcome = (int)entry->outcome,
                               .reason = entry->reason,
                               .truncated = entry->truncated,
                               .items = entry->items,
                               .observed = entry->observed,
                               .recorded = vg_store_now(evidence->store)};
    memcpy(row.sha256, entry->sha256, sizeof row.sha256);
    VG_TRY(vg_store_write(evidence->store, err));
    VG_TRY(vg_store_ledger_add(evidence->store, evidence->run, &row, err));
    return vg_store_wrote(evidence->store, entry->path.len + entry->reason.len, err);
}

/* ---- the end of a run ----------------------------------------------------------------------------------------------- */

vg_status vg_evidence_flush(vg_evidence *evidence, vg_error *err)
{
    return vg_store_flush(evidence->store, err);
}

/* Marks what the scope had and this run did not see, a piece at a time so that memory does not grow with it. */
static vg_status end_scope(vg_evidence *evidence, const vg_known_scope *known, uint64_t *gone, vg_error *err)
{
    enum { PIECE = 1000 };
    uint64_t holes, edges;
    const vg_scope *scope = &known->scope;
    VG_TRY(vg_store_ledger_holes(evidence->store, evidence->run, scope->operation, scope->parameter,
                                 scope->account, scope->region, VG_LEDGER_NOT_ASSESSED, &holes, err));
    if (holes)
        return VG_OK;
    for (size_t found = PIECE; found == PIECE;) {
        vg_arena_reset(evidence->piece_arena);
        vg_vec unseen = vg_vec_in(evidence->piece_arena, sizeof(vg_store_resource));
        VG_TRY(vg_store_resource_unseen(evidence->store, known->number, evidence->run, known->complete, PIECE,
                                        &unseen, err));
        found = unseen.len;
        for (size_t i = 0; i < found; i++, ++*gone) {
            VG_TRY(vg_store_write(evidence->store, err));
            VG_TRY(evidence_mark_gone(evidence, vg_vec_at(&unseen, i), known->complete, err));
            VG_TRY(vg_store_wrote(evidence->store, 0, err));
        }
    }
    VG_TRY(vg_store_write(evidence->store, err));
    VG_TRY(vg_store_relation_end_unseen(evidence->store, known->number, evidence->run, known->complete,
                                        &edges, err));
    return vg_store_wrote(evidence->store, 0, err);
}

vg_status vg_evidence_run_end(vg_evidence *evidence, vg_time now, bool complete, uint64_t *gone,
                              vg_error *err)
{
    if (!evidence->run)
        return vg_fail(err, VG_ERR_INTERNAL, "no run is open");
    uint64_t marked = 0;
    for (size_t i = 0; i < evidence->known_scopes.len; i++) {
        const vg_known_scope *known = vg_vec_at(&evidence->known_scopes, i);
        if (known->complete != VG_TIME_NONE)
            VG_TRY(end_scope(evidence, known, &marked, err));
    }
    VG_TRY(vg_store_write(evidence->store, err));
    VG_TRY(vg_store_run_finish(evidence->store, evidence->run, now, complete, err));
    VG_TRY(vg_store_audit_add(evidence->store, now, (vg_str){0}, "run.end", evidence->run_id,
                              complete ? VG_STR("complete") : VG_STR("partial"), err));
    VG_TRY(vg_store_flush(evidence->store, err));
    evidence->run = 0;
    if (gone)
        *gone = marked;
    return VG_OK;
}
