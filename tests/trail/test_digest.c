/* Digest files, the keys that sign them, and signatures: the parts that tests/cli/test_trail_verify.py puts together. */

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "trail/digest_part.h"

/* An RSA key made for this test, and what the openssl program signed with it: "signed text". */
static const char public_key[] =
    "MIIBCgKCAQEAmqpAJsf6blDzB5K6s7yfbN0FSKgFk3P5NLljth2R2jgO7n1e3Ry0HPbBnQ2GO7udrDkiGCVxC27TSD86z1Ch"
    "cSas+1YHfjyBHV+8djYGrmPKO1ckIzSoJ1DYLsYyg6VXvyvjCKxFYgpAcqThzku7V+vxl0v4agViUaKYly5WKim4DR+h2dh5"
    "7t1rdOn4GvS8oZleMDWkrsi6JnokHRHbE6sBUITnzZ0J7h8YmChuZ7YWcOxa5F7o9HSelqMMj/+SQArJh8/Zd91VMHIe9qBj"
    "4/7o05w7wFJYSsoXNKXX7aNsKUkD5H0nb5JkaAwBRTZNiUx0xsrTG4unQk6M2OnjEQIDAQAB";
static const char signature[] =
    "982438c3fc042e1430237c2fb2fb6d00a885855e338466149e8d50e594dee64a0d17242ed33a1561327930323cf9fdc8"
    "947e7eb5a1a8760c827eaf3eeb8d561dbca477d18c83b76e8aa4666998ab59c095529791d5fbd4e79244a9246bd9958b"
    "196142201d3275a2f3a2abafc64bc35737587c617824cb294b82eeae86451088b2afa85ca148b303320cd34045d63077"
    "a971e949c2f6e98cc6e484c5866c0e7a36ccdf102cd6eed8b0ff794e6829554c1ce6f84bcd2743aea7cad820c92ba449"
    "73208b822251ab7ae81414f6ac7cd52a6bdc5e5b315ad77d1bbfe1c27338c33711ff598b49de81ffd95cbbe75002704f"
    "4cd94c9babfb8bc1e6308cea61dd936e";
static const char signature_sha1[] =
    "32dbb1307cc4b44801658325fe0ab6a0b08e618ced44e4070166e8c0da3571ac9c1a288f825c7576c3499b34278dd4e1"
    "b6e6b19651e2174e98daa5f595abb91aef744f4d1bfae7bf2d9604ec75adef1fc7b498099cf6b1e426286c975dc7b20b"
    "3990c445363731a9d4607a977ce1915fba037ebc3832bc816e147b3f6023c58ce468b7669f70f43cda07bef24a9733e1"
    "7c91a3e4cb776776619ed5077148f04ee969dd2115e64fd114f71b13e0f2cac457f6a401735d709ec341aa9e2ecb2044"
    "6afc2088e745c9c062d3710b39e13028f83698cbb192e42eac59be164800255a51523148897eb9f32f45fa2ffb308dc0"
    "6b6234ba701d8c29b6b88d724354137e";
static const char signature_pss[] =
    "1086e0c9ebb1636bf0d75a57a2b9a21d4c689fa57749ee2f3e6f749a976bb9fc5e79db18317ef0482ffab1baebbd623a"
    "82290bf106d4adc672a0185e8f61e538cd970d5b6e1c439bfbd8b31d6467d873497ff6c7faa671df52056c49180a2479"
    "f724c77624492a7fe1fa6552106466651fd480794714728f245ab921417f08a30a2f348575546ed9c4aef6fc1adf7a33"
    "3db3595c2292c04de4f9847dccc3102f7d85c3a94bee12a6c792b41dc54bd74ae89d8a6951689e0942a5451977b85d53"
    "1ee56c47616bd38cce4221698f82e003af1a5bfd8faea7b52de96515d579a779935113941c24e96a574d2d6979f1fec5"
    "f7d07487233d994f7779bb09d55b7817";

#define FIELDS                                                                                               \
    "\"digestS3Bucket\":\"b\",\"digestS3Object\":\"c\",\"digestStartTime\":\"20260105T000000Z\","            \
    "\"digestEndTime\":\"2026-01-05T01:00:00Z\",\"digestPublicKeyFingerprint\":\"f\""

