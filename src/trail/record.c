/* record.c: CloudTrail records out of the files that hold them.
 *
 * A file as CloudTrail delivers it is one object whose first key is "Records": its items are read one at a time, so a file
 * of any length takes the memory of its largest record. Everything else (an exported array, JSON lines, an EventBridge
 * event, the answer of a look-up) is read document by document and unwrapped. */
#include "trail/trail.h"

typedef struct {
    vg_str name;
    const vg_trail_sink *sink;
    vg_trail_counts *counts;
    vg_arena *arena; /* of one record */
    vg_error *err;
    /* Where lines were counted to: places are asked for in the order of the text, and all of them together count it once. */
    size_t counted, line_start;
    uint32_t line; /* 0: not begun */
} trail_reader;

/* ---- one record ------------------------------------------------------------------------------------------------------------- */

static void read_identity(const vg_value *user, vg_trail_identity *out)
{
    *out = (vg_trail_identity){
        .type = vg_get_str(user, "type"),
        .arn = vg_get_str(user, "arn"),
        .account = vg_get_str(user, "accountId"),
        .principal_id = vg_get_str(user, "principalId"),
        .access_key = vg_get_str(user, "accessKeyId"),
        .user_name = vg_get_str(user, "userName"),
        .invoked_by = vg_get_str(user, "invokedBy"),
        .identity_provider = vg_get_str(user, "identityProvider"),
        .on_behalf_of = vg_get_str(user, "onBehalfOf/userId"),
    };
    const vg_value *session = vg_get(user, VG_STR("sessionContext"));
    if (!session)
        return;
    out->issuer_type = vg_get_str(session, "sessionIssuer/type");
    out->issuer_arn = vg_get_str(session, "sessionIssuer/arn");
    out->issuer_account = vg_get_str(session, "sessionIssuer/accountId");
    out->issuer_name = vg_get_str(session, "sessionIssuer/userName");
    out->source_identity = vg_get_str(session, "sourceIdentity");
    const vg_value *mfa = vg_get_path(session, "attributes/mfaAuthenticated");
    out->mfa_known = mfa && (mfa->kind == VG_STRING || mfa->kind == VG_BOOL);
    out->mfa =
        out->mfa_known && (mfa->kind == VG_BOOL ? mfa->as.boolean : vg_str_is(vg_value_str(mfa), "true"));
}

static size_t read_resources(const vg_value *list, vg_trail_resource *out)
{
    size_t count = 0;
    for (vg_items it = vg_items_of(list && list->kind == VG_ARRAY ? list : NULL);
         count < VG_TRAIL_MOST_RESOURCES && vg_items_next(&it);)
        out[count++] = (vg_trail_resource){.arn = vg_get_str(it.value, "ARN"),
                                           .account = vg_get_str(it.value, "accountId"),
                                           .type = vg_get_str(it.value, "type")};
    return count;
}

/* An Insights event tells of many calls, and which in its details. */
static void read_insight(const vg_value *record, vg_trail_record *out)
{
    const vg_value *details = vg_get(record, VG_STR("insightDetails"));
    if (!details)
        return;
    out->source = vg_get_str(details, "eventSource");
    out->name = vg_get_str(details, "eventName");
}

void vg_trail_record_of(const vg_value *record, vg_trail_resource *resources, vg_trail_record *out)
{
    *out = (vg_trail_record){
        .time = VG_TIME_NONE,
        .id = vg_get_str(record, "eventID"),
        .source = vg_get_str(record, "eventSource"),
        .name = vg_get_str(record, "eventName"),
        .region = vg_get_str(record, "awsRegion"),
        .account = vg_get_str(record, "recipientAccountId"),
        .source_ip = vg_get_str(record, "sourceIPAddress"),
        .user_agent = vg_get_str(record, "userAgent"),
        .error_code = vg_get_str(record, "errorCode"),
        .error_message = vg_get_str(record, "errorMessage"),
        .type = vg_get_str(record, "eventType"),
        .category = vg_get_str(record, "eventCategory"),
        .shared_id = vg_get_str(record, "sharedEventID"),
        .request_id = vg_get_str(record, "requestID"),
        .vpc_endpoint = vg_get_str(record, "vpcEndpointId"),
        .resources = resources,
        .root = record,
    };
    vg_time time;
    if (vg_time_parse(vg_get_str(record, "eventTime"), &time))
        out->time = time;
    read_identity(vg_get(record, VG_STR("userIdentity")), &out->identity);
    if (out->account.len == 0)
        out->account = out->identity.account;
    const vg_value *read_only = vg_get(record, VG_STR("readOnly"));
    out->read_only_known = read_only && (read_only->kind == VG_BOOL || read_only->kind == VG_STRING);
    out->read_only =
        out->read_only_known &&
        (read_only->kind == VG_BOOL ? read_only->as.boolean : vg_str_is(vg_value_str(read_only), "true"));
    out->resource_count = read_resources(vg_get(record, VG_STR("resources")), resources);
    if (!out->name.len)
        read_insight(record, out);
}

