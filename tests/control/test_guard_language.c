/* What each form of the Guard language answers: clauses over one document, a row each, then whole rule files. The
 * expected statuses are those of cfn-guard (tests/peers/guard compares with the program itself). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/control.h"

#define NOW (INT64_C(1767225600) * VG_TIME_SECOND) /* 2026-01-01T00:00:00Z */

enum { P = VG_GUARD_PASS, F = VG_GUARD_FAIL, S = VG_GUARD_SKIP, E = VG_GUARD_ERROR, NONE = 9, REFUSED = 10 };

static const char *status_text(int status)
{
    return status <= VG_GUARD_ERROR ? vg_guard_status_name((vg_guard_status)status)
           : status == REFUSED      ? "does not parse"
                                    : "no such rule";
}

typedef struct {
    const vg_ruleset *rules;
    const char *name;
    int status;
} wanted;

static void on_rule(void *context, size_t rule, vg_guard_status status, const vg_error *error)
{
    wanted *w = context;
    (void)error;
    if (vg_str_is(vg_ruleset_rule(w->rules, rule).name, w->name) && w->status == NONE)
        w->status = (int)status;
}

/* The status of the first rule `name` of `rules` on `document`. */
static int judge(const char *rules, const char *document, const char *name)
{
    vg_arena *arena = vg_arena_new(0);
    vg_ruleset *set = NULL;
    vg_doc doc;
    vg_error err = {0};
    wanted w = {.name = name, .status = NONE};
    vg_rule_source source = {VG_STR("test.guard"), vg_str_from(rules), false};
    if (vg_ruleset_compile(&source, 1, &set, &err) != VG_OK) {
        w.status = REFUSED;
    } else {
        assert_int_equal(vg_guard_document_read(arena, vg_str_from(document), VG_STR("doc"), &doc, &err),
                         VG_OK);
        w.rules = set;
        vg_guard_sink sink = {.rule = on_rule, .context = &w};
        vg_guard_options options = {.now = NOW};
        assert_int_equal(vg_ruleset_evaluate(set, &doc, &options, arena, &sink, &err), VG_OK);
    }
    vg_ruleset_free(set);
    vg_arena_free(arena);
    return w.status;
}

static const char document[] =
    "{\"name\": \"alpha\", \"size\": 5, \"ratio\": 1.5, \"on\": true, \"off\": false, \"nothing\": null, "
    "\"empty\": \"\","
    " \"none\": [], \"bare\": {}, \"list\": [\"a\", \"b\"], \"numbers\": [1, 2, 3], \"mixed\": [\"a\", 1],"
    " \"nested\": [[1, 2], [3]], \"map\": {\"k1\": \"v1\", \"k2\": \"v2\", \"other\": 3},"
    " \"tags\": [{\"Key\": \"env\", \"Value\": \"prod\"}, {\"Key\": \"team\", \"Value\": \"red\"}],"
    " \"people\": {\"ann\": {\"age\": 30}, \"bob\": {\"age\": 40}},"
    " \"BucketName\": \"x\", \"snake_case\": 1, \"kebab-case\": 2, \"Policies\": 3, \"text\": \"a/b%20c\","
    " \"json\": \"{\\\"a\\\": [1, {\\\"b\\\": true}]}\", \"digits\": \"42\", \"float\": \"2.50\", \"yes\": "
    "\"TRUE\", \"one\": \"7\","
    " \"when\": \"2024-08-14T00:00:00Z\", \"arn\": \"arn:aws:s3:::bucket\", \"big\": 18446744073709551616, "
    "\"wide\": 18446744073709551615, \"line\": \"alpha\\n\", \"uni\": \"\xC3\xA9\",\"keylist\": [\"k1x\", "
    "\"zz\"], \"cr\": \"a\\rb\", "
    "\"twice\": [\"k1\", \"k1\"]}";

typedef struct {
    const char *clause;
    int expected;
} row;

static void check_rows(const row *rows, size_t count)
{
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        char rules[1024];
        snprintf(rules, sizeof rules, "rule t {\n  %s\n}\n", rows[i].clause);
        int got = judge(rules, document, "t");
        if (got == rows[i].expected)
            continue;
        wrong++;
        print_error("%s: got %s, expected %s\n", rows[i].clause, status_text(got),
                    status_text(rows[i].expected));
    }
    assert_int_equal(wrong, 0);
}

#define CHECK_ROWS(...)                                                                                      \
    static const row rows[] = {__VA_ARGS__};                                                                 \
    (void)state;                                                                                             \
    check_rows(rows, VG_COUNT(rows))

