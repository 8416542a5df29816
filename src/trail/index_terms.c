/* index_terms.c: what of an event is indexed, and in which form.
 *
 * The same list of values answers a search's short names (`key`, `principal`, `ip`, ...), so an index can never leave out
 * what a search would find. Sources: CloudTrail User Guide, "userIdentity element" and "record contents"; the field names
 * of the other logs are AWS's own. */
#include "trail/index_part.h"

#include <arpa/inet.h>

typedef void term_sink(void *context, vg_trail_field field, vg_str value);

vg_str vg_trail_actor(const vg_trail_record *record)
{
    const vg_trail_identity *who = &record->identity;
    const vg_str *const by_rank[] = {&who->issuer_arn, &who->arn, &who->invoked_by, &who->access_key,
                                     &who->principal_id};
    for (size_t i = 0; i < VG_COUNT(by_rank); i++)
        if (by_rank[i]->len)
            return *by_rank[i];
    return (vg_str){0};
}

/* ---- which values ------------------------------------------------------------------------------------------------------- */

/* Values at a path of the event, strings or lists of strings. */
static const struct {
    vg_log_kind log;
    vg_trail_field field;
    const char *path;
} at_paths[] = {
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_KEY, "requestParameters/accessKeyId"},
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_KEY, "responseElements/accessKey/accessKeyId"},
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_KEY, "responseElements/credentials/accessKeyId"},
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_RESOURCE, "requestParameters/bucketName"},
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_RESOURCE, "requestParameters/roleArn"},
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_PRINCIPAL, "responseElements/assumedRoleUser/arn"},
    {VG_LOG_FLOW, VG_TRAIL_IP, "srcaddr"},
    {VG_LOG_FLOW, VG_TRAIL_IP, "dstaddr"},
    {VG_LOG_FLOW, VG_TRAIL_IP, "pkt-srcaddr"},
    {VG_LOG_FLOW, VG_TRAIL_IP, "pkt-dstaddr"},
    {VG_LOG_FLOW, VG_TRAIL_RESOURCE, "interface-id"},
    {VG_LOG_FLOW, VG_TRAIL_RESOURCE, "instance-id"},
    {VG_LOG_DNS, VG_TRAIL_IP, "srcaddr"},
    {VG_LOG_DNS, VG_TRAIL_RESOURCE, "query_name"},
    {VG_LOG_DNS, VG_TRAIL_RESOURCE, "srcids/instance"},
    {VG_LOG_S3_ACCESS, VG_TRAIL_PRINCIPAL, "requester"},
    {VG_LOG_S3_ACCESS, VG_TRAIL_NAME, "operation"},
    {VG_LOG_S3_ACCESS, VG_TRAIL_RESOURCE, "bucket"},
};

static void tell(term_sink *each, void *context, vg_trail_field field, vg_str value)
{
    if (value.len)
        each(context, field, value);
}

static void tell_record(const vg_trail_record *record, term_sink *each, void *context)
{
    const vg_trail_identity *who = &record->identity;
    tell(each, context, VG_TRAIL_NAME, record->name);
    tell(each, context, VG_TRAIL_KEY, who->access_key);
    const vg_str *const principals[] = {&who->arn,         &who->issuer_arn, &who->principal_id,
                                        &who->user_name,   &who->invoked_by, &who->source_identity,
                                        &who->on_behalf_of};
    for (size_t i = 0; i < VG_COUNT(principals); i++)
        tell(each, context, VG_TRAIL_PRINCIPAL, *principals[i]);
    tell(each, context, VG_TRAIL_ACCOUNT, who->account);
    tell(each, context, VG_TRAIL_SHARED, record->shared_id);
    /* Not record->resources: that has room for the first ones alone. */
    const vg_value *resources = vg_get(record->root, VG_STR("resources"));
    for (vg_items it = vg_items_of(resources); vg_items_next(&it);) {
        tell(each, context, VG_TRAIL_RESOURCE, vg_get_str(it.value, "ARN"));
        tell(each, context, VG_TRAIL_RESOURCE, vg_get_str(it.value, "arn"));
    }
}

void vg_trail_event_terms(const vg_event *event, term_sink *each, void *context)
{
    tell(each, context, VG_TRAIL_ACCOUNT, event->account);
    tell(each, context, VG_TRAIL_REGION, event->region);
    tell(each, context, VG_TRAIL_IP, event->source_ip);
    if (event->record)
        tell_record(event->record, each, context);
    for (size_t i = 0; i < VG_COUNT(at_paths); i++) {
        if (at_paths[i].log != event->log)
            continue;
        const vg_value *value = vg_get_path(event->root, at_paths[i].path);
        if (value)
            tell(each, context, at_paths[i].field, vg_value_str(value));
    }
}

/* ---- in which form -------------------------------------------------------------------------------------------------------- */

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
}

static vg_str fingerprint(vg_str value, char *out)
{
    uint64_t hash = 0x9E3779B97F4A7C15U;
    /* Lower case a piece at a time, each hashed over the one before. */
    for (size_t at = 0; at == 0 || at < value.len; at += 256) {
        char piece[256];
        vg_str from = vg_str_sub(value, at, sizeof piece);
        for (size_t i = 0; i < from.len; i++)
            piece[i] = lower(from.ptr[i]);
        hash = vg_hash64(vg_str_of(piece, from.len), hash);
    }
    for (int i = 0; i < 6; i++)
        out[i] = (char)(hash >> (56 - 8 * i));
    return vg_str_of(out, 6);
}

/* Addresses begin with 4 or 6, so that those of a prefix are neighbours; the rest with a letter t. */
static bool address(vg_str value, char *out, vg_str *term)
{
    char text[INET6_ADDRSTRLEN];
    unsigned char bytes[16];
    if (value.len >= sizeof text)
        return false;
    memcpy(text, value.ptr, value.len);
    text[value.len] = '\0';
    bool is_4 = inet_pton(AF_INET, text, bytes) == 1;
    if (!is_4 && inet_pton(AF_INET6, text, bytes) != 1)
        return false;
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    bool is_mapped = !is_4 && memcmp(bytes, mapped, sizeof mapped) == 0;
    out[0] = is_4 || is_mapped ? '4' : '6';
    size_t len = is_4 || is_mapped ? 4 : 16;
    memcpy(out + 1, bytes + (is_mapped ? 12 : 0), len);
    *term = vg_str_of(out, len + 1);
    return true;
}

vg_str vg_trail_term_of(vg_trail_field field, vg_str value, char *out)
{
    vg_str term;
    if (field == VG_TRAIL_RESOURCE || field == VG_TRAIL_SHARED || field == VG_TRAIL_OBJECT)
        return fingerprint(value, out);
    if (field == VG_TRAIL_IP && address(value, out, &term))
        return term;
    size_t head = field == VG_TRAIL_IP ? 1 : 0, room = VG_TRAIL_TERM - head;
    size_t len = value.len <= room ? value.len : room - 6;
    out[0] = 't';
    for (size_t i = 0; i < len; i++)
        out[head + i] = lower(value.ptr[i]);
    if (len < value.len)
        len += fingerprint(value, out + head + len).len;
    return vg_str_of(out, head + len);
}
