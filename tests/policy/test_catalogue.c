/* The catalogue of actions, resource types and condition keys, over a small text of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/catalogue_text.h"

static const char RECORDS[] = "G\taws:PrincipalTag/${TagKey}\tString\tprincipal\n"
                              "G\taws:TagKeys\tArrayOfString\trequest\n"
                              "K\tbuild:sources/${id}.location\tString\n"
                              "K\tbuild:sources/${id}.of\tString\n"
                              "K\tbuild:sources/${id}.type\tString\n"
                              "K\tbuild:sources/${id}.type.of\tString\n"
                              "K\tbuild:sources/main.type\tBool\n"
                              "K\tbuild:when\tDate\n"
                              "K\tgit.${Domain}.example:sub\tString\n"
                              "K\tgit.corp.${Team}.example:sub\tString\n"
                              "K\tstore:From\tIPAddress\n"
                              "K\tstore:Size\tNumeric\n"
                              "S\tbuild\tBuild It\n"
                              "A\tbuild:List\tL\n"
                              "A\tbuild:Pass-On\tP\t\t:when\n"
                              "S\tstore\tThe Store\n"
                              "L\t01ab\taws:TagKeys,:From\n"
                              "R\tbucket\tarn:${Partition}:store:::${Bucket}\t:Size\n"
                              "R\tobject\tarn:${Partition}:store:::${Bucket}/${Key}\n"
                              "R\tqueue or topic\tarn:${Partition}:store:${Region}:${Account}:queue/${Q},"
                              "arn:${Partition}:store:*:${Account}:topic/*\n"
                              "A\tstore:GetObject\tR\tobject*\t@01ab\tbuild:List,store:List\n"
                              "A\tstore:GetObjectTags\tR\tbucket=:Size+:From,object*=@01ab\n"
                              "A\tstore:List\tL\tbucket\n"
                              "A\tstore:PutObject\tW\tobject*\n"
                              "A\tstore:TagObject\tT\tobject*\taws:TagKeys\n"
                              "S\tstore2\tAnother Store\n"
                              "A\tstore2:GetObject\tR\n";

typedef struct {
    vg_arena *arena;
    const vg_catalogue *catalogue;
} world;

static int set_up(void **state)
{
    static world w;
    vg_error err = {0};
    w.arena = vg_arena_new(64 << 20);
    vg_str text = catalogue_text(w.arena, vg_str_from(RECORDS));
    if (vg_catalogue_open(w.arena, text, &w.catalogue, &err) != VG_OK) {
        print_error("line %u: %s\n", err.place.line, err.message);
        return 1;
    }
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    world *w = *state;
    vg_arena_free(w->arena);
    return 0;
}

/* ---- what is there ------------------------------------------------------------------------------------------------------- */

static void the_head_is_told(void **state)
{
    world *w = *state;
    const vg_catalogue_origin *origin = vg_catalogue_origin_of(w->catalogue);
    assert_true(vg_str_is(origin->source, "a test") && vg_str_is(origin->version, "1.2"));
    assert_true(vg_str_is(origin->data_sha256, "00"));
    assert_int_equal(origin->service_count, 3);
    assert_int_equal(origin->action_count, 8);
    assert_int_equal(origin->resource_count, 3);
    assert_int_equal(origin->key_count, 12);
    static const struct {
        const char *now;
        int64_t days;
    } rows[] = {{"2026-09-26T04:46:58Z", 0},
                {"2026-09-27T04:46:58Z", 0},
                {"2026-09-27T04:46:59Z", 1},
                {"2026-11-24", 58},
                {"2020-01-01", 0}};
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        vg_time now = 0;
        assert_true(vg_time_parse(vg_str_from(rows[i].now), &now));
        if (vg_catalogue_age_days(w->catalogue, now) != rows[i].days)
            fail_msg("%s: %lld days, expected %lld", rows[i].now,
                     (long long)vg_catalogue_age_days(w->catalogue, now), (long long)rows[i].days);
    }
}

/* Names of keys, one behind the other with spaces. */
static vg_str names_of(const world *w, const uint16_t *keys, size_t count)
{
    vg_str names = VG_STR("");
    for (size_t i = 0; i < count; i++)
        names = vg_arena_printf(w->arena, "%.*s%s%.*s", VG_ARG(names), i ? " " : "",
                                VG_ARG(vg_catalogue_key_at(w->catalogue, keys[i])->name));
    return names;
}

/* An action as a line: level, resource types with their keys, keys, dependents. */
static vg_str told(const world *w, uint32_t id)
{
    const vg_catalogue_action *a = vg_catalogue_action_at(w->catalogue, id);
    vg_str line = vg_arena_printf(w->arena, "%s%s", vg_access_level_name((vg_access_level)a->level),
                                  a->wildcard_only ? " everywhere" : "");
    for (size_t i = 0; i < a->use_count; i++)
        line = vg_arena_printf(w->arena, "%.*s | %.*s%s %.*s", VG_ARG(line),
                               VG_ARG(vg_catalogue_resource_at(w->catalogue, a->uses[i].resource)->name),
                               a->uses[i].required ? "*" : "",
                               VG_ARG(names_of(w, a->uses[i].keys, a->uses[i].key_count)));
    line =
        vg_arena_printf(w->arena, "%.*s ; %.*s ;", VG_ARG(line), VG_ARG(names_of(w, a->keys, a->key_count)));
    for (size_t i = 0; i < a->dependent_count; i++)
        line = vg_arena_printf(w->arena, "%.*s %.*s", VG_ARG(line),
                               VG_ARG(vg_catalogue_action_at(w->catalogue, a->dependents[i])->name));
    return line;
}

