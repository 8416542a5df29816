/* YAML into the value tree: types, short forms of CloudFormation, anchors and merges, places, limits and bad input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "format/format.h"

#include <time.h>

/* The tree in one line, each kind told apart: "text", 1, 1u, 1.5f, #digits, true, null. */
static void show(vg_buf *out, const vg_value *v)
{
    const char *separator = "";
    switch (vg_kind_of(v)) {
    case VG_NULL:
        vg_buf_add_c(out, "null");
        break;
    case VG_BOOL:
        vg_buf_add_c(out, v->as.boolean ? "true" : "false");
        break;
    case VG_INT:
        vg_buf_addf(out, "%lld", (long long)v->as.i64);
        break;
    case VG_UINT:
        vg_buf_addf(out, "%lluu", (unsigned long long)v->as.u64);
        break;
    case VG_DOUBLE:
        vg_buf_addf(out, "%.17gf", v->as.f64);
        break;
    case VG_NUMBER:
        vg_buf_addf(out, "#%.*s", VG_ARG(vg_value_str(v)));
        break;
    case VG_STRING:
        vg_buf_addf(out, "\"%.*s\"", VG_ARG(vg_value_str(v)));
        break;
    case VG_ARRAY:
    case VG_OBJECT:
        vg_buf_add_char(out, v->kind == VG_ARRAY ? '[' : '{');
        for (vg_items it = vg_items_of(v); vg_items_next(&it); separator = ",") {
            vg_buf_add_c(out, separator);
            if (it.key_node)
                vg_buf_addf(out, "%.*s:", VG_ARG(it.key));
            show(out, it.value);
        }
        vg_buf_add_char(out, v->kind == VG_ARRAY ? ']' : '}');
        break;
    }
}

/* Counts and spans agree with the nodes that are there. */
static void assert_well_built(const vg_doc *doc)
{
    for (size_t i = 0; i < doc->node_count; i++) {
        const vg_value *v = doc->root + i;
        if (!vg_value_is_container(v))
            continue;
        uint32_t count = 0;
        vg_items it = vg_items_of(v);
        while (vg_items_next(&it))
            count++;
        assert_int_equal(count, v->as.container.count);
        assert_ptr_equal(it.next, it.end);
        assert_true(i + v->as.container.span <= doc->node_count);
    }
    assert_int_equal(doc->node_count, vg_value_after(doc->root) - doc->root);
}

static void read_as(vg_str yaml, const char *expected)
{
    vg_arena *arena = vg_arena_new(0);
    vg_doc doc = {0};
    vg_error err = {0};
    vg_buf shown = {0};
    vg_status status = vg_yaml_read(arena, yaml, VG_STR("t.yml"), NULL, &doc, &err);
    if (status == VG_OK) {
        assert_well_built(&doc);
        show(&shown, doc.root);
    } else {
        char text[900];
        vg_error_format(&err, text, sizeof text);
        vg_buf_addf(&shown, "%s: %s", vg_status_name(status), text);
    }
    vg_buf_add_char(&shown, '\0');
    if (strcmp(shown.ptr, expected) != 0)
        fail_msg("\n%.*s\n  gave     %s\n  expected %s", VG_ARG(yaml), shown.ptr, expected);
    vg_buf_free(&shown);
    vg_arena_free(arena);
}

typedef struct {
    const char *yaml, *expected;
} reading;

static void check(const reading *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        read_as(vg_str_from(cases[i].yaml), cases[i].expected);
}

