/* test_organization.c: the tree of accounts and units, the workload mapping, and drift down to the property. */
#include "store/workspace.h"

#include "evidence/evidence.h"

typedef struct {
    char *folder;
    vg_evidence *evidence;
    vg_arena *arena;
    vg_buf text;
    uint32_t scope;
    int runs;
    vg_time at; /* of the tree that is looked at */
} world;

static void begin(world *w)
{
    char id[32];
    const vg_scope scope = {.operation = VG_STR("test"), .account = VG_STR("111111111111")};
    snprintf(id, sizeof id, "run-%d", ++w->runs);
    OK(vg_evidence_run_begin(w->evidence, vg_str_from(id), day(1), err));
    OK(vg_evidence_scope(w->evidence, &scope, &w->scope, err));
}

static void end(world *w)
{
    OK(vg_evidence_run_end(w->evidence, day(1), true, NULL, err));
}

static int setup(void **state)
{
    world *w = calloc(1, sizeof *w);
    const vg_evidence_options options = {.write = true, .create = true, .now = day(1), .who = VG_STR("ann")};
    w->at = VG_TIME_NONE;
    w->folder = temporary_folder();
    w->arena = vg_arena_new(0);
    OK(vg_evidence_open(vg_str_from(w->folder), &options, &w->evidence, err));
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world *w = *state;
    vg_evidence_close(w->evidence);
    vg_arena_free(w->arena);
    vg_buf_free(&w->text);
    remove_folder(w->folder);
    free(w);
    return 0;
}

static void put(world *w, const char *type, const char *account, const char *id, const char *properties,
                int on_day)
{
    const vg_resource r = {.type = vg_str_from(type),
                           .account = vg_str_from(account),
                           .id = vg_str_from(id),
                           .name = vg_str_from(id),
                           .properties = vg_str_from(properties),
                           .observed = day(on_day),
                           .source = VG_STR("test")};
    OK(vg_evidence_put(w->evidence, w->scope, &r, NULL, err));
}

#define ORG(kind) "Vigil::Organization::" kind

/* ---- the organisation ------------------------------------------------------------------------------------------------- */

static const char *tree(world *w)
{
    vg_organization o;
    OK(vg_evidence_organization(w->evidence, w->arena, w->at, &o, err));
    vg_buf_clear(&w->text);
    vg_buf_addf(&w->text, "%zu %.*s %.*s\n", o.organization_count, VG_ARG(o.id),
                VG_ARG(o.management_account));
    for (size_t i = 0; i < o.unit_count; i++)
        vg_buf_addf(&w->text, "%.*s %.*s '%.*s'%s\n", VG_ARG(o.units[i].id), VG_ARG(o.units[i].name),
                    VG_ARG(o.units[i].path), o.units[i].is_cyclic ? " cyclic" : "");
    for (size_t i = 0; i < o.account_count; i++)
        vg_buf_addf(&w->text, "%.*s %.*s %.*s '%.*s'%s\n", VG_ARG(o.accounts[i].id),
                    VG_ARG(o.accounts[i].name), VG_ARG(o.accounts[i].status), VG_ARG(o.accounts[i].ou_path),
                    o.accounts[i].is_management ? " management" : "");
    vg_buf_add_char(&w->text, '\0');
    return w->text.ptr;
}

