/* import_asff.c: findings in the AWS Security Finding Format (Security Hub User Guide, "ASFF syntax") become findings.
 *
 * The rule is the product's own generator id and the sub-key ASFF's Id, so that one finding imported again is the same
 * finding. A finding that its product archived, that was resolved, or whose control passed, is a pass: in a completed
 * run it resolves. Resource types are turned from ASFF's names (AwsS3Bucket) to CloudFormation's where content knows
 * them. */
#include "evidence/import_call.h"

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
}

bool import_is_asff_list(const vg_value *value)
{
    const vg_value *first = vg_kind_of(value) == VG_ARRAY ? vg_value_item(value, 0) : NULL;
    return first && vg_get_str(first, "SchemaVersion").len && vg_get_str(first, "ProductArn").len;
}

/* Severity.Label; older findings have Severity.Normalized, 0 to 100 (bands of the ASFF reference). */
static vg_severity severity_of(const vg_value *finding)
{
    static const struct {
        int64_t below;
        vg_severity severity;
    } bands[] = {{1, VG_SEVERITY_INFORMATIONAL},
                 {40, VG_SEVERITY_LOW},
                 {70, VG_SEVERITY_MEDIUM},
                 {90, VG_SEVERITY_HIGH}};
    vg_severity severity;
    int64_t normalized;
    if (vg_severity_parse(vg_get_str(finding, "Severity/Label"), &severity))
        return severity;
    if (!vg_get_i64(finding, "Severity/Normalized", &normalized))
        return VG_SEVERITY_INFORMATIONAL;
    for (size_t i = 0; i < VG_COUNT(bands); i++)
        if (normalized < bands[i].below)
            return bands[i].severity;
    return VG_SEVERITY_CRITICAL;
}

static vg_verdict verdict_of(const vg_value *finding)
{
    static const struct {
        const char *status;
        vg_verdict verdict;
    } statuses[] = {
        {"PASSED", VG_VERDICT_PASS},
        {"FAILED", VG_VERDICT_FAIL},
        {"WARNING", VG_VERDICT_PARTLY},
        {"NOT_AVAILABLE", VG_VERDICT_NOT_ASSESSED},
    };
    bool is_over = vg_str_is(vg_get_str(finding, "RecordState"), "ARCHIVED") ||
                   vg_str_is(vg_get_str(finding, "Workflow/Status"), "RESOLVED");
    if (is_over)
        return VG_VERDICT_PASS;
    for (size_t i = 0; i < VG_COUNT(statuses); i++)
        if (vg_str_is(vg_get_str(finding, "Compliance/Status"), statuses[i].status))
            return statuses[i].verdict;
    return VG_VERDICT_FAIL;
}

/* "arn:aws:securityhub:eu-west-1::product/aws/guardduty" gives guardduty; a private product gives its last part. */
static vg_str product_of(const vg_value *finding)
{
    vg_str arn = vg_get_str(finding, "ProductArn");
    size_t slash = vg_str_rfind_char(arn, '/');
    vg_str name = slash == VG_NPOS ? vg_get_str(finding, "ProductName") : vg_str_sub(arn, slash + 1, VG_NPOS);
    return name.len ? name : VG_STR("unknown");
}

static vg_str resource_type(const vg_import_rules *rules, vg_str asff)
{
    const vg_map_entry *entry = vg_map_get(rules->asff_types, asff);
    return entry ? vg_value_str(entry->value.ptr) : asff;
}

static void copy_key(vg_json_writer *writer, const vg_value *finding, const char *key)
{
    const vg_value *value = vg_get(finding, vg_str_from(key));
    if (value && vg_kind_of(value) != VG_NULL) {
        vg_json_key(writer, key);
        vg_json_value(writer, value);
    }
}

