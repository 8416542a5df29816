/* Detectors: what the glance passes over matches nothing. The same log is shown by the quick way (vg_detect_log on a file as
 * delivered), in pieces (vg_detect_stream), and record by record through the trail's reader, and must find the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "detect/detect.h"

/* Rules whose pivots are of every kind: names, sources, errors, identity, absence, none. */
static const char rules_text[] =
    "title: name\nid: 00000000-0000-4000-8000-000000000001\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {selection: {eventName: DeleteTrail}, condition: selection}\nlevel: high\n"
    "---\n"
    "title: one of names\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {selection: {eventSource: iam.amazonaws.com, eventName|startswith: [Create, Put]}, "
    "condition: selection}\n"
    "---\n"
    "title: error\nname: refused\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {selection: {errorCode: AccessDenied}, filter: {eventName: GetObject}, condition: selection "
    "and not filter}\n"
    "---\n"
    "title: root\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {selection: {userIdentity.type: Root}, filter: {userIdentity.invokedBy|exists: true}, "
    "condition: selection and not filter}\n"
    "---\n"
    "title: absent\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {selection: {eventName: PutObject, errorCode: null}, condition: selection}\n"
    "---\n"
    "title: not\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {selection: {awsRegion: [eu-west-1, us-east-1]}, condition: not selection}\n"
    "---\n"
    "title: keyword\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {keywords: [needle], condition: keywords}\n"
    "---\n"
    "title: words\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {a: {eventSource: s3.amazonaws.com, requestParameters|contains: hooked}, keywords: "
    "['sinker*hole', "
    "'\"fathom\":\"Deep-Sea'], condition: a or keywords}\n"
    "---\n"
    "title: words of expressions\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {a: {requestParameters.a|re: '^[a-z ]+ln/anchor[0-9]?$', awsRegion|startswith: eu}, "
    "condition: a}\n"
    "---\n"
    "title: words at once\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {a: {requestParameters|contains|cased: [Deep-Sea, hooked]}, b: {eventSource|endswith: "
    ".amazonaws.com}, condition: all of them}\n"
    "---\n"
    "title: no word of a group\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {a: {requestParameters.a|re: '(anchored|Deep)-Sea', eventSource: s3.amazonaws.com}, "
    "condition: a}\n"
    "---\n"
    "title: agent\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {a: {userAgent|contains: kali}, b: {sourceIPAddress|cidr: 10.0.0.0/8}, condition: a or b}\n"
    "---\n"
    "title: number\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {selection: {count|gte: 7}, condition: selection}\n"
    "---\n"
    "title: who\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {selection: {vigil.actor.kind: root, vigil.outcome: attempted}, filter: {vigil.service: "
    "true}, "
    "condition: selection and not filter}\n"
    "---\n"
    "title: new\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {a: {vigil.new: region}, b: {vigil.ip.kind: private, eventName: PutObject}, condition: a or "
    "b}\n"
    "---\n"
    "title: burst\ncorrelation: {type: event_count, rules: [refused], group-by: [vigil.actor, awsRegion], "
    "timespan: 1m, "
    "condition: {gte: 2}, generate: true}\n"
    "---\n"
    "title: spread\ncorrelation: {type: value_count, rules: [refused], group-by: [eventSource], timespan: "
    "1m, "
    "condition: {field: sourceIPAddress, gte: 2}, generate: true}\n"
    "---\n"
    "title: deep burst\ncorrelation: {type: event_count, rules: [refused], group-by: [userIdentity.type], "
    "timespan: 1m, "
    "condition: {gte: 2}, generate: true}\n"
    "---\n"
    "title: script\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {a: {vigil.user_data|contains: curl}, b: {eventName: PutObject, requestParameters.b.fathom|"
    "contains: deep}, condition: a or b}\n"
    "---\n"
    "title: no script\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {a: {eventName: CreateUser, vigil.user_data: null}, condition: a}\n"
    "---\n"
    "title: himself\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {a: {eventSource: iam.amazonaws.com, requestParameters.who|fieldref: userIdentity.arn}, "
    "condition: a}\n"
    "---\n"
    "title: not himself\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {a: {requestParameters.who|exists: true}, b: {requestParameters.who|fieldref|startswith: "
    "userIdentity.type}, "
    "c: {requestParameters.who|cased|fieldref: userIdentity.arn}, condition: a and not b and not c}\n"
    "---\n"
    "title: signed in\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {a: {eventName: ConsoleLogin, responseElements.ConsoleLogin|startswith: f}, condition: a}\n"
    "---\n"
    "title: known\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {a: {vigil.intel|startswith: tor}, b: {eventName: PutObject, awsRegion: ap-south-1}, "
    "condition: a or b}\n"
    "---\n"
    "title: twice\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {a: {userAgent|re: '^b.t$'}, b: {errorCode|endswith: Denied}, condition: 1 of them}\n";

