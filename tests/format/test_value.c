/* The value tree: lookup, equality, places; and the builder. */
#include "json_cases.h"

static void lookup_follows_keys_and_paths(void **state)
{
    (void)state;
    json_case c = json_case_read(
        VG_STR("{\"a\":1,\"p\":{\"s\":\"x\",\"l\":[10,{\"k\":true},[]],\"\":5},\"a\":2,\"n\":null,"
               "\"empty\":\"\",\"big\":18446744073709551615,\"0\":\"zero\"}"),
        NULL, VG_JSON_AUTO);
    static const struct {
        const char *path, *told; /* NULL: absent */
    } rows[] = {
        {"a", "2"},      {"p/s", "\"x\""},  {"p/l/0", "10"},  {"p/l/1/k", "true"},
        {"p/l/2", "[]"}, {"p/l/3", NULL},   {"p/l/-1", NULL}, {"p/l/x", NULL},
        {"p/x", NULL},   {"x/y/z", NULL},   {"a/b", NULL},    {"n", "null"},
        {"p/", "5"},     {"0", "\"zero\""}, {"p/l/00", "10"}, {"p/l/99999999999999999999", NULL},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        const vg_value *v = vg_get_path(c.doc.root, rows[i].path);
        vg_buf told = {0};
        if (v)
            vg_json_write(&told, v, 0);
        if (rows[i].told ? !v || !vg_str_is(vg_buf_str(&told), rows[i].told) : v != NULL)
            fail_msg("%s: got %.*s, expected %s", rows[i].path, VG_ARG(vg_buf_str(&told)),
                     rows[i].told ? rows[i].told : "nothing");
        vg_buf_free(&told);
    }
    int64_t n = 7;
    assert_ptr_equal(vg_get_path(c.doc.root, ""), c.doc.root);
    assert_null(vg_get(NULL, VG_STR("a")));
    assert_null(vg_get(vg_get(c.doc.root, VG_STR("a")), VG_STR("a")));
    assert_null(vg_get_path(NULL, "a"));
    assert_null(vg_value_item(NULL, 0));
    assert_true(vg_get_str(c.doc.root, "empty").ptr && vg_get_str(c.doc.root, "empty").len == 0);
    assert_null(vg_get_str(c.doc.root, "a").ptr);
    assert_null(vg_get_str(c.doc.root, "none").ptr);
    assert_true(vg_get_bool(c.doc.root, "p/l/1/k", false));
    assert_true(vg_get_bool(c.doc.root, "p/s", true));
    assert_false(vg_get_bool(c.doc.root, "none", false));
    assert_false(vg_get_bool(c.doc.root, "a", false)); /* a number is no truth */
    assert_true(vg_get_i64(c.doc.root, "a", &n) && n == 2);
    assert_false(vg_get_i64(c.doc.root, "big", &n));
    assert_false(vg_get_i64(c.doc.root, "p", &n));
    assert_int_equal(n, 2);
    assert_false(vg_items_next(&(vg_items){0}));
    vg_items none = vg_items_of(NULL);
    assert_false(vg_items_next(&none));
    json_case_free(&c);
}

