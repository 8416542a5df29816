/* asff.c: findings in the AWS Security Finding Format (Security Hub User Guide, "ASFF syntax", SchemaVersion
 * 2018-10-08), as {"Findings": [...]}: what GetFindings gives, and BatchImportFindings takes in batches of 100. Texts are
 * cut to the lengths that Security Hub accepts, at a whole character. */
#include "report/report_part.h"

void report_asff_begin(vg_report_writer *w)
{
    w->json = vg_json_writer_to(w->out, 2);
    vg_json_object(&w->json);
    vg_json_key(&w->json, "Findings");
    vg_json_array(&w->json);
}

void report_asff_end(vg_report_writer *w)
{
    vg_json_end_array(&w->json);
    vg_json_end_object(&w->json);
    put(w, "\n");
    json_make_safe(w);
}

/* The front of `text` of at most `limit` bytes, whole characters. */
static vg_str cut(vg_str text, size_t limit)
{
    size_t len = text.len < limit ? text.len : limit;
    while (len < text.len && len > 0 && ((unsigned char)text.ptr[len] & 0xC0) == 0x80)
        len--;
    return vg_str_sub(text, 0, len);
}

/* Types of CloudFormation that ASFF spells differently; others are "Other". */
static const struct {
    vg_str type, asff;
} TYPES[] = {
    {VG_STR_INIT("AWS::CloudFront::Distribution"), VG_STR_INIT("AwsCloudFrontDistribution")},
    {VG_STR_INIT("AWS::CloudTrail::Trail"), VG_STR_INIT("AwsCloudTrailTrail")},
    {VG_STR_INIT("AWS::DynamoDB::Table"), VG_STR_INIT("AwsDynamoDbTable")},
    {VG_STR_INIT("AWS::EC2::Instance"), VG_STR_INIT("AwsEc2Instance")},
    {VG_STR_INIT("AWS::EC2::SecurityGroup"), VG_STR_INIT("AwsEc2SecurityGroup")},
    {VG_STR_INIT("AWS::EC2::Subnet"), VG_STR_INIT("AwsEc2Subnet")},
    {VG_STR_INIT("AWS::EC2::VPC"), VG_STR_INIT("AwsEc2Vpc")},
    {VG_STR_INIT("AWS::EC2::Volume"), VG_STR_INIT("AwsEc2Volume")},
    {VG_STR_INIT("AWS::ECR::Repository"), VG_STR_INIT("AwsEcrRepository")},
    {VG_STR_INIT("AWS::ECS::Cluster"), VG_STR_INIT("AwsEcsCluster")},
    {VG_STR_INIT("AWS::EKS::Cluster"), VG_STR_INIT("AwsEksCluster")},
    {VG_STR_INIT("AWS::ElasticLoadBalancingV2::LoadBalancer"), VG_STR_INIT("AwsElbv2LoadBalancer")},
    {VG_STR_INIT("AWS::GuardDuty::Detector"), VG_STR_INIT("AwsGuardDutyDetector")},
    {VG_STR_INIT("AWS::IAM::AccessKey"), VG_STR_INIT("AwsIamAccessKey")},
    {VG_STR_INIT("AWS::IAM::Group"), VG_STR_INIT("AwsIamGroup")},
    {VG_STR_INIT("AWS::IAM::ManagedPolicy"), VG_STR_INIT("AwsIamPolicy")},
    {VG_STR_INIT("AWS::IAM::Role"), VG_STR_INIT("AwsIamRole")},
    {VG_STR_INIT("AWS::IAM::User"), VG_STR_INIT("AwsIamUser")},
    {VG_STR_INIT("AWS::KMS::Key"), VG_STR_INIT("AwsKmsKey")},
    {VG_STR_INIT("AWS::Lambda::Function"), VG_STR_INIT("AwsLambdaFunction")},
    {VG_STR_INIT("AWS::RDS::DBCluster"), VG_STR_INIT("AwsRdsDbCluster")},
    {VG_STR_INIT("AWS::RDS::DBInstance"), VG_STR_INIT("AwsRdsDbInstance")},
    {VG_STR_INIT("AWS::S3::Bucket"), VG_STR_INIT("AwsS3Bucket")},
    {VG_STR_INIT("AWS::SNS::Topic"), VG_STR_INIT("AwsSnsTopic")},
    {VG_STR_INIT("AWS::SQS::Queue"), VG_STR_INIT("AwsSqsQueue")},
    {VG_STR_INIT("AWS::SecretsManager::Secret"), VG_STR_INIT("AwsSecretsManagerSecret")},
};

