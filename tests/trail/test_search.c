/* Search expressions: what they mean, what is wrong with wrong ones, and that the index never hides a match. */

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "trail/search_part.h"

#include <stdlib.h>
#include <unistd.h>

#define OK(call)                                                                                             \
    do {                                                                                                     \
        vg_error e_ = {0}, *err = &e_;                                                                       \
        if ((call) != VG_OK)                                                                                 \
            fail_msg("%s: %s", #call, e_.message);                                                           \
    } while (0)

static const char EVENT[] =
    "{\"eventVersion\":\"1.08\",\"userIdentity\":{\"type\":\"AssumedRole\",\"principalId\":\"AROAX:ci\","
    "\"arn\":\"arn:aws:sts::111122223333:assumed-role/Deploy/ci\",\"accountId\":\"111122223333\","
    "\"accessKeyId\":\"ASIAEXAMPLE0000001\",\"sessionContext\":{\"sessionIssuer\":{\"type\":\"Role\","
    "\"arn\":\"arn:aws:iam::111122223333:role/Deploy\"},\"attributes\":{\"mfaAuthenticated\":\"false\"}}},"
    "\"eventTime\":\"2026-01-05T10:20:30Z\",\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"PutObject\","
    "\"awsRegion\":\"eu-west-1\",\"sourceIPAddress\":\"198.51.100.7\",\"userAgent\":\"aws-cli/2.0 (Linux)\","
    "\"errorCode\":\"AccessDenied\",\"errorMessage\":\"Access Denied by SCP\","
    "\"requestParameters\":{\"bucketName\":\"payroll-eu\",\"key\":\"a*b\",\"size\":443,\"ratio\":0.5,"
    "\"none\":null,"
    "\"ipPermissions\":{\"items\":[{\"fromPort\":22,\"toPort\":22},{\"fromPort\":3389,\"toPort\":3390}]},"
    "\"tags\":[\"red\",\"Blue\"],\"x.y\":{\"z\":\"dotted\"},\"flag\":true},"
    "\"resources\":[{\"ARN\":\"arn:aws:s3:::payroll-eu/a\",\"accountId\":\"111122223333\"},"
    "{\"ARN\":\"arn:aws:s3:::payroll-eu\"}],\"eventID\":\"e-1\",\"readOnly\":false,"
    "\"sharedEventID\":\"s-1\",\"eventCategory\":\"Data\",\"recipientAccountId\":\"444455556666\"}";

typedef struct {
    vg_arena *arena;
    vg_event_memory memory;
    vg_event event;
} read_event;

static const vg_event *event_of(read_event *e, const char *json, vg_log_kind log)
{
    vg_doc doc;
    OK(vg_json_read(e->arena, vg_str_from(json), VG_STR("event"), NULL, &doc, err));
    OK(vg_event_of(log, doc.root, &e->memory, &e->event, err));
    return &e->event;
}

/* ---- what matches ---------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *expression;
    bool matches;
} MEANINGS[] = {
    {"", true},
    /* equal, and case */
    {"eventName = PutObject", true},
    {"eventName = putobject", true},
    {"EVENTNAME = PutObject", true},
    {"eventName == PutObject", true},
    {"eventName == putobject", false},
    {"eventName = PutObjec", false},
    {"eventName != PutObject", false},
    {"eventName != GetObject", true},
    {"eventName !== putobject", true},
    {"noSuchField != x", true},
    {"noSuchField = x", false},
    {"eventName='PutObject'", true},
    {"eventName = \"PutObject\"", true},
    /* globs */
    {"eventName = Put*", true},
    {"eventName = *Object", true},
    {"eventName = P?tObject", true},
    {"eventName = P?Object", false},
    {"eventName = *", true},
    {"requestParameters.key = a\\*b", true},
    {"requestParameters.key = a*", true},
    {"requestParameters.bucketName = payroll\\*", false},
    {"requestParameters.bucketName = \"payroll-*\"", true},
    {"eventName = *u*O*c*", true},
    {"eventName = *u*O*x*", false},
    /* paths: lists, literal dots, numbers, any name */
    {"requestParameters.ipPermissions.items.fromPort = 3389", true},
    {"requestParameters.ipPermissions.items.fromPort = 80", false},
    {"requestParameters.ipPermissions.items.0.fromPort = 22", true},
    {"requestParameters.ipPermissions.items.1.fromPort = 22", false},
    {"requestParameters.tags = blue", true},
    {"requestParameters.tags.1 = blue", true},
    {"requestParameters.x.y.z = dotted", true},
    {"requestParameters.*.z = dotted", true},
    {"requestParameters.*.items.toPort = 3390", true},
    {"requestparameters.BUCKETNAME = payroll-eu", true},
    {"resources.ARN = arn:aws:s3:::payroll-eu", true},
    {"resources.accountId = 111122223333", true},
    {"resources = x", false},
    /* numbers, booleans, null, existence */
    {"requestParameters.size = 443", true},
    {"requestParameters.size = 443.0", true},
    {"requestParameters.size = 44*", true},
    {"requestParameters.size > 442", true},
    {"requestParameters.size >= 443", true},
    {"requestParameters.size > 443", false},
    {"requestParameters.size < 443.5", true},
    {"requestParameters.size <= 442", false},
    {"requestParameters.ratio = 0.5", true},
    {"requestParameters.ratio < 1", true},
    {"eventVersion > 1.05", true},
    {"requestParameters.flag = true", true},
    {"readOnly = false", true},
    {"readOnly > 0", false},
    {"requestParameters.none = null", true},
    {"requestParameters.none = \"null\"", false},
    {"requestParameters.none exists", true},
    {"requestParameters.nothing exists", false},
    {"requestParameters.nothing not exists", true},
    {"responseElements exists", false},
    {"requestParameters exists", true},
    {"requestParameters.tags exists", true},
    {"requestParameters.nothing = null", false},
    /* times */
    {"time > 2026-01-05", true},
    {"time < 2026-01-05", false},
    {"time >= 2026-01-05T10:20:30Z", true},
    {"time > 2026-01-05T10:20:30Z", false},
    {"time <= 2026-01-05T10:20:30Z", true},
    {"time = 2026-01-05T10:20:30Z", true},
    {"time = 2026-01-05*", true},
    {"eventTime > 2026-01-04T23:00:00+01:00", true},
    {"eventTime < 2026-01-05T10:20:30Z", false},
    /* addresses */
    {"ip = 198.51.100.7", true},
    {"ip = ::ffff:198.51.100.7", true},
    {"ip = 198.51.100.*", true},
    {"ip in 198.51.100.0/24", true},
    {"ip in 198.51.100.8/29", false},
    {"ip in 198.51.100.0/29", true},
    {"ip in 0.0.0.0/0", true},
    {"ip in 2001:db8::/32", false},
    {"sourceIPAddress in 198.0.0.0/8", true},
    {"sourceIPAddress not in 198.0.0.0/8", false},
    {"ip in (10.0.0.0/8, 198.51.100.7)", true},
    {"ip in (10.0.0.0/8, 198.51.100.70)", false},
    {"eventName in 10.0.0.0/8", false},
    /* lists */
    {"eventName in (GetObject, PutObject)", true},
    {"eventName in (GetObject, Delete*)", false},
    {"eventName in (Get*, P*)", true},
    {"eventName in PutObject", true},
    {"eventName not in (GetObject, DeleteObject)", true},
    {"resource in (arn:aws:s3:::payroll-eu/a, x)", true},
    /* short names */
    {"key = ASIAEXAMPLE0000001", true},
    {"key = asiaexample*", true},
    {"key = AKIA*", false},
    {"principal = arn:aws:iam::111122223333:role/Deploy", true},
    {"principal = *assumed-role/Deploy/ci", true},
    {"principal = AROAX:ci", true},
    {"actor = arn:aws:iam::111122223333:role/deploy", true},
    {"actor = *assumed-role*", false},
    {"name = PutObject", true},
    {"resource = arn:aws:s3:::payroll-eu", true},
    {"resource = payroll-eu", true},
    {"resource = *payroll*", true},
    {"account = 444455556666", true},
    {"account = 111122223333", true},
    {"account = 999999999999", false},
    {"region = eu-west-1", true},
    {"error = AccessDenied", true},
    {"error = *SCP*", true},
    {"error exists", true},
    {"error not exists", false},
    {"not error exists", false},
    {"agent = aws-cli*", true},
    {"source = s3.*", true},
    {"log = cloudtrail", true},
    {"id = e-1", true},
    {"shared = s-1", true},
    {"sharedEventID = s-1", true},
    {"shared exists", true},
    {".key = x", false},
    {".eventName = PutObject", true},
    {"userIdentity.sessionContext.sessionIssuer.arn = *:role/Deploy", true},
    {"userIdentity.accessKeyId = ASIA*", true},
    {"userIdentity.accessKeyId exists", true},
    {"userIdentity.sessionContext.attributes.mfaAuthenticated = false", true},
    /* words */
    {"accessdenied", true},
    {"\"denied by\"", true},
    {"\"denied  by\"", false},
    {"payroll", true},
    {"den*scp", true},
    {"scp*den", false},
    {"444455556666", true},
    {"bucketName", true}, /* names count, too */
    {"payroll putobject", true},
    {"payroll getobject", false},
    {"(Linux", false},
    {"\"(Linux)\"", true},
    {"a\\*b", true},
    {"x\\*b", false},
    {"\"aws-cli/2.0\"", true},
    /* and, or, not */
    {"eventName = PutObject and region = eu-west-1", true},
    {"eventName = PutObject region = eu-west-1", true},
    {"eventName = PutObject and region = us-east-1", false},
    {"eventName = GetObject or region = eu-west-1", true},
    {"eventName = GetObject or region = us-east-1", false},
    {"not eventName = GetObject", true},
    {"! eventName = GetObject", true},
    {"not not eventName = GetObject", false},
    {"eventName = GetObject or eventName = PutObject and region = us-east-1", false},
    {"(eventName = GetObject or eventName = PutObject) and region = eu-west-1", true},
    {"region = eu-west-1 and not (eventName = Get* or eventName = List*)", true},
    {"name = Put* && !(ip in 10.0.0.0/8) || name = X", true},
    {"NAME = PUT* AND NOT ERROR EXISTS", false},
    {"\"not\"", false},
    {"payroll not getobject", true},
};

