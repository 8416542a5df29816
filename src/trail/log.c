/* log.c: which log this is, and its lines one after the other.
 *
 * A log tells what it is by its content alone: names of files are the user's own business. Text is judged by its first
 * lines, JSON by the words in its head. */
#include "trail/log_part.h"

const char *const vg_log_services[VG_LOG_KIND_COUNT] = {"cloudtrail", "vpcflow", "route53", "s3access"};

/* ---- telling ------------------------------------------------------------------------------------------------------------------- */

void vg_log_refuse(vg_log_reader *r, const vg_log_line *line, const char *format, ...)
{
    char message[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    vg_error bad;
    vg_fail_at(&bad, VG_ERR_SYNTAX, (vg_place){r->name, line->line, line->column}, "%s", message);
    r->counts->bad++;
    if (r->sink->bad)
        r->sink->bad(r->sink->context, &bad);
}

void vg_log_id(vg_str text, vg_str also, char out[VG_LOG_ID])
{
    const vg_str parts[] = {text, also};
    vg_sha256 hash = also.len ? vg_sha256_parts(parts, VG_COUNT(parts)) : vg_sha256_bytes(text);
    vg_hex(hash.bytes, (VG_LOG_ID - 1) / 2, out);
}

vg_status vg_log_give(vg_log_reader *r, const vg_log_line *line, vg_event *event)
{
    bool names_its_place = event->account.len > 0 || vg_get(event->root, VG_STR("interface-id"));
    vg_log_id(line->text, names_its_place ? (vg_str){0} : r->origin.account, r->id);
    event->id = vg_str_of(r->id, VG_LOG_ID - 1);
    if (event->time == VG_TIME_NONE)
        event->time = line->time;
    const vg_str accounts[] = {r->origin.account, r->options ? r->options->account : (vg_str){0}};
    const vg_str regions[] = {r->origin.region, r->options ? r->options->region : (vg_str){0}};
    for (size_t i = 0; i < VG_COUNT(accounts) && event->account.len == 0; i++)
        event->account = accounts[i];
    for (size_t i = 0; i < VG_COUNT(regions) && event->region.len == 0; i++)
        event->region = regions[i];
    event->place = (vg_place){r->name, line->line, line->column};
    r->counts->records++;
    return r->sink->event(r->sink->context, event, r->err);
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
    }
    return VG_LOG_UNKNOWN;
}

vg_log_kind vg_log_recognise(vg_str head)
{
    head = without_mark(vg_str_sub(head, 0, VG_LOG_HEAD));
    if (vg_trail_recognise(head))
        return VG_LOG_CLOUDTRAIL;
    return recognise_text(head);
}

/* ---- reading ------------------------------------------------------------------------------------------------------------------- */

static vg_status on_record(void *context, const vg_trail_record *record, vg_error *err)
{
    const vg_event_sink *sink = context;
    const vg_event event = {.log = VG_LOG_CLOUDTRAIL,
                            .time = record->time,
                            .id = record->id,
                            .account = record->account,
                            .region = record->region,
                            .source_ip = record->source_ip,
                            .root = record->root,
                            .record = record,
                            .place = record->place};
    return sink->event(sink->context, &event, err);
}

static void on_bad(void *context, const vg_error *err)
{
    const vg_event_sink *sink = context;
    if (sink->bad)
        sink->bad(sink->context, err);
}

static vg_status read_trail(vg_log_reader *r, vg_str bytes)
{
    vg_event_sink sink = *r->sink;
    const vg_trail_sink records = {on_record, on_bad, &sink};
    return vg_trail_read(bytes, r->name, &records, r->counts, r->err);
}

static vg_status read_kind(vg_log_reader *r, vg_log_kind kind, vg_str bytes)
{
    switch (kind) {
    case VG_LOG_CLOUDTRAIL:
        return read_trail(r, bytes);
    case VG_LOG_FLOW:
        return vg_log_lines(r, bytes, vg_flow_line);
    default:
        break;
    }
    if (vg_str_trim(bytes).len)
        vg_log_refuse(r, &(vg_log_line){0}, "these bytes are of no kind of log that is read");
    return VG_OK;
}

static vg_status take_format(vg_log_reader *r)
{
    vg_str format = r->options ? r->options->format : (vg_str){0};
    if (format.len == 0)
        return VG_OK;
    r->has_columns = vg_flow_columns_read(format, &r->columns);
    return r->has_columns ? VG_OK
                          : vg_fail(r->err, VG_ERR_USAGE,
                                    "a format of flow logs names 1 to %d columns: ${version} ${srcaddr} ...",
                                    VG_LOG_MOST_COLUMNS);
}

vg_status vg_log_read(vg_str bytes, vg_str name, const vg_log_options *options, const vg_event_sink *sink,
                      vg_trail_counts *counts, vg_error *err)
{
    vg_log_kind kind = vg_log_recognise(bytes);
    vg_arena *arena = vg_arena_new(0);
    vg_log_reader *r = arena ? VG_NEW(arena, vg_log_reader) : NULL;
    vg_arena *event_arena = r ? vg_arena_new(0) : NULL;
    vg_status status = VG_ERR_MEMORY;
    if (event_arena) {
        *r = (vg_log_reader){.name = name,
                             .options = options,
                             .sink = sink,
                             .counts = counts,
                             .err = err,
                             .arena = event_arena,
                             .origin = vg_log_origin_of(name)};
        status = take_format(r);
        if (status == VG_OK)
            status = read_kind(r, kind == VG_LOG_UNKNOWN && r->has_columns ? VG_LOG_FLOW : kind,
                               without_mark(bytes));
    } else {
        vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading a log");
    }
    vg_arena_free(event_arena);
    vg_arena_free(arena);
    return status;
}
