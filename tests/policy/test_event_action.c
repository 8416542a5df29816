/* From events of CloudTrail to permissions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/policy.h"

static vg_arena *arena;
static const vg_event_map *map;

static int setup(void **state)
{
    vg_str events, actions;
    const vg_catalogue *catalogue;
    vg_error err;
    (void)state;
    arena = vg_arena_new(0);
    if (vg_file_read(arena, VG_STR(VIGIL_SOURCE_DIR "/content/policy/events.yaml"), 1 << 20, &events, &err) !=
            VG_OK ||
        vg_file_read(arena, VG_STR(VIGIL_SOURCE_DIR "/content/catalogue/actions.txt"), 4 << 20, &actions,
                     &err) != VG_OK ||
        vg_catalogue_open(arena, actions, &catalogue, &err) != VG_OK ||
        vg_event_map_read(arena, events, catalogue, &map, &err) != VG_OK) {
        print_error("%s\n", err.message);
        return -1;
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    vg_arena_free(arena);
    return 0;
}

static void events_are_told_by_the_permission_they_needed(void **state)
{
    static const struct {
        const char *source, *name;
        vg_event_answer answer;
        const char *actions;
    } cases[] = {
        {"s3.amazonaws.com", "PutObject", VG_EVENT_NAMED, "s3:PutObject "},
        {"s3.amazonaws.com", "ListObjects", VG_EVENT_MAPPED, "s3:ListBucket "},
        {"s3.amazonaws.com", "CopyObject", VG_EVENT_MAPPED, "s3:PutObject "},
        {"s3.amazonaws.com", "GetAccountPublicAccessBlock", VG_EVENT_NAMED,
         "s3:GetAccountPublicAccessBlock "},
        {"monitoring.amazonaws.com", "DescribeAlarms", VG_EVENT_NAMED, "cloudwatch:DescribeAlarms "},
        {"email.amazonaws.com", "SendEmail", VG_EVENT_NAMED, "ses:SendEmail "},
        {"lambda.amazonaws.com", "CreateFunction20150331", VG_EVENT_NAMED, "lambda:CreateFunction "},
        {"lambda.amazonaws.com", "UpdateFunctionCode20150331v2", VG_EVENT_NAMED,
         "lambda:UpdateFunctionCode "},
        {"lambda.amazonaws.com", "Invoke", VG_EVENT_MAPPED, "lambda:InvokeFunction "},
        {"cloudfront.amazonaws.com", "CreateDistribution2020_05_31", VG_EVENT_NAMED,
         "cloudfront:CreateDistribution "},
        {"apigateway.amazonaws.com", "CreateRestApi", VG_EVENT_MAPPED, "apigateway:POST "},
        {"apigateway.amazonaws.com", "UpdateStage", VG_EVENT_MAPPED, "apigateway:PATCH "},
        {"kms.amazonaws.com", "ReEncrypt", VG_EVENT_MAPPED, "kms:ReEncryptFrom kms:ReEncryptTo "},
        {"sts.amazonaws.com", "AssumeRole", VG_EVENT_NAMED, "sts:AssumeRole "},
        {"sts.amazonaws.com", "GetCallerIdentity", VG_EVENT_NONE, ""},
        {"signin.amazonaws.com", "ConsoleLogin", VG_EVENT_NONE, ""},
        {"dynamodb.amazonaws.com", "ExecuteStatement", VG_EVENT_ANY_OF,
         "dynamodb:PartiQLSelect dynamodb:PartiQLInsert dynamodb:PartiQLUpdate dynamodb:PartiQLDelete "},
        {"s3.amazonaws.com", "GetStorageLensDashboardDataInternal", VG_EVENT_GUESSED,
         "s3:GetStorageLensDashboardDataInternal "},
        {"nosuch.amazonaws.com", "DoThing", VG_EVENT_GUESSED, "nosuch:DoThing "},
        {"route53.amazonaws.com", "ListHostedZones", VG_EVENT_NAMED, "route53:ListHostedZones "},
        {"ec2.amazonaws.com", "CreateTagsv", VG_EVENT_GUESSED, "ec2:CreateTagsv "},
        {"", "PutObject", VG_EVENT_NONE, ""},
        {"s3.amazonaws.com", "", VG_EVENT_NONE, ""},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_event_actions out;
        vg_buf got = {0};
        vg_event_actions_of(map, vg_str_from(cases[i].source), vg_str_from(cases[i].name), &out);
        for (size_t a = 0; a < out.count; a++)
            vg_buf_addf(&got, "%.*s ", VG_ARG(out.actions[a]));
        if (out.answer != cases[i].answer || !vg_str_is(vg_buf_str(&got), cases[i].actions))
            fail_msg("%s %s: wanted %d %s, got %d %.*s", cases[i].source, cases[i].name, (int)cases[i].answer,
                     cases[i].actions, (int)out.answer, VG_ARG(vg_buf_str(&got)));
        vg_buf_free(&got);
    }
    char long_name[400];
    memset(long_name, 'a', sizeof long_name);
    vg_event_actions out;
    vg_event_actions_of(map, VG_STR("s3.amazonaws.com"), vg_str_of(long_name, sizeof long_name), &out);
    assert_int_equal(out.answer, VG_EVENT_NONE);
}

static void what_leaves_no_event_is_known(void **state)
{
    (void)state;
    assert_int_equal(vg_event_trace_of(map, VG_STR("iam:PassRole")), VG_TRACE_NONE);
    assert_int_equal(vg_event_trace_of(map, VG_STR("s3:GetObject")), VG_TRACE_DATA);
    assert_int_equal(vg_event_trace_of(map, VG_STR("iam:CreateRole")), VG_TRACE_GLOBAL);
    assert_int_equal(vg_event_trace_of(map, VG_STR("sqs:PurgeQueue")), VG_TRACE_MANAGEMENT);
}

/* Every action that the map names is one that the catalogue knows: a typing error would hide a permission. */
static void the_map_names_actions_that_exist(void **state)
{
    (void)state;
    vg_str events, actions;
    vg_doc doc;
    vg_error err;
    const vg_catalogue *catalogue;
    static const char *const parts[] = {"events", "any_of"};
    assert_int_equal(
        vg_file_read(arena, VG_STR(VIGIL_SOURCE_DIR "/content/policy/events.yaml"), 1 << 20, &events, &err),
        VG_OK);
    assert_int_equal(vg_file_read(arena, VG_STR(VIGIL_SOURCE_DIR "/content/catalogue/actions.txt"), 4 << 20,
                                  &actions, &err),
                     VG_OK);
    assert_int_equal(vg_catalogue_open(arena, actions, &catalogue, &err), VG_OK);
    assert_int_equal(vg_yaml_read(arena, events, VG_STR("events.yaml"), NULL, &doc, &err), VG_OK);
    for (size_t p = 0; p < VG_COUNT(parts); p++)
        for (vg_items it = vg_items_of(vg_get(doc.root, vg_str_from(parts[p]))); vg_items_next(&it);)
            for (vg_items action = vg_items_of(it.value); vg_items_next(&action);)
                if (vg_catalogue_find_action(catalogue, vg_value_str(action.value)) == VG_CATALOGUE_NONE)
                    fail_msg("%.*s: no action is named %.*s", VG_ARG(it.key),
                             VG_ARG(vg_value_str(action.value)));
}

