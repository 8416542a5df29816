/* report_part.h: what the writers of this room share: the writer itself, and the one set of functions through which text
 * reaches the output. Whatever was given by others goes through a put_TEXT function of escape.c; put() is for our own
 * literals. */
#ifndef VIGIL_REPORT_PART_H
#define VIGIL_REPORT_PART_H

#include "report/report.h"

/* ---- unicode.c: what a character is and takes --------------------------------------------------------------------- */

#define CODE_INVALID UINT32_MAX /* a byte that is no UTF-8 */

/* The character at `at` into *code, and how many bytes it takes (1 for a byte that is no UTF-8). */
size_t report_decode(vg_str text, size_t at, uint32_t *code);
/* Whether it drives a terminal, reorders text or cannot be seen: it must be written as an escape. */
bool report_is_hidden(uint32_t code);
unsigned report_width(uint32_t code); /* columns: 0, 1, 2 */

/* ---- redact.c ------------------------------------------------------------------------------------------------------- */

typedef struct redactor redactor;
redactor *report_redactor_new(vg_arena *arena); /* NULL when memory is out */
/* A name to mask wherever it stands as a whole word, in any case. Words that say nothing of anyone are ignored. */
void report_redactor_add(redactor *r, vg_str name);
/* `text` with everything that is to be masked masked, in `scratch`; `text` itself when nothing is. */
vg_str report_redact(redactor *r, vg_arena *scratch, vg_str text);

/* ---- the writer ----------------------------------------------------------------------------------------------------- */

typedef struct report_kind report_kind;

struct vg_report_writer {
    vg_buf *out;
    vg_report_options options;
    const report_kind *kind;
    const vg_report_answer *answer; /* NULL: findings alone */
    vg_str title;
    vg_arena *arena;    /* as long as the writer */
    vg_arena *scratch;  /* of one finding, or of one put */
    redactor *redactor; /* NULL: nothing is masked */
    vg_json_writer json;
    size_t json_from; /* what was made safe already */
    vg_buf body;      /* what must stand behind a head that is known last */
    vg_vec kept;      /* vg_str cells, or what the format needs */
    vg_map *rules;
    size_t count, failures, skipped;
    vg_time fallback_time; /* of a finding that has none */
    vg_error failure;      /* of passing on; code VG_OK: none so far */
};

/* A format: how an answer is written, and findings. answer NULL: begin, each finding of it, end. */
struct report_kind {
    const char *name, *alias, *suffix;
    void (*answer)(vg_report_writer *w, const vg_report_answer *answer);
    void (*begin)(vg_report_writer *w);
    void (*finding)(vg_report_writer *w, const vg_report_finding *f);
    void (*end)(vg_report_writer *w);
};

/* One finding with what its writers need worked out, its texts masked where that is asked for (not escaped). */
typedef struct {
    vg_finding f;
    vg_id id;
    vg_workflow workflow;
    vg_time first_seen, last_seen;
    vg_str suppressed_reason;
    const vg_str *requirements;
    size_t requirement_count;
    vg_str account_name, warning;
    const vg_str *commands; /* as given: they are masked as they are written */
    size_t command_count;
} report_finding;
report_finding report_view(vg_report_writer *w, const vg_report_finding *given);
/* Where it is, as people say it: "root of shop-prod (111122223333)", "jane in shop-prod (111122223333)", "bucket in
 * account 111122223333, eu-west-1"; in the scratch arena. */
vg_str report_whereabouts(vg_report_writer *w, const report_finding *v);
/* Whether it is a critical failure that nobody has settled: what a reader must see before anything else. */
bool report_is_urgent(const vg_report_finding *given);
vg_str report_partition(const vg_finding *f); /* "aws", "aws-cn", "aws-us-gov": by its ARN, else its region */

/* Hands over what was written when that is much, and empties the scratch arena. An answer calls it behind each finding,
 * so that a report takes no more memory than its largest piece. */
void report_pass_on(vg_report_writer *w);

void report_answer_terminal(vg_report_writer *w, const vg_report_answer *answer);
void report_answer_html(vg_report_writer *w, const vg_report_answer *answer);
void report_answer_markdown(vg_report_writer *w, const vg_report_answer *answer);
void report_answer_json(vg_report_writer *w, const vg_report_answer *answer);
void report_answer_csv(vg_report_writer *w, const vg_report_answer *answer);
void report_answer_junit(vg_report_writer *w, const vg_report_answer *answer);
void report_answer_sarif(vg_report_writer *w, const vg_report_answer *answer);

