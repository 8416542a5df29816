/* test_compare.c: pairs of policies whose answer is known, each with what it is about. */
#include "policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define P(statements)         "{\"Version\":\"2012-10-17\",\"Statement\":[" statements "]}"
#define A(actions, resources) "{\"Effect\":\"Allow\",\"Action\":" actions ",\"Resource\":" resources "}"
#define D(actions, resources) "{\"Effect\":\"Deny\",\"Action\":" actions ",\"Resource\":" resources "}"
#define AC(actions, resources, condition)                                                                    \
    "{\"Effect\":\"Allow\",\"Action\":" actions ",\"Resource\":" resources ",\"Condition\":" condition "}"
#define DC(actions, resources, condition)                                                                    \
    "{\"Effect\":\"Deny\",\"Action\":" actions ",\"Resource\":" resources ",\"Condition\":" condition "}"
/* One statement on s3:GetObject under a condition. */
#define C(condition) P(AC("\"s3:GetObject\"", "\"*\"", condition))

typedef struct {
    const char *about, *old_text, *new_text;
    vg_compare_result expected; /* of NEW against OLD */
    vg_compare_result back;     /* of OLD against NEW */
} pair;

#define NO  VG_COMPARE_NO
#define YES VG_COMPARE_YES

static vg_comparison compare(vg_arena *arena, vg_policy_kind kind, const char *old_text, const char *new_text)
{
    vg_policy_document old_policy, new_policy;
    vg_comparison result;
    vg_error err = {0};
    assert_int_equal(
        VG_OK, vg_policy_read_text(arena, vg_str_from(old_text), kind, VG_STR("old"), &old_policy, &err));
    assert_int_equal(
        VG_OK, vg_policy_read_text(arena, vg_str_from(new_text), kind, VG_STR("new"), &new_policy, &err));
    if (vg_policy_compare(arena, &old_policy, &new_policy, &result, &err) != VG_OK)
        fail_msg("%s\nOLD %s\nNEW %s", err.message, old_text, new_text);
    return result;
}

static void check(const pair *p, vg_policy_kind kind, const char *old_text, const char *new_text,
                  vg_compare_result expected)
{
    vg_arena *arena = vg_arena_new(0);
    vg_comparison got = compare(arena, kind, old_text, new_text);
    if (got.result != expected)
        fail_msg("%s: expected %s, got %s (%s; %.*s on %.*s)\nOLD %s\nNEW %s", p->about,
                 vg_compare_result_name(expected), vg_compare_result_name(got.result),
                 got.reason ? got.reason : "", VG_ARG(got.action), VG_ARG(got.resource), old_text, new_text);
    vg_arena_free(arena);
}

static void check_pairs(const pair *pairs, size_t count, vg_policy_kind kind)
{
    for (size_t i = 0; i < count; i++) {
        check(&pairs[i], kind, pairs[i].old_text, pairs[i].new_text, pairs[i].expected);
        check(&pairs[i], kind, pairs[i].new_text, pairs[i].old_text, pairs[i].back);
    }
}

