/* Rules as people write them, a handful of documents each, and what they answer: statements of policies, open ports, tags,
 * references between resources, manifests, plans. The answers are cfn-guard's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/control.h"

enum { P = VG_GUARD_PASS, F = VG_GUARD_FAIL, S = VG_GUARD_SKIP, E = VG_GUARD_ERROR, NONE };

typedef struct {
    const char *document; /* YAML; NULL at the end */
    int expected;         /* of the rule t */
} answer;

static const struct {
    const char *name, *rules;
    answer answers[13];
} idioms[] = {
    {"a statement that allows everyone",
     "rule t {\n"
     "  Resources.*[ Type == 'AWS::IAM::Role' ].Properties.Policy.Statement[*] {\n"
     "    Effect == 'Deny' or Principal != '*'\n"
     "  }\n"
     "}\n",
     {{"Resources: {r: {Type: 'AWS::IAM::Role', Properties: {Policy: {Statement: [{Effect: Allow, Principal: "
       "'*'}]}}}}",
       F},
      {"Resources: {r: {Type: 'AWS::IAM::Role', Properties: {Policy: {Statement: {Effect: Deny, Principal: "
       "'*'}}}}}",
       P},
      {"Resources: {r: {Type: 'AWS::IAM::Role', Properties: {Policy: {Statement: [{Effect: Allow, Principal: "
       "{AWS: ['123456789012']}}]}}}}",
       F},
      {"Resources: {r: {Type: 'AWS::S3::Bucket'}}", S}}},
    {"a principal that is one or many",
     "rule t {\n"
     "  some Statement[*].Principal[*] == '*'\n"
     "}\n",
     {{"Statement: [{Principal: '*'}]", P},
      {"Statement: [{Principal: [a, '*']}]", P},
      {"Statement: [{Principal: [a, b]}, {Principal: c}]", F},
      {"Statement: []", F},
      {"Statement: {Principal: '*'}", P}}},
    {"statements with a condition on where requests come from",
     "rule t {\n"
     "  let scoped = some Statement[*].Condition[ keys == /aws:[sS]ource(Vpc|VPC|Vpce|VPCE)/ ]\n"
     "  %scoped !empty\n"
     "}\n",
     {{"Statement: [{Condition: {'aws:SourceVpc': [vpc-1]}}]", P},
      {"Statement: [{Condition: {'aws:sourceVPCE': x}}, {Effect: Allow}]", P},
      {"Statement: [{Condition: {'aws:PrincipalOrgID': x}}]", F},
      {"Statement: [{Effect: Allow}]", F}}},
    {"condition operators over the keys that they hold",
     "rule t {\n"
     "  Statement[ Condition exists\n"
     "             Condition.*[ keys == 'aws:SecureTransport' ] !empty ] !empty\n"
     "}\n",
     {{"Statement: [{Condition: {Bool: {'aws:SecureTransport': 'false'}}}]", P},
      {"Statement: [{Condition: {Bool: {x: 'false'}}}]", F},
      {"Statement: [{Effect: Allow}]", F}}},
    {"ports open to the world, of both families",
     "rule t {\n"
     "  let ports = [22, 3389]\n"
     "  let open = configuration.ipPermissions[\n"
     "    some ipv4Ranges[*].cidrIp == '0.0.0.0/0' or\n"
     "    some ipv6Ranges[*].cidrIpv6 == '::/0'\n"
     "    this.fromPort exists\n"
     "  ]\n"
     "  when %open !empty {\n"
     "    %open {\n"
     "      this.fromPort not in %ports <<open to the world>>\n"
     "    }\n"
     "  }\n"
     "}\n",
     {{"configuration: {ipPermissions: [{fromPort: 22, ipv4Ranges: [{cidrIp: 0.0.0.0/0}]}]}", F},
      {"configuration: {ipPermissions: [{fromPort: 443, ipv4Ranges: [{cidrIp: 0.0.0.0/0}]}]}", P},
      {"configuration: {ipPermissions: [{fromPort: 3389, ipv4Ranges: [{cidrIp: 10.0.0.0/8}], ipv6Ranges: "
       "[{cidrIpv6: '::/0'}]}]}",
       F},
      {"configuration: {ipPermissions: [{fromPort: 22, ipv4Ranges: [{cidrIp: 10.0.0.0/8}]}]}", S}}},
    {"ports in ranges that a parameter lists",
     "rule t {\n"
     "  InputParameters.Blocked[*] {\n"
     "    this in r(100, 400] or this in r(4000, 65535]\n"
     "  }\n"
     "}\n",
     {{"InputParameters: {Blocked: [101, 400, 4001]}", P},
      {"InputParameters: {Blocked: [100]}", F},
      {"InputParameters: {Blocked: ['200']}", F},
      {"InputParameters: {Blocked: []}", F}}},
    {"containers with limits, in a manifest",
     "rule t when kind == 'Pod' {\n"
     "  spec.containers[*] {\n"
     "    resources.limits.cpu exists\n"
     "    resources.limits.memory exists <<set a limit>>\n"
     "  }\n"
     "}\n",
     {{"{kind: Pod, spec: {containers: [{resources: {limits: {cpu: 1, memory: 1Gi}}}]}}", P},
      {"{kind: Pod, spec: {containers: [{resources: {limits: {cpu: 1, memory: 1Gi}}}, {name: b}]}}", F},
      {"{kind: Job}", S}}},
    {"changes of a plan, tagged",
     "let changes = resource_changes[ type == 'aws_s3_bucket' ]\n"
     "rule t when %changes !empty {\n"
     "  %changes.change.after.tags !empty\n"
     "  %changes.change.after.tags[ keys == /^(?!aws:)/ ] !empty\n"
     "}\n",
     {{"{\"resource_changes\": [{\"type\": \"aws_s3_bucket\", \"change\": {\"after\": {\"tags\": {\"owner\": "
       "\"a\"}}}}]}",
       P},
      {"{\"resource_changes\": [{\"type\": \"aws_s3_bucket\", \"change\": {\"after\": {\"tags\": {\"aws:x\": "
       "\"a\"}}}}]}",
       F},
      {"{\"resource_changes\": [{\"type\": \"aws_s3_bucket\", \"change\": {\"after\": {\"tags\": null}}}]}",
       E},
      {"{\"resource_changes\": [{\"type\": \"aws_instance\"}]}", S}}},
    {"tags that must be there, whatever their order",
     "rule t {\n"
     "  Tags[ Key == 'owner' ].Value == /^[a-z]+@example\\.com$/\n"
     "  Tags[ Key == 'stage' ] !empty\n"
     "  Tags[ Key == 'stage' ].Value in ['dev', 'prod']\n"
     "}\n",
     {{"Tags: [{Key: stage, Value: dev}, {Key: owner, Value: a@example.com}]", P},
      {"Tags: [{Key: owner, Value: a@example.org}, {Key: stage, Value: dev}]", F},
      {"Tags: [{Key: owner, Value: a@example.com}]", F},
      {"Tags: {Key: stage, Value: dev}", F}}},
    {"a bucket for each policy, by reference",
     "let buckets = Resources[ names | Type == 'AWS::S3::Bucket' ]\n"
     "let policies = Resources.*[ Type == 'AWS::S3::BucketPolicy' ]\n"
     "rule t when %buckets !empty {\n"
     "  %policies.Properties.Bucket.Ref in %names\n"
     "}\n",
     {{"Resources: {b: {Type: 'AWS::S3::Bucket'}, p: {Type: 'AWS::S3::BucketPolicy', Properties: {Bucket: "
       "!Ref b}}}",
       P},
      {"Resources: {b: {Type: 'AWS::S3::Bucket'}, p: {Type: 'AWS::S3::BucketPolicy', Properties: {Bucket: "
       "!Ref c}}}",
       F},
      {"Resources: {b: {Type: 'AWS::S3::Bucket'}}", S}}},
    {"the resource that a reference names",
     "let tasks = Resources.*[ Type == 'AWS::ECS::TaskDefinition' ]\n"
     "let refs = some %tasks.Properties.TaskRoleArn.'Fn::GetAtt'[0]\n"
     "rule t when %refs !empty {\n"
     "  Resources.%refs {\n"
     "    Type == 'AWS::IAM::Role'\n"
     "    Properties.PermissionsBoundary exists\n"
     "  }\n"
     "}\n",
     {{"Resources: {t: {Type: 'AWS::ECS::TaskDefinition', Properties: {TaskRoleArn: {'Fn::GetAtt': [r, "
       "Arn]}}}, r: {Type: 'AWS::IAM::Role', Properties: {PermissionsBoundary: x}}}",
       P},
      {"Resources: {t: {Type: 'AWS::ECS::TaskDefinition', Properties: {TaskRoleArn: {'Fn::GetAtt': [r, "
       "Arn]}}}, r: {Type: 'AWS::IAM::Role', Properties: {}}}",
       F},
      {"Resources: {t: {Type: 'AWS::ECS::TaskDefinition', Properties: {TaskRoleArn: {'Fn::GetAtt': [z, "
       "Arn]}}}}",
       F},
      {"Resources: {t: {Type: 'AWS::ECS::TaskDefinition', Properties: {TaskRoleArn: "
       "'arn:aws:iam::1:role/x'}}}",
       S}}},
    {"secrets that look like keys",
     "rule t {\n"
     "  Environment.* != /(?<![A-Z0-9])[A-Z0-9]{20}(?![A-Z0-9])/\n"
     "}\n",
     {{"Environment: {a: AKIAIOSFODNN7EXAMPLE}", F},
      {"Environment: {a: AKIAIOSFODNN7EXAMPLE0}", P},
      {"Environment: {a: x, b: key=AKIAIOSFODNN7EXAMPLE;}", F}}},
    {"encryption by one of two ways",
     "rule t {\n"
     "  Resources.*[ Type == /^AWS::(RDS|DocDB)::DBCluster$/ ] {\n"
     "    Properties {\n"
     "      StorageEncrypted == true\n"
     "      KmsKeyId exists or KmsAlias !empty\n"
     "    }\n"
     "  }\n"
     "}\n",
     {{"Resources: {a: {Type: 'AWS::RDS::DBCluster', Properties: {StorageEncrypted: true, KmsKeyId: k}}}", P},
      {"Resources: {a: {Type: 'AWS::DocDB::DBCluster', Properties: {StorageEncrypted: true, KmsAlias: ''}}}",
       F},
      {"Resources: {a: {Type: 'AWS::RDS::DBCluster', Properties: {StorageEncrypted: 'true', KmsKeyId: k}}}",
       F},
      {"Resources: {a: {Type: 'AWS::RDS::DBCluster'}}", F},
      {"Resources: {a: {Type: 'AWS::RDS::DBInstance'}}", S}}},
    {"a suppression in metadata",
     "let b = Resources.*[ Type == 'AWS::S3::Bucket'\n"
     "  Metadata.guard.SuppressedRules not exists or\n"
     "  Metadata.guard.SuppressedRules.* != 'T' ]\n"
     "rule t when %b !empty {\n"
     "  %b.Properties.Versioning exists\n"
     "}\n",
     {{"Resources: {b: {Type: 'AWS::S3::Bucket', Properties: {}}}", F},
      {"Resources: {b: {Type: 'AWS::S3::Bucket', Metadata: {guard: {SuppressedRules: [T]}}, Properties: {}}}",
       S},
      {"Resources: {b: {Type: 'AWS::S3::Bucket', Metadata: {guard: {SuppressedRules: [U]}}, Properties: "
       "{Versioning: 1}}}",
       P},
      {"Resources: {b: {Type: 'AWS::S3::Bucket', Metadata: {guard: {SuppressedRules: [U, T]}}, Properties: "
       "{}}}",
       S}}},
    {"a list of maps in a list of literals",
     "rule t {\n"
     "  Rules[*] in [{ 'from': 1, 'to': 2 }, { 'from': 3, 'to': 4 }]\n"
     "}\n",
     {{"Rules: [{from: 1, to: 2}]", P},
      {"Rules: [{to: 4, from: 3}, {from: 1, to: 2}]", P},
      {"Rules: [{from: 1, to: 3}]", F},
      {"Rules: [{from: 1}]", F}}},
    {"a list that must be one of several lists",
     "rule t {\n"
     "  Actions in [['s3:Get*', 's3:List*'], ['s3:Get*']]\n"
     "}\n",
     {{"Actions: ['s3:Get*']", P},
      {"Actions: ['s3:Get*', 's3:List*']", P},
      {"Actions: ['s3:*']", F},
      {"Actions: 's3:Get*'", F}}},
    {"nothing but what is allowed",
     "rule t {\n"
     "  Actions[*] not in ['*', /:\\*$/]\n"
     "}\n",
     {{"Actions: ['s3:Get*']", P},
      {"Actions: ['s3:*']", F},
      {"Actions: ['a:b', '*']", F},
      {"Actions: 'iam:*'", F}}},
    {"empty, of everything that can be",
     "rule t {\n"
     "  a empty\n"
     "}\n",
     {{"a: []", P},
      {"a: {}", P},
      {"a: ''", P},
      {"b: 1", P},
      {"a: [x]", F},
      {"a: {x: 1}", F},
      {"a: x", F},
      {"a: true", F},
      {"a: 1", E},
      {"a: 1.5", E},
      {"a: null", E}}},
    {"not empty, of everything that can be",
     "rule t {\n"
     "  a !empty\n"
     "}\n",
     {{"a: []", F},
      {"a: {}", F},
      {"a: ''", F},
      {"b: 1", F},
      {"a: [x]", P},
      {"a: {x: 1}", P},
      {"a: x", P},
      {"a: true", P},
      {"a: 1", E}}},
    {"a policy kept as text",
     "rule t {\n"
     "  let policy = json_parse(Policy)\n"
     "  %policy.Statement[*] {\n"
     "    Effect == 'Allow'\n"
     "    Action != '*'\n"
     "  }\n"
     "}\n",
     {{"Policy: '{\"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"s3:Get\"}]}'", P},
      {"Policy: '{\"Statement\": {\"Effect\": \"Allow\", \"Action\": \"*\"}}'", F},
      {"Policy: 'no json {'", F},
      {"Policy: 5", S}}},
    {"counts, joins and parts of text",
     "rule t {\n"
     "  let n = count(Subnets[*])\n"
     "  %n >= 2\n"
     "  let all = join(Subnets[*], ',')\n"
     "  %all == /^subnet-a,/\n"
     "  let head = substring(Name, 0, 4)\n"
     "  let big = to_upper(%head)\n"
     "  %big == 'PROD'\n"
     "}\n",
     {{"{Subnets: [subnet-a, subnet-b], Name: prod-1}", P},
      {"{Subnets: [subnet-a], Name: prod-1}", F},
      {"{Subnets: [subnet-a, subnet-b], Name: dev}", P}}},
    {"rules with parameters that call each other",
     "rule text(value) {\n"
     "  %value {\n"
     "    this is_string\n"
     "    this != /^\\s*$/\n"
     "  }\n"
     "}\n"
     "rule named(things, wanted) {\n"
     "  %things {\n"
     "    text(Name)\n"
     "    Name in %wanted\n"
     "  }\n"
     "}\n"
     "rule t {\n"
     "  let wanted = ['a', 'b']\n"
     "  named(Things[*], %wanted)\n"
     "}\n",
     {{"Things: [{Name: a}, {Name: b}]", P},
      {"Things: [{Name: a}, {Name: ' '}]", F},
      {"Things: [{Name: 5}]", F},
      {"Things: []", F}}},
    {"conditions inside of blocks",
     "rule t {\n"
     "  Volumes[*] {\n"
     "    when Type in ['io1', 'io2'] {\n"
     "      Iops exists\n"
     "      Iops >= 100\n"
     "    }\n"
     "    when Type == 'gp3' {\n"
     "      let size = Size\n"
     "      %size <= 16384\n"
     "    }\n"
     "  }\n"
     "}\n",
     {{"Volumes: [{Type: io1, Iops: 100}, {Type: gp3, Size: 1}]", P},
      {"Volumes: [{Type: io2}]", F},
      {"Volumes: [{Type: gp3, Size: 20000}]", F},
      {"Volumes: [{Type: st1}]", S}}},
    {"sets of values, whichever comes first",
     "rule t {\n"
     "  A[*].x == B[*].y\n"
     "}\n",
     {{"{A: [{x: 1}, {x: 2}], B: [{y: 2}, {y: 1}]}", P},
      {"{A: [{x: 1}], B: [{y: 2}, {y: 1}]}", F},
      {"{A: [{x: 1}, {x: 2}], B: [{y: 1}]}", F},
      {"{A: [{x: 1}], B: [{z: 1}]}", F}}},
    {"short forms where a value stands",
     "rule t {\n"
     "  Name {\n"
     "    this is_string or\n"
     "    'Fn::Sub' exists or\n"
     "    Ref exists\n"
     "  }\n"
     "  Zone.'Fn::Select'[0] == 0\n"
     "  Zone.'Fn::Select'[1].'Fn::GetAZs' exists\n"
     "}\n",
     {{"Name: !Sub '${a}'\nZone: !Select [0, !GetAZs '']", P},
      {"Name: !Ref a\nZone: !Select [1, !GetAZs '']", F},
      {"Name: x\nZone: !Select\n  - 0\n  - !GetAZs a", P},
      {"Name: [x]\nZone: !Select [0, !GetAZs '']", F}}},
    {"names hide others of outer blocks",
     "let x = 1\n"
     "rule t {\n"
     "  a == %x\n"
     "  b {\n"
     "    let x = 2\n"
     "    this == %x\n"
     "    when this exists {\n"
     "      let x = 3\n"
     "      this < %x\n"
     "    }\n"
     "  }\n"
     "}\n",
     {{"{a: 1, b: 2}", P}, {"{a: 2, b: 2}", F}, {"{a: 1, b: 1}", F}}},
};