static void an_action_is_found_in_any_case_and_told_whole(void **state)
{
    world *w = *state;
    static const struct {
        const char *asked, *name, *told;
    } rows[] = {
        {"build:List", "build:List", "List everywhere ;  ;"},
        {"BUILD:pass-on", "build:Pass-On", "Permissions management everywhere ; build:when ;"},
        {"store:getobject", "store:GetObject",
         "Read | object*  ; aws:TagKeys store:From ; build:List store:List"},
        {"Store:GetObjectTags", "store:GetObjectTags",
         "Read | bucket store:From store:Size | object* aws:TagKeys store:From ;  ;"},
        {"store:list", "store:List", "List | bucket  ;  ;"},
        {"store:PUTOBJECT", "store:PutObject", "Write | object*  ;  ;"},
        {"store:TagObject", "store:TagObject", "Tagging | object*  ; aws:TagKeys ;"},
        {"store2:GetObject", "store2:GetObject", "Read everywhere ;  ;"},
        {"store:Get", NULL, NULL},
        {"store2:List", NULL, NULL},
        {"store:GetObject ", NULL, NULL},
        {"store", NULL, NULL},
        {"", NULL, NULL},
        {":", NULL, NULL},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        uint32_t id = vg_catalogue_find_action(w->catalogue, vg_str_from(rows[i].asked));
        if ((id == VG_CATALOGUE_NONE) != (rows[i].name == NULL))
            fail_msg("%s: id %u", rows[i].asked, id);
        if (id == VG_CATALOGUE_NONE)
            continue;
        vg_str line = told(w, id), name = vg_catalogue_action_at(w->catalogue, id)->name;
        if (!vg_str_is(line, rows[i].told) || !vg_str_is(name, rows[i].name))
            fail_msg("%s:\n  gave     %.*s: %.*s\n  expected %s: %s", rows[i].asked, VG_ARG(name),
                     VG_ARG(line), rows[i].name, rows[i].told);
    }
    char longer[400];
    memset(longer, 'a', sizeof longer);
    assert_int_equal(vg_catalogue_find_action(w->catalogue, vg_str_of(longer, sizeof longer)),
                     VG_CATALOGUE_NONE);
}

static void ids_are_dense_and_a_service_is_a_range(void **state)
{
    world *w = *state;
    static const struct {
        const char *asked, *prefix, *name;
        uint32_t first, count, first_resource, resources;
        bool wildcard_only;
    } rows[] = {
        {"build", "build", "Build It", 0, 2, 0, 0, true},
        {"Store", "store", "The Store", 2, 5, 0, 3, false},
        {"STORE2", "store2", "Another Store", 7, 1, 3, 0, true},
    };
    for (uint32_t i = 0; i < VG_COUNT(rows); i++) {
        assert_int_equal(vg_catalogue_find_service(w->catalogue, vg_str_from(rows[i].asked)), i);
        const vg_catalogue_service *s = vg_catalogue_service_at(w->catalogue, i);
        assert_true(vg_str_is(s->prefix, rows[i].prefix) && vg_str_is(s->name, rows[i].name));
        assert_int_equal(s->first_action, rows[i].first);
        assert_int_equal(s->action_count, rows[i].count);
        assert_int_equal(s->first_resource, rows[i].first_resource);
        assert_int_equal(s->resource_count, rows[i].resources);
        assert_int_equal(s->wildcard_only, rows[i].wildcard_only);
        for (uint32_t a = s->first_action; a < s->first_action + s->action_count; a++) {
            const vg_catalogue_action *action = vg_catalogue_action_at(w->catalogue, a);
            assert_int_equal(action->service, i);
            assert_int_equal(vg_catalogue_find_action(w->catalogue, action->name), a);
        }
    }
    static const char *const absent[] = {"", "stor", "store3", "store:"};
    for (size_t i = 0; i < VG_COUNT(absent); i++)
        assert_int_equal(vg_catalogue_find_service(w->catalogue, vg_str_from(absent[i])), VG_CATALOGUE_NONE);
    uint32_t queue = vg_catalogue_find_resource(w->catalogue, 1, VG_STR("Queue or Topic"));
    const vg_catalogue_resource *resource = vg_catalogue_resource_at(w->catalogue, queue);
    assert_true(vg_str_is(resource->name, "queue or topic") && resource->service == 1);
    assert_int_equal(resource->arn_count, 2);
    assert_true(vg_str_is(resource->arns[1], "arn:${Partition}:store:*:${Account}:topic/*"));
    assert_int_equal(vg_catalogue_find_resource(w->catalogue, 1, VG_STR("topic")), VG_CATALOGUE_NONE);
    assert_int_equal(vg_catalogue_find_resource(w->catalogue, 0, VG_STR("bucket")), VG_CATALOGUE_NONE);
    const vg_catalogue_resource *bucket = vg_catalogue_resource_at(w->catalogue, 0);
    assert_true(vg_str_is(names_of(w, bucket->keys, bucket->key_count), "store:Size"));
}