static void comparison_operators_are_strict_on_kinds(void **state)
{
    CHECK_ROWS({"name == 'alpha'", P}, {"name == \"alpha\"", P}, {"name == 'beta'", F}, {"name != 'beta'", P},
               {"name != 'alpha'", F}, {"size == 5", P}, {"size == 5.0", F}, {"size != 5.0", F},
               {"size == '5'", F}, {"size != '5'", F}, {"size > 4", P}, {"size > 5", F}, {"size >= 5", P},
               {"size < 6", P}, {"size < 5", F}, {"size <= 5", P}, {"size <= 4", F}, {"size > 4.5", F},
               {"ratio == 1.5", P}, {"ratio > 1.4", P}, {"ratio < 1.0", F}, {"ratio == 1.5e+0", P},
               {"size > -1", P}, {"ratio > -1.5", P}, {"on == true", P}, {"on == True", P},
               {"on == false", F}, {"off == False", P}, {"on != true", F}, {"nothing == null", P},
               {"nothing == NULL", P}, {"name == null", F}, {"nothing <= null", P}, {"name > 'aaa'", P},
               {"name < 'alpha'", F}, {"on > false", F}, {"big == 18446744073709551616", REFUSED},
               {"big > 1.0", P}, {"big is_float", P}, {"missing == 1", F}, {"missing != 1", F},
               {"size == missing", F}, {"wide is_float", P}, {"wide > 1.0", P},
               {"let x = parse_float('nan')\n %x <= 1.0", F});
}

static void text_literals_escape_their_quote_alone(void **state)
{
    CHECK_ROWS({"name == 'al\\'pha'", F}, {"name != \"a\\\"b\"", P}, {"text == 'a/b%20c'", P},
               {"text == /a\\/b/", P}, {"name == 'alpha\\n'", F});
}

static void lists_compare_by_their_items_or_whole(void **state)
{
    CHECK_ROWS({"list == ['a', 'b']", P}, {"list == ['b', 'a']", F}, {"list[*] == 'a'", F},
               {"some list[*] == 'a'", P}, {"list == 'a'", F}, {"some list == 'a'", P}, {"numbers[*] > 0", P},
               {"numbers > 0", P}, {"numbers[*] > 1", F}, {"name == ['alpha']", P}, {"list == ['a']", F},
               {"none == []", P}, {"bare == {}", P}, {"map == { 'k1': 'v1' }", F},
               {"tags[0] == { 'Value': 'prod', Key: 'env' }", P}, {"nested == [[1, 2], [3]]", P},
               {"mixed == ['a', 1]", P}, {"none[*] == 1", F}, {"none != []", F}, {"mixed[*] == 'a'", F},
               {"nested[*] == [1, 2]", F}, {"list[*] == tags[*].Key", F}, {"list == list", P},
               {"numbers[*] == numbers[*]", P},
               {"tags[0] == { 'Key': 'env', 'Value': 'prod', 'more': 1 }", F}, {"list[0] == list[*]", F},
               {"list[*] == list[0]", F});
}

static void in_asks_for_membership(void **state)
{
    CHECK_ROWS({"name in ['alpha', 'beta']", P}, {"name IN ['beta']", F}, {"name not in ['beta']", P},
               {"name NOT IN ['alpha']", F}, {"name !in ['beta']", P}, {"list in ['a', 'b', 'c']", P},
               {"list in ['a']", F}, {"list not in ['c']", P}, {"list not in ['b', 'c']", F},
               {"list[*] in ['a', 'b']", P}, {"list[*] in ['a']", F}, {"some list[*] in ['a']", P},
               {"name in 'the alpha'", P}, {"'alp' in name", F}, {"size in r(0, 5]", P},
               {"size in [r(0, 5]]", F}, {"size in ['5']", F}, {"name in [/^al/]", P},
               {"mixed in ['a', 1, 2]", P}, {"numbers in [[1, 2, 3]]", P}, {"numbers not in [[1, 2, 3]]", F},
               {"numbers not in [[4]]", F}, {"name in size", F}, {"list[*] in list", P},
               {"missing in ['a']", F}, {"missing not in ['a']", F}, {"map in ['x']", F}, {"size in 5", P},
               {"let x = ['zz', 'yy']\n %x not in list[*]", F}, {"let x = ['a', 'b']\n %x in list[*]", P});
}

static void ranges_include_what_their_brackets_say(void **state)
{
    CHECK_ROWS({"size in r(4, 6)", P}, {"size in r(5, 6)", F}, {"size in r[5, 6)", P}, {"size in r(4, 5)", F},
               {"size in r(4, 5]", P}, {"size == r(4,6)", P}, {"ratio in r[1.5, 2.0]", P},
               {"ratio in r(1.5, 2.0]", F}, {"ratio in r(1, 2)", F}, {"size not in r[5, 5]", F},
               {"size in r[-1, 10]", P}, {"size in r(1, 'b')", REFUSED}, {"size in r(1, 2.0)", REFUSED},
               {"ratio in r[1.0, 1.5)", F}, {"ratio in r[1.0, 1.5]", P});
}

