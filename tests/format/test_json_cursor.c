/* The on-demand cursor: walking, skipping, reading, places, many documents, bad ones. */
#include "json_cases.h"

static vg_json_cursor *open_cursor(vg_arena *arena, vg_str source)
{
    vg_json_cursor *c = NULL;
    vg_error err = {0};
    if (vg_json_cursor_open(arena, source, VG_STR("log.json"), NULL, &c, &err) != VG_OK)
        fail_msg("%s", err.message);
    return c;
}

/* Walks everything below the cursor and writes it again: entering, going on, reading scalars. */
static vg_status copy_value(vg_json_cursor *c, vg_arena *arena, vg_json_writer *w, int depth, vg_error *err)
{
    vg_kind kind = vg_json_cursor_kind(c);
    vg_str key;
    bool more;
    if (kind != VG_OBJECT && kind != VG_ARRAY) {
        vg_value v;
        VG_TRY(vg_json_cursor_scalar(c, arena, &v, err));
        vg_json_value(w, &v);
        return VG_OK;
    }
    VG_TRY(vg_json_cursor_enter(c, err));
    if (kind == VG_OBJECT)
        vg_json_object(w);
    else
        vg_json_array(w);
    for (;;) {
        VG_TRY(vg_json_cursor_next(c, &key, &more, err));
        if (!more)
            break;
        if (kind == VG_OBJECT)
            vg_json_key_str(w, key);
        VG_TRY(copy_value(c, arena, w, depth + 1, err));
    }
    if (kind == VG_OBJECT)
        vg_json_end_object(w);
    else
        vg_json_end_array(w);
    return VG_OK;
}

/* All documents, one a line, then the error if there is one. */
static void tell(vg_str source, vg_buf *out)
{
    vg_arena *arena = vg_arena_new(0);
    char *copy = malloc(source.len ? source.len : 1), text[1200];
    if (source.len > 0)
        memcpy(copy, source.ptr, source.len);
    vg_json_cursor *c = open_cursor(arena, vg_str_of(copy, source.len));
    vg_error err = {0};
    bool more;
    vg_status status;
    for (;;) {
        status = vg_json_cursor_document(c, &more, &err);
        if (status != VG_OK || !more)
            break;
        vg_json_writer w = vg_json_writer_to(out, 0);
        status = copy_value(c, arena, &w, 0, &err);
        if (status != VG_OK)
            break;
        vg_buf_add_char(out, '\n');
    }
    if (status != VG_OK) {
        vg_error_format(&err, text, sizeof text);
        vg_buf_addf(out, "! %s", text);
    }
    free(copy);
    vg_arena_free(arena);
}

