/* The JSON reader on random and real documents: the same tree by every path; what is written reads back as it was; and
 * beside jansson, an independent reader, which is taken at run time where it is installed: the same documents are
 * accepted, with the same values. */
#include "json_cases.h"

#include <dlfcn.h>

/* ---- random documents ------------------------------------------------------------------------------------------------ */

static void add_random_string(vg_json_writer *w, uint64_t *random, bool key)
{
    static const char *const pieces[] = {"a",
                                         "bucket",
                                         "\"",
                                         "\\",
                                         "\n",
                                         "\t",
                                         "\x1f",
                                         "/",
                                         " ",
                                         "{}",
                                         "\xC3\xA9",
                                         "\xE2\x82\xAC",
                                         "\xF0\x9F\x98\x80",
                                         ":",
                                         ",",
                                         "0123456789",
                                         "]",
                                         "'"};
    char text[600];
    size_t len = 0;
    for (size_t n = json_random(random) % (json_random(random) % 16 ? 8 : 40); n > 0; n--) {
        const char *piece = pieces[json_random(random) % VG_COUNT(pieces)];
        memcpy(text + len, piece, strlen(piece));
        len += strlen(piece);
    }
    if (key)
        vg_json_key_str(w, vg_str_of(text, len));
    else
        vg_json_string(w, vg_str_of(text, len));
}

static void add_random_scalar(vg_json_writer *w, uint64_t *random)
{
    uint64_t bits = json_random(random);
    switch (json_random(random) % 7) {
    case 0:
        vg_json_null(w);
        return;
    case 1:
        vg_json_bool(w, bits & 1);
        return;
    case 2:
        vg_json_i64(w, (int64_t)(bits >> json_random(random) % 64));
        return;
    case 3:
        vg_json_i64(w, -(int64_t)(bits >> (1 + json_random(random) % 60)));
        return;
    case 4:
        vg_json_f64(w, ((double)(bits >> 11) - 0x1p52) / (double)(1 + json_random(random) % 1000000));
        return;
    default:
        add_random_string(w, random, false);
    }
}

static void add_random_value(vg_json_writer *w, uint64_t *random, unsigned depth)
{
    uint64_t choice = json_random(random) % 5;
    if (depth == 0 || choice < 2) {
        add_random_scalar(w, random);
        return;
    }
    size_t items = json_random(random) % 7;
    if (choice == 2)
        vg_json_array(w);
    else
        vg_json_object(w);
    for (size_t i = 0; i < items; i++) {
        if (choice != 2)
            add_random_string(w, random, true);
        add_random_value(w, random, depth - 1);
    }
    if (choice == 2)
        vg_json_end_array(w);
    else
        vg_json_end_object(w);
}

static void make_random(vg_buf *out, uint64_t seed)
{
    vg_json_writer w = vg_json_writer_to(out, (unsigned)(seed % 3));
    add_random_value(&w, &seed, 6);
}

static void what_is_written_reads_back_as_it_was(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        vg_buf text = {0}, told = {0};
        make_random(&text, seed);
        json_read_by_all(vg_buf_str(&text), NULL, &told);
        json_case first = json_case_read(vg_buf_str(&text), NULL, VG_JSON_AUTO);
        json_case again = json_case_read(vg_buf_str(&told), NULL, VG_JSON_AUTO);
        if (first.status != VG_OK || again.status != VG_OK || !vg_value_equal(first.doc.root, again.doc.root))
            fail_msg("seed %llu: %.*s\n  %.*s", (unsigned long long)seed, VG_ARG(vg_buf_str(&text)),
                     VG_ARG(vg_buf_str(&told)));
        vg_buf canonical = {0}, second = {0};
        vg_json_write_canonical(&canonical, first.doc.root);
        vg_json_write_canonical(&second, again.doc.root);
        assert_true(vg_str_eq(vg_buf_str(&canonical), vg_buf_str(&second)));
        vg_buf_free(&canonical);
        vg_buf_free(&second);
        json_case_free(&first);
        json_case_free(&again);
        vg_buf_free(&text);
        vg_buf_free(&told);
    }
}

