/* Fields below "vigil.": what an event of CloudTrail itself tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "detect/detect_part.h"

typedef struct {
    const char *event, *field, *expected; /* expected as JSON; NULL: the event has none */
} derived_case;

static size_t check(vg_arena *arena, const derived_case *c)
{
    vg_error err = {0};
    vg_doc doc;
    vg_event event;
    vg_event_memory memory;
    const vg_value *value = NULL;
    vg_buf text = {0};
    if (vg_json_read(arena, vg_str_from(c->event), VG_STR("event"), NULL, &doc, &err) != VG_OK)
        fail_msg("%s in %s", err.message, c->event);
    assert_int_equal(vg_event_of(VG_LOG_CLOUDTRAIL, doc.root, &memory, &event, &err), VG_OK);
    if (vg_derived_field(&event, vg_str_from(c->field), arena, &value))
        vg_json_write(&text, value, 0);
    else
        vg_buf_add_c(&text, "(none)");
    const char *expected = c->expected ? c->expected : "(none)";
    bool same = vg_str_is(vg_buf_str(&text), expected);
    if (!same)
        print_error("vigil.%s of %s\n  is       %.*s\n  expected %s\n", c->field, c->event,
                    VG_ARG(vg_buf_str(&text)), expected);
    /* The same without a record at hand. */
    event.record = NULL;
    const vg_value *again = NULL;
    bool has = vg_derived_field(&event, vg_str_from(c->field), arena, &again);
    assert_true(has == (value != NULL) && (!has || vg_value_equal(value, again)));
    vg_buf_free(&text);
    return same ? 0 : 1;
}

static void check_all(const derived_case *cases, size_t count)
{
    size_t failures = 0;
    vg_arena *arena = vg_arena_new(0);
    for (size_t i = 0; i < count; i++)
        failures += check(arena, &cases[i]);
    vg_arena_free(arena);
    assert_int_equal(failures, 0);
}

#define CHECK_ALL(cases) check_all((cases), VG_COUNT(cases))

static void outcome_is_attempted_when_the_call_failed(void **state)
{
    (void)state;
    const derived_case cases[] = {
        {"{\"eventName\":\"CreateUser\"}", "outcome", "\"succeeded\""},
        {"{\"eventName\":\"CreateUser\",\"errorCode\":\"AccessDenied\"}", "outcome", "\"attempted\""},
        {"{\"eventName\":\"ConsoleLogin\",\"errorMessage\":\"Failed authentication\"}", "outcome",
         "\"attempted\""},
        {"{\"eventName\":\"ConsoleLogin\",\"responseElements\":{\"ConsoleLogin\":\"Failure\"}}", "outcome",
         "\"attempted\""},
        {"{\"eventName\":\"ConsoleLogin\",\"responseElements\":{\"ConsoleLogin\":\"Success\"}}", "outcome",
         "\"succeeded\""},
        {"{\"eventName\":\"CreateUser\",\"errorCode\":null,\"responseElements\":null}", "outcome",
         "\"succeeded\""},
    };
    CHECK_ALL(cases);
}

static void actor_outlives_sessions(void **state)
{
    (void)state;
    const derived_case cases[] = {
        {"{\"userIdentity\":{\"type\":\"AssumedRole\",\"arn\":\"arn:aws:sts::111122223333:assumed-role/r/"
         "one\","
         "\"sessionContext\":{\"sessionIssuer\":{\"type\":\"Role\",\"arn\":\"arn:aws:iam::111122223333:role/"
         "r\"}}}}",
         "actor", "\"arn:aws:iam::111122223333:role/r\""},
        {"{\"userIdentity\":{\"type\":\"IAMUser\",\"arn\":\"arn:aws:iam::111122223333:user/u\"}}", "actor",
         "\"arn:aws:iam::111122223333:user/u\""},
        {"{\"userIdentity\":{\"type\":\"AWSService\",\"invokedBy\":\"config.amazonaws.com\"}}", "actor",
         "\"config.amazonaws.com\""},
        {"{}", "actor", NULL},
    };
    CHECK_ALL(cases);
}

