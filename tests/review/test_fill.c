/* test_fill.c: commands with the evidence's own ids in them: places, properties, lists, what everybody agrees on; words that
 * are left to the reader, and what to put there; and nothing that a shell would read as more than a word. */
#include "assess/evidence_text.h"

#include "review/review_part.h"

/* Facts as assessments hold them. */
static const struct {
    const char *type, *account, *region, *id, *name, *properties;
} FACTS[] = {
    {"Vigil::Account::Account", A, "", A, "shop",
     "{\"RegionsInUse\":[\"eu-west-1\",\"us-east-1\"],\"FittingOu\":\"ou-1\"}"},
    {"Vigil::Account::Account", B, "", B, "bank", "{\"RegionsInUse\":[\"eu-central-1\"],\"Bad\":\"a b\"}"},
    {"Vigil::Organization::Structure", A, "", "o-1", "",
     "{\"RootId\":\"r-1\",\"Scps\":[\"p-1\",\"p-2\"],\"Units\":[],\"FittingOu\":\"ou-9\"}"},
    {"Vigil::Account::Trail", A, "", A, "", "{\"LogBucket\":\"logs\",\"LogKey\":\"k-1\"}"},
    {"Vigil::Account::Trail", B, "", B, "", "{\"LogBucket\":\"logs\",\"LogKey\":\"k-2\"}"},
    {"AWS::S3::Bucket", B, "", "b", "", "{\"Owner\":\"nobody\"}"},
};
static const vg_word WORDS[] = {
    {VG_STR_INIT("policy-id"), VG_STR_INIT("the policy"), VG_STR_INIT("Scps")},
    {VG_STR_INIT("key"), VG_STR_INIT("the key"), VG_STR_INIT("LogKey")},
    {VG_STR_INIT("name"), VG_STR_INIT("a name"), {0}},
};

typedef struct {
    vg_arena *arena;
    vg_content content;
    vg_assessment assessment;
    vg_filler *filler;
} world;

static world make_world(const char *partition)
{
    static const vg_account accounts[] = {{.id = VG_STR_INIT(A), .parent = VG_STR_INIT("ou-5")},
                                          {.id = VG_STR_INIT(B), .parent = VG_STR_INIT("r-1")}};
    world w = {.arena = vg_arena_new(0), .content = {.words = WORDS, .word_count = VG_COUNT(WORDS)}};
    vg_subject *subjects = VG_NEW_N(w.arena, vg_subject, VG_COUNT(FACTS));
    for (size_t i = 0; i < VG_COUNT(FACTS); i++)
        subjects[i].resource = (vg_resource){.type = vg_str_from(FACTS[i].type),
                                             .account = vg_str_from(FACTS[i].account),
                                             .id = vg_str_from(FACTS[i].id),
                                             .name = vg_str_from(FACTS[i].name),
                                             .properties = vg_str_from(FACTS[i].properties)};
    w.assessment = (vg_assessment){.subjects = subjects,
                                   .subject_count = VG_COUNT(FACTS),
                                   .accounts = accounts,
                                   .account_count = VG_COUNT(accounts),
                                   .organization = VG_STR("o-1"),
                                   .management = VG_STR(A),
                                   .partition = vg_str_from(partition)};
    return w;
}

