/* rules_part.h: between the reader of rule files (rules.c) and what it reads of each document (rules_head.c); private to
 * detect/. */
#ifndef VIGIL_DETECT_RULES_PART_H
#define VIGIL_DETECT_RULES_PART_H

#include "detect/sigma_part.h"

/* One document of a rule file. */
typedef struct {
    const vg_doc *doc;
    vg_rule info;
    const vg_value *section; /* `detection`, `correlation` or `filter` */
    bool generates;
    bool unread; /* told, and left out */
    vg_compiled_rule compiled;
    vg_correlation *correlation;
    /* of a filter */
    vg_str_list targets;
    bool any;
    size_t index; /* in the set */
} rule_document;

/* Reads what says what a rule is: all but its section. Fails with the place of what is wrong. Doubtful attributes are
 * lint findings. */
vg_status rules_head_read(sigma_set *set, const vg_doc *doc, rule_document *out, vg_error *err);
/* Appends a problem. */
vg_status rules_problem(sigma_set *set, vg_place place, vg_str rule, bool unread, vg_error *err,
                        const char *format, ...) __attribute__((format(printf, 6, 7)));
/* A list of strings, or a single one, at a key; empty when absent. */
vg_status rules_strings(sigma_set *set, const vg_value *map, const char *key, vg_str_list *out,
                        vg_error *err);

#endif