/* Rules that only a record's tree decides: with them among the rules, each record is read whole. */
static const char whole_text[] =
    "---\n"
    "title: deep\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {selection: {requestParameters.items.port: 22}, condition: selection}\n"
    "---\n"
    "title: no word\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {keywords: [100000], condition: keywords}\n";

static vg_rules *compile_with(vg_arena *arena, const char *more)
{
    vg_rules *rules = NULL;
    vg_error err = {0};
    vg_vec problems = vg_vec_in(arena, sizeof(vg_rule_problem));
    vg_rule_file file = {VG_STR("rules.yml"), vg_arena_printf(arena, "%s%s", rules_text, more)};
    vg_rules_options options = {0};
    if (vg_rules_compile(arena, &file, 1, &options, &rules, &problems, &err) != VG_OK || problems.len)
        fail_msg("%s %.*s", err.message,
                 VG_ARG(problems.len ? ((vg_rule_problem *)vg_vec_at(&problems, 0))->text : VG_STR("")));
    return rules;
}

static vg_rules *compile(vg_arena *arena)
{
    return compile_with(arena, "");
}

/* ---- random logs ------------------------------------------------------------------------------------------------------------ */

static uint64_t state;
static unsigned below(unsigned n)
{
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(state >> 33) % n;
}
#define ONE_OF(table) table[below(VG_COUNT(table))]