static void everything_can_be_walked_and_is_checked(void **state)
{
    (void)state;
    static const struct {
        const char *text, *told;
    } rows[] = {
        {"", ""},
        {"\xEF\xBB\xBF", ""},
        {" \n ", ""},
        {"{}", "{}\n"},
        {"[ ]", "[]\n"},
        {"7", "7\n"},
        {"-1.5", "-1.5\n"},
        {"\"a\\n\"", "\"a\\n\"\n"},
        {"{\"a\":[1,{\"b\\t\":null}],\"c\":{}}", "{\"a\":[1,{\"b\\t\":null}],\"c\":{}}\n"},
        {"{\"a\":1}\n{\"b\":2}\n\n[3] 4 \"five\"", "{\"a\":1}\n{\"b\":2}\n[3]\n4\n\"five\"\n"},
        {"\xEF\xBB\xBF{}", "{}\n"},
        {"[1,]", "[1! log.json:1:4: expected a JSON value here"},
        {"[1 2]", "[1! log.json:1:4: expected ',' or ']' in this JSON array"},
        {"{\"a\":1]", "{\"a\":1! log.json:1:7: expected ',' or '}' in this JSON object"},
        {"{a:1}", "{! log.json:1:2: expected a key in double quotes in this JSON object"},
        {"{\"a\" 1}", "{! log.json:1:6: expected ':' behind the key of a JSON object"},
        {"[tru]", "[! log.json:1:2: expected a JSON value here"},
        {"[1.]", "[! log.json:1:2: this is not a JSON number"},
        {"[\"\\q\"]", "[! log.json:1:3: unknown escape in a JSON string"},
        {"]", "! log.json:1:1: expected a JSON value here"},
        {"{}\n[\"a", "{}\n[! log.json:2:4: JSON text ends inside a string; the file may have been cut off"},
        {"{}\n{\"a\":", "{}\n{! log.json:2:6: JSON text ends too early; the file may have been cut off"},
        {"{}\n[\"a\x01\"]",
         "{}\n[! log.json:2:4: control character inside a JSON string; it must be written as an escape"},
        {"{}\n[\"a\xff\"]", "{}\n[! log.json:2:4: JSON text is not well-formed UTF-8 here"},
        {"{} \xff", "{}\n! log.json:1:4: JSON text is not well-formed UTF-8 here"},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        vg_buf told = {0};
        tell(vg_str_from(rows[i].text), &told);
        if (!vg_str_is(vg_buf_str(&told), rows[i].told))
            fail_msg("%s\n  got:      %.*s\n  expected: %s", rows[i].text, VG_ARG(vg_buf_str(&told)),
                     rows[i].told);
        vg_buf_free(&told);
    }
}

static void add_record(vg_buf *out, int n)
{
    vg_buf_addf(out,
                "%s{\"eventName\":\"Event%d\",\"skip\":{\"deep\":[[{\"s\":\"}]\\\"{\"}],%d]},\"es\\u0063\":"
                "\"a\\/%d\","
                "\"identity\":{\"type\":\"User\",\"n\":%d},\"last\":-%d.5}",
                n ? ",\n" : "", n, n, n, n, n);
}

static void fields_of_many_records_are_picked_without_a_tree(void **state)
{
    (void)state;
    vg_buf text = {0};
    enum { RECORDS = 3000 };
    vg_buf_add_c(&text, "{\"version\":[1,{\"a\":2}],\"Records\":[");
    for (int n = 0; n < RECORDS; n++)
        add_record(&text, n);
    vg_buf_add_c(&text, "],\"behind\":true}");

    vg_arena *arena = vg_arena_new(0);
    vg_json_cursor *c = open_cursor(arena, vg_buf_str(&text));
    bool more, found;
    vg_str key, name = {0}, raw;
    vg_doc tree = {0};
    vg_value last = {0};
    int n = 0;
    assert_int_equal(vg_json_cursor_document(c, &more, NULL), VG_OK);
    assert_int_equal(vg_json_cursor_enter(c, NULL), VG_OK);
    assert_int_equal(vg_json_cursor_find(c, VG_STR("Records"), &found, NULL), VG_OK);
    assert_true(found);
    assert_int_equal(vg_json_cursor_enter(c, NULL), VG_OK);
    for (; vg_json_cursor_next(c, NULL, &more, NULL) == VG_OK && more; n++) {
        char wanted[64];
        vg_place place = vg_json_cursor_place(c);
        assert_int_equal(place.line, n + 1);
        assert_int_equal(place.column, n == 0 ? 35 : 1);
        if (n % 5 == 4)
            continue; /* the whole record is skipped */
        assert_int_equal(vg_json_cursor_enter(c, NULL), VG_OK);
        while (vg_json_cursor_next(c, &key, &found, NULL) == VG_OK && found) {
            if (vg_str_is(key, "eventName"))
                assert_int_equal(vg_json_cursor_str(c, arena, &name, NULL), VG_OK);
            else if (vg_str_is(key, "esc"))
                assert_int_equal(vg_json_cursor_raw(c, &raw, NULL), VG_OK);
            else if (vg_str_is(key, "identity"))
                assert_int_equal(vg_json_cursor_tree(c, arena, &tree, NULL), VG_OK);
            else if (vg_str_is(key, "last"))
                assert_int_equal(vg_json_cursor_scalar(c, arena, &last, NULL), VG_OK);
            if (vg_str_is(key, "last") && n % 3 == 0) {
                assert_int_equal(vg_json_cursor_leave(c, NULL), VG_OK);
                break;
            }
        }
        snprintf(wanted, sizeof wanted, "Event%d", n);
        assert_true(vg_str_is(name, wanted));
        snprintf(wanted, sizeof wanted, "\"a\\/%d\"", n);
        assert_true(vg_str_is(raw, wanted));
        int64_t i = -1;
        assert_true(vg_get_i64(tree.root, "n", &i));
        assert_int_equal(i, n);
        assert_int_equal(vg_doc_place(&tree, tree.root).line, n + 1);
        assert_true(last.kind == VG_DOUBLE && last.as.f64 <= -n && last.as.f64 >= -n - 1);
    }
    assert_int_equal(n, RECORDS);
    assert_int_equal(vg_json_cursor_next(c, &key, &more, NULL), VG_OK);
    assert_true(more && vg_str_is(key, "behind"));
    assert_int_equal(vg_json_cursor_kind(c), VG_BOOL);
    assert_int_equal(vg_json_cursor_document(c, &more, NULL), VG_OK);
    assert_false(more);
    vg_arena_free(arena);
    vg_buf_free(&text);
}