static void accounts_get_their_path_from_parents(void **state)
{
    world *w = *state;
    begin(w);
    put(w, ORG("Organization"), "111111111111", "o-1",
        "{\"Id\":\"o-1\",\"ManagementAccountId\":\"111111111111\"}", 1);
    put(w, ORG("Root"), "111111111111", "r-1", "{\"Id\":\"r-1\",\"Name\":\"Root\"}", 1);
    put(w, ORG("OrganizationalUnit"), "111111111111", "ou-b", "{\"Name\":\"Prod\"}", 1);
    put(w, ORG("OrganizationalUnit"), "111111111111", "ou-a", "{\"Name\":\"Workloads\"}", 1);
    put(w, ORG("OrganizationalUnit"), "111111111111", "ou-lost", "{\"Name\":\"Lost\"}", 1);
    put(w, ORG("Parent"), "111111111111", "ou-a", "{\"ChildId\":\"ou-a\",\"ParentId\":\"r-1\"}", 1);
    put(w, ORG("Parent"), "111111111111", "ou-b", "{\"ChildId\":\"ou-b\",\"ParentId\":\"ou-a\"}", 1);
    put(w, ORG("Account"), "111111111111", "111111111111", "{\"Name\":\"main\",\"Status\":\"ACTIVE\"}", 1);
    put(w, ORG("Parent"), "111111111111", "111111111111", "{\"ParentId\":\"r-1\"}", 1);
    put(w, ORG("Account"), "333333333333", "333333333333", "{\"Name\":\"shop\",\"State\":\"SUSPENDED\"}", 1);
    put(w, ORG("Parent"), "111111111111", "333333333333", "{\"ParentId\":\"ou-b\"}", 1);
    put(w, ORG("Account"), "444444444444", "444444444444", "{\"Name\":\"own\",\"ParentId\":\"ou-a\"}", 1);
    put(w, "AWS::IAM::User", "222222222222", "u", "{}", 1);
    const vg_relation relation = {.from_type = VG_STR(ORG("Account")),
                                  .from_account = VG_STR("222222222222"),
                                  .from_id = VG_STR("222222222222"),
                                  .kind = VG_STR("member-of"),
                                  .to_type = VG_STR(ORG("OrganizationalUnit")),
                                  .to_account = VG_STR("111111111111"),
                                  .to_id = VG_STR("ou-b")};
    OK(vg_evidence_put_relation(w->evidence, w->scope, &relation, day(1), err));
    end(w);
    assert_string_equal(tree(w), "1 o-1 111111111111\n"
                                 "ou-a Workloads 'Root/Workloads'\n"
                                 "ou-b Prod 'Root/Workloads/Prod'\n"
                                 "ou-lost Lost ''\n"
                                 "r-1 Root 'Root'\n"
                                 "111111111111 main ACTIVE 'Root' management\n"
                                 "222222222222   'Root/Workloads/Prod'\n"
                                 "333333333333 shop SUSPENDED 'Root/Workloads/Prod'\n"
                                 "444444444444 own  'Root/Workloads'\n");
    vg_vec accounts = vg_vec_in(w->arena, sizeof(vg_account));
    OK(vg_evidence_accounts(w->evidence, w->arena, VG_TIME_NONE, &accounts, err));
    assert_int_equal(accounts.len, 4);
}

static void put_membership(world *w, const char *account, const char *unit)
{
    const vg_relation relation = {.from_type = VG_STR(ORG("Account")),
                                  .from_account = vg_str_from(account),
                                  .from_id = vg_str_from(account),
                                  .kind = VG_STR("member-of"),
                                  .to_type = VG_STR(ORG("OrganizationalUnit")),
                                  .to_account = VG_STR("111111111111"),
                                  .to_id = vg_str_from(unit)};
    OK(vg_evidence_put_relation(w->evidence, w->scope, &relation, day(1), err));
}