static void add_record(vg_buf *out, size_t number)
{
    static const char *const names[] = {
        "\"DeleteTrail\"",       "\"deletetrail\"",  "\"CreateUser\"",    "\"PutObject\"", "\"GetObject\"",
        "\"Delete\\u0054rail\"", "\"ConsoleLogin\"", "[\"DeleteTrail\"]", "null",          "7"};
    static const char *const sources[] = {"\"iam.amazonaws.com\"", "\"s3.amazonaws.com\"",
                                          "\"IAM.amazonaws.com\""};
    static const char *const errors[] = {"\"AccessDenied\"", "null", "\"Client.AccessDenied\"", "\"\"", "{}"};
    static const char *const types[] = {
        "{\"type\":\"Root\"}",
        "{\"type\":\"Root\",\"invokedBy\":null}",
        "{\"type\":\"AssumedRole\",\"arn\":\"arn:aws:sts::1:assumed-role/a/b\",\"accountId\":\"1\"}",
        "{\"type\":\"IAMUser\",\"arn\":\"arn:aws:iam::1:user/\\u0061\"}",
        "[{\"type\":\"Root\"}]",
        "\"Root\"",
        "{\"x\":{\"type\":\"Root\"}}"};
    static const char *const regions[] = {"\"eu-west-1\"", "\"us-east-1\"", "\"ap-south-1\"", "null"};
    static const char *const agents[] = {"\"kali linux\"", "\"Ka\\u006ci\"", "\"bot\"", "\"b\\nt\"",
                                         "[\"x\",\"kali\"]"};
    static const char *const addresses[] = {"\"10.1.2.3\"", "\"203.0.113.1\"", "\"s3.amazonaws.com\""};
    static const char *const parameters[] = {"null",
                                             "{\"items\":[{\"port\":80},{\"port\":22}]}",
                                             "{\"items\":{\"port\":\"22\"}}",
                                             "{\"a\":\"a needle in it\"}",
                                             "{\"items.port\":22}",
                                             "{\"a\":\"a nee\\u0064le in it\"}",
                                             "{\"a\":\"HOOKED\"}",
                                             "{\"a\":\"hoo\u212Aed\"}", /* the sign of kelvin */
                                             "{\"hooked\":[\"so hooked\"]}",
                                             "{\"b\":{\"fathom\" : \"deep-sea\"}}",
                                             "{\"a\":\"Deep-Sea, sinker or hole\",\"n\":1.0e5}",
                                             "{\"a\":\"x ln\\/anchor7\",\"n\":1000.0}",
                                             "{\"a\":\"a\\\\u0064 \\\"sinkerhole\\\"\"}",
                                             "{\"userData\":\"Y3VybCBoYWNr\"}",
                                             "{\"USERDATA\":\"Y3VybCBoYWNr\"}",
                                             "{\"a\":\"x\",\"b\":{\"c\":{\"UserData\":\"Y3VybCBoYWNr\"}}}",
                                             "{\"a\":\"filled up to a block\",\"userData\":\"Y3VybCBoYWNr\"}",
                                             "{\"a\":\"a user data that is none, nor UserDat\"}",
                                             "{\"b\":[{\"us\\u0065rData\":\"Y3VybCBoYWNr\"}]}",
                                             "{\"who\":\"arn:aws:sts::1:assumed-role/a/b\"}",
                                             "{\"who\":\"ARN:aws:sts::1:assumed-role/a/b\"}",
                                             "{\"who\":\"arn:aws:iam::1:user/a\"}",
                                             "{\"who\":[\"root\",\"rootless\"]}",
                                             "{\"who\":\"rootless\"}"};
    static const char *const answers[] = {"{\"ConsoleLogin\":\"Failure\"}",
                                          "{\"ConsoleLogin\":\"FAILURE\"}",
                                          "{\"ConsoleLogin\":\"fAILURE\"}",
                                          "{\"ConsoleLogin\":\"F\\u0061ilure\"}",
                                          "{\"ConsoleLogin\":\"Success\"}",
                                          "{\"more\":\"failure\"}",
                                          "null"};
    static const char *const extra[] = {",\"userIdentity.type\":\"Root\"",
                                        ",\"eventName\":\"DeleteTrail\"",
                                        ",\"count\":7",
                                        ",\"count\":\"8\"",
                                        ",\"count\":6.5",
                                        ",\"NEEDLE\":1",
                                        ""};
    vg_buf_addf(
        out, "{\"eventVersion\":\"1.11\",\"eventTime\":\"2026-01-01T00:%02zu:%02zuZ\",\"eventID\":\"e-%zu\"",
        number / 60 % 60, number % 60, number);
    vg_buf_addf(out, ",\"eventSource\":%s,\"eventName\":%s", ONE_OF(sources), ONE_OF(names));
    if (below(4))
        vg_buf_add_c(out, ",\"recipientAccountId\":\"111122223333\"");
    if (below(2))
        vg_buf_addf(out, ",\"errorCode\":%s", ONE_OF(errors));
    if (below(2))
        vg_buf_addf(out, ",\"userIdentity\":%s", ONE_OF(types));
    if (below(4))
        vg_buf_addf(out, ",\"awsRegion\":%s", ONE_OF(regions));
    if (below(2))
        vg_buf_addf(out, ",\"userAgent\":%s", ONE_OF(agents));
    if (below(2))
        vg_buf_addf(out, ",\"sourceIPAddress\":%s", ONE_OF(addresses));
    if (below(2))
        vg_buf_addf(out, ",\"requestParameters\":%s", ONE_OF(parameters));
    if (below(2))
        vg_buf_addf(out, ",\"responseElements\":%s", ONE_OF(answers));
    vg_buf_add_c(out, ONE_OF(extra));
    vg_buf_add_char(out, '}');
}

static void add_log(vg_buf *out, size_t records)
{
    vg_buf_add_c(out, "{\"Records\":[");
    for (size_t i = 0; i < records; i++) {
        vg_buf_add_c(out, i ? ",\n" : "");
        add_record(out, i);
    }
    vg_buf_add_c(out, "]}");
}

/* ---- three ways ---------------------------------------------------------------------------------------------------------------- */