static void a_condition_key_is_found_by_its_variable(void **state)
{
    world *w = *state;
    static const struct {
        const char *asked, *found, *type;
        bool multi;
        const char *category;
    } rows[] = {
        {"AWS:principaltag/Team", "aws:PrincipalTag/${TagKey}", "String", false, "principal"},
        {"aws:PrincipalTag/a/b:c", "aws:PrincipalTag/${TagKey}", "String", false, "principal"},
        {"aws:principaltag/${tagkey}", "aws:PrincipalTag/${TagKey}", "String", false, "principal"},
        {"aws:PrincipalTag/", NULL, NULL, false, NULL}, /* a variable is never empty */
        {"aws:PrincipalTag", NULL, NULL, false, NULL},
        {"aws:tagkeys", "aws:TagKeys", "String", true, "request"},
        {"store:size", "store:Size", "Numeric", false, ""},
        {"store:From", "store:From", "IPAddress", false, ""},
        {"build:When", "build:when", "Date", false, ""},
        {"build:sources/x.location", "build:sources/${id}.location", "String", false, ""},
        {"build:sources/x.type", "build:sources/${id}.type", "String", false, ""},
        {"build:sources/x.type.of", "build:sources/${id}.type.of", "String", false, ""},
        {"build:Sources/MAIN.type", "build:sources/main.type", "Bool", false, ""}, /* spelt out comes first */
        {"build:sources/.type", NULL, NULL, false, NULL},
        {"build:sources/x.size", NULL, NULL, false, NULL},
        {"git.corp.example:sub", "git.${Domain}.example:sub", "String", false, ""},
        {"git.corp.a.example:sub", "git.corp.${Team}.example:sub", "String", false, ""},
        {"git.corpo.a.example:sub", "git.${Domain}.example:sub", "String", false, ""},
        {"build:sources/x.of", "build:sources/${id}.of", "String", false, ""},
        {"git.corp.example:aud", NULL, NULL, false, NULL},
        {"store:Siz", NULL, NULL, false, NULL},
        {"store:Sizes", NULL, NULL, false, NULL},
        {"", NULL, NULL, false, NULL},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        uint32_t id = vg_catalogue_find_key(w->catalogue, vg_str_from(rows[i].asked));
        if ((id == VG_CATALOGUE_NONE) != (rows[i].found == NULL))
            fail_msg("'%s': id %u, expected %s", rows[i].asked, id, rows[i].found ? rows[i].found : "none");
        if (id == VG_CATALOGUE_NONE)
            continue;
        const vg_catalogue_key *key = vg_catalogue_key_at(w->catalogue, id);
        if (!vg_str_is(key->name, rows[i].found) || key->multi != rows[i].multi ||
            strcmp(vg_key_type_name((vg_key_type)key->type), rows[i].type) != 0 ||
            !vg_str_is(key->category, rows[i].category) ||
            key->variable != (strchr(rows[i].found, '$') != NULL))
            fail_msg("'%s': %.*s, %s%s, category '%.*s'", rows[i].asked, VG_ARG(key->name),
                     key->multi ? "several of " : "", vg_key_type_name((vg_key_type)key->type),
                     VG_ARG(key->category));
    }
}

static void an_action_has_the_keys_listed_with_it(void **state)
{
    world *w = *state;
    static const struct {
        const char *action, *key;
        bool has;
    } rows[] = {
        {"store:GetObject", "store:From", true},      /* its own */
        {"store:GetObjectTags", "aws:TagKeys", true}, /* with a resource type */
        {"store:List", "store:Size", true},           /* of its resource type */
        {"store:PutObject", "store:Size", false},     {"store:List", "store:From", false},
        {"build:List", "aws:PrincipalTag/x", false},  {"build:Pass-On", "build:when", true},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        uint32_t action = vg_catalogue_find_action(w->catalogue, vg_str_from(rows[i].action));
        uint32_t key = vg_catalogue_find_key(w->catalogue, vg_str_from(rows[i].key));
        if (vg_catalogue_action_has_key(w->catalogue, action, key) != rows[i].has)
            fail_msg("%s and %s: expected %d", rows[i].action, rows[i].key, rows[i].has);
    }
}

/* ---- resource types --------------------------------------------------------------------------------------------------------- */

