/* evidence_put.c: how what was seen takes its place in a resource's history.
 *
 * A resource is a row of versions along its own time, each from `observed` to `last_seen`:
 *
 *        A         A        B            (gone)        B
 *     ---|=========|--------|------------|-------------|------> time
 *        ^observed ^last_seen of A       ^a complete reading did not show it
 *
 * What is seen at the end of the row is the common case: the same content moves last_seen, other content begins a
 * version. What is seen in the past (an old export, imported late) falls behind a version; if it contradicts one that
 * was seen on both sides of it, that one is split, for it must have come back. The same statement made again (same time,
 * same content) changes nothing, however often it is imported. */
#include "evidence/evidence_part.h"

#include <stdlib.h>

enum { SHELVES_KEPT = 65536, ROW_BYTES = 256 };

/* ---- shelves -------------------------------------------------------------------------------------------------------- */

static vg_str shelf_key(vg_evidence *evidence, vg_str account, vg_str type, vg_str region)
{
    vg_buf_clear(&evidence->key);
    vg_buf_addf(&evidence->key, "%zu:%zu:", account.len, type.len);
    vg_buf_add_str(&evidence->key, account);
    vg_buf_add_str(&evidence->key, type);
    vg_buf_add_str(&evidence->key, region);
    return vg_buf_str(&evidence->key);
}

static vg_status forget_shelves(vg_evidence *evidence, vg_error *err)
{
    vg_arena_reset(evidence->shelf_arena);
    evidence->shelves = vg_map_new(evidence->shelf_arena, 2);
    return evidence->shelves ? VG_OK : vg_fail(err, VG_ERR_MEMORY, "out of memory");
}

vg_status evidence_shelf(vg_evidence *evidence, vg_str account, vg_str type, vg_str region, int64_t *number,
                         vg_error *err)
{
    if (!evidence->shelves || vg_map_len(evidence->shelves) >= SHELVES_KEPT)
        VG_TRY(forget_shelves(evidence, err));
    vg_str key = shelf_key(evidence, account, type, region);
    vg_map_entry *entry = evidence->key.failed ? NULL : vg_map_get(evidence->shelves, key);
    if (entry) {
        *number = (int64_t)entry->value.u64;
        return VG_OK;
    }
    VG_TRY(vg_store_shelf(evidence->store, account, type, region, true, number, err));
    vg_str kept = vg_arena_str(evidence->shelf_arena, key);
    entry = kept.ptr && !evidence->key.failed ? vg_map_put(evidence->shelves, kept, NULL) : NULL;
    if (!entry)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    entry->value.u64 = (uint64_t)*number;
    return VG_OK;
}

/* ---- versions --------------------------------------------------------------------------------------------------------- */

/* What is being put, with all that was found out about it. */
typedef struct {
    vg_evidence *evidence;
    const vg_resource *seen;
    vg_time at;
    vg_sha256 hash;
    vg_store_resource state;
} put;

static bool same_hash(const uint8_t a[32], const uint8_t b[32])
{
    return memcmp(a, b, 32) == 0;
}

static vg_status add_version(put *p, vg_time last_seen, int64_t *number, vg_error *err)
{
    vg_store_version version = {.resource = p->state.number,
                                .run = p->evidence->run,
                                .observed = p->at,
                                .last_seen = last_seen,
                                .name = p->seen->name,
                                .source = p->seen->source,
                                .origin = p->seen->origin,
                                .properties = p->seen->properties};
    memcpy(version.hash, p->hash.bytes, sizeof version.hash);
    p->state.versions++;
    return vg_store_version_add(p->evidence->store, &version, number, err);
}

static vg_status put_first(put *p, vg_put_result *result, vg_error *err)
{
    *result = VG_PUT_NEW;
    VG_TRY(vg_store_resource_number(p->evidence->store, &p->state.number, err));
    VG_TRY(add_version(p, VG_TIME_NONE, &p->state.current, err));
    p->state.last_seen = p->at;
    p->state.gone = VG_TIME_NONE;
    memcpy(p->state.hash, p->hash.bytes, sizeof p->state.hash);
    return vg_store_resource_add(p->evidence->store, &p->state, p->seen->id, err);
}

/* Seen at or after everything known of it. */
static vg_status put_current(put *p, vg_put_result *result, vg_error *err)
{
    vg_store *store = p->evidence->store;
    bool was_gone = p->state.gone != VG_TIME_NONE;
    *result = was_gone ? VG_PUT_NEW : VG_PUT_CHANGED;
    if (!was_gone && same_hash(p->state.hash, p->hash.bytes)) {
        *result = VG_PUT_UNCHANGED;
        p->state.last_seen = p->at;
        return vg_store_resource_set(store, &p->state, err);
    }
    if (!was_gone)
        VG_TRY(vg_store_version_set_seen(store, p->state.current, p->state.last_seen, err));
    VG_TRY(add_version(p, VG_TIME_NONE, &p->state.current, err));
    p->state.last_seen = p->at;
    p->state.gone = VG_TIME_NONE;
    memcpy(p->state.hash, p->hash.bytes, sizeof p->state.hash);
    return vg_store_resource_set(store, &p->state, err);
}

