/* Activity as permissions used: who, which action, on what, from where, with what end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "access/access.h"

static vg_arena *arena;
static vg_activity_options options;

static vg_str content(const char *path)
{
    vg_str text;
    vg_error err;
    vg_str full = vg_arena_printf(arena, "%s/content/%s", VIGIL_SOURCE_DIR, path);
    assert_int_equal(vg_file_read(arena, full, 8 << 20, &text, &err), VG_OK);
    return text;
}

static int setup(void **state)
{
    (void)state;
    vg_error err;
    arena = vg_arena_new(0);
    options = (vg_activity_options){.resources = content("policy/event-resources.yaml"),
                                    .needs = content("policy/event-needs.yaml"),
                                    .partition = VG_STR("aws"),
                                    .since = VG_TIME_NONE,
                                    .until = VG_TIME_NONE};
    return vg_catalogue_open(arena, content("catalogue/actions.txt"), &options.catalogue, &err) == VG_OK &&
                   vg_event_map_read(arena, content("policy/events.yaml"), options.catalogue, &options.events,
                                     &err) == VG_OK
               ? 0
               : -1;
}

static int teardown(void **state)
{
    (void)state;
    vg_arena_free(arena);
    return 0;
}

static vg_status on_record(void *context, const vg_trail_record *record, vg_error *err)
{
    return vg_activity_add(context, record, err);
}

static vg_activity activity_of(const char *records)
{
    vg_activity_reader *reader;
    vg_activity out;
    vg_error err = {0};
    vg_trail_counts counts = {0};
    assert_int_equal(vg_activity_open(arena, &options, &reader, &err), VG_OK);
    const vg_trail_sink sink = {on_record, NULL, reader};
    assert_int_equal(vg_trail_read(vg_str_from(records), VG_STR("t"), &sink, &counts, &err), VG_OK);
    assert_int_equal(counts.bad, 0);
    assert_int_equal(vg_activity_finish(reader, &out, &err), VG_OK);
    return out;
}

#define ALICE "\"userIdentity\":{\"type\":\"IAMUser\",\"arn\":\"arn:aws:iam::111122223333:user/alice\"}"
#define REST                                                                                                 \
    "\"awsRegion\":\"eu-west-1\",\"recipientAccountId\":\"111122223333\",\"eventType\":"                     \
    "\"AwsApiCall\"," ALICE

/* "principal action resource account region allowed/denied; " of each use. */
static void records_become_uses(void **state)
{
    static const struct {
        const char *record, *uses;
    } cases[] = {
        {"{\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"GetObject\",\"resources\":[{\"ARN\":\"arn:"
         "aws:s3:::b\","
         "\"accountId\":\"444455556666\",\"type\":\"AWS::S3::Bucket\"},{\"ARN\":\"arn:aws:s3:::b/"
         "k\",\"accountId\":"
         "\"444455556666\"}]," REST "}",
         "user/alice s3:GetObject arn:aws:s3:::b/k 444455556666 eu-west-1 1/0; "},
        {"{\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"PutObject\",\"requestParameters\":{"
         "\"bucketName\":\"b\","
         "\"key\":\"x/y\"}," REST "}",
         "user/alice s3:PutObject arn:aws:s3:::b/x/y 111122223333 eu-west-1 1/0; "},
        {"{\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"ListObjects\",\"requestParameters\":{"
         "\"bucketName\":\"b\"}," REST "}",
         "user/alice s3:ListBucket arn:aws:s3:::b 111122223333 eu-west-1 1/0; "},
        {"{\"eventSource\":\"iam.amazonaws.com\",\"eventName\":\"CreateAccessKey\",\"errorCode\":"
         "\"AccessDenied\","
         "\"requestParameters\":{\"userName\":\"bob\"}," REST "}",
         "user/alice iam:CreateAccessKey arn:aws:iam::111122223333:user/bob 111122223333 eu-west-1 0/1; "},
        {"{\"eventSource\":\"ec2.amazonaws.com\",\"eventName\":\"StopInstances\",\"errorCode\":"
         "\"Client.UnauthorizedOperation\",\"requestParameters\":{\"instancesSet\":{\"items\":[{"
         "\"instanceId\":\"i-1\"}]}}," REST "}",
         "user/alice ec2:StopInstances arn:aws:ec2:eu-west-1:111122223333:instance/i-1 111122223333 "
         "eu-west-1 0/1; "},
        {"{\"eventSource\":\"ec2.amazonaws.com\",\"eventName\":\"DescribeInstances\",\"errorCode\":"
         "\"ThrottlingException\"," REST "}",
         "user/alice ec2:DescribeInstances  111122223333 eu-west-1 1/0; "},
        {"{\"eventSource\":\"ssm.amazonaws.com\",\"eventName\":\"GetParameter\",\"requestParameters\":{"
         "\"name\":\"/a/b\"}," REST "}",
         "user/alice ssm:GetParameter arn:aws:ssm:eu-west-1:111122223333:parameter/a/b 111122223333 "
         "eu-west-1 1/0; "},
        {"{\"eventSource\":\"kms.amazonaws.com\",\"eventName\":\"ReEncrypt\"," REST "}",
         "user/alice kms:ReEncryptFrom  111122223333 eu-west-1 1/0; user/alice kms:ReEncryptTo  111122223333 "
         "eu-west-1 "
         "1/0; "},
        {"{\"eventSource\":\"sts.amazonaws.com\",\"eventName\":\"GetCallerIdentity\"," REST "}", ""},
        {"{\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"GetObject\",\"recipientAccountId\":"
         "\"111122223333\","
         "\"userIdentity\":{\"type\":\"AWSService\",\"invokedBy\":\"config.amazonaws.com\"}}",
         ""},
        {"{\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"GetObject\",\"recipientAccountId\":"
         "\"111122223333\","
         "\"userIdentity\":{\"type\":\"AWSAccount\",\"accountId\":\"444455556666\"}}",
         ""},
        {"{\"eventSource\":\"sqs.amazonaws.com\",\"eventName\":\"ListQueues\",\"recipientAccountId\":"
         "\"111122223333\","
         "\"awsRegion\":\"us-east-1\",\"userIdentity\":{\"type\":\"AssumedRole\",\"arn\":"
         "\"arn:aws:sts::111122223333:assumed-role/deploy/"
         "ci\",\"sessionContext\":{\"sessionIssuer\":{\"type\":\"Role\","
         "\"arn\":\"arn:aws:iam::111122223333:role/path/deploy\"}}}}",
         "role/path/deploy sqs:ListQueues  111122223333 us-east-1 1/0; "},
        {"{\"eventSource\":\"sqs.amazonaws.com\",\"eventName\":\"ListQueues\",\"recipientAccountId\":"
         "\"111122223333\","
         "\"userIdentity\":{\"type\":\"AssumedRole\",\"arn\":\"arn:aws:sts::111122223333:assumed-role/deploy/"
         "ci\"}}",
         "role/deploy sqs:ListQueues  111122223333  1/0; "},
        {"{\"eventSource\":\"kms.amazonaws.com\",\"eventName\":\"RotateKey\",\"eventType\":"
         "\"AwsServiceEvent\"," ALICE "}",
         ""},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_activity activity = activity_of(cases[i].record);
        vg_buf got = {0};
        for (size_t u = 0; u < activity.use_count; u++) {
            const vg_activity_use *use = &activity.uses[u];
            size_t colon = vg_str_rfind_char(use->principal, ':');
            vg_buf_addf(&got, "%.*s %.*s %.*s %.*s %.*s %u/%u; ",
                        VG_ARG(vg_str_sub(use->principal, colon + 1, VG_NPOS)), VG_ARG(use->action),
                        VG_ARG(use->resource), VG_ARG(use->account), VG_ARG(use->region),
                        (unsigned)use->allowed, (unsigned)use->denied);
        }
        if (!vg_str_is(vg_buf_str(&got), cases[i].uses))
            fail_msg("%s\n  wanted: %s\n  got:    %.*s", cases[i].record, cases[i].uses,
                     VG_ARG(vg_buf_str(&got)));
        vg_buf_free(&got);
    }
}

