/* trail_store.c: the workspace's index files, opened by what the ledger says. A file that is not named there was never
 * finished; one that is named and broken is told, and what it told of is read whole (search) or again (ingest). */
#include "cli/trail_store.h"

vg_str vg_trail_folder(const vg_cli *cli, vg_arena *arena)
{
    return vg_path_join(arena, cli->workspace, VG_STR("trail"));
}

vg_str vg_trail_index_path(vg_arena *arena, vg_str folder, int64_t number)
{
    return vg_arena_printf(arena, "%.*s/logs-%016llx.index", VG_ARG(folder), (unsigned long long)number);
}

typedef struct {
    vg_cli *cli;
    vg_arena *arena;
    vg_str folder;
    bool check;
    vg_vec *indexes;
} index_opening;

static vg_status open_index(void *context, const vg_log_index_entry *entry, vg_error *err)
{
    index_opening *o = context;
    vg_error bad = {0};
    vg_known_index *known = vg_vec_push(o->indexes);
    vg_str path = vg_trail_index_path(o->arena, o->folder, entry->number);
    if (!known || !path.ptr)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while opening the index of logs");
    *known = (vg_known_index){entry->number, path, entry->events, NULL};
    vg_status status = vg_trail_index_open(path, &known->index, &bad);
    if (status == VG_OK && o->check)
        status = vg_trail_index_check(known->index, &bad);
    if (status == VG_OK)
        return VG_OK;
    if (status == VG_ERR_MEMORY || status == VG_ERR_VERSION) {
        vg_error_copy(err, &bad);
        return status;
    }
    if (!bad.place.file.len)
        vg_error_locate(&bad, (vg_place){.file = path});
    vg_cli_error(o->cli, &bad);
    vg_trail_index_close(known->index);
    known->index = NULL;
    return VG_OK;
}

vg_status vg_known_indexes_open(vg_cli *cli, vg_arena *arena, vg_evidence *evidence, bool check,
                                vg_vec *indexes, vg_error *err)
{
    index_opening opening = {cli, arena, vg_trail_folder(cli, arena), check, indexes};
    *indexes = vg_vec_in(arena, sizeof(vg_known_index));
    return vg_evidence_log_indexes(evidence, open_index, &opening, err);
}

void vg_known_indexes_close(vg_vec *indexes)
{
    for (size_t i = 0; i < indexes->len; i++)
        vg_trail_index_close(((vg_known_index *)vg_vec_at(indexes, i))->index);
    indexes->len = 0;
}

typedef struct {
    vg_arena *arena;
    vg_vec *keys;
} key_list;

static vg_status take_key(void *context, const vg_log_entry *entry, vg_error *err)
{
    key_list *list = context;
    vg_str *key = vg_vec_push(list->keys);
    if (key)
        *key = vg_arena_str(list->arena, entry->key);
    return key && key->ptr ? VG_OK : vg_fail(err, VG_ERR_MEMORY, "memory ran out while listing logs");
}

vg_status vg_known_index_logs(vg_arena *arena, vg_evidence *evidence, int64_t number, vg_vec *keys,
                              vg_error *err)
{
    key_list list = {arena, keys};
    return vg_evidence_logs(evidence, number, take_key, &list, err);
}