static void expressions_mean_what_they_say(void **state)
{
    (void)state;
    read_event e = {.arena = vg_arena_new(0)};
    const vg_event *event = event_of(&e, EVENT, VG_LOG_CLOUDTRAIL);
    for (size_t i = 0; i < VG_COUNT(MEANINGS); i++) {
        const vg_search *search;
        vg_error why = {0};
        if (vg_str_is(vg_str_from(MEANINGS[i].expression), "(Linux"))
            continue; /* an open parenthesis: below */
        if (vg_search_compile(e.arena, vg_str_from(MEANINGS[i].expression), &search, &why) != VG_OK)
            fail_msg("%s: %s", MEANINGS[i].expression, why.message);
        bool matches = vg_search_matches(search, event);
        if (matches != MEANINGS[i].matches)
            fail_msg("%s: %s", MEANINGS[i].expression, matches ? "matches" : "does not match");
        if (matches && !vg_search_may_match(search, vg_str_from(EVENT)))
            fail_msg("%s: its bytes are said not to hold a match", MEANINGS[i].expression);
    }
    vg_arena_free(e.arena);
}

static void other_logs_are_searched_by_their_own_fields(void **state)
{
    (void)state;
    static const struct {
        vg_log_kind log;
        const char *event, *expression;
        bool matches;
    } cases[] = {
        {VG_LOG_FLOW,
         "{\"srcaddr\":\"10.0.0.1\",\"dstaddr\":\"8.8.8.8\",\"dstport\":53,\"action\":\"ACCEPT\"}",
         "ip = 8.8.8.8 and dstport = 53", true},
        {VG_LOG_FLOW, "{\"srcaddr\":\"10.0.0.1\",\"dstaddr\":\"8.8.8.8\"}", "srcaddr in 10.0.0.0/8", true},
        {VG_LOG_FLOW, "{\"srcaddr\":\"10.0.0.1\"}", "log = vpcflow", true},
        {VG_LOG_FLOW, "{\"srcaddr\":\"10.0.0.1\"}", "eventName = *", false},
        {VG_LOG_DNS, "{\"query_name\":\"evil.example.\",\"srcaddr\":\"10.0.0.9\"}",
         "resource = evil.example.", true},
        {VG_LOG_DNS, "{\"query_name\":\"evil.example.\"}", "query_name = *.example.", true},
        {VG_LOG_S3_ACCESS,
         "{\"bucket_name\":\"b\",\"operation\":\"REST.GET.OBJECT\",\"requester\":\"arn:x\"}",
         "name = REST.GET.* and principal = arn:x and actor = arn:x and resource = b", true},
        {VG_LOG_S3_ACCESS, "{\"key\":\"secret.txt\",\"errorcode\":\"AccessDenied\"}",
         ".key = secret* and error = AccessDenied", true},
    };
    read_event e = {.arena = vg_arena_new(0)};
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        const vg_search *search;
        const vg_event *event = event_of(&e, cases[i].event, cases[i].log);
        OK(vg_search_compile(e.arena, vg_str_from(cases[i].expression), &search, err));
        if (vg_search_matches(search, event) != cases[i].matches)
            fail_msg("%s on %s", cases[i].expression, cases[i].event);
    }
    vg_arena_free(e.arena);
}