static void actor_kind_tells_what_calls(void **state)
{
    (void)state;
    const derived_case cases[] = {
        {"{\"userIdentity\":{\"type\":\"Root\"}}", "actor.kind", "\"root\""},
        {"{\"userIdentity\":{\"type\":\"IAMUser\"}}", "actor.kind", "\"user\""},
        {"{\"userIdentity\":{\"type\":\"AssumedRole\"}}", "actor.kind", "\"role\""},
        {"{\"userIdentity\":{\"type\":\"AssumedRole\",\"sessionContext\":{\"sessionIssuer\":{\"type\":"
         "\"Root\"}}}}",
         "actor.kind", "\"root\""},
        {"{\"userIdentity\":{\"type\":\"SAMLUser\"}}", "actor.kind", "\"federated\""},
        {"{\"userIdentity\":{\"type\":\"WebIdentityUser\"}}", "actor.kind", "\"federated\""},
        {"{\"userIdentity\":{\"type\":\"AWSService\"}}", "actor.kind", "\"service\""},
        {"{\"userIdentity\":{\"invokedBy\":\"x.amazonaws.com\"}}", "actor.kind", "\"service\""},
        {"{\"userIdentity\":{\"type\":\"AWSAccount\",\"accountId\":\"444455556666\"}}", "actor.kind",
         "\"account\""},
        {"{\"userIdentity\":{\"type\":\"AWSAccount\",\"accountId\":\"ANONYMOUS_PRINCIPAL\"}}", "actor.kind",
         "\"anonymous\""},
        {"{\"userIdentity\":{\"type\":\"AWSAccount\",\"principalId\":\"\",\"accountId\":\"anonymous\"}}",
         "actor.kind", "\"anonymous\""},
        {"{\"userIdentity\":{}}", "actor.kind", NULL},
    };
    CHECK_ALL(cases);
}

static void addresses_are_public_private_or_of_a_service(void **state)
{
    (void)state;
    const derived_case cases[] = {
        {"{\"sourceIPAddress\":\"203.0.113.9\"}", "ip.kind", "\"public\""},
        {"{\"sourceIPAddress\":\"10.1.2.3\"}", "ip.kind", "\"private\""},
        {"{\"sourceIPAddress\":\"172.31.255.1\"}", "ip.kind", "\"private\""},
        {"{\"sourceIPAddress\":\"172.32.0.1\"}", "ip.kind", "\"public\""},
        {"{\"sourceIPAddress\":\"192.168.0.1\"}", "ip.kind", "\"private\""},
        {"{\"sourceIPAddress\":\"100.64.0.1\"}", "ip.kind", "\"private\""},
        {"{\"sourceIPAddress\":\"100.128.0.1\"}", "ip.kind", "\"public\""},
        {"{\"sourceIPAddress\":\"169.254.169.254\"}", "ip.kind", "\"private\""},
        {"{\"sourceIPAddress\":\"2001:db8::1\"}", "ip.kind", "\"public\""},
        {"{\"sourceIPAddress\":\"fd00::1\"}", "ip.kind", "\"private\""},
        {"{\"sourceIPAddress\":\"fe80::1\"}", "ip.kind", "\"private\""},
        {"{\"sourceIPAddress\":\"::1\"}", "ip.kind", "\"private\""},
        {"{\"sourceIPAddress\":\"::ffff:10.0.0.1\"}", "ip.kind", "\"private\""},
        {"{\"sourceIPAddress\":\"cloudformation.amazonaws.com\"}", "ip.kind", "\"service\""},
        {"{\"sourceIPAddress\":\"AWS Internal\"}", "ip.kind", "\"service\""},
        {"{\"sourceIPAddress\":\"evil-amazonaws.com\"}", "ip.kind", "\"none\""},
        {"{}", "ip.kind", "\"none\""},
        {"{\"sourceIPAddress\":\"config.amazonaws.com\",\"userIdentity\":{\"type\":\"AssumedRole\","
         "\"invokedBy\":\"config.amazonaws.com\"}}",
         "service", "true"},
        {"{\"sourceIPAddress\":\"203.0.113.9\",\"userIdentity\":{\"type\":\"AssumedRole\","
         "\"invokedBy\":\"config.amazonaws.com\"}}",
         "service", "false"},
        {"{\"sourceIPAddress\":\"203.0.113.9\",\"userIdentity\":{\"type\":\"AWSService\"}}", "service",
         "true"},
    };
    CHECK_ALL(cases);
}

/* Policies as text (escaped JSON) and as objects. */
#define TEXT_POLICY(text)                                                                                    \
    "{\"recipientAccountId\":\"111122223333\",\"requestParameters\":{\"policyDocument\":\"" text "\"}}"