void report_terminal_begin(vg_report_writer *w);
void report_terminal_finding(vg_report_writer *w, const vg_report_finding *given);
void report_terminal_end(vg_report_writer *w);
void report_html_begin(vg_report_writer *w);
void report_html_finding(vg_report_writer *w, const vg_report_finding *given);
void report_html_end(vg_report_writer *w);
void report_markdown_begin(vg_report_writer *w);
void report_markdown_finding(vg_report_writer *w, const vg_report_finding *given);
void report_markdown_end(vg_report_writer *w);
void report_json_begin(vg_report_writer *w);
void report_json_finding(vg_report_writer *w, const vg_report_finding *f);
void report_json_end(vg_report_writer *w);
void report_jsonl_finding(vg_report_writer *w, const vg_report_finding *f);
void report_csv_begin(vg_report_writer *w);
void report_csv_finding(vg_report_writer *w, const vg_report_finding *given);
void report_ocsf_begin(vg_report_writer *w);
void report_ocsf_finding(vg_report_writer *w, const vg_report_finding *given);
void report_asff_begin(vg_report_writer *w);
void report_asff_finding(vg_report_writer *w, const vg_report_finding *given);
void report_asff_end(vg_report_writer *w);
void report_array_end(vg_report_writer *w);
void report_sarif_begin(vg_report_writer *w);
void report_sarif_finding(vg_report_writer *w, const vg_report_finding *given);
void report_sarif_end(vg_report_writer *w);
void report_junit_begin(vg_report_writer *w);
void report_junit_finding(vg_report_writer *w, const vg_report_finding *given);
void report_junit_end(vg_report_writer *w);

/* ---- escape.c: how text reaches the output -------------------------------------------------------------------------- */

static inline void put(vg_report_writer *w, const char *literal)
{
    vg_buf_add_c(w->out, literal);
}
/* `text`, masked where that is asked for; in the scratch arena or as given. For formats that escape by themselves. */
vg_str report_masked(vg_report_writer *w, vg_str text);
/* The same, and safe to show: hidden characters as escapes, on one line. */
vg_str report_shown(vg_report_writer *w, vg_str text);
void put_text(vg_report_writer *w, vg_str text);     /* terminal */
void put_html(vg_report_writer *w, vg_str text);     /* HTML and XML, content and attributes */
void put_block(vg_report_writer *w, vg_str text);    /* HTML content of ours: line breaks become <br> */
void put_markdown(vg_report_writer *w, vg_str text); /* inside a paragraph or a table's cell */
void put_code(vg_report_writer *w, vg_str text);     /* Markdown: the same, as code */
void put_csv(vg_report_writer *w, vg_str text);      /* a field */
void json_text(vg_report_writer *w, const char *key, vg_str text);   /* key and masked string */
void json_filled(vg_report_writer *w, const char *key, vg_str text); /* the same, left out when empty */
void json_texts(vg_report_writer *w, const char *key, const vg_str *texts, size_t count);
void json_time(vg_report_writer *w, const char *key,
               vg_time time); /* RFC 3339; left out when there is none */
void json_milliseconds(vg_report_writer *w, const char *key, vg_time time);
void json_number(vg_report_writer *w, const char *key, double number);
/* Makes what the JSON writer wrote since the last call safe for whoever prints it: hidden characters as \uXXXX. */
void json_make_safe(vg_report_writer *w);

/* A percentage or a number of points: one decimal at most, and 100 only for a whole 100. "-" for VG_SCORE_NONE. */
#define NUMBER_TEXT 32
void report_number(double number, char out[NUMBER_TEXT]);
void report_time(vg_time time,
                 char out[VG_TIME_TEXT]); /* to the minute, for people: "2026-11-24 10:00"; "" for none */
vg_str report_severity_label(vg_severity severity); /* "Critical" */

/* ---- layout of terminals: terminal.c -------------------------------------------------------------------------------- */

typedef enum {
    PAINT_NONE,
    PAINT_BOLD,
    PAINT_DIM,
    PAINT_GOOD,
    PAINT_FAIR,
    PAINT_BAD,
    PAINT_WORST,
    PAINT_NOTE
} paint;
void put_painted(vg_report_writer *w, paint p, vg_str text); /* safe, in colour where that is wanted */
void put_spaces(vg_report_writer *w, size_t count);
/* Text wrapped at `width` columns, the first line as if `at` columns were taken, each other indented by `indent`. Words
 * that fit nowhere are cut. Ends without a line break. */
void put_wrapped(vg_report_writer *w, vg_str text, size_t indent, size_t at, paint p);
/* Text of ours whose line breaks mean something (formulas), each line wrapped and ended. */
void put_paragraphs(vg_report_writer *w, vg_str text, size_t indent);
/* Text padded to `columns`, cut with an ellipsis when longer. */
void put_padded(vg_report_writer *w, vg_str text, size_t columns, paint p);
void put_bar(vg_report_writer *w, double percent, size_t columns, paint p);
size_t report_columns_available(const vg_report_writer *w);
paint paint_of_state(vg_state state);
paint paint_of_severity(vg_severity severity);
paint paint_of_verdict(vg_verdict verdict);
/* A mark of one column for it. */
const char *mark_of_verdict(const vg_report_writer *w, vg_verdict verdict);
const char *mark_of_state(const vg_report_writer *w, vg_state state);
const char *state_words(vg_state state); /* "partly met" */

#endif