static void actions_and_resources_are_compared_over_all_strings(void **state)
{
    (void)state;
    static const pair pairs[] = {
        {"a policy and itself", P(A("\"s3:Get*\"", "\"*\"")), P(A("\"s3:Get*\"", "\"*\"")), NO, NO},
        {"letter case of actions", P(A("\"s3:getobject\"", "\"*\"")), P(A("\"S3:GetObject\"", "\"*\"")), NO,
         NO},
        {"one action more", P(A("\"s3:GetObject\"", "\"*\"")),
         P(A("[\"s3:GetObject\",\"s3:PutObject\"]", "\"*\"")), YES, NO},
        {"a list and its wildcard", P(A("[\"s3:GetObject\",\"s3:GetObjectAcl\"]", "\"*\"")),
         P(A("\"s3:GetObject*\"", "\"*\"")), YES, NO},
        {"? is one character", P(A("\"s3:Get?\"", "\"*\"")), P(A("\"s3:Get*\"", "\"*\"")), YES, NO},
        {"a run is nothing, or one and more", P(A("[\"s3:Get\",\"s3:Get?*\"]", "\"*\"")),
         P(A("\"s3:Get*\"", "\"*\"")), NO, NO},
        {"every action", P(A("\"s3:*\"", "\"*\"")), P(A("\"*\"", "\"*\"")), YES, NO},
        {"*:* is *", P(A("\"*:*\"", "\"*\"")), P(A("\"*\"", "\"*\"")), NO, NO},
        {"all but one", P("{\"Effect\":\"Allow\",\"NotAction\":\"iam:*\",\"Resource\":\"*\"}"),
         P(A("\"s3:*\"", "\"*\"")), NO, YES},
        {"all but two", P("{\"Effect\":\"Allow\",\"NotAction\":[\"iam:*\",\"sts:*\"],\"Resource\":\"*\"}"),
         P("{\"Effect\":\"Allow\",\"NotAction\":\"iam:*\",\"Resource\":\"*\"}"), YES, NO},
        {"NotAction and its complement", P(A("\"*\"", "\"*\"")),
         P("{\"Effect\":\"Allow\",\"NotAction\":\"iam:*\",\"Resource\":\"*\"}," A("\"iam:*\"", "\"*\"")), NO,
         NO},
        {"split statements",
         P(A("[\"s3:GetObject\",\"s3:PutObject\"]", "[\"arn:aws:s3:::a/*\",\"arn:aws:s3:::b/*\"]")),
         P(A("\"s3:GetObject\"", "[\"arn:aws:s3:::b/*\",\"arn:aws:s3:::a/*\"]") "," A(
             "\"s3:PutObject\"", "\"arn:aws:s3:::a/*\"") "," A("\"s3:PutObject\"", "\"arn:aws:s3:::b/*\"")),
         NO, NO},
        {"a cross of two lists",
         P(A("\"s3:GetObject\"", "\"arn:aws:s3:::a/*\"") "," A("\"s3:PutObject\"", "\"arn:aws:s3:::b/*\"")),
         P(A("[\"s3:GetObject\",\"s3:PutObject\"]", "[\"arn:aws:s3:::a/*\",\"arn:aws:s3:::b/*\"]")), YES, NO},
        {"narrower resource", P(A("\"s3:*\"", "\"arn:aws:s3:::a*\"")),
         P(A("\"s3:*\"", "\"arn:aws:s3:::ab/*\"")), NO, YES},
        {"every ARN and *", P(A("\"s3:ListAllMyBuckets\"", "\"arn:*:s3:*:*:*\"")),
         P(A("\"s3:ListAllMyBuckets\"", "\"*\"")), YES, NO},
        {"a region's wildcard stays in its segment",
         P(A("\"ec2:*\"", "\"arn:aws:ec2:us-*:111122223333:instance/*\"")),
         P(A("\"ec2:*\"", "\"arn:aws:ec2:us-east-1:111122223333:instance/i-1\"")), NO, YES},
        {"wildcards within segments that overlap",
         P(A("\"ec2:*\"", "\"arn:aws:ec2:us-*:111122223333:instance/*\"")),
         P(A("\"ec2:*\"", "\"arn:aws:ec2:*-1:111122223333:instance/*\"")), YES, YES},
        {"all but a bucket", P(A("\"s3:*\"", "\"*\"")),
         P("{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"NotResource\":\"arn:aws:s3:::a\"}"), NO, YES},
        {"a bucket and all but it", P(A("\"s3:*\"", "\"*\"")),
         P("{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"NotResource\":\"arn:aws:s3:::a\"}," A(
             "\"s3:*\"", "\"arn:aws:s3:::a\"")),
         NO, NO},
        {"a wildcard in a resource's type is no certain cover",
         P(A("\"ec2:*\"", "\"arn:aws:ec2:*:*:*/i-1\"")),
         P(A("\"ec2:*\"", "\"arn:aws:ec2:us-east-1:111122223333:instance/i-1\"")), VG_COMPARE_MAYBE,
         VG_COMPARE_MAYBE},
        {"GetCallerIdentity needs no permission", P(A("\"sts:TagSession\"", "\"*\"")),
         P(A("[\"sts:TagSession\",\"sts:GetCallerIdentity\"]", "\"*\"")), NO, NO},
    };
    check_pairs(pairs, VG_COUNT(pairs), VG_POLICY_IDENTITY);
}

