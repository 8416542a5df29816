/* test_import_recorded.c: real answers of AWS, from VIGIL_TEST_DATA: recorded responses (each scenario a workspace of its
 * own) and authorization details of example accounts. The recordings wrap answers as {status_code, data} and times as
 * objects; an adapter here turns them into envelopes. Nothing of the data stands here but counts. */
#include "evidence/import_world.h"

static const char *data_folder(void)
{
    const char *named = getenv("VIGIL_TEST_DATA");
    return named && *named ? named : VIGIL_SOURCE_DIR "/../shared/data";
}

static bool is_absent(import_test *t, const char *name, vg_str *path)
{
    *path = vg_arena_printf(t->arena, "%s/%s", data_folder(), name);
    if (vg_dir_exists(*path))
        return false;
    print_message("not run: %s (no %s)\n", name, path->ptr);
    return true;
}

/* ---- the adapter ------------------------------------------------------------------------------------------------------- */

static long long part_of(const vg_value *time, const char *key)
{
    int64_t number = 0;
    vg_get_i64(time, key, &number);
    return number;
}

static void write_unwrapped(vg_json_writer *json, const vg_value *value)
{
    bool is_object = vg_kind_of(value) == VG_OBJECT;
    if (vg_str_is(vg_get_str(value, "__class__"), "datetime")) {
        char text[64];
        snprintf(text, sizeof text, "%04lld-%02lld-%02lldT%02lld:%02lld:%02lldZ", part_of(value, "year"),
                 part_of(value, "month"), part_of(value, "day"), part_of(value, "hour"),
                 part_of(value, "minute"), part_of(value, "second"));
        vg_json_string(json, vg_str_from(text));
        return;
    }
    if (!vg_value_is_container(value)) {
        vg_json_value(json, value);
        return;
    }
    is_object ? vg_json_object(json) : vg_json_array(json);
    for (vg_items it = vg_items_of(value); vg_items_next(&it);) {
        if (is_object)
            vg_json_key_str(json, it.key);
        write_unwrapped(json, it.value);
    }
    is_object ? vg_json_end_object(json) : vg_json_end_array(json);
}

/* "iam.GetRole_1.json" gives "iam:GetRole". */
static vg_str operation_of(vg_arena *arena, vg_str name)
{
    vg_str service, rest;
    vg_str_split(name, '.', &service, &rest);
    return vg_arena_printf(arena, "%.*s:%.*s", VG_ARG(service),
                           VG_ARG(vg_str_sub(rest, 0, vg_str_find_char(rest, '_'))));
}

static void write_envelope(import_test *t, const vg_dir_entry *entry, const char *folder)
{
    vg_str text, name = vg_path_name(entry->path);
    vg_doc doc;
    vg_buf out = {0};
    vg_json_writer json = vg_json_writer_to(&out, 0);
    int64_t status = 200;
    OK(vg_file_read(t->arena, entry->path, 1 << 26, &text, err));
    OK(vg_json_read(t->arena, text, name, NULL, &doc, err));
    vg_get_i64(doc.root, "status_code", &status);
    vg_json_object(&json);
    vg_json_put_str(&json, "vigil", VG_STR("envelope/1"));
    vg_json_put_str(&json, "operation", operation_of(t->arena, name));
    vg_json_put_str(&json, "account", VG_STR("123456789012"));
    vg_json_put_str(&json, "region", VG_STR("us-east-1"));
    vg_json_put_str(&json, "time", VG_STR("2026-11-20T08:00:00Z"));
    vg_json_key(&json, "parameters");
    vg_json_object(&json);
    vg_json_put_str(&json, "Name", VG_STR("recorded"));
    vg_json_put_str(&json, "DetectorId", VG_STR("recorded"));
    vg_json_end_object(&json);
    if (status >= 400)
        vg_json_put_str(&json, "error",
                        vg_arena_printf(t->arena,
                                        "An error occurred (%.*s) when calling the operation: recorded",
                                        VG_ARG(vg_get_str(doc.root, "data/Error/Code"))));
    vg_json_key(&json, "output");
    if (status < 400 && vg_get(doc.root, VG_STR("data")))
        write_unwrapped(&json, vg_get(doc.root, VG_STR("data")));
    else
        vg_json_null(&json);
    vg_json_end_object(&json);
    write_test_file(
        t, &(test_file){vg_arena_printf(t->arena, "%s/%.*s", folder, VG_ARG(name)).ptr, out.ptr, out.len});
    vg_buf_free(&out);
}

