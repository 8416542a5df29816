/* log_json.c: logs in JSON: Resolver query logs, flows as objects, and the envelopes in which CloudWatch Logs hands out lines
 * of any log.
 *
 * Resolver query logs are a JSON object a line. CloudWatch Logs wraps: a subscription's batch {"owner", "logGroup",
 * "logEvents": [{"timestamp", "message"}]}, the answer of get-log-events and filter-log-events {"events": [...]}, of
 * get-query-results {"results": [[{"field": "@message", "value"}]]}, and one {"message"} a line from Data Firehose. The
 * message is a line of flow logs or S3 access logs, or JSON again. A batch is read one event at a time; other documents as
 * a whole. Sources: Route 53 Developer Guide, "Values that appear in VPC Resolver query logs"; CloudWatch Logs User Guide,
 * "Log group-level subscription filters", and its API reference. */
#include "trail/log_part.h"

enum { DEEPEST = 6 }; /* lists and messages within one another */

static vg_status take(vg_log_reader *r, const vg_value *v, const vg_log_line *line, unsigned depth);

/* ---- messages ------------------------------------------------------------------------------------------------------------------ */

static bool opens_json(vg_str text)
{
    return text.len > 0 && (text.ptr[0] == '{' || text.ptr[0] == '[');
}

static vg_status take_json(vg_log_reader *r, const vg_log_line *line, unsigned depth)
{
    vg_doc doc;
    vg_error bad;
    vg_status status = vg_json_read(r->arena, line->text, r->name, NULL, &doc, &bad);
    if (status == VG_ERR_MEMORY)
        return vg_log_memory(r);
    if (status == VG_OK)
        return take(r, doc.root, line, depth);
    vg_log_refuse(r, line, "this is no JSON: %.200s", bad.message);
    return VG_OK;
}

/* Whether a text in an envelope is a line of a log that is read; after the first flow, everything there should be. */
static bool is_message(const vg_log_reader *r, vg_str text)
{
    return opens_json(text) || r->has_columns || vg_s3_access_recognise_line(text) ||
           vg_flow_recognise_line(text);
}

static vg_status take_message(vg_log_reader *r, const vg_log_line *line, unsigned depth)
{
    if (opens_json(line->text))
        return take_json(r, line, depth);
    return vg_s3_access_recognise_line(line->text) ? vg_s3_access_line(r, line) : vg_flow_line(r, line);
}

static vg_time milliseconds(const vg_value *v, vg_time otherwise)
{
    const int64_t year_9999 = INT64_C(253402300799999);
    bool is_time = v && v->kind == VG_INT && v->as.i64 >= 0 && v->as.i64 <= year_9999;
    return is_time ? v->as.i64 * (VG_TIME_SECOND / 1000) : otherwise;
}

/* A row of get-query-results: [{"field": "@message", "value": ...}, ...]. */
static vg_str message_of_row(const vg_value *row)
{
    for (vg_items it = vg_items_of(row); vg_items_next(&it);)
        if (vg_str_is(vg_get_str(it.value, "field"), "@message"))
            return vg_get_str(it.value, "value");
    return (vg_str){0};
}

/* ---- objects ------------------------------------------------------------------------------------------------------------------- */

static bool is_query(const vg_value *v)
{
    return vg_get(v, VG_STR("query_name")) &&
           (vg_get(v, VG_STR("query_timestamp")) || vg_get(v, VG_STR("vpc_id")));
}

static bool is_record(const vg_value *v)
{
    return vg_get(v, VG_STR("eventName")) && vg_get(v, VG_STR("eventSource"));
}

static vg_status give_record(vg_log_reader *r, const vg_value *v, const vg_log_line *line)
{
    vg_event_memory memory;
    vg_event event;
    VG_TRY(vg_event_of(VG_LOG_CLOUDTRAIL, v, &memory, &event, r->err));
    event.place = (vg_place){r->name, line->line, line->column};
    r->counts->records++;
    vg_status status = r->sink->event(r->sink->context, &event, r->err);
    r->stopped = status != VG_OK;
    return status;
}