static void denies_take_away_and_their_loss_gives(void **state)
{
    (void)state;
    static const pair pairs[] = {
        {"a deny less", P(A("\"s3:*\"", "\"*\"") "," D("\"s3:DeleteObject\"", "\"*\"")),
         P(A("\"s3:*\"", "\"*\"")), YES, NO},
        {"a deny that denied nothing", P(A("\"s3:*\"", "\"*\"") "," D("\"ec2:*\"", "\"*\"")),
         P(A("\"s3:*\"", "\"*\"")), NO, NO},
        {"a narrower deny", P(A("\"s3:*\"", "\"*\"") "," D("\"s3:*\"", "\"arn:aws:s3:::a/*\"")),
         P(A("\"s3:*\"", "\"*\"") "," D("\"s3:*\"", "\"arn:aws:s3:::a/b/*\"")), YES, NO},
        {"a deny split in two",
         P(A("\"s3:*\"", "\"*\"") "," D("[\"s3:DeleteObject\",\"s3:PutObject\"]", "\"*\"")),
         P(A("\"s3:*\"", "\"*\"") "," D("\"s3:DeleteObject\"", "\"*\"") "," D("\"s3:PutObject\"", "\"*\"")),
         NO, NO},
        {"deny in place of leaving out",
         P("{\"Effect\":\"Allow\",\"NotAction\":\"iam:*\",\"Resource\":\"*\"}"),
         P(A("\"*\"", "\"*\"") "," D("\"iam:*\"", "\"*\"")), NO, NO},
        {"what the deny took is not allowed any more",
         P(A("\"s3:*\"", "\"*\"") "," D("\"s3:DeleteObject\"", "\"*\"")), P(A("\"s3:GetObject\"", "\"*\"")),
         NO, YES},
        {"allow under a condition against a deny without",
         P(A("\"s3:*\"", "\"*\"") "," DC("\"s3:*\"", "\"*\"",
                                         "{\"Bool\":{\"aws:SecureTransport\":\"false\"}}")),
         P(A("\"s3:*\"", "\"*\"") "," D("\"s3:*\"", "\"*\"")), NO, YES},
        {"deny under a wider condition",
         P(A("\"s3:*\"", "\"*\"") "," DC("\"s3:*\"", "\"*\"",
                                         "{\"StringNotEquals\":{\"aws:RequestedRegion\":"
                                         "[\"eu-west-1\"]}}")),
         P(A("\"s3:*\"", "\"*\"") "," DC("\"s3:*\"", "\"*\"",
                                         "{\"StringNotEquals\":{\"aws:RequestedRegion\":"
                                         "[\"eu-west-1\",\"eu-west-2\"]}}")),
         YES, NO},
    };
    check_pairs(pairs, VG_COUNT(pairs), VG_POLICY_IDENTITY);
}