static vg_str told(vg_arena *arena, const vg_rules *rules, vg_detector *detector)
{
    vg_detect_findings found;
    vg_error err = {0};
    vg_buf text = {0};
    assert_int_equal(vg_detect_finish(arena, &detector, 1, &found, &err), VG_OK);
    for (size_t i = 0; i < found.count; i++) {
        const vg_detect_finding *f = found.items[i];
        vg_buf_addf(&text, "%.*s %s %llu %d", VG_ARG(vg_rules_at(rules, f->rule)->title), f->id,
                    (unsigned long long)f->count, f->succeeded);
        char id[VG_STEP_ID];
        for (size_t k = 0; k < f->step_count; k++)
            vg_buf_addf(&text, " %.*s", VG_ARG(vg_detect_step_at(f, k, id).id));
        vg_buf_add_char(&text, '\n');
    }
    vg_str copy = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    vg_detector_free(detector);
    return copy;
}

static vg_detector *detector_of(const vg_rules *rules)
{
    vg_detector_options options = {.since = VG_TIME_NONE, .until = VG_TIME_NONE};
    vg_detector *detector = vg_detector_new(rules, &options);
    assert_non_null(detector);
    return detector;
}

static vg_status show(void *context, const vg_trail_record *record, vg_error *err)
{
    vg_event event = {.log = VG_LOG_CLOUDTRAIL,
                      .time = record->time,
                      .id = record->id,
                      .account = record->account,
                      .region = record->region,
                      .source_ip = record->source_ip,
                      .root = record->root,
                      .record = record};
    return vg_detect_event(context, &event, err);
}

static vg_str by_record(vg_arena *arena, const vg_rules *rules, vg_str log)
{
    vg_detector *detector = detector_of(rules);
    vg_trail_sink sink = {show, NULL, detector};
    vg_trail_counts counts = {0};
    vg_error err = {0};
    assert_int_equal(vg_trail_read(log, VG_STR("log"), &sink, &counts, &err), VG_OK);
    return told(arena, rules, detector);
}

static vg_str at_once(vg_arena *arena, const vg_rules *rules, vg_str log)
{
    vg_detector *detector = detector_of(rules);
    vg_trail_counts counts = {0};
    vg_error err = {0};
    assert_int_equal(vg_detect_log(detector, log, VG_STR("log"), NULL, NULL, NULL, &counts, &err), VG_OK);
    return told(arena, rules, detector);
}

/* The records of a log as JSON lines, or as an array. */
static vg_str laid_out(vg_arena *arena, vg_str log, const char *open, const char *between, const char *close)
{
    vg_str rest = vg_str_sub(log, sizeof "{\"Records\":[" - 1, log.len - sizeof "{\"Records\":[" - 1), record;
    vg_buf out = {0};
    vg_buf_add_c(&out, open);
    while (rest.len) {
        size_t end = vg_str_find(rest, VG_STR(",\n{"));
        record = end == VG_NPOS ? rest : vg_str_sub(rest, 0, end);
        rest = end == VG_NPOS ? (vg_str){0} : vg_str_sub(rest, end + 2, VG_NPOS);
        vg_buf_add_str(&out, record);
        vg_buf_add_c(&out, rest.len ? between : close);
    }
    vg_str copy = vg_arena_str(arena, vg_buf_str(&out));
    vg_buf_free(&out);
    return copy;
}

static void lines_and_arrays_are_read_as_files_are(void **unused)
{
    (void)unused;
    static const struct {
        const char *open, *between, *close;
    } layouts[] = {{"", "\n", "\n"}, {"", "\r\n\r\n", ""}, {"[", ",", "]"}, {" [\n", ",\n", "\n]\n"}};
    vg_arena *arena = vg_arena_new(0);
    const vg_rules *rules = compile(arena);
    for (unsigned seed = 1; seed <= 20; seed++) {
        vg_buf log = {0};
        state = seed;
        add_log(&log, 100);
        vg_str slow = by_record(arena, rules, vg_buf_str(&log));
        for (size_t i = 0; i < VG_COUNT(layouts); i++) {
            vg_str text =
                laid_out(arena, vg_buf_str(&log), layouts[i].open, layouts[i].between, layouts[i].close);
            vg_str quick = at_once(arena, rules, text);
            if (!vg_str_eq(quick, slow))
                fail_msg("seed %u, layout %zu\nquick:\n%.*s\nrecord by record:\n%.*s", seed, i, VG_ARG(quick),
                         VG_ARG(slow));
        }
        vg_buf_free(&log);
    }
    vg_arena_free(arena);
}

