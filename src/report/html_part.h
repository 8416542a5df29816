/* html_part.h: the page's shell and charts, between html_page.c and the two files that fill it. */
#ifndef VIGIL_HTML_PART_H
#define VIGIL_HTML_PART_H

#include "report/report_part.h"

void html_begin(vg_report_writer *w, vg_str title);
void html_end(vg_report_writer *w);
void html_number(vg_report_writer *w, double number);
const char *html_bar_colour(vg_state state);
void html_gauge(vg_report_writer *w, double score, vg_state state);

typedef struct {
    double amount;
    const char *colour; /* a variable of the style */
} html_part;
void html_bar(vg_report_writer *w, const html_part *parts, size_t count, double whole, const char *label);
void html_begin_findings(vg_report_writer *w);
void html_cell(vg_report_writer *w, const char *label, vg_str text);

#endif