static void conditions_are_compared_by_meaning(void **state)
{
    (void)state;
    static const pair pairs[] = {
        {"a condition less", C("{\"StringEquals\":{\"a:b\":\"x\"}}"), P(A("\"s3:GetObject\"", "\"*\"")), YES,
         NO},
        {"a value more", C("{\"StringEquals\":{\"a:b\":\"x\"}}"),
         C("{\"StringEquals\":{\"A:B\":[\"y\",\"x\"]}}"), YES, NO},
        {"equals and like", C("{\"StringEquals\":{\"a:b\":\"x*\"}}"), C("{\"StringLike\":{\"a:b\":\"x*\"}}"),
         YES, NO},
        {"like without wildcard", C("{\"StringEquals\":{\"a:b\":\"x\"}}"),
         C("{\"StringLike\":{\"a:b\":\"x\"}}"), NO, NO},
        {"case", C("{\"StringEqualsIgnoreCase\":{\"a:b\":\"X\"}}"), C("{\"StringEquals\":{\"a:b\":\"x\"}}"),
         NO, YES},
        {"case spelled out", C("{\"StringEqualsIgnoreCase\":{\"a:b\":\"X\"}}"),
         C("{\"StringEquals\":{\"a:b\":[\"x\",\"X\"]}}"), NO, NO},
        {"if exists", C("{\"StringEquals\":{\"a:b\":\"x\"}}"),
         C("{\"StringEqualsIfExists\":{\"a:b\":\"x\"}}"), YES, NO},
        {"if exists, and it does", C("{\"StringEquals\":{\"a:b\":\"x\"}}"),
         C("{\"StringEqualsIfExists\":{\"a:b\":\"x\"},\"Null\":{\"a:b\":\"false\"}}"), NO, NO},
        {"not equals holds of what is absent", C("{\"StringNotEquals\":{\"a:b\":\"x\"}}"),
         C("{\"StringNotEquals\":{\"a:b\":\"x\"},\"Null\":{\"a:b\":\"false\"}}"), NO, YES},
        {"not equals, if it exists, is not equals", C("{\"StringNotEquals\":{\"a:b\":\"${aws:userid}\"}}"),
         C("{\"StringNotEqualsIfExists\":{\"a:b\":\"${aws:userid}\"}}"), NO, NO},
        {"what is no number", C("{\"NumericLessThan\":{\"a:b\":[\"10\",\"x\"]}}"),
         C("{\"NumericLessThan\":{\"a:b\":\"10\"}}"), NO, NO},
        {"what is no address", C("{\"NotIpAddress\":{\"aws:SourceIp\":\"<my cidr>\"}}"),
         C("{\"NotIpAddress\":{\"aws:SourceIp\":\"10.0.0.0/8\"}}"), YES, NO},
        {"a variable in an ARN's account", C("{\"ArnLike\":{\"a:b\":\"arn:aws:iam::*:role/x\"}}"),
         C("{\"ArnLike\":{\"a:b\":\"arn:aws:iam::${aws:PrincipalAccount}:role/x\"}}"), NO, YES},
        {"not equals twice", C("{\"StringNotEquals\":{\"a:b\":[\"x\",\"y\"]}}"),
         C("{\"StringNotEquals\":{\"a:b\":\"x\"}}"), YES, NO},
        {"for any value", C("{\"ForAnyValue:StringEquals\":{\"a:b\":[\"x\",\"y\"]}}"),
         C("{\"ForAnyValue:StringEquals\":{\"a:b\":\"x\"}}"), NO, YES},
        {"for all values holds of nothing", C("{\"ForAllValues:StringEquals\":{\"a:b\":\"x\"}}"),
         C("{\"ForAllValues:StringEquals\":{\"a:b\":\"x\"},\"Null\":{\"a:b\":\"false\"}}"), NO, YES},
        {"some of all", C("{\"ForAnyValue:StringEquals\":{\"a:b\":\"x\"}}"),
         C("{\"ForAllValues:StringEquals\":{\"a:b\":\"x\"},\"Null\":{\"a:b\":\"false\"}}"), NO, YES},
        {"numbers", C("{\"NumericLessThan\":{\"a:b\":\"10\"}}"),
         C("{\"NumericLessThanEquals\":{\"a:b\":\"9.5\"}}"), NO, YES},
        {"numbers as text", C("{\"NumericEquals\":{\"a:b\":\"10\"}}"),
         C("{\"NumericEquals\":{\"a:b\":10.0}}"), NO, NO},
        {"a gap in numbers",
         P(AC("\"s3:GetObject\"", "\"*\"", "{\"NumericLessThan\":{\"a:b\":\"5\"}}") "," AC(
             "\"s3:GetObject\"", "\"*\"", "{\"NumericGreaterThan\":{\"a:b\":\"5\"}}")),
         C("{\"NumericNotEquals\":{\"a:b\":\"5\"},\"Null\":{\"a:b\":\"false\"}}"), NO, NO},
        {"dates", C("{\"DateGreaterThan\":{\"aws:CurrentTime\":\"2026-01-01T00:00:00Z\"}}"),
         C("{\"DateGreaterThan\":{\"aws:CurrentTime\":\"2026-06-01T00:00:00Z\"}}"), NO, YES},
        {"dates in two forms", C("{\"DateLessThan\":{\"aws:CurrentTime\":\"2024-01-01T00:00:00Z\"}}"),
         C("{\"DateLessThan\":{\"aws:CurrentTime\":\"1704067200\"}}"), NO, NO},
        {"addresses", C("{\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/8\"}}"),
         C("{\"IpAddress\":{\"aws:SourceIp\":[\"10.0.0.0/9\",\"10.128.0.0/9\"]}}"), NO, NO},
        {"IPv4 is no part of IPv6", C("{\"IpAddress\":{\"aws:SourceIp\":\"::/0\"}}"),
         C("{\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/8\"}}"), YES, YES},
        {"a year", C("{\"DateLessThan\":{\"aws:CurrentTime\":\"2026\"}}"),
         C("{\"DateLessThan\":{\"aws:CurrentTime\":\"2026-01-01T00:00:00Z\"}}"), NO, NO},
        {"a wider prefix", C("{\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/16\"}}"),
         C("{\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/15\"}}"), YES, NO},
        {"not these addresses", C("{\"NotIpAddress\":{\"aws:SourceIp\":\"2001:db8::/32\"}}"),
         C("{\"NotIpAddress\":{\"aws:SourceIp\":\"2001:db8::/33\"}}"), YES, NO},
        {"ARNs", C("{\"ArnLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::*:role/a*\"}}"),
         C("{\"ArnEquals\":{\"aws:PrincipalArn\":\"arn:aws:iam::111122223333:role/ab\"}}"), NO, YES},
        {"an ARN's wildcard stays in its segment",
         C("{\"ArnLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::*:role/a\"}}"),
         C("{\"StringLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::*:role/a\"}}"), YES, NO},
        {"no ARN is neither like nor unlike", C("{\"ArnNotLike\":{\"a:b\":\"arn:aws:iam::*:role/a\"}}"),
         C("{\"StringNotLike\":{\"a:b\":\"arn:aws:iam::*:role/a\"}}"), YES, YES},
        {"what is unlike an ARN is one", C("{\"StringLike\":{\"a:b\":\"arn:*:*:*:*:*\"}}"),
         C("{\"ArnNotLike\":{\"a:b\":\"arn:aws:iam::*:role/a\"},\"Null\":{\"a:b\":\"false\"}}"), NO, YES},
        {"what is no number is not unequal either", C("{\"NumericNotEquals\":{\"a:b\":\"10\"}}"),
         C("{\"NumericNotEquals\":{\"a:b\":[\"10\",\"x\"]}}"), NO, YES},
        {"two types on one key", P(A("\"s3:PutObject\"", "\"*\"")),
         C("{\"NumericLessThan\":{\"a:b\":\"100\"},\"StringLike\":{\"a:b\":\"7?\"}}"), VG_COMPARE_MAYBE, YES},
        {"booleans", C("{\"Bool\":{\"a:b\":\"true\"}}"), C("{\"Bool\":{\"a:b\":[\"true\",\"false\"]}}"), YES,
         NO},
        {"two conditions on one key",
         C("{\"StringLike\":{\"a:b\":\"x*\"},\"StringNotLike\":{\"a:b\":\"*y\"}}"),
         C("{\"StringLike\":{\"a:b\":\"x*\"}}"), YES, NO},
        {"a condition that nothing meets", P(A("\"s3:PutObject\"", "\"*\"")),
         C("{\"StringEquals\":{\"a:b\":\"x\"},\"StringNotEquals\":{\"a:b\":\"x\"}}"), NO, YES},
        {"cases of one key, taken together",
         P(AC("\"s3:GetObject\"", "\"*\"", "{\"StringEquals\":{\"a:b\":\"x\"}}") "," AC(
             "\"s3:GetObject\"", "\"*\"", "{\"StringNotEquals\":{\"a:b\":\"x\"}}")),
         P(AC("\"s3:GetObject\"", "\"*\"", "{\"StringLikeIfExists\":{\"a:b\":\"*\"}}")), NO, NO},
        {"different keys", C("{\"StringEquals\":{\"a:b\":\"x\"}}"), C("{\"StringEquals\":{\"a:c\":\"x\"}}"),
         YES, YES},
        {"version 2008 has no variables",
         "{\"Statement\":[" AC("\"s3:GetObject\"", "\"*\"",
                               "{\"StringEquals\":{\"a:b\":\"${aws:userid}\"}}") "]}",
         C("{\"StringEquals\":{\"a:b\":\"${aws:userid}\"}}"), YES, YES},
    };
    check_pairs(pairs, VG_COUNT(pairs), VG_POLICY_IDENTITY);
}