static void plain_scalars_are_typed_by_the_core_schema(void **state)
{
    (void)state;
    static const reading CASES[] = {
        {"[true, True, TRUE, false, False, FALSE]", "[true,true,true,false,false,false]"},
        {"[null, Null, NULL, ~, ]", "[null,null,null,null]"},
        {"a:\nb:", "{a:null,b:null}"},
        {"[yes, no, on, off, y, n, tRUE]", "[\"yes\",\"no\",\"on\",\"off\",\"y\",\"n\",\"tRUE\"]"},
        {"[0, -0, 1, -1, +7, 9223372036854775807]", "[0,0,1,-1,7,9223372036854775807]"},
        {"[-9223372036854775808, 9223372036854775808]", "[-9223372036854775808,9223372036854775808u]"},
        {"18446744073709551615", "18446744073709551615u"},
        {"[18446744073709551616, -9223372036854775809]", "[#18446744073709551616,#-9223372036854775809]"},
        {"+18446744073709551616", "#18446744073709551616"},
        {"[0x1F, 0o17, 0xFFFFFFFFFFFFFFFF]", "[31,15,18446744073709551615u]"},
        {"[0x, 0o8, 0xG, 0x10000000000000000]", "[\"0x\",\"0o8\",\"0xG\",\"0x10000000000000000\"]"},
        {"[012345678901, 007, 00, -01]", "[\"012345678901\",\"007\",\"00\",\"-01\"]"},
        {"[1.5, -1.5, +.5, 1., 1e3, 1E-2, 1.e+2]", "[1.5f,-1.5f,0.5f,1f,1000f,0.01f,100f]"},
        {"[01.5, 1.5.6, ., -, +, e5, 1e, 1e+, +-1, --1]",
         "[\"01.5\",\"1.5.6\",\".\",\"-\",\"+\",\"e5\",\"1e\",\"1e+\",\"+-1\",\"--1\"]"},
        {"[.inf, -.inf, .nan, inf, NaN]", "[\".inf\",\"-.inf\",\".nan\",\"inf\",\"NaN\"]"},
        {"[1e999, -1e999, .1e999]", "[#1e999,#-1e999,\".1e999\"]"},
        {"[1_000, 12:30:45, 2012-10-17, 2012-10-17T10:00:00Z, 10.0.0.0/8]",
         "[\"1_000\",\"12:30:45\",\"2012-10-17\",\"2012-10-17T10:00:00Z\",\"10.0.0.0/8\"]"},
        {"[\"true\", 'null', \"1\", '']", "[\"true\",\"null\",\"1\",\"\"]"},
        {"a: |\n  12\nb: >\n  true\n  x\n", "{a:\"12\n\",b:\"true x\n\"}"},
        {"\"a\\u00e9\\n\\x41\\\"\"", "\"a\xc3\xa9\nA\"\""},
    };
    check(CASES, VG_COUNT(CASES));
}

static void core_tags_decide_the_type(void **state)
{
    (void)state;
    static const reading CASES[] = {
        {"[!!str 1, !!str true, !!str , ! 12]", "[\"1\",\"true\",\"\",\"12\"]"},
        {"[!!int \"12\", !!int 0x10]", "[12,16]"},
        {"[!!float 3, !!float \"3.5\"]", "[3f,3.5f]"},
        {"[!!bool \"false\", !!bool yes, !!bool Off]", "[false,true,false]"},
        {"[!!null x, !!null '']", "[null,null]"},
        {"!!map {a: !!seq [1]}", "{a:[1]}"},
        {"!<tag:yaml.org,2002:str> 5", "\"5\""},
        {"%TAG ! tag:yaml.org,2002:\n---\n!int '5'", "5"},
        {"[!!binary aGVsbG8=, !!timestamp 2012-10-17]", "[\"aGVsbG8=\",\"2012-10-17\"]"},
        {"!!set {a, b}", "{a:null,b:null}"},
        {"[!Unknown 5, !Unknown {a: 1}, !e!x [1]]",
         "syntax: t.yml:1:31: YAML: found undefined tag handle while parsing a node from line 1 on"},
        {"[!Unknown 5, !Unknown {a: 1}, !Unknown [1]]", "[\"5\",{a:1},[1]]"},
        {"a: !!int x", "value: t.yml:1:4: 'x' is not a value of its tag !!int"},
        {"a: !!int 1.5", "value: t.yml:1:4: '1.5' is not a value of its tag !!int"},
        {"a: !!float x", "value: t.yml:1:4: 'x' is not a value of its tag !!float"},
        {"a: !!bool 2", "value: t.yml:1:4: '2' is not a value of its tag !!bool"},
    };
    check(CASES, VG_COUNT(CASES));
}

