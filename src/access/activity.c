/* activity.c: records of CloudTrail as permissions used: who, which action, on what, from where, how often, with what end.
 *
 * Sessions count for their role, since that is what policies are attached to. Calls of AWS services are not anybody's
 * permission. An event that two trails delivered counts once (eventID and recipientAccountId). Which action an event needed
 * is policy/'s to say (vg_event_actions_of); which resource it was about, the record's own list says where it fits the
 * action's resource types, else templates over its parameters (content/policy/event-resources.yaml); and what it needed beside
 * its own action, content/policy/event-needs.yaml. */
#include <stdio.h>
#include <stdlib.h>

#include "access/activity_part.h"

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading activity");
}

vg_status vg_activity_open(vg_arena *arena, const vg_activity_options *options, vg_activity_reader **out,
                           vg_error *err)
{
    vg_activity_reader *r = VG_NEW(arena, vg_activity_reader);
    if (!r)
        return no_memory(err);
    *r = (vg_activity_reader){.arena = arena,
                              .options = *options,
                              .uses = vg_map_new(arena, 0),
                              .list = vg_vec_in(arena, sizeof(vg_activity_use)),
                              .contexts = vg_map_new(arena, 0),
                              .context_list = vg_vec_in(arena, sizeof(vg_activity_context)),
                              .strings = vg_map_new(arena, 0),
                              .events = vg_map_new(arena, 0),
                              .logs = vg_map_new(arena, 0),
                              .needs = vg_map_new(arena, 0),
                              .arns = vg_vec_in(arena, sizeof(vg_str)),
                              .counts = {.first = VG_TIME_NONE, .last = VG_TIME_NONE}};
    if (!r->uses || !r->contexts || !r->strings || !r->events || !r->logs || !r->needs)
        return no_memory(err);
    *out = r;
    VG_TRY(vg_yaml_read(arena, options->resources, VG_STR("policy/event-resources.yaml"), NULL, &r->templates,
                        err));
    return vg_activity_read_needs(r, err);
}

/* ---- keeping ------------------------------------------------------------------------------------------------------------------ */

vg_str vg_activity_keep(vg_activity_reader *r, vg_str text)
{
    if (!text.len)
        return VG_STR("");
    const vg_map_entry *known = vg_map_get(r->strings, text);
    if (known)
        return known->key;
    vg_str kept = vg_arena_str(r->arena, text);
    return kept.ptr && vg_map_put(r->strings, kept, NULL) ? kept : (vg_str){0};
}

/* The index of what the key stands for, *added when it was not there. UINT32_MAX: memory is out. */
static uint32_t index_of(vg_activity_reader *r, vg_map *map, uint32_t next, bool *added)
{
    *added = false;
    const vg_map_entry *known = vg_map_get(map, vg_buf_str(&r->key));
    if (known)
        return (uint32_t)known->value.u64;
    vg_str kept = r->key.failed ? (vg_str){0} : vg_arena_str(r->arena, vg_buf_str(&r->key));
    vg_map_entry *entry = kept.ptr ? vg_map_put(map, kept, NULL) : NULL;
    if (!entry)
        return UINT32_MAX;
    *added = true;
    entry->value.u64 = next;
    return next;
}

static void add_key(vg_activity_reader *r, vg_str part)
{
    vg_buf_addf(&r->key, "%zu:", part.len);
    vg_buf_add_str(&r->key, part);
}

/* ---- who ---------------------------------------------------------------------------------------------------------------------- */

typedef enum { BY_PRINCIPAL, BY_SERVICE, BY_NOBODY_KNOWN } whose;

/* arn:aws:sts::A:assumed-role/R/S as arn:aws:iam::A:role/R: the path is not told. */
static vg_str role_of_session(vg_activity_reader *r, vg_str arn)
{
    vg_caller caller = vg_caller_of(arn);
    vg_arn parts;
    if (caller.kind != VG_CALLER_ROLE_SESSION || !vg_arn_parse(arn, &parts))
        return (vg_str){0};
    return vg_arena_printf(r->arena, "arn:%.*s:iam::%.*s:role/%.*s", VG_ARG(parts.partition),
                           VG_ARG(caller.account), VG_ARG(caller.role));
}