static void fields_of_a_digest_are_read(void **state)
{
    static const struct {
        const char *text;
        vg_status status;
        size_t logs;
    } cases[] = {
        {"{" FIELDS ",\"previousDigestSignature\":null,\"logFiles\":[]}", VG_OK, 0},
        {"{" FIELDS
         ",\"previousDigestSignature\":\"ab\",\"logFiles\":[{\"s3Bucket\":\"b\",\"s3Object\":\"o\","
         "\"hashValue\":\"00\"}]}",
         VG_OK, 1},
        {"{" FIELDS ",\"logFiles\":[]}", VG_ERR_VALUE, 0},
        {"{" FIELDS ",\"previousDigestSignature\":null}", VG_ERR_VALUE, 0},
        {"{" FIELDS ",\"previousDigestSignature\":7,\"logFiles\":[]}", VG_ERR_VALUE, 0},
        {"{" FIELDS ",\"previousDigestSignature\":null,\"logFiles\":{}}", VG_ERR_VALUE, 0},
        {"{" FIELDS ",\"previousDigestSignature\":null,\"logFiles\":[[]]}", VG_ERR_VALUE, 0},
        {"{\"digestS3Bucket\":\"b\"}", VG_ERR_VALUE, 0},
        {"{" FIELDS ",\"digestEndTime\":null,\"previousDigestSignature\":null,\"logFiles\":[]}", VG_ERR_VALUE,
         0},
        {"{" FIELDS ",\"digestEndTime\":\"now\",\"previousDigestSignature\":null,\"logFiles\":[]}",
         VG_ERR_VALUE, 0},
        {"[]", VG_ERR_VALUE, 0},
        {"7", VG_ERR_VALUE, 0},
        {"{", VG_ERR_SYNTAX, 0},
        {"", VG_ERR_SYNTAX, 0},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_digest digest;
        vg_error err = {0};
        vg_status got = vg_digest_read(arena, vg_str_from(cases[i].text), VG_STR("f"), &digest, &err);
        if (got != cases[i].status || (got == VG_OK && digest.log_count != cases[i].logs))
            fail_msg("%s\n  wanted: %s, %zu logs\n  got:    %s, %zu logs: %s", cases[i].text,
                     vg_status_name(cases[i].status), cases[i].logs, vg_status_name(got), digest.log_count,
                     err.message);
        vg_arena_free(arena);
    }
}

static void what_is_signed_is_end_place_hash_and_signature_before(void **state)
{
    static const struct {
        const char *previous, *wanted;
    } cases[] = {
        {NULL, "a\nb/c\nba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\nnull"},
        {"beef", "a\nb/c\nba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\nbeef"},
    };
    vg_arena *arena = vg_arena_new(0);
    const vg_sha256 hash = vg_sha256_bytes(VG_STR("abc"));
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        const vg_digest digest = {.end_text = VG_STR("a"),
                                  .bucket = VG_STR("b"),
                                  .object = VG_STR("c"),
                                  .previous_signature = vg_str_from(cases[i].previous)};
        vg_str text;
        vg_error err;
        assert_int_equal(vg_digest_string_to_sign(arena, &digest, &hash, &text, &err), VG_OK);
        assert_string_equal(text.ptr, cases[i].wanted);
    }
    vg_arena_free(arena);
}

static void names_of_digests_say_whose_they_are(void **state)
{
    static const struct {
        const char *object, *wanted; /* organization account region trail home time backfill */
    } cases[] = {
        {"AWSLogs/123456789012/CloudTrail-Digest/us-east-1/2015/08/16/"
         "123456789012_CloudTrail-Digest_us-east-1_foo_us-east-1_20150816T230550Z.json.gz",
         "|123456789012|us-east-1|foo|us-east-1|2015-08-16T23:05:50Z|0"},
        {"p/AWSLogs/o-abc/1/CloudTrail-Digest/x/"
         "1_CloudTrail-Digest_eu-west-1_a_b_c_us-east-1_20150816T230550Z_backfill.json.gz",
         "o-abc|1|eu-west-1|a_b_c|us-east-1|2015-08-16T23:05:50Z|1"},
        {"1_CloudTrail-Digest_r_t_h_20150816T230550Z.json", "|1|r|t|h|2015-08-16T23:05:50Z|0"},
        {"1_CloudTrail-Digest_r_t_h_20150816T230550Z_backfill_other.json.gz", "none"},
        {"1_CloudTrail-Digest_r_t_h_20150816.json.gz", "none"},
        {"1_CloudTrail-Digest_r_20150816T230550Z.json.gz", "none"},
        {"1_CloudTrail_r_20150816T2305Z_x.json.gz", "none"},
        {"file_backfill.txt", "none"},
        {"", "none"},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_digest_name name;
        char time[VG_TIME_TEXT], got[256] = "none";
        if (vg_digest_name_of(vg_str_from(cases[i].object), &name)) {
            vg_time_format(name.time, time);
            snprintf(got, sizeof got, "%.*s|%.*s|%.*s|%.*s|%.*s|%s|%d", VG_ARG(name.organization),
                     VG_ARG(name.account), VG_ARG(name.region), VG_ARG(name.trail), VG_ARG(name.home), time,
                     name.backfill);
        }
        if (strcmp(got, cases[i].wanted) != 0)
            fail_msg("%s\n  wanted: %s\n  got:    %s", cases[i].object, cases[i].wanted, got);
    }
}

