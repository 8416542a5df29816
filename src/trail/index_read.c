/* index_read.c: what is asked of an index file: which log files hold a term, and what is known of a log file. */
#include "trail/index_part.h"

const char *const vg_trail_field_names[VG_TRAIL_FIELD_COUNT] = {
    "key", "principal", "ip", "name", "account", "region", "resource", "shared", "object"};

void vg_trail_index_describe(const vg_trail_index *index, vg_trail_index_info *out)
{
    *out = (vg_trail_index_info){.path = index->path,
                                 .number = index->head.number,
                                 .bytes = index->bytes.len,
                                 .objects = index->head.objects,
                                 .events = index->head.events,
                                 .first = index->head.first,
                                 .last = index->head.last};
    for (size_t i = 0; i < VG_TRAIL_FIELD_COUNT; i++)
        out->terms[i] = index->head.trees[i].terms;
}

vg_status index_place_of(const vg_trail_index *index, uint64_t object, index_place *out, vg_error *err)
{
    const unsigned char *content;
    uint64_t page = object / INDEX_PLACES;
    if (object >= index->head.objects)
        return index_broken(index, index->head.places.page, "there is no such log file", err);
    VG_TRY(index_page(index, index->head.places.page + page, &content, err));
    const unsigned char *at = content + object % INDEX_PLACES * INDEX_PLACE;
    *out = (index_place){.first = (vg_time)index_get64(at),
                         .last = (vg_time)index_get64(at + 8),
                         .record = index_get64(at + 16),
                         .events = index_get32(at + 24),
                         .flags = index_get32(at + 28)};
    return VG_OK;
}

vg_status vg_trail_index_object(const vg_trail_index *index, vg_arena *arena, uint32_t object,
                                vg_trail_object *out, vg_error *err)
{
    index_place place;
    index_in in;
    uint64_t modified;
    VG_TRY(index_place_of(index, object, &place, err));
    *out = (vg_trail_object){.first = place.first,
                             .last = place.last,
                             .logs = place.flags & 0xFF,
                             .timeless = place.flags & INDEX_TIMELESS,
                             .copied = place.flags & INDEX_COPIED};
    VG_TRY(index_in_open(&in, index, &index->head.records, place.record, err));
    VG_TRY(index_in_str(&in, arena, 65536, &out->key, err));
    VG_TRY(index_in_varint(&in, &out->size, err));
    VG_TRY(index_in_u64(&in, &modified, err));
    out->modified = (vg_time)modified;
    VG_TRY(index_in_bytes(&in, out->sha256.bytes, sizeof out->sha256.bytes, err));
    VG_TRY(index_in_varint(&in, &out->raw, err));
    VG_TRY(index_in_varint(&in, &out->events, err));
    return index_in_varint(&in, &out->bad, err);
}

vg_status vg_trail_index_find(const vg_trail_index *index, vg_trail_field field, vg_str term, vg_vec *objects,
                              vg_error *err)
{
    index_walk walk;
    bool more;
    VG_TRY(index_walk_open(&walk, index, field, term, err));
    VG_TRY(index_walk_next(&walk, &more, err));
    bool found = more && vg_str_eq(vg_str_of((const char *)walk.term, walk.term_len), term);
    return found ? index_walk_objects(&walk, objects, err) : VG_OK;
}

vg_status vg_trail_index_terms(const vg_trail_index *index, vg_trail_field field, vg_str from,
                               vg_status (*each)(void *context, vg_str term, uint64_t objects, vg_error *err),
                               void *context, vg_error *err)
{
    index_walk walk;
    VG_TRY(index_walk_open(&walk, index, field, from, err));
    for (;;) {
        bool more;
        VG_TRY(index_walk_next(&walk, &more, err));
        if (!more)
            return VG_OK;
        vg_status status = each(context, vg_str_of((const char *)walk.term, walk.term_len), walk.count, err);
        if (status != VG_OK)
            return status == VG_ERR_CANCELLED ? VG_OK : status;
    }
}
