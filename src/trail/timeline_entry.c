/* timeline_entry.c: what of an event a timeline keeps. Sources: CloudTrail User Guide, "userIdentity element"; AWS STS API
 * reference, the responses of the actions that hand out credentials. */
#include "trail/timeline_part.h"

typedef struct {
    vg_arena *arena;
    vg_map *texts;
    bool failed;
} keeper;

static vg_str keep(keeper *k, vg_str text)
{
    if (!text.len)
        return (vg_str){0};
    vg_map_entry *known = vg_map_get(k->texts, text);
    if (known)
        return known->key;
    vg_str kept = vg_arena_str(k->arena, text);
    k->failed |= !kept.ptr || !vg_map_put(k->texts, kept, NULL);
    return kept;
}

static vg_str first_of(const vg_value *root, const char *const *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        vg_str text = vg_get_str(root, paths[i]);
        if (text.len)
            return text;
    }
    return (vg_str){0};
}

static vg_str target_of(const vg_value *root)
{
    static const char *const paths[] = {
        "resources/0/ARN",
        "requestParameters/bucketName",
        "requestParameters/roleArn",
        "requestParameters/functionName",
        "requestParameters/userName",
        "requestParameters/roleName",
        "requestParameters/groupName",
        "requestParameters/policyArn",
        "requestParameters/secretId",
        "requestParameters/keyId",
        "requestParameters/instanceId",
        "requestParameters/instancesSet/items/0/instanceId",
        "responseElements/instancesSet/items/0/instanceId",
        "requestParameters/groupId",
        "requestParameters/snapshotId",
        "requestParameters/imageId",
        "requestParameters/dBInstanceIdentifier",
        "requestParameters/tableName",
        "requestParameters/trailName",
        "requestParameters/modelId",
        "requestParameters/resourceArn",
        "requestParameters/name",
    };
    return first_of(root, paths, VG_COUNT(paths));
}

static bool is_grant(const vg_trail_record *record)
{
    static const char *const names[] = {"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity",
                                        "AssumeRoot", "GetFederationToken", "GetSessionToken"};
    bool found = false;
    for (size_t i = 0; i < VG_COUNT(names); i++)
        found |= vg_str_is(record->name, names[i]);
    return found && vg_str_is(record->source, "sts.amazonaws.com");
}

static void take_grant(keeper *k, const vg_value *root, timeline_entry *out)
{
    static const char *const arns[] = {"responseElements/assumedRoleUser/arn",
                                       "responseElements/federatedUser/arn"};
    static const char *const ids[] = {"responseElements/assumedRoleUser/assumedRoleId",
                                      "responseElements/federatedUser/federatedUserId"};
    static const char *const sources[] = {"responseElements/sourceIdentity",
                                          "requestParameters/sourceIdentity"};
    static const char *const providers[] = {"responseElements/provider", "responseElements/issuer",
                                            "requestParameters/principalArn"};
    static const char *const subjects[] = {"responseElements/subjectFromWebIdentityToken",
                                           "responseElements/subject"};
    out->issued_key = keep(k, vg_get_str(root, "responseElements/credentials/accessKeyId"));
    out->issued_arn = keep(k, first_of(root, arns, VG_COUNT(arns)));
    out->issued_id = keep(k, first_of(root, ids, VG_COUNT(ids)));
    out->issued_role = keep(k, vg_get_str(root, "requestParameters/roleArn"));
    out->issued_source = keep(k, first_of(root, sources, VG_COUNT(sources)));
    out->issued_provider = keep(k, first_of(root, providers, VG_COUNT(providers)));
    out->issued_subject = keep(k, first_of(root, subjects, VG_COUNT(subjects)));
    out->is_grant = out->issued_key.len || out->issued_arn.len;
}

/* The console's change of role tells where it came from. */
static void take_switch(keeper *k, const vg_trail_record *record, timeline_entry *out)
{
    vg_str from = vg_get_str(record->root, "additionalEventData/SwitchFrom");
    if (!vg_str_is(record->name, "SwitchRole") || !from.len || out->event.error.len)
        return;
    out->issued_arn = out->arn;
    out->issued_key = out->event.key;
    out->issued_role = out->role;
    out->is_grant = out->issued_arn.len > 0;
    out->arn = keep(k, from);
    out->event.key = out->principal_id = out->type = (vg_str){0};
}

static void take_record(keeper *k, const vg_trail_record *record, timeline_entry *out)
{
    const vg_trail_identity *who = &record->identity;
    static const char *const providers[] = {
        "userIdentity/sessionContext/webIdFederationData/federatedProvider"};
    out->arn = keep(k, who->arn);
    out->principal_id = keep(k, who->principal_id);
    out->type = keep(k, who->type);
    out->role = keep(k, who->issuer_arn);
    out->invoked_by = keep(k, who->invoked_by);
    out->source_identity = keep(k, who->source_identity);
    out->on_behalf_of = keep(k, who->on_behalf_of);
    out->provider =
        keep(k, who->identity_provider.len ? who->identity_provider
                                           : first_of(record->root, providers, VG_COUNT(providers)));
    if (vg_str_is(who->type, "WebIdentityUser") || vg_str_is(who->type, "SAMLUser"))
        out->subject = keep(k, who->user_name.len ? who->user_name : who->principal_id);
    if (vg_get_path(record->root, "userIdentity/sessionContext/ec2RoleDelivery"))
        out->instance = keep(k, VG_STR("an EC2 instance"));
    vg_timeline_event *e = &out->event;
    e->source = keep(k, record->source);
    e->name = keep(k, record->name);
    e->actor = keep(k, vg_trail_actor(record));
    e->key = keep(k, who->access_key);
    e->user_agent = keep(k, record->user_agent);
    e->error = keep(k, record->error_code.len ? record->error_code : record->error_message);
    if (!e->error.len && vg_str_is(vg_get_str(record->root, "responseElements/ConsoleLogin"), "Failure"))
        e->error = keep(k, VG_STR("Failure"));
    e->message = keep(k, record->error_message);
    e->category = keep(k, record->category);
    e->invoked_by = out->invoked_by;
    e->shared_id = keep(k, record->shared_id);
    e->target = keep(k, target_of(record->root));
    if (is_grant(record) && !e->error.len)
        take_grant(k, record->root, out);
    take_switch(k, record, out);
}

bool timeline_entry_of(const vg_event *event, const vg_search_hit *hit, vg_arena *arena, vg_map *texts,
                       timeline_entry *out)
{
    keeper k = {arena, texts, false};
    *out = (timeline_entry){0};
    vg_timeline_event *e = &out->event;
    *e = (vg_timeline_event){.log = event->log,
                             .time = event->time,
                             .last = event->time,
                             .id = keep(&k, hit->id),
                             .account = keep(&k, hit->account),
                             .region = keep(&k, hit->region),
                             .source_ip = keep(&k, hit->source_ip),
                             .file = keep(&k, hit->key),
                             .line = hit->line,
                             .session = VG_NO_SESSION,
                             .gives = VG_NO_SESSION};
    if (event->record) {
        take_record(&k, event->record, out);
        return !k.failed;
    }
    e->source = keep(&k, hit->source);
    e->name = keep(&k, hit->name);
    e->actor = keep(&k, hit->actor);
    bool is_error =
        hit->log == VG_LOG_S3_ACCESS || (hit->log == VG_LOG_DNS && !vg_str_is(hit->error, "NOERROR"));
    e->error = is_error ? keep(&k, hit->error) : (vg_str){0};
    return !k.failed;
}
