/* test_content.c: the controls that are built in, judged by the room that judges: what their unit tests show as passing
 * passes, what they show as failing does not, and without any one property that a control needs it is not assessed. The
 * Guard files alone cannot show the last, since needing is the header's word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "assess/assess.h"

typedef struct {
    vg_arena *arena, *scratch;
    vg_content *content;
    size_t bad;
} fixture;

static void count_bad(void *context, const vg_error *err)
{
    print_error("%s\n", err->message);
    ++*(size_t *)context;
}

static int open_content(void **state)
{
    static fixture f;
    const vg_content_source *sources = NULL;
    size_t count = 0;
    vg_error err = {0};
    f = (fixture){.arena = vg_arena_new(0), .scratch = vg_arena_new(0)};
    *state = &f;
    if (vg_content_read_folder(f.arena, VG_STR(VIGIL_SOURCE_DIR "/content"), NULL, NULL, &sources, &count,
                               &err) != VG_OK ||
        vg_content_load(f.arena, sources, count, NULL, 0, count_bad, &f.bad, &f.content, &err) != VG_OK) {
        print_error("%s\n", err.message);
        return -1;
    }
    return 0;
}

static int close_content(void **state)
{
    fixture *f = *state;
    vg_content_free(f->content);
    vg_arena_free(f->scratch);
    vg_arena_free(f->arena);
    return 0;
}

/* ---- a control's unit tests ----------------------------------------------------------------------------------------- */

/* The unit-test file beside the control: content/controls/AREA/tests/ID_tests.yml. */
static const vg_value *tests_of(fixture *f, const vg_control *control)
{
    vg_doc doc;
    vg_error err = {0};
    vg_str text, path = control->path;
    size_t slash = vg_str_rfind_char(path, '/');
    vg_str id = vg_str_sub(path, slash + 1, path.len - slash - 1 - strlen(".guard"));
    vg_str name = vg_arena_printf(f->scratch, VIGIL_SOURCE_DIR "/content/%.*s/tests/%.*s_tests.yml",
                                  VG_ARG(vg_str_sub(path, 0, slash)), VG_ARG(id));
    if (vg_file_read(f->scratch, name, 1 << 20, &text, &err) != VG_OK ||
        vg_yaml_read(f->scratch, text, name, NULL, &doc, &err) != VG_OK)
        fail_msg("%s", err.message);
    return doc.root;
}

/* The first subject of a test case; NULL when it has none. */
static const vg_value *subject_of(const vg_value *test)
{
    vg_items resources = vg_items_of(vg_get_path(test, "input/Resources"));
    return vg_items_next(&resources) ? resources.value : NULL;
}

static const vg_value *without(fixture *f, const vg_value *properties, vg_str removed)
{
    vg_error err = {0};
    const vg_value *out = NULL;
    size_t nodes;
    vg_builder *b = vg_builder_new(f->scratch);
    vg_builder_object(b);
    for (vg_items it = vg_items_of(properties); vg_items_next(&it);)
        if (!vg_str_eq(it.key, removed)) {
            vg_builder_key(b, it.key);
            vg_builder_value(b, it.value);
        }
    vg_builder_end(b);
    assert_int_equal(vg_builder_finish(b, &out, &nodes, &err), VG_OK);
    return out;
}

static vg_verdict judge(fixture *f, const vg_control *control, const vg_value *properties)
{
    vg_resource resource = {.type = control->types[0],
                            .account = VG_STR("111122223333"),
                            .region = VG_STR("eu-west-1"),
                            .id = VG_STR("subject")};
    vg_verdict verdict;
    vg_str message;
    vg_error err = {0};
    if (vg_control_judge(control, &resource, properties, 0, f->scratch, &verdict, &message, &err) != VG_OK)
        fail_msg("%.*s: %s", VG_ARG(control->header.id), err.message);
    return verdict;
}

static bool expects(const vg_value *test, const char *status)
{
    return vg_str_is(vg_get_str(test, "expectations/rules/met"), status);
}

/* ---- the tests ---------------------------------------------------------------------------------------------------------- */

static void every_built_in_control_loads(void **state)
{
    fixture *f = *state;
    assert_int_equal(f->bad, 0);
    assert_true(f->content->control_count >= 60);
    for (size_t p = 0; p < f->content->practice_count; p++) {
        size_t own = 0;
        for (size_t c = 0; c < f->content->control_count; c++)
            own += f->content->controls[c].practice == p;
        if (own < 5)
            fail_msg("%.*s has %zu controls", VG_ARG(f->content->practices[p].id), own);
    }
}