static void short_forms_become_intrinsic_functions(void **state)
{
    (void)state;
    static const reading CASES[] = {
        {"!Ref Bucket", "{Ref:\"Bucket\"}"},
        {"!Condition IsProd", "{Condition:\"IsProd\"}"},
        {"!GetAtt A.Arn", "{Fn::GetAtt:[\"A\",\"Arn\"]}"},
        {"!GetAtt A.Outputs.Arn", "{Fn::GetAtt:[\"A\",\"Outputs.Arn\"]}"},
        {"!GetAtt A", "{Fn::GetAtt:\"A\"}"},
        {"!GetAtt [A, Arn]", "{Fn::GetAtt:[\"A\",\"Arn\"]}"},
        {"!Sub 5", "{Fn::Sub:\"5\"}"},
        {"!Sub ['${a}', {a: !Ref B}]", "{Fn::Sub:[\"${a}\",{a:{Ref:\"B\"}}]}"},
        {"!Sub |\n  a ${B}\n", "{Fn::Sub:\"a ${B}\n\"}"},
        {"!Join ['', [a, !Ref B]]", "{Fn::Join:[\"\",[\"a\",{Ref:\"B\"}]]}"},
        {"!If [C, 1, !Ref AWS::NoValue]", "{Fn::If:[\"C\",1,{Ref:\"AWS::NoValue\"}]}"},
        {"!Select [0, !GetAZs '']", "{Fn::Select:[0,{Fn::GetAZs:\"\"}]}"},
        {"!GetAZs {Ref: AWS::Region}", "{Fn::GetAZs:{Ref:\"AWS::Region\"}}"},
        {"!Split [',', a]", "{Fn::Split:[\",\",\"a\"]}"},
        {"!FindInMap [A, B, C]", "{Fn::FindInMap:[\"A\",\"B\",\"C\"]}"},
        {"!Base64 x", "{Fn::Base64:\"x\"}"},
        {"!Base64 {'Fn::Sub': x}", "{Fn::Base64:{Fn::Sub:\"x\"}}"},
        {"!Cidr [a, 6, 8]", "{Fn::Cidr:[\"a\",6,8]}"},
        {"!ImportValue x", "{Fn::ImportValue:\"x\"}"},
        {"!ImportValue\n  Fn::Sub: x\n", "{Fn::ImportValue:{Fn::Sub:\"x\"}}"},
        {"!Equals [a, b]", "{Fn::Equals:[\"a\",\"b\"]}"},
        {"!Not [!Condition c]", "{Fn::Not:[{Condition:\"c\"}]}"},
        {"!And [!Condition c, !Or [!Condition d]]",
         "{Fn::And:[{Condition:\"c\"},{Fn::Or:[{Condition:\"d\"}]}]}"},
        {"!Transform {Name: AWS::Include, Parameters: {Location: x}}",
         "{Fn::Transform:{Name:\"AWS::Include\",Parameters:{Location:\"x\"}}}"},
        {"!ToJsonString {a: 1}", "{Fn::ToJsonString:{a:1}}"},
        {"!Length [1, 2]", "{Fn::Length:[1,2]}"},
        {"!ForEach [a, [b], {c: d}]", "{Fn::ForEach:[\"a\",[\"b\"],{c:\"d\"}]}"},
        {"!GetStackOutput {StackName: s, OutputName: o}",
         "{Fn::GetStackOutput:{StackName:\"s\",OutputName:\"o\"}}"},
        {"[!Contains [a], !EachMemberEquals [b], !EachMemberIn [c], !RefAll d, !ValueOf [e], !ValueOfAll "
         "[f]]",
         "[{Fn::Contains:[\"a\"]},{Fn::EachMemberEquals:[\"b\"]},{Fn::EachMemberIn:[\"c\"]},{Fn::RefAll:"
         "\"d\"},"
         "{Fn::ValueOf:[\"e\"]},{Fn::ValueOfAll:[\"f\"]}]"},
        {"!Implies [a, b]", "{Fn::Implies:[\"a\",\"b\"]}"},
        {"!Ref ''", "{Ref:\"\"}"},
        {"!Join []", "{Fn::Join:[]}"},
        {"!ref x", "\"x\""},
        {"{!Ref k: v}", "{k:\"v\"}"},
        {"Fn::ForEach::Topics: [a]", "{Fn::ForEach::Topics:[\"a\"]}"},
    };
    check(CASES, VG_COUNT(CASES));
}