/* The commands of one template for a subject of account B, a line each. */
static vg_str filled(world *w, const char *template, const char *name, const char *properties, size_t most)
{
    vg_control control = {0};
    vg_builder *b = vg_builder_new(w->arena);
    vg_vec commands = vg_vec_in(w->arena, sizeof(vg_str));
    size_t nodes, left = 0;
    vg_error err = {0};
    vg_buf lines = {0};
    vg_resource resource = {.account = VG_STR(B),
                            .region = VG_STR("eu-west-1"),
                            .id = VG_STR("id"),
                            .name = vg_str_from(name),
                            .properties = vg_str_from(properties)};
    w->assessment.content = &w->content;
    vg_builder_string(b, vg_str_from(template));
    assert_int_equal(vg_builder_finish(b, &control.header.commands, &nodes, &err), VG_OK);
    assert_int_equal(vg_filler_new(&w->assessment, w->arena, &w->filler, &err), VG_OK);
    assert_int_equal(
        vg_fill_commands(w->filler, &control, &resource, (vg_str){0}, most, w->arena, &commands, &left, &err),
        VG_OK);
    assert_int_equal(vg_explain_words(w->filler, &resource, w->arena, &commands, &err), VG_OK);
    for (size_t i = 0; i < commands.len; i++)
        vg_buf_addf(&lines, "%s%.*s", i ? "\n" : "", VG_ARG(*(vg_str *)vg_vec_at(&commands, i)));
    if (left)
        vg_buf_addf(&lines, "\nleft %zu", left);
    vg_str kept = vg_arena_str(w->arena, vg_buf_str(&lines));
    vg_buf_free(&lines);
    return kept;
}

#define BY_HAND(what) "# by hand for " B ": its " what " is unknown or would need quoting in a shell"

static void puts_in_what_is_known(void **state)
{
    static const struct {
        const char *template, *properties, *expected;
    } cases[] = {
        {"aws x {account} {region} {name} {resource} {ou} {target} {management} {organization}", "{}",
         "aws x " B " eu-west-1 jane id r-1 r-1 " A " o-1"},
        {"aws x --query 'Roots[0].{Id:Id}' --json '{\"a\":1}' \"${key}\" {print}", "{}",
         "aws x --query 'Roots[0].{Id:Id}' --json '{\"a\":1}' \"${key}\" {print}"},
        /* a property: of the subject, else of its account, else of the organisation */
        {"aws x {RootId}", "{\"RootId\":\"r-own\"}", "aws x r-own"},
        {"aws x {RootId}", "{}", "aws x r-1"},
        {"aws x {FittingOu}", "{}", "aws x ou-9"},
        {"aws x {LogBucket.common}", "{}", "aws x logs"},
        {"aws x {LogBucket.common}", "{\"LogBucket\":\"own\"}", "aws x own"},
        {"aws x {LogBucket}", "{}", BY_HAND("LogBucket")}, /* another's is no good here */
        {"aws x {LogKey.common}", "{}", BY_HAND("LogKey")},
        {"aws x {Owner.common}", "{}", BY_HAND("Owner")},
        {"aws x {Nothing}", "{}", BY_HAND("Nothing")},
        {"aws x {Age}", "{\"Age\":12}", "aws x 12"},
        {"aws x {Age}", "{\"Age\":true}", BY_HAND("Age")},
        /* lists */
        {"aws x {Keys} {Keys.name}", "{\"Keys\":[\"a/b\",\"c\"]}", "aws x a/b b\naws x c c"},
        {"aws x {Keys} {Of}", "{\"Keys\":[\"a\",\"b\"],\"Of\":[\"1\",\"2\"]}", "aws x a 1\naws x b 2"},
        {"aws x {Keys} {Of}", "{\"Keys\":[\"a\",\"b\"],\"Of\":[\"1\"]}", "aws x a 1\n" BY_HAND("Of")},
        {"aws x {Keys.first}", "{\"Keys\":[\"a\",\"b\"]}", "aws x a"},
        {"aws x [{Keys.json}]", "{\"Keys\":[\"a\",\"b\"]}", "aws x [\"a\",\"b\"]"},
        {"aws x {Keys}", "{\"Keys\":[]}", ""},
        {"aws x [{Keys.json}]", "{\"Keys\":[]}", BY_HAND("Keys")},
        {"aws x [{regions.json}]", "{}", "aws x [\"eu-central-1\",\"eu-west-1\",\"us-east-1\"]"},
        {"aws x {regions.first}", "{}", "aws x eu-central-1"},
        {"aws x {RegionsInUse}", "{}", "aws x eu-central-1"},
        /* what is left to the reader, and what to put there */
        {"aws x <name>", "{}", "aws x <name>\n# <name>: a name"},
        {"aws x {Nothing|name} <name>", "{}", "aws x <name> <name>\n# <name>: a name"},
        {"aws x {Keys|name}", "{\"Keys\":[]}", "aws x <name>\n# <name>: a name"},
        {"aws x {Keys|name}", "{\"Keys\":[\"k\"]}", "aws x k"},
        {"aws x <policy-id>", "{}", "aws x <policy-id>\n# <policy-id>: the policy; known: p-1, p-2"},
        {"aws x {LogKey.common|key}", "{}", "aws x <key>\n# <key>: the key; known: k-1, k-2"},
        {"aws x <unheard-of> < file", "{}", "aws x <unheard-of> < file"},
        {"# say <name>", "{}", "# say <name>"},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        world w = make_world("aws");
        vg_str got = filled(&w, cases[i].template, "jane", cases[i].properties, SIZE_MAX);
        if (!vg_str_is(got, cases[i].expected))
            fail_msg("%s, of %s: got\n%.*s\nexpected\n%s", cases[i].template, cases[i].properties,
                     VG_ARG(got), cases[i].expected);
        vg_arena_free(w.arena);
    }
}

