/* detect_parts.h: what the files of `vigil detect` share (private to cli/). */
#ifndef VIGIL_CLI_DETECT_PARTS_H
#define VIGIL_CLI_DETECT_PARTS_H

#include "cli/cli.h"
#include "detect/detect.h"

extern const vg_command vg_detect_lint, vg_detect_list, vg_detect_explain, vg_detect_test, vg_detect_learn;

/* Options that every command on detections takes. */
#define VG_DETECT_RULE_OPTIONS                                                                               \
    {.name = "rules",                                                                                        \
     .argument = "DIR|FILE",                                                                                 \
     .help = "Use these Sigma rules instead of the built-in detections.",                                    \
     .repeatable = true,                                                                                     \
     .kind = VG_ARG_PATH},                                                                                   \
        {.name = "content",                                                                                  \
         .argument = "DIR",                                                                                  \
         .help =                                                                                             \
             "A folder whose detections/ adds to the built-in ones, and replaces those of the same name.",   \
         .kind = VG_ARG_FOLDER},                                                                             \
        {.name = "placeholders",                                                                             \
         .argument = "FILE",                                                                                 \
         .help = "A YAML file with the values of placeholders: name: [value, ...].",                         \
         .repeatable = true,                                                                                 \
         .kind = VG_ARG_PATH},                                                                               \
        {.name = "level",                                                                                    \
         .argument = "LEVEL",                                                                                \
         .help = "Only rules of this level or worse.",                                                       \
         .fallback = "informational",                                                                        \
         .choices = "informational|low|medium|high|critical"},                                               \
    {                                                                                                        \
        .name = "status", .argument = "STATUS", .help = "Only rules of this status.", .repeatable = true,    \
        .choices = "stable|test|experimental|deprecated|unsupported"                                         \
    }

/* What is known beside the logs, for commands that show events. */
#define VG_DETECT_KNOWN_OPTIONS                                                                              \
    {.name = "baseline",                                                                                     \
     .argument = "FILE",                                                                                     \
     .help = "What is usual, as `vigil detect learn` saved it.",                                             \
     .kind = VG_ARG_PATH},                                                                                   \
    {                                                                                                        \
        .name = "geo", .argument = "FILE", .repeatable = true, .kind = VG_ARG_PATH,                          \
        .help = "A database of addresses (.mmdb): in which country, of which network they are."              \
    }

typedef struct {
    vg_cli *cli;
    vg_vec files; /* vg_rule_file */
    vg_rules *rules;
    vg_vec problems; /* vg_rule_problem, of compiling */
    bool *wanted;    /* by rule: --level and --status want its findings */
    size_t unread;   /* rules that could not be read */
    size_t unassessed;
} vg_detect_set;

/* Reads and compiles what the options name. Problems are kept, not told. */
vg_status vg_detect_set_load(vg_cli *cli, vg_detect_set *out, vg_error *err);
/* The same of these folders and files alone. */
vg_status vg_detect_set_load_paths(vg_cli *cli, const vg_str *paths, size_t count, vg_detect_set *out,
                                   vg_error *err);
vg_status vg_detect_set_of_file(vg_cli *cli, const vg_rule_file *file, vg_detect_set *out, vg_error *err);
/* Tells problems that kept rules from being read, and rules that are not assessed, as warnings; notes exit code 3 for the
 * first. */
void vg_detect_set_tell(vg_detect_set *set);

/* What the options --baseline and --geo name. */
typedef struct {
    vg_baseline *baseline; /* NULL: none was given */
    vg_geo *geo;
    vg_mapped file;
    vg_baseline_view view;
} vg_detect_known;
/* *out is to be freed whatever this returns. */
vg_status vg_detect_known_load(vg_cli *cli, vg_detect_known *out, vg_error *err);
void vg_detect_known_free(vg_detect_known *known);

/* What the options --intel and --allow name, and what is known, as sources of a detector (vg_detect_source). */
vg_status vg_detect_sources_load(vg_cli *cli, vg_detect_known *known, vg_vec *sources, vg_error *err);

/* The accounts that are ours, by what the option --ours names and by the organisation that a workspace holds which was named:
 * a set, NULL when nobody told. Says how many there are; a workspace that cannot be read is told as a warning. */
vg_status vg_detect_ours_load(vg_cli *cli, const vg_map **out, vg_error *err);

/* What a run over logs saw. */
typedef struct {
    vg_detect_findings findings;
    vg_trail_counts counts;
    uint64_t files, bytes;       /* bytes: uncompressed */
    const vg_baseline *baseline; /* NULL: none; what was normal is told from it */
    const vg_map *raw; /* of findings' ids to the text of their first event (vg_str *); NULL: not asked for */
} vg_detect_run;

/* Shows every log below the paths to detectors, on threads. What cannot be read is told and noted. */
vg_status vg_detect_run_paths(vg_cli *cli, const vg_rules *rules, const vg_str *paths, size_t count,
                              const vg_detector_options *options, const vg_log_options *log_options,
                              vg_detect_run *out, vg_error *err);

/* Reads the first event of each finding again (detect_raw.c). Files that cannot be read again are named. */
vg_status vg_detect_read_raw(vg_cli *cli, const bool *wanted, vg_detect_run *run, vg_error *err);
/* That event as it was logged; empty: it was not asked for, or does not stand there alone. */
vg_str vg_detect_raw_of(const vg_detect_run *run, const vg_detect_finding *f);

/* `vigil detect --diff OLD NEW LOG...` */
int vg_detect_diff(vg_cli *cli, const vg_detector_options *options, const vg_log_options *logs);

/* Writing. `wanted` as in vg_detect_set. */
vg_status vg_detect_write(vg_cli *cli, const vg_rules *rules, const bool *wanted, const vg_detect_run *run,
                          vg_str format, vg_error *err);

/* A step of triage with its ${...} filled from a finding. */
vg_str vg_detect_fill(vg_cli *cli, const vg_detect_finding *f, vg_str text);

/* The word of Sigma for a level. */
const char *vg_detect_level(vg_severity level);

#endif