static void aliases_copy_what_their_anchor_stands_before(void **state)
{
    (void)state;
    static const reading CASES[] = {
        {"a: &x {k: [1, 2]}\nb: *x\nc: [*x, *x]\n", "{a:{k:[1,2]},b:{k:[1,2]},c:[{k:[1,2]},{k:[1,2]}]}"},
        {"[&a 1, &a 2, *a]", "[1,2,2]"},
        {"[&a !Ref X, *a]", "[{Ref:\"X\"},{Ref:\"X\"}]"},
        {"[&a !Join [x], *a]", "[{Fn::Join:[\"x\"]},{Fn::Join:[\"x\"]}]"},
        {"&k key: v\nother: *k\n", "{key:\"v\",other:\"key\"}"},
        {"a: &k 5\n*k : v\n", "{a:5,5:\"v\"}"},
        {"[&a [&b [1], *b], *a]", "[[[1],[1]],[[1],[1]]]"},
        {"[&a [], *a]", "[[],[]]"},
        {"[*nobody]", "value: t.yml:1:2: no anchor &nobody before this alias"},
        {"&a [*a]", "value: t.yml:1:5: *a stands inside its own anchor"},
        {"&a {k: [*a]}", "value: t.yml:1:9: *a stands inside its own anchor"},
        {"- &a [1]\n- {*a : 1}\n",
         "unsupported: t.yml:2:4: *a is a mapping or sequence, which cannot be a key"},
    };
    check(CASES, VG_COUNT(CASES));
}

static void merge_keys_give_way_to_a_mappings_own_keys(void **state)
{
    (void)state;
    static const reading CASES[] = {
        {"base: &b {x: 1, y: 2}\nthis: {<<: *b, y: 3, z: 4}\n", "{base:{x:1,y:2},this:{y:3,z:4,x:1}}"},
        {"[&b {x: 1}, {x: 2, <<: *b}, {<<: *b, x: 3}, {<<: *b}]", "[{x:1},{x:2},{x:3},{x:1}]"},
        {"[&a {x: 1, p: 1}, &b {x: 2, q: 2}, {<<: [*a, *b]}, {<<: [*b, *a]}]",
         "[{x:1,p:1},{x:2,q:2},{x:1,p:1,q:2},{x:2,q:2,p:1}]"},
        {"{<<: {x: 1}, <<: {x: 2, y: 2}}", "{x:1,y:2}"},
        {"[&a {x: 1}, &b {<<: *a, y: 2}, {<<: *b}]", "[{x:1},{y:2,x:1},{y:2,x:1}]"},
        {"{<<: {a: {<<: {b: 1}, c: 2}}}", "{a:{c:2,b:1}}"},
        {"{<<: &m {x: &n [1]}, p: *m, q: *n}", "{p:{x:[1]},q:[1],x:[1]}"},
        {"{a: &o 1, <<: {p: &i 2, <<: {q: &j [3]}}, l: [*o, *i, *j]}", "{a:1,l:[1,2,[3]],p:2,q:[3]}"},
        {"{<<: [{x: &e 5}], y: *e}", "{y:5,x:5}"},
        {"{<<: [], a: 1}", "{a:1}"},
        {"{'<<': {x: 1}}", "{<<:{x:1}}"},
        {"{!!merge z: {x: 1}}", "{x:1}"},
        {"{<<: 5}", "value: t.yml:1:6: the merge key << needs a mapping or a list of mappings; quote it if "
                    "it is a name"},
        {"{<<: [{a: 1}, 5]}", "value: t.yml:1:16: the merge key << needs a mapping or a list of mappings; "
                              "quote it if it is a name"},
    };
    check(CASES, VG_COUNT(CASES));
}