static vg_str type_of(vg_str type)
{
    for (size_t i = 0; i < VG_COUNT(TYPES); i++)
        if (vg_str_eq(type, TYPES[i].type))
            return TYPES[i].asff;
    return vg_str_starts(type, VG_STR("Vigil::Account")) ? VG_STR("AwsAccount") : VG_STR("Other");
}

/* Where Security Hub files it: things without a region are the first region's of their partition. */
static vg_str region_of(const report_finding *v, vg_str partition)
{
    if (v->f.region.len > 0)
        return v->f.region;
    if (vg_str_is(partition, "aws-cn"))
        return VG_STR("cn-north-1");
    return vg_str_is(partition, "aws-us-gov") ? VG_STR("us-gov-west-1") : VG_STR("us-east-1");
}

static void put_identity(vg_report_writer *w, const report_finding *v)
{
    vg_str partition = report_partition(&v->f), region = region_of(v, partition);
    vg_str account = v->f.account.len > 0 ? v->f.account : VG_STR("000000000000");
    vg_json_put_str(&w->json, "SchemaVersion", VG_STR("2018-10-08"));
    json_text(w, "Id", vg_str_from(v->id.hex));
    json_text(w, "ProductArn",
              vg_arena_printf(w->scratch, "arn:%.*s:securityhub:%.*s:%.*s:product/%.*s/default",
                              VG_ARG(partition), VG_ARG(region), VG_ARG(account), VG_ARG(account)));
    json_text(w, "ProductName", v->f.product.len > 0 ? v->f.product : VG_STR("vigil"));
    vg_json_put_str(&w->json, "CompanyName", VG_STR("Vigil"));
    json_text(w, "GeneratorId", cut(v->f.rule, 512));
    json_text(w, "AwsAccountId", account);
    json_filled(w, "AwsAccountName", cut(v->account_name, 50));
    json_text(w, "Region", region);
}

static void put_times(vg_report_writer *w, const report_finding *v)
{
    static const struct {
        const char *key;
        bool last;
    } KEYS[] = {
        {"FirstObservedAt", false}, {"CreatedAt", false}, {"LastObservedAt", true}, {"UpdatedAt", true}};
    for (size_t i = 0; i < VG_COUNT(KEYS); i++) {
        char text[VG_TIME_TEXT];
        vg_time time = KEYS[i].last ? v->last_seen : v->first_seen;
        vg_time_format(time == VG_TIME_NONE ? 0 : time, text);
        vg_json_put_str(&w->json, KEYS[i].key, vg_str_from(text));
    }
}

static void put_severity(vg_report_writer *w, vg_severity severity)
{
    static const struct {
        const char *label;
        int normalized;
    } OF[] = {{"INFORMATIONAL", 0}, {"LOW", 20}, {"MEDIUM", 50}, {"HIGH", 80}, {"CRITICAL", 95}};
    vg_json_key(&w->json, "Severity");
    vg_json_object(&w->json);
    vg_json_put_str(&w->json, "Label", vg_str_from(OF[severity].label));
    vg_json_put_i64(&w->json, "Normalized", OF[severity].normalized);
    vg_json_end_object(&w->json);
}