/* What a Parent resource says goes before what the child or a relation says. */
static void parents_win_and_units_are_there_once(void **state)
{
    world *w = *state;
    begin(w);
    put(w, ORG("Root"), "111111111111", "r-1", "{\"Name\":\"Root\"}", 1);
    put(w, ORG("OrganizationalUnit"), "111111111111", "ou-a", "{\"Name\":\"A\",\"ParentId\":\"r-1\"}", 1);
    put(w, ORG("OrganizationalUnit"), "222222222222", "ou-a", "{\"Name\":\"A\"}", 1);
    put(w, ORG("OrganizationalUnit"), "111111111111", "ou-b", "{\"Name\":\"B\",\"ParentId\":\"r-1\"}", 1);
    put(w, ORG("Account"), "111111111111", "333333333333", "{\"Name\":\"x\",\"ParentId\":\"ou-a\"}", 1);
    put(w, ORG("Parent"), "111111111111", "333333333333", "{\"ParentId\":\"ou-b\"}", 1);
    put_membership(w, "333333333333", "ou-a");
    end(w);
    begin(w);
    put(w, ORG("Parent"), "111111111111", "333333333333", "{\"ParentId\":\"r-1\"}", 3);
    end(w);
    static const char UNITS[] = "0  \nou-a A 'Root/A'\nou-b B 'Root/B'\nr-1 Root 'Root'\n111111111111   ''\n"
                                "222222222222   ''\n333333333333 x  '";
    char expected[400];
    snprintf(expected, sizeof expected, "%sRoot'\n", UNITS);
    assert_string_equal(tree(w), expected);
    w->at = day(2); /* before it moved */
    snprintf(expected, sizeof expected, "%sRoot/B'\n", UNITS);
    assert_string_equal(tree(w), expected);
}

static void a_cyclic_tree_is_told_and_ends(void **state)
{
    world *w = *state;
    begin(w);
    put(w, ORG("OrganizationalUnit"), "111111111111", "ou-a", "{\"Name\":\"A\",\"ParentId\":\"ou-b\"}", 1);
    put(w, ORG("OrganizationalUnit"), "111111111111", "ou-b", "{\"Name\":\"B\",\"ParentId\":\"ou-a\"}", 1);
    put(w, ORG("OrganizationalUnit"), "111111111111", "ou-c", "{\"Name\":\"C\",\"ParentId\":\"ou-a\"}", 1);
    put(w, ORG("OrganizationalUnit"), "111111111111", "ou-d", "{\"Name\":\"D\",\"ParentId\":\"ou-d\"}", 1);
    end(w);
    assert_string_equal(tree(w), "0  \n"
                                 "ou-a A '' cyclic\n"
                                 "ou-b B '' cyclic\n"
                                 "ou-c C ''\n"
                                 "ou-d D '' cyclic\n"
                                 "111111111111   ''\n");
}

static void two_organisations_are_counted(void **state)
{
    world *w = *state;
    begin(w);
    put(w, ORG("Organization"), "222222222222", "o-2", "{\"MasterAccountId\":\"222222222222\"}", 1);
    put(w, ORG("Organization"), "111111111111", "o-1", "{\"MasterAccountId\":\"111111111111\"}", 1);
    end(w);
    assert_string_equal(tree(w), "2 o-1 111111111111\n111111111111   '' management\n222222222222   ''\n");
}

/* ---- workloads ------------------------------------------------------------------------------------------------------------- */

static const char MAPPING[] = "workloads:\n"
                              "  - name: shop\n"
                              "    function: retail\n"
                              "    owner: shop@example.com\n"
                              "    criticality: high\n"
                              "    data_classification: confidential\n"
                              "    environments:\n"
                              "      - name: prod\n"
                              "        accounts: [\"333333333333\"]\n"
                              "      - name: dev\n"
                              "        tags: {app: shop, stage: dev}\n"
                              "        stacks: [\"shop-*\"]\n"
                              "  - name: blog\n"
                              "    environment: prod\n"
                              "    accounts: [444444444444]\n";

static vg_vec workloads(world *w)
{
    vg_vec list = vg_vec_in(w->arena, sizeof(vg_workload));
    OK(vg_evidence_workloads(w->evidence, w->arena, VG_TIME_NONE, &list, err));
    return list;
}

