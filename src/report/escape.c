/* escape.c: the one place where text becomes output. Every format's own rule is a function here, and each begins with the
 * same two steps: mask what is to be masked (redact.c), make visible what hides (unicode.c). So a name such as
 * "<script>", "=cmd()", a line break, ESC or a bidirectional override is content everywhere and an instruction nowhere.
 *
 * Rules: HTML 5.2 "Escaping a string" (and XML 1.0, 2.4, whose forbidden characters are made visible before); CommonMark
 * 0.31, 2.4 for backslashes, GFM for table cells; RFC 4180 for CSV, with a leading apostrophe before what a spreadsheet
 * takes for a formula (OWASP "CSV injection"); RFC 8259, 7 for JSON. */
#include "report/report_part.h"

#include <math.h>

/* ---- masking and showing ---------------------------------------------------------------------------------------- */

vg_str report_masked(vg_report_writer *w, vg_str text)
{
    return w->redactor ? report_redact(w->redactor, w->scratch, text) : text;
}

static void add_escape(vg_buf *out, uint32_t code)
{
    switch (code) {
    case '\n':
        vg_buf_add_c(out, "\\n");
        break;
    case '\r':
        vg_buf_add_c(out, "\\r");
        break;
    case '\t':
        vg_buf_add_c(out, "\\t");
        break;
    default:
        vg_buf_addf(out, code > 0xFFFF ? "\\U%08x" : code > 0xFF ? "\\u%04x" : "\\x%02x", code);
    }
}

/* The length of what is safe as it is, from `at` on. */
static size_t safe_run(vg_str text, size_t at)
{
    size_t begin = at;
    for (uint32_t code; at < text.len;) {
        unsigned char c = (unsigned char)text.ptr[at];
        if (c >= 0x20 && c < 0x7F) {
            at++;
            continue;
        }
        size_t len = report_decode(text, at, &code);
        if (code == CODE_INVALID || report_is_hidden(code))
            break;
        at += len;
    }
    return at - begin;
}

void vg_report_safe(vg_buf *out, vg_str text)
{
    for (size_t at = 0; at < text.len;) {
        size_t run = safe_run(text, at);
        vg_buf_add_str(out, vg_str_sub(text, at, run));
        at += run;
        if (at == text.len)
            break;
        uint32_t code;
        size_t len = report_decode(text, at, &code);
        add_escape(out, code == CODE_INVALID ? (unsigned char)text.ptr[at] & 0xFFU : code);
        at += len;
    }
}

size_t vg_report_columns(vg_str text)
{
    size_t columns = 0;
    for (size_t at = 0; at < text.len;) {
        uint32_t code;
        at += report_decode(text, at, &code);
        columns += code == CODE_INVALID ? 1 : report_width(code);
    }
    return columns;
}

vg_str report_shown(vg_report_writer *w, vg_str text)
{
    vg_str masked = report_masked(w, text);
    if (safe_run(masked, 0) == masked.len)
        return masked;
    vg_buf safe = {0};
    vg_report_safe(&safe, masked);
    vg_str shown = vg_arena_str(w->scratch, vg_buf_str(&safe));
    if (safe.failed || !shown.ptr)
        w->out->failed = true;
    vg_buf_free(&safe);
    return shown;
}

void put_text(vg_report_writer *w, vg_str text)
{
    vg_buf_add_str(w->out, report_shown(w, text));
}

/* ---- HTML and XML ----------------------------------------------------------------------------------------------- */

/* `safe` with each byte that `special` names replaced by what it gives; the rest goes over in runs. */
static void add_replaced(vg_buf *out, vg_str safe, const char *(*special)(char c))
{
    size_t run = 0;
    for (size_t i = 0; i < safe.len; i++) {
        const char *instead = special(safe.ptr[i]);
        if (!instead)
            continue;
        vg_buf_add(out, safe.ptr + run, i - run);
        vg_buf_add_c(out, instead);
        run = i + 1;
    }
    vg_buf_add_str(out, vg_str_sub(safe, run, safe.len));
}