#define GET(id, time, rest)                                                                                  \
    "{\"eventID\":\"" id "\",\"eventTime\":\"" time                                                          \
    "\",\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"GetObject\",\"requestParameters\":{"            \
    "\"bucketName\":\"b\","                                                                                  \
    "\"key\":\"k\"}," rest REST "}\n"

static void equal_calls_are_one_use_and_an_event_counts_once(void **state)
{
    (void)state;
    vg_activity activity =
        activity_of(GET("1", "2026-01-02T00:00:00Z", "") GET("2", "2026-01-01T00:00:00Z", "")
                        GET("1", "2026-01-02T00:00:00Z", "")
                            GET("3", "2026-01-03T00:00:00Z", "\"sourceIPAddress\":\"192.0.2.1\",")
                                GET("4", "2026-01-03T00:00:00Z", "\"errorCode\":\"AccessDenied\","));
    assert_int_equal(activity.records, 4);
    assert_int_equal(activity.duplicates, 1);
    assert_int_equal(activity.use_count, 2); /* without and with an address */
    const vg_activity_use *use = &activity.uses[0];
    assert_int_equal(use->allowed, 2);
    assert_int_equal(use->denied, 1);
    char first[VG_TIME_TEXT], last[VG_TIME_TEXT];
    vg_time_format(use->first, first);
    vg_time_format(use->last, last);
    assert_string_equal(first, "2026-01-01T00:00:00Z");
    assert_string_equal(last, "2026-01-03T00:00:00Z");
    assert_true(vg_str_is(activity.contexts[activity.uses[1].context].source_ip, "192.0.2.1"));
}