/* The version `before` was seen on both sides of p->at, which shows other content: it ended and came back. */
static vg_status split(put *p, const vg_store_version *before, vg_time until, vg_error *err)
{
    vg_store *store = p->evidence->store;
    bool is_current = before->number == p->state.current;
    bool is_open = is_current && p->state.gone == VG_TIME_NONE;
    int64_t copy;
    VG_TRY(vg_store_version_copy(store, before->number, until, is_open ? VG_TIME_NONE : until, &copy, err));
    VG_TRY(vg_store_version_set_seen(store, before->number, before->observed, err));
    p->state.versions++;
    if (is_current)
        p->state.current = copy;
    return VG_OK;
}

/* Seen before something that is known already. */
static vg_status put_older(put *p, vg_put_result *result, vg_error *err)
{
    vg_store *store = p->evidence->store;
    vg_store_version before;
    int64_t number;
    VG_TRY(vg_store_version_at(store, p->state.number, p->at, &before, err));
    bool has_content = before.number && !before.is_gone;
    bool is_open = before.number == p->state.current && p->state.gone == VG_TIME_NONE;
    vg_time until = is_open ? p->state.last_seen : before.last_seen;
    if (has_content && same_hash(before.hash, p->hash.bytes)) {
        *result = VG_PUT_UNCHANGED;
        if (!is_open && before.last_seen < p->at)
            VG_TRY(vg_store_version_set_seen(store, before.number, p->at, err));
        return vg_store_resource_set(store, &p->state, err);
    }
    *result = VG_PUT_OLDER;
    VG_TRY(add_version(p, p->at, &number, err));
    if (has_content && until > p->at)
        VG_TRY(split(p, &before, until, err));
    return vg_store_resource_set(store, &p->state, err);
}

vg_status evidence_put_one(vg_evidence *evidence, int64_t scope, const vg_resource *resource, bool latest,
                           int64_t *number, vg_put_result *result, vg_error *err)
{
    put p = {.evidence = evidence,
             .seen = resource,
             .at = resource->observed,
             .hash = vg_sha256_bytes(resource->properties)};
    int64_t shelf;
    VG_TRY(evidence_shelf(evidence, resource->account, resource->type, resource->region, &shelf, err));
    VG_TRY(vg_store_resource_find(evidence->store, shelf, resource->id, &p.state, err));
    bool is_new = p.state.number == 0;
    p.state.shelf = shelf;
    p.state.scope = scope;
    p.state.seen_run = evidence->run;
    vg_status status;
    if (is_new) {
        status = put_first(&p, result, err);
    } else {
        vg_time newest = p.state.gone != VG_TIME_NONE ? p.state.gone : p.state.last_seen;
        if (latest && p.at < newest)
            p.at = newest;
        bool known = false;
        if (p.at <= newest && !latest && !(p.at == newest && same_hash(p.state.hash, p.hash.bytes)))
            VG_TRY(vg_store_version_known(evidence->store, p.state.number, p.at, p.hash.bytes, &known, err));
        *result = VG_PUT_UNCHANGED;
        if (known)
            status = vg_store_resource_set(evidence->store, &p.state, err);
        else
            status = p.at >= newest ? put_current(&p, result, err) : put_older(&p, result, err);
    }
    *number = p.state.number;
    return status;
}

static vg_status check_identity(const vg_evidence *evidence, const vg_resource *resource, vg_error *err)
{
    if (!resource->type.len || !resource->id.len)
        return vg_fail(err, VG_ERR_VALUE, "a resource needs a type and an id");
    if (resource->observed == VG_TIME_NONE)
        return vg_fail(err, VG_ERR_VALUE, "%.*s %.*s: a resource needs the time of its evidence",
                       VG_ARG(resource->type), VG_ARG(resource->id));
    (void)evidence;
    return VG_OK;
}

vg_status vg_evidence_put(vg_evidence *evidence, uint32_t scope, const vg_resource *resource,
                          vg_put_result *result, vg_error *err)
{
    vg_put_result ignored;
    int64_t number;
    if (!evidence->run || scope >= evidence->known_scopes.len)
        return vg_fail(err, VG_ERR_INTERNAL, "resources are put within a run and a scope");
    VG_TRY(check_identity(evidence, resource, err));
    VG_TRY(vg_store_write(evidence->store, err));
    const vg_known_scope *known = vg_vec_at(&evidence->known_scopes, scope);
    VG_TRY(
        evidence_put_one(evidence, known->number, resource, false, &number, result ? result : &ignored, err));
    return vg_store_wrote(evidence->store, ROW_BYTES + resource->properties.len, err);
}