static void note_line(void *context, const vg_error *err)
{
    vg_buf_addf(context, "%u ", err->place.line);
}

static void wrapped_and_broken_lines_stand_among_records(void **unused)
{
    (void)unused;
    static const char text[] =
        "{\"eventSource\":\"a\",\"eventName\":\"DeleteTrail\",\"eventID\":\"1\"}\n"
        "{\"eventSource\":\"a\",\"eventName\":\"Dele\n"
        "{\"version\":\"0\",\"detail-type\":\"AWS API Call via "
        "CloudTrail\",\"detail\":{\"eventSource\":\"a\","
        "\"eventName\":\"DeleteTrail\",\"eventID\":\"2\"}}\n"
        "{\"Records\":[{\"eventSource\":\"a\",\"eventName\":\"DeleteTrail\",\"eventID\":\"3\"}]}\n"
        "{\"other\":1}\n"
        "garbage\n"
        "{\"eventSource\":\"a\",\"eventName\":\"DeleteTrail\",\"eventID\":\"4\"}";
    vg_arena *arena = vg_arena_new(0);
    const vg_rules *rules = compile(arena);
    vg_detector *detector = detector_of(rules);
    vg_trail_counts counts = {0};
    vg_error err = {0};
    vg_buf lines = {0};
    assert_int_equal(
        vg_detect_log(detector, vg_str_from(text), VG_STR("log"), NULL, note_line, &lines, &counts, &err),
        VG_OK);
    vg_str found = told(arena, rules, detector);
    if (vg_str_find(found, VG_STR(" 1 2 3 4\n")) == VG_NPOS || !vg_str_is(vg_buf_str(&lines), "2 5 6 "))
        fail_msg("bad lines %.*s, found\n%.*s", VG_ARG(vg_buf_str(&lines)), VG_ARG(found));
    vg_buf_free(&lines);
    vg_arena_free(arena);
}

static void compare_ways(vg_arena *arena, const vg_rules *rules)
{
    size_t found = 0;
    for (unsigned seed = 1; seed <= 60; seed++) {
        vg_buf log = {0};
        state = seed;
        add_log(&log, 200);
        vg_str quick = at_once(arena, rules, vg_buf_str(&log)),
               slow = by_record(arena, rules, vg_buf_str(&log));
        if (!vg_str_eq(quick, slow))
            fail_msg("seed %u\nquick:\n%.*s\nrecord by record:\n%.*s", seed, VG_ARG(quick), VG_ARG(slow));
        found += quick.len > 0;
        vg_buf_free(&log);
    }
    assert_int_equal(found, 60);
}

static void expect_each_to_match(vg_arena *arena, const vg_rules *rules)
{
    vg_buf log = {0};
    state = 5;
    add_log(&log, 3000);
    vg_str all = at_once(arena, rules, vg_buf_str(&log));
    for (size_t i = 0; i < vg_rules_count(rules); i++) {
        vg_str title = vg_arena_printf(arena, "%.*s ", VG_ARG(vg_rules_at(rules, i)->title));
        if (vg_str_find(all, title) == VG_NPOS)
            fail_msg("no record matches %.*s: the test shows nothing of it", VG_ARG(title));
    }
    vg_buf_free(&log);
}

static void the_glance_passes_over_nothing_that_matches(void **unused)
{
    (void)unused;
    const char *const more[] = {"", whole_text};
    for (size_t i = 0; i < VG_COUNT(more); i++) {
        vg_arena *arena = vg_arena_new(0);
        const vg_rules *rules = compile_with(arena, more[i]);
        compare_ways(arena, rules);
        expect_each_to_match(arena, rules);
        vg_arena_free(arena);
    }
}

/* ---- pieces -------------------------------------------------------------------------------------------------------------------- */

static char path[] = "/tmp/vigil-detect-XXXXXX";

static void write_log(vg_str log)
{
    FILE *file = fopen(path, "wb");
    assert_int_equal(fwrite(log.ptr, 1, log.len, file), log.len);
    fclose(file);
}

