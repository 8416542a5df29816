/* evidence_log.c: the ledger of ingested log files: what the store keeps of them, handed on. */
#include "evidence/evidence_part.h"

static vg_log_entry entry_of(const vg_store_log *log)
{
    vg_log_entry entry = {.key = log->key,
                          .size = log->size,
                          .modified = log->modified,
                          .outcome = log->outcome,
                          .reason = log->reason,
                          .events = log->events,
                          .bad = log->bad,
                          .index = log->index,
                          .recorded = log->recorded};
    memcpy(entry.sha256, log->sha256, sizeof entry.sha256);
    return entry;
}

vg_status vg_evidence_log(vg_evidence *evidence, vg_arena *arena, vg_str key, vg_log_entry *out, bool *found,
                          vg_error *err)
{
    vg_store_log log;
    VG_TRY(vg_store_log_find(evidence->store, arena, key, &log, found, err));
    if (*found)
        *out = entry_of(&log);
    return VG_OK;
}

vg_status vg_evidence_put_log(vg_evidence *evidence, const vg_log_entry *entry, vg_error *err)
{
    vg_store_log log = {.key = entry->key,
                        .size = entry->size,
                        .modified = entry->modified,
                        .outcome = entry->outcome,
                        .reason = entry->reason,
                        .events = entry->events,
                        .bad = entry->bad,
                        .index = entry->index,
                        .recorded = entry->recorded};
    memcpy(log.sha256, entry->sha256, sizeof log.sha256);
    VG_TRY(vg_store_write(evidence->store, err));
    VG_TRY(vg_store_log_put(evidence->store, &log, err));
    return vg_store_wrote(evidence->store, entry->key.len + entry->reason.len, err);
}

typedef struct {
    vg_status (*sink)(void *context, const vg_log_entry *entry, vg_error *err);
    void *context;
} log_sink;

static vg_status pass_log(void *context, const vg_store_log *log, vg_error *err)
{
    const log_sink *to = context;
    const vg_log_entry entry = entry_of(log);
    return to->sink(to->context, &entry, err);
}

vg_status vg_evidence_logs(vg_evidence *evidence, int64_t index,
                           vg_status (*sink)(void *context, const vg_log_entry *entry, vg_error *err),
                           void *context, vg_error *err)
{
    log_sink to = {sink, context};
    return vg_store_logs(evidence->store, index, pass_log, &to, err);
}

vg_status vg_evidence_next_log_index(vg_evidence *evidence, int64_t *number, vg_error *err)
{
    return vg_store_log_index_next(evidence->store, number, err);
}

vg_status vg_evidence_put_log_index(vg_evidence *evidence, const vg_log_index_entry *index, vg_error *err)
{
    const vg_store_log_index row = {index->number, index->file,  index->bytes, index->objects,
                                    index->events, index->first, index->last};
    VG_TRY(vg_store_write(evidence->store, err));
    VG_TRY(vg_store_log_index_put(evidence->store, &row, err));
    return vg_store_wrote(evidence->store, index->file.len, err);
}

vg_status vg_evidence_drop_log_index(vg_evidence *evidence, int64_t number, int64_t to, vg_error *err)
{
    VG_TRY(vg_store_write(evidence->store, err));
    VG_TRY(vg_store_log_index_drop(evidence->store, number, to, err));
    return vg_store_wrote(evidence->store, 0, err);
}

typedef struct {
    vg_status (*sink)(void *context, const vg_log_index_entry *index, vg_error *err);
    void *context;
} index_sink;

static vg_status pass_index(void *context, const vg_store_log_index *row, vg_error *err)
{
    const index_sink *to = context;
    const vg_log_index_entry index = {row->number, row->file,  row->bytes, row->objects,
                                      row->events, row->first, row->last};
    return to->sink(to->context, &index, err);
}

vg_status vg_evidence_log_indexes(vg_evidence *evidence,
                                  vg_status (*sink)(void *context, const vg_log_index_entry *index,
                                                    vg_error *err),
                                  void *context, vg_error *err)
{
    index_sink to = {sink, context};
    return vg_store_log_indexes(evidence->store, pass_index, &to, err);
}
