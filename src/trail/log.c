/* log.c: which log this is, and its lines one after the other.
 *
 * A log tells what it is by its content alone: names of files are the user's own business. Text is judged by its first
 * lines, JSON by the words in its head. */
#include "trail/log_part.h"

const char *const vg_log_services[VG_LOG_KIND_COUNT] = {"cloudtrail", "vpcflow", "route53", "s3access"};

/* ---- telling ------------------------------------------------------------------------------------------------------------------- */

void vg_log_tell(vg_log_reader *r, const vg_error *bad)
{
    r->counts->bad++;
    if (r->sink->bad)
        r->sink->bad(r->sink->context, bad);
}

void vg_log_refuse(vg_log_reader *r, const vg_log_line *line, const char *format, ...)
{
    char message[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    vg_error bad;
    vg_fail_at(&bad, VG_ERR_SYNTAX, (vg_place){r->name, line->line, line->column}, "%s", message);
    vg_log_tell(r, &bad);
}

vg_status vg_log_memory(vg_log_reader *r)
{
    r->stopped = true;
    return vg_fail(r->err, VG_ERR_MEMORY, "memory ran out while reading a log");
}

void vg_log_id(vg_str text, vg_str also, char out[VG_LOG_ID])
{
    const vg_str parts[] = {text, also};
    vg_sha256 hash = also.len ? vg_sha256_parts(parts, VG_COUNT(parts)) : vg_sha256_bytes(text);
    vg_hex(hash.bytes, (VG_LOG_ID - 1) / 2, out);
}

/* ---- events -------------------------------------------------------------------------------------------------------------------- */

vg_time vg_log_seconds(const vg_value *v)
{
    const int64_t year_9999 = INT64_C(253402300799);
    return v && v->kind == VG_INT && v->as.i64 <= year_9999 ? v->as.i64 * VG_TIME_SECOND : VG_TIME_NONE;
}

static void describe_flow(const vg_value *root, vg_event *event)
{
    event->time = vg_log_seconds(vg_get(root, VG_STR("start")));
    if (event->time == VG_TIME_NONE)
        event->time = vg_log_seconds(vg_get(root, VG_STR("end")));
    event->account = vg_get_str(root, "account-id");
    event->region = vg_get_str(root, "region");
    event->source_ip = vg_get_str(root, "srcaddr");
}

static void describe_dns(const vg_value *root, vg_event *event)
{
    vg_time_parse(vg_get_str(root, "query_timestamp"), &event->time);
    event->account = vg_get_str(root, "account_id");
    event->region = vg_get_str(root, "region");
    event->source_ip = vg_get_str(root, "srcaddr");
}

/* The value at a path with dots, or the key that holds the dots itself. */
static const vg_value *at_path(const vg_value *v, vg_str path)
{
    const vg_value *whole = vg_get(v, path);
    vg_str key;
    if (whole)
        return whole;
    while (v && vg_str_next(&path, '.', &key))
        v = vg_get(v, key);
    return v;
}

/* A time as text, or as seconds, milliseconds or microseconds since 1970: whichever lies before the year 2286. */
static vg_time time_of(const vg_value *v)
{
    vg_time time = VG_TIME_NONE;
    if (!v || v->kind != VG_INT)
        return v && vg_time_parse(vg_value_str(v), &time) ? time : VG_TIME_NONE;
    int64_t scale = VG_TIME_SECOND, most = INT64_C(10000000000);
    for (; scale > 1 && v->as.i64 >= most; scale /= 1000)
        most *= 1000;
    return v->as.i64 < 0 || v->as.i64 >= most ? VG_TIME_NONE : v->as.i64 * scale;
}

static void describe_other(const vg_value *root, vg_str time_field, vg_event *event)
{
    static const char *const names[] = {"@timestamp", "timestamp", "eventTime", "time", "UtcTime"};
    if (time_field.len)
        event->time = time_of(at_path(root, time_field));
    for (size_t i = 0; i < VG_COUNT(names) && time_field.len == 0 && event->time == VG_TIME_NONE; i++)
        event->time = time_of(vg_get(root, vg_str_from(names[i])));
}

void vg_log_describe(vg_log_kind log, const vg_value *root, vg_str time_field, vg_event *event)
{
    event->time = VG_TIME_NONE;
    if (log == VG_LOG_FLOW)
        describe_flow(root, event);
    else if (log == VG_LOG_DNS)
        describe_dns(root, event);
    else if (log == VG_LOG_S3_ACCESS)
        vg_s3_access_describe(root, event);
    else
        describe_other(root, time_field, event);
}

static bool id_by_object(const vg_value *root, char out[VG_LOG_ID])
{
    vg_buf canonical = {0};
    vg_json_write_canonical(&canonical, root);
    bool is_good = !canonical.failed;
    if (is_good)
        vg_log_id(vg_buf_str(&canonical), (vg_str){0}, out);
    vg_buf_free(&canonical);
    return is_good;
}

static vg_str first_of(vg_str a, vg_str b, vg_str c)
{
    return a.len ? a : b.len ? b : c;
}

vg_status vg_log_give(vg_log_reader *r, const vg_log_line *line, vg_event *event)
{
    bool names_its_place = event->account.len > 0 || vg_get(event->root, VG_STR("interface-id"));
    if (line->text.len)
        vg_log_id(line->text, names_its_place ? (vg_str){0} : r->origin.account, r->id);
    else if (!id_by_object(event->root, r->id))
        return vg_log_memory(r);
    event->id = vg_str_of(r->id, VG_LOG_ID - 1);
    if (event->time == VG_TIME_NONE)
        event->time = line->time;
    event->account = first_of(event->account, r->origin.account, r->options.account);
    event->region = first_of(event->region, r->origin.region, r->options.region);
    event->place = (vg_place){r->name, line->line, line->column};
    r->counts->records++;
    vg_status status = r->sink->event(r->sink->context, event, r->err);
    r->stopped = status != VG_OK;
    return status;
}

static void of_record(const vg_trail_record *record, vg_event *out)
{
    *out = (vg_event){.log = VG_LOG_CLOUDTRAIL,
                      .time = record->time,
                      .id = record->id,
                      .account = record->account,
                      .region = record->region,
                      .source_ip = record->source_ip,
                      .root = record->root,
                      .record = record,
                      .place = record->place};
}

vg_status vg_event_of(vg_log_kind log, const vg_value *root, vg_event_memory *memory, vg_event *out,
                      vg_error *err)
{
    if (log == VG_LOG_CLOUDTRAIL) {
        vg_trail_record_of(root, memory->resources, &memory->record);
        of_record(&memory->record, out);
    } else {
        *out = (vg_event){.log = log, .root = root};
        vg_log_describe(log, root, (vg_str){0}, out);
    }
    if (out->id.len > 0)
        return VG_OK;
    if (!id_by_object(root, memory->id))
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading an event");
    out->id = vg_str_of(memory->id, VG_LOG_ID - 1);
    return VG_OK;
}

/* ---- lines --------------------------------------------------------------------------------------------------------------------- */

void vg_log_strip_time(vg_log_line *line)
{
    vg_str time, rest;
    vg_str text = line->text;
    if (text.len < 21 || text.ptr[4] != '-' || text.ptr[7] != '-' || text.ptr[10] != 'T' ||
        !vg_str_split(text, ' ', &time, &rest) || !vg_time_parse(time, &line->time))
        return;
    size_t taken = (size_t)(rest.ptr - text.ptr);
    line->text = rest;
    line->column += (uint32_t)taken;
    line->position += (uint32_t)taken;
}

vg_status vg_log_lines(vg_log_reader *r, vg_str bytes,
                       vg_status (*take)(vg_log_reader *r, const vg_log_line *line))
{
    const char *at = bytes.ptr, *end = bytes.ptr + bytes.len;
    for (uint32_t number = 1; at < end; number++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((stop ? stop : end) - at), position = (size_t)(at - bytes.ptr);
        vg_log_line line = {.text = {at, length}, .time = VG_TIME_NONE, .line = number, .column = 1};
        line.position = position <= UINT32_MAX ? (uint32_t)position : 0;
        if (length && at[length - 1] == '\r')
            line.text.len--;
        vg_log_strip_time(&line);
        if (line.text.len)
            VG_TRY(take(r, &line));
        if (vg_arena_used(r->arena) > 0)
            vg_arena_reset(r->arena);
        if (!stop)
            break;
        at = stop + 1;
    }
    return VG_OK;
}

/* ---- kinds --------------------------------------------------------------------------------------------------------------------- */

static vg_str without_mark(vg_str bytes)
{
    vg_str mark = VG_STR("\xEF\xBB\xBF");
    return vg_str_starts(bytes, mark) ? vg_str_sub(bytes, mark.len, VG_NPOS) : bytes;
}

/* By the first of its first lines that tells. */
static vg_log_kind recognise_text(vg_str head)
{
    vg_str line;
    for (unsigned i = 0; i < 32 && vg_str_next(&head, '\n', &line); i++) {
        vg_log_line one = {.text = vg_str_trim(line)};
        vg_log_strip_time(&one);
        if (vg_flow_recognise_line(one.text))
            return VG_LOG_FLOW;
        if (vg_s3_access_recognise_line(one.text))
            return VG_LOG_S3_ACCESS;
    }
    return VG_LOG_UNKNOWN;
}

static bool is_json(vg_str head)
{
    head = vg_str_trim(head);
    return head.len > 0 && (head.ptr[0] == '{' || head.ptr[0] == '[');
}

vg_log_kind vg_log_recognise(vg_str head)
{
    head = without_mark(vg_str_sub(head, 0, VG_LOG_HEAD));
    if (is_json(head))
        return vg_log_recognise_json(head);
    vg_log_kind kind = recognise_text(head);
    return kind == VG_LOG_UNKNOWN ? vg_log_recognise_json(head) : kind;
}

/* ---- reading ------------------------------------------------------------------------------------------------------------------- */

static vg_status on_record(void *context, const vg_trail_record *record, vg_error *err)
{
    vg_log_reader *r = context;
    vg_event event;
    of_record(record, &event);
    vg_status status = r->sink->event(r->sink->context, &event, err);
    r->stopped = status != VG_OK;
    return status;
}

static void on_bad(void *context, const vg_error *err)
{
    vg_log_reader *r = context;
    if (r->sink->bad)
        r->sink->bad(r->sink->context, err);
}

vg_status vg_log_read_trail(vg_log_reader *r, vg_str bytes)
{
    const vg_trail_sink sink = {on_record, on_bad, r};
    return vg_trail_read(bytes, r->name, &sink, r->counts, r->err);
}

static vg_status read_bytes(vg_log_reader *r, vg_str bytes)
{
    vg_log_kind kind = vg_log_recognise(bytes);
    if (is_json(bytes))
        return kind == VG_LOG_CLOUDTRAIL && vg_trail_recognise(bytes) ? vg_log_read_trail(r, bytes)
                                                                      : vg_log_read_json(r, bytes);
    if (kind == VG_LOG_CLOUDTRAIL || kind == VG_LOG_DNS)
        return vg_log_lines(r, bytes, vg_log_json_line);
    if (kind == VG_LOG_FLOW || (kind == VG_LOG_UNKNOWN && r->has_columns))
        return vg_log_lines(r, bytes, vg_flow_line);
    if (kind == VG_LOG_S3_ACCESS)
        return vg_log_lines(r, bytes, vg_s3_access_line);
    if (vg_str_trim(bytes).len)
        vg_log_refuse(r, &(vg_log_line){0}, "these bytes are of no kind of log that is read");
    return VG_OK;
}

static vg_status take_format(vg_log_reader *r)
{
    if (r->options.format.len == 0)
        return VG_OK;
    r->has_columns = vg_flow_columns_read(r->options.format, &r->columns);
    return r->has_columns ? VG_OK
                          : vg_fail(r->err, VG_ERR_USAGE,
                                    "a format of flow logs names 1 to %d columns: ${version} ${srcaddr} ...",
                                    VG_LOG_MOST_COLUMNS);
}

vg_status vg_log_read(vg_str bytes, vg_str name, const vg_log_options *options, const vg_event_sink *sink,
                      vg_trail_counts *counts, vg_error *err)
{
    vg_arena *arena = vg_arena_new(0), *event_arena = vg_arena_new(0), *header_arena = vg_arena_new(0);
    vg_log_reader *r = arena && event_arena && header_arena ? VG_NEW(arena, vg_log_reader) : NULL;
    vg_status status = VG_ERR_MEMORY;
    if (r) {
        *r = (vg_log_reader){.name = name,
                             .sink = sink,
                             .counts = counts,
                             .err = err,
                             .arena = event_arena,
                             .header_arena = header_arena,
                             .origin = vg_log_origin_of(name)};
        if (options)
            r->options = *options;
        status = take_format(r);
        if (status == VG_OK)
            status = read_bytes(r, without_mark(bytes));
    } else {
        vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading a log");
    }
    vg_arena_free(header_arena);
    vg_arena_free(event_arena);
    vg_arena_free(arena);
    return status;
}