static void keys_become_text(void **state)
{
    (void)state;
    static const reading CASES[] = {
        {"{1: a, true: b, 2012-10-17: c, 1.50: d, ~: e}",
         "{1:\"a\",true:\"b\",2012-10-17:\"c\",1.50:\"d\",~:\"e\"}"},
        {"? a\n? b\n: 1\n", "{a:null,b:1}"},
        {"{a: 1, a: 2, b: 3}", "{a:1,a:2,b:3}"},
        {"{[1]: 2}",
         "unsupported: t.yml:1:2: a sequence cannot be the key of a mapping; quote it if it is text"},
        {"x: {{ name }}",
         "unsupported: t.yml:1:5: a mapping cannot be the key of a mapping; quote it if it is text"},
    };
    check(CASES, VG_COUNT(CASES));
}

static void encodings_and_empty_documents(void **state)
{
    (void)state;
    static const struct {
        vg_str yaml;
        const char *expected;
    } CASES[] = {
        {VG_STR_INIT(""), "null"},
        {VG_STR_INIT("\n# only a comment\n"), "null"},
        {VG_STR_INIT("---\n...\n"), "null"},
        {VG_STR_INIT("---\n"), "null"},
        {VG_STR_INIT("\xEF\xBB\xBF"
                     "a: 1\n"),
         "{a:1}"},
        {VG_STR_INIT("\xFF\xFE"
                     "a\0:\0 \0\xe9\0"),
         "{a:\"\xc3\xa9\"}"},
        {VG_STR_INIT("\xFE\xFF"
                     "\0a\0:\0 \0\xe9"),
         "{a:\"\xc3\xa9\"}"},
        {VG_STR_INIT("\xFF\xFE"
                     "a\0:\0 \0\xe9"),
         "syntax: t.yml: UTF-16 with an odd number of bytes: the file is cut off"},
        {VG_STR_INIT("a: 1\nb: \xff\n"), "syntax: t.yml:2:4: not UTF-8; save the file as UTF-8"},
        {VG_STR_INIT("a: 1\nb: \0\n"), "syntax: t.yml:2:4: YAML: control characters are not allowed"},
        {VG_STR_INIT("a: 1\r\nb: 2\r\n"), "{a:1,b:2}"},
        {VG_STR_INIT("a: 1\n---\nb: ["), "{a:1}"},
    };
    for (size_t i = 0; i < VG_COUNT(CASES); i++)
        read_as(CASES[i].yaml, CASES[i].expected);
}

static void bad_input_is_told_with_its_place(void **state)
{
    (void)state;
    static const reading CASES[] = {
        {"a:\n\tb: 1\n",
         "syntax: t.yml:2:1: YAML: found character that cannot start any token while scanning for the "
         "next token from line 2 on; indent with spaces, not tabs"},
        {"a: @b\n",
         "syntax: t.yml:1:4: YAML: found character that cannot start any token while scanning for the next "
         "token from line 1 on; quote text that begins with this character"},
        {"a: \"b\nc: 1\n",
         "syntax: t.yml:3:1: YAML: found unexpected end of stream while scanning a quoted scalar from "
         "line 1 on; is the file cut off?"},
        {"a: [1, 2\nb: 3\n",
         "syntax: t.yml:2:2: YAML: did not find expected ',' or ']' while parsing a flow sequence "
         "from line 1 on"},
        {"a: 1\n b: 2\n", "syntax: t.yml:2:3: YAML: mapping values are not allowed in this context"},
        {"a: 1\n- b\n",
         "syntax: t.yml:2:1: YAML: did not find expected key while parsing a block mapping from line 1 "
         "on"},
        {"{a: 1",
         "syntax: t.yml:1:6: YAML: did not find expected ',' or '}' while parsing a flow mapping from line 1 "
         "on; is the file cut off?"},
        {"%YAML 9.0\n---\na", "syntax: t.yml:1:1: YAML: found incompatible YAML document"},
    };
    check(CASES, VG_COUNT(CASES));
}

