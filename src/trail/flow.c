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

static vg_status take_header(vg_log_reader *r, const vg_log_line *line, const vg_str *words, size_t count,
                             bool *is_header)
{
    bool is_known = r->header.len > 0 && vg_str_eq(line->text, r->header);
    *is_header = is_known || vg_flow_is_header(words, count);
    if (is_known || !*is_header)
        return VG_OK;
    vg_arena_reset(r->header_arena);
    r->header = vg_arena_str(r->header_arena, line->text);
    if (!r->header.ptr)
        return vg_log_memory(r);
    r->has_columns = vg_flow_columns_read(r->header, &r->columns);
    r->columns_are_guessed = false;
    if (!r->has_columns)
        vg_log_refuse(r, line, "a header of more than %d columns", VG_LOG_MOST_COLUMNS);
    return VG_OK;
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

/* The values that tell of the event itself are noted in `roles`. */
static bool fill(vg_log_reader *r, const vg_log_line *line, const vg_str *words, const vg_value **roles,
                 size_t *node_count)
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
        roles[columns->role[i]] = node + 1;
        node += 2;
    }
    *node_count = (size_t)(node - r->nodes);
    return true;
}

static vg_status give(vg_log_reader *r, const vg_log_line *line, vg_event *event, vg_str status)
{
    event->log = VG_LOG_FLOW;
    event->root = r->nodes;
    r->counts->no_data += vg_str_is(status, "NODATA");
    r->counts->skipped += vg_str_is(status, "SKIPDATA");
    return vg_log_give(r, line, event);
}

static vg_str text_of(const vg_value *v)
{
    return v ? vg_value_str(v) : (vg_str){0};
}

static void close_object(vg_log_reader *r, size_t node_count, uint32_t position)
{
    r->nodes[0] = (vg_value){.kind = VG_OBJECT, .position = position};
    r->nodes[0].as.container.count = (uint32_t)(node_count / 2);
    r->nodes[0].as.container.span = (uint32_t)node_count;
}

vg_status vg_flow_line(vg_log_reader *r, const vg_log_line *line)
{
    vg_str words[VG_LOG_MOST_COLUMNS];
    const vg_value *roles[VG_FLOW_ROLES] = {0};
    size_t count, bad, node_count;
    bool is_header;
    if (!vg_flow_split(line->text, words, &count, &bad)) {
        vg_log_refuse(r, line, "byte %zu of a flow log line is no printable ASCII", bad + 1);
        return VG_OK;
    }
    if (count == 0)
        return VG_OK;
    VG_TRY(take_header(r, line, words, count, &is_header));
    if (is_header || !settle_columns(r, line, words, count) || !fill(r, line, words, roles, &node_count))
        return VG_OK;
    close_object(r, node_count, line->position);
    vg_event event = {.time = vg_log_seconds(roles[VG_FLOW_START]),
                      .account = text_of(roles[VG_FLOW_ACCOUNT]),
                      .region = text_of(roles[VG_FLOW_REGION]),
                      .source_ip = text_of(roles[VG_FLOW_SOURCE])};
    if (event.time == VG_TIME_NONE)
        event.time = vg_log_seconds(roles[VG_FLOW_END]);
    return give(r, line, &event, text_of(roles[VG_FLOW_STATUS]));
}

bool vg_flow_recognise_line(vg_str line)
{
    vg_str words[VG_LOG_MOST_COLUMNS];
    vg_flow_columns columns;
    size_t count, bad;
    return vg_flow_split(line, words, &count, &bad) && count <= VG_LOG_MOST_COLUMNS &&
           (vg_flow_is_header(words, count) || vg_flow_columns_guess(words, count, &columns));
}

/* ---- objects ---------------------------------------------------------------------------------------------------------------- */

static const vg_value *either(const vg_value *object, const char *name, const char *other)
{
    const vg_value *found = vg_get(object, vg_str_from(name));
    return found ? found : vg_get(object, vg_str_from(other));
}

bool vg_flow_is_object(const vg_value *object)
{
    bool has_flow = vg_get(object, VG_STR("srcaddr")) && vg_get(object, VG_STR("dstaddr"));
    bool has_status = either(object, "log-status", "log_status") != NULL;
    return (has_flow && (has_status || vg_get(object, VG_STR("protocol")))) ||
           (has_status && either(object, "interface-id", "interface_id"));
}

vg_status vg_flow_object(vg_log_reader *r, const vg_log_line *line, const vg_value *object)
{
    vg_value *node = r->nodes + 1;
    for (vg_items it = vg_items_of(object); vg_items_next(&it);) {
        vg_str name = it.key, text = vg_value_str(it.value);
        bool is_number = false, is_known = vg_flow_field(it.key, &name, &is_number);
        bool is_absent = vg_str_is(text, "-") || it.value->kind == VG_NULL;
        if (!is_known)
            name = it.key;
        if (is_absent || vg_value_is_container(it.value) || node == r->nodes + 1 + 2 * VG_LOG_MOST_COLUMNS)
            continue;
        node[0] = *it.key_node;
        node[0].as.string = name.ptr;
        node[0].len = (uint32_t)name.len & 0xFFFFFFFu;
        node[1] = *it.value;
        int64_t number;
        if (is_number && read_number(text, &number))
            node[1] = (vg_value){.kind = VG_INT, .position = it.value->position, .as.i64 = number};
        node += 2;
    }
    close_object(r, (size_t)(node - r->nodes), object->position);
    vg_event event = {0};
    vg_log_describe(VG_LOG_FLOW, r->nodes, (vg_str){0}, &event);
    return give(r, line, &event, vg_get_str(r->nodes, "log-status"));
}
