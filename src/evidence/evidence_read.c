/* evidence_read.c: reading back: resources now or then, history, relations, the ledger, runs. Each is the store's read
 * with evidence's own words. */
#include "evidence/evidence_part.h"

vg_status vg_evidence_read_begin(vg_evidence *evidence, vg_error *err)
{
    return vg_store_read_begin(evidence->store, err);
}

void vg_evidence_read_end(vg_evidence *evidence)
{
    vg_store_read_end(evidence->store);
}

/* ---- resources ------------------------------------------------------------------------------------------------------ */

typedef struct {
    vg_status (*sink)(void *context, const vg_evidence_row *row, vg_error *err);
    void *context;
} row_sink;

static vg_status pass_row(void *context, const vg_store_row *stored, vg_error *err)
{
    const row_sink *to = context;
    vg_evidence_row row = {.resource = stored->resource,
                           .last_seen = stored->last_seen,
                           .gone = stored->gone,
                           .version = stored->version,
                           .run = stored->run};
    memcpy(row.hash, stored->hash, sizeof row.hash);
    return to->sink(to->context, &row, err);
}

vg_status vg_evidence_resources(vg_evidence *evidence, const vg_resource_filter *filter,
                                vg_status (*sink)(void *context, const vg_evidence_row *row, vg_error *err),
                                void *context, vg_error *err)
{
    row_sink to = {sink, context};
    const vg_store_filter below = {.type = filter->type,
                                   .account = filter->account,
                                   .region = filter->region,
                                   .has_region = filter->has_region,
                                   .id = filter->id,
                                   .source = filter->source,
                                   .at = filter->at,
                                   .with_gone = filter->with_gone};
    return vg_store_resources(evidence->store, &below, pass_row, &to, err);
}

typedef struct {
    vg_arena *arena;
    vg_evidence_row *out;
    bool found;
} copy_sink;

static vg_status copy_row(void *context, const vg_store_row *stored, vg_error *err)
{
    copy_sink *to = context;
    const vg_resource *from = &stored->resource;
    *to->out = (vg_evidence_row){.resource = *from,
                                 .last_seen = stored->last_seen,
                                 .gone = stored->gone,
                                 .version = stored->version,
                                 .run = vg_arena_str(to->arena, stored->run)};
    memcpy(to->out->hash, stored->hash, sizeof to->out->hash);
    vg_resource *copy = &to->out->resource;
    vg_str *const texts[] = {&copy->type, &copy->account, &copy->region, &copy->id,
                             &copy->name, &copy->source,  &copy->origin, &copy->properties};
    bool failed = !to->out->run.ptr;
    for (size_t i = 0; i < VG_COUNT(texts); i++) {
        *texts[i] = vg_arena_str(to->arena, *texts[i]);
        failed |= !texts[i]->ptr;
    }
    to->found = true;
    return failed ? vg_fail(err, VG_ERR_MEMORY, "out of memory") : VG_OK;
}

static vg_status fail_unknown(vg_str type, vg_str account, vg_str region, vg_str id, vg_error *err)
{
    return vg_fail(err, VG_ERR_NOT_FOUND, "no %.*s with the id %.*s in account '%.*s', region '%.*s'",
                   VG_ARG(type), VG_ARG(vg_str_sub(id, 0, 200)), VG_ARG(account), VG_ARG(region));
}

vg_status vg_evidence_resource(vg_evidence *evidence, vg_arena *arena, vg_str type, vg_str account,
                               vg_str region, vg_str id, vg_time at, vg_evidence_row *out, vg_error *err)
{
    copy_sink to = {arena, out, false};
    const vg_store_filter filter = {.type = type, .account = account, .region = region, .id = id, .at = at};
    VG_TRY(vg_store_resource_row(evidence->store, &filter, copy_row, &to, err));
    return to.found ? VG_OK : fail_unknown(type, account, region, id, err);
}

vg_status vg_evidence_history(vg_evidence *evidence, vg_str type, vg_str account, vg_str region, vg_str id,
                              vg_status (*sink)(void *context, const vg_evidence_row *row, vg_error *err),
                              void *context, vg_error *err)
{
    row_sink to = {sink, context};
    int64_t shelf;
    vg_store_resource state = {0};
    VG_TRY(vg_store_shelf(evidence->store, account, type, region, false, &shelf, err));
    if (shelf)
        VG_TRY(vg_store_resource_find(evidence->store, shelf, id, &state, err));
    if (!state.number)
        return fail_unknown(type, account, region, id, err);
    return vg_store_history(evidence->store, state.number, pass_row, &to, err);
}

vg_status vg_evidence_types(vg_evidence *evidence,
                            vg_status (*sink)(void *context, vg_str type, uint64_t count, vg_error *err),
                            void *context, vg_error *err)
{
    return vg_store_types(evidence->store, sink, context, err);
}

/* ---- relations ------------------------------------------------------------------------------------------------------ */

vg_status vg_evidence_relations(vg_evidence *evidence, const vg_relation_filter *filter,
                                vg_status (*sink)(void *context, const vg_relation *relation, vg_error *err),
                                void *context, vg_error *err)
{
    const vg_store_relation_filter below = {.kind = filter->kind,
                                            .from_type = filter->from_type,
                                            .from_account = filter->from_account,
                                            .from_id = filter->from_id,
                                            .to_type = filter->to_type,
                                            .to_account = filter->to_account,
                                            .to_id = filter->to_id,
                                            .at = filter->at};
    return vg_store_relations(evidence->store, &below, sink, context, err);
}

/* ---- ledger and runs ------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_status (*sink)(void *context, const vg_ledger_entry *entry, vg_error *err);
    void *context;
} ledger_sink;

static vg_status pass_entry(void *context, const vg_store_ledger_row *row, vg_error *err)
{
    const ledger_sink *to = context;
    vg_ledger_entry entry = {.path = row->path,
                             .size = row->size,
                             .operation = row->operation,
                             .parameter = row->parameter,
                             .account = row->account,
                             .region = row->region,
                             .outcome = (vg_ledger_outcome)row->outcome,
                             .reason = row->reason,
                             .truncated = row->truncated,
                             .items = row->items,
                             .observed = row->observed,
                             .run = row->run,
                             .recorded = row->recorded};
    memcpy(entry.sha256, row->sha256, sizeof entry.sha256);
    return to->sink(to->context, &entry, err);
}

vg_status vg_evidence_ledger(vg_evidence *evidence, vg_str run,
                             vg_status (*sink)(void *context, const vg_ledger_entry *entry, vg_error *err),
                             void *context, vg_error *err)
{
    ledger_sink to = {sink, context};
    return vg_store_ledger(evidence->store, run, pass_entry, &to, err);
}

typedef struct {
    vg_status (*sink)(void *context, const vg_run_row *run, vg_error *err);
    void *context;
} run_sink;

static vg_status pass_run(void *context, const vg_store_run *stored, vg_error *err)
{
    const run_sink *to = context;
    const vg_run_row run = {.id = stored->id,
                            .kind = stored->kind,
                            .who = stored->who,
                            .command = stored->command,
                            .started = stored->started,
                            .finished = stored->finished,
                            .complete = stored->complete};
    return to->sink(to->context, &run, err);
}

vg_status vg_evidence_runs(vg_evidence *evidence,
                           vg_status (*sink)(void *context, const vg_run_row *run, vg_error *err),
                           void *context, vg_error *err)
{
    run_sink to = {sink, context};
    return vg_store_runs(evidence->store, pass_run, &to, err);
}