/* Keys appear where they are made and handed out, too. */
static void a_key_is_found_where_it_was_made(void **state)
{
    (void)state;
    static const char *const events[] = {
        "{\"eventName\":\"CreateAccessKey\",\"eventSource\":\"iam\",\"responseElements\":{\"accessKey\":"
        "{\"accessKeyId\":\"AKIAMADE\"}}}",
        "{\"eventName\":\"AssumeRole\",\"eventSource\":\"sts\",\"responseElements\":{\"credentials\":"
        "{\"accessKeyId\":\"AKIAMADE\"}}}",
        "{\"eventName\":\"DeleteAccessKey\",\"eventSource\":\"iam\",\"requestParameters\":"
        "{\"accessKeyId\":\"AKIAMADE\"}}",
        "{\"eventName\":\"X\",\"eventSource\":\"iam\",\"userIdentity\":{\"accessKeyId\":\"AKIAMADE\"}}",
    };
    read_event e = {.arena = vg_arena_new(0)};
    const vg_search *search;
    OK(vg_search_compile(e.arena, VG_STR("key = AKIAMADE"), &search, err));
    for (size_t i = 0; i < VG_COUNT(events); i++)
        if (!vg_search_matches(search, event_of(&e, events[i], VG_LOG_CLOUDTRAIL)))
            fail_msg("not found in %s", events[i]);
    vg_arena_free(e.arena);
}