static void never_puts_hostile_text_into_a_command(void **state)
{
    static const struct {
        const char *name, *expected;
    } cases[] = {
        {"jane.doe@example.com", "aws x jane.doe@example.com"},
        {"a b", BY_HAND("name")},
        {"$(rm -rf /)", BY_HAND("name")},
        {"a;b", BY_HAND("name")},
        {"--help", BY_HAND("name")},
        {"a\nb", BY_HAND("name")},
        {"a'b", BY_HAND("name")},
        {"<name>", BY_HAND("name")},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        world w = make_world("aws");
        vg_str got = filled(&w, "aws x {name}", cases[i].name, "{}", SIZE_MAX);
        if (!vg_str_is(got, cases[i].expected))
            fail_msg("'%s': got %.*s", cases[i].name, VG_ARG(got));
        vg_arena_free(w.arena);
    }
    world w = make_world("aws");
    vg_str got = filled(&w, "aws x {Roles.name}", "jane", "{\"Roles\":[\"arn/good\",\"arn/$(id)\",\"--x\"]}",
                        SIZE_MAX);
    assert_true(vg_str_is(got, "aws x good\n" BY_HAND("Roles") "\n" BY_HAND("Roles")));
    got = filled(&w, "aws x {Bad}", "jane", "{}", SIZE_MAX);
    assert_true(vg_str_is(got, BY_HAND("Bad")));
    vg_arena_free(w.arena);
}

static void writes_out_the_first_of_a_long_list(void **state)
{
    (void)state;
    world w = make_world("aws");
    vg_str got = filled(&w, "aws x {Keys}", "jane", "{\"Keys\":[\"a\",\"b\",\"c\",\"d\"]}", 2);
    assert_true(vg_str_is(got, "aws x a\naws x b\nleft 2"));
    vg_arena_free(w.arena);
}

static void speaks_of_the_partition(void **state)
{
    static const struct {
        const char *partition, *expected;
    } cases[] = {
        {"aws", "aws x arn:aws:iam::aws:policy/P --region us-east-1"},
        {"aws-cn", "aws x arn:aws-cn:iam::aws:policy/P --region cn-northwest-1"},
        {"aws-us-gov", "aws x arn:aws-us-gov:iam::aws:policy/P --region us-gov-west-1"},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        world w = make_world(cases[i].partition);
        vg_str got = filled(&w, "aws x arn:aws:iam::aws:policy/P --region us-east-1", "jane", "{}", SIZE_MAX);
        if (!vg_str_is(got, cases[i].expected))
            fail_msg("%s: got %.*s", cases[i].partition, VG_ARG(got));
        vg_arena_free(w.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_in_what_is_known),
        cmocka_unit_test(never_puts_hostile_text_into_a_command),
        cmocka_unit_test(writes_out_the_first_of_a_long_list),
        cmocka_unit_test(speaks_of_the_partition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