static void regular_expressions_match_anywhere_in_unicode_text(void **state)
{
    CHECK_ROWS({"name == /ph/", P}, {"name == /^ph/", F}, {"name != /^ph/", P}, {"name == /^alpha$/", P},
               {"name == /(?i)ALPHA/", P}, {"name == /a(?=l)/", P}, {"name == /(?<!l)pha/", F},
               {"name == /(?<=l)pha/", P}, {"name == /^\\w+$/", P}, {"name == /\\Aalpha\\z/", P},
               {"list[*] == /^[ab]$/", P}, {"empty == /\\A\\s*\\z/", P}, {"size == /5/", F},
               {"name == /(/", REFUSED}, {"name == //", REFUSED}, {"arn == /^arn:(\\w+):s3:::/", P},
               {"name == /(a|al)*[^x]$/", P}, {"line == /alpha$/", F}, {"uni == /^\\w$/", P},
               {"cr == /a.b/", P});
}

static void unary_operators_ask_of_presence_and_kind(void **state)
{
    CHECK_ROWS({"name exists", P}, {"name EXISTS", P}, {"missing exists", F}, {"missing !exists", P},
               {"missing not exists", P}, {"not missing exists", P}, {"!missing exists", P},
               {"not name exists", F}, {"not name not exists", P}, {"nothing exists", P}, {"empty empty", P},
               {"name empty", F}, {"name !empty", P}, {"none empty", P}, {"bare empty", P},
               {"list not empty", P}, {"missing empty", P}, {"missing !empty", F}, {"size empty", E},
               {"nothing empty", E}, {"on empty", F}, {"none[*] empty", P}, {"name is_string", P},
               {"size is_string", F}, {"size !is_string", P}, {"size is_int", P}, {"ratio is_int", F},
               {"ratio is_float", P}, {"on is_bool", P}, {"list is_list", P}, {"map is_list", F},
               {"map is_struct", P}, {"list IS_STRUCT", F}, {"nothing is_null", P}, {"name not is_null", P},
               {"missing is_string", F}, {"missing !is_string", P}, {"list[*] is_string", P},
               {"mixed[*] is_string", F}, {"some mixed[*] is_string", P}, {"ratio.x is_float", F});
}

static void queries_follow_keys_indexes_and_all_values(void **state)
{
    CHECK_ROWS({"map.k1 == 'v1'", P}, {"map['k1'] == 'v1'", P}, {"map.'k1' == 'v1'", P},
               {"'map'.k1 == 'v1'", P}, {"list[0] == 'a'", P}, {"list.1 == 'b'", P}, {"list[-1] == 'b'", P},
               {"list[2] exists", F}, {"list[0].x exists", F}, {"map.* exists", P}, {"people.*.age > 20", P},
               {"people.*.age > 30", F}, {"some people.*.age > 30", P}, {"tags[*].Key exists", P},
               {"tags.*.Key exists", P}, {"tags[1].Value == 'red'", P}, {"name[*] == 'alpha'", P},
               {"map[*].k1 == 'v1'", P}, {"nested[*][0] > 0", P}, {"bare.* exists", F}, {"none[*] exists", F},
               {"this.name == 'alpha'", P}, {"THIS exists", P}, {"name.x exists", F}, {"map[0] exists", F},
               {"list.'0' == 'a'", P}, {"size[*] == 5", P}, {"map.k1.* == 'v1'", P});
}

static void keys_are_found_in_other_spellings(void **state)
{
    CHECK_ROWS({"bucketName exists", P}, {"bucket_name == 'x'", P}, {"Bucket_Name exists", P},
               {"'bucket-name' exists", P}, {"SnakeCase == 1", P}, {"'kebab-case' == 2", P},
               {"KebabCase == 2", P}, {"Name == 'alpha'", P}, {"Policy exists", F}, {"policies exists", P},
               {"Tags[0].key == 'env'", F}, {"BUCKETNAME exists", F}, {"names exists", F});
}

static void filters_select_values(void **state)
{
    CHECK_ROWS({"tags[ Key == 'env' ].Value == 'prod'", P}, {"tags[ Key == 'env' ].Value == 'dev'", F},
               {"tags[ Key == 'x' ].Value == 'y'", S}, {"tags[ Key == 'x' ] empty", P},
               {"tags[ Key == 'env' ] !empty", P}, {"tags[ Key == 'x' ] !empty", F},
               {"people[ age > 30 ] !empty", P}, {"people.*[ age > 30 ].age == 40", P},
               {"people.*[ age > 30 or age < 35 ] exists", P},
               {"people.*[ age > 10\n age > 30 ].age == 40", P},
               {"tags[ Key == 'env' ][ Value == 'prod' ] exists", P}, {"name[ this == 'alpha' ] exists", F},
               {"name[*][ this == 'alpha' ] == 'alpha'", P}, {"numbers[ this > 1 ] == r[2, 3]", P},
               {"tags[ Key == 'env' ] exists", P}, {"bare[ a == 1 ] exists", S}, {"tags[ ]", REFUSED},
               {"tags[ Key == 'env'", REFUSED}, {"tags[*][ size == 5 ] !empty", P});
}

