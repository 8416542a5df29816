/* report.h: the answers, written for people and for machines. The one place where text is escaped.
 *
 * Two things are written: the answer of a review (practices, scores, what to do first), and findings. Both in every
 * format; a format is a column of one table (report.c), so that a new one is a new file and a row.
 *
 *   format     of an answer                              of findings alone
 *   terminal   one screen to act on, then the details    a table, worst first
 *   html       a page that loads nothing                 the same page, findings alone
 *   markdown   for an issue or a wiki                    a table
 *   json       all of it; schema "vigil.review/1"        schema "vigil.findings/1"
 *   jsonl      its findings, one a line                  one a line
 *   csv        its findings, one a row; a control        one a row
 *              without findings has a row of its own
 *   ocsf       its findings as OCSF 1.5.0 Compliance Findings (class 2003), one array
 *   asff       its findings as AWS Security Finding Format, {"Findings": [...]}
 *   sarif      its findings as SARIF 2.1.0, its controls as rules
 *   junit      a test suite a practice, a test case a control, for CI
 *
 * Every string may be hostile: names of accounts, tags and files come from others. Escaping happens as text is written,
 * by the format's own rules; control characters, escape sequences and the invisible characters that reorder text
 * (bidirectional overrides and isolates) never reach the reader as they are. With `redact`, e-mail addresses, phone
 * numbers, account ids and the names given are masked at the same place, the same one the same way throughout.
 *
 * Output depends on the input alone: no clock, locale or environment is read. */
#ifndef VIGIL_REPORT_H
#define VIGIL_REPORT_H

#include "model/model.h"

typedef enum {
    VG_REPORT_TERMINAL,
    VG_REPORT_HTML,
    VG_REPORT_MARKDOWN,
    VG_REPORT_JSON,
    VG_REPORT_JSONL,
    VG_REPORT_CSV,
    VG_REPORT_OCSF,
    VG_REPORT_ASFF,
    VG_REPORT_SARIF,
    VG_REPORT_JUNIT
} vg_report_format;

bool vg_report_format_parse(vg_str text,
                            vg_report_format *out); /* "terminal", "html", ...; also "table" and "md" */
const char *vg_report_format_name(vg_report_format format);
const char *vg_report_format_suffix(vg_report_format format); /* of a file: ".html"; "" for the terminal */

/* How to write. Zero is a plain terminal of 80 columns. */
typedef struct {
    bool colour;    /* terminal: ANSI colours; the caller decides (a terminal, and no NO_COLOR) */
    bool unicode;   /* terminal: symbols and bars beyond ASCII; the caller decides (a UTF-8 locale) */
    unsigned width; /* terminal: columns; 0: 80; less than 40 is 40 */
    bool redact;    /* mask e-mail addresses, phone numbers, account ids and `names` */
    bool explain;   /* how the scores were computed, control by control */
    bool all;       /* terminal, markdown: passing controls and every finding too, not only what needs work */
    const vg_str *names; /* what `redact` masks beside what it recognises: people, accounts, contacts */
    size_t name_count;
    vg_str version; /* of this program, for formats that name the tool */
    /* When set, output is handed over in pieces as it grows past a megabyte, and out is left with the rest. */
    vg_status (*flush)(void *context, vg_str bytes, vg_error *err);
    void *flush_context;
} vg_report_options;

/* ---- findings ----------------------------------------------------------------------------------------------------- */

/* A finding as the hub knows it. Where the hub knows nothing of it yet: zero id (it is then computed), NEW, and
 * first_seen = last_seen = VG_TIME_NONE (finding.observed is then used). */
typedef struct {
    vg_finding finding;
    vg_id id;
    vg_workflow workflow;
    vg_time first_seen, last_seen;
    vg_str suppressed_reason;   /* empty unless SUPPRESSED */
    const vg_str *requirements; /* what the rule answers: "SEC01-BP02", "CIS AWS 5.0 1.4"; borrowed */
    size_t requirement_count;
    vg_str account_name; /* what people call finding.account; empty: not known */
    const vg_str
        *commands; /* that repair it: exact AWS CLI commands, or steps in words ("# ..."); borrowed */
    size_t command_count;
    vg_str warning; /* what can go wrong with them; empty when nothing */
} vg_report_finding;

/* Writes findings as they come, in the order given; a finding is borrowed until _add returns, options and title until
 * _end. Memory does not grow with them where `flush` is set (the terminal's table and JUnit, which begin with what
 * comes last, keep them). A finding whose `evidence` holds "file" and perhaps "line" and "column" has that place in
 * SARIF. Call _end also after a failure: it frees. */
typedef struct vg_report_writer vg_report_writer;
vg_status vg_report_findings_begin(vg_report_format format, vg_str title, const vg_report_options *options,
                                   vg_buf *out, vg_report_writer **writer, vg_error *err);
vg_status vg_report_findings_add(vg_report_writer *writer, const vg_report_finding *finding, vg_error *err);
vg_status vg_report_findings_end(vg_report_writer *writer, vg_error *err);

/* ---- the answer of a review ---------------------------------------------------------------------------------------- */

typedef enum { VG_STATE_MET, VG_STATE_PARTLY_MET, VG_STATE_NOT_MET, VG_STATE_NOT_ASSESSED } vg_state;
const char *vg_state_name(vg_state state); /* "met", "partly-met", "not-met", "not-assessed" */