typedef struct {
    const vg_ruleset *rules;
    int status;
} judged;

static void note_status(void *context, size_t rule, vg_guard_status status, const vg_error *error)
{
    judged *j = context;
    (void)error;
    if (vg_str_is(vg_ruleset_rule(j->rules, rule).name, "t"))
        j->status = (int)status;
}

static int judge(const vg_ruleset *rules, const char *document)
{
    vg_arena *arena = vg_arena_new(0);
    vg_doc doc;
    vg_error err = {0};
    judged j = {rules, NONE};
    vg_guard_sink sink = {.rule = note_status, .context = &j};
    assert_int_equal(vg_guard_document_read(arena, vg_str_from(document), VG_STR("d"), &doc, &err), VG_OK);
    assert_int_equal(vg_ruleset_evaluate(rules, &doc, NULL, arena, &sink, &err), VG_OK);
    vg_arena_free(arena);
    return j.status;
}

static void rules_of_the_field_answer_as_cfn_guard_does(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < VG_COUNT(idioms); i++) {
        vg_rule_source source = {VG_STR("t.guard"), vg_str_from(idioms[i].rules), true};
        vg_ruleset *rules = NULL;
        vg_error err = {0};
        assert_int_equal(vg_ruleset_compile(&source, 1, &rules, &err), VG_OK);
        for (const answer *a = idioms[i].answers; a->document; a++) {
            int got = judge(rules, a->document);
            if (got == a->expected)
                continue;
            wrong++;
            print_error("%s: %s: got %s, expected %s\n", idioms[i].name, a->document,
                        got == NONE ? "nothing" : vg_guard_status_name((vg_guard_status)got),
                        vg_guard_status_name((vg_guard_status)a->expected));
        }
        vg_ruleset_free(rules);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_of_the_field_answer_as_cfn_guard_does),
    };
    return cmocka_run_group_tests_name("guard idioms", tests, NULL, NULL);
}