static void an_arn_fits_the_types_it_can_be_of(void **state)
{
    world *w = *state;
    static const struct {
        const char *pattern, *fits;
    } rows[] = {
        {"arn:aws:store:::b", "bucket"},
        {"arn:aws:store:::b/k",
         "object"}, /* a bucket's name holds no slash, for an object's ARN goes on with it */
        {"arn:aws:store:::b/k/l:m", "object"},
        {"arn:aws:store:::b/", ""}, /* a variable is one byte at least */
        {"arn:aws:store:::", ""},
        {"arn:aws:store:::b*", "bucket,object"},
        {"arn:aws:store:::b?", "bucket"},
        {"arn:aws:store:::b/*", "object"},
        {"arn:aws:store:::*/", "object"},
        {"arn:aws:store:::b?k/l", "object"},
        {"arn:aws-cn:store:::b", "bucket"},
        {"arn:aws:stores:::b", ""},
        {"arn:aws:store:eu-west-1:123456789012:queue/q", "queue or topic"},
        {"arn:aws:store::123456789012:queue/q", ""},
        {"arn:aws:store::123456789012:topic/t", "queue or topic"}, /* '*' in a type's ARN may be nothing */
        {"arn:aws:store:::topic/t", "object"},
        {"arn:aws:store:*:*:topic/*", "object,queue or topic"}, /* '*' may be nothing */
        {"arn:aws:store:*::b/k", "object"}, /* in the head no wildcard is a colon: no queue "q::b/k" */
        {"arn:aws:store:???b", "bucket"},
        {"arn:*:b:c:d:e/f", ""},
        {"arn:aws?store:::x:b/k", ""},
        {"arn:aws:store:*b", "bucket,object,queue or topic"}, /* but of less than an ARN it may be */
        {"arn:aws:store:eu:1:q*", "queue or topic"},
        {"arn:aws:store:eu:1:q?eue/q", "queue or topic"},
        {"arn:aws:store:eu-west-1:1:2:queue/q", ""}, /* no colon in an account */
        {"arn:aws:store:eu-*:queue/q", "queue or topic"},
        {"arn:aws:store:eu-*", "queue or topic"},
        {"*", "bucket,object,queue or topic"},
        {"**", "bucket,object,queue or topic"},
        {"arn:*", "bucket,object,queue or topic"},
        {"arn:aws:iam*", ""},
        {"?", ""},
        {"", ""},
        {"arn:aws:store:::b/k?*/??", "object"},
        {"*/topic/*", "object,queue or topic"},
        {"*:queue/*", "object,queue or topic"},
        {"*:queue/?", "object,queue or topic"},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        uint32_t found[8];
        size_t count =
            vg_catalogue_resources_fitting(w->catalogue, 1, vg_str_from(rows[i].pattern), found, 8);
        vg_str names = VG_STR("");
        for (size_t k = 0; k < count; k++)
            names = vg_arena_printf(w->arena, "%.*s%s%.*s", VG_ARG(names), k ? "," : "",
                                    VG_ARG(vg_catalogue_resource_at(w->catalogue, found[k])->name));
        if (!vg_str_is(names, rows[i].fits))
            fail_msg("'%s':\n  gave     %.*s\n  expected %s", rows[i].pattern, VG_ARG(names), rows[i].fits);
    }
    uint32_t one = 99;
    assert_int_equal(vg_catalogue_resources_fitting(w->catalogue, 1, VG_STR("*"), &one, 1), 3);
    assert_int_equal(one, 0);
}

/* ---- patterns and sets ------------------------------------------------------------------------------------------------------- */

static void a_pattern_is_the_actions_it_matches(void **state)
{
    world *w = *state;
    static const struct {
        const char *pattern, *ids;
    } rows[] = {
        {"*", "0 1 2 3 4 5 6 7"},
        {"*:*", "0 1 2 3 4 5 6 7"},
        {"**", "0 1 2 3 4 5 6 7"},
        {"*:**", "0 1 2 3 4 5 6 7"},
        {"store:*", "2 3 4 5 6"},
        {"STORE:**", "2 3 4 5 6"},
        {"store:Get*", "2 3"},
        {"store:get*", "2 3"},
        {"store:GetObject", "2"},
        {"store:GetObject*", "2 3"},
        {"store:GetObject?", ""},
        {"store:GetObject????", "3"},
        {"store:*Object", "2 5 6"},
        {"store:*object*", "2 3 5 6"},
        {"store:???Object", "2 5 6"},
        {"store:?*t", "2 4 5 6"},
        {"store:*t*t*", "2 3 5 6"},
        {"store:", ""},
        {"store:?", ""},
        {"store:Zz*", ""},
        {"store:A*", ""},
        {"store:Get*:x", ""},
        {"store::*", ""},
        {"build:Pass-On", "1"},
        {"build:pass?on", "1"},
        {"store*:Get*", ""}, /* no wildcard in a service */
        {"store?:Get*", ""},
        {"*:List", ""},
        {"*:?*", ""},
        {"**:*", ""},
        {"*List", ""}, /* none crosses the colon */
        {"store*", ""},
        {"st*ject", ""},
        {"", ""},
        {":", ""},
        {":*", ""},
        {"*:", ""},
        {"nobody:*", ""},
    };
    vg_action_set set = vg_action_set_new(w->arena, w->catalogue);
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        vg_action_set_clear(&set);
        size_t count = vg_catalogue_expand(w->catalogue, vg_str_from(rows[i].pattern), &set);
        vg_str ids = VG_STR("");
        for (uint32_t a = vg_action_set_next(&set, 0); a != VG_CATALOGUE_NONE;
             a = vg_action_set_next(&set, a + 1))
            ids = vg_arena_printf(w->arena, "%.*s%s%u", VG_ARG(ids), ids.len ? " " : "", a);
        if (!vg_str_is(ids, rows[i].ids) || count != vg_action_set_count(&set))
            fail_msg("'%s': %zu\n  gave     %.*s\n  expected %s", rows[i].pattern, count, VG_ARG(ids),
                     rows[i].ids);
    }
    vg_action_set_clear(&set);
    assert_int_equal(vg_catalogue_expand(w->catalogue, VG_STR("store:Get*"), &set), 2);
    assert_int_equal(vg_catalogue_expand(w->catalogue, VG_STR("build:List"), &set), 1);
    assert_int_equal(vg_action_set_count(&set), 3); /* added to what was there */
}