static void what_is_outside_the_time_asked_for_is_counted_apart(void **state)
{
    (void)state;
    assert_true(vg_time_parse(VG_STR("2026-01-02"), &options.since));
    assert_true(vg_time_parse(VG_STR("2026-01-03"), &options.until));
    vg_activity activity = activity_of(GET("1", "2026-01-01T23:59:59Z", "") GET(
        "2", "2026-01-02T00:00:00Z", "") GET("3", "2026-01-03T00:00:00Z", ""));
    assert_int_equal(activity.records, 1);
    assert_int_equal(activity.outside, 2);
    assert_int_equal(activity.use_count, 1);
}

static void counts_say_what_became_of_each_record(void **state)
{
    (void)state;
    vg_activity activity = activity_of(GET(
        "1", "2026-01-01T00:00:00Z",
        "\"eventCategory\":\"Data\",") "{\"eventSource\":\"sts.amazonaws.com\","
                                       "\"eventName\":\"GetCallerIdentity\"," REST
                                       "}\n{\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"GetObject\","
                                       "\"userIdentity\":{\"type\":\"AWSService\"}}\n{\"eventSource\":\"s3."
                                       "amazonaws.com\",\"eventName\":\"GetObject\","
                                       "\"userIdentity\":{\"type\":\"AWSAccount\"}}\n");
    assert_int_equal(activity.records, 4);
    assert_int_equal(activity.free, 1);
    assert_int_equal(activity.by_services, 1);
    assert_int_equal(activity.nameless, 1);
    assert_true(activity.data_events);
}

static void a_use_tells_the_context_of_its_calls(void **state)
{
    (void)state;
    vg_activity activity = activity_of(
        "{\"eventSource\":\"ec2.amazonaws.com\",\"eventName\":\"RunInstances\",\"awsRegion\":\"eu-west-1\","
        "\"sourceIPAddress\":\"2001:db8::1\",\"vpcEndpointId\":\"vpce-1\",\"recipientAccountId\":"
        "\"111122223333\","
        "\"userIdentity\":{\"type\":\"IAMUser\",\"arn\":\"arn:aws:iam::111122223333:user/"
        "alice\",\"invokedBy\":"
        "\"cloudformation.amazonaws.com\",\"sessionContext\":{\"sourceIdentity\":\"a\",\"attributes\":{"
        "\"mfaAuthenticated\":\"false\"}}}}");
    static const struct {
        const char *key, *value;
    } wanted[] = {{"aws:RequestedRegion", "eu-west-1"}, {"aws:SourceIp", "2001:db8::1"},
                  {"aws:SourceVpce", "vpce-1"},         {"aws:SourceIdentity", "a"},
                  {"aws:ViaAWSService", "true"},        {"aws:MultiFactorAuthPresent", "false"},
                  {"aws:SecureTransport", "true"}};
    vg_context_entry entries[VG_ACTIVITY_KEYS];
    vg_str values[VG_ACTIVITY_KEYS];
    size_t count = vg_activity_context_of(&activity, &activity.uses[0], entries, values);
    assert_int_equal(count, VG_COUNT(wanted));
    for (size_t i = 0; i < count; i++) {
        assert_true(vg_str_is(entries[i].key, wanted[i].key));
        assert_true(vg_str_is(entries[i].values[0], wanted[i].value));
    }
}