static void variables_are_compared_whatever_their_values(void **state)
{
    (void)state;
    static const pair pairs[] = {
        {"the same variable", P(A("\"s3:*\"", "\"arn:aws:s3:::home/${aws:username}/*\"")),
         P(A("\"s3:GetObject\"", "\"arn:aws:s3:::home/${aws:username}/*\"")), NO, YES},
        {"a wildcard around it", P(A("\"s3:GetObject\"", "\"arn:aws:s3:::home/*\"")),
         P(A("\"s3:GetObject\"", "\"arn:aws:s3:::home/${aws:username}/*\"")), NO, YES},
        {"a variable and more", P(A("\"s3:GetObject\"", "\"arn:aws:s3:::home/${aws:username}/*\"")),
         P(A("\"s3:GetObject\"", "\"arn:aws:s3:::home/${aws:username}/a\"")), NO, YES},
        {"another variable", P(A("\"s3:GetObject\"", "\"arn:aws:s3:::home/${aws:username}\"")),
         P(A("\"s3:GetObject\"", "\"arn:aws:s3:::home/${aws:userid}\"")), YES, YES},
        {"an owner's tag", C("{\"StringEquals\":{\"aws:ResourceTag/owner\":\"${aws:username}\"}}"),
         P(A("\"s3:GetObject\"", "\"*\"")), YES, NO},
        {"a deny by variable",
         P(A("\"s3:GetObject\"", "\"*\"") "," DC("\"s3:GetObject\"", "\"*\"",
                                                 "{\"StringNotEquals\":{\"aws:ResourceAccount\":"
                                                 "\"${aws:PrincipalAccount}\"}}")),
         P(A("\"s3:GetObject\"", "\"*\"")), YES, NO},
        {"a deny that needs the very value",
         P(AC("\"s3:GetObject\"", "\"*\"", "{\"StringEquals\":{\"a:b\":\"x\"}}") "," DC(
             "\"s3:GetObject\"", "\"*\"", "{\"StringEquals\":{\"a:b\":\"${aws:username}\"}}")),
         P(AC("\"s3:GetObject\"", "\"*\"", "{\"StringEquals\":{\"a:b\":\"x\"}}")), YES, NO},
        {"defaults differ", C("{\"StringEquals\":{\"a:b\":\"${aws:username, 'x'}\"}}"),
         C("{\"StringEquals\":{\"a:b\":\"${aws:username, 'y'}\"}}"), YES, YES},
        {"a variable's letter case", C("{\"StringEquals\":{\"a:b\":\"${aws:username}\"}}"),
         C("{\"StringEqualsIgnoreCase\":{\"a:b\":\"${aws:username}\"}}"), YES, NO},
        {"escapes are text", C("{\"StringLike\":{\"a:b\":\"x${*}\"}}"),
         C("{\"StringEquals\":{\"a:b\":\"x*\"}}"), NO, NO},
    };
    check_pairs(pairs, VG_COUNT(pairs), VG_POLICY_IDENTITY);
}

#define R1(principal, effect)                                                                                \
    "{\"Effect\":\"" effect "\"," principal ",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::b/"    \
    "*\"}"
#define R(principal, condition)                                                                              \
    P("{\"Effect\":\"Allow\",\"Principal\":" principal                                                       \
      ",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::b/*\"" condition "}")