/* ---- what is wrong ------------------------------------------------------------------------------------------------------------ */

static void errors_name_the_column_and_what_was_expected(void **state)
{
    (void)state;
    static const struct {
        const char *expression, *message;
        unsigned column;
    } cases[] = {
        {"name =", "expected a value behind the operator", 7},
        {"= x", "expected a field, a word or an opening parenthesis", 1},
        {"name = a or", "expected a field, a word or an opening parenthesis", 12},
        {"name = a and and b", "expected a field, a word or an opening parenthesis", 14},
        {"(name = a", "this parenthesis is never closed", 1},
        {"name = a)", "this parenthesis was never opened", 9},
        {"(name = a,", "expected and, or, or a closing parenthesis", 10},
        {"name = \"a", "this quote is never closed", 8},
        {"size > big", "expected a number or a time (2026-01-31, 2026-01-31T10:00:00Z) behind < and >", 8},
        {"time > 5", "expected a time (2026-01-31, 2026-01-31T10:00:00Z)", 8},
        {"ip in 10.0.0.0/33",
         "this is no block of addresses: expected one such as 10.0.0.0/8 or 2001:db8::/32", 7},
        {"ip in (10.0.0.1, 10.0.0/8)",
         "this is no block of addresses: expected one such as 10.0.0.0/8 or 2001:db8::/32", 18},
        {"ip in (a, b", "expected , or ) in the list", 12},
        {"ip in", "expected a value, a block such as 10.0.0.0/8, or a list in parentheses", 6},
        {"ip in ()", "expected a value, a block such as 10.0.0.0/8, or a list in parentheses", 8},
        {"a..b = 1", "this is no field: a name is missing beside a dot", 1},
        {"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q = 1", "this field has more than 16 names", 1},
        {"\"\"", "an empty text is in everything: expected a word", 1},
        {"name = a , b", "expected and, or, or the end", 10},
        {"not", "expected a field, a word or an opening parenthesis", 4},
    };
    vg_arena *arena = vg_arena_new(0);
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        const vg_search *search;
        vg_error why = {0};
        vg_status status = vg_search_compile(arena, vg_str_from(cases[i].expression), &search, &why);
        if (status == VG_OK || !vg_str_is(vg_str_from(why.message), cases[i].message) ||
            why.place.column != cases[i].column)
            fail_msg("%s: column %u: %s", cases[i].expression, why.place.column, why.message);
    }
    vg_arena_free(arena);
}

static void depth_and_length_have_limits(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_buf text = {0};
    const vg_search *search;
    vg_error why = {0};
    for (int i = 0; i < 70; i++)
        vg_buf_add_char(&text, '(');
    vg_buf_add_c(&text, "x");
    for (int i = 0; i < 70; i++)
        vg_buf_add_char(&text, ')');
    assert_int_equal(vg_search_compile(arena, vg_buf_str(&text), &search, &why), VG_ERR_SYNTAX);
    assert_non_null(strstr(why.message, "64"));
    vg_buf_clear(&text);
    for (int i = 0; i < 5000; i++)
        vg_buf_add_c(&text, "x ");
    assert_int_equal(vg_search_compile(arena, vg_buf_str(&text), &search, &why), VG_ERR_LIMIT);
    vg_buf_free(&text);
    vg_arena_free(arena);
}

