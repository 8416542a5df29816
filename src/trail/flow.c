/* flow.c: a line of VPC or Transit Gateway flow logs into an event.
 *
 * The event's object is written straight into the reader's own nodes: a key's node is copied from the columns, the value
 * beside it is a slice of the line or its number. Nothing is allocated for a line. Columns that hold '-' are left out: the
 * field does not exist for that flow. A word that is no number in a column of numbers is garbage, and so is its line. */
#include "trail/log_part.h"

/* The columns of these words, known from a header or the format, or guessed. False, and told, when there are none. */
static bool settle_columns(vg_log_reader *r, const vg_log_line *line, const vg_str *words, size_t count)
{
    if (r->has_columns && r->columns.count == count)
        return true;
    if (r->has_columns && !r->columns_are_guessed) {
        vg_log_refuse(r, line, "a flow log line of %zu columns stands among those of %zu", count,
                      r->columns.count);
        return false;
    }
    r->has_columns = r->columns_are_guessed =
        count <= VG_LOG_MOST_COLUMNS && vg_flow_columns_guess(words, count, &r->columns);
    if (!r->has_columns)
        vg_log_refuse(
            r, line,
            "this is no flow log line of AWS's own formats (%zu columns): give the format that the log "
            "was created with",
            count);
    return r->has_columns;
}

static bool take_header(vg_log_reader *r, const vg_log_line *line, const vg_str *words, size_t count)
{
    if (vg_str_eq(line->text, r->header))
        return true;
    if (!vg_flow_is_header(words, count))
        return false;
    r->has_columns = vg_flow_columns_read(line->text, &r->columns);
    r->columns_are_guessed = false;
    r->header = line->text;
    if (!r->has_columns)
        vg_log_refuse(r, line, "a header of more than %d columns", VG_LOG_MOST_COLUMNS);
    return true;
}

/* Digits alone, at most 18 of them; faster than vg_str_to_i64, which is for anything. */
static bool read_number(vg_str s, int64_t *out)
{
    int64_t n = 0;
    if (s.len == 0 || s.len > 18)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned char)s.ptr[i] - (unsigned)'0';
        if (digit > 9)
            return false;
        n = n * 10 + (int64_t)digit;
    }
    *out = n;
    return true;
}

static bool fill(vg_log_reader *r, const vg_log_line *line, const vg_str *words, size_t *node_count)
{
    const vg_flow_columns *columns = &r->columns;
    vg_value *node = r->nodes + 1;
    uint32_t position = line->position;
    for (size_t i = 0; i < columns->count; i++) {
        vg_str word = words[i];
        if (word.len == 1 && word.ptr[0] == '-')
            continue;
        uint32_t at = position + (uint32_t)(word.ptr - line->text.ptr);
        node[0] = columns->keys[i];
        node[0].position = at;
        node[1] = (vg_value){.position = at};
        if (!columns->is_number[i]) {
            node[1].kind = VG_STRING;
            node[1].len = (uint32_t)word.len & 0xFFFFFFFu;
            node[1].as.string = word.ptr;
        } else if (read_number(word, &node[1].as.i64)) {
            node[1].kind = VG_INT;
        } else {
            vg_log_refuse(r, line, "%.*s of a flow log line is no number",
                          VG_ARG(vg_value_str(&columns->keys[i])));
            return false;
        }
        node += 2;
    }
    *node_count = (size_t)(node - r->nodes);
    return true;
}

static vg_time seconds(const vg_value *v)
{
    const int64_t year_9999 = INT64_C(253402300799);
    return v && v->kind == VG_INT && v->as.i64 <= year_9999 ? v->as.i64 * VG_TIME_SECOND : VG_TIME_NONE;
}

/* What the event itself says of time, account, region and source. */
static void describe(const vg_value *root, vg_event *event)
{
    event->time = seconds(vg_get(root, VG_STR("start")));
    if (event->time == VG_TIME_NONE)
        event->time = seconds(vg_get(root, VG_STR("end")));
    event->account = vg_get_str(root, "account-id");
    event->region = vg_get_str(root, "region");
    event->source_ip = vg_get_str(root, "srcaddr");
}

vg_status vg_flow_line(vg_log_reader *r, const vg_log_line *line)
{
    vg_str words[VG_LOG_MOST_COLUMNS];
    size_t count, bad, node_count;
    if (!vg_flow_split(line->text, words, &count, &bad)) {
        vg_log_refuse(r, line, "byte %zu of a flow log line is no printable ASCII", bad + 1);
        return VG_OK;
    }
    if (count == 0 || take_header(r, line, words, count) || !settle_columns(r, line, words, count) ||
        !fill(r, line, words, &node_count))
        return VG_OK;
    r->nodes[0] = (vg_value){.kind = VG_OBJECT, .position = line->position};
    r->nodes[0].as.container.count = (uint32_t)(node_count / 2);
    r->nodes[0].as.container.span = (uint32_t)node_count;
    vg_event event = {.log = VG_LOG_FLOW, .root = r->nodes};
    describe(r->nodes, &event);
    vg_str status = vg_get_str(r->nodes, "log-status");
    r->counts->no_data += vg_str_is(status, "NODATA");
    r->counts->skipped += vg_str_is(status, "SKIPDATA");
    return vg_log_give(r, line, &event);
}

bool vg_flow_recognise_line(vg_str line)
{
    vg_str words[VG_LOG_MOST_COLUMNS];
    vg_flow_columns columns;
    size_t count, bad;
    return vg_flow_split(line, words, &count, &bad) && count <= VG_LOG_MOST_COLUMNS &&
           (vg_flow_is_header(words, count) || vg_flow_columns_guess(words, count, &columns));
}
