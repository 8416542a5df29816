/* What is worked out of flows and queries. */

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "trail/log_part.h"

typedef struct {
    const char *object, *value; /* as JSON; NULL: none */
} derived_case;

/* The field of an event, as JSON. */
static void check(vg_log_kind log, const char *name, const derived_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_doc doc;
        vg_error err;
        vg_event_memory memory;
        vg_event event;
        const vg_value *value = NULL;
        vg_buf told = {0};
        if (vg_json_read(arena, vg_str_from(cases[i].object), VG_STR("f"), NULL, &doc, &err) != VG_OK)
            fail_msg("%s: %s", cases[i].object, err.message);
        assert_int_equal(vg_event_of(log, doc.root, &memory, &event, &err), VG_OK);
        if (vg_log_derived(&event, vg_str_from(name), arena, &value))
            vg_json_write(&told, value, 0);
        if (!vg_str_is(vg_buf_str(&told), cases[i].value ? cases[i].value : ""))
            fail_msg("%s of %s\n  wanted: %s\n  got:    %.*s", name, cases[i].object,
                     cases[i].value ? cases[i].value : "none", VG_ARG(vg_buf_str(&told)));
        vg_buf_free(&told);
        vg_arena_free(arena);
    }
}
#define CHECK(log, name, cases) check(log, name, cases, VG_COUNT(cases))

#define BETWEEN(a, b) "{\"srcaddr\":\"" a "\",\"dstaddr\":\"" b "\"}"

static void a_flow_goes_in_out_or_within(void **state)
{
    static const derived_case cases[] = {
        {BETWEEN("203.0.113.9", "10.0.0.1"), "\"in\""},
        {BETWEEN("10.0.0.1", "203.0.113.9"), "\"out\""},
        {BETWEEN("10.0.0.1", "172.31.255.255"), "\"within\""},
        {BETWEEN("172.32.0.0", "172.16.0.0"), "\"in\""},
        {BETWEEN("192.168.0.1", "192.169.0.1"), "\"out\""},
        {BETWEEN("100.64.0.1", "100.128.0.1"), "\"out\""},
        {BETWEEN("169.254.1.1", "8.8.8.8"), "\"out\""},
        {BETWEEN("10.0.0.1", "224.0.0.251"), "\"within\""},
        {BETWEEN("10.0.0.1", "255.255.255.255"), "\"within\""},
        {BETWEEN("127.0.0.1", "0.0.0.0"), "\"within\""},
        {BETWEEN("fd00:1::1", "2001:4860::1"), "\"out\""},
        {BETWEEN("fe80::1", "ff02::1"), "\"within\""},
        {BETWEEN("::1", "::"), "\"within\""},
        {BETWEEN("::ffff:10.0.0.1", "::ffff:8.8.8.8"), "\"out\""},
        {BETWEEN("8.8.8.8", "1.1.1.1"), NULL},
        {"{\"srcaddr\":\"2001:4860::1\",\"dstaddr\":\"2600::1\",\"flow-direction\":\"ingress\"}", "\"in\""},
        {"{\"srcaddr\":\"2600::1\",\"dstaddr\":\"2001:4860::1\",\"flow-direction\":\"egress\"}", "\"out\""},
        {"{\"srcaddr\":\"10.0.0.1\",\"dstaddr\":\"8.8.8.8\",\"flow-direction\":\"ingress\"}", "\"out\""},
        {BETWEEN("10.0.0", "8.8.8.8"), NULL},
        {BETWEEN("10.0.0.256", "8.8.8.8"), NULL},
        {BETWEEN("10.0.0.1.1", "8.8.8.8"), NULL},
        {BETWEEN("10..0.1", "8.8.8.8"), NULL},
        {BETWEEN("0010.0.0.1", "8.8.8.8"), NULL},
        {BETWEEN("::::", "8.8.8.8"), NULL},
        {BETWEEN("1:2:3:4:5:6:7:8:1:2:3:4:5:6:7:8:1:2:3:4:5:6:7:8", "8.8.8.8"), NULL},
        {"{\"srcaddr\":\"10.0.0.1\"}", NULL},
        {"{\"srcaddr\":7,\"dstaddr\":[]}", NULL},
    };
    (void)state;
    CHECK(VG_LOG_FLOW, "flow.direction", cases);
}

#define PORTS(from, to, rest) "{\"srcport\":" #from ",\"dstport\":" #to rest "}"

