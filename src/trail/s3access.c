/* s3access.c: a line of S3 server access logs into an event.
 *
 * A line is words separated by blanks; the time stands in brackets, and the request, the referrer and the user agent in
 * quotes. What stands in quotes is written by whoever sent the request, and S3 escapes no quote in it, so that where it
 * ends is decided by what must follow:
 *   - a request ends behind the version of HTTP, for there is no blank in a URI; one without, where a status, an error
 *     and four numbers follow;
 *   - the user agent ends at the last quote of the line, for nothing behind it holds one; the referrer ends at the first
 *     quote, blank, quote.
 * Lines have grown with the years: what stands behind the fields that have a name is kept as field28, field29, ...
 * Names are those of the table that the documentation makes over these logs. Source: S3 User Guide, "Amazon S3 server access
 * log format" and "Using Amazon S3 server access logs to identify requests". */
#include "trail/log_part.h"

static const struct {
    vg_str name;
    bool is_number;
} fields[] = {
    {VG_STR_INIT("bucketowner"), false},     {VG_STR_INIT("bucket_name"), false},
    {VG_STR_INIT("requestdatetime"), false}, {VG_STR_INIT("remoteip"), false},
    {VG_STR_INIT("requester"), false},       {VG_STR_INIT("requestid"), false},
    {VG_STR_INIT("operation"), false},       {VG_STR_INIT("key"), false},
    {VG_STR_INIT("request_uri"), false},     {VG_STR_INIT("httpstatus"), true},
    {VG_STR_INIT("errorcode"), false},       {VG_STR_INIT("bytessent"), true},
    {VG_STR_INIT("objectsize"), true},       {VG_STR_INIT("totaltime"), true},
    {VG_STR_INIT("turnaroundtime"), true},   {VG_STR_INIT("referrer"), false},
    {VG_STR_INIT("useragent"), false},       {VG_STR_INIT("versionid"), false},
    {VG_STR_INIT("hostid"), false},          {VG_STR_INIT("sigv"), false},
    {VG_STR_INIT("ciphersuite"), false},     {VG_STR_INIT("authtype"), false},
    {VG_STR_INIT("endpoint"), false},        {VG_STR_INIT("tlsversion"), false},
    {VG_STR_INIT("accesspointarn"), false},  {VG_STR_INIT("aclrequired"), false},
    {VG_STR_INIT("sourceregion"), false},
};
enum { TIME = 2, REQUEST = 8, STATUS = 9, REFERRER = 15, AGENT = 16, MOST = VG_LOG_MOST_COLUMNS };

/* A line that is being taken apart: its values so far, and what is left of it. */
typedef struct {
    vg_str values[MOST];
    size_t count;
    vg_str rest;
    bool is_broken; /* a quote did not end */
    bool is_utf8;   /* all of it */
} s3_line;

/* ---- pieces ------------------------------------------------------------------------------------------------------------------- */

static vg_str take_word(vg_str *rest)
{
    vg_str word = {0};
    vg_str_next(rest, ' ', &word);
    return word;
}

/* Takes `length` bytes and the blank behind them. */
static vg_str take_bytes(vg_str *rest, size_t length)
{
    vg_str taken = vg_str_sub(*rest, 0, length);
    *rest = vg_str_sub(*rest, length, VG_NPOS);
    if (rest->len && rest->ptr[0] == ' ')
        *rest = vg_str_sub(*rest, 1, VG_NPOS);
    return taken;
}

static void take(s3_line *line)
{
    vg_str word = line->count < MOST - 1 ? take_word(&line->rest) : line->rest;
    if (line->count == MOST - 1)
        line->rest = (vg_str){0};
    line->values[line->count++] = word;
}

static bool take_time(s3_line *line)
{
    size_t end = vg_str_find_char(line->rest, ']');
    if (line->rest.len == 0 || line->rest.ptr[0] != '[' || end == VG_NPOS)
        return false;
    vg_str time = take_bytes(&line->rest, end + 1);
    line->values[line->count++] = vg_str_sub(time, 1, time.len - 2);
    return true;
}

/* ---- quotes ------------------------------------------------------------------------------------------------------------------- */