static void a_pattern_longer_than_any_name_is_nothing_unless_it_is_stars(void **state)
{
    world *w = *state;
    char pattern[2000] = "store:";
    vg_action_set set = vg_action_set_new(w->arena, w->catalogue);
    memset(pattern + 6, '*', sizeof pattern - 6);
    assert_int_equal(vg_catalogue_expand(w->catalogue, vg_str_of(pattern, sizeof pattern), &set), 5);
    memcpy(pattern + 1500, "Object", 6);
    assert_int_equal(vg_catalogue_expand(w->catalogue, vg_str_of(pattern, sizeof pattern), &set), 4);
    memset(pattern + 6, '?', sizeof pattern - 6);
    assert_int_equal(vg_catalogue_expand(w->catalogue, vg_str_of(pattern, sizeof pattern), &set), 0);
    for (size_t i = 6; i < sizeof pattern; i++)
        pattern[i] = i % 2 ? '*' : 'a';
    assert_int_equal(vg_catalogue_expand(w->catalogue, vg_str_of(pattern, sizeof pattern), &set), 0);
}

static void sets_are_sets(void **state)
{
    world *w = *state;
    vg_action_set a = vg_action_set_new(w->arena, w->catalogue),
                  b = vg_action_set_new(w->arena, w->catalogue);
    assert_int_equal(vg_catalogue_set_words(w->catalogue), 1);
    vg_catalogue_expand(w->catalogue, VG_STR("store:*"), &a);
    vg_catalogue_expand(w->catalogue, VG_STR("store:Get*"), &b);
    assert_true(vg_action_set_within(&b, &a) && !vg_action_set_within(&a, &b) && vg_action_set_meets(&a, &b));
    assert_false(vg_action_set_equal(&a, &b));
    vg_action_set_and_not(&a, &b);
    assert_int_equal(a.words[0], 0x70);
    assert_false(vg_action_set_meets(&a, &b));
    vg_action_set_invert(&a, w->catalogue); /* no bit behind the last action */
    assert_int_equal(a.words[0], 0x8F);
    vg_action_set_and(&b, &a);
    assert_int_equal(b.words[0], 0x0C);
    vg_action_set_add(&b, 7);
    assert_true(vg_action_set_has(&b, 7) && !vg_action_set_has(&b, 6));
    vg_action_set_remove(&b, 2);
    assert_int_equal(b.words[0], 0x88);
    vg_action_set_or(&b, &a);
    assert_true(vg_action_set_equal(&a, &b));
    assert_int_equal(vg_action_set_next(&a, 4), 7);
    assert_int_equal(vg_action_set_next(&a, 8), VG_CATALOGUE_NONE);
    assert_int_equal(vg_action_set_next(&a, 64), VG_CATALOGUE_NONE);
}

