/* timeline_part.h: what was gathered for a timeline, between the files that gather it, tie sessions to their makers, and put
 * it in order (private to trail/). */
#ifndef VIGIL_TRAIL_TIMELINE_PART_H
#define VIGIL_TRAIL_TIMELINE_PART_H

#include "trail/trail.h"

#define TIMELINE_SESSION_LIFE (INT64_C(36) * 3600 * VG_TIME_SECOND) /* of GetFederationToken: the longest */

/* An event, and what of it tells about sessions. Texts are in the arena, each once. */
typedef struct {
    vg_timeline_event event;
    vg_str arn, principal_id, type, role, invoked_by, source_identity, on_behalf_of, provider, subject,
        instance;
    /* Of what hands out credentials. */
    bool is_grant;
    vg_str issued_key, issued_arn, issued_id, issued_role, issued_source, issued_provider, issued_subject;
    bool direct;  /* it is the subject's own */
    bool outside; /* not in the time that was asked for */
    bool shown;
} timeline_entry;

/* A session as it is tied. */
typedef struct {
    vg_timeline_session is;
    vg_str id;           /* the role's id and the session's name */
    size_t caller_entry; /* its caller is best known from this, or SIZE_MAX */
    unsigned caller_rank;
    size_t before;  /* the session of the same name before it, or SIZE_MAX */
    bool direct;    /* made by the subject */
    bool follows;   /* made by the subject, over any number of hops */
    unsigned depth; /* hops from the subject */
    bool done, on_path, needed;
} timeline_session;

typedef struct {
    vg_arena *arena;
    vg_subject_kind kind;
    vg_vec entries;  /* timeline_entry, by time once they are tied */
    vg_vec sessions; /* timeline_session */
} timeline_work;

/* Sorts the entries by time and ties each to its session, each session to its maker; says which entries are shown. */
vg_status timeline_tie(timeline_work *work, vg_error *err);
/* The entries that are shown, with first-seen marks and repeats; the sessions. */
vg_status timeline_order(timeline_work *work, vg_timeline *out, vg_error *err);
/* Fills an entry from an event; texts are kept in `texts`. False when memory is out. */
bool timeline_entry_of(const vg_event *event, const vg_search_hit *hit, vg_arena *arena, vg_map *texts,
                       timeline_entry *out);

#endif