/* Every byte of the tree, not only what writing it shows. */
static void all_paths_make_identical_trees(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        vg_buf text = {0};
        make_random(&text, seed * 977);
        json_case plain = json_case_read(vg_buf_str(&text), NULL, VG_JSON_PLAIN);
        assert_int_equal(plain.status, VG_OK);
        for (size_t p = 1; p < VG_COUNT(json_paths); p++) {
            json_case other = json_case_read(vg_buf_str(&text), NULL, json_paths[p].path);
            if (other.status == VG_ERR_UNSUPPORTED) {
                json_case_free(&other);
                continue;
            }
            assert_int_equal(other.doc.node_count, plain.doc.node_count);
            for (size_t i = 0; i < plain.doc.node_count; i++) {
                const vg_value *a = plain.doc.root + i, *b = other.doc.root + i;
                bool text_same = vg_str_eq(vg_value_str(a), vg_value_str(b));
                bool has_text = a->kind == VG_STRING || a->kind == VG_NUMBER;
                if (a->kind != b->kind || a->len != b->len || a->position != b->position || !text_same ||
                    (!has_text && a->as.u64 != b->as.u64))
                    fail_msg("seed %llu, node %zu differs by %s", (unsigned long long)seed, i,
                             json_paths[p].name);
            }
            json_case_free(&other);
        }
        json_case_free(&plain);
        vg_buf_free(&text);
    }
}

/* Documents with a byte or two changed: most are wrong, and all paths must say the same of them. */
static void broken_documents_get_one_answer_from_all_paths(void **state)
{
    (void)state;
    static const char bytes[] = "\"\\{}[]:, \n\x01\x80\xC3\xE2\xF0\xFF"
                                "0e-.tnu";
    uint64_t random = 11;
    for (uint64_t seed = 1; seed <= 4000; seed++) {
        vg_buf text = {0}, told = {0};
        make_random(&text, seed * 31);
        for (uint64_t n = json_random(&random) % 3; n > 0 && text.len > 0; n--)
            text.ptr[json_random(&random) % text.len] = bytes[json_random(&random) % (sizeof bytes - 1)];
        json_read_by_all(vg_buf_str(&text), NULL, &told);
        vg_buf_free(&text);
        vg_buf_free(&told);
    }
}

/* ---- beside jansson ---------------------------------------------------------------------------------------------------- */

/* The functions of jansson 2.14 that are needed, by its documented interface. */
typedef struct {
    void *library;
    void *(*loadb)(const char *bytes, size_t len, size_t flags, void *error);
    char *(*dumps)(const void *json, size_t flags);
    void (*destroy)(void *json);
} jansson;

enum { DECODE_ANY = 0x4, ALLOW_NUL = 0x10, ENCODE_ANY = 0x200 };

static bool find_jansson(jansson *peer)
{
    peer->library = dlopen("libjansson.so.4", RTLD_NOW);
    if (!peer->library)
        return false;
    *(void **)&peer->loadb = dlsym(peer->library, "json_loadb");
    *(void **)&peer->dumps = dlsym(peer->library, "json_dumps");
    *(void **)&peer->destroy = dlsym(peer->library, "json_delete");
    return peer->loadb && peer->dumps && peer->destroy;
}

static void need_jansson(jansson *peer)
{
    if (!find_jansson(peer)) {
        print_message("not run: differential test (no libjansson4)\n");
        skip();
    }
}

/* Known differences: jansson refuses numbers beyond its types, which are kept here; its depth limit is its own. */
static bool holds_what_jansson_refuses(const vg_doc *doc)
{
    for (size_t i = 0; i < doc->node_count; i++) {
        const vg_value *v = doc->root + i;
        if (v->kind == VG_NUMBER || v->kind == VG_UINT)
            return true;
        if (v->kind == VG_STRING && memchr(v->as.string, 0, v->len))
            return true;
    }
    return false;
}