static void the_mapping_is_read_and_replaced_whole(void **state)
{
    world *w = *state;
    size_t count = 0;
    assert_int_equal(workloads(w).len, 0);
    OK(vg_evidence_put_workloads(w->evidence, vg_str_from(MAPPING), VG_STR("workloads.yaml"), day(1), &count,
                                 err));
    assert_int_equal(count, 2);
    vg_vec list = workloads(w);
    assert_int_equal(list.len, 3);
    const vg_workload *blog = vg_vec_at(&list, 0), *prod = vg_vec_at(&list, 1), *dev = vg_vec_at(&list, 2);
    assert_str(blog->name, "blog");
    assert_str(blog->environment, "prod");
    assert_str(blog->accounts[0], "444444444444");
    assert_str(prod->function, "retail");
    assert_str(prod->owner, "shop@example.com");
    assert_str(prod->criticality, "high");
    assert_str(prod->data_classification, "confidential");
    assert_str(prod->environment, "prod");
    assert_str(dev->environment, "dev");
    assert_int_equal(dev->tag_count, 2);
    assert_str(dev->stacks[0], "shop-*");
    OK(vg_evidence_put_workloads(w->evidence, VG_STR("workloads: [{name: other}]"), VG_STR("w"), day(2),
                                 &count, err));
    list = workloads(w);
    assert_int_equal(list.len, 1);
    assert_str(((vg_workload *)vg_vec_at(&list, 0))->name, "other");
}

static void a_wrong_mapping_names_the_place_and_changes_nothing(void **state)
{
    static const struct {
        const char *text, *message;
        uint32_t line;
    } cases[] = {
        {"- name: x\n", "list named 'workloads'", 1},
        {"workloads:\n  - function: x\n", "needs a name", 2},
        {"workloads:\n  - name: x\n    acounts: []\n", "'acounts' is not a key of a workload", 3},
        {"workloads:\n  - name: x\n    accounts: [\"12\"]\n", "'12' is not an account id", 3},
        {"workloads:\n  - name: x\n    accounts: \"111111111111\"\n", "'Accounts' needs a list", 3},
        {"workloads:\n  - name: x\n    tags: [a]\n", "tags are a map", 3},
        {"workloads:\n  - name: x\n    tags: {a: 1}\n", "tag 'a' needs to be text", 3},
        {"workloads:\n  - name: x\n    stacks: [1]\n", "named by text", 3},
        {"workloads:\n  - name: x\n    owner: 7\n", "'owner' needs to be text", 3},
        {"workloads:\n  - name: x\n    environments:\n      - accounts: []\n", "an environment needs a name",
         4},
        {"workloads:\n  - name: x\n    environments:\n      - name: p\n        acount: []\n",
         "not a key of an environment", 5},
        {"workloads:\n  - name: x\n    environments: []\n    accounts: []\n", "not both", 3},
        {"workloads:\n  - name: x\n    environments: []\n    environment: p\n", "not both", 3},
        {"workloads:\n  - name: x\n    environments: []\n    tags: {a: b}\n", "not both", 3},
        {"workloads:\n  - name: x\n    environments: []\n    stacks: [s]\n", "('stacks'), not both", 3},
        {"workloads:\n  - name: x\n    environments: {name: p}\n", "'environments' needs a list", 3},
        {"workloads:\n  - name: x\n    stacks: [\"\"]\n", "named by text", 3},
        {"workloads:\n  - name: x\n  - name: x\n", "there twice", 3},
        {"workloads: [\n", "", 0},
    };
    world *w = *state;
    OK(vg_evidence_put_workloads(w->evidence, vg_str_from(MAPPING), VG_STR("w.yaml"), day(1), NULL, err));
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_error why = {0};
        vg_status status = vg_evidence_put_workloads(w->evidence, vg_str_from(cases[i].text),
                                                     VG_STR("w.yaml"), day(2), NULL, &why);
        if (status == VG_OK || !strstr(why.message, cases[i].message) ||
            (cases[i].line && why.place.line != cases[i].line))
            fail_msg("case %zu: %s: %u: '%s', expected %u: '%s'", i, vg_status_name(status), why.place.line,
                     why.message, cases[i].line, cases[i].message);
    }
    assert_int_equal(workloads(w).len, 3);
}

