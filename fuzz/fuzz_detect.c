/* fuzz_detect.c: any bytes as a log, shown to rules whose pivots are of every kind.
 *
 * The first byte chooses times, and whether what is read in pieces is read too. Whatever the bytes are, reading ends. Where
 * they are one JSON document of the form that CloudTrail delivers, the glance must find what the slow way finds, record by
 * record: a record that it passes over matches nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/detect.h"

static const char rules_text[] =
    "title: name\nid: 00000000-0000-4000-8000-000000000001\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {selection: {eventName: DeleteTrail}, condition: selection}\n"
    "---\n"
    "title: prefix\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {s: {eventSource: iam.amazonaws.com, eventName|startswith: [Create, Put, Del, G]}, "
    "condition: s}\n"
    "---\n"
    "title: error\nname: refused\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {s: {errorCode: AccessDenied}, f: {eventName: GetObject}, condition: s and not f}\n"
    "---\n"
    "title: root\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {s: {userIdentity.type: Root}, f: {userIdentity.invokedBy|exists: true}, condition: s and "
    "not f}\n"
    "---\n"
    "title: absent\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {s: {eventName: PutObject, errorCode: null}, condition: s}\n"
    "---\n"
    "title: empty\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {s: {errorMessage: ''}, condition: s}\n"
    "---\n"
    "title: not\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {s: {awsRegion: [eu-west-1, us-east-1, us-west-1, us-west-2, a]}, condition: not s}\n"
    "---\n"
    "title: keyword\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {keywords: [needle], condition: keywords}\n"
    "---\n"
    "title: deep\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {s: {requestParameters.items.port: 22}, condition: s}\n"
    "---\n"
    "title: agent\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {a: {userAgent|contains: kali}, b: {sourceIPAddress|cidr: 10.0.0.0/8}, condition: a or b}\n"
    "---\n"
    "title: many\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {a: {userAgent|contains: [aa, bb, cc, dd, ee, ff, gg, hh, ii, jj]}, condition: a}\n"
    "---\n"
    "title: number\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {s: {count|gte: 7}, condition: s}\n"
    "---\n"
    "title: pattern\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {a: {userAgent|re: '^b.t$'}, b: {errorCode|endswith: Denied}, c: {eventName: 'D*T?ail'}, "
    "condition: 1 of them}\n"
    "---\n"
    "title: who\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {s: {vigil.actor.kind: root, vigil.outcome: attempted}, f: {vigil.service: true}, condition: "
    "s "
    "and not f}\n"
    "---\n"
    "title: address\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {a: {vigil.new: region}, b: {vigil.ip.kind: private}, condition: a or b}\n"
    "---\n"
    "title: data\nlogsource: {product: aws, service: cloudtrail}\n"
    "detection: {s: {vigil.user_data|contains: curl}, condition: s}\n"
    "---\n"
    "title: burst\ncorrelation: {type: event_count, rules: [refused], group-by: [vigil.actor, awsRegion], "
    "timespan: 1m, condition: {gte: 2}, generate: true}\n"
    "---\n"
    "title: spread\ncorrelation: {type: value_count, rules: [refused], group-by: [eventSource], timespan: "
    "1m, "
    "condition: {field: sourceIPAddress, gte: 2}, generate: true}\n"
    "---\n"
    "title: deep burst\ncorrelation: {type: event_count, rules: [refused], group-by: [userIdentity.type], "
    "timespan: 1m, condition: {gte: 2}, generate: true}\n";

static const vg_rules *rules_of_all(void)
{
    static vg_rules *rules;
    static vg_arena *arena;
    if (rules)
        return rules;
    arena = vg_arena_new(0);
    vg_error err = {0};
    vg_vec problems = vg_vec_in(arena, sizeof(vg_rule_problem));
    vg_rule_file file = {VG_STR("rules.yml"), vg_str_from(rules_text)};
    vg_rules_options options = {0};
    if (vg_rules_compile(arena, &file, 1, &options, &rules, &problems, &err) != VG_OK || problems.len)
        abort();
    return rules;
}

static vg_detector *detector_of(uint8_t choice)
{
    static const vg_time times[] = {VG_TIME_NONE, 0, VG_TIME_SECOND * INT64_C(1767225600)};
    const vg_detector_options options = {.since = times[choice % 3],
                                         .until = times[choice / 3 % 3 == 2 ? 2 : 0]};
    return vg_detector_new(rules_of_all(), &options);
}

/* What was found, in words. Places are left out: the slow way knows none. */
static void tell(vg_detector *detector, vg_buf *out)
{
    vg_arena *arena = vg_arena_new(0);
    vg_detect_findings found = {0};
    vg_error err;
    if (vg_detect_finish(arena, &detector, 1, &found, &err) != VG_OK)
        abort();
    for (size_t i = 0; i < found.count; i++) {
        const vg_detect_finding *f = found.items[i];
        vg_buf_addf(out, "%zu %s %llu %d %lld %lld %.*s|%.*s|%.*s|%.*s|%.*s|%.*s", f->rule, f->id,
                    (unsigned long long)f->count, f->succeeded, (long long)f->first, (long long)f->last,
                    VG_ARG(f->principal), VG_ARG(f->actor), VG_ARG(f->source_ip), VG_ARG(f->account),
                    VG_ARG(f->region), VG_ARG(f->key));
        for (size_t k = 0; k < f->step_count; k++) {
            char id[VG_STEP_ID];
            vg_detect_step step = vg_detect_step_at(f, k, id);
            vg_buf_addf(out, " %.*s=%.*s", VG_ARG(step.id), VG_ARG(step.name));
        }
        vg_buf_add_char(out, '\n');
    }
    vg_buf_addf(out, "seen %u undecided %llu\n", found.seen, (unsigned long long)found.undecided);
    vg_arena_free(arena);
    vg_detector_free(detector);
}

