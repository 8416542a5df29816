/* Reading logs in JSON: Resolver query logs, flows as objects, and CloudWatch Logs' envelopes. */
#include "trail/log_listener.h"

#define QUERY(name, rest)                                                                                    \
    "{\"version\":\"1.100000\",\"account_id\":\"111122223333\",\"region\":\"us-east-1\",\"vpc_id\":\"vpc-"   \
    "1\","                                                                                                   \
    "\"query_timestamp\":\"2026-01-05T01:02:03Z\",\"query_name\":\"" name "\",\"srcaddr\":\"10.0.0.1\"" rest \
    "}"
#define QUERY_EVENT(name, rest)                                                                              \
    "route53 2026-01-05T01:02:03Z 111122223333 us-east-1 10.0.0.1 " QUERY(name, rest) "; "
#define FLOW "2 111122223333 eni-0a 10.0.0.5 203.0.113.9 49152 443 6 10 840 1700000000 1700000060 ACCEPT OK"
#define FLOW_EVENT                                                                                           \
    "vpcflow 2023-11-14T22:13:20Z 111122223333  10.0.0.5 "                                                   \
    "{\"version\":2,\"account-id\":\"111122223333\",\"interface-id\":\"eni-0a\",\"srcaddr\":\"10.0.0.5\","   \
    "\"dstaddr\":\"203.0.113.9\",\"srcport\":49152,\"dstport\":443,\"protocol\":6,\"packets\":10,"           \
    "\"bytes\":840,\"start\":1700000000,\"end\":1700000060,\"action\":\"ACCEPT\",\"log-status\":\"OK\"}; "
#define SHORT_FLOW(account, time)                                                                            \
    "vpcflow " time " " account "  10.0.0.1 {\"srcaddr\":\"10.0.0.1\",\"dstaddr\":\"10.0.0.2\"}; "
#define RECORD      "{\"eventName\":\"A\",\"eventSource\":\"b\"}"
#define TEXT_QUERY  "{\\\"query_name\\\":\\\"b.\\\",\\\"query_timestamp\\\":\\\"2026-01-05T01:02:03Z\\\"}"
#define TEXT_RECORD "{\\\"eventName\\\":\\\"A\\\",\\\"eventSource\\\":\\\"b\\\"}"
#define TEXT_EVENT(account)                                                                                  \
    "route53 2026-01-05T01:02:03Z " account                                                                  \
    "   {\"query_name\":\"b.\",\"query_timestamp\":\"2026-01-05T01:02:03Z\"}; "
#define RECORD_EVENT "cloudtrail -    " RECORD "; "