/* ---- counts ------------------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_str operation;
    uint64_t outcomes[5], truncated;
} total;

static void add_counts(vg_arena *arena, vg_map *totals, const vg_import_summary *summary)
{
    for (size_t i = 0; i < summary->operation_count; i++) {
        const vg_import_count *count = &summary->operations[i];
        bool added;
        vg_map_entry *entry = vg_map_put(totals, vg_arena_str(arena, count->operation), &added);
        if (added)
            entry->value.ptr = VG_NEW(arena, total);
        total *sum = entry->value.ptr;
        for (size_t k = 0; k < VG_COUNT(sum->outcomes); k++)
            sum->outcomes[k] += count->outcomes[k];
        sum->truncated += count->truncated;
    }
}

static int compare_entries(const void *a, const void *b)
{
    return vg_str_cmp((*(vg_map_entry *const *)a)->key, (*(vg_map_entry *const *)b)->key);
}

static void print_counts(vg_arena *arena, const vg_map *totals)
{
    size_t count = vg_map_len(totals), unread = 0, kinds = 0;
    const vg_map_entry **entries = VG_NEW_N(arena, const vg_map_entry *, count + 1);
    for (size_t i = 0; i < count; i++)
        entries[i] = vg_map_at(totals, i);
    qsort(entries, count, sizeof *entries, compare_entries);
    for (size_t i = 0; i < count; i++) {
        const total *sum = entries[i]->value.ptr;
        if (sum->outcomes[VG_LEDGER_NOT_SUPPORTED] && !sum->outcomes[VG_LEDGER_IMPORTED]) {
            unread += sum->outcomes[VG_LEDGER_NOT_SUPPORTED];
            kinds++;
        }
        print_message(
            "# %-44.*s imported %4llu absent %llu not-assessed %llu not-supported %llu errors %llu\n",
            VG_ARG(entries[i]->key), (unsigned long long)sum->outcomes[0],
            (unsigned long long)sum->outcomes[1], (unsigned long long)sum->outcomes[2],
            (unsigned long long)sum->outcomes[3], (unsigned long long)sum->outcomes[4]);
    }
    print_message("# %zu answers of %zu operations are not supported\n", unread, kinds);
}

static uint64_t imported(const vg_map *totals, const char *operation)
{
    const vg_map_entry *entry = vg_map_get(totals, vg_str_from(operation));
    return entry ? ((const total *)entry->value.ptr)->outcomes[VG_LEDGER_IMPORTED] : 0;
}

/* What there is of each operation in the recordings, and is imported. */
static const struct {
    const char *operation;
    uint64_t count;
} expected[] = {
    {"cloudtrail:DescribeTrails", 24},
    {"cloudtrail:GetTrailStatus", 15},
    {"iam:GetAccountSummary", 1},
    {"cloudtrail:GetEventSelectors", 15},
    {"accessanalyzer:ListAnalyzers", 4},
    {"securityhub:DescribeHub", 2}, /* and one that is absent */
    {"asff", 8},
    {"iam:ListMFADevices", 4},
    {"iam:GetCredentialReport", 7}, /* and one that was not generated */
    {"iam:ListVirtualMFADevices", 1},
    {"organizations:DescribeOrganization", 1},
    {"organizations:ListAccounts", 1},
    {"guardduty:ListDetectors", 1},
    {"guardduty:GetDetector", 1},
    {"config:DescribeConfigurationRecorders", 5},
    {"config:DescribeConfigurationRecorderStatus", 7},
    {"config:DescribeDeliveryChannels", 7},
    {"ec2:DescribeRegions", 1},
};

static void import_scenario(vg_arena *arena, vg_map *totals, const vg_dir_entry *entries, size_t count)
{
    import_test t;
    vg_error why = {0};
    test_open(&t);
    for (size_t i = 0; i < count; i++)
        write_envelope(&t, &entries[i], "answers");
    if (import_now(&t, NULL, NULL, &why) != VG_OK)
        fail_msg("%.*s: %s", VG_ARG(vg_path_folder(entries[0].path)), why.message);
    add_counts(arena, totals, &t.summary);
    test_close(&t);
}