#define OBJECT_POLICY(json)                                                                                  \
    "{\"recipientAccountId\":\"111122223333\",\"requestParameters\":{\"bucketPolicy\":{\"Statement\":" json  \
    "}}}"

static void a_policy_is_public_when_everyone_may(void **state)
{
    (void)state;
    const derived_case cases[] = {
        {OBJECT_POLICY("[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"s3:*\"}]"), "policy.public",
         "true"},
        {OBJECT_POLICY("{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"*\"}}"), "policy.public", "true"},
        {OBJECT_POLICY("[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":[\"111122223333\",\"*\"]}}]"),
         "policy.public", "true"},
        {OBJECT_POLICY("[{\"effect\":\"allow\",\"principal\":{\"aws\":\"*\"}}]"), "policy.public", "true"},
        {OBJECT_POLICY("[{\"Effect\":\"Allow\",\"NotPrincipal\":{\"AWS\":\"111122223333\"}}]"),
         "policy.public", "true"},
        {OBJECT_POLICY("[{\"Effect\":\"Deny\",\"Principal\":\"*\"}]"), "policy.public", "false"},
        {OBJECT_POLICY("[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"444455556666\"}}]"), "policy.public",
         "false"},
        {OBJECT_POLICY("[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]"), "policy.public",
         "false"},
        {TEXT_POLICY(
             "{\\\"Statement\\\": [ { \\\"Principal\\\" : \\\"*\\\" , \\\"Effect\\\" :\\n\\\"Allow\\\" } ]}"),
         "policy.public", "true"},
        {TEXT_POLICY(
             "%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%22%2A%22%7D%7D"),
         "policy.public", "true"},
        {TEXT_POLICY(
             "%257B%2522Statement%2522%253A%257B%2522Effect%2522%253A%2522Allow%2522%252C%2522Principal%2522"
             "%253A%2522%252A%2522%257D%257D"),
         "policy.public", "true"},
        {TEXT_POLICY(
             "{\\\"a\\\":\\\"{\\\\\\\"Statement\\\\\\\":{\\\\\\\"Effect\\\\\\\":\\\\\\\"Allow\\\\\\\","
             "\\\\\\\"Principal\\\\\\\":\\\\\\\"*\\\\\\\"}}\\\"}"),
         "policy.public", "true"},
        {TEXT_POLICY("no policy"), "policy.public", NULL},
        {TEXT_POLICY("{\\\"Statement\\\":"), "policy.public", NULL},
        {"{\"requestParameters\":null}", "policy.public", NULL},
        {"{}", "policy.public", NULL},
    };
    CHECK_ALL(cases);
}

#define WITH_CONDITION(json)                                                                                 \
    OBJECT_POLICY("[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Condition\":" json "}]")

static void a_condition_narrows_only_what_strangers_cannot_meet(void **state)
{
    (void)state;
    const derived_case cases[] = {
        {WITH_CONDITION("{\"StringEquals\":{\"aws:PrincipalOrgID\":\"o-1\"}}"), "policy.public", "false"},
        {WITH_CONDITION("{\"stringequals\":{\"AWS:PRINCIPALORGID\":[\"o-1\"]}}"), "policy.public", "false"},
        {WITH_CONDITION("{\"ArnLike\":{\"aws:SourceArn\":\"arn:aws:s3:::b\"}}"), "policy.public", "false"},
        {WITH_CONDITION("{\"StringEquals\":{\"aws:SourceAccount\":\"111122223333\"}}"), "policy.public",
         "false"},
        {WITH_CONDITION("{\"StringEquals\":{\"aws:SourceVpc\":\"vpc-1\"}}"), "policy.public", "false"},
        {WITH_CONDITION("{\"StringEquals\":{\"aws:SourceVpce\":\"vpce-1\"}}"), "policy.public", "false"},
        {WITH_CONDITION("{\"IpAddress\":{\"aws:SourceIp\":\"203.0.113.0/24\"}}"), "policy.public", "false"},
        {WITH_CONDITION("{\"StringEquals\":{\"kms:CallerAccount\":\"111122223333\"}}"), "policy.public",
         "false"},
        {WITH_CONDITION("{\"ForAnyValue:StringLike\":{\"aws:PrincipalOrgPaths\":\"o-1/*\"}}"),
         "policy.public", "false"},
        {WITH_CONDITION("{\"IpAddress\":{\"aws:SourceIp\":\"0.0.0.0/0\"}}"), "policy.public", "true"},
        {WITH_CONDITION("{\"IpAddress\":{\"aws:SourceIp\":[\"0.0.0.0/1\",\"128.0.0.0/1\"]}}"),
         "policy.public", "true"},
        {WITH_CONDITION("{\"StringLike\":{\"aws:PrincipalArn\":\"*\"}}"), "policy.public", "true"},
        {WITH_CONDITION("{\"StringLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::*:role/x\"}}"), "policy.public",
         "true"},
        {WITH_CONDITION("{\"StringNotEquals\":{\"aws:PrincipalOrgID\":\"o-1\"}}"), "policy.public", "true"},
        {WITH_CONDITION("{\"StringEqualsIfExists\":{\"aws:PrincipalOrgID\":\"o-1\"}}"), "policy.public",
         "true"},
        {WITH_CONDITION("{\"ForAllValues:StringEquals\":{\"aws:PrincipalOrgPaths\":\"o-1\"}}"),
         "policy.public", "true"},
        {WITH_CONDITION("{\"Bool\":{\"aws:SecureTransport\":\"true\"}}"), "policy.public", "true"},
        {WITH_CONDITION("{\"StringEquals\":{\"aws:UserAgent\":\"x\"}}"), "policy.public", "true"},
        {WITH_CONDITION("{}"), "policy.public", "true"},
    };
    CHECK_ALL(cases);
}

static void a_policy_names_principals_actions_and_strangers(void **state)
{
    (void)state;
#define TRUST                                                                                                \
    OBJECT_POLICY(                                                                                           \
        "[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":[\"arn:aws:iam::444455556666:root\","                 \
        "\"arn:aws:iam::111122223333:role/r\",\"777788889999\"],\"Service\":\"ec2.amazonaws.com\"},"         \
        "\"Action\":[\"sts:AssumeRole\",\"sts:TagSession\"]},{\"Effect\":\"Deny\",\"Principal\":"            \
        "{\"AWS\":\"222222222222\"},\"Action\":\"sts:AssumeRole\"}]")
    const derived_case cases[] = {
        {TRUST, "policy.principal",
         "[\"444455556666\",\"arn:aws:iam::111122223333:role/r\",\"777788889999\",\"ec2.amazonaws.com\","
         "\"222222222222\"]"},
        {TRUST, "policy.external", "[\"444455556666\",\"777788889999\"]"},
        {TRUST, "policy.action", "[\"sts:AssumeRole\",\"sts:TagSession\"]"},
        {TRUST, "policy.effect", "[\"Allow\",\"Deny\"]"},
        {TRUST, "policy.admin", "false"},
        {TEXT_POLICY(
             "{\\\"Statement\\\":[{\\\"Effect\\\":\\\"Allow\\\",\\\"Action\\\":[\\\"*\\\"],\\\"Resource\\\":"
             "\\\"*\\\"}]}"),
         "policy.admin", "true"},
        {TEXT_POLICY(
             "{\\\"Statement\\\":[{\\\"Effect\\\":\\\"Deny\\\",\\\"Action\\\":\\\"*\\\",\\\"Resource\\\":"
             "\\\"*\\\"}]}"),
         "policy.admin", "false"},
        {"{\"eventName\":\"AddPermission20150331v2\",\"recipientAccountId\":\"111122223333\","
         "\"requestParameters\":"
         "{\"functionName\":\"f\",\"principal\":\"*\",\"action\":\"lambda:InvokeFunction\"}}",
         "policy.public", "true"},
        {"{\"eventName\":\"AddPermission20150331v2\",\"recipientAccountId\":\"111122223333\","
         "\"requestParameters\":"
         "{\"functionName\":\"f\",\"principal\":\"*\",\"principalOrgID\":\"o-1\",\"action\":\"lambda:"
         "InvokeFunction\"}}",
         "policy.public", "false"},
        {"{\"eventName\":\"AddPermission20150331v2\",\"recipientAccountId\":\"111122223333\","
         "\"requestParameters\":"
         "{\"functionName\":\"f\",\"principal\":\"444455556666\",\"action\":\"lambda:InvokeFunction\"}}",
         "policy.external", "[\"444455556666\"]"},
    };
    CHECK_ALL(cases);
}

#define PARAMETERS(json) "{\"recipientAccountId\":\"111122223333\",\"requestParameters\":" json "}"

static void sharing_names_the_strangers(void **state)
{
    (void)state;
    const derived_case cases[] = {
        {PARAMETERS("{\"createVolumePermission\":{\"add\":{\"items\":[{\"userId\":\"444455556666\"}]}}}"),
         "external", "[\"444455556666\"]"},
        {PARAMETERS("{\"createVolumePermission\":{\"remove\":{\"items\":[{\"userId\":\"444455556666\"}]}}}"),
         "external", NULL},
        {PARAMETERS("{\"createVolumePermission\":{\"add\":{\"items\":[{\"userId\":\"111122223333\"}]}}}"),
         "external", NULL},
        {PARAMETERS("{\"launchPermission\":{\"add\":{\"items\":[{\"group\":\"all\"}]}}}"), "external",
         "[\"*\"]"},
        {PARAMETERS("{\"attributeName\":\"restore\",\"valuesToAdd\":[\"444455556666\",\"777788889999\"]}"),
         "external", "[\"444455556666\",\"777788889999\"]"},
        {PARAMETERS("{\"attributeName\":\"restore\",\"valuesToAdd\":[\"all\"]}"), "external", "[\"*\"]"},
        {PARAMETERS("{\"valuesToRemove\":[\"444455556666\"]}"), "external", NULL},
        {PARAMETERS("{\"principals\":[\"arn:aws:iam::444455556666:role/x\"]}"), "external",
         "[\"444455556666\"]"},
        {PARAMETERS("{\"accountIdsToAdd\":[\"444455556666\"]}"), "external", "[\"444455556666\"]"},
        {PARAMETERS("{\"roleArn\":\"arn:aws:iam::444455556666:role/x\"}"), "external", NULL},
        {PARAMETERS("{\"userId\":\"AIDAEXAMPLE\"}"), "external", NULL},
    };
    CHECK_ALL(cases);
}

static void user_data_is_decoded(void **state)
{
    (void)state;
    const derived_case cases[] = {
        {PARAMETERS("{\"userData\":\"IyEvYmluL3No\"}"), "user_data", "[\"#!/bin/sh\"]"},
        {PARAMETERS("{\"userData\":{\"value\":\"IyEvYmluL3No\"}}"), "user_data", "[\"#!/bin/sh\"]"},
        {PARAMETERS("{\"launchTemplateData\":{\"userData\":\"IyEvYmluL3No\"}}"), "user_data",
         "[\"#!/bin/sh\"]"},
        {PARAMETERS("{\"userData\":\"H4sIAAAAAAAC/1NW1E/KzNMvzgAAqnjRLwkAAAA=\"}"), "user_data",
         "[\"#!/bin/sh\"]"},
        {PARAMETERS("{\"userData\":\"<sensitiveDataRemoved>\"}"), "user_data", NULL},
        {PARAMETERS("{\"other\":\"IyEvYmluL3No\"}"), "user_data", NULL},
    };
    CHECK_ALL(cases);
}

#define INGRESS(name, json) "{\"eventName\":\"" name "\",\"requestParameters\":" json "}"
#define PERMISSION(ports, ranges)                                                                            \
    "{\"ipPermissions\":{\"items\":[{\"ipProtocol\":\"tcp\"," ports ranges "}]}}"

static void security_groups_open_ports(void **state)
{
    (void)state;
    const char *const ssh = INGRESS("AuthorizeSecurityGroupIngress",
                                    PERMISSION("\"fromPort\":22,\"toPort\":23,",
                                               "\"ipRanges\":{\"items\":[{\"cidrIp\":\"0.0.0.0/0\"}]}"));
    const derived_case cases[] = {
        {ssh, "opens.public", "true"},
        {ssh, "opens.ports", "[22,23]"},
        {INGRESS("AuthorizeSecurityGroupIngress",
                 PERMISSION("\"fromPort\":443,\"toPort\":443,",
                            "\"ipv6Ranges\":{\"items\":[{\"cidrIpv6\":\"::/0\"}]}")),
         "opens.ports", "[443]"},
        {INGRESS("AuthorizeSecurityGroupIngress",
                 PERMISSION("\"fromPort\":22,\"toPort\":22,",
                            "\"ipRanges\":{\"items\":[{\"cidrIp\":\"0.0.0.0/1\"}]}")),
         "opens.public", "true"},
        {INGRESS("AuthorizeSecurityGroupIngress",
                 PERMISSION("\"fromPort\":22,\"toPort\":22,",
                            "\"ipRanges\":{\"items\":[{\"cidrIp\":\"10.0.0.0/8\"}]}")),
         "opens.public", "false"},
        {INGRESS("AuthorizeSecurityGroupIngress",
                 PERMISSION("\"fromPort\":22,\"toPort\":22,",
                            "\"ipRanges\":{\"items\":[{\"cidrIp\":\"10.0.0.0/8\"}]}")),
         "opens.ports", NULL},
        {INGRESS("AuthorizeSecurityGroupIngress",
                 "{\"ipProtocol\":\"tcp\",\"fromPort\":\"3389\",\"toPort\":\"3389\","
                 "\"cidrIp\":\"0.0.0.0/0\"}"),
         "opens.ports", "[3389]"},
        {INGRESS("AuthorizeSecurityGroupIngress",
                 "{\"ipPermissions\":{\"items\":[{\"ipProtocol\":\"icmp\",\"fromPort\":-1,\"toPort\":-1,"
                 "\"ipRanges\":{\"items\":[{\"cidrIp\":\"0.0.0.0/0\"}]}}]}}"),
         "opens.ports", NULL},
        {INGRESS("RevokeSecurityGroupIngress",
                 PERMISSION("\"fromPort\":22,\"toPort\":22,",
                            "\"ipRanges\":{\"items\":[{\"cidrIp\":\"0.0.0.0/0\"}]}")),
         "opens.public", NULL},
        {INGRESS("AuthorizeSecurityGroupEgress",
                 PERMISSION("\"fromPort\":22,\"toPort\":22,",
                            "\"ipRanges\":{\"items\":[{\"cidrIp\":\"0.0.0.0/0\"}]}")),
         "opens.public", NULL},
        {INGRESS("ModifySecurityGroupRules", "{\"ModifySecurityGroupRulesRequest\":{\"SecurityGroupRule\":{"
                                             "\"SecurityGroupRule\":{\"FromPort\":5432,"
                                             "\"ToPort\":5432,\"CidrIpv4\":\"0.0.0.0/0\"}}}}"),
         "opens.ports", "[5432]"},
        {INGRESS("CreateNetworkAclEntry",
                 "{\"egress\":false,\"ruleAction\":\"allow\",\"cidrBlock\":\"0.0.0.0/0\","
                 "\"portRange\":{\"from\":22,\"to\":22}}"),
         "opens.ports", "[22]"},
        {INGRESS("CreateNetworkAclEntry",
                 "{\"egress\":true,\"ruleAction\":\"allow\",\"cidrBlock\":\"0.0.0.0/0\"}"),
         "opens.public", NULL},
        {INGRESS("CreateVpc", "{\"cidrBlock\":\"0.0.0.0/0\"}"), "opens.public", NULL},
    };
    CHECK_ALL(cases);
}

static void all_ports_are_all_ports(void **state)
{
    (void)state;
    vg_error err = {0};
    vg_doc doc;
    vg_event event;
    vg_event_memory memory;
    const vg_value *value = NULL;
    vg_arena *arena = vg_arena_new(0);
    const char *json =
        INGRESS("AuthorizeSecurityGroupIngress",
                "{\"ipPermissions\":{\"items\":[{\"ipProtocol\":\"-1\",\"fromPort\":0,\"toPort\":0,"
                "\"ipRanges\":{\"items\":[{\"cidrIp\":\"0.0.0.0/0\"}]}}]}}");
    assert_int_equal(vg_json_read(arena, vg_str_from(json), VG_STR("event"), NULL, &doc, &err), VG_OK);
    assert_int_equal(vg_event_of(VG_LOG_CLOUDTRAIL, doc.root, &memory, &event, &err), VG_OK);
    assert_true(vg_derived_field(&event, VG_STR("opens.ports"), arena, &value));
    assert_int_equal(vg_value_count(value), 65536);
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcome_is_attempted_when_the_call_failed),
        cmocka_unit_test(actor_outlives_sessions),
        cmocka_unit_test(actor_kind_tells_what_calls),
        cmocka_unit_test(addresses_are_public_private_or_of_a_service),
        cmocka_unit_test(a_policy_is_public_when_everyone_may),
        cmocka_unit_test(a_condition_narrows_only_what_strangers_cannot_meet),
        cmocka_unit_test(a_policy_names_principals_actions_and_strangers),
        cmocka_unit_test(sharing_names_the_strangers),
        cmocka_unit_test(user_data_is_decoded),
        cmocka_unit_test(security_groups_open_ports),
        cmocka_unit_test(all_ports_are_all_ports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