static void every_value_knows_its_line_and_byte_column(void **state)
{
    (void)state;
    static const char YAML[] = "Resources:\n"
                               "  B:\n"
                               "    Name: !Sub x\n"
                               "    \xc3\xa9\xe2\x82\xac: [\xf0\x9f\x94\x92, 1]\n"
                               "    L: !Join\n"
                               "      - a\n";
    static const vg_line_column EXPECTED[] = {
        {1, 1}, {1, 1},                             /* root, Resources */
        {2, 3}, {2, 3},                             /* its mapping, B */
        {3, 5}, {3, 5},  {3, 11}, {3, 11}, {3, 11}, /* mapping, Name, {, Fn::Sub, x */
        {4, 5}, {4, 12}, {4, 13}, {4, 19},          /* key of 5 bytes, [, lock of 4 bytes, 1 */
        {5, 5}, {5, 8},  {5, 8},  {5, 8},  {6, 9},  /* L, {, Fn::Join, [, a */
    };
    vg_arena *arena = vg_arena_new(0);
    vg_doc doc;
    assert_int_equal(vg_yaml_read(arena, vg_str_from(YAML), VG_STR("t"), NULL, &doc, NULL), VG_OK);
    assert_int_equal(doc.node_count, VG_COUNT(EXPECTED));
    for (size_t i = 0; i < doc.node_count; i++) {
        vg_line_column at = doc.positions[doc.root[i].position];
        if (at.line != EXPECTED[i].line || at.column != EXPECTED[i].column)
            fail_msg("node %zu: %u:%u, expected %u:%u", i, at.line, at.column, EXPECTED[i].line,
                     EXPECTED[i].column);
    }
    vg_arena_free(arena);
}

static void all_documents_of_a_stream_are_read(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_vec docs = vg_vec_in(arena, sizeof(vg_doc));
    vg_error err = {0};
    vg_str yaml = VG_STR("a: &x 1\n---\n- 2\n---\n...\n---\nb: 3\n");
    assert_int_equal(vg_yaml_read_all(arena, yaml, VG_STR("t"), NULL, &docs, &err), VG_OK);
    static const char *const EXPECTED[] = {"{a:1}", "[2]", "null", "{b:3}"};
    assert_int_equal(docs.len, VG_COUNT(EXPECTED));
    for (size_t i = 0; i < docs.len; i++) {
        const vg_doc *doc = vg_vec_at(&docs, i);
        vg_buf shown = {0};
        show(&shown, doc->root);
        vg_buf_add_char(&shown, '\0');
        assert_string_equal(shown.ptr, EXPECTED[i]);
        vg_buf_free(&shown);
    }
    vg_vec none = vg_vec_in(arena, sizeof(vg_doc));
    assert_int_equal(vg_yaml_read_all(arena, VG_STR("# nothing\n"), VG_STR("t"), NULL, &none, &err), VG_OK);
    assert_int_equal(none.len, 0);
    vg_str other = VG_STR("a: &x 1\n---\nb: *x\n"); /* anchors end with their document */
    assert_int_equal(vg_yaml_read_all(arena, other, VG_STR("t"), NULL, &none, &err), VG_ERR_VALUE);
    assert_int_equal(none.len, 1);
    vg_limits few = {.max_nodes = 8}; /* enough for each, not for all */
    assert_int_equal(vg_yaml_read_all(arena, yaml, VG_STR("t"), &few, &none, &err), VG_ERR_LIMIT);
    vg_arena_free(arena);
}