static void the_port_of_a_flow_is_the_servers(void **state)
{
    static const derived_case cases[] = {
        {PORTS(49152, 443, ",\"protocol\":6"), "443"},
        {PORTS(443, 49152, ",\"protocol\":6"), "443"},
        {PORTS(5432, 41000, ",\"protocol\":6"), "5432"},
        {PORTS(2000, 6379, ",\"protocol\":6"), "6379"},
        {PORTS(8080, 2000, ",\"protocol\":6"), "8080"},
        {PORTS(40000, 7777, ",\"protocol\":17"), "7777"},
        {PORTS(7777, 40000, ",\"protocol\":17"), "7777"},
        {PORTS(40000, 50000, ",\"protocol\":6"), "50000"},
        {PORTS(22, 443, ",\"protocol\":6"), "443"},
        {PORTS(443, 50000, ",\"protocol\":6,\"tcp-flags\":2"), "50000"},
        {PORTS(50000, 443, ",\"protocol\":6,\"tcp-flags\":18"), "50000"},
        {PORTS(50000, 443, ",\"protocol\":6,\"tcp-flags\":19"), "50000"},
        {PORTS(50000, 443, ",\"protocol\":6,\"tcp-flags\":1"), "443"},
        {PORTS(50000, 443, ",\"protocol\":6,\"tcp-flags\":0"), "443"},
        {PORTS(443, 50000, ",\"protocol\":17,\"tcp-flags\":2"), "443"},
        {PORTS(0, 0, ",\"protocol\":1"), NULL},
        {PORTS(50000, 36412, ",\"protocol\":132"), "36412"},
        {PORTS(50000, 443, ""), "443"},
        {"{\"srcport\":\"50000\",\"dstport\":\"443\",\"protocol\":\"6\"}", "443"},
        {"{\"dstport\":443}", NULL},
        {"{\"srcport\":\"x\",\"dstport\":443}", NULL},
    };
    (void)state;
    CHECK(VG_LOG_FLOW, "flow.port", cases);
}

#define NAME(name) "{\"query_name\":\"" name "\"}"

static void a_domain_is_what_somebody_registered(void **state)
{
    static const derived_case cases[] = {
        {NAME("example.com."), "\"example.com\""},
        {NAME("a.b.example.com"), "\"example.com\""},
        {NAME("a.example.co.uk."), "\"example.co.uk\""},
        {NAME("example.co.uk"), "\"example.co.uk\""},
        {NAME("co.uk."), NULL},
        {NAME("com"), NULL},
        {NAME("a.b.com.au"), "\"b.com.au\""},
        {NAME("x.y.z.ck"), "\"y.z.ck\""},
        {NAME("a.www.ck"), "\"www.ck\""},
        {NAME("me.duckdns.org"), "\"me.duckdns.org\""},
        {NAME("d1.cloudfront.net"), "\"cloudfront.net\""},
        {NAME("MiXeD.ExAmPlE.CoM."), "\"example.com\""},
        {NAME("A.EXAMPLE.CO.UK"), "\"example.co.uk\""},
        {NAME("1.2.3.in-addr.arpa."), "\"3.in-addr.arpa\""},
        {NAME("ip-10-0-0-1.ec2.internal"), "\"ec2.internal\""},
        {NAME("instance-data."), NULL},
        {NAME("."), NULL},
        {NAME(""), NULL},
        {NAME(".."), NULL},
        {NAME(".com"), NULL},
        {NAME("a..com"), NULL},
        {NAME("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff12345.com"), NULL},
        {"{}", NULL},
        {"{\"query_name\":[]}", NULL},
    };
    (void)state;
    CHECK(VG_LOG_DNS, "dns.domain", cases);
}

static void the_label_is_the_longest_before_the_domain(void **state)
{
    static const derived_case labels[] = {
        {NAME("aaa.bbbbb.cc.example.com."), "\"bbbbb\""},
        {NAME("aa.bb.example.com."), "\"aa\""},
        {NAME("example.com."), NULL},
        {NAME("a.co.uk."), NULL},
        {NAME("aaa.b.co.uk."), "\"aaa\""},
    };
    static const derived_case lengths[] = {
        {NAME("aaa.bbbbb.cc.example.com."), "10"},
        {NAME("example.com."), "0"},
        {NAME("com."), NULL},
    };
    (void)state;
    CHECK(VG_LOG_DNS, "dns.label", labels);
    CHECK(VG_LOG_DNS, "dns.length", lengths);
}