static void note_place(void *context, const vg_error *err)
{
    vg_buf_addf(context, "%u:%u %s\n", err->place.line, err->place.column, err->message);
}

static vg_str in_pieces(vg_arena *arena, const vg_rules *rules, vg_str log, vg_trail_counts *counts)
{
    vg_detector *detector = detector_of(rules);
    vg_stream *stream;
    vg_error err = {0};
    write_log(log);
    assert_int_equal(vg_stream_open(vg_str_from(path), &stream, &err), VG_OK);
    assert_int_equal(vg_detect_stream(detector, stream, VG_STR("log"), NULL, NULL, NULL, counts, &err),
                     VG_OK);
    vg_stream_close(stream);
    return told(arena, rules, detector);
}

static void a_log_in_pieces_is_the_same_log(void **unused)
{
    (void)unused;
    vg_arena *arena = vg_arena_new(0);
    const vg_rules *rules = compile(arena);
    vg_trail_counts counts = {0};
    vg_buf log = {0};
    vg_error err = {0};
    vg_str packed;
    state = 9;
    add_log(&log, 70000); /* more than one window */
    assert_true(log.len > 12U << 20);
    vg_str whole = at_once(arena, rules, vg_buf_str(&log));
    assert_true(vg_str_eq(whole, in_pieces(arena, rules, vg_buf_str(&log), &counts)));
    assert_int_equal(counts.records, 70000);
    assert_int_equal(counts.bad, 0);
    assert_int_equal(vg_gzip(arena, vg_buf_str(&log), 1, &packed, &err), VG_OK);
    counts = (vg_trail_counts){0};
    assert_true(vg_str_eq(whole, in_pieces(arena, rules, packed, &counts)));
    /* Cut off: what comes before is read, and the damage is counted. */
    counts = (vg_trail_counts){0};
    in_pieces(arena, rules, vg_str_sub(packed, 0, packed.len / 2), &counts);
    assert_in_range(counts.records, 20000, 60000);
    assert_in_range(counts.bad, 1, 2);
    vg_buf_free(&log);
    vg_arena_free(arena);
}

/* Where each finding's first event stands, and each line that could not be read. */
static vg_str places(vg_arena *arena, const vg_rules *rules, vg_str log, bool in_pieces)
{
    vg_detector *detector = detector_of(rules);
    vg_trail_counts counts = {0};
    vg_detect_findings found;
    vg_error err = {0};
    vg_buf text = {0};
    if (in_pieces) {
        vg_stream *stream;
        write_log(log);
        assert_int_equal(vg_stream_open(vg_str_from(path), &stream, &err), VG_OK);
        assert_int_equal(
            vg_detect_stream(detector, stream, VG_STR("log"), NULL, note_place, &text, &counts, &err), VG_OK);
        vg_stream_close(stream);
    } else
        assert_int_equal(vg_detect_log(detector, log, VG_STR("log"), NULL, note_place, &text, &counts, &err),
                         VG_OK);
    vg_buf_addf(&text, "%zu records, %zu bad\n", (size_t)counts.records, (size_t)counts.bad);
    assert_int_equal(vg_detect_finish(arena, &detector, 1, &found, &err), VG_OK);
    for (size_t i = 0; i < found.count; i++)
        vg_buf_addf(&text, "%s %llu\n", found.items[i]->id, (unsigned long long)found.items[i]->offset);
    vg_str copy = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    vg_detector_free(detector);
    return copy;
}

static vg_str utf16_of(vg_arena *arena, vg_str text)
{
    char *out = vg_arena_alloc(arena, 2 * text.len + 2);
    memcpy(out, "\xFF\xFE", 2);
    for (size_t i = 0; i < text.len; i++) {
        out[2 + 2 * i] = text.ptr[i];
        out[3 + 2 * i] = '\0';
    }
    return (vg_str){out, 2 * text.len + 2};
}