/* Scores and coverage are percentages, 0 to 100; a score below 0 says that there is none. */
#define VG_SCORE_NONE (-1.0)

typedef struct {
    vg_str id, title;
    vg_verdict verdict;
    vg_severity severity;
    double weight;  /* in its practice's score */
    vg_str summary; /* one sentence of evidence: "3 of 12 accounts have no MFA on their root user" */
    vg_str
        missing; /* what would provide the evidence, when not assessed or in part: a permission, export, attestation */
    vg_str source; /* where the evidence came from: "iam:GetAccountSummary", "attestation" */
    uint32_t passed, failed, partly, not_assessed, not_applicable; /* resources */
    const vg_str *requirements;                                    /* "CIS AWS 5.0 1.4", ... */
    size_t requirement_count;
    vg_str
        action; /* the control whose commands repair it, mostly itself; empty when nothing is to be repaired */
    double total_gain; /* points that the overall score rises by when they are carried out */
} vg_report_control;

/* Something to do. */
typedef struct {
    vg_str title;      /* imperative: "Turn on MFA for the root user of 3 accounts" */
    vg_str why;        /* one sentence; may be empty */
    vg_str practice;   /* its id */
    double gain;       /* points that the score of that practice rises by when it is done */
    double total_gain; /* points that the overall score rises by */
    const vg_str
        *commands; /* exact AWS CLI commands, one each, with account, region and ids in them; or a step in
                               words, which then begins with "# " */
    size_t command_count;
    vg_str warning;         /* what can go wrong: "can lock people out: ..."; empty when nothing */
    const vg_str *controls; /* ids of the controls that it repairs */
    size_t control_count;
} vg_report_action;

typedef struct {
    vg_str id, title; /* "SEC01-BP02", "Secure account root user and properties" */
    vg_state state;
    double score, coverage;
    vg_str explanation; /* this practice's score, worked out; shown by `explain`; may be empty */
    const vg_report_control *controls;
    size_t control_count;
    const vg_report_action *actions; /* those that would raise it most, best first; 3 or fewer */
    size_t action_count;
} vg_report_practice;

/* What was judged: the whole organisation, or one workload. */
typedef struct {
    vg_str name;        /* "organisation", or the workload's */
    vg_str description; /* "function payments, environment prod"; may be empty */
    uint32_t accounts;
    vg_state state;
    double score, coverage;
    const vg_report_practice *practices;
    size_t practice_count;
    const vg_report_action *actions; /* what to do first, over all practices, best first */
    size_t action_count;
} vg_report_section;

/* What could not be assessed, and what would change that. */
typedef struct {
    vg_str what;       /* "GuardDuty in eu-west-1" */
    vg_str provider;   /* "guardduty list-detectors (permission guardduty:ListDetectors)" */
    uint32_t controls; /* how many wait for it */
} vg_report_gap;

typedef struct {
    vg_str question;                    /* "How do you securely operate your workload?" */
    vg_str organisation_name;           /* may be empty */
    vg_str organisation_id;             /* "o-..."; may be empty */
    vg_str scope;                       /* "all 12 accounts", "OU Workloads/Prod" */
    vg_time evidence_from, evidence_to; /* of the oldest and newest evidence used; VG_TIME_NONE: none */
    vg_time judged_at;                  /* the time that ages and expiries were judged at */
    const vg_str *stale;                /* evidence older than asked for, a line each */
    size_t stale_count;
    const vg_str *problems; /* what could not be read in full, a line each */
    size_t problem_count;
    vg_report_section organisation;
    const vg_report_section *workloads;
    size_t workload_count;
    const vg_report_gap *gaps; /* those that most controls wait for first */
    size_t gap_count;
    vg_str formula; /* how scores are computed, in words; shown by `explain`, always in html and json */
    const vg_report_finding *findings; /* in the order to show; passes may be among them */
    size_t finding_count;
} vg_report_answer;

/* Writes the answer to `out` (appended). */
vg_status vg_report_write(const vg_report_answer *answer, vg_report_format format,
                          const vg_report_options *options, vg_buf *out, vg_error *err);

/* ---- for commands that print other things ---------------------------------------------------------------------------- */

/* Text made safe for a terminal, appended to `out`: control characters, escapes, bidirectional marks and bytes that are
 * not UTF-8 become visible (\n, \x1b, \u202e, \xff). */
void vg_report_safe(vg_buf *out, vg_str text);
/* The head of a page that stands alone, with the style of reports; what comes to stand in it; its end. Text is escaped, and
 * made safe as vg_report_safe does. */
void vg_report_page_begin(vg_buf *out, vg_str title);
void vg_report_page_text(vg_buf *out, vg_str text);
void vg_report_page_end(vg_buf *out);
/* Columns that text takes on a terminal, once safe: combining marks take 0, wide East Asian characters and emoji 2. */
size_t vg_report_columns(vg_str text);

/* A table for the terminal: cells are made safe, columns fitted to `width` (the widest text columns give way, and wrap),
 * numbers aligned to the right. Zero-initialised options give a plain one. */
typedef struct {
    const char *title;
    bool right; /* aligned right */
    bool fixed; /* never narrower than its text */
} vg_report_column;
/* `cells` are rows x columns, row by row. Appended to `out`. */
vg_status vg_report_table(const vg_report_column *columns, size_t column_count, const vg_str *cells,
                          size_t rows, const vg_report_options *options, vg_buf *out, vg_error *err);

#endif