static void keys_filter_maps_by_key(void **state)
{
    CHECK_ROWS({"map[ keys == 'k1' ] == 'v1'", P}, {"map[ keys == /^k/ ] == /^v/", P},
               {"map[ keys in ['k1', 'k2'] ] == /^v/", P}, {"map[ KEYS IN ['k1'] ] == 'v2'", F},
               {"map[ keys not in ['k1', 'k2'] ] == 3", P}, {"map[ keys != 'k1' ] exists", P},
               {"map[ keys == 'zz' ] empty", P}, {"map[ keys == 'zz' ] == 1", S},
               {"list[ keys == 'a' ] exists", F}, {"map[ keys == ['k1'] ] == 'v1'", P},
               {"map[ keys in ['k1', 1] ] empty", P}, {"map[ keys in 'the k1' ] == 'v1'", P},
               {"map[ keys > 'a' ]", REFUSED}, {"let k = keylist[*]\n map[ keys == %k ] !empty", P},
               {"map[ keys == list ] empty", P});
}

static void blocks_apply_to_each_value(void **state)
{
    CHECK_ROWS({"tags[*] { Key exists\n Value exists }", P}, {"tags[*] { Key == 'env' }", F},
               {"some tags[*] { Key == 'env' }", P}, {"tags[ Key == 'x' ] { Key exists }", S},
               {"tags[ Key == 'x' ] !empty { Key exists }", F}, {"missing { a exists }", F},
               {"people.* { let a = age\n %a > 20 }", P}, {"map { k1 == 'v1' or k1 == 'v2' }", P},
               {"map { k1 == 'x' or k2 == 'y' }", F}, {"map { this.k1 exists }", P}, {"map { }", REFUSED},
               {"when size > 1 { name == 'alpha' }", P}, {"when size > 9 { name == 'beta' }", S},
               {"when size > 1 { name == 'beta' }", F}, {"when missing exists { name exists }", S},
               {"name == 'x' or size == 5", P}, {"name == 'x' OR size == 4", F},
               {"name == 'x' |OR| size == 5", P}, {"name == 'x' or tags[ Key == 'q' ].Value == 1", F},
               {"tags[ Key == 'q' ].Value == 1 or size == 5", P});
}

static void leading_negation_is_of_unary_operators_alone(void **state)
{
    CHECK_ROWS({"not name == 'alpha'", P}, {"not name == 'beta'", F}, {"not size is_string", P},
               {"! size is_int", REFUSED}, {"not exists", E}, {"not exists exists", P},
               {"NOT EMPTY is_string", F}, {"not in not exists", F}, {"not == 1", REFUSED},
               {"!exists exists", P}, {"let x = name NOT EMPTY\n %x exists", E});
}

static void variables_are_evaluated_where_they_are_used(void **state)
{
    CHECK_ROWS({"let x = name\n %x == 'alpha'", P}, {"let x := 'alpha'\n name == %x", P},
               {"let x = tags[*].Value\n %x == /^(prod|red)$/", P},
               {"let x = tags[ Key == 'zz' ]\n %x empty", P}, {"let x = tags[ Key == 'zz' ]\n %x !empty", F},
               {"let x = missing\n %x empty", P}, {"let x = missing\n %x exists", F},
               {"let x = some tags[*].Nope\n %x empty", P}, {"let k = ['k1', 'k2']\n map.%k == /^v/", P},
               {"let k = 'k1'\n map.%k == 'v1'", P}, {"let k = ['k1', 'k2']\n map.%k[1] exists", F},
               {"let k = 1\n map.%k exists", E}, {"let k = 'zz'\n map.%k exists", F}, {"%nowhere exists", E},
               {"let a = %b\n let b = %a\n %a exists", E}, {"let x = 5\n size == %x", P},
               {"let x = list\n %x[0] == 'a'", P}, {"let x = nothing\n %x empty", P},
               {"let x = [5, 6]\n size in %x", P}, {"let x = { 'a': { 'b': 1 } }\n %x.a.b == 1", P},
               {"let x = tags\n %x[ Key == 'env' ].Value == 'prod'", P},
               {"people[ who | age > 30 ] exists\n %who == 'bob'", P},
               {"people[ who ].age exists\n %who in ['ann', 'bob']", P},
               {"let x = size\n let x = name\n %x == 'alpha'", P}, {"let x = 5\n let x = name\n %x == 5", P},
               {"let 1 = 2", REFUSED}, {"let x = some tags[*].Nope\n %x exists", S},
               {"let x = tags[*].Nope\n %x exists", F});
}

