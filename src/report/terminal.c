/* terminal.c: laying text out in columns: wrapping, padding, bars, colours and tables. Widths are those that a terminal
 * gives (unicode.c), colours are decided by the caller, and without `unicode` every mark has an ASCII form, so that a
 * report reads the same in a log. */
#include "report/report_part.h"

#define WIDTH_DEFAULT 80U
#define WIDTH_MIN     40U

size_t report_columns_available(const vg_report_writer *w)
{
    unsigned width = w->options.width == 0 ? WIDTH_DEFAULT : w->options.width;
    return width < WIDTH_MIN ? WIDTH_MIN : width;
}

/* ---- colour and marks ------------------------------------------------------------------------------------------- */

static const char *const PAINTS[] = {
    [PAINT_NONE] = "",
    [PAINT_BOLD] = "\x1b[1m",
    [PAINT_DIM] = "\x1b[2m",
    [PAINT_GOOD] = "\x1b[32m",
    [PAINT_FAIR] = "\x1b[33m",
    [PAINT_BAD] = "\x1b[31m",
    [PAINT_WORST] = "\x1b[1;31m",
    [PAINT_NOTE] = "\x1b[36m",
};

static bool begin_paint(vg_report_writer *w, paint p)
{
    bool painted = w->options.colour && p != PAINT_NONE;
    put(w, painted ? PAINTS[p] : "");
    return painted;
}

/* `safe` was made safe already. */
static void put_safe(vg_report_writer *w, paint p, vg_str safe)
{
    bool painted = begin_paint(w, p);
    vg_buf_add_str(w->out, safe);
    put(w, painted ? "\x1b[0m" : "");
}

void put_painted(vg_report_writer *w, paint p, vg_str text)
{
    put_safe(w, p, report_shown(w, text));
}

paint paint_of_state(vg_state state)
{
    static const paint OF[] = {PAINT_GOOD, PAINT_FAIR, PAINT_BAD, PAINT_NOTE};
    return OF[state];
}

paint paint_of_severity(vg_severity severity)
{
    static const paint OF[] = {PAINT_DIM, PAINT_NOTE, PAINT_FAIR, PAINT_BAD, PAINT_WORST};
    return OF[severity];
}

paint paint_of_verdict(vg_verdict verdict)
{
    static const paint OF[] = {PAINT_GOOD, PAINT_BAD, PAINT_FAIR, PAINT_DIM, PAINT_NOTE};
    return OF[verdict];
}

const char *mark_of_verdict(const vg_report_writer *w, vg_verdict verdict)
{
    static const char *const MARKS[][2] = {{"+", "✔"}, {"x", "✘"}, {"~", "◐"}, {"-", "–"}, {"?", "○"}};
    return MARKS[verdict][w->options.unicode];
}

const char *mark_of_state(const vg_report_writer *w, vg_state state)
{
    static const vg_verdict AS[] = {VG_VERDICT_PASS, VG_VERDICT_PARTLY, VG_VERDICT_FAIL,
                                    VG_VERDICT_NOT_ASSESSED};
    return mark_of_verdict(w, AS[state]);
}