static void places_in_pieces_are_those_of_the_log(void **unused)
{
    (void)unused;
    vg_arena *arena = vg_arena_new(0);
    const vg_rules *rules = compile(arena);
    for (unsigned form = 0; form < 3; form++) { /* records on lines of their own, all on one, JSON lines */
        vg_buf log = {0};
        state = 11;
        vg_buf_add_c(&log, form < 2 ? "{\"Records\":[" : "");
        for (size_t i = 0; i < 15000; i++) {
            vg_buf_add_c(&log, i == 0 ? "" : form == 0 ? ",\n" : form == 1 ? "," : "\n");
            if (i % 4999 == 1234) /* in more than one piece */
                vg_buf_add_c(&log, form == 2 ? "{\"eventName\" 1}" : "{\"eventName\":\"x\" \"y\":1}");
            else
                add_record(&log, i);
        }
        vg_buf_add_c(&log, form < 2 ? "]}" : "\n");
        assert_true(log.len > 3U << 20);
        vg_str whole = places(arena, rules, vg_buf_str(&log), false),
               pieces = places(arena, rules, vg_buf_str(&log), true);
        if (!vg_str_eq(whole, pieces))
            fail_msg("form %u\nwhole:\n%.*s\nin pieces:\n%.*s", form, VG_ARG(whole), VG_ARG(pieces));
        vg_buf_free(&log);
    }
    /* Marks of encodings, as PowerShell writes them. */
    vg_trail_counts counts = {0};
    vg_buf log = {0};
    vg_buf_add_c(&log, "{\"Records\":[");
    for (size_t i = 0; i < 8000; i++)
        vg_buf_addf(
            &log,
            "%s{\"eventSource\":\"a\",\"eventName\":\"DeleteTrail\",\"eventID\":\"%zu\",\"x\":\"%0200d\"}",
            i ? "," : "", i, 0);
    vg_buf_add_c(&log, "]}");
    vg_str text = vg_buf_str(&log), want = at_once(arena, rules, text);
    vg_str marked[] = {vg_arena_join(arena, VG_STR("\xEF\xBB\xBF"), text), utf16_of(arena, text)};
    for (size_t i = 0; i < VG_COUNT(marked); i++) {
        counts = (vg_trail_counts){0};
        assert_true(vg_str_eq(in_pieces(arena, rules, marked[i], &counts), want));
        assert_int_equal(counts.records, 8000);
        assert_int_equal(counts.bad, 0);
    }
    vg_buf_free(&log);
    vg_arena_free(arena);
}

/* A flow log of several headers, longer than a window: each piece is read by the header that stood last before it. */
static void the_columns_of_a_piece_are_those_of_its_header(void **unused)
{
    (void)unused;
    vg_arena *arena = vg_arena_new(0);
    vg_rules *rules = NULL;
    vg_error err = {0};
    vg_vec problems = vg_vec_in(arena, sizeof(vg_rule_problem));
    vg_rule_file file = {VG_STR("r.yml"), VG_STR("title: ssh\nlogsource: {product: aws, service: vpcflow}\n"
                                                 "detection: {s: {dstport: 22}, condition: s}\n")};
    vg_rules_options options = {0};
    assert_int_equal(vg_rules_compile(arena, &file, 1, &options, &rules, &problems, &err), VG_OK);
    vg_buf log = {0};
    enum { LINES = 250000 };
    vg_buf_add_c(&log, "srcaddr dstaddr srcport dstport start\n");
    for (size_t i = 0; i < LINES; i++)
        vg_buf_addf(&log, "203.0.113.7 10.0.0.1 40000 %d %zu\n", i % 100 ? 443 : 22, 1767225600 + i);
    vg_buf_add_c(&log, "srcaddr dstaddr dstport srcport start\n");
    for (size_t i = 0; i < LINES; i++)
        vg_buf_addf(&log, "203.0.113.7 10.0.0.1 40000 %d %zu\n", i % 100 ? 443 : 22, 1767225600 + i);
    assert_true(log.len > 16U << 20);
    vg_trail_counts counts = {0};
    vg_str found = in_pieces(arena, rules, vg_buf_str(&log), &counts);
    assert_int_equal(counts.bad, 0);
    assert_int_equal(counts.records, 2 * LINES);
    vg_str_split(found, '\n', &found, &(vg_str){0});
    if (vg_str_find(found, VG_STR(" 2500 ")) == VG_NPOS)
        fail_msg("%.*s", VG_ARG(vg_str_sub(found, 0, 200)));
    vg_buf_free(&log);
    vg_arena_free(arena);
}