static whose principal_of(vg_activity_reader *r, const vg_trail_record *record, vg_str *arn)
{
    const vg_trail_identity *i = &record->identity;
    if (vg_str_is(i->type, "AWSService"))
        return BY_SERVICE;
    if (vg_str_is(i->type, "AssumedRole"))
        *arn = vg_str_is(i->issuer_type, "Role") && i->issuer_arn.len ? i->issuer_arn
                                                                      : role_of_session(r, i->arn);
    else if (vg_str_is(i->type, "IAMUser") || vg_str_is(i->type, "Root"))
        *arn = i->arn;
    else if (vg_str_is(i->type, "FederatedUser"))
        *arn = i->issuer_arn.len ? i->issuer_arn : i->arn;
    vg_arn parts;
    return vg_arn_parse(*arn, &parts) && vg_is_account_id(parts.account) ? BY_PRINCIPAL : BY_NOBODY_KNOWN;
}

/* ---- whose ------------------------------------------------------------------------------------------------------------------- */

static vg_str owner_of(const vg_trail_record *record, vg_str resource)
{
    vg_arn parts;
    for (size_t i = 0; i < record->resource_count; i++)
        if (record->resources[i].account.len && vg_str_eq(record->resources[i].arn, resource))
            return record->resources[i].account;
    if (vg_arn_parse(resource, &parts) && vg_is_account_id(parts.account))
        return parts.account;
    return record->account;
}

/* ---- from where ---------------------------------------------------------------------------------------------------------------- */

static bool is_address(vg_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '.' ||
                    c == ':';
        if (!good)
            return false;
    }
    return vg_str_find_char(text, '.') != VG_NPOS || vg_str_find_char(text, ':') != VG_NPOS;
}

static uint32_t context_of(vg_activity_reader *r, const vg_trail_record *record)
{
    const vg_trail_identity *i = &record->identity;
    vg_str address = is_address(record->source_ip) ? record->source_ip : (vg_str){0};
    vg_str federated = vg_str_is(i->type, "FederatedUser") ? i->arn : (vg_str){0};
    bool added;
    vg_buf_clear(&r->key);
    add_key(r, address);
    add_key(r, record->vpc_endpoint);
    add_key(r, i->invoked_by);
    add_key(r, i->source_identity);
    add_key(r, federated);
    vg_buf_addf(&r->key, "%d%d", i->mfa_known, i->mfa);
    uint32_t index = index_of(r, r->contexts, (uint32_t)r->context_list.len, &added);
    if (index == UINT32_MAX || !added)
        return index;
    vg_activity_context *context = vg_vec_push(&r->context_list);
    if (!context)
        return UINT32_MAX;
    *context = (vg_activity_context){.source_ip = vg_activity_keep(r, address),
                                     .vpc_endpoint = vg_activity_keep(r, record->vpc_endpoint),
                                     .invoked_by = vg_activity_keep(r, i->invoked_by),
                                     .source_identity = vg_activity_keep(r, i->source_identity),
                                     .federated = vg_activity_keep(r, federated),
                                     .mfa_known = i->mfa_known,
                                     .mfa = i->mfa};
    return index;
}

/* ---- adding ------------------------------------------------------------------------------------------------------------------------ */

static void widen(vg_time time, vg_time *first, vg_time *last)
{
    if (time == VG_TIME_NONE)
        return;
    if (*first == VG_TIME_NONE || time < *first)
        *first = time;
    if (*last == VG_TIME_NONE || time > *last)
        *last = time;
}