static void a_file_stands_where_its_object_does(void **state)
{
    static const struct {
        const char *root, *file, *object;
        bool in_place;
    } cases[] = {
        {"d", "d/AWSLogs/1/x.json.gz", "AWSLogs/1/x.json.gz", true},
        {"d", "d/bucket/AWSLogs/1/x.json.gz", "AWSLogs/1/x.json.gz", true},
        {"d", "d/AWSLogs/1/x.json", "AWSLogs/1/x.json.gz", true},
        {"d", "d/AWSLogs/1/x.json.zst", "AWSLogs/1/x.json.gz", true},
        {"d", "d/1/x.json.gz", "AWSLogs/1/x.json.gz", true},
        {"d/", "d/1/x.json.gz", "AWSLogs/1/x.json.gz", true},
        {"d", "d/x.json.gz", "AWSLogs/1/x.json.gz", true},
        {"d/x.json.gz", "d/x.json.gz", "AWSLogs/1/x.json.gz", true},
        {"d", "d/other/1/x.json.gz", "AWSLogs/1/x.json.gz", false},
        {"d", "d/2/x.json.gz", "AWSLogs/1/x.json.gz", false},
        {"d", "d/1/y.json.gz", "AWSLogs/1/x.json.gz", false},
        {"d", "d/Logs/1/x.json.gz", "AWSLogs/1/x.json.gz", false},
        {"d", "d/MyAWSLogs/1/x.json.gz", "AWSLogs/1/x.json.gz", false},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        bool got = vg_digest_in_place(vg_str_from(cases[i].root), vg_str_from(cases[i].file),
                                      vg_str_from(cases[i].object));
        if (got != cases[i].in_place)
            fail_msg("%s in %s for %s: wanted %d, got %d", cases[i].file, cases[i].root, cases[i].object,
                     cases[i].in_place, got);
    }
}

static void signatures_are_by_sha256_with_rsa_of_pkcs1(void **state)
{
    static const struct {
        const char *text, *signature;
        vg_signature wanted;
    } cases[] = {
        {"signed text", signature, VG_SIGNATURE_GOOD},
        {"signed texT", signature, VG_SIGNATURE_BAD},
        {"", signature, VG_SIGNATURE_BAD},
        {"signed text", signature_sha1, VG_SIGNATURE_BAD},
        {"signed text", signature_pss, VG_SIGNATURE_BAD},
        {"signed text", "aeff", VG_SIGNATURE_BAD},
        {"signed text", "aef", VG_SIGNATURE_BAD},
        {"signed text", "", VG_SIGNATURE_BAD},
        {"signed text", "no hexadecimal", VG_SIGNATURE_BAD},
    };
    vg_arena *arena = vg_arena_new(0);
    vg_digest_key key = {0};
    vg_error err;
    (void)state;
    assert_int_equal(vg_base64_decode(arena, vg_str_from(public_key), &key.der, &err), VG_OK);
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_signature got =
            vg_digest_signature_check(&key, vg_str_from(cases[i].text), vg_str_from(cases[i].signature));
        if (got != cases[i].wanted)
            fail_msg("\"%s\" signed %.16s...: wanted %d, got %d", cases[i].text, cases[i].signature,
                     (int)cases[i].wanted, (int)got);
    }
    static const vg_str no_keys[] = {VG_STR_INIT("a\n"), VG_STR_INIT(""), VG_STR_INIT("0\x82\x01")};
    for (size_t i = 0; i < VG_COUNT(no_keys); i++) {
        const vg_digest_key bad = {.der = no_keys[i]};
        assert_int_equal(vg_digest_signature_check(&bad, VG_STR("signed text"), vg_str_from(signature)),
                         VG_SIGNATURE_NO_KEY);
    }
    key.der = vg_arena_join(arena, key.der, VG_STR("more"));
    assert_int_equal(vg_digest_signature_check(&key, VG_STR("signed text"), vg_str_from(signature)),
                     VG_SIGNATURE_NO_KEY);
    vg_arena_free(arena);
}