static void a_key_that_is_absent_leaves_the_object(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_json_cursor *c = open_cursor(arena, VG_STR("[{\"a\":1,\"b\":2},3]"));
    bool found, more;
    vg_json_cursor_document(c, &more, NULL);
    vg_json_cursor_enter(c, NULL);
    vg_json_cursor_next(c, NULL, &more, NULL);
    vg_json_cursor_enter(c, NULL);
    assert_int_equal(vg_json_cursor_find(c, VG_STR("z"), &found, NULL), VG_OK);
    assert_false(found);
    assert_int_equal(vg_json_cursor_next(c, NULL, &more, NULL), VG_OK);
    assert_true(more);
    assert_int_equal(vg_json_cursor_kind(c), VG_NUMBER);
    vg_arena_free(arena);
}

/* One document a line, some of them bad in every way: the good ones are all read, the bad ones told and passed. */
static void bad_lines_are_passed_and_good_ones_read(void **state)
{
    (void)state;
    static const char *const bad[] = {"{\"n\":",          "{\"n\":1]", "\"open", "{\"n\":\"a\xff\"}",
                                      "{\"n\":\"\x02\"}", "]",         "nope",   "\xC3",
                                      "{\"n\":\"\\x\"}",  "{\"n\":1}}"};
    vg_buf text = {0};
    unsigned good = 0, failed = 0, expected_bad = 0;
    int64_t sum = 0, expected_sum = 0;
    for (int n = 0; n < 2000; n++) {
        bool is_bad = n % 7 == 3;
        expected_bad += is_bad;
        if (is_bad)
            vg_buf_add_c(&text, bad[(size_t)n / 7 % VG_COUNT(bad)]);
        else
            vg_buf_addf(&text, "{\"pad\":[\"%0*d\"],\"n\":%d}", n % 90, 0, n);
        vg_buf_add_c(&text, n % 2 ? "\r\n" : "\n");
        bool counts_as_read = !is_bad || (size_t)n / 7 % VG_COUNT(bad) == 9; /* its first document is good */
        expected_sum += is_bad && counts_as_read ? 1 : is_bad ? 0 : n;
    }
    vg_arena *arena = vg_arena_new(0);
    vg_json_cursor *c = open_cursor(arena, vg_buf_str(&text));
    vg_json_cursor_by_line(c);
    for (bool more = true;;) {
        vg_doc doc;
        int64_t n;
        vg_status status = vg_json_cursor_document(c, &more, NULL);
        if (status == VG_OK && !more)
            break;
        if (status == VG_OK)
            status = vg_json_cursor_tree(c, arena, &doc, NULL);
        if (status == VG_OK) {
            good++;
            sum += vg_get_i64(doc.root, "n", &n) ? n : 0;
        } else {
            failed++;
            vg_json_cursor_recover(c);
        }
    }
    assert_int_equal(failed, expected_bad);
    assert_int_equal(sum, expected_sum);
    assert_true(good >= 2000 - expected_bad);
    vg_arena_free(arena);
    vg_buf_free(&text);
}