static void belonging_is_by_account_tags_or_stack(void **state)
{
    static const struct {
        const char *account, *properties;
        bool prod, dev;
    } cases[] = {
        {"333333333333", "{}", true, false},
        {"555555555555", "{}", false, false},
        {"555555555555",
         "{\"Tags\":[{\"Key\":\"app\",\"Value\":\"shop\"},{\"Key\":\"stage\",\"Value\":\"dev\"}]}", false,
         true},
        {"555555555555", "{\"Tags\":{\"app\":\"shop\",\"stage\":\"dev\"}}", false, true},
        {"555555555555", "{\"Tags\":{\"app\":\"shop\"}}", false, false},
        {"555555555555", "{\"Tags\":{\"app\":\"shop\",\"stage\":\"prod\"}}", false, false},
        {"555555555555", "{\"Tags\":{\"aws:cloudformation:stack-name\":\"shop-web\"}}", false, true},
        {"555555555555", "{\"Tags\":{\"aws:cloudformation:stack-name\":\"blog\"}}", false, false},
        {"555555555555", "{\"Tags\":7}", false, false},
    };
    world *w = *state;
    OK(vg_evidence_put_workloads(w->evidence, vg_str_from(MAPPING), VG_STR("w.yaml"), day(1), NULL, err));
    vg_vec list = workloads(w);
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_doc doc;
        OK(vg_json_read(w->arena, vg_str_from(cases[i].properties), VG_STR("p"), NULL, &doc, err));
        bool prod = vg_workload_has(vg_vec_at(&list, 1), vg_str_from(cases[i].account), doc.root);
        bool dev = vg_workload_has(vg_vec_at(&list, 2), vg_str_from(cases[i].account), doc.root);
        if (prod != cases[i].prod || dev != cases[i].dev)
            fail_msg("case %zu: prod %d, dev %d", i, prod, dev);
    }
    assert_false(vg_workload_has(vg_vec_at(&list, 2), VG_STR("1"), NULL));
    static const char EMPTY_TAG[] =
        "workloads:\n  - {name: x, tags: {app: ''}}\n  - {name: y, stacks: ['*']}\n";
    vg_doc none, tagged;
    OK(vg_evidence_put_workloads(w->evidence, vg_str_from(EMPTY_TAG), VG_STR("w.yaml"), day(2), NULL, err));
    list = workloads(w);
    OK(vg_json_read(w->arena, VG_STR("{}"), VG_STR("p"), NULL, &none, err));
    OK(vg_json_read(w->arena, VG_STR("{\"Tags\":{\"app\":\"\"}}"), VG_STR("p"), NULL, &tagged, err));
    assert_false(vg_workload_has(vg_vec_at(&list, 0), VG_STR("1"), none.root)); /* no tag is no empty tag */
    assert_true(vg_workload_has(vg_vec_at(&list, 0), VG_STR("1"), tagged.root));
    assert_false(vg_workload_has(vg_vec_at(&list, 1), VG_STR("1"), none.root)); /* of no stack */
}

/* ---- drift ---------------------------------------------------------------------------------------------------------------------- */

static vg_status write_drift(void *context, const vg_drift *d, vg_error *err)
{
    (void)err;
    vg_buf_addf(context, "%.*s %s %.*s %.*s -> %.*s\n", VG_ARG(d->id), vg_drift_kind_name(d->kind),
                VG_ARG(d->path), VG_ARG(d->old_value), VG_ARG(d->new_value));
    return VG_OK;
}

static vg_str drift(world *w)
{
    vg_buf_clear(&w->text);
    OK(vg_evidence_drift(w->evidence, VG_STR("good"), write_drift, &w->text, err));
    return vg_buf_str(&w->text);
}