static vg_status give_object(vg_log_reader *r, vg_log_kind log, const vg_value *v, const vg_log_line *line)
{
    vg_event event = {.log = log, .root = v};
    vg_log_describe(log, v, r->options.time_field, &event);
    return vg_log_give(r, line, &event);
}

static const char *const lists[] = {"logEvents", "events", "results", "Records"};

/* The list of an envelope, or NULL. */
static const vg_value *list_of(const vg_value *v)
{
    for (size_t i = 0; i < VG_COUNT(lists); i++) {
        const vg_value *list = vg_get(v, vg_str_from(lists[i]));
        if (list && list->kind == VG_ARRAY)
            return list;
    }
    return NULL;
}

static vg_status take_list(vg_log_reader *r, const vg_value *list, const vg_log_line *line, unsigned depth)
{
    vg_log_line item = *line;
    item.text = (vg_str){0};
    for (vg_items it = vg_items_of(list); vg_items_next(&it);)
        VG_TRY(take(r, it.value, &item, depth - 1));
    return VG_OK;
}

/* What an object holds, when it is no event itself: a message, or a list. */
static vg_status take_envelope(vg_log_reader *r, const vg_value *v, const vg_log_line *line, unsigned depth)
{
    const vg_value *list = list_of(v), *inner = vg_get(v, VG_STR("message"));
    vg_log_line item = *line;
    item.time = milliseconds(vg_get(v, VG_STR("timestamp")), line->time);
    item.text = vg_str_trim(inner ? vg_value_str(inner) : vg_get_str(v, "@message"));
    if (item.text.len && is_message(r, item.text))
        return take_message(r, &item, depth - 1);
    if (inner && inner->kind == VG_OBJECT && is_query(inner))
        return give_object(r, VG_LOG_DNS, inner, &item);
    return list ? take_list(r, list, line, depth) : give_object(r, VG_LOG_UNKNOWN, v, line);
}

static vg_status take_object(vg_log_reader *r, const vg_value *v, const vg_log_line *line, unsigned depth)
{
    if (is_query(v))
        return give_object(r, VG_LOG_DNS, v, line);
    if (is_record(v))
        return give_record(r, v, line);
    if (vg_flow_is_object(v))
        return vg_flow_object(r, line, v);
    return take_envelope(r, v, line, depth);
}

static vg_status take(vg_log_reader *r, const vg_value *v, const vg_log_line *line, unsigned depth)
{
    vg_log_line row = *line;
    if (depth > 0 && v->kind == VG_OBJECT)
        return take_object(r, v, line, depth);
    if (depth > 0 && v->kind == VG_ARRAY) {
        row.text = message_of_row(v);
        return row.text.len ? take_message(r, &row, depth - 1) : take_list(r, v, line, depth);
    }
    vg_log_refuse(r, line, "this is no event of a log");
    return VG_OK;
}

/* ---- documents ----------------------------------------------------------------------------------------------------------------- */

/* How the documents of a text are taken. */
typedef struct {
    vg_str text;
    bool by_line;  /* each stands on a line of its own */
    bool is_batch; /* each is an envelope with a list of events */
} json_shape;

static vg_str line_at(vg_str text, size_t position)
{
    vg_str line = vg_str_sub(text, position, VG_NPOS);
    return vg_str_trim(vg_str_sub(line, 0, vg_str_find_char(line, '\n')));
}

/* The value that the cursor stands on, as a whole. */
static vg_status read_value(vg_log_reader *r, vg_json_cursor *cursor, const json_shape *shape, vg_error *bad)
{
    vg_doc doc;
    vg_place place = vg_json_cursor_place(cursor);
    vg_arena_reset(r->arena);
    VG_TRY(vg_json_cursor_tree(cursor, r->arena, &doc, bad));
    vg_log_line line = {.time = VG_TIME_NONE, .line = place.line, .column = place.column};
    line.position = doc.root->position;
    if (shape->by_line)
        line.text = line_at(shape->text, doc.root->position);
    return take(r, doc.root, &line, DEEPEST);
}