static void equality_is_by_value(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool equal;
    } rows[] = {
        {"1", "1.0", true},
        {"1", "1.5", false},
        {"0", "-0.0", true},
        {"1", "\"1\"", false},
        {"1", "true", false},
        {"null", "false", false},
        {"true", "true", true},
        {"true", "false", false},
        {"9007199254740993", "9007199254740992.0", false},
        {"9223372036854775807", "9223372036854775807.0", false},
        {"9223372036854775808", "9223372036854775808.0", true},
        {"9223372036854775808", "-9223372036854775808", false},
        {"18446744073709551615", "18446744073709551616.0", false},
        {"18446744073709551616", "18446744073709551616.0", true},
        {"18446744073709551616", "18446744073709551617", false},
        {"18446744073709551616", "1.5", false},
        {"-18446744073709551616", "18446744073709551616", false},
        {"1e400", "10e399", true},
        {"1e400", "0.01e402", true},
        {"1.50e400", "15e399", true},
        {"1e400", "-1e400", false},
        {"1e400", "1e401", false},
        {"123e400", "124e400", false},
        {"100000000000000000000", "1e20", true},
        {"100000000000000000001", "1e20", false},
        {"\"a\"", "\"\\u0061\"", true},
        {"\"a\"", "\"b\"", false},
        {"[1,2]", "[1,2]", true},
        {"[1,2]", "[2,1]", false},
        {"[1,2]", "[1]", false},
        {"[]", "{}", false},
        {"{\"a\":1,\"b\":[{}]}", "{\"b\":[{}],\"a\":1.0}", true},
        {"{\"a\":1}", "{\"a\":1,\"b\":1}", false},
        {"{\"a\":1}", "{\"b\":1}", false},
        {"{\"a\":1,\"a\":2}", "{\"a\":2}", true},
        {"{\"a\":1,\"a\":2}", "{\"a\":1}", false},
        {"{\"a\":{\"b\":{\"c\":1}}}", "{\"a\":{\"b\":{\"c\":2}}}", false},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        json_case a = json_case_read(vg_str_from(rows[i].a), NULL, VG_JSON_AUTO);
        json_case b = json_case_read(vg_str_from(rows[i].b), NULL, VG_JSON_AUTO);
        if (vg_value_equal(a.doc.root, b.doc.root) != rows[i].equal ||
            vg_value_equal(b.doc.root, a.doc.root) != rows[i].equal)
            fail_msg("%s and %s: expected %s", rows[i].a, rows[i].b, rows[i].equal ? "equal" : "different");
        json_case_free(&a);
        json_case_free(&b);
    }
    json_case a = json_case_read(VG_STR("1"), NULL, VG_JSON_AUTO);
    assert_false(vg_value_equal(a.doc.root, NULL));
    assert_true(vg_value_equal(NULL, NULL));
    json_case_free(&a);
}

static void a_large_reordered_object_compares_in_time(void **state)
{
    (void)state;
    enum { KEYS = 50000 };
    vg_buf forth = {0}, back = {0};
    for (int i = 0; i < KEYS; i++) {
        vg_buf_addf(&forth, "%c\"k%d\":%d", i ? ',' : '{', i, i);
        vg_buf_addf(&back, "%c\"k%d\":%d", i ? ',' : '{', KEYS - 1 - i, KEYS - 1 - i);
    }
    vg_buf_add_char(&forth, '}');
    vg_buf_add_char(&back, '}');
    json_case a = json_case_read(vg_buf_str(&forth), NULL, VG_JSON_AUTO);
    json_case b = json_case_read(vg_buf_str(&back), NULL, VG_JSON_AUTO);
    assert_true(vg_value_equal(a.doc.root, b.doc.root));
    json_case_free(&a);
    json_case_free(&b);
    vg_buf_free(&forth);
    vg_buf_free(&back);
}

static void places_come_from_offsets_or_from_the_reader(void **state)
{
    (void)state;
    static const vg_line_column given[] = {{3, 4}, {70, 2}};
    vg_value v = {.kind = VG_NULL, .position = 1};
    vg_doc with_positions = {.name = VG_STR("a.yaml"), .positions = given};
    vg_place place = vg_doc_place(&with_positions, &v);
    assert_true(place.line == 70 && place.column == 2 && vg_str_is(place.file, "a.yaml"));
    vg_doc without_source = {.name = VG_STR("built")};
    place = vg_doc_place(&without_source, &v);
    assert_true(place.line == 0 && place.column == 0);
    vg_doc offsets = {.name = VG_STR("x"), .source = VG_STR("\xEF\xBB\xBF{\n\r\n 1")};
    v.position = 3;
    place = vg_doc_place(&offsets, &v);
    assert_true(place.line == 1 && place.column == 1);
    v.position = 8;
    place = vg_doc_place(&offsets, &v);
    assert_true(place.line == 3 && place.column == 2);
}

/* ---- the builder --------------------------------------------------------------------------------------------------------- */