/* The use of the key, which tells it from every other; NULL when memory is out. */
static vg_activity_use *find_use(vg_activity_reader *r, const vg_activity_use *use)
{
    const vg_str parts[] = {use->principal, use->action, use->account,   use->region,
                            use->resource,  use->by,     use->passed_to, use->unresolved};
    bool added;
    vg_buf_clear(&r->key);
    for (size_t i = 0; i < VG_COUNT(parts); i++) {
        if (!parts[i].ptr)
            return NULL;
        add_key(r, parts[i]);
    }
    vg_buf_addf(&r->key, "%u %d", use->context, (int)use->kind);
    uint32_t index = index_of(r, r->uses, (uint32_t)r->list.len, &added);
    vg_activity_use *kept = index == UINT32_MAX ? NULL
                            : added             ? vg_vec_push(&r->list)
                                                : vg_vec_at(&r->list, index);
    if (kept && added)
        *kept = *use;
    return kept;
}

vg_status vg_activity_add_use(vg_activity_reader *r, const vg_activity_call *call, vg_activity_use use,
                              vg_error *err)
{
    const vg_trail_record *record = call->record;
    use.principal = vg_activity_keep(r, call->principal);
    use.principal_account = vg_activity_keep(r, call->account);
    use.action = vg_activity_keep(r, use.action);
    use.resource = vg_activity_keep(r, use.resource);
    use.by = vg_activity_keep(r, use.by);
    use.passed_to = vg_activity_keep(r, use.passed_to);
    use.unresolved = vg_activity_keep(r, use.unresolved);
    use.region = vg_activity_keep(r, record->region);
    use.account = vg_activity_keep(r, owner_of(record, use.resource));
    use.context = context_of(r, record);
    use.answer = use.kind < VG_USE_NEED ? call->answer : VG_EVENT_MAPPED;
    use.first = use.last = VG_TIME_NONE;
    vg_activity_use *kept = use.context == UINT32_MAX ? NULL : find_use(r, &use);
    if (!kept)
        return no_memory(err);
    kept->allowed += call->end == VG_END_ALLOWED;
    kept->denied += call->end == VG_END_REFUSED;
    kept->failed += call->end == VG_END_UNTOLD;
    widen(record->time, &kept->first, &kept->last);
    return VG_OK;
}

/* False when the event had been seen. Records without an id are taken for new ones. */
static vg_status note_event(vg_activity_reader *r, const vg_trail_record *record, bool *is_new, vg_error *err)
{
    *is_new = true;
    if (!record->id.len)
        return VG_OK;
    uint64_t hash = vg_hash64(record->account, vg_hash64(record->id, 1));
    if (vg_map_get(r->events, vg_str_of((const char *)&hash, sizeof hash))) {
        *is_new = false;
        return VG_OK;
    }
    vg_str key = vg_arena_str(r->arena, vg_str_of((const char *)&hash, sizeof hash));
    return key.ptr && vg_map_put(r->events, key, NULL) ? VG_OK : no_memory(err);
}

typedef struct {
    vg_time first, last;
} logged;

/* Notes a record under what stands in the reader's key. */
static vg_status note_under_key(vg_activity_reader *r, vg_time time, vg_error *err)
{
    const vg_map_entry *known = vg_map_get(r->logs, vg_buf_str(&r->key));
    logged *log = known ? known->value.ptr : VG_NEW(r->arena, logged);
    if (!log)
        return no_memory(err);
    if (!known) {
        *log = (logged){VG_TIME_NONE, VG_TIME_NONE};
        vg_str key = vg_arena_str(r->arena, vg_buf_str(&r->key));
        vg_map_entry *slot = key.ptr ? vg_map_put(r->logs, key, NULL) : NULL;
        if (!slot)
            return no_memory(err);
        slot->value.ptr = log;
    }
    widen(time, &log->first, &log->last);
    return VG_OK;
}