static vg_status read_list(vg_log_reader *r, vg_json_cursor *cursor, vg_error *bad)
{
    const json_shape item = {0};
    bool more;
    VG_TRY(vg_json_cursor_enter(cursor, bad));
    for (;;) {
        VG_TRY(vg_json_cursor_next(cursor, NULL, &more, bad));
        if (!more)
            return VG_OK;
        VG_TRY(read_value(r, cursor, &item, bad));
    }
}

static bool is_list_name(vg_str key)
{
    for (size_t i = 0; i < VG_COUNT(lists); i++)
        if (vg_str_is(key, lists[i]))
            return true;
    return false;
}

/* What an envelope says of itself before its list: whose log it is, and that it is one of the messages with which
 * CloudWatch Logs tries a destination. */
static vg_status read_label(vg_log_reader *r, vg_json_cursor *cursor, vg_str key, bool *is_control,
                            vg_error *bad)
{
    bool is_owner = vg_str_is(key, "owner"), is_type = vg_str_is(key, "messageType");
    vg_str text;
    if ((!is_owner && !is_type) || vg_json_cursor_kind(cursor) != VG_STRING)
        return VG_OK;
    VG_TRY(vg_json_cursor_str(cursor, r->arena, &text, bad));
    if (is_type)
        *is_control = vg_str_is(text, "CONTROL_MESSAGE");
    if (is_owner && vg_log_is_account(text)) {
        memcpy(r->owner, text.ptr, sizeof r->owner);
        r->origin.account = vg_str_of(r->owner, sizeof r->owner);
    }
    return VG_OK;
}

static vg_status read_batch(vg_log_reader *r, vg_json_cursor *cursor, vg_error *bad)
{
    vg_place place = vg_json_cursor_place(cursor);
    bool more, is_control = false, has_list = false;
    vg_str key;
    VG_TRY(vg_json_cursor_enter(cursor, bad));
    for (;;) {
        VG_TRY(vg_json_cursor_next(cursor, &key, &more, bad));
        if (!more)
            break;
        if (!is_list_name(key) || vg_json_cursor_kind(cursor) != VG_ARRAY) {
            VG_TRY(read_label(r, cursor, key, &is_control, bad));
            continue;
        }
        has_list = true;
        if (!is_control)
            VG_TRY(read_list(r, cursor, bad));
    }
    if (!has_list)
        vg_log_refuse(r, &(vg_log_line){.line = place.line, .column = place.column},
                      "there are no log events in this envelope");
    return VG_OK;
}

static vg_status read_documents(vg_log_reader *r, vg_json_cursor *cursor, const json_shape *shape,
                                vg_error *bad)
{
    bool more;
    for (;;) {
        VG_TRY(vg_json_cursor_document(cursor, &more, bad));
        if (!more)
            return VG_OK;
        vg_kind kind = vg_json_cursor_kind(cursor);
        if (kind == VG_ARRAY)
            VG_TRY(read_list(r, cursor, bad));
        else if (kind == VG_OBJECT && shape->is_batch)
            VG_TRY(read_batch(r, cursor, bad));
        else
            VG_TRY(read_value(r, cursor, shape, bad));
    }
}

/* ---- shapes -------------------------------------------------------------------------------------------------------------------- */

/* The first line is a whole object, and there is more behind it. */
static bool is_by_line(vg_str text)
{
    vg_str first, rest;
    text = vg_str_trim(text);
    if (!vg_str_split(text, '\n', &first, &rest))
        return false;
    first = vg_str_trim(first);
    return first.len > 1 && first.ptr[0] == '{' && first.ptr[first.len - 1] == '}';
}