static bool is_quote_end(vg_str s, size_t i)
{
    return s.ptr[i] == '"' && (i + 1 == s.len || s.ptr[i + 1] == ' ');
}

/* ... HTTP/1.1: the blank before it is among the last nine bytes. */
static bool ends_with_version(vg_str request)
{
    enum { LONGEST = 9 };
    request = vg_str_sub(request, request.len > LONGEST ? request.len - LONGEST : 0, VG_NPOS);
    size_t blank = vg_str_rfind_char(request, ' ');
    vg_str version = blank == VG_NPOS ? (vg_str){0} : vg_str_sub(request, blank + 1, VG_NPOS);
    return version.len >= 6 && version.len <= 8 && vg_str_starts(version, VG_STR("HTTP/"));
}

static bool is_number_or_none(vg_str s)
{
    uint64_t number;
    return vg_str_is(s, "-") || vg_str_to_u64(s, &number);
}

/* Whether a status, an error and four numbers stand here. */
static bool is_answer(vg_str rest)
{
    vg_str status = take_word(&rest), error = take_word(&rest);
    if (!is_number_or_none(status) || (status.len != 3 && !vg_str_is(status, "-")) || error.len == 0)
        return false;
    for (unsigned i = 0; i < 4; i++)
        if (!is_number_or_none(take_word(&rest)))
            return false;
    return true;
}

/* Where the request in quotes at the start of s ends (its last quote), or VG_NPOS. */
static size_t request_end(vg_str s)
{
    size_t first = VG_NPOS;
    for (size_t i = 1; i < s.len; i++) {
        if (!is_quote_end(s, i))
            continue;
        if (ends_with_version(vg_str_sub(s, 1, i - 1)) || is_answer(vg_str_sub(s, i + 2, VG_NPOS)))
            return i;
        if (first == VG_NPOS)
            first = i;
    }
    return first;
}

static bool is_quoted(vg_str s)
{
    return s.len > 0 && s.ptr[0] == '"';
}

/* Takes what stands in quotes up to `end`; all that is left when they do not end. */
static void take_quoted(s3_line *line, size_t end)
{
    line->is_broken |= end == VG_NPOS;
    size_t length = end == VG_NPOS ? line->rest.len : end + 1;
    vg_str quoted = take_bytes(&line->rest, length);
    line->values[line->count++] = vg_str_sub(quoted, 1, quoted.len - (end == VG_NPOS ? 1 : 2));
}

static size_t last_quote(vg_str s)
{
    size_t end = vg_str_rfind_char(s, '"');
    return end == 0 || end == VG_NPOS || !is_quote_end(s, end) ? VG_NPOS : end;
}

static void take_referrer(s3_line *line)
{
    if (!is_quoted(line->rest)) {
        take(line);
        return;
    }
    size_t between = vg_str_find(vg_str_sub(line->rest, 1, VG_NPOS), VG_STR("\" \""));
    take_quoted(line, between != VG_NPOS ? between + 1 : last_quote(line->rest));
}

static void take_agent(s3_line *line)
{
    if (is_quoted(line->rest))
        take_quoted(line, last_quote(line->rest));
    else
        take(line);
}

/* ---- lines -------------------------------------------------------------------------------------------------------------------- */

/* False when it has no time where that stands, or ends before the operation. */
static bool take_apart(vg_str text, s3_line *line)
{
    line->rest = text;
    line->count = 0;
    line->is_broken = false;
    while (line->rest.len > 0 && line->count < MOST) {
        bool is_good = true;
        if (line->count == TIME)
            is_good = take_time(line);
        else if (line->count == REQUEST && is_quoted(line->rest))
            take_quoted(line, request_end(line->rest));
        else if (line->count == REFERRER)
            take_referrer(line);
        else if (line->count == AGENT)
            take_agent(line);
        else
            take(line);
        if (!is_good)
            return false;
    }
    return line->count >= REQUEST - 1;
}