/* Notes that there are records of the account, of a Region in it, and data events of a service in it. */
static vg_status note_log(vg_activity_reader *r, const vg_trail_record *record, vg_error *err)
{
    vg_str account = record->account.len ? record->account : record->identity.account;
    vg_str service = record->source, rest;
    vg_str_split(record->source, '.', &service, &rest);
    vg_buf_clear(&r->key);
    vg_buf_add_str(&r->key, account);
    VG_TRY(note_under_key(r, record->time, err));
    vg_buf_addf(&r->key, "@%.*s", VG_ARG(record->region));
    VG_TRY(note_under_key(r, record->time, err));
    if (!vg_str_is(record->category, "Data"))
        return VG_OK;
    vg_buf_clear(&r->key);
    vg_buf_addf(&r->key, "%.*s %.*s", VG_ARG(account), VG_ARG(service));
    return note_under_key(r, record->time, err);
}

static const logged *log_of(const vg_activity *activity, vg_str account, const char *between, vg_str what)
{
    char key[128];
    int len = snprintf(key, sizeof key, "%.*s%s%.*s", VG_ARG(account), between, VG_ARG(what));
    const vg_map_entry *entry = activity->logs && len > 0 && (size_t)len < sizeof key
                                    ? vg_map_get(activity->logs, vg_str_of(key, (size_t)len))
                                    : NULL;
    return entry ? entry->value.ptr : NULL;
}

bool vg_activity_reaches(const vg_activity *activity, vg_str account, vg_time since)
{
    const logged *log = log_of(activity, account, "", VG_STR(""));
    return log && (since == VG_TIME_NONE ||
                   (log->first != VG_TIME_NONE && log->first <= since && log->last >= since));
}

bool vg_activity_has_region(const vg_activity *activity, vg_str account, vg_str region)
{
    return log_of(activity, account, "@", region) != NULL;
}

bool vg_activity_has_data(const vg_activity *activity, vg_str account, vg_str service, vg_time since)
{
    const logged *log = log_of(activity, account, " ", service);
    return log && (since == VG_TIME_NONE || (log->first != VG_TIME_NONE && log->first <= since));
}

vg_status vg_activity_add(vg_activity_reader *r, const vg_trail_record *record, vg_error *err)
{
    const vg_activity_options *o = &r->options;
    bool before = o->since != VG_TIME_NONE && (record->time == VG_TIME_NONE || record->time < o->since);
    bool after = o->until != VG_TIME_NONE && (record->time == VG_TIME_NONE || record->time >= o->until);
    bool is_new;
    if (before || after) {
        r->counts.outside++;
        return VG_OK;
    }
    VG_TRY(note_event(r, record, &is_new, err));
    r->counts.duplicates += !is_new;
    if (!is_new)
        return VG_OK;
    r->counts.records++;
    widen(record->time, &r->counts.first, &r->counts.last);
    r->counts.data_events |= vg_str_is(record->category, "Data");
    VG_TRY(note_log(r, record, err));
    vg_str principal = {0};
    whose by = principal_of(r, record, &principal);
    bool is_call = record->type.len == 0 || vg_str_is(record->type, "AwsApiCall") ||
                   vg_str_is(record->type, "AwsConsoleAction") || vg_str_is(record->type, "AwsConsoleSignIn");
    r->counts.by_services += is_call && by == BY_SERVICE;
    r->counts.not_calls += !is_call;
    if (by == BY_SERVICE || !is_call)
        return VG_OK;
    vg_event_actions actions;
    vg_event_actions_of(o->events, record->source, record->name, &actions);
    r->counts.free += actions.count == 0;
    r->counts.nameless += actions.count != 0 && by == BY_NOBODY_KNOWN;
    if (by != BY_PRINCIPAL)
        return VG_OK;
    vg_arn parts = {0};
    vg_arn_parse(principal, &parts);
    vg_str message = vg_get_str(record->root, "errorMessage");
    const vg_activity_call call = {.record = record,
                                   .principal = principal,
                                   .account = parts.account,
                                   .end = vg_event_end_of(o->events, record->error_code, message),
                                   .answer = actions.answer};
    return vg_activity_add_call(r, &call, &actions, err);
}