/* The first key of the object that a text opens with. */
static vg_str first_key(vg_str text)
{
    vg_str key = {0};
    text = vg_str_trim(text);
    if (text.len == 0 || text.ptr[0] != '{')
        return key;
    text = vg_str_trim(vg_str_sub(text, 1, VG_NPOS));
    if (text.len && text.ptr[0] == '"')
        key = vg_str_sub(text, 1, vg_str_find_char(vg_str_sub(text, 1, VG_NPOS), '"'));
    return key;
}

static json_shape shape_of(vg_str text)
{
    vg_str head = vg_str_sub(text, 0, 4096), key = first_key(head);
    return (json_shape){.text = text,
                        .by_line = is_by_line(text),
                        .is_batch =
                            is_list_name(key) || vg_str_find(head, VG_STR("\"logEvents\"")) != VG_NPOS};
}

vg_status vg_log_read_json(vg_log_reader *r, vg_str bytes)
{
    json_shape shape = shape_of(bytes);
    vg_arena *arena = vg_arena_new(0);
    vg_json_cursor *cursor = NULL;
    vg_error bad = {0};
    vg_status status =
        arena ? vg_json_cursor_open(arena, bytes, r->name, NULL, &cursor, r->err) : vg_log_memory(r);
    if (status == VG_OK && shape.by_line)
        vg_json_cursor_by_line(cursor);
    while (status == VG_OK) {
        vg_status one = read_documents(r, cursor, &shape, &bad);
        if (one == VG_OK || r->stopped) {
            status = one;
            break;
        }
        if (one == VG_ERR_MEMORY) {
            status = vg_log_memory(r);
            break;
        }
        vg_log_tell(r, &bad);
        if (!shape.by_line)
            break;
        vg_json_cursor_recover(cursor);
    }
    vg_arena_free(arena);
    return status;
}

vg_status vg_log_json_line(vg_log_reader *r, const vg_log_line *line)
{
    vg_log_line whole = *line;
    whole.text = vg_str_trim(line->text);
    if (opens_json(whole.text))
        return take_json(r, &whole, DEEPEST);
    vg_log_refuse(r, line, "this line is no object of a log");
    return VG_OK;
}

/* ---- recognising --------------------------------------------------------------------------------------------------------------- */

/* Whether one of the first messages is a line of this kind; a message with escapes counts up to the first of them. */
static bool has_message(vg_str head, bool (*is_line)(vg_str line))
{
    const vg_str key = VG_STR("\"message\"");
    for (unsigned i = 0; i < 8; i++) {
        size_t at = vg_str_find(head, key);
        if (at == VG_NPOS)
            return false;
        head = vg_str_trim(vg_str_sub(head, at + key.len, VG_NPOS));
        vg_str text =
            head.len && head.ptr[0] == ':' ? vg_str_trim(vg_str_sub(head, 1, VG_NPOS)) : (vg_str){0};
        size_t end = 1;
        while (end < text.len && text.ptr[end] != '"' && text.ptr[end] != '\\')
            end++;
        if (text.len && text.ptr[0] == '"' && is_line(vg_str_sub(text, 1, end - 1)))
            return true;
    }
    return false;
}

vg_log_kind vg_log_recognise_json(vg_str head)
{
    static const struct {
        const char *word;
        vg_log_kind kind;
    } words[] = {
        {"\"query_timestamp\"", VG_LOG_DNS},
        {"\\\"query_timestamp\\\"", VG_LOG_DNS},
        {"\\\"eventSource\\\"", VG_LOG_CLOUDTRAIL},
        {"\"log-status\"", VG_LOG_FLOW},
        {"\"log_status\"", VG_LOG_FLOW},
    };
    if (vg_trail_recognise(head))
        return VG_LOG_CLOUDTRAIL;
    for (size_t i = 0; i < VG_COUNT(words); i++)
        if (vg_str_find(head, vg_str_from(words[i].word)) != VG_NPOS)
            return words[i].kind;
    if (has_message(head, vg_flow_recognise_line))
        return VG_LOG_FLOW;
    return has_message(head, vg_s3_access_recognise_line) ? VG_LOG_S3_ACCESS : VG_LOG_UNKNOWN;
}