const char *state_words(vg_state state)
{
    static const char *const WORDS[] = {"met", "partly met", "not met", "not assessed"};
    return WORDS[state];
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

void put_spaces(vg_report_writer *w, size_t count)
{
    for (size_t i = 0; i < count; i++)
        vg_buf_add_char(w->out, ' ');
}

/* The front of `safe` that takes at most `columns`. */
static vg_str fitting(vg_str safe, size_t columns)
{
    size_t at = 0, used = 0;
    while (at < safe.len) {
        uint32_t code;
        size_t len = report_decode(safe, at, &code), more = report_width(code);
        if (used + more > columns)
            break;
        used += more;
        at += len;
    }
    return vg_str_sub(safe, 0, at);
}

/* The next line of `columns` at most out of *rest: whole words, or as much of one as fits. */
static vg_str next_line(vg_str *rest, size_t columns)
{
    vg_str all = vg_str_trim(*rest), line = fitting(all, columns);
    if (line.len < all.len && all.ptr[line.len] != ' ') {
        size_t space = vg_str_rfind_char(line, ' ');
        if (space != VG_NPOS && space > 0)
            line.len = space;
    }
    if (line.len == 0 && all.len > 0) { /* wider than the line: one character all the same */
        uint32_t code;
        line.len = report_decode(all, 0, &code);
    }
    *rest = vg_str_sub(all, line.len, all.len);
    return vg_str_trim(line);
}

void put_wrapped(vg_report_writer *w, vg_str text, size_t indent, size_t at, paint p)
{
    size_t width = report_columns_available(w);
    vg_str rest = vg_str_trim(report_shown(w, vg_str_trim(text)));
    for (bool first = true; first || rest.len > 0; first = false) {
        if (!first) {
            put(w, "\n");
            put_spaces(w, indent);
            at = indent;
        }
        put_safe(w, p, next_line(&rest, width > at + 1 ? width - at : 1));
        rest = vg_str_trim(rest);
    }
}

void put_paragraphs(vg_report_writer *w, vg_str text, size_t indent)
{
    vg_str rest = vg_str_trim(text), line;
    while (vg_str_next(&rest, '\n', &line)) {
        put_spaces(w, indent);
        put_wrapped(w, line, indent, indent, PAINT_NONE);
        put(w, "\n");
    }
}

/* `safe` cut with an ellipsis where it takes more than `columns`, and padded; on the left where `right`. */
static void put_fitted(vg_report_writer *w, vg_str safe, size_t columns, bool right, paint p)
{
    size_t wide = vg_report_columns(safe);
    const char *ellipsis = w->options.unicode ? "…" : "~";
    bool cut = wide > columns;
    vg_str front = cut ? fitting(safe, columns > 0 ? columns - 1 : 0) : safe;
    size_t used = vg_report_columns(front) + (cut && columns > 0);
    put_spaces(w, right ? columns - used : 0);
    put_safe(w, p, front);
    put(w, cut && columns > 0 ? ellipsis : "");
    put_spaces(w, right ? 0 : columns - used);
}

void put_padded(vg_report_writer *w, vg_str text, size_t columns, paint p)
{
    put_fitted(w, report_shown(w, text), columns, false, p);
}

/* Eighths of a column where the terminal has them; a bar is full only at a whole 100. */
void put_bar(vg_report_writer *w, double percent, size_t columns, paint p)
{
    static const char *const EIGHTHS[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    if (percent < 0)
        percent = 0;
    size_t eighths = (size_t)(percent / 100 * (double)columns * 8 + 0.5), most = columns * 8;
    if (eighths >= most)
        eighths = percent >= 100 ? most : most - 1;
    size_t full = eighths / 8, part = w->options.unicode ? eighths % 8 : 0;
    bool painted = begin_paint(w, p);
    for (size_t i = 0; i < full; i++)
        put(w, w->options.unicode ? "█" : "#");
    put(w, EIGHTHS[part]);
    put(w, painted ? "\x1b[0m" : "");
    painted = begin_paint(w, PAINT_DIM);
    for (size_t i = full + (part > 0); i < columns; i++)
        put(w, w->options.unicode ? "·" : ".");
    put(w, painted ? "\x1b[0m" : "");
}

/* ---- tables ----------------------------------------------------------------------------------------------------- */

#define GAP         2U
#define COLUMNS_MAX 32U

typedef struct {
    vg_report_writer *w;
    const vg_report_column *columns;
    size_t count, width[COLUMNS_MAX];
    const vg_str *cells; /* safe */
    bool by_severity;    /* the first column holds severities, and is painted so */
} table;

static size_t total_width(const table *t)
{
    size_t total = GAP * (t->count - 1);
    for (size_t i = 0; i < t->count; i++)
        total += t->width[i];
    return total;
}

/* Takes columns from the widest that may give way until the table fits; those that hold text keep at least 8. */
static void fit_widths(table *t, size_t rows)
{
    for (size_t c = 0; c < t->count; c++) {
        t->width[c] = vg_report_columns(vg_str_from(t->columns[c].title));
        for (size_t r = 0; r < rows; r++) {
            size_t wide = vg_report_columns(t->cells[r * t->count + c]);
            t->width[c] = wide > t->width[c] ? wide : t->width[c];
        }
    }
    size_t available = report_columns_available(t->w), total = total_width(t);
    while (total > available) {
        size_t widest = COLUMNS_MAX;
        for (size_t c = 0; c < t->count; c++)
            if (!t->columns[c].fixed && t->width[c] > 8 &&
                (widest == COLUMNS_MAX || t->width[c] > t->width[widest]))
                widest = c;
        if (widest == COLUMNS_MAX)
            return;
        t->width[widest]--;
        total--;
    }
}

/* One row over as many lines as its longest cell needs. */
static void put_row(const table *t, const vg_str *cells, paint p)
{
    vg_str rest[COLUMNS_MAX];
    vg_severity severity;
    bool painted = t->by_severity && vg_severity_parse(cells[0], &severity);
    memcpy(rest, cells, t->count * sizeof *cells);
    for (bool more = true; more;) {
        size_t pending = 0; /* spaces owed, so that no line ends in them */
        more = false;
        for (size_t c = 0; c < t->count; c++) {
            vg_str line = next_line(&rest[c], t->width[c]);
            size_t wide = vg_report_columns(line), pad = t->width[c] > wide ? t->width[c] - wide : 0;
            more = more || vg_str_trim(rest[c]).len > 0;
            pending += t->columns[c].right ? pad : 0;
            if (line.len > 0) {
                put_spaces(t->w, pending);
                put_safe(t->w, c == 0 && painted ? paint_of_severity(severity) : p, line);
                pending = 0;
            }
            pending += GAP + (t->columns[c].right ? 0 : pad);
        }
        put(t->w, "\n");
    }
}

static void put_table(table *t, size_t rows)
{
    vg_str titles[COLUMNS_MAX];
    for (size_t c = 0; c < t->count; c++)
        titles[c] = vg_str_from(t->columns[c].title);
    fit_widths(t, rows);
    put_row(t, titles, PAINT_BOLD);
    for (size_t r = 0; r < rows; r++)
        put_row(t, t->cells + r * t->count, PAINT_NONE);
}

/* `cells`, masked and safe, in the scratch arena; NULL when memory is out. */
static vg_str *make_safe(vg_report_writer *w, const vg_str *cells, size_t count)
{
    vg_str *safe = VG_NEW_N(w->scratch, vg_str, count + 1);
    for (size_t i = 0; safe && i < count; i++)
        safe[i] = report_shown(w, cells[i]);
    return safe;
}

vg_status vg_report_table(const vg_report_column *columns, size_t column_count, const vg_str *cells,
                          size_t rows, const vg_report_options *options, vg_buf *out, vg_error *err)
{
    vg_report_writer *w;
    if (column_count == 0 || column_count > COLUMNS_MAX)
        return vg_fail(err, VG_ERR_INTERNAL, "a table of %zu columns", column_count);
    VG_TRY(vg_report_findings_begin(VG_REPORT_JSONL, VG_STR(""), options, out, &w,
                                    err)); /* which writes nothing */
    table t = {
        .w = w, .columns = columns, .count = column_count, .cells = make_safe(w, cells, rows * column_count)};
    if (t.cells)
        put_table(&t, rows);
    else
        out->failed = true;
    return vg_report_findings_end(w, err);
}

/* ---- findings alone --------------------------------------------------------------------------------------------- */

static const vg_report_column FINDING_COLUMNS[] = {
    {"severity", false, true}, {"verdict", false, true},   {"account", false, false}, {"region", false, true},
    {"rule", false, false},    {"resource", false, false}, {"finding", false, false},
};

void report_terminal_begin(vg_report_writer *w)
{
    if (w->title.len == 0)
        return;
    put_wrapped(w, w->title, 0, 0, PAINT_BOLD);
    put(w, "\n\n");
}

static void keep_cell(vg_report_writer *w, vg_str text)
{
    vg_str *cell = vg_vec_push(&w->kept);
    vg_str copy = vg_arena_str(w->arena, report_shown(w, text));
    if (!cell || !copy.ptr)
        w->out->failed = true;
    else
        *cell = copy;
}

/* Where the workflow says more than the verdict, it stands in its place. */
static const char *standing(const report_finding *v)
{
    return v->workflow == VG_WORKFLOW_SUPPRESSED ? "suppressed"
           : v->workflow == VG_WORKFLOW_RESOLVED ? "resolved"
                                                 : vg_verdict_name(v->f.verdict);
}

void report_terminal_finding(vg_report_writer *w, const vg_report_finding *given)
{
    report_finding v = report_view(w, given);
    keep_cell(w, vg_str_from(vg_severity_name(v.f.severity)));
    keep_cell(w, vg_str_from(standing(&v)));
    keep_cell(w, v.account_name.len == 0
                     ? v.f.account
                     : vg_arena_printf(w->scratch, "%.*s %.*s", VG_ARG(v.account_name), VG_ARG(v.f.account)));
    keep_cell(w, v.f.region);
    keep_cell(w, v.f.rule);
    keep_cell(w, v.f.resource_name.len > 0 ? v.f.resource_name : v.f.resource_id);
    keep_cell(w, v.f.message.len > 0 ? v.f.message : v.f.title);
}

/* Narrower than this, the table's text columns are too thin to be read. */
#define TABLE_WIDTH_MIN 110U

/* A finding over some lines: what and where, then the resource, then what is wrong. */
static void put_stacked(vg_report_writer *w, const vg_str *cells)
{
    vg_severity severity = VG_SEVERITY_INFORMATIONAL;
    vg_severity_parse(cells[0], &severity);
    put_safe(w, paint_of_severity(severity), cells[0]);
    put(w, " ");
    vg_str rest = vg_arena_printf(w->scratch, "%.*s: %.*s", VG_ARG(cells[1]), VG_ARG(cells[4]));
    put_wrapped(w, rest, 4, cells[0].len + 1, PAINT_NONE);
    put(w, "\n    ");
    bool placed = cells[2].len + cells[3].len > 0;
    vg_str where = vg_arena_printf(w->scratch, "%.*s%s%.*s%s%.*s", VG_ARG(cells[2]),
                                   cells[2].len > 0 && cells[3].len > 0 ? " " : "", VG_ARG(cells[3]),
                                   placed && cells[5].len > 0 ? ", " : "", VG_ARG(cells[5]));
    put_wrapped(w, where, 4, 4, PAINT_DIM);
    put(w, where.len > 0 ? "\n    " : "");
    put_wrapped(w, cells[6], 4, 4, PAINT_NONE);
    put(w, "\n");
}

void report_terminal_end(vg_report_writer *w)
{
    size_t rows = w->kept.len / VG_COUNT(FINDING_COLUMNS);
    table t = {.w = w,
               .columns = FINDING_COLUMNS,
               .count = VG_COUNT(FINDING_COLUMNS),
               .cells = w->kept.items,
               .by_severity = true};
    bool narrow = report_columns_available(w) < TABLE_WIDTH_MIN;
    for (size_t i = 0; i < rows && narrow; i++)
        put_stacked(w, t.cells + i * t.count);
    if (rows > 0 && !narrow)
        put_table(&t, rows);
    vg_buf_addf(w->out, "%s%zu finding%s\n", rows > 0 ? "\n" : "", rows, rows == 1 ? "" : "s");
}