/* What proves it, in the product's own words: small, since findings are many. */
static vg_str evidence_of(vg_arena *arena, const vg_value *finding)
{
    static const char *const keys[] = {"Id",          "ProductArn", "Types",           "Compliance",
                                       "RecordState", "Workflow",   "FirstObservedAt", "LastObservedAt",
                                       "SourceUrl"};
    vg_buf out = {0};
    vg_json_writer writer = vg_json_writer_to(&out, 0);
    vg_json_object(&writer);
    for (size_t i = 0; i < VG_COUNT(keys); i++)
        copy_key(&writer, finding, keys[i]);
    vg_json_key(&writer, "Resources");
    vg_json_array(&writer);
    for (vg_items it = vg_items_of(vg_get(finding, VG_STR("Resources"))); vg_items_next(&it);)
        vg_json_string(&writer, vg_get_str(it.value, "Id"));
    vg_json_end_array(&writer);
    vg_json_end_object(&writer);
    vg_str text = out.failed ? (vg_str){0} : vg_arena_str(arena, vg_buf_str(&out));
    vg_buf_free(&out);
    return text;
}

static vg_str remediation_of(vg_arena *arena, const vg_value *finding)
{
    vg_str text = vg_get_str(finding, "Remediation/Recommendation/Text");
    vg_str url = vg_get_str(finding, "Remediation/Recommendation/Url");
    if (text.len && url.len)
        return vg_arena_printf(arena, "%.*s (%.*s)", VG_ARG(text), VG_ARG(url));
    return text.len ? text : url;
}

static vg_str or_empty(vg_str text)
{
    return text.ptr ? text : VG_STR("");
}

static vg_str region_of(const vg_value *finding)
{
    vg_arn arn;
    vg_str region = vg_get_str(finding, "Resources/0/Region");
    region = region.len ? region : vg_get_str(finding, "Region");
    if (!region.len && vg_arn_parse(vg_get_str(finding, "ProductArn"), &arn))
        region = arn.region;
    return or_empty(region);
}

/* False when the finding lacks what would identify it. */
static bool read_finding(const import_world *world, vg_arena *arena, const vg_value *value,
                         vg_time if_undated, vg_finding *out)
{
    vg_time updated = if_undated;
    vg_str id = vg_get_str(value, "Id"), generator = vg_get_str(value, "GeneratorId");
    vg_str account = vg_get_str(value, "AwsAccountId"), resource = vg_get_str(value, "Resources/0/Id");
    vg_time_parse(vg_get_str(value, "UpdatedAt"), &updated);
    if (!id.len || !vg_is_account_id(account))
        return false;
    *out = (vg_finding){
        .rule = generator.len ? generator : id,
        .product = product_of(value),
        .title = or_empty(vg_get_str(value, "Title")),
        .message = or_empty(vg_get_str(value, "Description")),
        .remediation = or_empty(remediation_of(arena, value)),
        .severity = severity_of(value),
        .verdict = verdict_of(value),
        .resource_type = or_empty(resource_type(world->rules, vg_get_str(value, "Resources/0/Type"))),
        .account = account,
        .region = region_of(value),
        .resource_id = resource.len ? resource : account,
        .resource_name = VG_STR(""),
        .sub_key = id,
        .evidence = evidence_of(arena, value),
        .observed = updated,
        .run = world->options->run,
    };
    return out->evidence.ptr != NULL;
}

vg_status import_read_asff(const import_world *world, vg_arena *arena, import_view_of *view,
                           import_part *part, vg_error *err)
{
    const vg_value *answer = view->levels[0];
    const vg_value *list = vg_kind_of(answer) == VG_ARRAY ? answer : vg_get(answer, VG_STR("Findings"));
    size_t unread = 0;
    for (vg_items it = vg_items_of(list); vg_items_next(&it);) {
        vg_finding finding;
        if (!read_finding(world, arena, it.value, part->call.time, &finding) ||
            finding.observed > world->options->now + VG_TIME_DAY) {
            unread++;
            continue;
        }
        vg_finding *place = vg_vec_push(&part->findings);
        if (!place)
            return out_of_memory(err);
        *place = finding;
    }
    const vg_finding *first = part->findings.len ? vg_vec_at(&part->findings, 0) : NULL;
    if (first && !part->call.account.len) {
        part->call.account = first->account;
        part->call.region = first->region;
    }
    part->call.certain = false;
    if (unread) {
        part->truncated = true;
        part->reason =
            vg_arena_printf(arena,
                            "%zu findings have no Id or account, or are dated in the future, and were "
                            "not imported",
                            unread);
    }
    return VG_OK;
}