/* `opens` of "[" around a 1. */
static vg_status read_nested(unsigned opens, const char *inner, unsigned max_depth)
{
    vg_arena *arena = vg_arena_new(0);
    vg_buf yaml = {0};
    for (unsigned i = 0; i < opens; i++)
        vg_buf_add_char(&yaml, '[');
    vg_buf_add_c(&yaml, inner);
    for (unsigned i = 0; i < opens; i++)
        vg_buf_add_char(&yaml, ']');
    vg_doc doc;
    vg_limits limits = {.max_depth = max_depth};
    vg_status status = vg_yaml_read(arena, vg_buf_str(&yaml), VG_STR("t"), &limits, &doc, NULL);
    vg_buf_free(&yaml);
    vg_arena_free(arena);
    return status;
}

static void depth_is_bounded_and_short_forms_count(void **state)
{
    (void)state;
    static const struct {
        unsigned opens;
        const char *inner;
        unsigned max_depth;
        vg_status expected;
    } CASES[] = {
        {512, "1", 0, VG_OK},
        {513, "1", 0, VG_ERR_LIMIT},
        {100000, "1", 0, VG_ERR_LIMIT},
        {4, "1", 4, VG_OK},
        {5, "1", 4, VG_ERR_LIMIT},
        {3, "!Ref x", 4, VG_OK},
        {4, "!Ref x", 4, VG_ERR_LIMIT},
        {2, "!GetAtt a.b", 4, VG_OK},
        {3, "!GetAtt a.b", 4, VG_ERR_LIMIT},
        {2, "!Join []", 4, VG_OK},
        {3, "!Join []", 4, VG_ERR_LIMIT},
        {1, "&a [[1]], [*a]", 4, VG_OK},
        {1, "&a [[1]], [[*a]]", 4, VG_ERR_LIMIT},
        {1, "&a [[!Ref x]], [*a]", 4, VG_ERR_LIMIT},
    };
    for (size_t i = 0; i < VG_COUNT(CASES); i++) {
        vg_status status = read_nested(CASES[i].opens, CASES[i].inner, CASES[i].max_depth);
        if (status != CASES[i].expected)
            fail_msg("%u x [ %s, depth %u: %s, expected %s", CASES[i].opens, CASES[i].inner,
                     CASES[i].max_depth, vg_status_name(status), vg_status_name(CASES[i].expected));
    }
}

/* Of our own work, whatever else the machine does meanwhile. */
static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Each bomb ends in an error, soon. */
static void bombs_are_refused_in_bounded_time(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_buf laughs = {0}, merges = {0}, kept = {0}, copies = {0};
    vg_buf_add_c(&laughs, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 30; i++) {
        vg_buf_addf(&laughs, "a%d: &a%d [", i, i);
        for (int k = 0; k < 10; k++)
            vg_buf_addf(&laughs, "*a%d,", i - 1);
        vg_buf_add_c(&laughs, "]\n");
    }
    vg_buf_add_c(&merges, "- &m {");
    for (int i = 0; i < 1000; i++)
        vg_buf_addf(&merges, "k%d: 1,", i);
    vg_buf_add_c(&merges, "}\n");
    for (int i = 0; i < 100000; i++)
        vg_buf_add_c(&merges, "- {<<: *m}\n");
    for (int i = 0; i < 200000; i++) /* anchors that merges take out of the tree: fine, and not quadratic */
        vg_buf_addf(&kept, "<<: {k%d: &a%d 1}\n", i, i);
    vg_buf_add_c(&copies, "- &c [");
    for (int i = 0; i < 1000; i++)
        vg_buf_add_c(&copies, "1,");
    vg_buf_add_c(&copies, "]\n");
    for (int i = 0; i < 2000; i++) /* two million values, fewer than the limit of all, out of ten kilobytes */
        vg_buf_add_c(&copies, "- *c\n");
    const struct {
        const vg_buf *yaml;
        vg_status expected;
    } CASES[] = {{&laughs, VG_ERR_LIMIT}, {&merges, VG_ERR_LIMIT}, {&kept, VG_OK}, {&copies, VG_ERR_LIMIT}};
    for (size_t i = 0; i < VG_COUNT(CASES); i++) {
        vg_doc doc;
        double begin = seconds();
        vg_status status = vg_yaml_read(arena, vg_buf_str(CASES[i].yaml), VG_STR("t"), NULL, &doc, NULL);
        double took = seconds() - begin;
        if (status != CASES[i].expected || took > 10)
            fail_msg("bomb %zu: %s after %.1f s", i, vg_status_name(status), took);
    }
    vg_buf_free(&laughs);
    vg_buf_free(&merges);
    vg_buf_free(&kept);
    vg_buf_free(&copies);
    vg_arena_free(arena);
}

