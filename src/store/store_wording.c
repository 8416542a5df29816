/* store_wording.c: what many findings say alike is stored once: the place (type, account, region) and the wording (rule,
 * product, title, remediation). A place is half the names of a resource; a control's wording is longer than all that is
 * particular to one of its findings.
 *
 * No index says which texts are stored already: the store remembers those that it met since it was opened (and forgets
 * them when they grow many, or when their batch is rolled back), so that a text may be stored again by another program,
 * which costs a row and changes nothing. A place belongs to the identity of a finding and never changes; it is stored
 * when first met. A wording may be a finding's own ("i-0123 talks to a mining pool") and change with every look at it:
 * only when it is met again is it stored for all, until then it stays with the finding. So what is left behind when
 * wordings change is a row for each that was shared, not one for each finding. */
#include "store/store_part.h"

enum { KEPT_TEXTS = 65536, KEPT_BYTES = 16 * 1024 * 1024 };

void store_wordings_forget(vg_store *store)
{
    store->wordings = NULL;
    vg_arena_free(store->wording_arena);
    store->wording_arena = NULL;
}

static vg_map *map_of(vg_store *store)
{
    bool is_large = store->wordings && (vg_map_len(store->wordings) >= KEPT_TEXTS ||
                                        vg_arena_used(store->wording_arena) >= KEPT_BYTES);
    if (is_large)
        store_wordings_forget(store);
    if (store->wordings)
        return store->wordings;
    store->wording_arena = vg_arena_new(0);
    store->wordings =
        store->wording_arena ? vg_map_new(store->wording_arena, (uint64_t)(uintptr_t)store) : NULL;
    return store->wordings;
}

/* What is remembered of the texts, an entry of value 0 when they are met for the first time. The table's SQL is the
 * first part of the key: places and wordings never meet. */
static vg_status remember(vg_store *store, const char *table, const vg_str *texts, int count,
                          vg_map_entry **out, bool *is_new, vg_error *err)
{
    vg_buf *key = &store->wording_key;
    vg_buf_clear(key);
    vg_buf_add(key, &table, sizeof table);
    for (int i = 0; i < count; i++) {
        vg_buf_add(key, &texts[i].len, sizeof texts[i].len);
        vg_buf_add_str(key, texts[i]);
    }
    vg_map *map = key->failed ? NULL : map_of(store);
    *is_new = false;
    *out = map ? vg_map_get(map, vg_buf_str(key)) : NULL;
    if (*out)
        return VG_OK;
    vg_str kept = map ? vg_arena_str(store->wording_arena, vg_buf_str(key)) : (vg_str){0};
    *out = kept.ptr ? vg_map_put(map, kept, is_new) : NULL;
    if (!*out)
        store_wordings_forget(store);
    return *out ? VG_OK : vg_fail(err, VG_ERR_MEMORY, "out of memory");
}

static vg_status add_row(vg_store *store, const char *sql, const vg_str *texts, int count, int64_t *number,
                         vg_error *err)
{
    sqlite3_stmt *statement;
    bool row;
    VG_TRY(sql_get(store, sql, &statement, err));
    for (int i = 0; i < count; i++)
        sql_bind_text(statement, i + 1, texts[i]);
    VG_TRY(sql_step(store, statement, &row, err));
    *number = row ? sql_int(statement, 0) : 0;
    return sql_run(store, statement, err);
}

vg_status store_place(vg_store *store, const vg_finding *texts, int64_t *number, vg_error *err)
{
    static const char SQL[] =
        "INSERT INTO finding_place (resource_type, account, region) VALUES (?, ?, ?) RETURNING number";
    const vg_str in_order[] = {texts->resource_type, texts->account, texts->region};
    vg_map_entry *entry;
    bool is_new;
    *number = 0;
    VG_TRY(remember(store, SQL, in_order, 3, &entry, &is_new, err));
    *number = (int64_t)entry->value.u64;
    if (*number)
        return VG_OK;
    VG_TRY(add_row(store, SQL, in_order, 3, number, err));
    entry->value.u64 = (uint64_t)*number;
    return VG_OK;
}

vg_status store_wording(vg_store *store, const vg_finding *texts, int64_t *number, vg_error *err)
{
    static const char SQL[] =
        "INSERT INTO finding_wording (rule, product, title, remediation) VALUES (?, ?, ?, ?)"
        " RETURNING number";
    const vg_str in_order[] = {texts->rule, texts->product, texts->title, texts->remediation};
    vg_map_entry *entry;
    bool is_new;
    *number = 0;
    VG_TRY(remember(store, SQL, in_order, 4, &entry, &is_new, err));
    *number = (int64_t)entry->value.u64;
    if (*number || is_new)
        return VG_OK;
    VG_TRY(add_row(store, SQL, in_order, 4, number, err));
    entry->value.u64 = (uint64_t)*number;
    return VG_OK;
}