/* ---- bytes alone ---------------------------------------------------------------------------------------------------------------- */

static void bytes_that_cannot_match_are_known(void **state)
{
    (void)state;
    static const struct {
        const char *expression, *json;
        bool may;
    } cases[] = {
        {"key = AKIAX", "{\"a\":\"AKIAY\"}", false},
        {"key = AKIAX", "{\"a\":\"akiax\"}", true},
        {"key = AKIAX", "{\"a\":\"\\u0041KIAX\"}", true}, /* a letter written as an escape */
        {"key = AKIAX", "{\"a\":\"\\u003cAKIAY\"}", false},
        {"not key = AKIAX", "{}", true},
        {"key = AKIAX or name = Put", "{\"a\":\"putobject\"}", true},
        {"key = AKIAX and name = Put", "{\"a\":\"putobject\"}", false},
        {"account = 111122223333", "{}", true}, /* it may come from the path */
        {"payroll", "{\"a\":\"PAYROLL\"}", true},
        {"payroll", "{\"a\":\"pay\"}", false},
        {"name = Put*Object", "{\"a\":\"Object\"}", true},
        {"name = Put*Object", "{\"a\":\"Putty\"}", false},
        {"ip = 10.1.2.3", "{\"a\":\"10.1.2.4\"}", false},
        {"ip = 10.1.2.3", "{\"a\":\"::ffff:a01:203\"}", true},
        {"size = 100", "{\"size\":1e2}", true},
        {"error exists", "{\"a\":1}", false},
        {"error exists", "{\"errorMessage\":1}", true},
        {"a.items.100.port exists", "{\"a\":{\"ITEMS\":[{\"port\":1}]}}", true},
        {"a.items.100.port exists", "{\"a\":{\"item\":[100]}}", false},
        {"a.100 exists", "{\"a\":[]}", true},
        {"key exists", "{}", true},
    };
    vg_arena *arena = vg_arena_new(0);
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        const vg_search *search;
        OK(vg_search_compile(arena, vg_str_from(cases[i].expression), &search, err));
        if (vg_search_may_match(search, vg_str_from(cases[i].json)) != cases[i].may)
            fail_msg("%s on %s", cases[i].expression, cases[i].json);
    }
    vg_arena_free(arena);
}

static void a_needle_is_found_at_every_place(void **state)
{
    (void)state;
    char text[100];
    for (size_t len = 1; len <= 40; len++)
        for (size_t at = 0; at + len <= sizeof text; at++) {
            char needle[40];
            memset(text, '.', sizeof text);
            for (size_t i = 0; i < len; i++) {
                needle[i] = (char)('a' + i % 26);
                text[at + i] = (char)(i % 2 ? needle[i] : needle[i] - 32);
            }
            if (!search_has(vg_str_of(text, sizeof text), vg_str_of(needle, len)))
                fail_msg("%zu bytes at %zu", len, at);
            text[at + len / 2] = '#';
            if (search_has(vg_str_of(text, sizeof text), vg_str_of(needle, len)))
                fail_msg("%zu bytes at %zu, changed", len, at);
        }
}