/* "kind action resource by passed_to unresolved; " of each use. */
static void a_call_needs_what_its_request_tells(void **state)
{
#define LAMBDA(role)                                                                                         \
    "{\"eventSource\":\"lambda.amazonaws.com\",\"eventName\":\"CreateFunction20150331\","                    \
    "\"requestParameters\":{\"functionName\":\"f\",\"role\":\"" role "\"}," REST "}"
#define CREATED "0 lambda:CreateFunction arn:aws:lambda:eu-west-1:111122223333:function:f   ; "
    static const struct {
        const char *record, *uses;
    } cases[] = {
        {LAMBDA("arn:aws:iam::111122223333:role/x"), "2 iam:PassRole arn:aws:iam::111122223333:role/x "
                                                     "lambda:CreateFunction lambda.amazonaws.com ; " CREATED},
        {LAMBDA("arn:aws:iam::444455556666:role/x"), CREATED},
        {LAMBDA("arn:aws:iam::111122223333:user/x"), CREATED},
        {LAMBDA("x"), "2 iam:PassRole  lambda:CreateFunction lambda.amazonaws.com the role x; " CREATED},
        {"{\"eventSource\":\"codepipeline.amazonaws.com\",\"eventName\":\"CreatePipeline\","
         "\"requestParameters\":{"
         "\"pipeline\":{\"name\":\"p\",\"roleArn\":\"arn:aws:iam::111122223333:role/"
         "p\",\"stages\":[{\"actions\":["
         "{\"roleArn\":\"arn:aws:iam::111122223333:role/a\"}]}]}}," REST "}",
         "0 codepipeline:CreatePipeline    ; "
         "2 iam:PassRole arn:aws:iam::111122223333:role/a codepipeline:CreatePipeline "
         "codepipeline.amazonaws.com ; "
         "2 iam:PassRole arn:aws:iam::111122223333:role/p codepipeline:CreatePipeline "
         "codepipeline.amazonaws.com ; "},
        {"{\"eventSource\":\"lambda.amazonaws.com\",\"eventName\":\"CreateFunction20150331\",\"errorCode\":"
         "\"AccessDenied\",\"requestParameters\":{\"functionName\":\"f\",\"role\":\"arn:aws:iam::"
         "111122223333:role/"
         "x\"}," REST "}",
         CREATED},
        {"{\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"GetObject\",\"requestParameters\":{"
         "\"bucketName\":"
         "\"b\",\"key\":\"k\",\"versionId\":\"v\"}," REST "}",
         "0 s3:GetObjectVersion arn:aws:s3:::b/k   ; "},
        {"{\"eventSource\":\"ec2.amazonaws.com\",\"eventName\":\"StopInstances\",\"requestParameters\":{"
         "\"instancesSet\":{\"items\":[{\"instanceId\":\"i-1\"},{\"instanceId\":\"i-2\"}]}}," REST "}",
         "0 ec2:StopInstances arn:aws:ec2:eu-west-1:111122223333:instance/i-1   ; "
         "1 ec2:StopInstances arn:aws:ec2:eu-west-1:111122223333:instance/i-2   ; "},
        {"{\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"GetObject\",\"requestParameters\":{"
         "\"bucketName\":"
         "\"arn:aws:s3:eu-west-1:111122223333:accesspoint/ap\",\"key\":\"k\"}," REST "}",
         "0 s3:GetObject arn:aws:s3:eu-west-1:111122223333:accesspoint/ap/object/k   ; "},
        {"{\"eventSource\":\"sts.amazonaws.com\",\"eventName\":\"AssumeRole\",\"requestParameters\":{"
         "\"roleArn\":"
         "\"arn:aws:iam::444455556666:role/"
         "x\",\"sourceIdentity\":\"me\",\"tags\":[{\"key\":\"a\",\"value\":\"b\"}]}," REST "}",
         "0 sts:AssumeRole arn:aws:iam::444455556666:role/x   ; "
         "2 sts:SetSourceIdentity arn:aws:iam::444455556666:role/x sts:AssumeRole  ; "
         "2 sts:TagSession arn:aws:iam::444455556666:role/x sts:AssumeRole  ; "},
        {"{\"eventSource\":\"sts.amazonaws.com\",\"eventName\":\"AssumeRole\",\"requestParameters\":{"
         "\"roleArn\":"
         "\"arn:aws:iam::444455556666:role/x\",\"tags\":[]}," REST "}",
         "0 sts:AssumeRole arn:aws:iam::444455556666:role/x   ; "},
        {"{\"eventSource\":\"logs.amazonaws.com\",\"eventName\":\"FilterLogEvents\",\"requestParameters\":{"
         "\"logGroupName\":\"/a/f\"}," REST "}",
         "0 logs:FilterLogEvents arn:aws:logs:eu-west-1:111122223333:log-group:/a/f:*   ; "},
        {"{\"eventSource\":\"logs.amazonaws.com\",\"eventName\":\"TagResource\",\"requestParameters\":{"
         "\"resourceArn\":\"arn:aws:logs:eu-west-1:111122223333:log-group:/a/f\"}," REST "}",
         "0 logs:TagResource arn:aws:logs:eu-west-1:111122223333:log-group:/a/f   ; "},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_activity activity = activity_of(cases[i].record);
        vg_buf got = {0};
        for (size_t u = 0; u < activity.use_count; u++) {
            const vg_activity_use *use = &activity.uses[u];
            vg_buf_addf(&got, "%d %.*s %.*s %.*s %.*s %.*s; ", (int)use->kind, VG_ARG(use->action),
                        VG_ARG(use->resource), VG_ARG(use->by), VG_ARG(use->passed_to),
                        VG_ARG(use->unresolved));
        }
        if (!vg_str_is(vg_buf_str(&got), cases[i].uses))
            fail_msg("%s\n  wanted: %s\n  got:    %.*s", cases[i].record, cases[i].uses,
                     VG_ARG(vg_buf_str(&got)));
        vg_buf_free(&got);
    }
}