/* ---- what holds records ------------------------------------------------------------------------------------------------------- */

static void tell_bad(trail_reader *r, const vg_error *bad)
{
    r->counts->bad++;
    if (r->sink->bad)
        r->sink->bad(r->sink->context, bad);
}

static void refuse(trail_reader *r, vg_place place, const char *what)
{
    vg_error bad;
    vg_fail_at(&bad, VG_ERR_VALUE, place, "%s", what);
    tell_bad(r, &bad);
}

static vg_status give(trail_reader *r, const vg_value *record, vg_place place)
{
    vg_trail_resource resources[VG_TRAIL_MOST_RESOURCES];
    vg_trail_record out;
    vg_trail_record_of(record, resources, &out);
    out.place = place;
    r->counts->records++;
    return r->sink->record(r->sink->context, &out, r->err);
}

static bool is_record(const vg_value *v)
{
    bool is_call = vg_get(v, VG_STR("eventName")) && vg_get(v, VG_STR("eventSource"));
    return is_call || vg_get(v, VG_STR("insightDetails"));
}

/* A record that stands as text inside another document: lookup-events' CloudTrailEvent, Lake's eventJson. */
static vg_status take_text(trail_reader *r, vg_str text, vg_place place)
{
    vg_doc doc;
    vg_error bad;
    vg_status status = vg_json_read(r->arena, text, r->name, NULL, &doc, &bad);
    if (status == VG_ERR_MEMORY)
        return vg_fail(r->err, status, "memory ran out while reading activity");
    if (status == VG_OK && is_record(doc.root))
        return give(r, doc.root, place);
    if (status == VG_OK)
        refuse(r, place, "the embedded event is no CloudTrail record");
    else {
        bad.place = (vg_place){0};
        vg_error_locate(&bad, place);
        tell_bad(r, &bad);
    }
    return VG_OK;
}

/* The wrapped record of an object, or NULL. */
static const vg_value *inner_record(const vg_value *v)
{
    const vg_value *detail = vg_get(v, VG_STR("detail")); /* EventBridge */
    if (detail && is_record(detail))
        return detail;
    return is_record(v) ? v : NULL;
}

static vg_str inner_text(const vg_value *v)
{
    static const char *const keys[] = {"CloudTrailEvent", "eventJson", "eventjson"};
    for (size_t i = 0; i < VG_COUNT(keys); i++) {
        vg_str text = vg_get_str(v, keys[i]);
        if (text.len)
            return text;
    }
    return (vg_str){0};
}

/* The list of an object that holds many, or NULL. */
static const vg_value *inner_list(const vg_value *v)
{
    static const char *const keys[] = {"Records", "Events", "QueryResultRows"};
    for (size_t i = 0; i < VG_COUNT(keys); i++) {
        const vg_value *list = vg_get(v, vg_str_from(keys[i]));
        if (list && list->kind == VG_ARRAY)
            return list;
    }
    return NULL;
}

/* vg_doc_place, which counts the lines of the whole text before it, for every record. */
static vg_place place_of(trail_reader *r, const vg_doc *doc, const vg_value *v)
{
    size_t at = v->position;
    if (doc->positions || at >= doc->source.len)
        return vg_doc_place(doc, v);
    if (r->line == 0 || at < r->counted) {
        r->counted = r->line_start = vg_str_starts(doc->source, VG_STR("\xEF\xBB\xBF")) ? 3 : 0;
        r->line = 1;
    }
    for (const char *end; (end = memchr(doc->source.ptr + r->counted, '\n', at - r->counted)) != NULL;) {
        r->counted = r->line_start = (size_t)(end - doc->source.ptr) + 1;
        r->line++;
    }
    r->counted = at;
    return (vg_place){.file = doc->name, .line = r->line, .column = (uint32_t)(at - r->line_start) + 1};
}

/* Any value: a record, something that wraps one, or a list of these. Lists within lists: at most `depth` more (a row of
 * Lake's answer is a list of one-column objects). */
static vg_status take(trail_reader *r, const vg_doc *doc, const vg_value *v, unsigned depth)
{
    const vg_value *record = v->kind == VG_OBJECT ? inner_record(v) : NULL;
    if (record)
        return give(r, record, place_of(r, doc, record));
    vg_str text = v->kind == VG_OBJECT ? inner_text(v) : (vg_str){0};
    if (text.len)
        return take_text(r, text, place_of(r, doc, v));
    const vg_value *list = v->kind == VG_ARRAY ? v : v->kind == VG_OBJECT ? inner_list(v) : NULL;
    if (!list || depth == 0) {
        refuse(r, place_of(r, doc, v), "this is no CloudTrail record");
        return VG_OK;
    }
    for (vg_items it = vg_items_of(list); vg_items_next(&it);)
        VG_TRY(take(r, doc, it.value, depth - 1));
    return VG_OK;
}