/* ---- the index hides nothing ------------------------------------------------------------------------------------------------------- */

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static const char *pick(uint64_t *state, const char *const *words, size_t count)
{
    return words[next_random(state) % count];
}
#define PICK(state, ...)                                                                                     \
    pick(state, (const char *const[]){__VA_ARGS__},                                                          \
         sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* Now and then one that another file has, too. */
static void random_event(uint64_t *seed, unsigned n, vg_buf *out)
{
    uint64_t number = next_random(seed) % 4 ? n : next_random(seed) % (n + 1);
    uint64_t own = (number + 1) * UINT64_C(0x9E3779B97F4A7C15), *state = &own;
    next_random(state);
    vg_buf_addf(out, "{\"eventID\":\"e%llu\",\"eventName\":\"%s\",\"eventSource\":\"%s.amazonaws.com\",",
                (unsigned long long)number,
                PICK(state, "GetObject", "PutObject", "putobject", "AssumeRole", "CreateUser"),
                PICK(state, "s3", "iam", "sts"));
    vg_buf_addf(
        out, "\"awsRegion\":\"%s\",\"recipientAccountId\":\"%s\",\"sourceIPAddress\":\"%s\",",
        PICK(state, "eu-west-1", "us-east-1", ""), PICK(state, "111122223333", "444455556666", ""),
        PICK(state, "10.1.2.3", "10.1.2.4", "::ffff:10.1.2.3", "2001:db8::1", "s3.amazonaws.com", "10.x"));
    if (next_random(state) % 8)
        vg_buf_addf(out, "\"eventTime\":\"2026-01-0%uT%02u:00:00Z\",", 1 + (unsigned)(next_random(state) % 4),
                    (unsigned)(next_random(state) % 24));
    vg_buf_addf(
        out, "\"userIdentity\":%s,",
        PICK(state, "{\"accessKeyId\":\"AKIA1\",\"arn\":\"arn:aws:iam::111122223333:user/a\"}",
             "{\"accessKeyId\":\"ASIA2\",\"arn\":\"arn:aws:sts::1:assumed-role/R/s\",\"sessionContext\":"
             "{\"sessionIssuer\":{\"arn\":\"arn:aws:iam::1:role/R\"}}}",
             "{\"invokedBy\":\"s3.amazonaws.com\"}", "null", "[{\"accessKeyId\":\"AKIA1\"}]",
             "{\"accessKeyId\":7}"));
    vg_buf_addf(out, "\"resources\":%s,",
                PICK(state, "[{\"ARN\":\"arn:aws:s3:::b\"}]", "[]", "{\"ARN\":\"arn:aws:s3:::b\"}",
                     "[{\"arn\":\"arn:aws:s3:::c\"},{\"ARN\":\"arn:aws:s3:::b\"}]", "[[{\"ARN\":\"x\"}]]"));
    vg_buf_addf(out, "\"requestParameters\":%s%s}",
                PICK(state, "{\"bucketName\":\"b\"}", "{\"bucketName\":[\"b\"]}", "null",
                     "{\"accessKeyId\":\"AKIA1\"}"),
                PICK(state, "", ",\"sharedEventID\":\"s1\"", ",\"errorCode\":\"AccessDenied\""));
}

static void random_expression(uint64_t *state, unsigned depth, vg_buf *out)
{
    switch (next_random(state) % (depth ? 7 : 3)) {
    case 3:
        vg_buf_add_c(out, "not ");
        random_expression(state, depth - 1, out);
        return;
    case 4:
    case 5:
    case 6:
        vg_buf_add_char(out, '(');
        random_expression(state, depth - 1, out);
        vg_buf_add_c(out, PICK(state, " and ", " or ", " "));
        random_expression(state, depth - 1, out);
        vg_buf_add_char(out, ')');
        return;
    default:
        vg_buf_add_c(
            out,
            PICK(state, "name = PutObject", "name == putobject", "name = Put*", "name = *User",
                 "eventName = a*", "key = AKIA1", "key = A*", "userIdentity.accessKeyId = AKIA1",
                 "key in (AKIA1, ASIA2)", "ip = 10.1.2.3", "ip in 10.1.2.0/29", "ip in 10.0.0.0/8",
                 "ip = 10.1.*", "ip = 10.1.2.*", "sourceIPAddress = 10.1.2.3",
                 "ip in (2001:db8::/32, s3.amazonaws.com)", "ip = *.amazonaws.com", "account = 111122223333",
                 "recipientAccountId = 444455556666", "region = eu-west-1", "awsRegion != eu-west-1",
                 "principal = *role/R", "principal = arn:aws:iam::1:role/R", "resource = arn:aws:s3:::b",
                 "resources.ARN = arn:aws:s3:::b", "requestParameters.bucketName = b", "resource = *b",
                 "shared = s1", "sharedEventID exists", "error exists", "accessdenied", "time > 2026-01-02",
                 "time <= 2026-01-03T05:00:00Z", "name exists", "requestParameters.bucketName exists",
                 "userIdentity.*.sessionIssuer exists", "principal = s3.amazonaws.com"));
    }
}

typedef struct {
    const char *const *files;
} memory_source;

static vg_status read_memory(void *context, vg_arena *arena, vg_str key, size_t max, vg_str *bytes,
                             vg_error *err)
{
    const memory_source *source = context;
    uint64_t number = 0;
    (void)arena, (void)max, (void)err;
    vg_str_to_u64(vg_str_sub(key, 1, VG_NPOS), &number);
    *bytes = vg_str_from(source->files[number]);
    return VG_OK;
}

static vg_status print_hit(void *context, const vg_search_hit *hit, vg_error *err)
{
    (void)err;
    vg_buf_addf(context, "%lld %.*s\n", (long long)hit->time, VG_ARG(hit->json));
    return VG_OK;
}

enum { FILES = 40 };

/* Some files of random events; one of them may have no index. */
static vg_trail_index *index_files(vg_arena *arena, const char *const *files, unsigned from, unsigned to,
                                   const char *folder)
{
    vg_trail_gather *gather = vg_trail_gather_new();
    vg_trail_index *index;
    vg_str path = vg_arena_printf(arena, "%s/%u", folder, from);
    for (unsigned i = from; i < to; i++) {
        vg_trail_summary summary;
        vg_ingest_outcome outcome;
        const vg_trail_listed listed = {.key = vg_arena_printf(arena, "/%u", i), .named = true};
        OK(vg_trail_summarise(arena, &listed, vg_str_from(files[i]), NULL, NULL, NULL, &summary, &outcome,
                              err));
        OK(vg_trail_gather_add(gather, &summary, err));
    }
    OK(vg_trail_gather_write(gather, path, from + 1, err));
    vg_trail_gather_free(gather);
    OK(vg_trail_index_open(path, &index, err));
    return index;
}

static void the_index_hides_no_match(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    uint64_t seed = 42;
    const char *files[FILES];
    vg_str others[FILES];
    char folder[] = "/tmp/vigil-search-XXXXXX", command[64];
    assert_non_null(mkdtemp(folder));
    for (unsigned i = 0; i < FILES; i++) {
        vg_buf text = {0};
        bool is_delivered = i % 3 != 0;
        vg_buf_add_c(&text, is_delivered ? "{\"Records\":[" : "");
        for (unsigned n = 0; n < 6; n++) {
            vg_buf_add_c(&text, n && is_delivered ? "," : "");
            random_event(&seed, i * 10 + n, &text);
            vg_buf_add_c(&text, is_delivered ? "" : "\n");
        }
        vg_buf_add_c(&text, is_delivered ? "]}" : "");
        files[i] = vg_arena_cstr(arena, vg_buf_str(&text));
        others[i] = vg_arena_printf(arena, "/%u", i);
        vg_buf_free(&text);
    }
    vg_trail_index *indexes[] = {index_files(arena, files, 0, 25, folder),
                                 index_files(arena, files, 25, FILES, folder)};
    memory_source memory = {files};
    unsigned narrowed = 0;
    for (unsigned i = 0; i < 500; i++) {
        vg_buf expression = {0}, with = {0}, without = {0};
        vg_search_counts counts;
        const vg_search *search;
        random_expression(&seed, 3, &expression);
        OK(vg_search_compile(arena, vg_buf_str(&expression), &search, err));
        vg_search_options options = {.indexes = indexes,
                                     .index_count = 2,
                                     .source = {.read = read_memory, .context = &memory},
                                     .since = i % 4 ? VG_TIME_NONE : INT64_C(1767312000000000),
                                     .until = i % 5 ? VG_TIME_NONE : INT64_C(1767398400000000),
                                     .newest_first = i % 2,
                                     .linked = i % 7 == 0,
                                     .threads = 1 + i % 3,
                                     .hit = print_hit,
                                     .context = &with};
        OK(vg_search_run(search, &options, &counts, err));
        narrowed += counts.opened < FILES;
        options.index_count = 0;
        options.others = others;
        options.other_count = FILES;
        options.context = &without;
        OK(vg_search_run(search, &options, &counts, err));
        if (!vg_str_eq(vg_buf_str(&with), vg_buf_str(&without)))
            fail_msg("%.*s\nwith the index:\n%.*s\nwithout:\n%.*s", VG_ARG(vg_buf_str(&expression)),
                     VG_ARG(vg_buf_str(&with)), VG_ARG(vg_buf_str(&without)));
        vg_buf_free(&expression);
        vg_buf_free(&with);
        vg_buf_free(&without);
    }
    assert_true(narrowed > 100); /* and it is of use */
    vg_trail_index_close(indexes[0]);
    vg_trail_index_close(indexes[1]);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
    vg_arena_free(arena);
}

/* ---- each once, by time -------------------------------------------------------------------------------------------------------------- */

#define RECORD(id, account, time, shared)                                                                    \
    "{\"eventID\":\"" id "\",\"recipientAccountId\":\"" account "\",\"eventTime\":\"" time                   \
    "\",\"eventName\":\"N\",\"eventSource\":\"s\"" shared "}"

static vg_status print_id(void *context, const vg_search_hit *hit, vg_error *err)
{
    (void)err;
    vg_buf_addf(context, "%.*s/%.*s ", VG_ARG(hit->id), VG_ARG(vg_str_sub(hit->account, 0, 1)));
    return VG_OK;
}

static void events_come_once_and_by_time(void **state)
{
    (void)state;
    static const char *const files[] = {
        "{\"Records\":[" RECORD("a", "111122223333", "2026-01-01T10:00:00Z", "") "," RECORD(
            "b", "111122223333", "2026-01-01T12:00:00Z", ",\"sharedEventID\":\"s\"") "]}",
        /* another trail's copy of b, late; and the same event as another account has it */
        "{\"Records\":[" RECORD(
            "b", "111122223333", "2026-01-01T12:00:00Z",
            ",\"sharedEventID\":\"s\"") "," RECORD("b2", "444455556666", "2026-01-01T12:00:00Z",
                                                   ",\"sharedEventID\":\"s\"") "," RECORD("c", "111122223333",
                                                                                          "2026-01-01T11:00:"
                                                                                          "00Z",
                                                                                          "") "]}",
        "{\"Records\":[" RECORD("d", "111122223333", "nonsense",
                                "") "," RECORD("e", "111122223333", "2026-01-01T09:00:00Z", "") "]}",
    };
    static const struct {
        const char *expression;
        bool newest_first, linked;
        uint64_t limit;
        const char *told;
    } cases[] = {
        {"", false, false, 0, "e/1 a/1 c/1 b2/4 b/1 d/1 "},
        {"", true, false, 0, "b2/4 b/1 c/1 a/1 e/1 d/1 "},
        {"", false, false, 2, "e/1 a/1 "},
        {"id = b", false, false, 0, "b/1 "},
        {"id = b", false, true, 0, "b2/4 b/1 "},
        {"id = a", false, true, 0, "a/1 "},
        {"account = 444455556666", false, true, 0, "b2/4 b/1 "},
    };
    vg_arena *arena = vg_arena_new(0);
    memory_source memory = {files};
    vg_str others[] = {VG_STR("/0"), VG_STR("/1"), VG_STR("/2")};
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_buf told = {0};
        vg_search_counts counts;
        const vg_search *search;
        OK(vg_search_compile(arena, vg_str_from(cases[i].expression), &search, err));
        const vg_search_options options = {.others = others,
                                           .other_count = 3,
                                           .source = {.read = read_memory, .context = &memory},
                                           .since = VG_TIME_NONE,
                                           .until = VG_TIME_NONE,
                                           .newest_first = cases[i].newest_first,
                                           .linked = cases[i].linked,
                                           .limit = cases[i].limit,
                                           .hit = print_id,
                                           .context = &told};
        OK(vg_search_run(search, &options, &counts, err));
        if (!vg_str_is(vg_buf_str(&told), cases[i].told))
            fail_msg("'%s': %.*s, not %s", cases[i].expression, VG_ARG(vg_buf_str(&told)), cases[i].told);
        if (!cases[i].expression[0] && !cases[i].limit)
            assert_int_equal(counts.duplicates, 1);
        vg_buf_free(&told);
    }
    vg_arena_free(arena);
}

