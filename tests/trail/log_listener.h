/* log_listener.h: what a reading of logs told, as one text: "service time account region source {object}; " for an event,
 * "! line:column message; " for what was bad. */
#ifndef VIGIL_TESTS_LOG_LISTENER_H
#define VIGIL_TESTS_LOG_LISTENER_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "trail/trail.h"

typedef struct {
    vg_buf told;
    bool only_objects; /* events are told by their object alone */
    unsigned stop_after, seen;
    vg_buf ids;
} listener;

static vg_status on_event(void *context, const vg_event *event, vg_error *err)
{
    listener *l = context;
    char time[VG_TIME_TEXT] = "-";
    if (event->time != VG_TIME_NONE)
        vg_time_format(event->time, time);
    if (!l->only_objects)
        vg_buf_addf(&l->told, "%s %s %.*s %.*s %.*s ",
                    event->log < VG_LOG_KIND_COUNT ? vg_log_services[event->log] : "unknown", time,
                    VG_ARG(event->account), VG_ARG(event->region), VG_ARG(event->source_ip));
    vg_json_write(&l->told, event->root, 0);
    vg_buf_add_c(&l->told, "; ");
    vg_buf_addf(&l->ids, "%.*s ", VG_ARG(event->id));
    l->seen++;
    return l->stop_after && l->seen == l->stop_after ? vg_fail(err, VG_ERR_CANCELLED, "enough") : VG_OK;
}

static void on_bad(void *context, const vg_error *err)
{
    listener *l = context;
    vg_buf_addf(&l->told, "! %u:%u %s; ", err->place.line, err->place.column, err->message);
}

typedef struct {
    const char *name; /* path */
    const char *format;
    const char *text;
    const char *told;
} log_case;

static inline void check_case(const log_case *c, bool only_objects)
{
    listener l = {.only_objects = only_objects};
    const vg_event_sink sink = {on_event, on_bad, &l};
    const vg_log_options options = {.format = vg_str_from(c->format)};
    vg_trail_counts counts = {0};
    vg_error err = {0};
    vg_status status = vg_log_read(vg_str_from(c->text), vg_str_from(c->name ? c->name : "f"), &options,
                                   &sink, &counts, &err);
    bool is_same = status == VG_OK && vg_str_is(vg_buf_str(&l.told), c->told);
    if (!is_same) /* cmocka cuts long messages */
        fprintf(stderr, "%s\n  wanted: %s\n  got:    %.*s %s\n", c->text, c->told,
                VG_ARG(vg_buf_str(&l.told)), err.message);
    vg_buf_free(&l.told);
    vg_buf_free(&l.ids);
    assert_true(is_same);
}

#endif