static bool knows(vg_str action)
{
    return vg_catalogue_find_action(options.catalogue, action) != VG_CATALOGUE_NONE;
}

/* Whether an event is one that the catalogue or the map knows. */
static bool knows_event(vg_str event)
{
    vg_str service, name;
    vg_event_actions actions;
    vg_str_split(event, ':', &service, &name);
    vg_event_actions_of(options.events, service, name, &actions);
    return actions.answer != VG_EVENT_GUESSED && actions.count > 0 && knows(actions.actions[0]);
}

static void what_events_need_names_actions_and_events_that_exist(void **state)
{
    vg_doc doc;
    vg_error err;
    (void)state;
    assert_int_equal(vg_yaml_read(arena, options.needs, VG_STR("needs"), NULL, &doc, &err), VG_OK);
    static const char *const sections[] = {"needs", "passes"};
    for (size_t i = 0; i < VG_COUNT(sections); i++)
        for (vg_items it = vg_items_of(vg_get(doc.root, vg_str_from(sections[i]))); vg_items_next(&it);) {
            if (!knows_event(it.key))
                fail_msg("%.*s: no such event", VG_ARG(it.key));
            for (vg_items one = vg_items_of(it.value); i == 0 && vg_items_next(&one);) {
                vg_str action = vg_get_str(one.value, "action"), instead = vg_get_str(one.value, "instead");
                if (!knows(action) || (instead.len && !knows(instead)))
                    fail_msg("%.*s: %.*s, %.*s", VG_ARG(it.key), VG_ARG(action), VG_ARG(instead));
            }
        }
}

static void wrong_needs_are_refused_with_their_place(void **state)
{
    static const char *const cases[] = {
        "- a",
        "needs:\n  s3:A: x",
        "needs:\n  s3:A: [{action: s3:B, colour: red}]",
        "needs:\n  s3:A: [{resource: x}]",
        "needs:\n  s3:A: [{action: s3:B, resource: []}]",
        "needs:\n  s3:A: [{action: s3:B, resource: [1]}]",
        "needs:\n  s3:A: [{action: s3:B, if: [a]}]",
        "passes:\n  s3:A: {role: {}}",
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_activity_reader *reader;
        vg_error err = {0};
        options.needs = vg_str_from(cases[i]);
        vg_status status = vg_activity_open(arena, &options, &reader, &err);
        if (status != VG_ERR_VALUE || err.place.line == 0)
            fail_msg("%s: %d %s", cases[i], (int)status, err.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_become_uses, setup, teardown),
        cmocka_unit_test_setup_teardown(equal_calls_are_one_use_and_an_event_counts_once, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_outside_the_time_asked_for_is_counted_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(counts_say_what_became_of_each_record, setup, teardown),
        cmocka_unit_test_setup_teardown(a_use_tells_the_context_of_its_calls, setup, teardown),
        cmocka_unit_test_setup_teardown(a_call_needs_what_its_request_tells, setup, teardown),
        cmocka_unit_test_setup_teardown(what_events_need_names_actions_and_events_that_exist, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(wrong_needs_are_refused_with_their_place, setup, teardown),
    };
    return cmocka_run_group_tests_name("activity", tests, NULL, NULL);
}