static void queries_are_kept_as_they_are(void **state)
{
    static const log_case cases[] = {
        {NULL, NULL, QUERY("a.example.", ""), QUERY_EVENT("a.example.", "")},
        {NULL, NULL, QUERY("a.", "") "\n" QUERY("b.", "") "\r\n",
         QUERY_EVENT("a.", "") QUERY_EVENT("b.", "")},
        {NULL, NULL,
         QUERY("a.", ",\"query_type\":\"TXT\",\"query_class\":\"IN\",\"rcode\":\"NOERROR\",\"answers\":[{"
                     "\"Rdata\":\"1\","
                     "\"Type\":\"A\",\"Class\":\"IN\"}],\"srcport\":\"4\",\"transport\":\"UDP\",\"srcids\":{"
                     "\"instance\":"
                     "\"i-1\",\"resolver_endpoint\":\"rslvr-in-1\"},\"firewall_rule_action\":\"BLOCK\","
                     "\"new\":1") "\n",
         QUERY_EVENT(
             "a.",
             ",\"query_type\":\"TXT\",\"query_class\":\"IN\",\"rcode\":\"NOERROR\",\"answers\":[{\"Rdata\":"
             "\"1\","
             "\"Type\":\"A\",\"Class\":\"IN\"}],\"srcport\":\"4\",\"transport\":\"UDP\",\"srcids\":{"
             "\"instance\":"
             "\"i-1\",\"resolver_endpoint\":\"rslvr-in-1\"},\"firewall_rule_action\":\"BLOCK\",\"new\":1")},
        {NULL, NULL, "[" QUERY("a.", "") ",\n" QUERY("b.", "") "]",
         QUERY_EVENT("a.", "") QUERY_EVENT("b.", "")},
        {NULL, NULL, "{\"Records\":[" QUERY("a.", "") "]}", QUERY_EVENT("a.", "")},
        {NULL, NULL,
         "2026-01-05T01:02:04.000Z " QUERY("a.", "") "\n2026-01-05T01:02:04.000Z " QUERY("b.", "") "\n",
         QUERY_EVENT("a.", "") QUERY_EVENT("b.", "")},
        {"AWSLogs/444455556666/vpcdnsquerylogs/vpc-1/2026/01/05/x.log.gz", NULL,
         "{\"query_name\":\"a.\",\"vpc_id\":\"v\"}\n",
         "route53 -    {\"query_name\":\"a.\",\"vpc_id\":\"v\"}; "},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check_case(&cases[i], false);
}

static void a_bad_line_costs_itself_alone(void **state)
{
    static const log_case cases[] = {
        {NULL, NULL, QUERY("a.", "") "\nnonsense\n" QUERY("b.", "") "\n",
         QUERY_EVENT("a.", "") "! 2:1 expected a JSON value here; " QUERY_EVENT("b.", "")},
        {NULL, NULL, "garbage first\n" QUERY("b.", "") "\n",
         "! 1:1 this line is no object of a log; " QUERY_EVENT("b.", "")},
        {NULL, NULL, QUERY("a.", "") "\n[1]\n7\n" QUERY("b.", "") "\n",
         QUERY_EVENT(
             "a.", "") "! 2:2 this is no event of a log; ! 3:1 this is no event of a log; " QUERY_EVENT("b.",
                                                                                                        "")},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check_case(&cases[i], false);
}

static void bytes_that_are_no_json_text_are_counted(void **state)
{
    static const char *const lines[] = {"{\"query_name\":\"\xff\",\"query_timestamp\":\"\"}",
                                        "{\"query_name\":\"\x01\",\"query_timestamp\":\"\"}",
                                        "{\"query_name\":\"a", "{\"query_name\":}"};
    (void)state;
    for (size_t i = 0; i < VG_COUNT(lines); i++) {
        vg_buf text = {0};
        vg_buf_addf(&text, "%s\n%s\n%s\n", QUERY("a.", ""), lines[i], QUERY("b.", ""));
        listener l = {0};
        const vg_event_sink sink = {on_event, on_bad, &l};
        vg_trail_counts counts = {0};
        vg_error err = {0};
        assert_int_equal(vg_log_read(vg_buf_str(&text), VG_STR("f"), NULL, &sink, &counts, &err), VG_OK);
        if (counts.records != 2 || counts.bad != 1)
            fail_msg("%s: %u records, %u bad", lines[i], (unsigned)counts.records, (unsigned)counts.bad);
        vg_buf_free(&l.told);
        vg_buf_free(&l.ids);
        vg_buf_free(&text);
    }
}

static void messages_come_out_of_every_envelope(void **state)
{
    static const log_case cases[] = {
        {NULL, NULL, "{\"message\":\"" FLOW "\"}\n{\"message\":\"" FLOW "\"}\n", FLOW_EVENT FLOW_EVENT},
        {NULL, NULL,
         "{\"events\":[{\"timestamp\":1,\"message\":\"" FLOW
         "\",\"ingestionTime\":2}],\"nextToken\":\"f/1\"}",
         FLOW_EVENT},
        {NULL, NULL,
         "{\"messageType\":\"DATA_MESSAGE\",\"owner\":\"444455556666\",\"logGroup\":\"g\",\"logStream\":"
         "\"s\","
         "\"subscriptionFilters\":[\"x\"],\"logEvents\":[{\"id\":\"1\",\"timestamp\":1767574923000,"
         "\"message\":\"" TEXT_QUERY "\"}]}",
         TEXT_EVENT("444455556666")},
        {NULL, "srcaddr dstaddr",
         "{\"owner\":\"444455556666\",\"logEvents\":[{\"timestamp\":1767574923000,\"message\":\"10.0.0.1 "
         "10.0.0.2\"}]}",
         SHORT_FLOW("444455556666", "2026-01-05T01:02:03Z")},
        {NULL, NULL,
         "{\"messageType\":\"CONTROL_MESSAGE\",\"owner\":\"CloudwatchLogs\",\"logEvents\":[{\"message\":"
         "\"CWL CONTROL "
         "MESSAGE: Checking health of destination Firehose.\"}]}"
         "{\"messageType\":\"DATA_MESSAGE\",\"owner\":\"444455556666\",\"logEvents\":[{\"message\":"
         "\"" TEXT_RECORD "\"}]}",
         RECORD_EVENT},
        {NULL, NULL,
         "{\"results\":[[{\"field\":\"@timestamp\",\"value\":\"x\"},{\"field\":\"@message\",\"value\":\"" FLOW
         "\"}]],\"status\":\"Complete\"}",
         FLOW_EVENT},
        {NULL, NULL, "{\"@message\":\"" FLOW "\"}", FLOW_EVENT},
        {NULL, NULL, "{\"message\":" QUERY("a.", "") "}", QUERY_EVENT("a.", "")},
        {NULL, NULL,
         "{\"events\":[{\"message\":\"" FLOW "\"},{\"message\":\"rubbish\"},{\"message\":\"" FLOW "\"}]}",
         FLOW_EVENT "! 1:120 this is no flow log line of AWS's own formats (1 columns): give the format that "
                    "the log was "
                    "created with; " FLOW_EVENT},
        {NULL, NULL, "{\"events\":[{\"message\":\"{\\\"query_name\\\"\"}],\"query_timestamp\":1}",
         "! 1:12 this is no JSON: "},
        {NULL, NULL, "{\"owner\":\"444455556666\",\"logGroup\":\"logEvents\",\"x\":\"\",\"logEvents\":1}",
         "! 1:1 there are no log events in this envelope; "},
        {NULL, NULL, "{\"events\":[{\"message\":\"[[[[[[[[" FLOW "]]]]]]]]\"}]}", "! 1:12 "},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        log_case one = cases[i];
        vg_str told = vg_str_from(one.told);
        bool only_start = told.len > 2 && !vg_str_ends(told, VG_STR("; "));
        if (!only_start) {
            check_case(&one, false);
            continue;
        }
        listener l = {0};
        const vg_event_sink sink = {on_event, on_bad, &l};
        vg_trail_counts counts = {0};
        vg_error err = {0};
        assert_int_equal(vg_log_read(vg_str_from(one.text), VG_STR("f"), NULL, &sink, &counts, &err), VG_OK);
        if (!vg_str_starts(vg_buf_str(&l.told), told) || counts.records != 0)
            fail_msg("%s\n  wanted: %s\n  got:    %.*s", one.text, one.told, VG_ARG(vg_buf_str(&l.told)));
        vg_buf_free(&l.told);
        vg_buf_free(&l.ids);
    }
}

static void flows_as_objects_become_what_lines_give(void **state)
{
    static const log_case cases[] = {
        {NULL, NULL,
         "{\"version\":\"2\",\"account_id\":\"111122223333\",\"interface_id\":\"eni-0a\",\"srcaddr\":\"10.0."
         "0.5\","
         "\"dstaddr\":\"203.0.113.9\",\"srcport\":49152,\"dstport\":\"443\",\"protocol\":\"6\",\"packets\":"
         "\"10\","
         "\"bytes\":\"840\",\"start\":\"1700000000\",\"end\":1700000060,\"action\":\"ACCEPT\",\"log_status\":"
         "\"OK\","
         "\"tcp_flags\":\"-\",\"vpc_id\":null}\n",
         FLOW_EVENT},
        {NULL, NULL, "{\"interface_id\":\"eni-1\",\"log_status\":\"NODATA\",\"my_own\":\"5\"}\n",
         "vpcflow -    {\"interface-id\":\"eni-1\",\"log-status\":\"NODATA\",\"my_own\":\"5\"}; "},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check_case(&cases[i], false);
}

static void json_of_another_log_is_an_event_of_it(void **state)
{
    static const struct {
        const char *time_field, *text, *told;
    } cases[] = {
        {NULL, "{\"a\":1}\n{\"a\":2}\n", "unknown -    {\"a\":1}; unknown -    {\"a\":2}; "},
        {NULL, "{\"timestamp\":\"2026-01-05T01:02:03Z\",\"message\":\"hello\"}",
         "unknown 2026-01-05T01:02:03Z    {\"timestamp\":\"2026-01-05T01:02:03Z\",\"message\":\"hello\"}; "},
        {"x.when", "{\"x\":{\"when\":1767574923000},\"time\":\"2020-01-01\"}",
         "unknown 2026-01-05T01:02:03Z    {\"x\":{\"when\":1767574923000},\"time\":\"2020-01-01\"}; "},
        {"x.when", "{\"x.when\":1767574923}", "unknown 2026-01-05T01:02:03Z    {\"x.when\":1767574923}; "},
        {"t", "{\"t\":1767574923000000}", "unknown 2026-01-05T01:02:03Z    {\"t\":1767574923000000}; "},
        {"t", "{\"t\":17675749230000000}", "unknown -    {\"t\":17675749230000000}; "},
        {"t", "{\"t\":-1}", "unknown -    {\"t\":-1}; "},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        listener l = {0};
        const vg_event_sink sink = {on_event, on_bad, &l};
        const vg_log_options options = {.time_field = vg_str_from(cases[i].time_field)};
        vg_trail_counts counts = {0};
        vg_error err = {0};
        assert_int_equal(vg_log_read(vg_str_from(cases[i].text), VG_STR("f"), &options, &sink, &counts, &err),
                         VG_OK);
        if (!vg_str_is(vg_buf_str(&l.told), cases[i].told))
            fail_msg("%s\n  wanted: %s\n  got:    %.*s", cases[i].text, cases[i].told,
                     VG_ARG(vg_buf_str(&l.told)));
        vg_buf_free(&l.told);
        vg_buf_free(&l.ids);
    }
}

static void records_of_cloudtrail_are_events_with_their_record(void **state)
{
    static const log_case cases[] = {
        {NULL, NULL,
         "{\"Records\":[{\"eventVersion\":\"1\",\"eventTime\":\"2026-01-05T01:02:03Z\",\"eventSource\":\"s\","
         "\"eventName\":\"N\",\"awsRegion\":\"us-east-1\",\"sourceIPAddress\":\"192.0.2.1\","
         "\"recipientAccountId\":"
         "\"111122223333\"}]}",
         "cloudtrail 2026-01-05T01:02:03Z 111122223333 us-east-1 192.0.2.1 "
         "{\"eventVersion\":\"1\",\"eventTime\":"
         "\"2026-01-05T01:02:03Z\",\"eventSource\":\"s\",\"eventName\":\"N\",\"awsRegion\":\"us-east-1\","
         "\"sourceIPAddress\":"
         "\"192.0.2.1\",\"recipientAccountId\":\"111122223333\"}; "},
        {NULL, NULL, RECORD "\n" QUERY("a.", "") "\n", RECORD_EVENT "! 2:1 this is no CloudTrail record; "},
        {NULL, NULL, QUERY("a.", "") "\n", QUERY_EVENT("a.", "")},
        {NULL, NULL, "2026-01-05T01:02:04.000Z " RECORD "\n", RECORD_EVENT},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check_case(&cases[i], false);
}

static void an_event_of_an_object_is_what_the_reader_gives(void **state)
{
    static const struct {
        vg_log_kind log;
        const char *text, *told;
    } cases[] = {
        {VG_LOG_CLOUDTRAIL,
         "{\"eventID\":\"x\",\"eventTime\":\"2026-01-05T01:02:03Z\",\"recipientAccountId\":\"1\","
         "\"awsRegion\":\"r\",\"sourceIPAddress\":\"a\"}",
         "2026-01-05T01:02:03Z 1 r a x"},
        {VG_LOG_FLOW, "{\"start\":1700000000,\"account-id\":\"1\",\"region\":\"r\",\"srcaddr\":\"a\"}",
         "2023-11-14T22:13:20Z 1 r a 32"},
        {VG_LOG_DNS,
         "{\"query_timestamp\":\"2026-01-05T01:02:03Z\",\"account_id\":\"1\",\"region\":\"r\",\"srcaddr\":"
         "\"a\"}",
         "2026-01-05T01:02:03Z 1 r a 32"},
        {VG_LOG_S3_ACCESS, "{\"requestdatetime\":\"05/Jan/2026:01:02:03 +0000\",\"remoteip\":\"a\"}",
         "2026-01-05T01:02:03Z   a 32"},
        {VG_LOG_UNKNOWN, "{\"time\":\"2026-01-05T01:02:03Z\"}", "2026-01-05T01:02:03Z    32"},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_doc doc;
        vg_error err;
        vg_event_memory memory;
        vg_event event;
        assert_int_equal(vg_json_read(arena, vg_str_from(cases[i].text), VG_STR("f"), NULL, &doc, &err),
                         VG_OK);
        assert_int_equal(vg_event_of(cases[i].log, doc.root, &memory, &event, &err), VG_OK);
        char time[VG_TIME_TEXT], told[256];
        vg_time_format(event.time, time);
        if (event.id.len == 32)
            snprintf(told, sizeof told, "%s %.*s %.*s %.*s 32", time, VG_ARG(event.account),
                     VG_ARG(event.region), VG_ARG(event.source_ip));
        else
            snprintf(told, sizeof told, "%s %.*s %.*s %.*s %.*s", time, VG_ARG(event.account),
                     VG_ARG(event.region), VG_ARG(event.source_ip), VG_ARG(event.id));
        assert_string_equal(told, cases[i].told);
        assert_ptr_equal(event.root, doc.root);
        assert_int_equal(event.record != NULL, cases[i].log == VG_LOG_CLOUDTRAIL);
        vg_arena_free(arena);
    }
}

static void logs_are_recognised_by_content(void **state)
{
    static const struct {
        const char *text;
        vg_log_kind kind;
    } cases[] = {
        {FLOW, VG_LOG_FLOW},
        {"srcaddr dstaddr\n", VG_LOG_FLOW},
        {"2026-01-05T01:00:00Z " FLOW, VG_LOG_FLOW},
        {"what is this\n" FLOW, VG_LOG_FLOW},
        {"{\"message\":\"" FLOW "\"}", VG_LOG_FLOW},
        {"{\"events\":[{\"message\" : \"" FLOW "\"}]}", VG_LOG_FLOW},
        {"{\"srcaddr\":\"\",\"log_status\":\"OK\"}", VG_LOG_FLOW},
        {"{\"srcaddr\":\"\",\"log-status\":\"OK\"}", VG_LOG_FLOW},
        {QUERY("a.", ""), VG_LOG_DNS},
        {"[" QUERY("a.", "") "]", VG_LOG_DNS},
        {"2026-01-05T01:00:00Z " QUERY("a.", ""), VG_LOG_DNS},
        {"{\"logEvents\":[{\"message\":\"" TEXT_QUERY "\"}]}", VG_LOG_DNS},
        {"{\"logEvents\":[{\"message\":\"" TEXT_RECORD "\"}]}", VG_LOG_CLOUDTRAIL},
        {"{\"Records\":[]}", VG_LOG_CLOUDTRAIL},
        {RECORD, VG_LOG_CLOUDTRAIL},
        {"o b [05/Jan/2026:01:02:03 +0000] - - R OP", VG_LOG_S3_ACCESS},
        {"{\"message\":\"o b [05/Jan/2026:01:02:03 +0000] - - R OP - \\\"x\"}", VG_LOG_S3_ACCESS},
        {"{\"a\":1}", VG_LOG_UNKNOWN},
        {"{\"message\":\"hello\"}", VG_LOG_UNKNOWN},
        {"{\"message\":", VG_LOG_UNKNOWN},
        {"o b [05/Jun/2026:01:02:03] - - R OP", VG_LOG_UNKNOWN},
        {"one two three four five six seven eight nine ten eleven twelve thirteen fourteen", VG_LOG_UNKNOWN},
        {"", VG_LOG_UNKNOWN},
        {"{", VG_LOG_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        if (vg_log_recognise(vg_str_from(cases[i].text)) != cases[i].kind)
            fail_msg("%s\n  wanted: %d\n  got:    %d", cases[i].text, cases[i].kind,
                     vg_log_recognise(vg_str_from(cases[i].text)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries_are_kept_as_they_are),
        cmocka_unit_test(a_bad_line_costs_itself_alone),
        cmocka_unit_test(bytes_that_are_no_json_text_are_counted),
        cmocka_unit_test(messages_come_out_of_every_envelope),
        cmocka_unit_test(flows_as_objects_become_what_lines_give),
        cmocka_unit_test(json_of_another_log_is_an_event_of_it),
        cmocka_unit_test(records_of_cloudtrail_are_events_with_their_record),
        cmocka_unit_test(an_event_of_an_object_is_what_the_reader_gives),
        cmocka_unit_test(logs_are_recognised_by_content),
    };
    return cmocka_run_group_tests_name("log_json", tests, NULL, NULL);
}