static void on_bad(void *context, const vg_error *err)
{
    *(size_t *)context += strlen(err->message) + err->place.line;
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

static void quickly(uint8_t choice, vg_str bytes, vg_buf *out)
{
    vg_detector *detector = detector_of(choice);
    vg_trail_counts counts = {0};
    vg_error err = {0};
    size_t told = 0;
    if (vg_detect_log(detector, bytes, VG_STR("log"), NULL, on_bad, &told, &counts, &err) != VG_OK)
        abort();
    tell(detector, out);
}

static void slowly(uint8_t choice, vg_str bytes, vg_buf *out)
{
    vg_detector *detector = detector_of(choice);
    vg_trail_sink sink = {show, NULL, detector};
    vg_trail_counts counts = {0};
    vg_error err = {0};
    if (vg_trail_read(bytes, VG_STR("log"), &sink, &counts, &err) != VG_OK)
        abort();
    tell(detector, out);
}

/* One document, as delivered, that the tree's reader accepts. */
static bool is_whole(vg_str bytes)
{
    vg_arena *arena = vg_arena_new(0);
    vg_doc doc;
    vg_error err;
    bool whole = vg_trail_is_delivered(bytes) &&
                 vg_json_read(arena, bytes, VG_STR("log"), NULL, &doc, &err) == VG_OK &&
                 doc.root->kind == VG_OBJECT && vg_get(doc.root, VG_STR("Records")) &&
                 vg_get(doc.root, VG_STR("Records"))->kind == VG_ARRAY;
    vg_arena_free(arena);
    return whole;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vg_buf quick = {0}, slow = {0};
    if (size == 0)
        return 0;
    /* a copy of the very size, so that a byte read behind it is seen */
    char *copy = malloc(size > 1 ? size - 1 : 1);
    if (!copy)
        return 0;
    memcpy(copy, data + 1, size - 1);
    vg_str bytes = vg_str_of(copy, size - 1);
    quickly(data[0], bytes, &quick);
    if (is_whole(bytes)) {
        slowly(data[0], bytes, &slow);
        if (!vg_str_eq(vg_buf_str(&quick), vg_buf_str(&slow))) {
            fprintf(stderr, "quick:\n%.*sslow:\n%.*s", VG_ARG(vg_buf_str(&quick)), VG_ARG(vg_buf_str(&slow)));
            abort();
        }
    }
    vg_buf_free(&quick);
    vg_buf_free(&slow);
    free(copy);
    return 0;
}
