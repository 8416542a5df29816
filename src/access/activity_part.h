/* activity_part.h: what the files that read activity share (private to access/).
 *
 * activity.c gathers uses; activity_resource.c tells what a record was about; activity_need.c what it needed besides. */
#ifndef VIGIL_ACCESS_ACTIVITY_PART_H
#define VIGIL_ACCESS_ACTIVITY_PART_H

#include "access/access.h"

/* How the resource of an action is told by a call. */
typedef enum {
    NEED_OF_CALL,     /* it is the call's own */
    NEED_RESOURCE,    /* templates of ARNs */
    NEED_ROLE,        /* parameters that hold a role: its ARN or its name */
    NEED_ROLE_ARN,    /* parameters that hold a role's ARN, or something else */
    NEED_PROFILE,     /* parameters that hold an instance profile: its ARN or its name */
    NEED_COPY_SOURCE, /* parameters that hold the source of a copy in S3 */
    NEED_UNNAMED      /* a role that the request does not name */
} vg_need_form;

/* One entry of event-needs.yaml. */
typedef struct {
    vg_str action;
    vg_need_form form;
    const vg_value *at; /* a text or a list of texts: templates, or paths of parameters */
    vg_str passed_to;
    vg_str instead;      /* the event's own action that is not asked for then */
    vg_str when, unless; /* "PARAMETER" or "PARAMETER=VALUE"; empty: always, never */
    bool has_version;    /* of COPY_SOURCE: it is of sources with a version, else of those without */
    bool may;            /* it may be needed: the record does not tell */
} vg_need;

typedef struct {
    const vg_need *needs;
    size_t count;
} vg_need_list;

struct vg_activity_reader {
    vg_arena *arena;
    vg_activity_options options;
    vg_doc templates, need_doc;
    vg_map *needs;    /* event as an action -> vg_need_list * */
    vg_map *uses;     /* key -> index in `list` */
    vg_vec list;      /* vg_activity_use */
    vg_map *contexts; /* key -> index in `context_list` */
    vg_vec context_list;
    vg_map *strings;
    vg_map *events; /* 8 bytes of hash -> seen */
    vg_map *logs;   /* "111122223333" -> logged; "111122223333 s3": its data events */
    vg_vec arns;    /* vg_str: room for the resources of one action of one record */
    vg_buf key;
    vg_activity counts;
};

/* What one record was, as far as it is the same for all its uses. */
typedef struct {
    const vg_trail_record *record;
    vg_str principal, account; /* of the principal */
    vg_event_end end;
    vg_event_answer answer;
} vg_activity_call;

/* The text kept for as long as the activity; "" for an empty one; ptr NULL when memory is out. */
vg_str vg_activity_keep(vg_activity_reader *r, vg_str text);
/* Adds to a use, or makes one: `use` brings action, resource, kind, by, passed_to and unresolved, all of which are kept. */
vg_status vg_activity_add_use(vg_activity_reader *r, const vg_activity_call *call, vg_activity_use use,
                              vg_error *err);

/* Calls `each` with every text that stands at a dotted path of the record's requestParameters, or of its responseElements
 * where the path begins with "response.". "*" takes every item, "%" every key, "**" any depth; letter case is ignored, a list of texts is
 * its texts. */
typedef struct {
    void (*each)(void *context, vg_str value);
    void *context;
} vg_activity_sink;
void vg_activity_values(const vg_trail_record *record, vg_str path, const vg_activity_sink *sink);
/* Whether a policy would read the text as a pattern: a key "a*" is one object, and as a resource all that begin with a. */
bool vg_activity_is_pattern(vg_str text);
/* Fills `r->arns` with the ARNs, kept, that the record tells for an action: by `templates` if there are some (a text or a
 * list), else by the record's own list of resources and by the service's templates. Empty where it tells none, none of a
 * type that the action always takes, or one that is a pattern. */
vg_status vg_activity_arns(vg_activity_reader *r, const vg_trail_record *record, vg_str action,
                           const vg_value *const *templates, size_t template_count, vg_error *err);

/* Reads event-needs.yaml; what does not follow its form is VG_ERR_VALUE with its place. */
vg_status vg_activity_read_needs(vg_activity_reader *r, vg_error *err);
/* Adds the uses of a call: its own actions, then what else it needed. */
vg_status vg_activity_add_call(vg_activity_reader *r, const vg_activity_call *call,
                               const vg_event_actions *actions, vg_error *err);

#endif