/* ---- the end ------------------------------------------------------------------------------------------------------------------------ */

static int compare_uses(const void *left, const void *right)
{
    const vg_activity_use *a = left, *b = right;
    const vg_str *const fields[][2] = {{&a->principal, &b->principal}, {&a->action, &b->action},
                                       {&a->account, &b->account},     {&a->region, &b->region},
                                       {&a->resource, &b->resource},   {&a->by, &b->by},
                                       {&a->passed_to, &b->passed_to}, {&a->unresolved, &b->unresolved}};
    for (size_t i = 0; i < VG_COUNT(fields); i++) {
        int order = vg_str_cmp(*fields[i][0], *fields[i][1]);
        if (order)
            return order;
    }
    return a->kind != b->kind        ? (int)a->kind - (int)b->kind
           : a->context < b->context ? -1
                                     : a->context > b->context;
}

vg_status vg_activity_finish(vg_activity_reader *r, vg_activity *out, vg_error *err)
{
    bool failed = r->key.failed;
    vg_buf_free(&r->key);
    if (failed)
        return no_memory(err);
    if (r->list.len > 1)
        qsort(r->list.items, r->list.len, sizeof(vg_activity_use), compare_uses);
    *out = r->counts;
    out->logs = r->logs;
    out->uses = r->list.items;
    out->use_count = r->list.len;
    out->contexts = r->context_list.items;
    out->context_count = r->context_list.len;
    return VG_OK;
}

const vg_world_principal *vg_activity_principal(const vg_world *world, const vg_activity_use *use)
{
    const vg_world_principal *known = vg_world_principal_of(world, use->principal);
    vg_caller caller = vg_caller_of(use->principal);
    return known || caller.kind != VG_CALLER_ROLE
               ? known
               : vg_world_role_named(world, use->principal_account, caller.role);
}

/* ---- as context of a request ---------------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_context_entry *entries;
    vg_str *values;
    size_t count;
} context_writer;

static void tell(context_writer *w, const char *key, vg_str value)
{
    w->values[w->count] = value;
    w->entries[w->count] = (vg_context_entry){.key = vg_str_from(key),
                                              .values = &w->values[w->count],
                                              .value_count = value.len ? 1 : 0,
                                              .state = value.len ? VG_CONTEXT_PRESENT : VG_CONTEXT_ABSENT};
    w->count++;
}

size_t vg_activity_context_of(const vg_activity *activity, const vg_activity_use *use,
                              vg_context_entry *entries, vg_str *values)
{
    const vg_activity_context *from = &activity->contexts[use->context];
    context_writer w = {entries, values, 0};
    if (use->region.len)
        tell(&w, "aws:RequestedRegion", use->region);
    if (from->source_ip.len)
        tell(&w, "aws:SourceIp", from->source_ip);
    tell(&w, "aws:SourceVpce", from->vpc_endpoint);
    tell(&w, "aws:SourceIdentity", from->source_identity);
    tell(&w, "aws:ViaAWSService", from->invoked_by.len ? VG_STR("true") : VG_STR("false"));
    if (!from->invoked_by.len)
        tell(&w, "aws:CalledVia", (vg_str){0});
    if (from->federated.len) { /* "aws:PrincipalArn": that of the session, not of the user behind it */
        tell(&w, "aws:PrincipalArn", from->federated);
        tell(&w, "aws:PrincipalType", VG_STR("FederatedUser"));
        tell(&w, "aws:username", (vg_str){0});
    }
    if (from->mfa_known)
        tell(&w, "aws:MultiFactorAuthPresent", from->mfa ? VG_STR("true") : VG_STR("false"));
    tell(&w, "aws:SecureTransport", VG_STR("true"));
    if (use->passed_to.len)
        tell(&w, "iam:PassedToService", use->passed_to);
    return w.count;
}