static void a_wrong_map_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
    } cases[] = {
        {"- a", 1},
        {"services:\n  a: [b]\n", 2},
        {"events:\n  a:B: c\n", 2},
        {"silent:\n  - [a]\n", 2},
        {"events:\n  a:B: [1, 2, 3, 4, 5, 6, 7, 8, 9]\n", 2},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        const vg_event_map *out;
        vg_error err = {0};
        if (vg_event_map_read(arena, vg_str_from(cases[i].text), NULL, &out, &err) != VG_ERR_VALUE ||
            err.place.line != cases[i].line)
            fail_msg("%s: line %u, %s", cases[i].text, err.place.line, err.message);
    }
}

static void errors_tell_whether_the_call_was_allowed(void **state)
{
    static const struct {
        const char *code, *message;
        vg_event_end end;
    } cases[] = {
        {"", "", VG_END_ALLOWED},
        {"NoSuchKey", "", VG_END_ALLOWED},
        {"NoSuchEntityException", "", VG_END_ALLOWED},
        {"ThrottlingException", "", VG_END_ALLOWED},
        {"Client.DryRunOperation", "", VG_END_ALLOWED},
        {"Client.InvalidInstanceID.NotFound", "", VG_END_ALLOWED},
        {"ResourceNotFoundException", "", VG_END_ALLOWED},
        {"AccessDenied", "", VG_END_REFUSED},
        {"Client.UnauthorizedOperation", "", VG_END_REFUSED},
        {"AuthorizationErrorException", "User: u is not authorized to perform: sns:Publish", VG_END_REFUSED},
        {"ValidationException", "", VG_END_UNTOLD},
        {"InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda.",
         VG_END_UNTOLD},
        {"MalformedPolicyDocument", "", VG_END_UNTOLD},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_event_end end = vg_event_end_of(map, vg_str_from(cases[i].code), vg_str_from(cases[i].message));
        if (end != cases[i].end)
            fail_msg("%s %s: wanted %d, got %d", cases[i].code, cases[i].message, (int)cases[i].end,
                     (int)end);
    }
}

static void dependents_are_found_and_a_wrong_line_is_refused_with_its_place(void **state)
{
    const vg_dependents *dependents;
    vg_str text;
    vg_error err;
    (void)state;
    assert_int_equal(
        vg_file_read(arena, VG_STR(VIGIL_SOURCE_DIR "/content/policy/dependents.txt"), 1 << 20, &text, &err),
        VG_OK);
    assert_int_equal(vg_dependents_read(arena, text, &dependents, &err), VG_OK);
    assert_true(vg_str_is(vg_dependents_of(dependents, VG_STR("lambda:CreateFunction")),
                          "iam:PassRole,lambda:PassCapacityProvider"));
    assert_int_equal(vg_dependents_of(dependents, VG_STR("lambda:GetFunction")).len, 0);
    assert_int_equal(vg_dependents_of(NULL, VG_STR("lambda:CreateFunction")).len, 0);
    static const char *const wrong[] = {"# head\na:B", "# head\na:B\t", "# head\nB\tc:D"};
    for (size_t i = 0; i < VG_COUNT(wrong); i++) {
        assert_int_equal(vg_dependents_read(arena, vg_str_from(wrong[i]), &dependents, &err), VG_ERR_SYNTAX);
        assert_int_equal(err.place.line, 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_told_by_the_permission_they_needed),
        cmocka_unit_test(what_leaves_no_event_is_known),
        cmocka_unit_test(the_map_names_actions_that_exist),
        cmocka_unit_test(a_wrong_map_is_refused_with_its_place),
        cmocka_unit_test(errors_tell_whether_the_call_was_allowed),
        cmocka_unit_test(dependents_are_found_and_a_wrong_line_is_refused_with_its_place),
    };
    return cmocka_run_group_tests_name("policy events", tests, setup, teardown);
}