static void put_resources(vg_report_writer *w, const report_finding *v)
{
    vg_str partition = report_partition(&v->f);
    vg_json_key(&w->json, "Resources");
    vg_json_array(&w->json);
    vg_json_object(&w->json);
    json_text(w, "Type", type_of(v->f.resource_type));
    json_text(w, "Id", cut(v->f.resource_id.len > 0 ? v->f.resource_id : VG_STR("unknown"), 512));
    json_text(w, "Partition", partition);
    json_text(w, "Region", region_of(v, partition));
    vg_json_end_object(&w->json);
    vg_json_end_array(&w->json);
}

static void put_compliance(vg_report_writer *w, const report_finding *v)
{
    static const char *const STATUS[] = {"PASSED", "FAILED", "WARNING", "NOT_AVAILABLE", "NOT_AVAILABLE"};
    vg_json_key(&w->json, "Compliance");
    vg_json_object(&w->json);
    vg_json_put_str(&w->json, "Status", vg_str_from(STATUS[v->f.verdict]));
    if (v->requirement_count > 0)
        json_texts(w, "RelatedRequirements", v->requirements,
                   v->requirement_count < 32 ? v->requirement_count : 32);
    vg_json_end_object(&w->json);
}

static void put_workflow(vg_report_writer *w, const report_finding *v)
{
    vg_json_key(&w->json, "Workflow");
    vg_json_object(&w->json);
    vg_json_put_str(&w->json, "Status", vg_str_from(vg_workflow_name(v->workflow)));
    vg_json_end_object(&w->json);
    vg_json_put_str(&w->json, "RecordState",
                    v->workflow == VG_WORKFLOW_RESOLVED ? VG_STR("ARCHIVED") : VG_STR("ACTIVE"));
    if (v->suppressed_reason.len == 0)
        return;
    vg_json_key(&w->json, "Note");
    vg_json_object(&w->json);
    char time[VG_TIME_TEXT];
    vg_time_format(v->last_seen == VG_TIME_NONE ? 0 : v->last_seen, time);
    json_text(w, "Text", cut(v->suppressed_reason, 512));
    vg_json_put_str(&w->json, "UpdatedBy", VG_STR("vigil"));
    vg_json_put_str(&w->json, "UpdatedAt", vg_str_from(time));
    vg_json_end_object(&w->json);
}

static void put_product_fields(vg_report_writer *w, const report_finding *v)
{
    vg_json_key(&w->json, "ProductFields");
    vg_json_object(&w->json);
    vg_json_put_str(&w->json, "vigil/Verdict", vg_str_from(vg_verdict_name(v->f.verdict)));
    json_filled(w, "vigil/ResourceType", cut(v->f.resource_type, 1024));
    json_filled(w, "vigil/ResourceName", cut(v->f.resource_name, 1024));
    json_filled(w, "vigil/SubKey", cut(v->f.sub_key, 1024));
    vg_json_end_object(&w->json);
}

void report_asff_finding(vg_report_writer *w, const vg_report_finding *given)
{
    static const vg_str FINDING_TYPES[] = {VG_STR_INIT("Software and Configuration Checks")};
    report_finding v = report_view(w, given);
    vg_str title = v.f.title.len > 0 ? v.f.title : v.f.rule;
    vg_json_object(&w->json);
    put_identity(w, &v);
    json_texts(w, "Types", FINDING_TYPES, VG_COUNT(FINDING_TYPES));
    put_times(w, &v);
    put_severity(w, v.f.severity);
    json_text(w, "Title", cut(title, 256));
    json_text(w, "Description", cut(v.f.message.len > 0 ? v.f.message : title, 1024));
    if (v.f.remediation.len > 0) {
        vg_json_key(&w->json, "Remediation");
        vg_json_object(&w->json);
        vg_json_key(&w->json, "Recommendation");
        vg_json_object(&w->json);
        json_text(w, "Text", cut(v.f.remediation, 512));
        vg_json_end_object(&w->json);
        vg_json_end_object(&w->json);
    }
    put_resources(w, &v);
    put_compliance(w, &v);
    put_workflow(w, &v);
    put_product_fields(w, &v);
    vg_json_end_object(&w->json);
    json_make_safe(w);
}
