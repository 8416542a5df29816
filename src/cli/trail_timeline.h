/* trail_timeline.h: a timeline with the findings that belong to its events, between the file that makes it and those that
 * write it (private to cli/). */
#ifndef VIGIL_CLI_TRAIL_TIMELINE_H
#define VIGIL_CLI_TRAIL_TIMELINE_H

#include "cli/detect_parts.h"
#include "trail/trail.h"

typedef struct {
    vg_cli *cli;
    vg_timeline line;
    bool all; /* repeats one by one */
    const vg_rules *rules;
    const vg_detect_finding *const *findings; /* those that cite an event of the timeline */
    size_t finding_count;
    const uint32_t *cited;      /* indexes of findings, event by event */
    const uint32_t *cited_from; /* by event: where its own begin; one more behind the last */
    const uint32_t *told_at;    /* by finding: the first event that it cites */
} vg_timeline_page;

void vg_timeline_write_text(const vg_timeline_page *page, vg_buf *out);
void vg_timeline_write_json(const vg_timeline_page *page, vg_buf *out);
void vg_timeline_write_html(const vg_timeline_page *page, vg_buf *out);

/* "as role deploy, session ci, 2 hops from user/ann"; not yet made safe. */
void vg_timeline_who(const vg_timeline_page *page, size_t session, vg_buf *out);
/* "s3:GetObject" */
void vg_timeline_call(const vg_timeline_event *event, vg_buf *out);
/* "region eu-west-1, address 198.51.100.7": what is seen for the first time. */
void vg_timeline_first(const vg_timeline_event *event, vg_buf *out);
#endif