static void keys_are_read_with_their_region_and_time(void **state)
{
#define LIST "\"PublicKeyList\":[{\"Value\":\"YQo=\",\"Fingerprint\":\"abc\","
    static const struct {
        const char *name, *text, *wanted; /* fingerprint region from until, or the error */
    } cases[] = {
        {"keys.json", "{" LIST "\"ValidityStartTime\":1453076702.0,\"ValidityEndTime\":1455668702}]}",
         "abc||2016-01-18T00:25:02Z|2016-02-17T00:25:02Z"},
        {"public-keys-us-gov-west-1.json", "{" LIST "\"ValidityStartTime\":\"2016-01-18T00:25:02+00:00\"}]}",
         "abc|us-gov-west-1|2016-01-18T00:25:02Z|-"},
        {"eu-central-2/k.json", "{" LIST "\"x\":0}]}", "abc||-|-"},
        {"eu-central-2.json", "{" LIST "\"ValidityEndTime\":-1}]}", "abc|eu-central-2|-|-"},
        {"keys-2026-01-05.json", "{" LIST "\"ValidityEndTime\":1e300}]}", "abc||-|-"},
        {"eu-west-1.json", "{\"region\":\"us-east-1\",\"output\":{" LIST "\"x\":0}]}}", "abc|us-east-1|-|-"},
        {"k.json", "{\"PublicKeyList\":[7]}", "||-|-"},
        {"k.json", "{\"PublicKeyList\":7}", "value"},
        {"k.json", "{}", "value"},
        {"k.json", "[]", "value"},
        {"k.json", "{", "syntax"},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_vec keys = vg_vec_in(arena, sizeof(vg_digest_key));
        vg_error err;
        char got[256], from[VG_TIME_TEXT] = "-", until[VG_TIME_TEXT] = "-";
        vg_status status =
            vg_digest_keys_read(arena, vg_str_from(cases[i].text), vg_str_from(cases[i].name), &keys, &err);
        snprintf(got, sizeof got, "%s", vg_status_name(status));
        if (status == VG_OK && keys.len == 1) {
            const vg_digest_key *key = vg_vec_at(&keys, 0);
            if (key->from != VG_TIME_NONE)
                vg_time_format(key->from, from);
            if (key->until != VG_TIME_NONE)
                vg_time_format(key->until, until);
            snprintf(got, sizeof got, "%.*s|%.*s|%s|%s", VG_ARG(key->fingerprint), VG_ARG(key->region), from,
                     until);
        }
        if (strcmp(got, cases[i].wanted) != 0)
            fail_msg("%s: %s\n  wanted: %s\n  got:    %s", cases[i].name, cases[i].text, cases[i].wanted,
                     got);
        vg_arena_free(arena);
    }
}

static void hashes_are_compared_as_numbers(void **state)
{
    static const struct {
        const char *text;
        bool same;
    } cases[] = {
        {"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", true},
        {"BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD", true},
        {"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ae", false},
        {"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a", false},
        {"0ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", false},
        {"", false},
        {"0", false},
    };
    const vg_sha256 hash = vg_sha256_bytes(VG_STR("abc")), zero = {{0, 1}};
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++)
        if (vg_digest_same_hash(vg_str_from(cases[i].text), &hash) != cases[i].same)
            fail_msg("%s: wanted %d", cases[i].text, cases[i].same);
    assert_true(
        vg_digest_same_hash(VG_STR("1000000000000000000000000000000000000000000000000000000000000"), &zero));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_of_a_digest_are_read),
        cmocka_unit_test(what_is_signed_is_end_place_hash_and_signature_before),
        cmocka_unit_test(names_of_digests_say_whose_they_are),
        cmocka_unit_test(a_file_stands_where_its_object_does),
        cmocka_unit_test(signatures_are_by_sha256_with_rsa_of_pkcs1),
        cmocka_unit_test(keys_are_read_with_their_region_and_time),
        cmocka_unit_test(hashes_are_compared_as_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
