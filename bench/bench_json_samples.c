/* bench_json_samples.c: texts in the shapes that Vigil reads, made from a fixed seed. */
#include "bench_json.h"
#include "format/format.h"

static uint64_t next_random(uint64_t *state)
{
    *state += 0x9E3779B97F4A7C15u;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static const char *pick(uint64_t *state, const char *const *choices, size_t count)
{
    return choices[next_random(state) % count];
}

static void put(vg_json_writer *w, const char *key, const char *value)
{
    vg_json_put_str(w, key, vg_str_from(value));
}

static void putf(vg_json_writer *w, const char *key, const char *format, uint64_t a, uint64_t b)
{
    char text[256];
    int length = snprintf(text, sizeof text, format, (unsigned long long)a, (unsigned long long)b);
    vg_json_put_str(w, key, vg_str_of(text, (size_t)length));
}

static uint64_t account_of(uint64_t *state)
{
    return 100000000000u + next_random(state) % 1000 * 777777u;
}

/* ---- CloudTrail ---------------------------------------------------------------------------------------------- */

static void put_identity(vg_json_writer *w, uint64_t *state)
{
    uint64_t account = account_of(state), user = next_random(state) % 5000;
    vg_json_key(w, "userIdentity");
    vg_json_object(w);
    put(w, "type", "AssumedRole");
    putf(w, "principalId", "AROA%016llX:session-%llu", user * 0x1234567, user);
    putf(w, "arn", "arn:aws:sts::%llu:assumed-role/deploy-role/session-%llu", account, user);
    putf(w, "accountId", "%llu", account, 0);
    putf(w, "accessKeyId", "ASIA%016llX", next_random(state), 0);
    vg_json_key(w, "sessionContext");
    vg_json_object(w);
    vg_json_key(w, "attributes");
    vg_json_object(w);
    put(w, "creationDate", "2026-03-01T10:15:30Z");
    put(w, "mfaAuthenticated", "false");
    vg_json_end_object(w);
    vg_json_end_object(w);
    vg_json_end_object(w);
}

static void put_record(vg_json_writer *w, uint64_t *state, uint64_t n)
{
    static const char *const names[] = {"DescribeInstances", "GetObject",    "AssumeRole", "PutBucketPolicy",
                                        "ListBuckets",       "ConsoleLogin", "Decrypt",    "CreateAccessKey",
                                        "GetSecretValue",    "RunInstances"};
    static const char *const sources[] = {"ec2.amazonaws.com", "s3.amazonaws.com", "sts.amazonaws.com",
                                          "kms.amazonaws.com"};
    static const char *const regions[] = {"us-east-1", "eu-west-1", "ap-southeast-2"};
    vg_json_object(w);
    put(w, "eventVersion", "1.08");
    put_identity(w, state);
    putf(w, "eventTime", "2026-03-01T10:%02llu:%02lluZ", n / 60 % 60, n % 60);
    put(w, "eventSource", pick(state, sources, VG_COUNT(sources)));
    put(w, "eventName", pick(state, names, VG_COUNT(names)));
    put(w, "awsRegion", pick(state, regions, VG_COUNT(regions)));
    putf(w, "sourceIPAddress", "203.0.113.%llu", next_random(state) % 256, 0);
    put(w, "userAgent",
        "aws-cli/2.15.0 Python/3.11.6 Linux/6.1.0 exe/x86_64.debian.12 prompt/off command/s3.ls");
    vg_json_key(w, "requestParameters");
    if (next_random(state) % 4 == 0) {
        vg_json_null(w);
    } else {
        vg_json_object(w);
        putf(w, "bucketName", "data-lake-%llu-%llu", account_of(state), n % 17);
        putf(w, "key", "raw/2026/03/01/part-%05llu-%016llx.parquet", n, next_random(state));
        vg_json_put_i64(w, "maxResults", (int64_t)(next_random(state) % 1000));
        if (next_random(state) % 8 == 0)
            put(w, "policy",
                "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\"}]}");
        vg_json_end_object(w);
    }
    vg_json_key(w, "responseElements");
    vg_json_null(w);
    vg_json_key(w, "additionalEventData");
    vg_json_object(w);
    put(w, "SignatureVersion", "SigV4");
    put(w, "CipherSuite", "TLS_AES_128_GCM_SHA256");
    vg_json_put_i64(w, "bytesTransferredIn", 0);
    vg_json_put_i64(w, "bytesTransferredOut", (int64_t)(next_random(state) % 5000000));
    vg_json_end_object(w);
    putf(w, "requestID", "%016llx%08llx", next_random(state), n);
    putf(w, "eventID", "%08llx-0000-4000-8000-%012llx", n, next_random(state) >> 16);
    vg_json_put_bool(w, "readOnly", next_random(state) % 3 != 0);
    put(w, "eventType", "AwsApiCall");
    vg_json_put_bool(w, "managementEvent", true);
    putf(w, "recipientAccountId", "%llu", account_of(state), 0);
    put(w, "eventCategory", "Management");
    vg_json_end_object(w);
}

void bench_cloudtrail(vg_buf *out, size_t bytes)
{
    uint64_t state = 1;
    vg_json_writer w = vg_json_writer_to(out, 0);
    vg_json_object(&w);
    vg_json_key(&w, "Records");
    vg_json_array(&w);
    for (uint64_t n = 0; out->len < bytes && !out->failed; n++)
        put_record(&w, &state, n);
    vg_json_end_array(&w);
    vg_json_end_object(&w);
}

/* ---- an organisation's exports --------------------------------------------------------------------------------- */

static void put_role(vg_json_writer *w, uint64_t *state, uint64_t n)
{
    uint64_t account = account_of(state);
    vg_json_object(w);
    put(w, "Path", "/service-role/");
    putf(w, "RoleName", "workload-role-%llu", n, 0);
    putf(w, "RoleId", "AROA%016llX", next_random(state), 0);
    putf(w, "Arn", "arn:aws:iam::%llu:role/service-role/workload-role-%llu", account, n);
    put(w, "CreateDate", "2024-05-17T09:00:00+00:00");
    vg_json_key(w, "AssumeRolePolicyDocument");
    vg_json_object(w);
    put(w, "Version", "2012-10-17");
    vg_json_key(w, "Statement");
    vg_json_array(w);
    vg_json_object(w);
    put(w, "Effect", "Allow");
    vg_json_key(w, "Principal");
    vg_json_object(w);
    putf(w, "AWS", "arn:aws:iam::%llu:root", account, 0);
    vg_json_end_object(w);
    put(w, "Action", "sts:AssumeRole");
    vg_json_end_object(w);
    vg_json_end_array(w);
    vg_json_end_object(w);
    vg_json_key(w, "InstanceProfileList");
    vg_json_array(w);
    vg_json_end_array(w);
    vg_json_key(w, "AttachedManagedPolicies");
    vg_json_array(w);
    for (uint64_t i = 0; i < 1 + n % 3; i++) {
        vg_json_object(w);
        putf(w, "PolicyName", "managed-%llu", i, 0);
        putf(w, "PolicyArn", "arn:aws:iam::%llu:policy/managed-%llu", account, i);
        vg_json_end_object(w);
    }
    vg_json_end_array(w);
    vg_json_put_i64(w, "MaxSessionDuration", 3600);
    vg_json_put_bool(w, "IsAttachable", n % 2 == 0);
    vg_json_end_object(w);
}

void bench_organization(vg_buf *out, size_t bytes)
{
    uint64_t state = 2;
    vg_json_writer w = vg_json_writer_to(out, 4);
    vg_json_object(&w);
    vg_json_key(&w, "RoleDetailList");
    vg_json_array(&w);
    for (uint64_t n = 0; out->len < bytes && !out->failed; n++)
        put_role(&w, &state, n);
    vg_json_end_array(&w);
    vg_json_put_bool(&w, "IsTruncated", false);
    vg_json_end_object(&w);
}

/* ---- messages with Unicode --------------------------------------------------------------------------------------- */

static void put_message(vg_json_writer *w, uint64_t *state, uint64_t n)
{
    static const char *const texts[] = {
        "\xE3\x81\x8A\xE3\x81\xAF\xE3\x82\x88\xE3\x81\x86\xE3\x81\x94\xE3\x81\x96\xE3\x81\x84\xE3\x81\xBE\xE3"
        "\x81\x99 "
        "\xE4\xBB\x8A\xE6\x97\xA5\xE3\x82\x82\xE8\x89\xAF\xE3\x81\x84\xE5\xA4\xA9\xE6\xB0\x97\xE3\x81\xA7\xE3"
        "\x81\x99",
        "deploy done\nall green, see \"runbook\" at C:\\ops\\runbook.md",
        "Gr\xC3\xBC\xC3\x9F"
        "e aus M\xC3\xBCnchen \xF0\x9F\x8D\xBA\xF0\x9F\x8D\xBA",
        "a plain message of usual length about nothing in particular, to be read by nobody at all"};
    vg_json_object(w);
    vg_json_put_i64(w, "id", (int64_t)(505874847260352512u + n));
    putf(w, "id_str", "%llu", 505874847260352512u + n, 0);
    put(w, "text", pick(state, texts, VG_COUNT(texts)));
    vg_json_key(w, "user");
    vg_json_object(w);
    vg_json_put_i64(w, "id", (int64_t)(next_random(state) % 3000000000u));
    put(w, "name", pick(state, texts, VG_COUNT(texts)));
    putf(w, "screen_name", "user_%llu", next_random(state) % 100000, 0);
    vg_json_put_bool(w, "protected", false);
    vg_json_put_i64(w, "followers_count", (int64_t)(next_random(state) % 100000));
    vg_json_put_i64(w, "friends_count", (int64_t)(next_random(state) % 1000));
    put(w, "profile_image_url", "https://images.example/profile/505874847260352512/normal.jpeg");
    put(w, "profile_link_color", "0084B4");
    vg_json_key(w, "time_zone");
    vg_json_null(w);
    vg_json_end_object(w);
    vg_json_key(w, "coordinates");
    vg_json_array(w);
    vg_json_f64(w, (double)(next_random(state) % 180000000) / 1e6);
    vg_json_f64(w, (double)(next_random(state) % 90000000) / 1e6);
    vg_json_end_array(w);
    vg_json_put_i64(w, "retweet_count", (int64_t)(next_random(state) % 100));
    vg_json_put_bool(w, "favorited", n % 5 == 0);
    put(w, "lang", "ja");
    vg_json_end_object(w);
}

void bench_messages(vg_buf *out, size_t bytes)
{
    uint64_t state = 3;
    vg_json_writer w = vg_json_writer_to(out, 0);
    vg_json_array(&w);
    for (uint64_t n = 0; out->len < bytes && !out->failed; n++)
        put_message(&w, &state, n);
    vg_json_end_array(&w);
}

/* ---- templates and numbers --------------------------------------------------------------------------------------- */

static void put_resource(vg_json_writer *w, uint64_t *state, uint64_t n)
{
    char name[40];
    snprintf(name, sizeof name, "DataBucket%llu", (unsigned long long)n);
    vg_json_key(w, name);
    vg_json_object(w);
    put(w, "Type", "AWS::S3::Bucket");
    vg_json_key(w, "Properties");
    vg_json_object(w);
    vg_json_key(w, "BucketName");
    vg_json_object(w);
    put(w, "Fn::Sub", "${AWS::StackName}-data-${AWS::AccountId}");
    vg_json_end_object(w);
    vg_json_key(w, "VersioningConfiguration");
    vg_json_object(w);
    put(w, "Status", "Enabled");
    vg_json_end_object(w);
    vg_json_key(w, "PublicAccessBlockConfiguration");
    vg_json_object(w);
    vg_json_put_bool(w, "BlockPublicAcls", next_random(state) % 2 == 0);
    vg_json_put_bool(w, "RestrictPublicBuckets", true);
    vg_json_end_object(w);
    vg_json_key(w, "Tags");
    vg_json_array(w);
    vg_json_object(w);
    put(w, "Key", "owner");
    putf(w, "Value", "team-%llu", n % 7, 0);
    vg_json_end_object(w);
    vg_json_end_array(w);
    vg_json_put_i64(w, "RetentionInDays", 30);
    vg_json_end_object(w);
    vg_json_end_object(w);
}

void bench_template(vg_buf *out, size_t bytes)
{
    uint64_t state = 4;
    vg_json_writer w = vg_json_writer_to(out, 2);
    vg_json_object(&w);
    put(&w, "AWSTemplateFormatVersion", "2010-09-09");
    vg_json_key(&w, "Resources");
    vg_json_object(&w);
    for (uint64_t n = 0; out->len < bytes && !out->failed; n++)
        put_resource(&w, &state, n);
    vg_json_end_object(&w);
    vg_json_end_object(&w);
}

void bench_metrics(vg_buf *out, size_t bytes)
{
    uint64_t state = 5;
    vg_json_writer w = vg_json_writer_to(out, 0);
    vg_json_array(&w);
    while (out->len < bytes && !out->failed) {
        vg_json_array(&w);
        for (int i = 0; i < 16; i++)
            vg_json_f64(&w, ((double)(next_random(&state) >> 11) * 0x1p-53 - 0.5) * 360);
        vg_json_end_array(&w);
    }
    vg_json_end_array(&w);
}
