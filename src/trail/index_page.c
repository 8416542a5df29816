/* index_page.c: the pages of an index file, and the streams that run over them; see index_part.h for how they lie.
 *
 * A page that was not written, or whose bits changed, or that belongs elsewhere, has the wrong checksum; nothing of it is
 * looked at. The checksum is that of gzip, which libdeflate computes faster than memory is read. */
#include "trail/index_part.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <unistd.h>

uint32_t index_checksum(const unsigned char *content, uint64_t page, uint64_t number)
{
    unsigned char place[16];
    index_put64(place, page);
    index_put64(place + 8, number);
    return libdeflate_crc32(libdeflate_crc32(0, place, sizeof place), content, INDEX_CONTENT);
}

/* ---- writing ---------------------------------------------------------------------------------------------------------- */

vg_status index_out_open(index_out *out, vg_str path, uint64_t number, vg_error *err)
{
    char name[4096];
    *out = (index_out){.fd = -1, .number = number, .page = 1, .held = 0};
    if (path.len >= sizeof name)
        return vg_fail(err, VG_ERR_LIMIT, "the path of the index is too long");
    memcpy(name, path.ptr, path.len);
    name[path.len] = '\0';
    out->pages = calloc(INDEX_HELD, INDEX_PAGE);
    if (!out->pages)
        return index_no_memory(err);
    out->current = out->pages;
    out->fd = open(name, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
    if (out->fd >= 0)
        return VG_OK;
    vg_fail_errno(err, errno, "cannot write the index");
    free(out->pages);
    out->pages = NULL;
    return err ? err->code : VG_ERR_IO;
}

static void write_all(index_out *out, const unsigned char *bytes, size_t len, uint64_t at)
{
    while (len > 0 && out->status == VG_OK) {
        ssize_t n = pwrite(out->fd, bytes, len, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            out->status = vg_fail_errno(&out->err, n < 0 ? errno : ENOSPC, "cannot write the index");
            return;
        }
        bytes += n;
        at += (uint64_t)n;
        len -= (size_t)n;
    }
}

static void write_held(index_out *out)
{
    uint64_t first = out->page - out->held;
    write_all(out, out->pages, out->held * INDEX_PAGE, first * INDEX_PAGE);
    out->held = 0;
    out->current = out->pages;
}

void index_out_page(index_out *out)
{
    if (out->used == 0)
        return;
    memset(out->current + out->used, 0, INDEX_CONTENT - out->used);
    index_put32(out->current + INDEX_CONTENT, index_checksum(out->current, out->page, out->number));
    out->page++;
    out->held++;
    out->used = 0;
    if (out->held == INDEX_HELD)
        write_held(out);
    else
        out->current += INDEX_PAGE;
}

void index_out_bytes(index_out *out, const void *bytes, size_t len)
{
    const unsigned char *from = bytes;
    out->section += len;
    while (len > 0) {
        size_t room = INDEX_CONTENT - out->used, n = len < room ? len : room;
        memcpy(out->current + out->used, from, n);
        out->used += n;
        from += n;
        len -= n;
        if (out->used == INDEX_CONTENT)
            index_out_page(out);
    }
}

size_t index_varint(unsigned char *at, uint64_t value)
{
    size_t n = 0;
    while (value >= 0x80) {
        at[n++] = (unsigned char)(value | 0x80);
        value >>= 7;
    }
    at[n++] = (unsigned char)value;
    return n;
}

void index_out_varint(index_out *out, uint64_t value)
{
    unsigned char bytes[10];
    index_out_bytes(out, bytes, index_varint(bytes, value));
}

void index_out_str(index_out *out, vg_str text)
{
    index_out_varint(out, text.len);
    index_out_bytes(out, text.ptr, text.len);
}

void index_out_u64(index_out *out, uint64_t value)
{
    unsigned char bytes[8];
    index_put64(bytes, value);
    index_out_bytes(out, bytes, sizeof bytes);
}

index_section index_out_begin(index_out *out)
{
    index_out_page(out);
    out->section = 0;
    return (index_section){.page = out->page};
}

void index_out_end(index_out *out, index_section *section)
{
    section->bytes = out->section;
    index_out_page(out);
    section->pages = out->page - section->page;
}

/* ---- the head ---------------------------------------------------------------------------------------------------------- */

/* The numbers of the head in the order in which they are written; one list for both ways. */
enum { HEAD_NUMBERS = 6 + 4 * 3 + VG_TRAIL_FIELD_COUNT * 4, HEAD_START = 16 };
_Static_assert(HEAD_START + HEAD_NUMBERS * 8 <= INDEX_CONTENT, "the head fits its page");

static void head_numbers(const index_head *head, uint64_t numbers[HEAD_NUMBERS])
{
    size_t n = 0;
    const index_section sections[] = {head->records, head->places, head->covers, head->postings};
    const uint64_t first[] = {head->number, head->pages,           head->objects,
                              head->events, (uint64_t)head->first, (uint64_t)head->last};
    memcpy(numbers, first, sizeof first);
    n += VG_COUNT(first);
    for (size_t i = 0; i < VG_COUNT(sections); i++) {
        numbers[n++] = sections[i].page;
        numbers[n++] = sections[i].pages;
        numbers[n++] = sections[i].bytes;
    }
    for (size_t i = 0; i < VG_TRAIL_FIELD_COUNT; i++) {
        numbers[n++] = head->trees[i].leaf;
        numbers[n++] = head->trees[i].leaves;
        numbers[n++] = head->trees[i].root;
        numbers[n++] = head->trees[i].terms;
    }
}

static void head_from(const uint64_t numbers[HEAD_NUMBERS], index_head *head)
{
    size_t n = 6;
    index_section *const sections[] = {&head->records, &head->places, &head->covers, &head->postings};
    head->number = numbers[0];
    head->pages = numbers[1];
    head->objects = numbers[2];
    head->events = numbers[3];
    head->first = (vg_time)numbers[4];
    head->last = (vg_time)numbers[5];
    for (size_t i = 0; i < VG_COUNT(sections); i++) {
        *sections[i] = (index_section){numbers[n], numbers[n + 1], numbers[n + 2]};
        n += 3;
    }
    for (size_t i = 0; i < VG_TRAIL_FIELD_COUNT; i++) {
        head->trees[i] = (index_tree){numbers[n], numbers[n + 1], numbers[n + 2], numbers[n + 3]};
        n += 4;
    }
}

void index_out_abandon(index_out *out)
{
    if (out->fd >= 0)
        close(out->fd);
    free(out->pages);
    out->pages = NULL;
    out->fd = -1;
}

vg_status index_out_close(index_out *out, const index_head *head, vg_error *err)
{
    unsigned char page[INDEX_PAGE] = {0};
    uint64_t numbers[HEAD_NUMBERS];
    index_out_page(out);
    write_held(out);
    head_numbers(head, numbers);
    memcpy(page, INDEX_MAGIC, 8);
    index_put32(page + 8, INDEX_VERSION);
    index_put32(page + 12, INDEX_PAGE);
    for (size_t i = 0; i < HEAD_NUMBERS; i++)
        index_put64(page + HEAD_START + 8 * i, numbers[i]);
    index_put32(page + INDEX_CONTENT, index_checksum(page, 0, out->number));
    write_all(out, page, sizeof page, 0);
    if (out->status == VG_OK && fsync(out->fd) != 0)
        out->status = vg_fail_errno(&out->err, errno, "cannot write the index");
    vg_status status = out->status;
    if (status != VG_OK)
        vg_error_copy(err, &out->err);
    index_out_abandon(out);
    return status;
}

/* ---- reading ------------------------------------------------------------------------------------------------------------ */

vg_status index_broken(const vg_trail_index *index, uint64_t page, const char *what, vg_error *err)
{
    return vg_fail_at(
        err, VG_ERR_CORRUPT, (vg_place){.file = index->path},
        "the index file is broken in page %llu: %s; the next `vigil trail ingest` makes it anew",
        (unsigned long long)page, what);
}

vg_status index_page(const vg_trail_index *index, uint64_t page, const unsigned char **content, vg_error *err)
{
    if (page >= index->head.pages)
        return index_broken(index, page, "there is no such page", err);
    const unsigned char *at = (const unsigned char *)index->bytes.ptr + page * INDEX_PAGE;
    if (index_get32(at + INDEX_CONTENT) != index_checksum(at, page, index->head.number))
        return index_broken(index, page, "the checksum is wrong", err);
    *content = at;
    return VG_OK;
}

static bool section_fits(const index_head *head, const index_section *section)
{
    return section->pages <= head->pages && section->page <= head->pages - section->pages &&
           section->bytes <= section->pages * INDEX_CONTENT;
}

static bool tree_fits(const index_head *head, const index_tree *tree)
{
    return tree->leaves <= head->pages && tree->leaf <= head->pages - tree->leaves &&
           tree->root < head->pages && (tree->leaves == 0) == (tree->terms == 0);
}

static vg_status read_head(vg_trail_index *index, vg_error *err)
{
    const unsigned char *at = (const unsigned char *)index->bytes.ptr;
    uint64_t numbers[HEAD_NUMBERS];
    index_head *head = &index->head;
    if (index->bytes.len < INDEX_PAGE || memcmp(at, INDEX_MAGIC, 8) != 0)
        return index_broken(index, 0, "it does not begin as an index does", err);
    uint32_t version = index_get32(at + 8);
    if (version > INDEX_VERSION)
        return vg_fail_at(err, VG_ERR_VERSION, (vg_place){.file = index->path},
                          "the index file is of a newer vigil (format %u)", version);
    for (size_t i = 0; i < HEAD_NUMBERS; i++)
        numbers[i] = index_get64(at + HEAD_START + 8 * i);
    head_from(numbers, head);
    if (index_get32(at + INDEX_CONTENT) != index_checksum(at, 0, head->number))
        return index_broken(index, 0, "the checksum is wrong", err);
    if (head->pages != index->bytes.len / INDEX_PAGE || index->bytes.len % INDEX_PAGE != 0)
        return index_broken(index, index->bytes.len / INDEX_PAGE, "it is not as long as it says", err);
    bool fits = section_fits(head, &head->records) && section_fits(head, &head->places) &&
                section_fits(head, &head->covers) && section_fits(head, &head->postings) &&
                head->objects <= INDEX_MOST_OBJECTS &&
                head->objects <= head->places.pages * (uint64_t)INDEX_PLACES;
    for (size_t i = 0; i < VG_TRAIL_FIELD_COUNT; i++)
        fits = fits && tree_fits(head, &head->trees[i]);
    return fits ? VG_OK : index_broken(index, 0, "its parts do not fit it", err);
}

vg_status vg_trail_index_over(vg_str bytes, vg_str name, vg_trail_index **out, vg_error *err)
{
    vg_arena *arena = vg_arena_new(0);
    vg_trail_index *index = arena ? VG_NEW(arena, vg_trail_index) : NULL;
    if (!index) {
        vg_arena_free(arena);
        return index_no_memory(err);
    }
    *index = (vg_trail_index){.bytes = bytes, .path = vg_arena_str(arena, name), .arena = arena};
    vg_status status = read_head(index, err);
    if (status != VG_OK)
        vg_arena_free(arena);
    else
        *out = index;
    return status;
}

vg_status vg_trail_index_open(vg_str path, vg_trail_index **out, vg_error *err)
{
    vg_mapped mapped;
    VG_TRY(vg_file_map(path, &mapped, err));
    vg_status status = vg_trail_index_over(mapped.bytes, path, out, err);
    if (status != VG_OK)
        vg_file_unmap(&mapped);
    else
        (*out)->mapped = mapped;
    return status;
}

void vg_trail_index_close(vg_trail_index *index)
{
    if (!index)
        return;
    vg_mapped mapped = index->mapped;
    vg_arena_free(index->arena);
    if (mapped.mapping)
        vg_file_unmap(&mapped);
}

vg_status vg_trail_index_check(const vg_trail_index *index, vg_error *err)
{
    const unsigned char *content;
    for (uint64_t page = 0; page < index->head.pages; page++)
        VG_TRY(index_page(index, page, &content, err));
    return VG_OK;
}

/* ---- streams -------------------------------------------------------------------------------------------------------------- */

static vg_status enter_page(index_in *in, uint64_t page, size_t offset, vg_error *err)
{
    const unsigned char *content;
    VG_TRY(index_page(in->index, page, &content, err));
    in->page = page;
    in->at = content + offset;
    in->end = content + INDEX_CONTENT;
    if ((uint64_t)(in->end - in->at) > in->left)
        in->end = in->at + in->left;
    return VG_OK;
}

vg_status index_in_open(index_in *in, const vg_trail_index *index, const index_section *section,
                        uint64_t offset, vg_error *err)
{
    *in = (index_in){.index = index, .section = section};
    if (offset > section->bytes)
        return index_broken(index, section->page, "something is said to stand behind the end", err);
    in->left = section->bytes - offset;
    if (in->left == 0)
        return VG_OK;
    return enter_page(in, section->page + offset / INDEX_CONTENT, offset % INDEX_CONTENT, err);
}

static vg_status next_byte(index_in *in, unsigned char *byte, vg_error *err)
{
    if (in->left == 0)
        return index_broken(in->index, in->page, "it ends in the middle", err);
    if (in->at == in->end)
        VG_TRY(enter_page(in, in->page + 1, 0, err));
    *byte = *in->at++;
    in->left--;
    return VG_OK;
}

vg_status index_in_bytes(index_in *in, void *bytes, size_t len, vg_error *err)
{
    unsigned char *to = bytes;
    if (len > in->left)
        return index_broken(in->index, in->page, "it ends in the middle", err);
    while (len > 0) {
        if (in->at == in->end)
            VG_TRY(enter_page(in, in->page + 1, 0, err));
        size_t here = (size_t)(in->end - in->at), n = len < here ? len : here;
        memcpy(to, in->at, n);
        to += n;
        in->at += n;
        in->left -= n;
        len -= n;
    }
    return VG_OK;
}

vg_status index_in_varint(index_in *in, uint64_t *value, vg_error *err)
{
    unsigned char byte;
    *value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        VG_TRY(next_byte(in, &byte, err));
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return VG_OK;
    }
    return index_broken(in->index, in->page, "a number is too long", err);
}

vg_status index_in_u64(index_in *in, uint64_t *value, vg_error *err)
{
    unsigned char bytes[8];
    VG_TRY(index_in_bytes(in, bytes, sizeof bytes, err));
    *value = index_get64(bytes);
    return VG_OK;
}

vg_status index_in_str(index_in *in, vg_arena *arena, size_t most, vg_str *out, vg_error *err)
{
    uint64_t len;
    VG_TRY(index_in_varint(in, &len, err));
    if (len > most || len > in->left)
        return index_broken(in->index, in->page, "a text is too long", err);
    char *text = vg_arena_alloc(arena, (size_t)len + 1);
    if (!text)
        return index_no_memory(err);
    VG_TRY(index_in_bytes(in, text, (size_t)len, err));
    text[len] = '\0';
    *out = vg_str_of(text, (size_t)len);
    return VG_OK;
}