static void functions_make_values(void **state)
{
    CHECK_ROWS(
        {"let x = count(tags[*])\n %x == 2", P}, {"let x = count(tags[ Key == 'z' ])\n %x == 0", P},
        {"let x = count(missing)\n %x == 0", P}, {"2 == count(tags[*])", REFUSED},
        {"size > count(tags[*])", P}, {"let x = join(list[*], '-')\n %x == 'a-b'", P},
        {"let x = join(mixed[*], '-')\n %x exists", E}, {"let x = join(list[*], 1)\n %x exists", E},
        {"let x = join(missing, ',')\n %x exists", E}, {"let x = json_parse(json)\n %x.a[1].b == true", P},
        {"let x = json_parse(size)\n %x empty", P}, {"let x = json_parse('{')\n %x exists", E},
        {"let x = json_parse(empty)\n %x exists", E},
        {"let x = regex_replace(arn, '^arn:(\\w+):(\\w+):::(.+)$', '${2}/$1/$3')\n %x == 's3/aws/bucket'", P},
        {"let x = regex_replace(arn, '(', 'x')\n %x exists", E},
        {"let x = regex_replace(arn, 1, 'x')\n %x exists", E},
        {"let x = regex_replace(name, 'a', '$$')\n %x == '$$'", P},
        {"let x = substring(name, 0, 3)\n %x == 'alp'", P}, {"let x = substring(name, 0, 99)\n %x empty", P},
        {"let x = substring(name, 3, 1)\n %x empty", P}, {"let x = substring(name, 'a', 1)\n %x exists", E},
        {"let x = to_upper(name)\n %x == 'ALPHA'", P},
        {"let x = to_lower('ÀÉ ΑΒ ЖЯ Z')\n %x == 'àé αβ жя z'", P},
        {"let x = to_upper('àé αβ жя z')\n %x == 'ÀÉ ΑΒ ЖЯ Z'", P}, {"let x = to_upper(size)\n %x empty", P},
        {"let x = url_decode(text)\n %x == 'a/b c'", P}, {"let x = url_decode('%zz%4')\n %x == '%zz%4'", P},
        {"let x = url_decode('%ff')\n %x empty", P}, {"let x = parse_int(digits)\n %x == 42", P},
        {"let x = parse_int(name)\n %x exists", E}, {"let x = parse_int(ratio)\n %x == 1", P},
        {"let x = parse_int('+7')\n %x == 7", P}, {"let x = parse_int(on)\n %x empty", P},
        {"let x = parse_float(float)\n %x == 2.5", P}, {"let x = parse_float(size)\n %x == 5.0", P},
        {"let x = parse_float('x')\n %x exists", E}, {"let x = parse_float('1e3')\n %x == 1000.0", P},
        {"let x = parse_float('0x1')\n %x exists", E}, {"let x = parse_boolean(yes)\n %x == true", P},
        {"let x = parse_boolean('False')\n %x == false", P}, {"let x = parse_boolean(name)\n %x exists", E},
        {"let x = parse_string(size)\n %x == '5'", P}, {"let x = parse_string(ratio)\n %x == '1.5'", P},
        {"let x = parse_string(on)\n %x == 'true'", P}, {"let x = parse_string(1.0)\n %x == '1'", P},
        {"let x = parse_string(map)\n %x empty", P}, {"let x = parse_char(one)\n %x == r['5', '9']", REFUSED},
        {"let x = parse_char(one)\n %x in r[5, 9]", F}, {"let x = parse_char('b')\n %x in r[a, c]", P},
        {"let x = parse_char('z')\n %x in r[a, c]", F},
        {"let x = parse_char(7)\n let y = parse_int(%x)\n %y == 7", P},
        {"let x = parse_char('b')\n let y = parse_char(%x)\n %y == 'b'", P},
        {"let x = parse_char('ab')\n %x exists", E}, {"let x = parse_char(10)\n %x exists", E},
        {"let x = parse_char('')\n %x empty", P},
        {"let x = parse_char('7')\n let y = parse_float(%x)\n %y == 7.0", P},
        {"let x = parse_char('q')\n let y = parse_int(%x)\n %y exists", E},
        {"let x = parse_char('b')\n let y = parse_string(%x)\n %y == 'b'", P},
        {"let x = parse_epoch(when)\n %x == 1723593600", P},
        {"let x = parse_epoch('2024-08-14T02:00:00+02:00')\n %x == 1723593600", P},
        {"let x = parse_epoch('2024-08-14')\n %x exists", E}, {"let x = parse_epoch(size)\n %x empty", P},
        {"let x = now()\n %x == 1767225600", P}, {"let t = parse_epoch(when)\n let n = now()\n %t < %n", P},
        {"let x = nope(name)", REFUSED}, {"let x = count(name, size)", REFUSED},
        {"let x = to_upper(join(list[*], ','))\n %x == 'A,B'", P}, {"let x = now(1)", REFUSED},
        {"let x = join(name.x, ',')\n %x exists", E}, {"let x = substring(name, 2, 2)\n %x empty", P},
        {"let x = substring('\xC3\xA9', 0, 1)\n %x empty", P},
        {"let x = substring('\xC3\xA9', 0, 2)\n %x !empty", P});
}