static void limits_are_the_callers(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_doc doc;
    vg_error err;
    vg_limits small = {.max_bytes = 10}, few = {.max_nodes = 20};
    assert_int_equal(vg_yaml_read(arena, VG_STR("aaaaaaaaaa"), VG_STR("t"), &small, &doc, &err), VG_OK);
    assert_int_equal(vg_yaml_read(arena, VG_STR("aaaaaaaaaaa"), VG_STR("t"), &small, &doc, &err),
                     VG_ERR_LIMIT);
    assert_string_equal(err.message, "11 bytes of YAML, more than the limit of 10");
    assert_int_equal(vg_yaml_read(arena, VG_STR("[1,2,3,4,5]"), VG_STR("t"), &few, &doc, &err), VG_OK);
    assert_int_equal(vg_yaml_read(arena, VG_STR("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]"),
                                  VG_STR("t"), &few, &doc, &err),
                     VG_ERR_LIMIT);
    vg_arena *tiny = vg_arena_new(16);
    assert_int_equal(
        vg_yaml_read(tiny, VG_STR("[aaaaaaaaaaaaaaaaaaaaaaaa, b]"), VG_STR("t"), NULL, &doc, &err),
        VG_ERR_MEMORY);
    vg_arena_free(tiny);
    vg_arena_free(arena);
}

/* A cut-off file gives a value or an error, never a crash, at every byte. */
static void a_file_cut_anywhere_is_read_or_refused(void **state)
{
    (void)state;
    vg_str whole =
        VG_STR("a: &x {k: !GetAtt b.c, l: ['q', \"w\\u00e9\"]}\nb:\n  <<: *x\n  k: |\n   text\n   more\n"
               "? c\n: - *x\n  - !Join [x, [\xc3\xa9]]\n---\nz: 1\n");
    size_t read = 0;
    for (size_t len = 0; len <= whole.len; len++) {
        vg_arena *arena = vg_arena_new(0);
        char *copy = vg_arena_cstr(arena, vg_str_sub(whole, 0, len));
        vg_doc doc = {0};
        vg_error err = {0};
        vg_status status = vg_yaml_read(arena, vg_str_of(copy, len), VG_STR("t"), NULL, &doc, &err);
        if (status == VG_OK)
            assert_well_built(&doc);
        else
            assert_true(err.place.line > 0 && err.message[0] != '\0');
        read += status == VG_OK;
        vg_arena_free(arena);
    }
    assert_true(read > 10 && read < whole.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_scalars_are_typed_by_the_core_schema),
        cmocka_unit_test(core_tags_decide_the_type),
        cmocka_unit_test(short_forms_become_intrinsic_functions),
        cmocka_unit_test(aliases_copy_what_their_anchor_stands_before),
        cmocka_unit_test(merge_keys_give_way_to_a_mappings_own_keys),
        cmocka_unit_test(keys_become_text),
        cmocka_unit_test(encodings_and_empty_documents),
        cmocka_unit_test(bad_input_is_told_with_its_place),
        cmocka_unit_test(every_value_knows_its_line_and_byte_column),
        cmocka_unit_test(all_documents_of_a_stream_are_read),
        cmocka_unit_test(depth_is_bounded_and_short_forms_count),
        cmocka_unit_test(bombs_are_refused_in_bounded_time),
        cmocka_unit_test(limits_are_the_callers),
        cmocka_unit_test(a_file_cut_anywhere_is_read_or_refused),
    };
    return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