static const char *special_in_html(char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void put_html(vg_report_writer *w, vg_str text)
{
    add_replaced(w->out, report_shown(w, text), special_in_html);
}

void put_block(vg_report_writer *w, vg_str text)
{
    vg_str rest = vg_str_trim(text), line;
    for (bool first = true; vg_str_next(&rest, '\n', &line); first = false) {
        put(w, first ? "" : "<br>");
        put_html(w, line);
    }
}

/* ---- Markdown --------------------------------------------------------------------------------------------------- */

void put_markdown(vg_report_writer *w, vg_str text)
{
    vg_str safe = report_shown(w, text);
    for (size_t i = 0; i < safe.len; i++) {
        char c = safe.ptr[i];
        bool first = i == 0;
        if (c == '<' || c == '>' || c == '&')
            vg_buf_add_c(w->out, c == '<' ? "&lt;" : c == '>' ? "&gt;" : "&amp;");
        else if (c == '@') /* names nobody */
            vg_buf_add_c(w->out, "&#64;");
        else if (strchr("\\`*_[]|~#$", c) || (first && strchr("-+=", c)))
            vg_buf_addf(w->out, "\\%c", c);
        else
            vg_buf_add_char(w->out, c);
    }
}

/* An element rather than backticks: a code span takes no escapes, so what is in it would be in no renderer's hands but
 * its own. */
void put_code(vg_report_writer *w, vg_str text)
{
    put(w, "<code>");
    put_markdown(w, text);
    put(w, "</code>");
}

/* ---- CSV -------------------------------------------------------------------------------------------------------- */

/* What a spreadsheet takes for a formula: also the full-width signs that some turn into the plain ones. */
static bool begins_formula(vg_str text)
{
    static const vg_str SIGNS[] = {
        VG_STR_INIT("="),
        VG_STR_INIT("+"),
        VG_STR_INIT("-"),
        VG_STR_INIT("@"),
        VG_STR_INIT("\t"),
        VG_STR_INIT("\r"),
        VG_STR_INIT("\xEF\xBC\x9D"),
        VG_STR_INIT("\xEF\xBC\x8B"),
        VG_STR_INIT("\xEF\xBC\x8D"),
        VG_STR_INIT("\xEF\xBC\xA0"),
    };
    vg_str rest = text;
    while (rest.len > 0 && (rest.ptr[0] == ' ' || rest.ptr[0] == '\n'))
        rest = vg_str_sub(rest, 1, rest.len);
    for (size_t i = 0; i < VG_COUNT(SIGNS); i++)
        if (vg_str_starts(rest, SIGNS[i]))
            return true;
    return false;
}

static const char *special_in_csv(char c)
{
    return c == '"' ? "\"\"" : NULL;
}

void put_csv(vg_report_writer *w, vg_str text)
{
    bool formula = begins_formula(text);
    vg_str safe = report_shown(w, text);
    bool quoted = formula;
    for (size_t i = 0; i < safe.len; i++)
        quoted = quoted || safe.ptr[i] == ',' || safe.ptr[i] == '"';
    vg_buf_add_c(w->out, quoted ? "\"" : "");
    vg_buf_add_c(w->out, formula ? "'" : "");
    add_replaced(w->out, safe, special_in_csv);
    vg_buf_add_c(w->out, quoted ? "\"" : "");
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

void json_text(vg_report_writer *w, const char *key, vg_str text)
{
    vg_json_put_str(&w->json, key, report_masked(w, text));
}

void json_filled(vg_report_writer *w, const char *key, vg_str text)
{
    if (text.len > 0)
        json_text(w, key, text);
}

void json_texts(vg_report_writer *w, const char *key, const vg_str *texts, size_t count)
{
    vg_json_key(&w->json, key);
    vg_json_array(&w->json);
    for (size_t i = 0; i < count; i++)
        vg_json_string(&w->json, report_masked(w, texts[i]));
    vg_json_end_array(&w->json);
}

static bool has_time(vg_time time)
{
    return time != VG_TIME_NONE && time != 0;
}

void json_time(vg_report_writer *w, const char *key, vg_time time)
{
    char text[VG_TIME_TEXT];
    if (!has_time(time))
        return;
    vg_time_format(time, text);
    vg_json_put_str(&w->json, key, vg_str_from(text));
}

void json_milliseconds(vg_report_writer *w, const char *key, vg_time time)
{
    if (has_time(time))
        vg_json_put_i64(&w->json, key, time / (VG_TIME_SECOND / 1000));
}

void json_number(vg_report_writer *w, const char *key, double number)
{
    vg_json_key(&w->json, key);
    if (number < 0 || !isfinite(number))
        vg_json_null(&w->json);
    else
        vg_json_f64(&w->json, number);
}

/* Whether the eight bytes at `p` are ASCII (whose hidden characters the JSON writer escapes). */
static bool is_ascii_word(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return (word & UINT64_C(0x8080808080808080)) == 0;
}

/* Hidden characters other than what the JSON writer escapes stand in strings alone, where \uXXXX says the same. */
void json_make_safe(vg_report_writer *w)
{
    vg_str written = vg_str_sub(vg_buf_str(w->out), w->json_from, w->out->len);
    vg_buf safe = {0};
    size_t copied = 0;
    for (size_t at = 0; at < written.len;) {
        uint32_t code = (unsigned char)written.ptr[at];
        if (written.len - at >= 8 && is_ascii_word(written.ptr + at)) {
            at += 8;
            continue;
        }
        size_t len = code < 0x7F ? 1 : report_decode(written, at, &code);
        if (code >= 0x7F && report_is_hidden(code)) {
            vg_buf_add_str(&safe, vg_str_sub(written, copied, at - copied));
            if (code > 0xFFFF)
                vg_buf_addf(&safe, "\\u%04x\\u%04x", 0xD7C0 + (code >> 10), 0xDC00 | (code & 0x3FF));
            else
                vg_buf_addf(&safe, "\\u%04x", code);
            copied = at + len;
        }
        at += len;
    }
    if (copied > 0 && !safe.failed) {
        vg_buf_add_str(&safe, vg_str_sub(written, copied, written.len));
        w->out->len = w->json_from;
        vg_buf_add_str(w->out, vg_buf_str(&safe));
    }
    w->out->failed = w->out->failed || safe.failed;
    vg_buf_free(&safe);
    w->json_from = w->out->len;
}

/* ---- numbers and times ------------------------------------------------------------------------------------------ */

/* Without printf's %f, whose point depends on the locale. */
void report_number(double number, char out[NUMBER_TEXT])
{
    if (number < 0 || !(number < 1e9)) {
        memcpy(out, "-", 2);
        return;
    }
    long tenths = lround(number * 10);
    if (tenths == 1000 && number < 100)
        tenths = 999;
    if (tenths == 0 && number > 0)
        tenths = 1;
    if (tenths % 10 == 0)
        snprintf(out, NUMBER_TEXT, "%ld", tenths / 10);
    else
        snprintf(out, NUMBER_TEXT, "%ld.%ld", tenths / 10, tenths % 10);
}

void report_time(vg_time time, char out[VG_TIME_TEXT])
{
    out[0] = '\0';
    if (!has_time(time))
        return;
    vg_time_format(time, out);
    if (strlen(out) < 16)
        return;
    out[10] = ' ';
    out[16] = '\0';
}

vg_str report_severity_label(vg_severity severity)
{
    static const vg_str LABELS[] = {VG_STR_INIT("Informational"), VG_STR_INIT("Low"), VG_STR_INIT("Medium"),
                                    VG_STR_INIT("High"), VG_STR_INIT("Critical")};
    return LABELS[severity];
}