static void cases_get_the_verdict_that_their_rules_tell(void **state)
{
    fixture *f = *state;
    size_t wrong = 0;
    for (size_t c = 0; c < f->content->control_count; c++) {
        const vg_control *control = &f->content->controls[c];
        vg_arena_reset(f->scratch);
        for (vg_items it = vg_items_of(tests_of(f, control)); vg_items_next(&it);) {
            const vg_value *subject = subject_of(it.value);
            if (!subject)
                continue;
            vg_verdict got = judge(f, control, vg_get(subject, VG_STR("Properties")));
            bool is_partly = vg_str_is(vg_get_str(it.value, "expectations/rules/partly"), "PASS");
            vg_verdict expected = expects(it.value, "PASS")   ? VG_VERDICT_PASS
                                  : expects(it.value, "SKIP") ? VG_VERDICT_NOT_APPLICABLE
                                  : is_partly                 ? VG_VERDICT_PARTLY
                                                              : VG_VERDICT_FAIL;
            if (got == expected)
                continue;
            wrong++;
            print_error("%.*s: '%.*s' expected %s, got %s\n", VG_ARG(control->header.id),
                        VG_ARG(vg_get_str(it.value, "name")), vg_verdict_name(expected),
                        vg_verdict_name(got));
        }
    }
    assert_int_equal(wrong, 0);
}

static void without_what_it_needs_a_control_is_not_assessed(void **state)
{
    fixture *f = *state;
    size_t wrong = 0, tried = 0;
    for (size_t c = 0; c < f->content->control_count; c++) {
        const vg_control *control = &f->content->controls[c];
        size_t of_control = 0;
        vg_arena_reset(f->scratch);
        for (vg_items it = vg_items_of(tests_of(f, control)); vg_items_next(&it);) {
            const vg_value *subject = subject_of(it.value);
            for (size_t n = 0; subject && n < control->need_count; n++) {
                const vg_value *properties = vg_get(subject, VG_STR("Properties"));
                vg_verdict got = judge(f, control, without(f, properties, control->needs[n]));
                of_control++;
                if (got == VG_VERDICT_NOT_ASSESSED)
                    continue;
                wrong++;
                print_error("%.*s: '%.*s' without %.*s: expected %s, got %s\n", VG_ARG(control->header.id),
                            VG_ARG(vg_get_str(it.value, "name")), VG_ARG(control->needs[n]),
                            vg_verdict_name(VG_VERDICT_NOT_ASSESSED), vg_verdict_name(got));
            }
        }
        if (of_control == 0) {
            wrong++;
            print_error("%.*s needs nothing\n", VG_ARG(control->header.id));
        }
        tried += of_control;
    }
    print_message("# %zu cases\n", tried);
    assert_int_equal(wrong, 0);
}

/* What would provide a missing property is known, so that the review can name it. */
static void what_provides_each_need_is_known(void **state)
{
    fixture *f = *state;
    size_t wrong = 0;
    for (size_t c = 0; c < f->content->control_count; c++) {
        const vg_control *control = &f->content->controls[c];
        for (size_t n = 0; n < control->need_count; n++) {
            vg_str key = vg_arena_printf(f->scratch, "%.*s.%.*s", VG_ARG(control->types[0]),
                                         VG_ARG(control->needs[n]));
            bool is_cloudformation = vg_str_starts(control->types[0], VG_STR("AWS::"));
            if (is_cloudformation || vg_map_get(f->content->from, key))
                continue;
            wrong++;
            print_error("%.*s: nothing provides %.*s\n", VG_ARG(control->header.id), VG_ARG(key));
        }
    }
    assert_int_equal(wrong, 0);
}

/* ---- limits ------------------------------------------------------------------------------------------------------------- */

/* Numbers that a control's words name, from the last that is good to the first that is not, and lists with the wrong
 * thing in them. */