static void principals_are_compared_by_whom_they_name(void **state)
{
    (void)state;
    static const pair pairs[] = {
        {"an account more", R("{\"AWS\":\"111122223333\"}", ""),
         R("{\"AWS\":[\"111122223333\",\"444455556666\"]}", ""), YES, NO},
        {"two spellings of an account", R("{\"AWS\":\"111122223333\"}", ""),
         R("{\"AWS\":\"arn:aws:iam::111122223333:root\"}", ""), NO, NO},
        {"a user of the account", R("{\"AWS\":\"111122223333\"}", ""),
         R("{\"AWS\":\"arn:aws:iam::111122223333:user/a\"}", ""), NO, YES},
        {"a session of the role", R("{\"AWS\":\"arn:aws:iam::111122223333:role/r\"}", ""),
         R("{\"AWS\":\"arn:aws:sts::111122223333:assumed-role/r/s\"}", ""), NO, YES},
        {"anyone", R("{\"AWS\":\"111122223333\"}", ""), R("\"*\"", ""), YES, NO},
        {"anyone, two spellings", R("{\"AWS\":\"*\"}", ""), R("\"*\"", ""), NO, NO},
        {"a service", R("{\"Service\":\"ec2.amazonaws.com\"}", ""), R("\"*\"", ""), YES, NO},
        {"a federated session of the user",
         P(R1("\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:user/a\"}", "Allow") "," R1(
             "\"NotPrincipal\":{\"AWS\":[\"arn:aws:iam::111122223333:user/a\",\"111122223333\"]}", "Deny")),
         R("{\"AWS\":\"arn:aws:iam::111122223333:user/a\"}", ""), YES, NO},
        {"a caller with a permissions boundary is never spared",
         P(R1("\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:user/a\"}", "Allow") "," R1(
             "\"NotPrincipal\":{\"AWS\":[\"arn:aws:iam::111122223333:user/a\",\"111122223333\"]}", "Deny")),
         P(R1("\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:user/a\"}",
              "Allow") "," R1("\"Principal\":{\"AWS\":\"arn:aws:iam::999988887777:root\"}", "Deny")),
         YES, NO},
        {"a federated session of the user, by its own name",
         P(R1("\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:user/a\"}", "Allow") "," R1(
             "\"Principal\":{\"AWS\":\"arn:aws:sts::111122223333:federated-user/b\"}", "Deny")),
         R("{\"AWS\":\"arn:aws:iam::111122223333:user/a\"}", ""), YES, NO},
        {"sessions that a provider made",
         P(R1("\"Principal\":{\"Federated\":\"accounts.google.com\"}",
              "Allow") "," R1("\"Principal\":{\"AWS\":\"111122223333\"}", "Deny")),
         R("{\"Federated\":\"accounts.google.com\"}", ""), YES, NO},
        {"anyone of an organisation",
         R("\"*\"", ",\"Condition\":{\"StringEquals\":{\"aws:PrincipalOrgID\":\"o-a\"}}"),
         R("\"*\"", ",\"Condition\":{\"StringEquals\":{\"aws:PrincipalOrgID\":[\"o-a\",\"o-b\"]}}"), YES, NO},
    };
    check_pairs(pairs, VG_COUNT(pairs), VG_POLICY_RESOURCE);
}

static void a_trust_policy_is_compared_without_resource(void **state)
{
    (void)state;
#define T(principal, action, condition)                                                                      \
    P("{\"Effect\":\"Allow\",\"Principal\":" principal ",\"Action\":" action condition "}")
    static const pair pairs[] = {
        {"another account", T("{\"AWS\":\"111122223333\"}", "\"sts:AssumeRole\"", ""),
         T("{\"AWS\":[\"111122223333\",\"444455556666\"]}", "\"sts:AssumeRole\"", ""), YES, NO},
        {"a subject less tight",
         T("{\"Federated\":\"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com\"}",
           "\"sts:AssumeRoleWithWebIdentity\"",
           ",\"Condition\":{\"StringEquals\":{\"token.actions.githubusercontent.com:sub\":\"repo:o/"
           "r:ref:refs/heads/main\"}}"),
         T("{\"Federated\":\"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com\"}",
           "\"sts:AssumeRoleWithWebIdentity\"",
           ",\"Condition\":{\"StringLike\":{\"token.actions.githubusercontent.com:sub\":\"repo:o/r:*\"}}"),
         YES, NO},
        {"a service", T("{\"Service\":\"ec2.amazonaws.com\"}", "\"sts:AssumeRole\"", ""),
         T("{\"Service\":[\"ec2.amazonaws.com\",\"lambda.amazonaws.com\"]}", "\"sts:AssumeRole\"", ""), YES,
         NO},
    };
    check_pairs(pairs, VG_COUNT(pairs), VG_POLICY_TRUST);
}