static void a_tree_can_be_built_from_code(void **state)
{
    (void)state;
    json_case part = json_case_read(VG_STR("{\"x\":[1,\"y\"]}"), NULL, VG_JSON_AUTO);
    vg_arena *arena = vg_arena_new(0);
    vg_builder *b = vg_builder_new(arena);
    char changing[] = "copied";
    vg_builder_position(b, 9);
    vg_builder_object(b);
    vg_builder_put_str(b, "s", VG_STR("text"));
    vg_builder_put_i64(b, "i", -3);
    vg_builder_put_bool(b, "t", true);
    vg_builder_put_value(b, "part", part.doc.root);
    vg_builder_put_value(b, "none", NULL);
    vg_builder_key(b, VG_STR("list"));
    vg_builder_array(b);
    vg_builder_f64(b, 2.5);
    vg_builder_bool(b, false);
    vg_builder_null(b);
    vg_builder_copy(b, vg_str_from(changing));
    vg_builder_string(b, (vg_str){0});
    vg_builder_object(b);
    vg_builder_end(b);
    vg_builder_i64(b, 1);
    vg_builder_end(b);
    vg_builder_end(b);
    changing[0] = '#';
    const vg_value *root = NULL;
    size_t count = 0;
    vg_error err = {0};
    assert_int_equal(vg_builder_finish(b, &root, &count, &err), VG_OK);
    vg_buf out = {0};
    vg_json_write(&out, root, 0);
    vg_buf_add_char(&out, 0);
    assert_string_equal(out.ptr,
                        "{\"s\":\"text\",\"i\":-3,\"t\":true,\"part\":{\"x\":[1,\"y\"]},\"none\":null,"
                        "\"list\":[2.5,false,null,\"copied\",\"\",{},1]}");
    assert_int_equal(count, root->as.container.span);
    assert_int_equal(vg_value_count(root), 6);
    assert_int_equal(root->position, 9);
    assert_int_equal(vg_get_path(root, "part/x/1")->position, 8); /* its own, kept */
    assert_ptr_not_equal(vg_get_str(root, "list/4").ptr, NULL);
    vg_buf_free(&out);
    vg_arena_free(arena);
    json_case_free(&part);
}

static void misuse_of_a_builder_is_told_at_the_end(void **state)
{
    (void)state;
    static const struct {
        const char *calls; /* { [ } k v */
        const char *message;
    } rows[] = {
        {"", "a built document is empty or has a container that does not end"},
        {"{", "a built document is empty or has a container that does not end"},
        {"[v[v}", "a built document is empty or has a container that does not end"},
        {"}", "a built container ends without a start, or behind a key without a value"},
        {"{k}", "a built container ends without a start, or behind a key without a value"},
        {"{v}", "a value was built into an object without a key"},
        {"{kkv}", "a key was built outside an object, or behind another key"},
        {"[k", "a key was built outside an object, or behind another key"},
        {"k", "a key was built outside an object, or behind another key"},
        {"vv", "a built document has two roots"},
        {"{}{}", "a built document has two roots"},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_builder *b = vg_builder_new(arena);
        vg_error err = {0};
        const vg_value *root;
        for (const char *call = rows[i].calls; *call; call++)
            switch (*call) {
            case '{':
                vg_builder_object(b);
                break;
            case '[':
                vg_builder_array(b);
                break;
            case '}':
                vg_builder_end(b);
                break;
            case 'k':
                vg_builder_key(b, VG_STR("k"));
                break;
            default:
                vg_builder_i64(b, 1);
            }
        if (vg_builder_finish(b, &root, NULL, &err) != VG_ERR_INTERNAL ||
            strcmp(err.message, rows[i].message) != 0)
            fail_msg("%s: %s; expected %s", rows[i].calls, err.message, rows[i].message);
        vg_arena_free(arena);
    }
}

static void a_builder_out_of_memory_says_so(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(512);
    vg_builder *b = vg_builder_new(arena);
    const vg_value *root;
    vg_builder_array(b);
    for (int i = 0; i < 1000; i++)
        vg_builder_i64(b, i);
    vg_builder_copy(b, VG_STR("x"));
    vg_builder_end(b);
    assert_int_equal(vg_builder_finish(b, &root, NULL, NULL), VG_ERR_MEMORY);
    assert_int_equal(vg_builder_finish(NULL, &root, NULL, NULL), VG_ERR_MEMORY);
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lookup_follows_keys_and_paths),
        cmocka_unit_test(equality_is_by_value),
        cmocka_unit_test(a_large_reordered_object_compares_in_time),
        cmocka_unit_test(places_come_from_offsets_or_from_the_reader),
        cmocka_unit_test(a_tree_can_be_built_from_code),
        cmocka_unit_test(misuse_of_a_builder_is_told_at_the_end),
        cmocka_unit_test(a_builder_out_of_memory_says_so),
    };
    return cmocka_run_group_tests_name("format/value", tests, NULL, NULL);
}
