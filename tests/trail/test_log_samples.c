/* Samples of logs from elsewhere, which are not part of the project: every line is read, odd ones too. */
#include "trail/log_listener.h"

#include <stdlib.h>

static vg_arena *arena;

static vg_str sample(const char *name)
{
    const char *data = getenv("VIGIL_TEST_DATA");
    vg_str path = vg_arena_printf(arena, "%s/log-samples/%s",
                                  data ? data : VIGIL_SOURCE_DIR "/../shared/data", name),
           bytes;
    vg_error err;
    if (vg_file_read(arena, path, 1 << 20, &bytes, &err) == VG_OK)
        return bytes;
    print_message("not run: %s (no %.*s)\n", name, VG_ARG(path));
    skip();
    return (vg_str){0};
}

typedef struct {
    const char *name;
    vg_log_kind kind;
    uint64_t records, no_data, skipped;
    const char *parts[6]; /* that stand in what was told */
} sample_case;

static void check_sample(const sample_case *c)
{
    vg_str bytes = sample(c->name);
    listener l = {0};
    const vg_event_sink sink = {on_event, on_bad, &l};
    vg_trail_counts counts = {0};
    vg_error err = {0};
    assert_int_equal(vg_log_recognise(bytes), c->kind);
    assert_int_equal(vg_log_read(bytes, vg_str_from(c->name), NULL, &sink, &counts, &err), VG_OK);
    if (counts.records != c->records || counts.bad || counts.no_data != c->no_data ||
        counts.skipped != c->skipped)
        fail_msg("%s: %u records, %u bad, %u without data, %u skipped", c->name, (unsigned)counts.records,
                 (unsigned)counts.bad, (unsigned)counts.no_data, (unsigned)counts.skipped);
    for (size_t i = 0; i < VG_COUNT(c->parts) && c->parts[i]; i++)
        if (vg_str_find(vg_buf_str(&l.told), vg_str_from(c->parts[i])) == VG_NPOS)
            fail_msg("%s: nothing says %s", c->name, c->parts[i]);
    vg_buf_free(&l.told);
    vg_buf_free(&l.ids);
}

static void flow_samples(void **state)
{
    (void)state;
    static const sample_case cases[] = {
        {"vpcflow-extra-samples.log",
         VG_LOG_FLOW,
         7,
         1,
         1,
         {"\"srcaddr\":\"2001:db8:1234:a100:8d6e:3477:df66:f105\"", "\"action\":\"REJECT\""}},
        {"vpcflow-tcp-flag-sequence.log",
         VG_LOG_FLOW,
         3,
         1,
         1,
         {"\"tcp-flags\":2", "\"pkt-dstaddr\":\"10.0.0.62\"", "\"subnet-id\":\"subnet-aaaaaaaa012345678\""}},
        {"vpcflow-tgw-samples.log",
         VG_LOG_FLOW,
         10,
         1,
         6,
         {"\"tgw-attachment-id\":\"tgw-attach-0789ijkl\"", "\"flow-direction\":\"ingress\"", "748335378900"}},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        check_sample(&cases[i]);
}

static void resolver_samples(void **state)
{
    (void)state;
    static const sample_case c = {"route53-resolver-odd-lines.log",
                                  VG_LOG_DNS,
                                  17,
                                  0,
                                  0,
                                  {"\"firewall_rule_action\":\"BLOCK\"",
                                   "route53 2021-02-04T17:51:55Z 111122223333 us-east-1 81.2.69.143",
                                   "\"srcids\":{\"instance\":\"i-079c44232510ca8ff\"}"}};
    check_sample(&c);
}

static void s3_access_samples(void **state)
{
    (void)state;
    static const sample_case c = {
        "s3access-odd-lines.log",
        VG_LOG_S3_ACCESS,
        5,
        0,
        0,
        {"s3access 2019-08-01T00:24:41Z   89.160.20.156", "\"operation\":\"BATCH.DELETE.OBJECT\"",
         "\"accesspointarn\":\"arn:aws:s3:us-west-1:123456789012:accesspoint/example-AP\"",
         "\"request_uri\":\"GET /test-s3-ks/?max-keys=0&encoding-type=url&aws-account=627959692251 "
         "HTTP/1.1\"",
         "\"requester\":\"svc:delivery.logs.amazonaws.com\""}};
    check_sample(&c);
}

static int set_up(void **state)
{
    (void)state;
    arena = vg_arena_new(0);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    vg_arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flow_samples),
        cmocka_unit_test(resolver_samples),
        cmocka_unit_test(s3_access_samples),
    };
    return cmocka_run_group_tests_name("log_samples", tests, set_up, tear_down);
}