static void drift_names_the_property(void **state)
{
    static const struct {
        const char *old_text, *new_text, *expected;
    } cases[] = {
        {"{\"a\":1}", "{\"a\":1}", ""},
        {"{\"a\":1}", "{\"a\":1.0}", ""},
        {"{\"a\":1,\"b\":2}", "{\"a\":3,\"c\":4}",
         "x changed a 1 -> 3\nx removed b 2 -> \nx added c  -> 4\n"},
        {"{\"a\":{\"b\":{\"c\":true}}}", "{\"a\":{\"b\":{\"c\":false}}}", "x changed a/b/c true -> false\n"},
        {"{\"a\":null}", "{\"a\":\"\"}", "x changed a null -> \"\"\n"},
        {"{\"a\":[1,2]}", "{\"a\":[2,1]}", ""}, /* a set */
        {"{\"a\":[\"x\",\"y\"]}", "{\"a\":[\"z\",\"y\"]}",
         "x removed a[] \"x\" -> \nx added a[]  -> \"z\"\n"},
        {"{\"a\":[1,1]}", "{\"a\":[1]}", "x removed a[] 1 -> \n"},
        {"{\"S\":[{\"Sid\":\"p\",\"E\":1},{\"Sid\":\"q\",\"E\":2}]}",
         "{\"S\":[{\"Sid\":\"n\",\"E\":0},{\"Sid\":\"q\",\"E\":3},{\"Sid\":\"p\",\"E\":1}]}",
         "x added S[Sid=n]  -> {\"Sid\":\"n\",\"E\":0}\nx changed S[Sid=q]/E 2 -> 3\n"},
        {"{\"S\":[{\"E\":1},{\"E\":2}]}", "{\"S\":[{\"E\":1},{\"E\":5}]}", "x changed S[1]/E 2 -> 5\n"},
        {"{\"S\":[{\"Sid\":\"p\"},{\"Sid\":\"p\"}]}", "{\"S\":[{\"Sid\":\"p\"}]}",
         "x removed S[1] {\"Sid\":\"p\"} -> \n"}, /* not a name: it is there twice */
        {"{\"a\":{}}", "{\"a\":[]}", "x changed a {} -> []\n"},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        teardown(state);
        setup(state);
        world *w = *state;
        begin(w);
        put(w, "T", "111111111111", "x", cases[i].old_text, 1);
        end(w);
        OK(vg_evidence_baseline_set(w->evidence, VG_STR("good"), day(1), NULL, err));
        begin(w);
        put(w, "T", "111111111111", "x", cases[i].new_text, 2);
        end(w);
        vg_str got = drift(w);
        if (!vg_str_is(got, cases[i].expected))
            fail_msg("case %zu: got\n%.*sexpected\n%s", i, VG_ARG(got), cases[i].expected);
    }
}

static void what_came_and_went_is_drift_and_facts_are_not(void **state)
{
    world *w = *state;
    begin(w);
    put(w, "T", "111111111111", "goes", "{\"a\":1}", 1);
    put(w, "T", "111111111111", "stays", "{\"a\":1}", 1);
    put(w, "T", "111111111111", "wavers", "{\"a\":1}", 1);
    end(w);
    vg_resource fact = {
        .type = VG_STR("F"), .id = VG_STR("f"), .properties = VG_STR("{\"a\":1}"), .observed = day(1)};
    OK(vg_evidence_replace_facts(w->evidence, VG_STR("k"), &fact, 1, day(1), err));
    uint64_t resources = 0;
    OK(vg_evidence_baseline_set(w->evidence, VG_STR("good"), day(1), &resources, err));
    assert_int_equal(resources, 3);
    begin(w);
    put(w, "T", "111111111111", "stays", "{\"a\":1}", 2);
    put(w, "T", "111111111111", "comes", "{\"b\":2}", 2);
    put(w, "T", "111111111111", "wavers", "{\"a\":2}", 2);
    put(w, "T", "111111111111", "wavers", "{\"a\":1}", 3); /* and is what it was */
    OK(vg_evidence_scope_complete(w->evidence, w->scope, day(3), err));
    end(w);
    fact.properties = VG_STR("{\"a\":2}");
    OK(vg_evidence_replace_facts(w->evidence, VG_STR("k"), &fact, 1, day(2), err));
    assert_str(drift(w), "comes added   -> {\"b\":2}\ngoes removed  {\"a\":1} -> \n");
    OK(vg_evidence_baseline_set(w->evidence, VG_STR("good"), day(4), NULL, err));
    assert_str(drift(w), "");
    vg_error why;
    assert_int_equal(vg_evidence_drift(w->evidence, VG_STR("none"), write_drift, &w->text, &why),
                     VG_ERR_NOT_FOUND);
    assert_int_equal(vg_evidence_baseline_set(w->evidence, VG_STR(""), day(4), NULL, &why), VG_ERR_VALUE);
    char name[201];
    memset(name, 'n', sizeof name);
    assert_int_equal(vg_evidence_baseline_set(w->evidence, vg_str_of(name, 201), day(4), NULL, &why),
                     VG_ERR_VALUE);
    OK(vg_evidence_baseline_set(w->evidence, vg_str_of(name, 200), day(4), NULL, err));
}