static void broken_rules_are_refused(void **state)
{
    CHECK_ROWS({"name ==", REFUSED}, {"name = 'a'", REFUSED}, {"name === 'a'", REFUSED},
               {"name == 'a", REFUSED}, {"name exists <<no end", REFUSED}, {"name == [1, 2", REFUSED},
               {"name == { 'a' 1 }", REFUSED}, {"name == [1,]", REFUSED}, {"list[0 == 1", REFUSED},
               {"when { name exists }", REFUSED}, {"", REFUSED}, {"let x", REFUSED},
               {"other_rule }", REFUSED}, {"name == 99999999999999999999", REFUSED});
}

/* Whole rule files: the rule that is asked for, the document, what it answers. */
static const struct {
    const char *name, *rules, *document, *rule;
    int expected;
} files[] = {
    {"clauses outside rules are the rule default", "size == 5", "{\"size\": 5}", "default", P},
    {"a condition skips its rule", "rule t when size > 9 { size == 5 }", "{\"size\": 5}", "t", S},
    {"conditions are joined like clauses", "rule t when size > 9 or size == 5\n a exists { size == 5 }",
     "{\"size\": 5, \"a\": 1}", "t", P},
    {"a rule passes where the one it names passes", "rule a { size == 5 }\nrule t {\n a\n }", "{\"size\": 5}",
     "t", P},
    {"and fails where it fails", "rule a { size == 6 }\nrule t {\n a\n }", "{\"size\": 5}", "t", F},
    {"a named rule that is skipped fails the reference",
     "rule a when size == 6 { size == 5 }\nrule t {\n a\n }", "{\"size\": 5}", "t", F},
    {"negated references", "rule a { size == 6 }\nrule t {\n not a\n }", "{\"size\": 5}", "t", P},
    {"references take messages", "rule a { size == 6 }\nrule t {\n a <<no>>\n }", "{\"size\": 5}", "t", F},
    {"references stand in conditions", "rule a { size == 5 }\nrule t when a { size == 6 }", "{\"size\": 5}",
     "t", F},
    {"negated ones too", "rule a { size == 5 }\nrule t when !a { size == 6 }", "{\"size\": 5}", "t", S},
    {"references stand beside or", "rule a { size == 6 }\nrule b { size == 5 }\nrule t {\n a or b\n }",
     "{\"size\": 5}", "t", P},
    {"rules may follow their use", "rule t {\n a\n }\nrule a { size == 5 }", "{\"size\": 5}", "t", P},
    {"an unknown rule is an error", "rule t {\n nobody\n }", "{\"size\": 5}", "t", E},
    {"so is one that depends on itself", "rule t {\n a\n }\nrule a {\n t\n }", "{\"size\": 5}", "t", E},
    {"an error leaves other rules alone", "rule a { size empty }\nrule t { size == 5 }", "{\"size\": 5}", "t",
     P},
    {"of overloads the first that is not skipped counts",
     "rule a when size == 1 { size == 9 }\nrule a { size == 5 }\nrule t {\n a\n }", "{\"size\": 5}", "t", P},
    {"rules take parameters", "rule big(x) { %x > 3 }\nrule t { big(size) }", "{\"size\": 5}", "t", P},
    {"several, and literals", "rule same(x, y) { %x == %y }\nrule t { same(size, 5) }", "{\"size\": 5}", "t",
     P},
    {"function calls as arguments", "rule same(x, y) { %x == %y }\nrule t { same(count(list[*]), 2) }",
     "{\"list\": [1, 2]}", "t", P},
    {"calls see their caller's variables", "rule c(x) { %x == %y }\nrule t {\n let y = 5\n c(size)\n }",
     "{\"size\": 5}", "t", P},
    {"calls stand in conditions", "rule big(x) { %x > 3 }\nrule t when big(size) { size == 6 }",
     "{\"size\": 5}", "t", F},
    {"not before a call does nothing, as in cfn-guard", "rule big(x) { %x > 3 }\nrule t { not big(size) }",
     "{\"size\": 5}", "t", P},
    {"a wrong number of arguments is an error", "rule big(x) { %x > 3 }\nrule t { big(size, 1) }",
     "{\"size\": 5}", "t", E},
    {"an unknown call too", "rule t { big(size) }", "{\"size\": 5}", "t", E},
    {"endless calls are an error", "rule a(x) { a(%x) }\nrule t { a(size) }", "{\"size\": 5}", "t", E},
    {"file variables are seen by rules", "let want = 5\nrule t { size == %want }", "{\"size\": 5}", "t", P},
    {"inner names hide outer ones", "let x = 1\nrule t {\n let x = 5\n size == %x\n }", "{\"size\": 5}", "t",
     P},
    {"type blocks judge resources of their type", "rule t { A::B::C { Properties.x == 1 } }",
     "{\"Resources\": {\"a\": {\"Type\": \"A::B::C\", \"Properties\": {\"x\": 1}}, \"b\": {\"Type\": "
     "\"D::E::F\"}}}",
     "t", P},
    {"and fail on one", "rule t { A::B::C { Properties.x == 1 } }",
     "{\"Resources\": {\"a\": {\"Type\": \"A::B::C\", \"Properties\": {\"x\": 1}}, \"b\": {\"Type\": "
     "\"A::B::C\"}}}",
     "t", F},
    {"and skip without any", "rule t { A::B::C { Properties.x == 1 } }",
     "{\"Resources\": {\"a\": {\"Type\": \"D::E::F\"}}}", "t", S},
    {"and need Resources", "rule t { A::B::C { Properties.x == 1 } }", "{\"size\": 5}", "t", E},
    {"type blocks take conditions", "rule t { A::B::C when Parameters exists { Properties.x == 1 } }",
     "{\"Resources\": {\"a\": {\"Type\": \"A::B::C\"}}}", "t", S},
    {"one clause may stand for the block", "rule t { A::B::C Properties.x == 1 }",
     "{\"Resources\": {\"a\": {\"Type\": \"A::B::C\", \"Properties\": {\"x\": 1}}}}", "t", P},
    {"type names may have two parts, and MODULE", "rule t { A::B { x == 1 } or C::D::E::MODULE { x == 1 } }",
     "{\"Resources\": {\"a\": {\"Type\": \"C::D::E\", \"x\": 1}}}", "t", P},
    {"type blocks outside rules", "A::B::C { x == 1 }",
     "{\"Resources\": {\"a\": {\"Type\": \"A::B::C\", \"x\": 1}}}", "default", P},
    {"when blocks outside rules", "when size == 5 { size == 6 }", "{\"size\": 5}", "default", F},
    {"resources by type in a query",
     "let r = Resources.*[ Type == 'A::B::C' ]\nrule t when %r !empty { %r.x == 1 }",
     "{\"Resources\": {\"a\": {\"Type\": \"A::B::C\", \"x\": 1}, \"b\": {\"Type\": \"X::Y::Z\"}}}", "t", P},
    {"by a variable", "let type = 'A::B::C'\nlet r = Resources.*[ Type == %type ]\nrule t { %r.x == 1 }",
     "{\"Resources\": {\"a\": {\"Type\": \"A::B::C\", \"x\": 2}}}", "t", F},
    {"with further clauses", "rule t { Resources.*[ Type == 'A::B::C'\n x == 1 ] !empty }",
     "{\"Resources\": {\"a\": {\"Type\": \"A::B::C\", \"x\": 2}}}", "t", F},
    {"in lower case", "rule t { Resources.*[ Type == 'A::B::C' ].x == 1 }",
     "{\"resources\": {\"a\": {\"type\": \"A::B::C\", \"x\": 1}}}", "t", P},
    {"with a type that is a list", "rule t { Resources.*[ Type == 'A::B::C' ].x == 1 }",
     "{\"Resources\": {\"a\": {\"Type\": [\"A::B::C\"], \"x\": 1}}}", "t", P},
    {"a resource that is no map is unresolved", "rule t { Resources.*[ Type == 'A::B::C' ].x == 1 }",
     "{\"Resources\": {\"a\": {\"Type\": \"A::B::C\", \"x\": 1}, \"b\": 3}}", "t", F},
    {"no resources at all", "rule t { Resources.*[ Type == 'A::B::C' ].x == 1 }", "{\"Resources\": {}}", "t",
     F},
    {"comments and Windows line ends", "# a\r\nrule t # b\r\n{ # c\r\n  size == 5 # d\r\n}\r\n",
     "{\"size\": 5}", "t", P},
    {"a byte order mark", "\xEF\xBB\xBFrule t { size == 5 }", "{\"size\": 5}", "t", P},
    {"a comment ends with the file", "rule t { size == 5 }\n# size", "{\"size\": 5}", "t", P},
    {"a type in lower case alone", "rule t { Resources.*[ Type == 'A::B::C' ].x == 1 }",
     "{\"Resources\": {\"a\": {\"type\": \"A::B::C\", \"x\": 1}}}", "t", P},
    {"conditions outside rules may name rules", "rule a { size == 5 }\nwhen a { size == 6 }", "{\"size\": 5}",
     "default", F},
    {"and so may their blocks", "rule a { size == 6 }\nwhen size == 5 {\n a\n }", "{\"size\": 5}", "default",
     F},
    {"quotes within text", "rule t { q == 'it\\'s'\n r == \"a\\\"b\"\n s == 'c\\nd' }",
     "{\"q\": \"it's\", \"r\": \"a\\\"b\", \"s\": \"c\\\\nd\"}", "t", P},
    {"short forms are their long form",
     "rule t { a.Ref == 'x'\n b.'Fn::GetAtt' == 'r.s'\n c.'Fn::Join'[0] == ','\n d == ['x'] }",
     "a: !Ref x\nb: !GetAtt r.s\nc: !Join [',', []]\nd: !Cidr [x]\n", "t", P},
    {"scalars of YAML as cfn-guard types them",
     "rule t { a == 'True'\n b == 7\n c == ''\n d == '0x1F'\n e == 'yes'\n f == true\n g == 1.5 }",
     "a: True\nb: 007\nc:\nd: 0x1F\ne: yes\nf: true\ng: 1.5\n", "t", P},
    {"two rules, the second broken", "rule t { size == 5 }\nrule u { size == }", "{\"size\": 5}", "t",
     REFUSED},
    {"a rule without a block", "rule t when size == 5", "{\"size\": 5}", "t", REFUSED},
    {"text that is no rule", "hello world", "{\"size\": 5}", "t", REFUSED},
    {"bytes that are no text", "rule t { size == '\xff' }", "{\"size\": 5}", "t", REFUSED},
    {"conditions that rules share, with other arguments",
     "rule has(d, k) { %d[ keys == %k ] !empty }\nlet doc = this\nlet k = 'q'\nrule a when has(%doc, 'size') "
     "{ size == 6 }\nrule b when has(%doc, %k) { size == 5 }\nrule t {\n not a\n not b\n }",
     "{\"size\": 5}", "t", P},
    {"shared conditions that look at their file",
     "let w = 5\nrule c(d) { %d.size == %w }\nrule t when c(this) { size == 6 }", "{\"size\": 5}", "t", F},
    {"a first rule whose sides are both empty", "let x = a[ k == 2 ]\nrule t { %x == %x }", "{\"a\": []}",
     "t", S},
    {"keys behind one in another spelling", "rule t { outer.innerKey == 1 }",
     "{\"Outer\": {\"InnerKey\": 1}}", "t", P},
    {"clauses of a filter that select nothing",
     "rule t { Resources.*[ Type == 'A::B::C'\n tags[ k == 1 ].v == 2 ] !empty }",
     "{\"Resources\": {\"a\": {\"Type\": \"A::B::C\", \"tags\": []}}}", "t", P},
    {"the first overload that is not skipped, whatever follows",
     "rule a { size == 5 }\nrule a when size == 1 { size == 9 }\nrule t {\n a\n }", "{\"size\": 5}", "t", P},
    {"too few arguments are an error too", "rule big(x, y) { %x > 3 }\nrule t { big(size) }", "{\"size\": 5}",
     "t", E},
    {"short forms on what they do not take", "rule t { a == ['x'] }", "a: !Base64 [x]\n", "t", P},
    {"comments alone are no rules", "# nothing\n", "{\"size\": 5}", "t", NONE},
};

