/* Reading CloudTrail records, whatever wraps them. */

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "trail/trail.h"

/* What a reading told: "time name account; " for each record, "! message; " for what was bad. */
typedef struct {
    vg_buf told;
    unsigned stop_after;
    unsigned seen;
} listener;

static vg_status on_record(void *context, const vg_trail_record *record, vg_error *err)
{
    listener *l = context;
    vg_buf_addf(&l->told, "%.*s %.*s; ", VG_ARG(record->id), VG_ARG(record->name));
    l->seen++;
    return l->stop_after && l->seen == l->stop_after ? vg_fail(err, VG_ERR_CANCELLED, "enough") : VG_OK;
}

static void on_bad(void *context, const vg_error *err)
{
    listener *l = context;
    vg_buf_addf(&l->told, "! %u:%u; ", err->place.line, err->place.column);
}

#define RECORD(id) "{\"eventID\":\"" id "\",\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"GetObject\"}"

static void records_come_out_of_every_wrapping(void **state)
{
    static const struct {
        const char *text, *told;
        uint64_t records, bad;
    } cases[] = {
        {"{\"Records\":[" RECORD("a") "," RECORD("b") "]}", "a GetObject; b GetObject; ", 2, 0},
        {" {\n \"Records\" : [ ] }\n", "", 0, 0},
        {"{\"x\":1,\"Records\":[" RECORD("a") "]}", "a GetObject; ", 1, 0},
        {"[" RECORD("a") "," RECORD("b") "]", "a GetObject; b GetObject; ", 2, 0},
        {RECORD("a"), "a GetObject; ", 1, 0},
        {"[{\"eventID\":\"i\",\"eventCategory\":\"Insight\",\"insightDetails\":{\"eventSource\":\"s\","
         "\"eventName\":\"N\"}}]",
         "i N; ", 1, 0},
        {RECORD("a") "\n" RECORD("b") "\n", "a GetObject; b GetObject; ", 2, 0},
        {RECORD("a") "\nnonsense\n" RECORD("b") "\n", "a GetObject; ! 2:1; b GetObject; ", 2, 1},
        {"{\"Records\":[" RECORD("a") "]}\n{\"Records\":[" RECORD("b") "]}\n", "a GetObject; b GetObject; ",
         2, 0},
        {"{\"version\":\"0\",\"detail-type\":\"AWS API Call via CloudTrail\",\"detail\":" RECORD("a") "}",
         "a GetObject; ", 1, 0},
        {"{\"Events\":[{\"EventId\":\"a\",\"CloudTrailEvent\":\"{\\\"eventID\\\":\\\"a\\\","
         "\\\"eventSource\\\":\\\"s\\\","
         "\\\"eventName\\\":\\\"N\\\"}\"}]}",
         "a N; ", 1, 0},
        {"{\"QueryResultRows\":[[{\"eventJson\":\"{\\\"eventID\\\":\\\"a\\\",\\\"eventSource\\\":\\\"s\\\","
         "\\\"eventName\\\":"
         "\\\"N\\\"}\"}]]}",
         "a N; ", 1, 0},
        {"{\"Records\":[" RECORD("a") ",7," RECORD("b") "]}", "a GetObject; ! 1:86; b GetObject; ", 2, 1},
        {"{\"Records\":[" RECORD("a") ",{\"eventID\"", "a GetObject; ! 1:96; ", 1, 1},
        {"{\"Records\":7}", "! 1:12; ", 0, 1},
        {"[[[[[" RECORD("a") "]]]]]", "! 1:4; ", 0, 1},
        {"{\"detail\":{}}", "! 1:1; ", 0, 1},
        {"", "", 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        listener l = {0};
        const vg_trail_sink sink = {on_record, on_bad, &l};
        vg_trail_counts counts = {0};
        vg_error err;
        assert_int_equal(vg_trail_read(vg_str_from(cases[i].text), VG_STR("f"), &sink, &counts, &err), VG_OK);
        if (!vg_str_is(vg_buf_str(&l.told), cases[i].told) || counts.records != cases[i].records ||
            counts.bad != cases[i].bad)
            fail_msg("%s\n  wanted: %s(%u, %u)\n  got:    %.*s(%u, %u)", cases[i].text, cases[i].told,
                     (unsigned)cases[i].records, (unsigned)cases[i].bad, VG_ARG(vg_buf_str(&l.told)),
                     (unsigned)counts.records, (unsigned)counts.bad);
        vg_buf_free(&l.told);
    }
}

static void a_sink_that_stops_ends_the_reading_with_its_own_error(void **state)
{
    (void)state;
    listener l = {.stop_after = 1};
    const vg_trail_sink sink = {on_record, on_bad, &l};
    vg_trail_counts counts = {0};
    vg_error err = {0};
    const char *text = "{\"Records\":[" RECORD("a") "," RECORD("b") "]}";
    assert_int_equal(vg_trail_read(vg_str_from(text), VG_STR("f"), &sink, &counts, &err), VG_ERR_CANCELLED);
    assert_string_equal(err.message, "enough");
    assert_int_equal(counts.records, 1);
    vg_buf_free(&l.told);
}

static vg_status check_fields(void *context, const vg_trail_record *r, vg_error *err)
{
    (void)err;
    *(bool *)context = true;
    char time[VG_TIME_TEXT];
    vg_time_format(r->time, time);
    assert_string_equal(time, "2026-01-02T03:04:05Z");
    assert_true(vg_str_is(r->id, "11111111-2222-3333-4444-555555555555"));
    assert_true(vg_str_is(r->source, "s3.amazonaws.com"));
    assert_true(vg_str_is(r->name, "PutObject"));
    assert_true(vg_str_is(r->region, "eu-west-1"));
    assert_true(vg_str_is(r->account, "210987654321"));
    assert_true(vg_str_is(r->source_ip, "192.0.2.7"));
    assert_true(vg_str_is(r->user_agent, "aws-cli"));
    assert_true(vg_str_is(r->error_code, "AccessDenied"));
    assert_true(vg_str_is(r->error_message, "no"));
    assert_true(vg_str_is(r->type, "AwsApiCall"));
    assert_true(vg_str_is(r->category, "Data"));
    assert_true(vg_str_is(r->shared_id, "s"));
    assert_true(vg_str_is(r->request_id, "q"));
    assert_true(vg_str_is(r->vpc_endpoint, "vpce-1"));
    assert_true(r->read_only_known && !r->read_only);
    const vg_trail_identity *i = &r->identity;
    assert_true(vg_str_is(i->type, "AssumedRole"));
    assert_true(vg_str_is(i->arn, "arn:aws:sts::123456789012:assumed-role/deploy/ci"));
    assert_true(vg_str_is(i->account, "123456789012"));
    assert_true(vg_str_is(i->principal_id, "AROAEXAMPLE:ci"));
    assert_true(vg_str_is(i->access_key, "ASIAEXAMPLE"));
    assert_true(vg_str_is(i->user_name, "u"));
    assert_true(vg_str_is(i->invoked_by, "cloudformation.amazonaws.com"));
    assert_true(vg_str_is(i->issuer_type, "Role"));
    assert_true(vg_str_is(i->issuer_arn, "arn:aws:iam::123456789012:role/path/deploy"));
    assert_true(vg_str_is(i->issuer_account, "123456789012"));
    assert_true(vg_str_is(i->issuer_name, "deploy"));
    assert_true(vg_str_is(i->source_identity, "alice"));
    assert_true(vg_str_is(i->identity_provider, "idp"));
    assert_true(vg_str_is(i->on_behalf_of, "9067-user"));
    assert_true(i->mfa_known && i->mfa);
    assert_int_equal(r->resource_count, 2);
    assert_true(vg_str_is(r->resources[0].arn, "arn:aws:s3:::b/k"));
    assert_true(vg_str_is(r->resources[1].account, "210987654321"));
    assert_true(vg_str_is(r->resources[1].type, "AWS::S3::Bucket"));
    assert_true(vg_str_is(vg_get_str(r->root, "requestParameters/bucketName"), "b"));
    assert_int_equal(r->place.line, 2);
    return VG_OK;
}

static void every_field_of_a_record_is_read(void **state)
{
    (void)state;
    static const char text[] =
        "{\"Records\":[\n{\"eventVersion\":\"1.09\",\"eventTime\":\"2026-01-02T03:04:05Z\",\"eventID\":"
        "\"11111111-2222-3333-4444-555555555555\",\"eventSource\":\"s3.amazonaws.com\",\"eventName\":"
        "\"PutObject\","
        "\"awsRegion\":\"eu-west-1\",\"recipientAccountId\":\"210987654321\",\"sourceIPAddress\":\"192.0.2."
        "7\","
        "\"userAgent\":\"aws-cli\",\"errorCode\":\"AccessDenied\",\"errorMessage\":\"no\",\"eventType\":"
        "\"AwsApiCall\","
        "\"eventCategory\":\"Data\",\"sharedEventID\":\"s\",\"requestID\":\"q\",\"vpcEndpointId\":\"vpce-1\","
        "\"readOnly\":false,\"requestParameters\":{\"bucketName\":\"b\"},\"resources\":[{\"ARN\":\"arn:aws:"
        "s3:::b/k\"},"
        "{\"accountId\":\"210987654321\",\"type\":\"AWS::S3::Bucket\",\"ARN\":\"arn:aws:s3:::b\"}],"
        "\"userIdentity\":{"
        "\"type\":\"AssumedRole\",\"arn\":\"arn:aws:sts::123456789012:assumed-role/deploy/ci\",\"accountId\":"
        "\"123456789012\",\"principalId\":\"AROAEXAMPLE:ci\",\"accessKeyId\":\"ASIAEXAMPLE\",\"userName\":"
        "\"u\","
        "\"invokedBy\":\"cloudformation.amazonaws.com\",\"identityProvider\":\"idp\",\"onBehalfOf\":{"
        "\"userId\":"
        "\"9067-user\"},\"sessionContext\":{\"sourceIdentity\":\"alice\",\"attributes\":{"
        "\"mfaAuthenticated\":\"true\"},"
        "\"sessionIssuer\":{\"type\":\"Role\",\"arn\":\"arn:aws:iam::123456789012:role/path/"
        "deploy\",\"accountId\":"
        "\"123456789012\",\"userName\":\"deploy\"}}}}]}";
    bool seen = false;
    const vg_trail_sink sink = {check_fields, NULL, &seen};
    vg_trail_counts counts = {0};
    vg_error err;
    assert_int_equal(vg_trail_read(vg_str_from(text), VG_STR("f"), &sink, &counts, &err), VG_OK);
    assert_true(seen);
}

static vg_status check_wrong_types(void *context, const vg_trail_record *r, vg_error *err)
{
    (void)err;
    *(bool *)context = true;
    assert_true(r->time == VG_TIME_NONE);
    assert_int_equal(r->account.len, 0);
    assert_int_equal(r->resource_count, 0);
    assert_false(r->read_only_known);
    assert_false(r->identity.mfa_known);
    return VG_OK;
}

static void wrong_types_read_as_absent(void **state)
{
    (void)state;
    bool seen = false;
    const vg_trail_sink sink = {check_wrong_types, NULL, &seen};
    vg_trail_counts counts = {0};
    vg_error err;
    const char *text =
        "{\"eventName\":1,\"eventSource\":[],\"eventTime\":{},\"recipientAccountId\":7,\"resources\":\"x\","
        "\"readOnly\":[],\"userIdentity\":{\"accountId\":null,\"sessionContext\":{\"attributes\":[]}}}";
    assert_int_equal(vg_trail_read(vg_str_from(text), VG_STR("f"), &sink, &counts, &err), VG_OK);
    assert_true(seen);
}

static vg_status on_place(void *context, const vg_trail_record *record, vg_error *err)
{
    (void)err;
    vg_buf_addf(context, "%u:%u ", record->place.line, record->place.column);
    return VG_OK;
}

static void records_know_where_they_stand(void **state)
{
    static const struct {
        const char *text, *places;
    } cases[] = {
        {"{\"Records\":[" RECORD("a") "," RECORD("b") "]}", "1:13 1:86 "},
        {"{\"Records\":[\n" RECORD("a") ",\n  " RECORD("b") "]}", "2:1 3:3 "},
        {"[\n" RECORD("a") ",\n" RECORD("b") ",\n\n" RECORD("c") "]", "2:1 3:1 5:1 "},
        {RECORD("a") "\n" RECORD("b") "\n", "1:1 2:1 "},
        {"\xEF\xBB\xBF" RECORD("a"), "1:1 "},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_buf got = {0};
        const vg_trail_sink sink = {on_place, NULL, &got};
        vg_trail_counts counts = {0};
        vg_error err;
        assert_int_equal(vg_trail_read(vg_str_from(cases[i].text), VG_STR("f"), &sink, &counts, &err), VG_OK);
        if (!vg_str_is(vg_buf_str(&got), cases[i].places))
            fail_msg("%s: %.*s, not %s", cases[i].text, VG_ARG(vg_buf_str(&got)), cases[i].places);
        vg_buf_free(&got);
    }
}

static void activity_is_recognised_by_its_words(void **state)
{
    (void)state;
    assert_true(vg_trail_recognise(VG_STR("{\"Records\":[]}")));
    assert_true(vg_trail_recognise(VG_STR(RECORD("a"))));
    assert_true(vg_trail_recognise(VG_STR("{\"Events\":[{\"CloudTrailEvent\":\"{}\"}]}")));
    assert_true(vg_trail_recognise(VG_STR("{\"QueryResultRows\":[[{\"eventJson\":\"{}\"}]]}")));
    assert_false(vg_trail_recognise(VG_STR("{\"Version\":\"2012-10-17\",\"Statement\":[]}")));
    assert_false(vg_trail_recognise(VG_STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_out_of_every_wrapping),
        cmocka_unit_test(a_sink_that_stops_ends_the_reading_with_its_own_error),
        cmocka_unit_test(every_field_of_a_record_is_read),
        cmocka_unit_test(wrong_types_read_as_absent),
        cmocka_unit_test(records_know_where_they_stand),
        cmocka_unit_test(activity_is_recognised_by_its_words),
    };
    return cmocka_run_group_tests_name("trail record", tests, NULL, NULL);
}