static vg_status note_path(void *context, const vg_drift *row, vg_error *err)
{
    (void)err;
    vg_buf_add_str(context, row->path);
    vg_buf_add_char(context, '\n');
    return VG_OK;
}

/* Beyond 64 levels a value is compared as a whole. */
static void drift_goes_down_64_levels(void **state)
{
    world *w = *state;
    enum { LEVELS = 100 };
    vg_buf texts[2] = {{0}, {0}};
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < LEVELS; i++)
            vg_buf_add_c(&texts[k], "{\"a\":");
        vg_buf_add_c(&texts[k], k ? "2" : "1");
        for (int i = 0; i < LEVELS; i++)
            vg_buf_add_char(&texts[k], '}');
        vg_buf_add_char(&texts[k], '\0');
    }
    begin(w);
    put(w, "T", "111111111111", "x", texts[0].ptr, 1);
    end(w);
    OK(vg_evidence_baseline_set(w->evidence, VG_STR("good"), day(1), NULL, err));
    begin(w);
    put(w, "T", "111111111111", "x", texts[1].ptr, 2);
    end(w);
    OK(vg_evidence_drift(w->evidence, VG_STR("good"), note_path, &w->text, err));
    assert_int_equal(w->text.len, 64 * 2); /* a/a/.../a and the line's end */
    vg_buf_free(&texts[0]);
    vg_buf_free(&texts[1]);
}

static vg_status write_baseline(void *context, const vg_baseline_row *row, vg_error *err)
{
    (void)err;
    vg_buf_addf(context, "%.*s %.*s %llu day %lld\n", VG_ARG(row->name), VG_ARG(row->who),
                (unsigned long long)row->resources, (long long)((row->created - day(0)) / VG_TIME_DAY));
    return VG_OK;
}

static void baselines_are_listed(void **state)
{
    world *w = *state;
    OK(vg_evidence_baseline_set(w->evidence, VG_STR("b"), day(1), NULL, err));
    begin(w);
    put(w, "T", "111111111111", "x", "{}", 1);
    end(w);
    OK(vg_evidence_baseline_set(w->evidence, VG_STR("a"), day(1), NULL, err));
    OK(vg_evidence_baselines(w->evidence, write_baseline, &w->text, err));
    assert_str(vg_buf_str(&w->text), "a ann 1 day 1\nb ann 0 day 1\n");
    OK(vg_evidence_baseline_set(w->evidence, VG_STR("b"), day(7), NULL, err)); /* anew */
    vg_buf_clear(&w->text);
    OK(vg_evidence_baselines(w->evidence, write_baseline, &w->text, err));
    assert_str(vg_buf_str(&w->text), "a ann 1 day 1\nb ann 1 day 7\n");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(accounts_get_their_path_from_parents),
        CASE(parents_win_and_units_are_there_once),
        CASE(a_cyclic_tree_is_told_and_ends),
        CASE(two_organisations_are_counted),
        CASE(the_mapping_is_read_and_replaced_whole),
        CASE(a_wrong_mapping_names_the_place_and_changes_nothing),
        CASE(belonging_is_by_account_tags_or_stack),
        CASE(drift_names_the_property),
        CASE(what_came_and_went_is_drift_and_facts_are_not),
        CASE(drift_goes_down_64_levels),
        CASE(baselines_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
