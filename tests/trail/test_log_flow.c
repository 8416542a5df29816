/* Reading flow logs: columns, values, and what is no flow. */
#include "trail/log_listener.h"

#define V2_LINE                                                                                              \
    "2 111122223333 eni-0a 10.0.0.5 203.0.113.9 49152 443 6 10 840 1700000000 1700000060 ACCEPT OK"
#define V2_OBJECT                                                                                            \
    "{\"version\":2,\"account-id\":\"111122223333\",\"interface-id\":\"eni-0a\",\"srcaddr\":\"10.0.0.5\","   \
    "\"dstaddr\":\"203.0.113.9\",\"srcport\":49152,\"dstport\":443,\"protocol\":6,\"packets\":10,"           \
    "\"bytes\":840,\"start\":1700000000,\"end\":1700000060,\"action\":\"ACCEPT\",\"log-status\":\"OK\"}"
#define V2_EVENT "vpcflow 2023-11-14T22:13:20Z 111122223333  10.0.0.5 " V2_OBJECT "; "

static void the_default_format_is_known(void **state)
{
    static const log_case cases[] = {
        {NULL, NULL, V2_LINE, V2_EVENT},
        {NULL, NULL, V2_LINE "\n" V2_LINE "\n", V2_EVENT V2_EVENT},
        {NULL, NULL, V2_LINE "\r\n\r\n" V2_LINE "\r\n", V2_EVENT V2_EVENT},
        {NULL, NULL, "\xEF\xBB\xBF" V2_LINE, V2_EVENT},
        {NULL, NULL,
         "2\t111122223333  eni-0a 10.0.0.5 203.0.113.9 49152 443 6 10 840 1700000000 1700000060 ACCEPT OK ",
         V2_EVENT},
        {NULL, NULL,
         "2 111122223333 eni-0a 2001:db8::5 2001:db8::9 49152 22 17 1 40 1700000000 1700000060 REJECT OK",
         "vpcflow 2023-11-14T22:13:20Z 111122223333  2001:db8::5 "
         "{\"version\":2,\"account-id\":\"111122223333\","
         "\"interface-id\":\"eni-0a\",\"srcaddr\":\"2001:db8::5\",\"dstaddr\":\"2001:db8::9\",\"srcport\":"
         "49152,"
         "\"dstport\":22,\"protocol\":17,\"packets\":1,\"bytes\":40,\"start\":1700000000,\"end\":1700000060,"
         "\"action\":\"REJECT\",\"log-status\":\"OK\"}; "},
        {NULL, NULL, "2 unknown eni-0a 10.0.0.5 10.0.0.6 49152 443 6 1 40 1700000000 1700000060 ACCEPT OK",
         "vpcflow 2023-11-14T22:13:20Z unknown  10.0.0.5 {\"version\":2,\"account-id\":\"unknown\","
         "\"interface-id\":\"eni-0a\",\"srcaddr\":\"10.0.0.5\",\"dstaddr\":\"10.0.0.6\",\"srcport\":49152,"
         "\"dstport\":443,\"protocol\":6,\"packets\":1,\"bytes\":40,\"start\":1700000000,\"end\":1700000060,"
         "\"action\":\"ACCEPT\",\"log-status\":\"OK\"}; "},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check_case(&cases[i], false);
}

static void columns_are_told_by_the_header(void **state)
{
    static const log_case cases[] = {
        {NULL, NULL, "srcaddr dstaddr bytes start\n10.0.0.1 10.0.0.2 9 1700000000\n",
         "{\"srcaddr\":\"10.0.0.1\",\"dstaddr\":\"10.0.0.2\",\"bytes\":9,\"start\":1700000000}; "},
        {NULL, NULL, "version vpc-id tcp-flags pkt-srcaddr\n5 vpc-1 19 10.0.0.1\n",
         "{\"version\":5,\"vpc-id\":\"vpc-1\",\"tcp-flags\":19,\"pkt-srcaddr\":\"10.0.0.1\"}; "},
        {NULL, NULL, "account_id log_status src_zone\n111122223333 OK 7\n",
         "{\"account-id\":\"111122223333\",\"log-status\":\"OK\",\"src_zone\":\"7\"}; "},
        {NULL, NULL, "${version} ${new-field} ${bytes}\n11 x 5\n",
         "{\"version\":11,\"new-field\":\"x\",\"bytes\":5}; "},
        {NULL, NULL, "srcaddr bytes\n10.0.0.1 1\nbytes dstaddr\n2 10.0.0.2\nsrcaddr bytes\n10.0.0.3 3\n",
         "{\"srcaddr\":\"10.0.0.1\",\"bytes\":1}; {\"bytes\":2,\"dstaddr\":\"10.0.0.2\"}; "
         "{\"srcaddr\":\"10.0.0.3\",\"bytes\":3}; "},
        {NULL, NULL, "start end\n1700000000 1700000060\n2 3 4\n",
         "{\"start\":1700000000,\"end\":1700000060}; ! 3:1 a flow log line of 3 columns stands among those "
         "of 2; "},
        {NULL, NULL, V2_LINE "\nsrcaddr bytes\n10.0.0.1 1\n",
         V2_OBJECT "; {\"srcaddr\":\"10.0.0.1\",\"bytes\":1}; "},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check_case(&cases[i], true);
}

static void columns_are_told_by_the_format(void **state)
{
    static const log_case cases[] = {
        {NULL, "${srcaddr} ${dstport}", "10.0.0.1 22\n", "{\"srcaddr\":\"10.0.0.1\",\"dstport\":22}; "},
        {NULL, "srcaddr dstport", "10.0.0.1 22\n", "{\"srcaddr\":\"10.0.0.1\",\"dstport\":22}; "},
        {NULL, "srcaddr,dstport", "10.0.0.1 22\n", "{\"srcaddr\":\"10.0.0.1\",\"dstport\":22}; "},
        {NULL, "srcaddr my-own", "10.0.0.1 22\n", "{\"srcaddr\":\"10.0.0.1\",\"my-own\":\"22\"}; "},
        {NULL, "srcaddr dstport", "dstport srcaddr\n22 10.0.0.1\n",
         "{\"dstport\":22,\"srcaddr\":\"10.0.0.1\"}; "},
        {NULL, "srcaddr dstport", "10.0.0.1 22 6\n",
         "! 1:1 a flow log line of 3 columns stands among those of 2; "},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check_case(&cases[i], true);
}

static void a_format_without_columns_is_refused(void **state)
{
    (void)state;
    listener l = {0};
    const vg_event_sink sink = {on_event, on_bad, &l};
    const vg_log_options options = {.format = VG_STR(" , ")};
    vg_trail_counts counts = {0};
    vg_error err = {0};
    assert_int_equal(vg_log_read(VG_STR(V2_LINE), VG_STR("f"), &options, &sink, &counts, &err), VG_ERR_USAGE);
    assert_int_equal(counts.records, 0);
}

static void orders_that_aws_publishes_need_no_header(void **state)
{
    static const struct {
        const char *line, *key, *value; /* one field that only this order puts there */
    } cases[] = {
        {V2_LINE " vpc-1 subnet-1 i-1 19 IPv4 10.0.0.5 203.0.113.9", "tcp-flags", "19"},
        {V2_LINE " vpc-1 subnet-1 i-1 19 IPv4 10.0.0.5 203.0.113.9 us-east-1 use1-az1 - -", "az-id",
         "\"use1-az1\""},
        {V2_LINE " vpc-1 subnet-1 i-1 19 IPv4 10.0.0.5 203.0.113.9 us-east-1 use1-az1 - - - S3 egress 8",
         "traffic-path", "8"},
        {V2_LINE " vpc-1 subnet-1 i-1 19 IPv4 10.0.0.5 203.0.113.9 us-east-1 use1-az1 - - - S3 egress 8 "
                 "arn:aws:ecs:us-east-1:1:cluster/c c - - id1 - svc arn:td arn:task task1",
         "ecs-task-id", "\"task1\""},
        {V2_LINE " vpc-1 subnet-1 i-1 19 IPv4 10.0.0.5 203.0.113.9 us-east-1 use1-az1 - - - S3 egress 8 "
                 "- - - - - - - - - - BPA",
         "reject-reason", "\"BPA\""},
        {V2_LINE " vpc-1 subnet-1 i-1 19 IPv4 10.0.0.5 203.0.113.9 us-east-1 use1-az1 - - - S3 egress 8 "
                 "- - - - - - - - - - - nat-1",
         "resource-id", "\"nat-1\""},
        {V2_LINE " vpc-1 subnet-1 i-1 19 IPv4 10.0.0.5 203.0.113.9 us-east-1 use1-az1 - - - S3 egress 8 "
                 "- - - - - - - - - - - - 1",
         "encryption-status", "1"},
        {"3 vpc-1 subnet-1 i-1 eni-1 111122223333 IPv4 10.0.0.1 10.0.0.2 1 2 10.0.0.1 10.0.0.2 6 568 8 "
         "1700000000 "
         "1700000060 ACCEPT 2 OK",
         "bytes", "568"},
        {"5 52.95.128.179 10.0.0.71 80 34210 6 1700000000 1700000060 IPv4 14 15044 111122223333 vpc-1 "
         "subnet-1 i-1 "
         "eni-1 us-east-1 use1-az1 - - ACCEPT 19 52.95.128.179 10.0.0.71 S3 - - ingress OK",
         "flow-direction", "\"ingress\""},
        {"3 eni-1 111122223333 vpc-1 subnet-1 i-1 10.0.0.1 10.0.0.2 1 2 6 19 IPv4 10.0.0.1 10.0.0.2 ACCEPT "
         "OK",
         "tcp-flags", "19"},
        {"- eni-1 10.0.0.1 10.0.0.2 10.0.0.1 203.0.113.1", "pkt-dstaddr", "\"203.0.113.1\""},
        {"6 TransitGateway 111122223333 tgw-1 tgw-attach-1 111122223333 444455556666 vpc-1 vpc-2 subnet-1 "
         "subnet-2 "
         "eni-1 eni-2 use1-az1 use1-az2 tgw-attach-2 10.0.0.1 10.1.0.1 1 2 6 5 500 1700000000 1700000060 OK "
         "IPv4 "
         "0 1 2 3 2 us-east-1 ingress - -",
         "packets-lost-ttl-expired", "3"},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        listener l = {.only_objects = true};
        const vg_event_sink sink = {on_event, on_bad, &l};
        vg_trail_counts counts = {0};
        vg_error err = {0};
        char wanted[128];
        snprintf(wanted, sizeof wanted, "\"%s\":%s", cases[i].key, cases[i].value);
        assert_int_equal(vg_log_recognise(vg_str_from(cases[i].line)), VG_LOG_FLOW);
        assert_int_equal(vg_log_read(vg_str_from(cases[i].line), VG_STR("f"), NULL, &sink, &counts, &err),
                         VG_OK);
        if (counts.records != 1 || vg_str_find(vg_buf_str(&l.told), vg_str_from(wanted)) == VG_NPOS)
            fail_msg("%s\n  wanted: %s\n  got:    %.*s", cases[i].line, wanted, VG_ARG(vg_buf_str(&l.told)));
        vg_buf_free(&l.told);
        vg_buf_free(&l.ids);
    }
}

static void windows_without_a_flow_are_kept_and_counted(void **state)
{
    (void)state;
    listener l = {.only_objects = true};
    const vg_event_sink sink = {on_event, on_bad, &l};
    vg_trail_counts counts = {0};
    vg_error err = {0};
    vg_str text =
        VG_STR("2 111122223333 eni-0a - - - - - - - 1700000000 1700000060 - NODATA\n"
               "2 111122223333 eni-0a - - - - - - - 1700000000 1700000060 - SKIPDATA\n"
               "2 111122223333 eni-0b - - - - - - - 1700000000 1700000060 - SKIPDATA\n" V2_LINE "\n");
    assert_int_equal(vg_log_read(text, VG_STR("f"), NULL, &sink, &counts, &err), VG_OK);
    assert_int_equal(counts.records, 4);
    assert_int_equal(counts.no_data, 1);
    assert_int_equal(counts.skipped, 2);
    assert_int_equal(counts.bad, 0);
    vg_str first = vg_str_sub(vg_buf_str(&l.told), 0, vg_str_find_char(vg_buf_str(&l.told), ';'));
    assert_true(vg_str_is(first, "{\"version\":2,\"account-id\":\"111122223333\",\"interface-id\":\"eni-0a\","
                                 "\"start\":1700000000,\"end\":1700000060,\"log-status\":\"NODATA\"}"));
    vg_buf_free(&l.told);
    vg_buf_free(&l.ids);
}

static void garbage_is_told_with_its_line_and_the_rest_is_read(void **state)
{
    static const log_case cases[] = {
        {NULL, NULL, V2_LINE "\nnonsense\n" V2_LINE "\n",
         V2_OBJECT "; ! 2:1 this is no flow log line of AWS's own formats (1 columns): give the format that "
                   "the log was "
                   "created with; " V2_OBJECT "; "},
        {NULL, NULL,
         V2_LINE "\n2 1111\xff"
                 "22223333 eni\n",
         V2_OBJECT "; ! 2:1 byte 7 of a flow log line is no printable ASCII; "},
        {NULL, "srcaddr srcport", "10.0.0.1 x\n10.0.0.1 99999999999999999999\n10.0.0.1 -5\n10.0.0.1 5\n",
         "! 1:1 srcport of a flow log line is no number; ! 2:1 srcport of a flow log line is no number; "
         "! 3:1 srcport of a flow log line is no number; {\"srcaddr\":\"10.0.0.1\",\"srcport\":5}; "},
        {NULL, NULL, "just some text\nand more\n", "! 0:0 these bytes are of no kind of log that is read; "},
        {NULL, NULL, "\n \n", ""},
        {NULL, NULL, "", ""},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check_case(&cases[i], true);
}

static void a_nul_byte_costs_its_line_alone(void **state)
{
    (void)state;
    static const char text[] = V2_LINE "\n2 1111\0 22223333\n" V2_LINE;
    listener l = {.only_objects = true};
    const vg_event_sink sink = {on_event, on_bad, &l};
    vg_trail_counts counts = {0};
    vg_error err = {0};
    assert_int_equal(vg_log_read(vg_str_of(text, sizeof text - 1), VG_STR("f"), NULL, &sink, &counts, &err),
                     VG_OK);
    assert_int_equal(counts.records, 2);
    assert_int_equal(counts.bad, 1);
    vg_buf_free(&l.told);
    vg_buf_free(&l.ids);
}

static void lines_of_ten_megabytes_cost_themselves_alone(void **state)
{
    enum { LENGTH = 10 * 1024 * 1024 };
    (void)state;
    static const char fills[] = {'7', ' ', 'x'};
    for (size_t i = 0; i < sizeof fills; i++) {
        vg_buf text = {0};
        vg_buf_add_c(&text, V2_LINE "\n");
        assert_true(vg_buf_reserve(&text, LENGTH));
        memset(text.ptr + text.len, fills[i], LENGTH);
        if (fills[i] == 'x') /* five million columns */
            for (size_t at = 1; at < LENGTH; at += 2)
                text.ptr[text.len + at] = ' ';
        text.len += LENGTH;
        vg_buf_add_c(&text, "\n" V2_LINE "\n");
        listener l = {.only_objects = true};
        const vg_event_sink sink = {on_event, on_bad, &l};
        vg_trail_counts counts = {0};
        vg_error err = {0};
        assert_int_equal(vg_log_read(vg_buf_str(&text), VG_STR("f"), NULL, &sink, &counts, &err), VG_OK);
        assert_int_equal(counts.records, 2);
        assert_int_equal(counts.bad, fills[i] == ' ' ? 0 : 1);
        vg_buf_free(&l.told);
        vg_buf_free(&l.ids);
        vg_buf_free(&text);
    }
}

static void a_header_of_too_many_columns_is_told(void **state)
{
    (void)state;
    vg_buf text = {0};
    for (unsigned i = 0; i < 129; i++)
        vg_buf_add_c(&text, "bytes ");
    vg_buf_add_c(&text, "\n1 2 3\n");
    listener l = {0};
    const vg_event_sink sink = {on_event, on_bad, &l};
    vg_trail_counts counts = {0};
    vg_error err = {0};
    const vg_log_options options = {.format = VG_STR("srcport dstport")};
    assert_int_equal(vg_log_read(vg_buf_str(&text), VG_STR("f"), &options, &sink, &counts, &err), VG_OK);
    assert_int_equal(counts.records, 0);
    assert_true(vg_str_starts(vg_buf_str(&l.told), VG_STR("! 1:1 a header of more than 128 columns; ")));
    vg_buf_free(&l.told);
    vg_buf_free(&text);
}

static void the_path_tells_account_and_region(void **state)
{
#define SHORT(account, region)                                                                               \
    "vpcflow 2023-11-14T22:13:20Z " account " " region                                                       \
    " 10.0.0.1 {\"srcaddr\":\"10.0.0.1\",\"start\":1700000000}; "
    static const char text[] = "srcaddr start\n10.0.0.1 1700000000\n";
    static const log_case cases[] = {
        {"/b/AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/01/05/x.log.gz", NULL, text,
         SHORT("111122223333", "eu-west-1")},
        {"AWSLogs/o-abc/111122223333/vpcflowlogs/us-gov-east-1/x", NULL, text,
         SHORT("111122223333", "us-gov-east-1")},
        {"AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=us-east-2/year=2026/x", NULL,
         text, SHORT("111122223333", "us-east-2")},
        {"flat/111122223333_vpcflowlogs_us-east-1_fl-1234abcd_20260105T0100Z_fe123456.log.gz", NULL, text,
         SHORT("111122223333", "us-east-1")},
        {"flat/notes.log", NULL, text, SHORT("", "")},
        {"444455556666/x/y/z/AWSLogs/111122223333/vpcflowlogs/us-east-1/f", NULL, text,
         SHORT("111122223333", "us-east-1")},
        {"AWSLogs/1111222233334/vpcflowlogs/us-east-1/f", NULL, text, SHORT("", "")},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check_case(&cases[i], false);
}

static void the_options_tell_what_nothing_else_does(void **state)
{
    (void)state;
    listener l = {0};
    const vg_event_sink sink = {on_event, on_bad, &l};
    const vg_log_options options = {
        .format = VG_STR("srcaddr region"), .account = VG_STR("999988887777"), .region = VG_STR("us-west-2")};
    vg_trail_counts counts = {0};
    vg_error err = {0};
    assert_int_equal(
        vg_log_read(VG_STR("10.0.0.1 -\n10.0.0.2 eu-west-1"), VG_STR("f"), &options, &sink, &counts, &err),
        VG_OK);
    assert_true(vg_str_is(
        vg_buf_str(&l.told),
        "vpcflow - 999988887777 us-west-2 10.0.0.1 {\"srcaddr\":\"10.0.0.1\"}; "
        "vpcflow - 999988887777 eu-west-1 10.0.0.2 {\"srcaddr\":\"10.0.0.2\",\"region\":\"eu-west-1\"}; "));
    vg_buf_free(&l.told);
    vg_buf_free(&l.ids);
}

/* The same line has the same id wherever it is read, another another; a line that does not say whose it is differs by
 * account. */
static void ids_are_by_the_line(void **state)
{
    (void)state;
    static const char *const names[] = {"f", "AWSLogs/111122223333/vpcflowlogs/us-east-1/f",
                                        "AWSLogs/444455556666/vpcflowlogs/us-east-1/f"};
    static const char *const texts[] = {V2_LINE "\n" V2_LINE "\n", "2026-01-05T01:00:00.000Z " V2_LINE "\r\n",
                                        "srcaddr bytes\n10.0.0.1 1\n"};
    vg_buf ids[VG_COUNT(names)][VG_COUNT(texts)] = {0};
    for (size_t n = 0; n < VG_COUNT(names); n++)
        for (size_t t = 0; t < VG_COUNT(texts); t++) {
            listener l = {0};
            const vg_event_sink sink = {on_event, on_bad, &l};
            vg_trail_counts counts = {0};
            vg_error err = {0};
            assert_int_equal(
                vg_log_read(vg_str_from(texts[t]), vg_str_from(names[n]), NULL, &sink, &counts, &err), VG_OK);
            ids[n][t] = l.ids;
            vg_buf_free(&l.told);
        }
    vg_str one = vg_buf_str(&ids[0][1]);
    assert_int_equal(one.len, 33);
    assert_true(vg_str_eq(vg_str_sub(vg_buf_str(&ids[0][0]), 0, 33), one));
    assert_true(vg_str_eq(vg_str_sub(vg_buf_str(&ids[0][0]), 33, 33), one));
    assert_true(vg_str_eq(vg_buf_str(&ids[1][1]), one));
    assert_false(vg_str_eq(vg_buf_str(&ids[1][2]), vg_buf_str(&ids[2][2])));
    assert_false(vg_str_eq(vg_buf_str(&ids[0][2]), vg_buf_str(&ids[2][2])));
    for (size_t n = 0; n < VG_COUNT(names); n++)
        for (size_t t = 0; t < VG_COUNT(texts); t++)
            vg_buf_free(&ids[n][t]);
}

static void the_time_before_a_line_is_taken_off_and_used(void **state)
{
    static const log_case cases[] = {
        {NULL, NULL, "2026-01-05T01:00:00.000Z " V2_LINE "\n", V2_EVENT},
        {NULL, "srcaddr dstaddr", "2026-01-05T01:00:00.000Z 10.0.0.1 10.0.0.2\n",
         "vpcflow 2026-01-05T01:00:00Z   10.0.0.1 {\"srcaddr\":\"10.0.0.1\",\"dstaddr\":\"10.0.0.2\"}; "},
        {NULL, "srcaddr srcport", "2026-01-05T01:00:00.000Z 10.0.0.1 x\n",
         "! 1:26 srcport of a flow log line is no number; "},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check_case(&cases[i], false);
}

static void times_out_of_the_calendar_are_none(void **state)
{
    static const log_case cases[] = {
        {NULL, "srcaddr start", "10.0.0.1 999999999999999999\n",
         "vpcflow -   10.0.0.1 {\"srcaddr\":\"10.0.0.1\",\"start\":999999999999999999}; "},
        {NULL, "srcaddr end", "10.0.0.1 1700000000\n",
         "vpcflow 2023-11-14T22:13:20Z   10.0.0.1 {\"srcaddr\":\"10.0.0.1\",\"end\":1700000000}; "},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check_case(&cases[i], false);
}

static void a_sink_that_stops_ends_the_reading_with_its_own_error(void **state)
{
    static const char *const texts[] = {
        V2_LINE "\n" V2_LINE "\n",
        "{\"events\":[{\"message\":\"" V2_LINE "\"},{\"message\":\"" V2_LINE "\"}]}",
        "{\"eventName\":\"A\",\"eventSource\":\"b\"}\n{\"eventName\":\"A\",\"eventSource\":\"b\"}\n",
        ("{\"query_name\":\"a.\",\"query_timestamp\":\"\"}\n{\"query_name\":\"a.\",\"query_timestamp\":\"\"}"
         "\n"),
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(texts); i++) {
        listener l = {.stop_after = 1};
        const vg_event_sink sink = {on_event, on_bad, &l};
        vg_trail_counts counts = {0};
        vg_error err = {0};
        assert_int_equal(vg_log_read(vg_str_from(texts[i]), VG_STR("f"), NULL, &sink, &counts, &err),
                         VG_ERR_CANCELLED);
        assert_string_equal(err.message, "enough");
        assert_int_equal(counts.records, 1);
        vg_buf_free(&l.told);
        vg_buf_free(&l.ids);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_format_is_known),
        cmocka_unit_test(columns_are_told_by_the_header),
        cmocka_unit_test(columns_are_told_by_the_format),
        cmocka_unit_test(a_format_without_columns_is_refused),
        cmocka_unit_test(orders_that_aws_publishes_need_no_header),
        cmocka_unit_test(windows_without_a_flow_are_kept_and_counted),
        cmocka_unit_test(garbage_is_told_with_its_line_and_the_rest_is_read),
        cmocka_unit_test(a_nul_byte_costs_its_line_alone),
        cmocka_unit_test(lines_of_ten_megabytes_cost_themselves_alone),
        cmocka_unit_test(a_header_of_too_many_columns_is_told),
        cmocka_unit_test(the_path_tells_account_and_region),
        cmocka_unit_test(the_options_tell_what_nothing_else_does),
        cmocka_unit_test(ids_are_by_the_line),
        cmocka_unit_test(the_time_before_a_line_is_taken_off_and_used),
        cmocka_unit_test(times_out_of_the_calendar_are_none),
        cmocka_unit_test(a_sink_that_stops_ends_the_reading_with_its_own_error),
    };
    return cmocka_run_group_tests_name("log_flow", tests, NULL, NULL);
}