vg_status evidence_mark_gone(vg_evidence *evidence, vg_store_resource *resource, vg_time at, vg_error *err)
{
    vg_store *store = evidence->store;
    const vg_store_version absence = {.resource = resource->number,
                                      .run = evidence->run,
                                      .observed = at,
                                      .last_seen = at,
                                      .is_gone = true,
                                      .properties = VG_STR("{}")};
    int64_t number;
    VG_TRY(vg_store_version_set_seen(store, resource->current, resource->last_seen, err));
    VG_TRY(vg_store_version_add(store, &absence, &number, err));
    resource->gone = at;
    return vg_store_resource_set(store, resource, err);
}

/* ---- relations --------------------------------------------------------------------------------------------------------- */

vg_status vg_evidence_put_relation(vg_evidence *evidence, uint32_t scope, const vg_relation *relation,
                                   vg_time observed, vg_error *err)
{
    if (!evidence->run || scope >= evidence->known_scopes.len)
        return vg_fail(err, VG_ERR_INTERNAL, "relations are put within a run and a scope");
    if (!relation->kind.len || !relation->from_id.len || !relation->to_id.len || observed == VG_TIME_NONE)
        return vg_fail(err, VG_ERR_VALUE, "a relation needs a kind, two ends and a time");
    VG_TRY(vg_store_write(evidence->store, err));
    vg_store_edge edge = {.from_id = relation->from_id, .kind = relation->kind, .to_id = relation->to_id};
    VG_TRY(evidence_shelf(evidence, relation->from_account, relation->from_type, relation->from_region,
                          &edge.from_shelf, err));
    VG_TRY(evidence_shelf(evidence, relation->to_account, relation->to_type, relation->to_region,
                          &edge.to_shelf, err));
    const vg_known_scope *known = vg_vec_at(&evidence->known_scopes, scope);
    VG_TRY(vg_store_relation_put(evidence->store, &edge, known->number, evidence->run, observed, err));
    return vg_store_wrote(evidence->store, ROW_BYTES, err);
}

/* ---- sets that are replaced as a whole: facts, the workload mapping ------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Marks what is in `before` and not among the (sorted) numbers put. */
static vg_status end_missing(vg_evidence *evidence, vg_vec *before, const int64_t *put_numbers, size_t count,
                             vg_time now, vg_error *err)
{
    for (size_t i = 0; i < before->len; i++) {
        vg_store_resource *had = vg_vec_at(before, i);
        if (count && bsearch(&had->number, put_numbers, count, sizeof *put_numbers, by_number))
            continue;
        VG_TRY(vg_store_write(evidence->store, err));
        VG_TRY(evidence_mark_gone(evidence, had, had->last_seen > now ? had->last_seen : now, err));
        VG_TRY(vg_store_wrote(evidence->store, ROW_BYTES, err));
    }
    return VG_OK;
}

vg_status evidence_replace_set(vg_evidence *evidence, const vg_scope *scope, const vg_resource *resources,
                               size_t count, vg_time now, vg_error *err)
{
    for (size_t i = 0; i < count; i++)
        VG_TRY(check_identity(evidence, &resources[i], err));
    VG_TRY(vg_store_flush(evidence->store, err)); /* so that a set of at most a batch is one transaction */
    uint32_t handle;
    VG_TRY(vg_evidence_scope(evidence, scope, &handle, err));
    int64_t number = ((vg_known_scope *)vg_vec_at(&evidence->known_scopes, handle))->number;
    vg_arena_reset(evidence->piece_arena);
    vg_vec before = vg_vec_in(evidence->piece_arena, sizeof(vg_store_resource));
    VG_TRY(vg_store_resource_unseen(evidence->store, number, -1, INT64_MAX, INT64_MAX, &before, err));
    int64_t *numbers = VG_NEW_N(evidence->piece_arena, int64_t, count + 1);
    if (!numbers)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++) {
        vg_put_result result;
        VG_TRY(vg_store_write(evidence->store, err));
        VG_TRY(evidence_put_one(evidence, number, &resources[i], true, &numbers[i], &result, err));
        VG_TRY(vg_store_wrote(evidence->store, ROW_BYTES + resources[i].properties.len, err));
    }
    if (count)
        qsort(numbers, count, sizeof *numbers, by_number);
    VG_TRY(end_missing(evidence, &before, numbers, count, now, err));
    return vg_store_flush(evidence->store, err);
}

vg_status vg_evidence_replace_facts(vg_evidence *evidence, vg_str kind, const vg_resource *facts,
                                    size_t count, vg_time now, vg_error *err)
{
    vg_arena *arena = vg_arena_new(0);
    vg_resource *copies = arena ? VG_NEW_N(arena, vg_resource, count + 1) : NULL;
    vg_str source = copies ? vg_arena_printf(arena, "fact:%.*s", VG_ARG(kind)) : (vg_str){0};
    vg_status status;
    if (!source.ptr) {
        status = vg_fail(err, VG_ERR_MEMORY, "out of memory");
    } else {
        for (size_t i = 0; i < count; i++) {
            copies[i] = facts[i];
            copies[i].source = source;
        }
        const vg_scope scope = {.operation = source};
        status = evidence_replace_set(evidence, &scope, copies, count, now, err);
    }
    vg_arena_free(arena);
    return status;
}
