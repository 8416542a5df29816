/* needs.c: which kinds of logs rules need, and which kind an event is of. */
#include "detect/detect_part.h"

const char *const vg_need_names[VG_NEED_COUNT] = {"management", "data.s3",  "data.lambda", "data.dynamodb",
                                                  "data.other", "insights", "network",     "flow",
                                                  "dns",        "s3access"};

/* `needs` of data events of any other service ("data.bedrock") are all one. */
static uint32_t need_of(vg_str word)
{
    for (unsigned i = 0; i < VG_NEED_COUNT; i++)
        if (vg_str_is(word, vg_need_names[i]))
            return UINT32_C(1) << i;
    return vg_str_starts(word, VG_STR("data.")) ? UINT32_C(1) << VG_NEED_DATA_OTHER : 0;
}

uint32_t vg_rule_needs(const vg_rule *rule)
{
    static const vg_need of_log[VG_LOG_KIND_COUNT] = {VG_NEED_MANAGEMENT, VG_NEED_FLOW, VG_NEED_DNS,
                                                      VG_NEED_S3_ACCESS};
    uint32_t needs = 0;
    for (size_t i = 0; i < rule->needs.count; i++)
        needs |= need_of(rule->needs.items[i]);
    if (rule->needs.count == 0 && rule->log < VG_LOG_KIND_COUNT)
        needs = UINT32_C(1) << of_log[rule->log];
    return needs;
}

uint32_t vg_need_of_event(vg_log_kind log, vg_str category, vg_str source)
{
    static const struct {
        const char *source;
        vg_need need;
    } data[] = {{"s3.amazonaws.com", VG_NEED_DATA_S3},
                {"lambda.amazonaws.com", VG_NEED_DATA_LAMBDA},
                {"dynamodb.amazonaws.com", VG_NEED_DATA_DYNAMODB}};
    if (log != VG_LOG_CLOUDTRAIL)
        return log == VG_LOG_FLOW        ? UINT32_C(1) << VG_NEED_FLOW
               : log == VG_LOG_DNS       ? UINT32_C(1) << VG_NEED_DNS
               : log == VG_LOG_S3_ACCESS ? UINT32_C(1) << VG_NEED_S3_ACCESS
                                         : 0;
    if (vg_str_is(category, "Insight"))
        return UINT32_C(1) << VG_NEED_INSIGHTS;
    if (vg_str_is(category, "NetworkActivity"))
        return UINT32_C(1) << VG_NEED_NETWORK;
    if (!vg_str_is(category, "Data"))
        return UINT32_C(1) << VG_NEED_MANAGEMENT;
    for (size_t i = 0; i < VG_COUNT(data); i++)
        if (vg_str_is(source, data[i].source))
            return UINT32_C(1) << data[i].need;
    return UINT32_C(1) << VG_NEED_DATA_OTHER;
}
