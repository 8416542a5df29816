/* index_write.c: an index file out of objects and terms that come in order, wherever they come from: gathered ones
 * (index_gather.c) or those of other index files (index_merge.c). One pass, front to back; the long lists of files wait in
 * a file of their own until the trees are done. The file gets its name when all of it is on the disk. */
#include "trail/index_part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct {
    index_out out;
    const index_content *content;
    vg_arena *arena; /* of one field */
    index_head head;
    index_place *places;
    index_builder builder;
    uint64_t spilled;
    int spill;
} index_writing;

/* ---- log files -------------------------------------------------------------------------------------------------------------- */

static void widen(index_head *head, const vg_trail_object *object)
{
    if (object->first == VG_TIME_NONE)
        return;
    if (head->first == VG_TIME_NONE || object->first < head->first)
        head->first = object->first;
    if (head->last == VG_TIME_NONE || object->last > head->last)
        head->last = object->last;
}

static void write_record(index_writing *w, uint64_t i, const vg_trail_object *object)
{
    w->places[i] = (index_place){
        .first = object->first,
        .last = object->last,
        .record = w->out.section,
        .events = object->events > UINT32_MAX ? UINT32_MAX : (uint32_t)object->events,
        .flags = (object->logs & 0xFF) | (object->timeless ? (uint32_t)INDEX_TIMELESS : 0) |
                 (object->copied ? (uint32_t)INDEX_COPIED : 0),
    };
    index_out_str(&w->out, object->key);
    index_out_varint(&w->out, object->size);
    index_out_u64(&w->out, (uint64_t)object->modified);
    index_out_bytes(&w->out, object->sha256.bytes, sizeof object->sha256.bytes);
    index_out_varint(&w->out, object->raw);
    index_out_varint(&w->out, object->events);
    index_out_varint(&w->out, object->bad);
    w->head.events += object->events;
    widen(&w->head, object);
}

static vg_status write_records(index_writing *w, vg_error *err)
{
    w->head.records = index_out_begin(&w->out);
    for (uint64_t i = 0; i < w->content->objects; i++) {
        vg_trail_object object;
        vg_arena_reset(w->arena);
        VG_TRY(w->content->object(w->content->context, i, w->arena, &object, err));
        write_record(w, i, &object);
    }
    index_out_end(&w->out, &w->head.records);
    return VG_OK;
}

static void write_places(index_writing *w)
{
    w->head.places = index_out_begin(&w->out);
    for (uint64_t i = 0; i < w->content->objects; i++) {
        unsigned char bytes[INDEX_PLACE];
        const index_place *place = &w->places[i];
        index_put64(bytes, (uint64_t)place->first);
        index_put64(bytes + 8, (uint64_t)place->last);
        index_put64(bytes + 16, place->record);
        index_put32(bytes + 24, place->events);
        index_put32(bytes + 28, place->flags);
        index_out_bytes(&w->out, bytes, sizeof bytes);
        if (i % INDEX_PLACES == INDEX_PLACES - 1)
            index_out_page(&w->out);
    }
    index_out_end(&w->out, &w->head.places);
}

/* ---- terms --------------------------------------------------------------------------------------------------------------------- */

static vg_status write_tree(index_writing *w, vg_trail_field field, vg_error *err)
{
    const index_content *content = w->content;
    vg_arena_reset(w->arena);
    index_builder_begin(&w->builder);
    VG_TRY(content->terms_begin(content->context, field, err));
    for (;;) {
        vg_str term;
        const uint32_t *objects;
        size_t count;
        VG_TRY(content->term(content->context, &term, &objects, &count, err));
        if (!count)
            break;
        VG_TRY(index_builder_add(&w->builder, term, objects, count, err));
    }
    return index_builder_end(&w->builder, &w->head.trees[field], err);
}

static vg_status copy_spill(index_writing *w, vg_error *err)
{
    unsigned char bytes[65536];
    w->head.postings = index_out_begin(&w->out);
    if (lseek(w->spill, 0, SEEK_SET) != 0)
        return vg_fail_errno(err, errno, "cannot write the index");
    for (uint64_t left = w->spilled; left > 0;) {
        ssize_t n = read(w->spill, bytes, left < sizeof bytes ? (size_t)left : sizeof bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return vg_fail_errno(err, n < 0 ? errno : EIO, "cannot write the index");
        index_out_bytes(&w->out, bytes, (size_t)n);
        left -= (uint64_t)n;
    }
    index_out_end(&w->out, &w->head.postings);
    return VG_OK;
}

/* ---- the file -------------------------------------------------------------------------------------------------------------------- */

static vg_status write_parts(index_writing *w, vg_error *err)
{
    VG_TRY(write_records(w, err));
    write_places(w);
    w->head.covers = index_out_begin(&w->out);
    index_covers_write(&w->out, w->content->covers, w->content->cover_count);
    index_out_end(&w->out, &w->head.covers);
    for (int field = 0; field < VG_TRAIL_FIELD_COUNT; field++)
        VG_TRY(write_tree(w, (vg_trail_field)field, err));
    VG_TRY(copy_spill(w, err));
    w->head.pages = w->out.page;
    return VG_OK;
}

static vg_status write_file(index_writing *w, vg_str path, uint64_t number, const char *spill, vg_error *err)
{
    w->places = calloc((size_t)w->content->objects + 1, sizeof *w->places);
    w->arena = vg_arena_new(0);
    if (!w->places || !w->arena)
        return index_no_memory(err);
    w->spill = open(spill, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
    if (w->spill < 0)
        return vg_fail_errno(err, errno, "cannot write the index");
    unlink(spill);
    VG_TRY(index_out_open(&w->out, path, number, err));
    w->builder =
        (index_builder){.out = &w->out, .spill = w->spill, .spilled = &w->spilled, .arena = w->arena};
    vg_status status = write_parts(w, err);
    if (status == VG_OK)
        return index_out_close(&w->out, &w->head, err);
    index_out_abandon(&w->out);
    return status;
}

/* The name of a file in its folder is on the disk when the folder is. */
static void sync_folder(vg_arena *arena, vg_str path)
{
    char *folder = vg_arena_cstr(arena, vg_path_folder(path));
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

vg_status index_write(const index_content *content, vg_str path, uint64_t number, vg_error *err)
{
    vg_arena *names = vg_arena_new(0);
    if (!names)
        return index_no_memory(err);
    index_writing w = {
        .content = content,
        .spill = -1,
        .head = {.number = number, .objects = content->objects, .first = VG_TIME_NONE, .last = VG_TIME_NONE}};
    vg_str made = vg_arena_printf(names, "%.*s.new", VG_ARG(path));
    vg_str spill = vg_arena_printf(names, "%.*s.lists", VG_ARG(path));
    char *final = vg_arena_cstr(names, path);
    vg_status status =
        made.ptr && spill.ptr && final ? write_file(&w, made, number, spill.ptr, err) : index_no_memory(err);
    if (status == VG_OK && rename(made.ptr, final) != 0)
        status = vg_fail_errno(err, errno, "cannot write the index");
    if (status == VG_OK)
        sync_folder(names, path);
    else if (made.ptr)
        unlink(made.ptr);
    if (status != VG_OK && err && !err->place.file.len)
        vg_error_locate(err, (vg_place){.file = path});
    if (w.spill >= 0)
        close(w.spill);
    vg_buf_free(&w.builder.list);
    vg_buf_free(&w.builder.spill_held);
    vg_arena_free(w.arena);
    free(w.places);
    vg_arena_free(names);
    return status;
}