static void a_key_is_found_whole(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_json_cursor *c = open_cursor(arena, VG_STR("{\"ab\":1,\"a\":2}"));
    bool more, found;
    vg_value value;
    assert_int_equal(vg_json_cursor_document(c, &more, NULL), VG_OK);
    assert_int_equal(vg_json_cursor_enter(c, NULL), VG_OK);
    assert_int_equal(vg_json_cursor_find(c, VG_STR("a"), &found, NULL), VG_OK);
    assert_true(found);
    assert_int_equal(vg_json_cursor_scalar(c, arena, &value, NULL), VG_OK);
    assert_int_equal(value.as.i64, 2);
    vg_arena_free(arena);
}

/* A document over several lines is one where documents go by line: wrong. */
static void a_document_ends_on_its_line(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_json_cursor *c = open_cursor(arena, VG_STR("[1,\n2]\n{\"n\":3}\n"));
    bool more;
    vg_doc doc;
    vg_error err = {0};
    vg_json_cursor_by_line(c);
    assert_int_equal(vg_json_cursor_document(c, &more, NULL), VG_OK);
    assert_int_equal(vg_json_cursor_tree(c, arena, &doc, &err), VG_ERR_SYNTAX);
    assert_string_equal(err.message, "JSON document does not end on its line");
    vg_json_cursor_recover(c); /* to "2]", and then to the good line */
    assert_int_equal(vg_json_cursor_document(c, &more, NULL), VG_OK);
    vg_json_cursor_recover(c);
    assert_int_equal(vg_json_cursor_document(c, &more, NULL), VG_OK);
    assert_int_equal(vg_json_cursor_tree(c, arena, &doc, &err), VG_OK);
    c = open_cursor(arena, VG_STR("[1,\n2]\n")); /* the same by walking into it */
    vg_json_cursor_by_line(c);
    assert_int_equal(vg_json_cursor_document(c, &more, NULL), VG_OK);
    assert_int_equal(vg_json_cursor_enter(c, NULL), VG_OK);
    assert_int_equal(vg_json_cursor_next(c, NULL, &more, NULL), VG_OK);
    assert_int_equal(vg_json_cursor_next(c, NULL, &more, &err), VG_ERR_SYNTAX);
    vg_arena_free(arena);
}

static void asking_for_what_is_not_there_changes_nothing(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_json_cursor *c = open_cursor(arena, VG_STR("{\"a\":1}"));
    vg_error err = {0};
    vg_str s;
    vg_doc doc;
    vg_value v;
    bool more;
    assert_int_equal(vg_json_cursor_enter(c, &err), VG_ERR_VALUE);
    assert_int_equal(vg_json_cursor_raw(c, &s, &err), VG_ERR_VALUE);
    assert_int_equal(vg_json_cursor_tree(c, arena, &doc, &err), VG_ERR_VALUE);
    assert_int_equal(vg_json_cursor_next(c, NULL, &more, &err), VG_ERR_VALUE);
    assert_int_equal(vg_json_cursor_document(c, &more, &err), VG_OK);
    assert_int_equal(vg_json_cursor_str(c, arena, &s, &err), VG_ERR_VALUE);
    assert_int_equal(vg_json_cursor_scalar(c, arena, &v, &err), VG_ERR_VALUE);
    assert_int_equal(vg_json_cursor_enter(c, &err), VG_OK);
    assert_int_equal(vg_json_cursor_next(c, NULL, &more, &err), VG_OK);
    assert_int_equal(vg_json_cursor_str(c, arena, &s, &err), VG_ERR_VALUE);
    assert_int_equal(err.place.column, 6);
    assert_int_equal(vg_json_cursor_scalar(c, arena, &v, &err), VG_OK);
    assert_int_equal(v.as.i64, 1);
    vg_arena_free(arena);
}