static void rule_files_answer_as_written(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < VG_COUNT(files); i++) {
        int got = judge(files[i].rules, files[i].document, files[i].rule);
        if (got == files[i].expected)
            continue;
        wrong++;
        print_error("%s: got %s, expected %s\n", files[i].name, status_text(got),
                    status_text(files[i].expected));
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparison_operators_are_strict_on_kinds),
        cmocka_unit_test(text_literals_escape_their_quote_alone),
        cmocka_unit_test(lists_compare_by_their_items_or_whole),
        cmocka_unit_test(in_asks_for_membership),
        cmocka_unit_test(ranges_include_what_their_brackets_say),
        cmocka_unit_test(regular_expressions_match_anywhere_in_unicode_text),
        cmocka_unit_test(unary_operators_ask_of_presence_and_kind),
        cmocka_unit_test(queries_follow_keys_indexes_and_all_values),
        cmocka_unit_test(keys_are_found_in_other_spellings),
        cmocka_unit_test(filters_select_values),
        cmocka_unit_test(keys_filter_maps_by_key),
        cmocka_unit_test(blocks_apply_to_each_value),
        cmocka_unit_test(leading_negation_is_of_unary_operators_alone),
        cmocka_unit_test(variables_are_evaluated_where_they_are_used),
        cmocka_unit_test(functions_make_values),
        cmocka_unit_test(broken_rules_are_refused),
        cmocka_unit_test(rule_files_answer_as_written),
    };
    return cmocka_run_group_tests_name("guard language", tests, NULL, NULL);
}