static void ranges_cross_words(void **state)
{
    (void)state;
    static const struct {
        uint32_t first, count;
        uint64_t words[4];
    } rows[] = {
        {0, 0, {0}},
        {0, 1, {1}},
        {63, 1, {UINT64_C(1) << 63}},
        {0, 64, {UINT64_MAX}},
        {60, 8, {UINT64_C(0xF) << 60, 0xF}},
        {64, 64, {0, UINT64_MAX}},
        {1, 254, {UINT64_MAX - 1, UINT64_MAX, UINT64_MAX, UINT64_MAX >> 1}},
        {0, 256, {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        uint64_t words[4] = {0};
        vg_action_set set = {words, 4};
        vg_action_set_add_range(&set, rows[i].first, rows[i].count);
        if (memcmp(words, rows[i].words, sizeof words) != 0 || vg_action_set_count(&set) != rows[i].count)
            fail_msg("%u, %u: %016llx %016llx %016llx %016llx", rows[i].first, rows[i].count,
                     (unsigned long long)words[0], (unsigned long long)words[1], (unsigned long long)words[2],
                     (unsigned long long)words[3]);
    }
}

/* ---- texts that do not follow the form --------------------------------------------------------------------------------------- */

#define KEY  "K\ts:k\tString\n"
#define S    "S\ts\tThe S\n"
#define ARN  "arn:${Partition}:s:::${X}"
#define LINE CATALOGUE_FIRST_LINE

static void what_does_not_follow_the_form_is_refused_with_its_line(void **state)
{
    world *w = *state;
    static const struct {
        const char *records;
        vg_status status;
        unsigned line;
        const char *message;
    } rows[] = {
        {"X\ta\n", VG_ERR_SYNTAX, LINE, "no kind of record"},
        {"K\n", VG_ERR_SYNTAX, LINE, "no record"},
        {"K s:k String\n", VG_ERR_SYNTAX, LINE, "no record"},
        {"\n" S, VG_ERR_SYNTAX, LINE, "no record"},
        {"K\ts:k\n", VG_ERR_SYNTAX, LINE, "fewer or more fields"},
        {"K\ts:k\tString\tuser\n", VG_ERR_SYNTAX, LINE, "fewer or more fields"},
        {"G\ts:k\tString\n", VG_ERR_SYNTAX, LINE, "fewer or more fields"},
        {"G\ts:k\tString\t\n", VG_ERR_SYNTAX, LINE, "without a category"},
        {"K\t\tString\n", VG_ERR_SYNTAX, LINE, "without a name"},
        {"K\ts:k\tColour\n", VG_ERR_VALUE, LINE, "no type of condition key"},
        {"K\ts:k\tArrayOf\n", VG_ERR_VALUE, LINE, "no type of condition key"},
        {KEY KEY, VG_ERR_VALUE, LINE + 1, "order"},
        {"K\ts:l\tString\n" KEY, VG_ERR_VALUE, LINE + 1, "order"},
        {"G\tS:K\tString\tuser\n" KEY, VG_ERR_VALUE, LINE + 1, "a global key and"},
        {KEY "G\ta:k\tString\tuser\n", VG_ERR_SYNTAX, LINE + 1, "wrong place"},
        {"K\ts:${a\tString\n", VG_ERR_VALUE, LINE, "one ${...}"},
        {"K\ts:${a}/${b}\tString\n", VG_ERR_VALUE, LINE, "one ${...}"},
        {"K\ts${a}\tString\n", VG_ERR_VALUE, LINE, "one ${...}"},
        {"K\t${a}\tString\n", VG_ERR_VALUE, LINE, "one ${...}"},
        {S S, VG_ERR_VALUE, LINE + 1, "order"},
        {S "S\ta\tA\n", VG_ERR_VALUE, LINE + 1, "order"},
        {"S\tS\tThe S\n", VG_ERR_VALUE, LINE, "prefix"},
        {"S\ts:\tThe S\n", VG_ERR_VALUE, LINE, "prefix"},
        {S KEY, VG_ERR_SYNTAX, LINE + 1, "wrong place"},
        {"A\ts:Get\tR\n", VG_ERR_SYNTAX, LINE, "wrong place"},
        {"R\tr\t" ARN "\n", VG_ERR_SYNTAX, LINE, "wrong place"},
        {"L\t0\ts:k\n", VG_ERR_SYNTAX, LINE, "wrong place"},
        {S "A\ts:Get\tR\nR\tr\t" ARN "\n", VG_ERR_SYNTAX, LINE + 2, "wrong place"},
        {S "R\tr\t" ARN "\nL\t0\ts:k\n", VG_ERR_SYNTAX, LINE + 2, "wrong place"},
        {S "A\ts:Get\tX\n", VG_ERR_VALUE, LINE + 1, "no access level"},
        {S "A\ts:Get\tRW\n", VG_ERR_VALUE, LINE + 1, "no access level"},
        {S "A\ts:Get\t\n", VG_ERR_VALUE, LINE + 1, "no access level"},
        {S "A\tt:Get\tR\n", VG_ERR_VALUE, LINE + 1, "begin with its service"},
        {S "A\ts:\tR\n", VG_ERR_VALUE, LINE + 1, "begin with its service"},
        {S "A\ts\tR\n", VG_ERR_VALUE, LINE + 1, "begin with its service"},
        {S "A\ts:Get\tR\nA\ts:get\tR\n", VG_ERR_VALUE, LINE + 2, "order"},
        {S "A\ts:Put\tR\nA\ts:Get\tR\n", VG_ERR_VALUE, LINE + 2, "order"},
        {S "A\ts:Get\tR\tr\n", VG_ERR_VALUE, LINE + 1, "no resource type"},
        {S "R\tr\t" ARN "\nA\ts:Get\tR\tr,\n", VG_ERR_VALUE, LINE + 2, "no resource type"},
        {S "R\tr\t" ARN "\nA\ts:Get\tR\tr,r\n", VG_ERR_VALUE, LINE + 2, "no resource type"},
        {S "R\tr\t" ARN "\nA\ts:Get\tR\tr=s:k\n", VG_ERR_VALUE, LINE + 2, "no condition key"},
        {S "R\tr\t" ARN "\nR\tR\t" ARN "\n", VG_ERR_VALUE, LINE + 2, "order"},
        {S "R\tr\t\n", VG_ERR_VALUE, LINE + 1, "fewer than five colons"},
        {S "R\tr\tarn:a:b:c\n", VG_ERR_VALUE, LINE + 1, "fewer than five colons"},
        {S "R\tr\tarn:${a:b:c:d:e\n", VG_ERR_SYNTAX, LINE + 1, "does not end"},
        {S "R\tr\t" ARN ",\n", VG_ERR_VALUE, LINE + 1, "fewer than five colons"},
        {KEY S "A\ts:Get\tR\t\t:K\n", VG_ERR_VALUE, LINE + 2, "no condition key is spelt so"},
        {KEY S "A\ts:Get\tR\t\t:k,\n", VG_ERR_VALUE, LINE + 2, "no condition key is spelt so"},
        {KEY S "A\ts:Get\tR\t\t@0\n", VG_ERR_VALUE, LINE + 2, "no list of keys"},
        {KEY S "L\t0\t\n", VG_ERR_SYNTAX, LINE + 2, "and not another list"},
        {KEY S "L\t0\t:k\nL\t1\t@0\n", VG_ERR_SYNTAX, LINE + 3, "and not another list"},
        {KEY S "L\t0\t:k\nL\t0\t:k\n", VG_ERR_VALUE, LINE + 3, "order"},
        {KEY S "L\t0\t:k\nS\tt\tT\nA\tt:Get\tR\t\t@0\n", VG_ERR_VALUE, LINE + 4, "no list of keys"},
        {S "A\ts:Get\tR\t\t\ts:Put\n", VG_ERR_VALUE, LINE + 2, "no action that another could depend on"},
        {S "A\ts:Get\tR\t\t\ts:Put,s:Get\nA\ts:Put\tR\n", VG_ERR_VALUE, LINE + 3, "order"},
        {S "A\ts:Get\tR\t\t\ts:Put\tx\n", VG_ERR_SYNTAX, LINE + 1, "more fields than any record has"},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        vg_error err = {0};
        const vg_catalogue *catalogue = NULL;
        vg_str text = catalogue_text(w->arena, vg_str_from(rows[i].records));
        vg_status status = vg_catalogue_open(w->arena, text, &catalogue, &err);
        if (status != rows[i].status || err.place.line != rows[i].line ||
            !strstr(err.message, rows[i].message))
            fail_msg("%s\n  gave     %s, line %u: %s\n  expected %s, line %u: %s", rows[i].records,
                     vg_status_name(status), err.place.line, err.message, vg_status_name(rows[i].status),
                     rows[i].line, rows[i].message);
    }
}

static void what_is_longer_than_the_limits_is_refused(void **state)
{
    world *w = *state;
    vg_buf text[7] = {0};
    vg_buf_add_c(&text[0], "K\ts:");
    vg_buf_add_c(&text[1], KEY S "A\ts:Get\tR\t\t");
    vg_buf_add_c(&text[2], S "R\tr\tarn:p:s:::");
    vg_buf_add_c(&text[3], S "R\tr\t");
    vg_buf_add_c(&text[4], KEY S);
    vg_buf_add_c(&text[5], S);
    vg_buf_add_c(&text[6], S);
    for (int i = 0; i < 1100; i++) {
        vg_buf_add_c(&text[0], "k");
        vg_buf_add_c(&text[1], i ? ",:k" : ":k");
        vg_buf_add_c(&text[2], "x");
        vg_buf_add_c(&text[3], i ? "," ARN : ARN);
        vg_buf_addf(&text[4], "L\t%04d\t:k\n", i);
        vg_buf_addf(&text[5], "A\ts:A%04d\tR\n", i);
        vg_buf_addf(&text[6], "R\tr%04d\t" ARN "\n", i);
    }
    vg_buf_add_c(&text[0], "\tString\n");
    vg_buf_add_c(&text[5], "A\ts:Get\tR\t\t\t");
    vg_buf_add_c(&text[6], "A\ts:Get\tR\t");
    for (int i = 0; i < 1100; i++)
        vg_buf_addf(&text[6], "%sr%04d", i ? "," : "", i);
    for (int i = 0; i < 1100; i++)
        vg_buf_addf(&text[5], "%ss:A%04d", i ? "," : "", i);
    static const char *const expected[] = {
        "longer than 255", "1024 keys",     "longer than 255 elements", "64 ARNs",
        "1024 lists",      "256 dependent", "1024 resource types"};
    for (size_t i = 0; i < VG_COUNT(text); i++) {
        vg_error err = {0};
        const vg_catalogue *catalogue = NULL;
        vg_str whole = catalogue_text(w->arena, vg_buf_str(&text[i]));
        vg_status status = vg_catalogue_open(w->arena, whole, &catalogue, &err);
        if (status != VG_ERR_LIMIT || !strstr(err.message, expected[i]))
            fail_msg("%s: gave %s: %s", expected[i], vg_status_name(status), err.message);
        vg_buf_free(&text[i]);
    }
}

/* The small text with `from` replaced by `to`, once. */
static vg_str changed(const world *w, const char *from, const char *to)
{
    vg_str text = catalogue_text(w->arena, vg_str_from(RECORDS));
    size_t at = vg_str_find(text, vg_str_from(from));
    assert_true(at != VG_NPOS);
    return vg_arena_printf(w->arena, "%.*s%s%.*s", (int)at, text.ptr, to,
                           VG_ARG(vg_str_sub(text, at + strlen(from), text.len)));
}

static void a_head_that_does_not_belong_to_its_records_is_refused(void **state)
{
    world *w = *state;
    static const struct {
        const char *from, *to;
        vg_status status;
        const char *message;
    } rows[] = {
        {"H\tform\t1", "H\tform\t2", VG_ERR_VERSION, "does not know"},
        {"H\tform\t1", "H\tform\tone", VG_ERR_SYNTAX, "number of a form"},
        {"H\tform", "H\tshape", VG_ERR_VALUE, "no fact"},
        {"H\tsource\ta test\n", "", VG_ERR_SYNTAX, "lacks"},
        {"H\tversion\t1.2\n", "", VG_ERR_SYNTAX, "lacks"},
        {"H\tdate\t2026-09-26T04:46:59Z\n", "", VG_ERR_SYNTAX, "lacks"},
        {"H\tdata-sha256\t00\n", "", VG_ERR_SYNTAX, "lacks"},
        {"H\tbody-sha256", "H\tdata-sha256", VG_ERR_SYNTAX, "lacks"},
        {"2026-09-26T", "2026-13-26T", VG_ERR_VALUE, "no date"},
        {"H\tkeys\t12\n", "", VG_ERR_SYNTAX, "lacks a count"},
        {"H\tservices\t3\n", "", VG_ERR_SYNTAX, "lacks a count"},
        {"H\tresource-types\t3\n", "", VG_ERR_SYNTAX, "lacks a count"},
        {"H\tactions\t8\n", "", VG_ERR_SYNTAX, "lacks a count"},
        {"H\tkeys\t12", "H\tkeys\t11", VG_ERR_CORRUPT, "more keys"},
        {"H\tkeys\t12", "H\tkeys\t13", VG_ERR_CORRUPT, "fewer records"},
        {"H\tservices\t3", "H\tservices\t2", VG_ERR_CORRUPT, "more services"},
        {"H\tservices\t3", "H\tservices\t4", VG_ERR_CORRUPT, "fewer records"},
        {"H\tresource-types\t3", "H\tresource-types\t2", VG_ERR_CORRUPT, "more resource types"},
        {"H\tresource-types\t3", "H\tresource-types\t4", VG_ERR_CORRUPT, "fewer records"},
        {"H\tactions\t8", "H\tactions\t7", VG_ERR_CORRUPT, "more actions"},
        {"H\tactions\t8", "H\tactions\t9", VG_ERR_CORRUPT, "fewer records"},
        {"H\tactions\t8", "H\tactions\t4000000000", VG_ERR_CORRUPT, "no count"},
        {"H\tactions\t8", "H\tactions\t-1", VG_ERR_CORRUPT, "no count"},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        vg_error err = {0};
        const vg_catalogue *catalogue = NULL;
        vg_status status =
            vg_catalogue_open(w->arena, changed(w, rows[i].from, rows[i].to), &catalogue, &err);
        if (status != rows[i].status || !strstr(err.message, rows[i].message))
            fail_msg("%s -> %s\n  gave     %s: %s\n  expected %s: %s", rows[i].from, rows[i].to,
                     vg_status_name(status), err.message, vg_status_name(rows[i].status), rows[i].message);
    }
    const vg_catalogue *catalogue = NULL;
    assert_int_equal(vg_catalogue_open(w->arena, (vg_str){0}, &catalogue, NULL), VG_ERR_SYNTAX);
}

static void a_record_changed_by_hand_is_noticed(void **state)
{
    world *w = *state;
    vg_error err = {0};
    assert_int_equal(vg_catalogue_verify(catalogue_text(w->arena, vg_str_from(RECORDS)), &err), VG_OK);
    assert_int_equal(vg_catalogue_verify(changed(w, "store:PutObject\tW", "store:PutObject\tR"), &err),
                     VG_ERR_CORRUPT);
    assert_int_equal(vg_catalogue_verify(changed(w, "H\tform\t1", "H\tform\t3"), &err), VG_ERR_VERSION);
}

/* Every prefix of the text, and every byte of it changed: refused or read, never a fault. */
static void a_damaged_text_is_refused_or_read(void **state)
{
    world *w = *state;
    vg_str text = catalogue_text(w->arena, vg_str_from(RECORDS));
    for (size_t i = 0; i < text.len; i++) {
        vg_arena *arena = vg_arena_new(1 << 20);
        const vg_catalogue *catalogue = NULL;
        char *copy = vg_arena_cstr(arena, text);
        if (vg_catalogue_open(arena, vg_str_of(copy, i), &catalogue, NULL) == VG_OK && i + 1 < text.len)
            fail_msg("the first %zu bytes of %zu were read as a whole", i, text.len);
        copy[i] = (char)(copy[i] ^ 0x15);
        (void)vg_catalogue_open(arena, vg_str_of(copy, text.len), &catalogue, NULL);
        vg_arena_free(arena);
    }
}

static void without_memory_it_fails_and_says_so(void **state)
{
    world *w = *state;
    vg_str text = catalogue_text(w->arena, vg_str_from(RECORDS));
    for (size_t limit = 16;; limit += 16) {
        vg_arena *arena = vg_arena_new(limit);
        const vg_catalogue *catalogue = NULL;
        vg_status status = vg_catalogue_open(arena, text, &catalogue, NULL);
        vg_arena_free(arena);
        if (status == VG_OK)
            break;
        assert_int_equal(status, VG_ERR_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_head_is_told),
        cmocka_unit_test(an_action_is_found_in_any_case_and_told_whole),
        cmocka_unit_test(ids_are_dense_and_a_service_is_a_range),
        cmocka_unit_test(a_condition_key_is_found_by_its_variable),
        cmocka_unit_test(an_action_has_the_keys_listed_with_it),
        cmocka_unit_test(an_arn_fits_the_types_it_can_be_of),
        cmocka_unit_test(a_pattern_is_the_actions_it_matches),
        cmocka_unit_test(a_pattern_longer_than_any_name_is_nothing_unless_it_is_stars),
        cmocka_unit_test(sets_are_sets),
        cmocka_unit_test(ranges_cross_words),
        cmocka_unit_test(what_does_not_follow_the_form_is_refused_with_its_line),
        cmocka_unit_test(what_is_longer_than_the_limits_is_refused),
        cmocka_unit_test(a_head_that_does_not_belong_to_its_records_is_refused),
        cmocka_unit_test(a_record_changed_by_hand_is_noticed),
        cmocka_unit_test(a_damaged_text_is_refused_or_read),
        cmocka_unit_test(without_memory_it_fails_and_says_so),
    };
    return cmocka_run_group_tests_name("policy/catalogue", tests, set_up, tear_down);
}
