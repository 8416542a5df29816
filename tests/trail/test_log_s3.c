/* Reading S3 server access logs. */
#include "trail/log_listener.h"

#define START                                                                                                \
    "79a5 my-bucket [06/Feb/2019:00:00:38 +0000] 192.0.2.3 arn:aws:iam::1:user/u REQ1 REST.GET.OBJECT k/1 "
#define START_OUT                                                                                            \
    "{\"bucketowner\":\"79a5\",\"bucket_name\":\"my-bucket\",\"requestdatetime\":\"06/Feb/2019:00:00:38 "    \
    "+0000\","                                                                                               \
    "\"remoteip\":\"192.0.2.3\",\"requester\":\"arn:aws:iam::1:user/u\",\"requestid\":\"REQ1\","             \
    "\"operation\":\"REST.GET.OBJECT\",\"key\":\"k/1\""
#define URI(text) ",\"request_uri\":\"" text "\""
#define NUMBERS   "200 - 2662992 3462992 70 10 "
#define NUMBERS_OUT                                                                                          \
    ",\"httpstatus\":200,\"bytessent\":2662992,\"objectsize\":3462992,\"totaltime\":70,\"turnaroundtime\":"  \
    "10"
#define END                                                                                                  \
    " - host= SigV4 CIPHER AuthHeader b.s3.amazonaws.com TLSv1.2 arn:aws:s3:us-east-1:1:accesspoint/a Yes "  \
    "us-east-1"
#define END_OUT                                                                                              \
    ",\"hostid\":\"host=\",\"sigv\":\"SigV4\",\"ciphersuite\":\"CIPHER\",\"authtype\":\"AuthHeader\","       \
    "\"endpoint\":\"b.s3.amazonaws.com\",\"tlsversion\":\"TLSv1.2\",\"accesspointarn\":"                     \
    "\"arn:aws:s3:us-east-1:1:accesspoint/a\",\"aclrequired\":\"Yes\",\"sourceregion\":\"us-east-1\""
#define GET                     "\"GET /b/k HTTP/1.1\" "
#define GET_OUT                 URI("GET /b/k HTTP/1.1")
#define AGENTS(referrer, agent) ",\"referrer\":\"" referrer "\",\"useragent\":\"" agent "\""

