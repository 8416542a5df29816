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

/* Where indexed values stand. Those of `record` are told from the record as it was read, the others looked up. In an event
 * of no known log all are looked for. */
static const struct {
    vg_log_kind log;
    vg_trail_field field;
    const char *path;
    bool record;
} paths[] = {
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_NAME, "eventName", true},
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_KEY, "userIdentity/accessKeyId", true},
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_PRINCIPAL, "userIdentity/arn", true},
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_PRINCIPAL, "userIdentity/sessionContext/sessionIssuer/arn", true},
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_PRINCIPAL, "userIdentity/principalId", true},
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_PRINCIPAL, "userIdentity/userName", true},
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_PRINCIPAL, "userIdentity/invokedBy", true},
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_PRINCIPAL, "userIdentity/sessionContext/sourceIdentity", true},
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_PRINCIPAL, "userIdentity/onBehalfOf/userId", true},
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_ACCOUNT, "userIdentity/accountId", true},
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_ACCOUNT, "recipientAccountId", true},
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_REGION, "awsRegion", true},
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_IP, "sourceIPAddress", true},
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_SHARED, "sharedEventID", true},
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_KEY, "requestParameters/accessKeyId", false},
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_KEY, "responseElements/accessKey/accessKeyId", false},
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_KEY, "responseElements/credentials/accessKeyId", false},
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_RESOURCE, "requestParameters/bucketName", false},
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_RESOURCE, "requestParameters/roleArn", false},
    {VG_LOG_CLOUDTRAIL, VG_TRAIL_PRINCIPAL, "responseElements/assumedRoleUser/arn", false},
    {VG_LOG_FLOW, VG_TRAIL_IP, "srcaddr", false},
    {VG_LOG_FLOW, VG_TRAIL_IP, "dstaddr", false},
    {VG_LOG_FLOW, VG_TRAIL_IP, "pkt-srcaddr", false},
    {VG_LOG_FLOW, VG_TRAIL_IP, "pkt-dstaddr", false},
    {VG_LOG_FLOW, VG_TRAIL_RESOURCE, "interface-id", false},
    {VG_LOG_FLOW, VG_TRAIL_RESOURCE, "instance-id", false},
    {VG_LOG_DNS, VG_TRAIL_IP, "srcaddr", false},
    {VG_LOG_DNS, VG_TRAIL_RESOURCE, "query_name", false},
    {VG_LOG_DNS, VG_TRAIL_RESOURCE, "srcids/instance", false},
    {VG_LOG_S3_ACCESS, VG_TRAIL_IP, "remoteip", false},
    {VG_LOG_S3_ACCESS, VG_TRAIL_PRINCIPAL, "requester", false},
    {VG_LOG_S3_ACCESS, VG_TRAIL_NAME, "operation", false},
    {VG_LOG_S3_ACCESS, VG_TRAIL_RESOURCE, "bucket_name", false},
};

static bool same_path(vg_str typed, vg_str path)
{
    bool same = typed.len == path.len;
    for (size_t i = 0; same && i < path.len; i++) {
        char a = typed.ptr[i] == '.' ? '/' : typed.ptr[i], b = path.ptr[i];
        same = vg_str_eq_icase(vg_str_of(&a, 1), vg_str_of(&b, 1));
    }
    return same;
}

const char *index_path_of(vg_str typed, vg_trail_field *field)
{
    for (size_t i = 0; i < VG_COUNT(paths); i++) {
        if (!same_path(typed, vg_str_from(paths[i].path)))
            continue;
        *field = paths[i].field;
        return paths[i].path;
    }
    return NULL;
}

vg_str index_path_value(const char *path, const vg_event *event)
{
    for (size_t i = 0; i < VG_COUNT(paths); i++)
        if ((paths[i].log == event->log || event->log == VG_LOG_UNKNOWN) && strcmp(paths[i].path, path) == 0)
            return vg_get_str(event->root, path);
    return (vg_str){0};
}

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

/* What a path leads through is looked up once for all the paths that begin with it. */
typedef struct {
    const vg_value *root, *parameters, *response;
} event_parts;

static vg_str value_at(const event_parts *parts, const char *path)
{
    static const char parameters[] = "requestParameters/", response[] = "responseElements/";
    if (strncmp(path, parameters, sizeof parameters - 1) == 0)
        return parts->parameters ? vg_get_str(parts->parameters, path + sizeof parameters - 1) : (vg_str){0};
    if (strncmp(path, response, sizeof response - 1) == 0)
        return parts->response ? vg_get_str(parts->response, path + sizeof response - 1) : (vg_str){0};
    return vg_get_str(parts->root, path);
}

void vg_trail_event_terms(const vg_event *event, term_sink *each, void *context)
{
    const event_parts parts = {event->root, vg_get(event->root, VG_STR("requestParameters")),
                               vg_get(event->root, VG_STR("responseElements"))};
    tell(each, context, VG_TRAIL_ACCOUNT, event->account);
    tell(each, context, VG_TRAIL_REGION, event->region);
    tell(each, context, VG_TRAIL_IP, event->source_ip);
    if (event->record)
        tell_record(event->record, each, context);
    for (size_t i = 0; i < VG_COUNT(paths); i++)
        if ((paths[i].log == event->log && !(event->record && paths[i].record)) ||
            event->log == VG_LOG_UNKNOWN)
            tell(each, context, paths[i].field, value_at(&parts, paths[i].path));
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
