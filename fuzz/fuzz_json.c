/* fuzz_json.c: any bytes through the JSON reader by each path and through the cursor. All paths must say the same; a
 * tree must be well built, and read back from its own text as it was; what the tree reader accepts, the cursor walks to
 * the end with as many values; and by line, the cursor always comes to the end of the text. */
#include <stdlib.h>

#include "format/format.h"

static void check(bool good)
{
    if (!good)
        abort();
}

/* Counts and spans agree, and every string's bytes can be read and are UTF-8. */
static void check_tree(const vg_doc *doc)
{
    check(vg_value_after(doc->root) == doc->root + doc->node_count);
    for (size_t i = 0; i < doc->node_count; i++) {
        const vg_value *v = doc->root + i;
        size_t count = 0;
        check(v->position < doc->source.len);
        if (v->kind == VG_STRING)
            check(vg_utf8_valid(vg_value_str(v), NULL));
        for (vg_items it = vg_items_of(v); vg_items_next(&it); count++)
            check(!it.is_object || it.key_node->kind == VG_STRING);
        check(count == vg_value_count(v));
    }
}

static void check_round_trip(vg_arena *arena, const vg_doc *doc, unsigned indent)
{
    vg_buf text = {0};
    vg_doc back;
    vg_json_write(&text, doc->root, indent);
    check(vg_json_read(arena, vg_buf_str(&text), VG_STR("back"), NULL, &back, NULL) == VG_OK);
    check(back.node_count == doc->node_count && vg_value_equal(doc->root, back.root));
    vg_buf_free(&text);
}

static size_t walk(vg_json_cursor *c, vg_arena *arena)
{
    size_t values = 0;
    vg_str key;
    vg_value v;
    bool more = true;
    unsigned depth = 0;
    check(vg_json_cursor_document(c, &more, NULL) == VG_OK && more);
    for (;;) {
        vg_kind kind = vg_json_cursor_kind(c);
        values++;
        if (kind == VG_OBJECT || kind == VG_ARRAY) {
            check(vg_json_cursor_enter(c, NULL) == VG_OK);
            depth++;
        } else {
            check(vg_json_cursor_scalar(c, arena, &v, NULL) == VG_OK);
        }
        for (more = false; depth > 0 && !more; depth -= !more)
            check(vg_json_cursor_next(c, &key, &more, NULL) == VG_OK);
        if (!more)
            break;
        values += key.ptr != NULL;
    }
    check(vg_json_cursor_document(c, &more, NULL) == VG_OK && !more);
    return values;
}

static void read_by_line(vg_str source, vg_arena *arena)
{
    vg_json_cursor *c;
    size_t documents = 0;
    check(vg_json_cursor_open(arena, source, VG_STR("f"), NULL, &c, NULL) == VG_OK);
    vg_json_cursor_by_line(c);
    for (bool more = true; more; documents++) {
        vg_doc doc;
        vg_status status = vg_json_cursor_document(c, &more, NULL);
        if (status == VG_OK && more)
            status = vg_json_cursor_tree(c, arena, &doc, NULL);
        vg_place place = vg_json_cursor_place(c);
        check(place.line > 0 && place.column > 0);
        if (status != VG_OK) {
            vg_json_cursor_recover(c);
            more = true;
        }
        check(documents <= source.len + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const vg_json_path paths[] = {VG_JSON_PLAIN, VG_JSON_SSE2, VG_JSON_AVX2, VG_JSON_AVX512};
    vg_arena *arena = vg_arena_new(0);
    vg_str source = {(const char *)bytes, size};
    vg_doc docs[3] = {0};
    vg_error errors[3] = {0};
    vg_status statuses[3];
    for (size_t i = 0; i < 3; i++) {
        statuses[i] = vg_json_read_with(arena, source, VG_STR("f"), NULL, paths[i], &docs[i], &errors[i]);
        if (statuses[i] == VG_ERR_UNSUPPORTED)
            continue;
        check(statuses[i] == statuses[0] && docs[i].node_count == docs[0].node_count);
        check(errors[i].place.line == errors[0].place.line &&
              errors[i].place.column == errors[0].place.column);
        if (statuses[i] == VG_OK)
            check_tree(&docs[i]);
    }
    if (statuses[0] == VG_OK) {
        vg_json_cursor *c;
        check_round_trip(arena, &docs[0], 0);
        check_round_trip(arena, &docs[0], 3);
        check(vg_json_cursor_open(arena, source, VG_STR("f"), NULL, &c, NULL) == VG_OK);
        check(walk(c, arena) == docs[0].node_count);
    }
    if (size < 1 << 16)
        read_by_line(source, arena);
    vg_arena_free(arena);
    return 0;
}