/* ---- documents ------------------------------------------------------------------------------------------------------------------ */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Whether the text is an object whose first key is "Records": what CloudTrail delivers. */
static bool opens_with_records(vg_str text)
{
    vg_str key = VG_STR("\"Records\"");
    size_t i = 0;
    while (i < text.len && is_space(text.ptr[i]))
        i++;
    if (i == text.len || text.ptr[i] != '{')
        return false;
    i++;
    while (i < text.len && is_space(text.ptr[i]))
        i++;
    return vg_str_starts(vg_str_sub(text, i, VG_NPOS), key);
}

/* The value that the cursor stands on. *bad tells a failure of the text; the sink's own failure is in r->err. */
static vg_status read_one(trail_reader *r, vg_json_cursor *cursor, bool *sink_failed, vg_error *bad)
{
    vg_doc doc;
    vg_arena_reset(r->arena);
    VG_TRY(vg_json_cursor_tree(cursor, r->arena, &doc, bad));
    vg_status status = take(r, &doc, doc.root, 3);
    *sink_failed = status != VG_OK;
    return status;
}

/* The items of {"Records": [...]}, one at a time. */
static vg_status read_records(trail_reader *r, vg_json_cursor *cursor, bool *sink_failed, vg_error *bad)
{
    bool found, more;
    VG_TRY(vg_json_cursor_enter(cursor, bad));
    VG_TRY(vg_json_cursor_find(cursor, VG_STR("Records"), &found, bad));
    if (!found || vg_json_cursor_kind(cursor) != VG_ARRAY)
        return vg_fail_at(bad, VG_ERR_VALUE, vg_json_cursor_place(cursor), "Records is no list");
    VG_TRY(vg_json_cursor_enter(cursor, bad));
    for (;;) {
        VG_TRY(vg_json_cursor_next(cursor, NULL, &more, bad));
        if (!more)
            return VG_OK;
        VG_TRY(read_one(r, cursor, sink_failed, bad));
    }
}

static vg_status read_documents(trail_reader *r, vg_json_cursor *cursor, vg_str text, bool *sink_failed,
                                vg_error *bad)
{
    bool more;
    for (;;) {
        VG_TRY(vg_json_cursor_document(cursor, &more, bad));
        if (!more)
            return VG_OK;
        if (opens_with_records(text)) {
            VG_TRY(read_records(r, cursor, sink_failed, bad));
            VG_TRY(vg_json_cursor_leave(cursor, bad));
            text = (vg_str){0};
            continue;
        }
        VG_TRY(read_one(r, cursor, sink_failed, bad));
    }
}

/* JSON lines: the first line looks like a whole document, and there is more behind it. */
static bool is_by_line(vg_str text)
{
    vg_str first, rest;
    text = vg_str_trim(text);
    if (!vg_str_split(text, '\n', &first, &rest))
        return false;
    first = vg_str_trim(first);
    return first.len > 1 && first.ptr[0] == '{' && first.ptr[first.len - 1] == '}' &&
           vg_str_trim(rest).len > 0;
}

vg_status vg_trail_read(vg_str bytes, vg_str name, const vg_trail_sink *sink, vg_trail_counts *counts,
                        vg_error *err)
{
    vg_arena *cursor_arena = vg_arena_new(0), *arena = vg_arena_new(0);
    trail_reader r = {.name = name, .sink = sink, .counts = counts, .arena = arena, .err = err};
    vg_json_cursor *cursor = NULL;
    vg_error bad = {0};
    bool sink_failed = false, by_line = is_by_line(bytes);
    vg_status status = cursor_arena && arena
                           ? vg_json_cursor_open(cursor_arena, bytes, name, NULL, &cursor, err)
                           : vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading activity");
    if (status == VG_OK && by_line)
        vg_json_cursor_by_line(cursor);
    while (status == VG_OK) {
        vg_status one = read_documents(&r, cursor, bytes, &sink_failed, &bad);
        if (one == VG_OK || sink_failed || one == VG_ERR_MEMORY) {
            status = one;
            break;
        }
        tell_bad(&r, &bad);
        if (!by_line)
            break;
        vg_json_cursor_recover(cursor);
    }
    vg_arena_free(arena);
    vg_arena_free(cursor_arena);
    return status;
}

bool vg_trail_is_delivered(vg_str bytes)
{
    return opens_with_records(bytes);
}

bool vg_trail_recognise(vg_str bytes)
{
    vg_str head = vg_str_sub(bytes, 0, 65536);
    return vg_str_find(head, VG_STR("\"eventSource\"")) != VG_NPOS ||
           vg_str_find(head, VG_STR("CloudTrailEvent")) != VG_NPOS ||
           vg_str_find(head, VG_STR("\"eventJson\"")) != VG_NPOS ||
           vg_str_find(head, VG_STR("\"eventjson\"")) != VG_NPOS ||
           (opens_with_records(head) && head.len < 64);
}