static void entropy_is_in_hundredths_of_a_bit_a_character(void **state)
{
    static const derived_case cases[] = {
        {NAME("aaaaaaaa.example.com"), "0"},
        {NAME("abababab.example.com"), "100"},
        {NAME("abcdabcd.example.com"), "200"},
        {NAME("AbCdabcd.example.com"), "200"},
        {NAME("0123456789abcdef.example.com"), "400"},
        {NAME("aab.example.com"), "92"},  /* 0.918 */
        {NAME("abc.example.com"), "158"}, /* 1.585 */
        {NAME("example.com"), NULL},
    };
    (void)state;
    CHECK(VG_LOG_DNS, "dns.entropy", cases);
}

static void an_answer_leads_to_metadata_or_private_or_public(void **state)
{
#define ANSWERS(list) "{\"query_name\":\"a.\",\"answers\":[" list "]}"
#define A(address)    "{\"Rdata\":\"" address "\",\"Type\":\"A\",\"Class\":\"IN\"}"
    static const derived_case cases[] = {
        {ANSWERS(A("203.0.113.1")), "\"public\""},
        {ANSWERS(A("10.0.0.1")), "\"private\""},
        {ANSWERS(A("203.0.113.1") "," A("10.0.0.1")), "\"private\""},
        {ANSWERS(A("10.0.0.1") "," A("203.0.113.1")), "\"private\""},
        {ANSWERS(A("169.254.169.254")), "\"metadata\""},
        {ANSWERS(A("203.0.113.1") "," A("169.254.169.254") "," A("10.0.0.1")), "\"metadata\""},
        {ANSWERS(A("169.254.170.2")), "\"metadata\""},
        {ANSWERS(A("169.254.170.23")), "\"metadata\""},
        {ANSWERS(A("169.254.169.253")), "\"private\""},
        {ANSWERS(A("fd00:ec2::254")), "\"metadata\""},
        {ANSWERS(A("fd00:ec2::23")), "\"metadata\""},
        {ANSWERS(A("::ffff:169.254.169.254")), "\"metadata\""},
        {ANSWERS(A("fd00:ec2::253")), "\"private\""},
        {ANSWERS("{\"Rdata\":\"other.example.\",\"Type\":\"CNAME\"}"), NULL},
        {ANSWERS("{\"Rdata\":\"other.example.\",\"Type\":\"CNAME\"}," A("203.0.113.1")), "\"public\""},
        {ANSWERS(""), NULL},
        {ANSWERS("7,null,[]"), NULL},
        {"{\"answers\":\"x\"}", NULL},
    };
    (void)state;
    CHECK(VG_LOG_DNS, "dns.answer.kind", cases);
}

/* Names are worth 75 and more when they look like no words at all. */
static void generated_names_score_high_and_others_low(void **state)
{
    static const struct {
        const char *name;
        bool is_generated;
    } cases[] = {
        /* evenly drawn letters, letters with digits, hexadecimal, below a dynamic provider */
        {"xjqzvkwpfhtr.com", true},
        {"qkdmwxhzjrtvbnlp.net", true},
        {"wvqzxjkthg.info", true},
        {"k8x2v9qz7hw3jd5t.biz", true},
        {"a9f3e07b5c2d8164fe0b.org", true},
        {"4f9d2c7a1b3e5d806f.co.uk", true},
        {"zqxwvkjhpgtr.duckdns.org", true},
        {"XJQZVKWPFHTR.COM.", true},
        /* people's names for things */
        {"example.com", false},
        {"stackoverflow.com", false},
        {"internationalisation-committee.org", false},
        {"photographers.co.uk", false},
        {"cloudfront.net", false},
        {"kubernetes.io", false},
        {"traefik.io", false},
        {"jsdelivr.net", false},
        {"datadoghq.com", false},
        {"microsoftonline.com", false},
        {"googleusercontent.com", false},
        {"brzozowski.pl", false},
        {"web24.de", false},
        {"2captcha.com", false},
        {"3m.com", false},
        {"163.com", false},
        {"nhk.or.jp", false},
        {"xn--bcher-kva.example", false},
        {"ec2.internal", false},
        /* honest hosts with keys and hashes before the domain */
        {"d111111abcdef8.cloudfront.net", false},
        {"k3x9q2vz8w.execute-api.us-east-1.amazonaws.com", false},
        {"xjqzvkwpfhtr._domainkey.example.com", false},
        {"a9f3e07b5c2d8164fe0b.o450123.ingest.sentry.io", false},
        {"4f9d2c7a1b3e.telemetry.vendor.com", false},
        {"c4f1e2d3b4a5968778695a4b3c2d1e0f.gr7.us-east-1.eks.amazonaws.com", false},
        {"e4a1b2.dsce3.akamaiedge.net", false},
        {"255.0.0.10.in-addr.arpa", false},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_dns_name name = vg_dns_name_of(vg_str_from(cases[i].name));
        vg_str label = vg_str_sub(name.domain, 0, vg_str_find_char(name.domain, '.'));
        unsigned score = vg_dns_generated(label);
        if ((score >= 75) != cases[i].is_generated || score > 100)
            fail_msg("%s scores %u", cases[i].name, score);
    }
    static const derived_case fields[] = {
        {NAME("xjqzvkwpfhtr.com"), "100"},
        {NAME("www.example.com"), "1"},
        {NAME("com"), NULL},
    };
    CHECK(VG_LOG_DNS, "dns.generated", fields);
}

