/* log_part.h: what the readers of logs share (private to trail/): where an event came from, what it is given with, and the
 * columns of flow logs. */
#ifndef VIGIL_TRAIL_LOG_PART_H
#define VIGIL_TRAIL_LOG_PART_H

#include "trail/trail.h"

enum { VG_LOG_MOST_COLUMNS = 128, VG_LOG_ID = 33, VG_LOG_HEAD = 65536 };

/* What the path of a log says of it; empty when it says nothing. */
typedef struct {
    vg_str account, region;
} vg_log_origin;
vg_log_origin vg_log_origin_of(vg_str path);
bool vg_log_is_account(vg_str s); /* twelve digits */

/* What a column tells of the event itself. */
typedef enum {
    VG_FLOW_PLAIN,
    VG_FLOW_START,
    VG_FLOW_END,
    VG_FLOW_ACCOUNT,
    VG_FLOW_REGION,
    VG_FLOW_SOURCE,
    VG_FLOW_STATUS,
    VG_FLOW_ROLES
} vg_flow_role;

/* The columns of a flow log: for each its key, as a node of the event, whether its values are numbers, and its role. */
typedef struct {
    size_t count;
    vg_value keys[VG_LOG_MOST_COLUMNS];
    uint8_t is_number[VG_LOG_MOST_COLUMNS], role[VG_LOG_MOST_COLUMNS];
} vg_flow_columns;

/* Reads names separated by blanks or commas, each alone or as ${name}. False when there are none or too many. The names
 * that AWS documents are static; others are slices of `text`. */
bool vg_flow_columns_read(vg_str text, vg_flow_columns *out);
/* Whether the words are the names of columns, most of them known. */
bool vg_flow_is_header(const vg_str *words, size_t count);
/* The order of columns that AWS publishes and that these values fit; false when none does. */
bool vg_flow_columns_guess(const vg_str *words, size_t count, vg_flow_columns *out);
/* Splits at blanks into at most VG_LOG_MOST_COLUMNS words; more are counted. False at a byte that is no printable ASCII,
 * whose place is *bad. */
bool vg_flow_split(vg_str line, vg_str *words, size_t *count, size_t *bad);

typedef struct {
    vg_str name;
    vg_log_options options;
    const vg_event_sink *sink;
    vg_trail_counts *counts;
    vg_error *err;
    vg_arena *arena;        /* of one event */
    vg_arena *header_arena; /* of `header` */
    vg_log_origin origin;
    bool stopped; /* by the sink */
    char id[VG_LOG_ID];
    char owner[12]; /* the account that an envelope names */

    vg_flow_columns columns;
    bool has_columns, columns_are_guessed;
    vg_str header; /* the line that `columns` are of */
    vg_value nodes[1 + 2 * VG_LOG_MOST_COLUMNS];
} vg_log_reader;

/* One line of a log. */
typedef struct {
    vg_str text;  /* without its end, and without the time that CloudWatch Logs puts before it */
    vg_time time; /* that time, or VG_TIME_NONE */
    uint32_t line, column;
    uint32_t position; /* in the source; 0 beyond 4 GiB */
} vg_log_line;

/* Tells `bad` of a line, and counts it. */
void vg_log_refuse(vg_log_reader *r, const vg_log_line *line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for a failure that is at hand. */
void vg_log_tell(vg_log_reader *r, const vg_error *bad);
/* A number of seconds since 1970 as a time; VG_TIME_NONE when there is none, or beyond the year 9999. */
vg_time vg_log_seconds(const vg_value *v);
/* What an event's object says of time, account, region and source. */
void vg_log_describe(vg_log_kind log, const vg_value *root, vg_str time_field, vg_event *event);
/* Completes an event (log and root are set, and what vg_log_describe reads) with its place, its id, and what the path and
 * the options tell; gives it to the sink. The id is by `text` when it has any, else by the object. */
vg_status vg_log_give(vg_log_reader *r, const vg_log_line *line, vg_event *event);
/* 128 bits of the SHA-256 of a text; `also`, when it is not empty, keeps equal texts of two places apart. */
void vg_log_id(vg_str text, vg_str also, char out[VG_LOG_ID]);
/* Takes the time that an export of CloudWatch Logs writes before each line. */
void vg_log_strip_time(vg_log_line *line);
/* Calls `take` for each line that is not empty; stops at what it returns other than VG_OK. */
vg_status vg_log_lines(vg_log_reader *r, vg_str bytes,
                       vg_status (*take)(vg_log_reader *r, const vg_log_line *line));
/* Says that memory is out. */
vg_status vg_log_memory(vg_log_reader *r);
/* Whatever holds CloudTrail's records. */
vg_status vg_log_read_trail(vg_log_reader *r, vg_str bytes);

/* flow.c */
vg_status vg_flow_line(vg_log_reader *r, const vg_log_line *line);
bool vg_flow_recognise_line(vg_str line);
/* A flow that is an object already: names with '_' and numbers in quotes become what the lines give. */
vg_status vg_flow_object(vg_log_reader *r, const vg_log_line *line, const vg_value *object);
bool vg_flow_is_object(const vg_value *object);
/* The name that AWS documents, and whether its values are numbers; false when it documents none. */
bool vg_flow_field(vg_str word, vg_str *name, bool *is_number);

/* s3access.c */
vg_status vg_s3_access_line(vg_log_reader *r, const vg_log_line *line);
bool vg_s3_access_recognise_line(vg_str line);
void vg_s3_access_describe(const vg_value *root, vg_event *event);

/* log_json.c */
vg_log_kind vg_log_recognise_json(vg_str head);
vg_status vg_log_read_json(vg_log_reader *r, vg_str bytes);
/* A line of text that holds JSON. */
vg_status vg_log_json_line(vg_log_reader *r, const vg_log_line *line);

/* dns_name.c: a name as it was asked for, with or without the dot at its end. */
typedef struct {
    vg_str domain; /* the registrable domain; empty when the name is a public suffix itself */
    vg_str before; /* what stands before it, without the dot between; may be empty */
} vg_dns_name;
vg_dns_name vg_dns_name_of(vg_str name);
vg_str vg_dns_longest_label(vg_str labels);
unsigned vg_dns_entropy(vg_str text);
/* How little a label looks like words: 0 to 100. */
unsigned vg_dns_generated(vg_str label);

/* address.c */
typedef enum { VG_ADDRESS_NONE, VG_ADDRESS_PUBLIC, VG_ADDRESS_PRIVATE, VG_ADDRESS_METADATA } vg_address_kind;
vg_address_kind vg_address_kind_of(vg_str text);

#endif