static void every_field_has_the_name_of_the_documentation(void **state)
{
    static const log_case cases[] = {
        {NULL, NULL, START GET NUMBERS "\"http://r/\" \"curl/7\"" END "\n",
         "s3access 2019-02-06T00:00:38Z   192.0.2.3 " START_OUT GET_OUT NUMBERS_OUT AGENTS(
             "http://r/", "curl/7") END_OUT "}; "},
        {"logs/111122223333/eu-west-1/my-bucket/2026/01/05/2026-01-05-01-02-03-ABC", NULL,
         "o b [31/Dec/2025:23:59:59 +0100] - - R1 S3.EXPIRE.OBJECT k - - - - - - - - -\n",
         "s3access 2025-12-31T22:59:59Z 111122223333 eu-west-1  "
         "{\"bucketowner\":\"o\",\"bucket_name\":\"b\",\"requestdatetime\":"
         "\"31/Dec/2025:23:59:59 "
         "+0100\",\"requestid\":\"R1\",\"operation\":\"S3.EXPIRE.OBJECT\",\"key\":\"k\"}; "},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check_case(&cases[i], false);
}

static void older_and_newer_lines_have_fewer_and_more_fields(void **state)
{
    static const log_case cases[] = {
        {NULL, NULL, START GET NUMBERS "\"-\" \"a\" -",
         START_OUT GET_OUT NUMBERS_OUT ",\"useragent\":\"a\"}; "},
        {NULL, NULL, START GET NUMBERS "\"-\" \"a\" v1 host= SigV2 - -",
         START_OUT GET_OUT NUMBERS_OUT
         ",\"useragent\":\"a\",\"versionid\":\"v1\",\"hostid\":\"host=\",\"sigv\":\"SigV2\"}; "},
        {NULL, NULL, START GET NUMBERS "\"-\" \"a\"" END " new1 - new3",
         START_OUT GET_OUT NUMBERS_OUT ",\"useragent\":\"a\"" END_OUT
                                       ",\"field28\":\"new1\",\"field30\":\"new3\"}; "},
        {NULL, NULL,
         "o b [06/Feb/2019:00:00:38 +0000] - - R BATCH.DELETE.OBJECT k - 204 - - 344017 - - - - - h= SigV4 C "
         "A e T\n",
         "{\"bucketowner\":\"o\",\"bucket_name\":\"b\",\"requestdatetime\":\"06/Feb/2019:00:00:38 "
         "+0000\",\"requestid\":\"R\","
         "\"operation\":\"BATCH.DELETE.OBJECT\",\"key\":\"k\",\"httpstatus\":204,\"objectsize\":344017,"
         "\"hostid\":\"h=\",\"sigv\":\"SigV4\","
         "\"ciphersuite\":\"C\",\"authtype\":\"A\",\"endpoint\":\"e\",\"tlsversion\":\"T\"}; "},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check_case(&cases[i], true);
}

static void quotes_inside_quotes_do_not_end_them(void **state)
{
    static const log_case cases[] = {
        /* in the request, with and without a version */
        {NULL, NULL, START "\"GET /b/\"k\" HTTP/1.1\" " NUMBERS "\"-\" \"a\" -",
         START_OUT URI("GET /b/\\\"k\\\" HTTP/1.1") NUMBERS_OUT ",\"useragent\":\"a\"}; "},
        {NULL, NULL, START "\"GET /b/x\" y\" " NUMBERS "\"-\" \"a\" -",
         START_OUT URI("GET /b/x\\\" y") NUMBERS_OUT ",\"useragent\":\"a\"}; "},
        {NULL, NULL, START "\"\" " NUMBERS "\"-\" \"a\" -",
         START_OUT URI("") NUMBERS_OUT ",\"useragent\":\"a\"}; "},
        /* an answer that is written into the URI is not the answer: there is no blank in a URI, and the version follows */
        {NULL, NULL, START "\"GET /b/k\"%20403%20 HTTP/1.1\" " NUMBERS "\"-\" \"a\" -",
         START_OUT URI("GET /b/k\\\"%20403%20 HTTP/1.1") NUMBERS_OUT ",\"useragent\":\"a\"}; "},
        /* in the agent and the referrer */
        {NULL, NULL, START GET NUMBERS "\"-\" \"a \"b\" c\"" END,
         START_OUT GET_OUT NUMBERS_OUT ",\"useragent\":\"a \\\"b\\\" c\"" END_OUT "}; "},
        {NULL, NULL, START GET NUMBERS "\"-\" \"a\" \"b\" - x\" -",
         START_OUT GET_OUT NUMBERS_OUT ",\"useragent\":\"a\\\" \\\"b\\\" - x\"}; "},
        {NULL, NULL, START GET NUMBERS "\"r\"r\" \"a\" -",
         START_OUT GET_OUT NUMBERS_OUT AGENTS("r\\\"r", "a") "}; "},
        {NULL, NULL, START GET NUMBERS "- \"a b\" -",
         START_OUT GET_OUT NUMBERS_OUT ",\"useragent\":\"a b\"}; "},
        {NULL, NULL, START GET NUMBERS "\"r r\" - v",
         START_OUT GET_OUT NUMBERS_OUT ",\"referrer\":\"r r\",\"versionid\":\"v\"}; "},
        /* an agent that writes a request of its own stays an agent */
        {NULL, NULL, START GET NUMBERS "\"-\" \"x HTTP/1.1\" 403 AccessDenied - - - -\" -",
         START_OUT GET_OUT NUMBERS_OUT ",\"useragent\":\"x HTTP/1.1\\\" 403 AccessDenied - - - -\"}; "},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check_case(&cases[i], true);
}

static void a_quote_that_does_not_end_is_told_and_the_rest_kept(void **state)
{
#define TOLD "! 1:1 what stands in quotes in a line of S3 server access logs does not end; "
    static const log_case cases[] = {
        {NULL, NULL, START "\"GET /b/k", TOLD START_OUT URI("GET /b/k") "}; "},
        {NULL, NULL, START "\"", TOLD START_OUT URI("") "}; "},
        {NULL, NULL, START GET NUMBERS "\"-\" \"cut",
         TOLD START_OUT GET_OUT NUMBERS_OUT ",\"useragent\":\"cut\"}; "},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check_case(&cases[i], true);
}

static void values_are_what_they_are(void **state)
{
    static const log_case cases[] = {
        {NULL, NULL,
         START GET "abc - x 1 2 3 \"-\" \"\xff"
                   "a\x01\" -",
         START_OUT GET_OUT
         ",\"httpstatus\":\"abc\",\"bytessent\":\"x\",\"objectsize\":1,\"totaltime\":2,\"turnaroundtime\":3,"
         "\"useragent\":\"\xEF\xBF\xBD"
         "a\\u0001\"}; "},
        {NULL, NULL, START GET "0 - 0 0 0 0 \"-\" \"-\" -",
         START_OUT GET_OUT
         ",\"httpstatus\":0,\"bytessent\":0,\"objectsize\":0,\"totaltime\":0,\"turnaroundtime\":0}; "},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check_case(&cases[i], true);
}

static vg_status check_agent(void *context, const vg_event *event, vg_error *err)
{
    (void)err;
    *(bool *)context = vg_str_is(vg_get_str(event->root, "useragent"), "\xEF\xBF\xBD"
                                                                       "a\xEF\xBF\xBD");
    return VG_OK;
}

static void bytes_that_are_no_text_are_replaced_in_the_event_itself(void **state)
{
    bool is_replaced = false;
    const vg_event_sink sink = {check_agent, NULL, &is_replaced};
    vg_trail_counts counts = {0};
    vg_error err = {0};
    (void)state;
    assert_int_equal(vg_log_read(VG_STR(START GET NUMBERS "\"-\" \"\xff"
                                                          "a\xc3\" -"),
                                 VG_STR("f"), NULL, &sink, &counts, &err),
                     VG_OK);
    assert_true(is_replaced);
}

static void lines_that_are_none_are_told(void **state)
{
#define NONE_OF(line) "! " line ":1 this is no line of S3 server access logs; "
    static const log_case cases[] = {
        {NULL, NULL,
         START "-\nnonsense\n\no b [06/Xyz/2019:00:00:38 +0000] - - R OP\no b [99/Feb/2019:00:00:38 +0000] - "
               "- R OP\n"
               "o b [06/Feb/2019:00:00:38 +0000] - -\no b [06/Feb/2019 - - R OP\n" START "-\n",
         START_OUT "}; " NONE_OF("2") NONE_OF("4") NONE_OF("5") NONE_OF("6") NONE_OF("7") START_OUT "}; "},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check_case(&cases[i], true);
}

static void quotes_without_end_cost_no_more_than_their_line(void **state)
{
    enum { LENGTH = 10 * 1024 * 1024 };
    (void)state;
    static const char *const fills[] = {"\" ", "\"", " ", "\" 200 - 1 1 1 x "};
    for (size_t i = 0; i < VG_COUNT(fills); i++) {
        vg_buf text = {0};
        vg_buf_add_c(&text, START "\"");
        while (text.len < LENGTH)
            vg_buf_add_c(&text, fills[i]);
        vg_buf_add_c(&text, "\n" START "-\n");
        listener l = {.only_objects = true};
        const vg_event_sink sink = {on_event, on_bad, &l};
        vg_trail_counts counts = {0};
        vg_error err = {0};
        assert_int_equal(vg_log_read(vg_buf_str(&text), VG_STR("f"), NULL, &sink, &counts, &err), VG_OK);
        assert_int_equal(counts.records, 2);
        vg_buf_free(&l.told);
        vg_buf_free(&l.ids);
        vg_buf_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_has_the_name_of_the_documentation),
        cmocka_unit_test(older_and_newer_lines_have_fewer_and_more_fields),
        cmocka_unit_test(quotes_inside_quotes_do_not_end_them),
        cmocka_unit_test(a_quote_that_does_not_end_is_told_and_the_rest_kept),
        cmocka_unit_test(values_are_what_they_are),
        cmocka_unit_test(bytes_that_are_no_text_are_replaced_in_the_event_itself),
        cmocka_unit_test(lines_that_are_none_are_told),
        cmocka_unit_test(quotes_without_end_cost_no_more_than_their_line),
    };
    return cmocka_run_group_tests_name("log_s3", tests, NULL, NULL);
}