/* A buffer is read again with another caller at the same place: nobody takes the one for the other. */
static void a_buffer_that_is_filled_anew_is_read_anew(void **unused)
{
    (void)unused;
    vg_arena *arena = vg_arena_new(0);
    const vg_rules *rules = compile(arena);
    vg_detector *detector = detector_of(rules);
    char text[512];
    for (unsigned i = 1; i <= 2; i++) {
        vg_trail_counts counts = {0};
        vg_error err = {0};
        snprintf(
            text, sizeof text,
            "{\"Records\":[{\"eventTime\":\"2026-01-01T00:00:00Z\",\"eventSource\":\"a\",\"eventName\":"
            "\"DeleteTrail\",\"eventID\":\"%u\",\"recipientAccountId\":\"111122223333\",\"userIdentity\":{"
            "\"type\":\"IAMUser\",\"arn\":\"arn:aws:iam::111122223333:user/%u\"}}]}",
            i, i);
        assert_int_equal(
            vg_detect_log(detector, vg_str_from(text), VG_STR("log"), NULL, NULL, NULL, &counts, &err),
            VG_OK);
    }
    vg_str found = told(arena, rules, detector);
    assert_true(vg_str_find(found, VG_STR(" 1 1 1\n")) != VG_NPOS);
    assert_true(vg_str_find(found, VG_STR(" 1 1 2\n")) != VG_NPOS);
    vg_arena_free(arena);
}

static void garbage_between_records_costs_no_other_record(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        uint64_t records, least_bad;
    } cases[] = {
        {"{\"Records\":[%s,garbage,%s]}", 2, 1},
        {"{\"Records\":[%s,\x01\x02\n%s]}", 2, 1},
        {"{\"Records\":[%s,{\"eventName\":\"cut,\n%s]}", 2, 1},
        {"{\"Records\":[%s,%s", 2, 1},
        {"{\"Records\":[%s,%s]}]]}", 2, 1},
        {"{\"Records\":[%s,7,%s]}", 2, 1},
        {"{\"Records\":[%s,%s]}", 2, 0},
        {"{\"Records\":[%s,{\"eventID\":\"i\",\"eventCategory\":\"Insight\",\"insightDetails\":{}},%s]}", 3,
         0},
    };
    vg_arena *arena = vg_arena_new(0);
    const vg_rules *rules = compile(arena);
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_trail_counts counts = {0};
        vg_error err = {0};
        vg_detector *detector = detector_of(rules);
        const char *one = "{\"eventSource\":\"a\",\"eventName\":\"DeleteTrail\",\"eventID\":\"1\"}",
                   *two = "{\"eventSource\":\"a\",\"eventName\":\"DeleteTrail\",\"eventID\":\"2\"}";
        char text[512];
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(text, sizeof text, cases[i].text, one, two);
        assert_int_equal(
            vg_detect_log(detector, vg_str_from(text), VG_STR("log"), NULL, NULL, NULL, &counts, &err),
            VG_OK);
        vg_str found = told(arena, rules, detector);
        if (counts.records != cases[i].records || counts.bad < cases[i].least_bad ||
            (cases[i].least_bad == 0 && counts.bad) || vg_str_find(found, VG_STR(" 1 2\n")) == VG_NPOS)
            fail_msg("%s: %llu records, %llu bad, found\n%.*s", cases[i].text,
                     (unsigned long long)counts.records, (unsigned long long)counts.bad, VG_ARG(found));
    }
    vg_arena_free(arena);
}

int main(void)
{
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_and_arrays_are_read_as_files_are),
        cmocka_unit_test(wrapped_and_broken_lines_stand_among_records),
        cmocka_unit_test(the_glance_passes_over_nothing_that_matches),
        cmocka_unit_test(a_log_in_pieces_is_the_same_log),
        cmocka_unit_test(places_in_pieces_are_those_of_the_log),
        cmocka_unit_test(the_columns_of_a_piece_are_those_of_its_header),
        cmocka_unit_test(a_buffer_that_is_filled_anew_is_read_anew),
        cmocka_unit_test(garbage_between_records_costs_no_other_record),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
