/* cli_parts.h: what the files of cli/ share among themselves. */
#ifndef VIGIL_CLI_PARTS_H
#define VIGIL_CLI_PARTS_H

#include "cli/cli.h"

/* One option as it was typed. */
typedef struct {
    const vg_option *option;
    vg_str value; /* {NULL, 0} for a flag */
} vg_cli_given;

struct vg_cli_parsed {
    vg_vec given;     /* vg_cli_given, in the order typed */
    vg_vec arguments; /* vg_str */
    bool help;        /* --help was typed: nothing is checked, the command's help is shown */
    bool version;
};

/* Reads argv into cli->command, cli->path and cli->parsed. On false, the error has been said. */
bool vg_cli_parse(vg_cli *cli, int argc, const char *const *argv);

/* The option of a command, or of every command, by its long name (`len` bytes of `name`) or by its letter. */
const vg_option *vg_option_find(const vg_command *command, vg_str name);
const vg_option *vg_option_find_letter(const vg_command *command, char letter);

/* "90d" in microseconds. */
bool vg_duration_parse(vg_str text, vg_time *out);

/* ---- text for people --------------------------------------------------------------------------------------------- */

/* Text from outside on a line of ours: what could drive or turn the terminal, or is not UTF-8, is written out. */
void vg_cli_print_safe(FILE *out, vg_str text);
/* Prints a finished answer. In JSON what hides, or turns the order of text, leaves as an escape. False when memory ran out. */
bool vg_cli_print(vg_cli *cli, vg_str text);
/* The next paragraph of a description, its line breaks kept. `verbatim` when its lines start with two spaces. */
bool vg_paragraph_next(const char **text, vg_str *paragraph, bool *verbatim);
/* The next word of a text, white space skipped. */
bool vg_word_next(vg_str *text, vg_str *word);
/* Prints words from column `column` on, going on at column `indent` when a line has reached `width`; ends the line. */
void vg_wrap_print(FILE *out, vg_str text, unsigned column, unsigned indent, unsigned width);

/* One usage line of a command ("review [OPTIONS] DIR|FILE...", behind "vigil "), by index; false past the last. */
bool vg_usage_line(const vg_command *command, const char *path, size_t i, vg_buf *out);
/* What a table tells of an option beside its help: "One of: table, json. Default: table. May be given several times." */
void vg_option_facts(const vg_option *option, vg_buf *out);

/* The table of exit codes that every command shares: meaning of code 0..4. */
extern const char *const vg_exit_meanings[5];

static inline bool vg_text_is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

#endif