/* "" when both agree. */
static const char *compare_with(const jansson *peer, vg_str text)
{
    json_case ours = json_case_read(text, NULL, VG_JSON_AUTO);
    void *theirs = peer->loadb(text.ptr, text.len, DECODE_ANY | ALLOW_NUL, NULL);
    const char *answer = "";
    if ((ours.status == VG_OK) != (theirs != NULL)) {
        bool known =
            ours.status == VG_OK ? holds_what_jansson_refuses(&ours.doc) : ours.status == VG_ERR_LIMIT;
        answer = known ? "" : ours.status == VG_OK ? "jansson refuses" : "jansson accepts";
    } else if (theirs) {
        char *dump = peer->dumps(theirs, ENCODE_ANY);
        json_case back = json_case_read(vg_str_from(dump), NULL, VG_JSON_AUTO);
        if (back.status != VG_OK || !vg_value_equal(ours.doc.root, back.doc.root))
            answer = "values differ";
        json_case_free(&back);
        free(dump);
    }
    if (theirs)
        peer->destroy(theirs);
    json_case_free(&ours);
    return answer;
}

static void random_documents_are_read_as_jansson_reads_them(void **state)
{
    (void)state;
    static const char bytes[] = "\"\\{}[]:, \n\x01\x80\xC3\xE2\xF0\xFF"
                                "0e-.tnu";
    jansson peer;
    need_jansson(&peer);
    uint64_t random = 13;
    for (uint64_t seed = 1; seed <= 4000; seed++) {
        vg_buf text = {0};
        make_random(&text, seed * 131);
        if (seed % 2 && text.len > 0)
            text.ptr[json_random(&random) % text.len] = bytes[json_random(&random) % (sizeof bytes - 1)];
        const char *answer = compare_with(&peer, vg_buf_str(&text));
        if (*answer)
            fail_msg("%s: %.*s", answer, VG_ARG(vg_buf_str(&text)));
        vg_buf_free(&text);
    }
}

static void real_files_are_read_as_jansson_reads_them(void **state)
{
    (void)state;
    static const char *const folders[] = {"trail-invictus", "iam-accounts", "frameworks",    "feeds/kev",
                                          "aws-recorded",   "iam-usage",    "guard-registry"};
    jansson peer;
    need_jansson(&peer);
    vg_arena *arena = vg_arena_new(0);
    size_t compared = 0;
    for (size_t f = 0; f < VG_COUNT(folders); f++) {
        vg_vec files = vg_vec_in(arena, sizeof(vg_dir_entry));
        vg_str folder = json_data_folder(arena, folders[f], "real files beside jansson");
        assert_int_equal(vg_dir_walk(arena, folder, &files, NULL, NULL, NULL), VG_OK);
        for (size_t i = 0; i < files.len; i++) {
            vg_str path = ((vg_dir_entry *)vg_vec_at(&files, i))->path, text;
            if (!vg_str_ends(path, VG_STR(".json")) ||
                vg_file_read(arena, path, 1u << 28, &text, NULL) != VG_OK)
                continue;
            const char *answer = compare_with(&peer, text);
            if (*answer && !vg_str_starts(text, VG_STR("\xEF\xBB\xBF")))
                fail_msg("%.*s: %s", VG_ARG(path), answer);
            compared++;
        }
    }
    print_message("real files beside jansson: %zu compared\n", compared);
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back_as_it_was),
        cmocka_unit_test(all_paths_make_identical_trees),
        cmocka_unit_test(broken_documents_get_one_answer_from_all_paths),
        cmocka_unit_test(random_documents_are_read_as_jansson_reads_them),
        cmocka_unit_test(real_files_are_read_as_jansson_reads_them),
    };
    return cmocka_run_group_tests_name("format/json_random", tests, NULL, NULL);
}