static void organisation_policies_stand_beside_full_access(void **state)
{
    (void)state;
    static const pair scps[] = {
        {"a short ARN is no certain exclusion",
         P("{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"NotResource\":\"arn:*:*:*:*:*\"}"),
         P("{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"NotResource\":\"arn:aws:sqs\"}"), NO, NO},
        {"a deny less", P(D("[\"ec2:*\",\"s3:*\"]", "\"*\"")), P(D("\"ec2:*\"", "\"*\"")), YES, NO},
        {"an allow list grows", P(A("\"s3:*\"", "\"*\"")), P(A("[\"s3:*\",\"ec2:*\"]", "\"*\"")), YES, NO},
        {"an allow list becomes a deny list", P(A("\"s3:*\"", "\"*\"")), P(D("\"ec2:*\"", "\"*\"")), YES, NO},
        {"a region more",
         P("{\"Effect\":\"Deny\",\"NotAction\":[\"iam:*\",\"sts:*\"],\"Resource\":\"*\",\"Condition\":"
           "{\"StringNotEquals\":{\"aws:RequestedRegion\":[\"eu-west-1\"]}}}"),
         P("{\"Effect\":\"Deny\",\"NotAction\":[\"iam:*\",\"sts:*\"],\"Resource\":\"*\",\"Condition\":"
           "{\"StringNotEquals\":{\"aws:RequestedRegion\":[\"eu-west-1\",\"us-east-1\"]}}}"),
         YES, NO},
    };
    static const pair rcps[] = {
        {"another organisation",
         P("{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:*\",\"Resource\":\"*\",\"Condition\":"
           "{\"StringNotEqualsIfExists\":{\"aws:PrincipalOrgID\":\"o-a\"}}}"),
         P("{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:*\",\"Resource\":\"*\",\"Condition\":"
           "{\"StringNotEqualsIfExists\":{\"aws:PrincipalOrgID\":[\"o-a\",\"o-b\"]}}}"),
         YES, NO},
    };
    check_pairs(scps, VG_COUNT(scps), VG_POLICY_SCP);
    check_pairs(rcps, VG_COUNT(rcps), VG_POLICY_RCP);
}

/* Which statements allow and deny, and what the nearest of OLD lacks. */
static void a_yes_names_the_statements(void **state)
{
    (void)state;
    static const struct {
        const char *about, *old_text;
        uint32_t denied_by, nearest;
        vg_compare_lack lacks;
    } cases[] = {
        {"no statement has the action", P(A("\"s3:PutObject\"", "\"*\"")), VG_COMPARE_NO_STATEMENT,
         VG_COMPARE_NO_STATEMENT, VG_COMPARE_PRINCIPAL},
        {"on other resources",
         P(A("\"s3:PutObject\"", "\"*\"") "," A("\"s3:Get*\"", "\"arn:aws:s3:::other/*\"")),
         VG_COMPARE_NO_STATEMENT, 1, VG_COMPARE_RESOURCE},
        {"under other conditions",
         P(A("\"s3:*\"", "\"arn:aws:s3:::other/*\"") "," AC("\"s3:*\"", "\"*\"",
                                                            "{\"StringEquals\":{\"a:b\":\"x\"}}")),
         VG_COMPARE_NO_STATEMENT, 1, VG_COMPARE_CONDITION},
        {"both", P(AC("\"s3:*\"", "\"arn:aws:s3:::other/*\"", "{\"StringEquals\":{\"a:b\":\"x\"}}")),
         VG_COMPARE_NO_STATEMENT, 0, VG_COMPARE_RESOURCE_AND_CONDITION},
        {"a Deny", P(A("\"s3:*\"", "\"*\"") "," D("\"ec2:*\"", "\"*\"") "," D("\"s3:GetObject\"", "\"*\"")),
         2, VG_COMPARE_NO_STATEMENT, VG_COMPARE_PRINCIPAL},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_comparison got =
            compare(arena, VG_POLICY_IDENTITY, cases[i].old_text,
                    P(D("\"ec2:*\"", "\"*\"") "," A("\"s3:GetObject\"", "\"arn:aws:s3:::b/*\"")));
        assert_int_equal(1, got.allowed_by);
        if (got.result != YES || got.denied_by != cases[i].denied_by || got.nearest != cases[i].nearest ||
            got.nearest_lacks != cases[i].lacks)
            fail_msg("%s: denied by %u, nearest %u, lacks %d", cases[i].about, got.denied_by, got.nearest,
                     got.nearest_lacks);
        vg_arena_free(arena);
    }
}

static void what_aws_would_refuse_is_not_compared(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_policy_document fine, bad;
    vg_comparison result;
    vg_error err = {0};
    vg_str refused =
        VG_STR("{\"Statement\":[{\"Effect\":\"allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]}");
    vg_policy_read_text(arena, vg_str_from(P(A("\"s3:*\"", "\"*\""))), VG_POLICY_IDENTITY, VG_STR("old.json"),
                        &fine, &err);
    vg_policy_read_text(arena, refused, VG_POLICY_IDENTITY, VG_STR("new.json"), &bad, &err);
    assert_int_equal(VG_ERR_VALUE, vg_policy_compare(arena, &fine, &bad, &result, &err));
    assert_string_equal("new.json", err.file_text);
    assert_int_equal(25, err.place.column);
    assert_non_null(strstr(err.message, "INVALID_EFFECT"));
    bad.issue_count = 0;
    bad.kind = VG_POLICY_SCP;
    assert_int_equal(VG_ERR_USAGE, vg_policy_compare(arena, &fine, &bad, &result, &err));
    vg_arena_free(arena);
}