/* "06/Feb/2019:00:00:38 +0000" */
static bool read_time(vg_str text, vg_time *out)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (text.len != 26 || text.ptr[2] != '/' || text.ptr[6] != '/' || text.ptr[11] != ':' ||
        text.ptr[20] != ' ')
        return false;
    size_t month = vg_str_find(vg_str_from(months), vg_str_sub(text, 3, 3));
    if (month == VG_NPOS || month % 3 != 0)
        return false;
    char iso[40];
    snprintf(iso, sizeof iso, "%.4s-%02u-%.2sT%.8s%.5s", text.ptr + 7, (unsigned)(month / 3 + 1), text.ptr,
             text.ptr + 12, text.ptr + 21);
    return vg_time_parse(vg_str_from(iso), out);
}

/* Bytes that are no UTF-8 are replaced: an agent that sends them must not hide its request. */
static vg_str readable(vg_arena *arena, vg_str s)
{
    size_t bad;
    if (vg_utf8_valid(s, NULL))
        return s;
    vg_buf clean = {0};
    while (!vg_utf8_valid(s, &bad)) {
        vg_buf_add(&clean, s.ptr, bad);
        vg_buf_add_c(&clean, "\xEF\xBF\xBD");
        s = vg_str_sub(s, bad + 1, VG_NPOS);
    }
    vg_buf_add_str(&clean, s);
    vg_str out = clean.failed ? (vg_str){0} : vg_arena_str(arena, vg_buf_str(&clean));
    vg_buf_free(&clean);
    return out;
}

static vg_value text_node(vg_str s, uint32_t position)
{
    return (vg_value){
        .kind = VG_STRING, .len = (uint32_t)s.len & 0xFFFFFFFu, .position = position, .as.string = s.ptr};
}

static vg_value value_node(vg_log_reader *r, vg_str value, bool is_number, bool is_utf8, uint32_t position)
{
    vg_value node = {.kind = VG_INT, .position = position};
    if (is_number && vg_str_to_i64(value, &node.as.i64))
        return node;
    return text_node(is_utf8 ? value : readable(r->arena, value), position);
}

static vg_str name_of(vg_log_reader *r, size_t i)
{
    return i < VG_COUNT(fields) ? fields[i].name : vg_arena_printf(r->arena, "field%zu", i + 1);
}

static vg_status fill(vg_log_reader *r, const vg_log_line *line, const s3_line *parts)
{
    vg_value *node = r->nodes + 1;
    for (size_t i = 0; i < parts->count; i++) {
        vg_str value = parts->values[i], name;
        if (vg_str_is(value, "-"))
            continue;
        uint32_t at = line->position + (value.ptr ? (uint32_t)(value.ptr - line->text.ptr) : 0);
        name = name_of(r, i);
        node[0] = text_node(name, at);
        node[1] = value_node(r, value, i < VG_COUNT(fields) && fields[i].is_number, parts->is_utf8, at);
        if (!name.ptr || (node[1].kind == VG_STRING && !node[1].as.string))
            return vg_log_memory(r);
        node += 2;
    }
    size_t count = (size_t)(node - r->nodes);
    r->nodes[0] = (vg_value){.kind = VG_OBJECT, .position = line->position};
    r->nodes[0].as.container.count = (uint32_t)(count / 2);
    r->nodes[0].as.container.span = (uint32_t)count;
    return VG_OK;
}

void vg_s3_access_describe(const vg_value *root, vg_event *event)
{
    event->time = VG_TIME_NONE;
    read_time(vg_get_str(root, "requestdatetime"), &event->time);
    event->source_ip = vg_get_str(root, "remoteip");
}

vg_status vg_s3_access_line(vg_log_reader *r, const vg_log_line *line)
{
    s3_line parts;
    vg_event event = {.log = VG_LOG_S3_ACCESS, .root = r->nodes};
    vg_time time;
    if (!take_apart(line->text, &parts) || !read_time(parts.values[TIME], &time)) {
        vg_log_refuse(r, line, "this is no line of S3 server access logs");
        return VG_OK;
    }
    parts.is_utf8 = vg_utf8_valid(line->text, NULL);
    if (parts.is_broken)
        vg_log_refuse(r, line, "what stands in quotes in a line of S3 server access logs does not end");
    VG_TRY(fill(r, line, &parts));
    vg_s3_access_describe(r->nodes, &event);
    return vg_log_give(r, line, &event);
}

bool vg_s3_access_recognise_line(vg_str line)
{
    s3_line parts;
    vg_time time;
    return take_apart(line, &parts) && read_time(parts.values[TIME], &time);
}