static void depth_and_size_are_limited(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_json_cursor *c;
    vg_error err = {0};
    bool more;
    vg_limits limits = {.max_depth = 2, .max_bytes = 12};
    assert_int_equal(vg_json_cursor_open(arena, VG_STR("[[[[1]]]]"), VG_STR("t"), &limits, &c, &err), VG_OK);
    vg_json_cursor_document(c, &more, NULL);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(vg_json_cursor_enter(c, &err), VG_OK);
        assert_int_equal(vg_json_cursor_next(c, NULL, &more, &err), VG_OK);
    }
    assert_int_equal(vg_json_cursor_enter(c, &err), VG_ERR_LIMIT);
    assert_int_equal(err.place.column, 3);
    assert_int_equal(vg_json_cursor_open(arena, VG_STR("[1,2,3,4,5,6]"), VG_STR("t"), &limits, &c, &err),
                     VG_ERR_LIMIT);
    vg_arena_free(arena);
}

static void a_text_cut_at_any_byte_never_walks_to_its_end(void **state)
{
    (void)state;
    vg_str whole = VG_STR("{\"Records\":[{\"a\":\"x\\n\",\"b\":[1,-2.5e1,true]},{\"c\":{\"d\":null}}]}");
    for (size_t cut = 1; cut < whole.len; cut++) {
        vg_buf told = {0};
        tell(vg_str_sub(whole, 0, cut), &told);
        if (vg_str_find(vg_buf_str(&told), VG_STR("! log.json:1:")) == VG_NPOS)
            fail_msg("cut at %zu: %.*s", cut, VG_ARG(vg_buf_str(&told)));
        vg_buf_free(&told);
    }
}

static void trail_files_give_what_the_tree_gives(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_str folder = json_data_folder(arena, "trail-invictus", "trail-invictus");
    vg_vec files = vg_vec_in(arena, sizeof(vg_dir_entry));
    assert_int_equal(vg_dir_walk(arena, folder, &files, NULL, NULL, NULL), VG_OK);
    size_t read = 0;
    for (size_t i = 0; i < files.len; i++) {
        vg_str path = ((vg_dir_entry *)vg_vec_at(&files, i))->path, text;
        if (!vg_str_ends(path, VG_STR(".json")))
            continue;
        vg_doc doc;
        vg_buf walked = {0}, tree = {0};
        assert_int_equal(vg_file_read(arena, path, 1u << 30, &text, NULL), VG_OK);
        assert_int_equal(vg_json_read(arena, text, path, NULL, &doc, NULL), VG_OK);
        vg_json_write(&tree, doc.root, 0);
        vg_buf_add_char(&tree, '\n');
        tell(text, &walked);
        assert_true(vg_str_eq(vg_buf_str(&tree), vg_buf_str(&walked)));
        read++;
        vg_buf_free(&walked);
        vg_buf_free(&tree);
    }
    print_message("trail-invictus: %zu files walked\n", read);
    assert_true(read > 0);
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_can_be_walked_and_is_checked),
        cmocka_unit_test(fields_of_many_records_are_picked_without_a_tree),
        cmocka_unit_test(a_key_that_is_absent_leaves_the_object),
        cmocka_unit_test(bad_lines_are_passed_and_good_ones_read),
        cmocka_unit_test(a_key_is_found_whole),
        cmocka_unit_test(a_document_ends_on_its_line),
        cmocka_unit_test(asking_for_what_is_not_there_changes_nothing),
        cmocka_unit_test(depth_and_size_are_limited),
        cmocka_unit_test(a_text_cut_at_any_byte_never_walks_to_its_end),
        cmocka_unit_test(trail_files_give_what_the_tree_gives),
    };
    return cmocka_run_group_tests_name("format/json_cursor", tests, NULL, NULL);
}
