/* csv.c: records of comma-separated values, by RFC 4180.
 *
 * The grammar is small enough to be read from the code: a record is fields between commas up to a line break; a field
 * is quoted, and then holds anything with its quotes doubled, or plain, and then holds no quote. A line break is CRLF
 * or LF; the last one may be missing. What the grammar does not allow is an error with its place, because a quote in
 * the wrong place shifts every column behind it. */
#include "format/format.h"

vg_csv vg_csv_over(vg_arena *arena, vg_str source, vg_str name)
{
    bool has_mark = vg_str_starts(source, VG_STR("\xEF\xBB\xBF"));
    return (vg_csv){source, name, has_mark ? 3 : 0, 1, arena};
}

static vg_status fail_csv(const vg_csv *csv, size_t offset, vg_error *err, const char *message)
{
    vg_place place = {csv->name, 1, 1};
    for (size_t i = 0; i < offset; i++) {
        place.column++;
        if (csv->source.ptr[i] != '\n')
            continue;
        place.line++;
        place.column = 1;
    }
    return vg_fail_at(err, VG_ERR_SYNTAX, place, "%s", message);
}

/* `text` with each doubled quote made one. */
static vg_str undouble(vg_arena *arena, vg_str text)
{
    char *out = vg_arena_alloc(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; out && i < text.len; i++) {
        out[len++] = text.ptr[i];
        i += text.ptr[i] == '"'; /* and skips its double */
    }
    return vg_str_of(out, len);
}

/* At a quote: the field up to the quote that is not doubled. */
static vg_status read_quoted(vg_csv *csv, vg_str *field, vg_error *err)
{
    const char *text = csv->source.ptr;
    size_t open = csv->at, at = open + 1;
    bool doubled = false;
    for (; at < csv->source.len; at++) {
        if (text[at] == '\n')
            csv->line++;
        if (text[at] != '"')
            continue;
        if (at + 1 == csv->source.len || text[at + 1] != '"')
            break;
        doubled = true;
        at++;
    }
    if (at == csv->source.len)
        return fail_csv(csv, open, err, "CSV: a quoted field that does not end; is the file cut off?");
    *field = vg_str_of(text + open + 1, at - open - 1);
    csv->at = at + 1;
    if (!doubled)
        return VG_OK;
    *field = undouble(csv->arena, *field);
    return field->ptr ? VG_OK : vg_fail(err, VG_ERR_MEMORY, "out of memory while reading CSV");
}

static vg_status read_plain(vg_csv *csv, vg_str *field, vg_error *err)
{
    const char *text = csv->source.ptr;
    size_t begin = csv->at, at = begin;
    while (at < csv->source.len && text[at] != ',' && text[at] != '\n' && text[at] != '"')
        at++;
    if (at < csv->source.len && text[at] == '"')
        return fail_csv(csv, at, err, "CSV: a quote inside a field that does not begin with one");
    csv->at = at;
    bool at_end = at == csv->source.len || text[at] == '\n';
    if (at_end && at > begin && text[at - 1] == '\r')
        at--;
    *field = vg_str_of(text + begin, at - begin);
    return VG_OK;
}

/* Behind a field: a comma, a line break or the end. */
static vg_status end_field(vg_csv *csv, bool *record_ends, vg_error *err)
{
    vg_str rest = vg_str_sub(csv->source, csv->at, csv->source.len);
    *record_ends = true;
    if (rest.len == 0)
        return VG_OK;
    if (vg_str_starts(rest, VG_STR(","))) {
        csv->at++;
        *record_ends = false;
        return VG_OK;
    }
    size_t line_break = vg_str_starts(rest, VG_STR("\r\n")) ? 2 : vg_str_starts(rest, VG_STR("\n")) ? 1 : 0;
    if (line_break == 0 && vg_str_is(rest, "\r")) { /* the file's last byte */
        csv->at++;
        return VG_OK;
    }
    if (line_break == 0)
        return fail_csv(csv, csv->at, err, "CSV: text behind a quoted field; double the quotes inside it");
    csv->at += line_break;
    csv->line++;
    return VG_OK;
}

vg_status vg_csv_next(vg_csv *csv, vg_vec *fields, bool *more, vg_error *err)
{
    fields->len = 0;
    *more = csv->at < csv->source.len;
    for (bool ends = !*more; !ends;) {
        vg_str *field = vg_vec_push(fields);
        if (!field)
            return vg_fail(err, VG_ERR_MEMORY, "out of memory while reading CSV");
        bool quoted = csv->at < csv->source.len && csv->source.ptr[csv->at] == '"';
        VG_TRY(quoted ? read_quoted(csv, field, err) : read_plain(csv, field, err));
        VG_TRY(end_field(csv, &ends, err));
    }
    return VG_OK;
}