static vg_status stop_at_once(void *context, const vg_search_hit *hit, vg_error *err)
{
    (void)context, (void)hit;
    return vg_fail(err, VG_ERR_CANCELLED, "enough");
}

static void a_sink_that_stops_ends_the_search_with_its_own_error(void **state)
{
    (void)state;
    static const char *const files[] = {RECORD("a", "111122223333", "2026-01-01T10:00:00Z", "")};
    vg_arena *arena = vg_arena_new(0);
    memory_source memory = {files};
    vg_str other = VG_STR("/0");
    vg_search_counts counts;
    const vg_search *search;
    vg_error why = {0};
    OK(vg_search_compile(arena, VG_STR(""), &search, err));
    const vg_search_options options = {.others = &other,
                                       .other_count = 1,
                                       .source = {.read = read_memory, .context = &memory},
                                       .since = VG_TIME_NONE,
                                       .until = VG_TIME_NONE,
                                       .hit = stop_at_once};
    assert_int_equal(vg_search_run(search, &options, &counts, &why), VG_ERR_CANCELLED);
    assert_string_equal(why.message, "enough");
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_mean_what_they_say),
        cmocka_unit_test(other_logs_are_searched_by_their_own_fields),
        cmocka_unit_test(a_key_is_found_where_it_was_made),
        cmocka_unit_test(errors_name_the_column_and_what_was_expected),
        cmocka_unit_test(depth_and_length_have_limits),
        cmocka_unit_test(bytes_that_cannot_match_are_known),
        cmocka_unit_test(a_needle_is_found_at_every_place),
        cmocka_unit_test(the_index_hides_no_match),
        cmocka_unit_test(events_come_once_and_by_time),
        cmocka_unit_test(a_sink_that_stops_ends_the_search_with_its_own_error),
    };
    return cmocka_run_group_tests_name("search", tests, NULL, NULL);
}