/* Policies far beyond AWS's quotas: an answer in bounded time and memory, and never a wrong one. */
static vg_policy_document large_policy(vg_arena *arena, size_t statements, size_t values, size_t conditions,
                                       vg_policy_kind kind)
{
    vg_policy_document d = {.kind = kind, .version_2012 = true, .statement_count = statements};
    vg_statement *list = VG_NEW_N(arena, vg_statement, statements);
    for (size_t i = 0; i < statements; i++) {
        vg_str *texts = vg_arena_alloc(arena, values * sizeof *texts);
        vg_policy_condition *asked = VG_NEW_N(arena, vg_policy_condition, conditions + 1);
        vg_policy_principal *who = VG_NEW_N(arena, vg_policy_principal, 1);
        for (size_t v = 0; v < values; v++)
            texts[v] = vg_arena_printf(arena, "s3:*a%zu*b%zu*", i, v);
        for (size_t q = 0; q < conditions; q++)
            asked[q] = (vg_policy_condition){.op = VG_OP_STRING_LIKE,
                                             .key = vg_arena_printf(arena, "k:%zu", q),
                                             .values = texts,
                                             .value_count = 1};
        *who = (vg_policy_principal){.kind = VG_PRINCIPAL_ACCOUNT};
        who->text = who->account = vg_arena_printf(arena, "%012zu", i);
        list[i] = (vg_statement){.effect = i % 3 == 2 ? VG_EFFECT_DENY : VG_EFFECT_ALLOW,
                                 .has_principal = kind == VG_POLICY_RESOURCE,
                                 .has_action = true,
                                 .has_resource = true,
                                 .principals = who,
                                 .principal_count = kind == VG_POLICY_RESOURCE,
                                 .actions = texts,
                                 .action_count = values,
                                 .conditions = asked,
                                 .condition_count = conditions};
        vg_str *everywhere = vg_arena_alloc(arena, sizeof *everywhere);
        *everywhere = VG_STR("*");
        list[i].resources = everywhere;
        list[i].resource_count = 1;
    }
    d.statements = list;
    return d;
}

static void large_policies_stay_bounded(void **state)
{
    (void)state;
    static const struct {
        size_t statements, values, conditions;
        vg_policy_kind kind;
    } shapes[] = {{20000, 1, 1, VG_POLICY_IDENTITY},
                  {1, 20000, 0, VG_POLICY_IDENTITY},
                  {2, 1, 5000, VG_POLICY_IDENTITY},
                  {300, 60, 2, VG_POLICY_IDENTITY},
                  {6000, 1, 0, VG_POLICY_RESOURCE}};
    for (size_t i = 0; i < VG_COUNT(shapes); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_policy_document old_policy =
            large_policy(arena, shapes[i].statements, shapes[i].values, shapes[i].conditions, shapes[i].kind);
        vg_policy_document new_policy = old_policy;
        vg_statement *changed = VG_NEW_N(arena, vg_statement, old_policy.statement_count);
        vg_comparison result;
        vg_error err;
        vg_arena *work = vg_arena_new((size_t)512 << 20);
        memcpy(changed, old_policy.statements, old_policy.statement_count * sizeof *changed);
        changed[0].actions = changed[0].resources;
        changed[0].action_count = 1;
        new_policy.statements = changed;
        assert_int_equal(VG_OK, vg_policy_compare(work, &old_policy, &new_policy, &result, &err));
        assert_true(result.result != VG_COMPARE_NO);
        vg_arena_reset(work);
        assert_int_equal(VG_OK, vg_policy_compare(work, &new_policy, &old_policy, &result, &err));
        assert_true(result.result != VG_COMPARE_YES);
        vg_arena_free(work);
        vg_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(actions_and_resources_are_compared_over_all_strings),
        cmocka_unit_test(denies_take_away_and_their_loss_gives),
        cmocka_unit_test(conditions_are_compared_by_meaning),
        cmocka_unit_test(variables_are_compared_whatever_their_values),
        cmocka_unit_test(principals_are_compared_by_whom_they_name),
        cmocka_unit_test(a_trust_policy_is_compared_without_resource),
        cmocka_unit_test(organisation_policies_stand_beside_full_access),
        cmocka_unit_test(a_yes_names_the_statements),
        cmocka_unit_test(what_aws_would_refuse_is_not_compared),
        cmocka_unit_test(large_policies_stay_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