static const struct {
    const char *control, *properties;
    vg_verdict verdict;
} LIMITS[] = {
    {"root-unused", "{EverUsed: true, LastUsedDays: 91}", VG_VERDICT_PASS},
    {"root-unused", "{EverUsed: true, LastUsedDays: 90}", VG_VERDICT_FAIL},
    {"root-unused", "{EverUsed: true, LastUsedDays: 31}", VG_VERDICT_FAIL},
    {"password-policy-length", "{MinimumPasswordLength: 14, PasswordUsers: 1}", VG_VERDICT_PASS},
    {"password-policy-length", "{MinimumPasswordLength: 13, PasswordUsers: 1}", VG_VERDICT_FAIL},
    {"password-policy-reuse", "{PasswordReusePrevention: 24, PasswordUsers: 1}", VG_VERDICT_PASS},
    {"password-policy-reuse", "{PasswordReusePrevention: 23, PasswordUsers: 1}", VG_VERDICT_FAIL},
    {"user-key-age", "{ActiveKeys: 1, OldestKeyAgeDays: 90}", VG_VERDICT_PASS},
    {"user-key-age", "{ActiveKeys: 1, OldestKeyAgeDays: 91}", VG_VERDICT_FAIL},
    {"user-key-unused", "{ActiveKeys: 1, KeyUnusedDays: 45}", VG_VERDICT_PASS},
    {"user-key-unused", "{ActiveKeys: 1, KeyUnusedDays: 46}", VG_VERDICT_FAIL},
    {"user-password-unused", "{PasswordEnabled: true, PasswordUnusedDays: 45}", VG_VERDICT_PASS},
    {"user-password-unused", "{PasswordEnabled: true, PasswordUnusedDays: 46}", VG_VERDICT_FAIL},
    {"user-one-key", "{ActiveKeys: 1}", VG_VERDICT_PASS},
    {"user-one-key", "{ActiveKeys: 2}", VG_VERDICT_FAIL},
    {"account-one-workload", "{WorkloadCount: 1}", VG_VERDICT_PASS},
    {"account-one-workload", "{WorkloadCount: 2}", VG_VERDICT_FAIL},
    {"findings-few-high", "{High: 5}", VG_VERDICT_PARTLY},
    {"findings-few-high", "{High: 6}", VG_VERDICT_FAIL},
    {"findings-critical-age", "{Critical: 1, High: 0, OldestCriticalOrHighDays: 30}", VG_VERDICT_PASS},
    {"findings-critical-age", "{Critical: 0, High: 1, OldestCriticalOrHighDays: 31}", VG_VERDICT_PARTLY},
    {"findings-critical-age", "{Critical: 1, High: 0, OldestCriticalOrHighDays: 90}", VG_VERDICT_PARTLY},
    {"findings-critical-age", "{Critical: 1, High: 0, OldestCriticalOrHighDays: 91}", VG_VERDICT_FAIL},
    {"inspector-ecr", "{InUse: true, InspectorEnabled: true, InspectorResources: [EC2]}", VG_VERDICT_FAIL},
    {"inspector-ec2", "{InUse: true, InspectorEnabled: true, InspectorResources: [ECR]}", VG_VERDICT_FAIL},
    {"inspector-lambda", "{InUse: true, InspectorEnabled: true, InspectorResources: [EC2]}", VG_VERDICT_FAIL},
};

static const vg_control *control_named(const fixture *f, const char *id)
{
    for (size_t c = 0; c < f->content->control_count; c++)
        if (vg_str_is(f->content->controls[c].header.id, id))
            return &f->content->controls[c];
    fail_msg("no control %s", id);
    return NULL;
}

static const vg_value *read_properties(fixture *f, const char *text)
{
    vg_doc doc;
    vg_error err = {0};
    if (vg_yaml_read(f->scratch, vg_str_from(text), VG_STR("properties"), NULL, &doc, &err) != VG_OK)
        fail_msg("%s: %s", text, err.message);
    return doc.root;
}

static void limits_are_where_the_words_say(void **state)
{
    fixture *f = *state;
    size_t wrong = 0;
    for (size_t i = 0; i < VG_COUNT(LIMITS); i++) {
        vg_verdict got =
            judge(f, control_named(f, LIMITS[i].control), read_properties(f, LIMITS[i].properties));
        if (got == LIMITS[i].verdict)
            continue;
        wrong++;
        print_error("%s: %s: expected %s, got %s\n", LIMITS[i].control, LIMITS[i].properties,
                    vg_verdict_name(LIMITS[i].verdict), vg_verdict_name(got));
    }
    assert_int_equal(wrong, 0);
}

/* How many days the kind of attestation holds, as attestations.yaml says. */
static int64_t days_of(fixture *f, vg_str kind)
{
    vg_doc doc;
    vg_str text;
    int64_t days = 0;
    assert_int_equal(
        vg_file_read(f->scratch, VG_STR(VIGIL_SOURCE_DIR "/content/attestations.yaml"), 1 << 20, &text, NULL),
        VG_OK);
    assert_int_equal(vg_yaml_read(f->scratch, text, VG_STR("attestations.yaml"), NULL, &doc, NULL), VG_OK);
    for (vg_items it = vg_items_of(vg_get(doc.root, VG_STR("kinds"))); vg_items_next(&it);)
        if (vg_str_eq(vg_get_str(it.value, "id"), kind) && !vg_get_i64(it.value, "max_age_days", &days))
            fail_msg("%.*s has no max_age_days", VG_ARG(kind));
    return days;
}