static void recorded_answers_are_imported_or_named(void **state)
{
    (void)state;
    import_test t;
    vg_str folder;
    test_open(&t);
    if (is_absent(&t, "aws-recorded", &folder)) {
        test_close(&t);
        skip();
    }
    vg_vec files = vg_vec_in(t.arena, sizeof(vg_dir_entry)),
           answers = vg_vec_in(t.arena, sizeof(vg_dir_entry));
    OK(vg_dir_walk(t.arena, folder, &files, NULL, NULL, err));
    for (size_t i = 0; i < files.len; i++)
        if (vg_str_ends(((vg_dir_entry *)vg_vec_at(&files, i))->path, VG_STR(".json")))
            *(vg_dir_entry *)vg_vec_push(&answers) = *(vg_dir_entry *)vg_vec_at(&files, i);
    vg_map *totals = vg_map_new(t.arena, 0);
    for (size_t i = 0, next; i < answers.len; i = next) {
        const vg_dir_entry *first = vg_vec_at(&answers, i);
        vg_str scenario = vg_path_folder(first->path);
        for (next = i; next < answers.len; next++)
            if (!vg_str_eq(vg_path_folder(((vg_dir_entry *)vg_vec_at(&answers, next))->path), scenario))
                break;
        import_scenario(t.arena, totals, first, next - i);
    }
    print_counts(t.arena, totals);
    for (size_t i = 0; i < VG_COUNT(expected); i++)
        if (imported(totals, expected[i].operation) != expected[i].count)
            fail_msg("%s: imported %llu, expected %llu", expected[i].operation,
                     (unsigned long long)imported(totals, expected[i].operation),
                     (unsigned long long)expected[i].count);
    test_close(&t);
}

/* ---- example accounts ----------------------------------------------------------------------------------------------------- */

static const struct {
    const char *file;
    bool is_imported;
    unsigned users, groups, roles, policies; /* 0 with not imported */
} accounts[] = {
    {"example-authz-details.json", true, 3, 2, 3, 32},
    {"example.json", true, 44, 5, 78, 84},
    {"example_authz_details_for_overrides.json", true, 0, 0, 0, 1},
    {"example_authz_details_for_overrides_complete.json", true, 1, 1, 2, 3},
    {"example_authz_v2.json", true, 1, 1, 2, 2},
    {"iam-results-example.json", false, 0, 0, 0, 0}, /* another tool's report: named, not imported */
};

typedef struct {
    unsigned users, groups, roles, policies;
} kinds;

static vg_status count_kind(void *context, vg_str type, uint64_t count, vg_error *err)
{
    kinds *k = context;
    (void)err;
    *(vg_str_is(type, "AWS::IAM::User")    ? &k->users
      : vg_str_is(type, "AWS::IAM::Group") ? &k->groups
      : vg_str_is(type, "AWS::IAM::Role")  ? &k->roles
                                           : &k->policies) = (unsigned)count;
    return VG_OK;
}

static void example_accounts_give_their_users_roles_and_policies(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(accounts); i++) {
        import_test t;
        vg_error why = {0};
        vg_str folder, text;
        kinds got = {0};
        test_open(&t);
        if (is_absent(&t, "iam-accounts", &folder)) {
            test_close(&t);
            skip();
        }
        OK(vg_file_read(t.arena, vg_path_join(t.arena, folder, vg_str_from(accounts[i].file)), 1 << 24, &text,
                        err));
        write_test_file(&t, &(test_file){accounts[i].file, text.ptr, text.len});
        /* One of the files has policies of AWS alone and does not tell its account. */
        if (import_now(&t, "123456789012", NULL, &why) != VG_OK)
            fail_msg("%s: %s", accounts[i].file, why.message);
        OK(vg_evidence_types(t.evidence, count_kind, &got, err));
        bool is_right = got.users == accounts[i].users && got.groups == accounts[i].groups &&
                        got.roles == accounts[i].roles && got.policies == accounts[i].policies &&
                        t.summary.complete == accounts[i].is_imported;
        if (!is_right)
            fail_msg("%s: %u users, %u groups, %u roles, %u policies; %.*s", accounts[i].file, got.users,
                     got.groups, got.roles, got.policies, VG_ARG(vg_str_sub(vg_buf_str(&t.text), 0, 600)));
        test_close(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_answers_are_imported_or_named),
        cmocka_unit_test(example_accounts_give_their_users_roles_and_policies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
