/* control_parts.h: what the files of `vigil control` share: finding rule files and documents, and compiling the rules. */
#ifndef VIGIL_CLI_CONTROL_PARTS_H
#define VIGIL_CLI_CONTROL_PARTS_H

#include "cli/cli.h"
#include "control/control.h"

/* Whether a file found in a folder is a rule file (.guard, .ruleset), or a document (.json, .jsn, .yaml, .yml,
 * .template). A file that was named itself is taken whatever its name. */
bool control_is_rule_file(vg_str path);
bool control_is_document(vg_str path);

/* The files that `paths` name, folders walked, in order: vg_str items. What cannot be read is said and noted. */
vg_vec control_find(vg_cli *cli, const vg_str *paths, size_t count, bool (*wanted)(vg_str path));

/* vg_file_read, faster on the many small files that rules and documents are. */
vg_status control_read(vg_arena *arena, vg_str path, size_t max, vg_str *out, vg_error *err);

/* Reads and compiles rule files. One that does not parse is said and noted, and the others go on. NULL when there is
 * nothing to go on with, which has been said. */
vg_ruleset *control_compile(vg_cli *cli, const vg_vec *paths);

/* Text for a terminal: control characters become blanks. */
void control_print_clean(vg_buf *out, vg_str text);
/* A number in decimal: tables hold thousands, and a format string is slow. */
void control_print_number(vg_buf *out, uint64_t number);

/* `vigil control eval`, in control_eval.c. */
int control_run_eval(vg_cli *cli);

#endif