/* The properties of a passing case, with another age. */
static const vg_value *aged(fixture *f, const vg_control *control, int64_t days)
{
    vg_error err = {0};
    const vg_value *out = NULL, *properties = NULL;
    size_t nodes;
    for (vg_items it = vg_items_of(tests_of(f, control)); vg_items_next(&it) && !properties;)
        if (expects(it.value, "PASS"))
            properties = vg_get(subject_of(it.value), VG_STR("Properties"));
    vg_builder *b = vg_builder_new(f->scratch);
    vg_builder_object(b);
    for (vg_items it = vg_items_of(properties); vg_items_next(&it);)
        if (!vg_str_is(it.key, "AgeDays")) {
            vg_builder_key(b, it.key);
            vg_builder_value(b, it.value);
        }
    vg_builder_put_i64(b, "AgeDays", days);
    vg_builder_end(b);
    assert_int_equal(vg_builder_finish(b, &out, &nodes, &err), VG_OK);
    return out;
}

/* What was attested holds for its days, and in part for as many again. */
static void attestations_age_by_their_days(void **state)
{
    fixture *f = *state;
    size_t wrong = 0, tried = 0;
    for (size_t c = 0; c < f->content->control_count; c++) {
        const vg_control *control = &f->content->controls[c];
        vg_arena_reset(f->scratch);
        if (control->attestation.len == 0)
            continue;
        int64_t days = days_of(f, control->attestation);
        const struct {
            int64_t age;
            vg_verdict verdict;
        } rows[] = {{days, VG_VERDICT_PASS},
                    {days + 1, VG_VERDICT_PARTLY},
                    {2 * days, VG_VERDICT_PARTLY},
                    {2 * days + 1, VG_VERDICT_FAIL}};
        for (size_t i = 0; i < VG_COUNT(rows); i++, tried++) {
            vg_verdict got = judge(f, control, aged(f, control, rows[i].age));
            if (got == rows[i].verdict)
                continue;
            wrong++;
            print_error("%.*s, %lld days old, of %lld: expected %s, got %s\n", VG_ARG(control->header.id),
                        (long long)rows[i].age, (long long)days, vg_verdict_name(rows[i].verdict),
                        vg_verdict_name(got));
        }
    }
    assert_true(tried > 0);
    assert_int_equal(wrong, 0);
}

/* What passes by one of these when the other is bad, and is no less bad when nobody knows this one: a root user without
 * MFA, a policy that is too short. An attestation without a date is not imported. */
static bool is_excuse(vg_str property)
{
    static const char *const excuses[] = {"CredentialsPresent", "PasswordUsers", "AgeDays"};
    for (size_t i = 0; i < VG_COUNT(excuses); i++)
        if (vg_str_is(property, excuses[i]))
            return true;
    return false;
}

/* A property that nobody knows is no reason to fail what passed: also where the control does not state that it needs it. */
static void what_is_unknown_turns_no_pass_into_a_failure(void **state)
{
    fixture *f = *state;
    size_t wrong = 0;
    for (size_t c = 0; c < f->content->control_count; c++) {
        const vg_control *control = &f->content->controls[c];
        vg_arena_reset(f->scratch);
        for (vg_items it = vg_items_of(tests_of(f, control)); vg_items_next(&it);) {
            const vg_value *subject = expects(it.value, "PASS") ? subject_of(it.value) : NULL;
            const vg_value *properties = subject ? vg_get(subject, VG_STR("Properties")) : NULL;
            for (vg_items p = vg_items_of(properties); vg_items_next(&p);) {
                vg_str key =
                    vg_arena_printf(f->scratch, "%.*s.%.*s", VG_ARG(control->types[0]), VG_ARG(p.key));
                const vg_map_entry *entry = vg_map_get(f->content->unknown, key);
                const vg_str *unless = entry ? entry->value.ptr : NULL;
                if (!unless || unless->len > 0 || is_excuse(p.key))
                    continue;
                vg_verdict got = judge(f, control, without(f, properties, p.key));
                if (got != VG_VERDICT_FAIL)
                    continue;
                wrong++;
                print_error("%.*s: '%.*s' fails when nobody knows %.*s\n", VG_ARG(control->header.id),
                            VG_ARG(vg_get_str(it.value, "name")), VG_ARG(p.key));
            }
        }
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_built_in_control_loads),
        cmocka_unit_test(cases_get_the_verdict_that_their_rules_tell),
        cmocka_unit_test(without_what_it_needs_a_control_is_not_assessed),
        cmocka_unit_test(what_provides_each_need_is_known),
        cmocka_unit_test(limits_are_where_the_words_say),
        cmocka_unit_test(attestations_age_by_their_days),
        cmocka_unit_test(what_is_unknown_turns_no_pass_into_a_failure),
    };
    return cmocka_run_group_tests(tests, open_content, close_content);
}