static void a_label_is_packed_when_it_looks_like_no_words(void **state)
{
    static const derived_case cases[] = {
        {NAME("mfrggzdfmztwq2lknnwg23tpobyxe43u.t.example.com"), "100"},
        {NAME("application-server-production.example.com"), "0"},
        {NAME("xjqzvkwpfhtr.com"), NULL},
        {NAME("www.xjqzvkwpfhtr.com"), "0"},
    };
    (void)state;
    CHECK(VG_LOG_DNS, "dns.packed", cases);
}

/* Of evenly drawn names of 14 characters 93 in a hundred are found and more, and none of what two
 * words make. */
static void the_score_parts_drawn_names_from_words(void **state)
{
    static const char *const words[] = {"cloud",   "market", "photo",   "garden",  "north",  "stream",
                                        "digital", "health", "travel",  "search",  "online", "secure",
                                        "music",   "house",  "factory", "systems", "bright", "river"};
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    (void)state;
    uint64_t seed = 7;
    unsigned found[2] = {0}, drawn = 2000;
    for (unsigned i = 0; i < 2 * drawn; i++) {
        char name[16];
        for (size_t k = 0; k < 14; k++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
            name[k] = alphabet[(seed >> 33) % (i < drawn ? 26 : 36)];
        }
        found[i >= drawn] += vg_dns_generated(vg_str_of(name, 14)) >= 75;
    }
    if (found[0] < drawn * 95 / 100 || found[1] < drawn * 93 / 100)
        fail_msg("%u and %u of %u drawn names score 75", found[0], found[1], drawn);
    for (size_t a = 0; a < VG_COUNT(words); a++)
        for (size_t b = 0; b < VG_COUNT(words); b++) {
            char name[32];
            snprintf(name, sizeof name, "%s%s", words[a], words[b]);
            if (vg_dns_generated(vg_str_from(name)) >= 75)
                fail_msg("%s scores %u", name, vg_dns_generated(vg_str_from(name)));
        }
}

static void a_field_is_of_its_log_alone(void **state)
{
    static const derived_case none[] = {
        {"{\"query_name\":\"a.example.com\",\"srcaddr\":\"10.0.0.1\",\"dstaddr\":\"8.8.8.8\"}", NULL}};
    (void)state;
    CHECK(VG_LOG_FLOW, "dns.domain", none);
    CHECK(VG_LOG_DNS, "flow.direction", none);
    CHECK(VG_LOG_CLOUDTRAIL, "dns.domain", none);
    CHECK(VG_LOG_S3_ACCESS, "dns.domain", none);
    CHECK(VG_LOG_UNKNOWN, "dns.domain", none);
    CHECK(VG_LOG_DNS, "dns", none);
    CHECK(VG_LOG_DNS, "", none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flow_goes_in_out_or_within),
        cmocka_unit_test(the_port_of_a_flow_is_the_servers),
        cmocka_unit_test(a_domain_is_what_somebody_registered),
        cmocka_unit_test(the_label_is_the_longest_before_the_domain),
        cmocka_unit_test(entropy_is_in_hundredths_of_a_bit_a_character),
        cmocka_unit_test(an_answer_leads_to_metadata_or_private_or_public),
        cmocka_unit_test(generated_names_score_high_and_others_low),
        cmocka_unit_test(a_label_is_packed_when_it_looks_like_no_words),
        cmocka_unit_test(the_score_parts_drawn_names_from_words),
        cmocka_unit_test(a_field_is_of_its_log_alone),
    };
    return cmocka_run_group_tests_name("log_derived", tests, NULL, NULL);
}
